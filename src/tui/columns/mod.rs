//! The screen that says which column is what, and what would come of it, before the data is read.
//!
//! ```text
//! ╭─ Columns ─────────────────────────────────────────── 12 columns, looked at 5,000 rows ─╮
//! │ ▸ customer   customer_id     text    C0041877 · C0012904                          99% │
//! │   event      event_name      text    visit · search · view_item                   98% │
//! ╰─────────────────────────────────────── ↑↓ move · Space chooses · ⏎ accepts all ───────╯
//! ╭─ Check before you trust it ────────────────────────────────────────────────────────────╮
//! │ ✓ each of 5,000 rows has a customer, an event and a time                               │
//! │ ⚠ times have no zone                                          [UTC]  Europe/Berlin  …  │
//! ╰────────────────────────────────────────────────────────────────────────────────────────╯
//! ```

mod view;

use super::command::RowAction;
use super::pane::{Purpose, moved};
use super::picker::{Item, Picker};
use super::words;
use crate::base::Zone;
use crate::base::visible::{truncate, visible};
use crate::ingest::preview::Column;
use crate::ingest::roles::{ROLES, flag_place, flag_value};
use crate::ingest::{LoadOptions, Outcome, Preview, Role};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnsAction {
    Accept,
    Choose,
    Previous,
    Next,
    CopyFlags,
    Report,
    Back,
}

/// Where leaving the screen leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    Files,
    Workbench,
    /// To the message that says why the data could not be read.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    Roles,
    Checks,
}

/// What can be chosen beside a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Duplicates,
    Zone,
    Format,
}

struct Check {
    mark: &'static str,
    text: String,
    choice: Option<Choice>,
}

pub struct ColumnsScreen {
    /// As they will be read, and as they would have been.
    pub options: LoadOptions,
    given: LoadOptions,
    pub back: Return,
    /// Why this is asked.
    reason: Option<String>,
    preview: Option<Preview>,
    outcome: Option<Result<Outcome, String>>,
    panel: Panel,
    role: usize,
    check: usize,
    /// The zone of this machine.
    here: Option<String>,
}

/// Roles that no event can do without.
const REQUIRED: usize = 3;

/// Ways in which times are often written and seldom understood.
const TIME_FORMATS: [(&str, &str); 9] = [
    ("%d.%m.%Y %H:%M", "31.12.2026 23:59"),
    ("%d.%m.%Y %H:%M:%S", "31.12.2026 23:59:59"),
    ("%d/%m/%Y %H:%M", "31/12/2026 23:59"),
    ("%m/%d/%Y %H:%M", "12/31/2026 23:59"),
    ("%Y-%m-%d %H:%M:%S", "2026-12-31 23:59:59"),
    ("epoch-s", "seconds since 1970"),
    ("epoch-ms", "milliseconds since 1970"),
    ("epoch-us", "microseconds since 1970"),
    ("epoch-ns", "nanoseconds since 1970"),
];

impl ColumnsScreen {
    pub fn new(options: LoadOptions, back: Return, reason: Option<String>, here: Option<String>) -> Self {
        ColumnsScreen {
            given: options.clone(),
            options,
            back,
            reason,
            preview: None,
            outcome: None,
            panel: Panel::Roles,
            role: 0,
            check: 0,
            here,
        }
    }

    /// Takes a look at the columns; the first role that is not clear gets the cursor.
    pub fn take(&mut self, preview: Preview) {
        let is_first = self.preview.is_none();
        self.preview = Some(preview);
        self.outcome = None;
        if let (true, Some(at)) = (is_first, self.unclear()) {
            self.role = at;
        }
    }

    pub fn take_outcome(&mut self, outcome: Result<Outcome, String>) {
        self.outcome = Some(outcome);
        self.check = self.check.min(self.checks().len().saturating_sub(1));
    }

    /// The first role that needs a column and has none that is safe.
    pub fn unclear(&self) -> Option<usize> {
        let preview = self.preview.as_ref()?;
        preview.guesses.iter().take(REQUIRED).position(|guess| guess.doubt.is_some() || guess.column.is_none())
    }

    pub fn file(&self, options: &LoadOptions) -> String {
        let named = options.sources.first().map_or("", String::as_str);
        let file = self.preview.as_ref().map_or(named, |preview| &preview.file);
        file.rsplit('/').next().unwrap_or(file).to_owned()
    }

    pub fn column_names(&self) -> Vec<String> {
        self.preview.iter().flat_map(|preview| &preview.columns).map(|column| column.name.clone()).collect()
    }

    /// How to read the data as it stands on the screen. What was guessed is named too, where there is one file: several
    /// may call the same thing differently.
    pub fn accepted(&self) -> LoadOptions {
        let mut options = self.options.clone();
        let Some(preview) = self.preview.as_ref().filter(|preview| preview.n_files == 1) else { return options };
        let anonymous =
            preview.guesses.iter().find(|guess| guess.role == Role::Anonymous).and_then(|guess| guess.column);
        for guess in &preview.guesses {
            // A file of anonymous ids alone has nobody else to name.
            if guess.role == Role::Customer && guess.column.is_some() && guess.column == anonymous {
                continue;
            }
            if flag_value(&options, guess.role).is_none() {
                *flag_place(&mut options, guess.role) = guess.column.map(|at| preview.columns[at].name.clone());
            }
        }
        options
    }

    /// # Errors
    /// Why not, in words that follow the command's name.
    pub fn allows(&self, action: ColumnsAction) -> Result<(), &'static str> {
        if self.preview.is_none() && action != ColumnsAction::Back {
            return Err("the columns are being looked at");
        }
        let has_choice = self.panel == Panel::Checks && self.choice().is_some();
        match action {
            ColumnsAction::Previous | ColumnsAction::Next if !has_choice => Err("there is nothing to choose between"),
            ColumnsAction::Choose if self.panel == Panel::Checks && !has_choice => Err("this check leaves no choice"),
            ColumnsAction::Report if !matches!(self.outcome, Some(Ok(_))) => Err("nothing was tried yet"),
            _ => Ok(()),
        }
    }

    pub fn step(&mut self, action: RowAction) {
        match action {
            RowAction::NextPanel | RowAction::PreviousPanel => {
                self.panel = if self.panel == Panel::Roles { Panel::Checks } else { Panel::Roles };
                if self.panel == Panel::Checks {
                    self.check = self.checks().iter().position(|check| check.choice.is_some()).unwrap_or(0);
                }
            }
            _ => {
                let (cursor, len) = match self.panel {
                    Panel::Roles => (&mut self.role, ROLES.len()),
                    Panel::Checks => {
                        let len = self.checks().len();
                        (&mut self.check, len)
                    }
                };
                *cursor = moved(*cursor, action, len, len).unwrap_or(*cursor);
            }
        }
    }

    /// Puts the cursor on a line by its place among `lines`.
    pub fn point(&mut self, at: usize) {
        let n_checks = self.checks().len();
        if at < ROLES.len() {
            (self.panel, self.role) = (Panel::Roles, at);
        } else {
            (self.panel, self.check) = (Panel::Checks, (at - ROLES.len()).min(n_checks.saturating_sub(1)));
        }
    }

    fn choice(&self) -> Option<Choice> {
        self.checks().get(self.check)?.choice
    }

    /// A list to choose from, for what the cursor is on; `None` where it was chosen at once.
    pub fn choose(&mut self) -> Option<Picker> {
        match (self.panel, self.choice()) {
            (Panel::Roles, _) => Some(self.columns_to_choose(self.role)),
            (Panel::Checks, Some(Choice::Duplicates)) => {
                self.options.dedupe = !self.options.dedupe;
                None
            }
            (Panel::Checks, Some(Choice::Zone)) => {
                let item = |name: String| Item { label: name.clone(), value: name, ..Item::default() };
                let names = self.zones().into_iter().chain(Zone::names()).map(item);
                let now = self.options.zone.clone().unwrap_or_default();
                let picker = Picker::new(Purpose::ZoneOfTimes, "Times without a zone are of", names.collect());
                Some(picker.at(now.name()))
            }
            (Panel::Checks, Some(Choice::Format)) => {
                let item = |label: &str, detail: &str, value: &str| Item {
                    label: label.to_owned(),
                    detail: detail.to_owned(),
                    value: value.to_owned(),
                    ..Item::default()
                };
                let found = item("found out from the values", "", "");
                let formats = TIME_FORMATS.iter().map(|(format, example)| item(format, example, format));
                let items = std::iter::once(found).chain(formats).collect();
                Some(Picker::new(Purpose::FormatOfTimes, "Times are written as", items))
            }
            (Panel::Checks, None) => None,
        }
    }

    /// The columns that may play a role, the likeliest first, with what stands in them.
    pub fn columns_to_choose(&mut self, role: usize) -> Picker {
        self.role = role;
        self.panel = Panel::Roles;
        let mut items = Vec::new();
        if role >= REQUIRED {
            items.push(Item { label: "no column".to_owned(), ..Item::default() });
        }
        if let Some(preview) = &self.preview {
            let candidates = preview.guesses.get(role).map(|guess| guess.candidates.clone()).unwrap_or_default();
            items.extend(candidates.into_iter().map(|at| {
                let column = &preview.columns[at];
                Item {
                    label: visible(&column.name).into_owned(),
                    detail: truncate(&examples(column, 4), 44).into_owned(),
                    lead: column.kind.name().to_owned(),
                    value: column.name.clone(),
                    ..Item::default()
                }
            }));
        }
        let mut picker = Picker::new(Purpose::ColumnOfRole, format!("The {} is in", ROLES[role].name()), items);
        picker.notes = vec![meaning(ROLES[role]).to_owned()];
        match self.column_of(role) {
            Some((column, _)) => picker.at(&column.name),
            None => picker,
        }
    }

    /// Gives the role under the cursor a column, or none; whoever had that column before is guessed anew.
    pub fn set_column(&mut self, name: &str) {
        for role in ROLES {
            if !name.is_empty() && flag_value(&self.options, role) == Some(name) {
                *flag_place(&mut self.options, role) = None;
            }
        }
        *flag_place(&mut self.options, ROLES[self.role]) = Some(name.to_owned());
        self.outcome = None;
    }

    pub fn set_zone(&mut self, name: &str) {
        self.options.zone = name.parse().ok().filter(|zone: &Zone| !zone.is_utc());
    }

    pub fn set_format(&mut self, format: &str) {
        self.options.time_format = (!format.is_empty()).then(|| format.to_owned());
    }

    /// Takes the next or the previous of the few choices beside a check.
    pub fn turn(&mut self, by: isize) {
        match self.choice() {
            Some(Choice::Duplicates) => self.options.dedupe = !self.options.dedupe,
            Some(Choice::Zone) => {
                let zones = self.zones();
                let now = self.options.zone.clone().unwrap_or_default();
                let at = zones.iter().position(|zone| zone == now.name()).unwrap_or(0) as isize;
                let next = zones[(at + by).rem_euclid(zones.len() as isize) as usize].clone();
                self.set_zone(&next);
            }
            Some(Choice::Format) | None => {}
        }
    }

    /// The zones that are likeliest meant.
    fn zones(&self) -> Vec<String> {
        let mut zones = vec!["UTC".to_owned()];
        let chosen = self.options.zone.as_ref().map(|zone| zone.name().to_owned());
        for zone in self.here.iter().cloned().chain(chosen) {
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        zones
    }

    fn column_of(&self, role: usize) -> Option<(&Column, f64)> {
        let preview = self.preview.as_ref()?;
        if let Some(name) = flag_value(&self.options, ROLES[role]) {
            return preview.columns.iter().find(|column| column.name == name).map(|column| (column, 1.0));
        }
        let guess = preview.guesses.get(role)?;
        Some((&preview.columns[guess.column?], guess.certainty))
    }

    /// One line of the status: what happens next.
    pub fn note(&self, is_remembered: bool) -> String {
        match self.unclear() {
            _ if self.preview.is_none() => String::new(),
            Some(at) => format!("⏎ chooses the column of the {}", ROLES[at].name()),
            None if is_remembered => {
                "⏎ reads the data like this, and remembers it for files with these columns".to_owned()
            }
            None => "⏎ reads the data like this".to_owned(),
        }
    }

    /// How the start was read, in full.
    pub fn report(&self) -> Vec<String> {
        let Some(Ok(outcome)) = &self.outcome else { return Vec::new() };
        let mut lines = vec![format!("Read from the start: {}", words::things(outcome.rows, "row"))];
        lines.extend(outcome.rejected.iter().map(|(why, n)| format!("  {} {}", words::count(*n), why.name())));
        if !outcome.notes.is_empty() {
            lines.push("Notes".to_owned());
            lines.extend(outcome.notes.iter().map(|note| format!("  {note}")));
        }
        if !outcome.rejects.is_empty() {
            lines.push("Rejected, for example".to_owned());
            lines.extend(outcome.rejects.iter().map(|reject| {
                let column = reject.column.as_deref().map_or(String::new(), |column| format!(" in {column}"));
                format!("  line {}: {}{column}: {}", reject.line, reject.reason.name(), reject.text)
            }));
        }
        lines
    }
}

fn examples(column: &Column, most: usize) -> String {
    let shown: Vec<String> =
        column.examples.iter().take(most).map(|text| truncate(&visible(text), 40).into_owned()).collect();
    let filled = if column.filled < 0.995 { format!("   {:.0}% filled", column.filled * 100.0) } else { String::new() };
    format!("{}{filled}", shown.join(" · "))
}

fn meaning(role: Role) -> &'static str {
    match role {
        Role::Customer => "Whose journey it is: the same id in every row of one customer.",
        Role::Event => "What happened: its names are the steps of journeys.",
        Role::Time => "When it happened: it puts a journey in order.",
        Role::Channel => "Through what it came: web, app, store, call.",
        Role::Value => "Amounts that may be added up.",
        Role::Score => "Scores that customers gave.",
        Role::Session => "An id whose change starts a new session; without it, a gap does.",
        Role::Anonymous => "Ids of people before they are known: rows that carry both link them to the customer.",
        Role::Id | Role::Property => "",
    }
}
