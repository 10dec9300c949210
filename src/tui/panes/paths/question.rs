//! What the paths pane asks: the parts that all views share, the question of each view, and the keys that change them.

use super::{Field, PathsAction, PathsPane, View, raw};
use crate::analysis::paths::{Depth, Occurrence, Part, Share, Unit};
use crate::analysis::patterns::Lengths;
use crate::analysis::{PathsSpec, PatternsSpec, Spec, TransitionsSpec};
use crate::base::visible::visible;
use crate::journey::Step;
use crate::tui::complete::Source;
use crate::tui::pane::{Effect, Facts, Purpose};
use crate::tui::prompt::Prompt;
use crate::tui::words;

/// Rows that stand alone, where a question does not say it.
const RANKED_TOP: u32 = 500;
const FLOW_TOP: u32 = 12;
const PAIRS_TOP: u32 = 5_000;

impl PathsPane {
    /// What the view that is drawn asks.
    pub(super) fn question(&self) -> Spec {
        let ask = &self.ask;
        let paths = |only: &[Part], top: u32| {
            let top = if ask.top == PathsSpec::default().top { top } else { ask.top };
            Spec::Paths(PathsSpec {
                only: only.to_vec(),
                top,
                matrix: false,
                centre: false,
                tree: false,
                ..ask.clone()
            })
        };
        match self.shown() {
            View::Tree => paths(&[Part::Tree], PathsSpec::default().top),
            View::Flow => paths(&[Part::Nodes, Part::Edges], FLOW_TOP),
            View::Ranking => paths(&[Part::Sequences], RANKED_TOP),
            View::Loops => paths(&[Part::Loops, Part::Ends], RANKED_TOP),
            View::Transitions => Spec::Transitions(TransitionsSpec {
                from: ask.from.clone(),
                to: ask.to.clone(),
                occurrence: ask.occurrence,
                unit: ask.unit,
                collapse: !ask.keep_repeats,
                ignore: ask.ignore.clone(),
                group: ask.group.clone(),
                top: PAIRS_TOP,
                no_times: self.heat.number != super::Number::Median,
                scope: ask.scope.clone(),
            }),
            View::Patterns => Spec::Patterns(PatternsSpec {
                length: self.lengths,
                gaps: self.has_gaps,
                min_support: self.support,
                top: RANKED_TOP,
                goal: ask.goal.clone(),
                from: ask.from.clone(),
                to: ask.to.clone(),
                occurrence: ask.occurrence,
                unit: ask.unit,
                keep_repeats: ask.keep_repeats,
                ignore: ask.ignore.clone(),
                group: ask.group.clone(),
                scope: ask.scope.clone(),
            }),
        }
    }

    /// Takes a question over, from undo or from elsewhere, and shows the view that answers it.
    pub(super) fn take_question(&mut self, spec: Spec) {
        let scope = spec.scope().clone();
        match spec {
            Spec::Paths(spec) => {
                match spec.only.first() {
                    Some(Part::Tree) => self.view = View::Tree,
                    Some(Part::Nodes | Part::Edges) => self.view = View::Flow,
                    Some(Part::Sequences) => self.view = View::Ranking,
                    Some(Part::Loops | Part::Ends) => self.view = View::Loops,
                    Some(Part::Matrix) | None => {}
                }
                self.ask = PathsSpec { only: Vec::new(), ..spec };
            }
            Spec::Transitions(spec) => {
                self.view = View::Transitions;
                self.ask = PathsSpec {
                    from: spec.from,
                    to: spec.to,
                    occurrence: spec.occurrence,
                    unit: spec.unit,
                    keep_repeats: !spec.collapse,
                    ignore: spec.ignore,
                    group: spec.group,
                    ..self.ask.clone()
                };
            }
            Spec::Patterns(spec) => {
                self.view = View::Patterns;
                (self.lengths, self.has_gaps, self.support) = (spec.length, spec.gaps, spec.min_support);
                self.ask = PathsSpec {
                    from: spec.from,
                    to: spec.to,
                    occurrence: spec.occurrence,
                    unit: spec.unit,
                    keep_repeats: spec.keep_repeats,
                    ignore: spec.ignore,
                    group: spec.group,
                    goal: spec.goal,
                    ..self.ask.clone()
                };
            }
            _ => {}
        }
        crate::tui::pane::Pane::set_scope(self, &scope);
    }

    pub(super) fn allows_own(&self, action: PathsAction, facts: &Facts<'_>) -> Result<(), &'static str> {
        let view = self.shown();
        let only = |is_so: bool, reason: &'static str| if is_so { Ok(()) } else { Err(reason) };
        match action {
            PathsAction::Open => self.behind(facts).map(drop),
            PathsAction::Left | PathsAction::Right => {
                only(
                    matches!(view, View::Tree | View::Flow | View::Transitions),
                    "needs the tree, the flow or the transitions",
                )?;
                only(self.len(facts) > 0, "there is nothing to move over")?;
                only(view != View::Flow || !self.flow.is_in_links, "needs the drawing; Tab goes there")
            }
            PathsAction::Toggle | PathsAction::FoldAll | PathsAction::UnfoldAll => {
                only(view == View::Tree, "needs the tree")?;
                only(self.len(facts) > 0, "there is nothing to fold")
            }
            PathsAction::Reverse => match view {
                View::Transitions | View::Patterns => {
                    Err("needs a view of paths; transitions and patterns have no direction to turn")
                }
                _ if self.ask.to.is_some() && self.ask.from.is_none() => Err("looks back from a start; a sets one"),
                _ => Ok(()),
            },
            PathsAction::Centre => match self.name_under_cursor(facts) {
                None => Err("needs a touchpoint under the cursor"),
                Some(step) if self.ask.from.as_ref() == Some(&step) => Err("the paths start there already"),
                Some(_) => Ok(()),
            },
            PathsAction::Hide => match self.name_under_cursor(facts) {
                None => Err("needs a touchpoint under the cursor"),
                Some(step) if [&self.ask.from, &self.ask.to, &self.ask.goal].contains(&&Some(step.clone())) => {
                    Err("the paths start or end there, or it is the goal")
                }
                Some(_) => Ok(()),
            },
            PathsAction::ShowHidden => only(!self.ask.ignore.is_empty(), "nothing is hidden"),
            PathsAction::Whole => {
                only(self.ask.from.is_some() || self.ask.to.is_some(), "the journeys are whole; a sets a start")
            }
            PathsAction::Occurrence => {
                only(self.ask.from.is_some() || self.ask.to.is_some(), "needs a start; a sets one")
            }
            PathsAction::Depth => only(
                !matches!(view, View::Transitions | View::Loops),
                "needs paths or patterns; these are read in full",
            ),
            PathsAction::Share => only(
                matches!(view, View::Tree | View::Flow | View::Patterns),
                "needs the tree, the flow or the patterns; the others show all",
            ),
            PathsAction::Goal => {
                only(!matches!(view, View::Transitions | View::Flow), "needs the tree, the ranking, loops or patterns")
            }
            PathsAction::Sort => {
                only(!matches!(view, View::Tree | View::Flow), "needs a list or the transitions")?;
                only(self.len(facts) > 0, "there is nothing to sort")
            }
            PathsAction::Gaps => only(view == View::Patterns, "needs the patterns; v goes there"),
            PathsAction::ToFunnel => match self.target(facts) {
                Some(target) if target.way.len() >= 2 => Ok(()),
                _ => Err("needs a way of two touchpoints or more"),
            },
            PathsAction::NextView
            | PathsAction::PreviousView
            | PathsAction::From
            | PathsAction::To
            | PathsAction::Repeats
            | PathsAction::Unit => Ok(()),
        }
    }

    /// Changes the question or the view, or asks for what is needed to.
    pub(super) fn change(&mut self, action: PathsAction, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            PathsAction::NextView => self.view = self.view.next(false),
            PathsAction::PreviousView => self.view = self.view.next(true),
            PathsAction::Reverse => self.ask.reverse = !self.ask.reverse,
            PathsAction::Centre => self.ask.from = self.name_under_cursor(facts),
            PathsAction::Hide => {
                let step = self.name_under_cursor(facts)?;
                let text = format!("{} is left out; u or N takes it in again", visible(step.label()));
                self.ask.ignore.push(step);
                return Some(Effect::Say(text));
            }
            PathsAction::ShowHidden => self.ask.ignore.clear(),
            PathsAction::Whole => {
                (self.ask.from, self.ask.to) = (None, None);
                return Some(Effect::Say("whole journeys".to_owned()));
            }
            PathsAction::Repeats => {
                self.ask.keep_repeats = !self.ask.keep_repeats;
                let meaning = if self.ask.keep_repeats {
                    "a touchpoint that follows itself stands there twice"
                } else {
                    "a touchpoint that follows itself is one"
                };
                return Some(Effect::Say(meaning.to_owned()));
            }
            PathsAction::Unit => {
                self.ask.unit = match self.ask.unit {
                    Unit::Customers => Unit::Sessions,
                    Unit::Sessions => Unit::Customers,
                };
                return Some(Effect::Say(format!("counting {}", self.ask.unit.word())));
            }
            PathsAction::Occurrence => {
                let (occurrence, word) = match self.ask.occurrence {
                    Occurrence::First => (Occurrence::Last, "last"),
                    Occurrence::Last => (Occurrence::First, "first"),
                };
                self.ask.occurrence = occurrence;
                return Some(Effect::Say(format!("the {word} event of the step counts")));
            }
            PathsAction::Gaps => self.has_gaps = !self.has_gaps,
            PathsAction::Goal if self.ask.goal.is_some() => {
                self.ask.goal = None;
                return Some(Effect::Say("no goal; G sets one".to_owned()));
            }
            PathsAction::From => {
                return Some(ask_step(
                    Field::From,
                    "Start at — an event, or like cart[value > 50]",
                    self.ask.from.as_ref(),
                ));
            }
            PathsAction::To => {
                return Some(ask_step(Field::To, "End at — an event after the start", self.ask.to.as_ref()));
            }
            PathsAction::Goal => {
                return Some(ask_step(Field::Goal, "Goal — which share of each path comes to this step later", None));
            }
            PathsAction::Depth => {
                let (title, text) = if self.shown() == View::Patterns {
                    ("How many touchpoints a pattern has — 3, or 2-4", self.lengths.to_string())
                } else {
                    ("How many touchpoints of a path are read — a number, or all", self.ask.depth.to_string())
                };
                return Some(Effect::Ask(Prompt::new(Purpose::Paths(Field::Depth), title, Source::Nothing, text)));
            }
            PathsAction::Share => {
                let share = if self.shown() == View::Patterns { self.support } else { self.ask.min_share };
                let title = format!("Least share of all {} that stands alone, in percent", self.ask.unit.word());
                let prompt = Prompt::new(Purpose::Paths(Field::Share), title, Source::Nothing, percent(share));
                return Some(Effect::Ask(prompt));
            }
            PathsAction::Open
            | PathsAction::Left
            | PathsAction::Right
            | PathsAction::Toggle
            | PathsAction::FoldAll
            | PathsAction::UnfoldAll
            | PathsAction::Sort
            | PathsAction::ToFunnel => {}
        }
        None
    }

    pub(super) fn set_field(&mut self, field: Field, text: &str) -> Result<(), String> {
        let step = || text.parse::<Step>().map_err(|err| err.to_string());
        match field {
            Field::From => self.ask.from = Some(step()?),
            Field::To => {
                self.ask.to = Some(step()?);
                // Looking back needs something to look back from.
                self.ask.reverse &= self.ask.from.is_some();
            }
            Field::Goal => self.ask.goal = Some(step()?),
            Field::Depth if self.shown() == View::Patterns => self.lengths = text.parse::<Lengths>()?,
            Field::Depth => self.ask.depth = text.parse::<Depth>()?,
            Field::Share => {
                let number = text.trim().trim_end_matches('%').trim_end();
                let fail = || format!("`{text}` is no share; write it in percent, like 1 or 0.5");
                let share =
                    number.parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share)).ok_or_else(fail)?;
                let field = if self.shown() == View::Patterns { &mut self.support } else { &mut self.ask.min_share };
                *field = Share(share / 100.0);
            }
        }
        Ok(())
    }

    /// The pane's title: what is shown, of whom.
    pub(super) fn title(&self, facts: &Facts<'_>) -> String {
        let n = match (self.shown(), Self::transitions(facts), Self::found(facts)) {
            (View::Transitions, Some(answer), _) => Some(answer.units),
            (View::Patterns, _, Some(answer)) => Some(answer.units),
            (View::Transitions | View::Patterns, ..) => None,
            _ => match facts.answer {
                Some(crate::analysis::Answer::Paths(answer)) if !answer.parts.contains(&Part::Loops) => {
                    Some(answer.units)
                }
                _ => None,
            },
        };
        let unit = self.ask.unit.word();
        let n = n.map_or(String::new(), |n| format!(" — {} {unit}", words::count(n)));
        let mut view = self.shown().name().to_owned();
        match self.shown() {
            View::Transitions => view = format!("{view}, {}", self.heat.number.name()),
            View::Patterns if self.has_gaps => view.push_str(" with gaps"),
            View::Tree | View::Flow | View::Ranking | View::Loops | View::Patterns => {}
        }
        let back = if self.ask.reverse { ", backwards" } else { "" };
        format!("[3] Paths: {view}{back}{n}")
    }

    /// The parts of the question that stand under the list.
    pub(super) fn settings(&self) -> String {
        let mut parts = Vec::new();
        match self.shown() {
            View::Tree | View::Ranking => parts.push(format!("depth {}", self.ask.depth)),
            View::Flow => parts.push(format!("━ ≥ 10%  ─ ≥ {}%", percent(self.ask.min_share))),
            View::Patterns => parts.push(format!("length {} · ≥ {}%", self.lengths, percent(self.support))),
            View::Transitions | View::Loops => {}
        }
        if self.shown() == View::Tree {
            parts.push(format!("≥ {}%", percent(self.ask.min_share)));
        }
        if self.shown() != View::Loops {
            parts.push(if self.ask.keep_repeats { "repeats kept" } else { "repeats collapsed" }.to_owned());
        }
        parts.extend(self.ask.goal.as_ref().map(|goal| format!("goal {}", visible(goal.label()))));
        let hidden: Vec<String> = self.ask.ignore.iter().map(|step| visible(step.label()).into_owned()).collect();
        if !hidden.is_empty() {
            parts.push(format!("without {}", hidden.join(", ")));
        }
        parts.join(" · ")
    }

    /// This level in the breadcrumb.
    pub(super) fn words(&self) -> String {
        let last = if self.ask.occurrence == Occurrence::Last { "the last " } else { "" };
        let label = |step: &Step| raw(step.label()).to_owned();
        let mut text = match (&self.ask.from, self.ask.reverse) {
            (Some(from), false) => format!("paths from {last}{}", label(from)),
            (Some(from), true) => format!("paths back from {last}{}", label(from)),
            (None, true) => "paths back from the end".to_owned(),
            (None, false) => "paths".to_owned(),
        };
        if let Some(to) = &self.ask.to {
            text.push_str(&format!(" to {}", label(to)));
        }
        if let Some((_, title)) = &self.among {
            text.push_str(&format!(" of those who {}", words::lowered(title)));
        }
        text
    }
}

/// Asks for a step. The line is empty, so that a few letters find another one.
fn ask_step(field: Field, title: &str, now: Option<&Step>) -> Effect {
    let now = now.map_or(String::new(), |step| format!(" · now {}", visible(step.label())));
    Effect::Ask(Prompt::new(Purpose::Paths(field), format!("{title}{now}"), Source::Steps, ""))
}

/// A share in percent, without the sign.
fn percent(share: Share) -> String {
    let text = format!("{:.4}", share.0 * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How to read what is shown.
pub(super) fn explain(is_patterns: bool, is_transitions: bool) -> &'static [&'static str] {
    if is_patterns {
        return &[
            "A pattern is some touchpoints in this order; its number counts who holds it, each once. With gaps (.) others may stand between them.",
            "With a goal, only what came before it counts. Lift is the share that comes to the goal, divided by that of all; p is adjusted for the number of patterns. What differs is an association, not a cause.",
            "w sets how long patterns are, % how many must hold one, . lets gaps, G sets the goal; T takes a pattern to the funnel.",
        ];
    }
    if is_transitions {
        return &[
            "Each row is a touchpoint, each column what came directly after it; the darker, the more. Every way has one (start) and one (end).",
            "s chooses what the cells show: customers who ever made the step, how often it was made, which share of what leaves the source, or the median time. ⏎ lists who is behind the number.",
        ];
    }
    &[
        "The tree joins paths that begin alike: the bar and % are shares of all, the median is the time since the touchpoint before. At every branch its number is what its branches, ended, open, more and (other) add up to.",
        "⊘ ended: nothing came within 30 days after. ○ open: too recent to say. … more: goes on behind the depth. ↺ has been there before. (other): below the least share, or beyond the 20 most frequent.",
        "a and A set where paths start and end, c starts at the touchpoint under the cursor, R reads backwards, w the depth, % the least share, n hides noise, r keeps repeats, O counts sessions, G sets a goal; * reads whole journeys again.",
        "v goes on: flow (where there is room), ranking, transitions, loops and ends, patterns. T makes a way a funnel; the funnel lets other events stand between its steps and has a window, so it may count more or fewer.",
    ]
}
