//! The language that KPIs of stages are written in: `1 - funnel(cart).rate`, `rate(consider -> purchase)`.
//!
//! | written | means |
//! |---|---|
//! | `rate(a -> b)` | of the customers of stage a, the share that entered stage b afterwards |
//! | `funnel(ID).rate`, `funnel(ID).step(2)` | of those who entered the funnel, the share that completed it, or reached its second mandatory step |
//! | `score(ID).top2`, `.nps`, `.mean`, `.n` | answers about this stage; `score(ID, use).top2` about another, `score(ID, *).top2` all |
//! | `share(EXPR \| EXPR)`, `share(EXPR)` | of the customers for whom the second holds (of all), the share for whom the first does too |
//! | `count(events)`, `count(customers)`, `count(purchase)` | events, customers, customers of a stage |
//! | `median(purchase).completed`, `.km` | seconds until customers move on: of those who did, and until half have |
//! | `sum(amount)` | the sum of a column |
//! | numbers, `+ - * / ( )` | |
//!
//! A formula that is a share of customers, or 1 less one, carries its parts, its Wilson interval and its customers; another
//! figure's interval is kept where only constants are added to it or multiplied with it.

mod eval;
mod parse;

use crate::journey::expr::ExprError;

pub use eval::{Evaluator, Figure, Members, Trouble};

/// A formula that is well formed; its names are looked up when it meets a plan and data.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    root: Node,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// The first place at which it is not well formed.
    pub fn parse(text: &str) -> Result<Formula, ExprError> {
        Ok(Formula { root: parse::parse(text)? })
    }

    /// The stages of a formula that is a single `rate(a -> b)`.
    pub fn as_rate(&self) -> Option<(&str, &str)> {
        match &self.root {
            Node::Call(Call { what: What::Rate { from, to }, .. }) => Some((&from.text, &to.text)),
            _ => None,
        }
    }

    /// Every id that the formula speaks of, with its column, so that a plan can be checked without data.
    pub fn names(&self) -> Vec<Mention<'_>> {
        let mut found = Vec::new();
        self.root.mentions(&mut found);
        found
    }
}

/// An id that a formula speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention<'a> {
    pub kind: MentionKind,
    pub name: &'a str,
    /// The character, from 1.
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MentionKind {
    Stage,
    Funnel,
    Score,
    /// A column of the data.
    Column,
    /// An expression about customers.
    Customers,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Negative(Box<Node>),
    Binary { left: Box<Node>, op: Op, right: Box<Node> },
    Call(Call),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A text and the column at which it begins.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    text: String,
    column: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    column: usize,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Rate {
        from: Named,
        to: Named,
    },
    Funnel {
        id: Named,
        /// The mandatory step from 1; the last where there is none.
        step: Option<Named>,
    },
    Score {
        id: Named,
        at: ScoreOf,
        field: ScoreField,
    },
    Share {
        part: Named,
        whole: Option<Named>,
    },
    Events,
    Customers,
    Stage(Named),
    Median {
        stage: Named,
        is_km: bool,
    },
    Sum(Named),
}

#[derive(Debug, Clone, PartialEq)]
enum ScoreOf {
    OwnStage,
    Stage(Named),
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScoreField {
    Top2,
    Nps,
    Mean,
    N,
}

impl Node {
    fn mentions<'a>(&'a self, found: &mut Vec<Mention<'a>>) {
        let mut add =
            |kind, named: &'a Named| found.push(Mention { kind, name: named.text.as_str(), column: named.column });
        match self {
            Node::Number(_) => {}
            Node::Negative(node) => node.mentions(found),
            Node::Binary { left, right, .. } => {
                left.mentions(found);
                right.mentions(found);
            }
            Node::Call(call) => match &call.what {
                What::Rate { from, to } => {
                    add(MentionKind::Stage, from);
                    add(MentionKind::Stage, to);
                }
                What::Funnel { id, .. } => add(MentionKind::Funnel, id),
                What::Score { id, at, .. } => {
                    add(MentionKind::Score, id);
                    if let ScoreOf::Stage(stage) = at {
                        add(MentionKind::Stage, stage);
                    }
                }
                What::Share { part, whole } => {
                    add(MentionKind::Customers, part);
                    whole.iter().for_each(|whole| add(MentionKind::Customers, whole));
                }
                What::Events | What::Customers => {}
                What::Stage(stage) | What::Median { stage, .. } => add(MentionKind::Stage, stage),
                What::Sum(column) => add(MentionKind::Column, column),
            },
        }
    }
}
