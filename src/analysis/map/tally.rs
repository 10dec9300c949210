//! Counts per stage, touchpoint and channel in one pass, and how customers of each touchpoint fared.
//!
//! What pains are made of is counted for groups of customers (by a hash of their ids), so that resampling draws groups: the
//! draws spread as those of customers do, and cost nothing that grows with the data.

use std::ops::Range;

use super::feel::Moments;
use super::ground::{Ground, SlotReader};
use super::walk::{StageWaits, Walker};
use crate::analysis::stages::UNMAPPED;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_gather;
use crate::journey::{Code, JourneyStore};
use crate::with_codes;

/// What is counted about the customers of a touchpoint, for one group of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faring {
    pub customers: u32,
    pub events: u32,
    /// Long enough in the stage to know.
    pub mature: u32,
    pub lost: u32,
    pub moved_on: u32,
    /// Took longer than the stage's median.
    pub slow: u32,
}

impl Faring {
    fn merge(&mut self, other: &Faring) {
        self.customers += other.customers;
        self.events += other.events;
        self.mature += other.mature;
        self.lost += other.lost;
        self.moved_on += other.moved_on;
        self.slow += other.slow;
    }
}

/// Mature customers of a touchpoint by the channel of their first event there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passing {
    pub mature: u64,
    pub passed: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub n_groups: usize,
    /// By cell and slot; one slot where there are no channels.
    pub events: Vec<u64>,
    pub passing: Vec<Passing>,
    /// By cell: of the mature who passed, those with a goal at or after their first event there.
    pub goals: Vec<u64>,
    /// By cell and group.
    pub faring: Vec<Faring>,
    /// By cell: customers who met it twice or more.
    pub again: Vec<u64>,
    /// By stage and group: mature, lost.
    pub stages: Vec<(u32, u32)>,
    /// By stage and slot: customers.
    pub channels: Vec<u64>,
    /// By touchpoint code: events of no stage.
    pub unmapped: Vec<u64>,
    pub mapped_events: u64,
    pub mapped_customers: u64,
    /// The values of goal events.
    pub values: Moments,
}

/// Groups of customers to draw from; fewer where there are very many touchpoints.
const GROUPS_MAX: usize = 100;

pub fn n_groups(ground: &Ground) -> usize {
    (2_000_000 / ground.cells.len().max(1)).clamp(20, GROUPS_MAX)
}

/// The group of a customer, by id and not by place, so that the order of rows changes nothing (FNV-1a).
pub fn group(store: &JourneyStore, customer: CustomerId, n_groups: usize) -> usize {
    let hash = store
        .customer_name(customer)
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    // The low bits of FNV are weak for texts that differ in their last bytes only.
    ((hash ^ (hash >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32) as usize % n_groups
}

impl Tally {
    fn new(ground: &Ground) -> Self {
        let (n_cells, n_slots, n_groups) = (ground.cells.len(), ground.channels.n_slots(), n_groups(ground));
        Tally {
            n_groups,
            events: vec![0; n_cells * n_slots.max(1)],
            passing: vec![Passing::default(); n_cells * n_slots],
            goals: vec![0; n_cells],
            faring: vec![Faring::default(); n_cells * n_groups],
            again: vec![0; n_cells],
            stages: vec![(0, 0); ground.n_stages() * n_groups],
            channels: vec![0; ground.n_stages() * n_slots],
            unmapped: vec![0; ground.view.store().touchpoints.len()],
            ..Tally::default()
        }
    }

    fn merge(&mut self, other: &Tally) {
        let add = |to: &mut [u64], from: &[u64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.events, &other.events);
        add(&mut self.goals, &other.goals);
        add(&mut self.again, &other.again);
        add(&mut self.channels, &other.channels);
        add(&mut self.unmapped, &other.unmapped);
        self.passing.iter_mut().zip(&other.passing).for_each(|(to, from)| {
            to.mature += from.mature;
            to.passed += from.passed;
        });
        self.faring.iter_mut().zip(&other.faring).for_each(|(to, from)| to.merge(from));
        self.stages.iter_mut().zip(&other.stages).for_each(|(to, from)| {
            to.0 += from.0;
            to.1 += from.1;
        });
        self.mapped_events += other.mapped_events;
        self.mapped_customers += other.mapped_customers;
        self.values.merge(&other.values);
    }

    /// All groups of a cell together.
    pub fn of_cell(&self, cell: usize) -> Faring {
        let mut sum = Faring::default();
        self.faring[cell * self.n_groups..][..self.n_groups].iter().for_each(|faring| sum.merge(faring));
        sum
    }
}

/// How the customers of a stage are judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge {
    mature_before: i64,
    slow_above: f64,
    /// Whether somebody can be lost here.
    pub can_lose: bool,
}

/// By stage.
pub fn judges(ground: &Ground, waits: &[StageWaits]) -> Vec<Judge> {
    let judge = |(stage, waits): (usize, &StageWaits)| Judge {
        mature_before: waits.mature_before.unwrap_or(i64::MIN),
        slow_above: waits.median.unwrap_or(f64::INFINITY),
        can_lose: !ground.is_last(stage) && !ground.stages.is_terminal[stage] && waits.mature_before.is_some(),
    };
    waits.iter().enumerate().map(judge).collect()
}

/// What became of a customer in a stage, as far as pains ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    pub is_mature: bool,
    pub has_moved_on: bool,
    pub is_slow: bool,
}

impl Judge {
    #[inline]
    pub fn verdict(&self, ground: &Ground, fate: super::walk::Fate) -> Verdict {
        let times = ground.view.times();
        let since = times[fate.entry as usize];
        let has_moved_on = fate.has_moved_on();
        Verdict {
            is_mature: self.can_lose && since <= self.mature_before,
            has_moved_on,
            is_slow: has_moved_on && (times[fate.onward as usize] - since) as f64 > self.slow_above,
        }
    }
}

struct Gatherer<'g> {
    tally: Tally,
    walker: Walker,
    slots: Option<SlotReader<'g>>,
    verdicts: Vec<Verdict>,
    /// By cell: the last customer who met it, and the last who met it again, from 1.
    met: Vec<(u32, u32)>,
    /// By stage and slot.
    used: Vec<u32>,
}

/// Counts everything.
///
/// # Errors
/// `Cancelled`.
pub fn tally(ground: &Ground, waits: &[StageWaits], ctl: &Ctl) -> Result<Tally, Cancelled> {
    let judges = judges(ground, waits);
    let start = || Gatherer {
        tally: Tally::new(ground),
        walker: Walker::new(ground),
        slots: ground.channels.reader(ground.view),
        verdicts: vec![Verdict::default(); ground.n_stages()],
        met: vec![(0, 0); ground.cells.len()],
        used: vec![0; ground.n_stages() * ground.channels.n_slots()],
    };
    let gatherers =
        with_codes!(ground.view.codes(), |codes| par_gather(ground.view, ctl, start, |gatherer, chunk| {
            for (customer, journey) in ground.view.journeys_of(chunk) {
                gatherer.read(ground, &judges, codes, customer, journey);
            }
        }))?;
    let mut total = Tally::new(ground);
    gatherers.into_iter().for_each(|gatherer| total.merge(&gatherer.tally));
    Ok(total)
}

impl Gatherer<'_> {
    #[inline]
    fn read<C: Code>(
        &mut self,
        ground: &Ground,
        judges: &[Judge],
        codes: &[C],
        customer: CustomerId,
        journey: Range<usize>,
    ) {
        self.walker.read(ground, codes, journey.clone());
        let group = group(ground.view.store(), customer, self.tally.n_groups);
        let mut is_mapped = false;
        for (stage, fate) in self.walker.fates.iter().enumerate().filter(|(_, fate)| fate.counts) {
            is_mapped = true;
            let verdict = judges[stage].verdict(ground, *fate);
            self.verdicts[stage] = verdict;
            let sums = &mut self.tally.stages[stage * self.tally.n_groups + group];
            sums.0 += u32::from(verdict.is_mature);
            sums.1 += u32::from(verdict.is_mature && !verdict.has_moved_on);
        }
        self.tally.mapped_customers += u64::from(is_mapped);
        let last_goal = last_goal(ground, codes, &journey, &mut self.tally.values);
        if ground.is_by_name {
            let by_code = ground.stages.by_code();
            self.count(ground, codes, customer, journey, (group, last_goal), |code, _| by_code[code]);
        } else {
            let at = |code, position| ground.stage_at(code, position);
            self.count(ground, codes, customer, journey, (group, last_goal), at);
        }
    }

    #[inline]
    fn count<C: Code>(
        &mut self,
        ground: &Ground,
        codes: &[C],
        customer: CustomerId,
        journey: Range<usize>,
        (group, last_goal): (usize, Option<usize>),
        stage_at: impl Fn(usize, usize) -> u32,
    ) {
        let n_slots = ground.channels.n_slots();
        let stamp = customer.0 + 1;
        for (position, code) in journey.clone().zip(&codes[journey]) {
            let code = code.idx();
            let stage = stage_at(code, position);
            if stage == UNMAPPED {
                self.tally.unmapped[code] += 1;
                continue;
            }
            self.tally.mapped_events += 1;
            let stage_idx = stage as usize;
            if !self.walker.fates[stage_idx].counts {
                continue;
            }
            let cell = ground.cell(stage, code);
            let slot = self.slots.as_ref().map(|slots| slots.at(ground.view.row(position)));
            self.tally.events[cell * n_slots.max(1) + slot.unwrap_or(0)] += 1;
            if let Some(slot) = slot {
                let used = &mut self.used[stage_idx * n_slots + slot];
                self.tally.channels[stage_idx * n_slots + slot] += u64::from(*used != stamp);
                *used = stamp;
            }
            let faring = &mut self.tally.faring[cell * self.tally.n_groups + group];
            faring.events += 1;
            let met = &mut self.met[cell];
            if met.0 == stamp {
                self.tally.again[cell] += u64::from(met.1 != stamp);
                met.1 = stamp;
                continue;
            }
            met.0 = stamp;
            let verdict = self.verdicts[stage_idx];
            let passed = verdict.is_mature && verdict.has_moved_on;
            faring.customers += 1;
            faring.mature += u32::from(verdict.is_mature);
            faring.lost += u32::from(verdict.is_mature && !verdict.has_moved_on);
            faring.moved_on += u32::from(verdict.has_moved_on);
            faring.slow += u32::from(verdict.is_slow);
            self.tally.goals[cell] += u64::from(passed && last_goal.is_some_and(|goal| goal >= position));
            if let Some(slot) = slot.filter(|_| verdict.is_mature) {
                let passing = &mut self.tally.passing[cell * n_slots + slot];
                passing.mature += 1;
                passing.passed += u64::from(passed);
            }
        }
    }
}

/// The position of the last goal; adds the values of all goals.
#[inline]
fn last_goal<C: Code>(ground: &Ground, codes: &[C], journey: &Range<usize>, sums: &mut Moments) -> Option<usize> {
    let goal = ground.goal.as_ref()?;
    let store = ground.view.store();
    let values = store.roles.value.map(|idx| &store.properties[idx]);
    let mut last = None;
    for (position, code) in journey.clone().zip(&codes[journey.clone()]) {
        if !goal.matches(code.idx(), position) {
            continue;
        }
        last = Some(position);
        if let Some(amount) = values.and_then(|values| values.number(ground.view.row(position))) {
            sums.add(amount);
        }
    }
    last
}
