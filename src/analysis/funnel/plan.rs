//! `Plan`: a funnel's question met with the data: names have become codes, columns positions, and rules numbers.
//!
//! A *level* counts mandatory steps only; optional steps hang between two levels and never decide one. Steps are bits of
//! a `u32` in the order of the spec.

use std::sync::Arc;

use super::same::Same;
use super::spec::{ExcludeMode, FunnelSpec, Order, Unit};
use crate::analysis::Error;
use crate::base::{Ctl, Span};
use crate::journey::{Bitmap, JourneyStore, StepMatch, View};

/// What must hold between a step and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrow {
    /// No event that counts may stand between.
    pub next: bool,
    /// Microseconds, at most.
    pub within: i64,
}

/// A mandatory step.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Its place in the spec, from 0.
    pub step_idx: usize,
    pub bit: u32,
    /// Bits of `JourneyStore::masks`; a journey with none of them cannot reach the level.
    pub mask: u64,
    pub arrow: Arrow,
}

/// A step that counts those who passed it on their way between two levels.
#[derive(Debug, Clone, Copy)]
pub struct Passage {
    pub step_idx: usize,
    pub bit: u32,
    /// The number of levels before it.
    pub after: usize,
    pub arrow: Arrow,
}

/// How events at the same instant may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// In journey order.
    #[default]
    Allowed,
    /// A step must be later than the one before; only the sensitivity table asks for this.
    StrictlyLater,
}

#[derive(Debug)]
pub struct Plan<'v> {
    pub view: &'v View,
    pub order: Order,
    pub unit: Unit,
    pub levels: Vec<Level>,
    /// By place in the spec, the levels before the step.
    pub level_of_step: Vec<u8>,
    pub passages: Vec<Passage>,
    /// Whether every level's arrow asks for nothing.
    pub has_arrows: bool,
    /// Whether some arrow is `next`, so that events that are no step matter.
    pub has_next: bool,
    /// By touchpoint code: the steps that an event of that name may be.
    pub steps_by_code: Vec<u32>,
    /// By touchpoint code: whether an event of that name may be a step or an exclusion.
    pub matters_by_code: Vec<bool>,
    /// Whether no event can be two steps.
    pub are_steps_apart: bool,
    /// By place in the spec.
    matched: Vec<StepMatch>,
    /// The steps that names alone do not decide.
    conditional_bits: u32,
    /// With the levels (bit 0 is the first) at which an attempt is stopped.
    stops: Vec<(StepMatch, u32)>,
    ignored: Vec<StepMatch>,
    pub mode: ExcludeMode,
    pub same: Option<Same<'v>>,
    /// By touchpoint code, where step 1 must be the first of its name ever: whether it is such a name.
    pub first_time: Option<Vec<bool>>,
    /// Microseconds; `i64::MAX` where the session is the window.
    pub within: i64,
    pub as_of: i64,
    /// Entries count at `since <= time < until`.
    pub since: i64,
    pub until: i64,
    pub ties: Ties,
    pub session_gap: Span,
}

impl<'v> Plan<'v> {
    /// Resolves names and columns.
    ///
    /// # Errors
    /// A spec that contradicts itself, an unknown event or column, or `Cancelled`.
    pub fn new(view: &'v View, spec: &FunnelSpec, ties: Ties, ctl: &Ctl) -> Result<Self, Error> {
        spec.check()?;
        let store = view.store();
        let mut steps_by_code = vec![0u32; store.touchpoints.len()];
        let (mut levels, mut passages): (Vec<Level>, Vec<Passage>) = (Vec::new(), Vec::new());
        let (mut all_matched, mut conditional_bits) = (Vec::new(), 0);
        let (mut level_of_step, mut first_time) = (Vec::new(), None);
        for (step_idx, step) in spec.steps.iter().enumerate() {
            let bit = 1u32 << step_idx;
            let matched = step.step.resolve(view, ctl)?;
            let mut mask = 0;
            for (code, _) in matched.by_code().iter().enumerate().filter(|(_, may)| **may) {
                steps_by_code[code] |= bit;
                mask |= JourneyStore::mask_bit(code as u32);
            }
            if step_idx == 0 && spec.first_time {
                first_time = Some(matched.by_code().to_vec());
            }
            let is_next = step_idx > 0 && (step.next || spec.order == Order::Strict);
            level_of_step.push(levels.len() as u8);
            let arrow = Arrow { next: is_next, within: step.within.map_or(i64::MAX, Span::micros) };
            if step.optional {
                passages.push(Passage { step_idx, bit, after: levels.len(), arrow });
            } else {
                levels.push(Level { step_idx, bit, mask, arrow });
            }
            if !matched.is_by_name() {
                conditional_bits |= bit;
            }
            all_matched.push(matched);
        }
        let mut stops = Vec::new();
        for exclusion in &spec.exclude {
            let (from, to) = exclusion.between.unwrap_or((1, spec.steps.len()));
            let at = levels.iter().enumerate().filter(|(_, level)| (from..to).contains(&(level.step_idx + 1)));
            stops.push((exclusion.step.resolve(view, ctl)?, at.fold(0, |bits, (k, _)| bits | 1u32 << k)));
        }
        let mut matters_by_code: Vec<bool> = steps_by_code.iter().map(|steps| *steps != 0).collect();
        for (step, _) in &stops {
            matters_by_code.iter_mut().zip(step.by_code()).for_each(|(matters, may)| *matters |= may);
        }
        let ignored = spec.ignore.iter().map(|step| step.resolve(view, ctl)).collect::<Result<_, _>>()?;
        let arrows = || levels.iter().map(|level| level.arrow).chain(passages.iter().map(|passage| passage.arrow));
        let (since, until) = spec.scope.entry_period(&store.zone);
        Ok(Plan {
            view,
            order: spec.order,
            unit: spec.unit,
            has_arrows: levels.iter().any(|level| level.arrow.next || level.arrow.within < i64::MAX),
            has_next: arrows().any(|arrow| arrow.next),
            levels,
            level_of_step,
            passages,
            are_steps_apart: steps_by_code.iter().all(|steps| steps.count_ones() <= 1),
            steps_by_code,
            matters_by_code,
            matched: all_matched,
            conditional_bits,
            stops,
            ignored,
            mode: spec.exclude_mode,
            same: Same::resolve(view, spec)?,
            first_time,
            within: if spec.unit == Unit::Sessions { i64::MAX } else { spec.within.micros() },
            as_of: view.as_of().micros(),
            since: since.map_or(i64::MIN, |at| at.micros()),
            until: until.map_or(i64::MAX, |at| at.micros()),
            ties,
            session_gap: spec.scope.session_gap,
        })
    }

    /// Steps of the spec, mandatory or not.
    pub fn n_steps(&self) -> usize {
        self.levels.len() + self.passages.len()
    }

    pub fn n_levels(&self) -> usize {
        self.levels.len()
    }

    /// Whether the plain loop over codes gives the answer.
    pub fn is_plain(&self) -> bool {
        self.order == Order::Ordered
            && self.unit == Unit::Customers
            && self.ties == Ties::Allowed
            && !self.has_arrows
            && self.passages.is_empty()
            && self.stops.is_empty()
            && self.same.is_none()
            && self.first_time.is_none()
    }

    pub fn has_stops(&self) -> bool {
        !self.stops.is_empty()
    }

    /// The steps that the event at a view position is.
    #[inline]
    pub fn steps_at(&self, code: usize, position: usize) -> u32 {
        let mut bits = self.steps_by_code[code];
        let mut in_doubt = bits & self.conditional_bits;
        while in_doubt != 0 {
            let step_idx = in_doubt.trailing_zeros() as usize;
            if !self.matched[step_idx].matches(code, position) {
                bits &= !(1 << step_idx);
            }
            in_doubt &= in_doubt - 1;
        }
        bits
    }

    /// By level, a bit for every event that is its step.
    pub fn occurrences(&self) -> Vec<Arc<Bitmap>> {
        self.levels.iter().map(|level| self.matched[level.step_idx].occurrences(self.view)).collect()
    }

    /// The levels at which the event stops an attempt.
    pub fn stops_at(&self, code: usize, position: usize) -> u32 {
        self.stops.iter().filter(|(step, _)| step.matches(code, position)).fold(0, |bits, (_, levels)| bits | levels)
    }

    /// Whether the event counts as the "next" one.
    pub fn counts_as_next(&self, code: usize, position: usize) -> bool {
        !self.ignored.iter().any(|step| step.matches(code, position))
    }

    /// Whether not every entry counts.
    #[inline]
    pub fn has_period(&self) -> bool {
        (self.since, self.until) != (i64::MIN, i64::MAX)
    }

    #[inline]
    pub fn is_in_period(&self, time: i64) -> bool {
        self.since <= time && time < self.until
    }

    /// The last instant of the window of an attempt that starts at `time`.
    #[inline]
    pub fn window_end(&self, time: i64) -> i64 {
        time.saturating_add(self.within)
    }

    /// Whether an attempt whose window ends at `end` may still go on. What happened at `as_of` itself has been seen.
    #[inline]
    pub fn is_open(&self, end: i64) -> bool {
        end > self.as_of
    }

    /// How many leading levels a journey with this mask may hold.
    #[inline]
    pub fn bound(&self, mask: u64) -> usize {
        self.levels.iter().take_while(|level| level.mask & mask != 0).count()
    }
}
