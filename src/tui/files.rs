//! The screen that opens files: what was opened before, and a folder to walk through.
//!
//! ```text
//! ╭─ [g o] Open — ~/exports ──────────────────────────────── type to search ─╮
//! │ › ev                                                                     │
//! │ Opened before                                                            │
//! │ ▸ events_2026q2.csv · ~/exports                                2 h ago   │
//! │ In this folder                                                           │
//! │   archive/                                                               │
//! │ ✓ events.csv                                        93.4 MB    3 days    │
//! ╰─────────────────────────────── 1 marked, ⏎ opens them together ──────────╯
//! ```

use std::time::Duration;

use ratatui::layout::{Position, Rect};
use tui_input::{Input, InputRequest};

use super::fuzzy;
use super::key::{Code, Key};
use super::paint::{Border, Pen, scroll};
use super::theme::Tone;
use super::words;
use crate::base::visible::visible;
use crate::workspace::Listing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesAction {
    Open,
    Mark,
    Up,
    Down,
    PageUp,
    PageDown,
    Above,
    Leave,
    Quit,
}

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Recent(usize),
    Entry(usize),
    Sample,
}

/// What choosing means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Open these together.
    Open(Vec<String>),
    /// List this folder, or open it where it turns out to be a file.
    Walk(String),
    Sample,
    Refused(String),
    Nothing,
}

pub struct FilesScreen {
    listing: Listing,
    pub is_listing: bool,
    /// Whether sample data can be made.
    has_sample: bool,
    input: Input,
    rows: Vec<Row>,
    cursor: usize,
    /// Paths to open together, in the order in which they were marked.
    marked: Vec<String>,
}

/// Longest text that can be typed.
const TYPED_MAX: usize = 1000;

impl FilesScreen {
    pub fn new(has_sample: bool) -> Self {
        FilesScreen {
            listing: Listing::default(),
            is_listing: true,
            has_sample,
            input: Input::default(),
            rows: Vec::new(),
            cursor: 0,
            marked: Vec::new(),
        }
    }

    /// Whether a folder was ever listed.
    pub fn has_folder(&self) -> bool {
        !self.listing.folder.is_empty()
    }

    /// Shows another folder, with the cursor on where one came from.
    pub fn take(&mut self, listing: Listing) {
        let came_from = std::mem::replace(&mut self.listing, listing).folder;
        self.is_listing = false;
        self.input = Input::default();
        self.find();
        let is_it = |row: &Row| match row {
            Row::Entry(i) => came_from == format!("{}/{}", self.listing.folder, self.listing.entries[*i].name),
            Row::Recent(_) | Row::Sample => false,
        };
        self.cursor = self.rows.iter().position(is_it).unwrap_or_else(|| self.first());
    }

    /// The first row that can be opened.
    fn first(&self) -> usize {
        let can_open = |row: &Row| match row {
            Row::Recent(i) => self.listing.recent[*i].missing.is_none(),
            Row::Entry(_) | Row::Sample => true,
        };
        self.rows.iter().position(can_open).unwrap_or(0)
    }

    fn find(&mut self) {
        let typed = self.input.value();
        let recent: Vec<String> = self.listing.recent.iter().map(|recent| recent.sources.join(" ")).collect();
        let recent = fuzzy::rank(typed, recent.iter().map(String::as_str)).into_iter().map(Row::Recent);
        let names = self.listing.entries.iter().map(|entry| entry.name.as_str());
        let entries = fuzzy::rank(typed, names).into_iter().map(Row::Entry);
        let sample =
            (self.has_sample && "sample data demo shop".contains(&typed.to_lowercase())).then_some(Row::Sample);
        self.rows = recent.chain(entries).chain(sample).collect();
        self.cursor = self.first();
    }

    pub fn type_key(&mut self, key: Key) {
        let request = match (key.code, key.ctrl) {
            (Code::Char(c), false) => return self.type_text(c.encode_utf8(&mut [0; 4])),
            (Code::Backspace, _) => InputRequest::DeletePrevChar,
            (Code::Delete, _) => InputRequest::DeleteNextChar,
            (Code::Left, _) => InputRequest::GoToPrevChar,
            (Code::Right, _) => InputRequest::GoToNextChar,
            (Code::Home, _) => InputRequest::GoToStart,
            (Code::End, _) => InputRequest::GoToEnd,
            (Code::Char('u'), true) => InputRequest::DeleteFromStart,
            (Code::Char('w'), true) => InputRequest::DeletePrevWord,
            _ => return,
        };
        self.input.handle(request);
        self.find();
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars().filter(|c| visible(c.encode_utf8(&mut [0; 4])) == c.encode_utf8(&mut [0; 4]) as &str) {
            if self.input.value().len() < TYPED_MAX {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
        self.find();
    }

    /// # Errors
    /// Why not, in words that follow the command's name.
    pub fn allows(&self, action: FilesAction) -> Result<(), &'static str> {
        match action {
            FilesAction::Above if !self.input.value().is_empty() => Err("goes up when nothing is typed"),
            FilesAction::Above if self.listing.above.is_none() => Err("there is nothing above"),
            FilesAction::Mark if !matches!(self.rows.get(self.cursor), Some(Row::Entry(_))) => {
                Err("needs a file of the folder")
            }
            _ => Ok(()),
        }
    }

    pub fn step(&mut self, action: FilesAction, page: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = match action {
            FilesAction::Down => (self.cursor + 1).min(last),
            FilesAction::Up => self.cursor.saturating_sub(1),
            FilesAction::PageDown => (self.cursor + page.max(1)).min(last),
            FilesAction::PageUp => self.cursor.saturating_sub(page.max(1)),
            FilesAction::Open | FilesAction::Mark | FilesAction::Above | FilesAction::Leave | FilesAction::Quit => {
                self.cursor
            }
        };
    }

    pub fn mark(&mut self) {
        let Some(Row::Entry(i)) = self.rows.get(self.cursor) else { return };
        let path = &self.listing.entries[*i].path;
        match self.marked.iter().position(|marked| marked == path) {
            Some(at) => {
                self.marked.remove(at);
            }
            None => self.marked.push(path.clone()),
        }
        self.step(FilesAction::Down, 1);
    }

    /// Takes what was typed away; `false` where nothing was.
    pub fn clear(&mut self) -> bool {
        let had_any = !self.input.value().is_empty() || !self.marked.is_empty();
        self.input = Input::default();
        self.marked.clear();
        self.find();
        had_any
    }

    pub fn above(&self) -> Option<String> {
        self.listing.above.clone()
    }

    pub fn chosen(&self) -> Chosen {
        let typed = self.input.value().trim();
        // A path that was typed means itself, whatever its letters would find.
        if typed.contains('/') || typed == "~" || typed == ".." || (self.rows.is_empty() && !typed.is_empty()) {
            let is_from_root = typed.starts_with(['/', '~']);
            let path = if is_from_root { typed.to_owned() } else { format!("{}/{typed}", self.listing.folder) };
            return Chosen::Walk(path);
        }
        if !self.marked.is_empty() {
            return Chosen::Open(self.marked.clone());
        }
        match self.rows.get(self.cursor) {
            Some(Row::Recent(i)) => match &self.listing.recent[*i] {
                recent if recent.missing.is_none() => Chosen::Open(recent.sources.clone()),
                recent => Chosen::Refused(format!(
                    "{} {}",
                    recent.sources.join(", "),
                    recent.missing.as_deref().unwrap_or_default()
                )),
            },
            Some(Row::Entry(i)) => match &self.listing.entries[*i] {
                entry if entry.is_folder => Chosen::Walk(format!("{}/{}", self.listing.folder, entry.name)),
                entry => Chosen::Open(vec![entry.path.clone()]),
            },
            Some(Row::Sample) => Chosen::Sample,
            None => Chosen::Nothing,
        }
    }

    /// The rows as text, for screens without a picture.
    pub fn lines(&self) -> Vec<String> {
        self.rows.iter().map(|row| self.words(*row)).map(|(name, right, _)| format!("{name}  {right}")).collect()
    }

    /// Puts the cursor on a row by its place.
    pub fn choose(&mut self, at: usize) {
        self.cursor = at.min(self.rows.len().saturating_sub(1));
    }

    pub fn place(&self) -> String {
        self.listing.shown.clone()
    }

    /// What a row is called, what stands on its right, and whether it can be opened.
    fn words(&self, row: Row) -> (String, String, bool) {
        match row {
            Row::Recent(i) => {
                let recent = &self.listing.recent[i];
                let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
                let first = recent.sources.first().map_or("", String::as_str);
                let folder = first.rsplit_once('/').map_or("", |(folder, _)| folder);
                let more = match recent.sources.len() {
                    0 | 1 => String::new(),
                    n => format!(" and {} more", n - 1),
                };
                let right = recent.missing.clone().unwrap_or_else(|| ago(recent.age));
                (format!("{}{more} · {folder}", name(first)), right, recent.missing.is_none())
            }
            Row::Entry(i) => {
                let entry = &self.listing.entries[i];
                let age = entry.age.map_or(String::new(), ago);
                if entry.is_folder {
                    (format!("{}/", entry.name), age, true)
                } else {
                    (entry.name.clone(), format!("{:>9}  {age:>12}", words::bytes(entry.bytes)), true)
                }
            }
            Row::Sample => ("a web shop of 5,000 customers, made up".to_owned(), "sample data".to_owned(), true),
        }
    }

    /// Draws the screen; returns where the terminal's cursor belongs, and how many rows there was room for.
    pub fn view(&self, area: Rect, pen: &mut Pen<'_>) -> (Option<Position>, usize) {
        let title = format!("[g o] Open — {}", self.listing.shown);
        let foot = match self.marked.len() {
            0 => String::new(),
            1 => "1 marked · ⏎ opens it".to_owned(),
            n => format!("{n} marked · ⏎ opens them together"),
        };
        let inside = pen.frame(area, &Border { title: &title, note: "type to search", foot: &foot, has_focus: true });
        if inside.is_empty() {
            return (None, 0);
        }
        pen.text(inside.x + 1, inside.y, 2, "› ", Tone::Key);
        pen.text(inside.x + 3, inside.y, inside.width.saturating_sub(4), self.input.value(), Tone::Text);
        let body = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
        let lines = self.sections();
        let at = lines.iter().position(|line| matches!(line, Line::Row(i) if *i == self.cursor)).unwrap_or(0);
        let rows = usize::from(body.height);
        // The heading above the first row stays with it.
        let from = scroll(0, at, rows, lines.len());
        let from = if from > 0 && from == at { from } else { from.min(at.saturating_sub(usize::from(at == 1))) };
        for (i, line) in lines.iter().skip(from).take(rows).enumerate() {
            let y = body.y + i as u16;
            match line {
                Line::Heading(text) => {
                    pen.text(body.x + 1, y, body.width.saturating_sub(2), text, Tone::Title);
                }
                Line::Word(text) => {
                    pen.text(body.x + 3, y, body.width.saturating_sub(4), text, Tone::Dim);
                }
                Line::Row(i) => self.view_row(*i, Rect { y, height: 1, ..body }, pen),
            }
        }
        let column = self.input.visual_cursor() as u16;
        (Some(Position { x: (inside.x + 3 + column).min(inside.right() - 1), y: inside.y }), rows)
    }

    fn view_row(&self, at: usize, line: Rect, pen: &mut Pen<'_>) {
        let row = self.rows[at];
        let (name, right, can_open) = self.words(row);
        let is_current = at == self.cursor;
        pen.text(line.x + 1, line.y, 1, if is_current { "▸" } else { " " }, Tone::Key);
        if let Row::Entry(i) = row
            && self.marked.contains(&self.listing.entries[i].path)
        {
            pen.text(line.x + 2, line.y, 1, "✓", Tone::Key);
        }
        let tone = match (can_open, is_current) {
            (false, _) => Tone::Dim,
            (true, true) => Tone::Strong,
            (true, false) => Tone::Text,
        };
        let right_wide = pen.width(&right).min(line.width / 2);
        pen.text(line.x + 3, line.y, line.width.saturating_sub(right_wide + 6), &name, tone);
        pen.right(line.right().saturating_sub(1), line.y, right_wide, &right, Tone::Dim);
    }

    fn sections(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut heading = "";
        for (i, row) in self.rows.iter().enumerate() {
            let of_row = match row {
                Row::Recent(_) => "Opened before",
                Row::Entry(_) => "In this folder",
                Row::Sample => "To try it out",
            };
            if of_row != heading {
                heading = of_row;
                lines.push(Line::Heading(of_row));
            }
            lines.push(Line::Row(i));
        }
        if let Some(problem) = &self.listing.problem {
            lines.push(Line::Word(format!("{} {problem}", self.listing.shown)));
        } else if self.is_listing {
            lines.push(Line::Word("looking …".to_owned()));
        } else if self.listing.entries.is_empty() {
            lines.push(Line::Word(
                "no data files here (csv, tsv, json, ndjson, parquet, arrow; also .gz .zst .zip)".into(),
            ));
        } else if self.rows.is_empty() {
            lines.push(Line::Word("nothing like it; ⏎ takes what you typed as a path".to_owned()));
        }
        lines
    }
}

enum Line {
    Heading(&'static str),
    Word(String),
    Row(usize),
}

/// `just now`, `5 min ago`, `3 h ago`, `2 days ago`.
pub fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..172_800 => "yesterday".to_owned(),
        172_800..5_184_000 => format!("{} days ago", seconds / 86_400),
        5_184_000..63_072_000 => format!("{} months ago", seconds / 2_592_000),
        _ => format!("{} years ago", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_people_say_them() {
        let ages = [5, 65, 7300, 90_000, 400_000, 6_000_000, 80_000_000].map(|s| ago(Duration::from_secs(s)));
        assert_eq!(
            ages,
            ["just now", "1 min ago", "2 h ago", "yesterday", "4 days ago", "2 months ago", "2 years ago"]
        );
    }
}
