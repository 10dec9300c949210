//! Waits that are still going on, and how many of them are shorter than another.

use std::ops::Deref;

/// Ascending lengths, with a table that says where among them a length would be.
#[derive(Debug)]
pub struct Open {
    lengths: Vec<i64>,
    /// `lengths` has `NEAR` more behind them, longer than any, so that those behind the last are looked at like all others.
    n: usize,
    /// By length, in steps of two to the power of `shift`: how many lie in lower steps; one more at the end.
    before: Vec<u32>,
    shift: u32,
}

/// As many lengths are compared without asking after each whether to go on: most steps hold fewer.
const NEAR: usize = 4;

impl Open {
    /// Lengths in any order, none negative.
    pub fn new(unordered: &[i64]) -> Self {
        let longest = unordered.iter().copied().max().unwrap_or(0).max(0);
        // Lengths are seldom even: of most questions more are short, of which there are then several in a step.
        let n_steps = 4 * unordered.len().max(1) as i64;
        let shift = (0..63).find(|shift| longest >> shift < n_steps).unwrap_or(63);
        let step = |length: i64| (length.max(0) >> shift) as usize;
        let mut before = vec![0u32; step(longest) + 3];
        unordered.iter().for_each(|length| before[step(*length) + 2] += 1);
        (1..before.len()).for_each(|step| before[step] += before[step - 1]);
        // Now at `step + 1` stands where the step begins, and after its last length where the next does.
        let mut lengths = vec![i64::MAX; unordered.len() + NEAR];
        for length in unordered {
            let at = &mut before[step(*length) + 1];
            lengths[*at as usize] = *length;
            *at += 1;
        }
        before.pop();
        for bounds in before.windows(2).filter(|bounds| bounds[1] - bounds[0] > 1) {
            lengths[bounds[0] as usize..bounds[1] as usize].sort_unstable();
        }
        Open { lengths, n: unordered.len(), before, shift }
    }

    /// How many are shorter than this.
    #[inline(always)]
    pub fn n_below(&self, length: i64) -> usize {
        let step = ((length >> self.shift) as usize).min(self.before.len() - 1);
        let from = self.before[step] as usize;
        let near = &self.lengths[from..from + NEAR];
        let n = near.iter().map(|open| usize::from(*open < length)).sum::<usize>();
        if n < NEAR { from + n } else { self.n_below_of(step, length) }
    }

    /// As `n_below`, of a length in a step.
    fn n_below_of(&self, step: usize, length: i64) -> usize {
        let bounds = self.before[step] as usize..self.before.get(step + 1).map_or(self.n, |end| *end as usize);
        bounds.start + self.lengths[bounds].partition_point(|open| *open < length)
    }
}

impl Deref for Open {
    type Target = [i64];

    fn deref(&self) -> &[i64] {
        &self.lengths[..self.n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lengths_are_in_order_and_those_below_another_are_counted(
            lengths in prop::collection::vec(prop_oneof![0i64..20, 0i64..5_000, 0i64..9_000_000_000, Just(i64::MAX)], 0..90),
            others in prop::collection::vec(prop_oneof![0i64..25, 0i64..5_000, 0i64..9_000_000_000, Just(i64::MAX)], 1..20),
        ) {
            let open = Open::new(&lengths);
            let mut sorted = lengths.clone();
            sorted.sort_unstable();
            prop_assert_eq!(&open[..], &sorted[..]);
            for other in others.iter().chain(&lengths) {
                prop_assert_eq!(open.n_below(*other), lengths.iter().filter(|length| *length < other).count());
            }
        }
    }
}
