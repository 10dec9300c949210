//! `cache`: what is kept of data that was read before, and how to be rid of it.

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Command};

use super::about::{tabled, write};
use super::output::OutputArgs;
use crate::base::visible::visible;
use crate::base::{Ctl, Instant};
use crate::ingest::Cache;
use crate::ingest::saved::{self, Listed};
use crate::table::{Cell, Kind, Table};
use crate::workspace::Folders;
use clap::FromArgMatches;

pub fn cache_args(command: Command) -> Command {
    let list = Command::new("list")
        .about("List the saved journeys: of what, how large, when used last, and whether they still hold");
    let clear = Command::new("clear").about("Remove all saved journeys");
    command
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(tabled(list))
        .subcommand(tabled(clear))
        .after_long_help(
            "Data that was read once opens at once the next time: its journeys are kept in the cache folder that `trailmap doctor`
names (TRAILMAP_CACHE_DIR names another, and an empty one keeps nothing), readable by you alone. They hold the same data
as the source. A source that changed in any way is read again. --no-cache neither uses nor keeps them, and
cache = \"off\" in settings.toml makes that the rule; cache = \"20 GB\" gives them that much room instead of 8 GB.

Examples:
  trailmap cache list
  trailmap cache list --format json
  trailmap cache clear",
        )
}

pub fn cache(matches: &ArgMatches, ctl: &Ctl) -> Result<u8> {
    // Whatever the settings say now, there may be some from before.
    let cache = Folders::find().journeys().map(|folder| Cache { folder, max_bytes: 0 });
    let (name, matches) = matches.subcommand().context("a mistake in trailmap itself: no command; please report it")?;
    let listed = cache.as_ref().map_or_else(Vec::new, saved::list);
    let table = table(&listed);
    if name == "clear"
        && let Some(cache) = &cache
    {
        let shown = cache.folder.to_string_lossy().into_owned();
        let (n, bytes) =
            saved::clear(&cache.folder).with_context(|| format!("{}: not all could be removed", visible(&shown)))?;
        let messages = OutputArgs::from_arg_matches(matches)?.messages();
        let stores = if n == 1 { "saved store" } else { "saved stores" };
        messages.line(&format!("removed {n} {stores}, {:.1} MB, from {shown}", bytes as f64 / 1e6));
    }
    write("cache", table, Vec::new(), matches, ctl)?;
    Ok(0)
}

fn table(listed: &[Listed]) -> Table {
    let columns = [
        ("source", Kind::Text),
        ("events", Kind::Count),
        ("customers", Kind::Count),
        ("bytes", Kind::Count),
        ("saved", Kind::Time),
        ("used", Kind::Time),
        ("state", Kind::Text),
        ("file", Kind::Text),
    ];
    let mut table = Table::new("cache", &columns);
    let time = |seconds: u64| Cell::Time(Instant(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000)));
    for Listed { path, bytes, used_at, state, of } in listed {
        let [source, events, customers, saved] = match of {
            None => [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty],
            Some(of) => [
                Cell::Text(of.sources.join(", ")),
                Cell::Count(of.events),
                Cell::Count(of.customers),
                time(of.saved_at),
            ],
        };
        let file = Cell::Text(path.to_string_lossy().into_owned());
        table.push(vec![
            source,
            events,
            customers,
            Cell::Count(*bytes),
            saved,
            time(*used_at),
            Cell::text(state.name()),
            file,
        ]);
    }
    table
}
