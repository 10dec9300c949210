//! What people are told on standard error; made visible, and silent when they asked for quiet.

use std::io::{IsTerminal, Write};

use crate::base::visible::visible;

#[derive(Debug, Clone, Copy, Default)]
pub struct Messages {
    pub quiet: bool,
    /// Terminal colours on standard error.
    pub color: bool,
}

impl Messages {
    /// A plain line.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            say(&visible(text));
        }
    }

    /// Something that whoever reads the numbers should know.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            say(&format!("{} {}", self.painted("note:", "33"), visible(text)));
        }
    }

    /// Why trailmap stopped; said however quiet it is.
    pub fn failure(&self, text: &str) {
        say(&format!("{} {}", self.painted("trailmap:", "1;31"), visible(text)));
    }

    /// Whether a line that redraws itself may be shown.
    pub fn may_animate(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    fn painted(&self, word: &str, sgr: &str) -> String {
        if self.color { format!("\x1b[{sgr}m{word}\x1b[0m") } else { word.to_owned() }
    }
}

/// Nobody may be there to read, which is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
