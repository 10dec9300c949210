//! One stage of one group: from the lengths of its visits to what is said about them.

use super::answer::{Bin, Direction, Exit, OverLimit, QUANTILES, StageDwell};
use super::bins;
use super::plan::{LEFT, OPEN, Plan};
use super::spec::{DwellSpec, Part};
use crate::analysis::Error;
use crate::base::stats::waits::{Asked, AskedOfWays, Group as WaitsOfGroup, Reach, Reading, Waits};

/// The visits to one stage, by where they went, in pieces.
#[derive(Debug, Clone, Default)]
pub struct Stay<'a> {
    pub stage: u32,
    pub customers: u64,
    pub returned: u64,
    pub reentries: u64,
    /// In the order of the ways.
    pub ways: Vec<(u32, Vec<&'a [i64]>)>,
}

impl<'a> Stay<'a> {
    pub fn add(&mut self, to: u32, pieces: &'a [Vec<i64>]) {
        let pieces = pieces.iter().map(Vec::as_slice);
        match self.ways.iter_mut().find(|(known, _)| *known == to) {
            Some((_, known)) => known.extend(pieces),
            None => self.ways.push((to, pieces.collect())),
        }
    }

    fn open(&self) -> Vec<&'a [i64]> {
        self.ways.iter().filter(|(to, _)| *to == OPEN).flat_map(|(_, pieces)| pieces.iter().copied()).collect()
    }

    /// Ended visits, ready to be read.
    fn ended(&self) -> impl Iterator<Item = &(u32, Vec<&'a [i64]>)> {
        self.ways.iter().filter(|(to, _)| *to != OPEN)
    }

    fn waits(&self, tells_ways: bool, reach: Reach) -> Waits<'a> {
        let ended = self.ended().map(|(_, pieces)| pieces);
        let ways = if tells_ways { ended.cloned().collect() } else { vec![ended.flatten().copied().collect()] };
        Waits::new(ways, self.open(), reach)
    }

    /// As a group to compare with others.
    pub fn as_group(&self) -> WaitsOfGroup<'a> {
        WaitsOfGroup { ended: self.ended().flat_map(|(_, pieces)| pieces.iter().copied()).collect(), open: self.open() }
    }

    /// # Errors
    /// `Invalid` where the histogram would have too many bins.
    pub fn read(&self, plan: &Plan, spec: &DwellSpec) -> Result<StageDwell, Error> {
        let of_ways = match spec.incidence {
            true => AskedOfWays::AtPoints,
            false if spec.wants(Part::Exits) => AskedOfWays::Whole,
            false => AskedOfWays::Nothing,
        };
        let tells_ways = of_ways != AskedOfWays::Nothing;
        let reach = if spec.is_of_medians() { Reach::Median } else { Reach::Whole };
        let mut waits = self.waits(tells_ways, reach);
        let bounds = waits.bounds();
        let edges = match bounds {
            Some((shortest, longest)) if spec.wants(Part::Histogram) => bins::edges(spec.bins, shortest, longest)?,
            _ => Vec::new(),
        };
        let limit = spec.limit.map(|limit| limit.micros());
        // Those within the limit are counted as those below the next instant.
        let mut marks = edges.clone();
        marks.extend(limit.map(|limit| limit.saturating_add(1)));
        let read = waits.read(Asked {
            quantiles: &QUANTILES,
            edges: &marks,
            points_max: if spec.wants(Part::Survival) || spec.incidence { spec.points } else { 0 },
            limit,
            ways: of_ways,
        });
        let mut exits: Vec<(u32, Exit)> =
            self.ended().zip(&read.ways).map(|((to, _), way)| (*to, self.exit(plan, *to, way))).collect();
        exits.sort_by(|(to_a, a), (to_b, b)| {
            let in_order = if plan.are_ordered { to_a.cmp(to_b) } else { a.to.cmp(&b.to) };
            b.visits.cmp(&a.visits).then(in_order)
        });
        let exits = exits.into_iter().map(|(_, exit)| exit).collect();
        Ok(StageDwell {
            name: plan.names[self.stage as usize].clone(),
            visits: read.n_ended + read.n_open,
            customers: self.customers,
            completed: read.n_ended,
            open: read.n_open,
            reentries: self.reentries,
            returned: self.returned,
            mean_s: read.mean_s,
            quantiles_s: read.quantiles_s.as_slice().try_into().ok(),
            km_median_s: read.median_s,
            km_lo_s: read.median_lo_s,
            km_hi_s: read.median_hi_s,
            longest_s: bounds.map(|(_, longest)| longest as f64 / 1e6),
            histogram: histogram(&edges, &read),
            exits,
            limit: limit.and_then(|limit| over_limit(limit, &read)),
            curve: read.points,
        })
    }

    fn exit(&self, plan: &Plan, to: u32, way: &crate::base::stats::waits::WayReading) -> Exit {
        Exit {
            to: plan.name_of_way(to).to_owned(),
            direction: direction(plan, self.stage, to),
            visits: way.n,
            median_s: way.median_s,
            incidence: way.incidence,
            incidences: way.by_point.clone(),
        }
    }

    /// What is longer than this is slow: the limit, else what nine of ten completed visits do not exceed; `None` where none
    /// is completed.
    pub fn slow_above(&self, spec: &DwellSpec) -> Option<i64> {
        match spec.limit {
            Some(limit) => Some(limit.micros()),
            None => self.waits(false, Reach::Median).length_of_share(0.9),
        }
    }
}

fn direction(plan: &Plan, stage: u32, to: u32) -> Direction {
    match to {
        LEFT => Direction::Left,
        to if to == stage && plan.to_is_stage() => Direction::Again,
        _ if !plan.are_ordered => Direction::Elsewhere,
        to if to == stage + 1 => Direction::Onward,
        to if to > stage => Direction::Ahead,
        _ => Direction::Back,
    }
}

fn histogram(edges: &[i64], read: &Reading) -> Vec<Bin> {
    let seconds = |edge: i64| edge as f64 / 1e6;
    let bin = |at: usize| Bin {
        from_s: seconds(edges[at]),
        to_s: seconds(edges[at + 1]),
        completed: read.ended_below[at + 1] - read.ended_below[at],
        open: read.open_below[at + 1] - read.open_below[at],
    };
    (0..edges.len().saturating_sub(1)).map(bin).collect()
}

/// The last of the marks that were read is just behind the limit.
fn over_limit(limit: i64, read: &Reading) -> Option<OverLimit> {
    let (within, undecided) = (*read.ended_below.last()?, *read.open_below.last()?);
    let (share, interval) = read.at_limit?;
    Some(OverLimit {
        limit_s: limit as f64 / 1e6,
        over_completed: read.n_ended - within,
        over_open: read.n_open - undecided,
        within,
        undecided,
        share,
        interval,
    })
}
