//! `App`: the whole state of the workbench, and what every event does to it. No input, no output, no waiting: what has to
//! happen outside is left in `outside` for the loop.

mod act;
mod ahead;
mod cohorts;
mod help;
mod history;
mod loading;
mod look;
mod mapping;
mod mouse;
mod notices;
pub mod opening;
mod output;
pub mod plain;
mod rail;
mod session;
mod tasks;
mod typing;
mod undo;
mod view;
mod views;
mod which;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use ratatui::layout::Rect;
use signal_hook::consts::SIGTSTP;

use super::cohort::Cohorts;
use super::command::{Action, AppAction, Place};
use super::complete::Vocabulary;
use super::event::{Event, ends_program};
use super::filter;
use super::keeping::Keeping;
use super::key::{Code, Input, Key};
use super::keymap::{Keymap, Lookup};
use super::layer::{Layer, LayerId, Stack};
use super::load::{Opener, Stage};
use super::look::Look;
use super::overlay::Overlay;
use super::paint::Target;
use super::screen::Screen;
use super::theme::Theme;
use crate::analysis::{Answer, Scope};
use crate::engine::Engine;
use crate::ingest::{LoadOptions, LoadReport};
use crate::job::{Fallen, Slot, Ticket};
use crate::workspace::Setting;

pub use view::Drawn;

/// What the loop has to do outside the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    Copy(String),
    Redraw,
    Suspend,
    /// Take the terminal again: somebody stopped and continued the process.
    Resume,
    /// Let the terminal report the mouse, or no longer.
    Mouse(bool),
    /// Keep a setting for the next run.
    Keep(Setting, &'static str),
}

/// Why the workbench ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    Quit,
    LoadFailed(String),
    Signal(i32),
    TerminalGone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub text: String,
    pub is_error: bool,
}

/// Scopes whose number of customers is remembered.
const COUNTED_MAX: usize = 16;

/// A filter being tried before it is applied.
struct Trial {
    slot: Slot,
    scope: Scope,
}

pub struct App {
    pub theme: Theme,
    look: Look,
    /// The file that settings are kept in.
    kept_in: Option<String>,
    pub keymap: Keymap,
    /// What is wrong with the person's own files, to be said once the data is there.
    notices: Vec<String>,
    options: LoadOptions,
    /// The zone of the data, where a workspace says it and no flag does.
    workspace_zone: Option<crate::base::Zone>,
    opener: Opener,
    stage: Stage,
    engine: Option<Arc<dyn Engine>>,
    extent: loading::Extent,
    report: Option<LoadReport>,
    /// What was read and is being saved.
    keeping: Option<Keeping>,
    vocabulary: Vocabulary,
    values: Slot,
    screen: Screen,
    stacks: BTreeMap<Screen, Stack>,
    overlays: Vec<Overlay>,
    /// Rows of the overlay's page, as last drawn.
    overlay_page: usize,
    trial: Trial,
    scope: Scope,
    /// How many customers a scope leaves, as heard; the newest last.
    counted: Vec<(Scope, u64)>,
    steps: undo::Steps,
    history: history::History,
    cohorts: Cohorts,
    opening: opening::Opening,
    /// What is being written to a file, or asked for.
    writing: Option<output::Writing>,
    writer: Slot,
    /// The folder in which relative paths begin.
    write_into: std::path::PathBuf,
    status: Option<Status>,
    /// Keys of a sequence that is not complete yet.
    pending: Vec<Key>,
    /// When the last of them was pressed.
    pending_since: Instant,
    /// When text was typed that no list has followed yet.
    typed_at: Option<Instant>,
    /// What the mouse can point at, as last drawn.
    targets: Vec<(Rect, Target)>,
    events: Sender<Event>,
    pub outside: Vec<Outside>,
    pub leave: Option<Leave>,
    /// The time of the event that is being handled; the app never looks at a clock.
    now: Instant,
    ticks: u64,
    layers_made: u64,
}

impl App {
    pub fn new(options: LoadOptions, opener: Opener, theme: Theme, events: Sender<Event>, now: Instant) -> Self {
        let scope = Scope::default();
        let opening = opening::Opening::new(options.clone());
        let stacks: BTreeMap<Screen, Stack> = (0..)
            .zip(Screen::ALL)
            .map(|(id, screen)| (screen, Stack::new(Layer::new(LayerId(id), screen.bottom(&scope), now))))
            .collect();
        let mut app = App {
            theme,
            look: Look::of(theme),
            kept_in: None,
            keymap: Keymap::default(),
            notices: Vec::new(),
            options,
            workspace_zone: None,
            opener,
            stage: Stage::Failed { message: String::new() },
            engine: None,
            extent: loading::Extent::Whole,
            report: None,
            keeping: None,
            vocabulary: Vocabulary::default(),
            values: Slot::new(),
            screen: Screen::Home,
            stacks,
            overlays: Vec::new(),
            overlay_page: 0,
            trial: Trial { slot: Slot::new(), scope: scope.clone() },
            scope,
            counted: Vec::new(),
            steps: undo::Steps::default(),
            history: history::History::new(Screen::Home, LayerId(0)),
            cohorts: Cohorts::default(),
            opening,
            writing: None,
            writer: Slot::new(),
            write_into: std::path::PathBuf::new(),
            status: None,
            pending: Vec::new(),
            pending_since: now,
            typed_at: None,
            targets: Vec::new(),
            events,
            outside: Vec::new(),
            leave: None,
            now,
            ticks: 0,
            layers_made: Screen::ALL.len() as u64,
        };
        app.steps = undo::Steps::new(app.analysis());
        app.note_start();
        app
    }

    pub fn handle(&mut self, event: Event, now: Instant) {
        self.now = now;
        let is_input = matches!(event, Event::Input(_));
        match event {
            Event::Input(Input::Key(key)) => self.key(key),
            Event::Input(Input::Paste(text)) => self.paste(&text),
            Event::Input(Input::Mouse(mouse)) => self.mouse(mouse),
            Event::Input(Input::Answer(answer)) => self.learn(answer),
            Event::Kept(outcome) => self.kept(outcome),
            Event::NotSaved(why) => self.complain(why),
            Event::SlowLine => self.slow_down(),
            Event::InputEnded => self.leave = Some(Leave::TerminalGone),
            Event::Resize => {}
            Event::Signal(signal) if ends_program(signal) => self.leave = Some(Leave::Signal(signal)),
            Event::Signal(SIGTSTP) => self.outside.push(Outside::Suspend),
            Event::Signal(_) => self.outside.push(Outside::Resume),
            Event::Loaded(ticket, outcome) => self.loaded(ticket, *outcome),
            Event::HeadLoaded(ticket, outcome) => self.head_loaded(ticket, *outcome),
            Event::Done(id, ticket, finding) => self.done(id, ticket, *finding),
            Event::Values(ticket, column, values) => self.values_arrived(ticket, column, values),
            Event::Tried(ticket, outcome) => self.tried(ticket, outcome),
            Event::Copied(Ok(text)) => self.say(text),
            Event::Copied(Err(text)) => self.complain(text),
            Event::Written(ticket, outcome) => self.written(ticket, outcome),
            Event::Opening(news) => self.heard(*news),
            Event::Tick => {
                self.ticks += 1;
                self.time_passed();
            }
        }
        self.catch_up_with_keys();
        self.note_spot();
        self.zone_layers();
        self.ask();
        if is_input {
            self.expect_changes();
        }
        self.keep_session_if_due();
    }

    /// Whether something is computed, so that time has to pass on the screen.
    pub fn is_busy(&self) -> bool {
        matches!(&self.stage, Stage::Loading { slot, .. } if slot.is_running())
            || self.top().is_busy()
            || self.trial.slot.is_running()
            || self.values.is_running()
            || self.writer.is_running()
            || self.is_opening_busy()
            || self.opening.remembering.is_running()
    }

    /// Whether the screen waits for an answer that may be nearly there.
    pub fn is_waiting_for_answer(&self) -> bool {
        self.is_opening_busy() || self.has_data() && (self.top().is_busy() || self.trial.slot.is_running())
    }

    /// Remembers what drawing found out.
    pub fn drawn(&mut self, drawn: &Drawn) {
        if self.is_opening() {
            self.opening_drawn(drawn.page);
        } else if drawn.page > 0 {
            self.stack_mut().top_mut().page = drawn.page;
        }
        self.overlay_page = drawn.overlay_page;
        self.targets.clone_from(&drawn.targets);
        // What a pane asks may hang on the room that it has.
        self.ask();
    }

    fn stack(&self) -> &Stack {
        &self.stacks[&self.screen]
    }

    fn stack_mut(&mut self) -> &mut Stack {
        self.stacks.get_mut(&self.screen).expect("every screen has a stack")
    }

    fn top(&self) -> &Layer {
        self.stack().top()
    }

    /// The places whose keys work now, innermost first.
    pub fn places(&self) -> Vec<Place> {
        if let Some(overlay) = self.overlays.last() {
            return vec![overlay.place(), Place::Always];
        }
        if let Some(places) = self.opening_places() {
            return places;
        }
        match self.stage {
            _ if self.has_data() => {
                vec![self.top().pane.place(), Place::Rows, Place::Panes, Place::Plain, Place::Always]
            }
            Stage::Loading { .. } => vec![Place::Loading, Place::Plain, Place::Always],
            Stage::Failed { .. } | Stage::Ready => vec![Place::Failed, Place::Plain, Place::Always],
        }
    }

    fn key(&mut self, key: Key) {
        self.status = None;
        if !self.overlays.is_empty() {
            self.overlay_key(key);
            return;
        }
        if self.files_key(key) || self.key_ahead(key) {
            return;
        }
        if key.code == Code::Esc && !self.pending.is_empty() {
            self.pending.clear();
            return;
        }
        self.pending.push(key);
        self.pending_since = self.now;
        match self.keymap.find(&self.places(), &self.pending) {
            Lookup::Found(command) => {
                self.pending.clear();
                self.act(command.action);
            }
            Lookup::Prefix => {}
            Lookup::Nothing => self.pending.clear(),
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.status = Some(Status { text: text.into(), is_error: false });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.status = Some(Status { text: text.into(), is_error: true });
    }

    fn done(&mut self, id: LayerId, ticket: Ticket, finding: Result<super::event::Finding, Fallen>) {
        let top = self.top().id;
        let (report, events, now) = (self.report.as_ref(), &self.events, self.now);
        let shown = self.stacks.values_mut().flat_map(|stack| &mut stack.layers);
        let layers = shown.chain(&mut self.history.attic);
        // A layer that was left meanwhile wants no answer any more.
        let Some(layer) = layers.into_iter().find(|layer| layer.id == id) else { return };
        let said = layer.take(ticket, finding, report, events, now);
        let error = layer.error.clone().filter(|_| id == top);
        let facts = layer.facts(None);
        if let (Some(Answer::Profile(profile)), Some(spec)) = (facts.answer, facts.answered) {
            let counted = (spec.scope().clone(), profile.n_customers);
            self.count(counted);
        }
        if let Some(text) = said {
            self.say(text);
        }
        if let Some(error) = error {
            self.complain(error);
        }
    }

    /// Notes how many customers a scope leaves.
    fn count(&mut self, counted: (Scope, u64)) {
        self.counted.retain(|(scope, _)| *scope != counted.0);
        self.counted.push(counted);
        if self.counted.len() > COUNTED_MAX {
            self.counted.remove(0);
        }
    }

    /// Asks what the layer on top wants to know.
    fn ask(&mut self) {
        let Some(engine) = self.engine.as_ref().filter(|_| self.has_data()) else { return };
        let (engine, events, now) = (Arc::clone(engine), self.events.clone(), self.now);
        self.stack_mut().top_mut().ask(&engine, &events, now);
    }

    fn set_scope(&mut self, scope: Scope) {
        let shown = self.stacks.values_mut().flat_map(|stack| &mut stack.layers);
        for layer in shown.chain(&mut self.history.attic) {
            layer.pane.set_scope(&scope);
        }
        self.scope = scope;
    }

    /// What a command needs before it can be done.
    ///
    /// # Errors
    /// The reason why not, in words that follow the command's name.
    pub fn allows(&self, action: Action) -> Result<(), &'static str> {
        match action {
            Action::App(action) => self.allows_app(action),
            Action::Entry(action) => match self.overlays.last() {
                Some(overlay) if overlay.allows(action) => Ok(()),
                Some(_) | None => Err("needs something to choose"),
            },
            action if self.is_opening() => self.allows_opening(action),
            Action::Files(_) | Action::Columns(_) => self.allows_opening(action),
            action => {
                let layer = self.top();
                layer.pane.allows(action, &layer.facts(self.report.as_ref()))
            }
        }
    }

    fn allows_app(&self, action: AppAction) -> Result<(), &'static str> {
        let layer = self.top();
        match action {
            AppAction::Back if self.screen == Screen::Home && self.stack().layers.len() == 1 && !layer.is_zoomed => {
                Err("this is the first level; q quits")
            }
            AppAction::Go(screen) if self.screen == screen && self.stack().layers.len() == 1 => Err("you are there"),
            AppAction::Zoom if !layer.pane.can_zoom() => Err("there is only one panel here"),
            AppAction::RemoveFilter if filter::chips(&self.scope, &self.cohorts).is_empty() => {
                Err("there is no filter")
            }
            AppAction::FilterTo | AppAction::FilterOut => {
                let facts = layer.facts(self.report.as_ref());
                layer.pane.condition_under_cursor(&facts).map(drop).ok_or("needs an event or a value under the cursor")
            }
            AppAction::Undo if !self.steps.can_undo() => Err("there is nothing to undo"),
            AppAction::Redo if !self.steps.can_redo() => Err("there is nothing to redo"),
            AppAction::HistoryBack if !self.history.can_go_back() => Err("there is nothing before this"),
            AppAction::HistoryForward if !self.history.can_go_forward() => Err("there is nothing after this"),
            AppAction::SaveCohort | AppAction::PinA | AppAction::PinB => self.group().map(drop),
            AppAction::Cohorts | AppAction::LeaveOutCohort if self.cohorts.all().next().is_none() => {
                Err("there is no cohort yet; C saves one")
            }
            AppAction::ForgetCohort if self.cohorts.saved.is_empty() => Err("there is no cohort yet; C saves one"),
            AppAction::SaveSteps if !self.steps.can_undo() => Err("there are no steps yet"),
            AppAction::RestoreSession => self.allows_restoring(),
            AppAction::SaveView => self.allows_saving_view(),
            AppAction::MapColumns if !self.can_look() => Err("standard input can be read only once"),
            AppAction::CopyIds
            | AppAction::CopyCsv
            | AppAction::CopyMarkdown
            | AppAction::CopyJson
            | AppAction::Export
                if layer.facts(None).answer.is_none() =>
            {
                Err("needs an answer on the screen")
            }
            AppAction::Change(setting) => self.allows_change(setting),
            AppAction::CopyCommand => layer.pane.spec().map(drop).ok_or("there is no question yet; add a step"),
            _ => Ok(()),
        }
    }
}
