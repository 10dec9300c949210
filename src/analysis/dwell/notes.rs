//! What a reader must know beside the numbers.

use super::answer::{Dwell, StageDwell};
use super::plan::{Plan, What};
use super::spec::DwellSpec;
use crate::analysis::stages::{counted, named_note, unmapped_note};

pub fn notes(plan: &Plan, spec: &DwellSpec, answer: &Dwell) -> Vec<String> {
    let mut notes = match &plan.what {
        What::Stages(stages) => stages.notes.clone(),
        What::Between { .. } => Vec::new(),
    };
    let stages = &answer.total().stages;
    let open: u64 = stages.iter().map(|stage| stage.open).sum();
    if open > 0 {
        let until = match spec.censor {
            super::Censor::DataEnd => format!("watched until {}", plan.view.as_of()),
            super::Censor::LastEvent => "watched until the customer's last event".to_owned(),
        };
        notes.push(format!("still open: {}, {until}", counted(open, "visit")));
    }
    let n = answer.unmapped.iter().map(|(_, n)| n).sum();
    notes.extend(unmapped_note(n, answer.n_events, &answer.unmapped, "change nothing"));
    if answer.n_without_visit > 0 {
        let customers = counted(answer.n_without_visit, "customer");
        notes.push(match &spec.between[..] {
            [from, _] => format!("{customers} never did {from}"),
            _ => format!("{customers} without any visit to a stage"),
        });
    }
    if plan.are_ordered || !plan.to_is_stage() {
        notes.extend(name_those(stages, |stage| stage.visits == 0, "nobody was in"));
    }
    let are_all_open = stages.iter().all(|stage| stage.completed == 0) && open > 0;
    if are_all_open && plan.names.len() == 1 && plan.to_is_stage() {
        notes.push(
            "nobody can leave the only stage, so that every visit is open; name the stages that follow with --stage, or \
             say when somebody has left with --terminal or --end-after"
                .to_owned(),
        );
    } else {
        let is_not_reached = |stage: &StageDwell| stage.visits > 0 && stage.km_median_s.is_none();
        notes.extend(name_those(
            stages,
            is_not_reached,
            "km_median_s is empty where half have not moved on as far as is known:",
        ));
    }
    for tail in &answer.tails {
        if tail.traits.is_empty() {
            notes.push(format!(
                "slow visits to {}: {} against {}, and nothing that enough of them have in common",
                tail.stage, tail.slow, tail.rest
            ));
        }
    }
    if answer.tails.iter().any(|tail| !tail.traits.is_empty()) {
        notes.push(
            "slow: associations, not effects; only visits that began early enough to be seen to be slow are compared, and what \
             they did is watched only until half of the others had ended"
                .to_owned(),
        );
    }
    notes
}

fn name_those(stages: &[StageDwell], is_one: impl Fn(&StageDwell) -> bool, what: &str) -> Option<String> {
    let all: Vec<&str> = stages.iter().filter(|stage| is_one(stage)).map(|stage| stage.name.as_str()).collect();
    named_note(what, &all)
}
