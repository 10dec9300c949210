//! The customers pane: everybody, or those behind one number of another pane, one line each.

use ratatui::layout::Rect;

use crate::analysis::{Answer, Customers, CustomersSpec, Scope, Spec};
use crate::table::{Cell, Table};
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::complete::Source;
use crate::tui::filter::both;
use crate::tui::grid::{Grid, Widths};
use crate::tui::paint::{Border, Pen, scroll};
use crate::tui::pane::{Effect, Facts, Pane, Purpose, moved};
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
}

pub struct CustomersPane {
    spec: CustomersSpec,
    /// An expression that holds for them, beside what the scope asks.
    also: Option<String>,
    /// What they have in common.
    title: String,
    cursor: usize,
    from: usize,
    /// Who is under the cursor, to be found again in another answer.
    held: Option<String>,
    sorted_by: Option<(usize, bool)>,
    widths: Widths,
    searched: String,
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

    fn new(spec: CustomersSpec, title: String) -> Self {
        CustomersPane {
            spec,
            also: None,
            title,
            cursor: 0,
            from: 0,
            held: None,
            sorted_by: None,
            widths: Widths::default(),
            searched: String::new(),
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
        match self.spec.of.as_deref_mut() {
            Some(Spec::Funnel(spec)) => spec.scope = scope.clone(),
            Some(Spec::Retention(spec)) => spec.scope = scope.clone(),
            Some(Spec::Compare(spec)) => spec.scope = scope.clone(),
            Some(Spec::Lifecycle(spec)) => spec.scope = scope.clone(),
            Some(Spec::Profile(_) | Spec::Customers(_) | Spec::Journey(_) | Spec::Events(_)) | None => {}
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
        Grid { table, widths: &self.widths, sorted_by: self.sorted_by, from, cursor: self.cursor }
            .view(facts, inside, pen)
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
