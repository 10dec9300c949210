//! Lists of customers: all of a scope, or those behind one number of another answer.
//!
//! A list behind a number shows the customers in the scope of the number's own question, so that figures and number are
//! about the same events. `value` is the sum of the value column over the journey; it is empty where nothing is to be
//! summed, which is not zero. `stage` is that of the latest event that has one; empty without a workspace that names stages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Error, Scope, Spec};
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::View;
use crate::journey::session::SessionRule;
use crate::table::{Cell, Column, Kind, Table};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct CustomersSpec {
    /// The question whose number is opened; without it, everybody.
    #[arg(skip)]
    pub of: Option<Box<Spec>>,
    /// The number that is opened, as `--who` writes it.
    #[arg(skip)]
    pub cell: Option<String>,
    #[command(flatten)]
    pub scope: Scope,
}

/// Customers in text order of their ids (repeated where the unit of the question is smaller than a customer).
#[derive(Debug, Clone)]
pub struct Customers {
    pub ids: Vec<CustomerId>,
    /// What they have in common: the opened number in words. Empty for everybody.
    pub outcome: String,
    pub view: View,
    pub session_gap: crate::base::Span,
}

impl Customers {
    /// One row per id, made when it is looked at.
    pub fn table(&self) -> Table {
        let columns = [
            ("customer", Kind::Text),
            ("first", Kind::Time),
            ("last", Kind::Time),
            ("events", Kind::Count),
            ("sessions", Kind::Count),
            ("value", Kind::Number),
            ("stage", Kind::Text),
            ("outcome", Kind::Text),
        ];
        let columns = columns.iter().map(|(name, kind)| Column::new(*name, *kind)).collect();
        let ids: Arc<[CustomerId]> = self.ids.as_slice().into();
        let (view, gap) = (self.view.clone(), self.session_gap);
        let outcome = if self.outcome.is_empty() { Cell::Empty } else { Cell::text(self.outcome.as_str()) };
        Table::made("customers", columns, ids.len(), move |at| {
            let id = ids[at];
            let journey = view.journey(id);
            let name = Cell::text(view.store().customer_name(id));
            if journey.is_empty() {
                let none = Cell::Empty;
                return vec![
                    name,
                    none.clone(),
                    none.clone(),
                    Cell::Count(0),
                    Cell::Count(0),
                    none.clone(),
                    none,
                    outcome.clone(),
                ];
            }
            let times = view.times();
            vec![
                name,
                Cell::Time(Instant(times[journey.start])),
                Cell::Time(Instant(times[journey.end - 1])),
                Cell::Count(journey.len() as u64),
                Cell::Count(SessionRule::new(&view, gap).count(journey)),
                Cell::number(value(&view, id)),
                latest_stage(&view, id),
                outcome.clone(),
            ]
        })
    }
}

/// Where the customer is: the stage of the latest event that has one.
fn latest_stage(view: &View, customer: CustomerId) -> Cell {
    let mut stages = view.journey(customer).rev().filter_map(|position| view.store().stage_name(view.row(position)));
    stages.next().map_or(Cell::Empty, Cell::text)
}

/// The sum of the value column over a journey; `None` where there is no such column or no value in it.
fn value(view: &View, customer: CustomerId) -> Option<f64> {
    let property = &view.store().properties[view.store().roles.value?];
    view.journey(customer)
        .filter_map(|position| property.number(view.row(position)))
        .fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// # Errors
/// As the question whose number is opened.
pub fn customers(view: &View, spec: &CustomersSpec, ctl: &Ctl) -> Result<Customers, Error> {
    let Some(of) = &spec.of else {
        if spec.cell.is_some() {
            return Err(Error::Invalid("a number is opened without its question; give both or neither".into()));
        }
        ctl.check()?;
        let in_order = view.store().customers_in_text_order().iter().map(|&id| CustomerId(id));
        let ids = in_order.filter(|&id| view.is_in(id)).collect();
        return Ok(Customers { ids, outcome: String::new(), view: view.clone(), session_gap: spec.scope.session_gap });
    };
    let Some(cell) = &spec.cell else {
        return Err(Error::Invalid("a question is opened without saying which number; name it with --who".into()));
    };
    let view = if spec.scope == *of.scope() {
        view.clone()
    } else if spec.scope == Scope::default() {
        of.scope().view(view.store(), ctl)?
    } else {
        return Err(Error::Invalid("the customers behind a number are asked for in the scope of its question".into()));
    };
    let ids = super::who(&view, of, cell, ctl)?;
    Ok(Customers { ids, outcome: in_words(of, cell), view, session_gap: of.scope().session_gap })
}

/// An opened number as people say it; the cell itself where there is nothing better.
fn in_words(of: &Spec, cell: &str) -> String {
    match of {
        Spec::Funnel(funnel) => funnel_cell(cell, funnel.steps.len()).unwrap_or_else(|| cell.to_owned()),
        Spec::Paths(_) => format!("path {cell}"),
        Spec::Transitions(_) => format!("transition {cell}"),
        Spec::Patterns(_) => format!("pattern {cell}"),
        Spec::Dwell(_) => super::dwell::in_words(cell).unwrap_or_else(|| cell.to_owned()),
        Spec::Map(_) => super::map::in_words(cell).unwrap_or_else(|| cell.to_owned()),
        Spec::Retention(_) | Spec::Compare(_) | Spec::Lifecycle(_) => cell.to_owned(),
        Spec::Profile(_) | Spec::Customers(_) | Spec::Journey(_) | Spec::Events(_) => cell.to_owned(),
    }
}

/// `3:dropped@android` as `dropped after step 3, android`.
fn funnel_cell(cell: &str, n_steps: usize) -> Option<String> {
    let (step, what) = cell.split_once(':')?;
    let (what, group) = match what.split_once('@') {
        Some((what, group)) => (what, Some(group)),
        None => (what, None),
    };
    let step: usize = step.parse().ok()?;
    let words = match what {
        "converted" if step >= n_steps => "completed".to_owned(),
        "converted" => format!("went on after step {step}"),
        "dropped" => format!("dropped after step {step}"),
        "open" => format!("still open after step {step}"),
        "excluded" => format!("excluded after step {step}"),
        "customers" => format!("reached step {step}"),
        _ => return None,
    };
    Some(match group {
        Some(group) => format!("{words}, {group}"),
        None => words,
    })
}

#[cfg(test)]
mod tests {
    use super::super::FunnelSpec;
    use super::*;
    use crate::journey::Bitmap;
    use crate::journey::fixture::view;

    /// The rows as text, one line each.
    fn rows(view: &View, spec: &CustomersSpec) -> Vec<String> {
        let answer = customers(view, spec, &Ctl::new()).expect("an answer");
        let show = |cell: &Cell| match cell {
            Cell::Empty => "-".to_owned(),
            Cell::Text(text) => text.clone(),
            Cell::Count(n) => n.to_string(),
            Cell::Number(value) => value.to_string(),
            Cell::Time(time) => (time.micros() / 1_000_000).to_string(),
            other => format!("{other:?}"),
        };
        answer.table().rows().map(|row| row.iter().map(show).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn everybody_is_listed_in_text_order_with_figures() {
        let view = view("c10: a0{value=2.5} b10 c5000{value=1}\nc2: a5\nc1: a7{value=0}");
        assert_eq!(
            rows(&view, &CustomersSpec::default()),
            ["c1 7 7 1 1 0 - -", "c10 0 5000 3 2 3.5 - -", "c2 5 5 1 1 - - -"]
        );
    }

    #[test]
    fn figures_are_about_the_kept_events_and_the_chosen_customers() {
        let view = view("x: a0 b10 a20\ny: b5\nz: a1");
        let kept = Bitmap::from_fn(5, |row| view.store().touchpoint_name(row) == "a");
        let chosen = Bitmap::from_fn(3, |customer| customer != 2);
        assert_eq!(
            rows(&view.with_events(&kept).with_customers(chosen), &CustomersSpec::default()),
            ["x 0 20 2 1 - - -"]
        );
    }

    #[test]
    fn an_opened_number_is_said_in_words() {
        for (cell, words) in [
            ("3:dropped", "dropped after step 3"),
            ("4:converted", "completed"),
            ("2:converted@android", "went on after step 2, android"),
            ("1:open", "still open after step 1"),
            ("odd", "odd"),
        ] {
            let steps = ["a", "b", "c", "d"].map(|name| name.parse().expect("a step")).to_vec();
            assert_eq!(in_words(&Spec::Funnel(FunnelSpec { steps, ..FunnelSpec::default() }), cell), words);
        }
    }

    #[test]
    fn a_list_in_another_scope_than_its_number_is_refused() {
        let view = view("x: a0");
        let of = Some(Box::new(Spec::Profile(super::super::ProfileSpec::default())));
        let narrowed = Scope { events: Some("event == \"a\"".into()), ..Scope::default() };
        let spec = CustomersSpec { of: of.clone(), cell: Some("x".into()), scope: narrowed };
        assert!(matches!(customers(&view, &spec, &Ctl::new()), Err(Error::Invalid(_))));
        let half = CustomersSpec { of, ..CustomersSpec::default() };
        assert!(matches!(customers(&view, &half, &Ctl::new()), Err(Error::Invalid(_))));
    }
}
