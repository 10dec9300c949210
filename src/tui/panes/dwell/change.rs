//! How the question changes: stages added, edited, moved, and what else can be asked about them.

use super::{DwellAction, DwellPane, Look, Panel, Sort};
use crate::analysis::DwellSpec;
use crate::analysis::dwell::{Bins, Censor, Per};
use crate::analysis::stages::{Stage, StagesSpec};
use crate::base::Span;
use crate::journey::Step;
use crate::tui::complete::Source;
use crate::tui::pane::{Effect, Facts, Purpose};
use crate::tui::prompt::Prompt;

impl DwellPane {
    pub(super) fn set_spec(&mut self, spec: DwellSpec) {
        if spec.stages != self.spec.stages || spec.between != self.spec.between {
            // A stage that is no longer there must not be asked about.
            self.tail_of = None;
        }
        self.spec = spec;
        if self.spec.breakdown.is_none() {
            self.value = None;
            if self.below == Panel::Groups {
                self.below = Panel::Bins;
            }
            if self.focus == Panel::Groups {
                self.focus = Panel::Stages;
            }
        }
    }

    fn set_stages(&mut self, stage: Vec<Stage>, terminal: Vec<String>) {
        let is_there = |name: &String| stage.is_empty() || stage.iter().any(|stage| stage.name == *name);
        let terminal = terminal.into_iter().filter(is_there).collect();
        self.set_spec(DwellSpec { stages: StagesSpec { stage, terminal }, ..self.spec.clone() });
    }

    pub(super) fn is_log(&self) -> bool {
        self.spec.bins == Bins::Log
    }

    /// The stage under the cursor among those that were named.
    fn named(&self) -> Option<usize> {
        let held = self.held.as_deref()?;
        self.spec.stages.stage.iter().position(|stage| stage.name == held)
    }

    pub(super) fn allows_change(&self, action: DwellAction, facts: &Facts<'_>) -> Result<(), &'static str> {
        let is_between = !self.spec.between.is_empty();
        let with_stage = || self.named().ok_or("needs a stage of your own; a names one");
        match action {
            DwellAction::AddStage
            | DwellAction::EditStage
            | DwellAction::DropStage
            | DwellAction::MoveEarlier
            | DwellAction::MoveLater
            | DwellAction::ToggleTerminal
            | DwellAction::NextPer
            | DwellAction::SetLeftAfter
            | DwellAction::Clear
                if is_between =>
            {
                Err("is about stages, and a way between two steps is timed; B goes back to stages")
            }
            DwellAction::SetLeftAfter if self.spec.censor == Censor::LastEvent => {
                Err("needs those still there to be watched until the data's end; c does that")
            }
            DwellAction::NextCensor if self.spec.end_after.is_some() => {
                Err("the silent count as having left; E with nothing typed takes that back")
            }
            DwellAction::EditStage | DwellAction::DropStage => with_stage().map(drop),
            DwellAction::MoveEarlier | DwellAction::MoveLater if self.sort != Sort::AsAsked => {
                Err("needs the stages in their own order; s goes back to it")
            }
            DwellAction::MoveEarlier => match with_stage()? {
                0 => Err("needs a stage before this one"),
                _ => Ok(()),
            },
            DwellAction::MoveLater => match with_stage()? + 1 {
                next if next == self.spec.stages.stage.len() => Err("needs a stage after this one"),
                _ => Ok(()),
            },
            DwellAction::ToggleTerminal => self.stage(facts).map(drop).ok_or("needs a stage under the cursor"),
            DwellAction::Clear if self.spec.stages == StagesSpec::default() => Err("there are no stages of your own"),
            DwellAction::NextSort => Self::has_answer(facts),
            _ => Ok(()),
        }
    }

    pub(super) fn change(&mut self, action: DwellAction, facts: &Facts<'_>) -> Option<Effect> {
        let say = |text: &str| Some(Effect::Say(text.to_owned()));
        match action {
            DwellAction::AddStage => {
                let title = "Add a stage — a name and its events: consider=view|chat, or an event alone";
                Some(Effect::Ask(Prompt::new(Purpose::AddStage, title, Source::Stages, "").several()))
            }
            DwellAction::EditStage => {
                let stage = self.spec.stages.stage[self.named()?].to_string();
                Some(Effect::Ask(Prompt::new(Purpose::EditStage, "Edit this stage", Source::Stages, stage)))
            }
            DwellAction::SetLimit => {
                let text = self.spec.limit.map_or(String::new(), |limit| limit.to_string());
                let title = "Longer than this is too long — nothing typed is no limit";
                Some(Effect::Ask(Prompt::new(Purpose::Limit, title, Source::Spans, text)))
            }
            DwellAction::SetLeftAfter => {
                let text = self.spec.end_after.map_or(String::new(), |silence| silence.to_string());
                let title = "Who is silent for longer than this has left — nothing typed is never";
                Some(Effect::Ask(Prompt::new(Purpose::LeftAfter, title, Source::Spans, text)))
            }
            DwellAction::Between if self.spec.between.is_empty() => {
                let title = "Time the way between two steps — from the first";
                Some(Effect::Ask(Prompt::new(Purpose::BetweenFrom, title, Source::Steps, "")))
            }
            DwellAction::Between => {
                let stages = std::mem::take(&mut self.kept);
                self.set_spec(DwellSpec { between: Vec::new(), stages, ..self.spec.clone() });
                say("stages again; B times the way between two steps")
            }
            DwellAction::Breakdown => Some(Effect::PickBreakdown(self.spec.breakdown.clone())),
            DwellAction::DropStage | DwellAction::MoveEarlier | DwellAction::MoveLater => {
                self.shift(action);
                None
            }
            DwellAction::ToggleTerminal => self.toggle_terminal(),
            DwellAction::NextView => {
                self.look = if self.look == Look::Boxes { Look::Numbers } else { Look::Boxes };
                None
            }
            DwellAction::NextSort => {
                let (sort, words) = match self.sort {
                    Sort::AsAsked => (Sort::Median, "longest wait first, counting those still there"),
                    Sort::Median => (Sort::Visits, "most visits first"),
                    Sort::Visits => (Sort::Open, "most still there first"),
                    Sort::Open => (Sort::AsAsked, "in their own order"),
                };
                self.sort = sort;
                self.put_in_order(Self::answer(facts)?);
                let stages = &Self::answer(facts)?.total().stages;
                let held = self.held.as_deref()?;
                let row = self.places.iter().position(|at| stages[*at].name == held).unwrap_or(0);
                self.rows[Panel::Stages as usize] = row;
                say(words)
            }
            DwellAction::NextBins => {
                let (bins, words) = match self.spec.bins {
                    Bins::Log => (Bins::Even, "even bins and axes"),
                    Bins::Even | Bins::Width(_) => (Bins::Log, "log bins and axes"),
                };
                self.spec.bins = bins;
                say(words)
            }
            DwellAction::NextCensor => {
                let (censor, words) = match self.spec.censor {
                    Censor::DataEnd => (Censor::LastEvent, "those still there are watched until their own last event"),
                    Censor::LastEvent => (Censor::DataEnd, "those still there are watched until the data's end"),
                };
                self.spec.censor = censor;
                say(words)
            }
            DwellAction::NextPer => {
                let (per, words) = match self.spec.per {
                    Per::Visit => (Per::Event, "timing every event until the next"),
                    Per::Event => (Per::Visit, "timing visits, until another stage begins"),
                };
                self.spec.per = per;
                say(words)
            }
            DwellAction::Clear => {
                self.set_stages(Vec::new(), Vec::new());
                None
            }
            _ => None,
        }
    }

    fn shift(&mut self, action: DwellAction) {
        let Some(at) = self.named() else { return };
        let StagesSpec { stage: mut stages, terminal } = self.spec.stages.clone();
        match action {
            DwellAction::DropStage => {
                stages.remove(at);
                let next = stages.get(at).or(stages.last());
                self.held = next.map(|stage| stage.name.clone());
            }
            DwellAction::MoveEarlier => stages.swap(at, at - 1),
            _ => stages.swap(at, at + 1),
        }
        self.set_stages(stages, terminal);
    }

    fn toggle_terminal(&mut self) -> Option<Effect> {
        let name = self.held.clone()?;
        let terminal = &mut self.spec.stages.terminal;
        let words = match terminal.iter().position(|other| *other == name) {
            Some(at) => {
                terminal.remove(at);
                "is a stage that one waits in"
            }
            None => {
                terminal.push(name.clone());
                "may be the end: whoever stays there has left"
            }
        };
        Some(Effect::Say(format!("{name} {words}")))
    }

    /// Takes what was typed or chosen.
    pub(super) fn take(&mut self, purpose: Purpose, texts: &[String], _: &Facts<'_>) -> Result<Option<Effect>, String> {
        let text = texts.first().map_or("", |text| text.trim());
        let span = || match text {
            "" => Ok(None),
            text => text.parse::<Span>().map(Some).map_err(|err| err.to_string()),
        };
        match purpose {
            Purpose::AddStage => self.add_stages(texts)?,
            Purpose::EditStage => self.edit_stage(text)?,
            Purpose::Limit => self.spec.limit = span()?.filter(|limit| *limit > Span::ZERO),
            Purpose::LeftAfter => self.spec.end_after = span()?,
            Purpose::BetweenFrom => {
                self.from = Some(parsed(text)?);
                let title = format!("Time the way from {text} — to the next");
                return Ok(Some(Effect::Ask(Prompt::new(Purpose::BetweenTo, title, Source::Steps, ""))));
            }
            Purpose::BetweenTo => {
                let to = parsed(text)?;
                let from = self.from.take().ok_or("the first step is missing; B asks for it")?;
                self.kept = self.spec.stages.clone();
                self.set_spec(DwellSpec {
                    between: vec![from, to],
                    stages: StagesSpec::default(),
                    per: Per::Visit,
                    end_after: None,
                    ..self.spec.clone()
                });
            }
            Purpose::Breakdown => {
                let column = texts.first().filter(|column| !column.is_empty()).cloned();
                self.value = None;
                if column.is_some() {
                    self.below = Panel::Groups;
                }
                self.set_spec(DwellSpec { breakdown: column, ..self.spec.clone() });
            }
            _ => {}
        }
        Ok(None)
    }

    fn add_stages(&mut self, texts: &[String]) -> Result<(), String> {
        let new = texts.iter().map(|text| text.parse()).collect::<Result<Vec<Stage>, String>>()?;
        let mut stages = self.spec.stages.stage.clone();
        let at = self.named().map_or(stages.len(), |at| at + 1);
        for (i, stage) in new.iter().enumerate() {
            if stages.iter().chain(&new[..i]).any(|other| other.name == stage.name) {
                return Err(format!("there is a stage `{}` already; = edits it", stage.name));
            }
        }
        self.held = new.last().map(|stage| stage.name.clone()).or(self.held.take());
        stages.splice(at..at, new);
        self.set_stages(stages, self.spec.stages.terminal.clone());
        Ok(())
    }

    fn edit_stage(&mut self, text: &str) -> Result<(), String> {
        let Some(at) = self.named() else { return Ok(()) };
        let new: Stage = text.parse()?;
        let StagesSpec { stage: mut stages, mut terminal } = self.spec.stages.clone();
        let is_taken = |(i, other): (usize, &Stage)| i != at && other.name == new.name;
        if stages.iter().enumerate().any(is_taken) {
            return Err(format!("there is a stage `{}` already", new.name));
        }
        for name in terminal.iter_mut().filter(|name| **name == stages[at].name) {
            name.clone_from(&new.name);
        }
        self.held = Some(new.name.clone());
        stages[at] = new;
        self.set_stages(stages, terminal);
        Ok(())
    }
}

fn parsed(text: &str) -> Result<Step, String> {
    text.parse().map_err(|err| format!("{err}"))
}
