//! An engine whose questions are completed before they are asked.

use std::sync::Arc;

use super::Engine;
use crate::analysis::{Answer, Error, MapSpec, Spec};
use crate::base::Ctl;
use crate::table::Table;

type Complete = dyn Fn(&Spec) -> Result<Spec, String> + Send + Sync;

/// Another engine, and what is added to its questions.
pub struct Prepared<E> {
    inner: E,
    complete: Arc<Complete>,
}

impl<E: Engine> Prepared<E> {
    /// `complete` says in a sentence why a question cannot be asked.
    pub fn new(inner: E, complete: impl Fn(&Spec) -> Result<Spec, String> + Send + Sync + 'static) -> Self {
        Prepared { inner, complete: Arc::new(complete) }
    }
}

impl<E: Engine> Engine for Prepared<E> {
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
        self.inner.answer(&self.asked(spec)?, ctl)
    }

    fn asked(&self, spec: &Spec) -> Result<Spec, Error> {
        (self.complete)(spec).map_err(Error::Invalid)
    }

    fn voices(&self, spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error> {
        match self.asked(&Spec::Map(spec.clone()))? {
            Spec::Map(asked) => self.inner.voices(&asked, cell, text, ctl),
            _ => self.inner.voices(spec, cell, text, ctl),
        }
    }

    fn touchpoints(&self) -> Vec<(String, u64)> {
        self.inner.touchpoints()
    }

    fn columns(&self) -> Vec<String> {
        self.inner.columns()
    }

    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)> {
        self.inner.values(column, limit)
    }
}
