//! The funnel pane: build a funnel by keys and see at once who gets how far.

mod change;
mod lower;
mod steps;

use ratatui::layout::Rect;

use super::customers::CustomersPane;
use super::paths::PathsPane;
use crate::analysis::funnel::{After, FunnelStep, Group, Order, Unit};
use crate::analysis::{Among, Answer, Funnel, FunnelSpec, Scope, Spec};
use crate::base::Span;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::complete::Source;
use crate::tui::filter::Condition;
use crate::tui::paint::Pen;
use crate::tui::pane::{Effect, Facts, Pane, Purpose, moved};
use crate::tui::prompt::Prompt;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunnelAction {
    ListDropped,
    ListConverted,
    ListOpen,
    Paths,
    AddStep,
    DropStep,
    EditStep,
    MoveEarlier,
    MoveLater,
    SetWindow,
    NextOrder,
    Breakdown,
    NextView,
    NextUnit,
    ToggleOptional,
    ToggleMature,
    ToggleFirstTime,
    Clear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Steps,
    /// What those who dropped did next.
    After,
    /// The values of the breakdown.
    Groups,
}

/// What stands in the lower right corner of a narrow screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Corner {
    Times,
    Groups,
}

pub struct FunnelPane {
    pub spec: FunnelSpec,
    /// The step under the cursor, from 0.
    cursor: usize,
    /// The breakdown value under the cursor, from 0.
    group: usize,
    /// The next event under the cursor, from 0.
    after: usize,
    focus: Focus,
    corner: Corner,
}

/// An answer as far as it speaks about the steps on the screen.
#[derive(Clone, Copy)]
struct Reading<'a> {
    funnel: &'a Funnel,
    /// Leading steps that the answer and the screen have in common.
    n_common: usize,
    /// Whether the answer is about exactly these steps.
    is_whole: bool,
}

/// What stands behind a number: its question, its cell, and what the customers have in common.
struct Behind {
    of: Spec,
    cell: String,
    title: String,
}

impl FunnelPane {
    pub fn new(scope: Scope) -> Self {
        let spec = FunnelSpec { times: true, after: true, scope, ..FunnelSpec::default() };
        FunnelPane { spec, cursor: 0, group: 0, after: 0, focus: Focus::Steps, corner: Corner::Times }
    }

    /// Replaces the question, by undo or by opening a proposed funnel.
    pub fn set_spec(&mut self, spec: FunnelSpec) {
        self.spec = spec;
        self.cursor = self.cursor.min(self.spec.steps.len().saturating_sub(1));
        if self.spec.breakdown.is_none() {
            self.focus = Focus::Steps;
        }
    }

    pub fn set_steps(&mut self, names: &[String]) {
        let steps = names.iter().map(|name| FunnelStep::of(crate::journey::Step::named(name))).collect();
        self.set_spec(FunnelSpec { steps, ..self.spec.clone() });
        self.cursor = 0;
    }

    pub fn add_event(&mut self, name: &str) {
        self.spec.steps.push(FunnelStep::of(crate::journey::Step::named(name)));
        self.cursor = self.spec.steps.len() - 1;
    }

    fn reading<'a>(&self, facts: &Facts<'a>) -> Option<Reading<'a>> {
        let (Some(Answer::Funnel(funnel)), Some(Spec::Funnel(answered))) = (facts.answer, facts.answered) else {
            return None;
        };
        if funnel.groups.is_empty() {
            return None;
        }
        let n_common = self.spec.steps.iter().zip(&answered.steps).take_while(|(a, b)| a == b).count();
        let n_common = n_common.min(funnel.total().steps.len());
        let is_whole = n_common == self.spec.steps.len() && answered.steps.len() == n_common;
        Some(Reading { funnel, n_common, is_whole })
    }

    /// The values of the breakdown, where there is one and the answer has it.
    fn groups<'a>(&self, facts: &Facts<'a>) -> &'a [Group] {
        match self.reading(facts) {
            Some(reading) if self.spec.breakdown.is_some() && reading.is_whole => &reading.funnel.groups[1..],
            Some(_) | None => &[],
        }
    }

    /// What those did next who dropped after the step under the cursor.
    fn after_rows<'a>(&self, facts: &Facts<'a>) -> Vec<&'a After> {
        let reading = self.reading(facts).filter(|reading| reading.is_whole);
        let after = reading.map_or(&[][..], |reading| &reading.funnel.after);
        after.iter().filter(|after| after.step == self.cursor + 1).collect()
    }

    /// The panels that there is something to move over in.
    fn panels(&self, facts: &Facts<'_>) -> Vec<Focus> {
        let mut panels = vec![Focus::Steps];
        if !self.after_rows(facts).is_empty() {
            panels.push(Focus::After);
        }
        if !self.groups(facts).is_empty() {
            panels.push(Focus::Groups);
        }
        panels
    }

    fn turn(&mut self, by_one_back: bool, facts: &Facts<'_>) {
        let panels = self.panels(facts);
        let at = panels.iter().position(|panel| *panel == self.focus).unwrap_or(0);
        let by = if by_one_back { panels.len() - 1 } else { 1 };
        self.focus = panels[(at + by) % panels.len()];
        match self.focus {
            Focus::Groups => self.corner = Corner::Groups,
            Focus::After => self.after = 0,
            Focus::Steps => {}
        }
    }

    fn focused_group<'a>(&self, facts: &Facts<'a>) -> Option<&'a Group> {
        if self.focus == Focus::Groups { self.groups(facts).get(self.group) } else { None }
    }

    fn n_steps(&self) -> usize {
        self.spec.steps.len()
    }

    fn is_last(&self) -> bool {
        self.cursor + 1 >= self.n_steps()
    }

    /// The list behind a number of the step under the cursor.
    fn list(&self, what: &str, facts: &Facts<'_>) -> Effect {
        let Behind { of, cell, title } = self.behind(what, facts);
        Effect::Push(Box::new(CustomersPane::of(of, cell, title, self.spec.scope.clone())))
    }

    /// The list that matters most at the step under the cursor.
    fn list_action(&self) -> FunnelAction {
        if self.is_last() { FunnelAction::ListConverted } else { FunnelAction::ListDropped }
    }

    fn list_word(&self) -> &'static str {
        if self.is_last() { "converted" } else { "dropped" }
    }

    /// Which ways those went who dropped after this step, from that step on; at the last, the ways of all who completed.
    fn paths(&self, facts: &Facts<'_>) -> Effect {
        let Behind { of, cell, title } = self.behind(self.list_word(), facts);
        let start = if self.is_last() { 0 } else { self.cursor };
        let from = self.spec.steps.get(start).map(|step| step.step.clone());
        let among = Among::new(of, Some(cell));
        Effect::Push(Box::new(PathsPane::of_those(among, title, from, &self.spec.scope)))
    }

    fn behind(&self, what: &str, facts: &Facts<'_>) -> Behind {
        let label = self.spec.steps.get(self.cursor).map_or("", |step| step.step.label());
        let (mut cell, mut title) = (
            format!("{}:{what}", self.cursor + 1),
            match what {
                "dropped" => format!("Dropped after {label}"),
                "open" => format!("Still open after {label}"),
                _ if self.is_last() => format!("Completed with {label}"),
                _ => format!("Went on after {label}"),
            },
        );
        if let Some(value) = self.focused_group(facts).and_then(|group| group.value.as_deref()) {
            cell = format!("{cell}@{value}");
            title = format!("{title} · {value}");
        }
        if let (Focus::After, Some(after)) = (self.focus, self.after_rows(facts).get(self.after)) {
            cell = format!("{cell}>{}", after.next);
            let then = if after.next == "(end)" { "nothing" } else { &after.next };
            title = format!("{title}, then {then}");
        }
        let of = FunnelSpec { times: false, after: false, ..self.spec.clone() };
        Behind { of: Spec::Funnel(of), cell, title }
    }

    /// The count that a list would open: `None` while it is not known.
    fn count_of(&self, what: &str, facts: &Facts<'_>) -> Option<u64> {
        let reading = self.reading(facts).filter(|reading| reading.is_whole)?;
        let group = self.focused_group(facts).unwrap_or(reading.funnel.total());
        let step = group.steps.get(self.cursor)?;
        Some(match what {
            "dropped" => step.dropped,
            "open" => step.open,
            _ => step.converted,
        })
    }

    fn step_prompt(&self) -> Prompt {
        let step = &self.spec.steps[self.cursor];
        Prompt::new(Purpose::EditStep, format!("Edit step {}", self.cursor + 1), Source::Steps, step.to_string())
    }
}

impl Pane for FunnelPane {
    fn place(&self) -> Place {
        Place::Funnel
    }

    fn spec(&self) -> Option<Spec> {
        (!self.spec.steps.is_empty()).then(|| Spec::Funnel(self.spec.clone()))
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.spec.scope = scope.clone();
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        let with_steps = if self.spec.steps.is_empty() { Err("needs a step; a adds one") } else { Ok(()) };
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => {
                if self.panels(facts).len() > 1 {
                    Ok(())
                } else {
                    Err("there is nothing to open in the other panels")
                }
            }
            Action::Row(_) => with_steps,
            Action::Funnel(action) => match action {
                FunnelAction::AddStep => Ok(()),
                FunnelAction::ListDropped => {
                    with_steps?;
                    match self.count_of("dropped", facts) {
                        _ if self.is_last() => Err("nobody drops after the last step; o lists who completed"),
                        Some(0) => Err("nobody dropped after this step"),
                        Some(_) => Ok(()),
                        None => Err("needs the answer, which is still being computed"),
                    }
                }
                FunnelAction::ListOpen => {
                    with_steps?;
                    match self.count_of("open", facts) {
                        Some(0) | None => Err("nobody is still open after this step"),
                        Some(_) => Ok(()),
                    }
                }
                FunnelAction::ListConverted if self.focus == Focus::After => Err("those under the cursor dropped"),
                FunnelAction::ListConverted => {
                    with_steps?;
                    match self.count_of("converted", facts) {
                        Some(0) => Err("nobody went on after this step"),
                        Some(_) => Ok(()),
                        None => Err("needs the answer, which is still being computed"),
                    }
                }
                FunnelAction::Paths => self.allows(Action::Funnel(self.list_action()), facts),
                FunnelAction::MoveEarlier if self.cursor == 0 => Err("needs a step before this one"),
                FunnelAction::MoveLater if self.is_last() => Err("needs a step after this one"),
                FunnelAction::ToggleOptional if self.cursor == 0 || self.is_last() => {
                    Err("needs a step between the first and the last")
                }
                FunnelAction::NextView if self.spec.breakdown.is_none() => Err("needs a breakdown; b sets one"),
                _ => with_steps,
            },
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(RowAction::NextPanel) => {
                self.turn(false, facts);
                None
            }
            Action::Row(RowAction::PreviousPanel) => {
                self.turn(true, facts);
                None
            }
            Action::Row(action) => {
                let (cursor, len) = match self.focus {
                    Focus::Steps => (&mut self.cursor, self.spec.steps.len()),
                    Focus::After => {
                        let len = self.after_rows(facts).len();
                        (&mut self.after, len)
                    }
                    Focus::Groups => {
                        let len = self.groups(facts).len();
                        (&mut self.group, len)
                    }
                };
                *cursor = moved(*cursor, action, len, facts.page).unwrap_or(*cursor);
                None
            }
            Action::Funnel(FunnelAction::ListDropped) => Some(self.list("dropped", facts)),
            Action::Funnel(FunnelAction::ListConverted) => Some(self.list("converted", facts)),
            Action::Funnel(FunnelAction::ListOpen) => Some(self.list("open", facts)),
            Action::Funnel(FunnelAction::Paths) => Some(self.paths(facts)),
            Action::Funnel(FunnelAction::AddStep) => {
                let at = if self.spec.steps.is_empty() { 1 } else { self.cursor + 2 };
                let title = format!("Add step {at} — an event, or like cart[value > 50] @within=1h");
                Some(Effect::Ask(Prompt::new(Purpose::AddStep, title, Source::Steps, "").several()))
            }
            Action::Funnel(FunnelAction::EditStep) => Some(Effect::Ask(self.step_prompt())),
            Action::Funnel(FunnelAction::SetWindow) => {
                let title = "Conversion window — from the first step to any later one";
                let prompt = Prompt::new(Purpose::Window, title, Source::Spans, self.spec.within.to_string());
                Some(Effect::Ask(prompt))
            }
            Action::Funnel(FunnelAction::Breakdown) => Some(Effect::PickBreakdown(self.spec.breakdown.clone())),
            Action::Funnel(action) => self.change(action),
            _ => None,
        }
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], _: &Facts<'_>) -> Result<Option<Effect>, String> {
        match purpose {
            Purpose::AddStep => {
                let steps = texts.iter().map(|text| text.parse()).collect::<Result<Vec<FunnelStep>, String>>()?;
                let at = if self.spec.steps.is_empty() { 0 } else { self.cursor + 1 };
                let n_added = steps.len();
                self.spec.steps.splice(at..at, steps);
                self.cursor = at + n_added.saturating_sub(1);
            }
            Purpose::EditStep => {
                let step: FunnelStep = texts.first().ok_or("nothing was typed")?.parse()?;
                if let Some(old) = self.spec.steps.get_mut(self.cursor) {
                    *old = step;
                }
            }
            Purpose::Window => {
                let text = texts.first().ok_or("nothing was typed")?;
                self.spec.within = text.parse::<Span>().map_err(|err| err.to_string())?;
            }
            Purpose::Breakdown => {
                let column = texts.first().filter(|column| !column.is_empty());
                self.spec.breakdown = column.cloned();
                self.group = 0;
                (self.focus, self.corner) = match column {
                    Some(_) => (Focus::Steps, Corner::Groups),
                    None => (Focus::Steps, Corner::Times),
                };
            }
            _ => {}
        }
        Ok(None)
    }

    fn point(&mut self, panel: u8, row: usize, facts: &Facts<'_>) {
        let focus = [Focus::Steps, Focus::After, Focus::Groups].into_iter().find(|focus| *focus as u8 == panel);
        let Some(focus) = focus.filter(|focus| self.panels(facts).contains(focus)) else { return };
        self.focus = focus;
        let (cursor, len) = match focus {
            Focus::Steps => (&mut self.cursor, self.spec.steps.len()),
            Focus::After => {
                let len = self.after_rows(facts).len();
                (&mut self.after, len)
            }
            Focus::Groups => {
                let len = self.groups(facts).len();
                (&mut self.group, len)
            }
        };
        *cursor = row.min(len.saturating_sub(1));
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        self.group = self.group.min(self.groups(facts).len().saturating_sub(1));
        self.after = self.after.min(self.after_rows(facts).len().saturating_sub(1));
        if !self.panels(facts).contains(&self.focus) {
            self.focus = Focus::Steps;
        }
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        let Some(last) = self.spec.steps.last() else { return "funnel".to_owned() };
        let order = match self.spec.order {
            Order::Ordered => "ordered",
            Order::Strict => "strict",
            Order::Any => "any order",
        };
        let window = match self.spec.unit {
            Unit::Customers => format!("within {}", self.spec.within),
            Unit::Sessions => "per session".to_owned(),
            Unit::Attempts => format!("attempts within {}", self.spec.within),
        };
        format!("funnel to {} · {order} · {window}", last.step.label())
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "Each row counts customers who came this far: the steps in order, on distinct events, each within the window after the first. A customer counts once, by the best attempt.",
            "step is the share of the row above, total the share of the first row, with its 95 % Wilson interval.",
            "entered = completed + dropped + open + excluded at every step; open are those whose window is not over at the end of the data, so they may still go on.",
            "Next shows what those who dropped did after the step under the cursor; the times are those of the winning attempts.",
        ]
    }

    fn can_zoom(&self) -> bool {
        true
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        self.draw(facts, area, pen)
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        if let (Some(group), Some(column)) = (self.focused_group(facts), &self.spec.breakdown) {
            let value = group.value.clone().filter(|value| value != "(other)")?;
            return Some(Condition { field: column.clone(), value: Some(value).filter(|value| value != "(none)") });
        }
        let next = match self.focus {
            Focus::After => Some(self.after_rows(facts).get(self.after)?.next.clone()),
            Focus::Steps | Focus::Groups => None,
        };
        let step = self.spec.steps.get(self.cursor)?;
        let name = next.filter(|next| !next.starts_with('(')).or_else(|| step.step.only_name().map(str::to_owned))?;
        Some(Condition::event(&name))
    }

    fn group(&self, facts: &Facts<'_>) -> Result<crate::tui::pane::Group, &'static str> {
        let what = self.list_word();
        self.allows(Action::Funnel(self.list_action()), facts)?;
        let size = match (self.focus, self.after_rows(facts).get(self.after)) {
            (Focus::After, Some(after)) => after.customers,
            _ => self.count_of(what, facts).ok_or("needs the answer, which is still being computed")?,
        };
        let Behind { of, cell, title } = self.behind(what, facts);
        let title = words::lowered(&title);
        Ok(crate::tui::pane::Group { among: Among::new(of, Some(cell)), title, size })
    }

    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        Some(match self.focus {
            Focus::After => "after",
            Focus::Steps | Focus::Groups => "steps",
        })
    }

    fn draft(&self) -> Option<Spec> {
        Some(Spec::Funnel(self.spec.clone()))
    }

    fn set_draft(&mut self, spec: Spec) {
        if let Spec::Funnel(spec) = spec {
            self.set_spec(spec);
        }
    }

    fn as_funnel(&mut self) -> Option<&mut FunnelPane> {
        Some(self)
    }
}
