//! What a reader of one source has to know, and what it hands over for one block of it.

use super::identity::IdPlan;
use super::report::Rejects;
use super::times::TimeReader;
use super::{Error, KeepRejects};
use crate::base::Ctl;
use crate::journey::Batch;

/// How the columns of one source become events. Shared by all readers, so that a table gives the same events in every
/// format.
#[derive(Debug, Clone)]
pub struct ColumnPlan {
    /// All columns of the source, each name once.
    pub names: Vec<String>,
    pub customer: usize,
    pub event: usize,
    /// Columns that name the event where that does not, in this order; all of them are properties.
    pub more_events: Vec<usize>,
    /// Dates of a row that are its events, in their order; none where a row is one event.
    pub dates: Vec<DateEvent>,
    /// The column with amounts.
    pub amount: Option<usize>,
    pub time: usize,
    pub time_reader: TimeReader,
    /// Where more than one column says whose an event is.
    pub ids: Option<IdPlan>,
    /// Columns of the source that become the columns of a batch, in that order; never event or time, nor
    /// the customer unless it is but one of several ids.
    pub properties: Vec<usize>,
    /// What a preset adds to how rows are read.
    pub terms: Terms,
    /// Position in `LoadReport::files`.
    pub file: usize,
    pub keep_rejects: KeepRejects,
}

/// What a preset adds to how the rows of a source are read.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Columns and the values by which the product itself says that a row does not count.
    pub leave_out: Vec<(usize, Values)>,
    /// Rows only say which ids belong together, and are no events.
    pub is_links: bool,
    /// What all rows are the event of, where no column says so.
    pub event: Option<String>,
    /// Columns and the text that stands for no value in them.
    pub nothing: Vec<(usize, &'static str)>,
}

/// Some values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    In(&'static [&'static str]),
    /// Any value but these.
    NotIn(&'static [&'static str]),
}

impl Values {
    pub fn has(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Values::In(values) => values.contains(&text),
            Values::NotIn(values) => !text.is_empty() && !values.contains(&text),
        }
    }
}

/// A column whose dates are events of one name.
#[derive(Debug, Clone)]
pub struct DateEvent {
    pub column: usize,
    pub event: &'static str,
    /// Whether the amount of the row belongs to it.
    pub has_amount: bool,
}

/// What one block of a source gave. `rows` is always the events of `batch` plus the total of `rejects`.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Its columns are those of `ColumnPlan::properties`, in that order.
    pub batch: Batch,
    /// Data records met; where the dates of a row are its events, every date is a record.
    pub rows: u64,
    /// Refused rows of this block; lines (or row numbers) count from 1 at the start of the source.
    pub rejects: Rejects,
    /// Bytes of the source on disk that this block took, for progress; the one who reads the source counts them in
    /// `Ctl` either by itself or through this, never both: columnar readers leave ticking to the sink.
    pub bytes: u64,
    /// Times that daylight saving skipped or showed twice.
    pub n_ambiguous_times: u64,
    /// Numbers that are infinite or none, and count as missing: the place of the property in the batch, and how many.
    pub n_not_finite: Vec<(usize, u64)>,
}

/// Takes what a reader made, block after block in the order of rows; an error stops the reader.
pub type Sink<'a> = dyn FnMut(Parsed) -> Result<(), Error> + 'a;

/// The reader of a columnar format (`parquet::read`, `ipc::read`): `sink` gets blocks in the order of rows.
pub type ReadColumns = fn(&std::path::Path, &ColumnPlan, &Ctl, &mut Sink<'_>) -> Result<(), Error>;

/// The first rows of a columnar file as text, column by column, with the names of its columns (`parquet::sample`,
/// `ipc::sample`); an error is a sentence without the file's name.
pub type SampleColumns = fn(&std::path::Path, usize) -> Result<Sample, String>;

/// Names and, column by column, the first values as text.
pub type Sample = (Vec<String>, Vec<Vec<Option<String>>>);

/// A table as it stands in its sources, before any column plays a role. `None` is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawRows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// The whole table of a columnar file as text (`parquet::raw_rows`, `ipc::raw_rows`), at most `limit` rows.
pub type RawColumns = fn(&std::path::Path, Option<usize>) -> Result<RawRows, Error>;
