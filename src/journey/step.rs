//! Steps as analysts write them: an event name, `*`, or several names joined by `|`, each with an optional condition.
//!
//! `cart`, `"odd | name"`, `cart|basket`, `*[channel == "email"]`, `cart[value > 50]`. A condition is an expression about
//! one event (see `expr`) and belongs to its alternative alone: in `cart|order[value > 50]` every cart counts. Under touchpoint
//! rules a name is a touchpoint, or else an event's own name and means the events of that name (see `mapped`).

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bitmap::Bitmap;
use super::codes::{Code, Codes};
use super::expr::{self, ConditionFault, alternatives_mask};
use super::mapped::Meaning;
use super::store::JourneyStore;
use super::view::View;
use crate::base::nearest::nearest;
use crate::base::{Cancelled, Ctl};
use crate::with_codes;

/// A step as written, known to be well formed; names are looked up when it meets the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Step {
    text: String,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternative {
    /// `None` is any event.
    pub name: Option<String>,
    /// The text between the brackets.
    pub condition: Option<String>,
}

/// What a step means in one view: which events it matches.
#[derive(Debug, Clone)]
pub struct StepMatch {
    /// By touchpoint code: whether the event may match at all.
    by_code: Vec<bool>,
    /// By view position, where the name alone does not decide.
    holds: Option<Bitmap>,
    /// The bits of the names in `JourneyStore::masks`.
    mask: u64,
    /// The only name, where there is one.
    only: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StepError {
    #[error("`{text}` is not a step: {reason}; write it like cart, cart|basket, \"odd | name\" or cart[value > 50]")]
    Malformed { text: String, reason: String },
    #[error("no event is named `{name}`{}", .nearest.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?")))]
    UnknownEvent { name: String, nearest: Option<String> },
    #[error("in step `{step}`: {reason}")]
    Condition { step: String, reason: String },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Step {
    /// A step that matches exactly this event name, quoted where needed.
    pub fn named(name: &str) -> Self {
        let plain = !name.is_empty()
            && name != "*"
            && name.trim() == name
            && !name.starts_with('\'')
            && !name.contains(['|', '[', ']', '"', '@', ':', ',', '(', ')']);
        let text =
            if plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) };
        Step { text, alternatives: vec![Alternative { name: Some(name.to_owned()), condition: None }] }
    }

    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// What people read as the step's name: without quotes where it is one plain name.
    pub fn label(&self) -> &str {
        self.only_name().unwrap_or(&self.text)
    }

    /// The name, where the step is one name without a condition.
    pub fn only_name(&self) -> Option<&str> {
        match &self.alternatives[..] {
            [Alternative { name: Some(name), condition: None }] => Some(name),
            _ => None,
        }
    }

    /// Looks the names up in the data.
    ///
    /// # Errors
    /// A name that no event in the store bears, with the nearest one; a condition that does not hold water.
    pub fn resolve(&self, view: &View, ctl: &Ctl) -> Result<StepMatch, StepError> {
        self.resolve_located(view, ctl).map_err(|(at, err)| located(&self.text, at, err))
    }

    /// Reads a step without spaces around it; an error comes with the byte at fault, and the reason of a condition then
    /// names no place.
    pub(super) fn read_located(text: &str) -> Result<Step, (usize, StepError)> {
        let alternatives = read(text).map_err(|err| (0, err))?;
        for (alternative, place) in &alternatives {
            let Some(condition) = &alternative.condition else { continue };
            expr::check_condition(condition).map_err(|(at, reason)| {
                (place.condition + at, StepError::Condition { step: text.to_owned(), reason })
            })?;
        }
        let alternatives = alternatives.into_iter().map(|(alternative, _)| alternative).collect();
        Ok(Step { text: text.to_owned(), alternatives })
    }

    /// As `resolve`, with the byte of the step's text at fault; the reason of a condition then names no place.
    pub(super) fn resolve_located(&self, view: &View, ctl: &Ctl) -> Result<StepMatch, (usize, StepError)> {
        ctl.check().map_err(|cancelled| (0, cancelled.into()))?;
        let store = view.store();
        let places = self.places();
        let mut by_code = vec![false; store.touchpoints.len()];
        let mut resolved = Vec::with_capacity(self.alternatives.len());
        for (at, alternative) in self.alternatives.iter().enumerate() {
            let meaning = match &alternative.name {
                None => {
                    by_code.fill(true);
                    None
                }
                Some(name) => {
                    let found = find(store, name).map_err(|err| (places.get(at).map_or(0, |place| place.name), err))?;
                    found.touchpoints().iter().for_each(|&code| by_code[code as usize] = true);
                    Some(found)
                }
            };
            resolved.push(expr::Alternative { meaning, condition: alternative.condition.as_deref() });
        }
        let holds = if resolved.iter().any(|alternative| !alternative.is_by_touchpoint()) {
            let rows = alternatives_mask(store, &resolved, ctl)
                .map_err(|ConditionFault { alternative, at, message }| {
                    let condition_at = places.get(alternative).map_or(0, |place| place.condition);
                    (condition_at + at, StepError::Condition { step: self.text.clone(), reason: message })
                })?
                .map_err(|cancelled| (0, cancelled.into()))?;
            Some(view.at_positions(rows))
        } else {
            None
        };
        let codes = || by_code.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(code, _)| code as u32);
        let mask = codes().fold(0, |mask, code| mask | JourneyStore::mask_bit(code));
        let only = if codes().nth(1).is_none() { codes().next() } else { None };
        Ok(StepMatch { by_code, holds, mask, only })
    }

    /// Where the alternatives stand in the text.
    fn places(&self) -> Vec<Place> {
        read(&self.text).map(|read| read.into_iter().map(|(_, place)| place).collect()).unwrap_or_default()
    }
}

/// The reason of a broken condition with its place in the step.
fn located(text: &str, at: usize, err: StepError) -> StepError {
    match err {
        StepError::Condition { step, reason } => {
            StepError::Condition { step, reason: format!("column {}: {reason}", column(text, at)) }
        }
        err => err,
    }
}

/// The character at a byte, from 1.
fn column(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(start, _)| *start < at).count() + 1
}

fn find(store: &JourneyStore, name: &str) -> Result<Meaning, StepError> {
    store.meaning(name).ok_or_else(|| StepError::UnknownEvent {
        name: name.to_owned(),
        nearest: nearest(name, store.touchpoints.iter().chain(store.raw_names())).map(str::to_owned),
    })
}

impl StepMatch {
    #[inline]
    pub fn matches(&self, code: usize, position: usize) -> bool {
        self.by_code[code] && self.holds.as_ref().is_none_or(|holds| holds.get(position))
    }

    /// A bit for every event of the view that matches; the view is the one that the step was resolved in.
    pub fn occurrences(&self, view: &View) -> Arc<Bitmap> {
        let named = view.occurrences(&self.by_code);
        self.holds.as_ref().map_or_else(|| Arc::clone(&named), |holds| Arc::new(holds.clone().and(&named)))
    }

    /// By touchpoint code: whether an event of that name may match.
    pub fn by_code(&self) -> &[bool] {
        &self.by_code
    }

    /// Whether the name alone decides.
    pub fn is_by_name(&self) -> bool {
        self.holds.is_none()
    }

    /// The bits of the names that may match, as in `JourneyStore::masks`: a journey without any of them has no match.
    pub fn mask(&self) -> u64 {
        self.mask
    }

    /// The first position that matches.
    pub fn first_in(&self, codes: &Codes, journey: Range<usize>) -> Option<usize> {
        with_codes!(codes, |codes| {
            let events = &codes[journey.clone()];
            let at = match self.only {
                // One name is a search for a byte, which runs on vectors.
                Some(only) if self.holds.is_none() => events.iter().position(|code| code.idx() == only as usize),
                _ => events.iter().enumerate().position(|(at, code)| self.matches(code.idx(), journey.start + at)),
            };
            at.map(|at| journey.start + at)
        })
    }

    /// The last position that matches.
    pub fn last_in(&self, codes: &Codes, journey: Range<usize>) -> Option<usize> {
        with_codes!(codes, |codes| journey.rev().find(|&position| self.matches(codes[position].idx(), position)))
    }

    /// How many positions match.
    pub fn count_in(&self, codes: &Codes, journey: Range<usize>) -> usize {
        with_codes!(codes, |codes| {
            journey.filter(|&position| self.matches(codes[position].idx(), position)).count()
        })
    }
}

/// Where an alternative stands in the text of its step, in bytes.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: usize,
    /// Where the condition begins; 0 where there is none.
    condition: usize,
}

impl FromStr for Step {
    type Err = StepError;

    fn from_str(text: &str) -> Result<Self, StepError> {
        let text = text.trim();
        Step::read_located(text).map_err(|(at, err)| located(text, at, err))
    }
}

/// The alternatives of a step, with their places.
fn read(text: &str) -> Result<Vec<(Alternative, Place)>, StepError> {
    let fail = |reason: &str| StepError::Malformed { text: text.to_owned(), reason: reason.to_owned() };
    let mut alternatives = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let mut place = Place { name: text.len() - rest.len(), condition: 0 };
        let name;
        if let Some(quoted) = rest.strip_prefix('"') {
            let (unquoted, after) = read_quoted(quoted).ok_or_else(|| fail("a quote is not closed"))?;
            name = Some(unquoted);
            rest = after;
        } else {
            let end = rest.find(['|', '[', ']', '"']).unwrap_or(rest.len());
            let plain = rest[..end].trim();
            if plain.is_empty() {
                return Err(fail("a name is missing"));
            }
            name = (plain != "*").then(|| plain.to_owned());
            rest = &rest[end..];
        }
        rest = rest.trim_start();
        let mut condition = None;
        if let Some(inside) = rest.strip_prefix('[') {
            let end = find_closing_bracket(inside).ok_or_else(|| fail("a bracket is not closed"))?;
            let written = &inside[..end];
            place.condition = text.len() - inside.len() + (written.len() - written.trim_start().len());
            condition = Some(written.trim().to_owned());
            rest = inside[end + 1..].trim_start();
        }
        alternatives.push((Alternative { name, condition }, place));
        match rest.strip_prefix('|') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(alternatives),
            None => return Err(fail("something follows the name")),
        }
    }
}

/// Reads up to the closing quote; `\"` and `\\` stand for themselves.
fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut unquoted = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((unquoted, &text[at + 1..])),
            '\\' => unquoted.push(chars.next()?.1),
            c => unquoted.push(c),
        }
    }
    None
}

/// The position of the `]` that closes a condition; brackets in quotes and in lists do not count.
fn find_closing_bracket(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Step {
    type Error = StepError;

    fn try_from(text: String) -> Result<Self, StepError> {
        text.parse()
    }
}

impl From<Step> for String {
    fn from(step: Step) -> String {
        step.text
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::view;
    use super::*;

    #[track_caller]
    fn names(text: &str) -> Vec<Option<String>> {
        text.parse::<Step>().expect(text).alternatives.into_iter().map(|a| a.name).collect()
    }

    #[test]
    fn steps_read_as_written() {
        assert_eq!(names("cart"), [Some("cart".into())]);
        assert_eq!(names("add to cart | basket"), [Some("add to cart".into()), Some("basket".into())]);
        assert_eq!(names("*"), [None]);
        assert_eq!(names(r#""a | b [c]""#), [Some("a | b [c]".into())]);
        let step: Step = r#"cart[note == "]" and v in [1, 2]] | x"#.parse().expect("a step");
        assert_eq!(step.alternatives[0].condition.as_deref(), Some(r#"note == "]" and v in [1, 2]"#));
        for text in ["", "|", "a|", "a[", "\"a", "a b\"c\"", "a]"] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_named_step_reads_back_whatever_the_name() {
        for name in ["cart", "a|b", "*", "say \"hi\"", "x:2", "日本 語", " lead", "back\\slash", "a)", "'q'"] {
            let step = Step::named(name);
            assert_eq!(step.to_string().parse::<Step>().expect(name).alternatives, step.alternatives, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_names_the_nearest() {
        let view = view("x: catalog1 cart2");
        let err = Step::named("catalogue").resolve(&view, &Ctl::new()).expect_err("unknown");
        assert_eq!(err.to_string(), "no event is named `catalogue`; did you mean `catalog`?");
        let either = "cart|catalog".parse::<Step>().expect("a step").resolve(&view, &Ctl::new()).expect("known");
        assert!(either.matches(0, 0) && either.matches(1, 1));
    }

    #[track_caller]
    fn positions(view: &View, text: &str) -> Vec<usize> {
        let found = text.parse::<Step>().expect(text).resolve(view, &Ctl::new()).expect(text);
        let matching = |p: &usize| found.matches(view.codes().get(*p) as usize, *p);
        let positions: Vec<usize> = (0..view.n_events()).filter(matching).collect();
        assert_eq!(found.first_in(view.codes(), 0..view.n_events()), positions.first().copied());
        assert_eq!(found.last_in(view.codes(), 0..view.n_events()), positions.last().copied());
        assert_eq!(found.count_in(view.codes(), 0..view.n_events()), positions.len());
        positions
    }

    #[test]
    fn a_condition_belongs_to_its_alternative_alone() {
        let view = view("x: cart0{v=10} cart1{v=90} order2{v=10} order3{v=90} view4");
        assert_eq!(positions(&view, "cart[v > 50]"), [1]);
        assert_eq!(positions(&view, "cart|order[v > 50]"), [0, 1, 3]);
        assert_eq!(positions(&view, "cart[v > 50]|order[v < 50]"), [1, 2]);
        assert_eq!(positions(&view, "*[v is null]"), [4]);
        assert_eq!(positions(&view, "*[v == 10] | cart[v == 90]"), [0, 1, 2]);
    }

    #[test]
    fn a_condition_is_read_at_the_positions_of_the_view() {
        let view = view("x: a0{v=1} b1 a2{v=2}\ny: a3{v=2}");
        let kept = Bitmap::from_fn(view.n_events(), |row| row != 0);
        assert_eq!(positions(&view.with_events(&kept), "a[v == 2]"), [1, 2]);
    }

    #[test]
    fn a_broken_condition_points_into_the_step() {
        let view = view("x: cart0{value=10}");
        let err = "cart[value >> 5]".parse::<Step>().expect_err("broken");
        assert_eq!(
            err.to_string(),
            "in step `cart[value >> 5]`: column 13: a column or a value is missing before this"
        );
        let step = "cart|cart[ valu > 5]".parse::<Step>().expect("well formed");
        let err = step.resolve(&view, &Ctl::new()).expect_err("unknown");
        assert!(err.to_string().ends_with("column 12: no column is named `valu`; did you mean `value`?"), "{err}");
        let err = "cart[did(cart)]".parse::<Step>().expect_err("about customers");
        assert!(err.to_string().contains("the condition of a step is about one event"), "{err}");
    }
}
