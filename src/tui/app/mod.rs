//! `App`: the whole state of the workbench, and what every event does to it. No input, no output, no waiting: what has to
//! happen outside is left in `outside` for the loop.

mod act;
mod help;
mod look;
mod mouse;
mod notices;
mod typing;
mod view;
mod which;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;
use signal_hook::consts::SIGTSTP;

use super::command::{Action, AppAction, Place};
use super::complete::Vocabulary;
use super::event::{Event, LoadOutcome, ends_program};
use super::key::{Code, Input, Key};
use super::keymap::{Keymap, Lookup};
use super::layer::{Layer, LayerId, Stack};
use super::load::{Opener, Stage};
use super::look::Look;
use super::overlay::Overlay;
use super::paint::Target;
use super::panes::customers::CustomersPane;
use super::panes::funnel::FunnelPane;
use super::panes::home::HomePane;
use super::theme::Theme;
use crate::analysis::{Answer, FunnelSpec, Scope};
use crate::engine::Engine;
use crate::ingest::{LoadOptions, LoadReport};
use crate::job::{Fallen, Slot, Ticket};
use crate::workspace::Setting;

pub use view::Drawn;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    Home,
    Funnel,
    Customers,
}

impl Screen {
    pub const ALL: [Screen; 3] = [Screen::Home, Screen::Funnel, Screen::Customers];

    pub fn tab(self) -> &'static str {
        match self {
            Screen::Home => "1 Home",
            Screen::Funnel => "2 Funnel",
            Screen::Customers => "7 Customers",
        }
    }
}

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

/// Everything that undo brings back.
#[derive(Debug, Clone, PartialEq)]
struct Analysis {
    funnel: FunnelSpec,
    scope: Scope,
}

/// Most changes that can be undone.
const UNDO_MAX: usize = 200;

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
    opener: Opener,
    stage: Stage,
    engine: Option<Arc<dyn Engine>>,
    report: Option<LoadReport>,
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
    undo: Vec<Analysis>,
    redo: Vec<Analysis>,
    last: Analysis,
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
        let funnel = FunnelPane::new(scope.clone());
        let last = Analysis { funnel: funnel.spec.clone(), scope: scope.clone() };
        let layer = |id, pane| Stack::new(Layer::new(LayerId(id), pane, now));
        let stacks = BTreeMap::from([
            (Screen::Home, layer(0, Box::new(HomePane::new(scope.clone())))),
            (Screen::Funnel, layer(1, Box::new(funnel))),
            (Screen::Customers, layer(2, Box::new(CustomersPane::everybody(scope.clone())))),
        ]);
        App {
            theme,
            look: Look::of(theme),
            kept_in: None,
            keymap: Keymap::default(),
            notices: Vec::new(),
            options,
            opener,
            stage: Stage::Failed { message: String::new() },
            engine: None,
            report: None,
            vocabulary: Vocabulary::default(),
            values: Slot::new(),
            screen: Screen::Home,
            stacks,
            overlays: Vec::new(),
            overlay_page: 0,
            trial: Trial { slot: Slot::new(), scope: scope.clone() },
            scope,
            counted: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            last,
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
            layers_made: 3,
        }
    }

    /// Starts reading the data.
    pub fn load(&mut self) {
        let (opener, options, events) = (Arc::clone(&self.opener), self.options.clone(), self.events.clone());
        let mut slot = Slot::new();
        slot.start(
            move |ctl| opener(&options, ctl),
            move |ticket, outcome| {
                // Nobody is left to tell once the loop has ended.
                let _ = events.send(Event::Loaded(ticket, Box::new(outcome)));
            },
        );
        self.stage = Stage::Loading { slot, since: self.now };
    }

    pub fn handle(&mut self, event: Event, now: Instant) {
        self.now = now;
        match event {
            Event::Input(Input::Key(key)) => self.key(key),
            Event::Input(Input::Paste(text)) => self.paste(&text),
            Event::Input(Input::Mouse(mouse)) => self.mouse(mouse),
            Event::Input(Input::Answer(answer)) => self.learn(answer),
            Event::Kept(outcome) => self.kept(outcome),
            Event::SlowLine => self.slow_down(),
            Event::InputEnded => self.leave = Some(Leave::TerminalGone),
            Event::Resize => {}
            Event::Signal(signal) if ends_program(signal) => self.leave = Some(Leave::Signal(signal)),
            Event::Signal(SIGTSTP) => self.outside.push(Outside::Suspend),
            Event::Signal(_) => self.outside.push(Outside::Resume),
            Event::Loaded(ticket, outcome) => self.loaded(ticket, *outcome),
            Event::Done(id, ticket, finding) => self.done(id, ticket, *finding),
            Event::Values(ticket, column, values) => self.values_arrived(ticket, column, values),
            Event::Tried(ticket, outcome) => self.tried(ticket, outcome),
            Event::Copied(Ok(text)) => self.say(text),
            Event::Copied(Err(text)) => self.complain(text),
            Event::Tick => {
                self.ticks += 1;
                self.time_passed();
            }
        }
        self.zone_layers();
        self.ask();
    }

    /// Whether something is computed, so that time has to pass on the screen.
    pub fn is_busy(&self) -> bool {
        matches!(&self.stage, Stage::Loading { slot, .. } if slot.is_running())
            || self.top().is_busy()
            || self.trial.slot.is_running()
            || self.values.is_running()
    }

    /// Whether the screen waits for an answer that may be nearly there.
    pub fn is_waiting_for_answer(&self) -> bool {
        matches!(self.stage, Stage::Ready) && (self.top().is_busy() || self.trial.slot.is_running())
    }

    /// Remembers what drawing found out.
    pub fn drawn(&mut self, drawn: &Drawn) {
        if drawn.page > 0 {
            self.stack_mut().top_mut().page = drawn.page;
        }
        self.overlay_page = drawn.overlay_page;
        self.targets.clone_from(&drawn.targets);
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
        match self.stage {
            Stage::Loading { .. } => vec![Place::Loading, Place::Plain, Place::Always],
            Stage::Failed { .. } => vec![Place::Failed, Place::Plain, Place::Always],
            Stage::Ready => {
                vec![self.top().pane.place(), Place::Rows, Place::Panes, Place::Plain, Place::Always]
            }
        }
    }

    fn key(&mut self, key: Key) {
        self.status = None;
        if !self.overlays.is_empty() {
            self.overlay_key(key);
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

    fn loaded(&mut self, ticket: Ticket, outcome: Result<LoadOutcome, Fallen>) {
        let Stage::Loading { slot, since } = &mut self.stage else { return };
        if !slot.accept(ticket) {
            return;
        }
        let taken = self.now.saturating_duration_since(*since);
        match outcome {
            Ok(Ok(opened)) => {
                self.vocabulary =
                    Vocabulary { touchpoints: opened.touchpoints, columns: opened.columns, ..Vocabulary::default() };
                self.engine = Some(opened.engine);
                let rows = opened.report.rows;
                self.report = Some(opened.report);
                self.stage = Stage::Ready;
                let seconds = if taken >= Duration::from_millis(100) {
                    format!(" in {:.1}s", taken.as_secs_f64())
                } else {
                    String::new()
                };
                self.say(format!("✓ read {}{seconds}", super::words::things(rows, "row")));
                self.tell_notices();
            }
            Ok(Err(crate::ingest::Error::Cancelled(_))) => self.failed("Reading was stopped.".to_owned()),
            Ok(Err(err)) => self.failed(err.to_string()),
            Err(fallen) => self.failed(fallen.to_string()),
        }
    }

    fn failed(&mut self, message: String) {
        self.stage = Stage::Failed { message };
    }

    fn done(&mut self, id: LayerId, ticket: Ticket, finding: Result<super::event::Finding, Fallen>) {
        let top = self.top().id;
        let (report, events, now) = (self.report.as_ref(), &self.events, self.now);
        let layers = self.stacks.values_mut().flat_map(|stack| &mut stack.layers);
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
        let (Some(engine), Stage::Ready) = (&self.engine, &self.stage) else { return };
        let (engine, events, now) = (Arc::clone(engine), self.events.clone(), self.now);
        self.stack_mut().top_mut().ask(&engine, &events, now);
    }

    fn analysis(&mut self) -> Analysis {
        let scope = self.scope.clone();
        let stack = self.stacks.get_mut(&Screen::Funnel).expect("every screen has a stack");
        let funnel = stack.base_mut().pane.as_funnel().expect("the bottom of the funnel screen is the funnel pane");
        Analysis { funnel: FunnelSpec { scope: Scope::default(), ..funnel.spec.clone() }, scope }
    }

    /// Notes a change of the funnel or the filter, so that it can be undone.
    fn remember(&mut self) {
        let now = self.analysis();
        if now != self.last {
            let before = std::mem::replace(&mut self.last, now);
            self.undo.push(before);
            if self.undo.len() > UNDO_MAX {
                self.undo.remove(0);
            }
            self.redo.clear();
        }
    }

    fn restore(&mut self, analysis: Analysis) {
        self.set_scope(analysis.scope.clone());
        let stack = self.stacks.get_mut(&Screen::Funnel).expect("every screen has a stack");
        if let Some(funnel) = stack.base_mut().pane.as_funnel() {
            funnel.set_spec(FunnelSpec { scope: analysis.scope.clone(), ..analysis.funnel.clone() });
        }
        self.last = analysis;
    }

    fn set_scope(&mut self, scope: Scope) {
        for layer in self.stacks.values_mut().flat_map(|stack| &mut stack.layers) {
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
            action => {
                let layer = self.top();
                layer.pane.allows(action, &layer.facts(self.report.as_ref()))
            }
        }
    }

    fn allows_app(&self, action: AppAction) -> Result<(), &'static str> {
        let layer = self.top();
        match action {
            AppAction::Back if self.stack().layers.len() == 1 && self.screen == Screen::Home => {
                Err("this is the first level; q quits")
            }
            AppAction::GoHome if self.screen == Screen::Home && self.stack().layers.len() == 1 => Err("you are there"),
            AppAction::GoFunnel if self.screen == Screen::Funnel && self.stack().layers.len() == 1 => {
                Err("you are there")
            }
            AppAction::GoCustomers if self.screen == Screen::Customers && self.stack().layers.len() == 1 => {
                Err("you are there")
            }
            AppAction::RemoveFilter if self.scope.events.is_none() && self.scope.customers.is_none() => {
                Err("there is no filter")
            }
            AppAction::FilterTo | AppAction::FilterOut => {
                let facts = layer.facts(self.report.as_ref());
                layer.pane.event_under_cursor(&facts).map(drop).ok_or("needs an event under the cursor")
            }
            AppAction::Undo if self.undo.is_empty() => Err("there is nothing to undo"),
            AppAction::Redo if self.redo.is_empty() => Err("there is nothing to redo"),
            AppAction::Change(setting) => self.allows_change(setting),
            AppAction::CopyCommand => layer.pane.spec().map(drop).ok_or("there is no question yet; add a step"),
            _ => Ok(()),
        }
    }
}
