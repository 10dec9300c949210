//! What the kernel's visits add up to, per thread and then over all of them: how long they took, by the value of
//! the breakdown, the stage and where they went.

use std::hint::select_unpredictable;

use rustc_hash::FxHashMap;

use super::breakdown::Value;
use super::kernel::{Gather, Visit};
use super::plan::Plan;
use crate::analysis::grouping::Places;
use crate::base::Spans;

/// Visits alike in the breakdown's value, the stage and where they went.
#[derive(Debug, Default)]
pub struct Cell<T> {
    pub key: i64,
    pub stage: u32,
    pub to: u32,
    /// Microseconds.
    pub spans: T,
}

/// Spans of all threads.
#[derive(Debug, Default)]
pub struct Pieces {
    /// How many there are, kept or not.
    pub n: u64,
    /// Those that are kept, in no order.
    pub spans: Vec<Vec<i64>>,
}

impl Pieces {
    pub fn add(&mut self, spans: Spans) {
        self.n += spans.n();
        self.spans.extend(spans.into_pieces());
    }
}

/// Customers by stage, each once, and how often they came back.
#[derive(Debug, Clone, Default)]
pub struct Distinct {
    places: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Who was in the stage.
    customers: u64,
    /// Who came back to it, and how often.
    returned: u64,
    reentries: u64,
    /// The last customer who is counted, from 1.
    counted: u32,
    counted_again: u32,
}

impl Distinct {
    pub fn new(n: usize) -> Self {
        Distinct { places: vec![Seen::default(); n] }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn customers(&self, place: usize) -> u64 {
        self.places[place].customers
    }

    pub fn returned(&self, place: usize) -> u64 {
        self.places[place].returned
    }

    pub fn reentries(&self, place: usize) -> u64 {
        self.places[place].reentries
    }

    /// Adds a place of which this is known.
    pub fn push_known(&mut self, customers: u64, returned: u64, reentries: u64) {
        self.places.push(Seen { customers, returned, reentries, ..Seen::default() });
    }

    /// Whether a visit is a customer's first is as good as random, so nothing here is a branch.
    #[inline(always)]
    pub fn add(&mut self, place: usize, visit: &Visit) {
        let mark = visit.customer.0 + 1;
        let seen = &mut self.places[place];
        seen.customers += u64::from(seen.counted != mark);
        seen.counted = mark;
        seen.returned += u64::from(visit.is_reentry & (seen.counted_again != mark));
        seen.reentries += u64::from(visit.is_reentry);
        seen.counted_again = select_unpredictable(visit.is_reentry, mark, seen.counted_again);
    }

    /// Only some places of many, each `n` long, in this order.
    pub fn of_places(&self, places: &[i64], n: usize) -> Distinct {
        let of = |at: &i64| self.places[*at as usize * n..(*at as usize + 1) * n].iter().copied();
        Distinct { places: places.iter().flat_map(of).collect() }
    }

    /// The other counted different customers.
    pub fn merge(&mut self, other: &Distinct) {
        for (all, seen) in self.places.iter_mut().zip(&other.places) {
            all.customers += seen.customers;
            all.returned += seen.returned;
            all.reentries += seen.reentries;
        }
    }
}

/// What one thread adds up to.
#[derive(Debug)]
pub struct Tally<'a> {
    value: Option<&'a Value<'a>>,
    kept: &'a [bool],
    n_stages: usize,
    slots: Slots,
    cells: Vec<Cell<Spans>>,
    /// By stage.
    distinct: Distinct,
    /// By key and stage, where keys are few.
    distinct_by_key: Distinct,
    has_distinct_by_key: bool,
    unmapped: Vec<u64>,
    n_visitors: u64,
    last: u32,
}

impl<'a> Tally<'a> {
    /// How long a visit took is kept of some stages, of the others only that there was one.
    pub fn new(plan: &Plan, value: Option<&'a Value<'a>>, kept: &'a [bool]) -> Self {
        let n_stages = plan.names.len();
        let n_keys = value.map_or(Some(1), Value::n_keys);
        let n_by_key = n_keys.map(|n| n * n_stages).filter(|n| value.is_some() && *n <= FEW_PLACES);
        Tally {
            value,
            kept,
            n_stages,
            slots: Slots::new(n_stages, n_keys),
            cells: Vec::new(),
            distinct: Distinct::new(n_stages),
            has_distinct_by_key: n_by_key.is_some(),
            distinct_by_key: Distinct::new(n_by_key.unwrap_or(0)),
            unmapped: vec![0; plan.view.store().touchpoints.len()],
            n_visitors: 0,
            last: 0,
        }
    }
}

impl Gather for Tally<'_> {
    #[inline(always)]
    fn add(&mut self, visit: &Visit) {
        let key = self.value.map_or(0, |value| value.key(visit));
        let slot = self.slots.slot(key, visit);
        if *slot == NO_SLOT {
            *slot = self.cells.len() as u32;
            let spans = if self.kept[visit.stage as usize] { Spans::default() } else { Spans::counted() };
            self.cells.push(Cell { key, stage: visit.stage, to: visit.to, spans });
        }
        let cell = &mut self.cells[*slot as usize];
        cell.spans.push(visit.micros);
        self.distinct.add(visit.stage as usize, visit);
        if self.has_distinct_by_key {
            self.distinct_by_key.add(key as usize * self.n_stages + visit.stage as usize, visit);
        }
        if self.last != visit.customer.0 + 1 {
            self.last = visit.customer.0 + 1;
            self.n_visitors += 1;
        }
    }

    fn pass_unmapped(&mut self, code: usize) {
        self.unmapped[code] += 1;
    }
}

const NO_SLOT: u32 = u32::MAX;
/// Up to this many places, of four bytes and more, things are found by index.
const FEW_PLACES: usize = 1 << 18;

/// Which cell a visit belongs to.
#[derive(Debug)]
enum Slots {
    /// By key, stage and where it went; the last two places of a stage are for `LEFT` and `OPEN`.
    Few {
        n_stages: usize,
        n_ways: usize,
        slots: Vec<u32>,
    },
    Many(FxHashMap<(i64, u32, u32), u32>),
}

impl Slots {
    /// Keys are from 0 where their number is known.
    fn new(n_stages: usize, n_keys: Option<usize>) -> Self {
        let n_ways = n_stages + 2;
        match n_keys.map(|n| n * n_stages * n_ways) {
            Some(n) if n <= FEW_PLACES => Slots::Few { n_stages, n_ways, slots: vec![NO_SLOT; n] },
            _ => Slots::Many(FxHashMap::default()),
        }
    }

    #[inline(always)]
    fn slot(&mut self, key: i64, visit: &Visit) -> &mut u32 {
        match self {
            Slots::Few { n_stages, n_ways, slots } => {
                // `LEFT` and `OPEN` are the two largest numbers.
                let way =
                    if (visit.to as usize) < *n_ways { visit.to as usize } else { *n_ways - 1 - (!visit.to) as usize };
                &mut slots[(key as usize * *n_stages + visit.stage as usize) * *n_ways + way]
            }
            Slots::Many(slots) => slots.entry((key, visit.stage, visit.to)).or_insert(NO_SLOT),
        }
    }
}

/// All of it together.
#[derive(Debug)]
pub struct Total {
    /// In the order of key, stage and way.
    pub cells: Vec<Cell<Pieces>>,
    /// By stage.
    pub distinct: Distinct,
    /// By key and stage, where keys are few.
    pub distinct_by_key: Option<Distinct>,
    /// By touchpoint code, events of no stage.
    pub unmapped: Vec<u64>,
    /// Customers with at least one visit.
    pub n_visitors: u64,
}

impl Total {
    pub fn empty(plan: &Plan) -> Self {
        Total {
            cells: Vec::new(),
            distinct: Distinct::new(plan.names.len()),
            distinct_by_key: None,
            unmapped: vec![0; plan.view.store().touchpoints.len()],
            n_visitors: 0,
        }
    }

    pub fn of(plan: &Plan, tallies: Vec<Tally>) -> Self {
        let mut total = Total::empty(plan);
        let mut slots: FxHashMap<(i64, u32, u32), usize> = FxHashMap::default();
        for tally in tallies {
            total.distinct.merge(&tally.distinct);
            if tally.has_distinct_by_key {
                match &mut total.distinct_by_key {
                    Some(all) => all.merge(&tally.distinct_by_key),
                    none => *none = Some(tally.distinct_by_key),
                }
            }
            total.unmapped.iter_mut().zip(&tally.unmapped).for_each(|(all, n)| *all += n);
            total.n_visitors += tally.n_visitors;
            for cell in tally.cells {
                let slot = *slots.entry((cell.key, cell.stage, cell.to)).or_insert_with(|| {
                    total.cells.push(Cell { key: cell.key, stage: cell.stage, to: cell.to, ..Cell::default() });
                    total.cells.len() - 1
                });
                total.cells[slot].spans.add(cell.spans);
            }
        }
        total.cells.sort_unstable_by_key(|cell| (cell.key, cell.stage, cell.to));
        total
    }

    /// By stage, the number of visits in some of the cells.
    pub fn visits_by_stage(&self, n_stages: usize, is_of: impl Fn(&Cell<Pieces>) -> bool) -> Vec<u64> {
        let mut visits = vec![0; n_stages];
        self.cells.iter().filter(|cell| is_of(cell)).for_each(|cell| visits[cell.stage as usize] += cell.spans.n);
        visits
    }

    /// The number of visits by key of the breakdown.
    pub fn visits_by_key(&self) -> impl Iterator<Item = (i64, u64)> {
        self.cells.iter().map(|cell| (cell.key, cell.spans.n))
    }
}

/// Customers by group and stage, once a group's values are known.
#[derive(Debug)]
pub struct DistinctByGroup<'a> {
    value: &'a Value<'a>,
    groups: &'a Places,
    n_stages: usize,
    pub distinct: Distinct,
}

impl<'a> DistinctByGroup<'a> {
    pub fn new(plan: &Plan, value: &'a Value<'a>, groups: &'a Places) -> Self {
        let n_stages = plan.names.len();
        DistinctByGroup { value, groups, n_stages, distinct: Distinct::new(n_stages * groups.labels.len()) }
    }
}

impl Gather for DistinctByGroup<'_> {
    fn add(&mut self, visit: &Visit) {
        let group = usize::from(self.groups.place(self.value.key(visit)));
        self.distinct.add(group * self.n_stages + visit.stage as usize, visit);
    }

    fn pass_unmapped(&mut self, _: usize) {}
}
