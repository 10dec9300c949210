//! Text to a formula, by recursive descent; every error knows its column.

use super::{Call, Named, Node, Op, ScoreField, ScoreOf, What};
use crate::base::nearest::nearest;
use crate::journey::Expr;
use crate::journey::expr::ExprError;

/// How deep parentheses may nest; far beyond what a person writes.
const DEPTH_MAX: usize = 50;
const FUNCTIONS: [&str; 7] = ["rate", "funnel", "score", "share", "count", "median", "sum"];

pub(super) fn parse(text: &str) -> Result<Node, ExprError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let node = parser.sum()?;
    parser.skip_spaces();
    match parser.rest().chars().next() {
        None => Ok(node),
        Some(')') => Err(parser.fault(parser.at, "this parenthesis was never opened")),
        Some(_) => Err(parser.fault(parser.at, "`+`, `-`, `*` or `/` is missing before this")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn column(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    fn fault(&self, at: usize, message: impl Into<String>) -> ExprError {
        ExprError { column: self.column(at), message: message.into() }
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes the mark where it comes next.
    fn take(&mut self, mark: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len_utf8() } else { 0 };
        found
    }

    fn sum(&mut self) -> Result<Node, ExprError> {
        let mut left = self.product()?;
        loop {
            let op = if self.take('+') {
                Op::Add
            } else if self.take('-') || self.take('−') {
                Op::Subtract
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = Node::Binary { left: Box::new(left), op, right: Box::new(right) };
        }
    }

    fn product(&mut self) -> Result<Node, ExprError> {
        let mut left = self.factor()?;
        loop {
            let op = if self.take('*') {
                Op::Multiply
            } else if self.take('/') {
                Op::Divide
            } else {
                return Ok(left);
            };
            let right = self.factor()?;
            left = Node::Binary { left: Box::new(left), op, right: Box::new(right) };
        }
    }

    fn factor(&mut self) -> Result<Node, ExprError> {
        self.skip_spaces();
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault(start, format!("more than {DEPTH_MAX} parentheses inside each other")));
        }
        let node = if self.take('-') || self.take('−') {
            Node::Negative(Box::new(self.factor()?))
        } else if self.take('(') {
            let node = self.sum()?;
            if !self.take(')') {
                return Err(self.fault(start, "this parenthesis is not closed; add )"));
            }
            node
        } else {
            self.leaf()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn leaf(&mut self) -> Result<Node, ExprError> {
        let (start, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else {
            return Err(self.fault(start, "something is missing here; write a figure like rate(consider -> purchase)"));
        };
        if first.is_ascii_digit() || first == '.' {
            let len = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
            let number = rest[..len].replace('_', "").parse::<f64>().ok();
            self.at += len;
            return number
                .map(Node::Number)
                .ok_or_else(|| self.fault(start, format!("`{}` is no number; write it like 0.4", &rest[..len])));
        }
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.fault(start, format!("`{first}` means nothing here; a number or a figure is missing")));
        }
        let word = &rest[..len];
        self.at += len;
        if !self.take('(') {
            return Err(self.fault(start, format!("`{word}` is no figure; {}", hint(word))));
        }
        let open = self.at - 1;
        let (inner, inner_at) = self.inside(open)?;
        let what = self.call(start, word, inner, inner_at)?;
        Ok(Node::Call(Call { column: self.column(start), what }))
    }

    /// The text up to the parenthesis that closes the one at `open`, and where it begins.
    fn inside(&mut self, open: usize) -> Result<(&'t str, usize), ExprError> {
        let start = self.at;
        let mut marks = Marks::default();
        for (at, c) in self.rest().char_indices() {
            if c == ')' && marks.is_outside() {
                self.at = start + at + 1;
                return Ok((&self.text[start..start + at], start));
            }
            marks.pass(c);
        }
        Err(self.fault(open, "this parenthesis is not closed; add )"))
    }

    fn call(&mut self, start: usize, word: &str, inner: &'t str, at: usize) -> Result<What, ExprError> {
        let named = |text: &'t str, at: usize| self.named(text, at, word);
        match word {
            "rate" => {
                let Some(arrow) = inner.find("->") else {
                    return Err(self.fault(at, "an arrow is missing; write rate(consider -> purchase)"));
                };
                Ok(What::Rate { from: named(&inner[..arrow], at)?, to: named(&inner[arrow + 2..], at + arrow + 2)? })
            }
            "funnel" => {
                let id = named(inner, at)?;
                Ok(match self.field(word, &["rate", "step"])? {
                    "step" => What::Funnel { id, step: Some(self.step()?) },
                    _ => What::Funnel { id, step: None },
                })
            }
            "score" => {
                let (id, of) = match inner.find(',') {
                    None => (named(inner, at)?, ScoreOf::OwnStage),
                    Some(comma) => {
                        let of = named(&inner[comma + 1..], at + comma + 1)?;
                        let of = if of.text == "*" { ScoreOf::All } else { ScoreOf::Stage(of) };
                        (named(&inner[..comma], at)?, of)
                    }
                };
                let field = match self.field(word, &["top2", "nps", "mean", "n"])? {
                    "top2" => ScoreField::Top2,
                    "nps" => ScoreField::Nps,
                    "mean" => ScoreField::Mean,
                    _ => ScoreField::N,
                };
                Ok(What::Score { id, at: of, field })
            }
            "share" => {
                let bar = bar(inner);
                let part = self.expression(&inner[..bar.unwrap_or(inner.len())], at)?;
                let whole = bar.map(|bar| self.expression(&inner[bar + 1..], at + bar + 1)).transpose()?;
                Ok(What::Share { part, whole })
            }
            "count" => {
                let what = named(inner, at)?;
                Ok(match what.text.as_str() {
                    "events" => What::Events,
                    "customers" => What::Customers,
                    _ => What::Stage(what),
                })
            }
            "median" => {
                let stage = named(inner, at)?;
                Ok(What::Median { stage, is_km: self.field(word, &["completed", "km"])? == "km" })
            }
            "sum" => Ok(What::Sum(named(inner, at)?)),
            _ => Err(self.fault(start, format!("nothing is called `{word}(…)`; {}", hint(word)))),
        }
    }

    /// A name inside a call, without the spaces and quotes around it.
    fn named(&self, text: &str, at: usize, function: &str) -> Result<Named, ExprError> {
        let at = at + (text.len() - text.trim_start().len());
        let text = text.trim();
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        if bare.is_empty() {
            return Err(self.fault(at, format!("a name is missing in `{function}(…)`")));
        }
        Ok(Named { text: bare.to_owned(), column: self.column(at) })
    }

    /// What stands behind the dot after a call.
    fn field(&mut self, function: &str, known: &[&'static str]) -> Result<&'static str, ExprError> {
        let one_of = || known.iter().map(|name| format!(".{name}")).collect::<Vec<_>>().join(", ");
        if !self.take('.') {
            return Err(self.fault(self.at, format!("{} is missing after `{function}(…)`", one_of())));
        }
        let (start, rest) = (self.at, self.rest());
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += len;
        known.iter().find(|name| **name == &rest[..len]).copied().ok_or_else(|| {
            self.fault(start, format!("`{function}(…)` has no `.{}`; there are {}", &rest[..len], one_of()))
        })
    }

    /// `(2)`
    fn step(&mut self) -> Result<Named, ExprError> {
        let open = self.at;
        if !self.take('(') {
            return Err(self.fault(open, "a number is missing; write step(2)"));
        }
        let (inner, at) = self.inside(open)?;
        let step = self.named(inner, at, "step")?;
        match step.text.parse::<usize>() {
            Ok(1..) => Ok(step),
            _ => Err(self.fault(at, "steps are counted from 1; write step(2)")),
        }
    }

    /// An expression about customers.
    fn expression(&self, text: &str, at: usize) -> Result<Named, ExprError> {
        let at = at + (text.len() - text.trim_start().len());
        let (text, column) = (text.trim(), self.column(at));
        match Expr::parse(text) {
            Ok(_) => Ok(Named { text: text.to_owned(), column }),
            Err(err) => Err(ExprError { column: column + err.column - 1, message: err.message }),
        }
    }
}

/// Which quotes, brackets and parentheses are open.
#[derive(Debug, Default)]
struct Marks {
    depth: usize,
    quote: Option<char>,
    is_escaped: bool,
}

impl Marks {
    fn is_outside(&self) -> bool {
        self.depth == 0 && self.quote.is_none()
    }

    fn pass(&mut self, c: char) {
        if let Some(open) = self.quote {
            match c {
                _ if self.is_escaped => self.is_escaped = false,
                '\\' => self.is_escaped = true,
                c if c == open => self.quote = None,
                _ => {}
            }
            return;
        }
        match c {
            '"' | '`' => self.quote = Some(c),
            '(' | '[' => self.depth += 1,
            ')' | ']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// The bar that stands between two expressions; one inside a step is not meant.
fn bar(text: &str) -> Option<usize> {
    let mut marks = Marks::default();
    text.char_indices().find_map(|(at, c)| {
        let found = c == '|' && marks.is_outside();
        marks.pass(c);
        found.then_some(at)
    })
}

fn hint(word: &str) -> String {
    match nearest(word, FUNCTIONS) {
        Some(near) => format!("did you mean `{near}(…)`?"),
        None => format!("there are {}", FUNCTIONS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Formula, MentionKind};

    #[track_caller]
    fn check(text: &str, error: &str) {
        match Formula::parse(text) {
            Ok(formula) => panic!("`{text}` reads as {formula:?}"),
            Err(err) => assert_eq!(err.to_string(), error, "{text}"),
        }
    }

    #[test]
    fn what_the_manual_shows_reads() {
        for text in [
            "rate(consider -> purchase)",
            "1 - funnel(cart).rate",
            "funnel(cart).step(2) / funnel(cart).rate",
            "score(csat).top2 + score(nps, use).nps * -2 - (score(csat, *).mean + score(csat).n)",
            "share(did(order_paid, min=2, within=60d) | did(order_paid))",
            "share(did(a|b) and path(\"a -> [b|c]\"))",
            "count(events) / count(customers) + 1_000.5 * count(purchase)",
            "median(purchase).completed - median(\"a stage\").km",
            "sum(amount) / count(customers)",
        ] {
            assert!(Formula::parse(text).is_ok(), "{text}: {:?}", Formula::parse(text));
        }
    }

    #[test]
    fn a_formula_says_what_it_speaks_of() {
        let formula = Formula::parse("rate(a -> b c) + score(s, d).n * share(did(x|y) | did(z))").expect("a formula");
        let names: Vec<_> = formula.names().iter().map(|found| (found.kind, found.name, found.column)).collect();
        assert_eq!(
            names,
            [
                (MentionKind::Stage, "a", 6),
                (MentionKind::Stage, "b c", 11),
                (MentionKind::Score, "s", 24),
                (MentionKind::Stage, "d", 27),
                (MentionKind::Customers, "did(x|y)", 40),
                (MentionKind::Customers, "did(z)", 51),
            ]
        );
        assert_eq!(Formula::parse("rate(a -> b)").expect("a formula").as_rate(), Some(("a", "b")));
        assert_eq!(Formula::parse("1 - rate(a -> b)").expect("a formula").as_rate(), None);
    }

    #[test]
    fn an_error_points_at_its_character_and_says_the_way_out() {
        check("", "column 1: something is missing here; write a figure like rate(consider -> purchase)");
        check("1 +", "column 4: something is missing here; write a figure like rate(consider -> purchase)");
        check("rate(a, b)", "column 6: an arrow is missing; write rate(consider -> purchase)");
        check("rate(a -> )", "column 11: a name is missing in `rate(…)`");
        check("1 - funel(x).rate", "column 5: nothing is called `funel(…)`; did you mean `funnel(…)`?");
        check("funnel(x)", "column 10: .rate, .step is missing after `funnel(…)`");
        check("funnel(x).step(0)", "column 16: steps are counted from 1; write step(2)");
        check("score(日).best", "column 10: `score(…)` has no `.best`; there are .top2, .nps, .mean, .n");
        check("(1 + 2", "column 1: this parenthesis is not closed; add )");
        check("count(events", "column 6: this parenthesis is not closed; add )");
        check("1 2", "column 3: `+`, `-`, `*` or `/` is missing before this");
        check("1)", "column 2: this parenthesis was never opened");
        check("share(did(a) | dit(b))", "column 16: nothing is called `dit(…)`; did you mean `did`?");
        check("rate", "column 1: `rate` is no figure; did you mean `rate(…)`?");
        check("1..2", "column 1: `1..2` is no number; write it like 0.4");
        let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
        check(&deep, "column 51: more than 50 parentheses inside each other");
    }
}
