//! Random questions about paths, and ways read straight from the definition: every pair of anchors is tried.

use proptest::prelude::*;

use super::funnel_cases::STEPS;
use crate::analysis::Scope;
use crate::analysis::paths::spec::Rules;
use crate::analysis::paths::{Depth, Occurrence, PathsSpec, Share, Unit};
use crate::base::{CustomerId, Span};
use crate::journey::{Step, View};

pub const IGNORABLE: [&str; 4] = ["b", "a|d", "c[p is null]", "b[p is not null]|d"];
pub const GROUPS: [&str; 3] = ["g=a|c", "b=[bd]|d", "a=?"];

/// A question about paths with any rules. `b=[bd]` is no glob of ours and only its second pattern holds.
pub fn specs() -> impl Strategy<Value = PathsSpec> {
    let anchors = (prop::option::of(0usize..8), prop::option::of(0usize..8), any::<[bool; 5]>());
    let shape = (prop::option::of(0usize..4), prop::option::of(0usize..3), prop::option::of(1u32..6), 1u32..5);
    let rest = (0i64..7, prop::option::of(0usize..8), prop::option::of((0i64..6, 4i64..12)), 0u8..3);
    (anchors, shape, rest).prop_map(
        |((from, to, flags), (ignored, group, depth, top), (end_after, goal, period, share))| {
            let step = |at: usize| STEPS[at].parse::<Step>().expect("a step");
            let [last, reverse, sessions, keep, whole_top] = flags;
            let mut scope = Scope { session_gap: Span::seconds(2), ..Scope::default() };
            if let Some((since, until)) = period {
                scope.since = Some(format!("1970-01-01T00:00:{since:02}").parse().expect("a time"));
                scope.until = Some(format!("1970-01-01T00:00:{:02}", until.max(since + 1)).parse().expect("a time"));
            }
            PathsSpec {
                from: from.map(step),
                to: to.filter(|_| from.is_some() || !reverse).map(step),
                occurrence: if last { Occurrence::Last } else { Occurrence::First },
                reverse,
                unit: if sessions { Unit::Sessions } else { Unit::Customers },
                keep_repeats: keep,
                ignore: ignored.map(|at| IGNORABLE[at].parse().expect("a step")).into_iter().collect(),
                group: group.map(|at| GROUPS[at].parse().expect("a group")).into_iter().collect(),
                depth: Depth(depth),
                top: if whole_top { 20 } else { top },
                end_after: Span::seconds(end_after),
                goal: goal.map(step),
                tree: true,
                matrix: true,
                min_share: Share(f64::from(share) / 10.0),
                scope,
                ..PathsSpec::default()
            }
        },
    )
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub time: i64,
    has_p: bool,
}

impl Event {
    fn is(&self, step: &Step) -> bool {
        step.alternatives().iter().any(|one| {
            let holds = match one.condition.as_deref() {
                None => true,
                Some("p is null") => !self.has_p,
                Some("p is not null") => self.has_p,
                Some(other) => panic!("a condition that the oracle does not know: {other}"),
            };
            holds && one.name.as_ref().is_none_or(|name| *name == self.name)
        })
    }
}

/// A way as it is read, with the names as they are shown.
#[derive(Debug, Clone)]
pub struct Way {
    pub customer: CustomerId,
    /// Shown names and times, as read, runs collapsed where that is wanted.
    pub path: Vec<(String, i64)>,
    /// Shown names and times of all events of the way in the order of time, repeats too.
    pub events: Vec<(String, i64)>,
    /// What came before the anchor and the anchor itself, read backwards.
    pub before: Vec<(String, i64)>,
    pub is_open: bool,
    /// The time of the first event of the goal.
    pub goal: Option<i64>,
    /// How many of `events` came before the first event of the goal.
    pub n_before_goal: usize,
}

/// All ways, and how many units have none.
pub fn ways(view: &View, rules: &Rules) -> (Vec<Way>, u64) {
    let (mut ways, mut n_left) = (Vec::new(), 0);
    for customer in view.customers() {
        let events: Vec<Event> = view.journey(customer).map(|position| event(view, position)).collect();
        let units = match rules.unit {
            Unit::Customers => vec![events],
            Unit::Sessions => sessions(&events, rules.scope.session_gap),
        };
        let n_units = units.len();
        for (at, unit) in units.iter().enumerate() {
            match way(view, rules, customer, unit, at + 1 == n_units) {
                Some(way) => ways.push(way),
                None => n_left += 1,
            }
        }
    }
    (ways, n_left)
}

fn event(view: &View, position: usize) -> Event {
    let (store, row) = (view.store(), view.row(position));
    let has_p = store.property_idx("p").is_some_and(|idx| !store.properties[idx].is_null(row));
    Event { name: store.touchpoint_name(row).to_owned(), time: view.times()[position], has_p }
}

fn sessions(events: &[Event], gap: Span) -> Vec<Vec<Event>> {
    events.chunk_by(|a, b| b.time - a.time <= gap.micros()).map(<[Event]>::to_vec).collect()
}

fn shown(rules: &Rules, event: &Event) -> (String, i64) {
    let group = rules.groups.iter().find(|group| group.holds(&event.name));
    (group.map_or_else(|| event.name.clone(), |group| group.name.clone()), event.time)
}

/// Whether an event is meant by a step that may name a group.
fn is_meant(rules: &Rules, event: &Event, step: &Step) -> bool {
    let shown = shown(rules, event).0;
    let by_group = step.alternatives().iter().any(|one| {
        let is_group = one.name.as_ref().is_some_and(|name| rules.groups.iter().any(|group| group.name == *name));
        is_group && one.name.as_ref() == Some(&shown)
    });
    let plain = step.alternatives().iter().any(|one| {
        let is_group = one.name.as_ref().is_some_and(|name| rules.groups.iter().any(|group| group.name == *name));
        !is_group && one.name.as_ref().is_none_or(|name| *name == event.name)
    });
    let has_condition = step.alternatives().iter().any(|one| one.condition.is_some());
    if has_condition { event.is(step) } else { by_group || plain }
}

fn way(view: &View, rules: &Rules, customer: CustomerId, unit: &[Event], is_last_session: bool) -> Option<Way> {
    let kept: Vec<usize> =
        (0..unit.len()).filter(|at| !rules.ignore.iter().any(|step| is_meant(rules, &unit[*at], step))).collect();
    let (since, until) = rules.scope.entry_period(&view.store().zone);
    let is_entry = |at: usize| {
        since.is_none_or(|since| unit[at].time >= since.micros())
            && until.is_none_or(|until| unit[at].time < until.micros())
    };
    let (first, last) = (*kept.first()?, *kept.last()?);
    let is_last = rules.occurrence == Occurrence::Last;
    let of =
        |step: &Step| -> Vec<usize> { kept.iter().copied().filter(|at| is_meant(rules, &unit[*at], step)).collect() };
    let from = rules.from.map(|step| of(step).into_iter().filter(|at| is_entry(*at)).collect::<Vec<_>>());
    let to = rules.to.map(of);
    let pick = |all: &[usize], last: bool| if last { all.last().copied() } else { all.first().copied() };
    let (start, end, is_closed) = match (from, to) {
        (None, _) if !is_entry(first) => return None,
        (None, None) => (first, last, rules.reverse),
        (None, Some(to)) => (first, pick(&to, is_last)?, true),
        (Some(from), None) if rules.reverse => (first, pick(&from, is_last)?, true),
        (Some(from), None) => (pick(&from, is_last)?, last, false),
        (Some(from), Some(to)) => {
            let mut pairs: Vec<(usize, usize)> = Vec::new();
            for f in &from {
                pairs.extend(to.iter().filter(|t| if rules.reverse { *t < f } else { f < *t }).map(|t| (*f, *t)));
            }
            let (f, t) = match (rules.reverse, is_last) {
                (false, false) => *pairs.iter().min()?,
                (false, true) => *pairs.iter().max_by_key(|(f, t)| (*t, *f))?,
                (true, false) => *pairs.iter().min_by_key(|(f, t)| (*f, std::cmp::Reverse(*t)))?,
                (true, true) => *pairs.iter().max()?,
            };
            (f.min(t), f.max(t), true)
        }
    };
    let anchor = if rules.reverse { end } else { start };
    let stretch = |range: std::ops::RangeInclusive<usize>| -> Vec<(String, i64)> {
        kept.iter().filter(|at| range.contains(at)).map(|at| shown(rules, &unit[*at])).collect()
    };
    let events = stretch(start..=end);
    let silence = view.as_of().micros()
        - match rules.unit {
            Unit::Customers => unit[end].time,
            Unit::Sessions => unit[unit.len() - 1].time,
        };
    let limit = if rules.unit == Unit::Sessions { rules.scope.session_gap } else { rules.end_after };
    let goal_from = if rules.from.is_some() { anchor + 1 } else { 0 };
    let goal = rules.goal.and_then(|goal| (goal_from..unit.len()).find(|at| is_meant(rules, &unit[*at], goal)));
    let n_before_goal =
        goal.map_or(0, |goal| kept.iter().filter(|at| (start..=end).contains(*at) && **at < goal).count());
    let mut before = stretch(0..=anchor);
    before.reverse();
    Some(Way {
        customer,
        path: read(events.clone(), rules.reverse, rules.collapses),
        before: collapsed(before, rules.collapses, true),
        events,
        is_open: !is_closed && (rules.unit == Unit::Customers || is_last_session) && silence <= limit.micros(),
        goal: goal.map(|at| unit[at].time),
        n_before_goal,
    })
}

fn read(mut events: Vec<(String, i64)>, reverse: bool, collapses: bool) -> Vec<(String, i64)> {
    if reverse {
        events.reverse();
    }
    collapsed(events, collapses, reverse)
}

/// One of each run, with the earliest time in it.
fn collapsed(events: Vec<(String, i64)>, collapses: bool, is_reversed: bool) -> Vec<(String, i64)> {
    if !collapses {
        return events;
    }
    events
        .chunk_by(|a, b| a.0 == b.0)
        .map(|run| if is_reversed { run[run.len() - 1].clone() } else { run[0].clone() })
        .collect()
}
