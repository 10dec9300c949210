//! What waits for a pause: on a slow line, lists are made anew only when a person stops typing.

use std::time::{Duration, Instant};

use super::App;
use crate::tui::overlay::Overlay;

/// Who has not typed for this long has come to rest.
const REST: Duration = Duration::from_millis(300);

impl App {
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
}
