//! `PathsSpec`: everything that can be said about paths, and the words that transitions and patterns share with it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::group::Group;
use crate::analysis::by_text::serde_by_text;
use crate::analysis::{Error, Scope};
use crate::base::Span;
use crate::journey::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct PathsSpec {
    /// Start at this step; who never gets there is left out and counted
    #[arg(long, value_name = "STEP")]
    pub from: Option<Step>,
    /// End at this step, after the start
    #[arg(long, value_name = "STEP")]
    pub to: Option<Step>,
    /// Which occurrence of --from and --to is meant
    #[arg(long, value_enum, default_value_t)]
    pub occurrence: Occurrence,
    /// Read backwards: what came before --from, or before the end
    #[arg(long)]
    pub reverse: bool,
    /// What is counted
    #[arg(long, value_enum, default_value_t)]
    pub unit: Unit,
    /// Keep a touchpoint that directly follows itself; otherwise such a run is one
    #[arg(long)]
    pub keep_repeats: bool,
    /// Leave this step out before paths are read
    #[arg(long, value_name = "STEP")]
    pub ignore: Vec<Step>,
    /// Show several names as one: pay=payment_*, or pay=payment_*|checkout
    #[arg(long, value_name = "NAME=PATTERN")]
    pub group: Vec<Group>,
    /// How many touchpoints of a path are read: a number, or all
    #[arg(long, value_name = "N", default_value_t)]
    pub depth: Depth,
    /// How many paths, touchpoints per position, and loops stand alone; the rest is (other)
    #[arg(long, value_name = "N", default_value_t = PathsSpec::default().top, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// The silence after which a path has ended; before that it is open (sessions end with their gap)
    #[arg(long, value_name = "SPAN", default_value_t = PathsSpec::default().end_after)]
    pub end_after: Span,
    /// Say which share comes to this step later
    #[arg(long, value_name = "STEP")]
    pub goal: Option<Step>,
    /// Add the step matrix: which share is where at each position
    #[arg(long)]
    pub matrix: bool,
    /// With --matrix and --from: also the positions before the start
    #[arg(long)]
    pub centre: bool,
    /// Add the tree of paths that begin alike
    #[arg(long)]
    pub tree: bool,
    /// The least share of all that a branch of the tree has: 0.01 or 1%
    #[arg(long, value_name = "SHARE", default_value_t = PathsSpec::default().min_share)]
    pub min_share: Share,
    /// Make only this table
    #[arg(long, value_enum, value_name = "TABLE")]
    pub only: Vec<Part>,
    #[command(flatten)]
    pub scope: Scope,
}

impl Default for PathsSpec {
    fn default() -> Self {
        PathsSpec {
            from: None,
            to: None,
            occurrence: Occurrence::default(),
            reverse: false,
            unit: Unit::default(),
            keep_repeats: false,
            ignore: Vec::new(),
            group: Vec::new(),
            depth: Depth::default(),
            top: 20,
            end_after: Span::days(30),
            goal: None,
            matrix: false,
            centre: false,
            tree: false,
            min_share: Share(0.01),
            only: Vec::new(),
            scope: Scope::default(),
        }
    }
}

/// What is one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A customer's whole journey
    #[default]
    Customers,
    /// Each session
    Sessions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Occurrence {
    #[default]
    First,
    Last,
}

/// A table of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Sequences,
    Nodes,
    Edges,
    Loops,
    Ends,
    Matrix,
    Tree,
}

/// How many touchpoints are read; `None` is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Depth(pub Option<u32>);

impl Default for Depth {
    fn default() -> Self {
        Depth(Some(6))
    }
}

impl Depth {
    pub fn most(self) -> usize {
        self.0.map_or(usize::MAX, |n| n as usize)
    }
}

/// A share of a whole, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(pub f64);

impl Share {
    /// The fewest of `whole` that are at least this share, never 0.
    pub fn at_least_of(self, whole: u64) -> u64 {
        ((self.0 * whole as f64).ceil() as u64).max(1)
    }
}

impl FromStr for Depth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "all" => Ok(Depth(None)),
            number => number
                .parse()
                .ok()
                .filter(|n| *n > 0)
                .map(|n| Depth(Some(n)))
                .ok_or_else(|| format!("`{text}` is no depth; write a number from 1, or all")),
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(n) => write!(f, "{n}"),
            None => f.write_str("all"),
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is no share; write it like 0.01 or 1%");
        let (number, scale) = match text.trim().strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 0.01),
            None => (text.trim(), 1.0),
        };
        let share = number.parse::<f64>().map_err(|_| fail())? * scale;
        if (0.0..=1.0).contains(&share) { Ok(Share(share)) } else { Err(fail()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

serde_by_text!(Depth, Share);

impl Unit {
    pub fn word(self) -> &'static str {
        match self {
            Unit::Customers => "customers",
            Unit::Sessions => "sessions",
        }
    }

    /// `1 customer`, `2 sessions`.
    pub fn count(self, n: u64) -> String {
        let word = self.word();
        if n == 1 { format!("1 {}", word.trim_end_matches('s')) } else { format!("{n} {word}") }
    }
}

impl Part {
    /// The name of the table.
    pub fn name(self) -> &'static str {
        match self {
            Part::Sequences => "sequences",
            Part::Nodes => "nodes",
            Part::Edges => "edges",
            Part::Loops => "loops",
            Part::Ends => "ends",
            Part::Matrix => "matrix",
            Part::Tree => "tree",
        }
    }
}

/// How ways are cut out of journeys, as all questions about paths say it.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'s> {
    pub unit: Unit,
    pub from: Option<&'s Step>,
    pub to: Option<&'s Step>,
    pub occurrence: Occurrence,
    pub ignore: &'s [Step],
    pub groups: &'s [Group],
    /// A run of one touchpoint is one.
    pub collapses: bool,
    pub reverse: bool,
    pub end_after: Span,
    pub goal: Option<&'s Step>,
    pub scope: &'s Scope,
}

impl Rules<'_> {
    /// The rules in words.
    pub fn title(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let last = if self.occurrence == Occurrence::Last { "the last " } else { "" };
        parts.extend(
            self.from.map(
                |step| {
                    if self.reverse { format!("back from {last}{step}") } else { format!("from {last}{step}") }
                },
            ),
        );
        parts.extend(
            self.to.map(|step| if self.from.is_some() { format!("to {step}") } else { format!("to {last}{step}") }),
        );
        if self.reverse && self.from.is_none() {
            parts.push("back from the end".into());
        }
        parts.push(self.unit.word().into());
        parts.push(if self.collapses { "repeats collapsed" } else { "repeats kept" }.into());
        parts.extend(self.ignore.iter().map(|step| format!("ignoring {step}")));
        parts.extend(self.groups.iter().map(ToString::to_string));
        parts.extend(self.goal.map(|step| format!("goal {step}")));
        parts
    }
}

impl PathsSpec {
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            unit: self.unit,
            from: self.from.as_ref(),
            to: self.to.as_ref(),
            occurrence: self.occurrence,
            ignore: &self.ignore,
            groups: &self.group,
            collapses: !self.keep_repeats,
            reverse: self.reverse,
            end_after: self.end_after,
            goal: self.goal.as_ref(),
            scope: &self.scope,
        }
    }

    pub fn wants(&self, part: Part) -> bool {
        match part {
            Part::Matrix if self.matrix => true,
            Part::Tree if self.tree => true,
            Part::Matrix | Part::Tree => self.only.contains(&part),
            Part::Sequences | Part::Nodes | Part::Edges | Part::Loops | Part::Ends => {
                self.only.is_empty() || self.only.contains(&part)
            }
        }
    }

    /// The question in words.
    pub fn title(&self) -> String {
        let mut parts = self.rules().title();
        parts.insert(
            0,
            match self.depth.0 {
                Some(1) => "1 touchpoint".to_owned(),
                Some(n) => format!("{n} touchpoints"),
                None => "whole paths".to_owned(),
            },
        );
        parts.join(", ")
    }

    /// # Errors
    /// A question that contradicts itself.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |sentence: &str| Err(Error::Invalid(sentence.to_owned()));
        if self.reverse && self.to.is_some() && self.from.is_none() {
            return invalid(
                "--reverse looks back from --from, and --to is where it stops; name the step to look back from with --from",
            );
        }
        if self.centre && self.from.is_none() {
            return invalid("--centre puts a step in the middle of the matrix; name it with --from");
        }
        if self.centre && self.reverse {
            return invalid("--centre shows both sides of --from already; leave --reverse out");
        }
        if self.centre && !self.wants(Part::Matrix) {
            return invalid("--centre is about the step matrix; add --matrix");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_the_same_after_a_trip_through_json() {
        let spec = PathsSpec {
            from: Some(Step::named("cart")),
            occurrence: Occurrence::Last,
            unit: Unit::Sessions,
            ignore: vec![Step::named("ping")],
            group: vec!["pay=payment_*|paid".parse().expect("a group")],
            depth: Depth(None),
            min_share: "2.5%".parse().expect("a share"),
            only: vec![Part::Nodes],
            ..PathsSpec::default()
        };
        let json = serde_json::to_string(&spec).expect("json");
        assert!(json.contains(r#""group":["pay=payment_*|paid"],"depth":"all""#), "{json}");
        assert_eq!(serde_json::from_str::<PathsSpec>(&json).expect("json"), spec);
        assert_eq!(serde_json::from_str::<PathsSpec>("{}").expect("json"), PathsSpec::default());
        assert!(serde_json::from_str::<PathsSpec>(r#"{"form":"a"}"#).is_err());
    }

    #[test]
    fn depths_and_shares_read_as_written() {
        assert_eq!("all".parse::<Depth>().expect("a depth").most(), usize::MAX);
        assert_eq!("12".parse::<Depth>().expect("a depth").most(), 12);
        assert!("0".parse::<Depth>().expect_err("none").contains("from 1, or all"));
        assert_eq!("5%".parse::<Share>().expect("a share"), Share(0.05));
        assert!("5".parse::<Share>().is_err() && "x%".parse::<Share>().is_err());
        assert_eq!((Share(0.01).at_least_of(1000), Share(0.0).at_least_of(9)), (10, 1));
    }

    #[test]
    fn a_title_says_every_rule_that_changes_the_numbers() {
        let spec = PathsSpec {
            from: Some(Step::named("cart")),
            reverse: true,
            keep_repeats: true,
            goal: Some(Step::named("pay")),
            ..PathsSpec::default()
        };
        assert_eq!(spec.title(), "6 touchpoints, back from cart, customers, repeats kept, goal pay");
    }

    #[test]
    fn a_question_that_contradicts_itself_says_what_to_do() {
        let err = |spec: PathsSpec| spec.check().expect_err("a contradiction").to_string();
        let to = Some(Step::named("pay"));
        assert!(err(PathsSpec { reverse: true, to, ..PathsSpec::default() }).contains("with --from"));
        assert!(err(PathsSpec { matrix: true, centre: true, ..PathsSpec::default() }).contains("name it with --from"));
    }
}
