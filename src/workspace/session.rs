//! What somebody worked on, kept while they work, so that a broken line or the next day loses nothing.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::recent::{absolute, now, text_of};
use super::{Choices, Folders, private};
use crate::analysis::{Among, Scope, Spec};

/// Changes with every change of what stands in the file.
const VERSION: u32 = 1;

const SESSIONS_FOLDER: &str = "sessions";

/// Sessions of so many sets of sources are kept; the oldest go first.
const SESSIONS_MAX: usize = 50;

/// A longer file was not written by us.
const FILE_MAX: u64 = 16 << 20;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// As they were named, from the root.
    pub sources: Vec<String>,
    pub reading: Choices,
    /// The screen that was looked at.
    pub screen: String,
    pub scope: Scope,
    pub questions: Vec<Question>,
    pub cohorts: Vec<Kept>,
    /// Whether the program was cut off rather than left.
    pub is_broken: bool,
}

/// What one screen asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub screen: String,
    pub spec: Spec,
}

/// A saved or pinned group of customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub name: String,
    /// `A` or `B` where it is pinned to be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    pub among: Among,
    pub size: u64,
}

/// The file: its head is read first, so that another version is known for what it is.
#[derive(Serialize)]
struct File<'s> {
    version: u32,
    at: u64,
    session: &'s Session,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
    at: u64,
    session: serde_json::Value,
}

impl Session {
    /// Names the sources from the root.
    pub fn set_sources(&mut self, sources: &[String]) {
        self.sources = sources.iter().map(|source| absolute(source)).collect();
    }
}

/// Keeps a session in place of the last one about the same sources.
///
/// # Errors
/// Why it is not kept, in a sentence.
pub fn keep(folders: &Folders, session: &Session) -> Result<(), String> {
    let Some(path) = path_of(folders, &session.sources) else { return Ok(()) };
    let fail = |err: &dyn std::fmt::Display| format!("the session cannot be kept: {err}");
    let file = File { version: VERSION, at: now(), session };
    let text = serde_json::to_string_pretty(&file).map_err(|err| fail(&err))?;
    let is_new = !path.exists();
    private::write(&path, &text).map_err(|err| fail(&err))?;
    if is_new {
        forget_oldest(&path);
    }
    Ok(())
}

/// The last session about these sources, and how long ago it was kept.
///
/// # Errors
/// There is one, but it cannot be understood.
pub fn find(folders: &Folders, sources: &[String]) -> Result<Option<(Session, Duration)>, String> {
    let sources: Vec<String> = sources.iter().map(|source| absolute(source)).collect();
    let Some(text) = path_of(folders, &sources).and_then(|path| text_of(&path, FILE_MAX)) else { return Ok(None) };
    let strange = |why: String| format!("the last session on this data was left alone: {why}");
    let head: Head = serde_json::from_str(&text).map_err(|_| strange("its file is damaged".into()))?;
    if head.version != VERSION {
        return Err(strange("another version of trailmap wrote it".into()));
    }
    let session: Session =
        serde_json::from_value(head.session).map_err(|_| strange("another version of trailmap wrote it".into()))?;
    // Two sets of sources may share a file's name.
    let age = Duration::from_secs(now().saturating_sub(head.at));
    Ok((session.sources == sources).then_some((session, age)))
}

fn path_of(folders: &Folders, sources: &[String]) -> Option<PathBuf> {
    if sources.is_empty() || sources.iter().any(|source| source == "-" || source.ends_with("/-")) {
        return None;
    }
    let name = format!("{:016x}.json", fingerprint(sources));
    Some(folders.state.as_ref()?.join(SESSIONS_FOLDER).join(name))
}

/// FNV-1a: the same on every machine and in every version.
fn fingerprint(sources: &[String]) -> u64 {
    let bytes = sources.iter().flat_map(|source| source.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn forget_oldest(kept: &std::path::Path) {
    let Some(Ok(entries)) = kept.parent().map(std::fs::read_dir) else { return };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let excess = files.len().saturating_sub(SESSIONS_MAX);
    for (_, path) in files.into_iter().take(excess) {
        // What cannot be removed is in nobody's way.
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::FunnelSpec;

    fn session(source: &str) -> Session {
        let steps = ["cart", "pay"].map(|step| step.parse().expect("a step"));
        let mut session = Session {
            screen: "Funnel".into(),
            scope: Scope { events: Some("channel == \"web\"".into()), ..Scope::default() },
            questions: vec![Question {
                screen: "Funnel".into(),
                spec: Spec::Funnel(FunnelSpec { steps: steps.to_vec(), ..FunnelSpec::default() }),
            }],
            cohorts: vec![Kept { name: "buyers".into(), pin: None, among: Among::expression("did(pay)"), size: 3 }],
            ..Session::default()
        };
        session.set_sources(&[source.to_owned()]);
        session
    }

    #[cfg(unix)]
    #[test]
    fn a_session_comes_back_for_its_sources_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders { state: Some(folder.path().join("state")), ..Folders::default() };
        assert_eq!(find(&folders, &["a.csv".into()]), Ok(None));
        let kept = session("a.csv");
        keep(&folders, &kept).expect("kept");
        let (found, age) = find(&folders, &["a.csv".into()]).expect("understood").expect("there");
        assert_eq!(found, kept);
        assert!(age < Duration::from_secs(60));
        assert_eq!(find(&folders, &["b.csv".into()]), Ok(None));
        let path = path_of(&folders, &kept.sources).expect("a path");
        let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    }

    #[test]
    fn what_another_version_wrote_is_left_alone_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders { state: Some(folder.path().to_owned()), ..Folders::default() };
        let kept = session("a.csv");
        keep(&folders, &kept).expect("kept");
        let path = path_of(&folders, &kept.sources).expect("a path");
        let text = std::fs::read_to_string(&path).expect("there");
        for (from, to) in [("\"version\": 1", "\"version\": 2"), ("\"questions\"", "\"inquiries\"")] {
            std::fs::write(&path, text.replace(from, to)).expect("written");
            let err = find(&folders, &["a.csv".into()]).expect_err("not understood");
            assert!(err.contains("another version of trailmap wrote it"), "{err}");
        }
        std::fs::write(&path, &text[..40]).expect("written");
        assert!(find(&folders, &["a.csv".into()]).expect_err("damaged").contains("damaged"));
        assert_eq!(find(&folders, &["-".into()]), Ok(None));
    }

    #[test]
    fn only_so_many_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders { state: Some(folder.path().to_owned()), ..Folders::default() };
        for i in 0..SESSIONS_MAX + 3 {
            keep(&folders, &session(&format!("{i}.csv"))).expect("kept");
        }
        let n = std::fs::read_dir(folder.path().join(SESSIONS_FOLDER)).expect("a folder").count();
        assert_eq!(n, SESSIONS_MAX);
    }
}
