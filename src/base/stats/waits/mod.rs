//! Millions of waits that ended in one of several ways or are still going on: quantiles, the Kaplan–Meier curve and the
//! Aalen–Johansen incidences, without sorting all of them.
//!
//! Between two censorings every end weighs the same: the curve falls, and the incidence of the way rises, by S/n for each,
//! and Greenwood's sum telescopes. So the order of the ends matters only where a censoring lies among them. Ends are counted
//! by size class and by the censorings that they lie between; only the classes in which a figure that is asked for lies are
//! sorted. What comes out is exact; `survival` and `incidence` are the same by the book, and the tests compare them.

mod classes;
mod curve;
mod groups;
mod half;
mod open;

use rayon::prelude::*;

use self::classes::{Classes, Grain, Way};
use self::curve::Curve;
use super::survival::Point;

pub use groups::{Group, log_rank};

/// Waits in microseconds. Never negative.
#[derive(Debug)]
pub struct Waits<'a> {
    ways: Vec<Vec<&'a [i64]>>,
    open: Vec<&'a [i64]>,
    classes: Classes<'a>,
}

/// How much of the curve will be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Whole,
    /// Its median and the bounds of that, which takes half the time where waits are many. Whoever reads more nevertheless
    /// gets it, and waits.
    Median,
}

/// What is asked of waits.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Quantiles of the waits that ended.
    pub quantiles: &'a [f64],
    /// Lengths, to count the waits that are shorter.
    pub edges: &'a [i64],
    /// At most so many points of the curve, evenly spread over what it falls by; the last is always there. 0 for none, else
    /// at least 2.
    pub points_max: usize,
    /// A length, to tell how many are still waiting then.
    pub limit: Option<i64>,
    pub ways: AskedOfWays,
}

impl Asked<'_> {
    /// Whether nothing is asked that the curve behind its median would tell.
    fn is_of_median(&self) -> bool {
        self.edges.is_empty() && self.points_max == 0 && self.limit.is_none() && self.ways == AskedOfWays::Nothing
    }
}

/// What is asked of each way in which waits ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedOfWays {
    Nothing,
    /// Its median and its incidence after all.
    Whole,
    /// And the incidence at every point of the curve.
    AtPoints,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    pub n_ended: u64,
    pub n_open: u64,
    /// Of the waits that ended; seconds.
    pub mean_s: Option<f64>,
    /// Type 7, in the order asked for; empty where no wait ended.
    pub quantiles_s: Vec<f64>,
    /// Ended waits shorter than each edge.
    pub ended_below: Vec<u64>,
    /// Open waits shorter than each edge.
    pub open_below: Vec<u64>,
    /// The Kaplan–Meier median and its log–log interval; what is not reached is `None`.
    pub median_s: Option<f64>,
    pub median_lo_s: Option<f64>,
    pub median_hi_s: Option<f64>,
    /// Times in seconds; `ended` counts from the point before, so that all of them together are `n_ended`.
    pub points: Vec<Point>,
    /// Empty where nothing is asked of them.
    pub ways: Vec<WayReading>,
    /// Still waiting after the limit, with its interval.
    pub at_limit: Option<(f64, Option<(f64, f64)>)>,
}

/// The waits that ended in one way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WayReading {
    pub n: u64,
    pub median_s: Option<f64>,
    /// The share that has ended so by the last point.
    pub incidence: f64,
    /// At every point, where asked for.
    pub by_point: Vec<f64>,
}

impl<'a> Waits<'a> {
    /// Waits by the way they ended and those still going on, in any number of pieces and in any order.
    pub fn new(ways: Vec<Vec<&'a [i64]>>, open: Vec<&'a [i64]>, reach: Reach) -> Self {
        let until = if reach == Reach::Median { half::surely_past(&ways, &open) } else { None };
        Waits { classes: Classes::new(&ways, &open, until), ways, open }
    }

    /// The shortest and the longest wait, ended or not.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        let open = || self.open.iter().flat_map(|piece| piece.iter().copied());
        let open = open().min().zip(open().max());
        match (self.classes.bounds(), open) {
            (Some((low, high)), Some((first, last))) => Some((low.min(first), high.max(last))),
            (ended, open) => ended.or(open),
        }
    }

    /// The length that a share of the ended waits do not exceed: the smallest such wait; `None` where none ended.
    pub fn length_of_share(&mut self, share: f64) -> Option<i64> {
        let rank = ((share * self.classes.len() as f64).ceil() as usize).max(1) - 1;
        if rank >= self.classes.len() {
            return None;
        }
        let mut wanted = vec![false; self.classes.grain.n_classes()];
        wanted[self.classes.class_of_rank(rank)] = true;
        self.classes.open(&wanted);
        Some(self.classes.at_rank(rank))
    }

    pub fn read(&mut self, asked: Asked<'_>) -> Reading {
        let n = self.classes.len();
        // Few are sorted whatever is asked, so that every point of their curve can be shown.
        if self.classes.grain == Grain::One {
            self.classes.open(&[true]);
        }
        let mut curve = Curve::new(&self.classes);
        let is_enough = asked.is_of_median() && curve.have_crossed(&self.classes);
        if !self.classes.are_whole() && !is_enough {
            self.classes = Classes::new(&self.ways, &self.open, None);
            curve = Curve::new(&self.classes);
        }
        let chosen = match asked.points_max {
            0 => Vec::new(),
            most => curve.choose(&self.classes, most.max(2)),
        };
        let median_rank = curve.median_rank(&self.classes);
        let ranks = chosen.iter().map(|point| point.rank()).chain(median_rank);
        let mut wanted = curve.where_bounds_may_cross(&self.classes);
        self.want(asked, ranks, &mut wanted);
        self.classes.open(&wanted);
        let (median_lo, median_hi) = curve.bounds_cross(&self.classes);
        let seconds = |micros: i64| micros as f64 / 1e6;
        let (points, moments) = curve::points(&self.classes, &chosen);
        let open = &self.classes.open;
        Reading {
            n_ended: n as u64,
            n_open: self.classes.n_open as u64,
            mean_s: (n > 0).then(|| self.classes.sum() as f64 / n as f64 / 1e6),
            quantiles_s: asked.quantiles.iter().filter_map(|q| self.classes.quantile_s(*q)).collect(),
            ended_below: asked.edges.iter().map(|edge| self.classes.n_below(*edge) as u64).collect(),
            open_below: asked.edges.iter().map(|edge| open.partition_point(|open| open < edge) as u64).collect(),
            median_s: median_rank.map(|rank| seconds(self.classes.at_rank(rank))),
            median_lo_s: median_lo.map(seconds),
            median_hi_s: median_hi.map(seconds),
            ways: match asked.ways {
                AskedOfWays::Nothing => Vec::new(),
                AskedOfWays::Whole => self.ways(&curve, None),
                AskedOfWays::AtPoints => self.ways(&curve, Some(&moments)),
            },
            at_limit: asked.limit.map(|limit| self.at(&curve, limit)),
            points,
        }
    }

    /// Marks the classes that hold one of the ranks, a quantile, an edge or the limit.
    fn want(&self, asked: Asked<'_>, ranks: impl Iterator<Item = usize>, wanted: &mut [bool]) {
        let classes = &self.classes;
        let of_quantiles = asked.quantiles.iter().filter_map(|q| classes.ranks_of(*q)).flatten();
        ranks.chain(of_quantiles).for_each(|rank| wanted[classes.class_of_rank(rank)] = true);
        let after_limit = asked.limit.map(|limit| limit.saturating_add(1));
        let marks = asked.edges.iter().copied().chain(after_limit);
        marks.for_each(|mark| wanted[classes.grain.class(mark)] = true);
    }

    fn ways(&self, curve: &Curve, moments: Option<&Vec<curve::Moment>>) -> Vec<WayReading> {
        let classes = &self.classes;
        let weights = curve::weights(classes, curve);
        let mut by_point = moments.map_or_else(Vec::new, |moments| curve::incidences(classes, &weights, moments));
        by_point.resize(classes.ways.len(), Vec::new());
        let of_way = |(way, by_point): (&Way, Vec<f64>)| WayReading {
            n: way.len() as u64,
            median_s: way.median_s(classes),
            incidence: curve::incidence(way, &weights),
            by_point,
        };
        classes.ways.par_iter().zip(by_point).map(of_way).collect()
    }

    fn at(&self, curve: &Curve, limit: i64) -> (f64, Option<(f64, f64)>) {
        let n_ended = self.classes.n_below(limit.saturating_add(1));
        curve.after(&self.classes, n_ended).map_or((1.0, None), |state| (state.survival, state.interval()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::incidence::{Exit, aalen_johansen};
    use super::super::quantile::quantile_seconds;
    use super::super::survival::{Spell, kaplan_meier};
    use super::*;
    use proptest::prelude::*;

    const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];
    const N_WAYS: usize = 3;

    /// (microseconds, way); the way `N_WAYS` is still going on.
    type Wait = (i64, usize);

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(1.0)
    }

    fn pieces(waits: &[Wait]) -> Vec<[Vec<i64>; N_WAYS + 1]> {
        let of = |piece: &[Wait], way| piece.iter().filter(|wait| wait.1 == way).map(|wait| wait.0).collect();
        waits.chunks(7).map(|piece| std::array::from_fn(|way| of(piece, way))).collect()
    }

    /// Compares everything that is read with the same by the book.
    fn check(waits: &[Wait], points_max: usize) -> Result<(), TestCaseError> {
        let pieces = pieces(waits);
        let of_way = |way: usize| pieces.iter().map(|piece| piece[way].as_slice()).collect::<Vec<_>>();
        let edges = [0, 1, 1_000, 5_000_000, i64::MAX];
        let limit = waits.first().map(|wait| wait.0);
        let waits_of = |reach| Waits::new((0..N_WAYS).map(of_way).collect(), of_way(N_WAYS), reach);
        let asked = Asked { quantiles: &QUANTILES, edges: &edges, points_max, limit, ways: AskedOfWays::AtPoints };
        let read = waits_of(Reach::Whole).read(asked);
        prop_assert_eq!(&waits_of(Reach::Median).read(asked), &read);
        let of_median = Asked { edges: &[], points_max: 0, limit: None, ways: AskedOfWays::Nothing, ..asked };
        let (lean, whole) = (waits_of(Reach::Median).read(of_median), waits_of(Reach::Whole).read(of_median));
        prop_assert_eq!(&lean, &whole);
        prop_assert_eq!(
            (lean.median_s, lean.median_lo_s, lean.median_hi_s),
            (read.median_s, read.median_lo_s, read.median_hi_s)
        );
        prop_assert_eq!((lean.mean_s, &lean.quantiles_s), (read.mean_s, &read.quantiles_s));

        let seconds = |wait: &Wait| wait.0 as f64 / 1e6;
        let spells: Vec<Spell> =
            waits.iter().map(|wait| Spell { time: seconds(wait), has_ended: wait.1 < N_WAYS }).collect();
        let exits: Vec<Exit> =
            waits.iter().map(|wait| Exit { time: seconds(wait), way: (wait.1 < N_WAYS).then_some(wait.1) }).collect();
        let (curve, incidence) = (kaplan_meier(&spells), aalen_johansen(&exits, N_WAYS));
        prop_assert_eq!((read.n_ended, read.n_open), (curve.n_ended, curve.n - curve.n_ended));
        prop_assert_eq!(read.median_s, curve.median());
        prop_assert_eq!((read.median_lo_s, read.median_hi_s), curve.median_interval());
        prop_assert_eq!(read.points.iter().map(|point| point.ended).sum::<u64>(), curve.n_ended);
        prop_assert!(read.points.len() <= points_max.max(2));
        prop_assert_eq!(read.points.last().map(|p| p.time), curve.points.last().map(|p| p.time));
        for (at, point) in read.points.iter().enumerate() {
            let place = curve.points.iter().position(|known| known.time == point.time).expect("a point of the curve");
            let known = curve.points[place];
            prop_assert!(near(point.survival, known.survival) && near(point.std_err, known.std_err), "{:?}", point);
            prop_assert_eq!((point.at_risk, point.interval.is_some()), (known.at_risk, known.interval.is_some()));
            for (way, reading) in read.ways.iter().enumerate() {
                prop_assert!(near(reading.by_point[at], incidence[place].by_way[way]));
            }
        }
        for (way, reading) in read.ways.iter().enumerate() {
            let mut sorted = of_way(way).concat();
            sorted.sort_unstable();
            prop_assert_eq!((reading.n, reading.median_s), (sorted.len() as u64, quantile_seconds(&sorted, 0.5)));
            prop_assert!(near(reading.incidence, incidence.last().map_or(0.0, |last| last.by_way[way])));
        }
        let mut ended: Vec<i64> = waits.iter().filter(|wait| wait.1 < N_WAYS).map(|wait| wait.0).collect();
        ended.sort_unstable();
        prop_assert_eq!(
            read.quantiles_s,
            QUANTILES.iter().filter_map(|q| quantile_seconds(&ended, *q)).collect::<Vec<_>>()
        );
        for (at, edge) in edges.iter().enumerate() {
            prop_assert_eq!(read.ended_below[at], ended.iter().filter(|wait| *wait < edge).count() as u64);
            let open = waits.iter().filter(|wait| wait.1 == N_WAYS && wait.0 < *edge).count() as u64;
            prop_assert_eq!(read.open_below[at], open);
        }
        if let (Some(limit), Some((survival, _))) = (limit, read.at_limit) {
            prop_assert!(near(survival, curve.at(limit as f64 / 1e6)));
        }
        let mut again = Waits::new((0..N_WAYS).map(of_way).collect(), Vec::new(), Reach::Median);
        prop_assert_eq!(
            again.length_of_share(0.9),
            (!ended.is_empty()).then(|| { ended[(0.9 * ended.len() as f64).ceil() as usize - 1] })
        );
        Ok(())
    }

    #[test]
    fn nothing_reads_as_nothing() {
        let mut none = Waits::new(Vec::new(), Vec::new(), Reach::Whole);
        let ways = AskedOfWays::AtPoints;
        let read = none.read(Asked { quantiles: &QUANTILES, edges: &[5], points_max: 9, limit: Some(3), ways });
        let expect =
            Reading { ended_below: vec![0], open_below: vec![0], at_limit: Some((1.0, None)), ..Reading::default() };
        assert_eq!((read, none.bounds(), none.length_of_share(0.5)), (expect, None, None));
    }

    /// Of so many that they are counted by class, most in a few classes, with censorings among them.
    #[test]
    fn thousands_of_waits_read_as_by_the_book() {
        let mut seed = 11u64;
        let mut draw = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let mut one = |open_of_10: u64, spread: u64| {
            let waits: Vec<Wait> = (0..9_000)
                .map(|_| {
                    let magnitude = draw(spread);
                    let wait = (draw(1 << magnitude) + draw(3)) as i64;
                    (wait, if draw(10) < open_of_10 { N_WAYS } else { draw(N_WAYS as u64) as usize })
                })
                .collect();
            check(&waits, 40).expect("as by the book");
        };
        one(0, 31);
        one(1, 31);
        one(5, 20);
        one(9, 31);
        one(2, 3);
    }

    #[test]
    fn few_censorings_among_very_many_ends_leave_most_classes_closed() {
        let waits: Vec<Wait> = (0..60_000).map(|i| (1_000_000 + i * 977, (i % 3) as usize)).collect();
        let with_open: Vec<Wait> = waits.iter().copied().chain([(30_000_000, N_WAYS), (2_000_000, N_WAYS)]).collect();
        check(&with_open, 20).expect("as by the book");
    }

    /// A sample that takes every seventh wait finds only short ones, or only long ones.
    #[test]
    fn a_sample_may_mislead() {
        for (sampled, others) in [(1_000, 1 << 30), (1 << 30, 1_000)] {
            let wait = |i: i64| if i % 7 == 0 { sampled } else { others } + i * 977 % 1_000_003;
            let way = |i: i64| if i % 11 == 0 { N_WAYS } else { (i % 3) as usize };
            let waits: Vec<Wait> = (0..60_000).map(|i| (wait(i), way(i))).collect();
            check(&waits, 20).expect("as by the book");
        }
    }

    fn any_waits() -> impl Strategy<Value = Vec<Wait>> {
        let wait = prop_oneof![0i64..12, 0i64..3_000, 0i64..9_000_000_000];
        prop::collection::vec((wait, 0..N_WAYS + 1), 0..80)
    }

    proptest! {
        #[test]
        fn few_waits_read_as_by_the_book(waits in any_waits(), points_max in 2usize..60) {
            check(&waits, points_max)?;
        }
    }
}
