//! The map pane: the journey map, with people, moods, channels, figures and pains by stage.
//!
//! Every view is a `sheet` of cells: `journey`, `experience`, `blueprint` and `pains` make one each. `spot` says what a cell
//! is about and who stands behind it, `mood` how its numbers are written. `change` changes the question; `lower` draws what
//! stands below: the cell in words, and what customers wrote about it.

mod blueprint;
mod change;
mod experience;
mod journey;
mod lower;
mod mood;
mod pains;
mod sheet;
mod spot;
#[cfg(test)]
mod tests;

use std::cell::Cell as Kept;

use ratatui::layout::Rect;

use self::sheet::{Looked, Sheet};
use self::spot::{Behind, Spot};
use super::customers::CustomersPane;
use super::journey::JourneyPane;
use crate::analysis::map::{Plan, Rows};
use crate::analysis::{Among, Answer, Map, MapSpec, Scope, Spec};
use crate::ingest::Role;
use crate::table::Table;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::Condition;
use crate::tui::paint::Pen;
use crate::tui::pane::{Effect, Facts, Group, Pane, Purpose, Voices, moved};
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapAction {
    Open,
    OpenOther,
    NextView,
    PreviousView,
    Left,
    Right,
    Persona,
    Colour,
    Transpose,
    Grouping,
    Unfold,
    Find,
    Sort,
    Times,
    Funnel,
    AddStage,
    EditStage,
    DropStage,
    MoveEarlier,
    MoveLater,
    DwellStages,
    Goal,
    Comment,
    Notes,
    Clear,
}

/// What the pane asked a person for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Persona,
    Goal,
    Comment,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Journey,
    Experience,
    Blueprint,
    Pains,
}

const VIEWS: [View; 4] = [View::Journey, View::Experience, View::Blueprint, View::Pains];

impl View {
    fn title(self) -> &'static str {
        match self {
            View::Journey => "journey",
            View::Experience => "experience",
            View::Blueprint => "blueprint",
            View::Pains => "pains",
        }
    }
}

/// What the cells of the experience show beside their customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Mood,
    Volume,
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PainSort {
    Pain,
    Severity,
    Reach,
    Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    Sheet,
    Voices,
}

/// The cell under the cursor of a view, and what it is called, to be found again in another answer.
#[derive(Debug, Clone, Default)]
struct At {
    row: usize,
    column: usize,
    row_name: Option<String>,
    column_name: Option<String>,
}

pub struct MapPane {
    /// Without a plan: whoever answers adds the workspace's.
    spec: MapSpec,
    plan: Plan,
    view: View,
    grouping: Rows,
    is_transposed: bool,
    is_unfolded: bool,
    colour: Colour,
    sort: PainSort,
    /// One per view.
    at: [At; VIEWS.len()],
    focus: Panel,
    /// The comment under the cursor.
    voice: usize,
    /// What comments have to hold.
    text: String,
    from: Kept<(usize, usize)>,
}

const NO_ANSWER: &str = "needs the answer, which is still being computed";

impl MapPane {
    pub fn new(scope: Scope) -> Self {
        MapPane {
            spec: MapSpec { scope, ..MapSpec::default() },
            plan: Plan::default(),
            view: View::Journey,
            grouping: Rows::Touchpoints,
            is_transposed: false,
            is_unfolded: false,
            colour: Colour::Mood,
            sort: PainSort::Pain,
            at: Default::default(),
            focus: Panel::Sheet,
            voice: 0,
            text: String::new(),
            from: Kept::new((0, 0)),
        }
    }

    fn has_stages(&self) -> bool {
        self.spec.has_stages() || !self.plan.stages.is_empty()
    }

    fn answer<'a>(&self, facts: &Facts<'a>) -> Option<&'a Map> {
        match facts.answer {
            Some(Answer::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// Whether the numbers on the screen are those that the pane asks for.
    fn is_current(&self, facts: &Facts<'_>) -> bool {
        matches!(facts.answered, Some(Spec::Map(answered)) if *answered == self.spec)
    }

    fn sheet(&self, map: &Map) -> Sheet {
        match self.view {
            View::Journey => self.journey(map),
            View::Experience => self.experience(map),
            View::Blueprint => self.blueprint(map),
            View::Pains => self.pains(map),
        }
    }

    fn here(&self) -> &At {
        &self.at[self.view as usize]
    }

    /// What the cell under the cursor is about.
    fn spot(&self, map: &Map) -> Spot {
        let (sheet, at) = (self.sheet(map), self.here());
        sheet.cell(at.row, at.column).map_or(Spot::Nothing, |cell| cell.spot)
    }

    /// Moves the cursor, and notes what it is on.
    fn go(&mut self, row: usize, column: usize, map: &Map) {
        let sheet = self.sheet(map);
        let row = row.min(sheet.rows.len().saturating_sub(1));
        let column = column.min(sheet.columns.len().saturating_sub(1));
        let at = At {
            row,
            column,
            row_name: sheet.rows.get(row).map(|row| row.name.clone()),
            column_name: sheet.columns.get(column).map(|column| column.name.clone()),
        };
        self.at[self.view as usize] = at;
        self.voice = 0;
    }

    /// Keeps the cursor on what it was on, by name.
    fn hold(&mut self, map: &Map) {
        let (sheet, at) = (self.sheet(map), self.here().clone());
        let row = at.row_name.and_then(|name| sheet.rows.iter().position(|row| row.name == name));
        let column = at.column_name.and_then(|name| sheet.columns.iter().position(|column| column.name == name));
        let voice = self.voice;
        self.go(row.unwrap_or(at.row), column.unwrap_or(at.column), map);
        self.voice = voice;
    }

    /// The customers behind the cell under the cursor, or the others.
    ///
    /// # Errors
    /// Why there are none, in words that follow a command's name.
    fn behind(&self, is_other: bool, facts: &Facts<'_>) -> Result<Behind, &'static str> {
        if !self.has_stages() {
            return Err("needs stages; a adds one, D takes those of the Dwell pane");
        }
        if !self.is_current(facts) {
            return Err(NO_ANSWER);
        }
        let map = self.answer(facts).ok_or(NO_ANSWER)?;
        self.spot(map).behind(map, is_other)
    }

    /// The stage that the cursor is in.
    fn stage(&self, map: &Map) -> Option<usize> {
        let stages_are_columns = matches!(self.view, View::Journey | View::Blueprint)
            || self.view == View::Experience && !self.is_transposed;
        let at = self.here();
        let by_cell = self.spot(map).stage(map);
        by_cell.or(match self.view {
            View::Pains => None,
            _ if stages_are_columns => Some(at.column),
            _ => Some(at.row),
        })
    }

    fn open(&self, is_other: bool, facts: &Facts<'_>) -> Option<Effect> {
        if self.focus == Panel::Voices {
            let (customer, _) = self.comment(facts)?;
            return Some(Effect::Push(Box::new(JourneyPane::new(customer, self.spec.scope.clone()))));
        }
        let map = self.answer(facts)?;
        if let (Spot::Stage(at, spot::OfStage::Time), false) = (self.spot(map), is_other) {
            return self.times(map, at);
        }
        let Behind { cell, title, .. } = self.behind(is_other, facts).ok()?;
        let of = Spec::Map(self.spec.clone());
        Some(Effect::Push(Box::new(CustomersPane::of(of, cell, title, self.spec.scope.clone()))))
    }

    fn allows_open(&self, is_other: bool, facts: &Facts<'_>) -> Result<(), &'static str> {
        if self.focus == Panel::Voices {
            return self.comment(facts).map(drop).ok_or("needs a comment under the cursor");
        }
        let is_time = |map: &Map| matches!(self.spot(map), Spot::Stage(_, spot::OfStage::Time));
        if !is_other && self.answer(facts).is_some_and(is_time) {
            return Ok(());
        }
        self.behind(is_other, facts).map(drop)
    }

    fn step(&mut self, action: RowAction, facts: &Facts<'_>) {
        if matches!(action, RowAction::NextPanel | RowAction::PreviousPanel) {
            self.focus = if self.focus == Panel::Sheet { Panel::Voices } else { Panel::Sheet };
            return;
        }
        if self.focus == Panel::Voices {
            self.voice = moved(self.voice, action, Self::n_voices(facts), facts.page).unwrap_or(self.voice);
            return;
        }
        let Some(map) = self.answer(facts) else { return };
        let (rows, at) = (self.sheet(map).rows.len(), self.here().clone());
        let row = moved(at.row, action, rows, facts.page).unwrap_or(at.row);
        self.go(row, at.column, map);
        self.leave_nothing(false, map);
    }
}

impl Pane for MapPane {
    fn place(&self) -> Place {
        Place::Map
    }

    fn spec(&self) -> Option<Spec> {
        self.has_stages().then(|| Spec::Map(self.spec.clone()))
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.spec.scope = scope.clone();
    }

    fn set_plan(&mut self, plan: &Plan) {
        self.plan = plan.clone();
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => {
                if self.focus == Panel::Voices || self.has_comments() {
                    Ok(())
                } else {
                    Err("there are no comments to go to; a workspace names their column, or K does")
                }
            }
            Action::Row(_) if self.answer(facts).is_none() => Err("there is no map to move over yet"),
            Action::Row(_) => Ok(()),
            Action::Map(MapAction::Open) => self.allows_open(false, facts),
            Action::Map(MapAction::OpenOther) => self.allows_open(true, facts),
            Action::Map(action) => self.allows_change(action, facts),
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(action) => {
                self.step(action, facts);
                None
            }
            Action::Map(MapAction::Open) => self.open(false, facts),
            Action::Map(MapAction::OpenOther) => self.open(true, facts),
            Action::Map(action @ (MapAction::Left | MapAction::Right)) => {
                let map = self.answer(facts)?;
                let At { row, column, .. } = *self.here();
                let column = if action == MapAction::Left { column.saturating_sub(1) } else { column + 1 };
                self.focus = Panel::Sheet;
                self.go(row, column, map);
                self.leave_nothing(true, map);
                None
            }
            Action::Map(action) => self.change(action, facts),
            _ => None,
        }
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], facts: &Facts<'_>) -> Result<Option<Effect>, String> {
        self.take(purpose, texts, facts)
    }

    fn point(&mut self, panel: u8, target: usize, facts: &Facts<'_>) {
        let Some(map) = self.answer(facts) else { return };
        if panel == Panel::Voices as u8 {
            self.focus = Panel::Voices;
            self.voice = target.min(Self::n_voices(facts).saturating_sub(1));
            return;
        }
        self.focus = Panel::Sheet;
        let columns = self.sheet(map).columns.len();
        if let (Some(row), Some(column)) = (target.checked_div(columns), target.checked_rem(columns)) {
            self.go(row, column, map);
        }
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        if let Some(map) = self.answer(facts) {
            self.hold(map);
        }
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        if !self.has_stages() {
            return "journey map".to_owned();
        }
        let n = if self.spec.stages.stage.is_empty() { self.plan.stages.len() } else { self.spec.stages.stage.len() };
        let persona = self.persona().map_or(String::new(), |persona| format!(" · {}", self.persona_name(persona)));
        format!("journey map · {}{persona}", words::things(n as u64, "stage"))
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "Columns are the stages in their order. customers ever entered the stage; moved on are those who entered any later stage after that. time is by when half of them had, | by when half of all had, with those still waiting counted as not yet (Kaplan–Meier); → is later than anybody was watched.",
            "Emotion runs from −2 to 2: the mean over customers of their last score there. ▲▲ from +.8, ▲ from +.2, ▼ and ▼▼ likewise below; ┄ is of fewer than 10, and where nobody said anything there is a gap, never a zero. expected is what the workspace expects.",
            "Figures (KPIs) are ✓ green at their target or better, ≈ amber where they miss it by no more than chance, ✗ red beyond that.",
            "A pain is V people met times its severity: L how much more are lost than in the stage, N the share who said something bad, D how much slower they move on, R how often they meet it again; ( ) is where its rank lies in 95 % of the resamples. Pains and gains are associations, not effects.",
            "In the experience, cells of fewer than 30 customers are dashed; ⏎ opens them all the same. c shows moods, volume (share of the stage's customers) or the lost (share of those who met it long enough ago to know). b shows channels, T turns the grid.",
            "⏎ lists who stands behind a cell, o the others: still waiting, lost, said something bad. A persona (P) filters every lane. Tab goes to the comments, worst first; / finds in them.",
        ]
    }

    fn can_zoom(&self) -> bool {
        true
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let looked = Looked {
            row: self.here().row,
            column: self.here().column,
            from: &self.from,
            has_focus: self.focus == Panel::Sheet,
        };
        self.draw(&looked, facts, area, pen)
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        let map = self.answer(facts)?;
        match self.spot(map) {
            Spot::Touchpoint(at, _) => Some(Condition::event(&map.touchpoints.get(at)?.id)),
            Spot::Channel(at) => {
                let column = facts.report?.columns.iter().find(|column| column.role == Role::Channel)?;
                let value = map.channels.get(at)?.id.clone();
                let value = Some(value).filter(|value| value != "(other)")?;
                Some(Condition { field: column.name.clone(), value: Some(value).filter(|value| value != "(none)") })
            }
            Spot::Stage(at, _) => {
                // Events know their stage only where one name is all of it.
                let stage = map.stages.get(at)?;
                let named = self.spec.stages.stage.iter().find(|named| named.name == stage.id)?;
                Some(Condition::event(named.step.only_name()?))
            }
            Spot::Nothing | Spot::More | Spot::Kpi(_) | Spot::Score(_) => None,
        }
    }

    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        if self.focus == Panel::Voices {
            return self.comment(facts).map(|(_, text)| text);
        }
        let map = self.answer(facts)?;
        self.spot(map).value(map)
    }

    fn group(&self, facts: &Facts<'_>) -> Result<Group, &'static str> {
        let behind = self.behind(false, facts)?;
        let among = Among::new(Spec::Map(self.spec.clone()), Some(behind.cell));
        Ok(Group { among, title: words::lowered(&behind.title), size: behind.n })
    }

    fn table_name(&self, facts: &Facts<'_>) -> Option<&'static str> {
        let map = self.answer(facts)?;
        Some(match (self.view, self.spot(map)) {
            (View::Pains, _) => "touchpoints",
            (View::Experience, _) if self.grouping == Rows::Channels => "channels",
            (View::Experience, _) => "touchpoints",
            (_, Spot::Touchpoint(..)) => "touchpoints",
            (_, Spot::Channel(_)) => "channels",
            (_, Spot::Kpi(_)) => "kpis",
            (_, Spot::Score(_)) => "scores",
            (_, Spot::Stage(..) | Spot::Nothing | Spot::More) => "stages",
        })
    }

    fn chosen_rows(&self, facts: &Facts<'_>) -> Option<Vec<usize>> {
        (self.view == View::Pains).then(|| self.answer(facts).map(|map| self.pain_places(map)))?
    }

    fn own_table(&self, facts: &Facts<'_>) -> Option<Table> {
        facts.voices.filter(|_| self.focus == Panel::Voices).cloned()
    }

    fn voices(&self, facts: &Facts<'_>) -> Option<Voices> {
        if !self.has_comments() || !self.is_current(facts) {
            return None;
        }
        let map = self.answer(facts)?;
        let cell = self.spot(map).behind(map, false).ok()?.cell;
        Some(Voices { of: self.spec.clone(), cell, text: self.text.clone() })
    }

    fn draft(&self) -> Option<Spec> {
        Some(Spec::Map(self.spec.clone()))
    }

    fn set_draft(&mut self, spec: Spec) {
        if let Spec::Map(spec) = spec {
            self.spec = MapSpec { plan: Plan::default(), ..spec };
        }
    }
}
