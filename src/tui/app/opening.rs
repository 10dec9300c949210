//! Opening: the screens before there is data, and what is remembered between runs. What takes long runs in the
//! background and comes back as `News`.

use std::sync::Arc;
use std::time::Instant;

use ratatui::layout::{Position, Rect};

use super::session::Offer;
use super::undo::{Analysis, Steps};
use super::{App, Leave};
use crate::analysis::Spec;
use crate::base::Ctl;
use crate::ingest::{self, LoadOptions, Outcome, Preview};
use crate::job::{Fallen, Slot, Ticket};
use crate::tui::cohort::Cohorts;
use crate::tui::columns::{ColumnsScreen, Return};
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::event::Event;
use crate::tui::files::{Chosen, FilesAction, FilesScreen};
use crate::tui::fit::Kept;
use crate::tui::key::Key;
use crate::tui::keymap::Lookup;
use crate::tui::load::Stage;
use crate::tui::overlay::Overlay;
use crate::tui::paint::Pen;
use crate::tui::pane::Purpose;
use crate::tui::picker::{Item, Picker};
use crate::tui::words;
use crate::workspace::{Folders, Listing, Session, listing, recent};

/// Makes sample data in a file.
pub type MakeSample = Arc<dyn Fn(&std::path::Path, &Ctl) -> Result<(), String> + Send + Sync>;

/// A screen that stands in place of a pane.
pub(super) enum Front {
    Files(Box<FilesScreen>),
    Columns(Box<ColumnsScreen>),
}

/// What came back from the background.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time is on its way, in a box of its own")]
pub enum News {
    Listed(Ticket, Result<Option<Listing>, Fallen>),
    Looked(Ticket, Result<Result<Preview, ingest::Error>, Fallen>),
    Tried(Ticket, Result<Result<Outcome, ingest::Error>, Fallen>),
    /// Sample data was made in this file.
    Made(Ticket, Result<Result<String, String>, Fallen>),
    /// What was worked on last time, if anything was.
    Remembered(Ticket, Result<Result<Offer, String>, Fallen>),
    Kept(Ticket, Result<Result<(), String>, Fallen>),
}

pub(super) struct Opening {
    pub folders: Folders,
    pub make_sample: Option<MakeSample>,
    pub screen: Option<Front>,
    /// Whether nothing is asked at the start.
    pub is_quiet: bool,
    /// Listing a folder, looking at columns, making sample data.
    pub slot: Slot,
    /// Trying columns out.
    pub trial: Slot,
    pub remembering: Slot,
    /// Each keeps something else, so that none takes the place of another.
    pub keeper: Slot,
    pub recents: Slot,
    pub maps: Slot,
    /// Rows of the list that there was room for.
    page: usize,
    /// As the command line said, for files that are opened later.
    pub given: LoadOptions,
    /// What every screen asks before anybody did anything.
    start: Analysis,
    /// What was asked of another file, to be kept as far as it fits.
    pub kept: Option<(Analysis, Cohorts)>,
    /// What was worked on the last time on this data.
    pub offer: Offer,
    /// A session to go on with as soon as its data is read.
    pub awaited: Option<Session>,
    /// What was kept last, and when the next look at it is due.
    pub saved: Option<Session>,
    pub due: Option<Instant>,
    /// Commands that wait for the data.
    pub ahead: Vec<Action>,
    /// Sources to be opened once somebody said how.
    asked: Vec<String>,
}

impl Opening {
    pub fn kept_parts(&self) -> Option<Kept> {
        let (analysis, cohorts) = self.kept.as_ref()?;
        let (drafts, scope) = analysis.parts();
        let specs = |drafts: &[(super::Screen, Spec)]| drafts.iter().map(|(_, spec)| spec.clone()).collect();
        Some(Kept {
            scope: scope.clone(),
            questions: specs(drafts),
            groups: cohorts.all().map(|(_, cohort)| cohort.among.clone()).collect(),
            start: specs(self.start.parts().0),
        })
    }

    pub fn new(given: LoadOptions) -> Self {
        Opening {
            folders: Folders::default(),
            make_sample: None,
            screen: None,
            is_quiet: false,
            slot: Slot::new(),
            trial: Slot::new(),
            remembering: Slot::new(),
            keeper: Slot::new(),
            recents: Slot::new(),
            maps: Slot::new(),
            page: 10,
            given,
            start: Analysis::default(),
            kept: None,
            offer: None,
            awaited: None,
            saved: None,
            due: None,
            ahead: Vec::new(),
            asked: Vec::new(),
        }
    }
}

impl App {
    /// Takes where things are remembered, and how sample data is made.
    pub fn furnish(&mut self, folders: &Folders, make_sample: Option<MakeSample>) {
        self.opening.folders = folders.clone();
        self.opening.make_sample = make_sample;
    }

    pub(super) fn note_start(&mut self) {
        self.opening.start = self.analysis();
    }

    /// Begins: with the sources that were named, else with a screen that asks for some.
    pub fn open(&mut self, asks_for_columns: bool) {
        if self.options.sources.is_empty() {
            self.open_files();
        } else if asks_for_columns {
            self.open_columns(Return::Files, None);
        } else {
            self.load();
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        self.opening.screen.is_some()
    }

    pub(super) fn is_opening_busy(&self) -> bool {
        self.opening.slot.is_running() || self.opening.trial.is_running()
    }

    pub(super) fn opening_places(&self) -> Option<Vec<Place>> {
        Some(match self.opening.screen.as_ref()? {
            Front::Files(_) => vec![Place::Files, Place::Always],
            Front::Columns(_) => vec![Place::Columns, Place::Rows, Place::Plain, Place::Always],
        })
    }

    /// Tells what waits in the background.
    pub(super) fn tell_opening<T: Send + 'static>(
        &self,
        news: fn(Ticket, Result<T, Fallen>) -> News,
    ) -> impl FnOnce(Ticket, Result<T, Fallen>) + Send + 'static {
        let events = self.events.clone();
        // Nobody is left to tell once the loop has ended.
        move |ticket, value| drop(events.send(Event::Opening(Box::new(news(ticket, value)))))
    }

    pub(super) fn open_files(&mut self) {
        self.opening.screen = Some(Front::Files(Box::new(FilesScreen::new(self.opening.make_sample.is_some()))));
        self.list(String::new());
    }

    fn list(&mut self, path: String) {
        let (lister, folders) = (Arc::clone(&self.opener.list), self.opening.folders.clone());
        if let Some(Front::Files(files)) = &mut self.opening.screen {
            files.is_listing = true;
        }
        let told = self.tell_opening(News::Listed);
        self.opening.slot.start(move |ctl| lister(&folders, &path, ctl).ok(), told);
    }

    pub(super) fn heard(&mut self, news: News) {
        match news {
            News::Listed(ticket, listing) => self.listed(ticket, listing),
            News::Looked(ticket, preview) => self.looked(ticket, preview),
            News::Tried(ticket, outcome) => self.columns_tried(ticket, outcome),
            News::Made(ticket, made) => {
                if self.opening.slot.accept(ticket) {
                    match made {
                        Ok(Ok(path)) => self.begin(vec![path]),
                        Ok(Err(why)) => self.complain(why),
                        Err(fallen) => self.complain(fallen.to_string()),
                    }
                }
            }
            News::Remembered(ticket, offer) => self.remembered(ticket, offer),
            News::Kept(_, Ok(Ok(()))) | News::Kept(_, Err(_)) => {}
            News::Kept(_, Ok(Err(why))) => self.complain(why),
        }
    }

    fn listed(&mut self, ticket: Ticket, listing: Result<Option<Listing>, Fallen>) {
        if !self.opening.slot.accept(ticket) {
            return;
        }
        match (listing, &mut self.opening.screen) {
            (Ok(Some(Listing { file: Some(file), .. })), Some(Front::Files(_))) => self.choose_sources(vec![file]),
            (Ok(Some(listing)), Some(Front::Files(files))) => files.take(listing),
            (Err(fallen), _) => self.complain(fallen.to_string()),
            (Ok(_), _) => {}
        }
    }

    /// # Errors
    /// Why not, in words that follow the command's name.
    pub(super) fn allows_opening(&self, action: Action) -> Result<(), &'static str> {
        match (&self.opening.screen, action) {
            (Some(Front::Files(files)), Action::Files(action)) => files.allows(action),
            (Some(Front::Columns(columns)), Action::Columns(action)) => columns.allows(action),
            (Some(Front::Columns(_)), Action::Row(_)) => Ok(()),
            _ => Err("needs the screen that opens files"),
        }
    }

    pub(super) fn act_opening(&mut self, action: Action) {
        match action {
            Action::Files(action) => self.act_files(action),
            Action::Columns(action) => self.act_columns(action),
            Action::Row(action) => self.move_in_columns(action),
            _ => {}
        }
    }

    fn move_in_columns(&mut self, action: RowAction) {
        if let Some(Front::Columns(columns)) = &mut self.opening.screen {
            columns.step(action);
        }
    }

    fn act_files(&mut self, action: FilesAction) {
        let (page, has_data) = (self.opening.page, self.has_data());
        let Some(Front::Files(files)) = &mut self.opening.screen else { return };
        match action {
            FilesAction::Up | FilesAction::Down | FilesAction::PageUp | FilesAction::PageDown => {
                files.step(action, page);
            }
            FilesAction::Mark => files.mark(),
            FilesAction::Above => {
                if let Some(above) = files.above() {
                    self.list(above);
                }
            }
            FilesAction::Leave if files.clear() => {}
            FilesAction::Leave if has_data => self.opening.screen = None,
            FilesAction::Leave => self.say("there is nothing behind this yet; ^C quits"),
            FilesAction::Quit => self.leave = Some(Leave::Quit),
            FilesAction::Open => match files.chosen() {
                Chosen::Open(sources) => self.choose_sources(sources),
                Chosen::Walk(path) => self.list(path),
                Chosen::Sample => self.make_sample(),
                Chosen::Refused(why) => self.complain(why),
                Chosen::Nothing => {}
            },
        }
    }

    fn make_sample(&mut self) {
        let Some(make) = self.opening.make_sample.clone() else { return };
        let folders = self.opening.folders.clone();
        let told = self.tell_opening(News::Made);
        let work = move |ctl: &Ctl| {
            let (path, is_there) = listing::sample_path(&folders, "sample-shop.csv")?;
            if !is_there {
                make(std::path::Path::new(&path), ctl)?;
            }
            Ok(path)
        };
        self.opening.slot.start(work, told);
        self.say("making sample data …");
    }

    /// A key on the screen of files: a command, or a letter of what is looked for.
    pub(super) fn files_key(&mut self, key: Key) -> bool {
        if !matches!(self.opening.screen, Some(Front::Files(_))) {
            return false;
        }
        let found = self.keymap.find(&[Place::Files, Place::Always], &[key]);
        if let Lookup::Found(command) = found {
            let is_typed = matches!(command.action, Action::Files(_)) && self.allows(command.action).is_err();
            if !is_typed {
                self.act(command.action);
                return true;
            }
        }
        if let Some(Front::Files(files)) = &mut self.opening.screen {
            files.type_key(key);
        }
        true
    }

    /// A text that was pasted: a path, as a rule.
    pub(super) fn files_paste(&mut self, text: &str) {
        if let Some(Front::Files(files)) = &mut self.opening.screen {
            files.type_text(text.trim());
        }
    }

    /// Opens sources; where there is an analysis, somebody has to say what becomes of it.
    fn choose_sources(&mut self, sources: Vec<String>) {
        let has_work = self.has_data() && (self.steps.can_undo() || self.cohorts.all().next().is_some());
        if !has_work {
            self.begin(sources);
            return;
        }
        let name = match &sources[..] {
            [one] => one.rsplit('/').next().unwrap_or(one).to_owned(),
            all => words::things(all.len() as u64, "file"),
        };
        let item = |value: &str, label: String| Item { label, value: value.to_owned(), ..Item::default() };
        let items = vec![
            item("keep", format!("open {name}, and keep the analysis where its names exist")),
            item("anew", format!("open {name}, and start anew")),
            item("stay", "stay with this data".to_owned()),
        ];
        self.opening.asked = sources;
        let mut picker = Picker::new(Purpose::OpenHow, "Open other data", items);
        if self.opening.folders.state.is_some() {
            picker.notes = vec!["What you did here is kept, and offered when you open this data again.".to_owned()];
        }
        self.overlays.push(Overlay::List(picker));
    }

    pub(super) fn open_how(&mut self, how: &str) {
        let sources = std::mem::take(&mut self.opening.asked);
        let options = LoadOptions { sources, ..self.opening.given.clone() };
        match how {
            "keep" => self.read_instead(options, true),
            "anew" => self.read_instead(options, false),
            _ => self.opening.screen = None,
        }
    }

    /// Reads sources that were chosen, where there is nothing to be kept.
    fn begin(&mut self, sources: Vec<String>) {
        let options = LoadOptions { sources, ..self.opening.given.clone() };
        self.read_instead(options, false);
    }

    /// Leaves the data that is there, if any, and reads other data, or the same in another way.
    pub(super) fn read_instead(&mut self, options: LoadOptions, keeps_analysis: bool) {
        self.keep_session_now(false);
        let kept = (self.analysis(), std::mem::take(&mut self.cohorts));
        self.opening.kept = keeps_analysis.then_some(kept);
        self.options = options;
        (self.engine, self.report) = (None, None);
        self.start_anew();
        self.opening.screen = None;
        self.opening.awaited = None;
        self.opening.offer = None;
        self.load();
    }

    /// Takes this for what every screen asks before anybody did anything.
    pub(super) fn start_from(&mut self, analysis: &Analysis) {
        self.opening.start = analysis.clone();
        self.steps = Steps::new(analysis.clone());
    }

    /// Every screen as it was before anybody did anything.
    pub(super) fn start_anew(&mut self) {
        self.overlays.clear();
        let start = self.opening.start.clone();
        self.take_analysis(&start);
        self.steps = Steps::new(start);
        (self.opening.saved, self.opening.due) = (None, None);
    }

    /// Shows an analysis on all screens.
    pub(super) fn take_analysis(&mut self, analysis: &Analysis) {
        let screens: Vec<_> = self.stacks.keys().copied().collect();
        for screen in screens {
            self.screen = screen;
            while self.pop() {}
        }
        self.screen = super::Screen::Home;
        self.show_analysis(analysis);
        self.history = super::history::History::new(self.screen, self.stack().layers[0].id);
    }

    /// Notes that these sources were opened, for the next time.
    pub(super) fn note_opened(&mut self) {
        let (folders, sources) = (self.opening.folders.clone(), self.options.sources.clone());
        if folders.state.is_some() {
            let told = self.tell_opening(News::Kept);
            self.opening.recents.start(move |_| recent::keep(&folders, &sources), told);
        }
    }

    /// Stops what runs on these screens, or leaves where nothing does.
    pub(super) fn interrupt_opening(&mut self) {
        let (is_busy, has_data) = (self.is_opening_busy(), self.has_data());
        self.opening.slot.cancel();
        self.opening.trial.cancel();
        match &mut self.opening.screen {
            // With nothing listed so far there is nothing to go back to: the first ^C leaves, however slow the folder.
            Some(Front::Files(files)) if is_busy && files.has_folder() => files.is_listing = false,
            Some(Front::Files(_)) if is_busy && !has_data => self.leave = Some(Leave::Quit),
            Some(_) if is_busy => self.say("stopped"),
            _ if has_data => self.opening.screen = None,
            _ => self.leave = Some(Leave::Quit),
        }
    }

    pub(super) fn view_opening(&self, area: Rect, pen: &mut Pen<'_>) -> (Option<Position>, usize) {
        match &self.opening.screen {
            Some(Front::Files(files)) => files.view(area, pen),
            Some(Front::Columns(columns)) => {
                columns.view(area, pen);
                (None, 0)
            }
            None => (None, 0),
        }
    }

    pub(super) fn opening_drawn(&mut self, page: usize) {
        if page > 0 {
            self.opening.page = page;
        }
    }

    /// The breadcrumb of the screen that opens data.
    pub(super) fn opening_crumb(&self) -> Option<String> {
        Some(match self.opening.screen.as_ref()? {
            Front::Files(_) => "open ▸ files".to_owned(),
            Front::Columns(columns) => format!("open ▸ map columns ▸ {}", columns.file(&self.options)),
        })
    }

    /// What the status line says on these screens.
    pub(super) fn opening_note(&self) -> String {
        match &self.opening.screen {
            _ if self.is_opening_busy() => format!("{} looking", self.spinner()),
            Some(Front::Files(_)) => "⏎ opens a file or a folder; a path can be typed too".to_owned(),
            Some(Front::Columns(columns)) => columns.note(self.opening.folders.state.is_some()),
            None => String::new(),
        }
    }

    /// Whether something waits to be read rather than to be chosen.
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Loading { .. })
    }
}
