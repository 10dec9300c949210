//! An evaluator too simple to be wrong, over values one by one, and the laws that hold for every expression.

use std::sync::Arc;

use proptest::prelude::*;

use super::tree::{Call, Function, How, Lit, Node, Op, Operand};
use super::{Expr, customer_mask, event_mask};
use crate::base::{Ctl, CustomerId, Span};
use crate::journey::props::Value;
use crate::journey::session::SessionRule;
use crate::journey::step::Step;
use crate::journey::{Batch, BatchValues, Bitmap, BuildOptions, JourneyStore, StoreBuilder, View};

#[derive(Debug, Clone, PartialEq)]
enum V {
    Missing,
    Text(String),
    Number(f64),
    Micros(i64),
}

fn store_of(rows: &[(u8, u8, i64, u8)], zone: &str) -> JourneyStore {
    let names = ["plan", "n", "f", "flag"].map(String::from);
    let mut builder = StoreBuilder::new(&names);
    let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 4], ..Batch::default() };
    for (customer, touchpoint, hours, p) in rows {
        batch.customers.push(&format!("c{customer}"));
        batch.touchpoints.push(["a", "b", "add to cart"][usize::from(*touchpoint % 3)]);
        batch.times.push(hours * 3_600_000_000);
        let pick = |values: [&'static str; 4], shift: u8| values[usize::from((p >> shift) % 4)];
        batch.columns[0].push_field(pick(["", "pro", "free", "Pro"], 0));
        batch.columns[1].push_field(pick(["", "1", "2", "30"], 2));
        batch.columns[2].push_field(pick(["", "0.5", "2", "-1.25"], 4));
        batch.columns[3].push_field(pick(["", "true", "FALSE", "x"], 6));
    }
    builder.add(batch, &[0, 1, 2, 3]).expect("few events");
    let options = BuildOptions { zone: zone.parse().expect("a zone"), ..BuildOptions::default() };
    builder.finish(options, &Ctl::new()).expect("not cancelled")
}

fn field(store: &JourneyStore, row: usize, name: &str) -> V {
    let civil = store.zone.civil_micros(crate::base::Instant(store.times[row]));
    match name {
        "event" => V::Text(store.touchpoint_name(row).to_owned()),
        "time" => V::Micros(store.times[row]),
        "hour" => V::Number((civil.rem_euclid(86_400_000_000) / 3_600_000_000) as f64),
        "nth" => {
            let customer = (0..store.n_customers() as u32).map(CustomerId).find(|id| store.journey(*id).contains(&row));
            let before = store.journey(customer.expect("a customer")).start..=row;
            V::Number(before.filter(|&earlier| store.codes.get(earlier) == store.codes.get(row)).count() as f64)
        }
        "weekday" => V::Number(((civil.div_euclid(86_400_000_000) + 3).rem_euclid(7) + 1) as f64),
        name => match store.properties[store.property_idx(name).expect("a column")].value(row) {
            None => V::Missing,
            Some(Value::Text(text)) => V::Text(text.to_owned()),
            Some(Value::Int(value)) => V::Number(value as f64),
            Some(Value::Float(value)) => V::Number(value),
            Some(Value::Time(time)) => V::Micros(time.0),
        },
    }
}

fn literal(lit: &Lit, store: &JourneyStore) -> V {
    match lit {
        Lit::Text(text) => V::Text(text.clone()),
        Lit::Number(number) => V::Number(number.value),
        Lit::Flag(flag) => V::Text(flag.to_string()),
        Lit::Span(span) => V::Micros(span.micros()),
        Lit::Time(when) => V::Micros(when.resolve(&store.zone).0),
    }
}

fn compare(left: &V, op: Op, right: &V, is_flag: bool) -> bool {
    match (left, right) {
        (V::Missing, _) | (_, V::Missing) => false,
        (V::Text(a), V::Text(b)) if is_flag => op.holds(&a.to_lowercase(), b),
        (V::Text(a), V::Text(b)) => op.holds(a, b),
        (V::Number(a), V::Number(b)) => op.holds(a, b),
        (V::Micros(a), V::Micros(b)) => op.holds(a, b),
        // Days of the week by name are not generated; anything else is a mistake of the generator.
        (a, b) => panic!("{a:?} against {b:?}"),
    }
}

fn is_flag(operand: &Operand) -> bool {
    matches!(operand, Operand::Literal(literal) if matches!(literal.value, Lit::Flag(_)))
}

/// Evaluates a tree given the value of every operand and the truth of every call.
fn holds(node: &Node, store: &JourneyStore, value: &dyn Fn(&Operand) -> V, called: &dyn Fn(&Call) -> bool) -> bool {
    let again = |node: &Node| holds(node, store, value, called);
    match node {
        Node::And(nodes) => nodes.iter().all(again),
        Node::Or(nodes) => nodes.iter().any(again),
        Node::Not(node) => !again(node),
        Node::Compare { left, op, right } => {
            let flag = is_flag(left) || is_flag(right);
            match (is_flag(left), value(left), value(right)) {
                (true, a, b) => compare(&b, op.flipped(), &a, flag),
                (false, a, b) => compare(&a, *op, &b, flag),
            }
        }
        Node::In { left, items, negated } => {
            let left = value(left);
            let equals = |item: &super::tree::Literal| {
                compare(&left, Op::Eq, &literal(&item.value, store), matches!(item.value, Lit::Flag(_)))
            };
            left != V::Missing && items.iter().any(equals) != *negated
        }
        Node::Text { left, how, right, negated } => match (value(left), &right.value) {
            (V::Text(text), Lit::Text(part)) => {
                let found = match how {
                    How::Contains => text.contains(part.as_str()),
                    How::Matches => regex::Regex::new(part).expect("a pattern").is_match(&text),
                };
                found != *negated
            }
            _ => false,
        },
        Node::Null { left, negated } => (value(left) == V::Missing) != *negated,
        Node::Holds(Operand::Call(call)) => called(call),
        Node::Holds(operand) => matches!(operand, Operand::Literal(literal) if literal.value == Lit::Flag(true)),
    }
}

fn event_holds(store: &JourneyStore, node: &Node, row: usize) -> bool {
    let value = |operand: &Operand| match operand {
        Operand::Literal(lit) => literal(&lit.value, store),
        Operand::Name(name) => field(store, row, &name.to_string()),
        Operand::Call(_) => unreachable!("no calls about events"),
    };
    holds(node, store, &value, &|_| unreachable!("no calls about events"))
}

fn step_holds(store: &JourneyStore, step: &Step, row: usize) -> bool {
    step.alternatives().iter().any(|alternative| {
        alternative.name.as_ref().is_none_or(|name| name == store.touchpoint_name(row))
            && alternative
                .condition
                .as_ref()
                .is_none_or(|condition| event_holds(store, &Expr::parse(condition).expect("a condition").root, row))
    })
}

fn customer_holds(view: &View, node: &Node, gap: Span, customer: CustomerId) -> bool {
    let store = view.store();
    let rows: Vec<usize> = view.journey(customer).map(|position| view.row(position)).collect();
    let Some(&first) = rows.first() else { return false };
    let matching = |step: &Step, within: Option<Span>| -> Vec<usize> {
        let in_time = |row: &usize| within.is_none_or(|span| store.times[*row] - store.times[first] <= span.micros());
        rows.iter().copied().filter(in_time).filter(|&row| step_holds(store, step, row)).collect()
    };
    let at = |row: Option<&usize>, name: &str| match row {
        None => V::Missing,
        Some(&row) if name == "age" => V::Micros(view.as_of().0 - store.times[row]),
        Some(&row) => field(store, row, name),
    };
    let value = |operand: &Operand| match operand {
        Operand::Literal(lit) => literal(&lit.value, store),
        Operand::Name(name) => match name.to_string().as_str() {
            "sessions" => V::Number(SessionRule::new(view, gap).sessions(view.journey(customer)).count() as f64),
            "journey.events" => V::Number(rows.len() as f64),
            "journey.duration" => V::Micros(store.times[rows[rows.len() - 1]] - store.times[first]),
            name => match name.split_once('.') {
                Some(("first", column)) => at(rows.first(), column),
                Some((_, column)) => at(rows.last(), column),
                None => panic!("{name}"),
            },
        },
        Operand::Call(call) => match &call.what {
            Function::Count { step, within } => V::Number(matching(step, *within).len() as f64),
            Function::First { step, property } => {
                at(matching(step, None).first(), &property.as_ref().map_or("time".into(), ToString::to_string))
            }
            Function::Last { step, property } => {
                at(matching(step, None).last(), &property.as_ref().map_or("time".into(), ToString::to_string))
            }
            Function::Did { .. } | Function::Path { .. } => panic!("stands alone"),
        },
    };
    let called = |call: &Call| match &call.what {
        Function::Did { step, within } => !matching(step, *within).is_empty(),
        _ => panic!("only did is generated"),
    };
    holds(node, store, &value, &called)
}

fn op() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="])
}

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(texts)
}

const TEXTS: &[&str] = &["plan", "flag", "event"];
const NUMBERS: &[&str] = &["n", "f", "hour", "weekday", "nth"];
const STEPS: &[&str] =
    &["a", "b", "\"add to cart\"", "a|b", "*", "a[n > 1]", "*[plan == \"pro\"]", "a[f < 1]|b[flag == true]"];

/// A test behind an operand of type text, with the operand's place marked by `@`.
fn text_test() -> impl Strategy<Value = String> {
    let word = || pick(&["\"pro\"", "\"Pro\"", "\"a\"", "\"x\"", "\"\"", "\"none\""]);
    prop_oneof![
        (op(), word()).prop_map(|(op, word)| format!("@ {op} {word}")),
        (op(), word()).prop_map(|(op, word)| format!("{word} {op} @")),
        pick(&["@ == true", "@ != true", "@ == false", "false != @", "@ in [true, \"pro\"]"]).prop_map(String::from),
        (pick(&["in", "not in"]), word(), word()).prop_map(|(how, a, b)| format!("@ {how} [{a}, {b}]")),
        pick(&["@ contains \"r\"", "@ not contains \"r\"", "@ matches \"^(?i)p\"", "@ not matches \"e+$\""])
            .prop_map(String::from),
        pick(&["@ is null", "@ is not null"]).prop_map(String::from),
    ]
}

fn number_test() -> impl Strategy<Value = String> {
    let number = || pick(&["0", "1", "2", "0.5", "1.5", "-1.25", "30", "1e18", "-9e30"]);
    prop_oneof![
        (op(), number()).prop_map(|(op, number)| format!("@ {op} {number}")),
        (op(), number()).prop_map(|(op, number)| format!("{number} {op} @")),
        (pick(&["in", "not in"]), number(), number()).prop_map(|(how, a, b)| format!("@ {how} [{a}, {b}]")),
        pick(&["@ is null", "@ is not null"]).prop_map(String::from),
    ]
}

fn time_test() -> impl Strategy<Value = String> {
    (op(), pick(&["1970-01-01", "1970-01-02T03:00", "1970-01-02T03:00Z", "1970-01-03"]))
        .prop_map(|(op, time)| format!("@ {op} {time}"))
}

fn span_test() -> impl Strategy<Value = String> {
    (op(), pick(&["0s", "3h", "1d", "2d12h"])).prop_map(|(op, span)| format!("@ {op} {span}"))
}

/// Event expressions over `store_of`'s columns; `of` puts the operand where the customer's event is meant.
fn about_an_event(of: impl Fn(&str) -> String + Clone + 'static) -> impl Strategy<Value = String> {
    let put = move |(column, test): (&str, String)| test.replace('@', &of(column));
    prop_oneof![
        (pick(TEXTS), text_test()).prop_map(put.clone()),
        (pick(NUMBERS), number_test()).prop_map(put.clone()),
        time_test().prop_map(move |test| put(("time", test))),
    ]
}

fn joined(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}

fn event_expr() -> impl Strategy<Value = String> {
    joined(prop_oneof![
        6 => about_an_event(str::to_owned),
        1 => (pick(TEXTS), op(), pick(TEXTS)).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (pick(NUMBERS), op(), pick(NUMBERS)).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => pick(&["true", "false"]).prop_map(String::from),
    ])
}

fn customer_expr() -> impl Strategy<Value = String> {
    let place = || {
        prop_oneof![
            pick(&["first", "last"]).prop_map(String::from),
            (pick(&["first", "last"]), pick(STEPS)).prop_map(|(end, step)| format!("{end}({step})")),
        ]
    };
    let located = place().prop_flat_map(|place| about_an_event(move |column| format!("{place}.{column}")));
    let steps = || pick(STEPS);
    joined(prop_oneof![
        4 => (steps(), pick(&["", ", within=5h", ", within=0s"])).prop_map(|(step, within)| format!("did({step}{within})")),
        2 => (steps(), pick(&["", ", within=20h"]), number_test())
            .prop_map(|(step, within, test)| test.replace('@', &format!("count({step}{within})"))),
        4 => located,
        2 => (pick(&["sessions", "journey.events"]), number_test()).prop_map(|(name, test)| test.replace('@', name)),
        1 => span_test().prop_map(|test| test.replace('@', "journey.duration")),
        1 => (steps(), span_test()).prop_map(|(step, test)| test.replace('@', &format!("last({step}).age"))),
        1 => (steps(), op(), steps()).prop_map(|(a, op, b)| format!("first({a}) {op} last({b}).time")),
        1 => (place(), op(), place()).prop_map(|(a, op, b)| format!("{a}.plan {op} {b}.flag")),
        1 => (place(), op(), steps()).prop_map(|(a, op, b)| format!("{a}.n {op} count({b})")),
        1 => steps().prop_map(|step| format!("first({step}) is null")),
    ])
}

fn rows() -> impl Strategy<Value = Vec<(u8, u8, i64, u8)>> {
    // One customer has every touchpoint, so that every step is known.
    let known = [(8, 0, 30, 0), (8, 1, 31, 255), (8, 2, 40, 90)];
    prop::collection::vec((0u8..9, 0u8..3, 0i64..70, any::<u8>()), 0..150).prop_map(move |mut rows| {
        rows.extend(known);
        rows
    })
}

fn events(store: &JourneyStore, text: &str) -> Bitmap {
    let expr = Expr::parse(text).unwrap_or_else(|err| panic!("{text}: {err}"));
    event_mask(store, &expr, &Ctl::new()).unwrap_or_else(|err| panic!("{text}: {err}"))
}

const GAP: Span = Span::minutes(90);

fn customers(view: &View, text: &str) -> Bitmap {
    let expr = Expr::parse(text).unwrap_or_else(|err| panic!("{text}: {err}"));
    customer_mask(view, &expr, GAP, &Ctl::new()).unwrap_or_else(|err| panic!("{text}: {err}"))
}

proptest! {
    #[test]
    fn events_are_chosen_as_one_by_one(rows in rows(), text in event_expr(), berlin in any::<bool>()) {
        let store = store_of(&rows, if berlin { "Europe/Berlin" } else { "UTC" });
        let root = Expr::parse(&text).expect("well formed").root;
        let expect = Bitmap::from_fn(store.n_events(), |row| event_holds(&store, &root, row));
        prop_assert_eq!(events(&store, &text), expect, "{}", text);
    }

    #[test]
    fn customers_are_chosen_as_one_by_one(rows in rows(), text in customer_expr(), filter in prop::option::of(event_expr())) {
        let store = Arc::new(store_of(&rows, "UTC"));
        let mut view = View::whole(Arc::clone(&store));
        if let Some(filter) = filter {
            view = view.with_events(&events(&store, &filter));
        }
        let root = Expr::parse(&text).expect("well formed").root;
        let expect =
            Bitmap::from_fn(store.n_customers(), |customer| customer_holds(&view, &root, GAP, CustomerId(customer as u32)));
        prop_assert_eq!(customers(&view, &text), expect, "{}", text);
    }

    #[test]
    fn and_or_and_not_follow_the_laws_of_logic(rows in rows(), a in event_expr(), b in event_expr()) {
        let store = store_of(&rows, "UTC");
        let (left, right) = (events(&store, &a), events(&store, &b));
        prop_assert_eq!(events(&store, &format!("({a}) and ({b})")), left.clone().and(&right));
        prop_assert_eq!(events(&store, &format!("({a}) or ({b})")), left.clone().or(&right));
        prop_assert_eq!(events(&store, &format!("not ({a})")), left.clone().negated());
        prop_assert_eq!(events(&store, &format!("not (not ({a}) or not ({b}))")), left.and(&right));
    }

    #[test]
    fn what_is_kept_is_what_the_mask_counts(rows in rows(), a in event_expr(), b in customer_expr()) {
        let store = Arc::new(store_of(&rows, "UTC"));
        let mask = events(&store, &a);
        let view = View::whole(Arc::clone(&store)).with_events(&mask);
        prop_assert_eq!(view.n_events(), mask.count());
        let chosen = customers(&view, &b);
        let others = customers(&view, &format!("not ({b})"));
        prop_assert_eq!(chosen.count() + others.count(), view.n_customers());
        prop_assert_eq!(view.clone().with_customers(chosen.clone()).n_customers(), chosen.count());
    }

    #[test]
    fn no_text_at_all_brings_the_reader_down(text in "[a-c \"'`\\[\\]().,<>=!0-9|*$^-]{0,40}") {
        if let Ok(expr) = Expr::parse(&text) {
            let store = store_of(&[(0, 0, 0, 7)], "UTC");
            let view = View::whole(Arc::new(store));
            let _ = (event_mask(view.store(), &expr, &Ctl::new()), customer_mask(&view, &expr, GAP, &Ctl::new()));
        }
        super::complete(&text, text.len() / 2);
    }
}

#[track_caller]
fn check_error(text: &str, error: &str) {
    let store = Arc::new(store_of(&[(0, 0, 0, 0b01_01_01_01), (0, 1, 5, 0b11_10_11_10)], "UTC"));
    let err = Expr::parse(text).map_err(super::MaskError::Expr).and_then(|expr| event_mask(&store, &expr, &Ctl::new()));
    assert_eq!(err.expect_err(text).to_string(), error, "{text}");
}

#[track_caller]
fn check_customer_error(text: &str, error: &str) {
    let store = Arc::new(store_of(&[(0, 0, 0, 0b01_01_01_01), (0, 1, 5, 0b11_10_11_10)], "UTC"));
    let err = Expr::parse(text)
        .map_err(super::MaskError::Expr)
        .and_then(|expr| customer_mask(&View::whole(store), &expr, GAP, &Ctl::new()));
    assert_eq!(err.expect_err(text).to_string(), error, "{text}");
}

#[test]
fn an_error_about_events_names_the_column_and_the_way_out() {
    check_error("plam == 1", "column 1: no column is named `plam`; did you mean `plan`?");
    check_error(
        "n == 1 and (plan < 5)",
        "column 20: `plan` is text and cannot be compared with the number 5; write \"5\" in quotes",
    );
    check_error(
        "n == \"5\"",
        "column 6: `n` is a number and cannot be compared with the text \"5\"; write 5 without quotes",
    );
    check_error("n == true", "column 6: `n` is a number and cannot be compared with true; write 1");
    check_error("n contains \"5\"", "column 12: `n` is a number; `contains` goes with text");
    check_error(
        "plan in [\"a\", 5]",
        "column 15: `plan` is text and cannot be compared with the number 5; write \"5\" in quotes",
    );
    check_error(
        "time > 7d",
        "column 8: `time` is a time and cannot be compared with the length of time 7d; write a time like 2024-05-01 or 2024-05-01T10:00",
    );
    check_error(
        "weekday == \"someday\"",
        "column 12: `weekday` is a day of the week and cannot be compared with the text \"someday\"; write \"monday\" or 1 (Monday) to 7",
    );
    check_error(
        "plan == pro",
        "column 9: no column is named `pro`; there are plan, n, f, flag, event, channel, value, customer, stage, time, hour, weekday, nth; if it is text, write \"pro\" in quotes",
    );
    check_error("plan == n", "column 9: this is a number and cannot be compared with text");
    check_error("plan matches \"(\"", "column 14: this is no regular expression: unclosed group");
    check_error("stage == \"x\"", "column 1: no stages are named; they come with a workspace");
    check_error("channel == \"x\"", "column 1: no column plays the channel; name one with --channel");
    check_error("did(a)", "column 1: `did(…)` is about a customer and goes with --customers; an event has columns");
    check_error(
        "sessions > 1",
        "column 1: `sessions` is about a customer and goes with --customers; an event has columns",
    );
    check_error(
        "first.plan == \"x\"",
        "column 1: `first.plan` is about a customer and goes with --customers; an event has columns",
    );
}

#[test]
fn an_error_about_customers_names_the_place_inside_the_step_too() {
    check_customer_error("did(aa)", "column 5: no event is named `aa`; did you mean `a`?");
    check_customer_error(
        "n > 1 and did(a)",
        "column 1: `n` is about one event and a customer has many; write first.n, last.n or did(*[n == …])",
    );
    check_customer_error("did(a|b[plan == \"x\" and nn > 1])", "column 25: no column is named `nn`; did you mean `n`?");
    check_customer_error("first(a).plam == 1", "column 10: no column is named `plam`; did you mean `plan`?");
    check_customer_error("last.plam == 1", "column 6: no column is named `plam`; did you mean `plan`?");
    check_customer_error(
        "count(a) > 7d",
        "column 12: `count(…)` is a number and cannot be compared with the length of time 7d; write a number like 50",
    );
    check_customer_error(
        "journey.duration > 7",
        "column 20: `journey.duration` is a length of time and cannot be compared with the number 7; write a length of time like 30m or 7d",
    );
    check_customer_error("path(\"a -> [^bb]\")", "column 14: no event is named `bb`; did you mean `b`?");
    check_customer_error("first(a).plan == count(b)", "column 18: this is a number and cannot be compared with text");
}

#[test]
fn a_workspace_may_write_days_by_name_and_paths_in_one_condition() {
    // 1970-01-01 was a Thursday.
    let store = Arc::new(store_of(&[(0, 0, 1, 0), (0, 1, 30, 0), (1, 1, 2, 0)], "UTC"));
    assert_eq!(events(&store, "weekday == \"Thursday\"").count(), 2);
    assert_eq!(events(&store, "weekday in [\"fri\", 6]").count(), 1);
    let view = View::whole(store);
    assert_eq!(customers(&view, "path(\"^ a -> b $\")").count(), 1);
    assert_eq!(customers(&view, "customer == \"c1\" or customer in [\"c0\"]").count(), 2);
}

#[test]
fn backticks_always_mean_a_column_and_a_role_wins_otherwise() {
    let text = "x: a0{channel=web,medium=ads,hour=7} b1{channel=app,medium=web,hour=8}";
    let store = crate::journey::fixture::build(text, |options| options.roles.channel = Some(1));
    assert_eq!(events(&store, "channel == \"ads\"").count(), 1);
    assert_eq!(events(&store, "`channel` == \"web\"").count(), 1);
    assert_eq!(events(&store, "hour == 7").count(), 1);
}
