//! Batches into a store: merge the dictionaries, scatter events to their customers, repair the order, count ties and
//! duplicates.
//!
//! Exports are nearly always in time order, so a stable counting scatter by customer replaces the sort; afterwards only
//! the journeys that came out of order are sorted. Columns are scattered one after the other and the pieces of each are
//! freed as it is done, so that the peak is the pieces plus one column.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::batch::{Batch, BatchValues};
use super::bitmap::Bitmap;
use super::codes::{Code, Codes};
use super::column::Column;
use super::columns::{Pieces, Wish, remap, scatter_codes};
use super::names::Names;
use super::occurrences::Occurrences;
use super::places::Places;
use super::props::{Property, Values};
use super::store::{JourneyStore, Roles};
use super::times::{self, Times};
use crate::base::{Cancelled, Ctl, Instant, Zone};
use crate::with_codes;

/// How a store is to be built.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    pub roles: Roles,
    pub zone: Zone,
    /// Drop events that equal an earlier one in every column.
    pub dedupe: bool,
    /// Properties left out when rows are compared (the name of the source a row came from).
    pub not_compared: Vec<usize>,
    /// Properties that stay text whatever they look like (ids).
    pub always_text: Vec<usize>,
    /// Properties that are numbers; what is none becomes missing.
    pub always_number: Vec<usize>,
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("more than 4,294,967,295 events; load a part of them (a folder by month, or fewer sources)")]
    TooManyEvents,
}

/// Collects batches in the order of sources and rows.
#[derive(Debug)]
pub struct StoreBuilder {
    names: Vec<String>,
    pub(super) customers: Names,
    touchpoints: Names,
    pub(super) customer_codes: Vec<Codes>,
    pub(super) touchpoint_codes: Vec<Codes>,
    pub(super) times: Vec<Times>,
    pub(super) columns: Vec<Pieces>,
    pub(super) n_events: usize,
    /// Rows as read that do not come into the store.
    pub(super) dropped: Option<Bitmap>,
}

impl StoreBuilder {
    /// A builder for these property columns; every batch maps its own columns to them.
    pub fn new(properties: &[String]) -> Self {
        StoreBuilder {
            names: properties.to_vec(),
            customers: Names::new(),
            touchpoints: Names::new(),
            customer_codes: Vec::new(),
            touchpoint_codes: Vec::new(),
            times: Vec::new(),
            columns: properties.iter().map(|_| Pieces::default()).collect(),
            n_events: 0,
            dropped: None,
        }
    }

    pub fn n_events(&self) -> usize {
        self.n_events
    }

    /// Different names of events so far.
    pub fn n_event_names(&self) -> usize {
        self.touchpoints.len()
    }

    /// The position of a property column, which is added where it is new: missing for all events so far.
    pub fn property(&mut self, name: &str) -> usize {
        if let Some(position) = self.names.iter().position(|known| known == name) {
            return position;
        }
        self.names.push(name.to_owned());
        let mut column = Pieces::default();
        column.push(BatchValues::Missing { len: self.n_events });
        self.columns.push(column);
        self.names.len() - 1
    }

    /// Adds a batch. `positions[i]` is the property that the batch's column `i` belongs to; properties that no column
    /// belongs to are missing for these events.
    ///
    /// # Errors
    /// `TooManyEvents` beyond 2³² − 1.
    pub fn add(&mut self, batch: Batch, positions: &[usize]) -> Result<(), BuildError> {
        let len = batch.len();
        debug_assert_eq!(batch.columns.len(), positions.len());
        debug_assert!(batch.columns.iter().all(|column| column.len() == len));
        self.n_events += len;
        if self.n_events >= u32::MAX as usize {
            return Err(BuildError::TooManyEvents);
        }
        let map = self.customers.merge(&batch.customers.names);
        self.customer_codes.push(remap(&batch.customers.codes, &map));
        let map = self.touchpoints.merge(&batch.touchpoints.names);
        self.touchpoint_codes.push(remap(&batch.touchpoints.codes, &map));
        self.times.push(batch.times.into());
        let mut given: Vec<Option<BatchValues>> = self.columns.iter().map(|_| None).collect();
        for (values, &position) in batch.columns.into_iter().zip(positions) {
            given[position] = Some(values);
        }
        for (column, values) in self.columns.iter_mut().zip(given) {
            column.push(values.unwrap_or(BatchValues::Missing { len }));
        }
        Ok(())
    }

    /// Builds the store.
    ///
    /// # Errors
    /// `Cancelled` when a stop was asked for.
    pub fn finish(self, options: BuildOptions, ctl: &Ctl) -> Result<JourneyStore, BuildError> {
        let n = self.n_events;
        let (offsets, mut places) = Places::by_customer(self.customer_codes, self.customers.len());
        ctl.check()?;

        let mut times = vec![0i64; n];
        times::scatter(&self.times, &places, &mut times);
        drop(self.times);
        repair_order(&offsets, &mut times, &mut places);
        ctl.check()?;

        let mut codes = Codes::zeros(n, self.touchpoints.len().saturating_sub(1) as u32);
        scatter_codes(&self.touchpoint_codes, &places, &mut codes);
        drop(self.touchpoint_codes);
        ctl.check()?;

        let properties = self
            .columns
            .into_par_iter()
            .zip(self.names)
            .enumerate()
            // Columns of numbers take far longer than those of a few texts.
            .with_max_len(1)
            .map(|(at, (column, name))| {
                ctl.check()?;
                let wish = if options.always_text.contains(&at) {
                    Wish::Text
                } else if options.always_number.contains(&at) {
                    Wish::Number
                } else {
                    Wish::AsFound
                };
                Ok(Property { name, values: column.finish(&places, wish) })
            })
            .collect::<Result<Vec<_>, Cancelled>>()?;
        let gone = self.dropped.map_or_else(Vec::new, |dropped| {
            let mut gone: Vec<u32> = dropped.ones().map(|row| places.of_row(row)).collect();
            gone.sort_unstable();
            gone
        });
        drop(places);

        let mut store = JourneyStore {
            masks: Column::default(),
            customers: self.customers,
            touchpoints: self.touchpoints,
            offsets: offsets.into(),
            times: times.into(),
            codes,
            properties,
            roles: options.roles,
            zone: options.zone,
            n_ties: 0,
            n_duplicates: 0,
            n_dropped_duplicates: 0,
            mapped: None,
            saved: None,
            n_repeated_keys: gone.len() as u64,
            text_order: OnceLock::new(),
            touchpoint_counts: OnceLock::new(),
            nth: OnceLock::new(),
            marked: OnceLock::new(),
            occurrences: Occurrences::default(),
            last_times: OnceLock::new(),
            bounds: None,
        };
        if !gone.is_empty() {
            drop_rows(&mut store, &gone);
            drop_unused(&mut store);
        }
        let (n_ties, duplicates) = ties_and_duplicates(&store, &options.not_compared);
        store.n_ties = n_ties;
        store.n_duplicates = duplicates.len() as u64;
        if options.dedupe && !duplicates.is_empty() {
            store.n_dropped_duplicates = duplicates.len() as u64;
            drop_rows(&mut store, &duplicates);
            store.n_ties = ties_and_duplicates(&store, &options.not_compared).0;
        }
        ctl.check()?;
        store.masks = masks(&store.codes, &store.offsets).into();
        let bounds = store.times.par_iter().copied().min().zip(store.times.par_iter().copied().max());
        store.bounds = bounds.map(|(first, last)| (Instant(first), Instant(last)));
        Ok(store)
    }
}

/// Sorts the journeys whose times came out of order, stably, and moves their rows' places along.
fn repair_order(offsets: &[u32], times: &mut [i64], places: &mut Places) {
    let repairs: Vec<(usize, Vec<u32>)> = offsets
        .par_windows(2)
        .filter_map(|pair| {
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            let journey = &times[start..end];
            if journey.is_sorted() {
                return None;
            }
            let mut order: Vec<u32> = (0..journey.len() as u32).collect();
            order.sort_by_key(|&i| journey[i as usize]);
            Some((start, order))
        })
        .collect();
    if repairs.is_empty() {
        return;
    }
    let mut moved: Vec<u32> = (0..times.len() as u32).collect();
    let mut sorted = Vec::new();
    for (start, order) in repairs {
        sorted.clear();
        sorted.extend(order.iter().map(|&i| times[start + i as usize]));
        times[start..start + order.len()].copy_from_slice(&sorted);
        for (place, &i) in order.iter().enumerate() {
            moved[start + i as usize] = (start + place) as u32;
        }
    }
    places.move_along(&moved);
}

pub(super) fn masks(codes: &Codes, offsets: &[u32]) -> Vec<u64> {
    with_codes!(codes, |codes| offsets
        .par_windows(2)
        .map(|pair| {
            codes[pair[0] as usize..pair[1] as usize]
                .iter()
                .fold(0u64, |mask, code| mask | JourneyStore::mask_bit(code.idx() as u32))
        })
        .collect())
}

/// Counts the events that tie with another of the same customer, and lists the rows that equal an earlier row in
/// every compared column. Equal rows tie, so only ties are compared.
fn ties_and_duplicates(store: &JourneyStore, not_compared: &[usize]) -> (u64, Vec<u32>) {
    let compared: Vec<&Property> =
        store.properties.iter().enumerate().filter(|(at, _)| !not_compared.contains(at)).map(|(_, p)| p).collect();
    let per_customer: Vec<(u64, Vec<u32>)> = store
        .offsets
        .par_windows(2)
        .map(|pair| {
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            let (mut ties, mut duplicates) = (0, Vec::new());
            let mut at = start;
            while at < end {
                let run = store.times[at..end].iter().take_while(|&&time| time == store.times[at]).count();
                if run > 1 {
                    ties += run as u64;
                    repeated_rows(store, &compared, at..at + run, &mut duplicates);
                }
                at += run;
            }
            (ties, duplicates)
        })
        .filter(|(ties, _)| *ties > 0)
        .collect();
    let ties = per_customer.iter().map(|(ties, _)| ties).sum();
    (ties, per_customer.into_iter().flat_map(|(_, duplicates)| duplicates).collect())
}

/// Of rows that share customer and time, those that equal an earlier one.
fn repeated_rows(store: &JourneyStore, compared: &[&Property], rows: std::ops::Range<usize>, out: &mut Vec<u32>) {
    let equal = |a: usize, b: usize| {
        store.codes.get(a) == store.codes.get(b) && compared.iter().all(|property| property.key(a) == property.key(b))
    };
    if rows.len() <= 8 {
        out.extend(
            rows.clone().filter(|&row| (rows.start..row).any(|earlier| equal(earlier, row))).map(|row| row as u32),
        );
        return;
    }
    // Dates without a time of day make long runs; a set keeps them linear.
    let mut seen = hashbrown::HashSet::with_capacity(rows.len());
    for row in rows {
        let key: Vec<i64> =
            std::iter::once(i64::from(store.codes.get(row))).chain(compared.iter().map(|p| p.key(row))).collect();
        if !seen.insert(key) {
            out.push(row as u32);
        }
    }
}

/// Takes rows (ascending) out of every column.
fn drop_rows(store: &mut JourneyStore, rows: &[u32]) {
    let mut gone = Bitmap::none(store.n_events());
    rows.iter().for_each(|&row| gone.set(row as usize));
    let kept: Vec<u32> = (0..store.n_events() as u32).filter(|&row| !gone.get(row as usize)).collect();
    let mut before = 0;
    let mut next = rows.iter().peekable();
    for offset in store.offsets.make_mut() {
        while next.next_if(|&&row| row < *offset).is_some() {
            before += 1;
        }
        *offset -= before;
    }
    store.times = kept.iter().map(|&row| store.times[row as usize]).collect();
    store.codes = store.codes.gather(&kept);
    store.properties.par_iter_mut().for_each(|property| match &mut property.values {
        Values::Text { codes, .. } => *codes = codes.gather(&kept),
        Values::Int(values) | Values::Time(values) => *values = values.gather(&kept),
        Values::Float(values) => *values = values.gather(&kept),
    });
}

/// Takes out customers without an event and touchpoints that nothing is called by; of rows that were dropped because they
/// repeat a key, those may have been the only ones.
fn drop_unused(store: &mut JourneyStore) {
    if store.offsets.windows(2).any(|pair| pair[0] == pair[1]) {
        let mut customers = Names::new();
        for (customer, pair) in store.offsets.windows(2).enumerate() {
            if pair[0] < pair[1] {
                customers.intern(store.customers.name(customer as u32));
            }
        }
        store.customers = customers;
        store.offsets.make_mut().dedup();
    }
    let mut is_used = vec![false; store.touchpoints.len()];
    with_codes!(&store.codes, |codes| codes.iter().for_each(|code| is_used[code.idx()] = true));
    if is_used.contains(&false) {
        let mut touchpoints = Names::new();
        let map: Vec<u32> = store
            .touchpoints
            .iter()
            .zip(is_used)
            .map(|(name, is_used)| if is_used { touchpoints.intern(name) } else { 0 })
            .collect();
        let codes: Vec<u32> = (0..store.codes.len()).map(|row| store.codes.get(row)).collect();
        store.codes = remap(&codes, &map);
        store.touchpoints = touchpoints;
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, journeys};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_are_sorted_by_customer_and_time_and_ties_keep_the_order_they_were_read_in() {
        let store = journeys("x: c9 a0 b5 d5\ny: a3\nx: e5");
        let x = store.find_customer("x").expect("x");
        let names: Vec<&str> = store.journey(x).map(|row| store.touchpoint_name(row)).collect();
        assert_eq!(names, ["a", "b", "d", "e", "c"]);
        assert_eq!((store.n_customers(), store.n_events(), store.n_ties), (2, 6, 3));
        assert_eq!(store.bounds(), Some((Instant(0), Instant(9_000_000))));
    }

    #[test]
    fn rows_equal_in_every_column_are_counted_and_dropped_only_when_asked() {
        let text = "x: a0{v=1} a0{v=1} a0{v=2} b4 b4 b4\ny: a0{v=1}";
        let kept = journeys(text);
        assert_eq!((kept.n_events(), kept.n_duplicates, kept.n_dropped_duplicates), (7, 3, 0));
        let dropped = fixture::build(text, |options| options.dedupe = true);
        assert_eq!((dropped.n_events(), dropped.n_duplicates, dropped.n_dropped_duplicates), (4, 3, 3));
        assert_eq!(dropped.offsets, [0, 3, 4]);
        assert_eq!(dropped.n_ties, 2);
    }

    #[test]
    fn a_column_is_numeric_only_where_every_text_in_it_is() {
        let store = journeys("x: a0{n=1,f=1.5,t=7,z=007} a1{n=2,f=2,t=x}");
        let kind = |name: &str| store.properties[store.property_idx(name).expect(name)].kind().name();
        assert_eq!([kind("n"), kind("f"), kind("t"), kind("z")], ["int", "float", "text", "text"]);
        let t = &store.properties[store.property_idx("t").expect("t")];
        assert_eq!((t.text(0).as_deref(), t.text(1).as_deref()), (Some("7"), Some("x")));
    }

    #[test]
    fn nothing_in_is_a_store_without_events() {
        let store = journeys("");
        assert_eq!((store.n_customers(), store.n_events(), store.bounds()), (0, 0, None));
    }

    proptest! {
        #[test]
        fn how_rows_are_cut_into_batches_does_not_matter(
            rows in prop::collection::vec((0u8..5, 0u8..4, 0i64..6, 0u8..3), 0..60),
            cut in 1usize..20,
        ) {
            let one = fixture::of_rows(&rows, usize::MAX);
            let many = fixture::of_rows(&rows, cut);
            prop_assert_eq!(&one.offsets, &many.offsets);
            prop_assert_eq!(&one.times, &many.times);
            let texts = |store: &JourneyStore| -> Vec<Option<String>> {
                let rows = || 0..store.n_events();
                store.properties.iter().flat_map(|p| rows().map(|row| p.text(row).map(String::from))).collect()
            };
            prop_assert_eq!(texts(&one), texts(&many));
            prop_assert_eq!((one.n_ties, one.n_duplicates), (many.n_ties, many.n_duplicates));
            let names = |store: &JourneyStore| (0..store.n_events()).map(|r| store.touchpoint_name(r).to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(names(&one), names(&many));
            // The naive order: a stable sort of all rows by customer in order of appearance, then time.
            let mut seen = Vec::new();
            for row in &rows {
                if !seen.contains(&row.0) {
                    seen.push(row.0);
                }
            }
            let mut sorted = rows.clone();
            sorted.sort_by_key(|row| (seen.iter().position(|c| *c == row.0), row.2));
            prop_assert_eq!(names(&one), sorted.iter().map(|row| format!("t{}", row.1)).collect::<Vec<_>>());
        }
    }
}
