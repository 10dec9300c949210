//! A point in time in microseconds since 1970 (UTC), the zones it is read and cut in, and calendar periods.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01T00:00:00Z. Years −9999 to 9999 are representable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant a span later, held at the end of time instead of wrapping.
    pub fn after(self, span: super::Span) -> Self {
        Instant(self.0.saturating_add(span.micros()))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC; a fraction only where there is one (`2019-11-01T17:59:13.273932Z`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", Civil::of_micros(self.0).to_text('T'))
    }
}

/// A date and time of day as a clock on some wall shows it, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    pub year: i32,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl Civil {
    /// Builds a civil time, or `None` where no such date or time of day exists. Second 60 and hour 24 do not exist here.
    pub fn new(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8, micros: u32) -> Option<Self> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour < 24
            && minute < 60
            && second < 60
            && micros < 1_000_000;
        valid.then_some(Civil { year, month, day, hour, minute, second, micros })
    }

    /// Microseconds since 1970-01-01 as if the wall stood in UTC.
    pub fn as_micros(self) -> i64 {
        let days = days_from_civil(self.year, self.month, self.day);
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * DAY + seconds * 1_000_000 + i64::from(self.micros)
    }

    pub fn of_micros(micros: i64) -> Self {
        let (year, month, day) = civil_from_days(micros.div_euclid(DAY));
        let rest = micros.rem_euclid(DAY);
        let seconds = rest / 1_000_000;
        Civil {
            year,
            month,
            day,
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micros: (rest % 1_000_000) as u32,
        }
    }

    /// `2019-11-01T17:59:13.273932`, the fraction without trailing zeros and only where there is one.
    pub fn to_text(self, between: char) -> String {
        let Civil { year, month, day, hour, minute, second, micros } = self;
        let mut text = format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}");
        if micros != 0 {
            let fraction = format!("{micros:06}");
            text.push('.');
            text.push_str(fraction.trim_end_matches('0'));
        }
        text
    }

    /// Reads the ISO 8601 family: `2024-05-01`, `2024-05-01T10:00`, `2024-05-01 10:00:00.123456`, each with an optional
    /// `Z`, `UTC`, `+02`, `+0200` or `+02:00`; `/` may stand for `-` when the year comes first. Digits beyond
    /// microseconds are cut off. Returns the civil time and the offset in seconds where one is written.
    pub fn parse_iso(text: &[u8]) -> Option<(Civil, Option<i32>)> {
        let text = text.trim_ascii();
        let (date, rest) = text.split_at_checked(10)?;
        let separator = date[4];
        if !(separator == b'-' || separator == b'/') || date[7] != separator {
            return None;
        }
        let year = i32::from(two(&date[0..2])?) * 100 + i32::from(two(&date[2..4])?);
        let (month, day) = (two(&date[5..7])?, two(&date[8..10])?);
        if rest.is_empty() {
            return Some((Civil::new(year, month, day, 0, 0, 0, 0)?, None));
        }
        if !matches!(rest[0], b'T' | b't' | b' ') {
            return None;
        }
        let rest = &rest[1..];
        let (clock, mut rest) = rest.split_at_checked(5)?;
        if clock[2] != b':' {
            return None;
        }
        let (hour, minute) = (two(&clock[0..2])?, two(&clock[3..5])?);
        let (mut second, mut micros) = (0, 0);
        if rest.first() == Some(&b':') {
            second = two(rest.get(1..3)?)?;
            rest = &rest[3..];
            if matches!(rest.first(), Some(b'.' | b',')) {
                let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
                if digits == 0 {
                    return None;
                }
                for i in 0..6 {
                    let digit = if i < digits { u32::from(rest[1 + i] - b'0') } else { 0 };
                    micros = micros * 10 + digit;
                }
                rest = &rest[1 + digits..];
            }
        }
        let offset = parse_offset(rest)?;
        Some((Civil::new(year, month, day, hour, minute, second, micros)?, offset))
    }
}

/// Reads what may follow a time of day: nothing (`Some(None)`), `Z`, `UTC`, `GMT` or a signed offset, in seconds.
pub fn parse_offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.trim_ascii();
    match text {
        b"" => return Some(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(Some(0)),
        _ => {}
    }
    let sign = match text[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = &text[1..];
    let (hours, minutes) = match digits.len() {
        2 => (two(digits)?, 0),
        4 => (two(&digits[..2])?, two(&digits[2..])?),
        5 if digits[2] == b':' => (two(&digits[..2])?, two(&digits[3..])?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then(|| Some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)))
}

fn two(digits: &[u8]) -> Option<u8> {
    let (tens, ones) = (digits[0].wrapping_sub(b'0'), digits[1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's `days_from_civil`).
fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u8;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u8;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// The zone in which times without an offset are read and calendar periods are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
    /// Set where the offset never changes, so that the hot path needs no table.
    fixed: Option<i32>,
}

/// How a civil time became an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    Plain,
    /// Daylight saving skipped it or showed it twice; the earlier offset was taken.
    Ambiguous,
}

impl Zone {
    pub fn utc() -> Self {
        Zone { name: "UTC".into(), zone: TimeZone::UTC, fixed: Some(0) }
    }

    /// The zone of this machine, where it has one with a name.
    pub fn of_system() -> Option<Self> {
        TimeZone::try_system().ok()?.iana_name()?.parse().ok()
    }

    /// The names of all zones, in text order.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_utc(&self) -> bool {
        self.fixed == Some(0)
    }

    /// The instant at which a wall in this zone shows `civil_micros` (microseconds as if in UTC). A time that does not
    /// exist or exists twice takes the earlier offset.
    pub fn resolve_micros(&self, civil_micros: i64) -> (Instant, Resolved) {
        if let Some(offset) = self.fixed {
            return (Instant(civil_micros - i64::from(offset) * 1_000_000), Resolved::Plain);
        }
        let civil = Civil::of_micros(civil_micros);
        let nanos = i32::try_from(civil.micros * 1000).unwrap_or(0);
        let date = jiff::civil::DateTime::new(
            civil.year.clamp(-9999, 9999) as i16,
            civil.month as i8,
            civil.day as i8,
            civil.hour as i8,
            civil.minute as i8,
            civil.second as i8,
            nanos,
        );
        let Ok(date) = date else { return (Instant(civil_micros), Resolved::Plain) };
        let (offset, resolved) = match self.zone.to_ambiguous_timestamp(date).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset, Resolved::Plain),
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => (before, Resolved::Ambiguous),
        };
        (Instant(civil_micros - i64::from(offset.seconds()) * 1_000_000), resolved)
    }

    /// What a wall in this zone shows at `instant`.
    pub fn civil(&self, instant: Instant) -> Civil {
        Civil::of_micros(self.civil_micros(instant))
    }

    /// Microseconds since 1970 that a wall in this zone shows at `instant`, as if it stood in UTC.
    pub fn civil_micros(&self, instant: Instant) -> i64 {
        let offset = match self.fixed {
            Some(offset) => offset,
            None => match jiff::Timestamp::from_microsecond(instant.0) {
                Ok(stamp) => self.zone.to_offset(stamp).seconds(),
                Err(_) => 0,
            },
        };
        instant.0 + i64::from(offset) * 1_000_000
    }
}

impl Default for Zone {
    fn default() -> Self {
        Zone::utc()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone; write it like UTC, Europe/Berlin or +02:00")]
pub struct NotAZone(pub String);

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(text: &str) -> Result<Self, NotAZone> {
        let fail = || NotAZone(text.to_owned());
        if text.is_empty() {
            return Err(fail());
        }
        if let Some(Some(offset)) = parse_offset(text.as_bytes()) {
            let fixed = jiff::tz::Offset::from_seconds(offset).map_err(|_| fail())?;
            let name = if offset == 0 { "UTC".to_owned() } else { text.to_owned() };
            return Ok(Zone { name, zone: TimeZone::fixed(fixed), fixed: Some(offset) });
        }
        let zone = TimeZone::get(text).map_err(|_| fail())?;
        let fixed = zone.to_fixed_offset().ok().map(jiff::tz::Offset::seconds);
        Ok(Zone { name: text.to_owned(), zone, fixed })
    }
}

/// A moment as written in a flag or a file: a date or a time, with an offset or in the zone of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct When {
    text: String,
    civil_micros: i64,
    offset: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; write it like 2024-05-01, 2024-05-01T10:00 or 2024-05-01T10:00:00Z")]
pub struct NotATime(pub String);

impl When {
    pub fn resolve(&self, zone: &Zone) -> Instant {
        match self.offset {
            Some(offset) => Instant(self.civil_micros - i64::from(offset) * 1_000_000),
            None => zone.resolve_micros(self.civil_micros).0,
        }
    }
}

impl FromStr for When {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let (civil, offset) = Civil::parse_iso(text.as_bytes()).ok_or_else(|| NotATime(text.to_owned()))?;
        Ok(When { text: text.trim().to_owned(), civil_micros: civil.as_micros(), offset })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for When {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

impl From<When> for String {
    fn from(when: When) -> String {
        when.text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WeekStart {
    #[default]
    Monday,
    Sunday,
}

/// A calendar period, cut in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    /// The start of the period that holds `instant`.
    pub fn start(self, instant: Instant, zone: &Zone, week: WeekStart) -> Instant {
        let wall = zone.civil_micros(instant);
        if self == Period::Hour {
            // By subtraction, so that the two hours of an autumn night stay two.
            return Instant(instant.0 - wall.rem_euclid(3_600_000_000));
        }
        zone.resolve_micros(self.civil_start(wall, week)).0
    }

    fn civil_start(self, wall: i64, week: WeekStart) -> i64 {
        let days = wall.div_euclid(DAY);
        let (year, month, _) = civil_from_days(days);
        let start = match self {
            Period::Hour => return wall - wall.rem_euclid(3_600_000_000),
            Period::Day => days,
            // 1970-01-01 was a Thursday.
            Period::Week => {
                let shift = if week == WeekStart::Monday { 3 } else { 4 };
                days - (days + shift).rem_euclid(7)
            }
            Period::Month => days_from_civil(year, month, 1),
            Period::Quarter => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1),
            Period::Year => days_from_civil(year, 1, 1),
        };
        start * DAY
    }

    /// The start of the period after the one that starts at `start`.
    pub fn next(self, start: Instant, zone: &Zone, week: WeekStart) -> Instant {
        if self == Period::Hour {
            return Instant(start.0 + 3_600_000_000);
        }
        // Half a period on is inside it whatever daylight saving does; then the longest period and a bit is in the next.
        let days = match self {
            Period::Hour | Period::Day => 1,
            Period::Week => 7,
            Period::Month => 31,
            Period::Quarter => 92,
            Period::Year => 366,
        };
        let inside = zone.civil_micros(start) + DAY / 2 + days * DAY;
        zone.resolve_micros(self.civil_start(inside, week)).0
    }

    /// How tables name the period that starts at `start`: its first day, or day and hour.
    pub fn label(self, start: Instant, zone: &Zone) -> String {
        let civil = zone.civil(start);
        let date = format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
        match self {
            Period::Hour => format!("{date} {:02}:00", civil.hour),
            _ => date,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse::<When>().expect("a time").resolve(&Zone::utc())
    }

    #[track_caller]
    fn check_iso(text: &str, expect: &str) {
        let shown = Civil::parse_iso(text.as_bytes()).map(|(civil, offset)| (civil.to_text('T'), offset));
        let shown = match shown {
            Some((text, None)) => text,
            Some((text, Some(offset))) => format!("{text} {offset:+}"),
            None => "no".into(),
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn the_iso_family_reads() {
        check_iso("2024-05-01", "2024-05-01T00:00:00");
        check_iso("2024/05/01 10:07", "2024-05-01T10:07:00");
        check_iso("2019-11-01 17:59:13.273932", "2019-11-01T17:59:13.273932");
        check_iso("2019-11-01T17:59:13.2Z", "2019-11-01T17:59:13.2 +0");
        check_iso("2019-11-01T17:59:13.123456789+0530", "2019-11-01T17:59:13.123456 +19800");
        check_iso("2019-11-01 17:59:13 UTC", "2019-11-01T17:59:13 +0");
        check_iso("2019-11-01T17:59:13 -03:30", "2019-11-01T17:59:13 -12600");
        check_iso("2024-02-29", "2024-02-29T00:00:00");
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-05-01T24:00",
            "2024-05-01T23:59:60",
            "2024-5-1",
            "20240501",
            "2024-05-01T1",
            "x",
            "",
        ] {
            check_iso(text, "no");
        }
    }

    #[test]
    fn days_and_civil_dates_are_inverse_over_all_years() {
        for days in (-719_162..2_932_896).step_by(17) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn a_time_that_exists_twice_or_never_takes_the_earlier_offset() {
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let wall = |text: &str| Civil::parse_iso(text.as_bytes()).expect("civil").0.as_micros();
        assert_eq!(berlin.resolve_micros(wall("2024-10-27 02:30")), (at("2024-10-27T00:30Z"), Resolved::Ambiguous));
        assert_eq!(berlin.resolve_micros(wall("2024-03-31 02:30")), (at("2024-03-31T01:30Z"), Resolved::Ambiguous));
        assert_eq!(berlin.resolve_micros(wall("2024-07-01 12:00")), (at("2024-07-01T10:00Z"), Resolved::Plain));
    }

    #[test]
    fn periods_are_cut_in_the_zone_and_follow_each_other() {
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let utc = Zone::utc();
        let monday = WeekStart::Monday;
        assert_eq!(Period::Week.start(at("2024-05-05T23:30Z"), &utc, monday), at("2024-04-29"));
        assert_eq!(Period::Week.start(at("2024-05-05T23:30Z"), &berlin, monday), at("2024-05-05T22:00Z"));
        assert_eq!(Period::Week.start(at("2024-05-05T23:30Z"), &utc, WeekStart::Sunday), at("2024-05-05"));
        assert_eq!(Period::Quarter.start(at("2024-05-05"), &utc, monday), at("2024-04-01"));
        assert_eq!(Period::Day.next(at("2024-03-30T23:00Z"), &berlin, monday), at("2024-03-31T22:00Z"));
        for period in [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year] {
            let mut start = period.start(at("2023-01-05"), &berlin, monday);
            for _ in 0..60 {
                let next = period.next(start, &berlin, monday);
                assert!(next > start);
                assert_eq!(period.start(next, &berlin, monday), next);
                assert_eq!(period.start(Instant(next.0 - 1), &berlin, monday), start, "{period:?}");
                start = next;
            }
        }
    }

    #[test]
    fn an_instant_is_shown_as_rfc_3339_in_utc() {
        assert_eq!(at("2019-11-01T17:59:13.27Z").to_string(), "2019-11-01T17:59:13.27Z");
        assert_eq!(Instant(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    }
}
