//! Flags: what to load, what to ask, where to write; and the exit status.
//!
//! Exit status: 0 done (rejected rows are counted) · 1 an input cannot be read or understood, a name is unknown, or an
//! output cannot be written · 2 usage · 3 `--strict` and something was rejected, or `check` found errors · 128 + n for
//! signals.

mod about;
mod cache;
mod command;
mod extras;
mod init;
mod load;
mod output;
mod questions;
mod screen;
mod usage;
mod workspace;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;
use clap::{ArgMatches, FromArgMatches};

use crate::base::{Ctl, ending};
use crate::batch::{self, Ask, Messages, Request, Usage, signals};
use crate::ingest;
use crate::workspace::in_use::named_in;
use load::LoadArgs;
use output::OutputArgs;
use screen::ScreenArgs;

pub use command::command;

const USAGE: u8 = 2;
const STRICT: u8 = 3;

/// Does what the arguments say (the first is the program's name) and returns the exit status.
pub fn run(args: Vec<OsString>) -> u8 {
    ending::install_panic_hook();
    let plain = Messages { quiet: false, color: output::color_of_errors() };
    if let Some(sentence) = usage::mistyped_command(&args) {
        plain.failure(&sentence);
        return USAGE;
    }
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(err) => return usage::show(&err, plain),
    };
    let ctl = Ctl::new();
    match catch_unwind(AssertUnwindSafe(|| dispatch(&matches, &ctl))) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) if ctl.is_cancelled() => signals::status(),
        Ok(Err(err)) => {
            plain.failure(&batch::sentence(&err));
            if err.is::<Usage>() { USAGE } else { 1 }
        }
        Err(_) => {
            plain.failure(&ending::last_mistake().unwrap_or_default());
            1
        }
    }
}

fn dispatch(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    match matches.subcommand() {
        None => open(matches, ctl),
        Some(("completions", matches)) => extras::completions(matches),
        Some(("man", matches)) => extras::man(matches),
        Some(("keys", matches)) => about::keys(matches, ctl),
        Some(("presets", matches)) => about::presets(matches, ctl),
        Some(("doctor", matches)) => about::doctor(matches, ctl),
        Some(("cache", matches)) => cache::cache(matches, ctl),
        Some(("init", matches)) => init::init(matches, ctl),
        Some(("demo", matches)) => extras::demo(matches, ctl),
        Some(("check", matches)) => workspace::check(matches, ctl),
        Some(("run", matches)) => workspace::run(matches, ctl),
        Some(("rows", matches)) => answer(matches, Ask::Rows, ctl),
        Some(("rejects", matches)) => answer(matches, Ask::Rejects, ctl),
        Some((name, matches)) => answer(matches, questions::ask(name, matches)?, ctl),
    }
}

/// `trailmap [SOURCE…]`: the workbench where there is a terminal for it, else a first look in print.
fn open(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let load = LoadArgs::from_arg_matches(matches)?;
    let output = OutputArgs::from_arg_matches(matches)?;
    output.check()?;
    let args = ScreenArgs::from_arg_matches(matches)?;
    let is_piped = load.sources.iter().any(|source| source == "-");
    let has_screen = std::io::stdout().is_terminal() && output.is_for_a_terminal();
    let has_terminal = std::io::stdin().is_terminal() && has_screen;
    if args.plain && (!is_piped || screen::terminal_keys().is_some()) {
        output.set_threads()?;
        return args.workbench(load.options(), false);
    }
    if has_terminal && is_piped {
        return Err(Usage("- is standard input, which is the keyboard here; name a file or pipe one in".into()).into());
    }
    // Where the data comes through a pipe, keys come from the terminal itself.
    let has_keys = has_terminal || is_piped && screen::terminal_keys().is_some();
    if has_screen && has_keys {
        // What is not there is said at once, on the terminal as it is. A pipe could be read only once.
        let options = load.options();
        if let (false, (None, _)) = (is_piped || options.sources.is_empty(), named_in(&options)) {
            ingest::source::expand(&options.sources, ctl)?;
        }
        output.set_threads()?;
        return args.workbench(options, output.color != output::ColorWhen::Never);
    }
    answer(matches, Ask::Overview, ctl)
}

fn answer(matches: &ArgMatches, ask: Ask, ctl: &Ctl) -> Result<u8> {
    let load = LoadArgs::from_arg_matches(matches)?.named()?;
    let output = OutputArgs::from_arg_matches(matches)?;
    output.set_threads()?;
    signals::watch(ctl);
    panic_for_a_test();
    let messages = output.messages();
    // Commands that list rows have no customers to choose.
    let persona = matches.try_get_one::<String>("persona").ok().flatten().cloned();
    let request = Request { load, persona, ask, output: output.output()?, rejects: output.rejects()?, messages };
    let done = batch::run(request, ctl)?;
    if output.strict && done.rejected > 0 {
        messages.failure(&format!("{} rows were rejected, and --strict was asked for", done.rejected));
        return Ok(STRICT);
    }
    Ok(0)
}

/// Shows what people would see of a mistake in trailmap.
fn panic_for_a_test() {
    if std::env::var_os("TRAILMAP_TEST_PANIC").is_some() {
        panic!("asked for by TRAILMAP_TEST_PANIC");
    }
}

/// What clap refused although it had accepted the command line.
fn unexpected(name: &str) -> anyhow::Error {
    anyhow::anyhow!("a mistake in trailmap itself: no command `{name}`; please report it")
}
