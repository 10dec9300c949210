//! The questions: a spec is the one way to ask, an answer is numbers and names, a pure function lies between.

pub mod compare;
pub mod customers;
pub mod events;
pub mod funnel;
mod grouping;
pub mod journey;
pub mod lifecycle;
#[cfg(test)]
mod oracle;
pub mod profile;
mod property;
pub mod retention;
pub mod scope;

use serde::{Deserialize, Serialize};

use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::expr::{ExprError, MaskError};
use crate::journey::{StepError, View};
use crate::table::Table;

pub use compare::{Compare, CompareSpec};
use customers::customers_behind;
pub use customers::{Customers, CustomersSpec};
pub use events::{Events, EventsSpec};
pub use funnel::{Funnel, FunnelSpec};
pub use journey::{Journey, JourneySpec};
pub use lifecycle::{Lifecycle, LifecycleSpec};
pub use profile::{Profile, ProfileSpec};
pub use retention::{Retention, RetentionSpec};
pub use scope::Scope;

/// A question, as flags, a pane's state or a saved view hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "analysis", rename_all = "kebab-case")]
pub enum Spec {
    Profile(ProfileSpec),
    Funnel(FunnelSpec),
    Retention(RetentionSpec),
    Compare(CompareSpec),
    Lifecycle(LifecycleSpec),
    Customers(CustomersSpec),
    Journey(JourneySpec),
    Events(EventsSpec),
}

/// What a question gave.
#[derive(Debug, Clone)]
pub enum Answer {
    Profile(Profile),
    Funnel(Funnel),
    Retention(Retention),
    Compare(Compare),
    Lifecycle(Lifecycle),
    Customers(Customers),
    Journey(Journey),
    Events(Events),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Step(StepError),
    /// An expression, with the flag that it was given to.
    #[error("{flag}: {error}")]
    Expr { flag: &'static str, error: ExprError },
    #[error("no column is named `{name}`{}", .nearest.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?")))]
    UnknownColumn { name: String, nearest: Option<String> },
    #[error("no customer is named `{name}`{}", .nearest.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?")))]
    UnknownCustomer { name: String, nearest: Option<String> },
    #[error("`{cell}` is not a cell of this answer; write it like {example}")]
    UnknownCell { cell: String, example: String },
    /// A question that contradicts itself; the sentence says how to put it right.
    #[error("{0}")]
    Invalid(String),
}

impl From<StepError> for Error {
    fn from(err: StepError) -> Self {
        match err {
            StepError::Cancelled(cancelled) => Error::Cancelled(cancelled),
            err => Error::Step(err),
        }
    }
}

impl Error {
    /// What went wrong with the expression that was given to a flag.
    fn of_flag(flag: &'static str, err: MaskError) -> Self {
        match err {
            MaskError::Expr(error) => Error::Expr { flag, error },
            MaskError::Cancelled(cancelled) => Error::Cancelled(cancelled),
        }
    }
}

impl Spec {
    pub fn name(&self) -> &'static str {
        match self {
            Spec::Profile(_) => "profile",
            Spec::Funnel(_) => "funnel",
            Spec::Retention(_) => "retention",
            Spec::Compare(_) => "compare",
            Spec::Lifecycle(_) => "lifecycle",
            Spec::Customers(_) => "customers",
            Spec::Journey(_) => "journey",
            Spec::Events(_) => "events",
        }
    }

    pub fn scope(&self) -> &Scope {
        match self {
            Spec::Profile(spec) => &spec.scope,
            Spec::Funnel(spec) => &spec.scope,
            Spec::Retention(spec) => &spec.scope,
            Spec::Compare(spec) => &spec.scope,
            Spec::Lifecycle(spec) => &spec.scope,
            Spec::Customers(spec) => &spec.scope,
            Spec::Journey(spec) => &spec.scope,
            Spec::Events(spec) => &spec.scope,
        }
    }
}

impl Answer {
    /// Every table of the answer; the first is the one that CSV gets.
    pub fn tables(&self) -> Vec<Table> {
        match self {
            Answer::Profile(answer) => answer.tables(),
            Answer::Funnel(answer) => answer.tables(),
            Answer::Retention(answer) => answer.tables(),
            Answer::Compare(answer) => answer.tables(),
            Answer::Lifecycle(answer) => answer.tables(),
            Answer::Customers(answer) => vec![answer.table()],
            Answer::Journey(answer) => vec![answer.table()],
            Answer::Events(answer) => vec![answer.table()],
        }
    }

    /// Warnings that belong to the numbers.
    pub fn notes(&self) -> &[String] {
        match self {
            Answer::Funnel(answer) => &answer.notes,
            Answer::Retention(answer) => &answer.notes,
            Answer::Compare(answer) => &answer.notes,
            Answer::Lifecycle(answer) => &answer.notes,
            Answer::Profile(_) | Answer::Customers(_) | Answer::Journey(_) | Answer::Events(_) => &[],
        }
    }
}

/// Answers a question about the events of a view, which must be the view of the question's own scope.
///
/// # Errors
/// A question that names what is not in the data, contradicts itself, or was cancelled.
pub fn run(view: &View, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
    Ok(match spec {
        Spec::Profile(spec) => Answer::Profile(profile::profile(view, spec, ctl)?),
        Spec::Funnel(spec) => Answer::Funnel(funnel::funnel(view, spec, ctl)?),
        Spec::Retention(spec) => Answer::Retention(retention::retention(view, spec, ctl)?),
        Spec::Compare(spec) => Answer::Compare(compare::compare(view, spec, ctl)?),
        Spec::Lifecycle(spec) => Answer::Lifecycle(lifecycle::lifecycle(view, spec, ctl)?),
        Spec::Customers(spec) => Answer::Customers(customers::customers(view, spec, ctl)?),
        Spec::Journey(spec) => Answer::Journey(journey::journey(view, spec, ctl)?),
        Spec::Events(spec) => Answer::Events(events::events(view, spec, ctl)?),
    })
}

/// The customers behind one number of an answer, as many as the number says: in text order of their ids, repeated where
/// the unit is smaller than a customer.
///
/// # Errors
/// As `run`, and `UnknownCell` where the answer has no such cell.
pub fn who(view: &View, spec: &Spec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    match spec {
        Spec::Funnel(spec) => funnel::who(view, spec, cell, ctl),
        Spec::Retention(spec) => retention::who(view, spec, cell, ctl),
        Spec::Compare(spec) => compare::who(view, spec, cell, ctl),
        Spec::Lifecycle(spec) => lifecycle::who(view, spec, cell, ctl),
        Spec::Profile(_) | Spec::Customers(_) | Spec::Journey(_) | Spec::Events(_) => Err(Error::Invalid(format!(
            "`{}` has no cells to open; `--who` goes with funnel, retention, compare and lifecycle",
            spec.name()
        ))),
    }
}
