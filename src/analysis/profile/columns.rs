//! The columns of the data: what they hold, how full they are, how many different values they have.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::count::Tally;
use crate::base::{Cancelled, Ctl, CustomerId, Instant};
use crate::journey::numbers::Number;
use crate::journey::{Bitmap, JourneyStore, Numbers, Property, Values, View};

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnRow {
    pub name: String,
    pub role: &'static str,
    pub kind: &'static str,
    pub nulls: u64,
    /// Different values; not counted for the time of the events, which is nearly always different.
    pub distinct: Option<u64>,
    /// The first value in journey order.
    pub example: Option<String>,
}

/// Whole numbers whose range is at most this wide are counted in a table of bits.
const BITS_MAX: u64 = 1 << 26;

pub(super) fn columns(view: &View, tally: &Tally, ctl: &Ctl) -> Result<Vec<ColumnRow>, Cancelled> {
    let store = view.store();
    let rows = Rows::of(view);
    let first = view.customers().next();
    let named = |name: &str, role: &'static str| if name.is_empty() { role.to_owned() } else { name.to_owned() };
    let row = |name: &str, role, kind, distinct, example| ColumnRow {
        name: named(name, role),
        role,
        kind,
        nulls: 0,
        distinct,
        example,
    };
    let time = first.map(|customer| Instant(view.times()[view.journey(customer).start]).to_string());
    let event = first.map(|customer| store.touchpoint_name(view.row(view.journey(customer).start)).to_owned());
    let n_names = tally.by_code.iter().filter(|count| count.events > 0).count() as u64;
    let customer = first.map(|customer| store.customer_name(customer).to_owned());
    let mut columns = vec![
        row(&store.roles.customer, "customer", "text", Some(tally.n_customers), customer),
        row(&store.roles.time, "time", "time", None, time),
        row(&store.roles.event, "event", "text", Some(n_names), event),
    ];
    let properties = store.properties.par_iter().enumerate().map(|(idx, property)| {
        ctl.check()?;
        Ok(column(property, role(store, idx), &rows))
    });
    columns.extend(properties.collect::<Result<Vec<_>, Cancelled>>()?);
    Ok(columns)
}

fn role(store: &JourneyStore, idx: usize) -> &'static str {
    let roles = &store.roles;
    let played = [
        (roles.channel, "channel"),
        (roles.value, "value"),
        (roles.score, "score"),
        (roles.session, "session"),
        (roles.anonymous, "anonymous"),
    ];
    played.into_iter().find(|(property, _)| *property == Some(idx)).map_or("property", |(_, name)| name)
}

/// The store's rows that the view is about.
enum Rows<'v> {
    All,
    Some { view: &'v View, customers: Vec<CustomerId> },
}

impl<'v> Rows<'v> {
    fn of(view: &'v View) -> Self {
        if view.is_whole() { Rows::All } else { Rows::Some { view, customers: view.customers().collect() } }
    }

    /// Calls `each` with every value of a column, in journey order.
    fn each<T: Copy>(&self, values: &[T], mut each: impl FnMut(T)) {
        match self {
            Rows::All => values.iter().for_each(|&value| each(value)),
            Rows::Some { view, customers } => {
                for &customer in customers {
                    view.journey(customer).for_each(|position| each(values[view.row(position)]));
                }
            }
        }
    }

    /// Calls `each` with every number that there is, in journey order; gives how many rows have none.
    fn each_number<T: Number>(&self, numbers: &Numbers<T>, mut each: impl FnMut(T)) -> u64 {
        match self {
            Rows::All => {
                let n = numbers.values().inspect(|&value| each(value)).count();
                (numbers.len() - n) as u64
            }
            Rows::Some { view, customers } => {
                let mut missing = 0;
                let positions = customers.iter().flat_map(|&customer| view.journey(customer));
                positions.map(|position| numbers.get(view.row(position))).for_each(|value| match value.is_missing() {
                    true => missing += 1,
                    false => each(value),
                });
                missing
            }
        }
    }

    fn first(&self, property: &Property) -> Option<String> {
        let text = |row: usize| property.text(row).map(|text| text.into_owned());
        match self {
            Rows::All => (0..property.values.len()).find_map(text),
            Rows::Some { view, customers } => customers
                .iter()
                .find_map(|&customer| view.journey(customer).find_map(|position| text(view.row(position)))),
        }
    }
}

fn column(property: &Property, role: &'static str, rows: &Rows<'_>) -> ColumnRow {
    let (nulls, distinct) = match &property.values {
        Values::Text { codes, names } => {
            // A count by code, 0 for no value, gives both.
            let mut seen = vec![0u32; names.len() + 1];
            crate::with_codes!(codes, |codes| rows.each(codes, |code| seen[crate::journey::Code::idx(code)] += 1));
            (u64::from(seen[0]), seen[1..].iter().filter(|&&n| n > 0).count() as u64)
        }
        Values::Int(values) | Values::Time(values) => whole_numbers(values, rows),
        Values::Float(values) => {
            let mut different = Different::default();
            // Both zeros are the same value.
            let nulls = rows.each_number(values, |value| different.add((value + 0.0).to_bits() as i64));
            (nulls, different.count())
        }
    };
    ColumnRow {
        name: property.name.clone(),
        role,
        kind: property.kind().name(),
        nulls,
        distinct: Some(distinct),
        example: rows.first(property),
    }
}

/// Missing and different values of whole numbers.
fn whole_numbers(values: &Numbers<i64>, rows: &Rows<'_>) -> (u64, u64) {
    let (mut lo, mut hi) = (i64::MAX, i64::MIN);
    let nulls = rows.each_number(values, |value| {
        lo = lo.min(value);
        hi = hi.max(value);
    });
    if lo > hi {
        return (nulls, 0);
    }
    let range = hi.abs_diff(lo);
    if range < BITS_MAX {
        let mut bits = Bitmap::none(range as usize + 1);
        rows.each_number(values, |value| bits.set(value.abs_diff(lo) as usize));
        return (nulls, bits.count() as u64);
    }
    let mut different = Different::default();
    rows.each_number(values, |value| different.add(value));
    (nulls, different.count())
}

/// A set of values that is quick while they repeat: most columns have few different values, many times over.
#[derive(Default)]
struct Different {
    seen: FxHashSet<i64>,
    last: Option<i64>,
}

impl Different {
    #[inline]
    fn add(&mut self, value: i64) {
        if self.last != Some(value) {
            self.last = Some(value);
            self.seen.insert(value);
        }
    }

    fn count(&self) -> u64 {
        self.seen.len() as u64
    }
}
