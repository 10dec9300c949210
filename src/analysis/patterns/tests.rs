//! Patterns by example.

use super::prefixspan::{Wanted, prefixspan};
use super::traces::Traces;
use super::{Lengths, Patterns, PatternsSpec, patterns, who};
use crate::analysis::paths::Share;
use crate::analysis::paths::way::Plan;
use crate::base::Ctl;
use crate::journey::View;
use crate::journey::fixture::view;

const TEXT: &str = "x: a0 b1 c2 a3 b4\ny: a0 c1 b2\nz: c0 c1 a2";

fn ask(view: &View, spec: &PatternsSpec) -> Patterns {
    patterns(view, spec, &Ctl::new()).expect("a sound question")
}

fn lengths(least: usize, most: usize) -> PatternsSpec {
    PatternsSpec { length: Lengths { least, most }, min_support: Share(0.0), ..PatternsSpec::default() }
}

#[track_caller]
fn check(spec: &PatternsSpec, expect: &[&str]) {
    let rows = ask(&view(TEXT), spec).rows;
    let shown: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}{}", row.pattern, row.count.map_or(String::new(), |n| format!("{n}/")), row.units))
        .collect();
    assert_eq!(shown, expect);
}

#[test]
fn next_to_each_other_is_counted_by_occurrence_and_by_unit() {
    check(&lengths(2, 2), &["c -> a 2/2", "a -> b 2/1", "a -> c 1/1", "b -> c 1/1", "c -> b 1/1"]);
    check(&PatternsSpec { keep_repeats: true, top: 1, ..lengths(3, 3) }, &["a -> b -> c 1/1"]);
    check(&PatternsSpec { min_support: Share(0.5), ..lengths(1, 2) }, &["a 4/3", "c 3/3", "b 3/2", "c -> a 2/2"]);
}

#[test]
fn with_gaps_every_unit_counts_once() {
    check(
        &PatternsSpec { gaps: true, min_support: Share(0.6), ..lengths(2, 3) },
        &["a -> b 2", "a -> c 2", "a -> c -> b 2", "c -> a 2", "c -> b 2"],
    );
}

#[test]
fn a_pattern_is_compared_by_outcome_and_never_holds_its_own_success() {
    let text: String = (0..40)
        .map(|i| if i % 2 == 0 { format!("c{i}: view0 help1 pay2 view3\n") } else { format!("c{i}: view0 coupon1\n") })
        .collect();
    let spec = PatternsSpec { goal: Some("pay".parse().expect("a step")), gaps: true, ..lengths(1, 2) };
    let answer = ask(&view(&text), &spec);
    assert_eq!((answer.units, answer.converted), (40, 20));
    assert!(answer.rows.iter().all(|row| !row.names.contains(&"pay".to_owned())));
    let help = answer.rows.iter().find(|row| row.pattern == "view -> help").expect("a pattern");
    assert_eq!((help.units, help.converted), (20, 20));
    assert!(help.p.expect("compared") < 1e-6 && help.p_adjusted.expect("compared") >= help.p.expect("compared"));
    let everywhere = answer.rows.iter().find(|row| row.pattern == "view").expect("a pattern");
    assert_eq!((everywhere.units, everywhere.p), (40, Some(1.0)));
    let view = view(&text);
    let rank = answer.rows.iter().position(|row| row.pattern == "view -> help").expect("a rank") + 1;
    assert_eq!(who(&view, &spec, &rank.to_string(), &Ctl::new()).expect("a rank").len(), 20);
    assert!(who(&view, &spec, "99", &Ctl::new()).expect_err("no such rank").to_string().contains("ranked 1 to"));
}

#[test]
fn a_search_stops_at_its_bound_and_what_it_found_is_counted_in_full() {
    let events: String = (0..4000).map(|i| format!(" {}{i}", ["a", "b", "c", "d", "e"][(i * 7 / 3) % 5])).collect();
    let view = view(&format!("x:{events}\ny: a0 b1 c2"));
    let spec = lengths(1, 10);
    let plan = Plan::new(&view, &spec.rules(), &Ctl::new()).expect("sound rules");
    let traces = Traces::read(&plan, &Ctl::new()).expect("not cancelled");
    let wanted = Wanted { lengths: spec.length, least: 1, top: 1_000_000, read_most: 50_000 };
    let found = prefixspan(&traces, plan.shown.len(), wanted, &Ctl::new()).expect("not cancelled");
    assert_eq!(found.stopped.len(), 5);
    assert!(found.patterns.len() > 100);
    for pattern in &found.patterns {
        let holding =
            (0..traces.len()).filter(|unit| super::prefixspan::holds(traces.of(*unit), &pattern.codes)).count();
        assert_eq!(pattern.units, holding as u64);
    }
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| prefixspan(&traces, plan.shown.len(), wanted, &Ctl::new()).expect("not cancelled").patterns)
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn touchpoints_too_many_for_a_key_say_what_to_do() {
    let text: String = (0..70_000).map(|i| format!("c{i}: n{i}_0\n")).collect();
    let err = patterns(&view(&text), &lengths(2, 10), &Ctl::new()).expect_err("too many");
    assert_eq!(
        err.to_string(),
        "70000 touchpoints are too many for patterns of 10; ask for --length 7, or put some together with --group"
    );
    assert!(ask(&view("x: a0"), &lengths(2, 10)).rows.is_empty());
}
