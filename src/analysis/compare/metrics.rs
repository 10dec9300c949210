//! The list of metrics: what each says of one customer, what it adds up to in a cohort, and how two cohorts compare in it.

use rayon::prelude::*;

use super::answer::{Figure, Metric, Test, Unit, Versus};
use super::facts::{Fact, Facts};
use super::spec::CompareSpec;
use crate::analysis::Error;
use crate::analysis::funnel::{Order, Outcome};
use crate::analysis::retention::periods::word;
use crate::base::stats::bootstrap::{Medians, medians};
use crate::base::stats::interval::{newcombe, wilson};
use crate::base::stats::survival::{Spell, Survival, kaplan_meier, log_rank};
use crate::base::stats::two_samples::{TwoByTwo, mann_whitney_sorted};
use crate::base::{Ctl, Instant};

/// Cohorts under this many customers are marked.
const SMALL: u64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Had the first step.
    Entered,
    /// From one mandatory step (from 0) to the next.
    Arrow(usize),
    /// An optional step, by its place in the spec, of those who had reached so many mandatory ones.
    Passed {
        step: usize,
        after: usize,
    },
    Completion,
    /// Of those who completed.
    CompletedTime,
    /// Of all, with those still on their way.
    TimeToComplete,
    Events,
    Sessions,
    HasValue,
    Value,
    Score,
    /// By place among the periods asked for.
    Back(usize),
}

/// What a metric says of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Is(bool),
    Number(f64),
    Wait(Spell),
}

/// What a metric needs to know besides the customer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub as_of: i64,
    pub with_open: bool,
    pub n_levels: usize,
}

/// A metric that applies to this question.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub kind: Kind,
    pub name: String,
}

/// The metrics of a question, in the order of the table.
pub(super) fn definitions(spec: &CompareSpec, facts: &Facts) -> Vec<Definition> {
    let mut found: Vec<Definition> = Vec::new();
    // Steps may repeat, and a figure is opened by its name.
    let mut add = |kind, name: String| {
        let is_taken = |name: &str| found.iter().any(|known| known.name == name);
        let numbered = (2..).map(|n| format!("{name} ({n})"));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name);
        found.push(Definition { kind, name });
    };
    let steps: Vec<&str> = spec.steps.iter().filter(|step| !step.optional).map(|step| step.step.label()).collect();
    let n = steps.len();
    if n > 0 && facts.rows.iter().any(|fact| fact.entry.is_none()) {
        add(Kind::Entered, format!("had {}", steps[0]));
    }
    if n > 2 {
        for at in 0..n - 1 {
            let name = match spec.order {
                Order::Any => format!("{} of {n} steps → {}", at + 1, at + 2),
                Order::Ordered | Order::Strict => format!("{} → {}", steps[at], steps[at + 1]),
            };
            add(Kind::Arrow(at), name);
        }
    }
    let mut after = 0;
    for (step, rules) in spec.steps.iter().enumerate() {
        if rules.optional {
            add(Kind::Passed { step, after }, format!("passed {}", rules.step.label()));
        } else {
            after += 1;
        }
    }
    if n > 1 {
        add(Kind::Completion, "completion".into());
        add(Kind::CompletedTime, "time to complete, of the completed (s)".into());
        add(Kind::TimeToComplete, "time until half complete (s)".into());
    }
    add(Kind::Events, "events per customer".into());
    add(Kind::Sessions, "sessions per customer".into());
    if facts.has_value {
        add(Kind::HasValue, "with a value".into());
        add(Kind::Value, "value per customer".into());
    }
    if facts.has_score {
        add(Kind::Score, "score per customer".into());
    }
    for (at, k) in facts.retention.iter().enumerate() {
        add(Kind::Back(at), format!("back in {} {k}", word(spec.period)));
    }
    found
}

impl Kind {
    pub fn unit(self) -> Unit {
        match self {
            Kind::Entered
            | Kind::Arrow(_)
            | Kind::Passed { .. }
            | Kind::Completion
            | Kind::HasValue
            | Kind::Back(_) => Unit::Share,
            Kind::CompletedTime | Kind::TimeToComplete => Unit::Seconds,
            Kind::Events | Kind::Sessions | Kind::Value | Kind::Score => Unit::Number,
        }
    }

    /// What seeds of different metrics differ by, so that one more metric changes no other figure.
    fn stream(self) -> u64 {
        match self {
            Kind::CompletedTime => 1 << 8,
            Kind::Events => 2 << 8,
            Kind::Sessions => 3 << 8,
            Kind::Value => 4 << 8,
            Kind::Score => 5 << 8,
            Kind::Entered | Kind::Arrow(_) | Kind::Passed { .. } | Kind::Completion => 0,
            Kind::TimeToComplete | Kind::HasValue | Kind::Back(_) => 0,
        }
    }

    /// What it says of a customer; `None` where it says nothing of them, or nothing yet.
    pub fn sample(self, fact: &Fact, rules: Rules) -> Option<Sample> {
        let number = |value: f64| (!value.is_nan()).then_some(Sample::Number(value));
        match self {
            Kind::Entered => Some(Sample::Is(fact.entry.is_some())),
            Kind::Events => Some(Sample::Number(f64::from(fact.events))),
            Kind::Sessions => Some(Sample::Number(f64::from(fact.sessions))),
            Kind::HasValue => Some(Sample::Is(!fact.value.is_nan())),
            Kind::Value => number(fact.value),
            Kind::Score => number(fact.score),
            Kind::Back(at) => {
                (fact.entry.is_some() && fact.over >> at & 1 == 1).then(|| Sample::Is(fact.back >> at & 1 == 1))
            }
            Kind::Arrow(_) | Kind::Passed { .. } | Kind::Completion | Kind::CompletedTime | Kind::TimeToComplete => {
                self.sample_of_funnel(fact, rules)
            }
        }
    }

    fn sample_of_funnel(self, fact: &Fact, rules: Rules) -> Option<Sample> {
        let unit = fact.funnel.as_ref()?;
        let level = usize::from(unit.level);
        // Whose window is not over is left out whatever they did, or the quick ones alone would count.
        let is_known = rules.with_open || (unit.window_end <= rules.as_of && unit.outcome != Outcome::Open);
        let is_complete = level == rules.n_levels;
        let took = (unit.last - unit.entry) as f64 / 1e6;
        match self {
            Kind::Arrow(at) if is_known && level > at => Some(Sample::Is(level > at + 1)),
            Kind::Passed { step, after } if is_known && level >= after => {
                Some(Sample::Is(unit.passed >> step & 1 == 1))
            }
            Kind::Completion if is_known => Some(Sample::Is(is_complete)),
            Kind::CompletedTime if is_known && is_complete => Some(Sample::Number(took)),
            Kind::TimeToComplete if is_complete => Some(Sample::Wait(Spell::ended(took))),
            Kind::TimeToComplete => {
                let seen = unit.window_end.min(rules.as_of) - unit.entry;
                Some(Sample::Wait(Spell::open(seen.max(0) as f64 / 1e6)))
            }
            _ => None,
        }
    }
}

/// What a metric adds up to in one cohort.
enum Summed {
    Share {
        hits: u64,
        n: u64,
    },
    /// Ascending.
    Numbers {
        sorted: Vec<f64>,
        medians: Option<Medians>,
    },
    Waits {
        spells: Vec<Spell>,
        curve: Survival,
    },
}

/// All metrics of all cohorts, the first against each of the others.
pub(super) fn metrics(spec: &CompareSpec, facts: &Facts, as_of: Instant, ctl: &Ctl) -> Result<Vec<Metric>, Error> {
    let rules = Rules { as_of: as_of.micros(), with_open: spec.with_open, n_levels: facts.n_levels };
    let n_cohorts = facts.cohorts.len();
    let metric = |definition: &Definition| -> Result<Metric, Error> {
        let kind = definition.kind;
        let summed: Vec<Summed> = (0..n_cohorts)
            .into_par_iter()
            .map(|cohort| {
                ctl.check()?;
                Ok(sum_up(kind, facts, cohort, rules, spec))
            })
            .collect::<Result<_, Error>>()?;
        let figures = summed.iter().enumerate().map(|(cohort, this)| {
            ctl.check()?;
            Ok(figure(kind, this, (cohort > 0).then(|| &summed[0])))
        });
        let figures = figures.collect::<Result<Vec<Figure>, Error>>()?;
        Ok(Metric { name: definition.name.clone(), unit: kind.unit(), figures })
    };
    let mut metrics = definitions(spec, facts).par_iter().map(metric).collect::<Result<Vec<Metric>, Error>>()?;
    adjust(&mut metrics);
    Ok(metrics)
}

fn sum_up(kind: Kind, facts: &Facts, cohort: usize, rules: Rules, spec: &CompareSpec) -> Summed {
    let members = || facts.rows.iter().filter(|fact| fact.cohorts >> cohort & 1 == 1);
    let samples = || members().filter_map(|fact| kind.sample(fact, rules));
    match kind {
        Kind::TimeToComplete => {
            let spells: Vec<Spell> = samples()
                .filter_map(|sample| match sample {
                    Sample::Wait(spell) => Some(spell),
                    Sample::Is(_) | Sample::Number(_) => None,
                })
                .collect();
            Summed::Waits { curve: kaplan_meier(&spells), spells }
        }
        Kind::CompletedTime | Kind::Events | Kind::Sessions | Kind::Value | Kind::Score => {
            let mut sorted: Vec<f64> = samples()
                .filter_map(|sample| match sample {
                    Sample::Number(value) => Some(value),
                    Sample::Is(_) | Sample::Wait(_) => None,
                })
                .collect();
            sorted.par_sort_unstable_by(f64::total_cmp);
            let seed = spec.seed.wrapping_add(kind.stream() + cohort as u64);
            Summed::Numbers { medians: medians(&sorted, spec.resamples, seed), sorted }
        }
        Kind::Entered | Kind::Arrow(_) | Kind::Passed { .. } | Kind::Completion | Kind::HasValue | Kind::Back(_) => {
            let (mut hits, mut n) = (0, 0);
            for sample in samples() {
                n += 1;
                hits += u64::from(sample == Sample::Is(true));
            }
            Summed::Share { hits, n }
        }
    }
}

impl Summed {
    fn n(&self) -> u64 {
        match self {
            Summed::Share { n, .. } => *n,
            Summed::Numbers { sorted, .. } => sorted.len() as u64,
            Summed::Waits { curve, .. } => curve.n,
        }
    }

    fn value(&self) -> Option<f64> {
        match self {
            Summed::Share { hits, n } => (*n > 0).then(|| *hits as f64 / *n as f64),
            Summed::Numbers { medians, .. } => medians.as_ref().map(|medians| medians.median),
            Summed::Waits { curve, .. } => curve.median(),
        }
    }

    fn interval(&self) -> Option<(f64, f64)> {
        match self {
            Summed::Share { hits, n } => wilson(*hits, *n),
            Summed::Numbers { medians, .. } => medians.as_ref()?.interval(),
            Summed::Waits { curve, .. } => match curve.median_interval() {
                (Some(lo), Some(hi)) => Some((lo, hi)),
                _ => None,
            },
        }
    }
}

/// One cohort's figure, and against the baseline where it is not the baseline itself.
fn figure(kind: Kind, this: &Summed, baseline: Option<&Summed>) -> Figure {
    let n = this.n();
    let mut notes = Vec::new();
    if n == 0 {
        notes.push("nobody");
    } else if n == 1 {
        notes.push("one customer");
    } else if n < SMALL {
        notes.push("small");
    }
    let versus = baseline.map(|baseline| {
        if n > 0 && are_all_alike(this, baseline) {
            notes.push("all alike");
        }
        versus(this, baseline)
    });
    if kind == Kind::TimeToComplete && n > 0 && this.value().is_none() {
        notes.push("not reached");
    }
    Figure {
        n,
        hits: match this {
            Summed::Share { hits, .. } => Some(*hits),
            Summed::Numbers { .. } | Summed::Waits { .. } => None,
        },
        value: this.value(),
        interval: this.interval(),
        versus,
        notes,
    }
}

/// Whether nobody differs from anybody, so that there is nothing to find.
fn are_all_alike(this: &Summed, baseline: &Summed) -> bool {
    match (this, baseline) {
        (Summed::Share { hits: a, n: n_a }, Summed::Share { hits: b, n: n_b }) => {
            *n_b > 0 && (a + b == 0 || a + b == n_a + n_b)
        }
        (Summed::Numbers { sorted: a, .. }, Summed::Numbers { sorted: b, .. }) => {
            !b.is_empty() && a[0] == b[0] && a[0] == a[a.len() - 1] && b[0] == b[b.len() - 1]
        }
        _ => false,
    }
}

fn versus(this: &Summed, baseline: &Summed) -> Versus {
    let difference = this.value().zip(baseline.value()).map(|(this, baseline)| this - baseline);
    let (interval, test, p) = match (this, baseline) {
        (Summed::Share { hits: a, n: n_a }, Summed::Share { hits: b, n: n_b }) => {
            let found = newcombe((*a, *n_a), (*b, *n_b));
            let p = found.map(|_| TwoByTwo::of_shares((*a, *n_a), (*b, *n_b)).p());
            (found.map(|found| (found.lo, found.hi)), Test::TwoShares, p)
        }
        (Summed::Numbers { sorted: a, medians: of_a }, Summed::Numbers { sorted: b, medians: of_b }) => {
            let found = of_a.as_ref().zip(of_b.as_ref()).and_then(|(of_a, of_b)| of_a.above(of_b).1);
            let p = mann_whitney_sorted(a, b).map(|test| test.p);
            (found.map(|found| (found.lo, found.hi)), Test::MannWhitney, p)
        }
        (Summed::Waits { spells: a, .. }, Summed::Waits { spells: b, .. }) => {
            let p = log_rank(&[b.clone(), a.clone()]).map(|test| test.p);
            (None, Test::LogRank, p)
        }
        // Cohorts are summed up by the same metric.
        _ => (None, Test::TwoShares, None),
    };
    Versus { baseline: baseline.value(), difference, interval, test, p, p_adj: None }
}

/// Adjusts all p-values of the answer together.
fn adjust(metrics: &mut [Metric]) {
    let mut all: Vec<&mut Versus> = metrics
        .iter_mut()
        .flat_map(|metric| metric.figures.iter_mut())
        .filter_map(|figure| figure.versus.as_mut())
        .filter(|versus| versus.p.is_some())
        .collect();
    let raw: Vec<f64> = all.iter().filter_map(|versus| versus.p).collect();
    let adjusted = crate::base::stats::adjust::benjamini_hochberg(&raw);
    all.iter_mut().zip(adjusted).for_each(|(versus, p)| versus.p_adj = Some(p));
}
