//! The targets, which the ordinary tests of trailmap run over the corpus too.

#[path = "../../tests/support/fuzz.rs"]
pub mod targets;
