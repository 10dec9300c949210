//! The kernel: walks every journey and hands over one `Reached` per unit (a customer, a session or an attempt) that
//! entered the funnel.
//!
//! `plain` answers the common question from the places of the steps and their times alone. `general` gathers the events
//! that matter and knows every rule: `in_order` reads attempts of ordered and strict funnels, `any_order` those of the third kind.
//!
//! Decided here, where the definition leaves it open:
//! * An attempt is first read as if there were no exclusions: its longest chain, each step at its earliest possible
//!   event. The first exclusion event on that chain (strictly between a step in its range and the next, or within the
//!   window after the last) stops it. An event taken as a step does not stop. In any order there are no places, so every
//!   exclusion event inside the window stops.
//! * With `remove`, attempts that were stopped do not count; a customer who has no other is not counted at all.
//! * An attempt lasts until it converts, is stopped, or its window is over; in strict order too, where what came next may
//!   have decided it earlier. So an attempt that was stopped is *excluded*, never *open*.
//! * A window is over when `as_of` reaches its last instant: what happened at that instant has been seen.
//! * The first event of a name *ever* is the first in the data, whatever filters leave out.

mod any_order;
mod general;
mod in_order;
mod judge;
mod plain;

use std::ops::Range;

use super::answer::Outcome;
use super::plan::Plan;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::{par_chunks, par_gather};

/// A unit that entered: how far its winning attempt came.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    pub customer: CustomerId,
    pub outcome: Outcome,
    /// View positions of the winning attempt's events, one per level reached.
    pub chain: &'a [u32],
    /// Optional steps passed on the way: the step's place in the spec, and the view position.
    pub passed: &'a [(u8, u32)],
    /// The exclusion event that stopped the attempt.
    pub stopped_by: Option<u32>,
    /// The position of the customer's first event, and the one after the unit's last.
    pub start: u32,
    pub end: u32,
}

impl Reached<'_> {
    /// The last instant of the attempt's window; far ahead where the session is the window.
    pub fn window_end(&self, plan: &Plan) -> i64 {
        plan.window_end(plan.view.times()[self.chain[0] as usize])
    }

    /// How many levels were reached, at least 1.
    pub fn level(&self) -> usize {
        self.chain.len()
    }
}

/// Gathers what the kernel finds.
pub trait Gather: Send {
    fn add(&mut self, unit: &Reached);

    /// A unit whose every attempt was stopped, where that takes it out.
    fn add_removed(&mut self) {}
}

/// Walks all journeys of the plan's view in parallel and returns what was gathered, in customer order.
///
/// # Errors
/// `Cancelled`.
pub fn walk<G: Gather>(plan: &Plan, ctl: &Ctl, start: impl Fn() -> G + Sync + Send) -> Result<Vec<G>, Cancelled> {
    let walker = Walker::new(plan);
    par_chunks(plan.view, ctl, |chunk| {
        let (mut gather, mut scratch) = (start(), general::Scratch::default());
        walker.walk_chunk(chunk, &mut scratch, &mut gather);
        gather
    })
}

/// As `walk`, with one gatherer per thread, over whichever chunks come to it: for sums that do not depend on who adds up.
///
/// # Errors
/// `Cancelled`.
pub fn gather<G: Gather>(plan: &Plan, ctl: &Ctl, start: impl Fn() -> G + Sync + Send) -> Result<Vec<G>, Cancelled> {
    let walker = Walker::new(plan);
    let made = par_gather(
        plan.view,
        ctl,
        || (start(), general::Scratch::default()),
        |(gather, scratch), chunk| walker.walk_chunk(chunk, scratch, gather),
    )?;
    Ok(made.into_iter().map(|(gather, _)| gather).collect())
}

/// The way to walk a journey, by what is asked.
enum Walker<'a> {
    Plain(plain::Funnel<'a>),
    General(&'a Plan<'a>),
}

impl<'a> Walker<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        if plan.is_plain() { Walker::Plain(plain::Funnel::new(plan)) } else { Walker::General(plan) }
    }

    fn walk_chunk<G: Gather>(&self, chunk: Range<u32>, scratch: &mut general::Scratch, gather: &mut G) {
        match self {
            Walker::Plain(funnel) => funnel.walk(chunk, gather),
            Walker::General(plan) => {
                let journeys = plan.view.journeys_of(chunk);
                journeys.for_each(|(customer, journey)| {
                    general::walk_journey(plan, customer, journey, scratch, gather);
                });
            }
        }
    }
}

/// Walks one journey, by the general way.
pub fn walk_one<G: Gather>(plan: &Plan, customer: CustomerId, journey: Range<usize>, gather: &mut G) {
    general::walk_journey(plan, customer, journey, &mut general::Scratch::default(), gather);
}
