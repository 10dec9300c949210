//! Orthogonal lines of two weights that meet in the right corners.

use ratatui::layout::Rect;

use crate::tui::paint::Pen;
use crate::tui::theme::Tone;

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// By the directions in which a line leaves a cell.
const LIGHT: [&str; 16] = [" ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼"];
const HEAVY: [&str; 16] = [" ", "┃", "┃", "┃", "━", "┛", "┓", "┫", "━", "┗", "┏", "┣", "━", "┻", "┳", "╋"];

/// What is drawn into each cell of an area.
pub(super) struct Lines {
    area: Rect,
    cells: Vec<(u8, bool)>,
}

impl Lines {
    pub fn new(area: Rect) -> Self {
        Lines { area, cells: vec![(0, false); usize::from(area.width) * usize::from(area.height)] }
    }

    fn add(&mut self, x: u16, y: u16, directions: u8, is_heavy: bool) {
        let area = self.area;
        if x >= area.left() && x < area.right() && y >= area.top() && y < area.bottom() {
            let at = usize::from(y - area.y) * usize::from(area.width) + usize::from(x - area.x);
            self.cells[at].0 |= directions;
            self.cells[at].1 |= is_heavy;
        }
    }

    /// From column `from` to column `to` of a row.
    pub fn across(&mut self, from: u16, to: u16, y: u16, is_heavy: bool) {
        for x in from..=to {
            let directions = if x > from { LEFT } else { 0 } | if x < to { RIGHT } else { 0 };
            self.add(x, y, directions, is_heavy);
        }
    }

    /// Between two rows of a column.
    pub fn up_and_down(&mut self, x: u16, from: u16, to: u16, is_heavy: bool) {
        let (top, bottom) = (from.min(to), from.max(to));
        for y in top..=bottom {
            let directions = if y > top { UP } else { 0 } | if y < bottom { DOWN } else { 0 };
            self.add(x, y, directions, is_heavy);
        }
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        for (at, (directions, is_heavy)) in
            self.cells.iter().enumerate().filter(|(_, (directions, _))| *directions != 0)
        {
            let wide = usize::from(self.area.width);
            let (x, y) = (self.area.x + (at % wide) as u16, self.area.y + (at / wide) as u16);
            let (signs, tone) = if *is_heavy { (&HEAVY, Tone::Bar) } else { (&LIGHT, Tone::Frame) };
            pen.text(x, y, 1, signs[usize::from(*directions)], tone);
        }
    }
}
