//! How often each touchpoint directly follows each, and for how many customers.

use std::ops::Range;

use super::super::paths::pairs::Pairs;
use super::super::paths::spans::Visit;
use super::super::paths::way::{Left, Plan};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::journey::repeats::REPEAT;
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

/// By next touchpoint, and apart from them by next touchpoint where the customer had made the transition before.
type Row = [u32; 2 * REPEAT as usize];

/// Counts by codes as they are shown. One code more than there are touchpoints stands for `(start)` in front and `(end)`
/// behind.
#[derive(Debug)]
pub struct Counts {
    pub pairs: Pairs<Counted>,
    /// Where every journey is counted as it stands and repeats are known: by code, to be added to `pairs`.
    rows: Vec<Row>,
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
    let marked = if is_plain { plan.view.marked_codes() } else { None };
    let made = with_codes!(plan.view.codes(), |codes| {
        par_gather(
            plan.view,
            ctl,
            || {
                let rows = if marked.is_some() { vec![[0; 2 * REPEAT as usize]; n] } else { Vec::new() };
                Counts { rows, ..Counts::new(n) }
            },
            |counts, chunk| match marked {
                Some(marked) => count_marked(plan, marked, counts, chunk),
                None if is_plain => count_plain(plan, codes, counts, chunk),
                None => count_ways(plan, codes, counts, chunk),
            },
        )?
    });
    let mut sum = Counts::new(n);
    for mut part in made {
        for (from, row) in part.rows.iter().enumerate() {
            let (firsts, repeats) = row.split_at(usize::from(REPEAT));
            for (to, (first, repeated)) in firsts.iter().zip(repeats).enumerate().filter(|(_, (first, _))| **first > 0)
            {
                let counted = Counted { times: first + repeated, customers: *first, last: u32::MAX };
                part.pairs.at(from as u32, to as u32).add_all(&counted);
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
    let Counts { pairs, starts, ends, n_units, .. } = counts;
    Edges { starts, ends, n_units, mask: usize::MAX }.each_journey(plan, codes, chunk, |customer, journey| {
        journey.windows(2).for_each(|pair| pairs.at(pair[0].idx() as u32, pair[1].idx() as u32).add(customer));
    });
}

/// As `count_plain`, where codes say which transitions are repeats.
fn count_marked(plan: &Plan, marked: &[u8], counts: &mut Counts, chunk: Range<u32>) {
    let Counts { rows, starts, ends, n_units, .. } = counts;
    // A slice of its own, whose place need not be looked up again after every count.
    let rows = &mut rows[..];
    Edges { starts, ends, n_units, mask: usize::from(REPEAT) - 1 }.each_journey(plan, marked, chunk, |_, journey| {
        let mut before = journey[0];
        for code in &journey[1..] {
            rows[usize::from(before)][usize::from(code % (2 * REPEAT))] += 1;
            before = code % REPEAT;
        }
    });
}

/// Where journeys start and end.
struct Edges<'a> {
    starts: &'a mut [Counted],
    ends: &'a mut [Counted],
    n_units: &'a mut u64,
    /// The bits of a code that name a touchpoint.
    mask: usize,
}

impl Edges<'_> {
    /// Counts both for every journey, and calls with the customer and the codes.
    #[inline(always)]
    fn each_journey<C: Code>(self, plan: &Plan, codes: &[C], chunk: Range<u32>, mut each: impl FnMut(u32, &[C])) {
        let offsets = &plan.view.offsets()[chunk.start as usize..=chunk.end as usize];
        let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return };
        let mut ahead = &codes[first as usize..last as usize];
        for (bounds, customer) in offsets.windows(2).zip(chunk) {
            let (journey, rest) = ahead.split_at((bounds[1] - bounds[0]) as usize);
            ahead = rest;
            let (Some(first), Some(last)) = (journey.first(), journey.last()) else { continue };
            if !plan.view.is_chosen(CustomerId(customer)) {
                continue;
            }
            *self.n_units += 1;
            self.starts[first.idx()].add(customer);
            self.ends[last.idx() & self.mask].add(customer);
            each(customer, journey);
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
