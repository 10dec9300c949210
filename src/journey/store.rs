//! `JourneyStore`: all events in columns, sorted by customer and time, cut into journeys by offsets.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::codes::Codes;
use super::column::Column;
use super::mapped::Mapped;
use super::names::Names;
use super::occurrences::Occurrences;
use super::props::{Property, Values};
use super::region::Region;
use crate::base::{CustomerId, Instant, TouchpointId, Zone};

/// Which columns of the data played which part, by name; property positions where the column is kept as a property.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Roles {
    pub customer: String,
    pub time: String,
    pub event: String,
    pub channel: Option<usize>,
    pub value: Option<usize>,
    pub score: Option<usize>,
    pub session: Option<usize>,
    /// Ids of people before they are known; whoever they turned out to be, the customer says.
    pub anonymous: Option<usize>,
}

/// Every event of a load. Events of one customer are neighbours, in time order, ties in the order of sources and rows.
/// Customers are numbered in order of first appearance.
#[derive(Debug, Clone)]
pub struct JourneyStore {
    pub customers: Names,
    pub touchpoints: Names,
    /// `offsets[c]..offsets[c + 1]` are the events of customer `c`.
    pub offsets: Column<u32>,
    /// Microseconds since 1970 UTC.
    pub times: Column<i64>,
    /// Touchpoint of every event.
    pub codes: Codes,
    pub properties: Vec<Property>,
    pub roles: Roles,
    /// The zone in which periods are cut.
    pub zone: Zone,
    /// Events that share their instant with another event of the same customer.
    pub n_ties: u64,
    /// Events equal to an earlier one in every column, whether kept or dropped.
    pub n_duplicates: u64,
    /// Those of them that were dropped because the load was asked to.
    pub n_dropped_duplicates: u64,
    /// Rows that were dropped because an earlier one has their key.
    pub n_repeated_keys: u64,
    /// One bit per touchpoint that occurs in a journey; touchpoints beyond 64 share bits, so a bit that is not set proves
    /// absence and a set one proves nothing.
    pub masks: Column<u64>,
    /// What touchpoint rules made of the events' own names, where there were any.
    pub mapped: Option<Arc<Mapped>>,
    /// The saved store that columns are read from, where it was opened from one.
    pub saved: Option<Arc<Region>>,
    pub(super) text_order: OnceLock<Vec<u32>>,
    pub(super) touchpoint_counts: OnceLock<Vec<u64>>,
    pub(super) nth: OnceLock<Vec<u32>>,
    pub(super) marked: OnceLock<Vec<u8>>,
    pub(super) occurrences: Occurrences,
    pub(super) last_times: OnceLock<Vec<i64>>,
    pub(super) bounds: Option<(Instant, Instant)>,
}

impl JourneyStore {
    pub fn n_customers(&self) -> usize {
        self.customers.len()
    }

    pub fn n_events(&self) -> usize {
        self.times.len()
    }

    /// Whether something that was read from the saved store is not what was saved, so that no answer of this store may be
    /// used. Never for one that was read from its sources.
    pub fn is_damaged(&self) -> bool {
        self.saved.as_ref().is_some_and(|saved| saved.is_damaged())
    }

    /// The rows of one customer's journey.
    #[inline]
    pub fn journey(&self, customer: CustomerId) -> Range<usize> {
        self.offsets[customer.idx()] as usize..self.offsets[customer.idx() + 1] as usize
    }

    pub fn touchpoint(&self, row: usize) -> TouchpointId {
        TouchpointId(self.codes.get(row))
    }

    pub fn touchpoint_name(&self, row: usize) -> &str {
        self.touchpoints.name(self.codes.get(row))
    }

    pub fn customer_name(&self, customer: CustomerId) -> &str {
        self.customers.name(customer.0)
    }

    /// The customer of this name, or whose anonymous id it is.
    pub fn find_customer(&self, name: &str) -> Option<CustomerId> {
        let of_id = || {
            let Values::Text { codes, names } = &self.properties[self.roles.anonymous?].values else { return None };
            let code = names.get(name)? + 1;
            let row = (0..codes.len()).find(|&row| codes.get(row) == code)?;
            Some(self.offsets.partition_point(|&start| start as usize <= row) as u32 - 1)
        };
        self.customers.get(name).or_else(of_id).map(CustomerId)
    }

    /// The position of the property column with this name.
    pub fn property_idx(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|property| property.name == name)
    }

    /// First and last event time; `None` where there are no events.
    pub fn bounds(&self) -> Option<(Instant, Instant)> {
        self.bounds
    }

    /// The end of observation unless a question moves it back: the latest event time, never the clock.
    pub fn as_of(&self) -> Instant {
        self.bounds.map_or(Instant(0), |(_, last)| last)
    }

    /// All customers in text order of their ids; sorted at the first call.
    pub fn customers_in_text_order(&self) -> &[u32] {
        self.text_order.get_or_init(|| self.customers.in_text_order())
    }

    /// For every event, which occurrence of its name within its customer's journey it is, from 1; counted at the first call.
    pub fn nth(&self) -> &[u32] {
        self.nth.get_or_init(|| super::nth::count(self))
    }

    /// The bit of a touchpoint in `masks`.
    #[inline]
    pub fn mask_bit(code: u32) -> u64 {
        1 << (code % 64)
    }
}
