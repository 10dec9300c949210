//! How a delimited text is written, found out from its start: delimiter, quotes, where the header is.
//!
//! Every candidate reads the same sample; the one that splits most records into the same number of fields wins.

use std::io::Read;
use std::sync::Arc;

use super::LoadOptions;
use super::adobe::Feed;
use super::csv::{Rule, Sampled};
use super::limits::{RECORD_MAX, SAMPLE_RECORD_MAX};
use crate::base::Civil;
use crate::base::visible::{truncate, visible};

/// What there is to know before a delimited text is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialect {
    pub rule: Rule,
    /// The header as it stands in the file.
    pub header: Vec<String>,
    /// The header with every name once and none empty.
    pub names: Vec<String>,
    /// Line on which the header stands, from 1; 0 where the names are known without one.
    pub header_line: u64,
    /// Lines before the first record.
    pub lines_before: u64,
    /// Bytes before the first record, in UTF-8.
    pub start: usize,
    /// Whether lines above the header are commented out with a `#`, so that others may be too.
    pub has_comments: bool,
    pub notes: Vec<String>,
    /// The feed whose hits are made lines that can be read so.
    pub feed: Option<Arc<Feed>>,
}

const DELIMITERS: [u8; 6] = [b',', b'\t', b';', b'|', 0x01, b' '];

/// Records that are looked at to find a dialect.
const RECORDS: usize = 200;

/// The shortest share of records that must agree on a number of fields.
const AGREED_MIN: f64 = 0.3;

impl Dialect {
    /// A reader of the lines, whatever they are made of.
    pub fn reader<'r>(&'r self, reader: Box<dyn Read + 'r>) -> Box<dyn Read + 'r> {
        match &self.feed {
            Some(feed) => Box::new(feed.reader(reader)),
            None => reader,
        }
    }

    /// Finds the dialect of the text that starts with `text` (UTF-8, without a byte order mark).
    ///
    /// # Errors
    /// No delimiter fits, or there is no header; a sentence.
    pub fn detect(text: &[u8], is_whole: bool, options: &LoadOptions) -> Result<Self, String> {
        let (told, skip) = separator_line(text);
        let wish = Wish::of(options)?;
        let body = &text[skip..];
        let delimiter = wish.delimiter.or(told);
        let rule = best_rule(body, is_whole, delimiter, &wish).map_err(|why| long_line(body).unwrap_or(why))?;
        let mut sampled = rule.sample(body, is_whole, RECORDS);
        for record in &mut sampled {
            record.start += skip;
            record.next += skip;
            record.line += u64::from(skip > 0);
        }
        find_header(rule, &sampled)
    }

    /// The dialect in words.
    pub fn describe(&self) -> String {
        let mut words = vec![format!("{}-delimited", delimiter_name(self.rule.delimiter))];
        words.push(match self.rule.quote {
            Some(quote) => format!("quote {}", char::from(quote)),
            None => "no quotes".into(),
        });
        if let Some(escape) = self.rule.escape {
            words.push(format!("escape {}", char::from(escape)));
        }
        if self.rule.skips_space {
            words.push("spaces after delimiters".into());
        }
        words.push(match self.header_line {
            0 => "no header".into(),
            line => format!("header in line {line}"),
        });
        words.join(", ")
    }

    /// `csv`, `tsv` or what else people call it.
    pub fn format_name(&self) -> &'static str {
        if self.rule.delimiter == b'\t' { "tsv" } else { "csv" }
    }
}

fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".into(),
        b'\t' => "tab".into(),
        b';' => "semicolon".into(),
        b'|' => "pipe".into(),
        b' ' => "space".into(),
        0x01 => "^A".into(),
        other => format!("`{}`", visible(&char::from(other).to_string())),
    }
}

/// What the flags say.
struct Wish {
    delimiter: Option<u8>,
    /// `Some(None)` is no quotes at all.
    quote: Option<Option<u8>>,
}

impl Wish {
    fn of(options: &LoadOptions) -> Result<Self, String> {
        let one_byte = |c: char, what: &str| {
            let is_fit = c.is_ascii() && c != '\n' && c != '\r';
            let refused = || {
                format!("cannot be read with `{}` as {what}: it must be one ASCII character", visible(&c.to_string()))
            };
            is_fit.then_some(c as u8).ok_or_else(refused)
        };
        let delimiter = options.delimiter.map(|c| one_byte(c, "delimiter")).transpose()?;
        let quote = match options.quote {
            None => None,
            Some('\0') => Some(None),
            Some(c) => Some(Some(one_byte(c, "quote")?)),
        };
        Ok(Wish { delimiter, quote })
    }
}

/// The line `sep=;` that Excel writes and reads: its delimiter and length.
fn separator_line(text: &[u8]) -> (Option<u8>, usize) {
    let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    let line = text[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&text[..end]);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => {
            let rest = &text[end..];
            let newline = if rest.starts_with(b"\r\n") { 2 } else { usize::from(!rest.is_empty()) };
            (Some(*delimiter), end + newline)
        }
        _ => (None, 0),
    }
}

/// How well a rule fits.
struct Fit {
    rule: Rule,
    agreed: f64,
    score: f64,
    n_broken: usize,
    n_quoted: usize,
}

impl Fit {
    fn of(rule: Rule, text: &[u8], is_whole: bool) -> Fit {
        let sampled = rule.sample(text, is_whole, RECORDS);
        let n_fields = usual_count(&sampled);
        let n_agreed = sampled.iter().filter(|record| record.fields.len() == n_fields).count();
        let agreed = n_agreed as f64 / sampled.len().max(1) as f64;
        // One field is no table; beyond that, agreement counts for more than the number of fields.
        let score = if n_fields < 2 { 0.0 } else { agreed * agreed * (1.0 + n_fields as f64).ln() };
        Fit {
            rule: Rule { n_fields, ..rule },
            agreed,
            score,
            n_broken: sampled.iter().filter(|record| record.fields.is_empty()).count(),
            n_quoted: sampled.iter().map(|record| record.n_quoted).sum(),
        }
    }
}

/// The number of fields that most records have; the larger where two are as frequent.
fn usual_count(sampled: &[Sampled]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for record in sampled.iter().filter(|record| !record.fields.is_empty()) {
        *counts.entry(record.fields.len()).or_insert(0usize) += 1;
    }
    counts.into_iter().max_by_key(|&(n_fields, n)| (n, n_fields)).map_or(0, |(n_fields, _)| n_fields)
}

/// Why there is no dialect, where the first line alone is reason enough.
fn long_line(text: &[u8]) -> Option<String> {
    let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    (end > SAMPLE_RECORD_MAX).then(|| {
        let kb = SAMPLE_RECORD_MAX >> 10;
        format!("is no table: its first line is longer than {kb} kB, so no header with the names of its columns")
    })
}

fn best_rule(text: &[u8], is_whole: bool, delimiter: Option<u8>, wish: &Wish) -> Result<Rule, String> {
    let mut best: Option<Fit> = None;
    for candidate in DELIMITERS
        .into_iter()
        .filter(|candidate| delimiter.is_none_or(|told| told == *candidate))
        .chain(delimiter.filter(|told| !DELIMITERS.contains(told)))
    {
        let fit = fit_quotes(candidate, text, is_whole, wish);
        // A space separates words in any text, so it comes last and only where nothing else fits and all lines agree.
        let is_clear = candidate != b' ' || delimiter.is_some() || (best.is_none() && fit.agreed > 0.95);
        let is_table = delimiter.is_some() || (fit.score > 0.0 && fit.agreed >= AGREED_MIN);
        if is_table && is_clear && best.as_ref().is_none_or(|best| fit.score > best.score) {
            best = Some(fit);
        }
    }
    let fit = best.ok_or(
        "is text, but its lines do not split into columns; name the delimiter with --delimiter if it is a table",
    )?;
    Ok(Rule { record_max: RECORD_MAX, ..fit.rule })
}

/// The way of quoting that fits best with a delimiter.
fn fit_quotes(delimiter: u8, text: &[u8], is_whole: bool, wish: &Wish) -> Fit {
    let fit = |quote: Option<u8>, change: fn(Rule) -> Rule| {
        let rule = Rule { record_max: SAMPLE_RECORD_MAX, ..Rule::new(delimiter, quote) };
        Fit::of(change(rule), text, is_whole)
    };
    let spaced = |fit: Fit| {
        if !has_spaces_after(delimiter, text) {
            return fit;
        }
        let skipping = Fit::of(Rule { skips_space: true, n_fields: 0, ..fit.rule }, text, is_whole);
        if skipping.score >= fit.score { skipping } else { fit }
    };
    if let Some(quote) = wish.quote {
        return spaced(fit(quote, |rule| rule));
    }
    let mut best = fit(Some(b'"'), |rule| rule);
    if memchr::memmem::find(text, b"\\\"").is_some() {
        let escaped = fit(Some(b'"'), |rule| Rule { escape: Some(b'\\'), ..rule });
        if escaped.n_broken < best.n_broken {
            best = escaped;
        }
    }
    if best.n_quoted == 0 {
        let single = fit(Some(b'\''), |rule| rule);
        let is_usual =
            single.n_quoted * 2 >= text.iter().take(1 << 16).filter(|&&byte| byte == b'\n').count().min(RECORDS);
        if single.n_quoted > 0 && single.n_broken == 0 && is_usual && single.score >= best.score {
            best = single;
        } else if best.n_broken > 0 && matches!(delimiter, b'\t' | b'|' | 0x01) {
            // Formats that are written without quoting: a quote is a character like any other.
            best = fit(None, |rule| rule);
        }
    }
    spaced(best)
}

/// Whether nearly every delimiter is followed by a space.
fn has_spaces_after(delimiter: u8, text: &[u8]) -> bool {
    if delimiter == b' ' || delimiter == b'\t' {
        return false;
    }
    let text = &text[..text.len().min(1 << 16)];
    let (mut n, mut spaced) = (0, 0);
    for at in memchr::memchr_iter(delimiter, text) {
        n += 1;
        spaced += usize::from(text.get(at + 1) == Some(&b' '));
    }
    n > 0 && spaced * 10 >= n * 9
}

fn find_header(rule: Rule, sampled: &[Sampled]) -> Result<Dialect, String> {
    let n_fields = rule.n_fields;
    let of_table = |record: &&Sampled| record.fields.len() == n_fields;
    // A spreadsheet pads the lines above the table with empty fields, so a sparse line with a date may stand there.
    let is_dense = |record: &Sampled| record.fields.iter().filter(|field| !field.is_empty()).count() * 2 >= n_fields;
    let is_data = |record: &Sampled| of_table(&record) && is_dense(record) && looks_like_data(&record.fields);
    let is_note = |record: &Sampled| record.fields.first().is_some_and(|field| field.starts_with('#'));
    // A row that is commented out above the header is no data, but ids may begin so too.
    let first_data = sampled.iter().position(|record| is_data(record) && !is_note(record));
    let first_data = first_data.or_else(|| sampled.iter().position(is_data));
    let before = &sampled[..first_data.unwrap_or(sampled.len())];
    let fits = |record: &&Sampled| of_table(record) && looks_like_header(&record.fields);
    let header = before.iter().find(|record| fits(record) && !is_note(record));
    // A comment may hold the names: `#user,event,time`.
    let header = header.or_else(|| before.iter().rev().find(fits));
    let Some(header) = header else { return Err(no_header(rule, sampled, first_data)) };
    // The header itself may be commented out, and ids may begin so; a line of words above it says that `#` is for comments.
    let has_comments = before.iter().any(|record| is_note(record) && record.line < header.line);
    let mut fields = header.fields.clone();
    let mut notes = Vec::new();
    if is_note(header) {
        fields[0] = fields[0].trim_start_matches(['#', ' ']).to_owned();
    }
    let names = unique_names(&fields, &mut notes);
    Ok(Dialect {
        rule,
        header: header.fields.clone(),
        names,
        header_line: header.line,
        lines_before: header.line + header.n_lines - 1,
        start: header.next,
        has_comments,
        notes,
        feed: None,
    })
}

/// Why there is no header, as exactly as can be said.
fn no_header(rule: Rule, sampled: &[Sampled], first_data: Option<usize>) -> String {
    let Some(data) = first_data else {
        return "has no line that looks like a header with the names of its columns".into();
    };
    let row = &sampled[data];
    let named =
        sampled[..data].iter().rev().find(|record| record.fields.len() > 1 && looks_like_header(&record.fields));
    if let Some(header) = named {
        return format!(
            "names {} columns in line {}, but its rows have {} fields, so no value can be told to belong to a column; \
             make the header fit the rows",
            header.fields.len(),
            header.line,
            rule.n_fields,
        );
    }
    let shown =
        row.fields.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(&char::from(rule.delimiter).to_string());
    format!(
        "has no header: line {} looks like data (`{}`); add a first line with the names of the columns",
        row.line,
        truncate(&visible(&shown), 60),
    )
}

/// Names, none of which is a number or a time; a few may be empty.
fn looks_like_header(fields: &[String]) -> bool {
    let n_named = fields.iter().filter(|field| !field.trim().is_empty()).count();
    n_named * 2 >= fields.len() && n_named > 0 && !looks_like_data(fields)
}

fn looks_like_data(fields: &[String]) -> bool {
    fields.iter().any(|field| is_number(field) || is_time(field))
}

fn is_number(field: &str) -> bool {
    let field = field.trim();
    field.bytes().any(|byte| byte.is_ascii_digit())
        && (field.parse::<f64>().is_ok() || field.replacen(',', ".", 1).parse::<f64>().is_ok())
}

fn is_time(field: &str) -> bool {
    let field = field.trim();
    if Civil::parse_iso(field.as_bytes()).is_some() {
        return true;
    }
    let digits = field.bytes().filter(u8::is_ascii_digit).count();
    let marks = field.bytes().filter(|byte| matches!(byte, b'-' | b'/' | b'.' | b':')).count();
    field.starts_with(|c: char| c.is_ascii_digit()) && digits >= 4 && marks >= 2 && field.len() <= 40
}

/// Every name once and none empty; a column that is named like an earlier one gets a number.
pub fn unique_names(fields: &[String], notes: &mut Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut names: Vec<String> = Vec::with_capacity(fields.len());
    let (mut repeated, mut unnamed) = (Vec::new(), Vec::new());
    for (idx, field) in fields.iter().enumerate() {
        let field = field.trim().trim_start_matches('\u{FEFF}');
        let base = if field.is_empty() { format!("column_{}", idx + 1) } else { field.to_owned() };
        let mut name = base.clone();
        let mut n = 1;
        while !seen.insert(name.clone()) {
            n += 1;
            name = format!("{base}_{n}");
        }
        if field.is_empty() {
            unnamed.push(name.clone());
        } else if n > 1 {
            repeated.push(format!("`{}`", visible(&name)));
        }
        names.push(name);
    }
    if !repeated.is_empty() {
        let shown = shorten(&repeated);
        notes.push(format!(
            "Column names that occur more than once were numbered: {shown}; the first of each keeps its name."
        ));
    }
    if !unnamed.is_empty() {
        notes.push(format!("Columns without a name were called {}.", shorten(&unnamed)));
    }
    names
}

fn shorten(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}
