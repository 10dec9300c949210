//! Keys: what a terminal sends, what the command table writes, what a screen shows.
//!
//! Our own reader instead of crossterm's, which turns in circles once the terminal is gone, and which takes an escape
//! sequence that a slow line cut in two for a press of Esc.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    F(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Paste(String),
}

const NAMES: [(&str, Code); 16] = [
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backtab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("home", Code::Home),
    ("end", Code::End),
    ("space", Code::Char(' ')),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Key { code, ctrl: false }
    }

    pub const fn char(c: char) -> Self {
        Key::plain(Code::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Key { code: Code::Char(c), ctrl: true }
    }

    /// Reads a key as the command table writes it: `j`, `X`, `ctrl-p`, `pagedown`, `f1`.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix("ctrl-") {
            return Key::named(rest).map(|key| Key { ctrl: true, ..key });
        }
        let mut chars = name.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Some(Key::char(c));
        }
        if let Some(n) = name.strip_prefix('f').and_then(|n| n.parse().ok()) {
            return Some(Key::plain(Code::F(n)));
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| Key::plain(*code))
    }

    /// The character that this key types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    /// As screens show it: `⏎`, `Esc`, `^P`, `PgDn`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("^")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            Code::Char(c) => write!(f, "{c}"),
            Code::Enter => f.write_str("⏎"),
            Code::Esc => f.write_str("Esc"),
            Code::Tab => f.write_str("Tab"),
            Code::BackTab => f.write_str("⇧Tab"),
            Code::Backspace => f.write_str("⌫"),
            Code::Delete => f.write_str("Del"),
            Code::Insert => f.write_str("Ins"),
            Code::Up => f.write_str("↑"),
            Code::Down => f.write_str("↓"),
            Code::Left => f.write_str("←"),
            Code::Right => f.write_str("→"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
            Code::Home => f.write_str("Home"),
            Code::End => f.write_str("End"),
            Code::F(n) => write!(f, "F{n}"),
        }
    }
}

/// A paste longer than this is cut: nothing that is typed here is longer.
const PASTE_MAX: usize = 4096;

const PASTE_END: &[u8] = b"\x1b[201~";

/// Turns bytes into keys, however they are cut.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What the pending bytes begin with.
enum Token {
    Key(usize, Key),
    /// Understood and without meaning here: mouse reports, answers of the terminal, bytes that are no text.
    Nothing(usize),
    PasteStart(usize),
    More,
}

impl Decoder {
    /// Whether bytes are held back that may be the start of something longer.
    pub fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend_from_slice(bytes);
        let mut inputs = Vec::new();
        loop {
            if self.paste.is_some() {
                match self.end_paste() {
                    Some(text) => inputs.push(Input::Paste(text)),
                    None => return inputs,
                }
                continue;
            }
            if self.pending.is_empty() {
                return inputs;
            }
            let used = match token(&self.pending) {
                Token::Key(used, key) => {
                    inputs.push(Input::Key(key));
                    used
                }
                Token::Nothing(used) => used,
                Token::PasteStart(used) => {
                    self.paste = Some(Vec::new());
                    used
                }
                Token::More => return inputs,
            };
            self.pending.drain(..used);
        }
    }

    /// Nothing followed in time: an Esc that stands alone was the key, anything else broken off is dropped.
    pub fn settle(&mut self) -> Vec<Input> {
        let was_escape = self.pending.first() == Some(&0x1b);
        let rest = if was_escape { self.pending.split_off(1) } else { Vec::new() };
        self.pending.clear();
        if !was_escape {
            return Vec::new();
        }
        let mut inputs = vec![Input::Key(Key::plain(Code::Esc))];
        if !matches!(rest.first(), None | Some(b'[' | b'O')) {
            inputs.extend(self.feed(&rest));
        }
        inputs
    }

    fn end_paste(&mut self) -> Option<String> {
        let paste = self.paste.as_mut()?;
        paste.append(&mut self.pending);
        let end = paste.windows(PASTE_END.len()).position(|window| window == PASTE_END);
        match end {
            Some(end) => {
                self.pending = paste.split_off(end + PASTE_END.len());
                paste.truncate(end);
                let text: String = String::from_utf8_lossy(paste).chars().take(PASTE_MAX).collect();
                self.paste = None;
                Some(text)
            }
            None => {
                if paste.len() > PASTE_MAX * 8 {
                    let tail = paste.split_off(paste.len() - PASTE_END.len());
                    paste.truncate(PASTE_MAX * 4);
                    paste.extend(tail);
                }
                None
            }
        }
    }
}

fn token(bytes: &[u8]) -> Token {
    match bytes[0] {
        0x1b => escape(bytes),
        b'\r' | b'\n' => Token::Key(1, Key::plain(Code::Enter)),
        b'\t' => Token::Key(1, Key::plain(Code::Tab)),
        0x7f | 0x08 => Token::Key(1, Key::plain(Code::Backspace)),
        0 => Token::Key(1, Key::ctrl(' ')),
        byte @ 0x01..=0x1a => Token::Key(1, Key::ctrl(char::from(byte - 1 + b'a'))),
        byte @ 0x1c..=0x1f => Token::Key(1, Key::ctrl(char::from(byte - 0x1c + b'\\'))),
        _ => letter(bytes),
    }
}

fn letter(bytes: &[u8]) -> Token {
    let len = match bytes[0] {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Token::Nothing(1),
    };
    if bytes.len() < len {
        let so_far_valid = bytes[1..].iter().all(|byte| byte & 0xc0 == 0x80);
        return if so_far_valid { Token::More } else { Token::Nothing(1) };
    }
    match std::str::from_utf8(&bytes[..len]).ok().and_then(|text| text.chars().next()) {
        Some(c) if !c.is_control() => Token::Key(len, Key::char(c)),
        Some(_) => Token::Nothing(len),
        None => Token::Nothing(1),
    }
}

fn escape(bytes: &[u8]) -> Token {
    match bytes.get(1) {
        None => Token::More,
        Some(b'[') => csi(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Token::More,
            Some(letter) => code_of_letter(*letter).map_or(Token::Nothing(3), |code| Token::Key(3, Key::plain(code))),
        },
        // A string that the terminal answered: up to BEL or ESC \.
        Some(b']' | b'P' | b'_' | b'^') => {
            let end = bytes
                .iter()
                .position(|byte| *byte == 0x07)
                .map(|at| at + 1)
                .or_else(|| bytes[1..].windows(2).position(|window| window == b"\x1b\\").map(|at| at + 3));
            end.map_or(Token::More, Token::Nothing)
        }
        // No key is bound to Alt, so this is Esc and another key that a slow line brought together.
        Some(_) => Token::Key(1, Key::plain(Code::Esc)),
    }
}

fn csi(bytes: &[u8]) -> Token {
    // Old mouse reports carry three bytes behind the letter.
    if bytes.get(2) == Some(&b'M') {
        return if bytes.len() < 6 { Token::More } else { Token::Nothing(6) };
    }
    let Some(end) = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        return if bytes.len() > 64 { Token::Nothing(bytes.len()) } else { Token::More };
    };
    let used = end + 3;
    let parameters = std::str::from_utf8(&bytes[2..2 + end]).unwrap_or_default();
    // Mouse reports and answers of the terminal carry a mark of their own.
    if parameters.starts_with(['<', '=', '>', '?']) {
        return Token::Nothing(used);
    }
    let mut numbers = parameters.split(';').map(|n| n.parse::<u16>().unwrap_or(0));
    let (first, second) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(1));
    let ctrl = second.saturating_sub(1) & 4 != 0;
    let code = match bytes[2 + end] {
        b'~' => match first {
            200 => return Token::PasteStart(used),
            1 | 7 => Some(Code::Home),
            2 => Some(Code::Insert),
            3 => Some(Code::Delete),
            4 | 8 => Some(Code::End),
            5 => Some(Code::PageUp),
            6 => Some(Code::PageDown),
            n @ 11..=15 => Some(Code::F((n - 10) as u8)),
            n @ 17..=21 => Some(Code::F((n - 11) as u8)),
            n @ 23..=24 => Some(Code::F((n - 12) as u8)),
            _ => None,
        },
        // With another first number it is the terminal's answer about its cursor.
        b'P'..=b'S' if !parameters.is_empty() && first != 1 => None,
        letter => code_of_letter(letter),
    };
    code.map_or(Token::Nothing(used), |code| Token::Key(used, Key { code, ctrl }))
}

fn code_of_letter(letter: u8) -> Option<Code> {
    Some(match letter {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'M' => Code::Enter,
        b'Z' => Code::BackTab,
        b'P' => Code::F(1),
        b'Q' => Code::F(2),
        b'R' => Code::F(3),
        b'S' => Code::F(4),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], shown: &str) {
        let text = |inputs: Vec<Input>| {
            inputs
                .iter()
                .map(|input| match input {
                    Input::Key(key) => key.to_string(),
                    Input::Paste(text) => format!("paste({text})"),
                })
                .collect::<Vec<_>>()
        };
        let mut decoder = Decoder::default();
        let mut whole = text(decoder.feed(bytes));
        whole.extend(text(decoder.settle()));
        assert_eq!(whole.join(" "), shown);
        // However a slow line cuts the bytes, the keys are the same.
        let mut decoder = Decoder::default();
        let mut cut: Vec<String> = bytes.iter().flat_map(|byte| text(decoder.feed(&[*byte]))).collect();
        cut.extend(text(decoder.settle()));
        assert_eq!(cut.join(" "), shown, "byte by byte");
    }

    #[test]
    fn keys_arrive_as_pressed() {
        check(b"jX?", "j X ?");
        check(b"\r\t\x7f\x10\x1a", "⏎ Tab ⌫ ^P ^Z");
        check(b"\x1b[A\x1bOB\x1b[5~\x1b[1;5C\x1b[Z", "↑ ↓ PgUp ^→ ⇧Tab");
        check("日é".as_bytes(), "日 é");
        check(b"\x1b", "Esc");
        check(b"\x1b\x1b", "Esc Esc");
        check(b"\x1bOPq\x1b[11~", "F1 q F1");
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        check(b"\x1b[<0;9999;9999Mj", "j");
        check(b"\x1b[M !!j", "j");
        check(b"\x1b]11;rgb:0000/0000/0000\x07j", "j");
        check(b"\x1b]11;rgb:0/0/0\x1b\\j", "j");
        check(b"\x1b[?62;c\x1b[12;40Rj", "j");
        check(b"\xff\xc3j", "j");
        check(b"\x1bx", "Esc x");
    }

    #[test]
    fn a_paste_is_text_and_not_keys() {
        check(b"\x1b[200~q\x1b[A\n\x1b[201~j", "paste(q\x1b[A\n) j");
    }

    #[test]
    fn names_read_back() {
        for name in ["j", "X", "ctrl-p", "pagedown", "f1", "enter", "space", "<", "-"] {
            assert!(Key::named(name).is_some(), "{name}");
        }
        assert_eq!(Key::named("ctrl-p"), Some(Key::ctrl('p')));
        assert_eq!(Key::named("nonsense"), None);
    }
}
