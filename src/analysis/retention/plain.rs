//! The common question: a cohort is the period of a customer's first event, any event brings them back, and both follow one
//! calendar of few periods of the same length. A journey is one word then, with a bit for every period it was seen in.

use super::kernel::Plan;
use super::periods::Calendar;
use super::tally::Tally;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_gather;

/// Counts as the kernel does.
///
/// # Errors
/// `Cancelled`.
pub(super) fn count(plan: &Plan, calendar: &Calendar, ctl: &Ctl) -> Result<Tally, Cancelled> {
    // By the period of the first event and how many periods later, how many customers were seen.
    let made = par_gather(
        plan.view,
        ctl,
        || vec![[0u32; Calendar::FEW]; calendar.len()],
        |seen_in, chunk| {
            let offsets = &plan.view.offsets()[chunk.start as usize..=chunk.end as usize];
            let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return };
            let mut ahead = &plan.view.times()[first as usize..last as usize];
            for (bounds, customer) in offsets.windows(2).zip(chunk) {
                let (times, rest) = ahead.split_at((bounds[1] - bounds[0]) as usize);
                ahead = rest;
                if times.is_empty() || !plan.view.is_chosen(CustomerId(customer)) {
                    continue;
                }
                let Some(seen) = calendar.seen(times) else { continue };
                let first = seen.trailing_zeros();
                let of_cohort = &mut seen_in[first as usize];
                let mut left = seen >> first;
                while left != 0 {
                    of_cohort[left.trailing_zeros() as usize] += 1;
                    left &= left - 1;
                }
            }
        },
    )?;
    let mut tally = Tally::new(plan, 1);
    for (cohort, seen_after) in made.iter().flat_map(|seen_in| seen_in.iter().enumerate()) {
        tally.add_cohort(cohort, plan.n_over_of(cohort as u32), seen_after);
    }
    Ok(tally)
}
