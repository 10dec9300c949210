//! One customer's events, with gaps and sessions.

use serde::{Deserialize, Serialize};

use super::{Error, Scope};
use crate::base::{Ctl, CustomerId};
use crate::journey::View;
use crate::table::Table;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct JourneySpec {
    /// The customer's id, as in the data
    #[arg(long = "customer-id", value_name = "ID")]
    pub customer: String,
    #[command(flatten)]
    pub scope: Scope,
}

/// One customer's events.
#[derive(Debug, Clone)]
pub struct Journey {
    pub id: CustomerId,
    pub name: String,
    pub view: View,
    /// For every event of the journey, in order: its session, from 1.
    pub sessions: Vec<u32>,
}

impl Journey {
    pub fn table(&self) -> Table {
        Table::new("events", &[])
    }
}

/// # Errors
/// `UnknownCustomer`, with the nearest id.
pub fn journey(view: &View, spec: &JourneySpec, ctl: &Ctl) -> Result<Journey, Error> {
    let _ = (view, spec, ctl);
    Err(Error::Invalid("not built yet".into()))
}
