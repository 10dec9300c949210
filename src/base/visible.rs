//! Text from data made safe to show: control characters, escape sequences and bidi marks become visible symbols, and
//! widths are counted in terminal columns.
//!
//! Everything that comes from a file, a flag or a path passes through `visible` before it reaches a terminal, in
//! messages as well as in tables. JSON and Parquet carry the raw text.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Marks that move or hide text without being seen: bidi controls, zero-width characters, tags, line separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200C}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Returns `text` with every character that could steer a terminal or hide text replaced by a visible one: C0 controls
/// by their pictures (`␛`), everything else by `<U+202E>`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0'..='\x1F' => safe.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}')),
            '\x7F' => safe.push('␡'),
            c if is_unsafe(c) => safe.push_str(&format!("<U+{:04X}>", c as u32)),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Columns that `text` takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cuts `text` to at most `columns`, by grapheme, with `…` where something was cut.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if text.len() <= columns || width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = width(grapheme);
        if used + wide > columns - 1 {
            break;
        }
        used += wide;
        end = at + grapheme.len();
    }
    Cow::Owned(format!("{}…", &text[..end]))
}

/// Pads or cuts `text` to exactly `columns`, text on the left.
pub fn fit_left(text: &str, columns: usize) -> String {
    let cut = truncate(text, columns);
    let pad = columns.saturating_sub(width(&cut));
    format!("{cut}{}", " ".repeat(pad))
}

/// Pads or cuts `text` to exactly `columns`, text on the right.
pub fn fit_right(text: &str, columns: usize) -> String {
    let cut = truncate(text, columns);
    let pad = columns.saturating_sub(width(&cut));
    format!("{}{cut}", " ".repeat(pad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_passes() {
        assert_eq!(visible("plain 日本語 é"), "plain 日本語 é");
        assert_eq!(visible("a\x1b[31mb\r\n\0\x7f"), "a␛[31mb␍␊␀␡");
        assert_eq!(visible("x\u{202E}y\u{9b}z\u{200B}"), "x<U+202E>y<U+009B>z<U+200B>");
    }

    #[test]
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(truncate("日本語テスト", 7), "日本語…");
        assert_eq!(truncate("日本語テスト", 6), "日本…");
        assert_eq!(truncate("cafe\u{301}s", 5), "cafe\u{301}s");
        assert_eq!(truncate("abcdef", 0), "");
        assert_eq!(fit_left("日本", 5), "日本 ");
        assert_eq!(fit_right("7", 3), "  7");
        assert_eq!(width(&fit_left("日本語", 4)), 4);
    }
}
