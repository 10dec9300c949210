//! Copying to the clipboard of whoever sits at the terminal, also through SSH, tmux and screen.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;

use crossterm::clipboard::CopyToClipboard;

use super::event::Event;
use super::terminal::Terminal;
use super::theme::Environment;
use super::words;

/// Terminals and multiplexers cut longer ones.
pub const COPY_MAX: usize = 74_000;

/// screen takes strings only up to this length.
const SCREEN_PIECE: usize = 768;

/// Copies a text; what came of it arrives as an event.
pub fn copy(text: String, terminal: &mut Terminal, events: &Sender<Event>) {
    let outcome = if text.len() > COPY_MAX {
        Err(format!("{} are too much to copy", words::bytes(text.len() as u64)))
    } else if std::env::var_os("TMUX").is_some() {
        through_tmux(text, events.clone());
        return;
    } else {
        through_terminal(&text, std::env::var_os("STY").is_some(), terminal)
    };
    let _ = events.send(Event::Copied(outcome));
}

/// By which way a text will be copied, and what that needs.
pub fn way(environment: &Environment) -> (&'static str, &'static str) {
    if environment.in_tmux {
        ("tmux", "into the tmux buffer, and on to the terminal where tmux has set-clipboard on")
    } else if environment.in_screen {
        ("OSC 52 through screen", "the terminal must allow programs to set the clipboard")
    } else {
        ("OSC 52", "the terminal must allow programs to set the clipboard")
    }
}

/// The text itself follows what was done, so that it can be checked, and copied by hand where nothing else works.
fn done(way: &str, text: &str) -> String {
    match text.lines().count() {
        0 | 1 => format!("copied {way}: {}", text.trim_end()),
        n => format!("copied {way}: {} lines, {}", words::count(n as u64), words::bytes(text.len() as u64)),
    }
}

fn through_terminal(text: &str, in_screen: bool, terminal: &mut Terminal) -> Result<String, String> {
    let sent =
        if in_screen { terminal.send(InScreen(text)) } else { terminal.send(CopyToClipboard::to_clipboard_from(text)) };
    sent.map(|()| done("through the terminal", text)).map_err(|err| format!("could not copy: {err}"))
}

/// tmux keeps the text as its newest buffer and hands it on to the terminal.
fn through_tmux(text: String, events: Sender<Event>) {
    let work = move || {
        let outcome = load_buffer(&text).map(|()| done("to the tmux buffer and through it", &text));
        let _ = events.send(Event::Copied(outcome.map_err(|err| format!("tmux did not take the text: {err}"))));
    };
    let _ = std::thread::Builder::new().name("copy".into()).spawn(work);
}

fn load_buffer(text: &str) -> std::io::Result<()> {
    let mut tmux = Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = tmux.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let status = tmux.wait()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("it ended with {status}"))) }
}

/// OSC 52 in pieces that screen hands on unread.
struct InScreen<'t>(&'t str);

impl crossterm::Command for InScreen<'_> {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let mut whole = String::new();
        CopyToClipboard::to_clipboard_from(self.0).write_ansi(&mut whole)?;
        let bytes: Vec<char> = whole.chars().collect();
        for piece in bytes.chunks(SCREEN_PIECE) {
            write!(f, "\x1bP{}\x1b\\", piece.iter().collect::<String>())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crossterm::Command as _;

    use super::*;

    #[test]
    fn screen_gets_pieces_that_are_whole_again_when_unwrapped() {
        let text = "x".repeat(2000);
        let mut wrapped = String::new();
        InScreen(&text).write_ansi(&mut wrapped).expect("a string takes everything");
        let mut plain = String::new();
        CopyToClipboard::to_clipboard_from(&text).write_ansi(&mut plain).expect("a string takes everything");
        let pieces: Vec<&str> = wrapped.split("\x1bP").skip(1).collect();
        assert!(pieces.len() > 2);
        let whole: String = pieces.iter().map(|piece| &piece[..piece.len() - 2]).collect();
        assert_eq!(whole, plain);
    }
}
