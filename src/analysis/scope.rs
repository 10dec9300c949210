//! What every question shares: which events, which customers, which period, observed until when.

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Among, Error};
use crate::base::{Cancelled, Ctl, Instant, Span, When, Zone};
use crate::journey::expr::{MaskError, customer_mask, event_mask};
use crate::journey::{Bitmap, Expr, JourneyStore, View};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Keep only the events for which this holds, before journeys are cut: channel == "web"
    #[arg(long, value_name = "EXPR", help_heading = "Choosing")]
    pub events: Option<String>,
    /// Keep only the customers for whom this holds, with their whole journeys: did(cart) and journey.events > 3
    #[arg(long, value_name = "EXPR", help_heading = "Choosing")]
    pub customers: Option<String>,
    /// Keep what starts at this time or later; what follows may lie beyond
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub since: Option<When>,
    /// Keep what starts before this time
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub until: Option<When>,
    /// With --since and --until: leave out every event outside the period (late conversions vanish)
    #[arg(long, help_heading = "Choosing")]
    pub clip: bool,
    /// Take this as the end of observation instead of the latest event; later events are left out
    #[arg(long, value_name = "TIME", help_heading = "Choosing")]
    pub as_of: Option<When>,
    /// The gap after which a new session starts
    #[arg(long, value_name = "SPAN", default_value_t = Scope::default().session_gap, help_heading = "Choosing")]
    pub session_gap: Span,
    /// Keep only the customers behind a number of another question: 'funnel -s cart -s pay --who 1:dropped'; begin with not to leave them out
    #[arg(long, value_name = "QUESTION", help_heading = "Choosing")]
    pub among: Vec<Among>,
}

impl Default for Scope {
    fn default() -> Self {
        Scope {
            events: None,
            customers: None,
            since: None,
            until: None,
            clip: false,
            as_of: None,
            session_gap: Span::minutes(30),
            among: Vec::new(),
        }
    }
}

impl Scope {
    /// The half-open period in which entries count, `None` where it is unbounded.
    pub fn entry_period(&self, zone: &Zone) -> (Option<Instant>, Option<Instant>) {
        (self.since.as_ref().map(|when| when.resolve(zone)), self.until.as_ref().map(|when| when.resolve(zone)))
    }

    /// The events and customers that this scope keeps. A scope that leaves nothing out gives the store itself, uncopied.
    ///
    /// `--events`, `--clip` and `--as-of` take events away; `--customers` is then asked about the journeys that are left.
    /// Without `--clip` the period only says which entries count, which is the analysis's to apply.
    ///
    /// # Errors
    /// An expression that does not parse or names an unknown column or event; a period that ends before it starts.
    pub fn view(&self, store: &Arc<JourneyStore>, ctl: &Ctl) -> Result<View, Error> {
        ctl.check()?;
        let (since, until) = self.checked_period(&store.zone)?;
        let mut view = View::whole(Arc::clone(store));
        let mut kept: Option<Bitmap> = None;
        let mut keep = |mask: Bitmap| {
            kept = Some(match kept.take() {
                Some(before) => before.and(&mask),
                None => mask,
            });
        };
        if let Some(text) = &self.events {
            let of_flag = |err: MaskError| Error::of_flag("--events", err);
            let expr = Expr::parse(text).map_err(|err| of_flag(err.into()))?;
            keep(event_mask(store, &expr, ctl).map_err(of_flag)?);
        }
        if self.clip && (since.is_some() || until.is_some()) {
            let (since, until) = (since.map_or(i64::MIN, Instant::micros), until.map_or(i64::MAX, Instant::micros));
            keep(time_mask(store, ctl, |time| since <= time && (time < until || until == i64::MAX))?);
        }
        if let Some(as_of) = self.as_of.as_ref().map(|when| when.resolve(&store.zone)) {
            if as_of < store.as_of() {
                keep(time_mask(store, ctl, |time| time <= as_of.micros())?);
            }
            view = view.with_as_of(as_of);
        }
        if let Some(kept) = kept.filter(|kept| kept.count() < store.n_events()) {
            ctl.check()?;
            view = view.with_events(&kept);
        }
        if let Some(text) = &self.customers {
            let of_flag = |err: MaskError| Error::of_flag("--customers", err);
            let expr = Expr::parse(text).map_err(|err| of_flag(err.into()))?;
            let chosen = customer_mask(&view, &expr, self.session_gap, ctl).map_err(of_flag)?;
            if chosen.count() < store.n_customers() {
                view = view.with_customers(chosen);
            }
        }
        for among in &self.among {
            let chosen = among.chosen(store, ctl).map_err(|err| match err {
                Error::Cancelled(cancelled) => Error::Cancelled(cancelled),
                err => Error::Among(Box::new(err)),
            })?;
            view = view.with_customers(chosen);
        }
        Ok(view)
    }

    fn checked_period(&self, zone: &Zone) -> Result<(Option<Instant>, Option<Instant>), Error> {
        let period = self.entry_period(zone);
        if let ((Some(from), Some(to)), Some(since), Some(until)) = (period, &self.since, &self.until)
            && from >= to
        {
            return Err(Error::Invalid(format!(
                "--since {since} is not before --until {until}; nothing lies between them"
            )));
        }
        Ok(period)
    }
}

/// The events whose time passes: one bit per event of the store.
fn time_mask(store: &JourneyStore, ctl: &Ctl, keeps: impl Fn(i64) -> bool + Sync) -> Result<Bitmap, Cancelled> {
    let times = &store.times;
    let mut words = vec![0u64; times.len().div_ceil(64)];
    words.par_chunks_mut(256).zip(times.par_chunks(256 * 64)).try_for_each(|(words, times)| {
        ctl.check()?;
        for (word, times) in words.iter_mut().zip(times.chunks(64)) {
            *word = times.iter().enumerate().fold(0, |bits, (at, &time)| bits | (u64::from(keeps(time)) << at));
        }
        Ok(())
    })?;
    Ok(Bitmap::from_words(words, times.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CustomerId;
    use crate::journey::fixture::journeys;

    const TEXT: &str = "x: a0{channel=web} b60{channel=app} a120{channel=web}\ny: b30{channel=web} b90{channel=app}\nz: a150{channel=app}";

    /// The kept events as "x:a0 b60 | y:b30", then how long it is observed in seconds.
    #[track_caller]
    fn check(scope: &Scope, expect: &str) {
        let store = Arc::new(journeys(TEXT));
        let view = scope.view(&store, &Ctl::new()).expect("a view");
        let journey = |customer: CustomerId| {
            let events = view.journey(customer).map(|position| {
                let name = store.touchpoint_name(view.row(position));
                format!("{name}{}", view.times()[position] / 1_000_000)
            });
            format!("{}:{}", store.customer_name(customer), events.collect::<Vec<_>>().join(" "))
        };
        let journeys = view.customers().map(journey).collect::<Vec<_>>().join(" | ");
        assert_eq!(format!("{journeys} @{}", view.as_of().micros() / 1_000_000), expect);
    }

    fn when(text: &str) -> Option<When> {
        Some(text.parse().expect("a time"))
    }

    #[test]
    fn without_filters_nothing_is_copied() {
        let store = Arc::new(journeys(TEXT));
        for scope in [
            Scope::default(),
            Scope {
                events: Some("time >= 1970-01-01".into()),
                customers: Some("journey.events > 0".into()),
                ..Scope::default()
            },
            Scope { since: when("1970-01-01T00:01"), ..Scope::default() },
            Scope { clip: true, as_of: when("1970-01-02"), ..Scope::default() },
        ] {
            assert!(scope.view(&store, &Ctl::new()).expect("a view").is_whole(), "{scope:?}");
        }
    }

    #[test]
    fn filters_compose_and_customers_are_asked_about_what_events_left() {
        let events = Some("channel == \"web\"".to_owned());
        check(&Scope { events: events.clone(), ..Scope::default() }, "x:a0 a120 | y:b30 @150");
        check(&Scope { customers: Some("did(b)".into()), ..Scope::default() }, "x:a0 b60 a120 | y:b30 b90 @150");
        check(&Scope { events, customers: Some("not did(b)".into()), ..Scope::default() }, "x:a0 a120 @150");
    }

    #[test]
    fn a_period_removes_events_only_when_clipped_and_is_half_open() {
        let (since, until) = (when("1970-01-01T00:00:30"), when("1970-01-01T00:02"));
        let scope = Scope { since, until, ..Scope::default() };
        check(&scope, "x:a0 b60 a120 | y:b30 b90 | z:a150 @150");
        check(&Scope { clip: true, ..scope }, "x:b60 | y:b30 b90 @150");
    }

    #[test]
    fn as_of_takes_later_events_away_and_keeps_those_at_it() {
        check(&Scope { as_of: when("1970-01-01T00:01"), ..Scope::default() }, "x:a0 b60 | y:b30 @60");
        check(
            &Scope { as_of: when("1970-01-01T00:10"), ..Scope::default() },
            "x:a0 b60 a120 | y:b30 b90 | z:a150 @600",
        );
    }

    #[track_caller]
    fn check_error(scope: &Scope, expect: &str) {
        let err = scope.view(&Arc::new(journeys(TEXT)), &Ctl::new()).expect_err("an error");
        assert_eq!(err.to_string(), expect);
    }

    #[test]
    fn errors_name_the_flag() {
        let events = Some("value > 3 and chanel == \"web\"".to_owned());
        check_error(
            &Scope { events, ..Scope::default() },
            "--events: column 1: no column plays the value; name one with --value",
        );
        let events = Some("chanel == \"web\"".to_owned());
        check_error(
            &Scope { events, ..Scope::default() },
            "--events: column 1: no column is named `chanel`; did you mean `channel`?",
        );
        let customers = Some("did(bb)".to_owned());
        check_error(
            &Scope { customers, ..Scope::default() },
            "--customers: column 5: no event is named `bb`; did you mean `b`?",
        );
        check_error(
            &Scope { since: when("2024-05-02"), until: when("2024-05-01"), ..Scope::default() },
            "--since 2024-05-02 is not before --until 2024-05-01; nothing lies between them",
        );
        let ctl = Ctl::new();
        ctl.cancel();
        assert_eq!(Scope::default().view(&Arc::new(journeys(TEXT)), &ctl).err(), Some(Error::Cancelled(Cancelled)));
    }
}
