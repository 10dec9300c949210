//! Where touchpoints occur: one bit per event, found when it is first asked for and kept, so that the next event of a
//! step is found 64 events at a time.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::bitmap::{Bitmap, word_of};
use super::codes::{Code, Codes};
use crate::with_codes;

/// So many are kept, two bytes per event in all; the one that was not asked for the longest goes first.
const KEPT_MAX: usize = 16;
/// Words per piece of work.
const PIECE: usize = 1 << 8;

/// The occurrences that were asked for, by the touchpoints they are of.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// Last asked for last.
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    by_code: Vec<bool>,
    bits: Arc<Bitmap>,
}

/// A copy finds its own.
impl Clone for Occurrences {
    fn clone(&self) -> Self {
        Occurrences::default()
    }
}

impl Occurrences {
    /// A bit for every event whose touchpoint is one of those marked in `by_code`.
    pub fn of(&self, codes: &Codes, by_code: &[bool]) -> Arc<Bitmap> {
        if let Some(bits) = self.again(by_code) {
            return bits;
        }
        // Not under the lock: what is found twice at the same time is the same.
        let bits = Arc::new(find(codes, by_code));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push(Kept { by_code: by_code.to_vec(), bits: Arc::clone(&bits) });
        bits
    }

    fn again(&self, by_code: &[bool]) -> Option<Arc<Bitmap>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|known| known.by_code == by_code)?;
        let known = kept.remove(at);
        let bits = Arc::clone(&known.bits);
        kept.push(known);
        Some(bits)
    }
}

fn find(codes: &Codes, by_code: &[bool]) -> Bitmap {
    let mut wanted = by_code.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(code, _)| code);
    let (first, has_more) = (wanted.next(), wanted.next().is_some());
    with_codes!(codes, |codes| match first {
        None => Bitmap::none(codes.len()),
        // Comparing runs on vectors, looking up does not.
        Some(first) if !has_more => all_words(codes, |code| code.idx() == first),
        Some(_) => all_words(codes, |code| by_code[code.idx()]),
    })
}

fn all_words<C: Code>(codes: &[C], is_one: impl Fn(C) -> bool + Sync + Send) -> Bitmap {
    let words =
        codes.par_chunks(64).with_min_len(PIECE).map(|codes| word_of(codes, |code| u8::from(is_one(code)))).collect();
    Bitmap::from_words(words, codes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_event_of_a_wanted_touchpoint_has_its_bit(
            codes in prop::collection::vec(0u32..7, 0..300),
            wide in prop_oneof![Just(0u32), Just(300), Just(70_000)],
            wanted in prop::collection::vec(any::<bool>(), 7),
        ) {
            let packed = Codes::pack(&codes.iter().map(|code| code + wide).collect::<Vec<_>>());
            let by_code = [vec![false; wide as usize], wanted.clone()].concat();
            let known = Occurrences::default();
            for _ in 0..2 {
                let bits = known.of(&packed, &by_code);
                prop_assert_eq!(bits.len(), codes.len());
                for (at, code) in codes.iter().enumerate() {
                    prop_assert_eq!(bits.get(at), wanted[*code as usize]);
                }
            }
        }
    }

    #[test]
    fn only_the_last_asked_for_are_kept() {
        let codes = Codes::pack(&(0..40).collect::<Vec<_>>());
        let known = Occurrences::default();
        let of = |code: usize| known.of(&codes, &(0..40).map(|at| at == code).collect::<Vec<_>>());
        let first = of(0);
        for code in 1..KEPT_MAX {
            of(code);
            assert!(Arc::ptr_eq(&first, &of(0)), "it was asked for all the time");
        }
        (20..20 + KEPT_MAX).for_each(|code| assert!(of(code).get(code)));
        assert!(!Arc::ptr_eq(&first, &of(0)));
        assert_eq!(known.kept.lock().expect("no panic").len(), KEPT_MAX);
    }
}
