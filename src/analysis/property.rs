//! Property columns as columns of an answer's table.

use super::Error;
use crate::base::nearest::nearest;
use crate::journey::{JourneyStore, Property, Value, ValueKind};
use crate::table::{Cell, Column, Kind};

/// Fixed columns followed by the store's properties, and which property each of the latter is. The channel has a fixed
/// column of its own, and so has the stage where `fixed` names one; a property that bears the name of another column gets `_2` behind its own.
pub(super) fn with_properties(store: &JourneyStore, fixed: &[(&str, Kind)]) -> (Vec<Column>, Vec<usize>) {
    let mut columns: Vec<Column> = fixed.iter().map(|(name, kind)| Column::new(*name, *kind)).collect();
    let mut shown = Vec::new();
    let stage =
        store.mapped.as_ref().map(|mapped| mapped.stage).filter(|_| fixed.iter().any(|(name, _)| *name == "stage"));
    for (idx, property) in store.properties.iter().enumerate() {
        if store.roles.channel == Some(idx) || stage == Some(idx) {
            continue;
        }
        let mut name = property.name.clone();
        let mut n = 2;
        while columns.iter().any(|column| column.name == name) {
            name = format!("{}_{n}", property.name);
            n += 1;
        }
        columns.push(Column::new(name, kind(property)));
        shown.push(idx);
    }
    (columns, shown)
}

/// The property with this name; the words `channel`, `value`, `score` and `session` name the column with that role where
/// no column is called so.
///
/// # Errors
/// `UnknownColumn`, with the nearest name.
pub(super) fn find_column<'s>(store: &'s JourneyStore, name: &str) -> Result<&'s Property, Error> {
    let by_role = || match name {
        "channel" => store.roles.channel,
        "value" => store.roles.value,
        "score" => store.roles.score,
        "session" => store.roles.session,
        _ => None,
    };
    match store.property_idx(name).or_else(by_role) {
        Some(idx) => Ok(&store.properties[idx]),
        None => Err(Error::UnknownColumn {
            name: name.to_owned(),
            nearest: nearest(name, store.properties.iter().map(|property| property.name.as_str())).map(str::to_owned),
        }),
    }
}

fn kind(property: &Property) -> Kind {
    match property.kind() {
        ValueKind::Text => Kind::Text,
        ValueKind::Int => Kind::Int,
        ValueKind::Float => Kind::Number,
        ValueKind::Time => Kind::Time,
    }
}

pub(super) fn cell(property: &Property, row: usize) -> Cell {
    match property.value(row) {
        None => Cell::Empty,
        Some(Value::Text(text)) => Cell::text(text),
        Some(Value::Int(value)) => Cell::Int(value),
        Some(Value::Float(value)) => Cell::number(value),
        Some(Value::Time(time)) => Cell::Time(time),
    }
}

/// The event's stage, where touchpoint rules gave it one.
pub(super) fn stage(store: &JourneyStore, row: usize) -> Cell {
    store.stage_name(row).map_or(Cell::Empty, Cell::text)
}

/// The event's channel as text, whatever kind of column plays it.
pub(super) fn channel(store: &JourneyStore, row: usize) -> Cell {
    let text = store.roles.channel.and_then(|idx| store.properties[idx].text(row));
    text.map_or(Cell::Empty, Cell::text)
}
