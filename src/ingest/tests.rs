//! Whole loads of small and hostile files.

mod laws;

use std::io::Write;
use std::path::Path;

use super::load::load;
use super::{Error, KeepRejects, LoadOptions, Loaded, rows};
use crate::base::Ctl;

const BLOCK: usize = 1 << 20;

fn options(sources: &[&Path]) -> LoadOptions {
    let sources = sources.iter().map(|path| path.to_str().expect("UTF-8").to_owned()).collect();
    LoadOptions { sources, keep_rejects: KeepRejects::All, ..LoadOptions::default() }
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

fn open_with(bytes: &[u8], block: usize, adjust: impl FnOnce(&mut LoadOptions)) -> Result<Loaded, Error> {
    let (_folder, path) = file("events.csv", bytes);
    let mut options = options(&[&path]);
    adjust(&mut options);
    load(&options, block, u64::MAX, &Ctl::new())
}

fn open(bytes: &[u8]) -> Result<Loaded, Error> {
    open_with(bytes, BLOCK, |_| {})
}

/// Every event: customer, event, time, and the properties that have a value.
fn events(loaded: &Loaded) -> Vec<String> {
    let store = &loaded.store;
    let mut events = Vec::new();
    for customer in (0..store.n_customers() as u32).map(crate::base::CustomerId) {
        for row in store.journey(customer) {
            let mut event = format!("{} {}", store.customer_name(customer), store.touchpoint_name(row));
            event += &format!(" {}", crate::base::Instant(store.times[row]));
            for property in store.properties.iter().filter(|property| property.name != "source") {
                if let Some(value) = property.text(row) {
                    event += &format!(" {}={value}", property.name);
                }
            }
            events.push(event);
        }
    }
    events
}

fn rejects(loaded: &Loaded) -> Vec<String> {
    loaded.report.rejects.kept.iter().map(|reject| format!("{} {}", reject.line, reject.reason.name())).collect()
}

fn is_conserved(loaded: &Loaded) -> bool {
    let report = &loaded.report;
    let of_files: u64 = report.files.iter().map(|file| file.rows).sum();
    report.rows == loaded.store.n_events() as u64 + report.rejects.total() + report.duplicates_dropped
        && of_files == report.rows
        && report.rejects.kept.len() as u64 == report.rejects.total()
}

#[track_caller]
fn check(bytes: &[u8], expect_events: &[&str], expect_rejects: &[&str]) {
    let loaded = open(bytes).expect("a table");
    assert_eq!(events(&loaded), expect_events);
    assert_eq!(rejects(&loaded), expect_rejects);
    assert!(is_conserved(&loaded));
}

#[track_caller]
fn check_refused(bytes: &[u8], expect: &str) {
    let error = open(bytes).expect_err("no table").to_string();
    assert!(error.contains(expect), "{error}");
}

const CLEAN: &str =
    "user_id,event,timestamp,channel\nu1,cart,2024-01-01 10:00:00,web\nu2,view,2024-01-01 11:00:00,app\n";
const CLEAN_EVENTS: [&str; 2] =
    ["u1 cart 2024-01-01T10:00:00Z channel=web", "u2 view 2024-01-01T11:00:00Z channel=app"];

#[test]
fn one_table_is_read_whatever_its_dialect() {
    check(CLEAN.as_bytes(), &CLEAN_EVENTS, &[]);
    check(CLEAN.replace('\n', "\r\n").as_bytes(), &CLEAN_EVENTS, &[]);
    check(CLEAN.replace('\n', "\r").as_bytes(), &CLEAN_EVENTS, &[]);
    check(CLEAN.trim_end().as_bytes(), &CLEAN_EVENTS, &[]);
    for delimiter in ["\t", ";", "|", "\u{1}", ", "] {
        check(CLEAN.replace(',', delimiter).as_bytes(), &CLEAN_EVENTS, &[]);
    }
    let quoted = |quote: &str| {
        let line = |line: &str| line.split(',').map(|f| format!("{quote}{f}{quote}")).collect::<Vec<_>>().join(",");
        CLEAN.lines().map(line).collect::<Vec<_>>().join("\n")
    };
    check(quoted("\"").as_bytes(), &CLEAN_EVENTS, &[]);
    check(quoted("'").as_bytes(), &CLEAN_EVENTS, &[]);
    check(format!("\u{FEFF}{CLEAN}").as_bytes(), &CLEAN_EVENTS, &[]);
    check(format!("\u{FEFF}\u{FEFF}{CLEAN}").as_bytes(), &CLEAN_EVENTS, &[]);
    check(format!("sep=;\r\n{}", CLEAN.replace(',', ";")).as_bytes(), &CLEAN_EVENTS, &[]);
    let utf16: Vec<u8> = format!("\u{FEFF}{CLEAN}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf16, &CLEAN_EVENTS, &[]);
}

#[test]
fn the_real_header_is_found_below_a_preamble() {
    check(format!("# exported on 2024-02-01\n# by a tool, version 2\n{CLEAN}").as_bytes(), &CLEAN_EVENTS, &[]);
    check(format!("Monthly report\n\nCreated 2024-02-01,,,\n{CLEAN}").as_bytes(), &CLEAN_EVENTS, &[]);
    check(format!("#{CLEAN}").as_bytes(), &CLEAN_EVENTS, &[]);
    let totals = format!("{CLEAN}Total,,,2\n(c) the tool\n");
    check(totals.as_bytes(), &CLEAN_EVENTS, &["4 no event name", "5 wrong number of fields"]);
    let again = format!("{CLEAN}{CLEAN}");
    let loaded = open(again.as_bytes()).expect("a table");
    assert_eq!((loaded.store.n_events(), rejects(&loaded)), (4, vec!["4 repeated header".to_owned()]));
}

#[test]
fn other_encodings_keep_ids_apart() {
    let (gb, _, _) =
        encoding_rs::GB18030.encode("用户ID,event,timestamp\n张三,加入购物车,2024-01-01\n李四,提交订单,2024-01-02\n");
    let loaded = open_with(&gb, BLOCK, |options| options.customer = Some("用户ID".into())).expect("a table");
    assert_eq!(events(&loaded)[0], "张三 加入购物车 2024-01-01T00:00:00Z");
    assert!(loaded.report.notes.iter().any(|note| note.contains("gb18030")), "{:?}", loaded.report.notes);
    let latin = b"user_id,event,timestamp\nJos\xE9,a,2024-01-01\nJos\xE8,b,2024-01-01\n";
    assert_eq!(events(&open(latin).expect("a table")).len(), 2);
    // Two ids that are no UTF-8 must not become one; they are refused instead.
    let broken = b"user_id,event,timestamp\nJos\xE9,a,2024-01-01\nJos\xE8,b,2024-01-01\nu,\xC3\xA9,2024-01-01\n";
    let loaded = open_with(broken, BLOCK, |options| options.encoding = Some("utf-8".into())).expect("a table");
    assert_eq!(rejects(&loaded), ["2 not readable text", "3 not readable text"]);
}

#[test]
fn what_is_no_table_is_refused_by_name() {
    check_refused(b"", "is empty");
    check_refused(b" \n\n", "is empty");
    check_refused(b"<!DOCTYPE html><html>login</html>", "web page");
    check_refused(b"\x89PNG\r\n\x1A\n\0\0\0", "PNG");
    check_refused(b"%PDF-1.7\n", "PDF");
    check_refused(b"Dear all,\nplease find the numbers below.\nBest,\nSam\n", "");
    check_refused(b"u1,cart,2024-01-01\nu2,view,2024-01-02\n", "has no header: line 1 looks like data");
    check_refused(
        b"user_id,event\nu1,cart,2024-01-01\nu2,view,2024-01-02\n",
        "names 2 columns in line 1, but its rows have 3",
    );
    check_refused(b"user_id,event,timestamp,x\nu1,cart,2024-01-01\nu2,view,2024-01-02\n", "names 4 columns in line 1");
    check_refused(&[&b"user_id"[..], &[0u8; 4000]].concat(), "binary");
}

#[test]
fn a_header_alone_is_no_events_and_a_note() {
    let loaded = open(b"user_id,event,timestamp\n").expect("a table");
    assert_eq!((loaded.store.n_events(), loaded.report.rows), (0, 0));
    assert!(loaded.report.notes.iter().any(|note| note.ends_with("holds a header and no rows.")));
}

#[test]
fn bad_rows_cost_themselves_alone() {
    check(
        b"user_id,event,timestamp,note\n\
          u1,a,2024-01-01,x\n\
          u2,b,2024-01-01\n\
          u3,c,2024-01-01,x,y\n\
          ,d,2024-01-01,x\n\
          \\N,d,2024-01-01,x\n\
          NULL,d,2024-01-01,x\n\
          NA,d,2024-01-01,x\n\
          u4,,2024-01-01,x\n\
          u4,null,2024-01-01,x\n\
          u5,e,,x\n\
          u6,f,yesterday,x\n\
          u7,g\0,2024-01-01,x\n\
          u8,\"h\"h,2024-01-01,x\n\
          u9,i,2024-01-01,\"x\ny\"\n\
          u10,\"j,2024-01-01,x\n\
          u11,k,2024-01-01,x\n",
        &[
            "u1 a 2024-01-01T00:00:00Z note=x",
            "NA d 2024-01-01T00:00:00Z note=x",
            "u4 null 2024-01-01T00:00:00Z note=x",
            "u9 i 2024-01-01T00:00:00Z note=x\ny",
            "u11 k 2024-01-01T00:00:00Z note=x",
        ],
        &[
            "3 wrong number of fields",
            "4 wrong number of fields",
            "5 no customer",
            "6 no customer",
            "7 no customer",
            "9 no event name",
            "11 no time",
            "12 unreadable time",
            "13 not readable text",
            "14 broken quote",
            "17 broken quote",
        ],
    );
}

#[test]
fn ids_are_kept_to_the_byte() {
    let loaded = open(b"user_id,event,timestamp,order\n007,a,2024-01-01,007\n7,a,2024-01-01,7\n 7,a,2024-01-01,1e5\n1e5,a,2024-01-01,\n")
        .expect("a table");
    assert_eq!(loaded.store.customers.iter().collect::<Vec<_>>(), ["007", "7", " 7", "1e5"]);
}

#[test]
fn names_of_columns_become_unique() {
    let loaded = open(b"user_id,event,timestamp,x,x,\nu,e,2024-01-01,1,2,3\n").expect("a table");
    assert_eq!(events(&loaded), ["u e 2024-01-01T00:00:00Z x=1 x_2=2 column_6=3"]);
    assert_eq!(loaded.report.notes.iter().filter(|note| note.contains("x_2") || note.contains("column_6")).count(), 2);
}

#[test]
fn amounts_that_are_no_numbers_are_missing_and_counted() {
    let text =
        b"user_id,event,timestamp,value\nu,e,2024-01-01,1.5\nu,e,2024-01-02,$3\nu,e,2024-01-03,NaN\nu,e,2024-01-04,\n";
    let loaded = open_with(text, BLOCK, |options| options.value = Some("value".into())).expect("a table");
    assert_eq!(events(&loaded).iter().filter(|event| event.contains("value=")).count(), 1);
    assert!(loaded.report.notes.iter().any(|note| note == "2 values of `value` are no numbers and count as missing."));
}

#[test]
fn duplicates_are_dropped_only_when_asked() {
    let text = b"user_id,event,timestamp\nu,e,2024-01-01\nu,e,2024-01-01\nu,f,2024-01-01\n";
    let loaded = open(text).expect("a table");
    assert_eq!((loaded.store.n_events(), loaded.report.duplicates_dropped), (3, 0));
    let loaded = open_with(text, BLOCK, |options| options.dedupe = true).expect("a table");
    assert_eq!((loaded.store.n_events(), loaded.report.duplicates_dropped), (2, 1));
    assert!(is_conserved(&loaded));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).and_then(|()| out.finish()).expect("memory")
}

#[test]
fn packed_files_are_read_whole_or_not_at_all() {
    check(&gzip(CLEAN.as_bytes()), &CLEAN_EVENTS, &[]);
    let (first, second) = CLEAN.split_at(70);
    check(&[gzip(first.as_bytes()), gzip(second.as_bytes())].concat(), &CLEAN_EVENTS, &[]);
    check(&zstd::encode_all(CLEAN.as_bytes(), 1).expect("memory"), &CLEAN_EVENTS, &[]);
    check_refused(&gzip(b""), "is empty");

    let long = CLEAN.to_owned() + &"u3,view,2024-01-01 11:00:00,app\n".repeat(100_000);
    for whole in [gzip(long.as_bytes()), zstd::encode_all(long.as_bytes(), 1).expect("memory")] {
        assert_eq!(open(&whole).expect("a table").store.n_events(), 100_002);
        for cut in [whole.len() / 2, whole.len() - 3] {
            check_refused(&whole[..cut], "damaged or cut off");
        }
    }
    let mut wrong = gzip(long.as_bytes());
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    check_refused(&wrong, "damaged or cut off");
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

#[test]
fn every_table_in_a_zip_is_a_source() {
    let more = b"user_id,event,timestamp,plan\nu1,pay,2024-01-02,pro\n";
    let zip =
        zip_of(&[("a/one.csv", CLEAN.as_bytes()), ("two.csv.gz", &gzip(more)), ("readme.md", b"x"), (".hidden", b"y")]);
    let loaded = open(&zip).expect("tables");
    assert_eq!(events(&loaded), [CLEAN_EVENTS[0], "u1 pay 2024-01-02T00:00:00Z plan=pro", CLEAN_EVENTS[1]]);
    let files = &loaded.report.files;
    assert!(files[0].file.ends_with("events.csv/a/one.csv") && files[1].format == "csv.gz");
    assert_eq!((files[0].events, files[0].customers, files[1].events, files[1].customers), (2, 2, 1, 1));
    let source = loaded.store.property_idx("source").expect("a source column");
    assert_eq!(loaded.store.properties[source].text(1).as_deref(), Some(files[1].file.as_str()));
    check_refused(&zip[..zip.len() - 10], "not a whole zip");
}

#[test]
fn folders_globs_and_lists_of_files_are_one_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("b.csv"), CLEAN).expect("a file");
    std::fs::write(at("a[1].csv"), "id,action,timestamp,medium\nx,y,2024-01-01,tv\n").expect("a file");
    std::fs::write(at("notes.txt"), "no table\n").expect("a file");
    std::fs::write(at("image.png"), "PNG").expect("a file");
    std::fs::write(at(".hidden.csv"), "x").expect("a file");
    let names = |loaded: &Loaded| -> Vec<String> {
        let name = |file: &str| Path::new(file).file_name().expect("a name").to_string_lossy().into_owned();
        loaded.report.files.iter().map(|file| name(&file.file)).collect()
    };
    let mut both = options(&[&at("b.csv")]);
    assert_eq!(names(&load(&both, BLOCK, u64::MAX, &Ctl::new()).expect("a table")), ["b.csv"]);
    // A file that is there is no pattern.
    both = options(&[&at("a[1].csv")]);
    both.event = Some("action".into());
    assert_eq!(names(&load(&both, BLOCK, u64::MAX, &Ctl::new()).expect("a table")), ["a[1].csv"]);
    assert_eq!(names(&load(&options(&[&at("b*.csv")]), BLOCK, u64::MAX, &Ctl::new()).expect("a table")), ["b.csv"]);
    std::fs::write(at("a[1].csv"), CLEAN.replace("channel", "plan")).expect("a file");
    let loaded = load(&options(&[folder.path()]), BLOCK, u64::MAX, &Ctl::new()).expect("tables");
    assert_eq!(names(&loaded), ["a[1].csv", "b.csv"]);
    assert_eq!(
        loaded.report.notes.iter().filter(|note| note.contains("eft out")).count(),
        2,
        "{:?}",
        loaded.report.notes
    );
    assert_eq!((loaded.report.rows, loaded.store.n_duplicates), (4, 0));
    let missing = load(&options(&[&at("c*.csv")]), BLOCK, u64::MAX, &Ctl::new()).expect_err("none");
    assert!(missing.to_string().ends_with("matches no file"), "{missing}");
    let address = LoadOptions { sources: vec!["s3://bucket/x.csv".into()], ..LoadOptions::default() };
    assert!(load(&address, BLOCK, u64::MAX, &Ctl::new()).expect_err("none").to_string().contains("network"));
}

#[test]
fn json_is_read_in_all_its_shapes() {
    let one =
        r#"{"user_id":"u1","event":"cart","timestamp":"2024-01-01T10:00:00Z","ctx":{"a":{"b":1}},"tags":["x","y"]}"#;
    let two =
        r#"{"timestamp":"2024-01-01T11:00:00Z","user_id":7,"event":"vi\u0065w","price":1.50,"gone":null,"ok":true}"#;
    let expect =
        [r#"u1 cart 2024-01-01T10:00:00Z ctx.a.b=1 tags=["x","y"]"#, "7 view 2024-01-01T11:00:00Z price=1.5 ok=true"];
    check(format!("{one}\n{two}\n").as_bytes(), &expect, &[]);
    check(format!("{one}\r\n\r\n{two}").as_bytes(), &expect, &[]);
    check(format!("[{one},{two}]").as_bytes(), &expect, &[]);
    check(format!("[\n{one},\n{two}\n]\n").as_bytes(), &expect, &[]);
    check(format!("{{\"ok\":true,\"data\":[{one},{two}],\"n\":{{\"of\":[2]}}}}").as_bytes(), &expect, &[]);
    let pretty = |text: &str| text.replace("\",\"", "\",\n  \"").replacen('{', "{\n  ", 1);
    let spread = [
        r#"u1 cart 2024-01-01T10:00:00Z ctx.a.b=1 tags=["x",
  "y"]"#,
        expect[1],
    ];
    check(format!("[{},{}]", pretty(one), pretty(two)).as_bytes(), &spread, &[]);
    check(format!("{}\n{}", pretty(one), pretty(two)).as_bytes(), &spread, &[]);
}

#[test]
fn bad_json_costs_one_record() {
    let good = |n: u32| format!("{{\"user_id\":\"u{n}\",\"event\":\"e\",\"timestamp\":\"2024-01-01\"}}");
    let deep = format!("{{\"user_id\":\"u\",\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let lines = [
        good(1),
        "{\"user_id\":\"u\",".into(),
        "nonsense".into(),
        "[1,2]".into(),
        "{\"user_id\":\"\\ud800\",\"event\":\"e\",\"timestamp\":\"2024-01-01\"}".into(),
        deep,
        "{\"event\":\"e\",\"timestamp\":\"2024-01-01\"}".into(),
        good(2).replace("\"e\"", "\"a\",\"event\":\"b\""),
        good(3) + "}",
    ];
    let loaded = open(lines.join("\n").as_bytes()).expect("a table");
    assert_eq!(events(&loaded), ["u1 e 2024-01-01T00:00:00Z", "u2 b 2024-01-01T00:00:00Z"]);
    let expect = ["2 not a JSON object", "3 not a JSON object", "4 not a JSON object", "5 not a JSON object"];
    assert_eq!(rejects(&loaded)[..4], expect);
    assert_eq!(rejects(&loaded).len(), 7);
    assert!(is_conserved(&loaded));
    // The same in an array: what is broken ends with its line.
    let array = format!("[\n{},\n{},\n{}\n]", good(1), &good(2)[..20], good(3));
    let loaded = open(array.as_bytes()).expect("a table");
    assert_eq!((loaded.store.n_events(), rejects(&loaded)), (2, vec!["3 not a JSON object".to_owned()]));
}

#[test]
fn keys_that_appear_late_become_columns() {
    let line = |n: usize, more: &str| {
        format!("{{\"user_id\":\"u\",\"event\":\"e\",\"timestamp\":\"2024-01-01T00:00:{:02}\"{more}}}\n", n % 60)
    };
    let mut text: String = (0..20_000).map(|n| line(n, "")).collect();
    text += &line(0, ",\"late\":1");
    text += &line(0, ",\"later\":\"x\",\"late\":2");
    for block in [1000, BLOCK] {
        let loaded = open_with(text.as_bytes(), block, |_| {}).expect("a table");
        let names: Vec<&str> = loaded.store.properties.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["late", "later"]);
        assert_eq!(loaded.store.properties[0].n_nulls(), 20_000);
    }
}

#[test]
fn a_stopped_load_says_so() {
    let (_folder, path) = file("a.csv", CLEAN.as_bytes());
    let ctl = Ctl::new();
    ctl.cancel();
    assert!(matches!(load(&options(&[&path]), BLOCK, u64::MAX, &ctl), Err(Error::Cancelled(_))));
}

#[test]
fn a_look_at_the_rows_gives_no_roles() {
    let (_folder, path) = file("a.csv", b"a,b\nx,\n\"y\nz\",w\n");
    let seen = rows(&options(&[&path]), None, &Ctl::new()).expect("a table");
    assert_eq!(seen.columns, ["a", "b"]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen.rows, [vec![text("x"), None], vec![text("y\nz"), text("w")]]);
    assert_eq!(rows(&options(&[&path]), Some(1), &Ctl::new()).expect("a table").rows.len(), 1);
    let (_folder, other) = file("b.json", b"{\"b\":1}\n{\"c\":{\"d\":null}}\n");
    let both = rows(&options(&[&path, &other]), None, &Ctl::new()).expect("tables");
    assert_eq!((both.columns.join(" "), both.rows.len()), ("a b c.d source".to_owned(), 4));
    assert_eq!(both.rows[2][..2], [None, text("1")]);
}

/// Logs beside the project: name, customer, event and time column, and how many rows, customers and names they hold.
const REAL: [(&str, [&str; 3], [usize; 3]); 6] = [
    ("simple_shop/events.csv", ["user_id", "event", "timestamp"], [32_283, 3751, 12]),
    ("cdnow/events.csv", ["customer_id", "event", "date"], [69_659, 23_570, 1]),
    ("sepsis/events.csv.gz", ["case_id", "activity", "timestamp"], [15_214, 1050, 16]),
    ("channel_paths/touchpoints.csv.gz", ["journey_id", "event", "timestamp"], [466_596, 88_387, 14]),
    ("helpdesk/events.csv.gz", ["case_id", "activity", "timestamp"], [21_348, 4580, 14]),
    ("demo/hotel.csv", ["customer_id", "event", "ts"], [14_831, 1760, 5]),
];

#[test]
fn real_logs_are_read_without_loss() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data"));
    for (name, [customer, event, time], [rows, customers, names]) in REAL {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let mut options = options(&[&path]);
        (options.customer, options.event) = (Some(customer.to_owned()), Some(event.to_owned()));
        options.time = Some(time.to_owned());
        let loaded = load(&options, super::blocks::BLOCK, u64::MAX, &Ctl::new()).expect(name);
        let store = &loaded.store;
        let found = [loaded.report.rows as usize, store.n_customers(), store.touchpoints.len()];
        assert_eq!((found, loaded.report.rejects.total()), ([rows, customers, names], 0), "{name}");
    }
}

#[test]
fn days_and_months_are_told_apart_by_what_stands_further_down() {
    use std::fmt::Write;
    let mut text = String::from("user_id,event,timestamp\n");
    for i in 0..120_000 {
        let _ = writeln!(text, "u{},e,2024-03-{:02} 10:00:00", i % 7, 1 + i / 4000);
    }
    let (_folder, path) = file("a.csv", text.as_bytes());
    let (inputs, _) = super::source::expand(&options(&[&path]).sources, &Ctl::new()).expect("a file");
    let sniffed = super::sniff::sniff(&inputs[0], &options(&[&path]), &Ctl::new()).expect("a table");
    let times = super::sniff::values_further_down(&inputs[0], &sniffed, 2);
    assert!(times.iter().any(|time| time.starts_with("2024-03-30")) && times.iter().all(|time| time.len() == 19));
}
