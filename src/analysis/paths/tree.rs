//! The tree of paths that begin alike: a branch per next touchpoint, as long as enough units go there.

use super::sequences::{Sequence, Spread};
use super::spans::{self, Grouped};
use super::spec::Share;
use super::way::{Left, Plan};
use crate::base::{Cancelled, Ctl};
use crate::journey::chunks::par_customers;
use crate::with_codes;

/// Branches kept; more would be no picture.
const MOST_BRANCHES: usize = 10_000;
const MOST_POSITIONS: usize = super::flow::MOST_POSITIONS;

/// Paths that begin with the same touchpoints. `units = (units of its branches) + ended + open + beyond + other`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    pub parent: Option<usize>,
    /// From the first touchpoint to this one.
    pub codes: Vec<u32>,
    pub units: u64,
    pub ended: u64,
    pub open: u64,
    pub beyond: u64,
    /// On branches too small to be shown, and how many such branches there are.
    pub other: u64,
    pub n_other: u64,
    pub converted: u64,
    /// From the touchpoint before.
    pub median_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    /// Every branch before its own branches, the largest of a place first.
    pub branches: Vec<Branch>,
    /// Units whose first touchpoint is not shown, and how many such first touchpoints there are.
    pub other: u64,
    pub n_other: u64,
    /// The fewest units that a shown branch has.
    pub least: u64,
}

struct Planter<'a> {
    spread: &'a Spread,
    top: usize,
    least: u64,
    branches: Vec<Branch>,
}

/// `spread` must be in the order of its names.
pub fn tree(spread: &Spread, n_units: u64, min_share: Share, top: usize, ctl: &Ctl) -> Result<Tree, Cancelled> {
    let mut least = min_share.at_least_of(n_units);
    loop {
        ctl.check()?;
        let mut planter = Planter { spread, top, least, branches: Vec::new() };
        let (other, n_other) = planter.grow(None, 0, 0..spread.all.len());
        if planter.branches.len() <= MOST_BRANCHES {
            return Ok(Tree { branches: planter.branches, other, n_other, least });
        }
        least *= 2;
    }
}

impl Planter<'_> {
    /// Adds the branches that leave a place, given the sequences that pass it, and returns what is left out of them.
    fn grow(&mut self, parent: Option<usize>, depth: usize, within: std::ops::Range<usize>) -> (u64, u64) {
        let mut groups: Vec<(std::ops::Range<usize>, u64)> = Vec::new();
        let mut at = within.start;
        while at < within.end {
            let Some(code) = self.spread.codes(at).get(depth) else {
                at += 1;
                continue;
            };
            let start = at;
            let mut units = 0;
            while at < within.end && self.spread.codes(at).get(depth) == Some(code) {
                units += u64::from(self.spread.all[at].units);
                at += 1;
            }
            groups.push((start..at, units));
        }
        // Those that come first in the order of names stay first among equals.
        groups.sort_by_key(|(_, units)| std::cmp::Reverse(*units));
        let (mut other, mut n_other, mut n_shown) = (0, 0, 0);
        for (range, units) in groups {
            if units < self.least
                || n_shown == self.top
                || depth >= MOST_POSITIONS
                || self.branches.len() > MOST_BRANCHES
            {
                other += units;
                n_other += 1;
                continue;
            }
            n_shown += 1;
            let branch = self.branches.len();
            let sum = |of: fn(&Sequence) -> u32, range: std::ops::Range<usize>| -> u64 {
                self.spread.all[range].iter().map(|sequence| u64::from(of(sequence))).sum()
            };
            // Sequences that end here sort before those that go on.
            let is_here = |at: &usize| self.spread.codes(*at).len() == depth + 1;
            let here = range.start..range.start + range.clone().take_while(is_here).count();
            self.branches.push(Branch {
                parent,
                codes: self.spread.codes(range.start)[..=depth].to_vec(),
                units,
                ended: sum(|s| s.ended, here.clone()),
                open: sum(|s| s.open, here.clone()),
                beyond: sum(|s| s.beyond, here),
                other: 0,
                n_other: 0,
                converted: sum(|s| s.converted, range.clone()),
                median_s: None,
            });
            let (left, n_left) = self.grow(Some(branch), depth + 1, range);
            self.branches[branch].other = left;
            self.branches[branch].n_other = n_left;
        }
        (other, n_other)
    }
}

impl Tree {
    /// Fills in the median seconds to every branch from the one before.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn add_medians(&mut self, plan: &Plan, ctl: &Ctl) -> Result<(), Cancelled> {
        let mut next: rustc_hash::FxHashMap<(u32, u32), u32> = rustc_hash::FxHashMap::default();
        const ROOT: u32 = u32::MAX;
        for (at, branch) in self.branches.iter().enumerate() {
            let parent = branch.parent.map_or(ROOT, |parent| parent as u32);
            next.insert((parent, branch.codes[branch.codes.len() - 1]), at as u32);
        }
        let times = plan.view.times();
        let pieces: Vec<Vec<Grouped>> = with_codes!(plan.view.codes(), |codes| {
            par_customers(plan.view, ctl, Vec::new, |spans: &mut Vec<Grouped>, customer, journey| {
                plan.ways(customer, journey, &mut Left::default(), |way| {
                    let (mut branch, mut before) = (ROOT, 0);
                    plan.walk(codes, &way, |code, position| {
                        let Some(found) = next.get(&(branch, code)) else { return false };
                        if branch != ROOT {
                            spans.push((*found, (times[position] - before).abs()));
                        }
                        (branch, before) = (*found, times[position]);
                        true
                    });
                });
            })?
        });
        let medians = spans::medians(&pieces, self.branches.len());
        self.branches.iter_mut().zip(medians).for_each(|(branch, median)| branch.median_s = median);
        Ok(())
    }
}
