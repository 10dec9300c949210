//! All tests that see trailmap from outside, in one binary, so that it links once.

mod about;
mod answers;
mod batch;
mod cache;
mod cohorts;
mod faults;
mod fuzz;
mod support;

mod ingest;
mod map;
mod oracles;
mod oracles_paths;
mod presets;
mod pty;
mod pty_opening;
mod readme;
mod sources;
mod tidy;
mod workspace;
mod workspaces;
