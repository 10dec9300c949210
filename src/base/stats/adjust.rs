//! Adjustment of p-values where several comparisons stand on one screen.

/// Benjamini–Hochberg adjusted p-values, in the order given: comparisons with an adjusted value up to q have a false
/// discovery rate of at most q. (Benjamini and Hochberg 1995, in the step-up form of R's `p.adjust`.)
pub fn benjamini_hochberg(raw: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by(|&a, &b| raw[b].total_cmp(&raw[a]));
    let n = raw.len() as f64;
    let mut adjusted = vec![1.0; raw.len()];
    let mut smallest: f64 = 1.0;
    for (from_top, idx) in order.into_iter().enumerate() {
        let rank = n - from_top as f64;
        // Written as a division, so that the largest p-value (rank n) stays exactly itself.
        smallest = smallest.min(raw[idx] / (rank / n));
        adjusted[idx] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &[f64], expect: &[f64]) {
        let found = benjamini_hochberg(raw);
        assert_eq!(found.len(), expect.len());
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < 1e-12, "{found} is not {expect}");
        }
    }

    #[test]
    fn values_are_adjusted_where_they_stand() {
        check(&[], &[]);
        check(&[0.04], &[0.04]);
        check(&[0.01, 0.02, 0.03, 0.04], &[0.04; 4]);
        check(&[0.04, 0.01, 0.5], &[0.06, 0.03, 0.5]);
        check(&[0.2, 0.001, 0.2, 0.9], &[0.2 * 4.0 / 3.0, 0.004, 0.2 * 4.0 / 3.0, 0.9]);
    }

    /// The fifteen p-values of the paper's own example: at a false discovery rate of 5 % the four smallest stay.
    #[test]
    fn the_example_of_the_paper_keeps_its_four() {
        let raw = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0000,
        ];
        let adjusted = benjamini_hochberg(&raw);
        assert_eq!(adjusted.iter().filter(|p| **p <= 0.05).count(), 4);
        assert!((adjusted[3] - 0.035_625).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn adjusted_is_never_below_raw_and_keeps_the_order(raw in prop::collection::vec(0.0f64..=1.0, 1..60)) {
            let adjusted = benjamini_hochberg(&raw);
            for (i, (p, q)) in raw.iter().zip(&adjusted).enumerate() {
                prop_assert!(q >= p && *q <= 1.0);
                for (other_p, other_q) in raw.iter().zip(&adjusted).skip(i + 1) {
                    let is_turned = (p < other_p && q > other_q) || (p > other_p && q < other_q);
                    prop_assert!(!is_turned);
                }
            }
        }

        #[test]
        fn one_comparison_or_many_equal_ones_need_no_adjustment(p in 0.0f64..=1.0, n in 1usize..40) {
            prop_assert!(benjamini_hochberg(&vec![p; n]).iter().all(|q| (q - p).abs() < 1e-12));
        }
    }
}
