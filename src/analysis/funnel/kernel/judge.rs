//! Decides among the attempts of a unit: which one wins, what became of it, and which optional steps it passed.

use std::ops::Range;

use super::general::Track;
use super::{Gather, Reached};
use crate::analysis::funnel::answer::Outcome;
use crate::analysis::funnel::check::MAX_STEPS;
use crate::analysis::funnel::plan::Plan;
use crate::analysis::funnel::spec::{ExcludeMode, Unit};
use crate::base::CustomerId;

/// An attempt as it was read, by indices into its track.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// One event per level reached.
    pub chain: &'a [u32],
    pub stopped_by: Option<u32>,
    pub window_end: i64,
}

/// The best attempt of a unit so far.
#[derive(Debug, Default)]
pub struct Winner {
    chain: Vec<u32>,
    track: Range<usize>,
    stopped_by: Option<u32>,
    window_end: i64,
    /// View positions of the chain, and of the optional steps passed; filled at the end.
    positions: Vec<u32>,
    passed: Vec<(u8, u32)>,
}

/// Hears every attempt of one unit.
pub struct Judge<'a, G> {
    plan: &'a Plan<'a>,
    customer: CustomerId,
    whole: Track<'a>,
    end: u32,
    may_be_open: bool,
    winner: &'a mut Winner,
    /// By level, the latest end of a window of an attempt that was not stopped.
    latest_end: [i64; MAX_STEPS + 1],
    was_stopped: bool,
    track: Range<usize>,
    /// For attempts that may not overlap: the index and the instant after which the next may start.
    resume_at: usize,
    resume_after: i64,
    gather: &'a mut G,
}

impl<'a, G: Gather> Judge<'a, G> {
    /// `end` is the position after the unit's last event; `may_be_open` is false for a session that is over.
    pub fn new(
        plan: &'a Plan,
        customer: CustomerId,
        whole: Track<'a>,
        end: u32,
        may_be_open: bool,
        winner: &'a mut Winner,
        gather: &'a mut G,
    ) -> Self {
        winner.chain.clear();
        Judge {
            plan,
            customer,
            whole,
            end,
            may_be_open,
            winner,
            latest_end: [i64::MIN; MAX_STEPS + 1],
            was_stopped: false,
            track: 0..0,
            resume_at: 0,
            resume_after: i64::MIN,
            gather,
        }
    }

    /// The attempts that follow lie on this track.
    pub fn turn_to(&mut self, track: Range<usize>) {
        self.track = track;
        self.resume_at = 0;
        self.resume_after = i64::MIN;
    }

    /// Whether attempts below the best level matter too.
    pub fn wants_every_attempt(&self) -> bool {
        self.plan.unit == Unit::Attempts || self.plan.has_stops()
    }

    /// Whether an attempt may start at this event of the track, given those heard before.
    #[inline]
    pub fn may_start(&self, event: usize) -> bool {
        self.plan.unit != Unit::Attempts
            || (event >= self.resume_at && self.whole.entries[self.track.start + event].time > self.resume_after)
    }

    /// Hears an attempt. Those that may not overlap come in the order of their starts.
    pub fn hear(&mut self, attempt: &Attempt) {
        let level = attempt.chain.len();
        let is_removed = attempt.stopped_by.is_some() && self.plan.mode == ExcludeMode::Remove;
        if self.plan.unit == Unit::Attempts {
            match attempt.stopped_by {
                Some(stop) => self.resume_at = stop as usize + 1,
                None if level == self.plan.n_levels() => self.resume_at = attempt.chain[level - 1] as usize + 1,
                None => self.resume_after = attempt.window_end,
            }
            self.latest_end[level] = if attempt.stopped_by.is_some() { i64::MIN } else { attempt.window_end };
            if is_removed {
                return self.gather.add_removed();
            }
            self.crown(attempt);
            return self.announce();
        }
        if attempt.stopped_by.is_none() {
            self.latest_end[level] = self.latest_end[level].max(attempt.window_end);
        }
        if is_removed {
            self.was_stopped = true;
            return;
        }
        let best = self.winner.chain.len();
        if level > best || (level == best && self.is_earlier(attempt)) {
            self.crown(attempt);
        }
    }

    /// Whether an attempt of the winner's level comes before it, event by event. In any order, one event can start
    /// attempts for two values; of two with equal events, the one that was not stopped comes first.
    fn is_earlier(&self, attempt: &Attempt) -> bool {
        let position = |track: &Range<usize>, event: u32| self.whole.entries[track.start + event as usize].position;
        let known = &self.winner;
        let here = attempt.chain.iter().map(|event| position(&self.track, *event));
        let there = known.chain.iter().map(|event| position(&known.track, *event));
        let stop_here = attempt.stopped_by.map(|stop| position(&self.track, stop));
        let stop_there = known.stopped_by.map(|stop| position(&known.track, stop));
        here.cmp(there).then(stop_here.cmp(&stop_there)).is_lt()
    }

    /// All attempts of the unit were heard.
    pub fn finish(&mut self) {
        match self.plan.unit {
            Unit::Attempts => {}
            Unit::Customers | Unit::Sessions if !self.winner.chain.is_empty() => self.announce(),
            Unit::Customers | Unit::Sessions if self.was_stopped => self.gather.add_removed(),
            Unit::Customers | Unit::Sessions => {}
        }
    }

    fn crown(&mut self, attempt: &Attempt) {
        let winner = &mut *self.winner;
        winner.chain.clear();
        winner.chain.extend_from_slice(attempt.chain);
        winner.track = self.track.clone();
        winner.stopped_by = attempt.stopped_by;
        winner.window_end = attempt.window_end;
    }

    fn announce(&mut self) {
        let Winner { chain, track, stopped_by, window_end, positions, passed } = &mut *self.winner;
        let level = chain.len();
        let track = self.whole.cut(track.clone());
        let outcome = if level == self.plan.n_levels() {
            Outcome::Converted
        } else if self.may_be_open && self.plan.is_open(self.latest_end[level]) {
            Outcome::Open
        } else if stopped_by.is_some() {
            Outcome::Excluded
        } else {
            Outcome::Dropped
        };
        positions.clear();
        positions.extend(chain.iter().map(|event| track.entries[*event as usize].position));
        passed.clear();
        if !self.plan.passages.is_empty() {
            find_passages(
                self.plan,
                track,
                &Attempt { chain, stopped_by: *stopped_by, window_end: *window_end },
                passed,
            );
        }
        self.gather.add(&Reached {
            customer: self.customer,
            outcome,
            chain: positions,
            passed,
            stopped_by: stopped_by.map(|stop| track.entries[stop as usize].position),
            start: self.plan.view.journey(self.customer).start as u32,
            end: self.end,
        });
    }
}

/// The optional steps that an attempt passed: each at its earliest event after what was passed before it, before the
/// next level's event, or, where that was not reached, before the attempt was over.
fn find_passages(plan: &Plan, track: Track, attempt: &Attempt, passed: &mut Vec<(u8, u32)>) {
    let chain = attempt.chain;
    let (mut level, mut last) = (0, 0);
    for passage in plan.passages.iter().filter(|passage| passage.after <= chain.len()) {
        if passage.after != level {
            level = passage.after;
            last = chain[level - 1] as usize;
        }
        let end = match (chain.get(level), attempt.stopped_by) {
            (Some(next), _) => *next as usize,
            (None, Some(stop)) => stop as usize,
            (None, None) => track.len(),
        };
        let window_end = attempt.window_end.min(track.entries[last].time.saturating_add(passage.arrow.within));
        let found = (last + 1..end)
            .take_while(|event| track.entries[*event].time <= window_end)
            .take_while(|event| !passage.arrow.next || track.is_next(last, *event))
            .find(|event| track.entries[*event].steps & passage.bit != 0);
        if let Some(event) = found {
            passed.push((passage.step_idx as u8, track.entries[event].position));
            last = event;
        }
    }
}
