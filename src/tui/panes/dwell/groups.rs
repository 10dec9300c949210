//! The values of the breakdown side by side, for the stage under the cursor, and whether they differ.

use ratatui::layout::Rect;

use super::boxes::{seconds, waiting};
use super::{DwellPane, Panel};
use crate::base::visible::visible;
use crate::table::{Cell, Kind};
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

impl DwellPane {
    pub(super) fn view_groups(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let has_focus = self.focus == Panel::Groups;
        let column = self.spec.breakdown.as_deref().unwrap_or_default();
        let name = self.stage(facts).map_or("", |stage| stage.name.as_str());
        let title = format!("[b] {} by {}", name, visible(column));
        let foot = self.difference(facts);
        let note = if has_focus { "⏎ visits · o still there" } else { "" };
        let inside = pen.frame(area, &Border { title: &title, note, foot: &foot, has_focus });
        let Some(dwell) = Self::answer(facts) else { return 1 };
        if inside.height < 2 || self.spec.breakdown.is_none() {
            return 1;
        }
        let heads = [("visits", 9, 0), ("open", 8, 44), ("median", 9, 28), ("waiting", 10, 36), ("p90", 9, 58)];
        let heads = heads.map(|(head, wide, from)| (head, wide, inside.width >= from));
        let numbers: u16 = heads.iter().filter(|(_, _, is_shown)| *is_shown).map(|(_, wide, _)| wide).sum();
        let free = inside.width.saturating_sub(numbers + 2);
        let mut right = inside.x + 1 + free;
        for (head, wide, _) in heads.iter().filter(|(_, _, is_shown)| *is_shown) {
            right += wide;
            pen.right(right, inside.y, *wide, head, Tone::Dim);
        }
        let rows = usize::from(inside.height - 1);
        let cursor = self.row(Panel::Groups);
        let from = scroll(0, cursor, rows, dwell.groups.len());
        for (i, group) in dwell.groups.iter().enumerate().skip(from).take(rows) {
            let Some(stage) = self.stage_in(group) else { continue };
            let y = inside.y + 1 + (i - from) as u16;
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: Panel::Groups as u8, row: i });
            // Which value the numbers are about is seen from the other panels too.
            pen.text(inside.x, y, 1, if i == cursor { "▸" } else { " " }, Tone::Key);
            let tone = if i == cursor { Tone::Strong } else { Tone::Text };
            pen.text(inside.x + 1, y, free, group.value.as_deref().unwrap_or("(all)"), tone);
            let p90 = seconds(stage.quantiles_s.map(|quantiles| quantiles[5]));
            let (visits, open) = (words::count(stage.visits), words::count(stage.open));
            let texts = [visits, open, seconds(stage.median_s()), waiting(stage), p90];
            let mut right = inside.x + 1 + free;
            for ((_, wide, _), text) in heads.iter().zip(&texts).filter(|((_, _, is_shown), _)| *is_shown) {
                right += wide;
                pen.right(right, y, wide - 1, text, Tone::Text);
            }
        }
        rows
    }

    /// What the log-rank test says about the stage under the cursor.
    fn difference(&self, facts: &Facts<'_>) -> String {
        let (Some(dwell), Some(stage)) = (Self::answer(facts), self.stage(facts)) else { return String::new() };
        let difference = dwell.differences.iter().find(|difference| difference.stage == stage.name);
        let Some(p) = difference.and_then(|difference| difference.p_adj) else {
            return "too few to tell whether they differ".to_owned();
        };
        let shown = words::cell(&Cell::Number(p), Kind::Probability, &crate::base::Zone::utc());
        let shown = if shown.starts_with('<') { shown } else { format!("= {shown}") };
        let words = if p < 0.05 { "they differ" } else { "no sign that they differ" };
        format!("{words} (log-rank p {shown})")
    }
}
