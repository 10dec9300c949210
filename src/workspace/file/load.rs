//! What is to be read for a workspace: its files, as seen from where the program runs, and the roles of their columns.

use std::path::Path;

use super::{Source, Workspace};
use crate::base::visible::visible;
use crate::ingest::{KeepRejects, LoadOptions, presets};

impl Workspace {
    /// How the sources are loaded; `folder` is that of the workspace file.
    ///
    /// # Errors
    /// No source, or sources that differ in what one load takes for all of them.
    pub fn load(&self, folder: &Path) -> Result<LoadOptions, String> {
        let Some(first) = self.sources.first() else {
            return Err("the workspace names no files; add a [[source]] with files = [\"events.csv\"]".to_owned());
        };
        self.same("delimiter", |source| source.delimiter.map(String::from))?;
        self.same("dedupe", |source| Some(source.dedupe.join(", ")).filter(|keys| !keys.is_empty()))?;
        self.same("quote", |source| source.quote.map(String::from))?;
        let role = |role: &str, column: fn(&Source) -> Option<String>| self.same(role, column);
        Ok(LoadOptions {
            sources: self.sources.iter().flat_map(|source| &source.files).map(|file| placed(folder, file)).collect(),
            preset: role("preset", |source| {
                source
                    .preset
                    .as_ref()
                    .map(|name| if name == "generic" { presets::NONE.to_owned() } else { name.clone() })
            })?,
            customer: role("customer", |source| {
                source.columns.customer.clone().or_else(|| source.columns.anonymous.clone())
            })?,
            time: role("time", |source| source.columns.time.clone())?,
            event: role("event", |source| source.columns.event.clone())?,
            channel: role("channel", |source| source.columns.channel.clone())?,
            value: role("value", |source| source.columns.value.clone())?,
            score: role("score", |source| source.columns.score.clone())?,
            session: role("session", |source| source.columns.session.clone())?,
            time_format: role("time_format", |source| source.time_format.clone())?,
            zone: self.zone.clone(),
            delimiter: first.delimiter,
            quote: first.quote,
            encoding: role("encoding", |source| source.encoding.clone())?,
            anonymous: role("anon", |source| source.columns.customer.as_ref().and(source.columns.anonymous.clone()))?,
            max_ids: self.identity.as_ref().map(|identity| identity.max_ids),
            null_ids: self.identity.as_ref().map(|identity| identity.null_values.clone()).unwrap_or_default(),
            dedupe_by: first.dedupe.clone(),
            keep_rejects: KeepRejects::default(),
            ..LoadOptions::default()
        })
    }

    /// What all sources say about something; a load has one answer for all of them.
    fn same(&self, what: &str, said: impl Fn(&Source) -> Option<String>) -> Result<Option<String>, String> {
        let mut all = self.sources.iter().map(|source| (&source.id, said(source)));
        let Some((first_id, first)) = all.next() else { return Ok(None) };
        match all.find(|(_, other)| *other != first) {
            None => Ok(first),
            Some((id, other)) => {
                let shown = |said: &Option<String>| match said {
                    Some(said) => format!("`{}`", visible(said)),
                    None => "nothing".to_owned(),
                };
                Err(format!(
                    "sources `{}` and `{}` differ in `{what}` ({} and {}); sources of one workspace are read alike, so give \
                     their columns the same names",
                    visible(first_id),
                    visible(id),
                    shown(&first),
                    shown(&other),
                ))
            }
        }
    }
}

/// A file of the workspace as seen from here.
fn placed(folder: &Path, file: &str) -> String {
    let folder = folder.to_string_lossy();
    if folder.is_empty() || folder == "." || Path::new(file).is_absolute() {
        return file.to_owned();
    }
    // Where the file is a pattern, the signs of the folder's own name are none.
    let folder = match file.contains(['*', '?', '[']) {
        true => folder.replace('[', "[[]").replace('?', "[?]").replace('*', "[*]"),
        false => folder.into_owned(),
    };
    format!("{}/{file}", folder.trim_end_matches('/'))
}
