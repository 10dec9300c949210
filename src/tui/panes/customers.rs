//! The customers pane: everybody, or those behind one number of another pane, one line each.

use ratatui::layout::Rect;

use crate::analysis::{Among, Answer, Customers, CustomersSpec, Scope, Spec};
use crate::table::{Cell, Table};
use crate::tui::cohort::narrowed_within;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::complete::{Source, quoted};
use crate::tui::filter::both;
use crate::tui::grid::{Grid, Widths};
use crate::tui::marks::Marks;
use crate::tui::paint::{Border, Pen, scroll};
use crate::tui::pane::{Effect, Facts, Group, Pane, Purpose, moved};
use crate::tui::panes::journey::JourneyPane;
use crate::tui::picker::{Item, Picker};
use crate::tui::prompt::Prompt;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomersAction {
    Open,
    Sort,
    Unsort,
    Find,
    Mark,
    MarkRange,
    MarkAll,
    Unmark,
}

/// Most marked customers that can be named one by one in a cohort.
const NAMED_MAX: usize = 2_000;

pub struct CustomersPane {
    spec: CustomersSpec,
    /// An expression that holds for them, beside what the scope asks.
    also: Option<String>,
    /// A number that they are behind as well, asked for in the scope that all share.
    within: Option<Among>,
    /// What they have in common.
    title: String,
    cursor: usize,
    from: usize,
    /// Who is under the cursor, to be found again in another answer.
    held: Option<String>,
    sorted_by: Option<(usize, bool)>,
    widths: Widths,
    searched: String,
    marks: Marks,
}

impl CustomersPane {
    pub fn everybody(scope: Scope) -> Self {
        Self::new(CustomersSpec { of: None, cell: None, scope }, "Customers".to_owned())
    }

    /// Those behind a number of another answer.
    pub fn of(spec: Spec, cell: String, title: String, scope: Scope) -> Self {
        Self::new(CustomersSpec { of: Some(Box::new(spec)), cell: Some(cell), scope }, title)
    }

    /// Those for whom an expression holds, beside what the scope asks.
    pub fn who(expression: String, title: String, scope: &Scope) -> Self {
        let mut pane = Self::new(CustomersSpec::default(), title);
        pane.also = Some(expression);
        pane.set_scope(scope);
        pane
    }

    /// Keeps to those behind another number too, whatever is filtered.
    pub fn within(mut self, among: Option<Among>) -> Self {
        self.within = among;
        self
    }

    fn new(spec: CustomersSpec, title: String) -> Self {
        CustomersPane {
            spec,
            also: None,
            within: None,
            title,
            cursor: 0,
            from: 0,
            held: None,
            sorted_by: None,
            widths: Widths::default(),
            searched: String::new(),
            marks: Marks::default(),
        }
    }

    fn len(facts: &Facts<'_>) -> usize {
        facts.table.map_or(0, Table::len)
    }

    fn answer<'a>(facts: &Facts<'a>) -> Option<&'a Customers> {
        match facts.answer {
            Some(Answer::Customers(answer)) => Some(answer),
            _ => None,
        }
    }

    fn name_at(place: usize, facts: &Facts<'_>) -> Option<String> {
        let table = facts.table.filter(|table| place < table.len())?;
        match table.row(facts.row_at(place)).first() {
            Some(Cell::Text(name)) => Some(name.clone()),
            _ => None,
        }
    }

    fn go(&mut self, place: usize, facts: &Facts<'_>) {
        self.cursor = place;
        self.from = scroll(self.from, self.cursor, facts.page, Self::len(facts));
        self.held = Self::name_at(self.cursor, facts);
    }

    /// Where a customer stands now. Ids are compared first: names are made row by row.
    fn place_of(name: &str, facts: &Facts<'_>) -> Option<usize> {
        let answer = Self::answer(facts)?;
        let id = answer.view.store().find_customer(name)?;
        let row = answer.ids.iter().position(|other| *other == id)?;
        match facts.order {
            Some(order) => order.iter().position(|&other| other as usize == row),
            None => Some(row),
        }
    }

    fn mark(&mut self, action: CustomersAction, facts: &Facts<'_>) -> Option<Effect> {
        let answer = Self::answer(facts)?;
        let n_customers = answer.view.store().n_customers();
        let id_at = |place: usize| answer.ids.get(facts.row_at(place)).copied();
        match action {
            CustomersAction::Mark => {
                self.marks.toggle(id_at(self.cursor)?, n_customers);
                self.marks.last = Some(self.cursor);
                let next = (self.cursor + 1).min(Self::len(facts).saturating_sub(1));
                self.go(next, facts);
            }
            CustomersAction::MarkRange => {
                let from = self.marks.last.unwrap_or(0).min(Self::len(facts).saturating_sub(1));
                let (low, high) = (from.min(self.cursor), from.max(self.cursor));
                self.marks.set((low..=high).filter_map(id_at), true, n_customers);
                self.marks.last = Some(self.cursor);
            }
            CustomersAction::MarkAll => self.marks.set(answer.ids.iter().copied(), true, n_customers),
            _ => self.marks.clear(),
        }
        let n = self.marks.count() as u64;
        Some(Effect::Say(if n == 0 {
            "nobody is marked".into()
        } else {
            format!("{} marked", words::things(n, "customer"))
        }))
    }

    /// The rows to copy and to write: those marked, or all as they are sorted.
    fn rows(&self, facts: &Facts<'_>) -> Option<Vec<usize>> {
        let answer = Self::answer(facts)?;
        if self.marks.is_empty() && facts.order.is_none() {
            return None;
        }
        let rows = (0..Self::len(facts)).map(|place| facts.row_at(place));
        Some(
            rows.filter(|&row| self.marks.is_empty() || answer.ids.get(row).is_some_and(|id| self.marks.has(*id)))
                .collect(),
        )
    }

    fn sort_picker(&self, table: &Table) -> Picker {
        let items = table.columns.iter().enumerate().map(|(i, column)| Item {
            label: column.name.clone(),
            detail: match self.sorted_by {
                Some((by, descending)) if by == i => {
                    if descending { "▼ again: up" } else { "▲ again: down" }.to_owned()
                }
                _ => String::new(),
            },
            value: i.to_string(),
            ..Item::default()
        });
        let current = self.sorted_by.map_or(String::new(), |(by, _)| by.to_string());
        Picker::new(Purpose::SortBy, "Sort by", items.collect()).at(&current)
    }
}

impl Pane for CustomersPane {
    fn place(&self) -> Place {
        Place::Customers
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Customers(self.spec.clone()))
    }

    fn set_scope(&mut self, scope: &Scope) {
        let narrower = self.within.as_ref().map(|among| narrowed_within(scope, among));
        let scope = narrower.as_ref().unwrap_or(scope);
        if let Some(of) = self.spec.of.as_deref_mut() {
            *of.scope_mut() = scope.clone();
        }
        self.spec.scope = scope.clone();
        if let Some(also) = &self.also {
            self.spec.scope.customers = Some(both(scope.customers.as_deref(), also));
        }
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        let with_rows = if Self::len(facts) == 0 { Err("needs a customer in the list") } else { Ok(()) };
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => Err("there is only one panel here"),
            Action::Row(_) => with_rows,
            Action::Customers(CustomersAction::Unmark) if self.marks.is_empty() => Err("nobody is marked"),
            Action::Customers(CustomersAction::Unsort) if self.sorted_by.is_none() => Err("the list is not sorted"),
            Action::Customers(_) => with_rows,
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(action) => {
                if let Some(place) = moved(self.cursor, action, Self::len(facts), facts.page) {
                    self.go(place, facts);
                }
                None
            }
            Action::Customers(CustomersAction::Open) => {
                let name = Self::name_at(self.cursor, facts)?;
                self.held = Some(name.clone());
                Some(Effect::Push(Box::new(JourneyPane::new(name, self.spec.scope.clone()))))
            }
            Action::Customers(CustomersAction::Sort) => Some(Effect::Pick(self.sort_picker(facts.table?))),
            Action::Customers(CustomersAction::Unsort) => {
                self.sorted_by = None;
                Some(Effect::Unsort)
            }
            Action::Customers(
                action @ (CustomersAction::Mark
                | CustomersAction::MarkRange
                | CustomersAction::MarkAll
                | CustomersAction::Unmark),
            ) => self.mark(action, facts),
            Action::Customers(CustomersAction::Find) => {
                let prompt = Prompt::new(Purpose::Find, "Find in the customer's id", Source::Nothing, &*self.searched);
                Some(Effect::Ask(prompt))
            }
            _ => None,
        }
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], facts: &Facts<'_>) -> Result<Option<Effect>, String> {
        let text = texts.first().cloned().unwrap_or_default();
        match purpose {
            Purpose::Find if text.is_empty() => Ok(None),
            Purpose::Find => {
                self.searched.clone_from(&text);
                Ok(Some(Effect::Find { text, behind: self.cursor }))
            }
            Purpose::SortBy => {
                let Ok(column) = text.parse::<usize>() else { return Ok(None) };
                let kind = facts.table.and_then(|table| table.columns.get(column)).map(|column| column.kind);
                let descending = match self.sorted_by {
                    Some((by, descending)) if by == column => !descending,
                    // Numbers and times are looked at from the largest, names from the start of the alphabet.
                    _ => kind.is_some_and(|kind| kind != crate::table::Kind::Text),
                };
                self.sorted_by = Some((column, descending));
                Ok(Some(Effect::Sort { column, descending }))
            }
            _ => Ok(None),
        }
    }

    fn data_changed(&mut self) {
        self.marks.clear();
    }

    fn point(&mut self, _: u8, row: usize, facts: &Facts<'_>) {
        self.go(row.min(Self::len(facts).saturating_sub(1)), facts);
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        if let Some(table) = facts.table {
            self.widths = Widths::of(table);
        }
        let last = Self::len(facts).saturating_sub(1);
        let held = self.held.as_deref().and_then(|name| Self::place_of(name, facts));
        let place = held.unwrap_or(self.cursor.min(last));
        self.cursor = place;
        self.from = scroll(self.from, place, facts.page, Self::len(facts));
    }

    fn found(&mut self, place: usize, facts: &Facts<'_>) {
        self.go(place.min(Self::len(facts).saturating_sub(1)), facts);
    }

    fn crumb(&self, facts: &Facts<'_>) -> String {
        match Self::answer(facts) {
            Some(answer) => format!("{} {}", self.title, words::count(answer.ids.len() as u64)),
            None => self.title.clone(),
        }
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "One line per customer, in the order of their ids until s sorts by a column. ⏎ opens the timeline of the one under the cursor.",
            "first and last are the times of their first and last event here, sessions are pieces of the journey between gaps, value is the sum of the value column.",
            "A list that a number opened is as long as that number; where the unit is smaller than a customer, one stands there several times.",
            "Space marks, V marks a range, * marks all; y i copies the ids, e writes them to a file, C saves them as a cohort.",
        ]
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let len = Self::len(facts);
        let n = Self::answer(facts).map(|answer| words::things(answer.ids.len() as u64, "customer"));
        let title = n.map_or(self.title.clone(), |n| format!("{} — {n}", self.title));
        let note = match (self.sorted_by, facts.table) {
            (Some((by, descending)), Some(table)) => {
                let name = table.columns.get(by).map_or("", |column| column.name.as_str());
                format!("by {name} {}", if descending { "▼" } else { "▲" })
            }
            _ => "by customer id".to_owned(),
        };
        let marked = match self.marks.count() {
            0 => String::new(),
            n => format!("{} marked · ", words::count(n as u64)),
        };
        let note = format!("{marked}{note}");
        let framed = area.width >= 40 && area.height >= 5;
        let rows = usize::from(area.height.saturating_sub(if framed { 3 } else { 1 }));
        let from = scroll(self.from, self.cursor, rows, len);
        let foot = if len == 0 {
            String::new()
        } else {
            let to = (from + rows).min(len);
            format!("{}–{} of {}", words::count(from as u64 + 1), words::count(to as u64), words::count(len as u64))
        };
        let border = Border { title: &title, note: &note, foot: &foot, has_focus: true };
        let inside = if framed { pen.frame(area, &border) } else { area };
        let Some(table) = facts.table else { return rows };
        if len == 0 {
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), "Nobody.", crate::tui::theme::Tone::Dim);
            return rows;
        }
        let answer = Self::answer(facts);
        let is_marked =
            |row: usize| answer.and_then(|answer| answer.ids.get(row)).is_some_and(|id| self.marks.has(*id));
        let marked: Option<&dyn Fn(usize) -> bool> = if self.marks.is_empty() { None } else { Some(&is_marked) };
        Grid { table, widths: &self.widths, sorted_by: self.sorted_by, from, cursor: self.cursor, marked }
            .view(facts, inside, pen)
    }

    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        Self::name_at(self.cursor, facts)
    }

    fn group(&self, facts: &Facts<'_>) -> Result<Group, &'static str> {
        let answer = Self::answer(facts).ok_or("needs the list, which is still being computed")?;
        let n_marked = self.marks.count();
        if n_marked > NAMED_MAX && n_marked < answer.ids.len() {
            return Err("marks too many customers to name one by one; filter to them instead");
        }
        if n_marked > 0 && n_marked < answer.ids.len() {
            let names = answer.ids.iter().filter(|id| self.marks.has(**id));
            let mut names: Vec<String> = names.map(|id| quoted(answer.view.store().customer_name(*id))).collect();
            names.dedup();
            let among = Among::expression(&format!("customer in [{}]", names.join(", ")));
            let title = words::things(names.len() as u64, "marked customer");
            return Ok(Group { among, title, size: names.len() as u64 });
        }
        if answer.ids.is_empty() {
            return Err("needs a customer in the list");
        }
        let among = match (&self.spec.of, &self.spec.cell) {
            (Some(of), Some(cell)) => Among::new((**of).clone(), Some(cell.clone())),
            _ => Among::new(Spec::Customers(self.spec.clone()), None),
        };
        let title = words::lowered(&self.title);
        Ok(Group { among, title, size: answer.ids.len() as u64 })
    }

    fn chosen_rows(&self, facts: &Facts<'_>) -> Option<Vec<usize>> {
        self.rows(facts)
    }

    fn step_to_customer(&mut self, by: isize, facts: &Facts<'_>) -> Option<String> {
        let place = self.cursor.checked_add_signed(by).filter(|&place| place < Self::len(facts))?;
        self.go(place, facts);
        self.held.clone()
    }

    fn cursor_of(&self, facts: &Facts<'_>) -> Option<(usize, usize)> {
        Some((self.cursor, Self::len(facts)))
    }
}
