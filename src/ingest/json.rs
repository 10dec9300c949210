//! The reader of JSON: lines of objects, an array of objects, objects one after the other, also inside a wrapper like
//! `{"data": [...]}`.
//!
//! Objects inside objects become columns `a.b`; arrays stay as their JSON text; numbers are kept as they are written. Of
//! a key that comes twice the last counts. Keys that first appear further down become columns too, empty before.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::blocks::{Cut, Cutter};
use super::coder::{Coder, push_field};
use super::plan::{ColumnPlan, Parsed};
use super::recent::Recent;
use super::report::Reason;
use crate::journey::BatchValues;

/// Deepest nesting of a record; what is deeper is refused, so that a broken file cannot make us look far.
const DEPTH_MAX: usize = 512;

/// Objects inside objects become columns up to this depth; what is deeper stays JSON text.
const FLAT_DEPTH_MAX: usize = 16;

const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Most columns that may appear after the sample.
pub const LATE_MAX: usize = 4096;

/// How the objects stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One on each line; commas at the end of lines and the brackets of an array around them do not matter.
    Lines,
    /// One after the other, over as many lines as they take.
    Values,
    /// In an array, or in several.
    Array,
    /// In an array inside an object; read until its closing bracket.
    Wrapped,
}

/// Where the objects are in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub shape: Shape,
    /// Bytes before the first object, in UTF-8.
    pub start: usize,
    pub lines_before: u64,
    /// The key of the array in a wrapper.
    pub wrapper: Option<String>,
}

impl Layout {
    /// Finds out how the objects stand in the text that starts with `text`; `None` where it is no JSON.
    pub fn detect(text: &[u8], is_whole: bool) -> Option<Layout> {
        let first = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
        match text[first] {
            b'[' => {
                let inside = skip_space(text, first + 1);
                // An array of arrays, numbers or texts is no table, and neither is a line like `[draft] some words`.
                matches!(text.get(inside), None | Some(b'{' | b']')).then(|| layout(text, 0, Shape::Array, None))
            }
            b'{' => Some(object(text, first, is_whole)),
            _ => None,
        }
    }

    pub fn describe(&self) -> String {
        let objects = match self.shape {
            Shape::Lines => "one object per line",
            Shape::Values => "objects one after the other",
            Shape::Array | Shape::Wrapped => "an array of objects",
        };
        match &self.wrapper {
            Some(key) => format!("{objects} in `{}`", crate::base::visible::visible(key)),
            None => objects.into(),
        }
    }

    pub fn format_name(&self) -> &'static str {
        match self.shape {
            Shape::Lines | Shape::Values => "ndjson",
            Shape::Array | Shape::Wrapped => "json",
        }
    }
}

fn layout(text: &[u8], start: usize, shape: Shape, wrapper: Option<String>) -> Layout {
    let lines_before = memchr::memchr_iter(b'\n', &text[..start]).count() as u64;
    Layout { shape, start, lines_before, wrapper }
}

fn object(text: &[u8], first: usize, is_whole: bool) -> Layout {
    let line_end = first + memchr::memchr2(b'\n', b'\r', &text[first..]).unwrap_or(text.len() - first);
    let found = value_end(text, first);
    if let End::At(end) = found {
        let rest = skip_space(text, end);
        let is_alone = rest == text.len() && is_whole;
        if !is_alone || wrapped(text, first).is_none() {
            let is_line = end <= line_end && text[end..line_end].trim_ascii().is_empty();
            return layout(
                text,
                0,
                if is_line || is_alone && end <= line_end { Shape::Lines } else { Shape::Values },
                None,
            );
        }
    }
    match wrapped(text, first) {
        Some((start, key)) => layout(text, start, Shape::Wrapped, Some(key)),
        // The object goes on beyond the sample, or its first line is broken.
        None if line_end < text.len()
            && !text[first..line_end].trim_ascii_end().ends_with(b"{")
            && looks_lined(text) =>
        {
            layout(text, 0, Shape::Lines, None)
        }
        None => layout(text, 0, Shape::Values, None),
    }
}

/// Whether most lines are objects by themselves.
fn looks_lined(text: &[u8]) -> bool {
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).take(20).collect();
    let n_objects = lines.iter().filter(|line| line.starts_with(b"{") && line.ends_with(b"}")).count();
    n_objects * 2 >= lines.len()
}

/// The array of objects directly inside the object at `first`: where it starts, and its key.
fn wrapped(text: &[u8], first: usize) -> Option<(usize, String)> {
    let mut at = skip_space(text, first + 1);
    while text.get(at) == Some(&b'"') {
        let End::At(end) = value_end(text, at) else { return None };
        let key = serde_json::from_slice::<String>(&text[at..end]).ok()?;
        at = skip_space(text, end);
        if text.get(at) != Some(&b':') {
            return None;
        }
        at = skip_space(text, at + 1);
        if text.get(at) == Some(&b'[') && text.get(skip_space(text, at + 1)) == Some(&b'{') {
            return Some((at + 1, key));
        }
        let End::At(end) = value_end(text, at) else { return None };
        at = skip_space(text, end);
        if text.get(at) != Some(&b',') {
            return None;
        }
        at = skip_space(text, at + 1);
    }
    None
}

fn skip_space(text: &[u8], start: usize) -> usize {
    start + text[start.min(text.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At(usize),
    /// It can never end well from here.
    Broken,
    /// The text ends before.
    More,
}

/// The end of the value at `start`, by its brackets and quotes alone.
fn value_end(text: &[u8], start: usize) -> End {
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
    pub shape: Shape,
    pub record_max: usize,
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
            at => Cut::At(at),
        }
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
    let mut lines = 0;
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        lines += 1;
        let mut raw = line.trim_ascii();
        if lines == 1 {
            raw = raw.strip_prefix(MARK).unwrap_or(raw);
        }
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

/// Reads an object key by key: the flat name of each, and its value as JSON.
///
/// # Errors
/// It is no object, or broken.
pub fn read_object<'t>(text: &'t str, each: &mut impl FnMut(&str, &'t str)) -> Result<(), serde_json::Error> {
    let mut key = String::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    Flatten { key: &mut key, depth: 0, each }.deserialize(&mut reader)?;
    reader.end()
}

struct Flatten<'a, F> {
    key: &'a mut String,
    depth: usize,
    each: &'a mut F,
}

impl<'t, F: FnMut(&str, &'t str)> DeserializeSeed<'t> for Flatten<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'t, F: FnMut(&str, &'t str)> Visitor<'t> for Flatten<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<(), M::Error> {
        let prefix = self.key.len();
        loop {
            self.key.truncate(prefix);
            if prefix > 0 {
                self.key.push('.');
            }
            if map.next_key_seed(KeyOnto(self.key))?.is_none() {
                self.key.truncate(prefix);
                return Ok(());
            }
            let value = map.next_value::<&'t RawValue>()?.get();
            if value.starts_with('{') && self.depth < FLAT_DEPTH_MAX {
                let inner = Flatten { key: self.key, depth: self.depth + 1, each: self.each };
                let mut reader = serde_json::Deserializer::from_str(value);
                inner.deserialize(&mut reader).map_err(serde::de::Error::custom)?;
            } else {
                (self.each)(self.key, value);
            }
        }
    }
}

/// Appends a key to the name so far.
struct KeyOnto<'a>(&'a mut String);

impl<'t> DeserializeSeed<'t> for KeyOnto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOnto<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        self.0.push_str(key);
        Ok(())
    }
}

/// The text of a JSON value: of a string its content, of null nothing, of anything else its JSON.
///
/// # Errors
/// A string with an escape that is no text.
pub fn value_text<'t>(value: &'t str, decoded: &'t mut String) -> Result<&'t str, serde_json::Error> {
    match value.as_bytes() {
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => Ok(&value[1..value.len() - 1]),
        [b'"', ..] => {
            *decoded = serde_json::from_str(value)?;
            Ok(decoded)
        }
        b"null" => Ok(""),
        _ => Ok(value),
    }
}

/// What a block of objects gave.
pub struct ObjectBlock {
    pub parsed: Parsed,
    /// Names of the columns behind those of the plan, in the order in which they first held a value.
    pub late: Vec<String>,
    /// Whether there were more late columns than are kept.
    pub is_cut: bool,
}

/// The coder of objects.
pub struct ObjectCoder<'p> {
    coder: Coder<'p>,
    /// Every key met, with its column.
    keys: HashMap<String, usize>,
    columns: Vec<Column>,
    /// Columns of the object at hand in the order of its keys, and the values as ranges of `text`.
    touched: Vec<usize>,
    text: String,
    /// The column that held the last key, from which the next is guessed.
    last: usize,
    late: Vec<String>,
    is_cut: bool,
    plan: &'p ColumnPlan,
}

struct Column {
    name: String,
    /// Its place in the batch, once there is one.
    place: Option<usize>,
    /// The value in the object at hand.
    value: Option<(usize, usize)>,
    is_number: bool,
    recent: Recent,
}

impl Column {
    fn new(name: &str, place: Option<usize>) -> Self {
        Column { name: name.to_owned(), place, value: None, is_number: false, recent: Recent::default() }
    }
}

impl<'p> ObjectCoder<'p> {
    pub fn new(plan: &'p ColumnPlan) -> Self {
        let place = |idx: usize| plan.properties.iter().position(|&property| property == idx);
        ObjectCoder {
            coder: Coder::new(plan),
            keys: plan.names.iter().enumerate().map(|(idx, name)| (name.clone(), idx)).collect(),
            columns: plan.names.iter().enumerate().map(|(idx, name)| Column::new(name, place(idx))).collect(),
            touched: Vec::new(),
            text: String::new(),
            last: 0,
            late: Vec::new(),
            is_cut: false,
            plan,
        }
    }

    pub fn finish(mut self) -> ObjectBlock {
        let n = self.coder.made.batch.len();
        self.coder.made.batch.columns.iter_mut().for_each(|values| pad(values, n));
        ObjectBlock { parsed: self.coder.made, late: self.late, is_cut: self.is_cut }
    }

    fn gather(&mut self, raw: &[u8]) -> Result<(), Reason> {
        let text = std::str::from_utf8(raw).map_err(|_| Reason::Encoding)?;
        for &idx in &self.touched {
            self.columns[idx].value = None;
        }
        self.touched.clear();
        self.text.clear();
        let mut decoded = String::new();
        let mut is_text = true;
        let Self { keys, columns, touched, text: gathered, last, .. } = self;
        read_object(text, &mut |key, value| {
            let idx = match columns.get(*last + 1) {
                Some(column) if column.name == key => *last + 1,
                _ => column_of(key, keys, columns),
            };
            *last = idx;
            let column = &mut columns[idx];
            if column.value.is_none() {
                touched.push(idx);
            }
            let start = gathered.len();
            match value_text(value, &mut decoded) {
                Ok(value) => gathered.push_str(value),
                Err(_) => is_text = false,
            }
            column.value = Some((start, gathered.len()));
            column.is_number = !value.starts_with('"');
        })
        .map_err(|_| Reason::Json)?;
        if is_text { Ok(()) } else { Err(Reason::Json) }
    }

    fn take(&mut self, raw: &[u8]) -> Result<(), Reason> {
        self.gather(raw)?;
        let Self { coder, columns, text, plan, .. } = self;
        let of = |idx: usize| columns[idx].value.map_or("", |(start, end)| &text[start..end]);
        let (customer, event) = (of(plan.customer), of(plan.event));
        let instant = coder.admit(customer, event, of(plan.time))?;
        coder.push(customer, event, instant);
        self.push_properties();
        Ok(())
    }

    fn push_properties(&mut self) {
        let plan = self.plan;
        let row = self.coder.made.batch.len() - 1;
        for at in 0..self.touched.len() {
            let idx = self.touched[at];
            if idx == plan.customer || idx == plan.event || idx == plan.time {
                continue;
            }
            let Some((start, end)) = self.columns[idx].value.filter(|(start, end)| start < end) else { continue };
            let Some(place) = self.columns[idx].place.or_else(|| self.place_late(idx)) else { continue };
            let values = &mut self.coder.made.batch.columns[place];
            pad(values, row);
            let value = &self.text[start..end];
            match plain_number(value).filter(|_| self.columns[idx].is_number) {
                Some(plain) => values.push_field(&plain),
                None => push_field(values, &mut self.columns[idx].recent, value),
            }
        }
    }

    /// A place in the batch for a column that the sample did not have.
    fn place_late(&mut self, idx: usize) -> Option<usize> {
        if self.late.len() == LATE_MAX {
            self.is_cut = true;
            return None;
        }
        let columns = &mut self.coder.made.batch.columns;
        columns.push(BatchValues::Missing { len: 0 });
        self.late.push(self.columns[idx].name.clone());
        self.columns[idx].place = Some(columns.len() - 1);
        self.columns[idx].place
    }
}

impl Objects for ObjectCoder<'_> {
    fn object(&mut self, raw: &[u8], line: u64) {
        if let Err(reason) = self.take(raw) {
            self.coder.refuse(reason, line, raw);
        }
    }

    fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]) {
        self.coder.refuse(reason, line, raw);
    }
}

/// The column of a key, which is added where it is new.
fn column_of(key: &str, keys: &mut HashMap<String, usize>, columns: &mut Vec<Column>) -> usize {
    if let Some(&idx) = keys.get(key) {
        return idx;
    }
    columns.push(Column::new(key, None));
    keys.insert(key.to_owned(), columns.len() - 1);
    columns.len() - 1
}

/// Fills a column with missing values up to a row.
fn pad(values: &mut BatchValues, row: usize) {
    if let BatchValues::Missing { len } = values {
        *len = row;
        return;
    }
    while values.len() < row {
        values.push_missing();
    }
}

/// A JSON number with an exponent as plain digits, where those say the same.
fn plain_number(value: &str) -> Option<String> {
    memchr::memchr2(b'e', b'E', value.as_bytes())?;
    let number: f64 = value.parse().ok()?;
    let plain = number.to_string();
    (number.is_finite() && plain.len() <= 18).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shape(text: &str, shape: Shape, wrapper: Option<&str>) {
        let layout = Layout::detect(text.as_bytes(), true).expect("JSON");
        assert_eq!((layout.shape, layout.wrapper.as_deref()), (shape, wrapper), "{text}");
    }

    #[test]
    fn the_shape_is_found_from_the_start_of_the_text() {
        shape("{\"a\":1}\n{\"a\":2}\n", Shape::Lines, None);
        shape("{\"a\":1,\"items\":[{\"b\":1}]}\n{\"a\":2}\n", Shape::Lines, None);
        shape("{\"a\":\n{\"a\":2}\n{\"a\":3}\n{\"a\":3}", Shape::Lines, None);
        shape("{\n\"a\":1}\n{\"a\":2}\n", Shape::Values, None);
        shape(" [ {\"a\":1} ]", Shape::Array, None);
        shape("{\"n\":2,\"rows\":[{\"a\":1}]}", Shape::Wrapped, Some("rows"));
        shape("{\"n\":2,\n\"rows\":\n[\n{\"a\":1},", Shape::Wrapped, Some("rows"));
        for text in ["", "a,b", "[draft] a,b", "[1,2]"] {
            assert_eq!(Layout::detect(text.as_bytes(), true), None, "{text}");
        }
    }

    #[test]
    fn what_follows_a_wrapped_array_must_close_what_is_around_it() {
        let cutter = ValueCutter { shape: Shape::Wrapped, record_max: 1000 };
        for (rest, is_whole, is_fine) in [
            ("}", true, true),
            (" , \"a\" : {\"b\":[1]} , \"c\":\"}\" } \n", true, true),
            ("}\n{\"data\":[]}", true, false),
            ("", true, false),
            (",\"a\":[1,2", false, true),
            (",\"a\":[1,2", true, false),
        ] {
            assert_eq!(cutter.check_rest(rest.as_bytes(), is_whole).is_ok(), is_fine, "{rest}");
        }
    }

    #[test]
    fn keys_are_flat_and_values_stay_as_written() {
        let mut seen = Vec::new();
        let text = r#"{"a":{"b":{"c":1.50},"d":[{"e":1}]},"f.g":"x\ny","a":null}"#;
        read_object(text, &mut |key, value| seen.push(format!("{key}={value}"))).expect("an object");
        assert_eq!(seen, ["a.b.c=1.50", r#"a.d=[{"e":1}]"#, r#"f.g="x\ny""#, "a=null"]);
        assert_eq!(value_text(r#""x\ny""#, &mut String::new()).expect("text"), "x\ny");
        assert!(value_text(r#""\ud800""#, &mut String::new()).is_err());
        assert_eq!(plain_number("1.5e3").as_deref(), Some("1500"));
        assert_eq!((plain_number("1e400"), plain_number("15")), (None, None));
    }
}
