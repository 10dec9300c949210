//! Parse, dispatch, exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(trailmap::cli::run(std::env::args_os().collect()))
}
