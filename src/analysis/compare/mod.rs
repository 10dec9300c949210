//! Cohorts side by side on one list of metrics: how much they differ, how sure that is, and what of it is mix.
//!
//! Reading order: `spec` is the question, `answer` the numbers and their tables. `facts` gathers one row per customer,
//! `metrics` says what each metric makes of it and compares cohorts, `mix` splits a difference, `who` opens a figure.
//!
//! Decided here, where the definition leaves it open:
//! * The *entry* is a customer's first event that is the first step (without steps: their first event), in the period of
//!   `--since` and `--until`. `--split` and `--by` go by it, so that nobody is in two of their cohorts, and whoever has
//!   none is in no cohort. Named cohorts hold customers with and without one; what needs an entry is of those with.
//! * Shares of a funnel are of those whose window is over, whatever they did in it: to leave out only the undecided would
//!   keep the quick ones of the newest customers and make the newest cohort look better than it is.
//! * A figure of numbers is the median over customers; values and scores are of those who have one.
//! * Seeds differ by metric and by cohort.

pub mod answer;
mod facts;
mod metrics;
mod mix;
pub mod spec;
#[cfg(test)]
mod tests;
mod who;

use self::facts::{Facts, facts};
use self::metrics::{Rules, definitions};
use super::Error;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;
use crate::table::text::count;
pub use answer::{CohortSize, Compare, Figure, Metric, Mix, Part, Test, Unit, Versus};
pub use spec::{CompareSpec, NamedExpr, Pin};

/// Compares cohorts.
///
/// # Errors
/// A name that means nothing in the data, a spec that contradicts itself, or `Cancelled`.
pub fn compare(view: &View, spec: &CompareSpec, ctl: &Ctl) -> Result<Compare, Error> {
    let facts = facts(view, spec, ctl)?;
    ctl.check()?;
    let definitions = definitions(spec, &facts);
    let rules = Rules { as_of: view.as_of().micros(), with_open: spec.with_open, n_levels: facts.n_levels };
    let rate = mix::rate_of(&definitions);
    let mut answer = Compare {
        title: spec.title(),
        cohorts: sizes(&facts),
        overlaps: overlaps(&facts),
        metrics: metrics::metrics(spec, &facts, view.as_of(), ctl)?,
        rate: rate.map(|rate| rate.name.clone()),
        mix: rate.map_or(Vec::new(), |rate| mix::mix(&facts, rate.kind, rules)),
        notes: Vec::new(),
    };
    answer.notes = notes(&answer, &facts, rules);
    if !spec.split.is_empty() && answer.cohorts.len() > 1 {
        answer.notes.push(
            "events, sessions and values are of whole journeys, and newer cohorts have been watched for a shorter time"
                .into(),
        );
    }
    Ok(answer)
}

/// The customers behind a figure: `COHORT:METRIC:n` are those that it is of, `:yes` and `:no` those for whom it holds and
/// does not; without a word, as many as the figure is about. `COHORT:customers` is the whole cohort. In text order of
/// their ids.
///
/// # Errors
/// As `compare`, and `UnknownCell`.
pub fn who(view: &View, spec: &CompareSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}

fn sizes(facts: &Facts) -> Vec<CohortSize> {
    let size = |cohort: usize| facts.rows.iter().filter(|fact| fact.cohorts >> cohort & 1 == 1).count() as u64;
    let names = facts.cohorts.iter().enumerate();
    names.map(|(cohort, name)| CohortSize { name: name.clone(), customers: size(cohort) }).collect()
}

fn overlaps(facts: &Facts) -> Vec<(usize, usize, u64)> {
    let n = facts.cohorts.len();
    let mut shared = vec![0u64; n * n];
    for fact in facts.rows.iter().filter(|fact| fact.cohorts.count_ones() > 1) {
        let is_in = |cohort: &usize| fact.cohorts >> cohort & 1 == 1;
        for a in (0..n).filter(is_in) {
            (a + 1..n).filter(is_in).for_each(|b| shared[a * n + b] += 1);
        }
    }
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    pairs.map(|(a, b)| (a, b, shared[a * n + b])).filter(|(_, _, n)| *n > 0).collect()
}

/// What a reader must know beside the numbers.
fn notes(answer: &Compare, facts: &Facts, rules: Rules) -> Vec<String> {
    let mut notes = Vec::new();
    let name = |cohort: usize| answer.cohorts[cohort].name.as_str();
    let customers = |n: u64| if n == 1 { "1 customer".to_owned() } else { format!("{} customers", count(n)) };
    let Some(baseline) = answer.cohorts.first() else {
        return vec!["nobody has an entry in what is looked at, so there is no cohort".into()];
    };
    if answer.cohorts.len() == 1 {
        notes.push(format!("there is one cohort only, `{}`, and nothing to compare it with", baseline.name));
    } else {
        notes.push(format!("the baseline is `{}`; differences are associations, not effects", baseline.name));
    }
    for (a, b, n) in &answer.overlaps {
        notes.push(format!(
            "`{}` and `{}` share {}; the intervals and tests take cohorts for apart",
            name(*a),
            name(*b),
            customers(*n)
        ));
    }
    for cohort in answer.cohorts.iter().filter(|cohort| cohort.customers == 0) {
        notes.push(format!("`{}` is empty: it holds nobody in what is looked at", cohort.name));
    }
    if !rules.with_open {
        for (cohort, size) in answer.cohorts.iter().enumerate() {
            let is_open = |fact: &&facts::Fact| {
                fact.cohorts >> cohort & 1 == 1
                    && fact.funnel.is_some()
                    && metrics::Kind::Completion.sample(fact, rules).is_none()
            };
            let n = facts.rows.iter().filter(is_open).count() as u64;
            if n > 0 {
                notes.push(format!(
                    "left out of the shares of `{}`: {}, whose window is not over",
                    size.name,
                    customers(n)
                ));
            }
        }
    }
    notes
}
