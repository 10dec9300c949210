//! Data that would like to be more than data: for the terminal (C1, C2), for a spreadsheet (C5), as a file's name (C8), as a
//! workspace (C9).

use super::{made, table};
use crate::support::binary::{command, finish, run, run_in};

/// Every control character but line ends and tabs, and the marks that turn or hide text.
fn is_hostile(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{2028}' | '\u{E0041}' | '\u{FEFF}')
}

const NAMES: [&str; 8] = [
    "\u{1b}]0;title\u{7}",
    "\u{1b}[2Jcleared",
    "\u{9b}31mred",
    "back\u{8}space",
    "del\u{7f}",
    "right\u{202e}tfel",
    "zero\u{200b}width",
    "tag\u{e0041}\u{2028}",
];

pub(super) fn hostile_table() -> String {
    let header = format!("user_id,event,timestamp,{}\n", NAMES[0]);
    let rows = NAMES.iter().map(|name| format!("{name},{name},2024-05-01T10:00:00Z,{name}\n{name},view,soon,\n"));
    header + &rows.collect::<String>()
}

#[test]
fn nothing_in_a_file_steers_the_terminal() {
    let made = made("a.csv", hostile_table());
    let path = made.path.to_str().expect("UTF-8");
    let name = NAMES[1];
    for args in [
        &["profile", path][..],
        &["events", path],
        &["rejects", path],
        &["rows", path],
        &["transitions", path],
        &["paths", path],
        &["customers", path],
        &["journey", path, "--customer", name],
        &["funnel", path, "-s", name, "-s", "nobody"],
        &["profile", path, "--customer", name],
        &["profile", path, "--events", "`\u{1b}[2J` == 1"],
        &["profile", path, "--strict"],
    ] {
        let done = run(args);
        assert!(matches!(done.status, 0..=3), "{args:?}: {}", done.err);
        for (text, what) in [(&done.out, "output"), (&done.err, "messages")] {
            let found: Vec<char> = text.chars().filter(|c| is_hostile(*c)).collect();
            assert!(found.is_empty(), "{args:?}: {found:?} in its {what}");
        }
    }
}

#[test]
fn a_spreadsheet_is_handed_no_formula_unless_it_is_asked_for() {
    let texts = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "-5", "+4.5e3", "\t=1", "plain"];
    let rows: String = texts.iter().map(|text| format!("\"{text}\",view,2024-05-01T10:00:00Z\n")).collect();
    let made = made("a.csv", format!("user_id,event,timestamp\n{rows}"));
    let path = made.path.to_str().expect("UTF-8");
    for format in ["csv", "tsv"] {
        let quote = if format == "tsv" { "\"'\t=1\"" } else { "'\t=1" };
        let guarded = run(&["events", path, "--format", format]).out;
        assert_eq!(run(&["events", path, "--format", format, "--excel-safe"]).out, guarded);
        for text in ["'=1+1", "'+1+1", "'-1+1", "'@SUM(A1)", quote, "\n-5", "\n+4.5e3", "\nplain"] {
            assert!(guarded.contains(text), "{text}: {guarded}");
        }
        let raw = run(&["events", path, "--format", format, "--raw"]).out;
        assert!(raw.contains("\n=1+1") && !raw.contains("'="), "{raw}");
    }
    assert_eq!(run(&["events", path, "--raw", "--excel-safe"]).status, 2);
}

#[test]
fn a_file_may_be_called_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = format!("{}.csv", "x".repeat(251));
    let names = [
        "new\nline.csv",
        "esc\u{1b}[31m.csv",
        "a*b?[c].csv",
        "-rf.csv",
        " .csv",
        "$(id).csv",
        "CON",
        "🙂\u{202e}.csv",
        &long,
    ];
    for name in names {
        std::fs::write(folder.path().join(name), table()).expect("written");
        let done = run_in(folder.path(), &["profile", "--table", "source", "--format", "json", "--", name]);
        assert_eq!(done.status, 0, "{name:?}: {}", done.err);
        assert!(done.out.contains("\"events\": 3") || done.out.contains("\"events\":3"), "{name:?}: {}", done.out);
        let table = run_in(folder.path(), &["profile", "--table", "source", "--", name]);
        assert!(!format!("{}{}", table.out, table.err).chars().any(is_hostile), "{name:?}");
        std::fs::remove_file(folder.path().join(name)).expect("there");
    }
    for address in
        ["http://example.com/a.csv", "https://example.com/a.csv", "s3://bucket/a.csv", "gs://b/a", "ftp://a/b.csv"]
    {
        let done = run(&["profile", address]);
        assert_eq!(done.status, 1);
        assert!(done.err.contains("reads local files only"), "{}", done.err);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_refused_or_read() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let name = std::ffi::OsStr::from_bytes(b"caf\xE9.csv");
    std::fs::write(folder.path().join(name), table()).expect("written");
    let done = finish(command(&["profile"]).arg(name).current_dir(folder.path()));
    assert!(matches!(done.status, 0..=2), "{}", done.err);
    assert!(done.status == 0 || done.err.starts_with("trailmap: "), "{}", done.err);
    let done = run_in(folder.path(), &["profile", "."]);
    assert!(matches!(done.status, 0 | 1), "{}", done.err);
}

#[test]
fn a_workspace_of_somebody_else_is_only_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), table()).expect("written");
    let workspace = folder.path().join("trailmap.toml");
    for text in [
        "schema = 1\n[[source]]\nfiles = [\"$(touch pwned)\", \"`touch pwned`\"]\n".to_owned(),
        "schema = 1\n\u{1b}]0;x = 1\n".to_owned(),
        format!("schema = 1\na = {}{}\n", "[".repeat(20_000), "]".repeat(20_000)),
        format!("schema = 1\n{}\n", "[a.b]\n".repeat(10_000)),
        "x".repeat(5 << 20),
        "schema = 99\n".to_owned(),
    ] {
        std::fs::write(&workspace, &text).expect("written");
        for args in [&["check"][..], &["run"], &["profile"]] {
            let done = run_in(folder.path(), args);
            assert!(matches!(done.status, 1..=3), "{args:?}: {} {}", done.status, done.err);
            assert!(!format!("{}{}", done.out, done.err).chars().any(is_hostile), "{args:?}");
        }
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
