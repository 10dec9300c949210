//! A length of time as analysts write it: `30s`, `15m`, `4h`, `7d`, `2w`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An absolute length of time in microseconds, never negative. A day is 86 400 s, so daylight saving never moves a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(i64);

const UNITS: [(&str, i64); 6] = [
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
];

impl Span {
    pub const ZERO: Span = Span(0);

    pub const fn from_micros(micros: i64) -> Self {
        Span(micros)
    }

    pub const fn seconds(n: i64) -> Self {
        Span(n * 1_000_000)
    }

    pub const fn minutes(n: i64) -> Self {
        Span(n * 60_000_000)
    }

    pub const fn days(n: i64) -> Self {
        Span(n * 86_400_000_000)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This span times `num / den`, rounded down.
    pub fn scaled(self, num: i64, den: i64) -> Self {
        Span((i128::from(self.0) * i128::from(num) / i128::from(den)) as i64)
    }
}

impl fmt::Display for Span {
    /// The largest unit up to days that divides it evenly: `7d`, `90m`, `1500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        match UNITS[1..].iter().find(|(_, size)| self.0 % size == 0) {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}us", self.0),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write it like 30s, 15m, 12h, 7d or 2w")]
pub struct NotASpan(pub String);

impl FromStr for Span {
    type Err = NotASpan;

    /// One or more number-and-unit pairs (`1h30m`), with units `w d h m s ms us`.
    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let fail = || NotASpan(text.to_owned());
        let mut rest = text.trim();
        let mut total: i64 = 0;
        if rest.is_empty() {
            return Err(fail());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(fail)?;
            let number: i64 = rest[..digits].parse().map_err(|_| fail())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let size = match &rest[..letters] {
                "us" | "µs" => 1,
                unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size).ok_or_else(fail)?,
            };
            rest = &rest[letters..];
            total = number.checked_mul(size).and_then(|part| total.checked_add(part)).ok_or_else(fail)?;
        }
        Ok(Span(total))
    }
}

impl TryFrom<String> for Span {
    type Error = NotASpan;

    fn try_from(text: String) -> Result<Self, NotASpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, micros: i64, shown: &str) {
        let span: Span = text.parse().expect("a span");
        assert_eq!(span.micros(), micros);
        assert_eq!(span.to_string(), shown);
        assert_eq!(shown.parse::<Span>().as_ref(), Ok(&span));
    }

    #[test]
    fn spans_read_as_written_and_back() {
        check("7d", 604_800_000_000, "7d");
        check("2w", 1_209_600_000_000, "14d");
        check("10m", 600_000_000, "10m");
        check("1h30m", 5_400_000_000, "90m");
        check("250ms", 250_000, "250ms");
        check("0s", 0, "0s");
        check("7us", 7, "7us");
    }

    #[test]
    fn what_is_no_span_is_refused_with_the_way_out() {
        for text in ["", "7", "7y", "-3d", "d", "7 d", "99999999999999d"] {
            let err = text.parse::<Span>().expect_err(text);
            assert!(err.to_string().contains("write it like 30s"), "{err}");
        }
    }
}
