//! A first look at a file: the profile, cut to what fits a screen or two.

use crate::export::Document;

/// The tables of a first look, in their order, with the most rows of each.
const SHOWN: [(&str, usize); 6] =
    [("source", 15), ("joins", 15), ("reading", 20), ("events", 15), ("columns", 40), ("quality", 40)];

/// Keeps what a first look shows and says what was cut.
pub(super) fn narrow(document: &mut Document) {
    let mut all = std::mem::take(&mut document.tables);
    for (name, rows) in SHOWN {
        let Some(at) = all.iter().position(|table| table.name == name) else { continue };
        let table = all.swap_remove(at);
        if table.len() > rows {
            let note =
                format!("table `{name}`: the first {rows} of {} rows; `trailmap profile` prints all", table.len());
            document.notes.push(note);
        }
        document.tables.push(table.limited(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Source;
    use crate::table::{Cell, Kind, Table};

    #[test]
    fn a_first_look_shows_the_largest_events_and_says_what_it_left_out() {
        let table = |name: &str, n: u64| {
            let mut table = Table::new(name, &[("n", Kind::Count)]);
            (0..n).for_each(|i| table.push(vec![Cell::Count(i)]));
            table
        };
        let mut document = Document {
            analysis: "profile".into(),
            spec: serde_json::Value::Null,
            source: Source::default(),
            tables: vec![
                table("source", 1),
                table("columns", 3),
                table("events", 40),
                table("volume", 90),
                table("quality", 5),
            ],
            notes: Vec::new(),
        };
        narrow(&mut document);
        let shown: Vec<(String, usize)> =
            document.tables.iter().map(|table| (table.name.clone(), table.len())).collect();
        let expect = [("source", 1), ("events", 15), ("columns", 3), ("quality", 5)];
        assert_eq!(shown, expect.map(|(name, n)| (name.to_owned(), n)));
        assert_eq!(document.notes, ["table `events`: the first 15 of 40 rows; `trailmap profile` prints all"]);
    }
}
