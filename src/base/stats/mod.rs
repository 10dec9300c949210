//! The statistics behind the tables: quantiles, intervals, tests, survival curves, adjustment for many tests.

pub mod adjust;
pub mod bootstrap;
pub mod exact;
pub mod incidence;
pub mod interval;
pub mod quantile;
#[cfg(test)]
mod reference;
pub mod survival;
pub mod two_samples;
pub mod waits;
