//! The filter that all panes share: two expressions, and how they grow.

use super::cohort::Cohorts;
use super::complete::quoted;
use crate::analysis::Scope;

/// Which of the two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Events,
    Customers,
}

impl Which {
    pub fn of(self, scope: &Scope) -> Option<&str> {
        match self {
            Which::Events => scope.events.as_deref(),
            Which::Customers => scope.customers.as_deref(),
        }
    }

    /// The scope with another expression; an empty one is none.
    pub fn set(self, scope: &Scope, text: &str) -> Scope {
        let expression = (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let mut scope = scope.clone();
        match self {
            Which::Events => scope.events = expression,
            Which::Customers => scope.customers = expression,
        }
        scope
    }

    pub fn name(self) -> &'static str {
        match self {
            Which::Events => "events",
            Which::Customers => "customers",
        }
    }
}

/// Both expressions at once. Brackets go where `or` would bind looser.
pub fn both(one: Option<&str>, other: &str) -> String {
    let enclosed = |text: &str| if text.contains(" or ") { format!("({text})") } else { text.to_owned() };
    match one {
        Some(one) => format!("{} and {}", enclosed(one), enclosed(other)),
        None => other.to_owned(),
    }
}

/// A value that events can have: the one under the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `event`, or a column.
    pub field: String,
    /// `None` where events have no value there.
    pub value: Option<String>,
}

impl Condition {
    pub fn event(name: &str) -> Self {
        Condition { field: "event".to_owned(), value: Some(name.to_owned()) }
    }

    /// Only events with this value, or all but them.
    pub fn expression(&self, is_kept: bool) -> String {
        let field = field_name(&self.field);
        match &self.value {
            Some(value) => format!("{field} {} {}", if is_kept { "==" } else { "!=" }, quoted(value)),
            None if is_kept => format!("{field} is null"),
            None => format!("not {field} is null"),
        }
    }
}

/// A column as an expression names it: with its name in backticks where that is more than a word.
fn field_name(name: &str) -> String {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word && !name.starts_with(|c: char| c.is_ascii_digit()) { name.to_owned() } else { format!("`{name}`") }
}

/// The filters in force, as the chips on the screen say them.
pub fn chips(scope: &Scope, cohorts: &Cohorts) -> Vec<String> {
    let mut chips: Vec<String> = [Which::Events, Which::Customers]
        .into_iter()
        .filter_map(|which| Some(format!("{}: {}", which.name(), which.of(scope)?)))
        .collect();
    chips.extend(scope.among.iter().map(|among| cohorts.chip(among)));
    chips.extend(scope.since.as_ref().map(|since| format!("since {since}")));
    chips.extend(scope.until.as_ref().map(|until| format!("until {until}")));
    chips.extend(scope.as_of.as_ref().map(|as_of| format!("as of {as_of}")));
    chips
}

/// The scope without the filter that a chip says.
pub fn without_chip(scope: &Scope, chip: &str, cohorts: &Cohorts) -> Scope {
    let mut all = vec![
        Scope { events: None, ..scope.clone() },
        Scope { customers: None, ..scope.clone() },
        Scope { since: None, ..scope.clone() },
        Scope { until: None, ..scope.clone() },
        Scope { as_of: None, ..scope.clone() },
    ];
    for i in 0..scope.among.len() {
        let mut without = scope.clone();
        without.among.remove(i);
        all.push(without);
    }
    let says = |scope: &Scope| chips(scope, cohorts).iter().any(|other| other == chip);
    all.into_iter().find(|without| !says(without)).unwrap_or_else(|| scope.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_joined_without_changing_what_they_mean() {
        assert_eq!(both(None, "a == 1"), "a == 1");
        assert_eq!(both(Some("a == 1 or b == 2"), "c == 3"), "(a == 1 or b == 2) and c == 3");
        assert_eq!(Condition::event("say \"hi\"").expression(false), "event != \"say \\\"hi\\\"\"");
        let missing = Condition { field: "app version".into(), value: None };
        assert_eq!(missing.expression(true), "`app version` is null");
    }

    #[test]
    fn an_empty_expression_is_no_filter() {
        let scope = Which::Events.set(&Scope::default(), " event == \"a\" ");
        assert_eq!(chips(&scope, &Cohorts::default()), ["events: event == \"a\""]);
        assert_eq!(Which::Events.set(&scope, "  "), Scope::default());
    }
}
