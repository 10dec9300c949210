//! What decides how far the numbers can be trusted, in one sentence each.

use super::count::{LONG_JOURNEY, Tally};
use super::{Check, ColumnRow, VolumeRow};
use crate::analysis::Scope;
use crate::journey::View;

pub(super) fn checks(
    view: &View,
    scope: &Scope,
    tally: &Tally,
    columns: &[ColumnRow],
    volume: &[VolumeRow],
) -> Vec<Check> {
    let (n_events, n_customers) = (tally.n_events, tally.n_customers);
    let mut checks = vec![
        ties(tally),
        duplicates(view),
        check(
            "times at midnight",
            tally.n_midnight,
            Some(n_events),
            "where this is nearly all, the data has dates only and the order within a day is that of the file".into(),
        ),
        check(
            "customers with one event",
            tally.n_single,
            Some(n_customers),
            "they have no journey yet; many of them may mean that ids change between visits".into(),
        ),
        check(
            "customers over 1,000 events",
            tally.n_long,
            Some(n_customers),
            format!("more than {LONG_JOURNEY} events are rarely one person: bots, tests, or an id shared by many"),
        ),
        largest(view, tally),
        sessions(view, scope, tally),
        empty_periods(volume),
    ];
    checks.extend(missing(columns, n_events));
    let repeated = view.store().n_repeated_keys;
    if repeated > 0 {
        let all = view.store().n_events() as u64 + view.store().n_dropped_duplicates + repeated;
        let meaning = "rows whose key (--dedupe-by) an earlier row has; they were dropped";
        checks.push(check("repeated keys", repeated, Some(all), meaning.into()));
    }
    let n_later = later(view, scope);
    if scope.as_of.is_some() {
        let meaning = format!("the end of observation is set to {}; later events take no part", view.as_of());
        checks.push(check("events after as-of", n_later, Some(view.store().n_events() as u64), meaning));
    }
    if !view.is_whole() {
        let all = view.store().n_events() as u64;
        let meaning = "events that --events, --customers, --clip or --as-of leave out of every number";
        checks.push(check("left out", all - n_events, Some(all), meaning.into()));
    }
    checks
}

fn check(name: &'static str, value: u64, of: Option<u64>, meaning: String) -> Check {
    let share = of.filter(|&of| of > 0).map(|of| value as f64 / of as f64);
    Check { name, value, share, meaning }
}

fn ties(tally: &Tally) -> Check {
    let meaning = if tally.n_ties == 0 {
        "no two events of a customer share an instant, so their order is certain"
    } else {
        "events at the same instant as another of the same customer stand in the order of the files and rows"
    };
    check("ties", tally.n_ties, Some(tally.n_events), meaning.into())
}

fn duplicates(view: &View) -> Check {
    let store = view.store();
    let (found, dropped) = (store.n_duplicates, store.n_dropped_duplicates);
    let meaning = match (found, dropped) {
        (0, _) => "no two events are equal in every column",
        (_, 0) => "events equal to an earlier one in every column; they are kept, --dedupe drops them",
        _ => "events equal to an earlier one in every column; they were dropped",
    };
    check("duplicates", found, Some(store.n_events() as u64 + dropped), meaning.into())
}

fn largest(view: &View, tally: &Tally) -> Check {
    let (len, meaning) = match tally.largest {
        Some((len, customer)) => (len as u64, format!("events of customer {}", view.store().customer_name(customer))),
        None => (0, "there are no events".to_owned()),
    };
    check("largest journey", len, Some(tally.n_events), meaning)
}

fn sessions(view: &View, scope: &Scope, tally: &Tally) -> Check {
    let store = view.store();
    let meaning = match store.roles.session {
        Some(session) => format!(
            "a new one starts where {} changes, and without it after more than {} of silence",
            store.properties[session].name, scope.session_gap
        ),
        None => format!("a new one starts after more than {} of silence (--session-gap)", scope.session_gap),
    };
    check("sessions", tally.n_sessions, None, meaning)
}

fn empty_periods(volume: &[VolumeRow]) -> Check {
    let empty = || volume.iter().filter(|row| row.events == 0);
    let meaning = match empty().next() {
        None => "every period between the first and the last event has events".to_owned(),
        Some(first) => {
            format!("periods without a single event, the first {}; a load may have failed then", first.label)
        }
    };
    check("empty periods", empty().count() as u64, Some(volume.len() as u64), meaning)
}

/// Missing values of the columns that play a part.
fn missing<'c>(columns: &'c [ColumnRow], n_events: u64) -> impl Iterator<Item = Check> + 'c {
    let parts = [
        ("events without channel", "channel"),
        ("events without value", "value"),
        ("events without score", "score"),
        ("events without session", "session"),
    ];
    columns.iter().filter_map(move |column| {
        let (name, _) = parts.iter().find(|(_, role)| *role == column.role)?;
        let meaning = format!("column {} is empty there; a missing value is never counted as 0", column.name);
        Some(check(name, column.nulls, Some(n_events), meaning))
    })
}

fn later(view: &View, scope: &Scope) -> u64 {
    if scope.as_of.is_none() {
        return 0;
    }
    let as_of = view.as_of().micros();
    view.store().times.iter().filter(|&&time| time > as_of).count() as u64
}
