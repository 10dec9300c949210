//! The share still there by time since entry (Kaplan–Meier), its band, and how many were watched for so long.

use ratatui::layout::Rect;

use super::axis::{Axis, view_ticks};
use super::lower::say;
use super::{DwellPane, Panel};
use crate::analysis::dwell::{Group, StageDwell};
use crate::tui::paint::{Border, Pen, Target};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Columns of the labels on the left.
const LABELS: u16 = 5;

/// Values of a breakdown whose curves are drawn beside the whole.
const VALUES_MAX: usize = 3;
const DIGITS: [&str; VALUES_MAX] = ["1", "2", "3"];

/// Where shares stand: 1 on the first line, the lowest that is needed on the last.
struct Scale {
    plot: Rect,
    floor: f64,
    axis: Axis,
}

impl Scale {
    fn of(stage: &StageDwell, plot: Rect, is_log: bool) -> Self {
        let times = stage.curve.iter().map(|point| point.time).chain(stage.longest_s);
        let lowest = stage.curve.iter().map(|point| point.interval.map_or(point.survival, |(lo, _)| lo));
        let lowest = lowest.fold(1.0, f64::min);
        // A curve that stays high is looked at closely.
        let floor = if lowest < 0.4 { 0.0 } else { (lowest * 10.0).floor() / 10.0 };
        let floor = if floor > 0.9 { 0.9 } else { floor };
        Scale { plot, floor, axis: Axis::of(times, is_log) }
    }

    fn row(&self, share: f64) -> u16 {
        let down = (1.0 - share.clamp(self.floor, 1.0)) / (1.0 - self.floor);
        self.plot.y + (down * f64::from(self.plot.height.saturating_sub(1))).round() as u16
    }
}

/// The last point at or before a time.
fn point_at(stage: &StageDwell, time: f64) -> Option<usize> {
    stage.curve.partition_point(|point| point.time <= time).checked_sub(1)
}

impl DwellPane {
    /// The values whose curves are drawn beside the whole.
    fn drawn_values<'a>(&self, facts: &Facts<'a>) -> &'a [Group] {
        match Self::answer(facts) {
            Some(dwell) if self.spec.breakdown.is_some() && self.value.is_none() => {
                &dwell.groups[1..dwell.groups.len().min(VALUES_MAX + 1)]
            }
            _ => &[],
        }
    }

    pub(super) fn view_curve(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let stage = self.stage(facts);
        let has_focus = self.focus == Panel::Curve;
        let point = stage.and_then(|stage| stage.curve.get(self.row(Panel::Curve)));
        let title = stage.map_or("[t] Still there".to_owned(), |stage| format!("[t] Still in {}", stage.name));
        let values = self.drawn_values(facts).iter().zip(DIGITS);
        let values: Vec<String> =
            values.filter_map(|(group, digit)| Some(format!("{digit} {}", group.value.as_deref()?))).collect();
        let note = if values.is_empty() { "Kaplan–Meier".to_owned() } else { values.join("  ") };
        let foot = match (point, has_focus) {
            (Some(point), true) => {
                let band =
                    point.interval.map_or(String::new(), |(lo, hi)| format!(" ({:.1}–{:.1}%)", lo * 100.0, hi * 100.0));
                let at = words::seconds(point.time);
                let share = words::fraction(point.survival);
                format!("{at}: {share}{band} · ⏎ {} at risk", words::count(point.at_risk))
            }
            _ => "░ 95% band".to_owned(),
        };
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot: &foot, has_focus });
        let Some(stage) = stage else { return 1 };
        if stage.curve.is_empty() {
            let none =
                if stage.visits == 0 { "Nobody was there." } else { "Nobody has moved on: all are still there." };
            say(inside, none, pen);
            return 1;
        }
        if inside.height < 4 || inside.width < LABELS + 8 {
            return 1;
        }
        let plot =
            Rect { x: inside.x + LABELS, y: inside.y, width: inside.width - LABELS - 1, height: inside.height - 2 };
        let scale = Scale::of(stage, plot, self.is_log());
        view_labels(&scale, inside.x, pen);
        view_band(stage, &scale, pen);
        for (group, digit) in self.drawn_values(facts).iter().zip(DIGITS) {
            if let Some(stage) = self.stage_in(group) {
                view_steps(stage, &scale, Some(digit), pen);
            }
        }
        view_steps(stage, &scale, None, pen);
        for column in 0..plot.width {
            if let Some(row) = point_at(stage, scale.axis.time(column, plot.width)) {
                let area = Rect { x: plot.x + column, width: 1, ..plot };
                pen.target(area, Target::Row { panel: Panel::Curve as u8, row });
            }
        }
        if let (Some(point), true) = (point, has_focus) {
            let x = plot.x + scale.axis.column(point.time, plot.width);
            pen.text(x, scale.row(point.survival), 1, "◆", Tone::Key);
        }
        let below = Rect { y: plot.bottom(), height: 1, ..plot };
        // At the edges of bins, because there it is known how many were watched for so long, open ones too.
        let edges = stage.histogram.iter().map(|bin| bin.from_s);
        let ticks = scale.axis.spaced(edges, plot.width, 8);
        view_ticks(&ticks, below, pen);
        pen.text(inside.x, below.y + 1, LABELS, "n", Tone::Dim);
        for (column, time) in ticks {
            let from = stage.histogram.iter().filter(|bin| bin.from_s >= time);
            let n = words::count(from.map(|bin| bin.completed + bin.open).sum());
            pen.text(plot.x + column, below.y + 1, plot.width - column, &n, Tone::Text);
        }
        usize::from(plot.width / 4).max(1)
    }
}

fn view_labels(scale: &Scale, x: u16, pen: &mut Pen<'_>) {
    let middle = (1.0 + scale.floor) / 2.0;
    for share in [1.0, middle, scale.floor] {
        pen.right(x + LABELS - 1, scale.row(share), LABELS - 1, &format!("{:.0}%", share * 100.0), Tone::Dim);
    }
}

fn view_band(stage: &StageDwell, scale: &Scale, pen: &mut Pen<'_>) {
    for column in 0..scale.plot.width {
        let point = point_at(stage, scale.axis.time(column, scale.plot.width)).map(|at| &stage.curve[at]);
        let Some((lo, hi)) = point.and_then(|point| point.interval) else { continue };
        for y in scale.row(hi)..=scale.row(lo) {
            pen.text(scale.plot.x + column, y, 1, "░", Tone::Faint);
        }
    }
}

/// The curve as steps, or as a row of digits; it ends where nobody was watched any longer.
fn view_steps(stage: &StageDwell, scale: &Scale, digit: Option<&str>, pen: &mut Pen<'_>) {
    let wide = scale.plot.width;
    let end = scale.axis.column(stage.longest_s.unwrap_or(0.0), wide);
    let mut before = scale.plot.y;
    for column in 0..=end.min(wide.saturating_sub(1)) {
        let share = point_at(stage, scale.axis.time(column, wide)).map_or(1.0, |at| stage.curve[at].survival);
        let (x, y) = (scale.plot.x + column, scale.row(share));
        match digit {
            Some(digit) => {
                pen.text(x, y, 1, digit, Tone::Key);
            }
            None => {
                for between in before + 1..y {
                    pen.text(x, between, 1, "│", Tone::Bar);
                }
                pen.text(x, y, 1, "━", Tone::Bar);
            }
        }
        before = y;
    }
}
