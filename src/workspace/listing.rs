//! A folder as somebody sees it who looks for data: its folders and its data files, and what was opened before.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::recent::{self, Recent};
use super::{Folders, private};
use crate::base::{Cancelled, Ctl};
use crate::ingest::source::is_named_like_a_table;

/// Most entries of a folder that are listed.
const ENTRIES_MAX: usize = 20_000;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// From the root.
    pub folder: String,
    /// As a person would write it: `~/data`.
    pub shown: String,
    /// The folder above, unless this is the root.
    pub above: Option<String>,
    pub entries: Vec<Entry>,
    pub recent: Vec<Recent>,
    /// The path that was asked for is this file, and not a folder.
    pub file: Option<String>,
    /// Why there is nothing to list, or not all.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub name: String,
    /// To open it: from the working folder where it lies below that, else from the root.
    pub path: String,
    pub is_folder: bool,
    pub bytes: u64,
    /// How long ago it was changed.
    pub age: Option<Duration>,
}

/// Lists a folder; an empty path is the working folder, and `~` the person's own.
///
/// # Errors
/// Only that a stop was asked for; what else goes wrong is part of the list.
pub fn list(folders: &Folders, path: &str, ctl: &Ctl) -> Result<Listing, Cancelled> {
    let wanted = std::path::absolute(expanded(path)).unwrap_or_else(|_| PathBuf::from(path));
    let wanted = tidied(&wanted);
    let mut listing = Listing { recent: recent::list(folders), ..Listing::default() };
    let folder = match std::fs::metadata(&wanted) {
        Ok(meta) if meta.is_dir() => wanted,
        Ok(_) => {
            listing.file = Some(usual(&wanted));
            wanted.parent().map(Path::to_owned).unwrap_or_default()
        }
        Err(err) => {
            listing.problem = Some(why_not(&err));
            wanted
        }
    };
    listing.folder = folder.to_string_lossy().into_owned();
    listing.shown = at_home(&folder);
    listing.above = folder.parent().map(|above| above.to_string_lossy().into_owned());
    if listing.problem.is_none() {
        fill(&folder, &mut listing, ctl)?;
    }
    Ok(listing)
}

fn fill(folder: &Path, listing: &mut Listing, ctl: &Ctl) -> Result<(), Cancelled> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) => {
            listing.problem = Some(why_not(&err));
            return Ok(());
        }
    };
    let now = SystemTime::now();
    for entry in entries.flatten() {
        ctl.check()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Follows links, so that a link to a file is that file.
        let Ok(meta) = std::fs::metadata(entry.path()) else { continue };
        let is_listed = if meta.is_dir() { !name.starts_with('.') } else { is_named_like_a_table(&name) };
        if !is_listed {
            continue;
        }
        if listing.entries.len() == ENTRIES_MAX {
            listing.problem = Some(format!("holds more than {ENTRIES_MAX} entries; type to find the others by path"));
            break;
        }
        let age = meta.modified().ok().map(|at| now.duration_since(at).unwrap_or_default());
        let bytes = meta.len();
        listing.entries.push(Entry { path: usual(&entry.path()), name, is_folder: meta.is_dir(), bytes, age });
    }
    listing.entries.sort_by(|a, b| b.is_folder.cmp(&a.is_folder).then_with(|| a.name.cmp(&b.name)));
    Ok(())
}

fn why_not(err: &std::io::Error) -> String {
    match err.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read (permission denied)".to_owned(),
        _ => format!("cannot be read: {err}"),
    }
}

/// `~` is the person's own folder, as in a shell.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ if path.is_empty() => PathBuf::from("."),
        _ => PathBuf::from(path),
    }
}

/// Without `.` and `..`, which would only stand in the way on the screen.
fn tidied(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

/// The path as commands would name it.
fn usual(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_string_lossy().into_owned()
}

fn at_home(path: &Path) -> String {
    match std::env::home_dir().and_then(|home| Some(path.strip_prefix(home).ok()?.to_string_lossy().into_owned())) {
        Some(rest) if rest.is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{rest}"),
        None => path.to_string_lossy().into_owned(),
    }
}

/// Where sample data is put: a file of this name in the person's cache.
///
/// # Errors
/// There is no such folder, or it cannot be made.
pub fn sample_path(folders: &Folders, name: &str) -> Result<(String, bool), String> {
    let folder = folders.cache.as_ref().ok_or("there is no folder to keep sample data in")?;
    private::make_folder(folder).map_err(|err| format!("{} cannot be made: {err}", folder.display()))?;
    let path = folder.join(name);
    Ok((path.to_string_lossy().into_owned(), path.exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_first_then_what_is_named_like_a_table() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.csv", "a.parquet", "notes.md", ".hidden.csv", "c.ndjson.gz"] {
            std::fs::write(folder.path().join(name), "12345").expect("written");
        }
        for name in ["zoo", ".git"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        let path = folder.path().to_string_lossy().into_owned();
        let listing = list(&Folders::default(), &format!("{path}/zoo/.."), &Ctl::new()).expect("listed");
        let names: Vec<(&str, bool, u64)> = listing
            .entries
            .iter()
            .map(|e| (e.name.as_str(), e.is_folder, if e.is_folder { 0 } else { e.bytes }))
            .collect();
        assert_eq!(names, [("zoo", true, 0), ("a.parquet", false, 5), ("b.csv", false, 5), ("c.ndjson.gz", false, 5)]);
        assert_eq!(listing.folder, path);
        let file = list(&Folders::default(), &format!("{path}/b.csv"), &Ctl::new()).expect("listed");
        assert_eq!((file.file, file.folder), (Some(format!("{path}/b.csv")), path.clone()));
        let gone = list(&Folders::default(), &format!("{path}/gone"), &Ctl::new()).expect("listed");
        assert_eq!(gone.problem.as_deref(), Some("does not exist"));
    }
}
