//! The lower half of the funnel pane: where those who dropped went, how long the others took, and who they are.

use ratatui::layout::Rect;

use super::steps::ratio;
use super::{Corner, Focus, FunnelPane};
use crate::analysis::funnel::{Group, TimeRow};
use crate::base::visible::visible;
use crate::tui::paint::{Border, Pen, Target, resample, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// From this width on, times and breakdown stand side by side.
const WIDE: u16 = 104;

/// A histogram higher than this says no more.
const HISTOGRAM_ROWS: u16 = 9;

impl FunnelPane {
    pub(super) fn view_lower(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let has_groups = self.spec.breakdown.is_some();
        if area.width >= WIDE && has_groups {
            let third = area.width / 3;
            self.view_after(facts, Rect { width: third, ..area }, pen);
            self.view_times(facts, Rect { x: area.x + third, width: third, ..area }, pen);
            self.view_groups(facts, Rect { x: area.x + 2 * third, width: area.width - 2 * third, ..area }, pen);
            return;
        }
        let half = area.width / 2;
        let right = Rect { x: area.x + half, width: area.width - half, ..area };
        self.view_after(facts, Rect { width: half, ..area }, pen);
        if has_groups && self.corner == Corner::Groups {
            self.view_groups(facts, right, pen);
        } else {
            self.view_times(facts, right, pen);
        }
    }

    /// Only the panel with the focus.
    pub(super) fn view_zoomed(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        match self.focus {
            Focus::After => self.view_after(facts, area, pen),
            Focus::Groups => self.view_groups(facts, area, pen),
            Focus::Steps => self.view_times(facts, area, pen),
        }
    }

    fn view_after(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let reading = self.reading(facts).filter(|reading| reading.is_whole);
        let has_focus = self.focus == Focus::After;
        let step = reading.and_then(|reading| reading.funnel.total().steps.get(self.cursor));
        let dropped = step.map_or(0, |step| step.dropped);
        let title = if self.is_last() {
            "After the last step".to_owned()
        } else {
            format!("Next, of {} dropped after {}", words::count(dropped), self.cursor + 1)
        };
        let foot = if has_focus { "⏎ lists them" } else { "" };
        let inside = pen.frame(area, &Border { title: &title, note: "", foot, has_focus });
        if self.is_last() {
            say(inside, "All who came here have completed.", pen);
            return;
        }
        let rows = self.after_rows(facts);
        if rows.is_empty() {
            say(inside, if dropped == 0 && reading.is_some() { "Nobody dropped after this step." } else { "" }, pen);
            return;
        }
        let has_median = inside.width >= 44;
        let numbers = if has_median { 24 } else { 16 };
        let free = inside.width.saturating_sub(numbers + 2);
        let name_wide = (free * 3 / 5).max(4);
        let tall = usize::from(inside.height);
        let from = if has_focus { scroll(0, self.after, tall, rows.len()) } else { 0 };
        for (i, after) in rows.iter().enumerate().skip(from).take(tall) {
            let y = inside.y + (i - from) as u16;
            let x = inside.x + 1;
            let is_cursor = has_focus && i == self.after;
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: Focus::After as u8, row: i });
            pen.text(inside.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.text(x, y, name_wide, &after.next, if is_cursor { Tone::Strong } else { Tone::Text });
            let bar_wide = free.saturating_sub(name_wide + 1);
            pen.bar(x + name_wide + 1, y, bar_wide, ratio(after.customers, dropped), Tone::Bar);
            let right = x + free + 9;
            pen.right(right, y, 9, &words::count(after.customers), Tone::Text);
            pen.right(right + 7, y, 7, &words::share(after.customers, dropped), Tone::Dim);
            if has_median {
                let median = after.median_s.map_or(String::new(), words::seconds);
                pen.right(right + 15, y, 8, &median, Tone::Dim);
            }
        }
    }

    /// The times of the transition under the cursor; at the last step, of the whole way.
    fn time_row<'a>(&self, facts: &Facts<'a>) -> Option<&'a TimeRow> {
        let reading = self.reading(facts).filter(|reading| reading.is_whole)?;
        let (from, to) = if self.is_last() { (1, self.n_steps()) } else { (self.cursor + 1, self.cursor + 2) };
        let group = self.focused_group(facts).and_then(|group| group.value.clone());
        let fits = |row: &&TimeRow| row.from == from && row.to == to;
        let times = &reading.funnel.times;
        times
            .iter()
            .filter(fits)
            .find(|row| row.group == group)
            .or_else(|| times.iter().filter(fits).find(|row| row.group.is_none()))
    }

    fn view_times(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let row = self.time_row(facts);
        let (from, to) = if self.is_last() { (1, self.n_steps()) } else { (self.cursor + 1, self.cursor + 2) };
        let whose = row.and_then(|row| row.group.as_deref()).map_or(String::new(), |value| format!(" · {value}"));
        let title = if to > from { format!("[t] Time {from}→{to}{whose}") } else { "[t] Time".to_owned() };
        let (note, foot) = row.map_or_else(Default::default, |row| {
            let [_, _, p50, _, p90, _] = row.quantiles_s.map(words::seconds);
            (format!("n {}", words::count(row.n)), format!("p50 {p50} · p90 {p90}"))
        });
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot: &foot, has_focus: false });
        let Some(row) = row.filter(|row| row.n > 0) else {
            let none = if self.n_steps() < 2 { "Times need two steps." } else { "Nobody took this way." };
            let whole = self.reading(facts).is_some_and(|reading| reading.is_whole);
            say(inside, if whole { none } else { "" }, pen);
            return;
        };
        let tall = inside.height.min(HISTOGRAM_ROWS + 1);
        view_histogram(row, Rect { height: tall, ..inside }, pen);
        let below = Rect { y: inside.y + tall, height: inside.height - tall, ..inside };
        if below.height >= 4 {
            self.view_quantiles(facts, below, pen);
        }
    }

    /// All transitions with their quantiles, where there is room under the histogram.
    fn view_quantiles(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let Some(reading) = self.reading(facts) else { return };
        let heads = ["p10", "p25", "p50", "p75", "p90", "p99"];
        let (x, right) = (area.x + 1, area.right() - 1);
        let shown = usize::from((area.width.saturating_sub(10) / 8).min(6));
        let skip = if shown >= 6 { 0 } else { (6 - shown) / 2 };
        let y = area.y + 1;
        for (i, head) in heads.iter().skip(skip).take(shown).enumerate() {
            pen.right(right - 8 * (shown - 1 - i) as u16, y, 8, head, Tone::Dim);
        }
        let rows = reading.funnel.times.iter().filter(|row| row.group.is_none());
        for (line, row) in rows.take(usize::from(area.height.saturating_sub(2))).enumerate() {
            let y = y + 1 + line as u16;
            pen.text(x, y, 9, &format!("{}→{}", row.from, row.to), Tone::Text);
            for (i, value) in row.quantiles_s.iter().skip(skip).take(shown).enumerate() {
                pen.right(right - 8 * (shown - 1 - i) as u16, y, 8, &words::seconds(*value), Tone::Text);
            }
        }
    }

    fn view_groups(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let column = self.spec.breakdown.as_deref().unwrap_or_default();
        let groups = self.groups(facts);
        let has_focus = self.focus == Focus::Groups;
        let title = format!("[b] By {} · step {}", visible(column), self.cursor + 1);
        let foot = if has_focus { "⏎ dropped · o went on · of this value" } else { "Tab" };
        let note = format!("{}", groups.len());
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot, has_focus });
        if inside.height == 0 {
            return;
        }
        let right = inside.right().saturating_sub(1);
        for (head, from_right) in [("reached", 18), ("went on", 9), ("dropped", 0)] {
            pen.right(right.saturating_sub(from_right), inside.y, 9, head, Tone::Dim);
        }
        let rows = usize::from(inside.height - 1);
        let from = scroll(0, self.group, rows, groups.len());
        for (row, (i, group)) in groups.iter().enumerate().skip(from).take(rows).enumerate() {
            let is_cursor = has_focus && i == self.group;
            let line = Rect { y: inside.y + 1 + row as u16, height: 1, ..inside };
            self.view_group(group, is_cursor, line, pen);
            pen.target(line, Target::Row { panel: Focus::Groups as u8, row: i });
        }
    }

    fn view_group(&self, group: &Group, is_cursor: bool, line: Rect, pen: &mut Pen<'_>) {
        let Some(step) = group.steps.get(self.cursor) else { return };
        let right = line.right().saturating_sub(1);
        pen.text(line.x, line.y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
        let name = group.value.as_deref().unwrap_or("(none)");
        pen.text(line.x + 1, line.y, line.width.saturating_sub(29), name, Tone::Text);
        pen.right(right.saturating_sub(18), line.y, 9, &words::count(step.customers), Tone::Text);
        if !self.is_last() {
            let share = words::share(step.converted, step.customers);
            pen.right(right.saturating_sub(9), line.y, 8, &share, Tone::Text);
            pen.right(right, line.y, 9, &words::count(step.dropped), Tone::Text);
        }
        if is_cursor {
            pen.embolden(Rect { width: line.width.saturating_sub(28), ..line });
        }
    }
}

fn say(inside: Rect, text: &str, pen: &mut Pen<'_>) {
    if inside.height > 0 {
        pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), text, Tone::Dim);
    }
}

/// Columns over an axis of lengths of time.
fn view_histogram(row: &TimeRow, area: Rect, pen: &mut Pen<'_>) {
    let (edges, counts) = &row.histogram;
    if area.height < 2 || counts.is_empty() || edges.len() != counts.len() + 1 {
        return;
    }
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: area.height - 1, ..area };
    let columns = resample(counts, usize::from(room.width));
    pen.columns(room, &columns, Tone::Bar);
    let axis = area.bottom() - 1;
    let wide = columns.len();
    let n_labels = (wide / 9).clamp(1, 6);
    for i in 0..=n_labels {
        let bin = i * counts.len() / n_labels;
        let x = room.x + (i * wide / n_labels) as u16;
        let text = words::seconds(edges[bin]);
        if i == n_labels {
            pen.right(x, axis, 8, &text, Tone::Dim);
        } else {
            pen.text(x, axis, (wide / n_labels).saturating_sub(1) as u16, &text, Tone::Dim);
        }
    }
}
