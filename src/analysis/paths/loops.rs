//! Loops: touchpoints that come again, rounds over another touchpoint, retries before the goal; and where ways end.
//!
//! All are read over the whole way, whatever the depth, and from repeats as they happened: a self-loop is a touchpoint that
//! directly follows itself, a return is a touchpoint that comes again after another one, a round is `a … b … a` with nothing
//! else between, a retry is a return before the first event of the goal, in ways that come to it.

use super::pairs::Pairs;
use super::spans::{self, Grouped};
use super::way::{Left, Plan, Way};
use crate::base::{Cancelled, Ctl, CustomerId};
use crate::journey::Code;
use crate::journey::chunks::par_gather;
use crate::with_codes;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    SelfLoop,
    Return,
    Round,
    Retry,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::SelfLoop => "self",
            Kind::Return => "return",
            Kind::Round => "round",
            Kind::Retry => "retry",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Kind::SelfLoop, Kind::Return, Kind::Round, Kind::Retry].into_iter().find(|kind| kind.name() == name)
    }
}

/// How many units and customers loop, and how often in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looping {
    pub units: u64,
    pub customers: u64,
    pub times: u64,
    last_customer: Option<u32>,
}

impl Looping {
    fn add(&mut self, customer: CustomerId, times: u32) {
        self.units += 1;
        self.times += u64::from(times);
        self.customers += u64::from(self.last_customer != Some(customer.0));
        self.last_customer = Some(customer.0);
    }

    fn add_all(&mut self, other: &Looping) {
        self.units += other.units;
        self.customers += other.customers;
        self.times += other.times;
    }
}

/// What is known of one touchpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Touched {
    /// Units that were there.
    pub units: u64,
    pub ended: u64,
    pub open: u64,
    pub self_loops: Looping,
    pub returns: Looping,
    pub retries: Looping,
}

#[derive(Debug)]
pub struct Loops {
    pub touched: Vec<Touched>,
    pub rounds: Vec<((u32, u32), Looping)>,
    pub left: Left,
}

/// What one way does at a touchpoint.
#[derive(Debug, Clone, Copy, Default)]
struct Here {
    runs: u32,
    repeats: u32,
    runs_before_goal: u32,
}

/// Room for reading one way, used again for the next.
#[derive(Debug)]
pub struct Scratch {
    here: Vec<Here>,
    codes: Vec<u32>,
    rounds: Vec<(u32, u32)>,
    last: Option<u32>,
}

impl Scratch {
    pub fn new(n_labels: usize) -> Self {
        Scratch { here: vec![Here::default(); n_labels], codes: Vec::new(), rounds: Vec::new(), last: None }
    }

    /// Reads a way. `each_round` gets every round as it closes, with the positions at which it began and ended.
    fn read<C: Code>(
        &mut self,
        plan: &Plan,
        codes: &[C],
        way: &Way,
        mut each_round: impl FnMut((u32, u32), usize, usize),
    ) {
        for code in self.codes.drain(..) {
            self.here[code as usize] = Here::default();
        }
        self.rounds.clear();
        self.last = None;
        let goal = plan.goal(way);
        let (mut before, mut begins) = (None, [0usize; 2]);
        plan.events(codes, way, |code, position| {
            let here = &mut self.here[code as usize];
            if self.last == Some(code) {
                here.repeats += 1;
                return true;
            }
            if here.runs == 0 {
                self.codes.push(code);
            }
            here.runs += 1;
            here.runs_before_goal += u32::from(goal.is_some_and(|goal| position < goal));
            if let (Some(last), true) = (self.last, before == Some(code)) {
                self.rounds.push((code, last));
                each_round((code, last), begins[0], position);
            }
            before = self.last;
            self.last = Some(code);
            begins = [begins[1], position];
            true
        });
        self.rounds.sort_unstable();
    }

    /// How often the way that was read loops so.
    fn times(&self, kind: Kind, code: u32, with: Option<u32>) -> u32 {
        let here = &self.here[code as usize];
        match kind {
            Kind::SelfLoop => here.repeats,
            Kind::Return => here.runs.saturating_sub(1),
            Kind::Retry => here.runs_before_goal.saturating_sub(1),
            Kind::Round => {
                with.map_or(0, |with| self.rounds.iter().filter(|round| **round == (code, with)).count() as u32)
            }
        }
    }

    /// Whether the way loops so; used by those who open a number.
    pub fn loops<C: Code>(
        &mut self,
        plan: &Plan,
        codes: &[C],
        way: &Way,
        kind: Kind,
        code: u32,
        with: Option<u32>,
    ) -> bool {
        self.read(plan, codes, way, |_, _, _| {});
        self.times(kind, code, with) > 0
    }

    /// Whether the way was at the touchpoint, and whether it is the way's last.
    pub fn touches<C: Code>(&mut self, plan: &Plan, codes: &[C], way: &Way, code: u32) -> (bool, bool) {
        self.read(plan, codes, way, |_, _, _| {});
        (self.here[code as usize].runs > 0, self.last == Some(code))
    }
}

struct Gatherer {
    scratch: Scratch,
    touched: Vec<Touched>,
    rounds: Pairs<Looping>,
    left: Left,
}

impl Gatherer {
    fn add<C: Code>(&mut self, plan: &Plan, codes: &[C], way: &Way) {
        let scratch = &mut self.scratch;
        scratch.read(plan, codes, way, |_, _, _| {});
        for code in &scratch.codes {
            let touched = &mut self.touched[*code as usize];
            touched.units += 1;
            for (kind, looping) in [
                (Kind::SelfLoop, &mut touched.self_loops),
                (Kind::Return, &mut touched.returns),
                (Kind::Retry, &mut touched.retries),
            ] {
                let times = scratch.times(kind, *code, None);
                if times > 0 {
                    looping.add(way.customer, times);
                }
            }
        }
        for same in scratch.rounds.chunk_by(|a, b| a == b) {
            self.rounds.at(same[0].0, same[0].1).add(way.customer, same.len() as u32);
        }
        if let Some(last) = scratch.last {
            let touched = &mut self.touched[last as usize];
            if plan.is_open(way) {
                touched.open += 1;
            } else {
                touched.ended += 1;
            }
        }
    }
}

/// Reads every way to its end.
///
/// # Errors
/// `Cancelled`.
pub fn loops(plan: &Plan, ctl: &Ctl) -> Result<Loops, Cancelled> {
    let n = plan.shown.len();
    let start = || Gatherer {
        scratch: Scratch::new(n),
        touched: vec![Touched::default(); n],
        rounds: Pairs::new(n),
        left: Left::default(),
    };
    let made = with_codes!(plan.view.codes(), |codes| {
        par_gather(plan.view, ctl, start, |gatherer, chunk| {
            for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
                let mut left = Left::default();
                plan.ways(customer, plan.view.journey(customer), &mut left, |way| gatherer.add(plan, codes, &way));
                gatherer.left.add(left);
            }
        })?
    });
    let mut touched = vec![Touched::default(); n];
    let (mut rounds, mut left): (Pairs<Looping>, Left) = (Pairs::new(n), Left::default());
    for part in &made {
        for (sum, part) in touched.iter_mut().zip(&part.touched) {
            sum.units += part.units;
            sum.ended += part.ended;
            sum.open += part.open;
            sum.self_loops.add_all(&part.self_loops);
            sum.returns.add_all(&part.returns);
            sum.retries.add_all(&part.retries);
        }
        for ((a, b), looping) in part.rounds.iter().filter(|(_, looping)| looping.units > 0) {
            rounds.at(a, b).add_all(looping);
        }
        left.add(part.left);
    }
    let rounds =
        rounds.iter().filter(|(_, looping)| looping.units > 0).map(|(pair, looping)| (pair, *looping)).collect();
    Ok(Loops { touched, rounds, left })
}

/// The median seconds of one round over each of these pairs.
///
/// # Errors
/// `Cancelled`.
pub fn round_medians(plan: &Plan, pairs: &[(u32, u32)], ctl: &Ctl) -> Result<Vec<Option<f64>>, Cancelled> {
    let n = plan.shown.len();
    let mut place_of: Pairs<u32> = Pairs::new(n);
    pairs.iter().zip(1..).for_each(|((a, b), place)| *place_of.at(*a, *b) = place);
    let times = plan.view.times();
    let pieces: Vec<(Scratch, Vec<Grouped>)> = with_codes!(plan.view.codes(), |codes| {
        par_gather(
            plan.view,
            ctl,
            || (Scratch::new(n), Vec::new()),
            |(scratch, spans), chunk| {
                for customer in chunk.map(CustomerId).filter(|customer| plan.view.is_in(*customer)) {
                    plan.ways(customer, plan.view.journey(customer), &mut Left::default(), |way| {
                        scratch.read(plan, codes, &way, |(a, b), begin, end| {
                            let place = place_of.get(a, b).copied().unwrap_or(0);
                            if place > 0 {
                                spans.push((place - 1, times[end] - times[begin]));
                            }
                        });
                    });
                }
            },
        )?
    });
    let pieces: Vec<Vec<Grouped>> = pieces.into_iter().map(|(_, spans)| spans).collect();
    Ok(spans::medians(&pieces, pairs.len()))
}
