//! Stages: named groups of touchpoints in an order, as the reader writes them, and which stage an event belongs to.
//!
//! An event belongs to the first stage that it fits. Events of no stage change nothing and are counted as unmapped. Where no
//! stages are given, every touchpoint is a stage of its own, and there is no order among them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::base::Ctl;
use crate::base::nearest::nearest;
use crate::journey::{Step, StepMatch, View};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StagesSpec {
    /// A stage and what belongs to it, in order: consider=product_view|chat_opened; without any, each touchpoint is one
    #[arg(long = "stage", value_name = "NAME=STEP")]
    pub stage: Vec<Stage>,
    /// A stage in which a journey may end: its last visit is over with its last event instead of open
    #[arg(long, value_name = "STAGE")]
    pub terminal: Vec<String>,
}

/// A stage as written: `consider=product_view|chat_opened`, or a step alone, which is then also the name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Stage {
    pub name: String,
    pub step: Step,
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = |reason: &str| {
            format!("`{text}` is not a stage: {reason}; write it like consider=product_view|chat_opened")
        };
        // An equals sign behind one of these belongs to the step.
        let equals = text.find('=').filter(|at| !text[..*at].contains(['[', '"', '|']));
        let (name, step) = match equals {
            Some(at) => (Some(text[..at].trim()), &text[at + 1..]),
            None => (None, text),
        };
        if name == Some("") {
            return Err(fail("the name is missing"));
        }
        let step: Step = step.parse().map_err(|err| fail(&format!("{err}")))?;
        Ok(Stage { name: name.unwrap_or(step.label()).to_owned(), step })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == self.step.label() {
            write!(f, "{}", self.step)
        } else {
            write!(f, "{}={}", self.name, self.step)
        }
    }
}

impl TryFrom<String> for Stage {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Stage> for String {
    fn from(stage: Stage) -> String {
        stage.to_string()
    }
}

/// An event of no stage.
pub const UNMAPPED: u32 = u32::MAX;
/// By code: the event's properties decide.
const ASK: u32 = u32::MAX - 1;

/// Stages met with the data. Their numbers are their places in the spec; without a spec, touchpoint codes.
#[derive(Debug)]
pub struct Stages {
    pub names: Vec<String>,
    pub is_terminal: Vec<bool>,
    /// Whether the reader put them in an order; touchpoints have none.
    pub are_ordered: bool,
    by_code: Vec<u32>,
    /// By code, where `by_code` says so: the stages that an event of this name may belong to, in order.
    candidates: Vec<Vec<u32>>,
    matches: Vec<StepMatch>,
    /// What the reader should know: stages that nothing can belong to.
    pub notes: Vec<String>,
}

/// Names that a note lists before it only counts them.
const NAMES_MAX: usize = 5;

/// A note about events of no stage, by name with the most frequent first, and what becomes of them; none where there are none.
pub fn unmapped_note(n: u64, n_events: u64, by_name: &[(String, u64)], what: &str) -> Option<String> {
    if n == 0 {
        return None;
    }
    let mut names: Vec<String> = by_name.iter().take(NAMES_MAX).map(|(name, n)| format!("{name} {n}")).collect();
    if by_name.len() > NAMES_MAX {
        names.push(format!("and {} more names", by_name.len() - NAMES_MAX));
    }
    let share = 100.0 * n as f64 / n_events as f64;
    let names = names.join(", ");
    Some(format!("unmapped: {n} of {n_events} events ({share:.1}%) belong to no stage and {what}: {names}"))
}

/// A note that names some of what it is about; none where there is nothing.
pub fn named_note(what: &str, all: &[&str]) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let mut names = all.iter().take(NAMES_MAX).map(|name| (*name).to_owned()).collect::<Vec<_>>();
    if all.len() > NAMES_MAX {
        names.push(format!("and {} more", all.len() - NAMES_MAX));
    }
    Some(format!("{what} {}", names.join(", ")))
}

/// `1 visit`, `2 visits`.
pub fn counted(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

impl StagesSpec {
    /// Looks the names up in the data.
    ///
    /// # Errors
    /// A stage given twice, an unknown event or stage, or `Cancelled`.
    pub fn resolve(&self, view: &View, ctl: &Ctl) -> Result<Stages, Error> {
        let touchpoints = &view.store().touchpoints;
        for (at, stage) in self.stage.iter().enumerate() {
            if self.stage[..at].iter().any(|before| before.name == stage.name) {
                return Err(Error::Invalid(format!(
                    "the stage `{}` is given twice; join its steps with | instead",
                    stage.name
                )));
            }
        }
        let are_ordered = !self.stage.is_empty();
        let names: Vec<String> = if are_ordered {
            self.stage.iter().map(|stage| stage.name.clone()).collect()
        } else {
            touchpoints.iter().map(str::to_owned).collect()
        };
        let mut is_terminal = vec![false; names.len()];
        for wanted in &self.terminal {
            let Some(at) = names.iter().position(|name| name == wanted) else {
                let near = nearest(wanted, names.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                return Err(Error::Invalid(format!("--terminal: no stage is named `{wanted}`{hint}")));
            };
            is_terminal[at] = true;
        }
        if !are_ordered {
            let by_code = (0..touchpoints.len() as u32).collect();
            let (candidates, matches, notes) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Stages { names, is_terminal, are_ordered, by_code, candidates, matches, notes });
        }
        let matches = self.stage.iter().map(|stage| stage.step.resolve(view, ctl)).collect::<Result<Vec<_>, _>>()?;
        let mut stages = Stages {
            names,
            is_terminal,
            are_ordered,
            by_code: vec![UNMAPPED; touchpoints.len()],
            candidates: vec![Vec::new(); touchpoints.len()],
            matches,
            notes: Vec::new(),
        };
        stages.assign();
        Ok(stages)
    }
}

impl Stages {
    /// Stages of which the name of an event decides: by touchpoint code the place of its stage, or `UNMAPPED`.
    pub fn of_codes(names: Vec<String>, is_terminal: Vec<bool>, by_code: Vec<u32>) -> Self {
        let (candidates, matches, notes) = (Vec::new(), Vec::new(), Vec::new());
        Stages { names, is_terminal, are_ordered: true, by_code, candidates, matches, notes }
    }

    /// Gives every code its stage, or the stages to ask.
    fn assign(&mut self) {
        for code in 0..self.by_code.len() {
            let mut candidates = Vec::new();
            for (stage, matched) in self.matches.iter().enumerate().filter(|(_, matched)| matched.by_code()[code]) {
                candidates.push(stage as u32);
                if matched.is_by_name() {
                    break;
                }
            }
            self.by_code[code] = match candidates[..] {
                [] => UNMAPPED,
                [stage] if self.matches[stage as usize].is_by_name() => stage,
                _ => ASK,
            };
            self.candidates[code] = candidates;
        }
        for (stage, name) in self.names.iter().enumerate() {
            if !self.candidates.iter().any(|candidates| candidates.contains(&(stage as u32))) {
                self.notes
                    .push(format!("nothing can belong to the stage `{name}`: stages before it take all of its events"));
            }
        }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the name of an event decides its stage, always.
    pub fn are_by_name(&self) -> bool {
        !self.by_code.contains(&ASK)
    }

    /// By touchpoint code: the stage, or `UNMAPPED`. Only where `are_by_name`.
    pub fn by_code(&self) -> &[u32] {
        &self.by_code
    }

    /// Whether an event of this name may belong to the stage.
    pub fn may_hold(&self, stage: u32, code: usize) -> bool {
        match self.by_code[code] {
            ASK => self.candidates[code].contains(&stage),
            only => only == stage,
        }
    }

    /// The stage of the event at a view position, or `UNMAPPED`.
    #[inline]
    pub fn at(&self, code: usize, position: usize) -> u32 {
        match self.by_code[code] {
            ASK => self.ask(code, position),
            stage => stage,
        }
    }

    fn ask(&self, code: usize, position: usize) -> u32 {
        let fits = |stage: &&u32| self.matches[**stage as usize].matches(code, position);
        self.candidates[code].iter().find(fits).copied().unwrap_or(UNMAPPED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::fixture::view;

    fn spec(stages: &[&str]) -> StagesSpec {
        StagesSpec { stage: stages.iter().map(|text| text.parse().expect(text)).collect(), terminal: Vec::new() }
    }

    /// The stages of all events, by name, `-` for none.
    #[track_caller]
    fn check(text: &str, stages: &[&str], expect: &str) {
        let view = view(text);
        let stages = spec(stages).resolve(&view, &Ctl::new()).expect("sound stages");
        let of = |position: usize| match stages.at(view.codes().get(position) as usize, position) {
            UNMAPPED => "-",
            stage => stages.names[stage as usize].as_str(),
        };
        assert_eq!((0..view.n_events()).map(of).collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn stages_read_as_written_and_back() {
        for text in
            ["consider=view|chat", "cart", "a b=\"x=y\"", "cart[value == 5]", "pay=cart[value == 5]|order", "a|b"]
        {
            assert_eq!(text.parse::<Stage>().expect(text).to_string(), text);
        }
        let stage: Stage = " consider = view | chat ".parse().expect("a stage");
        assert_eq!((stage.name.as_str(), stage.step.to_string().as_str()), ("consider", "view | chat"));
        assert_eq!("cart[value == 5]".parse::<Stage>().expect("a stage").name, "cart[value == 5]");
        for text in ["", "=cart", "consider=", "a=b|"] {
            let err = text.parse::<Stage>().expect_err(text);
            assert!(err.contains("is not a stage"), "{err}");
        }
    }

    #[test]
    fn the_first_stage_that_fits_is_taken() {
        let text = "x: a0 b1{v=1} b2{v=9} c3 d4";
        check(text, &["one=a|b", "two=b|c"], "one one one two -");
        check(text, &["big=b[v > 5]", "rest=a|b"], "rest rest big - -");
        check(text, &["big=b[v > 5]", "small=b[v < 5]"], "- small big - -");
        check(text, &[], "a b b c d");
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let view = view("x: a0 b1");
        let err = |spec: StagesSpec| spec.resolve(&view, &Ctl::new()).expect_err("an error").to_string();
        assert!(err(spec(&["s=a", "s=b"])).contains("given twice"));
        assert!(err(spec(&["s=aa"])).contains("did you mean `a`?"));
        let terminal = StagesSpec { terminal: vec!["use".into()], ..spec(&["user=a", "c=b"]) };
        assert_eq!(err(terminal), "--terminal: no stage is named `use`; did you mean `user`?");
        let shadowed = spec(&["s=a|b", "t=b"]).resolve(&view, &Ctl::new()).expect("stages");
        assert_eq!(shadowed.notes.len(), 1, "{:?}", shadowed.notes);
        assert!(shadowed.are_by_name());
    }
}
