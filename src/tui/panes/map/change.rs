//! How the question changes: stages, goal, persona; and what else of the map is looked at.

use super::spot::Spot;
use super::{Colour, MapAction, MapPane, NO_ANSWER, PainSort, Panel, VIEWS, View, Wanted};
use crate::analysis::Map;
use crate::analysis::map::plan::Persona;
use crate::analysis::map::{Plan, Rows};
use crate::analysis::stages::{Stage, StagesSpec};
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::journey::Step;
use crate::tui::complete::Source;
use crate::tui::filter::both;
use crate::tui::pane::{Effect, Facts, Purpose};
use crate::tui::panes::dwell::DwellPane;
use crate::tui::panes::funnel::FunnelPane;
use crate::tui::picker::{Item, Picker};
use crate::tui::prompt::Prompt;

/// The stages that a plan names, each with its touchpoints; a stage without any is left out, because nobody can be in it.
fn planned(plan: &Plan) -> Vec<Stage> {
    let stage = |stage: &crate::analysis::map::plan::PlannedStage| {
        let touchpoints = plan.touchpoints.iter().filter(|touchpoint| touchpoint.stage.as_ref() == Some(&stage.id));
        let steps: Vec<String> = touchpoints.map(|touchpoint| Step::named(&touchpoint.id).to_string()).collect();
        Some(Stage { name: stage.id.clone(), step: steps.join("|").parse().ok()? })
    };
    plan.stages.iter().filter_map(stage).collect()
}

impl MapPane {
    /// The stages that are asked about, as they would be typed.
    pub(super) fn stages(&self) -> Vec<Stage> {
        if self.spec.stages.stage.is_empty() { planned(&self.plan) } else { self.spec.stages.stage.clone() }
    }

    fn set_stages(&mut self, stage: Vec<Stage>) {
        let terminal = std::mem::take(&mut self.spec.stages.terminal);
        let is_there = |name: &String| stage.iter().any(|stage| stage.name == *name);
        let terminal = terminal.into_iter().filter(is_there).collect();
        self.spec.stages = StagesSpec { stage, terminal };
    }

    /// The stage under the cursor among those that are asked about.
    fn named(&self, facts: &Facts<'_>) -> Option<usize> {
        let map = self.answer(facts)?;
        let id = &map.stages.get(self.stage(map)?)?.id;
        self.stages().iter().position(|stage| stage.name == *id)
    }

    /// The persona whose customers are kept now.
    pub(super) fn persona(&self) -> Option<&Persona> {
        let asked = self.spec.scope.customers.as_deref()?;
        self.plan.personas.iter().find(|persona| without(asked, persona).is_some())
    }

    pub(super) fn persona_name<'p>(&self, persona: &'p Persona) -> &'p str {
        persona.label.text(&self.plan.language).unwrap_or(&persona.id)
    }

    pub(super) fn allows_change(&self, action: MapAction, facts: &Facts<'_>) -> Result<(), &'static str> {
        let map = self.answer(facts);
        let with_stage = || self.named(facts).ok_or("needs a stage under the cursor; a adds one");
        match action {
            MapAction::AddStage | MapAction::DwellStages | MapAction::Goal | MapAction::Comment => Ok(()),
            MapAction::Persona if self.plan.personas.is_empty() => {
                Err("needs a workspace with a [[persona]]; F filters by any expression")
            }
            MapAction::Clear if self.spec.stages == StagesSpec::default() => Err("there are no stages of your own"),
            MapAction::Persona | MapAction::Clear => Ok(()),
            _ if !self.has_stages() => Err("needs stages; a adds one, D takes those of the Dwell pane"),
            _ if map.is_none() => Err(NO_ANSWER),
            MapAction::Colour | MapAction::Transpose | MapAction::Grouping if self.view != View::Experience => {
                Err("belongs to the experience; v goes there")
            }
            MapAction::Sort if self.view != View::Pains => Err("belongs to the pains; v goes there"),
            MapAction::Unfold if !matches!(self.view, View::Journey | View::Blueprint) => {
                Err("belongs to the lanes; v goes there")
            }
            MapAction::Grouping if map.is_some_and(|map| map.channels.is_empty()) => {
                Err("needs a channel; no column plays it")
            }
            MapAction::Find if !self.has_comments() => Err("needs comments; a workspace names their column, or K does"),
            MapAction::EditStage | MapAction::DropStage => with_stage().map(drop),
            MapAction::MoveEarlier => match with_stage()? {
                0 => Err("needs a stage before this one"),
                _ => Ok(()),
            },
            MapAction::MoveLater if with_stage()? + 1 == self.stages().len() => Err("needs a stage after this one"),
            MapAction::Times if map.and_then(|map| self.stage(map)).is_none() => Err("needs a stage under the cursor"),
            MapAction::Funnel if self.stages().len() < 2 => Err("needs two stages"),
            MapAction::Notes if map.is_some_and(|map| map.notes.is_empty()) => Err("there is nothing to note"),
            _ => Ok(()),
        }
    }

    fn turn(&mut self, by: usize, facts: &Facts<'_>) {
        let map = self.answer(facts);
        let stage = map.and_then(|map| Some(map.stages.get(self.stage(map)?)?.id.clone()));
        let at = VIEWS.iter().position(|view| *view == self.view).unwrap_or(0);
        self.view = VIEWS[(at + by) % VIEWS.len()];
        self.from.set((0, 0));
        self.focus = Panel::Sheet;
        let Some(map) = map else { return };
        // The cursor stays in its stage.
        let is_by_stage = self.view != View::Pains && !(self.view == View::Experience && self.is_transposed);
        if let (true, Some(stage)) = (is_by_stage, stage) {
            self.at[self.view as usize].column_name = Some(stage);
        }
        self.hold(map);
        self.leave_nothing(true, map);
    }

    /// In a grid, goes on from where nothing is to the nearest cell: of the same column, or of the same row.
    pub(super) fn leave_nothing(&mut self, is_column_kept: bool, map: &Map) {
        if self.view != View::Experience || self.spot(map) != Spot::Nothing {
            return;
        }
        let sheet = self.sheet(map);
        let (row, column) = (self.here().row, self.here().column);
        let has_any =
            |(row, column): &(usize, usize)| sheet.cell(*row, *column).is_some_and(|cell| cell.spot != Spot::Nothing);
        let nearest = match is_column_kept {
            true => {
                let cells = (0..sheet.rows.len()).map(|other| (other, column));
                cells.filter(has_any).min_by_key(|(other, _)| other.abs_diff(row))
            }
            false => {
                let cells = (0..sheet.columns.len()).map(|other| (row, other));
                cells.filter(has_any).min_by_key(|(_, other)| other.abs_diff(column))
            }
        };
        if let Some((row, column)) = nearest {
            self.go(row, column, map);
        }
    }

    pub(super) fn change(&mut self, action: MapAction, facts: &Facts<'_>) -> Option<Effect> {
        let say = |text: &str| Some(Effect::Say(text.to_owned()));
        let map = self.answer(facts);
        match action {
            MapAction::NextView => self.turn(1, facts),
            MapAction::PreviousView => self.turn(VIEWS.len() - 1, facts),
            MapAction::Persona => return Some(self.pick_persona()),
            MapAction::Colour => {
                let (colour, words) = match self.colour {
                    Colour::Mood => (Colour::Volume, "volume: the share of the stage's customers"),
                    Colour::Volume => (Colour::Lost, "lost: of those who met it long enough ago to know"),
                    Colour::Lost => (Colour::Mood, "mood: −2 to 2"),
                };
                self.colour = colour;
                return say(words);
            }
            MapAction::Transpose => {
                self.is_transposed = !self.is_transposed;
                let at = &mut self.at[View::Experience as usize];
                std::mem::swap(&mut at.row, &mut at.column);
                std::mem::swap(&mut at.row_name, &mut at.column_name);
                self.from.set((0, 0));
            }
            MapAction::Grouping => {
                let (grouping, words) = match self.grouping {
                    Rows::Touchpoints => (Rows::Channels, "channels by stage"),
                    Rows::Channels => (Rows::Touchpoints, "touchpoints by stage"),
                };
                self.grouping = grouping;
                self.hold(map?);
                self.leave_nothing(true, map?);
                return say(words);
            }
            MapAction::Unfold => {
                self.is_unfolded = !self.is_unfolded;
                self.hold(map?);
            }
            MapAction::Find => {
                let title = "Comments that hold this text — nothing typed shows all";
                let purpose = Purpose::Map(Wanted::Text);
                return Some(Effect::Ask(Prompt::new(purpose, title, Source::Nothing, self.text.clone())));
            }
            MapAction::Sort => {
                let (sort, words) = match self.sort {
                    PainSort::Pain => (PainSort::Severity, "most severe first"),
                    PainSort::Severity => (PainSort::Reach, "most people first"),
                    PainSort::Reach => (PainSort::Money, "most to gain first"),
                    PainSort::Money => (PainSort::Pain, "worst pain first"),
                };
                self.sort = sort;
                self.hold(map?);
                return say(words);
            }
            MapAction::Times => {
                let map = map?;
                return self.times(map, self.stage(map)?);
            }
            MapAction::Funnel => return self.as_steps_of_a_funnel(),
            MapAction::Notes => {
                let notes = map?.notes.iter().map(|note| format!("  {}", visible(note)));
                let head = "What is to be known beside the numbers of this map:".to_owned();
                let lines = std::iter::once(head).chain(notes).collect();
                return Some(Effect::Read("[N] Notes of the map".to_owned(), lines));
            }
            MapAction::DwellStages => return Some(Effect::TakeDwellStages),
            MapAction::Clear => self.spec.stages = StagesSpec::default(),
            action => return self.change_stages(action, facts),
        }
        None
    }

    fn change_stages(&mut self, action: MapAction, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            MapAction::AddStage => {
                let title = "Add a stage — a name and its events: consider=view|chat, or an event alone";
                return Some(Effect::Ask(Prompt::new(Purpose::AddStage, title, Source::Stages, "").several()));
            }
            MapAction::EditStage => {
                let stage = self.stages()[self.named(facts)?].to_string();
                return Some(Effect::Ask(Prompt::new(Purpose::EditStage, "Edit this stage", Source::Stages, stage)));
            }
            MapAction::Goal if self.spec.goal.is_some() => {
                self.spec.goal = None;
                return Some(Effect::Say("no goal but what the workspace says; G sets one".to_owned()));
            }
            MapAction::Goal => {
                let title = "What customers are meant to reach";
                return Some(Effect::Ask(Prompt::new(Purpose::Map(Wanted::Goal), title, Source::Steps, "")));
            }
            MapAction::Comment => {
                let text = self.spec.comment.clone().unwrap_or_default();
                let title = "The column with what customers wrote beside a score — nothing typed is none";
                return Some(Effect::Ask(Prompt::new(Purpose::Map(Wanted::Comment), title, Source::Nothing, text)));
            }
            MapAction::DropStage | MapAction::MoveEarlier | MapAction::MoveLater => {
                let (mut stages, at) = (self.stages(), self.named(facts)?);
                match action {
                    MapAction::DropStage => drop(stages.remove(at)),
                    MapAction::MoveEarlier => stages.swap(at, at.checked_sub(1)?),
                    _ => stages.swap(at, at + 1),
                }
                self.set_stages(stages);
            }
            _ => {}
        }
        None
    }

    /// The dwell of a stage, among the same stages.
    pub(super) fn times(&self, map: &Map, stage_idx: usize) -> Option<Effect> {
        let stage = map.stages.get(stage_idx)?.id.clone();
        let stages = StagesSpec { stage: self.stages(), terminal: self.spec.stages.terminal.clone() };
        Some(Effect::Push(Box::new(DwellPane::at_stage(stages, stage, self.spec.scope.clone()))))
    }

    fn as_steps_of_a_funnel(&self) -> Option<Effect> {
        let steps = self.stages().into_iter().map(|stage| stage.step.to_string().parse().ok());
        let mut pane = FunnelPane::new(self.spec.scope.clone());
        pane.set_spec(crate::analysis::FunnelSpec { steps: steps.collect::<Option<_>>()?, ..pane.spec.clone() });
        Some(Effect::Push(Box::new(pane)))
    }

    fn pick_persona(&self) -> Effect {
        let now = self.persona().map(|persona| persona.id.as_str());
        let everybody = Item { label: "everybody".to_owned(), detail: "no persona".to_owned(), ..Item::default() };
        let personas = self.plan.personas.iter().map(|persona| Item {
            label: self.persona_name(persona).to_owned(),
            value: persona.id.clone(),
            detail: persona.when.clone(),
            lead: if now == Some(persona.id.as_str()) { "now".to_owned() } else { String::new() },
            ..Item::default()
        });
        let items = std::iter::once(everybody).chain(personas).collect();
        let title = "Keep only the customers of a persona";
        Effect::Pick(Picker::new(Purpose::Map(Wanted::Persona), title, items).at(now.unwrap_or_default()))
    }

    /// What is asked of customers with this persona in place of the one before.
    fn with_persona(&self, id: &str) -> String {
        let asked = self.spec.scope.customers.as_deref();
        let rest = match (asked, self.persona()) {
            (Some(asked), Some(persona)) => without(asked, persona).unwrap_or_default(),
            (asked, _) => asked.unwrap_or_default().to_owned(),
        };
        let rest = Some(rest.as_str()).filter(|rest| !rest.is_empty());
        match self.plan.personas.iter().find(|persona| persona.id == id) {
            Some(persona) => both(rest, &persona.when),
            None => rest.unwrap_or_default().to_owned(),
        }
    }

    /// Takes what was typed or chosen.
    pub(super) fn take(
        &mut self,
        purpose: Purpose,
        texts: &[String],
        facts: &Facts<'_>,
    ) -> Result<Option<Effect>, String> {
        let text = texts.first().map_or("", |text| text.trim());
        match purpose {
            Purpose::AddStage => self.add_stages(texts, facts)?,
            Purpose::EditStage => self.edit_stage(text, facts)?,
            Purpose::Map(Wanted::Persona) => return Ok(Some(Effect::FilterCustomersTo(self.with_persona(text)))),
            Purpose::Map(Wanted::Goal) => {
                self.spec.goal = match text {
                    "" => None,
                    text => Some(text.parse::<Step>().map_err(|err| format!("{err}"))?),
                };
            }
            Purpose::Map(Wanted::Comment) => {
                if let (false, Some(report)) = (text.is_empty(), facts.report) {
                    let names = || report.columns.iter().map(|column| column.name.as_str());
                    if !names().any(|name| name == text) {
                        let near = nearest(text, names());
                        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                        return Err(format!("no column is named `{text}`{hint}"));
                    }
                }
                self.spec.comment = (!text.is_empty()).then(|| text.to_owned());
            }
            Purpose::Map(Wanted::Text) => {
                self.text = text.to_owned();
                self.voice = 0;
                self.focus = Panel::Voices;
            }
            _ => {}
        }
        Ok(None)
    }

    fn add_stages(&mut self, texts: &[String], facts: &Facts<'_>) -> Result<(), String> {
        let new = texts.iter().map(|text| text.parse()).collect::<Result<Vec<Stage>, String>>()?;
        let mut stages = self.stages();
        let at = self.named(facts).map_or(stages.len(), |at| at + 1);
        for (i, stage) in new.iter().enumerate() {
            if stages.iter().chain(&new[..i]).any(|other| other.name == stage.name) {
                return Err(format!("there is a stage `{}` already; = edits it", stage.name));
            }
        }
        self.hold_stage(new.last());
        stages.splice(at..at, new);
        self.set_stages(stages);
        Ok(())
    }

    fn edit_stage(&mut self, text: &str, facts: &Facts<'_>) -> Result<(), String> {
        let Some(at) = self.named(facts) else { return Ok(()) };
        let new: Stage = text.parse()?;
        let mut stages = self.stages();
        if stages.iter().enumerate().any(|(i, other)| i != at && other.name == new.name) {
            return Err(format!("there is a stage `{}` already", new.name));
        }
        for name in self.spec.stages.terminal.iter_mut().filter(|name| **name == stages[at].name) {
            name.clone_from(&new.name);
        }
        self.hold_stage(Some(&new));
        stages[at] = new;
        self.set_stages(stages);
        Ok(())
    }

    /// The cursor goes to a stage as soon as the answer has it.
    fn hold_stage(&mut self, stage: Option<&Stage>) {
        if let Some(stage) = stage {
            for view in [View::Journey, View::Blueprint] {
                self.at[view as usize].column_name = Some(stage.name.clone());
            }
        }
    }
}

/// An expression about customers without what a persona adds to it; `None` where the persona is no part of it.
fn without(asked: &str, persona: &Persona) -> Option<String> {
    if asked == persona.when || asked == both(None, &persona.when) {
        return Some(String::new());
    }
    let joined = both(Some(""), &persona.when);
    asked.strip_suffix(&joined).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::MapSpec;

    fn persona(id: &str, when: &str) -> Persona {
        Persona { id: id.into(), when: when.into(), ..Persona::default() }
    }

    #[test]
    fn one_persona_takes_the_place_of_another_and_leaves_the_rest_alone() {
        let mut pane = MapPane::new(crate::analysis::Scope::default());
        pane.plan.personas = vec![persona("a", "sessions > 1 or did(x)"), persona("b", "did(y)")];
        let mut choose = |id: &str| {
            let asked = pane.with_persona(id);
            pane.spec = MapSpec::default();
            pane.spec.scope.customers = Some(asked.clone()).filter(|asked| !asked.is_empty());
            (asked, pane.persona().map(|persona| persona.id.clone()))
        };
        assert_eq!(choose("b"), ("did(y)".into(), Some("b".into())));
        assert_eq!(choose("a"), ("sessions > 1 or did(x)".into(), Some("a".into())));
        assert_eq!(choose(""), (String::new(), None));
        pane.spec.scope.customers = Some("did(z)".into());
        assert_eq!(pane.with_persona("a"), "did(z) and (sessions > 1 or did(x))");
        pane.spec.scope.customers = Some(pane.with_persona("a"));
        assert_eq!(pane.persona().map(|persona| persona.id.as_str()), Some("a"));
        assert_eq!(pane.with_persona("b"), "did(z) and did(y)");
        assert_eq!(pane.with_persona(""), "did(z)");
    }
}
