//! The pane as a whole: the sheet, and below it the cell in words and what customers wrote about it.

use ratatui::layout::Rect;

use super::experience::MANY;
use super::sheet::{Looked, Sheet};
use super::spot::{OfStage, Spot};
use super::{Colour, MapPane, PainSort, Panel, View, mood};
use crate::analysis::Map;
use crate::analysis::map::{Coverage, Rows};
use crate::base::visible::{visible, width};
use crate::table::{Cell, Table};
use crate::tui::paint::{Border, Pen, Target, scroll, wrap};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// A pane narrower or lower than this has no frames.
const FRAMED: (u16, u16) = (60, 9);
/// From this height on there is something below the sheet.
const WITH_LOWER: u16 = 15;
/// From this width on, the cell and the comments stand side by side.
const WIDE: u16 = 104;

impl MapPane {
    pub(super) fn draw(&self, looked: &Looked<'_>, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let is_framed = area.width >= FRAMED.0 && area.height >= FRAMED.1;
        let Some(map) = self.answer(facts).filter(|_| self.has_stages()) else {
            return self.view_without_map(area, is_framed, pen);
        };
        let sheet = self.sheet(map);
        if self.focus == Panel::Voices && (facts.is_zoomed || area.height < WITH_LOWER || !is_framed) {
            return self.view_voices(facts, area, pen);
        }
        let has_lower = is_framed && !facts.is_zoomed && area.height >= WITH_LOWER;
        let lower = if has_lower { (area.height / 4).clamp(6, 10) } else { 0 };
        let wanted = sheet.lines().saturating_add(3);
        let tall = if has_lower { wanted.min(area.height - lower).max(area.height / 2) } else { area.height };
        let upper = Rect { height: tall, ..area };
        let inside = if is_framed { self.frame(map, &sheet, facts, upper, pen) } else { self.bare(map, upper, pen) };
        let page = self.view_sheet(&sheet, map, looked, (inside, has_lower), pen);
        if !has_lower {
            return page;
        }
        let below = Rect { y: area.y + tall, height: area.height - tall, ..area };
        let rows = self.view_lower(map, facts, below, pen);
        if self.focus == Panel::Voices { rows } else { page }
    }

    fn view_sheet(
        &self,
        sheet: &Sheet,
        map: &Map,
        looked: &Looked<'_>,
        (inside, has_lower): (Rect, bool),
        pen: &mut Pen<'_>,
    ) -> usize {
        if sheet.rows.is_empty() {
            let why = match self.view {
                View::Pains => {
                    "Nothing hurts as far as is known: nobody is lost more often, slower, back again or unhappy."
                }
                _ if self.grouping == Rows::Channels => "No column plays the channel; --channel COLUMN names it.",
                _ => "No touchpoint of the stages is in the data.",
            };
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
            return 1;
        }
        // The cell in words, where nothing below says it.
        let is_last = !has_lower && inside.height >= 4;
        let area = if is_last { Rect { height: inside.height - 1, ..inside } } else { inside };
        let page = sheet.view(looked, area, pen);
        if is_last {
            let about = self.spot(map).about(map);
            let text = about.first().map_or("", String::as_str);
            pen.text(inside.x + 1, inside.bottom() - 1, inside.width.saturating_sub(2), text, Tone::Strong);
        }
        page
    }

    fn frame(&self, map: &Map, sheet: &Sheet, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> Rect {
        let title = format!("[6] Map — {}{}", self.view.title(), self.what());
        let computing = if self.is_current(facts) { "" } else { "of before · " };
        let room = usize::from(area.width).saturating_sub(width(&title) + 9);
        let badge = coverage(&map.coverage, room.saturating_sub(width(computing)));
        let note = format!("{computing}{badge}");
        let foot = self.foot(map, sheet);
        let has_focus = self.focus == Panel::Sheet;
        pen.frame(area, &Border { title: &title, note: &note, foot: &foot, has_focus })
    }

    /// A title without a frame; returns what is left.
    fn bare(&self, map: &Map, area: Rect, pen: &mut Pen<'_>) -> Rect {
        if area.height < 6 {
            return area;
        }
        let title = format!("{}{}", self.view.title(), self.what());
        let used = pen.text(area.x + 1, area.y, area.width.saturating_sub(2), &title, Tone::Title);
        let room = area.width.saturating_sub(used + 4);
        pen.right(area.right(), area.y, room, &coverage(&map.coverage, usize::from(room)), Tone::Dim);
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    }

    /// What the view shows, behind its name.
    fn what(&self) -> String {
        let persona =
            self.persona().map_or(String::new(), |persona| format!(" · {}", visible(self.persona_name(persona))));
        let what = match self.view {
            View::Experience => match self.colour {
                Colour::Mood => " · mood",
                Colour::Volume => " · volume",
                Colour::Lost => " · lost",
            },
            View::Pains => match self.sort {
                PainSort::Pain => "",
                PainSort::Severity => " · most severe first",
                PainSort::Reach => " · most people first",
                PainSort::Money => " · most to gain first",
            },
            View::Journey | View::Blueprint => "",
        };
        format!("{what}{persona}")
    }

    fn foot(&self, map: &Map, sheet: &Sheet) -> String {
        match self.view {
            View::Experience => {
                let (dashed, all) = self.dashed(map);
                let hidden = if dashed == 0 { String::new() } else { format!("{dashed} of {all} cells n<{MANY} · ") };
                match self.colour {
                    Colour::Mood => format!("{hidden}{}", mood::LEGEND),
                    Colour::Volume => format!("{hidden}% of the stage's customers"),
                    Colour::Lost => format!("{hidden}✗ more are lost than in the stage"),
                }
            }
            View::Journey if map.kpis.is_empty() => mood::LEGEND.to_owned(),
            View::Journey | View::Blueprint if !map.kpis.is_empty() => {
                "✓ at its target  ≈ short of it by chance  ✗ missed".to_owned()
            }
            View::Pains => format!("{} · associations, not effects", words::things(sheet.rows.len() as u64, "pain")),
            View::Journey | View::Blueprint => "shares of the stage's events".to_owned(),
        }
    }

    /// Returns the rows of the comments.
    fn view_lower(&self, map: &Map, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let has_voices = self.has_comments();
        match (area.width >= WIDE && has_voices, self.focus) {
            (true, _) => {
                let left = Rect { width: area.width / 2, ..area };
                self.view_about(map, facts, left, pen);
                let right = Rect { x: left.right(), width: area.width - left.width, ..area };
                self.view_voices(facts, right, pen)
            }
            (false, Panel::Voices) => self.view_voices(facts, area, pen),
            (false, Panel::Sheet) => {
                self.view_about(map, facts, area, pen);
                1
            }
        }
    }

    /// The cell under the cursor in words.
    fn view_about(&self, map: &Map, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let spot = self.spot(map);
        let mut lines = spot.about(map).into_iter();
        let title = lines.next().unwrap_or_default();
        let n = Self::n_voices(facts);
        let comments = if facts.voices.is_some() && n > 0 {
            format!("Tab {}", words::things(n as u64, "comment"))
        } else {
            String::new()
        };
        let is_time = matches!(spot, Spot::Stage(_, OfStage::Time));
        let open = match (self.allows_open(false, facts).is_ok(), self.allows_open(true, facts).is_ok()) {
            (true, true) if is_time => "⏎ dwell · o still waiting",
            (true, false) if is_time => "⏎ dwell",
            (true, true) => "⏎ customers · o the others",
            (true, false) => "⏎ customers",
            (false, true) => "o the others",
            (false, false) => "",
        };
        let foot = [comments.as_str(), open].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        let foot = foot.join(" · ");
        let inside = pen.frame(area, &Border { title: &title, note: "", foot: &foot, has_focus: false });
        let room = usize::from(inside.width.saturating_sub(2));
        let text = lines.flat_map(|line| wrap(&line, room));
        let why = self.why_gap(map).into_iter().flat_map(|note| wrap(&visible(note), room));
        for (y, line) in (inside.y..inside.bottom()).zip(text.chain(why)) {
            pen.text(inside.x + 1, y, inside.width.saturating_sub(2), &line, Tone::Text);
        }
    }

    /// The comment under the cursor: who wrote it, and what.
    pub(super) fn comment(&self, facts: &Facts<'_>) -> Option<(String, String)> {
        let voices = facts.voices?;
        let row = (self.voice < voices.len()).then(|| voices.row(self.voice))?;
        let text = |at: usize| match row.get(at) {
            Some(Cell::Text(text)) => text.clone(),
            _ => String::new(),
        };
        Some((text(0), text(5)))
    }

    pub(super) fn n_voices(facts: &Facts<'_>) -> usize {
        facts.voices.map_or(0, Table::len)
    }

    /// Whether answers have comments that can be listened to.
    pub(super) fn has_comments(&self) -> bool {
        self.spec.comment.is_some() || self.plan.scores.iter().any(|score| score.comment.is_some())
    }

    /// The notes that say why the cell under the cursor is a gap; none where it is not.
    fn why_gap<'m>(&self, map: &'m Map) -> Vec<&'m String> {
        let (sheet, at) = (self.sheet(map), &self.at[self.view as usize]);
        let row =
            sheet.rows.get(at.row).filter(|row| row.cells.get(at.column).is_some_and(|cell| cell.text() == mood::GAP));
        let word = match row.map_or("", |row| row.name.split(' ').next().unwrap_or_default()) {
            "emotion" | "score" => "score",
            "channels" | "ownership" | "media" | "control" | "cost" => "channel",
            _ => return Vec::new(),
        };
        map.notes.iter().filter(|note| note.contains("gap") && note.contains(word)).collect()
    }

    /// What customers wrote about the cell, worst first; returns the rows there was room for.
    fn view_voices(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let has_focus = self.focus == Panel::Voices;
        let n = Self::n_voices(facts);
        let title = match (&facts.voices, self.text.as_str()) {
            (None, _) => "Comments".to_owned(),
            (Some(_), "") if n == 0 => "Comments".to_owned(),
            (Some(_), "") => format!("Comments — {}", words::things(n as u64, "comment")),
            (Some(_), text) => format!("Comments — {} with “{}”", words::count(n as u64), visible(text)),
        };
        let foot = if has_focus { "⏎ the customer · / find · y y copy" } else { "Tab · / find" };
        let inside = pen.frame(area, &Border { title: &title, note: "worst first", foot, has_focus });
        let Some(voices) = facts.voices.filter(|voices| !voices.is_empty()) else {
            let why = match (facts.voices, self.text.is_empty()) {
                (Some(_), true) => "Nobody wrote anything about this.",
                (Some(_), false) => "No comment holds this text; / with nothing typed shows all.",
                (None, _) => "",
            };
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
            return 1;
        };
        let rows = usize::from(inside.height);
        let from = scroll(0, self.voice.min(n - 1), rows, n);
        for (y, at) in (inside.y..inside.bottom()).zip(from..n) {
            let row = voices.row(at);
            let text = |at: usize| match row.get(at) {
                Some(Cell::Text(text)) => text.as_str(),
                _ => "",
            };
            let feeling = match row.get(4) {
                Some(Cell::Number(value)) => mood::number(*value),
                _ => mood::GAP.to_owned(),
            };
            let is_here = has_focus && at == self.voice;
            pen.target(Rect { y, height: 1, ..inside }, Target::Row { panel: Panel::Voices as u8, row: at });
            pen.text(inside.x, y, 1, if is_here { "▸" } else { " " }, Tone::Key);
            pen.right(inside.x + 5, y, 4, &feeling, Tone::Strong);
            let used = pen.text(inside.x + 6, y, 14, text(0), Tone::Dim);
            let x = inside.x + 7 + used;
            let tone = if is_here { Tone::Strong } else { Tone::Text };
            let quoted = format!("“{}”", text(5));
            pen.text(x, y, inside.right().saturating_sub(x), &quoted, tone);
        }
        rows
    }

    /// Where there are no stages, how to get them.
    fn view_without_map(&self, area: Rect, is_framed: bool, pen: &mut Pen<'_>) -> usize {
        let inside = if is_framed {
            pen.frame(area, &Border { title: "[6] Map — the journey by stage", has_focus: true, ..Border::default() })
        } else {
            area
        };
        if self.has_stages() {
            return 1;
        }
        let lines = [
            ("A journey map needs stages: what customers go through, in order.", Tone::Strong),
            ("", Tone::Text),
            ("a  adds one here: a name and its events, consider=view|chat", Tone::Text),
            ("D  takes the stages that the Dwell pane asks about", Tone::Text),
            ("", Tone::Text),
            (
                "Or let a workspace say it, with labels, goals, owners, figures and scores: `trailmap init` proposes one \
                 from this data, and `trailmap --workspace trailmap.toml` opens it.",
                Tone::Text,
            ),
        ];
        let room = usize::from(inside.width.saturating_sub(2));
        let all = lines.into_iter().flat_map(|(text, tone)| wrap(text, room).into_iter().map(move |line| (line, tone)));
        for (y, (line, tone)) in (inside.y..inside.bottom()).zip(all) {
            pen.text(inside.x + 1, y, inside.width.saturating_sub(2), &line, tone);
        }
        1
    }
}

/// How much of the data the map shows, as long as there is room for.
fn coverage(coverage: &Coverage, room: usize) -> String {
    let share = |part: u64, whole: u64| {
        if whole == 0 { mood::GAP.to_owned() } else { super::journey::percent(part as f64 / whole as f64) }
    };
    let events = share(coverage.mapped_events, coverage.events);
    let scored = coverage.scored_customers.map(|n| share(n, coverage.customers));
    let long = match &scored {
        Some(scored) => format!("{events} of events mapped · {scored} of customers with a score"),
        None => format!("{events} of events mapped · no score"),
    };
    let short = match &scored {
        Some(scored) => format!("events {events} · scored {scored}"),
        None => format!("events {events} · no score"),
    };
    if width(&long) <= room { long } else { short }
}
