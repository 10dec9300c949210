//! What trailmap keeps for a person between runs: where its folders are, and the files in them.
//!
//! Nothing here ends a run: a file that cannot be read or understood is reported and done without.

pub mod entries;
pub mod folders;
mod private;
pub mod settings;

pub use entries::{Entries, Entry, Problem, Value};
pub use folders::Folders;
pub use settings::{Setting, Settings};
