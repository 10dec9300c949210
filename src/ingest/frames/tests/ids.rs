//! Ids in columns of every type are linked as they would be in a text.

use super::*;
use crate::base::CustomerId;
use crate::ingest::{LoadOptions, open};

#[test]
fn ids_of_every_type_are_linked_by_their_texts() {
    let files = Files::new();
    let time = |n: i64| s("ts", (0..n).map(|i| 1_714_557_600_000 + i * 1000).collect::<Vec<_>>());
    let event = || s("event", ["a", "b", "c", "d", "e", "f"]);
    let texts = || s("user_id", [None, Some("u1"), Some("(not set)"), Some("u1"), None, None::<&str>]);
    let numbers = || s("user_id", [None, Some(7i64), Some(0), Some(7), None, None]);
    let anonymous = || s("device_id", [Some("d1"), Some("d1"), Some("d2"), None, Some("undefined"), None]);
    let counted = || s("device_id", [Some(41u64), Some(41), Some(u64::MAX), None, Some(0), None]);
    let split = |table: Series| {
        table.cast(&DataType::from_categories(polars::prelude::Categories::global())).expect("categories")
    };
    for (user, device, expect) in [
        (texts(), anonymous(), "u1: a b d | d2: c"),
        (split(texts()), split(anonymous()), "u1: a b d | d2: c"),
        (numbers(), anonymous(), "7: a b d | d2: c"),
        (texts(), counted(), "u1: a b d | 18446744073709551615: c"),
    ] {
        let paths = files.write(&mut frame(vec![user.clone(), device, event(), time(6)]), 4);
        for path in &paths[..2] {
            let options = LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() };
            let loaded = open(&options, &Ctl::new()).expect("readable");
            let store = &loaded.store;
            let people = (0..store.n_customers() as u32).map(CustomerId).map(|id| {
                let events: Vec<&str> = store.journey(id).map(|row| store.touchpoint_name(row)).collect();
                format!("{}: {}", store.customer_name(id), events.join(" "))
            });
            assert_eq!(people.collect::<Vec<_>>().join(" | "), expect, "{}", path.display());
            assert_eq!((loaded.report.rows, loaded.report.rejects.total()), (6, 2));
        }
    }
}
