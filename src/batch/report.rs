//! What a load saw, as tables and notes.

use std::sync::Arc;

use crate::ingest::RawRows;
use crate::ingest::report::{LoadReport, Reject};
use crate::table::text::count;
use crate::table::{Cell, Column, Kind, Table};

/// Table `source`: one row per file.
pub(super) fn source_table(report: &LoadReport) -> Table {
    let mut table = Table::new(
        "source",
        &[
            ("file", Kind::Text),
            ("format", Kind::Text),
            ("rows", Kind::Count),
            ("events", Kind::Count),
            ("rejected", Kind::Count),
            ("customers", Kind::Count),
            ("first", Kind::Time),
            ("last", Kind::Time),
        ],
    );
    for file in &report.files {
        table.push(vec![
            Cell::text(&file.file),
            Cell::text(&file.format),
            Cell::Count(file.rows),
            Cell::Count(file.events),
            Cell::Count(file.rejected),
            Cell::Count(file.customers),
            file.first.map_or(Cell::Empty, Cell::Time),
            file.last.map_or(Cell::Empty, Cell::Time),
        ]);
    }
    table
}

/// Files that the table `reading` tells of one by one.
const READINGS: usize = 50;

/// Table `reading`: what was made of every file, and of the ids and ties of all.
pub(super) fn reading_table(report: &LoadReport, n_events: u64, n_ties: u64) -> Table {
    let mut table = Table::new("reading", &[("file", Kind::Text), ("what", Kind::Text), ("value", Kind::Text)]);
    for reading in report.readings.iter().take(READINGS) {
        for (what, value) in reading.facts() {
            table.push(vec![Cell::text(&reading.file), Cell::text(what), Cell::Text(value)]);
        }
    }
    if let Some(more) = report.readings.len().checked_sub(READINGS).filter(|more| *more > 0) {
        table.push(vec![Cell::Empty, Cell::text("files"), Cell::Text(format!("{} more", count(more as u64)))]);
    }
    let percent = |part: u64, of: u64| format!("{:.1} %", 100.0 * part as f64 / of.max(1) as f64);
    let mut all = |what: &str, value: String| table.push(vec![Cell::Empty, Cell::text(what), Cell::Text(value)]);
    if let Some(identity) = &report.identity {
        let (links, n_rows) = (&identity.links, report.rows - report.rejects.total());
        let columns = links.columns.iter().filter(|column| column.rows > 0);
        let filled = columns.map(|column| format!("{} {}", column.name, percent(column.rows, n_rows)));
        all("ids", filled.collect::<Vec<_>>().join(", "));
        let largest = links.clusters.first().map_or(1, |cluster| cluster.ids);
        all("people", format!("{} of {} ids, the largest of {largest}", count(links.n_people), count(links.n_ids)));
    }
    all(
        "ties",
        format!("{} of the events stand at the time of another of the same customer", percent(n_ties, n_events)),
    );
    table
}

/// Table `joins`: how many people each pair of kinds of sources has in common; `None` where there is but one.
pub(super) fn joins_table(report: &LoadReport) -> Option<Table> {
    let columns = [
        ("source", Kind::Text),
        ("other", Kind::Text),
        ("customers", Kind::Count),
        ("other_customers", Kind::Count),
        ("both", Kind::Count),
        ("share_of_fewer", Kind::Share),
        ("joined_by", Kind::Text),
    ];
    let mut table = Table::new("joins", &columns);
    for pair in &report.joins {
        let [a, b] = &pair.files;
        let fewer = pair.fewer();
        table.push(vec![
            Cell::text(a),
            Cell::text(b),
            Cell::Count(pair.people[0]),
            Cell::Count(pair.people[1]),
            Cell::Count(pair.both),
            if fewer > 0 { Cell::Number(pair.share()) } else { Cell::Empty },
            if pair.by.is_empty() { Cell::Empty } else { Cell::Text(pair.by()) },
        ]);
    }
    (!report.joins.is_empty()).then_some(table)
}

/// Adds to the checks of a profile how many people each pair of kinds of sources has in common.
pub(super) fn add_joins(report: &LoadReport, quality: &mut Table) {
    for pair in &report.joins {
        let share = if pair.fewer() > 0 { Cell::Number(pair.share()) } else { Cell::Empty };
        quality.push(vec![Cell::Text(pair.check()), Cell::Count(pair.both), share, Cell::Text(pair.meaning())]);
    }
}

/// Table `rejects` of a profile: the first few of every reason.
pub(super) fn profile_rejects_table(report: &LoadReport) -> Table {
    let columns = [("file", Kind::Text), ("line", Kind::Count), ("reason", Kind::Text), ("text", Kind::Text)];
    let mut table = Table::new("rejects", &columns);
    for reject in &report.rejects.kept {
        let Reject { line, reason, text, .. } = reject;
        table.push(vec![file_of(report, reject), Cell::Count(*line), Cell::text(reason.name()), Cell::text(text)]);
    }
    table
}

/// Table `rejects` of the command of that name: all that were kept, with the column at fault.
pub(super) fn rejects_table(report: &LoadReport) -> Table {
    let columns = [
        ("file", Kind::Text),
        ("line", Kind::Count),
        ("column", Kind::Text),
        ("reason", Kind::Text),
        ("text", Kind::Text),
    ];
    let mut table = Table::new("rejects", &columns);
    for reject in &report.rejects.kept {
        let Reject { line, column, reason, text, .. } = reject;
        table.push(vec![
            file_of(report, reject),
            Cell::Count(*line),
            column.as_ref().map_or(Cell::Empty, Cell::text),
            Cell::text(reason.name()),
            Cell::text(text),
        ]);
    }
    table
}

fn file_of(report: &LoadReport, reject: &Reject) -> Cell {
    report.files.get(reject.file).map_or(Cell::Empty, |file| Cell::text(&file.file))
}

/// How every file was read.
pub(super) fn dialects(report: &LoadReport) -> Vec<String> {
    report.files.iter().map(|file| format!("{}: {}, {}", file.file, file.format, file.dialect)).collect()
}

/// The reader's warnings, and how many rows were rejected for what reason.
pub(super) fn notes(report: &LoadReport) -> Vec<String> {
    let mut notes = report.notes.clone();
    let total = report.rejects.total();
    if total > 0 {
        let reasons: Vec<String> =
            report.rejects.counts.iter().map(|(reason, n)| format!("{} {}", count(*n), reason.name())).collect();
        let rows = if total == 1 { "row was" } else { "rows were" };
        notes.push(format!("{} {rows} rejected: {}", count(total), reasons.join(", ")));
    }
    notes
}

/// Table `rows`: a file as it was read, everything as text.
pub(super) fn rows_table(raw: RawRows) -> Table {
    let mut columns: Vec<Column> = raw.columns.iter().map(|name| Column::new(name, Kind::Text)).collect();
    // A row with more fields than the header keeps them.
    let widest = raw.rows.iter().map(Vec::len).max().unwrap_or(0);
    for i in columns.len()..widest {
        columns.push(Column::new(format!("column_{}", i + 1), Kind::Text));
    }
    let (n_rows, n_columns) = (raw.rows.len(), columns.len());
    let rows = Arc::new(raw.rows);
    Table::made("rows", columns, n_rows, move |i| {
        let cell = |at: usize| rows[i].get(at).cloned().flatten().map_or(Cell::Empty, Cell::Text);
        (0..n_columns).map(cell).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::report::{FileReport, Reason, Rejects};

    fn report() -> LoadReport {
        let file = FileReport {
            file: "a.csv".into(),
            format: "csv".into(),
            dialect: "comma, header on line 1".into(),
            bytes: 100,
            rows: 5,
            rejected: 3,
            events: 2,
            customers: 1,
            first: None,
            last: None,
        };
        let reject = |line, reason, column: Option<&str>| Reject {
            file: 0,
            line,
            column: column.map(str::to_owned),
            reason,
            text: "x,,".into(),
        };
        LoadReport {
            files: vec![file],
            rejects: Rejects {
                counts: [(Reason::BadTime, 2), (Reason::NoCustomer, 1)].into(),
                kept: vec![reject(3, Reason::BadTime, Some("ts")), reject(4, Reason::NoCustomer, None)],
            },
            rows: 5,
            ..LoadReport::default()
        }
    }

    #[test]
    fn rejected_rows_are_counted_by_reason_in_a_note() {
        assert_eq!(notes(&report()), ["3 rows were rejected: 1 no customer, 2 unreadable time"]);
        assert_eq!(dialects(&report()), ["a.csv: csv, comma, header on line 1"]);
        assert!(notes(&LoadReport::default()).is_empty());
    }

    #[test]
    fn rejects_name_file_line_column_and_reason() {
        let table = rejects_table(&report());
        assert_eq!(table.cell(0, "column"), Some(Cell::text("ts")));
        assert_eq!(table.cell(1, "column"), Some(Cell::Empty));
        assert_eq!(table.cell(1, "line"), Some(Cell::Count(4)));
        assert_eq!(profile_rejects_table(&report()).columns.len(), 4);
        assert_eq!(source_table(&report()).cell(0, "rejected"), Some(Cell::Count(3)));
    }

    #[test]
    fn a_row_longer_than_the_header_keeps_its_fields() {
        let some = |text: &str| Some(text.to_owned());
        let table = rows_table(RawRows {
            columns: vec!["a".into()],
            rows: vec![vec![some("1")], vec![some("2"), some("3")], vec![None]],
        });
        assert_eq!(table.cell(1, "column_2"), Some(Cell::text("3")));
        assert_eq!(table.cell(0, "column_2"), Some(Cell::Empty));
        assert_eq!(table.cell(2, "a"), Some(Cell::Empty));
    }
}
