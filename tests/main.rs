//! All tests that see trailmap from outside, in one binary, so that it links once.

mod answers;
mod batch;
mod support;
