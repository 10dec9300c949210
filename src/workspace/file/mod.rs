//! The workspace file, `trailmap.toml`: what is read, how its columns are meant, what the journey is planned to be, and the
//! questions that are asked again and again.
//!
//! `keys` lists every key once; `check` finds all that is wrong with a file, `build` makes the model of one that is right,
//! `load` says what is to be read for it.

mod build;
mod check;
pub mod edit;
mod fault;
mod keys;
mod load;
pub mod schema;
mod values;
mod views;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use toml_edit::Document;

use crate::analysis::map::plan::{
    Label, Persona, Plan, PlannedChannel, PlannedFunnel, PlannedStage, PlannedTouchpoint, Score, ScoreKind,
};
use crate::analysis::{Among, FunnelSpec, Spec};
use crate::base::visible::visible;
use crate::base::{Span, When, Zone};
use crate::journey::Step;

pub use edit::{Draft, EditError, Place};
pub use fault::{Fault, Faults};
pub use keys::{FORMATS, SCHEMA};
pub use views::keep_view;

/// What the file is called where nobody says otherwise.
pub const WORKSPACE_FILE: &str = "trailmap.toml";

/// A longer file was not written by hand, and is not read.
pub const FILE_MAX: u64 = 4 << 20;

/// A workspace file that was found right.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Workspace {
    pub name: Option<String>,
    /// Of labels that are shown.
    pub language: String,
    pub zone: Option<Zone>,
    pub as_of: AsOf,
    pub sources: Vec<Source>,
    pub identity: Option<Identity>,
    pub privacy: Privacy,
    pub scope: Option<ScopeNote>,
    pub channels: Vec<PlannedChannel>,
    /// In the order of the journey.
    pub stages: Vec<Stage>,
    /// The first whose rule holds names an event.
    pub touchpoints: Vec<Touchpoint>,
    pub scores: Vec<ScoreRule>,
    pub segments: Vec<Segment>,
    pub personas: Vec<Persona>,
    pub cohorts: Vec<Cohort>,
    pub funnels: Vec<Funnel>,
    pub target_paths: Vec<TargetPath>,
    pub views: Vec<View>,
    /// Kept for the capability that measures what a change did.
    pub actions: Vec<Action>,
    /// Kept for the capability that watches figures.
    pub monitors: Vec<Monitor>,
    /// Kept for the capability that says whom to contact.
    pub rules: Vec<Rule>,
}

/// The end of observation.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum AsOf {
    /// The last event.
    #[default]
    ExportEnd,
    At(When),
    /// What the clock says; batch refuses it unless it is allowed.
    Now,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Source {
    pub id: String,
    /// As written: files, globs or folders, relative to the folder of the workspace.
    pub files: Vec<String>,
    pub preset: Option<String>,
    /// Columns that name an event.
    pub dedupe: Vec<String>,
    /// More columns of ids, as `--id` names them.
    pub ids: Vec<String>,
    pub columns: Columns,
    /// Columns without a role that the workspace counts on.
    pub properties: Vec<String>,
    pub time_format: Option<String>,
    pub delimiter: Option<char>,
    pub quote: Option<char>,
    pub encoding: Option<String>,
}

/// Which column plays which role; what is `None` is guessed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    /// Written as `customer` or as `user`.
    pub customer: Option<String>,
    /// The id of visitors who are not known.
    pub anonymous: Option<String>,
    pub time: Option<String>,
    pub event: Option<String>,
    pub channel: Option<String>,
    pub value: Option<String>,
    pub score: Option<String>,
    pub session: Option<String>,
    pub order: Option<String>,
}

/// How ids that stand in one row are linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Roles, the known id first, and more columns of ids.
    pub keys: Vec<String>,
    /// A larger cluster is a shared device.
    pub max_ids: u32,
    /// What stands for no id.
    pub null_values: Vec<String>,
}

impl Default for Identity {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Identity {
            keys: texts(&["user", "anon"]),
            max_ids: 50,
            null_values: texts(&["", "null", "(not set)", "0", "00000000-0000-0000-0000-000000000000"]),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Privacy {
    /// `column:what,what`.
    pub mask: Vec<String>,
    /// The smallest number of customers that reports show.
    pub min_n: u32,
}

/// What the map is about, for those who read it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScopeNote {
    /// `None` is everybody.
    pub persona: Option<String>,
    pub scenario: Option<String>,
    pub window: Option<Span>,
    pub question: Option<String>,
    /// Stage and what it rests on, as written.
    pub evidence: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stage {
    pub plan: PlannedStage,
    pub note: Option<String>,
}

/// A rule that names events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Touchpoint {
    /// Its id is what the events are called.
    pub plan: PlannedTouchpoint,
    /// An expression about one event, known to be well formed.
    pub when: String,
    /// The channel of its events, whatever the data says.
    pub channel: Option<String>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRule {
    pub id: String,
    pub label: Label,
    pub kind: ScoreType,
    /// Which events are answers; every event with a value where it is missing.
    pub when: Option<String>,
    /// The column with the answer.
    pub value: String,
    /// Lowest and highest; without meaning for texts.
    pub scale: (f64, f64),
    pub is_high_good: bool,
    /// top2, mean, nps.
    pub method: Option<String>,
    pub window: Span,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreType {
    Number(ScoreKind),
    /// What customers wrote, without a number.
    Text,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub id: String,
    pub label: Label,
    pub by: String,
    pub window: Option<Span>,
    /// Group and who is in it, in the order of the file; the first that holds wins.
    pub cuts: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    pub id: String,
    pub label: Label,
    pub who: Who,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    /// An expression about customers, known to be well formed.
    When(String),
    /// Those behind a number of a question.
    Among(Box<Among>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    pub id: String,
    pub label: Label,
    pub spec: FunnelSpec,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TargetPath {
    pub id: String,
    pub label: Label,
    /// Each with whether it may come several times.
    pub steps: Vec<(Step, bool)>,
    /// By touchpoint, the most time since the one before.
    pub max_gap: BTreeMap<String, Span>,
}

/// A saved question.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub id: String,
    pub label: Label,
    /// As written: a batch command without its sources.
    pub ask: String,
    pub spec: Spec,
    /// The number that is opened.
    pub who: Option<String>,
    /// Which table of the answer, where the format holds one.
    pub table: Option<String>,
    /// Below the folder of the workspace.
    pub out: Option<String>,
    /// One of `FORMATS`.
    pub format: Option<String>,
    pub note: Option<String>,
}

/// Something that was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub id: String,
    pub label: Label,
    pub stage: Option<String>,
    pub owner: Option<String>,
    pub start: Option<When>,
    pub kpi: Option<String>,
    /// Relative: −0.3 is 30 % less.
    pub expect: Option<f64>,
    pub effort: Option<f64>,
    pub note: Option<String>,
}

/// A figure that is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    pub id: String,
    pub label: Label,
    pub kpi: Option<String>,
    pub expr: Option<String>,
    pub every: Option<Span>,
    pub chart: Option<String>,
    /// Since, until before.
    pub baseline: Option<(When, When)>,
    pub rules: Vec<String>,
    pub severity: Option<String>,
}

/// Whom to contact, when and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: String,
    pub label: Label,
    /// As written; its names are settled by the capability that is to come.
    pub audience: String,
    pub tiers: Vec<String>,
    pub exclude: Vec<String>,
    pub most_per_person: Option<u64>,
    pub most_within: Option<Span>,
    pub most_in_total: Option<u64>,
    pub contact: Option<Contact>,
    pub timing: Option<Timing>,
    pub holdout: Option<Holdout>,
    pub goal: Option<RuleGoal>,
    pub format: Option<String>,
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub content: Option<String>,
    pub channels: Vec<String>,
    pub pick: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    pub earliest: Option<Span>,
    pub quiet: Option<String>,
    pub pick: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Holdout {
    pub share: Option<f64>,
    pub salt: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RuleGoal {
    pub touchpoint: Option<String>,
    pub within: Option<Span>,
    pub mde: Option<f64>,
}

impl Workspace {
    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let name = path.to_string_lossy();
        let text = text_of(path).map_err(|text| Faults::whole(&name, text))?;
        Self::parse(&name, &text)
    }

    /// Reads the text of a file that is called so in messages.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        if text.len() as u64 > FILE_MAX {
            return Err(Faults::whole(file, too_large()));
        }
        let mut faults = fault::Collector::of(text);
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(err) => {
                let (at, what) = first_error(text).unwrap_or((0, err.message().to_owned()));
                let what = visible(what.lines().next().unwrap_or_default()).into_owned();
                faults.add(at, || format!("this is not TOML: {what}"));
                return Err(faults.finish(file));
            }
        };
        check::check(document.as_table(), &mut faults);
        if !faults.is_empty() {
            return Err(faults.finish(file));
        }
        Ok(build::workspace(document.as_table()))
    }

    /// What the map is planned from.
    pub fn plan(&self) -> Plan {
        Plan {
            language: self.language.clone(),
            stages: self.stages.iter().map(|stage| stage.plan.clone()).collect(),
            touchpoints: self.touchpoints.iter().map(|touchpoint| touchpoint.plan.clone()).collect(),
            channels: self.channels.clone(),
            scores: self.scores.iter().filter_map(ScoreRule::plan).collect(),
            funnels: self
                .funnels
                .iter()
                .map(|funnel| PlannedFunnel { id: funnel.id.clone(), spec: funnel.spec.clone() })
                .collect(),
            personas: self.personas.clone(),
        }
    }
}

impl ScoreRule {
    /// `None` for what customers wrote, which no figure is made from.
    fn plan(&self) -> Option<Score> {
        let ScoreType::Number(kind) = self.kind else { return None };
        Some(Score {
            id: self.id.clone(),
            kind,
            when: self.when.clone(),
            value: self.value.clone(),
            scale: self.scale,
            is_high_good: self.is_high_good,
            window: self.window,
            comment: self.comment.clone(),
        })
    }
}

/// Where a text first is no TOML. The rest of it is read with that in mind, so that what comes after may be no fault.
fn first_error(text: &str) -> Option<(usize, String)> {
    let (_, errors) = toml::de::DeTable::parse_recoverable(text);
    let errors = errors.iter().map(|err| (err.span().map_or(0, |span| span.start), err.message().to_owned()));
    errors.min_by_key(|(at, _)| *at)
}

fn too_large() -> String {
    format!("it is not read, because it is larger than {} MB", FILE_MAX >> 20)
}

/// The text of a workspace file.
///
/// # Errors
/// Why it cannot be read, without the file's name.
pub fn text_of(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|err| match err.kind() {
        std::io::ErrorKind::NotFound => "there is no such file; `trailmap init SOURCE` writes one".to_owned(),
        _ => format!("it cannot be read: {err}"),
    })?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(format!("it is a folder; name the file in it, like {WORKSPACE_FILE}"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|err| format!("it cannot be read: {err}"))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|err| {
        let line = err.as_bytes()[..err.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("it is not UTF-8: line {line} holds other bytes")
    })
}
