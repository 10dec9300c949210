//! The common funnel: steps in order within a window, customers, no further rules.
//!
//! Chains of later starts never run behind those of earlier ones, so one pointer per level moves through the journey
//! once: events × levels at worst, whatever the number of attempts. Times are read only at steps.

use std::ops::Range;

use super::{Gather, Reached};
use crate::analysis::funnel::answer::Outcome;
use crate::analysis::funnel::check::MAX_STEPS;
use crate::analysis::funnel::plan::Plan;
use crate::base::CustomerId;
use crate::journey::Code;

/// A journey, and how its events are asked for being a step. `CONDITIONS`: the name alone does not decide everywhere.
struct Events<'a, C, const CONDITIONS: bool> {
    plan: &'a Plan<'a>,
    codes: &'a [C],
    times: &'a [i64],
    end: usize,
}

impl<C: Code, const CONDITIONS: bool> Events<'_, C, CONDITIONS> {
    /// The first position at `from` or later whose event is the level's step; `end` where there is none.
    #[inline]
    fn find(&self, from: usize, level: usize) -> usize {
        let bit = self.plan.levels[level].bit;
        let table = &self.plan.steps_by_code[..];
        let mut at = from;
        if CONDITIONS {
            while at < self.end {
                let code = self.codes[at].idx();
                if table[code] & bit != 0 && self.plan.steps_at(code, at) & bit != 0 {
                    break;
                }
                at += 1;
            }
            return at;
        }
        match self.codes[from..self.end].iter().position(|code| table[code.idx()] & bit != 0) {
            Some(ahead) => from + ahead,
            None => self.end,
        }
    }
}

pub fn walk_journey<C: Code, G: Gather, const CONDITIONS: bool>(
    plan: &Plan,
    codes: &[C],
    customer: CustomerId,
    journey: Range<usize>,
    gather: &mut G,
) {
    let bound = plan.bound(plan.view.mask(customer));
    if bound == 0 {
        return;
    }
    let times = plan.view.times();
    let events = Events::<C, CONDITIONS> { plan, codes, times, end: journey.end };
    let mut chain = [0u32; MAX_STEPS];
    // The words that a journey's steps fit into; they are read from codes that must exist, though behind it.
    let words = journey.len().div_ceil(WORD);
    let has_words = |n: usize| words <= n && journey.start + n * WORD <= codes.len();
    let times_here = &times[journey.clone()];
    // Where only the first step can be reached, the first event of it says all; most journeys are like that.
    let fits_bits = !CONDITIONS && bound > 1 && plan.n_levels() <= 8;
    let level = if fits_bits && has_words(1) {
        best_chain_of_bits::<C, 1>(plan, codes, times_here, journey.start, bound, &mut chain)
    } else if fits_bits && has_words(4) {
        best_chain_of_bits::<C, 4>(plan, codes, times_here, journey.start, bound, &mut chain)
    } else {
        best_chain(&events, journey.start, bound, &mut chain)
    };
    if level == 0 {
        return;
    }
    let chain = &chain[..level];
    let window_end = plan.window_end(times[chain[0] as usize]);
    let outcome = if level == plan.n_levels() {
        Outcome::Converted
    } else if plan.is_open(window_end) || is_later_attempt_open(&events, chain[0] as usize, level) {
        Outcome::Open
    } else {
        Outcome::Dropped
    };
    let end = journey.end as u32;
    gather.add(&Reached { customer, outcome, chain, passed: &[], stopped_by: None, window_end, end });
}

/// Writes the winning attempt's chain and returns its level, 0 where nothing entered.
#[inline]
fn best_chain<C: Code, const CONDITIONS: bool>(
    events: &Events<'_, C, CONDITIONS>,
    start: usize,
    bound: usize,
    chain: &mut [u32; MAX_STEPS],
) -> usize {
    let Events { plan, times, end, .. } = *events;
    let mut best = 0;
    // By level, where its step can be at the earliest for the attempt at hand and all later ones.
    let mut ahead = [start as u32; MAX_STEPS];
    let mut from = start;
    loop {
        let entry = events.find(from, 0);
        if entry == end {
            return best;
        }
        from = entry + 1;
        if !plan.is_in_period(times[entry]) {
            continue;
        }
        let window_end = plan.window_end(times[entry]);
        let (mut level, mut last) = (1, entry);
        while level < bound {
            let next = events.find((ahead[level] as usize).max(last + 1), level);
            ahead[level] = next as u32;
            if next == end || times[next] > window_end {
                break;
            }
            last = next;
            level += 1;
        }
        if level > best {
            best = level;
            chain[0] = entry as u32;
            chain[1..level].copy_from_slice(&ahead[1..level]);
        }
        // Where the step after `level` does not come at all, no later attempt gets further either.
        if best == bound || ahead[level] as usize == end {
            return best;
        }
        // It comes, but too late for this attempt; only attempts whose window reaches it are worth reading.
        let earliest = times[ahead[level] as usize].saturating_sub(plan.within);
        from += times[from..end].iter().position(|time| *time >= earliest).unwrap_or(end - from);
    }
}

/// Events whose steps fit into one word per level.
const WORD: usize = 64;

/// As `best_chain`, for a journey of at most `W` times 64 events and a funnel of at most 8 levels: every level's events are
/// bits, so that the next one is found without a branch per event. So many codes from `start` on must exist.
#[inline]
fn best_chain_of_bits<C: Code, const W: usize>(
    plan: &Plan,
    codes: &[C],
    times: &[i64],
    start: usize,
    bound: usize,
    chain: &mut [u32; MAX_STEPS],
) -> usize {
    let steps = Steps::<W>::of(plan, &codes[start..start + W * WORD], times.len());
    let mut events = [[0u64; W]; 8];
    let (mut best, mut n_known) = (0, 1);
    events[0] = steps.of_level(0);
    let mut entry = next(&events[0], 0);
    while let Some(at) = entry {
        entry = next(&events[0], at + 1);
        if !plan.is_in_period(times[at]) {
            continue;
        }
        let window_end = plan.window_end(times[at]);
        let (mut level, mut last) = (1, at);
        let mut attempt = [at as u16; 8];
        let mut late = None;
        while level < bound {
            if level == n_known {
                events[level] = steps.of_level(level);
                n_known += 1;
            }
            let Some(later) = next(&events[level], last + 1) else { break };
            last = later;
            if times[last] > window_end {
                late = Some(times[last]);
                break;
            }
            attempt[level] = last as u16;
            level += 1;
        }
        if level > best {
            best = level;
            chain[..level].iter_mut().zip(attempt).for_each(|(to, at)| *to = start as u32 + u32::from(at));
        }
        // As in `best_chain`: no later attempt gets further, or only those whose window reaches the late event.
        let Some(late) = late else { return best };
        let earliest = late.saturating_sub(plan.within);
        while let Some(at) = entry.filter(|at| times[*at] < earliest) {
            entry = next(&events[0], at + 1);
        }
    }
    best
}

/// The place of the first bit at `from` or later.
#[inline(always)]
fn next<const W: usize>(bits: &[u64; W], from: usize) -> Option<usize> {
    let mut word = from / WORD;
    let mut left = bits.get(word)? & u64::MAX << (from % WORD);
    while left == 0 {
        word += 1;
        left = *bits.get(word)?;
    }
    Some(word * WORD + left.trailing_zeros() as usize)
}

/// The steps that the events of a journey are, eight events to a word, the levels of each in a byte.
struct Steps<const W: usize> {
    bytes: [[u64; 8]; W],
    n: usize,
}

impl<const W: usize> Steps<W> {
    #[inline(always)]
    fn of<C: Code>(plan: &Plan, codes: &[C], n: usize) -> Self {
        let mut bytes = [[0u64; 8]; W];
        let words = bytes.as_flattened_mut().iter_mut().zip(codes.chunks_exact(8)).take(n.div_ceil(8));
        for (word, codes) in words {
            for (i, code) in codes.iter().enumerate() {
                *word |= u64::from(plan.step_byte(*code)) << (8 * i);
            }
        }
        Steps { bytes, n }
    }

    /// A bit for every event that is the level's step.
    #[inline(always)]
    fn of_level(&self, level: usize) -> [u64; W] {
        // Gathers bit `level` of every byte; the multiplication moves the eight bits next to each other.
        let bits = |word: u64| ((word >> level & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080)) >> 56;
        let mut events = [0; W];
        for (at, (events, bytes)) in events.iter_mut().zip(&self.bytes).enumerate() {
            let n_here = self.n.saturating_sub(at * WORD).min(WORD);
            let bytes = &bytes[..n_here.div_ceil(8)];
            let all = bytes.iter().enumerate().fold(0, |all, (i, word)| all | bits(*word) << (8 * i));
            *events = if n_here == 0 { 0 } else { all & u64::MAX >> (WORD - n_here) };
        }
        events
    }
}

/// Whether an attempt after the winning one came as far and may still go on.
fn is_later_attempt_open<C: Code, const CONDITIONS: bool>(
    events: &Events<'_, C, CONDITIONS>,
    winner: usize,
    best: usize,
) -> bool {
    let Events { plan, times, end, .. } = *events;
    if !plan.is_open(plan.window_end(times[end - 1])) {
        return false;
    }
    let mut from = winner + 1 + times[winner + 1..end].partition_point(|time| !plan.is_open(plan.window_end(*time)));
    let mut ahead = [from; MAX_STEPS];
    loop {
        let entry = events.find(from, 0);
        if entry == end {
            return false;
        }
        from = entry + 1;
        if !plan.is_in_period(times[entry]) {
            continue;
        }
        let window_end = plan.window_end(times[entry]);
        let (mut level, mut last) = (1, entry);
        while level < best {
            last = events.find(ahead[level].max(last + 1), level);
            ahead[level] = last;
            if last == end {
                return false;
            }
            if times[last] > window_end {
                break;
            }
            level += 1;
        }
        if level == best {
            return true;
        }
    }
}
