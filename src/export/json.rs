//! JSON: the whole document, rows as objects keyed by column, one row per line; and one object per row as NDJSON.

use std::io::Write;

use serde::{Serialize, Serializer};

use super::blocks::write_rows;
use super::{Document, Error, Style};
use crate::table::{Cell, Column, Table};

pub(super) fn write(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    write!(out, "{{\"trailmap\":{},", text_of(env!("CARGO_PKG_VERSION")))?;
    write!(out, "\"analysis\":{},\n ", text_of(&document.analysis))?;
    write!(out, "\"spec\":{},\n ", document.spec)?;
    write!(out, "\"spec_hash\":{},\n ", text_of(&document.spec_hash()))?;
    write!(out, "\"source\":{},\n ", json_of(&document.source))?;
    write!(out, "\"tables\":[")?;
    for (i, table) in document.tables.iter().enumerate() {
        out.write_all(if i > 0 { b",\n  " } else { b"\n  " })?;
        write_table(table, style, out)?;
    }
    write!(out, "],\n \"notes\":{}}}\n", json_of(&document.notes))?;
    Ok(())
}

fn write_table(table: &Table, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    write!(out, "{{\"name\":{},\"columns\":[", text_of(&table.name))?;
    for (i, column) in table.columns.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        write!(out, "{comma}{{\"name\":{},\"kind\":{}}}", text_of(&column.name), text_of(column.kind.name()))?;
    }
    write!(out, "],\"rows\":[")?;
    let keys = keys(&table.columns);
    write_rows(table, 0..table.len(), style, out, |i, row, bytes| {
        bytes.extend_from_slice(if i > 0 { b",\n   " } else { b"\n   " });
        push_row(&keys, row, bytes);
    })?;
    write!(out, "]}}")?;
    Ok(())
}

pub(super) fn write_lines(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let Some(table) = document.tables.first() else { return Ok(()) };
    let keys = keys(&table.columns);
    write_rows(table, 0..table.len(), style, out, |_, row, bytes| {
        push_row(&keys, row, bytes);
        bytes.push(b'\n');
    })
}

/// Every column as `"name":`, so that a row pays only for its values.
fn keys(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{}:", text_of(&column.name))).collect()
}

fn push_row(keys: &[String], row: &[Cell], bytes: &mut Vec<u8>) {
    bytes.push(b'{');
    for (i, (key, cell)) in keys.iter().zip(row).enumerate() {
        if i > 0 {
            bytes.push(b',');
        }
        bytes.extend_from_slice(key.as_bytes());
        serde_json::to_writer(&mut *bytes, &Raw(cell)).expect("a cell is always JSON");
    }
    bytes.push(b'}');
}

/// A cell as its raw value; a number that is not finite is null.
struct Raw<'a>(&'a Cell);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Empty => serializer.serialize_unit(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Count(n) => serializer.serialize_u64(*n),
            Cell::Int(n) => serializer.serialize_i64(*n),
            Cell::Number(x) => serializer.serialize_f64(*x),
            Cell::Time(at) => serializer.collect_str(at),
            Cell::Flag(yes) => serializer.serialize_bool(*yes),
        }
    }
}

fn text_of(text: &str) -> String {
    json_of(text)
}

fn json_of<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, long, written};
    use serde_json::{Value, json};

    #[test]
    fn the_document_keeps_its_contract() {
        let document = hostile();
        let read: Value = serde_json::from_str(&written("json", &document, &Style::default())).expect("JSON");
        let keys: Vec<&String> = read.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["trailmap", "analysis", "spec", "spec_hash", "source", "tables", "notes"]);
        let keys: Vec<&String> = read["source"].as_object().expect("an object").keys().collect();
        assert_eq!(
            keys,
            ["files", "read", "events", "rejected", "duplicates", "customers", "names", "first", "last", "as_of"]
        );
        assert_eq!(read["trailmap"], env!("CARGO_PKG_VERSION"));
        assert_eq!(read["spec"], json!({"steps": ["a"], "within": "7d"}));
        assert_eq!(read["spec_hash"], document.spec_hash());
        assert_eq!(read["tables"][0]["columns"][2], json!({"name": "share", "kind": "share"}));
        assert_eq!(
            read["tables"][0]["rows"][1],
            json!({
                "step": 1235, "name": "=cmd()\u{1b}[31m", "share": 2.0 / 3.0, "median_s": 160.5,
                "first": "2019-11-01T17:59:13.273932Z", "mature": false
            })
        );
        assert_eq!(read["tables"][0]["rows"][2]["share"], Value::Null);
        assert_eq!(read["notes"], json!(["3 ties"]));
    }

    #[test]
    fn no_control_character_leaves_in_json() {
        for format in ["json", "ndjson"] {
            let text = written(format, &hostile(), &Style::default());
            assert!(text.chars().all(|c| c == '\n' || !c.is_ascii_control()), "{format}");
        }
    }

    #[test]
    fn ndjson_is_one_object_per_row() {
        let text = written("ndjson", &hostile(), &Style::default());
        insta::assert_snapshot!(text.lines().next().expect("a row"), @r#"{"step":1234,"name":"view, \"then\"\nbuy|<b>","share":1.0,"median_s":null,"first":"2019-11-01T17:59:13.273932Z","mature":true}"#);
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn a_long_table_is_one_valid_document() {
        let read: Value = serde_json::from_str(&written("json", &long(), &Style::default())).expect("JSON");
        let rows = read["tables"][0]["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), 20_000);
        assert_eq!(rows[19_999], json!({"n": 19_999, "text": "r19999"}));
    }
}
