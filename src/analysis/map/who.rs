//! The customers behind a cell.
//!
//! | cell | whom it lists |
//! |---|---|
//! | `purchase`, `purchase:customers` | who reached the stage |
//! | `purchase:moved_on`, `:waiting` | who entered a later stage afterwards, and who did not |
//! | `purchase:scored` | whose score is in the stage's emotion |
//! | `purchase@web`, `purchase@web:scored` | who was there through a channel |
//! | `purchase/pay_fail`, `touchpoint:pay_fail` | who met a touchpoint in a stage, or in any |
//! | `purchase/pay_fail:again`, `:mature`, `:lost`, `:moved_on`, `:slow`, `:signals`, `:negative`, `:scored` | what its pain is made of |
//! | `score:csat:customers`, `:positive`, `:neutral`, `:negative` | who answered so last |
//! | `score:csat@purchase:positive` | about a stage |
//! | `kpi:purchase.abandon:part`, `:whole` | the customers of a share |
//! | `coverage:mapped`, `coverage:scored` | who is in any stage, and who gave a score |
//!
//! Names may hold any of these marks: a cell is read so that it fits what is there, stages with long names first.

use super::feel::{Answers, Said, Sentiment, last_at};
use super::figures::formulas;
use super::ground::Ground;
use super::kpi::{Evaluator, Trouble};
use super::pain::{cell_of, valence};
use super::spec::MapSpec;
use super::tally::{Judge, judges};
use super::walk::{self, Walker};
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::chunks::par_customers;
use crate::journey::{Bitmap, View};
use crate::with_codes;

/// What a cell speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Stage {
        stage: usize,
        of: OfStage,
    },
    Channel {
        stage: usize,
        slot: usize,
        is_scored: bool,
    },
    /// In one stage or in all of them.
    Touchpoint {
        stage: Option<usize>,
        code: u32,
        of: OfTouchpoint,
    },
    Score {
        question: usize,
        stage: Option<usize>,
        sentiment: Option<Sentiment>,
    },
    /// The place among the KPIs.
    Kpi {
        at: usize,
        is_whole: bool,
    },
    Mapped,
    Scored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfStage {
    Customers,
    MovedOn,
    Waiting,
    Scored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfTouchpoint {
    Customers,
    Again,
    Mature,
    Lost,
    MovedOn,
    Slow,
    Signals,
    Negative,
    Scored,
}

const OF_STAGE: [(&str, OfStage); 5] = [
    ("", OfStage::Customers),
    (":customers", OfStage::Customers),
    (":moved_on", OfStage::MovedOn),
    (":waiting", OfStage::Waiting),
    (":scored", OfStage::Scored),
];
const OF_TOUCHPOINT: [(&str, OfTouchpoint); 11] = [
    ("", OfTouchpoint::Customers),
    (":customers", OfTouchpoint::Customers),
    (":reach", OfTouchpoint::Customers),
    (":again", OfTouchpoint::Again),
    (":mature", OfTouchpoint::Mature),
    (":lost", OfTouchpoint::Lost),
    (":moved_on", OfTouchpoint::MovedOn),
    (":slow", OfTouchpoint::Slow),
    (":signals", OfTouchpoint::Signals),
    (":negative", OfTouchpoint::Negative),
    (":scored", OfTouchpoint::Scored),
];
const OF_CHANNEL: [(&str, bool); 3] = [("", false), (":customers", false), (":scored", true)];
const OF_SCORE: [(&str, Option<Sentiment>); 5] = [
    ("", None),
    (":customers", None),
    (":positive", Some(Sentiment::Positive)),
    (":neutral", Some(Sentiment::Neutral)),
    (":negative", Some(Sentiment::Negative)),
];
const OF_KPI: [(&str, bool); 2] = [(":part", false), (":whole", true)];

/// What the rest of a cell says, exactly.
fn word<T: Copy>(words: &[(&str, T)], rest: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == rest).map(|(_, of)| *of)
}

impl What {
    /// Reads a cell; `None` where the map has no such cell.
    ///
    /// # Errors
    /// A KPI of the plan that is not well formed.
    pub fn parse(ground: &Ground, answers: &Answers, cell: &str) -> Result<Option<What>, Error> {
        if let Some(found) = kpi(ground, cell)? {
            return Ok(Some(found));
        }
        let found = match cell {
            "coverage:mapped" => Some(What::Mapped),
            "coverage:scored" => Some(What::Scored),
            _ => score(ground, answers, cell).or_else(|| touchpoint(ground, cell)).or_else(|| in_stage(ground, cell)),
        };
        Ok(found)
    }
}

fn kpi(ground: &Ground, cell: &str) -> Result<Option<What>, Error> {
    let Some(rest) = cell.strip_prefix("kpi:") else { return Ok(None) };
    let all = formulas(ground)?;
    Ok(all.iter().enumerate().find_map(|(at, (stage, kpi, _))| {
        let key = format!("{}.{}", ground.stages.names[*stage], kpi.id);
        Some(What::Kpi { at, is_whole: word(&OF_KPI, rest.strip_prefix(&key)?)? })
    }))
}

fn score(ground: &Ground, answers: &Answers, cell: &str) -> Option<What> {
    let rest = cell.strip_prefix("score:")?;
    let mut questions = answers.questions.iter().enumerate();
    questions.find_map(|(question, asked)| {
        let rest = rest.strip_prefix(&asked.score.id)?;
        if let Some(sentiment) = word(&OF_SCORE, rest) {
            return Some(What::Score { question, stage: None, sentiment });
        }
        let rest = rest.strip_prefix('@')?;
        by_stage(ground, |stage, name| {
            Some(What::Score { question, stage: Some(stage), sentiment: word(&OF_SCORE, rest.strip_prefix(name)?)? })
        })
    })
}

fn touchpoint(ground: &Ground, cell: &str) -> Option<What> {
    let rest = cell.strip_prefix("touchpoint:")?;
    touchpoint_in(ground, None, rest)
}

fn touchpoint_in(ground: &Ground, stage: Option<usize>, rest: &str) -> Option<What> {
    let is_there = |of: &&(u32, u32)| stage.is_none_or(|stage| of.0 as usize == stage);
    ground.cells.iter().filter(is_there).find_map(|(_, code)| {
        let name = ground.view.store().touchpoints.name(*code);
        Some(What::Touchpoint { stage, code: *code, of: word(&OF_TOUCHPOINT, rest.strip_prefix(name)?)? })
    })
}

fn in_stage(ground: &Ground, cell: &str) -> Option<What> {
    by_stage(ground, |stage, name| {
        let rest = cell.strip_prefix(name)?;
        if let Some(of) = word(&OF_STAGE, rest) {
            return Some(What::Stage { stage, of });
        }
        if let Some(rest) = rest.strip_prefix('/') {
            return touchpoint_in(ground, Some(stage), rest);
        }
        let rest = rest.strip_prefix('@')?;
        ground.channels.names.iter().enumerate().find_map(|(slot, channel)| {
            Some(What::Channel { stage, slot, is_scored: word(&OF_CHANNEL, rest.strip_prefix(channel.as_str())?)? })
        })
    })
}

/// The first stage that something fits, those with long names first.
fn by_stage<T>(ground: &Ground, find: impl Fn(usize, &str) -> Option<T>) -> Option<T> {
    let mut stages: Vec<(usize, &String)> = ground.stages.names.iter().enumerate().collect();
    stages.sort_by_key(|(stage, name)| (usize::MAX - name.len(), *stage));
    stages.into_iter().find_map(|(stage, name)| find(stage, name))
}

/// The customers behind a cell, in text order of their ids.
pub fn who(view: &View, spec: &MapSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let ground = Ground::new(view, spec, ctl)?;
    let answers = Answers::new(&ground, ctl)?;
    let what = What::parse(&ground, &answers, cell)?.ok_or_else(|| unknown(&ground, cell))?;
    let members = members(&ground, &answers, &what, ctl)?.ok_or_else(|| unknown(&ground, cell))?;
    let in_order = view.store().customers_in_text_order().iter().map(|id| CustomerId(*id));
    Ok(in_order.filter(|id| members.get(id.idx())).collect())
}

pub fn unknown(ground: &Ground, cell: &str) -> Error {
    let written = cell.split([':', '@', '/', '.']).next().unwrap_or(cell);
    let names = || ground.stages.names.iter().map(String::as_str);
    let name = nearest(written, names()).or_else(|| names().next()).unwrap_or("buy");
    let touchpoint = ground.cells.iter().find(|(stage, _)| ground.stages.names[*stage as usize] == name);
    let touchpoint = touchpoint.map_or("cart", |(_, code)| ground.view.store().touchpoints.name(*code));
    Error::UnknownCell {
        cell: cell.to_owned(),
        example: format!("{name}:moved_on, {name}:waiting, {name}@CHANNEL or {name}/{touchpoint}:lost"),
    }
}

/// One bit per customer of the store; `None` for a KPI that has no customers.
pub fn members(ground: &Ground, answers: &Answers, what: &What, ctl: &Ctl) -> Result<Option<Bitmap>, Error> {
    let nobody = || Bitmap::none(ground.view.store().n_customers());
    let mut found = nobody();
    let mut add = |_: usize, said: &Said| found.set(said.customer.idx());
    match what {
        What::Kpi { at, is_whole } => return of_kpi(ground, answers, *at, *is_whole, ctl),
        What::Score { question, stage, sentiment } => {
            let is_asked = |said: &Said| {
                let is_there = stage.is_none_or(|stage| said.is_attributed() && said.stage as usize == stage);
                (said.question as usize == *question && is_there).then_some(0)
            };
            let asked = &answers.questions[*question];
            last_at(answers, 1, is_asked, |at, said| {
                if sentiment.is_none_or(|sentiment| asked.sentiment(said.value) == sentiment) {
                    add(at, said);
                }
            });
        }
        What::Scored => answers.said.iter().for_each(|said| add(0, said)),
        What::Stage { stage, of: OfStage::Scored } => {
            last_at(answers, 1, |said| is_at(said, *stage).then_some(0), add);
        }
        What::Channel { stage, slot, is_scored: true } => {
            let Some(slots) = ground.channels.reader(ground.view) else { return Ok(Some(found)) };
            let is_there =
                |said: &Said| is_at(said, *stage) && slots.at(ground.view.row(said.touchpoint as usize)) == *slot;
            last_at(answers, 1, |said| is_there(said).then_some(0), add);
        }
        What::Touchpoint {
            stage,
            code,
            of: of @ (OfTouchpoint::Signals | OfTouchpoint::Negative | OfTouchpoint::Scored),
        } => {
            return Ok(Some(of_signals(ground, answers, *stage, *code, *of, ctl)?));
        }
        What::Mapped | What::Stage { .. } | What::Channel { .. } | What::Touchpoint { .. } => {
            return Ok(Some(of_journeys(ground, what, ctl)?));
        }
    }
    Ok(Some(found))
}

fn is_at(said: &Said, stage: usize) -> bool {
    said.is_attributed() && said.stage as usize == stage
}

fn of_kpi(ground: &Ground, answers: &Answers, at: usize, is_whole: bool, ctl: &Ctl) -> Result<Option<Bitmap>, Error> {
    let waits = walk::waits(ground, ctl)?;
    let (stage, _, formula) = &formulas(ground)?[at];
    let evaluator = Evaluator { ground, waits: &waits, answers, ctl };
    let figure = evaluator.figure(formula, *stage).map_err(|trouble| match trouble {
        Trouble::Cancelled(cancelled) => Error::Cancelled(cancelled),
        Trouble::Fault(err) => Error::Invalid(err.to_string()),
    })?;
    Ok(figure.members.map(|members| if is_whole { members.whole } else { members.part }))
}

/// Who said something about a touchpoint, and who said something bad; in one stage, or in any.
fn of_signals(
    ground: &Ground,
    answers: &Answers,
    stage: Option<usize>,
    code: u32,
    of: OfTouchpoint,
    ctl: &Ctl,
) -> Result<Bitmap, Error> {
    let nobody = || Bitmap::none(ground.view.store().n_customers());
    let mut all = nobody();
    for (cell, _) in ground.cells.iter().enumerate().filter(|(_, known)| known.1 == code) {
        let at = ground.cells[cell].0 as usize;
        if stage.is_some_and(|stage| stage != at) {
            continue;
        }
        let (mut scored, mut negative) = (nobody(), nobody());
        let is_there = |said: &Said| (said.is_attributed() && cell_of(ground, said) == cell).then_some(0);
        last_at(answers, 1, is_there, |_, said| {
            scored.set(said.customer.idx());
            if answers.emotion(said) < 0.0 {
                negative.set(said.customer.idx());
            }
        });
        let valence = valence(ground, cell);
        let met = || of_journeys(ground, &What::Touchpoint { stage: Some(at), code, of: OfTouchpoint::Customers }, ctl);
        let found = match of {
            OfTouchpoint::Scored => scored,
            OfTouchpoint::Signals if valence == 0 => scored,
            OfTouchpoint::Signals => met()?,
            _ if valence < 0 => met()?.and(&scored.negated()).or(&negative),
            _ => negative,
        };
        all = all.or(&found);
    }
    Ok(all)
}

/// Cells that journeys alone decide.
fn of_journeys(ground: &Ground, what: &What, ctl: &Ctl) -> Result<Bitmap, Error> {
    let waits = walk::waits(ground, ctl)?;
    let judges = judges(ground, &waits);
    let slots = ground.channels.reader(ground.view);
    let view = ground.view;
    let start = || (Walker::new(ground), Vec::new());
    let chunks =
        with_codes!(view.codes(), |codes| par_customers(view, ctl, start, |(walker, found), customer, journey| {
            walker.read(ground, codes, journey.clone());
            let stage_at = |at: usize| ground.stage_at(view.codes().get(at) as usize, at) as usize;
            let is_in = match what {
                What::Mapped => walker.fates.iter().any(|fate| fate.counts),
                What::Stage { stage, of } => {
                    let fate = walker.fates[*stage];
                    fate.counts
                        && match of {
                            OfStage::MovedOn => fate.has_moved_on(),
                            OfStage::Waiting => !fate.has_moved_on(),
                            OfStage::Customers | OfStage::Scored => true,
                        }
                }
                What::Channel { stage, slot, .. } => {
                    let is_there = |at: usize| {
                        stage_at(at) == *stage && slots.as_ref().is_some_and(|slots| slots.at(view.row(at)) == *slot)
                    };
                    walker.fates[*stage].counts && journey.clone().any(is_there)
                }
                What::Touchpoint { stage, code, of } => {
                    let is_it = |at: &usize| {
                        let here = stage_at(*at);
                        view.codes().get(*at) == *code
                            && walker.fates.get(here).is_some_and(|fate| fate.counts)
                            && stage.is_none_or(|stage| here == stage)
                    };
                    met(ground, &judges, walker, journey.filter(is_it).map(|at| (at, stage_at(at))), *of)
                }
                What::Score { .. } | What::Kpi { .. } | What::Scored => false,
            };
            if is_in {
                found.push(customer);
            }
        }))?;
    let mut members = Bitmap::none(view.store().n_customers());
    chunks.iter().flat_map(|(_, found)| found).for_each(|customer| members.set(customer.idx()));
    Ok(members)
}

/// Whether a customer with these events of a touchpoint (position and stage) is counted, in any of their stages.
fn met(
    ground: &Ground,
    judges: &[Judge],
    walker: &Walker,
    events: impl Iterator<Item = (usize, usize)>,
    of: OfTouchpoint,
) -> bool {
    let mut n_of_stage = vec![0u32; ground.n_stages()];
    events.for_each(|(_, stage)| n_of_stage[stage] += 1);
    let counts = |(stage, n): (usize, &u32)| {
        let judge = &judges[stage];
        let verdict = || judge.verdict(ground, walker.fates[stage]);
        match of {
            OfTouchpoint::Again => *n > 1,
            OfTouchpoint::Mature => verdict().is_mature,
            OfTouchpoint::Lost => verdict().is_mature && !verdict().has_moved_on,
            OfTouchpoint::MovedOn => judge.can_lose && verdict().has_moved_on,
            OfTouchpoint::Slow => judge.can_lose && verdict().is_slow,
            OfTouchpoint::Customers | OfTouchpoint::Signals | OfTouchpoint::Negative | OfTouchpoint::Scored => true,
        }
    };
    n_of_stage.iter().enumerate().filter(|(_, n)| **n > 0).any(counts)
}

/// An opened number as people say it: `purchase:waiting` as `still in purchase`.
pub fn in_words(cell: &str) -> Option<String> {
    if ["kpi:", "score:", "coverage:"].iter().any(|prefix| cell.starts_with(prefix)) {
        return None;
    }
    let (place, what) = match cell.strip_prefix("touchpoint:") {
        Some(rest) => rest.split_once(':').unwrap_or((rest, "customers")),
        None => cell.split_once(':').unwrap_or((cell, "customers")),
    };
    if cell.starts_with("touchpoint:") || place.contains('/') {
        let (stage, touchpoint) = place.split_once('/').map_or(("", place), |(stage, name)| (stage, name));
        let place = if stage.is_empty() { touchpoint.to_owned() } else { format!("{touchpoint} in {stage}") };
        return Some(match what {
            "customers" | "reach" => format!("met {place}"),
            "again" => format!("met {place} again"),
            "mature" => format!("met {place}, long enough ago to know"),
            "lost" => format!("met {place} and was lost"),
            "moved_on" => format!("met {place} and moved on"),
            "slow" => format!("met {place} and was slow to move on"),
            "signals" | "scored" => format!("said how {place} was"),
            "negative" => format!("said that {place} was bad"),
            _ => return None,
        });
    }
    let place = match place.split_once('@') {
        Some((stage, channel)) => format!("{stage} through {channel}"),
        None => place.to_owned(),
    };
    Some(match what {
        "customers" => format!("was in {place}"),
        "moved_on" => format!("moved on from {place}"),
        "waiting" => format!("still in {place}"),
        "scored" => format!("said how {place} was"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opened_number_is_said_in_words() {
        for (cell, words) in [
            ("purchase", Some("was in purchase")),
            ("purchase:waiting", Some("still in purchase")),
            ("purchase:moved_on", Some("moved on from purchase")),
            ("purchase@web", Some("was in purchase through web")),
            ("purchase/pay_fail:lost", Some("met pay_fail in purchase and was lost")),
            ("touchpoint:pay_fail", Some("met pay_fail")),
            ("score:csat:positive", None),
            ("purchase:odd", None),
        ] {
            assert_eq!(in_words(cell).as_deref(), words, "{cell}");
        }
    }
}
