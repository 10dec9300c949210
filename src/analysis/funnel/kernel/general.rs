//! Every rule at once: gathers the events of a journey that matter and cuts them into tracks (by session, by the value
//! held constant); `judge` decides among the attempts that are read on them.

use std::ops::Range;

use super::judge::{Judge, Winner};
use super::{Gather, any_order, in_order};
use crate::analysis::funnel::plan::Plan;
use crate::analysis::funnel::spec::{Order, Unit};
use crate::base::CustomerId;
use crate::journey::Code;
use crate::journey::session::SessionRule;
use crate::with_codes;

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
    /// How many events that count as "next" come before it on its track, and up to and with it.
    pub before: u32,
    pub upto: u32,
    /// Whether an attempt may start here.
    pub enters: bool,
}

/// Events that one attempt may see, in journey order; they are named by their index here.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    pub entries: &'a [Entry],
}

impl<'a> Track<'a> {
    pub fn cut(self, range: Range<usize>) -> Track<'a> {
        Track { entries: &self.entries[range] }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no event that counts stands between two events.
    #[inline]
    pub fn is_next(&self, event: usize, next: usize) -> bool {
        self.entries[next].before == self.entries[event].upto
    }
}

/// Memory that is used again from journey to journey.
#[derive(Debug, Default)]
pub struct Scratch {
    entries: Vec<Entry>,
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
    let Scratch { entries, tracks, sessions, winner, in_order, any_order } = scratch;
    let whole = Track { entries };
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
    with_codes!(plan.view.codes(), |codes| {
        if plan.has_next {
            collect_codes::<_, true>(plan, codes, events, first_ever, scratch);
        } else {
            collect_codes::<_, false>(plan, codes, events, first_ever, scratch);
        }
    });
}

/// `NEXT`: what stands between two steps is counted.
fn collect_codes<C: Code, const NEXT: bool>(
    plan: &Plan,
    codes: &[C],
    events: Range<usize>,
    first_ever: Option<Option<usize>>,
    scratch: &mut Scratch,
) {
    let times = plan.view.times();
    let first_steps = match plan.order {
        Order::Ordered | Order::Strict => plan.levels[0].bit,
        Order::Any => u32::MAX,
    };
    let session = scratch.sessions.len() as u32 - 1;
    let mut upto = 0;
    for position in events {
        let code = codes[position].idx();
        let before = upto;
        if NEXT {
            upto += u32::from(plan.counts_as_next(code, position));
        } else if !plan.matters_by_code[code] {
            continue;
        }
        let steps = plan.steps_at(code, position);
        let stops = if plan.has_stops() { plan.stops_at(code, position) } else { 0 };
        // Where a value is held constant, what counts as "next" is only known on each track.
        if steps == 0 && stops == 0 && !(NEXT && plan.same.is_some()) {
            continue;
        }
        let time = times[position];
        let may_enter = steps & first_steps != 0
            && plan.is_in_period(time)
            && first_ever.is_none_or(|first| first == Some(plan.view.row(position)));
        let mut add = |value, steps: u32| {
            let enters = may_enter && steps & first_steps != 0;
            let position = position as u32;
            scratch.entries.push(Entry { time, position, session, value, steps, stops, before, upto, enters });
        };
        match &plan.same {
            None => add(0, steps),
            Some(same) => same.for_each_value(plan.view.row(position), steps, add),
        }
    }
}

/// Cuts the events into tracks.
fn cut_tracks(plan: &Plan, scratch: &mut Scratch) {
    let Scratch { entries, tracks, .. } = scratch;
    tracks.clear();
    if plan.same.is_none() && plan.unit != Unit::Sessions {
        tracks.extend((!entries.is_empty()).then_some(0..entries.len()));
        return;
    }
    if plan.same.is_some() {
        entries.sort_unstable_by_key(|entry| (entry.session, entry.value, entry.position));
    }
    let mut start = 0;
    for chunk in entries.chunk_by_mut(|a, b| a.session == b.session && a.value == b.value) {
        tracks.push(start..start + chunk.len());
        start += chunk.len();
        if plan.same.is_some() && plan.has_next {
            let mut upto = 0;
            for entry in chunk {
                let counts = entry.upto - entry.before;
                (entry.before, entry.upto) = (upto, upto + counts);
                upto += counts;
            }
        }
    }
}
