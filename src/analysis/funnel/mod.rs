//! Who reaches each step, in order, in time; and what became of the others.
//!
//! Reading order: `spec` is the question (`syntax` how its steps are written, `check` what contradicts itself), `answer`
//! the numbers and their tables. `plan` meets the question with the data, `kernel` walks the journeys, `tally` adds up
//! what it finds, and `breakdown`, `times`, `waiting`, `trend`, `after`, `sensitivity`, `trace` and `who` look at that.
//!
//! `--mature` leaves out of a denominator those who are open at an earlier step: whoever is open at the step itself or
//! later has reached it already. The drivers of a drop are not here.

mod after;
pub mod answer;
mod breakdown;
mod check;
mod each;
mod kernel;
mod plan;
mod quantiles;
mod same;
mod sensitivity;
pub mod spec;
mod syntax;
mod tally;
#[cfg(test)]
mod tests;
mod times;
mod trace;
mod trend;
mod waiting;
mod who;

use crate::base::{Ctl, CustomerId};
use crate::journey::View;

use self::breakdown::Value;
use self::plan::{Plan, Ties};
use self::tally::{Tally, Total};
use super::Error;
pub use answer::{After, Funnel, Group, Outcome, StepCount, TimeRow, TrendRow};
pub use check::MAX_STEPS;
pub(in crate::analysis) use each::{Entered, each};
pub use spec::{BreakdownAt, ExcludeMode, Exclusion, FunnelSpec, FunnelStep, Order, Unit};

/// Up to so many keys of a breakdown have sums of their own, however few units they turn out to have.
const FEW_KEYS: usize = 1 << 10;

/// Counts who reaches each step.
///
/// # Errors
/// An unknown event or column, a spec that contradicts itself, or `Cancelled`.
pub fn funnel(view: &View, spec: &FunnelSpec, ctl: &Ctl) -> Result<Funnel, Error> {
    let plan = Plan::new(view, spec, Ties::Allowed, ctl)?;
    let value = Value::resolve(view.store(), spec)?;
    let wants_rows = spec.trend.is_some() || spec.after || spec.times;
    let n_keys = value.map_or(Some(1), |value| value.n_keys(view.store())).filter(|n| *n <= FEW_KEYS);
    let mut total = Total::of(
        &plan,
        match n_keys {
            Some(n_keys) if !wants_rows => {
                kernel::gather(&plan, ctl, || Tally::of_sums(&plan, value.as_ref(), n_keys))?
            }
            _ => kernel::walk(&plan, ctl, || Tally::of_rows(&plan, value.as_ref()))?,
        },
    );
    ctl.check()?;

    // Of the whole first: a breakdown may take the sums apart.
    let mut times = Vec::new();
    if spec.times {
        times = times::rows(&plan, None, &total.sums[0].spans, whole_spans(&plan, &total, |_| true));
    }
    let broken_down = value.as_ref().map(|value| {
        let places = breakdown::places(view, value, &total);
        let sums = breakdown::sums_by_place(&plan, &mut total, &places);
        (places, sums)
    });
    let (all, each) = tally::summaries(&plan, broken_down.as_ref().map_or(&total.sums, |(_, sums)| sums));
    let mut answer = Funnel {
        title: spec.title(),
        breakdown: spec.breakdown.clone(),
        asked: asked(spec),
        is_mature_only: spec.mature,
        groups: vec![Group { value: None, steps: total.counts.steps(&plan, spec, &all) }],
        notes: notes(&plan, spec, &total),
        times,
        ..Funnel::default()
    };
    if spec.times && plan.n_levels() > 1 {
        answer.extra.push(waiting::waiting(&plan, &total.rows));
    }
    if let Some((places, sums)) = &broken_down {
        answer.groups.extend(breakdown::groups(&plan, spec, places, sums, &each));
        if spec.times {
            for (place, (label, sum)) in places.labels.iter().zip(sums).enumerate() {
                let whole = whole_spans(&plan, &total, |row| usize::from(places.place(row.key)) == place);
                answer.times.extend(times::rows(&plan, Some(label), &sum.spans, whole));
            }
        }
    }
    ctl.check()?;
    if let Some(period) = spec.trend {
        answer.trend = trend::trend(&plan, spec, period, &total.rows);
    }
    if spec.after {
        answer.after = after::after(&plan, &total.rows);
    }
    if spec.sensitivity {
        let (table, notes) = sensitivity::sensitivity(view, spec, ctl)?;
        answer.extra.push(table);
        answer.notes.extend(notes);
    }
    if let Some(customer) = &spec.trace {
        answer.extra.push(trace::trace(&plan, spec, customer)?);
    }
    Ok(answer)
}

/// The customers behind a cell: `3:dropped`, `1:customers`, under a breakdown `2:converted@android`, and `3:dropped>search`
/// for what came next. In text order of their ids, once per unit.
///
/// # Errors
/// As `funnel`, and `UnknownCell`.
pub fn who(view: &View, spec: &FunnelSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}

fn asked(spec: &FunnelSpec) -> Vec<&'static str> {
    let flags = [("times", spec.times), ("trend", spec.trend.is_some()), ("after", spec.after)];
    flags.into_iter().filter(|(_, is_asked)| *is_asked).map(|(name, _)| name).collect()
}

/// Microseconds from the first step to the last, of the rows that are wanted.
fn whole_spans(plan: &Plan, total: &Total, is_wanted: impl Fn(&tally::Row) -> bool) -> Vec<i64> {
    let times = plan.view.times();
    let converted = |row: &tally::Row| usize::from(row.level) == plan.n_levels();
    let rows = total.rows.iter().filter(|row| converted(row) && is_wanted(row));
    rows.map(|row| times[row.last as usize] - times[row.entry as usize]).collect()
}

/// What a reader must know beside the numbers.
fn notes(plan: &Plan, spec: &FunnelSpec, total: &Total) -> Vec<String> {
    let store = plan.view.store();
    let mut notes = Vec::new();
    let open = total.counts.open();
    if open > 0 {
        let what = if spec.unit == Unit::Sessions { "the session" } else { "a window" };
        notes.push(format!("still open: {}, where {what} is not over at {}", spec.unit.count(open), plan.view.as_of()));
    }
    if store.n_ties > 0 && spec.order != Order::Any && spec.steps.len() > 1 {
        notes.push(format!(
            "{} events share their instant with another of the same customer; steps at equal times count in the order of the rows",
            store.n_ties
        ));
    }
    if total.n_removed > 0 {
        notes
            .push(format!("taken out: {}, where an exclusion stopped every attempt", spec.unit.count(total.n_removed)));
    }
    notes
}

/// What the kernel found, for tests that compare it with other ways to find it.
#[cfg(test)]
pub(in crate::analysis) mod probe {
    use super::kernel::{self, Gather, Reached};
    use super::{FunnelSpec, Outcome, Plan, Ties};
    use crate::base::Ctl;
    use crate::journey::View;

    #[derive(Debug, Clone, PartialEq)]
    pub struct Unit {
        pub customer: u32,
        pub outcome: Outcome,
        pub chain: Vec<u32>,
        /// Places in the spec, and positions.
        pub passed: Vec<(u8, u32)>,
        pub stopped_by: Option<u32>,
    }

    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Units {
        pub units: Vec<Unit>,
        pub n_removed: u64,
    }

    impl Gather for Units {
        fn add(&mut self, unit: &Reached) {
            self.units.push(Unit {
                customer: unit.customer.0,
                outcome: unit.outcome,
                chain: unit.chain.to_vec(),
                passed: unit.passed.to_vec(),
                stopped_by: unit.stopped_by,
            });
        }

        fn add_removed(&mut self) {
            self.n_removed += 1;
        }
    }

    /// What the kernel finds, first as it is asked to, then by the general way.
    pub fn units(view: &View, spec: &FunnelSpec, is_strictly_later: bool) -> [Units; 2] {
        let ties = if is_strictly_later { Ties::StrictlyLater } else { Ties::Allowed };
        let plan = Plan::new(view, spec, ties, &Ctl::new()).expect("a sound spec");
        let mut walked = Units::default();
        for chunk in kernel::walk(&plan, &Ctl::new(), Units::default).expect("not cancelled") {
            walked.units.extend(chunk.units);
            walked.n_removed += chunk.n_removed;
        }
        let mut general = Units::default();
        for customer in view.customers() {
            kernel::walk_one(&plan, customer, view.journey(customer), &mut general);
        }
        [walked, general]
    }
}
