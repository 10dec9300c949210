//! Whose an event is where several columns say so: which texts are nobody's id, and what linking the others gave.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::LoadOptions;
use super::sources::Table;
use crate::base::visible::visible;
use crate::base::{Ctl, CustomerId};
use crate::journey::build::BuildError;
use crate::journey::keys::Repeats;
use crate::journey::{JourneyStore, LinkOptions, Links, StoreBuilder, Values};

/// Most ids of one person, where nothing else is said.
pub const MAX_IDS: u32 = 50;

/// Sources whose common people are counted pair by pair; more would be too many pairs to read.
const SOURCES_MAX: usize = 24;

/// Pairs of sources that a note tells of; a table tells of all.
const PAIRS_SAID: usize = 6;

/// Texts that exports write where there is no id.
const NULL_IDS: [&str; 12] = [
    "null",
    "NULL",
    "\\N",
    "None",
    "none",
    "(not set)",
    "(none)",
    "0",
    "anonymous",
    "undefined",
    "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000",
];

/// Which texts are nobody's id.
#[derive(Debug, Clone)]
pub struct NullIds {
    said: Arc<[String]>,
    /// The bytes that such texts begin with; nearly all ids are told apart by theirs.
    firsts: Arc<[bool; 256]>,
}

impl NullIds {
    pub fn new(said: &[String]) -> Self {
        let mut firsts = [false; 256];
        let texts = NULL_IDS.into_iter().chain(said.iter().map(String::as_str));
        texts.filter_map(|text| text.bytes().next()).for_each(|first| firsts[usize::from(first)] = true);
        // White space alone, in any script, is no id.
        (0..=255u8).filter(|&byte| byte <= b' ' || byte >= 0x80).for_each(|byte| firsts[usize::from(byte)] = true);
        NullIds { said: said.into(), firsts: Arc::new(firsts) }
    }

    /// Whether a text that begins so may be nobody's id.
    #[inline]
    pub fn may_begin(&self, first: u8) -> bool {
        self.firsts[usize::from(first)]
    }

    #[inline]
    pub fn is_null(&self, text: &str) -> bool {
        match text.as_bytes() {
            [] => true,
            [first, ..] if !self.may_begin(*first) => false,
            _ => NULL_IDS.contains(&text) || self.said.iter().any(|said| said == text) || text.trim().is_empty(),
        }
    }
}

/// Which columns of a source say whose an event is, where that is more than one or some texts are nobody's id.
#[derive(Debug, Clone)]
pub struct IdPlan {
    /// Whether the source has a column of known customers; otherwise the column in its place is one of the others.
    pub has_customer: bool,
    /// The other columns of ids; all of them are properties.
    pub others: Vec<usize>,
    pub nulls: NullIds,
}

/// What came of linking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub links: Links,
    pub max_ids: u32,
    /// The column of anonymous ids was guessed.
    pub is_guessed: bool,
    /// Pairs of sources, and how many people they have in common.
    pub sources: Vec<SourcePair>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcePair {
    pub files: [String; 2],
    /// People in each, and in both.
    pub people: [u64; 2],
    pub both: u64,
}

/// Links the ids of what was read; nothing where no row can have two.
pub(super) fn link(
    builder: &mut StoreBuilder,
    table: &Table,
    options: &LoadOptions,
    ctl: &Ctl,
) -> Result<Option<Identity>, BuildError> {
    if table.ids.is_empty() {
        return Ok(None);
    }
    let max_ids = options.max_ids.unwrap_or(MAX_IDS);
    let nulls = NullIds::new(&options.null_ids);
    let names: Vec<String> = std::iter::once(table.customer.clone())
        .chain(table.ids.iter().map(|column| table.names[column.property].clone()))
        .collect();
    let how = LinkOptions { names: &names, columns: &table.ids, max_ids, is_null: &|text| nulls.is_null(text) };
    let links = builder.link(&how, ctl)?;
    let is_guessed = table.anonymous.is_some() && table.ids.len() == 1 && options.anonymous.is_none();
    Ok(Some(Identity { links, max_ids, is_guessed, sources: Vec::new() }))
}

/// How many people each pair of sources has in common.
pub(super) fn source_pairs(store: &JourneyStore, table: &Table) -> Vec<SourcePair> {
    let Some(source) = table.source else { return Vec::new() };
    let Values::Text { codes, names } = &store.properties[source].values else { return Vec::new() };
    let n = names.len();
    if n > SOURCES_MAX {
        return Vec::new();
    }
    let mut counts = vec![0u64; n * n];
    for customer in (0..store.n_customers() as u32).map(CustomerId) {
        let seen = store
            .journey(customer)
            .fold(0u32, |seen, row| seen | 1u32.checked_shl(codes.get(row).wrapping_sub(1)).unwrap_or(0));
        for a in (0..n).filter(|a| seen >> a & 1 == 1) {
            (a..n).filter(|b| seen >> b & 1 == 1).for_each(|b| counts[a * n + b] += 1);
        }
    }
    let name = |at: usize| names.name(at as u32).to_owned();
    let pair = |(a, b): (usize, usize)| SourcePair {
        files: [name(a), name(b)],
        people: [counts[a * n + a], counts[b * n + b]],
        both: counts[a * n + b],
    };
    (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).map(pair).collect()
}

/// What dropping rows by their key has to say.
pub(super) fn repeat_notes(repeats: &Repeats, names: &[String]) -> Vec<String> {
    let key: Vec<String> = names.iter().map(|name| format!("`{}`", visible(name))).collect();
    let key = key.join(", ");
    let Repeats { n_dropped, n_conflicts, n_without } = *repeats;
    let mut notes = Vec::new();
    if n_dropped > 0 {
        let differ = match n_conflicts {
            0 => String::new(),
            n => format!(", of which {n} differ from it in event or time"),
        };
        notes.push(format!("Rows that repeat the {key} of an earlier row were dropped: {n_dropped}{differ}."));
    }
    if n_without > 0 {
        notes.push(format!("Rows without {key} were kept, since nothing tells whether they repeat: {n_without}."));
    }
    notes
}

impl Identity {
    /// What a reader must know before trusting the number of customers.
    pub fn notes(&self) -> Vec<String> {
        let links = &self.links;
        let quoted = |at: usize| format!("`{}`", visible(&links.columns[at].name));
        let others: Vec<String> = (1..links.columns.len()).map(quoted).collect();
        let (known, others) = (quoted(0), others.join(", "));
        let mut notes = Vec::new();
        let counts = format!("{} ids are {} people", links.n_ids, links.n_people);
        notes.push(if self.is_guessed {
            format!(
                "{others} was taken for ids of people before they are known, and rows that carry both link them to {known}: \
                 {counts}; --anonymous '' leaves it out."
            )
        } else {
            format!("Rows that carry several of {known}, {others} link their ids: {counts}.")
        });
        let max = self.max_ids;
        notes.push(match links.n_shared {
            0 => format!("No more than {max} ids were linked to one person (--max-ids), so none was taken for a shared device."),
            n => format!(
                "{n} {} of more than {max} ids (--max-ids) {} taken for shared devices and not merged: {} ids, {} events; \
                 `trailmap profile --identity` lists them.",
                if n == 1 { "cluster" } else { "clusters" },
                if n == 1 { "was" } else { "were" },
                links.n_shared_ids,
                links.n_shared_events
            ),
        });
        let nulls: u64 = links.columns.iter().map(|column| column.nulls).sum();
        if nulls > 0 {
            notes.push(format!("Ids that are nobody's (null, (not set), 0 and the like) were ignored: {nulls}."));
        }
        for column in links.columns.iter().filter(|column| column.also_elsewhere > 0) {
            let (n, name) = (column.also_elsewhere, visible(&column.name));
            notes.push(format!(
                "Ids of `{name}` that are written like ids of somebody else in a column before it were taken for other \
                 people: {n}; --id '{name}=customer' takes equal texts for the same."
            ));
        }
        let mut most: Vec<&SourcePair> = self.sources.iter().collect();
        most.sort_by_key(|pair| std::cmp::Reverse(pair.both));
        let pairs: Vec<String> = most
            .iter()
            .take(PAIRS_SAID)
            .map(|pair| {
                let [a, b] = pair.files.each_ref().map(|file| visible(file).into_owned());
                let smaller = pair.people[0].min(pair.people[1]).max(1);
                let share = pair.both as f64 / smaller as f64 * 100.0;
                format!("{a} and {b} {} ({share:.1} % of the smaller)", pair.both)
            })
            .collect();
        if !pairs.is_empty() {
            let more = if most.len() > PAIRS_SAID { "; `trailmap profile --identity` lists all pairs" } else { "" };
            notes.push(format!("People in both: {}{more}.", pairs.join("; ")));
        }
        notes
    }
}

#[cfg(test)]
mod tests;
