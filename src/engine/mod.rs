//! `Engine`: answers specs. Nothing above may assume that the events are in this process.

mod local;

pub use local::Local;

use crate::analysis::{Answer, Error, Spec};
use crate::base::Ctl;

pub trait Engine: Send + Sync {
    /// Answers a question.
    ///
    /// # Errors
    /// As the analysis; `Cancelled` when a stop was asked for.
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error>;

    /// Texts that complete what somebody types: event names, most frequent first.
    fn touchpoints(&self) -> Vec<(String, u64)>;

    /// Property columns, in the order of the data.
    fn columns(&self) -> Vec<String>;

    /// Values of a column, most frequent first, at most `limit`.
    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)>;
}
