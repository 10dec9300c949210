//! Polluted tables, one or more for each row A1 to B14 of the table of threats that fits into a small file. Every file of the
//! folder `corpus` is here; what is large or binary is made in `large` and `damage`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{EVENTS, read};

struct Case {
    /// It begins with the row of the table.
    file: &'static str,
    flags: &'static [&'static str],
    outcome: Outcome,
}

enum Outcome {
    /// Exactly these events and rejected rows, and a note that says this.
    Loads { events: &'static [&'static str], rejects: &'static [&'static str], note: &'static str },
    /// So many events, and exactly these rejected rows.
    Counts(usize, &'static [&'static str]),
    /// One sentence that says this, and no table.
    Refused(&'static str),
}

use Outcome::{Counts, Loads, Refused};

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { file: "a01-empty.csv", flags: &[], outcome: Refused("is empty") },
    Case { file: "a01-spaces.csv", flags: &[], outcome: Refused("is empty but for white space") },
    Case { file: "a02-header-only.csv", flags: &[], outcome: Loads { events: &[], rejects: &[], note: "holds a header and no rows" } },
    Case { file: "a02-header-no-newline.csv", flags: &[], outcome: Loads { events: &[], rejects: &[], note: "holds a header and no rows" } },
    Case { file: "a03-no-header.csv", flags: &[], outcome: Refused("has no header: line 1 looks like data") },
    Case { file: "a03-no-header-text.csv", flags: &[], outcome: Refused("no column looks like the customer") },
    Case { file: "a04-preamble.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a04-preamble-padded.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a04-comments.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["7 wrong number of fields"], note: "" } },
    Case { file: "a04-comments-below.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["3 comment", "4 comment"], note: "" } },
    Case { file: "a04-ids-with-hash.csv", flags: &["--customer", "order"], outcome: Loads { events: &["#1001 view 2024-05-01T10:00:00Z", "#1002 cart 2024-05-01T10:01:00Z"], rejects: &[], note: "" } },
    Case { file: "a04-commented-header.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a04-sep.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a04-footer.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["6 no event name", "7 no event name", "8 wrong number of fields"], note: "" } },
    Case { file: "a04-header-twice.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:01:00Z", "u2 view 2024-05-02T00:00:00Z", "u3 view 2024-05-02T00:00:00Z"], rejects: &["5 repeated header"], note: "" } },
    Case { file: "a04-two-line-header.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["2 unreadable time"], note: "" } },
    Case { file: "a04-units-line.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["2 unreadable time"], note: "" } },
    Case { file: "a05-second-table.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["6 wrong number of fields", "7 wrong number of fields", "8 wrong number of fields"], note: "" } },
    Case { file: "a05-second-table-same-width.csv", flags: &[], outcome: Refused("no column is surely the time") },
    Case { file: "a05-second-table-same-width.csv", flags: &["--time", "timestamp"], outcome: Loads { events: &EVENTS, rejects: &["6 unreadable time", "7 unreadable time", "8 unreadable time"], note: "" } },
    Case { file: "a05-second-table-other-delimiter.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &["6 wrong number of fields", "7 wrong number of fields"], note: "" } },
    Case { file: "a06-missing-delimiter.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 wrong number of fields"], note: "" } },
    Case { file: "a06-extra-delimiter.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 wrong number of fields"], note: "" } },
    Case { file: "a06-trailing-delimiter-in-one.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 wrong number of fields"], note: "" } },
    Case { file: "a06-trailing-delimiter-in-all.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "were called column_5" } },
    Case { file: "a06-trailing-delimiter-in-rows.csv", flags: &[], outcome: Refused("names 4 columns in line 1, but its rows have 5 fields") },
    Case { file: "a07-header-one-less.csv", flags: &[], outcome: Refused("names 3 columns in line 1, but its rows have 4 fields") },
    Case { file: "a07-header-one-more.csv", flags: &[], outcome: Refused("names 5 columns in line 1, but its rows have 4 fields") },
    Case { file: "a08-stray-quote-inside.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], "u1 ca\"rt 2024-05-01T10:01:00Z", EVENTS[2]], rejects: &[], note: "" } },
    Case { file: "a08-stray-quote-at-start.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 broken quote"], note: "" } },
    Case { file: "a08-stray-quote-at-end.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], "u1 cart\" 2024-05-01T10:01:00Z", EVENTS[2]], rejects: &[], note: "" } },
    Case { file: "a08-text-after-quote.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 broken quote"], note: "" } },
    Case { file: "a08-two-stray-quotes.csv", flags: &[], outcome: Loads { events: &[EVENTS[1], "u3 view 2024-05-02T00:00:00Z"], rejects: &["2 broken quote", "4 broken quote"], note: "" } },
    Case { file: "a09-never-closed.csv", flags: &[], outcome: Counts(38, &["3 broken quote"]) },
    Case { file: "a10-semicolon.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-tab.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-pipe.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-ctrl-a.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-space.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-comma-space.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-comma-space-quoted.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-cr.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-crlf.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-mixed-ends.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-crcrlf.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "a10-apostrophes.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], "u1 ca,rt 2024-05-01T10:01:00Z", EVENTS[2]], rejects: &[], note: "" } },
    Case { file: "a10-backslash.csv", flags: &[], outcome: Loads { events: &["u1 vi\"ew, big 2024-05-01T10:00:00Z", EVENTS[1], EVENTS[2]], rejects: &[], note: "" } },
    Case { file: "a10-two-characters.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "were called column_2, column_4, column_6" } },
    Case { file: "a10-double-colon.csv", flags: &[], outcome: Refused("lines do not split into columns") },
    Case { file: "a10-semicolon-decimal-comma.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "read as UTC" } },
    Case { file: "a10-quote-in-tsv.csv", flags: &[], outcome: Loads { events: &["u1 view 5\" disk 2024-05-01T10:00:00Z", "u1 \"cart 2024-05-01T10:01:00Z", EVENTS[2]], rejects: &[], note: "" } },
    Case { file: "a11-newlines-in-quotes.csv", flags: &[], outcome: Counts(3, &[]) },
    Case { file: "a12-one-column.csv", flags: &[], outcome: Refused("lines do not split into columns") },
    Case { file: "a12-duplicate-names.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u2 cart 2024-05-01T10:00:00Z"], rejects: &[], note: "were numbered: `event_2`" } },
    Case { file: "a12-duplicate-key.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u2 cart 2024-05-01T10:00:00Z"], rejects: &[], note: "were numbered: `user_id_2`; the first of each keeps its name" } },
    Case { file: "a12-empty-names.csv", flags: &[], outcome: Refused("no column looks like the event") },
    Case { file: "a12-empty-names.csv", flags: &["--event", "column_2"], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u2 cart 2024-05-01T10:00:00Z"], rejects: &[], note: "Columns without a name" } },
    Case { file: "a13-page.csv", flags: &[], outcome: Refused("looks like a web page") },
    Case { file: "a13-prose.csv", flags: &[], outcome: Refused("no column looks like the customer") },
    Case { file: "a13-pdf.csv", flags: &[], outcome: Refused("looks like a PDF") },
    Case { file: "a13-error.csv", flags: &[], outcome: Refused("the columns are `error.code`") },
    Case { file: "a14-cut.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[1]], rejects: &["4 wrong number of fields"], note: "" } },
    Case { file: "a14-cut-in-quotes.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[1]], rejects: &["4 broken quote"], note: "" } },
    Case { file: "a20-bad-lines.ndjson", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["2 not a JSON object", "3 not a JSON object", "4 not a JSON object"], note: "" } },
    Case { file: "a21-strange.ndjson", flags: &[], outcome: Counts(4, &["3 not a JSON object"]) },
    Case { file: "b01-ids.csv", flags: &[], outcome: Counts(17, &[]) },
    Case { file: "b02-late-text.csv", flags: &[], outcome: Counts(61, &[]) },
    Case { file: "b03-latin1.csv", flags: &[], outcome: Loads { events: &["Josè café 2024-05-01T00:00:00Z", "José view 2024-05-01T00:00:00Z", "Müller straße 2024-05-01T00:00:00Z"], rejects: &[], note: "windows-1252, guessed" } },
    Case { file: "b03-gb18030.csv", flags: &[], outcome: Loads { events: &["张三 加入购物车 2024-01-01T10:00:00Z", "李四 付款 2024-01-02T11:00:00Z", "王五 加入购物车 2024-01-03T11:00:00Z"], rejects: &[], note: "gb18030, guessed" } },
    Case { file: "b03-shift-jis.csv", flags: &[], outcome: Refused("`ユーザー`") },
    Case { file: "b03-shift-jis.csv", flags: &["--customer", "ユーザー", "--event", "イベント", "--time", "日時"], outcome: Loads { events: &["佐藤 カートに入れる 2024-01-03T11:00:00Z", "山田 購入する 2024-01-01T10:00:00Z", "田中 閲覧する 2024-01-02T11:00:00Z"], rejects: &[], note: "Shift_JIS, guessed" } },
    Case { file: "b03-broken-utf8.csv", flags: &[], outcome: Loads { events: &["José view 2024-05-01T00:00:00Z", "Müller view 2024-05-01T00:00:00Z", "xé view 2024-05-01T00:00:00Z"], rejects: &["3 not readable text"], note: "name it with --encoding" } },
    Case { file: "b04-utf16le.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-utf16be.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-bom.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-bom-twice.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-bom-quoted.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-bom-middle.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-ctrl-z.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "" } },
    Case { file: "b04-utf16-bare.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "UTF-16LE, guessed" } },
    Case { file: "b04-utf32.csv", flags: &[], outcome: Refused("UTF-32") },
    Case { file: "b04-nul-field.csv", flags: &[], outcome: Loads { events: &[EVENTS[0], EVENTS[2]], rejects: &["3 not readable text"], note: "with NULs" } },
    Case { file: "b04-nul-hole.csv", flags: &[], outcome: Refused("binary data") },
    Case { file: "b04-nul-tail.csv", flags: &[], outcome: Refused("binary data") },
    Case { file: "b05-no-values.csv", flags: &[], outcome: Counts(7, &["2 no customer", "3 no customer", "4 no customer", "5 no customer", "6 no customer", "9 no event name", "11 no event name", "13 no time", "14 no time", "15 no time", "16 unreadable time", "17 unreadable time"]) },
    Case { file: "b06-amounts.csv", flags: &[], outcome: Counts(10, &["8 wrong number of fields"]) },
    Case { file: "b07-s.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:00:00Z", "u2 view 2024-05-01T10:00:00Z"], rejects: &[], note: "epoch seconds" } },
    Case { file: "b07-ms.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:00:00Z", "u2 view 2024-05-01T10:00:00Z"], rejects: &[], note: "epoch milliseconds" } },
    Case { file: "b07-us.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:00:00Z", "u2 view 2024-05-01T10:00:00Z"], rejects: &[], note: "epoch microseconds" } },
    Case { file: "b07-ns.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-01T10:00:00Z", "u2 view 2024-05-01T10:00:00Z"], rejects: &[], note: "epoch nanoseconds" } },
    Case { file: "b07-float.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00.25Z", "u1 cart 2024-05-01T10:00:00.25Z", "u2 view 2024-05-01T10:00:00.25Z"], rejects: &[], note: "epoch seconds" } },
    Case { file: "b08-mixed-units.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u2 view 2024-05-01T10:00:01Z", "u2 cart 2024-05-01T10:00:02Z"], rejects: &["3 unreadable time"], note: "epoch seconds" } },
    Case { file: "b08-mixed-formats.csv", flags: &[], outcome: Refused("no column is surely the time") },
    Case { file: "b08-compact.csv", flags: &[], outcome: Loads { events: &EVENTS, rejects: &[], note: "read as UTC" } },
    Case { file: "b08-excel.csv", flags: &[], outcome: Refused("no epoch time that can be told apart") },
    Case { file: "b09-day-first.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-13T10:01:00Z", "u2 view 2024-05-02T00:00:00Z"], rejects: &[], note: "" } },
    Case { file: "b09-month-first.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-13T10:01:00Z", "u2 view 2024-05-02T00:00:00Z"], rejects: &[], note: "" } },
    Case { file: "b09-ambiguous.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 cart 2024-05-02T10:01:00Z", "u2 view 2024-05-03T00:00:00Z"], rejects: &[], note: "do not tell day from month" } },
    Case { file: "b10-offsets.csv", flags: &[], outcome: Loads { events: &["u1 a 2024-05-01T08:00:00Z", "u1 b 2024-05-01T08:00:01Z", "u1 c 2024-05-01T08:00:02Z", "u1 d 2024-05-01T08:00:03Z"], rejects: &[], note: "were read as UTC" } },
    Case { file: "b10-dst.csv", flags: &[], outcome: Loads { events: &["u1 a 2024-03-31T02:30:00Z", "u1 c 2024-06-01T00:00:00Z", "u1 b 2024-10-27T02:30:00Z"], rejects: &[], note: "were read as UTC" } },
    Case { file: "b10-dst.csv", flags: &["--tz", "Europe/Berlin"], outcome: Loads { events: &["u1 a 2024-03-31T01:30:00Z", "u1 c 2024-05-31T22:00:00Z", "u1 b 2024-10-27T00:30:00Z"], rejects: &[], note: "skips or repeats an hour in Europe/Berlin" } },
    Case { file: "b11-edges.csv", flags: &[], outcome: Refused("no column is surely the time") },
    Case { file: "b11-edges.csv", flags: &["--time", "timestamp"], outcome: Counts(9, &["3 unreadable time", "4 unreadable time", "6 unreadable time", "9 unreadable time", "10 unreadable time", "16 unreadable time", "17 unreadable time"]) },
    Case { file: "b12-ties.csv", flags: &[], outcome: Loads { events: &["u1 a 2024-05-01T09:00:00Z", "u1 c 2024-05-01T10:00:00Z", "u1 b 2024-05-01T10:00:00Z", "u1 d 2024-05-01T10:00:00Z"], rejects: &[], note: "" } },
    Case { file: "b13-duplicates.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z", "u1 view 2024-05-01T10:00:00Z", "u1 view 2024-05-01T10:00:00Z", "u1 view 2024-05-01T10:00:01Z"], rejects: &[], note: "--dedupe drops them" } },
    Case { file: "b13-one-event.csv", flags: &[], outcome: Loads { events: &["u1 view 2024-05-01T10:00:00Z"], rejects: &[], note: "" } },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/corpus")
}

#[test]
fn every_polluted_table_loads_right_or_says_what_is_wrong() {
    for Case { file, flags, outcome } in CASES {
        let seen = read(&folder().join(file), flags);
        match (outcome, seen) {
            (Loads { events, rejects, note }, Ok(seen)) => {
                assert_eq!(seen.events, *events, "{file}");
                assert_eq!(seen.rejects, *rejects, "{file}");
                assert!(seen.notes.join(" ").contains(note), "{file}: {:?}", seen.notes);
            }
            (Counts(n, rejects), Ok(seen)) => {
                assert_eq!(seen.events.len(), *n, "{file}: {:?}", seen.events);
                assert_eq!(seen.rejects, *rejects, "{file}");
            }
            (Refused(what), Err(line)) => assert!(line.contains(what), "{file}: {line}"),
            (Refused(_), Ok(seen)) => panic!("{file}: {seen:?}"),
            (_, Err(line)) => panic!("{file}: {line}"),
        }
    }
}

#[test]
fn every_file_is_held_to_something_and_every_row_of_the_table_has_one() {
    let entries = std::fs::read_dir(folder()).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let files: BTreeSet<String> = names.filter(|name| !name.starts_with('.')).collect();
    assert_eq!(files, CASES.iter().map(|case| case.file.to_owned()).collect());
    // Bombs, endless lines, damaged files and millions of rows are made by the other tests.
    let made = ["a15", "a16", "a17", "a18", "a19", "b14"];
    let rows = (1..=21).map(|n| format!("a{n:02}")).chain((1..=14).map(|n| format!("b{n:02}")));
    for row in rows.filter(|row| !made.contains(&row.as_str())) {
        assert!(files.iter().any(|file| file.starts_with(&row)), "no file for {row}");
    }
}

#[test]
fn ids_that_look_alike_stay_apart() {
    let seen = read(&folder().join("b01-ids.csv"), &[]).expect("a table");
    let ids: BTreeSet<&str> =
        seen.events.iter().map(|event| event.split(" view ").next().unwrap_or_default()).collect();
    // Two rows of one id differ in nothing, and one is written with a combining mark.
    assert_eq!(ids.len(), 16, "{ids:?}");
    assert!([" 7", "7", "7 ", "007"].iter().all(|id| ids.contains(id)), "{ids:?}");
}

#[test]
fn amounts_that_are_none_are_missing_and_counted() {
    let path = folder().join("b06-amounts.csv");
    let args = ["events", path.to_str().expect("UTF-8"), "--value", "amount", "--format", "json"];
    let done = crate::support::binary::run(&args);
    let document: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let rows = document["tables"][0]["rows"].as_array().expect("rows");
    let amounts: Vec<f64> = rows.iter().filter_map(|row| row["amount"].as_f64()).collect();
    assert_eq!((rows.len(), amounts), (10, vec![7.0, 1000.0]));
    assert!(done.err.contains("8 values of `amount` are no numbers and count as missing"), "{}", done.err);
}

#[test]
fn times_beyond_what_can_be_told_are_rejected_and_never_wrap() {
    let seen = read(&folder().join("b11-edges.csv"), &["--time", "timestamp"]).expect("a table");
    let times: Vec<&str> = seen.events.iter().filter_map(|event| event.rsplit(' ').next()).collect();
    for time in ["2024-02-29T00:00:00Z", "1969-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "2262-04-11T23:47:17Z"] {
        assert!(times.contains(&time), "{time}: {times:?}");
    }
    assert!(seen.rejects.iter().all(|reject| reject.ends_with("unreadable time")), "{:?}", seen.rejects);
    assert_eq!(seen.events.len() + seen.rejects.len(), 16);
}
