//! `nth`: which occurrence of its name within its customer's journey every event is.

use std::ops::Range;

use rayon::prelude::*;

use super::codes::Code;
use super::store::JourneyStore;
use crate::with_codes;

/// Events per piece of work.
const PIECE: usize = 1 << 16;

/// A value for every event of the store, journey by journey: `fill` gets the customer, the touchpoints of the journey as
/// rows of the store, and where their values go. Every thread has a state of its own.
pub(super) fn of_every_event<T: Copy + Default + Send, S>(
    store: &JourneyStore,
    state: impl Fn() -> S + Sync + Send,
    fill: impl Fn(&mut S, usize, Range<usize>, &mut [T]) + Sync + Send,
) -> Vec<T> {
    let mut values = vec![T::default(); store.n_events()];
    let mut pieces = Vec::new();
    let mut rest = &mut values[..];
    let (mut first, mut start) = (0, 0usize);
    for customer in 1..store.offsets.len() {
        let end = store.offsets[customer] as usize;
        if end - start < PIECE && customer + 1 < store.offsets.len() {
            continue;
        }
        let (piece, left) = std::mem::take(&mut rest).split_at_mut(end - start);
        rest = left;
        pieces.push((first..customer, piece));
        (first, start) = (customer, end);
    }
    pieces.into_par_iter().for_each_init(state, |state, (customers, piece)| {
        let before = store.offsets[customers.start] as usize;
        for customer in customers {
            let (from, to) = (store.offsets[customer] as usize, store.offsets[customer + 1] as usize);
            fill(state, customer, from..to, &mut piece[from - before..to - before]);
        }
    });
    values
}

/// From 1, for every event of the store.
pub(super) fn count(store: &JourneyStore) -> Vec<u32> {
    with_codes!(&store.codes, |codes| of_every_event(
        store,
        || vec![0u32; store.touchpoints.len()],
        |seen, _, journey, nth| fill(&codes[journey], seen, nth)
    ))
}

/// `seen` is all zeros before and after.
fn fill<C: Code>(journey: &[C], seen: &mut [u32], nth: &mut [u32]) {
    for (code, nth) in journey.iter().zip(nth) {
        seen[code.idx()] += 1;
        *nth = seen[code.idx()];
    }
    journey.iter().for_each(|code| seen[code.idx()] = 0);
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::base::CustomerId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_event_is_counted_among_those_before_it(
            rows in prop::collection::vec((0u8..5, 0u8..4, 0i64..20, 0u8..3), 0..120),
        ) {
            let store = fixture::of_rows(&rows, usize::MAX);
            let nth = count(&store);
            for customer in (0..store.n_customers() as u32).map(CustomerId) {
                for row in store.journey(customer) {
                    let before = store.journey(customer).start..=row;
                    let expect = before.filter(|&earlier| store.codes.get(earlier) == store.codes.get(row)).count();
                    prop_assert_eq!(nth[row] as usize, expect);
                }
            }
        }
    }

    #[test]
    fn journeys_longer_than_a_piece_of_work_are_counted_whole() {
        let rows: Vec<(u8, u8, i64, u8)> = (0..200_000).map(|i| ((i / 70_000) as u8, (i % 3) as u8, i, 0)).collect();
        let store = fixture::of_rows(&rows, usize::MAX);
        let nth = count(&store);
        assert_eq!((nth[0], nth[3], nth[69_999], nth[70_000], nth[199_999]), (1, 2, 23_334, 1, 20_000));
    }
}
