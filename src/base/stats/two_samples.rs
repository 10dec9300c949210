//! Whether two groups differ: shares by χ² or Fisher's exact test, numbers by the Mann–Whitney test.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::interval::{Estimate, Z95};

/// Two groups by yes and no, as counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoByTwo {
    pub first_yes: u64,
    pub first_no: u64,
    pub second_yes: u64,
    pub second_no: u64,
}

impl TwoByTwo {
    /// From two shares, each as (hits, of how many).
    pub fn of_shares(first: (u64, u64), second: (u64, u64)) -> Self {
        let rest = |(hits, n): (u64, u64)| n.saturating_sub(hits);
        TwoByTwo { first_yes: first.0, first_no: rest(first), second_yes: second.0, second_no: rest(second) }
    }

    fn cells(self) -> [f64; 4] {
        [self.first_yes, self.first_no, self.second_yes, self.second_no].map(|n| n as f64)
    }

    /// The smallest count that chance alone would put into a cell; 0 where a row or a column is empty.
    pub fn smallest_expected(self) -> f64 {
        let [a, b, c, d] = self.cells();
        let n = a + b + c + d;
        if n == 0.0 { 0.0 } else { (a + b).min(c + d) * (a + c).min(b + d) / n }
    }

    /// Pearson's χ² with one degree of freedom, without Yates's correction, and its p; `None` where a row or a column
    /// is empty, so that there is nothing to compare.
    pub fn chi_square(self) -> Option<(f64, f64)> {
        let [a, b, c, d] = self.cells();
        let margins = (a + b) * (c + d) * (a + c) * (b + d);
        if margins == 0.0 {
            return None;
        }
        let chi_square = (a + b + c + d) * (a * d - b * c).powi(2) / margins;
        Some((chi_square, ChiSquared::new(1.0).ok()?.sf(chi_square)))
    }

    /// Fisher's exact test, two-sided: the probability, with these margins, of all tables at most as likely as this one.
    /// 1 where a row or a column is empty. Takes time in proportion to the smallest margin.
    pub fn fisher(self) -> f64 {
        let TwoByTwo { first_yes, first_no, second_yes, second_no } = self;
        let (row, column) = (first_yes + first_no, first_yes + second_yes);
        let n = row + second_yes + second_no;
        let (least, most) = ((row + column).saturating_sub(n), row.min(column));
        // Likelihoods relative to the likeliest table, so that nothing overflows and what underflows does not matter.
        let mode = ((row as f64 + 1.0) * (column as f64 + 1.0) / (n as f64 + 2.0)) as u64;
        let mode = mode.clamp(least, most);
        let up =
            |k: u64| ((row - k) as f64 * (column - k) as f64) / ((k + 1) as f64 * (n + k + 1 - row - column) as f64);
        let mut relative = vec![1.0; (most - least + 1) as usize];
        for k in mode..most {
            relative[(k + 1 - least) as usize] = relative[(k - least) as usize] * up(k);
        }
        for k in (least..mode).rev() {
            relative[(k - least) as usize] = relative[(k + 1 - least) as usize] / up(k);
        }
        // Equal likelihoods differ in the last bits; R allows the same slack.
        let limit = relative[(first_yes - least) as usize] * (1.0 + 1e-7);
        let as_unlikely: f64 = relative.iter().filter(|likelihood| **likelihood <= limit).sum();
        (as_unlikely / relative.iter().sum::<f64>()).min(1.0)
    }

    /// The two-sided p that tables show: Fisher's where chance alone would put fewer than 5 into a cell, else χ²'s.
    pub fn p(self) -> f64 {
        match self.chi_square() {
            Some((_, p)) if self.smallest_expected() >= 5.0 => p,
            _ => self.fisher(),
        }
    }

    /// The odds of yes in the first group over those in the second, with Woolf's interval; ½ is added to every cell
    /// when one is 0 (Haldane, Anscombe).
    pub fn odds_ratio(self) -> Estimate {
        let cells = self.cells();
        let add = if cells.contains(&0.0) { 0.5 } else { 0.0 };
        let [a, b, c, d] = cells.map(|n| n + add);
        let value = a * d / (b * c);
        let spread = (Z95 * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt()).exp();
        Estimate { value, lo: value / spread, hi: value * spread }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which the first is larger, ties counting half.
    pub u: f64,
    /// `u` as a share of all pairs: how likely one of the first beats one of the second.
    pub superiority: f64,
    /// Two-sided.
    pub p: f64,
}

/// Samples up to this size are compared exactly when nothing ties; larger ones by the normal distribution.
const EXACT_UP_TO: usize = 20;

/// The Mann–Whitney test, two-sided; `None` where a sample is empty. Exact for two samples of at most 20 without ties;
/// otherwise normal, corrected for ties and continuity.
///
/// # Panics
/// When a value is not a number: what is missing is left out before.
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<MannWhitney> {
    let mut sorted = [first.to_vec(), second.to_vec()];
    sorted.iter_mut().for_each(|sample| sample.sort_by(f64::total_cmp));
    mann_whitney_sorted(&sorted[0], &sorted[1])
}

/// As `mann_whitney`, of samples in ascending order: one walk along both.
///
/// # Panics
/// When a value is not a number.
pub fn mann_whitney_sorted(first: &[f64], second: &[f64]) -> Option<MannWhitney> {
    assert!(first.iter().chain(second).all(|v| !v.is_nan()), "a value is a number");
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let (mut rank_sum, mut tie_sum) = (0.0, 0.0);
    let (mut a, mut b) = (0, 0);
    while a < first.len() || b < second.len() {
        let value = match (first.get(a), second.get(b)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => break,
        };
        let of_first = first[a..].iter().take_while(|v| **v == value).count();
        let of_second = second[b..].iter().take_while(|v| **v == value).count();
        let run = (of_first + of_second) as f64;
        rank_sum += ((a + b) as f64 + (run + 1.0) / 2.0) * of_first as f64;
        tie_sum += run.powi(3) - run;
        (a, b) = (a + of_first, b + of_second);
    }
    let (n1, n2) = (first.len() as f64, second.len() as f64);
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let p = if tie_sum == 0.0 && first.len().max(second.len()) <= EXACT_UP_TO {
        exact_p(u, first.len(), second.len())
    } else {
        normal_p(u, n1, n2, tie_sum)
    };
    Some(MannWhitney { u, superiority: u / (n1 * n2), p })
}

fn normal_p(u: f64, n1: f64, n2: f64, tie_sum: f64) -> f64 {
    let n = n1 + n2;
    let variance = n1 * n2 / 12.0 * ((n + 1.0) - tie_sum / (n * (n - 1.0)));
    // Everything ties with everything: no evidence at all.
    if variance <= 0.0 {
        return 1.0;
    }
    let off = ((u - n1 * n2 / 2.0).abs() - 0.5).max(0.0);
    (2.0 * Normal::standard().sf(off / variance.sqrt())).min(1.0)
}

/// Counts, for every u, the orders of all values that give it, by adding the second sample's values one at a time.
fn exact_p(u: f64, n1: usize, n2: usize) -> f64 {
    let pairs = n1 * n2;
    let mut ways = vec![vec![0.0f64; pairs + 1]; n1 + 1];
    ways[0][0] = 1.0;
    // A set of n1 among n1 + n2 ranks; the rank sum above its least possible value is u.
    for rank in 0..n1 + n2 {
        for chosen in (1..=n1.min(rank + 1)).rev() {
            let above = rank + 1 - chosen;
            for sum in (above..=pairs).rev() {
                ways[chosen][sum] += ways[chosen - 1][sum - above];
            }
        }
    }
    let far = u.max(pairs as f64 - u).round() as usize;
    let total: f64 = ways[n1].iter().sum();
    let tail: f64 = ways[n1][far..].iter().sum();
    (2.0 * tail / total).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn near(found: f64, expect: f64, within: f64) {
        assert!((found - expect).abs() <= within, "{found} is not {expect}");
    }

    fn table(first_yes: u64, first_no: u64, second_yes: u64, second_no: u64) -> TwoByTwo {
        TwoByTwo { first_yes, first_no, second_yes, second_no }
    }

    /// The second table of Fisher's is the dieters of the textbooks, 0.00276; R's `fisher.test` gives the same four.
    #[test]
    fn shares_compare_as_in_the_textbooks() {
        let (chi_square, p) = table(10, 20, 30, 40).chi_square().expect("four margins");
        near(chi_square, 0.793_650_8, 1e-6);
        near(p, 0.373_0, 5e-5);
        near(table(3, 1, 1, 3).fisher(), 0.485_714, 1e-6);
        near(table(1, 9, 11, 3).fisher(), 0.002_759_456, 1e-8);
        near(table(0, 5, 5, 0).fisher(), 0.007_936_508, 1e-8);
        near(table(0, 0, 3, 4).fisher(), 1.0, 1e-12);
        assert_eq!(table(0, 0, 3, 4).chi_square(), None);
        assert_eq!(table(0, 0, 0, 0).p(), 1.0);
    }

    #[test]
    fn few_expected_are_tested_exactly_and_many_by_chi_square() {
        let tiny = table(1, 5, 4, 2);
        assert!(tiny.smallest_expected() < 5.0);
        assert_eq!(tiny.p(), tiny.fisher());
        let big = TwoByTwo::of_shares((512, 2171), (44, 241));
        assert_eq!(Some(big.p()), big.chi_square().map(|(_, p)| p));
        assert_eq!(big.first_no, 1659);
    }

    #[test]
    fn an_odds_ratio_survives_an_empty_cell() {
        let found = table(10, 20, 30, 40).odds_ratio();
        near(found.value, 0.666_667, 1e-6);
        near(found.lo, 0.272_515, 5e-7);
        near(found.hi, 1.630_900, 5e-7);
        near(table(0, 10, 5, 5).odds_ratio().value, 0.5 * 5.5 / (10.5 * 5.5), 1e-12);
    }

    /// The first are Hollander and Wolfe's depression scores, with the figures of R's `wilcox.test`.
    #[test]
    #[expect(clippy::approx_constant, reason = "a score that happens to look like pi")]
    fn numbers_compare_as_in_the_textbooks() {
        let (a, b) = (
            [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
            [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.065, 3.14, 1.289],
        );
        let found = mann_whitney(&a, &b).expect("two samples");
        near(found.u, 58.0, 0.0);
        near(found.p, 0.135_9, 5e-5);
        near(found.superiority, 58.0 / 81.0, 1e-12);
        let (a, b) = ([1.0, 2.0, 2.0, 3.0, 5.0], [2.0, 4.0, 4.0, 5.0, 6.0, 7.0]);
        let tied = mann_whitney(&a, &b).expect("two samples");
        near(tied.u, 5.5, 0.0);
        near(tied.p, 0.095_705, 5e-7);
        near(mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).expect("two samples").p, 0.1, 1e-12);
        near(mann_whitney(&[3.0; 40], &[3.0; 50]).expect("two samples").p, 1.0, 1e-12);
        assert_eq!(mann_whitney(&[], &[1.0]), None);
    }

    /// All ways to choose the first sample's ranks, by their u.
    fn exact_by_trying_everything(u: usize, n1: usize, n2: usize) -> f64 {
        let us = (0u32..1 << (n1 + n2))
            .filter(|set| set.count_ones() as usize == n1)
            .map(|set| (0..n1 + n2).filter(|rank| set >> rank & 1 == 1).sum::<usize>() - n1 * (n1 - 1) / 2);
        let us: Vec<usize> = us.collect();
        let far = u.max(n1 * n2 - u);
        (2.0 * us.iter().filter(|&&u| u >= far).count() as f64 / us.len() as f64).min(1.0)
    }

    #[test]
    fn small_samples_are_compared_by_counting_every_order() {
        for (n1, n2) in [(1, 1), (1, 5), (3, 4), (5, 3), (6, 6)] {
            for u in 0..=n1 * n2 {
                near(exact_p(u as f64, n1, n2), exact_by_trying_everything(u, n1, n2), 1e-12);
            }
        }
    }

    /// Every table with these margins, weighed by factorials.
    fn fisher_by_trying_everything(t: TwoByTwo) -> f64 {
        let fact = |n: u64| (1..=n).map(|k| k as f64).product::<f64>();
        let (row, column) = (t.first_yes + t.first_no, t.first_yes + t.second_yes);
        let n = row + t.second_yes + t.second_no;
        let weight = |k: u64| 1.0 / (fact(k) * fact(row - k) * fact(column - k) * fact(n + k - row - column));
        let all: Vec<f64> = ((row + column).saturating_sub(n)..=row.min(column)).map(weight).collect();
        let limit = weight(t.first_yes) * (1.0 + 1e-7);
        all.iter().filter(|w| **w <= limit).sum::<f64>() / all.iter().sum::<f64>()
    }

    proptest! {
        #[test]
        fn fisher_agrees_with_trying_everything(a in 0u64..9, b in 0u64..9, c in 0u64..9, d in 0u64..9) {
            let t = table(a, b, c, d);
            prop_assert!((t.fisher() - fisher_by_trying_everything(t)).abs() < 1e-9);
            prop_assert!((t.fisher() - table(c, d, a, b).fisher()).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&t.p()));
        }

        #[test]
        fn large_tables_agree_whichever_test_is_used(a in 400u64..700, b in 400u64..700, c in 400u64..700, d in 400u64..700) {
            let t = table(a, b, c, d);
            let (_, p) = t.chi_square().expect("four margins");
            prop_assert!((t.fisher() - p).abs() < 0.05);
            let odds = t.odds_ratio();
            prop_assert!(odds.lo < odds.value && odds.value < odds.hi);
        }

        #[test]
        fn the_order_of_the_samples_does_not_matter(
            a in prop::collection::vec(0u8..12, 1..40),
            b in prop::collection::vec(0u8..12, 1..40),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let (there, back) = (mann_whitney(&a, &b).expect("two"), mann_whitney(&b, &a).expect("two"));
            prop_assert!((there.p - back.p).abs() < 1e-9 && (there.superiority + back.superiority - 1.0).abs() < 1e-9);
            let by_pairs: f64 = a.iter().flat_map(|x| b.iter().map(move |y| if x > y { 1.0 } else if x == y { 0.5 } else { 0.0 })).sum();
            prop_assert!((there.u - by_pairs).abs() < 1e-6 && (0.0..=1.0).contains(&there.p));
        }
    }
}
