//! The customers behind a cell: the row's key, `:`, and what is counted.
//!
//! | cell | whom it lists |
//! |---|---|
//! | `purchase:visits`, `:completed`, `:open` | every visit |
//! | `purchase:reentries` | visits of customers who had been there before |
//! | `purchase:customers`, `:returned` | every customer once |
//! | `purchase:over`, `:over_open`, `:within`, `:undecided` | visits by the limit |
//! | `purchase:slow`, `:rest` | visits by what `--slow` takes for slow |
//! | `purchase>use`, `purchase>(left)` | visits by where they went |
//! | `purchase#3:completed`, `#3:open` | the third bin of the histogram |
//! | `purchase~3:at_risk`, `~3:events` | the third point of the curve |
//! | `purchase+channel = web:slow_with`, `:rest_with` | a trait of the slow |
//!
//! Under a breakdown `@` and the value may follow. Names may hold any of these marks: the longest name that fits is taken.

use super::breakdown::Value;
use super::kernel::{self, Gather, Visit};
use super::plan::{LEFT, LEFT_NAME, OPEN, Plan};
use super::spec::DwellSpec;
use super::stay::Stay;
use super::{Found, slow};
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

#[derive(Debug, Clone, PartialEq, Eq)]
enum What<'a> {
    Visits,
    Completed,
    Open,
    Reentries,
    Customers,
    Returned,
    Over,
    OverOpen,
    Within,
    Undecided,
    Slow,
    Rest,
    Exit(u32),
    /// From 1.
    Bin(usize, BinPart),
    /// A point from 1.
    AtRisk(usize),
    Events(usize),
    Trait {
        text: &'a str,
        is_slow: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BinPart {
    Completed,
    Open,
}

const WORDS: [(&str, What<'static>); 12] = [
    ("visits", What::Visits),
    ("completed", What::Completed),
    ("open", What::Open),
    ("reentries", What::Reentries),
    ("customers", What::Customers),
    ("returned", What::Returned),
    ("over", What::Over),
    ("over_open", What::OverOpen),
    ("within", What::Within),
    ("undecided", What::Undecided),
    ("slow", What::Slow),
    ("rest", What::Rest),
];

/// A cell as written.
#[derive(Debug, PartialEq, Eq)]
struct Cell<'a> {
    stage: u32,
    what: What<'a>,
    /// The value of a breakdown.
    value: Option<&'a str>,
}

impl<'a> Cell<'a> {
    fn parse(text: &'a str, names: &[&str], ways: &[(&str, u32)]) -> Option<Self> {
        let fits = |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '>', '#', '~', '+']));
        let (stage, name) =
            names.iter().enumerate().filter(|(_, name)| fits(name)).max_by_key(|(_, name)| name.len())?;
        let rest = &text[name.len()..];
        let (mark, key) = (rest.chars().next()?, &rest[1..]);
        let numbered = |key: &'a str| {
            let (number, word) = key.split_once(':')?;
            Some((number.parse::<usize>().ok().filter(|n| *n > 0)?, word))
        };
        let (what, after) = match mark {
            ':' => {
                let one_of = WORDS.iter().filter_map(|(word, what)| Some((what, ends(key.strip_prefix(word)?)?)));
                one_of.map(|(what, after)| (what.clone(), after)).next()?
            }
            '>' => {
                let found = ways.iter().filter_map(|(name, way)| {
                    let after = key.strip_prefix(name)?;
                    Some((name.len(), *way, ends(after.strip_prefix(":visits").unwrap_or(after))?))
                });
                found.max_by_key(|(len, ..)| *len).map(|(_, way, after)| (What::Exit(way), after))?
            }
            '#' => {
                let (n, word) = numbered(key)?;
                let parts = [("completed", BinPart::Completed), ("open", BinPart::Open)];
                let mut found = parts.iter().filter_map(|(name, part)| Some((part, ends(word.strip_prefix(name)?)?)));
                found.next().map(|(part, after)| (What::Bin(n, *part), after))?
            }
            '~' => {
                let (n, word) = numbered(key)?;
                match word.strip_prefix("at_risk") {
                    Some(after) => (What::AtRisk(n), ends(after)?),
                    None => (What::Events(n), ends(word.strip_prefix("events")?)?),
                }
            }
            _ => {
                let of = |word: &str, is_slow: bool| {
                    key.strip_suffix(word).map(|text| (What::Trait { text, is_slow }, None))
                };
                of(":slow_with", true).or_else(|| of(":rest_with", false))?
            }
        };
        Some(Cell { stage: stage as u32, what, value: after })
    }
}

/// What may follow a cell: nothing, or the value of a breakdown.
fn ends(rest: &str) -> Option<Option<&str>> {
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('@').map(Some) }
}

/// The customers behind a cell, in text order of their ids, once per visit.
pub fn who(view: &View, spec: &DwellSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    // A cell opens whether or not its table was asked for.
    let spec = &DwellSpec { only: Vec::new(), ..spec.clone() };
    let plan = Plan::new(view, spec, ctl)?;
    let asked = parse(&plan, spec, cell)?;
    let value = Value::resolve(view, spec)?;
    let kept: Vec<bool> = (0..plan.names.len()).map(|stage| stage == asked.stage as usize).collect();
    let found = Found::of(&plan, value.as_ref(), &kept, ctl)?;
    let group = match asked.value {
        None => None,
        Some(_) if value.is_none() => {
            return Err(Error::Invalid(format!(
                "`{cell}` asks for one value of a breakdown, but there is none; add --breakdown"
            )));
        }
        Some(label) => Some(found.groups.labels.iter().position(|known| known == label).ok_or_else(|| {
            let near = nearest(label, found.groups.labels.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Error::Invalid(format!("no row of the breakdown is `{label}`{hint}"))
        })?),
    };
    let stay = found.stays(&[asked.stage], group).swap_remove(0);
    if let What::Trait { text, is_slow } = asked.what {
        let customers = slow::with_trait(&plan, spec, &stay, text, is_slow, ctl)?;
        return Ok(in_text_order(view, &customers.ok_or_else(|| unknown(&plan, cell))?));
    }
    let keeps = Keeps::of(&plan, spec, &stay, &asked.what)?.ok_or_else(|| unknown(&plan, cell))?;
    let is_in_group = |visit: &Visit| match (group, &value) {
        (Some(group), Some(value)) => usize::from(found.groups.place(value.key(visit))) == group,
        _ => true,
    };
    let keeps = |visit: &Visit| visit.stage == asked.stage && keeps.keeps(&plan, visit) && is_in_group(visit);
    let mut customers = Vec::new();
    for chunk in kernel::walk(&plan, ctl, || Kept { keeps: &keeps, customers: Vec::new() })? {
        customers.extend(chunk.customers);
    }
    if matches!(asked.what, What::Customers | What::Returned) {
        customers.dedup();
    }
    Ok(in_text_order(view, &customers))
}

fn parse<'a>(plan: &Plan, spec: &DwellSpec, cell: &'a str) -> Result<Cell<'a>, Error> {
    let names: Vec<&str> = plan.names.iter().map(String::as_str).collect();
    let mut ways: Vec<(&str, u32)> = match &spec.between[..] {
        [_, to] => vec![(to.label(), 0)],
        _ => names.iter().zip(0..).map(|(name, way)| (*name, way)).collect(),
    };
    ways.push((LEFT_NAME, LEFT));
    // An arrow is hard to type.
    let short = if plan.to_is_stage() { None } else { Cell::parse(cell, &["between"], &ways) };
    Cell::parse(cell, &names, &ways).or(short).ok_or_else(|| unknown(plan, cell))
}

fn unknown(plan: &Plan, cell: &str) -> Error {
    let written = cell.split([':', '>', '#', '~', '+']).next().unwrap_or(cell);
    let names = || plan.names.iter().map(String::as_str);
    let name = nearest(written, names()).or_else(|| names().next()).filter(|_| plan.to_is_stage()).unwrap_or("between");
    Error::UnknownCell {
        cell: cell.to_owned(),
        example: format!("{name}:open, {name}:completed, {name}>(left) or {name}#1:completed"),
    }
}

fn in_text_order(view: &View, customers: &[CustomerId]) -> Vec<CustomerId> {
    let mut n_of_customer = vec![0u32; view.store().n_customers()];
    customers.iter().for_each(|customer| n_of_customer[customer.idx()] += 1);
    let in_order = view.store().customers_in_text_order().iter();
    in_order.flat_map(|&id| std::iter::repeat_n(CustomerId(id), n_of_customer[id as usize] as usize)).collect()
}

/// Which visits of a stage a number counts.
#[derive(Debug, Clone, Copy)]
enum Keeps {
    All,
    Open,
    Completed,
    Reentries,
    To(u32),
    /// Longer than this.
    Longer(i64),
    /// Open ones longer than this.
    LongerOpen(i64),
    /// Completed ones not longer than this.
    NotLonger(i64),
    NotLongerOpen(i64),
    /// Those that visits longer than this are compared with.
    Rest(i64),
    /// At least as long as the first, shorter than the second, completed ones or open ones.
    Within(i64, i64, BinPart),
    AtLeast(i64),
    /// Completed ones longer than the first and not longer than the second.
    Ended(i64, i64),
}

impl Keeps {
    /// `None` where there is no such number.
    fn of(plan: &Plan, spec: &DwellSpec, stay: &Stay, what: &What) -> Result<Option<Self>, Error> {
        let micros = |seconds: f64| (seconds * 1e6).round() as i64;
        let limit = || spec.limit.map(crate::base::Span::micros);
        Ok(match what {
            What::Visits | What::Customers => Some(Keeps::All),
            What::Completed => Some(Keeps::Completed),
            What::Open => Some(Keeps::Open),
            What::Reentries | What::Returned => Some(Keeps::Reentries),
            What::Exit(way) => Some(Keeps::To(*way)),
            What::Over => limit().map(Keeps::Longer),
            What::OverOpen => limit().map(Keeps::LongerOpen),
            What::Within => limit().map(Keeps::NotLonger),
            What::Undecided => limit().map(Keeps::NotLongerOpen),
            What::Slow => stay.slow_above(spec).map(Keeps::Longer),
            What::Rest => stay.slow_above(spec).map(Keeps::Rest),
            What::Bin(n, part) => {
                let read = stay.read(plan, spec)?;
                read.histogram.get(n - 1).map(|bin| Keeps::Within(micros(bin.from_s), micros(bin.to_s), *part))
            }
            What::AtRisk(n) => stay.read(plan, spec)?.curve.get(n - 1).map(|point| Keeps::AtLeast(micros(point.time))),
            What::Events(n) => {
                let curve = stay.read(plan, spec)?.curve;
                let after = if *n > 1 { curve.get(n - 2).map(|point| micros(point.time)) } else { Some(-1) };
                curve.get(n - 1).zip(after).map(|(point, after)| Keeps::Ended(after, micros(point.time)))
            }
            What::Trait { .. } => None,
        })
    }

    fn keeps(self, plan: &Plan, visit: &Visit) -> bool {
        let Visit { micros, to, is_reentry, .. } = *visit;
        let is_open = to == OPEN;
        match self {
            Keeps::All => true,
            Keeps::Open => is_open,
            Keeps::Completed => !is_open,
            Keeps::Reentries => is_reentry,
            Keeps::To(way) => to == way,
            Keeps::Longer(span) => micros > span,
            Keeps::LongerOpen(span) => is_open && micros > span,
            Keeps::NotLonger(span) => !is_open && micros <= span,
            Keeps::NotLongerOpen(span) => is_open && micros <= span,
            Keeps::Rest(span) => slow::is_rest(plan, visit, span),
            Keeps::Within(from, to, part) => (from..to).contains(&micros) && is_open == (part == BinPart::Open),
            Keeps::AtLeast(span) => micros >= span,
            Keeps::Ended(after, upto) => !is_open && after < micros && micros <= upto,
        }
    }
}

struct Kept<'a, F> {
    keeps: &'a F,
    customers: Vec<CustomerId>,
}

impl<F: Fn(&Visit) -> bool + Sync> Gather for Kept<'_, F> {
    fn add(&mut self, visit: &Visit) {
        if (self.keeps)(visit) {
            self.customers.push(visit.customer);
        }
    }

    fn pass_unmapped(&mut self, _: usize) {}
}

/// An opened number as people say it: `purchase:open` as `still in purchase`.
pub fn in_words(cell: &str) -> Option<String> {
    if let Some((stage, way)) = cell.split_once('>').filter(|(stage, _)| !stage.contains(':')) {
        let way = way.strip_suffix(":visits").unwrap_or(way);
        return Some(if way == LEFT_NAME {
            format!("left from {stage}")
        } else {
            format!("went from {stage} to {way}")
        });
    }
    let (stage, what) = cell.split_once(':').filter(|(stage, _)| !stage.contains(['#', '~', '+']))?;
    let (what, group) = what.split_once('@').map_or((what, None), |(what, group)| (what, Some(group)));
    let words = match what {
        "visits" | "customers" => format!("was in {stage}"),
        "completed" => format!("moved on from {stage}"),
        "open" => format!("still in {stage}"),
        "reentries" | "returned" => format!("came back to {stage}"),
        "over" | "over_open" => format!("over the limit in {stage}"),
        "within" => format!("within the limit in {stage}"),
        "slow" => format!("slow in {stage}"),
        _ => return None,
    };
    Some(group.map_or(words.clone(), |group| format!("{words}, {group}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_as_written_with_the_longest_name_that_fits() {
        let names = ["a", "a:open", "b > c", "b"];
        let ways: Vec<(&str, u32)> =
            names.iter().zip(0..).map(|(name, way)| (*name, way)).chain([("(left)", LEFT)]).collect();
        let parse = |text| Cell::parse(text, &names, &ways).map(|cell| (cell.stage, cell.what, cell.value));
        assert_eq!(parse("a:open"), Some((0, What::Open, None)));
        assert_eq!(parse("a:open:open"), Some((1, What::Open, None)));
        assert_eq!(parse("a:over_open@x:y"), Some((0, What::OverOpen, Some("x:y"))));
        assert_eq!(parse("a>b > c"), Some((0, What::Exit(2), None)));
        assert_eq!(parse("b > c>(left):visits@web"), Some((2, What::Exit(LEFT), Some("web"))));
        assert_eq!(parse("a#3:open"), Some((0, What::Bin(3, BinPart::Open), None)));
        assert_eq!(parse("a~2:at_risk@"), Some((0, What::AtRisk(2), Some(""))));
        assert_eq!(parse("a+x = y:z:rest_with"), Some((0, What::Trait { text: "x = y:z", is_slow: false }, None)));
        for text in ["a", "c:open", "a:lost", "a#0:open", "a>zz", "a:openx", "a+x", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_opened_number_is_said_in_words() {
        for (cell, words) in [
            ("purchase:open", Some("still in purchase")),
            ("purchase:completed@web", Some("moved on from purchase, web")),
            ("purchase>use", Some("went from purchase to use")),
            ("purchase>(left)", Some("left from purchase")),
            ("purchase#3:completed", None),
        ] {
            assert_eq!(in_words(cell).as_deref(), words, "{cell}");
        }
    }
}
