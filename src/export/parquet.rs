//! Parquet, one row group per batch of rows: counts and numbers as 64-bit columns, times in microseconds UTC.

use std::io::{self, Write};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    Column as Series, DataFrame, DataType, Int64Chunked, IntoSeries, NamedFrom, ParquetWriter, PlSmallStr, PolarsError,
    Schema, TimeUnit, TimeZone,
};

use super::{Document, Error, Style};
use crate::table::{Cell, Column, Kind, Table};

/// Rows of a row group: large enough to compress well, small enough for wide tables of text.
pub const GROUP: usize = 1 << 17;

pub(super) fn write(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let Some(table) = document.tables.first() else { return Ok(()) };
    let mut rows = ParquetRows::new(&table.columns, out)?;
    for start in (0..table.len()).step_by(GROUP) {
        style.ctl.check()?;
        rows.write(table, start..(start + GROUP).min(table.len()))?;
    }
    style.ctl.check()?;
    rows.finish()
}

/// Writes rows as they come.
pub struct ParquetRows<W: Write> {
    columns: Vec<Column>,
    writer: BatchedWriter<W>,
}

impl<W: Write> ParquetRows<W> {
    /// # Errors
    /// Two columns of one name, or `out` cannot be written to.
    pub fn new(columns: &[Column], out: W) -> Result<Self, Error> {
        let mut schema = Schema::with_capacity(columns.len());
        for column in columns {
            if schema.insert(PlSmallStr::from_str(&column.name), data_type(column.kind)).is_some() {
                let twice = format!("two columns are named `{}`, which Parquet cannot hold", column.name);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, twice).into());
            }
        }
        let writer = ParquetWriter::new(out).batched(&schema).map_err(failed)?;
        Ok(ParquetRows { columns: columns.to_vec(), writer })
    }

    /// Writes rows of a table with the same columns, as one row group.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&mut self, table: &Table, rows: std::ops::Range<usize>) -> Result<(), Error> {
        let mut values: Vec<Values> =
            self.columns.iter().map(|column| Values::with_capacity(column.kind, rows.len())).collect();
        let height = rows.len();
        for i in rows {
            for (values, cell) in values.iter_mut().zip(table.row(i).iter()) {
                values.push(cell);
            }
        }
        let series = values.into_iter().zip(&self.columns).map(|(values, column)| values.finish(column)).collect();
        let frame = DataFrame::new(height, series).map_err(failed)?;
        self.writer.write_batch(&frame).map_err(failed)
    }

    /// Writes the end of the file, without which it cannot be read.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        self.writer.finish().map(|_| ()).map_err(failed)
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::String,
        Kind::Count | Kind::Int => DataType::Int64,
        Kind::Number | Kind::Share | Kind::Probability | Kind::Seconds => DataType::Float64,
        Kind::Time => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
        Kind::Flag => DataType::Boolean,
    }
}

/// A column's values; what does not fit the column's kind is null, except that everything fits text.
enum Values {
    Text(Vec<Option<String>>),
    Whole(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Time(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
}

impl Values {
    fn with_capacity(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::Text => Values::Text(Vec::with_capacity(n)),
            Kind::Count | Kind::Int => Values::Whole(Vec::with_capacity(n)),
            Kind::Number | Kind::Share | Kind::Probability | Kind::Seconds => Values::Number(Vec::with_capacity(n)),
            Kind::Time => Values::Time(Vec::with_capacity(n)),
            Kind::Flag => Values::Flag(Vec::with_capacity(n)),
        }
    }

    fn push(&mut self, cell: &Cell) {
        match self {
            Values::Text(values) => values.push(text_of(cell)),
            Values::Whole(values) => values.push(match cell {
                Cell::Count(n) => i64::try_from(*n).ok(),
                Cell::Int(n) => Some(*n),
                Cell::Number(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(*x as i64),
                _ => None,
            }),
            Values::Number(values) => values.push(match cell {
                Cell::Count(n) => Some(*n as f64),
                Cell::Int(n) => Some(*n as f64),
                Cell::Number(x) if x.is_finite() => Some(*x),
                _ => None,
            }),
            Values::Time(values) => values.push(match cell {
                Cell::Time(at) => Some(at.micros()),
                _ => None,
            }),
            Values::Flag(values) => values.push(match cell {
                Cell::Flag(yes) => Some(*yes),
                _ => None,
            }),
        }
    }

    fn finish(self, column: &Column) -> Series {
        let name = PlSmallStr::from_str(&column.name);
        match self {
            Values::Text(values) => Series::new(name, values),
            Values::Whole(values) => Series::new(name, values),
            Values::Number(values) => Series::new(name, values),
            Values::Flag(values) => Series::new(name, values),
            Values::Time(values) => Int64Chunked::new(name, values)
                .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
                .into_series()
                .into(),
        }
    }
}

fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Empty => None,
        Cell::Text(text) => Some(text.clone()),
        Cell::Count(n) => Some(n.to_string()),
        Cell::Int(n) => Some(n.to_string()),
        Cell::Number(x) => Some(x.to_string()),
        Cell::Time(at) => Some(at.to_string()),
        Cell::Flag(yes) => Some(yes.to_string()),
    }
}

/// The I/O error inside, so that a closed pipe stays one.
fn failed(err: PolarsError) -> Error {
    match err {
        PolarsError::IO { error, .. } => io::Error::new(error.kind(), error.to_string()).into(),
        other => io::Error::other(other.to_string()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, long};
    use polars::prelude::{ParquetReader, SerReader};

    #[track_caller]
    fn read_back(document: &Document) -> DataFrame {
        let mut out = Vec::new();
        write(document, &Style::default(), &mut out).expect("written");
        ParquetReader::new(io::Cursor::new(out)).finish().expect("readable")
    }

    #[test]
    fn what_is_written_reads_back() {
        let frame = read_back(&hostile());
        assert_eq!(frame.shape(), (3, 6));
        let column = |name: &str| frame.column(name).expect("a column").clone();
        assert_eq!(column("name").str().expect("text").get(1), Some("=cmd()\x1b[31m"));
        assert_eq!(column("step").i64().expect("whole").get(2), Some(1236));
        assert_eq!(column("share").f64().expect("number").get(2), None);
        assert_eq!(column("mature").bool().expect("flag").get(0), Some(true));
        assert_eq!(*column("first").dtype(), data_type(Kind::Time));
        assert_eq!(column("first").datetime().expect("time").phys.get(0), Some(1_572_631_153_273_932));
    }

    #[test]
    fn a_long_table_reads_back_whole() {
        let frame = read_back(&long());
        assert_eq!(frame.height(), 20_000);
        assert_eq!(frame.column("text").expect("a column").str().expect("text").get(19_999), Some("r19999"));
    }

    #[test]
    fn two_columns_of_one_name_are_refused_in_a_sentence() {
        let mut document = hostile();
        document.tables = vec![Table::new("t", &[("a", Kind::Text), ("a", Kind::Text)])];
        let err = write(&document, &Style::default(), &mut Vec::new()).expect_err("refused");
        assert_eq!(err.to_string(), "two columns are named `a`, which Parquet cannot hold");
    }
}
