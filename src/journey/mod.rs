//! The journey store: every customer's events in order, in columns, and the ways to choose among them.
//!
//! Reading order: `column` holds values in memory or in a saved store (`region`), `names` and `codes` hold texts as small
//! numbers (`slots` finds them), `props` the other columns (`numbers` those of numbers), `store` the whole, `build` makes one from batches of rows (`columns` and `places` bring them into order, `identity` links ids of one person,
//! `keys` finds rows that come twice), `view` is what an analysis looks at (`occurrences`, `repeats` and `nth` are found when
//! first asked for, and kept), `chunks` shares work among threads, `step` and `expr` choose events and customers, `pattern`
//! finds ways through a journey, `relabel` turns events into touchpoints by rules.

pub mod batch;
pub mod bitmap;
pub mod build;
pub mod chunks;
pub mod codes;
pub mod column;
mod columns;
pub mod expr;
#[cfg(test)]
pub mod fixture;
pub mod identity;
pub mod keys;
mod mapped;
pub mod names;
mod nth;
pub mod numbers;
mod occurrences;
pub mod pattern;
mod places;
pub mod props;
pub mod region;
pub mod relabel;
pub mod repeats;
mod saved;
pub mod session;
mod slots;
pub mod step;
pub mod store;
mod times;
pub mod view;

pub use batch::{Batch, BatchValues, Coded};
pub use bitmap::Bitmap;
pub use build::{BuildOptions, StoreBuilder};
pub use codes::{Code, Codes};
pub use column::Column;
pub use expr::Expr;
pub use identity::{Common, IdColumn, KINDS_MAX, Kinds, LinkOptions, Links};
pub use keys::KeyPart;
pub use mapped::{Mapped, Meaning};
pub use names::Names;
pub use numbers::Numbers;
pub use pattern::Pattern;
pub use props::{Property, Value, ValueKind, Values};
pub use relabel::{Rule, relabel};
pub use saved::Columns;
pub use step::{Step, StepError, StepMatch};
pub use store::{JourneyStore, Roles};
pub use view::View;
