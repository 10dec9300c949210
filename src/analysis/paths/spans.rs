//! Medians and other quantiles of many groups of spans at once, exact whatever the order in which the spans come.

use std::ops::Range;

use rayon::prelude::*;

use crate::base::stats::quantile::quantile_seconds;
use crate::base::{Cancelled, Ctl, SizeClasses};
use crate::journey::View;
use crate::journey::chunks::par_gather;

/// A group's number and a span in microseconds.
pub type Grouped = (u32, i64);

/// The median of each group in seconds, `None` where a group has no spans.
pub fn medians(pieces: &[Vec<Grouped>], n_groups: usize) -> Vec<Option<f64>> {
    let mut starts = vec![0usize; n_groups + 1];
    for (group, _) in pieces.iter().flatten() {
        starts[*group as usize + 1] += 1;
    }
    for group in 0..n_groups {
        starts[group + 1] += starts[group];
    }
    let mut spans = vec![0i64; starts[n_groups]];
    let mut next = starts.clone();
    for (group, span) in pieces.iter().flatten() {
        let at = &mut next[*group as usize];
        spans[*at] = *span;
        *at += 1;
    }
    let mut rest = &mut spans[..];
    let mut groups = Vec::with_capacity(n_groups);
    for group in 0..n_groups {
        let (spans, after) = rest.split_at_mut(starts[group + 1] - starts[group]);
        groups.push(spans);
        rest = after;
    }
    groups.into_par_iter().map(|spans| quantile(spans, 0.5)).collect()
}

/// The type-7 quantile in seconds of spans in any order.
fn quantile(spans: &mut [i64], q: f64) -> Option<f64> {
    let last = spans.len().checked_sub(1)?;
    let at = q * last as f64;
    let below = at.floor() as usize;
    let (_, low, above) = spans.select_nth_unstable(below);
    let pair = [*low, above.iter().min().copied().unwrap_or(*low)];
    quantile_seconds(&pair, at - below as f64)
}

/// Something that can be gone through twice.
pub trait Visit: Sync {
    /// Gives every span of a chunk of customers with its group.
    fn visit(&self, chunk: Range<u32>, sink: &mut impl FnMut(usize, i64));
}

const SIZES: SizeClasses = SizeClasses(3);
const N_CLASSES: usize = SIZES.n_classes();

/// The type-7 quantiles of each group in seconds. All spans are counted by size class first; the second time only those
/// in a class that holds a wanted rank are kept, so that millions of spans need little memory.
///
/// # Errors
/// `Cancelled`.
pub fn quantiles<const N: usize>(
    view: &View,
    n_groups: usize,
    wanted: [f64; N],
    spans: &impl Visit,
    ctl: &Ctl,
) -> Result<Vec<Option<[f64; N]>>, Cancelled> {
    let count = |counts: &mut Vec<u32>, chunk| {
        spans.visit(chunk, &mut |group, span| counts[group * N_CLASSES + SIZES.class(span)] += 1);
    };
    let mut counts = vec![0u32; n_groups * N_CLASSES];
    for part in par_gather(view, ctl, || vec![0u32; n_groups * N_CLASSES], count)? {
        counts.iter_mut().zip(part).for_each(|(sum, n)| *sum += n);
    }
    // By group and class, the place of the kept spans; 0 is "not wanted".
    let mut place_of = vec![0u32; n_groups * N_CLASSES];
    let mut n_places = 1;
    let mut ranks: Vec<Option<[Rank; N]>> = Vec::with_capacity(n_groups);
    for group in 0..n_groups {
        let classes = group * N_CLASSES..(group + 1) * N_CLASSES;
        let n: usize = counts[classes.clone()].iter().map(|n| *n as usize).sum();
        if n == 0 {
            ranks.push(None);
            continue;
        }
        ranks.push(Some(wanted.map(|q| {
            let at = q * (n - 1) as f64;
            let below = at.floor() as usize;
            let mut place = |rank: usize| {
                let (class, before) = class_of_rank(&counts[classes.clone()], rank);
                let place = &mut place_of[classes.start + class];
                if *place == 0 {
                    *place = n_places;
                    n_places += 1;
                }
                (*place, rank - before)
            };
            Rank { low: place(below), high: place((below + 1).min(n - 1)), fraction: at - below as f64 }
        })));
    }
    let keep = |kept: &mut Vec<Grouped>, chunk| {
        spans.visit(chunk, &mut |group, span| {
            let place = place_of[group * N_CLASSES + SIZES.class(span)];
            if place != 0 {
                kept.push((place, span));
            }
        });
    };
    let mut kept: Vec<Vec<i64>> = vec![Vec::new(); n_places as usize];
    for (place, span) in par_gather(view, ctl, Vec::new, keep)?.iter().flatten() {
        kept[*place as usize].push(*span);
    }
    kept.par_iter_mut().for_each(|spans| spans.sort_unstable());
    let at = |(place, rank): (u32, usize)| kept[place as usize][rank];
    let value = |rank: Rank| {
        quantile_seconds(&[at(rank.low), at(rank.high)], rank.fraction).expect("two values have quantiles")
    };
    Ok(ranks.into_iter().map(|ranks| ranks.map(|ranks| ranks.map(value))).collect())
}

/// Up to so many groups are counted by size class; the tables for more would take more room than their spans.
const GROUPS_MAX: usize = 1 << 12;

/// The median of each group in seconds, `None` where a group has no spans.
///
/// # Errors
/// `Cancelled`.
pub fn medians_of(view: &View, n_groups: usize, spans: &impl Visit, ctl: &Ctl) -> Result<Vec<Option<f64>>, Cancelled> {
    if n_groups <= GROUPS_MAX {
        let medians = quantiles(view, n_groups, [0.5], spans, ctl)?;
        return Ok(medians.into_iter().map(|median| median.map(|[median]| median)).collect());
    }
    let keep = |kept: &mut Vec<Grouped>, chunk| {
        spans.visit(chunk, &mut |group, span| kept.push((group as u32, span)));
    };
    Ok(medians(&par_gather(view, ctl, Vec::new, keep)?, n_groups))
}

/// The places of the two values between which a quantile lies, and the ranks there.
#[derive(Debug, Clone, Copy)]
struct Rank {
    low: (u32, usize),
    high: (u32, usize),
    fraction: f64,
}

/// The class that holds a rank, and how many lie before that class.
fn class_of_rank(counts: &[u32], rank: usize) -> (usize, usize) {
    let mut before = 0;
    for (class, n) in counts.iter().enumerate() {
        if rank < before + *n as usize {
            return (class, before);
        }
        before += *n as usize;
    }
    unreachable!("a rank is below the number of values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::fixture::view;
    use proptest::prelude::*;

    struct Given(Vec<Grouped>);

    impl Visit for Given {
        fn visit(&self, chunk: Range<u32>, sink: &mut impl FnMut(usize, i64)) {
            for customer in chunk {
                for (group, span) in self.0.iter().skip(customer as usize).step_by(3) {
                    sink(*group as usize, *span);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            given in prop::collection::vec((0u32..4, prop_oneof![0i64..9, 0i64..2_000_000_000]), 0..60),
        ) {
            let view = view("x: a0\ny: a0\nz: a0");
            let found = quantiles(&view, 4, [0.5, 0.9], &Given(given.clone()), &Ctl::new()).expect("not cancelled");
            let middles = medians(&[given[..given.len() / 2].to_vec(), given[given.len() / 2..].to_vec()], 4);
            for group in 0..4u32 {
                let mut sorted: Vec<i64> = given.iter().filter(|(of, _)| *of == group).map(|(_, span)| *span).collect();
                sorted.sort_unstable();
                let expect = quantile_seconds(&sorted, 0.5).zip(quantile_seconds(&sorted, 0.9));
                prop_assert_eq!(found[group as usize].map(|[p50, p90]| (p50, p90)), expect);
                prop_assert_eq!(middles[group as usize], quantile_seconds(&sorted, 0.5));
            }
        }
    }
}
