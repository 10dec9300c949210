//! Data feeds of Adobe Analytics: lines of hits without a header, whose columns and names stand in files beside them.
//!
//! Backslashes take the meaning from tabs, line ends and backslashes, and quotes mean nothing, so that no reader of CSV gets
//! them right. Each hit is written as a line that one does, with what identifies it put together: halves of ids, the time
//! that counts, and the names of its events.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::csv::Rule;
use super::dialect::Dialect;

/// A feed: its columns, and what numbers in them mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    names: Vec<String>,
    events: HashMap<String, String>,
    /// By column, what its numbers are called.
    lookups: Vec<(usize, HashMap<String, String>)>,
}

const HEADERS: &str = "column_headers.tsv";

/// Lookup tables with the columns they explain.
const LOOKUPS: [(&str, &str); 10] = [
    ("browser.tsv", "browser"),
    ("color_depth.tsv", "color"),
    ("connection_type.tsv", "connection_type"),
    ("country.tsv", "country"),
    ("javascript_version.tsv", "javascript"),
    ("languages.tsv", "language"),
    ("operating_systems.tsv", "os"),
    ("referrer_type.tsv", "ref_type"),
    ("resolution.tsv", "resolution"),
    ("search_engines.tsv", "search_engine"),
];

/// What is put together of every hit, behind its own columns.
const MADE: [&str; 6] = ["event_name", "event_names", "visitor_id", "visit_id", "hit_id", "time"];

/// No lookup table is longer.
const LOOKUP_MAX: u64 = 64 << 20;

fn beside(path: &Path, wanted: &str) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let plain = folder.join(wanted);
    if plain.is_file() {
        return Some(plain);
    }
    let ends = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(wanted));
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).filter(ends).collect();
    found.sort();
    found.into_iter().next()
}

/// Whether a file explains the columns or numbers of a feed beside it, and holds no hits.
pub fn is_lookup(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_known =
        |known: &str| name == known || name.ends_with(&format!("_{known}")) || name.ends_with(&format!("-{known}"));
    let is_one = ["event.tsv", "plugins.tsv", HEADERS].into_iter().chain(LOOKUPS.map(|(file, _)| file)).any(is_known);
    is_one && beside(path, HEADERS).is_some()
}

fn table(path: &Path, wanted: &str) -> HashMap<String, String> {
    let Some(path) = beside(path, wanted) else { return HashMap::new() };
    let Ok(file) = fs::File::open(path) else { return HashMap::new() };
    let mut bytes = Vec::new();
    if file.take(LOOKUP_MAX).read_to_end(&mut bytes).is_err() {
        return HashMap::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let pair = |line: &str| line.split_once('\t').map(|(id, name)| (id.trim().to_owned(), name.trim().to_owned()));
    text.lines().filter_map(pair).filter(|(id, name)| !id.is_empty() && !name.is_empty()).collect()
}

impl Feed {
    /// The feed that a file of hits belongs to: its columns stand beside it, and are as many as its lines have fields.
    ///
    /// # Errors
    /// It is called as hits are, and nothing beside it says what its columns are; a sentence.
    pub fn of(path: &Path, head: &[u8]) -> Option<Result<Feed, String>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let first = record(head).unwrap_or(head);
        let n_fields = fields(first).len();
        let headers = beside(path, HEADERS).and_then(|path| fs::read(path).ok());
        let text = headers.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let names: Option<Vec<String>> =
            text.and_then(|text| Some(text.lines().next()?.split('\t').map(|name| name.trim().to_owned()).collect()));
        let is_hits = |names: &Vec<String>| {
            let has = |name: &str| names.iter().any(|known| known == name);
            has("hit_time_gmt") && (has("visid_high") || has("post_visid_high") || has("mcvisid"))
        };
        match names {
            Some(names) if is_hits(&names) && names.len() == n_fields => {
                let lookup = |(file, column): (&str, &str)| {
                    let at = names.iter().position(|name| name == column)?;
                    Some((at, table(path, file)))
                };
                let lookups = LOOKUPS.into_iter().filter_map(lookup).filter(|(_, table)| !table.is_empty()).collect();
                Some(Ok(Feed { events: table(path, "event.tsv"), lookups, names }))
            }
            Some(names) if is_hits(&names) && name.contains("hit_data") => Some(Err(format!(
                "has {n_fields} fields in a line, and the {HEADERS} beside it names {}; they are not of one feed",
                names.len()
            ))),
            None if name.contains("hit_data") && n_fields >= 50 => Some(Err(format!(
                "looks like hits of an Adobe data feed, whose columns stand in {HEADERS}: unpack its lookup_data.tar.gz beside it"
            ))),
            _ => None,
        }
    }

    /// How the lines that come out are read.
    pub fn dialect(self) -> Dialect {
        let names: Vec<String> = self.names.iter().cloned().chain(MADE.map(str::to_owned)).collect();
        let rule = Rule { n_fields: names.len(), ..Rule::new(b'\t', Some(b'"')) };
        Dialect {
            rule,
            header: Vec::new(),
            names,
            header_line: 0,
            lines_before: 0,
            start: 0,
            notes: Vec::new(),
            has_comments: false,
            feed: Some(std::sync::Arc::new(self)),
        }
    }

    /// The start of a file as lines that can be read; what is cut off at its end is left out.
    pub fn head(&self, text: &[u8], is_whole: bool) -> Vec<u8> {
        let end = if is_whole { text.len() } else { memchr::memrchr(b'\n', text).map_or(text.len(), |at| at + 1) };
        let mut lines = Vec::new();
        // Reading from memory does not fail.
        let _ = self.reader(&text[..end]).read_to_end(&mut lines);
        lines
    }

    /// A reader of the hits as lines that can be read.
    pub fn reader<R: Read>(&self, reader: R) -> Hits<'_, R> {
        let at = |name: &str| self.names.iter().position(|known| known == name);
        let first = |names: &[&str]| names.iter().find_map(|name| at(name));
        Hits {
            feed: self,
            reader: BufReader::with_capacity(1 << 18, reader),
            raw: Vec::new(),
            line: Vec::new(),
            at: 0,
            places: Places {
                events: [at("post_event_list"), at("event_list")],
                page: [at("post_pagename"), at("pagename")],
                link: first(&["post_page_event", "page_event"]),
                visitor: [first(&["post_visid_high", "visid_high"]), first(&["post_visid_low", "visid_low"])],
                visit: [at("visit_num"), at("visit_start_time_gmt")],
                hit: [at("hitid_high"), at("hitid_low")],
                times: [at("cust_hit_time_gmt"), at("hit_time_gmt")],
            },
        }
    }
}

/// Where the columns stand of which more is made.
struct Places {
    events: [Option<usize>; 2],
    page: [Option<usize>; 2],
    link: Option<usize>,
    visitor: [Option<usize>; 2],
    visit: [Option<usize>; 2],
    hit: [Option<usize>; 2],
    times: [Option<usize>; 2],
}

/// Hits as lines of tab-separated fields in quotes where they need some.
pub struct Hits<'f, R: Read> {
    feed: &'f Feed,
    reader: BufReader<R>,
    raw: Vec<u8>,
    line: Vec<u8>,
    at: usize,
    places: Places,
}

/// The first record of a text, without its line end; `None` where it does not end.
fn record(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'\n', b'\\', &text[at..]) {
        match text[at + found] {
            b'\n' => return Some(&text[..at + found]),
            _ => at = (at + found + 2).min(text.len()),
        }
    }
    None
}

/// The fields of a record, with what stood behind backslashes as it was meant.
fn fields(record: &[u8]) -> Vec<Vec<u8>> {
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let mut fields = vec![Vec::new()];
    let mut bytes = record.iter();
    while let Some(&byte) = bytes.next() {
        let field = fields.last_mut().expect("there is a first field");
        match byte {
            b'\t' => fields.push(Vec::new()),
            b'\\' => match bytes.next() {
                Some(b't') => field.push(b'\t'),
                Some(b'n') => field.push(b'\n'),
                Some(&other) => field.push(other),
                None => field.push(b'\\'),
            },
            byte => field.push(byte),
        }
    }
    fields
}

/// The ids of a list of events; what they carry behind `=` or `:` is left out.
fn event_ids(list: &str) -> impl Iterator<Item = &str> {
    let id = |event: &'_ str| event.find(['=', ':']).unwrap_or(event.len());
    list.split(',').map(move |event| event[..id(event)].trim()).filter(|event| !event.is_empty())
}

/// Which of the events of a hit says most: what is bought before what is put into the cart, what a company counts by itself
/// before what it only looked at. That a variable was set is no event.
fn rank(id: &str) -> Option<u32> {
    Some(match id.parse::<u32>().ok()? {
        1 => 0,
        11 => 1,
        12 => 2,
        10 => 3,
        13 => 4,
        14 => 5,
        100..=199 | 10_000..=10_199 => return None,
        2 => 7,
        _ => 6,
    })
}

impl<R: Read> Hits<'_, R> {
    fn refill(&mut self) -> io::Result<()> {
        self.line.clear();
        self.at = 0;
        self.raw.clear();
        loop {
            let n = self.reader.read_until(b'\n', &mut self.raw)?;
            // A line end behind an odd number of backslashes is part of a value.
            let ended =
                self.raw.strip_suffix(b"\n").map(|raw| raw.iter().rev().take_while(|byte| **byte == b'\\').count());
            if n == 0 || ended.is_none_or(|n_escapes| n_escapes % 2 == 0) || self.raw.len() > super::limits::RECORD_MAX
            {
                break;
            }
        }
        if self.raw.is_empty() {
            return Ok(());
        }
        let raw = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        if raw.trim_ascii().is_empty() {
            self.line.push(b'\n');
            return Ok(());
        }
        let mut fields = fields(raw);
        if fields.len() == self.feed.names.len() {
            let made = self.made(&fields);
            for (at, table) in &self.feed.lookups {
                if let Some(name) = std::str::from_utf8(&fields[*at]).ok().and_then(|id| table.get(id)) {
                    fields[*at] = name.clone().into_bytes();
                }
            }
            fields.extend(made.map(String::into_bytes));
        }
        for (idx, field) in fields.iter().enumerate() {
            if idx > 0 {
                self.line.push(b'\t');
            }
            if memchr::memchr3(b'\t', b'\n', b'"', field).is_none() && !field.contains(&b'\r') {
                self.line.extend_from_slice(field);
                continue;
            }
            self.line.push(b'"');
            for part in field.split_inclusive(|byte| *byte == b'"') {
                self.line.extend_from_slice(part);
                if part.ends_with(b"\"") {
                    self.line.push(b'"');
                }
            }
            self.line.push(b'"');
        }
        self.line.push(b'\n');
        Ok(())
    }

    /// What is put together, as `MADE` names it.
    fn made(&self, fields: &[Vec<u8>]) -> [String; MADE.len()] {
        let text = |at: usize| String::from_utf8_lossy(&fields[at]);
        let of = |at: Option<usize>| at.map(text).unwrap_or_default();
        let first = |places: [Option<usize>; 2]| {
            let found = places.into_iter().flatten().map(text).find(|text| !text.trim().is_empty());
            found.unwrap_or_default().into_owned()
        };
        let list = first(self.places.events);
        let name = |id: &str| self.feed.events.get(id).cloned().unwrap_or_else(|| format!("event {id}"));
        let mut counted: Vec<(u32, &str)> = event_ids(&list).filter_map(|id| Some((rank(id)?, id))).collect();
        counted.sort_by_key(|(rank, _)| *rank);
        let names: Vec<String> = counted.iter().map(|(_, id)| name(id)).collect();
        let event = names.first().cloned().unwrap_or_else(|| {
            let page = first(self.places.page);
            match of(self.places.link).trim() {
                "10" => "custom link".to_owned(),
                "11" => "download".to_owned(),
                "12" => "exit link".to_owned(),
                _ if !page.trim().is_empty() => page,
                "" | "0" => "page view".to_owned(),
                other => format!("page event {other}"),
            }
        });
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        let both = |places: [Option<usize>; 2]| {
            let [high, low] = places.map(of);
            if is_zero(&high) && is_zero(&low) { String::new() } else { format!("{high}_{low}") }
        };
        let visitor = both(self.places.visitor);
        let visit = match visitor.is_empty() {
            true => String::new(),
            false => format!("{visitor}_{}_{}", of(self.places.visit[0]), of(self.places.visit[1])),
        };
        let time = self.places.times.into_iter().flatten().map(text).find(|time| !is_zero(time.trim()));
        [event, names.join(", "), visitor, visit, both(self.places.hit), time.unwrap_or_default().into_owned()]
    }
}

impl<R: Read> Read for Hits<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.refill()?;
        }
        let n = (&self.line[self.at..]).read(into)?;
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_take_the_meaning_from_what_follows() {
        let shown = |record: &[u8]| {
            let fields = fields(record);
            fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(shown(b"a\tb\\\tc\td\\\\\te\\\nf\\ng\\th\r"), "a|b\tc|d\\|e\nf\ng\th");
        assert_eq!(record(b"a\\\nb\\\\\nc"), Some(&b"a\\\nb\\\\"[..]));
        assert_eq!(record(b"a\\\n"), None);
    }

    #[test]
    fn the_event_that_says_most_names_a_hit() {
        let feed = Feed {
            names: ["post_event_list", "post_pagename", "post_page_event", "visid_high", "visid_low", "hit_time_gmt"]
                .map(str::to_owned)
                .to_vec(),
            events: HashMap::from([("1".into(), "Purchase".into()), ("200".into(), "Lead \"A\"".into())]),
            lookups: Vec::new(),
        };
        let line = |hit: &str| String::from_utf8(feed.head(hit.as_bytes(), true)).expect("text");
        let wide = "18446744073709551615";
        assert_eq!(
            line(&format!("2,200=5,100,1\tHome\t0\t{wide}\t7\t1714557600")),
            format!(
                "2,200=5,100,1\tHome\t0\t{wide}\t7\t1714557600\tPurchase\t\"Purchase, Lead \"\"A\"\", event 2\"\t{wide}_7\t{wide}_7__\t\t1714557600\n"
            )
        );
        assert!(line("100\tHome\t0\t1\t7\t5").contains("\tHome\t\t1_7"));
        assert!(line("\t\t10\t0\t0\t5").ends_with("\tcustom link\t\t\t\t\t5\n"));
        assert_eq!(line("too\tshort\n\n"), "too\tshort\n\n");
    }
}
