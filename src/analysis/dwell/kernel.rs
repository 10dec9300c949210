//! The walk over journeys that finds every visit. Times are read only where a visit begins or ends.

use std::ops::Range;

use super::plan::{OPEN, Plan, What};
use super::spec::Per;
use crate::analysis::stages::UNMAPPED;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_chunks;
use crate::journey::{Code, StepMatch};
use crate::with_codes;

/// One visit to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub customer: CustomerId,
    pub stage: u32,
    /// The stage that followed; `LEFT` or `OPEN`.
    pub to: u32,
    /// The position of the first event.
    pub start: u32,
    /// The position of the event that ended it; of the last own event for `LEFT`, the journey's end for `OPEN`.
    pub end: u32,
    /// How long it took, or has taken so far; never negative.
    pub micros: i64,
    /// The customer had been in the stage before.
    pub is_reentry: bool,
}

/// What adds visits up, one value per chunk of customers.
pub trait Gather: Send {
    fn add(&mut self, visit: &Visit);
    /// An event of no stage.
    fn pass_unmapped(&mut self, code: usize);
}

/// All visits that begin in the period, by chunks in customer order; those of a customer in the order of time.
///
/// # Errors
/// `Cancelled`.
pub fn walk<G: Gather>(plan: &Plan, ctl: &Ctl, start: impl Fn() -> G + Sync + Send) -> Result<Vec<G>, Cancelled> {
    with_codes!(plan.view.codes(), |codes| match &plan.what {
        What::Between { from, to } => each_journey(plan, ctl, start, |gathered: &mut G, _, customer, journey| {
            between(plan, from, to, codes, customer, journey, gathered);
        }),
        What::Stages(stages) if stages.are_by_name() => {
            let by_code = stages.by_code();
            each_journey(plan, ctl, start, |gathered: &mut G, seen, customer, journey| {
                visits(plan, codes, |code, _| by_code[code], seen, customer, journey, gathered);
            })
        }
        What::Stages(stages) => each_journey(plan, ctl, start, |gathered: &mut G, seen, customer, journey| {
            visits(plan, codes, |code, position| stages.at(code, position), seen, customer, journey, gathered);
        }),
    })
}

/// By stage, the last customer who was in it, from 1.
type Seen = Vec<u32>;

fn each_journey<G: Gather>(
    plan: &Plan,
    ctl: &Ctl,
    start: impl Fn() -> G + Sync + Send,
    each: impl Fn(&mut G, &mut Seen, CustomerId, Range<usize>) + Sync + Send,
) -> Result<Vec<G>, Cancelled> {
    par_chunks(plan.view, ctl, |chunk| {
        let (mut gathered, mut seen) = (start(), vec![0; plan.names.len()]);
        for customer in chunk.map(CustomerId) {
            let journey = plan.view.journey(customer);
            if !journey.is_empty() && plan.view.is_chosen(customer) {
                each(&mut gathered, &mut seen, customer, journey);
            }
        }
        gathered
    })
}

/// No stage yet; differs from `UNMAPPED`, so that an unmapped event before the first stage is counted as one.
const NONE: u32 = u32::MAX - 2;

/// One customer's visits on their way to what adds them up.
struct Found<'w, G> {
    plan: &'w Plan<'w>,
    customer: CustomerId,
    seen: &'w mut Seen,
    gathered: &'w mut G,
}

impl<G: Gather> Found<'_, G> {
    #[inline]
    fn add(&mut self, stage: u32, to: u32, (start, end): (usize, usize), until: i64) {
        let known = &mut self.seen[stage as usize];
        let is_reentry = *known == self.customer.0 + 1;
        *known = self.customer.0 + 1;
        let since = self.plan.view.times()[start];
        if self.plan.is_in_period(since) {
            let (start, end) = (start as u32, end as u32);
            let micros = (until - since).max(0);
            self.gathered.add(&Visit { customer: self.customer, stage, to, start, end, micros, is_reentry });
        }
    }
}

#[inline]
fn visits<C: Code, G: Gather>(
    plan: &Plan,
    codes: &[C],
    stage_at: impl Fn(usize, usize) -> u32,
    seen: &mut Seen,
    customer: CustomerId,
    journey: Range<usize>,
    gathered: &mut G,
) {
    let times = plan.view.times();
    let is_per_visit = plan.per == Per::Visit;
    let mut found = Found { plan, customer, seen, gathered };
    let (mut stage, mut start) = (NONE, 0);
    for (position, code) in journey.clone().zip(&codes[journey.clone()]) {
        let next = stage_at(code.idx(), position);
        if next == stage && is_per_visit {
            continue;
        }
        if next == UNMAPPED {
            found.gathered.pass_unmapped(code.idx());
            continue;
        }
        if stage != NONE {
            found.add(stage, next, (start, position), times[position]);
        }
        (stage, start) = (next, position);
    }
    if stage != NONE {
        let own = |position: &usize| stage_at(codes[*position].idx(), *position) == stage;
        let last_own = || (start..journey.end).rev().find(own).unwrap_or(start);
        let (to, end, until) = plan.last_visit(stage, &journey, last_own);
        found.add(stage, to, (start, end), until);
    }
}

/// From the first event of one step to the first of another after it.
fn between<C: Code, G: Gather>(
    plan: &Plan,
    from: &StepMatch,
    to: &StepMatch,
    codes: &[C],
    customer: CustomerId,
    journey: Range<usize>,
    gathered: &mut G,
) {
    let times = plan.view.times();
    let matches = |step: &StepMatch, position: usize| step.matches(codes[position].idx(), position);
    let mask = plan.view.mask(customer);
    if mask & from.mask() == 0 {
        return;
    }
    let mut positions = journey.clone();
    let Some(start) = positions.find(|at| matches(from, *at) && plan.is_in_period(times[*at])) else { return };
    let found = if mask & to.mask() == 0 { None } else { positions.find(|at| matches(to, *at)) };
    let (way, end, until) = match found {
        Some(end) => (0, end, times[end]),
        None => (OPEN, journey.end, plan.watched_until(&journey)),
    };
    let micros = (until - times[start]).max(0);
    let (start, end) = (start as u32, end as u32);
    gathered.add(&Visit { customer, stage: 0, to: way, start, end, micros, is_reentry: false });
}
