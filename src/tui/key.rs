//! Keys: what a terminal sends, what the command table writes, what a screen shows.
//!
//! Our own reader instead of crossterm's, which turns in circles once the terminal is gone, and which takes an escape
//! sequence that a slow line cut in two for a press of Esc.

use std::fmt;
use std::time::Duration;

use super::report::{self, Answer, Mouse};

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
    Mouse(Mouse),
    Answer(Answer),
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

    /// Reads a key as the command table writes it: `j`, `X`, `ctrl-p`, `pagedown`, `f1`. Only in single letters does
    /// case matter.
    pub fn named(name: &str) -> Option<Self> {
        let mut chars = name.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return (!c.is_control() && c != ' ').then_some(Key::char(c));
        }
        let name = name.to_ascii_lowercase();
        if let Some(rest) = name.strip_prefix("ctrl-") {
            return Key::named(rest).filter(|key| !key.ctrl).map(|key| Key { ctrl: true, ..key });
        }
        if let Some(n) = name.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n)) {
            return Some(Key::plain(Code::F(n)));
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| Key::plain(*code))
    }

    /// The name that `named` reads.
    pub fn name(self) -> String {
        let name = match self.code {
            Code::F(n) => format!("f{n}"),
            code => match NAMES.iter().find(|(_, known)| *known == code) {
                Some((name, _)) => (*name).to_owned(),
                None => self.code_char().map_or(String::new(), String::from),
            },
        };
        if self.ctrl { format!("ctrl-{name}") } else { name }
    }

    fn code_char(self) -> Option<char> {
        match self.code {
            Code::Char(c) => Some(c),
            _ => None,
        }
    }

    /// Why no plain terminal sends this key, where none does.
    pub fn never_sent(self) -> Option<&'static str> {
        if !self.ctrl {
            return None;
        }
        match self.code {
            Code::Char('i') => Some("terminals send Tab for it"),
            Code::Char('m' | 'j') => Some("terminals send Enter for it"),
            Code::Char('h') => Some("terminals send Backspace for it"),
            Code::Char('[') => Some("terminals send Esc for it"),
            Code::Char(c) if c.is_ascii_lowercase() || " \\]^_".contains(c) => None,
            Code::Char(_) | Code::Enter | Code::Esc | Code::Tab | Code::BackTab | Code::Backspace => {
                Some("plain terminals do not send it")
            }
            Code::Delete
            | Code::Insert
            | Code::Up
            | Code::Down
            | Code::Left
            | Code::Right
            | Code::PageUp
            | Code::PageDown
            | Code::Home
            | Code::End
            | Code::F(_) => None,
        }
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

/// A string that a terminal answers is shorter than this.
const STRING_MAX: usize = 4096;

/// How answers go on behind their Esc, where a slow line brought that alone and it was taken for the key.
const ANSWER_TAILS: [&[u8]; 4] = [b"]11;", b"P>|", b"[?", b"[2;"];

/// How long the rest of an escape sequence may take to arrive; a lone Esc is known after that.
const ESCAPE_WAIT: Duration = Duration::from_millis(40);

/// How long the rest of an answer may take to arrive.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// Turns bytes into keys, however they are cut.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// Whether the terminal was asked something and has not answered yet.
    is_asked: bool,
    /// Whether an Esc that stood alone was the last that was read.
    was_escape: bool,
}

/// What the pending bytes begin with.
enum Token {
    Input(usize, Input),
    /// Understood and without meaning here: releases of the mouse, answers nobody asked for, bytes that are no text.
    Nothing(usize),
    PasteStart(usize),
    More,
}

impl Decoder {
    /// Whether bytes are held back that may be the start of something longer.
    pub fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    /// Expect answers of the terminal: they may come in pieces, and late.
    pub fn expect_answers(&mut self) {
        self.is_asked = true;
    }

    /// How long to wait for the rest of what is held back.
    pub fn patience(&self) -> Duration {
        if self.is_answer() { ANSWER_WAIT } else { ESCAPE_WAIT }
    }

    /// Whether what is held back is the beginning of an answer, and nothing that a person types.
    fn is_answer(&self) -> bool {
        match &self.pending[..] {
            [0x1b, b']' | b'P' | b'['] => self.is_asked,
            [0x1b, b']', b'1', ..] | [0x1b, b'P', b'>', ..] | [0x1b, b'[', b'?' | b'0'..=b'9', ..] => true,
            _ => false,
        }
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if std::mem::take(&mut self.was_escape)
            && self.is_asked
            && ANSWER_TAILS.iter().any(|tail| bytes.starts_with(tail))
        {
            self.pending.push(0x1b);
        }
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
                Token::Input(used, input) => {
                    self.is_asked &= input != Input::Answer(Answer::Attributes);
                    inputs.push(input);
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
        if self.is_answer() && self.pending.len() > 2 {
            self.pending.clear();
            return Vec::new();
        }
        let was_escape = self.pending.first() == Some(&0x1b);
        let rest = if was_escape { self.pending.split_off(1) } else { Vec::new() };
        self.pending.clear();
        if !was_escape {
            return Vec::new();
        }
        let mut inputs = vec![Input::Key(Key::plain(Code::Esc))];
        self.was_escape = rest.is_empty();
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

fn key(used: usize, key: Key) -> Token {
    Token::Input(used, Input::Key(key))
}

fn answer(used: usize, answer: Option<Answer>) -> Token {
    answer.map_or(Token::Nothing(used), |answer| Token::Input(used, Input::Answer(answer)))
}

fn token(bytes: &[u8]) -> Token {
    match bytes[0] {
        0x1b => escape(bytes),
        b'\r' | b'\n' => key(1, Key::plain(Code::Enter)),
        b'\t' => key(1, Key::plain(Code::Tab)),
        0x7f | 0x08 => key(1, Key::plain(Code::Backspace)),
        0 => key(1, Key::ctrl(' ')),
        byte @ 0x01..=0x1a => key(1, Key::ctrl(char::from(byte - 1 + b'a'))),
        byte @ 0x1c..=0x1f => key(1, Key::ctrl(char::from(byte - 0x1c + b'\\'))),
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
        Some(c) if !c.is_control() => key(len, Key::char(c)),
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
            Some(letter) => code_of_letter(*letter).map_or(Token::Nothing(3), |code| key(3, Key::plain(code))),
        },
        // A string that the terminal answered: up to BEL or ESC \.
        Some(b']' | b'P' | b'_' | b'^') => {
            let end = bytes
                .iter()
                .position(|byte| *byte == 0x07)
                .map(|at| at + 1)
                .or_else(|| bytes[1..].windows(2).position(|window| window == b"\x1b\\").map(|at| at + 3));
            match end {
                Some(end) => answer(end, report::string_answer(&bytes[1..end])),
                None if bytes.len() > STRING_MAX => Token::Nothing(bytes.len()),
                None => Token::More,
            }
        }
        // No key is bound to Alt, so this is Esc and another key that a slow line brought together.
        Some(_) => key(1, Key::plain(Code::Esc)),
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
    match parameters.chars().next() {
        Some('<') => {
            let mouse = report::mouse(&parameters[1..], bytes[2 + end]);
            return mouse.map_or(Token::Nothing(used), |mouse| Token::Input(used, Input::Mouse(mouse)));
        }
        Some('?') => return answer(used, report::marked_answer(&parameters[1..], bytes[2 + end])),
        Some('=' | '>') => return Token::Nothing(used),
        Some(_) | None => {}
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
        b'R' if !parameters.is_empty() && first != 1 => {
            return answer(used, Some(Answer::Cursor { row: first, column: second }));
        }
        b'P'..=b'S' if !parameters.is_empty() && first != 1 => None,
        letter => code_of_letter(letter),
    };
    code.map_or(Token::Nothing(used), |code| key(used, Key { code, ctrl }))
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
                    Input::Mouse(Mouse { deed, column, row }) => format!("{deed:?}({column},{row})"),
                    Input::Answer(answer) => format!("{answer:?}"),
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
        check(b"\x1b[<0;9999;9999mj", "j");
        check(b"\x1b[<3;1;1M\x1b[<0;0;1M\x1b[<0;1Mj", "j");
        check(b"\x1b[M !!j", "j");
        check(b"\x1b]52;c;aGk=\x07\x1b]11;#000\x07j", "j");
        check(b"\xff\xc3j", "j");
        check(b"\x1bx", "Esc x");
    }

    #[test]
    fn the_mouse_says_where() {
        check(b"\x1b[<0;12;3M\x1b[<64;1;1M\x1b[<81;2;2Mj", "Press(11,2) WheelUp(0,0) WheelDown(1,1) j");
    }

    #[test]
    fn answers_are_never_keys() {
        check(b"\x1b]11;rgb:0000/8080/ffff\x07j", "Background([0, 128, 255]) j");
        check(b"\x1b]11;rgb:0/8/f\x1b\\j", "Background([0, 136, 255]) j");
        check(b"\x1b]11;rgba:ff/00/00/ff\x07j", "Background([255, 0, 0]) j");
        check(b"\x1b[?2026;2$yj", "Synchronized(true) j");
        check(b"\x1b[?2026;0$y\x1b[?2027;2$yj", "Synchronized(false) j");
        check(b"\x1bP>|xterm(390)\x1b\\j", "Version(\"xterm(390)\") j");
        check(b"\x1bP>|\xe2\x80\xaex\x1b\\", "Version(\"<U+202E>x\")");
        check(b"\x1b[?62;22c\x1b[12;40Rj", "Attributes Cursor { row: 12, column: 40 } j");
    }

    #[test]
    fn an_answer_that_a_slow_line_cuts_is_still_none() {
        let answers = b"\x1b]11;rgb:0000/0000/0000\x07\x1b[2;4R\x1b[?2026;2$y\x1bP>|x\x1b\\\x1b[?62c";
        for cut in 1..answers.len() {
            let mut decoder = Decoder::default();
            decoder.expect_answers();
            let mut inputs = decoder.feed(&answers[..cut]);
            // The wait of a lone Esc is over, that of an answer is not.
            if decoder.is_waiting() && decoder.patience() == ESCAPE_WAIT {
                inputs.extend(decoder.settle());
            }
            inputs.extend(decoder.feed(&answers[cut..]));
            inputs.extend(decoder.settle());
            let typed: Vec<&Input> = inputs.iter().filter(|input| !matches!(input, Input::Answer(_))).collect();
            assert!(
                typed.iter().all(|input| **input == Input::Key(Key::plain(Code::Esc))) && typed.len() <= 1,
                "cut at {cut}: {inputs:?}"
            );
        }
        // One that never ends is dropped.
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b]11;rgb:00"), []);
        assert_eq!(decoder.patience(), ANSWER_WAIT);
        assert_eq!(decoder.settle(), []);
        assert_eq!(decoder.feed(b"j"), [Input::Key(Key::char('j'))]);
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
        for (name, of) in
            [("PageDown", "pagedown"), ("Ctrl-P", "ctrl-p"), ("F12", "f12"), ("X", "X"), ("space", "space")]
        {
            assert_eq!(Key::named(name).map(Key::name).as_deref(), Some(of));
        }
        for name in ["nonsense", "", " ", "ctrl-foo", "ctrl-", "ctrl-ctrl-a", "alt-x", "f0", "f13", "\u{1b}"] {
            assert_eq!(Key::named(name), None, "{name}");
        }
    }
}
