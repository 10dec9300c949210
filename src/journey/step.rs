//! Steps as analysts write them: an event name, `*`, or several names joined by `|`, each with an optional condition.
//!
//! `cart`, `"odd | name"`, `cart|basket`, `*[channel == "email"]`, `cart[value > 50]`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bitmap::Bitmap;
use super::view::View;
use crate::base::nearest::nearest;
use crate::base::{Cancelled, Ctl};

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
            && !name.contains(['|', '[', ']', '"', '@', ':', ',']);
        let text =
            if plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) };
        Step { text, alternatives: vec![Alternative { name: Some(name.to_owned()), condition: None }] }
    }

    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// What people read as the step's name: without quotes where it is one plain name.
    pub fn label(&self) -> &str {
        match &self.alternatives[..] {
            [Alternative { name: Some(name), condition: None }] => name,
            _ => &self.text,
        }
    }

    /// Looks the names up in the data.
    ///
    /// # Errors
    /// A name that no event in the store bears, with the nearest one; a condition that does not hold water.
    pub fn resolve(&self, view: &View, ctl: &Ctl) -> Result<StepMatch, StepError> {
        ctl.check()?;
        let touchpoints = &view.store().touchpoints;
        let mut by_code = vec![false; touchpoints.len()];
        for alternative in &self.alternatives {
            match &alternative.name {
                None => by_code.fill(true),
                Some(name) => {
                    let id = touchpoints.get(name).ok_or_else(|| StepError::UnknownEvent {
                        name: name.clone(),
                        nearest: nearest(name, touchpoints.iter()).map(str::to_owned),
                    })?;
                    by_code[id as usize] = true;
                }
            }
        }
        Ok(StepMatch { by_code, holds: None })
    }
}

impl StepMatch {
    #[inline]
    pub fn matches(&self, code: usize, position: usize) -> bool {
        self.by_code[code] && self.holds.as_ref().is_none_or(|holds| holds.get(position))
    }

    /// By touchpoint code: whether an event of that name may match.
    pub fn by_code(&self) -> &[bool] {
        &self.by_code
    }

    /// Whether the name alone decides.
    pub fn is_by_name(&self) -> bool {
        self.holds.is_none()
    }
}

impl FromStr for Step {
    type Err = StepError;

    fn from_str(text: &str) -> Result<Self, StepError> {
        let fail = |reason: &str| StepError::Malformed { text: text.to_owned(), reason: reason.to_owned() };
        let mut alternatives = Vec::new();
        let mut rest = text.trim();
        loop {
            rest = rest.trim_start();
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
                condition = Some(inside[..end].trim().to_owned());
                rest = inside[end + 1..].trim_start();
            }
            alternatives.push(Alternative { name, condition });
            match rest.strip_prefix('|') {
                Some(more) => rest = more,
                None if rest.is_empty() => break,
                None => return Err(fail("something follows the name")),
            }
        }
        Ok(Step { text: text.trim().to_owned(), alternatives })
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
        for name in ["cart", "a|b", "*", "say \"hi\"", "x:2", "日本 語", " lead", "back\\slash"] {
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
}
