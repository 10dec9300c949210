//! Questions as words: every analysis as flags, a spec written out as the words of a batch command, and read back.
//!
//! The flags themselves say how a spec is written: each field of a spec has the name of its flag's id, so a field that
//! differs from its default is that flag with the field's text. Nothing here knows the flags of a single analysis.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    CompareSpec, CustomersSpec, DwellSpec, Error, EventsSpec, FunnelSpec, JourneySpec, LifecycleSpec, MapSpec,
    PathsSpec, PatternsSpec, ProfileSpec, RetentionSpec, Spec, TransitionsSpec,
};
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::{Bitmap, JourneyStore};

/// An analysis as a command: its flags, and the spec that they make.
pub struct Kind {
    pub name: &'static str,
    /// Whether its numbers can be opened by the name of a cell.
    pub has_cells: bool,
    pub args: fn(Command) -> Command,
    /// # Errors
    /// Clap's, where a required flag is missing.
    pub spec: fn(&ArgMatches) -> Result<Spec, clap::Error>,
    default: fn() -> Spec,
    /// Fields that are written even where they are at their default, because the numbers hang on them.
    always: &'static [&'static str],
}

macro_rules! kinds {
    ($($name:literal $spec:ident $variant:ident $has_cells:literal $always:expr;)*) => {
        &[$( Kind {
            name: $name,
            has_cells: $has_cells,
            args: |command| $spec::augment_args(command),
            spec: |matches| $spec::from_arg_matches(matches).map(Spec::$variant),
            default: || Spec::$variant($spec::default()),
            always: &$always,
        } ),*]
    };
}

/// Every analysis that is a command.
#[rustfmt::skip]
pub static KINDS: &[Kind] = kinds! {
    "profile" ProfileSpec Profile false [];
    "funnel" FunnelSpec Funnel true ["within"];
    "paths" PathsSpec Paths true [];
    "transitions" TransitionsSpec Transitions true [];
    "patterns" PatternsSpec Patterns true [];
    "dwell" DwellSpec Dwell true [];
    "retention" RetentionSpec Retention true [];
    "compare" CompareSpec Compare true [];
    "lifecycle" LifecycleSpec Lifecycle true [];
    "map" MapSpec Map true [];
    "customers" CustomersSpec Customers false [];
    "journey" JourneySpec Journey false [];
    "events" EventsSpec Events false [];
};

/// The analysis with this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Reads a question as a batch command without its sources: `funnel -s cart -s pay --within 7d`, with `--who` also the
/// number that is opened.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn question(text: &str) -> Result<(Spec, Option<String>), String> {
    let words = split(text)?;
    let example = "write it like a command: funnel -s cart -s pay --within 7d";
    let Some(name) = words.first() else { return Err(format!("a question is missing; {example}")) };
    let Some(kind) = kind(name) else {
        let near = nearest(name, KINDS.iter().map(|kind| kind.name));
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("`{name}` is no question{near} ({example})"));
    };
    kind.read(&words, false)
}

fn split(text: &str) -> Result<Vec<String>, String> {
    shell_words::split(text).map_err(|_| format!("`{text}`: a quote is not closed"))
}

impl Kind {
    /// The spec that words make, the first being its name, and the cell that `--who` names.
    fn read(&self, words: &[String], needs_cell: bool) -> Result<(Spec, Option<String>), String> {
        let mut command = (self.args)(Command::new(self.name)).disable_help_flag(true);
        if self.has_cells || needs_cell || self.name == "customers" {
            command = command.arg(Arg::new("who").long("who").required(needs_cell));
        }
        let matches = command.try_get_matches_from(words).map_err(|err| first_sentence(&err))?;
        let spec = (self.spec)(&matches).map_err(|err| first_sentence(&err))?;
        let cell = matches.try_get_one::<String>("who").ok().flatten().cloned();
        Ok((spec, cell))
    }
}

/// A text as one word of a shell command.
pub fn quote(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '=' | ',' | '+' | '%');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The fields of a spec by the ids of their flags; those of the scope and of other groups stand among them.
fn fields(spec: &Spec) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(spec) else { return Map::new() };
    let groups: Vec<String> =
        fields.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| name.clone()).collect();
    for group in groups {
        if let Some(Value::Object(members)) = fields.remove(&group) {
            fields.extend(members);
        }
    }
    fields
}

/// The flags that make this spec, each quoted for a shell; without the name of the analysis.
pub fn flags(spec: &Spec) -> Vec<String> {
    let Some(kind) = kind(spec.name()) else { return Vec::new() };
    let (fields, defaults) = (fields(spec), fields(&(kind.default)()));
    let command = (kind.args)(Command::new(kind.name));
    let mut words = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let field = field_of(arg, &fields);
        let Some(value) = fields.get(&field) else { continue };
        if defaults.get(&field) != Some(value) || kind.always.contains(&id) {
            write_flag(arg, value, &mut words);
        }
    }
    words
}

/// The field that a flag sets: the one called as its id is, or where that is taken elsewhere, as its name.
fn field_of(arg: &Arg, fields: &Map<String, Value>) -> String {
    let id = arg.get_id().as_str();
    match arg.get_long().map(|long| long.replace('-', "_")) {
        Some(long) if !fields.contains_key(id) => long,
        _ => id.to_owned(),
    }
}

fn write_flag(arg: &Arg, value: &Value, words: &mut Vec<String>) {
    let text = match value {
        Value::Null | Value::Bool(false) | Value::Object(_) => return,
        Value::Bool(true) => None,
        // A flag that takes its values together stands once.
        Value::Array(values) if arg.get_num_args().is_some_and(|range| range.min_values() > 1) => {
            if let (Some(long), false) = (arg.get_long(), values.is_empty()) {
                words.push(format!("--{long}"));
                words.extend(values.iter().filter_map(Value::as_str).map(quote));
            }
            return;
        }
        Value::Array(values) => {
            for value in values {
                write_flag(arg, value, words);
            }
            return;
        }
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
    };
    let long = arg.get_long().map(|long| format!("--{long}"));
    let name = arg.get_short().map(|short| format!("-{short}")).or(long.clone()).unwrap_or_default();
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    match text.filter(|_| !is_switch) {
        None => words.push(name),
        // A value that begins with a dash would be read as a flag, and some flags can do without a value.
        Some(text) if text.starts_with('-') || arg.is_require_equals_set() => {
            words.push(format!("{}={}", long.unwrap_or(name), quote(&text)));
        }
        Some(text) => words.extend([name, quote(&text)]),
    }
}

/// The customers behind a number of another question, or all but them: `funnel -s cart -s pay --who 1:dropped`.
///
/// The question has its own scope, so the group stays the same whatever else is filtered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Among {
    pub spec: Box<Spec>,
    /// The number, as `--who` writes it; a list of customers needs none.
    pub cell: Option<String>,
    /// Everybody but those.
    pub is_without: bool,
}

impl Among {
    pub fn new(spec: Spec, cell: Option<String>) -> Self {
        Among { spec: Box::new(spec), cell, is_without: false }
    }

    /// Those for whom an expression holds.
    pub fn expression(text: &str) -> Self {
        let mut spec = CustomersSpec::default();
        spec.scope.customers = Some(text.to_owned());
        Among::new(Spec::Customers(spec), None)
    }

    pub fn without(self) -> Self {
        Among { is_without: !self.is_without, ..self }
    }

    /// Who they are: one bit per customer of the store.
    ///
    /// # Errors
    /// As the question, and `UnknownCell`.
    pub(super) fn chosen(&self, store: &Arc<JourneyStore>, ctl: &Ctl) -> Result<Bitmap, Error> {
        let mut chosen = Bitmap::none(store.n_customers());
        for id in self.customers(store, ctl)? {
            chosen.set(id.idx());
        }
        Ok(if self.is_without { chosen.negated() } else { chosen })
    }

    /// Who they are, in text order of their ids; one who stands for several units comes several times.
    ///
    /// # Errors
    /// As the question, and `UnknownCell`.
    fn customers(&self, store: &Arc<JourneyStore>, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
        let view = self.spec.scope().view(store, ctl)?;
        match (&*self.spec, &self.cell) {
            (Spec::Customers(spec), _) => Ok(super::customers::customers(&view, spec, ctl)?.ids),
            (spec, Some(cell)) => super::who(&view, spec, cell, ctl),
            (spec, None) => Err(Error::Invalid(format!(
                "--among: `{}` needs the number that is opened; add --who to it",
                spec.name()
            ))),
        }
    }
}

impl fmt::Display for Among {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A list behind a number is that number's own question.
        let (spec, cell) = match &*self.spec {
            Spec::Customers(CustomersSpec { of: Some(of), cell, .. }) => (&**of, cell),
            spec => (spec, &self.cell),
        };
        if self.is_without {
            f.write_str("not ")?;
        }
        f.write_str(spec.name())?;
        for word in flags(spec) {
            write!(f, " {word}")?;
        }
        match cell {
            Some(cell) => write!(f, " --who {}", quote(cell)),
            None => Ok(()),
        }
    }
}

impl From<Among> for String {
    fn from(among: Among) -> String {
        among.to_string()
    }
}

impl TryFrom<String> for Among {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Among {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = split(text)?;
        let is_without = words.first().is_some_and(|word| word == "not");
        if is_without {
            words.remove(0);
        }
        let example = "write it like a command: funnel -s cart -s pay --who 1:dropped";
        let Some(name) = words.first() else { return Err(format!("a question is missing; {example}")) };
        let askable = || KINDS.iter().filter(|kind| kind.has_cells || kind.name == "customers");
        let Some(kind) = askable().find(|kind| kind.name == name) else {
            let near = nearest(name, askable().map(|kind| kind.name));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(format!("`{name}` is no question with customers behind its numbers{near} ({example})"));
        };
        let (spec, cell) = kind.read(&words, kind.has_cells)?;
        Ok(Among { spec: Box::new(spec), cell, is_without })
    }
}

/// What clap says, in one line.
fn first_sentence(err: &clap::Error) -> String {
    let text = err.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Scope;
    use crate::base::Span;
    use crate::journey::fixture::journeys;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let among: Among = text.parse().unwrap_or_else(|err| panic!("{text}: {err}"));
        assert_eq!(among.to_string(), expect);
        assert_eq!(among.to_string().parse::<Among>().as_ref(), Ok(&among));
    }

    #[test]
    fn a_question_is_written_as_it_is_read() {
        check("funnel -s cart -s pay --who 1:dropped", "funnel -s cart -s pay --within 7d --who 1:dropped");
        check(
            "not funnel --step 'a b[value > 50]' -s=b --order any --unit sessions --first-time --within 1h --who '2:converted@it'\\''s'",
            "not funnel -s 'a b[value > 50]' -s b --within 1h --order any --first-time --unit sessions --who '2:converted@it'\\''s'",
        );
        check("customers --customers 'did(cart)'", "customers --customers 'did(cart)'");
        check(
            "customers --among \"customers --customers 'did(cart)'\" --session-gap 1h",
            "customers --session-gap 1h --among 'customers --customers '\\''did(cart)'\\'''",
        );
    }

    #[test]
    fn every_sort_of_flag_comes_back() {
        check("dwell --slow=look --who look:slow_with", "dwell --slow=look --who look:slow_with");
        check("dwell --slow --who look:open", "dwell --slow='*' --who look:open");
        check(
            "dwell --between cart 'pay now' --limit 6h --who between:over",
            "dwell --between cart 'pay now' --limit 6h --who between:over",
        );
        check(
            "dwell --stage look=view|search --stage done=paid --terminal done --bins even --who look:open",
            "dwell --stage 'look=view|search' --stage done=paid --terminal done --bins even --who look:open",
        );
        check(
            "paths --from cart --depth all --only sequences --only loops --keep-repeats --who 5",
            "paths --from cart --keep-repeats --depth all --only sequences --only loops --who 5",
        );
        check(
            "compare --cohort 'a=did(x)' --pin 'B=funnel -s x -s y --who 1:dropped' --retention 2,3 --seed 9 --who 'a:events per customer'",
            "compare --cohort 'a=did(x)' --pin 'B=funnel -s x -s y --within 7d --who 1:dropped' --retention 2 --retention 3 --seed 9 --who 'a:events per customer'",
        );
        check("retention --cohort week --mode streak --who 2025-01-06:3", "retention --mode streak --who 2025-01-06:3");
    }

    #[test]
    fn what_cannot_be_asked_says_why() {
        let err = |text: &str| text.parse::<Among>().expect_err("an error");
        assert!(err("").starts_with("a question is missing"), "{}", err(""));
        assert!(err("funel -s a").contains("did you mean `funnel`?"), "{}", err("funel -s a"));
        assert!(err("funnel -s a -s b").contains("--who"), "{}", err("funnel -s a -s b"));
        assert!(err("funnel -s 'a").contains("a quote is not closed"));
        assert!(err("profile").contains("no question with customers"));
    }

    #[test]
    fn a_value_that_begins_with_a_dash_is_no_flag() {
        let mut spec = FunnelSpec { steps: vec!["-x".parse().expect("a step")], ..FunnelSpec::default() };
        spec.within = Span::days(1);
        assert_eq!(flags(&Spec::Funnel(spec)), ["--step=-x", "--within", "1d"]);
    }

    #[test]
    fn every_kind_can_be_asked_with_its_defaults() {
        for kind in KINDS {
            let spec = (kind.default)();
            assert_eq!(spec.name(), kind.name);
            let (written, always) = (flags(&spec).len(), 2 * kind.always.len());
            assert_eq!(written, always, "{}: what is at its default is not written", kind.name);
            let command = (kind.args)(Command::new(kind.name));
            let all = fields(&spec);
            let ids: Vec<String> = command.get_arguments().map(|arg| field_of(arg, &all)).collect();
            for field in all.keys().filter(|field| *field != "analysis") {
                let is_known = ids.contains(field) || matches!(field.as_str(), "of" | "cell");
                assert!(is_known, "{}: the field `{field}` is no flag's id", kind.name);
            }
        }
    }

    #[test]
    fn among_keeps_those_behind_a_number_whatever_else_is_filtered() {
        let store = Arc::new(journeys("x: a0 b5\ny: a0 c9\nz: a0 b1 c2\nw: c1"));
        let names = |scope: &Scope| {
            let view = scope.view(&store, &Ctl::new()).expect("a view");
            view.customers().map(|id| store.customer_name(id).to_owned()).collect::<Vec<_>>().join(" ")
        };
        let among = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("a question")).collect();
        let scope = |texts: &[&str]| Scope { among: among(texts), ..Scope::default() };
        assert_eq!(names(&scope(&["funnel -s a -s b --within 1s --who 1:customers"])), "x y z");
        assert_eq!(names(&scope(&["funnel -s a -s b --within 5s --who 2:customers"])), "x z");
        assert_eq!(names(&scope(&["not funnel -s a -s b --within 5s --who 2:customers"])), "y w");
        assert_eq!(
            names(&scope(&["funnel -s a -s b --within 5s --who 2:customers", "customers --customers 'did(c)'"])),
            "z"
        );
        let events = Some("event == \"c\"".to_owned());
        let both = Scope { events, ..scope(&["funnel -s a -s b --within 5s --who 2:customers"]) };
        assert_eq!(names(&both), "z");
        let err = scope(&["funnel -s a -s bb --who 1:dropped"]).view(&store, &Ctl::new()).expect_err("an error");
        assert_eq!(err.to_string(), "--among: no event is named `bb`; did you mean `b`?");
    }
}
