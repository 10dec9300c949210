//! Ways, transitions and patterns: figures that others computed on the sample data.

use serde_json::Value;
use trailmap::analysis::paths::{Depth, Part, Paths, PathsSpec};
use trailmap::analysis::patterns::{Lengths, Patterns, PatternsSpec};
use trailmap::analysis::{Answer, CustomersSpec, Spec, Transitions, TransitionsSpec};
use trailmap::base::Ctl;
use trailmap::engine::{Engine, Local};

use super::oracles::{funnel, reached, shop, within};

#[track_caller]
fn paths(engine: &Local, spec: &PathsSpec) -> Paths {
    match engine.answer(&Spec::Paths(spec.clone()), &Ctl::new()) {
        Ok(Answer::Paths(paths)) => paths,
        other => panic!("no paths but {other:?}"),
    }
}

#[track_caller]
fn transitions(engine: &Local) -> Transitions {
    match engine.answer(&Spec::Transitions(TransitionsSpec::default()), &Ctl::new()) {
        Ok(Answer::Transitions(transitions)) => transitions,
        other => panic!("no transitions but {other:?}"),
    }
}

#[track_caller]
fn patterns(engine: &Local, gaps: bool) -> Patterns {
    // The figures were found next to each other among repeats, and with gaps without them.
    let length = Lengths { least: 3, most: 3 };
    let spec = PatternsSpec { length, gaps, keep_repeats: !gaps, top: 10, ..PatternsSpec::default() };
    match engine.answer(&Spec::Patterns(spec), &Ctl::new()) {
        Ok(Answer::Patterns(patterns)) => patterns,
        other => panic!("no patterns but {other:?}"),
    }
}

fn who(engine: &Local, spec: Spec, cell: &str) -> u64 {
    let scope = spec.scope().clone();
    let list = CustomersSpec { of: Some(Box::new(spec)), cell: Some(cell.to_owned()), scope };
    match engine.answer(&Spec::Customers(list), &Ctl::new()) {
        Ok(Answer::Customers(list)) => list.ids.len() as u64,
        other => panic!("{cell} gave {other:?}"),
    }
}

#[test]
fn the_shops_whole_journeys_are_as_many_as_other_programs_found() {
    let engine = shop();
    let whole = PathsSpec { depth: Depth(None), ..PathsSpec::default() };
    let collapsed = paths(&engine, &whole);
    assert_eq!(collapsed.n_sequences, 1_474);
    assert_eq!((collapsed.sequences[0].path.as_str(), collapsed.sequences[0].units), ("catalog", 508));
    let kept = paths(&engine, &PathsSpec { keep_repeats: true, ..whole });
    assert_eq!((kept.n_sequences, kept.n_once), (2_028, 1_776));
    assert_eq!((kept.sequences[0].path.as_str(), kept.sequences[0].units), ("catalog", 336));
    for answer in [&collapsed, &kept] {
        let starts: Vec<(&str, u64)> =
            answer.nodes.iter().filter(|node| node.depth == 1).map(|node| (node.name.as_str(), node.units)).collect();
        assert_eq!(starts, [("catalog", 2_686), ("main", 1_065)]);
        for node in &answer.nodes {
            assert_eq!(node.units, node.out + node.ended + node.open + node.beyond + node.other, "{node:?}");
        }
    }
}

#[test]
fn the_shops_transitions_are_those_that_other_programs_found() {
    let engine = shop();
    let found = transitions(&engine);
    assert_eq!((found.n_pairs, found.n_transitions, found.units), (35, 28_532, 3_751));
    let row = &found.rows[0];
    assert_eq!((row.cell().as_str(), row.count, row.customers), ("catalog>catalog", 4_857, 2_004));
    assert!((row.median_s.expect("it has one") - 24.307_522).abs() < 1e-9);
    assert_eq!(who(&engine, Spec::Transitions(TransitionsSpec::default()), "catalog>catalog"), 2_004);
}

#[test]
fn a_path_to_a_step_counts_as_many_as_the_funnel_there() {
    let engine = shop();
    let from = PathsSpec { from: Some("catalog".parse().expect("a step")), ..PathsSpec::default() };
    let paid = "payment_done".parse().expect("a step");
    let answer = paths(&engine, &PathsSpec { goal: Some(paid), only: vec![Part::Sequences], ..from });
    let reached = reached(&funnel(&engine, &within(&["catalog", "payment_done"], "1000d")));
    assert_eq!(vec![answer.units, answer.converted], reached);
}

/// What the file beside the repository says of paths.
#[test]
fn the_oracle_file_agrees_about_paths() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles/simple_shop.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let oracle: Value = serde_json::from_str(&text).expect("JSON");
    let figures = &oracle["figures"];
    let engine = shop();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for (name, keep_repeats) in [("variants", true), ("variants_collapsed", false)] {
        let spec = PathsSpec { depth: Depth(None), keep_repeats, top: 200, ..PathsSpec::default() };
        let answer = paths(&engine, &spec);
        assert_eq!(figures[name]["count"], answer.n_sequences);
        for case in figures[name]["top10"].as_array().expect("ten") {
            let names = texts(&case["variant"]);
            let row = answer.sequences.iter().find(|row| row.names == names).expect("a frequent path");
            assert_eq!(case["customers"], row.units, "{names:?}");
        }
    }
    let found = transitions(&engine);
    let row = |from: &str, to: &str| {
        found.rows.iter().find(|row| row.from == from && row.to == to).unwrap_or_else(|| panic!("{from} > {to}"))
    };
    for case in figures["dfg"]["top20"].as_array().expect("twenty") {
        let row = row(case["src"].as_str().expect("a name"), case["dst"].as_str().expect("a name"));
        assert_eq!((&case["n"], &case["customers"]), (&Value::from(row.count), &Value::from(row.customers)));
        for (name, found) in [("median_s", row.median_s), ("p90_s", row.p90_s)] {
            let expect = case[name].as_f64().expect("seconds");
            assert!((found.expect("it has one") - expect).abs() <= 2e-6 * expect.max(1.0), "{} {name}", row.cell());
        }
    }
    for (name, end) in figures["end_events"].as_object().expect("ends") {
        assert_eq!(*end, row(name, "(end)").count, "{name}");
    }
    for (name, gaps) in [("ngrams3_top10", false), ("prefixspan_len3_top10", true)] {
        let answer = patterns(&engine, gaps);
        let cases = figures[name].as_array().expect("ten");
        assert_eq!(answer.rows.len(), cases.len());
        for (row, case) in answer.rows.iter().zip(cases) {
            assert_eq!(row.names, texts(&case[if gaps { "pattern" } else { "ngram" }]));
            assert_eq!(case["customers"], row.units, "{}", row.pattern);
            assert_eq!(row.count, case["count"].as_u64(), "{}", row.pattern);
        }
    }
    check_step_matrix(&engine, &oracle["retentioneering_5"]["step_matrix_10"]);
    let loops = paths(&engine, &PathsSpec { only: vec![Part::Loops], ..PathsSpec::default() }).loops;
    let times: u64 = loops.iter().filter(|row| row.cell().ends_with(":self")).map(|row| row.times).sum();
    assert_eq!(figures["self_loop_transitions"], times);
}

/// The other program's first column is a start that all share.
fn check_step_matrix(engine: &Local, expect: &Value) {
    let spec = PathsSpec {
        keep_repeats: true,
        matrix: true,
        depth: Depth(Some(10)),
        only: vec![Part::Matrix],
        ..PathsSpec::default()
    };
    let matrix = paths(engine, &spec).matrix.expect("it was asked for");
    for row in &matrix.rows {
        let name = if row.name == "(end)" { "path_end" } else { &row.name };
        for (units, expect) in row.units.iter().zip(expect[name].as_array().expect(name).iter().skip(1)) {
            let share = *units as f64 / matrix.n_units as f64;
            assert!((share - expect.as_f64().expect("a share")).abs() < 1e-9, "{name}: {share} is not {expect}");
        }
    }
}
