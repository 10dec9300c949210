//! Every event as understood, in journey order; also the way to convert an export.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::property::{self, with_properties};
use super::{Error, Scope};
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::View;
use crate::table::{Cell, Kind, Table};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct EventsSpec {
    #[command(flatten)]
    pub scope: Scope,
}

/// The events of a view, customers in text order of their ids.
#[derive(Debug, Clone)]
pub struct Events {
    pub view: View,
    places: Arc<Places>,
}

/// Where each customer's rows lie in the table.
#[derive(Debug)]
struct Places {
    customers: Vec<CustomerId>,
    /// Rows up to and with each of the customers.
    ends: Vec<usize>,
}

impl Events {
    /// One row per event, made when it is looked at.
    pub fn table(&self) -> Table {
        let fixed = [("customer", Kind::Text), ("time", Kind::Time), ("event", Kind::Text), ("channel", Kind::Text)];
        let (columns, shown) = with_properties(self.view.store(), &fixed);
        let (view, places) = (self.view.clone(), Arc::clone(&self.places));
        let len = places.ends.last().copied().unwrap_or(0);
        Table::made("events", columns, len, move |at| {
            let place = places.ends.partition_point(|&end| end <= at);
            let customer = places.customers[place];
            let position = view.journey(customer).end - (places.ends[place] - at);
            let (store, row) = (view.store(), view.row(position));
            let mut cells = Vec::with_capacity(4 + shown.len());
            cells.push(Cell::text(store.customer_name(customer)));
            cells.push(Cell::Time(Instant(view.times()[position])));
            cells.push(Cell::text(store.touchpoint_name(row)));
            cells.push(property::channel(store, row));
            cells.extend(shown.iter().map(|&idx| property::cell(&store.properties[idx], row)));
            cells
        })
    }
}

/// # Errors
/// `Cancelled`.
pub fn events(view: &View, spec: &EventsSpec, ctl: &Ctl) -> Result<Events, Error> {
    let EventsSpec { scope: _ } = spec;
    ctl.check()?;
    let in_order = view.store().customers_in_text_order().iter().map(|&id| CustomerId(id));
    let customers: Vec<CustomerId> = in_order.filter(|&id| view.is_in(id)).collect();
    let mut n = 0;
    let ends = customers
        .iter()
        .map(|&customer| {
            n += view.journey(customer).len();
            n
        })
        .collect();
    Ok(Events { view: view.clone(), places: Arc::new(Places { customers, ends }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::Bitmap;
    use crate::journey::fixture::view;

    fn rows(view: &View) -> Vec<String> {
        let table = events(view, &EventsSpec::default(), &Ctl::new()).expect("an answer").table();
        let show = |cell: &Cell| match cell {
            Cell::Empty => "-".to_owned(),
            Cell::Text(text) => text.clone(),
            Cell::Int(n) => n.to_string(),
            Cell::Time(time) => (time.micros() / 1_000_000).to_string(),
            other => format!("{other:?}"),
        };
        table.rows().map(|row| row.iter().map(show).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn events_come_by_customer_in_text_order_and_by_time() {
        let view = view("y: b3 a0{channel=web,n=7}\nc10: a5\nc2: a1{n=2} a9");
        assert_eq!(rows(&view), ["c10 5 a - -", "c2 1 a - 2", "c2 9 a - -", "y 0 a web 7", "y 3 b - -"]);
    }

    #[test]
    fn only_kept_events_of_chosen_customers_are_listed() {
        let view = view("x: a0 b1 a2\ny: b5\nz: a6");
        let kept = Bitmap::from_fn(5, |row| view.store().touchpoint_name(row) == "a");
        let view = view.with_events(&kept).with_customers(Bitmap::from_fn(3, |customer| customer < 2));
        assert_eq!(rows(&view), ["x 0 a -", "x 2 a -"]);
        assert!(rows(&crate::journey::fixture::view("")).is_empty());
    }
}
