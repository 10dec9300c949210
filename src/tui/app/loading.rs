//! Reading the data in the background: its start is looked at first where the whole takes long, and the whole takes its
//! place as soon as it is there.

use std::time::Duration;

use super::App;
use super::undo::Analysis;
use crate::analysis::map::Plan;
use crate::analysis::{MapSpec, Spec};
use crate::base::Ctl;
use crate::ingest;
use crate::job::{Fallen, Slot, Ticket};
use crate::tui::columns::Return;
use crate::tui::complete::Vocabulary;
use crate::tui::event::{Event, LoadOutcome};
use crate::tui::fit::{Kept, fit};
use crate::tui::keeping::Keeping;
use crate::tui::load::{Opened, Stage, lines};
use crate::tui::words;

/// Which part of the data the numbers on the screen are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// So many rows from the start.
    Head(u64),
}

/// The data with what is left of an analysis of other data.
fn fitted(mut opened: Opened, kept: Option<&Kept>, ctl: &Ctl) -> Opened {
    opened.fitted = kept.map(|kept| fit(kept, &*opened.engine, ctl));
    opened
}

impl App {
    /// Starts reading the data.
    pub fn load(&mut self) {
        self.look_for_session();
        let (mut slot, mut head) = (Slot::new(), Slot::new());
        let kept = self.opening.kept_parts();
        let (opener, options, events) = (self.opener.clone(), self.options.clone(), self.events.clone());
        // Nobody is left to tell once the loop has ended.
        slot.start(
            move |ctl| Ok(fitted((opener.whole)(&options, ctl)?, kept.as_ref(), ctl)),
            move |ticket, outcome| drop(events.send(Event::Loaded(ticket, Box::new(outcome)))),
        );
        if self.engine.is_none() {
            let (opener, options, events) = (self.opener.clone(), self.options.clone(), self.events.clone());
            head.start(
                move |ctl| (opener.head)(&options, ctl),
                move |ticket, outcome| drop(events.send(Event::HeadLoaded(ticket, Box::new(outcome)))),
            );
        }
        self.stage = Stage::Loading { slot, head, since: self.now };
    }

    pub(super) fn loaded(&mut self, ticket: Ticket, outcome: Result<LoadOutcome, Fallen>) {
        let Stage::Loading { slot, since, .. } = &mut self.stage else { return };
        if !slot.accept(ticket) {
            return;
        }
        let taken = self.now.saturating_duration_since(*since);
        match outcome {
            Ok(Ok(opened)) => {
                let rows = opened.report.rows;
                self.take(opened, Extent::Whole);
                self.stage = Stage::Ready;
                self.note_opened();
                self.go_on_if_awaited();
                let seconds = if taken >= Duration::from_millis(100) {
                    format!(" in {:.1}s", taken.as_secs_f64())
                } else {
                    String::new()
                };
                self.say(format!("✓ read {}{seconds}", words::things(rows, "row")));
                self.tell_notices();
                self.offer_session();
            }
            Ok(Err(ingest::Error::Cancelled(_))) => self.failed("Reading was stopped.".to_owned()),
            Ok(Err(ingest::Error::Columns(why))) if self.can_look() => {
                self.failed(why.clone());
                self.open_columns(Return::Failed(why.clone()), Some(why));
            }
            Ok(Err(err)) => self.failed(err.to_string()),
            Err(fallen) => self.failed(fallen.to_string()),
        }
    }

    pub(super) fn head_loaded(
        &mut self,
        ticket: Ticket,
        outcome: Result<Result<Option<Opened>, ingest::Error>, Fallen>,
    ) {
        let Stage::Loading { head, .. } = &mut self.stage else { return };
        // What is wrong with the start, reading the whole will say.
        if head.accept(ticket)
            && let Ok(Ok(Some(opened))) = outcome
        {
            let rows = opened.report.rows;
            self.take(opened, Extent::Head(rows));
        }
    }

    /// Asks everything on the screens of other data. Cursors stay on what they were on, by name.
    fn take(&mut self, opened: Opened, extent: Extent) {
        if let Some(options) = opened.remembered {
            self.options = options;
            let key = self.keymap.hint("map-columns");
            self.notices.push(format!("columns as you chose them before for files like this; {key} changes them"));
        }
        self.vocabulary =
            Vocabulary { touchpoints: opened.touchpoints, columns: opened.columns, ..Vocabulary::default() };
        self.workspace_zone = opened.zone;
        self.engine = Some(opened.engine);
        self.report = Some(opened.report);
        self.extent = extent;
        let events = self.events.clone();
        // Nobody is left to tell once the loop has ended.
        let failed = move |what| drop(events.send(Event::NotSaved(what)));
        self.keeping = opened.save.map(|save| Keeping::start(save, failed));
        self.counted.clear();
        let shown = self.stacks.values_mut().flat_map(|stack| &mut stack.layers);
        for layer in shown.chain(&mut self.history.attic) {
            layer.ask_of_other_data();
        }
        if let Some(fitted) = opened.fitted {
            self.take_fitted(fitted);
        }
        self.take_stages_of_workspace();
        self.tell_plan();
    }

    /// Tells the panes what the workspace plans.
    fn tell_plan(&mut self) {
        let asked = self.engine.as_ref().and_then(|engine| engine.asked(&Spec::Map(MapSpec::default())).ok());
        let plan = match asked {
            Some(Spec::Map(map)) => map.plan,
            _ => Plan::default(),
        };
        self.stacks.values_mut().for_each(|stack| stack.base_mut().pane.set_plan(&plan));
    }

    /// Asks the map about the stages that the dwell pane asks about.
    pub(super) fn take_dwell_stages(&mut self) {
        let draft = |app: &mut Self, screen| app.stacks.get_mut(&screen)?.base_mut().pane.draft();
        let Some(Spec::Dwell(dwell)) = draft(self, super::Screen::Dwell)
            .filter(|spec| matches!(spec, Spec::Dwell(dwell) if !dwell.stages.stage.is_empty()))
        else {
            self.say("the Dwell pane asks about no stages of its own; 4 goes there, a adds one");
            return;
        };
        if let Some(Spec::Map(map)) = draft(self, super::Screen::Map) {
            let spec = Spec::Map(MapSpec { stages: dwell.stages, ..map });
            self.stacks.get_mut(&super::Screen::Map).expect("every screen has a stack").base_mut().pane.set_draft(spec);
        }
    }

    /// Shows the stages of a workspace where nobody has asked for others yet.
    fn take_stages_of_workspace(&mut self) {
        if self.workspace_zone.is_none() || self.steps.can_undo() {
            return;
        }
        let Some(engine) = self.engine.clone() else { return };
        let before = self.analysis();
        let (drafts, scope) = before.parts();
        let with_stages = |(screen, spec): &(super::Screen, Spec)| {
            let asked = engine.asked(spec);
            let mut spec = spec.clone();
            if let (Spec::Dwell(dwell), Ok(Spec::Dwell(asked))) = (&mut spec, asked) {
                dwell.stages = asked.stages;
            }
            (*screen, spec)
        };
        let drafts: Vec<(super::Screen, Spec)> = drafts.iter().map(with_stages).collect();
        let analysis = Analysis::of(drafts, scope.clone());
        if analysis != before {
            self.show_analysis(&analysis);
            self.start_from(&analysis);
        }
    }

    pub(super) fn failed(&mut self, message: String) {
        (self.engine, self.report) = (None, None);
        self.extent = Extent::Whole;
        self.stage = Stage::Failed { message };
    }

    /// Stops reading. What was read from the start stays, where there is something.
    pub(super) fn cancel_load(&mut self) {
        let Stage::Loading { slot, head, .. } = &mut self.stage else { return };
        slot.cancel();
        head.cancel();
        self.opening.ahead.clear();
        match self.extent {
            Extent::Head(rows) if self.engine.is_some() => {
                self.stage = Stage::Ready;
                self.say(format!(
                    "stopped; everything is about the first {} · :read-again-all reads the rest",
                    words::things(rows, "row")
                ));
            }
            Extent::Head(_) | Extent::Whole => self.failed("Reading was stopped.".to_owned()),
        }
    }

    /// `◐ the first 200,000 rows`, where the numbers are not about everything.
    pub(super) fn partial_note(&self) -> Option<String> {
        match self.extent {
            Extent::Whole => None,
            Extent::Head(rows) => Some(format!("◐ only the first {}", words::things(rows, "row"))),
        }
    }

    /// How far reading is, where something can be looked at meanwhile.
    pub(super) fn reading_note(&self) -> Option<String> {
        let Stage::Loading { slot, since, .. } = &self.stage else { return None };
        let progress = slot.progress()?;
        let [amount, _] = lines(progress, self.now.saturating_duration_since(*since));
        Some(format!("{} reading {amount} · all of this counts {}", self.spinner(), self.partial_note()?))
    }

    /// Why there is nothing to ask questions of, where reading failed.
    pub fn unread(&self) -> Option<String> {
        match &self.stage {
            Stage::Failed { message } if !message.is_empty() => Some(message.clone()),
            Stage::Failed { .. } | Stage::Loading { .. } | Stage::Ready => None,
        }
    }

    /// Whether there is something to ask questions of.
    pub(super) fn has_data(&self) -> bool {
        self.engine.is_some() && !matches!(self.stage, Stage::Failed { .. })
    }
}
