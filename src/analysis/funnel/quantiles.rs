//! Mean, median and other quantiles of spans that lie in pieces, without sorting or joining them.
//!
//! Spans are counted by size class first; only the classes that hold a wanted rank are collected and searched. Sums are
//! whole microseconds, so the order of the pieces cannot change a figure.

use crate::base::SizeClasses;
use crate::base::stats::quantile::quantile_seconds;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub n: u64,
    pub mean_s: Option<f64>,
    pub median_s: Option<f64>,
    pub p90_s: Option<f64>,
}

pub fn summary<P: AsRef<[i64]>>(pieces: &[P]) -> Summary {
    let n: usize = pieces.iter().map(|piece| piece.as_ref().len()).sum();
    if n == 0 {
        return Summary::default();
    }
    let [median_s, p90_s] = quantiles_of(pieces, n, [0.5, 0.9]);
    let sum_of = |piece: &P| piece.as_ref().iter().map(|span| i128::from(*span)).sum::<i128>();
    let sum: i128 = pieces.iter().map(sum_of).sum();
    Summary { n: n as u64, mean_s: Some(sum as f64 / n as f64 / 1e6), median_s: Some(median_s), p90_s: Some(p90_s) }
}

const SIZES: SizeClasses = SizeClasses(6);
const N_CLASSES: usize = SIZES.n_classes();

/// Type-7 quantiles in seconds of `n > 0` spans.
fn quantiles_of<P: AsRef<[i64]>, const N: usize>(pieces: &[P], n: usize, wanted: [f64; N]) -> [f64; N] {
    let mut counts = vec![0u32; N_CLASSES];
    // A loop over the spans of a piece is much quicker than one over those of all pieces.
    pieces.iter().for_each(|piece| piece.as_ref().iter().for_each(|span| counts[SIZES.class(*span)] += 1));
    let mut starts = Vec::with_capacity(N_CLASSES + 1);
    let mut before = 0usize;
    for count in &counts {
        starts.push(before);
        before += *count as usize;
    }
    starts.push(before);
    let ranks = wanted.map(|q| {
        let at = q * (n - 1) as f64;
        let below = at.floor() as usize;
        (below, (below + 1).min(n - 1), at - below as f64)
    });
    let class_of = |rank: usize| starts.partition_point(|start| *start <= rank) - 1;
    let mut classes: Vec<usize> = ranks.iter().flat_map(|(low, high, _)| [class_of(*low), class_of(*high)]).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut collected: Vec<Vec<i64>> = vec![Vec::new(); classes.len()];
    let mut slot = vec![u8::MAX; N_CLASSES];
    classes.iter().enumerate().for_each(|(i, class)| slot[*class] = i as u8);
    for piece in pieces {
        for span in piece.as_ref() {
            if let Some(collected) = collected.get_mut(usize::from(slot[SIZES.class(*span)])) {
                collected.push(*span);
            }
        }
    }
    let mut at_rank = |rank: usize| {
        let class = class_of(rank);
        *collected[usize::from(slot[class])].select_nth_unstable(rank - starts[class]).1
    };
    ranks.map(|(low, high, fraction)| {
        let pair = [at_rank(low), at_rank(high)];
        quantile_seconds(&pair, fraction).expect("two values have quantiles")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![0i64..9, 0i64..2_000_000_000], 0..40), 1..5),
        ) {
            let mut sorted: Vec<i64> = pieces.concat();
            sorted.sort_unstable();
            let summary = summary(&pieces);
            prop_assert_eq!(summary.n, sorted.len() as u64);
            prop_assert_eq!(summary.median_s, quantile_seconds(&sorted, 0.5));
            prop_assert_eq!(summary.p90_s, quantile_seconds(&sorted, 0.9));
            let mean = sorted.iter().sum::<i64>() as f64 / sorted.len() as f64 / 1e6;
            prop_assert_eq!(summary.mean_s, (!sorted.is_empty()).then_some(mean));
        }
    }
}
