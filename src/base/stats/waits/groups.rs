//! The log-rank test over groups of millions of waits.
//!
//! All waits are sorted, and walked once: an end costs as many steps as there are groups, not their square (see `Sums`).

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::super::survival::{LogRank, solve};
use super::classes::Grain;

/// The waits of one group, in pieces and in any order.
#[derive(Debug, Clone, Default)]
pub struct Group<'a> {
    pub ended: Vec<&'a [i64]>,
    pub open: Vec<&'a [i64]>,
}

/// Groups that can be compared at once.
pub const GROUPS_MAX: usize = 64;

/// Tests whether the waits of several groups could come from one curve; `None` with fewer than two groups of anybody, or
/// where no end says anything about them. The same as `survival::log_rank`.
///
/// # Panics
/// With more than `GROUPS_MAX` groups.
pub fn log_rank(groups: &[Group<'_>]) -> Option<LogRank> {
    assert!(groups.len() <= GROUPS_MAX, "at most {GROUPS_MAX} groups are compared");
    let size = |pieces: &[&[i64]]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let of_anybody: Vec<&Group> = groups.iter().filter(|group| size(&group.ended) + size(&group.open) > 0).collect();
    let k = of_anybody.len();
    if k < 2 {
        return None;
    }
    let ended = keyed(of_anybody.iter().map(|group| &group.ended[..]));
    let open = keyed(of_anybody.iter().map(|group| &group.open[..]));
    let at_risk = of_anybody.iter().map(|group| (size(&group.ended) + size(&group.open)) as f64).collect();
    let mut sums = Sums::new(at_risk);
    let (mut at, mut at_open) = (0, 0);
    while at < ended.len() {
        let time = ended[at] >> GROUP_BITS;
        while at_open < open.len() && open[at_open] >> GROUP_BITS < time {
            sums.leave(group_of(open[at_open]), 1.0);
            at_open += 1;
        }
        let n_now = 1 + ended[at + 1..].iter().take_while(|end| **end >> GROUP_BITS == time).count();
        sums.advance(n_now as f64);
        for end in &ended[at..at + n_now] {
            sums.observed[group_of(*end)] += 1.0;
            sums.leave(group_of(*end), 1.0);
        }
        at += n_now;
    }
    sums.test()
}

const GROUP_BITS: u32 = 6;

fn group_of(key: u64) -> usize {
    (key & ((1 << GROUP_BITS) - 1)) as usize
}

/// Waits with their group in the low bits, ascending.
fn keyed<'a>(groups: impl Iterator<Item = &'a [&'a [i64]]> + Clone) -> Vec<u64> {
    // They are dealt out by size class first: to sort many short lists costs half as much as one long.
    let grain = Grain::of(groups.clone().flatten().map(|piece| piece.len()).sum());
    let mut starts = vec![0u32; grain.n_classes() + 1];
    let waits = groups.clone().flatten().flat_map(|piece| piece.iter());
    waits.for_each(|wait| starts[grain.class(*wait) + 1] += 1);
    let mut n = 0;
    starts.iter_mut().for_each(|start| {
        n += *start;
        *start = n;
    });
    let mut keys = vec![0; n as usize];
    for (group, pieces) in groups.enumerate() {
        for wait in pieces.iter().flat_map(|piece| piece.iter()) {
            let at = &mut starts[grain.class(*wait)];
            keys[*at as usize] = (*wait as u64) << GROUP_BITS | group as u64;
            *at += 1;
        }
    }
    let mut start = 0;
    for end in starts {
        keys[start..end as usize].sort_unstable();
        start = end as usize;
    }
    keys
}

/// What the test is made of. A sum over time of what changes only when somebody leaves is summed by parts: who leaves takes
/// along what has come together while he was there, so that nothing is added up for those who stay. All parts are
/// positive, so nothing is lost by it.
struct Sums {
    at_risk: Vec<f64>,
    n: f64,
    observed: Vec<f64>,
    expected: Vec<f64>,
    /// Σ f/n² · r·r, by pair of groups: what those of the first took along; the sum of both ways is the pair's.
    pairs: Vec<f64>,
    /// Σ d/n and Σ f/n² so far, with f the factor for ties.
    now: [f64; 2],
}

impl Sums {
    fn new(at_risk: Vec<f64>) -> Self {
        let k = at_risk.len();
        Sums {
            n: at_risk.iter().sum(),
            at_risk,
            observed: vec![0.0; k],
            expected: vec![0.0; k],
            pairs: vec![0.0; k * k],
            now: [0.0; 2],
        }
    }

    /// A time at which `d` of those at risk ended.
    #[inline(always)]
    fn advance(&mut self, d: f64) {
        let share = 1.0 / self.n;
        // Where one ends alone, and he is nearly always alone, the factor is 1.
        let factor = if d == 1.0 { f64::from(u8::from(self.n > 1.0)) } else { d * (self.n - d) / (self.n - 1.0) };
        self.now[0] += d * share;
        self.now[1] += factor * share * share;
    }

    /// `n` of a group are no longer at risk.
    #[inline(always)]
    fn leave(&mut self, group: usize, n: f64) {
        let k = self.at_risk.len();
        self.expected[group] += n * self.now[0];
        let weight = n * self.now[1];
        let row = &mut self.pairs[group * k..(group + 1) * k];
        row.iter_mut().zip(&self.at_risk).for_each(|(pair, r)| *pair += weight * r);
        self.at_risk[group] -= n;
        self.n -= n;
    }

    fn test(mut self) -> Option<LogRank> {
        let k = self.at_risk.len();
        (0..k).for_each(|group| self.leave(group, self.at_risk[group]));
        // The last group follows from the others, which leaves a covariance matrix of full rank.
        let free = k - 1;
        let surplus: Vec<f64> = (0..free).map(|group| self.observed[group] - self.expected[group]).collect();
        let pair = |a: usize, b: usize| self.pairs[a * k + b] + self.pairs[b * k + a];
        // As all groups together are those at risk, what a group has with itself is what it lacks with the others.
        let cell = |a: usize, b: usize| match a == b {
            true => (0..k).filter(|other| *other != a).map(|other| pair(a, other)).sum::<f64>(),
            false => -pair(a, b),
        };
        let covariance = (0..free).map(|a| (0..free).map(|b| cell(a, b)).collect()).collect();
        let weights = solve(covariance, surplus.clone())?;
        let chi_square: f64 = surplus.iter().zip(&weights).map(|(a, b)| a * b).sum();
        let p = ChiSquared::new(free as f64).ok()?.sf(chi_square.max(0.0));
        Some(LogRank { chi_square, degrees: free, p })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::survival::{self, Spell};
    use super::*;
    use proptest::prelude::*;

    fn check(groups: &[Vec<(i64, bool)>]) -> Result<(), TestCaseError> {
        let of = |has_ended: bool| -> Vec<Vec<i64>> {
            let pick = |group: &Vec<(i64, bool)>| group.iter().filter(|w| w.1 == has_ended).map(|w| w.0).collect();
            groups.iter().map(pick).collect()
        };
        let (ended, open) = (of(true), of(false));
        let fast: Vec<Group> = ended
            .iter()
            .zip(&open)
            .map(|(ended, open)| {
                let (left, right) = ended.split_at(ended.len() / 2);
                Group { ended: vec![right, left], open: vec![open] }
            })
            .collect();
        let spells = |group: &Vec<(i64, bool)>| -> Vec<Spell> {
            group.iter().map(|(time, has_ended)| Spell { time: *time as f64, has_ended: *has_ended }).collect()
        };
        let book = survival::log_rank(&groups.iter().map(spells).collect::<Vec<_>>());
        let found = log_rank(&fast);
        match (found, book) {
            (Some(found), Some(book)) => {
                prop_assert_eq!(found.degrees, book.degrees);
                prop_assert!((found.chi_square - book.chi_square).abs() <= 1e-7 * book.chi_square.max(1.0));
                prop_assert!((found.p - book.p).abs() <= 1e-7);
            }
            (found, book) => prop_assert_eq!(found.is_some(), book.is_some()),
        }
        Ok(())
    }

    #[test]
    fn the_leukaemia_trial_gives_its_published_figure() {
        let read = |text: &str| -> (Vec<i64>, Vec<i64>) {
            let (open, ended): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.ends_with('+'));
            let numbers =
                |words: Vec<&str>| words.iter().map(|w| w.trim_end_matches('+').parse().expect("n")).collect();
            (numbers(ended), numbers(open))
        };
        let (a, a_open) = read("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+");
        let (b, b_open) = read("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23");
        let group = |ended, open| Group { ended: vec![ended], open: vec![open] };
        let test = log_rank(&[group(&a, &a_open), group(&b, &b_open)]).expect("two groups");
        assert!((test.chi_square - 16.793).abs() < 1e-3 && test.degrees == 1, "{test:?}");
    }

    #[test]
    fn groups_that_were_never_at_risk_together_say_nothing_of_each_other() {
        check(&[vec![(406_681_653, false), (127_720_004, true), (127_720_004, false)], vec![(0, false)]])
            .expect("as by the book");
        let group = |ended, open| Group { ended: vec![ended], open: vec![open] };
        assert_eq!(log_rank(&[group(&[5, 7], &[9]), group(&[], &[1, 2])]), None);
    }

    proptest! {
        #[test]
        fn it_is_the_test_by_the_book(
            groups in prop::collection::vec(prop::collection::vec((0i64..15, any::<bool>()), 0..25), 0..6),
        ) {
            check(&groups)?;
        }

        #[test]
        fn also_where_hardly_any_times_are_the_same(
            groups in prop::collection::vec(prop::collection::vec((0i64..1_000_000_000, any::<bool>()), 1..60), 2..4),
        ) {
            check(&groups)?;
        }
    }
}
