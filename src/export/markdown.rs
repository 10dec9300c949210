//! Markdown tables, their text escaped so that it stays text.

use std::io::Write;

use super::blocks::write_rows;
use super::{Document, Error, Style};
use crate::base::visible::visible;
use crate::table::text::show_in;
use crate::table::{Cell, Column, Table};

pub(super) fn write(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    for (at, table) in document.tables.iter().enumerate() {
        if document.tables.len() > 1 {
            let gap = if at > 0 { "\n" } else { "" };
            writeln!(out, "{gap}## {}\n", escaped(&visible(&table.name)))?;
        }
        write_table(table, style, out)?;
    }
    Ok(())
}

fn write_table(table: &Table, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let names: Vec<String> = table.columns.iter().map(|column| escaped(&visible(&column.name))).collect();
    let rule: Vec<&str> = table.columns.iter().map(|column| rule(column)).collect();
    writeln!(out, "| {} |", names.join(" | "))?;
    writeln!(out, "| {} |", rule.join(" | "))?;
    write_rows(table, 0..table.len(), style, out, |_, row, bytes| {
        bytes.extend_from_slice(b"|");
        for (cell, column) in row.iter().zip(&table.columns) {
            bytes.push(b' ');
            bytes.extend_from_slice(shown(cell, column, style).as_bytes());
            bytes.extend_from_slice(b" |");
        }
        bytes.push(b'\n');
    })
}

fn rule(column: &Column) -> &'static str {
    if column.kind.is_right_aligned() { "---:" } else { "---" }
}

fn shown(cell: &Cell, column: &Column, style: &Style) -> String {
    let text = show_in(cell, column.kind, &style.zone);
    match cell {
        Cell::Text(_) => escaped(&text),
        // `<.001` and `<0.1%` would begin a tag for a sloppy reader.
        _ => text.replace('<', "&lt;"),
    }
}

/// Text with everything escaped that Markdown or HTML inside Markdown would act on. An underscore inside a word is left
/// alone: it has no meaning there, and event names are full of them.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '_' if before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric()) => safe.push(c),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
        before = c;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, written};

    #[test]
    fn a_table_reads_well_and_its_text_stays_text() {
        let mut document = hostile();
        document.tables.truncate(1);
        insta::assert_snapshot!(written("md", &document, &Style::default()), @r#"
        | step | name | share | median_s | first | mature |
        | ---: | --- | ---: | ---: | --- | --- |
        | 1,234 | view, "then"␊buy\|&lt;b&gt; | 100% | – | 2019-11-01 17:59:13 | yes |
        | 1,235 | =cmd()␛\[31m | 66.7% | 2m41s | 2019-11-01 17:59:13 | no |
        | 1,236 | 日本&lt;U+202E&gt;語 | – | 2m41s | 2019-11-01 17:59:13 | no |
        "#);
        assert_eq!(escaped("view_product _x_ [a](b) `c` ![i](j)"), r"view_product \_x\_ \[a\](b) \`c\` \!\[i\](j)");
    }
}
