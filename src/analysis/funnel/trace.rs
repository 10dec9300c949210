//! How one customer's journey was read: every event with its mark, and one sentence for the verdict as the last row.

use super::answer::Outcome;
use super::kernel::{self, Gather, Reached};
use super::plan::Plan;
use super::spec::{FunnelSpec, Order, Unit};
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::base::{CustomerId, Instant, Span};
use crate::table::{Cell, Kind, Table};

/// A unit of the customer, kept after the kernel has moved on.
#[derive(Debug)]
struct Kept {
    outcome: Outcome,
    chain: Vec<u32>,
    passed: Vec<(u8, u32)>,
    stopped_by: Option<u32>,
    end: u32,
}

#[derive(Debug, Default)]
struct Units {
    units: Vec<Kept>,
    n_removed: u64,
}

impl Gather for Units {
    fn add(&mut self, unit: &Reached) {
        self.units.push(Kept {
            outcome: unit.outcome,
            chain: unit.chain.to_vec(),
            passed: unit.passed.to_vec(),
            stopped_by: unit.stopped_by,
            end: unit.end,
        });
    }

    fn add_removed(&mut self) {
        self.n_removed += 1;
    }
}

/// # Errors
/// `UnknownCustomer`, with the nearest id.
pub fn trace(plan: &Plan, spec: &FunnelSpec, name: &str) -> Result<Table, Error> {
    let store = plan.view.store();
    let customer = store.find_customer(name).ok_or_else(|| Error::UnknownCustomer {
        name: name.to_owned(),
        nearest: nearest(name, store.customers.iter()).map(str::to_owned),
    })?;
    let mut units = Units::default();
    let journey = plan.view.journey(customer);
    if plan.view.is_in(customer) {
        kernel::walk_one(plan, customer, journey.clone(), &mut units);
        units.units.sort_by_key(|unit| unit.chain[0]);
    }
    let mut table = Table::new(
        "trace",
        &[
            ("time", Kind::Time),
            ("event", Kind::Text),
            ("mark", Kind::Text),
            ("step", Kind::Count),
            ("reason", Kind::Text),
        ],
    );
    for position in journey {
        let (mark, step, reason) = mark(plan, spec, &units.units, position);
        table.push(vec![
            Cell::Time(Instant(plan.view.times()[position])),
            Cell::text(store.touchpoint_name(plan.view.row(position))),
            Cell::text(mark),
            step.map_or(Cell::Empty, |step| Cell::Count(step as u64)),
            Cell::text(reason),
        ]);
    }
    table.push(vec![
        Cell::Empty,
        Cell::Empty,
        Cell::text("verdict"),
        Cell::Empty,
        Cell::text(verdict(plan, spec, customer, &units)),
    ]);
    Ok(table)
}

fn mark(plan: &Plan, spec: &FunnelSpec, units: &[Kept], position: usize) -> (&'static str, Option<usize>, String) {
    let at = position as u32;
    for unit in units {
        if let Some(level) = unit.chain.iter().position(|event| *event == at) {
            let step = if plan.order == Order::Any { level + 1 } else { plan.levels[level].step_idx + 1 };
            let reason = match level {
                0 => format!("the attempt starts; {}", window_text(plan, unit)),
                _ => format!("step {step} {} after the first", span_text(plan, unit.chain[0], at)),
            };
            return ("step", Some(step), reason);
        }
        if let Some((step, _)) = unit.passed.iter().find(|(_, event)| *event == at) {
            return ("step", Some(usize::from(*step) + 1), "an optional step, passed on the way".into());
        }
        if unit.stopped_by == Some(at) {
            return ("excluded", None, format!("stops the attempt after step {}", step_number(plan, unit)));
        }
    }
    let code = plan.view.codes().get(position) as usize;
    let steps = plan.steps_at(code, position);
    if steps == 0 {
        return ("ignored", None, "no step of this funnel".into());
    }
    let names = (0..spec.steps.len()).filter(|step| steps >> step & 1 == 1).map(|step| (step + 1).to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    let Some(unit) = units.iter().rev().find(|unit| unit.chain[0] < at) else {
        return ("ignored", None, format!("may be step {names}, but no attempt that counts has started"));
    };
    if unit.outcome == Outcome::Converted && *unit.chain.last().expect("a unit has a first event") < at {
        return ("ignored", None, format!("may be step {names}, but the attempt had converted"));
    }
    if plan.view.times()[position] > window_end(plan, unit) || at >= unit.end {
        return ("too late", None, format!("may be step {names}, but the window was over"));
    }
    if unit.stopped_by.is_some_and(|stop| stop < at) {
        return ("ignored", None, format!("may be step {names}, but the attempt was stopped before"));
    }
    ("ignored", None, format!("may be step {names}, which the winning attempt did not need here"))
}

/// The number in the spec of the last step that a unit reached; in any order, how many.
fn step_number(plan: &Plan, unit: &Kept) -> usize {
    if plan.order == Order::Any { unit.chain.len() } else { plan.levels[unit.chain.len() - 1].step_idx + 1 }
}

fn span_text(plan: &Plan, from: u32, to: u32) -> String {
    let times = plan.view.times();
    Span::from_micros(times[to as usize] - times[from as usize]).to_string()
}

/// The last instant of a unit's window.
fn window_end(plan: &Plan, unit: &Kept) -> i64 {
    plan.window_end(plan.view.times()[unit.chain[0] as usize])
}

fn window_text(plan: &Plan, unit: &Kept) -> String {
    match plan.unit {
        Unit::Sessions => "its window is the session".into(),
        Unit::Customers | Unit::Attempts => format!("its window ends at {}", Instant(window_end(plan, unit))),
    }
}

fn verdict(plan: &Plan, spec: &FunnelSpec, customer: CustomerId, units: &Units) -> String {
    let best = units.units.iter().fold(None::<&Kept>, |best, unit| match best {
        Some(best) if best.chain.len() >= unit.chain.len() => Some(best),
        _ => Some(unit),
    });
    let Some(best) = best else {
        return if !plan.view.is_in(customer) {
            "The customer does not count here: no event is kept.".into()
        } else if units.n_removed > 0 {
            "Taken out: an exclusion stopped every attempt.".into()
        } else {
            match plan.order {
                Order::Any => "Never entered: no event is one of the steps and may start an attempt.".into(),
                Order::Ordered | Order::Strict => {
                    format!("Never entered: no event is step 1 `{}` and may start an attempt.", spec.steps[0].step)
                }
            }
        };
    };
    let n = units.units.len();
    let which = match plan.unit {
        Unit::Customers => String::new(),
        Unit::Sessions => format!("Of {n} sessions that entered, the best: "),
        Unit::Attempts => format!("Of {n} attempts, the best: "),
    };
    let last = *best.chain.last().expect("a unit has a first event");
    let far = match plan.order {
        Order::Any => format!("{} of {} steps", best.chain.len(), plan.n_levels()),
        Order::Ordered | Order::Strict => format!("step {} of {}", step_number(plan, best), spec.steps.len()),
    };
    let ending = match best.outcome {
        Outcome::Converted => format!("converted, {} after the first step", span_text(plan, best.chain[0], last)),
        Outcome::Dropped => format!("dropped at {far}"),
        Outcome::Open => format!(
            "open at {far}: {}",
            match plan.unit {
                Unit::Sessions => "the session is not over".to_owned(),
                Unit::Customers | Unit::Attempts => format!("a window ends after {}", Instant(plan.as_of)),
            }
        ),
        Outcome::Excluded => format!("excluded at {far}"),
    };
    let mut sentence = format!("{which}{ending}.");
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence
}
