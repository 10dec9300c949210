//! Holding a value constant: which value an event carries, comparable across the columns that hold it.
//!
//! An attempt sees only the events that carry its value: they alone can be its steps, its exclusions, or the "next"
//! event. Where steps name columns of their own, an event carries every value that one of the columns gives it, and
//! counts as a step only by that step's column.

use super::spec::FunnelSpec;
use crate::analysis::Error;
use crate::analysis::property::find_column;
use crate::journey::{Names, Property, Values, View};

/// The columns of what is held constant.
#[derive(Debug)]
pub struct Same<'v> {
    columns: Vec<Keys<'v>>,
    /// By step of the spec, the position in `columns`.
    column_of_step: Vec<usize>,
}

/// A column's values as keys that are equal across columns exactly where the values are.
#[derive(Debug)]
enum Keys<'v> {
    Own(&'v Property),
    /// By the property's own key, which is a dictionary code.
    Mapped(&'v Property, Vec<i64>),
    /// By row of the store.
    Rows(&'v Property, Vec<i64>),
}

impl<'v> Same<'v> {
    /// The columns of a spec, `None` where it holds nothing constant.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn resolve(view: &'v View, spec: &FunnelSpec) -> Result<Option<Self>, Error> {
        let Some(common) = &spec.same else { return Ok(None) };
        let store = view.store();
        let mut properties: Vec<&'v Property> = vec![find_column(store, common)?];
        let mut column_of_step = Vec::new();
        for step in &spec.steps {
            let property = find_column(store, step.same.as_ref().unwrap_or(common))?;
            let known = properties.iter().position(|known| known.name == property.name);
            column_of_step.push(known.unwrap_or(properties.len()));
            if known.is_none() {
                properties.push(property);
            }
        }
        Ok(Some(Same { columns: comparable(&properties), column_of_step }))
    }

    /// Calls `each` once for every value that the event at a row carries, with the steps that it may be by that value.
    pub fn for_each_value(&self, row: usize, steps: u32, mut each: impl FnMut(i64, u32)) {
        for (at, column) in self.columns.iter().enumerate() {
            let Some(value) = column.value(row) else { continue };
            if self.columns[..at].iter().any(|before| before.value(row) == Some(value)) {
                continue;
            }
            let carried =
                self.column_of_step.iter().enumerate().filter(|(step, column)| {
                    steps >> step & 1 == 1 && self.columns[**column].value(row) == Some(value)
                });
            each(value, carried.fold(0, |bits, (step, _)| bits | 1 << step));
        }
    }
}

impl Keys<'_> {
    fn value(&self, row: usize) -> Option<i64> {
        match self {
            Keys::Own(property) => (!property.is_null(row)).then(|| property.key(row)),
            Keys::Mapped(property, keys) => (!property.is_null(row)).then(|| keys[property.key(row) as usize]),
            Keys::Rows(property, keys) => (!property.is_null(row)).then(|| keys[row]),
        }
    }
}

fn comparable<'v>(properties: &[&'v Property]) -> Vec<Keys<'v>> {
    let kind = properties[0].kind();
    let is_text = |property: &Property| matches!(property.values, Values::Text { .. });
    let is_alike = properties.iter().all(|property| property.kind() == kind);
    if properties.len() == 1 || (is_alike && !is_text(properties[0])) {
        return properties.iter().map(|property| Keys::Own(property)).collect();
    }
    let mut all = Names::new();
    let mut keys = Vec::new();
    for &property in properties {
        keys.push(match &property.values {
            Values::Text { names, .. } => {
                let ids = all.merge(names).into_iter().map(i64::from);
                Keys::Mapped(property, std::iter::once(-1).chain(ids).collect())
            }
            // Numbers beside texts are compared as they are written.
            Values::Int(_) | Values::Float(_) | Values::Time(_) => {
                let of_row = |row| property.text(row).map_or(-1, |text| i64::from(all.intern(&text)));
                Keys::Rows(property, (0..property.values.len()).map(of_row).collect())
            }
        });
    }
    keys
}
