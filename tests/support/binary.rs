//! The program as a shell sees it: arguments and input in; status, output and messages out.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    /// 128 + n where a signal ended it, as shells count.
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// The program with these arguments, without colours and without a terminal.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailmap"));
    // Nobody's own keys and settings decide about a test.
    command.env("TRAILMAP_CONFIG_DIR", std::env::temp_dir().join("trailmap-tests-have-no-settings"));
    // And nothing that a test reads is kept in anybody's cache.
    command.env("TRAILMAP_CACHE_DIR", "");
    command.args(args).env_remove("NO_COLOR").env("TERM", "xterm").stdin(Stdio::null());
    command
}

pub fn run(args: &[&str]) -> Run {
    finish(&mut command(args))
}

pub fn run_in(folder: &Path, args: &[&str]) -> Run {
    finish(command(args).current_dir(folder))
}

pub fn run_with_input(args: &[&str], input: &[u8]) -> Run {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    std::thread::scope(|scope| {
        // A program that stops reading is no failure of the test.
        scope.spawn(move || _ = stdin.write_all(input));
        read(child.wait_with_output().expect("the program ends"))
    })
}

pub fn finish(command: &mut Command) -> Run {
    read(command.output().expect("the program runs"))
}

fn read(output: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { status: status(&output), out: text(output.stdout), err: text(output.stderr) }
}

fn status(output: &Output) -> i32 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    output.status.code().unwrap_or(128 + signal.unwrap_or(0))
}
