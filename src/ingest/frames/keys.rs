//! From fixed-size keys to the codes of texts: what makes coding a column cost about as much as reading it.
//!
//! A text of at most twelve bytes stands whole inside its sixteen-byte view, so the view is the text, and one probe of
//! a small table replaces hashing and comparing bytes. The dictionary of names is asked once per distinct text.

use std::hash::{BuildHasher, RandomState};

/// So many slots lie near at hand, and the few texts of most columns seldom meet in one of them.
const FEWEST: usize = 1 << 10;

/// An open-addressing table from 128-bit keys to codes.
pub(super) struct KeyTable {
    slots: Vec<Slot>,
    n_used: usize,
    /// Random, so that nobody can write a file whose keys all meet in one slot.
    seeds: (u64, u64),
}

#[derive(Clone, Copy, Default)]
struct Slot {
    low: u64,
    high: u64,
    /// The code plus one; 0 is an empty slot.
    code: u32,
}

impl KeyTable {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        KeyTable { slots: vec![Slot::default(); FEWEST], n_used: 0, seeds: (random.hash_one(1), random.hash_one(2)) }
    }

    pub(super) fn len(&self) -> usize {
        self.n_used
    }

    #[inline]
    fn slot_of(&self, low: u64, high: u64) -> usize {
        let product = u128::from(low ^ self.seeds.0) * u128::from(high ^ self.seeds.1);
        ((product >> 64) as u64 ^ product as u64) as usize & (self.slots.len() - 1)
    }

    /// The code of the key; `make` gives it for a key that is new, and only then is called.
    #[inline]
    pub(super) fn code(&mut self, key: u128, make: impl FnOnce() -> u32) -> u32 {
        let (low, high) = (key as u64, (key >> 64) as u64);
        let mut at = self.slot_of(low, high);
        loop {
            let slot = &self.slots[at];
            if slot.code == 0 {
                break;
            }
            if slot.low == low && slot.high == high {
                return slot.code - 1;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let code = make();
        self.slots[at] = Slot { low, high, code: code + 1 };
        self.n_used += 1;
        if self.n_used * 2 > self.slots.len() {
            self.grow();
        }
        code
    }

    #[cold]
    fn grow(&mut self) {
        let bigger = vec![Slot::default(); self.slots.len() * 4];
        for slot in std::mem::replace(&mut self.slots, bigger) {
            if slot.code != 0 {
                let mut at = self.slot_of(slot.low, slot.high);
                while self.slots[at].code != 0 {
                    at = (at + 1) & (self.slots.len() - 1);
                }
                self.slots[at] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_its_code_while_the_table_grows() {
        let mut table = KeyTable::new();
        for round in 0..2 {
            for i in 0..10_000u128 {
                let code = table.code(i.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835), || {
                    assert_eq!(round, 0);
                    i as u32
                });
                assert_eq!(code, i as u32);
            }
        }
    }
}
