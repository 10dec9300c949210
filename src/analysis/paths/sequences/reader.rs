//! Reads ways into units with keys.

use std::ops::Range;

use super::super::way::{Plan, Way};
use super::{BEYOND, CONVERTED, OPEN, Packing, Piece, Unit, mix};
use crate::journey::Code;

pub(super) struct Reader<'a, C> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) codes: &'a [C],
    pub(super) depth: usize,
    pub(super) packing: Option<Packing>,
    /// Ways are whole journeys in which repeats count once, and fit into keys.
    pub(super) collapses: bool,
    pub(super) wants_ends: bool,
    pub(super) piece: Piece,
}

/// A way as far as it was read.
struct Read {
    first: u32,
    last: u32,
    key: u64,
    goes_beyond: bool,
}

impl<C: Code> Reader<'_, C> {
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
        self.piece.units.push(Unit { customer: way.customer.0, first, last, key, marks });
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
                Some(packing) => read.key = packing.put(read.key, n as u32, code),
                None => {
                    read.key = mix(read.key ^ u64::from(code) << 1 ^ 1);
                    wide.push(code);
                }
            }
            n += 1;
            true
        });
        read
    }

    /// As `read`, of a whole journey in which repeats count once. Whether an event is one is as good as random: every event
    /// is written, and the place for the next one moves on or does not.
    #[inline]
    fn read_journey(&self, packing: Packing, journey: Range<usize>) -> Read {
        let shown = &self.plan.shown.of_code[..];
        // A key has room for so many touchpoints at most.
        let mut touchpoints = [(0u32, 0u32); 2 + u64::BITS as usize];
        let (mut n, mut before) = (0, u32::MAX);
        for (position, code) in journey.clone().zip(&self.codes[journey]) {
            let code = shown[code.idx()];
            touchpoints[n] = (code, position as u32);
            n += usize::from(code != before);
            before = code;
            if n > self.depth {
                break;
            }
        }
        let read = &touchpoints[..n.min(self.depth)];
        let key = read.iter().zip(0..).fold(0, |key, ((code, _), at)| packing.put(key, at, *code));
        let (first, last) = (read.first().map_or(0, |first| first.1), read.last().map_or(0, |last| last.1));
        Read { first, last, key, goes_beyond: n > self.depth }
    }
}
