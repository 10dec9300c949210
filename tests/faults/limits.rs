//! Limits that are stated, and the sentence that each ends in. A17, B14, and `docs/limits.md`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use trailmap::ingest::limits;

use super::{made, table};
use crate::support::binary::{command, run};

/// Sound rows and then one line without end, packed a thousandfold.
fn bomb(mut packer: impl std::io::Write) {
    packer.write_all(table().as_bytes()).expect("memory");
    let piece = vec![b'a'; 1 << 20];
    (0..(limits::UNPACKED_FROM >> 20) + 40).for_each(|_| packer.write_all(&piece).expect("memory"));
}

#[test]
fn what_is_made_to_fill_the_memory_is_left_with_a_sentence() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    bomb(&mut packed);
    made("bomb.csv.gz", packed.finish().expect("memory")).refused("it unpacks to more than 200 times its size");

    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
    bomb(&mut packed);
    made("bomb.csv.zst", packed.finish().expect("memory")).refused("it unpacks to more than 200 times its size");

    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    packed.start_file("bomb.csv", zip::write::SimpleFileOptions::default()).expect("memory");
    bomb(&mut packed);
    let packed = packed.finish().expect("memory").into_inner();
    made("bomb.zip", packed).refused("it unpacks to more than 200 times its size");

    let mut zeros = GzEncoder::new(Vec::new(), Compression::default());
    zeros.write_all(&vec![0; 8 << 20]).expect("memory");
    made("zeros.csv.gz", zeros.finish().expect("memory")).refused("binary data");
}

/// The most memory that a process took, as far as somebody who watches can see.
#[cfg(target_os = "linux")]
fn most_memory(child: &mut std::process::Child) -> u64 {
    let file = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("known").is_none() {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kb: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        most = most.max(kb << 10);
        std::thread::yield_now();
    }
    most
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_what_was_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wide.csv");
    let mut text = "user_id,event,timestamp,note\n".to_owned();
    for i in 0..400_000 {
        let _ = writeln!(text, "user-{i:040},view,2024-05-01T10:00:00Z,a note of which there is no other {i:060}");
    }
    std::fs::write(&path, &text).expect("written");
    let mut child = command(&["events", path.to_str().expect("UTF-8"), "--memory", "96M", "--out", "out.csv"])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let most = most_memory(&mut child);
    let done = child.wait_with_output().expect("ends");
    let line = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{line}");
    assert!(line.contains("it needs more memory than the 100 MB that --memory allows"), "{line}");
    assert!(most < 140 << 20, "{most} bytes");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left");
}

#[test]
fn memory_is_said_in_words_that_can_be_understood() {
    let path = made("a.csv", table());
    let name = path.path.to_str().expect("UTF-8");
    assert_eq!(run(&["profile", name, "--memory", "2G"]).status, 0);
    for (size, why) in
        [("lots", "write it like 800M"), ("10k", "at least 64M are needed"), ("-1G", "write it like 800M")]
    {
        let done = run(&["profile", name, &format!("--memory={size}")]);
        assert_eq!(done.status, 2, "{size}");
        assert!(done.err.contains(why), "{size}: {}", done.err);
    }
}

#[test]
fn a_column_that_tells_every_event_from_every_other_is_no_event() {
    let mut text = "user_id,event,timestamp\n".to_owned();
    for i in 0..=limits::EVENT_NAMES_MAX {
        let _ = writeln!(text, "u,{i:x},2024-05-01T10:00:00Z");
    }
    let told = made("a.csv", text).read(&["--event", "event"]).map(|seen| seen.read);
    let line = told.expect_err("too many names");
    assert!(line.contains("column `event` holds more than 1000000 different names of events"), "{line}");
}

#[test]
fn expressions_and_patterns_have_their_bounds() {
    let made = made("a.csv", table());
    let path = made.path.to_str().expect("UTF-8");
    let deep = format!("{}event == \"view\"{}", "not (".repeat(300), ")".repeat(300));
    let large = "event matches \"((a{1,500}){1,500}){1,500}\"".to_owned();
    let deep_pattern = format!("event matches \"{}a{}\"", "(".repeat(2000), ")".repeat(2000));
    for (expression, why) in [
        (&deep, "more than 100 parentheses"),
        (&large, "this pattern is too large"),
        (&deep_pattern, "regular expression"),
    ] {
        let done = run(&["profile", path, "--events", expression]);
        assert_eq!(done.status, 1, "{}", done.err);
        assert!(done.err.contains(why), "{why}: {}", done.err);
    }
    let chain = vec!["."; 200].join(" -> ");
    let done = run(&["customers", path, "--customers", &format!("path(\"{chain}\")")]);
    assert_eq!(done.status, 1, "{}", done.err);
}

/// The page says what the program does.
#[test]
fn the_page_of_limits_has_the_limits() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let page = std::fs::read_to_string(page).expect("a page");
    let mb = |n: u64| format!("{} MiB", n >> 20);
    for limit in [
        mb(limits::RECORD_MAX as u64),
        format!("{} KiB", limits::SAMPLE_RECORD_MAX >> 10),
        limits::COLUMNS_MAX.to_string(),
        limits::LATE_MAX.to_string(),
        format!("{} deep", limits::DEPTH_MAX),
        limits::EVENT_NAMES_MAX.to_string(),
        format!("{} times", limits::UNPACKED_TIMES_MAX),
        mb(limits::UNPACKED_FROM),
        mb(limits::PIPED_ZIP_MAX),
        mb(limits::MEMORY_MIN),
    ] {
        assert!(page.contains(&limit), "{limit}");
    }
    let help = run(&["--help"]).out;
    for number in [limits::COLUMNS_MAX, limits::EVENT_NAMES_MAX, limits::DEPTH_MAX] {
        assert!(help.contains(&number.to_string()), "{number}: {help}");
    }
    assert!(help.contains("Limits:") && run(&["profile", "--help"]).out.contains("--memory"), "{help}");
}
