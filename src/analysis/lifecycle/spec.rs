//! `LifecycleSpec`: which periods, and what makes a customer active in one.

use serde::{Deserialize, Serialize};

use crate::analysis::Scope;
use crate::base::{Period, WeekStart};
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct LifecycleSpec {
    /// The length of a period
    #[arg(long, value_enum, value_name = "PERIOD", default_value = "week")]
    pub period: Period,
    /// The event that makes a customer active (any event unless given)
    #[arg(long, value_name = "STEP")]
    pub active: Option<Step>,
    /// The day that starts a week
    #[arg(long, value_enum, default_value_t)]
    pub week_start: WeekStart,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for LifecycleSpec {
    fn default() -> Self {
        LifecycleSpec { period: Period::Week, active: None, week_start: WeekStart::default(), scope: Scope::default() }
    }
}
