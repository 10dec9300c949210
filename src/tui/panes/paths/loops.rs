//! The loops view: what comes again, and where ways end.

use ratatui::layout::Rect;

use super::list::{Bars, Head, Line, List, Sheet};
use super::{Target, ratio};
use crate::analysis::Paths;
use crate::analysis::paths::LoopRow;
use crate::analysis::paths::loops::Kind;
use crate::table::Table;
use crate::tui::paint::{Border, Pen};
use crate::tui::words;

/// From this width on, both lists stand side by side.
const WIDE: u16 = 100;

#[derive(Debug, Default)]
pub(super) struct LoopsView {
    pub loops: List,
    pub ends: List,
    pub is_in_ends: bool,
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::SelfLoop => "again at once",
        Kind::Return => "comes back",
        Kind::Round => "round",
        Kind::Retry => "retry",
    }
}

fn name(row: &LoopRow) -> String {
    match &row.with {
        Some(with) => format!("{} ⇄ {with}", row.name),
        None => row.name.clone(),
    }
}

impl LoopsView {
    pub fn list(&self) -> &List {
        if self.is_in_ends { &self.ends } else { &self.loops }
    }

    pub fn list_mut(&mut self) -> &mut List {
        if self.is_in_ends { &mut self.ends } else { &mut self.loops }
    }

    pub fn table_name(&self) -> &'static str {
        if self.is_in_ends { "ends" } else { "loops" }
    }

    pub fn len(&self, answer: &Paths) -> usize {
        if self.is_in_ends { answer.ends.len() } else { answer.loops.len() }
    }

    pub fn key(answer: &Paths, is_in_ends: bool, row: usize) -> Option<String> {
        if is_in_ends {
            answer.ends.get(row).map(|row| row.name.clone())
        } else {
            answer.loops.get(row).map(LoopRow::cell)
        }
    }

    pub fn arrived(&mut self, answer: &Paths, tables: &[Table]) {
        let table = |name: &str| tables.iter().find(|table| table.name == name);
        self.loops.arrived(table("loops"), answer.loops.len(), |row| Self::key(answer, false, row));
        self.ends.arrived(table("ends"), answer.ends.len(), |row| Self::key(answer, true, row));
    }

    pub fn target(&self, answer: &Paths) -> Option<Target> {
        let row = self.list().row(self.list().cursor);
        if self.is_in_ends {
            let end = answer.ends.get(row)?;
            let (what, n, word) =
                if end.ended > 0 { ("ended", end.ended, "Ended at") } else { ("units", end.units, "Were at") };
            return Some(Target {
                cell: end.cell(what),
                title: format!("{word} {}", end.name),
                n,
                name: Some(end.name.clone()),
                text: end.name.clone(),
                way: vec![end.name.clone()],
            });
        }
        let row = answer.loops.get(row)?;
        let title = match row.kind {
            Kind::SelfLoop => format!("{} again at once", row.name),
            Kind::Return => format!("Came back to {}", row.name),
            Kind::Round => format!("Rounds {}", name(row)),
            Kind::Retry => format!("Retried {}", row.name),
        };
        let way = match &row.with {
            Some(with) => vec![row.name.clone(), with.clone(), row.name.clone()],
            None => vec![row.name.clone(), row.name.clone()],
        };
        Some(Target { cell: row.cell(), title, n: row.units, name: Some(row.name.clone()), text: name(row), way })
    }

    pub fn view(&self, answer: &Paths, is_zoomed: bool, area: Rect, pen: &mut Pen<'_>) -> usize {
        let is_framed = area.height >= 8 && area.width >= 40;
        if is_zoomed || !is_framed || (area.width < WIDE && area.height < 16) {
            return self.view_one(answer, self.is_in_ends, area, is_framed, pen);
        }
        let (first, second) = if area.width >= WIDE {
            let half = area.width * 3 / 5;
            (Rect { width: half, ..area }, Rect { x: area.x + half, width: area.width - half, ..area })
        } else {
            let wanted = (answer.loops.len() as u16 + 3).clamp(6, area.height - 8);
            let half = wanted.max(area.height / 2);
            (Rect { height: half, ..area }, Rect { y: area.y + half, height: area.height - half, ..area })
        };
        let pages =
            [(false, first), (true, second)].map(|(is_ends, area)| self.view_one(answer, is_ends, area, true, pen));
        pages[usize::from(self.is_in_ends)]
    }

    fn view_one(&self, answer: &Paths, is_ends: bool, area: Rect, is_framed: bool, pen: &mut Pen<'_>) -> usize {
        let has_focus = is_ends == self.is_in_ends;
        let unit = answer.unit.word();
        let title = if is_ends { "⊘ Where ways end".to_owned() } else { format!("[3] Paths: ↺ loops — {unit}") };
        let note = if is_ends { answer.ends.len().to_string() } else { "v patterns".to_owned() };
        let foot = match (has_focus, is_ends) {
            (false, _) => "Tab",
            (true, true) => "⏎ who ended there",
            (true, false) => "⏎ who looped",
        };
        let border = Border { title: &title, note: &note, foot, has_focus };
        let inside = if is_framed { pen.frame(area, &border) } else { area };
        if is_ends {
            self.view_ends(answer, inside, has_focus, pen)
        } else {
            self.view_loops(answer, inside, has_focus, pen)
        }
    }

    fn view_loops(&self, answer: &Paths, area: Rect, has_focus: bool, pen: &mut Pen<'_>) -> usize {
        let heads = [
            Head { text: answer.unit.word(), wide: 11, rank: 0 },
            Head { text: "of it", wide: 8, rank: 1 },
            Head { text: "times", wide: 7, rank: 2 },
            Head { text: "median", wide: 9, rank: 4 },
            Head { text: "kind", wide: 15, rank: 3 },
        ];
        let line = |place: usize| {
            let Some(row) = answer.loops.get(self.loops.row(place)) else { return Line::default() };
            Line {
                label: format!("↺ {}", name(row)),
                share: Some(ratio(row.units, answer.units.max(row.units_of_name))),
                cells: vec![
                    words::count(row.units),
                    words::share(row.units, row.units_of_name),
                    format!("{:.1}×", ratio(row.times, row.units)),
                    row.median_s.map_or(String::new(), words::seconds),
                    kind_word(row.kind).to_owned(),
                ],
                ..Line::default()
            }
        };
        if answer.loops.is_empty() {
            let text = "Nothing comes again.";
            pen.text(area.x + 1, area.y, area.width.saturating_sub(2), text, crate::tui::theme::Tone::Dim);
        }
        let (from, cursor, len) = (self.loops.from, self.loops.cursor, answer.loops.len());
        let label = "touchpoint";
        Sheet { label, mark: 0, bars: Bars::None, heads: &heads, from, cursor, len, line: &line, rule: None, has_focus }
            .view(area, pen)
    }

    fn view_ends(&self, answer: &Paths, area: Rect, has_focus: bool, pen: &mut Pen<'_>) -> usize {
        let heads = [
            Head { text: "ended", wide: 10, rank: 0 },
            Head { text: "of it", wide: 8, rank: 1 },
            Head { text: "open", wide: 9, rank: 2 },
            Head { text: "were there", wide: 12, rank: 3 },
        ];
        let line = |place: usize| {
            let Some(row) = answer.ends.get(self.ends.row(place)) else { return Line::default() };
            let open = if row.open == 0 { String::new() } else { words::count(row.open) };
            Line {
                label: format!("⊘ {}", row.name),
                share: Some(ratio(row.ended, row.units)),
                cells: vec![words::count(row.ended), words::share(row.ended, row.units), open, words::count(row.units)],
                ..Line::default()
            }
        };
        let (from, cursor, len) = (self.ends.from, self.ends.cursor, answer.ends.len());
        let label = "touchpoint";
        Sheet {
            label,
            mark: 0,
            bars: Bars::Always,
            heads: &heads,
            from,
            cursor,
            len,
            line: &line,
            rule: None,
            has_focus,
        }
        .view(area, pen)
    }
}
