//! Everything that can happen to the workbench: one closed enum, one channel, and the threads that fill it.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::key::{Decoder, Input};
use super::layer::LayerId;
use crate::analysis;
use crate::export::file::FileError;
use crate::ingest;
use crate::job::{Fallen, Ticket};

#[derive(Debug)]
pub enum Event {
    /// A key, pasted text, the mouse, or what the terminal says about itself.
    Input(Input),
    /// The keyboard is gone: the terminal was closed.
    InputEnded,
    Resize,
    Signal(i32),
    Loaded(Ticket, Box<Result<LoadOutcome, Fallen>>),
    /// The start of the data was read, or it is not worth while.
    HeadLoaded(Ticket, Box<Result<Result<Option<super::load::Opened>, ingest::Error>, Fallen>>),
    Done(LayerId, Ticket, Box<Result<Finding, Fallen>>),
    /// Values of a column, for completion.
    Values(Ticket, String, Result<Vec<(String, u64)>, Fallen>),
    /// A filter that was typed, tried out: how many customers it leaves.
    Tried(Ticket, Result<Result<u64, analysis::Error>, Fallen>),
    /// What came of copying, in words.
    Copied(Result<String, String>),
    /// A file was written, or not.
    Written(Ticket, Result<Result<(), FileError>, Fallen>),
    /// What the screens that open data were waiting for.
    Opening(Box<super::app::opening::News>),
    /// What came of keeping a setting.
    Kept(Result<(), String>),
    /// What was read could not be kept for the next time, and why.
    NotSaved(String),
    /// The line to the terminal takes frames slowly.
    SlowLine,
    /// Time passes: something runs, or is due.
    Tick,
}

pub type LoadOutcome = Result<super::load::Opened, ingest::Error>;

/// What a layer waits for.
#[derive(Debug)]
pub enum Finding {
    Answer(Box<Result<analysis::Answer, analysis::Error>>),
    /// The rows of a table in another order, or `None` where it was cancelled.
    Order(Option<Vec<u32>>),
    /// What customers wrote, where that could be found out.
    Voices(Option<crate::table::Table>),
    /// The next row that holds a text.
    Found(Option<usize>),
}

/// Reads keys until the terminal is gone. Two threads: one blocks on the terminal, one knows how long ago the last byte
/// came. `is_asked` says that the terminal was asked something, so that its answers are on their way.
pub fn read_keys(
    mut keys: Box<dyn Read + Send>,
    events: Sender<Event>,
    is_asked: Arc<AtomicBool>,
) -> std::io::Result<()> {
    let (send, bytes) = channel::<Vec<u8>>();
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        let mut buffer = [0u8; 4096];
        loop {
            match keys.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    if send.send(buffer[..n].to_vec()).is_err() {
                        return;
                    }
                }
                Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    std::thread::Builder::new().name("decode".into()).spawn(move || {
        let mut decoder = Decoder::default();
        loop {
            let received = if decoder.is_waiting() {
                bytes.recv_timeout(decoder.patience())
            } else {
                bytes.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            if is_asked.swap(false, Ordering::Relaxed) {
                decoder.expect_answers();
            }
            let inputs = match received {
                Ok(bytes) => decoder.feed(&bytes),
                Err(RecvTimeoutError::Timeout) => decoder.settle(),
                Err(RecvTimeoutError::Disconnected) => {
                    // Nobody is left to tell when the loop has ended first.
                    let _ = events.send(Event::InputEnded);
                    return;
                }
            };
            for input in inputs {
                if events.send(Event::Input(input)).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(())
}

/// How long the loop may take to leave after a signal that ends the program, before the signal thread does it.
const LEAVE_WITHIN: Duration = Duration::from_millis(600);

/// How long a terminal that seems to take no output may take to prove otherwise.
const FAREWELL_WITHIN: Duration = Duration::from_millis(150);

/// Turns signals into events. When the loop does not answer a signal that ends the program (its terminal takes no more
/// output, say), the thread gives the terminal back as far as it can and leaves.
pub fn watch_signals(events: Sender<Event>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let event = if signal == SIGWINCH { Event::Resize } else { Event::Signal(signal) };
            if events.send(event).is_err() {
                return;
            }
            if ends_program(signal) {
                std::thread::sleep(LEAVE_WITHIN);
                super::terminal::abandon(FAREWELL_WITHIN);
                std::process::exit(128 + signal);
            }
        }
    })?;
    Ok(())
}

pub fn ends_program(signal: i32) -> bool {
    matches!(signal, SIGTERM | SIGHUP | SIGINT | SIGQUIT)
}
