//! The value of a breakdown at a visit, and which values are shown: the 20 with most visits, and `(other)` for the rest.

use rustc_hash::FxHashMap;

use super::kernel::Visit;
use super::spec::{BreakdownAt, DwellSpec};
use crate::analysis::Error;
use crate::analysis::property::find_column;
use crate::base::Instant;
use crate::journey::props::{self, NULL};
use crate::journey::{Property, ValueKind, View};

/// Values kept; the rest is `(other)`.
pub const MAX_VALUES: usize = 20;
pub const MISSING: &str = "(none)";
pub const OTHER: &str = "(other)";

/// Where a visit's value stands.
#[derive(Debug, Clone, Copy)]
pub struct Value<'v> {
    view: &'v View,
    column: Column<'v>,
    at: BreakdownAt,
    missing: i64,
}

#[derive(Debug, Clone, Copy)]
enum Column<'v> {
    Property(&'v Property),
    /// The event's own name.
    Event,
}

impl<'v> Value<'v> {
    /// The column of a spec's breakdown, `None` where it has none. The word `event` means the event's name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn resolve(view: &'v View, spec: &DwellSpec) -> Result<Option<Self>, Error> {
        let Some(name) = &spec.breakdown else { return Ok(None) };
        let store = view.store();
        let is_event = name == "event" || *name == store.roles.event;
        let (column, missing) = if is_event && store.property_idx(name).is_none() {
            (Column::Event, NULL)
        } else {
            let property = find_column(store, name)?;
            (Column::Property(property), if property.kind() == ValueKind::Text { 0 } else { NULL })
        };
        Ok(Some(Value { view, column, at: spec.breakdown_at, missing }))
    }

    /// A key that two visits share exactly where their values are equal.
    #[inline]
    pub fn key(&self, visit: &Visit) -> i64 {
        let position = match self.at {
            BreakdownAt::Entry => visit.start as usize,
            BreakdownAt::First => self.view.journey(visit.customer).start,
            BreakdownAt::Last => self.view.journey(visit.customer).end - 1,
        };
        match self.column {
            Column::Property(property) => property.key(self.view.row(position)),
            Column::Event => i64::from(self.view.codes().get(position)),
        }
    }

    /// How many keys there are, where they are the numbers from 0.
    pub fn n_keys(&self) -> Option<usize> {
        match self.column {
            Column::Property(property) => match &property.values {
                props::Values::Text { names, .. } => Some(names.len() + 1),
                _ => None,
            },
            Column::Event => Some(self.view.store().touchpoints.len()),
        }
    }

    /// How people read the value with this key.
    fn label(&self, key: i64) -> String {
        match self.column {
            _ if key == self.missing => MISSING.into(),
            Column::Property(property) => label(property, key),
            Column::Event => self.view.store().touchpoints.name(key as u32).to_owned(),
        }
    }
}

/// How people read the value of a property that has this key, which is not the one for a missing value.
pub fn label(property: &Property, key: i64) -> String {
    match &property.values {
        props::Values::Text { names, .. } => names.name(key as u32 - 1).to_owned(),
        props::Values::Int(_) => key.to_string(),
        props::Values::Float(_) => f64::from_bits(key as u64).to_string(),
        props::Values::Time(_) => Instant(key).to_string(),
    }
}

/// The values that are shown, in the order of the tables: most visits first, ties by text, `(other)` last.
#[derive(Debug, Default)]
pub struct Groups {
    pub labels: Vec<String>,
    place_of_key: FxHashMap<i64, u8>,
}

impl Groups {
    /// From the number of visits by key; a key may come more than once.
    pub fn of(value: &Value, visits: impl Iterator<Item = (i64, u64)>) -> Self {
        let mut by_key: FxHashMap<i64, u64> = FxHashMap::default();
        visits.for_each(|(key, n)| *by_key.entry(key).or_default() += n);
        // A text in the data may read like the mark for a missing value; what reads the same is one row.
        let mut by_label: FxHashMap<String, (u64, Vec<i64>)> = FxHashMap::default();
        for (key, n) in by_key {
            let (total, keys) = by_label.entry(value.label(key)).or_default();
            *total += n;
            keys.push(key);
        }
        let mut ranked: Vec<(String, (u64, Vec<i64>))> = by_label.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        let has_other = ranked.len() > MAX_VALUES;
        let mut groups = Groups::default();
        let mut rest = Vec::new();
        for (label, (_, keys)) in ranked {
            if groups.labels.len() < MAX_VALUES && !(has_other && label == OTHER) {
                let place = groups.labels.len() as u8;
                groups.place_of_key.extend(keys.into_iter().map(|key| (key, place)));
                groups.labels.push(label);
            } else {
                rest.extend(keys);
            }
        }
        if has_other {
            let place = groups.labels.len() as u8;
            groups.place_of_key.extend(rest.into_iter().map(|key| (key, place)));
            groups.labels.push(OTHER.into());
        }
        groups
    }

    /// The one key behind each label, in their order; `None` where a label has several.
    pub fn keys(&self) -> Option<Vec<usize>> {
        let mut keys = vec![usize::MAX; self.labels.len()];
        let is_alone = |(key, place): (&i64, &u8)| {
            let known = &mut keys[usize::from(*place)];
            std::mem::replace(known, *key as usize) == usize::MAX
        };
        let are_alone = self.place_of_key.iter().map(is_alone).fold(true, |all, one| all & one);
        are_alone.then_some(keys)
    }

    /// The place of a key's value among the labels.
    pub fn place(&self, key: i64) -> usize {
        usize::from(self.place_of_key[&key])
    }
}
