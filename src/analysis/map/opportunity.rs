//! What would be gained: if the customers of a touchpoint moved on as often as those of its best channel, or as the plan's
//! target says.
//!
//! Of the mature customers of a touchpoint, c moved on. c* is the target of a KPI of the stage that is a rate from it to another
//! stage; else the rate of the channel (that of the customer's first event there) with the highest lower Wilson bound among
//! those with 100 mature customers. A goal is counted for those who passed where it came at or after the touchpoint.

use super::answer::Opportunity;
use super::ground::Ground;
use super::kpi::Formula;
use super::tally::{Faring, Passing, Tally};
use crate::base::stats::interval::wilson;

/// Mature customers below which a channel is no example.
const EXAMPLE_MIN: u64 = 100;

/// What is known about a step, and what it may become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Customers at it, and the share that passes: now and at best.
    pub n: u64,
    pub rate: f64,
    pub best: f64,
    /// Of those who pass, the share that reaches the goal, and the value of one.
    pub goal: Option<f64>,
    pub value: Option<f64>,
}

/// More customers who pass, more goals, more money.
pub fn gain(step: &Step) -> (f64, Option<f64>, Option<f64>) {
    let extra = step.n as f64 * (step.best - step.rate).max(0.0);
    let goals = step.goal.map(|goal| extra * goal);
    (extra, goals, goals.zip(step.value).map(|(goals, value)| goals * value))
}

/// By stage: the target of a KPI that is a rate from the stage to another, with the KPI's id.
pub fn targets(ground: &Ground) -> Vec<Option<(String, f64)>> {
    let of_stage = |stage: usize| {
        let id = &ground.stages.names[stage];
        let mut kpis = ground.planned_stage(stage)?.kpis.iter();
        kpis.find_map(|kpi| {
            let formula = Formula::parse(&kpi.expr).ok()?;
            let target = kpi.target.filter(|_| formula.as_rate().is_some_and(|(from, _)| from == id))?;
            Some((kpi.id.clone(), target))
        })
    };
    (0..ground.n_stages()).map(of_stage).collect()
}

/// The opportunity of one cell.
pub fn of_cell(
    ground: &Ground,
    tally: &Tally,
    cell: usize,
    faring: &Faring,
    target: Option<&(String, f64)>,
    value: Option<f64>,
) -> Opportunity {
    let (n, lost) = (u64::from(faring.mature), u64::from(faring.lost));
    if n == 0 {
        return Opportunity::default();
    }
    let passed = n - lost;
    let rate = passed as f64 / n as f64;
    let found = target.cloned().or_else(|| best_channel(ground, tally, cell));
    let Some((best_of, best)) = found else { return Opportunity { rate: Some(rate), ..Opportunity::default() } };
    let has_goal = ground.goal.is_some() && passed > 0;
    let goal = has_goal.then(|| tally.goals[cell] as f64 / passed as f64);
    let (extra, goals, money) = gain(&Step { n, rate, best, goal, value });
    Opportunity { rate: Some(rate), best: Some(best), best_of: Some(best_of), extra: Some(extra), goals, money }
}

fn best_channel(ground: &Ground, tally: &Tally, cell: usize) -> Option<(String, f64)> {
    let n_slots = ground.channels.n_slots();
    // What has no channel, or one of many, is no example to follow.
    let is_example = |slot: &usize| *slot > 0 && ground.channels.names[*slot] != super::ground::OTHER;
    let lower = |passing: &Passing| wilson(passing.passed, passing.mature).map_or(0.0, |(lo, _)| lo);
    let slots = (0..n_slots).filter(is_example).map(|slot| (slot, &tally.passing[cell * n_slots + slot]));
    let large = slots.filter(|(_, passing)| passing.mature >= EXAMPLE_MIN);
    // The first of equals by name, whatever the order in which channels appear.
    let best = large.max_by(|a, b| {
        let name = |slot: usize| &ground.channels.names[slot];
        lower(a.1).total_cmp(&lower(b.1)).then_with(|| name(b.0).cmp(name(a.0)))
    });
    best.map(|(slot, passing)| (ground.channels.names[slot].clone(), passing.passed as f64 / passing.mature as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_opportunity_comes_out() {
        let step = Step { n: 8_200, rate: 0.52, best: 0.61, goal: Some(0.83), value: Some(62.40) };
        let (extra, goals, money) = gain(&step);
        assert!((extra - 738.0).abs() < 1e-6, "{extra}");
        assert!((goals.expect("goals") - 612.54).abs() < 1e-6, "{goals:?}");
        assert!((money.expect("money") - 38_222.50).abs() < 0.01, "{money:?}");
        let none = Step { best: 0.4, goal: None, ..step };
        assert_eq!(gain(&none), (0.0, None, None));
    }
}
