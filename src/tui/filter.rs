//! The filter that all panes share: two expressions, and how they grow.

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

/// Only events of this name, or all but them.
pub fn about_event(name: &str, is_kept: bool) -> String {
    format!("event {} {}", if is_kept { "==" } else { "!=" }, quoted(name))
}

/// The filters in force, as the chips on the screen say them.
pub fn chips(scope: &Scope) -> Vec<String> {
    let mut chips: Vec<String> = [Which::Events, Which::Customers]
        .into_iter()
        .filter_map(|which| Some(format!("{}: {}", which.name(), which.of(scope)?)))
        .collect();
    chips.extend(scope.since.as_ref().map(|since| format!("since {since}")));
    chips.extend(scope.until.as_ref().map(|until| format!("until {until}")));
    chips.extend(scope.as_of.as_ref().map(|as_of| format!("as of {as_of}")));
    chips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_joined_without_changing_what_they_mean() {
        assert_eq!(both(None, "a == 1"), "a == 1");
        assert_eq!(both(Some("a == 1 or b == 2"), "c == 3"), "(a == 1 or b == 2) and c == 3");
        assert_eq!(about_event("say \"hi\"", false), r#"event != "say \"hi\"""#);
    }

    #[test]
    fn an_empty_expression_is_no_filter() {
        let scope = Which::Events.set(&Scope::default(), " event == \"a\" ");
        assert_eq!(chips(&scope), ["events: event == \"a\""]);
        assert_eq!(Which::Events.set(&scope, "  "), Scope::default());
    }
}
