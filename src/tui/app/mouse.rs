//! The mouse: the wheel scrolls, a click moves the cursor or goes to a screen. Everything it does has a key.

use ratatui::layout::Position;

use super::App;
use crate::tui::command::{Action, EntryAction, RowAction};
use crate::tui::load::Stage;
use crate::tui::overlay::Overlay;
use crate::tui::paint::Target;
use crate::tui::report::{Deed, Mouse};

/// Rows per turn of the wheel.
const WHEEL: usize = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: Mouse) {
        if !self.look.has_mouse() {
            return;
        }
        self.status = None;
        self.pending.clear();
        match mouse.deed {
            Deed::WheelDown => self.wheel(RowAction::Down, EntryAction::Next),
            Deed::WheelUp => self.wheel(RowAction::Up, EntryAction::Previous),
            Deed::Press => self.press(Position { x: mouse.column, y: mouse.row }),
        }
    }

    fn wheel(&mut self, row: RowAction, entry: EntryAction) {
        let is_open = !self.overlays.is_empty();
        let action = if is_open { Action::Entry(entry) } else { Action::Row(row) };
        for _ in 0..WHEEL {
            if (is_open || matches!(self.stage, Stage::Ready)) && self.allows(action).is_ok() {
                self.act(action);
            }
        }
    }

    fn press(&mut self, at: Position) {
        // What was drawn last lies on top.
        let Some((_, target)) = self.targets.iter().rev().find(|(area, _)| area.contains(at)) else { return };
        match (*target, self.overlays.last_mut()) {
            (Target::Choice(row), Some(Overlay::List(picker) | Overlay::Help(picker))) => picker.point(row),
            (Target::Row { panel, row }, None) => {
                let report = self.report.as_ref();
                let stack = self.stacks.get_mut(&self.screen).expect("every screen has a stack");
                let (pane, facts) = stack.top_mut().split(report);
                pane.point(panel, row, &facts);
            }
            (Target::Screen(screen), None) => self.go(screen),
            (Target::Choice(_) | Target::Row { .. } | Target::Screen(_), _) => {}
        }
    }
}
