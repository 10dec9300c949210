//! `Draft`: a workspace file that is being changed. An edit changes its own lines and no others: comments, order, blank lines
//! and line ends stay as they were written.
//!
//! The document says where things stand, and the text is cut there; printing the document anew would lose how lines end.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Array, Document, InlineTable, Item, Key, TableLike, Value};

use super::check::tables_of;
use super::fault::shown;
use super::keys::{Kind, WORKSPACE};
use super::{Faults, Workspace, text_of};
use crate::analysis::map::plan::Label;
use crate::base::nearest::nearest;
use crate::workspace::private;

/// A file that was read, with what was changed in it since.
#[derive(Debug, Clone)]
pub struct Draft {
    file: String,
    /// As it was read.
    before: String,
    text: String,
    workspace: Workspace,
}

/// A table of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The keys before the first table.
    Top,
    /// The only one of its name: `Only("identity")`.
    Only(&'a str),
    /// One of several: `One("view", "drop")`, `One("channel", "web")`, `One("kpi", "abandon")`.
    One(&'a str, &'a str),
}

/// A value to write.
#[derive(Debug, Clone, PartialEq)]
pub enum New {
    Text(String),
    Texts(Vec<String>),
    Flag(bool),
    Integer(i64),
    Number(f64),
    Label(Label),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file would not be right any more.
    #[error("this would leave the file wrong: {}", .0.sentences().join("; "))]
    Wrong(Faults),
    #[error("no {section} is called `{}`{}", shown(.id), .nearest.as_ref().map_or(String::new(), |near| format!("; did you mean `{}`?", shown(near))))]
    Unknown { section: String, id: String, nearest: Option<String> },
    #[error("a {section} is called `{}` already", shown(.id))]
    IsThere { section: String, id: String },
    /// It is written in a way that is not ours to rewrite.
    #[error("{0}; change it in an editor")]
    ByHand(String),
    #[error("{0}")]
    File(String),
}

impl Draft {
    /// # Errors
    /// All that is wrong with the file; one that is not right is not ours to change.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let name = path.to_string_lossy();
        Self::parse(&name, &text_of(path).map_err(|text| Faults::whole(&name, text))?)
    }

    /// # Errors
    /// All that is wrong with the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let workspace = Workspace::parse(file, text)?;
        Ok(Draft { file: file.to_owned(), before: text.to_owned(), text: text.to_owned(), workspace })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub fn is_changed(&self) -> bool {
        self.text != self.before
    }

    /// Gives a key of a table this value, where it stands or after the table's other keys.
    ///
    /// # Errors
    /// There is no such table, or the file would be wrong.
    pub fn set(&mut self, place: Place<'_>, key: &str, value: &New) -> Result<(), EditError> {
        let (at, new) = self.cut(place, key, value)?;
        self.splice(at, &new)
    }

    /// Takes a key out of a table; its line goes.
    ///
    /// # Errors
    /// As `set`, where the key must be there, and where it is written inside `{ }`.
    pub fn unset(&mut self, place: Place<'_>, key: &str) -> Result<(), EditError> {
        match self.lines_of(place, key)? {
            Some(lines) => self.splice(lines, ""),
            None => Ok(()),
        }
    }

    /// Adds a table after the last of its section, or at the end of the file.
    ///
    /// # Errors
    /// There is one of this id, or the file would be wrong.
    pub fn add(&mut self, section: &str, id: &str, values: &[(&str, New)]) -> Result<(), EditError> {
        let is_named = section == "channel";
        let header = if is_named { format!("[{section}.{}]", name_of(id)) } else { format!("[[{section}]]") };
        let mut lines = vec![header];
        if !is_named {
            lines.push(format!("id = {}", New::Text(id.to_owned()).written()));
        }
        lines.extend(values.iter().map(|(key, value)| format!("{} = {}", name_of(key), value.written())));
        let document = self.document()?;
        if find(document.as_table(), Place::One(section, id)).is_some() {
            return Err(EditError::IsThere { section: section.to_owned(), id: id.to_owned() });
        }
        if section == "kpi" {
            return Err(EditError::ByHand("a KPI stands below its stage".to_owned()));
        }
        let last = document.get(section).and_then(|item| self.last_of(item, is_named));
        if last.is_none() && document.get(section).is_some_and(|item| item.is_value()) {
            return Err(EditError::ByHand(format!("`{section}` is written inside [ ]")));
        }
        let end_of_line = self.end_of_line();
        let (at, is_tight) = last.unwrap_or((self.text.len(), false));
        let mut new = String::new();
        if at > 0 && !self.text[..at].ends_with('\n') {
            new.push_str(end_of_line);
        }
        if !is_tight && at > 0 {
            new.push_str(end_of_line);
        }
        for line in lines {
            // A text of several lines keeps the file's way to end them.
            new.push_str(&line.replace('\n', end_of_line));
            new.push_str(end_of_line);
        }
        drop(document);
        self.splice(at..at, &new)
    }

    /// Adds a table, or makes the one of this id hold these values and no others; comments beside them stay.
    ///
    /// # Errors
    /// The file would be wrong, or the table is written in a way that is not ours to rewrite.
    pub fn put(&mut self, section: &str, id: &str, values: &[(&str, New)]) -> Result<(), EditError> {
        let place = Place::One(section, id);
        let document = self.document()?;
        let Some(spot) = find(document.as_table(), place) else {
            drop(document);
            return self.add(section, id, values);
        };
        let gone: Vec<String> = spot
            .table
            .iter()
            .filter(|(key, item)| *key != "id" && item.is_value() && values.iter().all(|(kept, _)| kept != key))
            .map(|(key, _)| key.to_owned())
            .collect();
        drop(document);
        let mut draft = self.clone();
        // Only all of them together may leave the file right.
        for (key, value) in values {
            let (at, new) = draft.cut(place, key, value)?;
            draft.text.replace_range(at, &new);
        }
        for key in &gone {
            if let Some(lines) = draft.lines_of(place, key)? {
                draft.text.replace_range(lines, "");
            }
        }
        draft.workspace = Workspace::parse(&draft.file, &draft.text).map_err(EditError::Wrong)?;
        *self = draft;
        Ok(())
    }

    /// Takes a table out, with what belongs to it; comments above it stay.
    ///
    /// # Errors
    /// There is no such table, something speaks of it, or other tables stand among its lines.
    pub fn remove(&mut self, section: &str, id: &str) -> Result<(), EditError> {
        let lines = self.spot(Place::One(section, id), |text, spot| {
            let Some(header) = spot.header.clone().filter(|_| !spot.is_inline) else {
                return Err(EditError::ByHand(format!("{section} `{}` has no line of its own", shown(id))));
            };
            let end = line_end(text, end_of(spot.table).max(header.end));
            let mut start = line_start(text, header.start);
            let mut headers = Vec::new();
            headers_of(spot.root, &mut headers);
            let mut own = vec![header];
            headers_of(spot.table, &mut own);
            if headers.iter().any(|header| (start..end).contains(&header.start) && !own.contains(header)) {
                return Err(EditError::ByHand(format!("other tables stand inside {section} `{}`", shown(id))));
            }
            // Of the blank lines on both sides one goes too.
            let is_blank = |line: &str| line.trim().is_empty();
            let before = line_start(text, start.saturating_sub(1));
            let after = &text[end..line_end(text, end)];
            if start > 0 && is_blank(&text[before..start]) && is_blank(after) {
                start = before;
            }
            Ok(start..end)
        })?;
        self.splice(lines, "")
    }

    /// Writes the file, whole or not at all; who may read it stays as it was.
    ///
    /// # Errors
    /// Somebody else changed the file since it was read, or it cannot be written.
    pub fn write(&mut self, path: &Path) -> Result<(), EditError> {
        let failed = |text: String| EditError::File(format!("{}: {text}", shown(&self.file)));
        if text_of(path).map_err(failed)? != self.before {
            return Err(failed("it was changed by somebody else meanwhile, so it was left as it is".to_owned()));
        }
        private::replace(path, &self.text).map_err(|err| failed(format!("it cannot be written: {err}")))?;
        self.before.clone_from(&self.text);
        Ok(())
    }

    fn document(&self) -> Result<Document<String>, EditError> {
        Document::parse(self.text.clone()).map_err(|err| EditError::ByHand(err.message().to_owned()))
    }

    /// What `take` makes of a table.
    fn spot<T>(
        &self,
        place: Place<'_>,
        take: impl FnOnce(&str, &Spot<'_>) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        let document = self.document()?;
        match find(document.as_table(), place) {
            Some(spot) => take(&self.text, &spot),
            None => Err(unknown(document.as_table(), place)),
        }
    }

    /// The lines of a key, where it is there.
    fn lines_of(&self, place: Place<'_>, key: &str) -> Result<Option<Range<usize>>, EditError> {
        self.spot(place, |text, spot| {
            let Some(item) = spot.table.get(key) else { return Ok(None) };
            if spot.is_inline {
                return Err(EditError::ByHand(format!("`{key}` is written inside {{ }}")));
            }
            let value = spot.value_of(key, item)?;
            let start = spot.table.key(key).and_then(Key::span).map_or(value.start, |span| span.start);
            Ok(Some(line_start(text, start)..line_end(text, value.end)))
        })
    }

    /// Where a value of a key goes, and what is written there.
    fn cut(&self, place: Place<'_>, key: &str, value: &New) -> Result<(Range<usize>, String), EditError> {
        self.spot(place, |text, spot| match spot.table.get(key) {
            Some(item) => Ok((spot.value_of(key, item)?, value.written())),
            None => spot.room(text, &format!("{} = {}", name_of(key), value.written())),
        })
    }

    /// Puts a text in the place of another, where the file then still is right.
    fn splice(&mut self, at: Range<usize>, new: &str) -> Result<(), EditError> {
        let mut text = self.text.clone();
        text.replace_range(at, new);
        self.workspace = Workspace::parse(&self.file, &text).map_err(EditError::Wrong)?;
        self.text = text;
        Ok(())
    }

    fn end_of_line(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// Where the last table of a section ends, and whether it follows the one before without a blank line.
    fn last_of(&self, item: &Item, is_named: bool) -> Option<(usize, bool)> {
        let spots: Vec<(Range<usize>, usize)> = match item {
            Item::ArrayOfTables(tables) => {
                tables.iter().filter_map(|table| Some((table.span()?, end_of(table)))).collect()
            }
            Item::Table(table) if is_named => {
                let inner = table.iter().filter_map(|(_, item)| item.as_table());
                inner.filter_map(|table| Some((table.span()?, end_of(table)))).collect()
            }
            _ => return None,
        };
        let ends = |(header, end): &(Range<usize>, usize)| line_end(&self.text, *end.max(&header.end));
        let last = spots.iter().max_by_key(|spot| ends(spot))?;
        let before = &self.text[..line_start(&self.text, last.0.start)];
        let is_tight = spots.len() > 1 && before.lines().next_back().is_some_and(|line| !line.trim().is_empty());
        Some((ends(last), is_tight))
    }
}

impl New {
    pub fn text(text: &str) -> Self {
        New::Text(text.to_owned())
    }

    /// As TOML writes it.
    pub fn written(&self) -> String {
        let value = match self {
            New::Text(text) => Value::from(text.as_str()),
            New::Texts(texts) => Value::from(texts.iter().collect::<Array>()),
            New::Flag(flag) => Value::from(*flag),
            New::Integer(number) => Value::from(*number),
            New::Number(number) => Value::from(*number),
            New::Label(label) => match (label.0.get(""), label.0.len()) {
                (Some(text), 1) => Value::from(text.as_str()),
                _ => {
                    let pairs = label.0.iter().map(|(language, text)| (Key::new(language), text.as_str()));
                    Value::from(pairs.collect::<InlineTable>())
                }
            },
        };
        value.to_string()
    }
}

/// A key as TOML writes it.
pub(in crate::workspace) fn name_of(key: &str) -> String {
    Key::new(key).display_repr().into_owned()
}

/// A table with where it stands.
struct Spot<'d> {
    root: &'d dyn TableLike,
    table: &'d dyn TableLike,
    /// `[[view]]`; nothing for the top of the file.
    header: Option<Range<usize>>,
    is_top: bool,
    is_inline: bool,
}

impl Spot<'_> {
    /// Where the value of a key stands.
    fn value_of(&self, key: &str, item: &Item) -> Result<Range<usize>, EditError> {
        let span = item.as_value().and_then(Value::span);
        span.ok_or_else(|| EditError::ByHand(format!("`{key}` is written as a table of its own")))
    }

    /// Where a further key goes, and what is written there.
    fn room(&self, text: &str, line: &str) -> Result<(Range<usize>, String), EditError> {
        let values = self.table.iter().filter(|(_, item)| item.is_value() || is_dotted(item));
        let end = values.map(|(_, item)| end_of_item(item)).max();
        if self.is_inline {
            return Ok(match (end, &self.header) {
                (Some(end), _) => (end..end, format!(", {line}")),
                (None, Some(span)) => (span.clone(), format!("{{ {line} }}")),
                (None, None) => return Err(EditError::ByHand("it is written inside { }".to_owned())),
            });
        }
        if self.table.is_dotted() || self.header.is_none() && !self.is_top {
            return Err(EditError::ByHand("it has no line of its own".to_owned()));
        }
        let at = end.or(self.header.as_ref().map(|header| header.end)).map_or(0, |end| line_end(text, end));
        let end_of_line = if text[..at].ends_with("\r\n") { "\r\n" } else { "\n" };
        let line = line.replace('\n', end_of_line);
        let is_open = at > 0 && !text[..at].ends_with('\n');
        Ok((at..at, if is_open { format!("\n{line}") } else { format!("{line}{end_of_line}") }))
    }
}

fn find<'d>(root: &'d dyn TableLike, place: Place<'_>) -> Option<Spot<'d>> {
    let of_item = |item: &'d Item| {
        let table = item.as_table_like()?;
        Some(Spot { root, table, header: item.span(), is_top: false, is_inline: item.is_value() })
    };
    match place {
        Place::Top => Some(Spot { root, table: root, header: None, is_top: true, is_inline: false }),
        Place::Only(name) => of_item(root.get(name)?),
        Place::One("channel", id) => of_item(root.get("channel")?.as_table_like()?.get(id)?),
        Place::One("kpi", id) => {
            let stages = root.get("stage").map(tables_of).unwrap_or_default();
            stages.into_iter().find_map(|stage| one_of(root, stage.get("kpi")?, id))
        }
        Place::One(section, id) => one_of(root, root.get(section)?, id),
    }
}

fn one_of<'d>(root: &'d dyn TableLike, item: &'d Item, id: &str) -> Option<Spot<'d>> {
    let idx = tables_of(item).iter().position(|table| table.get("id").and_then(Item::as_str) == Some(id))?;
    let table = *tables_of(item).get(idx)?;
    let (header, is_inline) = match item {
        Item::ArrayOfTables(tables) => (tables.get(idx)?.span(), false),
        item => (item.as_array()?.get(idx)?.span(), true),
    };
    Some(Spot { root, table, header, is_top: false, is_inline })
}

fn unknown(root: &dyn TableLike, place: Place<'_>) -> EditError {
    let (section, id) = match place {
        Place::Top => ("workspace", ""),
        Place::Only(name) => ("table", name),
        Place::One(section, id) => (section, id),
    };
    let stages = root.get("stage").map(tables_of).unwrap_or_default();
    let tables = match section {
        "kpi" => stages.iter().filter_map(|stage| stage.get("kpi")).flat_map(tables_of).collect(),
        _ => root.get(section).map(tables_of).unwrap_or_default(),
    };
    let ids = tables.iter().filter_map(|table| table.get("id")?.as_str());
    let names = root.get(section).filter(|_| section == "channel").and_then(Item::as_table_like);
    let names = names.into_iter().flat_map(|table| table.iter().map(|(name, _)| name));
    let known = WORKSPACE.keys.iter().filter(|key| matches!(key.kind, Kind::Table(_)) && section == "table");
    let near = nearest(id, ids.chain(names).chain(known.map(|key| key.name))).map(str::to_owned);
    EditError::Unknown { section: section.to_owned(), id: id.to_owned(), nearest: near }
}

fn is_dotted(item: &Item) -> bool {
    item.as_table().is_some_and(toml_edit::Table::is_dotted)
}

/// The byte after the last one of a table and all that is in it.
fn end_of(table: &dyn TableLike) -> usize {
    table.iter().map(|(_, item)| end_of_item(item)).max().unwrap_or(0)
}

fn end_of_item(item: &Item) -> usize {
    let own = item.span().map_or(0, |span| span.end);
    match item {
        Item::Table(table) => own.max(end_of(table)),
        Item::ArrayOfTables(tables) => {
            let ends = tables.iter().map(|table| table.span().map_or(0, |span| span.end).max(end_of(table)));
            ends.max().unwrap_or(0).max(own)
        }
        Item::None | Item::Value(_) => own,
    }
}

/// Where the headers of all tables in a table stand.
fn headers_of(table: &dyn TableLike, headers: &mut Vec<Range<usize>>) {
    for (_, item) in table.iter() {
        match item {
            Item::Table(table) => {
                headers.extend(table.span().filter(|_| !table.is_dotted()));
                headers_of(table, headers);
            }
            Item::ArrayOfTables(tables) => {
                for table in tables {
                    headers.extend(table.span());
                    headers_of(table, headers);
                }
            }
            Item::None | Item::Value(_) => {}
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The byte after the line in which a byte stands.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tests::EXAMPLE;
    use super::*;

    /// The lines that differ: of both texts what is left between what they begin and end with alike.
    fn changed(before: &str, after: &str) -> (String, String) {
        let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = old.len().min(new.len()) - same;
        let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        (old[same..old.len() - end].join("\n"), new[same..new.len() - end].join("\n"))
    }

    /// Edits the example, with every way to end lines, and says which lines became which.
    #[track_caller]
    fn check(edit: impl Fn(&mut Draft) -> Result<(), EditError>, old: &str, new: &str) {
        for text in [EXAMPLE.to_owned(), EXAMPLE.replace('\n', "\r\n"), format!("\u{feff}{EXAMPLE}")] {
            let mut draft = Draft::parse("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(draft.text(), text, "read and printed");
            edit(&mut draft).unwrap_or_else(|err| panic!("{err}"));
            let (was, is) = changed(&text.replace('\r', ""), &draft.text().replace('\r', ""));
            // Which of two empty lines is the one that came is not to be told.
            let lines = |text: &str| text.trim_matches('\n').to_owned();
            assert_eq!((lines(&was), lines(&is)), (lines(old), lines(new)));
            let n_cr = draft.text().matches('\r').count();
            let n_lf = if n_cr > 0 { draft.text().matches('\n').count() } else { 0 };
            assert_eq!(n_cr, n_lf, "lines end alike");
            let again = Draft::parse("t.toml", draft.text()).expect("still right");
            assert_eq!(again.workspace(), draft.workspace());
        }
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        check(
            |draft| draft.set(Place::Top, "language", &New::text("en")),
            "language = \"zh\"                       # labels shown; every label may have .zh/.en",
            "language = \"en\"                       # labels shown; every label may have .zh/.en",
        );
        check(
            |draft| draft.set(Place::One("stage", "use"), "owner", &New::text("it's \"us\"")),
            "owner = \"logistics\"",
            "owner = \"\"\"it's \"us\"\"\"\"",
        );
        check(
            |draft| draft.set(Place::One("kpi", "abandon"), "target", &New::Number(0.35)),
            "target = 0.40",
            "target = 0.35",
        );
        check(
            |draft| draft.set(Place::One("channel", "phone"), "cost_per_contact", &New::Integer(5)),
            "cost_per_contact = 4.50",
            "cost_per_contact = 5",
        );
        check(
            |draft| draft.set(Place::One("source", "events"), "props", &New::Texts(vec!["a".into(), "b".into()])),
            "props   = [\"device\", \"medium\", \"campaign\", \"score_type\", \"score\", \"comment\"]",
            "props   = [\"a\", \"b\"]",
        );
        check(
            |draft| draft.set(Place::Only("identity"), "max_ids", &New::Integer(9)),
            "max_ids     = 50                      # a cluster larger than this is a shared device: not merged, listed",
            "max_ids     = 9                      # a cluster larger than this is a shared device: not merged, listed",
        );
    }

    #[test]
    fn a_key_is_added_after_the_others_of_its_table() {
        check(|draft| draft.set(Place::One("stage", "purchase"), "note", &New::text("x")), "", "note = \"x\"");
        check(|draft| draft.set(Place::One("stage", "loyal"), "note", &New::text("x")), "", "note = \"x\"");
        check(
            |draft| draft.set(Place::One("funnel", "cart"), "unit", &New::text("attempts")),
            "",
            "unit = \"attempts\"",
        );
        let mut draft = Draft::parse("t.toml", EXAMPLE).expect("right");
        draft.set(Place::One("stage", "purchase"), "note", &New::text("x")).expect("set");
        assert!(draft.text().contains("owner = \"checkout team\"\nnote = \"x\"\n[[stage.kpi]]\nid = \"abandon\""));
        assert_eq!(draft.workspace().stages[2].note.as_deref(), Some("x"));
    }

    #[test]
    fn a_key_is_taken_out_with_its_line() {
        check(
            |draft| draft.unset(Place::One("funnel", "cart"), "mature"),
            "mature = true                         # people whose window is not over are counted apart",
            "",
        );
        check(|draft| draft.unset(Place::One("funnel", "cart"), "unit"), "", "");
    }

    #[test]
    fn a_table_is_added_after_the_last_of_its_section_or_at_the_end() {
        let ask = [("ask", New::text("funnel -s cart -s order --within 7d")), ("label", New::text("Drops"))];
        check(
            |draft| draft.add("view", "drop", &ask),
            "",
            "[[view]]\nid = \"drop\"\nask = \"funnel -s cart -s order --within 7d\"\nlabel = \"Drops\"\n",
        );
        check(
            |draft| draft.add("cohort", "bought", &[("when", New::text("did(order)"))]),
            "",
            "[[cohort]]\nid = \"bought\"\nwhen = \"did(order)\"",
        );
        check(
            |draft| draft.add("channel", "web shop", &[("media", New::text("owned"))]),
            "",
            "[channel.\"web shop\"]\nmedia = \"owned\"",
        );
        let mut draft = Draft::parse("t.toml", EXAMPLE).expect("right");
        draft.add("stage", "after", &[]).expect("added");
        assert!(
            draft.text().contains("target = 0.20\n[[stage]]\nid = \"after\"\n\n# First matching"),
            "{}",
            draft.text()
        );
        assert_eq!(
            draft.add("stage", "after", &[]).expect_err("twice").to_string(),
            "a stage is called `after` already"
        );
    }

    #[test]
    fn a_table_is_replaced_key_by_key() {
        check(
            |draft| {
                let steps = New::Texts(vec!["cart".into(), "order".into()]);
                draft.put("funnel", "cart", &[("steps", steps), ("window", New::text("14d"))])
            },
            "steps = [\"cart\", \"checkout\", \"order\"]\norder = \"ordered\"                     # ordered | strict | any\nwindow = \"7d\"\nmature = true                         # people whose window is not over are counted apart",
            "steps = [\"cart\", \"order\"]\nwindow = \"14d\"",
        );
        check(
            |draft| draft.put("cohort", "before", &[("among", New::text("customers"))]),
            "when = 'first(cart).time < 2025-02-17T00:00:00Z'",
            "among = \"customers\"",
        );
        check(
            |draft| draft.put("view", "v", &[("ask", New::text("profile"))]),
            "",
            "[[view]]\nid = \"v\"\nask = \"profile\"\n",
        );
    }

    #[test]
    fn a_table_is_taken_out_and_the_comments_above_it_stay() {
        check(
            |draft| draft.remove("cohort", "before"),
            "id = \"before\"\nwhen = 'first(cart).time < 2025-02-17T00:00:00Z'\n[[cohort]]",
            "",
        );
        check(
            |draft| draft.remove("target_path", "happy"),
            "[[target_path]]\nid = \"happy\"\nsteps = [\"visit|ad\", \"product+\", \"cart\", \"checkout\", \"order\", \"delivery\"]\nmax_gap = { delivery = \"5d\" }\n",
            "",
        );
        check(
            |draft| draft.remove("kpi", "csat"),
            "[[stage.kpi]]\nid = \"csat\"\nexpr = \"score(csat).top2\"\ngood = \"up\"\ntarget = 0.85\n",
            "",
        );
    }

    #[test]
    fn what_was_added_and_taken_out_again_leaves_no_trace() {
        let mut draft = Draft::parse("t.toml", EXAMPLE).expect("right");
        draft.add("view", "a", &[("ask", New::text("profile"))]).expect("added");
        draft.add("view", "b", &[("ask", New::text("profile"))]).expect("added");
        draft.remove("view", "a").expect("removed");
        draft.remove("view", "b").expect("removed");
        assert_eq!(draft.text(), EXAMPLE);
        assert!(!draft.is_changed());
    }

    #[test]
    fn an_edit_that_cannot_be_made_changes_nothing_and_says_why() {
        let mut draft = Draft::parse("t.toml", EXAMPLE).expect("right");
        let mut refused = |edit: &dyn Fn(&mut Draft) -> Result<(), EditError>, expect: &str| {
            assert_eq!(edit(&mut draft).expect_err("refused").to_string(), expect);
            assert_eq!(draft.text(), EXAMPLE);
            assert_eq!(draft.workspace(), &Workspace::parse("t.toml", EXAMPLE).expect("right"));
        };
        refused(
            &|draft| draft.set(Place::One("stage", "us"), "owner", &New::text("x")),
            "no stage is called `us`; did you mean `use`?",
        );
        refused(
            &|draft| draft.set(Place::One("stage", "use"), "ownr", &New::text("x")),
            "this would leave the file wrong: t.toml:100:1: stage `use` has no key `ownr`; did you mean `owner`? there are \
             id, label, goal, owner, note, expected_emotion, reentry, kpi",
        );
        refused(&|draft| draft.remove("persona", "x"), "no persona is called `x`");
        refused(
            &|draft| draft.remove("stage", "use"),
            "this would leave the file wrong: t.toml:33:69: `evidence` of [scope]: no stage is called `use`; there are aware, \
             consider, loyal, purchase; t.toml:151:9: `stage` of touchpoint `delivery`: no stage is called `use`; there are \
             aware, consider, loyal, purchase; t.toml:156:9: `stage` of touchpoint `survey`: no stage is called `use`; \
             there are aware, consider, loyal, purchase; t.toml:160:9: `stage` of touchpoint `ticket`: no stage is called \
             `use`; there are aware, consider, loyal, purchase",
        );
    }

    #[test]
    fn ways_to_write_that_are_not_ours_are_left_to_an_editor() {
        let text = "schema = 1\nview = [{ id = \"a\", ask = \"profile\" }]\nchannel.web.media = \"owned\"\n[[stage]]\nid = \"s\"\n[stage.label]\nen = \"S\"\n[[view2]]\n";
        let text = text.trim_end_matches("[[view2]]\n");
        let mut draft = Draft::parse("t.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
        draft.set(Place::One("view", "a"), "note", &New::text("n")).expect("inside its braces");
        assert!(draft.text().contains("{ id = \"a\", ask = \"profile\", note = \"n\" }"), "{}", draft.text());
        draft.set(Place::One("channel", "web"), "media", &New::text("paid")).expect("where it stands");
        draft.set(Place::One("stage", "s"), "owner", &New::text("o")).expect("before its label");
        assert!(draft.text().contains("id = \"s\"\nowner = \"o\"\n[stage.label]"), "{}", draft.text());
        for err in [
            draft.set(Place::One("stage", "s"), "label", &New::text("x")),
            draft.set(Place::One("channel", "web"), "control", &New::text("high")),
            draft.add("view", "b", &[("ask", New::text("profile"))]),
            draft.remove("view", "a"),
            draft.unset(Place::One("view", "a"), "note"),
        ] {
            let err = err.expect_err("by hand").to_string();
            assert!(err.ends_with("; change it in an editor"), "{err}");
        }
    }

    #[test]
    fn a_file_without_a_last_line_end_gets_one_where_it_is_needed() {
        let mut draft = Draft::parse("t.toml", "schema = 1").expect("right");
        draft.set(Place::Top, "name", &New::text("n")).expect("set");
        assert_eq!(draft.text(), "schema = 1\nname = \"n\"");
        draft.add("stage", "s", &[]).expect("added");
        assert_eq!(draft.text(), "schema = 1\nname = \"n\"\n\n[[stage]]\nid = \"s\"\n");
    }

    #[test]
    fn a_file_is_written_only_over_what_was_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trailmap.toml");
        std::fs::write(&path, EXAMPLE).expect("written");
        let mut draft = Draft::read(&path).expect("right");
        draft.set(Place::Top, "language", &New::text("en")).expect("set");
        draft.write(&path).expect("kept");
        assert!(!draft.is_changed());
        assert_eq!(std::fs::read_to_string(&path).expect("there"), draft.text());
        std::fs::write(&path, "schema = 1\n").expect("written");
        draft.set(Place::Top, "language", &New::text("zh")).expect("set");
        let err = draft.write(&path).expect_err("changed meanwhile").to_string();
        assert!(err.ends_with("it was changed by somebody else meanwhile, so it was left as it is"), "{err}");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "schema = 1\n");
    }

    /// What anybody might do to a file, by number.
    fn edit(draft: &mut Draft, what: u8) -> Result<(), EditError> {
        let steps = || New::Texts(vec!["cart".into(), "order".into()]);
        match what % 12 {
            0 => draft.add("view", &format!("v{what}"), &[("ask", New::text("profile"))]),
            1 => draft.remove("view", &format!("v{}", what - 1)),
            2 => draft.add("cohort", &format!("c{what}"), &[("when", New::text("did(order)"))]),
            3 => draft.remove("cohort", "before"),
            4 => draft.put("funnel", "cart", &[("steps", steps())]),
            5 => draft.remove("funnel", "cart"),
            6 => draft.set(Place::One("stage", "use"), "note", &New::Text(format!("{what} \"x\"\n# y"))),
            7 => draft.unset(Place::One("stage", "use"), "note"),
            8 => draft.set(Place::Top, "name", &New::Text(what.to_string())),
            9 => draft.remove("touchpoint", "chat"),
            10 => draft.add("channel", &format!("ch {what}"), &[("control", New::text("low"))]),
            _ => draft.set(Place::One("kpi", "csat"), "target", &New::Number(f64::from(what) / 256.0)),
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]
        #[test]
        fn whatever_is_edited_comments_stay_in_order_and_the_file_right(
            edits in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..12)
        ) {
            let mut draft = Draft::parse("t.toml", EXAMPLE).expect("right");
            for what in edits {
                let before = draft.text().to_owned();
                if edit(&mut draft, what).is_err() {
                    proptest::prop_assert_eq!(draft.text(), before);
                }
                let again = Draft::parse("t.toml", draft.text()).expect("still right");
                proptest::prop_assert_eq!(again.workspace(), draft.workspace());
                let comments = |text: &str| text.lines().filter(|line| line.starts_with("# --")).map(str::to_owned).collect::<Vec<_>>();
                proptest::prop_assert_eq!(comments(EXAMPLE), comments(draft.text()));
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_the_file_stays_as_it_was() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trailmap.toml");
        std::fs::write(&path, EXAMPLE).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
        let mut draft = Draft::read(&path).expect("right");
        draft.remove("funnel", "cart").expect("removed");
        draft.write(&path).expect("kept");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o644);
    }
}
