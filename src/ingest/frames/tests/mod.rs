//! The same table out of Parquet, an Arrow file and an Arrow stream.

mod any;
mod ids;
mod pairs;
mod whole;

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::base::{Ctl, Instant, Zone};
use crate::ingest::plan::{ColumnPlan, Parsed};
use crate::ingest::report::Rejects;
use crate::ingest::times::TimeReader;
use crate::ingest::{Error, KeepRejects, ipc, parquet};
use crate::journey::BatchValues;

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Files { dir: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the table in all three forms, in small pieces, and returns their paths.
    fn write(&self, frame: &mut DataFrame, rows_at_once: usize) -> [PathBuf; 3] {
        self.write_compressed(frame, rows_at_once, true)
    }

    fn write_compressed(&self, frame: &mut DataFrame, rows_at_once: usize, is_compressed: bool) -> [PathBuf; 3] {
        let [parquet, file, stream] = ["t.parquet", "t.arrow", "t.arrows"].map(|name| self.path(name));
        let out = File::create(&parquet).expect("a file");
        ParquetWriter::new(out)
            .with_row_group_size(Some(rows_at_once))
            .with_compression(if is_compressed {
                ParquetCompression::default()
            } else {
                ParquetCompression::Uncompressed
            })
            .finish(frame)
            .expect("parquet");
        std::fs::write(&file, arrow_file(frame, is_compressed)).expect("a file");
        std::fs::write(&stream, arrow_stream(frame, rows_at_once, is_compressed)).expect("a file");
        [parquet, file, stream]
    }
}

fn arrow_file(frame: &mut DataFrame, is_compressed: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes)
        .with_compression(is_compressed.then_some(IpcCompression::LZ4))
        .finish(frame)
        .expect("ipc");
    bytes
}

/// A stream in small batches: the messages of many small files, without their magic, footers and all schemas but one.
fn arrow_stream(frame: &DataFrame, rows_at_once: usize, is_compressed: bool) -> Vec<u8> {
    let mut stream = Vec::new();
    for start in (0..frame.height().max(1)).step_by(rows_at_once) {
        let file = arrow_file(&mut frame.slice(start as i64, rows_at_once), is_compressed);
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
        let end = file.len() - 10 - number(file.len() - 10) - 8;
        assert_eq!(number(end), u32::MAX as usize, "the end of the messages");
        let after_schema = 8 + 8 + number(12);
        stream.extend(&file[if start == 0 { 8 } else { after_schema }..end]);
    }
    stream.extend([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
    stream
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

fn sample(path: &Path) -> Result<crate::ingest::plan::Sample, String> {
    if is_parquet(path) { parquet::sample(path, 1000) } else { ipc::sample(path, 1000) }
}

/// Customer, event and time are the columns `c`, `e` and `t`; all others are properties.
fn plan(path: &Path, zone: &Zone) -> Result<ColumnPlan, String> {
    let (names, columns) = sample(path)?;
    let at = |name: &str| names.iter().position(|n| n == name).ok_or(format!("no {name}"));
    let (customer, event, time) = (at("c")?, at("e")?, at("t")?);
    let texts: Vec<&str> = columns[time].iter().flatten().map(String::as_str).collect();
    Ok(ColumnPlan {
        terms: Default::default(),
        ids: None,
        more_events: Vec::new(),
        dates: Vec::new(),
        amount: None,
        customer,
        event,
        time,
        time_reader: TimeReader::detect(&texts, None, zone)?,
        properties: (0..names.len()).filter(|i| ![customer, event, time].contains(i)).collect(),
        names,
        file: 0,
        keep_rejects: KeepRejects::All,
    })
}

fn read(path: &Path, plan: &ColumnPlan) -> Result<Vec<Parsed>, Error> {
    let mut all = Vec::new();
    let mut sink = |parsed: Parsed| {
        all.push(parsed);
        Ok(())
    };
    match is_parquet(path) {
        true => parquet::read(path, plan, &Ctl::new(), &mut sink)?,
        false => ipc::read(path, plan, &Ctl::new(), &mut sink)?,
    }
    Ok(all)
}

/// All events as `customer event time | property | …`, missing values as `-`.
fn events(parsed: &[Parsed]) -> Vec<String> {
    let mut rows = Vec::new();
    for block in parsed {
        let columns: Vec<_> = block.batch.columns.iter().map(|column| column.clone().into_text()).collect();
        assert_eq!(block.rows, block.batch.len() as u64 + block.rejects.total());
        for row in 0..block.batch.len() {
            let (customers, events) = (&block.batch.customers, &block.batch.touchpoints);
            let mut text = format!(
                "{} {} {}",
                customers.names.name(customers.codes[row]),
                events.names.name(events.codes[row]),
                Instant(block.batch.times[row])
            );
            for column in &columns {
                assert_eq!(column.codes.len(), block.batch.len());
                let code = column.codes[row];
                text.push_str(" | ");
                text.push_str(if code == 0 { "-" } else { column.names.name(code - 1) });
            }
            rows.push(text);
        }
    }
    rows
}

fn rejects(parsed: Vec<Parsed>) -> Vec<String> {
    let mut all = Rejects::default();
    parsed.into_iter().for_each(|block| all.append(block.rejects, KeepRejects::All));
    all.kept
        .iter()
        .map(|r| format!("{} {} {} [{}]", r.line, r.reason.name(), r.column.as_deref().unwrap_or("-"), r.text))
        .collect()
}

#[track_caller]
fn check(frame: &mut DataFrame, expect: &[&str]) {
    check_in(&Zone::utc(), frame, expect, &[]);
}

#[track_caller]
fn check_in(zone: &Zone, frame: &mut DataFrame, expect: &[&str], expect_rejects: &[&str]) {
    let files = Files::new();
    for path in files.write(frame, 2) {
        let plan = plan(&path, zone).expect("a plan");
        let parsed = read(&path, &plan).expect("readable");
        assert_eq!(events(&parsed), expect, "{path:?}");
        assert_eq!(rejects(parsed), expect_rejects, "{path:?}");
    }
}

fn frame(columns: Vec<Series>) -> DataFrame {
    DataFrame::new_infer_height(columns.into_iter().map(IntoColumn::into_column).collect()).expect("a table")
}

fn s<T, P: AsRef<T>>(name: &str, values: P) -> Series
where
    T: ?Sized,
    Series: NamedFrom<P, T>,
{
    Series::new(name.into(), values)
}

/// Customer, event and time of `n` rows, in the order `c`, `e`, `t`.
fn keys(n: usize) -> Vec<Series> {
    let day = |i: usize| format!("2024-05-{:02}", i + 1);
    vec![
        s("c", (0..n).map(|i| format!("C{}", i % 2)).collect::<Vec<_>>()),
        s("e", vec!["a"; n]),
        s("t", (0..n).map(day).collect::<Vec<_>>()),
    ]
}

fn with(n: usize, more: impl IntoIterator<Item = Series>) -> DataFrame {
    frame(keys(n).into_iter().chain(more).collect())
}

#[test]
fn texts_and_numbers_arrive_as_they_are() {
    let long = "a text that is longer than twelve bytes";
    check(
        &mut with(
            4,
            [
                s("text", [Some("007"), None, Some(long), Some("")]),
                s("int", [Some(1i64), None, Some(-3), Some(9_007_199_254_740_993)]),
                s("small", [Some(1i8), None, Some(-3), Some(4)]),
                s("big", [Some(1u64), None, Some(u64::MAX), Some(4)]),
                s("float", [Some(1.5f64), None, Some(f64::NAN), Some(f64::INFINITY)]),
                s("single", [Some(0.1f32), None, Some(12.34), Some(1e-20)]),
                s("yes", [Some(true), None, Some(false), Some(true)]),
                Series::new_null("none".into(), 4),
            ],
        ),
        &[
            "C0 a 2024-05-01T00:00:00Z | 007 | 1 | 1 | 1 | 1.5 | 0.1 | true | -",
            "C1 a 2024-05-02T00:00:00Z | - | - | - | - | - | - | - | -",
            "C0 a 2024-05-03T00:00:00Z | a text that is longer than twelve bytes | -3 | -3 | 18446744073709551615 | - | 12.34 | false | -",
            "C1 a 2024-05-04T00:00:00Z | - | 9007199254740993 | 4 | 4 | - | 0.00000000000000000001 | true | -",
        ],
    );
}

#[test]
fn kinds_of_columns_are_kept_where_a_batch_knows_them() {
    let files = Files::new();
    let mut table = with(2, [s("int", [1i32, 2]), s("float", [1.5f32, 2.0]), s("text", ["1", "2"])]);
    for path in files.write(&mut table, 9) {
        let parsed = read(&path, &plan(&path, &Zone::utc()).expect("a plan")).expect("readable");
        let kinds: Vec<&str> = parsed[0]
            .batch
            .columns
            .iter()
            .map(|column| match column {
                BatchValues::Int(_) => "int",
                BatchValues::Float(_) => "float",
                BatchValues::Text(_) => "text",
                _ => "other",
            })
            .collect();
        assert_eq!(kinds, ["int", "float", "text"]);
    }
}

#[test]
fn times_and_what_is_built_of_them() {
    let micros = 1_714_557_600_000_000i64;
    let datetime = |unit, zone: Option<TimeZone>, value: i64| {
        s("x", [Some(value), None]).i64().expect("numbers").clone().into_datetime(unit, zone).into_series()
    };
    let utc = TimeZone::opt_try_new(Some("UTC")).expect("a zone");
    check(
        &mut with(
            2,
            [
                datetime(TimeUnit::Microseconds, None, micros).with_name("naive".into()),
                datetime(TimeUnit::Milliseconds, utc, micros / 1000).with_name("utc".into()),
                datetime(TimeUnit::Nanoseconds, None, micros * 1000 + 999).with_name("nanos".into()),
                s("x", [Some(19_844i32), None]).cast(&DataType::Date).expect("a date").with_name("date".into()),
                s("x", [Some(3_723_000_500_000i64), None])
                    .cast(&DataType::Time)
                    .expect("a time")
                    .with_name("time".into()),
                s("x", [Some(90_500i64), None])
                    .cast(&DataType::Duration(TimeUnit::Milliseconds))
                    .expect("a length")
                    .with_name("length".into()),
            ],
        ),
        &[
            "C0 a 2024-05-01T00:00:00Z | 2024-05-01T10:00:00Z | 2024-05-01T10:00:00Z | 2024-05-01T10:00:00Z | 2024-05-01 | 01:02:03.0005 | 90.5",
            "C1 a 2024-05-02T00:00:00Z | - | - | - | - | - | -",
        ],
    );
}

#[test]
fn a_time_column_of_any_type_gives_the_same_instants() {
    let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
    let micros = 1_714_557_600_000_000i64;
    let naive = |unit| DataType::Datetime(unit, None);
    let at = |time: Series, expect: &str| {
        let mut columns = keys(1);
        columns[2] = time.with_name("t".into());
        check_in(&berlin, &mut frame(columns), &[&format!("C0 a {expect}")], &[]);
    };
    at(s("t", [micros]).cast(&naive(TimeUnit::Microseconds)).expect("a time"), "2024-05-01T08:00:00Z");
    let utc = TimeZone::opt_try_new(Some("UTC")).expect("a zone");
    at(
        s("t", [micros / 1000])
            .i64()
            .expect("numbers")
            .clone()
            .into_datetime(TimeUnit::Milliseconds, utc)
            .into_series(),
        "2024-05-01T10:00:00Z",
    );
    at(s("t", [19_844i32]).cast(&DataType::Date).expect("a date"), "2024-04-30T22:00:00Z");
    at(s("t", ["2024-05-01 10:00:00"]), "2024-05-01T08:00:00Z");
    at(s("t", [micros / 1_000_000]), "2024-05-01T10:00:00Z");
    at(s("t", [20_240_501i32]), "2024-04-30T22:00:00Z");
    at(s("t", [1_714_557_600.25f64]), "2024-05-01T10:00:00.25Z");
}

#[test]
fn ids_of_any_type_become_exact_texts() {
    let with_id = |id: Series| {
        let mut columns = keys(2);
        columns[0] = id.with_name("c".into());
        frame(columns)
    };
    let rest = ["a 2024-05-01T00:00:00Z", "a 2024-05-02T00:00:00Z"];
    for (id, expect) in [
        (s("c", [9_007_199_254_740_993i64, -7]), ["9007199254740993", "-7"]),
        (s("c", [u64::MAX, 7]), ["18446744073709551615", "7"]),
        (s("c", [12.0f64, 7.5]), ["12", "7.5"]),
        (s("c", [true, false]), ["true", "false"]),
        (s("c", [b"x1".as_slice(), b"x2"]), ["x1", "x2"]),
        (s("c", ["a customer with a long name", "b"]), ["a customer with a long name", "b"]),
        (categories(&["one", "two"]), ["one", "two"]),
    ] {
        let rows: Vec<String> = expect.iter().zip(rest).map(|(id, rest)| format!("{id} {rest}")).collect();
        check(&mut with_id(id), &rows.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn categories(texts: &[&str]) -> Series {
    s("x", texts).cast(&DataType::from_categories(Categories::global())).expect("categories")
}

#[test]
fn categories_decimals_structs_and_lists_become_what_they_say() {
    let decimal = s("d", [Some("12.50"), None]).cast(&DataType::Decimal(10, 2)).expect("decimals");
    let inner = [s("city", [Some("Bonn"), None]).into_column(), s("plz", [Some(1i32), Some(2)]).into_column()];
    let geo = StructChunked::from_columns("geo".into(), 2, &inner).expect("a struct").into_series();
    let tags = Series::new("tags".into(), [s("", ["a\"b", "c"]), s("", Vec::<&str>::new())]);
    let blob = s("blob", [Some(b"\xff\x00".as_slice()), None]);
    check(
        &mut with(2, [categories(&["gold", "free"]).with_name("plan".into()), decimal, geo, tags, blob]),
        &[
            r#"C0 a 2024-05-01T00:00:00Z | gold | 12.50 | Bonn | 1 | ["a\"b","c"] | ff00"#,
            "C1 a 2024-05-02T00:00:00Z | free | - | - | 2 | [] | -",
        ],
    );
    let files = Files::new();
    let [path, ..] = files.write(
        &mut with(
            1,
            [
                StructChunked::from_columns("geo".into(), 1, &[s("city", ["x"]).into_column()])
                    .expect("a struct")
                    .into_series(),
                s("geo.city", ["y"]),
            ],
        ),
        1,
    );
    assert_eq!(sample(&path).expect("a sample").0, ["c", "e", "t", "geo.city", "geo.city_2"]);
}

#[test]
fn rows_that_are_no_events_are_refused_with_their_number() {
    let mut table = frame(vec![
        s("c", [Some("C1"), None, Some(""), Some(" "), Some("C2"), Some("C3"), Some("C4"), Some("C5")]),
        s("e", [Some("a"), Some("a"), Some("a"), Some("a"), None, Some("a"), Some("a"), Some("b")]),
        s(
            "t",
            [
                Some("2024-05-01"),
                Some("2024-05-02"),
                Some("2024-05-03"),
                Some("2024-05-04"),
                Some("2024-05-05"),
                None,
                Some("soon"),
                Some("2024-05-08"),
            ],
        ),
        s("n", [1i64, 2, 3, 4, 5, 6, 7, 8]),
    ]);
    check_in(
        &Zone::utc(),
        &mut table,
        &["C1 a 2024-05-01T00:00:00Z | 1", "C5 b 2024-05-08T00:00:00Z | 8"],
        &[
            "2 no customer c [,a,2024-05-02,2]",
            "3 no customer c [,a,2024-05-03,3]",
            "4 no customer c [ ,a,2024-05-04,4]",
            "5 no event name e [C2,,2024-05-05,5]",
            "6 no time t [C3,a,,6]",
            "7 unreadable time t [C4,a,soon,7]",
        ],
    );
}

#[test]
fn ids_that_are_no_text_are_refused() {
    let mut columns = keys(2);
    columns[0] = s("c", [b"\xff".as_slice(), b"C1"]);
    check_in(
        &Zone::utc(),
        &mut frame(columns),
        &["C1 a 2024-05-02T00:00:00Z"],
        &["1 not readable text c [ff,a,2024-05-01]"],
    );
}

#[test]
fn what_databases_write_for_no_value_is_none() {
    let mut columns = keys(5);
    columns[0] = s("c", ["NULL", "\\N", "Nina", "null", "NA"]);
    columns[1] = s("e", ["a", "a", "a", "a", "null"]);
    check_in(
        &Zone::utc(),
        &mut frame(columns),
        &["Nina a 2024-05-03T00:00:00Z", "NA null 2024-05-05T00:00:00Z"],
        &[
            "1 no customer c [NULL,a,2024-05-01]",
            "2 no customer c [\\N,a,2024-05-02]",
            "4 no customer c [null,a,2024-05-04]",
        ],
    );
    let mut columns = keys(3);
    columns[0] = categories(&["NULL", "C1", ""]);
    columns[0].rename("c".into());
    check_in(
        &Zone::utc(),
        &mut frame(columns),
        &["C1 a 2024-05-02T00:00:00Z"],
        &["1 no customer c [NULL,a,2024-05-01]", "3 no customer c [,a,2024-05-03]"],
    );
}
