//! What terminals report beside keys: what the mouse does, and what they say about themselves when they are asked.

use crate::base::visible::{truncate, visible};

/// What the mouse did, and on which cell; the top left one is 0, 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub deed: Deed,
    pub column: u16,
    pub row: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Press,
    WheelUp,
    WheelDown,
}

/// What a terminal says about itself when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Background([u8; 3]),
    /// Whether it draws a frame as a whole when it is marked as one.
    Synchronized(bool),
    Version(String),
    /// Where its cursor is, both from 1.
    Cursor {
        row: u16,
        column: u16,
    },
    /// What kind of terminal it is; every terminal answers this one, so it ends a bundle of questions.
    Attributes,
}

/// `0;12;3` behind `ESC [ <`: which button, column and row; a capital M where it went down.
pub fn mouse(parameters: &str, last: u8) -> Option<Mouse> {
    let numbers: Vec<u16> = parameters.split(';').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [button, column, row] = numbers[..] else { return None };
    // Shift, Alt and Ctrl are bits of the button.
    let deed = match (button & !0b1_1100, last) {
        (0, b'M') => Deed::Press,
        (64, b'M') => Deed::WheelUp,
        (65, b'M') => Deed::WheelDown,
        _ => return None,
    };
    Some(Mouse { deed, column: column.checked_sub(1)?, row: row.checked_sub(1)? })
}

/// `?2026;2$y`, `?62;22c`
pub fn marked_answer(parameters: &str, last: u8) -> Option<Answer> {
    match last {
        b'c' => Some(Answer::Attributes),
        b'y' => match parameters.strip_suffix('$')?.split_once(';')? {
            ("2026", state) => Some(Answer::Synchronized(matches!(state, "1" | "2" | "3"))),
            _ => None,
        },
        _ => None,
    }
}

/// A string between `ESC` and its end: `]11;rgb:0000/0000/0000`, `P>|xterm(390)`.
pub fn string_answer(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\u{7}', '\\', '\u{1b}']);
    if let Some(version) = text.strip_prefix("P>|") {
        return Some(Answer::Version(truncate(&visible(version), 40).into_owned()));
    }
    let color = text.strip_prefix("]11;")?;
    let color = color.strip_prefix("rgb:").or_else(|| color.strip_prefix("rgba:"))?;
    let mut channels = color.split('/').map(|digits| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = 16u32.checked_pow(digits.len() as u32).filter(|most| digits.len() <= 4 && *most > 1)? - 1;
        Some((value * 255 / most) as u8)
    });
    Some(Answer::Background([channels.next()??, channels.next()??, channels.next()??]))
}
