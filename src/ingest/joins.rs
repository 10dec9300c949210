//! How far sources belong together: for each pair of kinds of sources, the people that are in both, what joins them, and
//! where nobody is in both, which column would join them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::report::{FileReport, Role};
use super::sources::{Source, Table, role_of};
use crate::base::CustomerId;
use crate::base::visible::visible;
use crate::journey::{JourneyStore, KINDS_MAX, Values};

/// Two kinds of sources beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcePair {
    /// Positions among the kinds of sources.
    pub kinds: [usize; 2],
    /// The files of each; the first, and how many more.
    pub files: [String; 2],
    /// People in each, and in both.
    pub people: [u64; 2],
    pub both: u64,
    /// Columns of ids with the number of ids that stand in both; empty where only customers say who is who.
    pub by: Vec<(String, u64)>,
}

/// Files of one kind that are compared with each other; more are parts of one export.
const PARTS_MAX: usize = 6;

/// Pairs of sources that a note tells of; a table tells of all.
const PAIRS_SAID: usize = 6;

impl SourcePair {
    /// People in the one that has fewer.
    pub fn fewer(&self) -> u64 {
        self.people[0].min(self.people[1])
    }

    pub fn share(&self) -> f64 {
        self.both as f64 / self.fewer().max(1) as f64
    }

    /// `customer 12, Email 3`
    pub fn by(&self) -> String {
        self.by.iter().map(|(name, ids)| format!("{name} {ids}")).collect::<Vec<_>>().join(", ")
    }

    /// What its row is called where checks are listed.
    pub fn check(&self) -> String {
        let [a, b] = &self.files;
        format!("in {a} and {b}")
    }

    pub fn meaning(&self) -> String {
        let by = if self.by.is_empty() { String::new() } else { format!("; ids in both: {}", self.by()) };
        format!("people in both, of {} and {}; the share is that of the fewer{by}", self.people[0], self.people[1])
    }
}

/// The kinds of sources: their number, and the name of each. Where all are of one kind, every file is one.
fn kinds(files: &[FileReport], table: &Table) -> (Vec<usize>, Vec<String>) {
    let is_one_kind = table.kinds.iter().all(|kind| *kind == 0);
    if is_one_kind && files.len() > PARTS_MAX {
        return (table.kinds.clone(), Vec::new());
    }
    let of: Vec<usize> = if is_one_kind { (0..files.len()).collect() } else { table.kinds.clone() };
    let n = of.iter().max().map_or(0, |max| max + 1);
    let name = |kind: usize| {
        let mut own = files.iter().zip(&of).filter(|(_, of)| **of == kind).map(|(file, _)| file.file.as_str());
        let first = own.next().unwrap_or_default().to_owned();
        match own.count() {
            0 => first,
            more => format!("{first} and {more} more"),
        }
    };
    let names = (0..n).map(name).collect();
    (of, names)
}

/// The kind of every source by its name; none where there are too few or too many to be compared.
pub(super) fn kinds_by_name(files: &[FileReport], table: &Table) -> HashMap<String, usize> {
    let (of, names) = kinds(files, table);
    if names.len() < 2 || names.len() > KINDS_MAX {
        return HashMap::new();
    }
    files.iter().map(|file| file.file.clone()).zip(of).collect()
}

/// The kinds of sources in which every customer has an event, as bits.
fn seen(store: &JourneyStore, table: &Table, of: &HashMap<String, usize>) -> Option<Vec<u32>> {
    let Values::Text { codes, names } = &store.properties[table.source?].values else { return None };
    let bits: Vec<u32> =
        std::iter::once(0).chain(names.iter().map(|name| of.get(name).map_or(0, |kind| 1 << kind))).collect();
    let of_customer = |customer| store.journey(customer).fold(0, |seen, row| seen | bits[codes.get(row) as usize]);
    Some((0..store.n_customers() as u32).map(CustomerId).map(of_customer).collect())
}

/// How many people each pair of kinds of sources has in common.
pub(super) fn pairs(
    store: &JourneyStore,
    table: &Table,
    files: &[FileReport],
    identity: Option<&Identity>,
) -> Vec<SourcePair> {
    let of = kinds_by_name(files, table);
    let Some(seen) = seen(store, table, &of).filter(|_| !of.is_empty()) else { return Vec::new() };
    let (_, names) = kinds(files, table);
    let n = names.len();
    let mut counts = vec![0u64; n * n];
    for seen in seen {
        for a in (0..n).filter(|a| seen >> a & 1 == 1) {
            (a..n).filter(|b| seen >> b & 1 == 1).for_each(|b| counts[a * n + b] += 1);
        }
    }
    let by = |kinds: [usize; 2]| {
        let links = identity.map(|identity| &identity.links);
        let common = links.into_iter().flat_map(|links| links.common.iter().map(move |common| (links, common)));
        let own = common.filter(|(_, common)| common.kinds == kinds);
        own.map(|(links, common)| (links.columns[common.column].name.clone(), common.ids)).collect()
    };
    let pair = |(a, b): (usize, usize)| SourcePair {
        kinds: [a, b],
        files: [names[a].clone(), names[b].clone()],
        people: [counts[a * n + a], counts[b * n + b]],
        both: counts[a * n + b],
        by: by([a, b]),
    };
    // Tables of ids alone have nobody of their own.
    let is_seen = |pair: &SourcePair| pair.people.iter().all(|people| *people > 0);
    (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).map(pair).filter(is_seen).collect()
}

/// What every output says of the pairs.
pub(super) fn notes(pairs: &[SourcePair]) -> Vec<String> {
    let mut most: Vec<&SourcePair> = pairs.iter().collect();
    most.sort_by_key(|pair| std::cmp::Reverse(pair.both));
    let said: Vec<String> = most
        .iter()
        .take(PAIRS_SAID)
        .map(|pair| {
            let [a, b] = pair.files.each_ref().map(|file| visible(file).into_owned());
            let by = if pair.by.is_empty() { String::new() } else { format!(", by {}", visible(&pair.by())) };
            format!("{a} and {b} {} ({:.1} % of the smaller{by})", pair.both, pair.share() * 100.0)
        })
        .collect();
    if said.is_empty() {
        return Vec::new();
    }
    let more = if most.len() > PAIRS_SAID { "; `trailmap profile` lists all pairs" } else { "" };
    vec![format!("People in both: {}{more}.", said.join("; "))]
}

/// Values of a column that are looked for among the ids of another source.
const TRIED: usize = 400;

/// Of these, how many must be known there for the column to be named.
const KNOWN: f64 = 0.2;

/// Where two kinds of sources have nobody in common: columns of the one whose values are customers of the other.
pub(super) fn hints(store: &JourneyStore, table: &Table, sources: &[Source], pairs: &[SourcePair]) -> Vec<String> {
    let is_apart = |pair: &&SourcePair| pair.both == 0;
    if table.kinds.iter().all(|kind| *kind == 0) || !pairs.iter().any(|pair| is_apart(&pair)) {
        return Vec::new();
    }
    let of: HashMap<String, usize> =
        sources.iter().zip(&table.kinds).map(|(source, kind)| (source.input.name.clone(), *kind)).collect();
    let Some(seen) = seen(store, table, &of) else { return Vec::new() };
    let mut hints = Vec::new();
    for pair in pairs.iter().filter(is_apart) {
        for (from, to) in [(0, 1), (1, 0)] {
            let own = sources.iter().zip(&table.kinds).find(|(_, kind)| **kind == pair.kinds[from]);
            let Some((source, _)) = own else { continue };
            let best = source
                .plan
                .properties
                .iter()
                .zip(&source.positions)
                .filter(|(column, _)| role_of(&source.roles, **column) == Role::Property)
                .filter_map(|(&column, &position)| {
                    let (tried, known) = known_values(store, position, &seen, 1 << pair.kinds[to]);
                    (tried > 0 && known as f64 >= KNOWN * tried as f64 && known > 1).then_some((known, tried, column))
                })
                .max_by_key(|(known, tried, column)| (known * 1000 / tried, std::cmp::Reverse(*column)));
            if let Some((known, tried, column)) = best {
                let (name, file) = (visible(&source.plan.names[column]), visible(&pair.files[from]));
                let other = visible(&pair.files[to]);
                hints.push(format!(
                    "Nobody is in both {file} and {other}, but {known} of {tried} values of `{name}` are customers of {other}: \
                     --id '{name}=customer' joins them."
                ));
            }
        }
    }
    hints
}

/// Of the first different values of a column, how many were looked at, and how many are customers seen in a kind.
fn known_values(store: &JourneyStore, position: usize, seen: &[u32], kind: u32) -> (usize, usize) {
    let is_known = |text: &str| store.customers.get(text).is_some_and(|customer| seen[customer as usize] & kind != 0);
    match &store.properties[position].values {
        Values::Text { names, .. } => {
            let tried = names.iter().filter(|name| !name.is_empty()).take(TRIED);
            tried.fold((0, 0), |(tried, known), name| (tried + 1, known + usize::from(is_known(name))))
        }
        Values::Int(values) => {
            let mut tried: Vec<i64> = Vec::new();
            for value in values.values() {
                if tried.len() == TRIED {
                    break;
                }
                if tried.last() != Some(&value) && !tried.contains(&value) {
                    tried.push(value);
                }
            }
            (tried.len(), tried.iter().filter(|value| is_known(&value.to_string())).count())
        }
        Values::Float(_) | Values::Time(_) => (0, 0),
    }
}
