//! `Table`: named, typed columns and unformatted cells; what every pane draws and every file holds.
//!
//! Rows are either built or made on demand, so that a list of millions of customers costs only the rows that are looked at.

pub mod sort;
pub mod text;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::base::Instant;

/// What a column holds, which decides how people read it; files get the raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A whole number of things.
    Count,
    /// Any whole number.
    Int,
    Number,
    /// A fraction, 0 to 1 for shares of a whole.
    Share,
    /// A p-value or another probability that people read to three digits.
    Probability,
    /// A length of time in seconds.
    Seconds,
    Time,
    Flag,
}

impl Kind {
    /// The word for this kind in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Count => "count",
            Kind::Int => "int",
            Kind::Number => "number",
            Kind::Share => "share",
            Kind::Probability => "probability",
            Kind::Seconds => "seconds",
            Kind::Time => "time",
            Kind::Flag => "flag",
        }
    }

    /// Numbers stand on the right, words on the left.
    pub fn is_right_aligned(self) -> bool {
        !matches!(self, Kind::Text | Kind::Time | Kind::Flag)
    }
}

/// One value. `Empty` is "nothing to say here" (null in files), never zero.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Count(u64),
    Int(i64),
    /// Also shares, probabilities and seconds: the column's kind says which.
    Number(f64),
    Time(Instant),
    Flag(bool),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A number, or `Empty` where there is none or it is not finite.
    pub fn number(value: impl Into<Option<f64>>) -> Self {
        value.into().filter(|v| v.is_finite()).map_or(Cell::Empty, Cell::Number)
    }

    /// `part / whole`, or `Empty` where the whole is 0.
    pub fn share(part: u64, whole: u64) -> Self {
        if whole == 0 { Cell::Empty } else { Cell::Number(part as f64 / whole as f64) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

impl Column {
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Column { name: name.into(), kind }
    }
}

#[derive(Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    rows: Rows,
}

type MakeRow = Arc<dyn Fn(usize) -> Vec<Cell> + Send + Sync>;

#[derive(Clone)]
enum Rows {
    Built(Vec<Vec<Cell>>),
    Made { len: usize, make: MakeRow },
}

impl Table {
    /// An empty table with these columns; add rows with `push`.
    pub fn new(name: impl Into<String>, columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().map(|(name, kind)| Column::new(*name, *kind)).collect();
        Table { name: name.into(), columns, rows: Rows::Built(Vec::new()) }
    }

    /// A table whose rows are made when asked for; `make` gets 0 to `len - 1`.
    pub fn made(
        name: impl Into<String>,
        columns: Vec<Column>,
        len: usize,
        make: impl Fn(usize) -> Vec<Cell> + Send + Sync + 'static,
    ) -> Self {
        Table { name: name.into(), columns, rows: Rows::Made { len, make: Arc::new(make) } }
    }

    /// Whether rows are made when they are asked for, out of what is somewhere else.
    pub fn is_made_later(&self) -> bool {
        matches!(self.rows, Rows::Made { .. })
    }

    /// Adds a row at the end.
    ///
    /// # Panics
    /// When the table's rows are made on demand, or the row has not one cell per column: both are mistakes in our code.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row of `{}` needs one cell per column", self.name);
        match &mut self.rows {
            Rows::Built(rows) => rows.push(row),
            Rows::Made { .. } => panic!("rows of `{}` are made on demand", self.name),
        }
    }

    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Built(rows) => rows.len(),
            Rows::Made { len, .. } => *len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn row(&self, i: usize) -> Cow<'_, [Cell]> {
        match &self.rows {
            Rows::Built(rows) => Cow::Borrowed(&rows[i]),
            Rows::Made { make, .. } => Cow::Owned(make(i)),
        }
    }

    pub fn rows(&self) -> impl Iterator<Item = Cow<'_, [Cell]>> {
        (0..self.len()).map(|i| self.row(i))
    }

    pub fn column_idx(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The cell in the named column, for tests and for panes that read one figure.
    pub fn cell(&self, row: usize, column: &str) -> Option<Cell> {
        let idx = self.column_idx(column)?;
        (row < self.len()).then(|| self.row(row)[idx].clone())
    }

    /// Only these rows, in this order.
    pub fn picked(self, rows: Vec<usize>) -> Self {
        let (name, columns) = (self.name.clone(), self.columns.clone());
        Table::made(name, columns, rows.len(), move |at| self.row(rows[at]).into_owned())
    }

    /// The first `n` rows.
    pub fn limited(mut self, n: usize) -> Self {
        match &mut self.rows {
            Rows::Built(rows) => rows.truncate(n),
            Rows::Made { len, .. } => *len = n.min(*len),
        }
        self
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.columns == other.columns && self.rows().eq(other.rows())
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("name", &self.name)
            .field("columns", &self.columns)
            .field("len", &self.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_rows_are_made_only_when_asked_for() {
        let table =
            Table::made("numbers", vec![Column::new("n", Kind::Count)], 1_000_000_000, |i| vec![Cell::Count(i as u64)]);
        assert_eq!(table.cell(999_999_999, "n"), Some(Cell::Count(999_999_999)));
        assert_eq!(table.cell(1_000_000_000, "n"), None);
        assert_eq!(table.clone().picked(vec![7, 3]).cell(1, "n"), Some(Cell::Count(3)));
        assert_eq!(table.limited(2).rows().count(), 2);
    }
}
