//! A workspace proposed from data: a first draft that can be read as it is, with what was guessed, and how surely, beside it.
//!
//! `seen` is what the data shows, `words` what names say, `presets` the lists of stages; here every event is put into a
//! stage, and `text` writes the file.

pub mod presets;
pub mod seen;
mod text;
pub mod words;

#[cfg(test)]
mod tests;

pub use presets::{PRESETS, Preset};
pub use seen::Seen;
pub use text::Wish;

use seen::NameSeen;
use words::Phase;

/// Of the customers who reached the goal, who must have done so twice for that to be a touchpoint of its own.
const AGAIN: f64 = 0.05;

/// Of the names, how many must say something for their words to be trusted: one word by chance must not place all others.
const TOLD: usize = 3;

/// An event name with its place in the map.
#[derive(Debug, Clone, PartialEq)]
struct Placed<'s> {
    name: &'s NameSeen,
    stage: usize,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Why {
    Word(&'static str),
    Order,
}

/// Every name with its stage: what its words say, else the stage of the names that stand beside it, else of the one that
/// comes about as late in journeys.
fn place<'s>(seen: &'s Seen, preset: &Preset) -> Vec<Placed<'s>> {
    let by_word: Vec<Option<(Phase, &'static str)>> = seen.names.iter().map(|name| words::phase(&name.name)).collect();
    let goal = seen.steps.last();
    let is_told = by_word.iter().flatten().count() * TOLD >= by_word.len();
    // Rare names stand anywhere by chance.
    let most = seen.names.iter().map(|name| name.customers).max().unwrap_or(0);
    let marks: Vec<(f64, usize)> = seen
        .names
        .iter()
        .zip(&by_word)
        .filter(|(name, _)| name.customers >= most / 20)
        .filter_map(|(name, phase)| Some((name.lateness?, preset.stage_of(phase.as_ref()?.0))))
        .collect();
    let goal_lateness =
        seen.names.iter().find(|name| Some(&name.name) == goal).and_then(|name| name.lateness).unwrap_or(1.0);
    let by_order = |name: &NameSeen| -> usize {
        let purchase = preset.stage_of(Phase::Purchase);
        let Some(lateness) = name.lateness else { return purchase };
        if is_told {
            let votes = votes(name, seen, &by_word, preset);
            let most = votes.iter().copied().max().unwrap_or(0);
            if most > 0 {
                return votes.iter().position(|n| *n == most).unwrap_or(purchase);
            }
            let apart = |mark: &&(f64, usize)| (mark.0 - lateness).abs();
            let nearest = marks.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
            return nearest.map_or(purchase, |(_, stage)| *stage);
        }
        // Names say nothing: what comes before the goal leads to it, what comes after it follows from it.
        let phase = match lateness {
            _ if Some(&name.name) == goal => Phase::Purchase,
            late if late > goal_lateness => Phase::Use,
            late if late * 2.0 < goal_lateness => Phase::Aware,
            _ => Phase::Consider,
        };
        preset.stage_of(phase)
    };
    seen.names
        .iter()
        .zip(&by_word)
        .map(|(name, by_word)| match by_word {
            Some((phase, word)) if is_told => Placed { name, stage: preset.stage_of(*phase), why: Why::Word(word) },
            _ => Placed { name, stage: by_order(name), why: Why::Order },
        })
        .collect()
}

/// By stage, how often names that their words put there stand directly before or after this one.
fn votes(name: &NameSeen, seen: &Seen, by_word: &[Option<(Phase, &'static str)>], preset: &Preset) -> Vec<u64> {
    let mut votes = vec![0; preset.stages.len()];
    for (other, phase) in seen.names.iter().zip(by_word) {
        if let (Some((phase, _)), Some(n)) = (phase, name.beside.get(&other.name)) {
            votes[preset.stage_of(*phase)] += n;
        }
    }
    votes
}

/// The goal, where enough reach it again for that to be another touchpoint, and the stage of that.
fn again<'p>(placed: &'p [Placed<'_>], seen: &Seen, preset: &Preset) -> Option<(&'p Placed<'p>, usize)> {
    let goal = placed.iter().find(|placed| Some(&placed.name.name) == seen.steps.last())?;
    let is_purchase = goal.stage == preset.stage_of(Phase::Purchase);
    let share = goal.name.again as f64 / goal.name.customers.max(1) as f64;
    (is_purchase && share >= AGAIN).then(|| (goal, preset.stage_of(Phase::Loyal)))
}
