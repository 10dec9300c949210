//! The heat map: one row per cohort, one column per period; the number is always printed, the shade is extra.
//!
//! ```text
//!  cohort        size   w0    w1    w2    w3
//!  2025-04-28   6,590 █100  ▓ 55  ▓ 41  ▒ 33
//! ▸2025-05-05   6,715 █100 ▸▓ 48  ▒ 37~  ╱╱  ◀
//!  all         13,305 █100  ▓ 52  ▓ 39  ▒ 33
//! ```

use std::cell::Cell as Kept;

use ratatui::layout::Rect;

use super::{CohortsPane, Numbers, View};
use crate::analysis::Retention;
use crate::analysis::retention::{Cell, Group};
use crate::base::visible::{visible, width};
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::panes::cohorts::change::word;
use crate::tui::theme::Tone;
use crate::tui::words;

/// What the answer looks like: found once when it arrives.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    /// The cohorts in the order of the rows.
    pub order: Vec<usize>,
    /// From which share on a cell has each of the shades.
    levels: [f64; 4],
    /// By cohort: how it differs from the one before.
    breaks: Vec<Option<Break>>,
    /// The cohort that differs most, if that is more than chance.
    pub worst: Option<usize>,
    label_wide: u16,
    size_wide: u16,
    /// Columns that were drawn last.
    pub page: Kept<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Break {
    period: usize,
    before: f64,
    after: f64,
    /// In standard errors.
    z: f64,
}

const SHADES: [&str; 4] = ["█", "▓", "▒", "░"];

/// A difference to the cohort before of fewer standard errors is what chance does among many cells.
const STANDS_OUT: f64 = 4.0;

/// Cohorts smaller than this make no break.
const MANY: u64 = 30;

const LABEL_MAX: usize = 16;

impl Picture {
    pub fn of(answer: &Retention, group: usize, is_by_size: bool) -> Self {
        let Some(group) = answer.groups.get(group) else { return Picture::default() };
        let cohorts = &group.cohorts;
        let mut order: Vec<usize> = (0..cohorts.len()).collect();
        if is_by_size {
            order.sort_by_key(|at| std::cmp::Reverse(cohorts[*at].size));
        }
        let later = cohorts.iter().flat_map(|cohort| cohort.cells.iter().skip(1));
        let known = later.filter(|cell| cell.eligible >= MANY.min(answer.total().cohorts.len() as u64));
        let top = known.filter_map(Cell::share).fold(0.0, f64::max);
        let top = if top > 0.0 { top } else { 1.0 };
        let breaks: Vec<Option<Break>> = (0..cohorts.len()).map(|at| break_at(group, at)).collect();
        let strength = |at: &usize| breaks[*at].map_or(0.0, |found| found.z.abs());
        let worst = (0..cohorts.len()).max_by(|a, b| strength(a).total_cmp(&strength(b)));
        let worst = worst.filter(|at| strength(at) >= STANDS_OUT);
        let label_wide = cohorts.iter().map(|cohort| width(&visible(&cohort.label))).max().unwrap_or(0);
        let total: u64 = cohorts.iter().map(|cohort| cohort.size).sum();
        Picture {
            levels: [0.8, 0.55, 0.3, 0.1].map(|part| round(top * part)),
            label_wide: label_wide.clamp(6, LABEL_MAX) as u16,
            size_wide: words::count(total).len().max(4) as u16,
            order,
            breaks,
            worst,
            page: Kept::new(0),
        }
    }

    fn shade(&self, share: f64) -> usize {
        self.levels.iter().position(|level| share >= *level && share > 0.0).unwrap_or(SHADES.len())
    }

    fn legend(&self) -> String {
        let levels = SHADES.iter().zip(self.levels).map(|(shade, level)| format!("{shade} {}+ ", percent(level)));
        format!("{}╱ not over ~ partly", levels.collect::<String>())
    }
}

/// A level as it is printed, so that the legend is true.
fn round(share: f64) -> f64 {
    if share >= 0.095 { (share * 100.0).round() / 100.0 } else { (share * 1000.0).round() / 1000.0 }
}

/// The period in which a cohort differs most from the one before, in standard errors of the difference.
fn break_at(group: &Group, at: usize) -> Option<Break> {
    let (before, after) = (group.cohorts.get(at.checked_sub(1)?)?, group.cohorts.get(at)?);
    after.start?;
    let pairs = before.cells.iter().zip(&after.cells).enumerate().skip(1);
    let breaks = pairs.filter_map(|(period, (before, after))| {
        if !before.is_complete || !after.is_complete || before.eligible.min(after.eligible) < MANY {
            return None;
        }
        let (n_0, n_1) = (before.eligible as f64, after.eligible as f64);
        let pooled = (before.retained + after.retained) as f64 / (n_0 + n_1);
        let error = (pooled * (1.0 - pooled) * (1.0 / n_0 + 1.0 / n_1)).sqrt();
        let (before, after) = (before.share()?, after.share()?);
        (error > 0.0).then(|| Break { period, before, after, z: (after - before) / error })
    });
    breaks.max_by(|a, b| a.z.abs().total_cmp(&b.z.abs()))
}

/// `53`, `5.3`, `0`, `100`: a share in three characters.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 || value >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn short(n: u64) -> String {
    if n < 100_000 { n.to_string() } else { format!("{}k", n / 1000) }
}

impl CohortsPane {
    fn cell_text(&self, cell: &Cell, all: &Cell) -> String {
        let share = cell.share().unwrap_or(0.0);
        match self.numbers {
            Numbers::Share => percent(share),
            Numbers::Customers => short(cell.retained),
            Numbers::Churn => percent(1.0 - share),
            Numbers::Difference => {
                let points = (share - all.share().unwrap_or(share)) * 100.0;
                let text = if points.abs() >= 9.95 { format!("{points:+.0}") } else { format!("{points:+.1}") };
                if text == "-0.0" || text == "+0.0" { "0".to_owned() } else { text }
            }
        }
    }

    fn number_wide(&self) -> u16 {
        match self.numbers {
            Numbers::Share | Numbers::Churn => 3,
            Numbers::Difference => 4,
            Numbers::Customers => 5,
        }
    }

    fn heat_title(&self, answer: &Retention, group: &Group) -> String {
        let what = match self.numbers {
            Numbers::Share => "% back",
            Numbers::Customers => "customers back",
            Numbers::Difference => "points to all",
            Numbers::Churn => "% not back",
        };
        let of = match (&answer.breakdown, &group.value) {
            (Some(column), None) => format!(" · by {}, Tab", visible(column)),
            (Some(column), Some(value)) => format!(" · {} {}", visible(column), visible(value)),
            (None, _) => String::new(),
        };
        format!("[5] Retention — {what} in {} k{of}", word(answer.unit))
    }

    pub(super) fn view_heat(&self, answer: &Retention, area: Rect, pen: &mut Pen<'_>) -> usize {
        let group = &answer.groups[self.group_idx(answer)];
        let foot = match self.picture.worst.and_then(|at| Some((at, self.picture.breaks.get(at)?.as_ref()?))) {
            Some((at, found)) => format!(
                "◀ {}: {} {} {} → {}% · c compares",
                group.cohorts[at].label,
                word(answer.unit),
                answer.periods[found.period],
                percent(found.before),
                percent(found.after)
            ),
            None => String::new(),
        };
        let inside = Self::frame(&self.heat_title(answer, group), &self.picture.legend(), &foot, area, pen);
        if group.cohorts.is_empty() {
            let why = answer.notes.first().map_or("There is no cohort.", String::as_str);
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
            return 1;
        }
        let inside = Self::sentence(&self.heat_sentence(answer, group), inside, pen);
        self.view_cells(answer, group, inside, pen)
    }

    fn view_cells(&self, answer: &Retention, group: &Group, inside: Rect, pen: &mut Pen<'_>) -> usize {
        let at = &self.at[View::Heat as usize];
        let (label_wide, size_wide) = (self.picture.label_wide, self.picture.size_wide);
        let cell_wide = self.number_wide() + 3;
        let first = inside.x + 1 + label_wide + 1 + size_wide;
        let n_columns = usize::from((inside.right().saturating_sub(first + 2) / cell_wide).max(1));
        self.picture.page.set(n_columns);
        let rows = usize::from(inside.height.saturating_sub(2));
        let (from_row, from_column) = self.from.get();
        let from_row =
            scroll(from_row, at.row.min(self.picture.order.len().saturating_sub(1)), rows, self.picture.order.len());
        let from_column = scroll(from_column, at.column, n_columns, answer.periods.len());
        self.from.set((from_row, from_column));
        let columns: Vec<(usize, u16)> = (from_column..answer.periods.len().min(from_column + n_columns))
            .zip((0u16..).map(|place| first + place * cell_wide))
            .collect();
        let unit = word(answer.unit).chars().next().unwrap_or(' ');
        pen.text(inside.x + 1, inside.y, label_wide, "cohort", Tone::Dim);
        pen.right(first, inside.y, size_wide, "size", Tone::Dim);
        for &(period, x) in &columns {
            let head = format!("{unit}{}", answer.periods[period]);
            let tone = if period == at.column { Tone::Strong } else { Tone::Dim };
            pen.right(x + cell_wide - 1, inside.y, cell_wide - 1, &head, tone);
        }
        let n_periods = answer.periods.len();
        let shown = self.picture.order.iter().enumerate().skip(from_row).take(rows);
        let mut y = inside.y + 1;
        for (row, &cohort_idx) in shown {
            let cohort = &group.cohorts[cohort_idx];
            let is_here = row == at.row;
            let line = Rect { y, height: 1, ..inside };
            self.row_head(&cohort.label, cohort.size, is_here, line, pen);
            for &(period, x) in &columns {
                let cell = &cohort.cells[period];
                let spot = Rect { x, width: cell_wide, ..line };
                let is_cursor = is_here && period == at.column;
                self.put_cell(cell, &group.overall[period].cell, cohort.size, is_cursor, spot, pen);
                pen.target(spot, Target::Row { panel: 0, row: row * n_periods + period });
            }
            if self.picture.worst == Some(cohort_idx) {
                pen.text(inside.right() - 1, y, 1, "◀", Tone::Warn);
            }
            y += 1;
        }
        let total: u64 = group.cohorts.iter().map(|cohort| cohort.size).sum();
        let line = Rect { y, height: 1, ..inside };
        let is_here = at.row >= self.picture.order.len();
        self.row_head("all", total, is_here, line, pen);
        for &(period, x) in &columns {
            let cell = &group.overall[period].cell;
            let spot = Rect { x, width: cell_wide, ..line };
            self.put_cell(cell, cell, total, is_here && period == at.column, spot, pen);
            pen.target(spot, Target::Row { panel: 0, row: self.picture.order.len() * n_periods + period });
        }
        rows
    }

    fn row_head(&self, label: &str, size: u64, is_here: bool, line: Rect, pen: &mut Pen<'_>) {
        let (label_wide, size_wide) = (self.picture.label_wide, self.picture.size_wide);
        pen.text(line.x, line.y, 1, if is_here { "▸" } else { " " }, Tone::Key);
        pen.text(line.x + 1, line.y, label_wide, label, if is_here { Tone::Strong } else { Tone::Text });
        pen.right(line.x + 2 + label_wide + size_wide, line.y, size_wide, &words::count(size), Tone::Text);
    }

    fn put_cell(&self, cell: &Cell, all: &Cell, size: u64, is_cursor: bool, spot: Rect, pen: &mut Pen<'_>) {
        let (x, y, wide) = (spot.x, spot.y, self.number_wide());
        let end = x + 2 + wide;
        if is_cursor {
            pen.text(x, y, 1, "▸", Tone::Key);
        }
        let tone = if is_cursor { Tone::Strong } else { Tone::Text };
        let Some(share) = cell.share() else {
            let text = if size == 0 { "—" } else { "╱╱" };
            pen.right(end, y, wide, text, if is_cursor { Tone::Strong } else { Tone::Dim });
            return;
        };
        let shade = self.picture.shade(share);
        if let Some(sign) = SHADES.get(shade) {
            pen.text(x + 1, y, 1, sign, if shade < 3 { Tone::Bar } else { Tone::Faint });
        }
        pen.right(end, y, wide, &self.cell_text(cell, all), tone);
        // All cohorts together are never all over, and the first period is the cohort itself.
        if !cell.is_complete && !std::ptr::eq(cell, all) && cell.eligible < size {
            pen.text(end, y, 1, "~", Tone::Dim);
        }
    }

    /// The cell under the cursor in words.
    fn heat_sentence(&self, answer: &Retention, group: &Group) -> String {
        let at = &self.at[View::Heat as usize];
        let period = at.column.min(answer.periods.len().saturating_sub(1));
        let cohort = self.picture.order.get(at.row).map(|cohort| &group.cohorts[*cohort]);
        let (label, size, cell) = match cohort {
            Some(cohort) => (cohort.label.as_str(), cohort.size, cohort.cells[period]),
            None => ("all", group.cohorts.iter().map(|cohort| cohort.size).sum(), group.overall[period].cell),
        };
        if period == 0 {
            return format!("{label}: {} started", words::count(size));
        }
        if size == 0 {
            return format!("{label}: nobody started");
        }
        let when = self.in_period(answer, period);
        let Some((share, (lo, hi))) = cell.share().zip(cell.interval()) else {
            return format!("{label}: not over {when} for anybody yet");
        };
        let mut text = format!(
            "{label}: {} of {} back {when}: {} ({:.1}–{:.1}%)",
            words::count(cell.retained),
            words::count(cell.eligible),
            words::fraction(share),
            lo * 100.0,
            hi * 100.0
        );
        if !cell.is_complete {
            text.push_str(&format!(" · ~ not over for {}", words::count(size.saturating_sub(cell.eligible))));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_take_three_characters_and_levels_are_what_they_say() {
        assert_eq!([0.0, 0.004, 0.0994, 0.0996, 0.526, 1.0].map(percent), ["0", "0.4", "9.9", "10", "53", "100"]);
        assert_eq!([round(0.526), round(0.0526)], [0.53, 0.053]);
        assert_eq!([short(99_999), short(1_234_567)], ["99999", "1234k"]);
    }
}
