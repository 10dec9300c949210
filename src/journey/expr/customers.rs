//! Customer scope: an expression to one bit per customer of a view.
//!
//! Steps are looked up once; then one pass over the customers works through the expression and stops at the first part
//! that settles it. A customer whose journey cannot hold a step's touchpoint is passed over by its mask.

use std::ops::Range;

use rayon::prelude::*;

use super::super::bitmap::Bitmap;
use super::super::pattern::PatternMatch;
use super::super::session::SessionRule;
use super::super::step::{Step, StepError, StepMatch};
use super::super::view::View;
use super::events::{Amount, Leaf, number_reader, table};
use super::texts::Texts;
use super::tree::{Call, Fault, Function, Lit, Name, Node, Op, Operand};
use super::types::{Check, EVENT_NAMES, Field, IntTest, Type};
use crate::base::nearest::nearest;
use crate::base::{Cancelled, Ctl, CustomerId, Span};

/// Names of a customer's own figures.
pub(super) const CUSTOMER_NAMES: [&str; 5] =
    ["sessions", "journey.events", "journeys.events", "journey.duration", "journeys.duration"];

/// Words per piece of work: 1,024 customers.
const BLOCK: usize = 16;

/// Why an expression could not be prepared.
pub(super) enum Trouble {
    Fault(Fault),
    Cancelled(Cancelled),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Trouble::Fault(fault)
    }
}

/// A typed expression over customers, ready to run.
pub(super) enum Plan<'s> {
    And(Vec<Plan<'s>>),
    Or(Vec<Plan<'s>>),
    Not(Box<Plan<'s>>),
    Const(bool),
    Did {
        step: StepMatch,
        within: Option<Span>,
    },
    Path(PatternMatch),
    /// 1 for every customer that passes.
    Customer(Vec<u8>),
    Quantity {
        what: Quantity,
        test: IntTest,
    },
    /// A test on the event at a place; `missing` where there is none.
    At {
        place: Place,
        leaf: Leaf<'s>,
        missing: bool,
    },
    Amounts {
        left: ReadAmount<'s>,
        op: Op,
        right: ReadAmount<'s>,
    },
    Texts {
        left: ReadText<'s>,
        op: Op,
        right: ReadText<'s>,
    },
}

type ReadAmount<'s> = Box<dyn Fn(&View, CustomerId, Range<usize>) -> Option<Amount> + Send + Sync + 's>;
type ReadText<'s> = Box<dyn Fn(&View, CustomerId, Range<usize>) -> Option<&'s str> + Send + Sync + 's>;

/// A whole number or a length of time about a customer.
#[derive(Clone)]
pub(super) enum Quantity {
    Count { step: StepMatch, within: Option<Span> },
    Events,
    Sessions { gap: Span },
    Duration,
}

/// One event of a journey.
#[derive(Clone)]
pub(super) struct Place {
    is_last: bool,
    /// The first or last event that matches; any event where there is no step.
    step: Option<StepMatch>,
}

/// What an operand is about, once its names are looked up.
enum Subject {
    Quantity(Quantity),
    Customer,
    At { place: Place, field: Field },
}

struct Context<'s> {
    view: &'s View,
    session_gap: Span,
    ctl: &'s Ctl,
}

impl<'s> Plan<'s> {
    /// Types a tree against a view.
    pub(super) fn of(view: &'s View, node: &Node, session_gap: Span, ctl: &'s Ctl) -> Result<Self, Trouble> {
        Context { view, session_gap, ctl }.plan(node)
    }

    pub(super) fn run(&self, view: &View, ctl: &Ctl) -> Result<Bitmap, Cancelled> {
        let n = view.store().n_customers();
        let mut words = vec![0u64; n.div_ceil(64)];
        words.par_chunks_mut(BLOCK).enumerate().try_for_each(|(block, out)| {
            ctl.check()?;
            for (at, word) in out.iter_mut().enumerate() {
                let start = (block * BLOCK + at) * 64;
                *word = (start..(start + 64).min(n)).fold(0, |bits, customer| {
                    let customer = CustomerId(customer as u32);
                    let journey = view.journey(customer);
                    let chosen = !journey.is_empty() && self.holds(view, customer, journey);
                    bits | (u64::from(chosen) << (customer.idx() - start))
                });
            }
            Ok(())
        })?;
        Ok(Bitmap::from_words(words, n))
    }

    fn holds(&self, view: &View, customer: CustomerId, journey: Range<usize>) -> bool {
        match self {
            Plan::And(plans) => plans.iter().all(|plan| plan.holds(view, customer, journey.clone())),
            Plan::Or(plans) => plans.iter().any(|plan| plan.holds(view, customer, journey.clone())),
            Plan::Not(plan) => !plan.holds(view, customer, journey),
            Plan::Const(always) => *always,
            Plan::Did { step, within } => {
                view.mask(customer) & step.mask() != 0
                    && step.first_in(view.codes(), limited(view, journey, *within)).is_some()
            }
            Plan::Path(pattern) => pattern.matches(view.codes(), journey),
            Plan::Customer(table) => table[customer.idx()] != 0,
            Plan::Quantity { what, test } => test.holds(what.of(view, customer, journey)),
            Plan::At { place, leaf, missing } => match place.locate(view, customer, journey) {
                Some(position) => leaf.holds(view.row(position)),
                None => *missing,
            },
            Plan::Amounts { left, op, right } => {
                match (left(view, customer, journey.clone()), right(view, customer, journey)) {
                    (Some(a), Some(b)) => a.compare(*op, b),
                    _ => false,
                }
            }
            Plan::Texts { left, op, right } => {
                match (left(view, customer, journey.clone()), right(view, customer, journey)) {
                    (Some(a), Some(b)) => op.holds(&a, &b),
                    _ => false,
                }
            }
        }
    }
}

/// The part of a journey at most `within` after its first event.
fn limited(view: &View, journey: Range<usize>, within: Option<Span>) -> Range<usize> {
    let Some(within) = within else { return journey };
    let times = &view.times()[journey.clone()];
    let limit = times.first().map_or(i64::MAX, |first| first.saturating_add(within.micros()));
    journey.start..journey.start + times.partition_point(|&time| time <= limit)
}

impl Quantity {
    fn of(&self, view: &View, customer: CustomerId, journey: Range<usize>) -> i64 {
        match self {
            Quantity::Count { step, .. } if view.mask(customer) & step.mask() == 0 => 0,
            Quantity::Count { step, within } => step.count_in(view.codes(), limited(view, journey, *within)) as i64,
            Quantity::Events => journey.len() as i64,
            Quantity::Sessions { gap } => SessionRule::new(view, *gap).count(journey) as i64,
            Quantity::Duration => view.times()[journey.end - 1].saturating_sub(view.times()[journey.start]),
        }
    }

    fn ty(&self) -> Type {
        if matches!(self, Quantity::Duration) { Type::Span } else { Type::Number }
    }
}

impl Place {
    fn locate(&self, view: &View, customer: CustomerId, journey: Range<usize>) -> Option<usize> {
        match &self.step {
            None if self.is_last => Some(journey.end - 1),
            None => Some(journey.start),
            Some(step) if view.mask(customer) & step.mask() == 0 => None,
            Some(step) if self.is_last => step.last_in(view.codes(), journey),
            Some(step) => step.first_in(view.codes(), journey),
        }
    }
}

impl<'s> Context<'s> {
    fn plan(&self, node: &Node) -> Result<Plan<'s>, Trouble> {
        let all = |nodes: &[Node]| nodes.iter().map(|node| self.plan(node)).collect::<Result<Vec<_>, _>>();
        match node {
            Node::And(nodes) => Ok(Plan::And(all(nodes)?)),
            Node::Or(nodes) => Ok(Plan::Or(all(nodes)?)),
            Node::Not(node) => Ok(Plan::Not(Box::new(self.plan(node)?))),
            Node::Compare { left: Operand::Literal(left), op, right: Operand::Literal(right) } => {
                Ok(Plan::Const(super::constant(left, *op, right)?))
            }
            Node::Compare { left: Operand::Literal(left), op, right } => {
                self.tested(right, Check::Compare { op: op.flipped(), right: left })
            }
            Node::Compare { left, op, right: Operand::Literal(right) } => {
                self.tested(left, Check::Compare { op: *op, right })
            }
            Node::Compare { left, op, right } => self.compared(left, *op, right),
            Node::In { left, items, negated } => self.tested(left, Check::In { items, negated: *negated }),
            Node::Text { left, how, right, negated } => {
                self.tested(left, Check::Text { how: *how, right, negated: *negated })
            }
            Node::Null { left, negated } => self.tested(left, Check::Null { negated: *negated }),
            Node::Holds(Operand::Literal(literal)) => Ok(Plan::Const(literal.value == Lit::Flag(true))),
            Node::Holds(Operand::Call(call)) => self.called(call),
            Node::Holds(Operand::Name(name)) => {
                Err(Fault::new(name.at, format!("a comparison is missing after `{name}`")).into())
            }
        }
    }

    /// A call that is true or false on its own.
    fn called(&self, call: &Call) -> Result<Plan<'s>, Trouble> {
        match &call.what {
            Function::Did { step, within } => Ok(Plan::Did { step: self.step(step, call.inner_at)?, within: *within }),
            Function::Path { pattern } => {
                let matcher = pattern
                    .resolve(self.view.store())
                    .map_err(|err| Fault::new(call.inner_at + err.at, err.message))?;
                Ok(Plan::Path(matcher))
            }
            Function::Count { .. } | Function::First { .. } | Function::Last { .. } => {
                Err(Fault::new(call.at, format!("a comparison is missing after `{}(…)`", call.what.name())).into())
            }
        }
    }

    fn step(&self, step: &Step, at: usize) -> Result<StepMatch, Trouble> {
        step.resolve_located(self.view, self.ctl).map_err(|(inner, err)| match err {
            StepError::Cancelled(cancelled) => Trouble::Cancelled(cancelled),
            StepError::Condition { reason, .. } => Trouble::Fault(Fault::new(at + inner, reason)),
            err => Trouble::Fault(Fault::new(at + inner, err.to_string())),
        })
    }

    fn subject(&self, operand: &Operand) -> Result<Subject, Trouble> {
        match operand {
            Operand::Literal(literal) => Err(Fault::new(literal.at, "a column belongs here, not a value").into()),
            Operand::Name(name) => Ok(self.named(name)?),
            Operand::Call(call) => match &call.what {
                Function::Count { step, within } => {
                    Ok(Subject::Quantity(Quantity::Count { step: self.step(step, call.inner_at)?, within: *within }))
                }
                Function::First { step, property } | Function::Last { step, property } => {
                    let field = match property {
                        None => Field::Time,
                        Some(name) => self.field(name.at, &name.to_string(), name.quoted)?,
                    };
                    let is_last = matches!(call.what, Function::Last { .. });
                    let place = Place { is_last, step: Some(self.step(step, call.inner_at)?) };
                    Ok(Subject::At { place, field })
                }
                Function::Did { .. } | Function::Path { .. } => Err(Fault::new(
                    call.at,
                    format!("`{name}(…)` stands alone; write {name}(…) or not {name}(…)", name = call.what.name()),
                )
                .into()),
            },
        }
    }

    fn field(&self, at: usize, name: &str, quoted: bool) -> Result<Field, Fault> {
        Field::find(self.view.store(), name, quoted, true).map_err(|message| Fault::new(at, message))
    }

    fn named(&self, name: &Name) -> Result<Subject, Fault> {
        let whole = name.to_string();
        let store = self.view.store();
        if !name.quoted {
            match whole.as_str() {
                "sessions" => return Ok(Subject::Quantity(Quantity::Sessions { gap: self.session_gap })),
                "journey.events" | "journeys.events" => return Ok(Subject::Quantity(Quantity::Events)),
                "journey.duration" | "journeys.duration" => return Ok(Subject::Quantity(Quantity::Duration)),
                "customer" => return Ok(Subject::Customer),
                other if other == store.roles.customer => return Ok(Subject::Customer),
                _ => {}
            }
            for (prefix, is_last) in [("first.", false), ("last.", true)] {
                if let Some(column) = whole.strip_prefix(prefix) {
                    let field = self.field(name.at + prefix.len(), column, name.rest.is_some())?;
                    return Ok(Subject::At { place: Place { is_last, step: None }, field });
                }
            }
        }
        Err(Fault::new(name.at, self.not_of_customers(&whole, name.quoted)))
    }

    fn not_of_customers(&self, name: &str, quoted: bool) -> String {
        let store = self.view.store();
        if Field::find(store, name, quoted, false).is_ok() {
            return format!(
                "`{name}` is about one event and a customer has many; write first.{name}, last.{name} or did(*[{name} == …])"
            );
        }
        let columns = store.properties.iter().map(|property| property.name.as_str());
        match nearest(name, CUSTOMER_NAMES.into_iter().chain(columns).chain(EVENT_NAMES)) {
            Some(near) => format!("no column is named `{name}`; did you mean `{near}`?"),
            None => format!(
                "no column is named `{name}`; customers have did(…), count(…), first(…), last(…), sessions, journey.events, journey.duration"
            ),
        }
    }

    fn tested(&self, operand: &Operand, check: Check<'_>) -> Result<Plan<'s>, Trouble> {
        let store: &'s _ = self.view.store();
        let label = label(operand);
        Ok(match self.subject(operand)? {
            Subject::Quantity(what @ Quantity::Duration) => Plan::Quantity { test: check.span(&label)?, what },
            Subject::Quantity(what) => Plan::Quantity { test: check.number(&label)?.ints(), what },
            Subject::Customer => Plan::Customer(table(&store.customers, &check.text(&label)?)),
            Subject::At { place, field } => {
                let missing = matches!(check, Check::Null { negated: false });
                let leaf = Leaf::of(store, field, &label, check, self.view.as_of().micros())?;
                Plan::At { place, leaf, missing }
            }
        })
    }

    fn compared(&self, left: &Operand, op: Op, right: &Operand) -> Result<Plan<'s>, Trouble> {
        let at = right.at();
        let left = self.subject(left)?;
        let right = self.subject(right).map_err(|trouble| match (trouble, right) {
            (Trouble::Fault(fault), Operand::Name(name)) if fault.message.starts_with("no column") => {
                Fault::new(fault.at, format!("{}; if it is text, write \"{name}\" in quotes", fault.message)).into()
            }
            (trouble, _) => trouble,
        })?;
        let (left_type, right_type) = (self.ty(&left), self.ty(&right));
        if !left_type.compares_with(right_type) {
            let message = format!("this is {} and cannot be compared with {}", right_type.words(), left_type.words());
            return Err(Fault::new(at, message).into());
        }
        Ok(if left_type == Type::Nothing || right_type == Type::Nothing {
            Plan::Const(false)
        } else if left_type == Type::Text {
            Plan::Texts { left: self.text_reader(left), op, right: self.text_reader(right) }
        } else {
            Plan::Amounts { left: self.amount_reader(left), op, right: self.amount_reader(right) }
        })
    }

    fn ty(&self, subject: &Subject) -> Type {
        match subject {
            Subject::Quantity(what) => what.ty(),
            Subject::Customer => Type::Text,
            Subject::At { field, .. } => field.ty(self.view.store()),
        }
    }

    fn amount_reader(&self, subject: Subject) -> ReadAmount<'s> {
        match subject {
            Subject::Quantity(what) => {
                Box::new(move |view, customer, journey| Some(Amount::Int(what.of(view, customer, journey))))
            }
            Subject::Customer => Box::new(|_, _, _| None),
            Subject::At { place, field } => {
                let read = number_reader(self.view.store(), field);
                let as_of = self.view.as_of().micros();
                Box::new(move |view, customer, journey| {
                    let amount = read(view.row(place.locate(view, customer, journey)?))?;
                    Some(match (field, amount) {
                        (Field::Age, Amount::Int(time)) => Amount::Int(as_of.saturating_sub(time)),
                        (_, amount) => amount,
                    })
                })
            }
        }
    }

    fn text_reader(&self, subject: Subject) -> ReadText<'s> {
        let store: &'s _ = self.view.store();
        match subject {
            Subject::Quantity(_) => Box::new(|_, _, _| None),
            Subject::Customer => Box::new(move |_, customer, _| Some(store.customer_name(customer))),
            Subject::At { place, field } => {
                let texts = Texts::of(store, field);
                Box::new(move |view, customer, journey| texts.text(view.row(place.locate(view, customer, journey)?)))
            }
        }
    }
}

/// The operand as messages name it.
fn label(operand: &Operand) -> String {
    match operand {
        Operand::Name(name) => name.to_string(),
        Operand::Literal(literal) => literal.value.to_string(),
        Operand::Call(call) => match &call.what {
            Function::First { property: Some(name), .. } | Function::Last { property: Some(name), .. } => {
                format!("{}(…).{name}", call.what.name())
            }
            what => format!("{}(…)", what.name()),
        },
    }
}
