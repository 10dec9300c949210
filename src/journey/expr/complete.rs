//! What could be written next: the place, the kind and the beginning, for a filter bar that knows the names and values.

use super::lex::{Token, lex};
use super::parse::{is_keyword, step_len};
use super::tree::FUNCTIONS;

/// What may stand at the cursor. Everything from `start` to the cursor is replaced by the choice, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// A byte of the text.
    pub start: usize,
    pub kind: CompletionKind,
    /// What is typed of it already, without an opening quote.
    pub prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionKind {
    /// A column, a name such as `event` or `sessions`, `not`, or `did(` and its like.
    Column,
    /// A value of this column, quoted by `quote_text` where it is text.
    Value { column: String },
    /// An event name: as a step inside `did(…)`, or as text after `event ==` (then `is_text`).
    Event { is_text: bool },
    /// A comparison.
    Operator,
    /// `and`, `or`; `null` after `is`; `within=` after a step.
    Keyword,
}

/// A text as an expression writes it.
pub fn quote_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A column name as an expression writes it: in backticks where it would otherwise mean something else.
pub fn quote_name(name: &str) -> String {
    let is_word =
        lex(name, 0).is_ok_and(|lexeme| lexeme.end == name.len() && lexeme.token == Token::Word(name.to_owned()));
    let is_taken = is_keyword(name) || matches!(name, "true" | "false");
    if is_word && !is_taken { name.to_owned() } else { format!("`{name}`") }
}

/// What could be written at `cursor`, a byte of `text`; what follows the cursor plays no part.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    Scan { text: &text[..cursor], at: 0 }.run()
}

/// What the words before the cursor lead to.
#[derive(Debug, Clone)]
enum Next {
    Operand,
    Operator {
        of: String,
    },
    /// Behind a comparison; `List` inside brackets.
    Value {
        of: String,
    },
    List {
        of: String,
    },
    /// Between two items of a list.
    ListEnd {
        of: String,
    },
    Null,
    Joiner,
}

impl Next {
    fn kind(&self) -> CompletionKind {
        match self {
            Next::Operand => CompletionKind::Column,
            Next::Operator { .. } => CompletionKind::Operator,
            Next::Value { of } | Next::List { of } if of == "event" || of.ends_with(".event") => {
                CompletionKind::Event { is_text: true }
            }
            Next::Value { of } | Next::List { of } => {
                // The last part is the column: `first.plan` and `last(cart).plan` have the values of `plan`.
                let column = of.strip_prefix("first.").or_else(|| of.strip_prefix("last.")).unwrap_or(of);
                CompletionKind::Value { column: column.to_owned() }
            }
            Next::Null | Next::ListEnd { .. } | Next::Joiner => CompletionKind::Keyword,
        }
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn run(mut self) -> Completion {
        let mut next = Next::Operand;
        loop {
            let lexeme = match lex(self.text, self.at) {
                Ok(lexeme) => lexeme,
                // Something not closed yet, or no word yet: it is what is being typed.
                Err(fault) => return self.typed_from(fault.at, next.kind()),
            };
            let is_last = lexeme.end == self.text.len();
            let is_open = match &lexeme.token {
                Token::Word(_) => true,
                Token::Literal(_) => !self.text.ends_with(['"', '\'']),
                _ => false,
            };
            if lexeme.token == Token::End || (is_last && is_open) {
                return self.typed_from(lexeme.at, next.kind());
            }
            self.at = lexeme.end;
            next = match (lexeme.token, next) {
                (Token::Word(word), _) if self.opens(&word) => match self.call(&word) {
                    Ok(next) => next,
                    Err(completion) => return completion,
                },
                (Token::Word(word), Next::Operand) if is_keyword(&word) => Next::Operand,
                (Token::Word(name) | Token::Quoted(name), Next::Operand) => Next::Operator { of: name },
                (Token::Word(part) | Token::Quoted(part), Next::Value { of }) if of.ends_with('.') => {
                    Next::Operator { of: of + &part }
                }
                (Token::Dot, Next::Operator { of }) => Next::Value { of: format!("{of}.") },
                (Token::Op(_) | Token::Equals, Next::Operator { of }) => Next::Value { of },
                (Token::Word(word), Next::Operator { of }) => match word.to_ascii_lowercase().as_str() {
                    "is" => Next::Null,
                    "contains" | "matches" | "in" => Next::Value { of },
                    _ => Next::Operator { of },
                },
                (Token::Word(word), Next::Null) if word.eq_ignore_ascii_case("not") => Next::Null,
                (Token::OpenList, Next::Value { of }) => Next::List { of },
                (Token::CloseList, _) => Next::Joiner,
                (Token::Comma, Next::ListEnd { of }) => Next::List { of },
                (_, Next::List { of }) => Next::ListEnd { of },
                (Token::Word(word), Next::Joiner) if matches!(word.to_ascii_lowercase().as_str(), "and" | "or") => {
                    Next::Operand
                }
                (Token::Open, _) => Next::Operand,
                (Token::Literal(_), Next::Operand) => Next::Operator { of: String::new() },
                (_, _) => Next::Joiner,
            };
        }
    }

    fn typed_from(&self, start: usize, kind: CompletionKind) -> Completion {
        let typed = &self.text[start..];
        let prefix = typed.strip_prefix(['"', '\'', '`']).unwrap_or(typed).to_owned();
        // Behind `last(cart).` a column goes on.
        let kind = match kind {
            CompletionKind::Value { column } if column.ends_with('.') || column.is_empty() => CompletionKind::Column,
            kind => kind,
        };
        Completion { start, kind, prefix }
    }

    fn opens(&self, word: &str) -> bool {
        FUNCTIONS.iter().any(|name| name.eq_ignore_ascii_case(word))
            && lex(self.text, self.at).is_ok_and(|lexeme| lexeme.token == Token::Open)
    }

    /// Passes over a call that is complete; a call that the cursor is in is the answer.
    fn call(&mut self, function: &str) -> Result<Next, Completion> {
        let start = lex(self.text, self.at).map_or(self.text.len(), |lexeme| lexeme.end);
        if function.eq_ignore_ascii_case("path") {
            return self.path(start);
        }
        let Some(len) = step_len(&self.text[start..]) else { return Err(self.step(start)) };
        self.at = start + len;
        match self.text[self.at..].find(')') {
            Some(close) => self.at += close + 1,
            None => {
                let comma = self.at + 1;
                let typed = self.text[comma..].trim_start();
                let at = self.text.len() - typed.len();
                return Err(Completion { start: at, kind: CompletionKind::Keyword, prefix: typed.to_owned() });
            }
        }
        let is_whole = function.eq_ignore_ascii_case("did");
        Ok(if is_whole { Next::Joiner } else { Next::Operator { of: function.to_ascii_lowercase() } })
    }

    fn path(&mut self, start: usize) -> Result<Next, Completion> {
        match lex(self.text, start) {
            Ok(lexeme) if matches!(lexeme.token, Token::Literal(_)) => {
                self.at = lex(self.text, lexeme.end).map_or(lexeme.end, |close| close.end);
                Ok(Next::Joiner)
            }
            _ => {
                let quoted = self.text[start..].trim_start();
                let inner = quoted.strip_prefix(['"', '\'']).unwrap_or(quoted);
                let from =
                    ["->", "[^", "[", "|", "^"].iter().filter_map(|mark| Some(inner.rfind(mark)? + mark.len())).max();
                let typed = inner[from.unwrap_or(0)..].trim_start();
                let at = self.text.len() - typed.len();
                Err(Completion { start: at, kind: CompletionKind::Event { is_text: false }, prefix: typed.to_owned() })
            }
        }
    }

    /// Inside a step: an event name, or a condition in brackets.
    fn step(&self, start: usize) -> Completion {
        let (mut open, mut quote, mut from) = (None, None, start);
        for (at, c) in self.text[start..].char_indices() {
            match (quote, c) {
                (Some(mark), c) if c == mark => quote = None,
                (Some(_), _) => {}
                (None, '"' | '`') => quote = Some(c),
                (None, '[') if open.is_none() => open = Some(start + at + 1),
                (None, ']') => open = None,
                (None, '|') => from = start + at + 1,
                _ => {}
            }
        }
        if let Some(condition) = open {
            return Scan { text: self.text, at: condition }.run();
        }
        let typed = self.text[from..].trim_start();
        let prefix = typed.strip_prefix('"').unwrap_or(typed).to_owned();
        Completion { start: self.text.len() - typed.len(), kind: CompletionKind::Event { is_text: false }, prefix }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` is the cursor.
    #[track_caller]
    fn check(text: &str, kind: CompletionKind, prefix: &str) {
        let cursor = text.find('¦').expect("a cursor");
        let text = text.replace('¦', "");
        let got = complete(&text, cursor);
        assert_eq!((got.kind, got.prefix.as_str()), (kind, prefix), "{text}");
        assert!(text[got.start..cursor].ends_with(prefix), "{text}: starts at {}", got.start);
    }

    fn value(column: &str) -> CompletionKind {
        CompletionKind::Value { column: column.into() }
    }

    const STEP: CompletionKind = CompletionKind::Event { is_text: false };

    #[test]
    fn what_comes_next_follows_from_what_stands_before() {
        use CompletionKind::{Column, Keyword, Operator};
        check("¦", Column, "");
        check("cha¦", Column, "cha");
        check("`user pl¦", Column, "user pl");
        check("channel ¦", Operator, "");
        check("channel con¦", Operator, "con");
        check("channel == ¦", value("channel"), "");
        check("channel == \"we¦", value("channel"), "we");
        check("channel == \"web\"¦", Keyword, "");
        check("channel == \"web\" a¦", Keyword, "a");
        check("channel == \"web\" and not de¦", Column, "de");
        check("channel in [\"web\", 'a¦", value("channel"), "a");
        check("channel in [\"web\" ¦", Keyword, "");
        check("channel in [\"web\"] ¦", Keyword, "");
        check("score is ¦", Keyword, "");
        check("(value > 5¦", value("value"), "5");
        check("event == \"ca¦", CompletionKind::Event { is_text: true }, "ca");
        check("first.plan == ¦", value("plan"), "");
    }

    #[test]
    fn inside_a_call_events_are_named_and_inside_brackets_columns() {
        use CompletionKind::{Column, Keyword, Operator};
        check("did(¦", STEP, "");
        check("did(add to c¦", STEP, "add to c");
        check("did(\"add¦", STEP, "add");
        check("did(cart|ba¦", STEP, "ba");
        check("did(cart[va¦", Column, "va");
        check("did(cart[value > 5 and channel == \"w¦", value("channel"), "w");
        check("did(cart, wi¦", Keyword, "wi");
        check("did(cart) ¦", Keyword, "");
        check("count(cart) ¦", Operator, "");
        check("last(cart).pl¦", Column, "pl");
        check("last(cart).plan == ¦", value("plan"), "");
        check("path(\"cart -> [^sup¦", STEP, "sup");
        check("path(\"cart -> order\") ¦", Keyword, "");
    }

    #[test]
    fn quoting_reads_back() {
        for name in ["plan", "user.plan", "my plan", "in", "1st", "true", "a-b"] {
            let text = format!("{} is null", quote_name(name));
            assert!(crate::journey::expr::Expr::parse(&text).is_ok(), "{text}");
        }
        assert_eq!(quote_text("say \"hi\" \\"), r#""say \"hi\" \\""#);
    }

    #[test]
    fn any_cursor_in_any_text_gets_an_answer() {
        let text = "did(\"日本\"[a == '×' , within=7d) and `x` in [1, \"é\"] path(\"^ a -> [^b]*\") last(x).é <";
        (0..=text.len() + 2).for_each(|cursor| {
            complete(text, cursor);
        });
    }
}
