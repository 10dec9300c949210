//! How the active customers of every period are made up: new, returning, resurrected, and who fell asleep; and in how many
//! periods customers are active.
//!
//! Active is who has an event in the period (with `--active`, such an event). Per period:
//!
//! * *new*: active for the first time; *returning*: active in the period before too; *resurrected*: active before, but not
//!   in the period before. Active = new + returning + resurrected.
//! * *dormant*: active in the period before and not in this one, as a negative number, so that new + resurrected + dormant
//!   is the change. Where the period is not over nobody is known to be dormant yet, and it is blank.
//!
//! With `--since` and `--until` the periods that start in between are shown; what is new is still new ever. Stickiness
//! counts the active periods among those shown, of the customers who are active in one at least.

mod answer;
pub mod spec;
#[cfg(test)]
mod tests;
mod who;

use std::ops::Range;

use super::Error;
use super::retention::periods::Calendar;
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::chunks::customer_chunks;
use crate::journey::{StepMatch, View};
pub use answer::{Lifecycle, PeriodRow, StickyRow};
pub use spec::LifecycleSpec;

/// Counts the active customers of every period by how they came.
///
/// # Errors
/// An unknown event, too many periods, or `Cancelled`.
pub fn lifecycle(view: &View, spec: &LifecycleSpec, ctl: &Ctl) -> Result<Lifecycle, Error> {
    let plan = Plan::new(view, spec, ctl)?;
    let n = plan.calendar.len();
    let pieces = plan.walk(ctl, || Tally::new(n), |tally, _, active| tally.add(&plan, active))?;
    let tally = pieces.into_iter().fold(Tally::new(n), |sum, piece| sum.plus(&piece));
    ctl.check()?;
    Ok(answer::answer(&plan, spec, &tally))
}

/// The customers behind a cell: `2025-01-06:new`, `2025-01-06:dormant`, or `3:customers` of the stickiness table. In text
/// order of their ids.
///
/// # Errors
/// As `lifecycle`, and `UnknownCell`.
pub fn who(view: &View, spec: &LifecycleSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}

/// The question met with the data.
struct Plan<'v> {
    view: &'v View,
    calendar: Calendar,
    active: Option<StepMatch>,
    /// Periods that are shown.
    shown: Range<usize>,
    /// Leading periods that are over.
    n_over: usize,
}

impl<'v> Plan<'v> {
    fn new(view: &'v View, spec: &LifecycleSpec, ctl: &Ctl) -> Result<Self, Error> {
        let store = view.store();
        let as_of = view.as_of().micros();
        let (first, last) = store.bounds().unwrap_or((Instant(0), Instant(0)));
        let last = last.micros().max(as_of);
        let calendar = Calendar::covering(spec.period, first.micros(), last, &store.zone, spec.week_start)?;
        let (since, until) = spec.scope.entry_period(&store.zone);
        let is_shown = |idx: usize| {
            let start = calendar.start(idx);
            since.is_none_or(|since| since <= start) && until.is_none_or(|until| start < until)
        };
        let from = (0..calendar.len()).find(|&idx| is_shown(idx)).unwrap_or(calendar.len());
        let to = (from..calendar.len()).find(|&idx| !is_shown(idx)).unwrap_or(calendar.len());
        let n_over = calendar.n_over(as_of);
        let active = spec.active.as_ref().map(|step| step.resolve(view, ctl)).transpose()?;
        Ok(Plan { view, active, shown: from..to, n_over, calendar })
    }

    /// The periods in which a customer is active, ascending.
    fn active_periods(&self, customer: CustomerId, journey: Range<usize>, found: &mut Vec<u32>) {
        found.clear();
        if let Some(active) = &self.active
            && self.view.mask(customer) & active.mask() == 0
        {
            return;
        }
        let (times, codes) = (self.view.times(), self.view.codes());
        let mut known_until = i64::MIN;
        for (position, &time) in journey.clone().zip(&times[journey]) {
            let is_active = time >= known_until
                && self.active.as_ref().is_none_or(|active| active.matches(codes.get(position) as usize, position));
            if is_active {
                let period = self.calendar.at(time);
                known_until = self.calendar.end(period);
                found.push(period);
            }
        }
    }

    /// Walks all journeys in parallel in a few long pieces; what was gathered comes in customer order.
    fn walk<T: Send>(
        &self,
        ctl: &Ctl,
        start: impl Fn() -> T + Sync + Send,
        each: impl Fn(&mut T, CustomerId, &[u32]) + Sync + Send,
    ) -> Result<Vec<T>, Error> {
        use rayon::prelude::*;
        const PIECES: usize = 24;
        let chunks = customer_chunks(self.view);
        ctl.expect_more(self.view.n_events() as u64);
        let pieces = chunks.par_chunks(chunks.len().div_ceil(PIECES).max(1)).map(|piece| {
            let (mut gathered, mut found) = (start(), Vec::new());
            for chunk in piece {
                ctl.check()?;
                for customer in chunk.clone().map(CustomerId).filter(|&customer| self.view.is_in(customer)) {
                    self.active_periods(customer, self.view.journey(customer), &mut found);
                    if !found.is_empty() {
                        each(&mut gathered, customer, &found);
                    }
                }
                ctl.tick(self.view.n_events_of(chunk))?;
            }
            Ok::<T, Error>(gathered)
        });
        pieces.collect()
    }

    /// How many of a customer's active periods are shown.
    fn n_shown(&self, active: &[u32]) -> usize {
        active.iter().filter(|period| self.shown.contains(&(**period as usize))).count()
    }
}

/// What customers did in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    New,
    Returning,
    Resurrected,
    /// Active in the period before, not in this one.
    Dormant,
}

/// Every period of which something is to be said about a customer with these active periods.
fn each_state(active: &[u32], n_periods: usize, mut each: impl FnMut(u32, What)) {
    let mut before: Option<u32> = None;
    for &period in active {
        match before {
            None => each(period, What::New),
            Some(last) if last + 1 == period => each(period, What::Returning),
            Some(last) => {
                each(last + 1, What::Dormant);
                each(period, What::Resurrected);
            }
        }
        before = Some(period);
    }
    if let Some(last) = before.filter(|last| (*last as usize) + 1 < n_periods) {
        each(last + 1, What::Dormant);
    }
}

/// Counts by period, and customers by how many of the periods shown they are active in.
#[derive(Debug, Clone)]
struct Tally {
    /// New, returning, resurrected, dormant.
    periods: Vec<[u64; 4]>,
    sticky: Vec<u64>,
}

impl Tally {
    fn new(n_periods: usize) -> Self {
        Tally { periods: vec![[0; 4]; n_periods], sticky: vec![0; n_periods + 1] }
    }

    fn add(&mut self, plan: &Plan, active: &[u32]) {
        each_state(active, self.periods.len(), |period, what| self.periods[period as usize][what as usize] += 1);
        self.sticky[plan.n_shown(active)] += 1;
    }

    fn plus(mut self, other: &Tally) -> Self {
        for (a, b) in self.periods.iter_mut().zip(&other.periods) {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        }
        self.sticky.iter_mut().zip(&other.sticky).for_each(|(a, b)| *a += b);
        self
    }
}
