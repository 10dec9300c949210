//! What a load saw: files, columns, refused rows and warnings; data, not errors.

use serde::{Deserialize, Serialize};

use super::KeepRejects;
use super::identity::Identity;
use super::joins::SourcePair;
use super::reading::Reading;
use crate::base::Instant;

/// The part a column plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Customer,
    Time,
    Event,
    Channel,
    Value,
    Score,
    Session,
    /// Ids of people before they are known.
    Anonymous,
    /// More ids of the same people.
    Id,
    Property,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Time => "time",
            Role::Event => "event",
            Role::Channel => "channel",
            Role::Value => "value",
            Role::Score => "score",
            Role::Session => "session",
            Role::Anonymous => "anonymous",
            Role::Id => "id",
            Role::Property => "property",
        }
    }
}

/// Why a row is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// Not the header's number of fields.
    FieldCount,
    /// A quote that never closes or stands where none may.
    Quote,
    /// A record longer than a record may be.
    TooLong,
    /// Bytes that are no text in the file's encoding, or NULs.
    Encoding,
    /// A line that is no JSON object.
    Json,
    NoCustomer,
    NoEvent,
    NoTime,
    /// A time that the column's format does not read.
    BadTime,
    /// The header, repeated further down.
    RepeatedHeader,
    /// The product that wrote it says that it does not count.
    LeftOut,
    /// It says which ids belong together, and nothing that happened.
    LinkOnly,
    /// A line that is commented out with a `#`, in a file that has such lines above its header too.
    Comment,
}

impl Reason {
    pub const ALL: [Reason; 13] = [
        Reason::FieldCount,
        Reason::Quote,
        Reason::TooLong,
        Reason::Encoding,
        Reason::Json,
        Reason::NoCustomer,
        Reason::NoEvent,
        Reason::NoTime,
        Reason::BadTime,
        Reason::RepeatedHeader,
        Reason::LeftOut,
        Reason::LinkOnly,
        Reason::Comment,
    ];

    /// The reason as tables and messages show it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::FieldCount => "wrong number of fields",
            Reason::Quote => "broken quote",
            Reason::TooLong => "record too long",
            Reason::Encoding => "not readable text",
            Reason::Json => "not a JSON object",
            Reason::NoCustomer => "no customer",
            Reason::NoEvent => "no event name",
            Reason::NoTime => "no time",
            Reason::BadTime => "unreadable time",
            Reason::RepeatedHeader => "repeated header",
            Reason::LeftOut => "not counted by its product",
            Reason::LinkOnly => "link of ids and no event",
            Reason::Comment => "comment",
        }
    }
}

/// One refused row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// Position in `LoadReport::files`.
    pub file: usize,
    /// Line on which the record starts, from 1; the row number in formats without lines.
    pub line: u64,
    /// The column at fault, where there is one.
    pub column: Option<String>,
    pub reason: Reason,
    /// The row as it stood, cut to a readable length.
    pub text: String,
}

/// Refused rows: all counted, some kept, in the order of files and lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rejects {
    pub counts: std::collections::BTreeMap<Reason, u64>,
    pub kept: Vec<Reject>,
}

/// Refused rows of one reason that are kept with their text where not all are asked for.
const KEPT_PER_REASON: u64 = 5;

impl Rejects {
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Counts a refused row, and keeps it where `keep` wants it; `describe` is only called for those.
    pub fn add(&mut self, reason: Reason, keep: KeepRejects, describe: impl FnOnce() -> Reject) {
        let count = self.counts.entry(reason).or_default();
        *count += 1;
        if keep != KeepRejects::Some || *count <= KEPT_PER_REASON {
            self.kept.push(describe());
        }
    }

    /// Adds the refused rows of what was read next.
    pub fn append(&mut self, next: Rejects, keep: KeepRejects) {
        for reject in next.kept {
            let is_wanted =
                || self.kept.iter().filter(|kept| kept.reason == reject.reason).count() < KEPT_PER_REASON as usize;
            if keep != KeepRejects::Some || is_wanted() {
                self.kept.push(reject);
            }
        }
        for (reason, count) in next.counts {
            *self.counts.entry(reason).or_default() += count;
        }
    }
}

impl Reject {
    /// Cuts the text of a refused row at a character.
    pub fn cut(text: &[u8], keep: KeepRejects) -> String {
        let chars = match keep {
            KeepRejects::Some | KeepRejects::All => 200,
            KeepRejects::Whole => 10_000,
        };
        // A character has at most four bytes, so these are enough for all that is shown.
        let head = &text[..text.len().min(4 * chars + 4)];
        let lossy = String::from_utf8_lossy(head);
        let mut cut: String = lossy.chars().take(chars).collect();
        if cut.len() < lossy.len() || head.len() < text.len() {
            cut.push('…');
        }
        cut
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// The name as given; made visible before it is shown.
    pub file: String,
    /// How it was read: `csv`, `csv.gz`, `ndjson`, `parquet` …
    pub format: String,
    /// Delimiter, quote, header line, encoding and the like, in words.
    pub dialect: String,
    pub bytes: u64,
    /// Data records met: events + rejected + dropped duplicates.
    pub rows: u64,
    pub rejected: u64,
    pub events: u64,
    pub customers: u64,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnReport {
    pub name: String,
    pub role: Role,
    /// How sure the guess of the role is, 0 to 1; 1 where a flag said so.
    #[serde(with = "bits")]
    pub certainty: f64,
    /// What the values are: text, int, float, time, and for the time column its format and unit.
    pub kind: String,
    pub example: String,
}

/// Everything about a load but the events; saved with them, so that it reads the same later.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    pub files: Vec<FileReport>,
    pub columns: Vec<ColumnReport>,
    pub rejects: Rejects,
    /// What was made of every file, in their order.
    pub readings: Vec<Reading>,
    /// Data records met in all files.
    pub rows: u64,
    pub duplicates_dropped: u64,
    /// What came of linking ids, where there was more than one column of them.
    pub identity: Option<Identity>,
    /// How many people the sources have in common, pair by pair.
    pub joins: Vec<SourcePair>,
    /// Warnings in whole sentences: assumed zone, guessed unit, ambiguous dates, values that are no numbers.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub seconds: f64,
}

/// Numbers that come back bit by bit.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it like this")]
    pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(number.to_bits())
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}
