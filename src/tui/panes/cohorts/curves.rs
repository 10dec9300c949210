//! The curves: who is back in each period of all cohorts together, for the whole and for every value of the breakdown.

use ratatui::layout::Rect;

use super::heat::percent;
use super::{CohortsPane, View};
use crate::analysis::Retention;
use crate::analysis::retention::Group;
use crate::base::visible::visible;
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::panes::cohorts::change::word;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Lines in the picture are told apart by these, without colour.
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// Rows of the table under the picture, at most.
const LEGEND_MAX: usize = 10;

/// Columns for the numbers on the axis.
const AXIS: u16 = 5;

/// Dots of a braille character, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

fn letter(group: usize) -> String {
    match group.checked_sub(1) {
        None => "●".to_owned(),
        Some(at) => char::from(LETTERS[at % LETTERS.len()]).to_string(),
    }
}

impl CohortsPane {
    pub(super) fn view_curves(&self, answer: &Retention, area: Rect, pen: &mut Pen<'_>) -> usize {
        let by = answer.breakdown.as_ref().map_or(String::new(), |column| format!(" by {}", visible(column)));
        let title = format!("[5] Retention curves{by} — all cohorts together, by {}", word(answer.unit));
        let inside = Self::frame(&title, "", "b breaks down · ⏎ lists who came back", area, pen);
        let selected = self.group_idx(answer);
        if answer.periods.len() < 2 {
            let text = "No period after the first is over yet; w takes shorter ones.";
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), text, Tone::Dim);
            return 1;
        }
        let n_rows = answer.groups.len().min(LEGEND_MAX).min(usize::from(inside.height / 2));
        let legend = n_rows as u16 + 1;
        if inside.height <= legend + 4 {
            return self.view_legend(answer, inside, selected, pen);
        }
        let chart = Rect { height: inside.height - legend, ..inside };
        self.view_chart(answer, chart, selected, pen);
        self.view_legend(answer, Rect { y: chart.bottom(), height: legend, ..inside }, selected, pen)
    }

    /// One line per value: the share in the period under the cursor, with its interval.
    fn view_legend(&self, answer: &Retention, area: Rect, selected: usize, pen: &mut Pen<'_>) -> usize {
        let spot = if self.view == View::Heat { View::Heat } else { View::Curves };
        let period = self.at[spot as usize].column.min(answer.periods.len() - 1);
        let head = format!("{} {}", word(answer.unit), answer.periods[period]);
        let name_wide = (area.width / 3).clamp(6, 24);
        let x = area.x + 3;
        let columns = [x + name_wide + 8, x + name_wide + 18, x + name_wide + 28, x + name_wide + 42];
        for (right, text) in columns.into_iter().zip([head.as_str(), "back", "of", "95% CI"]) {
            if right < area.right() {
                pen.right(right, area.y, 10, text, Tone::Dim);
            }
        }
        let rows = usize::from(area.height.saturating_sub(1));
        let from = scroll(0, selected, rows, answer.groups.len());
        for (row, (at, group)) in answer.groups.iter().enumerate().skip(from).take(rows).enumerate() {
            let y = area.y + 1 + row as u16;
            let is_here = at == selected;
            let tone = if is_here { Tone::Strong } else { Tone::Text };
            pen.text(area.x, y, 1, if is_here && self.view == View::Curves { "▸" } else { " " }, Tone::Key);
            pen.text(area.x + 1, y, 1, &letter(at), tone);
            pen.text(x, y, name_wide, group.value.as_deref().unwrap_or("all"), tone);
            let cell = group.overall[period].cell;
            let interval = match cell.interval() {
                Some((lo, hi)) => format!("{:.1}–{:.1}%", lo * 100.0, hi * 100.0),
                None => String::new(),
            };
            let share =
                if cell.eligible == 0 { "╱╱".to_owned() } else { words::share(cell.retained, cell.eligible) };
            let texts = [share, words::count(cell.retained), words::count(cell.eligible), interval];
            for (right, text) in columns.into_iter().zip(texts) {
                if right < area.right() {
                    pen.right(right, y, 13, &text, tone);
                }
            }
            if self.view == View::Curves {
                let target = Target::Row { panel: 0, row: at * answer.periods.len() + period };
                pen.target(Rect { y, height: 1, ..area }, target);
            }
        }
        rows
    }

    fn view_chart(&self, answer: &Retention, area: Rect, selected: usize, pen: &mut Pen<'_>) {
        let n = answer.periods.len() - 1;
        let shares = answer.groups.iter().flat_map(|group| group.overall.iter().skip(1));
        let top = shares.filter_map(|overall| overall.cell.share()).fold(0.0, f64::max);
        let top = if top > 0.0 { top } else { 1.0 };
        let room =
            Rect { x: area.x + AXIS + 1, width: area.width.saturating_sub(AXIS + 3), height: area.height - 1, ..area };
        for (y, share) in [(room.y, top), (room.y + room.height / 2, top / 2.0), (room.bottom() - 1, 0.0)] {
            pen.right(area.x + AXIS, y, AXIS, &format!("{}%", percent(share)), Tone::Dim);
        }
        let (wide, tall) = (usize::from(room.width), usize::from(room.height));
        if wide < 2 || tall < 2 {
            return;
        }
        // Periods 1 to n over the dots from left to right.
        let x_of = |period: usize| if n == 1 { 0 } else { (period - 1) * (wide * 2 - 1) / (n - 1) };
        let y_of = |share: f64| ((1.0 - share / top) * (tall * 4 - 1) as f64).round() as usize;
        let step = (n * 5).div_ceil(wide).max(1);
        for period in (1..=n).step_by(step) {
            let x = room.x + (x_of(period) / 2) as u16;
            pen.text(x, room.bottom(), 5.min(area.right().saturating_sub(x)), &answer.periods[period], Tone::Dim);
        }
        let spot = if self.view == View::Heat { View::Heat } else { View::Curves };
        let here = self.at[spot as usize].column;
        if (1..=n).contains(&here) {
            let x = room.x + (x_of(here) / 2) as u16;
            (room.y..room.bottom()).for_each(|y| _ = pen.text(x, y, 1, "┊", Tone::Faint));
        }
        // The one that is looked at lies on top.
        let others = (0..answer.groups.len()).rev().filter(|at| *at != selected);
        for at in others.chain([selected]) {
            let tone = if at == selected { Tone::Bar } else { Tone::Dim };
            let points: Vec<(usize, usize)> = points(&answer.groups[at], n, &x_of, &y_of);
            for (cell, dots) in dots(&points, wide, tall) {
                let (x, y) = (room.x + (cell % wide) as u16, room.y + (cell / wide) as u16);
                let sign = if pen.theme.ascii { '.' } else { char::from_u32(0x2800 + u32::from(dots)).unwrap_or('.') };
                pen.text(x, y, 1, sign.encode_utf8(&mut [0; 4]), tone);
            }
            if let Some((x, y)) = points.last() {
                let tone = if at == selected { Tone::Strong } else { Tone::Text };
                pen.text(
                    (room.x + (x / 2) as u16 + 1).min(room.right()),
                    room.y + (y / 4) as u16,
                    1,
                    &letter(at),
                    tone,
                );
            }
        }
    }
}

fn points(group: &Group, n: usize, x_of: &dyn Fn(usize) -> usize, y_of: &dyn Fn(f64) -> usize) -> Vec<(usize, usize)> {
    let known = (1..=n).filter_map(|period| Some((x_of(period), y_of(group.overall.get(period)?.cell.share()?))));
    known.collect()
}

/// The braille dots of a line through points, by cell.
fn dots(points: &[(usize, usize)], wide: usize, tall: usize) -> std::collections::BTreeMap<usize, u8> {
    let mut cells = std::collections::BTreeMap::new();
    let mut put = |x: usize, y: usize| {
        let (x, y) = (x.min(wide * 2 - 1), y.min(tall * 4 - 1));
        *cells.entry(y / 4 * wide + x / 2).or_insert(0) |= DOTS[x % 2][y % 4];
    };
    if let [(x, y)] = points {
        put(*x, *y);
    }
    for pair in points.windows(2) {
        let ((x_0, y_0), (x_1, y_1)) = (pair[0], pair[1]);
        let steps = x_1.abs_diff(x_0).max(y_1.abs_diff(y_0)).max(1);
        for step in 0..=steps {
            let part = step as f64 / steps as f64;
            let between = |a: usize, b: usize| (a as f64 + (b as f64 - a as f64) * part).round() as usize;
            put(between(x_0, x_1), between(y_0, y_1));
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points() {
        let cells = dots(&[(0, 0), (3, 3)], 2, 1);
        assert_eq!(cells.into_iter().collect::<Vec<_>>(), [(0, 0x01 | 0x10), (1, 0x04 | 0x80)]);
        assert_eq!(dots(&[(9, 9)], 2, 1).into_iter().collect::<Vec<_>>(), [(1, 0x80)]);
    }
}
