//! The reader of delimited text: finds records and their fields, and refuses one record at a time.
//!
//! A quote opens only where a field starts; inside, a doubled quote is a quote; after the closing quote the field ends.
//! Where a record breaks these rules, never closes, or spans lines without having the header's number of fields, only
//! its first line is refused and reading goes on with the next: a stray quote costs one record and not the file.
//! Lines end in LF, CRLF or CR, also mixed. Blank lines are no records.

mod scan;

use memchr::{memchr, memchr3};

use scan::{Field, Scan, count_lines};

use super::limits::RECORD_MAX;
use super::report::Reason;

pub use scan::Sampled;

const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// How text is cut into records and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// Takes the meaning from a quote inside quotes, where the file does not double them.
    pub escape: Option<u8>,
    /// Spaces after a delimiter belong to the delimiter.
    pub skips_space: bool,
    /// Fields of the header; 0 while it is not known.
    pub n_fields: usize,
    pub record_max: usize,
}

/// Takes what a reader finds.
pub trait Rows {
    /// A record with the header's number of fields; `line` counts from 1 at the start of the block.
    fn record(&mut self, record: &Record<'_>, line: u64);
    fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]);
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The block, or a copy of the record without its quotes.
    text: &'a str,
    spans: &'a [(u32, u32)],
    pub raw: &'a [u8],
}

impl<'a> Record<'a> {
    #[inline]
    pub fn field(&self, idx: usize) -> &'a str {
        let (start, end) = self.spans[idx];
        &self.text[start as usize..end as usize]
    }

    pub fn fields(&self) -> impl ExactSizeIterator<Item = &'a str> {
        let record = *self;
        (0..record.spans.len()).map(move |idx| record.field(idx))
    }
}

impl Rule {
    pub fn new(delimiter: u8, quote: Option<u8>) -> Self {
        Rule { delimiter, quote, escape: None, skips_space: false, n_fields: 0, record_max: RECORD_MAX }
    }

    /// Reads a block that holds whole records and returns the number of its lines.
    pub fn parse<R: Rows>(&self, data: &[u8], rows: &mut R) -> u64 {
        let block = Block {
            data,
            text: std::str::from_utf8(data).ok(),
            has_quote: self.quote.is_some_and(|quote| memchr(quote, data).is_some()),
            has_nul: memchr(0, data).is_some(),
        };
        match block.text {
            Some(text) if !block.has_quote && !block.has_nul && !self.skips_space && is_plain_lines(data) => {
                self.parse_plain(text, rows)
            }
            _ => self.parse_any(&block, rows),
        }
    }

    /// Text without quotes, NULs and bare CRs.
    fn parse_plain<R: Rows>(&self, text: &str, rows: &mut R) -> u64 {
        let data = text.as_bytes();
        let mut spans: Vec<(u32, u32)> = Vec::with_capacity(self.n_fields + 1);
        let (mut start, mut line) = (0, 0);
        while start < data.len() {
            line += 1;
            let next = self.line_record(text, start, &mut spans, line, rows);
            start = next;
        }
        line
    }

    /// One line that holds neither quotes nor CRs but the one before its end; returns where the next one starts.
    #[inline]
    fn line_record<R: Rows>(
        &self,
        text: &str,
        start: usize,
        spans: &mut Vec<(u32, u32)>,
        line: u64,
        rows: &mut R,
    ) -> usize {
        let data = text.as_bytes();
        let line_start = start;
        let is_marked = data[start] == MARK[0] && data[start..].starts_with(MARK);
        let start = if is_marked { start + MARK.len() } else { start };
        let next = split_line(data, start, self.delimiter, spans);
        let end = start + trim_line_end(&data[start..next]);
        if let Some(last) = spans.last_mut() {
            last.1 = end as u32;
        }
        let raw = &data[start..end];
        if end - line_start > self.record_max {
            rows.refuse(Reason::TooLong, line, raw);
        } else if spans.len() == self.n_fields && !raw.is_empty() {
            rows.record(&Record { text, spans, raw }, line);
        } else if !is_blank(raw) {
            rows.refuse(Reason::FieldCount, line, raw);
        }
        next
    }

    /// Any text, record by record.
    fn parse_any<R: Rows>(&self, block: &Block<'_>, rows: &mut R) -> u64 {
        let data = block.data;
        let mut fields: Vec<Field> = Vec::with_capacity(self.n_fields + 1);
        let mut spans: Vec<(u32, u32)> = Vec::with_capacity(self.n_fields + 1);
        let mut scratch = String::new();
        let (mut start, mut line) = (0, 1);
        while start < data.len() {
            // Most lines of a file with quotes have none.
            if let (Some(text), Some(next)) = (block.text, self.plain_line(block, start)) {
                self.line_record(&text[..next], start, &mut spans, line, rows);
                (start, line) = (next, line + 1);
                continue;
            }
            match self.scan(data, start, true, &mut fields) {
                Scan::Record { end, next, spans_lines } => {
                    let raw = data[start..end].strip_prefix(MARK).unwrap_or(&data[start..end]);
                    if fields.len() != self.n_fields {
                        if !is_blank(raw) {
                            rows.refuse(Reason::FieldCount, line, raw);
                        }
                    } else {
                        match self.record(block, raw, &fields, &mut spans, &mut scratch) {
                            Some(record) => rows.record(&record, line),
                            None => rows.refuse(Reason::Encoding, line, raw),
                        }
                    }
                    line += 1 + if spans_lines { count_lines(raw) } else { 0 };
                    start = next;
                }
                Scan::Broken { reason, end, next, .. } => {
                    rows.refuse(reason, line, &data[start..end]);
                    line += 1;
                    start = next;
                }
                Scan::More => break,
            }
        }
        line - 1
    }

    /// The start of the next line, where this one can be read by `line_record`.
    fn plain_line(&self, block: &Block<'_>, start: usize) -> Option<usize> {
        if block.has_nul || self.skips_space {
            return None;
        }
        let data = block.data;
        let quote = self.quote.unwrap_or(b'\n');
        let at = start + memchr3(b'\n', b'\r', quote, &data[start..])?;
        match (data[at], data.get(at + 1)) {
            (b'\n', _) => Some(at + 1),
            (b'\r', Some(b'\n')) => Some(at + 2),
            _ => None,
        }
    }

    /// The record as text, or `None` where it is none.
    fn record<'a>(
        &self,
        block: &Block<'a>,
        raw: &'a [u8],
        fields: &[Field],
        spans: &'a mut Vec<(u32, u32)>,
        scratch: &'a mut String,
    ) -> Option<Record<'a>> {
        if block.has_nul && memchr(0, raw).is_some() {
            return None;
        }
        spans.clear();
        if let Some(text) = block.text
            && fields.iter().all(|(_, is_escaped)| !is_escaped)
        {
            spans.extend(fields.iter().map(|(span, _)| (span.start as u32, span.end as u32)));
            return Some(Record { text, spans, raw });
        }
        scratch.clear();
        let quote = self.quote.unwrap_or_default();
        for (span, is_escaped) in fields {
            let start = scratch.len();
            let field = std::str::from_utf8(&block.data[span.clone()]).ok()?;
            if *is_escaped {
                self.unescape(field, quote, scratch);
            } else {
                scratch.push_str(field);
            }
            spans.push((start as u32, scratch.len() as u32));
        }
        Some(Record { text: scratch, spans, raw })
    }
}

/// A block and what is known of it as a whole.
struct Block<'a> {
    data: &'a [u8],
    text: Option<&'a str>,
    has_quote: bool,
    has_nul: bool,
}

/// Whether every CR stands before an LF.
fn is_plain_lines(data: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', data).all(|at| data.get(at + 1) == Some(&b'\n'))
}

fn trim_line_end(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => line.len() - 2,
        [.., b'\n' | b'\r'] => line.len() - 1,
        _ => line.len(),
    }
}

/// A line that is no record: white space alone, or the mark that DOS puts at the end of a file.
fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || line == [0x1A]
}

/// Splits the line at `start` at its delimiters and returns where the next one starts. Eight bytes at a time: fields of
/// event tables are short, and one pass that looks for both ends beats a call for every field.
#[inline]
fn split_line(data: &[u8], start: usize, delimiter: u8, spans: &mut Vec<(u32, u32)>) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let zeros = |word: u64| !(((word & LOW) + LOW) | word | LOW);
    let (of_delimiter, of_newline) = (ONES * u64::from(delimiter), ONES * u64::from(b'\n'));
    spans.clear();
    let (mut field, mut at) = (start, start);
    while let Some(bytes) = data.get(at..at + 8) {
        let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let newlines = zeros(word ^ of_newline);
        let mut hits = zeros(word ^ of_delimiter);
        if newlines != 0 {
            // Only what stands before the first newline belongs to this line.
            hits &= (newlines & newlines.wrapping_neg()) - 1;
        }
        while hits != 0 {
            let end = at + (hits.trailing_zeros() / 8) as usize;
            spans.push((field as u32, end as u32));
            field = end + 1;
            hits &= hits - 1;
        }
        if newlines != 0 {
            let end = at + (newlines.trailing_zeros() / 8) as usize;
            spans.push((field as u32, end as u32));
            return end + 1;
        }
        at += 8;
    }
    while at < data.len() {
        if data[at] == delimiter || data[at] == b'\n' {
            spans.push((field as u32, at as u32));
            field = at + 1;
            if data[at] == b'\n' {
                return field;
            }
        }
        at += 1;
    }
    spans.push((field as u32, data.len() as u32));
    data.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::blocks::{Buffer, Piece, Splitter};
    use proptest::prelude::*;

    struct Seen {
        base: u64,
        lines: Vec<String>,
    }

    impl Rows for Seen {
        fn record(&mut self, record: &Record<'_>, line: u64) {
            let fields: Vec<&str> = record.fields().collect();
            self.lines.push(format!("{}: {}", self.base + line, fields.join("|")));
        }

        fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]) {
            let raw = String::from_utf8_lossy(&raw[..raw.len().min(30)]).into_owned();
            self.lines.push(format!("{}: !{reason:?} {raw}", self.base + line));
        }
    }

    /// Everything that is read, in blocks of about `block` bytes.
    fn read(rule: Rule, data: &[u8], block: usize) -> Vec<String> {
        let mut seen = Seen { base: 0, lines: Vec::new() };
        let mut reader = data;
        let mut splitter = Splitter::new(&mut reader, rule, block);
        while let Some(piece) = splitter.next(Buffer::default()).expect("memory") {
            match piece {
                Piece::Block(block) => seen.base += rule.parse(&block, &mut seen),
                Piece::TooLong(head) => {
                    seen.refuse(Reason::TooLong, 1, &head);
                    seen.base += 1;
                }
            }
        }
        seen.lines
    }

    fn rule(n_fields: usize) -> Rule {
        Rule { n_fields, ..Rule::new(b',', Some(b'"')) }
    }

    #[track_caller]
    fn check(data: &str, expect: &[&str]) {
        for block in [1, 3, 7, 64, 1 << 20] {
            assert_eq!(read(rule(3), data.as_bytes(), block), expect, "in blocks of {block}");
        }
    }

    #[test]
    fn lines_may_end_in_any_way() {
        check("a,b,c\nd,e,f\r\ng,h,i\rj,k,l\r\r\nm,n,o", &["1: a|b|c", "2: d|e|f", "3: g|h|i", "4: j|k|l", "6: m|n|o"]);
        check("\n\na,b,c\n\r\n", &["3: a|b|c"]);
        check("a,,\n,,\r\n,,c\r\n", &["1: a||", "2: ||", "3: ||c"]);
    }

    #[test]
    fn quotes_open_only_at_the_start_of_a_field() {
        check("\"a\",\"b,\"\"x\"\"\nc\",d\ne,5\" disk,f\n", &["1: a|b,\"x\"\nc|d", "3: e|5\" disk|f"]);
        check("\"\",\"\",\"\"\n\"\"\"\",\"a\",b", &["1: ||", "2: \"|a|b"]);
    }

    #[test]
    fn a_stray_quote_costs_one_record() {
        check("a,b,c\nd,\"e\"x,f\ng,h,i\n", &["1: a|b|c", "2: !Quote d,\"e\"x,f", "3: g|h|i"]);
        check("a,\"b,c\nd,e,f\ng,h,i\n", &["1: !Quote a,\"b,c", "2: d|e|f", "3: g|h|i"]);
        check("a,\"b,c\nd,\"e,f\ng,h,i\n", &["1: !Quote a,\"b,c", "2: !Quote d,\"e,f", "3: g|h|i"]);
        // Closes by chance further down, but not with three fields.
        check("a,\"b,c\nd,e\"\ng,h,i\n", &["1: !FieldCount a,\"b,c", "2: !FieldCount d,e\"", "3: g|h|i"]);
    }

    #[test]
    fn ragged_lines_and_lines_that_are_no_text_are_refused_alone() {
        check("a,b\nc,d,e\nf,g,h,i\n", &["1: !FieldCount a,b", "2: c|d|e", "3: !FieldCount f,g,h,i"]);
        let rule = rule(3);
        let data = b"a,b,c\nd,\xE9,f\ng,\0,h\n\"i\",j,k\n\xFF\n";
        for block in [1, 5, 100] {
            assert_eq!(
                read(rule, data, block),
                ["1: a|b|c", "2: !Encoding d,\u{FFFD},f", "3: !Encoding g,\0,h", "4: i|j|k", "5: !FieldCount \u{FFFD}",]
            );
        }
    }

    #[test]
    fn a_quote_that_never_closes_and_a_line_without_end_are_bounded() {
        let short = Rule { record_max: 20, ..rule(3) };
        let data = format!("a,\"b,c\n{}{}\nj,k,l\n", "d,e,f\n".repeat(10), "x".repeat(100));
        let mut expect = vec!["1: !Quote a,\"b,c".to_owned()];
        expect.extend((2..12).map(|line| format!("{line}: d|e|f")));
        expect.push(format!("12: !TooLong {}", "x".repeat(30)));
        expect.push("13: j|k|l".into());
        for block in [1, 7, 30, 64, 1000] {
            let mut seen = read(short, data.as_bytes(), block);
            // What is kept of a long line depends on how much of it was at hand.
            seen.iter_mut().filter(|line| line.contains("TooLong")).for_each(|line| *line = expect[11].clone());
            assert_eq!(seen, expect, "in blocks of {block}");
        }
    }

    #[test]
    fn three_thousand_newlines_in_one_field_are_one_record() {
        let note = "line\n".repeat(3000);
        let data = format!("a,\"{note}\",b\nc,d,e\n");
        for block in [64, 4096, 1 << 20] {
            let seen = read(rule(3), data.as_bytes(), block);
            assert_eq!(seen, [format!("1: a|{note}|b"), "3002: c|d|e".to_owned()]);
        }
    }

    #[test]
    fn other_ways_of_quoting_are_read_as_well() {
        let escaped = Rule { escape: Some(b'\\'), ..rule(2) };
        assert_eq!(read(escaped, b"\"a\\\"b\\\\\",c\n", 100), ["1: a\"b\\|c"]);
        let single = Rule { quote: Some(b'\''), ..rule(2) };
        assert_eq!(read(single, b"'a,''b',\"c\"\n", 100), ["1: a,'b|\"c\""]);
        let spaced = Rule { skips_space: true, ..rule(2) };
        assert_eq!(read(spaced, b"a, b\n\"c\", \"d, e\"\n", 100), ["1: a|b", "2: c|d, e"]);
        let marked = "\u{FEFF}a,b\n\u{FEFF}\"c\",d\n";
        assert_eq!(read(rule(2), marked.as_bytes(), 100), ["1: a|b", "2: c|d"]);
    }

    /// A reader of clean text that is too simple to be wrong.
    fn naive(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut field, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if is_quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => row.push(std::mem::take(&mut field)),
                '\n' if !is_quoted => {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
                '\r' if !is_quoted => {}
                c => field.push(c),
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn clean_files_read_as_a_naive_reader_reads_them(
            rows in prop::collection::vec(prop::collection::vec(("[a-c\",\n\r é日]{0,6}", any::<bool>()), 3), 1..20),
            crlf in any::<bool>(),
            block in 1usize..200,
        ) {
            let mut text = String::new();
            for row in &rows {
                let written: Vec<String> = row.iter().enumerate().map(|(at, (field, quoted))| {
                    let must = field.contains(['"', ',', '\n', '\r']) || *quoted || at == 0;
                    if must { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
                }).collect();
                text.push_str(&written.join(","));
                text.push_str(if crlf { "\r\n" } else { "\n" });
            }
            let fields = |line: &String| line.split_once(": ").map(|(_, fields)| fields.to_owned());
            let seen: Vec<String> = read(rule(3), text.as_bytes(), block).iter().filter_map(fields).collect();
            let expect: Vec<String> = naive(&text).iter().map(|row| row.join("|")).collect();
            prop_assert_eq!(seen, expect);
        }

        #[test]
        fn what_is_read_does_not_depend_on_the_blocks(
            tokens in prop::collection::vec(prop::sample::select(vec![
                "a", "b,c", ",", "\"", "\"\"", "\n", "\r", "\r\n", "x,y,z\n", "\"q\",r,s\r\n", "\0", "é", "\u{FEFF}",
            ]), 0..60),
            sizes in (1usize..40, 1usize..40),
            record_max in 4usize..60,
        ) {
            let text = tokens.concat();
            let rule = Rule { record_max, ..rule(3) };
            let short = |line: String| line.split("TooLong").next().map(str::to_owned);
            let one: Vec<_> = read(rule, text.as_bytes(), sizes.0).into_iter().map(short).collect();
            let two: Vec<_> = read(rule, text.as_bytes(), sizes.1).into_iter().map(short).collect();
            let whole: Vec<_> = read(rule, text.as_bytes(), 1 << 16).into_iter().map(short).collect();
            prop_assert_eq!(&one, &whole);
            prop_assert_eq!(&two, &whole);
        }
    }
}
