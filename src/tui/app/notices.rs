//! What is wrong with the person's own files: said once, in one line, with the command that says all of it.

use super::App;
use crate::tui::keymap::Keymap;
use crate::workspace::Problem;

impl App {
    /// Takes the person's keys, and what is wrong with their files.
    pub fn rebind(&mut self, keymap: Keymap, problems: &[Problem]) {
        self.keymap = keymap;
        self.notices = problems.iter().map(ToString::to_string).collect();
    }

    pub(super) fn tell_notices(&mut self) {
        let notices = std::mem::take(&mut self.notices);
        match &notices[..] {
            [] => {}
            [one] => self.complain(one.as_str()),
            [first, ..] => self.complain(format!("{} problems, see trailmap doctor · {first}", notices.len())),
        }
    }
}
