//! Rows that repeat a key: the first in the order of sources and rows is kept, later ones are dropped.

use std::hash::Hash;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::bitmap::Bitmap;
use super::build::StoreBuilder;
use super::codes::Codes;

/// A part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPart {
    /// The id in the column of customers, as it stands in the row.
    Customer,
    Event,
    Time,
    Property(usize),
}

/// What was found of repeated keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Rows that are dropped.
    pub n_dropped: u64,
    /// Those of them whose event or time differs from that of the row that is kept.
    pub n_conflicts: u64,
    /// Rows without a whole key, which are kept whatever they hold.
    pub n_without: u64,
}

/// No value, among codes.
const NULL: u32 = 0;

impl StoreBuilder {
    /// Drops rows whose key an earlier row has, among rows in these ranges. Where a part of the key is missing the row is kept.
    pub fn drop_repeated(&mut self, parts: &[KeyPart], among: &[Range<usize>]) -> Repeats {
        let mut codes: Option<Vec<u32>> = None;
        for &part in parts {
            let part = self.codes_of(part);
            codes = Some(match codes {
                None => part,
                Some(before) => {
                    let pairs = before.iter().zip(&part);
                    dense(pairs.map(|(&a, &b)| (a != NULL && b != NULL).then_some((a, b))))
                }
            });
        }
        let Some(codes) = codes else { return Repeats::default() };
        let max = codes.iter().copied().max().unwrap_or(0);
        let mut first = vec![u32::MAX; max as usize + 1];
        // Rows without this key may have been dropped by another.
        let mut dropped = self.dropped.take().unwrap_or_else(|| Bitmap::none(self.n_events));
        let mut repeats = Repeats::default();
        let rows = among.iter().flat_map(|range| range.start..range.end.min(codes.len()));
        for (row, code) in rows.map(|row| (row, codes[row])) {
            if dropped.get(row) {
                continue;
            }
            if code == NULL {
                repeats.n_without += 1;
            } else if first[code as usize] == u32::MAX {
                first[code as usize] = row as u32;
            } else {
                dropped.set(row);
                repeats.n_dropped += 1;
                repeats.n_conflicts += u64::from(self.what(row) != self.what(first[code as usize] as usize));
            }
        }
        self.dropped = Some(dropped).filter(|dropped| dropped.count() > 0);
        repeats
    }

    /// Takes rows as read out of the store, though what they link stays linked; returns how many that are.
    pub fn leave_out(&mut self, rows: Range<usize>) -> u64 {
        let mut dropped = self.dropped.take().unwrap_or_else(|| Bitmap::none(self.n_events));
        let before = dropped.count();
        rows.for_each(|row| dropped.set(row));
        let n = dropped.count() - before;
        self.dropped = Some(dropped).filter(|dropped| dropped.count() > 0);
        n as u64
    }

    /// For every row a number that is equal where the values are equal, `NULL` where there is none.
    fn codes_of(&mut self, part: KeyPart) -> Vec<u32> {
        let all = |pieces: &[Codes]| {
            let each = |piece: &Codes| (0..piece.len()).map(|row| piece.get(row) + 1).collect::<Vec<u32>>();
            pieces.iter().flat_map(each).collect::<Vec<u32>>()
        };
        match part {
            KeyPart::Customer => {
                let mut codes = all(&self.customer_codes);
                if let Some(empty) = self.customers.get("") {
                    codes.iter_mut().filter(|code| **code == empty + 1).for_each(|code| *code = NULL);
                }
                codes
            }
            KeyPart::Event => all(&self.touchpoint_codes),
            KeyPart::Time => {
                dense(self.times.iter().flat_map(|piece| (0..piece.len()).map(|row| Some(piece.get(row)))))
            }
            KeyPart::Property(at) => self.columns[at].keys(self.n_events),
        }
    }

    /// Event and time of a row as read.
    fn what(&self, row: usize) -> (u32, i64) {
        let (mut piece, mut at) = (0, row);
        while at >= self.times[piece].len() {
            at -= self.times[piece].len();
            piece += 1;
        }
        (self.touchpoint_codes[piece].get(at), self.times[piece].get(at))
    }
}

/// Numbers values in the order in which they appear, from 1.
pub(super) fn dense<T: Hash + Eq>(values: impl Iterator<Item = Option<T>>) -> Vec<u32> {
    let mut known: FxHashMap<T, u32> = FxHashMap::default();
    values
        .map(|value| {
            value.map_or(NULL, |value| {
                let next = known.len() as u32 + 1;
                *known.entry(value).or_insert(next)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Batch, BatchValues};
    use super::super::build::BuildOptions;
    use super::*;
    use crate::base::Ctl;
    use proptest::prelude::*;

    type Row = (u8, u8, i64, Option<u8>, Option<u8>);

    fn builder(rows: &[Row], cut: usize) -> StoreBuilder {
        let mut builder = StoreBuilder::new(&["k".to_owned(), "l".to_owned()]);
        for piece in rows.chunks(cut) {
            let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 2], ..Batch::default() };
            for (customer, event, seconds, k, l) in piece {
                batch.customers.push(&format!("c{customer}"));
                batch.touchpoints.push(&format!("t{event}"));
                batch.times.push(seconds * 1_000_000);
                // A column of numbers in some batches and of texts in others.
                let text =
                    |v: &Option<u8>| v.map_or(String::new(), |v| ["1", "2.50", "x", "007"][usize::from(v)].to_owned());
                batch.columns[0].push_field(&text(k));
                batch.columns[1].push_field(&text(l));
            }
            builder.add(batch, &[0, 1]).expect("few");
        }
        builder
    }

    proptest! {
        #[test]
        fn the_first_row_of_every_key_is_kept_however_rows_are_cut(
            rows in prop::collection::vec((0u8..3, 0u8..3, 0i64..4, prop::option::of(0u8..4), prop::option::of(0u8..2)), 1..40),
            cut in 1usize..20,
            which in 0usize..4,
        ) {
            let parts = [
                vec![KeyPart::Property(0)],
                vec![KeyPart::Property(0), KeyPart::Property(1)],
                vec![KeyPart::Customer, KeyPart::Event, KeyPart::Time],
                vec![KeyPart::Event, KeyPart::Property(1)],
            ];
            let key = |row: &Row| -> Option<String> {
                Some(match which {
                    0 => format!("{}", row.3?),
                    1 => format!("{} {}", row.3?, row.4?),
                    2 => format!("{} {} {}", row.0, row.1, row.2),
                    _ => format!("{} {}", row.1, row.4?),
                })
            };
            let mut kept: Vec<&Row> = Vec::new();
            let (mut conflicts, mut without) = (0, 0);
            for row in &rows {
                let same = kept.iter().find(|earlier| key(row).is_some() && key(earlier) == key(row));
                without += u64::from(key(row).is_none());
                match same {
                    Some(first) => conflicts += u64::from((first.1, first.2) != (row.1, row.2)),
                    None => kept.push(row),
                }
            }
            let mut builder = builder(&rows, cut);
            let repeats = builder.drop_repeated(&parts[which], std::slice::from_ref(&(0..usize::MAX)));
            let dropped = (rows.len() - kept.len()) as u64;
            prop_assert_eq!(repeats, Repeats { n_dropped: dropped, n_conflicts: conflicts, n_without: without });
            let store = builder.finish(BuildOptions::default(), &Ctl::new()).expect("built");
            prop_assert_eq!((store.n_events(), store.n_repeated_keys), (kept.len(), dropped));
            // Nobody and nothing is left without an event.
            let mut seen: Vec<String> = Vec::new();
            let mut expect: Vec<String> = Vec::new();
            for customer in 0..store.n_customers() as u32 {
                let id = crate::base::CustomerId(customer);
                prop_assert!(!store.journey(id).is_empty());
                seen.extend(store.journey(id).map(|row| {
                    format!("{} {} {}", store.customer_name(id), store.touchpoint_name(row), store.times[row] / 1_000_000)
                }));
            }
            expect.extend(kept.iter().map(|row| format!("c{} t{} {}", row.0, row.1, row.2)));
            seen.sort();
            expect.sort();
            prop_assert_eq!(seen, expect);
            let used: std::collections::HashSet<u32> = (0..store.n_events()).map(|row| store.codes.get(row)).collect();
            prop_assert_eq!(used.len(), store.touchpoints.len());
        }
    }
}
