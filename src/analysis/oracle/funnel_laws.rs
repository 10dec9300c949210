//! What holds for every funnel over any data.

use std::sync::Arc;

use proptest::prelude::*;

use super::funnel_cases::{ALL, Rules, journeys, specs};
use crate::analysis::funnel::{BreakdownAt, Funnel, FunnelSpec, Group, MAX_STEPS, Order, StepCount, Unit, funnel, who};
use crate::base::{Ctl, Period, Span};
use crate::journey::{Bitmap, View, fixture};

/// A funnel of any order, unit and rules that asks for every table.
fn any_spec() -> impl Strategy<Value = FunnelSpec> {
    let of = |order, unit| {
        let rules = Rules { ignore: order == Order::Strict, ..ALL };
        specs(order, unit, rules).boxed()
    };
    let mut families = Vec::new();
    for order in [Order::Ordered, Order::Strict, Order::Any] {
        for unit in [Unit::Customers, Unit::Sessions, Unit::Attempts] {
            families.push(of(order, unit));
        }
    }
    let at = prop_oneof![
        Just(BreakdownAt::Entry),
        Just(BreakdownAt::First),
        Just(BreakdownAt::Last),
        (1usize..5).prop_map(BreakdownAt::Step),
    ];
    let breakdown = prop::option::of(prop_oneof![Just("p"), Just("q"), Just("event")]);
    (prop::strategy::Union::new(families), any::<[bool; 4]>(), breakdown, at).prop_map(
        |(spec, flags, breakdown, at)| {
            FunnelSpec {
                // Holding a value constant makes most cases empty; half of them do without.
                same: spec.same.clone().filter(|_| flags[0]),
                steps: spec
                    .steps
                    .iter()
                    .map(|step| crate::analysis::funnel::FunnelStep {
                        same: step.same.clone().filter(|_| flags[0]),
                        ..step.clone()
                    })
                    .collect(),
                breakdown: breakdown.map(str::to_owned),
                breakdown_at: at,
                times: true,
                trend: flags[1].then_some(Period::Hour),
                after: true,
                mature: flags[2],
                ..spec
            }
        },
    )
}

fn ask(view: &View, spec: &FunnelSpec) -> Funnel {
    funnel(view, spec, &Ctl::new()).expect("a sound question")
}

/// Everything that an answer shows.
fn shown(answer: &Funnel) -> String {
    let rows = |table: crate::table::Table| {
        let rows: Vec<String> = table.rows().map(|row| format!("{row:?}")).collect();
        format!("{}: {}", table.name, rows.join("\n"))
    };
    format!("{}\n{:?}", answer.tables().into_iter().map(rows).collect::<Vec<_>>().join("\n"), answer.times)
}

fn check_group(group: &Group) -> Result<(), TestCaseError> {
    let steps = &group.steps;
    prop_assert!(steps.len() <= MAX_STEPS);
    for step in steps {
        prop_assert_eq!(step.customers, step.converted + step.dropped + step.open + step.excluded);
    }
    let mandatory: Vec<&StepCount> = steps.iter().filter(|step| !step.optional).collect();
    for pair in mandatory.windows(2) {
        prop_assert!(pair[0].customers >= pair[1].customers);
        prop_assert_eq!(pair[0].converted, pair[1].customers);
    }
    let last = mandatory[mandatory.len() - 1];
    prop_assert_eq!(last.customers, last.converted);
    let ended: u64 = mandatory.iter().map(|step| step.dropped + step.open + step.excluded).sum();
    prop_assert_eq!(mandatory[0].customers, last.converted + ended);
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.optional) {
        let before = steps[..at].iter().rfind(|step| !step.optional).expect("the first is mandatory");
        prop_assert!(step.customers <= before.customers);
    }
    Ok(())
}

fn check_sums(answer: &Funnel) -> Result<(), TestCaseError> {
    let pick: [fn(&StepCount) -> u64; 5] =
        [|s| s.customers, |s| s.converted, |s| s.dropped, |s| s.open, |s| s.excluded];
    if answer.breakdown.is_some() {
        for (i, step) in answer.total().steps.iter().enumerate() {
            for pick in pick {
                prop_assert_eq!(answer.groups[1..].iter().map(|group| pick(&group.steps[i])).sum::<u64>(), pick(step));
            }
        }
    }
    for (i, step) in answer.total().steps.iter().enumerate() {
        if !answer.trend.is_empty() {
            prop_assert_eq!(answer.trend.iter().map(|period| period.reached[i]).sum::<u64>(), step.customers);
        }
        let after: u64 = answer.after.iter().filter(|row| row.step == i + 1).map(|row| row.customers).sum();
        prop_assert_eq!(after, if step.optional { 0 } else { step.dropped });
    }
    Ok(())
}

fn check_who(view: &View, spec: &FunnelSpec, answer: &Funnel) -> Result<(), TestCaseError> {
    let n = |cell: &str| who(view, spec, cell, &Ctl::new()).expect(cell).len() as u64;
    for group in &answer.groups {
        let at = group.value.as_ref().map_or(String::new(), |value| format!("@{value}"));
        for (i, step) in group.steps.iter().enumerate() {
            let i = i + 1;
            prop_assert_eq!(n(&format!("{i}:customers{at}")), step.customers);
            prop_assert_eq!(n(&format!("{i}:converted{at}")), step.converted);
            prop_assert_eq!(n(&format!("{i}:dropped{at}")), step.dropped);
            prop_assert_eq!(n(&format!("{i}:open{at}")), step.open);
            prop_assert_eq!(n(&format!("{i}:excluded{at}")), step.excluded);
        }
    }
    for row in &answer.after {
        prop_assert_eq!(n(&format!("{}:dropped>{}", row.step, row.next)), row.customers);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn outcomes_reconcile_groups_sum_up_and_every_number_opens(text in journeys(), spec in any_spec()) {
        prop_assume!(spec.check().is_ok());
        let view = fixture::view(&text);
        let answer = ask(&view, &spec);
        for group in &answer.groups {
            check_group(group)?;
        }
        // Without the tables that need every unit, sums are taken another way.
        let lean = FunnelSpec { times: false, trend: None, after: false, ..spec.clone() };
        prop_assert_eq!(&ask(&view, &lean).groups, &answer.groups);
        check_sums(&answer)?;
        check_who(&view, &spec, &answer)?;
        let widest = spec.within;
        prop_assert!(spec.unit == Unit::Sessions || answer.times.iter().all(|row| row.quantiles_s[5] <= widest.as_seconds()));
    }

    #[test]
    fn other_customers_change_nothing(text in journeys(), spec in any_spec()) {
        prop_assume!(spec.check().is_ok());
        let alone = fixture::view(&text);
        let store = Arc::new(fixture::journeys(&format!("v: a1{{p=1}} z3 b2 d4{{q=x}}\n{text}\nu: c0 a1 b2 a2")));
        let others: Vec<usize> = ["u", "v"].iter().filter_map(|name| store.find_customer(name)).map(|id| id.idx()).collect();
        let chosen = Bitmap::from_fn(store.n_customers(), |customer| !others.contains(&customer));
        let among = View::whole(store).with_customers(chosen).with_as_of(alone.as_of());
        prop_assert_eq!(shown(&ask(&alone, &spec)), shown(&ask(&among, &spec)));
    }

    #[test]
    fn the_order_of_rows_does_not_matter_where_times_differ(
        times in prop::collection::hash_set(0u32..200, 4..14),
        names in prop::collection::vec((0usize..4, 0usize..3), 14),
        turn in 0usize..14,
        spec in any_spec(),
    ) {
        prop_assume!(spec.check().is_ok());
        let (one, other) = super::in_two_orders(&times, &names, turn);
        prop_assert_eq!(shown(&ask(&fixture::view(&one), &spec)), shown(&ask(&fixture::view(&other), &spec)));
    }

    #[test]
    fn a_wider_window_never_reaches_less(text in journeys(), spec in specs(Order::Ordered, Unit::Customers, Rules {
        exclude: false, ..ALL
    })) {
        prop_assume!(spec.check().is_ok());
        let view = fixture::view(&text);
        let wider = FunnelSpec { within: Span::from_micros(spec.within.micros() * 2), ..spec.clone() };
        let (narrow, wide) = (ask(&view, &spec), ask(&view, &wider));
        for (narrow, wide) in narrow.total().steps.iter().zip(&wide.total().steps).filter(|(step, _)| !step.optional) {
            prop_assert!(narrow.customers <= wide.customers);
        }
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // Enough events for several chunks of customers.
    let mut text = String::from("w: a0{p=1,q=2} b0 c0 d0\n");
    let mut seed = 7u64;
    let mut draw = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for customer in 0..9_000 {
        text.push_str(&format!("c{customer}:"));
        for _ in 0..1 + draw(30) {
            let name = ["a", "b", "c", "d"][draw(4) as usize];
            text.push_str(&format!(" {name}{}{{p=v{}}}", draw(100_000), draw(40)));
        }
        text.push('\n');
    }
    let view = fixture::view(&text);
    assert!(crate::journey::chunks::customer_chunks(&view).len() > 1);
    let steps = ["a", "b", "c"].map(|step| step.parse().expect("a step")).to_vec();
    let plain = FunnelSpec {
        steps,
        within: Span::seconds(20_000),
        breakdown: Some("p".into()),
        times: true,
        trend: Some(Period::Hour),
        after: true,
        sensitivity: true,
        ..FunnelSpec::default()
    };
    for unit in [Unit::Customers, Unit::Sessions, Unit::Attempts] {
        let spec = FunnelSpec { unit, ..plain.clone() };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| shown(&ask(&view, &spec)))
        };
        assert_eq!(with(1), with(3));
    }
}
