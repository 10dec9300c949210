//! What was made of each source, in a few words: the export it was taken for and what else it might have been, its zone, its days
//! without rows, and what of it plays no part.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::LoadOptions;
use super::presets;
use super::report::Role;
use super::roles::{SampleColumn, candidates};
use super::sources::{Source, Table, role_of};
use crate::base::{Instant, Zone};
use crate::journey::{JourneyStore, Values};

/// What was made of one source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// As in `FileReport::file`.
    pub file: String,
    /// The preset it was read by.
    pub preset: Option<Cow<'static, str>>,
    /// Other presets and, as `generic`, the names of the columns alone, with how much of what each looks for is there, 0 to 1;
    /// the nearest first.
    pub others: Vec<(Cow<'static, str>, f64)>,
    /// How times are written.
    pub times: String,
    /// Where they have no zone: the one they were taken for, and whether somebody said so.
    pub zone: Option<(String, bool)>,
    /// Columns that play no part and are kept as properties.
    pub n_properties: usize,
    /// Days from the first event to the last, and how many of them have none.
    pub n_days: u64,
    pub n_empty_days: u64,
    /// The first few of those.
    pub empty_days: Vec<String>,
}

/// Others that are named, and days without rows.
const OTHERS: usize = 3;
const EMPTY_DAYS: usize = 3;

/// A source that spans more days is not looked at day by day.
const DAYS_MAX: i64 = 4000;

/// The shortest piece of time in which every zone changes its day.
const PIECE: i64 = 15 * 60 * 1_000_000;
const PIECES_MAX: i64 = DAYS_MAX * 96;

impl Reading {
    /// In pairs of what it is about and what is to say.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let score = |(name, score): &(Cow<'static, str>, f64)| format!("{name} {score:.2}");
        let others: Vec<String> = self.others.iter().map(score).collect();
        let others = if others.is_empty() { String::new() } else { format!("; not {}", others.join(", ")) };
        let mut facts =
            vec![("preset", format!("{}{others}", self.preset.as_deref().unwrap_or("none, by its columns alone")))];
        let zone = self.zone.as_ref().map(|(zone, is_said)| match is_said {
            true => String::new(),
            false => format!("; nobody said {zone}, it is assumed"),
        });
        facts.push(("times", format!("{}{}", self.times, zone.unwrap_or_default())));
        if self.n_days > 0 {
            let empty = match self.n_empty_days {
                0 => "none without rows".to_owned(),
                n => {
                    let more = if n > self.empty_days.len() as u64 { " …" } else { "" };
                    format!("{n} without rows: {}{more}", self.empty_days.join(", "))
                }
            };
            facts.push(("days", format!("{}, {empty}", self.n_days)));
        }
        facts.push(("properties", format!("{} columns play no part and are kept", self.n_properties)));
        facts
    }
}

/// What else a source with these columns might have been.
pub(super) fn others(columns: &[String], chosen: Option<&'static str>) -> Vec<(&'static str, f64)> {
    let mut scores: Vec<(&'static str, f64)> = presets::all()
        .filter(|preset| Some(preset.name) != chosen)
        .map(|preset| (preset.name, preset.score(columns)))
        .collect();
    scores.retain(|(_, score)| *score > 0.0);
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores.truncate(OTHERS);
    if chosen.is_some() {
        let bare: Vec<SampleColumn<'_>> =
            columns.iter().map(|name| SampleColumn { name, values: Vec::new(), n_rows: 0 }).collect();
        let best = |role: Role| candidates(&bare, role).first().map_or(0.0, |(_, score)| *score);
        let least = [Role::Customer, Role::Event, Role::Time].into_iter().map(best).fold(1.0, f64::min);
        scores.push(("generic", least));
    }
    scores
}

/// What was made of every source, once its events are there.
pub(super) fn readings(sources: &[Source], table: &Table, store: &JourneyStore, options: &LoadOptions) -> Vec<Reading> {
    let mut days = days(sources, table, store).into_iter();
    let reading = |source: &Source| {
        let plan = &source.plan;
        let is_property = |column: &usize| role_of(&source.roles, *column) == Role::Property;
        let days = days.next().flatten();
        let (n_days, empty) = days.map_or((0, Vec::new()), |pieces| pieces.empty(&store.zone));
        Reading {
            file: source.input.name.clone(),
            preset: source.preset.map(Cow::Borrowed),
            others: source.others.iter().map(|(name, score)| (Cow::Borrowed(*name), *score)).collect(),
            times: if plan.terms.is_links { "none".into() } else { plan.time_reader.describe() },
            zone: plan.time_reader.is_naive().then(|| (plan.time_reader.zone_name(), options.zone.is_some())),
            n_properties: plan.properties.iter().filter(|column| is_property(column)).count(),
            n_days,
            n_empty_days: empty.len() as u64,
            empty_days: empty.into_iter().take(EMPTY_DAYS).collect(),
        }
    };
    sources.iter().map(reading).collect()
}

/// Pieces of time in which a source has events.
struct Pieces {
    first: i64,
    has_events: Vec<bool>,
}

impl Pieces {
    /// The days from the first event to the last, and those without any.
    fn empty(&self, zone: &Zone) -> (u64, Vec<String>) {
        let day = |piece: usize| {
            let civil = zone.civil(Instant((self.first + piece as i64) * PIECE));
            (civil.year, civil.month, civil.day)
        };
        let mut seen = Vec::new();
        for (piece, _) in self.has_events.iter().enumerate().filter(|(_, has)| **has) {
            let day = day(piece);
            if seen.last() != Some(&day) {
                seen.push(day);
            }
        }
        let mut days = Vec::new();
        for piece in 0..self.has_events.len() {
            let day = day(piece);
            if days.last() != Some(&day) {
                days.push(day);
            }
        }
        let text = |(year, month, day): &(i32, u8, u8)| format!("{year:04}-{month:02}-{day:02}");
        let empty = days.iter().filter(|day| seen.binary_search(day).is_err()).map(text).collect();
        (days.len() as u64, empty)
    }
}

/// For every source when it has events; nothing of one that has none, or over too long a time.
fn days(sources: &[Source], table: &Table, store: &JourneyStore) -> Vec<Option<Pieces>> {
    let piece = |time: i64| time.div_euclid(PIECE);
    let mut found: Vec<Option<Pieces>> = sources.iter().map(|_| None).collect();
    let Some((first, last)) = store.bounds() else { return found };
    let (first, n) = (piece(first.0), piece(last.0) - piece(first.0) + 1);
    if n > PIECES_MAX {
        return found;
    }
    let n = n as usize;
    let of_code: Vec<Option<usize>> = match table.source.map(|at| &store.properties[at].values) {
        Some(Values::Text { names, .. }) => {
            names.iter().map(|name| sources.iter().position(|source| source.input.name == name)).collect()
        }
        _ => Vec::new(),
    };
    // Many files over many years would take more memory than they are worth.
    if n * sources.len() > 1 << 26 {
        return found;
    }
    let mut has: Vec<Vec<bool>> = sources.iter().map(|_| vec![false; n]).collect();
    match table.source.map(|at| &store.properties[at].values) {
        Some(Values::Text { codes, .. }) => {
            for row in 0..store.n_events() {
                let Some(Some(source)) = codes.get(row).checked_sub(1).map(|code| of_code[code as usize]) else {
                    continue;
                };
                has[source][(piece(store.times[row]) - first) as usize] = true;
            }
        }
        _ => store.times.iter().for_each(|time| has[0][(piece(*time) - first) as usize] = true),
    }
    for (place, mut has_events) in found.iter_mut().zip(has) {
        let Some(start) = has_events.iter().position(|has| *has) else { continue };
        has_events.drain(..start);
        let end = has_events.iter().rposition(|has| *has).map_or(0, |end| end + 1);
        has_events.truncate(end);
        *place = Some(Pieces { first: first + start as i64, has_events });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_rows_are_those_of_the_zone() {
        let day = 96;
        let mut has_events = vec![false; 3 * day + 1];
        (has_events[0], has_events[3 * day]) = (true, true);
        let pieces = Pieces { first: 0, has_events };
        assert_eq!(pieces.empty(&Zone::utc()), (4, vec!["1970-01-02".to_owned(), "1970-01-03".to_owned()]));
        let west: Zone = "-01:00".parse().expect("a zone");
        let (n, empty) = pieces.empty(&west);
        assert_eq!((n, empty.len(), empty[0].as_str()), (4, 2, "1970-01-01"));
    }

    #[test]
    fn what_a_source_might_have_been_is_said_with_how_much_of_it_is_there() {
        let columns: Vec<String> = ["user_id", "event", "timestamp", "messageId", "type"].map(str::to_owned).to_vec();
        let others = others(&columns, Some("amplitude"));
        let segment = others.iter().find(|(name, _)| *name == "segment").expect("near");
        assert!((segment.1 - 2.0 / 3.0).abs() < 1e-9, "{others:?}");
        assert_eq!(others.last().map(|(name, score)| (*name, *score > 0.6)), Some(("generic", true)));
    }
}
