//! What entries add up to: by group of a breakdown and cohort, how many there are, how much of them is over, who is back.

use super::kernel::{Entry, Plan};

/// Counts by group, cohort and slot, all in one table each. Sums of whole numbers, so the order of pieces does not matter.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    n_cohorts: usize,
    n_slots: usize,
    /// By row and by how many leading slots are over (0 to all of them).
    over: Vec<u64>,
    /// By row and slot: how many more are back than in the slot before.
    rises: Vec<i64>,
}

/// One cell of the answer, as counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counted {
    pub over: u64,
    pub back: u64,
}

impl Tally {
    pub fn new(plan: &Plan, n_groups: usize) -> Self {
        let (n_cohorts, n_slots) = (plan.cohorts.len(), plan.slots.len());
        let n = n_groups * n_cohorts * (n_slots + 1);
        Tally { n_cohorts, n_slots, over: vec![0; n], rises: vec![0; n] }
    }

    #[inline]
    fn row(&self, group: usize, cohort: usize) -> usize {
        (group * self.n_cohorts + cohort) * (self.n_slots + 1)
    }

    #[inline]
    pub fn add(&mut self, plan: &Plan, group: usize, entry: &Entry, back: &[u16]) {
        let row = self.row(group, entry.cohort as usize);
        let n_over = usize::from(entry.n_over);
        self.over[row + n_over] += 1;
        plan.judge(back, |first, last| {
            // What is not over is not known, so it does not count either way.
            let end = (last + 1).min(n_over);
            if first < end {
                self.rises[row + first] += 1;
                self.rises[row + end] -= 1;
            }
        });
    }

    /// Adds many of a cohort whose slots are periods: how many were seen so many periods after their start.
    pub fn add_cohort(&mut self, group: usize, cohort: usize, n_over: u16, seen_after: &[u32]) {
        let row = self.row(group, cohort);
        let n_over = usize::from(n_over);
        self.over[row + n_over] += u64::from(seen_after[0]);
        for (slot, n) in seen_after.iter().enumerate().take(n_over).skip(1) {
            self.rises[row + slot] += i64::from(*n);
            self.rises[row + slot + 1] -= i64::from(*n);
        }
    }

    pub fn plus(mut self, other: &Tally) -> Self {
        self.over.iter_mut().zip(&other.over).for_each(|(a, b)| *a += b);
        self.rises.iter_mut().zip(&other.rises).for_each(|(a, b)| *a += b);
        self
    }

    pub fn size(&self, group: usize, cohort: usize) -> u64 {
        let row = self.row(group, cohort);
        self.over[row..=row + self.n_slots].iter().sum()
    }

    /// Every slot of a cohort. Slot 0 counts nobody as back here: it is the cohort itself.
    pub fn cells(&self, group: usize, cohort: usize) -> Vec<Counted> {
        let row = self.row(group, cohort);
        let mut cells = vec![Counted::default(); self.n_slots];
        let (mut over, mut back) = (0, 0);
        for (slot, cell) in cells.iter_mut().enumerate().rev() {
            over += self.over[row + slot + 1];
            cell.over = over;
        }
        for (slot, cell) in cells.iter_mut().enumerate() {
            back += self.rises[row + slot];
            cell.back = back as u64;
        }
        cells
    }
}
