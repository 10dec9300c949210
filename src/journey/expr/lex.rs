//! Text to tokens, one at a time, each with its place.

use super::tree::{Fault, Lit, Number, Op};
use crate::base::{Span, When};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name without quotes; keywords are told apart by the parser.
    Word(String),
    /// A name in backticks.
    Quoted(String),
    Literal(Lit),
    Op(Op),
    /// A single `=`, which only `within=7d` may use.
    Equals,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    Dot,
    End,
}

/// A token and the bytes it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    pub token: Token,
    pub at: usize,
    pub end: usize,
}

/// The first token at or after `from`.
pub(super) fn lex(text: &str, from: usize) -> Result<Lexeme, Fault> {
    let rest = &text[from..];
    let at = from + (rest.len() - rest.trim_start().len());
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else {
        return Ok(Lexeme { token: Token::End, at, end: at });
    };
    let sign = |token, len: usize| Ok(Lexeme { token, at, end: at + len });
    if let Some((token, len)) = symbol(rest) {
        return sign(token, len);
    }
    match first {
        '"' | '\'' => {
            let (unquoted, len) = read_text(rest, first)
                .ok_or_else(|| Fault::new(at, format!("the text that starts here is not closed; add {first}")))?;
            sign(Token::Literal(Lit::Text(unquoted)), len)
        }
        '`' => match rest[1..].find('`') {
            Some(0) => Err(Fault::new(at, "a name is missing between the backticks")),
            Some(len) => sign(Token::Quoted(rest[1..=len].to_owned()), len + 2),
            None => Err(Fault::new(at, "the name that starts here is not closed; add `")),
        },
        '=' => sign(Token::Equals, 1),
        c if c.is_ascii_digit() || is_signed_number(rest) => {
            let len = number_len(rest);
            let literal = number_like(&rest[..len]).ok_or_else(|| Fault::new(at, not_a_number(&rest[..len])))?;
            sign(Token::Literal(literal), len)
        }
        c if starts_word(c) => {
            let len = word_len(rest);
            sign(Token::Word(rest[..len].to_owned()), len)
        }
        c => Err(Fault::new(at, stray(c, rest))),
    }
}

fn symbol(rest: &str) -> Option<(Token, usize)> {
    let two = [("==", Op::Eq), ("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge)];
    if let Some((_, op)) = two.into_iter().find(|(symbol, _)| rest.starts_with(symbol)) {
        return Some((Token::Op(op), 2));
    }
    if rest.starts_with("<>") {
        return None;
    }
    let token = match rest.as_bytes()[0] {
        b'<' => Token::Op(Op::Lt),
        b'>' => Token::Op(Op::Gt),
        b'(' => Token::Open,
        b')' => Token::Close,
        b'[' => Token::OpenList,
        b']' => Token::CloseList,
        b',' => Token::Comma,
        b'.' => Token::Dot,
        _ => return None,
    };
    Some((token, 1))
}

/// Reads a quoted text; returns it and the bytes it took. A backslash keeps a quote or a backslash from meaning anything;
/// before another character it is itself, so that `"\d+"` is a pattern.
fn read_text(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut unquoted = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((unquoted, at + 1)),
            '\\' => match chars.peek() {
                Some(&(_, next @ ('"' | '\'' | '\\'))) => {
                    unquoted.push(next);
                    chars.next();
                }
                _ => unquoted.push('\\'),
            },
            c => unquoted.push(c),
        }
    }
    None
}

fn is_signed_number(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    matches!(bytes[0], b'-' | b'+') && bytes.get(1).is_some_and(u8::is_ascii_digit)
}

/// Numbers, spans and times are one run of letters, digits and the marks that may stand in a time.
fn number_len(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '+' | '_'))).unwrap_or(rest.len())
}

fn number_like(text: &str) -> Option<Lit> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    let plain = if plain.contains('_') { plain.replace('_', "") } else { plain.to_owned() };
    if let Some(number) = Number::parse(&plain) {
        return Some(Lit::Number(number));
    }
    if let Ok(span) = text.parse::<Span>() {
        return Some(Lit::Span(span));
    }
    text.parse::<When>().ok().map(Lit::Time)
}

fn not_a_number(text: &str) -> String {
    format!(
        "`{text}` is no number, length of time or time; write it like 50, 7d, 2024-05-01 or 2024-05-01T10:00, text in quotes, and such a name in backticks"
    )
}

fn stray(c: char, rest: &str) -> String {
    let (found, instead) = if rest.starts_with("&&") {
        ("&&", "and")
    } else if rest.starts_with("||") {
        ("||", "or")
    } else if rest.starts_with("<>") {
        ("<>", "!=")
    } else if c == '!' {
        ("!", "not")
    } else {
        return format!("`{c}` means nothing here; text is written in quotes, a name that holds it in backticks");
    };
    format!("`{found}` is written `{instead}` here")
}

pub(super) fn starts_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$') || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
}

fn continues_word(c: char) -> bool {
    starts_word(c) || c.is_alphanumeric()
}

/// Dots, colons and hyphens belong to a name where the name goes on behind them: `user.plan`, `org:resource`, `utm-source`.
fn word_len(rest: &str) -> usize {
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '.' | ':' | '-') && chars.peek().is_some_and(|&(_, next)| continues_word(next));
        if !(continues_word(c) || joins) {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        let (mut at, mut tokens) = (0, Vec::new());
        loop {
            let lexeme = lex(text, at).expect(text);
            if lexeme.token == Token::End {
                return tokens;
            }
            at = lexeme.end;
            tokens.push(lexeme.token);
        }
    }

    #[test]
    fn names_may_hold_dots_colons_and_hyphens_but_do_not_end_in_them() {
        let word = |text: &str| Token::Word(text.into());
        assert_eq!(tokens("user.plan"), [word("user.plan")]);
        assert_eq!(
            tokens("org:resource utm-source $browser 渠道"),
            ["org:resource", "utm-source", "$browser", "渠道"].map(word)
        );
        assert_eq!(tokens("first.`a b`"), [word("first"), Token::Dot, Token::Quoted("a b".into())]);
        assert_eq!(tokens("a.)"), [word("a"), Token::Dot, Token::Close]);
    }

    #[test]
    fn numbers_spans_and_times_are_told_apart() {
        let number = |text: &str| Token::Literal(Lit::Number(Number::parse(text).expect("a number")));
        assert_eq!(tokens("-5 +7 0.25 1e3 10_000"), ["-5", "7", "0.25", "1000", "10000"].map(number));
        assert_eq!(tokens("30m"), [Token::Literal(Lit::Span(Span::minutes(30)))]);
        for text in ["2024-05-01", "2024-05-01T10:00Z", "2024-05-01T10:00:00.5+02:00"] {
            assert_eq!(tokens(text), [Token::Literal(Lit::Time(text.parse().expect("a time")))], "{text}");
        }
        assert!(lex("7y", 0).is_err());
    }

    #[test]
    fn a_backslash_only_guards_quotes_and_itself() {
        let text = |text: &str| Token::Literal(Lit::Text(text.into()));
        assert_eq!(tokens(r#""a\"b" 'it\'s' "\d+\\""#), [text("a\"b"), text("it's"), text("\\d+\\")]);
        assert!(lex("\"open", 0).is_err());
    }
}
