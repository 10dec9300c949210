//! The table of questions: every analysis as a subcommand. A row here is all that a new one needs.

use anyhow::Result;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::command::shared;
use super::unexpected;
use crate::analysis::{
    CompareSpec, CustomersSpec, EventsSpec, FunnelSpec, JourneySpec, LifecycleSpec, ProfileSpec, RetentionSpec, Spec,
};
use crate::batch::Ask;

pub struct Question {
    pub name: &'static str,
    pub about: &'static str,
    pub examples: &'static str,
    /// Whether `--who` opens its numbers.
    pub has_cells: bool,
    /// Adds its own flags, then those that all commands share.
    pub args: fn(Command) -> Command,
    pub spec: fn(&ArgMatches) -> Result<Spec, clap::Error>,
}

pub const QUESTIONS: &[Question] = &[
    Question {
        name: "profile",
        about: "Show what is in the data and how far it can be trusted",
        examples: "  trailmap profile shop.csv
  trailmap profile 'exports/2025-*.csv.gz' --table quality
  trailmap profile shop.csv --format html --out profile.html",
        has_cells: false,
        args: |command| shared(ProfileSpec::augment_args(command)),
        spec: |matches| ProfileSpec::from_arg_matches(matches).map(Spec::Profile),
    },
    Question {
        name: "funnel",
        about: "Count who reaches each step, in order, in time",
        examples: "  trailmap funnel shop.csv -s view_product -s add_to_cart -s purchase --within 7d
  trailmap funnel shop.csv -s 'cart[value > 50]' -s purchase --breakdown device
  trailmap funnel shop.csv -s view -s cart -s pay --exclude support:2-3 --times --trend week
  trailmap funnel shop.csv -s cart -s pay --who 1:dropped --format csv --out dropped.csv",
        has_cells: true,
        args: |command| shared(FunnelSpec::augment_args(command)),
        spec: |matches| FunnelSpec::from_arg_matches(matches).map(Spec::Funnel),
    },
    Question {
        name: "retention",
        about: "Show who comes back, per cohort and period",
        examples: "  trailmap retention shop.csv --cohort month
  trailmap retention shop.csv --start signup --return purchase --period day --rolling --brackets 0,1-3,4-7,8-30
  trailmap retention shop.csv --cohort channel --mode on-or-after --table summary
  trailmap retention shop.csv --who 2025-01-06:3        who was back in week 3; :gone for the others",
        has_cells: true,
        args: |command| shared(RetentionSpec::augment_args(command)),
        spec: |matches| RetentionSpec::from_arg_matches(matches).map(Spec::Retention),
    },
    Question {
        name: "compare",
        about: "Compare cohorts side by side, with intervals, tests, and what of a difference is mix",
        examples: "  trailmap compare shop.csv --split 2025-04-14 -s cart -s purchase --within 14d
  trailmap compare shop.csv --by channel -s cart -s purchase
  trailmap compare shop.csv --cohort 'ads=first.channel == \"ads\"' --cohort 'email=first.channel == \"email\"'
  trailmap compare shop.csv --split 2025-04-14 -s cart -s purchase --who 'from 2025-04-14:completion:no'",
        has_cells: true,
        args: |command| shared(CompareSpec::augment_args(command)),
        spec: |matches| CompareSpec::from_arg_matches(matches).map(Spec::Compare),
    },
    Question {
        name: "lifecycle",
        about: "Count new, returning, resurrected and dormant customers per period, and in how many periods they are active",
        examples: "  trailmap lifecycle shop.csv --period month
  trailmap lifecycle shop.csv --active purchase --table stickiness
  trailmap lifecycle shop.csv --who 2025-01-06:resurrected",
        has_cells: true,
        args: |command| shared(LifecycleSpec::augment_args(command)),
        spec: |matches| LifecycleSpec::from_arg_matches(matches).map(Spec::Lifecycle),
    },
    Question {
        name: "customers",
        about: "List customers with their first and last event, events, sessions and value",
        examples: "  trailmap customers shop.csv --customers 'did(purchase) and sessions > 3'
  trailmap customers shop.csv --format parquet --out customers.parquet",
        has_cells: false,
        args: |command| shared(CustomersSpec::augment_args(command)),
        spec: |matches| CustomersSpec::from_arg_matches(matches).map(Spec::Customers),
    },
    Question {
        name: "journey",
        about: "Show one customer's events, with gaps and sessions",
        examples: "  trailmap journey shop.csv --customer c0000123
  trailmap journey shop.csv --customer 42 --customer-column user_id

Here --customer names the customer; the column of ids is --customer-column.",
        has_cells: false,
        args: journey_args,
        spec: |matches| JourneySpec::from_arg_matches(matches).map(Spec::Journey),
    },
    Question {
        name: "events",
        about: "Print every event as understood, in journey order; also the way to convert an export",
        examples: "  trailmap events shop.csv --out shop.parquet
  trailmap events shop.csv --events 'channel == \"email\"' --format ndjson",
        has_cells: false,
        args: |command| shared(EventsSpec::augment_args(command)),
        spec: |matches| EventsSpec::from_arg_matches(matches).map(Spec::Events),
    },
];

/// On `journey`, `--customer ID` is the customer; the column flag keeps its longer name.
fn journey_args(command: Command) -> Command {
    shared(JourneySpec::augment_args(command))
        .mut_arg("customer", |arg| arg.long("customer").visible_alias("customer-id"))
        .mut_arg("customer_column", |arg| {
            Arg::new(arg.get_id().clone())
                .long("customer-column")
                .value_name("COLUMN")
                .help("The column that says whose event it is")
                .help_heading("Reading")
        })
}

/// What a subcommand of this table asks.
pub fn ask(name: &str, matches: &ArgMatches) -> Result<Ask> {
    let question = QUESTIONS.iter().find(|question| question.name == name).ok_or_else(|| unexpected(name))?;
    let spec = Box::new((question.spec)(matches)?);
    let who = if question.has_cells { matches.get_one::<String>("who") } else { None };
    Ok(match who {
        Some(cell) => Ask::Who(spec, cell.clone()),
        None => Ask::Spec(spec),
    })
}
