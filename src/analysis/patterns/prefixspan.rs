//! Patterns with gaps: PrefixSpan (Pei and others 2001), which grows a pattern only over the units that hold it.
//!
//! Only the most frequent are wanted, so as soon as as many as wanted are known, nothing less frequent is grown any more.
//! Every first touchpoint has a search of its own, the most frequent one's before all others', and a bound of its own on
//! the touchpoints that it may read: where a search stops does not depend on the number of threads.

use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::Pattern;
use super::spec::Lengths;
use super::traces::Traces;
use crate::base::{Cancelled, Ctl};

/// Touchpoints that all searches together may read: seconds of work, not minutes.
pub const READ_MOST: u64 = 4_000_000_000;

/// Where a pattern's first fit ends in a unit: the unit, and the position behind it.
type Fit = (u32, u32);

#[derive(Debug)]
pub struct Found {
    /// The most frequent first, ties in the order of their names.
    pub patterns: Vec<Pattern>,
    /// First touchpoints whose searches came to their bound.
    pub stopped: Vec<u32>,
}

/// What is asked of a search.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub lengths: Lengths,
    /// The fewest units that hold a pattern.
    pub least: u64,
    pub top: usize,
    pub read_most: u64,
}

/// # Errors
/// `Cancelled`.
pub fn prefixspan(traces: &Traces, n_labels: usize, wanted: Wanted, ctl: &Ctl) -> Result<Found, Cancelled> {
    let mut first = Search::new(traces, n_labels, wanted, ctl);
    let everybody: Vec<Fit> = (0..traces.len()).map(|unit| (unit as u32, traces.range(unit).start as u32)).collect();
    let roots = first.following(&everybody)?;
    let held: u64 = roots.iter().map(|root| u64::from(root.units)).sum();
    let read_most = |root: &Next| (wanted.read_most as u128 * u128::from(root.units) / u128::from(held.max(1))) as u64;
    let search = |root: &Next, least: u64| -> Result<(Vec<Pattern>, Option<u32>), Cancelled> {
        let mut search = Search::new(traces, n_labels, Wanted { least, read_most: read_most(root), ..wanted }, ctl);
        search.grow_by(&[], &everybody, root)?;
        Ok((search.patterns(), search.has_stopped.then_some(root.code)))
    };
    let Some((root, others)) = roots.split_first() else {
        return Ok(Found { patterns: Vec::new(), stopped: Vec::new() });
    };
    let before = search(root, wanted.least)?;
    // As many as wanted are as frequent as this: what is less so need not be looked for.
    let least = if before.0.len() < wanted.top { wanted.least } else { before.0[wanted.top - 1].units };
    let mut all = others.par_iter().with_max_len(1).map(|root| search(root, least)).collect::<Result<Vec<_>, _>>()?;
    all.push(before);
    let stopped = all.iter().filter_map(|(_, stopped)| *stopped).collect();
    let mut patterns: Vec<Pattern> = all.into_iter().flat_map(|(patterns, _)| patterns).collect();
    patterns.sort_unstable();
    patterns.truncate(wanted.top);
    Ok(Found { patterns, stopped })
}

/// A touchpoint that may come next, and the units in which it does.
#[derive(Debug, Clone, Copy)]
struct Next {
    code: u32,
    units: u32,
    converted: u32,
}

struct Search<'a> {
    traces: &'a Traces,
    wanted: Wanted,
    ctl: &'a Ctl,
    n_read: u64,
    has_stopped: bool,
    /// The best so far; the worst of them on top.
    best: BinaryHeap<Pattern>,
    /// By touchpoint: units, those that convert, and the fit in which it was seen last.
    counts: Vec<(u32, u32, u64)>,
    n_fits: u64,
}

impl<'a> Search<'a> {
    fn new(traces: &'a Traces, n_labels: usize, wanted: Wanted, ctl: &'a Ctl) -> Self {
        let counts = vec![(0, 0, 0); n_labels];
        Search { traces, wanted, ctl, n_read: 0, has_stopped: false, best: BinaryHeap::new(), counts, n_fits: 0 }
    }

    fn patterns(&mut self) -> Vec<Pattern> {
        std::mem::take(&mut self.best).into_sorted_vec()
    }

    /// Fewer units than this, and a pattern is of no interest.
    fn least(&self) -> u64 {
        match self.best.peek() {
            Some(worst) if self.best.len() >= self.wanted.top => self.wanted.least.max(worst.units),
            _ => self.wanted.least,
        }
    }

    fn offer(&mut self, codes: &[u32], next: &Next) {
        let codes = [codes, &[next.code]].concat();
        if codes.len() < self.wanted.lengths.least {
            return;
        }
        let (units, converted) = (u64::from(next.units), u64::from(next.converted));
        self.best.push(Pattern { codes, times: None, units, converted });
        if self.best.len() > self.wanted.top {
            self.best.pop();
        }
    }

    /// The touchpoints that follow the fits in enough units, the most frequent first.
    fn following(&mut self, fits: &[Fit]) -> Result<Vec<Next>, Cancelled> {
        let n_labels = self.counts.len();
        for some in fits.chunks(1 << 14) {
            self.ctl.check()?;
            for (unit, from) in some {
                self.n_fits += 1;
                let rest = &self.traces.codes[*from as usize..self.traces.range(*unit as usize).end];
                let is_converted = u32::from(self.traces.converted[*unit as usize]);
                let (mut n_seen, mut n_read) = (0, 0);
                for code in rest {
                    n_read += 1;
                    let counted = &mut self.counts[*code as usize];
                    if counted.2 != self.n_fits {
                        *counted = (counted.0 + 1, counted.1 + is_converted, self.n_fits);
                        n_seen += 1;
                        if n_seen == n_labels {
                            break;
                        }
                    }
                }
                self.n_read += n_read;
            }
        }
        let least = self.least();
        let mut next = Vec::new();
        for (code, counted) in (0..).zip(&mut self.counts) {
            if u64::from(counted.0) >= least && counted.0 > 0 {
                next.push(Next { code, units: counted.0, converted: counted.1 });
            }
            *counted = (0, 0, counted.2);
        }
        next.sort_by(|a, b| b.units.cmp(&a.units).then(a.code.cmp(&b.code)));
        Ok(next)
    }

    /// Grows a pattern, which these units fit, by one touchpoint, and then on.
    fn grow_by(&mut self, codes: &[u32], fits: &[Fit], next: &Next) -> Result<(), Cancelled> {
        self.offer(codes, next);
        let length = codes.len() + 1;
        if length >= self.wanted.lengths.most {
            return Ok(());
        }
        let mut further: Vec<Fit> = Vec::with_capacity(next.units as usize);
        for some in fits.chunks(1 << 14) {
            self.ctl.check()?;
            for (unit, from) in some {
                let rest = &self.traces.codes[*from as usize..self.traces.range(*unit as usize).end];
                let found = rest.iter().position(|code| *code == next.code);
                self.n_read += found.unwrap_or(rest.len()) as u64;
                further.extend(found.map(|at| (*unit, from + at as u32 + 1)));
            }
        }
        let codes = [codes, &[next.code]].concat();
        for next in self.following(&further)? {
            if u64::from(next.units) < self.least() {
                break;
            }
            if self.n_read > self.wanted.read_most {
                self.has_stopped = true;
                break;
            }
            self.grow_by(&codes, &further, &next)?;
        }
        Ok(())
    }
}

/// Whether the touchpoints of a pattern come in this order, others between them or not.
pub fn holds(trace: &[u32], pattern: &[u32]) -> bool {
    let mut rest = trace.iter();
    pattern.iter().all(|code| rest.any(|other| other == code))
}
