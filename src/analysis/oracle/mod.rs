//! The same answers by trying everything: slow, and too simple to be wrong; and laws that hold whatever the data.

mod compare;
mod funnel;
mod funnel_cases;
mod funnel_laws;
mod lifecycle;
mod retention;
