//! From SOURCE arguments to inputs that can be read: files, globs, folders, entries of zips, standard input.
//!
//! Compression is found by its magic bytes and undone while reading, so that a name may lie and memory stays bounded.
//! Nothing here ever touches a network.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use zip::ZipArchive;

use super::Error;
use super::limits::{PIPED_ZIP_MAX, Tally, Unpacked};
use super::pump::Pump;
use super::unpack::{Compression, Labelled, decompress};
use crate::base::Ctl;
use crate::base::visible::visible;

/// No block of gzip or zstd is longer, packed.
const PACKED_BLOCK: usize = 1 << 18;

/// Bytes that tell what a file is.
const MAGIC: usize = 8;

/// Something that holds one table.
#[derive(Debug)]
pub struct Input {
    /// As given, and inside a zip with the name of the entry behind it; not safe to show.
    pub name: String,
    /// On disk, before decompression; `None` in a pipe.
    pub bytes: Option<u64>,
    /// Bytes that reading it will count as progress; 0 where that is not known.
    pub work: u64,
    /// Found in a folder or zip under a name that may or may not be a table; left out with a note where it is none.
    pub is_optional: bool,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Entry { archive: Archive, index: usize },
    Pipe(Mutex<Pipe>),
}

#[derive(Debug, Clone)]
enum Archive {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

/// A stream that can be read once: what was looked at is kept in front of the rest.
#[derive(Debug)]
struct Pipe {
    head: Vec<u8>,
    rest: Option<Pump>,
}

/// An error about one input.
pub fn file_error(name: &str, what: impl Into<String>) -> Error {
    Error::File { file: visible(name).into_owned(), what: what.into() }
}

/// The inputs of these sources in order, and notes about what was left out.
///
/// # Errors
/// A source that does not exist, cannot be opened, or is on a network.
pub fn expand(sources: &[String], ctl: &Ctl) -> Result<(Vec<Input>, Vec<String>), Error> {
    let (mut inputs, mut notes) = (Vec::new(), Vec::new());
    if sources.is_empty() {
        return Err(Error::Other("no source was given; name a file, a folder, a glob, or - for standard input".into()));
    }
    for source in sources {
        if source == "-" {
            let pipe = Pump::start(ctl, || Ok(Box::new(io::stdin()) as Box<dyn Read>));
            of_pipe("standard input", pipe, &mut inputs, &mut notes, ctl)?;
            continue;
        }
        let path = Path::new(source);
        match fs::metadata(path) {
            Ok(_) => of_path(source, path, &mut inputs, &mut notes, ctl)?,
            Err(_) if is_address(source) => {
                return Err(file_error(
                    source,
                    "is an address on a network; trailmap reads local files only, so download it first",
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && source.contains(['*', '?', '[']) => {
                of_glob(source, &mut inputs, &mut notes, ctl)?;
            }
            Err(error) => return Err(file_error(source, unreadable(&error))),
        }
    }
    note_repeats(&inputs, &mut notes);
    Ok((inputs, notes))
}

fn is_address(source: &str) -> bool {
    let Some((scheme, _)) = source.split_once(':') else { return false };
    // A single letter is a drive, not a scheme.
    scheme.len() > 1
        && (source[scheme.len()..].starts_with("://") || matches!(scheme, "http" | "https" | "s3" | "gs" | "ftp"))
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "may not be read (permission denied)".into(),
        _ => format!("could not be read: {error}"),
    }
}

/// A pipe that was left because somebody asked to stop fails to read; that is no error of the pipe.
fn stopped_or(ctl: &Ctl, name: &str, error: &io::Error) -> Error {
    ctl.check().map_or_else(Error::Cancelled, |()| file_error(name, unreadable(error)))
}

fn of_path(name: &str, path: &Path, inputs: &mut Vec<Input>, notes: &mut Vec<String>, ctl: &Ctl) -> Result<(), Error> {
    let meta = fs::metadata(path).map_err(|error| file_error(name, unreadable(&error)))?;
    if meta.is_dir() {
        return of_folder(name, path, inputs, notes, ctl);
    }
    if !meta.is_file() {
        let path = path.to_owned();
        let pipe = Pump::start(ctl, move || Ok(Box::new(File::open(path)?) as Box<dyn Read>));
        return of_pipe(name, pipe, inputs, notes, ctl);
    }
    let mut magic = Vec::with_capacity(MAGIC);
    File::open(path)
        .and_then(|file| file.take(MAGIC as u64).read_to_end(&mut magic))
        .map_err(|error| file_error(name, unreadable(&error)))?;
    if is_zip(&magic) {
        return of_zip(name, &Archive::File(path.to_owned()), inputs, notes);
    }
    let place = Place::File(path.to_owned());
    let bytes = meta.len();
    inputs.push(Input { name: name.to_owned(), bytes: Some(bytes), work: bytes, is_optional: false, place });
    Ok(())
}

fn is_zip(magic: &[u8]) -> bool {
    magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06")
}

fn of_glob(pattern: &str, inputs: &mut Vec<Input>, notes: &mut Vec<String>, ctl: &Ctl) -> Result<(), Error> {
    let paths =
        glob::glob(pattern).map_err(|error| file_error(pattern, format!("is not a pattern of files: {error}")))?;
    let before = inputs.len();
    for path in paths {
        let path = path.map_err(|error| file_error(pattern, format!("could not be searched: {error}")))?;
        if path.is_file() {
            of_path(&path.to_string_lossy(), &path, inputs, notes, ctl)?;
        }
    }
    if inputs.len() == before {
        return Err(file_error(pattern, "matches no file"));
    }
    Ok(())
}

fn of_folder(
    name: &str,
    folder: &Path,
    inputs: &mut Vec<Input>,
    notes: &mut Vec<String>,
    ctl: &Ctl,
) -> Result<(), Error> {
    let fail = |error: io::Error| file_error(name, unreadable(&error));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let before = inputs.len();
    for path in files {
        let shown = path.to_string_lossy();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        match Likely::of(&file) {
            Likely::Hidden => {}
            Likely::No => notes.push(format!("{} was left out: its name is not that of a table.", visible(&shown))),
            likely => {
                let from = inputs.len();
                of_path(&shown, &path, inputs, notes, ctl)?;
                inputs[from..].iter_mut().for_each(|input| input.is_optional |= likely == Likely::Perhaps);
            }
        }
    }
    if inputs.len() == before {
        return Err(file_error(name, "is a folder without data files"));
    }
    Ok(())
}

/// Whether a file found in a folder or zip is a table, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likely {
    Yes,
    Perhaps,
    No,
    Hidden,
}

impl Likely {
    fn of(name: &str) -> Self {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base.starts_with(['.', '_']) || name.starts_with("__MACOSX/") {
            return Likely::Hidden;
        }
        let mut stem = base.to_lowercase();
        for end in [".gz", ".zst", ".zstd"] {
            stem = stem.strip_suffix(end).map(str::to_owned).unwrap_or(stem);
        }
        match stem.rsplit_once('.').map(|(_, extension)| extension) {
            Some(
                "csv" | "tsv" | "tab" | "psv" | "json" | "ndjson" | "jsonl" | "parquet" | "pq" | "arrow" | "ipc"
                | "feather" | "zip" | "xes",
            ) => Likely::Yes,
            None | Some("txt" | "log" | "dat" | "data") => Likely::Perhaps,
            // A part of a file (`events.csv.001`, `data.2024-01-01`) has a number for an extension.
            Some(extension) if extension.starts_with(|c: char| c.is_ascii_digit()) => Likely::Perhaps,
            Some(_) => Likely::No,
        }
    }
}

/// Whether a file of this name is listed among those to open.
pub fn is_named_like_a_table(name: &str) -> bool {
    Likely::of(name) == Likely::Yes
}

fn of_zip(name: &str, archive: &Archive, inputs: &mut Vec<Input>, notes: &mut Vec<String>) -> Result<(), Error> {
    let before = inputs.len();
    archive.with(name, |zip| {
        for index in 0..zip.len() {
            let entry = zip.by_index_data(index).map_err(|error| damaged_zip(name, &error))?;
            let inner = entry.name().map_err(|error| damaged_zip(name, &error))?.into_owned();
            let likely = Likely::of(&inner);
            if entry.is_dir() || likely == Likely::Hidden {
                continue;
            }
            let full = format!("{name}/{inner}");
            if likely == Likely::No || inner.to_lowercase().ends_with(".zip") {
                notes.push(format!("{} was left out: its name is not that of a table.", visible(&full)));
                continue;
            }
            if entry.encrypted() {
                return Err(file_error(&full, "is encrypted; unpack it first"));
            }
            inputs.push(Input {
                name: full,
                bytes: Some(entry.compressed_size()),
                work: entry.size(),
                is_optional: likely == Likely::Perhaps,
                place: Place::Entry { archive: archive.clone(), index },
            });
        }
        Ok(())
    })?;
    if inputs.len() == before {
        return Err(file_error(name, "is a zip without data files"));
    }
    Ok(())
}

fn damaged_zip(name: &str, error: &zip::result::ZipError) -> Error {
    file_error(name, format!("is not a whole zip file: {error}; it may be cut off or damaged"))
}

/// What a zip is read from.
trait Seekable: Read + Seek {}
impl<T: Read + Seek> Seekable for T {}

impl Archive {
    fn with<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut ZipArchive<Box<dyn Seekable>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let reader: Box<dyn Seekable> = match self {
            Archive::File(path) => {
                let file = File::open(path).map_err(|error| file_error(name, unreadable(&error)))?;
                Box::new(io::BufReader::new(file))
            }
            Archive::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        let mut zip = ZipArchive::new(reader).map_err(|error| damaged_zip(name, &error))?;
        work(&mut zip)
    }
}

fn of_pipe(
    name: &str,
    mut pipe: Pump,
    inputs: &mut Vec<Input>,
    notes: &mut Vec<String>,
    ctl: &Ctl,
) -> Result<(), Error> {
    let mut head = Vec::new();
    let fail = |error: io::Error| stopped_or(ctl, name, &error);
    (&mut pipe).take(MAGIC as u64).read_to_end(&mut head).map_err(fail)?;
    if is_zip(&head) {
        (&mut pipe).take(PIPED_ZIP_MAX).read_to_end(&mut head).map_err(fail)?;
        if head.len() as u64 > PIPED_ZIP_MAX {
            return Err(file_error(name, "is a zip of more than 512 MB in a pipe; save it to a file first"));
        }
        return of_zip(name, &Archive::Memory(head.into()), inputs, notes);
    }
    let place = Place::Pipe(Mutex::new(Pipe { head, rest: Some(pipe) }));
    inputs.push(Input { name: name.to_owned(), bytes: None, work: 0, is_optional: false, place });
    Ok(())
}

/// What is said of a file that is read twice.
pub fn repeat_note(name: &str) -> String {
    format!("{} is given more than once, so its rows count more than once.", visible(name))
}

fn note_repeats(inputs: &[Input], notes: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    for input in inputs {
        let Place::File(path) = &input.place else { continue };
        if !seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())) {
            notes.push(repeat_note(&input.name));
        }
    }
}

impl Input {
    /// The file itself, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Entry { .. } | Place::Pipe(_) => None,
        }
    }

    /// The file that it is, or is in.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) | Place::Entry { archive: Archive::File(path), .. } => Some(path),
            Place::Entry { archive: Archive::Memory(_), .. } | Place::Pipe(_) => None,
        }
    }

    /// The first `max` bytes after decompression, how they were compressed, and whether that is all there is. A pipe
    /// keeps what was looked at.
    ///
    /// # Errors
    /// The input cannot be read or is damaged.
    pub fn sample(&self, max: usize, ctl: &Ctl) -> Result<Head, Error> {
        if let Place::Pipe(pipe) = &self.place {
            return self.sample_pipe(&mut pipe.lock().unwrap_or_else(PoisonError::into_inner), max, ctl);
        }
        self.with_reader(ctl, Count::No, |reader, compression| {
            let mut bytes = Vec::new();
            reader.take(max as u64 + 1).read_to_end(&mut bytes)?;
            let is_whole = bytes.len() <= max;
            bytes.truncate(max);
            Ok(Head { bytes, compression, is_whole })
        })
    }

    fn sample_pipe(&self, pipe: &mut Pipe, max: usize, ctl: &Ctl) -> Result<Head, Error> {
        let fail = |error: io::Error| stopped_or(ctl, &self.name, &error);
        let mut at_end = pipe.rest.is_none();
        // What is packed shows nothing before its first block is there.
        let enough = max.max(PACKED_BLOCK) + 1;
        if let Some(rest) = &mut pipe.rest
            && pipe.head.len() < enough
        {
            let want = (enough - pipe.head.len()) as u64;
            at_end = (rest.take(want).read_to_end(&mut pipe.head).map_err(fail)? as u64) < want;
        }
        let compression = Compression::of(&pipe.head);
        let mut bytes = Vec::new();
        let mut reader = decompress(compression, &pipe.head[..])
            .map_err(|error| file_error(&self.name, error.to_string()))?
            .take(max as u64 + 1);
        // What was looked at may end in the middle of compressed data; the full read will find out about real damage.
        let ended = reader.read_to_end(&mut bytes);
        if at_end {
            ended.map_err(|error| file_error(&self.name, error.to_string()))?;
        }
        let is_whole = at_end && bytes.len() <= max;
        bytes.truncate(max);
        Ok(Head { bytes, compression, is_whole })
    }

    /// Pieces from further down a plain file, each from the start of a line; none of other inputs.
    pub fn pieces(&self, beyond: u64, n: u64, len: usize) -> Vec<Vec<u8>> {
        let read = |path: &Path, start: u64| -> io::Result<Vec<u8>> {
            let mut file = File::open(path)?;
            file.seek(io::SeekFrom::Start(start))?;
            let mut piece = Vec::with_capacity(len);
            file.take(len as u64).read_to_end(&mut piece)?;
            let line = memchr::memchr(b'\n', &piece).map_or(piece.len(), |at| at + 1);
            Ok(piece.split_off(line))
        };
        let (Some(path), Some(size)) = (self.path(), self.bytes) else { return Vec::new() };
        let last = size.saturating_sub(len as u64);
        if last <= beyond || !self.sample(MAGIC, &Ctl::new()).is_ok_and(|head| head.compression == Compression::None) {
            return Vec::new();
        }
        // What cannot be read here is found out when it is read for good.
        (1..=n).filter_map(|at| read(path, beyond + (last - beyond) / n * at).ok()).collect()
    }

    /// Reads the whole input, decompressed; bytes on disk count as progress.
    ///
    /// # Errors
    /// The input cannot be read or is damaged, or a stop was asked for.
    pub fn read<T>(&self, ctl: &Ctl, work: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> Result<T, Error> {
        self.with_reader(ctl, Count::Yes, |reader, _| work(reader))
    }

    fn with_reader<T>(
        &self,
        ctl: &Ctl,
        count: Count,
        work: impl FnOnce(&mut dyn Read, Compression) -> io::Result<T>,
    ) -> Result<T, Error> {
        let done = match &self.place {
            Place::File(path) => {
                let file = File::open(path).map_err(|error| file_error(&self.name, unreadable(&error)))?;
                run(Counted { inner: file, ctl, count }, work)
            }
            Place::Entry { archive, index } => archive.with(&self.name, |zip| {
                let entry = zip.by_index(*index).map_err(|error| damaged_zip(&self.name, &error))?;
                let packed = Rc::new(Cell::new(entry.compressed_size()));
                let inner = Unpacked { inner: Labelled::new(entry, "zip"), packed, n: 0 };
                Ok(run(Counted { inner, ctl, count }, work))
            })?,
            Place::Pipe(pipe) => {
                let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
                let head = std::mem::take(&mut pipe.head);
                let rest = pipe.rest.take().ok_or_else(|| file_error(&self.name, "can be read only once"))?;
                run(Counted { inner: Cursor::new(head).chain(rest), ctl, count }, work)
            }
        };
        done.map_err(|error| stopped_or(ctl, &self.name, &error))
    }
}

/// The start of an input.
#[derive(Debug)]
pub struct Head {
    pub bytes: Vec<u8>,
    pub compression: Compression,
    pub is_whole: bool,
}

fn run<T>(mut reader: impl Read, work: impl FnOnce(&mut dyn Read, Compression) -> io::Result<T>) -> io::Result<T> {
    let mut magic = Vec::with_capacity(MAGIC);
    (&mut reader).take(MAGIC as u64).read_to_end(&mut magic)?;
    let compression = Compression::of(&magic);
    let mut whole = Cursor::new(magic).chain(reader);
    if compression == Compression::None {
        return work(&mut whole, compression);
    }
    let (tally, packed) = Tally::new(whole);
    work(&mut Unpacked { inner: decompress(compression, tally)?, packed, n: 0 }, compression)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    Yes,
    No,
}

/// Counts the bytes that were read as progress, and stops when asked to.
struct Counted<'a, R> {
    inner: R,
    ctl: &'a Ctl,
    count: Count,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Short reads keep the answer to a stop quick, and the progress smooth.
        let len = buf.len().min(1 << 20);
        self.ctl.check().map_err(io::Error::other)?;
        let n = self.inner.read(&mut buf[..len])?;
        if self.count == Count::Yes {
            self.ctl.tick(n as u64).map_err(io::Error::other)?;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piped(ctl: &Ctl, reader: impl Read + Send + 'static) -> Result<Vec<Input>, Error> {
        let mut inputs = Vec::new();
        let pipe = Pump::start(ctl, || Ok(Box::new(reader) as Box<dyn Read>));
        of_pipe("pipe", pipe, &mut inputs, &mut Vec::new(), ctl)?;
        Ok(inputs)
    }

    fn whole(input: &Input, ctl: &Ctl) -> Result<Vec<u8>, Error> {
        input.read(ctl, |reader| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    #[test]
    fn what_was_looked_at_in_a_pipe_is_read_again() {
        let ctl = Ctl::new();
        let text: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        let packed = zstd::encode_all(&text[..], 1).expect("memory");
        for bytes in [text.clone(), packed] {
            let input = piped(&ctl, Cursor::new(bytes)).expect("a pipe").remove(0);
            for max in [10, 1000] {
                let head = input.sample(max, &ctl).expect("bytes");
                assert_eq!((&head.bytes[..], head.is_whole), (&text[..max], false));
            }
            assert_eq!(whole(&input, &ctl).expect("bytes"), text);
            assert!(whole(&input, &ctl).is_err());
        }
        let ctl = Ctl::new();
        let short = piped(&ctl, Cursor::new("abc")).expect("a pipe").remove(0);
        assert!(short.sample(10, &ctl).is_ok_and(|head| head.is_whole && head.bytes == b"abc"));
        assert_eq!(ctl.progress().done, 0);
        whole(&short, &ctl).expect("bytes");
        assert_eq!(ctl.progress().done, 3);
    }

    /// Gives some bytes, asks to stop, and then nothing for ever.
    struct Stuck(Ctl, usize);

    impl Read for Stuck {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1 > 3 {
                self.0.cancel();
                std::thread::park();
            }
            buf[..8].copy_from_slice(b"a,b,c,d\n");
            Ok(8)
        }
    }

    #[test]
    fn waiting_for_a_pipe_can_be_stopped() {
        let ctl = Ctl::new();
        let stopped = piped(&ctl, Stuck(ctl.clone(), 0)).and_then(|inputs| whole(&inputs[0], &ctl));
        assert!(matches!(stopped, Err(Error::Cancelled(_))));
    }

    #[test]
    fn names_tell_what_may_be_a_table() {
        for (name, likely) in [
            ("a.csv", Likely::Yes),
            ("a/b.JSON.gz", Likely::Yes),
            ("part-0001", Likely::Perhaps),
            ("events.csv.001", Likely::Perhaps),
            ("readme.md", Likely::No),
            ("_SUCCESS", Likely::Hidden),
            ("__MACOSX/a.csv", Likely::Hidden),
            (".a.csv", Likely::Hidden),
        ] {
            assert_eq!(Likely::of(name), likely, "{name}");
        }
        assert!(
            is_address("https://x/y.csv") && is_address("s3://b/k") && !is_address("a:b.csv") && !is_address("C:/x")
        );
    }
}
