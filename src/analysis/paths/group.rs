//! Groups of touchpoints: several names shown as one, `pay=payment_*`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::by_text::serde_by_text;

/// A name, and the patterns of the names that it stands for: `*` is any text, `?` any one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group {
    pub name: String,
    pub patterns: Vec<String>,
}

serde_by_text!(Group);

impl Group {
    pub fn holds(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        self.patterns.iter().any(|pattern| fits(&pattern.chars().collect::<Vec<_>>(), &name))
    }
}

/// Takes a star back to where it stood and lets it take one more character whenever the rest does not fit.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            Some(_) | None => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                n = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is no group; write it like pay=payment_* or pay=payment_*|checkout");
        let (name, patterns) = text.split_once('=').ok_or_else(fail)?;
        let patterns: Vec<String> = patterns.split('|').map(|pattern| pattern.trim().to_owned()).collect();
        if name.trim().is_empty() || patterns.iter().any(String::is_empty) {
            return Err(fail());
        }
        Ok(Group { name: name.trim().to_owned(), patterns })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.patterns.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(group: &str, name: &str, expect: bool) {
        assert_eq!(group.parse::<Group>().expect(group).holds(name), expect, "{group} {name}");
    }

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        check("p=pay_*", "pay_card", true);
        check("p=pay_*", "pay_", true);
        check("p=pay_*", "repay_card", false);
        check("p=*pay*", "repay_card", true);
        check("p=a*b*c", "aXbYbZc", true);
        check("p=a*b*c", "aXbYbZ", false);
        check("p=product?", "product1", true);
        check("p=product?", "product10", false);
        check("p=日*", "日本", true);
        check("p=a|b", "b", true);
        check("p=*", "", true);
    }

    #[test]
    fn what_is_no_group_says_how_to_write_one() {
        for text in ["pay", "=x", "pay=", "pay=a||b"] {
            assert!(text.parse::<Group>().expect_err(text).contains("write it like pay=payment_*"));
        }
        assert_eq!("pay = a* | b".parse::<Group>().expect("a group").to_string(), "pay=a*|b");
    }
}
