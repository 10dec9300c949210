//! Lists of customers: all of a scope, or those behind one number of another answer.

use serde::{Deserialize, Serialize};

use super::{Error, Scope, Spec};
use crate::base::{Ctl, CustomerId};
use crate::journey::View;
use crate::table::Table;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct CustomersSpec {
    /// The question whose number is opened; without it, everybody.
    #[arg(skip)]
    pub of: Option<Box<Spec>>,
    /// The number that is opened, as `--who` writes it.
    #[arg(skip)]
    pub cell: Option<String>,
    #[command(flatten)]
    pub scope: Scope,
}

/// Customers in text order of their ids (repeated where the unit of the question is smaller than a customer).
#[derive(Debug, Clone)]
pub struct Customers {
    pub ids: Vec<CustomerId>,
    /// What they have in common: the opened number in words. Empty for everybody.
    pub outcome: String,
    pub view: View,
    pub session_gap: crate::base::Span,
}

impl Customers {
    pub fn table(&self) -> Table {
        Table::new("customers", &[])
    }
}

/// # Errors
/// As the question whose number is opened.
pub fn customers(view: &View, spec: &CustomersSpec, ctl: &Ctl) -> Result<Customers, Error> {
    let _ = (view, spec, ctl);
    Err(Error::Invalid("not built yet".into()))
}
