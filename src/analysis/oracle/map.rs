//! The journey map straight from its definition, customer by customer and event by event; and laws that hold whatever the
//! data.

use std::sync::Arc;

use proptest::prelude::*;

use crate::analysis::map::plan::{Label, PlannedStage, PlannedTouchpoint, Score, ScoreKind};
use crate::analysis::map::{Map, MapSpec, Plan, ScoreAt, map, who};
use crate::analysis::stages::StagesSpec;
use crate::base::stats::quantile::quantile_seconds;
use crate::base::stats::survival::{Spell, kaplan_meier};
use crate::base::{Ctl, CustomerId, Span};
use crate::journey::{Bitmap, View, fixture};
use crate::table::Table;

/// Journeys with channels, scores from 1 to 5 (and one beyond) and values.
fn journeys() -> impl Strategy<Value = String> {
    let event = (0usize..4, 0i64..30, 0usize..4, 0usize..9);
    prop::collection::vec(prop::collection::vec(event, 1..10), 1..6).prop_map(|customers| {
        let mut text = String::from("w: a0{channel=web,score=3,value=2,p=1,q=2} b0 c0 d0\n");
        for (i, events) in customers.iter().enumerate() {
            text.push_str(&format!("{}:", ["x", "y", "z", "u", "v"][i]));
            for (name, time, channel, score) in events {
                let mut values = Vec::new();
                values.extend(["web", "app", "shop"].get(*channel).map(|channel| format!("channel={channel}")));
                values.extend(["1", "2", "3", "4", "5", "7"].get(*score).map(|score| format!("score={score}")));
                values.push(format!("p={}", time % 2));
                text.push_str(&format!(" {}{time}{{{}}}", ["a", "b", "c", "d"][*name], values.join(",")));
            }
            text.push('\n');
        }
        text
    })
}

/// Stages as flags, with conditions; or as a plan of the events `a` to `d`.
fn any_spec() -> impl Strategy<Value = MapSpec> {
    let planned = prop::collection::vec((prop::option::of(0usize..3), -1i8..2), 4);
    let stages = prop_oneof![super::dwell::any_stages().prop_map(Ok), planned.prop_map(Err)];
    let period = prop::option::of((0i64..12, 8i64..30));
    (stages, period, 0i64..20, any::<bool>(), any::<bool>()).prop_map(
        |(stages, period, window, is_before, has_goal)| {
            let mut spec = MapSpec { resamples: 0, ..MapSpec::default() };
            match stages {
                Ok(stages) if !stages.stage.is_empty() => spec.stages = stages,
                Ok(_) => spec.stages.stage = vec!["only=a|b".parse().expect("a stage")],
                Err(touchpoints) => spec.plan = plan(&touchpoints),
            }
            let score = Score {
                id: "s".into(),
                kind: ScoreKind::Csat,
                when: (window % 3 == 0).then(|| "event != \"d\"".into()),
                value: "score".into(),
                scale: (1.0, 5.0),
                is_high_good: window % 2 == 0,
                window: Span::seconds(window),
                comment: None,
            };
            spec.plan.scores = vec![score];
            spec.score_at = if is_before { ScoreAt::Before } else { ScoreAt::Event };
            spec.goal = has_goal.then(|| "d".parse().expect("a step"));
            if let Some((since, until)) = period.filter(|(since, until)| since < until) {
                spec.scope.since = Some(format!("1970-01-01T00:00:{since:02}").parse().expect("a time"));
                spec.scope.until = Some(format!("1970-01-01T00:00:{until:02}").parse().expect("a time"));
            }
            spec
        },
    )
}

fn plan(touchpoints: &[(Option<usize>, i8)]) -> Plan {
    let stage = |id: &str| PlannedStage { id: id.into(), label: Label::plain(id), ..PlannedStage::default() };
    let touchpoint = |(at, (stage, valence)): (usize, &(Option<usize>, i8))| PlannedTouchpoint {
        id: ["a", "b", "c", "d"][at].into(),
        stage: stage.map(|stage| ["one", "two", "three"][stage].into()),
        valence: *valence,
        ..PlannedTouchpoint::default()
    };
    Plan {
        stages: ["one", "two", "three"].map(stage).to_vec(),
        touchpoints: touchpoints.iter().enumerate().map(touchpoint).collect(),
        ..Plan::default()
    }
}

/// One event as the definition sees it.
struct Event {
    time: i64,
    name: String,
    stage: Option<usize>,
    channel: String,
    /// A response, and whether it lies on the scale.
    answer: Option<(f64, bool)>,
    is_goal: bool,
}

/// What one customer did in one stage that counts.
struct Stay {
    customer: CustomerId,
    stage: usize,
    since: i64,
    wait: Option<i64>,
}

/// One answer: customer, its place in the journey, the value, and the event that it speaks of.
struct Answer {
    customer: CustomerId,
    at: usize,
    value: f64,
    about: Option<usize>,
}

struct Naive {
    names: Vec<String>,
    journeys: Vec<(CustomerId, Vec<Event>)>,
    stays: Vec<Stay>,
    answers: Vec<Answer>,
    as_of: i64,
}

impl Naive {
    fn of(view: &View, spec: &MapSpec) -> Self {
        let store = view.store();
        let names: Vec<String> = match spec.stages.stage.is_empty() {
            true => spec.plan.stages.iter().map(|stage| stage.id.clone()).collect(),
            false => spec.stages.stage.iter().map(|stage| stage.name.clone()).collect(),
        };
        let matches: Vec<_> =
            spec.stages.stage.iter().map(|stage| stage.step.resolve(view, &Ctl::new()).expect("a step")).collect();
        let stage_of = |position: usize, name: &str| match matches.is_empty() {
            false => matches.iter().position(|step| step.matches(view.codes().get(position) as usize, position)),
            true => {
                let planned = spec.plan.touchpoints.iter().find(|planned| planned.id == name)?;
                names.iter().position(|stage| planned.stage.as_ref() == Some(stage))
            }
        };
        let score = &spec.plan.scores[0];
        let text = |row: usize, column: &str| {
            store.property_idx(column).and_then(|at| store.properties[at].text(row)).map(|text| text.to_string())
        };
        let event = |position: usize| {
            let row = view.row(position);
            let name = store.touchpoint_name(row).to_owned();
            let is_response = score.when.is_none() || name != "d";
            let value = text(row, "score").filter(|_| is_response).map(|text| text.parse::<f64>().expect("a number"));
            Event {
                time: view.times()[position],
                stage: stage_of(position, &name),
                is_goal: spec.goal.is_some() && name == "d",
                name,
                channel: text(row, "channel").unwrap_or_else(|| "(none)".into()),
                answer: value.map(|value| (value, (1.0..=5.0).contains(&value))),
            }
        };
        let bound = |when: &Option<crate::base::When>| when.as_ref().map(|when| when.resolve(&store.zone).micros());
        let (since, until) = (bound(&spec.scope.since), bound(&spec.scope.until));
        let is_in = |time: i64| since.is_none_or(|since| time >= since) && until.is_none_or(|until| time < until);
        let mut naive = Naive {
            journeys: view.customers().map(|id| (id, view.journey(id).map(event).collect())).collect(),
            names,
            stays: Vec::new(),
            answers: Vec::new(),
            as_of: view.as_of().micros(),
        };
        for (customer, events) in &naive.journeys {
            let customer = *customer;
            for stage in 0..naive.names.len() {
                let Some(entry) = events.iter().position(|event| event.stage == Some(stage)) else { continue };
                let onward = events[entry..].iter().find(|event| event.stage.is_some_and(|later| later > stage));
                let since = events[entry].time;
                if is_in(since) {
                    naive.stays.push(Stay { customer, stage, since, wait: onward.map(|event| event.time - since) });
                }
            }
            for (at, event) in events.iter().enumerate() {
                let Some((value, true)) = event.answer else { continue };
                let is_touchpoint = |at: &usize| events[*at].stage.is_some() && events[*at].answer.is_none();
                let about = match spec.score_at {
                    ScoreAt::Event => Some(at).filter(|at| events[*at].stage.is_some()),
                    ScoreAt::Before => (0..at)
                        .rev()
                        .find(is_touchpoint)
                        .filter(|before| event.time - events[*before].time <= score.window.micros()),
                };
                let counts = match about.and_then(|about| events[about].stage) {
                    Some(stage) => naive.stays.iter().any(|stay| stay.customer == customer && stay.stage == stage),
                    None => is_in(event.time),
                };
                if counts {
                    naive.answers.push(Answer { customer, at, value, about });
                }
            }
        }
        naive
    }

    fn stays(&self, stage: usize) -> impl Iterator<Item = &Stay> {
        self.stays.iter().filter(move |stay| stay.stage == stage)
    }

    fn stay(&self, customer: CustomerId, stage: usize) -> Option<&Stay> {
        self.stays(stage).find(|stay| stay.customer == customer)
    }

    /// Customer and event of everything that counts in a stage and fits.
    fn events<'a>(
        &'a self,
        stage: usize,
        fits: impl Fn(&Event) -> bool + 'a,
    ) -> impl Iterator<Item = (CustomerId, &'a Event)> {
        let of = move |(customer, events): &'a (CustomerId, Vec<Event>)| {
            let counts = self.stay(*customer, stage).is_some();
            events.iter().filter(move |event| counts && event.stage == Some(stage)).map(|event| (*customer, event))
        };
        self.journeys.iter().flat_map(of).filter(move |(_, event)| fits(event))
    }

    /// The last answer of every customer about a place: value by customer.
    fn last(&self, fits: impl Fn(Option<&Event>) -> bool) -> Vec<(CustomerId, f64)> {
        let mut last: Vec<(CustomerId, f64)> = Vec::new();
        for answer in &self.answers {
            let events = &self.journeys.iter().find(|(id, _)| *id == answer.customer).expect("a journey").1;
            if fits(answer.about.map(|about| &events[about])) {
                last.retain(|(id, _)| *id != answer.customer);
                last.push((answer.customer, answer.value));
            }
        }
        last
    }
}

fn distinct(ids: impl Iterator<Item = CustomerId>) -> Vec<CustomerId> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids.dedup();
    ids
}

fn near(found: Option<f64>, expect: Option<f64>) -> bool {
    match (found, expect) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (a, b) => a == b,
    }
}

fn emotion_of(spec: &MapSpec, value: f64) -> f64 {
    let e = value - 3.0;
    if spec.plan.scores[0].is_high_good { e } else { -e }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn check_stages(naive: &Naive, answer: &Map, spec: &MapSpec) -> Result<(), TestCaseError> {
    prop_assert_eq!(answer.stages.len(), naive.names.len());
    for (at, stage) in answer.stages.iter().enumerate() {
        let stays: Vec<&Stay> = naive.stays(at).collect();
        let n_moved = stays.iter().filter(|stay| stay.wait.is_some()).count() as u64;
        let can_move = at + 1 < naive.names.len() && !stays.is_empty();
        prop_assert_eq!(stage.customers, stays.len() as u64);
        prop_assert_eq!(stage.moved_on, can_move.then_some(n_moved));
        prop_assert_eq!(stage.events, naive.events(at, |_| true).count() as u64);
        let mut waits: Vec<i64> = stays.iter().filter_map(|stay| stay.wait).collect();
        waits.sort_unstable();
        prop_assert_eq!(stage.completed_median_s, quantile_seconds(&waits, 0.5));
        let spell = |stay: &&Stay| Spell {
            time: stay.wait.unwrap_or(naive.as_of - stay.since) as f64 / 1e6,
            has_ended: stay.wait.is_some(),
        };
        let curve = kaplan_meier(&stays.iter().map(spell).collect::<Vec<_>>());
        let is_terminal = spec.stages.terminal.contains(&naive.names[at]);
        prop_assert_eq!(stage.km_median_s, curve.median().filter(|_| !is_terminal));
        let last = naive.last(|about| about.is_some_and(|event| event.stage == Some(at)));
        prop_assert_eq!(stage.emotion.n, last.len() as u64);
        prop_assert!(near(stage.emotion.mean, mean(last.iter().map(|(_, value)| emotion_of(spec, *value)))));
        let figure = &answer.scores[at];
        let is_top = |value: f64| emotion_of(spec, value) >= 1.0;
        prop_assert_eq!(figure.n, last.len() as u64);
        prop_assert_eq!(figure.positive, last.iter().filter(|(_, value)| is_top(*value)).count() as u64);
        let is_bad = |value: f64| emotion_of(spec, value) < 0.0;
        prop_assert_eq!(figure.negative, last.iter().filter(|(_, value)| is_bad(*value)).count() as u64);
        prop_assert_eq!(figure.n, figure.positive + figure.neutral + figure.negative);
    }
    let whole = &answer.scores[naive.names.len()];
    prop_assert_eq!(whole.n, naive.last(|_| true).len() as u64);
    prop_assert_eq!(
        whole.unattributed,
        Some(naive.answers.iter().filter(|answer| answer.about.is_none()).count() as u64)
    );
    Ok(())
}

/// The severity of a touchpoint from lists of customers.
fn check_touchpoints(naive: &Naive, answer: &Map, spec: &MapSpec) -> Result<(), TestCaseError> {
    let signals = |stage: usize, name: &str, valence: i8| {
        let of = distinct(naive.events(stage, |event| event.name == name).map(|(id, _)| id));
        let last = naive.last(|about| about.is_some_and(|event| event.stage == Some(stage) && event.name == name));
        let silent = if valence == 0 { 0 } else { (of.len() - last.len()) as u64 };
        let bad = last.iter().filter(|(_, value)| emotion_of(spec, *value) < 0.0).count() as u64;
        (last.len() as u64 + silent, bad + if valence < 0 { silent } else { 0 })
    };
    let (mut all, mut all_bad) = (0, 0);
    for row in &answer.touchpoints {
        let (n, bad) = signals(row.stage_idx, &row.id, row.valence);
        (all, all_bad) = (all + n, all_bad + bad);
    }
    let mut n_events = 0;
    for row in &answer.touchpoints {
        let at = row.stage_idx;
        let events: Vec<_> = naive.events(at, |event| event.name == row.id).collect();
        let of = distinct(events.iter().map(|(id, _)| *id));
        n_events += row.events;
        prop_assert_eq!((row.customers, row.events), (of.len() as u64, events.len() as u64));
        if events.is_empty() {
            continue;
        }
        let mut waits: Vec<i64> = naive.stays(at).filter_map(|stay| stay.wait).collect();
        waits.sort_unstable();
        let (p50, p90) = (quantile_seconds(&waits, 0.5), quantile_seconds(&waits, 0.9));
        let can_lose = at + 1 < naive.names.len() && p90.is_some() && !spec.stages.terminal.contains(&naive.names[at]);
        let is_mature =
            |stay: &&Stay| can_lose && stay.since <= naive.as_of - (p90.expect("known") * 1e6).round() as i64;
        let mature: Vec<&Stay> = naive.stays(at).filter(is_mature).collect();
        let own: Vec<&Stay> = mature.iter().filter(|stay| of.contains(&stay.customer)).copied().collect();
        let lost = |stays: &[&Stay]| stays.iter().filter(|stay| stay.wait.is_none()).count() as f64;
        let loss =
            (!own.is_empty()).then(|| (lost(&own) / own.len() as f64 - lost(&mature) / mature.len() as f64).max(0.0));
        prop_assert!(near(row.pain.loss, loss), "{:?} {:?}", row, loss);
        let moved: Vec<i64> = naive
            .stays(at)
            .filter(|stay| can_lose && of.contains(&stay.customer))
            .filter_map(|stay| stay.wait)
            .collect();
        let n_slow = moved.iter().filter(|wait| **wait as f64 > p50.expect("known") * 1e6).count() as f64;
        let dwell = (!moved.is_empty()).then(|| 3.0 * (2.0 * n_slow / moved.len() as f64 - 1.0).max(0.0));
        prop_assert!(near(row.pain.dwell, dwell), "{:?} {:?}", row, dwell);
        let is_own = |answer: &&Answer| {
            let events = &naive.journeys.iter().find(|(id, _)| *id == answer.customer).expect("a journey").1;
            events[answer.at].stage == Some(at) && events[answer.at].name == row.id
        };
        let n_answers = naive.answers.iter().filter(is_own).count();
        let is_survey = spec.score_at == ScoreAt::Before && 2 * n_answers > events.len();
        let loops = (!is_survey).then(|| (events.len() as f64 / of.len() as f64 - 1.0).min(3.0));
        prop_assert!(near(row.pain.loops, loops), "{:?} {:?}", row, loops);
        let (n, bad) = signals(at, &row.id, row.valence);
        let negative = (n > 0).then(|| (bad as f64 + 20.0 * all_bad as f64 / all as f64) / (n as f64 + 20.0));
        prop_assert!(near(row.pain.negative, negative), "{:?} {:?}", row, negative);
        let left = (1.0 - loss.unwrap_or(0.0))
            * (1.0 - 0.5 * negative.unwrap_or(0.0))
            * (1.0 - 0.3 * dwell.unwrap_or(0.0) / 3.0)
            * (1.0 - 0.3 * loops.unwrap_or(0.0) / 3.0);
        let is_known = loss.or(negative).or(dwell).or(loops).is_some();
        prop_assert!(near(row.pain.pain, is_known.then_some(of.len() as f64 * (1.0 - left))));
        let rate = (!own.is_empty()).then(|| 1.0 - lost(&own) / own.len() as f64);
        prop_assert!(near(row.opportunity.rate, rate));
    }
    prop_assert_eq!(n_events, (0..naive.names.len()).map(|at| naive.events(at, |_| true).count() as u64).sum::<u64>());
    let pains = answer.pains();
    let ranks: Vec<u32> = pains.iter().filter_map(|row| row.pain.rank).collect();
    prop_assert_eq!(ranks, (1..=pains.len() as u32).collect::<Vec<_>>());
    prop_assert!(pains.windows(2).all(|pair| pair[0].pain.pain >= pair[1].pain.pain.map(|pain| pain - 1e-9)));
    Ok(())
}

fn check_rest(naive: &Naive, answer: &Map, spec: &MapSpec) -> Result<(), TestCaseError> {
    for row in &answer.channels {
        let events: Vec<_> = naive.events(row.stage_idx, |event| event.channel == row.id).collect();
        prop_assert_eq!(row.events, events.len() as u64);
        prop_assert_eq!(row.customers, distinct(events.iter().map(|(id, _)| *id)).len() as u64);
        let is_here = |event: &Event| event.stage == Some(row.stage_idx) && event.channel == row.id;
        let last = naive.last(|about| about.is_some_and(is_here));
        prop_assert_eq!(row.emotion.n, last.len() as u64);
        prop_assert!(near(row.emotion.mean, mean(last.iter().map(|(_, value)| emotion_of(spec, *value)))));
    }
    let by_channel: u64 = answer.channels.iter().map(|row| row.events).sum();
    prop_assert_eq!(by_channel, answer.stages.iter().map(|stage| stage.events).sum::<u64>());
    let coverage = &answer.coverage;
    let all = naive.journeys.iter().flat_map(|(_, events)| events);
    prop_assert_eq!(coverage.events, naive.journeys.iter().map(|(_, events)| events.len() as u64).sum::<u64>());
    prop_assert_eq!(coverage.mapped_events, all.filter(|event| event.stage.is_some()).count() as u64);
    prop_assert_eq!(coverage.mapped_customers, distinct(naive.stays.iter().map(|stay| stay.customer)).len() as u64);
    let scored = distinct(naive.answers.iter().map(|answer| answer.customer)).len() as u64;
    prop_assert_eq!(coverage.scored_customers, Some(scored));
    for row in answer.touchpoints.iter().filter(|row| row.opportunity.goals.is_some()) {
        prop_assert!(naive.journeys.iter().any(|(_, events)| events.iter().any(|event| event.is_goal)), "{:?}", row);
    }
    Ok(())
}

fn ask(view: &View, spec: &MapSpec) -> Map {
    map(view, spec, &Ctl::new()).expect("a sound question")
}

fn check_who(view: &View, spec: &MapSpec, answer: &Map) -> Result<(), TestCaseError> {
    let n =
        |cell: String| who(view, spec, &cell, &Ctl::new()).unwrap_or_else(|err| panic!("{cell}: {err}")).len() as u64;
    for stage in &answer.stages {
        prop_assert_eq!(n(stage.cell("customers")), stage.customers);
        prop_assert_eq!(n(stage.id.clone()), stage.customers);
        prop_assert_eq!(n(stage.cell("scored")), stage.emotion.n);
        if let Some(moved_on) = stage.moved_on {
            prop_assert_eq!(n(stage.cell("moved_on")), moved_on);
            prop_assert_eq!(n(stage.cell("waiting")), stage.customers - moved_on);
        }
    }
    for row in answer.touchpoints.iter().filter(|row| row.events > 0) {
        let pain = &row.pain;
        for (word, expect) in [
            ("customers", row.customers),
            ("again", pain.again),
            ("mature", pain.mature),
            ("lost", pain.lost),
            ("moved_on", pain.moved_on),
            ("slow", if pain.dwell.is_some() { pain.slow } else { 0 }),
            ("signals", pain.n_signals),
            ("negative", pain.n_negative),
            ("scored", row.emotion.n),
        ] {
            prop_assert_eq!(n(row.cell(word)), expect, "{} of {:?}", word, row);
        }
        if answer.touchpoints.iter().filter(|other| other.id == row.id).count() == 1 {
            prop_assert_eq!(n(format!("touchpoint:{}:lost", row.id)), pain.lost);
        }
    }
    for row in &answer.channels {
        prop_assert_eq!(n(row.cell("customers")), row.customers);
        prop_assert_eq!(n(row.cell("scored")), row.emotion.n);
    }
    for figure in &answer.scores {
        prop_assert_eq!(n(figure.cell("customers")), figure.n);
        prop_assert_eq!(n(figure.cell("positive")), figure.positive);
        prop_assert_eq!(n(figure.cell("neutral")), figure.neutral);
        prop_assert_eq!(n(figure.cell("negative")), figure.negative);
    }
    prop_assert_eq!(n("coverage:mapped".into()), answer.coverage.mapped_customers);
    prop_assert_eq!(Some(n("coverage:scored".into())), answer.coverage.scored_customers);
    Ok(())
}

fn shown(answer: &Map) -> String {
    let rows = |table: &Table| {
        let rows: Vec<String> = table.rows().map(|row| format!("{row:?}")).collect();
        format!("{}: {}", table.name, rows.join("\n"))
    };
    answer.tables().iter().map(rows).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_figure_is_that_of_the_definition(text in journeys(), spec in any_spec()) {
        let view = fixture::view(&text);
        let (naive, answer) = (Naive::of(&view, &spec), ask(&view, &spec));
        check_stages(&naive, &answer, &spec)?;
        check_touchpoints(&naive, &answer, &spec)?;
        check_rest(&naive, &answer, &spec)?;
    }

    #[test]
    fn every_number_lists_as_many_customers(text in journeys(), spec in any_spec()) {
        let view = fixture::view(&text);
        check_who(&view, &spec, &ask(&view, &spec))?;
    }

    #[test]
    fn a_filter_for_a_persona_moves_all_lanes_as_if_the_others_were_not_there(text in journeys(), spec in any_spec()) {
        let alone = fixture::view(&text);
        let others = "t: a1{channel=web,score=1} z3 b2{score=5} d4\n";
        let store = Arc::new(fixture::journeys(&format!("{others}{text}\ns: c0 a1{{channel=app,score=2}} b2 a2")));
        let is_other = |at: usize| ["s", "t"].contains(&store.customer_name(CustomerId(at as u32)));
        let chosen = Bitmap::from_fn(store.n_customers(), |customer| !is_other(customer));
        let among = View::whole(Arc::clone(&store)).with_customers(chosen).with_as_of(alone.as_of());
        prop_assert_eq!(shown(&ask(&alone, &spec)), shown(&ask(&among, &spec)));
    }

    #[test]
    fn the_order_of_rows_does_not_matter_where_times_differ(
        times in prop::collection::hash_set(0u32..200, 4..14),
        names in prop::collection::vec((0usize..4, 0usize..3), 14),
        turn in 0usize..14,
        spec in any_spec(),
    ) {
        let (one, other) = super::in_two_orders(&times, &names, turn);
        let scored = |text: &str| text.replace("p=1,q=2", "p=1,q=2,score=2,channel=web");
        let spec = MapSpec { resamples: 30, ..spec };
        prop_assert_eq!(
            shown(&ask(&fixture::view(&scored(&one)), &spec)),
            shown(&ask(&fixture::view(&scored(&other)), &spec))
        );
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let mut text = String::from("w: a0{channel=web,score=3,value=2} b0 c0 d0\n");
    let mut seed = 7u64;
    let mut draw = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for customer in 0..9_000 {
        text.push_str(&format!("c{customer}:"));
        for _ in 0..1 + draw(20) {
            let name = ["a", "b", "c", "d"][draw(4) as usize];
            let score = if draw(5) == 0 { format!(",score={}.3", draw(5)) } else { String::new() };
            text.push_str(&format!(" {name}{}{{channel=c{},value=1.{}{score}}}", draw(900_000), draw(90), draw(9)));
        }
        text.push('\n');
    }
    let view = fixture::view(&text);
    assert!(crate::journey::chunks::customer_chunks(&view).len() > 1);
    let stages = ["one=a|b", "two=c", "three=*[channel == \"c7\"]|d"].map(|stage| stage.parse().expect("a stage"));
    let stages = StagesSpec { stage: stages.to_vec(), terminal: Vec::new() };
    let spec = MapSpec { stages, goal: Some("d".parse().expect("a step")), ..MapSpec::default() };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| shown(&ask(&view, &spec)))
    };
    assert_eq!(with(1), with(3));
    let answer = ask(&view, &spec);
    assert!(answer.channels.iter().any(|row| row.id == "(other)"), "more channels than are told apart");
    assert!(answer.pains()[0].pain.rank_interval.is_some());
    // A list takes a while, and there are very many channels.
    let few = Map { channels: answer.channels.iter().step_by(40).cloned().collect(), ..answer };
    check_who(&view, &spec, &few).expect("lists as long as their numbers");
}
