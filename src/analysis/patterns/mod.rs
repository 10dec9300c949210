//! Which touchpoints come in this order again and again: next to each other (n-grams) or with gaps (frequent
//! subsequences), and how those who come to the goal differ from the others.
//!
//! With a goal, the way of a unit that comes to it ends before it: no pattern holds its own success. The two groups are
//! still watched for different lengths of time, so what differs is an association.

mod ngrams;
mod prefixspan;
mod spec;
#[cfg(test)]
mod tests;
mod traces;

use std::cmp::Ordering;

use self::prefixspan::Wanted;
use self::traces::Traces;
use super::Error;
use super::paths::Unit;
use super::paths::way::Plan;
use super::paths::who::Counts;
use crate::base::stats::adjust::benjamini_hochberg;
use crate::base::stats::two_samples::TwoByTwo;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;
use crate::table::{Cell, Kind, Table};
pub use spec::{Lengths, PatternsSpec};

/// A pattern as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    codes: Vec<u32>,
    /// How often in all, where that is counted.
    times: Option<u64>,
    units: u64,
    converted: u64,
}

impl Ord for Pattern {
    /// The most frequent first, ties in the order of the names.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_times = || other.times.cmp(&self.times);
        by_times().then_with(|| other.units.cmp(&self.units)).then_with(|| self.codes.cmp(&other.codes))
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct PatternRow {
    /// From 1.
    pub rank: u64,
    pub pattern: String,
    pub names: Vec<String>,
    /// How often in all; `None` where gaps make that a matter of how one counts.
    pub count: Option<u64>,
    /// Units that hold it, each once.
    pub units: u64,
    /// Of them, those that come to the goal.
    pub converted: u64,
    /// That holding it and coming to the goal go together by chance; `None` without a goal or where all or nobody comes.
    pub p: Option<f64>,
    /// Adjusted for the number of patterns shown.
    pub p_adjusted: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patterns {
    /// The question in words.
    pub title: String,
    pub unit: Unit,
    pub has_goal: bool,
    pub units: u64,
    pub converted: u64,
    pub rows: Vec<PatternRow>,
    pub notes: Vec<String>,
}

struct Found {
    traces: Traces,
    /// The most frequent first, no more than asked for.
    patterns: Vec<Pattern>,
    notes: Vec<String>,
}

fn find(plan: &Plan, spec: &PatternsSpec, ctl: &Ctl) -> Result<Found, Error> {
    let traces = Traces::read(plan, ctl)?;
    let least = spec.min_support.at_least_of(traces.len() as u64);
    let (top, n) = (spec.top as usize, plan.shown.len());
    let mut notes = plan.notes(&spec.rules(), traces.left);
    let patterns = if spec.gaps {
        let wanted = Wanted { lengths: spec.length, least, top, read_most: prefixspan::READ_MOST };
        let found = prefixspan::prefixspan(&traces, n, wanted, ctl)?;
        if !found.stopped.is_empty() {
            let firsts: Vec<String> =
                found.stopped.iter().map(|code| format!("`{}`", plan.shown.label(*code))).collect();
            notes.push(format!(
                "the search stopped after reading {} billion touchpoints: what is shown is counted in full, but patterns that begin with {} may be missing; raise --min-support or shorten --length",
                prefixspan::READ_MOST / 1_000_000_000,
                firsts.join(", ")
            ));
        }
        found.patterns
    } else {
        let mut patterns = ngrams::ngrams(&traces, n, spec.length, least, ctl)?;
        patterns.sort_unstable();
        let n_found = patterns.len();
        patterns.truncate(top);
        if n_found > top {
            notes.push(format!(
                "the {top} most frequent of {n_found} patterns that at least {} hold; --top shows more",
                spec.unit.count(least)
            ));
        }
        patterns
    };
    Ok(Found { traces, patterns, notes })
}

/// # Errors
/// An unknown event, a question that contradicts itself, or `Cancelled`.
pub fn patterns(view: &View, spec: &PatternsSpec, ctl: &Ctl) -> Result<Patterns, Error> {
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let Found { traces, patterns, mut notes } = find(&plan, spec, ctl)?;
    let (units, converted) = (traces.len() as u64, traces.n_converted());
    let can_compare = plan.has_goal() && 0 < converted && converted < units;
    let p = |pattern: &Pattern| {
        let others = (units - converted, pattern.units - pattern.converted);
        TwoByTwo::of_shares((pattern.converted, converted), (others.1, others.0)).p()
    };
    let raw: Vec<f64> = if can_compare { patterns.iter().map(p).collect() } else { Vec::new() };
    let adjusted = benjamini_hochberg(&raw);
    let rows = patterns.iter().enumerate().map(|(at, pattern)| PatternRow {
        rank: at as u64 + 1,
        pattern: plan.shown.path(&pattern.codes),
        names: pattern.codes.iter().map(|code| plan.shown.label(*code).to_owned()).collect(),
        count: pattern.times,
        units: pattern.units,
        converted: pattern.converted,
        p: raw.get(at).copied(),
        p_adjusted: adjusted.get(at).copied(),
    });
    if plan.has_goal() {
        let goal = spec.goal.as_ref().map_or(String::new(), ToString::to_string);
        notes.push(format!(
            "{converted} of {} come to {goal}; patterns are looked for before it, and what differs is an association",
            spec.unit.count(units)
        ));
    }
    Ok(Patterns {
        title: spec.title(),
        unit: spec.unit,
        has_goal: plan.has_goal(),
        units,
        converted,
        rows: rows.collect(),
        notes,
    })
}

/// The customers behind a cell: `3` for the units that hold the pattern of that rank, `3:converted` for those of them that
/// come to the goal. In text order of their ids, once per unit.
///
/// # Errors
/// As `patterns`, and `UnknownCell`.
pub fn who(view: &View, spec: &PatternsSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let unknown = || Error::UnknownCell { cell: cell.to_owned(), example: "3 (a rank) or 3:converted".into() };
    let (rank, what) = cell.trim().split_once(':').unwrap_or((cell.trim(), "units"));
    let rank: usize = rank.trim().parse().map_err(|_| unknown())?;
    if !matches!(what, "units" | "converted") {
        return Err(unknown());
    }
    let found = find(&plan, spec, ctl)?;
    let Some(pattern) = rank.checked_sub(1).and_then(|at| found.patterns.get(at)) else {
        let n = found.patterns.len();
        return Err(Error::Invalid(format!("`{cell}` asks for a pattern that is not there: they are ranked 1 to {n}")));
    };
    let mut counts = Counts::new(view);
    for unit in 0..found.traces.len() {
        let trace = found.traces.of(unit);
        let holds = if spec.gaps {
            prefixspan::holds(trace, &pattern.codes)
        } else {
            trace.windows(pattern.codes.len()).any(|stretch| stretch == pattern.codes)
        };
        let is_counted = holds && (what == "units" || found.traces.converted[unit]);
        counts.add_if(found.traces.customers[unit], is_counted);
    }
    Ok(counts.in_order(view))
}

impl PatternRow {
    /// What `--who` opens it by.
    pub fn cell(&self) -> String {
        self.rank.to_string()
    }
}

impl Patterns {
    pub fn table(&self) -> Table {
        let columns = [
            ("rank", Kind::Count),
            ("pattern", Kind::Text),
            ("length", Kind::Count),
            ("count", Kind::Count),
            ("units", Kind::Count),
            ("share", Kind::Share),
            ("converted", Kind::Count),
            ("conversion", Kind::Share),
            ("base_rate", Kind::Share),
            ("lift", Kind::Number),
            ("share_of_converted", Kind::Share),
            ("share_of_others", Kind::Share),
            ("p", Kind::Probability),
            ("p_adj", Kind::Probability),
        ];
        let mut table = Table::new("patterns", &columns);
        for row in &self.rows {
            let mut cells = vec![
                Cell::Count(row.rank),
                Cell::text(row.pattern.clone()),
                Cell::Count(row.names.len() as u64),
                row.count.map_or(Cell::Empty, Cell::Count),
                Cell::Count(row.units),
                Cell::share(row.units, self.units),
            ];
            if self.has_goal {
                let base = self.converted as f64 / self.units.max(1) as f64;
                let conversion = row.converted as f64 / row.units.max(1) as f64;
                cells.extend([
                    Cell::Count(row.converted),
                    Cell::share(row.converted, row.units),
                    Cell::share(self.converted, self.units),
                    Cell::number(Some(conversion / base).filter(|_| self.converted > 0)),
                    Cell::share(row.converted, self.converted),
                    Cell::share(row.units - row.converted, self.units - self.converted),
                    Cell::number(row.p),
                    Cell::number(row.p_adjusted),
                ]);
            } else {
                cells.extend(std::iter::repeat_n(Cell::Empty, 8));
            }
            table.push(cells);
        }
        table
    }
}
