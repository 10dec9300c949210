//! What holds for every answer about dwell over any data.

use std::sync::Arc;

use proptest::prelude::*;

use super::dwell::{any_spec, by_definition};
use super::funnel_cases::journeys;
use crate::analysis::dwell::probe::{LEFT, OPEN, Visit, in_passes};
use crate::analysis::dwell::{ALL_STAGES, Bins, BreakdownAt, Dwell, DwellSpec, Group, dwell, who};
use crate::base::stats::incidence::{Exit, aalen_johansen};
use crate::base::stats::quantile::quantile_seconds;
use crate::base::stats::survival::{Spell, kaplan_meier};
use crate::base::{Ctl, Span};
use crate::journey::{Bitmap, View, fixture};
use crate::table::{Cell, Table};

fn full_spec() -> impl Strategy<Value = DwellSpec> {
    let breakdown = prop::option::of(prop_oneof![Just("p"), Just("q"), Just("event")]);
    let at = prop_oneof![Just(BreakdownAt::Entry), Just(BreakdownAt::First), Just(BreakdownAt::Last)];
    let bins = prop_oneof![Just(Bins::Log), Just(Bins::Even), Just(Bins::Width(Span::seconds(2)))];
    (any_spec(), breakdown, at, bins, prop::option::of(0i64..8), 2usize..9).prop_map(
        |(spec, breakdown, breakdown_at, bins, limit, points)| DwellSpec {
            breakdown: breakdown.map(str::to_owned),
            breakdown_at,
            bins,
            limit: limit.map(Span::seconds),
            points,
            incidence: true,
            rework: true,
            slow: Some(ALL_STAGES.into()),
            ..spec
        },
    )
}

fn ask(view: &View, spec: &DwellSpec) -> Dwell {
    dwell(view, spec, &Ctl::new()).expect("a sound question")
}

fn rows(table: &Table) -> String {
    let rows: Vec<String> = table.rows().map(|row| format!("{row:?}")).collect();
    format!("{}: {}", table.name, rows.join("\n"))
}

/// Everything that an answer shows but its notes.
fn shown(answer: &Dwell) -> String {
    answer.tables().iter().map(rows).collect::<Vec<_>>().join("\n")
}

/// A stage's numbers from its visits, by the book.
fn check_stage(stage: &crate::analysis::dwell::StageDwell, visits: &[Visit]) -> Result<(), TestCaseError> {
    let seconds = |visit: &Visit| visit.micros as f64 / 1e6;
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
    prop_assert_eq!(stage.visits, visits.len() as u64);
    prop_assert_eq!(stage.visits, stage.completed + stage.open);
    prop_assert_eq!(stage.completed, stage.exits.iter().map(|exit| exit.visits).sum::<u64>());
    prop_assert_eq!(stage.completed, stage.histogram.iter().map(|bin| bin.completed).sum::<u64>());
    prop_assert_eq!(stage.open, stage.histogram.iter().map(|bin| bin.open).sum::<u64>());
    prop_assert_eq!(stage.reentries, visits.iter().filter(|visit| visit.is_reentry).count() as u64);
    let mut customers: Vec<_> = visits.iter().map(|visit| visit.customer).collect();
    customers.dedup();
    prop_assert_eq!(stage.customers, customers.len() as u64);
    let mut ended: Vec<i64> = visits.iter().filter(|visit| visit.to != OPEN).map(|visit| visit.micros).collect();
    ended.sort_unstable();
    prop_assert_eq!(stage.quantiles_s.map(|quantiles| quantiles[1]), quantile_seconds(&ended, 0.1));
    prop_assert_eq!(stage.median_s(), quantile_seconds(&ended, 0.5));
    let spells: Vec<Spell> =
        visits.iter().map(|visit| Spell { time: seconds(visit), has_ended: visit.to != OPEN }).collect();
    let curve = kaplan_meier(&spells);
    prop_assert_eq!(stage.km_median_s, curve.median());
    prop_assert_eq!((stage.km_lo_s, stage.km_hi_s), curve.median_interval());
    let mut ways: Vec<u32> = visits.iter().map(|visit| visit.to).filter(|to| *to != OPEN).collect();
    ways.sort_unstable();
    ways.dedup();
    prop_assert_eq!(stage.exits.len(), ways.len());
    let way = |visit: &Visit| ways.iter().position(|way| *way == visit.to);
    let exits: Vec<Exit> = visits.iter().map(|visit| Exit { time: seconds(visit), way: way(visit) }).collect();
    if let Some(last) = aalen_johansen(&exits, ways.len()).last() {
        let mut incidences: Vec<f64> = stage.exits.iter().map(|exit| exit.incidence).collect();
        let mut expect = last.by_way.clone();
        incidences.sort_by(f64::total_cmp);
        expect.sort_by(f64::total_cmp);
        prop_assert!(incidences.iter().zip(&expect).all(|(a, b)| near(*a, *b)), "{:?} {:?}", incidences, expect);
    }
    if let Some(limit) = stage.limit {
        prop_assert_eq!(stage.visits, limit.over() + limit.within + limit.undecided);
        let over = visits.iter().filter(|visit| seconds(visit) > limit.limit_s).count() as u64;
        prop_assert_eq!(limit.over(), over);
        prop_assert!(near(limit.share, curve.at(limit.limit_s)));
    }
    Ok(())
}

fn check_sums(answer: &Dwell) -> Result<(), TestCaseError> {
    let Some((total, parts)) = answer.groups.split_first() else { return Ok(()) };
    if answer.breakdown.is_none() {
        return Ok(());
    }
    for (at, stage) in total.stages.iter().enumerate() {
        let sum = |pick: fn(&crate::analysis::dwell::StageDwell) -> u64| -> u64 {
            parts.iter().map(|group| pick(&group.stages[at])).sum()
        };
        prop_assert_eq!(sum(|s| s.visits), stage.visits);
        prop_assert_eq!(sum(|s| s.open), stage.open);
        prop_assert_eq!(sum(|s| s.reentries), stage.reentries);
        prop_assert!(sum(|s| s.customers) >= stage.customers);
    }
    Ok(())
}

fn check_who(view: &View, spec: &DwellSpec, group: &Group) -> Result<(), TestCaseError> {
    let at = group.value.as_ref().map_or(String::new(), |value| format!("@{value}"));
    let n = |cell: String| who(view, spec, &format!("{cell}{at}"), &Ctl::new()).expect(&cell).len() as u64;
    for stage in &group.stages {
        let name = &stage.name;
        prop_assert_eq!(n(format!("{name}:visits")), stage.visits);
        prop_assert_eq!(n(format!("{name}:completed")), stage.completed);
        prop_assert_eq!(n(format!("{name}:open")), stage.open);
        prop_assert_eq!(n(format!("{name}:customers")), stage.customers);
        prop_assert_eq!(n(format!("{name}:reentries")), stage.reentries);
        prop_assert_eq!(n(format!("{name}:returned")), stage.returned);
        for exit in &stage.exits {
            prop_assert_eq!(n(format!("{name}>{}", exit.to)), exit.visits);
        }
        for (i, bin) in stage.histogram.iter().enumerate() {
            prop_assert_eq!(n(format!("{name}#{}:completed", i + 1)), bin.completed);
            prop_assert_eq!(n(format!("{name}#{}:open", i + 1)), bin.open);
        }
        for (i, point) in stage.curve.iter().enumerate() {
            prop_assert_eq!(n(format!("{name}~{}:at_risk", i + 1)), point.at_risk);
            prop_assert_eq!(n(format!("{name}~{}:events", i + 1)), point.ended);
        }
        if let Some(limit) = stage.limit {
            prop_assert_eq!(n(format!("{name}:over")), limit.over());
            prop_assert_eq!(n(format!("{name}:over_open")), limit.over_open);
            prop_assert_eq!(n(format!("{name}:within")), limit.within);
            prop_assert_eq!(n(format!("{name}:undecided")), limit.undecided);
        }
    }
    Ok(())
}

/// No cell of any table is a number that is none.
fn check_cells(answer: &Dwell) -> Result<(), TestCaseError> {
    for table in answer.tables() {
        for row in table.rows() {
            prop_assert!(!row.iter().any(|cell| matches!(cell, Cell::Number(x) if !x.is_finite())));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_are_those_of_the_visits_sums_reconcile_and_every_number_opens(text in journeys(), spec in full_spec()) {
        let view = fixture::view(&text);
        let answer = ask(&view, &spec);
        let (visits, unmapped) = by_definition(&view, &spec);
        prop_assert_eq!(answer.unmapped.iter().map(|(_, n)| n).sum::<u64>(), unmapped);
        prop_assert_eq!(answer.total().stages.iter().map(|stage| stage.visits).sum::<u64>(), visits.len() as u64);
        for stage in &answer.total().stages {
            let number = match spec.stages.stage.is_empty() {
                true => view.store().touchpoints.get(&stage.name).expect("a touchpoint"),
                false => spec.stages.stage.iter().position(|s| s.name == stage.name).expect("a stage") as u32,
            };
            let of_stage: Vec<Visit> = visits.iter().copied().filter(|visit| visit.stage == number).collect();
            check_stage(stage, &of_stage)?;
        }
        prop_assert!(visits.iter().all(|visit| visit.micros >= 0 && (visit.to != LEFT || visit.end >= visit.start)));
        check_sums(&answer)?;
        check_cells(&answer)?;
        for group in &answer.groups {
            check_who(&view, &spec, group)?;
        }
        for tail in &answer.tails {
            let n = |word: &str| who(&view, &spec, &format!("{}:{word}", tail.stage), &Ctl::new()).expect(word).len() as u64;
            prop_assert_eq!((n("slow"), n("rest")), (tail.slow, tail.rest));
            let visits = answer.total().stages.iter().find(|stage| stage.name == tail.stage).expect("a stage").visits;
            prop_assert_eq!(visits, tail.slow + tail.rest + tail.undecided);
        }
    }

    /// As with tens of millions of visits, of which not all can be kept at once.
    #[test]
    fn the_number_of_visits_kept_at_once_does_not_matter(text in journeys(), spec in full_spec(), at_once in 0u64..20) {
        let view = fixture::view(&text);
        prop_assert_eq!(shown(&in_passes(&view, &spec, at_once)), shown(&ask(&view, &spec)));
    }

    #[test]
    fn other_customers_change_nothing(text in journeys(), spec in full_spec()) {
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
        spec in full_spec(),
    ) {
        let (one, other) = super::in_two_orders(&times, &names, turn);
        prop_assert_eq!(shown(&ask(&fixture::view(&one), &spec)), shown(&ask(&fixture::view(&other), &spec)));
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // Enough events for several chunks of customers, and enough visits to be counted by class.
    let mut text = String::from("w: a0{p=1,q=2} b0 c0 d0\n");
    let mut seed = 7u64;
    let mut draw = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for customer in 0..9_000 {
        text.push_str(&format!("c{customer}:"));
        for _ in 0..1 + draw(20) {
            let name = ["a", "b", "c", "d"][draw(4) as usize];
            text.push_str(&format!(" {name}{}{{p=v{}}}", draw(100_000), draw(40)));
        }
        text.push('\n');
    }
    let view = fixture::view(&text);
    assert!(crate::journey::chunks::customer_chunks(&view).len() > 1);
    let stages = ["one=a|b", "two=c", "three=*[p == \"v7\"]"].map(|stage| stage.parse().expect("a stage")).to_vec();
    let plain = DwellSpec {
        breakdown: Some("p".into()),
        incidence: true,
        limit: Some(Span::seconds(3_000)),
        slow: Some(ALL_STAGES.into()),
        ..DwellSpec::default()
    };
    let staged = DwellSpec {
        stages: crate::analysis::stages::StagesSpec { stage: stages, terminal: Vec::new() },
        ..plain.clone()
    };
    for spec in [plain, staged] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| shown(&ask(&view, &spec)))
        };
        let one = with(1);
        assert_eq!(one, with(3));
        let answer = ask(&view, &spec);
        assert_eq!(answer.groups.len(), 1 + 21);
        assert!(answer.tails.iter().any(|tail| !tail.traits.is_empty()));
        let (visits, _) = by_definition_by_name(&view, &spec);
        for stage in &answer.total().stages {
            let of_stage: Vec<Visit> =
                visits.iter().filter(|(name, _)| *name == stage.name).map(|(_, visit)| *visit).collect();
            check_stage(stage, &of_stage).expect("as by the book");
        }
        for tail in answer.tails.iter().filter(|tail| !tail.traits.is_empty()) {
            let known = &tail.traits[0];
            let n = |word: &str| {
                who(&view, &spec, &format!("{}+{}:{word}", tail.stage, known.text), &Ctl::new()).expect(word).len()
                    as u64
            };
            assert_eq!((n("slow_with"), n("rest_with")), (known.slow_with, known.rest_with), "{}", known.text);
        }
    }
}

/// The kernel's visits with the name of their stage: the definition is too slow for so many.
fn by_definition_by_name(view: &View, spec: &DwellSpec) -> (Vec<(String, Visit)>, u64) {
    let (visits, unmapped) = crate::analysis::dwell::probe::visits(view, spec);
    let name = |stage: u32| match spec.stages.stage.get(stage as usize) {
        Some(stage) => stage.name.clone(),
        None => view.store().touchpoints.name(stage).to_owned(),
    };
    (visits.into_iter().map(|visit| (name(visit.stage), visit)).collect(), unmapped)
}
