//! The tables of `Dwell`.

use super::answer::{Direction, Dwell, Group, StageDwell};
use super::spec::Part;
use crate::base::stats::interval::wilson;
use crate::table::{Cell, Column, Kind, Table};

/// Makes one of the tables.
type Make = fn(&Dwell) -> Table;

impl Dwell {
    /// Tables `stages`, `histogram`, `survival`, `exits`, or those of them that were asked for alone, and, where asked for,
    /// `differences`, `limit`, `incidence`, `rework`, `slow`.
    pub fn tables(&self) -> Vec<Table> {
        let parts: [(Part, Make); 4] = [
            (Part::Stages, Dwell::stages),
            (Part::Histogram, Dwell::histogram),
            (Part::Survival, Dwell::survival),
            (Part::Exits, Dwell::exits),
        ];
        let is_wanted = |part: &Part| self.only.is_empty() || self.only.contains(part);
        let mut tables: Vec<Table> =
            parts.into_iter().filter(|(part, _)| is_wanted(part)).map(|(_, table)| table(self)).collect();
        // The test compares curves.
        if self.breakdown.is_some() && is_wanted(&Part::Survival) {
            tables.push(self.differences_table());
        }
        let asked = self.asked;
        let more: [(bool, Make); 4] = [
            (asked.limit, Dwell::limit),
            (asked.incidence, Dwell::incidence),
            (asked.rework, Dwell::rework),
            (asked.slow, Dwell::slow),
        ];
        tables.extend(more.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, table)| table(self)));
        tables
    }

    fn stages(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("visits", Kind::Count),
            ("customers", Kind::Count),
            ("completed", Kind::Count),
            ("open", Kind::Count),
            ("mean_s", Kind::Seconds),
            ("p10_s", Kind::Seconds),
            ("p25_s", Kind::Seconds),
            ("p50_s", Kind::Seconds),
            ("p75_s", Kind::Seconds),
            ("p90_s", Kind::Seconds),
            ("km_median_s", Kind::Seconds),
            ("km_lo_s", Kind::Seconds),
            ("km_hi_s", Kind::Seconds),
            ("reentries", Kind::Count),
        ];
        self.by_stage("stages", &columns, |stage, add| {
            let counts = [stage.visits, stage.customers, stage.completed, stage.open].map(Cell::Count);
            let quantile = |at: usize| Cell::number(stage.quantiles_s.map(|quantiles| quantiles[at]));
            let mut row = counts.to_vec();
            row.push(Cell::number(stage.mean_s));
            row.extend((1..6).map(quantile));
            row.extend([stage.km_median_s, stage.km_lo_s, stage.km_hi_s].map(Cell::number));
            row.push(Cell::Count(stage.reentries));
            add(row);
        })
    }

    fn histogram(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("bin", Kind::Count),
            ("from_s", Kind::Seconds),
            ("to_s", Kind::Seconds),
            ("completed", Kind::Count),
            ("open", Kind::Count),
        ];
        self.by_stage("histogram", &columns, |stage, add| {
            for (at, bin) in stage.histogram.iter().enumerate() {
                add(vec![
                    Cell::Count(at as u64 + 1),
                    Cell::number(bin.from_s),
                    Cell::number(bin.to_s),
                    Cell::Count(bin.completed),
                    Cell::Count(bin.open),
                ]);
            }
        })
    }

    fn survival(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("time_s", Kind::Seconds),
            ("at_risk", Kind::Count),
            ("events", Kind::Count),
            ("survival", Kind::Share),
            ("lo", Kind::Share),
            ("hi", Kind::Share),
        ];
        self.by_stage("survival", &columns, |stage, add| {
            for point in &stage.curve {
                let (lo, hi) = point.interval.unzip();
                add(vec![
                    Cell::number(point.time),
                    Cell::Count(point.at_risk),
                    Cell::Count(point.ended),
                    Cell::number(point.survival),
                    Cell::number(lo),
                    Cell::number(hi),
                ]);
            }
        })
    }

    fn exits(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("to", Kind::Text),
            ("visits", Kind::Count),
            ("share", Kind::Share),
            ("median_s", Kind::Seconds),
            ("direction", Kind::Text),
            ("incidence", Kind::Share),
        ];
        self.by_stage("exits", &columns, |stage, add| {
            for exit in &stage.exits {
                let has_direction = exit.direction != Direction::Elsewhere;
                add(vec![
                    Cell::text(exit.to.as_str()),
                    Cell::Count(exit.visits),
                    Cell::share(exit.visits, stage.completed),
                    Cell::number(exit.median_s),
                    if has_direction { Cell::text(exit.direction.word()) } else { Cell::Empty },
                    Cell::number(exit.incidence),
                ]);
            }
        })
    }

    fn incidence(&self) -> Table {
        let columns =
            [("stage", Kind::Text), ("to", Kind::Text), ("time_s", Kind::Seconds), ("incidence", Kind::Share)];
        self.by_stage("incidence", &columns, |stage, add| {
            for exit in &stage.exits {
                for (point, incidence) in stage.curve.iter().zip(&exit.incidences) {
                    add(vec![Cell::text(exit.to.as_str()), Cell::number(point.time), Cell::number(*incidence)]);
                }
            }
        })
    }

    fn limit(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("limit_s", Kind::Seconds),
            ("visits", Kind::Count),
            ("over", Kind::Count),
            ("over_open", Kind::Count),
            ("within", Kind::Count),
            ("undecided", Kind::Count),
            ("share_over", Kind::Share),
            ("lo", Kind::Share),
            ("hi", Kind::Share),
        ];
        self.by_stage("limit", &columns, |stage, add| {
            let Some(limit) = &stage.limit else { return };
            let (lo, hi) = limit.interval.unzip();
            add(vec![
                Cell::number(limit.limit_s),
                Cell::Count(stage.visits),
                Cell::Count(limit.over()),
                Cell::Count(limit.over_open),
                Cell::Count(limit.within),
                Cell::Count(limit.undecided),
                if stage.visits == 0 { Cell::Empty } else { Cell::number(limit.share) },
                Cell::number(lo),
                Cell::number(hi),
            ]);
        })
    }

    fn rework(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("customers", Kind::Count),
            ("returned", Kind::Count),
            ("share", Kind::Share),
            ("lo", Kind::Share),
            ("hi", Kind::Share),
            ("reentries", Kind::Count),
            ("visits_per_customer", Kind::Number),
        ];
        self.by_stage("rework", &columns, |stage, add| {
            let (lo, hi) = wilson(stage.returned, stage.customers).unzip();
            let per_customer = (stage.customers > 0).then(|| stage.visits as f64 / stage.customers as f64);
            add(vec![
                Cell::Count(stage.customers),
                Cell::Count(stage.returned),
                Cell::share(stage.returned, stage.customers),
                Cell::number(lo),
                Cell::number(hi),
                Cell::Count(stage.reentries),
                Cell::number(per_customer),
            ]);
        })
    }

    fn differences_table(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("chi_square", Kind::Number),
            ("degrees", Kind::Count),
            ("p", Kind::Probability),
            ("p_adj", Kind::Probability),
        ];
        let mut table = Table::new("differences", &columns);
        for difference in &self.differences {
            table.push(vec![
                Cell::text(difference.stage.as_str()),
                Cell::number(difference.test.map(|test| test.chi_square)),
                difference.test.map_or(Cell::Empty, |test| Cell::Count(test.degrees as u64)),
                Cell::number(difference.test.map(|test| test.p)),
                Cell::number(difference.p_adj),
            ]);
        }
        table
    }

    fn slow(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("longer_than_s", Kind::Seconds),
            ("trait", Kind::Text),
            ("slow_with", Kind::Count),
            ("slow", Kind::Count),
            ("rest_with", Kind::Count),
            ("rest", Kind::Count),
            ("odds_ratio", Kind::Number),
            ("lo", Kind::Number),
            ("hi", Kind::Number),
            ("p", Kind::Probability),
            ("p_adj", Kind::Probability),
        ];
        let mut table = Table::new("slow", &columns);
        for tail in &self.tails {
            for known in &tail.traits {
                table.push(vec![
                    Cell::text(tail.stage.as_str()),
                    Cell::number(tail.longer_than_s),
                    Cell::text(known.text.as_str()),
                    Cell::Count(known.slow_with),
                    Cell::Count(tail.slow),
                    Cell::Count(known.rest_with),
                    Cell::Count(tail.rest),
                    Cell::number(known.odds.value),
                    Cell::number(known.odds.lo),
                    Cell::number(known.odds.hi),
                    Cell::number(known.p),
                    Cell::number(known.p_adj),
                ]);
            }
        }
        table
    }

    /// A table with rows for every stage of every group; under a breakdown it begins with the value, which is empty for the
    /// whole. The first column is the stage.
    fn by_stage(
        &self,
        name: &str,
        columns: &[(&str, Kind)],
        rows: impl Fn(&StageDwell, &mut dyn FnMut(Vec<Cell>)),
    ) -> Table {
        let mut table = Table::new(name, columns);
        if self.breakdown.is_some() {
            table.columns.insert(0, Column::new("breakdown", Kind::Text));
        }
        for group in &self.groups {
            for stage in &group.stages {
                rows(stage, &mut |cells| {
                    let mut row = self.group_cell(group);
                    row.push(Cell::text(stage.name.as_str()));
                    row.extend(cells);
                    table.push(row);
                });
            }
        }
        table
    }

    fn group_cell(&self, group: &Group) -> Vec<Cell> {
        match self.breakdown {
            Some(_) => vec![group.value.as_deref().map_or(Cell::Empty, Cell::text)],
            None => Vec::new(),
        }
    }
}
