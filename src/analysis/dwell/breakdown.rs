//! The value of a breakdown at a visit, and which values are shown: the 20 with most visits, and `(other)` for the rest.

use std::ops::Range;

use super::kernel::Visit;
use super::spec::{BreakdownAt, DwellSpec};
use crate::analysis::Error;
use crate::analysis::grouping::{GroupColumn, KeyCounts, Places};
use crate::journey::View;

/// Where a visit's value stands.
#[derive(Debug, Clone, Copy)]
pub struct Value<'v> {
    view: &'v View,
    column: GroupColumn<'v>,
    pub at: BreakdownAt,
}

impl<'v> Value<'v> {
    /// The column of a spec's breakdown, `None` where it has none. The word `event` means the event's name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn resolve(view: &'v View, spec: &DwellSpec) -> Result<Option<Self>, Error> {
        let Some(name) = &spec.breakdown else { return Ok(None) };
        Ok(Some(Value { view, column: GroupColumn::find(view.store(), name)?, at: spec.breakdown_at }))
    }

    /// A key that two visits share exactly where their values are equal.
    #[inline]
    pub fn key(&self, visit: &Visit) -> i64 {
        self.column.key(self.view, self.position(visit.start as usize, || self.view.journey(visit.customer)))
    }

    /// Where the value stands of a visit that starts at a position of a journey.
    #[inline(always)]
    fn position(&self, start: usize, journey: impl FnOnce() -> Range<usize>) -> usize {
        match self.at {
            BreakdownAt::Entry => start,
            BreakdownAt::First => journey().start,
            BreakdownAt::Last => journey().end - 1,
        }
    }

    /// As `key`, by where a visit starts and its journey, where keys are bytes.
    pub fn byte_keys(&self) -> Option<impl Fn(usize, &Range<usize>) -> usize> {
        let key = self.column.byte_keys(self.view)?;
        Some(move |start, journey: &Range<usize>| key(self.position(start, || journey.clone())))
    }

    /// How many keys there are, where they are the numbers from 0.
    pub fn n_keys(&self) -> Option<usize> {
        self.column.n_keys(self.view.store())
    }

    /// The values that are shown, from the number of visits by key; a key may come more than once.
    pub fn places(&self, visits: impl Iterator<Item = (i64, u64)>) -> Places {
        let mut counts = KeyCounts::default();
        visits.for_each(|(key, n)| counts.add_many(key, n));
        Places::of(self.column, self.view.store(), &counts)
    }
}
