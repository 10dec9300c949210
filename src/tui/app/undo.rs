//! Undo and redo over whole questions, and the list of steps that they leave: on the screen, and as a script.

use super::App;
use crate::analysis::{Scope, Spec, ask};
use crate::tui::cohort::Cohorts;
use crate::tui::filter;
use crate::tui::screen::Screen;
use crate::tui::shell;

/// Everything that undo brings back: what every screen asks, and the filter that they share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Analysis {
    /// Without their scopes.
    drafts: Vec<(Screen, Spec)>,
    scope: Scope,
}

/// A state of the analysis, and the screen on which it came about.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    analysis: Analysis,
    screen: Screen,
    /// What made it another than the one before, in one line: worded once, as it is drawn with every frame.
    change: String,
}

/// The states before and after the one that is shown.
pub(super) struct Steps {
    undo: Vec<Moment>,
    redo: Vec<Moment>,
    now: Moment,
}

/// Most changes that can be undone.
const UNDO_MAX: usize = 200;

impl Default for Steps {
    fn default() -> Self {
        Steps::new(Analysis { drafts: Vec::new(), scope: Scope::default() })
    }
}

impl Steps {
    pub fn new(analysis: Analysis) -> Self {
        Steps {
            undo: Vec::new(),
            redo: Vec::new(),
            now: Moment { analysis, screen: Screen::Home, change: String::new() },
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    fn remember(&mut self, analysis: Analysis, screen: Screen, cohorts: &Cohorts) {
        if analysis == self.now.analysis {
            return;
        }
        let change = analysis.change(&self.now.analysis, cohorts);
        self.undo.push(std::mem::replace(&mut self.now, Moment { analysis, screen, change }));
        if self.undo.len() > UNDO_MAX {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    fn all(&self) -> impl Iterator<Item = &Moment> {
        self.undo.iter().chain([&self.now])
    }
}

impl Analysis {
    pub(super) fn of(drafts: Vec<(Screen, Spec)>, scope: Scope) -> Self {
        Analysis { drafts, scope }
    }

    /// What every screen asks, and the filter.
    pub(super) fn parts(&self) -> (&[(Screen, Spec)], &Scope) {
        (&self.drafts, &self.scope)
    }

    /// The question of a screen, in the scope that all share.
    fn question(&self, screen: Screen) -> Option<Spec> {
        let (_, draft) = self.drafts.iter().find(|(of, _)| *of == screen)?;
        let mut spec = draft.clone();
        *spec.scope_mut() = self.scope.clone();
        Some(spec)
    }

    /// What changed since another state, in one line.
    fn change(&self, before: &Analysis, cohorts: &Cohorts) -> String {
        if self.scope != before.scope {
            let (now, then) = (filter::chips(&self.scope, cohorts), filter::chips(&before.scope, cohorts));
            if let Some(new) = now.iter().find(|chip| !then.contains(chip)) {
                return format!("filter {new}");
            }
            if let Some(gone) = then.iter().find(|chip| !now.contains(chip)) {
                return format!("no filter {gone}");
            }
            return format!("session gap {}", self.scope.session_gap);
        }
        let changed = self.drafts.iter().zip(&before.drafts).find(|((_, now), (_, then))| now != then);
        match changed {
            Some(((_, now), (_, then))) => format!("{} {}", now.name(), difference(then, now)),
            None => "the same".to_owned(),
        }
    }
}

/// The flags in which a question differs from the one before.
fn difference(then: &Spec, now: &Spec) -> String {
    let (then, now) = (groups(&ask::flags(then)), groups(&ask::flags(now)));
    let only = |of: &[String], other: &[String]| {
        let mut other = other.to_vec();
        let mut left = of.to_vec();
        left.retain(|group| match other.iter().position(|same| same == group) {
            Some(at) => {
                other.swap_remove(at);
                false
            }
            None => true,
        });
        left.join(" ")
    };
    match (only(&now, &then), only(&then, &now)) {
        (new, gone) if new.is_empty() && gone.is_empty() => now.join(" "),
        (new, gone) if new.is_empty() => format!("without {gone}"),
        (new, _) => new,
    }
}

/// Flags together with their values.
fn groups(words: &[String]) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for word in words {
        match groups.last_mut() {
            Some(group) if !word.starts_with('-') => {
                group.push(' ');
                group.push_str(word);
            }
            _ => groups.push(word.clone()),
        }
    }
    groups
}

impl App {
    pub(super) fn analysis(&mut self) -> Analysis {
        let scope = self.scope.clone();
        let drafts = self.stacks.iter_mut().filter_map(|(screen, stack)| {
            let mut spec = stack.base_mut().pane.draft()?;
            *spec.scope_mut() = Scope::default();
            Some((*screen, spec))
        });
        Analysis { drafts: drafts.collect(), scope }
    }

    /// Notes a change of a question or the filter, so that it can be undone.
    pub(super) fn remember(&mut self) {
        let analysis = self.analysis();
        self.steps.remember(analysis, self.screen, &self.cohorts);
    }

    pub(super) fn undo(&mut self) {
        if let Some(before) = self.steps.undo.pop() {
            let undone = std::mem::replace(&mut self.steps.now, before);
            let what = undone.change.clone();
            self.steps.redo.push(undone);
            self.restore();
            self.say(format!("undone: {what} · {} more, U redoes", self.steps.undo.len()));
        }
    }

    pub(super) fn redo(&mut self) {
        if let Some(after) = self.steps.redo.pop() {
            let before = std::mem::replace(&mut self.steps.now, after);
            let what = self.steps.now.change.clone();
            self.steps.undo.push(before);
            self.restore();
            self.say(format!("redone: {what} · {} more", self.steps.redo.len()));
        }
    }

    fn restore(&mut self) {
        let analysis = self.steps.now.analysis.clone();
        self.show_analysis(&analysis);
    }

    /// Makes every screen ask what an analysis asks.
    pub(super) fn show_analysis(&mut self, analysis: &Analysis) {
        self.set_scope(analysis.scope.clone());
        for (screen, _) in &analysis.drafts {
            let question = analysis.question(*screen);
            let stack = self.stacks.get_mut(screen).expect("every screen has a stack");
            if let Some(question) = question {
                stack.base_mut().pane.set_draft(question);
            }
        }
    }

    /// The steps so far, one line each, the newest last.
    pub fn steps_taken(&self) -> Vec<String> {
        // The first has nothing before it.
        self.steps.all().skip(1).map(|moment| moment.change.clone()).collect()
    }

    /// The steps as a shell script whose commands print the tables of each.
    pub(super) fn script(&self) -> String {
        let mut script =
            "#!/bin/sh\n# The steps of an analysis made in trailmap; each command prints the tables of one step.\n"
                .to_owned();
        let all: Vec<&Moment> = self.steps.all().collect();
        let lines = self.steps_taken();
        for (i, moment) in all.iter().enumerate() {
            let title = if i == 0 { "what is in the data" } else { &lines[i - 1] };
            let filled = |spec: &Spec| self.engine.as_ref().and_then(|engine| engine.asked(spec).ok());
            let can_be_asked = |spec: &Spec| filled(spec).as_ref().unwrap_or(spec).can_be_asked();
            let asked = moment.analysis.question(moment.screen).filter(can_be_asked);
            let spec = asked.unwrap_or_else(|| {
                let mut spec = Spec::Profile(crate::analysis::ProfileSpec::default());
                *spec.scope_mut() = moment.analysis.scope.clone();
                spec
            });
            // A line break in a filter would end the comment.
            let title = crate::base::visible::visible(title).into_owned();
            script.push_str(&format!("\n# {}  {title}\n{}\n", i + 1, shell::command(&self.options, &spec)));
        }
        script
    }
}
