//! The Kaplan–Meier curve and the incidences over waits that are counted by class.

use super::super::interval::Z95;
use super::super::survival::{Point, log_log};
use super::classes::{Classes, Way};

/// One half, with the slack that a curve of many factors needs to meet it.
const HALF: f64 = 0.5 + 1e-12;

/// The ends of one place, between which nobody is censored. Waits are at most as many as events, of which there are fewer
/// than 2³².
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    class: u32,
    place: u32,
    /// Ends before the stretch.
    before: u32,
    /// Ends in it.
    n: u32,
    /// Still waiting and watched just before its first end.
    at_risk: u32,
    survival: f64,
    greenwood: f64,
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

    pub fn before(&self) -> usize {
        self.before as usize
    }

    pub fn n(&self) -> usize {
        self.n as usize
    }

    fn at_risk(&self) -> u64 {
        u64::from(self.at_risk)
    }

    /// After `d` of its ends.
    pub fn after(&self, d: usize) -> State {
        let (n, left) = (self.at_risk() as f64, (self.at_risk() - d as u64) as f64);
        State { survival: self.survival * left / n, greenwood: self.greenwood + 1.0 / left - 1.0 / n }
    }

    /// What every end of the stretch weighs.
    fn weight(&self) -> f64 {
        self.survival / self.at_risk() as f64
    }

    /// Its ends, ascending; its class is open.
    fn ends<'c>(&self, classes: &'c Classes) -> &'c [i64] {
        let from = self.before() - classes.in_lower(self.class());
        &classes.sorted(self.class())[from..from + self.n()]
    }
}

/// The curve in stretches, as far as it is known.
pub fn stretches(classes: &Classes) -> Vec<Stretch> {
    // With many censorings there are millions, which a growing list would hold twice.
    let mut stretches = Vec::with_capacity(classes.n_places_with_ends());
    let mut at_risk = (classes.len() + classes.n_open) as u32;
    let (mut state, mut before) = (State { survival: 1.0, greenwood: 0.0 }, 0);
    for class in 0..classes.end {
        let open = classes.open_of(class);
        for (at, place) in classes.places_of(class).enumerate() {
            let n = classes.count_at(place);
            if n > 0 {
                let State { survival, greenwood } = state;
                let (class, place, n_here) = (class as u32, place as u32, n as u32);
                let stretch = Stretch { class, place, before, n: n_here, at_risk, survival, greenwood };
                state = stretch.after(n);
                before += n_here;
                at_risk -= n_here;
                stretches.push(stretch);
            }
            at_risk -= u32::from(at < open.len());
        }
    }
    stretches
}

/// A point of the curve that is shown: just after `d` ends of a stretch.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    stretch: usize,
    d: usize,
}

impl Chosen {
    pub fn rank(&self, stretches: &[Stretch]) -> usize {
        stretches[self.stretch].before() + self.d - 1
    }
}

/// The points that may be shown: just after every different end in an open class, and after the last end of a closed one.
fn candidates(classes: &Classes, stretches: &[Stretch]) -> impl Iterator<Item = Chosen> {
    stretches.iter().enumerate().flat_map(|(place, stretch)| {
        let ends = if classes.is_open(stretch.class()) { stretch.ends(classes) } else { &[] };
        lasts(ends, stretch.n()).map(move |d| Chosen { stretch: place, d })
    })
}

/// After how many of `n` ends the next is later; of ends that are not known, only after all.
fn lasts(ends: &[i64], n: usize) -> impl Iterator<Item = usize> {
    (1..ends.len()).filter(|d| ends[*d] != ends[d - 1]).chain([n])
}

/// At most `points_max` points: all where there are not more, else evenly spread over what the curve falls by.
pub fn choose(classes: &Classes, stretches: &[Stretch], points_max: usize) -> Vec<Chosen> {
    let Some(last) = stretches.last() else { return Vec::new() };
    if candidates(classes, stretches).nth(points_max).is_none() {
        return candidates(classes, stretches).collect();
    }
    let step = (1.0 - last.after(last.n()).survival) / (points_max - 1) as f64;
    let mut shown = 1.0;
    let is_last = |point: &Chosen| point.stretch + 1 == stretches.len() && point.d == last.n();
    let mut chosen: Vec<Chosen> = candidates(classes, stretches)
        .filter(|point| {
            let survival = stretches[point.stretch].after(point.d).survival;
            let is_kept = shown - survival >= step || is_last(point);
            if is_kept {
                shown = survival;
            }
            is_kept
        })
        .collect();
    // Rounding may keep one too many; the last stays.
    if chosen.len() > points_max {
        chosen.remove(chosen.len() - 2);
    }
    chosen
}

/// A chosen point in time.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    place: usize,
    time: i64,
}

/// The chosen points, whose classes are open.
pub fn points(classes: &Classes, stretches: &[Stretch], chosen: &[Chosen]) -> (Vec<Point>, Vec<Moment>) {
    let (mut points, mut moments) = (Vec::with_capacity(chosen.len()), Vec::with_capacity(chosen.len()));
    let mut shown = 0;
    for point in chosen {
        let (stretch, rank) = (&stretches[point.stretch], point.rank(stretches));
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
pub fn weights(classes: &Classes, stretches: &[Stretch]) -> Vec<u64> {
    let mut weights = vec![0; classes.n_places()];
    stretches.iter().for_each(|stretch| weights[stretch.place()] = (stretch.weight() * PARTS).round() as u64);
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

/// The rank of the end by which half have ended.
pub fn median_rank(stretches: &[Stretch]) -> Option<usize> {
    let stretch =
        &stretches[stretches.partition_point(|stretch| stretch.after(stretch.n()).survival > HALF)..].first()?;
    let is_past = |d: &usize| stretch.after(*d).survival <= HALF;
    let guess = (stretch.at_risk() as f64 * (1.0 - HALF / stretch.survival)).ceil().max(1.0) as usize;
    // The guess is off by at most a rounding.
    let from = guess.saturating_sub(2).max(1);
    let d = (from..=stretch.n()).find(is_past)?;
    Some(stretch.before() + d - 1)
}

const LN_LN_2: f64 = -0.366_512_920_581_664_35;
const SLACK: f64 = 1e-9;

impl Stretch {
    /// Whether the lower or the upper bound of the curve may lie at or below one half after one of the ends. It is `false`
    /// only where that is certain: with L = −ln S, a bound is past where ln L ± zσ/L ≥ ln ln 2, and each part is taken at
    /// the end of the stretch where it is largest.
    fn may_cross(&self) -> (bool, bool) {
        let (first, last) = (self.after(1), self.after(self.n()));
        if last.survival <= 0.0 {
            return (true, true);
        }
        let (l_first, l_last) = (-first.survival.ln(), -last.survival.ln());
        let lower = l_last.ln() + Z95 * last.greenwood.sqrt() / l_first;
        let upper = l_last.ln() - Z95 * self.greenwood.sqrt() / l_last;
        (lower >= LN_LN_2 - SLACK, upper >= LN_LN_2 - SLACK)
    }
}

fn is_past_lower(state: State) -> bool {
    state.interval().is_some_and(|(lo, _)| lo <= 0.5)
}

fn is_past_upper(state: State) -> bool {
    state.interval().is_some_and(|(_, hi)| hi <= 0.5)
}

/// Whether the curve and both its bounds come to one half for certain.
pub fn have_crossed(stretches: &[Stretch]) -> bool {
    // Where even the upper bound has, everything has.
    let is_past = |stretch: &Stretch| {
        let end = stretch.after(stretch.n());
        end.survival < 0.5 && stretch.may_cross().1 && is_past_upper(end)
    };
    stretches.iter().rev().any(is_past)
}

/// The closed classes in which a bound may come to one half before it has done so for certain.
pub fn where_bounds_may_cross(classes: &Classes, stretches: &[Stretch]) -> Vec<bool> {
    let mut wanted = vec![false; classes.grain.n_classes()];
    let (mut seeks_lower, mut seeks_upper) = (true, true);
    for stretch in stretches {
        if !seeks_lower && !seeks_upper {
            break;
        }
        let (lower, upper) = stretch.may_cross();
        if (seeks_lower && lower) || (seeks_upper && upper) {
            wanted[stretch.class()] = true;
        }
        let end = stretch.after(stretch.n());
        seeks_lower &= !(lower && is_past_lower(end));
        seeks_upper &= !(upper && is_past_upper(end));
    }
    wanted
}

/// The first ends after which the lower and the upper bound of the curve are at most one half.
pub fn bounds_cross(classes: &Classes, stretches: &[Stretch]) -> (Option<i64>, Option<i64>) {
    let find = |may: fn((bool, bool)) -> bool, is_past: fn(State) -> bool| {
        let mut in_doubt = stretches.iter().filter(|stretch| may(stretch.may_cross()));
        in_doubt.find_map(|stretch| {
            let ends = stretch.ends(classes);
            let states = lasts(ends, ends.len()).map(|d| (ends[d - 1], stretch.after(d)));
            states.into_iter().find(|(_, state)| is_past(*state)).map(|(time, _)| time)
        })
    };
    (find(|(lower, _)| lower, is_past_lower), find(|(_, upper)| upper, is_past_upper))
}
