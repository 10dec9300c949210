//! The same answers by trying everything: slow, and too simple to be wrong; and laws that hold whatever the data.

mod compare;
mod dwell;
mod dwell_laws;
mod funnel;
mod funnel_cases;
mod funnel_laws;
mod lifecycle;
mod paths;
mod paths_cases;
mod paths_laws;
mod patterns;
mod retention;
