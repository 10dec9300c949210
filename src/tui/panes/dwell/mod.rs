//! The dwell pane: how long customers stay in each stage, counting those who are still there.
//!
//! `change` changes the question and `behind` says what stands behind a number; the other files draw: `boxes` the list of
//! stages, `bins`, `curve`, `exits`, `tail` and `groups` what is below it, `lower` which of them, `axis` their scale.

mod axis;
mod behind;
mod bins;
mod boxes;
mod change;
mod curve;
mod exits;
mod groups;
mod lower;
mod tail;

use ratatui::layout::Rect;

use self::axis::Axis;
use super::customers::CustomersPane;
use crate::analysis::dwell::{Censor, Group, StageDwell, Tail};
use crate::analysis::stages::StagesSpec;
use crate::analysis::{Among, Answer, Dwell, DwellSpec, Scope, Spec};
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::Condition;
use crate::tui::paint::Pen;
use crate::tui::pane::{Effect, Facts, Pane, Purpose, moved};
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DwellAction {
    Open,
    ListOpen,
    ListCompleted,
    ListOver,
    ListReturned,
    AddStage,
    EditStage,
    DropStage,
    MoveEarlier,
    MoveLater,
    ToggleTerminal,
    NextPanel,
    NextView,
    Breakdown,
    SetLimit,
    Between,
    NextSort,
    NextBins,
    NextCensor,
    SetLeftAfter,
    NextPer,
    Clear,
}

/// The list of stages, and what can stand below it about the one under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    Stages,
    Bins,
    Curve,
    Exits,
    Tail,
    /// The values of the breakdown.
    Groups,
}

const PANELS: [Panel; 6] = [Panel::Stages, Panel::Bins, Panel::Curve, Panel::Exits, Panel::Tail, Panel::Groups];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Boxes,
    Numbers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    AsAsked,
    Median,
    Visits,
    Open,
}

/// Points of a curve that are asked for: more than a screen has columns.
const POINTS: usize = 200;

pub struct DwellPane {
    /// Without the stage whose slow visits are asked for.
    spec: DwellSpec,
    /// The stages, while the way between two steps is timed instead.
    kept: StagesSpec,
    /// The step from which to time, while the other one is asked for.
    from: Option<crate::journey::Step>,
    /// The name of the stage under the cursor, to be found again in another answer.
    held: Option<String>,
    /// The stage whose slow visits are asked for: one that the data is known to have.
    tail_of: Option<String>,
    /// The value of the breakdown that the numbers are about.
    value: Option<String>,
    /// The cursors of the panels.
    rows: [usize; PANELS.len()],
    focus: Panel,
    /// What stands below.
    below: Panel,
    look: Look,
    sort: Sort,
    /// The stages of the answer, in the order in which they are listed.
    places: Vec<usize>,
    /// One scale for all boxes.
    axis: Axis,
}

/// What stands behind a number: its cell, what the visits have in common, and how many they are.
struct Behind {
    cell: String,
    title: String,
    n: u64,
}

impl DwellPane {
    pub fn new(scope: Scope) -> Self {
        DwellPane {
            spec: DwellSpec { points: POINTS, scope, ..DwellSpec::default() },
            kept: StagesSpec::default(),
            from: None,
            held: None,
            tail_of: None,
            value: None,
            rows: [0; PANELS.len()],
            focus: Panel::Stages,
            below: Panel::Bins,
            look: Look::Boxes,
            sort: Sort::AsAsked,
            places: Vec::new(),
            axis: Axis::default(),
        }
    }

    /// About these stages, with the cursor on one of them.
    pub fn at_stage(stages: StagesSpec, stage: String, scope: Scope) -> Self {
        let mut pane = Self::new(scope);
        pane.spec.stages = stages;
        pane.held = Some(stage);
        pane
    }

    fn answer<'a>(facts: &Facts<'a>) -> Option<&'a Dwell> {
        match facts.answer {
            Some(Answer::Dwell(dwell)) if !dwell.groups.is_empty() => Some(dwell),
            _ => None,
        }
    }

    /// Whether the numbers on the screen are those that the pane asks for.
    fn is_current(&self, facts: &Facts<'_>) -> bool {
        matches!(facts.answered, Some(Spec::Dwell(answered))
            if DwellSpec { slow: None, ..answered.clone() } == self.spec)
    }

    /// The whole, or the value of the breakdown that was gone to.
    fn group<'a>(&self, facts: &Facts<'a>) -> Option<&'a Group> {
        let dwell = Self::answer(facts)?;
        dwell.groups.get(self.row(Panel::Groups)).or(dwell.groups.first())
    }

    fn stage<'a>(&self, facts: &Facts<'a>) -> Option<&'a StageDwell> {
        self.stage_in(self.group(facts)?)
    }

    /// The stage under the cursor, in one of the groups.
    fn stage_in<'a>(&self, group: &'a Group) -> Option<&'a StageDwell> {
        group.stages.get(*self.places.get(self.row(Panel::Stages))?)
    }

    /// The slow visits of the stage under the cursor, once they are known.
    fn tail<'a>(&self, facts: &Facts<'a>) -> Option<&'a Tail> {
        let stage = self.stage(facts)?;
        Self::answer(facts)?.tails.iter().find(|tail| tail.stage == stage.name)
    }

    fn row(&self, panel: Panel) -> usize {
        self.rows[panel as usize]
    }

    /// Rows to move over in a panel.
    fn len(&self, panel: Panel, facts: &Facts<'_>) -> usize {
        let stage = || self.stage(facts);
        match panel {
            Panel::Stages => self.places.len(),
            Panel::Bins => stage().map_or(0, |stage| stage.histogram.len()),
            Panel::Curve => stage().map_or(0, |stage| stage.curve.len()),
            Panel::Exits => stage().map_or(0, |stage| stage.exits.len() + usize::from(stage.open > 0)),
            Panel::Tail => self.tail(facts).map_or(0, |tail| tail.traits.len() + usize::from(tail.slow > 0)),
            Panel::Groups if self.spec.breakdown.is_none() => 0,
            Panel::Groups => Self::answer(facts).map_or(0, |dwell| dwell.groups.len()),
        }
    }

    /// The panels below that there is something to say in.
    fn lowers(&self) -> &'static [Panel] {
        if self.spec.breakdown.is_some() { &PANELS[1..] } else { &PANELS[1..PANELS.len() - 1] }
    }

    fn turn(&mut self, is_back: bool) {
        let lowers = self.lowers();
        let at = |panel: Panel| lowers.iter().position(|other| *other == panel);
        let next = match (at(self.focus), is_back) {
            (None, false) => Some(self.below),
            (None, true) => lowers.last().copied(),
            (Some(at), false) => lowers.get(at + 1).copied(),
            (Some(at), true) => at.checked_sub(1).map(|at| lowers[at]),
        };
        self.focus = next.unwrap_or(Panel::Stages);
        if self.focus != Panel::Stages {
            self.below = self.focus;
        }
    }

    /// Goes to a row; from another stage, the rows below begin anew.
    fn go(&mut self, panel: Panel, row: usize, facts: &Facts<'_>) {
        let row = row.min(self.len(panel, facts).saturating_sub(1));
        if panel == Panel::Stages && row != self.row(panel) {
            for below in [Panel::Bins, Panel::Curve, Panel::Exits, Panel::Tail] {
                self.rows[below as usize] = 0;
            }
        }
        self.rows[panel as usize] = row;
        match panel {
            Panel::Stages => {
                self.held = self.stage(facts).map(|stage| stage.name.clone());
                self.tail_of.clone_from(&self.held);
            }
            Panel::Groups => self.value = self.group(facts).and_then(|group| group.value.clone()),
            _ => {}
        }
        self.keep_rows(facts);
    }

    /// Keeps every cursor on a row that is there.
    fn keep_rows(&mut self, facts: &Facts<'_>) {
        for panel in PANELS {
            self.rows[panel as usize] = self.row(panel).min(self.len(panel, facts).saturating_sub(1));
        }
    }

    fn put_in_order(&mut self, dwell: &Dwell) {
        let stages = &dwell.total().stages;
        self.places = (0..stages.len()).collect();
        let waiting = |at: usize| {
            let stage: &StageDwell = &stages[at];
            if stage.visits > 0 { stage.km_median_s.unwrap_or(f64::INFINITY) } else { -1.0 }
        };
        match self.sort {
            Sort::AsAsked => {}
            Sort::Median => self.places.sort_by(|a, b| waiting(*b).total_cmp(&waiting(*a))),
            Sort::Visits => self.places.sort_by_key(|at| std::cmp::Reverse(stages[*at].visits)),
            Sort::Open => self.places.sort_by_key(|at| std::cmp::Reverse(stages[*at].open)),
        }
    }

    fn has_answer(facts: &Facts<'_>) -> Result<(), &'static str> {
        if Self::answer(facts).is_some() { Ok(()) } else { Err("needs the answer, which is still being computed") }
    }

    /// The number under the cursor, as an action lists it.
    ///
    /// # Errors
    /// Why there is nobody to list.
    fn listed(&self, action: DwellAction, facts: &Facts<'_>) -> Result<Behind, &'static str> {
        if !self.is_current(facts) {
            return Err("needs the answer, which is still being computed");
        }
        let behind = match action {
            DwellAction::Open => self.behind_cursor(facts),
            DwellAction::ListOpen => self.behind_open(facts),
            DwellAction::ListCompleted => self.behind_stage("completed", facts),
            DwellAction::ListOver if self.spec.limit.is_none() => return Err("needs a limit; w sets one"),
            DwellAction::ListOver => self.behind_stage("over", facts),
            _ => self.behind_stage("reentries", facts),
        };
        let behind = behind.ok_or("needs something under the cursor")?;
        match (behind.n, action) {
            (1.., _) => Ok(behind),
            (0, DwellAction::ListOpen) => Err("nobody is still there"),
            (0, DwellAction::ListCompleted) => Err("nobody has moved on"),
            (0, DwellAction::ListOver) => Err("nobody is over the limit"),
            (0, DwellAction::ListReturned) => Err("nobody came back"),
            (0, _) => Err("nobody was there"),
        }
    }
}

impl Pane for DwellPane {
    fn place(&self) -> Place {
        Place::Dwell
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Dwell(DwellSpec { slow: self.tail_of.clone(), ..self.spec.clone() }))
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.spec.scope = scope.clone();
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        match action {
            Action::Row(_) => Self::has_answer(facts),
            Action::Dwell(
                action @ (DwellAction::Open
                | DwellAction::ListOpen
                | DwellAction::ListCompleted
                | DwellAction::ListOver
                | DwellAction::ListReturned),
            ) => self.listed(action, facts).map(drop),
            Action::Dwell(action) => self.allows_change(action, facts),
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(RowAction::NextPanel) => self.turn(false),
            Action::Row(RowAction::PreviousPanel) => self.turn(true),
            Action::Row(action) => {
                let panel = self.focus;
                let row = moved(self.row(panel), action, self.len(panel, facts), facts.page)?;
                self.go(panel, row, facts);
            }
            Action::Dwell(
                action @ (DwellAction::Open
                | DwellAction::ListOpen
                | DwellAction::ListCompleted
                | DwellAction::ListOver
                | DwellAction::ListReturned),
            ) => {
                let Behind { cell, title, .. } = self.listed(action, facts).ok()?;
                let of = Spec::Dwell(self.spec.clone());
                let scope = self.spec.scope.clone();
                return Some(Effect::Push(Box::new(CustomersPane::of(of, cell, title, scope))));
            }
            Action::Dwell(DwellAction::NextPanel) => {
                let lowers = self.lowers();
                let at = lowers.iter().position(|panel| *panel == self.below).unwrap_or(0);
                self.below = lowers[(at + 1) % lowers.len()];
                if self.focus != Panel::Stages {
                    self.focus = self.below;
                }
            }
            Action::Dwell(action) => return self.change(action, facts),
            _ => {}
        }
        None
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], facts: &Facts<'_>) -> Result<Option<Effect>, String> {
        self.take(purpose, texts, facts)
    }

    fn data_changed(&mut self) {
        self.tail_of = None;
    }

    fn point(&mut self, panel: u8, row: usize, facts: &Facts<'_>) {
        let Some(panel) = PANELS.into_iter().find(|other| *other as u8 == panel) else { return };
        if panel == Panel::Stages || self.lowers().contains(&panel) {
            self.focus = panel;
            self.go(panel, row, facts);
        }
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        let Some(dwell) = Self::answer(facts) else { return };
        self.put_in_order(dwell);
        self.axis = Axis::of_boxes(dwell, self.is_log());
        let value = self.value.as_deref();
        let group = dwell.groups.iter().position(|group| group.value.as_deref() == value).unwrap_or(0);
        self.rows[Panel::Groups as usize] = group;
        let stages = &dwell.total().stages;
        let held = self.held.as_deref().and_then(|name| self.places.iter().position(|at| stages[*at].name == name));
        let row = held.unwrap_or_else(|| self.row(Panel::Stages).min(self.places.len().saturating_sub(1)));
        self.rows[Panel::Stages as usize] = row;
        self.held = self.stage(facts).map(|stage| stage.name.clone());
        if self.is_current(facts) {
            self.tail_of.clone_from(&self.held);
        }
        self.keep_rows(facts);
        if self.focus != Panel::Stages && !self.lowers().contains(&self.focus) {
            self.focus = Panel::Stages;
        }
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        let what = match &self.spec.between[..] {
            [from, to] => format!("dwell from {} to {}", from.label(), to.label()),
            _ if self.spec.stages.stage.is_empty() => "dwell per touchpoint".to_owned(),
            _ => "dwell per stage".to_owned(),
        };
        let until = match self.spec.censor {
            Censor::DataEnd => "watched until the data's end",
            Censor::LastEvent => "watched until the last event",
        };
        let left = self.spec.end_after.map_or(String::new(), |silence| format!(" · left after {silence}"));
        format!("{what} · {until}{left}")
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "A visit begins with the first event of a stage and ends with the first event of another; events of no stage change nothing. Without stages, every touchpoint is one.",
            "visits = moved on + still there. median is of those who moved on, which makes a stuck stage look fast; waiting counts those still there as not yet (Kaplan–Meier), and is → where half have not moved on as far as anybody was watched.",
            "A box is the middle half of those who moved on, its line the median, its ends the first and the last tenth; ◆ is waiting.",
            "The curve is the share still there by time since entry, with its 95 % band and how many were watched for so long. Exits count where the others went; incidence is the share of all visits that has gone there by the end.",
            "Slow is what is over the limit (w), else over what nine of ten do not exceed. What the slow have in common is an association, no effect; p is adjusted over all traits.",
            "A breakdown is tested by the log-rank test; its p is adjusted over all stages.",
        ]
    }

    fn can_zoom(&self) -> bool {
        true
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        self.draw(facts, area, pen)
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        if self.focus == Panel::Groups {
            let (value, field) = (self.group(facts)?.value.clone()?, self.spec.breakdown.clone()?);
            let value = Some(value).filter(|value| value != "(none)");
            return (value.as_deref() != Some("(other)")).then_some(Condition { field, value });
        }
        let name = match self.focus {
            Panel::Exits => self.stage(facts)?.exits.get(self.row(Panel::Exits))?.to.clone(),
            _ => self.stage(facts)?.name.clone(),
        };
        let stages = &self.spec.stages.stage;
        if !self.spec.between.is_empty() || name.starts_with('(') {
            return None;
        }
        if stages.is_empty() {
            return Some(Condition::event(&name));
        }
        let step = &stages.iter().find(|stage| stage.name == name)?.step;
        Some(Condition::event(step.only_name()?))
    }

    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        self.value_at_cursor(facts)
    }

    fn group(&self, facts: &Facts<'_>) -> Result<crate::tui::pane::Group, &'static str> {
        let mut behind = self.listed(DwellAction::Open, facts)?;
        if matches!(self.focus, Panel::Stages | Panel::Groups) {
            // Customers are saved, and one may have been there several times.
            behind = self.behind_stage("customers", facts).ok_or("needs a stage under the cursor")?;
        }
        let among = Among::new(Spec::Dwell(self.spec.clone()), Some(behind.cell));
        Ok(crate::tui::pane::Group { among, title: words::lowered(&behind.title), size: behind.n })
    }

    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        Some(match self.focus {
            Panel::Stages | Panel::Groups => "stages",
            Panel::Bins => "histogram",
            Panel::Curve => "survival",
            Panel::Exits => "exits",
            Panel::Tail => "slow",
        })
    }

    fn draft(&self) -> Option<Spec> {
        Some(Spec::Dwell(self.spec.clone()))
    }

    fn set_draft(&mut self, spec: Spec) {
        if let Spec::Dwell(spec) = spec {
            self.set_spec(DwellSpec { slow: None, only: Vec::new(), points: POINTS, ..spec });
        }
    }
}
