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

#[cfg(test)]
mod tests {
    use super::super::bitmap::Bitmap;
    use super::super::fixture::{self, view};
    use super::*;
    use crate::base::CustomerId;
    use proptest::prelude::*;

    /// The sessions of the first customer as lengths.
    #[track_caller]
    fn check(text: &str, gap: Span, expect: &[usize]) {
        let view = view(text);
        let rule = SessionRule::new(&view, gap);
        let journey = view.journey(CustomerId(0));
        let lengths: Vec<usize> = rule.sessions(journey.clone()).map(|session| session.len()).collect();
        assert_eq!(lengths, expect, "{text}");
        assert_eq!(rule.count(journey), expect.len() as u64, "{text}");
    }

    #[test]
    fn a_gap_must_be_greater_than_the_session_gap() {
        check("x: a0 b1800 c3601", Span::minutes(30), &[2, 1]);
        check("x: a0 b1800 c3600", Span::minutes(30), &[3]);
        check("x: a0 b0 c1", Span::ZERO, &[2, 1]);
    }

    #[test]
    fn a_session_column_decides_where_both_events_have_it() {
        let text = "x: a0{session=1} b9000{session=1} c9001{session=2} d9002 e9003 f20000{session=2} g20001{session=2}";
        check(text, Span::minutes(30), &[2, 3, 2]);
    }

    #[test]
    fn in_a_filtered_view_the_gap_is_that_between_kept_events() {
        let view = view("x: a0 b1500 c3000");
        let kept = Bitmap::from_fn(3, |row| row != 1);
        let view = view.with_events(&kept);
        assert_eq!(SessionRule::new(&view, Span::minutes(30)).count(view.journey(CustomerId(0))), 2);
    }

    #[test]
    fn nothing_has_no_sessions() {
        let view = view("x: a0");
        let rule = SessionRule::new(&view, Span::minutes(30));
        assert_eq!((rule.count(0..0), rule.sessions(0..0).count()), (0, 0));
    }

    proptest! {
        #[test]
        fn sessions_cover_the_journey_in_order_and_only_gaps_part_them(
            rows in prop::collection::vec((0u8..4, 0u8..3, 0i64..200, 0u8..3), 1..80),
            gap in 0i64..20,
        ) {
            let view = View::whole(std::sync::Arc::new(fixture::of_rows(&rows, usize::MAX)));
            let rule = SessionRule::new(&view, Span::seconds(gap));
            for customer in view.customers() {
                let journey = view.journey(customer);
                let sessions: Vec<Range<usize>> = rule.sessions(journey.clone()).collect();
                prop_assert_eq!(sessions.len() as u64, rule.count(journey.clone()));
                prop_assert_eq!(sessions.iter().cloned().flatten().collect::<Vec<_>>(), journey.clone().collect::<Vec<_>>());
                let starts: Vec<usize> = sessions.iter().map(|session| session.start).collect();
                for position in journey.start + 1..journey.end {
                    let silence = view.times()[position] - view.times()[position - 1];
                    prop_assert_eq!(starts.contains(&position), silence > gap * 1_000_000);
                }
            }
        }
    }
}
