//! Which columns hold ids, whose ids they are, and which columns tell rows apart.

use super::{Source, Table};
use crate::base::visible::visible;
use crate::ingest::Error;
use crate::ingest::roles::{self, SampleColumn};
use crate::journey::{IdColumn, KeyPart};

/// # Errors
/// No source has a column of this name; the columns of the first are listed.
pub fn named_somewhere<'c>(
    mut sources: impl Iterator<Item = &'c [String]> + Clone,
    name: &str,
    flag: &str,
) -> Result<(), Error> {
    let is_in = |columns: &[String]| roles::place_of(columns.iter().map(String::as_str), name).is_some();
    if sources.clone().any(is_in) {
        return Ok(());
    }
    let none = |name| SampleColumn { name, values: Vec::new(), n_rows: 0 };
    let columns: Vec<SampleColumn<'_>> = sources.next().into_iter().flatten().map(|name| none(name)).collect();
    roles::find(&columns, name, flag).map(|_| ())
}

/// The columns that are linked to that of the customers.
pub fn id_columns(table: &Table, ids: &[String]) -> Result<Vec<IdColumn>, Error> {
    let names = || table.names.iter().map(String::as_str);
    let mut columns: Vec<IdColumn> = Vec::new();
    let mut same: Vec<Option<&str>> = Vec::new();
    for text in ids {
        let (name, of) = roles::id_flag(names(), text);
        let Some(property) = roles::place_of(names(), name) else { continue };
        if !columns.iter().any(|column| column.property == property) {
            columns.push(IdColumn { property, is_anonymous: false, same_as: None });
            same.push(of);
        }
    }
    columns.extend(table.anonymous.map(|property| IdColumn { property, is_anonymous: true, same_as: None }));
    for (at, of) in same.into_iter().enumerate() {
        let Some(of) = of else { continue };
        let of_name = || columns.iter().position(|column| table.names[column.property] == of).map(|at| at + 1);
        let place = match of {
            "customer" => Some(0),
            "anonymous" if table.anonymous.is_some() => Some(columns.len()),
            of if of == table.customer => Some(0),
            _ => of_name(),
        };
        let place = place.filter(|place| *place != at + 1).ok_or_else(|| {
            let column = visible(&table.names[columns[at].property]);
            Error::Columns(format!(
                "--id {column}={}: the ids of `{column}` can be those of customer, anonymous, or another column named with --id",
                visible(of)
            ))
        })?;
        columns[at].same_as = Some(place);
    }
    // Ids of ids of a column are ids of that column.
    for at in (0..columns.len()).cycle().take(columns.len() * columns.len()) {
        let above = columns[at].same_as.and_then(|same| same.checked_sub(1)).and_then(|other| columns[other].same_as);
        if above.is_some_and(|above| above != at + 1) {
            columns[at].same_as = above;
        }
    }
    Ok(columns)
}

/// The part of a key that is the event, where no column is.
pub const EVENT: &str = "event (by its date)";

/// The parts of the key by which rows are told apart.
pub fn key(sources: &[&Source], named: &[String]) -> Result<Vec<KeyPart>, Error> {
    named
        .iter()
        .map(|name| {
            if name == EVENT {
                return Ok(KeyPart::Event);
            }
            let part = |source: &&Source| {
                let plan = &source.plan;
                let column = roles::place_of(plan.names.iter().map(String::as_str), name)?;
                Some(match plan.properties.iter().position(|&property| property == column) {
                    Some(at) => KeyPart::Property(source.positions[at]),
                    None if column == plan.event => KeyPart::Event,
                    None if column == plan.time => KeyPart::Time,
                    None => KeyPart::Customer,
                })
            };
            if let Some(part) = sources.iter().find_map(part) {
                return Ok(part);
            }
            named_somewhere(sources.iter().map(|source| source.plan.names.as_slice()), name, "dedupe-by")?;
            Ok(KeyPart::Event)
        })
        .collect()
}
