//! What is to be read for a workspace: its files, as seen from where the program runs, and the roles of their columns.

use std::path::Path;

use super::{Source, Workspace};
use crate::ingest::{LoadOptions, OfSources, presets};

impl Workspace {
    /// How the sources are loaded; `folder` is that of the workspace file. Sources that differ in how they are read are
    /// each read in their own way.
    ///
    /// # Errors
    /// No source.
    pub fn load(&self, folder: &Path) -> Result<LoadOptions, String> {
        let of = |source: &Source| OfSources { name: source.id.clone(), said: of_source(source, folder) };
        let each: Vec<OfSources> = self.sources.iter().map(of).collect();
        let Some(first) = each.first() else {
            return Err("the workspace names no files; add a [[source]] with files = [\"events.csv\"]".to_owned());
        };
        let (anonymous, ids) = self.keys();
        let options = LoadOptions {
            sources: each.iter().flat_map(|each| each.said.sources.iter().cloned()).collect(),
            zone: self.zone.clone(),
            anonymous,
            max_ids: self.identity.as_ref().map(|identity| identity.max_ids),
            null_ids: self.identity.as_ref().map(|identity| identity.null_values.clone()).unwrap_or_default(),
            ..LoadOptions::default()
        };
        let with_keys = |said: &LoadOptions| {
            let more = ids.iter().filter(|id| !said.ids.contains(id));
            LoadOptions { ids: said.ids.iter().chain(more).cloned().collect(), ..said.clone() }
        };
        let how = |said: &LoadOptions| LoadOptions { sources: Vec::new(), ..said.clone() };
        if each.iter().all(|other| how(&other.said) == how(&first.said)) {
            return Ok(options.or(&with_keys(&first.said)));
        }
        let each = each.iter().map(|each| OfSources { name: each.name.clone(), said: with_keys(&each.said) }).collect();
        Ok(LoadOptions { each, ..options })
    }

    /// What `identity.keys` says: no anonymous ids where it names none, and columns of ids beside the two roles.
    fn keys(&self) -> (Option<String>, Vec<String>) {
        let Some(identity) = &self.identity else { return (None, Vec::new()) };
        let is_role = |key: &&String| matches!(key.as_str(), "customer" | "user" | "anon" | "anonymous");
        let has_anonymous = identity.keys.iter().any(|key| matches!(key.as_str(), "anon" | "anonymous"));
        let ids = identity.keys.iter().filter(|key| !is_role(key)).map(|key| id_flag(key)).collect();
        ((!has_anonymous).then(String::new), ids)
    }
}

/// A column of ids as the file writes it, as a flag writes it: roles are called by their names there.
fn id_flag(text: &str) -> String {
    match text.rsplit_once('=') {
        Some((column, "user")) => format!("{column}=customer"),
        Some((column, "anon")) => format!("{column}=anonymous"),
        _ => text.to_owned(),
    }
}

fn of_source(source: &Source, folder: &Path) -> LoadOptions {
    let columns = &source.columns;
    let preset = |name: &String| if name == "generic" { presets::NONE.to_owned() } else { name.clone() };
    LoadOptions {
        sources: source.files.iter().map(|file| placed(folder, file)).collect(),
        preset: source.preset.as_ref().map(preset),
        customer: columns.customer.clone().or_else(|| columns.anonymous.clone()),
        time: columns.time.clone(),
        event: columns.event.clone(),
        channel: columns.channel.clone(),
        value: columns.value.clone(),
        score: columns.score.clone(),
        session: columns.session.clone(),
        time_format: source.time_format.clone(),
        delimiter: source.delimiter,
        quote: source.quote,
        encoding: source.encoding.clone(),
        anonymous: columns.customer.as_ref().and(columns.anonymous.clone()),
        ids: source.ids.iter().map(|id| id_flag(id)).collect(),
        dedupe_by: source.dedupe.clone(),
        ..LoadOptions::default()
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
