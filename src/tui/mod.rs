//! The workbench: how it works, in one page.
//!
//! Keys, signals and finished computations arrive in one channel as `event::Event`s. The loop below hands all that have
//! arrived to `app::App`, which changes its state and asks engines in the background, and then draws one frame. Nothing
//! is drawn unless something happened, and nothing that may take long happens here.
//!
//! `command` is the table of everything that can be done; `panes` are the screens; a `layer` is a pane with its question
//! and its answer, and levels of them make a stack; an `overlay` takes the keys while it is open; `paint` and `theme`
//! decide what things look like; `terminal` sends frames and gives the terminal back.

pub mod app;
mod cohort;
mod columns;
pub mod command;
mod complete;
mod copy;
mod event;
mod files;
mod filter;
mod fit;
mod fuzzy;
mod grid;
mod keeping;
pub mod key;
pub mod keymap;
mod layer;
mod load;
pub mod look;
mod marks;
pub mod offscreen;
mod overlay;
mod paint;
mod pane;
mod panes;
mod picker;
mod place;
pub mod plain;
mod prompt;
mod report;
mod saver;
pub mod screen;
mod shell;
mod sorting;
mod terminal;
pub mod theme;
mod words;

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::ingest::LoadOptions;
use crate::workspace::folders::SETTINGS_FILE;
use crate::workspace::{self, Folders, Problem, Setting};
use app::opening::MakeSample;
use app::{App, Leave, Outside};
use event::Event;
use key::Input;
use keymap::Keymap;
use load::Opener;
use look::Look;
use saver::Saver;
use terminal::Terminal;
use theme::{Environment, Scheme};

/// How the workbench looks, and where its keys come from.
#[derive(Default)]
pub struct Settings {
    pub scheme: Scheme,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// Send little.
    pub slow: bool,
    /// Where keys are read from; standard input without it. Needed when standard input carries the data.
    pub keys: Option<Box<dyn Read + Send>>,
    /// Where the person's own files are.
    pub folders: Folders,
    /// Ask which column is what before reading.
    pub asks_for_columns: bool,
    /// How sample data is made, for those who have none yet.
    pub make_sample: Option<MakeSample>,
}

/// Why the workbench ended otherwise than by being quit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the workbench needs a terminal to draw on and to read keys from; for tables, name a command: trailmap profile FILE"
    )]
    NoTerminal,
    /// The data could not be read; the message is the loader's.
    #[error("{0}")]
    Load(String),
    #[error("ended by signal {0}")]
    Signal(i32),
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
    #[error("the workbench fell over; please report the message above")]
    Fallen,
}

impl Error {
    /// The exit status for the shell.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::NoTerminal => 2,
            Error::Load(_) | Error::Terminal(_) | Error::Fallen => 1,
            Error::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
        }
    }

    /// Whether there is something to tell; a signal speaks for itself.
    pub fn is_silent(&self) -> bool {
        matches!(self, Error::Signal(_))
    }
}

/// While something runs, the screen shows that time passes, this often.
const TICK: Duration = Duration::from_millis(250);

/// On a slow line, frames keep this distance.
const SLOW_FRAME: Duration = Duration::from_millis(100);

/// An answer that comes within this time is drawn together with the key that asked for it.
const GRACE: Duration = Duration::from_millis(12);

/// Opens the workbench on these sources and stays until it is left.
///
/// # Errors
/// See `Error`; by then the terminal is as it was.
pub fn run(options: LoadOptions, mut settings: Settings) -> Result<(), Error> {
    let keys: Box<dyn Read + Send> = match settings.keys.take() {
        Some(keys) => keys,
        None if std::io::stdin().is_terminal() => Box::new(std::io::stdin()),
        None => return Err(Error::NoTerminal),
    };
    if !std::io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    // Whether there are colours is the theme's business, which a person may change.
    crossterm::style::force_color_output(true);
    terminal::hook_panics();
    let (send, events) = channel();
    // First of all, so that nothing ends us with the terminal in our hands.
    event::watch_signals(send.clone())?;
    let mut terminal = Terminal::enter()?;
    let own = Own::read(&settings);
    let furnish = |app: &mut App| {
        app.furnish(&settings.folders, settings.make_sample.clone());
        app.open(settings.asks_for_columns);
    };
    let folders = &settings.folders;
    let all = (send, events);
    let outcome = catch_unwind(AssertUnwindSafe(|| work(options, own, keys, folders, furnish, all, &mut terminal)));
    drop(terminal);
    outcome.unwrap_or(Err(Error::Fallen))
}

/// What a person brought along: keys, settings, and what is wrong with them.
struct Own {
    keymap: Keymap,
    look: Look,
    problems: Vec<Problem>,
    folder: Option<PathBuf>,
}

impl Own {
    fn read(settings: &Settings) -> Self {
        let folders = &settings.folders;
        let (keymap, mut problems) = keymap::of_folders(folders);
        let (kept, more) =
            folders.config.as_ref().map_or_else(Default::default, |folder| workspace::Settings::read(folder));
        problems.extend(more);
        let mut flags = Vec::new();
        match settings.scheme {
            Scheme::Auto => {}
            Scheme::Dark => flags.push((Setting::Theme, "dark")),
            Scheme::Light => flags.push((Setting::Theme, "light")),
            Scheme::Ansi => flags.push((Setting::Theme, "16")),
            Scheme::Mono => flags.push((Setting::Theme, "mono")),
        }
        if settings.ascii {
            flags.push((Setting::Glyphs, "ascii"));
        }
        if settings.slow {
            flags.push((Setting::SlowLine, "on"));
        }
        let look = Look::new(kept, flags, Environment::read());
        Own { keymap, look, problems, folder: folders.config.clone() }
    }
}

fn work(
    options: LoadOptions,
    own: Own,
    keys: Box<dyn Read + Send>,
    folders: &Folders,
    open: impl FnOnce(&mut App),
    (send, events): (Sender<Event>, Receiver<Event>),
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let mut app = App::new(options, Opener::of_sources(folders), own.look.theme(), send.clone(), Instant::now());
    let may_ask = own.look.environment.may_be_asked();
    let kept_in = own.folder.as_ref().map(|folder| folder.join(SETTINGS_FILE).to_string_lossy().into_owned());
    app.rebind(own.keymap, &own.problems);
    app.dress(own.look, kept_in);
    open(&mut app);
    draw(&mut app, terminal)?;
    let mut hands = Hands { send: send.clone(), saver: Saver::start(own.folder, send.clone())?, is_resumed: false };
    // Shows what people would see of a mistake in trailmap, for the tests of just that.
    let must_panic = std::env::var_os("TRAILMAP_TEST_PANIC").is_some();
    event::read_keys(keys, send.clone(), Arc::new(AtomicBool::new(may_ask)))?;
    if may_ask {
        terminal.ask()?;
        app.asked(Instant::now());
    }
    hands.carry_out(&mut app, terminal)?;
    let mut drawn_at = Instant::now();
    // When a frame that was held back is to be drawn.
    let mut held_until = None;
    loop {
        for event in gather(&app, &events, held_until) {
            assert!(!(must_panic && matches!(event, Event::Input(Input::Key(_)))), "asked for by TRAILMAP_TEST_PANIC");
            app.handle(event, Instant::now());
        }
        settle(&mut app, &events);
        if let Some(leave) = app.leave.take() {
            if leave == Leave::Quit {
                hear_out(&mut app, &events);
            }
            app.keep_session_now(matches!(leave, Leave::Signal(SIGHUP | SIGTERM) | Leave::TerminalGone));
            return match leave {
                Leave::Quit => Ok(()),
                Leave::LoadFailed(message) => Err(Error::Load(message)),
                Leave::Signal(signal) => Err(Error::Signal(signal)),
                Leave::TerminalGone => Err(Error::Signal(SIGHUP)),
            };
        }
        hands.carry_out(&mut app, terminal)?;
        held_until = Some(drawn_at + SLOW_FRAME).filter(|until| app.is_slow() && Instant::now() < *until);
        if held_until.is_none() {
            draw(&mut app, terminal)?;
            drawn_at = Instant::now();
        }
        if terminal.proved_slow() {
            // The loop itself holds a receiver.
            let _ = send.send(Event::SlowLine);
        }
    }
}

/// What does outside what the app asks for.
struct Hands {
    send: Sender<Event>,
    saver: Saver,
    /// After our own suspending, the signal to go on says nothing new.
    is_resumed: bool,
}

impl Hands {
    fn carry_out(&mut self, app: &mut App, terminal: &mut Terminal) -> std::io::Result<()> {
        for outside in std::mem::take(&mut app.outside) {
            match outside {
                Outside::Copy(text) => copy::copy(text, terminal, &self.send),
                Outside::Redraw => terminal.forget(),
                Outside::Suspend => {
                    terminal.suspend()?;
                    self.is_resumed = true;
                }
                Outside::Resume if std::mem::take(&mut self.is_resumed) => {}
                Outside::Resume => terminal.resume()?,
                Outside::Mouse(is_on) => terminal.set_mouse(is_on)?,
                Outside::Keep(setting, value) => self.saver.keep(setting, value),
            }
        }
        Ok(())
    }
}

/// Waits for answers that are on their way, so that they do not end up on the command line of the shell.
fn hear_out(app: &mut App, events: &Receiver<Event>) {
    while let Some(until) = app.hears_until() {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(event) => app.handle(event, Instant::now()),
            Err(_) => return,
        }
    }
}

fn draw(app: &mut App, terminal: &mut Terminal) -> std::io::Result<()> {
    let drawn = terminal.draw(|buffer| app.view(buffer))?;
    app.drawn(&drawn);
    Ok(())
}

/// Waits for something to happen, or for something to be due, and returns all that has happened.
fn gather(app: &App, events: &Receiver<Event>, held_until: Option<Instant>) -> Vec<Event> {
    let now = Instant::now();
    let tick = app.is_busy().then(|| now + TICK);
    let first = match [tick, app.due(), app.keeps_at(), held_until].into_iter().flatten().min() {
        Some(until) => events.recv_timeout(until.saturating_duration_since(now)).or_else(|err| match err {
            RecvTimeoutError::Timeout => Ok(Event::Tick),
            RecvTimeoutError::Disconnected => Err(err),
        }),
        None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    // The loop itself holds a sender, so the channel cannot be closed while it runs.
    let first = first.unwrap_or(Event::InputEnded);
    std::iter::once(first).chain(events.try_iter()).collect()
}

/// Gives an answer that is nearly there the time to be drawn at once.
fn settle(app: &mut App, events: &Receiver<Event>) {
    let until = Instant::now() + GRACE;
    while app.is_waiting_for_answer() && app.leave.is_none() {
        let left = until.saturating_duration_since(Instant::now());
        match events.recv_timeout(left) {
            Ok(event) => app.handle(event, Instant::now()),
            Err(_) => return,
        }
    }
}
