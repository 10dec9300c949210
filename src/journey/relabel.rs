//! `relabel`: touchpoint rules over a store: the first rule whose expression holds gives an event its touchpoint.
//!
//! The new store's touchpoints are the rules' ids in their order, whether any event has them or not, and behind them the
//! events' own names that no rule took. Such a name that is also an id is called `NAME (unmapped)`, never merged. The own name
//! stays as the property `raw_event`; `stage` is a property by touchpoint, missing where there is none. Columns of the data
//! with these names become `raw_event_2` and `raw_stage`.
//!
//! What a rule says about an event's name is settled once per name; expressions are worked out only for rules that ask for
//! more, and looked at only for events whose name leaves the question open.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bitmap::Bitmap;
use super::build::masks;
use super::codes::{Code, Codes};
use super::expr::{ByTouchpoint, Expr, ExprError, MaskError, by_touchpoint, event_mask};
use super::mapped::Mapped;
use super::names::Names;
use super::props::{Property, Values};
use super::store::JourneyStore;
use crate::base::{Cancelled, Ctl};
use crate::with_codes;

/// The name of the property with the events' own names.
pub const RAW_EVENT: &str = "raw_event";
/// The name of the property with the stages.
pub const STAGE: &str = "stage";

/// Which events are a touchpoint. Of two rules with one id, the stage and the channel of the first hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: String,
    pub when: Expr,
    pub stage: Option<String>,
    /// The channel of its events, whatever the data says.
    pub channel: Option<String>,
}

/// What rules did to a store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RelabelReport {
    /// In the order of the rules.
    pub rules: Vec<RuleReport>,
    /// Pairs of rules that wanted the same events, by place of the rules.
    pub overlaps: Vec<Overlap>,
    /// Events that no rule took by their own name, most first.
    pub unmapped: Vec<(String, u64)>,
    pub n_events: u64,
    /// Columns of the data that had to make room, and what they are called now.
    pub renamed: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    pub id: String,
    /// Events for which it holds.
    pub matched: u64,
    /// Those of them that no earlier rule took.
    pub took: u64,
}

/// Events that `taker` took, and that `also` would have taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    pub taker: usize,
    pub also: usize,
    pub events: u64,
}

impl RelabelReport {
    pub fn n_unmapped(&self) -> u64 {
        self.unmapped.iter().map(|(_, n)| n).sum()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelabelError {
    #[error("touchpoint `{id}`: {error}")]
    Rule { at: usize, id: String, error: ExprError },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What is wrong with each rule in view of the data, by its place.
pub fn faults(store: &JourneyStore, rules: &[Rule]) -> Vec<(usize, ExprError)> {
    let fault = |(at, rule): (usize, &Rule)| Some((at, by_touchpoint(store, &rule.when).err()?));
    rules.iter().enumerate().filter_map(fault).collect()
}

/// The same events under the touchpoints that rules give them.
///
/// # Errors
/// A rule that names what is not in the data, or `Cancelled`.
pub fn relabel(store: JourneyStore, rules: &[Rule], ctl: &Ctl) -> Result<(JourneyStore, RelabelReport), RelabelError> {
    ctl.check()?;
    let wants = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| Want::of(&store, rule, ctl).map_err(|err| located(err, at, rule)))
        .collect::<Result<Vec<_>, _>>()?;
    let judge = Judge::new(&store, wants);
    let tally = judge.count(&store, ctl)?;
    let names = TouchpointNames::new(&store, rules, &tally);
    let codes = judge.codes(&store, &names, ctl)?;
    let mut report = tally.report(&store, rules);
    drop(judge);
    ctl.check()?;
    Ok((rebuilt(store, rules, names, codes, &tally, &mut report), report))
}

fn located(err: MaskError, at: usize, rule: &Rule) -> RelabelError {
    match err {
        MaskError::Expr(error) => RelabelError::Rule { at, id: rule.id.clone(), error },
        MaskError::Cancelled(cancelled) => RelabelError::Cancelled(cancelled),
    }
}

/// The events that a rule holds for.
struct Want {
    by_name: ByTouchpoint,
    /// One bit per event, where the name leaves the question open for some.
    holds: Option<Bitmap>,
}

impl Want {
    fn of(store: &JourneyStore, rule: &Rule, ctl: &Ctl) -> Result<Self, MaskError> {
        let by_name = by_touchpoint(store, &rule.when)?;
        let is_open = by_name.may != by_name.must;
        let holds = if is_open { Some(event_mask(store, &rule.when, ctl)?) } else { None };
        Ok(Want { by_name, holds })
    }

    #[inline]
    fn holds(&self, name: usize, row: usize) -> bool {
        self.by_name.must[name] || self.by_name.may[name] && self.holds.as_ref().is_some_and(|holds| holds.get(row))
    }
}

/// The verdict on a name that the events' other values decide.
const ASK: u32 = u32::MAX;

/// Decides which rule takes an event.
struct Judge {
    wants: Vec<Want>,
    /// By own name: the place of the rule that takes its events, as many as there are rules for none, or `ASK`.
    by_name: Vec<u32>,
    /// By own name: the rules that may hold for its events.
    candidates: Vec<Vec<u32>>,
}

/// What was counted, by own name and rule.
#[derive(Default)]
struct Tally {
    /// Events by own name and the rule that took them (as many as there are rules for none).
    took: Vec<FxHashMap<u32, u64>>,
    matched: Vec<u64>,
    overlaps: FxHashMap<(u32, u32), u64>,
}

impl Judge {
    fn new(store: &JourneyStore, wants: Vec<Want>) -> Self {
        let none = wants.len() as u32;
        let names = 0..store.touchpoints.len();
        let candidates: Vec<Vec<u32>> = names
            .clone()
            .map(|name| (0..none).filter(|&rule| wants[rule as usize].by_name.may[name]).collect())
            .collect();
        let verdict = |name: usize| match candidates[name].first() {
            None => none,
            Some(&first) if wants[first as usize].by_name.must[name] => first,
            Some(_) => ASK,
        };
        let by_name = names.map(verdict).collect();
        Judge { wants, by_name, candidates }
    }

    #[inline]
    fn taker(&self, name: usize, row: usize) -> u32 {
        match self.by_name[name] {
            ASK => self.ask(name, row),
            taker => taker,
        }
    }

    fn ask(&self, name: usize, row: usize) -> u32 {
        let holds = |rule: &&u32| self.wants[**rule as usize].holds(name, row);
        self.candidates[name].iter().find(holds).copied().unwrap_or(self.wants.len() as u32)
    }

    /// Whether the rules that hold for the events of a name are the same for all of them.
    fn is_settled(&self, name: usize) -> bool {
        self.candidates[name].iter().all(|&rule| self.wants[rule as usize].by_name.must[name])
    }

    fn count(&self, store: &JourneyStore, ctl: &Ctl) -> Result<Tally, Cancelled> {
        let n_names = store.touchpoints.len();
        let settled: Vec<bool> = (0..n_names).map(|name| self.is_settled(name)).collect();
        let fresh = || (vec![0u64; n_names], Tally::new(n_names, self.wants.len()));
        let pieces: Vec<usize> = (0..store.n_events()).step_by(PIECE).collect();
        let (counts, mut tally) = pieces
            .into_par_iter()
            .try_fold(fresh, |(mut counts, mut tally), start| {
                ctl.check()?;
                let end = (start + PIECE).min(store.n_events());
                with_codes!(&store.codes, |codes| {
                    for (row, code) in (start..end).zip(&codes[start..end]) {
                        match settled[code.idx()] {
                            true => counts[code.idx()] += 1,
                            false => tally.add(self, code.idx(), row),
                        }
                    }
                });
                Ok::<_, Cancelled>((counts, tally))
            })
            .try_reduce(fresh, |(mut counts, tally), (more, other)| {
                counts.iter_mut().zip(more).for_each(|(n, more)| *n += more);
                Ok((counts, tally.merged(other)))
            })?;
        for (name, n) in counts.into_iter().enumerate().filter(|(_, n)| *n > 0) {
            let taker = self.by_name[name];
            tally.add_many(name, taker, self.candidates[name].iter().copied(), n);
        }
        Ok(tally)
    }

    /// The touchpoint of every event.
    fn codes(&self, store: &JourneyStore, names: &TouchpointNames, ctl: &Ctl) -> Result<Codes, Cancelled> {
        let none = self.wants.len() as u32;
        let touchpoint = |name: usize, taker: u32| match taker {
            taker if taker == none => names.of_unmapped[name],
            taker => names.of_rules[taker as usize],
        };
        let by_name: Vec<u32> = (0..self.by_name.len())
            .map(|name| if self.by_name[name] == ASK { ASK } else { touchpoint(name, self.by_name[name]) })
            .collect();
        let of = |name: usize, row: usize| match by_name[name] {
            ASK => touchpoint(name, self.taker(name, row)),
            touchpoint => touchpoint,
        };
        let mut out = Codes::zeros(store.n_events(), (names.names.len() as u32).saturating_sub(1));
        with_codes!(&store.codes, |raw| match &mut out {
            Codes::U8(out) => fill(raw, out, ctl, |name, row| of(name, row) as u8),
            Codes::U16(out) => fill(raw, out, ctl, |name, row| of(name, row) as u16),
            Codes::U32(out) => fill(raw, out, ctl, of),
        })?;
        Ok(out)
    }
}

/// Events per piece of work.
const PIECE: usize = 1 << 16;

fn fill<C: Code, T: Send>(
    raw: &[C],
    out: &mut [T],
    ctl: &Ctl,
    of: impl Fn(usize, usize) -> T + Sync,
) -> Result<(), Cancelled> {
    out.par_chunks_mut(PIECE).zip(raw.par_chunks(PIECE)).enumerate().try_for_each(|(at, (out, raw))| {
        ctl.check()?;
        out.iter_mut().zip(raw).zip(at * PIECE..).for_each(|((to, name), row)| *to = of(name.idx(), row));
        Ok(())
    })
}

impl Tally {
    fn new(n_names: usize, n_rules: usize) -> Self {
        Tally { took: vec![FxHashMap::default(); n_names], matched: vec![0; n_rules], overlaps: FxHashMap::default() }
    }

    fn add(&mut self, judge: &Judge, name: usize, row: usize) {
        let holding =
            judge.candidates[name].iter().copied().filter(|&rule| judge.wants[rule as usize].holds(name, row));
        self.add_many(name, judge.taker(name, row), holding, 1);
    }

    /// Events of one name for which these rules hold, the taker among them.
    fn add_many(&mut self, name: usize, taker: u32, holding: impl Iterator<Item = u32>, n: u64) {
        *self.took[name].entry(taker).or_default() += n;
        for rule in holding {
            self.matched[rule as usize] += n;
            if rule != taker {
                *self.overlaps.entry((taker, rule)).or_default() += n;
            }
        }
    }

    fn merged(mut self, other: Self) -> Self {
        self.matched.iter_mut().zip(other.matched).for_each(|(n, more)| *n += more);
        for (took, more) in self.took.iter_mut().zip(other.took) {
            more.into_iter().for_each(|(rule, n)| *took.entry(rule).or_default() += n);
        }
        other.overlaps.into_iter().for_each(|(pair, n)| *self.overlaps.entry(pair).or_default() += n);
        self
    }

    fn n_unmapped(&self, name: usize) -> u64 {
        self.took[name].get(&(self.matched.len() as u32)).copied().unwrap_or(0)
    }

    fn report(&self, store: &JourneyStore, rules: &[Rule]) -> RelabelReport {
        let took = |rule: usize| self.took.iter().filter_map(|by_rule| by_rule.get(&(rule as u32))).sum();
        let rules = rules.iter().enumerate().map(|(at, rule)| RuleReport {
            id: rule.id.clone(),
            matched: self.matched[at],
            took: took(at),
        });
        let names = (0..store.touchpoints.len()).map(|name| (store.touchpoints.name(name as u32).to_owned(), name));
        let unmapped = names.map(|(text, name)| (text, self.n_unmapped(name)));
        let mut unmapped: Vec<(String, u64)> = unmapped.filter(|(_, n)| *n > 0).collect();
        unmapped.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let pair = |(&(taker, also), &events): (&(u32, u32), &u64)| Overlap {
            taker: taker as usize,
            also: also as usize,
            events,
        };
        let mut overlaps: Vec<Overlap> = self.overlaps.iter().map(pair).collect();
        overlaps.sort_by_key(|overlap| (overlap.taker, overlap.also));
        let n_events = store.n_events() as u64;
        RelabelReport { rules: rules.collect(), overlaps, unmapped, n_events, renamed: Vec::new() }
    }
}

/// What the touchpoints are called, and which is whose.
struct TouchpointNames {
    names: Names,
    of_rules: Vec<u32>,
    /// By own name; without meaning where no event of it is unmapped.
    of_unmapped: Vec<u32>,
    n_declared: u32,
}

impl TouchpointNames {
    fn new(store: &JourneyStore, rules: &[Rule], tally: &Tally) -> Self {
        let mut names = Names::new();
        let of_rules = rules.iter().map(|rule| names.intern(&rule.id)).collect();
        let n_declared = names.len() as u32;
        let mut of_unmapped = vec![0; store.touchpoints.len()];
        for (name, place) in of_unmapped.iter_mut().enumerate().filter(|(name, _)| tally.n_unmapped(*name) > 0) {
            let own = store.touchpoints.name(name as u32);
            // Another own name may be called like that already, however odd.
            let is_taken =
                |text: &str| names.get(text).is_some() || text != own && store.touchpoints.get(text).is_some();
            let numbered = (2..).map(|n| format!("{own} (unmapped {n})"));
            let mut wanted = [own.to_owned(), format!("{own} (unmapped)")].into_iter().chain(numbered);
            let text = wanted.find(|text| !is_taken(text)).expect("the names never end");
            *place = names.intern(&text);
        }
        TouchpointNames { names, of_rules, of_unmapped, n_declared }
    }
}

fn rebuilt(
    mut store: JourneyStore,
    rules: &[Rule],
    names: TouchpointNames,
    codes: Codes,
    tally: &Tally,
    report: &mut RelabelReport,
) -> JourneyStore {
    let none = rules.len() as u32;
    let mut became: Vec<Vec<u32>> = Vec::with_capacity(tally.took.len());
    let mut n_own_names = vec![0u32; names.names.len()];
    for (name, took) in tally.took.iter().enumerate() {
        let touchpoint = |taker: &u32| match *taker {
            taker if taker == none => names.of_unmapped[name],
            taker => names.of_rules[taker as usize],
        };
        let mut touchpoints: Vec<u32> = took.keys().map(touchpoint).collect();
        touchpoints.sort_unstable();
        touchpoints.dedup();
        touchpoints.iter().for_each(|&touchpoint| n_own_names[touchpoint as usize] += 1);
        became.push(touchpoints);
    }
    let by_touchpoint = |value: fn(&Rule) -> Option<&String>| {
        let mut texts: Vec<Option<&str>> = vec![None; names.names.len()];
        for (rule, &touchpoint) in rules.iter().zip(&names.of_rules).rev() {
            texts[touchpoint as usize] = value(rule).map(String::as_str);
        }
        texts
    };
    let stages = text_property(&codes, &by_touchpoint(|rule| rule.stage.as_ref()));
    let channels = by_touchpoint(|rule| rule.channel.as_ref());
    if channels.iter().any(Option::is_some) {
        override_channel(&mut store, &codes, &channels, report);
    }
    let raw = Values::Text { codes: shifted(&store.codes), names: std::mem::take(&mut store.touchpoints) };
    make_room(&mut store, RAW_EVENT, "raw_event_2", report);
    make_room(&mut store, STAGE, "raw_stage", report);
    let raw_event = store.properties.len();
    store.properties.push(Property { name: RAW_EVENT.into(), values: raw });
    store.properties.push(Property { name: STAGE.into(), values: stages });
    store.masks = masks(&codes, &store.offsets).into();
    store.touchpoints = names.names;
    store.codes = codes;
    store.nth = std::sync::OnceLock::new();
    store.marked = std::sync::OnceLock::new();
    store.touchpoint_counts = std::sync::OnceLock::new();
    store.mapped = Some(std::sync::Arc::new(Mapped {
        raw_event,
        stage: raw_event + 1,
        n_declared: names.n_declared,
        became,
        is_of_one_name: n_own_names.iter().map(|&n| n <= 1).collect(),
    }));
    store
}

/// A text for every event by its touchpoint.
fn text_property(codes: &Codes, texts: &[Option<&str>]) -> Values {
    let mut names = Names::new();
    let table: Vec<u32> = texts.iter().map(|text| text.map_or(0, |text| names.intern(text) + 1)).collect();
    let codes = mapped_codes(codes, names.len() as u32, |code, _| table[code]);
    Values::Text { codes, names }
}

/// Codes as a column of texts has them, where 0 is no value.
fn shifted(codes: &Codes) -> Codes {
    let max = with_codes!(codes, |codes| codes.par_iter().map(|code| code.idx() as u32).max());
    mapped_codes(codes, max.map_or(0, |max| max + 1), |code, _| code as u32 + 1)
}

fn mapped_codes(codes: &Codes, max: u32, of: impl Fn(usize, usize) -> u32 + Sync) -> Codes {
    let mut out = Codes::zeros(codes.len(), max);
    // Nobody asks this to stop; it takes a blink.
    let ctl = Ctl::new();
    let done = with_codes!(codes, |codes| match &mut out {
        Codes::U8(out) => fill(codes, out, &ctl, |code, row| of(code, row) as u8),
        Codes::U16(out) => fill(codes, out, &ctl, |code, row| of(code, row) as u16),
        Codes::U32(out) => fill(codes, out, &ctl, of),
    });
    debug_assert!(done.is_ok(), "nothing stops it");
    out
}

/// Gives the events of some touchpoints another channel; a store without channels gets a column for them.
fn override_channel(store: &mut JourneyStore, codes: &Codes, texts: &[Option<&str>], report: &mut RelabelReport) {
    let idx = match store.roles.channel {
        Some(idx) => idx,
        None => {
            make_room(store, "channel", "raw_channel", report);
            let values = Values::Text { codes: Codes::zeros(codes.len(), 0), names: Names::new() };
            store.properties.push(Property { name: "channel".into(), values });
            store.roles.channel = Some(store.properties.len() - 1);
            store.properties.len() - 1
        }
    };
    let (before, mut names) = as_text(&store.properties[idx]);
    let table: Vec<Option<u32>> = texts.iter().map(|text| text.map(|text| names.intern(text) + 1)).collect();
    let codes = mapped_codes(codes, names.len() as u32, |code, row| table[code].unwrap_or_else(|| before.get(row)));
    store.properties[idx].values = Values::Text { codes, names };
}

/// A column as texts, whatever it is kept as.
fn as_text(property: &Property) -> (Codes, Names) {
    if let Values::Text { codes, names } = &property.values {
        return (codes.clone(), names.clone());
    }
    let mut names = Names::new();
    let text = |row: usize| property.text(row).map_or(0, |text| names.intern(&text) + 1);
    let codes: Vec<u32> = (0..property.values.len()).map(text).collect();
    (Codes::pack(&codes), names)
}

/// Renames a column of the data that bears a name which is needed.
fn make_room(store: &mut JourneyStore, name: &str, other: &str, report: &mut RelabelReport) {
    let Some(idx) = store.property_idx(name) else { return };
    let numbered = (2..).map(|n| format!("{other}_{n}"));
    let free = std::iter::once(other.to_owned()).chain(numbered).find(|text| store.property_idx(text).is_none());
    let free = free.expect("the names never end");
    report.renamed.push((name.to_owned(), free.clone()));
    store.properties[idx].name = free;
}

#[cfg(test)]
mod tests;
