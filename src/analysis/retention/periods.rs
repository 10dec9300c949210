//! Calendar periods that cover the data, as sorted boundaries, so that the period of an event is found without a calendar.

use crate::analysis::Error;
use crate::base::{Instant, Period, WeekStart, Zone};
use crate::table::text::count;

/// More periods than this are no picture, and their boundaries no longer small.
const MAX_PERIODS: i64 = 200_000;

/// Cells per period of the coarse map from time to period, and cells at most: few enough to stay near at hand.
const CELLS_PER_PERIOD: i64 = 16;
const MAP_CELLS: i64 = 1 << 16;

/// Consecutive periods from that of the first time to that of the last.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Calendar {
    pub period: Period,
    /// The first instant of every period, and the end of the last at the end.
    starts: Vec<i64>,
    /// By time since the first start, in steps of two to the power of `shift`: the period that the step begins in.
    map: Vec<u32>,
    shift: u32,
    even: Option<Even>,
}

static BITS: [u64; Calendar::FEW] = {
    let mut bits = [0; Calendar::FEW];
    let mut at = 0;
    while at < Calendar::FEW {
        bits[at] = 1 << at;
        at += 1;
    }
    bits
};

/// Periods of one length, at most as many as a word has bits: a time's period is a multiplication.
#[derive(Debug, Clone, Copy)]
struct Even {
    /// Two to the power of 64 over the length in units of `UNIT`, rounded up.
    scale: u64,
}

impl Even {
    /// Microseconds, as a power of two: whole hours, days and weeks are a multiple of so many.
    const UNIT: u32 = 10;

    fn of(starts: &[i64]) -> Option<Self> {
        let length = starts[1] - starts[0];
        let are_even = starts.windows(2).all(|pair| pair[1] - pair[0] == length) && length % (1 << Self::UNIT) == 0;
        if !are_even || starts.len() > Calendar::FEW + 1 {
            return None;
        }
        let length = (length >> Self::UNIT) as u64;
        let scale = (u64::MAX / length).checked_add(1)?;
        // What the rounding adds must not carry the longest time over into the next period.
        let excess = u128::from(scale) * u128::from(length) - (1 << 64);
        let longest = u128::from(length) * starts.len() as u128;
        (longest * excess < 1 << 64).then_some(Even { scale })
    }

    #[inline(always)]
    fn at(self, since_start: i64) -> u64 {
        ((u128::from(since_start as u64 >> Self::UNIT) * u128::from(self.scale)) >> 64) as u64
    }
}

impl Calendar {
    /// As many periods as a word has bits.
    pub const FEW: usize = 64;

    /// The periods that hold the times from `first` to `last`.
    ///
    /// # Errors
    /// `Invalid` where there would be too many.
    pub fn covering(period: Period, first: i64, last: i64, zone: &Zone, week: WeekStart) -> Result<Self, Error> {
        const DAY: i64 = 86_400_000_000;
        let shortest = match period {
            Period::Hour => DAY / 24,
            Period::Day => DAY * 23 / 24,
            Period::Week => DAY * 6,
            Period::Month => DAY * 27,
            Period::Quarter => DAY * 89,
            Period::Year => DAY * 364,
        };
        let last = last.max(first);
        let most = last.saturating_sub(first) / shortest;
        if most > MAX_PERIODS {
            return Err(Error::Invalid(format!(
                "from {} to {} there are more than {} of the period `{}`; take a longer one, or narrow the data with --since, --until and --clip",
                Instant(first),
                Instant(last),
                count(MAX_PERIODS as u64),
                word(period),
            )));
        }
        let mut starts = vec![period.start(Instant(first), zone, week).micros()];
        loop {
            let start = starts[starts.len() - 1];
            let next = period.next(Instant(start), zone, week).micros();
            if starts.len() > 1 && start > last {
                break;
            }
            // At the end of representable time a period has no next.
            if next <= start {
                starts.push(i64::MAX);
                break;
            }
            starts.push(next);
        }
        let range = starts[starts.len() - 1].saturating_sub(starts[0]).max(1);
        let n_cells = (starts.len() as i64 * CELLS_PER_PERIOD).clamp(1 << 8, MAP_CELLS);
        let shift = (0..63).find(|shift| range >> shift < n_cells).unwrap_or(63);
        let mut at = 0;
        let map = (0..=range >> shift)
            .map(|cell| {
                let time = starts[0].saturating_add(cell << shift);
                while at + 2 < starts.len() && time >= starts[at + 1] {
                    at += 1;
                }
                at as u32
            })
            .collect();
        let even = Even::of(&starts);
        Ok(Calendar { period, starts, map, shift, even })
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The period of a time that the calendar covers.
    #[inline]
    pub fn at(&self, time: i64) -> u32 {
        let mut at = self.map[((time - self.starts[0]) >> self.shift) as usize] as usize;
        while time >= self.starts[at + 1] {
            at += 1;
        }
        at as u32
    }

    /// Whether `seen` has an answer.
    pub fn are_few_and_even(&self) -> bool {
        self.even.is_some()
    }

    /// A bit for every period that one of the times lies in; `None` where the periods differ in length or are more than 64.
    #[inline]
    pub fn seen(&self, times: &[i64]) -> Option<u64> {
        let even = self.even?;
        // No branch in it: what comes in which period is as good as random. And bits from a table: four shifted ones side by
        // side, which a compiler makes of shifts, take longer.
        let first = self.starts[0];
        Some(times.iter().fold(0, |seen, time| seen | BITS[even.at(time - first) as usize & 63]))
    }

    pub fn start(&self, idx: usize) -> Instant {
        Instant(self.starts[idx])
    }

    /// The first instant after a period.
    #[inline]
    pub fn end(&self, idx: u32) -> i64 {
        self.starts[idx as usize + 1]
    }

    /// How many leading periods are over: their last instant has been observed.
    pub fn n_over(&self, as_of: i64) -> usize {
        self.starts[1..].partition_point(|&end| end - 1 <= as_of)
    }

    pub fn label(&self, idx: usize, zone: &Zone) -> String {
        self.period.label(self.start(idx), zone)
    }
}

/// The name of a period, as flags write it.
pub fn word(period: Period) -> &'static str {
    match period {
        Period::Hour => "hour",
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Year => "year",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::When;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        text.parse::<When>().expect("a time").resolve(&Zone::utc()).micros()
    }

    const PERIODS: [Period; 6] =
        [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year];

    #[test]
    fn a_period_is_over_when_its_last_instant_has_been_seen() {
        let calendar =
            Calendar::covering(Period::Day, at("2024-05-01"), at("2024-05-04"), &Zone::utc(), WeekStart::Monday)
                .expect("few days");
        assert_eq!(calendar.len(), 4);
        assert_eq!(calendar.n_over(at("2024-05-03") - 2), 1);
        assert_eq!(calendar.n_over(at("2024-05-03") - 1), 2);
        assert_eq!(calendar.n_over(at("2024-05-03")), 2);
        assert_eq!(calendar.n_over(i64::MAX), 4);
    }

    #[test]
    fn too_many_periods_are_refused_with_the_way_out() {
        let err = Calendar::covering(Period::Hour, at("0001-01-01"), at("2024-05-04"), &Zone::utc(), WeekStart::Monday)
            .expect_err("two thousand years of hours");
        assert!(err.to_string().contains("take a longer one"), "{err}");
    }

    #[test]
    fn one_instant_is_covered_by_one_period() {
        for period in PERIODS {
            let time = at("2024-03-31T01:30");
            let calendar = Calendar::covering(period, time, time, &Zone::utc(), WeekStart::Sunday).expect("one");
            assert_eq!((calendar.len(), calendar.at(time)), (1, 0), "{period:?}");
        }
    }

    proptest! {
        #[test]
        fn every_time_lies_in_the_period_that_the_calendar_says(
            which in 0usize..6,
            length in 1i64..40_000_000_000,
            shares in prop::collection::vec(0.0f64..=1.0, 1..40),
            in_berlin in any::<bool>(),
        ) {
            let zone: Zone = if in_berlin { "Europe/Berlin" } else { "UTC" }.parse().expect("a zone");
            let (first, period) = (at("2023-11-05T13:37"), PERIODS[which]);
            let last = first + length * 1_000;
            let calendar = Calendar::covering(period, first, last, &zone, WeekStart::Monday).expect("a year or so");
            let ends = (0..calendar.len() as u32).flat_map(|idx| [calendar.start(idx as usize).micros(), calendar.end(idx) - 1]);
            let mut times: Vec<i64> = ends.filter(|time| (first..=last).contains(time)).collect();
            times.extend(shares.iter().map(|share| first + ((last - first) as f64 * share) as i64));
            match calendar.seen(&times) {
                Some(seen) => prop_assert_eq!(seen, times.iter().fold(0, |seen, time| seen | 1 << calendar.at(*time))),
                None => prop_assert!(calendar.len() > 64 || in_berlin || which > 2),
            }
            for time in times {
                let idx = calendar.at(time);
                prop_assert_eq!(calendar.start(idx as usize), period.start(Instant(time), &zone, WeekStart::Monday));
                prop_assert!(time < calendar.end(idx));
            }
        }
    }
}
