//! Numbers as instants: seconds, milliseconds, microseconds or nanoseconds since 1970.

use crate::base::Instant;

/// The unit of an epoch number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// 0001-01-01 and 9999-12-31T23:59:59.999999, in microseconds: what a time may be at all.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// An instant within the years 1 to 9999.
#[inline]
pub(super) fn in_range(micros: i64) -> Option<Instant> {
    (FIRST..=LAST).contains(&micros).then_some(Instant(micros))
}

impl Unit {
    pub(super) const ALL: [Unit; 4] = [Unit::Seconds, Unit::Millis, Unit::Micros, Unit::Nanos];

    pub fn name(self) -> &'static str {
        match self {
            Unit::Seconds => "seconds",
            Unit::Millis => "milliseconds",
            Unit::Micros => "microseconds",
            Unit::Nanos => "nanoseconds",
        }
    }

    /// The numbers that are taken for this unit without being told: 1973 to 2286 (nanoseconds to 2262). The ranges of
    /// the units lie apart, so that no number is taken for two, and none of them for a year far from those around it.
    fn holds(self, value: i64) -> bool {
        match self {
            Unit::Seconds => (100_000_000..10_000_000_000).contains(&value),
            Unit::Millis => (100_000_000_000..10_000_000_000_000).contains(&value),
            Unit::Micros => (100_000_000_000_000..10_000_000_000_000_000).contains(&value),
            Unit::Nanos => value >= 100_000_000_000_000_000,
        }
    }

    #[inline]
    pub(super) fn micros(self, value: i64) -> Option<i64> {
        match self {
            Unit::Seconds => value.checked_mul(1_000_000),
            Unit::Millis => value.checked_mul(1000),
            Unit::Micros => Some(value),
            Unit::Nanos => Some(value.div_euclid(1000)),
        }
    }
}

/// How a column of epoch numbers is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) unit: Unit,
    /// The unit was found out from the numbers; one that belongs to another unit is then not read.
    pub(super) is_guess: bool,
}

impl Epoch {
    #[inline]
    pub(super) fn int(self, value: i64) -> Option<Instant> {
        if self.is_guess && !self.unit.holds(value) {
            return None;
        }
        in_range(self.unit.micros(value)?)
    }

    pub(super) fn float(self, value: f64) -> Option<Instant> {
        // A float holds whole numbers exactly up to 2^53; beyond the range of i64 nothing is a time.
        if !value.is_finite() || value.abs() >= 9.2e18 {
            return None;
        }
        let whole = value.floor();
        let instant = self.int(whole as i64)?;
        let per_unit = match self.unit {
            Unit::Seconds => 1e6,
            Unit::Millis => 1e3,
            Unit::Micros | Unit::Nanos => return Some(instant),
        };
        // To the nearest microsecond: the nearest float to 1700000000.1 is a little less than that.
        in_range(instant.0 + ((value - whole) * per_unit).round() as i64)
    }

    /// Reads `1572631153`, `-5`, `1572631153.273`: plain digits, at most one decimal point.
    #[inline]
    pub(super) fn text(self, text: &[u8]) -> Option<Instant> {
        let text = text.trim_ascii();
        let (is_negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            _ => (false, text),
        };
        let mut value: i64 = 0;
        let mut at = 0;
        while let Some(digit) = digits.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
            value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
            at += 1;
        }
        if at == 0 {
            return None;
        }
        if at == digits.len() {
            return self.int(if is_negative { -value } else { value });
        }
        let fraction = digits[at..].strip_prefix(b".")?;
        if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let places = match self.unit {
            Unit::Seconds => 6,
            Unit::Millis => 3,
            Unit::Micros | Unit::Nanos => 0,
        };
        let extra =
            (0..places).fold(0, |extra, i| extra * 10 + fraction.get(i).map_or(0, |byte| i64::from(byte - b'0')));
        let whole = self.int(if is_negative { -value } else { value })?;
        in_range(if is_negative { whole.0 - extra } else { whole.0 + extra })
    }
}
