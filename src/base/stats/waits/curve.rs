//! The Kaplan–Meier curve and the incidences over waits that are counted by class.

use super::super::interval::Z95;
use super::super::survival::{Point, log_log};
use super::classes::{Classes, Way};

/// One half, with the slack that a curve of many factors needs to meet it.
const HALF: f64 = 0.5 + 1e-12;

/// The ends of one place, between which nobody is censored. Waits are at most as many as events, of which there are fewer
/// than 2³².
#[derive(Debug, Clone, Copy)]
struct Stretch {
    class: u32,
    place: u32,
    /// Ends before the stretch.
    before: u32,
    /// Ends in it.
    n: u32,
    /// Still waiting and watched just before its first end.
    at_risk: u32,
    /// The curve just before.
    state: State,
}

/// The curve just after some of the ends of a stretch.
#[derive(Debug, Clone, Copy)]
pub struct State {
    pub survival: f64,
    /// Greenwood's sum; infinite once nobody is left.
    greenwood: f64,
}

impl State {
    pub fn interval(self) -> Option<(f64, f64)> {
        // Before the first end the curve is 1 for certain.
        (self.survival > 0.0 && self.survival < 1.0).then(|| log_log(self.survival, self.greenwood))
    }

    fn std_err(self) -> f64 {
        if self.survival > 0.0 { self.survival * self.greenwood.sqrt() } else { 0.0 }
    }
}

impl Stretch {
    fn class(&self) -> usize {
        self.class as usize
    }

    fn place(&self) -> usize {
        self.place as usize
    }

    fn before(&self) -> usize {
        self.before as usize
    }

    fn n(&self) -> usize {
        self.n as usize
    }

    fn at_risk(&self) -> u64 {
        u64::from(self.at_risk)
    }

    /// After `d` of its ends.
    fn after(&self, d: usize) -> State {
        let (n, left) = (self.at_risk() as f64, (self.at_risk() - d as u64) as f64);
        let State { survival, greenwood } = self.state;
        State { survival: survival * left / n, greenwood: greenwood + 1.0 / left - 1.0 / n }
    }

    /// What every end of the stretch weighs.
    fn weight(&self) -> f64 {
        self.state.survival / self.at_risk() as f64
    }

    /// Its ends, ascending; its class is open.
    fn ends<'c>(&self, classes: &'c Classes) -> &'c [i64] {
        let from = self.before() - classes.in_lower(self.class());
        &classes.sorted(self.class())[from..from + self.n()]
    }
}

/// The curve where classes begin, as far as it is known; within a class it is worked out when it is asked for. With many
/// censorings there are millions of stretches, which to keep would take more room than the waits.
#[derive(Debug)]
pub struct Curve {
    /// By class; one more at the end.
    starts: Vec<Start>,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    at_risk: u32,
    state: State,
}

impl Curve {
    pub fn new(classes: &Classes) -> Self {
        let mut start =
            Start { at_risk: (classes.len() + classes.n_open) as u32, state: State { survival: 1.0, greenwood: 0.0 } };
        let mut starts = Vec::with_capacity(classes.end + 1);
        for class in 0..classes.end {
            starts.push(start);
            Walk::new(classes, class, start).for_each(|stretch| start.state = stretch.after(stretch.n()));
            start.at_risk -= (classes.count(class) + classes.open_of(class).len()) as u32;
        }
        starts.push(start);
        Curve { starts }
    }

    /// The stretches of a class.
    fn of_class<'c>(&self, classes: &'c Classes<'_>, class: usize) -> Walk<'c> {
        Walk::new(classes, class, self.starts[class])
    }

    /// The stretches of classes from one on.
    fn starting_at(&self, classes: &Classes<'_>, first: usize) -> impl Iterator<Item = Stretch> {
        (first..self.n_classes()).flat_map(move |class| self.of_class(classes, class))
    }

    fn stretches(&self, classes: &Classes<'_>) -> impl Iterator<Item = Stretch> {
        self.starting_at(classes, 0)
    }

    /// How many classes are known.
    fn n_classes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The first class after which the curve has come to a height; that after the last where it has not.
    fn first_at_most(&self, height: f64) -> usize {
        self.starts[1..].partition_point(|next| next.state.survival > height)
    }
}

/// The stretches of a class, in order.
struct Walk<'c> {
    class: u32,
    /// By place, the ends there.
    counts: std::slice::Iter<'c, u32>,
    place: u32,
    before: u32,
    at_risk: u32,
    state: State,
}

impl<'c> Walk<'c> {
    fn new(classes: &'c Classes<'_>, class: usize, start: Start) -> Self {
        let places = classes.places_of(class);
        Walk {
            class: class as u32,
            place: places.start as u32,
            counts: classes.counts_at(places).iter(),
            before: classes.in_lower(class) as u32,
            at_risk: start.at_risk,
            state: start.state,
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Stretch;

    #[inline(always)]
    fn next(&mut self) -> Option<Stretch> {
        loop {
            let n = *self.counts.next()?;
            let Walk { class, place, before, at_risk, state, .. } = *self;
            self.place += 1;
            // One is censored after every place but the last, after which nothing is asked.
            self.at_risk = at_risk.wrapping_sub(n + 1);
            if n > 0 {
                let stretch = Stretch { class, place, before, n, at_risk, state };
                self.before += n;
                self.state = stretch.after(n as usize);
                return Some(stretch);
            }
        }
    }
}

/// A point of the curve that is shown: just after `d` ends of a stretch.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    stretch: Stretch,
    d: usize,
}

impl Chosen {
    pub fn rank(&self) -> usize {
        self.stretch.before() + self.d - 1
    }

    fn survival(&self) -> f64 {
        self.stretch.after(self.d).survival
    }
}

/// After how many of `n` ends the next is later; of ends that are not known, only after all.
fn lasts(ends: &[i64], n: usize) -> impl Iterator<Item = usize> {
    (1..ends.len()).filter(|d| ends[*d] != ends[d - 1]).chain([n])
}

impl Curve {
    /// The points that may be shown: just after every different end in an open class, and after the last end of a stretch in
    /// a closed one.
    fn candidates(&self, classes: &Classes<'_>) -> impl Iterator<Item = Chosen> {
        self.stretches(classes).flat_map(|stretch| {
            let ends = if classes.is_open(stretch.class()) { stretch.ends(classes) } else { &[] };
            lasts(ends, stretch.n()).map(move |d| Chosen { stretch, d })
        })
    }

    /// At most `points_max` points: all where there are not more, else evenly spread over what the curve falls by.
    pub fn choose(&self, classes: &Classes, points_max: usize) -> Vec<Chosen> {
        let (n_known, last) = (classes.in_lower(self.n_classes()), self.starts[self.n_classes()]);
        if self.candidates(classes).nth(points_max).is_none() {
            return self.candidates(classes).collect();
        }
        let step = (1.0 - last.state.survival) / (points_max - 1) as f64;
        let mut shown = 1.0;
        let is_kept = |point: &Chosen| {
            let survival = point.survival();
            let is_kept = shown - survival >= step || point.rank() + 1 == n_known;
            if is_kept {
                shown = survival;
            }
            is_kept
        };
        let mut chosen: Vec<Chosen> = self.candidates(classes).filter(is_kept).collect();
        // Rounding may keep one too many; the last stays.
        if chosen.len() > points_max {
            chosen.remove(chosen.len() - 2);
        }
        chosen
    }
}

/// A chosen point in time.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    place: usize,
    time: i64,
}

/// The chosen points, whose classes are open.
pub fn points(classes: &Classes, chosen: &[Chosen]) -> (Vec<Point>, Vec<Moment>) {
    let (mut points, mut moments) = (Vec::with_capacity(chosen.len()), Vec::with_capacity(chosen.len()));
    let mut shown = 0;
    for point in chosen {
        let (stretch, rank) = (&point.stretch, point.rank());
        let (time, state) = (classes.at_rank(rank), stretch.after(point.d));
        let earlier = classes.n_below(time) - stretch.before();
        points.push(Point {
            time: time as f64 / 1e6,
            at_risk: stretch.at_risk() - earlier as u64,
            ended: (rank + 1 - shown) as u64,
            survival: state.survival,
            std_err: state.std_err(),
            interval: state.interval(),
        });
        moments.push(Moment { place: stretch.place(), time });
        shown = rank + 1;
    }
    (points, moments)
}

/// What an end weighs, in a whole number of parts: sums of these are the same in any order.
const PARTS: f64 = (1u64 << 62) as f64;

/// What an end at each place adds to the incidence of its way.
pub fn weights(classes: &Classes, curve: &Curve) -> Vec<u64> {
    let mut weights = vec![0; classes.n_places()];
    curve.stretches(classes).for_each(|stretch| weights[stretch.place()] = (stretch.weight() * PARTS).round() as u64);
    weights
}

/// The incidence of one way after all.
pub fn incidence(way: &Way, weights: &[u64]) -> f64 {
    way.weigh(weights) as f64 / PARTS
}

/// The incidence of each way at each moment.
pub fn incidences(classes: &Classes, weights: &[u64], moments: &[Moment]) -> Vec<Vec<f64>> {
    // By place, the first moment that does not lie before it.
    let mut firsts = Vec::with_capacity(classes.n_places());
    for (at, moment) in moments.iter().enumerate() {
        firsts.resize(firsts.len().max(moment.place + 1), at as u32);
    }
    firsts.resize(classes.n_places(), moments.len() as u32);
    let of_way = |way: &Way| {
        let mut parts = vec![0u64; moments.len() + 1];
        way.each(classes, |wait, place| {
            let mut at = firsts[place as usize] as usize;
            while moments.get(at).is_some_and(|moment| moment.place == place as usize && moment.time < wait) {
                at += 1;
            }
            parts[at] += weights[place as usize];
        });
        let upto = parts[..moments.len()].iter().scan(0, |total, n| {
            *total += n;
            Some(*total as f64 / PARTS)
        });
        upto.collect()
    };
    classes.ways.iter().map(of_way).collect()
}

impl Curve {
    /// The rank of the end by which half have ended.
    pub fn median_rank(&self, classes: &Classes) -> Option<usize> {
        let class = self.first_at_most(HALF);
        let comes_to_half = |stretch: &Stretch| stretch.after(stretch.n()).survival <= HALF;
        let stretch = self.starting_at(classes, class).find(comes_to_half)?;
        let is_past = |d: &usize| stretch.after(*d).survival <= HALF;
        let guess = (stretch.at_risk() as f64 * (1.0 - HALF / stretch.state.survival)).ceil().max(1.0) as usize;
        // The guess is off by at most a rounding.
        let from = guess.saturating_sub(2).max(1);
        let d = (from..=stretch.n()).find(is_past)?;
        Some(stretch.before() + d - 1)
    }

    /// The curve after so many ends; `None` before the first.
    pub fn after(&self, classes: &Classes, n_ended: usize) -> Option<State> {
        let class = classes.class_of_rank(n_ended.checked_sub(1)?);
        let stretch = self.of_class(classes, class).take_while(|stretch| stretch.before() < n_ended).last()?;
        Some(stretch.after((n_ended - stretch.before()).min(stretch.n())))
    }
}

const LN_LN_2: f64 = -0.366_512_920_581_664_35;
const SLACK: f64 = 1e-9;

/// One of the two bounds of the curve.
struct Bound {
    /// Whether it may be past one half, of what `may_cross` says.
    may: fn((bool, bool)) -> bool,
    is_past: fn(State) -> bool,
}

const LOWER: Bound =
    Bound { may: |(lower, _)| lower, is_past: |state| state.interval().is_some_and(|(lo, _)| lo <= 0.5) };
const UPPER: Bound =
    Bound { may: |(_, upper)| upper, is_past: |state| state.interval().is_some_and(|(_, hi)| hi <= 0.5) };

/// Whether the lower or the upper bound of the curve may lie at or below one half after one of some ends: of what it was
/// before them, no later than after the first, and after the last. It is `false` only where that is certain: with L = −ln S, a
/// bound is past where ln L ± zσ/L ≥ ln ln 2, and each part is taken where it is largest.
fn may_cross(before: State, first: State, last: State) -> (bool, bool) {
    if last.survival <= 0.0 {
        return (true, true);
    }
    let (l_first, l_last) = (first.survival.ln().abs(), -last.survival.ln());
    let lower = l_last.ln() + Z95 * last.greenwood.sqrt() / l_first;
    let upper = l_last.ln() - Z95 * before.greenwood.sqrt() / l_last;
    (lower >= LN_LN_2 - SLACK, upper >= LN_LN_2 - SLACK)
}

impl Stretch {
    fn may_cross(&self) -> (bool, bool) {
        may_cross(self.state, self.after(1), self.after(self.n()))
    }
}

impl Curve {
    /// Whether the curve and both its bounds come to one half for certain.
    pub fn have_crossed(&self, classes: &Classes) -> bool {
        // Where even the upper bound has, everything has.
        let is_past = |stretch: Stretch| {
            let end = stretch.after(stretch.n());
            end.survival < 0.5 && stretch.may_cross().1 && (UPPER.is_past)(end)
        };
        self.starting_at(classes, self.first_at_most(0.5)).any(is_past)
    }

    /// The stretches in which a bound may come to one half.
    fn in_doubt(&self, classes: &Classes<'_>, bound: &Bound) -> impl Iterator<Item = Stretch> {
        // Most classes are told to be in no doubt as a whole.
        let may = bound.may;
        let bounds = self.starts.windows(2).enumerate().filter(move |(_, starts)| {
            let (before, last) = (starts[0].state, starts[1].state);
            last.survival < before.survival && may(may_cross(before, before, last))
        });
        bounds.flat_map(|(class, _)| self.of_class(classes, class)).filter(move |stretch| may(stretch.may_cross()))
    }

    /// The classes in which a bound may come to one half before it has done so for certain.
    pub fn where_bounds_may_cross(&self, classes: &Classes) -> Vec<bool> {
        let mut wanted = vec![false; classes.grain.n_classes()];
        for bound in [LOWER, UPPER] {
            for stretch in self.in_doubt(classes, &bound) {
                wanted[stretch.class()] = true;
                if (bound.is_past)(stretch.after(stretch.n())) {
                    break;
                }
            }
        }
        wanted
    }

    /// The first ends after which the lower and the upper bound of the curve are at most one half.
    pub fn bounds_cross(&self, classes: &Classes) -> (Option<i64>, Option<i64>) {
        let find = |bound: Bound| {
            self.in_doubt(classes, &bound).find_map(|stretch| {
                let ends = stretch.ends(classes);
                let mut states = lasts(ends, ends.len()).map(|d| (ends[d - 1], stretch.after(d)));
                states.find(|(_, state)| (bound.is_past)(*state)).map(|(time, _)| time)
            })
        };
        (find(LOWER), find(UPPER))
    }
}
