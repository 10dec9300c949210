//! Data that was read for a batch command, under a workspace or without one, and documents made from it.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::progress::Line;
use super::{Messages, identity, report};
use crate::analysis::{CustomersSpec, ProfileSpec, Spec};
use crate::base::{Ctl, Instant, Zone};
use crate::engine::{Engine, Local};
use crate::export::{Counts, Document, Source};
use crate::ingest::report::LoadReport;
use crate::ingest::saved::Wait;
use crate::ingest::{self, Kept, LoadOptions};
use crate::journey::JourneyStore;
use crate::table::Table;
use crate::table::text::count;
use crate::workspace::InUse;

/// What questions are asked of.
pub(super) struct Data {
    engine: Local,
    pub report: LoadReport,
    pub workspace: Option<InUse>,
    /// What the workspace has to say about the events.
    notes: Vec<String>,
    /// As it was read, without what the workspace adds.
    flags: LoadOptions,
    /// As it was asked for.
    load: LoadOptions,
    /// What is kept of it for the next time.
    kept: Kept,
}

impl Data {
    /// Reads what the options name, with the workspace that they name.
    pub fn read(load: &LoadOptions, messages: &Messages, ctl: &Ctl) -> Result<Self> {
        let named = InUse::of_options(load)?;
        let line = Line::start("reading", ctl, messages);
        let data = match named {
            None => {
                let loaded = ingest::open(load, ctl)?;
                let flags = load.clone();
                Data {
                    engine: Local::new(loaded.store),
                    report: loaded.report,
                    workspace: None,
                    notes: Vec::new(),
                    flags,
                    load: load.clone(),
                    kept: loaded.kept,
                }
            }
            Some((workspace, flags)) => {
                let opened = workspace.open(&flags, ctl)?;
                let notes = opened.notes(&workspace.path);
                let loaded = opened.loaded;
                let engine = Local::new(loaded.store);
                Data {
                    engine,
                    report: loaded.report,
                    workspace: Some(workspace),
                    notes,
                    flags,
                    load: load.clone(),
                    kept: loaded.kept,
                }
            }
        };
        drop(line);
        Ok(data)
    }

    /// What `ask` makes of the data. Where that came of a saved store which proves to be damaged, the sources are read and
    /// asked instead.
    pub fn sound(
        &mut self,
        ask: impl Fn(&Data) -> Result<Document>,
        messages: &Messages,
        ctl: &Ctl,
    ) -> Result<Document> {
        let answered = ask(self);
        // Rows that are made while they are written would come of what nobody has looked at yet.
        if answered.as_ref().is_ok_and(|document| document.tables.iter().any(Table::is_made_later)) {
            self.store().check_all();
        }
        if !self.store().is_damaged() {
            return answered;
        }
        *self = Data::read(&self.kept.without(&self.load).forget(), messages, ctl)?;
        ask(self)
    }

    /// Keeps what was read for the next time, where that pays; after the answer, since nobody waits for it.
    pub fn keep(self, messages: &Messages, ctl: &Ctl) {
        if let Err(what) = self.kept.save(self.engine.store(), &self.report, Wait::Written, ctl) {
            messages.note(&what);
        }
    }

    pub fn store(&self) -> &Arc<JourneyStore> {
        self.engine.store()
    }

    pub fn zone(&self) -> Zone {
        self.store().zone.clone()
    }

    /// The question for the customers of a persona, with what the workspace adds to it.
    pub fn asked(&self, spec: &Spec, persona: Option<&str>) -> Result<Spec> {
        let Some(workspace) = &self.workspace else { return Ok(spec.clone()) };
        let spec = match persona {
            Some(name) => workspace.of_persona(spec, name).map_err(anyhow::Error::msg)?,
            None => spec.clone(),
        };
        workspace.filled(&spec).map_err(anyhow::Error::msg)
    }

    /// The answer to a question that was asked in full.
    pub fn document(&self, spec: &Spec, ctl: &Ctl) -> Result<Document> {
        let answer = self.engine.answer(spec, ctl)?;
        let mut document = Document {
            analysis: spec.name().into(),
            spec: serde_json::to_value(spec).context("the question cannot be written as JSON")?,
            source: self.source(Some(spec))?,
            tables: answer.tables(),
            notes: report::notes(&self.report),
        };
        // The reader's note on rejected rows is its last.
        if self.report.rejects.total() > 0
            && let Some(note) = document.notes.last_mut()
        {
            note.push_str("; `trailmap rejects` lists them");
        }
        document.notes.extend_from_slice(&self.notes);
        document.notes.extend_from_slice(answer.notes());
        if let Spec::Profile(profile) = spec {
            if let Some(quality) = document.tables.iter_mut().find(|table| table.name == "quality") {
                report::add_joins(&self.report, quality);
            }
            let store = self.store();
            let reading = report::reading_table(&self.report, store.n_events() as u64, store.n_ties);
            let first = std::iter::once(report::source_table(&self.report)).chain(report::joins_table(&self.report));
            document.tables.splice(0..0, first.chain([reading]));
            document.tables.push(report::profile_rejects_table(&self.report));
            if profile.identity {
                if self.report.identity.is_none() {
                    document.notes.push(identity::NOT_LINKED.into());
                }
                let tables = identity::tables(&self.report, &self.engine, || self.apart(ctl), ctl)?;
                document.tables.splice(0..0, tables);
            }
        }
        Ok(document)
    }

    /// The same events without any linking of ids; nothing where they can be read only once.
    fn apart(&self, ctl: &Ctl) -> Result<Option<Local>> {
        // A cluster of more than one id is then a shared device, so that every row stays with its own id.
        let flags = LoadOptions { max_ids: Some(1), cache: None, ..self.flags.clone() };
        if flags.sources.iter().any(|source| source == "-") {
            return Ok(None);
        }
        let loaded = match &self.workspace {
            Some(workspace) => workspace.open(&flags, ctl)?.loaded,
            None => ingest::open(&flags, ctl)?,
        };
        Ok(Some(Local::new(loaded.store)))
    }

    pub fn rejects(&self) -> Result<Document> {
        let mut notes = report::dialects(&self.report);
        notes.extend(report::notes(&self.report));
        Ok(Document {
            analysis: "rejects".into(),
            spec: serde_json::json!({"analysis": "rejects"}),
            source: self.source(None)?,
            tables: vec![report::rejects_table(&self.report)],
            notes,
        })
    }

    /// Where the numbers come from, after the check that no record went missing.
    fn source(&self, spec: Option<&Spec>) -> Result<Source> {
        let counts = counts(self.store(), &self.report, spec);
        let accounted = counts.events + counts.rejected + counts.duplicates;
        if counts.read != accounted {
            anyhow::bail!(
                "a mistake in trailmap itself: {} records were read but {} accounted for ({}); please report it",
                count(counts.read),
                count(accounted),
                counts.conservation()
            );
        }
        Ok(Source { files: self.report.files.iter().map(|file| file.file.clone()).collect(), counts: Some(counts) })
    }
}

/// The list of the customers behind one number of a question.
pub(super) fn who(of: Spec, cell: String) -> Spec {
    Spec::Customers(CustomersSpec { scope: of.scope().clone(), of: Some(Box::new(of)), cell: Some(cell) })
}

/// What `trailmap FILE` asks where there is no terminal.
pub(super) fn first_look() -> Spec {
    Spec::Profile(ProfileSpec::default())
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
