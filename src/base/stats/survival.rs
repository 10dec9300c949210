//! How long until something happens, with those still waiting counted for as long as they were watched: Kaplan–Meier
//! curves and the log-rank test between them.
//!
//! Who was watched until the very time at which somebody else's wait ended still counts as at risk then. The median is
//! the first time at which no more than half are still waiting; its interval holds the times at which the pointwise
//! log-log interval of the curve crosses one half (Brookmeyer and Crowley 1982).

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::interval::Z95;

/// One wait: how long it was watched, and whether it ended then (else it was still going on: censored).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    pub time: f64,
    pub has_ended: bool,
}

impl Spell {
    pub fn ended(time: f64) -> Self {
        Spell { time, has_ended: true }
    }

    pub fn open(time: f64) -> Self {
        Spell { time, has_ended: false }
    }
}

/// The curve just after a time at which at least one wait ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub time: f64,
    /// Still waiting and still watched just before.
    pub at_risk: u64,
    pub ended: u64,
    /// The share still waiting.
    pub survival: f64,
    /// Standard error of `survival` by Greenwood's formula.
    pub std_err: f64,
    /// The 95 % log-log interval of `survival`; `None` once nobody is left, where the formula says nothing.
    pub interval: Option<(f64, f64)>,
}

/// A Kaplan–Meier curve: 1 before the first point, then a step at each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survival {
    pub n: u64,
    pub n_ended: u64,
    pub points: Vec<Point>,
}

/// The Kaplan–Meier curve of these waits, in any order.
///
/// # Panics
/// When a time is not a number: lengths of time always are.
pub fn kaplan_meier(spells: &[Spell]) -> Survival {
    let mut sorted = spells.to_vec();
    sort(&mut sorted);
    let mut curve = Survival { n: sorted.len() as u64, n_ended: 0, points: Vec::new() };
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut at = 0;
    while at < sorted.len() {
        let time = sorted[at].time;
        let at_risk = (sorted.len() - at) as u64;
        let mut ended = 0;
        while at < sorted.len() && sorted[at].time == time {
            ended += u64::from(sorted[at].has_ended);
            at += 1;
        }
        if ended == 0 {
            continue;
        }
        curve.n_ended += ended;
        let (n, d) = (at_risk as f64, ended as f64);
        survival *= (n - d) / n;
        greenwood += d / (n * (n - d));
        let (std_err, interval) = if survival > 0.0 {
            (survival * greenwood.sqrt(), Some(log_log(survival, greenwood)))
        } else {
            (0.0, None)
        };
        curve.points.push(Point { time, at_risk, ended, survival, std_err, interval });
    }
    curve
}

fn sort(spells: &mut [Spell]) {
    assert!(spells.iter().all(|spell| !spell.time.is_nan()), "a length of time is a number");
    spells.sort_by(|a, b| a.time.total_cmp(&b.time));
}

/// The interval of a share strictly between 0 and 1, symmetric on the scale of log(−log).
pub(super) fn log_log(survival: f64, greenwood: f64) -> (f64, f64) {
    let spread = (Z95 * greenwood.sqrt() / survival.ln().abs()).exp();
    (survival.powf(spread), survival.powf(1.0 / spread))
}

impl Survival {
    /// The share still waiting after `time`.
    pub fn at(&self, time: f64) -> f64 {
        let passed = self.points.partition_point(|point| point.time <= time);
        passed.checked_sub(1).map_or(1.0, |last| self.points[last].survival)
    }

    /// The first time by which at least `share` of all waits have ended; `None` where that is not reached.
    pub fn time_until(&self, share: f64) -> Option<f64> {
        // A curve of thousands of factors misses one half by a few ulps where it should meet it.
        self.points.iter().find(|point| point.survival <= 1.0 - share + 1e-12).map(|point| point.time)
    }

    /// The time by which half have ended; `None` where that is not reached.
    pub fn median(&self) -> Option<f64> {
        self.time_until(0.5)
    }

    /// The 95 % interval of the median; an end that is not reached is `None`.
    pub fn median_interval(&self) -> (Option<f64>, Option<f64>) {
        let first = |is_past: fn((f64, f64)) -> bool| {
            self.points.iter().find(|point| point.interval.is_some_and(is_past)).map(|point| point.time)
        };
        (first(|(lo, _)| lo <= 0.5), first(|(_, hi)| hi <= 0.5))
    }
}

/// What the log-rank test says about groups of waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    pub chi_square: f64,
    pub degrees: usize,
    pub p: f64,
}

/// Tests whether the waits of several groups could come from one curve; `None` with fewer than two groups of anybody,
/// or where no end says anything about them (Mantel 1966, without stratification).
pub fn log_rank(groups: &[Vec<Spell>]) -> Option<LogRank> {
    let mut sorted: Vec<Vec<Spell>> = groups.iter().filter(|group| !group.is_empty()).cloned().collect();
    sorted.iter_mut().for_each(|group| sort(group));
    let k = sorted.len();
    if k < 2 {
        return None;
    }
    // The last group follows from the others, which leaves a covariance matrix of full rank.
    let free = k - 1;
    let (mut surplus, mut covariance) = (vec![0.0; free], vec![vec![0.0; free]; free]);
    let mut places = vec![0; k];
    while let Some((at_risk, ended)) = next_time(&sorted, &mut places) {
        let (n, d) = (at_risk.iter().sum::<u64>() as f64, ended.iter().sum::<u64>() as f64);
        if d == 0.0 {
            continue;
        }
        let shares: Vec<f64> = at_risk.iter().map(|&r| r as f64 / n).collect();
        let factor = if n > 1.0 { d * (n - d) / (n - 1.0) } else { 0.0 };
        for i in 0..free {
            surplus[i] += ended[i] as f64 - d * shares[i];
            for j in 0..free {
                covariance[i][j] += factor * shares[i] * (if i == j { 1.0 } else { 0.0 } - shares[j]);
            }
        }
    }
    let weights = solve(covariance, surplus.clone())?;
    let chi_square: f64 = surplus.iter().zip(&weights).map(|(a, b)| a * b).sum();
    let p = ChiSquared::new(free as f64).ok()?.sf(chi_square.max(0.0));
    Some(LogRank { chi_square, degrees: free, p })
}

/// Walks all groups to their next common time: how many were at risk in each just before, and how many ended there.
fn next_time(sorted: &[Vec<Spell>], places: &mut [usize]) -> Option<(Vec<u64>, Vec<u64>)> {
    let time = sorted.iter().zip(&*places).filter_map(|(g, &at)| g.get(at)).map(|s| s.time).min_by(f64::total_cmp)?;
    let at_risk = sorted.iter().zip(&*places).map(|(group, &at)| (group.len() - at) as u64).collect();
    let mut ended = vec![0; sorted.len()];
    for ((group, place), ended) in sorted.iter().zip(places).zip(&mut ended) {
        while let Some(spell) = group.get(*place).filter(|spell| spell.time == time) {
            *ended += u64::from(spell.has_ended);
            *place += 1;
        }
    }
    Some((at_risk, ended))
}

/// Solves `matrix · x = right` by elimination with pivoting; `None` where the matrix is singular.
pub(super) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    let scale = matrix.iter().flatten().fold(0.0f64, |max, v| max.max(v.abs()));
    for step in 0..n {
        let pivot = (step..n).max_by(|&a, &b| matrix[a][step].abs().total_cmp(&matrix[b][step].abs()))?;
        if matrix[pivot][step].abs() <= scale * 1e-12 {
            return None;
        }
        matrix.swap(step, pivot);
        right.swap(step, pivot);
        let (above, below) = matrix.split_at_mut(step + 1);
        let taken = &above[step];
        for (row, values) in (step + 1..).zip(below) {
            let factor = values[step] / taken[step];
            values.iter_mut().zip(taken).skip(step).for_each(|(value, taken)| *value -= factor * taken);
            right[row] -= factor * right[step];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::super::quantile::quantile_sorted;
    use super::*;
    use proptest::prelude::*;

    /// Waits as text: `"1 2+ 5"`, where `+` is still going on.
    fn spells(text: &str) -> Vec<Spell> {
        let read = |word: &str| match word.strip_suffix('+') {
            Some(time) => Spell::open(time.parse().expect("a time")),
            None => Spell::ended(word.parse().expect("a time")),
        };
        text.split_whitespace().map(read).collect()
    }

    fn median_of(mut times: Vec<f64>) -> Option<f64> {
        times.sort_by(f64::total_cmp);
        quantile_sorted(&times, 0.5)
    }

    #[track_caller]
    fn near(found: f64, expect: f64, within: f64) {
        assert!((found - expect).abs() <= within, "{found} is not {expect}");
    }

    #[test]
    fn those_still_waiting_count_so_the_median_is_neither_of_the_completed_nor_of_all() {
        let waits = spells("1 2 2 4+ 5 6+ 7+ 9+");
        let curve = kaplan_meier(&waits);
        assert_eq!(curve.median(), Some(5.0));
        assert_eq!(median_of(waits.iter().filter(|s| s.has_ended).map(|s| s.time).collect()), Some(2.0));
        assert_eq!(median_of(waits.iter().map(|s| s.time).collect()), Some(4.5));
        let at_risk: Vec<u64> = curve.points.iter().map(|p| p.at_risk).collect();
        assert_eq!(at_risk, [8, 7, 4]);
        near(curve.at(2.0), 0.625, 1e-12);
        near(curve.at(1.999), 0.875, 1e-12);
        near(curve.at(5.0), 0.46875, 1e-12);
        assert_eq!((curve.at(0.0), curve.n, curve.n_ended), (1.0, 8, 4));
    }

    #[test]
    fn what_is_not_reached_is_said_to_be_so() {
        assert_eq!(kaplan_meier(&spells("1 5+ 5+ 5+")).median(), None);
        assert_eq!(kaplan_meier(&[]).median(), None);
        assert_eq!(kaplan_meier(&[]).at(3.0), 1.0);
        assert_eq!(kaplan_meier(&spells("1 2 3 4")).median(), Some(2.0));
        assert_eq!(kaplan_meier(&spells("3 3")).points[0].interval, None);
    }

    /// Gehan's leukaemia trial: remission in weeks under 6-MP and under placebo, with the figures of the textbooks (Cox
    /// and Oakes 1984; R's `survfit` with `conf.type = "log-log"` and `survdiff`).
    #[test]
    fn the_leukaemia_trial_gives_its_published_figures() {
        let mercaptopurine = spells("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+");
        let placebo = spells("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23");
        let curve = kaplan_meier(&mercaptopurine);
        assert_eq!((curve.median(), curve.median_interval()), (Some(23.0), (Some(13.0), None)));
        let at = |time: f64| *curve.points.iter().find(|p| p.time == time).expect("a point");
        near(at(6.0).survival, 0.8571, 5e-5);
        near(at(6.0).std_err, 0.0764, 5e-5);
        near(at(23.0).survival, 0.4482, 5e-5);
        near(at(23.0).std_err, 0.1346, 5e-5);
        assert_eq!(kaplan_meier(&placebo).median(), Some(8.0));
        assert_eq!(kaplan_meier(&placebo).median_interval(), (Some(4.0), Some(11.0)));
        let test = log_rank(&[mercaptopurine, placebo]).expect("two groups");
        near(test.chi_square, 16.79, 5e-3);
        near(test.p, 4.17e-5, 5e-7);
        assert_eq!(test.degrees, 1);
    }

    /// The lifelines project's walton data, read where it lies beside the repository.
    #[test]
    fn the_walton_curves_have_their_known_medians() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/lifelines_km/waltons_dataset.csv");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let group = |name: &str| -> Vec<Spell> {
            let mut spells = Vec::new();
            for line in text.lines().skip(1) {
                let fields: Vec<&str> = line.trim().split(',').collect();
                if fields[2] == name {
                    spells.push(Spell { time: fields[0].parse().expect("a time"), has_ended: fields[1] == "1" });
                }
            }
            spells
        };
        let (control, treated) = (group("control"), group("miR-137"));
        let everybody = [control.clone(), treated.clone()].concat();
        assert_eq!(kaplan_meier(&everybody).median(), Some(56.0));
        assert_eq!(kaplan_meier(&control).median(), Some(58.0));
        assert_eq!(kaplan_meier(&control).median_interval(), (Some(56.0), Some(60.0)));
        assert_eq!(kaplan_meier(&treated).median(), Some(26.0));
        assert_eq!(kaplan_meier(&treated).median_interval(), (Some(19.0), Some(29.0)));
        let test = log_rank(&[control, treated]).expect("two groups");
        near(test.chi_square, 122.249, 1e-3);
        near(test.p, 2.036e-28, 1e-31);
    }

    #[test]
    fn a_group_split_at_random_labels_is_no_different_and_a_missing_group_is_no_group() {
        let waits = spells("1 2 2 4+ 5 6+ 7+ 9+");
        let same = log_rank(&[waits.clone(), waits.clone(), waits.clone()]).expect("three groups");
        near(same.chi_square, 0.0, 1e-12);
        assert_eq!(same.degrees, 2);
        near(same.p, 1.0, 1e-12);
        assert_eq!(log_rank(&[waits.clone(), Vec::new()]), None);
        assert_eq!(log_rank(&[waits, spells("3+ 4+")]).map(|test| test.degrees), Some(1));
        assert_eq!(log_rank(&[spells("1+ 2+"), spells("3+")]), None);
    }

    prop_compose! {
        fn any_spells()(times in prop::collection::vec((0u8..20, any::<bool>()), 1..60)) -> Vec<Spell> {
            times.into_iter().map(|(time, has_ended)| Spell { time: f64::from(time), has_ended }).collect()
        }
    }

    proptest! {
        #[test]
        fn a_curve_falls_from_1_towards_0_within_its_interval(waits in any_spells()) {
            let curve = kaplan_meier(&waits);
            let mut before = 1.0;
            for point in &curve.points {
                prop_assert!(0.0 <= point.survival && point.survival < before);
                if let Some((lo, hi)) = point.interval {
                    prop_assert!(0.0 <= lo && lo <= point.survival && point.survival <= hi && hi <= 1.0);
                }
                before = point.survival;
            }
            prop_assert_eq!(curve.points.iter().map(|p| p.ended).sum::<u64>(), curve.n_ended);
            if let (Some(median), (Some(lo), hi)) = (curve.median(), curve.median_interval()) {
                prop_assert!(lo <= median && hi.is_none_or(|hi| median <= hi));
            }
        }

        #[test]
        fn without_open_waits_the_curve_is_the_share_that_lasted_longer(times in prop::collection::vec(0u8..20, 1..60)) {
            let waits: Vec<Spell> = times.iter().map(|&t| Spell::ended(f64::from(t))).collect();
            let curve = kaplan_meier(&waits);
            for time in 0u8..20 {
                let longer = times.iter().filter(|&&t| t > time).count() as f64 / times.len() as f64;
                prop_assert!((curve.at(f64::from(time)) - longer).abs() < 1e-9);
            }
        }

        #[test]
        fn the_order_of_the_groups_does_not_matter(a in any_spells(), b in any_spells(), c in any_spells()) {
            let one = log_rank(&[a.clone(), b.clone(), c.clone()]);
            let other = log_rank(&[c, a, b]);
            if let (Some(one), Some(other)) = (one, other) {
                prop_assert!((one.chi_square - other.chi_square).abs() < 1e-6 && (0.0..=1.0).contains(&one.p));
            }
        }
    }
}
