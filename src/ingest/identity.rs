//! Whose an event is where several columns say so: which texts are nobody's id, and what linking the others gave.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::report::FileReport;
use super::sources::Table;
use super::{LoadOptions, joins};
use crate::base::Ctl;
use crate::base::visible::visible;
use crate::journey::build::BuildError;
use crate::journey::keys::Repeats;
use crate::journey::{Kinds, LinkOptions, Links, StoreBuilder};

/// Most ids of one person, where nothing else is said.
pub const MAX_IDS: u32 = 50;

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
}

/// Links the ids of what was read; nothing where no row can have two.
pub(super) fn link(
    builder: &mut StoreBuilder,
    table: &Table,
    files: &[FileReport],
    options: &LoadOptions,
    ctl: &Ctl,
) -> Result<Option<Identity>, BuildError> {
    if table.ids.is_empty() && !table.is_linked {
        return Ok(None);
    }
    let max_ids = options.max_ids.unwrap_or(MAX_IDS);
    let nulls = NullIds::new(&options.null_ids);
    let names: Vec<String> = std::iter::once(table.customer.clone())
        .chain(table.ids.iter().map(|column| table.names[column.property].clone()))
        .collect();
    let kinds = joins::kinds_by_name(files, table);
    let kinds = table.source.filter(|_| !kinds.is_empty()).map(|property| Kinds { property, of: &kinds });
    let how = LinkOptions {
        names: &names,
        columns: &table.ids,
        max_ids,
        is_null: &|text| nulls.is_null(text),
        plain: &plain,
        kinds,
    };
    let links = builder.link(&how, ctl)?;
    let is_guessed = table.anonymous.is_some() && table.ids.len() == 1 && options.anonymous.is_none();
    Ok(Some(Identity { links, max_ids, is_guessed }))
}

/// How an id is meant: an e-mail address whatever the case of its letters, and without the apostrophe that keeps spreadsheets
/// from reading a number; `None` where it is written so.
fn plain(text: &str) -> Option<String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('\'').filter(|rest| !rest.is_empty()).unwrap_or(bare);
    let is_address = bare.len() > 2 && bare.contains('@') && !bare.contains(char::is_whitespace);
    let meant = if is_address { bare.to_lowercase() } else { bare.to_owned() };
    (meant != text && !meant.is_empty()).then_some(meant)
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
        let mut notes = Vec::new();
        let quoted = |at: usize| format!("`{}`", visible(&links.columns[at].name));
        let others: Vec<String> =
            (1..links.columns.len()).filter(|&at| links.columns[at].ids > 0).map(quoted).collect();
        if others.is_empty() {
            return notes;
        }
        let (known, others) = (quoted(0), others.join(", "));
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
        notes
    }
}

#[cfg(test)]
mod tests;
