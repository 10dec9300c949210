//! The walk over journeys that finds every visit. Times are read only where a visit begins or ends.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::plan::{OPEN, Plan, What};
use super::spec::Per;
use crate::analysis::stages::UNMAPPED;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::{par_chunks, par_gather};
use crate::journey::{Code, StepMatch};
use crate::with_codes;

/// One visit to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub customer: CustomerId,
    pub stage: u32,
    /// The stage that followed; `LEFT` or `OPEN`.
    pub to: u32,
    /// The position of the first event.
    pub start: u32,
    /// The position of the event that ended it; of the last own event for `LEFT`, the journey's end for `OPEN`.
    pub end: u32,
    /// How long it took, or has taken so far; never negative.
    pub micros: i64,
    /// The customer had been in the stage before.
    pub is_reentry: bool,
    /// The first visit to the stage that is handed on of this customer, and the first of those that are re-entries.
    pub is_first: bool,
    pub is_first_reentry: bool,
}

impl Visit {
    /// A visit of a customer, of which all else is to be said.
    fn of(customer: CustomerId) -> Self {
        Visit {
            customer,
            stage: 0,
            to: 0,
            start: 0,
            end: 0,
            micros: 0,
            is_reentry: false,
            is_first: false,
            is_first_reentry: false,
        }
    }
}

/// What adds visits up.
pub trait Gather: Send {
    fn add(&mut self, visit: &Visit);
    /// The customer whose visits were added last had one at least.
    fn add_visitor(&mut self) {}
    /// An event of no stage, where its name alone does not say so.
    fn pass_unmapped(&mut self, code: usize);
}

/// All visits that begin in the period, by chunks in customer order; those of a customer in the order of time.
///
/// # Errors
/// `Cancelled`.
pub fn walk<G: Gather>(plan: &Plan, ctl: &Ctl, start: impl Fn() -> G + Sync + Send) -> Result<Vec<G>, Cancelled> {
    gather_with(plan, |each| {
        par_chunks(plan.view, ctl, |chunk| {
            let mut walker = Walker::new(plan, start());
            each(&mut walker, chunk);
            walker.gathered
        })
    })
}

/// As `walk`, with one gatherer per thread, over whichever chunks come to it: for sums that do not depend on who adds up.
///
/// # Errors
/// `Cancelled`.
pub fn gather<G: Gather>(plan: &Plan, ctl: &Ctl, start: impl Fn() -> G + Sync + Send) -> Result<Vec<G>, Cancelled> {
    gather_with(plan, |each| {
        let walkers = par_gather(plan.view, ctl, || Walker::new(plan, start()), each)?;
        Ok(walkers.into_iter().map(|walker| walker.gathered).collect())
    })
}

type Each<'e, 'p, G> = &'e (dyn Fn(&mut Walker<'p, G>, Range<u32>) + Sync + Send);

/// Hands the way to walk a chunk of customers, chosen once by what is asked and how codes are kept, to whoever shares out
/// the chunks.
fn gather_with<'p, G: Gather>(
    plan: &'p Plan<'p>,
    share: impl FnOnce(Each<'_, 'p, G>) -> Result<Vec<G>, Cancelled>,
) -> Result<Vec<G>, Cancelled> {
    with_codes!(plan.view.codes(), |codes| match &plan.what {
        What::Between { from, to } => {
            share(&|walker, chunk| {
                walker.each_journey(chunk, |walker, customer, journey| {
                    walker.between(from, to, codes, customer, journey);
                });
            })
        }
        What::Stages(stages) if stages.are_by_name() => {
            let by_code = stages.by_code();
            share(&|walker, chunk| {
                walker.each_journey(chunk, |walker, customer, journey| {
                    walker.visits(codes, |code, _| by_code[code], customer, journey);
                });
            })
        }
        What::Stages(stages) => share(&|walker, chunk| walker.each_journey(chunk, |walker, customer, journey| {
            walker.visits(codes, |code, position| stages.at(code, position), customer, journey);
        })),
    })
}

/// No stage yet; differs from `UNMAPPED`, so that an unmapped event before the first stage is counted as one.
const NONE: u32 = u32::MAX - 2;

/// Walks over journeys and hands on what it finds.
struct Walker<'p, G> {
    plan: &'p Plan<'p>,
    gathered: G,
    /// Where stages are many: by stage, the last customer of whom something was noted, from 1.
    marks: Noted<Vec<u32>>,
    /// Where the visits of one journey begin, and in which stage.
    begun: Vec<(u32, u32)>,
    /// Whether events of no stage must be told apart one by one.
    asks_unmapped: bool,
}

/// What is noted of a customer and a stage.
#[derive(Default)]
struct Noted<T> {
    been: T,
    counted: T,
    returned: T,
}

/// Up to so many stages, what is noted of one customer is bits.
const FEW: usize = u64::BITS as usize;

/// Notes what is so of a stage; whether it is so for the first time.
#[inline(always)]
fn note(bits: &mut u64, marks: &mut [u32], customer: CustomerId, stage: u32, is_so: bool) -> bool {
    if marks.is_empty() {
        let bit = u64::from(is_so) << (stage % u64::BITS);
        let is_new = bit & !*bits != 0;
        *bits |= bit;
        is_new
    } else {
        let mark = &mut marks[stage as usize];
        let is_new = is_so & (*mark != customer.0 + 1);
        *mark = select_unpredictable(is_so, customer.0 + 1, *mark);
        is_new
    }
}

impl<'p, G: Gather> Walker<'p, G> {
    fn new(plan: &'p Plan<'p>, gathered: G) -> Self {
        let asks_unmapped = matches!(&plan.what, What::Stages(stages) if !stages.are_by_name());
        let marks = || if plan.names.len() > FEW { vec![0; plan.names.len()] } else { Vec::new() };
        let marks = Noted { been: marks(), counted: marks(), returned: marks() };
        Walker { plan, gathered, marks, begun: Vec::new(), asks_unmapped }
    }

    #[inline(always)]
    fn each_journey(&mut self, chunk: Range<u32>, each: impl Fn(&mut Self, CustomerId, Range<usize>)) {
        for customer in chunk.map(CustomerId) {
            let journey = self.plan.view.journey(customer);
            if !journey.is_empty() && self.plan.view.is_chosen(customer) {
                each(self, customer, journey);
            }
        }
    }

    /// Hands on a visit if it began in the period; whether it did.
    #[inline(always)]
    fn add(&mut self, noted: &mut Noted<u64>, visit: Visit, since: i64, until: i64) -> bool {
        let Visit { customer, stage, .. } = visit;
        let marks = &mut self.marks;
        let is_reentry = !note(&mut noted.been, &mut marks.been, customer, stage, true);
        let is_in_period = self.plan.is_in_period(since);
        if is_in_period {
            let is_first = note(&mut noted.counted, &mut marks.counted, customer, stage, true);
            let is_first_reentry = note(&mut noted.returned, &mut marks.returned, customer, stage, is_reentry);
            let micros = (until - since).max(0);
            self.gathered.add(&Visit { micros, is_reentry, is_first, is_first_reentry, ..visit });
        }
        is_in_period
    }

    #[inline(always)]
    fn visits<C: Code>(
        &mut self,
        codes: &[C],
        stage_at: impl Fn(usize, usize) -> u32,
        customer: CustomerId,
        journey: Range<usize>,
    ) {
        let times = self.plan.view.times();
        let n = self.begin(&codes[journey.clone()], &stage_at, journey.start);
        if self.asks_unmapped {
            for (position, code) in journey.clone().zip(&codes[journey.clone()]) {
                if stage_at(code.idx(), position) == UNMAPPED {
                    self.gathered.pass_unmapped(code.idx());
                }
            }
        }
        if n == 0 {
            return;
        }
        let (mut noted, mut is_visitor) = (Noted::default(), false);
        let begun = std::mem::take(&mut self.begun);
        let (mut start, mut stage) = begun[0];
        let mut since = times[start as usize];
        for (end, next) in &begun[1..n] {
            let until = times[*end as usize];
            let visit = Visit { stage, to: *next, start, end: *end, ..Visit::of(customer) };
            is_visitor |= self.add(&mut noted, visit, since, until);
            (start, stage, since) = (*end, *next, until);
        }
        self.begun = begun;
        let own = |position: &usize| stage_at(codes[*position].idx(), *position) == stage;
        let last_own = || (start as usize..journey.end).rev().find(own).unwrap_or(start as usize);
        let (to, end, until) = self.plan.last_visit(stage, &journey, last_own);
        let visit = Visit { stage, to, start, end: end as u32, ..Visit::of(customer) };
        is_visitor |= self.add(&mut noted, visit, since, until);
        if is_visitor {
            self.gathered.add_visitor();
        }
    }

    /// Notes where visits begin; how many there are. Every event is written and only the place for the next one moves, or
    /// does not: whether a stage goes on is as good as random, and guessing costs more than writing.
    #[inline(always)]
    fn begin<C: Code>(&mut self, codes: &[C], stage_at: &impl Fn(usize, usize) -> u32, first: usize) -> usize {
        if self.begun.len() <= codes.len() {
            self.begun.resize(codes.len() + 1, (0, 0));
        }
        let is_per_visit = self.plan.per == Per::Visit;
        let begun = &mut self.begun[..=codes.len()];
        let (mut n, mut stage) = (0, NONE);
        for (at, code) in codes.iter().enumerate() {
            let next = stage_at(code.idx(), first + at);
            begun[n] = ((first + at) as u32, next);
            let begins = (next != UNMAPPED) & ((next != stage) | !is_per_visit);
            n += usize::from(begins);
            stage = select_unpredictable(next != UNMAPPED, next, stage);
        }
        n
    }

    /// From the first event of one step to the first of another after it.
    fn between<C: Code>(
        &mut self,
        from: &StepMatch,
        to: &StepMatch,
        codes: &[C],
        customer: CustomerId,
        journey: Range<usize>,
    ) {
        let plan = self.plan;
        let times = plan.view.times();
        let matches = |step: &StepMatch, position: usize| step.matches(codes[position].idx(), position);
        let mask = plan.view.mask(customer);
        if mask & from.mask() == 0 {
            return;
        }
        let mut positions = journey.clone();
        let Some(start) = positions.find(|at| matches(from, *at) && plan.is_in_period(times[*at])) else { return };
        let found = if mask & to.mask() == 0 { None } else { positions.find(|at| matches(to, *at)) };
        let (way, end, until) = match found {
            Some(end) => (0, end, times[end]),
            None => (OPEN, journey.end, plan.watched_until(&journey)),
        };
        let micros = (until - times[start]).max(0);
        let (start, end) = (start as u32, end as u32);
        self.gathered.add(&Visit { to: way, start, end, micros, is_first: true, ..Visit::of(customer) });
        self.gathered.add_visitor();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_and_marks_note_the_same(events in prop::collection::vec((0u32..6, 0u32..5, any::<bool>()), 0..60)) {
            let mut events = events;
            events.sort_by_key(|(customer, ..)| *customer);
            let (mut bits, mut marks) = ((u32::MAX, 0), vec![0; 5]);
            for (customer, stage, is_so) in events {
                if bits.0 != customer {
                    bits = (customer, 0);
                }
                let by_bits = note(&mut bits.1, &mut [], CustomerId(customer), stage, is_so);
                prop_assert_eq!(by_bits, note(&mut 0, &mut marks, CustomerId(customer), stage, is_so));
            }
        }
    }
}
