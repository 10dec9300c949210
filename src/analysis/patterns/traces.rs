//! Ways as plain rows of touchpoints, one behind the other; with a goal, each up to its first event.

use std::ops::Range;

use super::super::paths::way::{Left, Plan};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_chunks;
use crate::with_codes;

#[derive(Debug, Default)]
pub struct Traces {
    pub codes: Vec<u32>,
    ends: Vec<u32>,
    pub customers: Vec<u32>,
    /// Whether the unit comes to the goal.
    pub converted: Vec<bool>,
    pub left: Left,
}

impl Traces {
    /// # Errors
    /// `Cancelled`.
    pub fn read(plan: &Plan, ctl: &Ctl) -> Result<Self, Cancelled> {
        let pieces = with_codes!(plan.view.codes(), |codes| {
            par_chunks(plan.view, ctl, |chunk| {
                let mut traces = Traces::default();
                for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
                    let mut left = Left::default();
                    plan.ways(customer, plan.view.journey(customer), &mut left, |way| {
                        let goal = plan.goal(&way);
                        plan.walk(codes, &way, |code, position| {
                            let is_before = goal.is_none_or(|goal| position < goal);
                            if is_before {
                                traces.codes.push(code);
                            }
                            is_before
                        });
                        traces.ends.push(traces.codes.len() as u32);
                        traces.customers.push(customer.0);
                        traces.converted.push(goal.is_some());
                    });
                    traces.left.add(left);
                }
                traces
            })?
        });
        let mut all = Traces::default();
        for piece in pieces {
            let start = all.codes.len() as u32;
            all.codes.extend(piece.codes);
            all.ends.extend(piece.ends.iter().map(|end| start + end));
            all.customers.extend(piece.customers);
            all.converted.extend(piece.converted);
            all.left.add(piece.left);
        }
        Ok(all)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub fn range(&self, unit: usize) -> Range<usize> {
        let start = if unit == 0 { 0 } else { self.ends[unit - 1] as usize };
        start..self.ends[unit] as usize
    }

    #[inline]
    pub fn of(&self, unit: usize) -> &[u32] {
        &self.codes[self.range(unit)]
    }

    pub fn n_converted(&self) -> u64 {
        self.converted.iter().filter(|converted| **converted).count() as u64
    }

    /// Ranges of units that hold about equally many touchpoints, `n` of them or fewer.
    pub fn shares(&self, n: usize) -> Vec<Range<usize>> {
        let (mut shares, mut start) = (Vec::new(), 0);
        for share in 1..=n {
            let goal = (self.codes.len() * share / n) as u32;
            let end = if share == n { self.len() } else { self.ends.partition_point(|end| *end <= goal) };
            if start < end {
                shares.push(start..end);
                start = end;
            }
        }
        shares
    }
}
