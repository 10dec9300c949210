//! The transitions view: what directly follows what, as a map of sources and targets.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::{Target, ratio, short, way_text};
use crate::analysis::Transitions;
use crate::analysis::transitions::Transition;
use crate::base::visible::{visible, width};
use crate::tui::command::RowAction;
use crate::tui::paint::{Pen, scroll};
use crate::tui::pane::moved;
use crate::tui::theme::Tone;
use crate::tui::words;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Number {
    #[default]
    Customers,
    Times,
    /// Of all that leaves the source.
    Share,
    Median,
}

impl Number {
    pub const ALL: [Number; 4] = [Number::Customers, Number::Times, Number::Share, Number::Median];

    pub fn name(self) -> &'static str {
        match self {
            Number::Customers => "customers",
            Number::Times => "how often",
            Number::Share => "share of what leaves",
            Number::Median => "median time",
        }
    }
}

const START: &str = "(start)";
const END: &str = "(end)";
const OTHER: &str = "(other)";

/// Columns that a number takes, with its shade and the space before it.
const WIDE: u16 = 9;
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];

#[derive(Debug, Default)]
pub(super) struct HeatView {
    pub number: Number,
    row: usize,
    column: usize,
    held: Option<(String, String)>,
    sources: Vec<String>,
    targets: Vec<String>,
    /// By source and target, the row of the answer.
    cells: HashMap<(usize, usize), usize>,
    most: f64,
}

impl HeatView {
    pub fn arrived(&mut self, answer: &Transitions) {
        let mut totals: HashMap<&str, u64> = HashMap::new();
        for row in &answer.rows {
            *totals.entry(&row.from).or_default() += row.count;
            *totals.entry(&row.to).or_default() += row.count;
        }
        let sorted = |side: fn(&Transition) -> &str| {
            let mut names: Vec<&str> = answer.rows.iter().map(side).collect();
            names.sort_unstable();
            names.dedup();
            let rank = |name: &str| match name {
                START => 0,
                END => 2,
                OTHER => 3,
                _ => 1,
            };
            names.sort_by_key(|name| (rank(name), std::cmp::Reverse(totals[name]), *name));
            names.into_iter().map(str::to_owned).collect::<Vec<String>>()
        };
        self.sources = sorted(|row| &row.from);
        self.targets = sorted(|row| &row.to);
        let places = |names: &[String]| -> HashMap<String, usize> { names.iter().cloned().zip(0..).collect() };
        let (sources, targets) = (places(&self.sources), places(&self.targets));
        self.cells =
            answer.rows.iter().enumerate().map(|(at, row)| ((sources[&row.from], targets[&row.to]), at)).collect();
        if let Some((from, to)) = &self.held {
            self.row = sources.get(from).copied().unwrap_or(self.row);
            self.column = targets.get(to).copied().unwrap_or(self.column);
        }
        self.row = self.row.min(self.sources.len().saturating_sub(1));
        self.column = self.column.min(self.targets.len().saturating_sub(1));
        self.remember();
        self.most = answer.rows.iter().map(|row| self.value(row).unwrap_or(0.0)).fold(0.0, f64::max);
    }

    pub fn set_number(&mut self, number: Number, answer: &Transitions) {
        self.number = number;
        self.arrived(answer);
    }

    fn remember(&mut self) {
        self.held = self.sources.get(self.row).cloned().zip(self.targets.get(self.column).cloned());
    }

    pub fn len(&self) -> usize {
        self.sources.len()
    }

    pub fn go(&mut self, action: RowAction, page: usize) {
        if let Some(row) = moved(self.row, action, self.sources.len(), page) {
            self.row = row;
            self.remember();
        }
    }

    pub fn go_across(&mut self, to_the_right: bool) {
        let last = self.targets.len().saturating_sub(1);
        self.column = if to_the_right { (self.column + 1).min(last) } else { self.column.saturating_sub(1) };
        self.remember();
    }

    fn under_cursor<'a>(&self, answer: &'a Transitions) -> Option<&'a Transition> {
        answer.rows.get(*self.cells.get(&(self.row, self.column))?)
    }

    /// The row of the answer's table that the cursor is on.
    pub fn target(&self, answer: &Transitions) -> Option<Target> {
        let (from, to) = (self.sources.get(self.row)?, self.targets.get(self.column)?);
        let is_real = |name: &&String| !matches!(name.as_str(), START | END | OTHER);
        let way: Vec<String> = [from, to].into_iter().filter(is_real).cloned().collect();
        let text = way_text(&[from.clone(), to.clone()]);
        let mut target = Target { text: text.clone(), name: way.last().cloned(), way, ..Target::default() };
        if let Some(row) = self.under_cursor(answer) {
            (target.cell, target.n) = match self.number {
                Number::Times => (format!("{}:count", row.cell()), row.count),
                Number::Customers | Number::Share | Number::Median => (row.cell(), row.customers),
            };
            target.title = match (from.as_str(), to.as_str()) {
                (START, to) => format!("Begin with {to}"),
                (from, END) => format!("End with {from}"),
                (OTHER, OTHER) => "Make a rarer transition".to_owned(),
                _ => format!("Go {text}"),
            };
        }
        Some(target)
    }

    fn value(&self, row: &Transition) -> Option<f64> {
        match self.number {
            Number::Customers => Some(row.customers as f64),
            Number::Times => Some(row.count as f64),
            Number::Share => (row.out > 0).then(|| ratio(row.count, row.out)),
            Number::Median => row.median_s,
        }
    }

    fn text(&self, row: &Transition) -> String {
        match self.number {
            Number::Customers => words::count(row.customers),
            Number::Times => words::count(row.count),
            Number::Share if row.out == 0 => String::new(),
            Number::Share => words::share(row.count, row.out),
            Number::Median => row.median_s.map_or(String::new(), words::seconds),
        }
    }

    pub fn sentence(&self, answer: &Transitions) -> String {
        let (Some(from), Some(to)) = (self.sources.get(self.row), self.targets.get(self.column)) else {
            return String::new();
        };
        let way = format!("{} → {}", visible(from), visible(to));
        let Some(row) = self.under_cursor(answer) else { return format!("{way}: never") };
        let mut text =
            format!("{way}: {}, {} times", words::things(row.customers, "customer"), words::count(row.count));
        if row.out > 0 {
            text.push_str(&format!(" · {} of what leaves {}", words::share(row.count, row.out), visible(from)));
        }
        if let Some(median) = row.median_s {
            text.push_str(&format!(" · median {}", words::seconds(median)));
        }
        text
    }

    pub fn view(&self, answer: &Transitions, area: Rect, pen: &mut Pen<'_>) -> usize {
        let rows = usize::from(area.height.saturating_sub(1));
        if rows == 0 || area.width < WIDE + 6 {
            return rows;
        }
        let longest = self.sources.iter().take(200).map(|name| width(&visible(name))).max().unwrap_or(0) as u16;
        let name_wide = longest.clamp(4, (area.width / 4).max(6));
        let n_columns = usize::from((area.width - name_wide - 1) / WIDE).max(1);
        let first = scroll(0, self.column, n_columns, self.targets.len());
        let from = scroll(0, self.row, rows, self.sources.len());
        let columns = first..self.targets.len().min(first + n_columns);
        let left = area.x + 1 + name_wide;
        let right_of = |column: usize| left + (column - first + 1) as u16 * WIDE;
        let more = columns.end < self.targets.len() || first > 0;
        let corner =
            if more { format!("{}–{} of {}", first + 1, columns.end, self.targets.len()) } else { String::new() };
        pen.text(area.x + 1, area.y, name_wide, &corner, Tone::Dim);
        for column in columns.clone() {
            let tone = if column == self.column { Tone::Strong } else { Tone::Dim };
            let name = short(&visible(&self.targets[column]), usize::from(WIDE - 1));
            pen.right(right_of(column), area.y, WIDE - 1, &name, tone);
        }
        for (at, source) in self.sources.iter().enumerate().skip(from).take(rows) {
            let y = area.y + 1 + (at - from) as u16;
            let is_row = at == self.row;
            pen.text(area.x, y, 1, if is_row { "▸" } else { " " }, Tone::Key);
            pen.text(area.x + 1, y, name_wide, source, if is_row { Tone::Strong } else { Tone::Text });
            for column in columns.clone() {
                let right = right_of(column);
                let is_cursor = is_row && column == self.column;
                let Some(row) = self.cells.get(&(at, column)).and_then(|row| answer.rows.get(*row)) else {
                    pen.right(right, y, WIDE - 2, "·", if is_cursor { Tone::Chosen } else { Tone::Dim });
                    continue;
                };
                // The root keeps small numbers from looking like none.
                let level = match self.value(row) {
                    Some(value) if self.most > 0.0 => {
                        (4.0 * (value / self.most).sqrt()).ceil().clamp(0.0, 4.0) as usize
                    }
                    _ => 0,
                };
                pen.text(right - WIDE + 1, y, 1, SHADES[level], Tone::Bar);
                pen.right(right, y, WIDE - 2, &self.text(row), if is_cursor { Tone::Chosen } else { Tone::Text });
            }
        }
        rows
    }
}
