//! Outputs are whole or absent, whatever happens to the disk, the folder or the process. D5, D7, D9, and the files of
//! `--rejects`.

use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;

use super::{HEADER, ROWS, made, table};
#[cfg(unix)]
use crate::support::binary::command;
use crate::support::binary::{run, run_in};

const BAD: &str = "u3,view,soon,\n,view,2024-05-01T10:00:00Z,\n";

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn all_rejected_rows_go_to_a_file_of_their_own_and_strict_ends_with_3() {
    let many = BAD.repeat(20);
    let data = made("a.csv", format!("{HEADER}{}{many}", ROWS.repeat(100)));
    let folder = data.folder.path();
    let args = ["profile", "a.csv", "--table", "events", "--format", "csv"];
    let done = run_in(folder, &[&args[..], &["--rejects", "bad.csv", "--strict"]].concat());
    assert_eq!(done.status, 3, "{}", done.err);
    assert!(done.out.starts_with("event,events,"), "the table is printed before: {}", done.out);
    assert!(done.err.contains("wrote bad.csv (rejected rows: 40)"), "{}", done.err);
    assert!(done.err.ends_with("trailmap: 40 rows were rejected, and --strict was asked for\n"), "{}", done.err);
    let written = std::fs::read_to_string(folder.join("bad.csv")).expect("written");
    assert_eq!(written.lines().count(), 41);
    assert_eq!(written.lines().next(), Some("file,line,column,reason,text"));
    assert!(written.contains("a.csv,302,timestamp,unreadable time,\"u3,view,soon,\""), "{written}");

    // Nothing is replaced unasked, and that is said before anything is read.
    let again = run_in(folder, &[&args[..], &["--rejects", "bad.csv"]].concat());
    assert_eq!((again.status, again.out.as_str()), (1, ""));
    assert!(again.err.contains("bad.csv: is there already; add --force"), "{}", again.err);
    let forced = run_in(folder, &[&args[..], &["--rejects", "bad.csv", "--force"]].concat());
    assert_eq!(forced.status, 0, "{}", forced.err);
    // No rejected row is a file too, which says so.
    std::fs::write(folder.join("good.csv"), table()).expect("written");
    let none = run_in(folder, &["profile", "good.csv", "--rejects", "none.ndjson", "--strict", "--quiet"]);
    assert_eq!((none.status, std::fs::read_to_string(folder.join("none.ndjson")).ok()), (0, Some(String::new())));
    for args in [
        &["rows", "a.csv", "--rejects", "x.csv"][..],
        &["events", "a.csv", "--rejects", "-"],
        &["events", "a.csv", "--rejects", "x.csv", "--out", "x.csv"],
    ] {
        assert_eq!(run_in(folder, args).status, 2, "{args:?}");
    }
    let long = format!("{HEADER}{}u3,view,soon,{}\n", ROWS.repeat(20), "9".repeat(5000));
    std::fs::write(folder.join("long.csv"), long).expect("written");
    assert_eq!(run_in(folder, &["profile", "long.csv", "--rejects", "long.json", "-q"]).status, 0);
    let whole = std::fs::read_to_string(folder.join("long.json")).expect("written");
    assert!(whole.contains(&"9".repeat(5000)), "a row can be repaired from the file");
    let printed = run_in(folder, &["rejects", "long.csv"]).out;
    assert!(!printed.contains(&"9".repeat(300)), "columns of text are for people");
    assert!(run_in(folder, &["rejects", "long.csv", "--format", "csv"]).out.contains(&"9".repeat(5000)));
}

#[test]
fn the_rejected_rows_of_saved_questions_are_written_once() {
    let data = made("a.csv", format!("{HEADER}{}{BAD}", ROWS.repeat(20)));
    let folder = data.folder.path();
    let workspace =
        "schema = 1\n\n[[source]]\nid = \"a\"\nfiles = [\"a.csv\"]\n\n[[view]]\nid = \"one\"\nask = \"profile\"\n";
    std::fs::write(folder.join("trailmap.toml"), workspace).expect("written");
    let done = run_in(folder, &["run", "--rejects", "bad.csv", "--strict"]);
    assert_eq!(done.status, 3, "{}", done.err);
    assert_eq!(std::fs::read_to_string(folder.join("bad.csv")).expect("written").lines().count(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written_nothing_is_left() {
    let data = made("a.csv", table());
    let folder = data.folder.path();
    for args in [
        &["events", "a.csv", "--out", "/proc/events.csv"][..],
        &["events", "a.csv", "--rejects", "/proc/bad.csv"],
        &["events", "a.csv", "--out", "/dev/full", "--format", "csv"],
        &["init", "a.csv", "--out", "/proc/trailmap.toml"],
        &["demo", "shop", "--out", "/proc/shop.csv"],
    ] {
        let done = run_in(folder, args);
        assert_eq!(done.status, 1, "{args:?}: {}", done.err);
        assert_eq!(done.err.lines().filter(|line| line.starts_with("trailmap: ")).count(), 1, "{args:?}: {}", done.err);
    }
    assert_eq!(files(folder), ["a.csv"]);
}

/// A disk that is full half-way: what a limit on the size of files does to writing.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_leaves_the_file_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("shop.csv");
    assert_eq!(run(&["demo", "shop", "--customers", "400", "--out", source.to_str().expect("UTF-8")]).status, 0);
    for out in ["out.csv", "out.parquet", "out.json", "out.html"] {
        let target = folder.path().join(out);
        std::fs::write(&target, "before").expect("written");
        let script = format!("ulimit -f 8; exec \"$0\" events shop.csv --out {out} --force --quiet");
        let done = std::process::Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_trailmap")])
            .env("TRAILMAP_CACHE_DIR", "")
            .current_dir(folder.path())
            .output()
            .expect("sh runs");
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{out}: {err}");
        assert!(err.starts_with(&format!("trailmap: {out}: ")) && err.lines().count() == 1, "{out}: {err}");
        assert_eq!(std::fs::read(&target).expect("there"), b"before", "{out}");
        std::fs::remove_file(&target).expect("there");
    }
    assert_eq!(files(folder.path()), ["shop.csv"]);
}

#[cfg(unix)]
#[test]
fn a_signal_in_the_middle_of_writing_leaves_the_file_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run_in(folder.path(), &["demo", "shop", "--customers", "8000", "--out", "shop.csv"]).status, 0);
    for (signal, status) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129), ("-KILL", 137)] {
        std::fs::write(folder.path().join("out.json"), "before").expect("written");
        let mut child = command(&["events", "shop.csv", "--out", "out.json", "--force", "--quiet"])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let is_begun = || files(folder.path()).iter().any(|name| name.ends_with(".unfinished"));
        while !is_begun() {
            assert!(child.try_wait().expect("known").is_none(), "ended early");
            std::thread::yield_now();
        }
        let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let ended = child.wait_with_output().expect("ends");
        let err = String::from_utf8_lossy(&ended.stderr);
        let out = std::fs::read(folder.path().join("out.json")).expect("there");
        // Who is quick enough has written it whole.
        let killed = std::os::unix::process::ExitStatusExt::signal(&ended.status).map(|n| 128 + n);
        let code = ended.status.code().or(killed);
        let is_whole = ended.status.code() == Some(0) && out.len() > 1000;
        assert!(is_whole || code == Some(status) && out == b"before", "{signal}: {:?} {err}", ended.status);
        // What nobody could tidy up lies beside it, under a name that says so.
        let is_left = |name: &String| !name.ends_with(".unfinished") || signal != "-KILL";
        let left: Vec<String> = files(folder.path()).into_iter().filter(is_left).collect();
        assert_eq!(left, ["out.json", "shop.csv"], "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn without_a_home_or_with_one_that_is_not_there_everything_is_answered() {
    let data = made("a.csv", table());
    let homes: [&[(&str, &str)]; 4] = [
        &[],
        &[("HOME", "/proc")],
        &[("HOME", "relative"), ("XDG_CACHE_HOME", "also/relative"), ("XDG_CONFIG_HOME", "x")],
        &[("HOME", "/dev/null"), ("XDG_STATE_HOME", "/dev/full")],
    ];
    for home in homes {
        for args in [&["profile", "a.csv", "--quiet"][..], &["doctor"], &["keys", "--limit", "1"]] {
            let mut command = command(args);
            let names =
                ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TRAILMAP_CONFIG_DIR"];
            names.iter().for_each(|name| _ = command.env_remove(name));
            home.iter().for_each(|(name, value)| _ = command.env(name, value));
            let done = crate::support::binary::finish(command.current_dir(data.folder.path()));
            assert!(done.status == 0 || args[0] == "doctor" && done.status == 1, "{home:?} {args:?}: {}", done.err);
            assert!(!done.err.contains("mistake in trailmap"), "{home:?} {args:?}: {}", done.err);
        }
    }
    assert_eq!(files(data.folder.path()), ["a.csv"], "nothing is kept beside the data");
}
