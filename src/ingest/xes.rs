//! Process logs in XES: the traces and events of the XML as one JSON object per event, for the reader of those.
//!
//! The attributes of a trace come to each of its events under `case:…`, as the tables that process tools write do. Numbers stay
//! numbers; attributes inside attributes get the path of their keys. What the log says about itself (extensions, classifiers,
//! defaults) is no event.

use std::fmt::Display;
use std::io::{self, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::limits::DEPTH_MAX;
use crate::base::visible::visible;

/// Whether a text is a process log in XES: its first element is a `log`.
pub fn is_xes(text: &[u8]) -> bool {
    let head = &text[..text.len().min(1 << 16)];
    if !head.trim_ascii_start().starts_with(b"<") {
        return false;
    }
    let mut reader = Reader::from_reader(head);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => return element.local_name().as_ref() == b"log",
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
        buffer.clear();
    }
}

/// The events at the start of a log, as lines of JSON; what is cut off at its end is left out.
pub fn head(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    // Where it ends in the middle, what came before is enough to look at.
    let _ = Lines::new(text).read_to_end(&mut lines);
    lines
}

/// Reads XES as lines of JSON.
pub struct Lines<R: Read> {
    reader: Reader<BufReader<R>>,
    buffer: Vec<u8>,
    /// Elements that are open.
    depth: usize,
    /// How deep the open trace and the open event stand.
    trace: Option<usize>,
    event: Option<usize>,
    of_trace: Map<String, Value>,
    of_event: Map<String, Value>,
    /// Keys of the attributes that are open, with how deep they stand.
    path: Vec<(usize, String)>,
    line: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(reader: R) -> Self {
        Lines {
            reader: Reader::from_reader(BufReader::with_capacity(1 << 18, reader)),
            buffer: Vec::new(),
            depth: 0,
            trace: None,
            event: None,
            of_trace: Map::new(),
            of_event: Map::new(),
            path: Vec::new(),
            line: Vec::new(),
            at: 0,
            is_over: false,
        }
    }

    /// Reads on until a line is there or the log is over.
    fn refill(&mut self) -> io::Result<()> {
        self.line.clear();
        self.at = 0;
        while self.line.is_empty() && !self.is_over {
            self.buffer.clear();
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = self.reader.read_event_into(&mut buffer);
            match read {
                Ok(Event::Start(element)) => {
                    self.depth += 1;
                    self.open(&element)?;
                }
                Ok(Event::Empty(element)) => {
                    self.depth += 1;
                    self.open(&element)?;
                    self.close()?;
                }
                Ok(Event::End(_)) => self.close()?,
                Ok(Event::Eof) if self.depth > 0 => return Err(cut_off()),
                Err(quick_xml::Error::Syntax(_)) => return Err(cut_off()),
                Ok(Event::Eof) => self.is_over = true,
                Ok(_) => {}
                Err(error) => {
                    let at = self.reader.error_position();
                    return Err(broken(&format_args!(" at byte {at}"), &error));
                }
            }
            self.buffer = buffer;
        }
        Ok(())
    }

    fn open(&mut self, element: &BytesStart<'_>) -> io::Result<()> {
        match element.local_name().as_ref() {
            b"trace" if self.trace.is_none() => {
                self.trace = Some(self.depth);
                self.of_trace.clear();
            }
            b"event" if self.event.is_none() => {
                self.event = Some(self.depth);
                self.of_event.clear();
            }
            kind if self.trace.is_some() || self.event.is_some() => {
                let kind = kind.to_vec();
                self.attribute(&kind, element)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn attribute(&mut self, kind: &[u8], element: &BytesStart<'_>) -> io::Result<()> {
        if self.path.len() >= DEPTH_MAX {
            return Err(io::Error::other("it is no process log: attributes stand in attributes without end"));
        }
        let (mut key, mut text) = (None, None);
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| broken(&"", &error))?;
            let place = match attribute.key.local_name().as_ref() {
                b"key" => &mut key,
                b"value" => &mut text,
                _ => continue,
            };
            let value = attribute.decode_and_unescape_value(self.reader.decoder());
            *place = Some(value.map_err(|error| broken(&"", &error))?.into_owned());
        }
        let Some(key) = key else { return Ok(()) };
        self.path.push((self.depth, key));
        let Some(text) = text else { return Ok(()) };
        let value = match kind {
            b"int" | b"float" => serde_json::from_str::<serde_json::Number>(text.trim()).map(Value::Number).ok(),
            b"boolean" => text.trim().parse().map(Value::Bool).ok(),
            _ => None,
        };
        let value = value.unwrap_or(Value::String(text));
        let name = self.path.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(".");
        match self.event {
            Some(_) => self.of_event.insert(name, value),
            None => self.of_trace.insert(format!("case:{name}"), value),
        };
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if self.path.last().is_some_and(|(depth, _)| *depth == self.depth) {
            self.path.pop();
        }
        if self.event == Some(self.depth) {
            self.event = None;
            let mut row = self.of_trace.clone();
            row.append(&mut self.of_event);
            serde_json::to_writer(&mut self.line, &row)?;
            self.line.push(b'\n');
        }
        if self.trace == Some(self.depth) {
            self.trace = None;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }
}

/// A log that ends before all its elements do, be it inside a tag.
fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the log ends in the middle; it may be cut off")
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.refill()?;
        }
        let n = (&self.line[self.at..]).read(into)?;
        self.at += n;
        Ok(n)
    }
}

/// The reader of XML quotes the file, in which anything may stand.
fn broken(place: &dyn Display, error: &dyn Display) -> io::Error {
    const LONGEST: usize = 200;
    let quoted: String = visible(&error.to_string()).chars().take(LONGEST).collect();
    io::Error::other(format!("it is broken XML{place}: {quoted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<!-- a <log> -->\n<log xes.version=\"1.0\">\n\
        <extension name=\"Concept\" prefix=\"concept\" uri=\"http://example.org\"/>\n\
        <global scope=\"event\"><string key=\"concept:name\" value=\"UNKNOWN\"/></global>\n\
        <string key=\"creator\" value=\"me\"/>\n\
        <trace><string key=\"concept:name\" value=\"c &amp; &quot;1&quot;\"/><int key=\"amount\" value=\"20000\"/>\n\
        <event><string key=\"concept:name\" value=\"A\"><string key=\"why\" value=\"x\"/></string>\
        <date key=\"time:timestamp\" value=\"2011-10-01T00:38:44.546+02:00\"/><boolean key=\"ok\" value=\"true\"/></event>\n\
        <event/></trace>\n<trace><event><float key=\"cost\" value=\"1.50\"/><int key=\"n\" value=\"none\"/></event></trace>\n</log>\n";

    fn lines(text: &str) -> io::Result<String> {
        let mut read = String::new();
        Lines::new(text.trim_start_matches('\u{FEFF}').as_bytes()).read_to_string(&mut read)?;
        Ok(read)
    }

    #[test]
    fn every_event_is_an_object_with_what_is_said_of_its_case() {
        let expect = concat!(
            r#"{"case:concept:name":"c & \"1\"","case:amount":20000,"concept:name":"A","concept:name.why":"x","#,
            r#""time:timestamp":"2011-10-01T00:38:44.546+02:00","ok":true}"#,
            "\n",
            r#"{"case:concept:name":"c & \"1\"","case:amount":20000}"#,
            "\n",
            r#"{"cost":1.5,"n":"none"}"#,
            "\n"
        );
        assert_eq!(lines(LOG).expect("a log"), expect);
    }

    #[test]
    fn a_log_is_told_from_other_xml_and_a_broken_one_says_so() {
        assert!(is_xes(LOG.trim_start_matches('\u{FEFF}').as_bytes()));
        for text in ["<html><log/></html>", "<a", "log", "", "<!-- x -->"] {
            assert!(!is_xes(text.as_bytes()), "{text}");
        }
        let cut = lines(&LOG[..LOG.len() - 40]).expect_err("cut off").to_string();
        assert!(cut.contains("cut off"), "{cut}");
        let crossed = lines("<log><trace><event></trace></log>").expect_err("broken").to_string();
        assert!(crossed.starts_with("it is broken XML at byte"), "{crossed}");
        let quoted = lines("<log><trace></tr\u{1b}[2J\nace></log>").expect_err("broken").to_string();
        assert!(!quoted.chars().any(char::is_control), "{quoted}");
        let deep = format!("<log><trace>{}", "<string key=\"a\" value=\"b\">".repeat(100));
        assert!(lines(&deep).expect_err("deep").to_string().contains("without end"));
    }
}
