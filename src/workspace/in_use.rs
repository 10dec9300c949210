//! A workspace in use: what its file says becomes options of reading, touchpoints of the events, and parts of questions.
//!
//! What is said on the command line wins over the file. Sources named there are read in place of the file's, in the way the
//! file says.

use std::path::{Path, PathBuf};

use super::file::{AsOf, Faults, WORKSPACE_FILE, Workspace, text_of};
use super::places::Places;
use crate::base::visible::visible;
use crate::base::{Ctl, When};
use crate::ingest::{self, LoadOptions, Loaded};
use crate::journey::expr::Expr;
use crate::journey::relabel::{RelabelError, RelabelReport, Rule, relabel};

/// A workspace file that was read, and where it is.
#[derive(Debug, Clone)]
pub struct InUse {
    /// As it was named.
    pub path: String,
    pub workspace: Workspace,
    text: String,
}

/// What a load under a workspace gave.
#[derive(Debug)]
pub struct Opened {
    pub loaded: Loaded,
    /// What the touchpoint rules did; nothing where there are none.
    pub relabelled: Option<RelabelReport>,
}

/// What an error about a column is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About<'e> {
    /// The source of the workspace, where there are several.
    pub source: Option<&'e str>,
    pub role: &'e str,
    pub rest: &'e str,
}

impl<'e> About<'e> {
    /// `source `a`: --customer: no column is named …`, or without the source; `None` of other errors.
    pub fn of(what: &'e str) -> Option<Self> {
        let of_source = what.strip_prefix("source `").and_then(|what| what.split_once("`: "));
        let (source, what) = of_source.map_or((None, what), |(source, what)| (Some(source), what));
        let (role, rest) = what.strip_prefix("--")?.split_once(": ")?;
        Some(About { source, role, rest })
    }
}

/// The workspace file in the current folder, where there is one.
pub fn in_this_folder() -> Option<String> {
    Path::new(WORKSPACE_FILE).is_file().then(|| WORKSPACE_FILE.to_owned())
}

/// Whether a source is a workspace file rather than data.
pub fn is_workspace_file(source: &str) -> bool {
    Path::new(source).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// The workspace that options name, by their own field or as the only source, and the options without it.
pub fn named_in(options: &LoadOptions) -> (Option<String>, LoadOptions) {
    let mut rest = options.clone();
    let mut path = rest.workspace.take();
    if let ([only], None) = (&rest.sources[..], &path)
        && is_workspace_file(only)
    {
        path = rest.sources.pop();
    }
    (path, rest)
}

/// A sentence about a workspace file that is wrong; the first fault, and that there are more.
pub fn sentence(faults: &Faults) -> String {
    let all = faults.sentences();
    let first = all.first().cloned().unwrap_or_default();
    match all.len() + faults.n_more {
        0 | 1 => first,
        n => {
            let file = crate::analysis::ask::quote(&faults.file);
            format!("{first} (and {} more; `trailmap check --workspace {file}` lists them)", n - 1)
        }
    }
}

impl Opened {
    /// What whoever reads the numbers should know about the touchpoints.
    pub fn notes(&self, file: &str) -> Vec<String> {
        let Some(report) = &self.relabelled else { return Vec::new() };
        let mut notes = Vec::new();
        let (unmapped, all) = (report.n_unmapped(), report.n_events);
        if unmapped > 0 {
            let share = 100.0 * unmapped as f64 / all as f64;
            let file = visible(file);
            notes.push(format!(
                "{} of {} events ({share:.1} %) are no touchpoint of {file} and keep their own names; `trailmap check` lists them",
                grouped(unmapped),
                grouped(all),
            ));
        }
        for (before, now) in &report.renamed {
            notes.push(format!("the column `{}` of the data is called `{}` here", visible(before), visible(now)));
        }
        notes
    }
}

/// A count with its thousands apart.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl InUse {
    /// Reads a workspace file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(path: &str) -> Result<Self, Faults> {
        let text = text_of(Path::new(path)).map_err(|what| Faults::whole(path, what))?;
        let workspace = Workspace::parse(path, &text)?;
        Ok(InUse { path: path.to_owned(), workspace, text })
    }

    /// The workspace that options name, and the options without it; nothing where they name none.
    ///
    /// # Errors
    /// What is wrong with the file, in a sentence.
    pub fn of_options(options: &LoadOptions) -> Result<Option<(Self, LoadOptions)>, ingest::Error> {
        let (Some(path), rest) = named_in(options) else { return Ok(None) };
        let workspace = InUse::read(&path).map_err(|faults| ingest::Error::Other(sentence(&faults)))?;
        Ok(Some((workspace, rest)))
    }

    fn folder(&self) -> PathBuf {
        Path::new(&self.path).parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// A file that the workspace names, as seen from here.
    pub fn placed(&self, file: &str) -> PathBuf {
        self.folder().join(file)
    }

    /// Where the parts of the file stand.
    pub fn places(&self) -> Places {
        Places::of(&self.text)
    }

    /// `trailmap.toml:12`, or the file alone where the line is not known.
    pub fn place(&self, line: Option<usize>) -> String {
        let path = visible(&self.path);
        line.map_or_else(|| path.clone().into_owned(), |line| format!("{path}:{line}"))
    }

    /// How to read: as the flags say, and where they say nothing, as the file does.
    ///
    /// # Errors
    /// A file that names no data, or sources that cannot be read together.
    pub fn options(&self, flags: &LoadOptions) -> Result<LoadOptions, String> {
        let named = |what: String| format!("{}: {what}", visible(&self.path));
        let said = match self.workspace.sources.is_empty() && !flags.sources.is_empty() {
            true => LoadOptions { zone: self.workspace.zone.clone(), ..LoadOptions::default() },
            false => self.workspace.load(&self.folder()).map_err(named)?,
        };
        let mut options = flags.clone().or(&said);
        options.workspace = None;
        if options.sources.is_empty() {
            options.sources = said.sources;
        }
        options.each = said.each;
        Ok(options)
    }

    /// The rules by which events get their touchpoints.
    pub fn rules(&self) -> Vec<Rule> {
        let rule = |touchpoint: &super::file::Touchpoint| {
            Some(Rule {
                id: touchpoint.plan.id.clone(),
                // Read before: the file is right.
                when: Expr::parse(&touchpoint.when).ok()?,
                stage: touchpoint.plan.stage.clone(),
                channel: touchpoint.channel.clone(),
            })
        };
        self.workspace.touchpoints.iter().filter_map(rule).collect()
    }

    /// Reads the data and gives its events their touchpoints.
    ///
    /// # Errors
    /// As `ingest::open`; a rule that names what is not in the data.
    pub fn open(&self, flags: &LoadOptions, ctl: &Ctl) -> Result<Opened, ingest::Error> {
        let options = self.options(flags).map_err(ingest::Error::Other)?;
        let loaded = ingest::open(&options, ctl).map_err(|err| self.explained(err, flags))?;
        let (saved, rest) = (loaded.store.saved.clone(), loaded.kept.without(&options));
        let opened = self.with_touchpoints(loaded, ctl);
        if saved.is_none_or(|saved| !saved.is_damaged()) {
            return opened;
        }
        // What is wrong with a saved store is not wrong with the data or the rules.
        let loaded = ingest::open(&rest.forget(), ctl).map_err(|err| self.explained(err, flags))?;
        self.with_touchpoints(loaded, ctl)
    }

    /// As `open`, of the start of the data; `None` where the whole is soon read.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_head(&self, flags: &LoadOptions, ctl: &Ctl) -> Result<Option<Opened>, ingest::Error> {
        let options = self.options(flags).map_err(ingest::Error::Other)?;
        let loaded = ingest::open_head(&options, ctl).map_err(|err| self.explained(err, flags))?;
        loaded.map(|loaded| self.with_touchpoints(loaded, ctl)).transpose()
    }

    /// Gives the events their touchpoints.
    ///
    /// # Errors
    /// A rule that names what is not in the data.
    pub fn with_touchpoints(&self, loaded: Loaded, ctl: &Ctl) -> Result<Opened, ingest::Error> {
        let rules = self.rules();
        if rules.is_empty() {
            return Ok(Opened { loaded, relabelled: None });
        }
        let Loaded { mut store, report, mut kept } = loaded;
        // What is saved is what was read, so that other rules find it too.
        kept.set_aside(&mut store);
        match relabel(store, &rules, ctl) {
            Ok((store, relabelled)) => {
                Ok(Opened { loaded: Loaded { store, report, kept }, relabelled: Some(relabelled) })
            }
            Err(RelabelError::Cancelled(cancelled)) => Err(ingest::Error::Cancelled(cancelled)),
            Err(err @ RelabelError::Rule { .. }) => {
                let RelabelError::Rule { id, .. } = &err else { unreachable!("matched above") };
                let line = self.places().key("touchpoint", id, "when");
                Err(ingest::Error::Other(format!("{}: {err}", self.place(line))))
            }
        }
    }

    /// An error about a column that the file and no flag named says where the file does.
    pub fn explained(&self, err: ingest::Error, flags: &LoadOptions) -> ingest::Error {
        let ingest::Error::Columns(what) = &err else { return err };
        let Some(about) = About::of(what) else { return err };
        let Some((line, key)) = self.said_at(&about, flags) else { return err };
        let key = if about.role == "id" { "a column of ids".to_owned() } else { format!("`{key}` of the source") };
        ingest::Error::Other(format!("{}: {key}: {}", self.place(line), about.rest))
    }

    /// The line and the key of the file that name the column of a role, where no flag does.
    pub fn said_at(&self, about: &About<'_>, flags: &LoadOptions) -> Option<(Option<usize>, &'static str)> {
        let places = self.places();
        if about.role == "id" {
            let of_source = self.workspace.sources.iter().find(|source| !source.ids.is_empty());
            let line = of_source.and_then(|source| places.key("source", &source.id, "ids"));
            return flags.ids.is_empty().then(|| (places.root("identity.keys").or(line), "ids"));
        }
        let source = match about.source {
            Some(name) => self.workspace.sources.iter().find(|source| visible(&source.id) == name)?,
            None => self.workspace.sources.first()?,
        };
        let columns = &source.columns;
        let (key, flag, said) = match about.role {
            "customer" => ("user", &flags.customer, &columns.customer),
            "anonymous" => ("anon", &flags.anonymous, &columns.anonymous),
            "time" => ("time", &flags.time, &columns.time),
            "event" => ("event", &flags.event, &columns.event),
            "channel" => ("channel", &flags.channel, &columns.channel),
            "value" => ("value", &flags.value, &columns.value),
            "score" => ("score", &flags.score, &columns.score),
            "session" => ("session", &flags.session, &columns.session),
            _ => return None,
        };
        let line = |key: &str| match about.source {
            Some(_) => places.key_alone("source", &source.id, &format!("columns.{key}")),
            None => places.source_column(key),
        };
        let key = if key == "user" && line("user").is_none() { "customer" } else { key };
        (flag.is_none() && said.is_some()).then(|| (line(key), key))
    }

    /// The end of observation that the file sets.
    ///
    /// # Errors
    /// `now`, which would give another answer every day.
    pub fn as_of(&self) -> Result<Option<When>, String> {
        match &self.workspace.as_of {
            AsOf::ExportEnd => Ok(None),
            AsOf::At(when) => Ok(Some(when.clone())),
            AsOf::Now => Err(format!(
                "{}: as_of = \"now\" would give another answer every time; say --as-of TIME, or write a time or \"export-end\" \
                 into the file",
                self.place(self.places().root("as_of"))
            )),
        }
    }
}

#[cfg(test)]
mod tests;
