//! A small store of stages with scores and comments, and what is planned for it: the real analysis draws its map.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::START;
use super::waits::chance;
use crate::analysis::map::plan::{
    Direction, Kpi, Label, Persona, PlannedChannel, PlannedStage, PlannedTouchpoint, Score, ScoreKind,
};
use crate::analysis::map::{MapSpec, Plan, verbatims};
use crate::analysis::{self, Answer, Customers, CustomersSpec, Error, Spec};
use crate::base::{Ctl, Span};
use crate::journey::{Batch, BatchValues, BuildOptions, JourneyStore, StoreBuilder};
use crate::table::Table;

const N_CUSTOMERS: usize = 600;

const COLUMNS: [&str; 5] = ["channel", "device", "score", "comment", "amount"];

fn store() -> Arc<JourneyStore> {
    static STORE: OnceLock<Arc<JourneyStore>> = OnceLock::new();
    Arc::clone(STORE.get_or_init(|| {
        let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; COLUMNS.len()], ..Batch::default() };
        (0..N_CUSTOMERS).for_each(|customer| travel(customer, &mut batch));
        let mut builder = StoreBuilder::new(&COLUMNS.map(str::to_owned));
        builder.add(batch, &[0, 1, 2, 3, 4]).expect("few events");
        let mut options = BuildOptions::default();
        (options.roles.channel, options.roles.value) = (Some(0), Some(4));
        Arc::new(builder.finish(options, &Ctl::new()).expect("not cancelled"))
    }))
}

/// One customer's way: from an advert to a second order, as far as it goes.
fn travel(customer: usize, batch: &mut Batch) {
    // Those of the big store, so that their timelines are there.
    let name = super::customer_name(customer as u64 * 100);
    let device = ["mobile", "desktop"][usize::from(chance(customer, 1) < 0.4)];
    let mut at = START + customer as i64 * 3 * 3_600_000_000;
    let mut did = |event: &str, channel: &str, hours: f64, [score, comment, amount]: [&str; 3]| {
        at += (hours * 3.6e9) as i64;
        batch.customers.push(&name);
        batch.touchpoints.push(event);
        batch.times.push(at);
        for (column, value) in [channel, device, score, comment, amount].into_iter().enumerate() {
            batch.columns[column].push_field(value);
        }
    };
    const PLAIN: [&str; 3] = ["", "", ""];
    let is_hit = |what: usize, percent: u64| chance(customer, what) * 100.0 < percent as f64;
    let hours = |what: usize, middle: f64| middle * 6f64.powf(chance(customer, what) * 2.0 - 1.0);
    did("ad", if is_hit(2, 70) { "search_ads" } else { "review_site" }, 0.0, PLAIN);
    did("visit", "web", hours(3, 5.0), PLAIN);
    if !is_hit(4, 74) {
        return;
    }
    let screen = if device == "mobile" { "app" } else { "web" };
    did("product", screen, hours(5, 20.0), PLAIN);
    if is_hit(6, 30) {
        did("chat", screen, hours(7, 1.0), PLAIN);
    }
    if !is_hit(8, 61) {
        return;
    }
    did("cart", screen, hours(9, 40.0), PLAIN);
    if is_hit(10, 35) {
        did("pay_fail", screen, hours(11, 1.0), PLAIN);
        if is_hit(12, 60) {
            did("survey", "app", 1.0, ["1", "card refused three times", ""]);
        }
        if is_hit(13, 55) {
            return;
        }
        did("pay_fail", screen, hours(14, 1.0), PLAIN);
    }
    if !is_hit(15, 70) {
        return;
    }
    did("order", screen, hours(16, 2.0), ["", "", "62.40"]);
    did("delivery", "courier", hours(17, 60.0), PLAIN);
    if is_hit(18, 45) {
        let answer = [["5", "fast, thanks", ""], ["4", "", ""], ["2", "花 was crushed", ""]][customer % 3];
        did("survey", "app", hours(19, 5.0), answer);
    }
    if is_hit(20, 12) {
        did("repeat_order", screen, hours(21, 300.0), ["", "", "40"]);
    }
}

fn label(en: &str, zh: &str) -> Label {
    Label(BTreeMap::from([("en".to_owned(), en.to_owned()), ("zh".to_owned(), zh.to_owned())]))
}

/// What the shop plans, in English.
pub fn plan() -> Plan {
    let stage = |id: &str, name: Label, owner: &str, expected: Option<f64>, kpis: Vec<Kpi>| PlannedStage {
        id: id.into(),
        label: name,
        goal: Label::plain(&format!("get through {id}")),
        owner: Some(owner.into()),
        expected_emotion: expected,
        kpis,
        ..PlannedStage::default()
    };
    let kpi = |id: &str, expr: &str, good: Direction, target: f64| Kpi {
        id: id.into(),
        expr: expr.into(),
        good,
        target: Some(target),
        ..Kpi::default()
    };
    let touchpoint = |id: &str, stage: Option<&str>, valence: i8| PlannedTouchpoint {
        id: id.into(),
        stage: stage.map(str::to_owned),
        valence,
        is_goal: id == "order",
        ..PlannedTouchpoint::default()
    };
    let channel = |id: &str, name: Label, [ownership, media, control]: [&str; 3], cost: Option<f64>| PlannedChannel {
        id: id.into(),
        label: name,
        ownership: Some(ownership.into()),
        media: Some(media.into()),
        control: Some(control.into()),
        cost_per_contact: cost,
    };
    let persona = |id: &str, name: Label, when: &str| Persona {
        id: id.into(),
        label: name,
        when: when.into(),
        needs: Vec::new(),
    };
    let to_cart = vec![kpi("to_cart", "rate(consider -> purchase)", Direction::Up, 0.65)];
    let abandon = vec![kpi("abandon", "1 - rate(purchase -> use)", Direction::Down, 0.1)];
    let csat = vec![kpi("csat", "score(csat).top2", Direction::Up, 0.5)];
    Plan {
        language: "en".into(),
        stages: vec![
            stage("aware", label("Aware", "意识"), "marketing", None, Vec::new()),
            stage("consider", label("Consider", "考虑"), "product", None, to_cart),
            stage("purchase", label("Buy", "购买"), "checkout team", Some(1.0), abandon),
            stage("use", label("Use", "使用"), "logistics", Some(0.5), csat),
            stage("loyal", label("Loyal", "忠诚"), "crm", None, Vec::new()),
        ],
        touchpoints: vec![
            touchpoint("ad", Some("aware"), 0),
            touchpoint("visit", Some("aware"), 0),
            touchpoint("product", Some("consider"), 0),
            touchpoint("chat", Some("consider"), 0),
            touchpoint("cart", Some("purchase"), 0),
            touchpoint("pay_fail", Some("purchase"), -1),
            touchpoint("order", Some("purchase"), 1),
            touchpoint("delivery", Some("use"), 0),
            touchpoint("survey", None, 0),
            touchpoint("repeat_order", Some("loyal"), 1),
        ],
        channels: vec![
            channel("web", label("Web", "网站"), ["brand", "owned", "high"], Some(0.01)),
            channel("app", label("App", "App"), ["brand", "owned", "high"], None),
            channel("search_ads", label("Search ads", "搜索广告"), ["partner", "paid", "medium"], Some(1.2)),
            channel("review_site", label("Review site", "点评站"), ["social", "earned", "low"], None),
            channel("courier", label("Courier", "快递"), ["partner", "owned", "medium"], Some(4.5)),
        ],
        scores: vec![Score {
            id: "csat".into(),
            kind: ScoreKind::Csat,
            when: Some("event == \"survey\"".into()),
            value: "score".into(),
            scale: (1.0, 5.0),
            is_high_good: true,
            window: Span::days(7),
            comment: Some("comment".into()),
        }],
        funnels: Vec::new(),
        personas: vec![
            persona("hurried", label("Hurried, on mobile", "手机急性子"), "first.device == \"mobile\""),
            persona("calm", label("Calm, at a desk", "桌面用户"), "first.device == \"desktop\""),
        ],
    }
}

/// The question with what is planned.
pub fn filled(spec: &MapSpec) -> MapSpec {
    MapSpec { plan: if spec.plan.is_empty() { plan() } else { spec.plan.clone() }, ..spec.clone() }
}

pub fn answer(spec: &MapSpec, ctl: &Ctl) -> Result<Answer, Error> {
    // Ranks need few resamples where nobody relies on them.
    let spec = Spec::Map(MapSpec { resamples: spec.resamples.min(50), ..spec.clone() });
    analysis::run(&spec.scope().view(&store(), ctl)?, &spec, ctl)
}

/// Those behind a number of a map.
pub fn customers(of: &MapSpec, spec: &CustomersSpec, ctl: &Ctl) -> Result<Customers, Error> {
    let spec = CustomersSpec { of: Some(Box::new(Spec::Map(of.clone()))), ..spec.clone() };
    analysis::customers::customers(&of.scope.view(&store(), ctl)?, &spec, ctl)
}

pub fn voices(spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error> {
    verbatims(&spec.scope.view(&store(), ctl)?, spec, cell, text, ctl)
}
