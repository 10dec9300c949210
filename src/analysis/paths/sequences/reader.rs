//! Reads ways into units with keys.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::super::way::{Left, Plan, Way};
use super::{BEYOND, CONVERTED, N_SHARES, OPEN, Packing, Piece, Unit, mix, share_of};
use crate::base::CustomerId;
use crate::journey::Code;
use crate::journey::bitmap::word_of_pairs;

pub(super) struct Reader<'a, C> {
    plan: &'a Plan<'a>,
    codes: &'a [C],
    depth: usize,
    packing: Option<Packing>,
    wants_ends: bool,
    piece: Piece,
}

/// A way as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Read {
    first: u32,
    last: u32,
    key: u64,
    goes_beyond: bool,
}

/// Which events of a chunk are another touchpoint than the one before, by bits: which these are is as good as random, and
/// from bits they are found without a branch for each.
struct Steps {
    start: usize,
    /// Of the second event and those after it; one word more than there are bits for.
    words: Vec<u64>,
}

impl Steps {
    fn new<C: Code>(plan: &Plan, codes: &[C], events: Range<usize>) -> Self {
        let shown = &plan.shown.of_code[..];
        let (is_plain, len) = (plan.is_plain(), events.len());
        let mut words = Vec::with_capacity(len / 64 + 2);
        let (start, events) = (events.start, &codes[events]);
        let (before, after) = (&events[..len.saturating_sub(1)], &events[len.min(1)..]);
        words.extend(before.chunks(64).zip(after.chunks(64)).map(|(before, after)| {
            if is_plain {
                word_of_pairs(before, after, |a, b| u8::from(a != b))
            } else {
                word_of_pairs(before, after, |a, b| u8::from(shown[a.idx()] != shown[b.idx()]))
            }
        }));
        words.resize(len / 64 + 2, 0);
        Steps { start, words }
    }

    /// Of the first 64 events of a journey; the first of them is one in any case.
    #[inline]
    fn of(&self, journey: &Range<usize>) -> u64 {
        let at = journey.start - self.start;
        let (word, bit) = (at / 64, at % 64);
        let from_second = self.words[word] >> bit | self.words[word + 1] << 1 << (63 - bit);
        let steps = from_second << 1 | 1;
        if journey.len() < 64 { steps & ((1 << journey.len()) - 1) } else { steps }
    }
}

impl<'a, C: Code> Reader<'a, C> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        codes: &'a [C],
        (depth, packing): (usize, Option<Packing>),
        wants_ends: bool,
    ) -> Self {
        Reader { plan, codes, depth, packing, wants_ends, piece: Piece::default() }
    }

    /// The ways of some customers.
    pub(super) fn read_all(mut self, customers: Range<u32>) -> Piece {
        let (plan, view) = (self.plan, self.plan.view);
        self.piece.units.reserve(customers.len());
        self.piece.shares = vec![0; N_SHARES + 1];
        self.piece.first_customer = customers.start;
        match self.packing.filter(|_| plan.collapses_journeys()) {
            Some(packing) => {
                let steps = Steps::new(plan, self.codes, view.events_of(&customers));
                for (customer, journey) in view.journeys_of(customers) {
                    self.add_journey(packing, &steps, customer, journey);
                }
            }
            None => {
                let mut left = Left::default();
                for (customer, journey) in view.journeys_of(customers) {
                    plan.ways(customer, journey, &mut left, |way| self.add(&way));
                }
                self.piece.left = left;
            }
        }
        self.piece.share_out();
        self.piece
    }

    fn add(&mut self, way: &Way) {
        let read = self.read(way);
        if self.packing.is_none() {
            self.piece.ends.push(self.piece.codes.len() as u32);
        }
        self.push(way.customer, read, || way.clone());
    }

    /// Adds a whole journey in which repeats count once.
    #[inline(always)]
    fn add_journey(&mut self, packing: Packing, steps: &Steps, customer: CustomerId, journey: Range<usize>) {
        let way = || Way { customer, unit: journey.clone(), events: journey.clone(), is_closed: false };
        match self.read_steps(packing, steps, &journey) {
            Some(read) => self.push(customer, read, way),
            None => self.add(&way()),
        }
    }

    // Always, or what was read would go through memory in pieces of other sizes, which takes as long as to read it.
    #[inline(always)]
    fn push(&mut self, customer: CustomerId, read: Read, way: impl FnOnce() -> Way) {
        let Read { first, last, key, goes_beyond } = read;
        let mut marks = if goes_beyond { BEYOND } else { 0 };
        if self.wants_ends || self.plan.has_goal() {
            let way = way();
            if self.wants_ends && !goes_beyond && self.plan.is_open(&way) {
                marks |= OPEN;
            }
            if self.plan.goal(&way).is_some() {
                marks |= CONVERTED;
            }
        }
        let share = share_of(key);
        self.piece.shares[usize::from(share) + 1] += 1;
        self.piece.units.push(Unit { customer: customer.0, first, last, key, share, marks });
    }

    #[inline]
    fn read(&mut self, way: &Way) -> Read {
        let packing = self.packing;
        let (mut n, mut read) = (0, Read { first: 0, last: 0, key: 0, goes_beyond: false });
        let depth = self.depth;
        let wide = &mut self.piece.codes;
        self.plan.walk(self.codes, way, |code, position| {
            if n == depth {
                read.goes_beyond = true;
                return false;
            }
            if n == 0 {
                read.first = position as u32;
            }
            read.last = position as u32;
            match packing {
                Some(packing) => read.key = packing.append(read.key, code),
                None => {
                    read.key = mix(read.key ^ u64::from(code) << 1 ^ 1);
                    wide.push(code);
                }
            }
            n += 1;
            true
        });
        if let Some(packing) = packing {
            read.key = packing.ended(read.key, n);
        }
        read
    }

    /// As `read`, by the first 64 events alone; `None` where these are not enough, or where not so many events are left in all.
    #[inline(always)]
    fn read_steps(&self, packing: Packing, steps: &Steps, journey: &Range<usize>) -> Option<Read> {
        let codes: &[C; 64] = self.codes.get(journey.start..)?.first_chunk()?;
        let shown = &self.plan.shown.of_code[..];
        let (mut steps, mut key, mut last) = (steps.of(journey), 0, 0);
        for _ in 0..self.depth {
            let is_there = steps != 0;
            last = select_unpredictable(is_there, steps.trailing_zeros(), last);
            let code = u64::from(shown[codes[last as usize % 64].idx()]) + 1;
            key = packing.append_or_none(key, select_unpredictable(is_there, code, 0));
            steps &= steps.wrapping_sub(1);
        }
        let (first, goes_beyond) = (journey.start as u32, steps != 0);
        (goes_beyond || journey.len() <= 64).then_some(Read { first, last: first + last, key, goes_beyond })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::analysis::paths::PathsSpec;
    use crate::base::Ctl;
    use crate::journey::View;
    use crate::journey::fixture::of_rows;
    use crate::with_codes;
    use proptest::prelude::*;

    proptest! {
        /// Journeys of up to some hundred events, of which some repeat and repeat.
        #[test]
        fn a_journey_read_by_its_steps_is_what_it_is_event_by_event(
            runs in prop::collection::vec((0u8..5, 0u8..4, 1usize..40), 1..60),
            (depth, is_grouped) in (1usize..9, any::<bool>()),
        ) {
            let run = |(at, (customer, name, n)): (i64, &(u8, u8, usize))| vec![(*customer, *name, at, 0u8); *n];
            let rows = (0..).zip(&runs).flat_map(run).collect::<Vec<_>>();
            let view = View::whole(Arc::new(of_rows(&rows, usize::MAX)));
            let group = if is_grouped { vec!["both=t0|t1".parse().expect("a group")] } else { Vec::new() };
            let spec = PathsSpec { group, ..PathsSpec::default() };
            // A group of names that do not occur is an error, and tested as one.
            let Ok(plan) = Plan::new(&view, &spec.rules(), &Ctl::new()) else { return Ok(()) };
            let packing = Packing::new(plan.shown.len(), depth).expect("few names");
            with_codes!(view.codes(), |codes| {
                let mut reader = Reader::new(&plan, codes, (depth, Some(packing)), false);
                let customers = 0..view.store().n_customers() as u32;
                let steps = Steps::new(&plan, codes, view.events_of(&customers));
                for (customer, journey) in view.journeys_of(customers) {
                    let way = Way { customer, unit: journey.clone(), events: journey.clone(), is_closed: false };
                    let read = reader.read(&way);
                    let by_steps = reader.read_steps(packing, &steps, &journey);
                    let is_short = journey.len() <= 64 && journey.start + 64 <= view.n_events();
                    prop_assert!(by_steps.is_some() || !is_short);
                    prop_assert!(by_steps.is_none_or(|by_steps| by_steps == read));
                }
            });
        }
    }
}
