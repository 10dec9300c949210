//! `Pen`: writes text, frames and bars into a buffer, cut to where they belong, whatever the size of the screen.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::screen::Screen;
use super::theme::{Theme, Tone, ascii_twin};
use crate::base::visible::{truncate, visible, width};

pub struct Pen<'b> {
    pub buf: &'b mut Buffer,
    pub theme: Theme,
    targets: Vec<(Rect, Target)>,
}

/// What the mouse can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Screen(Screen),
    /// A row of a panel of the pane; the pane knows which panel has which number.
    Row {
        panel: u8,
        row: usize,
    },
    /// A row of the list that is open.
    Choice(usize),
}

/// What stands on a frame's border.
#[derive(Debug, Clone, Default)]
pub struct Border<'t> {
    pub title: &'t str,
    /// On the right of the top line.
    pub note: &'t str,
    /// On the right of the bottom line.
    pub foot: &'t str,
    pub has_focus: bool,
}

const ACROSS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const UP: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl<'b> Pen<'b> {
    pub fn new(buf: &'b mut Buffer, theme: Theme) -> Self {
        Pen { buf, theme, targets: Vec::new() }
    }

    /// Notes what a click on this area means.
    pub fn target(&mut self, area: Rect, target: Target) {
        self.targets.push((area, target));
    }

    /// Writes at most `columns` of `text`, made safe to show; returns the columns used.
    pub fn text(&mut self, x: u16, y: u16, columns: u16, text: &str, tone: Tone) -> u16 {
        let area = self.buf.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let columns = columns.min(area.right() - x);
        let safe = self.spelled(text);
        let cut = truncate(&safe, usize::from(columns));
        let (end, _) = self.buf.set_stringn(x, y, &cut, usize::from(columns), self.theme.style(tone));
        end - x
    }

    /// Writes `text` so that it ends before column `right`.
    pub fn right(&mut self, right: u16, y: u16, columns: u16, text: &str, tone: Tone) -> u16 {
        let wide = self.width(text).min(columns);
        self.text(right.saturating_sub(wide), y, wide, text, tone)
    }

    /// The text as it will stand there: safe to show, and with the Enter key spelled out where there is no sign for it.
    fn spelled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let safe = visible(text);
        if self.theme.ascii && safe.contains('⏎') { Cow::Owned(safe.replace('⏎', "Enter")) } else { safe }
    }

    /// Columns that `text` takes on this screen.
    pub fn width(&self, text: &str) -> u16 {
        width(&self.spelled(text)).min(usize::from(u16::MAX)) as u16
    }

    /// Writes pieces one after the other; returns the columns used.
    pub fn pieces(&mut self, x: u16, y: u16, columns: u16, pieces: &[(&str, Tone)]) -> u16 {
        let mut used = 0;
        for (text, tone) in pieces {
            used += self.text(x + used, y, columns.saturating_sub(used), text, *tone);
        }
        used
    }

    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buf[(x, y)].reset();
            }
        }
        // A wide character that stands half under the area would be cut in two.
        for y in area.top()..area.bottom() {
            if area.left() > 0 && width(self.buf[(area.left() - 1, y)].symbol()) > 1 {
                self.buf[(area.left() - 1, y)].set_char(' ');
            }
        }
    }

    /// Draws a frame and returns what is inside.
    pub fn frame(&mut self, area: Rect, border: &Border<'_>) -> Rect {
        let area = area.intersection(self.buf.area);
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let tone = if border.has_focus { Tone::Focus } else { Tone::Frame };
        let style = self.theme.style(tone);
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        for x in left..=right {
            self.buf[(x, top)].set_char('─').set_style(style);
            self.buf[(x, bottom)].set_char('─').set_style(style);
        }
        for y in top..=bottom {
            self.buf[(left, y)].set_char('│').set_style(style);
            self.buf[(right, y)].set_char('│').set_style(style);
        }
        for (x, y, corner) in [(left, top, '╭'), (right, top, '╮'), (left, bottom, '╰'), (right, bottom, '╯')] {
            self.buf[(x, y)].set_char(corner).set_style(style);
        }
        let room = area.width.saturating_sub(4);
        let mut used = 0;
        if !border.title.is_empty() {
            let title_tone = if border.has_focus { Tone::Strong } else { Tone::Title };
            used = self.on_line(left + 2, top, room, border.title, title_tone);
        }
        if !border.note.is_empty() && u32::from(used) + u32::from(self.width(border.note)) + 3 <= u32::from(room) {
            let wide = self.width(border.note) + 2;
            self.on_line(right - wide, top, wide, border.note, Tone::Dim);
        }
        if !border.foot.is_empty() && room > 4 {
            let wide = self.width(border.foot).saturating_add(2).min(room);
            self.on_line(right - wide, bottom, wide, border.foot, Tone::Dim);
        }
        Rect { x: left + 1, y: top + 1, width: area.width - 2, height: area.height - 2 }
    }

    fn on_line(&mut self, x: u16, y: u16, columns: u16, text: &str, tone: Tone) -> u16 {
        let safe = self.spelled(text);
        let cut = truncate(&safe, usize::from(columns.saturating_sub(2))).into_owned();
        if tone == Tone::Title {
            // A frame may be too faint to read; what stands on it is not.
            let area = Rect { x, y, width: self.width(&cut) + 2, height: 1 }.intersection(self.buf.area);
            self.buf.set_style(area, Style::reset());
        }
        self.text(x, y, columns, &format!(" {cut} "), tone)
    }

    /// A line across a frame, from border to border, with a title on it.
    pub fn rule(&mut self, inside: Rect, y: u16, title: &str) {
        if y >= inside.bottom() {
            return;
        }
        self.text(inside.x, y, inside.width, &"─".repeat(usize::from(inside.width)), Tone::Frame);
        if !title.is_empty() {
            self.on_line(inside.x + 1, y, inside.width.saturating_sub(1), title, Tone::Title);
        }
    }

    /// A bar of `fraction` of `columns`, in eighths of a column. A bar that stands for something is never empty.
    pub fn bar(&mut self, x: u16, y: u16, columns: u16, fraction: f64, tone: Tone) {
        self.text(x, y, columns, &bar(columns, fraction), tone);
    }

    /// Columns that stand on the bottom line of `area`, one per value, as high as the largest fills it.
    pub fn columns(&mut self, area: Rect, values: &[u64], tone: Tone) {
        let most = values.iter().copied().max().unwrap_or(0);
        if most == 0 || area.height == 0 {
            return;
        }
        let levels = usize::from(area.height) * 8;
        for (i, &value) in values.iter().take(usize::from(area.width)).enumerate() {
            let exact = value as f64 / most as f64 * levels as f64;
            let level = if value == 0 { 0 } else { (exact.round() as usize).max(1) };
            for row in 0..usize::from(area.height) {
                let filled = level.saturating_sub(row * 8).min(8);
                if filled > 0 {
                    let y = area.bottom() - 1 - row as u16;
                    self.text(area.x + i as u16, y, 1, UP[filled].encode_utf8(&mut [0; 4]), tone);
                }
            }
        }
    }

    /// Marks the name under the cursor, by weight and not by a tint over the row: a few bytes on a slow line.
    pub fn embolden(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let cell = &mut self.buf[(x, y)];
                if cell.symbol() != " " {
                    cell.modifier.insert(Modifier::BOLD);
                }
            }
        }
    }

    /// Replaces every drawing character by its ASCII twin, where the theme asks for it; returns what can be pointed at.
    pub fn finish(self) -> Vec<(Rect, Target)> {
        if !self.theme.ascii {
            return self.targets;
        }
        for cell in &mut self.buf.content {
            let mut chars = cell.symbol().chars();
            if let (Some(c), None) = (chars.next(), chars.next())
                && let Some(twin) = ascii_twin(c)
            {
                cell.set_char(twin);
            }
        }
        self.targets
    }
}

/// A bar as text, `columns` wide at most.
pub fn bar(columns: u16, fraction: f64) -> String {
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let mut eighths = (fraction * f64::from(columns) * 8.0).round() as usize;
    if eighths == 0 && fraction > 0.0 && columns > 0 {
        eighths = 1;
    }
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        text.push(ACROSS[eighths % 8]);
    }
    text
}

/// One line of columns for a series, `columns` wide: neighbours are added up where there are more values than columns.
pub fn resample(values: &[u64], columns: usize) -> Vec<u64> {
    if columns == 0 || values.is_empty() {
        return Vec::new();
    }
    if values.len() <= columns {
        let wide = columns / values.len();
        return values.iter().flat_map(|&value| std::iter::repeat_n(value, wide)).collect();
    }
    (0..columns).map(|i| values[i * values.len() / columns..(i + 1) * values.len() / columns].iter().sum()).collect()
}

/// The first row to show so that `cursor` is visible among `rows`, moving as little as possible from `from`.
pub fn scroll(from: usize, cursor: usize, rows: usize, len: usize) -> usize {
    if rows == 0 {
        return cursor;
    }
    let latest = len.saturating_sub(rows);
    let from = from.min(latest);
    if cursor < from {
        cursor
    } else if cursor >= from + rows {
        cursor + 1 - rows
    } else {
        from
    }
}

/// Breaks text into lines of at most `columns`, at spaces where there are any. Lines stand in as far as the first one.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let indent = text.len() - body.len();
    if indent > 0 && indent < columns {
        let lines = wrap(body, columns - indent);
        return lines.into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
    }
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        let line = lines.last_mut().expect("there is always a last line");
        let gap = usize::from(!line.is_empty());
        if width(line) + gap + width(word) <= columns {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        while width(word) > columns {
            let cut = cut_at(word, columns);
            lines.last_mut().expect("there is always a last line").push_str(&word[..cut]);
            lines.push(String::new());
            word = &word[cut..];
        }
        lines.last_mut().expect("there is always a last line").push_str(word);
    }
    lines
}

/// Bytes of `text` that fit into `columns`, at least one character.
fn cut_at(text: &str, columns: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_count_eighths_and_something_is_never_nothing() {
        assert_eq!(
            [bar(4, 1.0), bar(4, 0.5), bar(4, 0.28), bar(4, 0.0001), bar(4, 0.0)],
            ["████", "██", "█▏", "▏", ""]
        );
        assert_eq!(bar(4, f64::NAN), "");
    }

    #[test]
    fn scrolling_moves_no_further_than_needed() {
        assert_eq!(scroll(0, 3, 5, 10), 0);
        assert_eq!(scroll(0, 7, 5, 10), 3);
        assert_eq!(scroll(5, 2, 5, 10), 2);
        assert_eq!(scroll(9, 9, 5, 10), 5);
        assert_eq!(scroll(3, 0, 5, 0), 0);
    }

    #[test]
    fn series_are_added_up_or_stretched() {
        assert_eq!(resample(&[1, 2, 3, 4], 2), [3, 7]);
        assert_eq!(resample(&[1, 2], 5), [1, 1, 2, 2]);
        assert_eq!(resample(&[], 5), Vec::<u64>::new());
    }

    #[test]
    fn long_sentences_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("no event is named `x`", 12), ["no event is", "named `x`"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("日本語", 3), ["日", "本", "語"]);
        assert_eq!(wrap("  a bb", 5), ["  a", "  bb"]);
        assert_eq!(wrap("  a", 2), ["a"]);
    }
}
