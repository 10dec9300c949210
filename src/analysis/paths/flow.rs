//! `Flow`: which touchpoint stands at each position, and where the ways go from there.
//!
//! At every position the largest `top` touchpoints stand alone and the rest is `(other)`, so that a position has few nodes
//! however many names there are; what flows into a node is then exactly what it holds.

use std::ops::Range;

use rayon::prelude::*;

use super::sequences::{Sequences, Spread};
use super::spans::{self, Visit};
use super::way::{Left, Plan};
use crate::base::{Cancelled, Ctl};
use crate::with_codes;

/// Positions beyond this one are not told apart.
pub const MOST_POSITIONS: usize = 100;
/// Touchpoints per position beyond these are `(other)`, whatever is asked for: what a screen or a chart can hold.
const MOST_NODES: usize = 1000;

/// One touchpoint at one position, counted in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub units: u64,
    /// Went on to a touchpoint that stands alone.
    pub out: u64,
    pub ended: u64,
    pub open: u64,
    /// Went on behind the last position that is read.
    pub beyond: u64,
    /// Went on to `(other)`.
    pub other: u64,
}

#[derive(Debug)]
pub struct Position {
    /// Codes of the touchpoints that stand alone, the largest first.
    pub codes: Vec<u32>,
    /// By code, the place in `codes`; the place behind them is `(other)`.
    pub places: Vec<u16>,
    /// By place; `(other)` is there even where nothing is in it.
    pub nodes: Vec<Held>,
    /// Units by place here and place at the next position.
    pub edges: Vec<u64>,
    /// Nodes of the next position.
    width: usize,
}

#[derive(Debug)]
pub struct Flow {
    pub positions: Vec<Position>,
    /// Units that went past `MOST_POSITIONS` although more was asked for.
    pub n_past: u64,
}

impl Position {
    pub fn other(&self) -> usize {
        self.codes.len()
    }

    pub fn edge(&self, from: usize, to: usize) -> u64 {
        self.edges[from * self.width + to]
    }

    pub fn edge_idx(&self, from: usize, to: usize) -> usize {
        from * self.width + to
    }

    /// The touchpoint of a place, `None` for `(other)`.
    pub fn code(&self, place: usize) -> Option<u32> {
        self.codes.get(place).copied()
    }

    /// Places with anything in them, the largest first and `(other)` last.
    pub fn held(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|place| self.nodes[*place].units > 0)
    }
}

pub fn flow(spread: &Spread, n_labels: usize, depth: usize, top: usize, ctl: &Ctl) -> Result<Flow, Cancelled> {
    let longest = (0..spread.all.len()).map(|at| spread.codes(at).len()).max().unwrap_or(0);
    let n_positions = longest.min(depth).min(MOST_POSITIONS);
    let top = top.min(MOST_NODES);
    let mut positions: Vec<Position> = (0..n_positions)
        .into_par_iter()
        .map(|at| {
            ctl.check()?;
            Ok(position(spread, at, n_labels, top))
        })
        .collect::<Result<_, Cancelled>>()?;
    let widths: Vec<usize> = positions.iter().skip(1).map(|next| next.nodes.len()).chain([0]).collect();
    let edges: Vec<Vec<u64>> = (0..n_positions)
        .into_par_iter()
        .map(|at| {
            ctl.check()?;
            let (here, width) = (&positions[at], widths[at]);
            let mut edges = vec![0u64; here.nodes.len() * width];
            let Some(next) = positions.get(at + 1) else { return Ok(edges) };
            for (sequence, codes) in spread.iter().filter(|(_, codes)| codes.len() > at + 1) {
                let (from, to) = (here.places[codes[at] as usize], next.places[codes[at + 1] as usize]);
                edges[usize::from(from) * width + usize::from(to)] += u64::from(sequence.units);
            }
            Ok(edges)
        })
        .collect::<Result<_, Cancelled>>()?;
    for ((position, edges), width) in positions.iter_mut().zip(edges).zip(widths) {
        for (node, edges) in position.nodes.iter_mut().zip(edges.chunks(width.max(1))) {
            let (other, out) = edges.split_last().map_or((0, &[][..]), |(other, out)| (*other, out));
            node.out = out.iter().sum();
            node.other = other;
        }
        position.edges = edges;
        position.width = width;
    }
    let is_past = |codes: &[u32]| n_positions == MOST_POSITIONS && codes.len() > MOST_POSITIONS;
    let n_past = spread.iter().filter(|(_, codes)| is_past(codes)).map(|(sequence, _)| u64::from(sequence.units)).sum();
    Ok(Flow { positions, n_past })
}

/// The nodes of one position, without what leads on.
fn position(spread: &Spread, at: usize, n_labels: usize, top: usize) -> Position {
    let mut units = vec![0u64; n_labels];
    for (sequence, codes) in spread.iter() {
        if let Some(code) = codes.get(at) {
            units[*code as usize] += u64::from(sequence.units);
        }
    }
    let mut codes: Vec<u32> = (0..n_labels as u32).filter(|code| units[*code as usize] > 0).collect();
    codes.sort_unstable_by(|a, b| units[*b as usize].cmp(&units[*a as usize]).then(a.cmp(b)));
    codes.truncate(top);
    let mut places = vec![codes.len() as u16; n_labels];
    codes.iter().zip(0..).for_each(|(code, place)| places[*code as usize] = place);
    let mut nodes = vec![Held::default(); codes.len() + 1];
    for (sequence, path) in spread.iter() {
        let Some(code) = path.get(at) else { continue };
        let node = &mut nodes[usize::from(places[*code as usize])];
        node.units += u64::from(sequence.units);
        if path.len() == at + 1 {
            node.ended += u64::from(sequence.ended);
            node.open += u64::from(sequence.open);
            node.beyond += u64::from(sequence.beyond);
        } else if at + 1 == MOST_POSITIONS {
            node.beyond += u64::from(sequence.units);
        }
    }
    Position { codes, places, nodes, edges: Vec::new(), width: 0 }
}

impl Flow {
    /// The median seconds of every edge, by position and `edge_idx`.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn medians(&self, plan: &Plan, ctl: &Ctl) -> Result<Vec<Vec<Option<f64>>>, Cancelled> {
        let mut starts = vec![0];
        for position in &self.positions {
            starts.push(starts[starts.len() - 1] + position.edges.len());
        }
        let spans = EdgeSpans { plan, flow: self, starts: &starts };
        let medians = spans::medians_of(plan.view, starts[starts.len() - 1], &spans, ctl)?;
        Ok(starts.windows(2).map(|pair| medians[pair[0]..pair[1]].to_vec()).collect())
    }
}

/// How long every step from one position to the next took.
struct EdgeSpans<'a> {
    plan: &'a Plan<'a>,
    flow: &'a Flow,
    /// By position, the number of its first edge.
    starts: &'a [usize],
}

impl Visit for EdgeSpans<'_> {
    fn visit(&self, chunk: Range<u32>, sink: &mut impl FnMut(usize, i64)) {
        let EdgeSpans { plan, flow, starts } = self;
        let times = plan.view.times();
        with_codes!(plan.view.codes(), |codes| {
            for (customer, journey) in plan.view.journeys_of(chunk) {
                plan.ways(customer, journey, &mut Left::default(), |way| {
                    let (mut at, mut before) = (0, (0, 0));
                    plan.walk(codes, &way, |code, position| {
                        let Some(here) = flow.positions.get(at) else { return false };
                        let place = usize::from(here.places[code as usize]);
                        if at > 0 {
                            let idx = starts[at - 1] + flow.positions[at - 1].edge_idx(before.0, place);
                            sink(idx, (times[position] - before.1).abs());
                        }
                        before = (place, times[position]);
                        at += 1;
                        true
                    });
                });
            }
        });
    }
}

/// By position, how many units have come to their end before it.
pub fn over_before(sequences: &Sequences, flow: &Flow) -> Vec<u64> {
    flow.positions
        .iter()
        .map(|position| sequences.n_units - position.nodes.iter().map(|node| node.units).sum::<u64>())
        .collect()
}
