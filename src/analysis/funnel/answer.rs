//! `Funnel`: the numbers of a funnel, and its tables.

use crate::base::Instant;
use crate::base::stats::interval::wilson;
use crate::table::{Cell, Column, Kind, Table};

/// What became of a customer at the level reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Went on (at the last step: completed).
    Converted,
    Dropped,
    /// The window is not over; may still go on.
    Open,
    Excluded,
}

/// The counts at one step. `customers = converted + dropped + open + excluded`; at the last step all are converted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepCount {
    pub name: String,
    pub optional: bool,
    /// Reached this step.
    pub customers: u64,
    /// Of those, went on to the next step.
    pub converted: u64,
    pub dropped: u64,
    pub open: u64,
    pub excluded: u64,
    /// Seconds from the step before, in winning attempts.
    pub median_s: Option<f64>,
    pub mean_s: Option<f64>,
    pub p90_s: Option<f64>,
}

/// One funnel: the total, or one value of the breakdown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// `None` is the total.
    pub value: Option<String>,
    pub steps: Vec<StepCount>,
}

/// Seconds between two steps (from 1) over winning attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRow {
    pub group: Option<String>,
    pub from: usize,
    pub to: usize,
    pub n: u64,
    pub mean_s: f64,
    /// p10 p25 p50 p75 p90 p99
    pub quantiles_s: [f64; 6],
    /// Counts by bin, with the bins' lower edges in seconds and the last upper edge at the end.
    pub histogram: (Vec<f64>, Vec<u64>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TrendRow {
    pub start: Instant,
    pub label: String,
    /// Customers who reached each step.
    pub reached: Vec<u64>,
    /// Those of them who may still convert.
    pub open: u64,
    pub is_mature: bool,
}

/// What those who dropped after a step (from 1) did next.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    pub step: usize,
    /// `(end)` where nothing followed.
    pub next: String,
    pub customers: u64,
    pub median_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Funnel {
    /// The question in words: order, window, unit.
    pub title: String,
    pub breakdown: Option<String>,
    /// Names of the tables beside `steps` that were asked for; they are there even where they have no rows.
    pub asked: Vec<&'static str>,
    /// Those who may still go on are left out of the denominators.
    pub is_mature_only: bool,
    /// The total first, then the breakdown's values, largest entry first, `(other)` last.
    pub groups: Vec<Group>,
    pub times: Vec<TimeRow>,
    pub trend: Vec<TrendRow>,
    pub after: Vec<After>,
    /// Tables that only files and drills show: sensitivity, trace.
    pub extra: Vec<Table>,
    pub notes: Vec<String>,
}

impl Funnel {
    /// The whole, without a breakdown.
    pub fn total(&self) -> &Group {
        &self.groups[0]
    }

    /// Tables `steps` and, where asked for, `times`, `trend`, `after`, `sensitivity`, `trace`.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.steps_table()];
        if self.asked.contains(&"times") || !self.times.is_empty() {
            tables.push(self.times_table());
        }
        if self.asked.contains(&"trend") || !self.trend.is_empty() {
            tables.push(self.trend_table());
        }
        if self.asked.contains(&"after") || !self.after.is_empty() {
            tables.push(self.after_table());
        }
        tables.extend(self.extra.iter().cloned());
        tables
    }

    fn steps_table(&self) -> Table {
        let mut table = self.table_by_group(
            "steps",
            &[
                ("step", Kind::Count),
                ("name", Kind::Text),
                ("customers", Kind::Count),
                ("share_of_first", Kind::Share),
                ("lo", Kind::Share),
                ("hi", Kind::Share),
                ("share_of_previous", Kind::Share),
                ("converted", Kind::Count),
                ("dropped", Kind::Count),
                ("open", Kind::Count),
                ("excluded", Kind::Count),
                ("median_s", Kind::Seconds),
                ("mean_s", Kind::Seconds),
                ("p90_s", Kind::Seconds),
            ],
        );
        for group in &self.groups {
            for (at, step) in group.steps.iter().enumerate() {
                let of_first = group.of_first(at, self.is_mature_only);
                let interval = of_first.and_then(|whole| wilson(step.customers, whole));
                let mut row = self.group_cell(group.value.as_deref());
                row.extend([
                    Cell::Count(at as u64 + 1),
                    Cell::text(step.name.clone()),
                    Cell::Count(step.customers),
                    of_first.map_or(Cell::Empty, |whole| Cell::share(step.customers, whole)),
                    Cell::number(interval.map(|(lo, _)| lo)),
                    Cell::number(interval.map(|(_, hi)| hi)),
                    group
                        .of_previous(at, self.is_mature_only)
                        .map_or(Cell::Empty, |whole| Cell::share(step.customers, whole)),
                    Cell::Count(step.converted),
                    Cell::Count(step.dropped),
                    Cell::Count(step.open),
                    Cell::Count(step.excluded),
                    Cell::number(step.median_s),
                    Cell::number(step.mean_s),
                    Cell::number(step.p90_s),
                ]);
                table.push(row);
            }
        }
        table
    }

    fn times_table(&self) -> Table {
        let mut table = self.table_by_group(
            "times",
            &[
                ("from", Kind::Count),
                ("to", Kind::Count),
                ("n", Kind::Count),
                ("mean_s", Kind::Seconds),
                ("p10_s", Kind::Seconds),
                ("p25_s", Kind::Seconds),
                ("p50_s", Kind::Seconds),
                ("p75_s", Kind::Seconds),
                ("p90_s", Kind::Seconds),
                ("p99_s", Kind::Seconds),
            ],
        );
        for times in &self.times {
            let mut row = self.group_cell(times.group.as_deref());
            row.extend([Cell::Count(times.from as u64), Cell::Count(times.to as u64), Cell::Count(times.n)]);
            row.push(Cell::number(times.mean_s));
            row.extend(times.quantiles_s.map(Cell::number));
            table.push(row);
        }
        table
    }

    fn trend_table(&self) -> Table {
        let n_steps = self.total().steps.len();
        let mut columns = vec![Column::new("period", Kind::Text), Column::new("entered", Kind::Count)];
        columns.extend((1..=n_steps).map(|step| Column::new(format!("reached_{step}"), Kind::Count)));
        columns.extend([Column::new("share", Kind::Share), Column::new("mature", Kind::Flag)]);
        let mut table = Table::new("trend", &[]);
        table.columns = columns;
        for period in &self.trend {
            let entered = period.reached.first().copied().unwrap_or(0);
            let whole = if self.is_mature_only { entered - period.open } else { entered };
            let mut row = vec![Cell::text(period.label.clone()), Cell::Count(entered)];
            row.extend(period.reached.iter().map(|reached| Cell::Count(*reached)));
            row.push(Cell::share(period.reached.last().copied().unwrap_or(0), whole));
            row.push(Cell::Flag(period.is_mature));
            table.push(row);
        }
        table
    }

    fn after_table(&self) -> Table {
        let columns = [
            ("step", Kind::Count),
            ("next", Kind::Text),
            ("customers", Kind::Count),
            ("share", Kind::Share),
            ("median_s", Kind::Seconds),
        ];
        let mut table = Table::new("after", &columns);
        for after in &self.after {
            table.push(vec![
                Cell::Count(after.step as u64),
                Cell::text(after.next.clone()),
                Cell::Count(after.customers),
                Cell::share(after.customers, self.total().steps[after.step - 1].dropped),
                Cell::number(after.median_s),
            ]);
        }
        table
    }

    /// A table that begins with the breakdown's column where there is one, named after it.
    fn table_by_group(&self, name: &str, columns: &[(&str, Kind)]) -> Table {
        let mut table = Table::new(name, columns);
        if self.breakdown.is_some() {
            table.columns.insert(0, Column::new("breakdown", Kind::Text));
        }
        table
    }

    /// The first cell of a row under a breakdown; empty for the whole.
    fn group_cell(&self, value: Option<&str>) -> Vec<Cell> {
        match self.breakdown {
            Some(_) => vec![value.map_or(Cell::Empty, Cell::text)],
            None => Vec::new(),
        }
    }
}

impl Group {
    /// The denominator of the share of the first step, `None` without steps. Where only those count whose outcome is
    /// known, whoever is open before this step is left out; whoever is open at it or later has reached it.
    pub fn of_first(&self, step: usize, is_mature_only: bool) -> Option<u64> {
        let entered = self.steps.first()?.customers;
        let open: u64 = self.steps[..step].iter().filter(|step| !step.optional).map(|step| step.open).sum();
        Some(if is_mature_only { entered - open } else { entered })
    }

    /// The denominator of the share of the step before (the mandatory one), `None` at the first.
    pub fn of_previous(&self, step: usize, is_mature_only: bool) -> Option<u64> {
        let before = self.steps[..step].iter().rfind(|step| !step.optional)?;
        Some(if is_mature_only { before.customers - before.open } else { before.customers })
    }
}
