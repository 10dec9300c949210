//! The table of output formats, and the document that they write: what was asked, of which data, and the answer's tables.
//!
//! Every writer streams: a table of ten million rows passes through in blocks. Formats for people (`table`, `md`, `html`)
//! show cells as screens do; formats for programs hold raw values: shares as fractions, lengths of time in seconds, times
//! in RFC 3339 UTC, nothing as null.

mod blocks;
mod delimited;
mod document;
pub mod file;
mod html;
mod journey;
mod json;
mod markdown;
pub mod parquet;
mod plain;

use std::io::{self, Write};

use crate::base::{Cancelled, Ctl, Zone};

pub use document::{Counts, Document, Source, UnknownTable};

/// One output format.
pub struct Format {
    pub name: &'static str,
    /// What its files are called, without the dot.
    pub extension: &'static str,
    pub doc: &'static str,
    pub holds: Holds,
    /// Whether it may go to a terminal.
    pub is_text: bool,
    pub write: fn(&Document, &Style, &mut dyn Write) -> Result<(), Error>,
}

/// How much of a document a format holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Question, source, every table, notes.
    Everything,
    /// Every table.
    Tables,
    /// The first table, or the one that was chosen.
    OneTable,
}

#[rustfmt::skip]
pub static FORMATS: &[Format] = &[
    Format { name: "table", extension: "txt", doc: "Columns of text, for people", holds: Holds::Tables, is_text: true, write: plain::write },
    Format { name: "csv", extension: "csv", doc: "Comma-separated values, one table", holds: Holds::OneTable, is_text: true, write: delimited::write_csv },
    Format { name: "tsv", extension: "tsv", doc: "Tab-separated values, one table", holds: Holds::OneTable, is_text: true, write: delimited::write_tsv },
    Format { name: "json", extension: "json", doc: "The question, its source, every table and the notes", holds: Holds::Everything, is_text: true, write: json::write },
    Format { name: "ndjson", extension: "ndjson", doc: "One JSON object per row, one table", holds: Holds::OneTable, is_text: true, write: json::write_lines },
    Format { name: "md", extension: "md", doc: "A Markdown table", holds: Holds::OneTable, is_text: true, write: markdown::write },
    Format { name: "html", extension: "html", doc: "A page with every table, to send or to print", holds: Holds::Everything, is_text: true, write: html::write },
    Format { name: "svg", extension: "svg", doc: "A picture of a journey map", holds: Holds::Tables, is_text: true, write: journey::svg::write },
    Format { name: "mermaid", extension: "mmd", doc: "A journey map as a Mermaid flowchart", holds: Holds::Tables, is_text: true, write: journey::mermaid::write },
    Format { name: "parquet", extension: "parquet", doc: "Parquet, one table", holds: Holds::OneTable, is_text: false, write: parquet::write },
];

impl Format {
    /// Whether it can hold the answer of a question: pictures are of journey maps.
    pub fn fits(&self, analysis: &str) -> bool {
        !matches!(self.name, "svg" | "mermaid") || analysis == "map"
    }

    /// How much of this document the format holds: a journey map is one thing in many tables, and Markdown holds it whole.
    pub fn holds_of(&self, document: &Document) -> Holds {
        if self.name == "md" && document.analysis == "map" { Holds::Tables } else { self.holds }
    }
}

/// The format with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format whose files have this extension.
pub fn format_of_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.extension.eq_ignore_ascii_case(extension)).or_else(|| {
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" => format("ndjson"),
            "htm" => format("html"),
            "markdown" => format("md"),
            "tab" => format("tsv"),
            "pq" => format("parquet"),
            _ => None,
        }
    })
}

/// What the person wishes of a format.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Texts that a spreadsheet would take for a formula are written as they are.
    pub raw: bool,
    /// Columns of the terminal that shows the output; `None` where it is no terminal.
    pub width: Option<usize>,
    /// Titles and headings stand out by terminal attributes.
    pub bold: bool,
    /// In which people read times.
    pub zone: Zone,
    pub ctl: Ctl,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{format} draws journey maps, and this is the answer of {analysis}; take html, md or another format")]
    Unfit { format: &'static str, analysis: String },
}

/// Returns text that a spreadsheet will not run as a formula: a leading `'` where it starts like one. What reads as a
/// number is left alone. (OWASP ASVS 5.0, 1.2.10.)
fn guarded<'a>(text: &'a str, style: &Style) -> std::borrow::Cow<'a, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) && text.parse::<f64>().is_err();
    if is_formula && !style.raw { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_name_and_extension_and_a_doc_without_a_full_stop() {
        for (i, format) in FORMATS.iter().enumerate() {
            for other in &FORMATS[..i] {
                assert!(format.name != other.name && format.extension != other.extension);
            }
            assert!(!format.doc.ends_with('.'));
            assert!(std::ptr::eq(format_of_extension(format.extension).expect("known"), format));
        }
        assert_eq!(format_of_extension("JSONL").map(|format| format.name), Some("ndjson"));
        assert!(format_of_extension("xlsx").is_none());
    }

    #[test]
    fn a_formula_is_guarded_and_a_number_is_not() {
        let style = Style::default();
        for (text, expect) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("-2.5", "-2.5"),
            ("+49170", "+49170"),
            ("\t=x", "'\t=x"),
            ("cart", "cart"),
            ("", ""),
        ] {
            assert_eq!(guarded(text, &style), expect);
        }
        assert_eq!(guarded("=1+1", &Style { raw: true, ..Style::default() }), "=1+1");
    }

    #[test]
    fn every_format_writes_a_table_without_rows() {
        let mut document = fixture::hostile();
        document.tables = vec![crate::table::Table::new("none", &[("a", crate::table::Kind::Text)])];
        for format in FORMATS.iter().filter(|format| format.fits("funnel")) {
            let mut out = Vec::new();
            (format.write)(&document, &Style::default(), &mut out)
                .unwrap_or_else(|err| panic!("{}: {err}", format.name));
            assert!(!out.is_empty() || format.name == "ndjson", "{}", format.name);
        }
    }

    #[test]
    fn a_cancelled_export_stops() {
        let style = Style::default();
        style.ctl.cancel();
        for format in FORMATS.iter().filter(|format| format.fits("funnel")) {
            let written = (format.write)(&fixture::long(), &style, &mut Vec::new());
            assert!(matches!(written, Err(Error::Cancelled(_))), "{}", format.name);
        }
    }
}
