//! Path patterns: `cart -> [^support]* -> order` finds journeys in which touchpoints follow each other so.
//!
//! `a -> b` stand next to each other, repeats included as they happened; `.` is any one touchpoint, `.*` any run of them,
//! `[a|b]` one of several, `[^a]` any but those; `*`, `+` and `?` behind `.` or brackets mean any number, at least one, at
//! most one. A leading `^` ties the pattern to the start of the journey and a trailing `$` to its end; otherwise it may lie
//! anywhere. A name that holds such a mark is written in double quotes. A journey without events matches nothing.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::codes::{Code, Codes};
use super::mapped::Meaning;
use super::store::JourneyStore;
use crate::base::nearest::nearest;
use crate::with_codes;

/// One state per element and one for the end share a word.
const ELEMENTS_MAX: usize = 63;

/// A pattern as written, known to be well formed; names are looked up when it meets the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    elements: Vec<Element>,
    is_at_start: bool,
    is_at_end: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Element {
    /// Where each name stands, for errors, and the name.
    names: Vec<(usize, String)>,
    /// Any touchpoint but the names; with no names, any at all.
    is_negated: bool,
    may_lack: bool,
    may_repeat: bool,
}

/// A byte of the pattern and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    pub at: usize,
    pub message: String,
}

/// A pattern that knows the store's touchpoints: an automaton whose states are the bits of a word. State `i` has the
/// first `i` elements behind it.
#[derive(Debug, Clone)]
pub struct PatternMatch {
    /// By touchpoint code: the elements that it can be.
    accepts: Vec<u64>,
    may_lack: u64,
    may_repeat: u64,
    start: u64,
    end: u64,
    is_at_start: bool,
    is_at_end: bool,
}

impl Pattern {
    /// Looks the names up in the data.
    ///
    /// # Errors
    /// A name that no event bears, with the nearest one.
    pub fn resolve(&self, store: &JourneyStore) -> Result<PatternMatch, PatternError> {
        self.resolve_with(store.touchpoints.len(), |name| match store.meaning(name) {
            Some(Meaning::Touchpoints(codes)) => Ok(codes),
            Some(Meaning::Raw { touchpoints, .. }) => {
                let all: Vec<&str> = touchpoints.iter().map(|&code| store.touchpoints.name(code)).collect();
                Err(format!("`{name}` is only some of the events of {}; name touchpoints in a pattern", all.join(", ")))
            }
            None => Err(unknown(name, store.touchpoints.iter().chain(store.raw_names()))),
        })
    }

    fn resolve_with(
        &self,
        n_touchpoints: usize,
        find: impl Fn(&str) -> Result<Vec<u32>, String>,
    ) -> Result<PatternMatch, PatternError> {
        let mut accepts = vec![0u64; n_touchpoints];
        let (mut may_lack, mut may_repeat) = (0, 0);
        for (i, element) in self.elements.iter().enumerate() {
            let bit = 1u64 << i;
            if element.is_negated {
                accepts.iter_mut().for_each(|bits| *bits |= bit);
            }
            for (at, name) in &element.names {
                for code in find(name).map_err(|message| PatternError { at: *at, message })? {
                    let bits = &mut accepts[code as usize];
                    *bits = if element.is_negated { *bits & !bit } else { *bits | bit };
                }
            }
            may_lack |= if element.may_lack { bit } else { 0 };
            may_repeat |= if element.may_repeat { bit } else { 0 };
        }
        let mut matcher = PatternMatch {
            accepts,
            may_lack,
            may_repeat,
            start: 1,
            end: 1 << self.elements.len(),
            is_at_start: self.is_at_start,
            is_at_end: self.is_at_end,
        };
        matcher.start = matcher.passing_over(1);
        Ok(matcher)
    }
}

fn unknown<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let near = nearest(name, names);
    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("no event is named `{name}`{hint}")
}

impl PatternMatch {
    /// Whether the events at `journey` match.
    pub fn matches(&self, codes: &Codes, journey: Range<usize>) -> bool {
        if journey.is_empty() {
            return false;
        }
        with_codes!(codes, |codes| self.run(&codes[journey]))
    }

    fn run<C: Code>(&self, codes: &[C]) -> bool {
        let mut states = self.start;
        for code in codes {
            if states & self.end != 0 && !self.is_at_end {
                return true;
            }
            let taken = states & self.accepts[code.idx()];
            // A repeatable element stays where it is and may also be done; any other is done.
            states = self.passing_over((taken & self.may_repeat) | (taken << 1));
            if !self.is_at_start {
                states |= self.start;
            } else if states == 0 {
                return false;
            }
        }
        states & self.end != 0
    }

    /// The states reached from these without an event, over elements that may lack.
    #[inline]
    fn passing_over(&self, mut states: u64) -> u64 {
        loop {
            let more = states | ((states & self.may_lack) << 1);
            if more == states {
                return states;
            }
            states = more;
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut reader = Reader { text, at: 0 };
        let mut elements = Vec::new();
        reader.skip_space();
        let is_at_start = reader.take("^");
        if is_at_start {
            reader.skip_space();
            reader.take("->");
        }
        let mut is_at_end = false;
        loop {
            reader.skip_space();
            if !elements.is_empty() && reader.rest() == "$" {
                is_at_end = true;
                break;
            }
            elements.push(reader.element()?);
            reader.skip_space();
            if reader.take("->") {
                continue;
            }
            match reader.rest() {
                "" => break,
                "$" => {
                    is_at_end = true;
                    break;
                }
                _ => return Err(reader.fail("`->` is missing before this")),
            }
        }
        if elements.len() > ELEMENTS_MAX {
            return Err(PatternError { at: 0, message: format!("a pattern has at most {ELEMENTS_MAX} elements") });
        }
        Ok(Pattern { text: text.to_owned(), elements, is_at_start, is_at_end })
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// What is left, without spaces at the end.
    fn rest(&self) -> &'t str {
        self.text[self.at..].trim_end()
    }

    fn fail(&self, message: &str) -> PatternError {
        PatternError { at: self.at, message: message.to_owned() }
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.rest().starts_with(mark);
        if found {
            self.at += mark.len();
        }
        found
    }

    fn element(&mut self) -> Result<Element, PatternError> {
        let rest = self.rest();
        if rest.is_empty() || rest.starts_with("->") {
            return Err(self.fail("a touchpoint is missing here; write a name, `.` or [a|b]"));
        }
        if self.take(".") {
            return Ok(self.repeats(Vec::new(), true));
        }
        if self.take("[") {
            let open = self.at - 1;
            let is_negated = self.take("^");
            let names = self.names("]")?;
            if !self.take("]") {
                return Err(PatternError { at: open, message: "a bracket is not closed; add ]".into() });
            }
            return Ok(self.repeats(names, is_negated));
        }
        let names = self.names("->")?;
        Ok(Element { names, is_negated: false, may_lack: false, may_repeat: false })
    }

    fn repeats(&mut self, names: Vec<(usize, String)>, is_negated: bool) -> Element {
        let (may_lack, may_repeat) = if self.take("*") {
            (true, true)
        } else if self.take("+") {
            (false, true)
        } else {
            (self.take("?"), false)
        };
        Element { names, is_negated, may_lack, may_repeat }
    }

    /// Names joined by `|`, up to `end` or the end of the text.
    fn names(&mut self, end: &str) -> Result<Vec<(usize, String)>, PatternError> {
        let mut names = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let name = if self.take("\"") {
                self.quoted(start)?
            } else {
                let rest = self.rest();
                let len = [end, "|", "->"].iter().filter_map(|stop| rest.find(stop)).min().unwrap_or(rest.len());
                let plain = &rest[..len];
                // A `$` at the very end is the end of the journey, not part of the name.
                let plain = if len == rest.len() { plain.strip_suffix('$').unwrap_or(plain) } else { plain };
                self.at += plain.len();
                plain.trim_end().to_owned()
            };
            if name.is_empty() {
                return Err(PatternError { at: start, message: "a name is missing here".into() });
            }
            names.push((start, name));
            self.skip_space();
            if !self.take("|") {
                return Ok(names);
            }
        }
    }

    fn quoted(&mut self, start: usize) -> Result<String, PatternError> {
        let mut name = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(name);
                }
                '\\' => name.extend(chars.next().map(|(_, c)| c)),
                c => name.push(c),
            }
        }
        Err(PatternError { at: start, message: "a quote is not closed".into() })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        let mut names = Names::new();
        ["a", "b", "c", "add to cart", "$view"].iter().for_each(|name| {
            names.intern(name);
        });
        names
    }

    fn resolve(pattern: &Pattern, names: &Names) -> Result<PatternMatch, PatternError> {
        pattern.resolve_with(names.len(), |name| match names.get(name) {
            Some(code) => Ok(vec![code]),
            None => Err(unknown(name, names.iter())),
        })
    }

    /// Letters of `journey` are touchpoints.
    #[track_caller]
    fn check(pattern: &str, journey: &str, expect: bool) {
        let names = names();
        let pattern: Pattern = pattern.parse().expect(pattern);
        let matcher = resolve(&pattern, &names).expect("known names");
        let codes: Vec<u32> = journey.chars().map(|c| names.get(&c.to_string()).expect("a name")).collect();
        assert_eq!(matcher.matches(&Codes::pack(&codes), 0..codes.len()), expect, "{pattern} in {journey}");
    }

    #[test]
    fn patterns_find_neighbours_runs_and_choices() {
        check("a -> b", "cabc", true);
        check("a -> b", "acb", false);
        check("a -> . -> b", "acb", true);
        check("a -> .* -> b", "ab", true);
        check("a -> .* -> b", "accab", true);
        check("a -> [^c]* -> b", "aab", true);
        check("a -> [^c]* -> b", "acb", false);
        check("[a|b] -> c", "bc", true);
        check("a -> [b]+ -> c", "ac", false);
        check("a -> [b]+ -> c", "abbc", true);
        check("a -> [b]? -> c", "abbc", false);
        check("a|b -> c", "bc", true);
        check("a", "", false);
        check(".*", "", false);
        check(".*", "a", true);
    }

    #[test]
    fn carets_and_dollars_tie_to_the_ends() {
        check("^ -> a -> b", "abc", true);
        check("^a -> b", "cab", false);
        check("b -> $", "ab", true);
        check("b$", "abc", false);
        check("^ a -> .* -> c $", "abc", true);
        check("^ a $", "aa", false);
        check("^ . $", "a", true);
    }

    #[test]
    fn names_may_hold_spaces_and_marks() {
        let names = names();
        for text in ["add to cart -> a", "\"add to cart\" -> [$view|a]", "$view -> a", "^$view"] {
            assert!(resolve(&text.parse().expect(text), &names).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_at_its_place() {
        for (text, at) in [("", 0), ("a -> ", 5), ("a -> -> b", 5), ("[a", 0), ("a [b]", 0), ("\"a", 0), ("[a] b", 4)] {
            match text.parse::<Pattern>() {
                Err(err) => assert_eq!(err.at, at, "{text}: {err}"),
                Ok(pattern) => assert!(resolve(&pattern, &names()).is_err(), "{text}"),
            }
        }
        let err = resolve(&"a -> add cart".parse().expect("well formed"), &names()).expect_err("unknown");
        assert_eq!(
            (err.at, err.to_string().as_str()),
            (5, "no event is named `add cart`; did you mean `add to cart`?")
        );
        assert!(vec!["a"; 64].join(" -> ").parse::<Pattern>().is_err());
    }

    /// Tries every way to lay the elements over the touchpoints.
    fn fits(elements: &[Element], journey: &[&str], is_at_end: bool) -> bool {
        let Some((first, rest)) = elements.split_first() else { return !is_at_end || journey.is_empty() };
        let accepts = |name: &str| first.names.iter().any(|(_, n)| n == name) != first.is_negated;
        let most = journey.iter().take_while(|name| accepts(name)).count().min(if first.may_repeat { 99 } else { 1 });
        (usize::from(!first.may_lack)..=most).any(|n| fits(rest, &journey[n..], is_at_end))
    }

    proptest! {
        #[test]
        fn the_automaton_agrees_with_trying_everything(
            elements in prop::collection::vec("(\\[(\\^)?[abc](\\|[abc])?\\]|\\.)[*+?]?", 1..5),
            start in any::<bool>(),
            end in any::<bool>(),
            journey in "[abc]{1,7}",
        ) {
            let text = format!("{}{}{}", if start { "^ " } else { "" }, elements.join(" -> "), if end { " $" } else { "" });
            let pattern: Pattern = text.parse().expect("well formed");
            let names = names();
            let codes: Vec<u32> = journey.chars().map(|c| names.get(&c.to_string()).expect("a name")).collect();
            let letters: Vec<&str> = (0..journey.len()).map(|i| &journey[i..=i]).collect();
            let expect = (0..=letters.len()).take(if start { 1 } else { 99 }).any(|at| fits(&pattern.elements, &letters[at..], end));
            let got = resolve(&pattern, &names).expect("known").matches(&Codes::pack(&codes), 0..codes.len());
            prop_assert_eq!(got, expect, "{} in {}", text, journey);
        }
    }
}
