//! Where records and fields begin and end.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3, memrchr2};

use super::{MARK, Rule, is_blank};
use crate::ingest::blocks::{Cut, Cutter};
use crate::ingest::report::Reason;

/// A record of a sample.
#[derive(Debug, Clone)]
pub struct Sampled {
    pub fields: Vec<String>,
    pub n_quoted: usize,
    pub start: usize,
    pub next: usize,
    pub line: u64,
    pub n_lines: u64,
}

/// Where a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    Record {
        end: usize,
        next: usize,
        spans_lines: bool,
    },
    /// Only the first line is refused. `seen` is how far one had to look to know.
    Broken {
        reason: Reason,
        end: usize,
        next: usize,
        seen: usize,
    },
    /// The text ends before the record does.
    More,
}

/// A field: its text in the block, without quotes, and whether quotes in it are doubled or escaped.
pub(super) type Field = (Range<usize>, bool);

impl Rule {
    /// The end of the line that `start` is in, and where the next begins. `None` where the text ends before, or in a CR
    /// that may be half of a CRLF.
    fn line(data: &[u8], start: usize, is_last: bool) -> Option<(usize, usize)> {
        match memchr2(b'\n', b'\r', &data[start..]) {
            Some(at) => Self::line_end(data, start + at, is_last),
            None => is_last.then_some((data.len(), data.len())),
        }
    }

    #[inline]
    fn line_end(data: &[u8], end: usize, is_last: bool) -> Option<(usize, usize)> {
        if data[end] == b'\n' {
            return Some((end, end + 1));
        }
        match data.get(end + 1) {
            Some(b'\n') => Some((end, end + 2)),
            None if !is_last => None,
            _ => Some((end, end + 1)),
        }
    }

    /// Finds the record at `start`.
    pub(super) fn scan(&self, data: &[u8], start: usize, is_last: bool, fields: &mut Vec<Field>) -> Scan {
        fields.clear();
        // Within the longest record everything is settled, whatever follows.
        let limit = data.len().min(start.saturating_add(self.record_max + 1));
        let is_settled = is_last || limit < data.len();
        let mut at = if data[start..].starts_with(MARK) { (start + MARK.len()).min(limit) } else { start };
        // Outside of quotes a line end ends the record, so any before its end stands in quotes. Looked for only where it
        // matters, and nowhere twice.
        let (mut spans_lines, mut looked) = (false, start);
        let mut look = |end: usize| {
            if !spans_lines && looked < end {
                spans_lines = memchr2(b'\n', b'\r', &data[looked..end]).is_some();
                looked = end;
            }
            spans_lines
        };
        loop {
            if at > limit {
                return self.broken(data, start, is_last, Reason::Quote, start);
            }
            let mut field = at;
            if self.skips_space {
                field += data[at..limit].iter().take_while(|&&byte| byte == b' ').count();
            }
            let quote = self.quote.filter(|&quote| field < limit && data[field] == quote);
            let end = if let Some(quote) = quote {
                let Some((close, is_escaped)) = self.close(data, field + 1, limit, quote) else {
                    return if is_settled {
                        self.broken(data, start, is_last, Reason::Quote, start)
                    } else {
                        Scan::More
                    };
                };
                fields.push((field + 1..close, is_escaped));
                match data.get(close + 1) {
                    None if !is_last => return Scan::More,
                    None => data.len(),
                    Some(&byte) if byte == self.delimiter || byte == b'\n' || byte == b'\r' => close + 1,
                    Some(_) => return self.broken(data, start, is_last, Reason::Quote, start),
                }
            } else {
                let end = match memchr3(self.delimiter, b'\n', b'\r', &data[field..limit]) {
                    Some(len) => field + len,
                    None if limit < data.len() => {
                        let reason = if look(field) { Reason::Quote } else { Reason::TooLong };
                        return self.broken(data, start, is_last, reason, start);
                    }
                    None if is_last => data.len(),
                    None => return Scan::More,
                };
                fields.push((field..end, false));
                end
            };
            if self.n_fields > 0 && fields.len() > self.n_fields && look(end) {
                return self.broken(data, start, is_last, Reason::FieldCount, end);
            }
            if end < data.len() && data[end] == self.delimiter {
                at = end + 1;
                continue;
            }
            let (end, next) = if end == data.len() {
                (end, end)
            } else {
                match Self::line_end(data, end, is_last) {
                    Some(found) => found,
                    None => return Scan::More,
                }
            };
            let spans_lines = look(end);
            if spans_lines && self.n_fields > 0 && fields.len() != self.n_fields {
                return self.broken(data, start, is_last, Reason::FieldCount, next);
            }
            if end - start > self.record_max {
                return self.broken(data, start, is_last, Reason::Quote, start);
            }
            return Scan::Record { end, next, spans_lines };
        }
    }

    /// The first records of a text, for a look at it. A broken record has no fields; blank lines are left out.
    pub fn sample(&self, text: &[u8], is_whole: bool, max: usize) -> Vec<Sampled> {
        let mut sampled = Vec::new();
        let mut fields = Vec::new();
        let (mut start, mut line) = (0, 1);
        while start < text.len() && sampled.len() < max {
            let (end, next, is_record) = match self.scan(text, start, is_whole, &mut fields) {
                Scan::Record { end, next, .. } => (end, next, true),
                Scan::Broken { end, next, .. } => (end, next, false),
                Scan::More => break,
            };
            let n_lines = 1 + count_lines(&text[start..end]);
            if !is_blank(&text[start..end]) {
                let texts = if is_record { self.texts(text, &fields) } else { Vec::new() };
                let quoted = |span: &Range<usize>| span.start > start && Some(text[span.start - 1]) == self.quote;
                let n_quoted = fields.iter().filter(|(span, _)| is_record && quoted(span)).count();
                sampled.push(Sampled { fields: texts, n_quoted, start, next, line, n_lines });
            }
            (start, line) = (next, line + n_lines);
        }
        sampled
    }

    fn texts(&self, text: &[u8], fields: &[Field]) -> Vec<String> {
        let unescaped = |(span, is_escaped): &Field| {
            let field = String::from_utf8_lossy(&text[span.clone()]);
            match self.quote {
                Some(quote) if *is_escaped => {
                    let mut out = String::new();
                    self.unescape(&field, quote, &mut out);
                    out
                }
                _ => field.into_owned(),
            }
        };
        fields.iter().map(unescaped).collect()
    }

    fn broken(&self, data: &[u8], start: usize, is_last: bool, reason: Reason, seen: usize) -> Scan {
        match Self::line(data, start, is_last) {
            Some((end, next)) => {
                let reason = if end - start > self.record_max { Reason::TooLong } else { reason };
                Scan::Broken { reason, end, next, seen: seen.max(next) }
            }
            None => Scan::More,
        }
    }

    /// The place of the quote that closes, and whether there are doubled or escaped ones before it.
    fn close(&self, data: &[u8], start: usize, limit: usize, quote: u8) -> Option<(usize, bool)> {
        let (mut at, mut is_escaped) = (start, false);
        loop {
            let found = match self.escape {
                Some(escape) => memchr2(quote, escape, &data[at..limit])?,
                None => memchr(quote, &data[at..limit])?,
            };
            at += found;
            if data[at] != quote || data.get(at + 1) == Some(&quote) {
                (at, is_escaped) = (at + 2, true);
                if at > limit {
                    return None;
                }
            } else {
                return Some((at, is_escaped));
            }
        }
    }

    /// Appends a field's text without its escapes.
    pub(super) fn unescape(&self, field: &str, quote: u8, out: &mut String) {
        let mut rest = field;
        loop {
            let found = match self.escape {
                Some(escape) => memchr2(quote, escape, rest.as_bytes()),
                None => memchr(quote, rest.as_bytes()),
            };
            let Some(at) = found else { return out.push_str(rest) };
            out.push_str(&rest[..at]);
            // Both marks are ASCII, so what follows one starts a character.
            let mut after = rest[at + 1..].chars();
            out.extend(after.next());
            rest = after.as_str();
        }
    }
}

impl Cutter for Rule {
    fn cut(&mut self, data: &[u8], is_last: bool) -> Cut {
        if is_last {
            return Cut::At(data.len());
        }
        if self.quote.is_none_or(|quote| memchr(quote, data).is_none()) {
            let mut end = data.len();
            while let Some(at) = memrchr2(b'\n', b'\r', &data[..end]) {
                if data[at] == b'\n' || at + 1 < data.len() {
                    return Cut::At(at + 1);
                }
                end = at;
            }
            return if data.len() > self.record_max + 1 { Cut::TooLong } else { Cut::More };
        }
        let mut fields = Vec::new();
        let (mut start, mut cut, mut safe) = (0, 0, 0);
        loop {
            match self.scan(data, start, false, &mut fields) {
                Scan::Record { next, .. } => start = next,
                Scan::Broken { next, seen, .. } => {
                    // A cut before what had to be seen would hide it from the one who reads the block.
                    safe = safe.max(seen);
                    start = next;
                }
                Scan::More => break,
            }
            if start >= safe {
                cut = start;
            }
        }
        match cut {
            0 if start == 0
                && data.len() > self.record_max + 1
                && memchr2(b'\n', b'\r', &data[..=self.record_max]).is_none() =>
            {
                Cut::TooLong
            }
            0 => Cut::More,
            at => Cut::At(at),
        }
    }
}

/// Line ends inside a record.
pub(super) fn count_lines(raw: &[u8]) -> u64 {
    let mut lines = memchr::memchr_iter(b'\n', raw).count();
    for at in memchr::memchr_iter(b'\r', raw) {
        lines += usize::from(raw.get(at + 1) != Some(&b'\n'));
    }
    lines as u64
}
