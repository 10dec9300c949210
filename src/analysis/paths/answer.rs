//! `Paths`: the numbers of paths, and their tables. Every row knows the cell that opens it.

use super::loops::Kind as LoopKind;
use super::matrix::Matrix;
use super::names::OTHER;
use super::spec::{Part, Unit};
use crate::table::{Cell, Kind, Table};

/// A path that units share; `(other)` is all that do not stand alone.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceRow {
    /// `None` is `(other)`.
    pub rank: Option<u64>,
    pub path: String,
    pub names: Vec<String>,
    pub units: u64,
    /// Units of this row and those above.
    pub cumulative: u64,
    pub customers: u64,
    pub median_s: Option<f64>,
    pub converted: u64,
}

/// A touchpoint at a position. `units = out + ended + open + beyond + other`.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From 1.
    pub depth: usize,
    pub name: String,
    pub units: u64,
    pub out: u64,
    pub ended: u64,
    pub open: u64,
    pub beyond: u64,
    pub other: u64,
}

/// From a touchpoint at a position to one at the next; `(other)` on either side is what does not stand alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The position of `from`, from 1.
    pub depth: usize,
    pub from: String,
    pub to: String,
    pub units: u64,
    pub units_of_from: u64,
    pub median_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LoopRow {
    pub kind: LoopKind,
    pub name: String,
    /// The touchpoint that a round leads over.
    pub with: Option<String>,
    pub units: u64,
    pub customers: u64,
    /// Units that were at the touchpoint at all.
    pub units_of_name: u64,
    /// How often in all, over those units.
    pub times: u64,
    /// Of one round.
    pub median_s: Option<f64>,
}

/// Where ways end.
#[derive(Debug, Clone, PartialEq)]
pub struct EndRow {
    pub name: String,
    /// Units that were there.
    pub units: u64,
    pub ended: u64,
    pub open: u64,
}

/// A branch of the tree of paths that begin alike.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRow {
    pub parent: Option<usize>,
    pub depth: usize,
    pub path: String,
    pub name: String,
    pub units: u64,
    pub units_of_parent: u64,
    pub ended: u64,
    pub open: u64,
    pub beyond: u64,
    /// On branches that are not shown, and how many there are.
    pub other: u64,
    pub n_other: u64,
    pub converted: u64,
    pub median_s: Option<f64>,
    /// The name stands earlier on the path too.
    pub is_again: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paths {
    /// The question in words.
    pub title: String,
    pub unit: Unit,
    /// The tables that were asked for; they are there even where they have no rows.
    pub parts: Vec<Part>,
    pub has_goal: bool,
    pub units: u64,
    pub customers: u64,
    /// Units that come to the goal.
    pub converted: u64,
    pub n_sequences: u64,
    /// Sequences of a single unit.
    pub n_once: u64,
    /// The most frequent sequences that together hold four fifths of the units.
    pub n_head: u64,
    pub sequences: Vec<SequenceRow>,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    pub loops: Vec<LoopRow>,
    pub ends: Vec<EndRow>,
    pub matrix: Option<Matrix>,
    pub tree: Vec<TreeRow>,
    pub notes: Vec<String>,
}

impl SequenceRow {
    /// What `--who` opens it by.
    pub fn cell(&self) -> String {
        self.rank.map_or_else(|| OTHER.to_owned(), |rank| rank.to_string())
    }
}

impl Node {
    pub fn cell(&self) -> String {
        format!("{}:{}", self.depth, self.name)
    }
}

impl Edge {
    pub fn cell(&self) -> String {
        format!("{}:{}>{}", self.depth, self.from, self.to)
    }
}

impl LoopRow {
    pub fn cell(&self) -> String {
        match &self.with {
            Some(with) => format!("{}>{with}:{}", self.name, self.kind.name()),
            None => format!("{}:{}", self.name, self.kind.name()),
        }
    }
}

impl EndRow {
    /// `what` is `units`, `ended` or `open`.
    pub fn cell(&self, what: &str) -> String {
        format!("{}:{what}", self.name)
    }
}

impl TreeRow {
    /// What `--who` opens it by; a path of one touchpoint is that touchpoint at the first position.
    pub fn cell(&self) -> String {
        if self.depth == 1 { format!("1:{}", self.name) } else { self.path.clone() }
    }
}

impl Paths {
    /// Tables `sequences`, `nodes`, `edges`, `loops`, `ends`, and where asked for `matrix` and `tree`.
    pub fn tables(&self) -> Vec<Table> {
        let table = |part: &Part| match part {
            Part::Sequences => self.sequences_table(),
            Part::Nodes => self.nodes_table(),
            Part::Edges => self.edges_table(),
            Part::Loops => self.loops_table(),
            Part::Ends => self.ends_table(),
            Part::Matrix => self.matrix.clone().unwrap_or_default().table(),
            Part::Tree => self.tree_table(),
        };
        self.parts.iter().map(table).collect()
    }

    /// How many convert of how many: empty where there is no goal.
    fn goal_cells(&self, converted: u64, units: u64) -> [Cell; 4] {
        if !self.has_goal {
            return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
        }
        let share = |part: u64, whole: u64| if whole == 0 { None } else { Some(part as f64 / whole as f64) };
        let (conversion, base) = (share(converted, units), share(self.converted, self.units));
        let lift = conversion.zip(base.filter(|base| *base > 0.0)).map(|(conversion, base)| conversion / base);
        [Cell::Count(converted), Cell::number(conversion), Cell::number(base), Cell::number(lift)]
    }

    fn sequences_table(&self) -> Table {
        let mut table = Table::new(
            "sequences",
            &[
                ("rank", Kind::Count),
                ("path", Kind::Text),
                ("length", Kind::Count),
                ("units", Kind::Count),
                ("share", Kind::Share),
                ("cumulative", Kind::Share),
                ("customers", Kind::Count),
                ("median_s", Kind::Seconds),
                ("converted", Kind::Count),
                ("conversion", Kind::Share),
                ("base_rate", Kind::Share),
                ("lift", Kind::Number),
            ],
        );
        for row in &self.sequences {
            let mut cells = vec![
                row.rank.map_or(Cell::Empty, Cell::Count),
                Cell::text(row.path.clone()),
                row.rank.map_or(Cell::Empty, |_| Cell::Count(row.names.len() as u64)),
                Cell::Count(row.units),
                Cell::share(row.units, self.units),
                Cell::share(row.cumulative, self.units),
                Cell::Count(row.customers),
                Cell::number(row.median_s),
            ];
            cells.extend(self.goal_cells(row.converted, row.units));
            table.push(cells);
        }
        table
    }

    fn nodes_table(&self) -> Table {
        let columns = [
            ("depth", Kind::Count),
            ("name", Kind::Text),
            ("units", Kind::Count),
            ("in", Kind::Count),
            ("out", Kind::Count),
            ("ended", Kind::Count),
            ("open", Kind::Count),
            ("beyond", Kind::Count),
            ("other", Kind::Count),
        ];
        let mut table = Table::new("nodes", &columns);
        for node in &self.nodes {
            let counts = [node.units, node.units, node.out, node.ended, node.open, node.beyond, node.other];
            let mut cells = vec![Cell::Count(node.depth as u64), Cell::text(node.name.clone())];
            cells.extend(counts.map(Cell::Count));
            table.push(cells);
        }
        table
    }

    fn edges_table(&self) -> Table {
        let columns = [
            ("depth", Kind::Count),
            ("from", Kind::Text),
            ("to", Kind::Text),
            ("units", Kind::Count),
            ("share_of_from", Kind::Share),
            ("median_s", Kind::Seconds),
        ];
        let mut table = Table::new("edges", &columns);
        for edge in &self.edges {
            table.push(vec![
                Cell::Count(edge.depth as u64),
                Cell::text(edge.from.clone()),
                Cell::text(edge.to.clone()),
                Cell::Count(edge.units),
                Cell::share(edge.units, edge.units_of_from),
                Cell::number(edge.median_s),
            ]);
        }
        table
    }

    fn loops_table(&self) -> Table {
        let columns = [
            ("kind", Kind::Text),
            ("name", Kind::Text),
            ("with", Kind::Text),
            ("units", Kind::Count),
            ("customers", Kind::Count),
            ("share", Kind::Share),
            ("times", Kind::Count),
            ("mean", Kind::Number),
            ("median_s", Kind::Seconds),
        ];
        let mut table = Table::new("loops", &columns);
        for row in &self.loops {
            table.push(vec![
                Cell::text(row.kind.name()),
                Cell::text(row.name.clone()),
                row.with.as_deref().map_or(Cell::Empty, Cell::text),
                Cell::Count(row.units),
                Cell::Count(row.customers),
                Cell::share(row.units, row.units_of_name),
                Cell::Count(row.times),
                Cell::share(row.times, row.units),
                Cell::number(row.median_s),
            ]);
        }
        table
    }

    fn ends_table(&self) -> Table {
        let columns = [
            ("name", Kind::Text),
            ("units", Kind::Count),
            ("ended", Kind::Count),
            ("open", Kind::Count),
            ("share_ended", Kind::Share),
        ];
        let mut table = Table::new("ends", &columns);
        for row in &self.ends {
            table.push(vec![
                Cell::text(row.name.clone()),
                Cell::Count(row.units),
                Cell::Count(row.ended),
                Cell::Count(row.open),
                Cell::share(row.ended, row.units),
            ]);
        }
        table
    }

    fn tree_table(&self) -> Table {
        let columns = [
            ("depth", Kind::Count),
            ("path", Kind::Text),
            ("name", Kind::Text),
            ("units", Kind::Count),
            ("share", Kind::Share),
            ("share_of_parent", Kind::Share),
            ("ended", Kind::Count),
            ("open", Kind::Count),
            ("beyond", Kind::Count),
            ("other", Kind::Count),
            ("median_s", Kind::Seconds),
            ("converted", Kind::Count),
            ("conversion", Kind::Share),
            ("base_rate", Kind::Share),
            ("lift", Kind::Number),
        ];
        let mut table = Table::new("tree", &columns);
        for row in &self.tree {
            let mut cells = vec![
                Cell::Count(row.depth as u64),
                Cell::text(row.path.clone()),
                Cell::text(row.name.clone()),
                Cell::Count(row.units),
                Cell::share(row.units, self.units),
                Cell::share(row.units, row.units_of_parent),
                Cell::Count(row.ended),
                Cell::Count(row.open),
                Cell::Count(row.beyond),
                Cell::Count(row.other),
                Cell::number(row.median_s),
            ];
            cells.extend(self.goal_cells(row.converted, row.units));
            table.push(cells);
        }
        table
    }
}
