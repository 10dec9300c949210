//! The lifecycle: how the active customers of every period are made up; and stickiness: in how many periods they are active.

use ratatui::layout::Rect;

use super::CohortsPane;
use crate::analysis::Lifecycle;
use crate::analysis::lifecycle::PeriodRow;
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::panes::cohorts::change::word;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Reads a column's number from a row.
type Number = fn(&PeriodRow) -> Option<u64>;

/// The columns: as a cell is called, and its number.
pub(super) const STATES: [(&str, Number); 5] = [
    ("active", |row| Some(row.active())),
    ("new", |row| Some(row.new)),
    ("returning", |row| Some(row.returning)),
    ("resurrected", |row| Some(row.resurrected)),
    ("dormant", |row| row.dormant),
];

/// What the columns are called where there is little room.
const SHORT: [&str; 5] = ["active", "new", "return", "resurr.", "dormant"];

/// Signs of a bar's parts: those who are active to the right of the line, who fell asleep to the left.
const NEW: &str = "█";
const RETURNING: &str = "▓";
const RESURRECTED: &str = "▒";
const DORMANT: &str = "░";

/// A bar narrower than this says nothing.
const BAR_MIN: u16 = 16;

impl CohortsPane {
    pub(super) fn view_lifecycle(&self, answer: &Lifecycle, area: Rect, pen: &mut Pen<'_>) -> usize {
        let title = format!("[5] Lifecycle — customers by {}", word(answer.period));
        let legend = format!("{DORMANT} dormant │ {NEW} new {RETURNING} returning {RESURRECTED} resurrected");
        let foot = "active = new + returning + resurrected";
        let inside = Self::frame(&title, &legend, foot, area, pen);
        if answer.periods.is_empty() {
            return nobody(answer, inside, pen);
        }
        let inside = Self::sentence(&self.lifecycle_sentence(answer), inside, pen);
        let at = self.here();
        let label_wide = if answer.period == crate::base::Period::Hour { 16 } else { 10 };
        let cell = if inside.width >= 100 { 12 } else { 9 };
        let first = inside.x + 1 + label_wide;
        let n_columns = usize::from(inside.width.saturating_sub(label_wide + 1) / cell).clamp(1, STATES.len());
        let from_column = scroll(0, at.column, n_columns, STATES.len());
        let columns: Vec<(usize, u16)> =
            (from_column..STATES.len()).take(n_columns).zip((1u16..).map(|place| first + place * cell)).collect();
        for &(column, right) in &columns {
            let tone = if column == at.column { Tone::Strong } else { Tone::Dim };
            let head = if cell < 12 { SHORT[column] } else { STATES[column].0 };
            pen.right(right, inside.y, cell - 1, head, tone);
        }
        let bar_x = first + cell * columns.len() as u16 + 1;
        let bar = Rect { x: bar_x, width: inside.right().saturating_sub(bar_x + 1), ..inside };
        let most = answer.periods.iter().map(PeriodRow::active).max().unwrap_or(0);
        let deepest = answer.periods.iter().filter_map(|row| row.dormant).max().unwrap_or(0);
        let rows = usize::from(inside.height.saturating_sub(1));
        let from = scroll(self.from.get().0, at.row, rows, answer.periods.len());
        self.from.set((from, 0));
        for (line, (idx, row)) in answer.periods.iter().enumerate().skip(from).take(rows).enumerate() {
            let y = inside.y + 1 + line as u16;
            let is_here = idx == at.row;
            pen.text(inside.x, y, 1, if is_here { "▸" } else { " " }, Tone::Key);
            let used =
                pen.text(inside.x + 1, y, label_wide, &row.label, if is_here { Tone::Strong } else { Tone::Text });
            if !row.is_complete {
                pen.text(inside.x + 1 + used, y, 1, "~", Tone::Dim);
            }
            for &(column, right) in &columns {
                let is_cursor = is_here && column == at.column;
                let text = (STATES[column].1)(row).map_or("╱╱".to_owned(), words::count);
                let used = pen.right(right, y, cell - 2, &text, if is_cursor { Tone::Strong } else { Tone::Text });
                if is_cursor {
                    pen.text(right - used - 1, y, 1, "▸", Tone::Key);
                }
                let spot = Rect { x: right - cell, y, width: cell, height: 1 };
                pen.target(spot, Target::Row { panel: 0, row: idx * STATES.len() + column });
            }
            if bar.width >= BAR_MIN {
                stacked(row, most, deepest, Rect { y, height: 1, ..bar }, pen);
            }
        }
        rows
    }

    fn lifecycle_sentence(&self, answer: &Lifecycle) -> String {
        let Some(row) = answer.periods.get(self.here().row) else { return String::new() };
        let came = row.new + row.resurrected;
        let change = match row.dormant {
            Some(dormant) => format!("{} came, {} fell asleep", words::count(came), words::count(dormant)),
            None => format!("{} came; the {} is not over", words::count(came), word(answer.period)),
        };
        format!("{}: {} active · {change}", row.label, words::count(row.active()))
    }

    pub(super) fn view_sticky(&self, answer: &Lifecycle, area: Rect, pen: &mut Pen<'_>) -> usize {
        let unit = word(answer.period);
        let title = format!("[5] Stickiness — in how many {unit}s customers are active");
        let note = format!("{} customers", words::count(answer.n_customers));
        let inside = Self::frame(&title, &note, "⏎ lists them", area, pen);
        if answer.stickiness.is_empty() {
            return nobody(answer, inside, pen);
        }
        let at = self.here();
        let x = inside.x + 1;
        let rights = [x + 7, x + 18, x + 26, x + 37];
        for (right, head) in rights.into_iter().zip([&*format!("{unit}s"), "customers", "share", "at least"]) {
            pen.right(right, inside.y, 10, head, Tone::Dim);
        }
        let most = answer.stickiness.iter().map(|row| row.customers).max().unwrap_or(0).max(1);
        let rows = usize::from(inside.height.saturating_sub(1));
        let from = scroll(self.from.get().0, at.row, rows, answer.stickiness.len());
        self.from.set((from, 0));
        for (line, (idx, row)) in answer.stickiness.iter().enumerate().skip(from).take(rows).enumerate() {
            let y = inside.y + 1 + line as u16;
            let is_here = idx == at.row;
            let tone = if is_here { Tone::Strong } else { Tone::Text };
            pen.text(inside.x, y, 1, if is_here { "▸" } else { " " }, Tone::Key);
            let texts = [
                words::count(row.periods),
                words::count(row.customers),
                words::share(row.customers, answer.n_customers),
                words::count(row.at_least),
            ];
            for (right, text) in rights.into_iter().zip(&texts) {
                pen.right(right, y, 10, text, tone);
            }
            let bar_x = rights[3] + 2;
            let fraction = row.customers as f64 / most as f64;
            pen.bar(bar_x, y, inside.right().saturating_sub(bar_x + 1), fraction, Tone::Bar);
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: 0, row: idx });
        }
        rows
    }
}

fn nobody(answer: &Lifecycle, inside: Rect, pen: &mut Pen<'_>) -> usize {
    let why = answer.notes.first().map_or("Nobody is active.", String::as_str);
    pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
    1
}

/// Who is active to the right of a line, stacked, and who fell asleep to the left.
fn stacked(row: &PeriodRow, most: u64, deepest: u64, area: Rect, pen: &mut Pen<'_>) {
    let all = (most + deepest).max(1) as f64;
    let columns = f64::from(area.width.saturating_sub(1));
    let wide = |n: u64| (n as f64 / all * columns).round() as u16;
    let axis = area.x + wide(deepest);
    let asleep = wide(row.dormant.unwrap_or(0));
    pen.right(axis, area.y, asleep, &DORMANT.repeat(usize::from(asleep)), Tone::Faint);
    pen.text(axis, area.y, 1, "│", Tone::Dim);
    let mut sum = 0;
    let mut x = axis + 1;
    // Ends are rounded and not the parts, so that the whole is as long as it should be.
    for (n, sign, tone) in
        [(row.new, NEW, Tone::Bar), (row.returning, RETURNING, Tone::Bar), (row.resurrected, RESURRECTED, Tone::Bar)]
    {
        sum += n;
        let end = axis + 1 + wide(sum);
        let part = end.saturating_sub(x);
        pen.text(x, area.y, part.min(area.right().saturating_sub(x)), &sign.repeat(usize::from(part)), tone);
        x = end.max(x);
    }
}
