//! The step matrix: which share of all units is at which touchpoint at each position, and which is over.

use super::flow::{Flow, over_before};
use super::names::{END, OTHER, START};
use super::sequences::Sequences;
use super::way::{Left, Plan, Way};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::table::{Cell, Column, Kind, Table};
use crate::with_codes;

/// Units by touchpoint and position. Every position's counts add up to all units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// From 1; centred, the anchor is 0 and what came before it is negative.
    pub positions: Vec<i64>,
    pub rows: Vec<MatrixRow>,
    pub n_units: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    pub name: String,
    /// By position.
    pub units: Vec<u64>,
}

/// Units by touchpoint and position, before rows are chosen.
struct Counted {
    positions: Vec<i64>,
    /// By touchpoint, then by position.
    counts: Vec<Vec<u64>>,
    other: Vec<u64>,
    /// Not there yet, where there is a before.
    start: Option<Vec<u64>>,
    /// Not there any more.
    end: Vec<u64>,
    n_units: u64,
}

/// Positions on each side of the centre.
const MOST_BESIDE: usize = 50;

impl Matrix {
    /// From the nodes of a flow.
    pub fn of_flow(plan: &Plan, sequences: &Sequences, flow: &Flow, top: usize) -> Self {
        let n = flow.positions.len();
        let mut counts = vec![vec![0u64; n]; plan.shown.len()];
        let mut other = vec![0u64; n];
        for (at, position) in flow.positions.iter().enumerate() {
            for (place, node) in position.nodes.iter().enumerate() {
                match position.code(place) {
                    Some(code) => counts[code as usize][at] = node.units,
                    None => other[at] = node.units,
                }
            }
        }
        let positions = (1..=n as i64).collect();
        let end = over_before(sequences, flow);
        Matrix::new(plan, top, Counted { positions, counts, other, start: None, end, n_units: sequences.n_units })
    }

    /// Around the anchor.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn centred(plan: &Plan, depth: usize, top: usize, ctl: &Ctl) -> Result<Self, Cancelled> {
        let beside = (depth - 1).min(MOST_BESIDE);
        let width = 2 * beside + 1;
        let n = plan.shown.len();
        let made = with_codes!(plan.view.codes(), |codes| {
            par_gather(
                plan.view,
                ctl,
                || (vec![0u32; n * width], 0u64),
                |(counts, units), chunk| {
                    for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
                        plan.ways(customer, plan.view.journey(customer), &mut Left::default(), |way| {
                            *units += 1;
                            count_around(plan, codes, &way, beside, |code, at| counts[code as usize * width + at] += 1);
                        });
                    }
                },
            )?
        });
        let mut counts = vec![vec![0u64; width]; n];
        let mut n_units = 0;
        for (part, units) in made {
            n_units += units;
            for (row, part) in counts.iter_mut().zip(part.chunks(width)) {
                row.iter_mut().zip(part).for_each(|(sum, n)| *sum += u64::from(*n));
            }
        }
        let missing: Vec<u64> = (0..width).map(|at| n_units - counts.iter().map(|row| row[at]).sum::<u64>()).collect();
        let side = |is_before: bool| -> Vec<u64> {
            missing.iter().enumerate().map(|(at, n)| if (at < beside) == is_before { *n } else { 0 }).collect()
        };
        let positions = (0..width as i64).map(|at| at - beside as i64).collect();
        let (start, end) = (Some(side(true)), side(false));
        Ok(Matrix::new(plan, top, Counted { positions, counts, other: vec![0; width], start, end, n_units }))
    }

    fn new(plan: &Plan, top: usize, counted: Counted) -> Self {
        let Counted { positions, counts, mut other, start, end, n_units } = counted;
        let mut ranked: Vec<(u64, usize)> =
            counts.iter().enumerate().map(|(code, row)| (row.iter().sum(), code)).filter(|(sum, _)| *sum > 0).collect();
        // Codes are in text order.
        ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, code) in ranked.iter().skip(top) {
            other.iter_mut().zip(&counts[*code]).for_each(|(sum, n)| *sum += n);
        }
        let row = |name: &str, units: Vec<u64>| MatrixRow { name: name.to_owned(), units };
        let mut rows: Vec<MatrixRow> = start.into_iter().map(|units| row(START, units)).collect();
        rows.extend(
            ranked.iter().take(top).map(|(_, code)| row(plan.shown.label(*code as u32), counts[*code].clone())),
        );
        if other.iter().any(|n| *n > 0) {
            rows.push(row(OTHER, other));
        }
        rows.push(row(END, end));
        Matrix { positions, rows, n_units }
    }

    pub fn table(&self) -> Table {
        let mut table = Table::new("matrix", &[("name", Kind::Text)]);
        table.columns.extend(self.positions.iter().map(|position| Column::new(position.to_string(), Kind::Share)));
        for row in &self.rows {
            let mut cells = vec![Cell::text(row.name.clone())];
            cells.extend(row.units.iter().map(|n| Cell::share(*n, self.n_units)));
            table.push(cells);
        }
        table
    }
}

fn count_around<C: Code>(plan: &Plan, codes: &[C], way: &Way, beside: usize, mut count: impl FnMut(u32, usize)) {
    let mut at = beside;
    plan.walk(codes, way, |code, _| {
        count(code, at);
        at += 1;
        at <= 2 * beside
    });
    let mut at = beside;
    plan.walk_before(codes, &plan.before_anchor(way), |code, _| {
        if at < beside {
            count(code, at);
        }
        at = at.wrapping_sub(1);
        at < beside
    });
}
