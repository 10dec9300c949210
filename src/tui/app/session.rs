//! Sessions: what was worked on is kept while one works, and offered again the next time on the same data.

use std::time::Duration;

use super::App;
use super::opening::News;
use super::undo::Analysis;
use crate::job::{Fallen, Ticket};
use crate::tui::cohort::{Cohort, Cohorts, Pin};
use crate::tui::files::ago;
use crate::tui::fit::Fitted;
use crate::tui::overlay::Overlay;
use crate::tui::pane::Purpose;
use crate::tui::picker::{Item, Picker};
use crate::tui::words;
use crate::workspace::session::{self, Kept, Question};
use crate::workspace::{Choices, Session};

/// A session that was kept, if any was, and how long ago.
pub type Offer = Option<(Session, Duration)>;

/// Changes are kept this long after they were made.
const KEEP_AFTER: Duration = Duration::from_secs(5);

impl App {
    /// Looks for what was worked on the last time.
    pub(super) fn look_for_session(&mut self) {
        let (folders, sources) = (self.opening.folders.clone(), self.options.sources.clone());
        if folders.state.is_some() && self.opening.awaited.is_none() && self.engine.is_none() {
            let told = self.tell_opening(News::Remembered);
            self.opening.remembering.start(move |_| session::find(&folders, &sources), told);
        }
    }

    pub(super) fn remembered(&mut self, ticket: Ticket, offer: Result<Result<Offer, String>, Fallen>) {
        if !self.opening.remembering.accept(ticket) {
            return;
        }
        match offer {
            Ok(Ok(offer)) => {
                self.opening.offer = offer;
                if self.has_data() {
                    self.offer_session();
                }
            }
            Ok(Err(why)) if self.has_data() => self.say(why),
            Ok(Err(why)) => self.notices.push(why),
            Err(_) => {}
        }
    }

    /// Never asks whether to go on: who types lines without looking would answer something else.
    pub fn ask_nothing_at_start(&mut self) {
        self.opening.is_quiet = true;
    }

    /// Asks whether to go on, where the line broke; otherwise the status line says that one can.
    pub(super) fn offer_session(&mut self) {
        let Some((session, age)) = &self.opening.offer else { return };
        if self.opening.is_quiet || !session.is_broken || self.steps.can_undo() || !self.overlays.is_empty() {
            return;
        }
        let item = |value: &str, label: String, detail: String| Item {
            label,
            detail,
            value: value.to_owned(),
            ..Item::default()
        };
        let items = vec![
            item("go-on", format!("go on with {}", described(session)), ago(*age)),
            item("anew", "start anew".to_owned(), "Esc".to_owned()),
        ];
        let picker = Picker::new(Purpose::RestoreSession, "The last session was cut off", items);
        self.overlays.push(Overlay::List(picker));
    }

    /// ` · g r goes on where you were (3 h ago)`, until something new was begun.
    pub(super) fn session_note(&self) -> Option<String> {
        let (_, age) = self.opening.offer.as_ref()?;
        let key = self.keymap.hint("restore-session");
        (!self.steps.can_undo()).then(|| format!(" · {key} goes on where you were ({})", ago(*age)))
    }

    /// # Errors
    /// Why not, in words that follow the command's name.
    pub(super) fn allows_restoring(&self) -> Result<(), &'static str> {
        self.opening.offer.as_ref().map(drop).ok_or("nothing is kept from an earlier session on this data")
    }

    pub(super) fn restore_session(&mut self) {
        let Some((session, _)) = self.opening.offer.take() else { return };
        if session.reading != Choices::of(&self.options) {
            self.options = session.reading.applied(&self.options);
            (self.engine, self.report) = (None, None);
            self.opening.awaited = Some(session);
            self.load();
            return;
        }
        self.go_on_with(session);
    }

    /// Shows a session that waited for its data.
    pub(super) fn go_on_if_awaited(&mut self) {
        if let Some(session) = self.opening.awaited.take() {
            self.go_on_with(session);
        }
    }

    fn go_on_with(&mut self, session: Session) {
        let questions = session.questions.iter().filter_map(|question| {
            let screen = self.stacks.keys().find(|screen| screen.title() == question.screen)?;
            Some((*screen, question.spec.clone()))
        });
        let analysis = Analysis::of(questions.collect(), session.scope.clone());
        let said = described(&session);
        self.take_analysis(&analysis);
        self.cohorts = cohorts_of(session.cohorts);
        let screen = self.stacks.keys().copied().find(|screen| screen.title() == session.screen);
        self.screen = screen.unwrap_or(self.screen);
        self.remember();
        self.say(format!("as you left it: {said} · u takes it back"));
    }

    fn session(&mut self, is_broken: bool) -> Session {
        let analysis = self.analysis();
        let (drafts, scope) = analysis.parts();
        let question = |(screen, spec): &(super::Screen, crate::analysis::Spec)| Question {
            screen: screen.title().to_owned(),
            spec: spec.clone(),
        };
        let kept = self.cohorts.all().map(|(pin, cohort)| Kept {
            name: cohort.name.clone(),
            pin: pin.map(|pin| pin.name().to_owned()),
            among: cohort.among.clone(),
            size: cohort.size,
        });
        let mut session = Session {
            reading: Choices::of(&self.options),
            screen: self.screen.title().to_owned(),
            scope: scope.clone(),
            questions: drafts.iter().map(question).collect(),
            cohorts: kept.collect(),
            is_broken,
            ..Session::default()
        };
        session.set_sources(&self.options.sources);
        session
    }

    /// Whether there is anything that would be missed.
    fn is_worth_keeping(&self) -> bool {
        let has_place = self.opening.folders.state.is_some() && self.engine.is_some();
        has_place && (self.steps.can_undo() || self.cohorts.all().next().is_some())
    }

    /// Something was pressed: what came of it is kept a little later.
    pub(super) fn expect_changes(&mut self) {
        if self.opening.due.is_none() && self.is_worth_keeping() {
            self.opening.due = Some(self.now + KEEP_AFTER);
        }
    }

    /// When something is to be kept although nobody does anything.
    pub fn keeps_at(&self) -> Option<std::time::Instant> {
        self.opening.due
    }

    /// Keeps the session in the background where it is due and has changed.
    pub(super) fn keep_session_if_due(&mut self) {
        if self.opening.due.is_none_or(|due| self.now < due) {
            return;
        }
        self.opening.due = None;
        // Until the program is left, its session may be cut off at any moment.
        let session = self.session(true);
        if self.is_worth_keeping() && self.opening.saved.as_ref() != Some(&session) {
            self.opening.saved = Some(session.clone());
            let folders = self.opening.folders.clone();
            let told = self.tell_opening(News::Kept);
            self.opening.keeper.start(move |_| session::keep(&folders, &session), told);
        }
    }

    /// Keeps the session at once, before the program or the data is left.
    pub fn keep_session_now(&mut self, is_broken: bool) {
        if self.is_worth_keeping() {
            let session = self.session(is_broken);
            self.opening.keeper.cancel();
            // Whoever leaves cannot be told any more; whoever opens other data has it in front of them.
            if let Err(why) = session::keep(&self.opening.folders, &session) {
                self.notices.push(why);
            }
        }
    }

    /// Shows what fits of the analysis of other data.
    pub(super) fn take_fitted(&mut self, fitted: Fitted) {
        let Some((kept, cohorts)) = self.opening.kept.take() else { return };
        // Who began something new while the data was read wants that.
        if self.steps.can_undo() {
            return;
        }
        let screen = self.screen;
        let drafts = kept.parts().0.iter().map(|(screen, _)| *screen).zip(fitted.questions).collect();
        self.take_analysis(&Analysis::of(drafts, fitted.scope));
        self.screen = screen;
        for ((pin, cohort), is_kept) in cohorts.all().zip(fitted.groups) {
            match (is_kept, pin) {
                (true, Some(pin)) => self.cohorts.pin(pin, cohort.clone()),
                (true, None) => self.cohorts.save(cohort.clone()),
                (false, _) => {}
            }
        }
        self.remember();
        if !fitted.dropped.is_empty() {
            let dropped: Vec<String> = fitted.dropped.iter().take(5).cloned().collect();
            let more = fitted.dropped.len().saturating_sub(5);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.notices.push(format!("this data does not know {}{more}, so that was left out", dropped.join(", ")));
        }
    }
}

fn cohorts_of(kept: Vec<Kept>) -> Cohorts {
    let mut cohorts = Cohorts::default();
    for Kept { name, pin, among, size } in kept {
        let cohort = Cohort { name, among, size };
        match pin.as_deref() {
            Some("A") => cohorts.pin(Pin::A, cohort),
            Some(_) => cohorts.pin(Pin::B, cohort),
            None => cohorts.save(cohort),
        }
    }
    cohorts
}

/// A session in a few words.
fn described(session: &Session) -> String {
    let mut parts = Vec::new();
    for question in &session.questions {
        if let crate::analysis::Spec::Funnel(spec) = &question.spec
            && !spec.steps.is_empty()
        {
            parts.push(format!("a funnel of {}", words::things(spec.steps.len() as u64, "step")));
        }
    }
    if session.scope != crate::analysis::Scope::default() {
        parts.push("a filter".to_owned());
    }
    if !session.cohorts.is_empty() {
        parts.push(words::things(session.cohorts.len() as u64, "cohort"));
    }
    parts.push(format!("on {}", session.screen));
    parts.join(", ")
}
