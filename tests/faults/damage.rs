//! Files of every format, cut short and with bytes changed at hundreds of places: the same table, or one sentence about the
//! file. A15, A16, A19, and what A14 says of compressed files.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use polars::prelude::{IntoColumn, IpcWriter, NamedFrom, ParquetWriter, SerWriter, Series};
use trailmap::base::Ctl;
use trailmap::ingest::{self, LoadOptions};

use super::{Made, ROWS, made, table};
use crate::support::binary::run;

/// How far a format knows when it was changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sums {
    /// Any change is an error, or changes nothing.
    Kept,
    /// A changed value may be a value.
    None,
}

struct Kind {
    name: &'static str,
    bytes: Vec<u8>,
    sums: Sums,
}

/// A few hundred events in a format that the program writes itself.
fn demo(format: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo");
    let out = path.to_str().expect("UTF-8");
    assert_eq!(run(&["demo", "shop", "--customers", "12", "--format", format, "--out", out]).status, 0);
    std::fs::read(path).expect("written")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("known");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zip_of(bytes: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("events.csv", zip::write::SimpleFileOptions::default()).expect("memory");
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory").into_inner()
}

fn frame() -> polars::prelude::DataFrame {
    let n = 300usize;
    let text = |name: &str, of: &dyn Fn(usize) -> String| Series::new(name.into(), (0..n).map(of).collect::<Vec<_>>());
    let amounts: Vec<Option<f64>> =
        (0..n).map(|i| [None, Some(1.5), Some(f64::NAN), Some(f64::INFINITY)][i % 4]).collect();
    let columns = vec![
        text("user_id", &|i| format!("u{}", i / 3)),
        text("event", &|i| ["view", "cart", "order"][i % 3].to_owned()),
        text("timestamp", &|i| format!("2024-05-{:02}T10:00:00Z", i % 28 + 1)),
        Series::new("amount".into(), amounts),
    ];
    polars::prelude::DataFrame::new_infer_height(columns.into_iter().map(IntoColumn::into_column).collect())
        .expect("a table")
}

fn arrow() -> Vec<u8> {
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).finish(&mut frame()).expect("memory");
    bytes
}

/// The objects of a file of lines as one array.
fn array() -> Vec<u8> {
    let lines = String::from_utf8(demo("ndjson")).expect("text");
    format!("[{}]", lines.trim_end().replace('\n', ",\n")).into_bytes()
}

fn kinds() -> Vec<Kind> {
    let csv = demo("csv");
    let kind = |name, bytes, sums| Kind { name, bytes, sums };
    vec![
        kind("events.csv.gz", gzip(&csv), Sums::Kept),
        kind("events.csv.zst", zstd_of(&csv), Sums::Kept),
        kind("events.zip", zip_of(&csv), Sums::Kept),
        kind("events.parquet", demo("parquet"), Sums::None),
        kind("events.arrow", arrow(), Sums::None),
        kind("events.json", array(), Sums::None),
        kind("events.ndjson", demo("ndjson"), Sums::None),
        kind("events.csv", csv, Sums::None),
    ]
}

fn options(path: &Path) -> LoadOptions {
    LoadOptions { sources: vec![path.to_str().expect("UTF-8").to_owned()], ..LoadOptions::default() }
}

/// How many records were read and how many became events, or the sentence.
#[track_caller]
fn load(path: &Path) -> Result<(u64, u64), String> {
    match ingest::open(&options(path), &Ctl::new()) {
        Ok(loaded) => {
            let n_events = loaded.store.n_events() as u64;
            let report = &loaded.report;
            assert_eq!(report.rows, n_events + report.rejects.total() + report.duplicates_dropped);
            Ok((report.rows, n_events))
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
            Err(line)
        }
    }
}

/// Numbers that are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }
}

const FLIPS: usize = 240;
const CUTS: usize = 80;

#[test]
fn a_changed_byte_anywhere_is_an_error_or_a_table_that_adds_up() {
    for Kind { name, bytes, sums } in kinds() {
        let Made { folder, path } = made(name, &bytes);
        let whole = load(&path).expect("a sound file");
        let mut seeded = Seeded(7);
        for _ in 0..FLIPS {
            let mut changed = bytes.clone();
            for _ in 0..=seeded.below(3) {
                let at = seeded.below(changed.len());
                changed[at] = match seeded.below(3) {
                    0 => changed[at] ^ (1 << seeded.below(8)),
                    1 => 0xFF,
                    _ => seeded.below(256) as u8,
                };
            }
            std::fs::write(&path, &changed).expect("written");
            let read = load(&path);
            if sums == Sums::Kept {
                assert!(read.is_err() || read == Ok(whole), "{name}: {read:?} of {whole:?}");
            }
        }
        drop(folder);
    }
}

#[test]
fn a_file_cut_short_anywhere_is_an_error_where_its_format_has_an_end() {
    for Kind { name, bytes, .. } in kinds() {
        let Made { folder, path } = made(name, &bytes);
        let has_end = !name.ends_with(".ndjson") && !name.ends_with(".csv");
        let mut seeded = Seeded(11);
        for _ in 0..CUTS {
            std::fs::write(&path, &bytes[..seeded.below(bytes.len())]).expect("written");
            let read = load(&path);
            assert!(read.is_err() || !has_end, "{name}: {read:?}");
            if let (Err(line), true) = (&read, has_end) {
                assert!(line.contains(name), "{name}: {line}");
            }
        }
        drop(folder);
    }
}

#[test]
fn the_program_names_the_file_and_ends_with_status_1() {
    for Kind { name, bytes, .. } in kinds().into_iter().take(6) {
        made(name, &bytes[..bytes.len() / 2]).refused(name);
        made(name, &bytes[..bytes.len() - 3]).refused(name);
        let mut seeded = Seeded(bytes.len() as u64);
        for _ in 0..6 {
            let mut changed = bytes.clone();
            let at = seeded.below(changed.len());
            changed[at] ^= 0x55;
            // Whatever comes of it, it is looked at.
            let _ = made(name, changed).read(&[]);
        }
    }
    made("huge-footer.parquet", b"PAR1\0\0\0\0garbage\xFF\xFF\xFF\x7FPAR1").refused("huge-footer.parquet");
    made("huge-footer.arrow", b"ARROW1\0\0\xFF\xFF\xFF\x7Fgarbage\xFF\xFF\xFF\x7FARROW1").refused("huge-footer.arrow");
}

#[test]
fn all_members_and_frames_of_a_packed_file_are_read() {
    let whole = table();
    let (head, tail) = whole.split_at(60);
    for (name, pack) in [("a.csv.gz", gzip as fn(&[u8]) -> Vec<u8>), ("a.csv.zst", zstd_of)] {
        let two = [pack(head.as_bytes()), pack(tail.as_bytes())].concat();
        assert_eq!(made(name, &two).read(&[]).expect("a table").events, super::EVENTS);
        made(name, [&two[..], b"and something else"].concat()).refused(name);
    }
}

#[test]
fn a_file_is_what_it_holds_and_not_what_it_is_called() {
    let csv = table();
    for bytes in [csv.clone().into_bytes(), gzip(csv.as_bytes()), zstd_of(csv.as_bytes()), zip_of(csv.as_bytes())] {
        for name in ["events.csv", "events.json", "events.parquet", "events"] {
            assert_eq!(made(name, &bytes).read(&[]).expect("a table").events, super::EVENTS, "{name}");
        }
    }
    for bytes in [demo("parquet"), arrow()] {
        assert!(made("events.csv", &bytes).read(&[]).is_ok_and(|seen| seen.read > 100));
        made("events.csv.gz", gzip(&bytes)).refused("inside a pipe or an archive");
    }
    made("packed.csv.gz", gzip(&gzip(ROWS.as_bytes()))).refused("compressed twice");
}

#[test]
fn numbers_that_are_none_are_missing_and_counted_in_typed_files_too() {
    let mut parquet = Vec::new();
    ParquetWriter::new(&mut parquet).finish(&mut frame()).expect("memory");
    for (name, bytes) in [("a.parquet", parquet), ("a.arrow", arrow())] {
        let seen = made(name, bytes).read(&["--value", "amount"]).expect("a table");
        let notes = seen.notes.join(" ");
        assert!(notes.contains("150 values of `amount` are no numbers and count as missing"), "{name}: {notes}");
    }
}

/// D10: whoever writes the export anew cuts it short first.
#[test]
fn a_file_cut_short_while_it_is_read_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.parquet");
    let out = path.to_str().expect("UTF-8");
    assert_eq!(run(&["demo", "shop", "--customers", "3000", "--out", out]).status, 0);
    let bytes = std::fs::read(&path).expect("written");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                std::fs::write(&path, &bytes[..bytes.len() / 3]).expect("written");
                std::fs::write(&path, &bytes).expect("written");
            }
        });
        for _ in 0..25 {
            let _ = load(&path);
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!(load(&path).is_ok());
}
