//! The pages that the app makes of what it knows: the help, the palette, and how the data was read.

use super::App;
use crate::analysis::Answer;
use crate::tui::command::{COMMANDS, Command, MEETINGS, Place};
use crate::tui::filter;
use crate::tui::overlay::{Overlay, Page};
use crate::tui::pane::Purpose;
use crate::tui::panes::home::{conservation, health_lines};
use crate::tui::picker::{Item, Picker};
use crate::tui::screen::Screen;
use crate::tui::shell;
use crate::tui::words;

/// Rejected rows shown in full on the data page.
const REJECTS_SHOWN: usize = 50;

/// Columns shown on the data page.
const COLUMNS_SHOWN: usize = 200;

/// What the marks on the screens mean.
const MARKS: [&str; 4] = [
    "● exact · ◐ computing, or only a part of the data · ✗ failed, the last answer stays",
    "◀ the biggest drop · ▲▼ up and down, a word says whether that is good",
    "(none) no value · (other) everything that is not listed · (end) nothing came after",
    "95% CI the interval that holds the true share with 95 % confidence (Wilson)",
];

/// What an answer warns of.
fn notes_of(answer: Option<&Answer>) -> Vec<String> {
    let notes = answer.map_or(&[][..], Answer::notes);
    let title = (!notes.is_empty()).then(|| "About the numbers on the screen".to_owned());
    title.into_iter().chain(notes.iter().map(|note| format!("  {note}"))).collect()
}

impl App {
    /// Every key that works here, this pane's first.
    pub(super) fn open_help(&mut self) {
        let places = self.places();
        let has_keys = |command: &&Command| !self.keymap.of_command(command).is_empty();
        let items =
            places.iter().flat_map(|place| COMMANDS.iter().filter(|command| command.place == *place).filter(has_keys));
        let items: Vec<Item> = items.map(|command| self.item(command, true)).collect();
        let mut picker = Picker::new(Purpose::Command, "[?] Keys", items);
        picker.notes = self.help_notes();
        self.overlays.push(Overlay::Help(picker));
    }

    /// How to read the screen, and what is known about the terminal it is on.
    fn help_notes(&self) -> Vec<String> {
        let facts = self.look.facts();
        let fact = |what: &str| facts.iter().find(|[name, _, _]| name == what).map_or("", |[_, value, _]| value);
        let theme = match self.theme.name() {
            "16" | "mono" => String::new(),
            name => format!(", {name}"),
        };
        let signs = match (self.theme.ascii, self.look.known.is_wide) {
            (true, _) => "ASCII only",
            (false, Some(_)) => "widths checked",
            (false, None) => "widths not checked",
        };
        let whole = match self.look.known.synchronized {
            Some(true) => "frames whole",
            Some(false) => "frames not whole",
            None => "frames perhaps not whole",
        };
        let mouse = if self.look.has_mouse() { "on, hold Shift to select" } else { "off" };
        let mouse_key = self.keymap.hint("change-mouse");
        let keys = match self.keymap.n_rebound() {
            0 => "as they come; keys.toml changes them".to_owned(),
            n => format!("{n} changed in keys.toml"),
        };
        let search = self.keymap.hint("commands");
        vec![
            format!("⏎ goes deeper, Esc comes back. {search} finds every command, also without a key."),
            "MARKS  ● exact  ◐ computing  ◀ biggest drop  ✗ failed, the last answer stays".to_owned(),
            format!("COPY   {}   MOUSE {mouse} ({mouse_key})   KEYS {keys}", fact("copy")),
            format!("TERM   {} · {} colours{theme} · {signs} · {whole}", fact("TERM"), fact("colours")),
        ]
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

    /// What the screen shows, and what its numbers warn of.
    pub(super) fn explain(&mut self) {
        let layer = self.top();
        let facts = layer.facts(self.report.as_ref());
        let mut lines = vec!["What this shows".to_owned()];
        lines.extend(layer.pane.explain().iter().map(|sentence| format!("  {sentence}")));
        if let Some(spec) = layer.pane.spec() {
            lines.push("The same question as a command".to_owned());
            lines.push(format!("  {}", shell::command(&self.options, &spec)));
        }
        lines.extend(notes_of(facts.answer));
        let chips = filter::chips(&self.scope, &self.cohorts);
        if !chips.is_empty() {
            lines.push("Filters".to_owned());
            lines.extend(chips.into_iter().map(|chip| format!("  {chip}")));
        }
        lines.push("Marks".to_owned());
        lines.extend(MARKS.iter().map(|mark| format!("  {mark}")));
        lines.push("g d shows how the data was read, and what was refused".to_owned());
        self.overlays.push(Overlay::Page(Page::new(format!("[i] {}", self.screen.title()), lines)));
    }

    /// How the data was read, what was refused, and how far the rest can be trusted.
    pub(super) fn open_health(&mut self) {
        let Some(report) = &self.report else { return };
        let mut lines = Vec::new();
        lines.extend(notes_of(self.top().facts(None).answer));
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
        self.overlays.push(Overlay::Page(Page::new("[g d] Data".to_owned(), lines)));
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
