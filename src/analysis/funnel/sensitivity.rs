//! The same funnel under other definitions, one row each: how much of a number is its definition.

use super::kernel::{self, Gather, Reached};
use super::plan::{Plan, Ties};
use super::spec::{FunnelSpec, Order, Unit};
use crate::analysis::Error;
use crate::base::Ctl;
use crate::journey::View;
use crate::table::{Cell, Kind, Table};

/// Counts those who entered and those who converted.
#[derive(Debug, Default, Clone, Copy)]
struct Ends {
    n_levels: usize,
    entered: u64,
    open: u64,
    converted: u64,
}

impl Gather for Ends {
    #[inline]
    fn add(&mut self, unit: &Reached) {
        self.entered += 1;
        self.open += u64::from(unit.outcome == super::Outcome::Open);
        self.converted += u64::from(unit.level() == self.n_levels);
    }
}

/// The table, and notes on definitions that this funnel cannot have.
///
/// # Errors
/// As `funnel`.
pub fn sensitivity(view: &View, spec: &FunnelSpec, ctl: &Ctl) -> Result<(Table, Vec<String>), Error> {
    let mut table = Table::new(
        "sensitivity",
        &[("variant", Kind::Text), ("entered", Kind::Count), ("converted", Kind::Count), ("share", Kind::Share)],
    );
    let mut notes = Vec::new();
    let mut known: Vec<(FunnelSpec, Ties, Ends)> = Vec::new();
    for (name, variant, ties) in variants(spec) {
        let ends = match known.iter().find(|(spec, t, _)| *spec == variant && *t == ties) {
            Some((_, _, ends)) => Ok(*ends),
            None => count(view, spec, &variant, ties, ctl),
        };
        match ends {
            Ok(ends) => {
                let whole = if spec.mature { ends.entered - ends.open } else { ends.entered };
                table.push(vec![
                    Cell::text(name),
                    Cell::Count(ends.entered),
                    Cell::Count(ends.converted),
                    Cell::share(ends.converted, whole),
                ]);
                known.push((variant, ties, ends));
            }
            // A rule of this funnel may have no meaning under another order; the row stays, without numbers.
            Err(Error::Invalid(reason)) => {
                notes.push(format!("sensitivity, {name}: {reason}"));
                table.push(vec![Cell::text(name), Cell::Empty, Cell::Empty, Cell::Empty]);
            }
            Err(err) => return Err(err),
        }
    }
    Ok((table, notes))
}

fn variants(spec: &FunnelSpec) -> Vec<(String, FunnelSpec, Ties)> {
    // What no variant changes must not keep equal ones apart.
    let base = FunnelSpec { breakdown: None, breakdown_at: super::BreakdownAt::Entry, ..spec.clone() };
    let mut all = vec![("as asked".to_owned(), base.clone(), Ties::Allowed)];
    for (name, order) in [("ordered", Order::Ordered), ("strict", Order::Strict), ("any", Order::Any)] {
        let ignore = if order == Order::Strict || base.steps.iter().any(|step| step.next) {
            base.ignore.clone()
        } else {
            Vec::new()
        };
        all.push((format!("order {name}"), FunnelSpec { order, ignore, ..base.clone() }, Ties::Allowed));
    }
    for (num, den) in [(1, 4), (1, 2), (1, 1), (2, 1), (4, 1)] {
        let within = crate::base::Span::from_micros(
            i64::try_from(i128::from(base.within.micros()) * num / den).unwrap_or(i64::MAX),
        );
        all.push((format!("within {within}"), FunnelSpec { within, ..base.clone() }, Ties::Allowed));
    }
    for (name, unit) in [("customers", Unit::Customers), ("sessions", Unit::Sessions), ("attempts", Unit::Attempts)] {
        all.push((format!("unit {name}"), FunnelSpec { unit, ..base.clone() }, Ties::Allowed));
    }
    for (name, clip) in [("clip on", true), ("clip off", false)] {
        let mut variant = base.clone();
        // Without a period there is nothing to clip.
        variant.scope.clip = clip && (base.scope.since.is_some() || base.scope.until.is_some());
        all.push((name.to_owned(), variant, Ties::Allowed));
    }
    all.push(("ties strictly later".to_owned(), base, Ties::StrictlyLater));
    all
}

fn count(view: &View, asked: &FunnelSpec, variant: &FunnelSpec, ties: Ties, ctl: &Ctl) -> Result<Ends, Error> {
    let other_view;
    let view = if variant.scope == asked.scope {
        view
    } else {
        other_view = variant.scope.view(view.store(), ctl)?;
        &other_view
    };
    let plan = Plan::new(view, variant, ties, ctl)?;
    let start = || Ends { n_levels: plan.n_levels(), ..Ends::default() };
    let chunks = kernel::walk(&plan, ctl, start)?;
    Ok(chunks.into_iter().fold(start(), |sum, chunk| Ends {
        entered: sum.entered + chunk.entered,
        open: sum.open + chunk.open,
        converted: sum.converted + chunk.converted,
        ..sum
    }))
}
