//! Figures that others computed, and sums that must come out even, on the sample data through the library.

use std::path::Path;

use serde_json::Value;
use trailmap::analysis::dwell::{Censor, Per, StageDwell};
use trailmap::analysis::{Answer, CustomersSpec, Dwell, DwellSpec, Funnel, FunnelSpec, Profile, ProfileSpec, Spec};
use trailmap::base::{Ctl, Span};
use trailmap::engine::{Engine, Local};
use trailmap::ingest::{self, LoadOptions, LoadReport};

fn load(file: &str, adjust: impl FnOnce(&mut LoadOptions)) -> (Local, LoadReport) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(file);
    let mut options = LoadOptions { sources: vec![source.to_string_lossy().into_owned()], ..LoadOptions::default() };
    adjust(&mut options);
    let loaded = ingest::open(&options, &Ctl::new()).expect(file);
    let (report, n_events) = (loaded.report, loaded.store.n_events() as u64);
    assert_eq!(
        report.rows,
        n_events + report.rejects.total() + report.duplicates_dropped,
        "{file}: every row is accounted for"
    );
    (Local::new(loaded.store), report)
}

pub(super) fn shop() -> Local {
    let (engine, report) = load("shop.csv", |_| {});
    assert_eq!((report.rejects.total(), report.duplicates_dropped), (0, 0));
    engine
}

/// By the ids of known customers alone.
pub(super) fn export(file: &str) -> Local {
    let known = |options: &mut LoadOptions| {
        options.customer = Some("customer_id".into());
        options.anonymous = Some(String::new());
    };
    load(file, known).0
}

pub(super) fn steps(names: &[&str]) -> FunnelSpec {
    let steps = names.iter().map(|name| name.parse().expect("a step")).collect();
    FunnelSpec { steps, ..FunnelSpec::default() }
}

pub(super) fn within(names: &[&str], span: &str) -> FunnelSpec {
    FunnelSpec { within: span.parse().expect("a span"), ..steps(names) }
}

#[track_caller]
pub(super) fn funnel(engine: &Local, spec: &FunnelSpec) -> Funnel {
    match engine.answer(&Spec::Funnel(spec.clone()), &Ctl::new()) {
        Ok(Answer::Funnel(funnel)) => funnel,
        other => panic!("no funnel but {other:?}"),
    }
}

#[track_caller]
fn dwell(engine: &Local, spec: &DwellSpec) -> Dwell {
    match engine.answer(&Spec::Dwell(spec.clone()), &Ctl::new()) {
        Ok(Answer::Dwell(dwell)) => dwell,
        other => panic!("no dwell but {other:?}"),
    }
}

#[track_caller]
fn profile(engine: &Local) -> Profile {
    match engine.answer(&Spec::Profile(ProfileSpec::default()), &Ctl::new()) {
        Ok(Answer::Profile(profile)) => profile,
        other => panic!("no profile but {other:?}"),
    }
}

pub(super) fn reached(funnel: &Funnel) -> Vec<u64> {
    funnel.total().steps.iter().map(|step| step.customers).collect()
}

const BUYING: [&str; 4] = ["catalog", "cart", "payment_choice", "payment_done"];
const FROM_MAIN: [&str; 4] = ["main", "catalog", "cart", "payment_done"];

#[test]
fn the_shop_is_counted_right() {
    let engine = shop();
    let profile = profile(&engine);
    assert_eq!((profile.n_events, profile.n_customers, profile.events.len()), (32_283, 3_751, 12));
    assert_eq!(profile.n_sessions, 6_454);
    let (first, last) = profile.bounds.expect("events");
    assert_eq!(first.to_string(), "2019-11-01T17:59:13.273932Z");
    assert_eq!(last.to_string(), "2020-04-29T12:48:06.59539Z");
    let row = &profile.events[0];
    assert_eq!((row.name.as_str(), row.events, row.customers), ("catalog", 14_518, 3_611));
    assert_eq!(engine.touchpoints()[1], ("main".to_owned(), 5_635));
    assert_eq!(engine.store().n_ties, 0);
}

#[test]
fn the_shops_funnels_reach_what_other_programs_found() {
    let engine = shop();
    #[track_caller]
    fn check(engine: &Local, names: &[&str], span: &str, expect: [u64; 4]) {
        assert_eq!(reached(&funnel(engine, &within(names, span))), expect, "{names:?} within {span}");
    }
    check(&engine, &BUYING, "60s", [3_611, 1_845, 865, 585]);
    check(&engine, &BUYING, "10m", [3_611, 1_924, 958, 653]);
    check(&engine, &BUYING, "1h", [3_611, 1_924, 958, 653]);
    check(&engine, &FROM_MAIN, "60s", [2_385, 2_015, 790, 206]);
    check(&engine, &FROM_MAIN, "10m", [2_385, 2_015, 1_109, 396]);
    check(&engine, &FROM_MAIN, "1h", [2_385, 2_015, 1_109, 396]);
}

/// Counted by a program of fifteen lines that tries every attempt of every customer.
#[test]
fn those_who_may_still_go_on_are_not_dropped() {
    let engine = shop();
    #[track_caller]
    fn check(engine: &Local, names: &[&str], span: &str, expect: [(u64, u64, u64); 4]) {
        let found = funnel(engine, &within(names, span));
        let outcomes: Vec<_> = found.total().steps.iter().map(|s| (s.converted, s.dropped, s.open)).collect();
        assert_eq!(outcomes, expect, "{names:?} within {span}");
    }
    check(&engine, &BUYING, "10m", [(1_924, 1_686, 1), (958, 966, 0), (653, 305, 0), (653, 0, 0)]);
    check(&engine, &BUYING, "7d", [(1_924, 1_312, 375), (958, 780, 186), (653, 249, 56), (653, 0, 0)]);
    check(&engine, &FROM_MAIN, "10m", [(2_015, 370, 0), (1_109, 905, 1), (396, 713, 0), (396, 0, 0)]);
    check(&engine, &FROM_MAIN, "7d", [(2_015, 328, 42), (1_109, 662, 244), (396, 559, 154), (396, 0, 0)]);
}

#[test]
fn the_shops_times_are_those_of_the_winning_attempts() {
    let engine = shop();
    let found = funnel(&engine, &within(&BUYING, "10m"));
    let medians: Vec<f64> = found.total().steps.iter().filter_map(|step| step.median_s).collect();
    let expect = [43.312_984, 7.806_772_5, 2.631_158];
    assert_eq!(medians.len(), 3);
    for (found, expect) in medians.iter().zip(expect) {
        assert!((found - expect).abs() < 1e-6, "{found} s is not {expect} s");
    }
}

/// All figures of the file that lies beside the repository on some machines.
#[test]
fn the_oracle_file_agrees() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles/simple_shop.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let oracle: Value = serde_json::from_str(&text).expect("JSON");
    let figures = &oracle["figures"];
    let engine = shop();
    let profile = profile(&engine);
    assert_eq!(figures["counts"]["events"], profile.n_events);
    assert_eq!(figures["counts"]["customers"], profile.n_customers);
    for row in &profile.events {
        assert_eq!(figures["event_counts"][&row.name]["events"], row.events, "{}", row.name);
        assert_eq!(figures["event_counts"][&row.name]["customers"], row.customers, "{}", row.name);
    }
    let numbers =
        |value: &Value| -> Vec<u64> { value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect() };
    let funnels = figures["funnels"].as_array().expect("funnels");
    assert!(!funnels.is_empty());
    for case in funnels {
        let names: Vec<&str> = case["steps"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let span = match case["window"].as_str() {
            Some("60 seconds") => "60s",
            Some("10 minutes") => "10m",
            Some("1 hour") => "1h",
            other => panic!("no such window: {other:?}"),
        };
        let windowed = funnel(&engine, &within(&names, span));
        assert_eq!(reached(&windowed), numbers(&case["ordered_within_window_any_step1"]), "{names:?} {span}");
        let unbounded = FunnelSpec { within: Span::days(10_000), ..steps(&names) };
        assert_eq!(reached(&funnel(&engine, &unbounded)), numbers(&case["ordered"]), "{names:?}");
    }
}

pub(super) fn oracle(file: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracles").join(file);
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

#[track_caller]
pub(super) fn near(found: Option<f64>, expect: &Value, what: &str) {
    match (found, expect.as_f64()) {
        (Some(found), Some(expect)) => {
            assert!((found - expect).abs() <= 1e-9 * expect.abs().max(1e-3), "{what}: {found} is not {expect}");
        }
        (found, expect) => assert_eq!(found.is_some(), expect.is_some(), "{what}"),
    }
}

fn stage<'a>(dwell: &'a Dwell, name: &str) -> &'a StageDwell {
    dwell.total().stages.iter().find(|stage| stage.name == name).unwrap_or_else(|| panic!("no stage {name}"))
}

#[test]
fn the_shops_dwell_times_are_those_of_the_oracle() {
    let Some(oracle) = oracle("simple_shop.json") else { return };
    let figures = &oracle["figures"];
    let engine = shop();
    let per_visit = DwellSpec { rework: true, ..DwellSpec::default() };
    let per_event = DwellSpec { per: Per::Event, ..per_visit.clone() };
    for (spec, name) in [(&per_visit, "dwell_stage_s"), (&per_event, "dwell_event_s")] {
        let found = dwell(&engine, spec);
        let rows = figures[name].as_array().expect("rows");
        assert_eq!(found.total().stages.len(), rows.len());
        for row in rows {
            let event = row["e"].as_str().expect("a name");
            let stage = stage(&found, event);
            assert_eq!(row["n"], stage.completed, "{event} of {name}");
            near(stage.mean_s, &row["mean_s"], &format!("mean of {event} in {name}"));
            near(stage.median_s(), &row["median_s"], &format!("median of {event} in {name}"));
            near(stage.quantiles_s.map(|quantiles| quantiles[5]), &row["p90_s"], &format!("p90 of {event} in {name}"));
        }
        // Every journey's last visit is open.
        assert_eq!(found.total().stages.iter().map(|stage| stage.open).sum::<u64>(), 3_751);
    }
    // A customer who did something twice came back to it, where every event is timed.
    let found = dwell(&engine, &per_event);
    let rework = figures["rework_customers"].as_object().expect("an object");
    for (event, customers) in rework {
        assert_eq!(customers, stage(&found, event).returned, "{event}");
    }
}

/// The figures are those of lifelines, kept in the oracle file; the main ones stand here too.
#[test]
fn the_shops_wait_for_a_payment_is_that_of_lifelines() {
    let engine = shop();
    let asked = |censor| DwellSpec {
        between: ["*", "payment_done"].map(|step| step.parse().expect("a step")).to_vec(),
        censor,
        points: 1_000,
        limit: Some(Span::days(30)),
        ..DwellSpec::default()
    };
    let at_data_end = dwell(&engine, &asked(Censor::DataEnd));
    let wait = &at_data_end.total().stages[0];
    assert_eq!((wait.visits, wait.completed, wait.km_median_s), (3_751, 653, None));
    let after_30_days = wait.limit.expect("a limit").share;
    assert!((after_30_days - 0.824_565_342_6).abs() < 1e-9, "{after_30_days}");
    let at_last_event = dwell(&engine, &asked(Censor::LastEvent));
    assert_eq!(at_last_event.total().stages[0].km_median_s, Some(6_444_039.465_077));
    let Some(oracle) = oracle("simple_shop.json") else { return };
    let cases = oracle["figures"]["kaplan_meier"].as_array().expect("cases");
    for (case, found) in cases.iter().zip([&at_data_end, &at_last_event]) {
        let wait = &found.total().stages[0];
        assert_eq!((&case["n"], &case["events"]), (&wait.visits.into(), &wait.completed.into()));
        near(wait.km_median_s, &case["median_s"], "median");
        for (time, expect) in case["survival_at"].as_object().expect("times") {
            let seconds = time.parse::<Span>().expect("a span").as_seconds();
            let passed = wait.curve.partition_point(|point| point.time <= seconds);
            let survival = passed.checked_sub(1).map_or(1.0, |last| wait.curve[last].survival);
            near(Some(survival), expect, &format!("survival at {time}"));
        }
    }
}

/// Every visit is counted once, whatever is asked, and the list behind every number is as long as the number says.
#[test]
fn visits_reconcile_in_the_retail_export() {
    let engine = export("retail.csv");
    let stages =
        ["purchase=login|checkout_start|payment_failed|order_paid", "use=delivered|survey|ticket_opened|ticket_solved"];
    let mut spec = DwellSpec { limit: Some(Span::days(1)), breakdown: Some("channel".into()), ..DwellSpec::default() };
    spec.stages.stage = stages.map(|stage| stage.parse().expect("a stage")).to_vec();
    let found = dwell(&engine, &spec);
    for (at, stage) in found.total().stages.iter().enumerate() {
        assert_eq!(stage.visits, stage.completed + stage.open);
        assert_eq!(stage.completed, stage.exits.iter().map(|exit| exit.visits).sum::<u64>());
        assert_eq!(stage.visits, found.groups[1..].iter().map(|group| group.stages[at].visits).sum::<u64>());
        let over = stage.limit.expect("a limit").over();
        for (what, n) in [("open", stage.open), ("completed", stage.completed), ("over", over)] {
            let cell = format!("{}:{what}", stage.name);
            let who = CustomersSpec {
                of: Some(Box::new(Spec::Dwell(spec.clone()))),
                cell: Some(cell.clone()),
                ..CustomersSpec::default()
            };
            match engine.answer(&Spec::Customers(who), &Ctl::new()) {
                Ok(Answer::Customers(list)) => assert_eq!(list.ids.len() as u64, n, "{cell}"),
                other => panic!("{cell} gave {other:?}"),
            }
        }
    }
}

/// At every step: customers = converted + dropped + open + excluded, those who convert are those at the next step, the
/// list behind every number is as long as the number says, and the parts of a breakdown add up to the total.
#[track_caller]
fn reconciles(engine: &Local, spec: &FunnelSpec) {
    let found = funnel(engine, spec);
    let said = format!("{spec:?}");
    for group in &found.groups {
        let last = group.steps.len() - 1;
        for (i, step) in group.steps.iter().enumerate() {
            let parts = step.converted + step.dropped + step.open + step.excluded;
            assert_eq!(step.customers, parts, "step {} of {:?} in {said}", i + 1, group.value);
            let next = if i == last { step.customers } else { group.steps[i + 1].customers };
            assert_eq!(step.converted, next, "step {} of {:?} in {said}", i + 1, group.value);
        }
    }
    for (i, step) in found.total().steps.iter().enumerate() {
        let counts = [
            ("converted", step.converted),
            ("dropped", step.dropped),
            ("open", step.open),
            ("excluded", step.excluded),
        ];
        for (outcome, count) in counts {
            let cell = format!("{}:{outcome}", i + 1);
            let who = CustomersSpec {
                of: Some(Box::new(Spec::Funnel(spec.clone()))),
                cell: Some(cell.clone()),
                scope: spec.scope.clone(),
            };
            match engine.answer(&Spec::Customers(who), &Ctl::new()) {
                Ok(Answer::Customers(list)) => assert_eq!(list.ids.len() as u64, count, "{cell} of {said}"),
                other => panic!("{cell} of {said} gave {other:?}"),
            }
        }
    }
    if found.groups.len() > 1 {
        for i in 0..spec.steps.len() {
            let sum: u64 = found.groups[1..].iter().map(|group| group.steps[i].customers).sum();
            assert_eq!(sum, found.total().steps[i].customers, "step {} over the breakdown of {said}", i + 1);
        }
    }
}

#[track_caller]
fn reconciles_every_way(engine: &Local, names: &[&str], exclude: &str) {
    for span in ["1h", "7d", "60d"] {
        let plain = within(names, span);
        reconciles(engine, &plain);
        reconciles(engine, &FunnelSpec { exclude: vec![exclude.parse().expect("an exclusion")], ..plain.clone() });
        reconciles(engine, &FunnelSpec { breakdown: Some("channel".into()), ..plain.clone() });
        reconciles(engine, &FunnelSpec { first_time: true, ..plain.clone() });
        reconciles(engine, &FunnelSpec { order: trailmap::analysis::funnel::Order::Strict, ..plain.clone() });
        reconciles(engine, &FunnelSpec { unit: trailmap::analysis::funnel::Unit::Attempts, ..plain });
    }
}

#[test]
fn the_retail_export_reconciles() {
    let engine = export("retail.csv");
    let names = ["login", "checkout_start", "order_paid", "delivered"];
    assert_eq!((engine.store().n_events(), engine.store().n_customers()), (5_948, 1_658));
    reconciles_every_way(&engine, &names, "payment_failed");
}

#[test]
fn the_bank_export_reconciles() {
    let engine = export("bank.csv.gz");
    let names = ["application_start", "kyc_submitted", "account_opened", "first_deposit"];
    assert_eq!((engine.store().n_events(), engine.store().n_customers()), (4_424, 1_247));
    assert_eq!(reached(&funnel(&engine, &within(&names, "14d"))), [1_247, 1_247, 828, 295]);
    reconciles_every_way(&engine, &names, "kyc_rejected");
}

#[test]
fn the_hotel_export_reconciles() {
    let engine = export("hotel.csv.gz");
    let names = ["booked", "checked_in", "checked_out", "survey"];
    assert_eq!((engine.store().n_events(), engine.store().n_customers()), (14_831, 1_760));
    reconciles_every_way(&engine, &names, "room_service");
}

#[test]
fn repeated_rows_are_dropped_only_when_asked_and_then_all_of_them() {
    let load = |file: &str| {
        load(file, |options| {
            options.customer = Some("customer_id".into());
            options.anonymous = Some(String::new());
            options.dedupe = true;
        })
    };
    for (file, n_events, n_dropped) in
        [("retail.csv", 5_883, 65), ("bank.csv.gz", 4_373, 51), ("hotel.csv.gz", 14_679, 152)]
    {
        let (engine, report) = load(file);
        assert_eq!((engine.store().n_events(), report.duplicates_dropped), (n_events, n_dropped), "{file}");
    }
}

#[test]
fn the_electronics_shop_opens_without_flags() {
    let (engine, report) = load("ecom.csv.gz", |_| {});
    assert_eq!((engine.store().n_events(), engine.store().n_customers()), (31_106, 600));
    assert_eq!((engine.store().touchpoints.len(), report.rejects.total()), (19, 0));
}

/// Counted by a program of twenty lines: rows with a repeated event id dropped, ids of one row united.
#[test]
fn people_on_several_ids_are_one_customer() {
    for (file, [n_events, n_dropped, n_ids, n_people]) in
        [("retail.csv", [18_170, 200, 5_392, 3_666]), ("bank.csv.gz", [6_173, 65, 3_047, 1_800])]
    {
        let (engine, report) = load(file, |options| options.dedupe_by = vec!["event_id".into()]);
        let identity = report.identity.expect("two columns of ids");
        assert_eq!((engine.store().n_events(), report.duplicates_dropped), (n_events, n_dropped as u64), "{file}");
        assert_eq!((identity.links.n_ids as usize, engine.store().n_customers()), (n_ids, n_people), "{file}");
        assert_eq!((identity.links.n_people, report.rejects.total()), (n_people as u64, 0), "{file}");
        assert!(identity.is_guessed && identity.links.n_shared == 0);
        let said = |what: &str| report.notes.iter().any(|note| note.contains(what));
        assert!(said("--anonymous '' leaves it out") && said("more than 50 ids"), "{:?}", report.notes);
    }
    // The hotel knows all its guests; its column of anonymous ids is empty.
    let (engine, report) = load("hotel.csv.gz", |options| options.dedupe_by = vec!["event_id".into()]);
    assert_eq!((engine.store().n_events(), engine.store().n_customers()), (14_679, 1_760));
    assert!(report.identity.is_none() && report.duplicates_dropped == 152);
}
