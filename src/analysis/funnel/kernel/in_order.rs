//! Reads the attempts of ordered and strict funnels on one track, in time linear in its events.
//!
//! Without rules for arrows, the earliest event of a step after the step before gives the chain of every start, and
//! chains of later starts never run behind: one pointer per level.
//!
//! With them, a step's earliest event may be a dead end. So for every level that could be reached, a pass from behind
//! marks the events from which it *can* be reached, ignoring the window. Arrow rules bound the next event from above by
//! limits that never fall along the journey, hence the first marked event is allowed if any is, chains over marked
//! events never run behind each other either, and the earliest chain is also the one that completes earliest, so that
//! the window is a question about its last event alone.

use super::Gather;
use super::general::Track;
use super::judge::{Attempt, Judge};
use crate::analysis::funnel::check::MAX_STEPS;
use crate::analysis::funnel::plan::{Plan, Ties};

/// Memory that is used again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// By event, the steps as which it can be followed up to the level at hand.
    marked: Vec<u32>,
    /// By event, whether its attempt was read.
    is_read: Vec<bool>,
    /// Attempts waiting to be heard in the order of their starts, with their chains in one row.
    waiting: Vec<Waiting>,
    chains: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    chain_start: usize,
    level: usize,
    stopped_by: Option<u32>,
    window_end: i64,
}

/// The pointers of one pass over starts in ascending order.
struct Pointers {
    /// By level, where its step can be at the earliest.
    ahead: [usize; MAX_STEPS],
    /// By level, where an exclusion event can be at the earliest.
    stop_ahead: [usize; MAX_STEPS],
}

impl Pointers {
    fn new() -> Self {
        Pointers { ahead: [0; MAX_STEPS], stop_ahead: [0; MAX_STEPS] }
    }

    /// The first event after `last` that is the level's step by `steps`.
    #[inline]
    fn advance(&mut self, plan: &Plan, track: Track, steps: impl Fn(usize) -> u32, level: usize, last: usize) -> usize {
        let bit = plan.levels[level].bit;
        let mut at = self.ahead[level].max(last + 1);
        if plan.ties == Ties::StrictlyLater {
            let time = track.entries[last].time;
            while at < track.len() && track.entries[at].time <= time {
                at += 1;
            }
        }
        while at < track.len() && steps(at) & bit == 0 {
            at += 1;
        }
        self.ahead[level] = at;
        at
    }

    /// Where the chain meets its first exclusion: the levels up to there, and the event.
    fn stop(&mut self, plan: &Plan, track: Track, chain: &[u32], window_end: i64) -> Option<(usize, u32)> {
        for standing in 0..chain.len().min(plan.n_levels() - 1) {
            let bit = 1u32 << standing;
            let mut at = self.stop_ahead[standing].max(chain[standing] as usize + 1);
            while at < track.len() && track.entries[at].stops & bit == 0 {
                at += 1;
            }
            self.stop_ahead[standing] = at;
            let end = chain.get(standing + 1).map_or(track.len(), |next| *next as usize);
            if at < end && track.entries[at].time <= window_end {
                return Some((standing + 1, at as u32));
            }
        }
        None
    }
}

pub fn read<G: Gather>(plan: &Plan, track: Track, scratch: &mut Scratch, judge: &mut Judge<G>) {
    if plan.has_arrows {
        read_by_passes(plan, track, scratch, judge);
    } else {
        read_at_once(plan, track, judge);
    }
}

fn read_at_once<G: Gather>(plan: &Plan, track: Track, judge: &mut Judge<G>) {
    let mut pointers = Pointers::new();
    let mut chain = [0u32; MAX_STEPS];
    for start in 0..track.len() {
        if !track.entries[start].enters || !judge.may_start(start) {
            continue;
        }
        let window_end = plan.window_end(track.entries[start].time);
        chain[0] = start as u32;
        let (mut level, mut last) = (1, start);
        while level < plan.n_levels() {
            last = pointers.advance(plan, track, |at| track.entries[at].steps, level, last);
            if last == track.len() || track.entries[last].time > window_end {
                break;
            }
            chain[level] = last as u32;
            level += 1;
        }
        let mut stopped_by = None;
        if plan.has_stops()
            && let Some((standing, stop)) = pointers.stop(plan, track, &chain[..level], window_end)
        {
            (level, stopped_by) = (standing, Some(stop));
        }
        judge.hear(&Attempt { chain: &chain[..level], stopped_by, window_end });
    }
}

fn read_by_passes<G: Gather>(plan: &Plan, track: Track, scratch: &mut Scratch, judge: &mut Judge<G>) {
    scratch.is_read.clear();
    scratch.is_read.resize(track.len(), false);
    scratch.waiting.clear();
    scratch.chains.clear();
    let present = track.entries.iter().fold(0, |bits, entry| bits | entry.steps);
    let bound = plan.levels.iter().take_while(|level| level.bit & present != 0).count();
    for goal in (1..=bound).rev() {
        mark(plan, track, goal, &mut scratch.marked);
        read_pass(plan, track, goal, scratch);
        if !scratch.waiting.is_empty() && !judge.wants_every_attempt() {
            break;
        }
    }
    let Scratch { waiting, chains, .. } = scratch;
    waiting.sort_unstable_by_key(|attempt| chains[attempt.chain_start]);
    for Waiting { chain_start, level, stopped_by, window_end } in waiting.iter().copied() {
        let chain = &chains[chain_start..chain_start + level];
        if judge.may_start(chain[0] as usize) {
            judge.hear(&Attempt { chain, stopped_by, window_end });
        }
    }
}

/// Marks the events that can be followed up to the level `goal`, as each of their steps.
fn mark(plan: &Plan, track: Track, goal: usize, marked: &mut Vec<u32>) {
    marked.resize(track.len(), 0);
    let wanted = plan.levels[..goal].iter().fold(0, |bits, level| bits | level.bit);
    // By level, the first marked event after the one at hand (and, where ties do not follow each other, later than it).
    let mut following = [track.len(); MAX_STEPS];
    let mut end = track.len();
    while end > 0 {
        // Events that may not follow each other are marked together.
        let start = match plan.ties {
            Ties::Allowed => end - 1,
            Ties::StrictlyLater => {
                let time = track.entries[end - 1].time;
                end - track.entries[..end].iter().rev().take_while(|entry| entry.time == time).count()
            }
        };
        for event in (start..end).rev() {
            marked[event] = 0;
            for level in levels_of(plan, track.entries[event].steps & wanted) {
                let can_go_on = |next: usize| next < track.len() && may_follow(plan, track, level + 1, event, next);
                if level + 1 == goal || can_go_on(following[level + 1]) {
                    marked[event] |= plan.levels[level].bit;
                }
            }
        }
        for event in (start..end).rev() {
            for level in levels_of(plan, marked[event]) {
                following[level] = event;
            }
        }
        end = start;
    }
}

/// The levels whose steps are in a set.
#[inline]
fn levels_of<'a>(plan: &'a Plan, mut steps: u32) -> impl Iterator<Item = usize> + 'a {
    std::iter::from_fn(move || {
        let step = steps.trailing_zeros();
        steps &= steps.wrapping_sub(1);
        (step < u32::BITS).then(|| usize::from(plan.level_of_step[step as usize]))
    })
}

#[inline]
fn may_follow(plan: &Plan, track: Track, level: usize, event: usize, next: usize) -> bool {
    let arrow = plan.levels[level].arrow;
    track.entries[next].time.saturating_sub(track.entries[event].time) <= arrow.within
        && (!arrow.next || track.is_next(event, next))
}

/// Reads the attempts that reach the level `goal` and no further.
fn read_pass(plan: &Plan, track: Track, goal: usize, scratch: &mut Scratch) {
    let Scratch { marked, is_read, waiting, chains } = scratch;
    let mut pointers = Pointers::new();
    let mut chain = [0u32; MAX_STEPS];
    for start in 0..track.len() {
        let may_reach = track.entries[start].enters && marked[start] & plan.levels[0].bit != 0;
        if !may_reach || is_read[start] {
            continue;
        }
        let window_end = plan.window_end(track.entries[start].time);
        chain[0] = start as u32;
        let mut last = start;
        for (level, place) in chain[..goal].iter_mut().enumerate().skip(1) {
            last = pointers.advance(plan, track, |at| marked[at], level, last);
            *place = last as u32;
        }
        if track.entries[last].time > window_end {
            continue;
        }
        is_read[start] = true;
        let stop = if plan.has_stops() { pointers.stop(plan, track, &chain[..goal], window_end) } else { None };
        let (level, stopped_by) = stop.map_or((goal, None), |(level, stop)| (level, Some(stop)));
        waiting.push(Waiting { chain_start: chains.len(), level, stopped_by, window_end });
        chains.extend_from_slice(&chain[..level]);
    }
}
