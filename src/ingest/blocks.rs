//! Reading a text in blocks of whole records: one thread cuts, several parse, the caller merges in order.
//!
//! What comes out does not depend on the size of the blocks or the number of threads. The number of blocks on their way
//! is bounded, and their buffers are used again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::Error;
use super::source::file_error;
use crate::base::Ctl;

/// Bytes of a block: enough to make the merge of its dictionaries cheap, and few enough to stop quickly.
pub const BLOCK: usize = 8 << 20;

/// Where a block may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After so many bytes; the rest starts the next block.
    At(usize),
    /// The text ends here for good, whatever follows.
    Over(usize),
    /// Nowhere yet: more has to be read.
    More,
    /// The first line is longer than a record may be.
    TooLong,
}

/// What a buffer holds at first.
const FIRST: usize = 1 << 16;

/// Finds the place to cut. It is asked about texts that start with a record, in order.
pub trait Cutter: Send {
    fn cut(&mut self, data: &[u8], is_last: bool) -> Cut;

    /// Looks at what follows `Cut::Over`, or at the start of it.
    ///
    /// # Errors
    /// It should not be there; a sentence.
    fn check_rest(&self, _rest: &[u8], _is_whole: bool) -> Result<(), String> {
        Ok(())
    }

    /// Looks at the last piece of a text that ended before `Cut::Over`; it may be empty.
    ///
    /// # Errors
    /// It cannot end so; a sentence.
    fn check_end(&self, _last: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// Bytes that were read, in memory that is used again without being cleared.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl std::ops::Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Buffer {
    fn extend(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[self.len..end].copy_from_slice(bytes);
        self.len = end;
    }

    /// Reads until there are `want` bytes; `false` where the reader ended before.
    fn fill(&mut self, reader: &mut dyn Read, want: usize) -> io::Result<bool> {
        while self.len < want {
            // Grown step by step: most files are small, and memory that is cleared for nothing takes time.
            if self.len == self.bytes.len() {
                self.bytes.resize((2 * self.len).max(FIRST).min(want), 0);
            }
            let end = want.min(self.bytes.len());
            match reader.read(&mut self.bytes[self.len..end]) {
                Ok(0) => return Ok(false),
                Ok(n) => self.len += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// A piece of a text, in order.
#[derive(Debug)]
pub enum Piece {
    /// Whole records.
    Block(Buffer),
    /// The start of a line that is longer than a record may be; the rest of it is skipped.
    TooLong(Vec<u8>),
}

/// How much is looked at of what follows the end of the records.
const REST: usize = 1 << 20;

/// How much of a line that is too long is kept to be shown.
const SHOWN: usize = 1024;

/// Cuts what it reads into pieces.
pub struct Splitter<'r, C> {
    reader: &'r mut dyn Read,
    cutter: C,
    size: usize,
    carry: Vec<u8>,
    is_over: bool,
}

impl<'r, C: Cutter> Splitter<'r, C> {
    pub fn new(reader: &'r mut dyn Read, cutter: C, size: usize) -> Self {
        Splitter { reader, cutter, size, carry: Vec::new(), is_over: false }
    }

    /// The next piece, in `buffer` where it is a block.
    ///
    /// # Errors
    /// The reader failed.
    pub fn next(&mut self, mut buffer: Buffer) -> io::Result<Option<Piece>> {
        buffer.len = 0;
        buffer.extend(&self.carry);
        self.carry.clear();
        let mut want = self.size;
        while !self.is_over || buffer.len > 0 {
            if !self.is_over {
                self.is_over = !buffer.fill(self.reader, want)?;
            }
            if buffer.len == 0 {
                self.cutter.check_end(&[]).map_err(io::Error::other)?;
                break;
            }
            match self.cutter.cut(&buffer, self.is_over) {
                Cut::At(end) => {
                    if self.is_over {
                        self.cutter.check_end(&buffer).map_err(io::Error::other)?;
                    }
                    self.carry.extend_from_slice(&buffer[end..]);
                    buffer.len = end;
                    return Ok(Some(Piece::Block(buffer)));
                }
                Cut::Over(end) => {
                    if !self.is_over {
                        let want = buffer.len + REST;
                        self.is_over = !buffer.fill(self.reader, want)?;
                    }
                    self.cutter.check_rest(&buffer[end..], self.is_over).map_err(io::Error::other)?;
                    // To the end, so that a packed file is checked to its last byte.
                    io::copy(self.reader, &mut io::sink())?;
                    self.is_over = true;
                    buffer.len = end;
                    return Ok((end > 0).then_some(Piece::Block(buffer)));
                }
                Cut::TooLong => {
                    let head = buffer[..buffer.len.min(SHOWN)].to_vec();
                    self.skip_line(buffer)?;
                    return Ok(Some(Piece::TooLong(head)));
                }
                Cut::More if self.is_over => {
                    debug_assert!(false, "a cutter takes all that is left at the end");
                    return Ok(Some(Piece::Block(buffer)));
                }
                Cut::More => want = buffer.len + self.size,
            }
        }
        Ok(None)
    }

    /// Skips to the next line without holding this one.
    fn skip_line(&mut self, mut buffer: Buffer) -> io::Result<()> {
        loop {
            if let Some(at) = memchr::memchr2(b'\n', b'\r', &buffer) {
                let is_half = buffer[at] == b'\r';
                if at + 1 == buffer.len && is_half {
                    buffer.len = 0;
                    self.is_over = !buffer.fill(self.reader, self.size)?;
                    self.carry.extend_from_slice(buffer.strip_prefix(b"\n").unwrap_or(&buffer));
                } else {
                    let is_pair = is_half && buffer[at + 1] == b'\n';
                    self.carry.extend_from_slice(&buffer[at + 1 + usize::from(is_pair)..]);
                }
                return Ok(());
            }
            if self.is_over {
                return Ok(());
            }
            buffer.len = 0;
            self.is_over = !buffer.fill(self.reader, self.size)?;
        }
    }
}

/// What `run` needs besides the reader and the parser.
pub struct Plan<'a, C> {
    /// The input, as errors name it.
    pub name: &'a str,
    pub cutter: C,
    pub block: usize,
    pub ctl: &'a Ctl,
}

/// Reads everything: `read` is called once, on a thread of its own, with the work to do on its reader; `parse` runs on
/// several; `merge` gets what they made, in order, here.
///
/// # Errors
/// The first error of `read` or `merge`, `Cancelled`, or a sentence where a parser panicked.
pub fn run<C: Cutter, T: Send>(
    plan: Plan<'_, C>,
    read: impl FnOnce(&mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> Result<(), Error> + Send,
    parse: impl Fn(&Piece) -> T + Sync,
    mut merge: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let Plan { name, cutter, block, ctl } = plan;
    let panicked = || file_error(name, "could not be read (the reader failed)");
    let n_parsers = rayon::current_num_threads().max(1);
    let (to_parse, parsing) = unbounded::<(u64, Piece)>();
    let (to_merge, merging) = unbounded();
    let (to_reuse, reusing) = unbounded::<Buffer>();
    // One block in every parser's hands, one waiting for each, one being cut and one being merged.
    for _ in 0..2 * n_parsers + 2 {
        // Both ends are held here, so sending cannot fail.
        let _ = to_reuse.send(Buffer::default());
    }
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            catch_unwind(AssertUnwindSafe(|| {
                let mut cutter = Some(cutter);
                read(&mut |reader| match cutter.take() {
                    Some(cutter) => cut_all(Splitter::new(reader, cutter, block), &reusing, &to_parse),
                    None => Err(io::Error::other("read twice")),
                })
            }))
            .unwrap_or_else(|_| Err(panicked()))
        });
        for _ in 0..n_parsers {
            let (parsing, to_merge, parse) = (parsing.clone(), to_merge.clone(), &parse);
            scope.spawn(move || parse_all(&parsing, &to_merge, parse));
        }
        drop((parsing, to_merge));
        let merged = merge_all(merging, to_reuse, ctl, |made| made.map_or_else(|()| Err(panicked()), &mut merge));
        let read = reader.join().unwrap_or_else(|_| Err(panicked()));
        ctl.check()?;
        merged.and(read)
    })
}

fn cut_all<C: Cutter>(
    mut splitter: Splitter<'_, C>,
    reusing: &Receiver<Buffer>,
    to_parse: &Sender<(u64, Piece)>,
) -> io::Result<()> {
    for number in 0.. {
        // Whoever merges has stopped, and knows why.
        let Ok(buffer) = reusing.recv() else { return Ok(()) };
        let Some(piece) = splitter.next(buffer)? else { return Ok(()) };
        if to_parse.send((number, piece)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

type Made<T> = (u64, Result<T, ()>, Buffer);

fn parse_all<T>(parsing: &Receiver<(u64, Piece)>, to_merge: &Sender<Made<T>>, parse: &impl Fn(&Piece) -> T) {
    for (number, piece) in parsing {
        let made = catch_unwind(AssertUnwindSafe(|| parse(&piece))).map_err(|_| ());
        let buffer = match piece {
            Piece::Block(buffer) => buffer,
            Piece::TooLong(_) => Buffer::default(),
        };
        if to_merge.send((number, made, buffer)).is_err() {
            return;
        }
    }
}

// Takes its ends of the channels with it, so that whoever waits on the other side stops when this stops.
#[expect(clippy::needless_pass_by_value)]
fn merge_all<T>(
    merging: Receiver<Made<T>>,
    to_reuse: Sender<Buffer>,
    ctl: &Ctl,
    mut merge: impl FnMut(Result<T, ()>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, made, buffer) in &merging {
        // The reader may be done already.
        let _ = to_reuse.send(buffer);
        early.insert(number, made);
        while let Some(made) = early.remove(&next) {
            ctl.check()?;
            merge(made)?;
            next += 1;
        }
    }
    Ok(())
}
