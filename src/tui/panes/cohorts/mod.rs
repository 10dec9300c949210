//! The cohorts pane: who comes back, how groups of customers differ, and how the active ones are made up.

mod change;
mod compare;
mod cursor;
mod curves;
mod heat;
mod lifecycle;
mod mix;
mod open;

use std::cell::Cell;

use ratatui::layout::Rect;

use self::heat::Picture;
use crate::analysis::compare::Pin;
use crate::analysis::{
    Among, Answer, Compare, CompareSpec, Lifecycle, LifecycleSpec, Retention, RetentionSpec, Scope, Spec,
};
use crate::tui::cohort::Cohort;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::Condition;
use crate::tui::paint::{Border, Pen};
use crate::tui::pane::{Effect, Facts, Group, Pane, Purpose, moved};
use crate::tui::panes::customers::CustomersPane;
use crate::tui::theme::Tone;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CohortsAction {
    Open,
    OpenGone,
    NextView,
    PreviousView,
    Left,
    Right,
    Earlier,
    Later,
    NextUnit,
    NextNumbers,
    WhatChanged,
    Breakdown,
    AddCohort,
    SplitTime,
    UsePins,
    DropCohort,
    Baseline,
    AddSteps,
    DropStep,
    Window,
    NextMode,
    Return,
    Start,
    AnyEvent,
    CohortBy,
    Rolling,
    Recurring,
    MinCount,
    Brackets,
    Sort,
}

/// What the pane asked a person to type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Start,
    Return,
    CohortBy,
    MinCount,
    Brackets,
    Cohort,
    Time,
    Steps,
    Window,
}

/// Two views each of who comes back, of a comparison, and of the lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Heat,
    Curves,
    Compare,
    Mix,
    Lifecycle,
    Sticky,
}

const VIEWS: [View; 6] = [View::Heat, View::Curves, View::Compare, View::Mix, View::Lifecycle, View::Sticky];

impl View {
    fn is_of_retention(self) -> bool {
        matches!(self, View::Heat | View::Curves)
    }

    fn is_of_comparison(self) -> bool {
        matches!(self, View::Compare | View::Mix)
    }
}

/// What the cells of the heat map say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Share,
    Customers,
    /// Against all cohorts together, in points.
    Difference,
    Churn,
}

/// The cell under the cursor of a view, and what it is about, to be found again in another answer.
#[derive(Debug, Clone, Default)]
struct At {
    row: usize,
    column: usize,
    row_name: Option<String>,
    column_name: Option<String>,
}

pub struct CohortsPane {
    view: View,
    retention: RetentionSpec,
    compare: CompareSpec,
    lifecycle: LifecycleSpec,
    numbers: Numbers,
    is_by_size: bool,
    /// One per view. The row of the curves is the value of the breakdown that the heat map shows.
    at: [At; VIEWS.len()],
    /// The pinned groups, and what they are called.
    pins: Vec<(Pin, String)>,
    picture: Picture,
    /// The first row and column that were drawn last, so that scrolling moves as little as it must.
    from: Cell<(usize, usize)>,
}

/// A panel narrower or lower than this has no frame.
const FRAMED: (u16, u16) = (60, 9);

/// A panel with at least so many lines shows the other view of the same answer too.
const BOTH: u16 = 30;

impl CohortsPane {
    pub fn new(scope: &Scope) -> Self {
        let mut at: [At; VIEWS.len()] = Default::default();
        at[View::Heat as usize].column = 1;
        at[View::Curves as usize].column = 1;
        at[View::Compare as usize].column = 1;
        let mut pane = CohortsPane {
            view: View::Heat,
            retention: RetentionSpec::default(),
            compare: CompareSpec::default(),
            lifecycle: LifecycleSpec::default(),
            numbers: Numbers::Share,
            is_by_size: false,
            at,
            pins: Vec::new(),
            picture: Picture::default(),
            from: Cell::new((0, 0)),
        };
        pane.set_scope(scope);
        pane
    }

    /// The question of the view that is shown, even where it is not enough to be asked.
    fn question(&self) -> Spec {
        match self.view {
            View::Heat | View::Curves => Spec::Retention(self.retention.clone()),
            View::Compare | View::Mix => Spec::Compare(self.compare.clone()),
            View::Lifecycle | View::Sticky => Spec::Lifecycle(self.lifecycle.clone()),
        }
    }

    fn has_cohorts(&self) -> bool {
        let spec = &self.compare;
        spec.by.is_some() || !spec.split.is_empty() || spec.names().next().is_some()
    }

    /// Whether the answer is to the question that is on the screen.
    fn is_current(&self, facts: &Facts<'_>) -> bool {
        facts.answer.is_some() && facts.answered == Some(&self.question())
    }

    fn use_pins(&mut self) {
        self.compare.by = None;
        self.compare.split.clear();
        self.compare.baseline = None;
        self.compare.pins = self.pins.iter().map(|(pin, _)| pin.clone()).collect();
    }

    /// Draws the frame where there is room for one; returns what is inside.
    fn frame(title: &str, note: &str, foot: &str, area: Rect, pen: &mut Pen<'_>) -> Rect {
        if area.width >= FRAMED.0 && area.height >= FRAMED.1 {
            return pen.frame(area, &Border { title, note, foot, has_focus: true });
        }
        if area.height < 6 {
            return area;
        }
        pen.text(area.x + 1, area.y, area.width.saturating_sub(2), title, Tone::Title);
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    }

    /// Takes the last line for a sentence about the cell under the cursor.
    fn sentence(text: &str, inside: Rect, pen: &mut Pen<'_>) -> Rect {
        if inside.height < 4 {
            return inside;
        }
        let y = inside.bottom() - 1;
        pen.text(inside.x + 1, y, inside.width.saturating_sub(2), text, Tone::Strong);
        Rect { height: inside.height - 1, ..inside }
    }

    fn draw(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        // The other view of the same answer stands below where there is room for both.
        let has_both = area.height >= BOTH && !facts.is_zoomed;
        let upper = |height: u16| Rect { height: height.min(area.height - 12), ..area };
        let lower = |above: Rect| Rect { y: above.bottom(), height: area.height - above.height, ..area };
        match (self.view, facts.answer) {
            (View::Heat, Some(Answer::Retention(answer))) if has_both => {
                let above = upper(self.picture.order.len() as u16 + 5);
                let page = self.view_heat(answer, above, pen);
                self.view_curves(answer, lower(above), pen);
                page
            }
            (View::Heat, Some(Answer::Retention(answer))) => self.view_heat(answer, area, pen),
            (View::Curves, Some(Answer::Retention(answer))) => self.view_curves(answer, area, pen),
            (View::Compare, Some(Answer::Compare(answer))) if has_both => {
                let above = upper(answer.metrics.len() as u16 + 8);
                let page = self.view_compare(answer, above, pen);
                self.view_mix(answer, lower(above), pen);
                page
            }
            (View::Compare, Some(Answer::Compare(answer))) => self.view_compare(answer, area, pen),
            (View::Mix, Some(Answer::Compare(answer))) => self.view_mix(answer, area, pen),
            (View::Lifecycle, Some(Answer::Lifecycle(answer))) => self.view_lifecycle(answer, area, pen),
            (View::Sticky, Some(Answer::Lifecycle(answer))) => self.view_sticky(answer, area, pen),
            (View::Compare | View::Mix, _) if !self.has_cohorts() => {
                self.invite(area, pen);
                1
            }
            _ => {
                Self::frame("[5] Cohorts", "", "", area, pen);
                1
            }
        }
    }
}

impl Pane for CohortsPane {
    fn place(&self) -> Place {
        Place::Cohorts
    }

    fn spec(&self) -> Option<Spec> {
        (!self.view.is_of_comparison() || self.has_cohorts()).then(|| self.question())
    }

    fn set_scope(&mut self, scope: &Scope) {
        for own in [&mut self.retention.scope, &mut self.compare.scope, &mut self.lifecycle.scope] {
            own.clone_from(scope);
        }
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        let (rows, columns) = self.extent(self.view, facts);
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => match facts.answer {
                Some(Answer::Retention(answer)) if self.view.is_of_retention() && answer.groups.len() > 1 => Ok(()),
                _ => Err("needs a breakdown, to go from value to value; b sets one"),
            },
            Action::Row(_) if rows == 0 => Err("there is no row to move over"),
            Action::Row(_) => Ok(()),
            Action::Cohorts(CohortsAction::Left | CohortsAction::Right) if columns < 2 => {
                Err("there is one column only")
            }
            Action::Cohorts(CohortsAction::Open) => self.behind(false, facts).map(drop),
            Action::Cohorts(CohortsAction::OpenGone) => self.behind(true, facts).map(drop),
            Action::Cohorts(action) => self.allows_change(action, facts),
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        let (view, At { row, column, .. }) = (self.view, self.here().clone());
        let (rows, columns) = self.extent(view, facts);
        match action {
            Action::Row(RowAction::NextPanel) => self.turn(false, facts),
            Action::Row(RowAction::PreviousPanel) => self.turn(true, facts),
            Action::Row(action) => {
                let row = moved(row, action, rows, facts.page).unwrap_or(row);
                self.go(view, row, column, facts);
                if view == View::Curves {
                    self.repaint(facts);
                }
            }
            Action::Cohorts(CohortsAction::Left) => self.go(view, row, column.saturating_sub(1), facts),
            Action::Cohorts(CohortsAction::Right) => {
                self.go(view, row, (column + 1).min(columns.saturating_sub(1)), facts);
            }
            Action::Cohorts(action @ (CohortsAction::Open | CohortsAction::OpenGone)) => {
                let behind = self.behind(action == CohortsAction::OpenGone, facts).ok()?;
                let scope = behind.of.scope().clone();
                return Some(Effect::Push(Box::new(CustomersPane::of(behind.of, behind.cell, behind.title, scope))));
            }
            Action::Cohorts(action) => return self.change(action, facts),
            _ => {}
        }
        None
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], _: &Facts<'_>) -> Result<Option<Effect>, String> {
        match purpose {
            Purpose::Cohorts(asked) => self.take(asked, texts),
            Purpose::Breakdown => {
                self.break_down(texts.first().filter(|column| !column.is_empty()).cloned());
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn point(&mut self, _: u8, target: usize, facts: &Facts<'_>) {
        let (_, columns) = self.extent(self.view, facts);
        if let (Some(row), Some(column)) = (target.checked_div(columns), target.checked_rem(columns)) {
            self.go(self.view, row, column, facts);
            if self.view == View::Curves {
                self.repaint(facts);
            }
        }
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        VIEWS.into_iter().filter(|view| *view != View::Heat).for_each(|view| self.hold(view, facts));
        self.repaint(facts);
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        match self.view {
            View::Heat | View::Curves => self.retention.title(),
            View::Compare | View::Mix if !self.has_cohorts() => "comparison".to_owned(),
            View::Compare | View::Mix => format!("comparison of {}", self.compare.title()),
            View::Lifecycle | View::Sticky => {
                let what = self.lifecycle.active.as_ref().map_or("any event".to_owned(), ToString::to_string);
                format!("customers by {}, active with {what}", change::word(self.lifecycle.period))
            }
        }
    }

    fn explain(&self) -> &'static [&'static str] {
        match self.view {
            View::Heat | View::Curves => &[
                "Each row is a cohort: customers who started in the same period, or who share a value. Each cell is the share of them who were back in that period after their start; the darker, the more. Numbers are always printed.",
                "A share is of those for whom the period is over. ╱ is not over for anybody and never 0; ~ is over for a part of the cohort only, and of that part.",
                "The row all takes the cohorts together, weighted by size. ◀ marks the cohort that differs most from the one before; c compares before and after.",
                "% changes the numbers: share, customers, difference to all in points, churn (1 less the share). ⏎ lists those who came back, o those who did not.",
            ],
            View::Compare | View::Mix => &[
                "Each row is a metric, each column a cohort. The difference is the cohort under the cursor less the baseline, with its 95 % interval as a bar around 0; where the bar does not cross 0, chance alone hardly explains it.",
                "Stars are the p-value after Benjamini–Hochberg over all tests here: * below .05, ** below .01, *** below .001. `small` marks figures of few customers.",
                "Mix or rate: how much of the difference comes from the cohorts having other shares of a column's values (mix), and how much from the rate within them; total = mix + rate, exactly.",
                "Balance is the largest difference of a column's shares in standard deviations: beyond 0.1 the cohorts are not alike in it. Differences are associations, not effects.",
            ],
            View::Lifecycle | View::Sticky => &[
                "new are active for the first time, returning were active in the period before too, resurrected were active before but not then; together they are the active customers.",
                "dormant were active in the period before and are not in this one. While a period is not over nobody is known to be dormant, and it is blank.",
                "Stickiness counts in how many periods customers are active.",
            ],
        }
    }

    fn can_zoom(&self) -> bool {
        matches!(self.view, View::Heat | View::Compare)
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        self.draw(facts, area, pen)
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        let (field, value) = match (self.view, facts.answer?) {
            (View::Heat | View::Curves, Answer::Retention(answer)) => {
                (answer.breakdown.clone()?, answer.groups.get(self.group_idx(answer))?.value.clone()?)
            }
            (View::Compare, Answer::Compare(answer)) => {
                (self.compare.by.clone()?, answer.cohorts.get(self.here().column)?.name.clone())
            }
            _ => return None,
        };
        let value = Some(value).filter(|value| value != "(other)")?;
        Some(Condition { field, value: Some(value).filter(|value| value != "(none)") })
    }

    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        self.number_under_cursor(facts)
    }

    fn group(&self, facts: &Facts<'_>) -> Result<Group, &'static str> {
        let behind = self.behind(false, facts)?;
        let title = words::lowered(&behind.title);
        Ok(Group { among: Among::new(behind.of, Some(behind.cell)), title, size: behind.size })
    }

    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        Some(match self.view {
            View::Heat => "retention",
            View::Curves => "summary",
            View::Compare => "metrics",
            View::Mix => "parts",
            View::Lifecycle => "lifecycle",
            View::Sticky => "stickiness",
        })
    }

    fn draft(&self) -> Option<Spec> {
        Some(self.question())
    }

    fn set_draft(&mut self, spec: Spec) {
        match spec {
            Spec::Retention(spec) => {
                self.retention = spec;
                if !self.view.is_of_retention() {
                    self.view = View::Heat;
                }
            }
            Spec::Compare(spec) => {
                self.compare = spec;
                if !self.view.is_of_comparison() {
                    self.view = View::Compare;
                }
            }
            Spec::Lifecycle(spec) => {
                self.lifecycle = spec;
                if self.view.is_of_retention() || self.view.is_of_comparison() {
                    self.view = View::Lifecycle;
                }
            }
            _ => {}
        }
    }

    fn set_pins(&mut self, a: Option<&Cohort>, b: Option<&Cohort>) {
        let pin = |(name, cohort): (&str, Option<&Cohort>)| {
            let cohort = cohort?;
            let pin = Pin { name: name.to_owned(), among: cohort.among.clone() };
            Some((pin, cohort.name.clone()))
        };
        self.pins = [("A", a), ("B", b)].into_iter().filter_map(pin).collect();
        // The first of two pins does not take the place of another comparison yet.
        if self.pins.len() > 1 || !self.has_cohorts() || !self.compare.pins.is_empty() {
            self.use_pins();
        }
    }
}

/// The answers of the views, for what reads one of them.
fn comparison<'a>(facts: &Facts<'a>) -> Option<&'a Compare> {
    match facts.answer {
        Some(Answer::Compare(answer)) => Some(answer),
        _ => None,
    }
}

fn retention<'a>(facts: &Facts<'a>) -> Option<&'a Retention> {
    match facts.answer {
        Some(Answer::Retention(answer)) => Some(answer),
        _ => None,
    }
}

fn lifecycle_of<'a>(facts: &Facts<'a>) -> Option<&'a Lifecycle> {
    match facts.answer {
        Some(Answer::Lifecycle(answer)) => Some(answer),
        _ => None,
    }
}
