//! Quantiles by linear interpolation (type 7 of Hyndman and Fan 1996, the default of R and NumPy).

/// The quantile `q` (0 to 1) of values already in ascending order; `None` where there are none.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64))
}

/// As `quantile_sorted`, for spans in microseconds, answering in seconds.
pub fn quantile_seconds(sorted_micros: &[i64], q: f64) -> Option<f64> {
    let last = sorted_micros.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted_micros[below] as f64, sorted_micros[above] as f64);
    Some((low + (high - low) * (at - below as f64)) / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(sorted: &[f64], expect: [f64; 5]) {
        for (q, expect) in [0.1, 0.25, 0.5, 0.75, 0.9].into_iter().zip(expect) {
            let found = quantile_sorted(sorted, q).expect("values");
            assert!((found - expect).abs() < 1e-12, "q {q}: {found} is not {expect}");
        }
    }

    /// The figures are NumPy's `quantile(values, q)`.
    #[test]
    fn quantiles_lie_on_the_line_between_their_neighbours() {
        check(&[1.0, 2.0, 3.0, 4.0], [1.3, 1.75, 2.5, 3.25, 3.7]);
        check(&[1.0, 2.0, 4.0, 8.0, 16.0], [1.4, 2.0, 4.0, 8.0, 12.8]);
        check(&[7.0], [7.0; 5]);
        assert_eq!(quantile_sorted(&[], 0.5), None);
        assert_eq!(quantile_sorted(&[1.0, 9.0], 0.0), Some(1.0));
        assert_eq!(quantile_sorted(&[1.0, 9.0], 1.0), Some(9.0));
    }

    #[test]
    fn spans_answer_in_seconds() {
        assert_eq!(quantile_seconds(&[1_000_000, 2_000_000], 0.5), Some(1.5));
        assert_eq!(quantile_seconds(&[], 0.5), None);
    }

    proptest! {
        #[test]
        fn a_higher_quantile_is_never_lower_and_all_lie_within_the_values(
            mut values in prop::collection::vec(-1e6f64..1e6, 1..40),
            (low, high) in (0.0f64..=1.0, 0.0f64..=1.0),
        ) {
            values.sort_by(f64::total_cmp);
            let (low, high) = (low.min(high), low.max(high));
            let (a, b) = (quantile_sorted(&values, low).expect("values"), quantile_sorted(&values, high).expect("values"));
            prop_assert!(a <= b + 1e-9);
            prop_assert!(values[0] - 1e-9 <= a && b <= values[values.len() - 1] + 1e-9);
        }

        #[test]
        fn seconds_and_plain_numbers_agree(mut micros in prop::collection::vec(0i64..1_000_000_000, 1..40), q in 0.0f64..=1.0) {
            micros.sort_unstable();
            let plain: Vec<f64> = micros.iter().map(|&m| m as f64 / 1e6).collect();
            let (a, b) = (quantile_seconds(&micros, q).expect("values"), quantile_sorted(&plain, q).expect("values"));
            prop_assert!((a - b).abs() <= 1e-6);
        }
    }
}
