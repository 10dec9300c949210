//! One row per customer who is compared: the cohorts they belong to, and everything that is measured of them.

use rayon::prelude::*;

use super::spec::{CompareSpec, MAX_COHORTS};
use crate::analysis::Error;
use crate::analysis::funnel::{self, Entered};
use crate::analysis::grouping::{GroupColumn, KeyCounts, Places};
use crate::analysis::retention::{REST, RetentionSpec, kernel::Plan as Retention};
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::chunks::par_customers;
use crate::journey::expr::customer_mask;
use crate::journey::session::SessionRule;
use crate::journey::{Bitmap, Expr, Property, StepMatch, Values, View};
use crate::with_codes;

/// What is known of one customer.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub customer: CustomerId,
    /// One bit per cohort.
    pub cohorts: u32,
    /// The time of the entry; `None` where a named cohort holds somebody who never had the first step.
    pub entry: Option<i64>,
    pub events: u32,
    pub sessions: u32,
    /// NaN where there is none, as with the score.
    pub value: f64,
    /// The mean of the customer's scores.
    pub score: f64,
    /// By period asked for: whether it is over, and whether the customer was back in it.
    pub over: u32,
    pub back: u32,
    pub funnel: Option<Entered>,
}

/// A column by which differences are split, with the place of every fact's value.
#[derive(Debug)]
pub(super) struct Trait {
    pub column: String,
    pub labels: Vec<String>,
    /// By fact; of the entry, or of nobody where there is none.
    pub places: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Facts {
    pub cohorts: Vec<String>,
    /// In customer order.
    pub rows: Vec<Fact>,
    pub traits: Vec<Trait>,
    pub has_value: bool,
    pub has_score: bool,
    /// Periods after the entry that were asked for, ascending.
    pub retention: Vec<u32>,
    /// How many mandatory steps the funnel has; 0 without one.
    pub n_levels: usize,
}

/// How cohorts are told apart.
enum Cohorts<'v> {
    Named(Vec<Bitmap>),
    By(GroupColumn<'v>),
    Split(Vec<i64>),
}

/// A text column with more values than this is no trait unless it is asked for.
const MAX_TRAIT_VALUES: usize = 50;
const MAX_TRAITS: usize = 16;

/// # Errors
/// A name that means nothing in the data, a cohort that is missing, or `Cancelled`.
pub(super) fn facts(view: &View, spec: &CompareSpec, ctl: &Ctl) -> Result<Facts, Error> {
    spec.check()?;
    let store = view.store();
    let (cohorts, mut labels) = resolve_cohorts(view, spec, ctl)?;
    let columns = traits(view, spec)?;
    let start = spec.steps.first().map(|step| step.step.resolve(view, ctl)).transpose()?;
    let mut periods = spec.retention.clone();
    periods.sort_unstable();
    periods.dedup();
    let retention = retention_plan(view, spec, &periods, ctl)?;
    let gatherer = Gatherer::new(view, spec, &cohorts, start.as_ref(), retention.as_ref(), &columns);
    let chunks = with_codes!(view.codes(), |codes| {
        par_customers(view, ctl, Gathered::default, |gathered, customer, journey| {
            gatherer.customer(codes, customer, journey, gathered);
        })?
    });
    let n = chunks.iter().map(|chunk| chunk.rows.len()).sum();
    let (mut rows, mut keys, mut by) = (Vec::with_capacity(n), Vec::with_capacity(n * columns.len()), Vec::new());
    for mut chunk in chunks {
        rows.append(&mut chunk.rows);
        keys.append(&mut chunk.keys);
        by.append(&mut chunk.by);
    }
    if let Cohorts::By(column) = &cohorts {
        let mut counts = KeyCounts::default();
        by.iter().for_each(|key| counts.add(*key));
        let places = Places::of(*column, store, &counts);
        rows.iter_mut().zip(&by).for_each(|(row, key): (&mut Fact, _)| row.cohorts = 1 << places.place(*key));
        labels = places.labels;
    }
    order_by_baseline(&mut labels, &mut rows, spec)?;
    let mut facts = Facts {
        cohorts: labels,
        traits: place_traits(view, &columns, &keys),
        rows,
        has_value: gatherer.value.is_some(),
        has_score: gatherer.score.is_some(),
        retention: periods,
        n_levels: spec.steps.iter().filter(|step| !step.optional).count(),
    };
    if !spec.steps.is_empty() {
        let entered = funnel::each(view, &spec.funnel(), ctl)?;
        join(&mut facts.rows, &entered);
    }
    Ok(facts)
}

/// Puts the funnel's units, of which there is at most one per customer, to their facts.
fn join(rows: &mut [Fact], entered: &[Entered]) {
    let mut at = 0;
    for row in rows {
        at += entered[at..].iter().take_while(|unit| unit.customer < row.customer).count();
        row.funnel = entered.get(at).filter(|unit| unit.customer == row.customer).copied();
    }
}

fn resolve_cohorts<'v>(view: &'v View, spec: &CompareSpec, ctl: &Ctl) -> Result<(Cohorts<'v>, Vec<String>), Error> {
    let store = view.store();
    if let Some(column) = &spec.by {
        return Ok((Cohorts::By(GroupColumn::find(store, column)?), Vec::new()));
    }
    if !spec.split.is_empty() {
        let mut times: Vec<(i64, String)> =
            spec.split.iter().map(|when| (when.resolve(&store.zone).micros(), when.to_string())).collect();
        times.sort();
        times.dedup_by_key(|(time, _)| *time);
        let mut labels = vec![format!("before {}", times[0].1)];
        labels.extend(times.windows(2).map(|pair| format!("{} to {}", pair[0].1, pair[1].1)));
        labels.push(format!("from {}", times[times.len() - 1].1));
        return Ok((Cohorts::Split(times.into_iter().map(|(time, _)| time).collect()), labels));
    }
    let mut labels: Vec<String> = spec.names().map(str::to_owned).collect();
    let mut members = Vec::new();
    for cohort in &spec.cohorts {
        let of_flag = |err| Error::of_flag("--cohort", err);
        let expr = Expr::parse(&cohort.expr).map_err(|err| of_flag(err.into()))?;
        members.push(customer_mask(view, &expr, spec.scope.session_gap, ctl).map_err(of_flag)?);
    }
    for pin in &spec.pins {
        members.push(pin.among.chosen(store, ctl)?);
    }
    if members.len() == 1 {
        members.push(members[0].clone().negated());
        labels.push(REST.into());
    }
    Ok((Cohorts::Named(members), labels))
}

/// Moves the cohort that the others are compared with to the front.
fn order_by_baseline(labels: &mut [String], rows: &mut [Fact], spec: &CompareSpec) -> Result<(), Error> {
    debug_assert!(labels.len() <= MAX_COHORTS + 1);
    let Some(name) = &spec.baseline else { return Ok(()) };
    let at = labels.iter().position(|label| label == name).ok_or_else(|| {
        let near = nearest(name, labels.iter().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Error::Invalid(format!("--baseline: no cohort is named `{name}`{hint}"))
    })?;
    labels[..=at].rotate_right(1);
    let low = (2u32 << at) - 1;
    for row in rows {
        let moved = row.cohorts & low;
        row.cohorts = row.cohorts & !low | (moved << 1 & low) | (moved >> at & 1);
    }
    Ok(())
}

fn retention_plan<'v>(
    view: &'v View,
    spec: &CompareSpec,
    periods: &[u32],
    ctl: &Ctl,
) -> Result<Option<Retention<'v>>, Error> {
    if periods.is_empty() {
        return Ok(None);
    }
    let list: Vec<String> = periods.iter().map(u32::to_string).collect();
    let brackets = list.join(",").parse().map_err(Error::Invalid)?;
    let question = RetentionSpec {
        cohort: crate::analysis::retention::periods::word(spec.period).into(),
        rolling: spec.rolling,
        brackets: Some(brackets),
        week_start: spec.week_start,
        scope: spec.scope.clone(),
        ..RetentionSpec::default()
    };
    Retention::new(view, &question, ctl).map(Some)
}

/// The columns to split by: those asked for, else every text column with few values.
fn traits<'v>(view: &'v View, spec: &CompareSpec) -> Result<Vec<(String, GroupColumn<'v>)>, Error> {
    let store = view.store();
    if !spec.breakdown.is_empty() {
        let find = |name: &String| GroupColumn::find(store, name).map(|column| (name.clone(), column));
        return spec.breakdown.iter().map(find).collect();
    }
    let of_cohorts = spec.by.as_deref().map(|by| GroupColumn::find(store, by)).transpose()?;
    let is_of_cohorts = |property: &Property| match of_cohorts {
        Some(GroupColumn::Property(by)) => by.name == property.name,
        Some(GroupColumn::Event) | None => false,
    };
    let has_few = |property: &&Property| match &property.values {
        Values::Text { names, .. } => (2..=MAX_TRAIT_VALUES).contains(&names.len()),
        Values::Int(_) | Values::Float(_) | Values::Time(_) => false,
    };
    let chosen = store.properties.iter().filter(has_few).filter(|property| !is_of_cohorts(property));
    Ok(chosen.take(MAX_TRAITS).map(|property| (property.name.clone(), GroupColumn::Property(property))).collect())
}

fn place_traits(view: &View, columns: &[(String, GroupColumn<'_>)], keys: &[i64]) -> Vec<Trait> {
    let n = columns.len();
    let place = |(at, (name, column)): (usize, &(String, GroupColumn<'_>))| {
        let of_column = || keys.iter().skip(at).step_by(n);
        let mut counts = KeyCounts::default();
        of_column().for_each(|key| counts.add(*key));
        let places = Places::of(*column, view.store(), &counts);
        let places_of = of_column().map(|key| places.place(*key)).collect();
        Trait { column: name.clone(), places: places_of, labels: places.labels }
    };
    columns.par_iter().enumerate().map(place).collect()
}

#[derive(Default)]
struct Gathered {
    rows: Vec<Fact>,
    /// By row, one key per trait.
    keys: Vec<i64>,
    /// By row, the key of the cohort's column.
    by: Vec<i64>,
    slots: Vec<u16>,
}

struct Gatherer<'a> {
    view: &'a View,
    cohorts: &'a Cohorts<'a>,
    start: Option<&'a StepMatch>,
    retention: Option<&'a Retention<'a>>,
    columns: &'a [(String, GroupColumn<'a>)],
    sessions: SessionRule<'a>,
    value: Option<&'a Property>,
    score: Option<&'a Property>,
    since: i64,
    until: i64,
}

impl<'a> Gatherer<'a> {
    fn new(
        view: &'a View,
        spec: &CompareSpec,
        cohorts: &'a Cohorts<'a>,
        start: Option<&'a StepMatch>,
        retention: Option<&'a Retention<'a>>,
        columns: &'a [(String, GroupColumn<'a>)],
    ) -> Self {
        let store = view.store();
        let (since, until) = spec.scope.entry_period(&store.zone);
        let numbers = |idx: Option<usize>| {
            let property = &store.properties[idx?];
            matches!(property.values, Values::Int(_) | Values::Float(_)).then_some(property)
        };
        Gatherer {
            view,
            cohorts,
            start,
            retention,
            columns,
            sessions: SessionRule::new(view, spec.scope.session_gap),
            value: numbers(store.roles.value),
            score: numbers(store.roles.score),
            since: since.map_or(i64::MIN, Instant::micros),
            until: until.map_or(i64::MAX, Instant::micros),
        }
    }

    fn customer<C: crate::journey::Code>(
        &self,
        codes: &[C],
        customer: CustomerId,
        journey: std::ops::Range<usize>,
        gathered: &mut Gathered,
    ) {
        let times = self.view.times();
        let named = match self.cohorts {
            Cohorts::Named(members) => {
                let bits = members.iter().enumerate();
                bits.fold(0, |bits, (at, is_in)| bits | u32::from(is_in.get(customer.idx())) << at)
            }
            Cohorts::By(_) | Cohorts::Split(_) => 1,
        };
        if named == 0 {
            return;
        }
        let is_entry = |position: &usize| {
            self.since <= times[*position]
                && times[*position] < self.until
                && self.start.is_none_or(|start| start.matches(codes[*position].idx(), *position))
        };
        let entry = journey.clone().find(is_entry);
        let is_named = matches!(self.cohorts, Cohorts::Named(_));
        if entry.is_none() && !(is_named && self.start.is_some()) {
            return;
        }
        let cohorts = match (self.cohorts, entry) {
            (Cohorts::Split(cuts), Some(entry)) => 1 << cuts.partition_point(|cut| *cut <= times[entry]),
            (Cohorts::By(column), Some(entry)) => {
                gathered.by.push(column.key(self.view, entry));
                0
            }
            (_, _) => named,
        };
        let (mut over, mut back) = (0, 0);
        if let (Some(plan), Some(position)) = (self.retention, entry)
            && let Some(entry) = plan.entry(customer, position)
        {
            plan.gather(codes, &entry, journey.end, &mut gathered.slots);
            // Slot 0 is the entry's own period.
            over = (1u32 << usize::from(entry.n_over).saturating_sub(1)) - 1;
            back = gathered.slots.iter().fold(0, |bits, slot| bits | 1 << (slot - 1));
        }
        for (_, column) in self.columns {
            gathered.keys.push(entry.map_or(column.missing(), |position| column.key(self.view, position)));
        }
        gathered.rows.push(Fact {
            customer,
            cohorts,
            entry: entry.map(|position| times[position]),
            events: journey.len() as u32,
            sessions: self.sessions.count(journey.clone()) as u32,
            value: self
                .value
                .and_then(|value| numbers(self.view, value, journey.clone()))
                .map_or(f64::NAN, |(_, sum)| sum),
            score: self.score.and_then(|score| numbers(self.view, score, journey)).map_or(f64::NAN, |(n, sum)| sum / n),
            over,
            back,
            funnel: None,
        });
    }
}

/// How many numbers a journey has in a column, and their sum; `None` without any.
fn numbers(view: &View, property: &Property, mut journey: std::ops::Range<usize>) -> Option<(f64, f64)> {
    let (n, sum) = journey
        .by_ref()
        .filter_map(|position| property.number(view.row(position)))
        .fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    (n > 0.0).then_some((n, sum))
}
