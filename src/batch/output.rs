//! Where an answer goes: standard output, or a file that is there whole or not at all.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::Usage;
use crate::base::visible::visible;
use crate::base::{Ctl, Zone};
use crate::export::file::{may_write, to_file};
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
            Target::File { path, force } => Ok(may_write(path, *force)?),
        }
    }

    /// Leaves the tables and rows of the document that are to be written.
    ///
    /// # Errors
    /// The chosen table does not exist.
    pub fn choose(&self, document: &mut Document) -> Result<()> {
        match &self.table {
            Some(name) => document.choose(name)?,
            None if self.format.holds_of(document) == Holds::OneTable => document.tables.truncate(1),
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
                Ok(to_file(path, *force, |out| (self.format.write)(document, &style, out))?)
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

    #[test]
    fn nothing_steers_a_terminal() {
        let mut out = Vec::new();
        Visible(&mut out).write_all("a\tb\x1b[2J\u{9b}c\r\n日\n".as_bytes()).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), "a\tb␛[2J<U+009B>c␍\n日\n");
    }
}
