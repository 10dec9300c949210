//! `Dwell`: the numbers about time in a stage, without formatting; `tables` makes tables of them.

use super::spec::Part;
use crate::base::stats::interval::Estimate;
use crate::base::stats::survival::{LogRank, Point};

/// The quantiles of `StageDwell::quantiles_s`: what a box with whiskers needs, and the deciles at the ends.
pub const QUANTILES: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dwell {
    /// The question in words.
    pub title: String,
    pub breakdown: Option<String>,
    /// The stages stand in an order, so that one can go on and back.
    pub are_ordered: bool,
    /// The total first, then the breakdown's values, most visits first, `(other)` last.
    pub groups: Vec<Group>,
    /// By stage, whether the groups of the breakdown differ.
    pub differences: Vec<Difference>,
    /// What is different about the slow ones, by stage.
    pub tails: Vec<Tail>,
    pub n_events: u64,
    /// Events of no stage, by touchpoint, most frequent first.
    pub unmapped: Vec<(String, u64)>,
    /// Customers without any visit.
    pub n_without_visit: u64,
    /// The tables that were asked for alone; empty for `stages`, `histogram`, `survival` and `exits`.
    pub only: Vec<Part>,
    /// Tables beside them.
    pub asked: Asked,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    pub limit: bool,
    pub incidence: bool,
    pub rework: bool,
    pub slow: bool,
}

/// The total, or one value of the breakdown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// `None` is the total.
    pub value: Option<String>,
    pub stages: Vec<StageDwell>,
}

/// One stage. `visits = completed + open`, and the visits of all exits are `completed`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StageDwell {
    pub name: String,
    pub visits: u64,
    pub customers: u64,
    pub completed: u64,
    pub open: u64,
    /// Visits of customers who had been in the stage before.
    pub reentries: u64,
    /// Customers with such a visit.
    pub returned: u64,
    /// Of the completed visits, in seconds.
    pub mean_s: Option<f64>,
    /// `QUANTILES` of the completed visits; `None` where none is.
    pub quantiles_s: Option<[f64; 7]>,
    /// Kaplan–Meier, with its log–log interval; `None` is not reached.
    pub km_median_s: Option<f64>,
    pub km_lo_s: Option<f64>,
    pub km_hi_s: Option<f64>,
    /// The share still there, by time since entry.
    pub curve: Vec<Point>,
    /// The longest time anybody was watched.
    pub longest_s: Option<f64>,
    pub histogram: Vec<Bin>,
    /// Most visits first.
    pub exits: Vec<Exit>,
    pub limit: Option<OverLimit>,
}

impl StageDwell {
    pub fn median_s(&self) -> Option<f64> {
        self.quantiles_s.map(|quantiles| quantiles[3])
    }

    /// Still there and watched just before a time in seconds.
    pub fn at_risk(&self, time_s: f64) -> u64 {
        let next = self.curve.partition_point(|point| point.time < time_s);
        self.curve.get(next).map_or(0, |point| point.at_risk)
    }
}

/// Visits at least as long as one edge and shorter than the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub from_s: f64,
    pub to_s: f64,
    pub completed: u64,
    /// Open ones by how long they have lasted so far.
    pub open: u64,
}

/// Where a visit went, seen from its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the next stage.
    Onward,
    /// To a stage after the next.
    Ahead,
    Back,
    /// To no stage any more.
    Left,
    /// To the same stage, where every event is timed.
    Again,
    /// Between stages without an order.
    Elsewhere,
}

impl Direction {
    pub fn word(self) -> &'static str {
        match self {
            Direction::Onward => "onward",
            Direction::Ahead => "skipped ahead",
            Direction::Back => "back",
            Direction::Left => "left",
            Direction::Again => "again",
            Direction::Elsewhere => "elsewhere",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    pub to: String,
    pub direction: Direction,
    pub visits: u64,
    pub median_s: Option<f64>,
    /// Aalen–Johansen: the share of all visits that has gone this way by the last point of the curve.
    pub incidence: f64,
    /// At every point of the stage's curve.
    pub incidences: Vec<f64>,
}

/// Who is over the limit. `visits = over_completed + over_open + within + undecided`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverLimit {
    pub limit_s: f64,
    /// Took longer and are over.
    pub over_completed: u64,
    /// Have lasted longer already and go on.
    pub over_open: u64,
    pub within: u64,
    /// Still open and not over the limit yet.
    pub undecided: u64,
    /// Kaplan–Meier: the share of all visits that take longer, with its interval.
    pub share: f64,
    pub interval: Option<(f64, f64)>,
}

impl OverLimit {
    pub fn over(&self) -> u64 {
        self.over_completed + self.over_open
    }
}

/// Whether the curves of the breakdown's values differ in one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub stage: String,
    /// `None` where there is nothing to compare.
    pub test: Option<LogRank>,
    /// Adjusted over all stages (Benjamini–Hochberg).
    pub p_adj: Option<f64>,
}

/// The slow visits of a stage against the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Tail {
    pub stage: String,
    /// Slow is what took or has taken longer.
    pub longer_than_s: f64,
    pub slow: u64,
    /// Completed and not slow, of those that began early enough to be seen to be slow.
    pub rest: u64,
    /// Began too late to tell: in neither.
    pub undecided: u64,
    /// How long after the entry both were watched for what they did.
    pub watched_s: f64,
    /// Likeliest to be no chance first.
    pub traits: Vec<Trait>,
}

/// Something that visits have or have not.
#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    pub text: String,
    pub slow_with: u64,
    pub rest_with: u64,
    /// The odds of it among the slow over those among the rest.
    pub odds: Estimate,
    pub p: f64,
    /// Adjusted over all traits of all stages (Benjamini–Hochberg).
    pub p_adj: f64,
}

impl Dwell {
    /// The whole, without a breakdown.
    pub fn total(&self) -> &Group {
        &self.groups[0]
    }
}
