//! Commands that need no data: sample data, shell completions, the manual.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use clap_complete::Shell;

use super::output::{format, target};
use super::{command, unexpected};
use crate::base::Ctl;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::batch::demo::{self, CUSTOMERS_MAX, Size};
use crate::batch::output::{Target, to_stdout};
use crate::batch::{Messages, Usage, signals};
use crate::export;
use crate::export::file::to_file;
use crate::tui::keymap::Keymap;

#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "\
Sample data:
  shop   A web shop: 90 days, 40 event names, about 24 events per customer, in time order
  ga4    The same shop as Google Analytics 4 exports it from BigQuery: NDJSON, about 1.5 kB per event

Examples:
  trailmap demo shop --customers 5000 --out shop.csv
  trailmap demo shop --customers 425259 --seed 2 --out shop.parquet
  trailmap demo shop | trailmap profile -")]
pub struct DemoArgs {
    /// Which sample data: shop, ga4
    #[arg(value_name = "NAME")]
    name: String,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=i64::from(CUSTOMERS_MAX)))]
    customers: u32,
    /// Another seed gives other customers of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The format; without it, the one that the name of --out ends in, else csv
    #[arg(short, long, value_name = "FORMAT", value_parser = demo::FORMATS)]
    format: Option<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Replace the file where it is there already
    #[arg(long, requires = "out")]
    force: bool,
    /// Say nothing on standard error but why it failed
    #[arg(short, long)]
    quiet: bool,
}

pub fn demo(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    let args = DemoArgs::from_arg_matches(matches)?;
    let demo = demo::find(&args.name)?;
    let target = target(args.out.as_deref(), args.force);
    let format = format(args.format.as_deref(), &target, demo.formats[0])?;
    if !demo.formats.contains(&format.name) {
        let all = demo.formats.join(", ");
        return Err(Usage(format!("this sample data is not written as {}; there is {all}", format.name)).into());
    }
    crate::batch::output::refuse_terminal(format, &target)?;
    signals::watch(ctl);
    let size = Size { customers: args.customers, seed: args.seed };
    let messages = Messages { quiet: args.quiet, color: false };
    // Where the rows scroll past, a line that counts them would only be in the way.
    let _line = (target != Target::Stdout).then(|| crate::batch::Line::start("writing", ctl, &messages));
    match &target {
        Target::Stdout => to_stdout(format, |out| demo.write(size, format, out, ctl))?,
        Target::File { path, force } => to_file(path, *force, |out| demo.write(size, format, out, ctl))?,
    }
    Ok(0)
}

pub fn shell_args(command: Command) -> Command {
    command
        .arg(Arg::new("shell").value_name("SHELL").required(true).help("The shell").value_parser(clap::value_parser!(Shell)))
        .after_long_help("Examples:\n  trailmap completions bash > ~/.local/share/bash-completion/completions/trailmap\n  trailmap completions zsh > ~/.zfunc/_trailmap")
}

pub fn completions(matches: &ArgMatches) -> Result<u8> {
    let shell = matches.get_one::<Shell>("shell").copied().ok_or_else(|| unexpected("completions"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "trailmap", &mut script);
    print(&script)
}

pub fn man_args(command: Command) -> Command {
    command
        .arg(Arg::new("command").value_name("COMMAND").help("The command; without it, trailmap as a whole"))
        .after_long_help(
            "Examples:\n  trailmap man > /usr/local/share/man/man1/trailmap.1\n  trailmap man funnel | man -l -",
        )
}

pub fn man(matches: &ArgMatches) -> Result<u8> {
    let mut top = command();
    top.build();
    let page = match matches.get_one::<String>("command") {
        None => clap_mangen::Man::new(top),
        Some(name) => {
            let names = || top.get_subcommands().map(Command::get_name);
            let Some(sub) = top.find_subcommand(name) else {
                let near = nearest(name, names()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                let all = names().collect::<Vec<_>>().join(", ");
                anyhow::bail!("no command is named `{}`{near}; there are {all}", visible(name));
            };
            let version = concat!("trailmap ", env!("CARGO_PKG_VERSION"));
            clap_mangen::Man::new(sub.clone()).title(format!("trailmap-{name}")).source(version)
        }
    };
    let mut roff = Vec::new();
    page.render(&mut roff)?;
    if matches.get_one::<String>("command").is_none() {
        roff.extend_from_slice(keys_in_roff().as_bytes());
    }
    print(&roff)
}

/// The keys of the workbench as a section of the manual, place by place.
fn keys_in_roff() -> String {
    // A hyphen is a minus sign, and a line must not begin like a request.
    let escaped = |text: &str| text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let mut roff = String::from(".SH KEYS\nIn the workbench, as they are without a keys.toml.\n");
    let mut last = String::new();
    for [place, command, keys, does] in Keymap::default().rows() {
        if place != last {
            roff.push_str(&format!(".SS {}\n", escaped(&place)));
            last = place;
        }
        let keys = if keys.is_empty() { "no key".to_owned() } else { keys };
        roff.push_str(&format!(
            ".TP\n\\fB{}\\fR\n{} (\\fI{}\\fR)\n",
            escaped(&keys),
            escaped(&does),
            escaped(&command)
        ));
    }
    roff
}

fn print(text: &[u8]) -> Result<u8> {
    let plain = export::format("table").ok_or_else(|| unexpected("table"))?;
    to_stdout(plain, |out| Ok(out.write_all(text)?))?;
    Ok(0)
}
