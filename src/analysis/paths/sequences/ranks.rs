//! Which of some sequences a way has.

use rustc_hash::FxHashMap;

use super::{Piece, Sequence, Sequences};

/// The ranks of some sequences, found by a unit's key.
pub(super) struct Ranks<'a> {
    sequences: &'a Sequences,
    top: &'a [Sequence],
    of_key: FxHashMap<u64, u32>,
    /// Some bits for every key, by its hash: one that is not set proves that there is no such key.
    marks: Vec<u64>,
}

impl<'a> Ranks<'a> {
    pub(super) fn new(sequences: &'a Sequences, top: &'a [Sequence]) -> Self {
        let of_key = top.iter().map(|sequence| sequence.key).zip(0..).collect();
        let mut ranks = Ranks { sequences, top, of_key, marks: vec![0; (top.len() / 2).next_power_of_two().max(16)] };
        for sequence in top {
            let (word, bit) = ranks.mark_of(sequence.key);
            ranks.marks[word] |= bit;
        }
        ranks
    }

    #[inline]
    fn mark_of(&self, key: u64) -> (usize, u64) {
        let hash = (key ^ key >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        ((hash >> 38) as usize & (self.marks.len() - 1), 1 << (hash >> 58))
    }

    /// Of a unit of the piece by its key and its place.
    #[inline]
    pub(super) fn of(&self, piece: &Piece, key: u64, at: usize) -> Option<u32> {
        let (word, bit) = self.mark_of(key);
        if self.marks[word] & bit == 0 {
            return None;
        }
        let rank = *self.of_key.get(&key)?;
        let is_same = || self.sequences.is_same(&self.top[rank as usize], piece, at);
        (self.sequences.packing.is_some() || is_same()).then_some(rank)
    }
}
