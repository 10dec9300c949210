//! The paths pane: which ways customers go and where each ends, as a tree, a flow, rankings, a map, and loops.

mod flow;
mod heat;
mod lines;
mod list;
mod loops;
mod question;
mod ranked;
#[cfg(test)]
mod tests;
mod tree;
mod view;

use std::cell::Cell;

use ratatui::layout::Rect;

use self::flow::FlowView;
use self::heat::{HeatView, Number};
use self::list::List;
use self::loops::LoopsView;
use self::tree::TreeView;
use super::customers::CustomersPane;
use crate::analysis::paths::{Part, Share};
use crate::analysis::patterns::Lengths;
use crate::analysis::{Among, Answer, Paths, PathsSpec, Patterns, PatternsSpec, Scope, Spec, Transitions};
use crate::base::visible::{truncate, width};
use crate::journey::Step;
use crate::tui::cohort::narrowed_within;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::Condition;
use crate::tui::paint::Pen;
use crate::tui::pane::{Effect, Facts, Group, Pane, Purpose, moved};
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathsAction {
    Open,
    NextView,
    PreviousView,
    Left,
    Right,
    Toggle,
    FoldAll,
    UnfoldAll,
    Reverse,
    Centre,
    From,
    To,
    Whole,
    Depth,
    Share,
    Hide,
    ShowHidden,
    Repeats,
    Unit,
    Occurrence,
    Goal,
    Sort,
    Gaps,
    ToFunnel,
}

/// What of the question is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    From,
    To,
    Goal,
    Depth,
    Share,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Tree,
    Flow,
    Ranking,
    Transitions,
    Loops,
    Patterns,
}

impl View {
    const ALL: [View; 6] = [View::Tree, View::Flow, View::Ranking, View::Transitions, View::Loops, View::Patterns];

    fn name(self) -> &'static str {
        match self {
            View::Tree => "tree",
            View::Flow => "flow",
            View::Ranking => "ranking",
            View::Transitions => "transitions",
            View::Loops => "loops",
            View::Patterns => "patterns",
        }
    }

    fn next(self, is_back: bool) -> View {
        let at = View::ALL.iter().position(|view| *view == self).unwrap_or(0);
        View::ALL[(at + if is_back { View::ALL.len() - 1 } else { 1 }) % View::ALL.len()]
    }
}

/// What is under the cursor, and who stands behind it.
#[derive(Debug, Clone, Default)]
struct Target {
    cell: String,
    /// What they have in common.
    title: String,
    n: u64,
    /// The touchpoint, where the cursor is on one.
    name: Option<String>,
    /// As text to copy.
    text: String,
    /// The touchpoints that lead here, in the order of time.
    way: Vec<String>,
}

pub struct PathsPane {
    /// What all views ask alike. Its scope is the one that all screens share, narrowed where `among` says so.
    ask: PathsSpec,
    has_gaps: bool,
    lengths: Lengths,
    support: Share,
    /// Only the ways of those behind a number of another question.
    among: Option<(Among, String)>,
    view: View,
    /// Whether there was room for the flow when the pane was last drawn.
    is_wide: Cell<bool>,
    tree: TreeView,
    flow: FlowView,
    ranking: List,
    heat: HeatView,
    loops: LoopsView,
    patterns: List,
}

impl PathsPane {
    pub fn new(scope: Scope) -> Self {
        let of_patterns = PatternsSpec::default();
        PathsPane {
            ask: PathsSpec { scope, ..PathsSpec::default() },
            has_gaps: false,
            lengths: of_patterns.length,
            support: of_patterns.min_support,
            among: None,
            view: View::Tree,
            is_wide: Cell::new(false),
            tree: TreeView::default(),
            flow: FlowView::default(),
            ranking: List::default(),
            heat: HeatView::default(),
            loops: LoopsView::default(),
            patterns: List::default(),
        }
    }

    /// The ways of those behind a number, from a step on.
    pub fn of_those(among: Among, title: String, from: Option<Step>, scope: &Scope) -> Self {
        let mut pane = PathsPane::new(Scope::default());
        pane.ask.from = from;
        pane.among = Some((among, title));
        pane.set_scope(scope);
        pane
    }

    /// The view that is drawn: the flow is a tree where it has no room.
    fn shown(&self) -> View {
        if self.view == View::Flow && !self.is_wide.get() { View::Tree } else { self.view }
    }

    /// The answer, where it has this part.
    fn paths<'a>(facts: &Facts<'a>, part: Part) -> Option<&'a Paths> {
        match facts.answer {
            Some(Answer::Paths(answer)) if answer.parts.contains(&part) => Some(answer),
            _ => None,
        }
    }

    fn transitions<'a>(facts: &Facts<'a>) -> Option<&'a Transitions> {
        match facts.answer {
            Some(Answer::Transitions(answer)) => Some(answer),
            _ => None,
        }
    }

    fn found<'a>(facts: &Facts<'a>) -> Option<&'a Patterns> {
        match facts.answer {
            Some(Answer::Patterns(answer)) => Some(answer),
            _ => None,
        }
    }

    /// What is under the cursor; nothing while an older question's answer is on the screen.
    fn target(&self, facts: &Facts<'_>) -> Option<Target> {
        if facts.answered != Some(&self.question()) {
            return None;
        }
        let back = self.ask.reverse;
        match self.shown() {
            View::Tree => self.tree.target(Self::paths(facts, Part::Tree)?, back),
            View::Flow => self.flow.target(Self::paths(facts, Part::Nodes)?, back),
            View::Ranking => ranked::sequence_target(Self::paths(facts, Part::Sequences)?, &self.ranking, back),
            View::Transitions => self.heat.target(Self::transitions(facts)?),
            View::Loops => self.loops.target(Self::paths(facts, Part::Loops)?),
            View::Patterns => ranked::pattern_target(Self::found(facts)?, &self.patterns, self.has_gaps),
        }
    }

    /// Who stands behind what is under the cursor.
    fn behind(&self, facts: &Facts<'_>) -> Result<Target, &'static str> {
        match self.target(facts) {
            None if facts.answered != Some(&self.question()) => Err("needs the answer, which is still being computed"),
            None => Err("needs a number under the cursor"),
            Some(target) if target.n == 0 => Err("nobody is behind this number"),
            Some(target) => Ok(target),
        }
    }

    fn name_under_cursor(&self, facts: &Facts<'_>) -> Option<Step> {
        let name = self.target(facts)?.name?;
        Some(Step::named(raw(&name))).filter(|_| name != "(other)")
    }

    fn len(&self, facts: &Facts<'_>) -> usize {
        let paths = |part: Part, len: &dyn Fn(&Paths) -> usize| Self::paths(facts, part).map_or(0, len);
        match self.shown() {
            View::Tree => paths(Part::Tree, &|_| self.tree.len()),
            View::Flow => paths(Part::Nodes, &|answer| self.flow.len(answer)),
            View::Ranking => paths(Part::Sequences, &|answer| answer.sequences.len()),
            View::Transitions => Self::transitions(facts).map_or(0, |_| self.heat.len()),
            View::Loops => paths(Part::Loops, &|answer| self.loops.len(answer)),
            View::Patterns => Self::found(facts).map_or(0, |answer| answer.rows.len()),
        }
    }

    fn go(&mut self, action: RowAction, facts: &Facts<'_>) -> Option<()> {
        let (len, page) = (self.len(facts), facts.page);
        match self.shown() {
            View::Tree => {
                let place = moved(self.tree.list.cursor, action, len, page)?;
                self.tree.go(place, Self::paths(facts, Part::Tree)?, page);
            }
            View::Flow => self.flow.go(action, page, Self::paths(facts, Part::Nodes)?),
            View::Ranking => {
                let answer = Self::paths(facts, Part::Sequences)?;
                let place = moved(self.ranking.cursor, action, len, page)?;
                self.ranking.go(place, page, len, |row| ranked::sequence_key(answer, row));
            }
            View::Transitions => self.heat.go(action, page),
            View::Loops => {
                let answer = Self::paths(facts, Part::Loops)?;
                let is_in_ends = self.loops.is_in_ends;
                let list = self.loops.list_mut();
                let place = moved(list.cursor, action, len, page)?;
                list.go(place, page, len, |row| LoopsView::key(answer, is_in_ends, row));
            }
            View::Patterns => {
                let answer = Self::found(facts)?;
                let place = moved(self.patterns.cursor, action, len, page)?;
                self.patterns.go(place, page, len, |row| ranked::pattern_key(answer, row));
            }
        }
        Some(())
    }

    /// The left and the right: out of branches and into them, or across columns.
    fn go_across(&mut self, wish: Option<bool>, facts: &Facts<'_>) -> Option<()> {
        match self.shown() {
            View::Tree => self.tree.fold(wish, Self::paths(facts, Part::Tree)?, facts.page),
            View::Flow => self.flow.go_across(wish?, Self::paths(facts, Part::Nodes)?),
            View::Transitions => self.heat.go_across(wish?),
            View::Ranking | View::Loops | View::Patterns => {}
        }
        Some(())
    }

    fn other_panel(&mut self) {
        match self.shown() {
            View::Flow => self.flow.is_in_links = !self.flow.is_in_links,
            View::Loops => self.loops.is_in_ends = !self.loops.is_in_ends,
            View::Tree | View::Ranking | View::Transitions | View::Patterns => {}
        }
    }

    /// Makes of an answer what is drawn of it, and keeps every cursor on what it was on.
    fn take_answer(&mut self, facts: &Facts<'_>) {
        let sorts = self.sortable().is_some_and(|list| list.sorted_by.is_some()) || self.shown() == View::Loops;
        let tables = facts.answer.filter(|_| sorts).map_or_else(Vec::new, Answer::tables);
        if let Some(answer) = Self::paths(facts, Part::Tree) {
            self.tree.arrived(answer);
        }
        if let Some(answer) = Self::paths(facts, Part::Nodes) {
            self.flow.arrived(answer);
        }
        if let Some(answer) = Self::paths(facts, Part::Sequences) {
            let len = answer.sequences.len();
            self.ranking.arrived(tables.first(), len, |row| ranked::sequence_key(answer, row));
        }
        if let Some(answer) = Self::paths(facts, Part::Loops) {
            self.loops.arrived(answer, &tables);
        }
        if let Some(answer) = Self::transitions(facts) {
            self.heat.arrived(answer);
        }
        if let Some(answer) = Self::found(facts) {
            self.patterns.arrived(tables.first(), answer.rows.len(), |row| ranked::pattern_key(answer, row));
        }
    }
}

impl Pane for PathsPane {
    fn place(&self) -> Place {
        Place::Paths
    }

    fn spec(&self) -> Option<Spec> {
        Some(self.question())
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.ask.scope = match &self.among {
            Some((among, _)) => narrowed_within(scope, among),
            None => scope.clone(),
        };
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => {
                if self.can_zoom() {
                    Ok(())
                } else {
                    Err("there is only one panel here")
                }
            }
            Action::Row(_) if self.len(facts) == 0 => Err("there is nothing to move over"),
            Action::Row(_) => Ok(()),
            Action::Paths(action) => self.allows_own(action, facts),
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => self.other_panel(),
            Action::Row(action) => drop(self.go(action, facts)),
            Action::Paths(PathsAction::Left) => drop(self.go_across(Some(false), facts)),
            Action::Paths(PathsAction::Right) => drop(self.go_across(Some(true), facts)),
            Action::Paths(PathsAction::Toggle) => drop(self.go_across(None, facts)),
            Action::Paths(action @ (PathsAction::FoldAll | PathsAction::UnfoldAll)) => {
                self.tree.fold_all(action == PathsAction::FoldAll, Self::paths(facts, Part::Tree)?);
            }
            Action::Paths(PathsAction::Open) => {
                let target = self.behind(facts).ok()?;
                let among = self.among.as_ref().map(|(among, _)| among.clone());
                let (of, scope) = (self.question(), self.ask.scope.clone());
                let pane = CustomersPane::of(of, target.cell, target.title, scope).within(among);
                return Some(Effect::Push(Box::new(pane)));
            }
            Action::Paths(PathsAction::Sort) => return self.sort_picker(facts).map(Effect::Pick),
            Action::Paths(PathsAction::ToFunnel) => {
                let way = self.target(facts)?.way;
                return Some(Effect::OpenFunnel(way.iter().map(|name| raw(name).to_owned()).collect()));
            }
            Action::Paths(action) => return self.change(action, facts),
            _ => {}
        }
        None
    }

    fn entered(&mut self, purpose: Purpose, texts: &[String], facts: &Facts<'_>) -> Result<Option<Effect>, String> {
        let text = texts.first().map_or("", String::as_str);
        match purpose {
            Purpose::Paths(field) => self.set_field(field, text)?,
            Purpose::SortBy => drop(self.sort(text, facts)),
            _ => {}
        }
        Ok(None)
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        self.take_answer(facts);
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        self.words()
    }

    fn explain(&self) -> &'static [&'static str] {
        question::explain(self.shown() == View::Patterns, self.shown() == View::Transitions)
    }

    fn can_zoom(&self) -> bool {
        matches!(self.shown(), View::Flow | View::Loops)
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        self.draw(facts, area, pen)
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        Some(Condition::event(self.name_under_cursor(facts)?.only_name()?))
    }

    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        self.target(facts).map(|target| target.text).filter(|text| !text.is_empty())
    }

    fn group(&self, facts: &Facts<'_>) -> Result<Group, &'static str> {
        let target = self.behind(facts)?;
        let among = Among::new(self.question(), Some(target.cell));
        Ok(Group { among, title: words::lowered(&target.title), size: target.n })
    }

    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        Some(match self.shown() {
            View::Tree => "tree",
            View::Flow => self.flow.table_name(),
            View::Ranking => "sequences",
            View::Transitions => "transitions",
            View::Loops => self.loops.table_name(),
            View::Patterns => "patterns",
        })
    }

    fn chosen_rows(&self, _: &Facts<'_>) -> Option<Vec<usize>> {
        match self.shown() {
            View::Ranking => self.ranking.rows(),
            View::Patterns => self.patterns.rows(),
            View::Loops => self.loops.list().rows(),
            View::Tree | View::Flow | View::Transitions => None,
        }
    }

    fn draft(&self) -> Option<Spec> {
        Some(Spec::Paths(self.ask.clone()))
    }

    fn set_draft(&mut self, spec: Spec) {
        self.take_question(spec);
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A way as people read it.
fn way_text(names: &[String]) -> String {
    names.join(" ▸ ")
}

/// Which share comes to the goal, and how that compares with all.
fn goal_cells(converted: u64, units: u64, all_converted: u64, all: u64) -> [String; 2] {
    let base = ratio(all_converted, all);
    let lift = if base > 0.0 { format!("{:.2}×", ratio(converted, units) / base) } else { String::new() };
    [words::share(converted, units), lift]
}

/// The name of an event: answers quote names that read like their own marks.
fn raw(label: &str) -> &str {
    let inner = label.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| matches!(*inner, "(start)" | "(end)" | "(other)")).unwrap_or(label)
}

/// A name in so many columns. What tells names apart stands at their ends more often than in their middle.
fn short(name: &str, columns: usize) -> String {
    if width(name) <= columns {
        return name.to_owned();
    }
    let head = truncate(name, columns / 2);
    let room = columns - width(&head);
    let tail = name.char_indices().map(|(at, _)| &name[at..]).find(|tail| width(tail) <= room).unwrap_or_default();
    format!("{head}{tail}")
}
