//! Paths, transitions and loops counted from ways that were read one by one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::funnel_cases::journeys;
use super::paths_cases::{Way, specs, ways};
use crate::analysis::paths::loops::Kind;
use crate::analysis::paths::{Paths, PathsSpec, Unit, paths};
use crate::analysis::transitions::{TransitionsSpec, transitions};
use crate::base::stats::quantile::quantile_seconds;
use crate::base::{Ctl, CustomerId};
use crate::journey::{View, fixture};

fn ask(view: &View, spec: &PathsSpec) -> Option<Paths> {
    match paths(view, spec, &Ctl::new()) {
        Ok(answer) => Some(answer),
        // An anchor that is ignored, or a group that holds nothing.
        Err(crate::analysis::Error::Invalid(_)) => None,
        Err(err) => panic!("{err}"),
    }
}

fn median(mut spans: Vec<i64>) -> Option<f64> {
    spans.iter_mut().for_each(|span| *span = span.abs());
    spans.sort_unstable();
    quantile_seconds(&spans, 0.5)
}

/// What is read of a path, and whether more follows.
fn head(way: &Way, depth: usize) -> (Vec<&str>, bool) {
    let names: Vec<&str> = way.path.iter().map(|(name, _)| name.as_str()).collect();
    (names[..names.len().min(depth)].to_vec(), names.len() > depth)
}

#[derive(Default)]
struct Group<'w> {
    ways: Vec<&'w Way>,
}

impl Group<'_> {
    fn customers(&self) -> u64 {
        self.ways.iter().map(|way| way.customer).collect::<BTreeSet<CustomerId>>().len() as u64
    }

    fn median(&self, depth: usize) -> Option<f64> {
        median(self.ways.iter().map(|way| way.path[way.path.len().min(depth) - 1].1 - way.path[0].1).collect())
    }

    fn converted(&self) -> u64 {
        self.ways.iter().filter(|way| way.goal.is_some()).count() as u64
    }
}

fn check_sequences(spec: &PathsSpec, all: &[Way], answer: &Paths) -> Result<(), TestCaseError> {
    let (depth, top) = (spec.depth.most(), spec.top as usize);
    let mut groups: BTreeMap<Vec<&str>, Group> = BTreeMap::new();
    for way in all {
        groups.entry(head(way, depth).0).or_default().ways.push(way);
    }
    prop_assert_eq!(answer.units, all.len() as u64);
    prop_assert_eq!(answer.n_sequences, groups.len() as u64);
    prop_assert_eq!(answer.n_once, groups.values().filter(|group| group.ways.len() == 1).count() as u64);
    let mut ranked: Vec<(Vec<&str>, Group)> = groups.into_iter().collect();
    ranked.sort_by(|a, b| b.1.ways.len().cmp(&a.1.ways.len()).then_with(|| a.0.cmp(&b.0)));
    let rest = if ranked.len() > top { ranked.split_off(top) } else { Vec::new() };
    let mut rows = answer.sequences.iter();
    for (names, group) in &ranked {
        let row = rows.next().expect("a row per path");
        prop_assert_eq!(&row.names, names);
        prop_assert_eq!(&row.path, &names.join(" -> "));
        let found = (row.units, row.customers, row.converted, row.median_s);
        prop_assert_eq!(found, (group.ways.len() as u64, group.customers(), group.converted(), group.median(depth)));
    }
    if !rest.is_empty() {
        let rest = Group { ways: rest.into_iter().flat_map(|(_, group)| group.ways).collect() };
        let row = rows.next().expect("a row for the rest");
        let found = (row.rank, row.units, row.customers, row.converted, row.median_s);
        prop_assert_eq!(found, (None, rest.ways.len() as u64, rest.customers(), rest.converted(), None));
    }
    prop_assert!(rows.next().is_none());
    Ok(())
}

/// By position, the names that stand alone.
fn standing(spec: &PathsSpec, all: &[Way]) -> Vec<BTreeSet<String>> {
    let depth = spec.depth.most();
    let longest = all.iter().map(|way| way.path.len().min(depth)).max().unwrap_or(0);
    (0..longest)
        .map(|at| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for way in all {
                if let Some((name, _)) = way.path.get(at) {
                    *counts.entry(name).or_default() += 1;
                }
            }
            let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
            ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            ranked.into_iter().take(spec.top as usize).map(|(name, _)| name.to_owned()).collect()
        })
        .collect()
}

fn check_flow(spec: &PathsSpec, all: &[Way], answer: &Paths) -> Result<(), TestCaseError> {
    let (depth, alone) = (spec.depth.most(), standing(spec, all));
    let name = |way: &Way, at: usize| -> Option<String> {
        let (name, _) = way.path.get(at).filter(|_| at < depth)?;
        Some(if alone[at].contains(name) { name.clone() } else { "(other)".to_owned() })
    };
    // By position and name: units, out, ended, open, beyond, other.
    let mut nodes: BTreeMap<(usize, String), [u64; 6]> = BTreeMap::new();
    let mut edges: BTreeMap<(usize, String, String), Vec<i64>> = BTreeMap::new();
    for way in all {
        for at in 0..way.path.len().min(depth) {
            let here = name(way, at).expect("a name");
            let node = nodes.entry((at + 1, here.clone())).or_default();
            node[0] += 1;
            match name(way, at + 1) {
                Some(next) => {
                    node[if next == "(other)" { 5 } else { 1 }] += 1;
                    edges.entry((at + 1, here, next)).or_default().push(way.path[at + 1].1 - way.path[at].1);
                }
                None if way.path.len() > at + 1 => node[4] += 1,
                None if way.is_open => node[3] += 1,
                None => node[2] += 1,
            }
        }
    }
    let found = answer.nodes.iter().map(|node| {
        ((node.depth, node.name.clone()), [node.units, node.out, node.ended, node.open, node.beyond, node.other])
    });
    prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), nodes);
    for node in &answer.nodes {
        prop_assert_eq!(node.units, node.out + node.ended + node.open + node.beyond + node.other, "{:?}", node);
        let into: u64 = answer
            .edges
            .iter()
            .filter(|edge| edge.depth + 1 == node.depth && edge.to == node.name)
            .map(|edge| edge.units)
            .sum();
        prop_assert!(node.depth == 1 || into == node.units, "{:?} gets {}", node, into);
    }
    let found =
        answer.edges.iter().map(|edge| ((edge.depth, edge.from.clone(), edge.to.clone()), (edge.units, edge.median_s)));
    let expect = edges.into_iter().map(|(key, spans)| (key, (spans.len() as u64, median(spans))));
    prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expect.collect::<BTreeMap<_, _>>());
    Ok(())
}

fn check_tree(spec: &PathsSpec, all: &[Way], answer: &Paths) -> Result<(), TestCaseError> {
    let depth = spec.depth.most();
    let least = spec.min_share.at_least_of(all.len() as u64);
    for row in &answer.tree {
        let names: Vec<&str> = row.path.split(" -> ").collect();
        let begins = |way: &&Way| head(way, depth).0.starts_with(&names);
        let here: Vec<&Way> = all.iter().filter(begins).collect();
        prop_assert_eq!(row.units, here.len() as u64, "{}", row.path);
        prop_assert!(row.units >= least);
        let last = |way: &&&Way| head(way, depth).0.len() == names.len();
        let beyond = |way: &&&Way| head(way, depth).1;
        prop_assert_eq!(row.beyond, here.iter().filter(last).filter(beyond).count() as u64);
        let at_end = here.iter().filter(last).filter(|way| !beyond(way));
        prop_assert_eq!(row.open, at_end.clone().filter(|way| way.is_open).count() as u64);
        prop_assert_eq!(row.ended, at_end.filter(|way| !way.is_open).count() as u64);
        prop_assert_eq!(row.converted, here.iter().filter(|way| way.goal.is_some()).count() as u64);
        if names.len() > 1 {
            let spans = here.iter().map(|way| way.path[names.len() - 1].1 - way.path[names.len() - 2].1).collect();
            prop_assert_eq!(row.median_s, median(spans));
        }
        let branches: u64 = answer
            .tree
            .iter()
            .filter(|branch| branch.parent.map(|at| &answer.tree[at]) == Some(row))
            .map(|branch| branch.units)
            .sum();
        prop_assert_eq!(row.units, branches + row.ended + row.open + row.beyond + row.other);
    }
    // No branch is missing that is large enough and among the largest of its place.
    let mut firsts: BTreeMap<&str, u64> = BTreeMap::new();
    all.iter().for_each(|way| *firsts.entry(way.path[0].0.as_str()).or_default() += 1);
    let n_expected = firsts.values().filter(|n| **n >= least).count().min(spec.top as usize);
    prop_assert_eq!(answer.tree.iter().filter(|row| row.depth == 1).count(), n_expected);
    Ok(())
}

fn check_matrix(spec: &PathsSpec, all: &[Way], answer: &Paths) -> Result<(), TestCaseError> {
    let matrix = answer.matrix.as_ref().expect("it was asked for");
    for (at, position) in matrix.positions.iter().enumerate() {
        prop_assert_eq!(matrix.rows.iter().map(|row| row.units[at]).sum::<u64>(), all.len() as u64);
        for row in &matrix.rows {
            let depth = spec.depth.most();
            let name = |way: &&Way| -> Option<String> {
                if spec.centre && *position < 0 {
                    let back = position.unsigned_abs() as usize;
                    return way.before.get(back).map(|(name, _)| name.clone());
                }
                let at = if spec.centre { *position } else { position - 1 } as usize;
                way.path.get(at).filter(|_| at < depth).map(|(name, _)| name.clone())
            };
            let n = |of: &dyn Fn(Option<String>) -> bool| all.iter().filter(|way| of(name(way))).count() as u64;
            match row.name.as_str() {
                "(other)" => {}
                "(end)" if *position >= 0 => prop_assert_eq!(row.units[at], n(&|name| name.is_none())),
                "(start)" if *position < 0 => prop_assert_eq!(row.units[at], n(&|name| name.is_none())),
                "(end)" | "(start)" => prop_assert_eq!(row.units[at], 0),
                alone if matrix.rows.iter().all(|row| row.name != "(other)") => {
                    prop_assert_eq!(row.units[at], n(&|name| name.as_deref() == Some(alone)));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// How often a way loops so at a name, by kind.
fn looping(way: &Way) -> BTreeMap<(Kind, String, Option<String>), u64> {
    let mut found: BTreeMap<(Kind, String, Option<String>), u64> = BTreeMap::new();
    let mut add = |kind: Kind, name: &str, with: Option<&str>, n: u64| {
        if n > 0 {
            *found.entry((kind, name.to_owned(), with.map(str::to_owned))).or_default() += n;
        }
    };
    let names: Vec<&str> = way.events.iter().map(|(name, _)| name.as_str()).collect();
    let runs = |names: &[&str]| -> Vec<String> { names.chunk_by(|a, b| a == b).map(|run| run[0].to_owned()).collect() };
    let all_runs = runs(&names);
    for name in names.iter().collect::<BTreeSet<_>>() {
        let n_self = names.windows(2).filter(|pair| pair[0] == *name && pair[1] == *name).count();
        add(Kind::SelfLoop, name, None, n_self as u64);
        let times = |runs: &[String]| runs.iter().filter(|run| run == name).count().saturating_sub(1) as u64;
        add(Kind::Return, name, None, times(&all_runs));
        if way.goal.is_some() {
            // A run that goes on past the goal had begun before it.
            add(Kind::Retry, name, None, times(&runs(&names[..way.n_before_goal])));
        }
    }
    for three in all_runs.windows(3).filter(|three| three[0] == three[2]) {
        add(Kind::Round, &three[0], Some(&three[1]), 1);
    }
    found
}

/// What kind of loop, of which touchpoint, over which other.
type Loop = (Kind, String, Option<String>);

fn check_loops(spec: &PathsSpec, all: &[Way], answer: &Paths) -> Result<(), TestCaseError> {
    let mut expect: BTreeMap<Loop, (u64, BTreeSet<CustomerId>, u64)> = BTreeMap::new();
    for way in all {
        for (key, times) in looping(way) {
            let entry = expect.entry(key).or_default();
            entry.0 += 1;
            entry.1.insert(way.customer);
            entry.2 += times;
        }
    }
    if spec.top == 20 {
        prop_assert_eq!(answer.loops.len(), expect.len());
    }
    for row in &answer.loops {
        let (units, customers, times) = &expect[&(row.kind, row.name.clone(), row.with.clone())];
        prop_assert_eq!((row.units, row.customers, row.times), (*units, customers.len() as u64, *times), "{:?}", row);
        let had = all.iter().filter(|way| way.events.iter().any(|(name, _)| *name == row.name)).count();
        prop_assert_eq!(row.units_of_name, had as u64);
    }
    for row in &answer.ends {
        let last = |way: &&Way| way.events.last().is_some_and(|(name, _)| *name == row.name);
        prop_assert_eq!(row.ended, all.iter().filter(last).filter(|way| !way.is_open).count() as u64);
        prop_assert_eq!(row.open, all.iter().filter(last).filter(|way| way.is_open).count() as u64);
    }
    prop_assert_eq!(answer.ends.iter().map(|row| row.ended + row.open).sum::<u64>(), all.len() as u64);
    Ok(())
}

fn check_transitions(view: &View, spec: &TransitionsSpec) -> Result<(), TestCaseError> {
    let Ok(answer) = transitions(view, spec, &Ctl::new()) else { return Ok(()) };
    let (all, _) = ways(view, &spec.rules());
    type Pair<'a> = (&'a str, &'a str);
    let mut pairs: BTreeMap<Pair, (u64, BTreeSet<CustomerId>, Vec<i64>)> = BTreeMap::new();
    for way in &all {
        let mut before: (&str, Option<i64>) = ("(start)", None);
        for (name, time) in &way.path {
            let pair = pairs.entry((before.0, name.as_str())).or_default();
            pair.0 += 1;
            pair.1.insert(way.customer);
            pair.2.extend(before.1.map(|before| time - before));
            before = (name, Some(*time));
        }
        let end = pairs.entry((before.0, "(end)")).or_default();
        end.0 += 1;
        end.1.insert(way.customer);
    }
    let mut rows: Vec<(u64, Pair)> = pairs.iter().map(|(pair, (n, ..))| (*n, *pair)).collect();
    // Starts stand before what has one, ends behind.
    let order = |name: &str| if name == "(start)" { 0 } else { 1 };
    rows.sort_by_key(|(n, (from, to))| {
        (std::cmp::Reverse(*n), order(from), *to == "(end)", from.to_owned(), to.to_owned())
    });
    let hidden = rows.split_off(rows.len().min(spec.top as usize));
    for (row, (n, pair)) in answer.rows.iter().zip(&rows) {
        prop_assert_eq!((row.from.as_str(), row.to.as_str()), *pair);
        let (_, customers, spans) = &pairs[pair];
        let mut spans = spans.clone();
        spans.sort_unstable();
        let expect = (*n, customers.len() as u64, quantile_seconds(&spans, 0.5), quantile_seconds(&spans, 0.9));
        prop_assert_eq!((row.count, row.customers, row.median_s, row.p90_s), expect);
        let out: u64 = pairs.iter().filter(|((from, _), _)| *from == pair.0).map(|(_, (n, ..))| n).sum();
        let into: u64 = pairs.iter().filter(|((_, to), _)| *to == pair.1).map(|(_, (n, ..))| n).sum();
        prop_assert_eq!((row.out, row.into), (out, into));
    }
    prop_assert_eq!(answer.rows.len(), rows.len() + usize::from(!hidden.is_empty()));
    let all_counts: u64 = answer.rows.iter().map(|row| row.count).sum();
    prop_assert_eq!(all_counts, pairs.values().map(|(n, ..)| n).sum::<u64>());
    if let Some(row) = answer.rows.last().filter(|_| !hidden.is_empty()) {
        let customers: BTreeSet<CustomerId> = hidden.iter().flat_map(|(_, pair)| pairs[pair].1.clone()).collect();
        prop_assert_eq!((row.from.as_str(), row.customers), ("(other)", customers.len() as u64));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn paths_are_those_that_are_read_one_by_one(text in journeys(), spec in specs()) {
        let view = fixture::view(&text);
        if let Some(answer) = ask(&view, &spec) {
            let (all, _) = ways(&view, &spec.rules());
            check_sequences(&spec, &all, &answer)?;
            check_flow(&spec, &all, &answer)?;
            check_tree(&spec, &all, &answer)?;
            check_matrix(&spec, &all, &answer)?;
            check_loops(&spec, &all, &answer)?;
        }
    }

    #[test]
    fn the_centred_matrix_shows_both_sides_of_the_anchor(text in journeys(), spec in specs()) {
        let spec = PathsSpec { centre: true, reverse: false, ..spec };
        prop_assume!(spec.from.is_some() && spec.depth.0.is_some());
        let view = fixture::view(&text);
        if let Some(answer) = ask(&view, &spec) {
            check_matrix(&spec, &ways(&view, &spec.rules()).0, &answer)?;
        }
    }

    #[test]
    fn transitions_are_those_that_are_read_one_by_one(text in journeys(), spec in specs(), collapse in any::<bool>()) {
        let spec = TransitionsSpec {
            from: spec.from,
            to: spec.to,
            occurrence: spec.occurrence,
            unit: spec.unit,
            collapse,
            ignore: spec.ignore,
            group: spec.group,
            top: spec.top,
            scope: spec.scope,
            ..TransitionsSpec::default()
        };
        check_transitions(&fixture::view(&text), &spec)?;
        let plain = TransitionsSpec { top: spec.top, ..TransitionsSpec::default() };
        check_transitions(&fixture::view(&text), &plain)?;
        prop_assert_eq!(plain.unit, Unit::Customers);
    }
}
