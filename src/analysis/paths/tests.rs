//! Paths by example: journeys small enough to see, and what must come out.

use super::{Depth, Occurrence, Part, Paths, PathsSpec, Unit, paths, who};
use crate::base::{Ctl, Instant, Span};
use crate::journey::fixture::view;
use crate::journey::{Step, View};

const SHOP: &str = "x: view0 view5 cart9 pay20\ny: view0 cart3 view4 cart9\nz: cart0 help2 cart8 pay9\nw: view0";

fn ask(view: &View, spec: &PathsSpec) -> Paths {
    paths(view, spec, &Ctl::new()).expect("a sound question")
}

fn step(text: &str) -> Option<Step> {
    Some(text.parse().expect("a step"))
}

/// Far behind everything, so that nobody is open.
fn observed(text: &str) -> View {
    view(text).with_as_of(Instant(10_000_000_000_000))
}

/// Paths and their units: `view > cart 2`.
#[track_caller]
fn check(text: &str, spec: &PathsSpec, expect: &[&str]) {
    let rows = ask(&observed(text), spec).sequences;
    let shown: Vec<String> = rows.iter().map(|row| format!("{} {}", row.path, row.units)).collect();
    assert_eq!(shown, expect);
}

#[track_caller]
fn check_error(spec: &PathsSpec, cell: Option<&str>, expect: &str) {
    let (view, ctl) = (observed(SHOP), Ctl::new());
    let err = match cell {
        None => paths(&view, spec, &ctl).expect_err("an error"),
        Some(cell) => who(&view, spec, cell, &ctl).expect_err("an error"),
    };
    assert_eq!(err.to_string(), expect);
}

#[test]
fn repeats_are_one_touchpoint_unless_they_are_kept() {
    let text = "x: a0 a1 b2\ny: a0 b9 b9";
    check(text, &PathsSpec::default(), &["a -> b 2"]);
    let kept = PathsSpec { keep_repeats: true, ..PathsSpec::default() };
    check(text, &kept, &["a -> a -> b 1", "a -> b -> b 1"]);
    let median = ask(&observed(text), &PathsSpec::default()).sequences[0].median_s;
    assert_eq!(median, Some(5.5), "x takes 2 s to b, y 9 s");
}

#[test]
fn anchors_cut_a_way_at_their_first_or_last_occurrence() {
    let from = PathsSpec { from: step("cart"), ..PathsSpec::default() };
    check(SHOP, &from, &["cart -> help -> cart -> pay 1", "cart -> pay 1", "cart -> view -> cart 1"]);
    let last = PathsSpec { occurrence: Occurrence::Last, ..from.clone() };
    check(SHOP, &last, &["cart -> pay 2", "cart 1"]);
    let to = PathsSpec { from: None, to: step("cart"), ..from.clone() };
    check(SHOP, &to, &["view -> cart 2", "cart 1"]);
    let both = PathsSpec { to: step("pay"), ..from.clone() };
    check(SHOP, &both, &["cart -> help -> cart -> pay 1", "cart -> pay 1"]);
    check(SHOP, &PathsSpec { occurrence: Occurrence::Last, ..both }, &["cart -> pay 2"]);
    let back = PathsSpec { from: step("pay"), reverse: true, ..from };
    check(SHOP, &back, &["pay -> cart -> help -> cart 1", "pay -> cart -> view 1"]);
    let notes = ask(&observed(SHOP), &back).notes;
    assert!(notes.iter().any(|note| note == "not reached: 2 customers without `pay`"), "{notes:?}");
}

#[test]
fn names_are_left_out_and_put_together() {
    let spec = PathsSpec {
        ignore: vec!["help".parse().expect("a step")],
        group: vec!["buy=cart|pay".parse().expect("a group")],
        ..PathsSpec::default()
    };
    check(SHOP, &spec, &["buy 1", "view 1", "view -> buy 1", "view -> buy -> view -> buy 1"]);
    let anchored = PathsSpec { from: step("buy"), depth: Depth(Some(2)), ..spec };
    check(SHOP, &anchored, &["buy 2", "buy -> view 1"]);
}

#[test]
fn a_way_is_open_until_the_silence_is_longer_than_asked() {
    let of = |as_of: i64, unit: Unit| {
        let spec = PathsSpec { end_after: Span::seconds(10), unit, ..PathsSpec::default() };
        let spec =
            PathsSpec { scope: crate::analysis::Scope { session_gap: Span::seconds(4), ..spec.scope.clone() }, ..spec };
        let answer = ask(&view("x: a0 b1\ny: a0 a3 c9").with_as_of(Instant(as_of * 1_000_000)), &spec);
        let sum = |of: fn(&super::Node) -> u64| answer.nodes.iter().map(of).sum::<u64>();
        (sum(|node| node.ended), sum(|node| node.open))
    };
    assert_eq!(of(11, Unit::Customers), (0, 2));
    assert_eq!(of(12, Unit::Customers), (1, 1));
    assert_eq!(of(20, Unit::Customers), (2, 0));
    // Three sessions; y's first is over because its second began.
    assert_eq!(of(5, Unit::Sessions), (1, 2));
    assert_eq!(of(6, Unit::Sessions), (2, 1));
    let ended_there = PathsSpec { to: step("b"), ..PathsSpec::default() };
    assert_eq!(ask(&view("x: a0 b1"), &ended_there).nodes[1].ended, 1, "a way that comes to its end is not open");
}

#[test]
fn what_flows_into_a_node_is_what_it_holds_and_small_ones_are_other() {
    let spec = PathsSpec { top: 1, ..PathsSpec::default() };
    let answer = ask(&observed(SHOP), &spec);
    let nodes: Vec<String> = answer
        .nodes
        .iter()
        .map(|n| format!("{}:{} {}={}+{}+{}", n.depth, n.name, n.units, n.out, n.ended, n.other))
        .collect();
    assert_eq!(nodes[..4], ["1:view 3=2+1+0", "1:(other) 1=0+0+1", "2:cart 2=0+0+2", "2:(other) 1=1+0+0"]);
    assert_eq!(nodes[4..], ["3:cart 1=0+0+1", "3:(other) 2=1+1+0", "4:cart 1=0+1+0", "4:(other) 1=0+1+0"]);
    assert_eq!(answer.edges.iter().map(super::Edge::cell).next().as_deref(), Some("1:view>cart"));
}

#[test]
fn conversion_is_counted_after_the_anchor_with_base_rate_and_lift() {
    let spec = PathsSpec { goal: step("pay"), depth: Depth(Some(1)), ..PathsSpec::default() };
    let answer = ask(&observed(SHOP), &spec);
    assert_eq!((answer.units, answer.converted), (4, 2));
    let table = &answer.tables()[0];
    let number = |row, column| match table.cell(row, column) {
        Some(crate::table::Cell::Number(value)) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!((number(0, "conversion"), number(0, "base_rate")), (1.0 / 3.0, 0.5));
    assert!((number(1, "lift") - 2.0).abs() < 1e-12);
    let again = PathsSpec { from: step("cart"), goal: step("cart"), ..PathsSpec::default() };
    assert_eq!(ask(&observed(SHOP), &again).converted, 2, "the start itself is no success");
    let ignored = PathsSpec { ignore: vec!["pay".parse().expect("a step")], ..spec };
    assert_eq!(ask(&observed(SHOP), &ignored).converted, 2, "a goal that is not shown still counts");
}

#[test]
fn loops_are_counted_per_touchpoint() {
    let spec = PathsSpec { goal: step("pay"), only: vec![Part::Loops, Part::Ends], ..PathsSpec::default() };
    let answer = ask(&observed(SHOP), &spec);
    let shown: Vec<String> =
        answer.loops.iter().map(|row| format!("{} {} {:?}", row.cell(), row.units, row.median_s)).collect();
    assert_eq!(
        shown,
        [
            "view:self 1 None",
            "cart:return 2 None",
            "view:return 1 None",
            "cart:retry 1 None",
            "cart>help:round 1 Some(8.0)",
            "cart>view:round 1 Some(6.0)",
            "view>cart:round 1 Some(4.0)",
        ]
    );
    let ends: Vec<(String, u64, u64)> =
        answer.ends.iter().map(|row| (row.name.clone(), row.units, row.ended)).collect();
    let expect = [("pay", 2, 2), ("cart", 3, 1), ("view", 3, 1), ("help", 1, 0)];
    assert_eq!(ends, expect.map(|(name, units, ended)| (name.to_owned(), units, ended)));
}

#[test]
fn the_matrix_adds_up_at_every_position_and_shows_both_sides_of_an_anchor() {
    let spec =
        PathsSpec { from: step("cart"), matrix: true, centre: true, depth: Depth(Some(3)), ..PathsSpec::default() };
    let matrix = ask(&observed(SHOP), &spec).matrix.expect("asked for");
    let rows: Vec<String> = matrix.rows.iter().map(|row| format!("{} {:?}", row.name, row.units)).collect();
    assert_eq!(matrix.positions, [-2, -1, 0, 1, 2]);
    assert_eq!(
        rows,
        [
            "(start) [3, 1, 0, 0, 0]",
            "cart [0, 0, 3, 0, 2]",
            "view [0, 2, 0, 1, 0]",
            "help [0, 0, 0, 1, 0]",
            "pay [0, 0, 0, 1, 0]",
            "(end) [0, 0, 0, 0, 1]"
        ]
    );
}

#[test]
fn a_node_with_thousands_of_next_touchpoints_keeps_the_largest_and_adds_up() {
    let mut text: String = (0..5000).map(|i| format!("c{i}: a0 n{i}_1\n")).collect();
    text.push_str("z: a0 n7_1\n");
    let answer = ask(&observed(&text), &PathsSpec::default());
    assert_eq!((answer.n_sequences, answer.n_once, answer.units), (5000, 4999, 5001));
    assert_eq!(answer.sequences[0].path, "a -> n7_");
    assert_eq!(answer.sequences.len(), 21);
    assert_eq!(answer.sequences[20].units, 5001 - 2 - 19);
    let next: Vec<u64> = answer.edges.iter().map(|edge| edge.units).collect();
    assert_eq!((next.len(), next[0], next[20], next.iter().sum::<u64>()), (21, 2, 4980, 5001));
    assert_eq!((answer.nodes[0].out, answer.nodes[0].other), (21, 4980));
}

#[test]
fn a_journey_of_a_million_events_is_read_to_its_end() {
    let mut builder = crate::journey::StoreBuilder::new(&[]);
    let mut batch = crate::journey::Batch::default();
    for at in 0..1_000_000i64 {
        batch.customers.push("x");
        batch.touchpoints.push(["a", "b", "c"][(at % 3) as usize]);
        batch.times.push(at * 1_000_000);
    }
    builder.add(batch, &[]).expect("a batch");
    let store = builder.finish(crate::journey::BuildOptions::default(), &Ctl::new()).expect("a store");
    let view = View::whole(std::sync::Arc::new(store));
    let spec = PathsSpec { depth: Depth(None), tree: true, matrix: true, ..PathsSpec::default() };
    let answer = ask(&view, &spec);
    assert_eq!(answer.sequences[0].names.len(), 1_000_000);
    assert_eq!(answer.nodes.len(), super::flow::MOST_POSITIONS);
    assert_eq!(answer.nodes[99].beyond, 1);
    assert!(answer.notes.iter().any(|note| note.contains("positions behind the 100th")), "{:?}", answer.notes);
    assert_eq!(answer.loops[0].times, 333_333);
}

#[test]
fn nothing_has_no_paths() {
    let view = view("x: a0").with_customers(crate::journey::Bitmap::none(1));
    let spec = PathsSpec { matrix: true, tree: true, goal: step("a"), ..PathsSpec::default() };
    let answer = ask(&view, &spec);
    assert_eq!((answer.units, answer.sequences.len(), answer.nodes.len()), (0, 0, 0));
    assert!(answer.tables().iter().all(|table| table.name == "matrix" || table.is_empty()));
}

#[test]
fn cells_open_who_is_behind_them() {
    let (view, spec) = (observed(SHOP), PathsSpec::default());
    let names = |cell: &str| -> String {
        let ids = who(&view, &spec, cell, &Ctl::new()).expect(cell);
        ids.iter().map(|id| view.store().customer_name(*id)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("1"), "z");
    assert_eq!(names("1:view"), "w x y");
    assert_eq!(names("2:cart:out"), "x y");
    assert_eq!(names("1:view:ended"), "w");
    assert_eq!(names("2:cart>pay"), "x");
    assert_eq!(names("help>cart"), "z");
    assert_eq!(names("cart:return"), "y z");
    assert_eq!(names("cart>help:round"), "z");
    assert_eq!(names("cart:ended"), "y");
    assert_eq!(names("view -> cart"), "x y");
    assert_eq!(names("view -> cart -> pay:ended"), "x");
}

#[test]
fn what_is_unknown_or_contradictory_is_one_sentence() {
    let plain = PathsSpec::default();
    check_error(
        &PathsSpec { from: step("chart"), ..plain.clone() },
        None,
        "no event is named `chart`; did you mean `cart`?",
    );
    let ignored = vec!["cart".parse().expect("a step")];
    check_error(
        &PathsSpec { from: step("cart"), ignore: ignored, ..plain.clone() },
        None,
        "--from cart asks for what --ignore leaves out; take it out of --ignore",
    );
    check_error(&plain, Some("9"), "`9` asks for a path that is not there: they are ranked 1 to 4");
    check_error(
        &plain,
        Some("9:cart>pay"),
        "`9:cart>pay` is not a cell of this answer; write it like 5 (a rank), 2:cart, 2:cart:ended, 2:cart>pay, cart:self, cart:ended or 'view -> cart'",
    );
    check_error(&plain, Some("1:vew"), "no touchpoint of these paths is named `vew`; did you mean `view`?");
    check_error(&plain, Some("view>cart"), "`view>cart` stands at positions 1, 3; say which: 1:view>cart");
    check_error(
        &plain,
        Some("odd"),
        "`odd` is not a cell of this answer; write it like 5 (a rank), 2:cart, 2:cart:ended, 2:cart>pay, cart:self, cart:ended or 'view -> cart'",
    );
}

#[test]
fn every_number_of_the_tree_is_opened_by_its_path() {
    let view = observed("x: a0 b1 c2\ny: a0 b1 c2\nz: a0 b1 d2\nw: a0 e1\nv: f0 a1\nu: a0 b1\nt: a0 b1 c2 a3");
    let spec = PathsSpec {
        only: vec![Part::Tree],
        min_share: super::Share(0.25),
        depth: Depth(Some(3)),
        ..PathsSpec::default()
    };
    let answer = ask(&view, &spec);
    let n = |cell: String| who(&view, &spec, &cell, &Ctl::new()).expect("a cell").len() as u64;
    let shown: Vec<String> =
        answer.tree.iter().map(|row| format!("{} {}+{}", row.path, row.units, row.other)).collect();
    assert_eq!(shown, ["a 6+1", "a -> b 5+1", "a -> b -> c 3+0"]);
    for row in &answer.tree {
        assert_eq!(n(row.cell()), row.units);
        for (word, units) in [("ended", row.ended), ("open", row.open), ("beyond", row.beyond), ("other", row.other)] {
            assert_eq!(n(format!("(start) -> {}:{word}", row.path)), units, "{} {word}", row.path);
        }
    }
    assert_eq!(n("(start):other".to_owned()), 1, "v begins with f");
}
