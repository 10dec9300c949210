//! trailmap: a workbench for customer-journey analysts, as a library and a terminal program.

pub mod base;
pub mod journey;
pub mod table;
