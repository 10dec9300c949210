//! The kernel: finds the entries of a customer, and for each the slots (periods or brackets) with a return event.
//!
//! Times ascend within a journey, so the period is looked up only where an event lies behind the end of the last one
//! that mattered; the events in between cost one comparison each.
//!
//! Decided here, where the definition leaves it open:
//! * Slot 0 is the entry's own period and holds the whole cohort. Everything after is judged by events in later periods,
//!   so *on-or-before* and *streak* begin with period 1, and *on-or-after* for k = 1 is "ever again after the first period".
//! * `--min-count n` asks for n return events in the period (*on*, and every period of a *streak*), in all periods up to
//!   it (*on-or-before*), or from it on (*on-or-after*).
//! * With `--recurring` an entry is the first start event of a customer in each period of the start, and later periods are
//!   counted from that.
//! * A rolling hour is 1 h, a day 24 h, a week 7, a month 30, a quarter 91 and a year 365 times that.

use std::ops::Range;

use super::cohort::{self, Cohorts, NONE};
use super::periods::Calendar;
use super::spec::{Mode, RetentionSpec};
use crate::analysis::Error;
use crate::base::{Cancelled, Ctl, CustomerId, Instant, Period};
use crate::journey::chunks::customer_chunks;
use crate::journey::{Code, StepMatch, View};
use crate::with_codes;

/// No slot, of a period between or behind the brackets.
const NO_SLOT: u16 = u16::MAX;

/// Periods or brackets, in order; the first is period 0.
#[derive(Debug)]
pub(in crate::analysis) struct Slots {
    pub runs: Vec<(u32, u32)>,
    /// By period since the start.
    of_period: Vec<u16>,
    /// Of all later periods.
    beyond: u16,
    /// By how many leading periods are over: how many leading slots are.
    over: Vec<u16>,
}

impl Slots {
    fn new(runs: Vec<(u32, u32)>, mode: Mode) -> Self {
        let last = runs[runs.len() - 1].1;
        let slot = |period: u32| {
            let found = match mode {
                Mode::On | Mode::Streak => runs.iter().position(|run| (run.0..=run.1).contains(&period)),
                // What happened between two brackets is before the later and after the earlier one.
                Mode::OnOrBefore => runs.iter().position(|run| period <= run.1),
                Mode::OnOrAfter => runs.iter().rposition(|run| run.0 <= period),
            };
            found.filter(|slot| *slot > 0).map_or(NO_SLOT, |slot| slot as u16)
        };
        Slots {
            of_period: (0..=last).map(slot).collect(),
            beyond: if mode == Mode::OnOrAfter && runs.len() > 1 { runs.len() as u16 - 1 } else { NO_SLOT },
            over: (0..=last + 1).map(|n_over| runs.partition_point(|run| run.1 < n_over) as u16).collect(),
            runs,
        }
    }

    pub fn len(&self) -> usize {
        self.runs.len()
    }

    #[inline]
    fn of(&self, period: u32) -> u16 {
        self.of_period.get(period as usize).copied().unwrap_or(self.beyond)
    }

    /// How many leading slots are over when this many periods are.
    #[inline]
    fn n_over(&self, periods: i64) -> u16 {
        self.over[periods.clamp(0, self.over.len() as i64 - 1) as usize]
    }
}

/// How the time since the start is cut.
#[derive(Debug)]
enum Cut {
    Calendar { calendar: Calendar, n_over: i64 },
    Rolling { length: i64 },
}

/// Where an entry's periods begin and end.
trait Clock: Copy {
    /// The period of a time (0 is that of the start), and the first instant after it.
    fn at(self, time: i64) -> (u32, i64);
}

#[derive(Clone, Copy)]
struct OnCalendar<'a> {
    calendar: &'a Calendar,
    base: u32,
}

impl Clock for OnCalendar<'_> {
    #[inline]
    fn at(self, time: i64) -> (u32, i64) {
        let idx = self.calendar.at(time);
        (idx - self.base, self.calendar.end(idx))
    }
}

#[derive(Clone, Copy)]
struct SinceStart {
    start: i64,
    length: i64,
}

impl Clock for SinceStart {
    #[inline]
    fn at(self, time: i64) -> (u32, i64) {
        let period = (time - self.start) / self.length;
        (period as u32, self.start.saturating_add((period + 1) * self.length))
    }
}

/// A customer's start, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::analysis) struct Entry {
    pub customer: CustomerId,
    /// Of the start event, in the view.
    pub position: usize,
    pub cohort: u32,
    /// How many leading slots are over as of the end of observation.
    pub n_over: u16,
    /// Where the cut follows the calendar: the period of the start.
    period: u32,
}

#[derive(Debug)]
pub(in crate::analysis) struct Plan<'v> {
    pub view: &'v View,
    pub cohorts: Cohorts,
    pub slots: Slots,
    cut: Cut,
    /// Whether cohorts are the periods in which customers come back.
    is_cut_by_cohort: bool,
    /// The periods in each of which a customer starts anew.
    anew: Option<Calendar>,
    start: Option<StepMatch>,
    returns: Option<StepMatch>,
    mode: Mode,
    min_count: usize,
    since: i64,
    until: i64,
}

impl<'v> Plan<'v> {
    /// # Errors
    /// A spec that contradicts itself, an unknown event or column, too many periods, or `Cancelled`.
    pub fn new(view: &'v View, spec: &RetentionSpec, ctl: &Ctl) -> Result<Self, Error> {
        spec.check()?;
        let store = view.store();
        let as_of = view.as_of().micros();
        let (first, last) = store.bounds().unwrap_or((Instant(0), Instant(0)));
        let covered = (first.micros(), last.micros().max(as_of).max(first.micros()));
        let calendar = |period: Period| Calendar::covering(period, covered.0, covered.1, &store.zone, spec.week_start);
        let cohorts = cohort::resolve(view, spec, calendar, ctl)?;
        let unit = spec.unit();
        let (cut, n_periods) = if spec.rolling {
            let length = rolling_length(unit);
            let n = (covered.1 - covered.0) / length + 1;
            (Cut::Rolling { length }, n)
        } else {
            let calendar = calendar(unit)?;
            let (n_over, n) = (calendar.n_over(as_of) as i64, calendar.len() as i64);
            (Cut::Calendar { calendar, n_over }, n)
        };
        let is_cut_by_cohort = match (&cohorts, &cut) {
            (Cohorts::ByPeriod(of_cohort), Cut::Calendar { calendar, .. }) => of_cohort.period == calendar.period,
            _ => false,
        };
        let anew = match &cohorts {
            _ if !spec.recurring => None,
            Cohorts::ByPeriod(calendar) => Some(calendar.clone()),
            Cohorts::ByCustomer { .. } => Some(calendar(unit)?),
        };
        let runs = match &spec.brackets {
            Some(brackets) => brackets.runs().to_vec(),
            None => (0..n_periods.clamp(1, i64::from(spec.periods) + 1) as u32).map(|k| (k, k)).collect(),
        };
        let (since, until) = spec.scope.entry_period(&store.zone);
        Ok(Plan {
            view,
            cohorts,
            slots: Slots::new(runs, spec.mode),
            cut,
            is_cut_by_cohort,
            anew,
            start: spec.start.as_ref().map(|step| step.resolve(view, ctl)).transpose()?,
            returns: spec.returns.as_ref().map(|step| step.resolve(view, ctl)).transpose()?,
            mode: spec.mode,
            min_count: spec.min_count as usize,
            since: since.map_or(i64::MIN, Instant::micros),
            until: until.map_or(i64::MAX, Instant::micros),
        })
    }

    /// How many periods after a start the data could hold at most, whatever is shown.
    pub fn n_periods_of_data(&self) -> u64 {
        let times = self.view.store().bounds().map_or((0, 0), |(first, last)| (first.micros(), last.micros()));
        match &self.cut {
            Cut::Calendar { n_over, .. } => (n_over - 1).max(0) as u64,
            Cut::Rolling { length } => {
                ((self.view.as_of().micros().max(times.1) - times.0 + 1) / length - 1).max(0) as u64
            }
        }
    }

    /// The entry of a customer at a position; `None` where they are in no cohort.
    #[inline]
    pub fn entry(&self, customer: CustomerId, position: usize) -> Option<Entry> {
        let time = self.view.times()[position];
        let period = match &self.cut {
            Cut::Calendar { calendar, .. } => calendar.at(time),
            Cut::Rolling { .. } => 0,
        };
        let cohort = match &self.cohorts {
            Cohorts::ByPeriod(_) if self.is_cut_by_cohort => period,
            Cohorts::ByPeriod(calendar) => calendar.at(time),
            Cohorts::ByCustomer { of, .. } => match of[customer.idx()] {
                NONE => return None,
                cohort => u32::from(cohort),
            },
        };
        let n_over = match &self.cut {
            Cut::Calendar { .. } => self.n_over_of(period),
            Cut::Rolling { length } => self.slots.n_over((self.view.as_of().micros() - time + 1) / length),
        };
        Some(Entry { customer, position, cohort, n_over, period })
    }

    /// How many leading slots are over for those who start in a period of the calendar; none without one.
    #[inline]
    pub fn n_over_of(&self, period: u32) -> u16 {
        match &self.cut {
            Cut::Calendar { n_over, .. } => self.slots.n_over(n_over - i64::from(period)),
            Cut::Rolling { .. } => 0,
        }
    }

    /// The calendar that says all, where customers start with their first event, are back with any one and all periods asked
    /// for are the same few of the same length, each a slot.
    pub fn plain_calendar(&self) -> Option<&Calendar> {
        let Cut::Calendar { calendar, .. } = &self.cut else { return None };
        let is_cohort_known = self.is_cut_by_cohort || matches!(self.cohorts, Cohorts::ByCustomer { .. });
        let asks_no_more = is_cohort_known
            && self.anew.is_none()
            && self.start.is_none()
            && self.returns.is_none()
            && self.mode == Mode::On
            && self.min_count == 1
            && (self.since, self.until) == (i64::MIN, i64::MAX);
        let are_slots_periods = self.slots.runs.iter().zip(0..).all(|(run, period)| *run == (period, period));
        Some(calendar).filter(|calendar| asks_no_more && are_slots_periods && calendar.are_few_and_even())
    }

    /// Calls `each` with every entry of a journey.
    #[inline]
    fn entries<C: Code>(&self, codes: &[C], customer: CustomerId, journey: Range<usize>, mut each: impl FnMut(Entry)) {
        let times = self.view.times();
        let is_start =
            |position: usize| self.start.as_ref().is_none_or(|start| start.matches(codes[position].idx(), position));
        let is_in_period = |time: i64| self.since <= time && time < self.until;
        if let Some(start) = &self.start
            && self.view.mask(customer) & start.mask() == 0
        {
            return;
        }
        let Some(anew) = &self.anew else {
            let first = journey.clone().find(|&position| is_start(position));
            if let Some(position) = first.filter(|&position| is_in_period(times[position]))
                && let Some(entry) = self.entry(customer, position)
            {
                each(entry);
            }
            return;
        };
        let mut known_until = i64::MIN;
        for position in journey {
            let time = times[position];
            if time < known_until || !is_in_period(time) || !is_start(position) {
                continue;
            }
            known_until = anew.end(anew.at(time));
            if let Some(entry) = self.entry(customer, position) {
                each(entry);
            }
        }
    }

    /// The slots of an entry's return events in later periods, ascending: each once where one event is enough, else once
    /// per event.
    #[inline]
    pub fn gather<C: Code>(&self, codes: &[C], entry: &Entry, end: usize, back: &mut Vec<u16>) {
        back.clear();
        if let Some(returns) = &self.returns
            && self.view.mask(entry.customer) & returns.mask() == 0
        {
            return;
        }
        let start = self.view.times()[entry.position];
        match &self.cut {
            Cut::Calendar { calendar, .. } => {
                let base = entry.period;
                if self.min_count == 1
                    && self.returns.is_none()
                    && let Some(seen) = calendar.seen(&self.view.times()[entry.position..end])
                {
                    let mut later = seen >> base & !1;
                    while later != 0 && self.note(later.trailing_zeros(), back) {
                        later &= later - 1;
                    }
                    return;
                }
                self.gather_by(OnCalendar { calendar, base }, calendar.end(base), codes, entry.position + 1..end, back);
            }
            Cut::Rolling { length } => {
                let clock = SinceStart { start, length: *length };
                self.gather_by(clock, start.saturating_add(*length), codes, entry.position + 1..end, back);
            }
        }
    }

    #[inline]
    fn gather_by<C: Code>(
        &self,
        clock: impl Clock,
        first_end: i64,
        codes: &[C],
        rest: Range<usize>,
        back: &mut Vec<u16>,
    ) {
        let times = &self.view.times()[rest.clone()];
        // Events before this instant say nothing more.
        let mut known_until = first_end;
        if self.min_count == 1 && self.returns.is_none() {
            let mut times = times;
            while times.last().is_some_and(|last| *last >= known_until) {
                times = &times[n_before(times, known_until)..];
                let (period, end) = clock.at(times[0]);
                known_until = end;
                if !self.note(period, back) {
                    return;
                }
            }
            return;
        }
        let (mut period, mut period_end) = (0, first_end);
        for (position, &time) in rest.zip(times) {
            let is_back = time >= known_until
                && self.returns.as_ref().is_none_or(|returns| returns.matches(codes[position].idx(), position));
            if !is_back {
                continue;
            }
            if time >= period_end {
                (period, period_end) = clock.at(time);
            }
            if self.min_count == 1 {
                known_until = period_end;
            }
            if !self.note(period, back) {
                return;
            }
        }
    }

    /// Notes a return event in a period; false where no later one can matter.
    #[inline]
    fn note(&self, period: u32, back: &mut Vec<u16>) -> bool {
        let slot = self.slots.of(period);
        if slot == NO_SLOT {
            return (period as usize) < self.slots.of_period.len();
        }
        if self.min_count > 1 || back.last() != Some(&slot) {
            back.push(slot);
        }
        true
    }

    /// Calls `each` with the runs of slots (first and last) in which an entry with these return events counts as back.
    #[inline]
    pub fn judge(&self, back: &[u16], mut each: impl FnMut(usize, usize)) {
        let last = self.slots.len() - 1;
        match self.mode {
            Mode::On if self.min_count == 1 => back.iter().for_each(|&slot| each(usize::from(slot), usize::from(slot))),
            Mode::On => {
                for run in back.chunk_by(|a, b| a == b).filter(|run| run.len() >= self.min_count) {
                    each(usize::from(run[0]), usize::from(run[0]));
                }
            }
            Mode::OnOrAfter if back.len() >= self.min_count => each(1, usize::from(back[back.len() - self.min_count])),
            Mode::OnOrBefore if back.len() >= self.min_count => each(usize::from(back[self.min_count - 1]), last),
            Mode::Streak => {
                let mut unbroken = 0;
                for run in back.chunk_by(|a, b| a == b) {
                    if usize::from(run[0]) != unbroken + 1 || run.len() < self.min_count {
                        break;
                    }
                    unbroken += 1;
                }
                if unbroken > 0 {
                    each(1, unbroken);
                }
            }
            Mode::OnOrAfter | Mode::OnOrBefore => {}
        }
    }

    /// Whether an entry with these return events counts as back in a slot.
    pub fn is_back(&self, back: &[u16], slot: usize) -> bool {
        let mut found = slot == 0;
        self.judge(back, |first, last| found |= first <= slot && slot <= last);
        found
    }

    /// Walks all journeys in parallel in a few long pieces, each with a value of its own; the values come in customer
    /// order. With `wants_returns` false the slots are left empty.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn walk<T: Send>(
        &self,
        ctl: &Ctl,
        wants_returns: bool,
        start: impl Fn() -> T + Sync + Send,
        each: impl Fn(&mut T, &Entry, &[u16]) + Sync + Send,
    ) -> Result<Vec<T>, Cancelled> {
        use rayon::prelude::*;
        let chunks = customer_chunks(self.view);
        let per_piece = chunks.len().div_ceil(PIECES).max(1);
        ctl.expect_more(self.view.n_events() as u64);
        with_codes!(self.view.codes(), |codes| {
            chunks
                .par_chunks(per_piece)
                .map(|piece| {
                    let (mut gathered, mut back) = (start(), Vec::new());
                    for chunk in piece {
                        ctl.check()?;
                        for (customer, journey) in self.view.journeys_of(chunk.clone()) {
                            let end = journey.end;
                            self.entries(codes, customer, journey, |entry| {
                                if wants_returns {
                                    self.gather(codes, &entry, end, &mut back);
                                }
                                each(&mut gathered, &entry, &back);
                            });
                        }
                        ctl.tick(self.view.n_events_of(chunk))?;
                    }
                    Ok(gathered)
                })
                .collect()
        })
    }
}

/// How many of ascending times lie before an instant. Most journeys are short: counting a few at once without a branch
/// costs less than looking at them one by one, or halving.
#[inline(always)]
fn n_before(times: &[i64], instant: i64) -> usize {
    const AT_ONCE: usize = 8;
    let mut n = 0;
    for some in times.chunks(AT_ONCE) {
        let before = some.iter().map(|time| usize::from(*time < instant)).sum::<usize>();
        n += before;
        if before < some.len() {
            break;
        }
    }
    n
}

/// Pieces of work, few because each has a table of its own; how they are cut depends on the data alone.
const PIECES: usize = 24;

fn rolling_length(period: Period) -> i64 {
    const HOUR: i64 = 3_600_000_000;
    HOUR * match period {
        Period::Hour => 1,
        Period::Day => 24,
        Period::Week => 7 * 24,
        Period::Month => 30 * 24,
        Period::Quarter => 91 * 24,
        Period::Year => 365 * 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(text: &str, mode: Mode) -> Slots {
        let brackets: super::super::spec::Brackets = text.parse().expect("brackets");
        Slots::new(brackets.runs().to_vec(), mode)
    }

    #[test]
    fn a_period_between_two_brackets_is_before_the_later_and_after_the_earlier_one() {
        let of = |mode| {
            let slots = slots("1-2,5", mode);
            (0..8).map(|period| slots.of(period)).map(|slot| if slot == NO_SLOT { 0 } else { slot }).collect::<Vec<_>>()
        };
        assert_eq!(of(Mode::On), [0, 1, 1, 0, 0, 2, 0, 0]);
        assert_eq!(of(Mode::Streak), [0, 1, 1, 0, 0, 2, 0, 0]);
        assert_eq!(of(Mode::OnOrBefore), [0, 1, 1, 2, 2, 2, 0, 0]);
        assert_eq!(of(Mode::OnOrAfter), [0, 1, 1, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_bracket_is_over_when_its_last_period_is() {
        let slots = slots("1-2,5", Mode::On);
        let over: Vec<u16> = (-1..9).map(|periods| slots.n_over(periods)).collect();
        assert_eq!(over, [0, 0, 1, 1, 2, 2, 2, 3, 3, 3]);
    }
}
