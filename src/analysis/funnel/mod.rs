//! Who reaches each step, in order, in time; and what became of the others.

pub mod answer;
mod check;
pub mod spec;
mod syntax;

use crate::base::{Ctl, CustomerId};
use crate::journey::View;

use super::Error;
pub use answer::{After, Funnel, Group, Outcome, StepCount, TimeRow, TrendRow};
pub use spec::{BreakdownAt, ExcludeMode, Exclusion, FunnelSpec, FunnelStep, Order, Unit};

/// Counts who reaches each step.
///
/// # Errors
/// An unknown event or column, a spec that contradicts itself, or `Cancelled`.
pub fn funnel(view: &View, spec: &FunnelSpec, ctl: &Ctl) -> Result<Funnel, Error> {
    let _ = (view, spec, ctl);
    Err(Error::Invalid("not built yet".into()))
}

/// The customers behind a cell such as `3:dropped` or `2:converted@android`.
///
/// # Errors
/// As `funnel`, and `UnknownCell`.
pub fn who(view: &View, spec: &FunnelSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let _ = (view, spec, cell, ctl);
    Err(Error::Invalid("not built yet".into()))
}
