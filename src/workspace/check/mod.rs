//! The tracking plan: a workspace held against its data. What is found is data, each with a level, a place and a way out.
//!
//! An error is something that fails or misleads when it is asked for; a warning is something that is likely not meant; a
//! note is something to know. `rules` looks at touchpoints, `traffic` at channels, rows and clocks, `names` at what every
//! other section names, `scores` at scales.

mod names;
mod rules;
mod scores;
mod traffic;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::file::{Faults, Workspace};
use super::in_use::About;
use super::{InUse, Places};
use crate::base::visible::visible;
use crate::base::{Cancelled, Ctl};
use crate::ingest::{self, LoadOptions, LoadReport, Loaded};
use crate::journey::expr::Expr;
use crate::journey::relabel::{RelabelError, RelabelReport, faults, relabel};
use crate::journey::{JourneyStore, View};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub level: Level,
    /// `touchpoint:chat (line 94)`, `data`, `line 12`.
    pub place: String,
    pub what: String,
    /// How many events it is about, where it is about events.
    pub events: Option<u64>,
    /// Their share of what `what` speaks of.
    pub share: Option<f64>,
    pub remedy: String,
}

/// What a check found, errors first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// As the workspace was named.
    pub workspace: String,
    /// The files that were read.
    pub files: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Checked {
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// How much was found, in a sentence.
    pub fn summary(&self) -> String {
        let things = |level: Level, word: &str| match self.count(level) {
            1 => format!("1 {word}"),
            n => format!("{n} {word}s"),
        };
        format!(
            "{}: {}, {}, {}",
            visible(&self.workspace),
            things(Level::Error, "error"),
            things(Level::Warning, "warning"),
            things(Level::Note, "note"),
        )
    }
}

/// Checks the workspace of this path. Flags say how to read where they say something, as in every command.
///
/// # Errors
/// Only that a stop was asked for; what else goes wrong is found.
pub fn check(path: &str, flags: &LoadOptions, ctl: &Ctl) -> Result<Checked, Cancelled> {
    let mut checked = Checked { workspace: path.to_owned(), ..Checked::default() };
    match InUse::read(path) {
        Ok(in_use) => {
            let mut checker = Checker { workspace: &in_use.workspace, places: in_use.places(), found: Vec::new() };
            checker.without_data(&in_use);
            if let Some(loaded) = checker.loaded(&in_use, flags, ctl)? {
                checked.files = loaded.report.files.iter().map(|file| file.file.clone()).collect();
                checker.with_data(&in_use, loaded, ctl)?;
            }
            checked.findings = checker.found;
        }
        Err(faults) => checked.findings = of_file(&faults),
    }
    checked.findings.sort_by_key(|finding| finding.level);
    Ok(checked)
}

/// What is wrong with a file that cannot be used.
fn of_file(faults: &Faults) -> Vec<Finding> {
    let finding = |what: &str, place: String| Finding {
        level: Level::Error,
        place,
        what: what.to_owned(),
        events: None,
        share: None,
        remedy: "put it right; the data is looked at once the file can be read".to_owned(),
    };
    let of_fault = |fault: &super::file::Fault| match fault.line {
        0 => finding(&fault.text, "file".to_owned()),
        line => finding(&fault.text, format!("line {line}, column {}", fault.column)),
    };
    let mut findings: Vec<Finding> = faults.faults.iter().map(of_fault).collect();
    if faults.n_more > 0 {
        findings.push(finding(&format!("{} more faults are not listed", faults.n_more), "file".to_owned()));
    }
    findings
}

/// The data that the parts look at, under the touchpoint rules that hold water.
struct Ground<'a> {
    store: &'a Arc<JourneyStore>,
    view: View,
    report: &'a LoadReport,
    relabelled: &'a RelabelReport,
    in_use: &'a InUse,
    ctl: &'a Ctl,
}

struct Checker<'w> {
    workspace: &'w Workspace,
    places: Places,
    found: Vec<Finding>,
}

impl Checker<'_> {
    fn add(&mut self, level: Level, place: String, what: String, remedy: impl Into<String>) {
        self.found.push(Finding { level, place, what, events: None, share: None, remedy: remedy.into() });
    }

    /// As `add`, about so many events of so many.
    fn count(
        &mut self,
        level: Level,
        place: String,
        what: String,
        (events, of): (u64, u64),
        remedy: impl Into<String>,
    ) {
        let share = (of > 0).then(|| events as f64 / of as f64);
        self.found.push(Finding { level, place, what, events: Some(events), share, remedy: remedy.into() });
    }

    /// `touchpoint:chat (line 94)`.
    fn place(&self, section: &str, id: &str, key: &str) -> String {
        let id_shown = visible(id);
        match self.places.key(section, id, key) {
            Some(line) => format!("{section}:{id_shown} (line {line})"),
            None => format!("{section}:{id_shown}"),
        }
    }

    /// What the file alone tells.
    fn without_data(&mut self, in_use: &InUse) {
        if let Err(what) = in_use.as_of() {
            let place = self.places.root("as_of").map_or("as_of".to_owned(), |line| format!("as_of (line {line})"));
            let what = what.split_once(": ").map_or(what.clone(), |(_, what)| what.to_owned());
            self.add(Level::Error, place, what, "write a time, or \"export-end\"");
        }
        for stage in &self.workspace.stages {
            let id = &stage.plan.id;
            if !self.workspace.touchpoints.iter().any(|touchpoint| touchpoint.plan.stage.as_ref() == Some(id)) {
                let place = self.place("stage", id, "");
                self.add(
                    Level::Warning,
                    place,
                    format!("no touchpoint belongs to the stage `{}`, so nobody is ever in it", visible(id)),
                    "give a [[touchpoint]] this stage, or take the stage out",
                );
            }
        }
        let has_stages = !self.workspace.stages.is_empty();
        for touchpoint in self.workspace.touchpoints.iter().filter(|t| has_stages && t.plan.stage.is_none()) {
            let place = self.place("touchpoint", &touchpoint.plan.id, "");
            let what = format!(
                "`{}` belongs to no stage, so stage analyses leave its events out",
                visible(&touchpoint.plan.id)
            );
            self.add(Level::Note, place, what, "give it a stage, where it has one");
        }
    }

    /// Reads the data; a column of the file that is not there is found, and then guessed, so that the rest is looked at too.
    fn loaded(&mut self, in_use: &InUse, flags: &LoadOptions, ctl: &Ctl) -> Result<Option<Loaded>, Cancelled> {
        let mut options = match in_use.options(flags) {
            Ok(options) => options,
            Err(what) => {
                self.add(Level::Error, "source".to_owned(), what, "name the data in a [[source]]");
                return Ok(None);
            }
        };
        loop {
            let err = match ingest::open_sound(&options, ctl) {
                Ok(loaded) => return Ok(Some(loaded)),
                Err(ingest::Error::Cancelled(cancelled)) => return Err(cancelled),
                Err(err) => err,
            };
            let about = match &err {
                ingest::Error::Columns(what) => About::of(what),
                _ => None,
            };
            let Some((about, (line, key))) = about.and_then(|about| Some((about, in_use.said_at(&about, flags)?)))
            else {
                let source = self.workspace.sources.first().map_or("", |source| source.id.as_str());
                let place = self.place("source", source, "files");
                self.add(Level::Error, place, err.to_string(), "the data is needed for everything else");
                return Ok(None);
            };
            let named = match (about.role, about.source) {
                ("id", _) => "a column of ids".to_owned(),
                (_, Some(source)) => format!("source:{source}.columns.{key}"),
                (_, None) => format!("source.columns.{key}"),
            };
            let place = line.map_or_else(|| named.clone(), |line| format!("{named} (line {line})"));
            self.add(Level::Error, place, about.rest.to_owned(), "name the column as the data has it");
            let own = options.each.iter().position(|each| about.source.is_some_and(|name| visible(&each.name) == name));
            let unset = match own {
                Some(at) => &mut options.each[at].said,
                None => &mut options,
            };
            let unset = match about.role {
                "customer" => &mut unset.customer,
                "anonymous" => &mut unset.anonymous,
                "time" => &mut unset.time,
                "event" => &mut unset.event,
                "channel" => &mut unset.channel,
                "value" => &mut unset.value,
                "score" => &mut unset.score,
                "session" => &mut unset.session,
                _ => return Ok(None),
            };
            // A role that was taken back once and still fails would go round for ever.
            if unset.take().is_none() {
                return Ok(None);
            }
        }
    }

    fn with_data(&mut self, in_use: &InUse, loaded: Loaded, ctl: &Ctl) -> Result<(), Cancelled> {
        let Loaded { store, report, .. } = loaded;
        self.columns(&store);
        let mut rules = in_use.rules();
        let mut broken = Vec::new();
        for (at, error) in faults(&store, &rules) {
            broken.push(at);
            let id = rules[at].id.clone();
            let place = self.place("touchpoint", &id, "when");
            let remedy = "until then no command that uses this file answers";
            self.add(Level::Error, place, format!("`when` of `{}`: {error}", visible(&id)), remedy);
            rules[at].when = Expr::parse("false").expect("the word is an expression");
        }
        let (store, relabelled) = match relabel(store, &rules, ctl) {
            Ok(done) => done,
            Err(RelabelError::Cancelled(cancelled)) => return Err(cancelled),
            Err(RelabelError::Rule { .. }) => unreachable!("rules with faults were taken out above"),
        };
        let store = Arc::new(store);
        let view = View::whole(Arc::clone(&store));
        let ground = Ground { store: &store, view, report: &report, relabelled: &relabelled, in_use, ctl };
        self.rules(&ground, &broken);
        self.traffic(&ground)?;
        self.names(&ground)?;
        self.scores(&ground)
    }
}
