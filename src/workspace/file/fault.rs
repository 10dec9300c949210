//! What is wrong with a workspace file, and where: every fault is a sentence with file, line and column.

use std::fmt;
use std::ops::Range;

use crate::base::visible::{truncate, visible};

/// More are counted, not told.
const FAULTS_MAX: usize = 100;

/// Columns of a terminal that one sentence takes at most; a file may hold texts of any length.
const SENTENCE_MAX: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 where it is about the file as a whole.
    pub line: usize,
    /// The character, from 1.
    pub column: usize,
    pub text: String,
}

/// All that is wrong with a file, in its order; never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    /// As the file is called in messages.
    pub file: String,
    pub faults: Vec<Fault>,
    /// Those that are not told.
    pub n_more: usize,
}

impl Faults {
    /// One about the file as a whole.
    pub fn whole(file: &str, text: impl Into<String>) -> Self {
        Faults { file: file.to_owned(), faults: vec![Fault { line: 0, column: 0, text: text.into() }], n_more: 0 }
    }

    /// Each as a sentence.
    pub fn sentences(&self) -> Vec<String> {
        let file = visible(&self.file);
        let one = |fault: &Fault| match fault.line {
            0 => format!("{file}: {}", fault.text),
            line => format!("{file}:{line}:{}: {}", fault.column, fault.text),
        };
        let mut sentences: Vec<String> = self.faults.iter().map(one).collect();
        if self.n_more > 0 {
            sentences.push(format!("{file}: {} more faults are not listed", self.n_more));
        }
        sentences
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences().join("\n"))
    }
}

/// Collects faults by byte, and knows the lines of the text.
pub(super) struct Collector<'t> {
    pub text: &'t str,
    lines: Vec<usize>,
    faults: Vec<(usize, Fault)>,
    n_more: usize,
}

impl<'t> Collector<'t> {
    pub fn of(text: &'t str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Collector { text, lines: std::iter::once(0).chain(starts).collect(), faults: Vec::new(), n_more: 0 }
    }

    /// Whether it is still worth the trouble to word a fault.
    pub fn is_full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    /// The line at a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    pub fn add(&mut self, at: usize, text: impl FnOnce() -> String) {
        if self.is_full() {
            self.n_more += 1;
            return;
        }
        let at = at.min(self.text.len());
        let line = self.line(at);
        let start = self.lines[line - 1];
        let column = self.text[start..].char_indices().take_while(|(byte, _)| start + byte < at).count() + 1;
        let text = text();
        let text = truncate(&visible(&text), SENTENCE_MAX).into_owned();
        self.faults.push((at, Fault { line, column, text }));
    }

    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    pub fn finish(mut self, file: &str) -> Faults {
        self.faults.sort_by_key(|(at, _)| *at);
        let faults = self.faults.into_iter().map(|(_, fault)| fault).collect();
        Faults { file: file.to_owned(), faults, n_more: self.n_more }
    }
}

/// A name from a file, fit for a message.
pub(super) fn shown(name: &str) -> String {
    truncate(&visible(name), 60).into_owned()
}

/// Where something begins; the start of the file where that is not known.
pub(super) fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}
