//! `Shown`: touchpoints as paths show them: grouped, without the ignored ones, numbered in text order.

use rustc_hash::FxHashMap;

use super::group::Group;
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::journey::{JourneyStore, Names, Step};

pub const START: &str = "(start)";
pub const END: &str = "(end)";
pub const OTHER: &str = "(other)";

/// The code of an event that is left out.
pub const IGNORED: u32 = u32::MAX;

/// What stands between the touchpoints of a path.
const ARROW: &str = " -> ";

/// The touchpoints of an answer, by codes of its own that are in text order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    pub labels: Vec<String>,
    /// By touchpoint code of the store.
    pub of_code: Vec<u32>,
}

impl Shown {
    /// `is_ignored` by touchpoint code.
    ///
    /// # Errors
    /// A group without a single name in the data.
    pub fn new(touchpoints: &Names, groups: &[Group], is_ignored: &[bool]) -> Result<Self, Error> {
        for group in groups {
            if !touchpoints.iter().any(|name| group.holds(name)) {
                let pattern = group.patterns[0].replace(['*', '?'], "");
                let near = nearest(&pattern, touchpoints.iter());
                let hint = near.map_or(String::new(), |near| format!("; the nearest is `{near}`"));
                return Err(Error::Invalid(format!("--group {group}: no event has such a name{hint}")));
            }
        }
        let of_name: Vec<String> =
            touchpoints.iter().map(|name| marked(group_of(groups, name).unwrap_or(name))).collect();
        let kept = || of_name.iter().zip(is_ignored).filter(|(_, ignored)| !**ignored).map(|(label, _)| label);
        let mut labels: Vec<String> = kept().cloned().collect();
        labels.sort_unstable();
        labels.dedup();
        let codes: FxHashMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
        let code_of = |(label, ignored): (&String, &bool)| if *ignored { IGNORED } else { codes[label.as_str()] };
        let of_code = of_name.iter().zip(is_ignored).map(code_of).collect();
        Ok(Shown { labels, of_code })
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    pub fn label(&self, code: u32) -> &str {
        &self.labels[code as usize]
    }

    /// The code of a name as tables show it or as a path writes it.
    pub fn find(&self, name: &str) -> Option<u32> {
        let find = |name: &str| self.labels.binary_search_by(|label| label.as_str().cmp(name)).ok();
        find(name).or_else(|| find(&unquoted(name)?)).map(|code| code as u32)
    }

    /// # Errors
    /// A name that no touchpoint is shown by, with the nearest one.
    pub fn named(&self, name: &str) -> Result<u32, Error> {
        self.find(name).ok_or_else(|| {
            let near = nearest(name, self.labels.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Error::Invalid(format!("no touchpoint of these paths is named `{name}`{hint}"))
        })
    }

    /// A path as one text: `cart -> pay`.
    pub fn path(&self, codes: &[u32]) -> String {
        codes.iter().map(|code| spelled(self.label(*code))).collect::<Vec<_>>().join(ARROW)
    }

    /// The codes of a path written as one text, `None` where a name in it is unknown.
    pub fn read_path(&self, text: &str) -> Option<Vec<u32>> {
        split_path(text).into_iter().map(|name| self.find(name)).collect()
    }
}

/// A step with the names of groups replaced by the names that they stand for.
///
/// # Errors
/// A replaced step that no longer reads as one; its sentence says where.
pub fn expanded(step: &Step, groups: &[Group], touchpoints: &Names) -> Result<Step, Error> {
    let is_group = |name: &str| groups.iter().any(|group| group.name == name);
    if !step.alternatives().iter().any(|one| one.name.as_deref().is_some_and(is_group)) {
        return Ok(step.clone());
    }
    let mut texts = Vec::new();
    for one in step.alternatives() {
        let condition = one.condition.as_ref().map_or(String::new(), |condition| format!("[{condition}]"));
        match &one.name {
            None => texts.push(format!("*{condition}")),
            Some(name) if is_group(name) => {
                let members = touchpoints.iter().filter(|member| group_of(groups, member).unwrap_or(member) == name);
                texts.extend(members.map(|member| format!("{}{condition}", Step::named(member))));
            }
            Some(name) => texts.push(format!("{}{condition}", Step::named(name))),
        }
    }
    texts.join("|").parse().map_err(Error::from)
}

/// By touchpoint code, whether these steps leave every event of that name out.
pub fn ignored_by_name(store: &JourneyStore, steps: &[&crate::journey::StepMatch]) -> Vec<bool> {
    let mut is_ignored = vec![false; store.touchpoints.len()];
    for step in steps.iter().filter(|step| step.is_by_name()) {
        is_ignored.iter_mut().zip(step.by_code()).for_each(|(ignored, is_in)| *ignored |= is_in);
    }
    is_ignored
}

/// The group that shows a name, the first that holds it.
fn group_of<'g>(groups: &'g [Group], name: &str) -> Option<&'g str> {
    groups.iter().find(|group| group.holds(name)).map(|group| group.name.as_str())
}

/// A name that reads like one of our own marks stands in quotes.
fn marked(name: &str) -> String {
    if matches!(name, START | END | OTHER) { quoted(name) } else { name.to_owned() }
}

/// A name inside a path: in quotes where it could be read otherwise.
fn spelled(label: &str) -> String {
    let is_plain = !label.is_empty() && !label.contains("->") && !label.contains('"') && label.trim() == label;
    if is_plain || unquoted(label).is_some() { label.to_owned() } else { quoted(label) }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn unquoted(text: &str) -> Option<String> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut name = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => name.push(chars.next()?),
            c => name.push(c),
        }
    }
    Some(name)
}

/// The names of a path, cut at arrows outside of quotes.
fn split_path(text: &str) -> Vec<&str> {
    let (mut names, mut start, mut is_quoted, mut at) = (Vec::new(), 0, false, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if is_quoted => at += 1,
            b'"' if is_quoted || text[start..at].trim().is_empty() => is_quoted = !is_quoted,
            b'-' if !is_quoted && bytes.get(at + 1) == Some(&b'>') => {
                names.push(text[start..at].trim());
                start = at + 2;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    names.push(text[start..].trim());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Names {
        let mut names = Names::new();
        texts.iter().for_each(|text| {
            names.intern(text);
        });
        names
    }

    fn groups(texts: &[&str]) -> Vec<Group> {
        texts.iter().map(|text| text.parse().expect("a group")).collect()
    }

    #[test]
    fn touchpoints_are_numbered_in_text_order_and_groups_are_one() {
        let names = names(&["view", "pay_card", "ping", "cart", "pay_cash"]);
        let shown = Shown::new(&names, &groups(&["pay=pay_*"]), &[false, false, true, false, false]).expect("groups");
        assert_eq!(shown.labels, ["cart", "pay", "view"]);
        assert_eq!(shown.of_code, [2, 1, IGNORED, 0, 1]);
        assert_eq!(shown.path(&[2, 0, 1]), "view -> cart -> pay");
        let err = Shown::new(&names, &groups(&["x=paymnt*"]), &[false; 5]).expect_err("nothing has such a name");
        assert!(err.to_string().starts_with("--group x=paymnt*: no event has such a name"), "{err}");
    }

    #[test]
    fn a_path_reads_back_whatever_its_names() {
        let texts = ["a", "b -> c", "(end)", "say \"hi\"", " lead", "日本", "back\\slash", "-", "a>b", "\"q\""];
        let shown = Shown::new(&names(&texts), &[], &[false; 10]).expect("no groups");
        let codes: Vec<u32> = (0..10).collect();
        assert_eq!(shown.read_path(&shown.path(&codes)).as_deref(), Some(&codes[..]), "{}", shown.path(&codes));
        assert!(shown.labels.contains(&"\"(end)\"".to_owned()));
        assert_eq!(shown.find("(end)"), None);
        assert_eq!(shown.read_path("a -> nowhere"), None);
    }

    #[test]
    fn a_step_may_name_a_group() {
        let names = names(&["view", "pay_card", "pay", "odd|name"]);
        let groups = groups(&["pay=pay_*"]);
        let text = |text: &str| expanded(&text.parse().expect("a step"), &groups, &names).expect("a step").to_string();
        assert_eq!(text("pay"), "pay_card|pay");
        assert_eq!(text("\"odd|name\"|pay[value > 5]"), "\"odd|name\"|pay_card[value > 5]|pay[value > 5]");
        assert_eq!(text("view"), "view");
    }
}
