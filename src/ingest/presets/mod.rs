//! Exports of products that many people have: recognised by their columns, and read with what their pages say about ids,
//! times, keys and traps.
//!
//! A preset is a row of a table and holds no code. What a flag says goes before what a preset says.

mod business;
mod feeds;
pub mod snowplow;
mod web;

use super::plan::Values;
use super::report::Role;
use super::roles::{ROLES, flag_place, flag_value};
use super::{Error, LoadOptions};
use crate::base::nearest::nearest;
use crate::base::visible::visible;

/// How the exports of one product are told apart and read. Names of columns are those after objects inside objects were taken
/// apart; one that ends in `.` stands for any column that begins so, and one that begins with `~` for a column of one of these
/// names whatever their case, blanks and punctuation (`~nps|csat`).
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    /// Whose export it is, and in which form.
    pub what: &'static str,
    /// The file has all columns of one of these sets, and none of `lacks`.
    pub has: &'static [&'static [&'static str]],
    pub lacks: &'static [&'static str],
    /// For each role the columns that play it, the best first.
    pub roles: &'static [(Role, &'static [&'static str])],
    /// The columns that name the event: of each row the first that has a value.
    pub event: &'static [&'static str],
    /// More columns of ids, each with the column whose ids they are.
    pub ids: &'static [(&'static str, Option<&'static str>)],
    /// Columns that together come only once, the best first.
    pub key: &'static [&'static [&'static str]],
    /// The zone of times without one.
    pub zone: Option<&'static str>,
    /// What people stumble over, in sentences.
    pub traps: &'static [&'static str],
    /// Columns with dates, each of which is an event of this name; none where a row is one event.
    pub dates: &'static [(&'static str, &'static str)],
    /// The one of these events that the amount belongs to.
    pub amount_at: Option<&'static str>,
    /// The ids of its customers are numbers of the product, which mean something else elsewhere.
    pub has_own_ids: bool,
    /// Columns and the values by which a row says that it does not count.
    pub leave_out: &'static [(&'static str, Values)],
    /// Its rows only say which ids belong together.
    pub is_links: bool,
    /// Every file holds one event, and is called like it.
    pub file_is_event: bool,
    /// Of JSON, columns and the text that stands for no value in them.
    pub nothing: &'static [(&'static str, &'static str)],
    /// Of JSON, the list in every object whose members are the rows, with a column that tells such objects.
    pub list: Option<(&'static str, &'static str)>,
}

/// Stands for the customers of a company, whose ids a product may hold beside its own.
pub const COMPANY: &str = "company";

/// What most presets do not have.
const PLAIN: Preset = Preset {
    name: "",
    what: "",
    has: &[],
    lacks: &[],
    roles: &[],
    event: &[],
    ids: &[],
    key: &[],
    zone: None,
    traps: &[],
    dates: &[],
    amount_at: None,
    has_own_ids: false,
    leave_out: &[],
    is_links: false,
    file_is_event: false,
    nothing: &[],
    list: None,
};

/// All presets, in the order in which `trailmap presets` lists them.
pub fn all() -> impl Iterator<Item = &'static Preset> {
    web::PRESETS.iter().chain(feeds::PRESETS).chain(business::PRESETS)
}

/// Switches recognition off.
pub const NONE: &str = "none";

/// In what form a source comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Columns may come that its start does not show.
    Json,
    Columnar,
}

/// What a preset makes of the options for one source.
#[derive(Debug, Clone)]
pub struct Wish {
    pub preset: Option<&'static Preset>,
    pub options: LoadOptions,
    /// Columns that name the event where that of the role does not.
    pub more_events: Vec<String>,
    /// Columns with dates and the events that these are.
    pub dates: Vec<(String, &'static str)>,
    pub leave_out: Vec<(String, Values)>,
    /// What all rows are the event of, where no column says so.
    pub event: Option<String>,
}

impl Wish {
    /// Whether the rows only say which ids belong together.
    pub fn is_links(&self) -> bool {
        self.preset.is_some_and(|preset| preset.is_links)
    }
}

/// Whether a column plays a role.
fn is_taken(options: &LoadOptions, name: &str) -> bool {
    ROLES.iter().any(|role| flag_value(options, *role) == Some(name))
}

/// What a file is called, without its folder and what says how it is written.
fn event_of(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem });
    stem.to_owned()
}

/// The list in every object of a JSON text with these columns whose members are its rows.
pub fn list_in(columns: &[String]) -> Option<&'static str> {
    let lists = all().filter_map(|preset| preset.list);
    lists.filter(|(list, beside)| has(columns, list) && has(columns, beside)).map(|(list, _)| list).next()
}

/// A name without case, blanks and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The column that a preset means, as the file calls it.
fn column<'c>(columns: &'c [String], wanted: &str) -> Option<&'c str> {
    let columns = || columns.iter().map(String::as_str);
    if let Some(names) = wanted.strip_prefix('~') {
        return names.split('|').find_map(|name| columns().find(|column| plain(column) == name));
    }
    match wanted.strip_suffix('.') {
        Some(_) => columns().find(|column| column.starts_with(wanted)),
        None => columns().find(|column| *column == wanted),
    }
}

fn has(columns: &[String], wanted: &str) -> bool {
    column(columns, wanted).is_some()
}

/// A column as people are told of it.
pub fn shown(wanted: &str) -> String {
    wanted.strip_prefix('~').map_or_else(|| wanted.to_owned(), |names| names.replace('|', " or "))
}

impl Preset {
    /// Whether a file with these columns is one of its exports.
    pub fn fits(&self, columns: &[String]) -> bool {
        self.has.iter().any(|set| set.iter().all(|wanted| has(columns, wanted)))
            && !self.lacks.iter().any(|unwanted| has(columns, unwanted))
    }

    /// How much of what it is recognised by these columns hold, 0 to 1; half of that where they hold what it does not have.
    pub fn score(&self, columns: &[String]) -> f64 {
        let share =
            |set: &&[&str]| set.iter().filter(|wanted| has(columns, wanted)).count() as f64 / set.len().max(1) as f64;
        let best = self.has.iter().map(|set| share(&&**set)).fold(0.0, f64::max);
        if self.lacks.iter().any(|unwanted| has(columns, unwanted)) { best / 2.0 } else { best }
    }

    /// The columns that are missing of the set that is nearest.
    fn missing(&self, columns: &[String]) -> Vec<&'static str> {
        let of_set = |set: &&'static [&'static str]| -> Vec<&'static str> {
            set.iter().copied().filter(|wanted| !has(columns, wanted)).collect()
        };
        self.has.iter().map(of_set).min_by_key(Vec::len).unwrap_or_default()
    }

    fn role(&self, role: Role) -> &'static [&'static str] {
        self.roles.iter().find(|(known, _)| *known == role).map_or(&[], |(_, columns)| columns)
    }

    /// Columns of ids and events that the start of a file may not show yet although they come later.
    fn late(&self, columns: &[String]) -> Vec<&'static str> {
        let roles = [Role::Customer, Role::Anonymous].map(|role| self.role(role));
        let first =
            roles.into_iter().filter(|names| !names.iter().any(|name| has(columns, name))).filter_map(<[_]>::first);
        let ids = self.ids.iter().map(|(name, _)| name);
        let all = first.chain(ids).chain(self.event).copied();
        all.filter(|name| !name.starts_with('~') && !has(columns, name)).collect()
    }

    /// The options of a file with these columns, filled up.
    fn wish(&'static self, file: &str, columns: &[String], given: &LoadOptions) -> Wish {
        let mut options = given.clone();
        // A column that a flag gives another part plays no other.
        let said: Vec<&str> = ROLES.iter().filter_map(|role| flag_value(given, *role)).collect();
        let is_free = |name: &str| !said.contains(&name) && !given.ids.iter().any(|id| id == name);
        let present = |names: &[&str]| names.iter().find_map(|name| column(columns, name)).map(str::to_owned);
        for (role, names) in self.roles {
            if flag_value(&options, *role).is_none() {
                *flag_place(&mut options, *role) = present(names).filter(|name| is_free(name));
            }
        }
        // What a flag says may be what the preset would say.
        let is_own = |said: &Option<String>, names: &[&str]| said.is_none() || *said == present(names);
        let has_own_event = is_own(&given.event, self.event);
        let mut more_events = Vec::new();
        if has_own_event {
            let mut named = self.event.iter().filter_map(|name| column(columns, name)).map(str::to_owned);
            options.event = named.next().filter(|name| given.event.is_some() || is_free(name));
            more_events = named.collect();
        }
        let date = |(name, event): &(&str, &'static str)| Some((column(columns, name)?.to_owned(), *event));
        let dates: Vec<(String, &'static str)> = self.dates.iter().filter_map(date).collect();
        // Another column for the event or the time asks for rows as they stand.
        let is_as_it_is = !has_own_event || !is_own(&given.time, self.role(Role::Time));
        let dates = if is_as_it_is { Vec::new() } else { dates };
        if options.ids.is_empty() {
            options.ids = self.id_flags(columns, &options);
        }
        let has_ids = options.anonymous.as_ref().is_some_and(|name| !name.is_empty()) || !options.ids.is_empty();
        if options.customer.is_none() && has_ids {
            // Nobody is known in this file; the other ids are all there is.
            options.customer = Some(String::new());
        }
        if options.dedupe_by.is_empty()
            && let Some(key) = self.key.iter().find(|key| key.iter().all(|name| has(columns, name)))
        {
            options.dedupe_by = key.iter().filter_map(|name| column(columns, name)).map(str::to_owned).collect();
        }
        options.zone = options.zone.or_else(|| self.zone?.parse().ok());
        let leave_out = self.leave_out.iter();
        let leave_out = leave_out.filter_map(|(name, values)| Some((column(columns, name)?.to_owned(), *values)));
        let event = (self.file_is_event && has_own_event).then(|| event_of(file));
        if event.is_some() && options.event.is_none() {
            // The column in this place names nothing.
            options.event = columns.iter().find(|name| is_free(name) && !is_taken(&options, name)).cloned();
        }
        Wish { preset: Some(self), leave_out: leave_out.collect(), event, options, more_events, dates }
    }

    /// More columns of ids as flags say them.
    fn id_flags(&self, columns: &[String], options: &LoadOptions) -> Vec<String> {
        let ids = || {
            let found = self.ids.iter().filter_map(|(name, same)| Some((column(columns, name)?, *same)));
            found.filter(|(name, _)| !is_taken(options, name))
        };
        ids()
            .map(|(name, same)| {
                let same = same.and_then(|same| {
                    if options.customer.as_deref() == Some(same) {
                        Some("customer")
                    } else if options.anonymous.as_deref() == Some(same) {
                        Some("anonymous")
                    } else {
                        ids().any(|(other, _)| other == same).then_some(same)
                    }
                });
                same.map_or_else(|| name.to_owned(), |same| format!("{name}={same}"))
            })
            .collect()
    }

    /// What is said of the files that are read as this.
    pub fn note(&self, files: &[String]) -> String {
        let traps: String = self.traps.iter().map(|trap| format!(" {trap}")).collect();
        let files = match files {
            [file] => format!("{} was", visible(file)),
            [file, ..] => format!("{} and {} more were", visible(file), files.len() - 1),
            [] => String::new(),
        };
        let (what, name) = (self.what, self.name);
        format!("{files} read as {what} (--preset {name}; --preset none goes by the columns alone).{traps}")
    }
}

/// The options for one source: those given, filled up by the preset that was named or that fits. Of JSON, columns that
/// may come later are added.
///
/// # Errors
/// No preset has this name, or the one that was named does not fit; with what is missing.
pub fn wish(file: &str, columns: &mut Vec<String>, kind: Kind, options: &LoadOptions) -> Result<Wish, Error> {
    // Several events of a row are made where rows are texts.
    let can_read = |preset: &Preset| {
        let needs_text = !preset.dates.is_empty() || preset.is_links || preset.file_is_event;
        kind != Kind::Columnar || !needs_text
    };
    let preset = match options.preset.as_deref() {
        Some(NONE) => None,
        Some(name) => Some(named(file, name, columns)?),
        None => all().find(|preset| can_read(preset) && preset.fits(columns)),
    };
    if let Some(preset) = preset
        && !can_read(preset)
    {
        let what =
            format!("--preset {}: {} must be CSV or JSON for this, not Parquet or Arrow", preset.name, visible(file));
        return Err(Error::Columns(what));
    }
    let Some(preset) = preset else {
        return Ok(Wish {
            preset: None,
            options: options.clone(),
            more_events: Vec::new(),
            dates: Vec::new(),
            leave_out: Vec::new(),
            event: None,
        });
    };
    if kind == Kind::Json {
        columns.extend(preset.late(columns).into_iter().map(str::to_owned));
    }
    Ok(preset.wish(file, columns, options))
}

fn named(file: &str, name: &str, columns: &[String]) -> Result<&'static Preset, Error> {
    let Some(preset) = all().find(|preset| preset.name == name) else {
        let near = nearest(name, all().map(|preset| preset.name));
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(Error::Columns(format!(
            "--preset: none is named `{}`{near} (`trailmap presets` lists them)",
            visible(name)
        )));
    };
    if preset.fits(columns) {
        return Ok(preset);
    }
    let list = |names: &[&str]| names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
    let missing = preset.missing(columns);
    let unwanted: Vec<&str> = preset.lacks.iter().copied().filter(|name| has(columns, name)).collect();
    let why = match missing.is_empty() {
        true => format!("has {}, which those do not have", list(&unwanted)),
        false => format!("lacks {}", list(&missing)),
    };
    Err(Error::Columns(format!("--preset {name}: {} is no export of {}: it {why}", visible(file), preset.what)))
}
