//! Which-key: a box that lists how a begun sequence of keys can go on, for those who stop to think. Typed fast, it is never
//! seen.

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::App;
use crate::base::visible::{visible, width};
use crate::tui::command::{COMMANDS, Command};
use crate::tui::key::Key;
use crate::tui::paint::{Border, Pen};
use crate::tui::theme::Tone;

/// Who has not pressed the next key by now is looking for it.
const THOUGHT: Duration = Duration::from_millis(300);

/// What the keys behind a first key are about.
const ABOUT: [(char, &str); 6] =
    [('g', "go to"), (',', "settings"), ('y', "copy"), ('e', "export"), ('b', "break down by"), ('c', "compare with")];

/// What comes next after the keys pressed so far.
pub struct Continuation {
    pub keys: String,
    pub command: &'static Command,
}

impl App {
    /// When the box is to be shown, where it is not shown yet.
    pub(super) fn which_due(&self) -> Option<Instant> {
        let due = self.pending_since + THOUGHT;
        (!self.pending.is_empty() && self.now < due).then_some(due)
    }

    fn shows_which(&self) -> bool {
        !self.pending.is_empty() && self.which_due().is_none()
    }

    pub(super) fn continuations(&self) -> Vec<Continuation> {
        let places = self.places();
        let commands = COMMANDS.iter().filter(|command| places.contains(&command.place));
        commands
            .filter_map(|command| {
                let begun = |keys: &&Vec<Key>| keys.starts_with(&self.pending) && keys.len() > self.pending.len();
                let keys = self.keymap.of_command(command).iter().find(begun)?;
                let rest: Vec<String> = keys[self.pending.len()..].iter().map(Key::to_string).collect();
                Some(Continuation { keys: rest.join(" "), command })
            })
            .collect()
    }

    /// Draws the box at the foot of the body.
    pub(super) fn view_which(&self, body: Rect, pen: &mut Pen<'_>) {
        if !self.shows_which() {
            return;
        }
        let continuations = self.continuations();
        if continuations.is_empty() {
            return;
        }
        let room = body.width.saturating_sub(2);
        let texts: Vec<(String, String, Tone)> = continuations
            .iter()
            .map(|continuation| match self.allows(continuation.command.action) {
                Ok(()) => (continuation.keys.clone(), continuation.command.doc.to_owned(), Tone::Text),
                Err(why) => (continuation.keys.clone(), format!("{}: {why}", continuation.command.name), Tone::Dim),
            })
            .collect();
        let lead = texts.iter().map(|(keys, _, _)| width(keys)).max().unwrap_or(0) as u16;
        let wide = texts.iter().map(|(_, doc, _)| width(&visible(doc)) as u16 + lead + 5).max().unwrap_or(0);
        let columns = (room / wide.max(1)).clamp(1, 3);
        let rows = (texts.len() as u16).div_ceil(columns);
        let tall = (rows + 2).min(body.height);
        let area = Rect { y: body.bottom() - tall, height: tall, ..body };
        let pressed = self.pending.iter().map(Key::to_string).collect::<Vec<_>>().join(" ");
        let about = ABOUT.iter().find(|(key, _)| self.pending == [Key::char(*key)]);
        let title = about.map_or(pressed.clone(), |(_, about)| format!("{pressed}  {about} …"));
        let border = Border { title: &title, note: "", foot: "Esc leaves", has_focus: true };
        pen.clear(area);
        let inside = pen.frame(area, &border);
        let column_wide = inside.width / columns;
        for (i, (keys, doc, tone)) in texts.iter().enumerate() {
            let (column, row) = (i as u16 / rows, i as u16 % rows);
            if row >= inside.height {
                continue;
            }
            let (x, y) = (inside.x + column * column_wide + 1, inside.y + row);
            pen.text(x, y, lead, keys, Tone::Key);
            pen.text(x + lead + 2, y, column_wide.saturating_sub(lead + 4), doc, *tone);
        }
    }
}
