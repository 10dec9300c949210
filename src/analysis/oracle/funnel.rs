//! The funnel by trying every assignment of events to steps, straight from the definition.

use proptest::prelude::*;

use super::funnel_cases::{ALL, NONE, Rules, STEPS, journeys, padded, specs};
use crate::analysis::funnel::probe::{Unit as Found, Units, units};
use crate::analysis::funnel::{ExcludeMode, FunnelSpec, FunnelStep, Order, Outcome, Unit};
use crate::base::{CustomerId, Instant, Span};
use crate::journey::{Step, View};

/// An event as an attempt sees it.
#[derive(Debug, Clone)]
struct Event {
    position: u32,
    time: i64,
    name: String,
    values: Vec<(String, Option<String>)>,
}

impl Event {
    fn is(&self, step: &Step) -> bool {
        step.alternatives().iter().any(|one| one.name.as_ref().is_none_or(|name| *name == self.name))
    }

    fn value(&self, column: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == column).and_then(|(_, value)| value.as_deref())
    }
}

/// One attempt, read to its end.
#[derive(Debug, Clone)]
struct Attempt {
    /// Indices into the events it sees.
    chain: Vec<usize>,
    stopped_by: Option<usize>,
    events: Vec<Event>,
    value: Option<String>,
    window_end: i64,
}

struct Oracle<'a> {
    spec: &'a FunnelSpec,
    is_strictly_later: bool,
    as_of: i64,
    /// The position of the customer's first event that is called like step 1.
    first: Option<u32>,
    /// Mandatory steps, by place in the spec.
    mandatory: Vec<usize>,
}

impl Oracle<'_> {
    fn is_step(&self, event: &Event, step: usize, value: Option<&str>) -> bool {
        let FunnelStep { step, same, .. } = &self.spec.steps[step];
        let column = same.as_ref().or(self.spec.same.as_ref());
        event.is(step) && column.is_none_or(|column| event.value(column) == value)
    }

    fn may_follow(&self, events: &[Event], step: usize, from: usize, to: usize) -> bool {
        let rules = &self.spec.steps[step];
        let is_next = rules.next || self.spec.order == Order::Strict;
        let between = || events[from + 1..to].iter().all(|event| self.spec.ignore.iter().any(|step| event.is(step)));
        from < to
            && rules.within.is_none_or(|within| events[to].time - events[from].time <= within.micros())
            && (!is_next || between())
            && !(self.is_strictly_later && events[to].time == events[from].time)
    }

    /// All chains that extend this one, itself first.
    fn chains(&self, events: &[Event], value: Option<&str>, end: i64, chain: &[usize], all: &mut Vec<Vec<usize>>) {
        all.push(chain.to_vec());
        if chain.len() == self.mandatory.len() {
            return;
        }
        let (step, last) = (self.mandatory[chain.len()], chain[chain.len() - 1]);
        for next in 0..events.len() {
            if self.is_step(&events[next], step, value)
                && events[next].time <= end
                && self.may_follow(events, step, last, next)
            {
                self.chains(events, value, end, &[chain, &[next]].concat(), all);
            }
        }
    }

    /// All ways to give the events from `at` on to steps that are still free, as the events chosen.
    fn choices(
        &self,
        events: &[Event],
        value: Option<&str>,
        at: usize,
        used: u32,
        chosen: &[usize],
        all: &mut Vec<Vec<usize>>,
    ) {
        if at >= events.len() {
            all.push(chosen.to_vec());
            return;
        }
        if !chosen.is_empty() {
            self.choices(events, value, at + 1, used, chosen, all);
        }
        for step in 0..self.spec.steps.len() {
            if used >> step & 1 == 0 && self.is_step(&events[at], step, value) {
                self.choices(events, value, at + 1, used | 1 << step, &[chosen, &[at]].concat(), all);
            }
        }
    }

    fn is_exclusion(&self, event: &Event, level: usize) -> bool {
        let step = self.mandatory[level - 1] + 1;
        self.spec.exclude.iter().any(|exclusion| {
            let (from, to) = exclusion.between.unwrap_or((1, self.spec.steps.len()));
            let in_range = self.spec.order == Order::Any || (from <= step && step < to);
            in_range && event.is(&exclusion.step)
        })
    }

    /// The attempt that starts at an event, `None` where none may.
    fn attempt(&self, events: &[Event], value: Option<&str>, start: usize, window_end: i64) -> Option<Attempt> {
        let n = self.mandatory.len();
        let may_enter = match self.spec.order {
            Order::Any => (0..n).any(|step| self.is_step(&events[start], step, value)),
            Order::Ordered | Order::Strict => self.is_step(&events[start], 0, value),
        };
        let since = self.spec.scope.since.as_ref().map(|when| when.resolve(&crate::base::Zone::utc()).micros());
        let until = self.spec.scope.until.as_ref().map(|when| when.resolve(&crate::base::Zone::utc()).micros());
        let time = events[start].time;
        if !may_enter
            || since.is_some_and(|since| time < since)
            || until.is_some_and(|until| time >= until)
            || (self.spec.first_time && self.first != Some(events[start].position))
        {
            return None;
        }
        let mut all = Vec::new();
        let in_window = |at: &usize| events[*at].time <= window_end;
        if self.spec.order == Order::Any {
            let stop = (start + 1..events.len()).find(|at| self.is_exclusion(&events[*at], 1)).unwrap_or(events.len());
            let limit = (start..stop).take_while(in_window).count() + start;
            self.choices(&events[..limit], value, start, 0, &[], &mut all);
            all.retain(|chain| chain.first() == Some(&start));
        } else {
            self.chains(events, value, window_end, &[start], &mut all);
        }
        let longest = all.iter().map(Vec::len).max()?;
        let mut chain = all.into_iter().filter(|chain| chain.len() == longest).min()?;
        let mut stopped_by = None;
        for level in 1..=chain.len().min(n - 1) {
            let is_last = level == chain.len();
            // In any order only what comes before the chain is complete matters.
            if self.spec.order == Order::Any && !is_last {
                continue;
            }
            let end = if is_last { events.len() } else { chain[level] };
            let from = if self.spec.order == Order::Any { start } else { chain[level - 1] };
            stopped_by = (from + 1..end).find(|at| in_window(at) && self.is_exclusion(&events[*at], level));
            if stopped_by.is_some() {
                chain.truncate(level);
                break;
            }
        }
        Some(Attempt { chain, stopped_by, events: events.to_vec(), value: value.map(str::to_owned), window_end })
    }

    /// Every list of events that one attempt may see, with the value they share.
    fn tracks(&self, events: &[Event]) -> Vec<(Option<String>, Vec<Event>)> {
        let Some(common) = &self.spec.same else { return vec![(None, events.to_vec())] };
        let mut columns = vec![common];
        columns.extend(self.spec.steps.iter().filter_map(|step| step.same.as_ref()));
        let mut values: Vec<String> =
            events.iter().flat_map(|event| columns.iter().filter_map(|c| event.value(c).map(str::to_owned))).collect();
        values.sort();
        values.dedup();
        let carries = |event: &Event, value: &str| columns.iter().any(|column| event.value(column) == Some(value));
        values
            .into_iter()
            .map(|value| {
                let seen = events.iter().filter(|event| carries(event, &value)).cloned().collect();
                (Some(value), seen)
            })
            .collect()
    }

    fn passed(&self, attempt: &Attempt) -> Vec<(u8, u32)> {
        let Attempt { chain, stopped_by, events, value, window_end } = attempt;
        let mut passed = Vec::new();
        let mut last = chain[0];
        for step in 0..self.spec.steps.len() {
            if let Some(level) = self.mandatory.iter().position(|known| *known == step) {
                match chain.get(level) {
                    Some(event) => last = *event,
                    None => break,
                }
                continue;
            }
            let next_level = self.mandatory.iter().position(|known| *known > step).expect("the last is mandatory");
            let end = chain.get(next_level).copied().or(*stopped_by).unwrap_or(events.len());
            let found = (last + 1..end).find(|at| {
                events[*at].time <= *window_end && self.is_step(&events[*at], step, value.as_deref()) && {
                    let rules = &self.spec.steps[step];
                    rules.within.is_none_or(|w| events[*at].time - events[last].time <= w.micros())
                        && (!rules.next
                            || events[last + 1..*at].iter().all(|e| self.spec.ignore.iter().any(|s| e.is(s))))
                }
            });
            if let Some(event) = found {
                passed.push((step as u8, events[event].position));
                last = event;
            }
        }
        passed
    }

    fn unit(&self, customer: u32, winner: &Attempt, is_open: bool) -> Found {
        let outcome = if winner.chain.len() == self.mandatory.len() {
            Outcome::Converted
        } else if is_open {
            Outcome::Open
        } else if winner.stopped_by.is_some() {
            Outcome::Excluded
        } else {
            Outcome::Dropped
        };
        Found {
            customer,
            outcome,
            chain: winner.chain.iter().map(|at| winner.events[*at].position).collect(),
            passed: self.passed(winner),
            stopped_by: winner.stopped_by.map(|at| winner.events[at].position),
        }
    }

    /// A unit that is the best of all its attempts: the whole journey, or a session.
    fn best(&self, customer: u32, events: &[Event], session: Option<bool>, found: &mut Units) {
        let mut attempts: Vec<Attempt> = Vec::new();
        for (value, seen) in self.tracks(events) {
            for start in 0..seen.len() {
                let end = if session.is_some() { i64::MAX } else { seen[start].time + self.spec.within.micros() };
                attempts.extend(self.attempt(&seen, value.as_deref(), start, end));
            }
        }
        let n_all = attempts.len();
        if self.spec.exclude_mode == ExcludeMode::Remove {
            attempts.retain(|attempt| attempt.stopped_by.is_none());
        }
        let start = |attempt: &Attempt| attempt.events[attempt.chain[0]].position;
        let level = attempts.iter().map(|attempt| attempt.chain.len()).max();
        let positions = |attempt: &Attempt| -> (Vec<u32>, Option<u32>) {
            let position = |event: &usize| attempt.events[*event].position;
            (attempt.chain.iter().map(position).collect(), attempt.stopped_by.as_ref().map(position))
        };
        let best = attempts.iter().filter(|attempt| Some(attempt.chain.len()) == level).min_by_key(|a| positions(a));
        let Some(winner) = best else {
            found.n_removed += u64::from(n_all > 0);
            return;
        };
        let is_open = attempts.iter().any(|attempt| {
            attempt.chain.len() == winner.chain.len()
                && start(attempt) >= start(winner)
                && attempt.stopped_by.is_none()
                && session.unwrap_or(attempt.window_end > self.as_of)
        });
        found.units.push(self.unit(customer, winner, is_open));
    }

    fn attempts(&self, customer: u32, events: &[Event], found: &mut Units) {
        for (value, seen) in self.tracks(events) {
            let (mut from, mut after) = (0, i64::MIN);
            for start in 0..seen.len() {
                if start < from || seen[start].time <= after {
                    continue;
                }
                let end = seen[start].time + self.spec.within.micros();
                let Some(attempt) = self.attempt(&seen, value.as_deref(), start, end) else { continue };
                match attempt.stopped_by {
                    Some(stop) => from = stop + 1,
                    None if attempt.chain.len() == self.mandatory.len() => {
                        from = attempt.chain[attempt.chain.len() - 1] + 1;
                    }
                    None => after = end,
                }
                if attempt.stopped_by.is_some() && self.spec.exclude_mode == ExcludeMode::Remove {
                    found.n_removed += 1;
                } else {
                    let is_open = attempt.stopped_by.is_none() && end > self.as_of;
                    found.units.push(self.unit(customer, &attempt, is_open));
                }
            }
        }
    }
}

fn events_of(view: &View, customer: CustomerId) -> Vec<Event> {
    let store = view.store();
    view.journey(customer)
        .map(|position| Event {
            position: position as u32,
            time: view.times()[position],
            name: store.touchpoint_name(view.row(position)).to_owned(),
            values: store
                .properties
                .iter()
                .map(|p| (p.name.clone(), p.text(view.row(position)).map(String::from)))
                .collect(),
        })
        .collect()
}

fn by_trying_everything(view: &View, spec: &FunnelSpec, is_strictly_later: bool) -> Units {
    let mut found = Units::default();
    for customer in view.customers() {
        let events = events_of(view, customer);
        let oracle = Oracle {
            spec,
            is_strictly_later,
            as_of: view.as_of().micros(),
            first: events.iter().find(|event| event.is(&spec.steps[0].step)).map(|event| event.position),
            mandatory: (0..spec.steps.len()).filter(|step| !spec.steps[*step].optional).collect(),
        };
        match spec.unit {
            Unit::Customers => oracle.best(customer.0, &events, None, &mut found),
            Unit::Attempts => oracle.attempts(customer.0, &events, &mut found),
            Unit::Sessions => {
                let gap = spec.scope.session_gap.micros();
                let sessions: Vec<&[Event]> = events.chunk_by(|a, b| b.time - a.time <= gap).collect();
                for (at, session) in sessions.iter().enumerate() {
                    let last = session[session.len() - 1].time;
                    let is_open = at + 1 == sessions.len() && last + gap > view.as_of().micros();
                    oracle.best(customer.0, session, Some(is_open), &mut found);
                }
            }
        }
    }
    found
}

/// Runs many random cases of a family against the definition.
fn check(order: Order, unit: Unit, rules: Rules, ties: bool) {
    let cases = (journeys(), specs(order, unit, rules), 0i64..9);
    let config = ProptestConfig {
        cases: 800,
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    };
    let mut runner = prop::test_runner::TestRunner::new(config);
    let result = runner.run(&cases, |(text, spec, later)| {
        prop_assume!(spec.check().is_ok());
        let view = padded(&text, later % 2 * 64);
        let as_of = Instant(view.as_of().micros() + later * 1_000_000);
        let view = view.with_as_of(as_of);
        let expected = sorted(by_trying_everything(&view, &spec, ties));
        let steps: Vec<String> = spec.steps.iter().map(FunnelStep::to_string).collect();
        for found in units(&view, &spec, ties) {
            prop_assert_eq!(
                &sorted(found),
                &expected,
                "steps {:?}, {}, as of {}\n{}",
                steps,
                spec.title(),
                as_of,
                text
            );
        }
        Ok(())
    });
    if let Err(err) = result {
        panic!("{err}");
    }
}

fn sorted(mut units: Units) -> Units {
    units.units.sort_by_key(|unit| (unit.customer, unit.chain.clone(), unit.stopped_by, unit.outcome));
    units
}

macro_rules! families {
    ($($name:ident: $order:ident, $unit:ident, $rules:expr, $ties:expr;)*) => { $(
        #[test]
        fn $name() {
            check(Order::$order, Unit::$unit, $rules, $ties);
        }
    )* };
}

families! {
    ordered_is_what_trying_everything_gives: Ordered, Customers, NONE, false;
    entries_in_a_period_are_what_trying_everything_gives: Ordered, Customers, Rules { period: true, ..NONE }, false;
    arrows_are_what_trying_everything_gives: Ordered, Customers, Rules { arrows: true, ignore: true, ..NONE }, false;
    optional_steps_are_what_trying_everything_gives: Ordered, Customers, Rules { optional: true, arrows: true, ..NONE }, false;
    exclusions_are_what_trying_everything_gives: Ordered, Customers, Rules { exclude: true, ..NONE }, false;
    exclusions_on_arrows_are_what_trying_everything_gives: Ordered, Customers, Rules { exclude: true, arrows: true, ..NONE }, false;
    same_values_are_what_trying_everything_gives: Ordered, Customers, Rules { same: true, ..NONE }, false;
    first_times_are_what_trying_everything_gives: Ordered, Customers, Rules { first_time: true, ..NONE }, false;
    every_rule_at_once_is_what_trying_everything_gives: Ordered, Customers, ALL, false;
    strict_is_what_trying_everything_gives: Strict, Customers, NONE, false;
    strict_with_every_rule_is_what_trying_everything_gives: Strict, Customers, ALL, false;
    any_order_is_what_trying_everything_gives: Any, Customers, NONE, false;
    any_order_with_every_rule_is_what_trying_everything_gives: Any, Customers, Rules { first_time: false, ignore: false, ..ALL }, false;
    sessions_are_what_trying_everything_gives: Ordered, Sessions, NONE, false;
    sessions_with_every_rule_are_what_trying_everything_gives: Ordered, Sessions, ALL, false;
    strict_sessions_are_what_trying_everything_gives: Strict, Sessions, ALL, false;
    sessions_in_any_order_are_what_trying_everything_gives: Any, Sessions, Rules { first_time: false, ignore: false, ..ALL }, false;
    attempts_are_what_trying_everything_gives: Ordered, Attempts, NONE, false;
    attempts_with_every_rule_are_what_trying_everything_gives: Ordered, Attempts, ALL, false;
    strict_attempts_are_what_trying_everything_gives: Strict, Attempts, ALL, false;
    attempts_in_any_order_are_what_trying_everything_gives: Any, Attempts, Rules { first_time: false, ignore: false, ..ALL }, false;
    strictly_later_ties_are_what_trying_everything_gives: Ordered, Customers, Rules { exclude: true, period: true, ..NONE }, true;
    strictly_later_ties_on_arrows_are_what_trying_everything_gives: Strict, Customers, Rules { arrows: true, exclude: true, ignore: true, ..NONE }, true;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_journeys_are_read_alike_by_every_way(
        events in prop_oneof![
            prop::collection::vec((0usize..4, 0i64..60), 1..120),
            prop::collection::vec((0usize..4, 0i64..60), 100..300),
        ],
        period in any::<bool>(),
        steps in prop::collection::vec(0usize..8, 1..10),
        within in 1i64..40,
        later in 0i64..30,
    ) {
        let mut text = String::from("w: a0 b0 c0 d0\nx:");
        for (name, time) in &events {
            text.push_str(&format!(" {}{time}", ["a", "b", "c", "d"][*name]));
        }
        text.push('\n');
        let steps = steps.into_iter().map(|step| FunnelStep::of(STEPS[step].parse().expect("a step"))).collect();
        let mut spec = FunnelSpec { steps, within: Span::seconds(within), ..FunnelSpec::default() };
        spec.scope.since = period.then(|| "1970-01-01T00:00:20".parse().expect("a time"));
        let [short, general] = units(&padded(&text, 256).with_as_of(Instant((60 + later) * 1_000_000)), &spec, false);
        let [long, _] = units(&padded(&text, 0).with_as_of(Instant((60 + later) * 1_000_000)), &spec, false);
        prop_assert_eq!(&short, &general);
        prop_assert_eq!(&long, &general);
        let arrows = FunnelSpec {
            steps: spec.steps.iter().map(|step| FunnelStep { within: Some(Span::days(1)), ..step.clone() }).collect(),
            ..spec.clone()
        };
        let arrows = FunnelSpec { steps: [&spec.steps[..1], &arrows.steps[1..]].concat(), ..spec };
        prop_assert_eq!(&units(&padded(&text, 0).with_as_of(Instant((60 + later) * 1_000_000)), &arrows, false)[0], &general);
    }
}
