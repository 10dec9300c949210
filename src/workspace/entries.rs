//! `Entries`: a TOML file of `name = value` lines, each with the number of its line, so that messages can point there.

use std::fmt;
use std::io::Read;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::base::visible::visible;

/// A longer file was not written by hand, and is not read.
const FILE_MAX: u64 = 256 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub name: String,
    pub value: Value,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Texts(Vec<String>),
    Flag(bool),
    /// As it stands in the file.
    Number(String),
    /// What it is, in a word.
    Other(&'static str),
}

/// Something about a file that a person should put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name, without its folder.
    pub file: String,
    pub line: Option<usize>,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}: {}", self.file, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entries {
    /// In the order of the file.
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
}

impl Entries {
    /// Reads a file; one that is not there holds nothing.
    pub fn read(path: &Path) -> Self {
        let name = path.file_name().map_or_else(String::new, |name| visible(&name.to_string_lossy()).into_owned());
        match text_of(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(text) => Entries { entries: Vec::new(), problems: vec![Problem { file: name, line: None, text }] },
        }
    }

    /// Takes a text apart. One that is no TOML holds nothing but its problem.
    pub fn parse(file: &str, text: &str) -> Self {
        let line_at =
            |at: usize| text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(err) => {
                let problem = Problem {
                    file: file.to_owned(),
                    line: err.span().map(|span| line_at(span.start)),
                    text: format!("nothing of it is used, because this is not TOML: {}", one_line(err.message())),
                };
                return Entries { entries: Vec::new(), problems: vec![problem] };
            }
        };
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(name, value)| Entry {
                line: line_at(name.span().start),
                name: name.get_ref().to_string(),
                value: of(value.get_ref()),
            })
            .collect();
        entries.sort_by_key(|entry| entry.line);
        Entries { entries, problems: Vec::new() }
    }
}

fn of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Array(values) => {
            let texts = values.iter().map(|value| value.get_ref().as_str().map(str::to_owned));
            texts
                .collect::<Option<Vec<String>>>()
                .map_or(Value::Other("a list of other things than texts"), Value::Texts)
        }
        DeValue::Float(_) => Value::Other("a number"),
        DeValue::Datetime(_) => Value::Other("a time"),
        DeValue::Table(_) => Value::Other("a table"),
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(err) => return Err(format!("cannot be read: {err}")),
    };
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err("cannot be read: it is a folder".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|err| format!("cannot be read: {err}"))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("is not read, because it is larger than {} kB", FILE_MAX / 1024));
    }
    String::from_utf8(bytes).map_err(|_| "cannot be read: it is not UTF-8".to_owned())
}

fn one_line(text: &str) -> String {
    visible(text.lines().next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_with_its_number() {
        let text = "# mine\n\"list-converted\" = [\"o\", \"g o\"]\n\nquit=\"Q\"\nmouse = true\nn = 16\nt = { a = 1 }\nx = [1]\n";
        let read = Entries::parse("keys.toml", text);
        assert_eq!(read.problems, []);
        let shown: Vec<String> = read.entries.iter().map(|e| format!("{} {} {:?}", e.line, e.name, e.value)).collect();
        assert_eq!(
            shown,
            [
                r#"2 list-converted Texts(["o", "g o"])"#,
                r#"4 quit Text("Q")"#,
                "5 mouse Flag(true)",
                r#"6 n Number("16")"#,
                r#"7 t Other("a table")"#,
                r#"8 x Other("a list of other things than texts")"#,
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_one_problem_with_its_line() {
        let read = Entries::parse("keys.toml", "quit = \"q\"\nhelp = [\"?\"\n");
        assert_eq!(read.entries, []);
        let shown = read.problems[0].to_string();
        assert!(shown.starts_with("keys.toml line "), "{shown}");
        assert!(shown.contains("nothing of it is used"), "{shown}");
    }

    #[test]
    fn a_file_that_is_not_there_holds_nothing_and_a_folder_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Entries::read(&folder.path().join("keys.toml")), Entries::default());
        let read = Entries::read(folder.path());
        assert!(read.problems[0].text.contains("folder") || read.problems[0].text.contains("directory"), "{read:?}");
        let large = folder.path().join("large.toml");
        std::fs::write(&large, "#".repeat(300 * 1024)).expect("written");
        assert!(Entries::read(&large).problems[0].text.contains("larger than 256 kB"));
    }
}
