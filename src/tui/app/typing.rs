//! Typing into what lies over a pane: keys and pastes go there, and its list follows, on a slow line only after a pause.

use std::time::{Duration, Instant};

use super::App;
use crate::job::{Fallen, Ticket};
use crate::tui::command::Action;
use crate::tui::complete::VALUES_MAX;
use crate::tui::event::Event;
use crate::tui::key::Key;
use crate::tui::keymap::Lookup;
use crate::tui::overlay::Overlay;

/// Who has not typed for this long has come to rest.
const REST: Duration = Duration::from_millis(300);

impl App {
    pub(super) fn overlay_key(&mut self, key: Key) {
        if let Lookup::Found(command) = self.keymap.find(&self.places(), &[key]) {
            if self.typed_at.is_some() {
                self.catch_up();
            }
            let is_allowed = match command.action {
                Action::Entry(action) => self.overlays.last().is_some_and(|overlay| overlay.allows(action)),
                _ => true,
            };
            if is_allowed {
                self.act(command.action);
                return;
            }
            if let Some(why) = self.overlays.last().and_then(Overlay::why_not) {
                self.say(why);
                return;
            }
        }
        if let Some(overlay) = self.overlays.last_mut() {
            overlay.type_key(key);
        }
        self.typed();
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.status = None;
        match self.overlays.last_mut() {
            Some(overlay) => overlay.type_text(text),
            None if self.opening.screen.is_some() => self.files_paste(text),
            None => self.say("a paste goes into a prompt; open one first"),
        }
        self.typed();
    }

    /// When something is to happen although nobody does anything.
    pub fn due(&self) -> Option<Instant> {
        let rest = self.typed_at.map(|at| at + REST);
        rest.into_iter().chain(self.which_due()).min()
    }

    /// Text was typed into the overlay: its list follows, at once or after a pause.
    pub(super) fn typed(&mut self) {
        if !self.is_slow() {
            self.catch_up();
            return;
        }
        self.typed_at = Some(self.now);
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() {
            prompt.forget_proposals();
        }
    }

    /// Makes the list fit what was typed.
    pub(super) fn catch_up(&mut self) {
        self.typed_at = None;
        if let Some(Overlay::List(picker) | Overlay::Help(picker)) = self.overlays.last_mut() {
            picker.refresh();
        }
        self.refresh_prompt();
    }

    pub(super) fn time_passed(&mut self) {
        if self.typed_at.is_some_and(|at| self.now >= at + REST) {
            self.catch_up();
        }
    }

    pub(super) fn refresh_prompt(&mut self) {
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return };
        prompt.refresh(&self.vocabulary);
        let Some(column) = prompt.missing().map(str::to_owned) else { return };
        let Some(engine) = self.engine.clone() else { return };
        let events = self.events.clone();
        let asked = column.clone();
        self.values.start(
            move |_| engine.values(&asked, VALUES_MAX),
            move |ticket, values| {
                let _ = events.send(Event::Values(ticket, column, values));
            },
        );
    }

    pub(super) fn values_arrived(
        &mut self,
        ticket: Ticket,
        column: String,
        values: Result<Vec<(String, u64)>, Fallen>,
    ) {
        if self.values.accept(ticket) {
            // A column whose values cannot be had is completed without them.
            self.vocabulary.values.insert(column, values.unwrap_or_default());
            self.refresh_prompt();
        }
    }
}
