//! Journey map: stages with who reached them, who moved on, how long it took, how it felt, and what hurts.
//!
//! Reading order: `plan` is what a workspace says, `spec` the question, `answer` the numbers and `tables` their tables.
//! `ground` meets the question with the data, `walk` finds when stages were entered and left, `tally` counts, `feel` reads the
//! scores. `pain`, `opportunity`, `kpi` and `figures` make of it what the map says; `who` and `verbatims` open it.

pub mod answer;
mod draw;
mod feel;
mod figures;
mod ground;
pub mod kpi;
mod notes;
mod opportunity;
mod pain;
pub mod plan;
pub mod spec;
mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod verbatims;
mod walk;
mod who;

use crate::base::{Ctl, CustomerId};
use crate::journey::View;

use self::draw::Drawn;
use self::feel::Answers;
use self::ground::Ground;
use super::Error;
pub use answer::{
    Channel, Coverage, Emotion, GridCell, GridRow, KpiFigure, KpiUnit, Map, Opportunity, Pain, Rows, ScoreFigure,
    Stage, Status, Touchpoint,
};
pub use plan::Plan;
pub use spec::{MapSpec, Scale, ScoreAt};
pub use verbatims::verbatims;
pub use who::in_words;

/// Draws the map.
///
/// # Errors
/// No stages, an unknown event, stage or column, a KPI that cannot be read, or `Cancelled`.
pub fn map(view: &View, spec: &MapSpec, ctl: &Ctl) -> Result<Map, Error> {
    let ground = Ground::new(view, spec, ctl)?;
    let waits = walk::waits(&ground, ctl)?;
    let judges = tally::judges(&ground, &waits);
    let tally = tally::tally(&ground, &waits, ctl)?;
    let answers = Answers::new(&ground, ctl)?;
    let pains = pain::pains(&ground, &tally, &judges, &answers, ctl)?;
    let value = tally.values.mean();
    let mut notes = Vec::new();
    let kpis = figures::kpis(&ground, &waits, &answers, ctl, &mut notes)?;
    let drawn = Drawn { ground: &ground, waits: &waits, tally: &tally, answers: &answers };
    let mut answer = Map {
        title: spec.title(),
        language: spec.plan.language.clone(),
        coverage: drawn.coverage(),
        stages: drawn.stages(),
        touchpoints: drawn.touchpoints(pains, value),
        channels: drawn.channels(),
        kpis,
        scores: figures::scores(&ground, &waits, &answers),
        notes: Vec::new(),
    };
    answer.notes = notes::notes(&ground, &answers, &answer, value);
    answer.notes.extend(notes);
    Ok(answer)
}

/// The customers behind a cell (see `who`), in text order of their ids, once each.
///
/// # Errors
/// As `map`, and `UnknownCell`.
pub fn who(view: &View, spec: &MapSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    who::who(view, spec, cell, ctl)
}
