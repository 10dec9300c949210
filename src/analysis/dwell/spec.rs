//! `DwellSpec`: everything that can be asked about time in a stage, as flags, as a pane's state and as a saved view.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::stages::StagesSpec;
use crate::analysis::{Error, Scope};
use crate::base::Span;
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct DwellSpec {
    #[command(flatten)]
    pub stages: StagesSpec,
    /// Instead of stages: from a customer's first event of one step to the first of another after it
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], conflicts_with_all = ["stage", "terminal", "per"])]
    pub between: Vec<Step>,
    /// What is timed: a visit (until another stage begins) or every single event (until the next event)
    #[arg(long, value_enum, default_value_t)]
    pub per: Per,
    /// Until when those who have not moved on were watched
    #[arg(long, value_enum, default_value_t)]
    pub censor: Censor,
    /// Count customers who have been silent for longer than this as having left, with their last event
    #[arg(long, value_name = "SPAN")]
    pub end_after: Option<Span>,
    /// A length of time that is too long: adds who is over it, and makes them the slow ones of --slow
    #[arg(id = "dwell_limit", long = "limit", value_name = "SPAN")]
    pub limit: Option<Span>,
    /// The bins of the histogram: log, even, or a width such as 1h
    #[arg(long, value_name = "BINS", default_value_t)]
    pub bins: Bins,
    /// At most so many points of a curve
    #[arg(long, value_name = "N", default_value_t = DwellSpec::default().points)]
    pub points: usize,
    /// One answer per value of this column, with a test whether they differ
    #[arg(long, value_name = "COLUMN")]
    pub breakdown: Option<String>,
    /// Where the value of the breakdown is taken: at the visit's first event, or the customer's first or last
    #[arg(long, value_enum, value_name = "WHERE", default_value_t)]
    pub breakdown_at: BreakdownAt,
    /// Add how the shares of those who went each way grew over time
    #[arg(long)]
    pub incidence: bool,
    /// Add who came back to a stage, and how often
    #[arg(long)]
    pub rework: bool,
    /// Add what is different about the slow ones, in all stages or in one
    #[arg(long, value_name = "STAGE", num_args = 0..=1, require_equals = true, default_missing_value = ALL_STAGES)]
    pub slow: Option<String>,
    /// Make only this table, and what other flags add; `differences` comes with survival
    #[arg(long, value_enum, value_name = "TABLE")]
    pub only: Vec<Part>,
    #[command(flatten)]
    pub scope: Scope,
}

/// `--slow` without a stage.
pub const ALL_STAGES: &str = "*";

impl Default for DwellSpec {
    fn default() -> Self {
        DwellSpec {
            stages: StagesSpec::default(),
            between: Vec::new(),
            per: Per::default(),
            censor: Censor::default(),
            end_after: None,
            limit: None,
            bins: Bins::default(),
            points: 24,
            breakdown: None,
            breakdown_at: BreakdownAt::default(),
            incidence: false,
            rework: false,
            slow: None,
            only: Vec::new(),
            scope: Scope::default(),
        }
    }
}

/// A table that is there unless others are asked for alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Stages,
    Histogram,
    Survival,
    Exits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// From the first event of a stage to the first of another
    #[default]
    Visit,
    /// From every event to the next
    Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Censor {
    /// The end of observation
    #[default]
    DataEnd,
    /// The customer's own last event
    LastEvent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BreakdownAt {
    /// The visit's first event
    #[default]
    Entry,
    /// The customer's first event
    First,
    /// The customer's last event
    Last,
}

/// How a histogram is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Bins {
    /// Edges that people know from clocks and calendars, about twice as far each time.
    #[default]
    Log,
    /// About twenty of one width.
    Even,
    Width(Span),
}

impl FromStr for Bins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "log" => Ok(Bins::Log),
            "even" => Ok(Bins::Even),
            _ => match text.parse::<Span>() {
                Ok(width) if width > Span::ZERO => Ok(Bins::Width(width)),
                Ok(_) => Err("a bin is wider than nothing; write --bins log, even or a width such as 1h".to_owned()),
                Err(_) => Err(format!("`{text}` is no way to cut bins; write log, even or a width such as 1h")),
            },
        }
    }
}

impl fmt::Display for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bins::Log => f.write_str("log"),
            Bins::Even => f.write_str("even"),
            Bins::Width(span) => span.fmt(f),
        }
    }
}

impl TryFrom<String> for Bins {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Bins> for String {
    fn from(bins: Bins) -> String {
        bins.to_string()
    }
}

impl DwellSpec {
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether nothing is asked of a stage that its curve behind the median would tell.
    pub fn is_of_medians(&self) -> bool {
        let asks_more = [Part::Histogram, Part::Survival, Part::Exits].into_iter().any(|part| self.wants(part));
        !asks_more && !self.incidence && self.limit.is_none()
    }

    /// Whether the question holds together, whatever the data.
    ///
    /// # Errors
    /// `Invalid`, with the sentence to show.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |sentence: &str| Err(Error::Invalid(sentence.to_owned()));
        match self.between.len() {
            0 => {}
            2 if self.stages != StagesSpec::default() => {
                return invalid("--between times two steps and --stage times stages; drop one of them");
            }
            2 if self.per == Per::Event => {
                return invalid("--per event times every event and --between two steps; drop one of them");
            }
            2 if self.end_after.is_some() => {
                return invalid("--end-after is about leaving a stage, and --between has none; drop one of them");
            }
            2 => {}
            _ => return invalid("--between needs two steps: --between cart purchase"),
        }
        if self.points < 2 {
            return invalid("--points: a curve needs at least 2 points");
        }
        if self.end_after.is_some() && self.censor == Censor::LastEvent {
            return invalid("--end-after and --censor last-event say two things about those who are silent; drop one");
        }
        Ok(())
    }

    /// The question in words.
    pub fn title(&self) -> String {
        let mut parts = vec![match (&self.between[..], self.per) {
            ([from, to], _) => format!("from the first {from} to the next {to}, customers"),
            (_, Per::Event) => "from every event to the next".to_owned(),
            (_, Per::Visit) if self.stages.stage.is_empty() => "visits per touchpoint".to_owned(),
            (_, Per::Visit) => "visits per stage".to_owned(),
        }];
        parts.push(match self.censor {
            Censor::DataEnd => "open ones watched until the end of observation".to_owned(),
            Censor::LastEvent => "open ones watched until the customer's last event".to_owned(),
        });
        parts.extend(self.end_after.map(|silence| format!("left after {silence} of silence")));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = DwellSpec {
            stages: StagesSpec {
                stage: vec!["consider=view|chat".parse().expect("a stage")],
                terminal: vec!["consider".into()],
            },
            limit: Some(Span::minutes(360)),
            bins: Bins::Width(Span::minutes(60)),
            breakdown: Some("channel".into()),
            breakdown_at: BreakdownAt::First,
            slow: Some(ALL_STAGES.into()),
            ..DwellSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.contains(r#""stages":{"stage":["consider=view|chat"],"terminal":["consider"]}"#), "{json}");
        assert!(json.contains(r#""limit":"6h","bins":"1h""#), "{json}");
        assert_eq!(serde_json::from_str::<DwellSpec>(&json).expect("json"), spec);
        assert_eq!(serde_json::from_str::<DwellSpec>("{}").expect("json"), DwellSpec::default());
        assert!(serde_json::from_str::<DwellSpec>(r#"{"stagez":[]}"#).is_err());
    }

    #[test]
    fn bins_read_as_written_and_back() {
        for text in ["log", "even", "1h", "90m"] {
            assert_eq!(text.parse::<Bins>().expect(text).to_string(), text);
        }
        for text in ["", "0s", "odd"] {
            assert!(text.parse::<Bins>().expect_err(text).contains("such as 1h"));
        }
    }

    #[test]
    fn contradictions_are_said() {
        let steps = |names: &[&str]| names.iter().map(|name| name.parse().expect("a step")).collect::<Vec<Step>>();
        let check = |spec: DwellSpec, words: &str| {
            let err = spec.check().expect_err(words).to_string();
            assert!(err.contains(words), "{err}");
        };
        let stages = StagesSpec { stage: vec!["a".parse().expect("a stage")], ..StagesSpec::default() };
        check(DwellSpec { between: steps(&["a"]), ..DwellSpec::default() }, "needs two steps");
        check(DwellSpec { between: steps(&["a", "b"]), stages, ..DwellSpec::default() }, "drop one");
        check(DwellSpec { between: steps(&["a", "b"]), per: Per::Event, ..DwellSpec::default() }, "drop one");
        check(DwellSpec { points: 1, ..DwellSpec::default() }, "at least 2");
        let silent = Some(Span::days(30));
        check(DwellSpec { end_after: silent, censor: Censor::LastEvent, ..DwellSpec::default() }, "drop one");
    }
}
