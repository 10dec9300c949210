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
pub mod key;
pub mod keymap;
mod layer;
mod load;
mod marks;
pub mod offscreen;
mod overlay;
mod paint;
mod pane;
mod panes;
mod picker;
pub mod plain;
mod prompt;
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
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::ingest::LoadOptions;
use crate::workspace::Folders;
use app::opening::MakeSample;
use app::{App, Leave, Outside};
use event::Event;
use load::Opener;
use terminal::Terminal;
use theme::{Environment, Scheme, Theme};

/// How the workbench looks, and where its keys come from.
#[derive(Default)]
pub struct Settings {
    pub scheme: Scheme,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// Where keys are read from; standard input without it. Needed when standard input carries the data.
    pub keys: Option<Box<dyn Read + Send>>,
    /// Where the person's own files are.
    pub folders: Folders,
    /// Ask which column is what before reading.
    pub asks_for_columns: bool,
    /// How sample data is made, for those who have none yet.
    pub make_sample: Option<MakeSample>,
}

/// A screen's name without the key that leads there.
fn screen_name(tab: &str) -> &str {
    tab.split_once(' ').map_or(tab, |(_, name)| name)
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

/// An answer that comes within this time is drawn together with the key that asked for it.
const GRACE: Duration = Duration::from_millis(12);

/// Opens the workbench on these sources and stays until it is left.
///
/// # Errors
/// See `Error`; by then the terminal is as it was.
pub fn run(options: LoadOptions, settings: Settings) -> Result<(), Error> {
    let keys: Box<dyn Read + Send> = match settings.keys {
        Some(keys) => keys,
        None if std::io::stdin().is_terminal() => Box::new(std::io::stdin()),
        None => return Err(Error::NoTerminal),
    };
    if !std::io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let theme = Theme::new(settings.scheme, settings.ascii, &Environment::read());
    if matches!(settings.scheme, Scheme::Dark | Scheme::Light | Scheme::Ansi) {
        crossterm::style::force_color_output(true);
    }
    terminal::hook_panics();
    let mut terminal = Terminal::enter()?;
    let furnish = |app: &mut App| {
        app.furnish(&settings.folders, settings.make_sample.clone());
        app.open(settings.asks_for_columns);
    };
    let folders = &settings.folders;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(options, theme, keys, folders, furnish, &mut terminal)));
    drop(terminal);
    outcome.unwrap_or(Err(Error::Fallen))
}

fn work(
    options: LoadOptions,
    theme: Theme,
    keys: Box<dyn Read + Send>,
    folders: &Folders,
    open: impl FnOnce(&mut App),
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let (send, events) = channel();
    let mut app = App::new(options, Opener::of_sources(folders), theme, send.clone(), Instant::now());
    let (keymap, problems) = keymap::of_folders(folders);
    app.rebind(keymap, &problems);
    open(&mut app);
    draw(&mut app, terminal)?;
    // Shows what people would see of a mistake in trailmap, for the tests of just that.
    let must_panic = std::env::var_os("TRAILMAP_TEST_PANIC").is_some();
    event::watch_signals(send.clone())?;
    event::read_keys(keys, send.clone(), Arc::default())?;
    // After our own suspending, the signal to go on says nothing new.
    let mut is_resumed = false;
    loop {
        for event in gather(&app, &events) {
            assert!(!(must_panic && matches!(event, Event::Input(_))), "asked for by TRAILMAP_TEST_PANIC");
            app.handle(event, Instant::now());
        }
        settle(&mut app, &events);
        if let Some(leave) = app.leave.take() {
            app.keep_session_now(matches!(leave, Leave::Signal(SIGHUP | SIGTERM) | Leave::TerminalGone));
            return match leave {
                Leave::Quit => Ok(()),
                Leave::LoadFailed(message) => Err(Error::Load(message)),
                Leave::Signal(signal) => Err(Error::Signal(signal)),
                Leave::TerminalGone => Err(Error::Signal(SIGHUP)),
            };
        }
        for outside in std::mem::take(&mut app.outside) {
            match outside {
                Outside::Copy(text) => copy::copy(text, terminal, &send),
                Outside::Redraw => terminal.forget(),
                Outside::Suspend => {
                    terminal.suspend()?;
                    is_resumed = true;
                }
                Outside::Resume if std::mem::take(&mut is_resumed) => {}
                Outside::Resume => terminal.resume()?,
            }
        }
        draw(&mut app, terminal)?;
    }
}

fn draw(app: &mut App, terminal: &mut Terminal) -> std::io::Result<()> {
    let drawn = terminal.draw(|buffer| app.view(buffer))?;
    app.drawn(&drawn);
    Ok(())
}

/// Waits for something to happen and returns all that has happened.
fn gather(app: &App, events: &Receiver<Event>) -> Vec<Event> {
    let kept = app.keeps_at().map(|at| at.saturating_duration_since(Instant::now()));
    let tick = app.is_busy().then_some(TICK);
    let first = if let Some(wait) = [kept, tick].into_iter().flatten().min() {
        events.recv_timeout(wait).or_else(|err| match err {
            RecvTimeoutError::Timeout => Ok(Event::Tick),
            RecvTimeoutError::Disconnected => Err(err),
        })
    } else {
        events.recv().map_err(|_| RecvTimeoutError::Disconnected)
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
