//! What is in the data: volume, event names, columns, and how far it can be trusted.

use serde::{Deserialize, Serialize};

use super::{Error, Scope};
use crate::base::{Ctl, Instant, Period};
use crate::journey::View;
use crate::table::Table;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileSpec {
    #[command(flatten)]
    pub scope: Scope,
}

/// One event name.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub name: String,
    pub events: u64,
    pub customers: u64,
    pub first: Instant,
    pub last: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VolumeRow {
    pub start: Instant,
    pub label: String,
    pub events: u64,
    pub customers: u64,
}

/// One thing that decides how far the numbers can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub name: &'static str,
    pub value: u64,
    /// Of the events or customers it is about.
    pub share: Option<f64>,
    pub meaning: String,
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub n_events: u64,
    pub n_customers: u64,
    pub n_sessions: u64,
    pub bounds: Option<(Instant, Instant)>,
    /// Most frequent first; ties by name.
    pub events: Vec<EventRow>,
    /// Per period, without holes; the period is chosen so that there are at most about a hundred rows.
    pub volume: Vec<VolumeRow>,
    pub period: Period,
    pub checks: Vec<Check>,
    /// The most frequent forward order of touchpoints that ends in the likely goal; a first funnel to look at.
    pub proposed_steps: Vec<String>,
    pub view: View,
}

impl Profile {
    /// Tables `columns`, `events`, `volume`, `quality`.
    pub fn tables(&self) -> Vec<Table> {
        Vec::new()
    }
}

/// # Errors
/// `Cancelled`.
pub fn profile(view: &View, spec: &ProfileSpec, ctl: &Ctl) -> Result<Profile, Error> {
    let _ = (view, spec, ctl);
    Err(Error::Invalid("not built yet".into()))
}
