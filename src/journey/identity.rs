//! People on several ids: rows that carry two ids link them, and everything that is linked is one customer.
//!
//! Ids are the codes that reading gave them. A union-find over the codes of all columns finds what belongs together, and
//! one pass over the rows gives every event its person. Who is one person, and what the person is called, depends on the
//! texts alone and never on the order of rows.

mod kinds;
mod spelled;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::bitmap::Bitmap;
use super::build::{BuildError, StoreBuilder};
use super::codes::{Code, Codes};
use super::columns::Pieces;
use super::names::Names;
use crate::base::Ctl;
use crate::with_codes;

use spelled::spelled;

pub use kinds::{Common, KINDS_MAX, Kinds};

/// What is linked, and how far.
pub struct LinkOptions<'a> {
    /// What the columns are called, that of the customers first.
    pub names: &'a [String],
    /// Columns beside that of the customers, in the order in which they name people; anonymous ones last.
    pub columns: &'a [IdColumn],
    /// A cluster of more ids is a device of many, and is not merged.
    pub max_ids: u32,
    /// Texts that are nobody's id; the empty text always is none.
    pub is_null: &'a dyn Fn(&str) -> bool,
    /// How an id is meant that is written in another way than it could be; `None` where it is as it should be.
    pub plain: &'a dyn Fn(&str) -> Option<String>,
    /// Where rows are of several kinds of sources, what says so.
    pub kinds: Option<Kinds<'a>>,
}

/// A property column of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdColumn {
    pub property: usize,
    /// Ids of people before they are known.
    pub is_anonymous: bool,
    /// The column whose ids these are too: 0 is that of the customers, others are one more than their place in the list.
    /// Otherwise equal texts in two columns are different ids.
    pub same_as: Option<usize>,
}

/// What linking found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Links {
    pub n_ids: u64,
    pub n_people: u64,
    /// People there would be if every row belonged to the first id it carries.
    pub n_unlinked: u64,
    /// One per column of ids, that of the customers first.
    pub columns: Vec<ColumnLinks>,
    /// Pairs of columns that rows carry together.
    pub joins: Vec<Join>,
    /// For each number of ids, how many people have so many.
    pub sizes: BTreeMap<u64, u64>,
    /// The people with the most ids, at least two.
    pub clusters: Vec<Cluster>,
    /// The largest of the clusters that were not merged.
    pub shared: Vec<Cluster>,
    pub n_shared: u64,
    pub n_shared_ids: u64,
    pub n_shared_events: u64,
    /// Ids that two kinds of sources have in common.
    pub common: Vec<Common>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnLinks {
    pub name: String,
    /// Rows with an id, and rows whose text is nobody's id.
    pub rows: u64,
    pub nulls: u64,
    /// Different ids, and those of them that stand beside another in some row.
    pub ids: u64,
    pub linked: u64,
    /// Texts that are also ids of another column and were not taken for the same.
    pub also_elsewhere: u64,
}

/// Rows that carry an id of both columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// Positions in `Links::columns`.
    pub columns: [usize; 2],
    pub rows: u64,
    /// Different ids of each column in these rows.
    pub ids: [u64; 2],
}

/// Ids that belong together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// What the person is called; of a shared device, its id that comes first.
    pub name: String,
    pub ids: u64,
    pub anonymous: u64,
    pub events: u64,
    pub examples: Vec<String>,
}

/// Clusters that are kept to be shown, and ids shown of each.
const CLUSTERS_KEPT: usize = 100;
const EXAMPLES: usize = 6;

/// No id.
const NONE: u32 = u32::MAX;

impl StoreBuilder {
    /// Links the ids of the rows so far, and makes every cluster one customer. Rows without a known id have the empty text
    /// for their customer, and an id in another column.
    ///
    /// # Errors
    /// `Cancelled`, or more ids than can be counted.
    pub fn link(&mut self, options: &LinkOptions<'_>, ctl: &Ctl) -> Result<Links, BuildError> {
        for column in options.columns {
            self.columns[column.property].make_text();
        }
        let nodes = Nodes::new(&self.customers, &self.columns, options).ok_or(BuildError::TooManyEvents)?;
        let mut links = Links { columns: nodes.columns(options), ..Links::default() };
        let rows = self.nodes_of_rows(&nodes, options, &mut links);
        ctl.check()?;
        let mut forest = Forest::new(nodes.len());
        join_pairs(&rows, &nodes, &mut forest, &mut links);
        ctl.check()?;
        links.common = options.kinds.map_or_else(Vec::new, |kinds| self.common(&nodes, &rows, kinds));
        let people = People::new(&nodes, forest, options.max_ids);
        let (names, persons) = people.number(&nodes, &rows, self.dropped.as_ref(), options, &mut links);
        ctl.check()?;
        self.customers = names;
        self.customer_codes = vec![Codes::pack(&persons)];
        Ok(links)
    }

    /// For every column of ids, the node of every row.
    fn nodes_of_rows(&self, nodes: &Nodes<'_>, options: &LinkOptions<'_>, links: &mut Links) -> Vec<Vec<u32>> {
        let mut customers = Vec::with_capacity(self.n_events);
        for piece in &self.customer_codes {
            let map = &nodes.maps[0];
            with_codes!(piece, |codes| customers.extend(codes.iter().map(|code| map[code.idx()])));
        }
        let empty = self.customers.get("");
        let n_empty = |codes: &Codes| match empty {
            Some(empty) => (0..codes.len()).filter(|&row| codes.get(row) == empty).count(),
            None => 0,
        };
        let n_empty: usize = self.customer_codes.iter().map(n_empty).sum();
        let mut rows = vec![customers];
        let mut n_filled = vec![self.n_events - n_empty];
        for (column, map) in options.columns.iter().zip(&nodes.maps[1..]) {
            let (mut of_rows, mut filled) = (vec![NONE; self.n_events], 0);
            self.columns[column.property].each_text(|row, id| {
                of_rows[row] = map[id as usize];
                filled += 1;
            });
            rows.push(of_rows);
            n_filled.push(filled);
        }
        for (column, (of_rows, filled)) in links.columns.iter_mut().zip(rows.iter().zip(n_filled)) {
            column.rows = of_rows.iter().filter(|node| **node != NONE).count() as u64;
            column.nulls = filled as u64 - column.rows;
        }
        rows
    }
}

/// Every id of every column as a number.
struct Nodes<'b> {
    names: Vec<&'b Names>,
    /// The first node of every column, and the end.
    starts: Vec<u32>,
    /// For every id of a column's dictionary its node; `NONE` where the text is nobody's id.
    maps: Vec<Vec<u32>>,
    /// The column that an id counts for.
    ranks: Vec<usize>,
    first_anonymous: usize,
}

impl<'b> Nodes<'b> {
    fn new(customers: &'b Names, columns: &'b [Pieces], options: &LinkOptions<'_>) -> Option<Self> {
        let names: Vec<&Names> =
            std::iter::once(customers).chain(options.columns.iter().map(|c| columns[c.property].names())).collect();
        let mut starts = vec![0u32];
        for column in &names {
            starts.push(starts.last()?.checked_add(u32::try_from(column.len()).ok()?)?);
        }
        if *starts.last()? == NONE {
            return None;
        }
        let target = |at: usize| at.checked_sub(1).and_then(|at| options.columns[at].same_as);
        // A column whose ids are those of another needs to know the other's first.
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|&at| target(at).is_some());
        let mut maps: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
        let odd: Vec<FxHashMap<String, u32>> = names.iter().map(|names| spelled(names, options)).collect();
        for (done, &at) in order.iter().enumerate() {
            let same: Vec<usize> = order[..done]
                .iter()
                .copied()
                .filter(|&other| target(at).is_some_and(|t| t == other || target(other) == Some(t)))
                .collect();
            let id_in = |column: usize, text: &str| names[column].get(text).or_else(|| odd[column].get(text).copied());
            let node = |(id, text): (usize, &str)| {
                if text.is_empty() || (options.is_null)(text) {
                    return NONE;
                }
                let meant = (options.plain)(text);
                let text = meant.as_deref().unwrap_or(text);
                let known = same.iter().find_map(|&other| Some(maps[other][id_in(other, text)? as usize]));
                let own = if meant.is_some() { id_in(at, text).unwrap_or(id as u32) } else { id as u32 };
                known.unwrap_or(starts[at] + own)
            };
            maps[at] = names[at].iter().enumerate().map(node).collect();
        }
        let ranks = (0..names.len()).map(|at| target(at).unwrap_or(at)).collect();
        let first_anonymous = 1 + options.columns.iter().take_while(|column| !column.is_anonymous).count();
        Some(Nodes { names, starts, maps, ranks, first_anonymous })
    }

    fn len(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// Every node that stands for an id.
    fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.maps
            .iter()
            .enumerate()
            .flat_map(|(at, map)| {
                let own = self.starts[at];
                map.iter().enumerate().map(move |(id, &node)| (own + id as u32, node))
            })
            .filter(|(own, node)| own == node)
            .map(|(_, node)| node)
    }

    fn column(&self, node: u32) -> usize {
        self.starts.partition_point(|&start| start <= node) - 1
    }

    fn text(&self, node: u32) -> &'b str {
        let column = self.column(node);
        self.names[column].name(node - self.starts[column])
    }

    /// What decides which of its ids names a person: the column, then the text.
    fn order(&self, node: u32) -> (usize, &'b str) {
        (self.ranks[self.column(node)], self.text(node))
    }

    fn is_anonymous(&self, node: u32) -> bool {
        self.ranks[self.column(node)] >= self.first_anonymous
    }

    /// The text, told apart from equal texts that are ids of other columns. Those of the column that comes first keep
    /// theirs plain.
    fn unique_name(&self, node: u32, names: &[String]) -> String {
        let (rank, text) = self.order(node);
        let is_taken = |text: &str, below: usize| {
            (0..self.names.len()).any(|at| {
                self.ranks[at] < below && self.names[at].get(text).is_some_and(|id| self.maps[at][id as usize] != NONE)
            })
        };
        let mut name = text.to_owned();
        if is_taken(&name, rank) {
            // A name with a prefix must be nobody's id at all.
            while name == text || is_taken(&name, usize::MAX) {
                name = format!("{}:{name}", names[rank]);
            }
        }
        name
    }

    fn columns(&self, options: &LinkOptions<'_>) -> Vec<ColumnLinks> {
        let column = |(at, name): (usize, &String)| ColumnLinks {
            name: name.clone(),
            ids: self.maps[at].iter().filter(|node| **node != NONE).count() as u64,
            ..ColumnLinks::default()
        };
        options.names.iter().enumerate().map(column).collect()
    }
}

/// Which nodes belong together.
struct Forest(Vec<u32>);

impl Forest {
    fn new(n: usize) -> Self {
        Forest((0..n as u32).collect())
    }

    fn root(&mut self, mut node: u32) -> u32 {
        let parents = &mut self.0;
        while parents[node as usize] != node {
            let above = parents[parents[node as usize] as usize];
            parents[node as usize] = above;
            node = above;
        }
        node
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high as usize] = low;
    }
}

/// Joins the ids that stand in one row, and counts what joined them.
fn join_pairs(rows: &[Vec<u32>], nodes: &Nodes<'_>, forest: &mut Forest, links: &mut Links) {
    let mut is_linked = Bitmap::none(nodes.len());
    // The id that a node was last joined to; the same two meet in many rows.
    let mut last = vec![NONE; nodes.len()];
    for b in 1..rows.len() {
        for a in 0..b {
            let mut seen = [Bitmap::none(nodes.len()), Bitmap::none(nodes.len())];
            let mut n_rows = 0;
            for (&left, &right) in rows[a].iter().zip(&rows[b]) {
                if left == NONE || right == NONE {
                    continue;
                }
                n_rows += 1;
                if last[right as usize] != left {
                    last[right as usize] = left;
                    seen[0].set(left as usize);
                    seen[1].set(right as usize);
                    if left != right {
                        is_linked.set(left as usize);
                        is_linked.set(right as usize);
                        forest.join(left, right);
                    }
                }
            }
            if n_rows > 0 {
                let ids = seen.each_ref().map(|seen| seen.count() as u64);
                links.joins.push(Join { columns: [a, b], rows: n_rows, ids });
            }
            last.fill(NONE);
        }
    }
    for (column, map) in links.columns.iter_mut().zip(&nodes.maps) {
        column.linked = map.iter().filter(|node| **node != NONE && is_linked.get(**node as usize)).count() as u64;
    }
}

/// Clusters, and which of them are people.
struct People {
    /// The root of every node.
    roots: Vec<u32>,
    /// By root: how many ids, and the id that names it.
    sizes: Vec<u32>,
    best: Vec<u32>,
    max_ids: u32,
}

impl People {
    fn new(nodes: &Nodes<'_>, mut forest: Forest, max_ids: u32) -> Self {
        let mut sizes = vec![0u32; nodes.len()];
        let mut best = vec![NONE; nodes.len()];
        for node in nodes.ids() {
            let root = forest.root(node) as usize;
            sizes[root] += 1;
            if best[root] == NONE || nodes.order(node) < nodes.order(best[root]) {
                best[root] = node;
            }
        }
        let roots = (0..nodes.len() as u32).map(|node| forest.root(node)).collect();
        People { roots, sizes, best, max_ids }
    }

    /// The id that stands for the person of an id: that of its cluster, or of a shared device its own.
    fn person(&self, node: u32) -> u32 {
        let root = self.roots[node as usize] as usize;
        if self.sizes[root] > self.max_ids { node } else { self.best[root] }
    }

    /// Numbers people in the order in which they appear, and says for every row whose it is.
    fn number(
        &self,
        nodes: &Nodes<'_>,
        rows: &[Vec<u32>],
        dropped: Option<&Bitmap>,
        options: &LinkOptions<'_>,
        links: &mut Links,
    ) -> (Names, Vec<u32>) {
        let n = rows[0].len();
        let mut names = Names::new();
        let mut numbers = vec![NONE; nodes.len()];
        let mut events = vec![0u64; nodes.len()];
        let mut is_first = Bitmap::none(nodes.len());
        let mut persons = Vec::with_capacity(n);
        for row in 0..n {
            let node = rows.iter().map(|column| column[row]).find(|node| *node != NONE);
            let node = node.expect("a row without any id is rejected when it is read");
            let person = self.person(node);
            if dropped.is_some_and(|dropped| dropped.get(row)) {
                // It goes when the store is there; nobody is numbered for its sake.
                persons.push(numbers[person as usize].min(names.len().saturating_sub(1) as u32));
                continue;
            }
            is_first.set(node as usize);
            events[self.roots[node as usize] as usize] += 1;
            let number = &mut numbers[person as usize];
            if *number == NONE {
                *number = names.intern(&nodes.unique_name(person, options.names));
            }
            persons.push(*number);
        }
        links.n_people = names.len() as u64;
        if names.is_empty() && n > 0 {
            // All rows go; until then they need to be somebody's.
            names.intern("");
        }
        links.n_unlinked = is_first.count() as u64;
        self.describe(nodes, &events, options, links);
        (names, persons)
    }

    /// Ids of a column whose text is an id of somebody else in a column before it.
    fn n_elsewhere(&self, nodes: &Nodes<'_>, at: usize) -> u64 {
        let is_elsewhere = |text: &str, node: u32| {
            node != NONE
                && (0..at).filter(|&other| nodes.ranks[other] != nodes.ranks[at]).any(|other| {
                    let same = nodes.names[other].get(text).map(|id| nodes.maps[other][id as usize]);
                    same.is_some_and(|same| same != NONE && self.roots[same as usize] != self.roots[node as usize])
                })
        };
        nodes.names[at].iter().zip(&nodes.maps[at]).filter(|(text, node)| is_elsewhere(text, **node)).count() as u64
    }

    fn describe(&self, nodes: &Nodes<'_>, events: &[u64], options: &LinkOptions<'_>, links: &mut Links) {
        let (mut people, mut shared) = (Vec::new(), Vec::new());
        for node in nodes.ids() {
            links.n_ids += 1;
            let size = self.sizes[node as usize];
            if self.roots[node as usize] != node {
                continue;
            }
            if size > self.max_ids {
                links.n_shared += 1;
                links.n_shared_ids += u64::from(size);
                links.n_shared_events += events[node as usize];
                shared.push(node);
            } else {
                *links.sizes.entry(u64::from(size)).or_default() += 1;
                if size > 1 {
                    people.push(node);
                }
            }
        }
        for (at, column) in links.columns.iter_mut().enumerate() {
            column.also_elsewhere = self.n_elsewhere(nodes, at);
        }
        let largest = |mut roots: Vec<u32>| {
            let order =
                |root: &u32| (std::cmp::Reverse(self.sizes[*root as usize]), nodes.order(self.best[*root as usize]));
            if roots.len() > CLUSTERS_KEPT {
                roots.select_nth_unstable_by_key(CLUSTERS_KEPT, order);
                roots.truncate(CLUSTERS_KEPT);
            }
            roots.sort_by_key(order);
            roots
        };
        let (people, shared) = (largest(people), largest(shared));
        let mut members: FxHashMap<u32, Vec<u32>> =
            people.iter().chain(&shared).map(|&root| (root, Vec::new())).collect();
        for node in nodes.ids() {
            if let Some(members) = members.get_mut(&self.roots[node as usize]) {
                members.push(node);
            }
        }
        let cluster = |root: u32| {
            let mut ids = members[&root].clone();
            ids.sort_by_key(|&node| nodes.order(node));
            Cluster {
                name: nodes.unique_name(self.best[root as usize], options.names),
                ids: ids.len() as u64,
                anonymous: ids.iter().filter(|&&node| nodes.is_anonymous(node)).count() as u64,
                events: events[root as usize],
                examples: ids.iter().take(EXAMPLES).map(|&node| nodes.text(node).to_owned()).collect(),
            }
        };
        links.clusters = people.into_iter().map(cluster).collect();
        links.shared = shared.into_iter().map(cluster).collect();
    }
}

#[cfg(test)]
mod oracle;
