//! Which column is the customer, the event, the time: guessed from names and contents, and refused where the guess is
//! not safe.

mod evidence;
mod names;

use super::report::Role;
use super::{Error, LoadOptions};
use crate::base::nearest::nearest;
use crate::base::visible::{truncate, visible};

use evidence::Evidence;

/// A look at one column.
#[derive(Debug, Clone)]
pub struct SampleColumn<'a> {
    pub name: &'a str,
    /// Non-empty values from sampled rows, up to about a thousand.
    pub values: Vec<&'a str>,
    /// Rows that were sampled, those without a value included.
    pub n_rows: usize,
}

/// The part every column plays, by position.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleMap {
    pub customer: usize,
    pub event: usize,
    pub time: usize,
    pub channel: Option<usize>,
    pub value: Option<usize>,
    pub score: Option<usize>,
    pub session: Option<usize>,
    /// Ids of people before they are known. Where a source has no other ids this is `customer` too.
    pub anonymous: Option<usize>,
    /// More columns of ids; `customer` is one of them where there is none of its own.
    pub ids: Vec<usize>,
    /// Per column, how sure its role is, 0 to 1; 1 where a flag said so.
    pub certainty: Vec<f64>,
}

impl RoleMap {
    pub fn role(&self, column: usize) -> Role {
        let optional = [
            (self.channel, Role::Channel),
            (self.value, Role::Value),
            (self.score, Role::Score),
            (self.session, Role::Session),
            (self.anonymous, Role::Anonymous),
        ];
        match column {
            column if column == self.customer && self.has_customer() => Role::Customer,
            column if column == self.event => Role::Event,
            column if column == self.time => Role::Time,
            column if self.ids.contains(&column) => Role::Id,
            _ => optional.iter().find(|(at, _)| *at == Some(column)).map_or(Role::Property, |(_, role)| *role),
        }
    }
}

impl RoleMap {
    /// Whether a column says who the customer is, and not only ids that may lead to one.
    pub fn has_customer(&self) -> bool {
        self.anonymous != Some(self.customer) && !self.ids.contains(&self.customer)
    }
}

const N_ROLES: usize = 8;

/// The roles that a column can be given.
pub const ROLES: [Role; N_ROLES] =
    [Role::Customer, Role::Event, Role::Time, Role::Channel, Role::Value, Role::Score, Role::Session, Role::Anonymous];

/// The place of the anonymous id in `ROLES`. It is guessed last: only beside somebody who is known.
const ANONYMOUS: usize = 7;

/// From here on a column may play a role that an event cannot do without.
const ENOUGH: f64 = 0.38;
/// Roles that may stay empty ask for more.
const ENOUGH_IF_OPTIONAL: f64 = 0.6;
/// Two columns nearer to each other than this are both meant.
const APART: f64 = 0.09;
/// Columns that are worth naming when there is no good one.
const WORTH_NAMING: f64 = 0.12;

/// What names, contents and flags say together, before anything is refused.
struct Choice {
    /// For each of `ROLES`, its column and how sure that is.
    chosen: [Option<(usize, f64)>; N_ROLES],
    /// Per column, how likely it plays each role.
    scores: Vec<[f64; N_ROLES]>,
    evidence: Vec<Evidence>,
    /// More columns of ids, as flags say.
    ids: Vec<usize>,
}

/// A guess of who plays a role, with what speaks against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    pub role: Role,
    pub column: Option<usize>,
    /// 0 to 1; 1 where a flag said so.
    pub certainty: f64,
    /// Why the guess is not safe; only of roles that no event can do without.
    pub doubt: Option<String>,
    /// Every column, the likeliest first.
    pub candidates: Vec<usize>,
}

/// Says which column plays which role. Flags win; what they leave open is guessed.
///
/// # Errors
/// `Error::Columns` where a flag names no column or one column twice, or where the guess is not safe; it names the
/// candidates and the flag that decides.
pub fn assign(columns: &[SampleColumn<'_>], options: &LoadOptions) -> Result<RoleMap, Error> {
    let choice = choose(columns, options)?;
    let mut required = [0; 3];
    for (at, place) in required.iter_mut().enumerate() {
        *place = choice.settled(at, columns, options)?;
    }
    let Choice { chosen, scores, ids, .. } = choice;
    let certainty = (0..columns.len())
        .map(|column| match chosen.iter().flatten().find(|(c, _)| *c == column) {
            Some((_, score)) => *score,
            None if ids.contains(&column) => 1.0,
            // A property is the surer the less it looks like anything else.
            None => 1.0 - scores[column].iter().copied().fold(0.0, f64::max) / 2.0,
        })
        .collect();
    let [customer, event, time] = required;
    let [channel, value, score, session, anonymous] = [3, 4, 5, 6, ANONYMOUS].map(|at| chosen[at].map(|(c, _)| c));
    Ok(RoleMap { customer, event, time, channel, value, score, session, anonymous, ids, certainty })
}

/// As `assign`, of a source whose rows say nothing but which ids belong together.
///
/// # Errors
/// As `assign`.
pub fn assign_ids(columns: &[SampleColumn<'_>], options: &LoadOptions) -> Result<RoleMap, Error> {
    let choice = choose(columns, options)?;
    let customer = choice.settled(0, columns, options)?;
    let Choice { chosen, ids, .. } = choice;
    let certainty = vec![1.0; columns.len()];
    let anonymous = chosen[ANONYMOUS].map(|(column, _)| column);
    let (channel, value, score, session) = (None, None, None, None);
    // Nothing happened, and at no time: the places are filled by what is there in any case.
    Ok(RoleMap { customer, event: customer, time: customer, channel, value, score, session, anonymous, ids, certainty })
}

/// The guess for every role, however unsafe. Flags that cannot be followed are passed over.
pub fn guesses(columns: &[SampleColumn<'_>], options: &LoadOptions) -> Vec<Guess> {
    let mut options = options.clone();
    let mut choice = choose(columns, &options);
    if choice.is_err() {
        let said = ROLES.map(|role| flag_place(&mut options, role).take());
        choice = choose(columns, &options);
        for (role, name) in ROLES.into_iter().zip(said).filter(|(_, name)| name.is_some()) {
            *flag_place(&mut options, role) = name;
            match choose(columns, &options) {
                Ok(with) => choice = Ok(with),
                Err(_) => *flag_place(&mut options, role) = None,
            }
        }
    }
    let Ok(choice) = choice else { return Vec::new() };
    let guess = |(at, role): (usize, Role)| {
        let doubt = if at < 3 { choice.settled(at, columns, &options).err() } else { None };
        let mut candidates: Vec<usize> = (0..columns.len()).collect();
        candidates.sort_by(|&a, &b| choice.scores[b][at].total_cmp(&choice.scores[a][at]).then(a.cmp(&b)));
        Guess {
            role,
            // Where nobody is known, the other ids are all that a customer has.
            column: choice.chosen[at]
                .map(|(column, _)| column)
                .or_else(|| choice.settled(at, columns, &options).ok().filter(|_| at == 0)),
            certainty: choice.chosen[at].map_or(0.0, |(_, score)| score),
            doubt: doubt.map(|error| error.to_string()),
            candidates,
        }
    };
    ROLES.into_iter().enumerate().map(guess).collect()
}

fn choose(columns: &[SampleColumn<'_>], options: &LoadOptions) -> Result<Choice, Error> {
    let mut chosen: [Option<(usize, f64)>; N_ROLES] = [None; N_ROLES];
    let mut is_barred = [false; N_ROLES];
    for (at, role) in ROLES.into_iter().enumerate() {
        let Some(name) = flag_value(options, role) else { continue };
        // A role that an event can do without may be given to nobody, and so may the customer where other ids lead to one.
        let has_other_ids = options.anonymous.is_some() || !options.ids.is_empty();
        if name.is_empty() && (at >= 3 || at == 0 && has_other_ids) {
            is_barred[at] = true;
            continue;
        }
        // One of several sources may be without it; whoever knows them all says so where none has it.
        if role == Role::Anonymous && find(columns, name, role.name()).is_err() {
            is_barred[at] = true;
            continue;
        }
        let column = find(columns, name, role.name())?;
        if let Some(other) = chosen[..at].iter().position(|taken| taken.is_some_and(|(c, _)| c == column)) {
            return Err(Error::Columns(format!(
                "`{}` cannot be both {} and {}; name another column with --{}",
                shown(columns[column].name),
                ROLES[other].name(),
                role.name(),
                role.name(),
            )));
        }
        chosen[at] = Some((column, 1.0));
    }
    let mut ids: Vec<usize> = Vec::new();
    for text in &options.ids {
        let (column, _) = id_flag(columns.iter().map(|column| column.name), text);
        let Some(at) = place(columns, column) else { continue };
        if let Some(other) = chosen.iter().position(|taken| taken.is_some_and(|(c, _)| c == at)) {
            let (name, role) = (shown(columns[at].name), ROLES[other].name());
            return Err(Error::Columns(format!(
                "`{name}` cannot be both {role} and id; name another column with --id"
            )));
        }
        if !ids.contains(&at) {
            ids.push(at);
        }
    }
    let evidence: Vec<Evidence> = columns.iter().map(|column| Evidence::of(column, options)).collect();
    let scores: Vec<[f64; N_ROLES]> = evidence.iter().map(|evidence| ROLES.map(|role| evidence.score(role))).collect();

    // The surest pair of role and column first, so that a column plays the part it plays best.
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for (column, scores) in scores.iter().enumerate() {
        for (at, &score) in scores.iter().enumerate().filter(|(at, _)| !is_barred[*at] && *at != ANONYMOUS) {
            let enough = if at < 3 { ENOUGH } else { ENOUGH_IF_OPTIONAL };
            if score >= enough {
                pairs.push((at, column, score));
            }
        }
    }
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)).then(a.1.cmp(&b.1)));
    for (at, column, score) in pairs {
        if chosen[at].is_none() && !is_taken(&chosen, column) && !ids.contains(&column) {
            chosen[at] = Some((column, score));
        }
    }
    if chosen[0].is_some() && chosen[ANONYMOUS].is_none() && !is_barred[ANONYMOUS] {
        let free = (0..columns.len()).filter(|column| !is_taken(&chosen, *column) && !ids.contains(column));
        let sure = free.map(|column| (column, scores[column][ANONYMOUS])).filter(|(_, s)| *s >= ENOUGH_IF_OPTIONAL);
        chosen[ANONYMOUS] = sure.min_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    Ok(Choice { chosen, scores, evidence, ids })
}

fn is_taken(chosen: &[Option<(usize, f64)>; N_ROLES], column: usize) -> bool {
    chosen.iter().flatten().any(|(c, _)| *c == column)
}

impl Choice {
    /// The column of a role that an event cannot do without, where that is safe to say.
    fn settled(&self, at: usize, columns: &[SampleColumn<'_>], options: &LoadOptions) -> Result<usize, Error> {
        let rivals = |low: f64| -> Vec<usize> {
            let is_free = |&column: &usize| {
                self.chosen[at].is_some_and(|(c, _)| c == column)
                    || !is_taken(&self.chosen, column) && !self.ids.contains(&column)
            };
            let mut rivals: Vec<usize> =
                (0..columns.len()).filter(|&c| self.scores[c][at] >= low).filter(is_free).collect();
            rivals.sort_by(|&a, &b| self.scores[b][at].total_cmp(&self.scores[a][at]).then(a.cmp(&b)));
            rivals
        };
        let id = self.chosen[ANONYMOUS].map(|(column, _)| column).into_iter().chain(self.ids.iter().copied()).next();
        match self.chosen[at] {
            // A source without a known customer has the ids that may lead to one.
            None if at == 0 && id.is_some() => id.ok_or_else(|| no_column(columns, ROLES[at], &[], &self.evidence)),
            None => Err(no_column(columns, ROLES[at], &rivals(WORTH_NAMING), &self.evidence)),
            Some((column, score)) => {
                let near = rivals((score - APART).max(ENOUGH));
                if flag_value(options, ROLES[at]).is_none() && near.len() > 1 {
                    return Err(too_many(columns, ROLES[at], &near));
                }
                Ok(column)
            }
        }
    }
}

/// The columns that may play a role, the likeliest first, with how likely each is.
pub fn candidates(columns: &[SampleColumn<'_>], role: Role) -> Vec<(usize, f64)> {
    let options = LoadOptions::default();
    let mut list: Vec<(usize, f64)> = columns
        .iter()
        .map(|column| Evidence::of(column, &options).score(role))
        .enumerate()
        .filter(|(_, score)| *score >= WORTH_NAMING)
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}

/// What the options say about a role; nothing about properties.
pub fn flag_value(options: &LoadOptions, role: Role) -> Option<&str> {
    match role {
        Role::Customer => options.customer.as_deref(),
        Role::Event => options.event.as_deref(),
        Role::Time => options.time.as_deref(),
        Role::Channel => options.channel.as_deref(),
        Role::Value => options.value.as_deref(),
        Role::Score => options.score.as_deref(),
        Role::Session => options.session.as_deref(),
        Role::Anonymous => options.anonymous.as_deref(),
        Role::Id | Role::Property => None,
    }
}

/// Where the options say which column plays a role. More ids and properties have no such place; theirs is that of the
/// session.
pub fn flag_place(options: &mut LoadOptions, role: Role) -> &mut Option<String> {
    match role {
        Role::Customer => &mut options.customer,
        Role::Event => &mut options.event,
        Role::Time => &mut options.time,
        Role::Channel => &mut options.channel,
        Role::Value => &mut options.value,
        Role::Score => &mut options.score,
        Role::Anonymous => &mut options.anonymous,
        Role::Session | Role::Id | Role::Property => &mut options.session,
    }
}

/// The column of a name: as written, or the only one that differs in nothing but case.
fn place(columns: &[SampleColumn<'_>], name: &str) -> Option<usize> {
    place_of(columns.iter().map(|column| column.name), name)
}

/// The position of a name: as written, or the only one that differs in nothing but case.
pub fn place_of<'n>(names: impl Iterator<Item = &'n str> + Clone, name: &str) -> Option<usize> {
    if let Some(at) = names.clone().position(|known| known == name) {
        return Some(at);
    }
    let wanted = name.to_lowercase();
    let mut alike = names.enumerate().filter(|(_, known)| known.to_lowercase() == wanted).map(|(at, _)| at);
    match (alike.next(), alike.next()) {
        (Some(at), None) => Some(at),
        _ => None,
    }
}

/// Whether a column of this name holds ids of people before they are known.
pub fn is_anonymous_name(name: &str) -> bool {
    evidence::is_anonymous_name(name)
}

/// What `--id` says: a column, and behind `=` whose ids these are. A column of the whole name goes first.
pub fn id_flag<'o, 'n>(names: impl Iterator<Item = &'n str> + Clone, text: &'o str) -> (&'o str, Option<&'o str>) {
    match text.rsplit_once('=') {
        Some((column, same)) if place_of(names, text).is_none() => (column, Some(same)),
        _ => (text, None),
    }
}

/// The column that a flag names.
///
/// # Errors
/// There is none; with the nearest name.
pub fn find(columns: &[SampleColumn<'_>], name: &str, flag: &str) -> Result<usize, Error> {
    if let Some(at) = place(columns, name) {
        return Ok(at);
    }
    let hint = match nearest(name, columns.iter().map(|column| column.name)) {
        Some(near) => format!("did you mean `{}`? ", shown(near)),
        None => String::new(),
    };
    Err(Error::Columns(format!(
        "--{flag}: no column is named `{}`; {hint}the columns are {}",
        shown(name),
        listed(columns, 0..columns.len()),
    )))
}

fn too_many(columns: &[SampleColumn<'_>], role: Role, near: &[usize]) -> Error {
    const WORDS: [&str; 3] = ["two", "three", "four"];
    let n = WORDS.get(near.len() - 2).map_or_else(|| near.len().to_string(), |word| (*word).to_owned());
    Error::Columns(format!(
        "{n} columns may be the {}: {}; choose with --{} COLUMN",
        role.name(),
        listed(columns, near.iter().copied()),
        role.name(),
    ))
}

fn no_column(columns: &[SampleColumn<'_>], role: Role, rivals: &[usize], evidence: &[Evidence]) -> Error {
    let name = role.name();
    if role == Role::Time
        && let Some((at, why)) = evidence.iter().enumerate().find_map(|(at, e)| Some((at, e.unread_time()?)))
    {
        return Error::Columns(format!("`{}` looks like the time, but {why}", shown(columns[at].name)));
    }
    if rivals.is_empty() {
        return Error::Columns(format!(
            "no column looks like the {name}; choose one with --{name} COLUMN; the columns are {}",
            listed(columns, 0..columns.len()),
        ));
    }
    let verb = if rivals.len() == 1 { "may" } else { "may each" };
    Error::Columns(format!(
        "no column is surely the {name}: {} {verb} be it; choose with --{name} COLUMN",
        listed(columns, rivals.iter().copied()),
    ))
}

fn shown(name: &str) -> String {
    truncate(&visible(name), 60).into_owned()
}

/// Names for a message, cut where there are too many to read.
fn listed(columns: &[SampleColumn<'_>], which: impl ExactSizeIterator<Item = usize>) -> String {
    const MOST: usize = 20;
    let n = which.len();
    let mut text = which.take(MOST).map(|at| format!("`{}`", shown(columns[at].name))).collect::<Vec<_>>().join(", ");
    if n > MOST {
        text.push_str(&format!(" and {} more", n - MOST));
    }
    text
}

#[cfg(test)]
mod tests;
