//! `Sheet`: rows and columns of cells that a cursor moves over, the form that every view of a map takes.
//!
//! ```text
//!              Discover     Explore      Buy
//!  web        ▸41.2k ▲ +.21 30.1k ▲ +.18  4.4k ▲ +.25
//!              ████████▉    ██████▌      █
//! ```

use std::cell::Cell as Kept;

use ratatui::layout::Rect;

use super::spot::Spot;
use crate::analysis::map::Emotion;
use crate::base::visible::{visible, width};
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::theme::Tone;

#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    /// Over the names of the rows.
    pub head: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// Whether columns share the room, each as wide as the others.
    pub is_even: bool,
    /// Whether rows are about different things, so that some may have a second line and others none.
    pub has_lanes: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    /// By which it is found again in another answer.
    pub name: String,
    pub label: String,
    /// Columns that it takes at least.
    pub wide: u16,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub name: String,
    pub label: String,
    /// Whether a second line is worth its room however little there is.
    pub is_tall: bool,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub pieces: Vec<(String, Tone)>,
    pub under: Under,
    pub spot: Spot,
}

/// What stands on the second line of a cell.
#[derive(Debug, Clone)]
pub(super) enum Under {
    Nothing,
    Bar(f64, Tone),
    Text(String, Tone),
    /// A piece of a curve: the moods before, here and after.
    Curve([Option<Emotion>; 3]),
}

impl Cell {
    pub fn new(text: impl Into<String>, tone: Tone, spot: Spot) -> Self {
        Cell { pieces: vec![(text.into(), tone)], under: Under::Nothing, spot }
    }

    /// What nobody knows.
    pub fn gap(spot: Spot) -> Self {
        Cell::new(super::mood::GAP, Tone::Dim, spot)
    }

    /// Where nothing belongs.
    pub fn empty() -> Self {
        Cell { pieces: Vec::new(), under: Under::Nothing, spot: Spot::Nothing }
    }

    pub fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.pieces.push((text.into(), tone));
        self
    }

    pub fn under(mut self, under: Under) -> Self {
        self.under = under;
        self
    }

    /// What it says, in one line.
    pub fn text(&self) -> String {
        let text: String = self.pieces.iter().map(|(text, _)| text.as_str()).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Row {
    pub fn new(name: impl Into<String>, label: impl Into<String>, cells: Vec<Cell>) -> Self {
        Row { name: name.into(), label: label.into(), is_tall: false, cells }
    }

    pub fn tall(mut self) -> Self {
        self.is_tall = true;
        self
    }

    /// Whether any cell has a second line.
    fn has_under(&self) -> bool {
        self.cells.iter().any(|cell| !matches!(cell.under, Under::Nothing))
    }
}

/// Where the cursor is, and what was drawn first.
pub(super) struct Looked<'s> {
    pub row: usize,
    pub column: usize,
    pub from: &'s Kept<(usize, usize)>,
    pub has_focus: bool,
}

/// A cell narrower than this says nothing.
const CELL_MIN: u16 = 13;
const CELL_MAX: u16 = 26;
const LABEL_MAX: u16 = 22;

impl Sheet {
    pub fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.rows.get(row)?.cells.get(column)
    }

    /// Rows become columns.
    pub fn transposed(self, head: &str) -> Sheet {
        let wide = self.columns.iter().map(|column| column.wide).max().unwrap_or(CELL_MIN);
        let columns: Vec<Column> =
            self.rows.iter().map(|row| Column { name: row.name.clone(), label: row.label.clone(), wide }).collect();
        let mut rows: Vec<Row> = self
            .columns
            .into_iter()
            .map(|column| Row::new(column.name, column.label, Vec::with_capacity(columns.len())))
            .collect();
        for cells in self.rows.into_iter().map(|row| row.cells) {
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.cells.push(cell);
            }
        }
        Sheet { head: head.to_owned(), columns, rows, is_even: self.is_even, has_lanes: self.has_lanes }
    }

    /// All lines, were there room for them.
    pub fn lines(&self) -> u16 {
        self.rows.iter().map(|row| 1 + u16::from(row.has_under())).fold(1, u16::saturating_add)
    }

    /// Lines of every row, in so much room: second lines go where they are worth most, then to the first rows.
    fn heights(&self, room: u16) -> Vec<u16> {
        let mut heights: Vec<u16> =
            self.rows.iter().map(|row| if row.is_tall && row.has_under() { 2 } else { 1 }).collect();
        let mut used = heights.iter().copied().fold(0, u16::saturating_add);
        if !self.has_lanes && self.lines() > room.saturating_add(1) {
            return heights;
        }
        for (height, _) in heights.iter_mut().zip(&self.rows).filter(|(_, row)| row.has_under()) {
            if *height == 1 && used < room {
                *height = 2;
                used += 1;
            }
        }
        heights
    }

    /// The columns on the screen: which, where and how wide; the first of them is `from` or later.
    fn places(&self, first: u16, right: u16, from: usize, cursor: usize) -> Vec<(usize, u16, u16)> {
        let room = right.saturating_sub(first);
        let n = self.columns.len();
        if self.is_even {
            let least = self.columns.iter().map(|column| column.wide).max().unwrap_or(CELL_MIN).max(CELL_MIN);
            let fits = usize::from((room / least).max(1)).min(n.max(1));
            let wide = (room / fits as u16).min(CELL_MAX.max(least));
            let from = scroll(from, cursor, fits, n);
            let shown = from..n.min(from + fits);
            return shown.zip(0u16..).map(|(at, place)| (at, first + place * wide, wide)).collect();
        }
        let fits_from = |from: usize| {
            let mut x = first;
            let mut places = Vec::new();
            for (at, column) in self.columns.iter().enumerate().skip(from) {
                let wide = column.wide.min(room);
                if x + wide > right {
                    break;
                }
                places.push((at, x, wide));
                x += wide;
            }
            places
        };
        let mut from = from.min(cursor).min(n.saturating_sub(1));
        loop {
            let places = fits_from(from);
            if from >= cursor || places.last().is_some_and(|(last, _, _)| *last >= cursor) {
                return places;
            }
            from += 1;
        }
    }

    /// Draws the sheet; returns how many rows there was room for.
    pub fn view(&self, looked: &Looked<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        if area.height < 2 || area.width < 6 || self.columns.is_empty() {
            return 1;
        }
        let names = self.rows.iter().map(|row| row.label.as_str()).chain([self.head.as_str()]);
        let longest = names.map(|name| width(&visible(name)) as u16).max().unwrap_or(0);
        let label_wide = longest.min(LABEL_MAX).min((area.width / 4).max(8));
        let first = area.x + label_wide + 2;
        let (row, column) =
            (looked.row.min(self.rows.len().saturating_sub(1)), looked.column.min(self.columns.len() - 1));
        let (from_row, from_column) = looked.from.get();
        let places = self.places(first, area.right(), from_column, column);
        let heights = self.heights(area.height - 1);
        let from_row = first_row(from_row, row, area.height - 1, &heights);
        looked.from.set((from_row, places.first().map_or(0, |(at, _, _)| *at)));
        self.view_head(&places, column, label_wide, area, pen);
        let mut y = area.y + 1;
        let mut shown = 0;
        for (at, of) in self.rows.iter().enumerate().skip(from_row) {
            let lines = heights[at].min(area.bottom().saturating_sub(y));
            if lines == 0 {
                break;
            }
            let is_here = at == row;
            let tone = if is_here { Tone::Strong } else { Tone::Dim };
            pen.text(area.x + 1, y, label_wide, &of.label, tone);
            for &(column_at, x, wide) in &places {
                let Some(cell) = of.cells.get(column_at) else { continue };
                let spot = Rect { x, y, width: wide, height: lines };
                let is_cursor = is_here && column_at == column;
                view_cell(cell, is_cursor, looked.has_focus, spot, pen);
                let target = Target::Row { panel: 0, row: at * self.columns.len() + column_at };
                pen.target(spot, target);
            }
            y += lines;
            shown += 1;
        }
        shown
    }

    fn view_head(&self, places: &[(usize, u16, u16)], column: usize, label_wide: u16, area: Rect, pen: &mut Pen<'_>) {
        pen.text(area.x + 1, area.y, label_wide, &self.head, Tone::Dim);
        for &(at, x, wide) in places {
            let tone = if at == column { Tone::Strong } else { Tone::Title };
            pen.text(x + 1, area.y, wide.saturating_sub(2), &self.columns[at].label, tone);
        }
        if places.first().is_some_and(|(at, _, _)| *at > 0) {
            pen.text(area.x + label_wide + 1, area.y, 1, "◀", Tone::Key);
        }
        if places.last().is_some_and(|(at, _, _)| at + 1 < self.columns.len()) {
            pen.text(area.right() - 1, area.y, 1, "▸", Tone::Key);
        }
    }
}

/// The first row to draw, so that the cursor's is on the screen.
fn first_row(from: usize, cursor: usize, room: u16, heights: &[u16]) -> usize {
    let tall = |heights: &[u16]| heights.iter().copied().fold(0u16, u16::saturating_add);
    let mut from = from.min(cursor).min(heights.len().saturating_sub(1));
    while from < cursor && tall(&heights[from..=cursor]) > room {
        from += 1;
    }
    // No room is left empty below the last row.
    while from > 0 && tall(&heights[from - 1..]) <= room {
        from -= 1;
    }
    from
}

fn view_cell(cell: &Cell, is_cursor: bool, has_focus: bool, area: Rect, pen: &mut Pen<'_>) {
    let (x, y, room) = (area.x + 1, area.y, area.width.saturating_sub(1));
    let pieces: Vec<(&str, Tone)> = cell.pieces.iter().map(|(text, tone)| (text.as_str(), *tone)).collect();
    pen.pieces(x, y, room, &pieces);
    if is_cursor {
        let tone = if has_focus { Tone::Key } else { Tone::Dim };
        // Beside the number, wherever in the cell that stands.
        let text = cell.pieces.first().map_or("", |(text, _)| text.as_str());
        let lead = text.len() - text.trim_start_matches(' ').len();
        pen.text(area.x + (lead as u16).min(room), y, 1, "▸", tone);
        pen.embolden(Rect { x, y, width: room, height: 1 });
    }
    if area.height < 2 {
        return;
    }
    match &cell.under {
        Under::Nothing => {}
        Under::Bar(fraction, tone) => pen.bar(x, y + 1, room.saturating_sub(1), *fraction, *tone),
        Under::Text(text, tone) => {
            pen.text(x, y + 1, room.saturating_sub(1), text, *tone);
        }
        Under::Curve(moods) => view_curve(moods, Rect { x: area.x, y: y + 1, height: 1, ..area }, pen),
    }
}

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The curve goes through the middle of every cell whose mood is known; towards one that is not, it ends.
fn view_curve(moods: &[Option<Emotion>; 3], area: Rect, pen: &mut Pen<'_>) {
    let known = |at: usize| moods[at].and_then(|emotion| Some((emotion.mean?, emotion.is_thin())));
    let Some((here, is_thin)) = known(1) else { return };
    for place in 0..area.width {
        let t = (f64::from(place) + 0.5) / f64::from(area.width) - 0.5;
        let (mood, is_dotted) = match known(if t < 0.0 { 0 } else { 2 }) {
            Some((other, other_thin)) => (here + (other - here) * t.abs(), is_thin || other_thin),
            None if t.abs() < 0.3 => (here, is_thin),
            None => continue,
        };
        if is_dotted && place % 2 == 1 {
            continue;
        }
        let level = ((mood + 2.0) / 4.0 * 7.0).round().clamp(0.0, 7.0) as usize;
        let emotion = Emotion { mean: Some(mood), n: Emotion::FEW, interval: None };
        pen.text(area.x + place, area.y, 1, LEVELS[level], super::mood::tone(&emotion));
    }
}
