//! What could stand at the cursor of a line being typed: event names, columns, values, rules.

use std::collections::HashMap;

use super::fuzzy;
use super::words;
use crate::journey::Step;

/// Names from the data, fetched once, and values of columns, fetched when somebody is about to type one.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Most frequent first.
    pub touchpoints: Vec<(String, u64)>,
    pub columns: Vec<String>,
    pub values: HashMap<String, Vec<(String, u64)>>,
}

/// Values of one column that are kept for completion.
pub const VALUES_MAX: usize = 200;

/// Proposals that are shown for one place.
const PROPOSALS_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Steps,
    /// A stage: a step, or a name and a step.
    Stages,
    /// An expression about events.
    Events,
    /// An expression about customers.
    Customers,
    Spans,
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub label: String,
    pub detail: String,
    /// What replaces the word at the cursor.
    pub insert: String,
}

/// What the text before the cursor asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where the word that is being typed begins, in bytes.
    pub start: usize,
    pub wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    /// A whole step: accepting one ends the line.
    Step,
    /// A step inside an expression.
    StepIn,
    Rule,
    Name {
        about_customers: bool,
    },
    Operator,
    Value(String),
    Joint,
    Span,
    Nothing,
}

#[derive(Debug, Clone, Default)]
pub struct Proposals {
    pub start: usize,
    pub candidates: Vec<Candidate>,
    /// Whether taking a proposal answers the whole question.
    pub is_whole: bool,
    /// A column whose values would help and are not known yet.
    pub missing: Option<String>,
}

const OPERATORS: [(&str, &str); 11] = [
    ("==", "is"),
    ("!=", "is not"),
    ("<", "less"),
    ("<=", "at most"),
    (">", "more"),
    (">=", "at least"),
    ("in [", "one of"),
    ("contains", "text within"),
    ("matches", "regular expression"),
    ("is null", "no value"),
    ("is not null", "some value"),
];

const RULES: [(&str, &str); 4] = [
    ("@next", "must be the very next event"),
    ("@within=1h", "at most this long after the step before"),
    ("@optional", "may be left out"),
    ("@same=", "the column held constant at this step"),
];

const SPANS: [(&str, &str); 8] = [
    ("30m", "half an hour"),
    ("1h", "an hour"),
    ("12h", "half a day"),
    ("1d", "a day"),
    ("3d", "three days"),
    ("7d", "a week"),
    ("14d", "two weeks"),
    ("30d", "a month"),
];

const EVENT_NAMES: [(&str, &str); 5] = [
    ("event", "the event's name"),
    ("time", "when"),
    ("hour", "0 to 23"),
    ("weekday", "monday to sunday"),
    ("nth", "which time of that name, from 1"),
];

const CUSTOMER_NAMES: [(&str, &str); 7] = [
    ("did(", "ever had a step"),
    ("count(", "how often a step"),
    ("first(", "the first event of a step"),
    ("last(", "the last event of a step"),
    ("journey.events", "number of events"),
    ("journey.duration", "first to last event"),
    ("sessions", "number of sessions"),
];

const JOINTS: [(&str, &str); 2] = [("and", "both"), ("or", "either")];

/// What fits at the end of `before`, the text in front of the cursor.
pub fn propose(source: Source, before: &str, vocabulary: &Vocabulary) -> Proposals {
    let place = place(source, before);
    let word = before[place.start..].trim_start_matches(['"', '`']);
    let mut proposals = Proposals { start: place.start, is_whole: false, ..Proposals::default() };
    let fixed = |list: &[(&str, &str)]| {
        list.iter().map(|(text, doc)| candidate(text, (*doc).to_owned(), (*text).to_owned())).collect::<Vec<_>>()
    };
    let all = match &place.wants {
        Wants::Step | Wants::StepIn => {
            proposals.is_whole = place.wants == Wants::Step && place.start == 0;
            let counted =
                |(name, n): &(String, u64)| candidate(name, words::things(*n, "event"), Step::named(name).to_string());
            vocabulary.touchpoints.iter().map(counted).collect()
        }
        Wants::Rule => fixed(&RULES),
        Wants::Name { about_customers } => names(*about_customers, vocabulary),
        Wants::Operator => fixed(&OPERATORS),
        Wants::Joint => fixed(&JOINTS),
        Wants::Span => {
            proposals.is_whole = true;
            fixed(&SPANS)
        }
        Wants::Value(column) if column == "event" => {
            vocabulary.touchpoints.iter().map(|(name, n)| value_candidate(name, *n)).collect()
        }
        Wants::Value(column) => match vocabulary.values.get(column) {
            Some(values) => values.iter().map(|(value, n)| value_candidate(value, *n)).collect(),
            None => {
                proposals.missing = vocabulary.columns.contains(column).then(|| column.clone());
                Vec::new()
            }
        },
        Wants::Nothing => Vec::new(),
    };
    proposals.candidates = fuzzy::rank(word, all.iter().map(|candidate| candidate.label.as_str()))
        .into_iter()
        .take(PROPOSALS_MAX)
        .map(|i| all[i].clone())
        .collect();
    proposals
}

fn candidate(label: &str, detail: String, insert: String) -> Candidate {
    Candidate { label: label.to_owned(), detail, insert }
}

fn value_candidate(value: &str, n: u64) -> Candidate {
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
    let insert = if is_number { value.to_owned() } else { quoted(value) };
    candidate(value, words::things(n, "event"), insert)
}

/// A text as expressions write it.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A column as expressions write it.
fn column_name(name: &str) -> String {
    let is_plain = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain { name.to_owned() } else { format!("`{name}`") }
}

fn names(about_customers: bool, vocabulary: &Vocabulary) -> Vec<Candidate> {
    let columns = vocabulary.columns.iter();
    let listed = |list: &[(&str, &str)]| {
        list.iter().map(|(text, doc)| candidate(text, (*doc).to_owned(), (*text).to_owned())).collect::<Vec<_>>()
    };
    if about_customers {
        let mut all = listed(&CUSTOMER_NAMES);
        all.extend(columns.map(|name| {
            let insert = format!("first.{}", column_name(name));
            candidate(&insert, "column, at the first event".to_owned(), insert.clone())
        }));
        return all;
    }
    let mut all: Vec<Candidate> = columns.map(|name| candidate(name, "column".to_owned(), column_name(name))).collect();
    all.splice(0..0, listed(&EVENT_NAMES[..1]));
    all.extend(listed(&EVENT_NAMES[1..]));
    all
}

pub fn place(source: Source, before: &str) -> Place {
    match source {
        Source::Steps => step_place(before),
        Source::Stages => stage_place(before),
        Source::Events => expression_place(before, 0, false),
        Source::Customers => expression_place(before, 0, true),
        Source::Spans => Place { start: 0, wants: Wants::Span },
        Source::Nothing => Place { start: before.len(), wants: Wants::Nothing },
    }
}

/// An equals sign behind a bracket, a quote or a bar belongs to the step.
fn stage_place(before: &str) -> Place {
    let Some(equals) = before.find('=').filter(|at| !before[..*at].contains(['[', '"', '|'])) else {
        return step_place(before);
    };
    let step = step_place(&before[equals + 1..]);
    let wants = match step.wants {
        Wants::Step | Wants::Rule => Wants::StepIn,
        wants => wants,
    };
    Place { start: equals + 1 + step.start, wants }
}

fn step_place(before: &str) -> Place {
    let (mut in_quote, mut bracket, mut bar, mut rule) = (false, None, 0, None);
    for (at, c) in before.char_indices() {
        match c {
            '"' => in_quote = !in_quote,
            _ if in_quote => {}
            '[' => bracket = Some(at + 1),
            ']' => bracket = None,
            '|' if bracket.is_none() => bar = at + 1,
            '@' if bracket.is_none() => rule = Some(at),
            _ => {}
        }
    }
    if let Some(start) = bracket {
        return expression_place(before, start, false);
    }
    match rule {
        Some(start) => Place { start, wants: Wants::Rule },
        None => {
            let start = bar + (before[bar..].len() - before[bar..].trim_start().len());
            Place { start, wants: Wants::Step }
        }
    }
}

/// What an expression may go on with, token by token.
fn expression_place(before: &str, from: usize, about_customers: bool) -> Place {
    let mut expects = Wants::Name { about_customers };
    let mut column = String::new();
    let mut in_list = false;
    for (start, token) in (Tokens { text: before, at: from }) {
        // The last token is still being typed, unless something stands behind it.
        let is_last = start + token.len() == before.len();
        let is_word = token.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '`' | '.' | '@'));
        if is_last && is_word {
            return Place { start, wants: expects };
        }
        expects = match (token, expects) {
            ("and" | "or" | "not", _) => Wants::Name { about_customers },
            ("(", Wants::Operator) if matches!(column.as_str(), "did" | "count" | "first" | "last") => Wants::StepIn,
            ("(", _) => Wants::Name { about_customers },
            (")", _) => Wants::Joint,
            ("[", _) => {
                in_list = true;
                Wants::Value(column.clone())
            }
            ("]", _) => {
                in_list = false;
                Wants::Joint
            }
            (",", _) if in_list => Wants::Value(column.clone()),
            ("==" | "!=" | "<" | "<=" | ">" | ">=" | "=" | "contains" | "matches" | "in", _) => {
                Wants::Value(column.clone())
            }
            ("is", _) => Wants::Operator,
            ("null", _) => Wants::Joint,
            (_, Wants::Value(_)) if in_list => Wants::Nothing,
            (_, Wants::Value(_)) => Wants::Joint,
            (name, Wants::Name { .. }) => {
                let bare = name.trim_matches('`');
                column = bare.rsplit_once('.').map_or(bare, |(_, last)| last).trim_matches('`').to_owned();
                Wants::Operator
            }
            (_, other) => other,
        };
    }
    // An operator can follow a name at once; a word needs a space or a bracket before it.
    let wants = match expects {
        Wants::Joint if !before.ends_with([' ', ')', ']', '"']) => Wants::Nothing,
        wants => wants,
    };
    Place { start: before.len(), wants }
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<(usize, &'t str)> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let len = match first {
            '"' | '`' => {
                let mut is_escaped = false;
                let closing = rest[1..].char_indices().find(|&(_, c)| {
                    let closes = c == first && !is_escaped;
                    is_escaped = c == '\\' && !is_escaped;
                    closes
                });
                closing.map_or(rest.len(), |(at, _)| at + 2)
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '.') => {
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':');
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            }
            '=' | '!' | '<' | '>' if rest[1..].starts_with('=') => 2,
            c => c.len_utf8(),
        };
        self.at = start + len;
        Some((start, &rest[..len]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            touchpoints: vec![("cart".into(), 9), ("Email opened".into(), 5), ("pay|now".into(), 1)],
            columns: vec!["channel".into(), "unit price".into()],
            values: HashMap::from([("channel".to_owned(), vec![("web".to_owned(), 7), ("42".to_owned(), 1)])]),
        }
    }

    #[track_caller]
    fn check(source: Source, before: &str, inserts: &[&str]) {
        let proposals = propose(source, before, &vocabulary());
        let got: Vec<&str> = proposals.candidates.iter().map(|candidate| candidate.insert.as_str()).collect();
        assert_eq!(got[..got.len().min(inserts.len())], *inserts, "{before}: {got:?}");
        if inserts.is_empty() {
            assert!(got.is_empty(), "{before}: {got:?}");
        }
    }

    #[test]
    fn steps_are_completed_by_name_and_by_rule() {
        check(Source::Steps, "", &["cart", "Email opened", "\"pay|now\""]);
        check(Source::Steps, "em", &["Email opened"]);
        check(Source::Steps, "cart | em", &["Email opened"]);
        check(Source::Steps, "cart[", &["event", "channel", "`unit price`"]);
        check(Source::Steps, "cart[channel == \"w", &["\"web\""]);
        check(Source::Steps, "cart @w", &["@within=1h"]);
        check(Source::Stages, "em", &["Email opened"]);
        check(Source::Stages, "read=cart|em", &["Email opened"]);
        check(Source::Stages, "read=cart[chan", &["channel"]);
    }

    #[test]
    fn expressions_go_on_with_what_fits() {
        check(Source::Events, "ch", &["channel"]);
        check(Source::Events, "channel ", &["==", "!="]);
        check(Source::Events, "channel == ", &["\"web\"", "42"]);
        check(Source::Events, "channel in [\"web\", ", &["\"web\"", "42"]);
        check(Source::Events, "channel == \"web\" ", &["and", "or"]);
        check(Source::Events, "channel == \"web\" and ev", &["event"]);
        check(Source::Events, "event == \"", &["\"cart\"", "\"Email opened\""]);
        check(Source::Customers, "d", &["did("]);
        check(Source::Customers, "did(ca", &["cart"]);
        check(Source::Customers, "did(cart) ", &["and", "or"]);
        check(Source::Customers, "not did(", &["cart"]);
    }

    #[test]
    fn values_that_are_not_known_yet_are_asked_for() {
        let proposals = propose(Source::Events, "`unit price` > ", &vocabulary());
        assert_eq!(proposals.missing.as_deref(), Some("unit price"));
        assert_eq!(propose(Source::Events, "nonsense > ", &vocabulary()).missing, None);
    }
}
