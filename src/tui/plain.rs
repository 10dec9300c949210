//! `--plain`: the workbench without a picture. Each change is printed as lines, menus take numbers, and nothing is drawn
//! twice: for screen readers, for notes, and for scripts. The same app and the same commands are underneath.

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::app::plain::Page;
use super::app::{App, Leave, Outside};
use super::event::Event;
use super::load::Opener;
use super::theme::{Environment, Scheme, Theme};
use super::{Error, Settings, keymap};
use crate::base::visible::visible;
use crate::ingest::LoadOptions;

/// Opens the workbench on these sources, reads commands line by line, and prints what comes of each.
///
/// # Errors
/// See `Error`.
pub fn run(
    options: LoadOptions,
    settings: &Settings,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let (send, events) = channel();
    let environment = Environment { term: "dumb".into(), ..Environment::default() };
    let theme = Theme::new(Scheme::Mono, true, &environment);
    let mut app = App::new(options, Opener::of_sources(&settings.folders), theme, send, Instant::now());
    let (keymap, problems) = keymap::of_folders(&settings.folders);
    app.rebind(keymap, &problems);
    app.furnish(&settings.folders, settings.make_sample.clone());
    app.ask_nothing_at_start();
    app.open(settings.asks_for_columns);
    let mut printed = Page::default();
    let mut line = String::new();
    loop {
        wait(&mut app, &events);
        for outside in std::mem::take(&mut app.outside) {
            if let Outside::Copy(text) = outside {
                for line in text.lines() {
                    writeln!(out, "{}", visible(line))?;
                }
            }
        }
        if let Some(leave) = app.leave.take() {
            return left(&mut app, leave);
        }
        print(&mut app, &mut printed, out)?;
        // A line that breaks may take the program with it.
        app.keep_session_now(true);
        line.clear();
        if input.read_line(&mut line)? == 0 {
            let leave = app.unread().map_or(Leave::Quit, Leave::LoadFailed);
            return left(&mut app, leave);
        }
        app.take_line(&line, Instant::now());
    }
}

fn left(app: &mut App, leave: Leave) -> Result<(), Error> {
    app.keep_session_now(false);
    match leave {
        Leave::Quit | Leave::TerminalGone => Ok(()),
        Leave::LoadFailed(message) => Err(Error::Load(message)),
        Leave::Signal(signal) => Err(Error::Signal(signal)),
    }
}

/// Waits until everything that was asked is answered.
fn wait(app: &mut App, events: &Receiver<Event>) {
    loop {
        while let Ok(event) = events.try_recv() {
            app.handle(event, Instant::now());
        }
        if !app.is_busy() || app.leave.is_some() {
            return;
        }
        // The app itself holds a sender, so the channel stays open.
        let Ok(event) = events.recv() else { return };
        app.handle(event, Instant::now());
    }
}

/// Prints what is not what was printed last.
fn print(app: &mut App, printed: &mut Page, out: &mut dyn Write) -> std::io::Result<()> {
    let status = app.take_status();
    let page = app.page();
    let has_moved = page.lines != printed.lines;
    if has_moved {
        for line in &page.lines {
            writeln!(out, "{line}")?;
        }
    }
    if let Some(cursor) = page.cursor.as_ref().filter(|_| has_moved || page.cursor != printed.cursor) {
        writeln!(out, "{cursor}")?;
    }
    if let Some(status) = &status {
        writeln!(out, "{status}")?;
    }
    if let Some(commands) = page.commands.as_ref().filter(|_| page.commands != printed.commands) {
        writeln!(out, "{commands}")?;
    }
    if page == *printed && status.is_none() {
        writeln!(out, "Nothing changed.")?;
    }
    *printed = page;
    app.close_page();
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, typed: &str) -> String {
        let path = format!("{}/sample-data/{source}", env!("CARGO_MANIFEST_DIR"));
        let options = LoadOptions { sources: vec![path], ..LoadOptions::default() };
        let mut out = Vec::new();
        run(options, &Settings::default(), &mut typed.as_bytes(), &mut out).expect("it ends well");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_funnel_is_built_and_its_dropped_are_listed_without_a_picture() {
        let out = check("shop.csv", "2\na\ncatalog\nadd-step\ncart\nk\n\nesc\nq\n");
        for text in [
            "Home. All 3,751",
            "Commands: ",
            "Known: ",
            "1 catalog",
            "2 cart",
            "Cursor: cart: step 2, customers 1,924",
            "enter, dropped",
        ] {
            let has_it = out.split_whitespace().collect::<Vec<_>>().join(" ").contains(text);
            assert!(has_it, "`{text}` is missing:\n{out}");
        }
        assert!(out.contains("Dropped after catalog"), "{out}");
        assert!(!out.contains('\u{1b}') && !out.contains('│'), "{out}");
    }

    #[test]
    fn menus_take_numbers_and_what_is_unknown_says_so() {
        let out = check("shop.csv", "fnnel\n:\nshow the keys\nnothing like this\nesc\n?\n1\nesc\n\nq");
        assert!(out.contains("Not done: nothing is called `fnnel` here; did you mean "), "{out}");
        assert!(out.contains("\n1. "), "{out}");
    }
}
