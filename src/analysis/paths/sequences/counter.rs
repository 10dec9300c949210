//! Counts the units of one share of all hashes by their keys.

use std::hint::select_unpredictable;

use super::{Piece, SHARE_BITS, Sequence, Shared, spread};

/// A table that is used again for the next share.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// By hash, open addressing, at most half full: a place in `found`, 0 where there is none.
    slots: Vec<u32>,
    /// There are two to the power of this many slots.
    bits: u32,
    /// From the second on the sequences, and behind them room for as many as there may be slots for.
    found: Vec<Sequence>,
    n_found: u32,
}

/// So many at first.
const FEWEST_BITS: u32 = 13;

impl Counter {
    /// The sequences of a share. Where touchpoints are `PACKED` into keys they are equal where the keys are.
    pub(super) fn count<const PACKED: bool>(&mut self, pieces: &[Piece], share: usize) -> Vec<Sequence> {
        self.n_found = 0;
        self.make_slots(FEWEST_BITS);
        for (piece_idx, piece) in (0..).zip(pieces) {
            for unit in piece.of_share(share) {
                self.add(unit, (piece_idx, unit.at), piece.first_customer, |known| {
                    PACKED || known.wide(pieces) == piece.wide(unit.at as usize)
                });
                if 2 * self.n_found as usize >= self.slots.len() {
                    self.make_slots(self.bits + 1);
                }
            }
        }
        self.found[1..=self.n_found as usize].to_vec()
    }

    /// Whether a unit is the first of its sequence is as good as random, so nothing depends on it but what is chosen.
    #[inline(always)]
    fn add(&mut self, unit: &Shared, at: (u32, u32), first_customer: u32, is_same: impl Fn(&Sequence) -> bool) {
        let Counter { slots, found, n_found, bits } = self;
        let last_slot = slots.len() - 1;
        // The next new sequence, of which nothing is known yet.
        found[*n_found as usize + 1] = Sequence::default();
        let is_other = |place: u32| {
            let known = &found[place as usize];
            select_unpredictable(place == 0, 0, known.key ^ unit.key) != 0 || !(place == 0 || is_same(known))
        };
        let mut slot = slot_of(unit.key, *bits);
        while is_other(slots[slot]) {
            slot = (slot + 1) & last_slot;
        }
        let is_new = slots[slot] == 0;
        let place = select_unpredictable(is_new, *n_found + 1, slots[slot]);
        *n_found += u32::from(is_new);
        slots[slot] = place;
        let sequence = &mut found[place as usize];
        sequence.key = unit.key;
        sequence.at.0 = select_unpredictable(is_new, at.0, sequence.at.0);
        sequence.at.1 = select_unpredictable(is_new, at.1, sequence.at.1);
        sequence.add(unit, first_customer + u32::from(unit.customer));
    }

    /// So many slots for what was found, and room for what they may hold.
    #[cold]
    fn make_slots(&mut self, bits: u32) {
        self.bits = bits;
        self.slots.clear();
        self.slots.resize(1 << bits, 0);
        self.found.resize(self.found.len().max(2 + (1 << bits) / 2), Sequence::default());
        for (place, sequence) in (1..).zip(&self.found[1..=self.n_found as usize]) {
            let mut slot = slot_of(sequence.key, bits);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & ((1 << bits) - 1);
            }
            self.slots[slot] = place;
        }
    }
}

/// Where the search for a key begins among two to the power of `bits` slots.
#[inline]
fn slot_of(key: u64, bits: u32) -> usize {
    (spread(key) << SHARE_BITS >> (u64::BITS - bits)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::{N_SHARES, Unit, share_of};
    use super::*;

    #[test]
    fn every_key_is_counted_however_many_there_are() {
        // Each key three times, the second time by the same customer as the first.
        let n_keys = 700_000;
        let unit = |at: u32| {
            let (key, customer) = (u64::from(at / 2 % n_keys).wrapping_mul(0x9E37_79B9) + 1, at / 2);
            Unit { customer, first: at, last: at, key, share: share_of(key), marks: 0 }
        };
        let mut piece = Piece { shares: vec![0; N_SHARES + 1], ..Piece::default() };
        for at in (0..2 * n_keys).chain((2 * n_keys..4 * n_keys).step_by(2)) {
            // Customers of a piece are few.
            let unit = Unit { customer: unit(at).customer % 60_000, ..unit(at) };
            piece.shares[usize::from(unit.share) + 1] += 1;
            piece.units.push(unit);
        }
        piece.share_out();
        let (pieces, mut counter) = ([piece], Counter::default());
        let mut seen = HashMap::new();
        for share in 0..N_SHARES {
            for sequence in counter.count::<true>(&pieces, share) {
                assert_eq!((sequence.units, sequence.customers), (3, 2));
                assert_eq!(pieces[0].units[sequence.at.1 as usize].key, sequence.key);
                assert_eq!(seen.insert(sequence.key, share), None);
            }
        }
        assert_eq!(seen.len(), n_keys as usize);
    }
}
