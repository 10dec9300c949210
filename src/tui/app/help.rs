//! The pages that the app makes of what it knows: the help, the palette, and how the data was read.

use super::{App, Screen};
use crate::analysis::Answer;
use crate::tui::command::{COMMANDS, Command, MEETINGS, Place};
use crate::tui::overlay::{Overlay, Page};
use crate::tui::pane::Purpose;
use crate::tui::panes::home::{conservation, health_lines};
use crate::tui::picker::{Item, Picker};
use crate::tui::words;

/// Rejected rows shown in full on the data page.
const REJECTS_SHOWN: usize = 50;

/// Columns shown on the data page.
const COLUMNS_SHOWN: usize = 200;

impl App {
    /// Every key that works here, this pane's first.
    pub(super) fn open_help(&mut self) {
        let places = self.places();
        let has_keys = |command: &&Command| !self.keymap.of_command(command).is_empty();
        let items =
            places.iter().flat_map(|place| COMMANDS.iter().filter(|command| command.place == *place).filter(has_keys));
        let items: Vec<Item> = items.map(|command| self.item(command, true)).collect();
        let mut picker = Picker::new(Purpose::Command, "[?] Keys", items);
        picker.notes = vec![
            "⏎ goes deeper, Esc comes back. : finds every command, also without a key.".to_owned(),
            "● exact  ◐ computing  ◀ biggest drop  ✗ failed, the last answer stays".to_owned(),
        ];
        self.overlays.push(Overlay::Help(picker));
    }

    /// Every command of every pane; those that cannot be done now say why.
    pub(super) fn open_palette(&mut self) {
        let is_typed = |place: Place| {
            matches!(
                place,
                Place::Prompt
                    | Place::List
                    | Place::Help
                    | Place::Page
                    | Place::Loading
                    | Place::Failed
                    | Place::Files
                    | Place::Columns
            )
        };
        let mut items: Vec<Item> = COMMANDS
            .iter()
            .filter(|command| !is_typed(command.place))
            .map(|command| self.item(command, false))
            .collect();
        items.sort_by_key(|item| item.disabled.is_some());
        self.overlays.push(Overlay::List(Picker::new(Purpose::Command, "[:] Commands", items)));
    }

    fn item(&self, command: &Command, is_help: bool) -> Item {
        let keys = self.keymap.shown(command).join(" ");
        let disabled = if self.places().contains(&command.place) {
            self.allows(command.action).err().map(str::to_owned)
        } else {
            Some(format!("in {}", command.place.title()))
        };
        let place = command.place.title().to_owned();
        let (lead, detail) = if is_help { (keys, place) } else { (String::new(), keys) };
        Item { label: command.doc.to_owned(), lead, detail, value: command.name.to_owned(), disabled }
    }

    /// How the data was read, what was refused, and how far the rest can be trusted.
    pub(super) fn open_health(&mut self) {
        let Some(report) = &self.report else { return };
        let mut lines = Vec::new();
        let notes = self.top().facts(None).answer.map_or(&[][..], Answer::notes);
        if !notes.is_empty() {
            lines.push("About the numbers on the screen".to_owned());
            lines.extend(notes.iter().map(|note| format!("  {note}")));
        }
        lines.push(conservation(report));
        for file in &report.files {
            lines.push(format!("  {} · {} · {}", file.file, file.format, words::bytes(file.bytes)));
            if !file.dialect.is_empty() {
                lines.push(format!("    {}", file.dialect));
            }
        }
        if let Some(Answer::Profile(profile)) = self.stacks[&Screen::Home].top().facts(None).answer {
            lines.push("How far to trust it".to_owned());
            lines.extend(health_lines(profile, None).into_iter().map(|line| format!("  {}", line.text)));
        }
        if !report.notes.is_empty() {
            lines.push("Notes".to_owned());
            lines.extend(report.notes.iter().map(|note| format!("  {note}")));
        }
        lines.push("Columns".to_owned());
        for column in report.columns.iter().take(COLUMNS_SHOWN) {
            let sure = if column.certainty < 1.0 {
                format!(" · {:.0}% sure", column.certainty * 100.0)
            } else {
                String::new()
            };
            lines.push(format!(
                "  {}: {} · {}{sure} · like {}",
                column.role.name(),
                column.name,
                column.kind,
                column.example
            ));
        }
        if report.rejects.total() > 0 {
            lines.push(format!("Rejected rows: {}", words::count(report.rejects.total())));
            let counts = &report.rejects.counts;
            lines.extend(counts.iter().map(|(reason, n)| format!("  {} {}", words::count(*n), reason.name())));
            lines.extend(report.rejects.kept.iter().take(REJECTS_SHOWN).map(|reject| {
                let column = reject.column.as_deref().map_or(String::new(), |column| format!(" in {column}"));
                format!("  line {}: {}{column}: {}", reject.line, reject.reason.name(), reject.text)
            }));
        }
        self.overlays.push(Overlay::Page(Page::new("[i] Data".to_owned(), lines)));
    }

    /// The commands for the key line: what can be done now, most useful first.
    pub(super) fn hints(&self) -> Vec<(&'static Command, u8, &'static str)> {
        let places = self.places();
        debug_assert!(MEETINGS.iter().any(|meeting| places.iter().all(|place| meeting.contains(place))));
        let mut hints: Vec<_> = COMMANDS
            .iter()
            .filter(|command| places.contains(&command.place))
            .filter_map(|command| command.hint.map(|(rank, word)| (command, rank, word)))
            .filter(|(command, _, _)| self.allows(command.action).is_ok())
            .collect();
        hints.sort_by_key(|(_, rank, _)| *rank);
        hints
    }
}
