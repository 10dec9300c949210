//! Flags that say where to read and how.

use crate::base::Zone;
use crate::batch::Usage;
use crate::ingest::limits::{MEMORY_MIN, Size};
use crate::ingest::{KeepRejects, LoadOptions};
use crate::workspace::Folders;
use crate::workspace::in_use::in_this_folder;

#[derive(Debug, Clone, clap::Args)]
pub struct LoadArgs {
    /// Files, globs, folders, or - for standard input: CSV, TSV, NDJSON, JSON, Parquet, Arrow IPC; also gzip, zstd, zip
    #[arg(value_name = "SOURCE", value_hint = clap::ValueHint::AnyPath)]
    pub sources: Vec<String>,
    /// The workspace that says what to read and what it means; without SOURCE, trailmap.toml in this folder
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Reading")]
    pub workspace: Option<String>,
    /// The format of the sources by name (trailmap presets lists them), or none to go by the columns alone
    #[arg(id = "preset", long = "preset", value_name = "NAME", help_heading = "Reading")]
    pub preset: Option<String>,
    /// The column that says whose event it is
    #[arg(
        id = "customer_column",
        long = "customer",
        visible_alias = "customer-column",
        value_name = "COLUMN",
        help_heading = "Reading"
    )]
    pub customer: Option<String>,
    /// The column that says when
    #[arg(id = "time_column", long = "time", value_name = "COLUMN", help_heading = "Reading")]
    pub time: Option<String>,
    /// The column that says what happened
    #[arg(id = "event_column", long = "event", value_name = "COLUMN", help_heading = "Reading")]
    pub event: Option<String>,
    /// The column that says through what it came
    #[arg(id = "channel_column", long = "channel", value_name = "COLUMN", help_heading = "Reading")]
    pub channel: Option<String>,
    /// The column with amounts
    #[arg(id = "value_column", long = "value", value_name = "COLUMN", help_heading = "Reading")]
    pub value: Option<String>,
    /// The column with scores that customers gave
    #[arg(id = "score_column", long = "score", value_name = "COLUMN", help_heading = "Reading")]
    pub score: Option<String>,
    /// The column whose change starts a new session
    #[arg(id = "session_column", long = "session", value_name = "COLUMN", help_heading = "Reading")]
    pub session: Option<String>,
    /// The column with ids of people before they are known, linked to the customer's; '' for none
    #[arg(id = "anonymous_column", long = "anonymous", value_name = "COLUMN", help_heading = "Reading")]
    pub anonymous: Option<String>,
    /// One more column with ids of the same people; COLUMN=customer or =anonymous where its ids are those [repeatable]
    #[arg(id = "id_columns", long = "id", value_name = "COLUMN", help_heading = "Reading")]
    pub ids: Vec<String>,
    /// Most ids of one person; what links more is a shared device and is not merged [default: 50]
    #[arg(id = "max_ids", long = "max-ids", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Reading")]
    pub max_ids: Option<u32>,
    /// A text that is nobody's id, beside null, (not set), 0 and the like [repeatable]
    #[arg(id = "null_ids", long = "null-id", value_name = "TEXT", help_heading = "Reading")]
    pub null_ids: Vec<String>,
    /// How times are written: %d.%m.%Y %H:%M, or s, ms, us, ns for numbers since 1970
    #[arg(long, value_name = "FORMAT", help_heading = "Reading")]
    pub time_format: Option<String>,
    /// The zone of times without an offset, in which days and weeks are cut too: UTC, Europe/Berlin, +02:00
    #[arg(long, value_name = "ZONE", help_heading = "Reading")]
    pub tz: Option<Zone>,
    /// What stands between fields: one character, or tab
    #[arg(long, value_name = "CHAR", value_parser = character, help_heading = "Reading")]
    pub delimiter: Option<char>,
    /// What stands around fields that hold the delimiter
    #[arg(long, value_name = "CHAR", value_parser = character, help_heading = "Reading")]
    pub quote: Option<char>,
    /// The encoding of text: utf-8, utf-16, windows-1252, gb18030, shift_jis
    #[arg(long, value_name = "NAME", help_heading = "Reading")]
    pub encoding: Option<String>,
    /// Drop rows that equal an earlier one in every column
    #[arg(long, help_heading = "Reading")]
    pub dedupe: bool,
    /// Drop rows whose value in this column an earlier row has; several columns are one key [repeatable]
    #[arg(id = "dedupe_by", long = "dedupe-by", value_name = "COLUMN", help_heading = "Reading")]
    pub dedupe_by: Vec<String>,
    /// Neither open the journeys that were saved when the sources were read before, nor save them
    #[arg(long, help_heading = "Reading")]
    pub no_cache: bool,
    /// Memory that reading may take: 800M, 4G; without it, nine tenths of what is free
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Reading")]
    pub memory: Option<Size>,
}

/// What is said where nothing says what to read.
const NO_SOURCE: &str = "name a SOURCE: a file, a glob, a folder, or - for standard input; without one, trailmap.toml in \
                         this folder is read, and there is none; to try it on made-up data: trailmap demo shop \
                         --customers 5000 --out shop.csv";

impl LoadArgs {
    /// The options of a command that needs something to read.
    ///
    /// # Errors
    /// `Usage` where nothing is named, and this folder holds no workspace.
    pub fn named(&self) -> Result<LoadOptions, Usage> {
        let options = self.options();
        match options.sources.is_empty() && options.workspace.is_none() {
            true => Err(Usage(NO_SOURCE.into())),
            false => Ok(options),
        }
    }

    /// What was said; with no source, the workspace of this folder where there is one.
    pub fn options(&self) -> LoadOptions {
        let args = self.clone();
        LoadOptions {
            sources: args.sources,
            workspace: args.workspace.or_else(|| self.sources.is_empty().then(in_this_folder).flatten()),
            preset: args.preset,
            customer: args.customer,
            time: args.time,
            event: args.event,
            channel: args.channel,
            value: args.value,
            score: args.score,
            session: args.session,
            anonymous: args.anonymous,
            ids: args.ids,
            max_ids: args.max_ids,
            null_ids: args.null_ids,
            dedupe_by: args.dedupe_by,
            time_format: args.time_format,
            zone: args.tz,
            delimiter: args.delimiter,
            quote: args.quote,
            encoding: args.encoding,
            dedupe: args.dedupe,
            memory: args.memory.map(|size| size.0),
            each: Vec::new(),
            keep_rejects: KeepRejects::default(),
            cache: if args.no_cache { None } else { Folders::find().cache() },
        }
    }
}

/// A size in which the program itself has room.
fn memory(text: &str) -> Result<Size, String> {
    let size: Size = text.parse()?;
    if size < Size(MEMORY_MIN) { Err(format!("at least {}M are needed", MEMORY_MIN >> 20)) } else { Ok(size) }
}

/// One character, or a name for one that shells make hard to write.
fn character(text: &str) -> Result<char, String> {
    let named = match text {
        "tab" | "\\t" => Some('\t'),
        "space" => Some(' '),
        "comma" => Some(','),
        "semicolon" => Some(';'),
        "pipe" => Some('|'),
        _ => None,
    };
    let mut chars = text.chars();
    match (named, chars.next(), chars.next()) {
        (Some(named), ..) => Ok(named),
        (None, Some(only), None) => Ok(only),
        _ => Err("write one character, or tab, space, comma, semicolon, pipe".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::character;

    #[test]
    fn a_character_can_be_written_by_name() {
        assert_eq!((character(";"), character("tab"), character("\\t")), (Ok(';'), Ok('\t'), Ok('\t')));
        assert_eq!(character("，"), Ok('，'));
        assert!(character("").is_err() && character("::").is_err());
    }
}
