//! Draws the pane: the view that is shown in its frame, with the sentence about what is under the cursor; and sorts it.

use ratatui::layout::Rect;

use super::heat::Number;
use super::list::List;
use super::{PathsPane, View, flow, ranked};
use crate::analysis::paths::Part;
use crate::tui::paint::{Border, Pen};
use crate::tui::pane::{Facts, Pane, Purpose};
use crate::tui::picker::{Item, Picker};
use crate::tui::theme::Tone;

impl PathsPane {
    /// The list of this view that can be sorted.
    pub(super) fn sortable(&mut self) -> Option<&mut List> {
        match self.shown() {
            View::Ranking => Some(&mut self.ranking),
            View::Patterns => Some(&mut self.patterns),
            View::Loops => Some(self.loops.list_mut()),
            View::Tree | View::Flow | View::Transitions => None,
        }
    }

    pub(super) fn sort_picker(&mut self, facts: &Facts<'_>) -> Option<Picker> {
        if self.shown() == View::Transitions {
            let item = |number: &Number| {
                let label = number.name().to_owned();
                Item { value: label.clone(), label, ..Item::default() }
            };
            let picker = Picker::new(Purpose::SortBy, "Show in the cells", Number::ALL.iter().map(item).collect());
            return Some(picker.at(self.heat.number.name()));
        }
        let tables = facts.answer?.tables();
        let name = self.table_name(facts);
        let table = tables.iter().find(|table| Some(table.name.as_str()) == name)?;
        let sorted_by = self.sortable()?.sorted_by;
        let none = Item { label: "as it comes".to_owned(), value: String::new(), ..Item::default() };
        let columns = table.columns.iter().enumerate().map(|(i, column)| Item {
            label: column.name.clone(),
            detail: match sorted_by {
                Some((by, descending)) if by == i => {
                    if descending { "▼ again: up" } else { "▲ again: down" }.to_owned()
                }
                _ => String::new(),
            },
            value: i.to_string(),
            ..Item::default()
        });
        let current = sorted_by.map_or(String::new(), |(by, _)| by.to_string());
        Some(Picker::new(Purpose::SortBy, "Sort by", std::iter::once(none).chain(columns).collect()).at(&current))
    }

    pub(super) fn sort(&mut self, text: &str, facts: &Facts<'_>) -> Option<()> {
        if self.shown() == View::Transitions {
            let number = *Number::ALL.iter().find(|number| number.name() == text)?;
            self.heat.set_number(number, Self::transitions(facts)?);
            return Some(());
        }
        let tables = facts.answer?.tables();
        let name = self.table_name(facts);
        let table = tables.iter().find(|table| Some(table.name.as_str()) == name)?;
        let column = text.parse::<usize>().ok().filter(|column| *column < table.columns.len());
        let list = self.sortable()?;
        list.sorted_by = column.map(|column| match list.sorted_by {
            Some((by, descending)) if by == column => (column, !descending),
            _ => (column, table.columns[column].kind != crate::table::Kind::Text),
        });
        self.take_answer(facts);
        Some(())
    }

    fn sentence(&self, facts: &Facts<'_>, room: usize) -> String {
        let back = self.ask.reverse;
        let sentence = match self.shown() {
            View::Tree => Self::paths(facts, Part::Tree).map(|answer| self.tree.sentence(answer, back)),
            View::Ranking => Self::paths(facts, Part::Sequences)
                .map(|answer| ranked::sequences_sentence(answer, &self.ranking, back, room)),
            View::Transitions => Self::transitions(facts).map(|answer| self.heat.sentence(answer)),
            View::Patterns => self.target(facts).map(|target| target.text),
            View::Flow | View::Loops => None,
        };
        sentence.unwrap_or_default()
    }

    pub(super) fn draw(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        self.is_wide.set(area.width >= flow::WIDE && area.height >= 9);
        let (title, foot) = (self.title(facts), self.settings());
        let note = format!("v {}", self.view.next(false).name());
        let border = Border { title: &title, note: &note, foot: &foot, has_focus: true };
        match self.shown() {
            View::Flow => {
                if let Some(answer) = Self::paths(facts, Part::Nodes) {
                    let least = self.ask.min_share.0;
                    return self.flow.view(answer, &border, facts.is_zoomed, least, area, pen);
                }
            }
            View::Loops => {
                if let Some(answer) = Self::paths(facts, Part::Loops) {
                    return self.loops.view(answer, facts.is_zoomed, area, pen);
                }
            }
            View::Tree | View::Ranking | View::Transitions | View::Patterns => {}
        }
        let is_framed = area.width >= 60 && area.height >= 9;
        let inside = if is_framed { pen.frame(area, &border) } else { area };
        let list = Rect { height: inside.height.saturating_sub(u16::from(is_framed)), ..inside };
        let back = self.ask.reverse;
        let page = match self.shown() {
            View::Tree => Self::paths(facts, Part::Tree).map(|answer| self.tree.view(answer, back, list, pen)),
            View::Ranking => Self::paths(facts, Part::Sequences)
                .map(|answer| ranked::view_sequences(answer, &self.ranking, back, list, pen)),
            View::Transitions => Self::transitions(facts).map(|answer| self.heat.view(answer, list, pen)),
            View::Patterns => {
                Self::found(facts).map(|answer| ranked::view_patterns(answer, &self.patterns, self.has_gaps, list, pen))
            }
            View::Flow | View::Loops => None,
        };
        if page.is_some() && self.len(facts) == 0 {
            pen.clear(list);
            pen.text(list.x + 1, list.y, list.width.saturating_sub(2), self.nothing(), Tone::Dim);
        }
        if is_framed {
            let room = usize::from(inside.width.saturating_sub(4));
            pen.rule(inside, inside.bottom() - 1, &self.sentence(facts, room));
        }
        page.unwrap_or(usize::from(list.height.saturating_sub(1)))
    }

    fn nothing(&self) -> &'static str {
        match self.shown() {
            View::Patterns => "No pattern is held by that many; % sets a smaller share.",
            View::Tree => "No path begins with a touchpoint that often; % sets a smaller share.",
            _ => "Nobody takes such a path; * reads whole journeys.",
        }
    }
}
