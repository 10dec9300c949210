//! What is different about the slow visits of a stage: an association, not an effect.
//!
//! A visit that lasts longer holds more events for no other reason. So traits are what is known when the visit begins (the
//! values of its first event, what the customer did before, where they came from, the time of day), and what was done in a
//! time that both were watched for: from the entry until the visit ends or half of the others have ended, whichever is first.
//! And a visit that began shortly before the end of observation could not have been seen to be slow, but well to be quick. So
//! only visits are compared that began early enough for either.

use rustc_hash::FxHashMap;

use super::answer::{Tail, Trait};
use super::kernel::{self, Gather, Visit};
use super::plan::{OPEN, Plan};
use super::spec::{ALL_STAGES, DwellSpec};
use super::stay::Stay;
use crate::analysis::Error;
use crate::analysis::grouping::GroupColumn;
use crate::base::nearest::nearest;
use crate::base::stats::adjust::benjamini_hochberg;
use crate::base::stats::two_samples::TwoByTwo;
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::{Property, ValueKind};

/// The stages that `--slow` names, by number; none without it.
///
/// # Errors
/// A stage that there is not.
pub fn wanted(plan: &Plan, spec: &DwellSpec) -> Result<Vec<bool>, Error> {
    let Some(name) = &spec.slow else { return Ok(vec![false; plan.names.len()]) };
    if name == ALL_STAGES {
        return Ok(vec![true; plan.names.len()]);
    }
    if plan.names.contains(name) {
        return Ok(plan.names.iter().map(|known| known == name).collect());
    }
    let near = nearest(name, plan.names.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(Error::Invalid(format!("--slow: no stage is named `{name}`{hint}")))
}

/// A visit, and the stage that the customer was in before.
#[derive(Debug, Clone, Copy)]
struct Row {
    visit: Visit,
    from: Option<u32>,
}

#[derive(Debug)]
struct Rows<'a> {
    wanted: &'a [bool],
    rows: Vec<Vec<Row>>,
    before: Option<(CustomerId, u32)>,
}

impl Gather for Rows<'_> {
    fn add(&mut self, visit: &Visit) {
        let from = self.before.filter(|(customer, _)| *customer == visit.customer).map(|(_, stage)| stage);
        if self.wanted[visit.stage as usize] {
            self.rows[visit.stage as usize].push(Row { visit: *visit, from });
        }
        self.before = Some((visit.customer, visit.stage));
    }

    fn pass_unmapped(&mut self, _: usize) {}
}

/// By stage, the rows of those that are wanted, in customer order.
fn rows(plan: &Plan, wanted: &[bool], ctl: &Ctl) -> Result<Vec<Vec<Row>>, Error> {
    let start = || Rows { wanted, rows: vec![Vec::new(); wanted.len()], before: None };
    let mut all = vec![Vec::new(); wanted.len()];
    for chunk in kernel::walk(plan, ctl, start)? {
        all.iter_mut().zip(chunk.rows).for_each(|(all, rows)| all.extend(rows));
    }
    Ok(all)
}

/// Whether a visit is completed and not slow, and would have been seen to be slow if it had been.
pub fn is_rest(plan: &Plan, visit: &Visit, slow_above: i64) -> bool {
    let latest = plan.view.as_of().micros().saturating_sub(slow_above);
    visit.to != OPEN && visit.micros <= slow_above && plan.view.times()[visit.start as usize] <= latest
}

/// Something that a visit has or has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum TraitId {
    /// A value of a column at the first event.
    Value(u32, i64),
    /// A number above the median of all visits compared.
    Above(u32),
    Before(u32),
    While(u32),
    From(u32),
    /// The customer's first visit of all.
    First,
    Again,
    /// Six hours of the day: 0 is the night.
    PartOfDay(u8),
    Weekend,
}

/// The slow of a stage, and who has what.
struct Comparison<'p> {
    plan: &'p Plan<'p>,
    rows: Vec<Row>,
    slow_above: i64,
    watched: i64,
    columns: Vec<Column<'p>>,
}

struct Column<'p> {
    property: &'p Property,
    missing: i64,
    /// Of a column of numbers with many values.
    median: Option<f64>,
}

/// Numbers with more different values than this are told apart by their median as well.
const FEW_VALUES: usize = 20;

impl<'p> Comparison<'p> {
    /// Only visits that are known to be slow or not, whichever they are.
    fn new(plan: &'p Plan<'p>, mut rows: Vec<Row>, slow_above: i64) -> Self {
        rows.retain(|row| row.visit.micros > slow_above || is_rest(plan, &row.visit, slow_above));
        let mut others: Vec<i64> = rows.iter().map(|row| row.visit.micros).filter(|span| *span <= slow_above).collect();
        let half = others.len() / 2;
        let watched = if others.is_empty() { 0 } else { *others.select_nth_unstable(half).1 };
        let store = plan.view.store();
        let columns = store.properties.iter().map(|property| Column::new(plan, property, &rows)).collect();
        Comparison { plan, rows, slow_above, watched, columns }
    }

    fn is_slow(&self, row: &Row) -> bool {
        row.visit.micros > self.slow_above
    }

    fn n_slow(&self) -> u64 {
        self.rows.iter().filter(|row| self.is_slow(row)).count() as u64
    }

    /// Calls `has` with every row and every trait that it has, rows in order.
    fn each(&self, ctl: &Ctl, mut has: impl FnMut(&Row, TraitId)) -> Result<(), Error> {
        let (view, store) = (self.plan.view, self.plan.view.store());
        let (codes, times) = (view.codes(), view.times());
        let n_codes = store.touchpoints.len();
        let (mut known_of, mut known, mut read_upto) = (vec![0u32; n_codes], Vec::new(), 0);
        let mut met = vec![0u32; n_codes];
        let mut customer = None;
        for (at, row) in self.rows.iter().enumerate() {
            if at % 1024 == 0 {
                ctl.check()?;
            }
            let Visit { start, end, is_reentry, .. } = row.visit;
            let (start, end) = (start as usize, end as usize);
            if customer != Some(row.visit.customer) {
                customer = Some(row.visit.customer);
                known.clear();
                read_upto = view.journey(row.visit.customer).start;
            }
            for position in read_upto..start {
                let code = codes.get(position);
                if known_of[code as usize] != row.visit.customer.0 + 1 {
                    known_of[code as usize] = row.visit.customer.0 + 1;
                    known.push(code);
                }
            }
            read_upto = start;
            known.iter().for_each(|code| has(row, TraitId::Before(*code)));
            let until = times[start].saturating_add(self.watched);
            for position in (start + 1..end).take_while(|position| times[*position] <= until) {
                let code = codes.get(position);
                if met[code as usize] != at as u32 + 1 {
                    met[code as usize] = at as u32 + 1;
                    has(row, TraitId::While(code));
                }
            }
            let event = view.row(start);
            for (idx, column) in self.columns.iter().enumerate() {
                column.each(idx as u32, event, |id| has(row, id));
            }
            has(row, row.from.map_or(TraitId::First, TraitId::From));
            if is_reentry {
                has(row, TraitId::Again);
            }
            self.each_of_time(times[start], |id| has(row, id));
        }
        Ok(())
    }

    fn each_of_time(&self, time: i64, mut has: impl FnMut(TraitId)) {
        const DAY: i64 = 86_400_000_000;
        let local = self.plan.view.store().zone.civil_micros(Instant(time));
        has(TraitId::PartOfDay((local.rem_euclid(DAY) / (DAY / 4)) as u8));
        // The first of January 1970 was a Thursday.
        if (local.div_euclid(DAY) + 3).rem_euclid(7) >= 5 {
            has(TraitId::Weekend);
        }
    }

    fn label(&self, id: TraitId) -> String {
        let store = self.plan.view.store();
        let event = |code: u32| store.touchpoints.name(code);
        let column = |idx: u32| &self.columns[idx as usize];
        match id {
            TraitId::Value(idx, key) if key == column(idx).missing => {
                format!("{} is missing", column(idx).property.name)
            }
            TraitId::Value(idx, key) => {
                format!(
                    "{} = {}",
                    column(idx).property.name,
                    GroupColumn::Property(column(idx).property).label(store, key)
                )
            }
            TraitId::Above(idx) => {
                format!("{} > {}", column(idx).property.name, column(idx).median.unwrap_or_default())
            }
            TraitId::Before(code) => format!("did {} before", event(code)),
            TraitId::While(code) => format!("did {} while there", event(code)),
            TraitId::From(stage) => format!("came from {}", self.plan.names[stage as usize]),
            TraitId::First => "was in no stage before".to_owned(),
            TraitId::Again => "had been there before".to_owned(),
            TraitId::PartOfDay(part) => format!("entered {}–{} h", part * 6, part * 6 + 6),
            TraitId::Weekend => "entered on a weekend".to_owned(),
        }
    }

    /// Traits that enough visits have and enough have not, likeliest to be no chance first; not adjusted yet.
    fn traits(&self, ctl: &Ctl) -> Result<Vec<(TraitId, Trait)>, Error> {
        let mut counts: FxHashMap<TraitId, [u64; 2]> = FxHashMap::default();
        self.each(ctl, |row, id| counts.entry(id).or_default()[usize::from(!self.is_slow(row))] += 1)?;
        let (slow, all) = (self.n_slow(), self.rows.len() as u64);
        let (rest, enough) = (all - slow, (all.div_ceil(50)).max(25));
        if slow == 0 || rest == 0 {
            return Ok(Vec::new());
        }
        let mut traits: Vec<(TraitId, Trait)> = counts
            .into_iter()
            .filter(|(_, [slow_with, rest_with])| {
                let with = slow_with + rest_with;
                with >= enough && with < all
            })
            .map(|(id, [slow_with, rest_with])| {
                let table = TwoByTwo::of_shares((slow_with, slow), (rest_with, rest));
                let (odds, p) = (table.odds_ratio(), table.p());
                (id, Trait { text: self.label(id), slow_with, rest_with, odds, p, p_adj: p })
            })
            .collect();
        traits.sort_by(|(_, a), (_, b)| a.p.total_cmp(&b.p).then_with(|| a.text.cmp(&b.text)));
        Ok(traits)
    }
}

impl<'p> Column<'p> {
    fn new(plan: &Plan, property: &'p Property, rows: &[Row]) -> Self {
        let missing = if property.kind() == (ValueKind::Text) { 0 } else { crate::journey::props::NULL };
        let number = |row: &Row| property.number(plan.view.row(row.visit.start as usize));
        let mut numbers: Vec<f64> = rows.iter().filter_map(number).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        let n_different = numbers.chunk_by(|a, b| a == b).take(FEW_VALUES + 1).count();
        let median = (n_different > FEW_VALUES).then(|| numbers[numbers.len() / 2]);
        Column { property, missing, median }
    }

    fn each(&self, idx: u32, row: usize, mut has: impl FnMut(TraitId)) {
        // Hardly two events share a time, and those that do say nothing by it.
        if self.property.kind() != ValueKind::Time {
            has(TraitId::Value(idx, self.property.key(row)));
        }
        if let (Some(median), Some(number)) = (self.median, self.property.number(row))
            && number > median
        {
            has(TraitId::Above(idx));
        }
    }
}

/// The slow visits of the wanted stages against the rest, from the lengths above which visits to a stage are slow, in this
/// order.
///
/// # Errors
/// `Cancelled`.
pub fn tails(plan: &Plan, wanted: &[bool], slow_above: &[(u32, i64)], ctl: &Ctl) -> Result<Vec<Tail>, Error> {
    let mut rows = rows(plan, wanted, ctl)?;
    let mut tails = Vec::new();
    for &(stage, slow_above) in slow_above {
        let rows = std::mem::take(&mut rows[stage as usize]);
        let n = rows.len() as u64;
        let comparison = Comparison::new(plan, rows, slow_above);
        let (slow, compared) = (comparison.n_slow(), comparison.rows.len() as u64);
        tails.push(Tail {
            stage: plan.names[stage as usize].clone(),
            longer_than_s: slow_above as f64 / 1e6,
            slow,
            rest: compared - slow,
            undecided: n - compared,
            watched_s: comparison.watched as f64 / 1e6,
            traits: comparison.traits(ctl)?.into_iter().map(|(_, known)| known).collect(),
        });
    }
    let raw: Vec<f64> = tails.iter().flat_map(|tail| &tail.traits).map(|known| known.p).collect();
    let traits = tails.iter_mut().flat_map(|tail| &mut tail.traits);
    traits.zip(benjamini_hochberg(&raw)).for_each(|(known, p_adj)| known.p_adj = p_adj);
    Ok(tails)
}

/// The customers of the slow visits, or of the rest, that have a trait of the table; `None` where it is not there.
///
/// # Errors
/// `Cancelled`.
pub fn with_trait(
    plan: &Plan,
    spec: &DwellSpec,
    stay: &Stay,
    text: &str,
    is_slow: bool,
    ctl: &Ctl,
) -> Result<Option<Vec<CustomerId>>, Error> {
    let Some(slow_above) = stay.slow_above(spec) else { return Ok(None) };
    let mut wanted = vec![false; plan.names.len()];
    wanted[stay.stage as usize] = true;
    let rows = std::mem::take(&mut rows(plan, &wanted, ctl)?[stay.stage as usize]);
    let comparison = Comparison::new(plan, rows, slow_above);
    let Some((wanted, _)) = comparison.traits(ctl)?.into_iter().find(|(_, known)| known.text == text) else {
        return Ok(None);
    };
    let mut customers = Vec::new();
    comparison.each(ctl, |row, id| {
        if id == wanted && comparison.is_slow(row) == is_slow {
            customers.push(row.visit.customer);
        }
    })?;
    Ok(Some(customers))
}
