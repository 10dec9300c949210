//! The walk over one customer's journey: when each stage was first entered, and when a later one followed.
//!
//! A customer moves on from a stage with the first event of any later stage that comes after the first event of the stage in
//! journey order; events of the same instant follow each other in journey order, and the wait is then zero.

use std::ops::Range;

use rayon::prelude::*;

use super::ground::Ground;
use crate::analysis::stages::UNMAPPED;
use crate::base::stats::waits::{Asked, AskedOfWays, Reach, Waits};
use crate::base::{Cancelled, Ctl};
use crate::journey::Code;
use crate::journey::chunks::par_customers;
use crate::with_codes;

/// What became of a customer in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// The position of the first event there; `NEVER` where there is none.
    pub entry: u32,
    /// The position of the first event of a later stage behind it; `NEVER` where there is none.
    pub onward: u32,
    /// Whether the entry lies in the period that is asked about.
    pub counts: bool,
}

pub const NEVER: u32 = u32::MAX;
const ABSENT: Fate = Fate { entry: NEVER, onward: NEVER, counts: false };

impl Fate {
    pub fn is_in(self) -> bool {
        self.entry != NEVER
    }

    pub fn has_moved_on(self) -> bool {
        self.onward != NEVER
    }
}

/// The fates of one customer at a time, by stage.
#[derive(Debug, Clone)]
pub struct Walker {
    pub fates: Vec<Fate>,
    /// Stages that were entered and have not been moved on from.
    waiting: Vec<u32>,
}

impl Walker {
    pub fn new(ground: &Ground) -> Self {
        Walker { fates: vec![ABSENT; ground.n_stages()], waiting: Vec::new() }
    }

    /// Reads a journey.
    #[inline]
    pub fn read<C: Code>(&mut self, ground: &Ground, codes: &[C], journey: Range<usize>) {
        if ground.is_by_name {
            let by_code = ground.stages.by_code();
            self.read_with(ground, codes, journey, |code, _| by_code[code]);
        } else {
            self.read_with(ground, codes, journey, |code, position| ground.stages.at(code, position));
        }
    }

    #[inline]
    fn read_with<C: Code>(
        &mut self,
        ground: &Ground,
        codes: &[C],
        journey: Range<usize>,
        stage_at: impl Fn(usize, usize) -> u32,
    ) {
        self.fates.fill(ABSENT);
        self.waiting.clear();
        let times = ground.view.times();
        let mut before = UNMAPPED;
        for (position, code) in journey.clone().zip(&codes[journey]) {
            let stage = stage_at(code.idx(), position);
            if stage == before || stage == UNMAPPED {
                continue;
            }
            before = stage;
            let (fates, waiting) = (&mut self.fates, &mut self.waiting);
            if waiting.iter().any(|waits| *waits < stage) {
                waiting.retain(|waits| {
                    if *waits < stage {
                        fates[*waits as usize].onward = position as u32;
                    }
                    *waits >= stage
                });
            }
            let fate = &mut fates[stage as usize];
            if !fate.is_in() {
                *fate = Fate { entry: position as u32, onward: NEVER, counts: ground.period.holds(times[position]) };
                waiting.push(stage);
            }
        }
    }
}

/// One stage over all customers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StageWaits {
    pub customers: u64,
    pub moved_on: u64,
    pub completed_median_s: Option<f64>,
    pub km_median_s: Option<f64>,
    pub km_interval_s: (Option<f64>, Option<f64>),
    /// Whoever took longer than this to move on was slower than half of those who did; microseconds.
    pub median: Option<f64>,
    /// Whoever entered before this and has not moved on is lost: nine of ten of those who moved on took no longer.
    pub mature_before: Option<i64>,
}

#[derive(Debug, Default)]
struct Gathered {
    moved: Vec<Vec<i64>>,
    open: Vec<Vec<i64>>,
}

/// How long customers take from stage to stage.
///
/// # Errors
/// `Cancelled`.
pub fn waits(ground: &Ground, ctl: &Ctl) -> Result<Vec<StageWaits>, Cancelled> {
    let n = ground.n_stages();
    let start = || (Walker::new(ground), Gathered { moved: vec![Vec::new(); n], open: vec![Vec::new(); n] });
    let times = ground.view.times();
    let chunks = with_codes!(ground.view.codes(), |codes| par_customers(
        ground.view,
        ctl,
        start,
        |(walker, gathered), _, journey| {
            walker.read(ground, codes, journey);
            for (stage, fate) in walker.fates.iter().enumerate().filter(|(_, fate)| fate.counts) {
                let since = times[fate.entry as usize];
                if fate.has_moved_on() {
                    gathered.moved[stage].push(times[fate.onward as usize] - since);
                } else {
                    gathered.open[stage].push((ground.as_of - since).max(0));
                }
            }
        }
    ))?;
    let of_stage = |stage: usize| {
        ctl.check()?;
        let moved: Vec<&[i64]> = chunks.iter().map(|(_, chunk)| chunk.moved[stage].as_slice()).collect();
        let open = chunks.iter().map(|(_, chunk)| chunk.open[stage].as_slice()).collect();
        Ok(read_stage(ground, stage, moved, open))
    };
    (0..n).into_par_iter().map(of_stage).collect()
}

fn read_stage(ground: &Ground, stage: usize, moved: Vec<&[i64]>, open: Vec<&[i64]>) -> StageWaits {
    let read = Waits::new(vec![moved], open, Reach::Median).read(Asked {
        quantiles: &[0.5, 0.9],
        edges: &[],
        points_max: 0,
        limit: None,
        ways: AskedOfWays::Nothing,
    });
    let nobody_waits = ground.stages.is_terminal[stage];
    let quantile = |at: usize| read.quantiles_s.get(at).copied();
    StageWaits {
        customers: read.n_ended + read.n_open,
        moved_on: read.n_ended,
        completed_median_s: quantile(0),
        km_median_s: read.median_s.filter(|_| !nobody_waits),
        km_interval_s: if nobody_waits { (None, None) } else { (read.median_lo_s, read.median_hi_s) },
        median: quantile(0).map(|seconds| seconds * 1e6),
        mature_before: quantile(1).map(|seconds| ground.as_of.saturating_sub((seconds * 1e6).round() as i64)),
    }
}
