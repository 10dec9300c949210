//! Which customers stand behind a cell: `2025-01-06:3`, `2025-01-06:3:gone`, `all:4-7@web`.

use super::answer::ALL;
use super::cohort::Cohorts;
use super::kernel::Plan;
use super::spec::{self, RetentionSpec};
use super::{Split, column_of};
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Retained,
    Gone,
    Eligible,
}

const WORDS: [(&str, What); 3] = [("retained", What::Retained), ("gone", What::Gone), ("eligible", What::Eligible)];

/// The part of a cell behind the cohort: `3`, `3:gone`, `4-7@web`.
fn parse(rest: &str) -> Option<(&str, What, Option<&str>)> {
    let (rest, value) = match rest.split_once('@') {
        Some((rest, value)) => (rest, Some(value)),
        None => (rest, None),
    };
    let (period, what) = match rest.split_once(':') {
        Some((period, word)) => (period, WORDS.iter().find(|(known, _)| *known == word)?.1),
        None => (rest, What::Retained),
    };
    Some((period, what, value))
}

/// The customers behind a cell, in text order of their ids, once per entry.
pub fn who(view: &View, spec: &RetentionSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let plan = Plan::new(view, spec, ctl)?;
    let zone = &view.store().zone;
    let labels: Vec<String> = match &plan.cohorts {
        Cohorts::ByPeriod(calendar) => (0..calendar.len()).map(|idx| calendar.label(idx, zone)).collect(),
        Cohorts::ByCustomer { labels, .. } => labels.clone(),
    };
    let unknown = || Error::UnknownCell {
        cell: cell.to_owned(),
        example: format!(
            "{}:1, all:1 or {}:1:gone",
            labels.first().map_or(ALL, |l| l),
            labels.first().map_or(ALL, |l| l)
        ),
    };
    // A label may hold any character, so the longest one that fits is meant.
    let fits = |label: &str| {
        let rest = cell.strip_prefix(label)?.strip_prefix(':')?;
        let (period, what, value) = parse(rest)?;
        let slot = plan.slots.runs.iter().position(|run| spec::label(*run) == period)?;
        Some((slot, what, value))
    };
    let known = labels.iter().enumerate().map(|(at, label)| (Some(at), label.as_str()));
    let (cohort, (slot, what, value)) = known
        .chain([(None, ALL)])
        .filter_map(|(at, label)| Some((at, label.len(), fits(label)?)))
        .max_by_key(|(_, length, _)| *length)
        .map(|(at, _, found)| (at, found))
        .ok_or_else(unknown)?;
    let split = column_of(&plan, spec)?.map(|column| Split::of(&plan, column, ctl)).transpose()?;
    let group = match (&split, value) {
        (_, None) => None,
        (None, Some(_)) => {
            return Err(Error::Invalid(format!(
                "`{cell}` asks for one value of a breakdown, but there is none; add --breakdown"
            )));
        }
        (Some(split), Some(value)) => {
            let place = split.places.labels.iter().position(|known| known == value).ok_or_else(|| {
                let near = nearest(value, split.places.labels.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                Error::Invalid(format!("no row of the breakdown is `{value}`{hint}"))
            })?;
            Some((split, place))
        }
    };
    let rows = plan.walk(ctl, slot > 0, Vec::new, |found: &mut Vec<(CustomerId, bool)>, entry, back| {
        let is_in = cohort.is_none_or(|cohort| entry.cohort as usize == cohort)
            && group.is_none_or(|(split, place)| split.group(view, entry.position) == place)
            && (slot == 0 || usize::from(entry.n_over) > slot);
        if is_in {
            found.push((entry.customer, plan.is_back(back, slot)));
        }
    })?;
    let rows = rows.concat();
    if rows.is_empty() {
        return Err(Error::Invalid(format!(
            "the cell `{cell}` is blank: there is nobody for whom it is over at {}, so there is no number to open",
            view.as_of()
        )));
    }
    let mut n_of_customer = vec![0u32; view.store().n_customers()];
    for (customer, is_back) in rows {
        let is_counted = match what {
            What::Retained => is_back,
            What::Gone => !is_back,
            What::Eligible => true,
        };
        n_of_customer[customer.idx()] += u32::from(is_counted);
    }
    let in_order = view.store().customers_in_text_order().iter();
    Ok(in_order.flat_map(|&id| std::iter::repeat_n(CustomerId(id), n_of_customer[id as usize] as usize)).collect())
}
