//! Everything about a store that is no column, as a saved store holds it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::Instant;
use crate::journey::numbers::Number;
use crate::journey::props::{Property, ValueKind, Values};
use crate::journey::{Codes, JourneyStore, Numbers, Roles, View};

/// No reader takes a time that is farther from 1970, in microseconds; their differences are numbers too.
const FARTHEST: i64 = 1 << 60;

/// Everything about a store that is no column.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub events: usize,
    pub customers: usize,
    pub touchpoints: usize,
    /// Bytes of a touchpoint's code.
    pub width: usize,
    pub properties: Vec<PropertyShape>,
    pub roles: Roles,
    pub zone: String,
    pub ties: u64,
    pub duplicates: u64,
    pub dropped_duplicates: u64,
    pub repeated_keys: u64,
    pub first: i64,
    pub last: i64,
    pub counts: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PropertyShape {
    pub name: String,
    pub kind: Kind,
    /// Different texts, and bytes of a code, where it is text.
    pub texts: usize,
    pub width: usize,
    /// How many events have a number, where those are few.
    pub values: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Time,
}

impl Shape {
    pub fn of(store: &Arc<JourneyStore>) -> Self {
        let property = |property: &Property| {
            let ((texts, width), values) = match &property.values {
                Values::Text { codes, names } => ((names.len(), width(codes)), None),
                Values::Int(values) | Values::Time(values) => ((0, 0), n_few(values)),
                Values::Float(values) => ((0, 0), n_few(values)),
            };
            let kind = match property.kind() {
                ValueKind::Text => Kind::Text,
                ValueKind::Int => Kind::Int,
                ValueKind::Float => Kind::Float,
                ValueKind::Time => Kind::Time,
            };
            PropertyShape { name: property.name.clone(), kind, texts, width, values }
        };
        let (first, last) = store.bounds().unwrap_or((Instant(0), Instant(0)));
        Shape {
            events: store.n_events(),
            customers: store.n_customers(),
            touchpoints: store.touchpoints.len(),
            width: width(&store.codes),
            properties: store.properties.iter().map(property).collect(),
            roles: store.roles.clone(),
            zone: store.zone.name().to_owned(),
            ties: store.n_ties,
            duplicates: store.n_duplicates,
            dropped_duplicates: store.n_dropped_duplicates,
            repeated_keys: store.n_repeated_keys,
            first: first.0,
            last: last.0,
            counts: View::whole(Arc::clone(store)).touchpoint_counts().into_owned(),
        }
    }

    /// Whether what it says holds together.
    pub fn is_sound(&self) -> bool {
        let sum = self.counts.iter().try_fold(0u64, |sum, n| sum.checked_add(*n));
        let roles = &self.roles;
        let placed = [roles.channel, roles.value, roles.score, roles.session, roles.anonymous];
        let range = -FARTHEST..=FARTHEST;
        self.events > 0
            && range.contains(&self.first)
            && range.contains(&self.last)
            && self.customers > 0
            && self.counts.len() == self.touchpoints
            && sum == Some(self.events as u64)
            && self.first <= self.last
            && placed.into_iter().flatten().all(|at| at < self.properties.len())
    }
}

fn n_few<T: Number>(numbers: &Numbers<T>) -> Option<usize> {
    match numbers {
        Numbers::All(_) => None,
        Numbers::Few(_) => Some(numbers.n_values()),
    }
}

fn width(codes: &Codes) -> usize {
    match codes {
        Codes::U8(_) => 1,
        Codes::U16(_) => 2,
        Codes::U32(_) => 4,
    }
}
