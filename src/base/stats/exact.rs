//! Sums of decimals that come out the same in any order: fixed-point with 64 bits behind the point.

/// A sum. What is added is exact to 2⁻⁶⁴; a sum beyond ±2⁶³ stays there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(i128);

const ONE: f64 = 18_446_744_073_709_551_616.0;

impl Exact {
    /// Adds a number; one that is not finite counts as nothing, or as the end of the range.
    pub fn add(&mut self, value: f64) {
        // A product with a power of two is exact, and the cast saturates.
        self.0 = self.0.saturating_add((value * ONE) as i128);
    }

    pub fn merge(&mut self, other: Exact) {
        self.0 = self.0.saturating_add(other.0);
    }

    pub fn value(self) -> f64 {
        self.0 as f64 / ONE
    }
}

#[cfg(test)]
mod tests {
    use super::Exact;

    #[test]
    fn a_sum_is_the_same_in_any_order_and_rounded_once() {
        let values = [0.1, 42.3, -7.7, 1e9, 0.2, -1e9, 3.4];
        let sum = |values: &mut dyn Iterator<Item = f64>| {
            let mut sum = Exact::default();
            values.for_each(|value| sum.add(value));
            sum
        };
        let there = sum(&mut values.into_iter());
        assert_eq!(there, sum(&mut values.into_iter().rev()));
        let (mut first, second) = (sum(&mut values[..3].iter().copied()), sum(&mut values[3..].iter().copied()));
        first.merge(second);
        assert_eq!(first, there);
        assert!((there.value() - 38.3).abs() < 1e-12, "{}", there.value());
        assert_eq!(sum(&mut std::iter::repeat_n(0.1, 10)).value(), 1.0);
        assert_eq!(sum(&mut [42.3].into_iter()).value(), 42.3);
        assert_eq!(sum(&mut [f64::NAN, 2.5].into_iter()).value(), 2.5);
    }
}
