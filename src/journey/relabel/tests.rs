//! Rules tried one by one on every event, and the laws of what comes out.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::base::CustomerId;
use crate::journey::expr::{customer_mask, event_mask};
use crate::journey::{Batch, BatchValues, BuildOptions, Pattern, Step, StoreBuilder, View, fixture};

/// An event as the naive rules see it.
struct Event {
    name: String,
    p: Option<String>,
    nth: usize,
}

type Holds = fn(&Event) -> bool;

/// Conditions in both tongues.
const CONDITIONS: [(&str, Holds); 12] = [
    ("event == \"t0\"", |e| e.name == "t0"),
    ("event in [\"t1\", \"t2\"]", |e| e.name == "t1" || e.name == "t2"),
    ("event == \"t1\" and nth == 1", |e| e.name == "t1" && e.nth == 1),
    ("nth >= 2", |e| e.nth >= 2),
    ("not (event == \"t0\")", |e| e.name != "t0"),
    ("not (event == \"t0\" and nth > 1)", |e| !(e.name == "t0" && e.nth > 1)),
    ("p == \"x\"", |e| e.p.as_deref() == Some("x")),
    ("event matches \"[23]$\" and p is null", |e| e.name.ends_with(['2', '3']) && e.p.is_none()),
    ("event == \"t3\" or p is not null", |e| e.name == "t3" || e.p.is_some()),
    ("event == \"never\"", |_| false),
    ("true", |_| true),
    ("event != \"t2\" and event != \"t3\"", |e| e.name != "t2" && e.name != "t3"),
];

const IDS: [&str; 6] = ["visit", "t1", "order", "t1 (unmapped)", "visit two", "pay|x"];

#[derive(Debug, Clone)]
struct Given {
    condition: usize,
    stage: Option<&'static str>,
    channel: Option<&'static str>,
}

fn any_rule() -> impl Strategy<Value = Given> {
    let stage = prop::option::of(prop::sample::select(vec!["aware", "buy"]));
    let channel = prop::option::weighted(0.2, prop::sample::select(vec!["phone", "x"]));
    (0..CONDITIONS.len(), stage, channel).prop_map(|(condition, stage, channel)| Given { condition, stage, channel })
}

fn rules_of(given: &[Given]) -> Vec<Rule> {
    let rule = |(given, id): (&Given, &&str)| Rule {
        id: (*id).to_owned(),
        when: CONDITIONS[given.condition].0.parse().expect("an expression"),
        stage: given.stage.map(str::to_owned),
        channel: given.channel.map(str::to_owned),
    };
    given.iter().zip(&IDS).map(rule).collect()
}

fn events_of(store: &JourneyStore) -> Vec<Event> {
    let customers = (0..store.n_customers() as u32).map(CustomerId);
    let of = |customer| {
        let journey = store.journey(customer);
        journey.clone().map(move |row| Event {
            name: store.touchpoint_name(row).to_owned(),
            p: store.properties[0].text(row).map(String::from),
            nth: (journey.start..=row).filter(|&r| store.codes.get(r) == store.codes.get(row)).count(),
        })
    };
    customers.flat_map(of).collect()
}

/// A store whose column `p` plays the channel where asked.
fn store_of(rows: &[(u8, u8, i64, u8)], has_channel: bool) -> JourneyStore {
    let mut builder = StoreBuilder::new(&["p".to_owned()]);
    let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }], ..Batch::default() };
    for (customer, touchpoint, seconds, p) in rows {
        batch.customers.push(&format!("c{customer}"));
        batch.touchpoints.push(&format!("t{touchpoint}"));
        batch.times.push(seconds * 1_000_000);
        batch.columns[0].push_field(["", "1", "x"][usize::from(*p)]);
    }
    builder.add(batch, &[0]).expect("few events");
    let options = BuildOptions { always_text: vec![0], ..BuildOptions::default() };
    let mut store = builder.finish(options, &Ctl::new()).expect("not cancelled");
    store.roles.channel = has_channel.then_some(0);
    store
}

fn rows() -> impl Strategy<Value = Vec<(u8, u8, i64, u8)>> {
    prop::collection::vec((0u8..4, 0u8..4, 0i64..30, 0u8..3), 0..80)
}

proptest! {
    #[test]
    fn the_first_rule_that_holds_names_the_event(
        rows in rows(),
        given in prop::collection::vec(any_rule(), 0..6),
        has_channel in any::<bool>(),
    ) {
        let raw = store_of(&rows, has_channel);
        let events = events_of(&raw);
        let rules = rules_of(&given);
        let (store, report) = relabel(raw.clone(), &rules, &Ctl::new()).expect("sound rules");

        let holds = |rule: usize, event: &Event| (CONDITIONS[given[rule].condition].1)(event);
        let taker = |event: &Event| (0..given.len()).find(|&rule| holds(rule, event));
        for (row, event) in events.iter().enumerate() {
            let taker = taker(event);
            let (stage, channel) = taker.map_or((None, None), |rule| (given[rule].stage, given[rule].channel));
            let expect = match taker {
                Some(rule) => rules[rule].id.clone(),
                None if rules.iter().any(|rule| rule.id == event.name) => {
                    // `t1 (unmapped)` may be an id itself.
                    let plain = format!("{} (unmapped)", event.name);
                    let is_id = rules.iter().any(|rule| rule.id == plain);
                    if is_id { format!("{} (unmapped 2)", event.name) } else { plain }
                }
                None => event.name.clone(),
            };
            prop_assert_eq!(store.touchpoint_name(row), expect);
            let text = |name: &str| store.property_idx(name).and_then(|idx| store.properties[idx].text(row));
            let raw_event = text(RAW_EVENT);
            prop_assert_eq!(raw_event.as_deref(), Some(event.name.as_str()));
            let said = text(STAGE);
            prop_assert_eq!(said.as_deref(), stage);
            prop_assert_eq!(store.stage_name(row), stage);
            let said = store.roles.channel.and_then(|idx| store.properties[idx].text(row));
            let before = if has_channel { event.p.as_deref() } else { None };
            prop_assert_eq!(said.as_deref(), channel.or(before));
        }

        prop_assert_eq!(&store.masks[..], &masks(&store.codes, &store.offsets)[..]);
        let names: Vec<&str> = store.touchpoints.iter().take(given.len()).collect();
        prop_assert_eq!(names, IDS[..given.len()].to_vec());
        for (at, rule) in report.rules.iter().enumerate() {
            let matched = events.iter().filter(|event| holds(at, event)).count() as u64;
            let took = events.iter().filter(|event| taker(event) == Some(at)).count() as u64;
            prop_assert_eq!((rule.matched, rule.took), (matched, took));
        }
        let took: u64 = report.rules.iter().map(|rule| rule.took).sum();
        prop_assert_eq!(took + report.n_unmapped(), report.n_events);
        for (name, n) in &report.unmapped {
            prop_assert_eq!(*n as usize, events.iter().filter(|e| e.name == *name && taker(e).is_none()).count());
        }
        for a in 0..given.len() {
            for b in 0..given.len() {
                let both = events.iter().filter(|e| a != b && taker(e) == Some(a) && holds(b, e)).count() as u64;
                let said = report.overlaps.iter().find(|o| (o.taker, o.also) == (a, b)).map_or(0, |o| o.events);
                prop_assert_eq!(said, both);
            }
        }
    }

    #[test]
    fn an_own_name_that_is_no_touchpoint_means_its_events(
        rows in rows(),
        given in prop::collection::vec(any_rule(), 0..5),
    ) {
        let raw = store_of(&rows, false);
        let events = events_of(&raw);
        let rules = rules_of(&given);
        let (store, _) = relabel(raw, &rules, &Ctl::new()).expect("sound rules");
        let store = Arc::new(store);
        let view = View::whole(Arc::clone(&store));
        for name in ["t0", "t1", "t2", "t3"].into_iter().filter(|name| events.iter().any(|e| e.name == *name)) {
            let is_touchpoint = store.touchpoints.get(name).is_some();
            let is_meant = |row: usize| match is_touchpoint {
                true => store.touchpoint_name(row) == name,
                false => events[row].name == name,
            };
            let step = Step::named(name).resolve(&view, &Ctl::new()).expect("a known name");
            let either: Step = format!("{name}|{name}[nth > 1]").parse().expect("a step");
            let either = either.resolve(&view, &Ctl::new()).expect("a known name");
            for row in 0..events.len() {
                let code = store.codes.get(row) as usize;
                prop_assert_eq!((step.matches(code, row), either.matches(code, row)), (is_meant(row), is_meant(row)));
            }
            for (text, turned) in [("event == \"@\"", false), ("event != \"@\"", true), ("event in [\"@\", \"zz\"]", false)] {
                let expr: Expr = text.replace('@', name).parse().expect("an expression");
                let mask = event_mask(&store, &expr, &Ctl::new()).expect("a mask");
                (0..events.len()).for_each(|row| assert_eq!(mask.get(row), is_meant(row) != turned, "{text} {name} {row}"));
            }
            let did: Expr = format!("did({name})").parse().expect("an expression");
            let mask = customer_mask(&view, &did, crate::base::Span::minutes(30), &Ctl::new()).expect("a mask");
            for customer in (0..store.n_customers() as u32).map(CustomerId) {
                prop_assert_eq!(mask.get(customer.idx()), store.journey(customer).any(is_meant));
            }
        }
    }

    #[test]
    fn threads_and_other_customers_change_nothing(rows in rows(), given in prop::collection::vec(any_rule(), 1..6)) {
        let rules = rules_of(&given);
        let texts = |rows: &[(u8, u8, i64, u8)], threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let (store, report) =
                pool.install(|| relabel(store_of(rows, true), &rules, &Ctl::new())).expect("sound rules");
            let first = store.find_customer("c0");
            let events = first.map_or(0..0, |customer| store.journey(customer));
            (events.map(|row| store.touchpoint_name(row).to_owned()).collect::<Vec<_>>(), report)
        };
        prop_assert_eq!(texts(&rows, 1), texts(&rows, 3));
        let alone: Vec<_> = rows.iter().copied().filter(|row| row.0 == 0).collect();
        prop_assert_eq!(texts(&rows, 2).0, texts(&alone, 2).0);
    }
}

fn rule(id: &str, when: &str, stage: &str) -> Rule {
    let when = when.parse().expect(when);
    Rule { id: id.into(), when, stage: Some(stage.to_owned()).filter(|s| !s.is_empty()), channel: None }
}

#[track_caller]
fn relabelled(text: &str, rules: &[Rule]) -> (JourneyStore, RelabelReport) {
    relabel(fixture::journeys(text), rules, &Ctl::new()).expect("sound rules")
}

#[test]
fn a_repeated_order_is_told_from_the_first_and_stages_can_be_asked_for() {
    let rules = [
        rule("again", "event == \"paid\" and nth >= 2", "loyal"),
        rule("order", "event == \"paid\"", "purchase"),
        rule("dead", "event == \"fax\"", "purchase"),
    ];
    let (store, report) = relabelled("x: visit0 paid1 paid2 paid3\ny: paid5", &rules);
    let names: Vec<&str> = (0..store.n_events()).map(|row| store.touchpoint_name(row)).collect();
    assert_eq!(names, ["visit", "order", "again", "again", "order"]);
    let tallies: Vec<(u64, u64)> = report.rules.iter().map(|rule| (rule.matched, rule.took)).collect();
    assert_eq!(tallies, [(2, 2), (4, 2), (0, 0)]);
    assert_eq!(report.overlaps, [Overlap { taker: 0, also: 1, events: 2 }]);
    assert_eq!(report.unmapped, [("visit".to_owned(), 1)]);
    let count = |text: &str| event_mask(&store, &text.parse().expect(text), &Ctl::new()).expect(text).count();
    assert_eq!(count("stage == \"loyal\""), 2);
    assert_eq!(count("stage is null"), 1);
    // Both of them are `again`, and `nth` counts touchpoints now.
    assert_eq!(count("event == \"again\" and nth == 2"), 1);
    assert_eq!(count("event == \"paid\""), 4);
    // A touchpoint that no event has is nobody's, and no mistake.
    assert_eq!(count("event == \"dead\""), 0);
    let view = View::whole(Arc::new(store));
    assert!(Step::named("dead").resolve(&view, &Ctl::new()).is_ok());
    let err = Step::named("pade").resolve(&view, &Ctl::new()).expect_err("unknown").to_string();
    assert!(err.contains("did you mean `paid`?") || err.contains("did you mean `dead`?"), "{err}");
}

#[test]
fn a_pattern_is_made_of_whole_touchpoints() {
    let rules = [rule("pay", "event in [\"login\", \"paid\"]", "")];
    let (store, _) = relabelled("x: visit0 login1 paid2", &rules);
    let resolve = |text: &str| text.parse::<Pattern>().expect(text).resolve(&store);
    assert!(resolve("visit -> pay").is_ok());
    let err = resolve("visit -> login").expect_err("a part").to_string();
    assert_eq!(err, "`login` is only some of the events of pay; name touchpoints in a pattern");
    let (store, _) = relabelled("x: visit0 paid1", &[rule("order", "event == \"paid\"", "")]);
    let found = "visit -> paid".parse::<Pattern>().expect("a pattern").resolve(&store).expect("known");
    assert!(found.matches(&store.codes, 0..2));
}

#[test]
fn columns_of_the_data_make_room_and_are_told() {
    let (store, report) = relabelled("x: a0{stage=old,raw_event=r}", &[rule("b", "event == \"a\"", "new")]);
    assert_eq!(
        report.renamed,
        [("raw_event".to_owned(), "raw_event_2".to_owned()), ("stage".to_owned(), "raw_stage".to_owned())]
    );
    let text = |name: &str| store.properties[store.property_idx(name).expect(name)].text(0).map(String::from);
    assert_eq!(text("stage").as_deref(), Some("new"));
    assert_eq!(text("raw_stage").as_deref(), Some("old"));
    assert_eq!((text("raw_event").as_deref(), text("raw_event_2").as_deref()), (Some("a"), Some("r")));
}

#[test]
fn a_rule_about_what_is_not_there_is_named_with_its_place() {
    let rules = [rule("a", "event == \"a\"", ""), rule("b", "chanel == \"web\"", ""), rule("c", "did(a)", "")];
    let store = fixture::journeys("x: a0{channel=web}");
    let found: Vec<usize> = faults(&store, &rules).into_iter().map(|(at, _)| at).collect();
    assert_eq!(found, [1, 2]);
    let err = relabel(store, &rules, &Ctl::new()).expect_err("an error").to_string();
    assert_eq!(err, "touchpoint `b`: column 1: no column is named `chanel`; did you mean `channel`?");
}
