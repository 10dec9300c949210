//! What is different about the slow visits of a stage.

use ratatui::layout::Rect;

use super::lower::say;
use super::{DwellPane, Panel};
use crate::analysis::dwell::Tail;
use crate::table::{Cell, Kind};
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Heads of the numbers, their widths, and from which width of the panel on.
const HEADS: [(&str, u16, u16); 6] =
    [("slow", 8, 0), ("share", 8, 36), ("rest", 8, 44), ("odds", 7, 60), ("95% CI", 13, 72), ("p", 7, 50)];

impl DwellPane {
    pub(super) fn view_tail(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let has_focus = self.focus == Panel::Tail;
        let tail = self.tail(facts);
        let title = match (tail, self.stage(facts)) {
            (Some(tail), _) => format!("[t] Slow in {}: over {}", tail.stage, words::seconds(tail.longer_than_s)),
            (None, Some(stage)) => format!("[t] Slow in {}", stage.name),
            (None, None) => "[t] Slow".to_owned(),
        };
        let of_all = if self.value.is_some() { " of all" } else { "" };
        let note = tail.map_or(String::new(), |tail| {
            format!("{} against {}{of_all}", words::count(tail.slow), words::count(tail.rest))
        });
        let foot = if has_focus { "⏎ lists the slow" } else { "associations, no effects" };
        let inside = pen.frame(area, &Border { title: &title, note: &note, foot, has_focus });
        let Some(tail) = tail else {
            let has_ended = self.stage(facts).is_some_and(|stage| stage.completed > 0);
            let why =
                if has_ended { "" } else { "Nobody has moved on, so that nothing tells who is slow; w sets a limit." };
            say(inside, why, pen);
            return 1;
        };
        if tail.slow == 0 {
            say(inside, "Nobody took longer.", pen);
            return 1;
        }
        self.view_traits(tail, inside, pen)
    }

    fn view_traits(&self, tail: &Tail, inside: Rect, pen: &mut Pen<'_>) -> usize {
        if inside.height < 2 {
            return 1;
        }
        let heads = HEADS.map(|(head, wide, from)| (head, wide, inside.width >= from));
        let numbers: u16 = heads.iter().filter(|(_, _, is_shown)| *is_shown).map(|(_, wide, _)| wide).sum();
        let free = inside.width.saturating_sub(numbers + 2);
        let mut right = inside.x + 1 + free;
        for (head, wide, _) in heads.iter().filter(|(_, _, is_shown)| *is_shown) {
            right += wide;
            pen.right(right, inside.y, *wide, head, Tone::Dim);
        }
        let (has_focus, cursor) = (self.focus == Panel::Tail, self.row(Panel::Tail));
        let rows = usize::from(inside.height - 1);
        let len = tail.traits.len() + 1;
        let from = if has_focus { scroll(0, cursor, rows, len) } else { 0 };
        for i in (from..len).take(rows) {
            let y = inside.y + 1 + (i - from) as u16;
            let is_cursor = has_focus && i == cursor;
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: Panel::Tail as u8, row: i });
            pen.text(inside.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            let (name, texts) = line_of(tail, i);
            let tone = if is_cursor { Tone::Strong } else { Tone::Text };
            pen.text(inside.x + 1, y, free, &name, tone);
            let mut right = inside.x + 1 + free;
            for ((_, wide, _), text) in heads.iter().zip(&texts).filter(|((_, _, is_shown), _)| *is_shown) {
                right += wide;
                pen.right(right, y, wide - 1, text, Tone::Text);
            }
        }
        if tail.traits.is_empty() && inside.height > 3 {
            let below = Rect { y: inside.y + 3, height: inside.height - 3, ..inside };
            say(below, "Nothing that enough of them have in common.", pen);
        }
        rows
    }
}

/// A row's name and numbers: all slow ones first, then trait by trait.
fn line_of(tail: &Tail, row: usize) -> (String, [String; 6]) {
    let empty = String::new;
    let Some(known) = row.checked_sub(1).and_then(|row| tail.traits.get(row)) else {
        let slow = words::count(tail.slow);
        return ("every slow visit".to_owned(), [slow, empty(), empty(), empty(), empty(), empty()]);
    };
    let zone = crate::base::Zone::utc();
    let p = words::cell(&Cell::Number(known.p_adj), Kind::Probability, &zone);
    let odds = known.odds;
    let texts = [
        words::count(known.slow_with),
        words::share(known.slow_with, tail.slow),
        words::share(known.rest_with, tail.rest),
        ratio(odds.value),
        format!("{}–{}", ratio(odds.lo), ratio(odds.hi)),
        p,
    ];
    (known.text.clone(), texts)
}

/// `0.42`, `3.1`, `120`
fn ratio(value: f64) -> String {
    match value {
        value if !value.is_finite() => "—".to_owned(),
        value if value >= 99.5 => format!("{value:.0}"),
        value if value >= 9.95 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
