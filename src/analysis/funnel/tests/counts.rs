//! Who reaches which step, under every order, rule and unit.

use std::sync::Arc;

use super::super::{ExcludeMode, FunnelSpec, Order, Unit};
use super::{ask, check, observed, shown, spec, view};
use crate::base::{Instant, Span, When};
use crate::journey::fixture::journeys;
use crate::journey::{Bitmap, View};
use crate::table::Cell;

#[test]
fn steps_are_counted_in_order_and_others_may_stand_between() {
    check("x: a0 z1 b2 c3\ny: b0 a1\nz: c0", &spec("a b c", 60), "2(1/0/0) 1 1");
}

#[test]
fn the_window_is_measured_from_the_first_step_and_includes_its_end() {
    check("x: a0 b10 c20", &spec("a b c", 20), "1 1 1");
    check("x: a0 b10 c20.000001", &spec("a b c", 20), "1 1(1/0/0) 0");
}

#[test]
fn a_later_attempt_can_finish_when_the_first_ran_out_of_time() {
    check("x: a0 b5 a100 b101 c102", &spec("a b c", 10), "1 1 1");
    check("x: a0 a95 b100 c104", &spec("a b c", 10), "1 1 1");
}

#[test]
fn one_event_passes_one_step_only() {
    check("x: a0\ny: a0 a1\nz: a0 a1 a2", &spec("a a a", 10), "3(1/0/0) 2(1/0/0) 1");
    check("x: a0 b1", &spec("* *", 10), "1 1");
}

#[test]
fn equal_times_count_in_the_order_of_the_rows() {
    check("x: a5 b5\ny: b5 a5", &spec("a b", 10), "2(1/0/0) 1");
}

#[test]
fn many_steps_are_walked_as_few() {
    let journey = |customer: u64| {
        let event = |at: u64| format!(" {}{}", char::from(b'a' + ((customer * 7 + at * at / 3) % 3) as u8), at);
        format!("{customer}:{}", (0..60).map(event).collect::<String>())
    };
    let view = observed(&(0..40).map(journey).collect::<Vec<_>>().join("\n"));
    for n_steps in [7, 8, 9, 20, 32] {
        for within in [12, 25, 50] {
            let plain = spec(&["a", "b", "c", "b"].repeat(8)[..n_steps].join(" "), within);
            // An arrow that no window is shorter than changes nothing but the way it is walked.
            let mut arrows = plain.clone();
            arrows.steps[3].within = Some(Span::seconds(within));
            let (found, expect) = (ask(&view, &plain), ask(&view, &arrows));
            assert_eq!(found.total(), expect.total(), "{n_steps} steps within {within} s");
        }
    }
}

#[test]
fn times_are_those_of_the_earliest_attempt_that_came_as_far() {
    let answer = ask(&observed("x: a0 b7 c8 a20 b21 c22"), &spec("a b c", 10));
    let steps = &answer.total().steps;
    assert_eq!((steps[1].median_s, steps[2].mean_s, steps[0].p90_s), (Some(7.0), Some(1.0), None));
}

#[test]
fn strict_takes_the_very_next_event_and_starts_again_at_every_first_step() {
    let strict = |steps, ignore: &[&str]| FunnelSpec {
        order: Order::Strict,
        ignore: ignore.iter().map(|step| step.parse().expect("a step")).collect(),
        ..spec(steps, 60)
    };
    check("x: a0 z1 b2\ny: a0 b1\nz: a0 z1 a2 b3", &strict("a b", &[]), "3(1/0/0) 2");
    check("x: a0 z1 b2\ny: a0 y1 b2", &strict("a b", &["z"]), "2(1/0/0) 1");
    check("x: a0 a1 b2", &strict("a a b", &[]), "1 1 1");
}

#[test]
fn any_order_counts_different_steps_around_the_first_of_them() {
    let any = |steps, within| FunnelSpec { order: Order::Any, ..spec(steps, within) };
    check("x: c0 b1 a2\ny: b0\nz: z0", &any("a b c", 10), "2(1/0/0) 1 1");
    check("x: c0 b1 a20", &any("a b c", 10), "1 1(1/0/0) 0");
    check("x: a0 a1", &any("a a|b", 10), "1 1");
    check("x: b0 a1", &any("a|b b", 10), "1 1");
    let names = ask(&observed("x: a0"), &any("a b", 10));
    assert_eq!(names.total().steps[1].name, "any 2 of 2");
}

#[test]
fn arrows_have_rules_of_their_own() {
    check("x: a0 b1 b50 c55", &spec("a b c~@within=10s", 60), "1 1 1");
    check("x: a0 b1 z2 c3\ny: a0 b1 c2", &spec("a b c~@next", 60), "2 2(1/0/0) 1");
    check("x: a0 b1 z2 b3 c4", &spec("a b c~@next", 60), "1 1 1");
}

#[test]
fn an_optional_step_counts_who_passed_it_and_holds_nobody_up() {
    check("x: a0 o1 b2\ny: a0 b1\nz: a0 o1\nw: o0 a1 b2", &spec("a o~@optional b", 60), "4(1/0/0) 2(1/0/0) 3");
    let answer = ask(&observed("x: a0 o3 b5"), &spec("a o~@optional b", 60));
    assert_eq!(answer.total().steps.iter().map(|s| s.median_s).collect::<Vec<_>>(), [None, Some(3.0), Some(5.0)]);
}

#[test]
fn an_exclusion_stops_the_attempt_between_its_steps() {
    let without = |exclusion: &str, mode| FunnelSpec {
        exclude: vec![exclusion.parse().expect("an exclusion")],
        exclude_mode: mode,
        ..spec("a b c", 60)
    };
    let stop = |exclusion| without(exclusion, ExcludeMode::Stop);
    check("x: a0 s1 b2 c3\ny: a0 b1 s2 c3\nz: a0 b1 c2 s3", &stop("s"), "3(0/0/1) 2(0/0/1) 1");
    check("x: a0 s1 b2 c3\ny: a0 b1 s2 c3", &stop("s:2-3"), "2 2(0/0/1) 1");
    check("x: a0 b1 s2", &stop("s:2-3"), "1 1(0/0/1) 0");
    check("x: a0 b1 s90", &stop("s:2-3"), "1 1(1/0/0) 0");
    // The attempt has its second step when it meets the exclusion; a second `b` does not save it.
    check("x: a0 b1 s2 b3 c4", &stop("s:2-3"), "1 1(0/0/1) 0");
    check("x: a0 s1 a2 b3 c4", &stop("s"), "1 1 1");
    let view = observed("x: a0 s1\ny: a0 s1 a2 b3\nz: a0");
    let removed = ask(&view, &without("s", ExcludeMode::Remove));
    assert_eq!(shown(removed.total()), "2(1/0/0) 1(1/0/0) 0");
    assert_eq!(removed.notes, ["taken out: 1 customer, where an exclusion stopped every attempt"]);
}

#[test]
fn an_attempt_that_was_stopped_is_excluded_though_its_window_is_not_over() {
    let stopped = FunnelSpec { exclude: vec!["s".parse().expect("an exclusion")], ..spec("a b", 60) };
    assert_eq!(shown(ask(&view("x: a0 s1\ny: a0"), &stopped).total()), "2(0/1/1) 0");
    // A later attempt of the same level that may still go on keeps the customer open.
    assert_eq!(shown(ask(&view("x: a0 s1 a2"), &stopped).total()), "1(0/1/0) 0");
}

#[test]
fn who_may_still_go_on_is_open_until_the_window_is_over() {
    let two = spec("a b", 10);
    let at = |seconds: i64| shown(ask(&view("x: a0").with_as_of(Instant(seconds * 1_000_000)), &two).total());
    assert_eq!([at(9), at(10), at(11)], ["1(0/1/0) 0", "1(1/0/0) 0", "1(1/0/0) 0"]);
    // The winning attempt is over, a later one of the same level is not.
    assert_eq!(shown(ask(&view("x: a0 a95 z100"), &two).total()), "1(0/1/0) 0");
    // A later attempt of a lower level does not matter.
    assert_eq!(shown(ask(&view("x: a0 b1 a95 z100"), &spec("a b c", 10)).total()), "1 1(1/0/0) 0");
}

#[test]
fn mature_leaves_the_open_ones_out_of_the_denominators() {
    let view = view("x: a0 b1\ny: a0\nz: a95\nw: a95 b99");
    let answer = ask(&view, &FunnelSpec { mature: true, ..spec("a b", 10) });
    assert_eq!(shown(answer.total()), "4(1/1/0) 2");
    let steps = &answer.tables()[0];
    assert_eq!(steps.cell(1, "share_of_first"), Some(Cell::Number(2.0 / 3.0)));
    assert_eq!(steps.cell(1, "share_of_previous"), Some(Cell::Number(2.0 / 3.0)));
    assert_eq!(steps.cell(0, "share_of_first"), Some(Cell::Number(1.0)));
}

#[test]
fn entries_are_kept_by_period_and_later_steps_may_lie_beyond() {
    let when =
        |seconds: i64| -> Option<When> { Some(Instant(seconds * 1_000_000).to_string().parse().expect("a time")) };
    let mut asked = spec("a b", 60);
    asked.scope.since = when(10);
    asked.scope.until = when(20);
    check("x: a9 b11\ny: a10 b30\nz: a20 b21\nw: a5 a19", &asked, "2(1/0/0) 1");
}

#[test]
fn what_is_held_constant_is_shared_by_every_step() {
    let same = |steps| FunnelSpec { same: Some("id".into()), ..spec(steps, 60) };
    check("x: a0{id=1} b1{id=2}\ny: a0{id=1} b1{id=1}\nz: a0 b1", &same("a b"), "2(1/0/0) 1");
    check("x: a0{id=1} a1{id=2} b2{id=2}", &same("a b"), "1 1");
    check("x: a0{id=7} b1{ref=7}\ny: a0{id=7} b1{ref=8}\nz: a0{id=k} b1{ref=k}", &same("a b~@same=ref"), "3(1/0/0) 2");
    let strict = FunnelSpec { order: Order::Strict, ..same("a b") };
    check("x: a0{id=1} a1{id=2} b2{id=1}", &strict, "1 1");
}

#[test]
fn first_time_is_the_first_of_that_name_ever() {
    let first = FunnelSpec { first_time: true, ..spec("a b", 10) };
    check("x: a0 a50 b51\ny: a0 b1", &first, "2(1/0/0) 1");
    let store = Arc::new(journeys("x: a0 a50 b51"));
    let kept = Bitmap::from_fn(3, |row| row > 0);
    let cut = View::whole(store).with_events(&kept);
    assert_eq!(shown(ask(&cut, &first).total()), "0 0", "ever means in all the data");
}

#[test]
fn sessions_are_units_and_windows() {
    let mut asked = FunnelSpec { unit: Unit::Sessions, ..spec("a b", 1) };
    asked.scope.session_gap = Span::seconds(30);
    let text = "x: a0 b20 a100 z110 a200 z220 b240\ny: z0 b1";
    check(text, &asked, "3(1/0/0) 2");
    let open = ask(&view("x: a0\ny: z0 a95 z100\nz: a95 b100"), &asked);
    assert_eq!(shown(open.total()), "3(1/1/0) 1");
}

#[test]
fn attempts_do_not_overlap() {
    let attempts = FunnelSpec { unit: Unit::Attempts, ..spec("a b", 10) };
    check("x: a0 a1 b2 a3 a12 a14 b15", &attempts, "3(1/0/0) 2");
    let stopped = FunnelSpec { exclude: vec!["s".parse().expect("an exclusion")], ..attempts };
    check("x: a0 s1 a2 b3", &stopped, "2(0/0/1) 1");
}
