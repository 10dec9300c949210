//! The reader of JSON: lines of objects, an array of objects, objects one after the other, also inside a wrapper like
//! `{"data": [...]}`.
//!
//! Objects inside objects become columns `a.b`; arrays stay as their JSON text but for lists of
//! named values, which are written out objects (`[{"key": …, "value": …}]`); numbers are kept as they are written. Of
//! a key that comes twice the last counts. Keys that first appear further down become columns too, empty before.

mod items;
mod objects;

use std::io::Read;

use items::{End, skip_space, value_end};

use super::limits::DEPTH_MAX;
use super::xes;

pub use super::limits::LATE_MAX;
pub use items::{Objects, ValueCutter, parse};
pub use objects::{ObjectCoder, members, read_member, read_object, value_text};

/// Objects inside objects become columns up to this depth; what is deeper stays JSON text.
const FLAT_DEPTH_MAX: usize = 16;

const MARK: &[u8] = "\u{FEFF}".as_bytes();

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
    /// The key of the list in every object whose members are the rows.
    pub list: Option<String>,
    /// The objects are made of the XML of a process log.
    pub is_xes: bool,
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

    /// The layout of a process log after it was made lines of objects.
    pub fn of_xes() -> Layout {
        Layout { is_xes: true, ..layout(b"", 0, Shape::Lines, None) }
    }

    /// A reader of the objects, whatever they are made of.
    pub fn reader<'r>(&self, reader: Box<dyn Read + 'r>) -> Box<dyn Read + 'r> {
        if self.is_xes { Box::new(xes::Lines::new(reader)) } else { reader }
    }

    pub fn describe(&self) -> String {
        if self.is_xes {
            return "events of the traces of a process log".to_owned();
        }
        let objects = match self.shape {
            Shape::Lines => "one object per line",
            Shape::Values => "objects one after the other",
            Shape::Array | Shape::Wrapped => "an array of objects",
        };
        let members = self
            .list
            .as_ref()
            .map_or(String::new(), |key| format!(", a row for each of `{}`", crate::base::visible::visible(key)));
        match &self.wrapper {
            Some(key) => format!("{objects} in `{}`{members}", crate::base::visible::visible(key)),
            None => format!("{objects}{members}"),
        }
    }

    pub fn format_name(&self) -> &'static str {
        if self.is_xes {
            return "xes";
        }
        match self.shape {
            Shape::Lines | Shape::Values => "ndjson",
            Shape::Array | Shape::Wrapped => "json",
        }
    }
}

fn layout(text: &[u8], start: usize, shape: Shape, wrapper: Option<String>) -> Layout {
    let lines_before = memchr::memchr_iter(b'\n', &text[..start]).count() as u64;
    Layout { shape, start, lines_before, wrapper, list: None, is_xes: false }
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

#[cfg(test)]
mod tests {
    use super::objects::plain_number;
    use super::*;
    use crate::ingest::blocks::{Cut, Cutter};

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
        let cutter = ValueCutter::new(Shape::Wrapped, 1000);
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

    #[test]
    fn an_array_is_closed_wherever_its_bracket_was_cut_off() {
        let mut cutter = ValueCutter::new(Shape::Array, 1000);
        assert!(cutter.check_end(b"").is_err());
        assert!(cutter.check_end(b"[{}\n,]").is_ok());
        // The bracket of a broken value.
        assert_eq!(cutter.cut(b"[{},x[{}]", false), Cut::At(9));
        assert!(cutter.check_end(b"\n,").is_ok());
        assert!(cutter.check_end(b"{}").is_err());
    }
}
