//! Where an answer goes: standard output, or a file that is there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::Usage;
use crate::base::visible::visible;
use crate::base::{Ctl, Zone, ending};
use crate::export::{self, Document, Format, Holds, Style};

/// What is written, and where.
#[derive(Clone)]
pub struct Output {
    pub format: &'static Format,
    pub table: Option<String>,
    pub target: Target,
    pub limit: Option<usize>,
    pub raw: bool,
    /// Titles and headings may stand out.
    pub color: bool,
    /// Columns of the terminal that is standard output.
    pub width: Option<usize>,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Output({}, {:?})", self.format.name, self.target)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Stdout,
    File { path: PathBuf, force: bool },
}

impl Target {
    fn is_terminal(&self) -> bool {
        *self == Target::Stdout && io::stdout().is_terminal()
    }
}

impl Output {
    /// Refuses before the work what would be refused after it.
    ///
    /// # Errors
    /// `Usage` for bytes to a terminal; a file that is there already.
    pub fn check(&self) -> Result<()> {
        refuse_terminal(self.format, &self.target)?;
        match &self.target {
            Target::Stdout => Ok(()),
            Target::File { path, force } => may_write(path, *force),
        }
    }

    /// Leaves the tables and rows of the document that are to be written.
    ///
    /// # Errors
    /// The chosen table does not exist.
    pub fn choose(&self, document: &mut Document) -> Result<()> {
        match &self.table {
            Some(name) => document.choose(name)?,
            None if self.format.holds == Holds::OneTable => document.tables.truncate(1),
            None => {}
        }
        if let Some(limit) = self.limit {
            document.limit(limit);
        }
        Ok(())
    }

    /// Writes the document. A reader that has gone away is no error.
    ///
    /// # Errors
    /// The target cannot be written.
    pub fn write(&self, document: &Document, zone: Zone, ctl: &Ctl) -> Result<()> {
        let style = Style { raw: self.raw, width: self.width, bold: self.color, zone, ctl: ctl.clone() };
        match &self.target {
            Target::Stdout => to_stdout(self.format, |out| (self.format.write)(document, &style, out)),
            Target::File { path, force } => {
                let style = Style { width: None, bold: false, ..style };
                to_file(path, *force, |out| (self.format.write)(document, &style, out))
            }
        }
    }
}

/// Refuses to send bytes to a terminal.
///
/// # Errors
/// `Usage`, with the way out.
pub fn refuse_terminal(format: &Format, target: &Target) -> Result<()> {
    if format.is_text || !target.is_terminal() {
        return Ok(());
    }
    Err(Usage(format!("{} is not for terminals; add --out FILE.{}", format.name, format.extension)).into())
}

/// Lets `write` fill standard output. Where that is a terminal, nothing in the data may steer it.
///
/// # Errors
/// Standard output cannot be written; a closed pipe is no error.
pub fn to_stdout(format: &Format, write: impl FnOnce(&mut dyn Write) -> Result<(), export::Error>) -> Result<()> {
    let stdout = io::stdout().lock();
    // The format `table` makes text visible itself, and adds its own attributes.
    let is_safe = format.name == "table" || !stdout.is_terminal();
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    let written = match is_safe {
        true => write(&mut out),
        false => write(&mut Visible(&mut out)),
    };
    match written.and_then(|()| Ok(out.flush()?)) {
        Err(export::Error::Io(err)) if err.kind() == io::ErrorKind::BrokenPipe => {
            // What is still buffered has no reader either.
            let _ = out.into_parts();
            Ok(())
        }
        written => written.context("standard output"),
    }
}

/// Lets `write` fill a file under a temporary name beside it, then gives it its name. A file that is there already is
/// replaced only by `force`, and stays as it is when anything fails.
///
/// # Errors
/// The file is there, or cannot be written.
pub fn to_file(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), export::Error>,
) -> Result<()> {
    let shown = || visible(&path.to_string_lossy()).into_owned();
    may_write(path, force)?;
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        // A device or a pipe has no whole to protect, and must not be replaced by a file.
        let mut out = BufWriter::with_capacity(1 << 16, OpenOptions::new().write(true).open(path).with_context(shown)?);
        return write(&mut out).and_then(|()| Ok(out.flush()?)).with_context(shown);
    }
    // A link keeps pointing at its file.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unfinished = Unfinished::beside(&path);
    let file = OpenOptions::new().write(true).create_new(true).open(&unfinished.path).with_context(shown)?;
    fill(file, &path, write).and_then(|()| Ok(fs::rename(&unfinished.path, &path)?)).with_context(shown)?;
    sync_folder(&path);
    Ok(())
}

/// A file that is removed again unless it was given its name, however this ends.
struct Unfinished {
    path: PathBuf,
    _registered: ending::Registered,
}

impl Unfinished {
    /// Under a name that no other run of trailmap uses at the same time.
    fn beside(path: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.unfinished", std::process::id()));
        let path = path.with_file_name(name);
        let to_remove = path.clone();
        let registered = ending::before(move || {
            let _ = fs::remove_file(&to_remove);
        });
        Unfinished { path, _registered: registered }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name, nothing is here any more.
        let _ = fs::remove_file(&self.path);
    }
}

fn fill(
    file: File,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), export::Error>,
) -> Result<(), export::Error> {
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

fn may_write(path: &Path, force: bool) -> Result<()> {
    let shown = visible(&path.to_string_lossy()).into_owned();
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => bail!("{shown}: is a folder; name a file in it"),
        Ok(meta) if meta.is_file() && !force => bail!("{shown}: is there already; add --force to replace it"),
        Ok(_) => return Ok(()),
        Err(_) => {}
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => bail!("{shown}: its folder does not exist"),
        _ => Ok(()),
    }
}

/// Makes the new name survive a power cut; a folder that cannot be synced is no reason to fail.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Makes whatever passes visible, line by line.
struct Visible<'a>(&'a mut dyn Write);

impl Write for Visible<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        for piece in text.split_inclusive(['\n', '\t']) {
            let end = if piece.ends_with(['\n', '\t']) { piece.len() - 1 } else { piece.len() };
            self.0.write_all(visible(&piece[..end]).as_bytes())?;
            self.0.write_all(&piece.as_bytes()[end..])?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        to_file(&path, false, |out| Ok(out.write_all(b"one")?)).expect("written");
        let err = to_file(&path, false, |_| panic!("not reached")).expect_err("there already");
        assert!(format!("{err:#}").ends_with("a.csv: is there already; add --force to replace it"), "{err:#}");
        let failed = to_file(&path, true, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is gone").into())
        });
        assert!(format!("{:#}", failed.expect_err("failed")).ends_with("a.csv: the disk is gone"));
        assert_eq!(fs::read(&path).expect("still there"), b"one");
        to_file(&path, true, |out| Ok(out.write_all(b"two")?)).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_eq!(names_in(folder.path()), ["a.csv"]);
    }

    #[test]
    fn folders_and_missing_folders_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let err = may_write(folder.path(), true).expect_err("a folder");
        assert!(err.to_string().ends_with("is a folder; name a file in it"));
        let err = may_write(&folder.path().join("no/a.csv"), true).expect_err("no folder");
        assert!(err.to_string().ends_with("its folder does not exist"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_at_its_file_and_a_device_stays_a_device() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        to_file(&link, true, |out| Ok(out.write_all(b"new")?)).expect("written");
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).expect("there"), b"new");
        to_file(Path::new("/dev/null"), false, |out| Ok(out.write_all(b"gone")?)).expect("written");
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn nothing_steers_a_terminal() {
        let mut out = Vec::new();
        Visible(&mut out).write_all("a\tb\x1b[2J\u{9b}c\r\n日\n".as_bytes()).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), "a\tb␛[2J<U+009B>c␍\n日\n");
    }
}
