//! The common question: few stages that names alone decide, every visit of every customer, nothing broken down. As `kernel`
//! and `tally` do it, but with nothing in the loop that is not needed.

use super::kernel::Begun;
use super::plan::{LEFT, Plan};
use super::spec::Per;
use super::tally::{Cell, Total};
use crate::base::{Cancelled, Ctl, Spans};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::with_codes;

/// Up to so many stages, those that a customer was in are bits of a word.
pub const FEW: usize = u64::BITS as usize;

/// All visits, added up.
///
/// # Errors
/// `Cancelled`.
pub fn total(plan: &Plan, of_code: &[u32], ctl: &Ctl) -> Result<Total, Cancelled> {
    let made = with_codes!(plan.view.codes(), |codes| {
        par_gather(
            plan.view,
            ctl,
            || Gathered::new(plan),
            |gathered, chunk| {
                plan.view.journeys_of(chunk).for_each(|(_, journey)| gathered.add(plan, of_code, codes, journey));
            },
        )?
    });
    let n_ways = plan.names.len() + 2;
    let mut total = Total::empty(plan);
    for (stage, way) in (0..plan.names.len()).flat_map(|stage| (0..n_ways).map(move |way| (stage, way))) {
        // `LEFT` and `OPEN` are the two largest numbers, and come last.
        let to = if way < plan.names.len() { way as u32 } else { LEFT + (way - plan.names.len()) as u32 };
        total.cells.push(Cell { key: 0, stage: stage as u32, to, spans: Vec::new() });
    }
    let mut n_visits = vec![0; plan.names.len()];
    let mut n_first = vec![0; plan.names.len()];
    for gathered in made {
        total.n_visitors += gathered.n_visitors;
        for (cell, spans) in total.cells.iter_mut().zip(gathered.spans) {
            let pieces = spans.into_pieces().inspect(|piece| n_visits[cell.stage as usize] += piece.len() as u64);
            cell.spans.extend(pieces);
        }
        for (stage, n_first) in n_first.iter_mut().enumerate() {
            let customers = gathered.been.count(stage);
            *n_first += customers;
            total.distinct.add_known(stage, customers, gathered.again.count(stage), 0);
        }
    }
    // A customer's first visit is the only one that is no re-entry.
    for (stage, (visits, first)) in n_visits.iter().zip(&n_first).enumerate() {
        total.distinct.add_known(stage, 0, 0, visits - first);
    }
    total.cells.retain(|cell| cell.spans.iter().any(|piece| !piece.is_empty()));
    Ok(total)
}

/// What one thread adds up.
struct Gathered {
    n_ways: usize,
    /// By stage and way.
    spans: Vec<Spans>,
    /// Customers by the stages they were in, and by those they came back to.
    been: Words,
    again: Words,
    n_visitors: u64,
    begun: Begun,
}

/// How often each bit was set in many words. Counting eight bits at a time needs no branch and no loop over the bits.
struct Words {
    /// By byte of the word, then by its value.
    counts: Vec<[u32; 256]>,
}

impl Words {
    fn new(n_bits: usize) -> Self {
        Words { counts: vec![[0; 256]; n_bits.div_ceil(8)] }
    }

    #[inline(always)]
    fn add(&mut self, word: u64) {
        for (counts, byte) in self.counts.iter_mut().zip(word.to_le_bytes()) {
            counts[usize::from(byte)] += 1;
        }
    }

    fn count(&self, bit: usize) -> u64 {
        let counts = self.counts[bit / 8].iter().enumerate();
        counts.filter(|(byte, _)| byte >> (bit % 8) & 1 == 1).map(|(_, n)| u64::from(*n)).sum()
    }
}

impl Gathered {
    fn new(plan: &Plan) -> Self {
        let n_stages = plan.names.len();
        let n_ways = n_stages + 2;
        Gathered {
            n_ways,
            spans: std::iter::repeat_with(Spans::default).take(n_stages * n_ways).collect(),
            been: Words::new(n_stages),
            again: Words::new(n_stages),
            n_visitors: 0,
            begun: Begun::default(),
        }
    }

    #[inline(always)]
    fn add<C: Code>(&mut self, plan: &Plan, of_code: &[u32], codes: &[C], journey: std::ops::Range<usize>) {
        let begun = self.begun.find(&codes[journey.clone()], |code, _| of_code[code], plan.per == Per::Event);
        let Some((first, rest)) = begun.split_first() else { return };
        self.n_visitors += 1;
        let times = &plan.view.times()[journey.clone()];
        let (mut been, mut again) = (0u64, 0u64);
        let (mut start, mut stage) = (first.at(), first.stage() as usize);
        let mut since = times[start];
        for next in rest {
            let (end, to) = (next.at(), next.stage() as usize);
            let until = times[end];
            again |= been & 1 << stage;
            been |= 1 << stage;
            self.spans[stage * self.n_ways + to].push((until - since).max(0));
            (start, stage, since) = (end, to, until);
        }
        again |= been & 1 << stage;
        been |= 1 << stage;
        self.been.add(been);
        self.again.add(again);
        let own = |position: &usize| of_code[codes[*position].idx()] as usize == stage;
        let start = journey.start + start;
        let last_own = || (start..journey.end).rev().find(own).unwrap_or(start);
        let (to, _, until) = plan.last_visit(stage as u32, &journey, last_own);
        let way = self.n_ways - 2 + (to - LEFT) as usize;
        self.spans[stage * self.n_ways + way].push((until - since).max(0));
    }
}
