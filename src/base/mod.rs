//! What every layer stands on: time, lengths of time, ids, cancelling, checksums, statistics, and text made safe to show.

pub mod checksum;
pub mod ctl;
pub mod ending;
pub mod id;
pub mod instant;
pub mod memory;
pub mod nearest;
pub mod room;
pub mod size_classes;
pub mod span;
pub mod spans;
pub mod stats;
pub mod threads;
pub mod visible;

pub use ctl::{Cancelled, Ctl};
pub use id::{CustomerId, TouchpointId};
pub use instant::{Civil, Instant, Period, WeekStart, When, Zone};
pub use size_classes::SizeClasses;
pub use span::Span;
pub use spans::{SpanLists, Spans};
