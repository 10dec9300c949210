//! What lies over a pane and takes the keys: a prompt, a list, the help page, a page of text.

use ratatui::layout::{Position, Rect};

use super::command::{EntryAction, Place};
use super::key::Key;
use super::paint::{Border, Pen, wrap};
use super::picker::Picker;
use super::prompt::Prompt;
use super::theme::Tone;

pub enum Overlay {
    Prompt(Prompt),
    List(Picker),
    Help(Picker),
    Page(Page),
    /// What runs, and the cursor in it; the app knows and draws the tasks.
    Tasks(usize),
}

/// A page of text to read.
#[derive(Debug, Clone)]
pub struct Page {
    pub title: String,
    pub lines: Vec<String>,
    pub from: usize,
}

impl Overlay {
    pub fn place(&self) -> Place {
        match self {
            Overlay::Prompt(_) => Place::Prompt,
            Overlay::List(_) => Place::List,
            Overlay::Help(_) => Place::Help,
            Overlay::Page(_) => Place::Page,
            Overlay::Tasks(_) => Place::Tasks,
        }
    }

    /// Whether an action can be done now; a key whose action cannot is typed instead.
    pub fn allows(&self, action: EntryAction) -> bool {
        match self {
            Overlay::Prompt(prompt) => prompt.allows(action),
            Overlay::List(picker) | Overlay::Help(picker) => match action {
                EntryAction::Accept => picker.chosen().is_some_and(|item| item.disabled.is_none()),
                EntryAction::Cancel => true,
                EntryAction::Next | EntryAction::Previous | EntryAction::PageNext | EntryAction::PagePrevious => {
                    picker.chosen().is_some()
                }
                EntryAction::Complete | EntryAction::Mark => false,
            },
            Overlay::Page(_) => !matches!(action, EntryAction::Complete | EntryAction::Mark | EntryAction::Accept),
            Overlay::Tasks(_) => !matches!(action, EntryAction::Complete | EntryAction::Mark),
        }
    }

    /// Why what is under the cursor cannot be taken now, where there is a reason.
    pub fn why_not(&self) -> Option<String> {
        let (Overlay::List(picker) | Overlay::Help(picker)) = self else { return None };
        let item = picker.chosen()?;
        item.disabled.as_ref().map(|why| format!("{}: {why}", item.value))
    }

    pub fn type_key(&mut self, key: Key) {
        match self {
            Overlay::Prompt(prompt) => {
                prompt.type_key(key);
            }
            Overlay::List(picker) | Overlay::Help(picker) => picker.type_key(key),
            Overlay::Page(_) | Overlay::Tasks(_) => {}
        }
    }

    pub fn type_text(&mut self, text: &str) {
        match self {
            Overlay::Prompt(prompt) => {
                prompt.type_text(text);
            }
            Overlay::List(picker) | Overlay::Help(picker) => picker.type_text(text),
            Overlay::Page(_) | Overlay::Tasks(_) => {}
        }
    }

    pub fn update(&mut self, action: EntryAction, page: usize) {
        match self {
            Overlay::Prompt(prompt) => prompt.update(action),
            Overlay::List(picker) | Overlay::Help(picker) => picker.update(action, page),
            Overlay::Page(text) => text.update(action, page),
            Overlay::Tasks(cursor) => match action {
                EntryAction::Next => *cursor += 1,
                EntryAction::Previous => *cursor = cursor.saturating_sub(1),
                _ => {}
            },
        }
    }

    /// Draws it over the body of the screen; returns where the terminal's cursor belongs, and rows per page.
    pub fn view(&self, body: Rect, pen: &mut Pen<'_>) -> (Option<Position>, usize) {
        match self {
            Overlay::Prompt(prompt) => (prompt.view(body, pen), 0),
            Overlay::List(picker) | Overlay::Help(picker) => picker.view(body, pen),
            Overlay::Page(page) => (None, page.view(body, pen)),
            Overlay::Tasks(_) => (None, 0),
        }
    }
}

impl Page {
    pub fn new(title: String, lines: Vec<String>) -> Self {
        Page { title, lines, from: 0 }
    }

    fn update(&mut self, action: EntryAction, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        let page = page.max(1);
        self.from = match action {
            EntryAction::Next => (self.from + 1).min(last),
            EntryAction::Previous => self.from.saturating_sub(1),
            EntryAction::PageNext => (self.from + page).min(last),
            EntryAction::PagePrevious => self.from.saturating_sub(page),
            EntryAction::Accept | EntryAction::Cancel | EntryAction::Complete | EntryAction::Mark => self.from,
        };
    }

    fn view(&self, body: Rect, pen: &mut Pen<'_>) -> usize {
        let wide = body.width.min(110);
        let room = usize::from(wide.saturating_sub(4));
        // A line of data may be as long as it likes; more than this of it is nothing to read.
        let lines: Vec<String> =
            self.lines.iter().skip(self.from).take(200).flat_map(|line| wrap(line, room)).collect();
        let area = Rect { x: body.x + (body.width - wide) / 2, y: body.y, width: wide, height: body.height };
        pen.clear(area);
        let foot = format!("{} of {}", (self.from + 1).min(self.lines.len()), self.lines.len());
        let border = Border { title: &self.title, note: "", foot: &foot, has_focus: true };
        let inside = pen.frame(area, &border);
        for (i, line) in lines.iter().take(usize::from(inside.height)).enumerate() {
            // Headings stand at the margin, the rest is set in.
            let tone = if line.starts_with(' ') || self.lines.len() < 2 { Tone::Text } else { Tone::Strong };
            pen.text(inside.x + 1, inside.y + i as u16, inside.width.saturating_sub(2), line, tone);
        }
        usize::from(inside.height)
    }
}
