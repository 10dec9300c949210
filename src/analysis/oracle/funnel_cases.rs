//! Random journeys and funnels, small enough to try everything on them.

use std::sync::Arc;

use proptest::prelude::*;

use crate::analysis::funnel::{ExcludeMode, Exclusion, FunnelSpec, FunnelStep, Order, Unit};
use crate::base::{CustomerId, Span};
use crate::journey::fixture;
use crate::journey::{Bitmap, View};

pub const STEPS: [&str; 8] = ["a", "b", "c", "d", "*", "a|b", "b|c", "c|d"];

/// Journeys of up to three customers as the fixture reads them, with values in `p` and `q`.
pub fn journeys() -> impl Strategy<Value = String> {
    let event = (0usize..4, 0i64..11, 0usize..5, 0usize..5);
    prop::collection::vec(prop::collection::vec(event, 1..9), 1..4).prop_map(|customers| {
        let mut text = String::from("w: a0{p=1,q=2} b0 c0 d0\n");
        for (i, events) in customers.iter().enumerate() {
            text.push_str(&format!("{}:", ["x", "y", "z"][i]));
            for (name, time, p, q) in events {
                let value = |column: &str, v: &usize| ["1", "2", "x"].get(*v).map(|v| format!("{column}={v}"));
                let values: Vec<String> = value("p", p).into_iter().chain(value("q", q)).collect();
                let braces = if values.is_empty() { String::new() } else { format!("{{{}}}", values.join(",")) };
                text.push_str(&format!(" {}{time}{braces}", ["a", "b", "c", "d"][*name]));
            }
            text.push('\n');
        }
        text
    })
}

/// What a family of cases may use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    pub arrows: bool,
    pub optional: bool,
    pub exclude: bool,
    pub same: bool,
    pub first_time: bool,
    pub period: bool,
    pub ignore: bool,
}

type RawStep = (usize, u8, bool, u8);

fn step_of(
    rules: Rules,
    order: Order,
    (name, within, is_optional, same): RawStep,
    place: usize,
    n: usize,
) -> FunnelStep {
    let is_inner = place > 0 && place + 1 < n;
    let may_arrow = rules.arrows && place > 0 && order != Order::Any;
    FunnelStep {
        step: STEPS[name].parse().expect("a step"),
        next: may_arrow && within == 1,
        within: (may_arrow && within >= 4).then(|| Span::seconds(i64::from(within) - 3)),
        optional: rules.optional && is_inner && is_optional && order == Order::Ordered,
        same: (rules.same && same == 1).then(|| "q".to_owned()),
    }
}

/// A funnel of this order and unit; some contradict themselves and are passed over.
pub fn specs(order: Order, unit: Unit, rules: Rules) -> impl Strategy<Value = FunnelSpec> {
    let steps = prop::collection::vec((0usize..8, 0u8..8, any::<bool>(), 0u8..4), 1..5);
    let exclusion = prop::option::of((0usize..8, prop::option::of((1usize..5, 1usize..5))));
    (steps, 1i64..9, exclusion, any::<[bool; 4]>(), 0usize..8, (0i64..6, 4i64..12)).prop_map(
        move |(raw, within, exclusion, flags, ignored, (since, until))| {
            let n = raw.len();
            let steps = raw.into_iter().enumerate().map(|(place, raw)| step_of(rules, order, raw, place, n)).collect();
            let mut spec = FunnelSpec { steps, within: Span::seconds(within), order, unit, ..FunnelSpec::default() };
            if rules.exclude
                && let Some((name, between)) = exclusion
            {
                let between = between.filter(|_| order != Order::Any);
                spec.exclude = vec![Exclusion { step: STEPS[name].parse().expect("a step"), between }];
                spec.exclude_mode = if flags[0] { ExcludeMode::Remove } else { ExcludeMode::Stop };
            }
            spec.same = rules.same.then(|| "p".to_owned());
            spec.first_time = rules.first_time && flags[1];
            if rules.ignore && flags[2] {
                spec.ignore = vec![STEPS[ignored].parse().expect("a step")];
            }
            if rules.period && flags[3] {
                spec.scope.since = Some(format!("1970-01-01T00:00:{since:02}").parse().expect("a time"));
                spec.scope.until = Some(format!("1970-01-01T00:00:{until:02}").parse().expect("a time"));
            }
            spec.scope.session_gap = Span::seconds(2);
            spec
        },
    )
}

pub const ALL: Rules =
    Rules { arrows: true, optional: true, exclude: true, same: true, first_time: true, period: true, ignore: true };
pub const NONE: Rules = Rules {
    arrows: false,
    optional: false,
    exclude: false,
    same: false,
    first_time: false,
    period: false,
    ignore: false,
};

/// The journeys, followed by a customer with this many events who does not count: the kernel reads short journeys in a way
/// that needs some events behind them.
pub fn padded(text: &str, n: i64) -> View {
    let store = Arc::new(fixture::journeys(&format!("{text}(pad):{}", " e0".repeat(n as usize))));
    let pad = store.find_customer("(pad)").map(CustomerId::idx);
    let chosen = Bitmap::from_fn(store.n_customers(), |customer| Some(customer) != pad);
    View::whole(store).with_customers(chosen)
}
