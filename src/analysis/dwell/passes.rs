//! In how many goes visits are measured. How long each took is kept in memory until its stage has been read, which with tens
//! of millions of visits is more than a machine may have to spare: then some stages are measured after others.

use super::kernel::{self, Gather, Visit};
use super::plan::Plan;
use super::spec::DwellSpec;
use crate::base::{Cancelled, Ctl, room};

/// Visits that are kept at once, of eight bytes each; more only where a single stage has more.
const AT_ONCE: u64 = 1 << 24;
/// And at least so many, however little memory is left.
const AT_LEAST: u64 = 1 << 20;
/// Bytes that a visit takes while it is kept and read, with what is free in between.
const PER_VISIT: u64 = 40;
/// One chunk of so many is looked at to learn how many visits each stage has.
const ONE_OF: usize = 64;

/// So many visits are kept at once, of at most so many: fewer where little memory is left. More where only medians are asked of
/// a few stages: there are few lists then that are not full, and they are read in little room.
pub fn at_once(spec: &DwellSpec, n_visits_at_most: u64) -> u64 {
    if n_visits_at_most <= AT_LEAST {
        return AT_LEAST;
    }
    let is_light = spec.is_of_medians() && spec.breakdown.is_none() && !spec.stages.stage.is_empty();
    let times = if is_light { 2 } else { 1 };
    let fitting = room::left().map_or(AT_ONCE, |bytes| bytes / PER_VISIT);
    times * fitting.clamp(AT_LEAST, AT_ONCE)
}

/// By pass, the stages whose visits are kept; every stage is in one of them.
///
/// # Errors
/// `Cancelled`.
pub fn of(plan: &Plan, at_once: u64, ctl: &Ctl) -> Result<Vec<Vec<bool>>, Cancelled> {
    let n_stages = plan.names.len();
    if plan.view.n_events() as u64 <= at_once || n_stages < 2 {
        return Ok(vec![vec![true; n_stages]]);
    }
    let (counted, n_events) = kernel::sample(plan, ONE_OF, ctl, || Visits(vec![0; n_stages]))?;
    let scale = plan.view.n_events() as f64 / n_events.max(1) as f64;
    let n_of = |stage: usize| (counted.iter().map(|of| of.0[stage]).sum::<u64>() as f64 * scale) as u64;
    Ok(shared_out(&(0..n_stages).map(n_of).collect::<Vec<_>>(), at_once))
}

/// As few passes as hold so many visits each, about as many in one as in the other.
fn shared_out(visits: &[u64], at_once: u64) -> Vec<Vec<bool>> {
    let n_passes = (visits.iter().sum::<u64>().div_ceil(at_once.max(1)) as usize).clamp(1, visits.len());
    let mut passes = vec![(0, vec![false; visits.len()]); n_passes];
    let mut stages: Vec<usize> = (0..visits.len()).collect();
    stages.sort_by_key(|stage| std::cmp::Reverse(visits[*stage]));
    for stage in stages {
        if let Some((n, kept)) = passes.iter_mut().min_by_key(|(n, _)| *n) {
            // A stage that no visit of the sample was to is in one of the passes as well.
            *n += visits[stage].max(1);
            kept[stage] = true;
        }
    }
    passes.into_iter().map(|(_, kept)| kept).collect()
}

/// By stage, how many.
struct Visits(Vec<u64>);

impl Gather for Visits {
    fn add(&mut self, visit: &Visit) {
        self.0[visit.stage as usize] += 1;
    }

    fn pass_unmapped(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::shared_out;

    #[test]
    fn every_stage_is_in_one_pass_and_passes_are_about_even() {
        for (visits, at_once, sums) in [
            (vec![5, 9, 1, 4, 1], 100, vec![20]),
            (vec![5, 9, 1, 4, 1], 10, vec![10, 10]),
            (vec![5, 90, 0, 4, 1], 50, vec![90, 10]),
            (vec![0, 0, 0], 50, vec![0]),
            (vec![3, 3], 0, vec![3, 3]),
        ] {
            let passes = shared_out(&visits, at_once);
            assert!((0..visits.len()).all(|stage| passes.iter().filter(|kept| kept[stage]).count() == 1));
            let sum = |kept: &Vec<bool>| visits.iter().zip(kept).map(|(n, kept)| n * u64::from(*kept)).sum::<u64>();
            assert_eq!(passes.iter().map(sum).collect::<Vec<_>>(), sums);
        }
    }
}
