//! What an input is, found out from its contents and never from its name alone.

use super::adobe::Feed;
use super::decode::Decoding;
use super::dialect::Dialect;
use super::json::{self, Layout, ValueCutter};
use super::limits::{COLUMNS_MAX, RECORD_MAX};
use super::plan::Sample;
use super::report::Reason;
use super::source::{Head, Input, file_error};
use super::unpack::Compression;
use super::{Error, LoadOptions, ipc, parquet, presets, xes};
use crate::base::Ctl;

/// Bytes that are looked at, after decompression.
pub const SAMPLE_BYTES: usize = 1 << 20;

/// Rows that are looked at to find roles and formats.
pub const SAMPLE_ROWS: usize = 5000;

/// How an input is to be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    Delimited(Decoding, Dialect),
    Json(Decoding, Layout),
    Parquet,
    Ipc,
}

/// What the start of an input shows.
#[derive(Debug)]
pub struct Sniffed {
    pub format: Format,
    pub compression: Compression,
    pub columns: Vec<String>,
    /// Column by column, the values of the first rows; `None` is no value.
    pub sample: Vec<Vec<Option<String>>>,
    pub n_rows: usize,
    /// Whether the sample holds all there is.
    pub is_whole: bool,
    pub notes: Vec<String>,
}

impl Format {
    /// As in `csv`, `ndjson`, `parquet`.
    pub fn name(&self) -> &'static str {
        match self {
            Format::Delimited(_, dialect) => dialect.format_name(),
            Format::Json(_, layout) => layout.format_name(),
            Format::Parquet => "parquet",
            Format::Ipc => "arrow",
        }
    }

    /// How it is written, in words.
    pub fn describe(&self) -> String {
        match self {
            Format::Delimited(decoding, dialect) => format!("{}, {}", dialect.describe(), decoding.name()),
            Format::Json(decoding, layout) => format!("{}, {}", layout.describe(), decoding.name()),
            Format::Parquet => "typed columns".into(),
            Format::Ipc => "typed columns, Arrow IPC file".into(),
        }
    }
}

/// Finds out what an input is.
///
/// # Errors
/// It is empty, cannot be read, or is no table; the error names what it looks like.
pub fn sniff(input: &Input, options: &LoadOptions, ctl: &Ctl) -> Result<Sniffed, Error> {
    let head = input.sample(SAMPLE_BYTES, ctl)?;
    let fail = |what: String| file_error(&input.name, what);
    if head.bytes.is_empty() {
        return Err(fail("is empty".into()));
    }
    if let Some(format) = columnar(&head.bytes) {
        return sniff_columnar(input, &head, format);
    }
    if let Some(kind) = binary_kind(&head.bytes) {
        return Err(fail(kind));
    }
    let decoding = Decoding::detect(&head.bytes, head.is_whole, options.encoding.as_deref()).map_err(fail)?;
    let mut text = decoding.decode(&head.bytes);
    let is_xes = options.delimiter.is_none() && xes::is_xes(&text);
    if is_xes {
        text = xes::head(&text);
    } else if let Some(kind) = text_kind(&text) {
        return Err(fail(kind));
    }
    let mut notes = Vec::new();
    if decoding.is_guess {
        notes.push(format!(
            "{} was read as {}, guessed from its bytes; say --encoding if that is wrong.",
            crate::base::visible::visible(&input.name),
            decoding.name()
        ));
    }
    let layout = match is_xes {
        true => Some(Layout::of_xes()),
        false if options.delimiter.is_none() => Layout::detect(&text, head.is_whole),
        false => None,
    };
    let is_known = options.delimiter.is_none() && options.preset.as_deref() != Some(presets::NONE);
    let (format, columns, sample, n_rows) = match layout {
        Some(mut layout) => {
            let (mut columns, mut sample, mut n_rows) = sample_objects(&text, &layout, head.is_whole);
            if let Some(list) = presets::list_in(&columns).filter(|_| is_known) {
                layout.list = Some(list.to_owned());
                (columns, sample, n_rows) = sample_objects(&text, &layout, head.is_whole);
            }
            if is_xes && columns.is_empty() {
                return Err(fail("is a process log without an event at its start".into()));
            }
            if columns.is_empty() {
                return Err(fail("starts like JSON, but holds no objects with named values".into()));
            }
            (Format::Json(decoding, layout), columns, sample, n_rows)
        }
        None => {
            let feed = input.path().filter(|_| is_known).and_then(|path| Feed::of(path, &text));
            let feed = feed.map(|feed| feed.map(|feed| (feed.head(&text, head.is_whole), feed.dialect())));
            let known = || if is_known { presets::snowplow::dialect(&text) } else { None };
            let mut dialect = match feed {
                Some(feed) => {
                    let (lines, dialect) = feed.map_err(fail)?;
                    text = lines;
                    dialect
                }
                None => known().unwrap_or_else(|| Dialect::detect(&text, head.is_whole, options)).map_err(fail)?,
            };
            let named = |note: &String| format!("{}: {note}", crate::base::visible::visible(&input.name));
            notes.extend(dialect.notes.iter().map(named));
            dialect.notes.clear();
            let (sample, n_rows) = sample_records(&text, &dialect, head.is_whole)?;
            (Format::Delimited(decoding, dialect.clone()), dialect.names, sample, n_rows)
        }
    };
    few_enough(&columns).map_err(fail)?;
    Ok(Sniffed { format, compression: head.compression, columns, sample, n_rows, is_whole: head.is_whole, notes })
}

fn few_enough(columns: &[String]) -> Result<(), String> {
    match columns.len() {
        ..=COLUMNS_MAX => Ok(()),
        n => Err(format!("has {n} columns, and the most is {COLUMNS_MAX}; leave out those that no question is about")),
    }
}

fn columnar(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"PAR1") {
        Some(Format::Parquet)
    } else if head.starts_with(b"ARROW1") {
        Some(Format::Ipc)
    } else {
        None
    }
}

fn sniff_columnar(input: &Input, head: &Head, format: Format) -> Result<Sniffed, Error> {
    let fail = |what: String| file_error(&input.name, what);
    let path = input.path().filter(|_| head.compression == Compression::None).ok_or_else(|| {
        fail(format!(
            "is {} inside a pipe or an archive, which cannot be read in place; save it to a file first",
            format.name()
        ))
    })?;
    let (columns, sample): Sample = guarded(&input.name, || match format {
        Format::Ipc => ipc::sample(path, SAMPLE_ROWS),
        Format::Parquet | Format::Delimited(..) | Format::Json(..) => parquet::sample(path, SAMPLE_ROWS),
    })?
    .map_err(fail)?;
    few_enough(&columns).map_err(fail)?;
    let n_rows = sample.first().map_or(0, Vec::len);
    let compression = head.compression;
    // All the rows there are came if fewer came than were asked for.
    let is_whole = n_rows < SAMPLE_ROWS;
    Ok(Sniffed { format, compression, columns, sample, n_rows, is_whole, notes: Vec::new() })
}

/// Runs a reader that is known to panic on some damaged files.
pub fn guarded<T>(name: &str, read: impl FnOnce() -> T) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|panic| {
        let why = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let why = crate::base::visible::visible(why.unwrap_or("no reason given")).into_owned();
        file_error(
            name,
            format!("could not be read (the reader failed: {})", crate::base::visible::truncate(&why, 200)),
        )
    })
}

/// What a file that is no table looks like, by its magic bytes.
fn binary_kind(head: &[u8]) -> Option<String> {
    const KINDS: [(&[u8], &str); 22] = [
        (b"\x89PNG", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"%PDF", "a PDF"),
        (b"BZh", "bzip2-compressed; decompress it first"),
        (b"\xFD7zXZ\0", "xz-compressed; decompress it first"),
        (b"\x04\x22\x4D\x18", "lz4-compressed; decompress it first"),
        (b"\xFF\x06\x00\x00sNaPpY", "snappy-compressed; decompress it first"),
        (b"\x1F\x8B", "compressed twice; decompress it once"),
        (b"\x28\xB5\x2F\xFD", "compressed twice; decompress it once"),
        (b"PK\x03\x04", "a zip inside another archive; unpack it first"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive; unpack it first"),
        (b"Rar!", "a RAR archive; unpack it first"),
        (b"\xD0\xCF\x11\xE0", "an old Excel or Word file; save it as CSV first"),
        (b"SQLite format 3\0", "an SQLite database; export the table as CSV first"),
        (b"Obj\x01", "an Avro file; convert it to Parquet first"),
        (b"ORC", "an ORC file; convert it to Parquet first"),
        (b"\x7FELF", "a program"),
        (b"MZ\x90", "a program"),
        (b"\xFF\xFF\xFF\xFF", "an Arrow stream; save it as an Arrow or Parquet file first"),
        (b"\x89HDF", "an HDF5 file; convert it to Parquet first"),
        (b"PARE", "an encrypted Parquet file"),
    ];
    KINDS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, kind)| format!("is no table: it looks like {kind}"))
}

/// What a text that is no table looks like.
fn text_kind(text: &[u8]) -> Option<String> {
    let shown = &text[..text.len().min(1 << 16)];
    let start = shown.trim_ascii_start();
    if start.is_empty() {
        return Some("is empty but for white space".into());
    }
    let lower = start[..start.len().min(200)].to_ascii_lowercase();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") || lower.starts_with(b"<head") {
        return Some("is no table: it looks like a web page (perhaps a log-in page saved under this name)".into());
    }
    if lower.starts_with(b"<?xml") || (lower.starts_with(b"<") && memchr::memchr(b'>', &lower).is_some()) {
        return Some("is no table: it looks like XML".into());
    }
    if lower.starts_with(b"version https://git-lfs") {
        return Some("is no table: it is a pointer of Git LFS; fetch the file itself".into());
    }
    let is_strange = |&&byte: &&u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x01 | 0x1A | 0x1B);
    let n_strange = shown.iter().filter(is_strange).count();
    (n_strange * 10 > shown.len()).then(|| "is no table: it looks like binary data".into())
}

/// Values of a column from further down a plain UTF-8 file. Files are written in time order, so their start may show the
/// first days of a month alone, which read as months just as well.
pub fn values_further_down(input: &Input, sniffed: &Sniffed, column: usize) -> Vec<String> {
    const PIECES: u64 = 4;
    const PIECE: usize = 1 << 16;
    let pieces = || input.pieces(SAMPLE_BYTES as u64, PIECES, PIECE);
    if sniffed.is_whole {
        return Vec::new();
    }
    match &sniffed.format {
        Format::Delimited(decoding, dialect) if decoding.is_utf8() && dialect.feed.is_none() => {
            let sampled = pieces().into_iter().flat_map(|piece| dialect.rule.sample(&piece, false, SAMPLE_ROWS));
            let records = sampled.filter(|record| record.fields.len() == dialect.names.len());
            records.map(|mut record| std::mem::take(&mut record.fields[column])).collect()
        }
        Format::Json(decoding, layout)
            if decoding.is_utf8() && layout.shape == json::Shape::Lines && !layout.is_xes =>
        {
            let of_piece = |piece: Vec<u8>| {
                let (names, mut columns, _) = sample_objects(&piece, &Layout { start: 0, ..layout.clone() }, false);
                let at = names.iter().position(|name| *name == sniffed.columns[column]);
                at.map(|at| std::mem::take(&mut columns[at])).unwrap_or_default().into_iter().flatten()
            };
            pieces().into_iter().flat_map(of_piece).collect()
        }
        Format::Delimited(..) | Format::Json(..) | Format::Parquet | Format::Ipc => Vec::new(),
    }
}

type Columns = Vec<Vec<Option<String>>>;

fn sample_records(text: &[u8], dialect: &Dialect, is_whole: bool) -> Result<(Columns, usize), Error> {
    let mut columns: Columns = vec![Vec::new(); dialect.names.len()];
    let body = text.get(dialect.start..).unwrap_or_default();
    // A wide table has fewer rows in the sample anyway; this bounds the memory of very wide ones.
    let mut n_rows = 0;
    for record in dialect.rule.sample(body, is_whole, SAMPLE_ROWS) {
        if record.fields.len() != columns.len() || record.fields == dialect.header {
            continue;
        }
        n_rows += 1;
        for (column, field) in columns.iter_mut().zip(record.fields) {
            column.push((!field.is_empty()).then_some(field));
        }
    }
    Ok((columns, n_rows))
}

/// The columns of the first objects in order of appearance, and their values.
fn sample_objects(text: &[u8], layout: &Layout, is_whole: bool) -> (Vec<String>, Columns, usize) {
    let mut body = text.get(layout.start..).unwrap_or_default();
    if !is_whole && layout.shape == json::Shape::Lines {
        let end = memchr::memrchr(b'\n', body).map_or(body.len(), |at| at + 1);
        body = &body[..end];
    }
    let mut table = ObjectTable { list: layout.list.clone(), ..ObjectTable::new(SAMPLE_ROWS) };
    let cutter = ValueCutter::new(layout.shape, RECORD_MAX);
    json::parse(cutter, body, &mut table);
    let n_rows = table.n_rows;
    table.columns.iter_mut().for_each(|column| column.resize(n_rows, None));
    (table.names, table.columns, n_rows)
}

/// Takes the keys and values of a row.
type EachValue<'e> = dyn FnMut(&str, &str) + 'e;

/// Objects as a table of texts, for a look at them.
#[derive(Default)]
pub struct ObjectTable {
    pub names: Vec<String>,
    pub columns: Columns,
    pub n_rows: usize,
    pub limit: usize,
    /// The key of the list whose members are the rows.
    pub list: Option<String>,
    keys: std::collections::HashMap<String, usize>,
}

impl ObjectTable {
    /// A table of at most `limit` rows.
    pub fn new(limit: usize) -> Self {
        ObjectTable { limit, ..ObjectTable::default() }
    }
}

impl json::Objects for ObjectTable {
    fn object(&mut self, raw: &[u8], _line: u64) {
        let Ok(text) = std::str::from_utf8(raw) else { return };
        let Some(list) = self.list.clone() else { return self.row(|each| json::read_object(text, each)) };
        for (index, member) in json::members(text, &list).ok().flatten().unwrap_or_default().into_iter().enumerate() {
            self.row(|each| json::read_member(text, &list, (index, member.get()), each));
        }
    }

    fn refuse(&mut self, _reason: Reason, _line: u64, _raw: &[u8]) {}
}

impl ObjectTable {
    fn row(&mut self, read: impl FnOnce(&mut EachValue<'_>) -> Result<(), serde_json::Error>) {
        if self.n_rows >= self.limit {
            return;
        }
        let (mut row, mut is_text) = (Vec::new(), true);
        let read = read(&mut |key: &str, value: &str| match json::value_text(value, &mut String::new()) {
            Ok(value) => row.push((key.to_owned(), value.to_owned())),
            Err(_) => is_text = false,
        });
        if read.is_err() || !is_text {
            return;
        }
        let at = self.n_rows;
        self.n_rows += 1;
        for (key, value) in row {
            let idx = match self.keys.get(&key) {
                Some(&idx) => idx,
                None if self.names.len() < json::LATE_MAX => {
                    self.keys.insert(key.clone(), self.names.len());
                    self.names.push(key);
                    self.columns.push(Vec::new());
                    self.names.len() - 1
                }
                None => continue,
            };
            let column = &mut self.columns[idx];
            column.resize(at, None);
            column.push((!value.is_empty()).then_some(value));
        }
    }
}
