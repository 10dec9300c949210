//! What a wall in the store's zone shows, fast enough to ask for every event.
//!
//! Zones change their offset a few times a year at most, so one offset per day of the data answers nearly every question;
//! only on days with a change is the zone asked itself.

use crate::base::{Instant, Zone};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;

/// Beyond this many days the table is not worth its making.
const DAYS_MAX: i64 = 366 * 400;

#[derive(Debug)]
pub struct WallClock {
    zone: Zone,
    first_day: i64,
    /// Offset in microseconds by day since `first_day`; `None` on days on which it changes.
    days: Vec<Option<i64>>,
}

impl WallClock {
    /// A clock for times between these bounds; it is right outside them too, only slower.
    pub fn new(zone: &Zone, bounds: Option<(Instant, Instant)>) -> Self {
        let offset = |micros: i64| zone.civil_micros(Instant(micros)) - micros;
        let (first_day, days) = match bounds {
            Some((first, last)) if last.0.div_euclid(DAY) - first.0.div_euclid(DAY) < DAYS_MAX => {
                let first_day = first.0.div_euclid(DAY);
                let mut before = offset(first_day * DAY);
                let days = (first_day..=last.0.div_euclid(DAY))
                    .map(|day| {
                        let start = std::mem::replace(&mut before, offset((day + 1) * DAY));
                        (start == before).then_some(start)
                    })
                    .collect();
                (first_day, days)
            }
            _ => (0, Vec::new()),
        };
        WallClock { zone: zone.clone(), first_day, days }
    }

    /// Microseconds since 1970 that the wall shows, as if it stood in UTC.
    #[inline]
    pub fn micros(&self, time: i64) -> i64 {
        let day = usize::try_from(time.div_euclid(DAY) - self.first_day);
        match day.ok().and_then(|day| self.days.get(day)) {
            Some(Some(offset)) => time + offset,
            _ => self.zone.civil_micros(Instant(time)),
        }
    }

    /// 0 to 23.
    #[inline]
    pub fn hour(&self, time: i64) -> i64 {
        self.micros(time).rem_euclid(DAY) / HOUR
    }

    /// Monday 1 to Sunday 7; 1970-01-01 was a Thursday.
    #[inline]
    pub fn weekday(&self, time: i64) -> i64 {
        (self.micros(time).div_euclid(DAY) + 3).rem_euclid(7) + 1
    }

    /// Whether the wall shows midnight, as dates without a time of day do.
    #[inline]
    pub fn is_midnight(&self, time: i64) -> bool {
        self.micros(time).rem_euclid(DAY) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::When;

    fn at(text: &str) -> Instant {
        text.parse::<When>().expect("a time").resolve(&Zone::utc())
    }

    #[test]
    fn the_clock_shows_what_the_zone_says_also_around_a_change() {
        let zone: Zone = "Europe/Berlin".parse().expect("a zone");
        let (first, last) = (at("2024-03-29"), at("2024-04-02"));
        let clock = WallClock::new(&zone, Some((first, last)));
        for time in (at("2024-03-28").0..at("2024-04-04").0).step_by(17 * 60_000_000) {
            assert_eq!(clock.micros(time), zone.civil_micros(Instant(time)));
        }
        let noon = at("2024-04-01T12:00Z").0;
        assert_eq!((clock.hour(noon), clock.weekday(noon), clock.is_midnight(noon)), (14, 1, false));
        assert!(clock.is_midnight(at("2024-03-31T22:00Z").0));
    }
}
