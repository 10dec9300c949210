//! Answers from the journey store of this process.

use std::sync::{Arc, Mutex};

use super::Engine;
use crate::analysis::{self, Answer, Error, MapSpec, Scope, Spec, map};
use crate::base::memory::GivesBack;
use crate::base::{Ctl, room};
use crate::journey::{JourneyStore, View};
use crate::table::Table;

/// The store, and the last few views, so that the same filter is applied once and not at every question.
#[derive(Debug)]
pub struct Local {
    store: Arc<JourneyStore>,
    views: Mutex<Vec<(Scope, View)>>,
}

/// Up to so many events nothing that a question takes is worth a look at how much room there is.
const FEW_EVENTS: usize = 1 << 20;
/// With less room than so many bytes per event, what a question frees goes back to the system at once.
const ROOM_PER_EVENT: u64 = 16;

/// Views kept; each costs up to 13 bytes per event that its filter keeps.
const VIEWS_KEPT: usize = 3;

impl Local {
    pub fn new(store: JourneyStore) -> Self {
        Local { store: Arc::new(store), views: Mutex::new(Vec::new()) }
    }

    pub fn store(&self) -> &Arc<JourneyStore> {
        &self.store
    }

    fn has_little_room(&self) -> bool {
        let n_events = self.store.n_events();
        n_events > FEW_EVENTS && room::left().is_some_and(|left| left < ROOM_PER_EVENT * n_events as u64)
    }

    fn view(&self, scope: &Scope, ctl: &Ctl) -> Result<View, Error> {
        let lock = || self.views.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, view)) = lock().iter().find(|(known, _)| known == scope) {
            return Ok(view.clone());
        }
        let view = scope.view(&self.store, ctl)?;
        let mut views = lock();
        views.insert(0, (scope.clone(), view.clone()));
        views.truncate(VIEWS_KEPT);
        Ok(view)
    }
}

impl Engine for Local {
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
        let _gives_back = self.has_little_room().then(GivesBack::new);
        let view = self.view(spec.scope(), ctl)?;
        analysis::run(&view, spec, ctl)
    }

    fn voices(&self, spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error> {
        map::verbatims(&self.view(&spec.scope, ctl)?, spec, cell, text, ctl)
    }

    fn touchpoints(&self) -> Vec<(String, u64)> {
        let whole = View::whole(Arc::clone(&self.store));
        let counts = whole.touchpoint_counts();
        most_frequent_first(self.store.touchpoints.iter().map(str::to_owned).zip(counts.iter().copied()).collect())
    }

    fn columns(&self) -> Vec<String> {
        self.store.properties.iter().map(|property| property.name.clone()).collect()
    }

    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)> {
        let Some(idx) = self.store.property_idx(column) else { return Vec::new() };
        let property = &self.store.properties[idx];
        let mut counts = std::collections::HashMap::new();
        let mut example = std::collections::HashMap::new();
        for row in (0..self.store.n_events()).filter(|&row| !property.is_null(row)) {
            let key = property.key(row);
            *counts.entry(key).or_insert(0u64) += 1;
            example.entry(key).or_insert(row);
        }
        let named = counts.into_iter().filter_map(|(key, n)| Some((property.text(example[&key])?.into_owned(), n)));
        let mut values = most_frequent_first(named.collect());
        values.truncate(limit);
        values
    }
}

fn most_frequent_first(mut counted: Vec<(String, u64)>) -> Vec<(String, u64)> {
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted
}
