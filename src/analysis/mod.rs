//! The questions: a spec is the one way to ask, an answer is numbers and names, a pure function lies between.

pub mod ask;
mod by_text;
pub mod compare;
pub mod customers;
pub mod dwell;
pub mod events;
pub mod funnel;
mod grouping;
pub mod journey;
pub mod lifecycle;
pub mod map;
#[cfg(test)]
mod oracle;
pub mod paths;
pub mod patterns;
pub mod profile;
mod property;
pub mod retention;
pub mod scope;
pub mod stages;
pub mod transitions;

use serde::{Deserialize, Serialize};

use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::expr::{ExprError, MaskError};
use crate::journey::{StepError, View};
use crate::table::Table;

pub use ask::Among;
pub use compare::{Compare, CompareSpec};
pub use customers::{Customers, CustomersSpec};
pub use dwell::{Dwell, DwellSpec};
pub use events::{Events, EventsSpec};
pub use funnel::{Funnel, FunnelSpec};
pub use journey::{Journey, JourneySpec};
pub use lifecycle::{Lifecycle, LifecycleSpec};
pub use map::{Map, MapSpec};
pub use paths::{Paths, PathsSpec};
pub use patterns::{Patterns, PatternsSpec};
pub use profile::{Profile, ProfileSpec};
pub use retention::{Retention, RetentionSpec};
pub use scope::Scope;
pub use transitions::{Transitions, TransitionsSpec};

/// Every analysis in one table: its name as a command, its kind of answer, the module and function that compute it, and
/// its spec.
macro_rules! analyses {
    ($($name:literal $answer:ident $module:ident $spec:ident;)*) => {
        /// A question, as flags, a pane's state or a saved view hold it.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "analysis", rename_all = "kebab-case")]
        pub enum Spec {
            $($answer($spec),)*
        }

        /// What a question gave.
        #[derive(Debug, Clone)]
        pub enum Answer {
            $($answer($answer),)*
        }

        impl Spec {
            pub fn name(&self) -> &'static str {
                match self {
                    $(Spec::$answer(_) => $name,)*
                }
            }

            pub fn scope(&self) -> &Scope {
                match self {
                    $(Spec::$answer(spec) => &spec.scope,)*
                }
            }

            pub fn scope_mut(&mut self) -> &mut Scope {
                match self {
                    $(Spec::$answer(spec) => &mut spec.scope,)*
                }
            }
        }

        /// Answers a question about the events of a view, which must be the view of the question's own scope.
        ///
        /// # Errors
        /// A question that names what is not in the data, contradicts itself, or was cancelled.
        pub fn run(view: &View, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
            Ok(match spec {
                $(Spec::$answer(spec) => Answer::$answer($module::$module(view, spec, ctl)?),)*
            })
        }
    };
}

analyses! {
    "profile" Profile profile ProfileSpec;
    "funnel" Funnel funnel FunnelSpec;
    "paths" Paths paths PathsSpec;
    "transitions" Transitions transitions TransitionsSpec;
    "patterns" Patterns patterns PatternsSpec;
    "dwell" Dwell dwell DwellSpec;
    "retention" Retention retention RetentionSpec;
    "compare" Compare compare CompareSpec;
    "lifecycle" Lifecycle lifecycle LifecycleSpec;
    "map" Map map MapSpec;
    "customers" Customers customers CustomersSpec;
    "journey" Journey journey JourneySpec;
    "events" Events events EventsSpec;
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
    /// What is wrong with the question whose customers are to be kept.
    #[error("--among: {0}")]
    Among(Box<Error>),
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
    /// Whether enough is said to ask it.
    pub fn can_be_asked(&self) -> bool {
        match self {
            Spec::Funnel(spec) => !spec.steps.is_empty() || spec.saved.is_some(),
            Spec::Compare(spec) => spec.check().is_ok(),
            Spec::Map(spec) => spec.has_stages(),
            _ => true,
        }
    }
}

impl Answer {
    /// Every table of the answer; the first is the one that CSV gets.
    pub fn tables(&self) -> Vec<Table> {
        match self {
            Answer::Profile(answer) => answer.tables(),
            Answer::Funnel(answer) => answer.tables(),
            Answer::Paths(answer) => answer.tables(),
            Answer::Transitions(answer) => vec![answer.table()],
            Answer::Patterns(answer) => vec![answer.table()],
            Answer::Dwell(answer) => answer.tables(),
            Answer::Retention(answer) => answer.tables(),
            Answer::Compare(answer) => answer.tables(),
            Answer::Lifecycle(answer) => answer.tables(),
            Answer::Map(answer) => answer.tables(),
            Answer::Customers(answer) => vec![answer.table()],
            Answer::Journey(answer) => vec![answer.table()],
            Answer::Events(answer) => vec![answer.table()],
        }
    }

    /// Warnings that belong to the numbers.
    pub fn notes(&self) -> &[String] {
        match self {
            Answer::Funnel(answer) => &answer.notes,
            Answer::Paths(answer) => &answer.notes,
            Answer::Transitions(answer) => &answer.notes,
            Answer::Patterns(answer) => &answer.notes,
            Answer::Dwell(answer) => &answer.notes,
            Answer::Retention(answer) => &answer.notes,
            Answer::Compare(answer) => &answer.notes,
            Answer::Lifecycle(answer) => &answer.notes,
            Answer::Map(answer) => &answer.notes,
            Answer::Profile(_) | Answer::Customers(_) | Answer::Journey(_) | Answer::Events(_) => &[],
        }
    }
}

/// The customers behind one number of an answer, as many as the number says: in text order of their ids, repeated where
/// the unit is smaller than a customer.
///
/// # Errors
/// As `run`, and `UnknownCell` where the answer has no such cell.
pub fn who(view: &View, spec: &Spec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    match spec {
        Spec::Funnel(spec) => funnel::who(view, spec, cell, ctl),
        Spec::Paths(spec) => paths::who(view, spec, cell, ctl),
        Spec::Transitions(spec) => transitions::who(view, spec, cell, ctl),
        Spec::Patterns(spec) => patterns::who(view, spec, cell, ctl),
        Spec::Dwell(spec) => dwell::who(view, spec, cell, ctl),
        Spec::Retention(spec) => retention::who(view, spec, cell, ctl),
        Spec::Compare(spec) => compare::who(view, spec, cell, ctl),
        Spec::Lifecycle(spec) => lifecycle::who(view, spec, cell, ctl),
        Spec::Map(spec) => map::who(view, spec, cell, ctl),
        Spec::Profile(_) | Spec::Customers(_) | Spec::Journey(_) | Spec::Events(_) => {
            let with_cells = ask::KINDS.iter().filter(|kind| kind.has_cells).map(|kind| kind.name);
            let with_cells: Vec<&str> = with_cells.collect();
            Err(Error::Invalid(format!(
                "`{}` has no cells to open; `--who` goes with {}",
                spec.name(),
                with_cells.join(", ")
            )))
        }
    }
}
