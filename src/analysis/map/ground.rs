//! `Ground`: a map's question met with the data: which event belongs to which stage and channel, and which entries count.

use rayon::prelude::*;

use super::plan::{PlannedChannel, PlannedStage, PlannedTouchpoint};
use super::spec::MapSpec;
use crate::analysis::Error;
use crate::analysis::stages::{Stages, UNMAPPED};
use crate::base::nearest::nearest;
use crate::base::{Cancelled, Ctl};
use crate::journey::{Codes, Names, Property, StepMatch, Values, View};

/// Channels that are told apart; the rest is `(other)`.
const CHANNELS_MAX: usize = 60;
pub const NO_CHANNEL: &str = "(none)";
pub const OTHER: &str = "(other)";

#[derive(Debug)]
pub struct Ground<'v> {
    pub view: &'v View,
    pub spec: &'v MapSpec,
    pub stages: Stages,
    pub is_by_name: bool,
    n_codes: usize,
    /// Stage and code of every touchpoint that may occur in a stage: a cell.
    pub cells: Vec<(u32, u32)>,
    /// By code, or where the name does not decide by stage and code: the cell.
    cell_of: Vec<u32>,
    pub channels: Channels,
    pub goal: Option<Goal>,
    pub as_of: i64,
    pub period: EntryPeriod,
}

/// The entries that count: the first event of a stage at or after `since` and before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPeriod {
    pub since: i64,
    pub until: i64,
}

impl EntryPeriod {
    pub const ALWAYS: EntryPeriod = EntryPeriod { since: i64::MIN, until: i64::MAX };

    #[inline]
    pub fn holds(self, time: i64) -> bool {
        self.since <= time && (time < self.until || self.until == i64::MAX)
    }
}

/// Which events are goals.
#[derive(Debug)]
pub enum Goal {
    Step(StepMatch),
    /// By touchpoint code.
    Codes(Vec<bool>),
}

impl Goal {
    #[inline]
    pub fn matches(&self, code: usize, position: usize) -> bool {
        match self {
            Goal::Step(step) => step.matches(code, position),
            Goal::Codes(by_code) => by_code[code],
        }
    }
}

impl<'v> Ground<'v> {
    /// Resolves names.
    ///
    /// # Errors
    /// No stages, a stage or touchpoint that contradicts another, an unknown event, or `Cancelled`.
    pub fn new(view: &'v View, spec: &'v MapSpec, ctl: &Ctl) -> Result<Self, Error> {
        spec.check()?;
        ctl.check()?;
        let stages =
            if spec.stages.stage.is_empty() { planned_stages(view, spec)? } else { spec.stages.resolve(view, ctl)? };
        let (since, until) = spec.scope.entry_period(&view.store().zone);
        let period = EntryPeriod {
            since: since.map_or(i64::MIN, |at| at.micros()),
            until: until.map_or(i64::MAX, |at| at.micros()),
        };
        let n_codes = view.store().touchpoints.len();
        let is_by_name = stages.are_by_name();
        let (cells, cell_of) = cells(&stages, &view.store().touchpoints);
        Ok(Ground {
            view,
            spec,
            is_by_name,
            n_codes,
            cells,
            cell_of,
            channels: Channels::new(view, ctl)?,
            goal: goal(view, spec, ctl)?,
            as_of: view.as_of().micros(),
            period,
            stages,
        })
    }

    pub fn n_stages(&self) -> usize {
        self.stages.len()
    }

    /// The cell of an event of this stage and code.
    #[inline]
    pub fn cell(&self, stage: u32, code: usize) -> usize {
        let at = if self.is_by_name { code } else { stage as usize * self.n_codes + code };
        self.cell_of[at] as usize
    }

    /// The stage of the event at a position, or `UNMAPPED`.
    #[inline]
    pub fn stage_at(&self, code: usize, position: usize) -> u32 {
        self.stages.at(code, position)
    }

    /// Whether nobody can move on from a stage, or need not.
    pub fn is_last(&self, stage: usize) -> bool {
        stage + 1 >= self.n_stages()
    }

    /// What the plan says about a stage.
    pub fn planned_stage(&self, stage: usize) -> Option<&'v PlannedStage> {
        self.spec.plan.stages.iter().find(|planned| planned.id == self.stages.names[stage])
    }

    pub fn planned_touchpoint(&self, name: &str) -> Option<&'v PlannedTouchpoint> {
        self.spec.plan.touchpoints.iter().find(|planned| planned.id == name)
    }

    pub fn planned_channel(&self, name: &str) -> Option<&'v PlannedChannel> {
        self.spec.plan.channels.iter().find(|planned| planned.id == name)
    }

    /// The place of the stage with this name, or the sentence that says which may be meant.
    pub fn stage_named(&self, name: &str) -> Result<usize, String> {
        let names = || self.stages.names.iter().map(String::as_str);
        names().position(|known| known == name).ok_or_else(|| {
            let hint = nearest(name, names()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("no stage is named `{name}`{hint}")
        })
    }
}

/// The cells in the order of stages and names, and the way from an event to its cell.
fn cells(stages: &Stages, touchpoints: &Names) -> (Vec<(u32, u32)>, Vec<u32>) {
    let (n_codes, in_order) = (touchpoints.len(), touchpoints.in_text_order());
    let is_by_name = stages.are_by_name();
    let mut cells = Vec::new();
    let mut cell_of = vec![UNMAPPED; if is_by_name { n_codes } else { n_codes * stages.len() }];
    for stage in 0..stages.len() as u32 {
        for &code in in_order.iter().filter(|code| stages.may_hold(stage, **code as usize)) {
            let at = code as usize;
            cell_of[if is_by_name { at } else { stage as usize * n_codes + at }] = cells.len() as u32;
            cells.push((stage, code));
        }
    }
    (cells, cell_of)
}

/// The stages of the plan, in its order; its touchpoints are the events' names.
fn planned_stages(view: &View, spec: &MapSpec) -> Result<Stages, Error> {
    let names: Vec<String> = spec.plan.stages.iter().map(|stage| stage.id.clone()).collect();
    let place = |what: &str, name: &str| {
        names.iter().position(|known| known == name).ok_or_else(|| {
            let near = nearest(name, names.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Error::Invalid(format!("{what}: no stage is named `{name}`{hint}"))
        })
    };
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(Error::Invalid(format!("the stage `{}` is planned twice; give one of them another id", twice.1)));
    }
    let mut is_terminal = vec![false; names.len()];
    for wanted in &spec.stages.terminal {
        is_terminal[place("--terminal", wanted)?] = true;
    }
    let touchpoints = &view.store().touchpoints;
    let mut by_code = vec![UNMAPPED; touchpoints.len()];
    // The first rule of a touchpoint that is given twice wins, as it does for its events.
    for planned in spec.plan.touchpoints.iter().rev() {
        let Some(stage) = &planned.stage else { continue };
        let stage = place(&format!("touchpoint `{}`", planned.id), stage)?;
        if let Some(code) = touchpoints.get(&planned.id) {
            by_code[code as usize] = stage as u32;
        }
    }
    Ok(Stages::of_codes(names, is_terminal, by_code))
}

fn goal(view: &View, spec: &MapSpec, ctl: &Ctl) -> Result<Option<Goal>, Error> {
    if let Some(step) = &spec.goal {
        return Ok(Some(Goal::Step(step.resolve(view, ctl)?)));
    }
    let touchpoints = &view.store().touchpoints;
    let mut by_code = vec![false; touchpoints.len()];
    for planned in spec.plan.touchpoints.iter().filter(|planned| planned.is_goal) {
        if let Some(code) = touchpoints.get(&planned.id) {
            by_code[code as usize] = true;
        }
    }
    Ok(by_code.contains(&true).then_some(Goal::Codes(by_code)))
}

/// Channels as slots: first `(none)`, then those that are told apart, then `(other)`.
#[derive(Debug)]
pub struct Channels {
    pub names: Vec<String>,
    source: Option<Source>,
}

#[derive(Debug)]
struct Source {
    /// The position of the property, where its own codes are read; else codes made from its texts.
    property: usize,
    made: Option<Codes>,
    /// By code, 0 being no value: the slot.
    slots: Vec<u32>,
}

impl Channels {
    fn new(view: &View, ctl: &Ctl) -> Result<Self, Cancelled> {
        let store = view.store();
        let Some(idx) = store.roles.channel else { return Ok(Channels { names: Vec::new(), source: None }) };
        let property = &store.properties[idx];
        let (made, texts) = match &property.values {
            Values::Text { names, .. } => (None, names.iter().map(str::to_owned).collect()),
            Values::Int(_) | Values::Float(_) | Values::Time(_) => {
                let (codes, texts) = coded(property, ctl)?;
                (Some(codes), texts)
            }
        };
        let mut source = Source { property: idx, made, slots: Vec::new() };
        let mut shown: Vec<usize> = (0..texts.len()).collect();
        if texts.len() > CHANNELS_MAX {
            let n_of_code = source.count(view, texts.len() + 1, ctl)?;
            shown.sort_by(|a, b| n_of_code[b + 1].cmp(&n_of_code[a + 1]).then_with(|| texts[*a].cmp(&texts[*b])));
            shown.truncate(CHANNELS_MAX);
        }
        let other = if shown.len() < texts.len() { shown.len() as u32 + 1 } else { 0 };
        source.slots = vec![other; texts.len() + 1];
        source.slots[0] = 0;
        let mut names = vec![NO_CHANNEL.to_owned()];
        for text in shown {
            source.slots[text + 1] = names.len() as u32;
            names.push(texts[text].clone());
        }
        if other > 0 {
            names.push(OTHER.to_owned());
        }
        Ok(Channels { names, source: Some(source) })
    }

    /// `NO_SLOTS` where no column plays the channel.
    pub fn n_slots(&self) -> usize {
        self.names.len()
    }

    /// Reads the slot of a row of the store; only where there are slots.
    pub fn reader<'s>(&'s self, view: &'s View) -> Option<SlotReader<'s>> {
        let source = self.source.as_ref()?;
        Some(SlotReader { codes: source.codes(view)?, slots: &source.slots })
    }
}

/// The slot of the channel of an event.
#[derive(Debug, Clone, Copy)]
pub struct SlotReader<'s> {
    codes: &'s Codes,
    slots: &'s [u32],
}

impl SlotReader<'_> {
    #[inline]
    pub fn at(&self, row: usize) -> usize {
        self.slots[self.codes.get(row) as usize] as usize
    }
}

impl Source {
    fn codes<'s>(&'s self, view: &'s View) -> Option<&'s Codes> {
        match (&self.made, &view.store().properties[self.property].values) {
            (Some(codes), _) | (None, Values::Text { codes, .. }) => Some(codes),
            (None, _) => None,
        }
    }

    /// Events of the whole store by code, so that a filter does not change which channels are told apart.
    fn count(&self, view: &View, n: usize, ctl: &Ctl) -> Result<Vec<u64>, Cancelled> {
        let Some(codes) = self.codes(view) else { return Ok(vec![0; n]) };
        let rows: Vec<usize> = (0..codes.len()).step_by(1 << 18).collect();
        let pieces = rows.into_par_iter().map(|start| {
            ctl.check()?;
            let mut counts = vec![0u64; n];
            (start..(start + (1 << 18)).min(codes.len())).for_each(|row| counts[codes.get(row) as usize] += 1);
            Ok(counts)
        });
        pieces.try_reduce(|| vec![0; n], |a, b| Ok(a.iter().zip(&b).map(|(a, b)| a + b).collect()))
    }
}

/// Codes of a column that is no text: 0 for no value, then in order of first appearance.
fn coded(property: &Property, ctl: &Ctl) -> Result<(Codes, Vec<String>), Cancelled> {
    let mut names = Names::new();
    let mut codes = Vec::with_capacity(property.values.len());
    for row in 0..property.values.len() {
        if row % (1 << 16) == 0 {
            ctl.check()?;
        }
        codes.push(property.text(row).map_or(0, |text| names.intern(&text) + 1));
    }
    Ok((Codes::pack(&codes), names.iter().map(str::to_owned).collect()))
}
