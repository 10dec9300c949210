//! `check`: a workspace held against its data, as a table.

use std::sync::Arc;

use anyhow::Result;

use super::progress::Line;
use super::{Messages, Output, Usage};
use crate::base::{Ctl, Zone};
use crate::export::{Document, Source};
use crate::ingest::LoadOptions;
use crate::table::{Cell, Kind, Table};
use crate::workspace::check::{self, Checked, Level};
use crate::workspace::in_use::named_in;

/// What is said where a command needs a workspace and there is none.
pub const NO_WORKSPACE: &str = "there is no trailmap.toml in this folder; name a workspace with --workspace FILE, or let \
                                `trailmap init SOURCE` propose one";

/// What the caller decides the exit status by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub n_errors: usize,
}

/// Checks and writes the table `check`.
///
/// # Errors
/// There is no workspace, or the table cannot be written; what is wrong with the workspace is the table's business.
pub fn run(load: &LoadOptions, output: &Output, messages: &Messages, ctl: &Ctl) -> Result<Done> {
    output.check()?;
    let (Some(path), flags) = named_in(load) else { return Err(Usage(NO_WORKSPACE.into()).into()) };
    let line = Line::start("reading", ctl, messages);
    let checked = check::check(&path, &flags, ctl)?;
    drop(line);
    let mut document = Document {
        analysis: "check".into(),
        spec: serde_json::json!({"analysis": "check", "workspace": path}),
        source: Source { files: checked.files.clone(), counts: None },
        tables: vec![table(&checked)],
        notes: vec![checked.summary()],
    };
    output.choose(&mut document)?;
    document.notes.iter().for_each(|note| messages.line(note));
    output.write(&document, Zone::utc(), ctl)?;
    Ok(Done { n_errors: checked.count(Level::Error) })
}

fn table(checked: &Checked) -> Table {
    let columns = [
        ("level", Kind::Text),
        ("where", Kind::Text),
        ("finding", Kind::Text),
        ("events", Kind::Count),
        ("share", Kind::Share),
        ("what_to_do", Kind::Text),
    ];
    let columns = columns.iter().map(|(name, kind)| crate::table::Column::new(*name, *kind)).collect();
    let findings: Arc<[check::Finding]> = checked.findings.as_slice().into();
    Table::made("check", columns, findings.len(), move |at| {
        let finding = &findings[at];
        vec![
            Cell::text(finding.level.name()),
            Cell::text(finding.place.as_str()),
            Cell::text(finding.what.as_str()),
            finding.events.map_or(Cell::Empty, Cell::Count),
            Cell::number(finding.share),
            Cell::text(finding.remedy.as_str()),
        ]
    })
}
