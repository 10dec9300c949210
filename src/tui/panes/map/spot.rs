//! What a cell is about: the customers behind its number, the others, and what there is to say about it.

use super::mood;
use crate::analysis::Map;
use crate::analysis::map::{Channel, KpiFigure, KpiUnit, ScoreFigure, Stage, Touchpoint};
use crate::base::visible::visible;
use crate::tui::words;

/// What a cell is about; numbers are places in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    Nothing,
    Stage(usize, OfStage),
    Touchpoint(usize, OfTouchpoint),
    Channel(usize),
    Kpi(usize),
    Score(usize),
    /// More lines of a lane that is not unfolded.
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfStage {
    Customers,
    MovedOn,
    Time,
    Emotion,
    Plan,
}

/// Which part of a touchpoint's pain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfTouchpoint {
    Whole,
    Lost,
    Negative,
    Slow,
    Again,
}

/// The customers behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Behind {
    /// As `--who` reads it.
    pub cell: String,
    pub title: String,
    pub n: u64,
}

const NOBODY_KNOWN: &str = "needs a number under the cursor; this is a gap";

pub(super) fn stage_name(stage: &Stage) -> &str {
    stage.label.as_deref().unwrap_or(&stage.id)
}

pub(super) fn touchpoint_name(row: &Touchpoint) -> &str {
    row.label.as_deref().unwrap_or(&row.id)
}

pub(super) fn channel_name(row: &Channel) -> &str {
    row.label.as_deref().unwrap_or(&row.id)
}

pub(super) fn kpi_name(kpi: &KpiFigure) -> &str {
    kpi.label.as_deref().unwrap_or(&kpi.id)
}

fn name_of_stage(map: &Map, stage_idx: usize) -> &str {
    map.stages.get(stage_idx).map_or("", stage_name)
}

impl Spot {
    /// The customers behind the number, or the others that belong to it.
    ///
    /// # Errors
    /// Why there are none, in words that follow a command's name.
    pub fn behind(self, map: &Map, is_other: bool) -> Result<Behind, &'static str> {
        let found = match self {
            Spot::Nothing => return Err("needs a cell with a number under the cursor"),
            Spot::More => return Err("needs one line of the lane; . shows them all"),
            Spot::Stage(at, of) => of_stage(map.stages.get(at).ok_or(NOBODY_KNOWN)?, of, is_other)?,
            Spot::Touchpoint(at, of) => {
                let row = map.touchpoints.get(at).ok_or(NOBODY_KNOWN)?;
                of_touchpoint(row, name_of_stage(map, row.stage_idx), of, is_other)?
            }
            Spot::Channel(at) => {
                let row = map.channels.get(at).ok_or(NOBODY_KNOWN)?;
                let place = format!("{} through {}", name_of_stage(map, row.stage_idx), channel_name(row));
                match is_other {
                    false => Behind { cell: row.cell("customers"), title: format!("Was in {place}"), n: row.customers },
                    true => {
                        let title = format!("Said how {place} was");
                        Behind { cell: row.cell("scored"), title, n: row.emotion.n }
                    }
                }
            }
            Spot::Kpi(at) => of_kpi(map.kpis.get(at).ok_or(NOBODY_KNOWN)?, is_other)?,
            Spot::Score(at) => of_score(map.scores.get(at).ok_or(NOBODY_KNOWN)?, is_other),
        };
        if found.n == 0 { Err("there is nobody behind this number") } else { Ok(found) }
    }

    /// What there is to say about it: the first line is what it is.
    pub fn about(self, map: &Map) -> Vec<String> {
        match self {
            Spot::Nothing => vec!["Nothing is known here; a gap is not a zero.".to_owned()],
            Spot::More => vec!["More of this lane than is shown; . shows every line of it.".to_owned()],
            Spot::Stage(at, of) => map.stages.get(at).map_or(Vec::new(), |stage| about_stage(map, stage, of)),
            Spot::Touchpoint(at, _) => map.touchpoints.get(at).map_or(Vec::new(), |row| about_touchpoint(map, row)),
            Spot::Channel(at) => map.channels.get(at).map_or(Vec::new(), |row| about_channel(map, row)),
            Spot::Kpi(at) => map.kpis.get(at).map_or(Vec::new(), |kpi| about_kpi(map, kpi)),
            Spot::Score(at) => map.scores.get(at).map_or(Vec::new(), |figure| about_score(map, figure)),
        }
    }

    /// The stage that it is in.
    pub fn stage(self, map: &Map) -> Option<usize> {
        match self {
            Spot::Nothing | Spot::More => None,
            Spot::Stage(at, _) => Some(at),
            Spot::Touchpoint(at, _) => Some(map.touchpoints.get(at)?.stage_idx),
            Spot::Channel(at) => Some(map.channels.get(at)?.stage_idx),
            Spot::Kpi(at) => Some(map.kpis.get(at)?.stage_idx),
            Spot::Score(at) => {
                let stage = map.scores.get(at)?.stage.as_deref()?;
                map.stages.iter().position(|other| other.id == stage)
            }
        }
    }

    /// The number that it shows, as it is copied.
    pub fn value(self, map: &Map) -> Option<String> {
        let number = |value: f64| format!("{value:.2}");
        match self {
            Spot::Nothing | Spot::More => None,
            Spot::Stage(at, of) => {
                let stage = map.stages.get(at)?;
                match of {
                    OfStage::Customers | OfStage::Plan => Some(stage.customers.to_string()),
                    OfStage::MovedOn => stage.moved_on.map(|n| n.to_string()),
                    OfStage::Time => stage.completed_median_s.map(words::seconds),
                    OfStage::Emotion => stage.emotion.mean.map(number),
                }
            }
            Spot::Touchpoint(at, OfTouchpoint::Whole) => Some(map.touchpoints.get(at)?.id.clone()),
            Spot::Touchpoint(..) => self.behind(map, false).ok().map(|behind| behind.n.to_string()),
            Spot::Channel(at) => Some(map.channels.get(at)?.id.clone()),
            Spot::Kpi(at) => {
                let kpi = map.kpis.get(at)?;
                kpi.value.map(|value| mood::figure(value, kpi.unit))
            }
            Spot::Score(at) => Some(mood::score(map.scores.get(at)?)).filter(|text| text != mood::GAP),
        }
    }
}

fn of_stage(stage: &Stage, of: OfStage, is_other: bool) -> Result<Behind, &'static str> {
    let name = stage_name(stage);
    let waiting = || match stage.waiting() {
        Some(n) => Ok(Behind { cell: stage.cell("waiting"), title: format!("Still in {name}"), n }),
        None if stage.is_terminal => Err("a journey may end here, so nobody waits"),
        None => Err("is the last stage, so nobody waits to move on"),
    };
    let customers = || Behind { cell: stage.cell("customers"), title: format!("Was in {name}"), n: stage.customers };
    Ok(match (of, is_other) {
        (OfStage::Customers | OfStage::Plan, false) | (OfStage::Emotion, true) => customers(),
        (OfStage::Customers | OfStage::Plan | OfStage::MovedOn | OfStage::Time, true) => waiting()?,
        (OfStage::MovedOn | OfStage::Time, false) => {
            let n = stage.moved_on.ok_or("needs a later stage that one can move on to")?;
            Behind { cell: stage.cell("moved_on"), title: format!("Moved on from {name}"), n }
        }
        (OfStage::Emotion, false) => {
            Behind { cell: stage.cell("scored"), title: format!("Said how {name} was"), n: stage.emotion.n }
        }
    })
}

fn of_touchpoint(row: &Touchpoint, stage: &str, of: OfTouchpoint, is_other: bool) -> Result<Behind, &'static str> {
    let (pain, place) = (&row.pain, format!("{} in {stage}", touchpoint_name(row)));
    let known = |is_known: bool| if is_known { Ok(()) } else { Err(NOBODY_KNOWN) };
    let (what, title, n) = match (of, is_other) {
        (OfTouchpoint::Whole, false) | (OfTouchpoint::Again, true) => {
            ("customers", format!("Met {place}"), row.customers)
        }
        (OfTouchpoint::Lost, false) | (OfTouchpoint::Whole, true) => {
            known(pain.loss.is_some())?;
            ("lost", format!("Met {place} and was lost"), pain.lost)
        }
        (OfTouchpoint::Lost, true) => {
            known(pain.loss.is_some())?;
            ("mature", format!("Met {place}, long enough ago to know"), pain.mature)
        }
        (OfTouchpoint::Negative, false) => {
            known(pain.negative.is_some())?;
            ("negative", format!("Said that {place} was bad"), pain.n_negative)
        }
        (OfTouchpoint::Negative, true) => {
            known(pain.negative.is_some())?;
            ("signals", format!("Said how {place} was"), pain.n_signals)
        }
        (OfTouchpoint::Slow, false) => {
            known(pain.dwell.is_some())?;
            ("slow", format!("Met {place} and was slow to move on"), pain.slow)
        }
        (OfTouchpoint::Slow, true) => {
            known(pain.dwell.is_some())?;
            ("moved_on", format!("Met {place} and moved on"), pain.moved_on)
        }
        (OfTouchpoint::Again, false) => {
            known(pain.loops.is_some())?;
            ("again", format!("Met {place} again"), pain.again)
        }
    };
    Ok(Behind { cell: row.cell(what), title, n })
}

fn of_kpi(kpi: &KpiFigure, is_other: bool) -> Result<Behind, &'static str> {
    let name = kpi_name(kpi);
    let (Some(part), Some(whole)) = (kpi.part, kpi.n) else {
        return Err("needs a share of customers; this figure is none");
    };
    Ok(match is_other {
        false => Behind { cell: kpi.cell("part"), title: format!("Counted by {name}"), n: part },
        true => Behind { cell: kpi.cell("whole"), title: format!("All that {name} is of"), n: whole },
    })
}

fn of_score(figure: &ScoreFigure, is_other: bool) -> Behind {
    let name = &figure.score;
    match is_other {
        false => Behind { cell: figure.cell("customers"), title: format!("Answered {name}"), n: figure.n },
        true => Behind { cell: figure.cell("negative"), title: format!("Answered {name} badly"), n: figure.negative },
    }
}

fn percent((lo, hi): (f64, f64)) -> String {
    format!(" ({:.1}–{:.1}%)", lo * 100.0, hi * 100.0)
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or("…".to_owned(), words::seconds)
}

fn moved_on_in_words(stage: &Stage) -> String {
    let Some(moved_on) = stage.moved_on else {
        return if stage.customers == 0 {
            "nobody was here".to_owned()
        } else {
            "the last stage: nobody can move on from it".to_owned()
        };
    };
    let bounds = stage.interval.map_or(String::new(), percent);
    let waiting = match stage.waiting() {
        Some(n) => format!(" · {} still waiting", words::count(n)),
        None => " · a journey may end here".to_owned(),
    };
    format!("{} moved on: {}{bounds}{waiting}", words::count(moved_on), words::share(moved_on, stage.customers))
}

fn time_in_words(stage: &Stage) -> Option<String> {
    let completed = stage.completed_median_s?;
    let all = match (stage.km_median_s, stage.km_interval_s) {
        (Some(median), (None, None)) => format!("with those still waiting by {}", words::seconds(median)),
        (Some(median), (lo, hi)) => {
            format!("with those still waiting by {} ({}–{})", words::seconds(median), time(lo), time(hi))
        }
        (None, _) => "with those still waiting, not half as far as anybody was watched".to_owned(),
    };
    Some(format!("half of those who moved on did by {} · {all}", words::seconds(completed)))
}

fn about_stage(map: &Map, stage: &Stage, of: OfStage) -> Vec<String> {
    let mut lines = vec![format!(
        "{} — {} of {} ({}) · {}",
        visible(stage_name(stage)),
        words::count(stage.customers),
        words::things(map.coverage.customers, "customer"),
        words::share(stage.customers, map.coverage.customers),
        words::things(stage.events, "event")
    )];
    let mut feeling = mood::mood_in_words(&stage.emotion);
    if let Some(expected) = stage.expected_emotion {
        feeling.push_str(&format!(" · expected {}", mood::number(expected)));
        if let Some(mean) = stage.emotion.mean {
            feeling.push_str(&format!(": {}", mood::against(mean, expected).0));
        }
    }
    let moved = moved_on_in_words(stage);
    let mut rest = vec![moved];
    rest.extend(time_in_words(stage));
    rest.push(feeling);
    // What the cursor is on comes first.
    let first = match of {
        OfStage::Emotion => rest.len() - 1,
        OfStage::Time if rest.len() > 2 => 1,
        _ => 0,
    };
    rest[..=first].rotate_right(1);
    let planned = [("goal", &stage.goal), ("owner", &stage.owner)].into_iter();
    let planned = planned.filter_map(|(what, text)| Some(format!("{what}: {}", visible(text.as_deref()?))));
    match of {
        OfStage::Plan => lines.extend(planned.chain(rest)),
        _ => lines.extend(rest.into_iter().chain(planned)),
    }
    lines
}

fn about_touchpoint(map: &Map, row: &Touchpoint) -> Vec<String> {
    let good = match row.valence {
        -1 => " · bad news",
        1 => " · good news",
        _ => "",
    };
    let goal = if row.is_goal { " · the goal" } else { "" };
    let mut lines = vec![format!(
        "{} × {} — {} · {}{good}{goal}",
        visible(touchpoint_name(row)),
        visible(name_of_stage(map, row.stage_idx)),
        words::things(row.customers, "customer"),
        words::things(row.events, "event"),
    )];
    if row.events == 0 {
        lines.push("planned, and in no event".to_owned());
        return lines;
    }
    let mostly = row.top_channel.as_ref().map_or(String::new(), |(name, _)| format!(" · mostly {}", visible(name)));
    let share = row.share.map_or(String::new(), |share| format!("{} of the stage's events · ", words::fraction(share)));
    lines.push(format!("{share}{}{mostly}", mood::mood_in_words(&row.emotion)));
    let pain = &row.pain;
    if pain.loss.is_some() {
        lines.push(format!(
            "{} of {} were lost, who met it long enough ago to know",
            words::count(pain.lost),
            words::count(pain.mature)
        ));
    }
    if let (Some(rank), Some(severity)) = (pain.rank, pain.severity) {
        let bounds = match pain.rank_interval {
            Some((lo, hi)) if lo != hi => format!(" ({lo}–{hi})"),
            _ => String::new(),
        };
        let part = |name: &str, value: Option<f64>, is_share: bool| match value {
            Some(value) if is_share => format!("{name} {}", words::fraction(value)),
            Some(value) => format!("{name} {value:.2}"),
            None => format!("{name} {}", mood::GAP),
        };
        lines.push(format!(
            "pain {rank}{bounds} · severity {severity:.2} = {} · {} · {} · {}",
            part("L", pain.loss, true),
            part("N", pain.negative, true),
            part("D", pain.dwell, false),
            part("R", pain.loops, false)
        ));
    }
    lines.extend(gain_in_words(row));
    if let Some(owner) = &row.owner {
        lines.push(format!("owner: {}", visible(owner)));
    }
    lines
}

/// What would be gained; nothing where nothing would be.
fn gain_in_words(row: &Touchpoint) -> Option<String> {
    let gain = &row.opportunity;
    let (rate, best, extra) = (gain.rate?, gain.best?, gain.extra.filter(|extra| *extra >= 0.5)?);
    let of = gain.best_of.as_deref().map_or(String::new(), |of| format!(" as {} does", visible(of)));
    let mut text = format!(
        "likely gain: {} more move on at {}{of}, now {}",
        words::count(extra.round() as u64),
        words::fraction(best),
        words::fraction(rate)
    );
    if let Some(goals) = gain.goals {
        text.push_str(&format!(" · {} goals", words::count(goals.round().max(0.0) as u64)));
    }
    if let Some(money) = gain.money {
        text.push_str(&format!(" · {} money", words::count(money.round().max(0.0) as u64)));
    }
    Some(text)
}

fn about_channel(map: &Map, row: &Channel) -> Vec<String> {
    let mut lines = vec![format!(
        "{} × {} — {} · {}",
        visible(channel_name(row)),
        visible(name_of_stage(map, row.stage_idx)),
        words::things(row.customers, "customer"),
        words::things(row.events, "event")
    )];
    let share = row.share.map_or(String::new(), |share| format!("{} of the stage's events · ", words::fraction(share)));
    lines.push(format!("{share}{}", mood::mood_in_words(&row.emotion)));
    let said = |what: &str, value: &Option<String>| {
        format!("{what} {}", value.as_deref().map_or(mood::GAP.into(), |value| visible(value).into_owned()))
    };
    let cost = row.cost.map_or(format!("cost {}", mood::GAP), |cost| format!("cost {cost:.2}"));
    lines.push(format!(
        "{} · {} · {} · {cost}",
        said("owned by", &row.ownership),
        said("media", &row.media),
        said("control", &row.control)
    ));
    lines
}

fn about_kpi(map: &Map, kpi: &KpiFigure) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or(mood::GAP.to_owned(), |value| mood::figure(value, kpi.unit));
    let mut lines = vec![format!(
        "{} × {} — {}",
        visible(kpi_name(kpi)),
        visible(name_of_stage(map, kpi.stage_idx)),
        shown(kpi.value)
    )];
    let mut text = match kpi.status {
        Some(status) => format!("{} {} of {}", mood::mark(kpi.status).0, status.name(), mood::target(kpi)),
        None if kpi.target.is_none() => "no target".to_owned(),
        None => "nothing to hold against the target".to_owned(),
    };
    if let Some((lo, hi)) = kpi.interval {
        text.push_str(&match kpi.unit {
            KpiUnit::Share => percent((lo, hi)),
            unit => format!(" ({}–{})", mood::figure(lo, unit), mood::figure(hi, unit)),
        });
    }
    if let (Some(part), Some(n)) = (kpi.part, kpi.n) {
        text.push_str(&format!(" · {} of {}", words::count(part), words::count(n)));
    }
    if kpi.baseline.is_some() {
        text.push_str(&format!(" · baseline {}", shown(kpi.baseline)));
    }
    lines.push(text);
    lines.push(format!("= {}", visible(&kpi.expr)));
    lines
}

fn about_score(map: &Map, figure: &ScoreFigure) -> Vec<String> {
    let place = figure.stage.as_deref().and_then(|id| map.stages.iter().find(|stage| stage.id == id));
    let place = place.map_or(String::new(), |stage| format!(" × {}", visible(stage_name(stage))));
    let bounds = match (figure.interval, figure.kind) {
        (Some(bounds), crate::analysis::map::plan::ScoreKind::Csat) => percent(bounds),
        (Some((lo, hi)), crate::analysis::map::plan::ScoreKind::Nps) => format!(" ({lo:+.0} to {hi:+.0})"),
        (Some((lo, hi)), _) => format!(" ({lo:.2}–{hi:.2})"),
        (None, _) => String::new(),
    };
    let kind = figure.kind.name();
    let mut lines = vec![format!(
        "{} ({kind}){place} — {}{bounds} of {}",
        visible(&figure.score),
        mood::score(figure),
        words::things(figure.n, "customer")
    )];
    lines.push(format!(
        "{} good · {} between · {} bad{}",
        words::count(figure.positive),
        words::count(figure.neutral),
        words::count(figure.negative),
        figure.mean.map_or(String::new(), |mean| format!(" · mean {mean:.2}"))
    ));
    if let Some(rate) = figure.response_rate {
        lines.push(format!("{} of those who were there answered", words::fraction(rate)));
    }
    lines
}
