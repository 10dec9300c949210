//! Flags of the workbench itself, and the one place that starts it.

use anyhow::Result;

use crate::ingest::LoadOptions;
use crate::tui::theme::Scheme;
use crate::tui::{self, Settings};
use crate::workspace::Folders;

#[derive(Debug, Clone, clap::Args)]
pub struct ScreenArgs {
    /// Colours of the workbench; auto asks NO_COLOR, TERM, COLORTERM, COLORFGBG and the terminal itself
    #[arg(long, value_enum, value_name = "THEME", default_value_t, help_heading = "Workbench")]
    pub theme: Theme,
    /// Draw the workbench with ASCII characters only
    #[arg(long, help_heading = "Workbench")]
    pub ascii: bool,
    /// Send little: for slow lines
    #[arg(long, help_heading = "Workbench")]
    pub slow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Theme {
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own sixteen colours
    Ansi,
    /// No colours: bold, underlined, reversed
    Mono,
}

impl ScreenArgs {
    /// Opens the workbench and returns the exit status when it is left. `may_color` is false where a flag forbids colours.
    pub fn workbench(&self, options: LoadOptions, may_color: bool) -> Result<u8> {
        let scheme = match self.theme {
            Theme::Auto if !may_color => Scheme::Mono,
            Theme::Auto => Scheme::Auto,
            Theme::Dark => Scheme::Dark,
            Theme::Light => Scheme::Light,
            Theme::Ansi => Scheme::Ansi,
            Theme::Mono => Scheme::Mono,
        };
        match tui::run(
            options,
            Settings { scheme, ascii: self.ascii, slow: self.slow, keys: None, folders: Folders::find() },
        ) {
            Ok(()) => Ok(0),
            Err(tui::Error::Signal(signal)) => Ok(128 + u8::try_from(signal).unwrap_or(0)),
            Err(tui::Error::Load(message)) => anyhow::bail!(message),
            Err(tui::Error::Fallen) => anyhow::bail!(crate::base::ending::last_mistake().unwrap_or_default()),
            Err(err) => Err(err.into()),
        }
    }
}
