//! The map pane over small journeys: whatever the names and however many, columns stay where they are, and gaps are gaps.

use ratatui::buffer::Buffer;

use super::*;
use crate::analysis::map::plan::{Label, PlannedStage, PlannedTouchpoint, Score, ScoreKind};
use crate::analysis::run;
use crate::base::visible::width;
use crate::base::{Ctl, Span, Zone};
use crate::journey::fixture::view;
use crate::tui::made_up::text;
use crate::tui::theme::{Environment, Scheme, Theme};

static UTC: std::sync::LazyLock<Zone> = std::sync::LazyLock::new(Zone::utc);

/// A pane with its answer.
struct Shown {
    pane: MapPane,
    answer: Answer,
    spec: Spec,
}

fn facts<'a>(answer: &'a Answer, spec: &'a Spec) -> Facts<'a> {
    Facts {
        answer: Some(answer),
        answered: Some(spec),
        table: None,
        voices: None,
        order: None,
        report: None,
        page: 10,
        is_zoomed: false,
        zone: &UTC,
    }
}

impl Shown {
    fn of(journeys: &str, stages: &[&str], plan: Plan) -> Self {
        let mut pane = MapPane::new(Scope::default());
        pane.spec.stages.stage = stages.iter().map(|stage| stage.parse().expect("a stage")).collect();
        pane.spec.resamples = 0;
        pane.set_plan(&plan);
        let asked = Spec::Map(MapSpec { plan, ..pane.spec.clone() });
        let answer = run(&view(journeys), &asked, &Ctl::new()).expect("a map");
        let spec = Spec::Map(pane.spec.clone());
        pane.arrived(&facts(&answer, &spec));
        Shown { pane, answer, spec }
    }

    fn draw(&self, wide: u16, tall: u16, is_ascii: bool) -> String {
        let environment = Environment { term: "xterm".into(), ..Environment::default() };
        let theme = Theme::new(Scheme::Mono, is_ascii, &environment);
        let mut buffer = Buffer::empty(Rect::new(0, 0, wide, tall));
        let area = buffer.area;
        let mut pen = Pen::new(&mut buffer, theme);
        self.pane.view(&facts(&self.answer, &self.spec), area, &mut pen);
        drop(pen.finish());
        text(&buffer)
    }

    fn press(&mut self, action: MapAction) {
        let facts = facts(&self.answer, &self.spec);
        self.pane.update(Action::Map(action), &facts);
    }
}

const SIZES: [(u16, u16); 6] = [(0, 0), (20, 5), (58, 12), (80, 20), (110, 36), (300, 80)];

fn all_views(mut shown: Shown, check: impl Fn(View, &str, u16)) {
    for view in VIEWS {
        shown.pane.view = view;
        for _ in 0..2 {
            for (wide, tall) in SIZES {
                let screen = shown.draw(wide, tall, false);
                for line in screen.lines() {
                    assert!(width(line) <= usize::from(wide), "{view:?} {wide}:\n{screen}");
                }
                check(view, &screen, wide);
            }
            shown.press(MapAction::Right);
            shown.pane.step(RowAction::End, &facts(&shown.answer, &shown.spec));
            if view == View::Experience {
                shown.press(MapAction::Transpose);
            }
        }
    }
}

#[test]
fn labels_in_any_script_stay_in_their_columns() {
    let label = |text: &str| Label(std::collections::BTreeMap::from([("zh".to_owned(), text.to_owned())]));
    let stage = |id: &str, text: &str| PlannedStage {
        id: id.into(),
        label: label(text),
        owner: Some("结账与支付体验改进团队".into()),
        ..PlannedStage::default()
    };
    let touchpoint = |id: &str, stage: &str, text: &str| PlannedTouchpoint {
        id: id.into(),
        label: label(text),
        stage: Some(stage.into()),
        ..PlannedTouchpoint::default()
    };
    let plan = Plan {
        language: "zh".into(),
        stages: vec![stage("look", "意识到我们并且开始比较的阶段"), stage("buy", "购买")],
        touchpoints: vec![touchpoint("view", "look", "浏览商品详情页面"), touchpoint("pay", "buy", "付款")],
        ..Plan::default()
    };
    let shown = Shown::of("x: view0{channel=网站} pay60{channel=手机应用程序}\ny: view0{channel=网站}", &[], plan);
    all_views(shown, |view, screen, wide| {
        if wide >= 80 && view != View::Pains {
            assert!(screen.contains("意识到") && screen.contains("购买"), "{view:?}:\n{screen}");
        }
    });
}

#[test]
fn what_nobody_knows_is_a_gap_and_never_a_zero() {
    let mut shown = Shown::of("x: a0 b9\ny: a0", &["one=a", "two=b"], Plan::default());
    let Answer::Map(map) = &shown.answer else { panic!("a map") };
    assert!(map.channels.is_empty() && map.scores.is_empty());
    let sheet = shown.pane.journey(map);
    for name in ["emotion", "channels 0", "owner"] {
        let row = sheet.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}"));
        assert!(row.cells.iter().all(|cell| cell.text() == mood::GAP), "{name}");
    }
    let screen = shown.draw(80, 20, false);
    assert!(screen.contains("no score") && !screen.contains("NaN"), "{screen}");
    shown.pane.view = View::Experience;
    shown.pane.grouping = Rows::Channels;
    assert!(shown.draw(80, 20, false).contains("No column plays the channel"));
}

#[test]
fn a_map_of_stages_that_nobody_reached_and_one_event_each_is_drawn() {
    let stage = |id: &str| PlannedStage { id: id.into(), ..PlannedStage::default() };
    let plan = Plan { stages: vec![stage("one"), stage("two")], ..Plan::default() };
    all_views(Shown::of("x: a0\ny: b0", &[], plan), |_, screen, _| assert!(!screen.contains("NaN"), "{screen}"));
    let many: String = (0..500).map(|i| format!("c{i}: a{i}\n")).collect();
    all_views(Shown::of(&many, &["one=a"], Plan::default()), |_, screen, _| {
        assert!(!screen.contains("NaN"), "{screen}");
    });
}

#[test]
fn forty_touchpoints_and_a_dozen_stages_scroll() {
    let mut journeys = String::new();
    for customer in 0..40 {
        journeys.push_str(&format!("c{customer}:"));
        for event in 0..40 {
            journeys.push_str(&format!(" t{event}_{}", customer * 1000 + event));
        }
        journeys.push('\n');
    }
    let stages: Vec<String> =
        (0..12).map(|at| format!("stage{at}=t{}_|t{}_|t{}_|t{}_", at * 3, at * 3 + 1, at * 3 + 2, 39)).collect();
    let stages: Vec<&str> = stages.iter().map(String::as_str).collect();
    let mut shown = Shown::of(&journeys, &stages, Plan::default());
    for _ in 0..11 {
        shown.press(MapAction::Right);
    }
    for view in VIEWS {
        shown.pane.view = view;
        let Answer::Map(map) = &shown.answer else { panic!("a map") };
        let n = shown.pane.sheet(map).rows.len();
        if n == 0 {
            continue;
        }
        shown.pane.go(n, 99, map);
        let screen = shown.draw(80, 20, false);
        assert!(screen.contains('▸'), "the cursor is seen in {view:?}:\n{screen}");
    }
    shown.pane.view = View::Experience;
    assert!(shown.draw(80, 20, false).contains("stage11"));
    shown.pane.view = View::Journey;
    assert!(shown.draw(80, 24, false).contains("stage11"));
}

#[test]
fn hostile_text_is_shown_and_steers_nothing() {
    let plan = Plan {
        stages: vec![PlannedStage {
            id: "one".into(),
            label: Label::plain("\u{1b}[31mred\u{202e}"),
            owner: Some("a\nb\tc".into()),
            ..PlannedStage::default()
        }],
        touchpoints: vec![PlannedTouchpoint {
            id: "a".into(),
            label: Label::plain("\u{7}bell\u{200b}"),
            stage: Some("one".into()),
            ..PlannedTouchpoint::default()
        }],
        scores: vec![Score {
            id: "s\u{1b}".into(),
            kind: ScoreKind::Rating,
            when: None,
            value: "score".into(),
            scale: (1.0, 5.0),
            is_high_good: true,
            window: Span::days(7),
            comment: None,
        }],
        ..Plan::default()
    };
    let shown = Shown::of("x: a0 s5{score=1,channel=\u{1b}]0;x\u{7}}", &[], plan);
    all_views(shown, |_, screen, _| {
        assert!(!screen.contains(['\u{1b}', '\u{7}', '\u{202e}', '\t']), "{screen}");
    });
}

#[test]
fn few_are_dashed_and_open_all_the_same() {
    let mut shown = Shown::of("x: a0 b5\ny: a0", &["one=a", "two=b"], Plan::default());
    shown.pane.view = View::Experience;
    let screen = shown.draw(80, 20, true);
    assert!(screen.contains("- n<30 -") && screen.is_ascii(), "{screen}");
    let facts = facts(&shown.answer, &shown.spec);
    let behind = shown.pane.behind(false, &facts).expect("customers");
    assert_eq!((behind.cell.as_str(), behind.n), ("one/a:customers", 2));
}
