//! Figures of other programs, to 1e-6: SciPy 1.17 unless a test says otherwise.

use super::adjust::benjamini_hochberg;
use super::bootstrap::medians;
use super::interval::newcombe;
use super::survival::{Spell, log_rank};
use super::two_samples::{TwoByTwo, mann_whitney};

#[track_caller]
fn near(found: f64, expect: f64) {
    assert!((found - expect).abs() <= 1e-6, "{found} is not {expect}");
}

fn spells(text: &str) -> Vec<Spell> {
    let read = |word: &str| match word.strip_suffix('+') {
        Some(time) => Spell::open(time.parse().expect("a time")),
        None => Spell::ended(word.parse().expect("a time")),
    };
    text.split_whitespace().map(read).collect()
}

/// `fisher_exact` and `chi2_contingency(correction=False)`.
#[test]
fn shares_are_tested_as_elsewhere() {
    for (cells, fisher, chi_square, p) in [
        ([8, 2, 1, 5], 0.034_965_034_965, 6.112_169_312_169, 0.013_425_424_881),
        ([3, 17, 12, 9], 0.008_840_482_687, 7.841_813_186_813, 0.005_105_137_497),
        ([0, 12, 5, 20], 0.152_093_269_740, 2.775, 0.095_746_656_474),
        ([120, 880, 95, 1005], 0.011_658_661_678, 6.448_819_824_922, 0.011_102_606_899),
    ] {
        let [first_yes, first_no, second_yes, second_no] = cells;
        let table = TwoByTwo { first_yes, first_no, second_yes, second_no };
        near(table.fisher(), fisher);
        let found = table.chi_square().expect("four margins");
        near(found.0, chi_square);
        near(found.1, p);
    }
}

/// Wilson's limits put together by Newcombe's tenth method, by hand; the last three are among his own examples' kind:
/// large, small, and nobody at all.
#[test]
fn differences_of_shares_have_the_intervals_of_elsewhere() {
    for (first, second, expect) in [
        ((512, 2171), (44, 241), [0.053_263_406, -0.003_108_122, 0.100_613_142]),
        ((56, 70), (48, 80), [0.2, 0.052_431_472, 0.333_872_654]),
        ((9, 10), (3, 10), [0.6, 0.170_522_724, 0.809_017_974]),
        ((0, 10), (0, 20), [0.0, -0.161_125_158, 0.277_532_800]),
    ] {
        let found = newcombe(first, second).expect("somebody");
        [found.value, found.lo, found.hi].into_iter().zip(expect).for_each(|(found, expect)| near(found, expect));
    }
}

/// `mannwhitneyu`: asymptotic with ties, exact without.
#[test]
fn numbers_are_tested_as_elsewhere() {
    let a = [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 5.0, 8.0, 8.0, 13.0, 13.0, 21.0];
    let b = [2.0, 3.0, 3.0, 5.0, 5.0, 8.0, 13.0, 13.0, 13.0, 21.0, 34.0, 34.0, 55.0, 3.0, 1.0];
    let tied = mann_whitney(&a, &b).expect("two samples");
    near(tied.u, 64.5);
    near(tied.p, 0.217_530_774_938);
    let x = [1.1, 2.2, 3.3, 4.4, 5.5, 6.6, 7.7];
    let y = [2.5, 3.5, 4.5, 8.5, 9.5, 10.5];
    let exact = mann_whitney(&x, &y).expect("two samples");
    near(exact.u, 12.0);
    near(exact.p, 0.234_265_734_266);
}

/// `logrank`, on Gehan's leukaemia trial and on eight and seven waits.
#[test]
fn waits_are_tested_as_elsewhere() {
    let test = log_rank(&[
        spells("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"),
        spells("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"),
    ]);
    let test = test.expect("two groups");
    near(test.chi_square, 16.792_940_989_217);
    near(test.p, 4.168_809e-5);
    let test = log_rank(&[spells("1 2 2 4+ 5 6+ 7+ 9+"), spells("3 3+ 6 8 8 10+ 12")]).expect("two groups");
    near(test.chi_square, 0.411_890_539_417);
    near(test.p, 0.521_011_498_625);
}

/// `false_discovery_control`.
#[test]
fn many_tests_are_adjusted_as_elsewhere() {
    let found = benjamini_hochberg(&[0.011, 0.02, 0.02, 0.4, 0.0003, 0.9, 0.049]);
    let expect = [0.035, 0.035, 0.035, 0.466_666_666_667, 0.0021, 0.9, 0.0686];
    found.into_iter().zip(expect).for_each(|(found, expect)| near(found, expect));
}

/// The same seeds in a Python program that follows the published steps (SplitMix64, polar normals, Marsaglia and Tsang's
/// gamma), with NumPy's quantiles.
#[test]
fn a_seeded_bootstrap_gives_the_same_figures_elsewhere() {
    let round = |x: f64| (x * 1e6).round() / 1e6;
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values
    };
    let first = (0..40u32).map(|i| round(3.0 * ((f64::from(i) * 1.7).sin() * 1.2).exp() + f64::from(i % 5) * 0.37));
    let second = (0..31u32).map(|i| round(4.0 * ((f64::from(i) * 2.3).cos() * 1.1).exp() + f64::from(i % 7) * 0.21));
    let first = medians(&sorted(first.collect()), 2_000, 42).expect("values");
    let second = medians(&sorted(second.collect()), 2_000, 43).expect("values");
    let (value, found) = first.above(&second);
    let found = found.expect("an interval");
    near(value, -1.693_903);
    near(found.lo, -4.836_512_987_5);
    near(found.hi, 1.444_386_537_5);
    let (lo, hi) = first.interval().expect("an interval");
    near(lo, 2.862_638_5);
    near(hi, 5.660_686_3);
}
