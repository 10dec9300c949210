//! Files in, answers out, through the binary: what every command prints, and that no record and no number goes missing.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::binary::{Run, command, finish, run_in, run_with_input};

/// Small enough to count by hand: x and y view, x carts and pays, y carts; z only pays.
const SHOP: &str = "\
user,at,event,channel,amount
x,2024-05-01T10:00:00Z,view,web,
y,2024-05-01T10:01:00Z,view,app,
x,2024-05-01T10:02:00Z,cart,web,
z,2024-05-01T10:03:00Z,pay,web,5
y,2024-05-01T11:00:00Z,cart,app,
x,2024-05-02T10:00:00Z,pay,web,12.5
w,2024-05-20T10:00:00Z,view,web,
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn shop() -> TempDir {
    folder(&[("shop.csv", SHOP)])
}

#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> Run {
    let run = run_in(folder, args);
    assert_eq!(run.status, 0, "{args:?}: {}", run.err);
    run
}

#[track_caller]
fn json(folder: &Path, args: &[&str]) -> Value {
    let run = succeed(folder, &[args, &["--format", "json"]].concat());
    serde_json::from_str(&run.out).expect("JSON")
}

fn table<'a>(document: &'a Value, name: &str) -> &'a Value {
    let tables = document["tables"].as_array().expect("tables");
    tables.iter().find(|table| table["name"] == name).unwrap_or_else(|| panic!("no table {name}: {document}"))
}

fn columns(table: &Value) -> Vec<&str> {
    table["columns"].as_array().expect("columns").iter().map(|column| column["name"].as_str().expect("text")).collect()
}

#[test]
fn a_funnel_counts_what_a_hand_would() {
    let folder = shop();
    let args = ["funnel", "shop.csv", "-s", "view", "-s", "cart", "-s", "pay", "--within", "7d"];
    let document = json(folder.path(), &args);
    let steps = table(&document, "steps");
    let reached: Vec<u64> =
        steps["rows"].as_array().expect("rows").iter().map(|row| row["customers"].as_u64().expect("a count")).collect();
    assert_eq!(reached, [3, 2, 1]);
    assert_eq!(steps["rows"][0]["converted"], 2);
    assert_eq!(steps["rows"][1]["dropped"], 1);
    assert_eq!(steps["rows"][0]["open"], 1, "w may still go on");
    assert_eq!(steps["rows"][2]["median_s"], 86_280.0);
    assert_eq!(
        columns(steps),
        [
            "step",
            "name",
            "customers",
            "share_of_first",
            "lo",
            "hi",
            "share_of_previous",
            "converted",
            "dropped",
            "open",
            "excluded",
            "median_s",
            "mean_s",
            "p90_s"
        ]
    );
}

#[test]
fn the_document_says_what_was_asked_of_which_data() {
    let folder = shop();
    let document = json(folder.path(), &["funnel", "shop.csv", "-s", "view", "-s", "pay", "--as-of", "2024-05-03"]);
    assert_eq!(document["trailmap"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["analysis"], "funnel");
    assert_eq!(document["spec"]["within"], "7d");
    assert!(document["spec_hash"].as_str().expect("text").starts_with("sha256:"));
    let source = &document["source"];
    assert_eq!(source["files"], serde_json::json!(["shop.csv"]));
    assert_eq!((&source["read"], &source["events"], &source["rejected"]), (&7.into(), &7.into(), &0.into()));
    assert_eq!((&source["customers"], &source["names"], &source["duplicates"]), (&4.into(), &3.into(), &0.into()));
    assert_eq!((&source["first"], &source["last"]), (&"2024-05-01T10:00:00Z".into(), &"2024-05-20T10:00:00Z".into()));
    assert_eq!(source["as_of"], "2024-05-03T00:00:00Z");
    let other = json(folder.path(), &["funnel", "shop.csv", "-s", "view", "-s", "cart", "--as-of", "2024-05-03"]);
    assert_ne!(document["spec_hash"], other["spec_hash"]);
}

#[test]
fn a_number_opens_into_as_many_customers() {
    let folder = shop();
    let args = ["funnel", "shop.csv", "-s", "view", "-s", "cart", "-s", "pay", "--who", "2:dropped"];
    let document = json(folder.path(), &args);
    assert_eq!(document["analysis"], "customers");
    let rows = table(&document, "customers")["rows"].as_array().expect("rows").clone();
    assert_eq!(rows.iter().map(|row| row["customer"].as_str().expect("text")).collect::<Vec<_>>(), ["y"]);
    let run = run_in(folder.path(), &["funnel", "shop.csv", "-s", "view", "--who", "9:lost"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("is not a cell"), "{}", run.err);
}

#[test]
fn a_profile_holds_its_tables_in_their_order() {
    let folder = shop();
    let document = json(folder.path(), &["profile", "shop.csv"]);
    let names: Vec<&str> = document["tables"]
        .as_array()
        .expect("tables")
        .iter()
        .map(|table| table["name"].as_str().expect("text"))
        .collect();
    assert_eq!(names, ["source", "reading", "columns", "events", "volume", "quality", "rejects"]);
    let expect = [
        ("source", vec!["file", "format", "rows", "events", "rejected", "customers", "first", "last"]),
        ("columns", vec!["column", "role", "type", "nulls", "distinct", "example"]),
        ("events", vec!["event", "events", "customers", "share", "first", "last"]),
        ("quality", vec!["check", "value", "share", "meaning"]),
        ("rejects", vec!["file", "line", "reason", "text"]),
    ];
    for (name, expect) in expect {
        assert_eq!(columns(table(&document, name)), expect, "{name}");
    }
    assert_eq!(table(&document, "source")["rows"][0]["rows"], 7);
}

#[test]
fn without_a_terminal_a_source_alone_prints_a_first_look() {
    let folder = shop();
    let run = succeed(folder.path(), &["shop.csv"]);
    let titles: Vec<&str> =
        run.out.lines().filter(|line| ["source", "reading", "events", "columns", "quality"].contains(line)).collect();
    assert_eq!(titles, ["source", "reading", "events", "columns", "quality"], "{}", run.out);
    assert!(run.err.starts_with("read 7 = 7 events + 0 rejected + 0 duplicates\n"), "{}", run.err);
}

#[test]
fn rejected_rows_are_counted_listed_and_strict_makes_them_matter() {
    let text = format!("{SHOP},2024-05-02T10:00:00Z,view,web,\nq,yesterday,view,web,\n");
    let folder = folder(&[("shop.csv", &text)]);
    let run = succeed(folder.path(), &["events", "shop.csv", "--time", "at", "--format", "csv"]);
    assert!(run.err.contains("read 9 = 7 events + 2 rejected + 0 duplicates"), "{}", run.err);
    assert!(
        run.err.contains("2 rows were rejected: 1 no customer, 1 unreadable time; `trailmap rejects` lists"),
        "{}",
        run.err
    );
    assert_eq!(succeed(folder.path(), &["events", "shop.csv", "--time", "at", "--quiet"]).err, "");

    let strict = run_in(folder.path(), &["events", "shop.csv", "--time", "at", "-f", "csv", "--strict", "--quiet"]);
    assert_eq!(strict.status, 3);
    assert_eq!(strict.out, run.out, "the answer is written all the same");

    let rejects = json(folder.path(), &["rejects", "shop.csv", "--time", "at"]);
    let rows = table(&rejects, "rejects")["rows"].as_array().expect("rows");
    assert_eq!(rows.iter().map(|row| row["line"].as_u64().expect("a line")).collect::<Vec<_>>(), [9, 10]);
    assert_eq!(rows[0]["reason"], "no customer");
    assert_eq!(rows[1]["reason"], "unreadable time");
    assert_eq!(columns(table(&rejects, "rejects")), ["file", "line", "column", "reason", "text"]);
    assert!(rejects["notes"][0].as_str().expect("a note").starts_with("shop.csv: csv"), "{rejects}");
}

#[test]
fn rows_are_the_table_as_read() {
    let folder = shop();
    let run = succeed(folder.path(), &["rows", "shop.csv", "--limit", "2", "--format", "csv"]);
    assert_eq!(
        run.out,
        "user,at,event,channel,amount\nx,2024-05-01T10:00:00Z,view,web,\ny,2024-05-01T10:01:00Z,view,app,\n"
    );
}

#[test]
fn an_export_converted_to_parquet_answers_the_same() {
    let folder = shop();
    succeed(folder.path(), &["events", "shop.csv", "--out", "shop.parquet"]);
    let ask = |file: &str| {
        let args =
            ["funnel", file, "-s", "view", "-s", "cart", "-s", "pay", "--breakdown", "channel", "--format", "csv"];
        succeed(folder.path(), &args).out
    };
    assert_eq!(ask("shop.parquet"), ask("shop.csv"));
}

#[test]
fn standard_input_is_a_source() {
    let run = run_with_input(&["events", "-", "--format", "csv", "--quiet"], SHOP.as_bytes());
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out.lines().count(), 8);
}

#[test]
fn one_journey_is_found_by_its_customer_and_a_wrong_id_by_the_nearest() {
    let folder = shop();
    let run =
        succeed(folder.path(), &["journey", "shop.csv", "--customer", "x", "--customer-column", "user", "-f", "csv"]);
    assert_eq!(run.out.lines().count(), 4);
    assert!(run.out.starts_with("time,event,channel,"), "{}", run.out);
    let run = run_in(folder.path(), &["journey", "shop.csv", "--customer", "xx"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("no customer is named `xx`"), "{}", run.err);
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let folder = shop();
    let check = |args: &[&str], expect: &str| {
        let run = run_in(folder.path(), args);
        assert_eq!(run.status, 1, "{args:?}");
        assert!(run.err.lines().last().expect("a message").starts_with("trailmap: "), "{}", run.err);
        assert!(run.err.contains(expect), "{args:?}: {}", run.err);
    };
    check(&["funnel", "shop.csv", "-s", "vieww"], "`view`");
    check(&["funnel", "shop.csv", "-s", "view", "--breakdown", "chanel"], "did you mean `channel`");
    check(&["profile", "shop.csv", "--table", "event"], "did you mean `events`?");
    check(&["profile", "shop.csv", "--event", "evnt"], "event");
    check(&["profile", "shopp.csv"], "shopp.csv");
}

#[test]
fn the_same_question_gives_the_same_bytes_whatever_the_threads_and_the_clock() {
    let folder = shop();
    for format in ["table", "csv", "json", "md", "html"] {
        let args = ["funnel", "shop.csv", "-s", "view", "-s", "pay", "--times", "--trend", "day", "--format", format];
        let one = finish(command(&args).current_dir(folder.path()).args(["--threads", "1"]).env("TZ", "Asia/Tokyo"));
        let two = finish(command(&args).current_dir(folder.path()).args(["--threads", "4"]).env("LANG", "C"));
        assert_eq!((one.status, &one.out), (0, &two.out), "{format}: {}", one.err);
    }
}

#[test]
fn what_the_data_says_steers_nothing() {
    let hostile = "user,at,event,channel\n\"=cmd()\",2024-05-01T10:00:00Z,\"\u{1b}[2Jv\u{202e}\",\"<b>|x\"\n";
    let folder = folder(&[("bad.csv", hostile)]);
    for format in ["table", "md", "html"] {
        let run = succeed(folder.path(), &["events", "bad.csv", "--format", format]);
        assert!(!run.out.contains(['\u{1b}', '\u{202e}']), "{format}: {:?}", run.out);
    }
    let csv = succeed(folder.path(), &["events", "bad.csv", "--format", "csv"]).out;
    assert!(csv.contains("\n'=cmd(),"), "{csv}");
    let raw = succeed(folder.path(), &["events", "bad.csv", "--format", "csv", "--raw"]).out;
    assert!(raw.contains("\n=cmd(),"), "{raw}");
    let document = json(folder.path(), &["events", "bad.csv"]);
    assert_eq!(table(&document, "events")["rows"][0]["event"], "\u{1b}[2Jv\u{202e}");
}

#[test]
fn a_limit_cuts_and_says_so() {
    let folder = shop();
    let run = succeed(folder.path(), &["events", "shop.csv", "--limit", "2", "--format", "csv"]);
    assert_eq!(run.out.lines().count(), 3);
    assert!(run.err.contains("the first 2 of 7 rows"), "{}", run.err);
}
