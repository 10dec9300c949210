//! How a column's texts or numbers become instants: the format is found out once, then every value is read alone.

mod civil;
mod epoch;
mod guess;
mod offsets;

use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::base::visible::{truncate, visible};
use crate::base::{Civil, Instant, Zone};

use civil::{Spelling, Wall};
use epoch::{Epoch, in_range};
use offsets::Offsets;

pub use epoch::Unit;

/// Reads the values of one time column.
#[derive(Debug, Clone)]
pub struct TimeReader {
    format: Format,
    offsets: Offsets,
    seen: Seen,
    notes: Vec<String>,
}

/// A value that was read. A wall time that daylight saving skipped or showed twice took the earlier offset; whoever
/// reads the column counts those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRead {
    pub instant: Instant,
    pub is_ambiguous: bool,
}

impl TimeRead {
    #[inline]
    fn plain(instant: Instant) -> Self {
        TimeRead { instant, is_ambiguous: false }
    }
}

#[derive(Debug, Clone)]
enum Format {
    /// The file says itself what instant each value is.
    Instants,
    Spelled(Spelling),
    Epoch(Epoch),
    /// As `--time-format` says.
    Given(String),
}

/// What the samples showed.
#[derive(Debug, Clone, Copy)]
struct Seen {
    naive: bool,
    offset: bool,
    clock: bool,
    /// All samples are ISO 8601 to the letter.
    is_iso: bool,
    first: i64,
    last: i64,
}

impl Default for Seen {
    fn default() -> Self {
        Seen { naive: false, offset: false, clock: false, is_iso: true, first: i64::MAX, last: i64::MIN }
    }
}

/// The wall times whose offsets are at hand where no sample says better: 1995 to 2045.
const USUAL: (i64, i64) = (788_918_400_000_000, 2_366_841_600_000_000);

/// Text from the data as messages quote it.
fn written(text: &str) -> String {
    truncate(&visible(text.trim()), 40).into_owned()
}

impl TimeReader {
    /// Finds out how the column is written, from non-empty samples of it, or checks the `format` that was given:
    /// strftime style, or `epoch-s`, `epoch-ms`, `epoch-us`, `epoch-ns`.
    ///
    /// # Errors
    /// One sentence with the way out where no format reads the samples, or the one given is none.
    pub fn detect(samples: &[&str], format: Option<&str>, zone: &Zone) -> Result<TimeReader, String> {
        if let Some(format) = format {
            return Self::given(samples, format, zone);
        }
        let guess::Guess { format, seen, mut notes } = guess::guess(samples)?;
        if let Format::Spelled(_) = format {
            if seen.naive && zone.is_utc() {
                notes.push(if seen.offset {
                    "Times without a zone were read as UTC; --tz names another.".into()
                } else {
                    "The times have no zone and were read as UTC; --tz names another.".into()
                });
            }
            if seen.naive && !seen.clock {
                notes.push("The times are dates; events of one day stand in the order of the rows.".into());
            }
        }
        let (first, last) = if seen.first <= seen.last { (seen.first, seen.last) } else { USUAL };
        Ok(TimeReader { format, offsets: Offsets::new(zone, first, last), seen, notes })
    }

    /// Whether a sample had no offset, so that it needs a zone to be an instant.
    pub fn is_naive(&self) -> bool {
        self.seen.naive
    }

    /// The zone that times without one are read in.
    pub fn zone_name(&self) -> String {
        self.offsets.zone().name().to_owned()
    }

    fn given(samples: &[&str], format: &str, zone: &Zone) -> Result<TimeReader, String> {
        let unit = match format.trim() {
            "%s" | "epoch-s" => Some(Unit::Seconds),
            "epoch-ms" => Some(Unit::Millis),
            "epoch-us" => Some(Unit::Micros),
            "epoch-ns" => Some(Unit::Nanos),
            _ => None,
        };
        let mut reader = Self::with(
            match unit {
                Some(unit) => Format::Epoch(Epoch { unit, is_guess: false }),
                None => Format::Given(format.to_owned()),
            },
            zone,
        );
        if unit.is_none() {
            check_format(format)?;
        }
        if let Some(first) = samples.first()
            && samples.iter().all(|text| reader.read(text).is_none())
        {
            return Err(format!(
                "--time-format `{}` reads none of the times; the first is `{}`",
                written(format),
                written(first)
            ));
        }
        if let Format::Given(format) = &reader.format {
            for wall in samples.iter().filter_map(|text| parse_given(format, text)).filter_map(Result::ok) {
                reader.seen.naive |= wall.offset.is_none();
                reader.seen.offset |= wall.offset.is_some();
            }
            if reader.seen.naive && zone.is_utc() {
                reader.notes.push("The times have no zone and were read as UTC; --tz names another.".into());
            }
        }
        Ok(reader)
    }

    fn with(format: Format, zone: &Zone) -> Self {
        TimeReader { format, offsets: Offsets::new(zone, USUAL.0, USUAL.1), seen: Seen::default(), notes: Vec::new() }
    }

    /// For a column whose values are instants by the file's own word.
    pub fn of_instants() -> Self {
        Self::with(Format::Instants, &Zone::utc())
    }

    /// For a column of numbers in a unit that the file states.
    pub fn of_epoch(unit: Unit) -> Self {
        Self::with(Format::Epoch(Epoch { unit, is_guess: false }), &Zone::utc())
    }

    /// Reads one value; `None` where it is no time in this column's format.
    #[inline]
    pub fn read(&self, text: &str) -> Option<TimeRead> {
        match &self.format {
            Format::Spelled(spelling) => self.resolve(spelling.read(text.as_bytes())?),
            Format::Epoch(epoch) => epoch.text(text.as_bytes()).map(TimeRead::plain),
            Format::Given(format) => match parse_given(format, text)? {
                Ok(wall) => self.resolve(wall),
                Err(instant) => Some(TimeRead::plain(instant)),
            },
            Format::Instants => self.resolve(Spelling::YearFirst.read(text.as_bytes())?),
        }
    }

    /// Reads a number as its text would be read.
    pub fn read_int(&self, value: i64) -> Option<TimeRead> {
        match &self.format {
            Format::Epoch(epoch) => epoch.int(value).map(TimeRead::plain),
            _ => self.read(&value.to_string()),
        }
    }

    /// Reads a number as its text would be read.
    pub fn read_float(&self, value: f64) -> Option<TimeRead> {
        match &self.format {
            Format::Epoch(epoch) => epoch.float(value).map(TimeRead::plain),
            _ if value.is_finite() => self.read(&value.to_string()),
            _ => None,
        }
    }

    /// A wall time of the file's own type, in microseconds as if in UTC.
    #[inline]
    pub fn read_wall(&self, micros: i64) -> Option<TimeRead> {
        in_range(micros)?;
        Some(self.offsets.resolve(micros))
    }

    /// An instant of the file's own type; `None` outside of the years 1 to 9999.
    #[inline]
    pub fn read_instant(&self, micros: i64) -> Option<TimeRead> {
        in_range(micros).map(TimeRead::plain)
    }

    /// Whether a wall time is the instant itself, so that whole columns need no look at each value.
    pub fn reads_walls_as_instants(&self) -> bool {
        self.offsets.zone().is_utc()
    }

    #[inline]
    fn resolve(&self, wall: Wall) -> Option<TimeRead> {
        match wall.offset {
            Some(offset) => in_range(wall.micros - i64::from(offset) * 1_000_000).map(TimeRead::plain),
            None => Some(self.offsets.resolve(wall.micros)),
        }
    }

    /// How the column is read, in a few words: `ISO 8601, no zone (read as UTC)`, `epoch milliseconds`.
    pub fn describe(&self) -> String {
        let zone = visible(self.offsets.zone().name()).into_owned();
        let base = match &self.format {
            Format::Instants => "instants".to_owned(),
            Format::Epoch(epoch) => return format!("epoch {}", epoch.unit.name()),
            Format::Given(format) => format!("as --time-format {}", written(format)),
            Format::Spelled(spelling) => {
                let what = if self.seen.clock || !self.seen.naive { "dates and times" } else { "dates" };
                match spelling {
                    Spelling::YearFirst if self.seen.is_iso && what == "dates" => "ISO 8601 dates".to_owned(),
                    Spelling::YearFirst if self.seen.is_iso => "ISO 8601".to_owned(),
                    Spelling::YearFirst => format!("{what}, year first"),
                    Spelling::Digits if what == "dates" => "dates as YYYYMMDD".to_owned(),
                    Spelling::Digits => "times as YYYYMMDDHHMMSS".to_owned(),
                    Spelling::Named => format!("{what} with month names"),
                    Spelling::Chinese => format!("{what} as 年月日"),
                    Spelling::MonthFirst => format!("{what}, month first"),
                    Spelling::DayFirst => format!("{what}, day first"),
                }
            }
        };
        match (self.seen.naive, self.seen.offset) {
            (true, false) => format!("{base}, no zone (read as {zone})"),
            (true, true) => format!("{base}, partly without zone (read as {zone})"),
            _ => base,
        }
    }

    /// What the reader assumed, in whole sentences for the report.
    pub fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// Refuses a format with a directive that does not exist.
fn check_format(format: &str) -> Result<(), String> {
    let hint = "write it like '%Y-%m-%d %H:%M:%S' or %s for epoch seconds";
    if !format.contains('%') {
        return Err(format!("--time-format `{}` has no directive; {hint}", written(format)));
    }
    let any = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    // Formatting knows more directives than parsing; those that only it knows read nothing and are told so then.
    match strtime::format(format, &any) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "--time-format `{}` is not a format ({}); {hint}",
            written(format),
            written(&error.to_string())
        )),
    }
}

/// What the format makes of the text: a wall time, or an instant where the format has `%s`.
fn parse_given(format: &str, text: &str) -> Option<Result<Wall, Instant>> {
    let text = text.trim();
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    if let Some(stamp) = parsed.timestamp() {
        return in_range(stamp.as_microsecond()).map(Err);
    }
    let time = parsed.to_datetime().ok()?;
    // Second 60 comes back as 59; the text written anew shows the difference.
    let has_60 = |text: &str| text.matches("60").count();
    if time.second() == 59 && parsed.to_string(format).is_ok_and(|anew| has_60(&anew) != has_60(text)) {
        return None;
    }
    let civil = Civil::new(
        i32::from(time.year()),
        time.month() as u8,
        time.day() as u8,
        time.hour() as u8,
        time.minute() as u8,
        time.second() as u8,
        (time.subsec_nanosecond() / 1000) as u32,
    )?;
    let offset = parsed.offset().map(jiff::tz::Offset::seconds);
    Some(Ok(Wall { micros: civil.as_micros(), offset, has_clock: parsed.hour().is_some() }))
}

#[cfg(test)]
mod tests;
