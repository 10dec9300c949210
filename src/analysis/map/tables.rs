//! The tables of `Map`.

use super::answer::{Emotion, KpiUnit, Map, Stage};
use super::plan::Direction;
use crate::table::{Cell, Column, Kind, Table};

impl Map {
    /// Tables `stages`, `touchpoints`, `channels`, `kpis`, `scores`, `coverage`.
    pub fn tables(&self) -> Vec<Table> {
        vec![
            self.stages_table(),
            self.touchpoints_table(),
            self.channels_table(),
            self.kpis_table(),
            self.scores_table(),
            self.coverage_table(),
        ]
    }

    /// The ids of all KPIs, once each, in the order of the stages, as the columns of `stages` are called.
    fn kpi_columns(&self) -> Vec<(String, String)> {
        const TAKEN: [&str; 22] = [
            "stage",
            "customers",
            "moved_on",
            "lo",
            "hi",
            "completed_median_s",
            "km_median_s",
            "events",
            "emotion",
            "emotion_n",
            "owner",
            "label",
            "share",
            "waiting",
            "km_lo_s",
            "km_hi_s",
            "emotion_lo",
            "emotion_hi",
            "expected_emotion",
            "goal",
            "share_moved_on",
            "kpi",
        ];
        let mut columns: Vec<(String, String)> = Vec::new();
        for kpi in &self.kpis {
            if columns.iter().any(|(id, _)| *id == kpi.id) {
                continue;
            }
            let name = if TAKEN.contains(&kpi.id.as_str()) { format!("kpi_{}", kpi.id) } else { kpi.id.clone() };
            columns.push((kpi.id.clone(), name));
        }
        columns
    }

    fn stages_table(&self) -> Table {
        let mut table = Table::new(
            "stages",
            &[
                ("stage", Kind::Text),
                ("customers", Kind::Count),
                ("moved_on", Kind::Count),
                ("lo", Kind::Share),
                ("hi", Kind::Share),
                ("completed_median_s", Kind::Seconds),
                ("km_median_s", Kind::Seconds),
                ("events", Kind::Count),
                ("emotion", Kind::Number),
                ("emotion_n", Kind::Count),
            ],
        );
        let kpis = self.kpi_columns();
        for (id, name) in &kpis {
            let units: Vec<KpiUnit> = self.kpis.iter().filter(|kpi| kpi.id == *id).map(|kpi| kpi.unit).collect();
            let kind = match units[..] {
                [first, ..] if units.iter().all(|unit| *unit == first) => kind_of(first),
                _ => Kind::Number,
            };
            table.columns.push(Column::new(name.as_str(), kind));
        }
        let rest = [
            ("owner", Kind::Text),
            ("label", Kind::Text),
            ("share", Kind::Share),
            ("share_moved_on", Kind::Share),
            ("waiting", Kind::Count),
            ("km_lo_s", Kind::Seconds),
            ("km_hi_s", Kind::Seconds),
            ("emotion_lo", Kind::Number),
            ("emotion_hi", Kind::Number),
            ("expected_emotion", Kind::Number),
            ("goal", Kind::Text),
        ];
        table.columns.extend(rest.map(|(name, kind)| Column::new(name, kind)));
        for (idx, stage) in self.stages.iter().enumerate() {
            table.push(self.stage_row(idx, stage, &kpis));
        }
        table
    }

    fn stage_row(&self, idx: usize, stage: &Stage, kpis: &[(String, String)]) -> Vec<Cell> {
        let (lo, hi) = stage.interval.unzip();
        let mut row = vec![
            Cell::text(stage.id.as_str()),
            Cell::Count(stage.customers),
            count(stage.moved_on),
            Cell::number(lo),
            Cell::number(hi),
            Cell::number(stage.completed_median_s),
            Cell::number(stage.km_median_s),
            Cell::Count(stage.events),
            Cell::number(stage.emotion.mean),
            sayers(&stage.emotion),
        ];
        row.extend(kpis.iter().map(|(id, _)| {
            let kpi = self.kpis_of(idx).find(|kpi| kpi.id == *id);
            Cell::number(kpi.and_then(|kpi| kpi.value))
        }));
        let [emotion_lo, emotion_hi] = bounds(&stage.emotion);
        row.extend([
            text(&stage.owner),
            text(&stage.label),
            Cell::number(stage.share),
            Cell::number(stage.share_moved_on()),
            count(stage.waiting()),
            Cell::number(stage.km_interval_s.0),
            Cell::number(stage.km_interval_s.1),
            emotion_lo,
            emotion_hi,
            Cell::number(stage.expected_emotion),
            text(&stage.goal),
        ]);
        row
    }

    fn touchpoints_table(&self) -> Table {
        let columns = [
            ("touchpoint", Kind::Text),
            ("label", Kind::Text),
            ("stage", Kind::Text),
            ("customers", Kind::Count),
            ("events", Kind::Count),
            ("share", Kind::Share),
            ("channel", Kind::Text),
            ("emotion", Kind::Number),
            ("emotion_n", Kind::Count),
            ("rank", Kind::Count),
            ("rank_lo", Kind::Count),
            ("rank_hi", Kind::Count),
            ("pain", Kind::Number),
            ("severity", Kind::Number),
            ("reach", Kind::Count),
            ("loss", Kind::Share),
            ("lost", Kind::Count),
            ("mature", Kind::Count),
            ("negative", Kind::Share),
            ("n_negative", Kind::Count),
            ("n_signals", Kind::Count),
            ("dwell", Kind::Number),
            ("slow", Kind::Count),
            ("moved_on", Kind::Count),
            ("loops", Kind::Number),
            ("again", Kind::Count),
            ("rate", Kind::Share),
            ("best", Kind::Share),
            ("best_of", Kind::Text),
            ("extra", Kind::Number),
            ("goals", Kind::Number),
            ("money", Kind::Number),
            ("owner", Kind::Text),
        ];
        let mut table = Table::new("touchpoints", &columns);
        for row in &self.touchpoints {
            let (pain, gain) = (&row.pain, &row.opportunity);
            let rank = |rank: Option<u32>| rank.map_or(Cell::Empty, |rank| Cell::Count(u64::from(rank)));
            let known = |n: u64, is_known: bool| if is_known { Cell::Count(n) } else { Cell::Empty };
            table.push(vec![
                Cell::text(row.id.as_str()),
                text(&row.label),
                Cell::text(row.stage.as_str()),
                Cell::Count(row.customers),
                Cell::Count(row.events),
                Cell::number(row.share),
                row.top_channel.as_ref().map_or(Cell::Empty, |(name, _)| Cell::text(name.as_str())),
                Cell::number(row.emotion.mean),
                sayers(&row.emotion),
                rank(pain.rank),
                rank(pain.rank_interval.map(|(lo, _)| lo)),
                rank(pain.rank_interval.map(|(_, hi)| hi)),
                Cell::number(pain.pain),
                Cell::number(pain.severity),
                Cell::Count(pain.reach),
                Cell::number(pain.loss),
                known(pain.lost, pain.loss.is_some()),
                known(pain.mature, pain.loss.is_some()),
                Cell::number(pain.negative),
                known(pain.n_negative, pain.negative.is_some()),
                known(pain.n_signals, pain.negative.is_some()),
                Cell::number(pain.dwell),
                known(pain.slow, pain.dwell.is_some()),
                known(pain.moved_on, pain.dwell.is_some()),
                Cell::number(pain.loops),
                known(pain.again, pain.loops.is_some()),
                Cell::number(gain.rate),
                Cell::number(gain.best),
                text(&gain.best_of),
                Cell::number(gain.extra),
                Cell::number(gain.goals),
                Cell::number(gain.money),
                text(&row.owner),
            ]);
        }
        table
    }

    fn channels_table(&self) -> Table {
        let columns = [
            ("channel", Kind::Text),
            ("label", Kind::Text),
            ("stage", Kind::Text),
            ("customers", Kind::Count),
            ("events", Kind::Count),
            ("share", Kind::Share),
            ("emotion", Kind::Number),
            ("emotion_n", Kind::Count),
            ("ownership", Kind::Text),
            ("media", Kind::Text),
            ("control", Kind::Text),
            ("cost", Kind::Number),
        ];
        let mut table = Table::new("channels", &columns);
        for row in &self.channels {
            table.push(vec![
                Cell::text(row.id.as_str()),
                text(&row.label),
                Cell::text(row.stage.as_str()),
                Cell::Count(row.customers),
                Cell::Count(row.events),
                Cell::number(row.share),
                Cell::number(row.emotion.mean),
                sayers(&row.emotion),
                text(&row.ownership),
                text(&row.media),
                text(&row.control),
                Cell::number(row.cost),
            ]);
        }
        table
    }

    fn kpis_table(&self) -> Table {
        let columns = [
            ("stage", Kind::Text),
            ("kpi", Kind::Text),
            ("label", Kind::Text),
            ("value", Kind::Number),
            ("part", Kind::Count),
            ("n", Kind::Count),
            ("lo", Kind::Number),
            ("hi", Kind::Number),
            ("target", Kind::Number),
            ("good", Kind::Text),
            ("status", Kind::Text),
            ("baseline", Kind::Number),
            ("expr", Kind::Text),
        ];
        let mut table = Table::new("kpis", &columns);
        for kpi in &self.kpis {
            let (lo, hi) = kpi.interval.unzip();
            table.push(vec![
                Cell::text(kpi.stage.as_str()),
                Cell::text(kpi.id.as_str()),
                text(&kpi.label),
                Cell::number(kpi.value),
                count(kpi.part),
                count(kpi.n),
                Cell::number(lo),
                Cell::number(hi),
                Cell::number(kpi.target),
                Cell::text(match kpi.good {
                    Direction::Up => "up",
                    Direction::Down => "down",
                }),
                kpi.status.map_or(Cell::Empty, |status| Cell::text(status.name())),
                Cell::number(kpi.baseline),
                Cell::text(kpi.expr.as_str()),
            ]);
        }
        table
    }

    fn scores_table(&self) -> Table {
        let columns = [
            ("score", Kind::Text),
            ("kind", Kind::Text),
            ("stage", Kind::Text),
            ("n", Kind::Count),
            ("value", Kind::Number),
            ("lo", Kind::Number),
            ("hi", Kind::Number),
            ("mean", Kind::Number),
            ("positive", Kind::Count),
            ("neutral", Kind::Count),
            ("negative", Kind::Count),
            ("response_rate", Kind::Share),
            ("unattributed", Kind::Count),
        ];
        let mut table = Table::new("scores", &columns);
        for score in &self.scores {
            let (lo, hi) = score.interval.unzip();
            table.push(vec![
                Cell::text(score.score.as_str()),
                Cell::text(score.kind.name()),
                text(&score.stage),
                Cell::Count(score.n),
                Cell::number(score.value),
                Cell::number(lo),
                Cell::number(hi),
                Cell::number(score.mean),
                Cell::Count(score.positive),
                Cell::Count(score.neutral),
                Cell::Count(score.negative),
                Cell::number(score.response_rate),
                count(score.unattributed),
            ]);
        }
        table
    }

    fn coverage_table(&self) -> Table {
        let columns = [("what", Kind::Text), ("part", Kind::Count), ("whole", Kind::Count), ("share", Kind::Share)];
        let mut table = Table::new("coverage", &columns);
        let coverage = &self.coverage;
        let rows = [
            ("events in a stage", Some(coverage.mapped_events), coverage.events),
            ("customers in a stage", Some(coverage.mapped_customers), coverage.customers),
            ("customers with a score", coverage.scored_customers, coverage.customers),
        ];
        for (what, part, whole) in rows {
            let share = part.map_or(Cell::Empty, |part| Cell::share(part, whole));
            table.push(vec![Cell::text(what), count(part), Cell::Count(whole), share]);
        }
        table
    }
}

fn kind_of(unit: KpiUnit) -> Kind {
    match unit {
        KpiUnit::Share => Kind::Share,
        KpiUnit::Seconds => Kind::Seconds,
        KpiUnit::Number => Kind::Number,
    }
}

fn count(n: Option<u64>) -> Cell {
    n.map_or(Cell::Empty, Cell::Count)
}

fn text(text: &Option<String>) -> Cell {
    text.as_deref().map_or(Cell::Empty, Cell::text)
}

/// Of whom an emotion speaks; a gap where nobody said anything.
fn sayers(emotion: &Emotion) -> Cell {
    if emotion.n == 0 { Cell::Empty } else { Cell::Count(emotion.n) }
}

fn bounds(emotion: &Emotion) -> [Cell; 2] {
    let (lo, hi) = emotion.interval.unzip();
    [Cell::number(lo), Cell::number(hi)]
}
