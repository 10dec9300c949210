//! The files that were opened last, newest first, kept in the state folder.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Folders, private};

pub const RECENT_FILE: &str = "recent.json";

/// Most that are remembered.
const RECENT_MAX: usize = 30;

/// A longer file was not written by us.
const FILE_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Opened {
    /// Opened together, as absolute paths.
    sources: Vec<String>,
    /// Seconds since 1970.
    at: u64,
}

/// Files that were opened together once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub sources: Vec<String>,
    /// How long ago they were opened.
    pub age: Duration,
    /// Why they cannot be opened now.
    pub missing: Option<String>,
}

/// Seconds since 1970, as the system's clock has it.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The path from the root, so that it means the same wherever trailmap is started. Patterns keep their signs.
pub fn absolute(source: &str) -> String {
    std::path::absolute(source).map_or_else(|_| source.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// What was opened, newest first.
pub fn list(folders: &Folders) -> Vec<Recent> {
    let now = now();
    let recent = |opened: Opened| Recent {
        missing: opened.sources.iter().find_map(|source| missing(source)),
        age: Duration::from_secs(now.saturating_sub(opened.at)),
        sources: opened.sources,
    };
    read(folders).into_iter().map(recent).collect()
}

fn missing(source: &str) -> Option<String> {
    match std::fs::metadata(source) {
        Ok(_) => None,
        // A pattern may stand for files though no file has its name.
        Err(_) if source.contains(['*', '?', '[']) => None,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Some("is not there any more".to_owned()),
        Err(err) if err.kind() == std::io::ErrorKind::PermissionDenied => Some("may not be read".to_owned()),
        Err(err) => Some(err.to_string()),
    }
}

/// Notes that these sources were opened now.
///
/// # Errors
/// Why it is not noted, in a sentence.
pub fn keep(folders: &Folders, sources: &[String]) -> Result<(), String> {
    let Some(folder) = &folders.state else { return Ok(()) };
    if sources.iter().any(|source| source == "-") {
        return Ok(());
    }
    let sources: Vec<String> = sources.iter().map(|source| absolute(source)).collect();
    let mut opened = read(folders);
    opened.retain(|other| other.sources != sources);
    opened.insert(0, Opened { sources, at: now() });
    opened.truncate(RECENT_MAX);
    let text = serde_json::to_string_pretty(&opened).map_err(|err| err.to_string())?;
    private::write(&folder.join(RECENT_FILE), &text).map_err(|err| format!("{RECENT_FILE} cannot be written: {err}"))
}

fn read(folders: &Folders) -> Vec<Opened> {
    let Some(folder) = &folders.state else { return Vec::new() };
    text_of(&folder.join(RECENT_FILE), FILE_MAX).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// A file's text, unless it is not there or longer than it can be.
pub(super) fn text_of(path: &Path, max: u64) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() || meta.len() > max {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_what_is_gone_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders { state: Some(folder.path().join("state")), ..Folders::default() };
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("a.csv"), "").expect("written");
        for sources in [vec![path("a.csv")], vec![path("b.csv")], vec!["-".to_owned()], vec![path("a.csv")]] {
            keep(&folders, &sources).expect("kept");
        }
        let shown: Vec<_> =
            list(&folders).into_iter().map(|recent| (recent.sources[0].clone(), recent.missing)).collect();
        assert_eq!(shown, [(path("a.csv"), None), (path("b.csv"), Some("is not there any more".to_owned()))]);
        std::fs::write(folders.state.expect("a folder").join(RECENT_FILE), "[{").expect("written");
        let broken = Folders { state: Some(folder.path().join("state")), ..Folders::default() };
        assert_eq!(list(&broken), []);
    }
}
