//! Reads ways into units with keys.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::super::way::{Plan, Way};
use super::{BEYOND, CONVERTED, OPEN, Packing, Piece, Unit, mix, share_of};
use crate::journey::Code;

pub(super) struct Reader<'a, C> {
    plan: &'a Plan<'a>,
    codes: &'a [C],
    depth: usize,
    packing: Option<Packing>,
    /// Ways are whole journeys in which repeats count once, and fit into keys.
    collapses: bool,
    wants_ends: bool,
    pub(super) piece: Piece,
}

/// A way as far as it was read.
struct Read {
    first: u32,
    last: u32,
    key: u64,
    goes_beyond: bool,
}

impl<'a, C: Code> Reader<'a, C> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        codes: &'a [C],
        (depth, packing): (usize, Option<Packing>),
        wants_ends: bool,
    ) -> Self {
        let collapses = packing.is_some() && plan.collapses_journeys();
        Reader { plan, codes, depth, packing, collapses, wants_ends, piece: Piece::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, way: &Way) {
        let Read { first, last, key, goes_beyond } = match self.packing {
            Some(packing) if self.collapses => self.read_journey(packing, way.events.clone()),
            packing => self.read(packing, way),
        };
        let mut marks = if goes_beyond { BEYOND } else { 0 };
        if self.packing.is_none() {
            self.piece.ends.push(self.piece.codes.len() as u32);
        }
        if self.wants_ends && marks == 0 && self.plan.is_open(way) {
            marks |= OPEN;
        }
        if self.plan.has_goal() && self.plan.goal(way).is_some() {
            marks |= CONVERTED;
        }
        self.piece.units.push(Unit { customer: way.customer.0, first, last, key, share: share_of(key), marks });
    }

    #[inline]
    fn read(&mut self, packing: Option<Packing>, way: &Way) -> Read {
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

    /// As `read`, of a whole journey in which repeats count once. Whether an event is one is as good as random, so nothing here
    /// depends on it but what is chosen.
    #[inline]
    fn read_journey(&self, packing: Packing, journey: Range<usize>) -> Read {
        let shown = &self.plan.shown.of_code[..];
        let first = journey.start as u32;
        let (mut n, mut key, mut last, mut before) = (0, 0, first, u32::MAX);
        for (position, code) in (first..).zip(&self.codes[journey]) {
            let code = shown[code.idx()];
            let is_new = code != before;
            n += usize::from(is_new);
            if n > self.depth {
                break;
            }
            key = select_unpredictable(is_new, packing.append(key, code), key);
            last = select_unpredictable(is_new, position, last);
            before = code;
        }
        Read { first, last, key: packing.ended(key, n), goes_beyond: n > self.depth }
    }
}
