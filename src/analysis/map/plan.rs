//! `Plan`: what a journey is meant to be, as a workspace tells it: stages with goals and KPIs, touchpoints, channels, scores.
//!
//! Touchpoint rules have done their work when a plan meets the data: the events of the store are already called after them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::FunnelSpec;
use crate::base::{Span, When};

/// What something is called, by language (`en`, `zh`); a text without a language stands under the empty one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(pub BTreeMap<String, String>);

impl Label {
    pub fn plain(text: &str) -> Self {
        Label(BTreeMap::from([(String::new(), text.to_owned())]))
    }

    /// The text in a language; else the one without a language, English, or whichever comes first.
    pub fn text(&self, language: &str) -> Option<&str> {
        let found = [language, "", "en"].into_iter().find_map(|key| self.0.get(key));
        found.or_else(|| self.0.values().next()).map(String::as_str)
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The language of labels on screens and in tables.
    pub language: String,
    /// In order.
    pub stages: Vec<PlannedStage>,
    pub touchpoints: Vec<PlannedTouchpoint>,
    pub channels: Vec<PlannedChannel>,
    pub scores: Vec<Score>,
    /// Funnels that KPIs speak of.
    pub funnels: Vec<PlannedFunnel>,
    pub personas: Vec<Persona>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        *self == Plan::default()
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannedStage {
    pub id: String,
    pub label: Label,
    /// What the customer wants here.
    pub goal: Label,
    pub owner: Option<String>,
    /// −2 to 2.
    pub expected_emotion: Option<f64>,
    /// Whether customers may come back here and start over.
    pub reentry: bool,
    pub kpis: Vec<Kpi>,
}

/// A figure that a stage is steered by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kpi {
    pub id: String,
    pub label: Label,
    /// As written, like `1 - funnel(cart).rate`.
    pub expr: String,
    pub good: Direction,
    pub target: Option<f64>,
    /// The period to compare with: since, until.
    pub baseline: Option<(When, When)>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Up,
    Down,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannedTouchpoint {
    /// What its events are called in the store.
    pub id: String,
    pub label: Label,
    /// `None` where it belongs to no stage.
    pub stage: Option<String>,
    /// −1 where it is bad news, 1 where it is good.
    pub valence: i8,
    pub is_goal: bool,
    pub owner: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannedChannel {
    pub id: String,
    pub label: Label,
    /// brand, partner, customer, social.
    pub ownership: Option<String>,
    /// owned, paid, earned.
    pub media: Option<String>,
    /// high, medium, low.
    pub control: Option<String>,
    pub cost_per_contact: Option<f64>,
}

/// A question that customers answer with a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    pub id: String,
    pub kind: ScoreKind,
    /// Which events are responses, as an expression; every event with a value where it is missing.
    pub when: Option<String>,
    /// The column with the number.
    pub value: String,
    /// Lowest and highest possible.
    pub scale: (f64, f64),
    pub is_high_good: bool,
    /// How far back the touchpoint may lie that a response speaks of.
    pub window: Span,
    /// The column with what customers wrote beside it.
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// Would you recommend us, 0 to 10: promoters less detractors
    Nps,
    /// How satisfied are you: the share of the two best answers
    Csat,
    /// How easy was it: the mean
    Ces,
    /// Any other number: the mean
    #[default]
    Rating,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFunnel {
    pub id: String,
    pub spec: FunnelSpec,
}

/// A kind of customer, as an expression about customers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Persona {
    pub id: String,
    pub label: Label,
    pub when: String,
    pub needs: Vec<String>,
}
