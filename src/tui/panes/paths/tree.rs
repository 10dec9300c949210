//! The tree view: ways that begin alike are one branch, with how many take it and where they end.
//!
//! ```text
//!   touchpoint              customers       %  median
//!   ▾ visit       ████████     84,210    100%
//!   ├▾ search     ██████       61,472   73.0%   1m12s
//!   │├▸ view_item ████         44,907   53.3%   2m40s
//!   │└⊘ ended     ██           16,565   19.7%
//! ```

use std::collections::HashSet;

use ratatui::layout::Rect;

use super::list::{Bars, Head, Line, List, Sheet};
use super::{Target, ratio, way_text};
use crate::analysis::Paths;
use crate::base::visible::visible;
use crate::tui::paint::Pen;
use crate::tui::words;

/// What a line of the tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Branch,
    Ended,
    Open,
    Beyond,
    Other,
}

#[derive(Debug, Clone)]
struct Twig {
    /// The row of the answer; `None` above the first touchpoints.
    row: Option<usize>,
    what: What,
    /// The lines of the drawing before it.
    guides: String,
    /// The line of the branch that it hangs on.
    parent: Option<usize>,
}

/// Which branches are open before anybody folds one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fold {
    /// Those that a tenth of all take.
    #[default]
    Large,
    All,
    None,
}

#[derive(Debug, Default)]
pub(super) struct TreeView {
    pub list: List,
    fold: Fold,
    /// Paths that are folded otherwise than the rest.
    flipped: HashSet<String>,
    twigs: Vec<Twig>,
    /// By row, the branches that leave it.
    below: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Branch => "units",
            What::Ended => "ended",
            What::Open => "open",
            What::Beyond => "beyond",
            What::Other => "other",
        }
    }
}

/// Units of a row that end, stay open, go beyond the depth, or go on to what is not shown.
fn fates(answer: &Paths, row: usize) -> [(What, u64); 4] {
    let row = &answer.tree[row];
    [(What::Other, row.other), (What::Ended, row.ended), (What::Open, row.open), (What::Beyond, row.beyond)]
}

impl TreeView {
    pub fn len(&self) -> usize {
        self.twigs.len()
    }

    pub fn arrived(&mut self, answer: &Paths) {
        self.below = vec![Vec::new(); answer.tree.len()];
        self.roots.clear();
        for (at, row) in answer.tree.iter().enumerate() {
            match row.parent {
                Some(parent) => self.below[parent].push(at),
                None => self.roots.push(at),
            }
        }
        self.rebuild(answer);
    }

    /// Draws the branches anew, and keeps the cursor on its branch.
    fn rebuild(&mut self, answer: &Paths) {
        let mut twigs = Vec::new();
        self.grow(answer, None, None, "", &mut twigs);
        self.twigs = twigs;
        let twigs = &self.twigs;
        self.list.arrived(None, twigs.len(), |place| key(twigs, answer, place));
    }

    fn grow(&self, answer: &Paths, of: Option<usize>, parent: Option<usize>, lead: &str, twigs: &mut Vec<Twig>) {
        let branches = of.map_or(&self.roots, |row| &self.below[row]);
        let mut items: Vec<(Option<usize>, What)> = branches.iter().map(|row| (Some(*row), What::Branch)).collect();
        match of {
            Some(row) => items.extend(fates(answer, row).iter().filter(|(_, n)| *n > 0).map(|(what, _)| (of, *what))),
            None if root_other(answer, &self.roots) > 0 => items.push((None, What::Other)),
            None => {}
        }
        for (i, (row, what)) in items.iter().enumerate() {
            let is_last = i + 1 == items.len();
            let (guide, under) = match (of, is_last) {
                (None, _) => ("", ""),
                (_, false) => ("├", "│"),
                (_, true) => ("└", " "),
            };
            let place = twigs.len();
            twigs.push(Twig { row: *row, what: *what, guides: format!("{lead}{guide}"), parent });
            if let (Some(row), What::Branch) = (*row, *what)
                && self.is_foldable(answer, row)
                && self.is_unfolded(answer, row)
            {
                self.grow(answer, Some(row), Some(place), &format!("{lead}{under}"), twigs);
            }
        }
    }

    /// Whether there is more to see than that all met one fate.
    fn is_foldable(&self, answer: &Paths, row: usize) -> bool {
        let n_fates = fates(answer, row).iter().filter(|(_, n)| *n > 0).count();
        !self.below[row].is_empty() || answer.tree[row].other > 0 || n_fates > 1
    }

    fn is_unfolded(&self, answer: &Paths, row: usize) -> bool {
        let branch = &answer.tree[row];
        let by_default = match self.fold {
            Fold::Large => branch.units * 10 >= answer.units,
            Fold::All => true,
            Fold::None => false,
        };
        by_default != self.flipped.contains(&branch.path)
    }

    pub fn fold_all(&mut self, is_folded: bool, answer: &Paths) {
        self.fold = if is_folded { Fold::None } else { Fold::All };
        self.flipped.clear();
        self.rebuild(answer);
    }

    /// Folds or unfolds the branch under the cursor; where `wish` is no change, goes out of it or into it.
    pub fn fold(&mut self, wish: Option<bool>, answer: &Paths, page: usize) {
        let Some(twig) = self.twigs.get(self.list.cursor) else { return };
        let foldable = twig.row.filter(|row| twig.what == What::Branch && self.is_foldable(answer, *row));
        let is_unfolded = foldable.is_some_and(|row| self.is_unfolded(answer, row));
        let wants_unfolded = wish.unwrap_or(!is_unfolded);
        match foldable {
            Some(row) if is_unfolded != wants_unfolded => {
                let path = &answer.tree[row].path;
                if !self.flipped.remove(path) {
                    self.flipped.insert(path.clone());
                }
                self.rebuild(answer);
            }
            _ if wants_unfolded && is_unfolded => self.go(self.list.cursor + 1, answer, page),
            _ if !wants_unfolded => {
                if let Some(parent) = twig.parent {
                    self.go(parent, answer, page);
                }
            }
            _ => {}
        }
    }

    pub fn go(&mut self, place: usize, answer: &Paths, page: usize) {
        let twigs = &self.twigs;
        self.list.go(place, page, twigs.len(), |place| key(twigs, answer, place));
    }

    pub fn target(&self, answer: &Paths, is_reversed: bool) -> Option<Target> {
        let twig = self.twigs.get(self.list.cursor)?;
        let Some(row) = twig.row else {
            let n = root_other(answer, &self.roots);
            let title = "Begin with a rarer touchpoint".to_owned();
            return Some(Target { cell: "(start):other".to_owned(), title, n, ..Target::default() });
        };
        let branch = answer.tree.get(row)?;
        let mut way = names(answer, row);
        if is_reversed {
            way.reverse();
        }
        let path = way_text(&way);
        let (title, n) = match twig.what {
            What::Branch => (format!("Path {path}"), branch.units),
            What::Ended if is_reversed => (format!("Began with {path}"), branch.ended),
            What::Ended => (format!("Ended after {path}"), branch.ended),
            What::Open => (format!("Open after {path}"), branch.open),
            What::Beyond => (format!("More than {path}"), branch.beyond),
            What::Other => (format!("Something rarer after {path}"), branch.other),
        };
        let cell = match twig.what {
            What::Branch => branch.cell(),
            what => format!("(start) -> {}:{}", branch.path, what.word()),
        };
        Some(Target { cell, title, n, name: Some(branch.name.clone()), text: path, way })
    }

    /// The sentence about the branch under the cursor: where its ways go.
    pub fn sentence(&self, answer: &Paths, is_reversed: bool) -> String {
        let Some(row) = self.twigs.get(self.list.cursor).and_then(|twig| twig.row) else { return String::new() };
        let Some(branch) = answer.tree.get(row) else { return String::new() };
        let arrow = if is_reversed { "←" } else { "→" };
        let mut parts: Vec<(u64, String)> = self.below[row]
            .iter()
            .map(|row| (answer.tree[*row].units, format!("{arrow} {}", visible(&answer.tree[*row].name))))
            .chain(fates(answer, row).map(|(what, n)| (n, fate_word(what, is_reversed).to_owned())))
            .filter(|(n, _)| *n > 0)
            .collect();
        parts.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
        let parts: Vec<String> =
            parts.iter().take(4).map(|(n, text)| format!("{} {text}", words::share(*n, branch.units))).collect();
        format!("{} {}: {}", visible(&branch.name), words::count(branch.units), parts.join(" · "))
    }

    pub fn view(&self, answer: &Paths, is_reversed: bool, area: Rect, pen: &mut Pen<'_>) -> usize {
        let mut heads = vec![
            Head { text: answer.unit.word(), wide: 11, rank: 0 },
            Head { text: "%", wide: 8, rank: 1 },
            Head { text: "median", wide: 9, rank: 2 },
        ];
        if answer.has_goal {
            heads.push(Head { text: "goal", wide: 8, rank: 3 });
            heads.push(Head { text: "lift", wide: 7, rank: 4 });
        }
        let room = usize::from(area.width / 2);
        let line = |place: usize| self.line(answer, place, is_reversed, room);
        let (List { from, cursor, .. }, len) = (&self.list, self.len());
        let label = "touchpoint";
        let (from, cursor) = (*from, *cursor);
        Sheet {
            label,
            mark: 0,
            bars: Bars::Always,
            heads: &heads,
            from,
            cursor,
            len,
            line: &line,
            rule: None,
            has_focus: true,
        }
        .view(area, pen)
    }

    fn line(&self, answer: &Paths, place: usize, is_reversed: bool, room: usize) -> Line {
        let Some(twig) = self.twigs.get(place) else { return Line::default() };
        // A deep branch keeps its name; how deep it is, is said in figures.
        let deep = twig.guides.chars().count();
        let guides = if deep > room { format!("…{deep} ") } else { twig.guides.clone() };
        let branch = twig.row.and_then(|row| answer.tree.get(row));
        let (Some(branch), What::Branch, Some(row)) = (branch, twig.what, twig.row) else {
            let n = match branch {
                Some(branch) => match twig.what {
                    What::Ended => branch.ended,
                    What::Open => branch.open,
                    What::Beyond => branch.beyond,
                    What::Branch | What::Other => branch.other,
                },
                None => root_other(answer, &self.roots),
            };
            let word = match (twig.what, branch) {
                (What::Other, Some(branch)) => format!("(other) {} more", words::count(branch.n_other)),
                (what, _) => fate_word(what, is_reversed).to_owned(),
            };
            return Line {
                label: format!("{guides}{} {word}", sign(twig.what)),
                share: Some(ratio(n, answer.units)),
                cells: vec![words::count(n), words::share(n, answer.units)],
                is_faint: true,
                ..Line::default()
            };
        };
        let fate = fates(answer, row).into_iter().find(|(_, n)| *n == branch.units);
        let sign = match (self.is_foldable(answer, row), fate) {
            (true, _) if self.is_unfolded(answer, row) => "▾",
            (true, _) => "▸",
            (false, Some((what, _))) => sign(what),
            (false, None) => " ",
        };
        let again = if branch.is_again { " ↺" } else { "" };
        let mut cells = vec![
            words::count(branch.units),
            words::share(branch.units, answer.units),
            branch.median_s.map_or(String::new(), words::seconds),
        ];
        if answer.has_goal {
            cells.extend(super::goal_cells(branch.converted, branch.units, answer.converted, answer.units));
        }
        Line {
            label: format!("{guides}{sign} {}{again}", visible(&branch.name)),
            share: Some(ratio(branch.units, answer.units)),
            cells,
            ..Line::default()
        }
    }
}

fn sign(what: What) -> &'static str {
    match what {
        What::Ended => "⊘",
        What::Open => "○",
        What::Beyond => "…",
        What::Branch | What::Other => "·",
    }
}

/// Read backwards, the end of a path is where the journey began.
fn fate_word(what: What, is_reversed: bool) -> &'static str {
    match what {
        What::Ended if is_reversed => "nothing before",
        What::Ended => "ended",
        What::Open if is_reversed => "nothing before, still open",
        What::Open => "open",
        What::Beyond => "more",
        What::Branch | What::Other => "(other)",
    }
}

/// Units whose first touchpoint is not shown.
fn root_other(answer: &Paths, roots: &[usize]) -> u64 {
    answer.units.saturating_sub(roots.iter().filter_map(|row| answer.tree.get(*row)).map(|row| row.units).sum())
}

/// The touchpoints from the first to this one.
fn names(answer: &Paths, row: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = Some(row);
    while let Some(branch) = at.and_then(|row| answer.tree.get(row)) {
        names.push(branch.name.clone());
        at = branch.parent;
    }
    names.reverse();
    names
}

fn key(twigs: &[Twig], answer: &Paths, place: usize) -> Option<String> {
    let twig = twigs.get(place)?;
    let path = twig.row.and_then(|row| answer.tree.get(row)).map_or("", |row| &row.path);
    Some(format!("{path}:{}", twig.what.word()))
}
