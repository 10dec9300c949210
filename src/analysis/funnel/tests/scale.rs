//! A journey of millions of events, and a real shop.

use std::sync::Arc;

use super::super::{FunnelSpec, Order, Unit};
use super::tables::check_who;
use super::{ask, shown, spec};
use crate::base::{Civil, Ctl, Instant, Span, Zone};
use crate::journey::{Batch, BuildOptions, JourneyStore, StoreBuilder, View};

#[test]
fn one_customer_with_millions_of_events_takes_no_time() {
    let n = 2_000_000usize;
    let mut batch = Batch::default();
    for i in 0..n {
        batch.customers.push("x");
        // `c` never comes in time after a `b`, so that every attempt fails late.
        batch.touchpoints.push(["a", "b", "a", "b"][i % 4]);
        batch.times.push(i as i64 * 1_000);
    }
    for (name, time) in [("c", n as i64 * 1_000 + 50_000_000), ("d", n as i64 * 1_000 + 90_000_000)] {
        batch.customers.push("x");
        batch.touchpoints.push(name);
        batch.times.push(time);
    }
    let mut builder = StoreBuilder::new(&[]);
    builder.add(batch, &[]).expect("few events");
    let store = builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled");
    let view = View::whole(Arc::new(store)).with_as_of(Instant(i64::MAX / 2));
    let mut asked = spec("a b a b c d", 40);
    asked.exclude = vec!["d:4-5".parse().expect("an exclusion")];
    for (order, unit) in [
        (Order::Ordered, Unit::Customers),
        (Order::Ordered, Unit::Attempts),
        (Order::Strict, Unit::Customers),
        (Order::Any, Unit::Customers),
    ] {
        let exclude = if order == Order::Any { Vec::new() } else { asked.exclude.clone() };
        let asked = FunnelSpec { order, unit, exclude, ..asked.clone() };
        assert!(ask(&view, &asked).total().steps[0].customers >= 1);
    }
    asked.exclude.clear();
    let mut arrows = asked.clone();
    arrows.steps[2].within = Some(Span::seconds(30));
    for asked in [asked, arrows] {
        let answer = ask(&view, &asked);
        assert_eq!(shown(answer.total()), "1 1 1 1(1/0/0) 0 0");
    }
}

/// A plain reader for a file of customer, event and time, so that this check needs no other part of the program.
fn read_plain(text: &str) -> JourneyStore {
    let mut batch = Batch::default();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let mut field = || fields.next().expect("three fields");
        batch.customers.push(field());
        batch.touchpoints.push(field());
        batch.times.push(Civil::parse_iso(field().as_bytes()).expect("a time").0.as_micros());
    }
    let mut builder = StoreBuilder::new(&[]);
    builder.add(batch, &[]).expect("few events");
    builder.finish(BuildOptions { zone: Zone::utc(), ..BuildOptions::default() }, &Ctl::new()).expect("not cancelled")
}

#[test]
fn a_real_shop_gives_the_figures_that_other_tools_give() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/simple_shop/events.csv");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let view = View::whole(Arc::new(read_plain(&text)));
    let reached = |steps: &str, within| -> Vec<u64> {
        ask(&view, &spec(steps, within)).total().steps.iter().map(|step| step.customers).collect()
    };
    assert_eq!(reached("catalog cart payment_choice payment_done", 600), [3611, 1924, 958, 653]);
    assert_eq!(reached("catalog cart payment_choice payment_done", 60), [3611, 1845, 865, 585]);
    assert_eq!(reached("main catalog cart payment_done", 60), [2385, 2015, 790, 206]);
    check_who(&view, &FunnelSpec { after: true, ..spec("catalog cart payment_choice payment_done", 600) });
}
