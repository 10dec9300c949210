//! One value of a column as text, for samples, raw rows and refused rows, and for kinds that are rare in event logs.

use polars::prelude::{AnyValue, Series, TimeUnit};

use crate::base::{Civil, Instant};

/// The value as a text format would spell it; `None` where there is none. Empty text is none, as in a text format.
pub(super) fn text(series: &Series, row: usize) -> Option<String> {
    of_value(&series.get(row).ok()?).filter(|text| !text.is_empty())
}

fn of_value(value: &AnyValue<'_>) -> Option<String> {
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Boolean(yes) => yes.to_string(),
        AnyValue::Int8(n) => n.to_string(),
        AnyValue::Int16(n) => n.to_string(),
        AnyValue::Int32(n) => n.to_string(),
        AnyValue::Int64(n) => n.to_string(),
        AnyValue::UInt8(n) => n.to_string(),
        AnyValue::UInt16(n) => n.to_string(),
        AnyValue::UInt32(n) => n.to_string(),
        AnyValue::UInt64(n) => n.to_string(),
        AnyValue::Int128(n) => n.to_string(),
        AnyValue::UInt128(n) => n.to_string(),
        AnyValue::Float32(x) if x.is_nan() => return None,
        AnyValue::Float64(x) if x.is_nan() => return None,
        AnyValue::Float32(x) => x.to_string(),
        AnyValue::Float64(x) => x.to_string(),
        AnyValue::Date(days) => date(*days),
        AnyValue::Datetime(at, unit, zone) => datetime(*at, *unit, zone.is_some()),
        AnyValue::DatetimeOwned(at, unit, zone) => datetime(*at, *unit, zone.is_some()),
        AnyValue::Duration(length, unit) => seconds(*length, *unit).to_string(),
        AnyValue::Time(nanos) => time_of_day(*nanos),
        AnyValue::Categorical(code, names) | AnyValue::Enum(code, names) => names.cat_to_str(*code)?.to_owned(),
        AnyValue::CategoricalOwned(code, names) | AnyValue::EnumOwned(code, names) => {
            names.cat_to_str(*code)?.to_owned()
        }
        AnyValue::Decimal(mantissa, _, scale) => decimal(*mantissa, *scale),
        AnyValue::Binary(bytes) => binary(bytes),
        AnyValue::BinaryOwned(bytes) => binary(bytes),
        AnyValue::List(_) | AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
            let mut json = String::new();
            write_json(value, &mut json);
            json
        }
        // Kinds that are not built in; their own spelling is the best there is.
        other => other.to_string(),
    })
}

/// Microseconds of a value in another unit, where they can be counted.
pub(super) fn micros(value: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Milliseconds => value.checked_mul(1000),
        TimeUnit::Microseconds => Some(value),
        TimeUnit::Nanoseconds => Some(value.div_euclid(1000)),
    }
}

pub(super) fn seconds(length: i64, unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Milliseconds => length as f64 / 1e3,
        TimeUnit::Microseconds => length as f64 / 1e6,
        TimeUnit::Nanoseconds => length as f64 / 1e9,
    }
}

fn datetime(value: i64, unit: TimeUnit, is_instant: bool) -> String {
    match micros(value, unit) {
        None => value.to_string(),
        Some(micros) if is_instant => Instant(micros).to_string(),
        Some(micros) => Civil::of_micros(micros).to_text(' '),
    }
}

pub(super) fn date(days: i32) -> String {
    let text = Civil::of_micros(i64::from(days) * 86_400_000_000).to_text(' ');
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn time_of_day(nanos: i64) -> String {
    let text = Civil::of_micros(nanos.div_euclid(1000)).to_text(' ');
    text.split(' ').nth(1).unwrap_or_default().to_owned()
}

pub(super) fn decimal(mantissa: i128, scale: usize) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Text where the bytes are text, else their hexadecimal digits.
pub(super) fn binary(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Sixteen bytes as a UUID.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn write_json(value: &AnyValue<'_>, json: &mut String) {
    match value {
        AnyValue::List(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                write_json(&item, json);
            }
            json.push(']');
        }
        AnyValue::Struct(_, _, fields) => {
            let values: Vec<AnyValue<'_>> = value._iter_struct_av().collect();
            write_object(fields.iter().map(|field| field.name().as_str()).zip(&values), json);
        }
        AnyValue::StructOwned(owned) => {
            write_object(owned.1.iter().map(|field| field.name().as_str()).zip(&owned.0), json);
        }
        AnyValue::Null => json.push_str("null"),
        AnyValue::Float32(x) if !x.is_finite() => json.push_str("null"),
        AnyValue::Float64(x) if !x.is_finite() => json.push_str("null"),
        AnyValue::Boolean(_) | AnyValue::Decimal(..) => json.push_str(&of_value(value).unwrap_or_default()),
        number if number.is_primitive_numeric() => json.push_str(&of_value(value).unwrap_or_default()),
        _ => json.push_str(&quoted(&of_value(value).unwrap_or_default())),
    }
}

fn write_object<'a>(fields: impl Iterator<Item = (&'a str, &'a AnyValue<'a>)>, json: &mut String) {
    json.push('{');
    for (at, (name, value)) in fields.enumerate() {
        if at > 0 {
            json.push(',');
        }
        json.push_str(&quoted(name));
        json.push(':');
        write_json(value, json);
    }
    json.push('}');
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_kinds_have_a_text() {
        assert_eq!(uuid(&[0xAB; 16]), "abababab-abab-abab-abab-abababababab");
        assert_eq!((binary(b"caf\xC3\xA9"), binary(b"\xFF\x00")), ("café".into(), "ff00".into()));
        assert_eq!([decimal(-5, 2), decimal(1250, 2), decimal(7, 0)], ["-0.05", "12.50", "7"]);
        assert_eq!((date(-1), time_of_day(3_600_000_000_000)), ("1969-12-31".into(), "01:00:00".into()));
        assert_eq!((micros(-1, TimeUnit::Nanoseconds), micros(i64::MAX, TimeUnit::Milliseconds)), (Some(-1), None));
    }
}
