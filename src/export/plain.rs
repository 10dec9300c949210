//! Columns of text for people: the first rows decide the widths, and every row after them streams.
//!
//! A table that is short enough is laid out whole, so that nothing is wider than it must be and, on a narrow terminal,
//! long cells wrap. A longer one is cut to the terminal instead, or runs over its column where there is no terminal.

use std::io::Write;

use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, TableStyle};

use super::blocks::write_rows;
use super::{Document, Error, Style};
use crate::base::visible::{fit_left, fit_right, truncate, visible, width};
use crate::table::text::show_in;
use crate::table::{Column, Table};

/// Tables of at most so many rows are laid out whole; in longer ones so many rows decide the widths.
const MEASURED: usize = 1000;

/// Columns stand two spaces apart.
const GAP: &str = "  ";

pub(super) fn write(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let titled = document.tables.len() > 1;
    for (i, table) in document.tables.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        if titled {
            writeln!(out, "{}", stand_out(&visible(&table.name), style))?;
        }
        if table.len() <= MEASURED { write_whole(table, style, out)? } else { write_streamed(table, style, out)? }
    }
    Ok(())
}

fn stand_out(text: &str, style: &Style) -> String {
    if style.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

fn write_whole(table: &Table, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    style.ctl.check()?;
    const LOOK: TableStyle = TableStyle::new()
        .header_lines(ContentLineStyle::none().junction(' '))
        .header_separator(LineStyle::none().fill('─').junction('─'))
        .content_lines(ContentLineStyle::none().junction(' '));
    let mut laid_out = comfy_table::Table::new();
    laid_out.load_style(LOOK);
    laid_out.set_header(table.columns.iter().map(|column| visible(&column.name).into_owned()).collect::<Vec<_>>());
    for row in table.rows() {
        let cells = row.iter().zip(&table.columns).map(|(cell, column)| show_in(cell, column.kind, &style.zone));
        laid_out.add_row(cells.collect::<Vec<_>>());
    }
    for (i, column) in table.columns.iter().enumerate() {
        let Some(laid_out) = laid_out.column_mut(i) else { continue };
        laid_out.set_padding((if i == 0 { 0 } else { 1 }, 0));
        if column.kind.is_right_aligned() {
            laid_out.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(columns) = style.width {
        laid_out.set_content_arrangement(ContentArrangement::Dynamic);
        laid_out.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    }
    for (i, line) in laid_out.lines().enumerate() {
        let line = line.trim_end();
        // Lines of a wrapped header come before the rule; only the first is sure to be one.
        if i == 0 { writeln!(out, "{}", stand_out(line, style))? } else { writeln!(out, "{line}")? }
    }
    Ok(())
}

fn write_streamed(table: &Table, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let mut widths: Vec<usize> = table.columns.iter().map(|column| width(&visible(&column.name))).collect();
    for i in 0..MEASURED.min(table.len()) {
        for (widest, (cell, column)) in widths.iter_mut().zip(table.row(i).iter().zip(&table.columns)) {
            *widest = (*widest).max(width(&show_in(cell, column.kind, &style.zone)));
        }
    }
    if let Some(columns) = style.width {
        narrow(&mut widths, columns);
    }
    let mut header = String::new();
    for (i, (column, &widest)) in table.columns.iter().zip(&widths).enumerate() {
        push(&mut header, i, &visible(&column.name), column, widest, style);
    }
    writeln!(out, "{}", stand_out(header.trim_end(), style))?;
    let rule = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    writeln!(out, "{}", "─".repeat(rule))?;
    write_rows(table, 0..table.len(), style, out, |_, row, bytes| {
        let mut line = String::new();
        for (i, ((cell, column), &widest)) in row.iter().zip(&table.columns).zip(&widths).enumerate() {
            push(&mut line, i, &show_in(cell, column.kind, &style.zone), column, widest, style);
        }
        bytes.extend_from_slice(line.trim_end().as_bytes());
        bytes.push(b'\n');
    })
}

/// Takes columns off the widest until all fit; none becomes narrower than 4.
fn narrow(widths: &mut [usize], columns: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > columns {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > 4) else { return };
        *widest -= 1;
    }
}

fn push(line: &mut String, i: usize, text: &str, column: &Column, widest: usize, style: &Style) {
    if i > 0 {
        line.push_str(GAP);
    }
    let text = if style.width.is_some() { truncate(text, widest) } else { text.into() };
    if width(&text) >= widest {
        line.push_str(&text);
    } else if column.kind.is_right_aligned() {
        line.push_str(&fit_right(&text, widest));
    } else {
        line.push_str(&fit_left(&text, widest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, long, written};

    #[test]
    fn tables_stand_in_columns_and_nothing_in_them_steers_the_terminal() {
        insta::assert_snapshot!(written("table", &hostile(), &Style::default()), @r#"
        steps
         step  name                  share  median_s  first                mature
        ─────────────────────────────────────────────────────────────────────────
        1,234  view, "then"␊buy|<b>   100%         –  2019-11-01 17:59:13  yes
        1,235  =cmd()␛[31m           66.7%     2m41s  2019-11-01 17:59:13  no
        1,236  日本<U+202E>語            –     2m41s  2019-11-01 17:59:13  no

        after
        next       p
        ────────────
        (end)  <.001
        "#);
    }

    #[test]
    fn a_narrow_terminal_wraps_and_loses_nothing() {
        let text = written("table", &hostile(), &Style { width: Some(60), ..Style::default() });
        assert!(text.lines().all(|line| width(line) <= 60), "{text}");
        insta::assert_snapshot!(text, @r#"
        steps
         step  name              share  median_s  first       mature
        ────────────────────────────────────────────────────────────
        1,234  view,              100%         –  2019-11-01  yes
               "then"␊buy|<b>                     17:59:13
        1,235  =cmd()␛[31m       66.7%     2m41s  2019-11-01  no
                                                  17:59:13
        1,236  日本<U+202E>語        –     2m41s  2019-11-01  no
                                                  17:59:13

        after
        next       p
        ────────────
        (end)  <.001
        "#);
    }

    #[test]
    fn a_long_table_streams_in_the_widths_of_its_first_rows() {
        let text = written("table", &long(), &Style::default());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 20_002);
        assert_eq!(&lines[..3], ["  n  text", "─────────", "  0  r0"]);
        assert_eq!(lines[20_001], "19,999  r19999");
        let text = written("table", &long(), &Style { width: Some(7), ..Style::default() });
        assert!(text.lines().all(|line| width(line) <= 10), "four columns each at least");
    }
}
