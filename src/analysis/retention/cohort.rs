//! Which cohort a customer belongs to: by the period of the start, by a column's first value, or by an expression.

use rayon::prelude::*;

use super::periods::Calendar;
use super::spec::{CohortBy, RetentionSpec};
use crate::analysis::Error;
use crate::analysis::grouping::{GroupColumn, KeyCounts, Places};
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::chunks::par_chunks;
use crate::journey::expr::customer_mask;
use crate::journey::{Expr, View};

/// The customers for whom an expression does not hold.
pub(in crate::analysis) const REST: &str = "(rest)";

/// Of a customer who is in no cohort.
pub(super) const NONE: u8 = u8::MAX;

#[derive(Debug)]
pub(in crate::analysis) enum Cohorts {
    /// By the calendar period of the start.
    ByPeriod(Calendar),
    /// By customer of the store.
    ByCustomer { labels: Vec<String>, of: Vec<u8> },
}

impl Cohorts {
    pub fn len(&self) -> usize {
        match self {
            Cohorts::ByPeriod(calendar) => calendar.len(),
            Cohorts::ByCustomer { labels, .. } => labels.len(),
        }
    }
}

/// # Errors
/// A column or an expression that means nothing in the data, too many periods, or `Cancelled`.
pub(super) fn resolve(
    view: &View,
    spec: &RetentionSpec,
    calendar: impl Fn(crate::base::Period) -> Result<Calendar, Error>,
    ctl: &Ctl,
) -> Result<Cohorts, Error> {
    let (name, text) = match spec.cohort_by() {
        CohortBy::Period(period) => return Ok(Cohorts::ByPeriod(calendar(period)?)),
        CohortBy::Other { name, text } => (name, text),
    };
    let store = view.store();
    if name.is_none() {
        let column = GroupColumn::find(store, text);
        let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '`' | '.'));
        match column {
            Ok(column) => return by_column(view, column, ctl),
            Err(_) if is_plain && !text.contains('.') => {
                let columns = store.properties.iter().map(|property| property.name.as_str());
                let words = ["hour", "day", "week", "month", "quarter", "year"].into_iter().chain(columns);
                return Err(Error::UnknownColumn {
                    name: text.to_owned(),
                    nearest: nearest(text, words).map(str::to_owned),
                });
            }
            Err(_) => {}
        }
    }
    let of_flag = |err| Error::of_flag("--cohort", err);
    let expr = Expr::parse(text).map_err(|err| of_flag(err.into()))?;
    let holds = customer_mask(view, &expr, spec.scope.session_gap, ctl).map_err(of_flag)?;
    let of = (0..store.n_customers()).map(|customer| u8::from(!holds.get(customer))).collect();
    Ok(Cohorts::ByCustomer { labels: vec![name.unwrap_or(text).to_owned(), REST.to_owned()], of })
}

/// By the first value that a customer has; `(none)` for those without any.
fn by_column(view: &View, column: GroupColumn<'_>, ctl: &Ctl) -> Result<Cohorts, Error> {
    let missing = column.missing();
    let made = par_chunks(view, ctl, |chunk| {
        let mut counts = KeyCounts::default();
        let mut first_of = |customer: u32| {
            let customer = CustomerId(customer);
            let mut journey = Some(view.journey(customer)).filter(|_| view.is_in(customer))?;
            let first = journey.find_map(|position| Some(column.key(view, position)).filter(|key| *key != missing));
            let key = first.unwrap_or(missing);
            counts.add(key);
            Some(key)
        };
        let keys: Vec<Option<i64>> = chunk.map(&mut first_of).collect();
        (keys, counts)
    })?;
    let (keys, counts): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let places = Places::of(column, view.store(), &counts.iter().fold(KeyCounts::default(), KeyCounts::plus));
    let place = |key: &Option<i64>| key.map_or(NONE, |key| places.place(key));
    let of = keys.par_iter().flat_map_iter(|keys| keys.iter().map(place)).collect();
    Ok(Cohorts::ByCustomer { labels: places.labels, of })
}
