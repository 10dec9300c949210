//! One pass over the events for everything that is counted by name, by period and by customer.

use rayon::prelude::*;

use super::{EventRow, VolumeRow};
use crate::base::{Cancelled, Ctl, CustomerId, Instant, Period, Span, WeekStart, Zone};
use crate::journey::chunks::{customer_chunks, par_chunks};
use crate::journey::expr::clock::WallClock;
use crate::journey::session::SessionRule;
use crate::journey::{Code, Names, View};
use crate::with_codes;

/// Rows of the volume table that are still a picture.
const PERIODS_MAX: i64 = 100;

/// Journeys longer than this are rarely a person's.
pub(super) const LONG_JOURNEY: usize = 1000;

#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub n_events: u64,
    pub n_customers: u64,
    pub n_sessions: u64,
    pub n_ties: u64,
    pub n_midnight: u64,
    pub n_single: u64,
    pub n_long: u64,
    /// Events of the largest journey, and whose it is.
    pub largest: Option<(usize, CustomerId)>,
    pub by_code: Vec<NameCount>,
    /// Events and customers by period.
    pub by_period: Vec<(u64, u64)>,
    /// By touchpoint: the last customer who had it, plus one.
    seen: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NameCount {
    pub events: u64,
    pub customers: u64,
    first: i64,
    last: i64,
}

impl NameCount {
    const NONE: NameCount = NameCount { events: 0, customers: 0, first: i64::MAX, last: i64::MIN };
}

/// First and last event of the customers that count.
pub(super) fn bounds(view: &View, ctl: &Ctl) -> Result<Option<(Instant, Instant)>, Cancelled> {
    if view.is_whole() {
        return Ok(view.store().bounds());
    }
    let times = view.times();
    let chunks = par_chunks(view, ctl, |chunk| {
        chunk.map(CustomerId).filter(|&customer| view.is_in(customer)).fold(None, |bounds, customer| {
            let journey = view.journey(customer);
            Some(wider(bounds, (times[journey.start], times[journey.end - 1])))
        })
    })?;
    let bounds = chunks.into_iter().flatten().fold(None, |bounds, more| Some(wider(bounds, more)));
    Ok(bounds.map(|(first, last)| (Instant(first), Instant(last))))
}

fn wider(bounds: Option<(i64, i64)>, (first, last): (i64, i64)) -> (i64, i64) {
    bounds.map_or((first, last), |(a, b)| (a.min(first), b.max(last)))
}

/// The shortest period that cuts the data into few enough pieces, and where its pieces start.
pub(super) fn periods(bounds: Option<(Instant, Instant)>, zone: &Zone) -> (Period, Vec<Instant>) {
    const HOUR: i64 = 3_600_000_000;
    let Some((first, last)) = bounds else { return (Period::Day, Vec::new()) };
    let lengths = [
        (Period::Hour, HOUR),
        (Period::Day, 24 * HOUR),
        (Period::Week, 7 * 24 * HOUR),
        (Period::Month, 30 * 24 * HOUR),
        (Period::Quarter, 91 * 24 * HOUR),
    ];
    let range = last.0.saturating_sub(first.0);
    let period = lengths.into_iter().find(|(_, length)| range / length < PERIODS_MAX).map_or(Period::Year, |(p, _)| p);
    let mut starts = vec![period.start(first, zone, WeekStart::Monday)];
    while let Some(&start) = starts.last() {
        let next = period.next(start, zone, WeekStart::Monday);
        if next > last || next <= start {
            break;
        }
        starts.push(next);
    }
    (period, starts)
}

/// Counts everything.
pub(super) fn count(view: &View, gap: Span, starts: &[Instant], ctl: &Ctl) -> Result<Tally, Cancelled> {
    let n_names = view.store().touchpoints.len();
    let starts: Vec<i64> = starts.iter().map(|start| start.0).collect();
    let clock = WallClock::new(&view.store().zone, view.store().bounds());
    let counter = Counter { view, rule: SessionRule::new(view, gap), starts: &starts, clock: &clock };
    let empty = || Tally {
        by_code: vec![NameCount::NONE; n_names],
        by_period: vec![(0, 0); starts.len()],
        seen: vec![0; n_names],
        ..Tally::default()
    };
    let chunks = customer_chunks(view);
    // Few, long pieces: with very many event names every piece has a large table of its own. All sums are of whole
    // numbers, so that the order in which the pieces meet does not matter.
    let least = chunks.len().div_ceil(16).max(1);
    chunks
        .into_par_iter()
        .with_min_len(least)
        .try_fold(empty, |mut tally, chunk| {
            ctl.check()?;
            with_codes!(view.codes(), |codes| {
                for customer in chunk.map(CustomerId).filter(|&customer| view.is_in(customer)) {
                    counter.customer(&mut tally, customer, codes);
                }
            });
            Ok(tally)
        })
        .try_reduce(empty, |a, b| Ok(a.plus(&b)))
}

struct Counter<'v> {
    view: &'v View,
    rule: SessionRule<'v>,
    starts: &'v [i64],
    clock: &'v WallClock,
}

impl Counter<'_> {
    fn customer<C: Code>(&self, tally: &mut Tally, customer: CustomerId, codes: &[C]) {
        let journey = self.view.journey(customer);
        let times = &self.view.times()[journey.clone()];
        tally.n_customers += 1;
        tally.n_events += times.len() as u64;
        tally.n_single += u64::from(times.len() == 1);
        tally.n_long += u64::from(times.len() > LONG_JOURNEY);
        tally.largest = tally.largest.max_by_length((times.len(), customer));
        tally.n_sessions += self.rule.count(journey.clone());

        let mark = customer.0 + 1;
        for (code, &time) in codes[journey].iter().zip(times) {
            let code = code.idx();
            let count = &mut tally.by_code[code];
            count.events += 1;
            count.last = count.last.max(time);
            if tally.seen[code] != mark {
                tally.seen[code] = mark;
                count.customers += 1;
                count.first = count.first.min(time);
            }
            if time % 1_000_000 == 0 && self.clock.is_midnight(time) {
                tally.n_midnight += 1;
            }
        }
        self.by_time(tally, times);
    }

    /// Ties and periods; times ascend.
    fn by_time(&self, tally: &mut Tally, times: &[i64]) {
        let mut period = self.starts.partition_point(|&start| start <= times[0]) - 1;
        tally.by_period[period].1 += 1;
        let (mut before, mut run) = (None, 1);
        for &time in times {
            if before == Some(time) {
                // The second of a run makes a tie of the first too.
                tally.n_ties += if run == 1 { 2 } else { 1 };
                run += 1;
            } else {
                run = 1;
            }
            before = Some(time);
            if self.starts.get(period + 1).is_some_and(|&next| time >= next) {
                period += self.starts[period + 1..].partition_point(|&start| start <= time);
                tally.by_period[period].1 += 1;
            }
            tally.by_period[period].0 += 1;
        }
    }
}

trait MaxByLength {
    fn max_by_length(self, other: (usize, CustomerId)) -> Self;
}

impl MaxByLength for Option<(usize, CustomerId)> {
    /// Of equally long ones the customer that came first in the data.
    fn max_by_length(self, other: (usize, CustomerId)) -> Self {
        match self {
            Some((len, customer)) if (len, std::cmp::Reverse(customer)) >= (other.0, std::cmp::Reverse(other.1)) => {
                Some((len, customer))
            }
            _ => Some(other),
        }
    }
}

impl Tally {
    fn plus(mut self, other: &Tally) -> Self {
        self.n_events += other.n_events;
        self.n_customers += other.n_customers;
        self.n_sessions += other.n_sessions;
        self.n_ties += other.n_ties;
        self.n_midnight += other.n_midnight;
        self.n_single += other.n_single;
        self.n_long += other.n_long;
        if let Some(largest) = other.largest {
            self.largest = self.largest.max_by_length(largest);
        }
        for (count, more) in self.by_code.iter_mut().zip(&other.by_code) {
            count.events += more.events;
            count.customers += more.customers;
            count.first = count.first.min(more.first);
            count.last = count.last.max(more.last);
        }
        for (count, more) in self.by_period.iter_mut().zip(&other.by_period) {
            count.0 += more.0;
            count.1 += more.1;
        }
        self
    }

    /// Names that occur, most frequent first, ties by name.
    pub(super) fn events(&self, names: &Names) -> Vec<EventRow> {
        let mut rows: Vec<EventRow> = self
            .by_code
            .iter()
            .enumerate()
            .filter(|(_, count)| count.events > 0)
            .map(|(code, count)| EventRow {
                name: names.name(code as u32).to_owned(),
                events: count.events,
                customers: count.customers,
                first: Instant(count.first),
                last: Instant(count.last),
            })
            .collect();
        rows.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
        rows
    }

    pub(super) fn volume(&self, period: Period, starts: &[Instant], zone: &Zone) -> Vec<VolumeRow> {
        let row = |(&start, &(events, customers)): (&Instant, &(u64, u64))| VolumeRow {
            start,
            label: period.label(start, zone),
            events,
            customers,
        };
        starts.iter().zip(&self.by_period).map(row).collect()
    }
}
