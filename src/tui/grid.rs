//! A table on the screen: only the rows that are looked at are made, and columns keep their width while scrolling.

use ratatui::layout::Rect;

use super::paint::{Pen, Target};
use super::pane::Facts;
use super::theme::Tone;
use super::words;
use crate::base::Zone;
use crate::base::visible::width;
use crate::table::{Cell, Kind, Table};

/// Widths of a table's columns, from a sample of its rows. A column without a value in the sample has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Widths(Vec<u16>);

/// Rows looked at for the widths: so many from the top, and as many spread over the rest.
const SAMPLE: usize = 200;

/// No column of text takes more than this.
const TEXT_MAX: usize = 28;

impl Widths {
    pub fn of(table: &Table) -> Self {
        let len = table.len();
        let rest = len.saturating_sub(SAMPLE);
        let spread = (0..SAMPLE.min(rest)).map(|i| SAMPLE + i * rest / SAMPLE.min(rest));
        let mut widest = vec![0; table.columns.len()];
        // Times are as wide in every zone.
        let utc = Zone::utc();
        for row in (0..len.min(SAMPLE)).chain(spread) {
            for ((wide, cell), column) in widest.iter_mut().zip(table.row(row).iter()).zip(&table.columns) {
                *wide = (*wide).max(width(&shown(cell, column.kind, &utc)));
            }
        }
        let columns = table.columns.iter().zip(widest);
        Widths(
            columns
                .map(|(column, wide)| match (wide, column.kind) {
                    (0, _) => 0,
                    // Counts further down may be a digit longer than any in the sample.
                    (wide, kind) if kind.is_right_aligned() => (wide + 1).max(width(title(&column.name))) as u16,
                    (wide, _) => wide.min(TEXT_MAX).max(width(title(&column.name))) as u16,
                })
                .collect(),
        )
    }
}

/// A column's name without its unit, which the cells show.
pub fn title(name: &str) -> &str {
    if name == "gap_s" { "gap" } else { name }
}

/// A cell in a grid: times to the minute.
fn shown(cell: &Cell, kind: Kind, zone: &Zone) -> String {
    match cell {
        Cell::Time(at) => words::time(*at, zone).chars().take(16).collect(),
        cell => words::cell(cell, kind, zone),
    }
}

pub struct Grid<'g> {
    pub table: &'g Table,
    pub widths: &'g Widths,
    pub sorted_by: Option<(usize, bool)>,
    pub from: usize,
    pub cursor: usize,
    /// Which rows of the table are marked, where any is.
    pub marked: Option<&'g dyn Fn(usize) -> bool>,
}

impl Grid<'_> {
    /// Draws a header and as many rows as fit; returns that number.
    pub fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        if area.height == 0 || area.width < 3 {
            return 0;
        }
        let columns = self.places(area);
        for &(i, x, wide) in &columns {
            let column = &self.table.columns[i];
            let mark = match self.sorted_by {
                Some((by, true)) if by == i => "▼",
                Some((by, false)) if by == i => "▲",
                _ => "",
            };
            let head = format!("{}{mark}", title(&column.name));
            self.put(x, area.y, wide, column.kind, &head, Tone::Dim, pen);
        }
        let rows = usize::from(area.height - 1);
        for place in self.from..self.table.len().min(self.from + rows) {
            let line = Rect { y: area.y + 1 + (place - self.from) as u16, height: 1, ..area };
            let row_idx = facts.row_at(place);
            let row = self.table.row(row_idx);
            pen.text(line.x, line.y, 1, if place == self.cursor { "▸" } else { " " }, Tone::Key);
            if self.marked.is_some_and(|is_marked| is_marked(row_idx)) {
                pen.text(line.x + 1, line.y, 1, "✓", Tone::Key);
            }
            for &(i, x, wide) in &columns {
                let kind = self.table.columns[i].kind;
                self.put(x, line.y, wide, kind, &shown(&row[i], kind, facts.zone), Tone::Text, pen);
            }
            if let (true, Some(&(_, x, wide))) = (place == self.cursor, columns.first()) {
                pen.embolden(Rect { x, width: wide, ..line });
            }
            pen.target(line, Target::Row { panel: 0, row: place });
        }
        rows
    }

    /// Which columns fit, where, and how wide. Columns on the right go first; the first one shrinks last.
    fn places(&self, area: Rect) -> Vec<(usize, u16, u16)> {
        let mut x = area.x + if self.marked.is_some() { 3 } else { 1 };
        let mut places = Vec::new();
        for (i, &wide) in self.widths.0.iter().enumerate() {
            let left = area.right().saturating_sub(x);
            if wide == 0 || left < 4 {
                continue;
            }
            if wide > left {
                if places.is_empty() {
                    places.push((i, x, left));
                }
                break;
            }
            places.push((i, x, wide));
            x += wide + 2;
        }
        places
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "where, how wide, what, and in which tone is what drawing a cell takes"
    )]
    fn put(&self, x: u16, y: u16, wide: u16, kind: Kind, text: &str, tone: Tone, pen: &mut Pen<'_>) {
        if kind.is_right_aligned() {
            pen.right(x + wide, y, wide, text, tone);
        } else {
            pen.text(x, y, wide, text, tone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn widths_come_from_a_sample_and_empty_columns_take_no_room() {
        let columns = vec![
            Column::new("customer", Kind::Text),
            Column::new("gap_s", Kind::Seconds),
            Column::new("stage", Kind::Text),
        ];
        let table = Table::made("t", columns, 1_000_000, |i| {
            vec![Cell::text(format!("c{i}")), Cell::Number(3600.0), Cell::Empty]
        });
        assert_eq!(Widths::of(&table), Widths(vec![8, 3, 0]));
        assert_eq!(Widths::of(&Table::new("t", &[("a", Kind::Text)])), Widths(vec![0]));
    }
}
