//! What the kernel's units add up to, per chunk of customers and then over all of them.
//!
//! Counts and spans always; a row per unit only where a table asks for more than the steps of the whole.

use super::answer::{Outcome, StepCount};
use super::breakdown::Value;
use super::kernel::{Gather, Reached};
use super::plan::Plan;
use super::quantiles::{self, Summary};
use super::spec::{FunnelSpec, Order};

/// One unit that entered.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub customer: u32,
    /// View positions of the first and the last event of the winning attempt.
    pub entry: u32,
    pub last: u32,
    /// The position after the unit's last event.
    pub end: u32,
    pub level: u8,
    pub outcome: Outcome,
    /// Optional steps passed, as bits by their place in the spec.
    pub passed: u32,
    pub window_end: i64,
    /// The breakdown's key; 0 without one.
    pub key: i64,
}

/// Counts by outcome, at one level or at one optional step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcomes {
    pub converted: u64,
    pub dropped: u64,
    pub open: u64,
    pub excluded: u64,
}

impl Outcomes {
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Converted => self.converted += 1,
            Outcome::Dropped => self.dropped += 1,
            Outcome::Open => self.open += 1,
            Outcome::Excluded => self.excluded += 1,
        }
    }

    fn add_all(&mut self, other: &Outcomes) {
        self.converted += other.converted;
        self.dropped += other.dropped;
        self.open += other.open;
        self.excluded += other.excluded;
    }

    fn total(&self) -> u64 {
        self.converted + self.dropped + self.open + self.excluded
    }
}

/// Units by how far they came: `ended[k]` are those whose best attempt ended at level k + 1; `passed[i]` those who passed
/// the optional step i of the plan, by whether they went on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    pub ended: Vec<Outcomes>,
    pub passed: Vec<Outcomes>,
}

impl Counts {
    pub fn new(plan: &Plan) -> Self {
        Counts {
            ended: vec![Outcomes::default(); plan.n_levels()],
            passed: vec![Outcomes::default(); plan.passages.len()],
        }
    }

    pub fn add(&mut self, plan: &Plan, level: usize, outcome: Outcome, passed: u32) {
        self.ended[level - 1].add(outcome);
        if passed == 0 {
            return;
        }
        for (passage, counts) in plan.passages.iter().zip(&mut self.passed) {
            if passed & passage.bit != 0 {
                counts.add(if level > passage.after { Outcome::Converted } else { outcome });
            }
        }
    }

    fn add_all(&mut self, other: &Counts) {
        self.ended.iter_mut().zip(&other.ended).for_each(|(a, b)| a.add_all(b));
        self.passed.iter_mut().zip(&other.passed).for_each(|(a, b)| a.add_all(b));
    }

    /// Units that came to this level (from 1).
    pub fn reached(&self, level: usize) -> u64 {
        self.ended[level - 1..].iter().map(Outcomes::total).sum()
    }

    pub fn open(&self) -> u64 {
        self.ended.iter().map(|ended| ended.open).sum()
    }

    /// The rows of the steps table, in the order of the spec. `spans[i]` are the seconds to step i.
    pub fn steps(&self, plan: &Plan, spec: &FunnelSpec, spans: &[Summary]) -> Vec<StepCount> {
        let mut steps: Vec<StepCount> = Vec::with_capacity(spec.steps.len());
        for (step_idx, step) in spec.steps.iter().enumerate() {
            let level = plan.levels.iter().position(|level| level.step_idx == step_idx);
            let outcomes = match level {
                Some(k) => {
                    let ended = self.ended[k];
                    Outcomes { converted: self.reached(k + 1) - ended.dropped - ended.open - ended.excluded, ..ended }
                }
                None => plan
                    .passages
                    .iter()
                    .position(|passage| passage.step_idx == step_idx)
                    .map_or(Outcomes::default(), |i| self.passed[i]),
            };
            let name = match (spec.order, level) {
                (Order::Any, Some(k)) => format!("any {} of {}", k + 1, plan.n_levels()),
                (Order::Ordered | Order::Strict | Order::Any, _) => step.step.label().to_owned(),
            };
            steps.push(StepCount {
                name,
                optional: step.optional,
                customers: outcomes.total(),
                converted: outcomes.converted,
                dropped: outcomes.dropped,
                open: outcomes.open,
                excluded: outcomes.excluded,
                median_s: spans[step_idx].median_s,
                mean_s: spans[step_idx].mean_s,
                p90_s: spans[step_idx].p90_s,
            });
        }
        steps
    }
}

/// What one chunk of customers adds up to.
#[derive(Debug)]
pub struct Tally<'a> {
    plan: &'a Plan<'a>,
    /// `None` where no table wants rows.
    value: Option<&'a Value<'a>>,
    wants_rows: bool,
    pub counts: Counts,
    pub n_removed: u64,
    /// By step of the spec, microseconds from the mandatory step before, in the order of the units that made it.
    pub spans: Vec<Vec<i64>>,
    pub rows: Vec<Row>,
}

impl<'a> Tally<'a> {
    pub fn new(plan: &'a Plan<'a>, wants_rows: bool, value: Option<&'a Value<'a>>) -> Self {
        Tally {
            plan,
            value,
            wants_rows,
            counts: Counts::new(plan),
            n_removed: 0,
            spans: vec![Vec::new(); plan.n_levels() + plan.passages.len()],
            rows: Vec::new(),
        }
    }
}

impl Gather for Tally<'_> {
    #[inline]
    fn add(&mut self, unit: &Reached) {
        let times = self.plan.view.times();
        if unit.chain.len() > 1 {
            let mut before = times[unit.chain[0] as usize];
            for (level, position) in self.plan.levels[1..].iter().zip(&unit.chain[1..]) {
                let time = times[*position as usize];
                self.spans[level.step_idx].push(time - before);
                before = time;
            }
        }
        let mut passed = 0;
        for (step_idx, position) in unit.passed {
            passed |= 1u32 << step_idx;
            let passage = self.plan.passages.iter().find(|passage| passage.step_idx == usize::from(*step_idx));
            let from = passage.map_or(0, |passage| passage.after - 1);
            self.spans[usize::from(*step_idx)].push(times[*position as usize] - times[unit.chain[from] as usize]);
        }
        self.counts.add(self.plan, unit.level(), unit.outcome, passed);
        if self.wants_rows {
            self.rows.push(Row {
                customer: unit.customer.0,
                entry: unit.chain[0],
                last: unit.chain[unit.level() - 1],
                end: unit.end,
                level: unit.level() as u8,
                outcome: unit.outcome,
                passed,
                window_end: unit.window_end,
                key: self.value.map_or(0, |value| value.key(self.plan, unit)),
            });
        }
    }

    fn add_removed(&mut self) {
        self.n_removed += 1;
    }
}

/// The chunks together.
#[derive(Debug)]
pub struct Total {
    pub counts: Counts,
    pub n_removed: u64,
    /// By step of the spec, then by chunk.
    pub spans: Vec<Vec<Vec<i64>>>,
    pub rows: Vec<Row>,
}

impl Total {
    pub fn of(plan: &Plan, tallies: Vec<Tally>) -> Self {
        let mut total = Total {
            counts: Counts::new(plan),
            n_removed: 0,
            spans: vec![Vec::with_capacity(tallies.len()); plan.n_levels() + plan.passages.len()],
            rows: Vec::with_capacity(tallies.iter().map(|tally| tally.rows.len()).sum()),
        };
        for tally in tallies {
            total.counts.add_all(&tally.counts);
            total.n_removed += tally.n_removed;
            total.rows.extend_from_slice(&tally.rows);
            for (all, chunk) in total.spans.iter_mut().zip(tally.spans) {
                all.push(chunk);
            }
        }
        total
    }

    /// Seconds to every step, over all units.
    pub fn summaries(&self) -> Vec<Summary> {
        use rayon::prelude::*;
        self.spans.par_iter().map(|chunks| quantiles::summary(chunks)).collect()
    }
}
