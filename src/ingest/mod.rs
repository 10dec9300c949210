//! From files to a journey store: open sources, find out what they are, read rows, refuse the bad ones and say so.

pub mod limits;
pub mod load;

mod pump;
pub mod sniff;
pub mod source;
pub mod sources;
pub mod unpack;

mod adobe;
mod asked;
mod blocks;
mod csv;
mod decode;
mod dialect;
mod json;
mod xes;

pub mod frames;
pub mod ipc;
pub mod parquet;

mod coder;
pub mod identity;
pub mod joins;
pub mod plan;
pub mod presets;
mod recent;
pub mod roles;
pub mod saved;
pub mod times;
mod told;

pub mod reading;
pub mod report;
pub mod rows;

pub mod preview;

#[cfg(test)]
mod tests;

use crate::base::Zone;
use crate::journey::JourneyStore;

pub use asked::OfSources;
pub use identity::Identity;
pub use joins::SourcePair;
pub use load::{open, open_head, open_sound};
pub use plan::RawRows;
pub use preview::{Outcome, Preview, column_names, preview, try_out};
pub use reading::Reading;
pub use report::{ColumnReport, FileReport, LoadReport, Reason, Reject, Rejects, Role};
pub use rows::rows;
pub use saved::{Cache, Kept};

/// Where to read and how, as the flags say; everything that is `None` is found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadOptions {
    /// Files, globs, folders, or `-` for standard input.
    pub sources: Vec<String>,
    /// The workspace file that says the rest. What reads here does not look at it: it is put into these options before.
    pub workspace: Option<String>,
    pub customer: Option<String>,
    pub time: Option<String>,
    pub event: Option<String>,
    pub channel: Option<String>,
    pub value: Option<String>,
    pub score: Option<String>,
    pub session: Option<String>,
    /// The column with ids of people before they are known; an empty name is no column.
    pub anonymous: Option<String>,
    /// More columns with ids of the same people: `email`, or `previous_id=anonymous` where its ids are those of another.
    pub ids: Vec<String>,
    /// Most ids that one person may have; what has more is a device of many, and is not merged.
    pub max_ids: Option<u32>,
    /// Texts in columns of ids that are nobody's id, beside those that are known to be none.
    pub null_ids: Vec<String>,
    /// The columns that together tell a row from every other; later rows of the same key are dropped.
    pub dedupe_by: Vec<String>,
    /// The format that the sources are known by; without it, it is recognised, and with `none` it is not.
    pub preset: Option<String>,
    pub time_format: Option<String>,
    pub zone: Option<Zone>,
    pub delimiter: Option<char>,
    pub quote: Option<char>,
    pub encoding: Option<String>,
    pub dedupe: bool,
    /// Bytes of memory that reading may take; without it, what the machine has to give.
    pub memory: Option<u64>,
    /// What single sources say for themselves; what is said above goes before it.
    pub each: Vec<OfSources>,
    /// How many rejected rows are kept with their text; all are counted.
    pub keep_rejects: KeepRejects,
    /// Where journeys are kept between runs; nothing is kept without it.
    pub cache: Option<Cache>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepRejects {
    /// The first few of every reason.
    #[default]
    Some,
    /// All, with texts of a length to be looked at.
    All,
    /// All, with texts of a length in which a row can be repaired.
    Whole,
}

/// A load that worked: the store, and what the reader saw on the way.
#[derive(Debug)]
pub struct Loaded {
    pub store: JourneyStore,
    pub report: LoadReport,
    /// Whether the store is kept for the next time.
    pub kept: Kept,
}

/// Why a load failed as a whole. Bad rows never do this. Every message is one sentence with the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Cancelled(#[from] crate::base::Cancelled),
    /// The file is missing, cannot be read, or is not what it claims to be.
    #[error("{file}: {what}")]
    File { file: String, what: String },
    /// Which column plays a role is not clear, or the named one does not exist.
    #[error("{0}")]
    Columns(String),
    #[error("{0}")]
    Other(String),
}
