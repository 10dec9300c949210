//! Reads the attempts of a funnel in any order: as many different steps as can be given distinct events inside a window
//! that starts with the first of them.
//!
//! A window slides over the track and keeps how often each set of steps occurs in it. Where an event can be several steps
//! the level is a largest matching of steps and events; a matching can always be made to use a given event, so counting
//! the whole window is right although the attempt must use its first. The events of an attempt are those that enlarge
//! the matching when read in order, which is the earliest choice (the sets of events that can be matched are a matroid).

use super::Gather;
use super::general::Track;
use super::judge::{Attempt, Judge};
use crate::analysis::funnel::check::MAX_STEPS;
use crate::analysis::funnel::plan::Plan;
use crate::analysis::funnel::spec::Unit;

const NOBODY: u32 = u32::MAX;

/// Memory that is used again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The different sets of steps that events of the track may be, ascending, and how often each is in the window.
    sets: Vec<u32>,
    counts: Vec<u32>,
    matching: Matching,
    chain: Vec<u32>,
}

pub fn read<G: Gather>(plan: &Plan, track: Track, scratch: &mut Scratch, judge: &mut Judge<G>) {
    if plan.unit == Unit::Attempts {
        for start in 0..track.len() {
            if track.entries[start].enters && judge.may_start(start) {
                hear(plan, track, start, &mut scratch.chain, judge);
            }
        }
        return;
    }
    slide(plan, track, scratch, judge);
}

/// Reads one attempt event by event and has it heard.
fn hear<G: Gather>(plan: &Plan, track: Track, start: usize, chain: &mut Vec<u32>, judge: &mut Judge<G>) {
    let window_end = plan.window_end(track.entries[start].time);
    let mut owner = [NOBODY; MAX_STEPS];
    let mut stopped_by = None;
    chain.clear();
    for event in start..track.len() {
        let entry = &track.entries[event];
        if entry.time > window_end || chain.len() == plan.n_levels() {
            break;
        }
        if entry.stops != 0 && event > start {
            stopped_by = Some(event as u32);
            break;
        }
        if enlarge(track, &mut owner, event as u32, &mut 0) {
            chain.push(event as u32);
        }
    }
    judge.hear(&Attempt { chain, stopped_by, window_end });
}

/// Gives the event a step of its own, moving other events to other steps where that makes room.
fn enlarge(track: Track, owner: &mut [u32; MAX_STEPS], event: u32, tried: &mut u32) -> bool {
    let steps = track.entries[event as usize].steps;
    while steps & !*tried != 0 {
        let step = (steps & !*tried).trailing_zeros() as usize;
        *tried |= 1 << step;
        if owner[step] == NOBODY || enlarge(track, owner, owner[step], tried) {
            owner[step] = event;
            return true;
        }
    }
    false
}

/// Has the attempts heard that decide: of every level reached, the earliest and the latest, stopped and not.
fn slide<G: Gather>(plan: &Plan, track: Track, scratch: &mut Scratch, judge: &mut Judge<G>) {
    let Scratch { sets, counts, matching, chain } = scratch;
    sets.clear();
    if plan.are_steps_apart {
        sets.extend((0..plan.n_levels()).map(|step| 1u32 << step));
    } else {
        sets.extend(track.entries.iter().map(|entry| entry.steps).filter(|steps| *steps != 0));
        sets.sort_unstable();
        sets.dedup();
    }
    counts.clear();
    counts.resize(sets.len(), 0);
    let set_of = |event: usize| match track.entries[event].steps {
        0 => None,
        steps if plan.are_steps_apart => Some(steps.trailing_zeros() as usize),
        steps => sets.binary_search(&steps).ok(),
    };
    let (mut end, mut next_stop) = (0, 0);
    // The level of the window only changes where a count crosses what the steps of its set could use.
    let (mut level, mut is_known) = (0, false);
    let mut heard: [[Option<usize>; MAX_STEPS + 1]; 2] = [[None; MAX_STEPS + 1]; 2];
    for start in 0..track.len() {
        let Some(set) = set_of(start) else { continue };
        if track.entries[start].enters {
            let window_end = plan.window_end(track.entries[start].time);
            next_stop = next_stop.max(start + 1);
            while next_stop < track.len() && track.entries[next_stop].stops == 0 {
                next_stop += 1;
            }
            end = end.max(start);
            while end < next_stop && track.entries[end].time <= window_end {
                if let Some(set) = set_of(end) {
                    counts[set] += 1;
                    is_known &= counts[set] > sets[set].count_ones();
                }
                end += 1;
            }
            if !is_known {
                level = if plan.are_steps_apart {
                    counts.iter().filter(|count| **count > 0).count()
                } else {
                    matching.size(sets, counts, plan.n_levels())
                };
                is_known = true;
            }
            let is_stopped =
                level < plan.n_levels() && next_stop < track.len() && track.entries[next_stop].time <= window_end;
            let latest = &mut heard[usize::from(is_stopped)][level];
            // Later attempts of the same level matter only by the latest end of their windows.
            if latest.is_none() {
                hear(plan, track, start, chain, judge);
            }
            *latest = Some(start);
        }
        if start < end {
            is_known &= counts[set] > sets[set].count_ones();
            counts[set] -= 1;
        }
    }
    for start in heard.into_iter().flatten().flatten() {
        hear(plan, track, start, chain, judge);
    }
}

/// A largest matching of steps and sets of events, made anew for every window that needs it.
#[derive(Debug)]
struct Matching {
    /// By step, the set whose event it was given.
    given: [usize; MAX_STEPS],
    /// By set, its events that were given away, and whether the search at hand has been there.
    used: Vec<u32>,
    tried: Vec<bool>,
}

impl Default for Matching {
    fn default() -> Self {
        Matching { given: [usize::MAX; MAX_STEPS], used: Vec::new(), tried: Vec::new() }
    }
}

impl Matching {
    /// How many steps can be given different events, where `counts[i]` events may be any of the steps `sets[i]`.
    fn size(&mut self, sets: &[u32], counts: &[u32], n_steps: usize) -> usize {
        self.given.fill(usize::MAX);
        self.used.clear();
        self.used.resize(sets.len(), 0);
        let mut size = 0;
        for step in 0..n_steps {
            self.tried.clear();
            self.tried.resize(sets.len(), false);
            size += usize::from(self.give(sets, counts, step));
        }
        size
    }

    /// Gives the step an event, giving other steps other events where that makes room.
    fn give(&mut self, sets: &[u32], counts: &[u32], step: usize) -> bool {
        for set in 0..sets.len() {
            if sets[set] >> step & 1 == 0 || counts[set] == 0 || self.tried[set] {
                continue;
            }
            self.tried[set] = true;
            let has_room = self.used[set] < counts[set];
            if has_room {
                self.used[set] += 1;
            }
            if has_room || (0..MAX_STEPS).any(|other| self.given[other] == set && self.give(sets, counts, other)) {
                self.given[step] = set;
                return true;
            }
        }
        false
    }
}
