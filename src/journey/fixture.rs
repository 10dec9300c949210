//! Journeys from text, small enough to see: `"x: a0 b5{channel=web} c9"` is customer x with three events at those seconds.

use super::batch::{Batch, BatchValues};
use super::build::{BuildOptions, StoreBuilder};
use super::store::JourneyStore;
use super::view::View;
use crate::base::Ctl;
use std::sync::Arc;

/// A store of these journeys; one line per customer (a customer may come back on a later line). An event is a name that
/// does not end in a digit, seconds (fractions allowed), and properties in braces. A column `session`, `channel`,
/// `value` or `score` plays that role.
pub fn journeys(text: &str) -> JourneyStore {
    build(text, |_| {})
}

pub fn view(text: &str) -> View {
    View::whole(Arc::new(journeys(text)))
}

pub fn build(text: &str, adjust: impl FnOnce(&mut BuildOptions)) -> JourneyStore {
    let mut events = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (customer, rest) = line.split_once(':').expect("customer: events");
        for event in rest.split_whitespace() {
            let (event, properties) = match event.split_once('{') {
                Some((event, properties)) => (event, properties.trim_end_matches('}')),
                None => (event, ""),
            };
            let at = event.rfind(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).expect("a name") + 1;
            let at = (at..=event.len()).find(|&i| event.is_char_boundary(i)).unwrap_or(at);
            let seconds: f64 = event[at..].parse().expect("seconds");
            let properties: Vec<(&str, &str)> = properties.split(',').filter_map(|pair| pair.split_once('=')).collect();
            for (name, _) in &properties {
                if !columns.iter().any(|column| column == name) {
                    columns.push((*name).to_owned());
                }
            }
            events.push((customer.trim(), &event[..at], (seconds * 1e6).round() as i64, properties));
        }
    }
    let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; columns.len()], ..Batch::default() };
    for (customer, touchpoint, time, properties) in events {
        batch.customers.push(customer);
        batch.touchpoints.push(touchpoint);
        batch.times.push(time);
        for (values, name) in batch.columns.iter_mut().zip(&columns) {
            values.push_field(properties.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value));
        }
    }
    let role = |name: &str| columns.iter().position(|column| column == name);
    let mut options = BuildOptions::default();
    options.roles.channel = role("channel");
    options.roles.value = role("value");
    options.roles.score = role("score");
    options.roles.session = role("session");
    adjust(&mut options);
    let mut builder = StoreBuilder::new(&columns);
    let positions: Vec<usize> = (0..columns.len()).collect();
    builder.add(batch, &positions).expect("few events");
    builder.finish(options, &Ctl::new()).expect("not cancelled")
}

/// A store of (customer, touchpoint, seconds, value of column `p`) rows, added in batches of `cut` rows.
pub fn of_rows(rows: &[(u8, u8, i64, u8)], cut: usize) -> JourneyStore {
    let mut builder = StoreBuilder::new(&["p".to_owned(), "q".to_owned()]);
    for piece in rows.chunks(cut.min(rows.len().max(1))) {
        let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 2], ..Batch::default() };
        for (customer, touchpoint, seconds, p) in piece {
            batch.customers.push(&format!("c{customer}"));
            batch.touchpoints.push(&format!("t{touchpoint}"));
            batch.times.push(seconds * 1_000_000);
            batch.columns[0].push_field(["", "1", "x"][usize::from(*p % 3)]);
            batch.columns[1].push_field(["", "1.50", "2"][usize::from(*p % 3)]);
        }
        builder.add(batch, &[0, 1]).expect("few events");
    }
    builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled")
}
