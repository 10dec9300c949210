//! `View`: what an analysis looks at: the whole store, or the events that a filter kept, and the customers that count.
//!
//! A filter on events copies the two columns that every analysis reads (time and touchpoint) once, so that kernels stay
//! the same loop with and without it; properties are reached through `row`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::bitmap::Bitmap;
use super::chunks::customer_chunks;
use super::codes::{Code, Codes};
use super::occurrences::Occurrences;
use super::repeats;
use super::store::JourneyStore;
use crate::base::{CustomerId, Instant};
use crate::with_codes;

/// Events of some customers, in journey order; cheap to clone. Positions 0 to `n_events − 1` are the view's own.
#[derive(Debug, Clone)]
pub struct View {
    store: Arc<JourneyStore>,
    cut: Option<Arc<Cut>>,
    /// Customers that count, where not all do.
    chosen: Option<Arc<Bitmap>>,
    as_of: Instant,
}

#[derive(Debug, Clone)]
struct Cut {
    rows: Vec<u32>,
    offsets: Vec<u32>,
    times: Vec<i64>,
    codes: Codes,
    occurrences: Occurrences,
    last_times: OnceLock<Vec<i64>>,
}

impl View {
    /// Every event and every customer, observed until the latest event.
    pub fn whole(store: Arc<JourneyStore>) -> Self {
        let as_of = store.as_of();
        View { store, cut: None, chosen: None, as_of }
    }

    /// The events in `kept` (one bit per event of the store).
    pub fn with_events(mut self, kept: &Bitmap) -> Self {
        let store = &self.store;
        let (before, n_kept) = ranks(kept);
        let rank = |row: u32| {
            let (word, bit) = (row as usize / 64, row % 64);
            // An offset at the very end may lie behind the last word.
            let partial = kept.words().get(word).map_or(0, |bits| (bits & ((1u64 << bit) - 1)).count_ones());
            before[word] + partial
        };
        let offsets = store.offsets.par_iter().with_min_len(4096).map(|&offset| rank(offset)).collect();
        let mut rows = vec![0u32; n_kept];
        let mut times = vec![0i64; n_kept];
        let pieces = pieces(kept, &before, &mut rows, &mut times);
        pieces.into_par_iter().for_each(|piece| piece.fill(kept.words(), &store.times));
        let codes = store.codes.gather(&rows);
        self.cut = Some(Arc::new(Cut {
            rows,
            offsets,
            times,
            codes,
            occurrences: Occurrences::default(),
            last_times: OnceLock::new(),
        }));
        self
    }

    /// A bitmap by row of the store as one by position of this view.
    pub fn at_positions(&self, by_row: Bitmap) -> Bitmap {
        let Some(cut) = &self.cut else { return by_row };
        let words = cut
            .rows
            .par_chunks(64)
            .with_min_len(256)
            .map(|rows| {
                rows.iter().enumerate().fold(0, |bits, (at, &row)| bits | (u64::from(by_row.get(row as usize)) << at))
            })
            .collect();
        Bitmap::from_words(words, cut.rows.len())
    }

    /// Only these customers count (one bit per customer of the store).
    pub fn with_customers(mut self, chosen: Bitmap) -> Self {
        self.chosen = Some(Arc::new(match self.chosen.take() {
            Some(before) => chosen.and(&before),
            None => chosen,
        }));
        self
    }

    pub fn with_as_of(mut self, as_of: Instant) -> Self {
        self.as_of = as_of;
        self
    }

    pub fn store(&self) -> &Arc<JourneyStore> {
        &self.store
    }

    /// The end of observation.
    pub fn as_of(&self) -> Instant {
        self.as_of
    }

    pub fn times(&self) -> &[i64] {
        self.cut.as_ref().map_or(&self.store.times[..], |cut| &cut.times)
    }

    pub fn codes(&self) -> &Codes {
        self.cut.as_ref().map_or(&self.store.codes, |cut| &cut.codes)
    }

    /// Offsets for all customers of the store; a customer without kept events has an empty range.
    pub fn offsets(&self) -> &[u32] {
        self.cut.as_ref().map_or(&self.store.offsets[..], |cut| &cut.offsets)
    }

    pub fn n_events(&self) -> usize {
        self.times().len()
    }

    /// Positions of one customer's events.
    #[inline]
    pub fn journey(&self, customer: CustomerId) -> Range<usize> {
        let offsets = self.offsets();
        offsets[customer.idx()] as usize..offsets[customer.idx() + 1] as usize
    }

    /// The journeys of some customers, of those that count.
    #[inline(always)]
    pub fn journeys_of(&self, customers: Range<u32>) -> impl Iterator<Item = (CustomerId, Range<usize>)> + '_ {
        // Where the offsets lie is asked once, not for every customer.
        let bounds = self.offsets()[customers.start as usize..=customers.end as usize].windows(2);
        let journeys = customers.map(CustomerId).zip(bounds.map(|ends| ends[0] as usize..ends[1] as usize));
        let chosen = self.chosen.as_deref();
        journeys.filter(move |(customer, journey)| {
            !journey.is_empty() && chosen.is_none_or(|chosen| chosen.get(customer.idx()))
        })
    }

    /// The store's row of the event at a position, for its properties.
    #[inline]
    pub fn row(&self, position: usize) -> usize {
        self.cut.as_ref().map_or(position, |cut| cut.rows[position] as usize)
    }

    /// How many events some customers have, whether they count or not.
    pub fn n_events_of(&self, customers: &Range<u32>) -> u64 {
        self.events_of(customers).len() as u64
    }

    /// The events of customers who follow each other.
    pub fn events_of(&self, customers: &Range<u32>) -> Range<usize> {
        let offsets = self.offsets();
        offsets[customers.start as usize] as usize..offsets[customers.end as usize] as usize
    }

    /// By position the store's row, where these differ.
    pub fn rows(&self) -> Option<&[u32]> {
        self.cut.as_ref().map(|cut| &cut.rows[..])
    }

    /// Whether a customer counts: chosen, and with at least one kept event.
    #[inline]
    pub fn is_in(&self, customer: CustomerId) -> bool {
        self.is_chosen(customer) && !self.journey(customer).is_empty()
    }

    #[inline]
    pub fn is_chosen(&self, customer: CustomerId) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.get(customer.idx()))
    }

    /// Bits of the touchpoints that a journey may hold: exact absence, possible presence (see `JourneyStore::masks`).
    #[inline]
    pub fn mask(&self, customer: CustomerId) -> u64 {
        self.store.masks[customer.idx()]
    }

    /// Customers that count, in store order.
    pub fn customers(&self) -> impl Iterator<Item = CustomerId> + '_ {
        (0..self.store.n_customers() as u32).map(CustomerId).filter(|&customer| self.is_in(customer))
    }

    pub fn n_customers(&self) -> usize {
        if self.cut.is_none() && self.chosen.is_none() { self.store.n_customers() } else { self.customers().count() }
    }

    /// Whether this is the whole store, unfiltered.
    pub fn is_whole(&self) -> bool {
        self.cut.is_none() && self.chosen.is_none()
    }

    /// By customer of the store, when their last event was: what is asked of every customer should not be looked for all
    /// over the times. The least number where a customer has no event; found at the first call.
    pub fn last_times(&self) -> &[i64] {
        let known = self.cut.as_ref().map_or(&self.store.last_times, |cut| &cut.last_times);
        known.get_or_init(|| {
            let of = |ends: &[u32]| if ends[0] < ends[1] { self.times()[ends[1] as usize - 1] } else { i64::MIN };
            self.offsets().par_windows(2).with_min_len(1 << 12).map(of).collect()
        })
    }

    /// The codes with `REPEAT` set at every transition that its customer had made before; found at the first call. `None`
    /// where events are filtered or touchpoints are too many.
    pub fn marked_codes(&self) -> Option<&[u8]> {
        let has_marks = self.cut.is_none() && self.store.touchpoints.len() <= usize::from(repeats::REPEAT);
        has_marks.then(|| &self.store.marked.get_or_init(|| repeats::mark(&self.store))[..])
    }

    /// A bit for every event whose touchpoint is one of those marked in `by_code`, whoever its customer is.
    pub fn occurrences(&self, by_code: &[bool]) -> Arc<Bitmap> {
        let known = self.cut.as_ref().map_or(&self.store.occurrences, |cut| &cut.occurrences);
        known.of(self.codes(), by_code)
    }

    /// Events of the customers that count, by touchpoint code. Of the whole store they are counted once.
    pub fn touchpoint_counts(&self) -> Cow<'_, [u64]> {
        if self.is_whole() {
            Cow::Borrowed(self.store.touchpoint_counts.get_or_init(|| self.count_touchpoints()))
        } else {
            Cow::Owned(self.count_touchpoints())
        }
    }

    fn count_touchpoints(&self) -> Vec<u64> {
        let n = self.store.touchpoints.len();
        let count = |customers: Range<u32>| {
            let mut counts = vec![0u64; n];
            with_codes!(self.codes(), |codes| {
                for customer in customers.map(CustomerId).filter(|customer| self.is_chosen(*customer)) {
                    codes[self.journey(customer)].iter().for_each(|code| counts[code.idx()] += 1);
                }
            });
            counts
        };
        let chunks = customer_chunks(self).into_par_iter().map(count);
        chunks.reduce(|| vec![0; n], |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect())
    }
}

/// For every word of the bitmap, and one more, how many bits are set before it; and how many in all.
fn ranks(kept: &Bitmap) -> (Vec<u32>, usize) {
    let mut n = 0;
    let mut before = Vec::with_capacity(kept.words().len() + 1);
    for word in kept.words() {
        before.push(n);
        n += word.count_ones();
    }
    before.push(n);
    (before, n as usize)
}

/// Words of the bitmap per piece of work.
const PIECE: usize = 1 << 12;

/// The part of the kept columns that one stretch of the bitmap fills.
struct Piece<'a> {
    words: Range<usize>,
    rows: &'a mut [u32],
    times: &'a mut [i64],
}

fn pieces<'a>(kept: &Bitmap, before: &[u32], rows: &'a mut [u32], times: &'a mut [i64]) -> Vec<Piece<'a>> {
    let n_words = kept.words().len();
    let (mut rows, mut times) = (rows, times);
    (0..n_words)
        .step_by(PIECE)
        .map(|start| {
            let words = start..(start + PIECE).min(n_words);
            let len = (before[words.end] - before[words.start]) as usize;
            let (rows_here, rows_left) = std::mem::take(&mut rows).split_at_mut(len);
            let (times_here, times_left) = std::mem::take(&mut times).split_at_mut(len);
            (rows, times) = (rows_left, times_left);
            Piece { words, rows: rows_here, times: times_here }
        })
        .collect()
}

impl Piece<'_> {
    fn fill(self, words: &[u64], times: &[i64]) {
        let mut at = 0;
        for word in self.words {
            let first = word * 64;
            let mut bits = words[word];
            if bits == u64::MAX {
                let to = &mut self.rows[at..at + 64];
                to.iter_mut().zip(first as u32..).for_each(|(to, row)| *to = row);
                self.times[at..at + 64].copy_from_slice(&times[first..first + 64]);
                at += 64;
                continue;
            }
            while bits != 0 {
                let row = first + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                self.rows[at] = row as u32;
                self.times[at] = times[row];
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_keeps_exactly_the_marked_events_in_their_order(
            rows in prop::collection::vec((0u8..9, 0u8..4, 0i64..50, 0u8..3), 1..400),
            bits in prop::collection::vec(any::<bool>(), 400),
            dense in any::<bool>(),
        ) {
            let store = Arc::new(fixture::of_rows(&rows, usize::MAX));
            let kept = Bitmap::from_fn(store.n_events(), |row| bits[row] || (dense && row < 200));
            let view = View::whole(Arc::clone(&store)).with_events(&kept);
            prop_assert_eq!(view.n_events(), kept.count());
            for customer in (0..store.n_customers() as u32).map(CustomerId) {
                let expect: Vec<usize> = store.journey(customer).filter(|&row| kept.get(row)).collect();
                let got: Vec<usize> = view.journey(customer).map(|position| view.row(position)).collect();
                prop_assert_eq!(&got, &expect);
                prop_assert_eq!(view.is_in(customer), !expect.is_empty());
                let last = expect.last().map_or(i64::MIN, |&row| store.times[row]);
                prop_assert_eq!(view.last_times()[customer.idx()], last);
            }
            for position in 0..view.n_events() {
                let row = view.row(position);
                prop_assert_eq!((view.times()[position], view.codes().get(position)), (store.times[row], store.codes.get(row)));
            }
            let thirds = Bitmap::from_fn(store.n_events(), |row| row % 3 == 0);
            let expect = Bitmap::from_fn(view.n_events(), |position| view.row(position).is_multiple_of(3));
            prop_assert_eq!(view.at_positions(thirds), expect);
        }
    }
}
