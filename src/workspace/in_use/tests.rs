//! A small workspace over small data: what it adds to options and questions, and what wins over it.

use std::sync::Arc;

use super::*;
use crate::analysis::{CompareSpec, DwellSpec, FunnelSpec, RetentionSpec, Spec, ask};
use crate::base::Span;
use crate::journey::{View, fixture};

const FILE: &str = r#"
schema = 1
timezone = "Asia/Shanghai"
as_of = 2025-02-01T00:00:00Z
[[source]]
id = "events"
files = ["events.csv"]
columns = { customer = "who", time = "ts", event = "what", channel = "via" }
[[stage]]
id = "look"
[[stage]]
id = "idle"
[[stage]]
id = "buy"
[[touchpoint]]
id = "visit"
stage = "look"
when = 'event == "visit"'
[[touchpoint]]
id = "a|b"
stage = "look"
when = 'event == "view"'
[[touchpoint]]
id = "order"
stage = "buy"
when = 'event == "paid"'
channel = "till"
[[persona]]
id = "hurried"
when = 'sessions <= 2'
[[cohort]]
id = "buyers"
when = 'did(order)'
[[cohort]]
id = "dropped"
among = "funnel --saved way --who 1:dropped"
[[funnel]]
id = "way"
steps = ["visit", "order"]
window = "14d"
mature = true
[[view]]
id = "weekly"
ask = "funnel --saved way --trend week"
"#;

fn in_use() -> InUse {
    let workspace = Workspace::parse("w/trailmap.toml", FILE).unwrap_or_else(|faults| panic!("{faults}"));
    InUse { path: "w/trailmap.toml".into(), workspace, text: FILE.into() }
}

fn spec(text: &str) -> Spec {
    ask::question(text).expect(text).0
}

fn filled(text: &str) -> Spec {
    let in_use = in_use();
    let filled = in_use.filled(&spec(text)).expect(text);
    assert_eq!(in_use.filled(&filled).as_ref(), Ok(&filled), "{text}: asking again changes nothing");
    filled
}

#[test]
fn flags_win_over_the_file() {
    let flags = LoadOptions { channel: Some("x".into()), workspace: Some("w".into()), ..LoadOptions::default() };
    let options = in_use().options(&flags).expect("options");
    assert_eq!(options.sources, ["w/events.csv"]);
    assert_eq!((options.customer.as_deref(), options.channel.as_deref()), (Some("who"), Some("x")));
    assert_eq!(options.zone.map(|zone| zone.name().to_owned()).as_deref(), Some("Asia/Shanghai"));
    assert_eq!(options.workspace, None);
    let flags = LoadOptions { sources: vec!["other.csv".into()], zone: "UTC".parse().ok(), ..LoadOptions::default() };
    let options = in_use().options(&flags).expect("options");
    assert_eq!((options.sources, options.event.as_deref()), (vec!["other.csv".to_owned()], Some("what")));
    assert_eq!(options.zone.map(|zone| zone.name().to_owned()).as_deref(), Some("UTC"));
}

#[test]
fn a_workspace_is_named_by_its_flag_or_as_the_only_source() {
    let options = |workspace: Option<&str>, sources: &[&str]| LoadOptions {
        workspace: workspace.map(str::to_owned),
        sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        ..LoadOptions::default()
    };
    let named = |options: LoadOptions| {
        let (path, rest) = named_in(&options);
        (path, rest.sources.join(" "))
    };
    assert_eq!(named(options(Some("w.toml"), &["a.csv"])), (Some("w.toml".into()), "a.csv".into()));
    assert_eq!(named(options(None, &["dir/w.toml"])), (Some("dir/w.toml".into()), String::new()));
    assert_eq!(named(options(None, &["a.csv"])), (None, "a.csv".into()));
    assert_eq!(named(options(None, &[])), (None, String::new()));
}

#[test]
fn stages_and_the_end_of_observation_are_filled_in_where_nothing_is_said() {
    let Spec::Dwell(DwellSpec { stages, scope, .. }) = filled("dwell") else { panic!("a dwell") };
    let stages: Vec<String> = stages.stage.iter().map(ToString::to_string).collect();
    assert_eq!(stages, ["look=visit|\"a|b\"", "buy=order"]);
    assert_eq!(scope.as_of.map(|when| when.to_string()).as_deref(), Some("2025-02-01T00:00:00Z"));
    let Spec::Dwell(own) = filled("dwell --stage x=visit --as-of 2025-01-01") else { panic!("a dwell") };
    assert_eq!((own.stages.stage.len(), own.scope.as_of.map(|when| when.to_string())), (1, Some("2025-01-01".into())));
    let Spec::Dwell(between) = filled("dwell --between visit order") else { panic!("a dwell") };
    assert!(between.stages.stage.is_empty());
}

#[test]
fn saved_funnels_and_cohorts_are_asked_by_name_wherever_they_stand() {
    let Spec::Funnel(funnel) = filled("funnel --saved way --breakdown channel") else { panic!("a funnel") };
    assert_eq!((funnel.steps.len(), funnel.within, funnel.mature, funnel.saved), (2, Span::days(14), true, None));
    assert_eq!(funnel.breakdown.as_deref(), Some("channel"));
    let Spec::Compare(CompareSpec { cohorts, pins, baseline, .. }) =
        filled("compare --cohort dropped --cohort buyers --cohort 'x=did(visit)'")
    else {
        panic!("a comparison")
    };
    let names: Vec<String> = cohorts.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["buyers=did(order)", "x=did(visit)"]);
    assert!(pins[0].to_string().starts_with("dropped=funnel -s visit -s order --within 14d"), "{}", pins[0]);
    assert_eq!(baseline.as_deref(), Some("dropped"));
    let Spec::Retention(RetentionSpec { cohort, .. }) = filled("retention --cohort buyers") else { panic!("one") };
    assert_eq!(cohort, "buyers=did(order)");
    let Spec::Customers(customers) = filled("customers --among 'funnel --saved way --who 1:dropped'") else { panic!() };
    assert!(
        matches!(&*customers.scope.among[0].spec, Spec::Funnel(FunnelSpec { saved: None, steps, .. }) if steps.len() == 2)
    );
}

#[test]
fn names_that_are_not_there_name_the_nearest() {
    let err = |text: &str| in_use().filled(&spec(text)).expect_err(text);
    assert_eq!(err("funnel --saved wey"), "no funnel of w/trailmap.toml is named `wey`; did you mean `way`?");
    assert_eq!(err("compare --cohort buyer"), "no cohort of w/trailmap.toml is named `buyer`; did you mean `buyers`?");
    let err = in_use().of_persona(&spec("dwell"), "huried").expect_err("no such persona");
    assert!(err.contains("did you mean `hurried`?"), "{err}");
    let err = in_use().views(&["weakly".to_owned()]).expect_err("no such view");
    assert!(err.contains("did you mean `weekly`?"), "{err}");
    let both = in_use().of_persona(&spec("dwell --customers 'did(a) or did(b)'"), "hurried").expect("a persona");
    assert_eq!(both.scope().customers.as_deref(), Some("(did(a) or did(b)) and (sessions <= 2)"));
}

#[test]
fn the_list_behind_a_number_stays_in_the_scope_of_its_question() {
    let of = Box::new(spec("dwell"));
    let list = crate::analysis::CustomersSpec { of: Some(of), cell: Some("buy:open".into()), ..Default::default() };
    let Spec::Customers(filled) = in_use().filled(&Spec::Customers(list)).expect("a list") else { panic!("a list") };
    assert_eq!(filled.scope, *filled.of.expect("a question").scope());
}

#[test]
fn events_become_touchpoints_and_stages_are_answered() {
    let text = "x: visit1735700000{via=web} view1735700010 paid1735700020\ny: visit1735700000 odd1735700001";
    let store = fixture::build(text, |options| options.roles.channel = Some(0));
    let loaded = Loaded { store, report: Default::default(), kept: Default::default() };
    let opened = in_use().with_touchpoints(loaded, &Ctl::new()).expect("sound rules");
    assert_eq!(
        opened.notes("trailmap.toml"),
        [
            "1 of 5 events (20.0 %) are no touchpoint of trailmap.toml and keep their own names; `trailmap check` lists them"
        ]
    );
    let view = View::whole(Arc::new(opened.loaded.store));
    let answer = crate::analysis::run(&view, &filled("dwell"), &Ctl::new()).expect("an answer");
    let table = &answer.tables()[0];
    let stages: Vec<_> = (0..table.len()).map(|row| table.cell(row, "stage").expect("a stage")).collect();
    assert_eq!(stages, [crate::table::Cell::text("look"), crate::table::Cell::text("buy")]);
}

#[test]
fn the_clock_is_refused_and_named() {
    let text = FILE.replace("2025-02-01T00:00:00Z", "\"now\"");
    let workspace = Workspace::parse("w.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let in_use = InUse { path: "w.toml".into(), workspace, text };
    let err = in_use.filled(&spec("dwell")).expect_err("a clock");
    assert!(err.starts_with("w.toml:4: as_of = \"now\""), "{err}");
    assert!(in_use.filled(&spec("dwell --as-of 2025-01-01")).is_ok());
}
