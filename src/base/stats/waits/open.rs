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
/// The table has at most so many steps, of four bytes each: of millions of lengths it would take more room than they.
const STEPS_MOST: usize = 1 << 20;

impl Open {
    /// Those of the lengths that are below another; in any order, none negative.
    pub fn new(pieces: &[&[i64]], below: u64) -> Self {
        let lengths =
            || pieces.iter().flat_map(|piece| piece.iter().copied()).filter(|length| (*length as u64) < below);
        let (n, longest) = lengths().fold((0, 0), |(n, longest), length| (n + 1, length.max(longest)));
        // Lengths are seldom even: of most questions more are short, of which there are then several in a step.
        let n_steps = (4 * n.max(1)).min(STEPS_MOST) as i64;
        let shift = (0..63).find(|shift| longest >> shift < n_steps).unwrap_or(63);
        let step = |length: i64| (length >> shift) as usize;
        let mut before = vec![0u32; step(longest) + 3];
        lengths().for_each(|length| before[step(length) + 2] += 1);
        (1..before.len()).for_each(|step| before[step] += before[step - 1]);
        // Now at `step + 1` stands where the step begins, and after its last length where the next does.
        let mut sorted = vec![i64::MAX; n + NEAR];
        for length in lengths() {
            let at = &mut before[step(length) + 1];
            sorted[*at as usize] = length;
            *at += 1;
        }
        before.pop();
        for bounds in before.windows(2).filter(|bounds| bounds[1] - bounds[0] > 1) {
            sorted[bounds[0] as usize..bounds[1] as usize].sort_unstable();
        }
        Open { lengths: sorted, n, before, shift }
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
            below in prop_oneof![Just(u64::MAX), 0u64..6_000],
        ) {
            let (left, right) = lengths.split_at(lengths.len() / 3);
            let open = Open::new(&[right, left], below);
            let mut sorted: Vec<i64> = lengths.iter().copied().filter(|length| (*length as u64) < below).collect();
            sorted.sort_unstable();
            prop_assert_eq!(&open[..], &sorted[..]);
            for other in others.iter().chain(&lengths) {
                prop_assert_eq!(open.n_below(*other), sorted.iter().filter(|length| *length < other).count());
            }
        }
    }
}
