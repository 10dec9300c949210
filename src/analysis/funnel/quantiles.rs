//! Mean, median and other quantiles of spans that lie in pieces, without sorting or joining them.
//!
//! Spans are counted by size class first; only the classes that hold a wanted rank are collected and searched. Sums are
//! whole microseconds, so the order of the pieces cannot change a figure.

use rayon::prelude::*;

use crate::base::SizeClasses;
use crate::base::stats::quantile::quantile_seconds;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub n: u64,
    pub mean_s: Option<f64>,
    pub median_s: Option<f64>,
    pub p90_s: Option<f64>,
}

pub fn summary<P: AsRef<[i64]> + Sync>(pieces: &[P]) -> Summary {
    summaries(&[pieces]).0
}

/// Of all parts together, and of each. Every span is looked at twice, whether it is asked about once or twice.
pub fn summaries<P: AsRef<[i64]> + Sync>(parts: &[&[P]]) -> (Summary, Vec<Summary>) {
    let counted: Vec<Counts> = parts.par_iter().map(|part| Counts::of(part)).collect();
    let all = Ranks::of(&counted.iter().fold(Counts::none(), Counts::with));
    // A single part is all of it.
    let ranks: Vec<Ranks> = if parts.len() == 1 { vec![] } else { counted.iter().map(Ranks::of).collect() };
    let near: Vec<[Near; 2]> = (0..parts.len())
        .into_par_iter()
        .map(|at| near(parts[at], [&all, ranks.get(at).unwrap_or(&NO_RANKS)]))
        .collect();
    let mut near_all = Near::default();
    let mut each = Vec::with_capacity(parts.len());
    for (at, [of_all, own]) in near.into_iter().enumerate() {
        near_all.iter_mut().zip(of_all).for_each(|(all, mut here)| all.append(&mut here));
        each.extend(ranks.get(at).map(|ranks| ranks.summary(own)));
    }
    let all = all.summary(near_all);
    if parts.len() == 1 {
        each.push(all);
    }
    (all, each)
}

const SIZES: SizeClasses = SizeClasses(6);
const N_CLASSES: usize = SIZES.n_classes();
const QUANTILES: [f64; 2] = [0.5, 0.9];
/// A quantile lies between two ranks.
const MOST_NEAR: usize = 2 * QUANTILES.len();

/// How many spans there are by size class, and what they add up to.
struct Counts {
    by_class: Vec<u32>,
    sum: i128,
}

impl Counts {
    fn none() -> Self {
        Counts { by_class: vec![0; N_CLASSES], sum: 0 }
    }

    fn of<P: AsRef<[i64]>>(pieces: &[P]) -> Self {
        let mut counts = Counts::none();
        let Counts { by_class, sum } = &mut counts;
        // A loop over the spans of a piece is much quicker than one over those of all pieces.
        for piece in pieces {
            piece.as_ref().iter().for_each(|span| by_class[SIZES.class(*span)] += 1);
            *sum += piece.as_ref().iter().map(|span| i128::from(*span)).sum::<i128>();
        }
        counts
    }

    fn with(mut self, other: &Counts) -> Self {
        self.by_class.iter_mut().zip(&other.by_class).for_each(|(all, n)| *all += n);
        self.sum += other.sum;
        self
    }
}

/// Where the wanted ranks of some spans lie.
struct Ranks {
    n: usize,
    sum: i128,
    /// By class how many spans are shorter; and all of them.
    starts: Vec<usize>,
    /// The classes that hold a wanted rank.
    classes: Vec<usize>,
}

const NO_RANKS: Ranks = Ranks { n: 0, sum: 0, starts: Vec::new(), classes: Vec::new() };

/// Spans near the wanted ranks, by place in `Ranks::classes`.
type Near = [Vec<i64>; MOST_NEAR];

impl Ranks {
    fn of(counts: &Counts) -> Self {
        let mut starts = Vec::with_capacity(N_CLASSES + 1);
        let mut n = 0usize;
        for count in &counts.by_class {
            starts.push(n);
            n += *count as usize;
        }
        starts.push(n);
        let mut ranks = Ranks { n, sum: counts.sum, starts, classes: Vec::new() };
        if n > 0 {
            let ends = QUANTILES.map(|q| ranks.around(q)).map(|(low, high, _)| [low, high]);
            ranks.classes = ends.as_flattened().iter().map(|rank| ranks.class_of(*rank)).collect();
            ranks.classes.sort_unstable();
            ranks.classes.dedup();
        }
        ranks
    }

    /// The ranks on both sides of a type-7 quantile, and how far it is on the way between them.
    fn around(&self, q: f64) -> (usize, usize, f64) {
        let at = q * (self.n - 1) as f64;
        let below = at.floor() as usize;
        (below, (below + 1).min(self.n - 1), at - below as f64)
    }

    fn class_of(&self, rank: usize) -> usize {
        self.starts.partition_point(|start| *start <= rank) - 1
    }

    fn summary(&self, mut near: Near) -> Summary {
        let Ranks { n, sum, .. } = *self;
        if n == 0 {
            return Summary::default();
        }
        let mut at_rank = |rank: usize| {
            let class = self.class_of(rank);
            let place = self.classes.partition_point(|known| *known < class);
            *near[place].select_nth_unstable(rank - self.starts[class]).1
        };
        let [median_s, p90_s] = QUANTILES.map(|q| {
            let (low, high, fraction) = self.around(q);
            quantile_seconds(&[at_rank(low), at_rank(high)], fraction)
        });
        Summary { n: n as u64, mean_s: Some(sum as f64 / n as f64 / 1e6), median_s, p90_s }
    }
}

/// The spans near the wanted ranks, of two questions at once.
fn near<P: AsRef<[i64]>>(pieces: &[P], ranks: [&Ranks; 2]) -> [Near; 2] {
    let mut found = [Near::default(), Near::default()];
    // By class where its spans go, in half a byte for each question: 0 is nowhere.
    let mut slots = vec![0u8; N_CLASSES];
    for (question, ranks) in ranks.iter().enumerate() {
        ranks.classes.iter().zip(1u8..).for_each(|(class, slot)| slots[*class] |= slot << (4 * question));
    }
    for piece in pieces {
        for span in piece.as_ref() {
            let slot = slots[SIZES.class(*span)];
            if slot != 0 {
                for (question, found) in found.iter_mut().enumerate() {
                    let slot = usize::from(slot >> (4 * question) & 15);
                    if let Some(near) = slot.checked_sub(1).and_then(|slot| found.get_mut(slot)) {
                        near.push(*span);
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(mut spans: Vec<i64>) -> Summary {
        spans.sort_unstable();
        let mean = spans.iter().sum::<i64>() as f64 / spans.len() as f64 / 1e6;
        Summary {
            n: spans.len() as u64,
            mean_s: (!spans.is_empty()).then_some(mean),
            median_s: quantile_seconds(&spans, 0.5),
            p90_s: quantile_seconds(&spans, 0.9),
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![0i64..9, 0i64..2_000_000_000], 0..40), 1..5),
        ) {
            let mut sorted: Vec<i64> = pieces.concat();
            sorted.sort_unstable();
            prop_assert_eq!(summary(&pieces), naive(sorted.clone()));
            // Every piece is a part, and then every other.
            let parts: Vec<&[Vec<i64>]> = pieces.chunks(1).collect();
            let each = pieces.iter().cloned().map(naive).collect();
            prop_assert_eq!(summaries(&parts), (naive(sorted.clone()), each));
            let (half, rest) = pieces.split_at(pieces.len() / 2);
            let each = vec![naive(half.concat()), naive(rest.concat())];
            prop_assert_eq!(summaries(&[half, rest]), (naive(sorted), each));
        }
    }
}
