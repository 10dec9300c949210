//! A store and a saved store: put together from columns, shared with whoever saves it, looked at as a whole.

use std::sync::{Arc, OnceLock};

use super::codes::Codes;
use super::column::Column;
use super::names::Names;
use super::occurrences::Occurrences;
use super::props::{Property, Values};
use super::region::Region;
use super::store::{JourneyStore, Roles};
use crate::base::{Instant, Zone};

/// The columns that no store is without, and what was counted in them.
#[derive(Debug)]
pub struct Columns {
    pub customers: Names,
    pub touchpoints: Names,
    pub offsets: Column<u32>,
    pub times: Column<i64>,
    pub codes: Codes,
    pub masks: Column<u64>,
    pub properties: Vec<Property>,
    pub bounds: Option<(Instant, Instant)>,
    /// Events by touchpoint, where they were counted before.
    pub touchpoint_counts: Option<Vec<u64>>,
}

impl JourneyStore {
    /// A store of these columns; nothing is counted as a tie or a duplicate yet, and no column plays a part.
    pub fn of_columns(columns: Columns, saved: Option<Arc<Region>>) -> Self {
        let Columns { customers, touchpoints, offsets, times, codes, masks, properties, .. } = columns;
        JourneyStore {
            customers,
            touchpoints,
            offsets,
            times,
            codes,
            properties,
            roles: Roles::default(),
            zone: Zone::default(),
            n_ties: 0,
            n_duplicates: 0,
            n_dropped_duplicates: 0,
            n_repeated_keys: 0,
            masks,
            mapped: None,
            saved,
            text_order: OnceLock::new(),
            touchpoint_counts: columns.touchpoint_counts.map_or_else(OnceLock::new, OnceLock::from),
            nth: OnceLock::new(),
            marked: OnceLock::new(),
            occurrences: Occurrences::default(),
            last_times: OnceLock::new(),
            bounds: columns.bounds,
        }
    }

    /// A second store of the same events, which takes no memory for them. Either may be changed without the other.
    pub fn share(&mut self) -> Self {
        let properties = self.properties.iter_mut().map(|property| {
            let values = match &mut property.values {
                Values::Text { codes, names } => Values::Text { codes: codes.share(), names: names.share() },
                Values::Int(values) => Values::Int(values.share()),
                Values::Float(values) => Values::Float(values.share()),
                Values::Time(values) => Values::Time(values.share()),
            };
            Property { name: property.name.clone(), values }
        });
        JourneyStore {
            properties: properties.collect(),
            customers: self.customers.share(),
            touchpoints: self.touchpoints.share(),
            offsets: self.offsets.share(),
            times: self.times.share(),
            codes: self.codes.share(),
            masks: self.masks.share(),
            roles: self.roles.clone(),
            zone: self.zone.clone(),
            mapped: self.mapped.clone(),
            saved: self.saved.clone(),
            text_order: OnceLock::new(),
            touchpoint_counts: OnceLock::new(),
            nth: OnceLock::new(),
            marked: OnceLock::new(),
            occurrences: Occurrences::default(),
            last_times: OnceLock::new(),
            ..*self
        }
    }

    /// Looks at everything that is in a saved store and was not looked at yet. Whoever hands out rows that are made later
    /// asks for this first, and then whether the store is damaged.
    pub fn check_all(&self) {
        if self.saved.is_none() {
            return;
        }
        self.customers.check();
        self.touchpoints.check();
        self.offsets.check();
        self.times.check();
        self.codes.check();
        self.masks.check();
        for property in &self.properties {
            match &property.values {
                Values::Text { codes, names } => {
                    names.check();
                    codes.check();
                }
                Values::Int(values) | Values::Time(values) => values.check(),
                Values::Float(values) => values.check(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::journeys;
    use super::*;

    #[test]
    fn a_shared_store_changes_without_the_other() {
        let mut one = journeys("x: a0{channel=web,n=1} b5{n=2}\ny: a3{channel=app}");
        let two = one.share();
        one.touchpoints.intern("z");
        one.codes = Codes::zeros(3, 0);
        one.properties[0].name = "other".into();
        one.times[0] = -1;
        let names: Vec<&str> = (0..3).map(|row| two.touchpoint_name(row)).collect();
        assert_eq!((names, two.times[0], two.touchpoints.len()), (vec!["a", "b", "a"], 0, 2));
        assert_eq!(
            (two.properties[0].name.as_str(), two.roles.channel, two.bounds()),
            ("channel", Some(0), one.bounds())
        );
        assert_eq!(two.find_customer("y").map(|customer| customer.0), Some(1));
    }
}
