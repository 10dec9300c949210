//! The journey map on the sample exports: what others counted in the shop, what was planted in the hotel, and every list as
//! long as its number, with and without a workspace.

use std::path::{Path, PathBuf};

use trailmap::analysis::map::plan::ScoreKind;
use trailmap::analysis::map::{Map, MapSpec, Status};
use trailmap::analysis::{Answer, CustomersSpec, Spec};
use trailmap::base::Ctl;
use trailmap::engine::{Engine, Local};
use trailmap::ingest::{self, LoadOptions};
use trailmap::workspace::InUse;

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(file)
}

#[track_caller]
fn ask(engine: &Local, spec: &Spec) -> Map {
    match engine.answer(spec, &Ctl::new()) {
        Ok(Answer::Map(map)) => map,
        other => panic!("no map but {other:?}"),
    }
}

#[track_caller]
fn n_behind(engine: &Local, of: &Spec, cell: &str) -> u64 {
    let spec = CustomersSpec { of: Some(Box::new(of.clone())), cell: Some(cell.to_owned()), scope: of.scope().clone() };
    match engine.answer(&Spec::Customers(spec), &Ctl::new()) {
        Ok(Answer::Customers(list)) => list.ids.len() as u64,
        other => panic!("{cell} gave {other:?}"),
    }
}

#[track_caller]
fn near(found: Option<f64>, expect: f64, within: f64) {
    let found = found.expect("a figure");
    assert!((found - expect).abs() <= within, "{found} is not {expect}");
}

/// The sample shop under the workspace that the manual shows.
fn shop() -> (Local, Spec) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workspace/file/fixtures/example.toml");
    let workspace = InUse::read(&file.to_string_lossy()).unwrap_or_else(|faults| panic!("{:?}", faults.sentences()));
    let flags =
        LoadOptions { sources: vec![sample("retail.csv").to_string_lossy().into_owned()], ..LoadOptions::default() };
    let opened = workspace.open(&flags, &Ctl::new()).expect("the sample shop");
    let spec = workspace.filled(&Spec::Map(MapSpec::default())).expect("a question");
    (Local::new(opened.loaded.store), spec)
}

#[test]
fn the_shop_is_mapped_as_others_counted_it() {
    let (engine, spec) = shop();
    let map = ask(&engine, &spec);
    assert_eq!((map.coverage.customers, map.coverage.mapped_customers), (3_666, 3_666));
    assert_eq!((map.coverage.mapped_events, map.coverage.events), (18_170, 18_170));
    let reached: Vec<u64> = map.stages.iter().map(|stage| stage.customers).collect();
    assert_eq!(reached, [3_600, 2_708, 1_658, 795, 135]);
    let purchase = &map.stages[2];
    near(purchase.completed_median_s, 85.6 * 3_600.0, 180.0);
    near(purchase.km_median_s, 238.0 * 3_600.0, 1_800.0);
    assert_eq!(purchase.label.as_deref(), Some("购买"));
    assert_eq!(map.stages[4].moved_on, None, "nobody moves on from the last stage");
    assert!(
        map.pains()[..3].iter().any(|row| row.id == "pay_fail"),
        "{:?}",
        map.pains()[..3].iter().map(|row| &row.id).collect::<Vec<_>>()
    );
}

#[test]
fn the_shops_figures_are_held_against_their_targets() {
    let (engine, spec) = shop();
    let map = ask(&engine, &spec);
    assert!(!map.notes.iter().any(|note| note.contains("is a gap: column")), "{:?}", map.notes);
    let kpi = |id: &str| map.kpis.iter().find(|kpi| kpi.id == id).expect("a figure");
    let abandon = kpi("abandon");
    // Of 1,658 carts 850 were paid in time, and 63 of the others still may be.
    assert_eq!((abandon.part, abandon.n), (Some(745), Some(1_595)));
    near(abandon.value, 745.0 / 1_595.0, 1e-12);
    near(abandon.baseline, 0.573, 0.006);
    assert_eq!(abandon.status, Some(Status::Red));
    assert_eq!(n_behind(&engine, &spec, &abandon.cell("part")), 745);
    assert_eq!(n_behind(&engine, &spec, &abandon.cell("whole")), 1_595);
    let again = kpi("second_order_60d");
    assert_eq!(n_behind(&engine, &spec, &again.cell("part")), again.part.expect("a share"));
    let to_cart = kpi("to_cart");
    assert_eq!(n_behind(&engine, &spec, &to_cart.cell("whole")), 2_708);
    let csat = kpi("csat");
    assert_eq!(csat.n, Some(map.stages[3].emotion.n));
}

#[test]
fn every_number_of_the_shop_opens_into_as_many_customers() {
    let (engine, spec) = shop();
    let map = ask(&engine, &spec);
    let n = |cell: String| n_behind(&engine, &spec, &cell);
    for stage in &map.stages {
        assert_eq!(n(stage.cell("customers")), stage.customers);
        assert_eq!(n(stage.cell("scored")), stage.emotion.n);
        if let (Some(moved_on), Some(waiting)) = (stage.moved_on, stage.waiting()) {
            assert_eq!((n(stage.cell("moved_on")), n(stage.cell("waiting"))), (moved_on, waiting));
        }
    }
    for row in map.touchpoints.iter().filter(|row| row.events > 0) {
        let pain = &row.pain;
        for (word, expect) in [("customers", row.customers), ("lost", pain.lost), ("negative", pain.n_negative)] {
            assert_eq!(n(row.cell(word)), expect, "{word} of {}", row.id);
        }
    }
    for row in &map.channels {
        assert_eq!(n(row.cell("customers")), row.customers, "{} in {}", row.id, row.stage);
    }
    for figure in &map.scores {
        assert_eq!(n(figure.cell("positive")), figure.positive);
    }
}

#[test]
fn a_persona_moves_all_lanes() {
    let (engine, spec) = shop();
    let (whole, mut spec) = (ask(&engine, &spec), spec);
    spec.scope_mut().customers = Some("first.device == \"mobile\"".into());
    let mobile = ask(&engine, &spec);
    assert!(mobile.coverage.customers < whole.coverage.customers);
    for (all, some) in whole.stages.iter().zip(&mobile.stages) {
        assert!(some.customers < all.customers && some.events < all.events, "{}", all.id);
    }
    assert!(whole.kpis.iter().zip(&mobile.kpis).all(|(all, some)| all.value != some.value));
    assert_ne!(whole.scores, mobile.scores);
    assert_ne!(whole.pains()[0].pain, mobile.pains()[0].pain);
}

/// The sample hotel, by flags alone.
fn hotel() -> (Local, MapSpec) {
    let options = LoadOptions {
        sources: vec![sample("hotel.csv.gz").to_string_lossy().into_owned()],
        customer: Some("customer_id".into()),
        dedupe: true,
        ..LoadOptions::default()
    };
    let loaded = ingest::open(&options, &Ctl::new()).expect("the sample hotel");
    let stages = ["book=booked", "check-in=checked_in", "stay=room_service", "departure=checked_out"];
    let mut spec = MapSpec { score_kind: Some(ScoreKind::Csat), ..MapSpec::default() };
    spec.stages.stage = stages.map(|stage| stage.parse().expect("a stage")).to_vec();
    (Local::new(loaded.store), spec)
}

#[test]
fn the_hotel_hurts_at_departure() {
    let (engine, mut spec) = hotel();
    let departure = |spec: &MapSpec| ask(&engine, &Spec::Map(spec.clone())).scores[3].mean;
    let map = ask(&engine, &Spec::Map(spec.clone()));
    let means: Vec<Option<f64>> = map.scores.iter().take(4).map(|figure| figure.mean).collect();
    for (found, expect) in means.into_iter().zip([4.20, 4.01, 4.12, 3.36]) {
        near(found, expect, 0.005);
    }
    let lowest = map.stages.iter().min_by(|a, b| a.emotion.mean.partial_cmp(&b.emotion.mean).expect("numbers"));
    assert_eq!(lowest.map(|stage| stage.id.as_str()), Some("departure"));
    assert_eq!(map.pains()[0].id, "checked_out");
    spec.scope.customers = Some("first(booked).time < 2025-03-03".into());
    near(departure(&spec), 2.85, 0.005);
    spec.scope.customers = Some("first(booked).time >= 2025-03-03".into());
    near(departure(&spec), 3.86, 0.01);
}

#[test]
fn an_export_without_scores_and_channels_has_gaps_and_says_how_to_give_stages() {
    let options =
        LoadOptions { sources: vec![sample("shop.csv").to_string_lossy().into_owned()], ..LoadOptions::default() };
    let engine = Local::new(ingest::open(&options, &Ctl::new()).expect("the small shop").store);
    let err = engine.answer(&Spec::Map(MapSpec::default()), &Ctl::new()).expect_err("no stages").to_string();
    assert!(err.contains("--stage") && err.contains("trailmap init"), "{err}");
    let mut spec = MapSpec::default();
    spec.stages.stage = ["look=catalog|product1|product2", "buy=cart|payment_choice", "done=payment_done"]
        .map(|s| s.parse().expect(s))
        .to_vec();
    let map = ask(&engine, &Spec::Map(spec));
    assert!(map.channels.is_empty() && map.scores.is_empty());
    assert!(map.stages.iter().all(|stage| stage.emotion.mean.is_none() && stage.customers > 0));
    assert_eq!(map.stages[2].customers, 653);
}
