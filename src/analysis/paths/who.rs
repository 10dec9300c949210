//! Which units stand behind a number of paths.
//!
//! | cell | opens |
//! |---|---|
//! | `5`, `(other)` | the units of a path by its rank, or of all that do not stand alone; `5:converted` those who come to the goal |
//! | `2:cart` | the units at a touchpoint at a position; `2:cart:ended`, also `in`, `out`, `open`, `beyond`, `other` |
//! | `2:cart>pay` | the units of an edge; without the position where there is only one such edge |
//! | `cart:self` | the units with such a loop, also `return`, `retry`; `search>view:round` |
//! | `cart:ended` | the units that ended there, also `open`, and `units` for all that were there |
//! | `view -> cart` | the units whose path begins so; `view -> cart:ended` and so on, with `other` as the tree shows it |
//! | `(start) -> view:other` | the same for a path of one touchpoint, or of none: `(start):other` |

use super::flow::{self, Flow, Position};
use super::loops::{Kind, Scratch};
use super::names::{OTHER, START};
use super::sequences::{Sequences, Spread, Unit, sequences};
use super::spec::PathsSpec;
use super::tree;
use super::way::{Left, Plan};
use crate::analysis::Error;
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::View;
use crate::journey::chunks::par_customers;
use crate::with_codes;

/// Of the units of a row, those that are counted in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Units,
    Customers,
    Out,
    Ended,
    Open,
    Beyond,
    Other,
    Converted,
}

const WORDS: [(&str, What); 9] = [
    ("units", What::Units),
    ("in", What::Units),
    ("customers", What::Customers),
    ("out", What::Out),
    ("ended", What::Ended),
    ("open", What::Open),
    ("beyond", What::Beyond),
    ("other", What::Other),
    ("converted", What::Converted),
];

/// A touchpoint of a cell; `None` is `(other)`.
type Place = Option<u32>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    /// `None` is `(other)`.
    Rank(Option<usize>, What),
    Node(usize, Place, What),
    Edge(Option<usize>, Place, Place),
    Loop(Kind, u32, Option<u32>),
    End(u32, What),
    Begins(Vec<u32>, What),
}

/// The customers behind a cell, in text order of their ids, once per unit.
///
/// # Errors
/// As `paths`, and `UnknownCell`.
pub fn who(view: &View, spec: &PathsSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    spec.check()?;
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let mut counts = Counts::new(view);
    let asked = read(&plan, cell)?;
    if matches!(asked, Cell::Loop(..) | Cell::End(..)) {
        by_walking(&plan, &asked, &mut counts, ctl)?;
        return Ok(counts.in_order(view));
    }
    let found = sequences(&plan, spec.depth.most(), true, ctl)?;
    match asked {
        Cell::Loop(..) | Cell::End(..) => unreachable!("they were opened above"),
        Cell::Begins(codes, What::Other) => off_the_tree(&found, spec, &codes, &mut counts, ctl)?,
        Cell::Begins(codes, what) => found.each_unit(|unit, path| {
            let is_here = path.starts_with(&codes) && is_counted(unit, path.len() == codes.len(), what);
            counts.add_if(unit.customer, is_here);
        }),
        Cell::Rank(rank, what) => by_rank(&found, spec, cell, (rank, what), &mut counts)?,
        Cell::Node(depth, place, what) => {
            let flow = flow_of(&found, &plan, spec, ctl)?;
            let position = flow.positions.get(depth - 1).ok_or_else(|| unknown(cell))?;
            at_node(&found, (depth, position, flow.positions.get(depth)), place, what, &mut counts);
        }
        Cell::Edge(depth, from, to) => {
            let flow = flow_of(&found, &plan, spec, ctl)?;
            let depth = depth_of_edge(&flow, &plan, (depth, from, to), cell)?;
            let (Some(here), Some(next)) = (flow.positions.get(depth - 1), flow.positions.get(depth)) else {
                return Err(unknown(cell));
            };
            found.each_unit(|unit, path| {
                let is_here = path.len() > depth && is_at(here, path[depth - 1], from) && is_at(next, path[depth], to);
                counts.add_if(unit.customer, is_here);
            });
        }
    }
    Ok(counts.in_order(view))
}

/// Those who go on from a branch of the tree to one that it does not show.
fn off_the_tree(
    found: &Sequences,
    spec: &PathsSpec,
    codes: &[u32],
    counts: &mut Counts,
    ctl: &Ctl,
) -> Result<(), Cancelled> {
    let spread = Spread::new(found, true);
    let tree = tree::tree(&spread, found.n_units, spec.min_share, spec.top as usize, ctl)?;
    let here = |branch: &&tree::Branch| branch.codes.len() == codes.len() + 1 && branch.codes.starts_with(codes);
    let shown: Vec<u32> = tree.branches.iter().filter(here).map(|branch| branch.codes[codes.len()]).collect();
    found.each_unit(|unit, path| {
        let is_off = path.starts_with(codes) && path.get(codes.len()).is_some_and(|next| !shown.contains(next));
        counts.add_if(unit.customer, is_off);
    });
    Ok(())
}

/// Loops and ends are read over the whole way.
fn by_walking(plan: &Plan, cell: &Cell, counts: &mut Counts, ctl: &Ctl) -> Result<(), Cancelled> {
    let n = plan.shown.len();
    let found = with_codes!(plan.view.codes(), |codes| {
        let start = || (Scratch::new(n), Vec::new());
        par_customers(plan.view, ctl, start, |(scratch, found), customer, journey| {
            plan.ways(customer, journey, &mut Left::default(), |way| {
                let is_counted = match cell {
                    Cell::Loop(kind, code, with) => scratch.loops(plan, codes, &way, *kind, *code, *with),
                    Cell::End(code, what) => {
                        let (is_there, is_last) = scratch.touches(plan, codes, &way, *code);
                        match what {
                            What::Open => is_last && plan.is_open(&way),
                            What::Ended => is_last && !plan.is_open(&way),
                            _ => is_there,
                        }
                    }
                    Cell::Rank(..) | Cell::Node(..) | Cell::Edge(..) | Cell::Begins(..) => false,
                };
                if is_counted {
                    found.push(customer.0);
                }
            });
        })?
    });
    found.iter().flat_map(|(_, found)| found).for_each(|customer| counts.add(*customer));
    Ok(())
}

/// Those at a touchpoint of a position (from 1), given with the position behind it.
fn at_node(
    found: &Sequences,
    (depth, here, next): (usize, &Position, Option<&Position>),
    place: Place,
    what: What,
    counts: &mut Counts,
) {
    found.each_unit(|unit, path| {
        let is_here = path.get(depth - 1).is_some_and(|code| is_at(here, *code, place));
        let is_counted = match (path.get(depth), next) {
            // Behind the last position that is told apart.
            (Some(_), None) => matches!(what, What::Units | What::Customers | What::Beyond),
            (Some(code), Some(next)) => match what {
                What::Units | What::Customers => true,
                What::Out => !is_at(next, *code, None),
                What::Other => is_at(next, *code, None),
                What::Converted => unit.has_converted(),
                What::Ended | What::Open | What::Beyond => false,
            },
            (None, _) => is_counted(unit, true, what),
        };
        counts.add_if(unit.customer, is_here && is_counted);
    });
    counts.once_each(what == What::Customers);
}

fn by_rank(
    found: &Sequences,
    spec: &PathsSpec,
    cell: &str,
    (rank, what): (Option<usize>, What),
    counts: &mut Counts,
) -> Result<(), Error> {
    let top = found.top(rank.unwrap_or(spec.top as usize));
    let mut paths: Vec<Vec<u32>> = Vec::new();
    for sequence in &top {
        let mut codes = Vec::new();
        found.codes_of(sequence, &mut codes);
        paths.push(codes);
    }
    match rank {
        Some(rank) if rank == 0 || rank > paths.len() => {
            return Err(Error::Invalid(format!(
                "`{cell}` asks for a path that is not there: they are ranked 1 to {}",
                found.n_different()
            )));
        }
        Some(rank) => {
            let wanted = &paths[rank - 1];
            found.each_unit(|unit, path| counts.add_if(unit.customer, path == wanted && is_counted(unit, true, what)));
        }
        None => {
            let shown: std::collections::HashSet<&[u32]> = paths.iter().map(Vec::as_slice).collect();
            found.each_unit(|unit, path| {
                counts.add_if(unit.customer, !shown.contains(path) && is_counted(unit, true, what));
            });
        }
    }
    counts.once_each(what == What::Customers);
    Ok(())
}

/// Whether a unit is counted in a column; `is_last`: its last touchpoint that is read is the row's.
fn is_counted(unit: &Unit, is_last: bool, what: What) -> bool {
    match what {
        What::Units | What::Customers => true,
        What::Ended => is_last && unit.has_ended(),
        What::Open => is_last && unit.is_open(),
        What::Beyond => is_last && unit.goes_beyond(),
        What::Out => !is_last,
        What::Other => false,
        What::Converted => unit.has_converted(),
    }
}

fn is_at(position: &Position, code: u32, place: Place) -> bool {
    match place {
        Some(wanted) => code == wanted,
        None => usize::from(position.places[code as usize]) == position.other(),
    }
}

fn flow_of(found: &Sequences, plan: &Plan, spec: &PathsSpec, ctl: &Ctl) -> Result<Flow, Error> {
    let spread = Spread::new(found, false);
    Ok(flow::flow(&spread, plan.shown.len(), spec.depth.most(), spec.top as usize, ctl)?)
}

/// The position of an edge that was named without one.
fn depth_of_edge(flow: &Flow, plan: &Plan, edge: (Option<usize>, Place, Place), cell: &str) -> Result<usize, Error> {
    let (depth, from, to) = edge;
    if let Some(depth) = depth {
        return Ok(depth);
    }
    let place = |position: &Position, place: Place| {
        place.map_or(position.other(), |code| usize::from(position.places[code as usize]))
    };
    let is_there = |pair: &[Position]| pair[0].edge(place(&pair[0], from), place(&pair[1], to)) > 0;
    let depths: Vec<usize> =
        (1..).zip(flow.positions.windows(2)).filter(|(_, pair)| is_there(pair)).map(|(depth, _)| depth).collect();
    match depths[..] {
        [depth] => Ok(depth),
        [] => Err(Error::Invalid(format!("`{cell}`: no path goes there; {} shows who goes where", edge_example(plan)))),
        [first, ..] => {
            let all = depths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(Error::Invalid(format!("`{cell}` stands at positions {all}; say which: {first}:{cell}")))
        }
    }
}

fn edge_example(plan: &Plan) -> &'static str {
    if plan.shown.is_empty() { "the table of nodes" } else { "the table of edges" }
}

fn unknown(cell: &str) -> Error {
    let example = "5 (a rank), 2:cart, 2:cart:ended, 2:cart>pay, cart:self, cart:ended or 'view -> cart'";
    Error::UnknownCell { cell: cell.to_owned(), example: example.into() }
}

/// What a cell asks for. Names are tried whole before a part of them is taken for something else.
fn read(plan: &Plan, cell: &str) -> Result<Cell, Error> {
    let text = cell.trim();
    let place =
        |name: &str| -> Option<Place> { if name == OTHER { Some(None) } else { plan.shown.find(name).map(Some) } };
    // Behind the mark of the start, a path may have one touchpoint or none.
    let path = |text: &str| match text.strip_prefix(START) {
        Some("") => Some(Vec::new()),
        Some(rest) => plan.shown.read_path(rest.strip_prefix(" -> ")?),
        None => plan.shown.read_path(text).filter(|codes| codes.len() > 1),
    };
    if let Some(codes) = path(text) {
        return Ok(Cell::Begins(codes, What::Units));
    }
    if let Some((before, what)) = with_word(text)
        && let Some(codes) = path(before)
    {
        return Ok(Cell::Begins(codes, what));
    }
    let (rank, what) = with_word(text).unwrap_or((text, What::Units));
    if rank == OTHER {
        return Ok(Cell::Rank(None, what));
    }
    if let Some((depth, rest)) = text.split_once(':')
        && let Some(depth) = depth.trim().parse::<usize>().ok().filter(|depth| *depth > 0)
    {
        if let Some(node) = place(rest) {
            return Ok(Cell::Node(depth, node, What::Units));
        }
        if let Some((name, what)) = with_word(rest)
            && let Some(node) = place(name)
        {
            return Ok(Cell::Node(depth, node, what));
        }
        if let Some((from, to)) = pair(rest, place) {
            return Ok(Cell::Edge(Some(depth), from, to));
        }
        if !WORDS.iter().any(|(word, _)| *word == rest) {
            let name = rest.split('>').find(|name| place(name).is_none()).unwrap_or(rest);
            return Err(plan.shown.named(name).map_or_else(|err| err, |_| unknown(cell)));
        }
    }
    if let Ok(rank) = rank.parse() {
        return Ok(Cell::Rank(Some(rank), what));
    }
    if let Some((name, word)) = text.rsplit_once(':') {
        let kind = Kind::named(word);
        if let (Some(Kind::Round), Some((Some(code), Some(with)))) = (kind, pair(name, place)) {
            return Ok(Cell::Loop(Kind::Round, code, Some(with)));
        }
        let what = WORDS.iter().find(|(known, _)| *known == word).map(|(_, what)| *what);
        let is_end = matches!(what, Some(What::Ended | What::Open | What::Units));
        if is_end || kind.is_some_and(|kind| kind != Kind::Round) {
            let code = plan.shown.named(name)?;
            return Ok(match (kind, what) {
                (Some(kind), _) => Cell::Loop(kind, code, None),
                (None, what) => Cell::End(code, what.unwrap_or(What::Units)),
            });
        }
    }
    match pair(text, place) {
        Some((from, to)) => Ok(Cell::Edge(None, from, to)),
        None => Err(unknown(cell)),
    }
}

/// What stands before the last colon, and the column that the word behind it names.
fn with_word(text: &str) -> Option<(&str, What)> {
    let (before, word) = text.rsplit_once(':')?;
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, what)| (before, *what))
}

/// `a>b`, also where names hold a `>`.
pub fn pair<T>(text: &str, place: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    text.match_indices('>').find_map(|(at, _)| Some((place(text[..at].trim())?, place(text[at + 1..].trim())?)))
}

/// How often each customer is in a list.
pub struct Counts(Vec<u32>);

impl Counts {
    pub fn new(view: &View) -> Self {
        Counts(vec![0; view.store().n_customers()])
    }

    pub fn add(&mut self, customer: u32) {
        self.0[customer as usize] += 1;
    }

    pub fn add_if(&mut self, customer: u32, is_in: bool) {
        self.0[customer as usize] += u32::from(is_in);
    }

    /// Where customers are asked for, each is there once.
    pub fn once_each(&mut self, is_asked: bool) {
        if is_asked {
            self.0.iter_mut().for_each(|n| *n = (*n).min(1));
        }
    }

    /// In text order of the ids.
    pub fn in_order(&self, view: &View) -> Vec<CustomerId> {
        let in_order = view.store().customers_in_text_order().iter();
        in_order.flat_map(|id| std::iter::repeat_n(CustomerId(*id), self.0[*id as usize] as usize)).collect()
    }
}
