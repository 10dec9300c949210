//! Retention by example: journeys small enough to see, and what must come out.

use std::sync::Arc;

use super::{Brackets, Mode, Retention, RetentionSpec, retention, who};
use crate::base::{Ctl, Period};
use crate::journey::{View, fixture};
use crate::table::Cell as TableCell;

const DAY: i64 = 86_400;

/// Days as events: `"x: 0 3 8"` is customer x with an event `a` at noon of those days; a name may stand before the day.
fn view(text: &str, as_of: Option<&str>) -> View {
    let mut lines = String::new();
    for line in text.split(';') {
        let (customer, events) = line.split_once(':').expect("customer: days");
        lines.push_str(&format!("{customer}:"));
        for event in events.split_whitespace() {
            let (name, day) = event.split_at(event.find(|c: char| c.is_ascii_digit()).expect("a day"));
            let (day, braces) = day.find('{').map_or((day, ""), |at| day.split_at(at));
            let day: i64 = day.parse().expect("a day");
            let name = if name.is_empty() { "a" } else { name };
            lines.push_str(&format!(" {name}{}{braces}", day * DAY + DAY / 2));
        }
        lines.push('\n');
    }
    let mut spec = RetentionSpec::default();
    spec.scope.as_of = as_of.map(|text| text.parse().expect("a time"));
    spec.scope.view(&Arc::new(fixture::journeys(&lines)), &Ctl::new()).expect("a view")
}

fn daily() -> RetentionSpec {
    RetentionSpec { cohort: "day".into(), ..RetentionSpec::default() }
}

fn ask(view: &View, spec: &RetentionSpec) -> Retention {
    retention(view, spec, &Ctl::new()).expect("a sound question")
}

/// One line per cohort: retained of eligible by period; `-` is blank, `~` is half complete.
#[track_caller]
fn check(text: &str, spec: &RetentionSpec, expect: &str) {
    let answer = ask(&view(text, None), spec);
    assert_eq!(shown(&answer), expect, "{text}");
}

fn shown(answer: &Retention) -> String {
    let cell = |cell: &super::Cell| match (cell.eligible, cell.is_complete) {
        (0, _) => "-".to_owned(),
        (eligible, is_complete) => {
            format!("{}/{eligible}{}", cell.retained, if is_complete { "" } else { "~" })
        }
    };
    let cohorts = answer.total().cohorts.iter().map(|cohort| {
        let cells: Vec<String> = cohort.cells.iter().map(cell).collect();
        format!("{} {}", cohort.label.trim_start_matches("1970-01-"), cells.join(" "))
    });
    cohorts.collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_period_that_is_not_over_is_blank_and_not_0() {
    check("x: 0 1 3; y: 0 2; z: 1 2", &daily(), "01 2/2 1/2 1/2 | 02 1/1 1/1 -");
    // The last day is running: x was seen in it, and yet it is not known who else will be.
    let seen = view("x: 0 1 3; y: 0 2; z: 1 2", Some("1970-01-05"));
    assert_eq!(shown(&ask(&seen, &daily())), "01 2/2 1/2 1/2 1/2 | 02 1/1 1/1 0/1 -");
    let table = &ask(&seen, &daily()).tables()[0];
    let last = table.len() - 1;
    assert_eq!(table.cell(last, "eligible"), Some(TableCell::Count(0)));
    for column in ["retained", "share", "lo", "hi"] {
        assert_eq!(table.cell(last, column), Some(TableCell::Empty), "{column}");
    }
}

#[test]
fn modes_differ_in_when_a_customer_counts_as_back() {
    let text = "x: 0 1 2 4; y: 0 3; z: 0; w: 1 6";
    let with = |mode| RetentionSpec { mode, periods: 4, ..daily() };
    check(text, &with(Mode::On), "01 3/3 1/3 1/3 1/3 1/3 | 02 1/1 0/1 0/1 0/1 0/1");
    check(text, &with(Mode::OnOrAfter), "01 3/3 2/3 2/3 2/3 1/3 | 02 1/1 1/1 1/1 1/1 1/1");
    check(text, &with(Mode::OnOrBefore), "01 3/3 1/3 1/3 2/3 2/3 | 02 1/1 0/1 0/1 0/1 0/1");
    check(text, &with(Mode::Streak), "01 3/3 1/3 1/3 0/3 0/3 | 02 1/1 0/1 0/1 0/1 0/1");
}

#[test]
fn rolling_periods_begin_with_the_customers_own_start_and_may_be_half_complete() {
    // x and y start on the same calendar day, six hours apart; observation ends six and a half days later.
    let lines = "x: a0 a86401 a561600\ny: a21600 a108001";
    let view = View::whole(Arc::new(fixture::journeys(lines)));
    let spec = RetentionSpec { rolling: true, ..daily() };
    assert_eq!(shown(&ask(&view, &spec)), "01 2/2 2/2 0/2 0/2 0/2 0/2");
    let half = RetentionSpec { brackets: Some("1,2-5,6".parse().expect("brackets")), ..spec };
    let longer = view.with_as_of(crate::base::Instant(7 * 86_400_000_000));
    assert_eq!(shown(&ask(&longer, &half)), "01 2/2 2/2 0/2 1/1~");
}

#[test]
fn recurring_cohorts_hold_everybody_who_starts_in_the_period() {
    let text = "x: 0 1 3; y: 1 2; z: 5";
    check(
        text,
        &RetentionSpec { periods: 1, ..daily() },
        "01 1/1 1/1 | 02 1/1 1/1 | 03 0/0~ - | 04 0/0~ - | 05 0/0~ - | 06 1/1~ -".replace("0/0~", "-").as_str(),
    );
    let recurring = RetentionSpec { recurring: true, periods: 1, ..daily() };
    check(text, &recurring, "01 1/1 1/1 | 02 2/2 1/2 | 03 1/1 0/1 | 04 1/1 0/1 | 05 - - | 06 1/1~ -");
    assert!(ask(&view(text, None), &recurring).notes.iter().any(|note| note.contains("counts starts")));
}

#[test]
fn starts_and_returns_are_steps_and_min_count_asks_for_more() {
    let text = "x: view0 order1 view2 order2 order2 order3; y: view0 view1; z: order0";
    let spec = RetentionSpec { start: Some("view".parse().expect("a step")), ..daily() };
    check(text, &spec, "01 2/2 2/2 1/2");
    let orders = RetentionSpec { returns: Some("order".parse().expect("a step")), ..spec };
    check(text, &orders, "01 2/2 1/2 1/2");
    check(text, &RetentionSpec { min_count: 2, ..orders.clone() }, "01 2/2 0/2 1/2");
    let before = RetentionSpec { mode: Mode::OnOrBefore, min_count: 3, ..orders };
    check(text, &before, "01 2/2 0/2 1/2");
}

#[test]
fn cohorts_may_be_a_columns_first_value_or_an_expression() {
    let text = "x: a0{p=web} a1{p=app}; y: a0 b1{p=app} a2; z: a0 a3";
    let spec = RetentionSpec { cohort: "p".into(), period: Some(Period::Day), ..RetentionSpec::default() };
    check(text, &spec, "(none) 1/1 0/1 0/1 | app 1/1 1/1 1/1 | web 1/1 1/1 0/1");
    let spec = RetentionSpec { cohort: "did(b)".into(), ..spec };
    check(text, &spec, "did(b) 1/1 1/1 1/1 | (rest) 2/2 1/2 0/2");
    let spec = RetentionSpec { cohort: "bees=did(b)".into(), ..spec };
    check(text, &spec, "bees 1/1 1/1 1/1 | (rest) 2/2 1/2 0/2");
}

#[test]
fn a_cohort_of_many_weeks_counts_each_customers_own_periods() {
    // y starts a week later, so less of y's time is over.
    let spec = RetentionSpec { cohort: "year".into(), period: Some(Period::Week), ..RetentionSpec::default() };
    check("x: 0 8 15; y: 8 20", &spec, "01 2/2 1/2 1/1~".trim());
}

#[test]
fn a_breakdown_takes_the_value_at_the_start_and_adds_up() {
    let spec = RetentionSpec { breakdown: Some("p".into()), ..daily() };
    let answer = ask(&view("x: a0{p=web} a1{p=app}; y: a0{p=app} b2{p=app}; z: a1", None), &spec);
    let values: Vec<Option<&str>> = answer.groups.iter().map(|group| group.value.as_deref()).collect();
    assert_eq!(values, [None, Some("(none)"), Some("app"), Some("web")]);
    let sizes = |cohort: usize| answer.groups.iter().map(|group| group.cohorts[cohort].size).collect::<Vec<_>>();
    assert_eq!((sizes(0), sizes(1)), (vec![2, 0, 1, 1], vec![1, 1, 0, 0]));
    let table = &answer.tables()[0];
    assert_eq!(table.columns[0].name, "breakdown");
    assert_eq!(answer.key(3, Some(0), 1), "1970-01-01:1@web");
}

#[test]
fn the_summary_weighs_by_size_and_shows_the_plain_mean_beside_it() {
    let answer = ask(&view("x: 0 1; y: 0; z: 0; w: 1 2; v: 5", None), &daily());
    let one = answer.total().overall[1];
    assert_eq!((one.n_cohorts, one.cell.eligible, one.cell.retained), (2, 4, 2));
    assert_eq!(one.cell.share(), Some(0.5));
    assert!((one.mean.expect("two cohorts") - (1.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12);
    assert_eq!(one.churn(), Some(0.5));
    let summary = &answer.tables()[1];
    assert_eq!((summary.name.as_str(), summary.cell(1, "churn")), ("summary", Some(TableCell::Number(0.5))));
}

#[test]
fn cells_open_also_under_labels_with_colons_and_at_signs() {
    let text = "x: a0{p=1:2@3} a1; y: a0{p=1} a2";
    let view = view(text, None);
    let spec = RetentionSpec {
        cohort: "p".into(),
        period: Some(Period::Day),
        breakdown: Some("p".into()),
        ..RetentionSpec::default()
    };
    let n = |cell: &str| who(&view, &spec, cell, &Ctl::new()).map(|list| list.len());
    assert_eq!(n("1:2@3:1"), Ok(1));
    assert_eq!(n("1:2@3:1:gone"), Ok(0));
    assert_eq!(n("1:0@1"), Ok(1));
    assert_eq!(n("all:1:eligible"), Ok(2));
    for cell in ["", "1", "1:9999", "1:1:lost", "x:1"] {
        let err = n(cell).expect_err(cell);
        assert!(err.to_string().contains("is not a cell of this answer; write it like"), "{err}");
    }
    let err = n("1:0@app").expect_err("no such value");
    assert!(err.to_string().contains("no row of the breakdown is `app`"), "{err}");
    let hours = RetentionSpec { cohort: "hour".into(), ..RetentionSpec::default() };
    assert_eq!(who(&view, &hours, "1970-01-01 12:00:24", &Ctl::new()).map(|list| list.len()), Ok(1));
}

#[test]
fn nobody_one_customer_and_too_much_are_explained() {
    let only = view("x: 3", None);
    let answer = ask(&only, &daily());
    assert_eq!(shown(&answer), "04 1/1~");
    assert_eq!(answer.total().overall[0].cell.share(), Some(1.0));
    let mut late = daily();
    late.scope.since = Some("1980-01-01".parse().expect("a time"));
    let none = ask(&only, &late);
    assert!(
        none.total().cohorts.is_empty() && none.notes[0].contains("nobody starts with an event"),
        "{:?}",
        none.notes
    );
    assert_eq!(none.tables()[0].len(), 0);
    let hours = RetentionSpec { cohort: "hour".into(), ..RetentionSpec::default() };
    let decades = view("x: 0 9000", None);
    let err = retention(&decades, &hours, &Ctl::new()).expect_err("too many");
    assert!(err.to_string().contains("take a longer"), "{err}");
    let err = retention(&only, &RetentionSpec { cohort: "weak".into(), ..RetentionSpec::default() }, &Ctl::new());
    assert!(err.expect_err("unknown").to_string().contains("did you mean `week`?"));
    let brackets: Brackets = "1-2,400".parse().expect("brackets");
    let far = RetentionSpec { brackets: Some(brackets), ..daily() };
    assert_eq!(shown(&ask(&view("x: 0 1 3", None), &far)), "01 1/1 1/1 -");
}

#[test]
fn what_is_cut_is_said() {
    let answer = ask(&view("x: 0 30", None), &RetentionSpec { periods: 3, ..daily() });
    assert_eq!(answer.periods.len(), 4);
    assert!(answer.notes.iter().any(|note| note.contains("periods after 3 are not shown")), "{:?}", answer.notes);
}

#[test]
fn weeks_are_cut_in_the_zone_of_the_data() {
    // Sunday 23:30 in UTC is Monday in Berlin.
    let build = |zone: &str| {
        let lines = "x: a342000\ny: a300000 a600000\nz: a1300000";
        View::whole(Arc::new(fixture::build(lines, |options| options.zone = zone.parse().expect("a zone"))))
    };
    let labels = |view: &View| {
        let answer = ask(view, &RetentionSpec::default());
        answer.total().cohorts.iter().map(|cohort| (cohort.label.clone(), cohort.size)).collect::<Vec<_>>()
    };
    let of = |labels: &[(&str, u64)]| labels.iter().map(|(label, n)| ((*label).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(labels(&build("UTC")), of(&[("1969-12-29", 2), ("1970-01-05", 0), ("1970-01-12", 1)]));
    assert_eq!(labels(&build("Europe/Berlin")), of(&[("1969-12-29", 1), ("1970-01-05", 1), ("1970-01-12", 1)]));
}
