//! Where the parts of a workspace file stand, by section and id, so that what is found later can name the line.

use std::collections::HashMap;

use toml_edit::{Document, Item, TableLike, Value};

/// Lines of a workspace file, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// By section, id and key; the empty key is the id itself.
    lines: HashMap<(String, String, String), usize>,
}

impl Places {
    /// The places of a text; none where it is no TOML.
    pub fn of(text: &str) -> Self {
        let mut places = Places::default();
        let Ok(document) = Document::parse(text) else { return places };
        let starts: Vec<usize> = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        let line = |at: usize| starts.partition_point(|start| *start <= at);
        places.table(document.as_table(), "", "", &line);
        places
    }

    /// The line of a section's id.
    pub fn id(&self, section: &str, id: &str) -> Option<usize> {
        self.key(section, id, "")
    }

    /// The line of a key in the section of an id, else that of the id.
    pub fn key(&self, section: &str, id: &str, key: &str) -> Option<usize> {
        let find = |key: &str| self.lines.get(&(section.to_owned(), id.to_owned(), key.to_owned())).copied();
        find(key).or_else(|| find(""))
    }

    /// The line of a key in the section of an id, where it is there.
    pub fn key_alone(&self, section: &str, id: &str, key: &str) -> Option<usize> {
        self.lines.get(&(section.to_owned(), id.to_owned(), key.to_owned())).copied()
    }

    /// The line of a key that stands at the top.
    pub fn root(&self, key: &str) -> Option<usize> {
        self.key("", "", key)
    }

    /// The line on which the first source that names it says the column of a role.
    pub fn source_column(&self, key: &str) -> Option<usize> {
        let of_key = self
            .lines
            .iter()
            .filter(|((section, _, name), _)| section == "source" && *name == format!("columns.{key}"));
        of_key.map(|(_, line)| *line).min()
    }

    fn table(&mut self, table: &dyn TableLike, section: &str, id: &str, line: &impl Fn(usize) -> usize) {
        for (name, item) in table.iter() {
            let at = table.key(name).and_then(toml_edit::Key::span).or(item.span()).map_or(0, |span| span.start);
            self.note(section, id, name, line(at));
            match item {
                Item::ArrayOfTables(tables) => tables.iter().for_each(|table| self.named(table, name, line)),
                Item::Value(Value::Array(values)) => {
                    values.iter().filter_map(Value::as_inline_table).for_each(|table| self.named(table, name, line));
                }
                // `[channel.web]`: what stands below is named by its key.
                Item::Table(inner) if section.is_empty() && name == "channel" => {
                    for (id, item) in inner.iter() {
                        let at = inner.key(id).and_then(toml_edit::Key::span).or(item.span());
                        self.note(name, id, "", line(at.map_or(0, |span| span.start)));
                        if let Some(channel) = item.as_table_like() {
                            self.table(channel, name, id, line);
                        }
                    }
                }
                other => {
                    let inner = other.as_table_like().into_iter().flat_map(TableLike::iter);
                    for (key, item) in inner {
                        let keys = other.as_table_like().and_then(|table| table.key(key));
                        let at = keys.and_then(toml_edit::Key::span).or(item.span()).map_or(0, |span| span.start);
                        self.note(section, id, &format!("{name}.{key}"), line(at));
                    }
                }
            }
        }
    }

    /// A table with an id of its own.
    fn named(&mut self, table: &dyn TableLike, section: &str, line: &impl Fn(usize) -> usize) {
        let Some(item) = table.get("id") else { return };
        let Some(id) = item.as_str() else { return };
        self.note(section, id, "", line(item.span().map_or(0, |span| span.start)));
        self.table(table, section, id, line);
    }

    fn note(&mut self, section: &str, id: &str, key: &str, line: usize) {
        self.lines.entry((section.to_owned(), id.to_owned(), key.to_owned())).or_insert(line);
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn every_part_is_found_by_section_and_id() {
        let text = "schema = 1\nas_of = \"now\"\n\n[[source]]\nid = \"a\"\nfiles = [\"x\"]\ncolumns = { time = \"ts\",\n  user = \"u\" }\n\n[channel.web]\nmedia = \"owned\"\n[[stage]]\nid = \"s\"\n[[stage.kpi]]\nid = \"k\"\nexpr = \"1\"\n[[touchpoint]]\nid = \"s\"\nwhen = 'true'\n";
        let places = Places::of(text);
        assert_eq!(places.root("as_of"), Some(2));
        assert_eq!((places.id("source", "a"), places.source_column("user")), (Some(5), Some(8)));
        assert_eq!((places.id("channel", "web"), places.key("channel", "web", "media")), (Some(10), Some(11)));
        assert_eq!((places.id("stage", "s"), places.key("kpi", "k", "expr")), (Some(13), Some(16)));
        assert_eq!(
            (places.key("touchpoint", "s", "when"), places.key("touchpoint", "s", "owner")),
            (Some(19), Some(18))
        );
        assert_eq!((places.id("touchpoint", "t"), Places::of("= no").id("stage", "s")), (None, None));
    }
}
