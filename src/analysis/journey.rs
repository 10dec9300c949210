//! One customer's events, with gaps and sessions.

use serde::{Deserialize, Serialize};

use super::property::{self, with_properties};
use super::{Error, Scope};
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId, Instant};
use crate::journey::session::SessionRule;
use crate::journey::{JourneyStore, View};
use crate::table::{Cell, Kind, Table};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct JourneySpec {
    /// The customer's id, as in the data
    #[arg(long = "customer-id", value_name = "ID")]
    pub customer: String,
    #[command(flatten)]
    pub scope: Scope,
}

/// One customer's events.
#[derive(Debug, Clone)]
pub struct Journey {
    pub id: CustomerId,
    pub name: String,
    pub view: View,
    /// For every event of the journey, in order: its session, from 1.
    pub sessions: Vec<u32>,
}

impl Journey {
    /// The events in order; `gap_s` is the time since the event before.
    pub fn table(&self) -> Table {
        let fixed = [
            ("time", Kind::Time),
            ("event", Kind::Text),
            ("channel", Kind::Text),
            ("stage", Kind::Text),
            ("gap_s", Kind::Seconds),
            ("session", Kind::Count),
        ];
        let (columns, shown) = with_properties(self.view.store(), &fixed);
        let (view, sessions) = (self.view.clone(), self.sessions.clone());
        let journey = view.journey(self.id);
        Table::made("events", columns, journey.len(), move |at| {
            let position = journey.start + at;
            let (store, times, row) = (view.store(), view.times(), view.row(position));
            let gap = (at > 0).then(|| times[position].saturating_sub(times[position - 1]) as f64 / 1e6);
            let mut cells = vec![
                Cell::Time(Instant(times[position])),
                Cell::text(store.touchpoint_name(row)),
                property::channel(store, row),
                property::stage(store, row),
                Cell::number(gap),
                Cell::Count(u64::from(sessions[at])),
            ];
            cells.extend(shown.iter().map(|&idx| property::cell(&store.properties[idx], row)));
            cells
        })
    }
}

/// Ids looked at for a "did you mean"; a guess is not worth a pass over millions of names.
const NEAREST_AMONG: usize = 100_000;

/// # Errors
/// `UnknownCustomer`, with the nearest id; `Invalid` where the scope leaves the customer out.
pub fn journey(view: &View, spec: &JourneySpec, ctl: &Ctl) -> Result<Journey, Error> {
    ctl.check()?;
    let store = view.store();
    let id = store.find_customer(&spec.customer).ok_or_else(|| Error::UnknownCustomer {
        name: spec.customer.clone(),
        nearest: nearest_customer(store, &spec.customer),
    })?;
    if !view.is_chosen(id) {
        return Err(Error::Invalid(format!(
            "customer `{}` is in the data, but --customers leaves them out",
            spec.customer
        )));
    }
    let rule = SessionRule::new(view, spec.scope.session_gap);
    let sessions = rule.sessions(view.journey(id)).zip(1..).flat_map(|(session, n)| session.map(move |_| n)).collect();
    Ok(Journey { id, name: spec.customer.clone(), view: view.clone(), sessions })
}

/// The id most like `name`: among all where they are few, else among those that share its beginning.
fn nearest_customer(store: &JourneyStore, name: &str) -> Option<String> {
    let customers = &store.customers;
    if customers.len() <= NEAREST_AMONG {
        return nearest(name, customers.iter()).map(str::to_owned);
    }
    let ordered = store.customers_in_text_order();
    let mut prefix = name;
    while let Some((end, _)) = prefix.char_indices().next_back() {
        prefix = &prefix[..end];
        let start = ordered.partition_point(|&id| customers.name(id) < prefix);
        let sharing = ordered[start..].iter().map(|&id| customers.name(id)).take_while(|id| id.starts_with(prefix));
        let sharing: Vec<&str> = sharing.take(NEAREST_AMONG).collect();
        if let Some(near) = nearest(name, sharing.iter().copied()) {
            return Some(near.to_owned());
        }
        if sharing.len() == NEAREST_AMONG {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::fixture::{journeys, view};
    use std::fmt::Write;
    use std::sync::Arc;

    fn ask(view: &View, customer: &str) -> Result<Journey, Error> {
        journey(view, &JourneySpec { customer: customer.into(), ..JourneySpec::default() }, &Ctl::new())
    }

    #[test]
    fn a_journey_has_gaps_sessions_and_its_own_columns() {
        let view = view("x: a0{channel=web,n=1} b60{plan=pro} c4000{channel=app,stage=s}\ny: a1");
        let table = ask(&view, "x").expect("known").table();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["time", "event", "channel", "stage", "gap_s", "session", "n", "plan", "stage_2"]);
        let column = |name: &str| (0..table.len()).map(|row| table.cell(row, name).expect(name)).collect::<Vec<_>>();
        assert_eq!(column("gap_s"), [Cell::Empty, Cell::Number(60.0), Cell::Number(3940.0)]);
        assert_eq!(column("session"), [1, 1, 2].map(Cell::Count));
        assert_eq!(column("channel"), [Cell::text("web"), Cell::Empty, Cell::text("app")]);
        assert_eq!(column("stage_2"), [Cell::Empty, Cell::Empty, Cell::text("s")]);
    }

    #[test]
    fn an_unknown_customer_names_the_nearest() {
        let known = view("C001877: a0\nC001878: a0");
        let err = ask(&known, "c001877").expect_err("unknown");
        assert_eq!(err.to_string(), "no customer is named `c001877`; did you mean `C001877`?");
    }

    #[test]
    fn among_very_many_customers_only_those_that_begin_alike_are_looked_at() {
        let mut text = String::new();
        (0..NEAREST_AMONG + 10).for_each(|i| writeln!(text, "c{i:07}: a0").expect("a line"));
        let view = View::whole(Arc::new(journeys(&text)));
        let err = ask(&view, "c0000123x").expect_err("unknown");
        assert_eq!(err.to_string(), "no customer is named `c0000123x`; did you mean `c0000123`?");
    }

    #[test]
    fn a_customer_whom_the_scope_leaves_out_is_said_to_be() {
        let view = view("x: a0\ny: a1");
        let view = view.with_customers(crate::journey::Bitmap::from_fn(2, |customer| customer == 1));
        assert!(matches!(ask(&view, "x"), Err(Error::Invalid(_))));
        assert_eq!(ask(&view, "y").expect("chosen").table().len(), 1);
    }
}
