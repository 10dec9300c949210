//! The pains: touchpoints that hurt, worst first, with every part that makes them up and what they cost.

use super::mood::{GAP, short};
use super::sheet::{Cell, Column, Row, Sheet};
use super::spot::{OfTouchpoint, Spot, stage_name, touchpoint_name};
use super::{MapPane, PainSort};
use crate::analysis::Map;
use crate::analysis::map::Touchpoint;
use crate::tui::theme::Tone;
use crate::tui::words;

/// A column: its name, how wide it is, and what its cells are about.
const COLUMNS: [(&str, u16, OfTouchpoint); 11] = [
    ("rank", 10, OfTouchpoint::Whole),
    ("pain", 7, OfTouchpoint::Whole),
    ("severity", 10, OfTouchpoint::Whole),
    ("V people", 10, OfTouchpoint::Whole),
    ("L lost", 9, OfTouchpoint::Lost),
    ("N bad", 9, OfTouchpoint::Negative),
    ("D slow", 9, OfTouchpoint::Slow),
    ("R again", 9, OfTouchpoint::Again),
    ("more", 8, OfTouchpoint::Lost),
    ("goals", 8, OfTouchpoint::Lost),
    ("money", 9, OfTouchpoint::Lost),
];

impl MapPane {
    /// The places of the touchpoints that hurt, in the order in which they are listed.
    pub(super) fn pain_places(&self, map: &Map) -> Vec<usize> {
        let hurts = |(at, row): (usize, &Touchpoint)| row.pain.rank.map(|_| at);
        let mut places: Vec<usize> = map.touchpoints.iter().enumerate().filter_map(hurts).collect();
        let by = |value: fn(&Touchpoint) -> f64| {
            move |a: &usize, b: &usize| value(&map.touchpoints[*b]).total_cmp(&value(&map.touchpoints[*a]))
        };
        places.sort_by_key(|at| map.touchpoints[*at].pain.rank);
        match self.sort {
            PainSort::Pain => {}
            PainSort::Severity => places.sort_by(by(|row| row.pain.severity.unwrap_or(-1.0))),
            PainSort::Reach => places.sort_by(by(|row| row.pain.reach as f64)),
            PainSort::Money => {
                places.sort_by(by(|row| row.opportunity.money.or(row.opportunity.goals).unwrap_or(-1.0)));
            }
        }
        places
    }

    pub(super) fn pains(&self, map: &Map) -> Sheet {
        let row = |at: usize| {
            let row = &map.touchpoints[at];
            let stage = map.stages.get(row.stage_idx).map_or("", stage_name);
            let label = format!("{} · {stage}", touchpoint_name(row));
            let texts = texts(row);
            let cells = COLUMNS.iter().zip(texts).map(|((_, wide, of), text)| {
                // Numbers stand on the right, with one column free before the next.
                let text = if text.is_empty() { GAP.to_owned() } else { text };
                let tone = match (text.as_str(), of) {
                    (GAP, _) => Tone::Dim,
                    (_, OfTouchpoint::Whole) => Tone::Strong,
                    _ => Tone::Text,
                };
                let room = usize::from(*wide - 2);
                Cell::new(crate::base::visible::fit_right(&text, room), tone, Spot::Touchpoint(at, *of))
            });
            Row::new(row.cell("customers"), label, cells.collect())
        };
        let columns = COLUMNS.iter().map(|(name, wide, _)| {
            let label = crate::base::visible::fit_right(name, usize::from(*wide - 2));
            Column { name: (*name).to_owned(), label, wide: *wide }
        });
        Sheet {
            head: "touchpoint".to_owned(),
            columns: columns.collect(),
            rows: self.pain_places(map).into_iter().map(row).collect(),
            is_even: false,
            has_lanes: false,
        }
    }
}

fn texts(row: &Touchpoint) -> [String; COLUMNS.len()] {
    let (pain, gain) = (&row.pain, &row.opportunity);
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
    let share = |value: Option<f64>| value.map_or(String::new(), words::fraction);
    let whole = |value: Option<f64>| value.map_or(String::new(), |value| short(value.round().max(0.0) as u64));
    let rank = match (pain.rank, pain.rank_interval) {
        (Some(rank), Some((lo, hi))) if lo != hi => format!("{rank} ({lo}–{hi})"),
        (Some(rank), _) => rank.to_string(),
        (None, _) => String::new(),
    };
    [
        rank,
        whole(pain.pain),
        number(pain.severity),
        short(pain.reach),
        share(pain.loss),
        share(pain.negative),
        number(pain.dwell),
        number(pain.loops),
        whole(gain.extra),
        whole(gain.goals),
        whole(gain.money),
    ]
}
