//! What comes in: channels that nobody declared, rows without an id, clocks that cannot be right.

use std::collections::BTreeMap;

use super::{Checker, Ground, Level};
use crate::base::visible::visible;
use crate::base::{Cancelled, Instant};
use crate::ingest::Reason;
use crate::journey::expr::clock::WallClock;
use crate::journey::{Property, Values};
use crate::workspace::file::AsOf;

/// Undeclared channels that get a row of their own.
const CHANNELS_MAX: usize = 50;

/// From this share of events at exactly midnight on, times are likely dates. By chance it would be one in 86,400 seconds.
const MIDNIGHT_SHARE: f64 = 0.02;

/// 2000-01-01 in microseconds; earlier times in event data are clocks that were never set.
const YEAR_2000: i64 = 946_684_800_000_000;

const DAY: i64 = 86_400_000_000;

impl Checker<'_> {
    pub(super) fn traffic(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        self.channels(ground);
        self.rejected(ground);
        self.shared_devices(ground);
        ground.ctl.check()?;
        self.clocks(ground)
    }

    fn channels(&mut self, ground: &Ground<'_>) {
        let declared: Vec<&str> = self.workspace.channels.iter().map(|channel| channel.id.as_str()).collect();
        let all = ground.store.n_events() as u64;
        let Some(idx) = ground.store.roles.channel else {
            for id in declared {
                let place = self.place("channel", id, "");
                let what = format!("the channel `{}` never occurs, because no column plays the channel", visible(id));
                self.add(Level::Note, place, what, "name the column with channel = in columns of the source");
            }
            return;
        };
        let counts = counts(&ground.store.properties[idx]);
        for id in &declared {
            if !counts.iter().any(|(name, _)| name == id) {
                let place = self.place("channel", id, "");
                let what = format!("the channel `{}` never occurs", visible(id));
                self.count(
                    Level::Note,
                    place,
                    what,
                    (0, all),
                    "take it out, or see whether the data calls it otherwise",
                );
            }
        }
        if declared.is_empty() {
            return;
        }
        let undeclared = || counts.iter().filter(|(name, _)| !declared.contains(&name.as_str()));
        for (name, n) in undeclared().take(CHANNELS_MAX) {
            let shown = visible(name);
            let what = format!("the channel `{shown}` occurs and is not declared");
            let remedy = format!("add [channel.{}] with its ownership and media", key(name));
            self.count(Level::Warning, format!("channel:{shown}"), what, (*n, all), remedy);
        }
        let (n_more, more) =
            undeclared().skip(CHANNELS_MAX).fold((0, 0), |(names, events), (_, n)| (names + 1, events + n));
        if n_more > 0 {
            let what = format!("{n_more} more channels occur and are not declared");
            self.count(Level::Warning, "data".to_owned(), what, (more, all), "see whether this column is a channel");
        }
    }

    fn rejected(&mut self, ground: &Ground<'_>) {
        let rows = ground.report.rows;
        for (reason, n) in &ground.report.rejects.counts {
            let what = match reason {
                Reason::NoCustomer => "rows without a customer's id; they belong to nobody and are left out".to_owned(),
                reason => format!("rows were rejected: {}", reason.name()),
            };
            let remedy = "`trailmap rejects` lists them with their lines";
            self.count(Level::Warning, "data".to_owned(), what, (*n, rows), remedy);
        }
        if ground.store.n_events() == 0 {
            self.add(
                Level::Error,
                "data".to_owned(),
                "there is no event in the data".to_owned(),
                "see `trailmap rejects`",
            );
        }
    }

    /// Ids that so many rows link that no one person can have them.
    fn shared_devices(&mut self, ground: &Ground<'_>) {
        let Some(identity) = &ground.report.identity else { return };
        let links = &identity.links;
        if links.n_shared > 0 {
            let what = format!(
                "{} clusters of more than {} ids are shared devices, which are not merged; their {} ids stay customers of their own",
                links.n_shared, identity.max_ids, links.n_shared_ids
            );
            let counts = (links.n_shared_events, ground.store.n_events() as u64);
            let remedy =
                "`trailmap profile --identity --table clusters` lists them; max_ids in [identity] is the limit";
            self.count(Level::Note, "data".to_owned(), what, counts, remedy);
        }
    }

    fn clocks(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        let store = ground.store;
        let all = store.n_events() as u64;
        let as_of = match &self.workspace.as_of {
            AsOf::At(when) => when.resolve(&store.zone).micros(),
            AsOf::ExportEnd | AsOf::Now => i64::MAX,
        };
        let clock = WallClock::new(&store.zone, store.bounds());
        let [mut late, mut early, mut midnight] = [0u64; 3];
        for times in store.times.chunks(1 << 16) {
            ground.ctl.check()?;
            for &time in times {
                let is_midnight = time % 1_000_000 == 0 && clock.micros(time).rem_euclid(DAY) == 0;
                late += u64::from(time > as_of);
                early += u64::from(time < YEAR_2000);
                midnight += u64::from(is_midnight);
            }
        }
        let place = || "data".to_owned();
        if late > 0 {
            let what = format!("events lie after as_of ({}) and take no part", Instant(as_of));
            self.count(Level::Warning, place(), what, (late, all), "move as_of, or see whether a clock runs ahead");
        }
        if early > 0 {
            let what = "events are older than 2000-01-01, as of a clock that was never set".to_owned();
            self.count(
                Level::Warning,
                place(),
                what,
                (early, all),
                "see how these times are written (time_format), or leave them out",
            );
        }
        if midnight > 0 && midnight as f64 >= MIDNIGHT_SHARE * all as f64 {
            let what = "events lie at exactly midnight, as dates without a time of day do".to_owned();
            let remedy = "the order within such a day is that of the rows; times shorter than a day mean nothing";
            self.count(Level::Warning, place(), what, (midnight, all), remedy);
        }
        if store.n_ties > 0 {
            let what = "events share their instant with another event of the same customer".to_owned();
            self.count(Level::Note, place(), what, (store.n_ties, all), "their order is that of files and rows");
        }
        Ok(())
    }
}

/// Values of a column with how often they occur, most first.
fn counts(property: &Property) -> Vec<(String, u64)> {
    let mut by_text: BTreeMap<String, u64> = BTreeMap::new();
    match &property.values {
        Values::Text { codes, names } => {
            let mut counts = vec![0u64; names.len() + 1];
            crate::with_codes!(codes, |codes| codes
                .iter()
                .for_each(|code| counts[crate::journey::Code::idx(*code)] += 1));
            let named = names.iter().zip(&counts[1..]).filter(|(_, n)| **n > 0);
            by_text.extend(named.map(|(name, n)| (name.to_owned(), *n)));
        }
        Values::Int(_) | Values::Float(_) | Values::Time(_) => {
            for text in (0..property.values.len()).filter_map(|row| property.text(row)) {
                *by_text.entry(text.into_owned()).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<(String, u64)> = by_text.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare { name.to_owned() } else { format!("\"{}\"", visible(name).replace('\\', "\\\\").replace('"', "\\\"")) }
}
