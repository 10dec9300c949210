//! The statistics behind the tables: quantiles, intervals, tests, survival curves, adjustment for many tests.

pub mod interval;
pub mod quantile;
