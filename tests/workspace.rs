//! A workspace as a person uses it: beside its data, in every command, checked, run, and opened in the workbench.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::binary::{Run, run_in};

const EVENTS: &str = "\
who,ts,what,via
a,2025-01-01T10:00:00Z,visit,web
a,2025-01-01T10:05:00Z,cart,web
a,2025-01-01T11:00:00Z,paid,app
a,2025-01-02T11:00:00Z,paid,app
b,2025-01-01T12:00:00Z,visit,web
b,2025-01-01T12:01:00Z,cart,app
c,2025-01-03T12:00:00Z,visit,web
c,2025-01-03T15:30:00Z,ping,web
";

const FILE: &str = r#"# Ours.
schema = 1
timezone = "Europe/Berlin"
[[source]]
id = "events"
files = ["data/events.csv"]
columns = { customer = "who", time = "ts", event = "what", channel = "via" }
[[stage]]
id = "look"
[[stage]]
id = "buy"
[[stage]]
id = "stay"
[[touchpoint]]
id = "visit"
stage = "look"
when = 'event == "visit"'
[[touchpoint]]
id = "cart"
stage = "buy"
when = 'event == "cart"'
channel = "basket"
[[touchpoint]]
id = "again"
stage = "stay"
when = 'event == "paid" and nth >= 2'
[[touchpoint]]
id = "order"
stage = "buy"
when = 'event == "paid"'
[[persona]]
id = "hurried"
when = 'did(cart)'
[[cohort]]
id = "buyers"
when = 'did(order)'
[[cohort]]
id = "others"
when = 'not did(order)'
[[funnel]]
id = "way"
steps = ["visit", "cart", "order"]
window = "2h"
[[view]]
id = "weekly"
ask = "funnel --saved way"
out = "reports/way.csv"
[[view]]
id = "them"
ask = "funnel --saved way --who 1:dropped"
format = "csv"
"#;

/// A folder with a workspace and its data.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("made");
    fs::write(folder.path().join("data/events.csv"), EVENTS).expect("written");
    fs::write(folder.path().join("trailmap.toml"), FILE).expect("written");
    folder
}

#[track_caller]
fn sound(folder: &Path, args: &[&str]) -> Run {
    let run = run_in(folder, args);
    assert_eq!(run.status, 0, "{args:?}: {}\n{}", run.err, run.out);
    run
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let args = [args, &["--format", "json"]].concat();
    serde_json::from_str(&sound(folder, &args).out).expect("JSON")
}

#[test]
fn the_workspace_of_this_folder_is_used_where_no_source_is_named() {
    let folder = folder();
    let answer = json(folder.path(), &["dwell"]);
    assert_eq!(
        answer["spec"]["stages"]["stage"],
        serde_json::json!(["look=visit", "buy=cart|order", "stay=again"]),
        "what was asked is in the answer"
    );
    let stages: Vec<_> =
        answer["tables"][0]["rows"].as_array().expect("rows").iter().map(|row| &row["stage"]).collect();
    assert_eq!(stages, ["look", "buy", "stay"]);
    let notes = answer["notes"].to_string();
    assert!(notes.contains("1 of 8 events (12.5 %) are no touchpoint of trailmap.toml"), "{notes}");
    // From elsewhere it is named, and its files are where it is.
    let elsewhere = TempDir::new().expect("a folder");
    let path = folder.path().join("trailmap.toml").to_string_lossy().into_owned();
    for args in [["dwell", "--workspace", &path].as_slice(), ["dwell", &path].as_slice()] {
        assert_eq!(json(elsewhere.path(), args)["tables"][0], answer["tables"][0]);
    }
    let none = run_in(elsewhere.path(), &["dwell"]);
    assert_eq!(none.status, 2);
    assert!(none.err.contains("trailmap.toml in this folder is read, and there is none"), "{}", none.err);
}

#[test]
fn events_are_called_after_their_rules_and_keep_their_own_names() {
    let folder = folder();
    let table = sound(folder.path(), &["events", "--format", "csv", "--customers", "customer == \"a\""]).out;
    assert_eq!(
        table,
        "customer,time,event,channel,raw_event,stage\n\
         a,2025-01-01T10:00:00Z,visit,web,visit,look\n\
         a,2025-01-01T10:05:00Z,cart,basket,cart,buy\n\
         a,2025-01-01T11:00:00Z,order,app,paid,buy\n\
         a,2025-01-02T11:00:00Z,again,app,paid,stay\n"
    );
    let customers = |args: &[&str]| {
        let args = [&["customers", "--format", "csv", "-q"], args].concat();
        let out = sound(folder.path(), &args).out;
        out.lines().skip(1).map(|line| line.split(',').next().unwrap_or("").to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(customers(&["--customers", "did(again)"]), "a");
    assert_eq!(customers(&["--customers", "did(paid) or did(ping)"]), "a c");
    assert_eq!(customers(&["--events", "stage == \"buy\""]), "a b");
    assert_eq!(customers(&["--events", "event == \"paid\" and nth == 1 and stage == \"stay\""]), "a");
    assert_eq!(customers(&["--persona", "hurried"]), "a b");
    assert_eq!(customers(&["--persona", "hurried", "--customers", "not did(order)"]), "b");
    let latest = sound(folder.path(), &["customers", "--format", "csv", "-q"]).out;
    assert!(latest.contains("a,2025-01-01T10:00:00Z,2025-01-02T11:00:00Z,4,3,,stay,"), "{latest}");
    let journey = sound(folder.path(), &["journey", "--customer-id", "c", "--format", "csv", "-q"]).out;
    assert!(journey.starts_with("time,event,channel,stage,gap_s,session,raw_event\n"), "{journey}");
    assert!(journey.contains("2025-01-03T15:30:00Z,ping,web,,12600,2,ping"), "{journey}");
}

#[test]
fn saved_names_are_asked_for_and_sources_and_flags_win_over_the_file() {
    let folder = folder();
    let funnel = json(folder.path(), &["funnel", "--saved", "way"]);
    assert_eq!(funnel["spec"]["within"], "2h");
    let reached: Vec<_> =
        funnel["tables"][0]["rows"].as_array().expect("rows").iter().map(|row| &row["customers"]).collect();
    assert_eq!(reached, [3, 2, 1]);
    let compare =
        sound(folder.path(), &["compare", "--cohort", "buyers", "--cohort", "others", "--table", "metrics"]).out;
    assert!(compare.contains("buyers") && compare.contains("others"), "{compare}");
    sound(folder.path(), &["retention", "--cohort", "buyers"]);
    let among =
        sound(folder.path(), &["customers", "-q", "--format", "csv", "--among", "funnel --saved way --who 2:dropped"])
            .out;
    assert!(among.contains("\nb,"), "{among}");

    fs::write(folder.path().join("other.csv"), EVENTS.replace("a,", "z,")).expect("written");
    let other =
        sound(folder.path(), &["customers", "other.csv", "--workspace", "trailmap.toml", "-q", "--format", "csv"]).out;
    assert!(other.contains("\nz,") && !other.contains("\na,"), "{other}");
    // A source without a workspace is read as ever.
    let plain = sound(
        folder.path(),
        &["events", "other.csv", "-q", "--format", "csv", "--customer", "who", "--time", "ts", "--event", "what"],
    )
    .out;
    assert!(plain.contains(",paid,") && !plain.contains("raw_event"), "{plain}");
    let renamed = run_in(folder.path(), &["dwell", "--event", "wat"]);
    assert_eq!(renamed.status, 1);
    assert!(renamed.err.contains("--event: no column is named `wat`"), "{}", renamed.err);
}

#[test]
fn what_is_wrong_is_one_sentence_with_the_line() {
    let folder = folder();
    let check = |from: &str, to: &str, args: &[&str], expect: &str| {
        fs::write(folder.path().join("trailmap.toml"), FILE.replace(from, to)).expect("written");
        let run = run_in(folder.path(), args);
        assert_eq!(run.status, 1, "{}", run.err);
        assert!(run.err.contains(expect), "{expect}: {}", run.err);
        assert_eq!(run.err.lines().filter(|line| line.starts_with("trailmap: ")).count(), 1, "{}", run.err);
    };
    check("[[stage]]", "[[stagee]]", &["dwell"], "trailmap.toml:");
    check(
        "event == \"cart\"",
        "evnt == \"cart\"",
        &["dwell"],
        "trailmap.toml:21: touchpoint `cart`: column 1: no column is named `evnt`; did you mean `event`?",
    );
    check(
        "event = \"what\"",
        "event = \"wat\"",
        &["dwell"],
        "trailmap.toml:7: `event` of the source: no column is named `wat`; did you mean `what`?",
    );
    check("", "", &["funnel", "--saved", "wey"], "no funnel of trailmap.toml is named `wey`; did you mean `way`?");
    check(
        "",
        "",
        &["dwell", "--persona", "huried"],
        "no persona of trailmap.toml is named `huried`; did you mean `hurried`?",
    );
    check(
        "",
        "",
        &["compare", "--cohort", "buyer"],
        "no cohort of trailmap.toml is named `buyer`; did you mean `buyers`?",
    );
    let run = run_in(folder.path(), &["dwell", "data/events.csv", "--persona", "hurried"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("--persona names one of a workspace; add --workspace FILE"), "{}", run.err);
    let read = ["--customer", "who", "--time", "ts", "--event", "what"];
    let run = run_in(folder.path(), &[&["funnel", "data/events.csv", "--saved", "way"], &read[..]].concat());
    assert!(run.err.contains("--saved way is a funnel of a workspace"), "{}", run.err);
    let run = run_in(folder.path(), &[&["compare", "data/events.csv", "--cohort", "buyers"], &read[..]].concat());
    assert!(run.err.contains("no cohort is saved as `buyers`"), "{}", run.err);
}

#[test]
fn check_is_a_table_with_status_3_where_there_are_errors() {
    let folder = folder();
    let run = run_in(folder.path(), &["check"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.err.contains("trailmap.toml: 0 errors, 0 warnings, "), "{}", run.err);
    let answer = json(folder.path(), &["check"]);
    assert_eq!(answer["analysis"], "check");
    let names: Vec<_> =
        answer["tables"][0]["columns"].as_array().expect("columns").iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["level", "where", "finding", "events", "share", "what_to_do"]);
    let rows = answer["tables"][0]["rows"].to_string();
    assert!(rows.contains("no rule takes `ping`") && rows.contains("\"share\":0.125"), "{rows}");

    fs::write(folder.path().join("data/events.csv"), EVENTS.replace("who,ts,what,via", "customer,ts,what,via"))
        .expect("written");
    let run = run_in(folder.path(), &["check", "--format", "csv"]);
    assert_eq!(run.status, 3, "{}", run.out);
    assert!(run.out.contains("error,source.columns.customer (line 7),\"no column is named `who`"), "{}", run.out);
    fs::write(folder.path().join("data/events.csv"), EVENTS.replace(",cart,", ",basket,")).expect("written");
    let run = run_in(folder.path(), &["check", "--format", "csv"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("warning,touchpoint:cart (line 21),the rule of `cart` holds for no event"), "{}", run.out);
    fs::write(folder.path().join("trailmap.toml"), FILE.replace("schema = 1", "schema = 1\ncolour = \"red\""))
        .expect("written");
    let run = run_in(folder.path(), &["check", "--format", "csv"]);
    assert_eq!(run.status, 3, "{}", run.out);
    assert!(run.out.contains("\"line 3, column 1\""), "{}", run.out);
}

#[test]
fn run_answers_all_or_some_and_goes_on_after_one_that_fails() {
    let folder = folder();
    let run = sound(folder.path(), &["run"]);
    let way = fs::read_to_string(folder.path().join("reports/way.csv")).expect("written");
    assert!(way.starts_with("step,name,customers,"), "{way}");
    assert!(run.err.contains("weekly: wrote reports/way.csv (3 rows)"), "{}", run.err);
    assert!(run.out.starts_with("customer,first,last,"), "{}", run.out);
    assert_eq!(run.out.lines().count(), 2, "one dropped after step 1: {}", run.out);
    // Again, and only this one: its file is replaced.
    fs::write(folder.path().join("reports/way.csv"), "old").expect("written");
    assert_eq!(sound(folder.path(), &["run", "weekly"]).out, "");
    assert_eq!(fs::read_to_string(folder.path().join("reports/way.csv")).expect("written"), way);

    let unknown = run_in(folder.path(), &["run", "weakly"]);
    assert_eq!(unknown.status, 1);
    assert!(
        unknown.err.contains("no view of trailmap.toml is named `weakly`; did you mean `weekly`?"),
        "{}",
        unknown.err
    );
    fs::write(
        folder.path().join("trailmap.toml"),
        FILE.replace("ask = \"funnel --saved way\"", "ask = \"funnel -s vist\""),
    )
    .expect("written");
    let run = run_in(folder.path(), &["run"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("view weekly: no event is named `vist`; did you mean `visit`?"), "{}", run.err);
    assert!(run.out.starts_with("customer,first,last,"), "the other was answered: {}", run.out);
    assert_eq!(
        fs::read_to_string(folder.path().join("reports/way.csv")).expect("written"),
        way,
        "what was there stays"
    );
}

#[cfg(unix)]
#[test]
fn the_workbench_opens_a_workspace_and_names_it_in_commands() {
    use crate::support::pty::Terminal;
    let folder = folder();
    let path = folder.path().join("trailmap.toml").to_string_lossy().into_owned();
    let mut terminal = Terminal::start(&["--workspace", &path], 140, 40);
    terminal.wait_for(&["trailmap.toml", "8 events"]);
    terminal.press("4");
    terminal.wait_for(&["Dwell", "look", "buy", "stay"]);
    terminal.press("yb");
    terminal.wait_for(&["trailmap dwell --workspace"]);
    terminal.press("S");
    terminal.wait_for(&["Save this view into the workspace as"]);
    terminal.press("\x15how-long\r");
    terminal.wait_for(&["saved as a view; trailmap run how-long answers it"]);
    // Nothing else of the file moves, and a name that is there is not taken unasked.
    let text = fs::read_to_string(&path).expect("read");
    let added = text.strip_prefix(FILE).expect("every line and comment as it was");
    assert!(added.contains("[[view]]\nid = \"how-long\"\nask = \"dwell"), "{added}");
    terminal.press("S\x15how-long\r");
    terminal.wait_for(&["is there already", "again replaces it"]);
    terminal.press("\x1b");
    terminal.press("q");
    terminal.wait_exit();

    fs::write(&path, FILE.replace("schema = 1", "schema = 1\ncolour = \"red\"")).expect("written");
    let mut terminal = Terminal::start(&[&path], 100, 24);
    terminal.wait_for(&["The data could not be read", "3:1", "colour"]);
    terminal.press("q");
    assert_ne!(terminal.wait_exit().exit_code(), 101);
}

/// The figures of the sample shop's README, which another program found.
#[test]
fn the_demo_shop_has_the_stages_that_were_counted_independently() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let (data, example) = (shared.join("data/demo/retail.csv"), shared.join("design/workspace.example.toml"));
    let Ok(text) = fs::read_to_string(&example) else { return };
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("trailmap.toml"), text).expect("written");
    let data = data.to_string_lossy().into_owned();
    let answer = json(folder.path(), &["dwell", &data, "--workspace", "trailmap.toml", "-q"]);
    assert_eq!(answer["source"]["customers"], 3666);
    assert_eq!(answer["source"]["events"], 18170);
    let rows = answer["tables"][0]["rows"].as_array().expect("rows");
    let reached: Vec<_> =
        rows.iter().map(|row| (row["stage"].as_str().unwrap_or(""), row["customers"].as_u64().unwrap_or(0))).collect();
    assert_eq!(reached, [("aware", 3600), ("consider", 2708), ("purchase", 1658), ("use", 795), ("loyal", 135)]);
}

#[test]
fn what_init_proposes_and_what_is_shipped_has_no_errors() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let path = |name: &str| sample.join(name).to_string_lossy().into_owned();
    for name in ["shop", "retail", "hotel", "bank"] {
        let elsewhere = TempDir::new().expect("a folder");
        let run = run_in(elsewhere.path(), &["check", "--workspace", &path(&format!("{name}.trailmap.toml"))]);
        assert_eq!(run.status, 0, "{name}: {}{}", run.out, run.err);
    }
    for name in ["shop.csv", "retail.csv", "hotel.csv.gz", "bank.csv.gz"] {
        let folder = TempDir::new().expect("a folder");
        sound(folder.path(), &["init", &path(name)]);
        let run = run_in(folder.path(), &["check"]);
        assert_eq!(run.status, 0, "{name}: {}{}", run.out, run.err);
    }
}
