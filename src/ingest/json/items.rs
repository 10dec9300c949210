//! Where the values of a JSON text begin and end, by brackets and quotes alone.

use super::{DEPTH_MAX, MARK, Shape};
use crate::ingest::blocks::{Cut, Cutter};
use crate::ingest::report::Reason;

pub(super) fn skip_space(text: &[u8], start: usize) -> usize {
    start + text[start.min(text.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    At(usize),
    /// It can never end well from here.
    Broken,
    /// The text ends before.
    More,
}

/// The end of the value at `start`, by its brackets and quotes alone.
pub(super) fn value_end(text: &[u8], start: usize) -> End {
    let mut open: Vec<u8> = Vec::new();
    let mut at = start;
    while at < text.len() {
        match text[at] {
            b'"' => {
                match string_end(text, at) {
                    End::At(end) => at = end,
                    other => return other,
                }
                if open.is_empty() {
                    return End::At(at);
                }
                continue;
            }
            b'{' | b'[' if open.len() == DEPTH_MAX => return End::Broken,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            close @ (b'}' | b']') => {
                match open.pop() {
                    // The bracket of what stands around a bare value.
                    None => return if at == start { End::Broken } else { End::At(at) },
                    Some(expected) if expected != close => return End::Broken,
                    Some(_) => {}
                }
                if open.is_empty() {
                    return End::At(at + 1);
                }
            }
            b',' | b'\n' | b'\r' if open.is_empty() => return if at == start { End::Broken } else { End::At(at) },
            _ => {}
        }
        at += 1;
    }
    End::More
}

/// The end of the text in quotes at `start`. A line never ends inside one.
fn string_end(text: &[u8], start: usize) -> End {
    let mut at = start + 1;
    loop {
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &text[at.min(text.len())..]) else { return End::More };
        at += found;
        match text[at] {
            b'"' => return End::At(at + 1),
            b'\\' => at += 2,
            _ => return End::Broken,
        }
    }
}

/// A value of a text, or what stands in its place.
enum Item {
    Value {
        start: usize,
        end: usize,
    },
    /// Only its first line is refused.
    Broken {
        start: usize,
        end: usize,
        next: usize,
    },
    /// The end of the array, and what comes after it.
    Over(usize),
    /// Nothing but white space and commas up to the end.
    Nothing,
    More,
}

/// The next value where they do not stand on lines.
fn next_item(text: &[u8], start: usize, is_last: bool, cutter: &ValueCutter) -> Item {
    let is_wrapped = cutter.shape == Shape::Wrapped;
    let is_between =
        |byte: &&u8| byte.is_ascii_whitespace() || **byte == b',' || (!is_wrapped && matches!(**byte, b'[' | b']'));
    let mut start = start;
    loop {
        start += text[start..].iter().take_while(is_between).count();
        if !text[start..].starts_with(MARK) {
            break;
        }
        start += MARK.len();
    }
    if start == text.len() {
        return Item::Nothing;
    }
    if is_wrapped && text[start] == b']' {
        return Item::Over(start + 1);
    }
    let limit = text.len().min(start + cutter.record_max + 1);
    match value_end(&text[..limit], start) {
        End::At(end) => Item::Value { start, end },
        End::More if limit == text.len() && !is_last => Item::More,
        End::More | End::Broken => match memchr::memchr(b'\n', &text[start..]) {
            Some(at) => Item::Broken { start, end: start + at, next: start + at + 1 },
            None if is_last => Item::Broken { start, end: text.len(), next: text.len() },
            None => Item::More,
        },
    }
}

/// Cuts between values.
#[derive(Debug, Clone, Copy)]
pub struct ValueCutter {
    shape: Shape,
    record_max: usize,
    /// Whether what was cut off so far ends with the bracket that closes an array.
    is_closed: bool,
}

impl ValueCutter {
    pub fn new(shape: Shape, record_max: usize) -> Self {
        ValueCutter { shape, record_max, is_closed: false }
    }

    /// As `is_closed`, once `next` has been cut off too.
    fn is_closed_after(self, next: &[u8]) -> bool {
        let last = next.iter().rev().find(|byte| !byte.is_ascii_whitespace() && **byte != b',');
        last.map_or(self.is_closed, |last| *last == b']')
    }
}

impl Cutter for ValueCutter {
    fn cut(&mut self, data: &[u8], is_last: bool) -> Cut {
        if self.shape == Shape::Lines {
            return match memchr::memrchr(b'\n', data) {
                _ if is_last => Cut::At(data.len()),
                Some(at) => Cut::At(at + 1),
                None if data.len() > self.record_max + 1 => Cut::TooLong,
                None => Cut::More,
            };
        }
        let (mut start, mut cut) = (0, 0);
        loop {
            match next_item(data, start, is_last, self) {
                Item::Value { end, .. } => start = end,
                Item::Broken { next, .. } => start = next,
                Item::Over(end) => return Cut::Over(end),
                Item::Nothing if is_last => return Cut::At(data.len()),
                Item::Nothing | Item::More => break,
            }
            cut = start;
        }
        match cut {
            _ if is_last => Cut::At(data.len()),
            0 if data.len() > self.record_max + 1 && memchr::memchr(b'\n', data).is_none() => Cut::TooLong,
            0 => Cut::More,
            at => {
                self.is_closed = self.is_closed_after(&data[..at]);
                Cut::At(at)
            }
        }
    }

    fn check_end(&self, last: &[u8]) -> Result<(), String> {
        let is_closed = match self.shape {
            Shape::Lines | Shape::Values => true,
            Shape::Array => self.is_closed_after(last),
            // Its end is where the array is closed, and that was not met.
            Shape::Wrapped => false,
        };
        if is_closed { Ok(()) } else { Err("its array of objects is never closed, so the end of it is missing".into()) }
    }

    fn check_rest(&self, rest: &[u8], is_whole: bool) -> Result<(), String> {
        let more = || Err("there is more behind the array and the object around it".to_owned());
        let mut at = skip_space(rest, 0);
        while rest.get(at) == Some(&b',') {
            for _ in 0..2 {
                let End::At(end) = value_end(rest, skip_space(rest, at + 1)) else {
                    return if is_whole { more() } else { Ok(()) };
                };
                // The colon between key and value, or what follows the value.
                at = skip_space(rest, end);
            }
        }
        let is_closed = rest.get(at) == Some(&b'}') && rest[at + 1..].trim_ascii().is_empty();
        if is_closed || !is_whole { Ok(()) } else { more() }
    }
}

/// Takes what a reader finds.
pub trait Objects {
    /// An object, or whatever stands where one should be; `line` counts from 1 at the start of the block.
    fn object(&mut self, raw: &[u8], line: u64);
    fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]);
}

/// Reads a block that holds whole values and returns the number of its lines.
pub fn parse(cutter: ValueCutter, data: &[u8], objects: &mut impl Objects) -> u64 {
    if cutter.shape == Shape::Lines {
        return parse_lines(cutter.record_max, data, objects);
    }
    let count = |range: std::ops::Range<usize>| memchr::memchr_iter(b'\n', &data[range]).count() as u64;
    let (mut start, mut counted, mut line) = (0, 0, 1);
    loop {
        match next_item(data, start, true, &cutter) {
            Item::Value { start: at, end } => {
                line += count(counted..at);
                (counted, start) = (at, end);
                objects.object(&data[at..end], line);
            }
            Item::Broken { start: at, end, next } => {
                line += count(counted..at);
                (counted, start) = (at, next);
                objects.refuse(Reason::Json, line, &data[at..end]);
            }
            Item::Over(_) | Item::Nothing | Item::More => break,
        }
    }
    line - 1 + count(counted..data.len())
}

fn parse_lines(record_max: usize, data: &[u8], objects: &mut impl Objects) -> u64 {
    let (mut lines, mut start) = (0, 0);
    while start < data.len() {
        let next = memchr::memchr(b'\n', &data[start..]).map_or(data.len(), |at| start + at + 1);
        lines += 1;
        let raw = data[start..next].trim_ascii();
        let mut raw = raw.strip_prefix(MARK).unwrap_or(raw);
        start = next;
        if raw.starts_with(b"{") && raw.ends_with(b",") {
            raw = raw[..raw.len() - 1].trim_ascii_end();
        }
        if raw.len() > record_max {
            objects.refuse(Reason::TooLong, lines, raw);
        } else if !raw.is_empty() && raw != b"[" && raw != b"]" {
            objects.object(raw, lines);
        }
    }
    lines
}
