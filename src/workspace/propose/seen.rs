//! `Seen`: what a load shows that a workspace can be proposed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words;
use crate::analysis::profile::{ProfileSpec, profile};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::ingest::{LoadReport, Role};
use crate::journey::chunks::{par_customers, par_gather};
use crate::journey::{Code, JourneyStore, Property, Values, View};
use crate::with_codes;

/// Event names that get a rule of their own, the most frequent first.
pub const NAMES_MAX: usize = 200;

/// Channels that are listed.
const CHANNELS_MAX: usize = 40;

/// How a workspace file calls the roles of columns.
pub const KEYS: [(&str, &str); 8] = [
    ("customer", "customer"),
    ("anonymous", "anon"),
    ("time", "time"),
    ("event", "event"),
    ("channel", "channel"),
    ("value", "value"),
    ("score", "score"),
    ("session", "session"),
];

/// Kinds of scores that are told apart.
const KINDS_MAX: usize = 8;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    pub n_events: u64,
    pub n_rows: u64,
    /// The name of a role, the column that plays it, and how sure that is.
    pub roles: Vec<(&'static str, String, f64)>,
    /// Columns that play none, and have a value somewhere.
    pub properties: Vec<String>,
    pub zone: String,
    /// A column whose values name an event, and the rows that repeat one.
    pub event_id: Option<(String, u64)>,
    /// A column with ids of visitors who are not known, where it was not read as such.
    pub anonymous: Option<String>,
    /// Whether counts are of a part of the rows.
    pub is_partial: bool,
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
    /// The names that stand directly before or after it, and how often; itself not.
    pub beside: BTreeMap<String, u64>,
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
    // A column without a value plays no part, whatever it is called.
    let is_filled = |name: &str| match store.property_idx(name) {
        Some(at) => store.properties[at].n_nulls() < store.n_events(),
        None => true,
    };
    let filled = || report.columns.iter().filter(|column| is_filled(&column.name));
    let property = |is_it: fn(&str) -> bool| {
        let mut columns = filled().filter(|column| column.role == Role::Property);
        columns.find(|column| is_it(&column.name)).map(|column| column.name.clone())
    };
    let roles = filled().filter(|column| KEYS.iter().any(|(role, _)| *role == column.role.name()));
    let is_linked = filled().any(|column| column.role.name() == "anonymous");
    let (channels, n_more_channels) = channels(store);
    Ok(Seen {
        n_events: store.n_events() as u64,
        n_rows: report.rows,
        roles: roles.map(|column| (column.role.name(), column.name.clone(), column.certainty)).collect(),
        properties: filled()
            .filter(|column| KEYS.iter().all(|(role, _)| *role != column.role.name()))
            .map(|column| column.name.clone())
            .collect(),
        zone: store.zone.name().to_owned(),
        event_id: property(words::is_event_id).and_then(|column| event_id(store, &column)),
        anonymous: if is_linked { None } else { property(words::is_anonymous_id) },
        is_partial: false,
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
    /// Adds what another look at the same rows shows, under another id of the customer: rows without that id were not
    /// among those that were seen.
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
        for property in other.properties {
            let is_new =
                !self.properties.contains(&property) && self.roles.iter().all(|(_, column, _)| *column != property);
            if is_new {
                self.properties.push(property);
            }
        }
        for role in other.roles {
            if self.roles.iter().all(|(known, ..)| *known != role.0) {
                self.properties.retain(|property| *property != role.1);
                self.roles.push(role);
            }
        }
        if self.scores.iter().map(|score| score.n).sum::<u64>() < other.scores.iter().map(|score| score.n).sum() {
            self.scores = other.scores;
        }
        self.order = self.order.take().or(other.order);
        self.is_partial = true;
    }

    /// Says which column is the customer and which one holds ids of visitors who are not known.
    pub fn set_ids(&mut self, customer: (&'static str, String, f64), anonymous: String) {
        self.roles.retain(|(role, column, _)| *role != "customer" && *column != customer.1);
        self.properties.retain(|column| *column != customer.1 && *column != anonymous);
        self.roles.insert(0, customer);
        self.anonymous = Some(anonymous);
    }

    /// What plays a role.
    pub fn role(&self, role: &str) -> Option<&(&'static str, String, f64)> {
        self.roles.iter().find(|(known, ..)| *known == role)
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

/// The place of a name that is not looked at.
const NOT: u16 = u16::MAX;

/// How often each of `n` names stands directly before or after each other, row by row.
fn beside(view: &View, places: &[u16], n: usize, ctl: &Ctl) -> Result<Vec<u64>, Cancelled> {
    let pieces = par_gather(
        view,
        ctl,
        || vec![0u64; n * n],
        |counts, chunk| {
            with_codes!(view.codes(), |codes| {
                for customer in chunk.map(CustomerId) {
                    for pair in codes[view.journey(customer)].windows(2) {
                        let [a, b] = [0, 1].map(|at| places[Code::idx(pair[at])]);
                        if a != NOT && b != NOT {
                            counts[usize::from(a) * n + usize::from(b)] += 1;
                            counts[usize::from(b) * n + usize::from(a)] += 1;
                        }
                    }
                }
            });
        },
    )?;
    let mut all = vec![0; n * n];
    for piece in &pieces {
        all.iter_mut().zip(piece).for_each(|(n, more)| *n += more);
    }
    Ok(all)
}

fn names(view: &View, ctl: &Ctl) -> Result<(Vec<NameSeen>, usize), Cancelled> {
    let all = &view.store().touchpoints;
    let mut events = vec![0u64; all.len()];
    with_codes!(view.codes(), |codes| codes.iter().for_each(|code| events[Code::idx(*code)] += 1));
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
                let place = places[Code::idx(*code)];
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
    let beside = beside(view, &places, codes.len(), ctl)?;
    let named = |at: usize, counts: &[u64]| -> BTreeMap<String, u64> {
        let others = counts.iter().enumerate().filter(|(other, n)| *other != at && **n > 0);
        others.map(|(other, n)| (all.name(codes[other]).to_owned(), *n)).collect()
    };
    let seen = codes.iter().zip(rows).enumerate().map(|(at, (&code, row))| NameSeen {
        name: all.name(code).to_owned(),
        beside: named(at, &beside[at * codes.len()..(at + 1) * codes.len()]),
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
