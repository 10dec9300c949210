//! Which customers stand behind a figure of a comparison: `ads:completion:yes`, `before 2025-04-14:cart → pay:n`.

use super::facts::facts;
use super::metrics::{Kind, Rules, Sample, definitions};
use super::{CompareSpec, Unit};
use crate::analysis::Error;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// All that a figure is of.
    All,
    Is(bool),
}

pub fn who(view: &View, spec: &CompareSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let facts = facts(view, spec, ctl)?;
    let definitions = definitions(spec, &facts);
    let rules = Rules { as_of: view.as_of().micros(), with_open: spec.with_open, n_levels: facts.n_levels };
    // Names may hold any character, so the longest cohort that fits is meant.
    let known = facts.cohorts.iter().enumerate();
    let found = known
        .filter_map(|(at, name)| {
            Some((at, name.len(), parse(cell.strip_prefix(name.as_str())?.strip_prefix(':')?, &definitions)?))
        })
        .max_by_key(|(_, length, _)| *length);
    let Some((cohort, _, (kind, what))) = found else {
        let first = facts.cohorts.first().map_or("COHORT", String::as_str);
        let example = match definitions.first() {
            Some(metric) => format!("{first}:customers or {first}:{}:n", metric.name),
            None => format!("{first}:customers"),
        };
        return Err(Error::UnknownCell { cell: cell.to_owned(), example });
    };
    let mut is_in = vec![false; view.store().n_customers()];
    for fact in facts.rows.iter().filter(|fact| fact.cohorts >> cohort & 1 == 1) {
        let sample = kind.map(|kind| kind.sample(fact, rules));
        is_in[fact.customer.idx()] = match (sample, what) {
            (None, _) => true,
            (Some(sample), What::All) => sample.is_some(),
            (Some(sample), What::Is(wanted)) => sample == Some(Sample::Is(wanted)),
        };
    }
    let in_order = view.store().customers_in_text_order().iter().map(|&id| CustomerId(id));
    Ok(in_order.filter(|customer| is_in[customer.idx()]).collect())
}

/// The metric (`None` is the whole cohort) and what of it.
fn parse(rest: &str, definitions: &[super::metrics::Definition]) -> Option<(Option<Kind>, What)> {
    if rest == "customers" {
        return Some((None, What::All));
    }
    let fits = |definition: &super::metrics::Definition| {
        let is_share = definition.kind.unit() == Unit::Share;
        let what = match rest.strip_prefix(definition.name.as_str())? {
            "" if is_share => What::Is(true),
            "" | ":n" => What::All,
            ":yes" if is_share => What::Is(true),
            ":no" if is_share => What::Is(false),
            _ => return None,
        };
        Some((definition.name.len(), definition.kind, what))
    };
    let (_, kind, what) = definitions.iter().filter_map(fits).max_by_key(|(length, _, _)| *length)?;
    Some((Some(kind), what))
}
