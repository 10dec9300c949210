//! What the views of the paths pane share: a cursor that stays on its row, and a list with bars and columns of numbers.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::way_text;
use crate::base::Ctl;
use crate::base::visible::{visible, width};
use crate::table::Table;
use crate::tui::paint::{Pen, scroll};
use crate::tui::sorting;
use crate::tui::theme::Tone;

/// A cursor over rows that may be sorted, and that keeps its row when other answers come.
#[derive(Debug, Default)]
pub(super) struct List {
    pub cursor: usize,
    pub from: usize,
    /// What was under the cursor, by a name that outlives the answer.
    held: Option<String>,
    /// A column, and whether downwards.
    pub sorted_by: Option<(usize, bool)>,
    order: Vec<u32>,
}

impl List {
    /// The row that stands in a place.
    pub fn row(&self, place: usize) -> usize {
        self.order.get(place).map_or(place, |row| *row as usize)
    }

    /// The rows in the order in which they stand, where that is not their own.
    pub fn rows(&self) -> Option<Vec<usize>> {
        self.sorted_by.map(|_| self.order.iter().map(|row| *row as usize).collect())
    }

    pub fn go(&mut self, place: usize, page: usize, len: usize, key: impl Fn(usize) -> Option<String>) {
        self.cursor = place.min(len.saturating_sub(1));
        self.from = scroll(self.from, self.cursor, page, len);
        self.held = key(self.row(self.cursor));
    }

    /// There are other rows: sorts them as the last ones were, and looks for the one that was under the cursor.
    pub fn arrived(&mut self, table: Option<&Table>, len: usize, key: impl Fn(usize) -> Option<String>) {
        self.order = match (self.sorted_by, table) {
            (Some((column, descending)), Some(table)) if column < table.columns.len() => {
                sorting::order(table, column, descending, &Ctl::new()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let held = self.held.take();
        let found = held.as_ref().and_then(|_| (0..len).find(|&place| key(self.row(place)) == held));
        self.cursor = found.unwrap_or(self.cursor.min(len.saturating_sub(1)));
        self.held = held.or_else(|| key(self.row(self.cursor)));
        if found.is_none() {
            self.held = key(self.row(self.cursor));
        }
    }
}

/// A column of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub text: &'static str,
    pub wide: u16,
    /// Columns with a higher rank go first when there is no room.
    pub rank: u8,
}

/// One row as it is drawn.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Before the label, on the right of a narrow column.
    pub mark: String,
    pub label: String,
    /// In place of the label: touchpoints in a row. Where there is no room for all, those in the middle give way.
    pub way: Vec<String>,
    /// Of the bar, where there is one.
    pub share: Option<f64>,
    /// One text per head.
    pub cells: Vec<String>,
    pub is_faint: bool,
}

impl Line {
    fn wide(&self) -> usize {
        if self.way.is_empty() { width(&visible(&self.label)) } else { width(&visible(&way_text(&self.way))) }
    }

    /// The label in so many columns: of a long way, its start and its last touchpoints.
    fn fitted(&self, columns: usize) -> Cow<'_, str> {
        let [first, rest @ ..] = &self.way[..] else { return Cow::Borrowed(&self.label) };
        let whole = way_text(&self.way);
        if width(&visible(&whole)) <= columns {
            return Cow::Owned(whole);
        }
        let shortened = |n_last: usize| format!("{first} ▸ … ▸ {}", way_text(&rest[rest.len() - n_last..]));
        let fits = |n_last: &usize| width(&visible(&shortened(*n_last))) <= columns;
        Cow::Owned((1..rest.len()).rev().find(fits).map_or(whole, shortened))
    }
}

/// A list as it is drawn: a label, a bar, and as many columns of numbers as there is room for.
pub(super) struct Sheet<'s> {
    pub label: &'s str,
    /// Columns that the mark takes.
    pub mark: u16,
    pub bars: Bars,
    pub heads: &'s [Head],
    pub from: usize,
    pub cursor: usize,
    pub len: usize,
    pub line: &'s dyn Fn(usize) -> Line,
    /// A rule behind this many rows, and what stands on it.
    pub rule: Option<(usize, &'s str)>,
    pub has_focus: bool,
}

/// What gives way where labels are long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bars {
    /// The labels.
    Always,
    /// The bars, and numbers that matter less.
    WithRoom,
    None,
}

const BAR_MIN: u16 = 6;
const BAR_MAX: u16 = 20;

impl Sheet<'_> {
    /// Draws the heads and as many rows as fit; returns that number.
    pub fn view(&self, area: Rect, pen: &mut Pen<'_>) -> usize {
        let mut rows = usize::from(area.height.saturating_sub(1));
        if rows == 0 || area.width < 8 {
            return rows;
        }
        // The rule takes a row, wherever the list stands.
        rows = if self.rule.is_some() { (rows - 1).max(1) } else { rows };
        let from = scroll(self.from, self.cursor, rows, self.len);
        let lines: Vec<Line> = (from..self.len.min(from + rows)).map(|place| (self.line)(place)).collect();
        let longest = lines.iter().map(Line::wide).max().unwrap_or(0);
        let part = if self.bars == Bars::WithRoom { area.width / 2 } else { area.width / 3 };
        let label_min = (longest as u16).clamp(8, part.max(14));
        let around = 2 + self.mark;
        let chosen = columns_for(self.heads, area.width.saturating_sub(around + label_min));
        let numbers: u16 = chosen.iter().map(|&i| self.heads[i].wide).sum();
        let free = area.width.saturating_sub(numbers + around);
        let spare = free.saturating_sub(longest as u16 + 1);
        let bar = match self.bars {
            Bars::Always => spare.max(free / 4),
            Bars::WithRoom => spare,
            Bars::None => 0,
        };
        let bar = if bar >= BAR_MIN && free > bar.min(BAR_MAX) + 12 { bar.min(BAR_MAX) } else { 0 };
        let label_wide = free.saturating_sub(if bar > 0 { bar + 1 } else { 0 });
        let x = area.x + 1 + self.mark;
        let ends: Vec<u16> = chosen
            .iter()
            .scan(x + free, |right, &i| {
                *right += self.heads[i].wide;
                Some(*right)
            })
            .collect();
        pen.text(x, area.y, label_wide, self.label, Tone::Dim);
        for (&i, &right) in chosen.iter().zip(&ends) {
            pen.right(right, area.y, self.heads[i].wide - 1, self.heads[i].text, Tone::Dim);
        }
        let mut y = area.y + 1;
        for (at, line) in lines.iter().enumerate() {
            let place = from + at;
            let is_cursor = self.has_focus && place == self.cursor;
            let tone = if line.is_faint { Tone::Dim } else { Tone::Text };
            pen.text(area.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.right(x.saturating_sub(1), y, self.mark, &line.mark, Tone::Dim);
            let label = line.fitted(usize::from(label_wide));
            pen.text(x, y, label_wide, &label, if is_cursor { Tone::Strong } else { tone });
            if let (Some(share), true) = (line.share, bar > 0) {
                pen.bar(x + label_wide + 1, y, bar, share, Tone::Bar);
            }
            for (&i, &right) in chosen.iter().zip(&ends) {
                let text = line.cells.get(i).map_or("", String::as_str);
                pen.right(right, y, self.heads[i].wide - 1, text, tone);
            }
            y += 1;
            if let Some((_, text)) = self.rule.filter(|(behind, _)| *behind == place + 1)
                && place + 1 < self.len
            {
                pen.rule(area, y, text);
                y += 1;
            }
        }
        rows
    }
}

/// The heads there is room for, in their order. Where the next by rank does not fit, none after it is shown.
fn columns_for(heads: &[Head], room: u16) -> Vec<usize> {
    let mut by_rank: Vec<usize> = (0..heads.len()).collect();
    by_rank.sort_by_key(|&i| heads[i].rank);
    let mut left = room;
    let mut chosen = Vec::new();
    for i in by_rank {
        if heads[i].wide > left {
            break;
        }
        left -= heads[i].wide;
        chosen.push(i);
    }
    chosen.sort_unstable();
    chosen
}
