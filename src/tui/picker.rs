//! `Picker`: a list to choose from by typing a few letters of it; the palette and the help page are such lists.

use ratatui::layout::{Position, Rect};
use tui_input::{Input, InputRequest};

use super::command::EntryAction;
use super::fuzzy;
use super::key::{Code, Key};
use super::paint::{Border, Pen, Target, scroll};
use super::pane::Purpose;
use super::theme::Tone;
use crate::base::visible::{visible, width};

#[derive(Debug, Clone, Default)]
pub struct Item {
    pub label: String,
    /// On the right: keys, counts, or where it belongs.
    pub detail: String,
    /// Before the label, in a column of its own: keys on the help page.
    pub lead: String,
    /// What choosing it hands back.
    pub value: String,
    /// Why it cannot be chosen now.
    pub disabled: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Picker {
    pub purpose: Purpose,
    pub title: String,
    items: Vec<Item>,
    input: Input,
    matches: Vec<usize>,
    cursor: usize,
    /// Sentences under the list.
    pub notes: Vec<String>,
}

impl Picker {
    pub fn new(purpose: Purpose, title: impl Into<String>, items: Vec<Item>) -> Self {
        let matches = (0..items.len()).collect();
        Picker { purpose, title: title.into(), items, input: Input::default(), matches, cursor: 0, notes: Vec::new() }
    }

    /// Starts with the cursor on the item of this value.
    pub fn at(mut self, value: &str) -> Self {
        self.cursor = self.items.iter().position(|item| item.value == value).unwrap_or(0);
        self
    }

    pub fn chosen(&self) -> Option<&Item> {
        self.matches.get(self.cursor).map(|&i| &self.items[i])
    }

    /// What can be chosen, numbered, for screens without a picture.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let line = |(n, &i): (usize, &usize)| {
            let item = &self.items[i];
            let why = item.disabled.as_ref().map_or(String::new(), |why| format!(" (not now: {why})"));
            let detail = if item.detail.is_empty() { String::new() } else { format!("  {}", item.detail) };
            format!("{}. {}{detail}{why}", n + 1, item.label)
        };
        let mut lines: Vec<String> = self.matches.iter().enumerate().take(most).map(line).collect();
        match self.matches.len() {
            0 => lines.push("Nothing like it.".to_owned()),
            n if n > most => lines.push(format!("And {} more.", n - most)),
            _ => {}
        }
        lines
    }

    /// Puts the cursor on what is shown in this place.
    pub fn choose(&mut self, at: usize) {
        self.cursor = at.min(self.matches.len().saturating_sub(1));
    }

    /// Looks for a text in place of what was looked for.
    pub fn search(&mut self, text: &str) {
        self.input = Input::default();
        self.type_text(text);
    }

    pub fn n_matches(&self) -> usize {
        self.matches.len()
    }

    pub fn type_key(&mut self, key: Key) {
        let request = match (key.code, key.ctrl) {
            (Code::Char(c), false) => {
                self.type_text(c.encode_utf8(&mut [0; 4]));
                return;
            }
            (Code::Backspace, _) => InputRequest::DeletePrevChar,
            (Code::Delete, _) => InputRequest::DeleteNextChar,
            (Code::Left, _) => InputRequest::GoToPrevChar,
            (Code::Right, _) => InputRequest::GoToNextChar,
            (Code::Char('u'), true) => InputRequest::DeleteFromStart,
            (Code::Char('w'), true) => InputRequest::DeletePrevWord,
            _ => return,
        };
        self.input.handle(request);
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars().filter(|c| visible(c.encode_utf8(&mut [0; 4])) == c.encode_utf8(&mut [0; 4]) as &str) {
            if self.input.value().len() < 200 {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
    }

    /// Moves the cursor to a row of the list.
    pub fn point(&mut self, row: usize) {
        self.cursor = row.min(self.matches.len().saturating_sub(1));
    }

    /// Finds again what fits what was typed; call it after typing.
    pub fn refresh(&mut self) {
        let texts: Vec<String> = self
            .items
            .iter()
            .map(|item| format!("{} {} {} {}", item.label, item.value, item.detail, item.lead))
            .collect();
        self.matches = fuzzy::rank(self.input.value(), texts.iter().map(String::as_str));
        // What cannot be done now stays visible, behind what can.
        self.matches.sort_by_key(|&i| self.items[i].disabled.is_some());
        self.cursor = 0;
    }

    pub fn update(&mut self, action: EntryAction, page: usize) {
        let last = self.matches.len().saturating_sub(1);
        self.cursor = match action {
            EntryAction::Next => (self.cursor + 1).min(last),
            EntryAction::Previous => self.cursor.saturating_sub(1),
            EntryAction::PageNext => (self.cursor + page.max(1)).min(last),
            EntryAction::PagePrevious => self.cursor.saturating_sub(page.max(1)),
            EntryAction::Accept | EntryAction::Cancel | EntryAction::Complete | EntryAction::Mark => self.cursor,
        };
    }

    /// Draws the list in the middle of `body`; returns where the terminal's cursor belongs, and the rows shown.
    pub fn view(&self, body: Rect, pen: &mut Pen<'_>) -> (Option<Position>, usize) {
        let notes_wide = self.notes.iter().map(|note| width(&visible(note)).min(72)).max().unwrap_or(0);
        let items_wide = self.items.iter().map(line_width).max().unwrap_or(0) + 4;
        let wanted = notes_wide.max(items_wide).max(54) as u16 + 4;
        let wide = if self.purpose == Purpose::Command { wanted.max(72) } else { wanted };
        let wide = wide.min(body.width.saturating_sub(if body.width > 90 { 4 } else { 0 }));
        let notes = self.notes.len() as u16;
        let tall = (self.items.len().min(500) as u16 + 4 + notes).min(body.height);
        let area = Rect {
            x: body.x + (body.width - wide) / 2,
            y: body.y + (body.height - tall) / 3,
            width: wide,
            height: tall,
        };
        pen.clear(area);
        let note = format!("{} of {}", self.matches.len(), self.items.len());
        let border = Border { title: &self.title, note: "type to search", foot: &note, has_focus: true };
        let inside = pen.frame(area, &border);
        if inside.height < 2 {
            return (None, 0);
        }
        pen.text(inside.x + 1, inside.y, 2, "› ", Tone::Key);
        pen.text(inside.x + 3, inside.y, inside.width.saturating_sub(4), self.input.value(), Tone::Text);
        pen.rule(inside, inside.y + 1, "");
        let notes = if inside.height > notes + 4 { notes } else { 0 };
        let rows = usize::from(inside.height.saturating_sub(2 + notes));
        let from = scroll(0, self.cursor, rows, self.matches.len());
        let lead = self.items.iter().map(|item| width(&item.lead)).max().unwrap_or(0) as u16;
        for (row, &i) in self.matches.iter().enumerate().skip(from).take(rows) {
            let y = inside.y + 2 + (row - from) as u16;
            let line = Rect { y, height: 1, ..inside };
            self.view_item(&self.items[i], row == self.cursor, lead, line, pen);
            pen.target(line, Target::Choice(row));
        }
        if self.matches.is_empty() {
            pen.text(inside.x + 3, inside.y + 2, inside.width.saturating_sub(4), "nothing like it", Tone::Dim);
        }
        for (i, note) in self.notes.iter().take(usize::from(notes)).enumerate() {
            let y = inside.bottom() - notes + i as u16;
            pen.text(inside.x + 1, y, inside.width.saturating_sub(2), note, Tone::Dim);
        }
        let column = self.input.visual_cursor() as u16;
        (Some(Position { x: (inside.x + 3 + column).min(inside.right() - 1), y: inside.y }), rows)
    }

    fn view_item(&self, item: &Item, is_current: bool, lead: u16, line: Rect, pen: &mut Pen<'_>) {
        let (x, y) = (line.x, line.y);
        pen.text(x, y, 2, if is_current { " ▸" } else { "  " }, Tone::Key);
        let lead_room = if lead > 0 { lead + 2 } else { 0 };
        pen.text(x + 3, y, lead, &item.lead, Tone::Key);
        let right = item.disabled.as_deref().unwrap_or(&item.detail);
        let room = line.width.saturating_sub(4 + lead_room);
        // What it does is worth more room than where it belongs or why it cannot be done.
        let label_wide = width(&visible(&item.label)) as u16;
        let right_wide = (width(&visible(right)) as u16).min(room.saturating_sub(label_wide + 2).max(room / 3));
        let tone = match (&item.disabled, is_current) {
            (Some(_), _) => Tone::Dim,
            (None, true) => Tone::Strong,
            (None, false) => Tone::Text,
        };
        let gap = if right.is_empty() { 0 } else { 2 };
        pen.text(x + 3 + lead_room, y, room.saturating_sub(right_wide + gap), &item.label, tone);
        let right_tone =
            if self.purpose == Purpose::Command && item.disabled.is_none() { Tone::Key } else { Tone::Dim };
        pen.right(line.right().saturating_sub(1), y, right_wide, right, right_tone);
    }
}

fn line_width(item: &Item) -> usize {
    let right = item.disabled.as_deref().unwrap_or(&item.detail);
    let lead = if item.lead.is_empty() { 0 } else { width(&item.lead) + 2 };
    width(&visible(&item.label)) + width(&visible(right)) + lead
}
