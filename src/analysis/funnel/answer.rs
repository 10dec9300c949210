//! `Funnel`: the numbers of a funnel, and its tables.

use crate::base::Instant;
use crate::table::Table;

/// What became of a customer at the level reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Went on (at the last step: completed).
    Converted,
    Dropped,
    /// The window is not over; may still go on.
    Open,
    Excluded,
}

/// The counts at one step. `customers = converted + dropped + open + excluded`; at the last step all are converted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepCount {
    pub name: String,
    pub optional: bool,
    /// Reached this step.
    pub customers: u64,
    /// Of those, went on to the next step.
    pub converted: u64,
    pub dropped: u64,
    pub open: u64,
    pub excluded: u64,
    /// Seconds from the step before, in winning attempts.
    pub median_s: Option<f64>,
    pub mean_s: Option<f64>,
    pub p90_s: Option<f64>,
}

/// One funnel: the total, or one value of the breakdown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// `None` is the total.
    pub value: Option<String>,
    pub steps: Vec<StepCount>,
}

/// Seconds between two steps (from 1) over winning attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRow {
    pub group: Option<String>,
    pub from: usize,
    pub to: usize,
    pub n: u64,
    pub mean_s: f64,
    /// p10 p25 p50 p75 p90 p99
    pub quantiles_s: [f64; 6],
    /// Counts by bin, with the bins' lower edges in seconds and the last upper edge at the end.
    pub histogram: (Vec<f64>, Vec<u64>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TrendRow {
    pub start: Instant,
    pub label: String,
    /// Customers who reached each step.
    pub reached: Vec<u64>,
    /// Those of them who may still convert.
    pub open: u64,
    pub is_mature: bool,
}

/// What those who dropped after a step (from 1) did next.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    pub step: usize,
    /// `(end)` where nothing followed.
    pub next: String,
    pub customers: u64,
    pub median_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Funnel {
    /// The question in words: order, window, unit.
    pub title: String,
    pub breakdown: Option<String>,
    /// Those who may still go on are left out of the denominators.
    pub is_mature_only: bool,
    /// The total first, then the breakdown's values, largest entry first, `(other)` last.
    pub groups: Vec<Group>,
    pub times: Vec<TimeRow>,
    pub trend: Vec<TrendRow>,
    pub after: Vec<After>,
    /// Tables that only files and drills show: sensitivity, trace.
    pub extra: Vec<Table>,
    pub notes: Vec<String>,
}

impl Funnel {
    /// The whole, without a breakdown.
    pub fn total(&self) -> &Group {
        &self.groups[0]
    }

    pub fn tables(&self) -> Vec<Table> {
        Vec::new()
    }
}
