//! `Recent`: the codes of short texts that came lately, so that a column with few values is hardly ever hashed.

/// Longest text that is remembered: its first and last eight bytes and its length tell it from every other.
const LONGEST: usize = 16;

const SLOTS: usize = 256;

/// Look-ups after which it is decided whether remembering pays.
const TRIAL: u32 = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    len: u32,
}

/// Codes of one dictionary by text. A text is never given the code of another. Takes no memory before its first use.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    slots: Vec<(Key, u32)>,
    n_found: u32,
    n_missed: u32,
    is_off: bool,
}

/// No text has this length, so nothing is found in an empty slot.
const EMPTY: (Key, u32) = (Key { first: 0, last: 0, len: u32::MAX }, 0);

impl Recent {
    /// The code of `text`, from `code` where it is not remembered.
    #[inline]
    pub fn code(&mut self, text: &str, code: impl FnOnce(&str) -> u32) -> u32 {
        let Some(key) = key(text.as_bytes()) else { return code(text) };
        let mixed = (key.first ^ key.last.rotate_left(29) ^ u64::from(key.len)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let idx = (mixed >> 56) as usize;
        if let Some(slot) = self.slots.get(idx)
            && slot.0 == key
        {
            self.n_found += 1;
            return slot.1;
        }
        let found = code(text);
        if !self.is_off {
            self.remember(idx, key, found);
        }
        found
    }

    fn remember(&mut self, idx: usize, key: Key, code: u32) {
        if self.slots.is_empty() {
            self.slots = vec![EMPTY; SLOTS];
        }
        self.slots[idx] = (key, code);
        self.n_missed += 1;
        if self.n_missed == TRIAL {
            if self.n_found < TRIAL {
                (self.slots, self.is_off) = (Vec::new(), true);
            }
            (self.n_found, self.n_missed) = (0, 0);
        }
    }
}

#[inline]
fn key(text: &[u8]) -> Option<Key> {
    let len = text.len();
    let eight = |at: usize| text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let four = |at: usize| text.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let (first, last) = match len {
        0 => (0, 0),
        1..=3 => (u64::from(text[0]) | u64::from(text[len / 2]) << 8 | u64::from(text[len - 1]) << 16, 0),
        4..=7 => (u64::from(four(0)?), u64::from(four(len - 4)?)),
        8..=LONGEST => (eight(0)?, eight(len - 8)?),
        _ => return None,
    };
    Some(Key { first, last, len: len as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_text_keeps_its_own_code(texts in prop::collection::vec("[ab\0é]{0,18}", 0..400)) {
            let mut names = crate::journey::Names::new();
            let mut recent = Recent::default();
            for text in &texts {
                let code = recent.code(text, |text| names.intern(text));
                prop_assert_eq!(names.name(code), text);
            }
        }
    }

    #[test]
    fn a_column_of_ever_new_values_stops_remembering() {
        let (mut recent, mut n) = (Recent::default(), 0);
        for i in 0..20_000 {
            assert_eq!(
                recent.code(&format!("id{i}"), |_| {
                    n += 1;
                    i
                }),
                i
            );
        }
        assert_eq!((n, recent.slots.len()), (20_000, 0));
    }
}
