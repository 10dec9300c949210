//! The time column of a block as instants.

use polars::prelude::{ChunkAgg, DataType, PolarsResult, Series, TimeUnit};

use super::cell;
use crate::ingest::coder::is_none;
use crate::ingest::times::{TimeRead, TimeReader};

/// A time that is missing or that does not read, among instants; both lie far outside of what a time may be.
pub(super) const NO_TIME: i64 = i64::MIN;
pub(super) const BAD_TIME: i64 = i64::MIN + 1;

/// The instants of the time column, and the rows that daylight saving left open.
pub(super) struct Times {
    pub instants: Vec<i64>,
    pub ambiguous: Vec<u32>,
    pub has_bad: bool,
}

impl Times {
    fn push(&mut self, is_missing: bool, read: Option<TimeRead>) {
        let instant = match read {
            _ if is_missing => NO_TIME,
            None => BAD_TIME,
            Some(read) => {
                if read.is_ambiguous {
                    self.ambiguous.push(self.instants.len() as u32);
                }
                read.instant.0
            }
        };
        self.has_bad |= instant <= BAD_TIME;
        self.instants.push(instant);
    }

    pub fn read(series: &Series, reader: &TimeReader) -> PolarsResult<Times> {
        const DAY: i64 = 86_400_000_000;
        let n = series.len();
        let mut times = Times { instants: Vec::with_capacity(n), ambiguous: Vec::new(), has_bad: false };
        match series.dtype() {
            DataType::Datetime(unit, zone) => {
                let column = series.datetime()?.physical();
                let is_plain = *unit == TimeUnit::Microseconds && column.null_count() == 0;
                let are_instants = zone.is_some() || reader.reads_walls_as_instants();
                let ends = [column.min(), column.max()];
                let fit = ends.iter().all(|end| end.is_some_and(|end| reader.read_instant(end).is_some()));
                if is_plain && are_instants && fit {
                    column.downcast_iter().for_each(|array| times.instants.extend_from_slice(array.values()));
                    return Ok(times);
                }
                for value in column.iter() {
                    let micros = value.and_then(|value| cell::micros(value, *unit));
                    let read = |m| if zone.is_some() { reader.read_instant(m) } else { reader.read_wall(m) };
                    times.push(value.is_none(), micros.and_then(read));
                }
            }
            DataType::Date => {
                for days in series.date()?.physical().iter() {
                    times.push(days.is_none(), days.and_then(|days| reader.read_wall(i64::from(days) * DAY)));
                }
            }
            DataType::String => {
                for text in series.str()?.iter() {
                    let read = text.and_then(|text| reader.read(text));
                    times.push(read.is_none() && text.is_none_or(is_none), read);
                }
            }
            dtype if dtype.is_integer() && !matches!(dtype, DataType::UInt64) => {
                for value in series.cast(&DataType::Int64)?.i64()?.iter() {
                    times.push(value.is_none(), value.and_then(|value| reader.read_int(value)));
                }
            }
            DataType::Float32 | DataType::Float64 => {
                for value in series.cast(&DataType::Float64)?.f64()?.iter() {
                    let value = value.filter(|value| !value.is_nan());
                    times.push(value.is_none(), value.and_then(|value| reader.read_float(value)));
                }
            }
            _ => {
                let series = series.rechunk();
                for row in 0..n {
                    let text = cell::text(&series, row);
                    times.push(text.is_none(), text.and_then(|text| reader.read(&text)));
                }
            }
        }
        Ok(times)
    }
}
