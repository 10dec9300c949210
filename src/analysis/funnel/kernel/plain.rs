//! The common funnel: steps in order within a window, customers, no further rules.
//!
//! The events of every step are bits, so that the next one is found 64 events at a time. Chains of later starts never run
//! behind those of earlier ones, so one pointer per level moves through the journey once, whatever the number of attempts.
//! Times are read only at steps.

use std::ops::Range;
use std::sync::Arc;

use super::{Gather, Reached};
use crate::analysis::funnel::answer::Outcome;
use crate::analysis::funnel::check::MAX_STEPS;
use crate::analysis::funnel::plan::Plan;
use crate::base::CustomerId;
use crate::journey::bitmap::{self, Bitmap};

/// Most funnels have no more steps.
const FEW: usize = 8;

/// A plan with the events of its levels.
pub struct Funnel<'a> {
    plan: &'a Plan<'a>,
    steps: Vec<Arc<Bitmap>>,
}

impl<'a> Funnel<'a> {
    pub fn new(plan: &'a Plan<'a>) -> Self {
        Funnel { plan, steps: plan.occurrences() }
    }

    pub fn walk<G: Gather>(&self, customers: Range<u32>, gather: &mut G) {
        let Funnel { plan, steps } = self;
        let (times, last_times) = (plan.view.times(), plan.view.last_times());
        let walk = Walk { plan, times, last_times, steps: steps.iter().map(|step| step.words()).collect() };
        // What is kept by level is cleared for every journey, which for all the steps there may be takes a while.
        if steps.len() <= FEW {
            walk.walk_all::<FEW, G>(customers, gather);
        } else {
            walk.walk_all::<MAX_STEPS, G>(customers, gather);
        }
    }
}

/// The same with all of it at hand.
struct Walk<'a> {
    plan: &'a Plan<'a>,
    times: &'a [i64],
    /// By customer.
    last_times: &'a [i64],
    /// By level, a bit per event.
    steps: Vec<&'a [u64]>,
}

impl Walk<'_> {
    /// With at most `N` steps.
    fn walk_all<const N: usize, G: Gather>(&self, customers: Range<u32>, gather: &mut G) {
        for (customer, journey) in self.plan.view.journeys_of(customers) {
            self.walk_journey::<N, G>(customer, journey, gather);
        }
    }

    #[inline(always)]
    fn walk_journey<const N: usize, G: Gather>(&self, customer: CustomerId, journey: Range<usize>, gather: &mut G) {
        let mut chain = [0u32; N];
        let level = self.best_chain(journey.clone(), &mut chain);
        if level == 0 {
            return;
        }
        let chain = &chain[..level];
        let outcome = if level == self.plan.n_levels() {
            Outcome::Converted
        } else if self.plan.is_open(self.plan.window_end(self.last_times[customer.idx()]))
            && self.is_open::<N>(chain, journey.end)
        {
            Outcome::Open
        } else {
            // Mostly even a window from the last event on would be over.
            Outcome::Dropped
        };
        let (start, end) = (journey.start as u32, journey.end as u32);
        gather.add(&Reached { customer, outcome, chain, passed: &[], stopped_by: None, start, end });
    }

    /// Where the next attempt at `from` or later starts; `end` where there is none.
    #[inline(always)]
    fn entry(&self, from: usize, end: usize) -> usize {
        let mut entry = bitmap::next(self.steps[0], from, end);
        while self.plan.has_period() && entry < end && !self.plan.is_in_period(self.times[entry]) {
            entry = bitmap::next(self.steps[0], entry + 1, end);
        }
        entry
    }

    fn window_end(&self, entry: usize) -> i64 {
        self.plan.window_end(self.times[entry])
    }

    /// Writes the winning attempt's chain and returns its level, 0 where nothing entered.
    #[inline(always)]
    fn best_chain<const N: usize>(&self, journey: Range<usize>, chain: &mut [u32; N]) -> usize {
        let end = journey.end;
        let mut entry = self.entry(journey.start, end);
        let mut best = 0;
        // By level, where its step can be at the earliest for the attempt at hand and all later ones.
        let mut ahead = [0u32; N];
        while entry < end {
            let (mut level, mut last) = (1, entry);
            while level < self.steps.len() {
                let next = bitmap::next(self.steps[level], (ahead[level] as usize).max(last + 1), end);
                ahead[level] = next as u32;
                // Most attempts end here: the step does not come, so no time needs to be read.
                if next == end || self.times[next] > self.window_end(entry) {
                    break;
                }
                last = next;
                level += 1;
            }
            if level > best {
                best = level;
                // All of it, as its length is known: a few of it would be a call.
                *chain = ahead;
                chain[0] = entry as u32;
            }
            // Where the step after `level` does not come at all, no later attempt gets further either.
            if best == self.steps.len() || ahead[level] as usize == end {
                break;
            }
            // It comes, but too late for this attempt; only attempts whose window reaches it are worth reading.
            let late = self.times[ahead[level] as usize];
            let earliest = late.saturating_sub(self.plan.within);
            entry = self.entry(entry + 1, end);
            while entry < end && self.times[entry] < earliest {
                entry = self.entry(entry + 1, end);
            }
        }
        best
    }

    /// Whether the winning attempt, or a later one that came as far, may still go on.
    fn is_open<const N: usize>(&self, chain: &[u32], end: usize) -> bool {
        let Walk { plan, times, steps, .. } = self;
        let winner = chain[0] as usize;
        if plan.is_open(self.window_end(winner)) {
            return true;
        }
        let mut from =
            winner + 1 + times[winner + 1..end].partition_point(|time| !plan.is_open(plan.window_end(*time)));
        let mut ahead = [from; N];
        loop {
            let entry = self.entry(from, end);
            if entry == end {
                return false;
            }
            from = entry + 1;
            let (mut level, mut last) = (1, entry);
            while level < chain.len() {
                last = bitmap::next(steps[level], ahead[level].max(last + 1), end);
                ahead[level] = last;
                if last == end {
                    return false;
                }
                if times[last] > self.window_end(entry) {
                    break;
                }
                level += 1;
            }
            if level == chain.len() {
                return true;
            }
        }
    }
}
