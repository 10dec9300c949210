//! What directly follows what: how often, for how many customers, after how long.
//!
//! Repeats are kept unless `--collapse` is asked for: a touchpoint that follows itself is a transition like any other.
//! Every way adds one `(start)` and one `(end)`, so that as much goes out of a touchpoint as comes in.

mod count;
mod spec;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashSet;

use self::count::{Counted, Counts, Gaps};
use super::Error;
use super::paths::Unit;
use super::paths::names::{END, OTHER, START};
use super::paths::spans;
use super::paths::way::{Left, Plan};
use super::paths::who::{self, pair};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::View;
use crate::journey::chunks::par_customers;
use crate::table::{Cell, Kind, Table};
use crate::with_codes;
pub use spec::TransitionsSpec;

/// From one touchpoint to the next; `(other)` on both sides is all that do not stand alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub from: String,
    pub to: String,
    pub count: u64,
    pub customers: u64,
    /// All that goes out of `from`, `(end)` too; 0 for `(other)`.
    pub out: u64,
    /// All that comes into `to`, `(start)` too; 0 for `(other)`.
    pub into: u64,
    pub median_s: Option<f64>,
    pub p90_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transitions {
    /// The question in words.
    pub title: String,
    pub unit: Unit,
    /// Ways, each with one `(start)` and one `(end)`.
    pub units: u64,
    /// Between two touchpoints.
    pub n_transitions: u64,
    pub n_pairs: u64,
    /// The most frequent first, `(other)` last.
    pub rows: Vec<Transition>,
    pub notes: Vec<String>,
}

/// Two touchpoints in a row, or a way's start or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Pair {
    Start(u32),
    Between(u32, u32),
    End(u32),
}

/// # Errors
/// An unknown event, a question that contradicts itself, or `Cancelled`.
pub fn transitions(view: &View, spec: &TransitionsSpec, ctl: &Ctl) -> Result<Transitions, Error> {
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let counts = count::count(&plan, ctl)?;
    let ranked = ranked(&plan, &counts);
    let shown = &ranked[..ranked.len().min(spec.top as usize)];
    let quantiles = if spec.no_times { vec![None; shown.len()] } else { quantiles(&plan, shown, ctl)? };
    let (out, into) = sums(&plan, &counts);
    let name = |code: u32| plan.shown.label(code).to_owned();
    let row = |(pair, counted): &(Pair, Counted), quantiles: Option<[f64; 2]>| {
        let (from, to, out, into) = match *pair {
            Pair::Start(to) => (START.to_owned(), name(to), counts.n_units, into[to as usize]),
            Pair::Between(from, to) => (name(from), name(to), out[from as usize], into[to as usize]),
            Pair::End(from) => (name(from), END.to_owned(), out[from as usize], counts.n_units),
        };
        let (median_s, p90_s) = (quantiles.map(|[p50, _]| p50), quantiles.map(|[_, p90]| p90));
        let (count, customers) = (u64::from(counted.times), u64::from(counted.customers));
        Transition { from, to, count, customers, out, into, median_s, p90_s }
    };
    let mut rows: Vec<Transition> =
        shown.iter().zip(quantiles).map(|(counted, quantiles)| row(counted, quantiles)).collect();
    let hidden = &ranked[shown.len()..];
    if !hidden.is_empty() {
        let in_hidden = hidden.iter().map(|(pair, _)| *pair).collect();
        rows.push(Transition {
            from: OTHER.to_owned(),
            to: OTHER.to_owned(),
            count: hidden.iter().map(|(_, counted)| u64::from(counted.times)).sum(),
            customers: customers_of(&plan, &in_hidden, ctl)?.customers(),
            out: 0,
            into: 0,
            median_s: None,
            p90_s: None,
        });
    }
    let between = || ranked.iter().filter(|(pair, _)| matches!(pair, Pair::Between(..)));
    let mut answer = Transitions {
        title: spec.title(),
        unit: spec.unit,
        units: counts.n_units,
        n_transitions: between().map(|(_, counted)| u64::from(counted.times)).sum(),
        n_pairs: between().count() as u64,
        rows,
        notes: Vec::new(),
    };
    answer.notes = notes(&answer, &plan, spec, counts.left, hidden.len());
    Ok(answer)
}

/// All pairs, the most frequent first, ties in the order of the names.
fn ranked(plan: &Plan, counts: &Counts) -> Vec<(Pair, Counted)> {
    let codes = || 0..plan.shown.len() as u32;
    let mut all: Vec<(Pair, Counted)> =
        counts.pairs.iter().map(|((a, b), counted)| (Pair::Between(a, b), *counted)).collect();
    all.extend(codes().map(Pair::Start).zip(counts.starts.iter().copied()));
    all.extend(codes().map(Pair::End).zip(counts.ends.iter().copied()));
    all.retain(|(_, counted)| counted.times > 0);
    all.sort_unstable_by(|a, b| b.1.times.cmp(&a.1.times).then(a.0.cmp(&b.0)));
    all
}

/// By touchpoint, how much goes out of it and comes into it.
fn sums(plan: &Plan, counts: &Counts) -> (Vec<u64>, Vec<u64>) {
    let (mut out, mut into) = (vec![0u64; plan.shown.len()], vec![0u64; plan.shown.len()]);
    for ((a, b), counted) in counts.pairs.iter() {
        out[a as usize] += u64::from(counted.times);
        into[b as usize] += u64::from(counted.times);
    }
    out.iter_mut().zip(&counts.ends).for_each(|(sum, end)| *sum += u64::from(end.times));
    into.iter_mut().zip(&counts.starts).for_each(|(sum, start)| *sum += u64::from(start.times));
    (out, into)
}

/// Median and 90 % quantile of every pair in seconds; `None` at a start or an end.
fn quantiles(plan: &Plan, shown: &[(Pair, Counted)], ctl: &Ctl) -> Result<Vec<Option<[f64; 2]>>, Cancelled> {
    let pairs = shown.iter().zip(1..).filter_map(|((pair, _), group)| match *pair {
        Pair::Between(from, to) => Some(((from, to), group)),
        Pair::Start(_) | Pair::End(_) => None,
    });
    spans::quantiles(plan.view, shown.len(), [0.5, 0.9], &Gaps::new(plan, pairs), ctl)
}

/// Who makes any of these transitions, and how often.
struct Found(Vec<Vec<(u32, u32)>>);

impl Found {
    fn customers(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }
}

fn customers_of(plan: &Plan, wanted: &FxHashSet<Pair>, ctl: &Ctl) -> Result<Found, Cancelled> {
    let found = with_codes!(plan.view.codes(), |codes| {
        par_customers(plan.view, ctl, Vec::new, |found: &mut Vec<(u32, u32)>, customer, journey| {
            let mut times = 0;
            plan.ways(customer, journey, &mut Left::default(), |way| {
                let mut before = None;
                plan.walk(codes, &way, |code, _| {
                    let pair = before.map_or(Pair::Start(code), |before| Pair::Between(before, code));
                    times += u32::from(wanted.contains(&pair));
                    before = Some(code);
                    true
                });
                times += u32::from(before.is_some_and(|last| wanted.contains(&Pair::End(last))));
            });
            if times > 0 {
                found.push((customer.0, times));
            }
        })?
    });
    Ok(Found(found))
}

/// The customers behind a cell: `cart>checkout`, `(start)>cart`, `cart>(end)` or `(other)`, each once; with `:count` behind
/// it once per transition.
///
/// # Errors
/// As `transitions`, and `UnknownCell`.
pub fn who(view: &View, spec: &TransitionsSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let plan = Plan::new(view, &spec.rules(), ctl)?;
    let (wanted, is_per_transition) = read(&plan, spec, cell, ctl)?;
    let mut counts = who::Counts::new(view);
    for (customer, times) in customers_of(&plan, &wanted, ctl)?.0.into_iter().flatten() {
        (0..if is_per_transition { times } else { 1 }).for_each(|_| counts.add(customer));
    }
    Ok(counts.in_order(view))
}

fn read(plan: &Plan, spec: &TransitionsSpec, cell: &str, ctl: &Ctl) -> Result<(FxHashSet<Pair>, bool), Error> {
    #[derive(Clone, Copy, PartialEq)]
    enum Name {
        Start,
        End,
        Is(u32),
    }
    let name = |text: &str| match text {
        START => Some(Name::Start),
        END => Some(Name::End),
        text => plan.shown.find(text).map(Name::Is),
    };
    let text = cell.trim();
    let words = text.rsplit_once(':').filter(|(_, word)| matches!(*word, "count" | "customers"));
    for (text, word) in [(text, "customers")].into_iter().chain(words) {
        let is_per_transition = word == "count";
        if matches!(text, OTHER | "(other)>(other)") {
            let counts = count::count(plan, ctl)?;
            let hidden = ranked(plan, &counts).into_iter().skip(spec.top as usize);
            return Ok((hidden.map(|(pair, _)| pair).collect(), is_per_transition));
        }
        let pair = match pair(text, name) {
            Some((Name::Start, Name::Is(to))) => Pair::Start(to),
            Some((Name::Is(from), Name::Is(to))) => Pair::Between(from, to),
            Some((Name::Is(from), Name::End)) => Pair::End(from),
            _ => continue,
        };
        return Ok((std::iter::once(pair).collect(), is_per_transition));
    }
    if let Some((from, to)) = text.split_once('>') {
        for side in [from, to] {
            if name(side.trim()).is_none() && side.trim() != OTHER {
                plan.shown.named(side.trim())?;
            }
        }
    }
    Err(Error::UnknownCell {
        cell: cell.to_owned(),
        example: "cart>checkout, (start)>cart, cart>(end) or (other)".into(),
    })
}

fn notes(answer: &Transitions, plan: &Plan, spec: &TransitionsSpec, left: Left, n_hidden: usize) -> Vec<String> {
    let mut notes = vec![format!(
        "{} transitions between {} pairs of touchpoints, and a start and an end for each of {}",
        answer.n_transitions,
        answer.n_pairs,
        spec.unit.count(answer.units)
    )];
    notes.extend(plan.notes(&spec.rules(), left));
    if n_hidden > 0 {
        notes.push(format!("{OTHER} holds the {n_hidden} rarest pairs; --top shows more"));
    }
    if plan.view.store().n_ties > 0 {
        notes.push(format!(
            "{} events share their instant with another of the same customer; they stand in the order of the rows",
            plan.view.store().n_ties
        ));
    }
    notes
}

impl Transition {
    /// What `--who` opens it by.
    pub fn cell(&self) -> String {
        if self.from == OTHER && self.to == OTHER { OTHER.to_owned() } else { format!("{}>{}", self.from, self.to) }
    }
}

impl Transitions {
    pub fn table(&self) -> Table {
        let columns = [
            ("from", Kind::Text),
            ("to", Kind::Text),
            ("count", Kind::Count),
            ("customers", Kind::Count),
            ("share_out", Kind::Share),
            ("share_in", Kind::Share),
            ("median_s", Kind::Seconds),
            ("p90_s", Kind::Seconds),
        ];
        let mut table = Table::new("transitions", &columns);
        for row in &self.rows {
            table.push(vec![
                Cell::text(row.from.clone()),
                Cell::text(row.to.clone()),
                Cell::Count(row.count),
                Cell::Count(row.customers),
                Cell::share(row.count, row.out),
                Cell::share(row.count, row.into),
                Cell::number(row.median_s),
                Cell::number(row.p90_s),
            ]);
        }
        table
    }
}
