//! The figures that stages are steered by, and what the answers to every score say about every stage.

use super::answer::{KpiFigure, ScoreFigure, Status};
use super::feel::{Answers, Moments, last_at};
use super::ground::Ground;
use super::kpi::{Evaluator, Figure, Formula, Trouble};
use super::plan::{Direction, Kpi, ScoreKind};
use super::spec::MapSpec;
use super::walk::{self, StageWaits};
use crate::analysis::Error;
use crate::base::stats::interval::{nps, wilson};
use crate::base::{Ctl, When};
use crate::journey::expr::ExprError;

/// All KPIs of the plan, by stage; what has no figure is a gap with a note.
///
/// # Errors
/// A formula that is not well formed, or `Cancelled`.
pub fn kpis(
    ground: &Ground,
    waits: &[StageWaits],
    answers: &Answers,
    ctl: &Ctl,
    notes: &mut Vec<String>,
) -> Result<Vec<KpiFigure>, Error> {
    let mut figures = Vec::new();
    let mut baselines: Vec<(&(When, When), Vec<Figured>)> = Vec::new();
    let wanted: Vec<(usize, &Kpi, Formula)> = formulas(ground)?;
    let now = Evaluator { ground, waits, answers, ctl };
    for (stage, kpi, formula) in &wanted {
        let language = &ground.spec.plan.language;
        let figure = figured(&now, formula, *stage)?;
        let figure = match figure {
            Figured::Known(figure) => *figure,
            Figured::Unknown(err) => {
                notes.push(format!("{} is a gap: {err}", name(ground, *stage, kpi)));
                Figure::gap()
            }
        };
        let baseline = match &kpi.baseline {
            None => None,
            Some(period) => {
                if !baselines.iter().any(|(known, _)| *known == period) {
                    baselines.push((period, in_period(ground, period, &wanted, ctl)?));
                }
                let (_, of_period) = baselines.iter().find(|(known, _)| *known == period).expect("just added");
                let at = wanted.iter().position(|(at, other, _)| at == stage && std::ptr::eq(*other, *kpi));
                at.and_then(|at| match &of_period[at] {
                    Figured::Known(figure) => figure.value,
                    Figured::Unknown(_) => None,
                })
            }
        };
        figures.push(KpiFigure {
            id: kpi.id.clone(),
            label: kpi.label.text(language).map(str::to_owned),
            stage: ground.stages.names[*stage].clone(),
            stage_idx: *stage,
            expr: kpi.expr.clone(),
            unit: figure.unit,
            value: figure.value,
            part: figure.part,
            n: figure.n,
            interval: figure.interval,
            target: kpi.target,
            good: kpi.good,
            status: status(&figure, kpi),
            baseline,
        });
    }
    Ok(figures)
}

/// The KPIs of the stages that are shown, with what they are made of.
pub fn formulas<'v>(ground: &Ground<'v>) -> Result<Vec<(usize, &'v Kpi, Formula)>, Error> {
    let mut wanted = Vec::new();
    for stage in 0..ground.n_stages() {
        for kpi in ground.planned_stage(stage).map_or(&[][..], |planned| &planned.kpis) {
            let formula = Formula::parse(&kpi.expr)
                .map_err(|err| Error::Invalid(format!("{}: {err}", name(ground, stage, kpi))))?;
            wanted.push((stage, kpi, formula));
        }
    }
    Ok(wanted)
}

fn name(ground: &Ground, stage: usize, kpi: &Kpi) -> String {
    format!("kpi `{}` of the stage `{}`", kpi.id, ground.stages.names[stage])
}

enum Figured {
    Known(Box<Figure>),
    Unknown(ExprError),
}

fn figured(evaluator: &Evaluator, formula: &Formula, stage: usize) -> Result<Figured, Error> {
    match evaluator.figure(formula, stage) {
        Ok(figure) => Ok(Figured::Known(Box::new(figure))),
        Err(Trouble::Fault(err)) => Ok(Figured::Unknown(err)),
        Err(Trouble::Cancelled(cancelled)) => Err(Error::Cancelled(cancelled)),
    }
}

/// The figures of those KPIs that have this period as their baseline, about entries in it; the others are left unknown.
fn in_period(
    ground: &Ground,
    period: &(When, When),
    wanted: &[(usize, &Kpi, Formula)],
    ctl: &Ctl,
) -> Result<Vec<Figured>, Error> {
    let mut spec: MapSpec = ground.spec.clone();
    (spec.scope.since, spec.scope.until) = (Some(period.0.clone()), Some(period.1.clone()));
    let then = Ground::new(ground.view, &spec, ctl)?;
    let waits = walk::waits(&then, ctl)?;
    let answers = Answers::new(&then, ctl)?;
    let evaluator = Evaluator { ground: &then, waits: &waits, answers: &answers, ctl };
    let figure = |(stage, kpi, formula): &(usize, &Kpi, Formula)| {
        if kpi.baseline.as_ref() == Some(period) {
            figured(&evaluator, formula, *stage)
        } else {
            Ok(Figured::Unknown(ExprError { column: 0, message: String::new() }))
        }
    };
    wanted.iter().map(figure).collect()
}

/// Red, amber or green.
fn status(figure: &Figure, kpi: &Kpi) -> Option<Status> {
    let (value, target) = (figure.value?, kpi.target?);
    let is_met = |value: f64| match kpi.good {
        Direction::Up => value >= target,
        Direction::Down => value <= target,
    };
    if is_met(value) {
        return Some(Status::Green);
    }
    let may_be_met = match figure.interval {
        Some((lo, hi)) => is_met(if kpi.good == Direction::Up { hi } else { lo }),
        None => (value - target).abs() < 0.1 * target.abs(),
    };
    Some(if may_be_met { Status::Amber } else { Status::Red })
}

/// By score: every stage in order, then the whole.
pub fn scores(ground: &Ground, waits: &[StageWaits], answers: &Answers) -> Vec<ScoreFigure> {
    let n_stages = ground.n_stages();
    let n_places = n_stages + 1;
    let mut tallies = vec![(Moments::default(), [0u64; 3], 0u64); answers.questions.len() * n_places];
    let mut add = |place: usize, said: &super::feel::Said| {
        let question = &answers.questions[said.question as usize];
        let (moments, by_sentiment, top) = &mut tallies[place];
        moments.add(said.value);
        by_sentiment[question.sentiment(said.value) as usize] += 1;
        *top += u64::from(question.is_top(said.value));
    };
    let of = |said: &super::feel::Said| said.question as usize * n_places;
    let at_stage = |said: &super::feel::Said| said.is_attributed().then(|| of(said) + said.stage as usize);
    last_at(answers, answers.questions.len() * n_places, at_stage, &mut add);
    last_at(answers, answers.questions.len() * n_places, |said| Some(of(said) + n_stages), &mut add);
    let n_customers = ground.view.n_customers() as u64;
    let figure = |(place, (moments, by_sentiment, top)): (usize, &(Moments, [u64; 3], u64))| {
        let (idx, stage) = (place / n_places, place % n_places);
        let score = &answers.questions[idx].score;
        let [positive, neutral, negative] = *by_sentiment;
        let (value, interval) = match score.kind {
            ScoreKind::Nps => {
                let estimate = nps(positive, neutral, negative);
                (estimate.map(|nps| nps.value), estimate.map(|nps| (nps.lo, nps.hi)))
            }
            ScoreKind::Csat => ((moments.n > 0).then(|| *top as f64 / moments.n as f64), wilson(*top, moments.n)),
            ScoreKind::Ces | ScoreKind::Rating => (moments.mean(), moments.interval()),
        };
        let is_whole = stage == n_stages;
        let asked = if is_whole { n_customers } else { waits[stage].customers };
        let is_lost = |said: &&super::feel::Said| said.question as usize == idx && !said.is_attributed();
        ScoreFigure {
            score: score.id.clone(),
            kind: score.kind,
            stage: (!is_whole).then(|| ground.stages.names[stage].clone()),
            n: moments.n,
            positive,
            neutral,
            negative,
            value,
            interval,
            mean: moments.mean(),
            response_rate: (asked > 0).then(|| moments.n as f64 / asked as f64),
            unattributed: is_whole.then(|| answers.said.iter().filter(is_lost).count() as u64),
        }
    };
    tallies.iter().enumerate().map(figure).collect()
}
