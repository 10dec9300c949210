//! The histogram of a stage: how many moved on after how long, and above them how long the others have been there.

use ratatui::layout::Rect;

use super::behind::span_of;
use super::lower::say;
use super::{DwellPane, Panel};
use crate::analysis::dwell::Bin;
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

const UP: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A bar wider than this says no more.
const BAR_MAX: u16 = 8;

impl DwellPane {
    pub(super) fn view_bins(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let stage = self.stage(facts);
        let has_focus = self.focus == Panel::Bins;
        let cursor = self.row(Panel::Bins);
        let bin = stage.and_then(|stage| stage.histogram.get(cursor));
        let name = stage.map_or("", |stage| stage.name.as_str());
        let title = format!("[t] How long in {name}");
        let note = stage.map_or(String::new(), |stage| format!("n {}", words::count(stage.visits)));
        let foot = match (bin, has_focus) {
            (Some(bin), true) => {
                let (ended, open) = (words::count(bin.completed), words::count(bin.open));
                format!("{}: ⏎ {ended} moved on, o {open} still there", span_of(bin))
            }
            _ => "█ moved on  ▒ still there".to_owned(),
        };
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot: &foot, has_focus });
        let Some(stage) = stage else { return 1 };
        let bins = &stage.histogram;
        if bins.is_empty() {
            say(inside, "Nobody was there.", pen);
            return 1;
        }
        if inside.height < 3 || inside.width < 8 {
            return 1;
        }
        let room = inside.width - 2;
        let wide = (room / bins.len() as u16).clamp(1, BAR_MAX);
        let shown = usize::from(room / wide).min(bins.len());
        let from = scroll(0, cursor, shown, bins.len());
        let most = bins.iter().map(|bin| bin.completed + bin.open).max().unwrap_or(0).max(1);
        let plot = Rect { x: inside.x + 1, y: inside.y, width: room, height: inside.height - 2 };
        for (i, bin) in bins.iter().enumerate().skip(from).take(shown) {
            let column = Rect { x: plot.x + (i - from) as u16 * wide, width: wide, ..plot };
            let thick = if wide > 2 { wide - 1 } else { wide };
            view_bar(bin, most, Rect { width: thick, ..column }, pen);
            pen.target(column, Target::Row { panel: Panel::Bins as u8, row: i });
            if has_focus && i == cursor {
                pen.text(column.x, plot.bottom(), thick, &"▲".repeat(usize::from(thick)), Tone::Key);
            }
        }
        let y = plot.bottom() + 1;
        let mut free = plot.x;
        for i in from..=(from + shown).min(bins.len()) {
            let x = plot.x + (i - from) as u16 * wide;
            let edge = bins.get(i).map_or_else(|| bins[i - 1].to_s, |bin| bin.from_s);
            let label = words::seconds(edge);
            let needed = pen.width(&label);
            if x >= free && x + needed <= inside.right() {
                pen.text(x, y, needed, &label, Tone::Dim);
                free = x + needed + 1;
            }
        }
        shown
    }
}

/// A column: those who moved on from the bottom, those still there above.
fn view_bar(bin: &Bin, most: u64, area: Rect, pen: &mut Pen<'_>) {
    let levels = usize::from(area.height) * 8;
    let level = |n: u64| match n {
        0 => 0,
        n => ((n as f64 / most as f64 * levels as f64).round() as usize).max(1),
    };
    let (ended, all) = (level(bin.completed), level(bin.completed + bin.open));
    for row in 0..usize::from(area.height) {
        let (bottom, y) = (row * 8, area.bottom() - 1 - row as u16);
        let filled = ended.saturating_sub(bottom).min(8);
        let sign = match filled {
            // What is open stands from the next whole row on, so that both parts are seen.
            0 if all > bottom || (bin.open > 0 && bottom == ended.next_multiple_of(8)) => "▒",
            0 => continue,
            filled => UP[filled],
        };
        let tone = if sign == "▒" { Tone::Faint } else { Tone::Bar };
        pen.text(area.x, y, area.width, &sign.repeat(usize::from(area.width)), tone);
    }
}
