//! One funnel per value of a column: the 20 values that most units entered with, and `(other)` for the rest.

use rustc_hash::FxHashMap;

use super::answer::Group;
use super::kernel::Reached;
use super::plan::Plan;
use super::quantiles;
use super::spec::{BreakdownAt, FunnelSpec};
use super::tally::{Counts, Row, Total};
use crate::analysis::Error;
use crate::analysis::property::find_column;
use crate::base::Instant;
use crate::journey::props::{self, NULL};
use crate::journey::{JourneyStore, Property, ValueKind};

/// Values kept; the rest is `(other)`.
pub const MAX_VALUES: usize = 20;
pub const MISSING: &str = "(none)";
pub const OTHER: &str = "(other)";

/// Where a unit's value stands.
#[derive(Debug, Clone, Copy)]
pub struct Value<'v> {
    column: Column<'v>,
    at: BreakdownAt,
    missing: i64,
}

#[derive(Debug, Clone, Copy)]
enum Column<'v> {
    Property(&'v Property),
    /// The event's own name.
    Event,
}

impl<'v> Value<'v> {
    /// The column of a spec's breakdown, `None` where it has none. The word `event` means the event's name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn resolve(store: &'v JourneyStore, spec: &FunnelSpec) -> Result<Option<Self>, Error> {
        let Some(name) = &spec.breakdown else { return Ok(None) };
        let is_event = name == "event" || *name == store.roles.event;
        let (column, missing) = if is_event && store.property_idx(name).is_none() {
            (Column::Event, NULL)
        } else {
            let property = find_column(store, name)?;
            (Column::Property(property), if property.kind() == ValueKind::Text { 0 } else { NULL })
        };
        Ok(Some(Value { column, at: spec.breakdown_at, missing }))
    }

    /// A key that two units share exactly where their values are equal.
    #[inline]
    pub fn key(&self, plan: &Plan, unit: &Reached) -> i64 {
        let position = match self.at {
            BreakdownAt::Entry => Some(unit.chain[0]),
            BreakdownAt::First => Some(plan.view.journey(unit.customer).start as u32),
            BreakdownAt::Last => Some(plan.view.journey(unit.customer).end as u32 - 1),
            BreakdownAt::Step(n) => match plan.levels.iter().position(|level| level.step_idx + 1 == n) {
                Some(level) => unit.chain.get(level).copied(),
                None => unit.passed.iter().find(|(step_idx, _)| usize::from(*step_idx) + 1 == n).map(|(_, at)| *at),
            },
        };
        match (position, self.column) {
            (None, _) => self.missing,
            (Some(position), Column::Property(property)) => property.key(plan.view.row(position as usize)),
            (Some(position), Column::Event) => i64::from(plan.view.codes().get(position as usize)),
        }
    }

    /// How people read the value with this key.
    fn label(&self, store: &JourneyStore, key: i64) -> String {
        if key == self.missing {
            return MISSING.into();
        }
        match self.column {
            Column::Property(property) => match &property.values {
                props::Values::Text { names, .. } => names.name(key as u32 - 1).to_owned(),
                props::Values::Int(_) => key.to_string(),
                props::Values::Float(_) => f64::from_bits(key as u64).to_string(),
                props::Values::Time(_) => Instant(key).to_string(),
            },
            Column::Event => store.touchpoints.name(key as u32).to_owned(),
        }
    }
}

/// The values of a breakdown in the order of the table: largest entry first, ties by text, `(other)` last.
#[derive(Debug)]
pub struct Values {
    pub labels: Vec<String>,
    /// By row, the place of its value in `labels`.
    pub places: Vec<u8>,
}

impl Values {
    pub fn of(plan: &Plan, value: &Value, rows: &[Row]) -> Self {
        let mut numbers = Numbers::for_rows(rows);
        let number_of_row: Vec<u32> = rows.iter().map(|row| numbers.of(row.key)).collect();
        let mut entered = vec![0u64; numbers.keys.len()];
        number_of_row.iter().for_each(|number| entered[*number as usize] += 1);
        // A text in the data may read like the mark for a missing value; what reads the same is one row.
        let mut by_label: FxHashMap<String, (u64, Vec<usize>)> = FxHashMap::default();
        for (number, key) in numbers.keys.iter().enumerate() {
            let (total, numbers) = by_label.entry(value.label(plan.view.store(), *key)).or_default();
            *total += entered[number];
            numbers.push(number);
        }
        let mut ranked: Vec<(String, (u64, Vec<usize>))> = by_label.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        let has_other = ranked.len() > MAX_VALUES;
        let mut labels = Vec::new();
        let mut place_of_number = vec![MAX_VALUES as u8; numbers.keys.len()];
        for (label, (_, numbers)) in ranked {
            if labels.len() < MAX_VALUES && !(has_other && label == OTHER) {
                numbers.iter().for_each(|number| place_of_number[*number] = labels.len() as u8);
                labels.push(label);
            }
        }
        if has_other {
            let other = labels.len() as u8;
            place_of_number.iter_mut().for_each(|place| *place = (*place).min(other));
            labels.push(OTHER.into());
        }
        let places = number_of_row.iter().map(|number| place_of_number[*number as usize]).collect();
        Values { labels, places }
    }
}

/// Numbers the different keys of rows as they appear.
struct Numbers {
    keys: Vec<i64>,
    /// By key, where keys are small (dictionary codes); `u32::MAX` is not seen yet.
    small: Vec<u32>,
    large: FxHashMap<i64, u32>,
}

/// Keys below this are looked up by index.
const SMALL: i64 = 1 << 16;

impl Numbers {
    fn for_rows(rows: &[Row]) -> Self {
        let are_small = rows.iter().all(|row| (0..SMALL).contains(&row.key));
        Numbers {
            keys: Vec::new(),
            small: if are_small { vec![u32::MAX; SMALL as usize] } else { Vec::new() },
            large: FxHashMap::default(),
        }
    }

    #[inline]
    fn of(&mut self, key: i64) -> u32 {
        let next = self.keys.len() as u32;
        let number = match self.small.get_mut(key as usize) {
            Some(number) => number,
            None => self.large.entry(key).or_insert(u32::MAX),
        };
        if *number == u32::MAX {
            *number = next;
            self.keys.push(key);
        }
        *number
    }
}

/// The spans of the units of every group: by group, then by step.
pub fn spans_by_group(plan: &Plan, total: &Total, values: &Values) -> Vec<Vec<Vec<i64>>> {
    use rayon::prelude::*;
    let (n_steps, n_groups) = (total.spans.len(), values.labels.len());
    let by_step: Vec<Vec<Vec<i64>>> = (0..n_steps)
        .into_par_iter()
        .map(|step| {
            let level = plan.levels.iter().position(|level| level.step_idx == step);
            let made_it = |row: &Row| match level {
                Some(0) => false,
                Some(level) => usize::from(row.level) > level,
                None => row.passed >> step & 1 == 1,
            };
            let mut groups = vec![Vec::new(); n_groups];
            let units = total.rows.iter().zip(&values.places).filter(|(row, _)| made_it(row));
            for ((_, place), span) in units.zip(total.spans[step].iter().flatten()) {
                groups[usize::from(*place)].push(*span);
            }
            groups
        })
        .collect();
    let mut by_group: Vec<Vec<Vec<i64>>> = vec![Vec::with_capacity(n_steps); n_groups];
    for groups in by_step {
        for (group, spans) in by_group.iter_mut().zip(groups) {
            group.push(spans);
        }
    }
    by_group
}

/// One funnel per value.
pub fn groups(plan: &Plan, spec: &FunnelSpec, total: &Total, values: &Values, spans: &[Vec<Vec<i64>>]) -> Vec<Group> {
    use rayon::prelude::*;
    let mut counts = vec![Counts::new(plan); values.labels.len()];
    for (row, place) in total.rows.iter().zip(&values.places) {
        counts[usize::from(*place)].add(plan, usize::from(row.level), row.outcome, row.passed);
    }
    let summaries: Vec<Vec<quantiles::Summary>> = spans
        .par_iter()
        .map(|steps| steps.iter().map(|spans| quantiles::summary(std::slice::from_ref(spans))).collect())
        .collect();
    values
        .labels
        .iter()
        .zip(&counts)
        .zip(&summaries)
        .map(|((label, counts), summary)| Group {
            value: Some(label.clone()),
            steps: counts.steps(plan, spec, summary),
        })
        .collect()
}
