//! Every event as understood, in journey order; also the way to convert an export.

use serde::{Deserialize, Serialize};

use super::{Error, Scope};
use crate::base::Ctl;
use crate::journey::View;
use crate::table::Table;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct EventsSpec {
    #[command(flatten)]
    pub scope: Scope,
}

#[derive(Debug, Clone)]
pub struct Events {
    pub view: View,
}

impl Events {
    pub fn table(&self) -> Table {
        Table::new("events", &[])
    }
}

/// # Errors
/// `Cancelled`.
pub fn events(view: &View, spec: &EventsSpec, ctl: &Ctl) -> Result<Events, Error> {
    let _ = (view, spec, ctl);
    Err(Error::Invalid("not built yet".into()))
}
