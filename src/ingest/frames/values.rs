//! A decoded column as a column of a batch.

use polars::prelude::{ChunkedArray, DataType, PolarsNumericType, PolarsResult, Series, StringChunked};

use super::cell;
use super::column::Column;
use super::keys::{AT_ONCE, KeyTable, NOTHING, RecentKeys};
use crate::ingest::times::TimeReader;
use crate::journey::props::NULL;
use crate::journey::{BatchValues, Coded};

/// Which rows of a block become events; `None` is all of them.
pub(super) type Keep<'a> = Option<&'a [bool]>;

pub(super) fn n_kept(n: usize, keep: Keep<'_>) -> usize {
    keep.map_or(n, |keep| keep.iter().filter(|&&keep| keep).count())
}

/// The values of the rows that are kept, missing ones as `None`.
pub(super) fn kept<'a, T: 'a>(values: impl Iterator<Item = T> + 'a, keep: Keep<'a>) -> impl Iterator<Item = T> + 'a {
    values.enumerate().filter(move |(row, _)| keep.is_none_or(|keep| keep[*row])).map(|(_, value)| value)
}

/// A property column. Texts stay texts whatever they look like: the file says what is a number.
pub(super) fn property(column: &Column, keep: Keep<'_>, reader: &TimeReader) -> PolarsResult<BatchValues> {
    let n = n_kept(column.len(), keep);
    let series = match column {
        Column::Series(series) => series,
        Column::Texts(texts) if texts.n_missing() == texts.len() => return Ok(BatchValues::Missing { len: n }),
        Column::Texts(texts) => return Ok(BatchValues::Text(texts.coded(keep, 1))),
    };
    if series.null_count() == series.len() {
        return Ok(BatchValues::Missing { len: n });
    }
    Ok(match series.dtype() {
        DataType::String => BatchValues::Text(texts(series.str()?, keep, 1)),
        DataType::Categorical(..) | DataType::Enum(..) => BatchValues::Text(categories(series, keep, 1)?),
        DataType::UInt64 if series.u64()?.iter().flatten().any(|value| value > i64::MAX as u64) => {
            spelled(series, keep)
        }
        dtype if dtype.is_integer() => {
            let wide = series.cast(&DataType::Int64)?;
            let column = wide.i64()?;
            // The smallest number of all stands for a missing value.
            let has_smallest = column.downcast_iter().any(|array| array.values().contains(&NULL));
            if has_smallest && column.iter().any(|value| value == Some(NULL)) {
                return Ok(spelled(series, keep));
            }
            BatchValues::Int(plain(column, keep, |value| value, NULL))
        }
        // What is no number is no value.
        DataType::Float64 => {
            let finite = |x: f64| if x.is_finite() { x } else { f64::NAN };
            BatchValues::Float(plain(series.f64()?, keep, finite, f64::NAN))
        }
        DataType::Float32 => {
            BatchValues::Float(kept(series.f32()?.iter().map(|value| value.map_or(f64::NAN, widened)), keep).collect())
        }
        DataType::Datetime(unit, zone) => {
            let read = |value: i64| {
                let micros = cell::micros(value, *unit)?;
                if zone.is_some() { reader.read_instant(micros) } else { reader.read_wall(micros) }
            };
            let times = series.datetime()?.physical().iter();
            BatchValues::Time(kept(times.map(|v| v.and_then(read).map_or(NULL, |read| read.instant.0)), keep).collect())
        }
        DataType::Duration(unit) => {
            let lengths = series.duration()?.physical().iter();
            let seconds = lengths.map(|value| value.map_or(f64::NAN, |value| cell::seconds(value, *unit)));
            BatchValues::Float(kept(seconds, keep).collect())
        }
        DataType::Decimal(_, scale) => decimals(series, *scale, keep)?,
        DataType::Boolean => {
            let values = series.bool()?.iter().map(|value| value.map(i128::from));
            BatchValues::Text(spelled_once(kept(values, keep), 1, |value| (value == 1).to_string()))
        }
        DataType::Date => {
            let days = series.date()?.physical().iter().map(|days| days.map(i128::from));
            BatchValues::Text(spelled_once(kept(days, keep), 1, |days| cell::date(days as i32)))
        }
        _ => spelled(series, keep),
    })
}

/// What is neither a text nor a number, as text.
fn spelled(series: &Series, keep: Keep<'_>) -> BatchValues {
    // One chunk, since every look-up of a row would search the chunks.
    let series = series.rechunk();
    let mut coded = Coded::default();
    for row in kept(0..series.len(), keep) {
        let code = cell::text(&series, row).map_or(0, |text| coded.names.intern(&text) + 1);
        coded.codes.push(code);
    }
    BatchValues::Text(coded)
}

/// Values as codes of their texts, each distinct one spelled once. `shift` is as for `texts`.
fn spelled_once(values: impl Iterator<Item = Option<i128>>, shift: u32, spell: impl Fn(i128) -> String) -> Coded {
    let mut coded = Coded::default();
    let mut known = KeyTable::new();
    for value in values {
        match value {
            Some(value) => {
                let code = known.code(value as u128, || coded.names.intern(&spell(value)));
                coded.codes.push(code + shift);
            }
            None if shift == 1 => coded.codes.push(0),
            None => {}
        }
    }
    coded
}

/// A column of ids as texts: numbers are ids by their exact texts.
pub(super) fn id(column: &Column, keep: Keep<'_>) -> PolarsResult<BatchValues> {
    let series = match column {
        Column::Series(series) => series,
        Column::Texts(texts) => return Ok(BatchValues::Text(texts.coded(keep, 1))),
    };
    Ok(BatchValues::Text(match series.dtype() {
        DataType::String => texts(series.str()?, keep, 1),
        DataType::Categorical(..) | DataType::Enum(..) => categories(series, keep, 1)?,
        dtype if dtype.is_integer() => numbers(series, keep, 1)?,
        _ => match spelled(series, keep) {
            BatchValues::Text(coded) => coded,
            other => other.into_text(),
        },
    }))
}

/// Whole numbers as the codes of their exact texts. `shift` is as for `texts`.
pub(super) fn numbers(series: &Series, keep: Keep<'_>, shift: u32) -> PolarsResult<Coded> {
    let spell = |value: i128| value.to_string();
    if let DataType::UInt64 = series.dtype() {
        return Ok(spelled_once(kept(series.u64()?.iter().map(|v| v.map(i128::from)), keep), shift, spell));
    }
    let wide = series.cast(&DataType::Int64)?;
    Ok(spelled_once(kept(wide.i64()?.iter().map(|v| v.map(i128::from)), keep), shift, spell))
}

/// The numbers of the rows that are kept, and what stands for a missing one.
fn plain<T: PolarsNumericType>(
    column: &ChunkedArray<T>,
    keep: Keep<'_>,
    read: impl Fn(T::Native) -> T::Native,
    missing: T::Native,
) -> Vec<T::Native> {
    let mut values = Vec::with_capacity(column.len());
    for (array, chunk) in column.downcast_iter().zip(column.chunks()) {
        let start = values.len();
        values.extend(array.values().iter().map(|value| read(*value)));
        if let Some(validity) = chunk.validity().filter(|validity| validity.unset_bits() > 0) {
            for (value, is_valid) in values[start..].iter_mut().zip(validity.iter()) {
                if !is_valid {
                    *value = missing;
                }
            }
        }
    }
    if let Some(keep) = keep {
        let mut row = 0;
        values.retain(|_| {
            row += 1;
            keep[row - 1]
        });
    }
    values
}

/// Values of a column that are there, and are infinite or no number.
pub(super) fn n_not_finite(column: &Column, keep: Keep<'_>) -> PolarsResult<u64> {
    let Column::Series(series) = column else { return Ok(0) };
    let is_bad = |value: Option<f64>| value.is_some_and(|value| !value.is_finite());
    let n = match series.dtype() {
        DataType::Float64 => {
            let column = series.f64()?;
            let may_be_bad = column.downcast_iter().any(|array| !array.values().iter().all(|value| value.is_finite()));
            if may_be_bad { kept(column.iter(), keep).filter(|&value| is_bad(value)).count() } else { 0 }
        }
        DataType::Float32 => kept(series.f32()?.iter(), keep).filter(|&value| is_bad(value.map(f64::from))).count(),
        _ => 0,
    };
    Ok(n as u64)
}

/// The number that the shortest spelling of a single-precision float names: 0.1 is 0.1, not 0.10000000149.
fn widened(single: f32) -> f64 {
    if !single.is_finite() {
        return f64::NAN;
    }
    let wide = f64::from(single);
    for power in [1.0, 10.0, 100.0, 1e3, 1e4] {
        let short = (wide * power).round() / power;
        // Up to seven digits a single-precision float spells exactly one number.
        if short as f32 == single && (short * power).abs() < 1e7 {
            return short;
        }
    }
    single.to_string().parse().unwrap_or(wide)
}

fn decimals(series: &Series, scale: usize, keep: Keep<'_>) -> PolarsResult<BatchValues> {
    const DIGITS: i128 = 1_000_000_000_000_000_000;
    let column = series.decimal()?.physical();
    let fits = |value: Option<i128>| value.is_none_or(|value| value.abs() < DIGITS);
    if scale > 18 || !column.iter().all(fits) {
        return Ok(spelled(series, keep));
    }
    let (mut mantissas, mut scales) = (Vec::with_capacity(series.len()), Vec::with_capacity(series.len()));
    for value in kept(column.iter(), keep) {
        mantissas.push(value.unwrap_or(0) as i64);
        scales.push(if value.is_some() { scale as u8 } else { crate::journey::batch::NO_DECIMAL });
    }
    Ok(BatchValues::Decimal { mantissas, scales })
}

/// Texts as codes. With `shift` 1, code 0 is no value (missing or empty) and other codes are one up; with 0 there is
/// a text in every row that is kept.
pub(super) fn texts(column: &StringChunked, keep: Keep<'_>, shift: u32) -> Coded {
    let mut coded = Coded::default();
    coded.codes.reserve(column.len());
    let Coded { codes, names } = &mut coded;
    let mut short = KeyTable::new();
    let mut at = 0;
    for (array, chunk) in column.downcast_iter().zip(column.chunks()) {
        let validity = chunk.validity().filter(|validity| validity.unset_bits() > 0);
        // A long text's view says where it lies in this chunk: equal views are equal texts, and where a file has a
        // dictionary they are few. Without one every view is new, and the table is given up.
        let (mut long, mut recent) = (KeyTable::new(), RecentKeys::new());
        let (mut n_long, mut long_pays) = (0usize, true);
        let mut rows = (0..array.len()).filter(|i| keep.is_none_or(|keep| keep[at + i]));
        let mut here = [(0, NOTHING); AT_ONCE];
        loop {
            let mut n = 0;
            for (place, row) in here.iter_mut().zip(&mut rows) {
                let is_there = validity.is_none_or(|validity| validity.get_bit(row));
                *place = (row, if is_there { array.views()[row].as_u128() } else { NOTHING });
                n += 1;
            }
            if n == 0 {
                break;
            }
            let first = codes.len();
            let (others, n_others) = recent.look_up(&here[..n], codes);
            let others = others[..n_others].iter().map(|other| usize::from(*other));
            short.fetch(others.clone().map(|other| here[other].1));
            for other in others {
                let (row, key) = here[other];
                // The lowest bits are the length. A short text is its view, so one whose view is new is new itself; a long one
                // never is a short one.
                let code = match key as u32 {
                    0 => 0,
                    1..=12 => short.code(key, || names.add(array.value(row))) + shift,
                    _ if long_pays => {
                        n_long += 1;
                        long_pays = n_long < 4096 || long.len() * 2 < n_long;
                        long.code(key, || names.intern(array.value(row))) + shift
                    }
                    _ => names.intern(array.value(row)) + shift,
                };
                codes[first + other] = code;
                recent.remember(key, code);
            }
        }
        at += array.len();
    }
    coded
}

/// Categories as codes of this batch: the file's codes are mapped one by one, texts are looked at once each.
pub(super) fn categories(series: &Series, keep: Keep<'_>, shift: u32) -> PolarsResult<Coded> {
    let mut coded = Coded::default();
    let (DataType::Categorical(_, mapping) | DataType::Enum(_, mapping)) = series.dtype() else {
        return Ok(coded);
    };
    let physical = series.to_physical_repr().cast(&DataType::UInt32)?;
    let mut known: Vec<Option<u32>> = Vec::new();
    for value in kept(physical.u32()?.iter(), keep) {
        let text = |category: u32| mapping.cat_to_str(category).filter(|text| !text.is_empty());
        let code = value.and_then(|category| {
            let at = category as usize;
            if at >= known.len() {
                // A category beyond the mapping names nothing; do not make room for it.
                text(category)?;
                known.resize(at + 1, None);
            }
            if known[at].is_none() {
                known[at] = Some(coded.names.intern(text(category)?));
            }
            known[at]
        });
        match code {
            Some(code) => coded.codes.push(code + shift),
            None if shift == 1 => coded.codes.push(0),
            None => {}
        }
    }
    Ok(coded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NamedFrom;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_coded_whatever_came_before_them(
            rows in prop::collection::vec(prop::option::weighted(0.9, (0usize..600, any::<bool>())), 0..900),
            (kept_one_of, cut) in (1usize..4, 1usize..400),
        ) {
            // Short and long, with an empty one among them.
            let text = |(at, is_long): (usize, bool)| match (at, is_long) {
                (0, _) => String::new(),
                (at, true) => format!("a text that is long, the {at}th"),
                (at, false) => format!("c{at}"),
            };
            let rows: Vec<Option<String>> = rows.into_iter().map(|row| row.map(text)).collect();
            let mut column = StringChunked::new("c".into(), &rows[..cut.min(rows.len())]);
            column.append(&StringChunked::new("c".into(), &rows[cut.min(rows.len())..])).expect("the same type");
            let keep: Vec<bool> = (0..rows.len()).map(|row| row.is_multiple_of(kept_one_of)).collect();
            let coded = texts(&column, Some(&keep).filter(|_| kept_one_of > 1).map(|keep| &keep[..]), 1);
            let back: Vec<Option<String>> =
                coded.codes.iter().map(|code| code.checked_sub(1).map(|code| coded.names.name(code).to_owned())).collect();
            let kept = rows.iter().step_by(kept_one_of).map(|row| row.clone().filter(|text| !text.is_empty()));
            prop_assert_eq!(back, kept.collect::<Vec<_>>());
        }

        #[test]
        fn a_single_precision_float_is_the_number_it_is_written_as(bits in any::<u32>(), cents in -100_000_000i32..100_000_000) {
            for single in [f32::from_bits(bits), cents as f32 / 100.0, cents as f32 / 1000.0] {
                if single.is_finite() {
                    prop_assert_eq!(widened(single), single.to_string().parse::<f64>().expect("a number"));
                }
            }
        }
    }
}
