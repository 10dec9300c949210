//! `trailmap init`: its flags.

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::PossibleValue;
use clap::{ArgMatches, FromArgMatches};

use super::load::LoadArgs;
use super::output::target;
use crate::base::Ctl;
use crate::batch::init::{self, Init};
use crate::batch::{Messages, signals};
use crate::workspace::file::WORKSPACE_FILE;
use crate::workspace::propose::PRESETS;

#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "\
Examples:
  trailmap init shop.csv
  trailmap init 'exports/*.csv.gz' --stages decision --language zh
  trailmap init shop.csv --out -                         look first

What was guessed, and from what, stands beside it in the file.")]
pub struct InitArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// The list of stages that events are put in
    #[arg(long, value_name = "LIST", default_value = PRESETS[0].name, value_parser = presets())]
    stages: String,
    /// The language of labels; by default the one that event names are in
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Write to this file; - prints it
    #[arg(short, long, value_name = "FILE", default_value = WORKSPACE_FILE, value_hint = clap::ValueHint::FilePath)]
    out: PathBuf,
    /// Replace the file where it is there already
    #[arg(long)]
    force: bool,
    /// Say nothing on standard error but why it failed
    #[arg(short, long)]
    quiet: bool,
}

fn presets() -> clap::builder::PossibleValuesParser {
    PRESETS
        .iter()
        .map(|preset| {
            PossibleValue::new(preset.name).alias(preset.short).help(format!("{} ({})", preset.doc, preset.short))
        })
        .collect::<Vec<_>>()
        .into()
}

pub fn init(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let args = InitArgs::from_arg_matches(matches)?;
    signals::watch(ctl);
    let wish = Init {
        load: args.load.options(),
        stages: args.stages,
        language: args.language,
        target: target(Some(&args.out), args.force),
    };
    init::init(wish, Messages { quiet: args.quiet, color: super::output::color_of_errors() }, ctl)?;
    Ok(0)
}
