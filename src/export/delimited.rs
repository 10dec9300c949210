//! Comma- and tab-separated values: RFC 4180 quoting, lines ending in LF, nothing for missing and `""` for empty text.

use std::io::Write;

use super::blocks::write_rows;
use super::{Document, Error, Style, guarded};
use crate::table::Cell;

pub(super) fn write_csv(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    write(document, style, out, b',')
}

pub(super) fn write_tsv(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    write(document, style, out, b'\t')
}

fn write(document: &Document, style: &Style, out: &mut dyn Write, delimiter: u8) -> Result<(), Error> {
    let Some(table) = document.tables.first() else { return Ok(()) };
    let mut header = Vec::new();
    for (i, column) in table.columns.iter().enumerate() {
        if i > 0 {
            header.push(delimiter);
        }
        push_text(&guarded(&column.name, style), delimiter, &mut header);
    }
    header.push(b'\n');
    out.write_all(&header)?;
    write_rows(table, 0..table.len(), style, out, |_, row, bytes| {
        // A lone missing value would be a blank line, which readers skip.
        if row == [Cell::Empty] {
            bytes.extend_from_slice(b"\"\"");
        }
        for (i, cell) in row.iter().enumerate() {
            if i > 0 {
                bytes.push(delimiter);
            }
            push_cell(cell, style, delimiter, bytes);
        }
        bytes.push(b'\n');
    })
}

fn push_cell(cell: &Cell, style: &Style, delimiter: u8, bytes: &mut Vec<u8>) {
    let written = match cell {
        Cell::Empty => Ok(()),
        Cell::Text(text) => {
            push_text(&guarded(text, style), delimiter, bytes);
            Ok(())
        }
        Cell::Count(n) => write!(bytes, "{n}"),
        Cell::Int(n) => write!(bytes, "{n}"),
        Cell::Number(x) => write!(bytes, "{}", Decimal(*x)),
        Cell::Time(at) => write!(bytes, "{at}"),
        Cell::Flag(yes) => write!(bytes, "{yes}"),
    };
    written.expect("writing to memory does not fail");
}

fn push_text(text: &str, delimiter: u8, bytes: &mut Vec<u8>) {
    let needs_quotes = text.is_empty() || text.bytes().any(|b| b == delimiter || matches!(b, b'"' | b'\n' | b'\r'));
    if !needs_quotes {
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    for part in text.split_inclusive('"') {
        bytes.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            bytes.push(b'"');
        }
    }
    bytes.push(b'"');
}

/// The shortest text that reads back as the same number, without 300 zeros where it is very large or small.
struct Decimal(f64);

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.abs();
        if size != 0.0 && !(1e-7..1e16).contains(&size) { write!(f, "{:e}", self.0) } else { write!(f, "{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, long, written};
    use crate::table::{Kind, Table};

    #[test]
    fn csv_holds_raw_values_quoted_where_needed_and_no_formula() {
        insta::assert_snapshot!(written("csv", &hostile(), &Style::default()).replace('\x1b', "ESC").replace('\u{202E}', "RLO"), @r#"
        step,name,share,median_s,first,mature
        1234,"view, ""then""
        buy|<b>",1,,2019-11-01T17:59:13.273932Z,true
        1235,'=cmd()ESC[31m,0.6666666666666666,160.5,2019-11-01T17:59:13.273932Z,false
        1236,日本RLO語,,160.5,2019-11-01T17:59:13.273932Z,false
        "#);
    }

    #[test]
    fn tsv_quotes_tabs() {
        let mut document = hostile();
        let mut table = Table::new("t", &[("a\tb", Kind::Text), ("c", Kind::Number)]);
        table.push(vec![Cell::text("x\ty"), Cell::Number(-0.5)]);
        table.push(vec![Cell::text(""), Cell::Number(1e300)]);
        table.push(vec![Cell::Empty, Cell::Number(1e-9)]);
        document.tables = vec![table];
        assert_eq!(written("tsv", &document, &Style::default()), "\"a\tb\"\tc\n\"x\ty\"\t-0.5\n\"\"\t1e300\n\t1e-9\n");
    }

    #[test]
    fn raw_leaves_formulas_as_they_are() {
        let text = written("csv", &hostile(), &Style { raw: true, ..Style::default() });
        assert!(text.contains(",=cmd()"));
    }

    #[test]
    fn a_column_of_missing_values_keeps_its_rows() {
        let mut document = hostile();
        let mut table = Table::new("t", &[("a", Kind::Text)]);
        table.push(vec![Cell::Empty]);
        document.tables = vec![table];
        assert_eq!(written("csv", &document, &Style::default()), "a\n\"\"\n");
    }

    #[test]
    fn a_long_table_comes_out_whole_and_in_order() {
        let text = written("csv", &long(), &Style::default());
        let expect: String = (0..20_000).map(|i| format!("{i},r{i}\n")).collect();
        assert_eq!(text, format!("n,text\n{expect}"));
    }
}
