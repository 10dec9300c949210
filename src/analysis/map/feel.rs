//! Scores: which touchpoint every answer speaks of, and how it felt there.
//!
//! An answer belongs to the nearest touchpoint before it in journey order (events of the same instant included) that lies in a
//! stage, is no answer to the same question, and is no further back than the score's window. Events of no stage are passed
//! over: they are no touchpoints of the map. Where no touchpoint is found the answer is unattributed: it counts for the whole
//! and for no stage. Every customer counts once at a place, with the last answer there.

use std::ops::Range;

use super::answer::Emotion;
use super::ground::Ground;
use super::plan::{Score, ScoreKind};
use super::spec::ScoreAt;
use super::walk::Walker;
use crate::analysis::property::find_column;
use crate::analysis::stages::UNMAPPED;
use crate::base::stats::exact::Exact;
use crate::base::stats::interval::mean_interval;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::chunks::par_customers;
use crate::journey::expr::{MaskError, event_mask};
use crate::journey::{Bitmap, Codes, Expr, JourneyStore, Property, Values};
use crate::with_codes;

/// A score met with the data.
#[derive(Debug)]
pub struct Question<'v> {
    pub score: Score,
    values: Numbers<'v>,
    /// By position: the responses, where not every value is one.
    responses: Option<Bitmap>,
    pub comment: Option<&'v Property>,
}

/// The numbers of a column, which may be texts that spell them.
#[derive(Debug)]
enum Numbers<'v> {
    Column(&'v Property),
    Texts { codes: &'v Codes, numbers: Vec<f64> },
}

impl<'v> Numbers<'v> {
    fn of(property: &'v Property) -> Self {
        let Values::Text { codes, names } = &property.values else { return Numbers::Column(property) };
        let read = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).unwrap_or(f64::NAN);
        Numbers::Texts { codes, numbers: std::iter::once(f64::NAN).chain(names.iter().map(read)).collect() }
    }

    #[inline]
    fn at(&self, row: usize) -> Option<f64> {
        match self {
            Numbers::Column(property) => property.number(row),
            Numbers::Texts { codes, numbers } => Some(numbers[codes.get(row) as usize]).filter(|value| !value.is_nan()),
        }
    }
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
}

impl Question<'_> {
    /// −2 to 2.
    pub fn emotion(&self, value: f64) -> f64 {
        let (low, high) = self.score.scale;
        let e = 4.0 * (value - low) / (high - low) - 2.0;
        if self.score.is_high_good { e } else { -e }
    }

    pub fn sentiment(&self, value: f64) -> Sentiment {
        let e = self.emotion(value);
        let (low, high) = self.score.scale;
        let upwards = if self.score.is_high_good { value } else { low + high - value };
        let (is_positive, is_negative) = match self.score.kind {
            ScoreKind::Nps => (upwards >= 9.0, upwards <= 6.0),
            ScoreKind::Csat => (self.is_top(value), e < 0.0),
            ScoreKind::Ces | ScoreKind::Rating => (e > 0.0, e < 0.0),
        };
        match (is_positive, is_negative) {
            (true, _) => Sentiment::Positive,
            (_, true) => Sentiment::Negative,
            _ => Sentiment::Neutral,
        }
    }

    /// Whether it is one of the two best answers.
    pub fn is_top(&self, value: f64) -> bool {
        let (low, high) = self.score.scale;
        if self.score.is_high_good { value >= high - 1.0 } else { value <= low + 1.0 }
    }

    /// The answer at a position; `Err` where it lies beyond the scale.
    #[inline]
    fn at(&self, position: usize, row: usize) -> Option<Result<f64, ()>> {
        let value = self.values.at(row)?;
        if self.responses.as_ref().is_some_and(|responses| !responses.get(position)) {
            return None;
        }
        let (low, high) = self.score.scale;
        Some(if (low..=high).contains(&value) { Ok(value) } else { Err(()) })
    }
}

/// The scores of a question, and what is to be said about those that cannot be asked.
pub fn questions<'v>(ground: &Ground<'v>, ctl: &Ctl) -> Result<(Vec<Question<'v>>, Vec<String>), Cancelled> {
    let store: &'v JourneyStore = ground.view.store();
    let mut notes = Vec::new();
    let scores = if ground.spec.plan.scores.is_empty() {
        by_role(ground, store, &mut notes)
    } else {
        ground.spec.plan.scores.clone()
    };
    let mut questions = Vec::new();
    for score in scores {
        match question(ground, store, &score, ctl) {
            Ok(question) => questions.push(question),
            Err(Trouble::Cancelled(cancelled)) => return Err(cancelled),
            Err(Trouble::Words(words)) => notes.push(format!("score `{}` is a gap: {words}", score.id)),
        }
    }
    if questions.is_empty() && notes.is_empty() {
        notes.push(
            "no score: no column plays it (--score COLUMN) and no workspace names one; emotions are gaps".to_owned(),
        );
    }
    Ok((questions, notes))
}

enum Trouble {
    Cancelled(Cancelled),
    Words(String),
}

fn question<'v>(
    ground: &Ground<'v>,
    store: &'v JourneyStore,
    score: &Score,
    ctl: &Ctl,
) -> Result<Question<'v>, Trouble> {
    let words = |err: &dyn std::fmt::Display| Trouble::Words(err.to_string());
    let property = find_column(store, &score.value).map_err(|err| words(&err))?;
    let comment =
        score.comment.as_deref().map(|name| find_column(store, name)).transpose().map_err(|err| words(&err))?;
    let responses = match &score.when {
        None => None,
        Some(when) => {
            let expr = Expr::parse(when).map_err(|err| words(&err))?;
            let rows = event_mask(store, &expr, ctl).map_err(|err| match err {
                MaskError::Cancelled(cancelled) => Trouble::Cancelled(cancelled),
                MaskError::Expr(err) => words(&err),
            })?;
            Some(ground.view.at_positions(rows))
        }
    };
    Ok(Question { score: score.clone(), values: Numbers::of(property), responses, comment })
}

/// The score column as a score of its own.
fn by_role(ground: &Ground, store: &JourneyStore, notes: &mut Vec<String>) -> Vec<Score> {
    let Some(property) = store.roles.score.map(|idx| &store.properties[idx]) else { return Vec::new() };
    let spec = ground.spec;
    let kind = spec.score_kind.unwrap_or_default();
    let numbers = Numbers::of(property);
    let bounds =
        (0..property.values.len()).filter_map(|row| numbers.at(row)).fold(None, |bounds, value| match bounds {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        });
    let Some((low, high)) = bounds else {
        notes.push(format!("the score column `{}` holds no number; emotions are gaps", property.name));
        return Vec::new();
    };
    let scale = match spec.score_scale.or(kind.usual_scale()) {
        Some(scale) => (scale.low, scale.high),
        None => {
            let (low, high) = (low.floor(), high.ceil());
            if low == high {
                notes.push(format!(
                    "every `{}` is {low}, which says nothing about its scale; give it with --score-scale 1..5",
                    property.name
                ));
                return Vec::new();
            }
            notes.push(format!(
                "the scale of `{}` is taken to be {low} to {high}, as observed; if it is another, give it with --score-scale 1..5",
                property.name
            ));
            (low, high)
        }
    };
    vec![Score {
        id: property.name.clone(),
        kind,
        when: None,
        value: property.name.clone(),
        scale,
        is_high_good: !spec.score_low_is_good,
        window: spec.score_window,
        comment: spec.comment.clone(),
    }]
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    pub customer: CustomerId,
    /// The place of the question.
    pub question: u32,
    pub position: u32,
    /// The position of the touchpoint that it speaks of, and its stage; `UNMAPPED` where there is none.
    pub touchpoint: u32,
    pub stage: u32,
    pub value: f64,
}

impl Said {
    pub fn is_attributed(&self) -> bool {
        self.stage != UNMAPPED
    }
}

/// All answers that count, in the order of customers and then of journeys.
#[derive(Debug, Default)]
pub struct Answers<'v> {
    pub questions: Vec<Question<'v>>,
    pub said: Vec<Said>,
    /// By question: answers beyond the scale.
    pub beyond: Vec<u64>,
    pub notes: Vec<String>,
}

impl<'v> Answers<'v> {
    /// Reads the answers.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn new(ground: &Ground<'v>, ctl: &Ctl) -> Result<Self, Cancelled> {
        let (questions, notes) = questions(ground, ctl)?;
        let mut answers = Answers { beyond: vec![0; questions.len()], questions, said: Vec::new(), notes };
        if answers.questions.is_empty() {
            return Ok(answers);
        }
        let questions = &answers.questions;
        let start = || Reader {
            walker: Walker::new(ground),
            latest: vec![NONE; questions.len()],
            said: Vec::new(),
            beyond: vec![0; questions.len()],
        };
        let chunks = par_customers(ground.view, ctl, start, |reader, customer, journey| {
            reader.read(ground, questions, customer, journey);
        })?;
        for chunk in chunks {
            answers.said.extend(chunk.said);
            answers.beyond.iter_mut().zip(chunk.beyond).for_each(|(sum, n)| *sum += n);
        }
        Ok(answers)
    }

    pub fn emotion(&self, said: &Said) -> f64 {
        self.questions[said.question as usize].emotion(said.value)
    }

    /// The answers of one customer after the other.
    pub fn by_customer(&self) -> impl Iterator<Item = &[Said]> {
        self.said.chunk_by(|a, b| a.customer == b.customer)
    }
}

const NONE: u32 = u32::MAX;

struct Reader {
    walker: Walker,
    /// By question: the latest touchpoint so far that an answer may speak of.
    latest: Vec<u32>,
    said: Vec<Said>,
    beyond: Vec<u64>,
}

impl Reader {
    fn read(&mut self, ground: &Ground, questions: &[Question], customer: CustomerId, journey: Range<usize>) {
        let view = ground.view;
        let is_answer = |question: &Question, position: usize| question.at(position, view.row(position)).is_some();
        let Some(_) = journey.clone().find(|at| questions.iter().any(|question| is_answer(question, *at))) else {
            return;
        };
        with_codes!(view.codes(), |codes| self.walker.read(ground, codes, journey.clone()));
        self.latest.fill(NONE);
        let times = view.times();
        for position in journey {
            let stage = ground.stage_at(view.codes().get(position) as usize, position);
            for (idx, question) in questions.iter().enumerate() {
                let answer = question.at(position, view.row(position));
                match answer {
                    Some(Ok(value)) => {
                        let window = question.score.window.micros();
                        let before = self.latest[idx];
                        let is_near = |at: u32| at != NONE && times[position] - times[at as usize] <= window;
                        let touchpoint = match ground.spec.score_at {
                            ScoreAt::Event if stage != UNMAPPED => position as u32,
                            ScoreAt::Event => NONE,
                            ScoreAt::Before => Some(before).filter(|at| is_near(*at)).unwrap_or(NONE),
                        };
                        let question = idx as u32;
                        self.add(
                            ground,
                            Said { customer, question, position: position as u32, touchpoint, stage: UNMAPPED, value },
                        );
                    }
                    Some(Err(())) => self.beyond[idx] += 1,
                    None => {}
                }
                if stage != UNMAPPED && answer.is_none() {
                    self.latest[idx] = position as u32;
                }
            }
        }
    }

    /// Keeps an answer whose stage counts; one without a stage where it was given in the period.
    fn add(&mut self, ground: &Ground, mut said: Said) {
        let counts = if said.touchpoint == NONE {
            ground.period.holds(ground.view.times()[said.position as usize])
        } else {
            let at = said.touchpoint as usize;
            said.stage = ground.stage_at(ground.view.codes().get(at) as usize, at);
            self.walker.fates[said.stage as usize].counts
        };
        if counts {
            self.said.push(said);
        }
    }
}

/// Numbers of which the mean is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    pub n: u64,
    pub sum: Exact,
    squares: Exact,
}

impl Moments {
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        self.sum.add(value);
        self.squares.add(value * value);
    }

    pub fn merge(&mut self, other: &Moments) {
        self.n += other.n;
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
    }

    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum.value() / self.n as f64)
    }

    pub fn interval(&self) -> Option<(f64, f64)> {
        mean_interval(self.n, self.sum.value(), self.squares.value())
    }

    pub fn emotion(&self) -> Emotion {
        let clamp = |(lo, hi): (f64, f64)| (lo.max(-2.0), hi.min(2.0));
        Emotion { mean: self.mean(), n: self.n, interval: self.interval().map(clamp) }
    }
}

/// The last answer of every customer at each of some places, by place and customer, in the order of customers.
pub fn last_at(
    answers: &Answers,
    n_places: usize,
    place: impl Fn(&Said) -> Option<usize>,
    mut each: impl FnMut(usize, &Said),
) {
    let mut seen = vec![0u32; n_places];
    for said in answers.by_customer() {
        for said in said.iter().rev() {
            let Some(at) = place(said) else { continue };
            if seen[at] != said.customer.0 + 1 {
                seen[at] = said.customer.0 + 1;
                each(at, said);
            }
        }
    }
}
