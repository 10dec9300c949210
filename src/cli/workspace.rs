//! Commands about a workspace: `check` and `run`.

use anyhow::Result;
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use super::STRICT;
use super::command::shared;
use super::load::LoadArgs;
use super::output::OutputArgs;
use crate::base::Ctl;
use crate::batch::{self, signals};
use crate::workspace::in_use::{in_this_folder, named_in};

pub fn check_args(command: Command) -> Command {
    shared(command).after_long_help(
        "Errors are what fails or misleads, warnings what is likely not meant, notes what is good to know.
Exit status: 0, or 3 where there are errors.

Examples:
  trailmap check
  trailmap check --workspace maps/trailmap.toml --format json
  trailmap check newer-export.csv --workspace maps/trailmap.toml",
    )
}

pub fn run_args(command: Command) -> Command {
    let hidden = |arg: Arg| arg.hide(true);
    // What is written where, each saved question says itself; names of questions stand where sources do elsewhere.
    shared(command)
        .mut_arg("sources", |arg| {
            arg.value_name("NAME").help("Saved questions; all unless given").value_hint(clap::ValueHint::Other)
        })
        .mut_arg("workspace", |arg| arg.help("The workspace that holds them; without it, trailmap.toml in this folder"))
        .mut_arg("out", hidden)
        .mut_arg("force", |arg| arg.help("Replace the file of --rejects where it is there already"))
        .mut_arg("format", |arg| arg.help("The format of what goes to standard output; without it, table"))
        .arg(super::command::persona())
        .after_long_help(
            "A saved question writes to the file that it names, which is replaced, or else to standard output. One that fails is
told, and the others go on; the exit status is then 1.

Examples:
  trailmap run
  trailmap run weekly cart --workspace maps/trailmap.toml
  trailmap run weekly --format csv",
        )
        .max_term_width(100)
}

pub fn check(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let load = LoadArgs::from_arg_matches(matches)?;
    let mut options = load.options();
    // Data on the command line is looked at with the workspace of this folder.
    if options.workspace.is_none() {
        options.workspace = match named_in(&options).0 {
            Some(_) => None,
            None => in_this_folder(),
        };
    }
    let output = OutputArgs::from_arg_matches(matches)?;
    output.set_threads()?;
    signals::watch(ctl);
    let done = batch::check::run(&options, &output.output()?, &output.messages(), ctl)?;
    Ok(if done.n_errors > 0 { STRICT } else { 0 })
}

pub fn run(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let args = LoadArgs::from_arg_matches(matches)?;
    let names = args.sources.clone();
    let load = LoadArgs { sources: Vec::new(), ..args }.options();
    let output = OutputArgs::from_arg_matches(matches)?;
    output.set_threads()?;
    signals::watch(ctl);
    let messages = output.messages();
    let persona = matches.get_one::<String>("persona").cloned();
    let rejects = output.rejects()?;
    let request = batch::saved::Request { load, persona, names, output: output.output()?, rejects, messages };
    let done = batch::saved::run(&request, ctl)?;
    if done.n_failed > 0 {
        return Ok(1);
    }
    if output.strict && done.rejected > 0 {
        messages.failure(&format!("{} rows were rejected, and --strict was asked for", done.rejected));
        return Ok(STRICT);
    }
    Ok(0)
}
