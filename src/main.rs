//! Parse, dispatch, exit status.

use std::process::ExitCode;

/// Reading and questions fill and drop buffers of many megabytes; this one keeps their pages at hand for the next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(trailmap::cli::run(std::env::args_os().collect()))
}
