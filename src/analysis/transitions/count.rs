//! How often each touchpoint directly follows each, and for how many customers.

use std::ops::Range;

use super::super::paths::pairs::Pairs;
use super::super::paths::spans::Visit;
use super::super::paths::way::{Left, Plan};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::with_codes;

/// One pair of touchpoints. The customer who was counted last is kept beside the counts, so that a customer's second
/// transition of a pair is known without a look elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub times: u32,
    pub customers: u32,
    last: u32,
}

impl Default for Counted {
    fn default() -> Self {
        Counted { times: 0, customers: 0, last: u32::MAX }
    }
}

impl Counted {
    #[inline]
    fn add(&mut self, customer: u32) {
        self.times += 1;
        self.customers += u32::from(self.last != customer);
        self.last = customer;
    }

    fn add_all(&mut self, other: &Counted) {
        self.times += other.times;
        self.customers += other.customers;
    }
}

/// Up to so many touchpoints, a pair is found without a multiplication and without a look at the end of the table.
const FEW: usize = 64;

/// Counts by codes as they are shown. One code more than there are touchpoints stands for `(start)` in front and `(end)`
/// behind.
#[derive(Debug)]
pub struct Counts {
    pub pairs: Pairs<Counted>,
    /// Where every journey is counted as it stands and touchpoints are few: by code and next code, to be added to `pairs`.
    rows: Vec<[Counted; FEW]>,
    pub starts: Vec<Counted>,
    pub ends: Vec<Counted>,
    pub n_units: u64,
    pub left: Left,
}

impl Counts {
    fn new(n: usize) -> Self {
        Counts {
            pairs: Pairs::new(n),
            rows: Vec::new(),
            starts: vec![Counted::default(); n],
            ends: vec![Counted::default(); n],
            n_units: 0,
            left: Left::default(),
        }
    }
}

/// # Errors
/// `Cancelled`.
pub fn count(plan: &Plan, ctl: &Ctl) -> Result<Counts, Cancelled> {
    let n = plan.shown.len();
    let is_plain = plan.is_plain() && !plan.collapses;
    let made = with_codes!(plan.view.codes(), |codes| {
        par_gather(
            plan.view,
            ctl,
            || {
                let rows = if is_plain && n <= FEW { vec![[Counted::default(); FEW]; n] } else { Vec::new() };
                Counts { rows, ..Counts::new(n) }
            },
            |counts, chunk| {
                if is_plain {
                    count_plain(plan, codes, counts, chunk);
                } else {
                    count_ways(plan, codes, counts, chunk);
                }
            },
        )?
    });
    let mut sum = Counts::new(n);
    for mut part in made {
        for (from, row) in part.rows.iter().enumerate() {
            for (to, counted) in row.iter().enumerate().filter(|(_, counted)| counted.times > 0) {
                part.pairs.at(from as u32, to as u32).add_all(counted);
            }
        }
        for ((a, b), counted) in part.pairs.iter().filter(|(_, counted)| counted.times > 0) {
            // In the plain way codes are those of the store until here.
            let (a, b) = if is_plain { (shown(plan, a), shown(plan, b)) } else { (a, b) };
            sum.pairs.at(a, b).add_all(counted);
        }
        for (code, (start, end)) in part.starts.iter().zip(&part.ends).enumerate() {
            let code = if is_plain { shown(plan, code as u32) as usize } else { code };
            sum.starts[code].add_all(start);
            sum.ends[code].add_all(end);
        }
        sum.n_units += part.n_units;
        sum.left.add(part.left);
    }
    Ok(sum)
}

fn shown(plan: &Plan, code: u32) -> u32 {
    plan.shown.of_code[code as usize]
}

/// Every journey as it stands: one load, one look into the table per event.
fn count_plain<C: Code>(plan: &Plan, codes: &[C], counts: &mut Counts, chunk: Range<u32>) {
    let Counts { pairs, rows, starts, ends, n_units, .. } = counts;
    let edges = Edges { starts, ends, n_units };
    if rows.is_empty() {
        edges.each_pair(plan, codes, chunk, |customer, from, to| pairs.at(from as u32, to as u32).add(customer));
    } else {
        // A slice of its own, whose place need not be looked up again after every count.
        let rows = &mut rows[..];
        edges.each_pair(plan, codes, chunk, |customer, from, to| rows[from][to % FEW].add(customer));
    }
}

/// Where journeys start and end.
struct Edges<'a> {
    starts: &'a mut [Counted],
    ends: &'a mut [Counted],
    n_units: &'a mut u64,
}

impl Edges<'_> {
    #[inline(always)]
    fn each_pair<C: Code>(self, plan: &Plan, codes: &[C], chunk: Range<u32>, mut each: impl FnMut(u32, usize, usize)) {
        let offsets = &plan.view.offsets()[chunk.start as usize..=chunk.end as usize];
        let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return };
        let mut ahead = &codes[first as usize..last as usize];
        for (bounds, customer) in offsets.windows(2).zip(chunk) {
            let (journey, rest) = ahead.split_at((bounds[1] - bounds[0]) as usize);
            ahead = rest;
            let [first, rest @ ..] = journey else { continue };
            if !plan.view.is_chosen(CustomerId(customer)) {
                continue;
            }
            *self.n_units += 1;
            self.starts[first.idx()].add(customer);
            let mut before = *first;
            for code in rest {
                each(customer, before.idx(), code.idx());
                before = *code;
            }
            self.ends[before.idx()].add(customer);
        }
    }
}

fn count_ways<C: Code>(plan: &Plan, codes: &[C], counts: &mut Counts, chunk: Range<u32>) {
    for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
        let mut left = Left::default();
        plan.ways(customer, plan.view.journey(customer), &mut left, |way| {
            counts.n_units += 1;
            let mut before = None;
            plan.walk(codes, &way, |code, _| {
                match before {
                    None => counts.starts[code as usize].add(customer.0),
                    Some(before) => counts.pairs.at(before, code).add(customer.0),
                }
                before = Some(code);
                true
            });
            if let Some(last) = before {
                counts.ends[last as usize].add(customer.0);
            }
        });
        counts.left.add(left);
    }
}

/// How long the transitions of some pairs took.
pub struct Gaps<'a> {
    plan: &'a Plan<'a>,
    /// The group of a pair, from 1; 0 is "not asked for".
    groups: Pairs<u32>,
    /// Where every journey is a way as it stands and touchpoints are few: the same by codes of the store, row after row.
    square: Option<Vec<u32>>,
}

impl<'a> Gaps<'a> {
    /// Pairs with their groups, from 1.
    pub fn new(plan: &'a Plan<'a>, pairs: impl Iterator<Item = ((u32, u32), u32)>) -> Self {
        let mut groups: Pairs<u32> = Pairs::new(plan.shown.len());
        pairs.for_each(|((from, to), group)| *groups.at(from, to) = group);
        let codes = &plan.shown.of_code;
        let is_plain = plan.is_plain() && !plan.collapses;
        let square = groups.square().filter(|_| is_plain).map(|square| {
            let n = codes.len();
            let of_row =
                |from: &u32| codes.iter().map(|to| square[*from as usize * n + *to as usize]).collect::<Vec<_>>();
            codes.iter().flat_map(of_row).collect()
        });
        Gaps { plan, groups, square }
    }

    fn of_journeys<C: Code>(&self, codes: &[C], square: &[u32], chunk: Range<u32>, sink: &mut impl FnMut(usize, i64)) {
        let (view, n) = (self.plan.view, self.plan.shown.of_code.len());
        for customer in chunk.map(CustomerId).filter(|customer| view.is_in(*customer)) {
            let journey = view.journey(customer);
            let (codes, times) = (&codes[journey.clone()], &view.times()[journey]);
            for (codes, times) in codes.windows(2).zip(times.windows(2)) {
                let group = square[codes[0].idx() * n + codes[1].idx()];
                if group != 0 {
                    sink(group as usize - 1, times[1] - times[0]);
                }
            }
        }
    }

    fn of_ways<C: Code>(&self, codes: &[C], chunk: Range<u32>, sink: &mut impl FnMut(usize, i64)) {
        let (plan, times) = (self.plan, self.plan.view.times());
        for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
            plan.ways(customer, plan.view.journey(customer), &mut Left::default(), |way| {
                let mut before: Option<(u32, i64)> = None;
                plan.walk(codes, &way, |code, position| {
                    let time = times[position];
                    if let Some((from, at)) = before {
                        match self.groups.get(from, code) {
                            Some(0) | None => {}
                            Some(group) => sink(*group as usize - 1, time - at),
                        }
                    }
                    before = Some((code, time));
                    true
                });
            });
        }
    }
}

impl Visit for Gaps<'_> {
    fn visit(&self, chunk: Range<u32>, sink: &mut impl FnMut(usize, i64)) {
        with_codes!(self.plan.view.codes(), |codes| match &self.square {
            Some(square) => self.of_journeys(codes, square, chunk, sink),
            None => self.of_ways(codes, chunk, sink),
        });
    }
}
