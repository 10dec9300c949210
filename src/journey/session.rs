//! Sessions: pieces of a journey between gaps.
//!
//! A new session starts where the gap to the event before is greater than the session gap. Where the data has a session
//! column, a session starts where that column changes instead, and the gap decides only next to events without an id.

use std::ops::Range;

use super::view::View;
use crate::base::Span;

/// What starts a session, ready for one pass over a view.
#[derive(Debug, Clone, Copy)]
pub struct SessionRule<'v> {
    view: &'v View,
    gap: i64,
}

impl<'v> SessionRule<'v> {
    pub fn new(view: &'v View, gap: Span) -> Self {
        SessionRule { view, gap: gap.micros() }
    }

    /// Whether the event at `position` starts a session; `position − 1` must belong to the same journey.
    #[inline]
    pub fn starts(&self, position: usize) -> bool {
        let store = self.view.store();
        if let Some(session) = store.roles.session {
            let property = &store.properties[session];
            let (before, here) = (self.view.row(position - 1), self.view.row(position));
            if !property.is_null(before) && !property.is_null(here) {
                return property.key(before) != property.key(here);
            }
        }
        let times = self.view.times();
        times[position] - times[position - 1] > self.gap
    }

    /// The sessions of a journey, in order.
    pub fn sessions(&self, journey: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let rule = *self;
        let mut start = journey.start;
        std::iter::from_fn(move || {
            if start >= journey.end {
                return None;
            }
            let end = (start + 1..journey.end).find(|&position| rule.starts(position)).unwrap_or(journey.end);
            let session = start..end;
            start = end;
            Some(session)
        })
    }

    pub fn count(&self, journey: Range<usize>) -> u64 {
        if journey.is_empty() {
            return 0;
        }
        1 + (journey.start + 1..journey.end).filter(|&position| self.starts(position)).count() as u64
    }
}
