//! Help, and what is said when the command line makes no sense.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::error::ErrorKind;

use super::{USAGE, command};
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::batch::Messages;

/// A sentence where the first argument looks like a command that was mistyped: no file, no flag, near to a command.
pub fn mistyped_command(args: &[OsString]) -> Option<String> {
    let word = args.get(1)?.to_str()?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '-') && !word.starts_with('-');
    if !is_word || Path::new(word).exists() {
        return None;
    }
    let command = command();
    let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    names.push("help");
    if names.contains(&word) {
        return None;
    }
    let near = nearest(word, names)?;
    Some(format!("no file and no command is named `{word}`; did you mean `trailmap {near}`?"))
}

/// Prints help or version to standard output, anything else as a sentence to standard error; returns the exit status.
pub fn show(err: &clap::Error, messages: Messages) -> u8 {
    match err.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            match err.print() {
                Ok(()) => 0,
                Err(err) if err.kind() == std::io::ErrorKind::BrokenPipe => 0,
                Err(err) => {
                    messages.failure(&format!("standard output: {err}"));
                    1
                }
            }
        }
        _ => {
            // What was typed may hold anything; line by line nothing of it steers the terminal.
            let text = err.render().to_string();
            let mut lines = text.trim_end().lines();
            messages.failure(lines.next().unwrap_or_default().trim_start_matches("error: "));
            for line in lines {
                let _ = writeln!(std::io::stderr(), "{}", visible(line));
            }
            USAGE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expect: Option<&str>) {
        let args = ["trailmap".into(), OsString::from(word)];
        let near = mistyped_command(&args).map(|text| text.rsplit("trailmap ").next().unwrap_or("").to_owned());
        assert_eq!(near, expect.map(|name| format!("{name}`?")), "{word}");
    }

    #[test]
    fn a_mistyped_command_is_recognised_and_a_file_is_not_taken_for_one() {
        check("funel", Some("funnel"));
        check("profil", Some("profile"));
        check("funnel", None);
        check("help", None);
        check("shop.csv", None);
        check("--quiet", None);
        check("-", None);
        check("exports/funel", None);
        check("zzzz", None);
    }
}
