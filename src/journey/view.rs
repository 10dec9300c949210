//! `View`: what an analysis looks at: the whole store, or the events that a filter kept, and the customers that count.
//!
//! A filter on events copies the two columns that every analysis reads (time and touchpoint) once, so that kernels stay
//! the same loop with and without it; properties are reached through `row`.

use std::ops::Range;
use std::sync::Arc;

use super::bitmap::Bitmap;
use super::codes::Codes;
use super::store::JourneyStore;
use crate::base::{CustomerId, Instant};

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
        let rows: Vec<u32> = kept.ones().map(|row| row as u32).collect();
        let mut offsets = Vec::with_capacity(store.offsets.len());
        let mut at = 0;
        for &offset in &store.offsets {
            while rows.get(at).is_some_and(|&row| row < offset) {
                at += 1;
            }
            offsets.push(at as u32);
        }
        let times = rows.iter().map(|&row| store.times[row as usize]).collect();
        let codes = store.codes.gather(&rows);
        self.cut = Some(Arc::new(Cut { rows, offsets, times, codes }));
        self
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
        self.cut.as_ref().map_or(&self.store.times, |cut| &cut.times)
    }

    pub fn codes(&self) -> &Codes {
        self.cut.as_ref().map_or(&self.store.codes, |cut| &cut.codes)
    }

    /// Offsets for all customers of the store; a customer without kept events has an empty range.
    pub fn offsets(&self) -> &[u32] {
        self.cut.as_ref().map_or(&self.store.offsets, |cut| &cut.offsets)
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

    /// The store's row of the event at a position, for its properties.
    #[inline]
    pub fn row(&self, position: usize) -> usize {
        self.cut.as_ref().map_or(position, |cut| cut.rows[position] as usize)
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
}
