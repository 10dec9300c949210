//! The left rail of wide screens: whose numbers these are, the cohorts, and the steps that led here.

use ratatui::layout::Rect;

use super::App;
use crate::tui::filter;
use crate::tui::paint::{Border, Pen};
use crate::tui::theme::Tone;
use crate::tui::words;

/// Screens from this width on have the rail.
const WIDE: u16 = 120;

/// Columns that the rail takes.
const RAIL: u16 = 30;

/// A line of a box: text, what stands on its right, and its tone.
type Line = (String, String, Tone);

impl App {
    /// The rail and what is left for the pane; no rail on screens that are too narrow or too low for it.
    pub(super) fn split_rail(&self, body: Rect) -> (Option<Rect>, Rect) {
        if body.width < WIDE || body.height < 16 || !self.has_data() {
            return (None, body);
        }
        let pane = Rect { x: body.x + RAIL, width: body.width - RAIL, ..body };
        (Some(Rect { width: RAIL, ..body }), pane)
    }

    pub(super) fn view_rail(&self, rail: Rect, pen: &mut Pen<'_>) {
        let filters = self.filter_lines();
        let cohorts = self.cohort_lines();
        let steps = self.step_lines();
        let first = (filters.len() as u16 + 2).min(rail.height / 3);
        let second = (cohorts.len() as u16 + 2).min((rail.height - first) / 2);
        let third = rail.height - first - second;
        let at = |y, height| Rect { y: rail.y + y, height, ..rail };
        view_box(at(0, first), ("[f] Customers", "x unfilter"), &filters, pen);
        view_box(at(first, second), ("[gc] Cohorts", "C saves · m/M A/B"), &cohorts, pen);
        // The newest step is the one that matters.
        let shown = usize::from(third.saturating_sub(2));
        let steps = &steps[steps.len().saturating_sub(shown)..];
        view_box(at(first + second, third), ("[gu] Steps you took", "u undo · U redo"), steps, pen);
    }

    fn filter_lines(&self) -> Vec<Line> {
        let chips = filter::chips(&self.scope, &self.cohorts);
        let mut lines = vec![(self.everybody(), String::new(), Tone::Strong)];
        lines.extend(self.partial_note().map(|note| (note, String::new(), Tone::Warn)));
        lines.extend(chips.into_iter().map(|chip| (chip, String::new(), Tone::Key)));
        if lines.len() == 1 {
            lines.push(("no filter".to_owned(), String::new(), Tone::Dim));
        }
        lines
    }

    fn cohort_lines(&self) -> Vec<Line> {
        let cohorts = self.cohorts.all().map(|(pin, cohort)| {
            let mark = pin.map_or(String::new(), |pin| format!("{} ", pin.mark()));
            (format!("{mark}{}", cohort.name), words::count(cohort.size), Tone::Text)
        });
        let lines: Vec<Line> = cohorts.collect();
        if lines.is_empty() { vec![("none yet".to_owned(), String::new(), Tone::Dim)] } else { lines }
    }

    fn step_lines(&self) -> Vec<Line> {
        let steps = self.steps_taken();
        if steps.is_empty() {
            return vec![("none yet".to_owned(), String::new(), Tone::Dim)];
        }
        let last = steps.len() - 1;
        let line = |(i, step): (usize, String)| {
            let (mark, tone) = if i == last { ("▸", Tone::Strong) } else { (" ", Tone::Text) };
            (format!("{mark}{} {step}", i + 1), String::new(), tone)
        };
        steps.into_iter().enumerate().map(line).collect()
    }
}

fn view_box(area: Rect, (title, foot): (&str, &str), lines: &[Line], pen: &mut Pen<'_>) {
    let inside = pen.frame(area, &Border { title, note: "", foot, has_focus: false });
    for (i, (text, right, tone)) in lines.iter().take(usize::from(inside.height)).enumerate() {
        let y = inside.y + i as u16;
        let wide = pen.right(inside.right(), y, inside.width / 2, right, *tone);
        let gap = u16::from(wide > 0);
        pen.text(inside.x, y, inside.width.saturating_sub(wide + gap), text, *tone);
    }
}
