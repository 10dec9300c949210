//! The log-rank test over groups of millions of waits.
//!
//! All waits are sorted, some millions of the shortest first, and walked once: an end costs as many steps as there are
//! groups, not their square (see `Sums`).

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
    let n = groups.iter().map(|group| size(&group.ended) + size(&group.open)).sum();
    in_parts(groups, Grain::of(n), AT_ONCE)
}

/// Waits that are sorted at once, of eight bytes each: all are looked at for each part, which millions seldom need, and tens of
/// millions take no more room. More only where a class of the grain has more.
const AT_ONCE: usize = 1 << 21;

fn size(pieces: &[&[i64]]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

fn in_parts(groups: &[Group<'_>], grain: Grain, at_once: usize) -> Option<LogRank> {
    assert!(groups.len() <= GROUPS_MAX, "at most {GROUPS_MAX} groups are compared");
    let n_of = |group: &Group| size(&group.ended) + size(&group.open);
    let of_anybody: Vec<&Group> = groups.iter().filter(|group| n_of(group) > 0).collect();
    if of_anybody.len() < 2 {
        return None;
    }
    let (ended, open): (Vec<_>, Vec<_>) = of_anybody.iter().map(|group| (&group.ended[..], &group.open[..])).unzip();
    let mut sums = Sums::new(&of_anybody.iter().map(|group| n_of(group) as f64).collect::<Vec<_>>());
    let n_ended = counted(&ended, grain);
    let n_open = counted(&open, grain);
    let mut start = 0;
    while start < grain.n_classes() {
        let (mut end, mut n) = (start, 0);
        while end < grain.n_classes() && (end == start || n + n_ended[end] + n_open[end] <= at_once) {
            n += n_ended[end] + n_open[end];
            end += 1;
        }
        sums.pass(&keyed(&ended, grain, start, &n_ended[start..end]), &keyed(&open, grain, start, &n_open[start..end]));
        start = end;
    }
    sums.test()
}

const GROUP_BITS: u32 = 6;

fn group_of(key: u64) -> usize {
    (key & ((1 << GROUP_BITS) - 1)) as usize
}

/// By class, how many waits.
fn counted(groups: &[&[&[i64]]], grain: Grain) -> Vec<usize> {
    let mut counts = vec![0; grain.n_classes()];
    groups.iter().for_each(|pieces| grain.each(pieces, |_, class| counts[class] += 1));
    counts
}

/// The waits of some classes, of which it is known how many they have, with their group in the low bits, ascending. They are
/// dealt out by class first: to sort many short lists costs half as much as one long.
fn keyed(groups: &[&[&[i64]]], grain: Grain, first: usize, counts: &[usize]) -> Vec<u64> {
    let mut n = 0;
    let mut ends: Vec<usize> = counts
        .iter()
        .map(|count| {
            n += count;
            n - count
        })
        .collect();
    let mut keys = vec![0; n];
    if n == 0 {
        return keys;
    }
    for (group, pieces) in (0..).zip(groups) {
        grain.each(pieces, |wait, class| {
            if let Some(at) = ends.get_mut(class.wrapping_sub(first)) {
                keys[*at] = (wait as u64) << GROUP_BITS | group;
                *at += 1;
            }
        });
    }
    let mut start = 0;
    for end in ends {
        keys[start..end].sort_unstable();
        start = end;
    }
    keys
}

/// What the test is made of. A sum over time of what changes only when somebody leaves is summed by parts: who leaves takes
/// along what has come together while he was there, so that nothing is added up for those who stay. All parts are
/// positive, so nothing is lost by it.
struct Sums {
    k: usize,
    /// By group, in rows of a length that is known beforehand; the last may have room for more.
    at_risk: Vec<[f64; ROW]>,
    n: f64,
    observed: Vec<f64>,
    expected: Vec<f64>,
    /// Σ f/n² · r·r, by pair of groups: what those of the first took along; the sum of both ways is the pair's.
    pairs: Vec<[f64; ROW]>,
    /// Σ d/n and Σ f/n² so far, with f the factor for ties.
    now: [f64; 2],
}

const ROW: usize = 4;

impl Sums {
    fn new(of_groups: &[f64]) -> Self {
        let k = of_groups.len();
        let n_rows = k.div_ceil(ROW);
        let mut at_risk = vec![[0.0; ROW]; n_rows];
        at_risk.as_flattened_mut()[..k].copy_from_slice(of_groups);
        Sums {
            k,
            n: of_groups.iter().sum(),
            at_risk,
            observed: vec![0.0; k],
            expected: vec![0.0; k],
            pairs: vec![[0.0; ROW]; k * n_rows],
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
        let n_rows = self.at_risk.len();
        self.expected[group] += n * self.now[0];
        let weight = n * self.now[1];
        let pairs = &mut self.pairs[group * n_rows..(group + 1) * n_rows];
        for (pairs, at_risk) in pairs.iter_mut().zip(&self.at_risk) {
            pairs.iter_mut().zip(at_risk).for_each(|(pair, r)| *pair += weight * r);
        }
        self.at_risk[group / ROW][group % ROW] -= n;
        self.n -= n;
    }

    /// Waits that ended and others, ascending, all longer than those that were passed before.
    fn pass(&mut self, ended: &[u64], open: &[u64]) {
        let (mut at, mut at_open) = (0, 0);
        while at < ended.len() {
            let time = ended[at] >> GROUP_BITS;
            while at_open < open.len() && open[at_open] >> GROUP_BITS < time {
                self.leave(group_of(open[at_open]), 1.0);
                at_open += 1;
            }
            let n_now = 1 + ended[at + 1..].iter().take_while(|end| **end >> GROUP_BITS == time).count();
            self.advance(n_now as f64);
            for end in &ended[at..at + n_now] {
                self.observed[group_of(*end)] += 1.0;
                self.leave(group_of(*end), 1.0);
            }
            at += n_now;
        }
        open[at_open..].iter().for_each(|open| self.leave(group_of(*open), 1.0));
    }

    fn test(mut self) -> Option<LogRank> {
        let k = self.k;
        (0..k).for_each(|group| self.leave(group, self.at_risk[group / ROW][group % ROW]));
        // The last group follows from the others, which leaves a covariance matrix of full rank.
        let free = k - 1;
        let surplus: Vec<f64> = (0..free).map(|group| self.observed[group] - self.expected[group]).collect();
        let (pairs, width) = (self.pairs.as_flattened(), self.at_risk.len() * ROW);
        let pair = |a: usize, b: usize| pairs[a * width + b] + pairs[b * width + a];
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
    use crate::base::SizeClasses;
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
        // In parts it is the same to the last digit.
        prop_assert_eq!(in_parts(&fast, Grain::Fine(SizeClasses(3)), 4), in_parts(&fast, Grain::One, 4));
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
