//! What is in the data: volume, event names, columns, and how far it can be trusted.
//!
//! Everything is about the events and customers of the view, but for duplicates, which were counted at the load.

mod checks;
mod columns;
mod count;
mod steps;

use serde::{Deserialize, Serialize};

use super::{Error, Scope};
use crate::base::{Ctl, Instant, Period};
use crate::journey::View;
use crate::table::{Cell, Kind, Table};
pub use columns::ColumnRow;
pub use steps::words;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileSpec {
    /// Show how ids became people: tables identity, clusters and effect; the sources are read twice
    #[arg(long)]
    pub identity: bool,
    #[command(flatten)]
    pub scope: Scope,
}

/// One event name.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub name: String,
    pub events: u64,
    pub customers: u64,
    pub first: Instant,
    pub last: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VolumeRow {
    pub start: Instant,
    pub label: String,
    pub events: u64,
    pub customers: u64,
}

/// One thing that decides how far the numbers can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub name: &'static str,
    pub value: u64,
    /// Of the events or customers it is about.
    pub share: Option<f64>,
    pub meaning: String,
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub n_events: u64,
    pub n_customers: u64,
    pub n_sessions: u64,
    pub bounds: Option<(Instant, Instant)>,
    /// The columns of the data with the part each plays: customer, time and event first.
    pub columns: Vec<ColumnRow>,
    /// Most frequent first; ties by name.
    pub events: Vec<EventRow>,
    /// Per period, without holes; the period is chosen so that there are at most about a hundred rows.
    pub volume: Vec<VolumeRow>,
    pub period: Period,
    pub checks: Vec<Check>,
    /// Plain event names in the most frequent forward order of touchpoints that ends in the likely goal: a first funnel
    /// to look at. Where there is only one touchpoint it is repeated.
    pub proposed_steps: Vec<String>,
    pub view: View,
}

impl Profile {
    /// Tables `columns`, `events`, `volume`, `quality`.
    pub fn tables(&self) -> Vec<Table> {
        vec![self.columns_table(), self.events_table(), self.volume_table(), self.quality_table()]
    }

    fn columns_table(&self) -> Table {
        let columns = [
            ("column", Kind::Text),
            ("role", Kind::Text),
            ("type", Kind::Text),
            ("nulls", Kind::Count),
            ("distinct", Kind::Count),
            ("example", Kind::Text),
        ];
        let mut table = Table::new("columns", &columns);
        for row in &self.columns {
            table.push(vec![
                Cell::text(row.name.as_str()),
                Cell::text(row.role),
                Cell::text(row.kind),
                Cell::Count(row.nulls),
                row.distinct.map_or(Cell::Empty, Cell::Count),
                row.example.as_ref().map_or(Cell::Empty, |example| Cell::text(example.as_str())),
            ]);
        }
        table
    }

    fn events_table(&self) -> Table {
        let columns = [
            ("event", Kind::Text),
            ("events", Kind::Count),
            ("customers", Kind::Count),
            ("share", Kind::Share),
            ("first", Kind::Time),
            ("last", Kind::Time),
        ];
        let mut table = Table::new("events", &columns);
        for row in &self.events {
            table.push(vec![
                Cell::text(row.name.as_str()),
                Cell::Count(row.events),
                Cell::Count(row.customers),
                Cell::share(row.events, self.n_events),
                Cell::Time(row.first),
                Cell::Time(row.last),
            ]);
        }
        table
    }

    fn volume_table(&self) -> Table {
        let columns = [("period", Kind::Text), ("events", Kind::Count), ("customers", Kind::Count)];
        let mut table = Table::new("volume", &columns);
        for row in &self.volume {
            table.push(vec![Cell::text(row.label.as_str()), Cell::Count(row.events), Cell::Count(row.customers)]);
        }
        table
    }

    fn quality_table(&self) -> Table {
        let columns = [("check", Kind::Text), ("value", Kind::Count), ("share", Kind::Share), ("meaning", Kind::Text)];
        let mut table = Table::new("quality", &columns);
        for check in &self.checks {
            table.push(vec![
                Cell::text(check.name),
                Cell::Count(check.value),
                Cell::number(check.share),
                Cell::text(check.meaning.as_str()),
            ]);
        }
        table
    }
}

/// # Errors
/// `Cancelled`.
pub fn profile(view: &View, spec: &ProfileSpec, ctl: &Ctl) -> Result<Profile, Error> {
    let bounds = count::bounds(view, ctl)?;
    let (period, starts) = count::periods(bounds, &view.store().zone);
    let tally = count::count(view, spec.scope.session_gap, &starts, ctl)?;
    let events = tally.events(&view.store().touchpoints);
    let volume = tally.volume(period, &starts, &view.store().zone);
    let columns = columns::columns(view, &tally, ctl)?;
    let checks = checks::checks(view, &spec.scope, &tally, &columns, &volume);
    let proposed_steps = steps::propose(view, &tally, ctl)?;
    Ok(Profile {
        n_events: tally.n_events,
        n_customers: tally.n_customers,
        n_sessions: tally.n_sessions,
        bounds,
        columns,
        events,
        volume,
        period,
        checks,
        proposed_steps,
        view: view.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use crate::journey::Bitmap;
    use crate::journey::fixture::view;

    fn ask(view: &View) -> Profile {
        profile(view, &ProfileSpec::default(), &Ctl::new()).expect("a profile")
    }

    fn check(profile: &Profile, name: &str) -> (u64, Option<f64>) {
        let check = profile.checks.iter().find(|check| check.name == name).expect(name);
        (check.value, check.share)
    }

    #[test]
    fn events_are_counted_by_name_most_frequent_first() {
        let profile = ask(&view("x: b0 a5 a9\ny: a7 c7"));
        let rows: Vec<_> = profile.events.iter().map(|row| (row.name.as_str(), row.events, row.customers)).collect();
        assert_eq!(rows, [("a", 3, 2), ("b", 1, 1), ("c", 1, 1)]);
        let seconds = |time: Instant| time.micros() / 1_000_000;
        assert_eq!((seconds(profile.events[0].first), seconds(profile.events[0].last)), (5, 9));
        assert_eq!((profile.n_events, profile.n_customers, profile.n_sessions), (5, 2, 2));
        let names: Vec<String> = profile.tables().into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["columns", "events", "volume", "quality"]);
    }

    #[test]
    fn volume_has_no_holes_and_about_a_hundred_rows_at_most() {
        let profile = ask(&view("x: a0 b3599 c7200\ny: a7201"));
        let rows: Vec<_> = profile.volume.iter().map(|row| (row.label.as_str(), row.events, row.customers)).collect();
        assert_eq!(rows, [("1970-01-01 00:00", 2, 1), ("1970-01-01 01:00", 0, 0), ("1970-01-01 02:00", 2, 2)]);
        assert_eq!(check(&profile, "empty periods"), (1, Some(1.0 / 3.0)));
        for (days, period) in [(3, Period::Hour), (80, Period::Day), (400, Period::Week), (2000, Period::Month)] {
            let profile = ask(&view(&format!("x: a0 b{}", days * 86_400)));
            assert_eq!(profile.period, period, "{days} days");
            assert!(profile.volume.len() <= 101, "{days} days: {}", profile.volume.len());
            assert_eq!(profile.volume.iter().map(|row| row.events).sum::<u64>(), 2);
        }
    }

    #[test]
    fn columns_say_what_they_are_and_how_full() {
        let profile = ask(&view("x: a0{channel=web,n=1} b1{n=1,f=0.5}\ny: a2{channel=app,n=-3}"));
        let rows: Vec<_> = profile
            .columns
            .iter()
            .map(|row| (row.name.as_str(), row.role, row.kind, row.nulls, row.distinct, row.example.as_deref()))
            .collect();
        assert_eq!(
            rows,
            [
                ("customer", "customer", "text", 0, Some(2), Some("x")),
                ("time", "time", "time", 0, None, Some("1970-01-01T00:00:00Z")),
                ("event", "event", "text", 0, Some(2), Some("a")),
                ("channel", "channel", "text", 1, Some(2), Some("web")),
                ("n", "property", "int", 0, Some(2), Some("1")),
                ("f", "property", "float", 2, Some(1), Some("0.5")),
            ]
        );
    }

    #[test]
    fn checks_count_what_weakens_trust() {
        let profile = ask(&view("x: a0 b0 b5\ny: a1\nz: a86400 a86400 a86401"));
        assert_eq!(check(&profile, "ties"), (4, Some(4.0 / 7.0)));
        assert_eq!(check(&profile, "duplicates"), (1, Some(1.0 / 7.0)));
        assert_eq!(check(&profile, "customers with one event"), (1, Some(1.0 / 3.0)));
        assert_eq!(check(&profile, "largest journey"), (3, Some(3.0 / 7.0)));
        assert_eq!(check(&profile, "times at midnight"), (4, Some(4.0 / 7.0)));
        assert_eq!(check(&profile, "sessions"), (3, None));
    }

    #[test]
    fn a_profile_of_a_filtered_view_is_about_what_is_left() {
        let whole = view("x: a0{n=1} b1{n=2}\ny: a2\nz: a3{n=3}");
        let kept = Bitmap::from_fn(4, |row| whole.store().touchpoint_name(row) == "a");
        let profile = ask(&whole.with_events(&kept).with_customers(Bitmap::from_fn(3, |customer| customer != 2)));
        assert_eq!((profile.n_events, profile.n_customers), (2, 2));
        assert_eq!(profile.bounds, Some((Instant(0), Instant(2_000_000))));
        let n = profile.columns.iter().find(|row| row.name == "n").expect("n");
        assert_eq!((n.nulls, n.distinct), (1, Some(1)));
        assert_eq!(profile.events.len(), 1);
        assert_eq!(check(&profile, "left out"), (2, Some(0.5)));
    }

    #[test]
    fn nothing_has_a_profile_too() {
        let profile = ask(&view(""));
        assert_eq!((profile.n_events, profile.bounds, profile.volume.len()), (0, None, 0));
        assert!(profile.proposed_steps.is_empty());
        assert!(profile.tables().iter().all(|table| table.rows().count() < 20));
    }

    #[test]
    fn sessions_follow_the_gap_that_is_asked_for() {
        let view = view("x: a0 b60 c200");
        let spec =
            ProfileSpec { identity: false, scope: Scope { session_gap: Span::seconds(100), ..Scope::default() } };
        assert_eq!(profile(&view, &spec, &Ctl::new()).expect("a profile").n_sessions, 2);
    }
}
