//! The JSON Schema of the workspace file, made from the table of keys: editors check and complete a file with it.

use serde_json::{Map, Value, json};

use super::keys::{Kind, SCHEMA, Section, WORKSPACE};
use super::values::expected;

/// The schema as a file: the same bytes for the same table of keys.
pub fn text() -> String {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("trailmap workspace"));
    schema.insert(
        "description".into(),
        json!("A trailmap.toml: sources, the planned journey, and saved questions. Made from the program's own table of keys."),
    );
    schema.extend(of_section(&WORKSPACE));
    let text = serde_json::to_string_pretty(&Value::Object(schema)).unwrap_or_default();
    format!("{text}\n")
}

fn of_section(section: &Section) -> Map<String, Value> {
    let properties: Map<String, Value> = section
        .keys
        .iter()
        .map(|key| {
            let mut of_key = of_kind(&key.kind);
            of_key.insert("description".into(), json!(key.doc));
            (key.name.to_owned(), Value::Object(of_key))
        })
        .collect();
    let required: Vec<&str> = section.keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    if section.name == "cohort" {
        schema.insert("oneOf".into(), json!([{"required": ["when"]}, {"required": ["among"]}]));
    }
    if section.name == "monitor" {
        schema.insert("anyOf".into(), json!([{"required": ["kpi"]}, {"required": ["expr"]}]));
    }
    schema.insert("additionalProperties".into(), json!(false));
    schema
}

fn of_kind(kind: &Kind) -> Map<String, Value> {
    let value = match kind {
        Kind::Id => json!({"type": "string", "pattern": "\\S"}),
        Kind::Text | Kind::Ref(_) | Kind::RefOr(..) | Kind::OutFile => json!({"type": "string"}),
        Kind::Label => {
            json!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]})
        }
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Number(least, most) => {
            let mut schema = Map::from_iter([("type".to_owned(), json!("number"))]);
            if *least > -f64::MAX {
                schema.insert("minimum".into(), json!(least));
            }
            if *most < f64::MAX {
                schema.insert("maximum".into(), json!(most));
            }
            Value::Object(schema)
        }
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
        Kind::Schema => json!({"type": "integer", "const": SCHEMA}),
        Kind::Span => json!({"type": "string", "pattern": "^\\s*([0-9]+(w|d|h|m|s|ms|us|µs))+\\s*$"}),
        Kind::Period => json!({"type": "string", "pattern": "\\.\\."}),
        Kind::Range => json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
        Kind::Character => json!({"type": "string", "pattern": "^(.|tab)$"}),
        Kind::Zone
        | Kind::AsOf
        | Kind::When
        | Kind::Events
        | Kind::Customers
        | Kind::Expr
        | Kind::Formula
        | Kind::Step
        | Kind::Exclusion
        | Kind::FunnelStep
        | Kind::PathStep
        | Kind::Ask
        | Kind::Among => json!({"type": "string", "examples": [example(kind)]}),
        Kind::List(inner) => json!({"type": "array", "items": of_kind(inner)}),
        Kind::Map(inner) | Kind::MapOf(_, inner) => json!({"type": "object", "additionalProperties": of_kind(inner)}),
        Kind::Table(section) => Value::Object(of_section(section)),
        Kind::Tables(section) => json!({"type": "array", "items": of_section(section)}),
        Kind::Named(section) => json!({"type": "object", "additionalProperties": of_section(section)}),
    };
    match value {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// What stands between the quotes of what a kind should be.
fn example(kind: &Kind) -> String {
    let words = expected(kind);
    let inside = words.split_once('\'').and_then(|(_, rest)| rest.rsplit_once('\''));
    let inside = inside.or_else(|| words.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')));
    inside.map_or("2025-02-17T00:00:00Z", |(text, _)| text).to_owned()
}
