//! The tables beside the counts, and the customers behind every number.

use super::super::{Funnel, FunnelSpec, StepCount, Unit, funnel, who};
use super::{ask, observed, shown, spec, view};
use crate::analysis::Error;
use crate::base::{Ctl, Period};
use crate::journey::View;
use crate::table::{Cell, Table};

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
    let sum = |pick: fn(&StepCount) -> u64| -> u64 { answer.groups[1..].iter().map(|g| pick(&g.steps[0])).sum() };
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
pub fn check_who(view: &View, asked: &FunnelSpec) {
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
