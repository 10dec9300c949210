//! `Engine`: answers specs. Nothing above may assume that the events are in this process.

mod local;
mod prepared;
mod renewed;

pub use local::Local;
pub use prepared::Prepared;
pub use renewed::Renewed;

use crate::analysis::{Answer, Error, MapSpec, Spec};
use crate::base::Ctl;
use crate::table::Table;

pub trait Engine: Send + Sync {
    /// Answers a question.
    ///
    /// # Errors
    /// As the analysis; `Cancelled` when a stop was asked for.
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error>;

    /// The question as it is asked, with what a workspace adds to it.
    ///
    /// # Errors
    /// A name that the workspace does not hold.
    fn asked(&self, spec: &Spec) -> Result<Spec, Error> {
        Ok(spec.clone())
    }

    /// What customers wrote about a cell of a map, worst first; an empty cell is the whole map. Only comments that hold `text`.
    ///
    /// # Errors
    /// As `answer`; a cell that the map does not have.
    fn voices(&self, spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error>;

    /// Texts that complete what somebody types: event names, most frequent first.
    fn touchpoints(&self) -> Vec<(String, u64)>;

    /// Property columns, in the order of the data.
    fn columns(&self) -> Vec<String>;

    /// Values of a column, most frequent first, at most `limit`.
    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)>;
}
