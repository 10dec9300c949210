//! What holds for all paths, transitions and patterns over any data.

use std::sync::Arc;

use proptest::prelude::*;

use super::funnel_cases::journeys;
use super::paths_cases::specs;
use crate::analysis::funnel::{FunnelSpec, FunnelStep, funnel};
use crate::analysis::paths::{Part, Paths, PathsSpec, Unit, paths, who};
use crate::analysis::patterns::{PatternsSpec, patterns};
use crate::analysis::transitions::{self, Transitions, TransitionsSpec, transitions};
use crate::analysis::{Error, Scope};
use crate::base::{Ctl, Span};
use crate::journey::{Bitmap, Step, View, fixture};
use crate::table::Table;

fn ask(view: &View, spec: &PathsSpec) -> Option<Paths> {
    match paths(view, spec, &Ctl::new()) {
        Ok(answer) => Some(answer),
        // An anchor that is ignored, or a group that holds nothing.
        Err(Error::Invalid(_)) => None,
        Err(err) => panic!("{err}"),
    }
}

/// Everything that an answer shows.
fn shown(tables: Vec<Table>) -> String {
    let rows = |table: Table| {
        let rows: Vec<String> = table.rows().map(|row| format!("{row:?}")).collect();
        format!("{}: {}", table.name, rows.join("\n"))
    };
    tables.into_iter().map(rows).collect::<Vec<_>>().join("\n")
}

fn all_shown(view: &View, spec: &PathsSpec) -> String {
    let paths = ask(view, spec).map_or(String::new(), |answer| shown(answer.tables()));
    let like = |gaps| PatternsSpec {
        gaps,
        goal: spec.goal.clone(),
        unit: spec.unit,
        keep_repeats: spec.keep_repeats,
        top: spec.top,
        scope: spec.scope.clone(),
        ..PatternsSpec::default()
    };
    let patterns = [false, true].map(|gaps| match patterns(view, &like(gaps), &Ctl::new()) {
        Ok(answer) => shown(vec![answer.table()]),
        Err(err) => panic!("{err}"),
    });
    let plain =
        TransitionsSpec { unit: spec.unit, top: spec.top, scope: spec.scope.clone(), ..TransitionsSpec::default() };
    let transitions = match transitions(view, &plain, &Ctl::new()) {
        Ok(answer) => shown(vec![answer.table()]),
        Err(err) => panic!("{err}"),
    };
    format!("{paths}\n{transitions}\n{}", patterns.join("\n"))
}

fn check_who(view: &View, spec: &PathsSpec, answer: &Paths) -> Result<(), TestCaseError> {
    let n = |cell: &str| who(view, spec, cell, &Ctl::new()).unwrap_or_else(|err| panic!("{cell}: {err}")).len() as u64;
    for row in &answer.sequences {
        prop_assert_eq!(n(&row.cell()), row.units, "{}", row.cell());
        prop_assert_eq!(n(&format!("{}:customers", row.cell())), row.customers);
        prop_assert_eq!(n(&format!("{}:converted", row.cell())), row.converted);
    }
    for row in &answer.nodes {
        for (what, count) in [
            ("", row.units),
            (":in", row.units),
            (":out", row.out),
            (":ended", row.ended),
            (":open", row.open),
            (":beyond", row.beyond),
            (":other", row.other),
        ] {
            prop_assert_eq!(n(&format!("{}{what}", row.cell())), count, "{}{}", row.cell(), what);
        }
    }
    for row in &answer.edges {
        prop_assert_eq!(n(&row.cell()), row.units, "{}", row.cell());
        let is_only = answer.edges.iter().filter(|edge| (&edge.from, &edge.to) == (&row.from, &row.to)).count() == 1;
        let without = who(view, spec, &format!("{}>{}", row.from, row.to), &Ctl::new());
        // With `(other)` on a side, what stands alone at one position may be a part of it at another.
        match without {
            Ok(ids) => prop_assert!(!is_only || ids.len() as u64 == row.units),
            Err(err) => prop_assert!(
                err.to_string().contains("say which") || row.from == "(other)" || row.to == "(other)",
                "{}",
                err
            ),
        }
    }
    for row in &answer.loops {
        prop_assert_eq!(n(&row.cell()), row.units, "{}", row.cell());
    }
    for row in &answer.ends {
        for (what, count) in [("units", row.units), ("ended", row.ended), ("open", row.open)] {
            prop_assert_eq!(n(&row.cell(what)), count);
        }
    }
    for row in &answer.tree {
        prop_assert_eq!(n(&row.cell()), row.units, "{}", row.cell());
        prop_assert_eq!(n(&format!("{}:converted", row.cell())), row.converted);
    }
    Ok(())
}

fn check_transitions(view: &View, spec: &TransitionsSpec, answer: &Transitions) -> Result<(), TestCaseError> {
    let n = |cell: &str| transitions::who(view, spec, cell, &Ctl::new()).expect(cell).len() as u64;
    for row in &answer.rows {
        prop_assert_eq!(n(&row.cell()), row.customers);
        prop_assert_eq!(n(&format!("{}:count", row.cell())), row.count);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn every_number_opens(text in journeys(), spec in specs()) {
        let view = fixture::view(&text);
        if let Some(answer) = ask(&view, &spec) {
            check_who(&view, &spec, &answer)?;
        }
        let spec = TransitionsSpec { unit: spec.unit, top: spec.top, collapse: spec.reverse, ..TransitionsSpec::default() };
        check_transitions(&view, &spec, &transitions(&view, &spec, &Ctl::new()).expect("a sound question"))?;
    }

    #[test]
    fn a_part_alone_is_the_same_as_among_all(text in journeys(), spec in specs()) {
        let view = fixture::view(&text);
        let Some(all) = ask(&view, &spec) else { return Ok(()) };
        let tables = all.tables();
        for (part, whole) in all.parts.iter().zip(&tables) {
            let only = PathsSpec { only: vec![*part], tree: false, matrix: false, ..spec.clone() };
            let one = ask(&view, &only).expect("it was answered before").tables();
            prop_assert_eq!(one.len(), 1);
            prop_assert_eq!(&one[0], whole, "{:?}", part);
        }
    }

    #[test]
    fn a_path_to_a_step_counts_as_many_as_the_funnel_there(
        text in journeys(),
        (a, b) in (0usize..4, 0usize..4),
        sessions in any::<bool>(),
        period in prop::option::of((0i64..6, 6i64..12)),
    ) {
        let view = fixture::view(&text);
        let [a, b] = [a, b].map(|at| Step::named(["a", "b", "c", "d"][at]));
        let mut scope = Scope { session_gap: Span::seconds(2), ..Scope::default() };
        if let Some((since, until)) = period {
            scope.since = Some(format!("1970-01-01T00:00:{since:02}").parse().expect("a time"));
            scope.until = Some(format!("1970-01-01T00:00:{until:02}").parse().expect("a time"));
        }
        let unit = if sessions { crate::analysis::funnel::Unit::Sessions } else { crate::analysis::funnel::Unit::Customers };
        let steps = [&a, &b].map(|step| FunnelStep::of(step.clone())).to_vec();
        let spec = FunnelSpec { steps, within: Span::days(1000), unit, scope: scope.clone(), ..FunnelSpec::default() };
        let reached = funnel(&view, &spec, &Ctl::new()).expect("a sound question");
        let reached: Vec<u64> = reached.total().steps.iter().map(|step| step.customers).collect();
        let unit = if sessions { Unit::Sessions } else { Unit::Customers };
        let from = PathsSpec { from: Some(a), unit, scope, ..PathsSpec::default() };
        let with_goal = ask(&view, &PathsSpec { goal: Some(b.clone()), ..from.clone() }).expect("sound");
        prop_assert_eq!(vec![with_goal.units, with_goal.converted], reached.clone());
        for occurrence in [crate::analysis::paths::Occurrence::First, crate::analysis::paths::Occurrence::Last] {
            // The first start of the period decides in both; the last may leave no room for the end.
            if period.is_none() || occurrence == crate::analysis::paths::Occurrence::First {
                let to = ask(&view, &PathsSpec { to: Some(b.clone()), occurrence, ..from.clone() }).expect("sound");
                prop_assert_eq!(to.units, reached[1]);
            }
        }
    }

    #[test]
    fn other_customers_change_nothing(text in journeys(), spec in specs()) {
        let alone = fixture::view(&text);
        let store = Arc::new(fixture::journeys(&format!("v: a1{{p=1}} z3 b2 d4{{q=x}}\n{text}\nu: c0 a1 b2 a2")));
        let others: Vec<usize> = ["u", "v"].iter().filter_map(|name| store.find_customer(name)).map(|id| id.idx()).collect();
        let chosen = Bitmap::from_fn(store.n_customers(), |customer| !others.contains(&customer));
        let among = View::whole(store).with_customers(chosen).with_as_of(alone.as_of());
        prop_assert_eq!(all_shown(&alone, &spec), all_shown(&among, &spec));
    }

    #[test]
    fn the_order_of_rows_does_not_matter_where_times_differ(
        times in prop::collection::hash_set(0u32..200, 4..14),
        names in prop::collection::vec((0usize..4, 0usize..3), 14),
        turn in 0usize..14,
        spec in specs(),
    ) {
        let (one, other) = super::in_two_orders(&times, &names, turn);
        prop_assert_eq!(all_shown(&fixture::view(&one), &spec), all_shown(&fixture::view(&other), &spec));
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // Enough events for several chunks of customers, and names enough for keys that are hashes.
    let mut text = String::new();
    let mut seed = 7u64;
    let mut draw = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for customer in 0..6_000 {
        text.push_str(&format!("c{customer}:"));
        for _ in 0..1 + draw(30) {
            let name = if draw(20) == 0 {
                format!("rare_{}_", draw(2_000))
            } else {
                ["a", "b", "c", "d"][draw(4) as usize].to_owned()
            };
            text.push_str(&format!(" {name}{}", draw(100_000)));
        }
        text.push('\n');
    }
    let view = fixture::view(&text);
    assert!(crate::journey::chunks::customer_chunks(&view).len() > 1);
    let step = |text: &str| text.parse::<Step>().expect("a step");
    let plain = PathsSpec { tree: true, matrix: true, goal: Some(step("d")), ..PathsSpec::default() };
    let specs = [
        PathsSpec { unit: Unit::Sessions, ..plain.clone() },
        PathsSpec { group: vec!["rare=rare_*".parse().expect("a group")], keep_repeats: true, ..plain.clone() },
        PathsSpec {
            from: Some(step("b")),
            reverse: true,
            only: vec![Part::Sequences, Part::Edges, Part::Loops],
            ..plain
        },
    ];
    for spec in specs {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| all_shown(&view, &spec))
        };
        assert_eq!(with(1), with(3));
    }
}
