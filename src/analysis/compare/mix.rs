//! What of a difference of rates is mix and what is rate (Kitagawa 1955), for every column.
//!
//! With shares p and rates r of a column's values in the baseline (0) and the cohort (1), the difference of the overall
//! rates is Σ (p₁ − p₀)(r₀ + r₁)/2, the mix, plus Σ (r₁ − r₀)(p₀ + p₁)/2, the rate. A value that only one of the two has
//! has no rate in the other; the one it has is taken for both, so that all of it is mix.

use super::answer::{Mix, Part};
use super::facts::{Facts, Trait};
use super::metrics::{Definition, Kind, Rules, Sample};

/// The rate that is split: the completion of the funnel, else who is back first.
pub(super) fn rate_of(definitions: &[Definition]) -> Option<&Definition> {
    let first = |wanted: fn(Kind) -> bool| definitions.iter().find(|definition| wanted(definition.kind));
    first(|kind| kind == Kind::Completion).or_else(|| first(|kind| matches!(kind, Kind::Back(_))))
}

/// Hits and customers.
type Counts = (u64, u64);

/// One row per cohort and column, biggest mix first; cohorts of nobody are left out.
pub(super) fn mix(facts: &Facts, kind: Kind, rules: Rules) -> Vec<Mix> {
    use rayon::prelude::*;
    let n_cohorts = facts.cohorts.len();
    let by_trait: Vec<Vec<Vec<Counts>>> = facts
        .traits
        .par_iter()
        .map(|column| {
            let mut counts = vec![vec![(0, 0); column.labels.len()]; n_cohorts];
            for (fact, place) in facts.rows.iter().zip(&column.places) {
                let Some(Sample::Is(is_hit)) = kind.sample(fact, rules) else { continue };
                let mut rest = fact.cohorts;
                while rest != 0 {
                    let cell = &mut counts[rest.trailing_zeros() as usize][usize::from(*place)];
                    rest &= rest - 1;
                    cell.0 += u64::from(is_hit);
                    cell.1 += 1;
                }
            }
            counts
        })
        .collect();
    let mut found = Vec::new();
    for cohort in 1..n_cohorts {
        let columns = facts.traits.iter().zip(&by_trait);
        let mut of_cohort: Vec<Mix> =
            columns.filter_map(|(column, counts)| split(cohort, column, &counts[0], &counts[cohort])).collect();
        of_cohort.sort_by(|a, b| b.mix.abs().total_cmp(&a.mix.abs()).then_with(|| a.column.cmp(&b.column)));
        found.append(&mut of_cohort);
    }
    found
}

/// `None` where one of the two is empty, or the column has one value only.
fn split(cohort: usize, column: &Trait, baseline: &[Counts], this: &[Counts]) -> Option<Mix> {
    let total = |counts: &[Counts]| counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let ((hits_0, n_0), (hits_1, n_1)) = (total(baseline), total(this));
    let n_values = baseline.iter().zip(this).filter(|(a, b)| a.1 + b.1 > 0).count();
    if n_0 == 0 || n_1 == 0 || n_values < 2 {
        return None;
    }
    let rate = |(hits, n): Counts| (n > 0).then(|| hits as f64 / n as f64);
    let mut parts = Vec::new();
    for (value, (before, after)) in column.labels.iter().zip(baseline.iter().zip(this)) {
        let (r_0, r_1) = (rate(*before), rate(*after));
        let Some((known_0, known_1)) = r_0.or(r_1).zip(r_1.or(r_0)) else { continue };
        let (p_0, p_1) = (before.1 as f64 / n_0 as f64, after.1 as f64 / n_1 as f64);
        let spread = ((p_0 * (1.0 - p_0) + p_1 * (1.0 - p_1)) / 2.0).sqrt();
        parts.push(Part {
            value: value.clone(),
            n: after.1,
            baseline_n: before.1,
            share: p_1,
            baseline_share: p_0,
            rate: r_1,
            baseline_rate: r_0,
            mix: (p_1 - p_0) * (known_0 + known_1) / 2.0,
            rate_effect: (known_1 - known_0) * (p_0 + p_1) / 2.0,
            // Everybody in one cohort and nobody in the other has no spread; a whole one is as far as it goes.
            std_difference: if spread > 0.0 { (p_1 - p_0) / spread } else { p_1 - p_0 },
        });
    }
    Some(Mix {
        cohort,
        column: column.column.clone(),
        total: hits_1 as f64 / n_1 as f64 - hits_0 as f64 / n_0 as f64,
        mix: parts.iter().map(|part| part.mix).sum(),
        rate: parts.iter().map(|part| part.rate_effect).sum(),
        parts,
    })
}
