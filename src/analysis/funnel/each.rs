//! Every unit that entered, one by one, for analyses that look at more of a customer than their steps.

use super::Outcome;
use super::kernel;
use super::plan::{Plan, Ties};
use super::spec::FunnelSpec;
use super::tally::{Tally, Total};
use crate::analysis::Error;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

/// One unit that entered the funnel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::analysis) struct Entered {
    pub customer: CustomerId,
    /// Microseconds of the winning attempt's first and last event.
    pub entry: i64,
    pub last: i64,
    /// Mandatory steps reached, at least 1.
    pub level: u8,
    pub outcome: Outcome,
    /// Optional steps passed, as bits by their place in the spec.
    pub passed: u32,
    /// The last instant of the winning attempt's window.
    pub window_end: i64,
}

/// All units in customer order.
///
/// # Errors
/// As `funnel`.
pub(in crate::analysis) fn each(view: &View, spec: &FunnelSpec, ctl: &Ctl) -> Result<Vec<Entered>, Error> {
    let plan = Plan::new(view, spec, Ties::Allowed, ctl)?;
    let total = Total::of(&plan, kernel::walk(&plan, ctl, || Tally::of_rows(&plan, None))?);
    let times = view.times();
    let entered = total.rows.iter().map(|row| Entered {
        customer: CustomerId(row.customer),
        entry: times[row.entry as usize],
        last: times[row.last as usize],
        level: row.level,
        outcome: row.outcome,
        passed: row.passed,
        window_end: row.window_end,
    });
    Ok(entered.collect())
}
