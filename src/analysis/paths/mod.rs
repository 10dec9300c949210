//! Which ways customers go, and where each way ends.
//!
//! Reading order: `spec` is the question, `answer` the numbers and their tables. `group` and `names` say what touchpoints
//! are called, `way` which stretch of a journey is a way, `sequences` counts equal ways, and `flow`, `tree`, `matrix` and
//! `loops` look at them; `who` finds who is behind a number. `spans` and `pairs` are what these stand on.

pub mod answer;
pub mod flow;
pub mod group;
pub mod loops;
pub mod matrix;
pub mod names;
pub mod pairs;
pub mod sequences;
mod sizes;
pub mod spans;
pub mod spec;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod way;
pub mod who;

use crate::base::{Cancelled, Ctl};
use crate::journey::View;

use self::flow::Flow;
use self::loops::{Kind, Looping, Loops};
use self::matrix::Matrix;
use self::names::OTHER;
use self::sequences::{Sequences, Spread};
use self::way::{Left, Plan};
pub use self::who::who;
use super::Error;
pub use answer::{Edge, EndRow, LoopRow, Node, Paths, SequenceRow, TreeRow};
pub use group::Group;
pub use spec::{Depth, Occurrence, Part, PathsSpec, Share, Unit};

/// Reads the ways of a view.
///
/// # Errors
/// An unknown event, a question that contradicts itself, or `Cancelled`.
pub fn paths(view: &View, spec: &PathsSpec, ctl: &Ctl) -> Result<Paths, Error> {
    spec.check()?;
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let top = spec.top as usize;
    let (depth, all_parts) = (
        spec.depth.most(),
        [Part::Sequences, Part::Nodes, Part::Edges, Part::Loops, Part::Ends, Part::Matrix, Part::Tree],
    );
    let parts: Vec<Part> = all_parts.into_iter().filter(|part| spec.wants(*part)).collect();
    let wants = |part: Part| parts.contains(&part);
    let mut answer = Paths {
        title: spec.title(),
        unit: spec.unit,
        has_goal: plan.has_goal(),
        parts: parts.clone(),
        ..Paths::default()
    };
    let mut left = None;
    let wants_flow = wants(Part::Nodes) || wants(Part::Edges) || wants(Part::Matrix);
    if wants(Part::Sequences) || wants(Part::Tree) || wants_flow {
        let mut found = sequences::sequences(&plan, depth, wants_flow || wants(Part::Tree), ctl)?;
        left = Some(found.left);
        (answer.units, answer.converted) = (found.n_units, found.n_converted);
        answer.customers = if spec.unit == Unit::Customers { found.n_units } else { found.n_customers() };
        if wants(Part::Sequences) {
            add_sequences(&mut answer, &plan, &found, top);
        }
        found.forget_shares();
        ctl.check()?;
        if wants_flow || wants(Part::Tree) {
            let spread = Spread::new(&found, wants(Part::Tree));
            if wants_flow {
                add_flow(&mut answer, &plan, spec, &found, &spread, ctl)?;
            }
            if wants(Part::Tree) {
                add_tree(&mut answer, &plan, spec, &spread, ctl)?;
            }
        }
    }
    if wants(Part::Loops) || wants(Part::Ends) {
        let found = loops::loops(&plan, ctl)?;
        left = left.or(Some(found.left));
        if wants(Part::Loops) {
            add_loops(&mut answer, &plan, &found, top, ctl)?;
        }
        if wants(Part::Ends) {
            answer.ends = ends(&plan, &found);
        }
    }
    answer.notes = notes(&answer, &plan, spec, left.unwrap_or_default());
    Ok(answer)
}

fn add_sequences(answer: &mut Paths, plan: &Plan, found: &Sequences, top: usize) {
    answer.n_sequences = found.n_different() as u64;
    answer.n_once = found.n_once();
    answer.n_head = found.n_head();
    let shown = found.top(top);
    let medians = found.medians(plan.view, &shown);
    let (mut cumulative, mut converted) = (0, 0);
    for (at, sequence) in shown.iter().enumerate() {
        let mut codes = Vec::new();
        found.codes_of(sequence, &mut codes);
        cumulative += u64::from(sequence.units);
        converted += u64::from(sequence.converted);
        answer.sequences.push(SequenceRow {
            rank: Some(at as u64 + 1),
            path: plan.shown.path(&codes),
            names: codes.iter().map(|code| plan.shown.label(*code).to_owned()).collect(),
            units: u64::from(sequence.units),
            cumulative,
            customers: u64::from(sequence.customers),
            median_s: medians[at],
            converted: u64::from(sequence.converted),
        });
    }
    if cumulative < found.n_units {
        answer.sequences.push(SequenceRow {
            rank: None,
            path: OTHER.to_owned(),
            names: Vec::new(),
            units: found.n_units - cumulative,
            cumulative: found.n_units,
            customers: match plan.unit {
                Unit::Customers => found.n_units - cumulative,
                Unit::Sessions => found.n_customers_besides(&shown),
            },
            median_s: None,
            converted: found.n_converted - converted,
        });
    }
}

fn add_flow(
    answer: &mut Paths,
    plan: &Plan,
    spec: &PathsSpec,
    found: &Sequences,
    spread: &Spread,
    ctl: &Ctl,
) -> Result<(), Cancelled> {
    let top = spec.top as usize;
    let flow = flow::flow(spread, plan.shown.len(), spec.depth.most(), top, ctl)?;
    if answer.parts.contains(&Part::Nodes) {
        answer.nodes = nodes(plan, &flow);
    }
    if answer.parts.contains(&Part::Edges) {
        answer.edges = edges(plan, &flow, &flow.medians(plan, ctl)?);
    }
    if answer.parts.contains(&Part::Matrix) {
        answer.matrix = Some(if spec.centre {
            Matrix::centred(plan, spec.depth.most(), top, ctl)?
        } else {
            Matrix::of_flow(plan, found, &flow, top)
        });
    }
    if flow.n_past > 0 {
        answer.notes.push(format!(
            "positions behind the {}th are not told apart: {} go beyond it",
            flow::MOST_POSITIONS,
            spec.unit.count(flow.n_past)
        ));
    }
    Ok(())
}

/// The name of a place at a position.
fn name_at(plan: &Plan, position: &flow::Position, place: usize) -> String {
    position.code(place).map_or_else(|| OTHER.to_owned(), |code| plan.shown.label(code).to_owned())
}

fn nodes(plan: &Plan, flow: &Flow) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (at, position) in flow.positions.iter().enumerate() {
        nodes.extend(position.held().map(|place| {
            let node = position.nodes[place];
            Node {
                depth: at + 1,
                name: name_at(plan, position, place),
                units: node.units,
                out: node.out,
                ended: node.ended,
                open: node.open,
                beyond: node.beyond,
                other: node.other,
            }
        }));
    }
    nodes
}

fn edges(plan: &Plan, flow: &Flow, medians: &[Vec<Option<f64>>]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (at, pair) in flow.positions.windows(2).enumerate() {
        let [here, next] = pair else { continue };
        for from in here.held() {
            let mut to: Vec<usize> = next.held().filter(|to| here.edge(from, *to) > 0).collect();
            // The rest stays last; among equals the order of the position decides.
            to.sort_by_key(|to| (*to == next.other(), std::cmp::Reverse(here.edge(from, *to))));
            edges.extend(to.into_iter().map(|to| Edge {
                depth: at + 1,
                from: name_at(plan, here, from),
                to: name_at(plan, next, to),
                units: here.edge(from, to),
                units_of_from: here.nodes[from].units,
                median_s: medians[at][here.edge_idx(from, to)],
            }));
        }
    }
    edges
}

fn add_tree(answer: &mut Paths, plan: &Plan, spec: &PathsSpec, spread: &Spread, ctl: &Ctl) -> Result<(), Cancelled> {
    let mut tree = tree::tree(spread, answer.units, spec.min_share, spec.top as usize, ctl)?;
    tree.add_medians(plan, ctl)?;
    answer.tree = tree
        .branches
        .iter()
        .map(|branch| {
            let last = branch.codes.len() - 1;
            TreeRow {
                parent: branch.parent,
                depth: branch.codes.len(),
                path: plan.shown.path(&branch.codes),
                name: plan.shown.label(branch.codes[last]).to_owned(),
                units: branch.units,
                units_of_parent: branch.parent.map_or(answer.units, |parent| tree.branches[parent].units),
                ended: branch.ended,
                open: branch.open,
                beyond: branch.beyond,
                other: branch.other,
                n_other: branch.n_other,
                converted: branch.converted,
                median_s: branch.median_s,
                is_again: branch.codes[..last].contains(&branch.codes[last]),
            }
        })
        .collect();
    if tree.other > 0 {
        answer.notes.push(format!(
            "tree: {} begin with one of {} touchpoints that fewer than {} begin with",
            spec.unit.count(tree.other),
            tree.n_other,
            tree.least
        ));
    }
    Ok(())
}

fn add_loops(answer: &mut Paths, plan: &Plan, found: &Loops, top: usize, ctl: &Ctl) -> Result<(), Cancelled> {
    let row = |kind, code: u32, with: Option<u32>, looping: Looping| LoopRow {
        kind,
        name: plan.shown.label(code).to_owned(),
        with: with.map(|with| plan.shown.label(with).to_owned()),
        units: looping.units,
        customers: looping.customers,
        units_of_name: found.touched[code as usize].units,
        times: looping.times,
        median_s: None,
    };
    for (kind, of) in [
        (Kind::SelfLoop, (|touched| touched.self_loops) as fn(&loops::Touched) -> Looping),
        (Kind::Return, |touched| touched.returns),
        (Kind::Retry, |touched| touched.retries),
    ] {
        let mut rows: Vec<(u32, Looping)> = (0..)
            .zip(&found.touched)
            .map(|(code, touched)| (code, of(touched)))
            .filter(|(_, it)| it.units > 0)
            .collect();
        rows.sort_by(|a, b| b.1.units.cmp(&a.1.units).then(a.0.cmp(&b.0)));
        note_cut(answer, kind, rows.len(), top);
        answer.loops.extend(rows.into_iter().take(top).map(|(code, looping)| row(kind, code, None, looping)));
    }
    let mut rounds = found.rounds.clone();
    rounds.sort_unstable_by(|a, b| b.1.units.cmp(&a.1.units).then(a.0.cmp(&b.0)));
    note_cut(answer, Kind::Round, rounds.len(), top);
    rounds.truncate(top);
    let pairs: Vec<(u32, u32)> = rounds.iter().map(|(pair, _)| *pair).collect();
    let medians = if pairs.is_empty() { Vec::new() } else { loops::round_medians(plan, &pairs, ctl)? };
    for ((pair, looping), median_s) in rounds.into_iter().zip(medians) {
        answer.loops.push(LoopRow { median_s, ..row(Kind::Round, pair.0, Some(pair.1), looping) });
    }
    Ok(())
}

/// Loops share their units, so what is not shown has no sum; it is counted in words.
fn note_cut(answer: &mut Paths, kind: Kind, n: usize, top: usize) {
    if n > top {
        answer.notes.push(format!("loops: the {top} most frequent of {n} of kind {}; --top shows more", kind.name()));
    }
}

fn ends(plan: &Plan, found: &Loops) -> Vec<EndRow> {
    let row = |(code, touched): (u32, &loops::Touched)| EndRow {
        name: plan.shown.label(code).to_owned(),
        units: touched.units,
        ended: touched.ended,
        open: touched.open,
    };
    let touched = (0..).zip(&found.touched).filter(|(_, touched)| touched.units > 0);
    let mut rows: Vec<EndRow> = touched.map(row).collect();
    rows.sort_by(|a, b| b.ended.cmp(&a.ended).then(b.units.cmp(&a.units)).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// What a reader must know beside the numbers.
fn notes(answer: &Paths, plan: &Plan, spec: &PathsSpec, left: Left) -> Vec<String> {
    let mut notes = Vec::new();
    if answer.parts.contains(&Part::Sequences) && answer.n_sequences > 0 {
        notes.push(format!(
            "{} different paths: the {} most frequent hold 80% of {}; {} were taken once",
            answer.n_sequences,
            answer.n_head,
            spec.unit.count(answer.units),
            answer.n_once
        ));
    }
    notes.extend(plan.notes(&spec.rules(), left));
    let open: u64 = answer.nodes.iter().map(|node| node.open).sum();
    if open > 0 {
        let silence = if spec.unit == Unit::Sessions { spec.scope.session_gap } else { spec.end_after };
        notes.push(format!(
            "open: {} have come to their last touchpoint within these positions, at most {silence} before {}",
            spec.unit.count(open),
            plan.view.as_of()
        ));
    }
    if plan.has_goal() && answer.units > 0 {
        notes.push(format!("{} of {} come to the goal", answer.converted, spec.unit.count(answer.units)));
    }
    if plan.view.store().n_ties > 0 {
        notes.push(format!(
            "{} events share their instant with another of the same customer; they stand in the order of the rows",
            plan.view.store().n_ties
        ));
    }
    notes.extend(answer.notes.iter().cloned());
    notes
}
