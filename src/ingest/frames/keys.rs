//! From fixed-size keys to the codes of texts: what makes coding a column cost about as much as reading it.
//!
//! A text of at most twelve bytes stands whole inside its sixteen-byte view, so the view is the text, and one probe of
//! a small table replaces hashing and comparing bytes. The dictionary of names is asked once per distinct text.

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;

/// So many slots lie near at hand, and the few texts of most columns seldom meet in one of them.
const FEWEST: usize = 1 << 10;

/// So many keys are looked for at a time.
pub(super) const AT_ONCE: usize = 32;
/// So many are too many to stay near at hand.
const FETCHED_FROM: usize = 1 << 13;

/// An open-addressing table from 128-bit keys to codes. Keys lie side by side in the order they came, and what is looked
/// through is eight bytes a slot: the ids of a block are many, and a wider table would not stay in the cache. At most half of the
/// slots are taken; with three quarters, as in the table of names, a Parquet file takes a sixteenth longer.
pub(super) struct KeyTable {
    slots: Vec<Slot>,
    keys: Vec<(u64, u64)>,
    codes: Vec<u32>,
    /// Random, so that nobody can write a file whose keys all meet in one slot.
    seeds: (u64, u64),
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// The upper half of the hash; the lower one says where the search begins.
    hash: u32,
    /// The place of the key plus one; 0 is an empty slot.
    place: u32,
}

impl KeyTable {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        KeyTable {
            slots: vec![Slot::default(); FEWEST],
            keys: Vec::new(),
            codes: Vec::new(),
            seeds: (random.hash_one(1), random.hash_one(2)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    fn hash(&self, (low, high): (u64, u64)) -> u64 {
        let product = u128::from(low ^ self.seeds.0) * u128::from(high ^ self.seeds.1);
        (product >> 64) as u64 ^ product as u64
    }

    /// The code of the key; `make` gives it for a key that is new, and only then is called.
    #[inline]
    pub(super) fn code(&mut self, key: u128, make: impl FnOnce() -> u32) -> u32 {
        let key = (key as u64, (key >> 64) as u64);
        let hash = self.hash(key);
        let upper = (hash >> 32) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.place == 0 {
                break;
            }
            let place = slot.place as usize - 1;
            if slot.hash == upper && self.keys[place] == key {
                return self.codes[place];
            }
            at = (at + 1) & mask;
        }
        let code = make();
        self.keys.push(key);
        self.codes.push(code);
        self.slots[at] = Slot { hash: upper, place: self.keys.len() as u32 };
        if self.keys.len() * 2 > self.slots.len() {
            self.grow();
        }
        code
    }

    /// Reads what looking for these keys will read, so that they wait for memory at the same time and not one after the other.
    /// Does nothing where all lies near at hand.
    #[inline]
    pub(super) fn fetch(&self, keys: impl Iterator<Item = u128>) {
        if self.keys.len() < FETCHED_FROM {
            return;
        }
        let mut places = [0; AT_ONCE];
        for (place, key) in places.iter_mut().zip(keys) {
            let hash = self.hash((key as u64, (key >> 64) as u64));
            *place = self.slots[hash as usize & (self.slots.len() - 1)].place.saturating_sub(1) as usize;
        }
        black_box(places.iter().fold(0, |all, place| all ^ self.keys[*place].0));
    }

    #[cold]
    fn grow(&mut self) {
        let n_slots = 2 * self.slots.len();
        self.slots.clear();
        self.slots.resize(n_slots, Slot::default());
        for (place, key) in (1..).zip(&self.keys) {
            let hash = self.hash(*key);
            let mut at = hash as usize & (n_slots - 1);
            while self.slots[at].place != 0 {
                at = (at + 1) & (n_slots - 1);
            }
            self.slots[at] = Slot { hash: (hash >> 32) as u32, place };
        }
    }
}

/// The key of no value, and of an empty text.
pub(super) const NOTHING: u128 = 0;

/// The codes of keys that came up lately. Most columns have few texts, and whoever does something soon does something else: what
/// is looked up in one place of a small table is looked up without a branch.
pub(super) struct RecentKeys {
    entries: Vec<(u64, u64, u32)>,
}

const RECENT_BITS: u32 = 12;

impl RecentKeys {
    pub(super) fn new() -> Self {
        // No text is that long.
        RecentKeys { entries: vec![(u64::MAX, u64::MAX, 0); 1 << RECENT_BITS] }
    }

    #[inline(always)]
    fn place(low: u64, high: u64) -> usize {
        let hash = low.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ high.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (hash >> (u64::BITS - RECENT_BITS)) as usize
    }

    /// Appends a code for each of at most `AT_ONCE` keys, and says for which of them it is not known; so many of what it says.
    #[inline]
    pub(super) fn look_up(&self, keys: &[(usize, u128)], codes: &mut Vec<u32>) -> ([u8; AT_ONCE], usize) {
        let (mut others, mut n_others) = ([0; AT_ONCE], 0);
        codes.extend((0..).zip(keys).map(|(at, (_, key))| {
            let (low, high) = (*key as u64, (key >> 64) as u64);
            let entry = self.entries[Self::place(low, high)];
            others[n_others % AT_ONCE] = at;
            n_others += usize::from((entry.0 ^ low) | (entry.1 ^ high) != 0);
            entry.2
        }));
        (others, n_others)
    }

    #[inline]
    pub(super) fn remember(&mut self, key: u128, code: u32) {
        let (low, high) = (key as u64, (key >> 64) as u64);
        self.entries[Self::place(low, high)] = (low, high, code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_its_code_while_the_table_grows() {
        let mut table = KeyTable::new();
        let key = |i: u128| i.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        for round in 0..2 {
            for i in 0..10_000u128 {
                if i.is_multiple_of(AT_ONCE as u128) {
                    table.fetch((i..10_000).map(key));
                }
                let code = table.code(key(i), || {
                    assert_eq!(round, 0);
                    i as u32
                });
                assert_eq!(code, i as u32);
            }
        }
    }

    #[test]
    fn of_keys_that_came_up_lately_the_code_is_theirs_or_not_known() {
        let key = |i: u128| i.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let mut recent = RecentKeys::new();
        let mut n_known = 0;
        // Far more keys than there are places.
        for i in (0..50_000).chain(0..50_000).chain(49_900..50_000) {
            let mut codes = Vec::new();
            let (_, n_others) = recent.look_up(&[(0, key(i))], &mut codes);
            assert!(n_others == 1 || codes == [i as u32]);
            n_known += 1 - n_others;
            recent.remember(key(i), i as u32);
        }
        assert!((90..200).contains(&n_known), "{n_known}");
    }
}
