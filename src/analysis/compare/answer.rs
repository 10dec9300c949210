//! `Compare`: cohorts side by side, how much they differ and how sure that is, and what of it is mix; with their tables.

use crate::table::{Cell, Column, Kind, Table};

/// What a metric's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 1.
    Share,
    Seconds,
    Number,
}

/// Which test a p-value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// χ², or Fisher's exact test where chance alone would put fewer than 5 into a cell.
    TwoShares,
    MannWhitney,
    LogRank,
}

/// A cohort against the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    pub baseline: Option<f64>,
    /// The cohort's figure less the baseline's.
    pub difference: Option<f64>,
    pub interval: Option<(f64, f64)>,
    pub test: Test,
    /// `None` where there is nothing to test.
    pub p: Option<f64>,
    /// Adjusted for all tests of the answer (Benjamini–Hochberg).
    pub p_adj: Option<f64>,
}

/// One cohort's figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Customers that it is of.
    pub n: u64,
    /// Of those, for how many it holds, where it is a share.
    pub hits: Option<u64>,
    pub value: Option<f64>,
    pub interval: Option<(f64, f64)>,
    /// `None` for the baseline itself.
    pub versus: Option<Versus>,
    /// What a reader must know: `small`, `nobody`, `one customer`, `all alike`, `not reached`.
    pub notes: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub name: String,
    pub unit: Unit,
    /// One per cohort, in their order.
    pub figures: Vec<Figure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortSize {
    pub name: String,
    pub customers: u64,
}

/// One value of a column in a split into mix and rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub value: String,
    /// Customers in the cohort and in the baseline.
    pub n: u64,
    pub baseline_n: u64,
    /// Their share of the cohort, and of the baseline.
    pub share: f64,
    pub baseline_share: f64,
    /// `None` where there is nobody.
    pub rate: Option<f64>,
    pub baseline_rate: Option<f64>,
    pub mix: f64,
    pub rate_effect: f64,
    /// The difference of the two shares in standard deviations: beyond ±0.1 the cohorts are not alike in it.
    pub std_difference: f64,
}

/// The difference of a rate between a cohort and the baseline, split by one column: `total = mix + rate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// Its place among the cohorts.
    pub cohort: usize,
    pub column: String,
    pub total: f64,
    /// What comes from the column's values being more or less frequent.
    pub mix: f64,
    /// What comes from the rate within them.
    pub rate: f64,
    pub parts: Vec<Part>,
}

impl Mix {
    /// The largest difference in the column's values, in standard deviations.
    pub fn imbalance(&self) -> f64 {
        self.parts.iter().map(|part| part.std_difference.abs()).fold(0.0, f64::max)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// The question in words.
    pub title: String,
    /// The first is the baseline.
    pub cohorts: Vec<CohortSize>,
    /// Pairs of cohorts that share customers, and how many.
    pub overlaps: Vec<(usize, usize, u64)>,
    pub metrics: Vec<Metric>,
    /// The metric that `mix` splits; `None` where no rate is compared.
    pub rate: Option<String>,
    /// By cohort, biggest mix first.
    pub mix: Vec<Mix>,
    pub notes: Vec<String>,
}

impl Compare {
    /// The key that `--who` takes for the customers behind a figure: `n` of them, or those for whom it holds.
    pub fn key(&self, metric: usize, cohort: usize, what: &str) -> String {
        format!("{}:{}:{what}", self.cohorts[cohort].name, self.metrics[metric].name)
    }

    /// Tables `metrics`, `mix` and `parts`.
    pub fn tables(&self) -> Vec<Table> {
        vec![self.metrics_table(), self.mix_table(), self.parts_table()]
    }

    fn metrics_table(&self) -> Table {
        let columns = [
            ("metric", Kind::Text),
            ("cohort", Kind::Text),
            ("n", Kind::Count),
            ("value", Kind::Number),
            ("lo", Kind::Number),
            ("hi", Kind::Number),
            ("baseline", Kind::Number),
            ("difference", Kind::Number),
            ("diff_lo", Kind::Number),
            ("diff_hi", Kind::Number),
            ("p", Kind::Probability),
            ("p_adj", Kind::Probability),
            ("note", Kind::Text),
        ];
        let mut table = Table::new("metrics", &columns);
        for metric in &self.metrics {
            for (cohort, figure) in self.cohorts.iter().zip(&metric.figures) {
                let versus = figure.versus.as_ref();
                let of = |pick: fn(&Versus) -> Option<f64>| Cell::number(versus.and_then(pick));
                table.push(vec![
                    Cell::text(metric.name.as_str()),
                    Cell::text(cohort.name.as_str()),
                    Cell::Count(figure.n),
                    Cell::number(figure.value),
                    Cell::number(figure.interval.map(|(lo, _)| lo)),
                    Cell::number(figure.interval.map(|(_, hi)| hi)),
                    of(|versus| versus.baseline),
                    of(|versus| versus.difference),
                    of(|versus| versus.interval.map(|(lo, _)| lo)),
                    of(|versus| versus.interval.map(|(_, hi)| hi)),
                    of(|versus| versus.p),
                    of(|versus| versus.p_adj),
                    if figure.notes.is_empty() { Cell::Empty } else { Cell::text(figure.notes.join(", ")) },
                ]);
            }
        }
        table
    }

    fn mix_table(&self) -> Table {
        let columns = [("column", Kind::Text), ("total", Kind::Share), ("mix", Kind::Share), ("rate", Kind::Share)];
        let mut table = self.table_by_cohort("mix", &columns);
        for mix in &self.mix {
            let mut row = self.cohort_cell(mix);
            row.extend([
                Cell::text(mix.column.as_str()),
                Cell::number(mix.total),
                Cell::number(mix.mix),
                Cell::number(mix.rate),
            ]);
            table.push(row);
        }
        table
    }

    fn parts_table(&self) -> Table {
        let columns = [
            ("column", Kind::Text),
            ("value", Kind::Text),
            ("n", Kind::Count),
            ("baseline_n", Kind::Count),
            ("share", Kind::Share),
            ("baseline_share", Kind::Share),
            ("rate", Kind::Share),
            ("baseline_rate", Kind::Share),
            ("mix", Kind::Share),
            ("rate_effect", Kind::Share),
            ("std_difference", Kind::Number),
        ];
        let mut table = self.table_by_cohort("parts", &columns);
        for mix in &self.mix {
            for part in &mix.parts {
                let mut row = self.cohort_cell(mix);
                row.extend([
                    Cell::text(mix.column.as_str()),
                    Cell::text(part.value.as_str()),
                    Cell::Count(part.n),
                    Cell::Count(part.baseline_n),
                    Cell::number(part.share),
                    Cell::number(part.baseline_share),
                    Cell::number(part.rate),
                    Cell::number(part.baseline_rate),
                    Cell::number(part.mix),
                    Cell::number(part.rate_effect),
                    Cell::number(part.std_difference),
                ]);
                table.push(row);
            }
        }
        table
    }

    /// A table that begins with the cohort where there are more than two.
    fn table_by_cohort(&self, name: &str, columns: &[(&str, Kind)]) -> Table {
        let mut table = Table::new(name, columns);
        if self.cohorts.len() > 2 {
            table.columns.insert(0, Column::new("cohort", Kind::Text));
        }
        table
    }

    fn cohort_cell(&self, mix: &Mix) -> Vec<Cell> {
        if self.cohorts.len() > 2 { vec![Cell::text(self.cohorts[mix.cohort].name.as_str())] } else { Vec::new() }
    }
}
