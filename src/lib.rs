//! trailmap: a workbench for customer-journey analysts, as a library and a terminal program.
//!
//! The layers, each using only those above it:
//!
//! ```text
//! base -> table ----------------+------------------> export
//!    \--> journey -> analysis --+-> engine --+-> batch --+
//!              \-> ingest -------------------+           +-> cli -> main
//!    \--> job -------------------------------+-> tui ----+
//!    \--> workspace ---------------------------/
//! ```
//!
//! Read in this order: `base` (time, spans, cancelling), `journey::store` (what everything is computed from),
//! `analysis` (a spec, an answer, a pure function each), `ingest` (files to store), `engine`, `batch`, `tui`.

pub mod analysis;
pub mod base;
pub mod batch;
pub mod cli;
pub mod engine;
pub mod export;
pub mod ingest;
pub mod job;
pub mod journey;
pub mod table;
pub mod tui;
pub mod workspace;
