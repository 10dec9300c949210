//! What a reader must know beside the map.

use super::answer::Map;
use super::feel::Answers;
use super::ground::{EntryPeriod, Ground};
use crate::analysis::stages::{counted, named_note, unmapped_note};

pub fn notes(ground: &Ground, answers: &Answers, answer: &Map, value: Option<f64>) -> Vec<String> {
    let mut notes = ground.stages.notes.clone();
    if ground.period != EntryPeriod::ALWAYS {
        notes.push(
            "a stage counts those whose first entry into it lies in the period, with all they did there".to_owned(),
        );
    }
    let coverage = &answer.coverage;
    let n = coverage.events - coverage.mapped_events;
    notes.extend(unmapped_note(n, coverage.events, &coverage.unmapped, "are no part of the map"));
    let waiting: u64 = answer.stages.iter().filter_map(super::answer::Stage::waiting).sum();
    if waiting > 0 {
        notes.push(format!(
            "still waiting counts who has not moved on, watched until {}; km_median_s counts them for as long",
            ground.view.as_of()
        ));
    }
    let names = |is_one: fn(&super::answer::Stage) -> bool| {
        answer.stages.iter().filter(|stage| is_one(stage)).map(|stage| stage.id.as_str()).collect::<Vec<_>>()
    };
    notes.extend(named_note("nobody was in", &names(|stage| stage.customers == 0)));
    notes.extend(named_note(
        "km_median_s is empty where half have not moved on as far as is known:",
        &names(|stage| stage.moved_on.is_some() && !stage.is_terminal && stage.km_median_s.is_none()),
    ));
    if ground.channels.n_slots() == 0 {
        notes.push("no channel: no column plays it (--channel COLUMN); channels are gaps".to_owned());
    }
    notes.extend(answers.notes.iter().cloned());
    for (idx, question) in answers.questions.iter().enumerate() {
        let (id, (low, high)) = (&question.score.id, question.score.scale);
        if answers.beyond[idx] > 0 {
            notes.push(format!(
                "score `{id}`: {} beyond {low} to {high} left out",
                counted(answers.beyond[idx], "answer")
            ));
        }
        let whole = answer.scores.iter().find(|figure| figure.score == *id && figure.stage.is_none());
        match whole.and_then(|whole| whole.unattributed).filter(|n| *n > 0) {
            Some(n) => notes.push(format!(
                "score `{id}`: {} without a touchpoint of a stage in the {} before it, counted for no stage",
                counted(n, "answer"),
                question.score.window
            )),
            None if whole.is_some_and(|whole| whole.n == 0) => notes.push(format!("score `{id}`: nobody answered")),
            None => {}
        }
    }
    if answer.touchpoints.iter().any(|row| row.pain.rank.is_some()) {
        notes.push(
            "pains and opportunities are associations, not effects; rank_lo and rank_hi hold 95 % of the resamples"
                .to_owned(),
        );
    }
    match (&ground.goal, value) {
        (None, _) => notes.push("no goal is named (--goal STEP); what pains cost in goals is a gap".to_owned()),
        (Some(_), None) => {
            notes.push("no goal has a value (--value COLUMN); what pains cost in money is a gap".to_owned());
        }
        (Some(_), Some(_)) => {}
    }
    notes
}
