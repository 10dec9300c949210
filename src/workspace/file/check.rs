//! Checks a workspace file against the table of keys: what is unknown, missing, of the wrong kind, named twice or nowhere.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use super::fault::{Collector, shown, start};
use super::keys::{Key, Kind, SCHEMA, Section, WORKSPACE};
use super::values;
use crate::base::nearest::nearest;

/// Names that a message lists at most.
const LISTED: usize = 20;

/// The ids of each section, by its name, with where they stand.
type Ids<'d> = BTreeMap<&'static str, HashMap<&'d str, usize>>;

/// Adds every fault of a document.
pub(super) fn check(root: &dyn TableLike, faults: &mut Collector<'_>) {
    // A file of another layout would be full of faults that are none.
    if let Some(newer) = newer_schema(root) {
        let at = start(root.get("schema").and_then(Item::span));
        faults.add(at, || {
            format!("this file is of schema {newer}, and this trailmap reads up to schema {SCHEMA}; open it with a newer trailmap")
        });
        return;
    }
    let mut checker = Checker { faults, ids: Ids::new() };
    checker.name(root, &WORKSPACE);
    checker.table(root, &WORKSPACE, "the workspace", 0);
}

fn newer_schema(root: &dyn TableLike) -> Option<i64> {
    root.get("schema").and_then(Item::as_integer).filter(|schema| *schema > SCHEMA)
}

/// The tables behind a key, whichever way they are written; anything else there is left out.
pub(super) fn tables_of(item: &Item) -> Vec<&dyn TableLike> {
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(Value::Array(values)) => {
            values.iter().filter_map(|value| Some(value.as_inline_table()? as &dyn TableLike)).collect()
        }
        _ => Vec::new(),
    }
}

/// What a thing in a file is, in a word.
fn word(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
        Item::Value(value) => values::word(value),
    }
}

struct Checker<'d, 'c, 't> {
    faults: &'c mut Collector<'t>,
    ids: Ids<'d>,
}

/// A key in its table.
#[derive(Clone, Copy)]
struct Place<'p> {
    key: &'p str,
    /// `funnel `cart``, or what else the table is called in a sentence.
    of: &'p str,
    /// Where to point when nothing else is known.
    at: usize,
}

impl<'d> Checker<'d, '_, '_> {
    /// Notes every id before any is spoken of.
    fn name(&mut self, table: &'d dyn TableLike, section: &'static Section) {
        for key in section.keys {
            let Some(item) = table.get(key.name) else { continue };
            match key.kind {
                Kind::Tables(inner) => {
                    for table in tables_of(item) {
                        if let Some(id) = table.get("id").and_then(Item::as_str) {
                            self.note_id(inner.name, id, start(table.get("id").and_then(Item::span)));
                        }
                        self.name(table, inner);
                    }
                }
                Kind::Named(inner) => {
                    for (id, item) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
                        self.note_id(inner.name, id, start(item.span()));
                    }
                }
                _ => {}
            }
        }
    }

    fn note_id(&mut self, section: &'static str, id: &'d str, at: usize) {
        if let Some(first) = self.ids.entry(section).or_default().get(id) {
            let line = self.faults.line(*first);
            self.faults.add(at, || format!("two {section}s are called `{}`; the first is on line {line}", shown(id)));
        } else {
            self.ids.entry(section).or_default().insert(id, at);
        }
    }

    fn table(&mut self, table: &dyn TableLike, section: &'static Section, of: &str, at: usize) {
        for (name, item) in table.iter() {
            let key = table.key(name);
            let key_at = key.and_then(toml_edit::Key::span).or(item.span()).map_or(at, |span| span.start);
            match section.key(name) {
                Some(known) => self.item(item, known, Place { key: name, of, at: key_at }),
                None => self.faults.add(key_at, || unknown(name, section, of)),
            }
        }
        for key in section.keys.iter().filter(|key| key.is_required && !table.contains_key(key.name)) {
            self.faults.add(at, || format!("{of} needs `{}`: {}", key.name, of_key(key)));
        }
        self.together(table, section, of, at);
    }

    /// What keys of one table must be to each other.
    fn together(&mut self, table: &dyn TableLike, section: &'static Section, of: &str, at: usize) {
        let has = |key: &str| table.contains_key(key);
        let both = |a: &str, b: &str| format!("{of} has both `{a}` and `{b}`; keep the one that is meant");
        match section.name {
            "columns" if has("customer") && has("user") => self.faults.add(at, || both("customer", "user")),
            "cohort" if has("when") && has("among") => self.faults.add(at, || both("when", "among")),
            "cohort" if !has("when") && !has("among") => self.faults.add(at, || {
                format!("{of} needs `when`, an expression about customers like did(cart), or `among`, a number of a question")
            }),
            "monitor" if !has("kpi") && !has("expr") => {
                self.faults.add(at, || format!("{of} needs `kpi` or `expr`: what is watched"));
            }
            "score" if table.get("type").and_then(Item::as_str) == Some("rating") && !has("scale") => {
                self.faults.add(at, || format!("{of} needs `scale`, because ratings have many: scale = [1, 5]"));
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &Item, key: &Key, place: Place<'_>) {
        match &key.kind {
            Kind::Tables(section) => self.tables(item, section, place),
            Kind::Table(section) => match item.as_table_like() {
                Some(table) => {
                    let of = if place.of == "the workspace" {
                        format!("[{}]", section.name)
                    } else {
                        format!("`{}` of {}", place.key, place.of)
                    };
                    self.table(table, section, &of, place.at);
                }
                None => self.not_a(item, "a table", place),
            },
            Kind::Named(section) => match item.as_table_like() {
                Some(table) => {
                    for (name, item) in table.iter() {
                        let at = start(table.key(name).and_then(toml_edit::Key::span).or(item.span()));
                        let of = format!("{} `{}`", section.name, shown(name));
                        match item.as_table_like() {
                            Some(table) => self.table(table, section, &of, at),
                            None => self.faults.add(at, || {
                                format!("{of} is {}; write it as [{}.{}]", word(item), section.name, shown(name))
                            }),
                        }
                    }
                }
                None => self.not_a(item, "tables like [channel.web]", place),
            },
            Kind::Map(kind) => self.map(item, kind, None, place),
            Kind::MapOf(names, kind) => self.map(item, kind, Some(names), place),
            Kind::Label => match item.as_table_like() {
                Some(_) => self.map(item, &Kind::Text, None, place),
                None => self.value(item, &key.kind, place),
            },
            kind => self.value(item, kind, place),
        }
    }

    fn tables(&mut self, item: &Item, section: &'static Section, place: Place<'_>) {
        let is_list = match item {
            Item::ArrayOfTables(_) => true,
            Item::Value(Value::Array(values)) => values.iter().all(Value::is_inline_table),
            _ => false,
        };
        if !is_list {
            let name = place.key;
            let text = || format!("`{name}` is {}; write [[{name}]], because there may be several", word(item));
            return self.faults.add(place.at, text);
        }
        let spans: Vec<Option<Range<usize>>> = match item {
            Item::ArrayOfTables(tables) => tables.iter().map(toml_edit::Table::span).collect(),
            Item::Value(Value::Array(values)) => values.iter().map(Value::span).collect(),
            _ => Vec::new(),
        };
        for (idx, (table, span)) in tables_of(item).into_iter().zip(spans).enumerate() {
            let of = match table.get("id").and_then(Item::as_str) {
                Some(id) => format!("{} `{}`", section.name, shown(id)),
                None => format!("{} number {}", section.name, idx + 1),
            };
            self.table(table, section, &of, start(span));
        }
    }

    /// A table of free names.
    fn map(&mut self, item: &Item, kind: &'static Kind, names: Option<&'static str>, place: Place<'_>) {
        let Some(table) = item.as_table_like() else { return self.not_a(item, "a table", place) };
        for (name, item) in table.iter() {
            let at = start(table.key(name).and_then(toml_edit::Key::span).or(item.span()));
            if let Some(section) = names {
                self.refer(name, section, at, place);
            }
            let of = format!("`{}` of {}", place.key, place.of);
            self.value(item, kind, Place { key: name, of: &of, at });
        }
    }

    fn value(&mut self, item: &Item, kind: &Kind, place: Place<'_>) {
        let Some(value) = item.as_value() else { return self.not_a(item, &values::expected(kind), place) };
        self.one(value, kind, place);
    }

    fn one(&mut self, value: &Value, kind: &Kind, place: Place<'_>) {
        let at = value.span().map_or(place.at, |span| span.start);
        match kind {
            Kind::List(inner) => match value.as_array() {
                Some(values) => {
                    for value in values {
                        self.one(value, inner, place);
                    }
                    if values.is_empty() && matches!(place.key, "files" | "steps") {
                        self.faults.add(at, || format!("`{}` of {} is empty", place.key, place.of));
                    }
                }
                None => self.wrong(value, kind, at, place),
            },
            Kind::Ref(section) => match value.as_str() {
                Some(id) => self.refer(id, section, at, place),
                None => self.wrong(value, kind, at, place),
            },
            Kind::RefOr(section, word) => match value.as_str() {
                Some(id) if id == *word => {}
                Some(id) => self.refer(id, section, at, place),
                None => self.wrong(value, kind, at, place),
            },
            kind => match values::check(value, kind) {
                Ok(()) => {}
                Err(values::Wrong::Kind) => self.wrong(value, kind, at, place),
                Err(values::Wrong::Text { at: within, text }) => {
                    let at = at + values::offset(self.faults.text, value, within);
                    self.faults.add(at, || format!("`{}` of {}: {text}", shown(place.key), place.of));
                }
            },
        }
    }

    fn refer(&mut self, id: &str, section: &'static str, at: usize, place: Place<'_>) {
        let known = self.ids.get(section);
        if known.is_some_and(|ids| ids.contains_key(id)) {
            return;
        }
        // Looking for the nearest of many names takes time that a fault nobody sees is not worth.
        let mut names: Vec<&str> = match self.faults.is_full() {
            true => Vec::new(),
            false => known.into_iter().flat_map(HashMap::keys).copied().collect(),
        };
        names.sort_unstable();
        self.faults.add(at, || {
            let id_shown = shown(id);
            let near = nearest(id, names.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean `{}`? ", shown(near)),
                None => String::new(),
            };
            let there_are = match names.len() {
                0 => format!("the file has no {section}s"),
                _ => format!("there are {}", listed(&names)),
            };
            format!("`{}` of {}: no {section} is called `{id_shown}`; {hint}{there_are}", shown(place.key), place.of)
        });
    }

    fn wrong(&mut self, value: &Value, kind: &Kind, at: usize, place: Place<'_>) {
        self.faults.add(at, || {
            let expected = values::expected(kind);
            format!("`{}` of {} is {}; it should be {expected}", shown(place.key), place.of, values::word(value))
        });
    }

    fn not_a(&mut self, item: &Item, expected: &str, place: Place<'_>) {
        let at = item.span().map_or(place.at, |span| span.start);
        self.faults
            .add(at, || format!("`{}` of {} is {}; it should be {expected}", shown(place.key), place.of, word(item)));
    }
}

fn of_key(key: &Key) -> String {
    let mut doc = key.doc.chars();
    let first = doc.next().into_iter().flat_map(char::to_lowercase);
    first.chain(doc).collect()
}

fn unknown(name: &str, section: &Section, of: &str) -> String {
    let near = nearest(name, section.keys.iter().map(|key| key.name));
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
    format!("{of} has no key `{}`; {hint}there are {}", shown(name), names.join(", "))
}

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(LISTED).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}
