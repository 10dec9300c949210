//! What is only bad because there is so much of it: endless quotes, lines and headers, deep JSON, many names. A9, A11, A12,
//! A18, A20, A21, B2, B4, B14.

use std::fmt::Write as _;

use super::{EVENTS, HEADER, ROWS, made, table};
use crate::support::binary::run;

#[test]
fn a_quote_that_never_closes_costs_its_line_and_not_the_rest() {
    let mut text = format!("{HEADER}{ROWS}u3,\"open,2024-05-01T10:00:00Z,\n");
    let row = format!("u4,view,2024-05-03T00:00:00Z,{}\n", "9".repeat(1000));
    let n = (17 << 20) / row.len();
    text.push_str(&row.repeat(n));
    let seen = made("a.csv", text).read(&["--limit", "4000000"]).expect("a table");
    assert_eq!((seen.events.len(), seen.rejects), (n + 3, vec!["5 broken quote".to_owned()]));
}

#[test]
fn thousands_of_lines_in_quotes_are_one_record_wherever_blocks_are_cut() {
    let note = "a line of a comment, and another\r\n".repeat(3000);
    let mut text = "user_id,event,timestamp,note\n".to_owned();
    let n = (9 << 20) / note.len();
    for i in 0..n {
        writeln!(text, "u{i},view,2024-05-01T10:00:00Z,\"{note}\"").expect("a string");
    }
    let seen = made("a.csv", text).read(&[]).expect("a table");
    assert_eq!((seen.events.len(), seen.rejects.len()), (n, 0));
}

#[test]
fn wide_tables_load_and_far_too_wide_ones_are_refused() {
    let wide = |n: usize| {
        let names: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
        let row = format!("u1,view,2024-05-01T10:00:00Z{}\n", ",1".repeat(n));
        format!("user_id,event,timestamp,{}\n{row}{row}", names.join(","))
    };
    assert_eq!(made("a.csv", wide(10_000)).read(&[]).expect("a table").events.len(), 2);
    made("a.csv", wide(20_000)).refused("has 20003 columns, and the most is 16384");
    made("a.csv", wide(1_000_000)).refused("its first line is longer than 256 kB");
    let long = format!("{},user_id,event,timestamp\nx,u1,view,2024-05-01T10:00:00Z\n", "long".repeat(25_000));
    assert_eq!(made("a.csv", long).read(&[]).expect("a table").events.len(), 1);
}

#[test]
fn endless_lines_of_anything_are_refused_alone_and_soon() {
    const N: usize = 24 << 20;
    for fill in ["x", ",", "\"", "\"\"", ";", "\\", "\n", "\r", "[", "{\"a\":"] {
        let text = format!("{}{}\nu9,view,2024-05-03T00:00:00Z,1\n", table(), fill.repeat(N / fill.len()));
        let seen = made("a.csv", text).read(&["--limit", "10"]).expect("a table");
        assert_eq!(seen.events.len(), 4, "{fill:?}: {:?}", seen.events);
        let expect: &[&str] = if matches!(fill, "\n" | "\r") { &[] } else { &["5 record too long"] };
        assert_eq!(seen.rejects, expect, "{fill:?}");
    }
    made("a.csv", format!("{}{}\n", table(), "\0".repeat(N))).refused("binary data");
    let line = r#"{"user_id":"u1","event":"view","timestamp":"2024-05-01T10:00:00Z","#;
    for fill in ["[", "{\"a\":", "\"", "\\", "1"] {
        let text = format!("{line}\"n\":1}}\n{line}\"n\":{}\n{line}\"n\":2}}\n", fill.repeat(N / fill.len()));
        let seen = made("a.ndjson", text).read(&[]).expect("a table");
        assert_eq!((seen.events.len(), &seen.rejects[..]), (2, &["2 record too long".to_owned()][..]), "{fill:?}");
    }
}

#[test]
fn json_that_is_too_deep_or_too_wide_costs_its_record() {
    let line = r#"{"user_id":"u1","event":"view","timestamp":"2024-05-01T10:00:00Z""#;
    let mut text = format!("{line}}}\n");
    for depth in [60, 100, 100_000, 2_000_000] {
        let _ = writeln!(text, "{line},\"deep\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let _ = writeln!(text, "{line},\"deep\":{}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth));
    }
    let _ = write!(text, "{line}");
    for i in 0..100_000 {
        let _ = write!(text, ",\"key{i}\":{i}");
    }
    text.push_str("}\n");
    let seen = made("a.ndjson", text).read(&[]).expect("a table");
    assert_eq!((seen.read, seen.events.len(), seen.rejects.len()), (10, 4, 6), "{:?}", seen.rejects);
    assert!(seen.notes.join(" ").contains("Keys beyond the first 4096"), "{:?}", seen.notes);
}

/// Texts that are no JSON, each of a kind of its own.
const NO_JSON: [&str; 46] = [
    "[1 true]",
    "[a]",
    "[\"\": 1]",
    "[\"\"],",
    "[,1]",
    "[1,,2]",
    "[\"x\"]]",
    "[\"\",]",
    "[\"x\"",
    "[x",
    "[3[4]]",
    "[1,",
    "[1,]",
    "[-]",
    "[-2.]",
    "[.123]",
    "[0.e1]",
    "[+1]",
    "[012]",
    "[0x1]",
    "[1e]",
    "[NaN]",
    "[Infinity]",
    "[-Infinity]",
    "[truth]",
    "[nul]",
    "{\"a\" \"b\"}",
    "{:\"b\"}",
    "{\"a\":",
    "{\"a\"",
    "{a:1}",
    "{1:1}",
    "{\"a\":1,}",
    "{\"a\":1,,\"b\":2}",
    "{'a':0}",
    "{\"a\":1} x",
    "{\"a\":\"\\x00\"}",
    "{\"a\":\"\\u00\"}",
    "{\"a\":\"\\ud800\\\"}",
    "{\"a\":\"\t\"}",
    "{\"a\":\"\\\"}",
    "{\"a\":\"unclosed}",
    "*",
    "<null>",
    "\u{FEFF}",
    "{\"a\":/* c */1}",
];

#[test]
fn a_line_that_is_no_json_is_rejected_with_its_number() {
    let good = r#"{"user_id":"u1","event":"view","timestamp":"2024-05-01T10:00:00Z"}"#;
    let mut text = String::new();
    for bad in NO_JSON {
        let _ = writeln!(text, "{good}\n{bad}");
    }
    let seen = made("a.ndjson", text).read(&[]).expect("a table");
    // A mark alone on its line is nothing at all.
    let n = NO_JSON.len();
    assert_eq!((seen.events.len(), seen.rejects.len()), (n, n - 1), "{:?}", seen.rejects);
    assert!(
        seen.rejects
            .iter()
            .all(|reject| reject.split(' ').next().is_some_and(|line| line.parse::<u32>().is_ok_and(|n| n % 2 == 0)))
    );
}

#[test]
fn what_changes_its_looks_far_down_reads_as_if_it_had_them_from_the_start() {
    let mut text = "user_id,event,timestamp,amount\n".to_owned();
    for i in 0..8000 {
        let _ = writeln!(text, "{i},view,2024-05-01T10:00:00Z,{i}");
    }
    text.push_str("0007,view,2024-05-01T10:00:00Z,1.5\nseven,view,2024-05-01T10:00:00Z,many\n");
    let seen = made("a.csv", text).read(&["--limit", "9000"]).expect("a table");
    assert_eq!((seen.events.len(), seen.rejects.len()), (8002, 0));
    for id in ["7", "0007", "seven"] {
        assert!(seen.events.contains(&format!("{id} view 2024-05-01T10:00:00Z")), "{id}");
    }
}

#[test]
fn a_hole_of_nuls_is_rejected_where_it_is() {
    let rows = ROWS.repeat(100);
    let hole = "\0".repeat(500);
    let seen =
        made("a.csv", format!("{HEADER}{rows}{hole}\n{ROWS}{hole}")).read(&["--limit", "1000"]).expect("a table");
    assert_eq!(
        (seen.events.len(), seen.rejects),
        (303, vec!["302 wrong number of fields".to_owned(), "306 wrong number of fields".to_owned()])
    );
    assert!(seen.events.contains(&EVENTS[0].to_owned()));
}

#[test]
fn as_many_names_customers_or_events_as_there_may_be_are_no_trouble() {
    let mut text = "user_id,event,timestamp\n".to_owned();
    for i in 0..60_000 {
        let _ = writeln!(text, "one,e{i},2024-05-01T10:00:00Z\nc{i},view,2024-05-01T10:00:00Z");
    }
    let made = made("many.csv", text);
    let path = made.path.to_str().expect("UTF-8");
    for question in
        [&["profile", path][..], &["transitions", path], &["paths", path], &["dwell", path, "--stages", "view"]]
    {
        let done = run(&[question, &["--limit", "3", "--quiet"]].concat());
        assert!(done.status == 0 || question[0] == "dwell", "{question:?}: {}", done.err);
    }
}
