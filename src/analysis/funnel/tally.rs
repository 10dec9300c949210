//! What the kernel's units add up to, per chunk of customers and then over all of them.
//!
//! Counts and spans always, by the breakdown's key where keys are few; a row per unit only where that does not say enough.

use rayon::prelude::*;

use super::answer::{Outcome, StepCount};
use super::breakdown::Value;
use super::kernel::{Gather, Reached};
use super::plan::Plan;
use super::quantiles::{self, Summary};
use super::spec::{FunnelSpec, Order};
use crate::base::SpanLists;

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
    #[inline(always)]
    pub fn add(&mut self, outcome: Outcome) {
        // Which it is is as good as random, so nothing here is a branch.
        self.converted += u64::from(outcome == Outcome::Converted);
        self.dropped += u64::from(outcome == Outcome::Dropped);
        self.open += u64::from(outcome == Outcome::Open);
        self.excluded += u64::from(outcome == Outcome::Excluded);
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

    #[inline]
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

/// What some of the customers add up to.
#[derive(Debug)]
pub struct Tally<'a> {
    plan: &'a Plan<'a>,
    value: Option<&'a Value<'a>>,
    wants_rows: bool,
    n_removed: u64,
    /// By the breakdown's key where there are no rows to tell, else one.
    counts: Vec<Counts>,
    /// By the same, and then by step of the spec: from the mandatory step before, in the order of the units that made it.
    spans: SpanLists,
    rows: Vec<Row>,
}

impl<'a> Tally<'a> {
    /// With a row for each unit.
    pub fn of_rows(plan: &'a Plan<'a>, value: Option<&'a Value<'a>>) -> Self {
        Tally::new(plan, value, 1, true)
    }

    /// With sums alone, by key of the breakdown, of which there are `n_keys`.
    pub fn of_sums(plan: &'a Plan<'a>, value: Option<&'a Value<'a>>, n_keys: usize) -> Self {
        Tally::new(plan, value, n_keys, false)
    }

    fn new(plan: &'a Plan<'a>, value: Option<&'a Value<'a>>, n_sums: usize, wants_rows: bool) -> Self {
        let counts = std::iter::repeat_with(|| Counts::new(plan)).take(n_sums).collect();
        let spans = SpanLists::new(std::iter::repeat_n(true, n_sums * plan.n_steps()));
        Tally { plan, value, wants_rows, n_removed: 0, counts, spans, rows: Vec::new() }
    }
}

impl Gather for Tally<'_> {
    #[inline(always)]
    fn add(&mut self, unit: &Reached) {
        let times = self.plan.view.times();
        let key = self.value.map_or(0, |value| value.key(self.plan, unit));
        let sum = if self.wants_rows { 0 } else { key as usize };
        let first = sum * self.plan.n_steps();
        if unit.chain.len() > 1 {
            let mut before = times[unit.chain[0] as usize];
            for (level, position) in self.plan.levels[1..].iter().zip(&unit.chain[1..]) {
                let time = times[*position as usize];
                self.spans.push(first + level.step_idx, time - before);
                before = time;
            }
        }
        let mut passed = 0;
        for (step_idx, position) in unit.passed {
            passed |= 1u32 << step_idx;
            let passage = self.plan.passages.iter().find(|passage| passage.step_idx == usize::from(*step_idx));
            let from = passage.map_or(0, |passage| passage.after - 1);
            let span = times[*position as usize] - times[unit.chain[from] as usize];
            self.spans.push(first + usize::from(*step_idx), span);
        }
        self.counts[sum].add(self.plan, unit.level(), unit.outcome, passed);
        if self.wants_rows {
            self.rows.push(Row {
                customer: unit.customer.0,
                entry: unit.chain[0],
                last: unit.chain[unit.level() - 1],
                end: unit.end,
                level: unit.level() as u8,
                outcome: unit.outcome,
                passed,
                window_end: unit.window_end(self.plan),
                key,
            });
        }
    }

    fn add_removed(&mut self) {
        self.n_removed += 1;
    }
}

/// Spans in pieces; their order says nothing but where there are rows.
pub type Pieces = Vec<Vec<i64>>;

/// What all units alike in the breakdown's key add up to.
#[derive(Debug)]
pub struct TotalSum {
    pub counts: Counts,
    /// By step of the spec.
    pub spans: Vec<Pieces>,
}

impl TotalSum {
    pub fn new(plan: &Plan) -> Self {
        TotalSum { counts: Counts::new(plan), spans: vec![Vec::new(); plan.n_steps()] }
    }

    pub fn add_all(&mut self, other: TotalSum) {
        self.counts.add_all(&other.counts);
        self.spans.iter_mut().zip(other.spans).for_each(|(all, pieces)| all.extend(pieces));
    }
}

/// Seconds to every step, of all sums together and of each.
pub fn summaries(plan: &Plan, sums: &[TotalSum]) -> (Vec<Summary>, Vec<Vec<Summary>>) {
    let of_step = |step: usize| {
        let parts: Vec<&[Vec<i64>]> = sums.iter().map(|sum| &sum.spans[step][..]).collect();
        quantiles::summaries(&parts)
    };
    let by_step: Vec<(Summary, Vec<Summary>)> = (0..plan.n_steps()).into_par_iter().map(of_step).collect();
    let each = (0..sums.len()).map(|sum| by_step.iter().map(|(_, each)| each[sum]).collect());
    (by_step.iter().map(|(all, _)| *all).collect(), each.collect())
}

/// All of it together.
#[derive(Debug)]
pub struct Total {
    pub counts: Counts,
    pub n_removed: u64,
    /// By the breakdown's key where there are no rows to tell, else one.
    pub sums: Vec<TotalSum>,
    /// In customer order.
    pub rows: Vec<Row>,
}

impl Total {
    pub fn of(plan: &Plan, tallies: Vec<Tally>) -> Self {
        let mut total = Total {
            counts: Counts::new(plan),
            n_removed: 0,
            sums: Vec::new(),
            rows: Vec::with_capacity(tallies.iter().map(|tally| tally.rows.len()).sum()),
        };
        for tally in tallies {
            total.n_removed += tally.n_removed;
            total.rows.extend_from_slice(&tally.rows);
            total.sums.resize_with(tally.counts.len(), || TotalSum::new(plan));
            for (all, counts) in total.sums.iter_mut().zip(&tally.counts) {
                total.counts.add_all(counts);
                all.counts.add_all(counts);
            }
            let all = total.sums.iter_mut().flat_map(|sum| &mut sum.spans);
            all.zip(tally.spans.into_spans()).for_each(|(all, spans)| all.extend(spans.into_pieces()));
        }
        total
    }
}
