//! `TransitionsSpec`: everything that can be said about what directly follows what.

use serde::{Deserialize, Serialize};

use crate::analysis::Scope;
use crate::analysis::paths::spec::Rules;
use crate::analysis::paths::{Group, Occurrence, Unit};
use crate::base::Span;
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct TransitionsSpec {
    /// Start at this step; who never gets there is left out and counted
    #[arg(long, value_name = "STEP")]
    pub from: Option<Step>,
    /// End at this step, after the start
    #[arg(long, value_name = "STEP")]
    pub to: Option<Step>,
    /// Which occurrence of --from and --to is meant
    #[arg(long, value_enum, default_value_t)]
    pub occurrence: Occurrence,
    /// What is read alone
    #[arg(long, value_enum, default_value_t)]
    pub unit: Unit,
    /// Take a touchpoint that directly follows itself as one
    #[arg(long)]
    pub collapse: bool,
    /// Leave this step out before transitions are read
    #[arg(long, value_name = "STEP")]
    pub ignore: Vec<Step>,
    /// Show several names as one: pay=payment_*, or pay=payment_*|checkout
    #[arg(long, value_name = "NAME=PATTERN")]
    pub group: Vec<Group>,
    /// How many transitions stand alone; the rest is (other)
    #[arg(long, value_name = "N", default_value_t = TransitionsSpec::default().top, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub top: u32,
    /// Leave out how long transitions take, which most of the work is for
    #[arg(long)]
    pub no_times: bool,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for TransitionsSpec {
    fn default() -> Self {
        TransitionsSpec {
            from: None,
            to: None,
            occurrence: Occurrence::default(),
            unit: Unit::default(),
            collapse: false,
            ignore: Vec::new(),
            group: Vec::new(),
            top: 1000,
            no_times: false,
            scope: Scope::default(),
        }
    }
}

impl TransitionsSpec {
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            unit: self.unit,
            from: self.from.as_ref(),
            to: self.to.as_ref(),
            occurrence: self.occurrence,
            ignore: &self.ignore,
            groups: &self.group,
            collapses: self.collapse,
            reverse: false,
            // Nobody is said to have ended or to be open here.
            end_after: Span::ZERO,
            goal: None,
            scope: &self.scope,
        }
    }

    /// The question in words.
    pub fn title(&self) -> String {
        self.rules().title().join(", ")
    }
}
