//! Which format a column of times has: every format reads the samples, and the one that reads most of them is it.

use super::civil::{Spelling, Wall, year_last_shape};
use super::epoch::{Epoch, Unit};
use super::{Format, Seen, written};

/// What the samples say about a column.
pub(super) struct Guess {
    pub(super) format: Format,
    pub(super) seen: Seen,
    pub(super) notes: Vec<String>,
}

/// Formats in the order in which ties between them are settled: a number that is a date on paper is one.
const SPELLINGS: [Spelling; 6] = [
    Spelling::YearFirst,
    Spelling::Digits,
    Spelling::MonthFirst,
    Spelling::DayFirst,
    Spelling::Named,
    Spelling::Chinese,
];

pub(super) fn guess(samples: &[&str]) -> Result<Guess, String> {
    let Some(first) = samples.first() else {
        return Ok(Guess { format: Format::Spelled(Spelling::YearFirst), seen: Seen::default(), notes: Vec::new() });
    };
    let spelled = SPELLINGS.map(|spelling| {
        let n = samples.iter().filter(|text| spelling.read(text.as_bytes()).is_some()).count();
        (n, Format::Spelled(spelling))
    });
    let numbers = Unit::ALL.map(|unit| {
        let epoch = Epoch { unit, is_guess: true };
        (samples.iter().filter(|text| epoch.text(text.as_bytes()).is_some()).count(), Format::Epoch(epoch))
    });
    let mut best = (0, Format::Spelled(Spelling::YearFirst));
    for candidate in spelled.iter().chain(&numbers) {
        if candidate.0 > best.0 {
            best = candidate.clone();
        }
    }
    let (n, mut format) = best;
    if n * 2 < samples.len() || n == 0 {
        return Err(no_format(samples, n, first));
    }
    let mut notes = Vec::new();
    if let Format::Spelled(spelling @ (Spelling::MonthFirst | Spelling::DayFirst)) = &mut format {
        *spelling = day_or_month(samples, spelled[2].0, spelled[3].0, &mut notes);
    }
    if let Format::Epoch(epoch) = &format {
        notes.push(format!("The numbers in the time column were taken for epoch {}.", epoch.unit.name()));
    }
    let mut seen = Seen::default();
    if let Format::Spelled(spelling) = &format {
        samples.iter().filter_map(|text| spelling.read(text.as_bytes())).for_each(|wall| seen.add(wall));
        let is_iso = |text: &&str| crate::base::Civil::parse_iso(text.as_bytes()).is_some();
        seen.is_iso = *spelling == Spelling::YearFirst && samples.iter().all(is_iso);
    }
    Ok(Guess { format, seen, notes })
}

/// Whether the day or the month comes first where the year comes last. Only a number above 12 can tell; without one
/// the separator decides, and that is said.
fn day_or_month(samples: &[&str], month_first: usize, day_first: usize, notes: &mut Vec<String>) -> Spelling {
    let shapes = || samples.iter().filter_map(|text| Some((*text, year_last_shape(text.as_bytes())?)));
    if shapes().any(|(_, (_, is_short))| is_short) {
        notes.push("Years of two digits were read as 1969 to 2068.".into());
    }
    if month_first != day_first {
        let (more, other) = (month_first.max(day_first), month_first.min(day_first));
        let by_day = day_first > month_first;
        let only_other = shapes()
            .filter(|(text, _)| {
                let read = |day| if day { Spelling::DayFirst } else { Spelling::MonthFirst }.read(text.as_bytes());
                read(!by_day).is_some() && read(by_day).is_none()
            })
            .count();
        if only_other > 0 {
            notes.push(format!(
                "Of {} sampled dates {more} read {} and {other} the other way round; those that fit only the other \
                 order are rejected.",
                samples.len(),
                if by_day { "day first" } else { "month first" },
            ));
        }
        return if by_day { Spelling::DayFirst } else { Spelling::MonthFirst };
    }
    let Some((example, (separator, is_short))) = shapes().next() else { return Spelling::MonthFirst };
    let (spelling, was, other, date) = match separator {
        '/' => (Spelling::MonthFirst, "month first", "day first", ["%d", "%m"]),
        _ => (Spelling::DayFirst, "day first", "month first", ["%m", "%d"]),
    };
    let year = if is_short { "%y" } else { "%Y" };
    let clock = clock_format(example);
    notes.push(format!(
        "Dates such as `{}` do not tell day from month and were read {was}; --time-format \
         '{}{separator}{}{separator}{year}{clock}' reads them {other}.",
        written(example),
        date[0],
        date[1],
    ));
    spelling
}

/// The strftime way to write the time of day that follows a date.
fn clock_format(text: &str) -> &'static str {
    let is_half_day = text.to_ascii_lowercase().ends_with('m');
    match (text.matches(':').count(), is_half_day) {
        (0, _) => "",
        (1, false) => " %H:%M",
        (1, true) => " %I:%M %p",
        (_, false) => " %H:%M:%S",
        (_, true) => " %I:%M:%S %p",
    }
}

fn no_format(samples: &[&str], n: usize, first: &str) -> String {
    let is_number = |text: &&str| text.trim().parse::<f64>().is_ok();
    if samples.iter().filter(|text| is_number(text)).count() * 2 > samples.len() {
        let read = |text: &str| Unit::ALL.map(|unit| Epoch { unit, is_guess: true }.text(text.as_bytes()).is_some());
        if let Some(other) = samples.iter().find(|text| n > 0 && read(text) != read(first)) {
            return format!(
                "the numbers mix epoch units, or are something else (`{}`, `{}`); --time-format %s, epoch-ms, \
                 epoch-us or epoch-ns reads one of them",
                written(first),
                written(other)
            );
        }
        return format!(
            "numbers such as `{}` are no epoch time that can be told apart by size; --time-format %s reads them as \
             seconds, epoch-ms, epoch-us or epoch-ns as smaller units",
            written(first)
        );
    }
    let unread = samples.iter().find(|text| SPELLINGS.iter().all(|s| s.read(text.as_bytes()).is_none()));
    let example = written(unread.unwrap_or(&first));
    if n == 0 {
        format!("`{example}` is no time in a known format; name the format, for example --time-format '%d.%m.%Y %H:%M'")
    } else {
        format!(
            "no format reads half of the times (`{example}` is one of the others); name it, for example \
             --time-format '%d.%m.%Y %H:%M'"
        )
    }
}

impl Seen {
    fn add(&mut self, wall: Wall) {
        self.naive |= wall.offset.is_none();
        self.offset |= wall.offset.is_some();
        self.clock |= wall.has_clock;
        self.first = self.first.min(wall.micros);
        self.last = self.last.max(wall.micros);
    }
}
