//! Journey map: stages with who reached them, who moved on, how long it took, how it felt, and what hurts.

pub mod plan;

pub use plan::Plan;
