//! What a reader must know beside the numbers.

use super::answer::{Dwell, StageDwell};
use super::plan::{Plan, What};
use super::spec::DwellSpec;

/// Names listed in one note; the rest is counted.
const NAMES_MAX: usize = 5;

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
        notes.push(format!("still open: {}, {until}", count(open, "visit")));
    }
    unmapped(answer, &mut notes);
    if answer.n_without_visit > 0 {
        let customers = count(answer.n_without_visit, "customer");
        notes.push(match &spec.between[..] {
            [from, _] => format!("{customers} never did {from}"),
            _ => format!("{customers} without any visit to a stage"),
        });
    }
    if plan.are_ordered || !plan.to_is_stage() {
        name_those(stages, |stage| stage.visits == 0, "nobody was in", &mut notes);
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
        name_those(
            stages,
            is_not_reached,
            "km_median_s is empty where half have not moved on as far as is known:",
            &mut notes,
        );
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

fn unmapped(answer: &Dwell, notes: &mut Vec<String>) {
    let n: u64 = answer.unmapped.iter().map(|(_, n)| n).sum();
    if n == 0 {
        return;
    }
    let mut names: Vec<String> =
        answer.unmapped.iter().take(NAMES_MAX).map(|(name, n)| format!("{name} {n}")).collect();
    if answer.unmapped.len() > NAMES_MAX {
        names.push(format!("and {} more names", answer.unmapped.len() - NAMES_MAX));
    }
    let share = 100.0 * n as f64 / answer.n_events as f64;
    notes.push(format!(
        "unmapped: {n} of {} events ({share:.1}%) belong to no stage and change nothing: {}",
        answer.n_events,
        names.join(", ")
    ));
}

fn name_those(stages: &[StageDwell], is_one: impl Fn(&StageDwell) -> bool, what: &str, notes: &mut Vec<String>) {
    let all: Vec<&str> = stages.iter().filter(|stage| is_one(stage)).map(|stage| stage.name.as_str()).collect();
    if all.is_empty() {
        return;
    }
    let mut names = all.iter().take(NAMES_MAX).map(|name| (*name).to_owned()).collect::<Vec<_>>();
    if all.len() > NAMES_MAX {
        names.push(format!("and {} more", all.len() - NAMES_MAX));
    }
    notes.push(format!("{what} {}", names.join(", ")));
}

/// `1 visit`, `2 visits`.
fn count(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
