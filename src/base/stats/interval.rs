//! Intervals for shares, for differences of shares, and for the net promoter score.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The two-sided 95 % point of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A figure and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub lo: f64,
    pub hi: f64,
}

/// The 95 % Wilson score interval of `hits` out of `n`; `None` where `n` is 0. (Wilson 1927, without continuity
/// correction.)
pub fn wilson(hits: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (share, n, z2) = (hits as f64 / n as f64, n as f64, Z95 * Z95);
    let centre = share + z2 / (2.0 * n);
    let half = Z95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let lo = if hits == 0 { 0.0 } else { ((centre - half) / (1.0 + z2 / n)).max(0.0) };
    let hi = if share >= 1.0 { 1.0 } else { ((centre + half) / (1.0 + z2 / n)).min(1.0) };
    Some((lo, hi))
}

/// The difference of two independent shares, the first less the second, each as (hits, of how many), with Newcombe's
/// hybrid score interval; `None` where one of them is of nobody. (Newcombe 1998, method 10.)
pub fn newcombe(first: (u64, u64), second: (u64, u64)) -> Option<Estimate> {
    let (first_lo, first_hi) = wilson(first.0, first.1)?;
    let (second_lo, second_hi) = wilson(second.0, second.1)?;
    let (a, b) = (first.0 as f64 / first.1 as f64, second.0 as f64 / second.1 as f64);
    let value = a - b;
    let lo = value - (a - first_lo).hypot(second_hi - b);
    let hi = value + (first_hi - a).hypot(b - second_lo);
    Some(Estimate { value, lo: lo.max(-1.0), hi: hi.min(1.0) })
}

/// The net promoter score, −100 to 100, from the counts of promoters, passives and detractors, with its Wald interval;
/// `None` where nobody answered.
pub fn nps(promoters: u64, passives: u64, detractors: u64) -> Option<Estimate> {
    let n = (promoters + passives + detractors) as f64;
    if n == 0.0 {
        return None;
    }
    let (up, down) = (promoters as f64 / n, detractors as f64 / n);
    let score = up - down;
    let half = Z95 * ((up + down - score * score).max(0.0) / n).sqrt();
    let value = 100.0 * score;
    Some(Estimate { value, lo: (value - 100.0 * half).max(-100.0), hi: (value + 100.0 * half).min(100.0) })
}

/// The 95 % interval of a mean from the count, the sum and the sum of squares of its values, by Student's t; `None` for
/// fewer than two values.
pub fn mean_interval(n: u64, sum: f64, squares: f64) -> Option<(f64, f64)> {
    if n < 2 {
        return None;
    }
    let (count, mean) = (n as f64, sum / n as f64);
    let variance = ((squares - sum * mean) / (count - 1.0)).max(0.0);
    let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * (variance / count).sqrt();
    Some((mean - half, mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn near(found: f64, expect: f64, within: f64) {
        assert!((found - expect).abs() <= within, "{found} is not {expect}");
    }

    #[test]
    fn wilson_gives_the_worked_figures() {
        let (lo, hi) = wilson(45, 100).expect("somebody");
        near(lo, 0.3561, 5e-5);
        near(hi, 0.5476, 5e-5);
        let (lo, hi) = wilson(0, 5).expect("somebody");
        near(lo, 0.0, 0.0);
        near(hi, 0.4345, 5e-5);
        assert_eq!(wilson(5, 5).expect("somebody").1, 1.0);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn newcombe_does_not_exclude_zero_where_wald_wrongly_does() {
        let found = newcombe((512, 2171), (44, 241)).expect("somebody");
        near(100.0 * found.value, 5.33, 5e-3);
        near(100.0 * found.lo, -0.31, 5e-3);
        near(100.0 * found.hi, 10.06, 5e-3);
        let (a, b): (f64, f64) = (512.0 / 2171.0, 44.0 / 241.0);
        let wald_half = Z95 * (a * (1.0 - a) / 2171.0 + b * (1.0 - b) / 241.0).sqrt();
        near(100.0 * (a - b - wald_half), 0.13, 5e-3);
        near(100.0 * (a - b + wald_half), 10.5, 5e-2);
        assert_eq!(newcombe((1, 2), (0, 0)), None);
    }

    #[test]
    fn a_mean_has_the_interval_of_the_book() {
        // 2.5 and 3.182446 standard errors of 0.866025.
        let (lo, hi) = mean_interval(4, 10.0, 34.0).expect("four values");
        near(lo, -0.256079, 1e-6);
        near(hi, 5.256079, 1e-6);
        assert_eq!(mean_interval(1, 3.0, 9.0), None);
        assert_eq!(mean_interval(3, 6.0, 12.0), Some((2.0, 2.0)));
    }

    #[test]
    fn nps_gives_the_worked_figure() {
        let found = nps(45, 30, 25).expect("somebody");
        near(found.value, 20.0, 1e-9);
        near(found.hi - found.value, 15.92, 5e-3);
        near(found.value - found.lo, 15.92, 5e-3);
        assert_eq!(nps(0, 0, 0), None);
        assert_eq!(nps(7, 0, 0), Some(Estimate { value: 100.0, lo: 100.0, hi: 100.0 }));
    }

    prop_compose! {
        fn share()(n in 1u64..5_000)(hits in 0..=n, n in Just(n)) -> (u64, u64) {
            (hits, n)
        }
    }

    proptest! {
        #[test]
        fn a_wilson_interval_holds_its_share_and_stays_between_0_and_1((hits, n) in share()) {
            let (lo, hi) = wilson(hits, n).expect("somebody");
            let share = hits as f64 / n as f64;
            prop_assert!(0.0 <= lo && lo <= share && share <= hi && hi <= 1.0 && lo < hi);
        }

        #[test]
        fn more_hits_move_a_wilson_interval_up_and_more_data_makes_it_narrower((hits, n) in share()) {
            let (lo, hi) = wilson(hits, n).expect("somebody");
            if hits < n {
                let (lo_more, hi_more) = wilson(hits + 1, n).expect("somebody");
                prop_assert!(lo_more > lo && hi_more >= hi);
            }
            let (lo_wide, hi_wide) = wilson(hits * 4, n * 4).expect("somebody");
            prop_assert!(hi_wide - lo_wide < hi - lo);
        }

        #[test]
        fn a_difference_turned_around_is_its_own_mirror(first in share(), second in share()) {
            let there = newcombe(first, second).expect("somebody");
            let back = newcombe(second, first).expect("somebody");
            prop_assert!(there.lo <= there.value && there.value <= there.hi && there.lo >= -1.0 && there.hi <= 1.0);
            prop_assert!((there.lo + back.hi).abs() < 1e-12 && (there.hi + back.lo).abs() < 1e-12);
        }

        #[test]
        fn a_promoter_score_stays_within_its_scale(up in 0u64..900, level in 0u64..900, down in 0u64..900) {
            prop_assume!(up + level + down > 0);
            let found = nps(up, level, down).expect("somebody");
            prop_assert!(-100.0 <= found.lo && found.lo <= found.value && found.value <= found.hi && found.hi <= 100.0);
        }
    }
}
