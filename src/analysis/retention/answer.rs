//! `Retention`: who comes back, per cohort and period, and the tables of it.

use crate::base::stats::interval::wilson;
use crate::base::{Instant, Period};
use crate::table::{Cell as TableCell, Column, Kind, Table};

/// One cohort in one period (or bracket). Where `eligible` is 0 nobody could have come back yet, and there is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Those of the cohort for whom the period is over.
    pub eligible: u64,
    /// Of those, who came back.
    pub retained: u64,
    /// Whether it is over for the whole cohort.
    pub is_complete: bool,
}

impl Cell {
    /// `None` where nobody could have come back yet.
    pub fn share(&self) -> Option<f64> {
        (self.eligible > 0).then(|| self.retained as f64 / self.eligible as f64)
    }

    pub fn interval(&self) -> Option<(f64, f64)> {
        wilson(self.retained, self.eligible)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    /// As the first column of the table and as `--who` write it.
    pub label: String,
    /// Where cohorts are periods: when this one starts.
    pub start: Option<Instant>,
    pub size: u64,
    /// As many as `Retention::periods`; the first is the cohort itself.
    pub cells: Vec<Cell>,
}

/// All cohorts together in one period.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overall {
    /// Cohorts of which somebody could have come back.
    pub n_cohorts: u64,
    /// Their eligible and retained customers: the share is weighted by size.
    pub cell: Cell,
    /// The plain mean of the cohorts' shares.
    pub mean: Option<f64>,
}

impl Overall {
    /// 1 less the weighted share.
    pub fn churn(&self) -> Option<f64> {
        self.cell.share().map(|share| 1.0 - share)
    }
}

/// The whole, or one value of the breakdown. All groups have the same cohorts in the same order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// `None` is the whole.
    pub value: Option<String>,
    pub cohorts: Vec<Cohort>,
    /// By period.
    pub overall: Vec<Overall>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// The question in words.
    pub title: String,
    /// The length of a period.
    pub unit: Period,
    /// `0`, `1`, `2` …, or brackets: `0`, `1-3`, `4-7`.
    pub periods: Vec<String>,
    pub has_brackets: bool,
    pub breakdown: Option<String>,
    /// The whole first, then the breakdown's values, most entries first, `(other)` last.
    pub groups: Vec<Group>,
    pub notes: Vec<String>,
}

/// The name of all cohorts together in a cell key.
pub const ALL: &str = "all";

impl Retention {
    pub fn total(&self) -> &Group {
        &self.groups[0]
    }

    /// The key that `--who` takes for the customers of a cell (`None` is all cohorts together) who came back.
    pub fn key(&self, group: usize, cohort: Option<usize>, period: usize) -> String {
        let cohort = cohort.map_or(ALL, |cohort| &self.groups[group].cohorts[cohort].label);
        let at = self.groups[group].value.as_ref().map_or(String::new(), |value| format!("@{value}"));
        format!("{cohort}:{}{at}", self.periods[period])
    }

    /// Tables `retention` and `summary`.
    pub fn tables(&self) -> Vec<Table> {
        vec![self.retention_table(), self.summary_table()]
    }

    fn retention_table(&self) -> Table {
        let mut table = self.table_by_group(
            "retention",
            &[
                ("cohort", Kind::Text),
                ("size", Kind::Count),
                ("period", self.period_kind()),
                ("eligible", Kind::Count),
                ("retained", Kind::Count),
                ("share", Kind::Share),
                ("lo", Kind::Share),
                ("hi", Kind::Share),
                ("complete", Kind::Flag),
            ],
        );
        for group in &self.groups {
            for cohort in &group.cohorts {
                for (at, cell) in cohort.cells.iter().enumerate() {
                    let mut row = self.group_cell(group);
                    row.extend([TableCell::text(cohort.label.as_str()), TableCell::Count(cohort.size)]);
                    row.extend([self.period_cell(at), TableCell::Count(cell.eligible)]);
                    row.extend(shares(cell));
                    row.push(TableCell::Flag(cell.is_complete));
                    table.push(row);
                }
            }
        }
        table
    }

    fn summary_table(&self) -> Table {
        let mut table = self.table_by_group(
            "summary",
            &[
                ("period", self.period_kind()),
                ("cohorts", Kind::Count),
                ("eligible", Kind::Count),
                ("retained", Kind::Count),
                ("share", Kind::Share),
                ("lo", Kind::Share),
                ("hi", Kind::Share),
                ("mean", Kind::Share),
                ("churn", Kind::Share),
            ],
        );
        for group in &self.groups {
            for (at, overall) in group.overall.iter().enumerate() {
                let mut row = self.group_cell(group);
                row.extend([self.period_cell(at), TableCell::Count(overall.n_cohorts)]);
                row.push(TableCell::Count(overall.cell.eligible));
                row.extend(shares(&overall.cell));
                row.extend([TableCell::number(overall.mean), TableCell::number(overall.churn())]);
                table.push(row);
            }
        }
        table
    }

    fn period_kind(&self) -> Kind {
        if self.has_brackets { Kind::Text } else { Kind::Int }
    }

    fn period_cell(&self, at: usize) -> TableCell {
        if self.has_brackets { TableCell::text(self.periods[at].as_str()) } else { TableCell::Count(at as u64) }
    }

    /// A table that begins with the breakdown where there is one.
    fn table_by_group(&self, name: &str, columns: &[(&str, Kind)]) -> Table {
        let mut table = Table::new(name, columns);
        if self.breakdown.is_some() {
            table.columns.insert(0, Column::new("breakdown", Kind::Text));
        }
        table
    }

    fn group_cell(&self, group: &Group) -> Vec<TableCell> {
        match self.breakdown {
            Some(_) => vec![group.value.as_ref().map_or(TableCell::Empty, TableCell::text)],
            None => Vec::new(),
        }
    }
}

/// Retained, share and its interval; blank where nobody could have come back yet.
fn shares(cell: &Cell) -> [TableCell; 4] {
    let retained = if cell.eligible > 0 { TableCell::Count(cell.retained) } else { TableCell::Empty };
    let interval = cell.interval();
    [
        retained,
        TableCell::number(cell.share()),
        TableCell::number(interval.map(|(lo, _)| lo)),
        TableCell::number(interval.map(|(_, hi)| hi)),
    ]
}
