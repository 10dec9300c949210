//! Retention straight from its definition, one customer, one period and one event at a time; and its laws.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::analysis::retention::{Brackets, Group, Mode, Retention, RetentionSpec, retention, who};
use crate::base::{Ctl, CustomerId, Instant, Period};
use crate::journey::{Bitmap, Step, View, fixture};

const STEPS: [&str; 5] = ["a", "b", "c", "a|b", "*"];
const UNITS: [Period; 3] = [Period::Hour, Period::Day, Period::Week];
const MODES: [Mode; 4] = [Mode::On, Mode::OnOrAfter, Mode::OnOrBefore, Mode::Streak];
const COHORTS: [&str; 6] = ["hour", "day", "week", "p", "did(b)", "early=first.p == \"v1\""];

/// Journeys of a few customers over some days; `w` knows every name and value.
pub(super) fn journeys() -> impl Strategy<Value = String> {
    let event = (0usize..3, 0i64..400, 0usize..4);
    prop::collection::vec(prop::collection::vec(event, 1..12), 1..5).prop_map(|customers| {
        let mut text = String::from("w: a0{p=v1} b0{p=v2} c0\n");
        for (i, events) in customers.iter().enumerate() {
            text.push_str(&format!("{}:", ["x", "y", "z", "v"][i]));
            for (name, time, p) in events {
                let braces = ["{p=v1}", "{p=v2}", "{p=v3}", ""][*p];
                // A quarter of an hour apart, so that periods of all kinds hold some.
                text.push_str(&format!(" {}{}{braces}", ["a", "b", "c"][*name], time * 1_800));
            }
            text.push('\n');
        }
        text
    })
}

pub(super) fn specs() -> impl Strategy<Value = RetentionSpec> {
    let step = || prop::option::of(0usize..STEPS.len());
    let brackets = prop::option::of(prop_oneof![Just("1-2,4"), Just("0,1,2-5,6"), Just("3-7"), Just("0")]);
    (
        (0usize..COHORTS.len(), prop::option::of(0usize..3), 0usize..4),
        (step(), step()),
        (any::<[bool; 3]>(), brackets, 1u32..4),
        prop::option::of((0i64..150, 20i64..220)),
        prop::option::of(0i64..300),
    )
        .prop_map(|((cohort, unit, mode), (start, returns), (flags, brackets, min_count), period, as_of)| {
            let read = |step: Option<usize>| step.map(|step| STEPS[step].parse::<Step>().expect("a step"));
            let when = |hours: i64| Some(Instant(hours * 3_600_000_000).to_string().parse().expect("a time"));
            let mut spec = RetentionSpec {
                cohort: COHORTS[cohort].into(),
                period: unit.map(|unit| UNITS[unit]),
                mode: MODES[mode],
                start: read(start),
                returns: read(returns),
                rolling: flags[0],
                recurring: flags[1],
                breakdown: flags[2].then(|| "p".to_owned()),
                brackets: brackets.map(|list| list.parse::<Brackets>().expect("brackets")),
                min_count,
                periods: 40,
                ..RetentionSpec::default()
            };
            if let Some((since, length)) = period {
                (spec.scope.since, spec.scope.until) = (when(since), when(since + length));
            }
            spec.scope.as_of = as_of.and_then(when);
            spec
        })
}

/// One start, with all that is asked about it.
struct Start {
    customer: CustomerId,
    cohort: String,
    group: String,
    over: Vec<bool>,
    back: Vec<bool>,
}

struct Oracle<'a> {
    view: &'a View,
    spec: &'a RetentionSpec,
    runs: Vec<(u32, u32)>,
}

impl Oracle<'_> {
    fn is(&self, step: Option<&Step>, position: usize) -> bool {
        let name = self.view.store().touchpoint_name(self.view.row(position));
        step.is_none_or(|step| step.alternatives().iter().any(|one| one.name.as_deref().is_none_or(|n| n == name)))
    }

    fn text(&self, position: usize) -> Option<String> {
        let store = self.view.store();
        let idx = store.property_idx("p")?;
        store.properties[idx].text(self.view.row(position)).map(|text| text.into_owned())
    }

    fn period_start(&self, period: Period, time: i64) -> i64 {
        period.start(Instant(time), &self.view.store().zone, self.spec.week_start).micros()
    }

    /// The first instant of the k-th period after that of a start.
    fn boundary(&self, start: i64, k: u32) -> i64 {
        let unit = self.spec.unit();
        if self.spec.rolling {
            let hours = match unit {
                Period::Hour => 1,
                Period::Day => 24,
                _ => 168,
            };
            return start + i64::from(k) * hours * 3_600_000_000;
        }
        let mut at = Instant(self.period_start(unit, start));
        for _ in 0..k {
            at = unit.next(at, &self.view.store().zone, self.spec.week_start);
        }
        at.micros()
    }

    fn cohort(&self, customer: CustomerId, position: usize) -> String {
        let journey = || self.view.journey(customer);
        let time = self.view.times()[position];
        let label = |period: Period| period.label(Instant(self.period_start(period, time)), &self.view.store().zone);
        let named = |name: &str, holds: bool| if holds { name.to_owned() } else { "(rest)".to_owned() };
        match self.spec.cohort.as_str() {
            "hour" => label(Period::Hour),
            "day" => label(Period::Day),
            "week" => label(Period::Week),
            "p" => journey().find_map(|position| self.text(position)).unwrap_or("(none)".into()),
            "did(b)" => named("did(b)", journey().any(|p| self.is(Some(&"b".parse().expect("a step")), p))),
            _ => named("early", self.text(journey().start).as_deref() == Some("v1")),
        }
    }

    fn starts(&self) -> Vec<Start> {
        let mut found = Vec::new();
        let zone = &self.view.store().zone;
        let (since, until) = self.spec.scope.entry_period(zone);
        for customer in self.view.customers() {
            let journey = self.view.journey(customer);
            let is_start = |position: &usize| self.is(self.spec.start.as_ref(), *position);
            let is_in = |position: &usize| {
                let time = Instant(self.view.times()[*position]);
                since.is_none_or(|since| since <= time) && until.is_none_or(|until| time < until)
            };
            let positions: Vec<usize> = if self.spec.recurring {
                let anew = super::super::retention::period_named(&self.spec.cohort).unwrap_or(self.spec.unit());
                let mut seen = BTreeSet::new();
                let all = journey.clone().filter(is_start).filter(is_in);
                all.filter(|position| seen.insert(self.period_start(anew, self.view.times()[*position]))).collect()
            } else {
                journey.clone().find(is_start).into_iter().filter(is_in).collect()
            };
            for position in positions {
                let (over, back) = self.follow(position, journey.end);
                found.push(Start {
                    customer,
                    cohort: self.cohort(customer, position),
                    group: self.text(position).unwrap_or("(none)".into()),
                    over,
                    back,
                });
            }
        }
        found
    }

    fn follow(&self, position: usize, end: usize) -> (Vec<bool>, Vec<bool>) {
        let times = self.view.times();
        let start = times[position];
        let over = |run: &(u32, u32)| self.boundary(start, run.1 + 1) - 1 <= self.view.as_of().micros();
        // How many return events lie from one period to another, both included.
        let n_back = |from: u32, to: Option<u32>| {
            let returns = (position + 1..end).filter(|&later| self.is(self.spec.returns.as_ref(), later));
            let from = self.boundary(start, from);
            let to = to.map(|to| self.boundary(start, to + 1));
            returns.filter(|&later| from <= times[later] && to.is_none_or(|to| times[later] < to)).count()
        };
        let n = self.spec.min_count as usize;
        let is_back = |slot: usize| {
            let (first, last) = self.runs[slot];
            slot == 0
                || match self.spec.mode {
                    Mode::On => n_back(first, Some(last)) >= n,
                    Mode::OnOrAfter => n_back(first, None) >= n,
                    Mode::OnOrBefore => n_back(1, Some(last)) >= n,
                    Mode::Streak => self.runs[1..=slot].iter().all(|(first, last)| n_back(*first, Some(*last)) >= n),
                }
        };
        (self.runs.iter().map(over).collect(), (0..self.runs.len()).map(is_back).collect())
    }
}

fn ask(view: &View, spec: &RetentionSpec) -> Retention {
    retention(view, spec, &Ctl::new()).expect("a sound question")
}

fn view_of(text: &str, spec: &RetentionSpec) -> View {
    spec.scope.view(&Arc::new(fixture::journeys(text)), &Ctl::new()).expect("a view")
}

fn check_group(group: &Group, starts: &[Start], n_periods: usize) -> Result<(), TestCaseError> {
    let of_group = |start: &&Start| group.value.as_ref().is_none_or(|value| *value == start.group);
    prop_assert_eq!(
        group.cohorts.iter().map(|cohort| cohort.size).sum::<u64>(),
        starts.iter().filter(of_group).count() as u64
    );
    for cohort in &group.cohorts {
        let members: Vec<&Start> =
            starts.iter().filter(of_group).filter(|start| start.cohort == cohort.label).collect();
        prop_assert_eq!(cohort.size, members.len() as u64, "{}", cohort.label);
        prop_assert_eq!(cohort.cells.len(), n_periods);
        for (slot, cell) in cohort.cells.iter().enumerate() {
            let over = members.iter().filter(|start| start.over[slot]);
            let is_complete = !members.is_empty() && over.clone().count() == members.len();
            prop_assert_eq!(cell.is_complete, is_complete, "{} in {}", cohort.label, slot);
            let (eligible, retained) = if slot == 0 {
                (members.len(), members.len())
            } else {
                (over.clone().count(), over.filter(|start| start.back[slot]).count())
            };
            prop_assert_eq!(
                (cell.eligible, cell.retained),
                (eligible as u64, retained as u64),
                "{} in {} of {:?}",
                cohort.label,
                slot,
                group.value
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn retention_is_what_trying_everything_finds(text in journeys(), spec in specs()) {
        let view = view_of(&text, &spec);
        let answer = ask(&view, &spec);
        let runs = match &spec.brackets {
            Some(brackets) => brackets.runs().to_vec(),
            None => (0..answer.periods.len() as u32).map(|k| (k, k)).collect(),
        };
        prop_assert_eq!(runs.len(), answer.periods.len());
        let oracle = Oracle { view: &view, spec: &spec, runs };
        let starts = oracle.starts();
        for group in &answer.groups {
            check_group(group, &starts, answer.periods.len())?;
        }
        // The next period is not over for anybody, or it was not asked for.
        let next = answer.periods.len() as u32;
        if spec.brackets.is_none() && next <= spec.periods {
            let longer = Oracle { view: &view, spec: &spec, runs: (0..=next).map(|k| (k, k)).collect() };
            prop_assert!(longer.starts().iter().all(|start| !start.over[next as usize]));
        }
    }

    /// The common question has a way of its own, which few of the others come to.
    #[test]
    fn the_common_question_is_what_trying_everything_finds(
        text in journeys(),
        spec in specs(),
        cohort in prop::sample::select(&COHORTS[..]),
        unit in prop::sample::select(&UNITS[..]),
        breakdown in prop::option::of(Just("p")),
    ) {
        let mut scope = spec.scope;
        (scope.since, scope.until) = (None, None);
        let breakdown = breakdown.map(str::to_owned);
        let spec = RetentionSpec { cohort: cohort.into(), scope, periods: spec.min_count * 13, breakdown, ..RetentionSpec::default() };
        // Cohorts that are no periods come back in periods that are named.
        let is_period = super::super::retention::period_named(cohort).is_some();
        let spec = RetentionSpec { period: Some(unit).filter(|_| !is_period), ..spec };
        let view = view_of(&text, &spec);
        let answer = ask(&view, &spec);
        let runs = (0..answer.periods.len() as u32).map(|k| (k, k)).collect();
        let starts = Oracle { view: &view, spec: &spec, runs }.starts();
        for group in &answer.groups {
            check_group(group, &starts, answer.periods.len())?;
        }
    }

    #[test]
    fn every_number_opens_into_as_many_customers(text in journeys(), spec in specs()) {
        let view = view_of(&text, &spec);
        let answer = ask(&view, &spec);
        let runs: Vec<(u32, u32)> = match &spec.brackets {
            Some(brackets) => brackets.runs().to_vec(),
            None => (0..answer.periods.len() as u32).map(|k| (k, k)).collect(),
        };
        let starts = Oracle { view: &view, spec: &spec, runs }.starts();
        for (group_idx, group) in answer.groups.iter().enumerate() {
            let slots = 0..answer.periods.len();
            let used = (0..group.cohorts.len()).filter(|&cohort| group.cohorts[cohort].size > 0);
            let cells: Vec<(usize, usize)> = used.flat_map(|cohort| slots.clone().map(move |slot| (cohort, slot))).collect();
            // Some of very many, or this takes minutes.
            for &(cohort, slot) in cells.iter().step_by(cells.len() / 25 + 1) {
                let cell = group.cohorts[cohort].cells[slot];
                let key = answer.key(group_idx, Some(cohort), slot);
                let found = who(&view, &spec, &key, &Ctl::new());
                if cell.eligible == 0 {
                    prop_assert!(found.is_err(), "{}", key);
                    continue;
                }
                let mut found: Vec<CustomerId> = found.expect(&key);
                prop_assert_eq!(found.len() as u64, cell.retained, "{}", key);
                found.sort_unstable();
                let label = &group.cohorts[cohort].label;
                let expect: Vec<CustomerId> = starts
                    .iter()
                    .filter(|s| s.cohort == *label && group.value.as_ref().is_none_or(|value| *value == s.group))
                    .filter(|s| slot == 0 || (s.over[slot] && s.back[slot]))
                    .map(|s| s.customer)
                    .collect();
                prop_assert_eq!(found, expect, "{}", key);
            }
            for slot in slots.step_by(answer.periods.len() / 5 + 1) {
                let cell = group.overall[slot].cell;
                if cell.eligible > 0 {
                    let key = answer.key(group_idx, None, slot);
                    let (key, at) = key.split_once('@').map_or((key.as_str(), String::new()), |(key, at)| (key, format!("@{at}")));
                    let n = |word: &str| who(&view, &spec, &format!("{key}{word}{at}"), &Ctl::new()).expect(key).len() as u64;
                    prop_assert_eq!((n(""), n(":gone"), n(":eligible")), (cell.retained, cell.eligible - cell.retained, cell.eligible));
                }
            }
        }
    }

    #[test]
    fn the_laws_of_the_modes_hold(text in journeys(), spec in specs()) {
        let spec = RetentionSpec { mode: Mode::On, ..spec };
        let view = view_of(&text, &spec);
        let with = |mode| ask(&view, &RetentionSpec { mode, ..spec.clone() });
        let (on, after, before, streak) = (with(Mode::On), with(Mode::OnOrAfter), with(Mode::OnOrBefore), with(Mode::Streak));
        for (at, group) in on.groups.iter().enumerate() {
            for (cohort_at, cohort) in group.cohorts.iter().enumerate() {
                prop_assert_eq!((cohort.cells[0].eligible, cohort.cells[0].retained), (cohort.size, cohort.size));
                for (slot, cell) in cohort.cells.iter().enumerate() {
                    let of = |answer: &Retention| answer.groups[at].cohorts[cohort_at].cells[slot];
                    prop_assert!(cell.retained <= cell.eligible && cell.eligible <= cohort.size);
                    prop_assert!(of(&after).retained >= cell.retained && of(&before).retained >= cell.retained);
                    prop_assert!(of(&streak).retained <= cell.retained);
                    prop_assert!([of(&after), of(&before), of(&streak)].iter().all(|other| other.eligible == cell.eligible));
                }
            }
        }
        for slot in 0..on.periods.len() {
            let total = |group: &Group| (group.overall[slot].cell.eligible, group.overall[slot].cell.retained);
            if spec.breakdown.is_some() {
                let sum = on.groups[1..].iter().map(total).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
                prop_assert_eq!(sum, total(on.total()));
            }
        }
        for table in on.tables() {
            let has_nan = table.rows().any(|row| format!("{row:?}").contains("NaN"));
            prop_assert!(!has_nan);
        }
    }

    #[test]
    fn whoever_starts_first_also_starts_recurringly(text in journeys(), spec in specs()) {
        // A customer may only start within the period, so that both look at the same first start.
        let mut spec = RetentionSpec { recurring: false, breakdown: None, ..spec };
        (spec.scope.since, spec.scope.until) = (None, None);
        let view = view_of(&text, &spec);
        let first = ask(&view, &spec);
        let again = RetentionSpec { recurring: true, ..spec.clone() };
        let recurring = ask(&view, &again);
        for (at, cohort) in first.total().cohorts.iter().enumerate() {
            let other = recurring.total().cohorts.iter().find(|other| other.label == cohort.label).expect("at least as many");
            prop_assert!(other.size >= cohort.size);
            for (slot, cell) in cohort.cells.iter().enumerate().filter(|(_, cell)| cell.eligible > 0) {
                prop_assert!(other.cells[slot].eligible >= cell.eligible && other.cells[slot].retained >= cell.retained);
                let key = first.key(0, Some(at), slot);
                let list = |spec: &RetentionSpec| who(&view, spec, &key, &Ctl::new()).expect("a cell");
                let all: BTreeSet<CustomerId> = list(&again).into_iter().collect();
                prop_assert!(list(&spec).iter().all(|customer| all.contains(customer)), "{}", key);
            }
        }
    }

    #[test]
    fn other_customers_change_nothing(text in journeys(), spec in specs()) {
        // As of a time that does not move with the others' events.
        let mut spec = spec;
        spec.scope.as_of.get_or_insert("1970-01-06".parse().expect("a time"));
        let alone = view_of(&text, &spec);
        let store = Arc::new(fixture::journeys(&format!("{text}\nu: a5{{p=v3}} b300000 c2000 a3000{{p=v1}}")));
        let other = store.find_customer("u").expect("just added").idx();
        let chosen = Bitmap::from_fn(store.n_customers(), |customer| customer != other);
        let among = spec.scope.view(&store, &Ctl::new()).expect("a view").with_customers(chosen);
        let shown = |view: &View| format!("{:?}", ask(view, &spec).groups);
        prop_assert_eq!(shown(&alone), shown(&among));
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let mut text = String::from("w: a0{p=v1} b0{p=v2} c0\n");
    let mut seed = 11u64;
    let mut draw = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for customer in 0..9_000 {
        text.push_str(&format!("c{customer}:"));
        for _ in 0..1 + draw(30) {
            let name = ["a", "b", "c"][draw(3) as usize];
            text.push_str(&format!(" {name}{}{{p=v{}}}", draw(4_000_000), draw(30)));
        }
        text.push('\n');
    }
    let view = fixture::view(&text);
    for cohort in ["week", "p"] {
        let spec = RetentionSpec {
            cohort: cohort.into(),
            period: Some(Period::Day),
            breakdown: Some("p".into()),
            ..RetentionSpec::default()
        };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| format!("{:?}", ask(&view, &spec)))
        };
        assert_eq!(with(1), with(3));
    }
}
