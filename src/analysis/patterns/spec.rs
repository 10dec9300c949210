//! `PatternsSpec`: everything that can be said about patterns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::Scope;
use crate::analysis::by_text::serde_by_text;
use crate::analysis::paths::spec::Rules;
use crate::analysis::paths::{Group, Occurrence, Share, Unit};
use crate::base::Span;
use crate::journey::Step;

/// The longest pattern that may be asked for.
pub const LONGEST: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct PatternsSpec {
    /// How many touchpoints a pattern has: 3, or 2-4
    #[arg(long, value_name = "N[-M]", default_value_t)]
    pub length: Lengths,
    /// Let other touchpoints stand between those of a pattern (frequent subsequences)
    #[arg(long)]
    pub gaps: bool,
    /// The least share that holds a pattern: 0.01 or 1%
    #[arg(long, value_name = "SHARE", default_value_t = PatternsSpec::default().min_support)]
    pub min_support: Share,
    /// How many patterns are shown
    #[arg(long, value_name = "N", default_value_t = PatternsSpec::default().top, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub top: u32,
    /// Compare those who come to this step with the others; only what came before it counts
    #[arg(long, value_name = "STEP")]
    pub goal: Option<Step>,
    /// Start at this step; who never gets there is left out and counted
    #[arg(long, value_name = "STEP")]
    pub from: Option<Step>,
    /// End at this step, after the start
    #[arg(long, value_name = "STEP")]
    pub to: Option<Step>,
    /// Which occurrence of --from and --to is meant
    #[arg(long, value_enum, default_value_t)]
    pub occurrence: Occurrence,
    /// What is counted
    #[arg(long, value_enum, default_value_t)]
    pub unit: Unit,
    /// Keep a touchpoint that directly follows itself; otherwise such a run is one
    #[arg(long)]
    pub keep_repeats: bool,
    /// Leave this step out before patterns are looked for
    #[arg(long, value_name = "STEP")]
    pub ignore: Vec<Step>,
    /// Show several names as one: pay=payment_*, or pay=payment_*|checkout
    #[arg(long, value_name = "NAME=PATTERN")]
    pub group: Vec<Group>,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for PatternsSpec {
    fn default() -> Self {
        PatternsSpec {
            length: Lengths::default(),
            gaps: false,
            min_support: Share(0.01),
            top: 20,
            goal: None,
            from: None,
            to: None,
            occurrence: Occurrence::default(),
            unit: Unit::default(),
            keep_repeats: false,
            ignore: Vec::new(),
            group: Vec::new(),
            scope: Scope::default(),
        }
    }
}

/// From how many touchpoints to how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lengths {
    pub least: usize,
    pub most: usize,
}

impl Default for Lengths {
    fn default() -> Self {
        Lengths { least: 2, most: 4 }
    }
}

impl FromStr for Lengths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        match (least.trim().parse(), most.trim().parse()) {
            (Ok(least), Ok(most)) if 1 <= least && least <= most && most <= LONGEST => Ok(Lengths { least, most }),
            _ => Err(format!("`{text}` is no length of a pattern; write 3 or 2-4, at most {LONGEST}")),
        }
    }
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most { write!(f, "{}", self.least) } else { write!(f, "{}-{}", self.least, self.most) }
    }
}

serde_by_text!(Lengths);

impl PatternsSpec {
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            unit: self.unit,
            from: self.from.as_ref(),
            to: self.to.as_ref(),
            occurrence: self.occurrence,
            ignore: &self.ignore,
            groups: &self.group,
            collapses: !self.keep_repeats,
            reverse: false,
            // Nobody is said to have ended or to be open here.
            end_after: Span::ZERO,
            goal: self.goal.as_ref(),
            scope: &self.scope,
        }
    }

    /// The question in words.
    pub fn title(&self) -> String {
        let mut parts = self.rules().title();
        let kind = if self.gaps { "with gaps" } else { "next to each other" };
        parts.insert(0, format!("{} touchpoints {kind}", self.length));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_written() {
        for text in ["3", "2-4", "1-10"] {
            assert_eq!(text.parse::<Lengths>().expect(text).to_string(), text);
        }
        for text in ["", "0", "4-2", "2-11", "x", "-3"] {
            assert!(text.parse::<Lengths>().expect_err(text).contains("write 3 or 2-4"), "{text}");
        }
    }

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = PatternsSpec {
            length: "3".parse().expect("a length"),
            gaps: true,
            min_support: Share(0.5),
            goal: Some(Step::named("pay")),
            ..PatternsSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.starts_with(r#"{"length":"3","gaps":true,"min_support":"0.5""#), "{json}");
        assert_eq!(serde_json::from_str::<PatternsSpec>(&json).expect("json"), spec);
    }
}
