//! The journey map by example.

use super::plan::{
    Direction, Kpi, Label, PlannedChannel, PlannedFunnel, PlannedStage, PlannedTouchpoint, Score, ScoreKind,
};
use super::*;
use crate::analysis::FunnelSpec;
use crate::analysis::stages::StagesSpec;
use crate::base::Span;
use crate::journey::fixture::view;
use crate::table::Cell;

const HOUR: i64 = 3_600;

fn spec(stages: &[&str]) -> MapSpec {
    let stage = stages.iter().map(|text| text.parse().expect("a stage")).collect();
    MapSpec { stages: StagesSpec { stage, terminal: Vec::new() }, ..MapSpec::default() }
}

#[track_caller]
fn ask(view: &View, spec: &MapSpec) -> Map {
    map(view, spec, &Ctl::new()).expect("a sound question")
}

#[track_caller]
fn names(view: &View, spec: &MapSpec, cell: &str) -> String {
    let ids = who(view, spec, cell, &Ctl::new()).unwrap_or_else(|err| panic!("{cell}: {err}"));
    ids.iter().map(|id| view.store().customer_name(*id)).collect::<Vec<_>>().join(" ")
}

fn csat(id: &str) -> Score {
    Score {
        id: id.into(),
        kind: ScoreKind::Csat,
        when: None,
        value: "score".into(),
        scale: (1.0, 5.0),
        is_high_good: true,
        window: Span::days(7),
        comment: Some("comment".into()),
    }
}

fn planned(id: &str, kpis: &[(&str, &str, Option<f64>)]) -> PlannedStage {
    let kpi = |(id, expr, target): &(&str, &str, Option<f64>)| Kpi {
        id: (*id).into(),
        expr: (*expr).into(),
        target: *target,
        ..Kpi::default()
    };
    PlannedStage { id: id.into(), kpis: kpis.iter().map(kpi).collect(), ..PlannedStage::default() }
}

#[test]
fn a_customer_moves_on_with_the_first_event_of_a_later_stage_after_the_entry() {
    // y is in `buy` before `look`: what came before does not count, what comes after does.
    let view = view("x: a0 a10 b20 c30\ny: b0 a5 a6\nz: b0 a5 c50\nv: a0 b0\nw: d0 d100");
    let spec = spec(&["look=a", "buy=b", "use=c"]);
    let answer = ask(&view, &spec);
    let rows: Vec<_> = answer.stages.iter().map(|s| (s.customers, s.moved_on, s.waiting(), s.events)).collect();
    assert_eq!(rows, [(4, Some(3), Some(1), 6), (4, Some(2), Some(2), 4), (2, None, None, 2)]);
    assert_eq!(answer.stages[0].completed_median_s, Some(20.0));
    assert_eq!(names(&view, &spec, "look:moved_on"), "v x z");
    assert_eq!(names(&view, &spec, "look:waiting"), "y");
    assert_eq!(names(&view, &spec, "buy"), "v x y z");
    assert_eq!(answer.coverage.mapped_customers, 4);
    assert_eq!((answer.coverage.mapped_events, answer.coverage.events), (12, 14));
    assert_eq!(answer.coverage.unmapped, [("d".to_owned(), 2)]);
    assert!(answer.notes.iter().any(|note| note.starts_with("unmapped: 2 of 14 events")), "{:?}", answer.notes);
}

#[test]
fn a_period_keeps_those_whose_first_entry_lies_in_it_with_all_they_did() {
    let view = view("x: a0 b100\ny: a50 a200 b300\nz: a49 a60");
    let mut spec = spec(&["one=a", "two=b"]);
    spec.scope.since = Some("1970-01-01T00:00:50".parse().expect("a time"));
    spec.scope.until = Some("1970-01-01T00:01:40".parse().expect("a time"));
    let answer = ask(&view, &spec);
    assert_eq!((answer.stages[0].customers, answer.stages[0].events), (1, 2));
    assert_eq!(answer.stages[0].completed_median_s, Some(250.0));
    assert_eq!(answer.stages[1].customers, 0);
    assert_eq!(names(&view, &spec, "one/a"), "y");
    assert!(answer.notes.iter().any(|note| note.contains("first entry")), "{:?}", answer.notes);
}

#[test]
fn nobody_waits_or_is_lost_where_a_journey_may_end() {
    let view = view("x: a0 b10\ny: a0\nz: a0 b5");
    let mut spec = spec(&["one=a", "two=b"]);
    spec.stages.terminal = vec!["one".into()];
    let stage = ask(&view, &spec).stages[0].clone();
    assert_eq!((stage.moved_on, stage.waiting(), stage.km_median_s), (Some(2), None, None));
    assert_eq!(stage.completed_median_s, Some(7.5));
}

#[test]
fn an_answer_belongs_to_the_nearest_touchpoint_before_it_that_is_none_itself() {
    let text = "x: a0{score=} s5{score=5} s6{score=2} b10 u11 s12{score=4}\ny: a0 s700000{score=1}\nz: s0{score=3} a1";
    let view = view(text);
    // `s` belongs to a stage, and is still no touchpoint of its own answers; `u` belongs to none and is passed over.
    let mut spec = spec(&["one=a|s", "two=b"]);
    spec.plan.scores = vec![Score { comment: None, ..csat("csat") }];
    let answer = ask(&view, &spec);
    let last: Vec<_> = answer.stages.iter().map(|stage| (stage.emotion.mean, stage.emotion.n)).collect();
    assert_eq!(last, [(Some(-1.0), 1), (Some(1.0), 1)]);
    let whole = answer.scores.last().expect("the whole");
    assert_eq!((whole.n, whole.unattributed), (3, Some(2)));
    assert_eq!(names(&view, &spec, "score:csat@one:negative"), "x");
    assert_eq!(names(&view, &spec, "score:csat:negative"), "y");
    assert_eq!(names(&view, &spec, "two:scored"), "x");
    let at_event = MapSpec { score_at: ScoreAt::Event, ..spec };
    assert_eq!(ask(&view, &at_event).stages[0].emotion.n, 3);
}

#[test]
fn a_score_column_is_a_rating_on_the_scale_that_is_seen() {
    let view = view("x: a0 s1{score=2}\ny: a0 s1{score=9.5}");
    let base = spec(&["one=a"]);
    let answer = ask(&view, &base);
    assert!(answer.notes.iter().any(|note| note.contains("2 to 10")), "{:?}", answer.notes);
    assert_eq!(answer.scores[0].value, Some(5.75));
    let nps = MapSpec { score_kind: Some(ScoreKind::Nps), ..base.clone() };
    let figure = ask(&view, &nps).scores[0].clone();
    assert_eq!((figure.value, figure.positive, figure.negative, figure.response_rate), (Some(0.0), 1, 1, Some(1.0)));
    let five = MapSpec { score_scale: Some("1..5".parse().expect("a scale")), ..base };
    let answer = ask(&view, &five);
    assert_eq!(answer.scores[0].n, 1);
    assert!(answer.notes.iter().any(|note| note.contains("1 answer beyond 1 to 5")), "{:?}", answer.notes);
}

#[test]
fn a_low_score_that_is_good_feels_good() {
    let view = view("x: a0 s1{score=1}\ny: a0 s1{score=4}");
    let mut spec = spec(&["one=a"]);
    spec.plan.scores = vec![Score { is_high_good: false, comment: None, ..csat("effort") }];
    let answer = ask(&view, &spec);
    assert_eq!(answer.stages[0].emotion.mean, Some(0.5));
    assert_eq!((answer.scores[0].positive, answer.scores[0].negative), (1, 1));
}

/// Ten who paid at once and ten who failed to pay, of whom two paid after all; long ago.
fn payments() -> String {
    let mut text = String::new();
    for n in 0..10 {
        text.push_str(&format!("good{n}: cart0{{channel=web}} pay10 use3600{{value=50}}\n"));
        let after = if n < 2 { " use7200{value=10}" } else { "" };
        text.push_str(&format!("bad{n}: cart0{{channel=app}} fail5 fail6{after}\n"));
    }
    text.push_str("late: cart90000000{channel=app}");
    text
}

#[test]
fn pain_is_made_of_what_can_be_seen() {
    let view = view(&payments());
    let mut spec = spec(&["buy=cart|pay|fail", "use=use"]);
    spec.goal = Some("use".parse().expect("a step"));
    let answer = ask(&view, &spec);
    let row = |id: &str| answer.touchpoints.iter().find(|row| row.id == id).expect("a touchpoint").clone();
    let fail = row("fail");
    assert_eq!((fail.customers, fail.events, fail.pain.mature, fail.pain.lost, fail.pain.again), (10, 20, 10, 8, 10));
    // 8 of 10 were lost against 8 of 20 in the stage; met once again; both who moved on were slower than the median.
    let severity = 1.0 - 0.6 * (1.0 - 0.3) * (1.0 - 0.1);
    assert!((fail.pain.severity.expect("known") - severity).abs() < 1e-9, "{fail:?}");
    assert_eq!(fail.pain.negative, None);
    assert_eq!(answer.pains()[0].id, "fail");
    assert_eq!(names(&view, &spec, "buy/fail:slow"), "bad0 bad1");
    assert_eq!(names(&view, &spec, "buy/cart:mature").split(' ').count(), 20);
    assert_eq!(row("cart").top_channel, Some(("app".to_owned(), 11)));
    assert_eq!(row("pay").pain.loss, Some(0.0));
    let (lo, hi) = fail.pain.rank_interval.expect("resampled");
    assert!(lo >= 1 && hi <= 4 && lo <= hi);
    assert_eq!(row("fail").opportunity.best, None);
    let seeded = MapSpec { seed: 7, resamples: 0, ..spec };
    assert_eq!(ask(&view, &seeded).pains()[0].pain.rank_interval, None);
}

#[test]
fn an_opportunity_is_what_the_best_channel_or_the_target_would_bring() {
    let mut text = String::new();
    for n in 0..120 {
        let passes = |every: usize| if n % every == 0 { " use3600{value=10}" } else { "" };
        text.push_str(&format!("web{n}: cart0{{channel=web}}{}\n", passes(2)));
        text.push_str(&format!("app{n}: cart0{{channel=app}}{}\n", passes(4)));
        text.push_str(&format!("few{n}: cart0{{channel=few{n}}} use3600{{value=10}}\n"));
    }
    let view = view(&text);
    let mut base = spec(&["buy=cart", "use=use"]);
    base.goal = Some("use".parse().expect("a step"));
    let found = ask(&view, &base).touchpoints[0].opportunity.clone();
    let rate = (60.0 + 30.0 + 120.0) / 360.0;
    assert_eq!((found.rate, found.best, found.best_of.as_deref()), (Some(rate), Some(0.5), Some("web")));
    assert_eq!(found.extra, Some(0.0));
    base.plan.stages = vec![planned("buy", &[("to_use", "rate(buy -> use)", Some(0.75))])];
    let answer = ask(&view, &base);
    let found = answer.touchpoints[0].opportunity.clone();
    assert_eq!((found.best, found.best_of.as_deref()), (Some(0.75), Some("to_use")));
    let extra = 360.0 * (0.75 - rate);
    assert!((found.extra.expect("known") - extra).abs() < 1e-9);
    assert_eq!(found.goals, found.extra);
    assert!((found.money.expect("known") - 10.0 * extra).abs() < 1e-9);
}

fn with_kpis(kpis: &[(&str, &str, Option<f64>)]) -> (View, MapSpec) {
    let text = "x: a0{amount=5} b10 b20 s30{score=5} c40\ny: a0 b10 s15{score=2}\nz: a0{amount=2.5}\nv: b0 a10 b700000";
    let mut spec = spec(&["look=a", "buy=b", "use=c"]);
    spec.plan.stages = vec![planned("buy", kpis)];
    spec.plan.scores = vec![Score { comment: None, ..csat("csat") }];
    let funnel = FunnelSpec {
        steps: ["a", "b", "c"].map(|step| step.parse().expect("a step")).to_vec(),
        mature: true,
        ..FunnelSpec::default()
    };
    spec.plan.funnels = vec![PlannedFunnel { id: "f".into(), spec: funnel }];
    (view(text), spec)
}

#[track_caller]
fn check_kpi(expr: &str, value: Option<f64>, part: Option<(u64, u64)>, customers: &str) {
    let (view, spec) = with_kpis(&[("k", expr, None)]);
    let answer = ask(&view, &spec);
    let kpi = &answer.kpis[0];
    assert_eq!(kpi.value, value, "{expr}: {:?}", answer.notes);
    if let Some((part, n)) = part {
        assert_eq!((kpi.part, kpi.n), (Some(part), Some(n)), "{expr}");
        assert_eq!(names(&view, &spec, &kpi.cell("part")), customers, "{expr}");
        assert_eq!(names(&view, &spec, &kpi.cell("whole")).split(' ').count() as u64, n, "{expr}");
        assert_eq!(kpi.unit, KpiUnit::Share);
        assert!(kpi.interval.is_some());
    }
}

#[test]
fn formulas_come_to_what_they_say() {
    check_kpi("rate(look -> buy)", Some(0.75), Some((3, 4)), "v x y");
    check_kpi("1 - rate(look -> buy)", Some(0.25), Some((1, 4)), "z");
    // v has not had seven days between a and c, and y, z and x have not either: only those who are through are known.
    check_kpi("funnel(f).rate", Some(0.25), Some((1, 4)), "x");
    check_kpi("funnel(f).step(2)", Some(0.5), Some((2, 4)), "x y");
    check_kpi("score(csat).top2", Some(0.5), Some((1, 2)), "x");
    check_kpi("score(csat, look).n", Some(0.0), None, "");
    check_kpi("score(csat, *).mean", Some(3.5), None, "");
    check_kpi("share(did(b, min=2) | did(b))", Some(2.0 / 3.0), Some((2, 3)), "v x");
    check_kpi("share(did(c))", Some(0.25), Some((1, 4)), "x");
    check_kpi("share(did(c) | did(a) and not did(*))", None, None, "");
    check_kpi("count(events) / count(customers)", Some(3.0), None, "");
    check_kpi("count(buy) * 2 - 1", Some(5.0), None, "");
    check_kpi("median(look).completed", Some(10.0), None, "");
    check_kpi("median(buy).completed / 10", Some(3.0), None, "");
    check_kpi("sum(amount) / count(customers)", Some(1.875), None, "");
    check_kpi("-(1 + 2) * 3 / 2", Some(-4.5), None, "");
    check_kpi("1 / 0", None, None, "");
}

#[test]
fn a_formula_that_means_nothing_is_a_gap_that_says_so_and_one_that_cannot_be_read_an_error() {
    for (expr, words) in [
        ("1 - funnel(g).rate", "column 12: no funnel is named `g`"),
        ("rate(look -> buyy)", "column 14: no stage is named `buyy`; did you mean `buy`?"),
        ("score(csta).n", "column 7: no score is named `csta`; did you mean `csat`?"),
        ("score(csat).nps", "column 7: the score `csat` is a csat"),
        ("share(did(b) | did(bb))", "column 20: no event is named `bb`; did you mean `b`?"),
        ("sum(amuont)", "column 5: no column is named `amuont`; did you mean `amount`?"),
        ("funnel(f).step(4)", "column 16: the funnel `f` has 3 mandatory steps"),
    ] {
        let (view, spec) = with_kpis(&[("k", expr, Some(0.5))]);
        let answer = ask(&view, &spec);
        assert_eq!((answer.kpis[0].value, answer.kpis[0].status), (None, None), "{expr}");
        let note = answer.notes.iter().find(|note| note.starts_with("kpi `k` of the stage `buy` is a gap"));
        assert!(note.is_some_and(|note| note.contains(words)), "{expr}: {:?}", answer.notes);
        assert_eq!(answer.tables()[0].cell(1, "k"), Some(Cell::Empty));
    }
    let (view, spec) = with_kpis(&[("k", "rate(look)", None)]);
    let err = map(&view, &spec, &Ctl::new()).expect_err("no formula").to_string();
    assert_eq!(err, "kpi `k` of the stage `buy`: column 6: an arrow is missing; write rate(consider -> purchase)");
}

#[test]
fn a_figure_is_held_against_its_target_and_its_baseline() {
    let (view, mut spec) = with_kpis(&[
        ("green", "rate(look -> buy)", Some(0.7)),
        ("amber", "rate(look -> buy)", Some(0.8)),
        ("red", "rate(look -> buy)", Some(0.99)),
        ("near", "count(buy)", Some(3.2)),
        ("far", "count(buy)", Some(4.0)),
    ]);
    spec.plan.stages[0].kpis.push(Kpi {
        id: "down".into(),
        expr: "1 - rate(look -> buy)".into(),
        good: Direction::Down,
        target: Some(0.3),
        baseline: Some((
            "1970-01-01T00:00:05".parse().expect("a time"),
            "1970-01-01T00:00:11".parse().expect("a time"),
        )),
        ..Kpi::default()
    });
    let answer = ask(&view, &spec);
    let status: Vec<_> = answer.kpis.iter().map(|kpi| kpi.status.map(Status::name)).collect();
    assert_eq!(status, ["green", "amber", "red", "amber", "red", "green"].map(Some));
    // Only v enters `look` in that period, and moves on.
    assert_eq!(answer.kpis[5].baseline, Some(0.0));
}

#[test]
fn labels_speak_the_plans_language_and_planned_touchpoints_are_shown_even_where_none_is() {
    let view = view(
        "x: order0{channel=web} survey5{score=5,comment=tidy} paid9\ny: order0 survey8{score=1,comment=Slow}\nz: odd0",
    );
    let label = |zh: &str, en: &str| Label([("zh".to_owned(), zh.to_owned()), ("en".to_owned(), en.to_owned())].into());
    let touchpoint = |id: &str, stage: &str, valence| PlannedTouchpoint {
        id: id.into(),
        label: label("点", id),
        stage: Some(stage.into()),
        valence,
        is_goal: id == "paid",
        ..PlannedTouchpoint::default()
    };
    let spec = MapSpec {
        plan: Plan {
            language: "zh".into(),
            stages: vec![
                PlannedStage { label: label("购买", "Buy"), expected_emotion: Some(1.0), ..planned("buy", &[]) },
                planned("use", &[]),
            ],
            touchpoints: vec![
                touchpoint("gone", "buy", 0),
                touchpoint("order", "buy", -1),
                touchpoint("paid", "use", 1),
            ],
            channels: vec![PlannedChannel {
                id: "web".into(),
                label: label("网站", "Web"),
                ownership: Some("brand".into()),
                cost_per_contact: Some(0.5),
                ..PlannedChannel::default()
            }],
            scores: vec![csat("csat")],
            ..Plan::default()
        },
        ..MapSpec::default()
    };
    let answer = ask(&view, &spec);
    assert_eq!(answer.stages[0].label.as_deref(), Some("购买"));
    let ids: Vec<_> = answer.touchpoints.iter().map(|row| (row.id.as_str(), row.customers)).collect();
    assert_eq!(ids, [("gone", 0), ("order", 2), ("paid", 1)]);
    assert_eq!(answer.touchpoints[0].emotion.mean, None);
    let web = answer.channels.iter().find(|row| row.id == "web").expect("a channel");
    assert_eq!((web.label.as_deref(), web.ownership.as_deref(), web.cost), (Some("网站"), Some("brand"), Some(0.5)));
    // Both said something: one good, one bad; of the goal's customer only the plan says that it is good.
    let order = &answer.touchpoints[1].pain;
    assert_eq!((order.n_signals, order.n_negative), (2, 1));
    assert_eq!(answer.touchpoints[2].pain.n_signals, 1);
    let grid = answer.grid(Rows::Channels);
    assert_eq!(grid.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["web", "(none)"]);
    assert!(grid[0].cells[1].is_none());
    assert_eq!(answer.grid(Rows::Touchpoints).len(), 2);
    let said = |cell: &str, filter: &str| {
        let table = verbatims(&view, &spec, cell, filter, &Ctl::new()).expect("comments");
        let text = |at: usize| match table.cell(at, "comment") {
            Some(Cell::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        (0..table.len()).map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said("", ""), "Slow tidy");
    assert_eq!(said("buy", "slow"), "Slow");
    assert_eq!(said("buy/order", ""), "Slow tidy");
    assert_eq!(said("buy@web", ""), "tidy");
    assert_eq!(said("score:csat:positive", ""), "tidy");
    assert_eq!(said("use", ""), "");
}

#[test]
fn what_is_not_there_is_a_gap_and_never_zero() {
    let mut text = String::new();
    for n in 0..10_000 {
        text.push_str(&format!("c{n}: a{}\n", n * HOUR / 100));
    }
    let view = view(&text);
    let spec = MapSpec { goal: Some("a".parse().expect("a step")), ..spec(&["one=a", "two=a[event == \"b\"]"]) };
    let answer = ask(&view, &spec);
    let tables = answer.tables();
    let cell = |table: usize, column: &str| tables[table].cell(0, column).expect(column);
    for column in ["completed_median_s", "km_median_s", "emotion", "emotion_n", "owner", "label", "expected_emotion"] {
        assert_eq!(cell(0, column), Cell::Empty, "{column}");
    }
    assert_eq!((cell(0, "customers"), cell(0, "moved_on")), (Cell::Count(10_000), Cell::Count(0)));
    for column in [
        "channel",
        "emotion",
        "emotion_n",
        "rank",
        "loss",
        "lost",
        "mature",
        "negative",
        "dwell",
        "best",
        "extra",
        "goals",
        "money",
    ] {
        assert_eq!(cell(1, column), Cell::Empty, "{column}");
    }
    assert!(tables[2].is_empty() && tables[3].is_empty() && tables[4].is_empty());
    assert_eq!(tables[5].cell(2, "part"), Some(Cell::Empty));
    let nobody = tables[0].row(1);
    assert_eq!(nobody[2], Cell::Empty);
    let notes = answer.notes.join("\n");
    for words in ["no channel", "no score", "no goal has a value", "nobody was in two"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}

#[test]
fn what_makes_no_sense_is_said() {
    let view = view("x: a0 b1");
    let err = |spec: &MapSpec| map(&view, spec, &Ctl::new()).expect_err("an error").to_string();
    assert!(err(&MapSpec::default()).contains("needs stages"));
    assert!(err(&spec(&["one=aa"])).contains("did you mean `a`?"));
    let mut plan =
        MapSpec { plan: Plan { stages: vec![planned("buy", &[])], ..Plan::default() }, ..MapSpec::default() };
    plan.plan.touchpoints =
        vec![PlannedTouchpoint { id: "a".into(), stage: Some("bay".into()), ..PlannedTouchpoint::default() }];
    assert_eq!(err(&plan), "touchpoint `a`: no stage is named `bay`; did you mean `buy`?");
    let unknown = who(&view, &spec(&["one=a"]), "one:lost", &Ctl::new()).expect_err("an error").to_string();
    assert!(unknown.contains("`one:lost` is not a cell") && unknown.contains("one:moved_on"), "{unknown}");
    let ctl = Ctl::new();
    ctl.cancel();
    assert!(matches!(map(&view, &spec(&["one=a"]), &ctl), Err(Error::Cancelled(_))));
}
