//! All sources of a load together: which column plays which role in each, how times are read, and how columns of
//! different sources become columns of one table.

mod common;
mod ids;

use std::collections::HashMap;

use self::common::{is_mail, keep_apart, kinds, link_addresses};
use self::ids::{EVENT, id_columns, key, named_somewhere};
use super::asked::{Asked, Own, all_named, inputs};
use super::identity::{IdPlan, NullIds};
use super::plan::{ColumnPlan, DateEvent, Terms};
use super::presets::{self, Preset, Wish};
use super::reading::others as others_of;
use super::report::Role;
use super::roles::{self, RoleMap, SampleColumn};
use super::sniff::{Format, Sniffed, sniff, values_further_down};
use super::source::{Input, file_error};
use super::times::TimeReader;
use super::unpack::Compression;
use super::{Error, LoadOptions};
use crate::base::visible::visible;
use crate::base::{Ctl, Zone};
use crate::journey::{IdColumn, KeyPart};

/// One source, looked at and ready to be read.
#[derive(Debug)]
pub struct Source {
    pub input: Input,
    pub format: Format,
    pub compression: Compression,
    pub roles: RoleMap,
    pub plan: ColumnPlan,
    /// For each of the plan's properties, its column in the store.
    pub positions: Vec<usize>,
    /// For each column, the first value in the sample.
    pub examples: Vec<String>,
    /// The source holds a header and nothing else.
    pub is_bare: bool,
    pub preset: Option<&'static str>,
    /// Presets that it was nearly read by.
    pub others: Vec<(&'static str, f64)>,
}

/// The table that all sources make together.
#[derive(Debug, Default)]
pub struct Table {
    /// Property columns.
    pub names: Vec<String>,
    pub channel: Option<usize>,
    pub value: Option<usize>,
    pub score: Option<usize>,
    pub session: Option<usize>,
    pub anonymous: Option<usize>,
    /// What the column of customers is called.
    pub customer: String,
    /// Columns of ids beside that of the customers, those of people who are known first; none where nothing is linked.
    pub ids: Vec<IdColumn>,
    /// Columns whose values together come only once.
    pub keys: Vec<RowKey>,
    /// The column with the name of the source, where there are several.
    pub source: Option<usize>,
    /// For each source its kind, numbered from 0; those of one kind are parts of one export.
    pub kinds: Vec<usize>,
    /// Ids are linked, be it only one column of them that writes the same id in several ways.
    pub is_linked: bool,
}

/// Columns whose values together come only once.
#[derive(Debug)]
pub struct RowKey {
    pub parts: Vec<KeyPart>,
    pub names: Vec<String>,
    /// The kind of sources whose rows it tells apart; all rows where it was asked for.
    pub kind: Option<usize>,
}

/// A source with its sample.
struct Seen {
    input: Input,
    sniffed: Sniffed,
}

/// Values per column of a sample that are shown to those who guess.
const SHOWN_VALUES: usize = 1000;

/// Times of one source that are looked at, alone and with those of sources that have the same columns.
const TIMES_PER_SOURCE: usize = 5000;
const TIMES_POOLED: usize = 20_000;

/// Looks at all sources.
///
/// # Errors
/// A source is no table, or the roles of its columns are not clear.
pub fn look(options: &LoadOptions, ctl: &Ctl) -> Result<(Vec<Source>, Table, Vec<String>), Error> {
    let (inputs, mut notes) = inputs(options, ctl)?;
    let mut looked = Vec::with_capacity(inputs.len());
    let mut known: HashMap<(Option<usize>, Vec<String>), RoleMap> = HashMap::new();
    let mut of_presets: Vec<(&Preset, Vec<String>)> = Vec::new();
    for (input, asked) in inputs {
        let found = sniff(&input, &asked.before(), ctl).and_then(|mut sniffed| {
            let (own, wish) = wish_of(&input, &mut sniffed, &asked)?;
            let known = known.get(&(own.at, sniffed.columns.clone()));
            let roles = known.cloned().map_or_else(|| roles_of(&sniffed, &own, &wish), Ok);
            let roles = roles.map_err(|error| asked.explain(error, &own, &input))?;
            Ok((sniffed, roles, wish, own))
        });
        match found {
            Ok((mut sniffed, roles, wish, own)) => {
                if wish.preset.is_none() {
                    notes.extend(own.notes(&input.name, &sniffed.columns, &roles));
                }
                notes.append(&mut sniffed.notes);
                if let Some(preset) = wish.preset {
                    match of_presets.iter_mut().find(|(known, _)| known.name == preset.name) {
                        Some((_, files)) => files.push(input.name.clone()),
                        None => of_presets.push((preset, vec![input.name.clone()])),
                    }
                }
                // An empty source tells little, so what it was guessed to be says nothing about the next.
                if sniffed.n_rows > 0 {
                    known.entry((own.at, sniffed.columns.clone())).or_insert_with(|| roles.clone());
                }
                looked.push(Looked::new(Seen { input, sniffed }, roles, wish));
            }
            Err(Error::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) if input.is_optional => notes.push(format!("Left out: {error}.")),
            Err(error) => return Err(error),
        }
    }
    if looked.is_empty() {
        return Err(Error::Other(format!("no source holds a table; {}", notes.join(" "))));
    }
    notes.extend(of_presets.into_iter().map(|(preset, files)| preset.note(&files)));
    let columns: Vec<&[String]> = looked.iter().map(|source| source.columns.as_slice()).collect();
    all_named(options, &columns)?;
    tell_ids_apart(&mut looked, options)?;
    keep_apart(&mut looked, options);
    notes.extend(link_addresses(&mut looked, options));
    let readers = time_readers(&looked)?;
    for reader in &readers {
        notes.extend(reader.notes());
    }
    let mut ids: Vec<String> = Vec::new();
    let mut keys: Vec<(Vec<String>, Option<usize>)> = Vec::new();
    let kinds = kinds(&looked);
    for (source, kind) in looked.iter().zip(kinds) {
        let said = &source.wish.options;
        said.ids
            .iter()
            .filter(|id| !id.is_empty() && !ids.contains(id))
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|id| ids.push(id));
        let mut key: Vec<String> = said.dedupe_by.iter().filter(|name| !name.is_empty()).cloned().collect();
        if !key.is_empty() && !source.wish.dates.is_empty() && options.dedupe_by.is_empty() {
            key.push(EVENT.to_owned());
        }
        let key = (key, options.dedupe_by.is_empty().then_some(kind));
        if !key.0.is_empty() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    let (sources, mut table) = join(looked, readers, options);
    table.ids = id_columns(&table, &ids)?;
    let of_kind = |kind: Option<usize>| -> Vec<&Source> {
        let own = sources.iter().zip(&table.kinds).filter(|(_, of)| kind.is_none_or(|kind| kind == **of));
        own.map(|(source, _)| source).collect()
    };
    let keys = keys.into_iter().map(|(names, kind)| {
        let parts = key(&of_kind(kind), &names)?;
        Ok(RowKey { parts, names, kind })
    });
    table.keys = keys.collect::<Result<_, Error>>()?;
    let mut once = std::collections::HashSet::new();
    notes.retain(|note| once.insert(note.clone()));
    Ok((sources, table, notes))
}

/// A source of which only little of the sample is kept.
struct Looked {
    input: Input,
    format: Format,
    compression: Compression,
    columns: Vec<String>,
    roles: RoleMap,
    times: Vec<String>,
    examples: Vec<String>,
    is_bare: bool,
    wish: Wish,
    /// Columns with e-mail addresses of the people it is about.
    mails: Vec<usize>,
}

impl Looked {
    fn new(seen: Seen, roles: RoleMap, wish: Wish) -> Self {
        let Seen { input, mut sniffed } = seen;
        let further = if wish.is_links() { Vec::new() } else { values_further_down(&input, &sniffed, roles.time) };
        let first = |column: &Vec<Option<String>>| column.iter().flatten().next().cloned().unwrap_or_default();
        let examples = sniffed.sample.iter().map(first).collect();
        let mails = sniffed.columns.iter().zip(&sniffed.sample).enumerate().filter(|(_, (name, sample))| {
            let values: Vec<&str> = sample.iter().flatten().take(SHOWN_VALUES).map(String::as_str).collect();
            is_mail(name, &values)
        });
        let mails = mails.map(|(column, _)| column).collect();
        let times = sniffed.sample.get_mut(roles.time).map(std::mem::take).unwrap_or_default();
        let has_times = !wish.is_links();
        let is_time = |text: &String| has_times && !super::coder::is_none(text);
        Looked {
            input,
            format: sniffed.format,
            compression: sniffed.compression,
            columns: sniffed.columns,
            roles,
            times: further
                .into_iter()
                .chain(times.into_iter().flatten())
                .filter(is_time)
                .take(TIMES_PER_SOURCE)
                .collect(),
            examples,
            is_bare: sniffed.is_whole && sniffed.n_rows == 0,
            wish,
            mails,
        }
    }
}

/// The options of a source, and what a preset makes of them. Columns that it knows of and that the sample of JSON does not
/// show are added.
pub fn wish_of(input: &Input, sniffed: &mut Sniffed, asked: &Asked<'_>) -> Result<(Own, Wish), Error> {
    let own = asked.of(&sniffed.columns);
    let kind = match sniffed.format {
        Format::Delimited(..) => presets::Kind::Text,
        Format::Json(..) => presets::Kind::Json,
        Format::Parquet | Format::Ipc => presets::Kind::Columnar,
    };
    let wish = presets::wish(&input.name, &mut sniffed.columns, kind, &own.options);
    let wish = wish.map_err(|error| asked.explain(error, &own, input))?;
    let n_rows = sniffed.n_rows;
    sniffed.sample.resize_with(sniffed.columns.len(), || vec![None; n_rows]);
    Ok((own, wish))
}

fn roles_of(sniffed: &Sniffed, own: &Own, wish: &Wish) -> Result<RoleMap, Error> {
    let samples: Vec<SampleColumn<'_>> = sniffed
        .columns
        .iter()
        .zip(&sniffed.sample)
        .map(|(name, values)| SampleColumn {
            name,
            values: values.iter().flatten().take(SHOWN_VALUES).map(String::as_str).collect(),
            n_rows: sniffed.n_rows,
        })
        .collect();
    own.roles(&samples, wish)
}

/// How the times of each source are read. Sources with the same columns are looked at together, since days beyond 12 in
/// one tell what is day and month in another; where that does not read a source, it is looked at alone.
fn time_readers(looked: &[Looked]) -> Result<Vec<TimeReader>, Error> {
    let zone = |source: &Looked| source.wish.options.zone.clone().unwrap_or_default();
    let zones: HashMap<&[String], Zone> =
        looked.iter().map(|source| (source.columns.as_slice(), zone(source))).collect();
    let formats: HashMap<&[String], Option<&str>> =
        looked.iter().map(|source| (source.columns.as_slice(), source.wish.options.time_format.as_deref())).collect();
    let mut pools: HashMap<&[String], Vec<&str>> = HashMap::new();
    for source in looked {
        let pool = pools.entry(&source.columns).or_default();
        let room = TIMES_POOLED.saturating_sub(pool.len());
        // Of many sources each gives some; of one, all.
        let share = (TIMES_POOLED / looked.len()).max(20).min(room);
        pool.extend(source.times.iter().take(share).map(String::as_str));
    }
    let pooled: HashMap<&[String], Result<TimeReader, String>> = pools
        .into_iter()
        .map(|(columns, times)| (columns, TimeReader::detect(&times, formats[columns], &zones[columns])))
        .collect();
    looked
        .iter()
        .map(|source| {
            if let Ok(reader) = &pooled[source.columns.as_slice()] {
                let n_read = source.times.iter().filter(|text| reader.read(text).is_some()).count();
                if n_read * 10 >= source.times.len() * 9 {
                    return Ok(reader.clone());
                }
            }
            let times: Vec<&str> = source.times.iter().map(String::as_str).collect();
            TimeReader::detect(&times, formats[source.columns.as_slice()], &zone(source)).map_err(|what| {
                let column = &source.columns[source.roles.time];
                file_error(&source.input.name, format!("column `{}`: {what}", visible(column)))
            })
        })
        .collect()
}

/// Checks that every column of ids that was named is somewhere. A source whose customers are what others call anonymous has
/// anonymous ids and no customers.
fn tell_ids_apart(looked: &mut [Looked], options: &LoadOptions) -> Result<(), Error> {
    let of_sources = options.each.iter().flat_map(|each| &each.said.ids);
    let anonymous = options.each.iter().filter_map(|each| each.said.anonymous.as_ref()).filter(|name| !name.is_empty());
    for name in anonymous {
        named_somewhere(looked.iter().map(|source| source.columns.as_slice()), name, "anonymous")?;
    }
    for text in options.ids.iter().chain(of_sources).filter(|text| !text.is_empty()) {
        let names = looked.iter().flat_map(|source| &source.columns).map(String::as_str);
        let name = roles::id_flag(names, text).0;
        named_somewhere(looked.iter().map(|source| source.columns.as_slice()), name, "id")?;
    }
    let anonymous: Vec<String> =
        looked.iter().filter_map(|source| Some(source.columns[source.roles.anonymous?].clone())).collect();
    for source in looked {
        let name = &source.columns[source.roles.customer];
        let is_said = options.customer.is_some();
        let is_anonymous = anonymous.contains(name) || !anonymous.is_empty() && roles::is_anonymous_name(name);
        if source.roles.anonymous.is_none() && source.roles.ids.is_empty() && is_anonymous && !is_said {
            source.roles.anonymous = Some(source.roles.customer);
        }
    }
    Ok(())
}

fn role_columns(roles: &RoleMap) -> [(Role, Option<usize>); 5] {
    [
        (Role::Channel, roles.channel),
        (Role::Value, roles.value),
        (Role::Score, roles.score),
        (Role::Session, roles.session),
        (Role::Anonymous, roles.anonymous),
    ]
}

/// The role of a column.
pub fn role_of(roles: &RoleMap, column: usize) -> Role {
    let main = [(Role::Time, roles.time), (Role::Event, roles.event)];
    // Where nothing happens, both places are filled by an id.
    let has_events = roles.time != roles.event;
    if let Some((role, _)) = main.into_iter().find(|&(_, idx)| has_events && idx == column) {
        return role;
    }
    if roles.customer == column && roles.has_customer() {
        return Role::Customer;
    }
    if roles.ids.contains(&column) {
        return Role::Id;
    }
    role_columns(roles).into_iter().find(|(_, idx)| *idx == Some(column)).map_or(Role::Property, |(role, _)| role)
}

/// Makes one table of all sources: columns of one name are one column, and so are columns that play the same role.
fn join(looked: Vec<Looked>, readers: Vec<TimeReader>, options: &LoadOptions) -> (Vec<Source>, Table) {
    let mut role_names: HashMap<Role, String> = HashMap::new();
    for source in &looked {
        for (role, column) in role_columns(&source.roles) {
            if let Some(column) = column {
                role_names.entry(role).or_insert_with(|| source.columns[column].clone());
            }
        }
    }
    let nulls = NullIds::new(&options.null_ids);
    let kinds = kinds(&looked);
    let is_address = |source: &Looked| source.roles.has_customer() && source.mails.contains(&source.roles.customer);
    let has_addresses = kinds.iter().any(|kind| *kind != kinds[0]) && looked.iter().any(is_address);
    let is_linked = !options.null_ids.is_empty()
        || has_addresses
        || looked.iter().any(|source| source.roles.anonymous.is_some() || !source.roles.ids.is_empty());
    let named = looked.iter().find(|source| source.roles.has_customer()).or(looked.first());
    let customer = named.map_or_else(String::new, |source| source.columns[source.roles.customer].clone());
    let mut table = Table { customer, kinds, is_linked: has_addresses, ..Table::default() };
    let mut places: HashMap<String, usize> = HashMap::new();
    let n_sources = looked.len();
    let mut sources = Vec::with_capacity(n_sources);
    for (file, (source, time_reader)) in looked.into_iter().zip(readers).enumerate() {
        let Looked { input, format, compression, columns, roles, examples, is_bare, wish, .. } = source;
        let more_events = wish.more_events.iter().filter_map(|name| columns.iter().position(|column| column == name));
        let more_events: Vec<usize> = more_events.filter(|column| *column != roles.event).collect();
        let place = |name: &String| columns.iter().position(|column| column == name);
        let amount_at = wish.preset.and_then(|preset| preset.amount_at);
        let date = |(column, event): &(String, &'static str)| DateEvent {
            event,
            column: place(column).unwrap_or(roles.time),
            has_amount: amount_at.is_none_or(|at| at == *event),
        };
        let dates: Vec<DateEvent> = wish.dates.iter().map(date).collect();
        let terms = Terms {
            leave_out: wish.leave_out.iter().filter_map(|(name, values)| Some((place(name)?, *values))).collect(),
            is_links: wish.is_links(),
            event: wish.event.clone(),
            nothing: wish
                .preset
                .map_or(&[][..], |preset| preset.nothing)
                .iter()
                .filter_map(|(name, text)| Some((columns.iter().position(|column| column == name)?, *text)))
                .collect(),
        };
        let is_main = |column: &usize| {
            if terms.is_links {
                return roles.customer == *column && roles.has_customer()
                    || !roles.ids.contains(column) && roles.anonymous != Some(*column);
            }
            // Where dates are the events, the columns in their places are properties as any other.
            dates.is_empty() && (roles.time == *column || terms.event.is_none() && roles.event == *column)
                || roles.customer == *column && roles.has_customer()
        };
        let properties: Vec<usize> = (0..columns.len()).filter(|column| !is_main(column)).collect();
        let positions = properties
            .iter()
            .map(|&column| {
                let role = role_of(&roles, column);
                let shared = role_names.get(&role).filter(|name| !columns.contains(name));
                let name = shared.unwrap_or(&columns[column]);
                let position = *places.entry(name.clone()).or_insert_with(|| {
                    table.names.push(name.clone());
                    table.names.len() - 1
                });
                table.set_role(role, position);
                position
            })
            .collect();
        let others = || roles.ids.iter().copied().chain(roles.anonymous).collect();
        let ids = || IdPlan { has_customer: roles.has_customer(), others: others(), nulls: nulls.clone() };
        let preset = wish.preset.map(|preset| preset.name);
        let others = others_of(&columns, preset);
        let plan = ColumnPlan {
            ids: is_linked.then(ids),
            customer: roles.customer,
            event: roles.event,
            more_events,
            amount: roles.value,
            dates,
            time: roles.time,
            time_reader,
            properties,
            terms,
            file,
            keep_rejects: options.keep_rejects,
            names: columns,
        };
        sources.push(Source { input, format, compression, roles, plan, positions, examples, is_bare, preset, others });
    }
    if n_sources > 1 {
        let name = free_name("source", &table.names);
        table.source = Some(table.names.len());
        table.names.push(name);
    }
    (sources, table)
}

impl Table {
    /// The first source that has a column for a role decides.
    fn set_role(&mut self, role: Role, position: usize) {
        let place = match role {
            Role::Channel => &mut self.channel,
            Role::Value => &mut self.value,
            Role::Score => &mut self.score,
            Role::Session => &mut self.session,
            Role::Anonymous => &mut self.anonymous,
            Role::Id | Role::Customer | Role::Time | Role::Event | Role::Property => return,
        };
        place.get_or_insert(position);
    }

    /// The role of a property column.
    pub fn role(&self, position: usize) -> Role {
        let roles = [
            (Role::Channel, self.channel),
            (Role::Value, self.value),
            (Role::Score, self.score),
            (Role::Session, self.session),
            (Role::Anonymous, self.anonymous),
        ];
        if self.anonymous != Some(position) && self.ids.iter().any(|column| column.property == position) {
            return Role::Id;
        }
        roles.into_iter().find(|(_, at)| *at == Some(position)).map_or(Role::Property, |(role, _)| role)
    }
}

/// A column name that is not taken.
pub fn free_name(wish: &str, taken: &[String]) -> String {
    let mut name = wish.to_owned();
    let mut n = 1;
    while taken.contains(&name) {
        n += 1;
        name = format!("{wish}_{n}");
    }
    name
}
