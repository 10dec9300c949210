//! Stage visits straight from the definition: name the stage of every event, strike out those of no stage, cut into runs.

use proptest::prelude::*;

use super::funnel_cases::journeys;
use crate::analysis::dwell::probe::{LEFT, OPEN, Visit, both_ways, visits};
use crate::analysis::dwell::{BreakdownAt, Censor, DwellSpec, Per};
use crate::analysis::stages::StagesSpec;
use crate::base::{Instant, Span};
use crate::journey::{View, fixture};

/// Stages that the random journeys of `a` to `d` fit, with and without conditions, terminal or not.
pub fn any_stages() -> impl Strategy<Value = StagesSpec> {
    const STEPS: [&str; 10] =
        ["a", "b", "c", "d", "a|b", "b|c", "*", "a[p is null]", "b[q is null]|c", "*[p is not null]"];
    let stages = prop::collection::vec((0usize..STEPS.len(), any::<bool>()), 0..5);
    stages.prop_map(|raw| StagesSpec {
        stage: raw
            .iter()
            .enumerate()
            .map(|(at, (step, _))| format!("s{at}={}", STEPS[*step]).parse().expect("a stage"))
            .collect(),
        terminal: raw.iter().enumerate().filter(|(_, raw)| raw.1).map(|(at, _)| format!("s{at}")).collect(),
    })
}

pub fn any_spec() -> impl Strategy<Value = DwellSpec> {
    let period = prop::option::of((0i64..6, 4i64..12));
    (any_stages(), any::<[bool; 3]>(), 0i64..9, period).prop_map(|(stages, flags, end_after, period)| {
        let mut spec = DwellSpec { stages, ..DwellSpec::default() };
        spec.per = if flags[0] { Per::Event } else { Per::Visit };
        spec.censor = if flags[1] { Censor::LastEvent } else { Censor::DataEnd };
        spec.end_after = (flags[2] && !flags[1]).then(|| Span::seconds(end_after));
        if let Some((since, until)) = period.filter(|(since, until)| since < until) {
            spec.scope.since = Some(format!("1970-01-01T00:00:{since:02}").parse().expect("a time"));
            spec.scope.until = Some(format!("1970-01-01T00:00:{until:02}").parse().expect("a time"));
        }
        spec
    })
}

/// Every visit, in the order of customers and times.
pub fn by_definition(view: &View, spec: &DwellSpec) -> (Vec<Visit>, u64) {
    let store = view.store();
    let names: Vec<String> = match spec.stages.stage.is_empty() {
        true => store.touchpoints.iter().map(str::to_owned).collect(),
        false => spec.stages.stage.iter().map(|stage| stage.name.clone()).collect(),
    };
    let fits = |stage: usize, position: usize| match spec.stages.stage.get(stage) {
        None => store.touchpoint_name(view.row(position)) == names[stage],
        // Whether one event fits a step is another test's business.
        Some(stage) => {
            let matched = stage.step.resolve(view, &crate::base::Ctl::new()).expect("a sound step");
            matched.matches(view.codes().get(position) as usize, position)
        }
    };
    let bound = |when: &Option<crate::base::When>| when.as_ref().map(|when| when.resolve(&store.zone).micros());
    let (since, until) = (bound(&spec.scope.since), bound(&spec.scope.until));
    let (mut visits, mut unmapped) = (Vec::<Visit>::new(), 0);
    for customer in view.customers() {
        let journey = view.journey(customer);
        let staged: Vec<(usize, usize)> = journey
            .clone()
            .filter_map(|position| Some((position, (0..names.len()).find(|stage| fits(*stage, position))?)))
            .collect();
        unmapped += (journey.len() - staged.len()) as u64;
        let mut runs: Vec<Vec<(usize, usize)>> = Vec::new();
        for event in staged {
            match runs.last_mut() {
                Some(run) if spec.per == Per::Visit && run[0].1 == event.1 => run.push(event),
                _ => runs.push(vec![event]),
            }
        }
        for (at, run) in runs.iter().enumerate() {
            let time = |position: usize| view.times()[position];
            let (start, stage) = run[0];
            let last = run[run.len() - 1].0;
            let last_event = time(journey.end - 1);
            let is_over = spec.stages.terminal.contains(&names[stage])
                || spec.end_after.is_some_and(|silence| view.as_of().micros() - last_event > silence.micros());
            let (to, end, until_time) = match runs.get(at + 1) {
                Some(next) => (next[0].1 as u32, next[0].0, time(next[0].0)),
                None if is_over => (LEFT, last, time(last)),
                None if spec.censor == Censor::LastEvent => (OPEN, journey.end, last_event),
                None => (OPEN, journey.end, view.as_of().micros()),
            };
            if since.is_some_and(|since| time(start) < since) || until.is_some_and(|until| time(start) >= until) {
                continue;
            }
            visits.push(Visit {
                customer,
                stage: stage as u32,
                to,
                start: start as u32,
                end: end as u32,
                micros: until_time - time(start),
                is_reentry: runs[..at].iter().any(|run| run[0].1 == stage),
            });
        }
    }
    (visits, unmapped)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn visits_are_those_of_the_definition(text in journeys(), spec in any_spec(), later in 0i64..20) {
        let view = fixture::view(&text);
        let as_of = view.as_of().micros() + later * 1_000_000;
        let view = view.with_as_of(Instant(as_of));
        prop_assert_eq!(visits(&view, &spec), by_definition(&view, &spec));
    }

    #[test]
    fn the_common_question_adds_up_to_what_the_kernel_finds(
        text in journeys(),
        spec in any_spec(),
        breakdown in prop_oneof![Just(None), Just(Some("event".to_owned()))],
        breakdown_at in prop_oneof![Just(BreakdownAt::Entry), Just(BreakdownAt::First), Just(BreakdownAt::Last)],
    ) {
        let scope = crate::analysis::Scope::default();
        let spec = DwellSpec { scope, breakdown, breakdown_at, ..spec };
        if let Some((plain, by_kernel)) = both_ways(&fixture::view(&text), &spec) {
            prop_assert_eq!(plain, by_kernel);
        }
    }

    #[test]
    fn between_two_steps_is_the_first_of_one_and_the_next_of_the_other(
        text in journeys(),
        (from, to) in (0usize..8, 0usize..8),
        at_last_event in any::<bool>(),
    ) {
        let view = fixture::view(&text);
        let step = |at: usize| -> crate::journey::Step { super::funnel_cases::STEPS[at].parse().expect("a step") };
        let mut spec = DwellSpec { between: vec![step(from), step(to)], ..DwellSpec::default() };
        spec.censor = if at_last_event { Censor::LastEvent } else { Censor::DataEnd };
        let is = |position: usize, step: usize| {
            let name = view.store().touchpoint_name(view.row(position));
            super::funnel_cases::STEPS[step] == "*" || super::funnel_cases::STEPS[step].split('|').any(|one| one == name)
        };
        let mut expect = Vec::new();
        for customer in view.customers() {
            let journey = view.journey(customer);
            let Some(start) = journey.clone().find(|at| is(*at, from)) else { continue };
            let end = (start + 1..journey.end).find(|at| is(*at, to));
            let last = if at_last_event { view.times()[journey.end - 1] } else { view.as_of().micros() };
            let until = end.map_or(last, |end| view.times()[end]);
            expect.push((customer, end.map_or(OPEN, |_| 0), until - view.times()[start]));
        }
        let found = visits(&view, &spec).0;
        prop_assert_eq!(found.iter().map(|v| (v.customer, v.to, v.micros)).collect::<Vec<_>>(), expect);
    }
}
