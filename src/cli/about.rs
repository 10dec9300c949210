//! Commands about trailmap itself, as tables like any other: its keys, and whether it is at home here.

use std::path::Path;

use anyhow::Result;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::output::OutputArgs;
use crate::base::Ctl;
use crate::batch;
use crate::export::{Document, Source};
use crate::ingest::{self, Role};
use crate::table::{Cell, Kind, Table};
use crate::tui::keymap;
use crate::tui::look;
use crate::workspace::folders::{KEYS_FILE, SETTINGS_FILE};
use crate::workspace::{Folders, Problem, Settings};

pub fn keys_args(command: Command) -> Command {
    tabled(command).after_long_help(
        "Keys are changed in keys.toml, in the folder that `trailmap doctor` names:

  \"list-converted\" = [\"o\", \"g o\"]
  \"undo\" = []

Examples:
  trailmap keys
  trailmap keys --format md",
    )
}

pub fn doctor_args(command: Command) -> Command {
    tabled(command).after_long_help(
        "Exit status: 0, or 1 where something keeps the workbench from opening.

Examples:
  trailmap doctor
  trailmap doctor --format json --out doctor.json",
    )
}

pub fn presets_args(command: Command) -> Command {
    tabled(command).after_long_help(
        "A format is recognised by its columns; --preset NAME insists on one, --preset none goes by the columns alone.

Examples:
  trailmap presets
  trailmap presets --format md
  trailmap profile export.ndjson.gz --preset amplitude",
    )
}

/// Flags that say where a table goes; there is no data, so none about reading it.
pub(super) fn tabled(command: Command) -> Command {
    let hidden = |arg: clap::Arg| arg.hide(true);
    OutputArgs::augment_args(command)
        .mut_arg("strict", hidden)
        .mut_arg("threads", hidden)
        .mut_arg("raw", hidden)
        .mut_arg("rejects", hidden)
}

/// Every command of the workbench with its keys, as this person has them.
pub fn keys(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let (keymap, problems) = keymap::of_folders(&Folders::find());
    let columns = [("place", Kind::Text), ("command", Kind::Text), ("keys", Kind::Text), ("does", Kind::Text)];
    let mut table = Table::new("keys", &columns);
    keymap.rows().for_each(|row| table.push(row.map(Cell::Text).to_vec()));
    write("keys", table, problems.iter().map(ToString::to_string).collect(), matches, ctl)?;
    Ok(0)
}

/// Every format that is known by name, and how it is read.
pub fn presets(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let names = ["preset", "what", "recognised_by", "customer", "anonymous", "event", "time", "key", "zone", "traps"];
    let columns: Vec<(&str, Kind)> = names.iter().map(|name| (*name, Kind::Text)).collect();
    let mut table = Table::new("presets", &columns);
    for preset in ingest::presets::all() {
        let shown = |names: &[&str]| names.iter().map(|name| ingest::presets::shown(name)).collect::<Vec<_>>();
        let or = |names: &[&str]| shown(names).join(" or ");
        let sets = |sets: &[&[&str]]| sets.iter().map(|set| shown(set).join(" + ")).collect::<Vec<_>>().join(" or ");
        let role = |role: Role| preset.roles.iter().find(|(known, _)| *known == role).map(|(_, names)| or(names));
        let without =
            preset.lacks.iter().map(|name| format!(", without {}", ingest::presets::shown(name))).collect::<String>();
        let said = |text: String| if text.is_empty() { Cell::Empty } else { Cell::Text(text) };
        table.push(vec![
            Cell::text(preset.name),
            Cell::text(preset.what),
            Cell::Text(sets(preset.has) + &without),
            said(role(Role::Customer).unwrap_or_default()),
            said(role(Role::Anonymous).unwrap_or_default()),
            said(or(preset.event)),
            said(role(Role::Time).unwrap_or_default()),
            said(sets(preset.key)),
            said(preset.zone.unwrap_or_default().to_owned()),
            said(preset.traps.join(" ")),
        ]);
    }
    write("presets", table, Vec::new(), matches, ctl)?;
    Ok(0)
}

/// One thing that was looked at.
struct Check {
    what: String,
    value: String,
    meaning: String,
}

fn check(what: impl Into<String>, value: impl Into<String>, meaning: impl Into<String>) -> Check {
    Check { what: what.into(), value: value.into(), meaning: meaning.into() }
}

/// Whether trailmap is at home here: the terminal, the person's files, the machine.
pub fn doctor(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let folders = Folders::find();
    let (keymap, key_problems) = keymap::of_folders(&folders);
    let (settings, setting_problems) = folders.config.as_deref().map_or_else(Default::default, Settings::read);
    let version = format!("{} for {}-{}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS);
    let mut checks = vec![check("version", version, "")];
    let terminal = look::examine(settings);
    let [value, meaning] = terminal.verdict;
    checks.push(check("terminal", value, meaning));
    checks.extend(terminal.facts.into_iter().map(|[what, value, meaning]| check(what, value, meaning)));
    let kept = [
        ("folder of settings", &folders.config, "settings end with the run"),
        ("folder of caches", &folders.cache, "nothing is remembered between runs"),
        ("folder of state", &folders.state, "sessions are not kept"),
    ];
    checks.extend(kept.map(|(what, folder, without)| folder_check(what, folder.as_deref(), without)));
    checks.push(saved_check(&folders));
    let n_rebound = keymap.n_rebound();
    let rebound = if n_rebound == 0 { "no keys changed".to_owned() } else { format!("{n_rebound} with other keys") };
    checks.extend(file_checks(KEYS_FILE, &rebound, &key_problems));
    checks.extend(file_checks(SETTINGS_FILE, "understood", &setting_problems));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    checks.push(check("threads", threads.to_string(), "how many compute at a time; --threads takes fewer"));
    checks.push(memory());
    let columns = [("check", Kind::Text), ("value", Kind::Text), ("meaning", Kind::Text)];
    let mut table = Table::new("doctor", &columns);
    for Check { what, value, meaning } in checks {
        let meaning = if meaning.is_empty() { Cell::Empty } else { Cell::Text(meaning) };
        table.push(vec![Cell::Text(what), Cell::Text(value), meaning]);
    }
    write("doctor", table, Vec::new(), matches, ctl)?;
    Ok(u8::from(!terminal.is_usable))
}

fn folder_check(what: &str, folder: Option<&Path>, without: &str) -> Check {
    let Some(folder) = folder else { return check(what, "none", format!("no folder is named here, so {without}")) };
    let shown = folder.to_string_lossy();
    if !folder.exists() {
        return check(what, shown, "not there yet; made when there is something to keep");
    }
    let probe = folder.join(format!(".trailmap-doctor.{}", std::process::id()));
    match std::fs::write(&probe, "").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => check(what, shown, "there, and can be written"),
        Err(err) => check(what, shown, format!("cannot be written, so {without}: {err}")),
    }
}

/// How much is kept of data that was read before.
fn saved_check(folders: &Folders) -> Check {
    let what = "saved journeys";
    let Some(cache) = folders.cache() else { return check(what, "off", "data is read anew every time") };
    let listed = ingest::saved::list(&cache);
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let value = format!("{}, {}", listed.len(), mb(listed.iter().map(|listed| listed.bytes).sum()));
    check(what, value, format!("at most {}; trailmap cache lists and removes them", mb(cache.max_bytes)))
}

/// A line for the file, and one for everything that is wrong with it.
fn file_checks(file: &str, fine: &str, problems: &[Problem]) -> Vec<Check> {
    let value = match problems.len() {
        0 => fine.to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    let wrong = problems.iter().map(|problem| {
        let at = problem.line.map_or_else(|| file.to_owned(), |line| format!("{file} line {line}"));
        check(at, "wrong", problem.text.clone())
    });
    std::iter::once(check(file, value, "in the folder of settings, where there is one")).chain(wrong).collect()
}

/// What the system says about its memory, where it says it in Linux' way.
fn memory() -> Check {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kb| kb * 1024)
    };
    let gb = |n: u64| format!("{:.1} GB", n as f64 / 1e9);
    match (bytes("MemTotal"), bytes("MemAvailable")) {
        (Some(all), Some(free)) => check("memory", gb(all), format!("{} of it free; data must fit", gb(free))),
        _ => check("memory", "not known", "data must fit into it"),
    }
}

pub(super) fn write(name: &str, table: Table, notes: Vec<String>, matches: &ArgMatches, ctl: &Ctl) -> Result<()> {
    let output = OutputArgs::from_arg_matches(matches)?;
    let document = Document {
        analysis: name.to_owned(),
        spec: serde_json::json!({ "analysis": name }),
        source: Source::default(),
        tables: vec![table],
        notes,
    };
    batch::write(document, &output.output()?, &output.messages(), ctl)
}
