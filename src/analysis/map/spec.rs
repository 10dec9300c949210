//! `MapSpec`: everything that can be asked about a journey map, as flags, as a pane's state and as a saved view.
//!
//! Stages come from `--stage`, else from the workspace's plan; labels, goals, owners and figures come from the plan alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::plan::{Plan, ScoreKind};
use crate::analysis::by_text::serde_by_text;
use crate::analysis::stages::StagesSpec;
use crate::analysis::{Error, Scope};
use crate::base::Span;
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct MapSpec {
    #[command(flatten)]
    pub stages: StagesSpec,
    /// What customers are meant to reach: adds what the pains cost in goals and, with a value column, in money
    #[arg(long, value_name = "STEP")]
    pub goal: Option<Step>,
    /// What the score column holds; decides how it is summed up
    #[arg(long, value_enum, value_name = "KIND")]
    pub score_kind: Option<ScoreKind>,
    /// The lowest and the highest score that can be given; without it those of the kind, or those observed
    #[arg(long, value_name = "LOW..HIGH")]
    pub score_scale: Option<Scale>,
    /// High scores are bad
    #[arg(long)]
    pub score_low_is_good: bool,
    /// How far back the touchpoint may lie that a score speaks of
    #[arg(long, value_name = "SPAN", default_value_t = MapSpec::default().score_window)]
    pub score_window: Span,
    /// What a score speaks of: the touchpoint before it, or the event that carries it
    #[arg(long, value_enum, value_name = "WHERE", default_value_t)]
    pub score_at: ScoreAt,
    /// The column with what customers wrote beside the score
    #[arg(long, value_name = "COLUMN")]
    pub comment: Option<String>,
    /// Resamples that say how far the ranks of pains can be trusted; 0 leaves that out
    #[arg(long, value_name = "N", default_value_t = MapSpec::default().resamples)]
    pub resamples: u32,
    /// Where the stream of random numbers begins
    #[arg(long, value_name = "N", default_value_t = MapSpec::default().seed)]
    pub seed: u64,
    /// What the workspace says; the events of the store are called after its touchpoints.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Plan::is_empty")]
    pub plan: Plan,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for MapSpec {
    fn default() -> Self {
        MapSpec {
            stages: StagesSpec::default(),
            goal: None,
            score_kind: None,
            score_scale: None,
            score_low_is_good: false,
            score_window: Span::days(7),
            score_at: ScoreAt::default(),
            comment: None,
            resamples: 200,
            seed: 42,
            plan: Plan::default(),
            scope: Scope::default(),
        }
    }
}

/// What a score speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ScoreAt {
    /// The nearest touchpoint before it that is no answer itself
    #[default]
    Before,
    /// The event that carries it
    Event,
}

/// The lowest and the highest score that can be given, as `1..5`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

serde_by_text!(Scale);

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is no scale; write the lowest and the highest score like 1..5");
        let (low, high) = text.split_once("..").ok_or_else(fail)?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let (low, high) = number(low).zip(number(high)).filter(|(low, high)| low < high).ok_or_else(fail)?;
        Ok(Scale { low, high })
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.low, self.high)
    }
}

impl ScoreKind {
    /// The scale that a question of this kind is asked on, where there is a usual one.
    pub fn usual_scale(self) -> Option<Scale> {
        let (low, high) = match self {
            ScoreKind::Nps => (0.0, 10.0),
            ScoreKind::Csat => (1.0, 5.0),
            ScoreKind::Ces => (1.0, 7.0),
            ScoreKind::Rating => return None,
        };
        Some(Scale { low, high })
    }

    pub fn name(self) -> &'static str {
        match self {
            ScoreKind::Nps => "nps",
            ScoreKind::Csat => "csat",
            ScoreKind::Ces => "ces",
            ScoreKind::Rating => "rating",
        }
    }
}

impl MapSpec {
    /// Whether stages are named anywhere.
    pub fn has_stages(&self) -> bool {
        !self.stages.stage.is_empty() || !self.plan.stages.is_empty()
    }

    /// Whether the question holds together, whatever the data.
    ///
    /// # Errors
    /// `Invalid`, with the sentence to show.
    pub fn check(&self) -> Result<(), Error> {
        if !self.has_stages() {
            return Err(Error::Invalid(
                "a journey map needs stages; name them in their order like --stage 'look=view|search' --stage buy=cart, or let \
                 `trailmap init` propose a workspace"
                    .to_owned(),
            ));
        }
        let scales = self.plan.scores.iter().map(|score| (score.id.as_str(), score.kind, score.scale));
        let own =
            self.score_kind.zip(self.score_scale).map(|(kind, scale)| ("--score-scale", kind, (scale.low, scale.high)));
        for (name, kind, (low, high)) in scales.chain(own) {
            if low >= high || !low.is_finite() || !high.is_finite() {
                return Err(Error::Invalid(format!(
                    "score `{name}`: the scale {low} to {high} goes nowhere; write it like 1 to 5"
                )));
            }
            if kind == ScoreKind::Nps && (low, high) != (0.0, 10.0) {
                return Err(Error::Invalid(format!(
                    "score `{name}`: a net promoter score is asked from 0 to 10, not {low} to {high}; call it a rating or mend the scale"
                )));
            }
        }
        Ok(())
    }

    /// The question in words.
    pub fn title(&self) -> String {
        let n = if self.stages.stage.is_empty() { self.plan.stages.len() } else { self.stages.stage.len() };
        let stages = if n == 1 { "1 stage".to_owned() } else { format!("{n} stages") };
        format!("journey map, {stages}, customers by their first entry")
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Label, PlannedStage};
    use super::*;

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let stage = PlannedStage { id: "buy".into(), label: Label::plain("Buy"), ..PlannedStage::default() };
        let spec = MapSpec {
            stages: StagesSpec { stage: vec!["look=view|chat".parse().expect("a stage")], ..StagesSpec::default() },
            goal: Some("paid".parse().expect("a step")),
            score_kind: Some(ScoreKind::Csat),
            score_scale: Some("1..5".parse().expect("a scale")),
            plan: Plan { language: "zh".into(), stages: vec![stage], ..Plan::default() },
            ..MapSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.contains(r#""score_kind":"csat","score_scale":"1..5""#), "{json}");
        assert_eq!(serde_json::from_str::<MapSpec>(&json).expect("json"), spec);
        let plain = serde_json::to_string(&MapSpec::default()).expect("json");
        assert!(!plain.contains("plan"), "{plain}");
        assert_eq!(serde_json::from_str::<MapSpec>("{}").expect("json"), MapSpec::default());
    }

    #[test]
    fn what_cannot_be_asked_says_what_to_do() {
        let err = MapSpec::default().check().expect_err("no stages").to_string();
        assert!(err.contains("--stage") && err.contains("trailmap init"), "{err}");
        let stages = StagesSpec { stage: vec!["a".parse().expect("a stage")], ..StagesSpec::default() };
        let spec = MapSpec { stages, score_kind: Some(ScoreKind::Nps), ..MapSpec::default() };
        assert!(spec.check().is_ok());
        let five = MapSpec { score_scale: Some(Scale { low: 1.0, high: 5.0 }), ..spec };
        assert!(five.check().expect_err("no nps").to_string().contains("from 0 to 10"));
        for text in ["", "5", "5..1", "1..x", "1..inf"] {
            assert!(text.parse::<Scale>().expect_err(text).contains("like 1..5"));
        }
    }
}
