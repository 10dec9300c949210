//! The common question: few stages that names alone decide, every visit of every customer, broken down by few values or by
//! none. As `kernel` and `tally` do it, but with nothing in the loop that is not needed.

use std::ops::Range;

use super::breakdown::Value;
use super::kernel::Begun;
use super::plan::{LEFT, Plan};
use super::spec::{BreakdownAt, Per};
use super::tally::{Cell, Distinct, Pieces, Total};
use crate::base::{Cancelled, Ctl, SpanLists};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::with_codes;

/// Up to so many stages, those that a customer was in are bits of a word.
pub const FEW: usize = u64::BITS as usize;
/// Up to so many lists, by value, stage and way, of two kilobytes and more each.
const FEW_LISTS: usize = 1 << 14;

/// All visits, added up, how long they took kept of some stages; `None` where the breakdown has too many values for that.
///
/// # Errors
/// `Cancelled`.
pub fn total(
    plan: &Plan,
    of_code: &[u32],
    value: Option<&Value>,
    kept: &[bool],
    ctl: &Ctl,
) -> Result<Option<Total>, Cancelled> {
    let start = |n_keys| move || Gathered::new(plan, n_keys, kept);
    let made = match value {
        None => with_codes!(plan.view.codes(), |codes| {
            par_gather(plan.view, ctl, start(None), |gathered, chunk| {
                let journeys = plan.view.journeys_of(chunk);
                journeys.for_each(|(_, journey)| gathered.add::<_, false>(plan, of_code, codes, journey, |_, _| 0));
            })?
        }),
        Some(value) => {
            let (Some(n_keys), Some(key)) = (value.n_keys(), value.byte_keys()) else { return Ok(None) };
            if n_keys * plan.names.len() * (plan.names.len() + 2) > FEW_LISTS {
                return Ok(None);
            }
            let is_of_visit = value.at == BreakdownAt::Entry;
            with_codes!(plan.view.codes(), |codes| {
                par_gather(plan.view, ctl, start(Some(n_keys)), |gathered, chunk| {
                    let journeys = plan.view.journeys_of(chunk).map(|(_, journey)| journey);
                    if is_of_visit {
                        journeys.for_each(|journey| gathered.add::<_, true>(plan, of_code, codes, journey, &key));
                    } else {
                        journeys.for_each(|journey| gathered.add::<_, false>(plan, of_code, codes, journey, &key));
                    }
                })?
            })
        }
    };
    Ok(Some(Gathered::together(plan, made)))
}

/// Which stages a customer was in, by bit.
#[derive(Debug, Default, Clone, Copy)]
struct Been {
    been: u64,
    /// For the first time.
    first: u64,
    /// After having been there before.
    again: u64,
}

/// What one thread adds up.
struct Gathered {
    n_stages: usize,
    n_ways: usize,
    /// By key, stage and way.
    spans: SpanLists,
    /// Customers by the stages they were in.
    customers: Customers,
    /// The same by key.
    by_key: Vec<Customers>,
    /// Of one customer, by key; and the keys that came up.
    here: Vec<Been>,
    keys: Vec<u32>,
    n_visitors: u64,
    begun: Begun,
}

/// How many customers were in each stage.
struct Customers {
    been: Words,
    first: Words,
    again: Words,
}

impl Customers {
    fn new(n_stages: usize) -> Self {
        let words = || Words::new(n_stages);
        Customers { been: words(), first: words(), again: words() }
    }

    #[inline(always)]
    fn add(&mut self, customer: Been) {
        self.been.add(customer.been);
        self.first.add(customer.first);
        self.again.add(customer.again);
    }

    fn merge(&mut self, other: &Customers) {
        self.been.merge(&other.been);
        self.first.merge(&other.first);
        self.again.merge(&other.again);
    }

    /// Hands on what is known by stage; the visits that were nobody's first are re-entries.
    fn seen(&self, n_visits: &[u64], distinct: &mut Distinct) {
        for (stage, n) in n_visits.iter().enumerate() {
            distinct.push_known(self.been.count(stage), self.again.count(stage), n - self.first.count(stage));
        }
    }
}

/// How often each bit was set in many words. Counting eight bits at a time needs no branch and no loop over the bits.
struct Words {
    /// By byte of the word, then by its value.
    counts: Vec<[u32; 256]>,
}

impl Words {
    fn new(n_bits: usize) -> Self {
        Words { counts: vec![[0; 256]; n_bits.div_ceil(8)] }
    }

    #[inline(always)]
    fn add(&mut self, word: u64) {
        for (counts, byte) in self.counts.iter_mut().zip(word.to_le_bytes()) {
            counts[usize::from(byte)] += 1;
        }
    }

    fn merge(&mut self, other: &Words) {
        self.counts.as_flattened_mut().iter_mut().zip(other.counts.as_flattened()).for_each(|(all, n)| *all += n);
    }

    fn count(&self, bit: usize) -> u64 {
        let counts = self.counts[bit / 8].iter().enumerate();
        counts.filter(|(byte, _)| byte >> (bit % 8) & 1 == 1).map(|(_, n)| u64::from(*n)).sum()
    }
}

impl Gathered {
    fn new(plan: &Plan, n_keys: Option<usize>, kept: &[bool]) -> Self {
        let n_stages = plan.names.len();
        let n_ways = n_stages + 2;
        let n_by_key = n_keys.unwrap_or(0);
        let n_keys = n_keys.unwrap_or(1);
        Gathered {
            n_stages,
            n_ways,
            spans: SpanLists::new((0..n_keys * n_stages * n_ways).map(|at| kept[at / n_ways % n_stages])),
            customers: Customers::new(n_stages),
            by_key: (0..n_by_key).map(|_| Customers::new(n_stages)).collect(),
            here: vec![Been::default(); n_keys],
            keys: vec![0; n_keys + 1],
            n_visitors: 0,
            begun: Begun::default(),
        }
    }

    /// Adds a journey. `key` gets the position where a visit begins, and the journey; it is asked once per journey unless
    /// the key is `OF_VISIT`.
    #[inline(always)]
    fn add<C: Code, const OF_VISIT: bool>(
        &mut self,
        plan: &Plan,
        of_code: &[u32],
        codes: &[C],
        journey: Range<usize>,
        key: impl Fn(usize, &Range<usize>) -> usize,
    ) {
        let mut begun = std::mem::take(&mut self.begun);
        let visits = begun.find(&codes[journey.clone()], |code, _| of_code[code], plan.per == Per::Event);
        if let Some((first, rest)) = visits.split_first() {
            self.n_visitors += 1;
            let times = &plan.view.times()[journey.clone()];
            let mut customer = Been::default();
            let (mut start, mut stage) = (first.at(), first.stage() as usize);
            let mut since = times[start];
            let mut own = key(journey.start + start, &journey);
            let mut n_keys = 0;
            for next in rest {
                let (end, to) = (next.at(), next.stage() as usize);
                let until = times[end];
                self.see::<OF_VISIT>(&mut customer, &mut n_keys, own, stage);
                self.spans.push((own * self.n_stages + stage) * self.n_ways + to, (until - since).max(0));
                (start, stage, since) = (end, to, until);
                if OF_VISIT {
                    own = key(journey.start + start, &journey);
                }
            }
            self.see::<OF_VISIT>(&mut customer, &mut n_keys, own, stage);
            let is_own = |position: &usize| of_code[codes[*position].idx()] as usize == stage;
            let start = journey.start + start;
            let last_own = || (start..journey.end).rev().find(is_own).unwrap_or(start);
            let (to, _, until) = plan.last_visit(stage as u32, &journey, last_own);
            let way = self.n_ways - 2 + (to - LEFT) as usize;
            self.spans.push((own * self.n_stages + stage) * self.n_ways + way, (until - since).max(0));
            customer.first = customer.been;
            self.customers.add(customer);
            if OF_VISIT {
                for key in &self.keys[..n_keys] {
                    let key = *key as usize;
                    self.by_key[key].add(std::mem::take(&mut self.here[key]));
                }
            } else if let Some(of_key) = self.by_key.get_mut(own) {
                of_key.add(customer);
            }
        }
        self.begun = begun;
    }

    /// Whether a visit is the first of its customer, or of its value, is as good as random, so nothing here is a branch.
    #[inline(always)]
    fn see<const OF_VISIT: bool>(&mut self, customer: &mut Been, n_keys: &mut usize, key: usize, stage: usize) {
        let bit = 1 << stage;
        let again = customer.been & bit;
        customer.again |= again;
        customer.been |= bit;
        if OF_VISIT {
            let here = &mut self.here[key];
            self.keys[*n_keys] = key as u32;
            *n_keys += usize::from(here.been == 0);
            here.been |= bit;
            here.again |= again;
            here.first |= bit ^ again;
        }
    }

    /// What all threads found, as one.
    fn together(plan: &Plan, mut made: Vec<Gathered>) -> Total {
        let mut total = Total::empty(plan);
        let Some(mut all) = made.pop() else { return total };
        total.cells = all.cells();
        for gathered in made {
            all.n_visitors += gathered.n_visitors;
            all.customers.merge(&gathered.customers);
            all.by_key.iter_mut().zip(&gathered.by_key).for_each(|(all, of)| all.merge(of));
            for (cell, spans) in total.cells.iter_mut().zip(gathered.spans.into_spans()) {
                cell.spans.add(spans);
            }
        }
        for (cell, spans) in total.cells.iter_mut().zip(all.spans.into_spans()) {
            cell.spans.add(spans);
        }
        total.cells.retain(|cell| cell.spans.n > 0);
        total.n_visitors = all.n_visitors;
        total.distinct = Distinct::default();
        all.customers.seen(&total.visits_by_stage(all.n_stages, |_| true), &mut total.distinct);
        if !all.by_key.is_empty() {
            let mut by_key = Distinct::default();
            for (key, customers) in (0..).zip(&all.by_key) {
                customers.seen(&total.visits_by_stage(all.n_stages, |cell| cell.key == key), &mut by_key);
            }
            total.distinct_by_key = Some(by_key);
        }
        total
    }

    /// The cells that its lists belong to, without what is in these.
    fn cells(&self) -> Vec<Cell<Pieces>> {
        let of = |at: usize| {
            let (key, stage, way) =
                (at / self.n_ways / self.n_stages, at / self.n_ways % self.n_stages, at % self.n_ways);
            // `LEFT` and `OPEN` are the two largest numbers, and come last.
            let to = if way < self.n_stages { way as u32 } else { LEFT + (way - self.n_stages) as u32 };
            Cell { key: key as i64, stage: stage as u32, to, spans: Pieces::default() }
        };
        (0..self.spans.n_lists()).map(of).collect()
    }
}
