//! Touchpoint codes that say of every transition whether its customer had made it before. Without that, those who made a
//! transition are counted only by remembering for every pair who made it last, which takes twice as long.

use super::codes::Code;
use super::nth::of_every_event;
use super::store::JourneyStore;
use crate::with_codes;

/// This bit is set in the code of an event whose touchpoint follows that of the event before it not for the first time in
/// its journey.
pub const REPEAT: u8 = 64;

/// By event, for a store of at most `REPEAT` touchpoints.
pub(super) fn mark(store: &JourneyStore) -> Vec<u8> {
    let n = store.touchpoints.len();
    debug_assert!(n <= usize::from(REPEAT));
    with_codes!(&store.codes, |codes| of_every_event(
        store,
        || vec![0u32; n * n],
        |last_of_pair, customer, journey, marked| {
            let customer = customer as u32 + 1;
            let mut before = None;
            for (code, marked) in codes[journey].iter().zip(marked) {
                let code = code.idx();
                *marked = code as u8;
                if let Some(before) = before.replace(code) {
                    let is_repeat = std::mem::replace(&mut last_of_pair[before * n + code], customer) == customer;
                    *marked |= u8::from(is_repeat) * REPEAT;
                }
            }
        }
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::base::CustomerId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_repeat_has_the_same_two_touchpoints_earlier_in_its_journey(
            rows in prop::collection::vec((0u8..9, 0u8..4, 0i64..50, 0u8..3), 1..400),
        ) {
            let store = fixture::of_rows(&rows, usize::MAX);
            let marked = mark(&store);
            for customer in (0..store.n_customers() as u32).map(CustomerId) {
                let codes: Vec<u32> = store.journey(customer).map(|row| store.codes.get(row)).collect();
                for (at, row) in store.journey(customer).enumerate() {
                    let is_repeat = at > 0 && codes[..at].windows(2).any(|pair| pair == &codes[at - 1..=at]);
                    let expect = codes[at] as u8 | (u8::from(is_repeat) * REPEAT);
                    prop_assert_eq!(marked[row], expect, "event {} of {:?}", at, &codes);
                }
            }
        }
    }
}
