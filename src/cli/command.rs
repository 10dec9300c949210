//! The command tree, from the tables of questions and formats.

use clap::{Arg, Args, Command};

use super::about::{doctor_args, keys_args, presets_args};
use super::cache::cache_args;
use super::extras::{DemoArgs, man_args, shell_args};
use super::init::InitArgs;
use super::load::LoadArgs;
use super::output::OutputArgs;
use super::questions::{QUESTIONS, Question};
use super::screen::ScreenArgs;
use super::workspace::{check_args, run_args};

const ABOUT: &str =
    "A terminal workbench for customer-journey analysts: funnels, paths, dwell and cohorts from raw event exports";

const LONG_ABOUT: &str = "\
A terminal workbench for customer-journey analysts.

`trailmap SOURCE…` opens the workbench, and `trailmap` alone lists files to open; where there is no terminal it prints a first look at the data. Every question of \
the workbench is also a command that writes tables. Columns are guessed from their names and contents; where the guess is \
not safe, the message names the flag to use. Nothing is sent anywhere.";

const EXAMPLES: &str = "\
Examples:
  trailmap shop.csv                                    open the workbench
  zcat big.csv.gz | trailmap -                         the same on a pipe
  trailmap demo shop --customers 5000 --out shop.csv   make sample data
  trailmap profile shop.csv                            what is in the data
  trailmap funnel shop.csv -s view_product -s purchase --within 7d
  trailmap check                                       the workspace of this folder against its data
  trailmap dwell --workspace maps/trailmap.toml        a question about its stages
  zcat big.csv.gz | trailmap profile - --format json

Exit status: 0 done (rejected rows are counted), 1 something cannot be read, understood or written, 2 usage,
3 rejected rows under --strict or errors of check, 128 + n on signal n.

Limits: a record of 16 MiB (a longer one is rejected); 16384 columns; 64 brackets in brackets in JSON; 1000000 names of events;
packed files of 200 times their size, beyond 128 MiB; memory as --memory allows. docs/limits.md says them all.";

/// The whole command line.
pub fn command() -> Command {
    let top = Command::new("trailmap")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_long_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .subcommand_value_name("COMMAND")
        .disable_help_subcommand(false)
        .max_term_width(100);
    let top = ScreenArgs::augment_args(shared(top)).about(ABOUT).long_about(LONG_ABOUT);
    let top = top.subcommands(QUESTIONS.iter().map(question));
    top.subcommand(of_sources(
        Command::new("rows"),
        "Print the table as read, all columns as text, before any role is given",
        "  trailmap rows strange-export.txt --limit 20\n  trailmap rows export.csv --delimiter ';' --format csv",
    ))
    .subcommand(of_sources(
        Command::new("rejects"),
        "List every rejected row with its line, column, reason and text",
        "  trailmap rejects shop.csv\n  trailmap rejects shop.csv --format csv --out rejected.csv",
    ))
    .subcommand(check_args(Command::new("check")).about("Hold a workspace against its data: the tracking plan"))
    .subcommand(run_args(Command::new("run")).about("Answer the saved questions of a workspace and write their tables"))
    .subcommand(
        InitArgs::augment_args(Command::new("init"))
            .about("Propose a workspace from the data: columns, stages, touchpoints, channels, scores and a funnel")
            .mut_arg("sources", |sources| sources.required(true)),
    )
    .subcommand(
        DemoArgs::augment_args(Command::new("demo"))
            .about("Write a sample data set of any size, the same for the same seed"),
    )
    .subcommand(keys_args(Command::new("keys")).about("List every command of the workbench with its keys"))
    .subcommand(
        presets_args(Command::new("presets"))
            .about("List the formats of other products that are recognised, and how each is read"),
    )
    .subcommand(
        doctor_args(Command::new("doctor"))
            .about("Check the terminal, the files of settings and the machine that trailmap runs on"),
    )
    .subcommand(
        cache_args(Command::new("cache")).about("List or remove the journeys that are kept of data read before"),
    )
    .subcommand(shell_args(Command::new("completions")).about("Print shell completions"))
    .subcommand(man_args(Command::new("man")).about("Print the manual page of trailmap or of one command, in roff"))
}

fn question(question: &Question) -> Command {
    let kind = question.kind();
    let mut command = (question.args)((kind.args)(Command::new(question.name)));
    command = command.arg(persona());
    if kind.has_cells {
        command = command.arg(
            Arg::new("who")
                .long("who")
                .value_name("CELL")
                .help("List the customers behind one number instead: 3:dropped, 2:converted@android, cart>checkout"),
        );
    }
    described(command, question.about, question.examples)
}

/// The flag of all commands about customers that needs a workspace.
pub fn persona() -> Arg {
    Arg::new("persona")
        .long("persona")
        .value_name("NAME")
        .help("Keep only the customers of this persona of the workspace")
        .help_heading("Choosing")
}

fn of_sources(command: Command, about: &'static str, examples: &str) -> Command {
    described(shared(command), about, examples)
}

/// Adds what every command about data takes.
pub fn shared(command: Command) -> Command {
    OutputArgs::augment_args(LoadArgs::augment_args(command))
}

fn described(command: Command, about: &'static str, examples: &str) -> Command {
    command.about(about).long_about(about).after_long_help(format!("Examples:\n{examples}")).max_term_width(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn every_command_and_flag_is_explained_without_a_full_stop() {
        for sub in command().get_subcommands() {
            let about = sub.get_about().expect("an explanation").to_string();
            assert!(!about.ends_with('.'), "{}: {about}", sub.get_name());
            for arg in sub.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty() && !help.ends_with('.'), "{} {}: {help}", sub.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn on_dwell_limit_is_a_length_of_time_and_rows_are_counted_by_rows() {
        let matches = |args: &[&str]| {
            let args = [&["trailmap", "dwell", "a.csv"], args].concat();
            let matches = command().try_get_matches_from(args).map_err(|err| err.to_string())?;
            Ok::<_, String>(matches.subcommand().expect("a command").1.clone())
        };
        let given = matches(&["--limit", "6h", "--rows", "7", "--slow=buy"]).expect("valid");
        assert_eq!(given.get_one::<usize>("limit"), Some(&7));
        assert_eq!(given.get_one::<crate::base::Span>("dwell_limit").map(ToString::to_string).as_deref(), Some("6h"));
        assert_eq!(given.get_one::<String>("slow").map(String::as_str), Some("buy"));
        assert_eq!(matches(&["-n", "3", "--slow"]).expect("valid").get_one::<usize>("limit"), Some(&3));
        assert!(matches(&["--limit", "7"]).expect_err("no span").contains("is not a length of time"));
        assert!(matches(&["--between", "a", "b", "--stage", "c"]).is_err());
    }

    #[test]
    fn on_journey_customer_names_the_customer_and_elsewhere_the_column() {
        let get = |args: &[&str], id: &str| {
            let matches = command().try_get_matches_from(args).expect("valid");
            let (_, matches) = matches.subcommand().expect("a command");
            matches.get_one::<String>(id).cloned()
        };
        for flag in ["--customer", "--customer-id"] {
            let args = ["trailmap", "journey", "a.csv", flag, "7", "--customer-column", "user"];
            assert_eq!(get(&args, "customer").as_deref(), Some("7"));
            assert_eq!(get(&args, "customer_column").as_deref(), Some("user"));
        }
        for flag in ["--customer", "--customer-column"] {
            let args = ["trailmap", "events", "a.csv", flag, "user"];
            assert_eq!(get(&args, "customer_column").as_deref(), Some("user"));
        }
    }
}
