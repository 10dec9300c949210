//! A column of texts by row, whatever it is kept in, and the order among the texts of two.

use rayon::prelude::*;

use super::super::names::Names;
use super::super::props::Values;
use super::super::store::JourneyStore;
use super::events::customer_of;
use super::types::Field;

/// A column of texts by row.
pub(super) struct Texts<'s> {
    store: &'s JourneyStore,
    field: Field,
    names: &'s Names,
}

impl<'s> Texts<'s> {
    /// # Panics
    /// Never for a field of type text.
    pub(super) fn of(store: &'s JourneyStore, field: Field) -> Self {
        let names = match field {
            Field::Column(idx) => match &store.properties[idx].values {
                Values::Text { names, .. } => names,
                _ => &store.touchpoints,
            },
            Field::Customer => &store.customers,
            _ => &store.touchpoints,
        };
        Texts { store, field, names }
    }

    pub(super) fn code(&self, row: usize) -> Option<usize> {
        match self.field {
            Field::Column(idx) => match &self.store.properties[idx].values {
                Values::Text { codes, .. } => (codes.get(row) as usize).checked_sub(1),
                _ => None,
            },
            Field::Customer => Some(customer_of(&self.store.offsets, row)),
            _ => Some(self.store.codes.get(row) as usize),
        }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'s str> {
        self.code(row).map(|code| self.names.name(code as u32))
    }

    /// For every text of both, its place in the text order of all.
    pub(super) fn ranks(left: &Texts<'_>, right: &Texts<'_>) -> (Vec<u32>, Vec<u32>) {
        let mut all: Vec<&str> = left.names.iter().chain(right.names.iter()).collect();
        all.par_sort_unstable();
        all.dedup();
        let rank = |names: &Names| names.iter().map(|name| all.partition_point(|text| *text < name) as u32).collect();
        (rank(left.names), rank(right.names))
    }
}
