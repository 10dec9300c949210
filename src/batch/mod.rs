//! Answers without a terminal: load, ask, write tables; what people need to know goes to standard error.

pub mod check;
mod data;
pub mod demo;
mod identity;
pub mod init;
pub mod messages;
pub mod output;
mod overview;
mod progress;
mod report;
pub mod saved;
pub mod signals;

use anyhow::Result;

use crate::analysis::Spec;
use crate::base::visible::visible;
use crate::base::{Ctl, Zone};
use crate::export::{Document, Source};
use crate::ingest::{self, KeepRejects, LoadOptions};
use crate::workspace::InUse;
use crate::workspace::in_use::named_in;
use data::Data;

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
    /// Only the customers of this persona of the workspace.
    pub persona: Option<String>,
    pub ask: Ask,
    pub output: Output,
    /// Where rejected rows go beside the answer.
    pub rejects: Option<Output>,
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
    let Request { load, persona, ask, output, rejects, messages } = request;
    output.check()?;
    let mut load = keeping(&load, rejects.as_ref())?;
    if rejects.is_some() && ask == Ask::Rows {
        return Err(
            Usage("rows are looked at before any can be rejected; --rejects goes with another command".into()).into()
        );
    }
    if persona.is_some() && named_in(&load).0.is_none() {
        return Err(Usage("--persona names one of a workspace; add --workspace FILE".into()).into());
    }
    if ask == Ask::Rejects && load.keep_rejects == KeepRejects::Some {
        // Columns of text are for people.
        load.keep_rejects = if output.format.name == "table" { KeepRejects::All } else { KeepRejects::Whole };
    }
    let (mut document, data) = match &ask {
        Ask::Rows => (rows(&load, &output, &messages, ctl)?, None),
        Ask::Overview | Ask::Spec(_) | Ask::Who(..) | Ask::Rejects => {
            let mut data = Data::read(&load, &messages, ctl)?;
            write_rejects(&data, rejects.as_ref(), &messages, ctl)?;
            let document = data.sound(|data| answer(data, &ask, persona.as_deref(), ctl), &messages, ctl)?;
            (document, Some(data))
        }
    };
    let zone = data.as_ref().map_or_else(Zone::utc, Data::zone);
    let rejected = data.as_ref().map_or(0, |data| data.report.rejects.total());
    output.choose(&mut document)?;
    if let Some(counts) = &document.source.counts {
        messages.line(&counts.conservation());
    }
    document.notes.iter().for_each(|note| messages.note(note));
    output.write(&document, zone, ctl)?;
    if let Some(data) = data {
        data.keep(&messages, ctl);
    }
    Ok(Done { rejected })
}

/// The options of a load whose rejected rows will be written, where that can be done.
fn keeping(load: &LoadOptions, rejects: Option<&Output>) -> Result<LoadOptions> {
    let mut load = load.clone();
    if let Some(rejects) = rejects {
        rejects.check()?;
        load.keep_rejects = KeepRejects::Whole;
    }
    Ok(load)
}

/// Writes all rejected rows to the file that was named for them; a file without rows says that there were none.
fn write_rejects(data: &Data, rejects: Option<&Output>, messages: &Messages, ctl: &Ctl) -> Result<()> {
    let Some(rejects) = rejects else { return Ok(()) };
    rejects.write(&data.rejects()?, data.zone(), ctl)?;
    if let output::Target::File { path, .. } = &rejects.target {
        let n = crate::table::text::count(data.report.rejects.total());
        messages.line(&format!("wrote {} (rejected rows: {n})", path.display()));
    }
    Ok(())
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

fn rows(load: &LoadOptions, output: &Output, messages: &Messages, ctl: &Ctl) -> Result<Document> {
    let load = match InUse::of_options(load)? {
        Some((workspace, flags)) => workspace.options(&flags).map_err(anyhow::Error::msg)?,
        None => load.clone(),
    };
    let line = Line::start("reading", ctl, messages);
    let raw = ingest::rows(&load, output.limit, ctl)?;
    drop(line);
    Ok(Document {
        analysis: "rows".into(),
        spec: serde_json::json!({"analysis": "rows"}),
        source: Source { files: load.sources.clone(), counts: None },
        tables: vec![report::rows_table(raw)],
        notes: Vec::new(),
    })
}

fn answer(data: &Data, ask: &Ask, persona: Option<&str>, ctl: &Ctl) -> Result<Document> {
    let spec = match ask {
        Ask::Overview => data::first_look(),
        Ask::Spec(spec) => (**spec).clone(),
        Ask::Who(of, cell) => return data.document(&data::who(data.asked(of, persona)?, cell.clone()), ctl),
        Ask::Rejects => return data.rejects(),
        Ask::Rows => unreachable!("rows are read before there is a store"),
    };
    let mut document = data.document(&data.asked(&spec, persona)?, ctl)?;
    if *ask == Ask::Overview {
        overview::narrow(&mut document);
    }
    Ok(document)
}

/// An error as the one line that a person reads.
pub fn sentence(err: &anyhow::Error) -> String {
    visible(&format!("{err:#}")).into_owned()
}
