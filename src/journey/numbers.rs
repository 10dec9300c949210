//! `Numbers`: whole numbers, decimals or times, one per event, of which most may be missing.
//!
//! An amount stands at purchases and a score at surveys: one event in a hundred. Such a column keeps a bit per event and the
//! values there are, in place of eight bytes per event.

use bytemuck::Pod;

use super::bitmap::word_of;
use super::column::Column;

/// A kind of number that has a mark for "no value".
pub trait Number: Pod + Send + Sync + PartialEq {
    const MISSING: Self;

    fn is_missing(self) -> bool;
}

impl Number for i64 {
    const MISSING: Self = super::props::NULL;

    #[inline]
    fn is_missing(self) -> bool {
        self == Self::MISSING
    }
}

impl Number for f64 {
    const MISSING: Self = f64::NAN;

    #[inline]
    fn is_missing(self) -> bool {
        self.is_nan()
    }
}

/// One number per row, or none. Made from values, it is `Few` exactly where less than half of the rows have one.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers<T: Number> {
    /// A value, or the mark that there is none, for every row.
    All(Column<T>),
    Few(Few<T>),
}

/// The values of the rows that have one.
#[derive(Debug, Clone, PartialEq)]
pub struct Few<T: Number> {
    /// Number of rows.
    len: usize,
    /// A bit per row, lowest row first.
    has: Column<u64>,
    /// How many values belong to rows before each word of bits.
    before: Column<u32>,
    /// In the order of their rows.
    values: Column<T>,
}

/// Whether so few of the rows have a value that only those are kept.
pub(super) fn are_few(n_values: usize, n_rows: usize) -> bool {
    2 * n_values < n_rows
}

impl<T: Number> Numbers<T> {
    pub fn len(&self) -> usize {
        match self {
            Numbers::All(values) => values.len(),
            Numbers::Few(few) => few.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row; the mark for "no value" where it has none.
    #[inline]
    pub fn get(&self, row: usize) -> T {
        match self {
            Numbers::All(values) => values[row],
            Numbers::Few(few) => few.get(row),
        }
    }

    /// How many rows have a value.
    pub fn n_values(&self) -> usize {
        match self {
            Numbers::All(values) => values.iter().filter(|value| !value.is_missing()).count(),
            Numbers::Few(few) => few.values.len(),
        }
    }

    /// The values there are, in the order of their rows.
    pub fn values(&self) -> impl Iterator<Item = T> + '_ {
        let values = match self {
            Numbers::All(values) => values,
            Numbers::Few(few) => &few.values,
        };
        values.iter().copied().filter(|value| !value.is_missing())
    }

    /// One bit per row, beginning at a multiple of 64, for as many rows as there are in the words: whether its value, or that
    /// it has none, passes a test, which says so by 1 and else 0. Bits beyond the last row are left as they fall.
    pub(super) fn fill(&self, start: usize, out: &mut [u64], test: impl Fn(T) -> u8) {
        debug_assert!(start.is_multiple_of(64), "words are cut at multiples of 64");
        match self {
            Numbers::All(values) => fill(&values[start..], out, test),
            Numbers::Few(few) => {
                let otherwise = if test(T::MISSING) == 1 { u64::MAX } else { 0 };
                let words = few.has[start / 64..].iter().zip(&few.before[start / 64..]);
                for ((has, before), out) in words.zip(out) {
                    let (mut has, mut at, mut bits) = (*has, *before as usize, otherwise & !has);
                    while has != 0 {
                        bits |= u64::from(test(few.at(at))) << has.trailing_zeros();
                        has &= has - 1;
                        at += 1;
                    }
                    *out = bits;
                }
            }
        }
    }

    /// The same for these rows only, in ascending order.
    pub(super) fn gather(&self, rows: &[u32]) -> Self {
        match self {
            Numbers::All(values) => rows.iter().map(|&row| values[row as usize]).collect::<Vec<T>>().into(),
            Numbers::Few(few) => {
                let values = (0u32..).zip(rows).map(|(at, &row)| (at, few.get(row as usize)));
                collect(rows.len(), Rows(values.filter(|(_, value)| !value.is_missing()).collect()))
            }
        }
    }

    /// A second column of the same values, which takes no memory for them.
    pub(super) fn share(&mut self) -> Self {
        match self {
            Numbers::All(values) => Numbers::All(values.share()),
            Numbers::Few(Few { len, has, before, values }) => {
                Numbers::Few(Few { len: *len, has: has.share(), before: before.share(), values: values.share() })
            }
        }
    }

    /// Looks at all that is of a saved store and was not looked at yet.
    pub(super) fn check(&self) {
        match self {
            Numbers::All(values) => values.check(),
            Numbers::Few(Few { has, before, values, .. }) => {
                has.check();
                before.check();
                values.check();
            }
        }
    }
}

/// Puts a test's bits together, 64 values to a word.
#[inline]
pub(super) fn fill<T: Copy>(values: &[T], out: &mut [u64], test: impl Fn(T) -> u8) {
    for (chunk, word) in values.chunks(64).zip(out) {
        *word = word_of(chunk, &test);
    }
}

impl<T: Number> From<Vec<T>> for Numbers<T> {
    fn from(values: Vec<T>) -> Self {
        let n = values.iter().filter(|value| !value.is_missing()).count();
        if !are_few(n, values.len()) {
            return Numbers::All(values.into());
        }
        let rows = (0u32..).zip(values.iter().copied()).filter(|(_, value)| !value.is_missing());
        collect(values.len(), Rows(rows.collect()))
    }
}

impl<T: Number> FromIterator<T> for Numbers<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: Number> Few<T> {
    /// From what `columns` gives, and the number of rows. The bits have a word for each 64 rows and none of a row that there
    /// is not; whatever the rest holds, reading it is safe.
    pub fn of_columns(len: usize, has: Column<u64>, before: Column<u32>, values: Column<T>) -> Self {
        Few { len, has, before, values }
    }

    /// A bit per row; how many values come before each 64 rows; the values.
    pub fn columns(&self) -> (&Column<u64>, &Column<u32>, &Column<T>) {
        (&self.has, &self.before, &self.values)
    }

    #[inline]
    fn get(&self, row: usize) -> T {
        let has: &[u64] = &self.has;
        if has[row / 64] >> (row % 64) & 1 == 0 {
            return T::MISSING;
        }
        self.at(place(has, &self.before, row))
    }

    /// A value by its place; a place that there is not is one of a damaged store.
    #[inline]
    fn at(&self, at: usize) -> T {
        self.values.get(at).copied().unwrap_or(T::MISSING)
    }
}

/// Takes values, each for a row of its own, in any order. One that is the mark for "no value" changes nothing.
pub(super) trait Sink<T> {
    fn put(&mut self, row: usize, value: T);
}

/// Values in any order of their rows.
pub(super) trait Source<T: Number>: Sized {
    /// How many there are.
    fn n_values(&self) -> usize;

    fn send(&self, out: &mut impl Sink<T>);

    /// The same for the last time; what was sent may be freed on the way.
    fn send_for_good(self, out: &mut impl Sink<T>) {
        self.send(out);
    }
}

/// A column of so many rows, in the form that suits the number of its values.
pub(super) fn collect<T: Number>(len: usize, source: impl Source<T>) -> Numbers<T> {
    if !are_few(source.n_values(), len) {
        let mut all = vec![T::MISSING; len];
        source.send_for_good(&mut all);
        return Numbers::All(all.into());
    }
    let mut marks = Marks(vec![0; len.div_ceil(64)]);
    source.send(&mut marks);
    let mut n = 0;
    let mut before = Vec::with_capacity(marks.0.len());
    before.extend(marks.0.iter().map(|word| {
        let at = n;
        n += word.count_ones();
        at
    }));
    let mut slots = Slots { has: marks.0, before, values: vec![T::MISSING; n as usize] };
    source.send_for_good(&mut slots);
    let Slots { has, before, values } = slots;
    Numbers::Few(Few { len, has: has.into(), before: before.into(), values: values.into() })
}

impl<T: Number> Sink<T> for Vec<T> {
    #[inline]
    fn put(&mut self, row: usize, value: T) {
        self[row] = value;
    }
}

/// A bit per row: whether it has a value.
struct Marks(Vec<u64>);

impl<T: Number> Sink<T> for Marks {
    #[inline]
    fn put(&mut self, row: usize, value: T) {
        self.0[row / 64] |= u64::from(!value.is_missing()) << (row % 64);
    }
}

/// A place for the value of each row that has one.
struct Slots<T> {
    has: Vec<u64>,
    before: Vec<u32>,
    values: Vec<T>,
}

impl<T: Number> Sink<T> for Slots<T> {
    #[inline]
    fn put(&mut self, row: usize, value: T) {
        if !value.is_missing() {
            self.values[place(&self.has, &self.before, row)] = value;
        }
    }
}

/// Where the value of a row lies that has one.
#[inline]
fn place(has: &[u64], before: &[u32], row: usize) -> usize {
    let below = has[row / 64] & ((1 << (row % 64)) - 1);
    before[row / 64] as usize + below.count_ones() as usize
}

/// Rows and their values.
struct Rows<T>(Vec<(u32, T)>);

impl<T: Number> Source<T> for Rows<T> {
    fn n_values(&self) -> usize {
        self.0.len()
    }

    fn send(&self, out: &mut impl Sink<T>) {
        self.0.iter().for_each(|&(row, value)| out.put(row as usize, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of rows, many or few of them missing.
    fn rows() -> impl Strategy<Value = Vec<i64>> {
        let value = |share: f64| prop::option::weighted(share, -9i64..9).prop_map(|v| v.unwrap_or(i64::MISSING));
        (0.0..1.0).prop_flat_map(move |share| prop::collection::vec(value(share), 0..300))
    }

    proptest! {
        #[test]
        fn few_values_read_as_all_of_them(values in rows(), every in 1usize..5) {
            let numbers = Numbers::from(values.clone());
            let present: Vec<i64> = values.iter().copied().filter(|value| !value.is_missing()).collect();
            prop_assert_eq!(matches!(numbers, Numbers::Few(_)), 2 * present.len() < values.len());
            prop_assert_eq!(numbers.len(), values.len());
            prop_assert_eq!((0..values.len()).map(|row| numbers.get(row)).collect::<Vec<_>>(), values.clone());
            prop_assert_eq!((numbers.n_values(), numbers.values().collect::<Vec<_>>()), (present.len(), present));

            let kept: Vec<u32> = (0..values.len() as u32).step_by(every).collect();
            let picked: Vec<i64> = kept.iter().map(|&row| values[row as usize]).collect();
            prop_assert_eq!(numbers.gather(&kept), Numbers::from(picked));
        }

        #[test]
        fn a_test_of_few_values_is_that_of_all(values in rows(), least in -9i64..9, takes_missing: bool, skipped in 0usize..5) {
            let test = |value: i64| u8::from(if value.is_missing() { takes_missing } else { value >= least });
            let start = (skipped * 64).min(values.len() / 64 * 64);
            let n_words = (values.len() - start).div_ceil(64);
            let (mut few, mut all) = (vec![0; n_words], vec![0; n_words]);
            Numbers::from(values.clone()).fill(start, &mut few, test);
            fill(&values[start..], &mut all, test);
            let bits = |words: &[u64]| (0..values.len() - start).map(|at| words[at / 64] >> (at % 64) & 1).collect::<Vec<_>>();
            prop_assert_eq!(bits(&few), bits(&all));
        }

        #[test]
        fn values_come_in_any_order(
            (values, order) in rows().prop_flat_map(|values| {
                let order: Vec<usize> = (0..values.len()).collect();
                (Just(values), Just(order).prop_shuffle())
            }),
        ) {
            let rows = order.iter().map(|&row| (row as u32, values[row])).filter(|(_, value)| !value.is_missing());
            prop_assert_eq!(collect(values.len(), Rows(rows.collect())), Numbers::from(values));
        }
    }

    #[test]
    fn a_place_beyond_the_values_is_no_value() {
        let few = Few::of_columns(3, vec![0b101].into(), vec![7].into(), vec![1.5].into());
        assert!(Numbers::Few(few).get(2).is_missing());
    }

    #[test]
    fn a_shared_column_stays_what_it_was() {
        let mut one: Numbers<f64> = vec![f64::NAN, 2.0, f64::NAN].into();
        let two = one.share();
        one = vec![1.0].into();
        assert_eq!((one.len(), two.len(), two.get(1)), (1, 3, 2.0));
    }
}
