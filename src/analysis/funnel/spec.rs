//! `FunnelSpec`: everything that can be said about a funnel, as flags, as a pane's state and as a saved view.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::Scope;
use crate::analysis::by_text::serde_by_text;
use crate::base::{Period, Span, WeekStart};
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct FunnelSpec {
    /// A step: an event name, *, a|b, cart[value > 50]; may end in @next, @within=1h, @optional, @same=COLUMN
    #[arg(short = 's', long = "step", value_name = "STEP", required_unless_present = "saved")]
    pub steps: Vec<FunnelStep>,
    /// A funnel of the workspace instead: its steps, window, order and whatever else it says
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = [
            "steps", "within", "order", "ignore", "exclude", "exclude_mode", "same", "first_time", "unit", "mature",
        ]
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
    /// The conversion window: the most time from the first step to any later one, inclusive
    #[arg(long, value_name = "SPAN", default_value_t = FunnelSpec::default().within)]
    pub within: Span,
    /// How other events may stand between the steps
    #[arg(long, value_enum, default_value_t)]
    pub order: Order,
    /// With --order strict: a step that does not count as the next event
    #[arg(long, value_name = "STEP")]
    pub ignore: Vec<Step>,
    /// A step that ends an attempt between two steps: support, or support:2-4
    #[arg(long, value_name = "STEP[:FROM-TO]")]
    pub exclude: Vec<Exclusion>,
    /// What an exclusion does: stop the attempt there, or remove the customer when every attempt meets it
    #[arg(long, value_enum, default_value_t)]
    pub exclude_mode: ExcludeMode,
    /// A column that all steps of an attempt must share
    #[arg(long, value_name = "COLUMN")]
    pub same: Option<String>,
    /// Step 1 must be the customer's first event of that name ever
    #[arg(long)]
    pub first_time: bool,
    /// What is counted
    #[arg(long, value_enum, default_value_t)]
    pub unit: Unit,
    /// Leave those who may still convert out of the denominators
    #[arg(long)]
    pub mature: bool,
    /// One funnel per value of this column
    #[arg(long, value_name = "COLUMN")]
    pub breakdown: Option<String>,
    /// Where the value of the breakdown is taken: entry, first, last or step:N
    #[arg(long, value_name = "WHERE", default_value_t)]
    pub breakdown_at: BreakdownAt,
    /// Add the times between steps
    #[arg(long)]
    pub times: bool,
    /// Add the funnel by period of entry
    #[arg(long, value_enum, value_name = "PERIOD")]
    pub trend: Option<Period>,
    /// The day that starts a week in --trend week
    #[arg(long, value_enum, default_value_t)]
    pub week_start: WeekStart,
    /// Add what those who dropped did next
    #[arg(long)]
    pub after: bool,
    /// Add the same funnel under other definitions
    #[arg(long)]
    pub sensitivity: bool,
    /// Show how one customer's journey was read
    #[arg(long, value_name = "CUSTOMER")]
    pub trace: Option<String>,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for FunnelSpec {
    fn default() -> Self {
        FunnelSpec {
            steps: Vec::new(),
            saved: None,
            within: Span::days(7),
            order: Order::default(),
            ignore: Vec::new(),
            exclude: Vec::new(),
            exclude_mode: ExcludeMode::default(),
            same: None,
            first_time: false,
            unit: Unit::default(),
            mature: false,
            breakdown: None,
            breakdown_at: BreakdownAt::default(),
            times: false,
            trend: None,
            week_start: WeekStart::default(),
            after: false,
            sensitivity: false,
            trace: None,
            scope: Scope::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// In order, other events may stand between
    #[default]
    Ordered,
    /// In order, nothing between
    Strict,
    /// In any order
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    #[default]
    Customers,
    /// The window is the session
    Sessions,
    /// Every attempt that does not overlap the one before
    Attempts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ExcludeMode {
    #[default]
    Stop,
    Remove,
}

/// A step with the rules of the arrow that leads to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunnelStep {
    pub step: Step,
    /// Must be the very next event after the step before.
    pub next: bool,
    /// At most this long after the step before.
    pub within: Option<Span>,
    pub optional: bool,
    /// The column held constant, where it is called otherwise at this step.
    pub same: Option<String>,
}

/// A step that stops an attempt strictly between two steps (numbered from 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Exclusion {
    pub step: Step,
    /// `None` is the whole funnel.
    pub between: Option<(usize, usize)>,
}

/// The event whose value is the customer's breakdown value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BreakdownAt {
    /// The step-1 event of the winning attempt.
    #[default]
    Entry,
    /// The customer's first event.
    First,
    Last,
    /// The event of this step (from 1) in the winning attempt.
    Step(usize),
}

impl FunnelStep {
    pub fn of(step: Step) -> Self {
        FunnelStep { step, next: false, within: None, optional: false, same: None }
    }
}

impl FromStr for BreakdownAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "entry" => Ok(BreakdownAt::Entry),
            "first" => Ok(BreakdownAt::First),
            "last" => Ok(BreakdownAt::Last),
            _ => text
                .strip_prefix("step:")
                .and_then(|n| n.parse().ok())
                .filter(|n| *n > 0)
                .map(BreakdownAt::Step)
                .ok_or_else(|| format!("`{text}` is not a place for a breakdown; write entry, first, last or step:2")),
        }
    }
}

impl fmt::Display for BreakdownAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BreakdownAt::Entry => f.write_str("entry"),
            BreakdownAt::First => f.write_str("first"),
            BreakdownAt::Last => f.write_str("last"),
            BreakdownAt::Step(n) => write!(f, "step:{n}"),
        }
    }
}

serde_by_text!(FunnelStep, Exclusion, BreakdownAt);

impl Order {
    pub fn word(self) -> &'static str {
        match self {
            Order::Ordered => "ordered",
            Order::Strict => "strict",
            Order::Any => "any order",
        }
    }
}

impl Unit {
    pub fn word(self) -> &'static str {
        match self {
            Unit::Customers => "customers",
            Unit::Sessions => "sessions",
            Unit::Attempts => "attempts",
        }
    }

    /// `1 customer`, `2 customers`.
    pub fn count(self, n: u64) -> String {
        let word = self.word();
        if n == 1 { format!("1 {}", word.trim_end_matches('s')) } else { format!("{n} {word}") }
    }
}

impl FunnelSpec {
    /// The question in words: order, window, unit, and every rule that changes the numbers.
    pub fn title(&self) -> String {
        let mut parts = vec![self.order.word().to_owned()];
        parts.push(match self.unit {
            Unit::Sessions => "within the session".to_owned(),
            Unit::Customers | Unit::Attempts => format!("within {}", self.within),
        });
        parts.push(self.unit.word().to_owned());
        parts.extend(self.ignore.iter().map(|step| format!("ignoring {step}")));
        for exclusion in &self.exclude {
            let verb = match self.exclude_mode {
                ExcludeMode::Stop => "stopped by",
                ExcludeMode::Remove => "taken out by",
            };
            parts.push(format!("{verb} {exclusion}"));
        }
        parts.extend(self.same.iter().map(|column| format!("same {column}")));
        if self.first_time {
            parts.push("first time".to_owned());
        }
        if self.mature {
            parts.push("without open ones in the denominators".to_owned());
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_breakdown_read_back() {
        for at in ["entry", "first", "last", "step:2"] {
            assert_eq!(at.parse::<BreakdownAt>().expect(at).to_string(), at);
        }
        for text in ["", "step:0", "step:", "step:x", "second"] {
            let err = text.parse::<BreakdownAt>().expect_err(text);
            assert!(err.contains("write entry, first, last or step:2"), "{err}");
        }
    }

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = FunnelSpec {
            steps: ["cart @within=1h", "coupon @optional", "\"a@b\" @same=ref"].map(|s| s.parse().expect(s)).to_vec(),
            order: Order::Strict,
            ignore: vec![Step::named("ping")],
            exclude: vec!["support:1-3".parse().expect("an exclusion")],
            exclude_mode: ExcludeMode::Remove,
            same: Some("order_id".into()),
            unit: Unit::Attempts,
            breakdown: Some("channel".into()),
            breakdown_at: BreakdownAt::Step(2),
            trend: Some(Period::Week),
            trace: Some("c1".into()),
            ..FunnelSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(
            json.contains(r#""steps":["cart @within=1h","coupon @optional","\"a@b\" @same=ref"],"within":"7d""#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<FunnelSpec>(&json).expect("json"), spec);
        let short: FunnelSpec = serde_json::from_str(r#"{"steps":["a","b"]}"#).expect("json");
        assert_eq!((short.within, short.unit), (Span::days(7), Unit::Customers));
        assert!(serde_json::from_str::<FunnelSpec>(r#"{"stepz":["a"]}"#).is_err());
    }

    #[test]
    fn a_title_says_every_rule_that_changes_the_numbers() {
        let spec = FunnelSpec {
            exclude: vec!["support:2-3".parse().expect("an exclusion")],
            same: Some("order_id".into()),
            first_time: true,
            ..FunnelSpec::default()
        };
        assert_eq!(spec.title(), "ordered, within 7d, customers, stopped by support:2-3, same order_id, first time");
    }
}
