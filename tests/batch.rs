//! The binary end to end: flags in; tables, messages and exit status out.

use std::io::Read;
use std::process::Stdio;

use crate::support::binary::{command, finish, run, run_in};

#[track_caller]
fn check(args: &[&str], status: i32, err: &str) {
    let run = run(args);
    assert_eq!(run.status, status, "{args:?}: {}", run.err);
    assert!(run.err.contains(err), "{args:?}: {}", run.err);
    assert!(run.err.is_empty() || run.err.starts_with("trailmap: "), "{args:?}: {}", run.err);
}

#[test]
fn version_and_help_are_data_with_status_0() {
    assert_eq!(run(&["--version"]).out, format!("trailmap {}\n", env!("CARGO_PKG_VERSION")));
    let help = run(&["--help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Exit status: 0 done"));
    for name in ["profile", "rows", "events", "rejects", "funnel", "customers", "journey"] {
        let help = run(&[name, "--help"]);
        assert_eq!(help.status, 0);
        for flag in ["[SOURCE]...", "--workspace", "--customer", "--tz", "--format", "--out", "Examples:"] {
            assert!(help.out.contains(flag), "{name} {flag}");
        }
    }
}

#[test]
fn what_makes_no_sense_has_status_2_and_a_way_out() {
    check(&[], 2, "name a SOURCE");
    check(&["funel", "shop.csv"], 2, "did you mean `trailmap funnel`?");
    check(&["funnel", "shop.csv"], 2, "--step <STEP>");
    check(&["profile"], 2, "name a SOURCE");
    check(&["check"], 2, "there is no trailmap.toml in this folder");
    check(&["run", "weekly"], 2, "there is no trailmap.toml in this folder");
    check(&["funnel", "a.csv", "--saved", "x", "--within", "7d"], 2, "--saved");
    check(&["profile", "a.csv", "--formt", "csv"], 2, "--format");
    check(&["profile", "a.csv", "--format", "xlsx"], 2, "xlsx");
    check(&["funnel", "a.csv", "-s", "a", "--within", "7y"], 2, "write it like 30s");
    check(&["profile", "a.csv", "--tz", "Mars/Base"], 2, "is not a time zone");
    check(&["profile", "a.csv", "--threads", "0"], 2, "--threads");
    check(&["profile", "a.csv", "--force"], 2, "--out");
    check(&["demo", "shop", "--out", "a.xlsx"], 2, "is not a format");
    check(&["demo", "shop", "--out", "a.html"], 2, "sample data is not written as html");
}

#[test]
fn what_was_typed_never_steers_the_terminal() {
    for args in
        [["profile", "--\u{1b}[31mx", "a"], ["profile", "no\u{1b}[2J.csv", "--quiet"], ["demo", "\u{1b}]0;x", "-q"]]
    {
        let run = run(&args);
        assert!(run.status == 1 || run.status == 2);
        assert!(!run.err.contains('\u{1b}'), "{:?}", run.err);
    }
}

#[test]
fn an_unknown_sample_is_refused_with_those_there_are() {
    check(&["demo", "shp"], 1, "no sample data is named `shp`; did you mean `shop`?; there is shop");
}

#[test]
fn sample_data_is_the_same_for_the_same_seed_on_the_screen_and_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = run(&["demo", "shop", "--customers", "50", "--seed", "3"]);
    assert_eq!((printed.status, printed.err.as_str()), (0, ""));
    let args = ["demo", "shop", "--customers", "50", "--seed", "3", "--out", "shop.csv"];
    assert_eq!(run_in(folder.path(), &args).status, 0);
    let path = folder.path().join("shop.csv");
    assert_eq!(std::fs::read_to_string(&path).expect("written"), printed.out);

    let again = run_in(folder.path(), &args);
    assert_eq!(again.status, 1);
    assert_eq!(again.err, "trailmap: shop.csv: is there already; add --force to replace it\n");
    assert_eq!(run_in(folder.path(), &["demo", "shop", "--customers", "9", "--out", "shop.csv", "--force"]).status, 0);
    assert!(std::fs::read_to_string(&path).expect("written").len() < printed.out.len());
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(names.len(), 1, "no unfinished file is left");
}

#[test]
fn the_format_of_a_file_is_the_one_it_is_called_after() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, magic) in [("a.ndjson", "{\"customer\":"), ("a.parquet", "PAR1"), ("a.csv", "customer,timestamp")] {
        assert_eq!(run_in(folder.path(), &["demo", "shop", "--customers", "20", "--out", name]).status, 0);
        assert!(std::fs::read(folder.path().join(name)).expect("written").starts_with(magic.as_bytes()), "{name}");
    }
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let mut child = command(&["demo", "shop", "--customers", "20000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 100];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("some output");
    let ended = child.wait_with_output().expect("ends");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(ended.stderr.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_message_and_status_1() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there is one");
    let ended = finish(command(&["demo", "shop", "--customers", "100"]).stdout(full));
    assert_eq!(ended.status, 1);
    assert!(ended.err.starts_with("trailmap: standard output: No space left on device"), "{}", ended.err);
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_work() {
    check(&["profile", "a.csv", "--out", "no/such/folder.csv"], 1, "its folder does not exist");
    check(&["profile", "a.csv", "--out", "src.json", "--table", "x"], 1, "");
}

#[test]
fn a_mistake_in_trailmap_itself_is_one_sentence_and_status_1() {
    let ended = finish(command(&["profile", "a.csv"]).env("TRAILMAP_TEST_PANIC", "1"));
    assert_eq!(ended.status, 1);
    assert!(ended.err.starts_with("trailmap: a mistake in trailmap itself (asked for by"), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn completions_and_the_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.status, 0);
        for word in ["funnel", "rejects", "delimiter"] {
            assert!(script.out.contains(word), "{shell}: {word}");
        }
    }
    let page = run(&["man"]);
    assert!(page.out.contains(".TH trailmap 1") && page.out.contains("rejects"), "{}", page.out);
    assert!(run(&["man", "funnel"]).out.contains("within"));
    check(&["man", "funl"], 1, "did you mean `funnel`?");
    check(&["completions", "tcsh"], 2, "tcsh");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_with_128_and_its_number_and_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(&["demo", "shop", "--customers", "3000000", "--out", "big.csv"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The unfinished file shows that the work has begun.
    while std::fs::read_dir(folder.path()).expect("a folder").count() == 0 {
        assert!(child.try_wait().expect("known").is_none(), "ended early");
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    let ended = child.wait_with_output().expect("ends");
    assert_eq!(ended.status.code(), Some(143), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
