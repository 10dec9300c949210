//! An expression as written: what the parser makes and the typing reads.

use std::fmt;

use super::super::pattern::Pattern;
use super::super::step::Step;
use crate::base::{Span, When};

/// Something wrong at a byte of the text; `Expr` turns it into a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub message: String,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Fault { at, message: message.into() }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Two or more, so that a long chain is no deep tree.
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare {
        left: Operand,
        op: Op,
        right: Operand,
    },
    In {
        left: Operand,
        items: Vec<Literal>,
        negated: bool,
    },
    /// `contains` and `matches`.
    Text {
        left: Operand,
        how: How,
        right: Literal,
        negated: bool,
    },
    Null {
        left: Operand,
        negated: bool,
    },
    /// Something that is true or false on its own.
    Holds(Operand),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    /// The operator that says the same with the sides exchanged.
    pub(super) fn flipped(self) -> Self {
        match self {
            Op::Eq => Op::Eq,
            Op::Ne => Op::Ne,
            Op::Lt => Op::Gt,
            Op::Le => Op::Ge,
            Op::Gt => Op::Lt,
            Op::Ge => Op::Le,
        }
    }

    pub(super) fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Op::Eq => left == right,
            Op::Ne => left != right,
            Op::Lt => left < right,
            Op::Le => left <= right,
            Op::Gt => left > right,
            Op::Ge => left >= right,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Contains,
    Matches,
}

impl How {
    pub(super) fn word(self) -> &'static str {
        match self {
            How::Contains => "contains",
            How::Matches => "matches",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Name(Name),
    Call(Call),
    Literal(Literal),
}

impl Operand {
    pub(super) fn at(&self) -> usize {
        match self {
            Operand::Name(name) => name.at,
            Operand::Call(call) => call.at,
            Operand::Literal(literal) => literal.at,
        }
    }
}

/// A name as written. `first.plan` is one word; `` first.`my plan` `` has a head and a rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub at: usize,
    pub head: String,
    /// Written in backticks: always a column.
    pub quoted: bool,
    pub rest: Option<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rest {
            Some(rest) => write!(f, "{}.{rest}", self.head),
            None => f.write_str(&self.head),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub at: usize,
    /// Where the step or pattern begins.
    pub inner_at: usize,
    pub what: Function,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Function {
    Did { step: Step, within: Option<Span> },
    Count { step: Step, within: Option<Span> },
    First { step: Step, property: Option<Name> },
    Last { step: Step, property: Option<Name> },
    Path { pattern: Pattern },
}

impl Function {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Function::Did { .. } => "did",
            Function::Count { .. } => "count",
            Function::First { .. } => "first",
            Function::Last { .. } => "last",
            Function::Path { .. } => "path",
        }
    }
}

pub(super) const FUNCTIONS: [&str; 5] = ["did", "count", "first", "last", "path"];

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Literal {
    pub at: usize,
    pub value: Lit,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lit {
    Text(String),
    Number(Number),
    Flag(bool),
    Span(Span),
    Time(When),
}

/// A number, exact where it is whole and fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    pub whole: Option<i64>,
}

impl Number {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Number { value: whole as f64, whole: Some(whole) });
        }
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
        let whole = (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64);
        Some(Number { value, whole })
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Number { value: whole as f64, whole: Some(whole) }
    }
}

impl fmt::Display for Lit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lit::Text(text) => write!(f, "the text \"{text}\""),
            Lit::Number(Number { whole: Some(whole), .. }) => write!(f, "the number {whole}"),
            Lit::Number(number) => write!(f, "the number {}", number.value),
            Lit::Flag(flag) => write!(f, "{flag}"),
            Lit::Span(span) => write!(f, "the length of time {span}"),
            Lit::Time(when) => write!(f, "the time {when}"),
        }
    }
}
