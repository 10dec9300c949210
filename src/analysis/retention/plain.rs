//! The common question: a customer starts with the first event, any event brings them back, and both follow one calendar of
//! few periods of the same length. A journey is one word then, with a bit for every period it was seen in.

use super::cohort::Cohorts;
use super::kernel::Plan;
use super::periods::Calendar;
use super::tally::Tally;
use crate::analysis::grouping::{GroupColumn, KeyCounts, Places};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_gather;

/// How many customers were seen so many periods after their first.
type Seen = [u32; Calendar::FEW];

/// Counts as the kernel does, by cohort; who is in none has the number of cohorts or a larger one.
///
/// # Errors
/// `Cancelled`.
pub(super) fn count(plan: &Plan, calendar: &Calendar, ctl: &Ctl) -> Result<Tally, Cancelled> {
    let mut tally = Tally::new(plan, 1);
    match &plan.cohorts {
        Cohorts::ByPeriod(_) => {
            for (_, period, seen) in seen_by(plan, calendar, 1, |_, _| 0, ctl)? {
                tally.add_cohort(0, period, plan.n_over_of(period as u32), &seen);
            }
        }
        Cohorts::ByCustomer { labels, of } => {
            let cohort = |customer: CustomerId, _| usize::from(of[customer.idx()]);
            for (cohort, period, seen) in seen_by(plan, calendar, labels.len(), cohort, ctl)? {
                tally.add_cohort(0, cohort, plan.n_over_of(period as u32), &seen);
            }
        }
    }
    Ok(tally)
}

/// The same by the value of a column at the start, and which values are shown; `None` where keys are no bytes.
///
/// # Errors
/// `Cancelled`.
pub(super) fn count_by_value(
    plan: &Plan,
    calendar: &Calendar,
    column: GroupColumn<'_>,
    ctl: &Ctl,
) -> Result<Option<(Tally, Places)>, Cancelled> {
    let (Cohorts::ByPeriod(_), Some(key)) = (&plan.cohorts, column.byte_keys(plan.view)) else {
        return Ok(None);
    };
    let seen = seen_by(plan, calendar, 1 << u8::BITS, |_, start| key(start), ctl)?;
    let mut counts = KeyCounts::default();
    seen.iter().for_each(|(key, _, seen)| counts.add_many(*key as i64, u64::from(seen[0])));
    let places = Places::of(column, plan.view.store(), &counts);
    let mut tally = Tally::new(plan, places.labels.len());
    for (key, period, seen) in seen {
        let group = usize::from(places.place(key as i64));
        tally.add_cohort(group, period, plan.n_over_of(period as u32), &seen);
    }
    Ok(Some((tally, places)))
}

/// By the row of a customer, of which there are so many, and the period of the first event: how many were seen when. `row` gets
/// the customer and the position of the first event; who has a larger one is left out.
fn seen_by(
    plan: &Plan,
    calendar: &Calendar,
    n_rows: usize,
    row: impl Fn(CustomerId, usize) -> usize + Sync + Send,
    ctl: &Ctl,
) -> Result<Vec<(usize, usize, Seen)>, Cancelled> {
    let n_periods = calendar.len();
    let made = par_gather(
        plan.view,
        ctl,
        || vec![[0; Calendar::FEW]; n_rows * n_periods],
        |seen_in: &mut Vec<Seen>, chunk| {
            for (customer, journey) in plan.view.journeys_of(chunk) {
                let row = row(customer, journey.start);
                let Some(seen) = calendar.seen(&plan.view.times()[journey]).filter(|_| row < n_rows) else { continue };
                let first = seen.trailing_zeros();
                let of_row = &mut seen_in[row * n_periods + first as usize];
                let mut left = seen >> first;
                while left != 0 {
                    of_row[left.trailing_zeros() as usize] += 1;
                    left &= left - 1;
                }
            }
        },
    )?;
    let by_place = |seen_in: Vec<Seen>| {
        let seen = seen_in.into_iter().enumerate().filter(|(_, seen)| seen[0] > 0);
        seen.map(move |(at, seen)| (at / n_periods, at % n_periods, seen))
    };
    Ok(made.into_iter().flat_map(by_place).collect())
}
