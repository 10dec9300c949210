//! Saying which column is what: when the screen for it is shown, and what becomes of what is chosen there.

use std::sync::Arc;

use super::App;
use super::opening::{Front, News};
use crate::ingest::{self, LoadOptions, Outcome, Preview};
use crate::job::{Fallen, Ticket};
use crate::tui::app::Outside;
use crate::tui::columns::{ColumnsAction, ColumnsScreen, Return};
use crate::tui::load::Stage;
use crate::tui::overlay::{Overlay, Page};
use crate::tui::pane::Purpose;
use crate::tui::shell;
use crate::workspace::{Choices, maps};

impl App {
    /// Shows the screen that says which column is what.
    pub(super) fn open_columns(&mut self, back: Return, reason: Option<String>) {
        let screen = ColumnsScreen::new(self.options.clone(), back, reason, self.opener.here.clone());
        self.opening.screen = Some(Front::Columns(Box::new(screen)));
        self.look_at_columns();
    }

    /// Shows it because somebody asked for it.
    pub(super) fn map_columns(&mut self) {
        let back = match &self.stage {
            _ if self.has_data() => Return::Workbench,
            Stage::Failed { message } => Return::Failed(message.clone()),
            Stage::Loading { .. } | Stage::Ready => Return::Files,
        };
        self.open_columns(back, None);
    }

    /// Whether the columns of these sources can be looked at before they are read.
    pub(super) fn can_look(&self) -> bool {
        let sources = &self.options.sources;
        !sources.is_empty() && !sources.iter().any(|source| source == "-")
    }

    fn columns(&mut self) -> Option<&mut ColumnsScreen> {
        match &mut self.opening.screen {
            Some(Front::Columns(columns)) => Some(columns),
            Some(Front::Files(_)) | None => None,
        }
    }

    fn look_at_columns(&mut self) {
        self.opening.trial.cancel();
        let look = Arc::clone(&self.opener.look);
        let Some(options) = self.columns().map(|columns| columns.options.clone()) else { return };
        let told = self.tell_opening(News::Looked);
        self.opening.slot.start(move |ctl| look(&options, ctl), told);
    }

    pub(super) fn looked(&mut self, ticket: Ticket, preview: Result<Result<Preview, ingest::Error>, Fallen>) {
        if !self.opening.slot.accept(ticket) {
            return;
        }
        let why = match preview {
            Ok(Ok(preview)) => {
                if let Some(columns) = self.columns() {
                    columns.take(preview);
                }
                self.try_columns();
                return;
            }
            Ok(Err(err)) => err.to_string(),
            Err(fallen) => fallen.to_string(),
        };
        if self.has_data() {
            self.opening.screen = None;
            self.complain(why);
        } else {
            self.opening.screen = None;
            self.failed(why);
        }
    }

    /// Reads the start of the data, to see what comes of the columns as they stand.
    fn try_columns(&mut self) {
        let try_out = Arc::clone(&self.opener.try_out);
        let Some(columns) = self.columns().filter(|columns| columns.unclear().is_none()) else { return };
        let options = columns.accepted();
        let told = self.tell_opening(News::Tried);
        self.opening.trial.start(move |ctl| try_out(&options, ctl), told);
    }

    pub(super) fn columns_tried(&mut self, ticket: Ticket, outcome: Result<Result<Outcome, ingest::Error>, Fallen>) {
        if !self.opening.trial.accept(ticket) {
            return;
        }
        let outcome = match outcome {
            Ok(outcome) => outcome.map_err(|err| err.to_string()),
            Err(fallen) => Err(fallen.to_string()),
        };
        if let Some(columns) = self.columns() {
            columns.take_outcome(outcome);
        }
    }

    pub(super) fn act_columns(&mut self, action: ColumnsAction) {
        let Some(columns) = self.columns() else { return };
        match action {
            ColumnsAction::Accept => match columns.unclear() {
                Some(role) => {
                    let picker = columns.columns_to_choose(role);
                    self.overlays.push(Overlay::List(picker));
                }
                None => self.accept_columns(),
            },
            ColumnsAction::Choose => match columns.choose() {
                Some(picker) => self.overlays.push(Overlay::List(picker)),
                None => self.look_at_columns(),
            },
            ColumnsAction::Previous | ColumnsAction::Next => {
                columns.turn(if action == ColumnsAction::Next { 1 } else { -1 });
                self.look_at_columns();
            }
            ColumnsAction::CopyFlags => {
                let flags = shell::reading(&columns.accepted());
                self.outside.push(Outside::Copy(flags));
            }
            ColumnsAction::Report => {
                let page = Page::new("[i] How the start was read".to_owned(), columns.report());
                self.overlays.push(Overlay::Page(page));
            }
            ColumnsAction::Back => {
                let back = columns.back.clone();
                self.opening.slot.cancel();
                self.opening.trial.cancel();
                self.opening.screen = None;
                match back {
                    Return::Files => self.open_files(),
                    Return::Workbench => {}
                    Return::Failed(message) => self.failed(message),
                }
            }
        }
    }

    /// Takes what was chosen in one of the lists.
    pub(super) fn column_chosen(&mut self, purpose: Purpose, text: &str) {
        let Some(columns) = self.columns() else { return };
        match purpose {
            Purpose::ZoneOfTimes => columns.set_zone(text),
            Purpose::FormatOfTimes => columns.set_format(text),
            _ => columns.set_column(text),
        }
        self.look_at_columns();
    }

    fn accept_columns(&mut self) {
        let Some(columns) = self.columns() else { return };
        let (options, names) = (columns.accepted(), columns.column_names());
        self.remember_columns(&options, names);
        self.opening.slot.cancel();
        self.opening.trial.cancel();
        let has_data = self.has_data();
        self.read_instead(options, has_data);
    }

    fn remember_columns(&mut self, options: &LoadOptions, names: Vec<String>) {
        let (folders, choices) = (self.opening.folders.clone(), Choices::of(options));
        if folders.state.is_some() {
            let told = self.tell_opening(News::Kept);
            self.opening.maps.start(move |_| maps::keep(&folders, &names, &choices), told);
        }
    }
}
