//! How long customers stay in a stage, counting those who are still there.
//!
//! Reading order: `spec` is the question, `answer` the numbers and `tables` their tables. `plan` meets the question with the
//! data, `kernel` finds the visits, `tally` adds them up (`plain` does both where little is asked), `stay` reads one stage (its
//! curve is `base::stats::waits`), `read` all of them in as many goes as `passes` says, and `breakdown`, `slow` and `who` look closer.
//!
//! A visit begins with the first event of a stage when the stage before was another, and ends with the first event of
//! another stage; events of no stage change nothing. The last visit of a journey is open, unless its stage is terminal or the
//! customer has been silent for longer than `--end-after`: then it ended, as *left*, with its last own event.

pub mod answer;
mod bins;
mod breakdown;
mod kernel;
mod notes;
mod passes;
mod plain;
mod plan;
mod read;
mod slow;
pub mod spec;
mod stay;
mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod who;

use crate::base::{Ctl, CustomerId};
use crate::journey::View;

use self::breakdown::Value;
use self::plan::Plan;
use self::read::Read;
use self::stay::Stay;
use self::tally::{Distinct, DistinctByGroup, Tally, Total};
use super::Error;
use super::grouping::Places;
pub use answer::{Bin, Difference, Direction, Dwell, Exit, Group, OverLimit, StageDwell, Tail, Trait};
pub use spec::{ALL_STAGES, Bins, BreakdownAt, Censor, DwellSpec, Part, Per};
pub use who::in_words;

/// Measures how long visits take, and how long until half have moved on.
///
/// # Errors
/// An unknown event, stage or column, a spec that contradicts itself, or `Cancelled`.
pub fn dwell(view: &View, spec: &DwellSpec, ctl: &Ctl) -> Result<Dwell, Error> {
    dwell_in_passes(view, spec, passes::at_once(spec, view.n_events() as u64), ctl)
}

/// With the lengths of so many visits in memory at once.
fn dwell_in_passes(view: &View, spec: &DwellSpec, at_once: u64, ctl: &Ctl) -> Result<Dwell, Error> {
    let plan = Plan::new(view, spec, ctl)?;
    let value = Value::resolve(view, spec)?;
    let slow = slow::wanted(&plan, spec)?;
    let mut read = Read::new(&plan, spec, &slow);
    for kept in passes::of(&plan, at_once, ctl)? {
        read.pass(value.as_ref(), &kept, ctl)?;
    }
    let tails = if spec.slow.is_some() { slow::tails(&plan, &slow, &read.slow_above(), ctl)? } else { Vec::new() };
    let mut answer = Dwell {
        title: spec.title(),
        breakdown: spec.breakdown.clone(),
        are_ordered: plan.are_ordered,
        differences: read.differences(),
        tails,
        n_events: n_events(view),
        n_without_visit: view.n_customers() as u64 - read.n_visitors,
        unmapped: std::mem::take(&mut read.unmapped),
        only: spec.only.clone(),
        asked: answer::Asked {
            limit: spec.limit.is_some(),
            incidence: spec.incidence,
            rework: spec.rework,
            slow: spec.slow.is_some(),
        },
        notes: Vec::new(),
        groups: read.into_groups(),
    };
    answer.notes = notes::notes(&plan, spec, &answer);
    Ok(answer)
}

/// The events of the customers that count.
fn n_events(view: &View) -> u64 {
    if view.is_whole() {
        return view.n_events() as u64;
    }
    view.customers().map(|customer| view.journey(customer).len() as u64).sum()
}

/// The customers behind a cell: `purchase:open`, `purchase:completed`, `purchase>use`, `purchase#3:completed` for a bin,
/// `purchase:over`, under a breakdown `purchase:open@web`. In text order of their ids, once per visit.
///
/// # Errors
/// As `dwell`, and `UnknownCell`.
pub fn who(view: &View, spec: &DwellSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}

/// All visits, added up, and the groups of the breakdown.
struct Found {
    total: Total,
    groups: Places,
    /// By group and stage.
    distinct: Distinct,
    n_stages: usize,
}

impl Found {
    /// How long visits took is kept of some stages, of the others only how many there were.
    fn of(plan: &Plan, value: Option<&Value>, kept: &[bool], ctl: &Ctl) -> Result<Self, Error> {
        let plain = match plan.plain_stages() {
            Some(of_code) => plain::total(plan, of_code, value, kept, ctl)?,
            None => None,
        };
        let total = match plain {
            Some(total) => total,
            None => Total::of(plan, kernel::gather(plan, ctl, || Tally::new(plan, value, kept))?),
        };
        let (mut groups, mut distinct) = (Places::default(), Distinct::default());
        if let Some(value) = value {
            groups = value.places(total.visits_by_key());
            distinct = Distinct::new(groups.labels.len() * plan.names.len());
            match (groups.lone_keys(), &total.distinct_by_key) {
                (Some(keys), Some(by_key)) => distinct = by_key.of_places(&keys, plan.names.len()),
                // A customer may have been in a stage with several values that are one row.
                _ => {
                    for tally in kernel::gather(plan, ctl, || DistinctByGroup::new(plan, value, &groups))? {
                        distinct.merge(&tally.distinct);
                    }
                }
            }
        }
        Ok(Found { total, groups, distinct, n_stages: plan.names.len() })
    }

    /// The stages that are shown: all that were named, in their order; touchpoints that occur, most visits first.
    fn order(&self, plan: &Plan) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.n_stages as u32).collect();
        if plan.are_ordered || !plan.to_is_stage() {
            return order;
        }
        let visits = self.total.visits_by_stage(self.n_stages, |_| true);
        let (n, name) = (|stage: &u32| visits[*stage as usize], |stage: &u32| &plan.names[*stage as usize]);
        order.retain(|stage| n(stage) > 0);
        order.sort_by(|a, b| n(b).cmp(&n(a)).then_with(|| name(a).cmp(name(b))));
        order
    }

    /// The visits to each stage, of all or of one group.
    fn stays(&self, order: &[u32], group: Option<usize>) -> Vec<Stay<'_>> {
        let distinct = group.map_or(&self.total.distinct, |_| &self.distinct);
        let at = |stage: u32| group.unwrap_or(0) * self.n_stages + stage as usize;
        let mut stays: Vec<Stay> = (0..self.n_stages as u32)
            .map(|stage| Stay {
                stage,
                customers: distinct.customers(at(stage)),
                returned: distinct.returned(at(stage)),
                reentries: distinct.reentries(at(stage)),
                ..Stay::default()
            })
            .collect();
        for cell in &self.total.cells {
            if group.is_none_or(|group| usize::from(self.groups.place(cell.key)) == group) {
                stays[cell.stage as usize].add(cell.to, &cell.spans.spans);
            }
        }
        order.iter().map(|stage| std::mem::take(&mut stays[*stage as usize])).collect()
    }

    fn unmapped(&self, plan: &Plan) -> Vec<(String, u64)> {
        let names = plan.view.store().touchpoints.iter().map(str::to_owned);
        let counts = plan.unmapped_by_name().unwrap_or_else(|| self.total.unmapped.clone());
        let mut unmapped: Vec<(String, u64)> = names.zip(counts).collect();
        unmapped.retain(|(_, n)| *n > 0);
        unmapped.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        unmapped
    }
}

/// What the kernel finds, for tests that compare it with other ways to find it.
#[cfg(test)]
pub(in crate::analysis) mod probe {
    pub use super::kernel::Visit;
    use super::kernel::{self, Gather};
    pub use super::plan::{LEFT, OPEN};
    use super::{Distinct, DwellSpec, Plan, Tally, Total};
    use crate::base::Ctl;
    use crate::journey::View;

    #[derive(Default)]
    struct All(Vec<Visit>, u64);

    impl Gather for All {
        fn add(&mut self, visit: &Visit) {
            self.0.push(*visit);
        }

        fn pass_unmapped(&mut self, _: usize) {
            self.1 += 1;
        }
    }

    /// Sorted spans by key, stage and way, what is known of the customers of every stage and of every stage by key, and how
    /// many had a visit.
    type Sums = (Vec<(i64, u32, u32, Vec<i64>)>, Vec<[u64; 3]>, u64);

    fn sums(total: &Total) -> Sums {
        let spans = |cell: &super::tally::Cell<super::tally::Pieces>| {
            let mut spans = cell.spans.spans.concat();
            spans.sort_unstable();
            (cell.key, cell.stage, cell.to, spans)
        };
        let known = |of: &Distinct| {
            (0..of.len()).map(|at| [of.customers(at), of.returned(at), of.reentries(at)]).collect::<Vec<_>>()
        };
        let by_key = total.distinct_by_key.iter().flat_map(known);
        let stages = known(&total.distinct).into_iter().chain(by_key).collect();
        (total.cells.iter().map(spans).collect(), stages, total.n_visitors)
    }

    /// What the common question adds up to in its own way, where it has one, and what the kernel finds.
    pub fn both_ways(view: &View, spec: &DwellSpec) -> Option<(Sums, Sums)> {
        let (plan, ctl) = (Plan::new(view, spec, &Ctl::new()).expect("a sound spec"), Ctl::new());
        let value = super::Value::resolve(view, spec).expect("a known column");
        let (value, kept) = (value.as_ref(), vec![true; plan.names.len()]);
        let plain = super::plain::total(&plan, plan.plain_stages()?, value, &kept, &ctl).expect("not cancelled")?;
        let tallies = kernel::gather(&plan, &ctl, || Tally::new(&plan, value, &kept)).expect("not cancelled");
        Some((sums(&plain), sums(&Total::of(&plan, tallies))))
    }

    /// The answer with the lengths of so many visits in memory at once.
    pub fn in_passes(view: &View, spec: &DwellSpec, at_once: u64) -> super::Dwell {
        super::dwell_in_passes(view, spec, at_once, &Ctl::new()).expect("a sound spec")
    }

    /// Every visit, and the number of unmapped events.
    pub fn visits(view: &View, spec: &DwellSpec) -> (Vec<Visit>, u64) {
        let plan = Plan::new(view, spec, &Ctl::new()).expect("a sound spec");
        let chunks = kernel::walk(&plan, &Ctl::new(), All::default).expect("not cancelled");
        let asked = chunks.iter().map(|chunk| chunk.1).sum();
        let unmapped = plan.unmapped_by_name().map_or(asked, |counts| counts.iter().sum());
        (chunks.into_iter().flat_map(|chunk| chunk.0).collect(), unmapped)
    }
}
