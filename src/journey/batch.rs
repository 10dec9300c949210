//! `Batch`: a block of events on their way in, in columns, with dictionaries of their own.
//!
//! Readers make batches in parallel; the builder merges them in the order of the sources and rows.

use super::names::Names;
use super::props::NULL;

/// Texts as codes into a dictionary of this batch alone.
#[derive(Debug, Clone, Default)]
pub struct Coded {
    pub codes: Vec<u32>,
    pub names: Names,
}

impl Coded {
    #[inline]
    pub fn push(&mut self, text: &str) {
        let code = self.names.intern(text);
        self.codes.push(code);
    }
}

/// Accepted events only: rows without a customer, a name or a readable time never get here.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub times: Vec<i64>,
    pub customers: Coded,
    pub touchpoints: Coded,
    /// One per property column of the source, in the order declared to the builder; each as long as `times`.
    pub columns: Vec<BatchValues>,
}

impl Batch {
    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

/// A piece of a property column. Pieces of different kinds meet in the builder: whole numbers and decimals become
/// numbers, anything else that differs becomes text, spelled exactly as it stood in the data.
#[derive(Debug, Clone)]
pub enum BatchValues {
    /// Nothing but missing values.
    Missing { len: usize },
    /// Code 0 is no value, code `id + 1` is a text.
    Text(Coded),
    /// Plain decimal texts without loss: `12.50` is (1250, 2). Kept so until it is known that the whole column is numeric.
    Decimal { mantissas: Vec<i64>, scales: Vec<u8> },
    /// `NULL` is no value.
    Int(Vec<i64>),
    /// NaN is no value.
    Float(Vec<f64>),
    /// Microseconds since 1970 UTC; `NULL` is no value.
    Time(Vec<i64>),
}

/// The scale that marks a missing decimal.
pub const NO_DECIMAL: u8 = u8::MAX;

impl BatchValues {
    pub fn len(&self) -> usize {
        match self {
            BatchValues::Missing { len } => *len,
            BatchValues::Text(coded) => coded.codes.len(),
            BatchValues::Decimal { mantissas, .. } => mantissas.len(),
            BatchValues::Int(values) | BatchValues::Time(values) => values.len(),
            BatchValues::Float(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a value as text; the piece becomes text where it was something else.
    pub fn push_text(&mut self, text: &str) {
        if !matches!(self, BatchValues::Text(_)) {
            *self = BatchValues::Text(std::mem::replace(self, BatchValues::Missing { len: 0 }).into_text());
        }
        if let BatchValues::Text(coded) = self {
            let code = coded.names.intern(text) + 1;
            coded.codes.push(code);
        }
    }

    /// Adds a field of a text format: missing where it is empty, a decimal where it reads back unchanged, else text.
    #[inline]
    pub fn push_field(&mut self, text: &str) {
        if text.is_empty() {
            return self.push_missing();
        }
        match self {
            BatchValues::Text(coded) => {
                let code = coded.names.intern(text) + 1;
                coded.codes.push(code);
            }
            BatchValues::Decimal { mantissas, scales } => match parse_decimal(text.as_bytes()) {
                Some((mantissa, scale)) => {
                    mantissas.push(mantissa);
                    scales.push(scale);
                }
                None => self.push_text(text),
            },
            BatchValues::Missing { len } => match parse_decimal(text.as_bytes()) {
                Some((mantissa, scale)) => {
                    let (mut mantissas, mut scales) = (vec![0; *len], vec![NO_DECIMAL; *len]);
                    mantissas.push(mantissa);
                    scales.push(scale);
                    *self = BatchValues::Decimal { mantissas, scales };
                }
                None => self.push_text(text),
            },
            BatchValues::Int(_) | BatchValues::Float(_) | BatchValues::Time(_) => self.push_text(text),
        }
    }

    #[inline]
    pub fn push_missing(&mut self) {
        match self {
            BatchValues::Missing { len } => *len += 1,
            BatchValues::Text(coded) => coded.codes.push(0),
            BatchValues::Decimal { mantissas, scales } => {
                mantissas.push(0);
                scales.push(NO_DECIMAL);
            }
            BatchValues::Int(values) | BatchValues::Time(values) => values.push(NULL),
            BatchValues::Float(values) => values.push(f64::NAN),
        }
    }

    /// The same values as text, spelled as they stood in the data.
    pub fn into_text(self) -> Coded {
        let mut coded = Coded::default();
        let mut add = |text: Option<&str>| {
            let code = text.map_or(0, |text| coded.names.intern(text) + 1);
            coded.codes.push(code);
        };
        match self {
            BatchValues::Text(coded) => return coded,
            BatchValues::Missing { len } => (0..len).for_each(|_| add(None)),
            BatchValues::Decimal { mantissas, scales } => {
                for (mantissa, scale) in mantissas.into_iter().zip(scales) {
                    if scale == NO_DECIMAL { add(None) } else { add(Some(&decimal_text(mantissa, scale))) }
                }
            }
            BatchValues::Int(values) => {
                values.into_iter().for_each(|v| add((v != NULL).then(|| v.to_string()).as_deref()));
            }
            BatchValues::Float(values) => {
                values.into_iter().for_each(|v| add((!v.is_nan()).then(|| v.to_string()).as_deref()));
            }
            BatchValues::Time(values) => values
                .into_iter()
                .for_each(|v| add((v != NULL).then(|| crate::base::Instant(v).to_string()).as_deref())),
        }
        coded
    }
}

/// Reads a decimal that `decimal_text` writes back unchanged: no `+`, no leading zeros, no exponent, no bare point, at
/// most 18 digits. `007`, `1e5` and `-0` are texts.
#[inline]
pub fn parse_decimal(text: &[u8]) -> Option<(i64, u8)> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 || !digits[0].is_ascii_digit() {
        return None;
    }
    if digits[0] == b'0' && digits.len() > 1 && digits[1] != b'.' {
        return None;
    }
    let mut mantissa: i64 = 0;
    let mut point = None;
    for (at, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa * 10 + i64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
        if at == 17 && point.is_none() && digits.len() > 18 {
            return None;
        }
    }
    let scale = match point {
        None => 0,
        Some(at) if at + 1 == digits.len() => return None,
        Some(at) => (digits.len() - at - 1) as u8,
    };
    if negative {
        if mantissa == 0 {
            return None;
        }
        mantissa = -mantissa;
    }
    Some((mantissa, scale))
}

/// Writes a decimal as `parse_decimal` read it.
pub fn decimal_text(mantissa: i64, scale: u8) -> String {
    let scale = usize::from(scale);
    if scale == 0 {
        return mantissa.to_string();
    }
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if mantissa < 0 { "-" } else { "" })
}

/// The nearest float to a decimal. Where both sides are exact in a float one division gives it; longer ones are read
/// from their text.
#[inline]
pub fn decimal_value(mantissa: i64, scale: u8) -> f64 {
    const POWERS: [f64; 20] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19];
    if mantissa.unsigned_abs() > 1 << 53 {
        return decimal_text(mantissa, scale).parse().unwrap_or(f64::NAN);
    }
    mantissa as f64 / POWERS[usize::from(scale.min(19))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_what_reads_back_unchanged() {
        for text in ["0", "7", "-7", "12.50", "0.05", "-0.5", "123456789012345678", "1.0", "99999999999999999.9"] {
            let (mantissa, scale) = parse_decimal(text.as_bytes()).expect(text);
            assert_eq!(decimal_text(mantissa, scale), text);
            assert_eq!(decimal_value(mantissa, scale), text.parse::<f64>().expect("a number"));
        }
        for text in [
            "",
            "-",
            "007",
            "00",
            "+5",
            "1e5",
            ".5",
            "5.",
            "-0",
            "1,5",
            "1.2.3",
            " 7",
            "1234567890123456789",
            "NaN",
            "$3",
        ] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_late_text_turns_the_numbers_before_it_back_into_what_was_written() {
        let mut piece = BatchValues::Missing { len: 0 };
        ["", "1.50", "2", "007"].iter().for_each(|text| piece.push_field(text));
        let coded = piece.into_text();
        let texts: Vec<&str> =
            coded.codes.iter().map(|&c| if c == 0 { "-" } else { coded.names.name(c - 1) }).collect();
        assert_eq!(texts, ["-", "1.50", "2", "007"]);
    }
}
