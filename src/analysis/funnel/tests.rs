//! The funnel by example: journeys small enough to see, and what must come out.

use std::sync::Arc;

use super::{ExcludeMode, Funnel, FunnelSpec, Group, Order, Unit, funnel, who};
use crate::analysis::Error;
use crate::base::{Civil, Ctl, Instant, Period, Span, When, Zone};
use crate::journey::fixture::journeys;
use crate::journey::{Batch, Bitmap, BuildOptions, JourneyStore, StoreBuilder, View};
use crate::table::{Cell, Table};

/// Steps are separated by spaces; `~` stands for a space in one.
fn spec(steps: &str, within: i64) -> FunnelSpec {
    let steps = steps.split(' ').map(|step| step.replace('~', " ").parse().expect("a step")).collect();
    FunnelSpec { steps, within: Span::seconds(within), ..FunnelSpec::default() }
}

fn ask(view: &View, spec: &FunnelSpec) -> Funnel {
    funnel(view, spec, &Ctl::new()).expect("a sound question")
}

/// The journeys, and somebody who does not count but knows every name that these tests ask for.
fn view(text: &str) -> View {
    let names: String = "abcdosz".chars().enumerate().map(|(i, name)| format!(" {name}-{}", 100 - i)).collect();
    let store = Arc::new(journeys(&format!("{text}\n(names):{names}")));
    let names = store.find_customer("(names)").expect("just added").idx();
    let chosen = Bitmap::from_fn(store.n_customers(), |customer| customer != names);
    View::whole(store).with_customers(chosen)
}

/// Far behind every window, so that nobody is open.
fn observed(text: &str) -> View {
    view(text).with_as_of(Instant(1_000_000_000_000))
}

/// Customers by step, and their outcomes as `dropped/open/excluded`.
fn shown(group: &Group) -> String {
    let step = |step: &super::StepCount| match (step.dropped, step.open, step.excluded) {
        (0, 0, 0) => step.customers.to_string(),
        (dropped, open, excluded) => format!("{}({dropped}/{open}/{excluded})", step.customers),
    };
    group.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(text: &str, spec: &FunnelSpec, expect: &str) {
    assert_eq!(shown(ask(&observed(text), spec).total()), expect);
}

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

#[test]
fn groups_sum_to_the_total_and_the_small_ones_are_one_row() {
    let mut text = String::new();
    for i in 0..25 {
        for j in 0..=i {
            text.push_str(&format!("c{i}_{j}: a0{{ch=v{i}}} b1\n"));
        }
    }
    text.push_str("n: a0 b1\nlate: a0{ch=v1} b100");
    let view = observed(&text);
    let asked = FunnelSpec { breakdown: Some("ch".into()), ..spec("a b", 10) };
    let answer = ask(&view, &asked);
    let labels: Vec<&str> = answer.groups.iter().filter_map(|group| group.value.as_deref()).collect();
    assert_eq!((labels.len(), labels[0], labels[20]), (21, "v24", "(other)"));
    let sum =
        |pick: fn(&super::StepCount) -> u64| -> u64 { answer.groups[1..].iter().map(|g| pick(&g.steps[0])).sum() };
    assert_eq!(sum(|step| step.customers), answer.total().steps[0].customers);
    assert_eq!(sum(|step| step.dropped), 1);
    check_who(&view, &asked);
}

#[test]
fn the_value_of_a_breakdown_may_stand_elsewhere() {
    let text = "x: z0{ch=web} a1{ch=app} b2{ch=shop} z3{ch=tv}";
    let at = |place: &str| {
        let asked = FunnelSpec {
            breakdown: Some("ch".into()),
            breakdown_at: place.parse().expect("a place"),
            ..spec("a b c", 10)
        };
        ask(&observed(text), &asked).groups[1].value.clone().expect("a value")
    };
    assert_eq!(
        [at("entry"), at("first"), at("last"), at("step:2"), at("step:3")],
        ["app", "web", "tv", "shop", "(none)"]
    );
    let by_event = FunnelSpec { breakdown: Some("event".into()), ..spec("a|z b", 10) };
    assert_eq!(ask(&observed(text), &by_event).groups[1].value.as_deref(), Some("z"));
    let unknown = FunnelSpec { breakdown: Some("chh".into()), ..spec("a", 10) };
    let err = funnel(&observed(text), &unknown, &Ctl::new()).expect_err("unknown");
    assert_eq!(err.to_string(), "no column is named `chh`; did you mean `ch`?");
}

/// Every number of an answer opens into as many customers.
#[track_caller]
fn check_who(view: &View, asked: &FunnelSpec) {
    let answer = ask(view, asked);
    let open = |cell: &str| who(view, asked, cell, &Ctl::new()).expect(cell).len() as u64;
    for group in &answer.groups {
        let at = group.value.as_ref().map_or(String::new(), |value| format!("@{value}"));
        for (i, step) in group.steps.iter().enumerate() {
            let counts = [
                ("reached", step.customers),
                ("customers", step.customers),
                ("converted", step.converted),
                ("dropped", step.dropped),
                ("open", step.open),
                ("excluded", step.excluded),
            ];
            for (what, n) in counts {
                let cell = format!("{}:{what}{at}", i + 1);
                assert_eq!(open(&cell), n, "{cell}");
            }
            assert_eq!(step.customers, step.converted + step.dropped + step.open + step.excluded);
        }
    }
    for after in &answer.after {
        let cell = format!("{}:dropped>{}", after.step, after.next);
        assert_eq!(open(&cell), after.customers, "{cell}");
    }
}

#[test]
fn who_is_in_text_order_once_per_unit() {
    let text = "b10: a0\nb9: a0 b1\na1: a0\nü: a0 b2 a50 b51";
    let store = observed(text);
    let names = |asked: &FunnelSpec, cell: &str| -> Vec<String> {
        let ids = who(&store, asked, cell, &Ctl::new()).expect(cell);
        ids.into_iter().map(|id| store.store().customer_name(id).to_owned()).collect()
    };
    assert_eq!(names(&spec("a b", 10), "1:dropped"), ["a1", "b10"]);
    let attempts = FunnelSpec { unit: Unit::Attempts, ..spec("a b", 10) };
    assert_eq!(names(&attempts, "2:reached"), ["b9", "ü", "ü"]);
    for cell in ["3:dropped", "0:dropped", "dropped", "1:lost"] {
        let err = who(&store, &attempts, cell, &Ctl::new()).expect_err(cell);
        assert!(matches!(err, Error::UnknownCell { .. }), "{err}");
    }
    let err = who(&store, &attempts, "1:dropped@web", &Ctl::new()).expect_err("no breakdown");
    assert!(err.to_string().contains("add --breakdown"), "{err}");
}

#[test]
fn those_who_dropped_did_something_next_or_nothing() {
    let asked = FunnelSpec { after: true, ..spec("a b c", 10) };
    let text = "x: a0 s4 b50\ny: a0 s2 s3\nz: a0 z90\nw: a0 b1 a5\nv: a0 b1 c2 s3";
    let rows: Vec<(usize, String, u64, Option<f64>)> = ask(&observed(text), &asked)
        .after
        .into_iter()
        .map(|row| (row.step, row.next, row.customers, row.median_s))
        .collect();
    let expect = [(1, "s", 2, Some(3.0)), (1, "(end)", 1, None), (2, "a", 1, Some(4.0))];
    assert_eq!(rows, expect.map(|(step, next, n, median)| (step, next.to_owned(), n, median)));
    check_who(&observed(text), &asked);
}

#[test]
fn a_trend_marks_the_periods_that_may_still_change() {
    let day = 86_400;
    let text = format!("x: a0 b5\ny: a{} b{}\nz: a{}", 2 * day, 2 * day + 1, 2 * day + 3600);
    let asked = FunnelSpec { trend: Some(Period::Day), ..spec("a b", day) };
    let table = &ask(&view(&text), &asked).tables()[1];
    let rows: Vec<String> = table.rows().map(|row| cells(&row)).collect();
    let expect = ["1970-01-01 1 1 1 1 true", "1970-01-02 0 0 0 - true", "1970-01-03 2 2 1 0.5 false"];
    assert_eq!(rows, expect);
}

fn cells(row: &[Cell]) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Empty => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Count(n) => n.to_string(),
        Cell::Int(n) => n.to_string(),
        Cell::Number(n) => n.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    };
    row.iter().map(cell).collect::<Vec<_>>().join(" ")
}

#[test]
fn times_lie_between_consecutive_steps_and_from_first_to_last() {
    let asked = FunnelSpec { times: true, ..spec("a o~@optional b c", 100) };
    let answer = ask(&observed("x: a0 o1 b10 c30\ny: a0 b20\nz: a0 b5 c10"), &asked);
    let rows: Vec<(usize, usize, u64, f64, f64)> =
        answer.times.iter().map(|row| (row.from, row.to, row.n, row.mean_s, row.quantiles_s[2])).collect();
    assert_eq!(rows, [(1, 3, 3, 35.0 / 3.0, 10.0), (3, 4, 2, 12.5, 12.5), (1, 4, 2, 20.0, 20.0)]);
    let names: Vec<String> = answer.tables()[1].columns.iter().map(|column| column.name.clone()).collect();
    assert_eq!(names.join(" "), "from to n mean_s p10_s p25_s p50_s p75_s p90_s p99_s");
}

fn extra(answer: &Funnel, name: &str) -> Table {
    answer.tables().into_iter().find(|table| table.name == name).expect(name)
}

#[test]
fn sensitivity_shows_how_much_of_a_number_is_its_definition() {
    let text = "x: a0 b3\ny: b0 a1\nz: a0 z1 b2\nw: a0 b30\nv: a5 b5";
    let asked = FunnelSpec { sensitivity: true, ..spec("a b", 8) };
    let table = extra(&ask(&observed(text), &asked), "sensitivity");
    let rows: Vec<String> = table.rows().map(|row| cells(&row)).collect();
    assert_eq!(
        rows,
        [
            "as asked 5 3 0.6",
            "order ordered 5 3 0.6",
            "order strict 5 2 0.4",
            "order any 5 4 0.8",
            "within 2s 5 2 0.4",
            "within 4s 5 3 0.6",
            "within 8s 5 3 0.6",
            "within 16s 5 3 0.6",
            "within 32s 5 4 0.8",
            "unit customers 5 3 0.6",
            "unit sessions 5 4 0.8",
            "unit attempts 5 3 0.6",
            "clip on 5 3 0.6",
            "clip off 5 3 0.6",
            "ties strictly later 5 2 0.4",
        ]
    );
    let ruled = FunnelSpec { sensitivity: true, ..spec("a b~@next", 8) };
    let answer = ask(&observed(text), &ruled);
    assert_eq!(extra(&answer, "sensitivity").cell(3, "entered"), Some(Cell::Empty));
    assert!(answer.notes.iter().any(|note| note.starts_with("sensitivity, order any: ")), "{:?}", answer.notes);
}

#[test]
fn a_trace_tells_how_one_journey_was_read() {
    let mut asked = FunnelSpec { trace: Some("x".into()), ..spec("a b c", 10) };
    asked.exclude = vec!["s:2-3".parse().expect("an exclusion")];
    let marks = |text: &str, asked: &FunnelSpec| -> Vec<String> {
        let table = extra(&ask(&observed(text), asked), "trace");
        table.rows().map(|row| cells(&row[1..])).collect()
    };
    assert_eq!(
        marks("x: b0 a1 z2 b3 s4 c5 c50", &asked),
        [
            "b ignored - may be step 2, but no attempt that counts has started",
            "a step 1 the attempt starts; its window ends at 1970-01-01T00:00:11Z",
            "z ignored - no step of this funnel",
            "b step 2 step 2 2s after the first",
            "s excluded - stops the attempt after step 2",
            "c ignored - may be step 3, but the attempt was stopped before",
            "c too late - may be step 3, but the window was over",
            "- verdict - Excluded at step 2 of 3.",
        ]
    );
    assert_eq!(marks("x: a0 b1 c2", &asked)[3], "- verdict - Converted, 2s after the first step.");
    assert_eq!(
        marks("x: z0\ny: a0 b0 c0 s0", &asked)[1],
        "- verdict - Never entered: no event is step 1 `a` and may start an attempt."
    );
    let unknown = FunnelSpec { trace: Some("customer".into()), ..asked };
    let err = funnel(&observed("customer1: a0"), &unknown, &Ctl::new()).expect_err("unknown");
    assert_eq!(err.to_string(), "no customer is named `customer`; did you mean `customer1`?");
}

#[test]
fn the_steps_table_has_the_promised_columns_and_intervals() {
    let text: String = (0..100).map(|i| format!("c{i}: a0{}\n", if i < 45 { " b1" } else { "" })).collect();
    let answer = ask(&observed(&text), &spec("a b", 10));
    let table = &answer.tables()[0];
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "step name customers share_of_first lo hi share_of_previous converted dropped open excluded median_s mean_s p90_s"
    );
    let number = |column| match table.cell(1, column) {
        Some(Cell::Number(n)) => (n * 1e4).round() / 1e4,
        cell => panic!("{cell:?}"),
    };
    assert_eq!((number("lo"), number("hi")), (0.3561, 0.5476));
    assert_eq!(answer.title, "ordered, within 10s, customers");
    let broken = ask(&observed("x: a0{ch=web}"), &FunnelSpec { breakdown: Some("ch".into()), ..spec("a", 10) });
    assert_eq!(broken.tables()[0].columns[0].name, "breakdown");
    assert_eq!(broken.tables()[0].cell(1, "breakdown"), Some(Cell::text("web")));
}

#[test]
fn a_funnel_over_nothing_is_all_zeros() {
    let view = observed("x: z0 a0");
    let mut asked = FunnelSpec {
        times: true,
        after: true,
        trend: Some(Period::Week),
        sensitivity: true,
        breakdown: Some("event".into()),
        ..spec("a z", 10)
    };
    asked.scope.since = Some("2020-01-01".parse().expect("a time"));
    let answer = ask(&view, &asked);
    assert_eq!(shown(answer.total()), "0 0");
    assert_eq!(answer.tables()[0].cell(1, "share_of_first"), Some(Cell::Empty));
    assert_eq!((answer.groups.len(), answer.trend.len(), answer.after.len()), (1, 0, 0));
}

#[test]
fn one_customer_with_millions_of_events_takes_no_time() {
    let n = 2_000_000usize;
    let mut batch = Batch::default();
    for i in 0..n {
        batch.customers.push("x");
        // `c` never comes in time after a `b`, so that every attempt fails late.
        batch.touchpoints.push(["a", "b", "a", "b"][i % 4]);
        batch.times.push(i as i64 * 1_000);
    }
    for (name, time) in [("c", n as i64 * 1_000 + 50_000_000), ("d", n as i64 * 1_000 + 90_000_000)] {
        batch.customers.push("x");
        batch.touchpoints.push(name);
        batch.times.push(time);
    }
    let mut builder = StoreBuilder::new(&[]);
    builder.add(batch, &[]).expect("few events");
    let store = builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled");
    let view = View::whole(Arc::new(store)).with_as_of(Instant(i64::MAX / 2));
    let mut asked = spec("a b a b c d", 40);
    asked.exclude = vec!["d:4-5".parse().expect("an exclusion")];
    for (order, unit) in [
        (Order::Ordered, Unit::Customers),
        (Order::Ordered, Unit::Attempts),
        (Order::Strict, Unit::Customers),
        (Order::Any, Unit::Customers),
    ] {
        let exclude = if order == Order::Any { Vec::new() } else { asked.exclude.clone() };
        let asked = FunnelSpec { order, unit, exclude, ..asked.clone() };
        assert!(ask(&view, &asked).total().steps[0].customers >= 1);
    }
    asked.exclude.clear();
    let mut arrows = asked.clone();
    arrows.steps[2].within = Some(Span::seconds(30));
    for asked in [asked, arrows] {
        let answer = ask(&view, &asked);
        assert_eq!(shown(answer.total()), "1 1 1 1(1/0/0) 0 0");
    }
}

/// A plain reader for a file of customer, event and time, so that this check needs no other part of the program.
fn read_plain(text: &str) -> JourneyStore {
    let mut batch = Batch::default();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let mut field = || fields.next().expect("three fields");
        batch.customers.push(field());
        batch.touchpoints.push(field());
        batch.times.push(Civil::parse_iso(field().as_bytes()).expect("a time").0.as_micros());
    }
    let mut builder = StoreBuilder::new(&[]);
    builder.add(batch, &[]).expect("few events");
    builder.finish(BuildOptions { zone: Zone::utc(), ..BuildOptions::default() }, &Ctl::new()).expect("not cancelled")
}

#[test]
fn a_real_shop_gives_the_figures_that_other_tools_give() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/simple_shop/events.csv");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let view = View::whole(Arc::new(read_plain(&text)));
    let reached = |steps: &str, within| -> Vec<u64> {
        ask(&view, &spec(steps, within)).total().steps.iter().map(|step| step.customers).collect()
    };
    assert_eq!(reached("catalog cart payment_choice payment_done", 600), [3611, 1924, 958, 653]);
    assert_eq!(reached("catalog cart payment_choice payment_done", 60), [3611, 1845, 865, 585]);
    assert_eq!(reached("main catalog cart payment_done", 60), [2385, 2015, 790, 206]);
    check_who(&view, &FunnelSpec { after: true, ..spec("catalog cart payment_choice payment_done", 600) });
}
