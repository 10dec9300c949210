//! The experience: a grid of stages and touchpoints or channels, every cell with its customers and one more number.

use super::journey::{percent, stage_columns};
use super::mood::{self, short};
use super::sheet::{Cell, Row, Sheet, Under};
use super::spot::{OfTouchpoint, Spot};
use super::{Colour, MapPane};
use crate::analysis::Map;
use crate::analysis::map::{Emotion, Rows};
use crate::tui::theme::Tone;

/// Cells of fewer customers are dashed, whatever they say.
pub(super) const MANY: u64 = 30;

const SHADES: [&str; 4] = ["░", "▒", "▓", "█"];

impl MapPane {
    pub(super) fn experience(&self, map: &Map) -> Sheet {
        let most = match self.grouping {
            Rows::Touchpoints => map.touchpoints.iter().map(|row| row.customers).max(),
            Rows::Channels => map.channels.iter().map(|row| row.customers).max(),
        };
        let most = most.unwrap_or(0).max(1);
        let rows = map.grid(self.grouping).into_iter().map(|row| {
            let cells = row.cells.iter().enumerate().map(|(stage, cell)| {
                let Some(cell) = cell else { return Cell::empty() };
                let spot = self.place(map, &row.id, stage);
                self.experience_cell(map, spot, cell.customers, &cell.emotion, most)
            });
            Row::new(row.id.clone(), row.label.as_deref().unwrap_or(&row.id), cells.collect())
        });
        let head = match self.grouping {
            Rows::Touchpoints => "touchpoint",
            Rows::Channels => "channel",
        };
        let sheet = Sheet {
            head: head.to_owned(),
            rows: rows.collect(),
            columns: stage_columns(map, 14),
            is_even: true,
            has_lanes: false,
        };
        if self.is_transposed { sheet.transposed("stage") } else { sheet }
    }

    /// The cell of a touchpoint or a channel in a stage.
    fn place(&self, map: &Map, id: &str, stage: usize) -> Spot {
        let found = match self.grouping {
            Rows::Touchpoints => map
                .touchpoints
                .iter()
                .position(|row| row.id == id && row.stage_idx == stage)
                .map(|at| Spot::Touchpoint(at, OfTouchpoint::Whole)),
            Rows::Channels => {
                map.channels.iter().position(|row| row.id == id && row.stage_idx == stage).map(Spot::Channel)
            }
        };
        found.unwrap_or(Spot::Nothing)
    }

    fn experience_cell(&self, map: &Map, spot: Spot, customers: u64, emotion: &Emotion, most: u64) -> Cell {
        if customers < MANY {
            return Cell::new("┄ n<30 ┄", Tone::Dim, spot);
        }
        let count = format!("{:>5} ", short(customers));
        let bar = |tone| Under::Bar(customers as f64 / most as f64, tone);
        let stage = spot.stage(map).and_then(|at| map.stages.get(at));
        match self.colour {
            Colour::Mood => {
                let cell = Cell::new(count, Tone::Text, spot).under(bar(Tone::Bar));
                match emotion.mean {
                    Some(mean) => {
                        cell.and(format!("{:<2}{:>4}", mood::arrow(emotion), mood::number(mean)), mood::tone(emotion))
                    }
                    None => cell,
                }
            }
            Colour::Volume => {
                let share = stage.filter(|stage| stage.customers > 0);
                let share = share.map_or(0.0, |stage| customers as f64 / stage.customers as f64);
                let shade = SHADES[((share * 4.0) as usize).min(3)];
                let tone = if share >= 0.5 { Tone::Strong } else { Tone::Text };
                Cell::new(count, tone, spot)
                    .and(format!("{shade} "), Tone::Bar)
                    .and(format!("{:>4}", percent(share)), tone)
                    .under(bar(Tone::Bar))
            }
            Colour::Lost => {
                let pain = match spot {
                    Spot::Touchpoint(at, _) => map.touchpoints.get(at).map(|row| &row.pain),
                    _ => None,
                };
                let known = pain.filter(|pain| pain.loss.is_some() && pain.mature > 0);
                let Some(pain) = known else { return Cell::new(count, Tone::Text, spot).and(mood::GAP, Tone::Dim) };
                let share = pain.lost as f64 / pain.mature as f64;
                let is_bad = pain.loss.is_some_and(|loss| loss > 0.0);
                let (mark, tone) = if is_bad { ("✗", Tone::Bad) } else { ("·", Tone::Text) };
                Cell::new(count, Tone::Text, spot)
                    .and(format!("{mark} {:>4}", percent(share)), tone)
                    .under(Under::Bar(share, if is_bad { Tone::Bad } else { Tone::Bar }))
            }
        }
    }

    /// Cells of the grid that are dashed, and all that have anybody.
    pub(super) fn dashed(&self, map: &Map) -> (usize, usize) {
        let customers: Vec<u64> = match self.grouping {
            Rows::Touchpoints => map.touchpoints.iter().filter(|row| row.events > 0).map(|row| row.customers).collect(),
            Rows::Channels => map.channels.iter().map(|row| row.customers).collect(),
        };
        (customers.iter().filter(|n| **n < MANY).count(), customers.len())
    }
}
