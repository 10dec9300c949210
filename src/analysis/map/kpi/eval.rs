//! A formula met with a map's data: its value, of whom it speaks, and how sure it is.

use super::{Call, Formula, Named, Node, Op, ScoreField, ScoreOf, What};
use crate::analysis::Error;
use crate::analysis::funnel::{self, Outcome, Unit};
use crate::analysis::map::answer::KpiUnit;
use crate::analysis::map::feel::{Answers, Moments, Said, last_at};
use crate::analysis::map::ground::Ground;
use crate::analysis::map::plan::{PlannedFunnel, ScoreKind};
use crate::analysis::map::walk::{StageWaits, Walker};
use crate::analysis::property::find_column;
use crate::base::nearest::nearest;
use crate::base::stats::interval::{nps, wilson};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_customers;
use crate::journey::expr::{ExprError, MaskError, customer_mask};
use crate::journey::{Bitmap, Expr};
use crate::with_codes;

/// Why a formula has no figure.
#[derive(Debug)]
pub enum Trouble {
    Fault(ExprError),
    Cancelled(Cancelled),
}

impl From<Cancelled> for Trouble {
    fn from(cancelled: Cancelled) -> Self {
        Trouble::Cancelled(cancelled)
    }
}

/// What a formula comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub unit: KpiUnit,
    pub value: Option<f64>,
    pub part: Option<u64>,
    pub n: Option<u64>,
    pub interval: Option<(f64, f64)>,
    /// The customers of a share.
    pub members: Option<Members>,
    is_constant: bool,
}

/// One bit per customer of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    pub part: Bitmap,
    pub whole: Bitmap,
}

impl Figure {
    fn number(value: impl Into<Option<f64>>) -> Self {
        let (part, n, interval, members) = (None, None, None, None);
        Figure { unit: KpiUnit::Number, value: value.into(), part, n, interval, members, is_constant: false }
    }

    /// What is not known.
    pub fn gap() -> Self {
        Figure::number(None)
    }

    fn constant(value: f64) -> Self {
        Figure { is_constant: true, ..Figure::number(value) }
    }

    fn share(part: u64, n: u64) -> Self {
        Figure {
            unit: KpiUnit::Share,
            value: (n > 0).then(|| part as f64 / n as f64),
            part: Some(part),
            n: Some(n),
            interval: wilson(part, n),
            members: None,
            is_constant: false,
        }
    }

    fn of_members(part: Bitmap, whole: Bitmap) -> Self {
        let part = part.and(&whole);
        let figure = Figure::share(part.count() as u64, whole.count() as u64);
        Figure { members: Some(Members { part, whole }), ..figure }
    }

    /// Those of the whole who are no part.
    fn complement(self) -> Self {
        let (Some(part), Some(n)) = (self.part, self.n) else { return self };
        match self.members {
            Some(Members { part, whole }) => Figure::of_members(part.negated(), whole),
            None => Figure::share(n - part, n),
        }
    }

    /// The same figure after adding and multiplying constants.
    fn scaled(self, unit: KpiUnit, change: impl Fn(f64) -> f64) -> Self {
        let interval = self.interval.map(|(lo, hi)| {
            let (a, b) = (change(lo), change(hi));
            (a.min(b), a.max(b))
        });
        let value = self.value.map(change).filter(|value| value.is_finite());
        Figure { unit, value, part: None, interval, members: None, ..self }
    }
}

/// What formulas are evaluated with.
pub struct Evaluator<'a, 'v> {
    pub ground: &'a Ground<'v>,
    pub waits: &'a [StageWaits],
    pub answers: &'a Answers<'v>,
    pub ctl: &'a Ctl,
}

impl Evaluator<'_, '_> {
    /// What a formula of a stage comes to.
    ///
    /// # Errors
    /// A name that means nothing, with its column, or `Cancelled`.
    pub fn figure(&self, formula: &Formula, stage: usize) -> Result<Figure, Trouble> {
        self.node(&formula.root, stage)
    }

    fn node(&self, node: &Node, stage: usize) -> Result<Figure, Trouble> {
        self.ctl.check()?;
        Ok(match node {
            Node::Number(value) => Figure::constant(*value),
            Node::Negative(node) => {
                let figure = self.node(node, stage)?;
                let unit = figure.unit;
                figure.scaled(unit, |value| -value)
            }
            Node::Binary { left, op, right } => binary(self.node(left, stage)?, *op, self.node(right, stage)?),
            Node::Call(call) => self.call(call, stage)?,
        })
    }

    fn call(&self, call: &Call, stage: usize) -> Result<Figure, Trouble> {
        Ok(match &call.what {
            What::Rate { from, to } => {
                let (whole, part) = self.went(self.stage(from)?, self.stage(to)?)?;
                Figure::of_members(part, whole)
            }
            What::Funnel { id, step } => self.funnel(id, step.as_ref())?,
            What::Score { id, at, field } => {
                let at = match at {
                    ScoreOf::OwnStage => Some(stage),
                    ScoreOf::Stage(named) => Some(self.stage(named)?),
                    ScoreOf::All => None,
                };
                self.score(id, at, *field)?
            }
            What::Share { part, whole } => {
                let all = self.starters()?;
                let whole = match whole {
                    Some(whole) => all.and(&self.customers(whole)?),
                    None => all,
                };
                Figure::of_members(self.customers(part)?, whole)
            }
            What::Events => Figure::number(self.events()? as f64),
            What::Customers => Figure::number(self.starters()?.count() as f64),
            What::Stage(named) => Figure::number(self.waits[self.stage(named)?].customers as f64),
            What::Median { stage, is_km } => {
                let waits = &self.waits[self.stage(stage)?];
                let value = if *is_km { waits.km_median_s } else { waits.completed_median_s };
                let n = if *is_km { waits.customers } else { waits.moved_on };
                let interval = if *is_km { waits.km_interval_s.0.zip(waits.km_interval_s.1) } else { None };
                Figure { unit: KpiUnit::Seconds, n: Some(n), interval, ..Figure::number(value) }
            }
            What::Sum(column) => Figure::number(self.sum(column)?),
        })
    }

    fn stage(&self, named: &Named) -> Result<usize, Trouble> {
        self.ground.stage_named(&named.text).map_err(|message| fault(named, message))
    }

    /// The customers of a stage, and those of them who entered another afterwards.
    fn went(&self, from: usize, to: usize) -> Result<(Bitmap, Bitmap), Trouble> {
        let ground = self.ground;
        let start = || (Walker::new(ground), Vec::new(), Vec::new());
        let chunks = with_codes!(ground.view.codes(), |codes| par_customers(
            ground.view,
            self.ctl,
            start,
            |(walker, whole, part), customer, journey| {
                walker.read(ground, codes, journey.clone());
                let fate = walker.fates[from];
                if !fate.counts {
                    return;
                }
                whole.push(customer);
                let is_there = |at: usize| ground.stage_at(ground.view.codes().get(at) as usize, at) as usize == to;
                if (fate.entry as usize + 1..journey.end).any(is_there) {
                    part.push(customer);
                }
            }
        ))?;
        let (mut whole, mut part) = (self.nobody(), self.nobody());
        for (_, in_whole, in_part) in chunks {
            in_whole.iter().for_each(|customer| whole.set(customer.idx()));
            in_part.iter().for_each(|customer| part.set(customer.idx()));
        }
        Ok((whole, part))
    }

    fn nobody(&self) -> Bitmap {
        Bitmap::none(self.ground.view.store().n_customers())
    }

    /// The customers whose first event lies in the period.
    fn starters(&self) -> Result<Bitmap, Cancelled> {
        let view = self.ground.view;
        self.ctl.check()?;
        Ok(Bitmap::from_fn(view.store().n_customers(), |at| {
            let customer = CustomerId(at as u32);
            view.is_in(customer) && self.ground.period.holds(view.times()[view.journey(customer).start])
        }))
    }

    fn customers(&self, named: &Named) -> Result<Bitmap, Trouble> {
        let located =
            |err: ExprError| Trouble::Fault(ExprError { column: named.column + err.column - 1, message: err.message });
        let expr = Expr::parse(&named.text).map_err(located)?;
        let ground = self.ground;
        customer_mask(ground.view, &expr, ground.spec.scope.session_gap, self.ctl).map_err(|err| match err {
            MaskError::Expr(err) => located(err),
            MaskError::Cancelled(cancelled) => Trouble::Cancelled(cancelled),
        })
    }

    fn events(&self) -> Result<u64, Cancelled> {
        let view = self.ground.view;
        let chunks = par_customers(
            view,
            self.ctl,
            || 0u64,
            |n, _, journey| {
                *n += view.times()[journey].iter().filter(|time| self.ground.period.holds(**time)).count() as u64;
            },
        )?;
        Ok(chunks.into_iter().sum())
    }

    fn sum(&self, column: &Named) -> Result<Option<f64>, Trouble> {
        let view = self.ground.view;
        let property = find_column(view.store(), &column.text).map_err(|err| fault(column, err.to_string()))?;
        let chunks = par_customers(view, self.ctl, Moments::default, |sums, _, journey| {
            for position in journey.filter(|at| self.ground.period.holds(view.times()[*at])) {
                if let Some(value) = property.number(view.row(position)) {
                    sums.add(value);
                }
            }
        })?;
        let mut total = Moments::default();
        chunks.iter().for_each(|chunk| total.merge(chunk));
        Ok((total.n > 0).then(|| total.sum.value()))
    }

    fn funnel(&self, id: &Named, step: Option<&Named>) -> Result<Figure, Trouble> {
        let planned = self.planned_funnel(id)?;
        let scope = &self.ground.spec.scope;
        let mut spec = planned.spec.clone();
        (spec.scope.since, spec.scope.until) = (scope.since.clone(), scope.until.clone());
        let n_steps = spec.steps.iter().filter(|step| !step.optional).count();
        let wanted = match step {
            None => n_steps,
            Some(step) => step
                .text
                .parse()
                .ok()
                .filter(|wanted| *wanted <= n_steps)
                .ok_or_else(|| fault(step, format!("the funnel `{}` has {n_steps} mandatory steps", id.text)))?,
        };
        let entered = funnel::each(self.ground.view, &spec, self.ctl).map_err(|err| match err {
            Error::Cancelled(cancelled) => Trouble::Cancelled(cancelled),
            err => fault(id, format!("the funnel `{}`: {err}", id.text)),
        })?;
        // Whoever is still open before the step may yet reach it.
        let counts = |unit: &&funnel::Entered| {
            !spec.mature || usize::from(unit.level) >= wanted || unit.outcome != Outcome::Open
        };
        let units: Vec<&funnel::Entered> = entered.iter().filter(counts).collect();
        let has_passed = |unit: &&&funnel::Entered| usize::from(unit.level) >= wanted;
        if spec.unit != Unit::Customers {
            return Ok(Figure::share(units.iter().filter(has_passed).count() as u64, units.len() as u64));
        }
        let (mut whole, mut part) = (self.nobody(), self.nobody());
        units.iter().for_each(|unit| whole.set(unit.customer.idx()));
        units.iter().filter(has_passed).for_each(|unit| part.set(unit.customer.idx()));
        Ok(Figure::of_members(part, whole))
    }

    fn planned_funnel(&self, id: &Named) -> Result<&PlannedFunnel, Trouble> {
        let funnels = &self.ground.spec.plan.funnels;
        funnels.iter().find(|funnel| funnel.id == id.text).ok_or_else(|| {
            let near = nearest(&id.text, funnels.iter().map(|funnel| funnel.id.as_str()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            fault(id, format!("no funnel is named `{}`{hint}", id.text))
        })
    }

    fn score(&self, id: &Named, stage: Option<usize>, field: ScoreField) -> Result<Figure, Trouble> {
        let questions = &self.answers.questions;
        let Some(question) = questions.iter().position(|question| question.score.id == id.text) else {
            let near = nearest(&id.text, questions.iter().map(|question| question.score.id.as_str()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(fault(id, format!("no score is named `{}`{hint}", id.text)));
        };
        let is_asked = |said: &Said| {
            let is_there = stage.is_none_or(|stage| said.is_attributed() && said.stage as usize == stage);
            (said.question as usize == question && is_there).then_some(0)
        };
        let asked = &questions[question];
        if field == ScoreField::Nps && asked.score.kind != ScoreKind::Nps {
            let kind = asked.score.kind.name();
            return Err(fault(
                id,
                format!("the score `{}` is a {kind} and has no .nps; write .mean or .top2", id.text),
            ));
        }
        let (mut whole, mut top) = (self.nobody(), self.nobody());
        let (mut moments, mut by_sentiment) = (Moments::default(), [0u64; 3]);
        last_at(self.answers, 1, is_asked, |_, said| {
            moments.add(said.value);
            by_sentiment[asked.sentiment(said.value) as usize] += 1;
            whole.set(said.customer.idx());
            if asked.is_top(said.value) {
                top.set(said.customer.idx());
            }
        });
        Ok(match field {
            ScoreField::Top2 => Figure::of_members(top, whole),
            ScoreField::Nps => {
                let [positive, neutral, negative] = by_sentiment;
                let estimate = nps(positive, neutral, negative);
                let interval = estimate.map(|nps| (nps.lo, nps.hi));
                Figure { n: Some(moments.n), interval, ..Figure::number(estimate.map(|nps| nps.value)) }
            }
            ScoreField::Mean => {
                Figure { n: Some(moments.n), interval: moments.interval(), ..Figure::number(moments.mean()) }
            }
            ScoreField::N => Figure::number(moments.n as f64),
        })
    }
}

fn fault(named: &Named, message: String) -> Trouble {
    Trouble::Fault(ExprError { column: named.column, message })
}

fn apply(op: Op, left: f64, right: f64) -> f64 {
    match op {
        Op::Add => left + right,
        Op::Subtract => left - right,
        Op::Multiply => left * right,
        Op::Divide => left / right,
    }
}

fn binary(left: Figure, op: Op, right: Figure) -> Figure {
    use KpiUnit::{Number, Seconds, Share};
    let is_added = matches!(op, Op::Add | Op::Subtract);
    match (left.is_constant, right.is_constant) {
        (true, false) if op == Op::Subtract && left.value == Some(1.0) && right.part.is_some() => right.complement(),
        (true, false) if op != Op::Divide => {
            let unit = if is_added { right.unit } else { Number };
            let constant = left.value.unwrap_or(f64::NAN);
            right.scaled(unit, |value| apply(op, constant, value))
        }
        (false, true) => {
            let unit = if is_added { left.unit } else { Number };
            let constant = right.value.unwrap_or(f64::NAN);
            left.scaled(unit, |value| apply(op, value, constant))
        }
        (are_constant, _) => {
            let value = left.value.zip(right.value).map(|(left, right)| apply(op, left, right));
            let unit = match (left.unit, right.unit) {
                (Share, Share) if is_added || op == Op::Multiply => Share,
                (Seconds, Seconds) if is_added => Seconds,
                _ => Number,
            };
            let is_constant = are_constant && right.is_constant;
            Figure { unit, is_constant, ..Figure::number(value.filter(|value| value.is_finite())) }
        }
    }
}
