//! `Document`: an answer with everything that is needed to trust and repeat it.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::table::Table;
use crate::table::text::count;

#[derive(Debug, Clone)]
pub struct Document {
    /// The name of the question.
    pub analysis: String,
    /// The question, as a saved view holds it.
    pub spec: Value,
    pub source: Source,
    /// The first is the one that formats for one table hold.
    pub tables: Vec<Table>,
    /// Warnings, in whole sentences.
    pub notes: Vec<String>,
}

/// Where the numbers come from.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Source {
    pub files: Vec<String>,
    /// `None` where no events were made of the rows.
    #[serde(flatten)]
    pub counts: Option<Counts>,
}

/// `read = events + rejected + duplicates`, always.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    pub read: u64,
    pub events: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub customers: u64,
    pub names: u64,
    /// Times in RFC 3339, UTC.
    pub first: Option<String>,
    pub last: Option<String>,
    pub as_of: Option<String>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct UnknownTable {
    pub name: String,
    pub analysis: String,
    pub nearest: Option<String>,
    pub tables: Vec<String>,
}

impl UnknownTable {
    fn sentence(&self) -> String {
        let UnknownTable { name, analysis, nearest, tables } = self;
        let hint = nearest.as_ref().map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let all = tables.join(", ");
        format!("`{}` is not a table of this {analysis}; {hint}there are {all}", visible(name))
    }
}

impl Counts {
    /// The sum that every reader may check.
    pub fn conservation(&self) -> String {
        format!(
            "read {} = {} events + {} rejected + {} duplicates",
            count(self.read),
            count(self.events),
            count(self.rejected),
            count(self.duplicates)
        )
    }
}

impl Document {
    /// The hash of the question, equal for equal questions whatever the order of their keys.
    pub fn spec_hash(&self) -> String {
        let mut canonical = String::new();
        write_canonical(&self.spec, &mut canonical);
        let digest = Sha256::digest(canonical.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }

    /// Leaves only the named table.
    ///
    /// # Errors
    /// `UnknownTable`, with the tables that there are.
    pub fn choose(&mut self, name: &str) -> Result<(), UnknownTable> {
        let Some(at) = self.tables.iter().position(|table| table.name == name) else {
            let tables: Vec<String> = self.tables.iter().map(|table| table.name.clone()).collect();
            let nearest = nearest(name, tables.iter().map(String::as_str)).map(str::to_owned);
            return Err(UnknownTable { name: name.to_owned(), analysis: self.analysis.clone(), nearest, tables });
        };
        self.tables = vec![self.tables.swap_remove(at)];
        Ok(())
    }

    /// Cuts every table to its first rows, and says so.
    pub fn limit(&mut self, rows: usize) {
        for table in &mut self.tables {
            if table.len() > rows {
                let (shown, all) =
                    (crate::table::text::count(rows as u64), crate::table::text::count(table.len() as u64));
                self.notes.push(format!("table `{}`: the first {shown} of {all} rows (-n)", table.name));
                let whole = std::mem::replace(table, Table::new("", &[]));
                *table = whole.limited(rows);
            }
        }
    }
}

/// JSON with its keys in order and no spaces.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(value, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use crate::export::fixture;

    #[test]
    fn the_hash_of_a_question_does_not_depend_on_the_order_of_its_keys() {
        let mut one = fixture::hostile();
        let mut other = one.clone();
        one.spec = serde_json::json!({"steps": ["a", "b"], "scope": {"since": null, "clip": false}});
        other.spec = serde_json::json!({"scope": {"clip": false, "since": null}, "steps": ["a", "b"]});
        assert_eq!(one.spec_hash(), other.spec_hash());
        other.spec["steps"] = serde_json::json!(["b", "a"]);
        assert_ne!(one.spec_hash(), other.spec_hash());
        assert_eq!(one.spec_hash().len(), "sha256:".len() + 64);
    }

    #[test]
    fn an_unknown_table_is_refused_with_the_nearest_and_all_there_are() {
        let mut document = fixture::hostile();
        let err = document.choose("step").expect_err("unknown");
        assert_eq!(
            err.to_string(),
            "`step` is not a table of this funnel; did you mean `steps`? there are steps, after"
        );
        document.choose("after").expect("known");
        assert_eq!(document.tables.len(), 1);
    }

    #[test]
    fn the_sum_of_records_is_written_out() {
        let counts = fixture::hostile().source.counts.expect("counts");
        assert_eq!(counts.conservation(), "read 12 = 10 events + 2 rejected + 0 duplicates");
    }

    #[test]
    fn a_limit_is_said() {
        let mut document = fixture::hostile();
        document.limit(1);
        assert_eq!(document.tables[0].len(), 1);
        assert_eq!(document.notes.last().expect("a note"), "table `steps`: the first 1 of 3 rows (-n)");
    }
}
