//! What a load may take. Beyond these limits a record is refused alone, or the load ends with one sentence that names the
//! limit; nothing is cut off silently and no file can fill the memory.
//!
//! `docs/limits.md` tells them to people.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;
use std::str::FromStr;

use crate::base::room;

/// Longest record; a longer one is refused. A quote that is not closed by then was a stray one.
pub const RECORD_MAX: usize = 16 << 20;

/// Longest record among the first, by which a dialect is found; far less than in a file, so that a stray quote does not
/// hide what follows it.
pub const SAMPLE_RECORD_MAX: usize = 1 << 18;

/// Most columns of a table, as in a spreadsheet.
pub const COLUMNS_MAX: usize = 16_384;

/// Most keys of JSON that become columns though the first rows do not have them.
pub const LATE_MAX: usize = 4096;

/// Deepest nesting of a JSON record, and of attributes in a process log; what is deeper is refused, so that a broken file cannot make us look far.
pub const DEPTH_MAX: usize = 64;

/// Most different event names: a column with more says which event it was and not of what kind.
pub const EVENT_NAMES_MAX: usize = 1_000_000;

/// How often its own size a packed file may hold. Exports pack to a tenth, logs of a machine to a fiftieth.
pub const UNPACKED_TIMES_MAX: u64 = 200;

/// Smaller ones are read however well they are packed.
pub const UNPACKED_FROM: u64 = 128 << 20;

/// Most bytes of a zip that comes through a pipe: its directory stands at its end, so all of it is held in memory.
pub const PIPED_ZIP_MAX: u64 = 512 << 20;

/// The least that `--memory` takes: the program and the blocks that it reads in need so much.
pub const MEMORY_MIN: u64 = 64 << 20;

/// The fewest bytes to read at a time.
const BLOCK_MIN: usize = 1 << 18;

/// A number of bytes as people write it: `800M`, `4G`, `1.5GB`, `512MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 13] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("b", 1),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let (number, unit) = UNITS
            .iter()
            .find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit)))
            .unwrap_or((lower.as_str(), 1));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = number.trim_end();
        match number.parse::<f64>() {
            Ok(n) if is_number(number) && n * (unit as f64) < 1e18 => Ok(Size((n * unit as f64) as u64)),
            _ => Err("write it like 800M, 4G or 1.5GB".to_owned()),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n @ 0..10_000 => write!(f, "{n} B"),
            n @ 10_000..10_000_000 => write!(f, "{} kB", n / 1000),
            n @ 10_000_000..10_000_000_000 => write!(f, "{} MB", n / 1_000_000),
            n => write!(f, "{:.1} GB", n as f64 / 1e9),
        }
    }
}

/// What a load may hold, and what it holds as far as can be known: what the system says of this process, and what was
/// counted.
#[derive(Debug)]
pub struct Memory {
    limit: Option<u64>,
    /// Whether somebody said so, rather than the machine.
    is_said: bool,
    counted: u64,
    n_rows: u64,
}

/// Bytes per row that putting a store together takes beside what was read: order, codes and one column.
const PER_ROW: u64 = 24;

impl Memory {
    /// Of what `--memory` says, else of what the machine has to give.
    pub fn of(wish: Option<u64>) -> Self {
        Memory { limit: wish.or_else(available), is_said: wish.is_some(), counted: 0, n_rows: 0 }
    }

    /// Bytes to read at a time: a few blocks are in everybody's hands at once, and what is made of them is larger than they are.
    pub fn block(&self, wish: usize, n_threads: usize) -> usize {
        let n_blocks = 2 * n_threads as u64 + 2;
        let share = self.limit.map_or(u64::MAX, |limit| limit / (16 * n_blocks));
        wish.min(usize::try_from(share).unwrap_or(usize::MAX).max(BLOCK_MIN))
    }

    /// Notes rows that were read and the bytes that they take, and looks whether there is room for them and for what is
    /// made of them.
    ///
    /// # Errors
    /// There is not; a sentence without the name of the source.
    pub fn hold(&mut self, n_rows: u64, bytes: u64) -> Result<(), String> {
        self.counted += bytes;
        self.n_rows += n_rows;
        let Some(limit) = self.limit else { return Ok(()) };
        let held = self.counted.max(room::held().unwrap_or(0));
        if held.saturating_add(PER_ROW * self.n_rows) <= limit {
            return Ok(());
        }
        let which = if self.is_said { "--memory allows" } else { "this machine has to give" };
        Err(format!(
            "it needs more memory than the {} that {which} (it has read {} rows so far); load less of it at a time, or allow \
             more with --memory",
            Size(limit),
            self.n_rows,
        ))
    }
}

/// What a load may hold: what there is, less a tenth for the others.
fn available() -> Option<u64> {
    Some((room::of_process()? / 10 * 9).max(MEMORY_MIN))
}

/// Counts what passes.
pub struct Tally<R> {
    inner: R,
    n: Rc<Cell<u64>>,
}

impl<R> Tally<R> {
    pub fn new(inner: R) -> (Self, Rc<Cell<u64>>) {
        let n = Rc::new(Cell::new(0));
        (Tally { inner, n: Rc::clone(&n) }, n)
    }
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.n.set(self.n.get() + n as u64);
        Ok(n)
    }
}

/// What comes out of a packing. It fails where far more comes out than went in, as of files made to fill a memory.
pub struct Unpacked<R> {
    pub inner: R,
    /// Bytes that went in so far.
    pub packed: Rc<Cell<u64>>,
    pub n: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.n += n as u64;
        let packed = self.packed.get();
        if self.n > UNPACKED_FROM && self.n / UNPACKED_TIMES_MAX > packed {
            return Err(io::Error::other(format!(
                "it unpacks to more than {UNPACKED_TIMES_MAX} times its size ({} so far out of {}), as a file does that is made \
                 to fill the memory; if it is sound, unpack it first",
                Size(self.n),
                Size(packed),
            )));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text: &str, n: u64| assert_eq!(text.parse(), Ok(Size(n)), "{text}");
        check("64M", 64 << 20);
        check("4g", 4 << 30);
        check("1.5GB", 1_500_000_000);
        check("512 MiB", 512 << 20);
        check("123456789", 123_456_789);
        for text in ["", "M", "-1G", "1e3M", "4 elephants", "NaN", "inf", "99999999999T"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert_eq!(Size(1_500_000_000).to_string(), "1500 MB");
    }

    #[test]
    fn what_is_held_and_what_will_be_made_of_it_stay_within_the_limit() {
        let mut memory = Memory { limit: Some(1 << 40), is_said: true, counted: 0, n_rows: 0 };
        assert_eq!(memory.hold(1000, 1 << 39), Ok(()));
        let sentence = memory.hold(1 << 34, 1 << 38).expect_err("24 bytes a row are too much");
        assert!(sentence.contains("1099.5 GB that --memory allows (it has read 17179870184 rows"), "{sentence}");
        let mut all = Memory { limit: None, is_said: false, counted: 0, n_rows: 0 };
        assert_eq!(all.hold(u64::from(u32::MAX), 1 << 50), Ok(()));
    }

    #[test]
    fn what_unpacks_to_far_too_much_is_left() {
        let (tally, packed) = Tally::new(io::repeat(b'a').take(1 << 20));
        let mut unpacked = Unpacked { inner: io::repeat(b'a'), packed, n: 0 };
        io::copy(&mut { tally }, &mut io::sink()).expect("a reader");
        let mut buf = vec![0; 1 << 20];
        let error = loop {
            if let Err(error) = unpacked.read(&mut buf) {
                break error.to_string();
            }
        };
        assert_eq!(unpacked.n, (200 << 20) + (1 << 20));
        assert!(error.contains("more than 200 times its size (210 MB so far out of 1048 kB)"), "{error}");
    }
}
