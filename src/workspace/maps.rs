//! `maps.toml`: which column is what, as chosen once for files with these columns, so that nobody is asked twice.

use toml::de::{DeTable, DeValue};

use super::{Choices, Folders, private};

pub const MAPS_FILE: &str = "maps.toml";

/// Most sets of columns that are remembered; the oldest go first.
const MAPS_MAX: usize = 200;

/// A longer file was not written by us.
const FILE_MAX: u64 = 4 << 20;

/// What was chosen for files with these columns.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Map {
    columns: Vec<String>,
    choices: Choices,
}

/// What was chosen for files with these columns, if anything was. A file that is not understood remembers nothing.
pub fn find(folders: &Folders, columns: &[String]) -> Option<Choices> {
    read(folders).into_iter().rev().find(|map| map.columns == columns).map(|map| map.choices)
}

/// Whether anything is remembered at all; where not, nobody needs to look at columns.
pub fn is_empty(folders: &Folders) -> bool {
    read(folders).is_empty()
}

/// Remembers what was chosen for files with these columns.
///
/// # Errors
/// Why it is not remembered, in a sentence.
pub fn keep(folders: &Folders, columns: &[String], choices: &Choices) -> Result<(), String> {
    let Some(folder) = &folders.state else { return Ok(()) };
    let mut maps = read(folders);
    maps.retain(|map| map.columns != columns);
    maps.push(Map { columns: columns.to_vec(), choices: choices.clone() });
    let excess = maps.len().saturating_sub(MAPS_MAX);
    private::write(&folder.join(MAPS_FILE), &written(&maps[excess..]))
        .map_err(|err| format!("{MAPS_FILE} cannot be written: {err}"))
}

fn read(folders: &Folders) -> Vec<Map> {
    let Some(folder) = &folders.state else { return Vec::new() };
    let path = folder.join(MAPS_FILE);
    if std::fs::metadata(&path).map_or(true, |meta| meta.len() > FILE_MAX) {
        return Vec::new();
    }
    std::fs::read_to_string(path).map(|text| parsed(&text)).unwrap_or_default()
}

fn parsed(text: &str) -> Vec<Map> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let Some(maps) = table.get_ref().get("map").and_then(|maps| maps.get_ref().as_array()) else { return Vec::new() };
    maps.iter().filter_map(|map| of(map.get_ref().as_table()?)).collect()
}

/// A map that says something unknown, perhaps of a later trailmap, is none.
fn of(table: &DeTable<'_>) -> Option<Map> {
    let (mut columns, mut choices) = (None, Choices::default());
    for (name, value) in table {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("columns", DeValue::Array(names)) => {
                let names = names.iter().map(|name| name.get_ref().as_str().map(str::to_owned));
                columns = Some(names.collect::<Option<Vec<String>>>()?);
            }
            (name, DeValue::Array(values)) if Choices::is_list(name) => {
                for value in values {
                    choices.set(name, value.get_ref().as_str()?);
                }
            }
            (name, DeValue::String(value)) => choices.set(name, value).then_some(())?,
            _ => return None,
        }
    }
    Some(Map { columns: columns?, choices })
}

fn written(maps: &[Map]) -> String {
    let mut text =
        "# Which column is what, as chosen in the workbench for files with these columns (newest last).\n".to_owned();
    for map in maps {
        let columns: Vec<String> = map.columns.iter().map(|name| quoted(name)).collect();
        text.push_str(&format!("\n[[map]]\ncolumns = [{}]\n", columns.join(", ")));
        let pairs = map.choices.pairs();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            let values: Vec<String> = same.iter().map(|(_, value)| quoted(value)).collect();
            let (name, values) = (same[0].0, values.join(", "));
            let value = if Choices::is_list(name) { format!("[{values}]") } else { values };
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    text
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(folder: &std::path::Path) -> Folders {
        Folders { state: Some(folder.join("state")), ..Folders::default() }
    }

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_chosen_is_found_again_for_the_same_columns_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = folders(folder.path());
        let hostile = columns(&["a \"b\"", "c\\d", "e\nf", "日本"]);
        let choices = Choices {
            customer: Some("a \"b\"".into()),
            time: Some("e\nf".into()),
            ids: vec!["c\\d".into(), "日本".into()],
            ..Choices::default()
        };
        assert!(is_empty(&folders));
        keep(&folders, &hostile, &Choices::default()).expect("kept");
        keep(&folders, &columns(&["x"]), &Choices::default()).expect("kept");
        keep(&folders, &hostile, &choices).expect("kept");
        assert_eq!(find(&folders, &hostile), Some(choices));
        assert_eq!(find(&folders, &columns(&["c\\d"])), None);
        assert_eq!(read(&folders).len(), 2);
    }

    #[test]
    fn what_is_not_understood_remembers_nothing() {
        assert_eq!(parsed("[[map]\n"), []);
        assert_eq!(parsed("[[map]]\ncolumns = [\"a\"]\nnew = \"x\"\n[[map]]\ncolumns = [\"b\"]\n").len(), 1);
        assert_eq!(parsed("map = 3"), []);
    }
}
