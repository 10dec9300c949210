//! `Prompt`: one line to type into, with proposals from the data and room for what is wrong with it.

use ratatui::layout::{Position, Rect};
use tui_input::{Input, InputRequest};

use super::command::EntryAction;
use super::complete::{Candidate, Proposals, Source, Vocabulary, propose};
use super::key::{Code, Key};
use super::paint::{Border, Pen, scroll, wrap};
use super::pane::Purpose;
use super::theme::Tone;
use crate::base::visible::{visible, width};

#[derive(Debug, Clone)]
pub struct Prompt {
    pub purpose: Purpose,
    title: String,
    input: Input,
    source: Source,
    proposals: Proposals,
    /// The proposal that the person went to.
    chosen: Option<usize>,
    /// Proposals to take together, in the order in which they were marked.
    marked: Vec<Candidate>,
    takes_several: bool,
    pub error: Option<String>,
    /// Whether what was typed is being tried out.
    pub is_trying: bool,
}

/// What accepting a prompt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    Texts(Vec<String>),
    /// A proposal went into the line; the person goes on typing.
    Completed,
}

/// Longest line that can be typed.
const LINE_MAX: usize = 2000;

/// Most proposals on the screen at a time.
const PROPOSALS_SHOWN: u16 = 8;

impl Prompt {
    pub fn new(purpose: Purpose, title: impl Into<String>, source: Source, text: impl Into<String>) -> Self {
        Prompt {
            purpose,
            title: title.into(),
            input: Input::new(text.into()),
            source,
            proposals: Proposals::default(),
            chosen: None,
            marked: Vec::new(),
            takes_several: false,
            error: None,
            is_trying: false,
        }
    }

    /// Lets several proposals be marked and taken at once.
    pub fn several(mut self) -> Self {
        self.takes_several = true;
        self
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    /// What could be typed.
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        self.proposals.candidates.iter().map(|candidate| candidate.label.as_str())
    }

    /// Puts a text in place of what was typed.
    pub fn replace(&mut self, text: &str) {
        self.input = Input::default();
        self.type_text(text);
    }

    /// A column whose values would help to complete.
    pub fn missing(&self) -> Option<&str> {
        self.proposals.missing.as_deref()
    }

    fn before_cursor(&self) -> &str {
        let text = self.input.value();
        let end = text.char_indices().nth(self.input.cursor()).map_or(text.len(), |(at, _)| at);
        &text[..end]
    }

    /// Finds proposals anew; call it after every change and when the vocabulary grew.
    pub fn refresh(&mut self, vocabulary: &Vocabulary) {
        self.proposals = propose(self.source, self.before_cursor(), vocabulary);
        self.chosen = self.chosen.filter(|&i| i < self.proposals.candidates.len());
    }

    /// Lets go of proposals that may no longer fit what is typed.
    pub fn forget_proposals(&mut self) {
        self.proposals = Proposals::default();
        self.chosen = None;
    }

    /// The proposal that accepting or completing would take.
    fn current(&self) -> Option<usize> {
        if self.chosen.is_some() {
            return self.chosen;
        }
        let typed = self.text().trim();
        let is_known = self.proposals.candidates.iter().any(|candidate| candidate.label == typed);
        let takes_first = matches!(self.source, Source::Steps | Source::Stages);
        (self.proposals.is_whole && takes_first && !is_known && !self.proposals.candidates.is_empty()).then_some(0)
    }

    pub fn type_key(&mut self, key: Key) -> bool {
        let request = match (key.code, key.ctrl) {
            (Code::Char(c), false) => {
                return self.type_text(c.encode_utf8(&mut [0; 4]));
            }
            (Code::Backspace, _) => InputRequest::DeletePrevChar,
            (Code::Delete, _) => InputRequest::DeleteNextChar,
            (Code::Left, false) => InputRequest::GoToPrevChar,
            (Code::Right, false) => InputRequest::GoToNextChar,
            (Code::Left, true) => InputRequest::GoToPrevWord,
            (Code::Right, true) => InputRequest::GoToNextWord,
            (Code::Home, _) => InputRequest::GoToStart,
            (Code::End, _) | (Code::Char('e'), true) => InputRequest::GoToEnd,
            (Code::Char('u'), true) => InputRequest::DeleteFromStart,
            (Code::Char('k'), true) => InputRequest::DeleteTillEnd,
            (Code::Char('w'), true) => InputRequest::DeletePrevWord,
            _ => return false,
        };
        self.input.handle(request);
        self.changed();
        true
    }

    /// Types a text, without what cannot be seen.
    pub fn type_text(&mut self, text: &str) -> bool {
        for c in text.chars() {
            let c = if c.is_whitespace() { ' ' } else { c };
            let is_visible = visible(c.encode_utf8(&mut [0; 4])) == c.encode_utf8(&mut [0; 4]) as &str;
            if is_visible && self.input.value().len() < LINE_MAX {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
        self.changed();
        true
    }

    fn changed(&mut self) {
        self.chosen = None;
        self.error = None;
        self.is_trying = false;
    }

    /// Whether an action can be done now; what cannot is typed instead.
    pub fn allows(&self, action: EntryAction) -> bool {
        let has_proposals = !self.proposals.candidates.is_empty();
        match action {
            EntryAction::Accept | EntryAction::Cancel => true,
            EntryAction::Complete | EntryAction::Next | EntryAction::Previous => has_proposals,
            EntryAction::Mark => {
                self.takes_several && has_proposals && (self.chosen.is_some() || self.text().is_empty())
            }
            EntryAction::PageNext | EntryAction::PagePrevious => false,
        }
    }

    pub fn update(&mut self, action: EntryAction) {
        let len = self.proposals.candidates.len();
        match action {
            EntryAction::Next => self.chosen = Some(self.current().map_or(0, |i| (i + 1).min(len.saturating_sub(1)))),
            EntryAction::Previous => {
                self.chosen = self.current().and_then(|i| i.checked_sub(1)).or(self.chosen.map(|_| 0));
            }
            EntryAction::Complete => self.complete(self.current().unwrap_or(0)),
            EntryAction::Mark => self.mark(),
            EntryAction::Accept | EntryAction::Cancel | EntryAction::PageNext | EntryAction::PagePrevious => {}
        }
    }

    fn mark(&mut self) {
        let Some(candidate) = self.proposals.candidates.get(self.current().unwrap_or(0)).cloned() else { return };
        match self.marked.iter().position(|marked| *marked == candidate) {
            Some(at) => {
                self.marked.remove(at);
            }
            None => self.marked.push(candidate),
        }
        self.update(EntryAction::Next);
    }

    fn complete(&mut self, i: usize) {
        let Some(candidate) = self.proposals.candidates.get(i) else { return };
        let before = &self.before_cursor()[..self.proposals.start];
        let after = &self.text()[self.before_cursor().len()..];
        let line = format!("{before}{}", candidate.insert);
        let cursor = line.chars().count();
        self.input = Input::new(format!("{line}{after}")).with_cursor(cursor);
        self.changed();
    }

    pub fn accept(&mut self) -> Accepted {
        if !self.marked.is_empty() {
            return Accepted::Texts(self.marked.iter().map(|candidate| candidate.insert.clone()).collect());
        }
        if let Some(candidate) = self.current().and_then(|i| self.proposals.candidates.get(i)) {
            if self.proposals.is_whole {
                return Accepted::Texts(vec![candidate.insert.clone()]);
            }
            let i = self.current().unwrap_or(0);
            self.complete(i);
            return Accepted::Completed;
        }
        // An event name that would not read as a step as it stands.
        let typed = self.text().trim();
        let named =
            self.proposals.candidates.iter().find(|candidate| self.proposals.is_whole && candidate.label == typed);
        Accepted::Texts(vec![named.map_or_else(|| typed.to_owned(), |candidate| candidate.insert.clone())])
    }

    /// Draws the prompt on the bottom lines of `body`; returns where the terminal's cursor belongs.
    pub fn view(&self, body: Rect, pen: &mut Pen<'_>) -> Option<Position> {
        let wide = body.width.min(100);
        let messages = self.messages(usize::from(wide.saturating_sub(4)));
        let height = (3 + messages.len() as u16).min(body.height);
        let area = Rect { x: body.x, y: body.bottom() - height, width: wide, height };
        self.view_proposals(Rect { height: body.height - height, width: wide, ..body }, pen);
        pen.clear(area);
        let foot = if self.is_trying { "trying it out …" } else { "" };
        let inside = pen.frame(area, &Border { title: &self.title, foot, has_focus: true, ..Border::default() });
        if inside.is_empty() {
            return None;
        }
        let room = inside.width.saturating_sub(3);
        let scrolled = self.input.visual_scroll(usize::from(room));
        let mut skipped = 0;
        let shown: String = self
            .text()
            .chars()
            .skip_while(|c| {
                let skip = skipped < scrolled;
                skipped += width(c.encode_utf8(&mut [0; 4]));
                skip
            })
            .collect();
        pen.text(inside.x, inside.y, 2, "› ", Tone::Key);
        pen.text(inside.x + 2, inside.y, room + 1, &shown, Tone::Text);
        for (i, line) in messages.iter().enumerate() {
            pen.text(inside.x, inside.y + 1 + i as u16, inside.width, line, Tone::Error);
        }
        let column = (self.input.visual_cursor().saturating_sub(scrolled)) as u16;
        Some(Position { x: inside.x + 2 + column.min(room), y: inside.y })
    }

    fn messages(&self, columns: usize) -> Vec<String> {
        match &self.error {
            Some(error) => wrap(&format!("✗ {}", visible(error)), columns).into_iter().take(4).collect(),
            None => Vec::new(),
        }
    }

    fn view_proposals(&self, above: Rect, pen: &mut Pen<'_>) {
        let candidates = &self.proposals.candidates;
        let rows = (candidates.len() as u16).min(PROPOSALS_SHOWN).min(above.height.saturating_sub(2));
        if rows == 0 {
            return;
        }
        let label_wide = candidates.iter().map(|candidate| width(&visible(&candidate.label))).max().unwrap_or(0);
        let detail_wide = candidates.iter().map(|candidate| width(&candidate.detail)).max().unwrap_or(0);
        let wide = ((label_wide + detail_wide + 9).max(30) as u16).min(above.width);
        let area = Rect { x: above.x, y: above.bottom() - rows - 2, width: wide, height: rows + 2 };
        pen.clear(area);
        let marked = match self.marked.len() {
            0 => String::new(),
            n => format!("{n} marked · ⏎ takes them"),
        };
        let note = format!("{}", candidates.len());
        let inside = pen.frame(area, &Border { title: "", note: &note, foot: &marked, has_focus: false });
        let current = self.current();
        let from = scroll(0, current.unwrap_or(0), usize::from(rows), candidates.len());
        for (row, (i, candidate)) in candidates.iter().enumerate().skip(from).take(usize::from(rows)).enumerate() {
            let y = inside.y + row as u16;
            let is_current = current == Some(i);
            let tone = if is_current { Tone::Strong } else { Tone::Text };
            pen.text(inside.x, y, 1, if is_current { "▸" } else { " " }, Tone::Key);
            let mark = self.marked.iter().position(|marked| marked == candidate);
            let mark = mark.map_or(String::new(), |at| (at + 1).to_string());
            pen.text(inside.x + 1, y, 2, &mark, Tone::Key);
            let detail_room = (detail_wide as u16).min(inside.width.saturating_sub(5) / 2);
            let label_room = inside.width.saturating_sub(detail_room + 5);
            pen.text(inside.x + 3, y, label_room, &candidate.label, tone);
            pen.right(inside.right().saturating_sub(1), y, detail_room, &candidate.detail, Tone::Dim);
        }
    }
}
