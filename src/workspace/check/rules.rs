//! Touchpoint rules: those that never hold, those that others leave nothing to, those that share events, and what no rule
//! takes.

use super::{Checker, Ground, Level};
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::journey::expr::Expr;
use crate::journey::relabel::RelabelReport;

/// Names of unmapped events that get a row of their own.
const UNMAPPED_MAX: usize = 100;

impl Checker<'_> {
    /// `broken` are the places of rules that could not be worked out.
    pub(super) fn rules(&mut self, ground: &Ground<'_>, broken: &[usize]) {
        let report = ground.relabelled;
        if report.rules.is_empty() {
            return;
        }
        for at in (0..report.rules.len()).filter(|at| !broken.contains(at)) {
            self.rule(ground, report, at);
        }
        self.unmapped(ground, report);
    }

    fn rule(&mut self, ground: &Ground<'_>, report: &RelabelReport, at: usize) {
        let rule = &report.rules[at];
        let id = visible(&rule.id);
        let place = self.place("touchpoint", &rule.id, "when");
        if rule.matched == 0 {
            let missing = self.missing_words(ground, at);
            let what = match missing.is_empty() {
                true => format!("the rule of `{id}` holds for no event"),
                false => format!("the rule of `{id}` holds for no event: {}", missing.join("; ")),
            };
            self.count(Level::Warning, place, what, (0, report.n_events), "put the rule right, or take it out");
            return;
        }
        let overlaps = report.overlaps.iter().filter(|overlap| overlap.also == at);
        let takers: Vec<String> = overlaps
            .clone()
            .map(|overlap| format!("`{}` takes {}", visible(&report.rules[overlap.taker].id), overlap.events))
            .collect();
        if rule.took == 0 {
            let what = format!(
                "the rule of `{id}` gets no event, because earlier ones take all of them: {}",
                takers.join(", ")
            );
            let counts = (rule.matched, rule.matched);
            self.count(Level::Warning, place, what, counts, "move it before them, or take it out");
            return;
        }
        for overlap in overlaps {
            let taker = visible(&report.rules[overlap.taker].id);
            let what = format!("the rule of `{id}` holds too for events that `{taker}` takes before it");
            let counts = (overlap.events, rule.matched);
            self.count(
                Level::Note,
                place.clone(),
                what,
                counts,
                "nothing where the more special rule comes first, as it should",
            );
        }
        for word in self.missing_words(ground, at) {
            let what = format!("the rule of `{id}` names an event that the data does not have: {word}");
            self.add(Level::Note, place.clone(), what, "take the name out, where it will not come back");
        }
    }

    /// Event names in a rule that no event bears.
    fn missing_words(&self, ground: &Ground<'_>, at: usize) -> Vec<String> {
        let Some(expr) = self.workspace.touchpoints.get(at).and_then(|t| Expr::parse(&t.when).ok()) else {
            return Vec::new();
        };
        let names: Vec<&str> = ground.store.raw_names().collect();
        let missing = expr.event_words().into_iter().filter(|word| !names.contains(word));
        let said = |word: &str| match nearest(word, names.iter().copied()) {
            Some(near) => format!("no event is named `{}`; did you mean `{}`?", visible(word), visible(near)),
            None => format!("no event is named `{}`", visible(word)),
        };
        missing.map(said).collect()
    }

    fn unmapped(&mut self, ground: &Ground<'_>, report: &RelabelReport) {
        let (n, all) = (report.n_unmapped(), report.n_events);
        if n == 0 {
            return;
        }
        let names = report.unmapped.len();
        let words = if names == 1 { "one name".to_owned() } else { format!("{names} names") };
        self.count(
            Level::Note,
            "data".to_owned(),
            format!("events of {words} are no touchpoint"),
            (n, all),
            "they keep their own names; stage analyses leave them out",
        );
        for (name, n) in report.unmapped.iter().take(UNMAPPED_MAX) {
            let shown = visible(name);
            let is_id = report.rules.iter().any(|rule| rule.id == *name);
            let what = match is_id {
                true => format!(
                    "`{shown}` is a touchpoint, and the own name of events that no rule takes; they are called `{shown} (unmapped)`"
                ),
                false => format!("no rule takes `{shown}`"),
            };
            let level = if is_id { Level::Warning } else { Level::Note };
            let quoted = crate::journey::expr::quote_text(name);
            self.count(
                level,
                format!("event:{shown}"),
                what,
                (*n, all),
                format!("add a [[touchpoint]] with when = 'event == {quoted}', where it matters"),
            );
        }
        if names > UNMAPPED_MAX {
            let more: u64 = report.unmapped.iter().skip(UNMAPPED_MAX).map(|(_, n)| n).sum();
            let what = format!("{} more names that no rule takes", names - UNMAPPED_MAX);
            self.count(
                Level::Note,
                "data".to_owned(),
                what,
                (more, all),
                "`trailmap profile --table events` lists all",
            );
        }
        debug_assert_eq!(ground.store.n_events() as u64, all);
    }
}
