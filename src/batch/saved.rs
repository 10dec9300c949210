//! `run`: answers the saved questions of a workspace and writes their tables to the files that they name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::data::{self, Data};
use super::output::{Output, Target, refuse_terminal};
use super::{Messages, Usage, sentence};
use crate::base::Ctl;
use crate::base::visible::visible;
use crate::export::{self, FORMATS, Format};
use crate::ingest::LoadOptions;
use crate::table::text::count;
use crate::workspace::InUse;
use crate::workspace::file::View;

/// One run over saved questions.
#[derive(Debug)]
pub struct Request {
    pub load: LoadOptions,
    pub persona: Option<String>,
    /// Which; all where none is named.
    pub names: Vec<String>,
    /// How what goes to standard output is written, where a question says nothing.
    pub output: Output,
    /// Where rejected rows go beside the answers.
    pub rejects: Option<Output>,
    pub messages: Messages,
}

/// What the caller decides the exit status by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub rejected: u64,
    pub n_failed: usize,
}

/// Loads once, and answers one question after the other; one that fails is told and does not stop the others.
///
/// # Errors
/// There is no workspace, a name that it does not hold, or data that cannot be read.
pub fn run(request: &Request, ctl: &Ctl) -> Result<Done> {
    let Request { load, persona, names, output, rejects, messages } = request;
    let Some((workspace, _)) = InUse::of_options(load)? else {
        return Err(Usage(super::check::NO_WORKSPACE.into()).into());
    };
    // A name that is wrong is told before anything is read.
    let views = workspace.views(names).map_err(anyhow::Error::msg)?;
    if views.is_empty() {
        anyhow::bail!(
            "{} holds no [[view]] to run; write one with an `ask`, like ask = \"funnel -s cart -s order\"",
            visible(&workspace.path)
        );
    }
    let load = super::keeping(load, rejects.as_ref())?;
    let mut data = Data::read(&load, messages, ctl)?;
    super::write_rejects(&data, rejects.as_ref(), messages, ctl)?;
    let mut done = Done { rejected: data.report.rejects.total(), n_failed: 0 };
    for view in views {
        let written = answer(&mut data, &workspace, view, persona.as_deref(), output, messages, ctl);
        ctl.check()?;
        if let Err(err) = written {
            messages.failure(&format!("view {}: {}", visible(&view.id), sentence(&err)));
            done.n_failed += 1;
        }
    }
    data.keep(messages, ctl);
    Ok(done)
}

fn answer(
    data: &mut Data,
    workspace: &InUse,
    view: &View,
    persona: Option<&str>,
    output: &Output,
    messages: &Messages,
    ctl: &Ctl,
) -> Result<()> {
    let target = match &view.out {
        None => Target::Stdout,
        // A saved question is asked again and again, so its file is replaced.
        Some(out) => Target::File { path: workspace.placed(out), force: true },
    };
    let format = format_of(view, &target, output.format)?;
    refuse_terminal(format, &target)?;
    let ask = |data: &Data| {
        let mut spec = data.asked(&view.spec, persona)?;
        if let Some(cell) = &view.who {
            spec = data::who(spec, cell.clone());
        }
        data.document(&spec, ctl)
    };
    let mut document = data.sound(ask, messages, ctl)?;
    let output =
        Output { format, target, table: view.table.clone().or_else(|| output.table.clone()), ..output.clone() };
    output.choose(&mut document)?;
    document.notes.iter().for_each(|note| messages.note(&format!("{}: {note}", view.id)));
    if let Target::File { path, .. } = &output.target {
        make_folder(path)?;
    }
    output.write(&document, data.zone(), ctl)?;
    if let Target::File { path, .. } = &output.target {
        let rows: usize = document.tables.iter().map(crate::table::Table::len).sum();
        messages.line(&format!("{}: wrote {} ({} rows)", view.id, path.display(), count(rows as u64)));
    }
    Ok(())
}

/// The format that the question names, else the one that its file ends in, else that of the command.
fn format_of(view: &View, target: &Target, otherwise: &'static Format) -> Result<&'static Format> {
    let found = match (&view.format, target) {
        (Some(name), _) => export::format(name),
        (None, Target::Stdout) => Some(otherwise),
        (None, Target::File { path, .. }) => {
            let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
            export::format_of_extension(&extension.unwrap_or_default())
        }
    };
    found.with_context(|| {
        let all = FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
        let out = view.out.as_deref().unwrap_or_default();
        format!("the name `{}` says no format; write format = with one of {all}", visible(out))
    })
}

fn make_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).with_context(|| format!("{}: the folder cannot be made", folder.display()))
}
