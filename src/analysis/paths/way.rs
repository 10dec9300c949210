//! `Plan`: the rules met with the data: which stretch of a journey is a way, and which touchpoints it passes.
//!
//! Anchors are looked for among the events that are not ignored. The first and the last event of a stretch are never
//! ignored ones, so that the silence after a way is the silence of what is shown.

use std::ops::Range;

use super::names::{IGNORED, Shown, expanded, ignored_by_name};
use super::spec::{Occurrence, Rules, Unit};
use crate::analysis::Error;
use crate::base::{Ctl, CustomerId, Span};
use crate::journey::session::SessionRule;
use crate::journey::{Code, StepMatch, View};

/// One way: a stretch of one unit's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub customer: CustomerId,
    /// All events of the unit.
    pub unit: Range<usize>,
    /// Those that the way reads, in the order of time whatever the direction of reading.
    pub events: Range<usize>,
    /// What comes after does not belong to it: it ended at `--to`, was read back to its beginning, or its session is over.
    pub is_closed: bool,
}

/// Units without a way, by why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    pub not_reached: u64,
    pub outside_period: u64,
    /// Nothing but ignored events.
    pub empty: u64,
}

impl Left {
    pub fn add(&mut self, other: Left) {
        self.not_reached += other.not_reached;
        self.outside_period += other.outside_period;
        self.empty += other.empty;
    }
}

enum Missing {
    Anchor,
    Period,
    Events,
}

/// Rules whose names are looked up.
#[derive(Debug, Clone)]
pub struct Plan<'v> {
    pub view: &'v View,
    pub shown: Shown,
    pub collapses: bool,
    pub reads_back: bool,
    pub unit: Unit,
    ignored_if: Vec<StepMatch>,
    from: Option<StepMatch>,
    to: Option<StepMatch>,
    goal: Option<StepMatch>,
    occurrence: Occurrence,
    since: i64,
    until: i64,
    as_of: i64,
    /// Longer than this, and a way has ended.
    silence: i64,
    session_gap: Span,
    ignores: bool,
    /// Every journey is a way from its first event to its last.
    is_whole: bool,
}

/// The last touchpoint before a way starts.
const NOTHING: u32 = u32::MAX - 1;

impl<'v> Plan<'v> {
    /// # Errors
    /// An unknown event, a group without names, rules that contradict each other, or `Cancelled`.
    pub fn new(view: &'v View, rules: &Rules, ctl: &Ctl) -> Result<Self, Error> {
        let store = view.store();
        let resolve = |step: &crate::journey::Step| -> Result<StepMatch, Error> {
            Ok(expanded(step, rules.groups, &store.touchpoints)?.resolve(view, ctl)?)
        };
        let ignored: Vec<StepMatch> = rules.ignore.iter().map(resolve).collect::<Result<_, _>>()?;
        let is_ignored = ignored_by_name(store, &ignored.iter().collect::<Vec<_>>());
        let shown = Shown::new(&store.touchpoints, rules.groups, &is_ignored)?;
        let anchor = |flag: &str, step: Option<&crate::journey::Step>| -> Result<Option<StepMatch>, Error> {
            let Some(step) = step else { return Ok(None) };
            let matched = resolve(step)?;
            let mut may_match = matched.by_code().iter().zip(&shown.of_code).filter(|(may, _)| **may);
            if may_match.all(|(_, code)| *code == IGNORED) {
                return Err(Error::Invalid(format!(
                    "{flag} {step} asks for what --ignore leaves out; take it out of --ignore"
                )));
            }
            Ok(Some(matched))
        };
        let (from, to) = (anchor("--from", rules.from)?, anchor("--to", rules.to)?);
        let (since, until) = rules.scope.entry_period(&store.zone);
        let is_whole = rules.unit == Unit::Customers
            && (from.is_none() && to.is_none() && ignored.is_empty())
            && (since.is_none() && until.is_none());
        let silence = if rules.unit == Unit::Sessions { rules.scope.session_gap } else { rules.end_after };
        Ok(Plan {
            view,
            collapses: rules.collapses,
            reads_back: rules.reverse,
            unit: rules.unit,
            ignores: !ignored.is_empty(),
            ignored_if: ignored.into_iter().filter(|step| !step.is_by_name()).collect(),
            from,
            to,
            goal: rules.goal.map(resolve).transpose()?,
            occurrence: rules.occurrence,
            since: since.map_or(i64::MIN, |at| at.micros()),
            until: until.map_or(i64::MAX, |at| at.micros()),
            as_of: view.as_of().micros(),
            silence: silence.micros(),
            session_gap: rules.scope.session_gap,
            is_whole,
            shown,
        })
    }

    pub fn has_goal(&self) -> bool {
        self.goal.is_some()
    }

    /// Whether every journey is a way as it stands, each event shown by its own name.
    pub fn is_plain(&self) -> bool {
        self.is_whole && self.shown.labels.len() == self.shown.of_code.len()
    }

    /// Whether ways are read from a journey's first event on, and repeats count once.
    pub fn collapses_journeys(&self) -> bool {
        self.is_whole && self.collapses && !self.reads_back
    }

    /// The ways of one customer, in order.
    #[inline]
    pub fn ways(&self, customer: CustomerId, journey: Range<usize>, left: &mut Left, mut each: impl FnMut(Way)) {
        if self.is_whole {
            let way = Way { customer, unit: journey.clone(), events: journey, is_closed: self.reads_back };
            return each(way);
        }
        let mut add = |unit: Range<usize>, is_over: bool| match self.cut(unit.clone()) {
            Ok((events, is_closed)) => each(Way { customer, unit, events, is_closed: is_closed || is_over }),
            Err(Missing::Anchor) => left.not_reached += 1,
            Err(Missing::Period) => left.outside_period += 1,
            Err(Missing::Events) => left.empty += 1,
        };
        match self.unit {
            Unit::Customers => add(journey, false),
            Unit::Sessions => {
                let end = journey.end;
                for session in SessionRule::new(self.view, self.session_gap).sessions(journey) {
                    let is_over = session.end < end;
                    add(session, is_over);
                }
            }
        }
    }

    fn cut(&self, unit: Range<usize>) -> Result<(Range<usize>, bool), Missing> {
        let first = unit.clone().find(|at| self.is_kept(*at)).ok_or(Missing::Events)?;
        let last = unit.clone().rfind(|at| self.is_kept(*at)).unwrap_or(first);
        let whole = first..last + 1;
        let is_last = self.occurrence == Occurrence::Last;
        let back = self.reads_back;
        let entry = |step: &StepMatch, range: Range<usize>| self.entry(step, range, is_last);
        match (&self.from, &self.to) {
            (None, _) if !self.is_in_period(first) => Err(Missing::Period),
            (None, None) => Ok((whole, back)),
            (None, Some(to)) => {
                let end = self.find(to, whole, is_last).ok_or(Missing::Anchor)?;
                Ok((first..end + 1, true))
            }
            (Some(from), None) if back => Ok((first..entry(from, whole)? + 1, true)),
            (Some(from), None) => Ok((entry(from, whole)?..last + 1, false)),
            (Some(from), Some(to)) if back => {
                let start = if is_last {
                    entry(from, whole)?
                } else {
                    let earliest = self.find(to, whole.clone(), false).ok_or(Missing::Anchor)?;
                    entry(from, earliest + 1..whole.end)?
                };
                let end = self.find(to, first..start, true).ok_or(Missing::Anchor)?;
                Ok((end..start + 1, true))
            }
            (Some(from), Some(to)) if is_last => {
                let end = self.find(to, whole, true).ok_or(Missing::Anchor)?;
                Ok((entry(from, first..end)?..end + 1, true))
            }
            (Some(from), Some(to)) => {
                let start = entry(from, whole.clone())?;
                let end = self.find(to, start + 1..whole.end, false).ok_or(Missing::Anchor)?;
                Ok((start..end + 1, true))
            }
        }
    }

    /// The first or the last event of the step that lies in the period.
    fn entry(&self, step: &StepMatch, range: Range<usize>, is_last: bool) -> Result<usize, Missing> {
        let mut rest = range.clone();
        let mut is_there = false;
        while let Some(at) = self.find(step, rest.clone(), is_last) {
            if self.is_in_period(at) {
                return Ok(at);
            }
            is_there = true;
            rest = if is_last { rest.start..at } else { at + 1..rest.end };
        }
        Err(if is_there { Missing::Period } else { Missing::Anchor })
    }

    /// The first or the last event of the step that is not ignored.
    fn find(&self, step: &StepMatch, range: Range<usize>, is_last: bool) -> Option<usize> {
        let codes = self.view.codes();
        let mut rest = range;
        loop {
            let at = if is_last { step.last_in(codes, rest.clone()) } else { step.first_in(codes, rest.clone()) }?;
            if self.is_kept(at) {
                return Some(at);
            }
            rest = if is_last { rest.start..at } else { at + 1..rest.end };
        }
    }

    fn is_in_period(&self, position: usize) -> bool {
        let time = self.view.times()[position];
        self.since <= time && time < self.until
    }

    #[inline]
    fn is_kept(&self, position: usize) -> bool {
        if !self.ignores {
            return true;
        }
        let code = self.view.codes().get(position) as usize;
        self.shown.of_code[code] != IGNORED && !self.is_ignored_by_condition(code, position)
    }

    #[inline]
    fn is_ignored_by_condition(&self, code: usize, position: usize) -> bool {
        self.ignored_if.iter().any(|step| step.matches(code, position))
    }

    /// Every touchpoint of the way in the order of time, repeats too, until `each` says no.
    #[inline]
    pub fn events<C: Code>(&self, codes: &[C], way: &Way, mut each: impl FnMut(u32, usize) -> bool) {
        let (table, has_conditions) = (&self.shown.of_code[..], !self.ignored_if.is_empty());
        for (at, code) in codes[way.events.clone()].iter().enumerate() {
            let shown = table[code.idx()];
            let position = way.events.start + at;
            if shown == IGNORED || (has_conditions && self.is_ignored_by_condition(code.idx(), position)) {
                continue;
            }
            if !each(shown, position) {
                return;
            }
        }
    }

    /// The touchpoints of the way as it is read, with the position of each (of a run, its first event), until `each` says
    /// no.
    #[inline]
    pub fn walk<C: Code>(&self, codes: &[C], way: &Way, mut each: impl FnMut(u32, usize) -> bool) {
        if self.reads_back {
            return self.walk_back(codes, way, each);
        }
        let mut last = NOTHING;
        let collapses = self.collapses;
        self.events(codes, way, |shown, position| {
            let is_again = collapses && shown == last;
            last = shown;
            is_again || each(shown, position)
        });
    }

    /// Reading back, a run is known once the event before it is.
    fn walk_back<C: Code>(&self, codes: &[C], way: &Way, mut each: impl FnMut(u32, usize) -> bool) {
        let mut waiting: Option<(u32, usize)> = None;
        for position in way.events.clone().rev() {
            let code = codes[position].idx();
            let shown = self.shown.of_code[code];
            if shown == IGNORED || self.is_ignored_by_condition(code, position) {
                continue;
            }
            if let Some((before, at)) = waiting {
                if self.collapses && before == shown {
                    waiting = Some((shown, position));
                    continue;
                }
                if !each(before, at) {
                    return;
                }
            }
            waiting = Some((shown, position));
        }
        if let Some((shown, at)) = waiting {
            each(shown, at);
        }
    }

    /// Whether more may still come: nothing was seen after the way's last event for no longer than the silence that ends
    /// it.
    #[inline]
    pub fn is_open(&self, way: &Way) -> bool {
        if way.is_closed {
            return false;
        }
        let last = match self.unit {
            Unit::Customers => way.events.end,
            // What is ignored still keeps a session going.
            Unit::Sessions => way.unit.end,
        };
        self.as_of.saturating_sub(self.view.times()[last - 1]) <= self.silence
    }

    /// The first event of the goal: after the anchor where there is one, else anywhere in the unit. Ignored events count.
    #[inline]
    pub fn goal(&self, way: &Way) -> Option<usize> {
        let goal = self.goal.as_ref()?;
        if goal.mask() & self.view.mask(way.customer) == 0 {
            return None;
        }
        let from = match (&self.from, self.reads_back) {
            (None, _) => way.unit.start,
            (Some(_), false) => way.events.start + 1,
            (Some(_), true) => way.events.end,
        };
        goal.first_in(self.view.codes(), from..way.unit.end)
    }

    /// The position of the step that a way is anchored at.
    pub fn anchor(&self, way: &Way) -> usize {
        if self.reads_back { way.events.end - 1 } else { way.events.start }
    }

    /// What came before the anchor, read backwards.
    pub fn before_anchor(&self, way: &Way) -> Way {
        Way { events: way.unit.start..self.anchor(way) + 1, is_closed: true, ..way.clone() }
    }

    /// As `walk`, backwards whatever the plan says.
    pub fn walk_before<C: Code>(&self, codes: &[C], way: &Way, each: impl FnMut(u32, usize) -> bool) {
        self.walk_back(codes, way, each);
    }

    /// What readers must know about who is not in the numbers.
    pub fn notes(&self, rules: &Rules, left: Left) -> Vec<String> {
        let mut notes = Vec::new();
        let count = |n: u64| self.unit.count(n);
        if left.not_reached > 0 {
            let steps: Vec<String> = rules.from.iter().chain(rules.to.iter()).map(|step| format!("`{step}`")).collect();
            notes.push(format!("not reached: {} without {}", count(left.not_reached), steps.join(" and then ")));
        }
        if left.outside_period > 0 {
            notes.push(format!(
                "outside the period: {}, whose start lies before --since or after --until",
                count(left.outside_period)
            ));
        }
        if left.empty > 0 {
            notes.push(format!("left out: {} with nothing but ignored events", count(left.empty)));
        }
        notes
    }
}
