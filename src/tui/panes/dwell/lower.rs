//! What stands below the list of stages: one panel on a narrow screen, several side by side on a wide one.

use ratatui::layout::Rect;

use super::{DwellPane, Panel};
use crate::tui::paint::Pen;
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;

/// From this width on, panels stand side by side.
const WIDE: u16 = 104;
/// From this width on, three of them.
const WIDER: u16 = 165;
/// From this height on, in two rows.
const TALL: u16 = 20;

impl DwellPane {
    /// Returns the rows of the panel with the focus.
    pub(super) fn view_lower(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        if area.width < WIDE {
            return self.view_panel(self.below, facts, area, pen);
        }
        let across: usize = if area.width >= WIDER { 3 } else { 2 };
        let down: usize = if area.height >= TALL { 2 } else { 1 };
        let lowers = self.lowers();
        let places = across * down;
        // As many as there is room for, the chosen one among them, in their order.
        let at = lowers.iter().position(|panel| *panel == self.below).unwrap_or(0);
        let n = places.min(lowers.len());
        let from = if lowers.len() <= places { 0 } else { at.min(lowers.len() - n) };
        let shown = &lowers[from..from + n];
        let (mut page, mut y) = (1, area.y);
        let n_rows = n.div_ceil(across);
        for (row, panels) in shown.chunks(across).enumerate() {
            let tall = (area.bottom() - y) / (n_rows - row) as u16;
            let mut x = area.x;
            for (column, panel) in panels.iter().enumerate() {
                let wide = (area.right() - x) / (panels.len() - column) as u16;
                let rows = self.view_panel(*panel, facts, Rect { x, y, width: wide, height: tall }, pen);
                if *panel == self.focus {
                    page = rows;
                }
                x += wide;
            }
            y += tall;
        }
        page
    }

    /// Draws one panel; returns its rows.
    pub(super) fn view_panel(&self, panel: Panel, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        match panel {
            Panel::Bins => self.view_bins(facts, area, pen),
            Panel::Curve => self.view_curve(facts, area, pen),
            Panel::Exits => self.view_exits(facts, area, pen),
            Panel::Tail => self.view_tail(facts, area, pen),
            Panel::Groups => self.view_groups(facts, area, pen),
            Panel::Stages => 1,
        }
    }
}

pub(super) fn say(inside: Rect, text: &str, pen: &mut Pen<'_>) {
    for (i, line) in crate::tui::paint::wrap(text, usize::from(inside.width.saturating_sub(2))).iter().enumerate() {
        if (i as u16) < inside.height {
            pen.text(inside.x + 1, inside.y + i as u16, inside.width.saturating_sub(2), line, Tone::Dim);
        }
    }
}
