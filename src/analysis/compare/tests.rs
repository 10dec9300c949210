//! Comparisons by example: cohorts small enough to count by hand.

use super::{Compare, CompareSpec, Figure, Mix, Pin, compare, who};
use crate::analysis::{Among, RetentionSpec, Scope, Spec};
use crate::base::{Ctl, Instant, Span};
use crate::journey::{View, fixture};

fn ask(view: &View, spec: &CompareSpec) -> Compare {
    compare(view, spec, &Ctl::new()).expect("a sound question")
}

#[track_caller]
fn figure<'a>(answer: &'a Compare, metric: &str, cohort: usize) -> &'a Figure {
    let found = answer.metrics.iter().find(|known| known.name == metric);
    let names: Vec<&str> = answer.metrics.iter().map(|metric| metric.name.as_str()).collect();
    &found.unwrap_or_else(|| panic!("no metric {metric} in {names:?}")).figures[cohort]
}

fn steps(text: &str) -> CompareSpec {
    CompareSpec {
        steps: text.split(' ').map(|step| step.parse().expect("a step")).collect(),
        within: Span::seconds(100),
        ..CompareSpec::default()
    }
}

fn named(spec: CompareSpec, cohorts: &[&str]) -> CompareSpec {
    CompareSpec { cohorts: cohorts.iter().map(|text| text.parse().expect(text)).collect(), ..spec }
}

/// Far behind every window.
fn observed(text: &str) -> View {
    fixture::view(text).with_as_of(Instant(100_000_000_000))
}

#[test]
fn every_step_and_the_whole_are_compared() {
    let view = observed(
        "a1: view0{p=x} cart5 pay10\na2: view0{p=x} cart5\na3: view0{p=x} cart7 pay9\nb1: view0{p=y}\nb2: view0{p=y} cart1 pay2\nc: view0{p=z}",
    );
    let spec = CompareSpec { by: Some("p".into()), ..steps("view cart pay") };
    let answer = ask(&view, &spec);
    let names: Vec<(&str, u64)> = answer.cohorts.iter().map(|c| (c.name.as_str(), c.customers)).collect();
    assert_eq!(names, [("x", 3), ("y", 2), ("z", 1)]);
    let shares = |metric: &str| (0..3).map(|at| figure(&answer, metric, at)).map(|f| (f.hits, f.n)).collect::<Vec<_>>();
    assert_eq!(shares("view → cart"), [(Some(3), 3), (Some(1), 2), (Some(0), 1)]);
    assert_eq!(shares("cart → pay"), [(Some(2), 3), (Some(1), 1), (Some(0), 0)]);
    assert_eq!(shares("completion"), [(Some(2), 3), (Some(1), 2), (Some(0), 1)]);
    let took = "time to complete, of the completed (s)";
    assert_eq!((figure(&answer, took, 0).value, figure(&answer, took, 1).value), (Some(9.5), Some(2.0)));
    let empty = figure(&answer, "cart → pay", 2);
    assert_eq!((empty.value, empty.notes.as_slice()), (None, ["nobody"].as_slice()));
    assert_eq!(empty.versus.as_ref().map(|versus| (versus.difference, versus.p)), Some((None, None)));
    assert_eq!(figure(&answer, "completion", 2).notes, ["one customer"]);
    assert_eq!(figure(&answer, "completion", 1).notes, ["small"]);
    assert!(answer.notes[0].contains("associations, not effects"));
}

#[test]
fn arrows_between_equal_steps_have_names_of_their_own() {
    let view = observed("x: a0 a1 a2\ny: a0 a1\nz: a0");
    let spec = named(steps("a a a"), &["all=did(a)"]);
    let answer = ask(&view, &spec);
    let of = |metric: &str| (figure(&answer, metric, 0).hits, figure(&answer, metric, 0).n);
    assert_eq!((of("a → a"), of("a → a (2)")), ((Some(2), 3), (Some(1), 2)));
    assert_eq!(who(&view, &spec, "all:a → a (2):no", &Ctl::new()).map(|list| list.len()), Ok(1));
}

#[test]
fn whose_window_is_not_over_is_left_out_whatever_they_did() {
    let text = "a: cart0 pay10\nb: cart0\nc: cart950 pay960\nd: cart960\ne: cart899 pay900\nf: cart1000";
    let view = fixture::view(text);
    let spec = named(steps("cart pay"), &["all=did(cart)"]);
    let share = |spec: &CompareSpec| {
        let answer = ask(&view, spec);
        let figure = figure(&answer, "completion", 0);
        (figure.hits, figure.n)
    };
    assert_eq!(share(&spec), (Some(2), 3));
    assert_eq!(share(&CompareSpec { with_open: true, ..spec.clone() }), (Some(3), 6));
    assert!(ask(&view, &spec).notes.iter().any(|note| note.contains("3 customers, whose window is not over")));
}

#[test]
fn cohorts_are_cut_by_the_time_of_the_entry() {
    let view = observed("x: a0 cart10\ny: cart20 cart60\nz: cart50\nw: cart99\nv: a40");
    let times = ["1970-01-01T00:00:50", "1970-01-01T00:00:20"].map(|text| text.parse().expect("a time")).to_vec();
    let answer = ask(&view, &CompareSpec { split: times, ..steps("cart") });
    let sizes: Vec<(&str, u64)> = answer.cohorts.iter().map(|c| (c.name.as_str(), c.customers)).collect();
    let expect = [
        ("before 1970-01-01T00:00:20", 1),
        ("1970-01-01T00:00:20 to 1970-01-01T00:00:50", 1),
        ("from 1970-01-01T00:00:50", 2),
    ];
    assert_eq!(sizes, expect);
    assert!(answer.metrics.iter().all(|metric| metric.name != "completion"), "one step is never completed");
}

#[test]
fn overlapping_and_empty_cohorts_are_said() {
    let view = observed("x: a0 b1\ny: a0\nz: b0 c1");
    let spec = named(CompareSpec::default(), &["as=did(a)", "bs=did(b)", "none=did(a) and did(c)"]);
    let answer = ask(&view, &spec);
    assert_eq!(answer.overlaps, [(0, 1, 1)]);
    assert!(
        answer.notes.contains(&"`as` and `bs` share 1 customer; the intervals and tests take cohorts for apart".into())
    );
    assert!(answer.notes.contains(&"`none` is empty: it holds nobody in what is looked at".into()));
    let one = ask(&view, &named(CompareSpec::default(), &["as=did(a)"]));
    let sizes: Vec<(&str, u64)> = one.cohorts.iter().map(|c| (c.name.as_str(), c.customers)).collect();
    assert_eq!((sizes, one.overlaps.len()), (vec![("as", 2), ("(rest)", 1)], 0));
    let mut nobody = spec;
    nobody.scope.since = Some("1990-01-01".parse().expect("a time"));
    let nobody = ask(&view, &nobody);
    assert!(nobody.cohorts.iter().all(|cohort| cohort.customers == 0));
    let by = CompareSpec { by: Some("event".into()), scope: nobody_since(), ..CompareSpec::default() };
    assert!(ask(&view, &by).notes[0].contains("nobody has an entry"));
}

fn nobody_since() -> crate::analysis::Scope {
    crate::analysis::Scope { since: Some("1990-01-01".parse().expect("a time")), ..Default::default() }
}

#[test]
fn the_baseline_is_the_first_or_the_one_that_is_named() {
    let view = observed("x: a0 a1\ny: b0\nz: c0 c1 c2");
    let spec = named(CompareSpec::default(), &["as=did(a)", "bs=did(b)", "cs=did(c)"]);
    let order = |spec: &CompareSpec| {
        let answer = ask(&view, spec);
        let events = answer.metrics[0].figures.iter().map(|f| (f.value, f.versus.as_ref().and_then(|v| v.difference)));
        (answer.cohorts.iter().map(|c| c.name.clone()).collect::<Vec<_>>().join(" "), events.collect::<Vec<_>>())
    };
    let (one, two, three) = (Some(1.0), Some(2.0), Some(3.0));
    assert_eq!(order(&spec), ("as bs cs".into(), vec![(two, None), (one, Some(-1.0)), (three, one)]));
    let turned = CompareSpec { baseline: Some("cs".into()), ..spec.clone() };
    assert_eq!(order(&turned), ("cs as bs".into(), vec![(three, None), (two, Some(-1.0)), (one, Some(-2.0))]));
    assert_eq!(who(&view, &turned, "bs:customers", &Ctl::new()).map(|list| list.len()), Ok(1));
    let err = compare(&view, &CompareSpec { baseline: Some("c".into()), ..spec }, &Ctl::new()).expect_err("unknown");
    assert!(err.to_string().contains("--baseline: no cohort is named `c`"), "{err}");
}

#[test]
fn values_are_of_those_who_have_one_and_all_alike_is_said() {
    let text: String =
        (0..40).map(|i| format!("a{i}: x0{{value=5}} x1{{value=2}}\nb{i}: y0{{value=7}}\nc{i}: y0\n")).collect();
    let answer = ask(&observed(&text), &named(CompareSpec::default(), &["xs=did(x)", "ys=did(y)"]));
    let value = figure(&answer, "value per customer", 1);
    assert_eq!((value.n, value.value, value.interval), (40, Some(7.0), Some((7.0, 7.0))));
    let versus = value.versus.as_ref().expect("not the baseline");
    assert_eq!((versus.difference, versus.interval, versus.p), (Some(0.0), Some((0.0, 0.0)), Some(1.0)));
    assert_eq!(value.notes, ["all alike"]);
    let with = figure(&answer, "with a value", 1);
    assert_eq!((with.hits, with.n), (Some(40), 80));
    for table in answer.tables() {
        assert!(table.rows().all(|row| !format!("{row:?}").contains("NaN")), "{}", table.name);
    }
}

#[test]
fn who_is_back_is_of_those_who_could_be() {
    // Weeks begin on Monday the 5th; observation ends on Tuesday the 20th.
    let day = 86_400;
    let view = fixture::view(&format!("x: a{} a{}\ny: a{} b{}\nz: a{}", 4 * day, 11 * day, 5 * day, 6 * day, 19 * day));
    let spec = CompareSpec { retention: vec![2, 1], ..named(CompareSpec::default(), &["as=did(a)", "bs=did(b)"]) };
    let answer = ask(&view, &spec);
    let of = |metric: &str, at: usize| (figure(&answer, metric, at).hits, figure(&answer, metric, at).n);
    assert_eq!((of("back in week 1", 0), of("back in week 1", 1)), ((Some(1), 2), (Some(0), 1)));
    assert_eq!(of("back in week 2", 0), (Some(0), 0));
}

/// The rates of both values fall, the overall rate rises, because the better value is more frequent.
#[test]
fn a_change_of_mix_does_not_pass_for_an_improvement() {
    let mut text = String::new();
    let mut add = |cohort: &str, value: &str, n: usize, paid: usize| {
        for i in 0..n {
            let pay = if i < paid { " pay1" } else { "" };
            text.push_str(&format!("{cohort}{value}{i}: {cohort}0{{p={value}}} cart0{{p={value}}}{pay}\n"));
        }
    };
    add("old", "web", 10, 8);
    add("old", "shop", 30, 6);
    add("new", "web", 30, 21);
    add("new", "shop", 10, 1);
    let spec = named(steps("cart pay"), &["old=did(old)", "new=did(new)"]);
    let answer = ask(&observed(&text), &spec);
    assert_eq!(answer.rate.as_deref(), Some("completion"));
    let Mix { column, total, mix, rate, parts, .. } = &answer.mix[0];
    assert_eq!(column, "p");
    // 14 of 40 to 22 of 40; shares move by half, mean rates .75 and .15, rates fall by .1 at a mean share of a half.
    let near = |found: f64, expect: f64| assert!((found - expect).abs() < 1e-12, "{found} is not {expect}");
    near(*total, 0.2);
    near(*mix, 0.5 * 0.75 - 0.5 * 0.15);
    near(*rate, -0.1);
    assert_eq!(parts.len(), 2);
    assert!(answer.mix[0].imbalance() > 1.0);
}

#[test]
fn lists_pinned_from_other_answers_are_cohorts() {
    let day = 86_400;
    let view = observed(&format!("x: a0 a{day}\ny: a0\nz: a{day}")).with_as_of(Instant(2 * day * 1_000_000));
    let scope = Scope { as_of: Some("1970-01-03".parse().expect("a time")), ..Scope::default() };
    let of = RetentionSpec { cohort: "day".into(), scope, ..RetentionSpec::default() };
    let pin = |name: &str, cell: &str| Pin {
        name: name.into(),
        among: Among::new(Spec::Retention(of.clone()), Some(cell.into())),
    };
    let pins = vec![pin("A", "1970-01-01:1"), pin("B", "1970-01-01:1:gone")];
    let answer = ask(&view, &CompareSpec { pins, ..CompareSpec::default() });
    assert_eq!(answer.cohorts.iter().map(|cohort| cohort.customers).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(figure(&answer, "events per customer", 1).value, Some(1.0));
}

#[test]
fn a_cell_that_is_none_is_refused_with_one_that_is() {
    let view = observed("x: a0\ny: b0");
    let spec = named(CompareSpec::default(), &["as=did(a)", "bs=did(b)"]);
    for cell in ["", "as", "as:lost", "cs:customers", "as:events per customer:yes"] {
        let err = who(&view, &spec, cell, &Ctl::new()).expect_err(cell);
        assert!(err.to_string().contains("write it like as:customers or as:events per customer:n"), "{err}");
    }
}
