//! Bootstrap intervals of medians and of their differences, seeded, at a cost that does not grow with the sample.
//!
//! The median of a resample drawn with replacement is one of the sample's own values (or the mean of two): the k-th
//! smallest of n uniform draws of places. The k-th smallest of n uniform numbers is Beta distributed, so one Beta draw
//! takes the place of n draws and a search; what comes out has the very distribution of the ordinary bootstrap.

use super::interval::Estimate;
use super::quantile::quantile_sorted;

/// Resamples that an interval rests on unless somebody asks for another number.
pub const RESAMPLES: u32 = 2_000;

/// A reproducible stream of random numbers (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Strictly between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Standard normal, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                return u * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Gamma with this shape, which is at least 1 (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

/// A sample's median, and the medians of its resamples in the order drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Medians {
    pub n: usize,
    pub median: f64,
    draws: Vec<f64>,
}

/// The medians of `resamples` resamples of values in ascending order; `None` where there are none. Samples that are
/// compared need seeds of their own.
pub fn medians(sorted: &[f64], resamples: u32, seed: u64) -> Option<Medians> {
    let n = sorted.len();
    let median = quantile_sorted(sorted, 0.5)?;
    let middle = n.div_ceil(2);
    let mut random = Random::new(seed);
    let place = |at: f64| sorted[((at * n as f64) as usize).min(n - 1)];
    let draws = (0..resamples)
        .map(|_| {
            let below = random.gamma(middle as f64);
            let above = random.gamma((n - middle + 1) as f64);
            let at = below / (below + above);
            if n % 2 == 1 {
                return place(at);
            }
            // Of the draws beyond the middle one, the smallest.
            let next = 1.0 - (1.0 - at) * random.uniform().powf(1.0 / (n - middle) as f64);
            (place(at) + place(next)) / 2.0
        })
        .collect();
    Some(Medians { n, median, draws })
}

impl Medians {
    /// The 95 % percentile interval of the median; `None` where it would rest on one value or on no resample.
    pub fn interval(&self) -> Option<(f64, f64)> {
        if self.n < 2 { None } else { percentiles(self.draws.clone()) }
    }

    /// How much this median lies above another, and the 95 % percentile interval of that, as far as there is one.
    pub fn above(&self, other: &Medians) -> (f64, Option<Estimate>) {
        let value = self.median - other.median;
        if self.n < 2 || other.n < 2 {
            return (value, None);
        }
        let differences = self.draws.iter().zip(&other.draws).map(|(a, b)| a - b).collect();
        (value, percentiles(differences).map(|(lo, hi)| Estimate { value, lo, hi }))
    }
}

fn percentiles(mut draws: Vec<f64>) -> Option<(f64, f64)> {
    draws.sort_unstable_by(f64::total_cmp);
    Some((quantile_sorted(&draws, 0.025)?, quantile_sorted(&draws, 0.975)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How often every median comes up among all n^n resamples of an ordinary bootstrap.
    fn by_trying_everything(sorted: &[f64]) -> Vec<(f64, f64)> {
        let n = sorted.len();
        let all = n.pow(n as u32);
        let mut found: Vec<(f64, u32)> = Vec::new();
        for mut number in 0..all {
            let mut resample: Vec<f64> = (0..n)
                .map(|_| {
                    let place = number % n;
                    number /= n;
                    sorted[place]
                })
                .collect();
            resample.sort_by(f64::total_cmp);
            let median = quantile_sorted(&resample, 0.5).expect("values");
            match found.iter_mut().find(|(known, _)| *known == median) {
                Some((_, times)) => *times += 1,
                None => found.push((median, 1)),
            }
        }
        found.into_iter().map(|(median, times)| (median, f64::from(times) / all as f64)).collect()
    }

    #[track_caller]
    fn check(sorted: &[f64]) {
        let drawn = medians(sorted, 40_000, 7).expect("values");
        let exact = by_trying_everything(sorted);
        assert!(drawn.draws.iter().all(|draw| exact.iter().any(|(median, _)| median == draw)));
        for (median, share) in exact {
            let times = drawn.draws.iter().filter(|draw| **draw == median).count() as f64 / 40_000.0;
            let spread = 4.5 * (share * (1.0 - share) / 40_000.0).sqrt();
            assert!((times - share).abs() <= spread, "{median}: {times} is not {share}");
        }
    }

    #[test]
    fn medians_of_resamples_come_as_often_as_in_an_ordinary_bootstrap() {
        check(&[5.0]);
        check(&[1.0, 2.0]);
        check(&[1.0, 2.0, 4.0]);
        check(&[1.0, 2.0, 4.0, 8.0]);
        check(&[1.0, 2.0, 4.0, 7.0, 11.0]);
        check(&[3.0, 8.0, 9.0, 20.0, 21.0, 40.0]);
    }

    /// The ends of the interval over all 5⁵ · 6⁶ pairs of resamples, counted one by one by another program.
    #[test]
    fn an_interval_of_a_difference_has_the_ends_of_the_exact_one() {
        let (a, b) = ([1.0, 2.0, 4.0, 7.0, 11.0], [3.0, 8.0, 9.0, 20.0, 21.0, 40.0]);
        let of = |sample: &[f64], seed| medians(sample, 20_000, seed).expect("values");
        let (value, found) = of(&a, 42).above(&of(&b, 43));
        assert_eq!((value, found), (-10.5, Some(Estimate { value: -10.5, lo: -26.5, hi: 1.5 })));
    }

    #[test]
    fn one_value_has_no_interval_and_equal_values_a_point() {
        let one = medians(&[3.0], 100, 1).expect("a value");
        let same = medians(&[2.0; 50], 100, 2).expect("values");
        assert_eq!((one.median, one.interval()), (3.0, None));
        assert_eq!(one.above(&same), (1.0, None));
        assert_eq!(same.interval(), Some((2.0, 2.0)));
        assert_eq!(same.above(&same), (0.0, Some(Estimate { value: 0.0, lo: 0.0, hi: 0.0 })));
        assert_eq!(medians(&[], 100, 1), None);
        assert_eq!(medians(&[1.0, 2.0], 0, 1).expect("values").interval(), None);
    }

    proptest! {
        #[test]
        fn an_interval_lies_within_the_values_and_moves_with_them(
            mut values in prop::collection::vec(-1000i32..1000, 2..60),
            seed in any::<u64>(),
        ) {
            values.sort_unstable();
            let sorted: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let moved: Vec<f64> = sorted.iter().map(|v| v + 512.0).collect();
            let (found, moved) = (medians(&sorted, 200, seed).expect("values"), medians(&moved, 200, seed).expect("values"));
            let (lo, hi) = found.interval().expect("two values");
            prop_assert!(sorted[0] <= lo && lo <= hi && hi <= sorted[sorted.len() - 1]);
            let (moved_lo, moved_hi) = moved.interval().expect("two values");
            prop_assert!((moved_lo - lo - 512.0).abs() < 1e-9 && (moved_hi - hi - 512.0).abs() < 1e-9);
            prop_assert_eq!(found.clone(), medians(&sorted, 200, seed).expect("values"));
        }
    }
}
