//! The values of a column as rows of an answer: the 20 that are most frequent, and `(other)` for the rest.

use rustc_hash::FxHashMap;

use super::Error;
use crate::base::Instant;
use crate::base::nearest::nearest;
use crate::journey::props::{self, NULL};
use crate::journey::{Codes, JourneyStore, Property, ValueKind, View};

/// Values kept; the rest is `(other)`.
const MAX_VALUES: usize = 20;
const MISSING: &str = "(none)";
const OTHER: &str = "(other)";

/// A column of the data; the word `event` means the event's own name.
#[derive(Debug, Clone, Copy)]
pub(super) enum GroupColumn<'s> {
    Property(&'s Property),
    Event,
}

impl<'s> GroupColumn<'s> {
    /// The column with this name, which may stand in backticks; the words `channel`, `value`, `score` and `session` name
    /// the column with that role where no column is called so.
    ///
    /// # Errors
    /// `UnknownColumn`, with the nearest name.
    pub fn find(store: &'s JourneyStore, name: &str) -> Result<Self, Error> {
        let name = name.trim().strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or(name.trim());
        let by_role = || match name {
            "channel" => store.roles.channel,
            "value" => store.roles.value,
            "score" => store.roles.score,
            "session" => store.roles.session,
            _ => None,
        };
        if let Some(idx) = store.property_idx(name).or_else(by_role) {
            return Ok(GroupColumn::Property(&store.properties[idx]));
        }
        if name == "event" || name == store.roles.event {
            return Ok(GroupColumn::Event);
        }
        let known = store.properties.iter().map(|property| property.name.as_str());
        Err(Error::UnknownColumn { name: name.to_owned(), nearest: nearest(name, known).map(str::to_owned) })
    }

    /// A key that two events share exactly where their values are equal.
    #[inline]
    pub fn key(self, view: &View, position: usize) -> i64 {
        match self {
            GroupColumn::Property(property) => property.key(view.row(position)),
            GroupColumn::Event => i64::from(view.codes().get(position)),
        }
    }

    /// By position the key, where keys are bytes: as `key`, with nothing to be found out each time.
    pub fn byte_keys(self, view: &'s View) -> Option<impl Fn(usize) -> usize + 's> {
        let (codes, places) = match self {
            GroupColumn::Property(Property { values: props::Values::Text { codes, .. }, .. }) => (codes, view.rows()),
            GroupColumn::Property(_) => return None,
            GroupColumn::Event => (view.codes(), None),
        };
        let Codes::U8(keys) = codes else { return None };
        let keys: &[u8] = keys;
        Some(move |position: usize| usize::from(keys[places.map_or(position, |places| places[position] as usize)]))
    }

    /// The key of no value.
    pub fn missing(self) -> i64 {
        match self {
            GroupColumn::Property(property) if property.kind() == ValueKind::Text => 0,
            GroupColumn::Property(_) | GroupColumn::Event => NULL,
        }
    }

    /// How many keys there are, where they are the numbers from 0.
    pub fn n_keys(self, store: &JourneyStore) -> Option<usize> {
        match self {
            GroupColumn::Property(property) => match &property.values {
                props::Values::Text { names, .. } => Some(names.len() + 1),
                _ => None,
            },
            GroupColumn::Event => Some(store.touchpoints.len()),
        }
    }

    /// How people read the value with this key.
    pub fn label(self, store: &JourneyStore, key: i64) -> String {
        if key == self.missing() {
            return MISSING.into();
        }
        match self {
            GroupColumn::Property(property) => match &property.values {
                props::Values::Text { names, .. } => names.name(key as u32 - 1).to_owned(),
                props::Values::Int(_) => key.to_string(),
                props::Values::Float(_) => f64::from_bits(key as u64).to_string(),
                props::Values::Time(_) => Instant(key).to_string(),
            },
            GroupColumn::Event => store.touchpoints.name(key as u32).to_owned(),
        }
    }
}

/// How often every key came up.
#[derive(Debug, Default)]
pub(super) struct KeyCounts {
    /// By key, where keys are bytes, as most dictionary codes are.
    small: Vec<u64>,
    large: FxHashMap<i64, u64>,
}

impl KeyCounts {
    #[inline]
    pub fn add(&mut self, key: i64) {
        self.add_many(key, 1);
    }

    #[inline]
    pub fn add_many(&mut self, key: i64, n: u64) {
        match self.small.get_mut(key as usize) {
            Some(count) => *count += n,
            None => self.add_new(key, n),
        }
    }

    #[cold]
    fn add_new(&mut self, key: i64, n: u64) {
        if (0..1 << 8).contains(&key) {
            self.small = vec![0; 1 << 8];
            self.small[key as usize] = n;
        } else {
            *self.large.entry(key).or_default() += n;
        }
    }

    pub fn plus(mut self, other: &KeyCounts) -> Self {
        other.iter().for_each(|(key, n)| self.add_many(key, n));
        self
    }

    /// Keys that came up, and how often.
    fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        let small = (0..).zip(self.small.iter().copied()).filter(|(_, n)| *n > 0);
        small.chain(self.large.iter().map(|(key, n)| (*key, *n)))
    }
}

/// Labels in the order of the table: most frequent first, ties by text, `(other)` last; and where every key stands.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub labels: Vec<String>,
    /// The keys behind each label.
    keys: Vec<Vec<i64>>,
    /// By key, where keys are small, as dictionary codes are.
    small: Vec<u8>,
    large: FxHashMap<i64, u8>,
    /// Where a key stands that is in neither.
    rest: u8,
}

/// Keys below this are looked up by index.
const SMALL: i64 = 1 << 16;

impl Places {
    pub fn of(column: GroupColumn<'_>, store: &JourneyStore, counts: &KeyCounts) -> Self {
        // A text in the data may read like the mark for a missing value; what reads the same is one row.
        let mut by_label: FxHashMap<String, (u64, Vec<i64>)> = FxHashMap::default();
        for (key, n) in counts.iter() {
            let (total, keys) = by_label.entry(column.label(store, key)).or_default();
            *total += n;
            keys.push(key);
        }
        let mut ranked: Vec<(String, (u64, Vec<i64>))> = by_label.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        let has_other = ranked.len() > MAX_VALUES;
        let mut places = Places::default();
        let mut rest = Vec::new();
        for (label, (_, keys)) in ranked {
            if places.labels.len() < MAX_VALUES && !(has_other && label == OTHER) {
                places.labels.push(label);
                places.keys.push(keys);
            } else {
                rest.extend(keys);
            }
        }
        places.rest = places.labels.len() as u8;
        let placed =
            || places.keys.iter().zip(0u8..).flat_map(|(keys, place)| keys.iter().map(move |key| (*key, place)));
        if placed().all(|(key, _)| (0..SMALL).contains(&key)) {
            let mut small = vec![places.rest; SMALL as usize];
            placed().for_each(|(key, place)| small[key as usize] = place);
            places.small = small;
        } else {
            places.large = placed().collect();
        }
        if has_other {
            places.labels.push(OTHER.into());
            places.keys.push(rest);
        }
        places
    }

    /// The one key behind each label, in their order; `None` where a label has several.
    pub fn lone_keys(&self) -> Option<Vec<i64>> {
        self.keys.iter().map(|keys| if let [key] = keys[..] { Some(key) } else { None }).collect()
    }

    #[inline]
    pub fn place(&self, key: i64) -> u8 {
        match self.small.get(key as usize) {
            Some(place) => *place,
            None => self.large.get(&key).copied().unwrap_or(self.rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::fixture::view;

    #[test]
    fn the_most_frequent_values_come_first_and_the_rest_is_one_row() {
        let text: String =
            (0..30).map(|i| format!("c{i}: a{i}{{p=v{:02},n={}}}\n", i % 25, 1.5 * f64::from(i))).collect();
        let view = view(&format!("{text}z: a99"));
        for (name, first, n) in [("p", "v00", 21), ("`n`", "(none)", 21), ("event", "a", 1)] {
            let column = GroupColumn::find(view.store(), name).expect(name);
            let mut counts = KeyCounts::default();
            (0..view.n_events()).for_each(|position| counts.add(column.key(&view, position)));
            let places = Places::of(column, view.store(), &counts);
            assert_eq!((places.labels[0].as_str(), places.labels.len()), (first, n), "{name}");
            let mut by_place = vec![0; places.labels.len()];
            (0..view.n_events()).for_each(|at| by_place[usize::from(places.place(column.key(&view, at)))] += 1);
            assert_eq!(by_place.iter().sum::<i32>(), 31, "{name}");
            assert!(n == 1 || places.labels[20] == OTHER);
            assert_eq!(places.lone_keys().is_some(), n == 1);
        }
        let err = GroupColumn::find(view.store(), "pp").expect_err("unknown");
        assert_eq!(err.to_string(), "no column is named `pp`; did you mean `p`?");
    }
}
