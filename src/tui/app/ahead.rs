//! Keys that are pressed before there is data: those that lead somewhere wait for it, those that would change something
//! are dropped with a word, because nobody has seen yet what they would change.

use super::App;
use crate::tui::command::{Action, Place, of};
use crate::tui::key::Key;
use crate::tui::keymap::Lookup;

/// Most keys that wait.
const AHEAD_MAX: usize = 32;

impl App {
    /// Takes a key that means nothing while the data is read; `false` where it does mean something.
    pub(super) fn key_ahead(&mut self, key: Key) -> bool {
        if self.has_data() || self.is_opening() || !self.is_reading() {
            return false;
        }
        let mut keys = self.pending.clone();
        keys.push(key);
        if !matches!(self.keymap.find(&self.places(), &keys), Lookup::Nothing) {
            return false;
        }
        match self.keymap.find(&[self.top().pane.place(), Place::Rows, Place::Panes], &keys) {
            Lookup::Found(command) => {
                self.pending.clear();
                let shown: Vec<String> = keys.iter().map(Key::to_string).collect();
                if !leads_somewhere(command.action) {
                    self.say(format!("{}: there is no data yet, so {} was dropped", command.name, shown.join(" ")));
                } else if self.opening.ahead.len() < AHEAD_MAX {
                    self.opening.ahead.push(command.action);
                    self.say(format!("{} waits for the data", shown.join(" ")));
                }
            }
            Lookup::Prefix => self.pending = keys,
            Lookup::Nothing => self.pending.clear(),
        }
        true
    }

    /// Does what waited, as far as there is something to move over.
    pub(super) fn catch_up_with_keys(&mut self) {
        while let Some(&action) = self.opening.ahead.first() {
            if self.opening.ahead.is_empty() || !self.has_data() {
                return;
            }
            if !self.overlays.is_empty() || self.top().error.is_some() {
                self.opening.ahead.clear();
                return;
            }
            if matches!(action, Action::Row(_)) && !self.top().is_current() {
                return;
            }
            self.opening.ahead.remove(0);
            self.act(action);
        }
    }
}

/// Whether an action only moves about.
fn leads_somewhere(action: Action) -> bool {
    let goes = of(action).is_some_and(|command| command.name.starts_with("go-"));
    matches!(action, Action::Row(_)) || goes
}
