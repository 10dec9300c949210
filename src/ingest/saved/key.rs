//! Which sources a saved store is of, how they were read, and whether they are still what they were.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::super::LoadOptions;
use super::super::source::expand;
use super::format::VERSION;
use crate::base::Ctl;
use crate::base::checksum::Checksum;

/// What a file was like. Everything that a change of it would change, however it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Print {
    /// From the root, without links, escaped where it is no text.
    pub path: String,
    pub bytes: u64,
    /// When its bytes and when anything about it changed: seconds and nanoseconds of each.
    pub changed: [i64; 4],
    /// The disk and the number of the file on it.
    pub place: [u64; 2],
    /// Whether all of it was summed up, or some pieces.
    pub is_whole: bool,
    pub sum: u64,
}

/// The sources of a load as they are named, and where they lie.
#[derive(Debug)]
pub(super) struct Sources {
    /// All that decides, beside the bytes of the files, what a load gives.
    pub key: String,
    /// Every file once, in the order of the sources.
    files: Vec<PathBuf>,
}

impl Sources {
    /// `None` where a source can be read only once, or cannot be read at all.
    pub fn of(options: &LoadOptions, ctl: &Ctl) -> Option<Self> {
        // A pipe must not be opened twice.
        let is_lasting = |source: &String| match fs::metadata(source) {
            Ok(meta) => meta.is_file() || meta.is_dir(),
            Err(_) => source.contains(['*', '?', '[']),
        };
        if !options.sources.iter().all(|source| source != "-" && is_lasting(source)) {
            return None;
        }
        let (inputs, notes) = expand(&options.sources, ctl).ok()?;
        let mut files: Vec<PathBuf> = Vec::new();
        let mut names = Vec::with_capacity(inputs.len());
        for input in &inputs {
            let path = fs::canonicalize(input.file()?).ok()?;
            names.push(format!("{:?} {path:?} {:?}", input.name, input.bytes));
            if !files.contains(&path) {
                files.push(path);
            }
        }
        let reading = LoadOptions { cache: None, workspace: None, sources: Vec::new(), ..options.clone() };
        let key = format!("{VERSION}\n{}\n{}\n{reading:?}\n{}", build(), names.join("\n"), notes.join("\n"));
        Some(Sources { key, files })
    }

    /// The name of the file that a store of these sources is saved in.
    pub fn file_name(&self) -> String {
        format!("{:032x}.{}", xxhash_rust::xxh3::xxh3_128(self.key.as_bytes()), super::folder::EXTENSION)
    }

    /// What the files are like now; `None` where one cannot be read, or has just been written and is too long to be summed
    /// up whole.
    pub fn prints(&self) -> Option<Vec<Print>> {
        self.files.iter().map(|path| Print::of(path, None)).collect()
    }

    /// Whether the files are what they were.
    pub fn are(&self, prints: &[Print]) -> bool {
        self.files.len() == prints.len()
            && self.files.iter().zip(prints).all(|(path, print)| {
                Stamp::of(path).is_some_and(|stamp| stamp.is_of(print))
                    && Print::of(path, Some(print.is_whole)).as_ref() == Some(print)
            })
    }
}

/// Whether files look from outside as they did.
pub(super) fn look_the_same(prints: &[Print]) -> bool {
    prints.iter().all(|print| Stamp::of(Path::new(&print.path)).is_some_and(|stamp| stamp.is_of(print)))
}

/// The build of the program: what another one read may have come out otherwise.
pub(super) fn build() -> String {
    let own = std::env::current_exe().and_then(fs::metadata);
    let own = own.map(|meta| (meta.len(), Stamp::of_meta(&meta).changed[..2].to_vec()));
    format!("{} {own:?}", env!("CARGO_PKG_VERSION"))
}

/// What the system says about a file.
struct Stamp {
    bytes: u64,
    changed: [i64; 4],
    place: [u64; 2],
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().filter(Metadata::is_file).map(|meta| Stamp::of_meta(&meta))
    }

    #[cfg(unix)]
    fn of_meta(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Stamp {
            bytes: meta.len(),
            changed: [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()],
            place: [meta.dev(), meta.ino()],
        }
    }

    #[cfg(not(unix))]
    fn of_meta(meta: &Metadata) -> Self {
        let since = meta.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let (seconds, nanos) = since.map_or((0, 0), |since| (since.as_secs() as i64, i64::from(since.subsec_nanos())));
        Stamp { bytes: meta.len(), changed: [seconds, nanos, seconds, nanos], place: [0, 0] }
    }

    fn is_of(&self, print: &Print) -> bool {
        (self.bytes, self.changed, self.place) == (print.bytes, print.changed, print.place)
    }

    /// Whether the file changed so lately that it could change once more without looking any newer. Clocks of disks tick
    /// every few milliseconds, some only every two seconds; those never show a fraction.
    fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
        let nanos = |at: &[i64]| at[0].saturating_mul(1_000_000_000).saturating_add(at[1]);
        let latest = nanos(&self.changed[..2]).max(nanos(&self.changed[2..]));
        let is_fine = [self.changed[1], self.changed[3]].iter().all(|nanos| nanos % 1_000_000 != 0);
        latest > now - if is_fine { 50_000_000 } else { 2_100_000_000 }
    }
}

/// A shorter file is always summed up whole.
const SHORT: u64 = 256 << 10;

/// A longer file is not summed up whole.
const LONG: u64 = 256 << 20;

/// Bytes looked at where a file begins and ends, and at places in between.
const EDGE: u64 = 64 << 10;
const PIECE: u64 = 4 << 10;
const PIECES: u64 = 16;

impl Print {
    /// What a file is like, with a sum over all of it or over pieces, as is said or as it needs.
    fn of(path: &Path, is_whole: Option<bool>) -> Option<Self> {
        let file = File::open(path).ok()?;
        let meta = file.metadata().ok().filter(Metadata::is_file)?;
        let stamp = Stamp::of_meta(&meta);
        let is_whole = is_whole.unwrap_or_else(|| stamp.bytes <= SHORT || stamp.is_fresh());
        if is_whole && stamp.bytes > LONG {
            return None;
        }
        let sum = sum_of(file, stamp.bytes, is_whole).ok()?;
        let Stamp { bytes, changed, place } = stamp;
        Some(Print { path: written(path), bytes, changed, place, is_whole, sum })
    }
}

fn written(path: &Path) -> String {
    path.to_str().map_or_else(|| format!("{path:?}"), str::to_owned)
}

fn sum_of(mut file: File, bytes: u64, is_whole: bool) -> io::Result<u64> {
    let mut checksum = Checksum::default();
    let mut buffer = Vec::new();
    let mut add = |start: u64, len: u64| -> io::Result<()> {
        file.seek(SeekFrom::Start(start))?;
        buffer.clear();
        (&mut file).take(len).read_to_end(&mut buffer)?;
        checksum.update(&buffer);
        Ok(())
    };
    if is_whole {
        for start in (0..bytes).step_by(1 << 20) {
            add(start, 1 << 20)?;
        }
    } else {
        add(0, EDGE)?;
        for piece in 1..PIECES {
            add(bytes / PIECES * piece, PIECE)?;
        }
        add(bytes.saturating_sub(EDGE), EDGE)?;
    }
    Ok(checksum.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_options_that_changes_what_is_read_is_part_of_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        fs::write(&path, "user,time,event\n1,2024-01-01,a\n").expect("written");
        let plain = LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() };
        let key = |options: &LoadOptions| Sources::of(options, &Ctl::new()).expect("a file").key;
        let others = [
            LoadOptions { customer: Some("user".into()), ..plain.clone() },
            LoadOptions { zone: "Europe/Berlin".parse().ok(), ..plain.clone() },
            LoadOptions { dedupe: true, ..plain.clone() },
            LoadOptions { max_ids: Some(3), ..plain.clone() },
            LoadOptions { preset: Some("none".into()), ..plain.clone() },
            LoadOptions { null_ids: vec!["x".into()], ..plain.clone() },
            LoadOptions { delimiter: Some(';'), ..plain.clone() },
        ];
        let mut keys: Vec<String> = others.iter().chain([&plain]).map(key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), others.len() + 1);
        assert_eq!(key(&plain), key(&LoadOptions { workspace: Some("w.toml".into()), ..plain.clone() }));
    }

    #[test]
    fn pipes_and_what_is_not_there_have_no_key() {
        let of = |source: &str| {
            let sources = vec![source.to_owned()];
            Sources::of(&LoadOptions { sources, ..LoadOptions::default() }, &Ctl::new()).is_some()
        };
        assert!(!of("-") && !of("nowhere.csv") && !of("nowhere-*.csv") && !of("/dev/null"));
    }

    #[test]
    fn what_changed_a_moment_ago_is_summed_up_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        fs::write(&path, vec![b'x'; SHORT as usize + 1]).expect("written");
        assert!(Stamp::of(&path).expect("a file").is_fresh());
        let old = Stamp { bytes: 1, changed: [1_700_000_000, 123_456_789, 1_700_000_000, 123_456_789], place: [0, 0] };
        assert!(!old.is_fresh());
        let future = Stamp { changed: [i64::MAX, 1, 0, 1], ..old };
        assert!(future.is_fresh());
    }
}
