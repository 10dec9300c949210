//! Property columns: every column of the data that is not the customer, the time or the event name.

use std::borrow::Cow;

use super::codes::Codes;
use super::names::Names;
use super::numbers::{Number as _, Numbers};
use crate::base::Instant;

/// No value, in whole numbers and times.
pub const NULL: i64 = i64::MIN;

/// One column in journey order.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub name: String,
    pub values: Values,
}

/// What a column holds. A column is a number only where every text in the data reads back from that number unchanged.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Code 0 is no value; code `id + 1` is the text `names.name(id)`.
    Text { codes: Codes, names: Names },
    /// `NULL` is no value.
    Int(Numbers<i64>),
    /// NaN is no value.
    Float(Numbers<f64>),
    /// Microseconds since 1970 UTC; `NULL` is no value.
    Time(Numbers<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    Int,
    Float,
    Time,
}

impl ValueKind {
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Text => "text",
            ValueKind::Int => "int",
            ValueKind::Float => "float",
            ValueKind::Time => "time",
        }
    }
}

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    Time(Instant),
}

impl Values {
    pub fn len(&self) -> usize {
        match self {
            Values::Text { codes, .. } => codes.len(),
            Values::Int(values) | Values::Time(values) => values.len(),
            Values::Float(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Property {
    pub fn kind(&self) -> ValueKind {
        match self.values {
            Values::Text { .. } => ValueKind::Text,
            Values::Int(_) => ValueKind::Int,
            Values::Float(_) => ValueKind::Float,
            Values::Time(_) => ValueKind::Time,
        }
    }

    pub fn is_null(&self, row: usize) -> bool {
        match &self.values {
            Values::Text { codes, .. } => codes.get(row) == 0,
            Values::Int(values) | Values::Time(values) => values.get(row).is_missing(),
            Values::Float(values) => values.get(row).is_missing(),
        }
    }

    pub fn n_nulls(&self) -> usize {
        match &self.values {
            Values::Text { .. } => (0..self.values.len()).filter(|&row| self.is_null(row)).count(),
            Values::Int(values) | Values::Time(values) => values.len() - values.n_values(),
            Values::Float(values) => values.len() - values.n_values(),
        }
    }

    /// The value as text, as a breakdown or a person reads it.
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.is_null(row) {
            return None;
        }
        Some(match &self.values {
            Values::Text { codes, names } => Cow::Borrowed(names.name(codes.get(row) - 1)),
            Values::Int(values) => Cow::Owned(values.get(row).to_string()),
            Values::Float(values) => Cow::Owned(values.get(row).to_string()),
            Values::Time(values) => Cow::Owned(Instant(values.get(row)).to_string()),
        })
    }

    /// The value as a number; `None` where there is none or the column is text or time.
    #[inline]
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Int(values) => Some(values.get(row)).filter(|value| !value.is_missing()).map(|value| value as f64),
            Values::Float(values) => Some(values.get(row)).filter(|value| !value.is_missing()),
            Values::Text { .. } | Values::Time(_) => None,
        }
    }

    /// The value as it is; `None` where there is none.
    pub fn value(&self, row: usize) -> Option<Value<'_>> {
        if self.is_null(row) {
            return None;
        }
        Some(match &self.values {
            Values::Text { codes, names } => Value::Text(names.name(codes.get(row) - 1)),
            Values::Int(values) => Value::Int(values.get(row)),
            Values::Float(values) => Value::Float(values.get(row)),
            Values::Time(values) => Value::Time(Instant(values.get(row))),
        })
    }

    /// A key that is equal for two rows exactly where their values are equal; 0 or the null mark where there is none.
    #[inline]
    pub fn key(&self, row: usize) -> i64 {
        match &self.values {
            Values::Text { codes, .. } => i64::from(codes.get(row)),
            Values::Int(values) | Values::Time(values) => values.get(row),
            Values::Float(values) => {
                // One key for every NaN and for both zeros, so that equal values have equal keys.
                let value = values.get(row);
                if value.is_nan() { NULL } else { (value + 0.0).to_bits() as i64 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_empty_in_every_kind() {
        let mut names = Names::new();
        names.intern("web");
        let text =
            Property { name: "channel".into(), values: Values::Text { codes: Codes::U8(vec![1, 0].into()), names } };
        let int = Property { name: "n".into(), values: Values::Int(vec![4, NULL].into()) };
        let float = Property { name: "x".into(), values: Values::Float(vec![0.5, f64::NAN].into()) };
        for property in [&text, &int, &float] {
            assert_eq!(property.value(1), None);
            assert_eq!(property.text(1), None);
            assert_eq!(property.n_nulls(), 1);
        }
        assert_eq!(text.text(0).as_deref(), Some("web"));
        assert_eq!((int.number(0), float.number(0), text.number(0)), (Some(4.0), Some(0.5), None));
    }
}
