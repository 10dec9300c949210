//! `CompareSpec`: which cohorts, and what is measured of each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::by_text::serde_by_text;
use crate::analysis::funnel::{FunnelSpec, FunnelStep, Order};
use crate::analysis::retention::split_name;
use crate::analysis::{Among, Error, Scope};
use crate::base::stats::bootstrap::RESAMPLES;
use crate::base::{Period, Span, WeekStart, When};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct CompareSpec {
    /// A cohort: a name and what must hold for its customers: ads=first.channel == "ads", or the name of one that the
    /// workspace keeps; a single one is compared with the rest
    #[arg(long = "cohort", value_name = "NAME[=EXPR]")]
    pub cohorts: Vec<NamedExpr>,
    /// One cohort per value of this column at the entry
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
    /// Cut by the time of the entry into before and after; several times make several periods
    #[arg(long, visible_alias = "before", value_name = "TIME")]
    pub split: Vec<When>,
    /// A cohort: a name and the customers behind a number of another question: A=funnel -s cart -s pay --who 1:dropped
    #[arg(long = "pin", value_name = "NAME=QUESTION")]
    pub pins: Vec<Pin>,
    /// The cohort that the others are compared with (the first unless given)
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// A funnel step: the first is the entry, every arrow and the whole are compared
    #[arg(short = 's', long = "step", value_name = "STEP")]
    pub steps: Vec<FunnelStep>,
    /// The conversion window of the funnel
    #[arg(long, value_name = "SPAN", default_value_t = FunnelSpec::default().within)]
    pub within: Span,
    /// How other events may stand between the steps
    #[arg(long, value_enum, default_value_t)]
    pub order: Order,
    /// Keep those whose window is not over in the denominators, as if they had dropped
    #[arg(long)]
    pub with_open: bool,
    /// Periods after the entry in which to look who is back
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = CompareSpec::default().retention)]
    pub retention: Vec<u32>,
    /// The length of those periods
    #[arg(long, value_enum, value_name = "PERIOD", default_value = "week")]
    pub period: Period,
    /// Count those periods as multiples of 24 hours since the entry instead of by the calendar
    #[arg(long)]
    pub rolling: bool,
    /// The day that starts a week
    #[arg(long, value_enum, default_value_t)]
    pub week_start: WeekStart,
    /// A column to split the difference by, into mix and rate, and to check the balance of (all with few values unless given)
    #[arg(long, value_name = "COLUMN")]
    pub breakdown: Vec<String>,
    /// Resamples behind an interval of medians
    #[arg(long, value_name = "N", default_value_t = RESAMPLES, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub resamples: u32,
    /// What those resamples are drawn from; the same seed gives the same figures
    #[arg(long, value_name = "N", default_value_t = CompareSpec::default().seed)]
    pub seed: u64,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for CompareSpec {
    fn default() -> Self {
        CompareSpec {
            cohorts: Vec::new(),
            by: None,
            split: Vec::new(),
            pins: Vec::new(),
            baseline: None,
            steps: Vec::new(),
            within: Span::days(7),
            order: Order::default(),
            with_open: false,
            retention: vec![1, 4],
            period: Period::Week,
            rolling: false,
            week_start: WeekStart::default(),
            breakdown: Vec::new(),
            resamples: RESAMPLES,
            seed: 42,
            scope: Scope::default(),
        }
    }
}

/// A name and an expression about customers: `ads=first.channel == "ads"`; or the name of a cohort that a workspace keeps,
/// with an empty expression until the workspace fills it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NamedExpr {
    pub name: String,
    pub expr: String,
}

/// The customers behind a number of another answer, with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin {
    pub name: String,
    pub among: Among,
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, question)) if !name.trim().is_empty() => {
                Ok(Pin { name: name.trim().to_owned(), among: question.parse()? })
            }
            _ => Err(format!(
                "`{text}` is not a pin: a name, =, and a question with its cell; write it like A=funnel -s cart -s pay --who 1:dropped"
            )),
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.among)
    }
}

impl FromStr for NamedExpr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match split_name(text) {
            (Some(name), expr) if !expr.is_empty() => Ok(NamedExpr { name: name.to_owned(), expr: expr.to_owned() }),
            (None, name) if is_word(name) => Ok(NamedExpr { name: name.to_owned(), expr: String::new() }),
            _ => Err(format!(
                "`{text}` is not a cohort: a name, =, and an expression about customers; write it like buyers=did(purchase)"
            )),
        }
    }
}

impl fmt::Display for NamedExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.expr.is_empty() { f.write_str(&self.name) } else { write!(f, "{}={}", self.name, self.expr) }
    }
}

/// Whether a text can be the name of something saved.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Cohorts in one comparison; membership is kept in 32 bits.
pub const MAX_COHORTS: usize = 21;
const MAX_RETENTION: usize = 16;

impl CompareSpec {
    /// Whether the question holds together, whatever the data.
    ///
    /// # Errors
    /// `Invalid`, with the sentence to show.
    pub fn check(&self) -> Result<(), Error> {
        let n_named = self.cohorts.len() + self.pins.len();
        let ways = [n_named > 0, self.by.is_some(), !self.split.is_empty()];
        match ways.iter().filter(|is_given| **is_given).count() {
            0 => {
                return invalid(
                    "there is nothing to compare; say who with --cohort NAME=EXPR (twice), --by COLUMN or --split TIME",
                );
            }
            1 => {}
            _ => return invalid("cohorts are made in one way at a time; keep one of --cohort, --by and --split"),
        }
        if n_named.max(self.split.len() + 1) > MAX_COHORTS {
            return invalid(format!("at most {MAX_COHORTS} cohorts stand side by side; ask about fewer"));
        }
        if let Some(saved) = self.cohorts.iter().find(|cohort| cohort.expr.is_empty()) {
            return invalid(format!(
                "no cohort is saved as `{0}`; say who it is, like {0}=did(purchase), or name the workspace that keeps it with --workspace FILE",
                saved.name
            ));
        }
        let names: Vec<&str> = self.names().collect();
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return invalid(format!("two cohorts are named `{}`; give each a name of its own", twice.1));
        }
        if self.retention.contains(&0) {
            return invalid("--retention 0 is the entry itself, where everybody is; begin with 1");
        }
        if self.retention.len() > MAX_RETENTION || self.retention.iter().any(|k| *k > 5000) {
            return invalid(format!("--retention takes at most {MAX_RETENTION} periods up to 5000"));
        }
        if self.resamples == 0 {
            return invalid("--resamples is at least 1");
        }
        if !self.steps.is_empty() {
            self.funnel().check()?;
        }
        Ok(())
    }

    /// Names given to cohorts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.cohorts.iter().map(|cohort| cohort.name.as_str()).chain(self.pins.iter().map(|pin| pin.name.as_str()))
    }

    /// The funnel whose steps are compared.
    pub fn funnel(&self) -> FunnelSpec {
        FunnelSpec {
            steps: self.steps.clone(),
            within: self.within,
            order: self.order,
            scope: self.scope.clone(),
            ..FunnelSpec::default()
        }
    }

    /// The question in words.
    pub fn title(&self) -> String {
        let mut parts = Vec::new();
        match (&self.by, self.split.is_empty()) {
            (Some(column), _) => parts.push(format!("cohorts by {column} at the entry")),
            (None, false) => parts.push("cohorts by the time of the entry".into()),
            (None, true) => parts.push("cohorts by name".into()),
        }
        if let Some(first) = self.steps.first() {
            parts.push(format!("entry {}", first.step));
            parts.push(self.funnel().title());
            if self.with_open {
                parts.push("with open ones in the denominators".into());
            }
        }
        parts.join(", ")
    }
}

fn invalid<T>(sentence: impl Into<String>) -> Result<T, Error> {
    Err(Error::Invalid(sentence.into()))
}

serde_by_text!(Pin, NamedExpr);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{RetentionSpec, Spec};

    #[track_caller]
    fn check(spec: &CompareSpec, expect: &str) {
        let err = spec.check().expect_err("a contradiction");
        assert!(err.to_string().contains(expect), "{err}");
    }

    fn named(text: &str) -> NamedExpr {
        text.parse().expect(text)
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_the_way_out() {
        let two = vec![named("a=did(x)"), named("b=did(y)")];
        check(&CompareSpec::default(), "say who with --cohort");
        check(&CompareSpec { cohorts: two.clone(), by: Some("c".into()), ..CompareSpec::default() }, "keep one of");
        check(&CompareSpec { cohorts: vec![two[0].clone(); 2], ..CompareSpec::default() }, "two cohorts are named `a`");
        check(&CompareSpec { cohorts: two.clone(), retention: vec![0], ..CompareSpec::default() }, "begin with 1");
        assert!(CompareSpec { cohorts: two, ..CompareSpec::default() }.check().is_ok());
        for text in ["did(x)", "=did(x)", "a=", "sessions >= 3"] {
            let err = text.parse::<NamedExpr>().expect_err(text);
            assert!(err.contains("write it like buyers=did(purchase)"), "{err}");
        }
    }

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = CompareSpec {
            cohorts: vec![named("ads=first.channel == \"ads\"")],
            pins: vec![Pin {
                name: "A".into(),
                among: Among::new(Spec::Retention(RetentionSpec::default()), Some("2025-01-06:3".into())),
            }],
            steps: vec!["cart".parse().expect("a step")],
            retention: vec![2],
            ..CompareSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.contains(r#""cohorts":["ads=first.channel == \"ads\""]"#), "{json}");
        assert_eq!(serde_json::from_str::<CompareSpec>(&json).expect("json"), spec);
        assert!(serde_json::from_str::<CompareSpec>(r#"{"cohort":[]}"#).is_err());
    }
}
