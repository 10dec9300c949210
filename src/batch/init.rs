//! `trailmap init`: reads the data, proposes a workspace from it, and writes that where there is none.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::output::{Target, to_stdout};
use super::{Line, Messages, Usage};
use crate::base::Ctl;
use crate::base::visible::visible;
use crate::export;
use crate::export::file::{may_write, to_file};
use crate::ingest::{self, Error, LoadOptions, Loaded, Role};
use crate::table::text::count;
use crate::workspace::Workspace;
use crate::workspace::propose::seen::look;
use crate::workspace::propose::words::is_anonymous_id;
use crate::workspace::propose::{Seen, Wish, presets};

/// What is wanted.
#[derive(Debug)]
pub struct Init {
    pub load: LoadOptions,
    /// The name of a list of stages.
    pub stages: String,
    /// `None` is the language of the event names.
    pub language: Option<String>,
    pub target: Target,
}

/// Writes a proposed workspace.
///
/// # Errors
/// The data cannot be read, or the file is there already or cannot be written.
pub fn init(wish: Init, messages: Messages, ctl: &Ctl) -> Result<()> {
    let Init { load, stages, language, target } = wish;
    if load.sources.iter().any(|source| source == "-") {
        return Err(Usage("a workspace names files that can be read again; name a file instead of -".into()).into());
    }
    if let Target::File { path, force } = &target {
        may_write(path, *force)?;
    }
    let preset =
        presets::find(&stages).context("a mistake in trailmap itself: no such list of stages; please report it")?;
    let seen = seen(load.clone(), &messages, ctl)?;
    let files: Vec<String> = match &target {
        Target::File { path, .. } => load.sources.iter().map(|source| beside(path, source)).collect(),
        Target::Stdout => load.sources.clone(),
    };
    let language = language.unwrap_or_else(|| language_of(&seen).to_owned());
    let name = name_of(&load.sources);
    let text = seen.propose(&Wish { name: &name, files: &files, load: &load, preset, language: &language });
    // What is proposed must be something that opens.
    if let Err(faults) = Workspace::parse("the proposed workspace", &text) {
        anyhow::bail!("a mistake in trailmap itself: {}; please report it", faults.sentences().join("; "));
    }
    match &target {
        Target::Stdout => {
            let plain =
                export::format("csv").context("a mistake in trailmap itself: no format csv; please report it")?;
            to_stdout(plain, |out| Ok(out.write_all(text.as_bytes())?))?;
        }
        Target::File { path, force } => {
            to_file(path, *force, |out| Ok(out.write_all(text.as_bytes())?))?;
            messages.line(&format!(
                "{}: a first draft from {} events of {}; read it, and change what is not so",
                visible(&path.to_string_lossy()),
                count(seen.n_events),
                match seen.names.len() + seen.n_more_names {
                    1 => "1 kind".to_owned(),
                    n => format!("{} kinds", count(n as u64)),
                },
            ));
        }
    }
    Ok(())
}

/// Looks at the data under its customers, and where visitors who are not known have another id, under that too: rows with
/// only the one or the other would else be missed.
fn seen(mut load: LoadOptions, messages: &Messages, ctl: &Ctl) -> Result<Seen> {
    let _line = Line::start("reading", ctl, messages);
    let loaded = open(&mut load, ctl)?;
    let seen = look_at(loaded, ctl)?;
    let (Some(anonymous), Some(customer)) = (seen.anonymous.clone(), seen.role("customer").cloned()) else {
        return Ok(seen);
    };
    load.customer = Some(anonymous.clone());
    // The second id is only a second look: where it gives nothing, the first stands.
    let other = match ingest::open_sound(&load, ctl) {
        Ok(loaded) => look_at(loaded, ctl)?,
        Err(Error::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(_) => return Ok(seen),
    };
    // Order is read off the id that more events have.
    let (mut most, least) = if other.n_events > seen.n_events { (other, seen) } else { (seen, other) };
    most.add(least);
    most.set_ids(customer, anonymous);
    Ok(most)
}

/// Reads the sources; where it is not clear which of two ids is the customer, the one of somebody who is known is.
fn open(load: &mut LoadOptions, ctl: &Ctl) -> Result<Loaded> {
    let failed = match ingest::open_sound(load, ctl) {
        Err(failed @ Error::Columns(_)) if load.customer.is_none() => failed,
        read => return Ok(read?),
    };
    let preview = ingest::preview(load, ctl)?;
    let guess = preview.guesses.iter().find(|guess| guess.role == Role::Customer);
    let known = guess.filter(|guess| guess.doubt.is_some()).and_then(|guess| {
        let names: Vec<&str> = guess
            .candidates
            .iter()
            .filter_map(|at| preview.columns.get(*at))
            .map(|column| column.name.as_str())
            .collect();
        match names[..] {
            [first, second, ..] if is_anonymous_id(second) && !is_anonymous_id(first) => Some(first.to_owned()),
            [first, second, ..] if is_anonymous_id(first) && !is_anonymous_id(second) => Some(second.to_owned()),
            _ => None,
        }
    });
    let Some(known) = known else { return Err(failed.into()) };
    load.customer = Some(known);
    Ok(ingest::open_sound(load, ctl)?)
}

fn look_at(loaded: Loaded, ctl: &Ctl) -> Result<Seen> {
    Ok(look(&Arc::new(loaded.store), &loaded.report, ctl)?)
}

fn language_of(seen: &Seen) -> &'static str {
    let is_chinese = |name: &str| name.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let n = seen.names.iter().filter(|name| is_chinese(&name.name)).count();
    if n * 2 > seen.names.len() { "zh" } else { "en" }
}

/// Names of files that say no more than that there is data in them.
const PLAIN_NAMES: &[&str] = &["events", "event", "data", "export", "log", "rows"];

/// What the first source is called, without its folder and endings; where that says nothing, its folder.
fn name_of(sources: &[String]) -> String {
    let path = Path::new(sources.first().map_or("", String::as_str));
    let is_telling = |part: &&str| !part.is_empty() && !part.contains(['*', '?', '[']) && !PLAIN_NAMES.contains(part);
    let part_of = |name: Option<&std::ffi::OsStr>| {
        let name = name?.to_string_lossy().into_owned();
        name.split('.').next().filter(is_telling).map(str::to_owned)
    };
    let name = part_of(path.file_name()).or_else(|| part_of(path.parent()?.file_name()));
    name.unwrap_or_else(|| "journeys".to_owned())
}

/// A source as the file at `out` has to name it.
fn beside(out: &Path, source: &str) -> String {
    let folder = out.parent().unwrap_or(Path::new(""));
    let is_here = folder.components().all(|part| part == Component::CurDir);
    if is_here || Path::new(source).is_absolute() {
        return source.to_owned();
    }
    let (Ok(folder), Ok(target)) = (std::path::absolute(folder), std::path::absolute(source)) else {
        return source.to_owned();
    };
    let shared = folder.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let ups = folder.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = ups.chain(target.components().skip(shared)).collect();
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_as_seen_from_the_file() {
        assert_eq!(beside(Path::new("trailmap.toml"), "a/b.csv"), "a/b.csv");
        assert_eq!(beside(Path::new("./trailmap.toml"), "../b.csv"), "../b.csv");
        assert_eq!(beside(Path::new("maps/trailmap.toml"), "a/b*.csv"), "../a/b*.csv");
        assert_eq!(beside(Path::new("a/trailmap.toml"), "a/b.csv"), "b.csv");
        assert_eq!(beside(Path::new("maps/trailmap.toml"), "/data/b.csv"), "/data/b.csv");
        assert_eq!(name_of(&["x/retail.csv.gz".to_owned()]), "retail");
        assert_eq!(name_of(&["x/*.csv".to_owned()]), "x");
        assert_eq!(name_of(&["shop/events.csv.gz".to_owned()]), "shop");
        assert_eq!(name_of(&["events.csv".to_owned()]), "journeys");
    }
}
