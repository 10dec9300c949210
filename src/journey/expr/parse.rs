//! Tokens to a tree, by recursive descent, so that every error knows what was expected where.

use super::super::pattern::Pattern;
use super::super::step::{Step, StepError};
use super::lex::{Lexeme, Token, lex};
use super::tree::{Call, FUNCTIONS, Fault, Function, How, Lit, Literal, Name, Node, Op, Operand};
use crate::base::Span;
use crate::base::nearest::nearest;

/// How deep parentheses and `not` may nest; far beyond what a person writes, far from the end of the stack.
const DEPTH_MAX: usize = 100;

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let mut parser = Parser { text, at: 0, depth: 0, calls: true, at_least: None };
    parser.whole()
}

/// Reads the condition of a step: as an expression, without `did(…)` and its like, which are about a customer.
pub(super) fn parse_condition(text: &str) -> Result<Node, Fault> {
    let mut parser = Parser { text, at: 0, depth: 0, calls: false, at_least: None };
    parser.whole()
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    calls: bool,
    /// What `min=` said in the call just read: `did(cart, min=2)` is `count(cart) >= 2`.
    at_least: Option<Literal>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Node, Fault> {
        let node = self.any_of()?;
        let next = self.peek()?;
        match next.token {
            Token::End => Ok(node),
            Token::Close => Err(Fault::new(next.at, "this parenthesis was never opened")),
            Token::Equals => Err(Fault::new(next.at, "`=` is written `==` here")),
            _ => Err(Fault::new(next.at, "`and` or `or` is missing before this")),
        }
    }

    fn peek(&self) -> Result<Lexeme, Fault> {
        lex(self.text, self.at)
    }

    fn next(&mut self) -> Result<Lexeme, Fault> {
        let lexeme = self.peek()?;
        self.at = lexeme.end;
        Ok(lexeme)
    }

    /// Takes the keyword where it comes next.
    fn take_keyword(&mut self, keyword: &str) -> Result<bool, Fault> {
        let next = self.peek()?;
        let found = matches!(&next.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.at = next.end;
        }
        Ok(found)
    }

    fn take(&mut self, token: &Token) -> Result<bool, Fault> {
        let next = self.peek()?;
        let found = next.token == *token;
        if found {
            self.at = next.end;
        }
        Ok(found)
    }

    fn any_of(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.all_of()?];
        while self.take_keyword("or")? {
            nodes.push(self.all_of()?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn all_of(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![self.unary()?];
        while self.take_keyword("and")? {
            nodes.push(self.unary()?);
        }
        Ok(one_or(nodes, Node::And))
    }

    fn unary(&mut self) -> Result<Node, Fault> {
        self.depth += 1;
        let at = self.at;
        if self.depth > DEPTH_MAX {
            return Err(Fault::new(at, format!("more than {DEPTH_MAX} parentheses or `not` inside each other")));
        }
        let node = if self.take_keyword("not")? {
            Node::Not(Box::new(self.unary()?))
        } else if self.peek()?.token == Token::Open {
            let open = self.next()?.at;
            let node = self.any_of()?;
            let next = self.peek()?;
            match next.token {
                Token::Close => self.at = next.end,
                Token::End => return Err(Fault::new(open, "this parenthesis is not closed; add )")),
                Token::Equals => return Err(Fault::new(next.at, "`=` is written `==` here")),
                _ => return Err(Fault::new(next.at, "`and`, `or` or `)` is missing before this")),
            }
            node
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn predicate(&mut self) -> Result<Node, Fault> {
        let left = self.operand()?;
        if let Some(right) = self.at_least.take() {
            return Ok(Node::Compare { left, op: Op::Ge, right: Operand::Literal(right) });
        }
        let next = self.peek()?;
        if let Token::Op(op) = next.token {
            self.at = next.end;
            let right = self.operand()?;
            return Ok(Node::Compare { left, op, right });
        }
        if self.take_keyword("is")? {
            let negated = self.take_keyword("not")?;
            let at = self.peek()?.at;
            if !self.take_keyword("null")? {
                return Err(Fault::new(at, "`null` is missing after `is`; to compare write =="));
            }
            return Ok(Node::Null { left, negated });
        }
        let negated = self.take_keyword("not")?;
        if self.take_keyword("in")? {
            return Ok(Node::In { left, items: self.list()?, negated });
        }
        for how in [How::Contains, How::Matches] {
            if self.take_keyword(how.word())? {
                let right = self.text_after(how)?;
                return Ok(Node::Text { left, how, right, negated });
            }
        }
        self.alone(left, negated, &next)
    }

    /// An operand that no comparison follows.
    fn alone(&self, left: Operand, negated: bool, next: &Lexeme) -> Result<Node, Fault> {
        if negated {
            return Err(Fault::new(self.at, "`in`, `contains` or `matches` is missing after `not`"));
        }
        if next.token == Token::Equals {
            return Err(Fault::new(next.at, "`=` is written `==` here"));
        }
        match &left {
            Operand::Call(call) if matches!(call.what, Function::Did { .. } | Function::Path { .. }) => {
                Ok(Node::Holds(left))
            }
            Operand::Literal(Literal { value: Lit::Flag(_), .. }) => Ok(Node::Holds(left)),
            Operand::Call(call) => Err(Fault::new(
                next.at,
                format!("a comparison is missing after `{}(…)`; write one like > 2", call.what.name()),
            )),
            Operand::Name(name) => {
                let example = if name.head.eq_ignore_ascii_case("did") { "did(cart)" } else { "== \"text\" or > 50" };
                Err(Fault::new(next.at, format!("a comparison is missing after `{name}`; write one like {example}")))
            }
            Operand::Literal(_) => Err(Fault::new(next.at, "a comparison is missing; write one like value > 50")),
        }
    }

    fn text_after(&mut self, how: How) -> Result<Literal, Fault> {
        let lexeme = self.next()?;
        match lexeme.token {
            Token::Literal(value @ Lit::Text(_)) => Ok(Literal { at: lexeme.at, value }),
            _ => Err(Fault::new(lexeme.at, format!("text in quotes is missing after `{}`", how.word()))),
        }
    }

    /// `["a", "b"]`
    fn list(&mut self) -> Result<Vec<Literal>, Fault> {
        let open = self.next()?;
        if open.token != Token::OpenList {
            return Err(Fault::new(open.at, "a list is missing after `in`; write it like [\"web\", \"app\"]"));
        }
        let mut items = Vec::new();
        while !self.take(&Token::CloseList)? {
            let next = self.peek()?;
            if next.token == Token::End {
                return Err(Fault::new(open.at, "this list is not closed; add ]"));
            }
            if !items.is_empty() && !self.take(&Token::Comma)? {
                return Err(Fault::new(next.at, "`,` or `]` is missing before this"));
            }
            let lexeme = self.next()?;
            let value = match lexeme.token {
                Token::Literal(value) => value,
                Token::Word(word) => match flag(&word) {
                    Some(flag) => Lit::Flag(flag),
                    None => return Err(Fault::new(lexeme.at, format!("text is written in quotes: \"{word}\""))),
                },
                Token::End => return Err(Fault::new(open.at, "this list is not closed; add ]")),
                _ => return Err(Fault::new(lexeme.at, "a list holds only texts, numbers and times")),
            };
            items.push(Literal { at: lexeme.at, value });
        }
        Ok(items)
    }

    fn operand(&mut self) -> Result<Operand, Fault> {
        let lexeme = self.next()?;
        let at = lexeme.at;
        match lexeme.token {
            Token::Literal(value) => Ok(Operand::Literal(Literal { at, value })),
            Token::Quoted(head) => self.name(at, head, true).map(Operand::Name),
            Token::Word(word) => {
                if let Some(flag) = flag(&word) {
                    return Ok(Operand::Literal(Literal { at, value: Lit::Flag(flag) }));
                }
                if is_keyword(&word) {
                    return Err(Fault::new(
                        at,
                        format!(
                            "a column, a value or did(…) is missing before `{word}`; a column of that name is written in backticks"
                        ),
                    ));
                }
                if self.peek().is_ok_and(|next| next.token == Token::Open) {
                    return self.call(at, &word).map(Operand::Call);
                }
                self.name(at, word, false).map(Operand::Name)
            }
            Token::End => Err(Fault::new(at, "something is missing here; write a condition like channel == \"web\"")),
            Token::Equals => Err(Fault::new(at, "`=` is written `==` here")),
            Token::Op(_) => Err(Fault::new(at, "a column or a value is missing before this")),
            Token::OpenList => Err(Fault::new(at, "a list goes with `in`: channel in [\"web\", \"app\"]")),
            _ => Err(Fault::new(at, "a column, a value or did(…) is missing here")),
        }
    }

    /// The rest of a name whose first part was read.
    fn name(&mut self, at: usize, head: String, quoted: bool) -> Result<Name, Fault> {
        let mut rest: Option<String> = None;
        while self.take(&Token::Dot)? {
            let lexeme = self.next()?;
            let (Token::Word(part) | Token::Quoted(part)) = lexeme.token else {
                return Err(Fault::new(lexeme.at, "a name is missing after the dot"));
            };
            rest = Some(match rest {
                Some(before) => format!("{before}.{part}"),
                None => part,
            });
        }
        Ok(Name { at, head, quoted, rest })
    }

    fn call(&mut self, at: usize, word: &str) -> Result<Call, Fault> {
        let Some(function) = FUNCTIONS.into_iter().find(|name| name.eq_ignore_ascii_case(word)) else {
            let hint = match nearest(word, FUNCTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "there are did, count, first, last and path".to_owned(),
            };
            return Err(Fault::new(at, format!("nothing is called `{word}(…)`; {hint}")));
        };
        if !self.calls {
            return Err(Fault::new(
                at,
                format!("`{function}(…)` is about a customer; the condition of a step is about one event"),
            ));
        }
        let open = self.next()?;
        if function == "path" {
            return self.path(at, open.at);
        }
        let (step, inner_at) = self.step(function, open.at)?;
        let (within, at_least) = self.limits(function, open.at)?;
        let mut property = None;
        if self.peek().is_ok_and(|next| next.token == Token::Dot) {
            let dot = self.next()?.at;
            let lexeme = self.next()?;
            if !matches!(function, "first" | "last") {
                return Err(Fault::new(dot, format!("only first(…) and last(…) have columns, not {function}(…)")));
            }
            property = Some(match lexeme.token {
                Token::Word(head) => self.name(lexeme.at, head, false)?,
                Token::Quoted(head) => self.name(lexeme.at, head, true)?,
                _ => return Err(Fault::new(lexeme.at, "a name is missing after the dot; write time, age or a column")),
            });
        }
        let what = match function {
            "did" if at_least.is_some() => Function::Count { step, within },
            "did" => Function::Did { step, within },
            "count" => Function::Count { step, within },
            "first" => Function::First { step, property },
            _ => Function::Last { step, property },
        };
        self.at_least = at_least;
        Ok(Call { at, inner_at, what })
    }

    fn path(&mut self, at: usize, open: usize) -> Result<Call, Fault> {
        let lexeme = self.next()?;
        let Token::Literal(Lit::Text(text)) = &lexeme.token else {
            return Err(Fault::new(lexeme.at, "a pattern in quotes is missing; write path(\"cart -> .* -> order\")"));
        };
        let inner_at = lexeme.at + 1;
        // Without escapes the places in the text are those in the pattern; with them the whole is pointed at.
        let verbatim = self.text.get(inner_at..lexeme.end - 1) == Some(text.as_str());
        let pattern = text
            .parse::<Pattern>()
            .map_err(|err| Fault::new(if verbatim { inner_at + err.at } else { lexeme.at }, err.message))?;
        if !self.take(&Token::Close)? {
            return Err(Fault::new(open, "this parenthesis is not closed; add )"));
        }
        Ok(Call { at, inner_at: if verbatim { inner_at } else { lexeme.at }, what: Function::Path { pattern } })
    }

    /// The step inside a call, up to the comma or parenthesis after it. Steps have a syntax of their own.
    fn step(&mut self, function: &str, open: usize) -> Result<(Step, usize), Fault> {
        let start = self.at;
        let len = step_len(&self.text[start..])
            .ok_or_else(|| Fault::new(open, format!("`{function}(` is not closed; add )")))?;
        let raw = &self.text[start..start + len];
        let inner_at = start + (raw.len() - raw.trim_start().len());
        self.at = start + len;
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(Fault::new(
                inner_at,
                format!("an event is missing; write {function}(cart), or {function}(*) for any"),
            ));
        }
        if let Some(name) = raw.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')) {
            return Ok((Step::named(name), inner_at));
        }
        let step = Step::read_located(raw).map_err(|(at, err)| match err {
            StepError::Condition { reason, .. } => Fault::new(inner_at + at, reason),
            err => Fault::new(inner_at, err.to_string()),
        })?;
        Ok((step, inner_at))
    }

    /// What may follow the step: nothing, `, within=7d`, in `did` also `, min=2`; and the closing parenthesis.
    fn limits(&mut self, function: &str, open: usize) -> Result<(Option<Span>, Option<Literal>), Fault> {
        let (mut within, mut at_least) = (None, None);
        while self.take(&Token::Comma)? {
            let at = self.peek()?.at;
            let word = match function {
                "did" if self.take_keyword("min")? => "min",
                "did" | "count" if self.take_keyword("within")? => "within",
                _ => {
                    return Err(Fault::new(
                        at,
                        "only `within=7d` may follow the step, in did(…) and count(…), and `min=2` in did(…); a comma in a name needs double quotes",
                    ));
                }
            };
            if !self.take(&Token::Equals)? && !self.take(&Token::Op(Op::Eq))? {
                let at = self.peek()?.at;
                return Err(Fault::new(at, format!("`=` is missing after `{word}`")));
            }
            let lexeme = self.next()?;
            match (word, lexeme.token) {
                ("within", Token::Literal(Lit::Span(span))) => within = Some(span),
                ("within", _) => return Err(Fault::new(lexeme.at, "a length of time is missing; write within=7d")),
                (_, Token::Literal(Lit::Number(number))) if number.whole.is_some_and(|whole| whole >= 1) => {
                    at_least = Some(Literal { at: lexeme.at, value: Lit::Number(number) });
                }
                _ => return Err(Fault::new(lexeme.at, "a whole number from 1 is missing; write min=2")),
            }
        }
        if !self.take(&Token::Close)? {
            return Err(Fault::new(open, format!("`{function}(` is not closed; add )")));
        }
        Ok((within, at_least))
    }
}

/// Bytes up to the comma or parenthesis that ends a step; what stands in quotes, brackets or parentheses does not count.
pub(super) fn step_len(text: &str) -> Option<usize> {
    let (mut depth, mut brackets) = (0usize, 0usize);
    let mut quote: Option<char> = None;
    let (mut escaped, mut name_starts) = (false, true);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        // Outside brackets a quote only opens where a name may begin, so that `can't pay` is a name.
        let opens = match c {
            '"' | '\'' => name_starts || brackets > 0,
            '`' => brackets > 0,
            _ => false,
        };
        match c {
            c if opens => quote = Some(c),
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            '(' => depth += 1,
            ')' if depth == 0 && brackets == 0 => return Some(at),
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 && brackets == 0 => return Some(at),
            _ => {}
        }
        name_starts = (name_starts && c.is_whitespace()) || c == '|';
    }
    None
}

fn one_or(mut nodes: Vec<Node>, join: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => join(nodes),
    }
}

fn flag(word: &str) -> Option<bool> {
    match word {
        _ if word.eq_ignore_ascii_case("true") => Some(true),
        _ if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

pub(super) const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "null", "contains", "matches"];

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::Expr;

    #[track_caller]
    fn check(text: &str, error: &str) {
        match Expr::parse(text) {
            Ok(expr) => panic!("`{text}` reads as {expr:?}"),
            Err(err) => assert_eq!(err.to_string(), error, "{text}"),
        }
    }

    #[test]
    fn what_the_manual_shows_reads() {
        for text in [
            "channel == \"web\"",
            "channel == 'web' AND value > 50 Or NOT (score is not null)",
            "plan in [\"pro\", 'team', true, 5, 2024-05-01] and not plan not in []",
            "note contains \"late\" or note not matches \"^\\d+$\"",
            "did(add to cart) and did(\"odd, name\") and did('can\\'t') and did(can't pay (now)) and did(*)",
            "did(cart[value > 50 and note == \")\"] | order, within=7d)",
            "count(cart) >= 2 and first(cart).time < 2024-05-01T10:00Z and last(cart).`my plan` == 1",
            "first.user.plan == last.`user plan` and 50 < count(*, within = 1h30m)",
            "path(\"cart -> [^support]* -> order\") and user.plan == 1 and true",
            "did(cart, min=2) and not did(cart, within=7d, min=3)",
        ] {
            assert!(Expr::parse(text).is_ok(), "{text}: {:?}", Expr::parse(text));
        }
    }

    #[test]
    fn an_error_points_at_its_character_and_says_the_way_out() {
        check("", "column 1: something is missing here; write a condition like channel == \"web\"");
        check("channel = \"web\"", "column 9: `=` is written `==` here");
        check("channel == \"web", "column 12: the text that starts here is not closed; add \"");
        check("日 == 1 && b == 2", "column 8: `&&` is written `and` here");
        check("a <> 1", "column 3: `<>` is written `!=` here");
        check("a == 1 b == 2", "column 8: `and` or `or` is missing before this");
        check("(a == 1", "column 1: this parenthesis is not closed; add )");
        check("a == 1)", "column 7: this parenthesis was never opened");
        check("a in \"x\"", "column 6: a list is missing after `in`; write it like [\"web\", \"app\"]");
        check("a in [web]", "column 7: text is written in quotes: \"web\"");
        check("a in [1, 2", "column 6: this list is not closed; add ]");
        check("a is 5", "column 6: `null` is missing after `is`; to compare write ==");
        check("seen(cart)", "column 1: nothing is called `seen(…)`; there are did, count, first, last and path");
        check("did(cart", "column 4: `did(` is not closed; add )");
        check("did()", "column 5: an event is missing; write did(cart), or did(*) for any");
        check("did(cart).time > 1", "column 10: only first(…) and last(…) have columns, not did(…)");
        check(
            "did(cart, after=1d)",
            "column 11: only `within=7d` may follow the step, in did(…) and count(…), and `min=2` in did(…); a comma in a name needs double quotes",
        );
        check("did(cart, min=0)", "column 15: a whole number from 1 is missing; write min=2");
        check("did(cart, min=2) > 1", "column 18: `and` or `or` is missing before this");
        check("did(cart[value >> 5])", "column 17: a column or a value is missing before this");
        check("count(cart)", "column 12: a comparison is missing after `count(…)`; write one like > 2");
        check("cart", "column 5: a comparison is missing after `cart`; write one like == \"text\" or > 50");
        check("path(\"cart -> [order\")", "column 15: a bracket is not closed; add ]");
        check(
            "a > 7y",
            "column 5: `7y` is no number, length of time or time; write it like 50, 7d, 2024-05-01 or 2024-05-01T10:00, text in quotes, and such a name in backticks",
        );
        check("a matches 5", "column 11: text in quotes is missing after `matches`");
    }

    #[test]
    fn at_least_so_often_is_a_count() {
        let root = |text: &str| super::parse(text).expect(text);
        let without_places = |text: &str| {
            let text = format!("{:?}", root(text));
            let mut parts = text.split("at: ");
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |all, part| all + part.trim_start_matches(|c: char| c.is_ascii_digit()))
        };
        assert_eq!(without_places("did(a|b, min=2, within=7d)"), without_places("count(a|b, within=7d) >= 2"));
        assert_eq!(without_places("not did(a, min=1) and did(b)"), without_places("not count(a) >= 1 and did(b)"));
    }

    #[test]
    fn nesting_is_bounded_and_chains_are_not() {
        let deep = format!("{}true{}", "(".repeat(5000), ")".repeat(5000));
        check(&deep, "column 101: more than 100 parentheses or `not` inside each other");
        let nots = format!("{}true", "not ".repeat(5000));
        assert!(Expr::parse(&nots).is_err());
        let chain = vec!["true"; 50_000].join(" and ");
        assert!(Expr::parse(&chain).is_ok());
    }
}
