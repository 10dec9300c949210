//! One funnel per value of a column: the 20 values that most units entered with, and `(other)` for the rest.

use rayon::prelude::*;

use super::answer::Group;
use super::kernel::Reached;
use super::plan::Plan;
use super::quantiles::Summary;
use super::spec::{BreakdownAt, FunnelSpec};
use super::tally::{Row, Total, TotalSum};
use crate::analysis::Error;
use crate::analysis::grouping::{GroupColumn, KeyCounts, Places};
use crate::journey::{JourneyStore, View};

/// Where a unit's value stands.
#[derive(Debug, Clone, Copy)]
pub struct Value<'v> {
    column: GroupColumn<'v>,
    at: BreakdownAt,
}

impl<'v> Value<'v> {
    /// The column of a spec's breakdown, `None` where it has none. The word `event` means the event's name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn resolve(store: &'v JourneyStore, spec: &FunnelSpec) -> Result<Option<Self>, Error> {
        let Some(name) = &spec.breakdown else { return Ok(None) };
        Ok(Some(Value { column: GroupColumn::find(store, name)?, at: spec.breakdown_at }))
    }

    /// How many keys there are, where they are the numbers from 0.
    pub fn n_keys(&self, store: &JourneyStore) -> Option<usize> {
        // No key at all may be one of them only where a unit always has an event to look at.
        let is_always_there = !matches!(self.at, BreakdownAt::Step(_)) || self.column.missing() == 0;
        self.column.n_keys(store).filter(|_| is_always_there)
    }

    /// A key that two units share exactly where their values are equal.
    #[inline(always)]
    pub fn key(&self, plan: &Plan, unit: &Reached) -> i64 {
        let position = match self.at {
            BreakdownAt::Entry => Some(unit.chain[0]),
            BreakdownAt::First => Some(unit.start),
            BreakdownAt::Last => Some(plan.view.journey(unit.customer).end as u32 - 1),
            BreakdownAt::Step(n) => match plan.levels.iter().position(|level| level.step_idx + 1 == n) {
                Some(level) => unit.chain.get(level).copied(),
                None => unit.passed.iter().find(|(step_idx, _)| usize::from(*step_idx) + 1 == n).map(|(_, at)| *at),
            },
        };
        position.map_or_else(|| self.column.missing(), |position| self.column.key(plan.view, position as usize))
    }
}

/// The values of a breakdown in the order of the table, by how many units entered with them.
pub fn places(view: &View, value: &Value, total: &Total) -> Places {
    let mut entered = KeyCounts::default();
    if total.rows.is_empty() {
        let sums = total.sums.iter().zip(0..).filter(|(sum, _)| sum.counts.reached(1) > 0);
        sums.for_each(|(sum, key)| entered.add_many(key, sum.counts.reached(1)));
    }
    total.rows.iter().for_each(|row| entered.add(row.key));
    Places::of(value.column, view.store(), &entered)
}

/// What the units of every place add up to, out of the sums by key or the rows of the whole.
pub fn sums_by_place(plan: &Plan, total: &mut Total, places: &Places) -> Vec<TotalSum> {
    let mut sums: Vec<TotalSum> = places.labels.iter().map(|_| TotalSum::new(plan)).collect();
    if total.rows.is_empty() {
        let by_key = std::mem::take(&mut total.sums).into_iter().zip(0..);
        for (sum, key) in by_key.filter(|(sum, _)| sum.counts.reached(1) > 0) {
            sums[usize::from(places.place(key))].add_all(sum);
        }
        return sums;
    }
    for row in &total.rows {
        let counts = &mut sums[usize::from(places.place(row.key))].counts;
        counts.add(plan, usize::from(row.level), row.outcome, row.passed);
    }
    let spans_of = |step| spans_by_place(plan, total, places, step);
    let by_step: Vec<Vec<Vec<i64>>> = (0..plan.n_steps()).into_par_iter().map(spans_of).collect();
    for (step, by_place) in by_step.into_iter().enumerate() {
        sums.iter_mut().zip(by_place).for_each(|(sum, spans)| sum.spans[step].push(spans));
    }
    sums
}

/// The spans to one step, by place of the units that made it.
fn spans_by_place(plan: &Plan, total: &Total, places: &Places, step: usize) -> Vec<Vec<i64>> {
    let level = plan.levels.iter().position(|level| level.step_idx == step);
    let made_it = |row: &&Row| match level {
        Some(0) => false,
        Some(level) => usize::from(row.level) > level,
        None => row.passed >> step & 1 == 1,
    };
    let mut by_place = vec![Vec::new(); places.labels.len()];
    let spans = total.sums[0].spans[step].iter().flatten();
    for (row, span) in total.rows.iter().filter(made_it).zip(spans) {
        by_place[usize::from(places.place(row.key))].push(*span);
    }
    by_place
}

/// One funnel per value; `summaries` are the seconds to its steps.
pub fn groups(
    plan: &Plan,
    spec: &FunnelSpec,
    places: &Places,
    sums: &[TotalSum],
    summaries: &[Vec<Summary>],
) -> Vec<Group> {
    let values = places.labels.iter().zip(sums).zip(summaries);
    let group = |((label, sum), summaries): ((&String, &TotalSum), &Vec<Summary>)| Group {
        value: Some(label.clone()),
        steps: sum.counts.steps(plan, spec, summaries),
    };
    values.map(group).collect()
}
