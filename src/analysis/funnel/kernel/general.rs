//! Every rule at once: gathers the events of a journey that matter and cuts them into tracks (by session, by the value
//! held constant); `judge` decides among the attempts that are read on them.

use std::ops::Range;

use super::judge::{Judge, Winner};
use super::{Gather, any_order, in_order};
use crate::analysis::funnel::plan::Plan;
use crate::analysis::funnel::spec::{Order, Unit};
use crate::base::CustomerId;
use crate::journey::session::SessionRule;

/// An event that matters.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub time: i64,
    pub position: u32,
    pub session: u32,
    /// What is held constant; 0 where nothing is.
    pub value: i64,
    /// The steps it may be.
    pub steps: u32,
    /// The levels at which it stops an attempt.
    pub stops: u32,
    /// Whether it counts as the "next" event.
    pub counts: bool,
    /// Whether an attempt may start here.
    pub enters: bool,
}

/// Events that one attempt may see, in journey order; they are named by their index here.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    pub entries: &'a [Entry],
    /// How many events that count as "next" come before each event, and up to and with it.
    pub before: &'a [u32],
    pub upto: &'a [u32],
}

impl<'a> Track<'a> {
    pub fn cut(self, range: Range<usize>) -> Track<'a> {
        Track { entries: &self.entries[range.clone()], before: &self.before[range.clone()], upto: &self.upto[range] }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no event that counts stands between two events.
    #[inline]
    pub fn is_next(&self, event: usize, next: usize) -> bool {
        self.before[next] == self.upto[event]
    }
}

/// Memory that is used again from journey to journey.
#[derive(Debug, Default)]
pub struct Scratch {
    entries: Vec<Entry>,
    before: Vec<u32>,
    upto: Vec<u32>,
    tracks: Vec<Range<usize>>,
    sessions: Vec<Session>,
    winner: Winner,
    in_order: in_order::Scratch,
    any_order: any_order::Scratch,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    /// The position after its last event.
    end: u32,
    is_open: bool,
}

pub fn walk_journey<G: Gather>(
    plan: &Plan,
    customer: CustomerId,
    journey: Range<usize>,
    scratch: &mut Scratch,
    gather: &mut G,
) {
    let mask = plan.view.mask(customer);
    let may_enter = match plan.order {
        Order::Ordered | Order::Strict => plan.bound(mask) > 0,
        Order::Any => plan.levels.iter().any(|level| level.mask & mask != 0),
    };
    if !may_enter {
        return;
    }
    collect(plan, customer, journey, scratch);
    cut_tracks(plan, scratch);
    let Scratch { entries, before, upto, tracks, sessions, winner, in_order, any_order } = scratch;
    let whole = Track { entries, before, upto };
    let mut rest = &tracks[..];
    while let Some(first) = rest.first() {
        let session = entries[first.start].session;
        let n = match plan.unit {
            Unit::Customers => rest.len(),
            Unit::Sessions => rest.iter().take_while(|track| entries[track.start].session == session).count(),
            Unit::Attempts => 1,
        };
        let Session { end, is_open } = sessions[session as usize];
        let mut judge = Judge::new(plan, customer, whole, end, is_open, winner, gather);
        for range in &rest[..n] {
            judge.turn_to(range.clone());
            match plan.order {
                Order::Ordered | Order::Strict => in_order::read(plan, whole.cut(range.clone()), in_order, &mut judge),
                Order::Any => any_order::read(plan, whole.cut(range.clone()), any_order, &mut judge),
            }
        }
        judge.finish();
        rest = &rest[n..];
    }
}

/// Gathers the events of a journey that matter, and its sessions; without sessions the journey is one that stays open,
/// so that only windows decide.
fn collect(plan: &Plan, customer: CustomerId, journey: Range<usize>, scratch: &mut Scratch) {
    scratch.entries.clear();
    scratch.sessions.clear();
    let first_ever = plan.first_time.as_ref().map(|names| {
        let store = plan.view.store();
        store.journey(customer).find(|&row| names[store.codes.get(row) as usize])
    });
    if plan.unit != Unit::Sessions {
        scratch.sessions.push(Session { end: journey.end as u32, is_open: true });
        return collect_events(plan, journey, first_ever, scratch);
    }
    let end = journey.end;
    for session in SessionRule::new(plan.view, plan.session_gap).sessions(journey) {
        let last = plan.view.times()[session.end - 1];
        let is_open = session.end == end && plan.is_open(last.saturating_add(plan.session_gap.micros()));
        scratch.sessions.push(Session { end: session.end as u32, is_open });
        collect_events(plan, session, first_ever, scratch);
    }
}

fn collect_events(plan: &Plan, events: Range<usize>, first_ever: Option<Option<usize>>, scratch: &mut Scratch) {
    let (codes, times) = (plan.view.codes(), plan.view.times());
    let first_steps = match plan.order {
        Order::Ordered | Order::Strict => plan.levels[0].bit,
        Order::Any => u32::MAX,
    };
    let session = scratch.sessions.len() as u32 - 1;
    for position in events {
        let code = codes.get(position) as usize;
        let steps = plan.steps_at(code, position);
        let stops = if plan.has_stops() { plan.stops_at(code, position) } else { 0 };
        let counts = plan.has_next && plan.counts_as_next(code, position);
        if steps == 0 && stops == 0 && !counts {
            continue;
        }
        let time = times[position];
        let row = plan.view.row(position);
        let may_enter = plan.is_in_period(time) && first_ever.is_none_or(|first| first == Some(row));
        let mut add = |value, steps: u32| {
            let enters = may_enter && steps & first_steps != 0;
            let position = position as u32;
            scratch.entries.push(Entry { time, position, session, value, steps, stops, counts, enters });
        };
        match &plan.same {
            None => add(0, steps),
            Some(same) => same.for_each_value(row, steps, add),
        }
    }
}

/// Cuts the events into tracks and counts the "next" ones along each.
fn cut_tracks(plan: &Plan, scratch: &mut Scratch) {
    let Scratch { entries, before, upto, tracks, .. } = scratch;
    if plan.same.is_some() {
        entries.sort_unstable_by_key(|entry| (entry.session, entry.value, entry.position));
    }
    tracks.clear();
    let mut start = 0;
    for chunk in entries.chunk_by(|a, b| a.session == b.session && a.value == b.value) {
        tracks.push(start..start + chunk.len());
        start += chunk.len();
    }
    before.clear();
    upto.clear();
    for track in tracks.iter() {
        let mut n = 0;
        for entry in &entries[track.clone()] {
            before.push(n);
            n += u32::from(entry.counts);
            upto.push(n);
        }
    }
}
