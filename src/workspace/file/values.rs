//! Values of a workspace file: whether one is what its key asks for, and what to say where it is not.

use std::path::{Component, Path};

use toml_edit::Value;

use super::fault::shown;
use super::keys::{Kind, SCHEMA};
use crate::analysis::Among;
use crate::analysis::ask;
use crate::analysis::funnel::spec::{Exclusion, FunnelStep};
use crate::analysis::map::kpi::Formula;
use crate::base::nearest::nearest;
use crate::base::{Civil, Span, When, Zone};
use crate::journey::expr::ExprError;
use crate::journey::{Expr, Step};

/// What is wrong with a value.
pub(super) enum Wrong {
    /// It is of another kind than the key asks for.
    Kind,
    /// At this byte of its text.
    Text { at: usize, text: String },
}

/// What a value is, in a word.
pub(super) fn word(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}

/// What a kind of value should be, in a few words.
pub(super) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Id | Kind::Ref(_) | Kind::RefOr(..) | Kind::OutFile | Kind::Character => "a text".into(),
        Kind::Label => "a text, or one per language like { en = \"Buy\" }".into(),
        Kind::Flag => "true or false".into(),
        Kind::Integer(least, most) => format!("a whole number from {least} to {most}"),
        Kind::Number(least, most) if *most < f64::MAX => format!("a number from {least} to {most}"),
        Kind::Number(least, _) if *least > -f64::MAX => format!("a number from {least} on"),
        Kind::Number(..) => "a number".into(),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
        Kind::Schema => format!("the number {SCHEMA}"),
        Kind::Zone => "a zone like \"Europe/Berlin\"".into(),
        Kind::AsOf => "\"export-end\" or a time".into(),
        Kind::Span => "a length of time like \"7d\"".into(),
        Kind::When => "a time like 2025-02-17T00:00:00Z".into(),
        Kind::Period => "days like \"2025-01-06..2025-02-16\"".into(),
        Kind::Range => "the lowest and the highest, like [1, 5]".into(),
        Kind::Events => "an expression about events like 'event == \"visit\"'".into(),
        Kind::Customers => "an expression about customers like 'did(cart)'".into(),
        Kind::Expr => "an expression like 'f >= 2'".into(),
        Kind::Formula => "a figure like 1 - funnel(cart).rate".into(),
        Kind::Step | Kind::FunnelStep | Kind::PathStep | Kind::Exclusion => "a step like \"cart\"".into(),
        Kind::Ask => "a question like \"funnel -s cart -s order\"".into(),
        Kind::Among => "a question like \"funnel -s cart -s order --who 1:dropped\"".into(),
        Kind::List(inner) => match inner {
            Kind::Text => "a list of texts".into(),
            inner => format!("a list, each {}", expected(inner)),
        },
        Kind::Map(_) | Kind::MapOf(..) | Kind::Table(_) | Kind::Named(_) => "a table".into(),
        Kind::Tables(_) => "a list of tables".into(),
    }
}

/// How far into a value its text's byte stands in the file; 0 where the text is written with escapes.
pub(super) fn offset(file: &str, value: &Value, within: usize) -> usize {
    let (Some(span), Some(text)) = (value.span(), value.as_str()) else { return 0 };
    let Some(written) = file.get(span) else { return 0 };
    match written.find(text) {
        Some(quote) if !text.is_empty() => quote + within.min(text.len()),
        _ => 0,
    }
}

/// Whether a value is what a kind asks for; lists, tables and references are looked at elsewhere.
pub(super) fn check(value: &Value, kind: &Kind) -> Result<(), Wrong> {
    let number = |value: &Value| value.as_integer().map(|n| n as f64).or(value.as_float());
    match kind {
        Kind::Flag => value.as_bool().map(|_| ()).ok_or(Wrong::Kind),
        Kind::Schema => value.as_integer().filter(|n| *n == SCHEMA).map(|_| ()).ok_or(Wrong::Kind),
        Kind::Integer(least, most) => {
            let number = value.as_integer().ok_or(Wrong::Kind)?;
            if (*least..=*most).contains(&number) {
                Ok(())
            } else {
                Err(said(format!("{number} is not from {least} to {most}")))
            }
        }
        Kind::Number(least, most) => {
            let number = number(value).ok_or(Wrong::Kind)?;
            // Neither infinity nor what is no number lies between them.
            if (*least..=*most).contains(&number) {
                Ok(())
            } else {
                Err(said(format!("{number} is not {}", expected(kind))))
            }
        }
        Kind::Range => {
            let values = value.as_array().ok_or(Wrong::Kind)?;
            let numbers: Vec<f64> = values.iter().filter_map(number).filter(|n| n.is_finite()).collect();
            match numbers[..] {
                [low, high] if values.len() == 2 && low < high => Ok(()),
                _ => Err(said(format!("it should be {}", expected(kind)))),
            }
        }
        Kind::When | Kind::AsOf if value.is_datetime() => text_of(&written(value), kind),
        _ => text_of(value.as_str().ok_or(Wrong::Kind)?, kind),
    }
}

/// A value as a text: a text itself, or a time as it is written.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        Value::Datetime(time) => time.value().to_string(),
        value => value.to_string().trim().to_owned(),
    }
}

fn said(text: String) -> Wrong {
    Wrong::Text { at: 0, text }
}

fn told<T, E: ToString>(read: Result<T, E>) -> Result<(), Wrong> {
    read.map(|_| ()).map_err(|err| said(err.to_string()))
}

fn text_of(text: &str, kind: &Kind) -> Result<(), Wrong> {
    match kind {
        Kind::Id if text.trim().is_empty() => Err(said("it is empty".into())),
        Kind::Choice(words) => {
            if words.contains(&text) {
                return Ok(());
            }
            let near = nearest(text, words.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Err(said(format!("`{}` is not one of {}{hint}", shown(text), words.join(", "))))
        }
        Kind::Character => match (text.chars().count(), text) {
            (1, _) | (_, "tab") => Ok(()),
            _ => Err(said("write one character, or tab".into())),
        },
        Kind::Zone => told(text.parse::<Zone>()),
        Kind::Span => told(text.parse::<Span>()),
        Kind::When => told(text.parse::<When>()),
        Kind::AsOf if matches!(text, "export-end" | "now") => Ok(()),
        Kind::AsOf => told(text.parse::<When>()).map_err(|_| {
            said(format!("`{}` is neither export-end nor a time; write it like 2025-03-31T00:00:00Z", shown(text)))
        }),
        Kind::Period => period(text).map(|_| ()).map_err(said),
        Kind::Events => expression(text, Expr::parse(text)).and_then(|()| about_events(text)),
        Kind::Customers | Kind::Expr => expression(text, Expr::parse(text)),
        Kind::Formula => expression(text, Formula::parse(text)),
        Kind::Step => told(text.parse::<Step>()),
        Kind::PathStep => told(path_step(text).0.parse::<Step>()),
        Kind::FunnelStep => told(text.parse::<FunnelStep>()),
        Kind::Exclusion => told(text.parse::<Exclusion>()),
        Kind::Ask => told(ask::question(text)),
        Kind::Among => told(text.parse::<Among>()),
        Kind::OutFile => out_file(text).map_err(said),
        _ => Ok(()),
    }
}

fn expression<T>(text: &str, parsed: Result<T, ExprError>) -> Result<(), Wrong> {
    parsed.map(|_| ()).map_err(|err| {
        let at = text.char_indices().nth(err.column - 1).map_or(text.len(), |(at, _)| at);
        Wrong::Text { at, text: err.message }
    })
}

/// Refuses what asks for more than one event.
fn about_events(text: &str) -> Result<(), Wrong> {
    // The condition of a step is about one event too.
    match format!("*[{text}]").parse::<Step>() {
        Ok(_) => Ok(()),
        Err(_) => Err(said("it is about customers, and a rule is about one event".into())),
    }
}

/// A step of a path without its `+`, and whether it may come several times.
pub(super) fn path_step(text: &str) -> (&str, bool) {
    match text.trim().strip_suffix('+') {
        Some(step) => (step, true),
        None => (text.trim(), false),
    }
}

/// The days of a period: since, and until before.
pub(super) fn period(text: &str) -> Result<(When, When), String> {
    let fail = || format!("`{}` are no days; write them like 2025-01-06..2025-02-16", shown(text));
    let (since, until) = text.split_once("..").ok_or_else(fail)?;
    let read = |text: &str| text.trim().parse::<When>().map_err(|_| fail());
    let (since, until) = (read(since)?, read(&after(until.trim()))?);
    let utc = Zone::utc();
    if since.resolve(&utc) < until.resolve(&utc) {
        Ok((since, until))
    } else {
        Err(format!("`{}` ends before it begins", shown(text)))
    }
}

/// A day stands for all of it, so that it ends when the next begins; a time stands for itself.
fn after(text: &str) -> String {
    const DAY: i64 = 86_400_000_000;
    match Civil::parse_iso(text.as_bytes()) {
        Some((day, None)) if text.len() == "2025-02-16".len() => {
            let next = Civil::of_micros(day.as_micros() + DAY).to_text('T');
            next.split('T').next().unwrap_or_default().to_owned()
        }
        _ => text.to_owned(),
    }
}

/// A file is written only where the workspace is, whoever wrote the workspace.
fn out_file(text: &str) -> Result<(), String> {
    let path = Path::new(text);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if text.is_empty() || text.ends_with('/') || !is_below || text.contains(['\\', '\0']) {
        return Err(format!("`{}` is no file below the folder of the workspace", shown(text)));
    }
    Ok(())
}
