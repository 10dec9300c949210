//! What the kernel's visits add up to, per chunk of customers and then over all of them: how long they took, by the value of
//! the breakdown, the stage and where they went.

use rustc_hash::FxHashMap;

use super::breakdown::{Groups, Value};
use super::kernel::{Gather, Visit};
use super::plan::Plan;

/// Visits alike in the breakdown's value, the stage and where they went.
#[derive(Debug, Default)]
pub struct Cell<T> {
    pub key: i64,
    pub stage: u32,
    pub to: u32,
    pub n_reentries: u64,
    /// Microseconds.
    pub spans: T,
}

/// Customers by stage, each once.
#[derive(Debug, Clone, Default)]
pub struct Distinct {
    /// Who was in the stage.
    pub customers: Vec<u64>,
    /// Who came back to it.
    pub returned: Vec<u64>,
    /// By stage, the last customer who is counted, from 1.
    counted: Vec<u32>,
    counted_again: Vec<u32>,
}

impl Distinct {
    pub fn new(n: usize) -> Self {
        Distinct { customers: vec![0; n], returned: vec![0; n], counted: vec![0; n], counted_again: vec![0; n] }
    }

    #[inline]
    pub fn add(&mut self, place: usize, visit: &Visit) {
        let mark = visit.customer.0 + 1;
        if self.counted[place] != mark {
            self.counted[place] = mark;
            self.customers[place] += 1;
        }
        if visit.is_reentry && self.counted_again[place] != mark {
            self.counted_again[place] = mark;
            self.returned[place] += 1;
        }
    }

    /// Chunks hold different customers.
    pub fn merge(&mut self, other: &Distinct) {
        self.customers.iter_mut().zip(&other.customers).for_each(|(all, n)| *all += n);
        self.returned.iter_mut().zip(&other.returned).for_each(|(all, n)| *all += n);
    }
}

/// What one chunk of customers adds up to.
#[derive(Debug)]
pub struct Tally<'a> {
    value: Option<&'a Value<'a>>,
    slots: Slots,
    cells: Vec<Cell<Vec<i64>>>,
    distinct: Distinct,
    unmapped: Vec<u64>,
    n_visitors: u64,
    last: u32,
}

impl<'a> Tally<'a> {
    pub fn new(plan: &Plan, value: Option<&'a Value<'a>>) -> Self {
        let n_stages = plan.names.len();
        Tally {
            value,
            slots: Slots::new(n_stages, value.is_some()),
            cells: Vec::new(),
            distinct: Distinct::new(n_stages),
            unmapped: vec![0; plan.view.store().touchpoints.len()],
            n_visitors: 0,
            last: 0,
        }
    }
}

impl Gather for Tally<'_> {
    #[inline]
    fn add(&mut self, visit: &Visit) {
        let key = self.value.map_or(0, |value| value.key(visit));
        let slot = self.slots.slot(key, visit);
        if *slot == NO_SLOT {
            *slot = self.cells.len() as u32;
            self.cells.push(Cell { key, stage: visit.stage, to: visit.to, ..Cell::default() });
        }
        let cell = &mut self.cells[*slot as usize];
        cell.spans.push(visit.micros);
        cell.n_reentries += u64::from(visit.is_reentry);
        self.distinct.add(visit.stage as usize, visit);
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
/// Up to this many stages a cell is found by index.
const FEW_STAGES: usize = 64;

/// Which cell a visit belongs to.
#[derive(Debug)]
enum Slots {
    /// By stage and where it went; the last two places are for `LEFT` and `OPEN`.
    Few {
        n_ways: usize,
        slots: Vec<u32>,
    },
    Many(FxHashMap<(i64, u32, u32), u32>),
}

impl Slots {
    fn new(n_stages: usize, has_keys: bool) -> Self {
        let n_ways = n_stages + 2;
        if has_keys || n_stages > FEW_STAGES {
            Slots::Many(FxHashMap::default())
        } else {
            Slots::Few { n_ways, slots: vec![NO_SLOT; n_stages * n_ways] }
        }
    }

    #[inline]
    fn slot(&mut self, key: i64, visit: &Visit) -> &mut u32 {
        match self {
            Slots::Few { n_ways, slots } => {
                // `LEFT` and `OPEN` are the two largest numbers.
                let way =
                    if (visit.to as usize) < *n_ways { visit.to as usize } else { *n_ways - 1 - (!visit.to) as usize };
                &mut slots[visit.stage as usize * *n_ways + way]
            }
            Slots::Many(slots) => slots.entry((key, visit.stage, visit.to)).or_insert(NO_SLOT),
        }
    }
}

/// The chunks together.
#[derive(Debug)]
pub struct Total {
    /// In the order of key, stage and way; spans in pieces, in customer order.
    pub cells: Vec<Cell<Vec<Vec<i64>>>>,
    pub distinct: Distinct,
    /// By touchpoint code, events of no stage.
    pub unmapped: Vec<u64>,
    /// Customers with at least one visit.
    pub n_visitors: u64,
}

impl Total {
    pub fn of(plan: &Plan, tallies: Vec<Tally>) -> Self {
        let mut total = Total {
            cells: Vec::new(),
            distinct: Distinct::new(plan.names.len()),
            unmapped: vec![0; plan.view.store().touchpoints.len()],
            n_visitors: 0,
        };
        let mut slots: FxHashMap<(i64, u32, u32), usize> = FxHashMap::default();
        for tally in tallies {
            total.distinct.merge(&tally.distinct);
            total.unmapped.iter_mut().zip(&tally.unmapped).for_each(|(all, n)| *all += n);
            total.n_visitors += tally.n_visitors;
            for cell in tally.cells {
                let slot = *slots.entry((cell.key, cell.stage, cell.to)).or_insert_with(|| {
                    total.cells.push(Cell { key: cell.key, stage: cell.stage, to: cell.to, ..Cell::default() });
                    total.cells.len() - 1
                });
                total.cells[slot].n_reentries += cell.n_reentries;
                total.cells[slot].spans.push(cell.spans);
            }
        }
        total.cells.sort_unstable_by_key(|cell| (cell.key, cell.stage, cell.to));
        total
    }

    /// The number of visits by key of the breakdown.
    pub fn visits_by_key(&self) -> impl Iterator<Item = (i64, u64)> {
        self.cells.iter().map(|cell| (cell.key, cell.spans.iter().map(|piece| piece.len() as u64).sum()))
    }
}

/// Customers by group and stage, once a group's values are known.
#[derive(Debug)]
pub struct DistinctByGroup<'a> {
    value: &'a Value<'a>,
    groups: &'a Groups,
    n_stages: usize,
    pub distinct: Distinct,
}

impl<'a> DistinctByGroup<'a> {
    pub fn new(plan: &Plan, value: &'a Value<'a>, groups: &'a Groups) -> Self {
        let n_stages = plan.names.len();
        DistinctByGroup { value, groups, n_stages, distinct: Distinct::new(n_stages * groups.labels.len()) }
    }
}

impl Gather for DistinctByGroup<'_> {
    fn add(&mut self, visit: &Visit) {
        let group = self.groups.place(self.value.key(visit));
        self.distinct.add(group * self.n_stages + visit.stage as usize, visit);
    }

    fn pass_unmapped(&mut self, _: usize) {}
}
