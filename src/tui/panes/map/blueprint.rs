//! The blueprint: what stands behind the stages: who owns what, through which media, how well controlled, at what cost.

use std::collections::BTreeMap;

use super::MapPane;
use super::journey::{by_stage, kpis, lane, lines, percent, stage_columns, text_cell};
use super::mood::{GAP, short};
use super::sheet::{Cell, Row, Sheet, Under};
use super::spot::{OfStage, OfTouchpoint, Spot, channel_name, touchpoint_name};
use crate::analysis::Map;
use crate::analysis::map::Channel;
use crate::tui::theme::Tone;

/// Lines of a lane before it is unfolded.
const CHANNELS: usize = 4;
const OWNERS: usize = 3;

impl MapPane {
    pub(super) fn blueprint(&self, map: &Map) -> Sheet {
        let most = |n: usize| (!self.is_unfolded).then_some(n);
        let mut rows = vec![
            lane(map, "goal", |(at, stage)| text_cell(at, stage.goal.as_deref())),
            lane(map, "owner", |(at, stage)| text_cell(at, stage.owner.as_deref())),
        ];
        for (name, of) in [
            ("ownership", (|row| row.ownership.as_deref()) as fn(&Channel) -> Option<&str>),
            ("media", |row| row.media.as_deref()),
            ("control", |row| row.control.as_deref()),
        ] {
            rows.push(mix(map, name, of));
        }
        rows.push(cost(map));
        let channels = by_stage(map, &map.channels, |row| row.stage_idx, |_| true, |row| std::cmp::Reverse(row.events));
        rows.extend(lines(map, "channels", &channels, most(CHANNELS), |at| channel_cell(at, &map.channels[at])));
        if map.touchpoints.iter().any(|row| row.owner.is_some()) {
            let owned = by_stage(
                map,
                &map.touchpoints,
                |row| row.stage_idx,
                |row| row.owner.is_some(),
                |row| std::cmp::Reverse(row.customers),
            );
            rows.extend(lines(map, "owned by", &owned, most(OWNERS), |at| {
                let row = &map.touchpoints[at];
                Cell::new(row.owner.as_deref().unwrap_or(GAP), Tone::Text, Spot::Touchpoint(at, OfTouchpoint::Whole))
                    .and(format!(" {}", touchpoint_name(row)), Tone::Dim)
            }));
        }
        rows.extend(kpis(map));
        Sheet { head: "stage".to_owned(), columns: stage_columns(map, 13), rows, is_even: true, has_lanes: true }
    }
}

/// The shares of a stage's events by what the plan says of their channels: `brand 80%`, and the next below.
fn mix(map: &Map, name: &str, of: fn(&Channel) -> Option<&str>) -> Row {
    lane(map, name, |(at, stage)| {
        let spot = Spot::Stage(at, OfStage::Plan);
        let mut events: BTreeMap<&str, u64> = BTreeMap::new();
        for row in map.channels.iter().filter(|row| row.stage_idx == at) {
            if let Some(value) = of(row) {
                *events.entry(value).or_default() += row.events;
            }
        }
        let mut shares: Vec<(&str, u64)> = events.into_iter().collect();
        shares.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let said = |(value, n): &(&str, u64)| format!("{value} {}", percent(*n as f64 / stage.events.max(1) as f64));
        let Some(first) = shares.first() else { return Cell::gap(spot) };
        let under = match &shares[1..] {
            [] => Under::Nothing,
            rest => Under::Text(rest.iter().map(said).collect::<Vec<_>>().join(" "), Tone::Dim),
        };
        Cell::new(said(first), Tone::Text, spot).under(under)
    })
}

/// What the contacts of a stage cost, and how much that is for each of its customers.
fn cost(map: &Map) -> Row {
    lane(map, "cost", |(at, stage)| {
        let costs = map.channels.iter().filter(|row| row.stage_idx == at).filter_map(|row| row.cost);
        let spot = Spot::Stage(at, OfStage::Plan);
        let Some(sum) = costs.fold(None, |sum, cost| Some(sum.unwrap_or(0.0) + cost)) else {
            return Cell::gap(spot);
        };
        let cell = Cell::new(money(sum), Tone::Text, spot);
        if stage.customers == 0 {
            return cell;
        }
        cell.under(Under::Text(format!("{:.2} each", sum / stage.customers as f64), Tone::Dim))
    })
}

fn money(sum: f64) -> String {
    if sum >= 10_000.0 { short(sum.round() as u64) } else { format!("{sum:.2}") }
}

fn channel_cell(at: usize, row: &Channel) -> Cell {
    let share = row.share.map_or(String::new(), percent);
    let said = [&row.ownership, &row.media, &row.control].map(|value| value.as_deref().unwrap_or(GAP));
    let under = match said {
        [GAP, GAP, GAP] => Under::Nothing,
        said => Under::Text(said.join("/"), Tone::Dim),
    };
    Cell::new(format!("{share:>5} "), Tone::Dim, Spot::Channel(at)).and(channel_name(row), Tone::Text).under(under)
}
