//! The funnel by example: journeys small enough to see, and what must come out.

mod counts;
mod scale;
mod tables;

use std::sync::Arc;

use super::{Funnel, FunnelSpec, Group, funnel};
use crate::base::{Ctl, Instant, Span};
use crate::journey::fixture::journeys;
use crate::journey::{Bitmap, View};

/// Steps are separated by spaces; `~` stands for a space in one.
pub fn spec(steps: &str, within: i64) -> FunnelSpec {
    let steps = steps.split(' ').map(|step| step.replace('~', " ").parse().expect("a step")).collect();
    FunnelSpec { steps, within: Span::seconds(within), ..FunnelSpec::default() }
}

pub fn ask(view: &View, spec: &FunnelSpec) -> Funnel {
    funnel(view, spec, &Ctl::new()).expect("a sound question")
}

/// The journeys, and somebody who does not count but knows every name that these tests ask for.
pub fn view(text: &str) -> View {
    let names: String = "abcdosz".chars().enumerate().map(|(i, name)| format!(" {name}-{}", 100 - i)).collect();
    let store = Arc::new(journeys(&format!("{text}\n(names):{names}")));
    let names = store.find_customer("(names)").expect("just added").idx();
    let chosen = Bitmap::from_fn(store.n_customers(), |customer| customer != names);
    View::whole(store).with_customers(chosen)
}

/// Far behind every window, so that nobody is open.
pub fn observed(text: &str) -> View {
    view(text).with_as_of(Instant(1_000_000_000_000))
}

/// Customers by step, and their outcomes as `dropped/open/excluded`.
pub fn shown(group: &Group) -> String {
    let step = |step: &super::StepCount| match (step.dropped, step.open, step.excluded) {
        (0, 0, 0) => step.customers.to_string(),
        (dropped, open, excluded) => format!("{}({dropped}/{open}/{excluded})", step.customers),
    };
    group.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub fn check(text: &str, spec: &FunnelSpec, expect: &str) {
    assert_eq!(shown(ask(&observed(text), spec).total()), expect);
}
