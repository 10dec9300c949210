//! Who comes back: customers by when they started, and the share of them that is back in every later period.
//!
//! Reading order: `spec` is the question, `answer` the numbers and their tables. `cohort` and `periods` meet the question
//! with the data, `kernel` walks the journeys and says what was decided, `plain` is quicker where little is asked, `tally`
//! adds up, `who` opens a cell.
//!
//! A share is of those for whom the period is over; a period that is not over for anybody is blank and never 0.

pub mod answer;
mod cohort;
pub(in crate::analysis) mod kernel;
pub(in crate::analysis) mod periods;
mod plain;
pub mod spec;
mod tally;
#[cfg(test)]
mod tests;
mod who;

use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::View;
use crate::table::text::count;

use self::cohort::Cohorts;
use self::kernel::Plan;
use self::tally::Tally;
use super::Error;
use super::grouping::{GroupColumn, KeyCounts, Places};
pub use answer::{Cell, Cohort, Group, Overall, Retention};
pub(in crate::analysis) use cohort::REST;
pub use periods::word as period_word;
#[cfg(test)]
pub(in crate::analysis) use spec::period_named;
pub(in crate::analysis) use spec::split_name;
pub use spec::{Brackets, Mode, RetentionSpec, names_a_cohort};

/// Cells in all tables of counts together.
const MAX_CELLS: usize = 6_000_000;

/// Counts who comes back.
///
/// # Errors
/// An unknown event or column, a spec that contradicts itself, or `Cancelled`.
pub fn retention(view: &View, spec: &RetentionSpec, ctl: &Ctl) -> Result<Retention, Error> {
    let plan = Plan::new(view, spec, ctl)?;
    let (tally, split) = tally_of(&plan, spec, ctl)?;
    let mut answer = Retention {
        title: spec.title(),
        unit: spec.unit(),
        periods: plan.slots.runs.iter().map(|run| spec::label(*run)).collect(),
        has_brackets: spec.brackets.is_some(),
        breakdown: spec.breakdown.clone(),
        groups: groups(&plan, &tally, split.as_ref()),
        notes: Vec::new(),
    };
    trim(&mut answer, &plan, spec);
    answer.notes.extend(notes(&answer, &plan, spec));
    Ok(answer)
}

fn tally_of<'v>(plan: &Plan<'v>, spec: &RetentionSpec, ctl: &Ctl) -> Result<(Tally, Option<Split<'v>>), Error> {
    let column = column_of(plan, spec)?;
    if let Some(calendar) = plan.plain_calendar() {
        match column {
            None => return Ok((plain::count(plan, calendar, ctl)?, None)),
            Some(column) => {
                if let Some((tally, places)) = plain::count_by_value(plan, calendar, column, ctl)? {
                    return Ok((tally, Some(Split { column, places })));
                }
            }
        }
    }
    let split = column.map(|column| Split::of(plan, column, ctl)).transpose()?;
    let n_groups = split.as_ref().map_or(1, |split| split.places.labels.len());
    check_size(plan, n_groups)?;
    let pieces = plan.walk(
        ctl,
        true,
        || Tally::new(plan, n_groups),
        |tally, entry, back| {
            let group = split.as_ref().map_or(0, |split| split.group(plan.view, entry.position));
            tally.add(plan, group, entry, back);
        },
    )?;
    Ok((pieces.iter().fold(Tally::new(plan, n_groups), |sum, piece| sum.plus(piece)), split))
}

fn column_of<'v>(plan: &Plan<'v>, spec: &RetentionSpec) -> Result<Option<GroupColumn<'v>>, Error> {
    spec.breakdown.as_ref().map(|name| GroupColumn::find(plan.view.store(), name)).transpose()
}

/// The customers behind a cell: `2025-01-06:3` came back, `2025-01-06:3:gone` did not, `2025-01-06:3:eligible` are both;
/// `all:3` is the summary; under a breakdown `2025-01-06:3@web`. In text order of their ids, once per entry.
///
/// # Errors
/// As `retention`, and `UnknownCell`.
pub fn who(view: &View, spec: &RetentionSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}

/// The breakdown: the value at the start event.
struct Split<'v> {
    column: GroupColumn<'v>,
    places: Places,
}

impl<'v> Split<'v> {
    fn of(plan: &Plan<'v>, column: GroupColumn<'v>, ctl: &Ctl) -> Result<Self, Cancelled> {
        let counts = plan.walk(ctl, false, KeyCounts::default, |counts, entry, _| {
            counts.add(column.key(plan.view, entry.position));
        })?;
        let counts = counts.iter().fold(KeyCounts::default(), KeyCounts::plus);
        Ok(Split { column, places: Places::of(column, plan.view.store(), &counts) })
    }

    #[inline]
    fn group(&self, view: &View, position: usize) -> usize {
        usize::from(self.places.place(self.column.key(view, position)))
    }
}

fn check_size(plan: &Plan, n_groups: usize) -> Result<(), Error> {
    let n = n_groups.max(1) * plan.cohorts.len() * (plan.slots.len() + 1);
    if n <= MAX_CELLS {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "{} cohorts with {} periods each are too many to look at; take a longer --cohort, fewer --periods, or --brackets",
        count((n_groups * plan.cohorts.len()) as u64),
        count(plan.slots.len() as u64),
    )))
}

/// The whole, then the values of a breakdown.
fn groups(plan: &Plan, tally: &Tally, split: Option<&Split>) -> Vec<Group> {
    let store = plan.view.store();
    let labels: Vec<(String, Option<crate::base::Instant>)> = match &plan.cohorts {
        Cohorts::ByPeriod(calendar) => {
            (0..calendar.len()).map(|idx| (calendar.label(idx, &store.zone), Some(calendar.start(idx)))).collect()
        }
        Cohorts::ByCustomer { labels, .. } => labels.iter().map(|label| (label.clone(), None)).collect(),
    };
    let group = |value: Option<String>, of: &[usize]| {
        let cohorts = labels.iter().enumerate().map(|(cohort, (label, start))| {
            let size = of.iter().map(|group| tally.size(*group, cohort)).sum();
            let mut cells = vec![Cell::default(); plan.slots.len()];
            for group in of {
                for (cell, counted) in cells.iter_mut().zip(tally.cells(*group, cohort)) {
                    cell.eligible += counted.over;
                    cell.retained += counted.back;
                }
            }
            cells.iter_mut().for_each(|cell| cell.is_complete = size > 0 && cell.eligible == size);
            // Period 0 is the cohort itself, over or not.
            (cells[0].eligible, cells[0].retained) = (size, size);
            Cohort { label: label.clone(), start: *start, size, cells }
        });
        Group { value, cohorts: cohorts.collect(), overall: Vec::new() }
    };
    match split {
        None => vec![group(None, &[0])],
        Some(split) => {
            let all: Vec<usize> = (0..split.places.labels.len()).collect();
            let values = split.places.labels.iter().enumerate();
            let whole = std::iter::once(group(None, &all));
            whole.chain(values.map(|(at, label)| group(Some(label.clone()), &[at]))).collect()
        }
    }
}

/// Leaves out periods that are not over for anybody at the end, and cohorts of nobody at both ends (those between stay,
/// with size 0); then sums up.
fn trim(answer: &mut Retention, plan: &Plan, spec: &RetentionSpec) {
    let cohorts = &answer.groups[0].cohorts;
    let is_by_period = matches!(plan.cohorts, Cohorts::ByPeriod(_));
    let used = |cohort: &Cohort| cohort.size > 0;
    let range = match (cohorts.iter().position(used), cohorts.iter().rposition(used)) {
        (Some(first), Some(last)) if is_by_period => first..last + 1,
        (None, _) if is_by_period => 0..0,
        _ => 0..cohorts.len(),
    };
    let last_known =
        (0..answer.periods.len()).rev().find(|&at| cohorts.iter().any(|cohort| cohort.cells[at].eligible > 0));
    let n_periods = if spec.brackets.is_some() { answer.periods.len() } else { last_known.unwrap_or(0) + 1 };
    answer.periods.truncate(n_periods);
    for group in &mut answer.groups {
        group.cohorts = group.cohorts.drain(range.clone()).collect();
        group.cohorts.iter_mut().for_each(|cohort| cohort.cells.truncate(n_periods));
        group.overall = (0..n_periods).map(|at| overall(&group.cohorts, at)).collect();
    }
}

fn overall(cohorts: &[Cohort], at: usize) -> Overall {
    let known = || cohorts.iter().map(|cohort| cohort.cells[at]).filter(|cell| cell.eligible > 0);
    let n_cohorts = known().count() as u64;
    let shares: f64 = known().filter_map(|cell| cell.share()).sum();
    let is_complete = cohorts.iter().filter(|cohort| cohort.size > 0).all(|cohort| cohort.cells[at].is_complete);
    Overall {
        n_cohorts,
        cell: Cell {
            eligible: known().map(|cell| cell.eligible).sum(),
            retained: known().map(|cell| cell.retained).sum(),
            is_complete: n_cohorts > 0 && is_complete,
        },
        mean: (n_cohorts > 0).then(|| shares / n_cohorts as f64),
    }
}

/// What a reader must know beside the numbers.
fn notes(answer: &Retention, plan: &Plan, spec: &RetentionSpec) -> Vec<String> {
    let mut notes = Vec::new();
    let total = answer.total();
    if total.cohorts.iter().all(|cohort| cohort.size == 0) {
        let start = spec.start.as_ref().map_or("an event".to_owned(), ToString::to_string);
        notes.push(format!("nobody starts with {start} in what is looked at, so there is no cohort"));
        return notes;
    }
    let cells = || total.cohorts.iter().flat_map(|cohort| cohort.cells[1..].iter().map(move |cell| (cohort, cell)));
    let n_blank = cells().filter(|(cohort, cell)| cohort.size > 0 && cell.eligible == 0).count() as u64;
    let n_half = cells().filter(|(_, cell)| cell.eligible > 0 && !cell.is_complete).count() as u64;
    if n_blank > 0 {
        let (of, are) = if n_blank == 1 { ("cell is", "it is") } else { ("cells are", "they are") };
        notes.push(format!(
            "{} {of} blank, not 0: {are} not over for anybody at {}",
            count(n_blank),
            plan.view.as_of()
        ));
    }
    if n_half > 0 {
        let of = if n_half == 1 { "cell is" } else { "cells are" };
        notes.push(format!("{} {of} over for a part of the cohort only, and of that part", count(n_half)));
    }
    let n_of_data = plan.n_periods_of_data();
    if spec.brackets.is_none() && n_of_data > u64::from(spec.periods) && answer.periods.len() > spec.periods as usize {
        notes.push(format!("periods after {} are not shown; --periods shows more", count(u64::from(spec.periods))));
    }
    if spec.recurring {
        notes.push("a customer counts in every period in which they start, so the summary counts starts".into());
    }
    notes
}
