//! Dwell by example: journeys small enough to see, and what must come out.

use crate::analysis::dwell::{Dwell, DwellSpec, Part, Per, StageDwell, dwell, who};
use crate::analysis::stages::StagesSpec;
use crate::base::{Ctl, Instant, Span};
use crate::journey::View;
use crate::journey::fixture;

fn spec(stages: &[&str]) -> DwellSpec {
    let stage = stages.iter().map(|text| text.parse().expect(text)).collect();
    DwellSpec { stages: StagesSpec { stage, ..StagesSpec::default() }, ..DwellSpec::default() }
}

fn terminal(stages: &[&str], terminal: &str) -> DwellSpec {
    let mut spec = spec(stages);
    spec.stages.terminal = vec![terminal.to_owned()];
    spec
}

fn view(text: &str, as_of: i64) -> View {
    fixture::view(text).with_as_of(Instant(as_of * 1_000_000))
}

fn ask(view: &View, spec: &DwellSpec) -> Dwell {
    dwell(view, spec, &Ctl::new()).expect("a sound question")
}

/// A stage as `name visits=completed+open median/km`, with its exits.
fn shown(stage: &StageDwell) -> String {
    let number = |n: Option<f64>| n.map_or("-".to_owned(), |n| n.to_string());
    let exits: Vec<String> =
        stage.exits.iter().map(|e| format!(" {}:{}({})", e.to, e.visits, e.direction.word())).collect();
    let (name, median) = (&stage.name, number(stage.median_s()));
    let km = number(stage.km_median_s);
    format!("{name} {}={}+{} {median}/{km}{}", stage.visits, stage.completed, stage.open, exits.concat())
}

#[track_caller]
fn check(text: &str, as_of: i64, spec: &DwellSpec, expect: &[&str]) {
    let answer = ask(&view(text, as_of), spec);
    assert_eq!(answer.total().stages.iter().map(shown).collect::<Vec<_>>(), expect);
}

/// Of eight stays, 1, 2, 2 and 5 long and four still going on after 4, 6, 7 and 9.
const WORKED: &str = "c1: s0 t1\nc2: s0 t2\nc3: s0 t2\nc4: s5\nc5: s0 t5\nc6: s3\nc7: s2\nc8: s0";

#[test]
fn the_worked_example_has_one_median_of_those_who_left_and_another_of_all() {
    let answer = ask(&view(WORKED, 9), &terminal(&["s", "t"], "t"));
    let stage = &answer.total().stages[0];
    assert_eq!((stage.visits, stage.completed, stage.open), (8, 4, 4));
    assert_eq!((stage.median_s(), stage.km_median_s), (Some(2.0), Some(5.0)));
    let curve: Vec<(f64, u64, u64)> = stage.curve.iter().map(|p| (p.time, p.at_risk, p.ended)).collect();
    assert_eq!(curve, [(1.0, 8, 1), (2.0, 7, 2), (5.0, 4, 1)]);
    assert!((stage.curve[2].survival - 0.46875).abs() < 1e-12);
    assert_eq!((stage.at_risk(0.0), stage.at_risk(2.0), stage.at_risk(3.0), stage.at_risk(9.0)), (8, 7, 4, 0));
}

#[test]
fn a_table_asked_for_alone_is_the_same_as_among_the_others() {
    let view = view(WORKED, 9);
    let whole = ask(&view, &spec(&["s", "t"])).tables();
    let parts = [Part::Stages, Part::Histogram, Part::Survival, Part::Exits];
    for (part, table) in parts.into_iter().zip(&whole) {
        assert_eq!(
            ask(&view, &DwellSpec { only: vec![part], ..spec(&["s", "t"]) }).tables(),
            std::slice::from_ref(table)
        );
    }
    let more = DwellSpec { only: vec![Part::Stages], incidence: true, rework: true, ..spec(&["s", "t"]) };
    let names: Vec<String> = ask(&view, &more).tables().into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["stages", "incidence", "rework"]);
    // A number opens whether or not its table was asked for.
    let only_stages = DwellSpec { only: vec![Part::Stages], ..spec(&["s", "t"]) };
    let behind = |spec: &DwellSpec| who(&view, spec, "s#1:completed", &Ctl::new()).expect("a cell");
    assert_eq!(behind(&only_stages), behind(&spec(&["s", "t"])));
}

#[test]
fn a_visit_lasts_until_another_stage_begins_and_events_of_no_stage_change_nothing() {
    let text = "x: a0 b1 z3 a4 c6 z7 c9 a10\ny: z1 b2 z5";
    check(text, 20, &spec(&["one=a|b", "two=c"]), &["one 3=1+2 6/- two:1(onward)", "two 1=1+0 4/4 one:1(back)"]);
    let answer = ask(&view(text, 20), &spec(&["one=a|b", "two=c"]));
    assert_eq!(answer.unmapped, [("z".to_owned(), 4)]);
    assert_eq!((answer.n_events, answer.n_without_visit), (11, 0));
    let note = "unmapped: 4 of 11 events (36.4%) belong to no stage and change nothing: z 4";
    assert!(answer.notes.contains(&note.to_owned()), "{:?}", answer.notes);
}

#[test]
fn without_stages_every_run_of_a_touchpoint_is_a_visit_and_the_most_visited_comes_first() {
    check("x: a0 a1 b4 a5\ny: b0 b3", 10, &spec(&[]), &["a 2=1+1 4/4 b:1(elsewhere)", "b 2=1+1 1/1 a:1(elsewhere)"]);
}

#[test]
fn every_event_can_be_timed_until_the_next() {
    let per_event = |stages: &[&str]| DwellSpec { per: Per::Event, ..spec(stages) };
    check(
        "x: a0 a1 b4 a5",
        10,
        &per_event(&[]),
        &["a 3=2+1 2/3 a:1(again) b:1(elsewhere)", "b 1=1+0 1/1 a:1(elsewhere)"],
    );
    check("x: a0 z1 a2", 9, &per_event(&["s=a"]), &["s 2=1+1 2/2 s:1(again)"]);
}

#[test]
fn exits_say_where_to() {
    let text = "x: a0 b1 c2 a3 c4 b5\ny: a0 c2 b3 a4\nz: b0 b2";
    check(
        text,
        10,
        &spec(&["a", "b", "c"]),
        &[
            "a 4=3+1 1/1 c:2(skipped ahead) b:1(onward)",
            "b 4=2+2 1/1 a:1(back) c:1(onward)",
            "c 3=3+0 1/1 b:2(back) a:1(back)",
        ],
    );
    let answer = ask(&view(text, 10), &spec(&["a", "b", "c"]));
    for stage in &answer.total().stages {
        let last = stage.curve.last().expect("an end");
        let ended: f64 = stage.exits.iter().map(|exit| exit.incidence).sum();
        assert!((ended + last.survival - 1.0).abs() < 1e-12, "{}", stage.name);
    }
}

#[test]
fn a_terminal_stage_and_a_long_silence_end_a_visit_with_its_last_own_event() {
    check(
        "x: a0 b2 z4 b5 z9\ny: a1",
        20,
        &terminal(&["a", "b"], "b"),
        &["a 2=1+1 2/2 b:1(onward)", "b 1=1+0 3/3 (left):1(left)"],
    );
    let silent = |span| DwellSpec { end_after: Some(Span::seconds(span)), ..spec(&["a", "b"]) };
    let text = "x: a0 b2 b5 z9\ny: a1 a4";
    let both_left = ["a 2=2+0 2.5/2 b:1(onward) (left):1(left)", "b 1=1+0 3/3 (left):1(left)"];
    check(text, 20, &silent(10), &both_left);
    check(text, 20, &silent(11), &["a 2=2+0 2.5/2 b:1(onward) (left):1(left)", "b 1=0+1 -/-"]);
    check(text, 20, &silent(16), &["a 2=1+1 2/2 b:1(onward)", "b 1=0+1 -/-"]);
}

#[test]
fn who_starts_outside_the_period_does_not_count_but_has_been_there() {
    let mut spec = spec(&["a", "b"]);
    spec.scope.since = Some("1970-01-01T00:00:02".parse().expect("a time"));
    spec.scope.until = Some("1970-01-01T00:00:06".parse().expect("a time"));
    let answer = ask(&view("x: a0 b2 a5 b6", 9), &spec);
    let stages: Vec<(u64, u64, u64)> =
        answer.total().stages.iter().map(|s| (s.visits, s.reentries, s.customers)).collect();
    assert_eq!(stages, [(1, 1, 1), (1, 0, 1)]);
}

#[test]
fn odd_questions_get_a_right_or_an_explained_answer() {
    // One stage: nobody can leave it.
    let one = ask(&view("x: a0 b1\ny: a5", 9), &spec(&["s=*"]));
    assert_eq!(one.total().stages.iter().map(shown).collect::<Vec<_>>(), ["s 2=0+2 -/-"]);
    assert!(one.notes.iter().any(|note| note.starts_with("nobody can leave the only stage")), "{:?}", one.notes);
    // A stage that nobody reached, and one that all are in without end.
    let unreached = ask(&view("x: a0\ny: a5\nz: b1{v=1}", 9), &spec(&["a", "gone=b[v == 2]"]));
    assert_eq!(unreached.total().stages.iter().map(shown).collect::<Vec<_>>(), ["a 2=0+2 -/-", "gone 0=0+0 -/-"]);
    assert!(unreached.notes.iter().any(|note| note == "nobody was in gone"), "{:?}", unreached.notes);
    assert!(unreached.notes.iter().any(|note| note.ends_with("as far as is known: a")), "{:?}", unreached.notes);
    // Visits of no length.
    check("x: a0 b0 a0\ny: a5 b5", 5, &spec(&["a", "b"]), &["a 3=2+1 0/0 b:2(onward)", "b 2=1+1 0/0 a:1(back)"]);
    // Nobody at all.
    let nobody = view("x: a0", 5).with_customers(crate::journey::Bitmap::none(1));
    let answer = ask(&nobody, &spec(&["a"]));
    assert_eq!(answer.total().stages.iter().map(shown).collect::<Vec<_>>(), ["a 0=0+0 -/-"]);
    assert_eq!(ask(&nobody, &spec(&[])).total().stages, []);
}

#[test]
fn one_step_to_another_counts_each_customer_once() {
    let text = "x: a0 b3 a4 b9\ny: a1 a2\nz: b0 a2 b7\nv: b5";
    let between = |from: &str, to: &str| DwellSpec {
        between: [from, to].map(|step| step.parse().expect(step)).to_vec(),
        ..DwellSpec::default()
    };
    check(text, 10, &between("a", "b"), &["a → b 3=2+1 4/5 b:2(elsewhere)"]);
    let answer = ask(&view(text, 10), &between("a", "b"));
    assert!(answer.notes.iter().any(|note| note == "1 customer never did a"), "{:?}", answer.notes);
    let who = |cell: &str| {
        let view = view(text, 10);
        let ids = who(&view, &between("a", "b"), cell, &Ctl::new()).expect(cell);
        ids.iter().map(|id| view.store().customer_name(*id).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (who("between:open"), who("a → b:completed"), who("between>b")),
        ("y".into(), "x z".into(), "x z".into())
    );
    let last = DwellSpec { censor: super::Censor::LastEvent, ..between("a", "b") };
    let answer = ask(&view(text, 10), &last);
    assert_eq!(answer.total().stages[0].histogram.iter().map(|bin| bin.open).sum::<u64>(), 1);
    assert_eq!(answer.total().stages[0].longest_s, Some(5.0));
}

#[test]
fn a_breakdown_has_a_row_per_value_and_a_test() {
    let text = "x: a0{p=web} b1 a2{p=app} b9\ny: a0{p=web} b2\nz: a1";
    let broken = DwellSpec { breakdown: Some("p".into()), ..spec(&["a", "b"]) };
    let answer = ask(&view(text, 10), &broken);
    let groups: Vec<(Option<&str>, String)> =
        answer.groups.iter().map(|group| (group.value.as_deref(), shown(&group.stages[0]))).collect();
    assert_eq!(
        groups,
        [
            (None, "a 4=3+1 2/2 b:3(onward)".to_owned()),
            (Some("(none)"), "a 1=0+1 -/-".to_owned()),
            (Some("web"), "a 2=2+0 1.5/1 b:2(onward)".to_owned()),
            (Some("app"), "a 1=1+0 7/7 b:1(onward)".to_owned()),
        ]
    );
    let test = &answer.differences[0];
    assert_eq!((test.stage.as_str(), test.test.map(|test| test.degrees)), ("a", Some(2)));
    assert_eq!(answer.differences[1].test, None, "there is but one value in b");
    let who = |cell: &str| who(&view(text, 10), &broken, cell, &Ctl::new());
    assert_eq!(who("a:completed@web").expect("a cell").len(), 2);
    assert!(who("a:completed@wep").expect_err("no such value").to_string().contains("did you mean `web`?"));
    assert!(who("c:completed").is_err());
}

#[test]
fn the_slow_are_told_apart_by_what_was_known_when_they_entered() {
    let mut text = String::new();
    for i in 0..400 {
        let is_slow = i % 8 == 0;
        let device = if is_slow == (i % 5 != 0) { "old" } else { "new" };
        let wait = if is_slow { 900 + i } else { 10 + i % 50 };
        let help = if is_slow { format!(" h{}", wait + 99) } else { format!(" h{}", wait + 200) };
        text.push_str(&format!("c{i}: v0 s100{{device={device},basket={i}}} z103{help} t{}\n", wait + 100));
    }
    let spec = DwellSpec { slow: Some("s".into()), ..spec(&["s", "t"]) };
    let answer = ask(&view(&text, 5_000), &spec);
    let [tail] = &answer.tails[..] else { panic!("one stage: {:?}", answer.tails) };
    assert_eq!((tail.slow, tail.rest, tail.undecided), (40, 360, 0));
    let best = &tail.traits[0];
    assert!(best.text.starts_with("device = ") && best.p_adj < 1e-6 && best.p <= best.p_adj, "{best:?}");
    let texts: Vec<&str> = tail.traits.iter().map(|known| known.text.as_str()).collect();
    assert!(texts.contains(&"basket > 200"), "{texts:?}");
    assert!(
        !texts.iter().any(|text| text.contains('h') && text.starts_with("did h")),
        "too late to be fair: {texts:?}"
    );
    assert!(!texts.contains(&"did v before"), "everybody did, so it tells nobody apart");
    for known in &tail.traits {
        let n = |word: &str| {
            let cell = format!("s+{}:{word}", known.text);
            who(&view(&text, 5_000), &spec, &cell, &Ctl::new()).expect(&cell).len() as u64
        };
        assert_eq!((n("slow_with"), n("rest_with")), (known.slow_with, known.rest_with));
    }
    let limit = DwellSpec { limit: Some(Span::seconds(30)), ..spec };
    let answer = ask(&view(&text, 5_000), &limit);
    assert_eq!(answer.tails[0].longer_than_s, 30.0);
    let over = answer.total().stages[0].limit.expect("a limit");
    assert_eq!((answer.tails[0].slow, answer.tails[0].rest), (over.over(), over.within));
}
