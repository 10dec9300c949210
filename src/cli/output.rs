//! Flags that say where the answer goes and how it looks.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::batch::output::Target;
use crate::batch::{Messages, Output, Usage};
use crate::export::{self, FORMATS, Format};

#[derive(Debug, Clone, clap::Args)]
pub struct OutputArgs {
    /// The format of the output; without it, the one that the name of --out ends in, else table
    #[arg(short, long, value_name = "FORMAT", value_parser = formats(), help_heading = "Output")]
    pub format: Option<String>,
    /// Only this table
    #[arg(short, long, value_name = "NAME", help_heading = "Output")]
    pub table: Option<String>,
    /// Write to this file instead of standard output; it is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace the file of --out or --rejects where it is there already
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// At most so many rows of every table
    #[arg(short = 'n', long, value_name = "N", help_heading = "Output")]
    pub limit: Option<usize>,
    /// Put ' before texts that a spreadsheet takes for formulas (csv, tsv, html); done unless --raw is given
    #[arg(long, conflicts_with = "raw", help_heading = "Output")]
    pub excel_safe: bool,
    /// Write texts that a spreadsheet takes for formulas as they are (csv, tsv, html)
    #[arg(long, help_heading = "Output")]
    pub raw: bool,
    /// Exit with status 3 when a row was rejected, after the tables are written
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Write all rejected rows to this file too, with file, line, column, reason and text; --force replaces it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub rejects: Option<PathBuf>,
    /// Say nothing on standard error but why it failed
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Colours and bold text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, help_heading = "Output")]
    pub color: ColorWhen,
    /// Threads to compute with; all by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Output")]
    pub threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that can, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

/// The names of all formats, with what they are for.
pub fn formats() -> clap::builder::PossibleValuesParser {
    FORMATS
        .iter()
        .map(|format| clap::builder::PossibleValue::new(format.name).help(format.doc))
        .collect::<Vec<_>>()
        .into()
}

impl OutputArgs {
    /// Whether nothing was asked for that only print can give.
    pub fn is_for_a_terminal(&self) -> bool {
        self.format.is_none()
            && self.table.is_none()
            && self.out.is_none()
            && self.limit.is_none()
            && self.rejects.is_none()
    }

    pub fn output(&self) -> Result<Output> {
        self.check()?;
        let target = target(self.out.as_deref(), self.force);
        let is_terminal = target == Target::Stdout && std::io::stdout().is_terminal();
        Ok(Output {
            format: format(self.format.as_deref(), &target, "table")?,
            table: self.table.clone(),
            limit: self.limit,
            raw: self.raw,
            color: self.color.resolve(is_terminal),
            width: if is_terminal { terminal_columns() } else { None },
            target,
        })
    }

    /// Where rejected rows go beside the answer, in the format that the name of the file ends in, else CSV.
    pub fn rejects(&self) -> Result<Option<Output>> {
        let Some(path) = &self.rejects else { return Ok(None) };
        if target(Some(path), self.force) == Target::Stdout || self.out.as_ref() == Some(path) {
            return Err(Usage("--rejects needs a file of its own; `trailmap rejects` prints them".into()).into());
        }
        let path_format =
            path.extension().and_then(|extension| export::format_of_extension(&extension.to_string_lossy()));
        let csv = format(Some("csv"), &Target::Stdout, "csv")?;
        Ok(Some(Output {
            format: path_format.filter(|format| format.fits("rejects")).unwrap_or(csv),
            table: None,
            limit: None,
            raw: self.raw,
            color: false,
            width: None,
            target: Target::File { path: path.clone(), force: self.force },
        }))
    }

    /// Checks that --force has something to replace.
    pub fn check(&self) -> Result<()> {
        if self.force && self.out.is_none() && self.rejects.is_none() {
            return Err(Usage("--force replaces the file of --out or --rejects; name one".into()).into());
        }
        Ok(())
    }

    pub fn messages(&self) -> Messages {
        Messages { quiet: self.quiet, color: self.color.resolve(std::io::stderr().is_terminal()) }
    }

    pub fn set_threads(&self) -> Result<()> {
        let Some(n) = self.threads else { return Ok(()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(n));
        pool.build_global().with_context(|| format!("{n} threads cannot be started"))
    }
}

impl ColorWhen {
    fn resolve(self, is_terminal: bool) -> bool {
        match self {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => is_terminal && terminal_has_colors(),
        }
    }
}

/// Whether words on standard error may be coloured before any flag is read.
pub fn color_of_errors() -> bool {
    ColorWhen::Auto.resolve(std::io::stderr().is_terminal())
}

fn terminal_has_colors() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn terminal_columns() -> Option<usize> {
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

pub fn target(out: Option<&Path>, force: bool) -> Target {
    match out {
        None => Target::Stdout,
        Some(path) if path.as_os_str() == "-" => Target::Stdout,
        Some(path) => Target::File { path: path.to_owned(), force },
    }
}

/// The format that was named, else the one that the file's name ends in, else `otherwise` for standard output.
pub fn format(name: Option<&str>, target: &Target, otherwise: &str) -> Result<&'static Format> {
    if let Some(name) = name {
        return export::format(name).ok_or_else(|| unknown(name));
    }
    let Target::File { path, .. } = target else { return export::format(otherwise).ok_or_else(|| unknown(otherwise)) };
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    export::format_of_extension(&extension).ok_or_else(|| unknown(&extension))
}

fn unknown(name: &str) -> anyhow::Error {
    let names = || FORMATS.iter().map(|format| format.name);
    let all = names().collect::<Vec<_>>().join(", ");
    let what = match (name, nearest(name, names())) {
        ("", _) => "the name of --out says no format".to_owned(),
        (_, None) => format!("`{}` is not a format", visible(name)),
        (_, Some(near)) => format!("`{}` is not a format; did you mean {near}?", visible(name)),
    };
    Usage(format!("{what}; add --format with one of {all}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: Option<&str>, out: Option<&str>, expect: &str) {
        let target = target(out.map(Path::new), false);
        match format(name, &target, "table") {
            Ok(format) => assert_eq!(format.name, expect),
            Err(err) => assert!(err.to_string().starts_with(expect), "{err}"),
        }
    }

    #[test]
    fn the_format_is_the_one_named_else_the_one_that_the_file_is_called_after() {
        check(None, None, "table");
        check(None, Some("-"), "table");
        check(Some("json"), Some("a.csv"), "json");
        check(None, Some("a.csv"), "csv");
        check(None, Some("a.b.PARQUET"), "parquet");
        check(None, Some("a.jsonl"), "ndjson");
        check(None, Some("a"), "the name of --out says no format");
        check(None, Some("a.xlsx"), "`xlsx` is not a format");
    }
}
