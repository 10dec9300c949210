//! What touchpoint rules made of the events' own names, and what a name means in a store with and without them.

use super::names::Names;
use super::props::Values;
use super::store::JourneyStore;

/// How the touchpoints of a store come from the events' own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The property with every event's own name.
    pub raw_event: usize,
    /// The property with every event's stage.
    pub stage: usize,
    /// Touchpoints with a smaller code are those of rules; the others are names that no rule took.
    pub n_declared: u32,
    /// By own name, as numbered in the dictionary of `raw_event`: the touchpoints that its events have, ascending.
    pub(super) became: Vec<Vec<u32>>,
    /// By touchpoint: whether all of its events share one own name.
    pub(super) is_of_one_name: Vec<bool>,
}

/// The events that a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// All events of these touchpoints.
    Touchpoints(Vec<u32>),
    /// Those events of these touchpoints whose own name is this one.
    Raw { code: u32, touchpoints: Vec<u32> },
}

impl Meaning {
    /// The touchpoints that the events have.
    pub fn touchpoints(&self) -> &[u32] {
        match self {
            Meaning::Touchpoints(codes) | Meaning::Raw { touchpoints: codes, .. } => codes,
        }
    }
}

impl JourneyStore {
    /// What a name means: a touchpoint, or else, under touchpoint rules, an event's own name.
    pub fn meaning(&self, name: &str) -> Option<Meaning> {
        if let Some(code) = self.touchpoints.get(name) {
            return Some(Meaning::Touchpoints(vec![code]));
        }
        let mapped = self.mapped.as_ref()?;
        let code = self.raw_dictionary()?.get(name)?;
        let touchpoints = mapped.became[code as usize].clone();
        let is_whole = touchpoints.iter().all(|&touchpoint| mapped.is_of_one_name[touchpoint as usize]);
        Some(if is_whole { Meaning::Touchpoints(touchpoints) } else { Meaning::Raw { code, touchpoints } })
    }

    /// The events' own names, where touchpoints are called otherwise; nothing without touchpoint rules.
    pub fn raw_names(&self) -> impl Iterator<Item = &str> {
        self.raw_dictionary().into_iter().flat_map(Names::iter)
    }

    fn raw_dictionary(&self) -> Option<&Names> {
        match &self.properties[self.mapped.as_ref()?.raw_event].values {
            Values::Text { names, .. } => Some(names),
            Values::Int(_) | Values::Float(_) | Values::Time(_) => None,
        }
    }

    /// The stage of an event, where rules gave it one.
    pub fn stage_name(&self, row: usize) -> Option<&str> {
        match &self.properties[self.mapped.as_ref()?.stage].values {
            Values::Text { codes, names } => codes.get(row).checked_sub(1).map(|code| names.name(code)),
            Values::Int(_) | Values::Float(_) | Values::Time(_) => None,
        }
    }
}
