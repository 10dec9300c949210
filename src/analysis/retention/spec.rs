//! `RetentionSpec`: everything that can be said about who comes back, as flags, as a pane's state and as a saved view.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::periods::word;
use crate::analysis::{Error, Scope};
use crate::base::{Period, WeekStart};
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionSpec {
    /// What makes a cohort: hour, day, week, month, quarter or year of the start, a column (its first value), or an
    /// expression about customers, which may be named: buyers=did(purchase)
    #[arg(long, value_name = "BY", default_value = "week")]
    pub cohort: String,
    /// The event that puts a customer into a cohort (any event unless given)
    #[arg(long, value_name = "STEP")]
    pub start: Option<Step>,
    /// The event that counts as coming back (any event unless given)
    #[arg(long = "return", value_name = "STEP")]
    #[serde(rename = "return")]
    pub returns: Option<Step>,
    /// The length of a period, where it is not that of the cohort
    #[arg(long, value_enum, value_name = "PERIOD")]
    pub period: Option<Period>,
    /// When a customer counts as back in a period
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Count periods as multiples of 24 hours since the customer's own start instead of by the calendar
    #[arg(long)]
    pub rolling: bool,
    /// Put a customer into every period in which they started, not only into the first
    #[arg(long)]
    pub recurring: bool,
    /// Periods taken together: 0,1-3,4-7,8-30
    #[arg(long, value_name = "LIST")]
    pub brackets: Option<Brackets>,
    /// How many return events a period needs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub min_count: u32,
    /// Periods after the first, at most
    #[arg(long, value_name = "N", default_value_t = RetentionSpec::default().periods, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub periods: u32,
    /// The same once more per value of this column at the start event
    #[arg(long, value_name = "COLUMN")]
    pub breakdown: Option<String>,
    /// The day that starts a week
    #[arg(long, value_enum, default_value_t)]
    pub week_start: WeekStart,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for RetentionSpec {
    fn default() -> Self {
        RetentionSpec {
            cohort: "week".into(),
            start: None,
            returns: None,
            period: None,
            mode: Mode::default(),
            rolling: false,
            recurring: false,
            brackets: None,
            min_count: 1,
            periods: 100,
            breakdown: None,
            week_start: WeekStart::default(),
            scope: Scope::default(),
        }
    }
}

/// When a customer counts as back in period k, for k after 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Back in that very period
    #[default]
    On,
    /// Back in that period or a later one
    OnOrAfter,
    /// Back in that period or an earlier one after the first
    OnOrBefore,
    /// Back in every period from the first to that one
    Streak,
}

impl Mode {
    pub fn word(self) -> &'static str {
        match self {
            Mode::On => "on",
            Mode::OnOrAfter => "on-or-after",
            Mode::OnOrBefore => "on-or-before",
            Mode::Streak => "streak",
        }
    }
}

/// Runs of periods, ascending and apart, as first and last; the first run is period 0, the cohort itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Brackets(Vec<(u32, u32)>);

/// The farthest period that a bracket may name.
const FARTHEST: u32 = 100_000;

impl Brackets {
    pub fn runs(&self) -> &[(u32, u32)] {
        &self.0
    }
}

impl FromStr for Brackets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = |why: &str| format!("`{text}` is not a list of periods: {why}; write it like 0,1-3,4-7,8-30");
        let mut runs = vec![(0, 0)];
        for (at, part) in text.split(',').map(str::trim).enumerate() {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let read = |number: &str| number.trim().parse::<u32>().map_err(|_| fail("a number is missing"));
            let (first, last) = (read(first)?, read(last)?);
            if at == 0 && (first, last) == (0, 0) {
                continue;
            }
            if first == 0 {
                return Err(fail("period 0 is the cohort itself and stands alone"));
            }
            if first > last || first <= runs[runs.len() - 1].1 {
                return Err(fail("periods ascend and belong to one bracket each"));
            }
            if last > FARTHEST {
                return Err(fail("that is too far away"));
            }
            runs.push((first, last));
        }
        Ok(Brackets(runs))
    }
}

impl fmt::Display for Brackets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|run| label(*run)).collect();
        f.write_str(&parts.join(","))
    }
}

/// How a run of periods is called: `3`, `4-7`.
pub fn label((first, last): (u32, u32)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

impl TryFrom<String> for Brackets {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Brackets> for String {
    fn from(brackets: Brackets) -> String {
        brackets.to_string()
    }
}

/// What `--cohort` means before it meets the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CohortBy<'a> {
    Period(Period),
    /// Anything else: a column where there is one, else an expression.
    Other {
        name: Option<&'a str>,
        text: &'a str,
    },
}

pub(in crate::analysis) fn period_named(text: &str) -> Option<Period> {
    [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year]
        .into_iter()
        .find(|period| word(*period) == text)
}

/// Whether the text of `--cohort` may be the name of something saved: it is no period and no expression.
pub fn names_a_cohort(text: &str) -> bool {
    period_named(text).is_none() && split_name(text).0.is_none()
}

/// Splits `NAME=EXPR`; a comparison (`a == b`, `a >= b`) is no name.
pub(in crate::analysis) fn split_name(text: &str) -> (Option<&str>, &str) {
    let Some((name, rest)) = text.split_once('=') else { return (None, text) };
    let name = name.trim();
    let is_name = !name.is_empty() && !name.contains(['"', '`', '(', ')', '[', ']', '<', '>', '!']);
    if is_name && !rest.starts_with('=') { (Some(name), rest.trim()) } else { (None, text) }
}

impl RetentionSpec {
    pub(super) fn cohort_by(&self) -> CohortBy<'_> {
        let text = self.cohort.trim();
        match period_named(text) {
            Some(period) => CohortBy::Period(period),
            None => {
                let (name, text) = split_name(text);
                CohortBy::Other { name, text }
            }
        }
    }

    /// The length of a period: as given, else that of the cohort, else a week.
    pub fn unit(&self) -> Period {
        self.period.unwrap_or(match self.cohort_by() {
            CohortBy::Period(period) => period,
            CohortBy::Other { .. } => Period::Week,
        })
    }

    /// Whether the question holds together, whatever the data.
    ///
    /// # Errors
    /// `Invalid`, with the sentence to show.
    pub fn check(&self) -> Result<(), Error> {
        if self.cohort.trim().is_empty() {
            return Err(Error::Invalid(
                "--cohort is empty; name a period (week), a column or an expression about customers".into(),
            ));
        }
        if self.min_count == 0 {
            return Err(Error::Invalid("--min-count is at least 1: nobody comes back with no event".into()));
        }
        if self.periods == 0 && self.brackets.is_none() {
            return Err(Error::Invalid("--periods is at least 1: period 0 is the cohort itself".into()));
        }
        Ok(())
    }

    /// The question in words: cohort, start, return, period, mode and every rule that changes the numbers.
    pub fn title(&self) -> String {
        let mut parts = vec![match self.cohort_by() {
            CohortBy::Period(period) => format!("cohorts by {} of the start", word(period)),
            CohortBy::Other { name: Some(name), .. } => format!("cohort {name} and the rest"),
            CohortBy::Other { name: None, text } => format!("cohorts by {text}"),
        }];
        if let Some(start) = &self.start {
            parts.push(format!("starting with {start}"));
        }
        parts.push(match &self.returns {
            Some(step) => format!("back with {step}"),
            None => "back with any event".into(),
        });
        let kind = if self.rolling { "own" } else { "calendar" };
        parts.push(format!("{kind} {}s", word(self.unit())));
        parts.push(self.mode.word().into());
        if self.recurring {
            parts.push("recurring".into());
        }
        if self.min_count > 1 {
            parts.push(format!("at least {} events", self.min_count));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_read_back_and_period_0_is_always_there() {
        for (text, shown) in [("0,1-3,4-7,8-30", "0,1-3,4-7,8-30"), ("1,2, 5-6", "0,1,2,5-6"), ("0", "0")] {
            assert_eq!(text.parse::<Brackets>().expect(text).to_string(), shown);
        }
        for text in ["", "0-3", "1-3,3-5", "5-4", "1,0", "a", "1--2", "1-999999"] {
            let err = text.parse::<Brackets>().expect_err(text);
            assert!(err.contains("write it like 0,1-3"), "{err}");
        }
    }

    #[test]
    fn a_name_is_told_from_a_comparison() {
        assert_eq!(split_name("buyers=did(purchase)"), (Some("buyers"), "did(purchase)"));
        assert_eq!(split_name("big spenders = sessions >= 3"), (Some("big spenders"), "sessions >= 3"));
        for text in ["first.channel == \"ads\"", "sessions >= 3", "plan", "count(a[v == 1]) != 2", "did(x)"] {
            assert_eq!(split_name(text), (None, text));
        }
    }

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = RetentionSpec {
            cohort: "month".into(),
            start: Some("signup".parse().expect("a step")),
            returns: Some("order|renewal".parse().expect("a step")),
            period: Some(Period::Week),
            mode: Mode::OnOrAfter,
            rolling: true,
            brackets: Some("1-3,4-7".parse().expect("brackets")),
            min_count: 2,
            ..RetentionSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.contains(r#""return":"order|renewal","period":"week","mode":"on-or-after""#), "{json}");
        assert_eq!(serde_json::from_str::<RetentionSpec>(&json).expect("json"), spec);
        assert_eq!(serde_json::from_str::<RetentionSpec>("{}").expect("json"), RetentionSpec::default());
        assert!(serde_json::from_str::<RetentionSpec>(r#"{"cohorts":"week"}"#).is_err());
    }

    #[test]
    fn a_title_says_every_rule_that_changes_the_numbers() {
        let spec = RetentionSpec {
            cohort: "month".into(),
            start: Some("signup".parse().expect("a step")),
            period: Some(Period::Week),
            rolling: true,
            recurring: true,
            min_count: 2,
            ..RetentionSpec::default()
        };
        assert_eq!(
            spec.title(),
            "cohorts by month of the start, starting with signup, back with any event, own weeks, on, recurring, at least 2 events"
        );
    }
}
