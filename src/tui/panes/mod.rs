//! The panes: one per screen of the workbench.

pub mod cohorts;
pub mod customers;
pub mod dwell;
pub mod funnel;
pub mod home;
pub mod journey;
pub mod map;
pub mod paths;
