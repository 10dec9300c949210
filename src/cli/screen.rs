//! Flags of the workbench itself, and the one place that starts it.

use std::io::{BufReader, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::output::format;
use crate::base::Ctl;
use crate::batch::output::Target;
use crate::batch::{demo, sentence};
use crate::export::file::to_file;
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
    /// Print lines instead of drawing: for screen readers, notes and scripts; commands come line by line, menus take numbers
    #[arg(long, help_heading = "Workbench")]
    pub plain: bool,
    /// Say which column is what before reading
    #[arg(long, help_heading = "Workbench")]
    pub map: bool,
}

/// The terminal as a place that keys come from, where standard input brings the data.
pub fn terminal_keys() -> Option<Box<dyn Read + Send>> {
    let terminal = std::fs::File::open("/dev/tty").ok().filter(IsTerminal::is_terminal)?;
    Some(Box::new(terminal))
}

fn keys_beside(sources: &[String]) -> Option<Box<dyn Read + Send>> {
    sources.iter().any(|source| source == "-").then(terminal_keys).flatten()
}

/// Customers of the sample data that the workbench makes.
const SAMPLE_CUSTOMERS: u32 = 5000;

fn make_sample(path: &Path, ctl: &Ctl) -> Result<(), String> {
    let write = || -> Result<()> {
        let demo = demo::find("shop")?;
        let format = format(Some("csv"), &Target::Stdout, "csv")?;
        let size = demo::Size { customers: SAMPLE_CUSTOMERS, seed: 1 };
        to_file(path, false, |out| demo.write(size, format, out, ctl))?;
        Ok(())
    };
    write().map_err(|err| sentence(&err))
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
    pub fn workbench(&self, mut options: LoadOptions, may_color: bool) -> Result<u8> {
        // A workspace that names the data is what was opened: remembered, titled and offered again like a file.
        if options.sources.is_empty() {
            options.sources.extend(options.workspace.take());
        }
        let scheme = match self.theme {
            Theme::Auto if !may_color => Scheme::Mono,
            Theme::Auto => Scheme::Auto,
            Theme::Dark => Scheme::Dark,
            Theme::Light => Scheme::Light,
            Theme::Ansi => Scheme::Ansi,
            Theme::Mono => Scheme::Mono,
        };
        let mut settings = Settings {
            scheme,
            ascii: self.ascii,
            slow: self.slow,
            keys: keys_beside(&options.sources),
            folders: Folders::find(),
            asks_for_columns: self.map,
            make_sample: Some(Arc::new(make_sample)),
        };
        let done = if self.plain {
            let keys = settings.keys.take();
            let mut input = BufReader::new(keys.unwrap_or_else(|| Box::new(std::io::stdin())));
            tui::plain::run(options, &settings, &mut input, &mut std::io::stdout().lock())
        } else {
            tui::run(options, settings)
        };
        match done {
            // Whoever stopped reading has read enough.
            Err(tui::Error::Terminal(err)) if err.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
            Ok(()) => Ok(0),
            Err(tui::Error::Signal(signal)) => Ok(128 + u8::try_from(signal).unwrap_or(0)),
            Err(tui::Error::Load(message)) => anyhow::bail!(message),
            Err(tui::Error::Fallen) => anyhow::bail!(crate::base::ending::last_mistake().unwrap_or_default()),
            Err(err) => Err(err.into()),
        }
    }
}
