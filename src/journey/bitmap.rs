//! One bit per customer or per event.

/// A fixed-length set of positions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    pub fn none(len: usize) -> Self {
        Bitmap { words: vec![0; len.div_ceil(64)], len }
    }

    pub fn all(len: usize) -> Self {
        let mut bits = Bitmap { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.clear_tail();
        bits
    }

    /// Builds a bitmap by asking for every position in order.
    pub fn from_fn(len: usize, mut is_set: impl FnMut(usize) -> bool) -> Self {
        let words = (0..len.div_ceil(64))
            .map(|word| {
                let end = (len - word * 64).min(64);
                (0..end).fold(0u64, |bits, bit| bits | (u64::from(is_set(word * 64 + bit)) << bit))
            })
            .collect();
        Bitmap { words, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub fn get(&self, i: usize) -> bool {
        self.words[i / 64] >> (i % 64) & 1 == 1
    }

    /// The first set position from `from` on and before `end`; `end` where there is none.
    #[inline]
    pub fn next(&self, from: usize, end: usize) -> usize {
        next(&self.words, from, end)
    }

    pub fn set(&mut self, i: usize) {
        self.words[i / 64] |= 1 << (i % 64);
    }

    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn and(mut self, other: &Bitmap) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
        self
    }

    pub fn or(mut self, other: &Bitmap) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
        self
    }

    pub fn negated(mut self) -> Self {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.clear_tail();
        self
    }

    /// The set positions in ascending order.
    pub fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }

    /// The bitmap as words of 64 bits, lowest position first; bits beyond the length are 0.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Joins pieces that each begin at a multiple of 64, as parallel chunks make them.
    pub fn from_words(words: Vec<u64>, len: usize) -> Self {
        debug_assert_eq!(words.len(), len.div_ceil(64));
        let mut bits = Bitmap { words, len };
        bits.clear_tail();
        bits
    }

    fn clear_tail(&mut self) {
        if let (Some(last), tail @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << tail) - 1;
        }
    }
}

/// As `Bitmap::next`, of its words.
#[inline]
pub fn next(words: &[u64], from: usize, end: usize) -> usize {
    let at = from / 64;
    let Some(&word) = words.get(at) else { return end };
    let shift = from % 64;
    let after = words.get(at + 1).copied().unwrap_or(0);
    let window = word >> shift | (after << 1) << (63 - shift);
    if window == 0 && end > from + 64 {
        return next_far(words, from + 64, end);
    }
    (from + window.trailing_zeros() as usize).min(end)
}

/// As `next`, where none of the 64 positions before `from` is set, and so nothing before it in its word; `from` is before `end`.
#[cold]
fn next_far(words: &[u64], from: usize, end: usize) -> usize {
    let (first, last) = (from / 64, (end - 1) / 64);
    let found = words[first..=last].iter().zip(first..).find(|(word, _)| **word != 0);
    found.map_or(end, |(word, at)| (at * 64 + word.trailing_zeros() as usize).min(end))
}

/// Whether each of at most 64 values passes a test, which says so by 1 and else 0. Bytes first, packed eight at a time, so
/// that the test itself runs on vectors.
#[inline]
pub fn word_of<T: Copy>(values: &[T], test: impl Fn(T) -> u8) -> u64 {
    let mut bytes = [0u8; 64];
    if let Ok(full) = <&[T; 64]>::try_from(values) {
        bytes.iter_mut().zip(full).for_each(|(byte, &value)| *byte = test(value));
    } else {
        bytes.iter_mut().zip(values).for_each(|(byte, &value)| *byte = test(value));
    }
    packed(&bytes)
}

/// As `word_of`, by pairs out of two rows of the same length.
#[inline]
pub fn word_of_pairs<T: Copy>(a: &[T], b: &[T], test: impl Fn(T, T) -> u8) -> u64 {
    let mut bytes = [0u8; 64];
    if let (Ok(a), Ok(b)) = (<&[T; 64]>::try_from(a), <&[T; 64]>::try_from(b)) {
        bytes.iter_mut().zip(a.iter().zip(b)).for_each(|(byte, (&a, &b))| *byte = test(a, b));
    } else {
        bytes.iter_mut().zip(a.iter().zip(b)).for_each(|(byte, (&a, &b))| *byte = test(a, b));
    }
    packed(&bytes)
}

/// 64 bytes of 0 or 1 as 64 bits. The product puts byte `i` of eight at bit `56 + i`; no two of its terms meet.
#[inline]
fn packed(bytes: &[u8; 64]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |word, (at, eight)| {
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word | (bits << (8 * at))
    })
}

#[cfg(test)]
mod tests {
    use super::Bitmap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_next_is_the_first_that_is_set(
            set in prop::collection::vec(0usize..300, 0..6),
            len in 0usize..300,
            from in 0usize..310,
            end in 0usize..300,
        ) {
            let bits = Bitmap::from_fn(len, |i| set.contains(&i));
            let end = end.min(len);
            prop_assert_eq!(bits.next(from, end), (from..end).find(|i| bits.get(*i)).unwrap_or(end));
        }
    }

    #[test]
    fn sets_follow_the_laws_of_logic_at_any_length() {
        for len in [0, 1, 63, 64, 65, 200] {
            let thirds = Bitmap::from_fn(len, |i| i % 3 == 0);
            let evens = Bitmap::from_fn(len, |i| i % 2 == 0);
            assert_eq!(thirds.count(), (0..len).filter(|i| i % 3 == 0).count());
            assert_eq!(thirds.ones().collect::<Vec<_>>(), (0..len).filter(|i| i % 3 == 0).collect::<Vec<_>>());
            let both = thirds.clone().and(&evens);
            assert_eq!(both.clone().negated(), thirds.clone().negated().or(&evens.clone().negated()));
            assert_eq!(Bitmap::all(len).count(), len);
            assert_eq!(both.negated().negated().count(), (0..len).filter(|i| i % 6 == 0).count());
        }
    }
}
