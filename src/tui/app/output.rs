//! Taking things along: copying a value, ids, a table or the batch command, and writing files in every format.

use std::io::{self, Write};
use std::path::PathBuf;

use super::{App, Outside};
use crate::analysis::Spec;
use crate::base::{Ctl, Zone};
use crate::export::file::{FileError, to_file};
use crate::export::{self, Document, FORMATS, Format, Holds, Style};
use crate::job::{Fallen, Ticket};
use crate::table::{Cell, Table};
use crate::tui::complete::Source;
use crate::tui::copy::COPY_MAX;
use crate::tui::event::Event;
use crate::tui::overlay::Overlay;
use crate::tui::pane::Purpose;
use crate::tui::picker::{Item, Picker};
use crate::tui::prompt::Prompt;
use crate::tui::shell;
use crate::tui::words;

/// A file that is being written, and what it was asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writing {
    pub path: String,
    /// The name of a file that was refused because it is there; asked for again, it is replaced.
    pub refused: Option<String>,
    pub what: What,
}

/// What goes into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Tables(&'static str),
    Steps,
    /// A view of the workspace; its name stands for the path.
    View,
}

/// A buffer that takes no more than can be copied.
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > COPY_MAX {
            return Err(io::Error::other("too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl App {
    /// Where relative paths begin, in tests.
    #[cfg(test)]
    pub fn write_into(&mut self, folder: &std::path::Path) {
        self.write_into = folder.to_owned();
    }

    /// The answer on the screen, with the table first that the cursor is in, as it is sorted and marked.
    fn document(&self) -> Option<Document> {
        let layer = self.top();
        let facts = layer.facts(self.report.as_ref());
        let (answer, spec) = (facts.answer?, facts.answered?);
        let asked = self.engine.as_ref().and_then(|engine| engine.asked(spec).ok());
        let mut tables = answer.tables();
        if let Some(name) = layer.pane.table_name(&facts)
            && let Some(at) = tables.iter().position(|table| table.name == name)
        {
            tables.swap(0, at);
        }
        if let Some(own) = layer.pane.own_table(&facts) {
            tables.insert(0, own);
        } else if let Some(rows) = layer.pane.chosen_rows(&facts) {
            let whole = std::mem::replace(tables.first_mut()?, Table::new("", &[]));
            tables[0] = whole.picked(rows);
        }
        Some(Document {
            analysis: spec.name().to_owned(),
            spec: serde_json::to_value(asked.as_ref().unwrap_or(spec)).unwrap_or_default(),
            source: export::Source { files: self.options.sources.clone(), counts: None },
            tables,
            notes: answer.notes().iter().cloned().chain(self.partial_note()).collect(),
        })
    }

    /// Copies what the cursor is on.
    pub(super) fn copy_value(&mut self) {
        let layer = self.top();
        match layer.pane.value_under_cursor(&layer.facts(self.report.as_ref())) {
            Some(value) => self.outside.push(Outside::Copy(value)),
            None => self.say("copy-value: there is nothing under the cursor"),
        }
    }

    /// Copies the first column of the list, one id per line.
    pub(super) fn copy_ids(&mut self) {
        let Some(document) = self.document() else { return };
        let Some(table) = document.tables.first() else { return };
        let mut text = String::new();
        for row in 0..table.len() {
            if let Some(Cell::Text(id)) = table.row(row).first() {
                text.push_str(id);
                text.push('\n');
            }
            if text.len() > COPY_MAX {
                self.complain(format!(
                    "{} ids are too many to copy; e writes them to a file",
                    words::count(table.len() as u64)
                ));
                return;
            }
        }
        self.outside.push(Outside::Copy(text));
    }

    pub(super) fn copy_table(&mut self, format: &str) {
        let (Some(mut document), Some(format)) = (self.document(), export::format(format)) else { return };
        document.tables.truncate(1);
        let mut out = Capped(Vec::new());
        match (format.write)(&document, &Style { zone: self.zone(), ..Style::default() }, &mut out) {
            Ok(()) => self.outside.push(Outside::Copy(String::from_utf8_lossy(&out.0).into_owned())),
            Err(_) => self.complain(format!(
                "more than {} are too much to copy; e writes them to a file",
                words::bytes(COPY_MAX as u64)
            )),
        }
    }

    pub(super) fn copy_command(&mut self) {
        if let Some(spec) = self.top().pane.spec() {
            self.outside.push(Outside::Copy(shell::command(&self.options, &spec)));
        }
    }

    pub(super) fn zone(&self) -> Zone {
        self.said_zone().cloned().unwrap_or_default()
    }

    /// The zone of the data, where anybody said one.
    pub(super) fn said_zone(&self) -> Option<&Zone> {
        self.options.zone.as_ref().or(self.workspace_zone.as_ref())
    }

    pub(super) fn ask_export_format(&mut self) {
        let analysis = self.top().pane.spec().map_or("", |spec| spec.name());
        let items = FORMATS.iter().filter(|format| format.fits(analysis)).map(|format| Item {
            label: format.doc.to_owned(),
            lead: format.name.to_owned(),
            value: format.name.to_owned(),
            ..Item::default()
        });
        let picker = Picker::new(Purpose::ExportFormat, "[e] Write this to a file, as", items.collect());
        self.overlays.push(Overlay::List(picker.at("csv")));
    }

    pub(super) fn ask_export_path(&mut self, format: &str) {
        let Some(format) = export::format(format) else { return };
        let layer = self.top();
        let facts = layer.facts(self.report.as_ref());
        let name = facts.answered.map_or("trailmap", Spec::name);
        let table = layer.pane.table_name(&facts).map_or(String::new(), |table| format!("-{table}"));
        self.ask_path(What::Tables(format.name), format!("{name}{table}.{}", format.extension));
    }

    pub(super) fn ask_steps_path(&mut self) {
        self.ask_path(What::Steps, "trailmap-steps.sh".to_owned());
    }

    fn ask_path(&mut self, what: What, path: String) {
        let title = match what {
            What::Tables(format) => format!("Write {format} to — a path, from where trailmap was started"),
            What::Steps => "Write the steps as a shell script to".to_owned(),
            What::View => return,
        };
        self.writing = Some(Writing { path: path.clone(), refused: None, what });
        self.ask_for(Prompt::new(Purpose::ExportPath, title, Source::Nothing, path));
    }

    /// Starts to write; a file that is there is replaced only when its name is given twice.
    ///
    /// # Errors
    /// The name is empty, or there is nothing to write.
    pub(super) fn write_file(&mut self, path: &str) -> Result<(), String> {
        let path = path.trim();
        if path.is_empty() {
            return Err("a file needs a name".to_owned());
        }
        let Some(mut writing) = self.writing.take() else { return Ok(()) };
        let force = writing.refused.as_deref() == Some(path);
        writing.path = path.to_owned();
        let target = self.write_into.join(expanded(path));
        let events = self.events.clone();
        let done = move |ticket, outcome| {
            let _ = events.send(Event::Written(ticket, outcome));
        };
        match writing.what {
            What::View => return Ok(()),
            What::Steps => {
                let script = self.script();
                self.writer.start(move |_| to_file(&target, force, |out| Ok(out.write_all(script.as_bytes())?)), done);
            }
            What::Tables(name) => {
                let document = self.document().ok_or("there is no answer to write yet")?;
                let format = export::format(name).ok_or("there is no such format")?;
                let zone = self.zone();
                self.writer.start(move |ctl| write(document, format, zone, &target, force, ctl), done);
            }
        }
        self.writing = Some(writing);
        Ok(())
    }

    pub(super) fn written(&mut self, ticket: Ticket, outcome: Result<Result<(), FileError>, Fallen>) {
        if !self.writer.accept(ticket) {
            return;
        }
        let Some(mut writing) = self.writing.take() else { return };
        match outcome {
            Ok(Ok(())) => {
                self.close_prompt();
                let said = match writing.what {
                    What::View => format!("saved as a view; trailmap run {} answers it", writing.path),
                    What::Tables(_) | What::Steps => format!("wrote {}", writing.path),
                };
                self.say(said);
            }
            Ok(Err(FileError::IsThere(_))) => {
                writing.refused = Some(writing.path.clone());
                self.show_in_prompt(format!("{} is there already; ⏎ again replaces it", writing.path));
                self.writing = Some(writing);
            }
            Ok(Err(err)) => {
                self.show_in_prompt(err.to_string());
                self.writing = Some(writing);
            }
            Err(fallen) => self.show_in_prompt(fallen.to_string()),
        }
    }
}

fn write(
    mut document: Document,
    format: &'static Format,
    zone: Zone,
    target: &std::path::Path,
    force: bool,
    ctl: &Ctl,
) -> Result<(), FileError> {
    if format.holds_of(&document) == Holds::OneTable {
        document.tables.truncate(1);
    }
    let style = Style { zone, ctl: ctl.clone(), ..Style::default() };
    to_file(target, force, |out| (format.write)(&document, &style, out))
}

/// `~` is the person's own folder, as in a shell.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
