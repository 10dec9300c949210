//! `Plan`: a question about dwell met with the data: names have become codes, spans and times numbers.

use std::ops::Range;

use super::plain;
use super::spec::{Censor, DwellSpec, Per};
use crate::analysis::Error;
use crate::analysis::stages::{Stages, UNMAPPED};
use crate::base::{Ctl, Span};
use crate::journey::{StepMatch, View};

/// Where a visit went that is still open.
pub const OPEN: u32 = u32::MAX;
/// Where a visit went whose customer left.
pub const LEFT: u32 = u32::MAX - 1;
/// The word for `LEFT` among the names of stages.
pub const LEFT_NAME: &str = "(left)";

#[derive(Debug)]
pub enum What {
    Stages(Stages),
    Between { from: StepMatch, to: StepMatch },
}

#[derive(Debug)]
pub struct Plan<'v> {
    pub view: &'v View,
    pub what: What,
    /// What is stayed in, by number: stages, touchpoints, or the one way between two steps.
    pub names: Vec<String>,
    /// Whether `names` stand in an order of which one can go back.
    pub are_ordered: bool,
    pub per: Per,
    censor: Censor,
    end_after: Option<i64>,
    as_of: i64,
    since: i64,
    until: i64,
    to_name: Option<String>,
}

impl<'v> Plan<'v> {
    /// Resolves names.
    ///
    /// # Errors
    /// A spec that contradicts itself, an unknown event or stage, or `Cancelled`.
    pub fn new(view: &'v View, spec: &DwellSpec, ctl: &Ctl) -> Result<Self, Error> {
        spec.check()?;
        let (what, names, are_ordered, to_name) = match &spec.between[..] {
            [from, to] => {
                let name = format!("{} → {}", from.label(), to.label());
                let to_name = to.label().to_owned();
                let (from, to) = (from.resolve(view, ctl)?, to.resolve(view, ctl)?);
                (What::Between { from, to }, vec![name], false, Some(to_name))
            }
            _ => {
                let stages = spec.stages.resolve(view, ctl)?;
                let (names, are_ordered) = (stages.names.clone(), stages.are_ordered);
                (What::Stages(stages), names, are_ordered, None)
            }
        };
        let (since, until) = spec.scope.entry_period(&view.store().zone);
        Ok(Plan {
            view,
            what,
            names,
            are_ordered,
            per: spec.per,
            censor: spec.censor,
            end_after: spec.end_after.map(Span::micros),
            as_of: view.as_of().micros(),
            since: since.map_or(i64::MIN, |at| at.micros()),
            until: until.map_or(i64::MAX, |at| at.micros()),
            to_name,
        })
    }

    /// By touchpoint code the stage, where nothing else decides it, stages are few and every visit counts.
    pub fn plain_stages(&self) -> Option<&[u32]> {
        match &self.what {
            What::Stages(stages)
                if stages.are_by_name()
                    && self.names.len() <= plain::FEW
                    && (self.since, self.until) == (i64::MIN, i64::MAX) =>
            {
                Some(stages.by_code())
            }
            What::Stages(_) | What::Between { .. } => None,
        }
    }

    #[inline]
    pub fn is_in_period(&self, time: i64) -> bool {
        self.since <= time && time < self.until
    }

    /// Until when a customer who has not moved on was watched.
    pub fn watched_until(&self, journey: &Range<usize>) -> i64 {
        match self.censor {
            Censor::DataEnd => self.as_of,
            Censor::LastEvent => self.view.times()[journey.end - 1],
        }
    }

    /// Where a journey's last visit went, at which position it ended, and when.
    pub fn last_visit(&self, stage: u32, journey: &Range<usize>, last_own: impl Fn() -> usize) -> (u32, usize, i64) {
        let times = self.view.times();
        let is_terminal = match &self.what {
            What::Stages(stages) => stages.is_terminal[stage as usize],
            What::Between { .. } => false,
        };
        let is_silent = |end_after: i64| self.as_of - times[journey.end - 1] > end_after;
        if is_terminal || self.end_after.is_some_and(is_silent) {
            let end = last_own();
            (LEFT, end, times[end])
        } else {
            (OPEN, journey.end, self.watched_until(journey))
        }
    }

    /// By touchpoint code, events of no stage, where names alone say which these are.
    pub fn unmapped_by_name(&self) -> Option<Vec<u64>> {
        let stages = match &self.what {
            What::Stages(stages) if stages.are_by_name() => stages,
            What::Stages(_) => return None,
            What::Between { .. } => return Some(Vec::new()),
        };
        let counts = self.view.touchpoint_counts();
        let of_none = |(n, stage): (&u64, &u32)| if *stage == UNMAPPED { *n } else { 0 };
        Some(counts.iter().zip(stages.by_code()).map(of_none).collect())
    }

    /// Whether visits go to stages, so that one can go where it was.
    pub fn to_is_stage(&self) -> bool {
        self.to_name.is_none()
    }

    /// The name of where a visit went; not for `OPEN`.
    pub fn name_of_way(&self, to: u32) -> &str {
        match &self.to_name {
            _ if to == LEFT => LEFT_NAME,
            Some(name) => name,
            None => &self.names[to as usize],
        }
    }
}
