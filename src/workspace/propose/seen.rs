//! `Seen`: what a load shows that a workspace can be proposed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words;
use crate::analysis::profile::{ProfileSpec, profile};
use crate::base::{Cancelled, Ctl};
use crate::ingest::{LoadReport, Role};
use crate::journey::chunks::par_customers;
use crate::journey::{JourneyStore, Property, Values, View};
use crate::with_codes;

/// Event names that get a rule of their own, the most frequent first.
pub const NAMES_MAX: usize = 200;

/// Channels that are listed.
const CHANNELS_MAX: usize = 40;

/// Kinds of scores that are told apart.
const KINDS_MAX: usize = 8;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    pub n_events: u64,
    pub n_rows: u64,
    /// Role, column and how sure that is.
    pub roles: Vec<(Role, String, f64)>,
    pub properties: Vec<String>,
    pub zone: String,
    /// A column whose values name an event, and the rows that repeat one.
    pub event_id: Option<(String, u64)>,
    /// A column with ids of visitors who are not known.
    pub anonymous: Option<String>,
    pub order: Option<String>,
    /// The most frequent first.
    pub names: Vec<NameSeen>,
    /// Names that are not among them.
    pub n_more_names: usize,
    /// The most frequent first.
    pub channels: Vec<(String, u64)>,
    pub n_more_channels: usize,
    pub scores: Vec<ScoreSeen>,
    /// A first funnel, ending in the goal.
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameSeen {
    pub name: String,
    pub events: u64,
    pub customers: u64,
    /// Of those, who had it twice and more.
    pub again: u64,
    /// Where it first comes among the different events of a journey, from 0 to 1 in the mean; `None` where it always is
    /// the only one.
    pub lateness: Option<f64>,
}

/// Scores of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSeen {
    pub column: String,
    /// The column and the text that tell the kind.
    pub kind: Option<(String, String)>,
    pub low: f64,
    pub high: f64,
    pub n: u64,
    pub comment: Option<String>,
}

/// Looks at a load.
///
/// # Errors
/// `Cancelled`.
pub fn look(store: &Arc<JourneyStore>, report: &LoadReport, ctl: &Ctl) -> Result<Seen, Cancelled> {
    let view = View::whole(store.clone());
    let (names, n_more_names) = names(&view, ctl)?;
    let profiled = profile(&view, &ProfileSpec::default(), ctl).ok();
    ctl.check()?;
    let property = |is_it: fn(&str) -> bool| {
        let mut columns = report.columns.iter().filter(|column| column.role == Role::Property);
        columns.find(|column| is_it(&column.name)).map(|column| column.name.clone())
    };
    let (channels, n_more_channels) = channels(store);
    Ok(Seen {
        n_events: store.n_events() as u64,
        n_rows: report.rows,
        roles: report
            .columns
            .iter()
            .filter(|column| column.role != Role::Property)
            .map(|column| (column.role, column.name.clone(), column.certainty))
            .collect(),
        properties: report
            .columns
            .iter()
            .filter(|column| column.role == Role::Property)
            .map(|column| column.name.clone())
            .collect(),
        zone: store.zone.name().to_owned(),
        event_id: property(words::is_event_id).and_then(|column| event_id(store, &column)),
        anonymous: property(words::is_anonymous_id),
        order: property(words::is_order_id),
        names,
        n_more_names,
        channels,
        n_more_channels,
        scores: scores(store),
        steps: profiled.map(|profile| profile.proposed_steps).unwrap_or_default(),
    })
}

impl Seen {
    /// Adds what only another look at the same rows shows, under another id of the customer.
    pub fn add(&mut self, other: Seen) {
        for name in other.names {
            if !self.names.iter().any(|known| known.name == name.name) {
                self.names.push(name);
            }
        }
        for (channel, events) in other.channels {
            match self.channels.iter_mut().find(|(known, _)| *known == channel) {
                Some((_, known)) => *known = (*known).max(events),
                None => self.channels.push((channel, events)),
            }
        }
        self.channels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if self.scores.is_empty() {
            self.scores = other.scores;
        }
    }

    pub fn role(&self, role: Role) -> Option<&str> {
        self.roles.iter().find(|(known, ..)| *known == role).map(|(_, column, _)| column.as_str())
    }
}

/// What is counted per name in some of the journeys.
struct Piece {
    rows: Vec<Row>,
    /// By name, the last customer who had it, plus one, and how often.
    last: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    customers: u64,
    again: u64,
    sum: f64,
    n: u64,
}

fn names(view: &View, ctl: &Ctl) -> Result<(Vec<NameSeen>, usize), Cancelled> {
    const NOT: u16 = u16::MAX;
    let all = &view.store().touchpoints;
    let mut events = vec![0u64; all.len()];
    with_codes!(view.codes(), |codes| codes.iter().for_each(|code| events[crate::journey::Code::idx(*code)] += 1));
    let mut codes: Vec<u32> = (0..all.len() as u32).filter(|&code| events[code as usize] > 0).collect();
    codes.sort_by(|&a, &b| events[b as usize].cmp(&events[a as usize]).then_with(|| all.name(a).cmp(all.name(b))));
    let n_more = codes.len().saturating_sub(NAMES_MAX);
    codes.truncate(NAMES_MAX);
    let mut places = vec![NOT; all.len()];
    codes.iter().enumerate().for_each(|(at, &code)| places[code as usize] = at as u16);

    let empty = || Piece { rows: vec![Row::default(); codes.len()], last: vec![(0, 0); codes.len()] };
    let pieces = par_customers(view, ctl, empty, |piece, customer, journey| {
        with_codes!(view.codes(), |codes| {
            let mut met: Vec<u16> = Vec::new();
            for code in &codes[journey] {
                let place = places[crate::journey::Code::idx(*code)];
                if place == NOT {
                    continue;
                }
                let last = &mut piece.last[usize::from(place)];
                if last.0 == customer.0 + 1 {
                    last.1 += 1;
                    piece.rows[usize::from(place)].again += u64::from(last.1 == 2);
                } else {
                    *last = (customer.0 + 1, 1);
                    piece.rows[usize::from(place)].customers += 1;
                    met.push(place);
                }
            }
            let end = met.len().saturating_sub(1) as f64;
            for (at, place) in met.iter().enumerate().filter(|_| end > 0.0) {
                let row = &mut piece.rows[usize::from(*place)];
                row.sum += at as f64 / end;
                row.n += 1;
            }
        });
    })?;
    let mut rows = vec![Row::default(); codes.len()];
    for piece in &pieces {
        for (row, more) in rows.iter_mut().zip(&piece.rows) {
            row.customers += more.customers;
            row.again += more.again;
            row.sum += more.sum;
            row.n += more.n;
        }
    }
    let seen = codes.iter().zip(rows).map(|(&code, row)| NameSeen {
        name: all.name(code).to_owned(),
        events: events[code as usize],
        customers: row.customers,
        again: row.again,
        lateness: (row.n > 0).then(|| row.sum / row.n as f64),
    });
    Ok((seen.collect(), n_more))
}

/// How often each text of a column occurs, the most frequent first.
fn texts(property: &Property, is_in: impl Fn(usize) -> bool) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    match &property.values {
        Values::Text { codes, names } => {
            let mut by_code = vec![0u64; names.len() + 1];
            (0..codes.len()).filter(|&row| is_in(row)).for_each(|row| by_code[codes.get(row) as usize] += 1);
            for (id, n) in by_code.into_iter().skip(1).enumerate().filter(|(_, n)| *n > 0) {
                counts.insert(names.name(id as u32).to_owned(), n);
            }
        }
        values => {
            for text in (0..values.len()).filter(|&row| is_in(row)).filter_map(|row| property.text(row)) {
                *counts.entry(text.into_owned()).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

fn channels(store: &JourneyStore) -> (Vec<(String, u64)>, usize) {
    let Some(channel) = store.roles.channel else { return (Vec::new(), 0) };
    let mut found = texts(&store.properties[channel], |_| true);
    let n_more = found.len().saturating_sub(CHANNELS_MAX);
    found.truncate(CHANNELS_MAX);
    (found, n_more)
}

/// The column, where rows repeat a value of it only where they repeat the whole row.
fn event_id(store: &JourneyStore, column: &str) -> Option<(String, u64)> {
    let property = &store.properties[store.property_idx(column)?];
    if store.n_dropped_duplicates > 0 {
        return Some((column.to_owned(), store.n_dropped_duplicates));
    }
    let n = property.values.len();
    let distinct = match &property.values {
        Values::Text { names, .. } => names.len(),
        Values::Int(_) | Values::Float(_) | Values::Time(_) => {
            let mut keys: Vec<i64> = (0..n).map(|row| property.key(row)).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.len()
        }
    };
    let is_name = property.n_nulls() == 0 && distinct as u64 + store.n_duplicates == n as u64;
    is_name.then(|| (column.to_owned(), store.n_duplicates))
}

fn scores(store: &JourneyStore) -> Vec<ScoreSeen> {
    let Some(score) = store.roles.score else { return Vec::new() };
    let property = &store.properties[score];
    let is_named = |is_it: fn(&str) -> bool| {
        store.properties.iter().enumerate().find(|(at, property)| *at != score && is_it(&property.name))
    };
    let comment = is_named(words::is_comment).map(|(_, property)| property.name.clone());
    let one = |kind: Option<(String, String)>, is_in: &dyn Fn(usize) -> bool| {
        let numbers = (0..property.values.len()).filter(|&row| is_in(row)).filter_map(|row| property.number(row));
        let (n, low, high) = numbers.fold((0, f64::INFINITY, f64::NEG_INFINITY), |(n, low, high), number| {
            (n + 1, low.min(number), high.max(number))
        });
        (n > 0).then(|| ScoreSeen { column: property.name.clone(), kind, low, high, n, comment: comment.clone() })
    };
    if let Some((_, of_type)) = is_named(words::is_score_type) {
        let kinds = texts(of_type, |row| !property.is_null(row));
        let kinds = kinds.into_iter().take(KINDS_MAX);
        let kinds: Vec<ScoreSeen> = kinds
            .filter_map(|(text, _)| {
                let kind = (of_type.name.clone(), text.clone());
                one(Some(kind), &|row| of_type.text(row).is_some_and(|value| value == text.as_str()))
            })
            .collect();
        if !kinds.is_empty() {
            return kinds;
        }
    }
    one(None, &|_| true).into_iter().collect()
}
