//! Written dates and times as what a clock on a wall showed: one parser for every family of spellings.

use crate::base::Civil;
use crate::base::instant::parse_offset;

/// What one text says, before a zone turns it into an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wall {
    /// Microseconds since 1970 as if the wall stood in UTC.
    pub(super) micros: i64,
    /// The offset in seconds, where one is written.
    pub(super) offset: Option<i32>,
    pub(super) has_clock: bool,
}

/// A way to spell a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// ISO 8601 and its relatives: `2024-05-01T10:00:00Z`, `2024/5/1 10:00`.
    YearFirst,
    /// `20240501`, `20240501100000`, `20240501T100000Z`.
    Digits,
    /// `Nov 1, 2019 5:59 PM`, `01-Nov-2019`, `Fri, 01 Nov 2019 17:59:13 +0000`.
    Named,
    /// `2024年5月1日 10:00`.
    Chinese,
    MonthFirst,
    DayFirst,
}

impl Spelling {
    #[inline]
    pub(super) fn read(self, text: &[u8]) -> Option<Wall> {
        match self {
            Spelling::YearFirst => fixed(text).or_else(|| year_first(text)),
            Spelling::Digits => digits(trim(text)),
            Spelling::Named => named(trim(text)),
            Spelling::Chinese => chinese(trim(text)),
            Spelling::MonthFirst => year_last(trim(text), false),
            Spelling::DayFirst => year_last(trim(text), true),
        }
    }
}

/// Bytes of `0000-00-` and `00?00:00`, and what to add so that every byte that is not what it should be sets its top
/// bit: a digit may be 0 to 9 above its `0`, a separator only itself.
const DATE: u64 = u64::from_le_bytes(*b"0000-00-");
const DATE_ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F]);
const CLOCK: u64 = u64::from_le_bytes(*b"00\x0000:00");
const CLOCK_ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F, 0x76, 0x76]);
const TOP: u64 = 0x8080_8080_8080_8080;

/// The shape nearly all exports have, `YYYY-MM-DD?HH:MM:SS[.f…][Z]`, read eight bytes at a time.
#[inline]
fn fixed(text: &[u8]) -> Option<Wall> {
    let (head, rest) = text.split_first_chunk::<16>()?;
    if !matches!(head[10], b'T' | b' ' | b't') {
        return None;
    }
    let mut word = [0; 8];
    word.copy_from_slice(&head[..8]);
    let date = u64::from_le_bytes(word) ^ DATE;
    word.copy_from_slice(&head[8..]);
    word[2] = 0;
    let clock = u64::from_le_bytes(word) ^ CLOCK;
    let (date_high, clock_high) = (date.wrapping_add(DATE_ROOM), clock.wrapping_add(CLOCK_ROOM));
    if (date | date_high | clock | clock_high) & TOP != 0 {
        return None;
    }
    // Every byte becomes ten times itself plus the next one: the pairs of digits as numbers.
    let date = date.wrapping_mul(10).wrapping_add(date >> 8).to_le_bytes();
    let clock = clock.wrapping_mul(10).wrapping_add(clock >> 8).to_le_bytes();
    let [b':', tens, ones, rest @ ..] = rest else { return None };
    let second = pair(*tens, *ones)?;
    let (micros, rest) = match rest {
        [b'.', fraction @ ..] => cut_fraction(fraction)?,
        _ => (0, rest),
    };
    let offset = match rest {
        [] => None,
        [b'Z'] => Some(0),
        _ => parse_offset(rest)?,
    };
    let year = i32::from(date[0]) * 100 + i32::from(date[2]);
    let civil = Civil::new(year, date[5], clock[0], clock[3], clock[6], second, micros)?;
    Some(Wall { micros: civil.as_micros(), offset, has_clock: true })
}

#[inline]
fn pair(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

/// The digits after a decimal mark as microseconds, cut and not rounded, and what follows them.
#[inline]
fn cut_fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut micros = 0;
    let mut n = 0;
    while let Some(digit) = text.get(n).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        if n < 6 {
            micros = micros * 10 + u32::from(digit);
        }
        n += 1;
    }
    if n == 0 {
        return None;
    }
    const POWERS: [u32; 6] = [100_000, 10_000, 1000, 100, 10, 1];
    Some((micros * POWERS[n.min(6) - 1], &text[n..]))
}

/// Without blanks around it, those of newer spreadsheets and locales (no-break, narrow no-break) included.
fn trim(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii();
        let shorter = [b"\xC2\xA0".as_slice(), b"\xE2\x80\xAF"]
            .iter()
            .find_map(|blank| text.strip_prefix(*blank).or_else(|| text.strip_suffix(*blank)));
        match shorter {
            Some(shorter) => text = shorter,
            None => return text,
        }
    }
}

/// A run of at most `max` digits, how many there were, and what follows.
fn number(text: &[u8], max: usize) -> Option<(u32, usize, &[u8])> {
    let n = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if n == 0 || n > max {
        return None;
    }
    let value = text[..n].iter().fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
    Some((value, n, &text[n..]))
}

#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    hour: u8,
    minute: u8,
    second: u8,
    micros: u32,
}

impl Clock {
    /// `H:MM[:SS[.f]]` and what follows.
    fn read(text: &[u8]) -> Option<(Clock, &[u8])> {
        let (hour, _, rest) = number(text, 2)?;
        let [b':', tens, ones, rest @ ..] = rest else { return None };
        let mut clock = Clock { hour: hour as u8, minute: pair(*tens, *ones)?, ..Clock::default() };
        let mut rest = rest;
        if let [b':', tens, ones, more @ ..] = rest {
            clock.second = pair(*tens, *ones)?;
            rest = more;
            if let [b'.' | b',', fraction @ ..] = rest
                && fraction.first().is_some_and(u8::is_ascii_digit)
            {
                (clock.micros, rest) = cut_fraction(fraction)?;
            }
        }
        Some((clock, rest))
    }

    /// The same on a 12-hour clock: 12 AM is midnight, 13 PM is nothing.
    fn of_half_day(mut self, is_afternoon: bool) -> Option<Clock> {
        if !(1..=12).contains(&self.hour) {
            return None;
        }
        self.hour = self.hour % 12 + if is_afternoon { 12 } else { 0 };
        Some(self)
    }

    fn on(self, year: i32, month: u32, day: u32, offset: Option<i32>, has_clock: bool) -> Option<Wall> {
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let civil = Civil::new(year, month, day, self.hour, self.minute, self.second, self.micros)?;
        Some(Wall { micros: civil.as_micros(), offset, has_clock })
    }
}

/// A time of day with what may follow it: AM or PM, an offset, a zone in brackets (which the offset before it settles).
fn clock_and_offset(text: &[u8]) -> Option<(Clock, Option<i32>)> {
    let (clock, rest) = Clock::read(text)?;
    let mut rest = trim(rest);
    let mut clock = clock;
    if let Some((is_afternoon, more)) = half_day(rest) {
        clock = clock.of_half_day(is_afternoon)?;
        rest = trim(more);
    }
    Some((clock, parse_offset(without_zone_name(rest))?))
}

/// `+02:00[Europe/Berlin]` is `+02:00`; a zone name alone stays and is read by nobody.
fn without_zone_name(text: &[u8]) -> &[u8] {
    match text.iter().position(|&byte| byte == b'[') {
        Some(at) if at > 0 && text.ends_with(b"]") => &text[..at],
        _ => text,
    }
}

/// `AM`, `pm`, `a.m.`, `P.M.` and what follows; true is the afternoon.
fn half_day(text: &[u8]) -> Option<(bool, &[u8])> {
    let (is_afternoon, rest) = match text {
        [b'a' | b'A', rest @ ..] => (false, rest),
        [b'p' | b'P', rest @ ..] => (true, rest),
        _ => return None,
    };
    match rest {
        [b'm' | b'M', rest @ ..] => Some((is_afternoon, rest)),
        [b'.', b'm' | b'M', b'.', rest @ ..] => Some((is_afternoon, rest)),
        _ => None,
    }
}

/// What follows a date: nothing, or a `T`, blank or comma and a time of day.
fn after_date(rest: &[u8]) -> Option<(Clock, Option<i32>, bool)> {
    if rest.is_empty() {
        return Some((Clock::default(), None, false));
    }
    let clock = match rest {
        [b'T' | b't', clock @ ..] => clock,
        [b',', clock @ ..] => trim(clock),
        [b' ' | b'\t' | 0xC2 | 0xE2, ..] => trim(rest),
        _ => return None,
    };
    let (clock, offset) = clock_and_offset(clock)?;
    Some((clock, offset, true))
}

/// Three numbers as values and widths, the separator between them, and what follows.
type Triple<'a> = ([(u32, usize); 3], u8, &'a [u8]);

/// Three numbers with the same separator between them.
fn triple(text: &[u8]) -> Option<Triple<'_>> {
    let (a, n_a, rest) = number(text, 4)?;
    let (&separator, rest) = rest.split_first()?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let (b, n_b, rest) = number(rest, 2)?;
    let rest = rest.strip_prefix(&[separator])?;
    let (c, n_c, rest) = number(rest, 4)?;
    Some(([(a, n_a), (b, n_b), (c, n_c)], separator, rest))
}

fn year_first(text: &[u8]) -> Option<Wall> {
    let text = trim(text);
    let ([(year, 4), (month, _), (day, 1..=2)], _, rest) = triple(text)? else { return None };
    let (clock, offset, has_clock) = after_date(rest)?;
    clock.on(year as i32, month, day, offset, has_clock)
}

fn year_last(text: &[u8], day_first: bool) -> Option<Wall> {
    let ([(a, 1..=2), (b, _), (year, width)], _, rest) = triple(text)? else { return None };
    let year = full_year(year, width)?;
    let (month, day) = if day_first { (b, a) } else { (a, b) };
    let (clock, offset, has_clock) = after_date(rest)?;
    clock.on(year, month, day, offset, has_clock)
}

/// Two digits mean 1969 to 2068, as everywhere in Unix.
fn full_year(year: u32, width: usize) -> Option<i32> {
    match width {
        4 => Some(year as i32),
        2 if year < 69 => Some(2000 + year as i32),
        2 => Some(1900 + year as i32),
        _ => None,
    }
}

/// The separator of a date whose year comes last, and whether that year has only two digits.
pub(super) fn year_last_shape(text: &[u8]) -> Option<(char, bool)> {
    let ([_, _, (_, width)], separator, _) = triple(trim(text))?;
    Some((char::from(separator), width == 2))
}

fn digits(text: &[u8]) -> Option<Wall> {
    let n = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (run, rest) = text.split_at(n);
    let part = |at: usize, len: usize| number(&run[at..at + len], len).map(|(value, ..)| value);
    let (year, month, day) = match n {
        8 | 12 | 14 | 17 => (part(0, 4)?, part(4, 2)?, part(6, 2)?),
        _ => return None,
    };
    if n == 8 {
        let (clock, offset, has_clock) = match rest {
            [b'T' | b't', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] => {
                let (clock, offset) = basic_clock(&rest[1..])?;
                (clock, offset, true)
            }
            _ => after_date(rest)?,
        };
        return clock.on(year as i32, month, day, offset, has_clock);
    }
    let mut clock = Clock { hour: part(8, 2)? as u8, minute: part(10, 2)? as u8, ..Clock::default() };
    if n >= 14 {
        clock.second = part(12, 2)? as u8;
    }
    let mut rest = rest;
    if n == 17 {
        clock.micros = part(14, 3)? * 1000;
    } else if let [b'.', fraction @ ..] = rest {
        (clock.micros, rest) = cut_fraction(fraction)?;
    }
    clock.on(year as i32, month, day, parse_offset(rest)?, true)
}

/// `HHMM` or `HHMMSS[.f]` of ISO's basic form, with an offset.
fn basic_clock(text: &[u8]) -> Option<(Clock, Option<i32>)> {
    let n = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut clock = Clock::default();
    (clock.hour, clock.minute) = (pair(text[0], *text.get(1)?)?, pair(*text.get(2)?, *text.get(3)?)?);
    let mut rest = &text[n..];
    match n {
        4 => {}
        6 => {
            clock.second = pair(text[4], text[5])?;
            if let [b'.' | b',', fraction @ ..] = rest {
                (clock.micros, rest) = cut_fraction(fraction)?;
            }
        }
        _ => return None,
    }
    Some((clock, parse_offset(rest)?))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn begins(full: &str, word: &[u8]) -> bool {
    word.len() >= 3 && full.len() >= word.len() && full.as_bytes()[..word.len()].eq_ignore_ascii_case(word)
}

/// What has been found so far of a date with a month's name in it.
#[derive(Default)]
struct Found {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    clock: Option<Clock>,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
}

/// Dates with a month's name, in any order of the parts: what mail, logs, spreadsheets and JavaScript write.
fn named(text: &[u8]) -> Option<Wall> {
    let mut found = Found::default();
    let mut rest = text;
    loop {
        rest = trim(rest);
        rest = match *rest {
            [] => break,
            // A zone's name in words, after the offset that settles it.
            [b'(', ..] if found.offset.is_some() && rest.ends_with(b")") => break,
            [b'+' | b'-', b'0'..=b'9', ..] if found.clock.is_some() => {
                let end = 1 + rest[1..].iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
                found.offset = parse_offset(&rest[..end])?;
                &rest[end..]
            }
            [b',' | b'-' | b'/' | b'.', ..] => &rest[1..],
            [b':', ..] if found.clock.is_none() && found.year.is_some() => &rest[1..],
            [byte, ..] if byte.is_ascii_digit() => found.take_number(rest)?,
            [byte, ..] if byte.is_ascii_alphabetic() => found.take_word(rest)?,
            _ => return None,
        };
    }
    let has_clock = found.clock.is_some();
    let mut clock = found.clock.unwrap_or_default();
    if let Some(is_afternoon) = found.is_afternoon {
        clock = found.clock?.of_half_day(is_afternoon)?;
    }
    clock.on(found.year?, found.month?, found.day?, found.offset, has_clock)
}

impl Found {
    fn take_number<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (value, width, rest) = number(text, 4)?;
        if width <= 2 && rest.first() == Some(&b':') && self.clock.is_none() {
            let (clock, rest) = Clock::read(text)?;
            self.clock = Some(clock);
            return Some(rest);
        }
        if width == 4 || (width == 2 && self.day.is_some() && self.month.is_some()) {
            if self.year.is_some() {
                return None;
            }
            self.year = Some(full_year(value, width)?);
        } else if width <= 2 && self.day.is_none() {
            self.day = Some(value);
        } else {
            return None;
        }
        Some(rest)
    }

    fn take_word<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if self.clock.is_some()
            && self.is_afternoon.is_none()
            && let Some((is_afternoon, rest)) = half_day(text)
        {
            self.is_afternoon = Some(is_afternoon);
            return Some(rest);
        }
        let n = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = text.split_at(n);
        if let Some(month) = MONTHS.iter().position(|full| begins(full, word)) {
            if self.month.is_some() {
                return None;
            }
            self.month = Some(month as u32 + 1);
            return Some(rest);
        }
        let is_filler = WEEKDAYS.iter().any(|full| begins(full, word))
            || [b"at".as_slice(), b"of", b"st", b"nd", b"rd", b"th"].iter().any(|f| f.eq_ignore_ascii_case(word))
            || (word.eq_ignore_ascii_case(b"t") && self.year.is_some() && self.clock.is_none());
        if is_filler {
            return Some(rest);
        }
        if self.clock.is_some() && matches!(word, b"Z" | b"UTC" | b"GMT") {
            self.offset = Some(0);
            return Some(rest);
        }
        None
    }
}

fn chinese(text: &[u8]) -> Option<Wall> {
    let (year, 4, rest) = number(text, 4)? else { return None };
    let (month, _, rest) = number(trim(rest.strip_prefix("年".as_bytes())?), 2)?;
    let (day, _, rest) = number(trim(rest.strip_prefix("月".as_bytes())?), 2)?;
    let after_day = ["日", "号"].iter().find_map(|mark| rest.strip_prefix(mark.as_bytes()))?;
    let mut rest = trim(after_day);
    if rest.is_empty() {
        return Clock::default().on(year as i32, month, day, None, false);
    }
    let mut half = None;
    for (word, is_afternoon) in [("上午", false), ("下午", true), ("晚上", true)] {
        if let Some(after) = rest.strip_prefix(word.as_bytes()) {
            (half, rest) = (Some(is_afternoon), trim(after));
        }
    }
    let (mut clock, offset) = match clock_and_offset(rest) {
        Some(read) => read,
        None => (chinese_clock(rest)?, None),
    };
    if let Some(is_afternoon) = half {
        clock = clock.of_half_day(is_afternoon)?;
    }
    clock.on(year as i32, month, day, offset, true)
}

/// `10时30分05秒`; minutes and seconds may be missing.
fn chinese_clock(text: &[u8]) -> Option<Clock> {
    let mut clock = Clock::default();
    let (hour, _, rest) = number(text, 2)?;
    clock.hour = hour as u8;
    let mut rest = ["时", "點", "点"].iter().find_map(|mark| rest.strip_prefix(mark.as_bytes()))?;
    if let Some((minute, _, after)) = number(rest, 2) {
        clock.minute = minute as u8;
        rest = after.strip_prefix("分".as_bytes())?;
    }
    if let Some((second, _, after)) = number(rest, 2) {
        clock.second = second as u8;
        rest = after.strip_prefix("秒".as_bytes())?;
    }
    rest.is_empty().then_some(clock)
}
