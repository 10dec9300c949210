//! `Map`: the numbers of a journey map. `None` is a gap (nobody knows), never zero.
//!
//! Stages stand in their order; touchpoints and channels by stage, then as planned, then by events. Every row names the cell
//! behind each of its counts (`cell…`), as `--who` reads it.

use super::plan::{Direction, ScoreKind};

/// A journey map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    /// The question in words.
    pub title: String,
    /// The language that labels are in; empty where the plan names none.
    pub language: String,
    pub coverage: Coverage,
    pub stages: Vec<Stage>,
    /// Every touchpoint of every stage that it occurs in, and the planned ones that do not occur.
    pub touchpoints: Vec<Touchpoint>,
    /// Every channel of every stage; none where no column plays the channel.
    pub channels: Vec<Channel>,
    pub kpis: Vec<KpiFigure>,
    /// By score: the stages in order, then the whole.
    pub scores: Vec<ScoreFigure>,
    pub notes: Vec<String>,
}

/// How much of the data the map shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coverage {
    pub customers: u64,
    /// Customers who reached any stage.
    pub mapped_customers: u64,
    pub events: u64,
    /// Events that belong to a stage.
    pub mapped_events: u64,
    /// Names of events that belong to no stage, most frequent first, with how many.
    pub unmapped: Vec<(String, u64)>,
    /// Customers with a score; `None` where there is no score at all.
    pub scored_customers: Option<u64>,
}

/// How it felt: the mean over customers of their last emotion (−2 to 2) at a place.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Emotion {
    /// `None` where nobody said.
    pub mean: Option<f64>,
    /// Customers who said.
    pub n: u64,
    /// 95 %; `None` for fewer than two.
    pub interval: Option<(f64, f64)>,
}

impl Emotion {
    /// Below this it is shown dotted.
    pub const FEW: u64 = 10;

    pub fn is_thin(&self) -> bool {
        (1..Self::FEW).contains(&self.n)
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stage {
    pub id: String,
    pub label: Option<String>,
    /// What the customer wants here.
    pub goal: Option<String>,
    pub owner: Option<String>,
    /// Customers who ever entered it.
    pub customers: u64,
    /// Of all customers in the map.
    pub share: Option<f64>,
    /// Those who entered a later stage afterwards. `None` in the last stage and where nobody was.
    pub moved_on: Option<u64>,
    /// Wilson interval of the share that moved on.
    pub interval: Option<(f64, f64)>,
    /// Of those who moved on, from the first entry to the first entry of a later stage.
    pub completed_median_s: Option<f64>,
    /// Until half have moved on, with those still waiting (Kaplan–Meier); `None` where that is not reached.
    pub km_median_s: Option<f64>,
    pub km_interval_s: (Option<f64>, Option<f64>),
    /// Events at the stage.
    pub events: u64,
    pub emotion: Emotion,
    /// What the plan expects.
    pub expected_emotion: Option<f64>,
    /// A journey may end here, so that nobody is waiting.
    pub is_terminal: bool,
}

impl Stage {
    /// Who reached it and has not moved on; `None` in the last stage and where a journey may end.
    pub fn waiting(&self) -> Option<u64> {
        self.moved_on.filter(|_| !self.is_terminal).map(|moved_on| self.customers - moved_on)
    }

    /// The share that moved on.
    pub fn share_moved_on(&self) -> Option<f64> {
        self.moved_on.filter(|_| self.customers > 0).map(|moved_on| moved_on as f64 / self.customers as f64)
    }

    /// `purchase:customers`; also with `moved_on`, `waiting`, `scored`.
    pub fn cell(&self, what: &str) -> String {
        format!("{}:{what}", self.id)
    }
}

/// One touchpoint in one stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Touchpoint {
    pub id: String,
    pub label: Option<String>,
    pub stage: String,
    /// The place of the stage.
    pub stage_idx: usize,
    pub owner: Option<String>,
    /// −1 where the plan calls it bad news, 1 where good.
    pub valence: i8,
    pub is_goal: bool,
    pub customers: u64,
    pub events: u64,
    /// Of the events of its stage.
    pub share: Option<f64>,
    /// The channel of most of its events, with how many.
    pub top_channel: Option<(String, u64)>,
    pub emotion: Emotion,
    pub pain: Pain,
    pub opportunity: Opportunity,
}

impl Touchpoint {
    /// `purchase/pay_fail:customers`; also with `mature`, `lost`, `moved_on`, `slow`, `negative`, `signals`, `scored`, `again`.
    pub fn cell(&self, what: &str) -> String {
        format!("{}/{}:{what}", self.stage, self.id)
    }
}

/// What a touchpoint costs, from what is known about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pain {
    /// V: customers who met it.
    pub reach: u64,
    /// L: how much larger a share of those who met it was lost than of all in the stage; 0 to 1.
    pub loss: Option<f64>,
    /// Of whom that is said: long enough in the stage to know; and those of them who did not move on.
    pub mature: u64,
    pub lost: u64,
    /// N: the share with a negative score, drawn towards that of all touchpoints.
    pub negative: Option<f64>,
    pub n_negative: u64,
    /// Customers whose score or whose touchpoint says something.
    pub n_signals: u64,
    /// D: how far the share of those who took longer than the stage's median to move on lies above one half; 0 to 3.
    pub dwell: Option<f64>,
    /// Of whom that is said: met it and moved on; and those of them who took longer.
    pub moved_on: u64,
    pub slow: u64,
    /// R: how often, on average, they met it again; 0 to 3.
    pub loops: Option<f64>,
    /// Customers who met it twice or more.
    pub again: u64,
    /// 0 to 1.
    pub severity: Option<f64>,
    /// Reach times severity.
    pub pain: Option<f64>,
    /// From 1, the worst; `None` where nothing hurts.
    pub rank: Option<u32>,
    /// The ranks of 95 % of the resamples.
    pub rank_interval: Option<(u32, u32)>,
}

/// What would be gained if a touchpoint did as well as its best channel, or as its target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opportunity {
    /// Those who moved on, of the mature: now, and what is to be reached.
    pub rate: Option<f64>,
    pub best: Option<f64>,
    /// The channel that is best, or the figure whose target it is.
    pub best_of: Option<String>,
    /// More customers who would move on.
    pub extra: Option<f64>,
    /// More goals.
    pub goals: Option<f64>,
    pub money: Option<f64>,
}

/// One channel in one stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Channel {
    /// `(none)` for events without one, `(other)` beyond the largest.
    pub id: String,
    pub label: Option<String>,
    pub stage: String,
    pub stage_idx: usize,
    pub customers: u64,
    pub events: u64,
    /// Of the events of its stage.
    pub share: Option<f64>,
    pub emotion: Emotion,
    pub ownership: Option<String>,
    pub media: Option<String>,
    pub control: Option<String>,
    /// Events times what the plan says that one costs.
    pub cost: Option<f64>,
}

impl Channel {
    /// `purchase@web:customers`; also with `scored`.
    pub fn cell(&self, what: &str) -> String {
        format!("{}@{}:{what}", self.stage, self.id)
    }
}

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// At the target or better.
    Green,
    /// Short of it by no more than chance, or without an interval by less than a tenth.
    Amber,
    Red,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Green => "green",
            Status::Amber => "amber",
            Status::Red => "red",
        }
    }
}

/// A KPI of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct KpiFigure {
    pub id: String,
    pub label: Option<String>,
    pub stage: String,
    pub stage_idx: usize,
    pub expr: String,
    /// Whether it is a share, to show as per cent; a length of time in seconds; or any number.
    pub unit: KpiUnit,
    pub value: Option<f64>,
    /// Where it is a share: of whom, and how many of them. Where it is a mean: how many.
    pub part: Option<u64>,
    pub n: Option<u64>,
    pub interval: Option<(f64, f64)>,
    pub target: Option<f64>,
    pub good: Direction,
    /// `None` without a target or a value.
    pub status: Option<Status>,
    /// The same figure in the baseline's period.
    pub baseline: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KpiUnit {
    Share,
    Seconds,
    Number,
}

impl KpiFigure {
    /// `kpi:purchase.abandon:part`; also `whole`. Only where it is a share of customers.
    pub fn cell(&self, what: &str) -> String {
        format!("kpi:{}.{}:{what}", self.stage, self.id)
    }
}

/// What the answers to one question say about one stage, or about all. Every customer counts once, with the last answer
/// there.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFigure {
    pub score: String,
    pub kind: ScoreKind,
    /// `None` is the whole.
    pub stage: Option<String>,
    /// Customers who answered.
    pub n: u64,
    /// Promoters; the two best answers; above the middle.
    pub positive: u64,
    pub neutral: u64,
    /// Detractors; below the middle.
    pub negative: u64,
    /// NPS (−100 to 100), the share of the two best answers, or the mean.
    pub value: Option<f64>,
    pub interval: Option<(f64, f64)>,
    pub mean: Option<f64>,
    /// Of those who reached the stage, or of all.
    pub response_rate: Option<f64>,
    /// Answers that belong to no touchpoint; only for the whole.
    pub unattributed: Option<u64>,
}

impl ScoreFigure {
    /// `score:csat@use:positive`; also `neutral`, `negative`, `customers`. Without a stage `score:csat:positive`.
    pub fn cell(&self, what: &str) -> String {
        match &self.stage {
            Some(stage) => format!("score:{}@{stage}:{what}", self.score),
            None => format!("score:{}:{what}", self.score),
        }
    }
}

/// What the rows of a grid are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    Touchpoints,
    #[default]
    Channels,
}

/// One cell of the grid of stages and touchpoints or channels.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    pub customers: u64,
    pub events: u64,
    pub emotion: Emotion,
    /// Only of touchpoints.
    pub pain: Option<f64>,
    /// What `--who` calls its customers.
    pub cell: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    pub id: String,
    pub label: Option<String>,
    /// By stage; `None` where it does not occur.
    pub cells: Vec<Option<GridCell>>,
}

impl Map {
    /// The grid of touchpoints or channels by stage; rows in the order in which they first stand in the map.
    pub fn grid(&self, rows: Rows) -> Vec<GridRow> {
        let mut grid: Vec<GridRow> = Vec::new();
        let mut put = |id: &str, label: &Option<String>, stage: usize, cell: GridCell| {
            let at = grid.iter().position(|row| row.id == id).unwrap_or_else(|| {
                grid.push(GridRow { id: id.to_owned(), label: label.clone(), cells: vec![None; self.stages.len()] });
                grid.len() - 1
            });
            grid[at].cells[stage] = Some(cell);
        };
        match rows {
            Rows::Touchpoints => {
                for row in self.touchpoints.iter().filter(|row| row.events > 0) {
                    let cell = GridCell {
                        customers: row.customers,
                        events: row.events,
                        emotion: row.emotion,
                        pain: row.pain.pain,
                        cell: row.cell("customers"),
                    };
                    put(&row.id, &row.label, row.stage_idx, cell);
                }
            }
            Rows::Channels => {
                for row in &self.channels {
                    let (customers, events, emotion) = (row.customers, row.events, row.emotion);
                    let cell = GridCell { customers, events, emotion, pain: None, cell: row.cell("customers") };
                    put(&row.id, &row.label, row.stage_idx, cell);
                }
            }
        }
        grid
    }

    /// The touchpoints that hurt, worst first.
    pub fn pains(&self) -> Vec<&Touchpoint> {
        let mut pains: Vec<&Touchpoint> = self.touchpoints.iter().filter(|row| row.pain.rank.is_some()).collect();
        pains.sort_by_key(|row| row.pain.rank);
        pains
    }

    /// The KPIs of one stage.
    pub fn kpis_of(&self, stage_idx: usize) -> impl Iterator<Item = &KpiFigure> {
        self.kpis.iter().filter(move |kpi| kpi.stage_idx == stage_idx)
    }
}
