//! Transitions by example.

use super::{Transitions, TransitionsSpec, transitions, who};
use crate::analysis::paths::Unit;
use crate::base::{Ctl, Span};
use crate::journey::View;
use crate::journey::fixture::view;

const TEXT: &str = "x: a0 a2 b5\ny: a0 b1 a9 b13";

fn ask(view: &View, spec: &TransitionsSpec) -> Transitions {
    transitions(view, spec, &Ctl::new()).expect("a sound question")
}

fn shown(answer: &Transitions) -> Vec<String> {
    let row = |row: &super::Transition| format!("{} {}/{} {:?}", row.cell(), row.count, row.customers, row.median_s);
    answer.rows.iter().map(row).collect()
}

#[test]
fn every_way_has_a_start_and_an_end_and_repeats_count() {
    let answer = ask(&view(TEXT), &TransitionsSpec::default());
    assert_eq!(
        shown(&answer),
        ["a>b 3/2 Some(3.0)", "(start)>a 2/2 None", "b>(end) 2/2 None", "a>a 1/1 Some(2.0)", "b>a 1/1 Some(8.0)"]
    );
    assert_eq!((answer.n_transitions, answer.n_pairs, answer.units), (5, 3, 2));
    // All that goes out of a is all that comes in.
    assert!(answer.rows.iter().filter(|row| row.from == "a").all(|row| row.out == 4));
    assert!(answer.rows.iter().filter(|row| row.to == "a").all(|row| row.into == 4));
    let collapsed = ask(&view(TEXT), &TransitionsSpec { collapse: true, ..TransitionsSpec::default() });
    assert_eq!(shown(&collapsed)[0], "a>b 3/2 Some(4.0)");
    assert!(collapsed.rows.iter().all(|row| row.cell() != "a>a"));
}

#[test]
fn sessions_start_and_end_on_their_own() {
    let mut spec = TransitionsSpec { unit: Unit::Sessions, ..TransitionsSpec::default() };
    spec.scope.session_gap = Span::seconds(5);
    let answer = ask(&view(TEXT), &spec);
    assert_eq!(answer.units, 3);
    assert_eq!(shown(&answer)[..3], ["(start)>a 3/2 None", "a>b 3/2 Some(3.0)", "b>(end) 3/2 None"]);
}

#[test]
fn what_does_not_stand_alone_is_one_row_that_opens() {
    let (view, spec) = (view(TEXT), TransitionsSpec { top: 3, ..TransitionsSpec::default() });
    let answer = ask(&view, &spec);
    assert_eq!(shown(&answer)[3], "(other) 2/2 None");
    let names = |cell: &str| -> String {
        let ids = who(&view, &spec, cell, &Ctl::new()).expect(cell);
        ids.iter().map(|id| view.store().customer_name(*id)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("(other)"), "x y");
    assert_eq!(names("a>b"), "x y");
    assert_eq!(names("a>b:count"), "x y y");
    assert_eq!(names("(start)>a"), "x y");
    assert_eq!(names("b>a"), "y");
}

#[test]
fn an_unknown_name_in_a_cell_names_the_nearest() {
    let view = view("x: cart0 pay1");
    let err = |cell: &str| who(&view, &TransitionsSpec::default(), cell, &Ctl::new()).expect_err(cell).to_string();
    assert_eq!(err("chart>pay"), "no touchpoint of these paths is named `chart`; did you mean `cart`?");
    assert!(err("cart").contains("write it like cart>checkout"));
}

#[test]
fn thousands_of_touchpoints_are_counted_by_hash() {
    let text: String = (0..3000).map(|i| format!("c{i}: a0 n{i}_1 a3\n")).collect();
    let answer = ask(&view(&text), &TransitionsSpec { top: 10, ..TransitionsSpec::default() });
    assert_eq!((answer.n_pairs, answer.n_transitions), (6000, 6000));
    assert_eq!(answer.rows.iter().map(|row| row.count).sum::<u64>(), 12_000);
    assert_eq!(answer.rows[10].customers, 3000);
}
