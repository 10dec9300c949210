//! Keeping what is on the screen as a view of the workspace.

use std::path::PathBuf;

use super::App;
use super::output::{What, Writing};
use crate::export::file::FileError;
use crate::tui::complete::Source;
use crate::tui::event::Event;
use crate::tui::pane::Purpose;
use crate::tui::prompt::Prompt;
use crate::tui::shell;
use crate::workspace::file::{EditError, keep_view};
use crate::workspace::in_use::named_in;

impl App {
    /// The workspace file that the data was opened with.
    fn workspace_file(&self) -> Option<String> {
        named_in(&self.options).0
    }

    /// # Errors
    /// Why the view cannot be kept, in words that follow the command's name.
    pub(super) fn allows_saving_view(&self) -> Result<(), &'static str> {
        if self.workspace_file().is_none() {
            return Err("no workspace is open; trailmap init writes one, --workspace opens it");
        }
        self.top().pane.spec().map(drop).ok_or("there is no question yet; add a step")
    }

    pub(super) fn ask_view_name(&mut self) {
        let Some(spec) = self.top().pane.spec() else { return };
        let title = "Save this view into the workspace as — a name; trailmap run NAME answers it".to_owned();
        let name = spec.name().to_owned();
        self.writing = Some(Writing { path: name.clone(), refused: None, what: What::View });
        self.ask_for(Prompt::new(Purpose::ViewName, title, Source::Nothing, name));
    }

    /// Starts to write; a view that is there is replaced only when its name is given twice.
    ///
    /// # Errors
    /// The name is empty, or there is nothing to keep.
    pub(super) fn save_view(&mut self, name: &str) -> Result<(), String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("a view needs a name".to_owned());
        }
        let (Some(file), Some(spec)) = (self.workspace_file(), self.top().pane.spec()) else { return Ok(()) };
        let Some(mut writing) = self.writing.take() else { return Ok(()) };
        let replace = writing.refused.as_deref() == Some(name);
        writing.path = name.to_owned();
        self.writing = Some(writing);
        let (path, id, ask) = (PathBuf::from(file), name.to_owned(), shell::question(&spec));
        let events = self.events.clone();
        let done = move |ticket, outcome| {
            let _ = events.send(Event::Written(ticket, outcome));
        };
        let keep = move || {
            keep_view(&path, &id, &ask, replace).map_err(|err| match err {
                EditError::IsThere { id, .. } => FileError::IsThere(id),
                err => FileError::Said(err.to_string()),
            })
        };
        self.writer.start(move |_| keep(), done);
        Ok(())
    }
}
