//! The panes: one per screen of the workbench.

pub mod customers;
pub mod dwell;
pub mod funnel;
pub mod home;
pub mod journey;
pub mod paths;
