//! Time to convert: between consecutive steps and from the first to the last, over winning attempts.

use super::answer::TimeRow;
use super::plan::Plan;
use crate::base::stats::quantile::quantile_seconds;

/// The rows of one group. `spans[i]` are the microseconds to step i of the spec, in the order of the units that made it.
pub fn rows(plan: &Plan, group: Option<&str>, spans: &[Vec<Vec<i64>>], whole: Vec<i64>) -> Vec<TimeRow> {
    let mut rows = Vec::new();
    let number = |level: usize| plan.levels[level].step_idx + 1;
    for level in 1..plan.n_levels() {
        let spans: Vec<i64> = spans[plan.levels[level].step_idx].concat();
        rows.extend(row(group, number(level - 1), number(level), spans));
    }
    if plan.n_levels() > 2 {
        rows.extend(row(group, number(0), number(plan.n_levels() - 1), whole));
    }
    rows
}

fn row(group: Option<&str>, from: usize, to: usize, mut spans: Vec<i64>) -> Option<TimeRow> {
    spans.sort_unstable();
    let sum: i128 = spans.iter().map(|span| i128::from(*span)).sum();
    let quantile = |q| quantile_seconds(&spans, q);
    let quantiles_s =
        [quantile(0.1)?, quantile(0.25)?, quantile(0.5)?, quantile(0.75)?, quantile(0.9)?, quantile(0.99)?];
    Some(TimeRow {
        group: group.map(str::to_owned),
        from,
        to,
        n: spans.len() as u64,
        mean_s: sum as f64 / spans.len() as f64 / 1e6,
        quantiles_s,
        histogram: histogram(&spans),
    })
}

/// Edges in seconds that people know from clocks and calendars, about twice as far each time.
const CLOCK_EDGES: [f64; 33] = [
    0.0,
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1_200.0,
    1_800.0,
    3_600.0,
    7_200.0,
    14_400.0,
    28_800.0,
    43_200.0,
    86_400.0,
    172_800.0,
    345_600.0,
    604_800.0,
    1_209_600.0,
    2_419_200.0,
    4_838_400.0,
    9_676_800.0,
    15_552_000.0,
    31_536_000.0,
    63_072_000.0,
    157_680_000.0,
    315_360_000.0,
    788_400_000.0,
    3_153_600_000.0,
];

/// Bins of equal width where the middle 80 % lie within a factor of eight, clock-wise growing ones elsewhere.
fn histogram(sorted: &[i64]) -> (Vec<f64>, Vec<u64>) {
    let seconds = |span: i64| span as f64 / 1e6;
    let (low, high) = (seconds(sorted[0]), seconds(sorted[sorted.len() - 1]));
    let at = |q| quantile_seconds(sorted, q).unwrap_or(0.0);
    let edges: Vec<f64> = if at(0.1) > 0.0 && at(0.9) <= 8.0 * at(0.1) && high <= 8.0 * at(0.9) {
        let width = nice_width((high - low) / 20.0);
        let first = (low / width).floor();
        let n = (high / width).floor() - first + 1.0;
        (0..=n as usize).map(|i| (first + i as f64) * width).collect()
    } else {
        let first = CLOCK_EDGES.partition_point(|edge| *edge <= low).max(1) - 1;
        let last = CLOCK_EDGES.partition_point(|edge| *edge <= high);
        let mut edges = CLOCK_EDGES[first..(last + 1).min(CLOCK_EDGES.len())].to_vec();
        if last == CLOCK_EDGES.len() {
            edges.push(high.next_up());
        }
        edges
    };
    let mut counts = Vec::with_capacity(edges.len() - 1);
    let mut before = 0;
    for (i, edge) in edges[1..].iter().enumerate() {
        let is_last = i + 2 == edges.len();
        let upto = if is_last { sorted.len() } else { sorted.partition_point(|span| seconds(*span) < *edge) };
        counts.push((upto - before) as u64);
        before = upto;
    }
    (edges, counts)
}

/// The least of 1, 2, 5 times a power of ten that is not less than this.
fn nice_width(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|width| *width >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spans: &[i64]) -> (Vec<f64>, Vec<u64>) {
        let mut sorted: Vec<i64> = spans.iter().map(|seconds| seconds * 1_000_000).collect();
        sorted.sort_unstable();
        let (edges, counts) = histogram(&sorted);
        assert_eq!(edges.len(), counts.len() + 1);
        assert!(edges.is_sorted_by(|a, b| a < b), "{edges:?}");
        for (i, count) in counts.iter().enumerate() {
            let inside = spans.iter().filter(|span| (edges[i]..edges[i + 1]).contains(&(**span as f64))).count();
            assert_eq!(inside as u64, *count, "bin {i} of {edges:?}");
        }
        (edges, counts)
    }

    #[test]
    fn every_span_lies_in_one_bin() {
        check(&[0]);
        check(&[5]);
        check(&[0, 0, 3, 80_000]);
        let (edges, _) = check(&(100..200).collect::<Vec<_>>());
        assert_eq!((edges[0], edges[1]), (100.0, 105.0), "a narrow spread has bins of one width");
        let (edges, _) = check(&[1, 60, 3600, 90_000, 9_000_000_000]);
        assert_eq!(edges[..3], [1.0, 2.0, 5.0]);
    }
}
