//! Documents for the tests of all formats: one with hostile text, one that is long.

use super::{Counts, Document, Source};
use crate::base::Instant;
use crate::table::{Cell, Column, Kind, Table};

/// Two small tables with everything that a cell may hold.
pub fn hostile() -> Document {
    let mut steps = Table::new(
        "steps",
        &[
            ("step", Kind::Count),
            ("name", Kind::Text),
            ("share", Kind::Share),
            ("median_s", Kind::Seconds),
            ("first", Kind::Time),
            ("mature", Kind::Flag),
        ],
    );
    let at = Cell::Time(Instant(1_572_631_153_273_932));
    let names = ["view, \"then\"\nbuy|<b>", "=cmd()\x1b[31m", "日本\u{202E}語"];
    let shares = [Cell::Number(1.0), Cell::Number(2.0 / 3.0), Cell::Empty];
    for (i, (name, share)) in names.into_iter().zip(shares).enumerate() {
        let seconds = if i == 0 { Cell::Empty } else { Cell::Number(160.5) };
        steps.push(vec![
            Cell::Count(1234 + i as u64),
            Cell::text(name),
            share,
            seconds,
            at.clone(),
            Cell::Flag(i == 0),
        ]);
    }
    let mut after = Table::new("after", &[("next", Kind::Text), ("p", Kind::Probability)]);
    after.push(vec![Cell::text("(end)"), Cell::Number(0.0004)]);
    let counts = Counts {
        read: 12,
        events: 10,
        rejected: 2,
        customers: 3,
        names: 3,
        first: Some("2019-11-01T17:59:13.273932Z".into()),
        ..Counts::default()
    };
    Document {
        analysis: "funnel".into(),
        spec: serde_json::json!({"steps": ["a"], "within": "7d"}),
        source: Source { files: vec!["shop.csv".into()], counts: Some(counts) },
        tables: vec![steps, after],
        notes: vec!["3 ties".into()],
    }
}

/// One table of 20,000 rows that are made on demand.
pub fn long() -> Document {
    let columns = vec![Column::new("n", Kind::Count), Column::new("text", Kind::Text)];
    let table = Table::made("numbers", columns, 20_000, |i| vec![Cell::Count(i as u64), Cell::text(format!("r{i}"))]);
    Document { tables: vec![table], ..hostile() }
}

/// What a format writes.
pub fn written(name: &str, document: &Document, style: &super::Style) -> String {
    let mut out = Vec::new();
    let format = super::format(name).expect("a format");
    (format.write)(document, style, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}
