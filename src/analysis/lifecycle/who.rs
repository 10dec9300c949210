//! Which customers stand behind a number of the lifecycle: `2025-01-06:new`, `2025-01-06:active`, `3:customers`.

use super::{LifecycleSpec, Plan, What, each_state};
use crate::analysis::Error;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

/// What a cell asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Active,
    State(What),
}

const WORDS: [(&str, Asked); 5] = [
    ("active", Asked::Active),
    ("new", Asked::State(What::New)),
    ("returning", Asked::State(What::Returning)),
    ("resurrected", Asked::State(What::Resurrected)),
    ("dormant", Asked::State(What::Dormant)),
];

pub fn who(view: &View, spec: &LifecycleSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let plan = Plan::new(view, spec, ctl)?;
    let zone = &view.store().zone;
    let unknown = || Error::UnknownCell {
        cell: cell.to_owned(),
        example: match plan.shown.clone().next() {
            Some(first) => format!("{}:new or 3:customers", plan.calendar.label(first, zone)),
            None => "3:customers".into(),
        },
    };
    let (key, word) = cell.rsplit_once(':').ok_or_else(unknown)?;
    let mut is_in = vec![false; view.store().n_customers()];
    let found: Vec<Vec<CustomerId>> = if word == "customers" {
        let n: usize = key.parse().ok().filter(|n| *n > 0).ok_or_else(unknown)?;
        plan.walk(ctl, Vec::new, |found, customer, active| {
            if plan.n_shown(active) == n {
                found.push(customer);
            }
        })?
    } else {
        let (_, asked) = *WORDS.iter().find(|(known, _)| *known == word).ok_or_else(unknown)?;
        let period = plan.shown.clone().find(|&idx| plan.calendar.label(idx, zone) == key).ok_or_else(unknown)?;
        if asked == Asked::State(What::Dormant) && period >= plan.n_over {
            return Err(Error::Invalid(format!(
                "the cell `{cell}` is blank: the period is not over at {}, so nobody is dormant in it yet",
                view.as_of()
            )));
        }
        plan.walk(ctl, Vec::new, |found, customer, active| {
            let mut fits = false;
            each_state(active, plan.calendar.len(), |at, what| {
                fits |= at as usize == period
                    && match asked {
                        Asked::Active => what != What::Dormant,
                        Asked::State(wanted) => what == wanted,
                    };
            });
            if fits {
                found.push(customer);
            }
        })?
    };
    found.into_iter().flatten().for_each(|customer| is_in[customer.idx()] = true);
    let in_order = view.store().customers_in_text_order().iter().map(|&id| CustomerId(id));
    Ok(in_order.filter(|customer| is_in[customer.idx()]).collect())
}
