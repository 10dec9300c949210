//! The table of questions: every analysis as a subcommand. A row here is all that a new one needs.

use anyhow::Result;
use clap::{Arg, ArgMatches, Command};

use super::command::shared;
use super::unexpected;
use crate::analysis::ask::{self, Kind};
use crate::batch::Ask;

pub struct Question {
    pub name: &'static str,
    pub about: &'static str,
    pub examples: &'static str,
    /// Adds the flags that all commands share behind its own.
    pub args: fn(Command) -> Command,
}

impl Question {
    /// Its own flags, and the spec they make.
    pub fn kind(&self) -> &'static Kind {
        ask::kind(self.name).expect("every question of the table is a kind of `analysis::ask`")
    }
}

pub const QUESTIONS: &[Question] = &[
    Question {
        name: "profile",
        about: "Show what is in the data and how far it can be trusted",
        examples: "  trailmap profile shop.csv
  trailmap profile 'exports/2025-*.csv.gz' --table quality
  trailmap profile shop.csv --format html --out profile.html
  trailmap profile shop.csv --identity --table clusters",
        args: shared,
    },
    Question {
        name: "funnel",
        about: "Count who reaches each step, in order, in time",
        examples: "  trailmap funnel shop.csv -s view_product -s add_to_cart -s purchase --within 7d
  trailmap funnel shop.csv -s 'cart[value > 50]' -s purchase --breakdown device
  trailmap funnel shop.csv -s view -s cart -s pay --exclude support:2-3 --times --trend week
  trailmap funnel shop.csv -s cart -s pay --who 1:dropped --format csv --out dropped.csv",
        args: shared,
    },
    Question {
        name: "paths",
        about: "Show which ways customers go, and where each way ends",
        examples: "  trailmap paths shop.csv --from view_product --depth 5
  trailmap paths shop.csv --from cart --reverse --unit sessions
  trailmap paths shop.csv --group 'pay=payment_*' --ignore ping --goal purchase --table sequences
  trailmap paths shop.csv --from cart --matrix --centre --table matrix
  trailmap paths shop.csv --who '2:cart>checkout' --format csv --out them.csv

Numbers open by 5 (a rank), 2:cart, 2:cart:ended, 2:cart>checkout, cart:self, cart:ended, 'view -> cart'.",
        args: shared,
    },
    Question {
        name: "transitions",
        about: "Count what directly follows what, and after how long",
        examples: "  trailmap transitions shop.csv
  trailmap transitions shop.csv --unit sessions --ignore ping --top 50
  trailmap transitions shop.csv --who 'cart>checkout'",
        args: shared,
    },
    Question {
        name: "patterns",
        about: "Find what comes in the same order again and again, and how it goes with success",
        examples: "  trailmap patterns shop.csv --length 3
  trailmap patterns shop.csv --length 2-4 --gaps --min-support 5%
  trailmap patterns shop.csv --gaps --goal purchase --who 3:converted",
        args: shared,
    },
    Question {
        name: "dwell",
        about: "Measure how long customers stay in a stage, counting those who are still there",
        examples: "  trailmap dwell shop.csv
  trailmap dwell shop.csv --stage 'look=view|search' --stage 'buy=cart|checkout' --stage done=paid --terminal done
  trailmap dwell shop.csv --between cart paid --breakdown channel --table stages
  trailmap dwell shop.csv --stage look=view --stage buy=cart --limit 6h --who buy:over
  trailmap dwell shop.csv --slow=cart --table slow

Here --limit is a length of time; the most rows of a table are --rows. Cells of --who: buy:open, buy:completed,
'buy>done', 'buy#3:completed' (a bin), buy:over, under a breakdown buy:open@web.",
        args: dwell_args,
    },
    Question {
        name: "retention",
        about: "Show who comes back, per cohort and period",
        examples: "  trailmap retention shop.csv --cohort month
  trailmap retention shop.csv --start signup --return purchase --period day --rolling --brackets 0,1-3,4-7,8-30
  trailmap retention shop.csv --cohort channel --mode on-or-after --table summary
  trailmap retention shop.csv --who 2025-01-06:3        who was back in week 3; :gone for the others",
        args: shared,
    },
    Question {
        name: "compare",
        about: "Compare cohorts side by side, with intervals, tests, and what of a difference is mix",
        examples: "  trailmap compare shop.csv --split 2025-04-14 -s cart -s purchase --within 14d
  trailmap compare shop.csv --by channel -s cart -s purchase
  trailmap compare shop.csv --cohort 'ads=first.channel == \"ads\"' --cohort 'email=first.channel == \"email\"'
  trailmap compare shop.csv --split 2025-04-14 -s cart -s purchase --who 'from 2025-04-14:completion:no'",
        args: shared,
    },
    Question {
        name: "lifecycle",
        about: "Count new, returning, resurrected and dormant customers per period, and in how many periods they are active",
        examples: "  trailmap lifecycle shop.csv --period month
  trailmap lifecycle shop.csv --active purchase --table stickiness
  trailmap lifecycle shop.csv --who 2025-01-06:resurrected",
        args: shared,
    },
    Question {
        name: "map",
        about: "Draw the journey map: per stage who reached it, moved on, how long it took, how it felt, and what hurts",
        examples: "  trailmap map shop.csv --stage 'look=view|search' --stage 'buy=cart|checkout' --stage use=delivered
  trailmap map shop.csv --stage look=view --stage buy=cart --goal paid --table touchpoints
  trailmap map hotel.csv --stage book=booked --stage stay=checked_in --score-kind csat --score-scale 1..5 --table scores
  trailmap map shop.csv --stage look=view --stage buy=cart --customers 'first.device == \"mobile\"'
  trailmap map shop.csv --stage look=view --stage buy=cart --who buy:waiting --format csv --out them.csv

Cells of --who: buy, buy:moved_on, buy:waiting, buy@web, buy/cart:lost, touchpoint:cart, score:csat@buy:negative,
kpi:buy.abandon:part.",
        args: map_args,
    },
    Question {
        name: "customers",
        about: "List customers with their first and last event, events, sessions and value",
        examples: "  trailmap customers shop.csv --customers 'did(purchase) and sessions > 3'
  trailmap customers shop.csv --format parquet --out customers.parquet",
        args: shared,
    },
    Question {
        name: "journey",
        about: "Show one customer's events, with gaps and sessions",
        examples: "  trailmap journey shop.csv --customer c0000123
  trailmap journey shop.csv --customer 42 --customer-column user_id

Here --customer names the customer; the column of ids is --customer-column.",
        args: journey_args,
    },
    Question {
        name: "events",
        about: "Print every event as understood, in journey order; also the way to convert an export",
        examples: "  trailmap events shop.csv --out shop.parquet
  trailmap events shop.csv --events 'channel == \"email\"' --format ndjson",
        args: shared,
    },
];

/// On `journey`, `--customer ID` is the customer; the column flag keeps its longer name.
fn journey_args(command: Command) -> Command {
    shared(command).mut_arg("customer", |arg| arg.long("customer").visible_alias("customer-id")).mut_arg(
        "customer_column",
        |arg| {
            Arg::new(arg.get_id().clone())
                .long("customer-column")
                .value_name("COLUMN")
                .help("The column that says whose event it is")
                .help_heading("Reading")
        },
    )
}

/// On `dwell`, `--limit SPAN` is the time that is too long; the most rows keep their short flag.
fn dwell_args(command: Command) -> Command {
    shared(command).mut_arg("limit", |arg| arg.long("rows"))
}

/// On `map`, stages are the whole point.
fn map_args(command: Command) -> Command {
    let stage = "A stage and what belongs to it, in the order of the journey: consider=product_view|chat_opened";
    let terminal = "A stage in which a journey may end: nobody there is waiting to move on, and nobody is lost";
    shared(command).mut_arg("stage", |arg| arg.help(stage)).mut_arg("terminal", |arg| arg.help(terminal))
}

/// What a subcommand of this table asks.
pub fn ask(name: &str, matches: &ArgMatches) -> Result<Ask> {
    let question = QUESTIONS.iter().find(|question| question.name == name).ok_or_else(|| unexpected(name))?;
    let kind = question.kind();
    let spec = Box::new((kind.spec)(matches)?);
    let who = if kind.has_cells { matches.get_one::<String>("who") } else { None };
    Ok(match who {
        Some(cell) => Ask::Who(spec, cell.clone()),
        None => Ask::Spec(spec),
    })
}
