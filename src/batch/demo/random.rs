//! Chance that is the same on every machine: SplitMix64, and distributions made of exact arithmetic only.
//!
//! No logarithm or power of the system's library is used: those differ in the last digit from one system to the next.

/// A stream of random numbers in eight bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of one customer under one seed.
    pub(super) fn of(seed: u64, customer: u32) -> Self {
        Random(mix(seed ^ mix(u64::from(customer) + 1)))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// 0 to `n − 1`.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// 0 (included) to 1 (excluded).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn happens(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// A position, by running totals of the weights.
    pub(super) fn pick(&mut self, totals: &[u32]) -> usize {
        let all = totals.last().copied().unwrap_or(1);
        let at = self.below(u64::from(all)) as u32;
        totals.partition_point(|&total| total <= at)
    }

    /// A waiting time with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -ln(1.0 - self.unit()) * mean
    }

    /// At least 1, mostly near it, sometimes very large: half the values are above 1.4, one in a hundred above 10.
    pub(super) fn pareto(&mut self) -> f64 {
        1.0 / (1.0 - self.unit()).sqrt()
    }
}

/// Running totals of weights, for `pick`.
pub(super) fn totals(weights: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut sum = 0;
    weights
        .into_iter()
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect()
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The natural logarithm of a positive normal number, to nine digits, by additions, multiplications and one division.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7FF) as i32 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let t2 = t * t;
    let mut series = 0.0;
    for n in (0..10).rev() {
        series = series * t2 + 1.0 / f64::from(2 * n + 1);
    }
    f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * t * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_logarithm_is_the_logarithm() {
        for x in [1e-300, 0.001, 0.5, 0.999, 1.0, 1.5, 1.999_999, 2.0, 12345.6] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-8, "{x}: {} not {}", ln(x), f64::ln(x));
        }
    }

    #[test]
    fn chance_has_the_shape_that_it_says() {
        let mut random = Random::of(1, 2);
        let n = 100_000;
        let mean = (0..n).map(|_| random.exponential(30.0)).sum::<f64>() / f64::from(n);
        assert!((29.5..30.5).contains(&mean), "{mean}");
        let totals = totals([1, 0, 3]);
        let mut seen = [0; 3];
        (0..n).for_each(|_| seen[random.pick(&totals)] += 1);
        assert_eq!(seen[1], 0);
        assert!((24_000..26_000).contains(&seen[0]), "{seen:?}");
        let above = (0..n).filter(|_| random.pareto() > 10.0).count();
        assert!((800..1200).contains(&above), "{above}");
    }

    #[test]
    fn customers_have_streams_of_their_own() {
        assert_ne!(Random::of(1, 0).next(), Random::of(1, 1).next());
        assert_ne!(Random::of(1, 0).next(), Random::of(2, 0).next());
        assert_eq!(Random::of(9, 9).next(), Random::of(9, 9).next());
    }
}
