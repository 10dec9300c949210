//! What trailmap keeps for a person between runs: where its folders are, and the files in them.
//!
//! Nothing here ends a run: a file that cannot be read or understood is reported and done without.

pub mod check;
pub mod choices;
pub mod entries;
pub mod file;
mod fill;
pub mod folders;
pub mod in_use;
pub mod listing;
pub mod maps;
mod places;
mod private;
pub mod propose;
pub mod recent;
pub mod session;
pub mod settings;

pub use choices::Choices;
pub use entries::{Entries, Entry, Problem, Value};
pub use file::Workspace;
pub use folders::Folders;
pub use in_use::InUse;
pub use listing::Listing;
pub use places::Places;
pub use session::Session;
pub use settings::{Setting, Settings};
