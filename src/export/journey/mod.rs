//! A journey map as a picture: its lanes read from the tables of the answer, then drawn as SVG or as a Mermaid flowchart.
//!
//! A gap in the tables is a gap in the picture: nothing is drawn where nobody knows.

pub(super) mod mermaid;
pub(super) mod svg;

use super::{Document, Error};
use crate::base::visible::visible;
use crate::table::text::{count, number, seconds, share};
use crate::table::{Cell, Table};

/// How many touchpoints, channels and pains of a stage there is room for.
const NAMED: usize = 4;

/// One stage from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Lane {
    pub id: String,
    pub title: String,
    pub goal: Option<String>,
    pub customers: Option<u64>,
    /// Of all customers.
    pub share: Option<f64>,
    /// Who moved on, and between which bounds the share lies.
    pub moved_on: Option<f64>,
    pub moved_on_between: Option<(f64, f64)>,
    /// Median of those who moved on; until half had, with those still waiting.
    pub completed: Option<String>,
    pub waiting: Option<String>,
    /// −2 to 2.
    pub emotion: Option<f64>,
    pub emotion_n: u64,
    pub expected: Option<f64>,
    pub touchpoints: Vec<String>,
    pub channels: Vec<String>,
    pub kpis: Vec<Kpi>,
    pub pains: Vec<String>,
    pub owner: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kpi {
    pub text: String,
    /// green, amber, red; empty without a target.
    pub status: String,
}

/// Fewer voices than this are drawn dotted.
pub(super) const FEW_VOICES: u64 = 10;

/// The stages of the document's journey map.
///
/// # Errors
/// `Unfit` where the answer is no journey map.
pub(super) fn lanes(document: &Document, format: &'static str) -> Result<Vec<Lane>, Error> {
    let unfit = || Error::Unfit { format, analysis: document.analysis.clone() };
    if document.analysis != "map" {
        return Err(unfit());
    }
    let stages = Rows::of(document, "stages").ok_or_else(unfit)?;
    let mut lanes: Vec<Lane> = (0..stages.0.len()).map(|row| stage(&stages, row)).collect();
    if let Some(rows) = Rows::of(document, "touchpoints") {
        touchpoints(&rows, &mut lanes);
    }
    if let Some(rows) = Rows::of(document, "channels") {
        channels(&rows, &mut lanes);
    }
    if let Some(rows) = Rows::of(document, "kpis") {
        kpis(&rows, &mut lanes);
    }
    Ok(lanes)
}

/// How much of the data the map shows, in words.
pub(super) fn coverage(document: &Document) -> Vec<String> {
    let Some(rows) = Rows::of(document, "coverage") else { return Vec::new() };
    let line = |row: usize| Some(format!("{}: {}", rows.text(row, "what")?, share(rows.number(row, "share")?)));
    (0..rows.0.len()).filter_map(line).collect()
}

/// A table read by the names of its columns.
struct Rows<'a>(&'a Table);

impl<'a> Rows<'a> {
    fn of(document: &'a Document, name: &str) -> Option<Self> {
        document.tables.iter().find(|table| table.name == name).map(Rows)
    }

    /// Text that is safe to show.
    fn text(&self, row: usize, column: &str) -> Option<String> {
        match self.0.cell(row, column)? {
            Cell::Text(text) if !text.is_empty() => Some(visible(&text).into_owned()),
            _ => None,
        }
    }

    fn number(&self, row: usize, column: &str) -> Option<f64> {
        match self.0.cell(row, column)? {
            Cell::Number(x) => Some(x),
            _ => None,
        }
    }

    fn count(&self, row: usize, column: &str) -> Option<u64> {
        match self.0.cell(row, column)? {
            Cell::Count(n) => Some(n),
            _ => None,
        }
    }

    /// The label, or else the name.
    fn title(&self, row: usize, name: &str) -> String {
        self.text(row, "label").or_else(|| self.text(row, name)).unwrap_or_default()
    }

    /// The lane of a row's stage.
    fn lane<'l>(&self, row: usize, lanes: &'l mut [Lane]) -> Option<&'l mut Lane> {
        let stage = self.text(row, "stage")?;
        lanes.iter_mut().find(|lane| lane.id == stage)
    }

    /// Rows by a count, most first, ties in their order.
    fn by_most(&self, column: &str) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.0.len()).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(self.count(*row, column)));
        rows
    }
}

fn stage(rows: &Rows, row: usize) -> Lane {
    Lane {
        id: rows.text(row, "stage").unwrap_or_default(),
        title: rows.title(row, "stage"),
        goal: rows.text(row, "goal"),
        customers: rows.count(row, "customers"),
        share: rows.number(row, "share"),
        moved_on: rows.number(row, "share_moved_on"),
        moved_on_between: rows.number(row, "lo").zip(rows.number(row, "hi")),
        completed: rows.number(row, "completed_median_s").map(seconds),
        waiting: rows.number(row, "km_median_s").map(seconds),
        emotion: rows.number(row, "emotion"),
        emotion_n: rows.count(row, "emotion_n").unwrap_or(0),
        expected: rows.number(row, "expected_emotion"),
        owner: rows.text(row, "owner"),
        ..Lane::default()
    }
}

fn touchpoints(rows: &Rows, lanes: &mut [Lane]) {
    for row in rows.by_most("customers") {
        let customers = rows.count(row, "customers").unwrap_or(0);
        if let Some(lane) = rows.lane(row, lanes)
            && customers > 0
            && lane.touchpoints.len() < NAMED
        {
            lane.touchpoints.push(format!("{} {}", rows.title(row, "touchpoint"), count(customers)));
        }
    }
    let mut worst: Vec<(u64, usize)> =
        (0..rows.0.len()).filter_map(|row| Some((rows.count(row, "rank")?, row))).collect();
    worst.sort_unstable();
    for (rank, row) in worst {
        if let Some(lane) = rows.lane(row, lanes)
            && lane.pains.len() < NAMED
        {
            lane.pains.push(format!("#{rank} {}", rows.title(row, "touchpoint")));
        }
    }
}

fn channels(rows: &Rows, lanes: &mut [Lane]) {
    for row in rows.by_most("events") {
        let part = rows.number(row, "share").map(|x| format!(" {}", share(x))).unwrap_or_default();
        let whose = rows.text(row, "ownership").map(|ownership| format!(" · {ownership}")).unwrap_or_default();
        if let Some(lane) = rows.lane(row, lanes)
            && lane.channels.len() < NAMED
        {
            lane.channels.push(format!("{}{part}{whose}", rows.title(row, "channel")));
        }
    }
}

fn kpis(rows: &Rows, lanes: &mut [Lane]) {
    for row in 0..rows.0.len() {
        let figure = |column: &str| rows.number(row, column).map(number);
        let value = figure("value").unwrap_or_else(|| "–".to_owned());
        let target = figure("target").map(|target| format!(" (target {target})")).unwrap_or_default();
        let status = rows.text(row, "status").unwrap_or_default();
        let text = format!("{} {value}{target}", rows.title(row, "kpi"));
        if let Some(lane) = rows.lane(row, lanes) {
            lane.kpis.push(Kpi { text, status });
        }
    }
}

/// The mark of a KPI's status, so that it is read without colour.
pub(super) fn mark(status: &str) -> &'static str {
    match status {
        "green" => "✓",
        "amber" => "!",
        "red" => "✗",
        _ => "·",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::export::fixture::hostile;
    use crate::export::{Style, format};
    use crate::table::Kind;

    fn row(table: &mut Table, cells: Vec<Cell>) {
        table.push(cells);
    }

    /// Three stages: one with everything, one that nobody speaks of, one that is the last and hostile.
    fn stages() -> Table {
        let mut stages = Table::new(
            "stages",
            &[
                ("stage", Kind::Text),
                ("customers", Kind::Count),
                ("moved_on", Kind::Count),
                ("lo", Kind::Share),
                ("hi", Kind::Share),
                ("completed_median_s", Kind::Seconds),
                ("km_median_s", Kind::Seconds),
                ("emotion", Kind::Number),
                ("emotion_n", Kind::Count),
                ("owner", Kind::Text),
                ("label", Kind::Text),
                ("share", Kind::Share),
                ("share_moved_on", Kind::Share),
                ("expected_emotion", Kind::Number),
                ("goal", Kind::Text),
            ],
        );
        let (n, t, c) = (Cell::Number, |text: &str| Cell::text(text), Cell::Count);
        row(
            &mut stages,
            vec![
                t("aware"),
                c(3600),
                c(2700),
                n(0.735),
                n(0.764),
                n(3_600.0),
                n(7_200.0),
                n(0.5),
                c(40),
                t("marketing"),
                t("意识"),
                n(0.98),
                n(0.75),
                n(0.0),
                t("知道我们"),
            ],
        );
        let gap = || Cell::Empty;
        row(
            &mut stages,
            vec![
                t("consider"),
                c(2708),
                c(0),
                n(0.0),
                n(0.1),
                gap(),
                gap(),
                gap(),
                c(0),
                gap(),
                gap(),
                n(0.74),
                n(0.0),
                gap(),
                gap(),
            ],
        );
        row(
            &mut stages,
            vec![
                t("</text><script>"),
                c(795),
                gap(),
                gap(),
                gap(),
                gap(),
                gap(),
                n(-1.25),
                c(4),
                gap(),
                gap(),
                n(0.2),
                gap(),
                n(1.0),
                gap(),
            ],
        );
        stages
    }

    pub fn map() -> Document {
        let (n, t, c) = (Cell::Number, |text: &str| Cell::text(text), Cell::Count);
        let gap = || Cell::Empty;
        let columns = [("touchpoint", Kind::Text), ("label", Kind::Text), ("stage", Kind::Text)];
        let mut touchpoints = Table::new("touchpoints", &columns);
        touchpoints.columns.extend(
            [("customers", Kind::Count), ("rank", Kind::Count)]
                .map(|(name, kind)| crate::table::Column::new(name, kind)),
        );
        row(&mut touchpoints, vec![t("visit"), gap(), t("aware"), c(30), gap()]);
        row(&mut touchpoints, vec![t("ad"), t("广告"), t("aware"), c(900), c(1)]);
        row(&mut touchpoints, vec![t("never"), gap(), t("consider"), c(0), gap()]);
        let mut channels = Table::new(
            "channels",
            &columns.map(|(name, kind)| (if name == "touchpoint" { "channel" } else { name }, kind)),
        );
        channels.columns.extend(
            [("events", Kind::Count), ("share", Kind::Share), ("ownership", Kind::Text)]
                .map(|(name, kind)| crate::table::Column::new(name, kind)),
        );
        row(&mut channels, vec![t("web"), gap(), t("aware"), c(10), n(0.4), t("brand")]);
        let mut kpis = Table::new(
            "kpis",
            &[
                ("stage", Kind::Text),
                ("kpi", Kind::Text),
                ("label", Kind::Text),
                ("value", Kind::Number),
                ("target", Kind::Number),
                ("status", Kind::Text),
            ],
        );
        row(&mut kpis, vec![t("aware"), t("to_cart"), gap(), n(0.61), n(0.65), t("amber")]);
        row(&mut kpis, vec![t("consider"), t("csat"), gap(), gap(), gap(), gap()]);
        let mut coverage = Table::new("coverage", &[("what", Kind::Text), ("share", Kind::Share)]);
        row(&mut coverage, vec![t("events in a stage"), n(0.93)]);
        let tables = vec![stages(), touchpoints, channels, kpis, coverage];
        Document { analysis: "map".into(), tables, ..hostile() }
    }

    #[test]
    fn lanes_hold_what_the_tables_say_and_nothing_where_they_say_nothing() {
        let lanes = lanes(&map(), "svg").expect("a journey map");
        assert_eq!(
            lanes.iter().map(|lane| lane.title.as_str()).collect::<Vec<_>>(),
            ["意识", "consider", "</text><script>"]
        );
        assert_eq!(lanes[0].touchpoints, ["广告 900", "visit 30"]);
        assert_eq!(
            (&lanes[0].pains[..], &lanes[0].channels[..]),
            (&["#1 广告".to_owned()][..], &["web 40.0% · brand".to_owned()][..])
        );
        assert_eq!((lanes[1].emotion, &lanes[1].touchpoints, &lanes[1].owner), (None, &Vec::new(), &None));
        assert_eq!(lanes[1].kpis[0].text, "csat –");
        assert_eq!((lanes[2].moved_on, lanes[2].emotion_n), (None, 4));
    }

    #[test]
    fn what_is_no_journey_map_is_not_drawn() {
        for name in ["svg", "mermaid"] {
            let format = format(name).expect("a format");
            let err = (format.write)(&hostile(), &Style::default(), &mut Vec::new()).expect_err("no map");
            assert_eq!(
                err.to_string(),
                format!("{name} draws journey maps, and this is the answer of funnel; take html, md or another format")
            );
        }
    }
}
