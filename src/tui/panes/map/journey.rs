//! The journey: a lane for every thing that is asked about stages, from the people down to who owns them.

use super::MapPane;
use super::mood::{self, GAP, short};
use super::sheet::{Cell, Column, Row, Sheet, Under};
use super::spot::{self, OfStage, OfTouchpoint, Spot, stage_name};
use crate::analysis::Map;
use crate::analysis::map::{Channel, Stage, Touchpoint};
use crate::tui::theme::Tone;
use crate::tui::words;

/// Lines of a lane before it is unfolded.
const TOUCHPOINTS: usize = 4;
const CHANNELS: usize = 3;
const PAINS: usize = 3;

pub(super) fn stage_columns(map: &Map, wide: u16) -> Vec<Column> {
    let column = |stage: &Stage| Column { name: stage.id.clone(), label: stage_name(stage).to_owned(), wide };
    map.stages.iter().map(column).collect()
}

/// One row whose cells are about the stages.
pub(super) fn lane(map: &Map, name: &str, cell: impl FnMut((usize, &Stage)) -> Cell) -> Row {
    Row::new(name, name, map.stages.iter().enumerate().map(cell).collect())
}

/// Rows of a lane that has several things per stage, `most` of them or all.
pub(super) fn lines(
    map: &Map,
    name: &str,
    by_stage: &[Vec<usize>],
    most: Option<usize>,
    cell: impl Fn(usize) -> Cell,
) -> Vec<Row> {
    let n = by_stage.iter().map(Vec::len).max().unwrap_or(0);
    let shown = most.map_or(n, |most| n.min(most)).max(1);
    (0..shown)
        .map(|line| {
            let cells = by_stage.iter().enumerate().map(|(stage, all)| {
                let hidden = all.len().saturating_sub(shown - 1);
                match all.get(line) {
                    _ if line + 1 == shown && all.len() > shown => {
                        Cell::new(format!("+ {hidden} more"), Tone::Dim, Spot::More)
                    }
                    Some(at) => cell(*at),
                    None if line == 0 => Cell::gap(Spot::Stage(stage, OfStage::Plan)),
                    None => Cell::empty(),
                }
            });
            let label = if line == 0 { name } else { "" };
            debug_assert_eq!(by_stage.len(), map.stages.len());
            Row::new(format!("{name} {line}"), label, cells.collect())
        })
        .collect()
}

/// The places of rows by stage, in the order that `key` gives, smallest first.
pub(super) fn by_stage<T, K: Ord>(
    map: &Map,
    rows: &[T],
    stage: impl Fn(&T) -> usize,
    is_in: impl Fn(&T) -> bool,
    key: impl Fn(&T) -> K,
) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); map.stages.len()];
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| is_in(row)) {
        if let Some(of) = all.get_mut(stage(row)) {
            of.push(at);
        }
    }
    all.iter_mut().for_each(|of| of.sort_by_key(|at| key(&rows[*at])));
    all
}

impl MapPane {
    pub(super) fn journey(&self, map: &Map) -> Sheet {
        let mut rows = self.people(map);
        rows.push(emotion(map));
        rows.extend(expected(map));
        rows.extend(scores(map));
        let most = |n: usize| (!self.is_unfolded).then_some(n);
        let touchpoints = by_stage(
            map,
            &map.touchpoints,
            |row| row.stage_idx,
            |_| true,
            |row| std::cmp::Reverse((row.customers, row.events)),
        );
        rows.extend(lines(map, "touchpoints", &touchpoints, most(TOUCHPOINTS), |at| {
            touchpoint_cell(map, at, &map.touchpoints[at])
        }));
        let channels = by_stage(map, &map.channels, |row| row.stage_idx, |_| true, |row| std::cmp::Reverse(row.events));
        rows.extend(lines(map, "channels", &channels, most(CHANNELS), |at| channel_cell(at, &map.channels[at])));
        rows.extend(kpis(map));
        let pains =
            by_stage(map, &map.touchpoints, |row| row.stage_idx, |row| row.pain.rank.is_some(), |row| row.pain.rank);
        rows.extend(lines(map, "pains", &pains, most(PAINS), |at| pain_cell(at, &map.touchpoints[at])));
        rows.push(lane(map, "owner", |(at, stage)| text_cell(at, stage.owner.as_deref())));
        Sheet { head: "stage".to_owned(), columns: stage_columns(map, 13), rows, is_even: true, has_lanes: true }
    }

    fn people(&self, map: &Map) -> Vec<Row> {
        let customers = lane(map, "customers", |(at, stage)| {
            let share = stage.share.map_or(String::new(), |share| format!(" {:>4}", percent(share)));
            Cell::new(format!("{:>5}", short(stage.customers)), Tone::Strong, Spot::Stage(at, OfStage::Customers))
                .and(share, Tone::Dim)
                .under(Under::Bar(stage.share.unwrap_or(0.0), Tone::Bar))
        });
        let moved_on = lane(map, "moved on", |(at, stage)| {
            let spot = Spot::Stage(at, OfStage::MovedOn);
            match (stage.moved_on, stage.share_moved_on()) {
                (Some(n), Some(share)) => Cell::new(format!("{:>5} ", short(n)), Tone::Text, spot)
                    .and(format!("{:>4}", percent(share)), Tone::Strong)
                    .under(Under::Bar(share, Tone::Bar)),
                _ => Cell::gap(spot),
            }
        });
        let time = lane(map, "time | waiting", |(at, stage)| {
            let spot = Spot::Stage(at, OfStage::Time);
            let Some(completed) = stage.completed_median_s else { return Cell::gap(spot) };
            let waiting = match stage.waiting() {
                Some(n) => Under::Text(format!("{} wait", short(n)), Tone::Dim),
                None => Under::Nothing,
            };
            let all = match stage.km_median_s {
                Some(median) => words::seconds(median),
                None => "→".to_owned(),
            };
            Cell::new(words::seconds(completed), Tone::Text, spot).and(format!("|{all}"), Tone::Strong).under(waiting)
        });
        vec![customers, moved_on, time]
    }
}

/// `73%`, `4.2%`: a share in four characters.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 || value >= 9.95 { format!("{value:.0}%") } else { format!("{value:.1}%") }
}

fn emotion(map: &Map) -> Row {
    let at = |place: Option<usize>| place.and_then(|place| map.stages.get(place)).map(|stage| stage.emotion);
    let row = lane(map, "emotion", |(place, stage)| {
        let spot = Spot::Stage(place, OfStage::Emotion);
        if stage.emotion.mean.is_none() {
            return Cell::gap(spot);
        }
        let curve = Under::Curve([at(place.checked_sub(1)), Some(stage.emotion), at(Some(place + 1))]);
        Cell::new(mood::mood(&stage.emotion), mood::tone(&stage.emotion), spot)
            .and(format!(" n{}", short(stage.emotion.n)), Tone::Dim)
            .under(curve)
    });
    row.tall()
}

/// What the plan expects, and how the mood stands to it; nothing where it expects nothing.
fn expected(map: &Map) -> Option<Row> {
    map.stages.iter().any(|stage| stage.expected_emotion.is_some()).then(|| {
        lane(map, "against plan", |(at, stage)| {
            let spot = Spot::Stage(at, OfStage::Emotion);
            let Some(expected) = stage.expected_emotion else { return Cell::gap(spot) };
            let said = format!("expected {}", mood::number(expected));
            let Some(mean) = stage.emotion.mean else { return Cell::new(said, Tone::Dim, spot) };
            let (text, tone) = mood::against(mean, expected);
            let tone = if stage.emotion.is_thin() { Tone::Dim } else { tone };
            Cell::new(text, tone, spot).under(Under::Text(said, Tone::Dim))
        })
    })
}

fn scores(map: &Map) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for figure in &map.scores {
        if !names.contains(&figure.score.as_str()) {
            names.push(&figure.score);
        }
    }
    let row = |name: &&str| {
        let cells = map.stages.iter().enumerate().map(|(at, stage)| {
            let is_it = |figure: &crate::analysis::map::ScoreFigure| {
                figure.score == **name && figure.stage.as_deref() == Some(stage.id.as_str())
            };
            match map.scores.iter().position(is_it).filter(|place| map.scores[*place].value.is_some()) {
                Some(place) => {
                    let figure = &map.scores[place];
                    Cell::new(mood::score(figure), Tone::Text, Spot::Score(place))
                        .and(format!(" n{}", short(figure.n)), Tone::Dim)
                }
                None => Cell::gap(Spot::Stage(at, OfStage::Emotion)),
            }
        });
        Row::new(format!("score {name}"), *name, cells.collect())
    };
    names.iter().map(row).collect()
}

fn touchpoint_cell(map: &Map, at: usize, row: &Touchpoint) -> Cell {
    let worst = row.pain.rank.is_some_and(|rank| rank <= 3);
    let tone = match (row.events, row.emotion.mean) {
        (0, _) => Tone::Dim,
        (_, Some(_)) => mood::tone(&row.emotion),
        _ if worst => Tone::Bad,
        _ => Tone::Text,
    };
    debug_assert!(row.stage_idx < map.stages.len());
    let count = if row.events == 0 { GAP.to_owned() } else { short(row.customers) };
    Cell::new(format!("{count:>5} "), Tone::Dim, Spot::Touchpoint(at, OfTouchpoint::Whole))
        .and(spot::touchpoint_name(row), tone)
}

fn channel_cell(at: usize, row: &Channel) -> Cell {
    let share = row.share.map_or(String::new(), percent);
    let owner = row.ownership.as_deref().map_or(String::new(), |owner| format!("·{owner}"));
    Cell::new(format!("{share:>5} "), Tone::Dim, Spot::Channel(at))
        .and(spot::channel_name(row), Tone::Text)
        .and(owner, Tone::Dim)
}

/// The figures of the stages, each with its name below.
pub(super) fn kpis(map: &Map) -> Vec<Row> {
    let figures = by_stage(map, &map.kpis, |kpi| kpi.stage_idx, |_| true, |_| 0);
    if map.kpis.is_empty() {
        return Vec::new();
    }
    lines(map, "KPIs", &figures, None, |at| {
        let kpi = &map.kpis[at];
        let (mark, tone) = mood::mark(kpi.status);
        let value = kpi.value.map_or(GAP.to_owned(), |value| mood::figure(value, kpi.unit));
        Cell::new(format!("{mark} "), tone, Spot::Kpi(at))
            .and(value, tone)
            .and(format!(" {}", mood::target(kpi)), Tone::Dim)
            .under(Under::Text(spot::kpi_name(kpi).to_owned(), Tone::Dim))
    })
}

fn pain_cell(at: usize, row: &Touchpoint) -> Cell {
    let rank = row.pain.rank.unwrap_or_default();
    let tone = if rank <= 3 { Tone::Bad } else { Tone::Text };
    Cell::new(format!("{rank:>2} "), tone, Spot::Touchpoint(at, OfTouchpoint::Lost))
        .and(spot::touchpoint_name(row), tone)
}

pub(super) fn text_cell(at: usize, text: Option<&str>) -> Cell {
    let spot = Spot::Stage(at, OfStage::Plan);
    text.map_or_else(|| Cell::gap(spot), |text| Cell::new(text, Tone::Text, spot))
}
