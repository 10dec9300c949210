//! The lifecycle by looking at every customer in every period; and its laws.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::retention::journeys;
use crate::analysis::lifecycle::{Lifecycle, LifecycleSpec, lifecycle, who};
use crate::base::{Ctl, Instant, Period};
use crate::journey::{Step, View, fixture};

fn specs() -> impl Strategy<Value = LifecycleSpec> {
    let units = prop_oneof![Just(Period::Hour), Just(Period::Day), Just(Period::Week)];
    let active = prop::option::of(prop_oneof![Just("a"), Just("b|c"), Just("*")]);
    (units, active, prop::option::of((0i64..150, 20i64..220)), prop::option::of(0i64..300)).prop_map(
        |(period, active, between, as_of)| {
            let when = |hours: i64| Some(Instant(hours * 3_600_000_000).to_string().parse().expect("a time"));
            let active = active.map(|step| step.parse::<Step>().expect("a step"));
            let mut spec = LifecycleSpec { period, active, ..LifecycleSpec::default() };
            if let Some((since, length)) = between {
                (spec.scope.since, spec.scope.until) = (when(since), when(since + length));
            }
            spec.scope.as_of = as_of.and_then(when);
            spec
        },
    )
}

/// The starts of the periods in which every customer is active.
fn active(view: &View, spec: &LifecycleSpec) -> Vec<BTreeSet<i64>> {
    let store = view.store();
    let is_active = |position: &usize| {
        let name = store.touchpoint_name(view.row(*position));
        spec.active.as_ref().is_none_or(|step| {
            step.alternatives().iter().any(|one| one.name.as_deref().is_none_or(|wanted| wanted == name))
        })
    };
    let start =
        |position: usize| spec.period.start(Instant(view.times()[position]), &store.zone, spec.week_start).micros();
    view.customers().map(|customer| view.journey(customer).filter(is_active).map(start).collect()).collect()
}

fn ask(view: &View, spec: &LifecycleSpec) -> Lifecycle {
    lifecycle(view, spec, &Ctl::new()).expect("a sound question")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lifecycle_is_what_looking_at_everybody_finds(text in journeys(), spec in specs()) {
        let view = spec.scope.view(&Arc::new(fixture::journeys(&text)), &Ctl::new()).expect("a view");
        let (answer, customers) = (ask(&view, &spec), active(&view, &spec));
        let zone = &view.store().zone;
        let mut before: Option<Instant> = None;
        for row in &answer.periods {
            let at = row.start.micros();
            let count = |holds: &dyn Fn(&BTreeSet<i64>) -> bool| customers.iter().filter(|set| holds(set)).count() as u64;
            // The period before this one starts a moment before it.
            let last = spec.period.start(Instant(at - 1), zone, spec.week_start).micros();
            prop_assert!(before.is_none_or(|before| before.micros() == last), "no holes");
            before = Some(row.start);
            let earlier = |set: &BTreeSet<i64>| set.range(..at).next().is_some();
            prop_assert_eq!(row.new, count(&|set| set.contains(&at) && !earlier(set)));
            prop_assert_eq!(row.returning, count(&|set| set.contains(&at) && set.contains(&last)));
            prop_assert_eq!(row.resurrected, count(&|set| set.contains(&at) && earlier(set) && !set.contains(&last)));
            prop_assert_eq!(row.active(), count(&|set| set.contains(&at)));
            let is_over = spec.period.next(row.start, zone, spec.week_start).micros() - 1 <= view.as_of().micros();
            prop_assert_eq!(row.is_complete, is_over);
            let dormant = count(&|set| !set.contains(&at) && set.contains(&last));
            prop_assert_eq!(row.dormant, is_over.then_some(dormant));
        }
        let shown: BTreeSet<i64> = answer.periods.iter().map(|row| row.start.micros()).collect();
        for row in &answer.stickiness {
            let n = |holds: &dyn Fn(u64) -> bool| {
                customers.iter().filter(|set| holds(set.intersection(&shown).count() as u64)).count() as u64
            };
            prop_assert_eq!((row.customers, row.at_least), (n(&|n| n == row.periods), n(&|n| n >= row.periods)));
        }
        prop_assert_eq!(answer.stickiness.iter().map(|row| row.customers).sum::<u64>(), answer.n_customers);
        prop_assert_eq!(
            answer.stickiness.iter().map(|row| row.customers * row.periods).sum::<u64>(),
            answer.periods.iter().map(|row| row.active()).sum::<u64>()
        );
    }

    #[test]
    fn active_customers_follow_from_those_before_and_every_number_opens(text in journeys(), spec in specs()) {
        let view = spec.scope.view(&Arc::new(fixture::journeys(&text)), &Ctl::new()).expect("a view");
        let answer = ask(&view, &spec);
        for pair in answer.periods.windows(2) {
            if let Some(dormant) = pair[1].dormant {
                prop_assert_eq!(pair[0].active() + pair[1].new + pair[1].resurrected - dormant, pair[1].active());
            }
        }
        // Some of very many, or this takes minutes.
        let every = answer.periods.len() / 12 + 1;
        let n = |cell: String| who(&view, &spec, &cell, &Ctl::new()).expect("a cell").len() as u64;
        for row in answer.periods.iter().step_by(every) {
            let found = ["active", "new", "returning", "resurrected"].map(|word| n(format!("{}:{word}", row.label)));
            prop_assert_eq!(found, [row.active(), row.new, row.returning, row.resurrected]);
            match row.dormant {
                Some(dormant) => prop_assert_eq!(n(format!("{}:dormant", row.label)), dormant),
                None => {
                    let is_refused = who(&view, &spec, &format!("{}:dormant", row.label), &Ctl::new()).is_err();
                    prop_assert!(is_refused);
                }
            }
        }
        for row in &answer.stickiness {
            prop_assert_eq!(n(format!("{}:customers", row.periods)), row.customers);
        }
    }
}
