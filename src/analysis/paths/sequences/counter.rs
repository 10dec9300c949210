//! Counts the units of one share of all hashes by their keys.

use std::hint::select_unpredictable;

use super::{Piece, SHARE_BITS, Sequence, spread};

/// A table that is used again for the next share.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// By hash, open addressing: a place in `found`, 0 where there is none.
    slots: Vec<u32>,
    /// From the second on the sequences.
    found: Vec<Sequence>,
}

impl Counter {
    /// The sequences of a share. Where touchpoints are `PACKED` into keys they are equal where the keys are.
    pub(super) fn count<const PACKED: bool>(&mut self, pieces: &[Piece], share: usize) -> Vec<Sequence> {
        let n_units: usize = pieces.iter().map(|piece| piece.of_share(share).len()).sum();
        let Counter { slots, found } = self;
        let slot_bits = (2 * n_units.max(1)).next_power_of_two().ilog2();
        slots.clear();
        slots.resize(1 << slot_bits, 0);
        found.resize(found.len().max(n_units + 1), Sequence::default());
        let (last_slot, mut n_found) = (slots.len() - 1, 0);
        for (piece_idx, piece) in (0..).zip(pieces) {
            for unit in piece.of_share(share) {
                // The next new sequence, of which nothing is known yet.
                found[n_found as usize + 1] = Sequence::default();
                // Whether a unit is the first of its sequence is as good as random, so nothing depends on it but what is chosen.
                let is_other = |at: u32| {
                    let known = &found[at as usize];
                    let has_other_key = select_unpredictable(at == 0, 0, known.key ^ unit.key) != 0;
                    has_other_key || (!PACKED && at != 0 && known.wide(pieces) != piece.wide(unit.at as usize))
                };
                let mut slot = (spread(unit.key) << SHARE_BITS >> (u64::BITS - slot_bits)) as usize;
                while is_other(slots[slot]) {
                    slot = (slot + 1) & last_slot;
                }
                let is_new = slots[slot] == 0;
                let at = select_unpredictable(is_new, n_found + 1, slots[slot]);
                n_found += u32::from(is_new);
                slots[slot] = at;
                let sequence = &mut found[at as usize];
                sequence.key = unit.key;
                sequence.at.0 = select_unpredictable(is_new, piece_idx, sequence.at.0);
                sequence.at.1 = select_unpredictable(is_new, unit.at, sequence.at.1);
                sequence.add(unit, piece.first_customer + u32::from(unit.customer));
            }
        }
        found[1..=n_found as usize].to_vec()
    }
}
