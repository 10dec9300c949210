//! The walk over journeys that finds every visit. Times are read only where a visit begins or ends.

use std::hint::select_unpredictable;
use std::ops::Range;

use rayon::prelude::*;

use super::plan::{OPEN, Plan, What};
use super::spec::Per;
use crate::analysis::stages::UNMAPPED;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::{customer_chunks, par_chunks, par_gather};
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
}

/// What adds visits up.
pub trait Gather: Send {
    fn add(&mut self, visit: &Visit);
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

/// As `walk`, over one chunk of so many only, and how many events these hold: to learn about how many visits there are.
///
/// # Errors
/// `Cancelled`.
pub fn sample<G: Gather>(
    plan: &Plan,
    one_of: usize,
    ctl: &Ctl,
    start: impl Fn() -> G + Sync + Send,
) -> Result<(Vec<G>, u64), Cancelled> {
    let chunks: Vec<Range<u32>> = customer_chunks(plan.view).into_iter().step_by(one_of).collect();
    let gathered = gather_with(plan, |each| {
        let of_chunk = |chunk: &Range<u32>| {
            ctl.check()?;
            let mut walker = Walker::new(plan, start());
            each(&mut walker, chunk.clone());
            Ok(walker.gathered)
        };
        chunks.par_iter().map(of_chunk).collect()
    })?;
    Ok((gathered, chunks.iter().map(|chunk| plan.view.n_events_of(chunk)).sum()))
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

/// The beginning of a visit: its place in the journey in the upper half, the stage in the lower, to be written at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beginning(u64);

impl Beginning {
    #[inline(always)]
    pub fn at(self) -> usize {
        (self.0 >> 32) as usize
    }

    #[inline(always)]
    pub fn stage(self) -> u32 {
        self.0 as u32
    }
}

/// Where the visits of one journey begin.
#[derive(Debug, Default)]
pub struct Begun(Vec<Beginning>);

impl Begun {
    /// Finds the visits of a journey; `stage_at` gets a code and its place in the journey. Every event is written and only the
    /// place for the next one moves, or does not: whether a stage goes on is as good as random, and guessing costs more than
    /// writing.
    #[inline(always)]
    pub fn find<C: Code>(
        &mut self,
        codes: &[C],
        stage_at: impl Fn(usize, usize) -> u32,
        is_per_event: bool,
    ) -> &[Beginning] {
        if self.0.len() <= codes.len() {
            self.0.resize(codes.len() + 1, Beginning::default());
        }
        let begun = &mut self.0[..=codes.len()];
        let (mut n, mut stage) = (0, UNMAPPED);
        for (at, code) in codes.iter().enumerate() {
            let next = stage_at(code.idx(), at);
            begun[n] = Beginning((at as u64) << 32 | u64::from(next));
            let is_mapped = next != UNMAPPED;
            n += usize::from(is_mapped & ((next != stage) | is_per_event));
            // What the stage before was does not enter here, or every event would wait for the one before it.
            stage = select_unpredictable(is_mapped, next, stage);
        }
        &self.0[..n]
    }
}

/// Walks over journeys and hands on what it finds.
struct Walker<'p, G> {
    plan: &'p Plan<'p>,
    gathered: G,
    /// By stage, the last customer who was in it, from 1.
    seen: Vec<u32>,
    begun: Begun,
    /// Whether events of no stage must be told apart one by one.
    asks_unmapped: bool,
}

impl<'p, G: Gather> Walker<'p, G> {
    fn new(plan: &'p Plan<'p>, gathered: G) -> Self {
        let asks_unmapped = matches!(&plan.what, What::Stages(stages) if !stages.are_by_name());
        Walker { plan, gathered, seen: vec![0; plan.names.len()], begun: Begun::default(), asks_unmapped }
    }

    #[inline(always)]
    fn each_journey(&mut self, chunk: Range<u32>, each: impl Fn(&mut Self, CustomerId, Range<usize>)) {
        let plan = self.plan;
        plan.view.journeys_of(chunk).for_each(|(customer, journey)| each(self, customer, journey));
    }

    #[inline(always)]
    fn add(&mut self, customer: CustomerId, stage: u32, to: u32, (start, end): (usize, usize), until: i64) {
        let known = &mut self.seen[stage as usize];
        let is_reentry = *known == customer.0 + 1;
        *known = customer.0 + 1;
        let since = self.plan.view.times()[start];
        if self.plan.is_in_period(since) {
            let (start, end) = (start as u32, end as u32);
            let micros = (until - since).max(0);
            self.gathered.add(&Visit { customer, stage, to, start, end, micros, is_reentry });
        }
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
        let here = &codes[journey.clone()];
        if self.asks_unmapped {
            for (position, code) in journey.clone().zip(here) {
                if stage_at(code.idx(), position) == UNMAPPED {
                    self.gathered.pass_unmapped(code.idx());
                }
            }
        }
        let mut room = std::mem::take(&mut self.begun);
        let begun = room.find(here, |code, at| stage_at(code, journey.start + at), self.plan.per == Per::Event);
        for pair in begun.windows(2) {
            let (start, end) = (journey.start + pair[0].at(), journey.start + pair[1].at());
            self.add(customer, pair[0].stage(), pair[1].stage(), (start, end), times[end]);
        }
        if let Some(last) = begun.last() {
            let (start, stage) = (journey.start + last.at(), last.stage());
            let own = |position: &usize| stage_at(codes[*position].idx(), *position) == stage;
            let last_own = || (start..journey.end).rev().find(own).unwrap_or(start);
            let (to, end, until) = self.plan.last_visit(stage, &journey, last_own);
            self.add(customer, stage, to, (start, end), until);
        }
        self.begun = room;
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
        self.gathered.add(&Visit { customer, stage: 0, to: way, start, end, micros, is_reentry: false });
    }
}
