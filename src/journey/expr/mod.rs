//! The expression language that chooses events (`--events`) and customers (`--customers`).
//!
//! ```text
//! channel == "web" and value > 50            nth == 1 and stage == "buy"     plan in ["pro", "team"]      note contains "late"
//! not (device matches "^i(os|pad)")          score is null                hour >= 9 and weekday <= 5
//! did(cart) and not did(order, within=7d)    count(cart[value > 50]) >= 2 first(cart).time < 2024-05-01
//! first.channel == "ads"                     last(cart).age > 4h          path("cart -> [^support]* -> order")
//! ```
//!
//! What it means where `semantics.md` leaves it open:
//!
//! * A comparison with a missing value is false, `!=` and `not in` included; `not (a == 1)` is then true. `is null` and
//!   `is not null` ask for it. An event that was not located (`first(cart)` of somebody without a cart) has no values.
//! * Texts compare exactly, `<` by code points; `true` and `false` match texts that spell them in any case. A number is
//!   never compared with a text: the error says how to write it.
//! * `event`, `customer`, `time`, `channel` and `value` are the parts that columns play, under these names and their own;
//!   a name in backticks is always a column. `hour` (0 to 23) and `weekday` (Monday = 1, or "monday") are those of the
//!   store's zone. A time without an offset is read in it.
//! * `nth` is which occurrence of its event name within its customer's whole journey an event is, from 1, whatever a filter
//!   leaves out. Under touchpoint rules `event` is the touchpoint and so is what `nth` counts; in a rule itself both are about
//!   the event's own name. `stage` is the touchpoint's stage.
//! * Under touchpoint rules a name that is no touchpoint but an event's own name means the events of that name, in steps
//!   (`did(order_paid)`) and where `event` is compared with it by `==`, `!=` or `in`.
//! * In customer scope a bare column is an error, since a customer has many values of it. `first(step)` alone is its time.
//!   `.age` is the time until the end of observation. `within=7d` counts events at most that long after the customer's
//!   first event, inclusive. All of it is about the events that `--events` kept; a customer without any is never chosen.

pub mod clock;
pub mod complete;
mod customers;
mod event_names;
mod events;
mod lex;
mod parse;
mod texts;
mod tree;
mod types;
mod words;

#[cfg(test)]
mod oracle;

use std::fmt;
use std::str::FromStr;

use super::bitmap::Bitmap;
use super::mapped::Meaning;
use super::store::JourneyStore;
use super::view::View;
use crate::base::{Cancelled, Ctl, Span};
pub use complete::{Completion, CompletionKind, complete, quote_name, quote_text};
use tree::{Fault, Lit, Literal, Node, Op};

/// An expression that is well formed; what its names mean is settled when it meets the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    text: String,
    root: Node,
}

/// What is wrong with an expression, and where: the character, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ExprError {
    pub column: usize,
    pub message: String,
}

/// Why an expression gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    #[error(transparent)]
    Expr(#[from] ExprError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first place at which it is not well formed.
    pub fn parse(text: &str) -> Result<Expr, ExprError> {
        let root = parse::parse(text).map_err(|fault| error(text, fault))?;
        Ok(Expr { text: text.to_owned(), root })
    }

    /// The texts that `event` is compared with by `==`, `!=` or `in`.
    pub fn event_words(&self) -> Vec<&str> {
        words::of_events(&self.root)
    }
}

fn error(text: &str, fault: Fault) -> ExprError {
    let at = fault.at.min(text.len());
    let column = text.char_indices().take_while(|(start, _)| *start < at).count() + 1;
    ExprError { column, message: fault.message }
}

/// The events for which the expression holds: one bit per event of the store.
///
/// # Errors
/// A name that means nothing, a comparison of what cannot be compared, or `Cancelled`.
pub fn event_mask(store: &JourneyStore, expr: &Expr, ctl: &Ctl) -> Result<Bitmap, MaskError> {
    let plan = events::Plan::of(store, &expr.root).map_err(|fault| error(&expr.text, fault))?;
    Ok(plan.run(store.n_events(), ctl)?)
}

/// The customers for whom the expression holds: one bit per customer of the store, never set where the view has no event.
///
/// # Errors
/// As `event_mask`.
pub fn customer_mask(view: &View, expr: &Expr, session_gap: Span, ctl: &Ctl) -> Result<Bitmap, MaskError> {
    let plan = customers::Plan::of(view, &expr.root, session_gap, ctl).map_err(|trouble| match trouble {
        customers::Trouble::Fault(fault) => MaskError::Expr(error(&expr.text, fault)),
        customers::Trouble::Cancelled(cancelled) => MaskError::Cancelled(cancelled),
    })?;
    Ok(plan.run(view, ctl)?)
}

/// What an event's touchpoint alone says about an expression.
pub(super) use event_names::ByTouchpoint;

/// Whether the touchpoint of an event settles an expression, touchpoint by touchpoint.
///
/// # Errors
/// As `event_mask`.
pub(super) fn by_touchpoint(store: &JourneyStore, expr: &Expr) -> Result<ByTouchpoint, ExprError> {
    let plan = events::Plan::of(store, &expr.root).map_err(|fault| error(&expr.text, fault))?;
    Ok(ByTouchpoint::of(&plan, store))
}

/// One of the kinds of events that a step means: a touchpoint or any, where a condition holds or always.
pub(super) struct Alternative<'a> {
    pub meaning: Option<Meaning>,
    pub condition: Option<&'a str>,
}

impl Alternative<'_> {
    /// Whether the touchpoint alone decides.
    pub(super) fn is_by_touchpoint(&self) -> bool {
        self.condition.is_none() && !matches!(self.meaning, Some(Meaning::Raw { .. }))
    }
}

/// Which condition is at fault, and where in it, in bytes.
pub(super) struct ConditionFault {
    pub alternative: usize,
    pub at: usize,
    pub message: String,
}

/// Whether a text is well formed as the condition of a step; otherwise the byte at fault and what is wrong there.
pub(super) fn check_condition(text: &str) -> Result<(), (usize, String)> {
    parse::parse_condition(text).map(|_| ()).map_err(|fault| (fault.at, fault.message))
}

/// The events that a step with conditions means: one bit per event of the store.
pub(super) fn alternatives_mask(
    store: &JourneyStore,
    alternatives: &[Alternative<'_>],
    ctl: &Ctl,
) -> Result<Result<Bitmap, Cancelled>, ConditionFault> {
    use events::{Leaf, Plan};
    let one = |(at, alternative): (usize, &Alternative<'_>)| {
        let by_name = Plan::Leaf(match &alternative.meaning {
            None => Leaf::Const(true),
            Some(meaning) => event_names::leaf_of(store, meaning),
        });
        let Some(condition) = alternative.condition else { return Ok(by_name) };
        let by_condition = parse::parse_condition(condition)
            .and_then(|node| Plan::of(store, &node))
            .map_err(|fault| ConditionFault { alternative: at, at: fault.at, message: fault.message })?;
        Ok(Plan::And(vec![by_name, by_condition]))
    };
    let plans = alternatives.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    Ok(Plan::Or(plans).run(store.n_events(), ctl))
}

/// A comparison of two literals.
fn constant(left: &Literal, op: Op, right: &Literal) -> Result<bool, Fault> {
    match (&left.value, &right.value) {
        (Lit::Number(a), Lit::Number(b)) => Ok(op.holds(&a.value, &b.value)),
        (Lit::Text(a), Lit::Text(b)) => Ok(op.holds(a, b)),
        (Lit::Flag(a), Lit::Flag(b)) => Ok(op.holds(a, b)),
        (Lit::Span(a), Lit::Span(b)) => Ok(op.holds(a, b)),
        (a, b) => Err(Fault::new(left.at, format!("{a} is compared with {b}; a column is missing"))),
    }
}

impl FromStr for Expr {
    type Err = ExprError;

    fn from_str(text: &str) -> Result<Self, ExprError> {
        Expr::parse(text)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
