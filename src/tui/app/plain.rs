//! What is on the screen, as lines of text, and what a line of input means there: for screen readers, notes and scripts.

use super::App;
use super::opening::Front;
use crate::analysis::Answer;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::export::{self, Style};
use crate::table::text::show_in;
use crate::table::{Cell, Table};
use crate::tui::command::{Action, COMMANDS, Command, EntryAction};
use crate::tui::event::Event;
use crate::tui::files::FilesAction;
use crate::tui::filter;
use crate::tui::key::{Input, Key};
use crate::tui::keymap::Lookup;
use crate::tui::load::Stage;
use crate::tui::overlay::Overlay;
use crate::tui::panes::home::conservation;
use crate::tui::words;

/// Rows of a table that are printed at a time.
const ROWS: usize = 20;

/// Commands that are read out unasked.
const SPOKEN: usize = 10;

/// Rows that are looked through for the one under the cursor.
const SEARCHED: usize = 20_000;

/// What there is to read now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Where one is, and what stands there.
    pub lines: Vec<String>,
    /// What the cursor is on.
    pub cursor: Option<String>,
    /// What can be done now.
    pub commands: Option<String>,
}

impl App {
    /// Takes what the status line says, for it is said once.
    pub fn take_status(&mut self) -> Option<String> {
        let status = self.status.take()?;
        let mark = if status.is_error { "Not done: " } else { "" };
        Some(visible(&format!("{mark}{}", status.text)).into_owned())
    }

    /// Everything that there is to read now.
    pub fn page(&self) -> Page {
        if let Some(overlay) = self.overlays.last() {
            return Page { lines: self.overlay_lines(overlay), ..Page::default() };
        }
        let mut page = match (&self.opening.screen, &self.stage) {
            (Some(front), _) => self.front_page(front),
            (None, _) if self.has_data() => self.pane_page(),
            (None, Stage::Failed { message }) => {
                Page { lines: vec![format!("The data could not be read. {message}")], ..Page::default() }
            }
            (None, Stage::Loading { .. } | Stage::Ready) => Page::default(),
        };
        page.commands = Some(self.spoken_commands());
        page.lines.iter_mut().for_each(|line| *line = visible(line).into_owned());
        page
    }

    fn overlay_lines(&self, overlay: &Overlay) -> Vec<String> {
        let mut lines = match overlay {
            Overlay::Prompt(prompt) => {
                let mut lines =
                    vec![format!("{}. Type it; an empty line takes what is there, esc leaves.", prompt.title())];
                if !prompt.text().is_empty() {
                    lines.push(format!("Now: {}", prompt.text()));
                }
                let known: Vec<&str> = prompt.candidates().take(ROWS).collect();
                if !known.is_empty() {
                    lines.push(format!("Known: {}", known.join(", ")));
                }
                lines.extend(prompt.error.as_ref().map(|error| format!("Not done: {error}")));
                lines
            }
            Overlay::List(picker) | Overlay::Help(picker) => {
                let mut lines = vec![format!("{}. Type a number, or letters of it; esc leaves.", picker.title)];
                lines.extend(picker.lines(2 * ROWS));
                lines.extend(picker.notes.iter().cloned());
                lines
            }
            Overlay::Page(page) => {
                std::iter::once(format!("{}. An empty line closes it.", page.title)).chain(page.lines.clone()).collect()
            }
            Overlay::Tasks(_) => vec!["What runs in the background; esc leaves.".to_owned()],
        };
        lines.iter_mut().for_each(|line| *line = visible(line).into_owned());
        lines
    }

    fn front_page(&self, front: &Front) -> Page {
        let numbered = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().take(4 * ROWS).enumerate().map(|(i, line)| format!("{}. {line}", i + 1)).collect()
        };
        match front {
            Front::Files(files) => {
                let mut lines = vec![format!("Open a file in {}. Type a number or a path.", files.place())];
                lines.extend(numbered(files.lines()));
                Page { lines, ..Page::default() }
            }
            Front::Columns(columns) => {
                let mut lines = vec![format!(
                    "Which column is what in {}. A number chooses; an empty line reads the data like this.",
                    columns.file(&self.options)
                )];
                lines.extend(numbered(columns.lines()));
                Page { lines, ..Page::default() }
            }
        }
    }

    fn pane_page(&self) -> Page {
        let layer = self.top();
        let report = self.report.as_ref();
        let facts = layer.facts(report);
        let crumbs: Vec<String> =
            self.stack().layers.iter().map(|layer| layer.pane.crumb(&layer.facts(report))).collect();
        let chips = filter::chips(&self.scope, &self.cohorts);
        let filters = if chips.is_empty() { "no filter".to_owned() } else { chips.join(", ") };
        let exact = self.partial_note().unwrap_or_else(|| "exact".to_owned());
        let screen = self.screen.title();
        let mut lines = vec![format!("{screen}. {} > {}. {filters}. {exact}.", self.everybody(), crumbs.join(" > "))];
        if let Some(error) = &layer.error {
            lines.push(format!("No answer: {error}"));
        }
        let cursor = layer.pane.value_under_cursor(&facts);
        let place = layer.pane.cursor_of(&facts).map(|(place, _)| place);
        let mut row = None;
        match facts.answer {
            Some(Answer::Profile(profile)) => {
                lines.extend(report.map(conservation));
                for name in ["events", "quality"] {
                    let table = profile.tables().into_iter().find(|table| table.name == name);
                    row = row.or_else(|| self.spoken_row(table.as_ref()?, cursor.as_deref()?));
                    lines.extend(table.map(|table| self.table_lines(table, 0)).unwrap_or_default());
                }
            }
            Some(answer) => {
                let mut tables = answer.tables();
                if let Some(name) = layer.pane.table_name(&facts)
                    && let Some(at) = tables.iter().position(|table| table.name == name)
                {
                    tables.swap(0, at);
                }
                if let Some(table) = tables.into_iter().next() {
                    let from = place.unwrap_or(0).saturating_sub(ROWS / 2);
                    let rows = (0..table.len()).skip(from).take(ROWS).map(|place| facts.row_at(place)).collect();
                    let len = table.len();
                    row = cursor.as_deref().and_then(|value| self.spoken_row(&table, value));
                    lines.extend(self.table_lines(table.picked(rows), len));
                }
            }
            None => {}
        }
        let cursor = cursor.map(|value| {
            let row = row.map_or(String::new(), |row| format!(": {row}"));
            let place = place.map_or(String::new(), |place| format!(", row {}", words::count(place as u64 + 1)));
            format!("Cursor: {}{place}{row}.", visible(&value))
        });
        Page { lines, cursor, commands: None }
    }

    /// The row of a table that holds a value, in words: `step 2, customers 1,924`.
    fn spoken_row(&self, table: &Table, value: &str) -> Option<String> {
        let holds = |row: &usize| table.row(*row).iter().any(|cell| matches!(cell, Cell::Text(text) if text == value));
        let row = (0..table.len().min(SEARCHED)).find(holds)?;
        let zone = self.zone();
        let cells = table.row(row);
        let spoken = cells.iter().zip(&table.columns).filter(|(cell, _)| match cell {
            Cell::Empty => false,
            Cell::Text(text) => text != value,
            _ => true,
        });
        let words: Vec<String> = spoken
            .map(|(cell, column)| format!("{} {}", column.name.replace('_', " "), show_in(cell, column.kind, &zone)))
            .collect();
        Some(words.join(", "))
    }

    /// A table as lines of text; `len` is how many rows it has in all, where these are not all.
    fn table_lines(&self, table: Table, len: usize) -> Vec<String> {
        let all = len.max(table.len());
        let table = table.limited(ROWS);
        let n = table.len();
        let Some(format) = export::format("table") else { return Vec::new() };
        let source = export::Source { files: Vec::new(), counts: None };
        let document = export::Document {
            analysis: String::new(),
            spec: Default::default(),
            source,
            tables: vec![table],
            notes: Vec::new(),
        };
        let mut out = Vec::new();
        let style = Style { zone: self.zone(), ..Style::default() };
        if (format.write)(&document, &style, &mut out).is_err() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&out).into_owned();
        let mut lines: Vec<String> =
            text.lines().filter(|line| !line.trim_matches(['─', ' ']).is_empty()).map(str::to_owned).collect();
        if n < all {
            lines.push(format!("{n} of {} rows.", words::count(all as u64)));
        }
        lines
    }

    fn spoken_commands(&self) -> String {
        let spoken = |(command, _, word): &(&'static Command, u8, &str)| {
            let keys = self.keymap.of_command(command).first()?;
            let keys: Vec<String> = keys.iter().map(|key| key.name()).collect();
            Some(format!("{}, {word}", keys.join(" ")))
        };
        let mut all: Vec<String> = Vec::new();
        for text in self.hints().iter().filter_map(spoken).take(SPOKEN) {
            if !all.contains(&text) {
                all.push(text);
            }
        }
        format!("Commands: {}. help lists all.", all.join(". "))
    }

    /// Does what a line of input asks for: a number of a list, keys, the name of a command, or text where text is typed.
    pub fn take_line(&mut self, line: &str, now: std::time::Instant) {
        self.now = now;
        self.status = None;
        let line = line.trim();
        if line == "esc" {
            self.press_named("esc", now);
        } else if self.overlays.last().is_some() {
            self.answer_overlay(line, now);
        } else if matches!(self.opening.screen, Some(Front::Files(_))) {
            self.answer_files(line, now);
        } else if let (Some(Front::Columns(columns)), Some(at)) = (&mut self.opening.screen, number(line)) {
            columns.point(at);
            self.press_named("space", now);
        } else {
            self.press_line(line, now);
        }
    }

    fn press_named(&mut self, key: &str, now: std::time::Instant) {
        if let Some(key) = Key::named(key) {
            self.handle(Event::Input(Input::Key(key)), now);
        }
    }

    fn answer_overlay(&mut self, line: &str, now: std::time::Instant) {
        match self.overlays.last_mut() {
            Some(Overlay::Prompt(prompt)) if !line.is_empty() => prompt.replace(line),
            Some(Overlay::List(picker) | Overlay::Help(picker)) if !line.is_empty() => {
                match number(line) {
                    Some(at) => picker.choose(at),
                    None => picker.search(line),
                }
                if number(line).is_none() && picker.n_matches() != 1 {
                    return;
                }
            }
            Some(Overlay::Page(_) | Overlay::Tasks(_)) => return self.press_named("esc", now),
            Some(_) | None => {}
        }
        self.press_named("enter", now);
    }

    fn answer_files(&mut self, line: &str, now: std::time::Instant) {
        let Some(Front::Files(files)) = &mut self.opening.screen else { return };
        match (line, number(line)) {
            ("", _) => {}
            ("q", _) => return self.act(Action::Files(FilesAction::Quit)),
            ("..", _) => {
                files.clear();
                return self.press_named("backspace", now);
            }
            (_, Some(at)) => files.choose(at),
            _ => {
                files.clear();
                files.type_text(line);
            }
        }
        self.press_named("enter", now);
    }

    fn press_line(&mut self, line: &str, now: std::time::Instant) {
        let line = if line.is_empty() { "enter" } else { line };
        let places = self.places();
        let named = COMMANDS.iter().filter(|command| command.name == line);
        if let Some(command) = named.into_iter().find(|command| !matches!(command.action, Action::Entry(_))) {
            if places.contains(&command.place) {
                self.act(command.action);
                self.handle(Event::Resize, now);
            } else {
                self.say(format!("{line}: works in {}", command.place.title()));
            }
            return;
        }
        let keys: Option<Vec<Key>> = if line.contains(' ') {
            line.split_whitespace().map(Key::named).collect()
        } else {
            Key::named(line).map(|key| vec![key]).or_else(|| letters(line))
        };
        let is_known = |keys: &Vec<Key>| {
            let repeats = keys.iter().all(|key| *key == keys[0]) && self.is_bound(&keys[..1]);
            repeats || self.is_bound(keys)
        };
        match keys.filter(is_known) {
            Some(keys) => keys.into_iter().for_each(|key| self.handle(Event::Input(Input::Key(key)), now)),
            None => {
                let near = nearest(line, COMMANDS.iter().map(|command| command.name));
                let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
                self.complain(format!("nothing is called `{line}` here{near}"));
            }
        }
    }

    fn is_bound(&self, keys: &[Key]) -> bool {
        matches!(self.keymap.find(&self.places(), keys), Lookup::Found(_))
    }

    /// Closes what is only there to be read.
    pub fn close_page(&mut self) {
        if matches!(self.overlays.last(), Some(Overlay::Page(_) | Overlay::Tasks(_))) {
            self.act(Action::Entry(EntryAction::Cancel));
        }
    }
}

/// The place that a number of a list means.
fn number(line: &str) -> Option<usize> {
    line.parse::<usize>().ok()?.checked_sub(1)
}

/// The keys of a word, letter by letter.
fn letters(line: &str) -> Option<Vec<Key>> {
    line.chars().map(|c| Key::named(c.encode_utf8(&mut [0; 4]))).collect()
}
