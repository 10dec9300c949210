//! Answers without a terminal: load, ask, write tables; what people need to know goes to standard error.

pub mod demo;
pub mod init;
pub mod messages;
pub mod output;
mod overview;
mod progress;
mod report;
pub mod signals;

use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::analysis::{CustomersSpec, ProfileSpec, Spec};
use crate::base::visible::visible;
use crate::base::{Ctl, Instant, Zone};
use crate::engine::{Engine, Local};
use crate::export::{Counts, Document, Source};
use crate::ingest::report::LoadReport;
use crate::ingest::{self, KeepRejects, LoadOptions, Loaded};
use crate::journey::JourneyStore;
use crate::table::text::count;

pub use messages::Messages;
pub use output::Output;
pub use progress::Line;

/// A mistake in how trailmap was called that only shows once it runs; exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// One run: what to load, what to ask, where the answer goes.
#[derive(Debug)]
pub struct Request {
    pub load: LoadOptions,
    pub ask: Ask,
    pub output: Output,
    pub messages: Messages,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A first look: what `trailmap FILE` prints where there is no terminal.
    Overview,
    Spec(Box<Spec>),
    /// The customers behind one number of a question.
    Who(Box<Spec>, String),
    Rows,
    Rejects,
}

/// What the caller decides the exit status by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub rejected: u64,
}

/// Loads, asks and writes.
///
/// # Errors
/// One that `{:#}` shows as one sentence; whether the person asked to stop, `ctl` knows.
pub fn run(request: Request, ctl: &Ctl) -> Result<Done> {
    let Request { mut load, ask, output, messages } = request;
    output.check()?;
    if ask == Ask::Rejects {
        load.keep_rejects = KeepRejects::All;
    }
    let (mut document, zone, rejected) = match &ask {
        Ask::Rows => (rows(&load, &output, &messages, ctl)?, Zone::utc(), 0),
        Ask::Overview | Ask::Spec(_) | Ask::Who(..) | Ask::Rejects => {
            let loaded = open(&load, &messages, ctl)?;
            let zone = loaded.store.zone.clone();
            let rejected = loaded.report.rejects.total();
            (answer(loaded, &ask, ctl)?, zone, rejected)
        }
    };
    output.choose(&mut document)?;
    if let Some(counts) = &document.source.counts {
        messages.line(&counts.conservation());
    }
    document.notes.iter().for_each(|note| messages.note(note));
    output.write(&document, zone, ctl)?;
    Ok(Done { rejected })
}

/// Writes a document that no data was read for.
///
/// # Errors
/// The target cannot be written, or a table that was named is not there.
pub fn write(mut document: Document, output: &Output, messages: &Messages, ctl: &Ctl) -> Result<()> {
    output.check()?;
    output.choose(&mut document)?;
    document.notes.iter().for_each(|note| messages.note(note));
    output.write(&document, Zone::utc(), ctl)
}

fn open(load: &LoadOptions, messages: &Messages, ctl: &Ctl) -> Result<Loaded> {
    let line = Line::start("reading", ctl, messages);
    let loaded = ingest::open(load, ctl)?;
    drop(line);
    Ok(loaded)
}

fn rows(load: &LoadOptions, output: &Output, messages: &Messages, ctl: &Ctl) -> Result<Document> {
    let line = Line::start("reading", ctl, messages);
    let raw = ingest::rows(load, output.limit, ctl)?;
    drop(line);
    Ok(Document {
        analysis: "rows".into(),
        spec: serde_json::json!({"analysis": "rows"}),
        source: Source { files: load.sources.clone(), counts: None },
        tables: vec![report::rows_table(raw)],
        notes: Vec::new(),
    })
}

fn answer(loaded: Loaded, ask: &Ask, ctl: &Ctl) -> Result<Document> {
    let Loaded { store, report } = loaded;
    let engine = Local::new(store);
    let spec = match ask {
        Ask::Overview => Spec::Profile(ProfileSpec::default()),
        Ask::Spec(spec) => (**spec).clone(),
        Ask::Who(of, cell) => {
            Spec::Customers(CustomersSpec { scope: of.scope().clone(), of: Some(of.clone()), cell: Some(cell.clone()) })
        }
        Ask::Rejects => return rejects(engine.store(), &report),
        Ask::Rows => unreachable!("rows are read before there is a store"),
    };
    let answer = engine.answer(&spec, ctl)?;
    let mut document = Document {
        analysis: spec.name().into(),
        spec: serde_json::to_value(&spec).context("the question cannot be written as JSON")?,
        source: source(engine.store(), &report, Some(&spec))?,
        tables: answer.tables(),
        notes: report::notes(&report),
    };
    // The reader's note on rejected rows is its last.
    if report.rejects.total() > 0
        && let Some(note) = document.notes.last_mut()
    {
        note.push_str("; `trailmap rejects` lists them");
    }
    document.notes.extend_from_slice(answer.notes());
    if let Spec::Profile(_) = spec {
        document.tables.insert(0, report::source_table(&report));
        document.tables.push(report::profile_rejects_table(&report));
    }
    if *ask == Ask::Overview {
        overview::narrow(&mut document);
    }
    Ok(document)
}

fn rejects(store: &Arc<JourneyStore>, report: &LoadReport) -> Result<Document> {
    let mut notes = report::dialects(report);
    notes.extend(report::notes(report));
    Ok(Document {
        analysis: "rejects".into(),
        spec: serde_json::json!({"analysis": "rejects"}),
        source: source(store, report, None)?,
        tables: vec![report::rejects_table(report)],
        notes,
    })
}

/// Where the numbers come from, after the check that no record went missing.
fn source(store: &JourneyStore, report: &LoadReport, spec: Option<&Spec>) -> Result<Source> {
    let counts = counts(store, report, spec);
    let accounted = counts.events + counts.rejected + counts.duplicates;
    if counts.read != accounted {
        anyhow::bail!(
            "a mistake in trailmap itself: {} records were read but {} accounted for ({}); please report it",
            count(counts.read),
            count(accounted),
            counts.conservation()
        );
    }
    Ok(Source { files: report.files.iter().map(|file| file.file.clone()).collect(), counts: Some(counts) })
}

fn counts(store: &JourneyStore, report: &LoadReport, spec: Option<&Spec>) -> Counts {
    let has_events = store.n_events() > 0;
    let as_of = spec.and_then(|spec| spec.scope().as_of.as_ref()).map(|when| when.resolve(&store.zone));
    let text = |at: Instant| at.to_string();
    Counts {
        read: report.rows,
        events: store.n_events() as u64,
        rejected: report.rejects.total(),
        duplicates: report.duplicates_dropped,
        customers: store.n_customers() as u64,
        names: store.touchpoints.len() as u64,
        first: store.bounds().map(|(first, _)| text(first)),
        last: store.bounds().map(|(_, last)| text(last)),
        as_of: as_of.or_else(|| has_events.then(|| store.as_of())).map(text),
    }
}

/// An error as the one line that a person reads.
pub fn sentence(err: &anyhow::Error) -> String {
    visible(&format!("{err:#}")).into_owned()
}
