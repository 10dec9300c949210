//! Bad input and faults, from outside: what each must get. Rows of the table of threats are named as in `docs/limits.md`.
//!
//! Rule 0: run correctly, or stop with one clear line; never a wrong table with exit status 0. Rule 1: records in = events +
//! rejected + duplicates dropped.

mod corpus;
mod damage;
mod disk;
mod hostile;
mod large;
mod limits;
mod process;
#[cfg(unix)]
mod screen;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::binary::run;

/// What came of reading a file, as everybody can see it.
#[derive(Debug)]
struct Seen {
    /// `customer event time`, in journey order.
    events: Vec<String>,
    /// `line reason`
    rejects: Vec<String>,
    notes: Vec<String>,
    read: u64,
}

/// Reads through the program. Whatever happens, it is what the rules allow: all records are accounted for and status 0, or
/// one line and status 1.
#[track_caller]
fn read(path: &Path, flags: &[&str]) -> Result<Seen, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let rejects = folder.path().join("rejects.json");
    let [path, rejects] = [path, &rejects].map(|path| path.to_str().expect("UTF-8"));
    let args = [&["events", path, "--format", "json", "--rejects", rejects, "--quiet"], flags].concat();
    let done = run(&args);
    if done.status != 0 {
        let line = done.err.strip_suffix('\n').unwrap_or(&done.err);
        assert_eq!(done.status, 1, "{path}: {line}");
        assert!(line.starts_with("trailmap: ") && !line.chars().any(char::is_control), "{path}: {line:?}");
        assert_eq!(done.out, "", "{path}");
        assert!(!Path::new(rejects).exists(), "{path}: rejected rows of a load that failed");
        return Err(line["trailmap: ".len()..].to_owned());
    }
    assert_eq!(done.err, "", "{path}");
    let rejected: Value = serde_json::from_slice(&std::fs::read(rejects).expect("written")).expect("JSON");
    Ok(seen(&serde_json::from_str(&done.out).expect("JSON"), &rejected))
}

#[track_caller]
fn seen(document: &Value, rejected: &Value) -> Seen {
    let count = |name: &str| document["source"][name].as_u64().expect("a count");
    let rows = |document: &Value| document["tables"][0]["rows"].as_array().expect("rows").clone();
    let (events, rejects) = (rows(document), rows(rejected));
    assert_eq!(count("read"), count("events") + count("rejected") + count("duplicates"));
    assert_eq!((count("events"), count("rejected")), (events.len() as u64, rejects.len() as u64));
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let event = |row: &Value| format!("{} {} {}", text(row, "customer"), text(row, "event"), text(row, "time"));
    Seen {
        events: events.iter().map(event).collect(),
        rejects: rejects.iter().map(|row| format!("{} {}", row["line"], text(row, "reason"))).collect(),
        notes: document["notes"].as_array().expect("notes").iter().map(|note| note.to_string()).collect(),
        read: count("read"),
    }
}

/// A file in a folder that goes with it.
struct Made {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn made(name: &str, bytes: impl AsRef<[u8]>) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    Made { folder, path }
}

impl Made {
    #[track_caller]
    fn read(&self, flags: &[&str]) -> Result<Seen, String> {
        read(&self.path, flags)
    }

    #[track_caller]
    fn refused(&self, expect: &str) {
        match self.read(&[]) {
            Ok(seen) => panic!("{}: {} records were read", self.path.display(), seen.read),
            Err(line) => assert!(line.contains(expect), "{line}"),
        }
    }
}

const HEADER: &str = "user_id,event,timestamp,amount\n";
const ROWS: &str = "u1,view,2024-05-01T10:00:00Z,\nu1,cart,2024-05-01T10:01:00Z,9.5\nu2,view,2024-05-02T00:00:00Z,3\n";

/// The events of `ROWS`.
const EVENTS: [&str; 3] =
    ["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:01:00Z", "u2 view 2024-05-02T00:00:00Z"];

fn table() -> String {
    format!("{HEADER}{ROWS}")
}

/// The list beside the tests names tests that are there.
#[test]
fn the_list_of_who_holds_what_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("tests/faults/README.md")).expect("a list");
    let mut sources = String::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).expect("a source"));
            }
        }
    }
    let names = list.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && !name.contains("::"));
    let missing: Vec<&str> = names.filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
