//! Where visits went, and how many went nowhere yet.

use ratatui::layout::Rect;

use super::boxes::seconds;
use super::lower::say;
use super::{DwellPane, Panel};
use crate::analysis::dwell::Direction;
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// What stands in a line.
struct Line {
    to: String,
    visits: u64,
    share: String,
    incidence: String,
    median: String,
    direction: &'static str,
    part: f64,
    tone: Tone,
}

impl DwellPane {
    pub(super) fn view_exits(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let stage = self.stage(facts);
        let has_focus = self.focus == Panel::Exits;
        let title = stage.map_or("[t] Where to".to_owned(), |stage| format!("[t] Where to from {}", stage.name));
        let note = stage.map_or(String::new(), |stage| format!("{} moved on", words::count(stage.completed)));
        let foot = if has_focus { "⏎ lists them" } else { "" };
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot, has_focus });
        let Some(stage) = stage else { return 1 };
        if stage.visits == 0 {
            say(inside, "Nobody was there.", pen);
            return 1;
        }
        let part = |n: u64| if stage.visits == 0 { 0.0 } else { n as f64 / stage.visits as f64 };
        let mut lines: Vec<Line> = stage
            .exits
            .iter()
            .map(|exit| Line {
                to: exit.to.clone(),
                visits: exit.visits,
                share: words::share(exit.visits, stage.completed),
                incidence: words::fraction(exit.incidence),
                median: seconds(exit.median_s),
                direction: if exit.direction == Direction::Elsewhere { "" } else { exit.direction.word() },
                part: part(exit.visits),
                tone: if exit.direction == Direction::Back { Tone::Bad } else { Tone::Bar },
            })
            .collect();
        if stage.open > 0 {
            lines.push(Line {
                to: "(still there)".to_owned(),
                visits: stage.open,
                share: String::new(),
                incidence: String::new(),
                median: String::new(),
                direction: "",
                part: part(stage.open),
                tone: Tone::Faint,
            });
        }
        self.view_ways(&lines, inside, pen)
    }

    fn view_ways(&self, lines: &[Line], inside: Rect, pen: &mut Pen<'_>) -> usize {
        if inside.height < 2 {
            return 1;
        }
        // Heads, widths, and from which width on.
        let heads = [("visits", 9, 0), ("share", 8, 30), ("median", 8, 40), ("incidence", 10, 60), ("", 14, 70)];
        let heads = heads.map(|(head, wide, from)| (head, wide, inside.width >= from));
        let numbers: u16 = heads.iter().filter(|(_, _, is_shown)| *is_shown).map(|(_, wide, _)| wide).sum();
        let free = inside.width.saturating_sub(numbers + 2);
        let longest = lines.iter().map(|line| pen.width(&line.to)).max().unwrap_or(0);
        let name_wide = longest.clamp(4, free.saturating_sub(5).max(4));
        let bar_wide = free.saturating_sub(name_wide + 1);
        let mut right = inside.x + 1 + free;
        for (head, wide, _) in heads.iter().filter(|(_, _, is_shown)| *is_shown) {
            right += wide;
            pen.right(right, inside.y, *wide, head, Tone::Dim);
        }
        let (has_focus, cursor) = (self.focus == Panel::Exits, self.row(Panel::Exits));
        let rows = usize::from(inside.height - 1);
        let from = if has_focus { scroll(0, cursor, rows, lines.len()) } else { 0 };
        for (i, line) in lines.iter().enumerate().skip(from).take(rows) {
            let y = inside.y + 1 + (i - from) as u16;
            let is_cursor = has_focus && i == cursor;
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: Panel::Exits as u8, row: i });
            pen.text(inside.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            let tone = if is_cursor { Tone::Strong } else { Tone::Text };
            pen.text(inside.x + 1, y, name_wide, &line.to, tone);
            pen.bar(inside.x + 2 + name_wide, y, bar_wide, line.part, line.tone);
            let texts = [&words::count(line.visits), &line.share, &line.median, &line.incidence, line.direction];
            let mut right = inside.x + 1 + free;
            for ((_, wide, _), text) in heads.iter().zip(texts).filter(|((_, _, is_shown), _)| *is_shown) {
                right += wide;
                pen.right(right, y, wide - 1, text, Tone::Text);
            }
        }
        rows
    }
}
