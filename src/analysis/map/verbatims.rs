//! What customers wrote: the comments of the answers behind a cell, worst first.

use super::feel::{Answers, Said};
use super::ground::Ground;
use super::spec::MapSpec;
use super::who::{What, members, unknown};
use crate::analysis::Error;
use crate::base::{Ctl, Instant};
use crate::journey::View;
use crate::table::{Cell, Kind, Table};

/// The comments of the answers that speak of a cell's place and come from its customers: customer, time, score, value, emotion,
/// comment, touchpoint, stage; the worst first, then by time. Cells are those of `who`; an empty one is the whole map. `filter`
/// keeps comments that hold a text, in any case.
///
/// # Errors
/// As `who`.
pub fn verbatims(view: &View, spec: &MapSpec, cell: &str, filter: &str, ctl: &Ctl) -> Result<Table, Error> {
    let ground = Ground::new(view, spec, ctl)?;
    let answers = Answers::new(&ground, ctl)?;
    let (what, chosen) = if cell.is_empty() {
        (None, None)
    } else {
        let what = What::parse(&ground, &answers, cell)?.ok_or_else(|| unknown(&ground, cell))?;
        let chosen = members(&ground, &answers, &what, ctl)?.ok_or_else(|| unknown(&ground, cell))?;
        (Some(what), Some(chosen))
    };
    ctl.check()?;
    let filter = filter.to_lowercase();
    let store = view.store();
    let comment = |said: &Said| {
        let property = answers.questions[said.question as usize].comment?;
        property.text(view.row(said.position as usize)).filter(|text| !text.trim().is_empty())
    };
    let is_wanted = |said: &&Said| {
        chosen.as_ref().is_none_or(|chosen| chosen.get(said.customer.idx()))
            && what.as_ref().is_none_or(|what| is_about(&ground, &answers, what, said))
            && comment(said).is_some_and(|text| filter.is_empty() || text.to_lowercase().contains(&filter))
    };
    let mut found: Vec<&Said> = answers.said.iter().filter(is_wanted).collect();
    let time = |said: &Said| view.times()[said.position as usize];
    found.sort_by(|a, b| {
        let by_name = || store.customer_name(a.customer).cmp(store.customer_name(b.customer));
        answers.emotion(a).total_cmp(&answers.emotion(b)).then(time(a).cmp(&time(b))).then_with(by_name)
    });
    let columns = [
        ("customer", Kind::Text),
        ("time", Kind::Time),
        ("score", Kind::Text),
        ("value", Kind::Number),
        ("emotion", Kind::Number),
        ("comment", Kind::Text),
        ("touchpoint", Kind::Text),
        ("stage", Kind::Text),
    ];
    let mut table = Table::new("verbatims", &columns);
    for said in found {
        let touchpoint = said.is_attributed().then(|| store.touchpoint_name(view.row(said.touchpoint as usize)));
        let stage = said.is_attributed().then(|| ground.stages.names[said.stage as usize].as_str());
        table.push(vec![
            Cell::text(store.customer_name(said.customer)),
            Cell::Time(Instant(time(said))),
            Cell::text(answers.questions[said.question as usize].score.id.as_str()),
            Cell::number(said.value),
            Cell::number(answers.emotion(said)),
            comment(said).map_or(Cell::Empty, |text| Cell::text(text.as_ref())),
            touchpoint.map_or(Cell::Empty, Cell::text),
            stage.map_or(Cell::Empty, Cell::text),
        ]);
    }
    Ok(table)
}

/// Whether an answer speaks of a cell's place.
fn is_about(ground: &Ground, answers: &Answers, what: &What, said: &Said) -> bool {
    let is_at = |stage: usize| said.is_attributed() && said.stage as usize == stage;
    match what {
        What::Stage { stage, .. } => is_at(*stage),
        What::Channel { stage, slot, .. } => {
            let slots = ground.channels.reader(ground.view);
            is_at(*stage) && slots.is_some_and(|slots| slots.at(ground.view.row(said.touchpoint as usize)) == *slot)
        }
        What::Touchpoint { stage, code, .. } => {
            said.is_attributed()
                && stage.is_none_or(is_at)
                && ground.view.codes().get(said.touchpoint as usize) == *code
        }
        What::Score { question, stage, sentiment } => {
            let asked = &answers.questions[said.question as usize];
            said.question as usize == *question
                && stage.is_none_or(is_at)
                && sentiment.is_none_or(|sentiment| asked.sentiment(said.value) == sentiment)
        }
        What::Kpi { .. } | What::Mapped | What::Scored => true,
    }
}
