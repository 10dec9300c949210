//! What keys change about the questions, and what is typed for them.

use super::{Asked, CohortsAction, CohortsPane, Numbers, VIEWS, View, comparison, retention};
use crate::analysis::compare::NamedExpr;
use crate::analysis::funnel::FunnelStep;
use crate::analysis::retention::Mode;
pub(super) use crate::analysis::retention::period_word as word;
use crate::analysis::{CompareSpec, LifecycleSpec, RetentionSpec};
use crate::base::{Instant, Period, Span, When};
use crate::journey::Step;
use crate::tui::complete::Source;
use crate::tui::pane::{Effect, Facts, Purpose};
use crate::tui::prompt::Prompt;

const UNITS: [Period; 6] = [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year, Period::Hour];

fn next_unit(unit: Period) -> Period {
    let at = UNITS.iter().position(|other| *other == unit).unwrap_or(0);
    UNITS[(at + 1) % UNITS.len()]
}

impl CohortsPane {
    pub(super) fn allows_change(&self, action: CohortsAction, facts: &Facts<'_>) -> Result<(), &'static str> {
        use CohortsAction as A;
        let need = |is_so: bool, why: &'static str| if is_so { Ok(()) } else { Err(why) };
        let (is_retention, is_comparison) = (self.view.is_of_retention(), self.view.is_of_comparison());
        match action {
            A::NextNumbers | A::Sort => need(self.view == View::Heat, "belongs to the heat map; v leads there"),
            A::WhatChanged if self.view != View::Heat => Err("belongs to the heat map; v leads there"),
            A::WhatChanged => self.cut(facts).map(drop),
            A::NextMode | A::Start | A::CohortBy | A::Recurring | A::MinCount | A::Brackets | A::AnyEvent => {
                need(is_retention, "belongs to who comes back; v leads there")
            }
            A::Return => need(!is_comparison, "belongs to who comes back and to the lifecycle; v leads there"),
            A::Rolling => need(is_retention || is_comparison, "is always by the calendar here"),
            A::Breakdown => need(is_retention || is_comparison, "belongs to retention and comparison; v leads there"),
            A::UsePins => need(!self.pins.is_empty(), "nothing is pinned; m pins A and M pins B, in any pane"),
            A::DropCohort => {
                need(is_comparison && self.has_cohorts(), "needs a comparison with cohorts; v leads there")
            }
            A::Baseline if !is_comparison => Err("belongs to the comparison; v leads there"),
            A::Baseline => match comparison(facts) {
                Some(answer) if self.here().column == 0 && self.view == View::Compare && !answer.cohorts.is_empty() => {
                    Err("the cohort under the cursor is the baseline already")
                }
                Some(answer) => need(answer.cohorts.len() > 1, "needs two cohorts"),
                None => Err("needs cohorts to compare"),
            },
            A::AddSteps | A::Window => need(is_comparison, "belongs to the comparison; v leads there"),
            A::DropStep => {
                need(is_comparison && !self.compare.steps.is_empty(), "needs a comparison with steps; A adds them")
            }
            A::Earlier | A::Later if is_comparison => {
                need(!self.compare.split.is_empty(), "needs a comparison cut in time; T cuts it")
            }
            A::Earlier | A::Later => need(is_retention, "moves over periods of retention; v leads there"),
            _ => Ok(()),
        }
    }

    pub(super) fn change(&mut self, action: CohortsAction, facts: &Facts<'_>) -> Option<Effect> {
        use CohortsAction as A;
        match action {
            A::NextView => self.turn_view(1, facts),
            A::PreviousView => self.turn_view(VIEWS.len() - 1, facts),
            A::Earlier | A::Later => self.shift(action == A::Later, facts),
            A::NextUnit => return Some(self.next_unit()),
            A::NextNumbers => return Some(self.next_numbers()),
            A::NextMode => return Some(self.next_mode()),
            A::Sort => {
                self.is_by_size = !self.is_by_size;
                self.repaint(facts);
                return Some(say(if self.is_by_size { "largest cohorts first" } else { "cohorts in their own order" }));
            }
            A::WhatChanged => return self.compare_around(facts),
            A::Breakdown => {
                let is_retention = self.view.is_of_retention();
                let current = if is_retention { &self.retention.breakdown } else { &self.compare.by };
                return Some(Effect::PickBreakdown(current.clone()));
            }
            A::UsePins => {
                self.use_pins();
                self.view = View::Compare;
            }
            A::DropCohort => return self.drop_cohort(facts),
            A::Baseline => {
                let answer = comparison(facts)?;
                let name = answer.cohorts.get(self.cohort_idx(answer))?.name.clone();
                let said = format!("{name} is what the others are compared with");
                self.compare.baseline = Some(name);
                return Some(Effect::Say(said));
            }
            A::DropStep => {
                self.compare.steps.pop();
            }
            A::Rolling => {
                let rolling =
                    if self.view.is_of_retention() { &mut self.retention.rolling } else { &mut self.compare.rolling };
                *rolling = !*rolling;
                let said = if *rolling {
                    "periods are multiples of 24 hours since each customer's own start"
                } else {
                    "periods are those of the calendar"
                };
                return Some(say(said));
            }
            A::Recurring => {
                self.retention.recurring = !self.retention.recurring;
                let which =
                    if self.retention.recurring { "every period in which" } else { "the first period in which" };
                return Some(Effect::Say(format!("customers belong to {which} they started")));
            }
            A::AnyEvent => (self.retention.start, self.retention.returns) = (None, None),
            _ => return self.ask(action),
        }
        None
    }

    fn turn_view(&mut self, by: usize, facts: &Facts<'_>) {
        self.view = VIEWS[(self.view as usize + by) % VIEWS.len()];
        self.from.set((0, 0));
        self.hold(self.view, facts);
    }

    fn ask(&self, action: CohortsAction) -> Option<Effect> {
        use CohortsAction as A;
        let shown = |step: &Option<Step>| step.as_ref().map_or(String::new(), ToString::to_string);
        let (asked, title, source, text) = match action {
            A::Start => (
                Asked::Start,
                "The event that puts a customer into a cohort",
                Source::Steps,
                shown(&self.retention.start),
            ),
            A::Return if self.view.is_of_retention() => {
                (Asked::Return, "The event that counts as coming back", Source::Steps, shown(&self.retention.returns))
            }
            A::Return => {
                (Asked::Return, "The event that makes a customer active", Source::Steps, shown(&self.lifecycle.active))
            }
            A::CohortBy => (
                Asked::CohortBy,
                "Cohorts by — week, month …, a column, or buyers=did(purchase)",
                Source::Customers,
                self.retention.cohort.clone(),
            ),
            A::MinCount => (
                Asked::MinCount,
                "How many return events a period needs",
                Source::Nothing,
                self.retention.min_count.to_string(),
            ),
            A::Brackets => (
                Asked::Brackets,
                "Periods taken together — 0,1-3,4-7,8-30; nothing for single ones",
                Source::Nothing,
                self.retention.brackets.as_ref().map_or(String::new(), ToString::to_string),
            ),
            A::AddCohort => (
                Asked::Cohort,
                "Cohort to compare — buyers=did(purchase); one alone is compared with the rest",
                Source::Customers,
                String::new(),
            ),
            A::SplitTime => (
                Asked::Time,
                "Compare who started before and from — 2025-04-14, or 2025-04-14T10:00",
                Source::Nothing,
                self.compare.split.first().map_or(String::new(), ToString::to_string),
            ),
            A::AddSteps => (Asked::Steps, "Steps to compare — the first is the entry", Source::Steps, String::new()),
            A::Window => {
                let title = "Conversion window of the steps that are compared";
                (Asked::Window, title, Source::Spans, self.compare.within.to_string())
            }
            _ => return None,
        };
        let prompt = Prompt::new(Purpose::Cohorts(asked), title, source, text);
        Some(Effect::Ask(if asked == Asked::Steps { prompt.several() } else { prompt }))
    }

    /// Takes what was typed.
    ///
    /// # Errors
    /// What is wrong with it; the person goes on typing.
    pub(super) fn take(&mut self, asked: Asked, texts: &[String]) -> Result<Option<Effect>, String> {
        let text = texts.first().map_or("", |text| text.trim());
        let step = || -> Result<Option<Step>, String> {
            if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|err| format!("{err}")) }
        };
        match asked {
            Asked::Start => self.retention.start = step()?,
            Asked::Return if self.view.is_of_retention() => self.retention.returns = step()?,
            Asked::Return => self.lifecycle.active = step()?,
            Asked::CohortBy => {
                let spec = RetentionSpec { cohort: text.to_owned(), ..self.retention.clone() };
                spec.check().map_err(|err| err.to_string())?;
                self.retention = spec;
            }
            Asked::MinCount => {
                let n = text.parse().ok().filter(|n| *n >= 1);
                self.retention.min_count = n.ok_or("write a whole number, 1 or more")?;
            }
            Asked::Brackets => {
                self.retention.brackets = if text.is_empty() { None } else { Some(text.parse()?) };
            }
            Asked::Cohort => {
                let cohort: NamedExpr = text.parse()?;
                let mut spec = CompareSpec { by: None, split: Vec::new(), baseline: None, ..self.compare.clone() };
                spec.cohorts.retain(|other| other.name != cohort.name);
                spec.cohorts.push(cohort);
                self.show_comparison(spec)?;
            }
            Asked::Time => {
                let when: When = text.parse().map_err(|err| format!("{err}"))?;
                self.show_comparison(self.split_at(when))?;
            }
            Asked::Steps => {
                let steps = texts.iter().map(|text| text.parse()).collect::<Result<Vec<FunnelStep>, String>>()?;
                self.compare.steps.extend(steps);
            }
            Asked::Window => self.compare.within = text.parse::<Span>().map_err(|err| err.to_string())?,
        }
        Ok(None)
    }

    fn show_comparison(&mut self, spec: CompareSpec) -> Result<(), String> {
        spec.check().map_err(|err| err.to_string())?;
        self.compare = spec;
        self.view = View::Compare;
        Ok(())
    }

    fn split_at(&self, when: When) -> CompareSpec {
        CompareSpec {
            split: vec![when],
            by: None,
            cohorts: Vec::new(),
            pins: Vec::new(),
            baseline: None,
            ..self.compare.clone()
        }
    }

    pub(super) fn break_down(&mut self, column: Option<String>) {
        if self.view.is_of_retention() {
            self.retention.breakdown = column;
            return;
        }
        self.compare.baseline = None;
        match column {
            Some(column) => {
                self.compare.cohorts.clear();
                self.compare.pins.clear();
                self.compare.split.clear();
                self.compare.by = Some(column);
            }
            None => {
                self.compare.by = None;
                self.compare.pins = self.pins.iter().map(|(pin, _)| pin.clone()).collect();
            }
        }
    }

    fn drop_cohort(&mut self, facts: &Facts<'_>) -> Option<Effect> {
        let spec = &mut self.compare;
        spec.baseline = None;
        if spec.by.is_some() || !spec.split.is_empty() {
            spec.by = None;
            spec.split.clear();
            return Some(say("nothing is compared; u brings it back"));
        }
        let column = self.at[View::Compare as usize].column;
        let under = comparison(facts).and_then(|answer| answer.cohorts.get(column)).map(|cohort| cohort.name.clone());
        let last = spec.names().last().map(str::to_owned);
        let name = under.filter(|name| spec.names().any(|other| other == name)).or(last)?;
        spec.cohorts.retain(|cohort| cohort.name != name);
        spec.pins.retain(|pin| pin.name != name);
        Some(Effect::Say(format!("{name} is no longer compared; u brings it back")))
    }

    fn next_unit(&mut self) -> Effect {
        let unit = match self.view {
            View::Heat | View::Curves => {
                let next = next_unit(self.retention.unit());
                if UNITS.iter().any(|unit| word(*unit) == self.retention.cohort.trim()) {
                    word(next).clone_into(&mut self.retention.cohort);
                    self.retention.period = None;
                } else {
                    self.retention.period = Some(next);
                }
                next
            }
            View::Compare | View::Mix => {
                self.compare.period = next_unit(self.compare.period);
                self.compare.period
            }
            View::Lifecycle | View::Sticky => {
                let period = next_unit(self.lifecycle.period);
                self.lifecycle = LifecycleSpec { period, ..self.lifecycle.clone() };
                period
            }
        };
        Effect::Say(format!("by {}", word(unit)))
    }

    fn next_numbers(&mut self) -> Effect {
        let (numbers, said) = match self.numbers {
            Numbers::Share => (Numbers::Customers, "customers who came back"),
            Numbers::Customers => (Numbers::Difference, "points above or below all cohorts together"),
            Numbers::Difference => (Numbers::Churn, "churn: the share who did not come back"),
            Numbers::Churn => (Numbers::Share, "the share who came back"),
        };
        self.numbers = numbers;
        say(said)
    }

    fn next_mode(&mut self) -> Effect {
        let (mode, said) = match self.retention.mode {
            Mode::On => (Mode::OnOrAfter, "on or after: back in that period or a later one"),
            Mode::OnOrAfter => (Mode::OnOrBefore, "on or before: back in that period or an earlier one"),
            Mode::OnOrBefore => (Mode::Streak, "streak: back in every period up to that one"),
            Mode::Streak => (Mode::On, "on: back in that very period"),
        };
        self.retention.mode = mode;
        say(said)
    }

    fn shift(&mut self, is_later: bool, facts: &Facts<'_>) {
        if !self.view.is_of_comparison() {
            let at = self.here().clone();
            let page = self.picture.page.get().max(1);
            let column = if is_later { at.column + page } else { at.column.saturating_sub(page) };
            self.go(self.view, at.row, column, facts);
            return;
        }
        let (period, week, zone) = (self.compare.period, self.compare.week_start, facts.zone);
        for cut in &mut self.compare.split {
            let start = period.start(cut.resolve(zone), zone, week);
            let to = if is_later {
                period.next(start, zone, week)
            } else {
                period.start(Instant(start.micros() - 1), zone, week)
            };
            if let Ok(moved) = period.label(to, zone).parse() {
                *cut = moved;
            }
        }
        self.compare.baseline = None;
    }

    /// Where the cohort under the cursor starts, if there is one before it.
    fn cut(&self, facts: &Facts<'_>) -> Result<When, &'static str> {
        let answer = retention(facts).ok_or("needs the answer, which is still being computed")?;
        let cohort = self.picture.order.get(self.here().row).copied().or(self.picture.worst);
        let cohort = cohort.ok_or("needs a cohort under the cursor")?;
        let found = answer.total().cohorts.get(cohort).filter(|cohort| cohort.start.is_some());
        let found = found.ok_or("needs cohorts by period of the start")?;
        if cohort == 0 {
            return Err("needs a cohort before this one");
        }
        found.label.parse().map_err(|_| "needs cohorts by period of the start")
    }

    /// Opens the comparison of those who started before the cohort under the cursor with those who started from it on.
    fn compare_around(&mut self, facts: &Facts<'_>) -> Option<Effect> {
        let when = self.cut(facts).ok()?;
        let answer = retention(facts)?;
        let said = format!("before and from {when}; < > shift the cut, A adds steps");
        let mut spec = self.split_at(when);
        spec.period = answer.unit;
        spec.rolling = self.retention.rolling;
        spec.week_start = self.retention.week_start;
        let farthest = answer.periods.len().saturating_sub(1).clamp(1, 4) as u32;
        spec.retention = (1..=farthest).collect();
        if let Some(start) = &self.retention.start {
            spec.steps = vec![FunnelStep::of(start.clone())];
        }
        self.show_comparison(spec).ok()?;
        Some(Effect::Say(said))
    }
}

fn say(text: &str) -> Effect {
    Effect::Say(text.to_owned())
}
