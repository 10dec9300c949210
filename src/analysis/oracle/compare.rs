//! Comparisons against the same figures found another way: one cohort at a time, through the other analyses.

use std::sync::Arc;

use proptest::prelude::*;

use super::retention::journeys;
use crate::analysis::compare::{Compare, CompareSpec, compare, who};
use crate::analysis::funnel::{FunnelSpec, Order, funnel};
use crate::analysis::retention::{RetentionSpec, retention};
use crate::base::stats::quantile::quantile_sorted;
use crate::base::{Ctl, CustomerId, Instant, Period, Span};
use crate::journey::session::SessionRule;
use crate::journey::{Bitmap, View, fixture};

const COHORTS: [&str; 4] = ["as=did(a)", "bs=did(b)", "ones=first.p == \"v1\"", "long=journey.events > 4"];

fn specs() -> impl Strategy<Value = CompareSpec> {
    let steps =
        prop::collection::vec(prop_oneof![Just("a"), Just("b"), Just("c"), Just("b @optional"), Just("*")], 0..4);
    (prop::sample::subsequence(&COHORTS[..], 1..4), steps, 1i64..80, any::<[bool; 3]>(), prop::option::of(0i64..300))
        .prop_map(|(cohorts, steps, hours, flags, as_of)| {
            let mut spec = CompareSpec {
                cohorts: cohorts.iter().map(|text| text.parse().expect("a cohort")).collect(),
                steps: steps.iter().map(|step| step.parse().expect("a step")).collect(),
                within: Span::seconds(hours * 3_600),
                order: if flags[0] { Order::Any } else { Order::Ordered },
                with_open: flags[1],
                rolling: flags[2],
                retention: vec![1, 2],
                period: Period::Day,
                resamples: 100,
                ..CompareSpec::default()
            };
            let when = |hours: i64| Instant(hours * 3_600_000_000).to_string().parse().expect("a time");
            spec.scope.as_of = as_of.map(when);
            spec
        })
}

fn ask(view: &View, spec: &CompareSpec) -> Compare {
    compare(view, spec, &Ctl::new()).expect("a sound question")
}

fn hits(answer: &Compare, metric: &str, cohort: usize) -> Option<(u64, u64)> {
    let found = answer.metrics.iter().find(|known| known.name == metric)?;
    Some((found.figures[cohort].hits?, found.figures[cohort].n))
}

/// The view of one cohort alone.
fn alone(view: &View, spec: &CompareSpec, name: &str) -> View {
    let list = who(view, spec, &format!("{name}:customers"), &Ctl::new()).expect("a cohort");
    let mut chosen = Bitmap::none(view.store().n_customers());
    list.iter().for_each(|customer| chosen.set(customer.idx()));
    view.clone().with_customers(chosen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn every_figure_is_that_of_its_cohort_alone(text in journeys(), spec in specs()) {
        prop_assume!(spec.check().is_ok());
        let view = spec.scope.view(&Arc::new(fixture::journeys(&text)), &Ctl::new()).expect("a view");
        let answer = ask(&view, &spec);
        for (at, cohort) in answer.cohorts.iter().enumerate() {
            let own = alone(&view, &spec, &cohort.name);
            prop_assert_eq!(own.n_customers() as u64, cohort.customers);
            let mut events: Vec<f64> = own.customers().map(|customer| own.journey(customer).len() as f64).collect();
            let rule = SessionRule::new(&own, spec.scope.session_gap);
            let mut sessions: Vec<f64> = own.customers().map(|c| rule.count(own.journey(c)) as f64).collect();
            for (name, values) in [("events per customer", &mut events), ("sessions per customer", &mut sessions)] {
                values.sort_by(f64::total_cmp);
                let metric = answer.metrics.iter().find(|metric| metric.name == name).expect(name);
                prop_assert_eq!(metric.figures[at].value, quantile_sorted(values, 0.5));
            }
            // Who is back, when the entry is the first event, is what retention says of everybody together.
            if spec.steps.is_empty() {
                let question = RetentionSpec { cohort: "day".into(), rolling: spec.rolling, ..RetentionSpec::default() };
                let found = retention(&own, &question, &Ctl::new()).expect("a sound question");
                for k in 1..3 {
                    let cell = found.total().overall.get(k).map(|overall| overall.cell).unwrap_or_default();
                    prop_assert_eq!(hits(&answer, &format!("back in day {k}"), at), Some((cell.retained, cell.eligible)));
                }
            }
            let mandatory = spec.steps.iter().filter(|step| !step.optional).count();
            if mandatory > 1 {
                let question = FunnelSpec { mature: !spec.with_open, ..spec.funnel() };
                let found = funnel(&own, &question, &Ctl::new()).expect("a sound question");
                let reached: Vec<u64> =
                    found.total().steps.iter().filter(|step| !step.optional).map(|step| step.customers).collect();
                let (done, n) = hits(&answer, "completion", at).expect("a funnel");
                if spec.with_open {
                    prop_assert_eq!((done, n), (reached[mandatory - 1], reached[0]));
                } else {
                    // Those left out are more than the undecided: some have completed early in an open window.
                    prop_assert!(done <= reached[mandatory - 1] && n <= reached[0]);
                    prop_assert!(n - done <= found.total().steps.iter().map(|step| step.dropped).sum::<u64>());
                }
            }
        }
    }

    #[test]
    fn mix_and_rate_make_up_the_difference_and_every_figure_opens(text in journeys(), spec in specs()) {
        prop_assume!(spec.check().is_ok());
        let view = spec.scope.view(&Arc::new(fixture::journeys(&text)), &Ctl::new()).expect("a view");
        let answer = ask(&view, &spec);
        for mix in &answer.mix {
            prop_assert!((mix.mix + mix.rate - mix.total).abs() < 1e-12);
            let name = answer.rate.as_deref().expect("a rate");
            let metric = answer.metrics.iter().find(|metric| metric.name == name).expect("the rate is a metric");
            let difference = metric.figures[mix.cohort].versus.as_ref().and_then(|versus| versus.difference);
            prop_assert!((mix.total - difference.expect("both have somebody")).abs() < 1e-12);
            prop_assert!((mix.parts.iter().map(|part| part.share).sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!((mix.parts.iter().map(|part| part.baseline_share).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        for pair in answer.mix.windows(2).filter(|pair| pair[0].cohort == pair[1].cohort) {
            prop_assert!(pair[0].mix.abs() >= pair[1].mix.abs());
        }
        for (at, metric) in answer.metrics.iter().enumerate() {
            for (cohort, figure) in metric.figures.iter().enumerate() {
                let n = |what: &str| {
                    let list: Vec<CustomerId> = who(&view, &spec, &answer.key(at, cohort, what), &Ctl::new()).expect(what);
                    list.len() as u64
                };
                prop_assert_eq!(n("n"), figure.n);
                if let Some(hits) = figure.hits {
                    prop_assert_eq!((n("yes"), n("no")), (hits, figure.n - hits));
                }
                if let Some(versus) = &figure.versus {
                    prop_assert!(versus.p.is_none_or(|p| (0.0..=1.0).contains(&p)));
                    prop_assert!(versus.p_adj >= versus.p);
                    if let (Some((lo, hi)), Some(difference)) = (versus.interval, versus.difference) {
                        prop_assert!(lo <= difference + 1e-12 && difference <= hi + 1e-12 || figure.hits.is_none());
                    }
                }
            }
        }
        for table in answer.tables() {
            let has_nan = table.rows().any(|row| format!("{row:?}").contains("NaN"));
            prop_assert!(!has_nan);
        }
    }

    #[test]
    fn the_same_question_gives_the_same_figures_with_any_number_of_threads(text in journeys(), spec in specs()) {
        prop_assume!(spec.check().is_ok());
        let view = spec.scope.view(&Arc::new(fixture::journeys(&text)), &Ctl::new()).expect("a view");
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| format!("{:?}", ask(&view, &spec)))
        };
        prop_assert_eq!(with(1), with(3));
    }
}
