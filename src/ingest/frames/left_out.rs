//! Rows of a block of which the product that wrote them says that they do not count.

use super::block::{Columns, UNEVEN};
use super::cell;
use crate::ingest::plan::ColumnPlan;

/// Which rows those are; `None` where there is none.
pub(super) fn left_out(columns: &mut Columns<'_>, plan: &ColumnPlan) -> Result<Option<Vec<bool>>, String> {
    let mut left_out: Option<Vec<bool>> = None;
    for &(column, values) in &plan.terms.leave_out {
        columns.pin(&[column])?;
        let series = columns.series(column)?.rechunk();
        let rows = left_out.get_or_insert_with(|| vec![false; series.len()]);
        if series.len() != rows.len() {
            return Err(UNEVEN.into());
        }
        let has = |row: usize| cell::text(&series, row).is_some_and(|text| values.has(&text));
        rows.iter_mut().enumerate().for_each(|(row, is_out)| *is_out |= has(row));
    }
    Ok(left_out.filter(|rows| rows.contains(&true)))
}
