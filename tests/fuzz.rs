//! The targets of `fuzz/` over their corpus, so that what was found once stays found without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::fuzz::{TARGETS, Target};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// What is in a folder, by name, without what git keeps there.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[test]
fn every_target_stands_its_corpus() {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        for name in names(&folder) {
            let bytes = fs::read(folder.join(&name)).expect("a file");
            let stood = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(stood.is_ok(), "{}/{name} brings its target down", target.name);
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let expect: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&corpus()), expect);
    let programs = corpus().with_file_name("fuzz_targets");
    assert_eq!(names(&programs), expect.iter().map(|name| format!("{name}.rs")).collect());
    let manifest = fs::read_to_string(corpus().with_file_name("Cargo.toml")).expect("a manifest");
    let is_built =
        |name: &&String| !manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\""));
    assert_eq!(expect.iter().find(is_built), None);
}

/// Seconds for every target, where somebody has the time; and the name of the only one, where it should be one.
const SECONDS: &str = "TRAILMAP_FUZZ_SECONDS";
const ONLY: &str = "TRAILMAP_FUZZ_TARGET";

/// Changed files per target where nobody said for how long.
const ROUNDS: u64 = 60;

/// What a fuzzer does, without one: no feedback, but the same every time, and nothing to install.
#[test]
fn every_target_stands_its_corpus_changed_anywhere() {
    let seconds: Option<u64> = std::env::var(SECONDS).ok().map(|text| text.parse().expect("a number of seconds"));
    let only = std::env::var(ONLY).ok();
    for target in TARGETS.iter().filter(|target| only.as_ref().is_none_or(|only| only == target.name)) {
        let folder = corpus().join(target.name);
        let files: Vec<Vec<u8>> =
            names(&folder).iter().map(|name| fs::read(folder.join(name)).expect("a file")).collect();
        let started = Instant::now();
        let is_over = |round: u64| match seconds {
            Some(seconds) => started.elapsed() >= Duration::from_secs(seconds),
            None => round == ROUNDS,
        };
        for round in (0..).take_while(|round| !is_over(*round)) {
            stand(target, &files, round);
        }
    }
}

/// Runs a target over a file changed by the numbers that come of `round`.
fn stand(target: &Target, files: &[Vec<u8>], round: u64) {
    let mut random = Random(round.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ target.name.len() as u64);
    let bytes = changed(files, &mut random);
    let stood = std::panic::catch_unwind(|| (target.run)(&bytes));
    assert!(stood.is_ok(), "{} falls in round {round} over {bytes:?}", target.name);
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }

    /// A short stretch of something so long.
    fn stretch(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let most = [1, 4, 32, len][self.below(4)];
        start..(start + self.below(most + 1)).min(len)
    }
}

/// Bytes that mean something to somebody.
const TELLING: [&[u8]; 16] = [
    b"\"",
    b"'",
    b"\n",
    b"\r",
    b"\0",
    b",",
    b"{",
    b"[",
    b"]]>",
    b"<",
    b"&#0;",
    b"\\",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"1e999",
    b"-",
];

fn changed(files: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = files[random.below(files.len())].clone();
    for _ in 0..=random.below(6) {
        match random.below(7) {
            0 => drop(bytes.drain(random.stretch(bytes.len()))),
            1 => {
                let at = random.below(bytes.len() + 1);
                let other = &files[random.below(files.len())];
                let piece = other[random.stretch(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            2 => {
                let at = random.below(bytes.len() + 1);
                let piece = bytes[random.stretch(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let at = random.below(bytes.len() + 1);
                bytes.splice(at..at, TELLING[random.below(TELLING.len())].iter().copied());
            }
            4 => bytes.truncate(random.below(bytes.len() + 1)),
            _ => {
                let at = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if random.below(2) == 0 { *byte ^ 1 << random.below(8) } else { random.below(256) as u8 };
                }
            }
        }
    }
    // What grows and grows only takes time.
    bytes.truncate(1 << 16);
    bytes
}
