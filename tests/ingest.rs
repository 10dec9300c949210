//! Files as they come: whatever is in them, every row is accounted for, or one sentence says why there are none.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;
use trailmap::base::Ctl;
use trailmap::ingest::{self, LoadOptions, Loaded, Reason};

/// A folder for files made up on the spot.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(TempDir::new().expect("a temporary folder"))
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    fn open(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<Loaded, ingest::Error> {
        let path = self.file(name, bytes);
        open(&LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() })
    }
}

/// Opens, and holds every load to the law that nothing is lost silently.
#[track_caller]
fn open(options: &LoadOptions) -> Result<Loaded, ingest::Error> {
    let outcome = ingest::open(options, &Ctl::new());
    match &outcome {
        Ok(Loaded { store, report, .. }) => {
            let n_events = store.n_events() as u64;
            assert_eq!(report.rows, n_events + report.rejects.total() + report.duplicates_dropped, "{options:?}");
            assert_eq!(report.rows, report.files.iter().map(|file| file.rows).sum::<u64>(), "{options:?}");
            assert_eq!(
                report.rejects.total(),
                report.files.iter().map(|file| file.rejected).sum::<u64>(),
                "{options:?}"
            );
            assert_eq!(store.offsets.last().copied(), Some(n_events as u32));
        }
        Err(err) => {
            let message = err.to_string();
            assert!(!message.is_empty() && !message.chars().any(char::is_control), "not one safe line: {message:?}");
        }
    }
    outcome
}

/// The events as text, in journey order.
fn events(loaded: &Loaded) -> String {
    let store = &loaded.store;
    let mut text = String::new();
    for &customer in store.customers_in_text_order() {
        let id = trailmap::base::CustomerId(customer);
        write!(text, "{}:", store.customer_name(id)).expect("a string");
        for row in store.journey(id) {
            write!(text, " {}@{}", store.touchpoint_name(row), store.times[row] / 1_000_000).expect("a string");
        }
        text.push('\n');
    }
    text
}

const ROWS: &str =
    "user_id,event,timestamp\n7,view,2024-05-01T00:00:00Z\n7,cart,2024-05-01T00:01:00Z\n9,view,2024-05-02T00:00:00Z\n";
const SHOWN: &str = "7: view@1714521600 cart@1714521660\n9: view@1714608000\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[track_caller]
fn check_same(name: &str, bytes: impl AsRef<[u8]>) {
    let loaded = Folder::new().open(name, bytes).unwrap_or_else(|err| panic!("{name}: {err}"));
    assert_eq!(events(&loaded), SHOWN, "{name}");
    assert_eq!(loaded.report.rejects.total(), 0, "{name}: {:?}", loaded.report.rejects.kept);
}

#[test]
fn the_same_events_read_the_same_however_they_are_written() {
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(ROWS.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check_same("plain.csv", ROWS);
    check_same("no-last-newline.csv", ROWS.trim_end());
    check_same("crlf.csv", ROWS.replace('\n', "\r\n"));
    check_same("semicolons.csv", ROWS.replace(',', ";"));
    check_same("tabs.tsv", ROWS.replace(',', "\t"));
    check_same("tabs-named.csv", ROWS.replace(',', "\t"));
    check_same("bars.txt", ROWS.replace(',', "|"));
    check_same("bom.csv", format!("\u{FEFF}{ROWS}"));
    check_same("utf16.csv", utf16);
    check_same("quoted.csv", ROWS.replace("view", "\"view\"").replace("user_id", "\"user_id\""));
    check_same("named-separator.csv", format!("sep=,\n{ROWS}"));
    check_same("gzipped.csv.gz", gzip(ROWS.as_bytes()));
    check_same("gzipped-by-another-name.csv", gzip(ROWS.as_bytes()));
    let (head, tail) = ROWS.split_at(40);
    check_same("two-members.csv.gz", [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat());
}

#[test]
fn json_lines_read_like_rows() {
    let lines = r#"{"user_id":"7","event":"view","timestamp":"2024-05-01T00:00:00Z"}
{"timestamp":"2024-05-01T00:01:00Z","event":"cart","user_id":"7","late":1}
{"user_id":"9","event":"view","timestamp":"2024-05-02T00:00:00Z"}
"#;
    check_same("lines.ndjson", lines);
    check_same("lines.jsonl", lines);
    check_same("lines.json", lines);
    check_same("array.json", format!("[{}]", lines.trim_end().replace('\n', ",")));
}

#[test]
fn a_row_that_cannot_be_an_event_is_refused_alone_and_counted_by_its_reason() {
    let bad = [
        (",view,2024-05-01", Reason::NoCustomer),
        ("7,,2024-05-01", Reason::NoEvent),
        ("7,view,", Reason::NoTime),
        ("7,view,yesterday", Reason::BadTime),
        ("7,view,2024-02-30T00:00:00Z", Reason::BadTime),
        ("7,view,2024-05-01T00:00:00Z,more,and more", Reason::FieldCount),
        ("7,view", Reason::FieldCount),
        ("user_id,event,timestamp", Reason::RepeatedHeader),
    ];
    for (row, reason) in bad {
        let loaded =
            Folder::new().open("one-bad.csv", format!("{ROWS}{row}\n")).unwrap_or_else(|err| panic!("{row}: {err}"));
        assert_eq!(events(&loaded), SHOWN, "{row}");
        let counts: Vec<_> = loaded.report.rejects.counts.iter().filter(|(_, n)| **n > 0).collect();
        assert_eq!(counts, [(&reason, &1)], "{row}");
        let kept = &loaded.report.rejects.kept[0];
        assert_eq!((kept.line, kept.reason), (5, reason), "{row}");
    }
}

#[test]
fn a_bad_json_line_is_refused_alone() {
    let good = r#"{"user_id":"7","event":"view","timestamp":"2024-05-01T00:00:00Z"}"#;
    for bad in ["{", "{\"user_id\":}", "[1,2]", "null", "{\"user_id\":\"7\",\"event\":\"view\"", "text"] {
        let loaded = Folder::new()
            .open("lines.ndjson", format!("{good}\n{bad}\n{good}\n"))
            .unwrap_or_else(|err| panic!("{bad}: {err}"));
        assert_eq!((loaded.store.n_events(), loaded.report.rejects.total()), (2, 1), "{bad}");
        assert_eq!(loaded.report.rejects.kept[0].line, 2, "{bad}");
    }
}

#[test]
fn ids_stay_as_they_are_written() {
    let ids =
        ["007", "7", "1e5", "100000", "1.0", "1", "TRUE", "true", "NA", "9007199254740993", "18446744073709551616"];
    let mut text = "user_id,event,timestamp\n".to_owned();
    ids.iter().for_each(|id| writeln!(text, "{id},view,2024-05-01T00:00:00Z").expect("a string"));
    let loaded = Folder::new().open("ids.csv", text).expect("a load");
    assert_eq!(loaded.store.n_customers(), ids.len());
    assert!(ids.iter().all(|id| loaded.store.find_customer(id).is_some()));
}

#[test]
fn a_quoted_field_may_hold_anything() {
    let text = "user_id,event,timestamp,note\n7,\"a \"\"b\"\", c\",2024-05-01T00:00:00Z,\"three\nlines\r\nlong\"\n7,z,2024-05-01T00:00:01Z,\n";
    let loaded = Folder::new().open("quoted.csv", text).expect("a load");
    assert_eq!(events(&loaded), "7: a \"b\", c@1714521600 z@1714521601\n");
}

#[test]
fn a_stray_quote_costs_at_most_its_own_row() {
    let mut text = ROWS.to_owned();
    text.push_str("8,vi\"ew,2024-05-01T00:00:00Z\n");
    for i in 0..50 {
        writeln!(text, "c{i},view,2024-05-03T00:00:00Z").expect("a string");
    }
    let loaded = Folder::new().open("stray.csv", text).expect("a load");
    assert_eq!(loaded.report.rows, 54);
    assert!(loaded.store.n_events() >= 53);
}

#[track_caller]
fn check_refused(name: &str, bytes: impl AsRef<[u8]>, says: &str) {
    match Folder::new().open(name, bytes) {
        Ok(loaded) => panic!("{name} was read as {} events", loaded.store.n_events()),
        Err(err) => {
            let message = err.to_string();
            assert!(message.contains(says), "{message:?} does not say {says:?}");
        }
    }
}

#[test]
fn what_is_no_table_of_events_is_refused_by_name() {
    check_refused("empty.csv", "", "empty.csv");
    check_refused("empty.csv.gz", gzip(b""), "empty.csv.gz");
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x02\0\0\0\xd3\x10\x3f\x31";
    check_refused("picture.csv", png, "picture.csv");
    check_refused(
        "login.csv",
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n",
        "login.csv",
    );
    check_refused("manual.csv", b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n", "manual.csv");
    check_refused("broken.parquet", b"PAR1\0\0\0\0garbage\xff\xff\xff\x7fPAR1", "broken.parquet");
    check_refused("broken.arrow", b"ARROW1\0\0garbage", "broken.arrow");
}

#[test]
fn a_damaged_archive_is_never_read_in_part() {
    let mut long = ROWS.to_owned();
    for i in 0..5_000 {
        writeln!(long, "c{i},view,2024-05-03T00:00:{:02}Z", i % 60).expect("a string");
    }
    let whole = gzip(long.as_bytes());
    check_refused("cut.csv.gz", &whole[..whole.len() / 2], "cut.csv.gz");
    check_refused("cut-short.csv.gz", &whole[..whole.len() - 4], "cut-short.csv.gz");
    let mut wrong_sum = whole.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 0x40;
    check_refused("wrong-sum.csv.gz", wrong_sum, "wrong-sum.csv.gz");
}

#[test]
fn a_header_alone_is_no_reason_to_fall_over() {
    if let Ok(loaded) = Folder::new().open("header.csv", "user_id,event,timestamp\n") {
        assert_eq!((loaded.store.n_events(), loaded.store.n_customers()), (0, 0));
    }
}

#[test]
fn what_is_missing_is_named_with_the_way_out() {
    let folder = Folder::new();
    let path = folder.file("shop.csv", ROWS);
    let options = |change: fn(&mut LoadOptions)| {
        let mut options = LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() };
        change(&mut options);
        options
    };
    let says =
        |options: &LoadOptions| open(options).map(|loaded| loaded.report.rows).expect_err("an error").to_string();
    let unknown = says(&options(|options| options.customer = Some("userid".into())));
    assert!(unknown.contains("userid") && unknown.contains("user_id"), "{unknown}");
    let missing = says(&options(|options| options.sources = vec!["no/such/file.csv".into()]));
    assert!(missing.contains("no/such/file.csv"), "{missing}");
    let nothing = says(&options(|options| options.sources = vec!["no-such-*.csv".into()]));
    assert!(nothing.contains("no-such-*.csv"), "{nothing}");
}

#[cfg(unix)]
#[test]
fn a_hostile_file_name_is_made_safe_in_messages() {
    check_refused("a\u{1b}]0;gotcha\u{7}.csv", "", "gotcha");
    check_refused("line\nbreak.csv", "", "break.csv");
}

#[test]
fn no_header_is_refused_rather_than_eaten() {
    let rows = ROWS.split_once('\n').expect("a header").1;
    match Folder::new().open("headless.csv", rows) {
        Ok(loaded) => assert_eq!(loaded.store.n_events(), 3, "the first event is one too"),
        Err(err) => {
            let message = err.to_string();
            assert!(message.contains("headless.csv") || message.contains("--customer"), "{message}");
        }
    }
}

#[test]
fn several_files_with_different_columns_make_one_table() {
    let folder = Folder::new();
    folder.file("a.csv", ROWS);
    folder.file("b.csv", "timestamp;user_id;event;plan\n2024-05-01T00:00:30Z;7;search;gold\n");
    let sources = vec![folder.0.path().join("*.csv").to_string_lossy().into_owned()];
    let loaded = open(&LoadOptions { sources, ..LoadOptions::default() }).expect("a load");
    assert_eq!(events(&loaded), "7: view@1714521600 search@1714521630 cart@1714521660\n9: view@1714608000\n");
    assert_eq!(loaded.report.files.len(), 2);
    let plan = loaded.store.property_idx("plan").expect("a column");
    let row = loaded.store.journey(loaded.store.find_customer("7").expect("7")).start + 1;
    assert_eq!(loaded.store.properties[plan].text(row).as_deref(), Some("gold"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_events_or_rejected_whatever_is_between_the_commas(
        rows in prop::collection::vec(prop::sample::select(vec![
            ("c1,view,2024-05-01T00:00:00Z,x", true),
            ("c2,\"two, three\",2024-05-01 00:00:00,", true),
            ("NA,NULL,2024-05-01,1", true),
            ("c3,\"a\nb\",2024-05-01T00:00:00.5Z,\"\"\"\"", true),
            (",view,2024-05-01T00:00:00Z,x", false),
            ("c1,,2024-05-01T00:00:00Z,x", false),
            ("c1,view,,x", false),
            ("c1,view,never,x", false),
            ("c1,view,2024-05-01T00:00:00Z", false),
            ("c1,view,2024-05-01T00:00:00Z,x,y", false),
        ]), 0..40),
    ) {
        // A column in which most values are no times is refused as a whole, so the good rows are the most.
        let n_first = 50;
        let mut text = "user_id,event,timestamp,note\n".to_owned();
        (0..n_first).for_each(|_| text.push_str("c0,start,2024-05-01T00:00:00Z,first\n"));
        rows.iter().for_each(|(row, _)| { text.push_str(row); text.push('\n'); });
        let loaded = Folder::new().open("any.csv", text).expect("a load");
        let n_good = rows.iter().filter(|(_, is_good)| *is_good).count();
        prop_assert_eq!(loaded.store.n_events(), n_good + n_first);
        prop_assert_eq!(loaded.report.rejects.total() as usize, rows.len() - n_good);
    }

    #[test]
    fn no_bytes_at_all_make_a_reader_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..400), name in "[a-z]{1,8}\\.(csv|ndjson|json|parquet|arrow|csv\\.gz|zip)") {
        let _ = Folder::new().open(&name, bytes);
    }
}
