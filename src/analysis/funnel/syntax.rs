//! How steps and exclusions are written: `cart @next @within=1h`, `support:2-4`, and back to the same text.
//!
//! Rules start at an `@` outside quotes and brackets; a name that holds one stands in double quotes, as in every step.

use std::fmt;
use std::str::FromStr;

use super::spec::{Exclusion, FunnelStep};
use crate::base::Span;
use crate::base::nearest::nearest;
use crate::journey::Step;

const RULES: &str = "@next, @within=1h, @optional and @same=COLUMN";

impl FromStr for FunnelStep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = find_outside(text, |c| c == '@').unwrap_or(text.len());
        let mut step = FunnelStep::of(parse_step(&text[..at])?);
        let mut rest = text[at..].trim();
        while !rest.is_empty() {
            let end = rest[1..].find_rule().map_or(rest.len(), |end| end + 1);
            add_rule(&mut step, rest[..end].trim())?;
            rest = &rest[end..];
        }
        Ok(step)
    }
}

trait FindRule {
    fn find_rule(&self) -> Option<usize>;
}

impl FindRule for str {
    /// Where the next rule starts; `@` in a quoted column name starts none.
    fn find_rule(&self) -> Option<usize> {
        find_outside(self, |c| c == '@')
    }
}

fn parse_step(text: &str) -> Result<Step, String> {
    text.parse::<Step>().map_err(|err| err.to_string())
}

fn add_rule(step: &mut FunnelStep, rule: &str) -> Result<(), String> {
    let (name, value) = match rule[1..].split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (rule[1..].trim(), None),
    };
    let twice = match name {
        "next" => step.next,
        "optional" => step.optional,
        "within" => step.within.is_some(),
        "same" => step.same.is_some(),
        _ => false,
    };
    if twice {
        return Err(format!("`@{name}` stands twice at step `{}`; keep one", step.step));
    }
    match (name, value) {
        ("next", None) => step.next = true,
        ("optional", None) => step.optional = true,
        ("within", Some(span)) => step.within = Some(span.parse::<Span>().map_err(|err| err.to_string())?),
        ("same", Some(column)) => step.same = Some(read_column(column)?),
        ("next" | "optional", Some(_)) => return Err(format!("`@{name}` takes no value; write just @{name}")),
        ("within", None) => return Err("`@within` needs a length of time; write it like @within=1h".into()),
        ("same", None) => return Err("`@same` needs a column; write it like @same=order_id".into()),
        _ => {
            let near = nearest(name, ["next", "within", "optional", "same"]);
            let hint = near.map_or(String::new(), |near| format!("; did you mean `@{near}`?"));
            return Err(format!(
                "`@{name}` is not a rule for a step (there are {RULES}; a name with @ stands in double quotes){hint}"
            ));
        }
    }
    Ok(())
}

fn read_column(text: &str) -> Result<String, String> {
    let Some(inside) = text.strip_prefix('"') else {
        return if text.is_empty() {
            Err("`@same` needs a column; write it like @same=order_id".into())
        } else {
            Ok(text.to_owned())
        };
    };
    let mut column = String::new();
    let mut chars = inside.chars();
    loop {
        match chars.next() {
            Some('"') => break,
            Some('\\') => column.extend(chars.next()),
            Some(c) => column.push(c),
            None => return Err(format!("in `@same={text}` a quote is not closed")),
        }
    }
    if column.is_empty() || !chars.as_str().trim().is_empty() {
        return Err(format!("`@same={text}` does not name one column; write it like @same=\"order id\""));
    }
    Ok(column)
}

impl fmt::Display for FunnelStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_without(&self.step, |text| find_outside(text, |c| c == '@').is_some()))?;
        if self.next {
            f.write_str(" @next")?;
        }
        if let Some(within) = self.within {
            write!(f, " @within={within}")?;
        }
        if self.optional {
            f.write_str(" @optional")?;
        }
        if let Some(column) = &self.same {
            let plain = !column.contains(['"', '@', '\\', '[', ']']) && column.trim() == column;
            if plain { write!(f, " @same={column}")? } else { write!(f, " @same={}", quoted(column))? }
        }
        Ok(())
    }
}

impl FromStr for Exclusion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((step, range)) = split_range(text) else {
            return Ok(Exclusion { step: parse_step(text)?, between: None });
        };
        let (from, to) = range.split_once('-').ok_or("a range is FROM-TO")?;
        let number = |text: &str| {
            text.parse::<usize>()
                .map_err(|_| format!("`{text}` is not the number of a step; write an exclusion like support:2-4"))
        };
        Ok(Exclusion { step: parse_step(step)?, between: Some((number(from)?, number(to)?)) })
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.between {
            None => f.write_str(&text_without(&self.step, |text| split_range(text).is_some())),
            Some((from, to)) => write!(f, "{}:{from}-{to}", self.step),
        }
    }
}

/// `support` and `2-4` of `support:2-4`; `None` where no range of numbers ends the text.
fn split_range(text: &str) -> Option<(&str, &str)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mut colon, mut from) = (None, 0);
    while let Some(at) = find_outside_from(text, from, |c| c == ':') {
        colon = Some(at);
        from = at + 1;
    }
    let colon = colon?;
    let range = text[colon + 1..].trim();
    let (low, high) = range.split_once('-')?;
    (digits(low) && digits(high)).then(|| (&text[..colon], range))
}

/// The step's text, or the same step with every name in quotes where the text would be read as something else.
fn text_without(step: &Step, is_misread: impl Fn(&str) -> bool) -> String {
    let text = step.to_string();
    if !is_misread(&text) {
        return text;
    }
    let parts = step.alternatives().iter().map(|alternative| {
        let name = alternative.name.as_deref().map_or("*".to_owned(), quoted);
        match &alternative.condition {
            Some(condition) => format!("{name}[{condition}]"),
            None => name,
        }
    });
    parts.collect::<Vec<_>>().join("|")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn find_outside(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    find_outside_from(text, 0, wanted)
}

/// The first wanted character at `from` or later that stands outside quotes and brackets.
fn find_outside_from(text: &str, from: usize, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some('"'),
            (None, '\'' | '`') if depth > 0 => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && at >= from && wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(text: &str) -> FunnelStep {
        text.parse().expect(text)
    }

    #[test]
    fn rules_follow_the_step_in_any_order() {
        let plain = FunnelStep::of(Step::named("cart"));
        assert_eq!(step("cart"), plain);
        assert_eq!(step("cart @next"), FunnelStep { next: true, ..plain.clone() });
        let all = step("cart @same=ref @within=1h30m @optional @next");
        assert_eq!(all.to_string(), "cart @next @within=90m @optional @same=ref");
        assert_eq!(step("cart@within=90m").within, Some(Span::minutes(90)));
        assert_eq!(step(r#"*[mail == "a@b"] @next"#).step.to_string(), r#"*[mail == "a@b"]"#);
        assert_eq!(step(r#""a@b" | c"#).step.alternatives()[0].name.as_deref(), Some("a@b"));
        assert_eq!(step(r#"ship @same="order @ id" @next"#).same.as_deref(), Some("order @ id"));
    }

    #[track_caller]
    fn check_refused(text: &str, expect: &str) {
        let err = text.parse::<FunnelStep>().expect_err(text);
        assert!(err.contains(expect), "{text}: {err}");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_the_way_out() {
        check_refused("user@host", "a name with @ stands in double quotes");
        check_refused("cart @nxt", "did you mean `@next`?");
        check_refused("cart @next @next", "stands twice");
        check_refused("cart @next=1", "takes no value");
        check_refused("cart @within", "@within=1h");
        check_refused("cart @within=soon", "`soon` is not a length of time");
        check_refused("cart @same=", "needs a column");
        check_refused("cart @same=\"x", "not closed");
        check_refused("@next", "a name is missing");
        check_refused("cart @", "is not a rule");
    }

    #[test]
    fn an_exclusion_may_name_its_range() {
        let read = |text: &str| {
            let exclusion: Exclusion = text.parse().expect(text);
            assert_eq!(exclusion.to_string().parse::<Exclusion>().expect("reads back"), exclusion, "{text}");
            (exclusion.step.label().to_owned(), exclusion.between)
        };
        assert_eq!(read("support"), ("support".into(), None));
        assert_eq!(read("support:2-4"), ("support".into(), Some((2, 4))));
        assert_eq!(read("page:view"), ("page:view".into(), None));
        assert_eq!(read("page:view:1-2"), ("page:view".into(), Some((1, 2))));
        assert_eq!(read("\"x:2-4\""), ("x:2-4".into(), None));
        assert_eq!(read("a|b[t == \"1:2-3\"]:1-2"), ("a|b[t == \"1:2-3\"]".into(), Some((1, 2))));
        assert!("support:2-99999999999999999999".parse::<Exclusion>().is_err());
    }

    #[test]
    fn a_step_written_elsewhere_is_quoted_where_it_would_be_misread() {
        let at: Step = "a@b|c".parse().expect("a step");
        assert_eq!(FunnelStep::of(at.clone()).to_string(), r#""a@b"|"c""#);
        assert_eq!(FunnelStep::of(Step::named("a@b")).to_string(), r#""a@b""#);
        let colon: Step = "x:2-4".parse().expect("a step");
        assert_eq!(Exclusion { step: colon, between: None }.to_string(), r#""x:2-4""#);
    }

    proptest! {
        #[test]
        fn every_step_reads_back_from_its_own_text(
            name in "\\PC{1,12}",
            next: bool,
            optional: bool,
            within in prop::option::of(1i64..1_000_000_000),
            same in prop::option::of("\\PC{1,8}"),
            between in prop::option::of((1usize..9, 1usize..9)),
        ) {
            let within = within.map(Span::from_micros);
            let step = FunnelStep { step: Step::named(&name), next, within, optional, same };
            prop_assert_eq!(&step.to_string().parse::<FunnelStep>(), &Ok(step.clone()));
            let json = serde_json::to_string(&step).expect("json");
            prop_assert_eq!(serde_json::from_str::<FunnelStep>(&json).expect("json"), step);
            let exclusion = Exclusion { step: Step::named(&name), between };
            prop_assert_eq!(&exclusion.to_string().parse::<Exclusion>(), &Ok(exclusion.clone()));
        }

        #[test]
        fn no_text_breaks_the_readers(text in "[a-c@:=\"\\[\\]|\\\\ 0-9-]{0,16}") {
            if let Ok(step) = text.parse::<FunnelStep>() {
                prop_assert_eq!(step.to_string().parse::<FunnelStep>().map(|s| s.to_string()), Ok(step.to_string()));
            }
            if let Ok(exclusion) = text.parse::<Exclusion>() {
                prop_assert_eq!(exclusion.to_string().parse::<Exclusion>().map(|e| e.to_string()), Ok(exclusion.to_string()));
            }
        }
    }
}
