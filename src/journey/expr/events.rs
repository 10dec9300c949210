//! Event scope: an expression to one bit per event of the store.
//!
//! Texts are tested once per dictionary entry; per event only a small table is read. Events are worked through in blocks
//! that stay in the cache, 64 events to a word.

use std::ops::Range;

use rayon::prelude::*;

use super::super::bitmap::Bitmap;
use super::super::codes::{Code, Codes};
use super::super::names::Names;
use super::super::numbers::{Number, Numbers, fill as fill_values};
use super::super::props::{NULL, Values};
use super::super::store::JourneyStore;
use super::clock::WallClock;
use super::texts::Texts;
use super::tree::{Fault, Name, Node, Op, Operand};
use super::types::{Check, Field, IntTest, NumberTest, TextTest, Type, Word};
use crate::base::{Cancelled, Ctl};
use crate::with_codes;

/// Words per block: 16,384 events.
const BLOCK: usize = 256;

/// A typed expression over events, ready to run.
pub(super) enum Plan<'s> {
    And(Vec<Plan<'s>>),
    Or(Vec<Plan<'s>>),
    Not(Box<Plan<'s>>),
    Leaf(Leaf<'s>),
}

/// One test on one column.
pub(super) enum Leaf<'s> {
    Const(bool),
    /// 1 for every code that passes.
    Codes {
        codes: &'s Codes,
        table: Vec<u8>,
    },
    Ints {
        values: &'s Numbers<i64>,
        test: IntTest,
    },
    Times {
        times: &'s [i64],
        test: IntTest,
    },
    Counts {
        values: &'s [u32],
        test: IntTest,
    },
    Floats {
        values: &'s Numbers<f64>,
        test: NumberTest,
    },
    /// 1 for every customer that passes.
    Customers {
        offsets: &'s [u32],
        table: Vec<u8>,
    },
    /// 1 for every hour, or day of the week, that passes.
    Clock {
        times: &'s [i64],
        clock: WallClock,
        is_hour: bool,
        table: [u8; 24],
    },
    /// Whatever has no kernel of its own.
    Each(Box<dyn Fn(usize) -> bool + Send + Sync + 's>),
}

impl<'s> Plan<'s> {
    /// Types a tree against a store.
    pub(super) fn of(store: &'s JourneyStore, node: &Node) -> Result<Self, Fault> {
        let all = |nodes: &[Node]| nodes.iter().map(|node| Plan::of(store, node)).collect::<Result<Vec<_>, _>>();
        Ok(match node {
            Node::And(nodes) => Plan::And(all(nodes)?),
            Node::Or(nodes) => Plan::Or(all(nodes)?),
            Node::Not(node) => Plan::Not(Box::new(Plan::of(store, node)?)),
            Node::Compare { left: Operand::Literal(left), op, right: Operand::Literal(right) } => {
                Plan::Leaf(Leaf::Const(super::constant(left, *op, right)?))
            }
            Node::Compare { left: Operand::Literal(left), op, right } => {
                tested(store, right, Check::Compare { op: op.flipped(), right: left })?
            }
            Node::Compare { left, op, right: Operand::Literal(right) } => {
                tested(store, left, Check::Compare { op: *op, right })?
            }
            Node::Compare { left, op, right } => {
                let left = field(store, left, false)?;
                Plan::Leaf(compared(store, left, *op, (right.at(), field(store, right, true)?))?)
            }
            Node::In { left, items, negated } => tested(store, left, Check::In { items, negated: *negated })?,
            Node::Text { left, how, right, negated } => {
                tested(store, left, Check::Text { how: *how, right, negated: *negated })?
            }
            Node::Null { left, negated } => tested(store, left, Check::Null { negated: *negated })?,
            Node::Holds(operand) => match operand {
                Operand::Literal(literal) => Plan::Leaf(Leaf::Const(literal.value == super::tree::Lit::Flag(true))),
                operand => return Err(field(store, operand, false).err().unwrap_or_else(|| missing(operand.at()))),
            },
        })
    }

    /// One bit per event of the store.
    pub(super) fn run(&self, n_events: usize, ctl: &Ctl) -> Result<Bitmap, Cancelled> {
        let mut words = vec![0u64; n_events.div_ceil(64)];
        words.par_chunks_mut(BLOCK).enumerate().try_for_each(|(block, out)| {
            ctl.check()?;
            let start = block * BLOCK * 64;
            self.fill(start..(start + out.len() * 64).min(n_events), out);
            Ok(())
        })?;
        Ok(Bitmap::from_words(words, n_events))
    }

    /// Bits beyond the last event of the range are left as they fall.
    fn fill(&self, rows: Range<usize>, out: &mut [u64]) {
        match self {
            Plan::Leaf(leaf) => leaf.fill(rows, out),
            Plan::Not(plan) => {
                plan.fill(rows, out);
                out.iter_mut().for_each(|word| *word = !*word);
            }
            Plan::And(plans) | Plan::Or(plans) => {
                let is_and = matches!(self, Plan::And(_));
                plans[0].fill(rows.clone(), out);
                let mut other = vec![0u64; out.len()];
                for plan in &plans[1..] {
                    let settled = if is_and { 0 } else { u64::MAX };
                    if out.iter().all(|&word| word == settled) {
                        return;
                    }
                    plan.fill(rows.clone(), &mut other);
                    for (word, more) in out.iter_mut().zip(&other) {
                        *word = if is_and { *word & more } else { *word | more };
                    }
                }
            }
        }
    }
}

fn missing(at: usize) -> Fault {
    Fault::new(at, "a comparison is missing here")
}

/// What an operand that is no literal means for an event.
fn field(store: &JourneyStore, operand: &Operand, on_the_right: bool) -> Result<Field, Fault> {
    match operand {
        Operand::Name(name) => named(store, name, on_the_right),
        Operand::Call(call) => Err(Fault::new(
            call.at,
            format!("`{}(…)` is about a customer and goes with --customers; an event has columns", call.what.name()),
        )),
        Operand::Literal(literal) => Err(missing(literal.at)),
    }
}

fn named(store: &JourneyStore, name: &Name, on_the_right: bool) -> Result<Field, Fault> {
    let whole = name.to_string();
    Field::find(store, &whole, name.quoted, false).map_err(|message| {
        let of_customers = whole.starts_with("first.")
            || whole.starts_with("last.")
            || super::customers::CUSTOMER_NAMES.contains(&whole.as_str());
        let message = if of_customers {
            format!("`{whole}` is about a customer and goes with --customers; an event has columns")
        } else if on_the_right && !name.quoted {
            format!("{message}; if it is text, write \"{whole}\" in quotes")
        } else {
            message
        };
        Fault::new(name.at, message)
    })
}

fn tested<'s>(store: &'s JourneyStore, left: &Operand, check: Check<'_>) -> Result<Plan<'s>, Fault> {
    if let Operand::Literal(literal) = left {
        return Err(Fault::new(literal.at, "a column belongs here, not a value"));
    }
    let found = field(store, left, false)?;
    let label = match left {
        Operand::Name(name) => name.to_string(),
        Operand::Call(_) | Operand::Literal(_) => String::new(),
    };
    Leaf::of(store, found, &label, check, 0).map(Plan::Leaf)
}

impl<'s> Leaf<'s> {
    /// The test of a field; `as_of` (microseconds) is what an age counts to.
    pub(super) fn of(
        store: &'s JourneyStore,
        field: Field,
        label: &str,
        check: Check<'_>,
        as_of: i64,
    ) -> Result<Self, Fault> {
        Ok(match field {
            Field::Event => super::event_names::leaf(store, &check.text(label)?),
            Field::Customer => {
                let test = check.text(label)?;
                Leaf::Customers { offsets: &store.offsets, table: table(&store.customers, &test) }
            }
            Field::Nth => Leaf::Counts { test: check.number(label)?.ints(), values: store.nth() },
            Field::Time => Leaf::Times { times: &store.times, test: check.time(label, &store.zone)? },
            Field::Age => {
                let test = check.span(label)?;
                let times = &store.times;
                Leaf::Each(Box::new(move |row| test.holds(as_of - times[row])))
            }
            Field::Hour | Field::Weekday => {
                let is_hour = field == Field::Hour;
                let test = if is_hour { check.number(label)? } else { check.weekday(label)? }.ints();
                let table = std::array::from_fn(|value| u8::from(test.holds(value as i64)));
                let clock = WallClock::new(&store.zone, store.bounds());
                Leaf::Clock { times: &store.times, clock, is_hour, table }
            }
            Field::Column(_) if field.ty(store) == Type::Nothing => {
                Leaf::Const(matches!(check, Check::Null { negated: false }))
            }
            Field::Column(idx) => match &store.properties[idx].values {
                Values::Text { codes, names } => {
                    let test = check.text(label)?;
                    let mut shifted = vec![u8::from(test.holds_missing())];
                    shifted.extend(table(names, &test));
                    Leaf::Codes { codes, table: shifted }
                }
                Values::Int(values) => Leaf::Ints { values, test: check.number(label)?.ints() },
                Values::Float(values) => Leaf::Floats { values, test: check.number(label)? },
                Values::Time(values) => Leaf::Ints { values, test: check.time(label, &store.zone)? },
            },
        })
    }

    /// Whether one event passes.
    pub(super) fn holds(&self, row: usize) -> bool {
        match self {
            Leaf::Const(always) => *always,
            Leaf::Codes { codes, table } => table[codes.get(row) as usize] != 0,
            Leaf::Ints { values, test } => test.holds(values.get(row)),
            Leaf::Times { times, test } => test.holds(times[row]),
            Leaf::Counts { values, test } => test.holds(i64::from(values[row])),
            Leaf::Floats { values, test } => test.holds_float(values.get(row)),
            Leaf::Customers { offsets, table } => table[customer_of(offsets, row)] != 0,
            Leaf::Clock { times, clock, is_hour: true, table } => table[clock.hour(times[row]) as usize] != 0,
            Leaf::Clock { times, clock, is_hour: false, table } => table[clock.weekday(times[row]) as usize] != 0,
            Leaf::Each(test) => test(row),
        }
    }

    fn fill(&self, rows: Range<usize>, out: &mut [u64]) {
        match self {
            Leaf::Const(always) => out.fill(if *always { u64::MAX } else { 0 }),
            Leaf::Codes { codes, table } => with_codes!(codes, |codes| fill_codes(&codes[rows], table, out)),
            Leaf::Ints { values, test } => fill_ints((*values, rows.start), test, out),
            Leaf::Times { times, test } => fill_ints(&times[rows], test, out),
            Leaf::Counts { values, test } => {
                fill_values(&values[rows], out, |value| u8::from(test.holds(i64::from(value))));
            }
            Leaf::Floats { values, test } => fill_floats((*values, rows.start), test, out),
            Leaf::Customers { offsets, table } => {
                let mut customer = customer_of(offsets, rows.start);
                fill_each(rows, out, |row| {
                    while row >= offsets[customer + 1] as usize {
                        customer += 1;
                    }
                    table[customer] != 0
                });
            }
            Leaf::Clock { times, clock, is_hour: true, table } => {
                fill_values(&times[rows], out, |time| table[clock.hour(time) as usize]);
            }
            Leaf::Clock { times, clock, is_hour: false, table } => {
                fill_values(&times[rows], out, |time| table[clock.weekday(time) as usize]);
            }
            Leaf::Each(test) => fill_each(rows, out, test),
        }
    }
}

fn fill_codes<C: Code>(codes: &[C], table: &[u8], out: &mut [u64]) {
    if let Ok(table) = <&[u8; 256]>::try_from(table) {
        return fill_values(codes, out, |code| table[code.idx() & 0xFF]);
    }
    if table.len() < 256 && size_of::<C>() == 1 {
        // The full width needs no check of bounds per event.
        let mut wide = [0u8; 256];
        wide[..table.len()].copy_from_slice(table);
        return fill_values(codes, out, |code| wide[code.idx() & 0xFF]);
    }
    fill_values(codes, out, |code| table[code.idx()]);
}

/// Values in the order of their rows, as bits of those that pass a test.
trait Bits<T> {
    fn fill(self, out: &mut [u64], test: impl Fn(T) -> u8);
}

impl<T: Copy> Bits<T> for &[T] {
    fn fill(self, out: &mut [u64], test: impl Fn(T) -> u8) {
        fill_values(self, out, test);
    }
}

/// From a row on.
impl<T: Number> Bits<T> for (&Numbers<T>, usize) {
    fn fill(self, out: &mut [u64], test: impl Fn(T) -> u8) {
        let (numbers, start) = self;
        numbers.fill(start, out, test);
    }
}

fn fill_ints(values: impl Bits<i64>, test: &IntTest, out: &mut [u64]) {
    match *test {
        IntTest::Range { lo, hi } => values.fill(out, |v| u8::from(lo <= v) & u8::from(v <= hi)),
        IntTest::Outside { lo, hi } => {
            values.fill(out, |v| u8::from(v != NULL) & (u8::from(v < lo) | u8::from(v > hi)));
        }
        IntTest::Null => values.fill(out, |v| u8::from(v == NULL)),
        IntTest::Present => values.fill(out, |v| u8::from(v != NULL)),
        IntTest::Set { .. } => values.fill(out, |v| u8::from(test.holds(v))),
    }
}

fn fill_floats(values: impl Bits<f64>, test: &NumberTest, out: &mut [u64]) {
    match test {
        NumberTest::Compare(op, right) => {
            let right = right.value;
            match op {
                Op::Eq => values.fill(out, |v| u8::from(v == right)),
                Op::Ne => values.fill(out, |v| u8::from(v != right) & u8::from(!v.is_nan())),
                Op::Lt => values.fill(out, |v| u8::from(v < right)),
                Op::Le => values.fill(out, |v| u8::from(v <= right)),
                Op::Gt => values.fill(out, |v| u8::from(v > right)),
                Op::Ge => values.fill(out, |v| u8::from(v >= right)),
            }
        }
        NumberTest::Null(negated) => values.fill(out, |v| u8::from(v.is_nan() != *negated)),
        NumberTest::Set(..) => values.fill(out, |v| u8::from(test.holds_float(v))),
    }
}

fn fill_each(rows: Range<usize>, out: &mut [u64], mut test: impl FnMut(usize) -> bool) {
    for (start, word) in rows.clone().step_by(64).zip(out) {
        let end = (start + 64).min(rows.end);
        *word = (start..end).fold(0, |bits, row| bits | (u64::from(test(row)) << (row - start)));
    }
}

pub(super) fn customer_of(offsets: &[u32], row: usize) -> usize {
    offsets.partition_point(|&offset| offset as usize <= row) - 1
}

/// Whether each text of a dictionary passes.
pub(super) fn table(names: &Names, test: &TextTest) -> Vec<u8> {
    // Equality needs no look at any other text.
    if let TextTest::Compare(op @ (Op::Eq | Op::Ne), Word::Exact(word)) = test {
        let mut table = vec![u8::from(*op == Op::Ne); names.len()];
        if let Some(id) = names.get(word) {
            table[id as usize] ^= 1;
        }
        return table;
    }
    (0..names.len() as u32).into_par_iter().with_min_len(4096).map(|id| u8::from(test.holds(names.name(id)))).collect()
}

/// One column against another.
fn compared<'s>(
    store: &'s JourneyStore,
    left: Field,
    op: Op,
    (right_at, right): (usize, Field),
) -> Result<Leaf<'s>, Fault> {
    let (left_type, right_type) = (left.ty(store), right.ty(store));
    if !left_type.compares_with(right_type) {
        return Err(Fault::new(
            right_at,
            format!("this is {} and cannot be compared with {}", right_type.words(), left_type.words()),
        ));
    }
    if left_type == Type::Nothing || right_type == Type::Nothing {
        return Ok(Leaf::Const(false));
    }
    if left_type == Type::Text {
        let (left, right) = (Texts::of(store, left), Texts::of(store, right));
        let (left_ranks, right_ranks) = Texts::ranks(&left, &right);
        return Ok(Leaf::Each(Box::new(move |row| {
            let (Some(a), Some(b)) = (left.code(row), right.code(row)) else { return false };
            op.holds(&left_ranks[a], &right_ranks[b])
        })));
    }
    let (left, right) = (number_reader(store, left), number_reader(store, right));
    Ok(Leaf::Each(Box::new(move |row| match (left(row), right(row)) {
        (Some(a), Some(b)) => a.compare(op, b),
        _ => false,
    })))
}

/// A number, exact where it is whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    Int(i64),
    Float(f64),
}

impl Amount {
    pub(super) fn compare(self, op: Op, other: Amount) -> bool {
        match (self, other) {
            (Amount::Int(a), Amount::Int(b)) => op.holds(&a, &b),
            (a, b) => op.holds(&a.as_float(), &b.as_float()),
        }
    }

    fn as_float(self) -> f64 {
        match self {
            Amount::Int(value) => value as f64,
            Amount::Float(value) => value,
        }
    }
}

type ReadAmount<'s> = Box<dyn Fn(usize) -> Option<Amount> + Send + Sync + 's>;

/// Reads a number, a time or a part of one by row. Texts have none.
pub(super) fn number_reader(store: &JourneyStore, field: Field) -> ReadAmount<'_> {
    let clock = || WallClock::new(&store.zone, store.bounds());
    let times = &store.times;
    match field {
        Field::Time | Field::Age => Box::new(move |row| Some(Amount::Int(times[row]))),
        Field::Hour => {
            let clock = clock();
            Box::new(move |row| Some(Amount::Int(clock.hour(times[row]))))
        }
        Field::Weekday => {
            let clock = clock();
            Box::new(move |row| Some(Amount::Int(clock.weekday(times[row]))))
        }
        Field::Nth => {
            let nth = store.nth();
            Box::new(move |row| Some(Amount::Int(i64::from(nth[row]))))
        }
        Field::Column(idx) => match &store.properties[idx].values {
            Values::Int(values) | Values::Time(values) => {
                Box::new(move |row| Some(values.get(row)).filter(|value| !value.is_missing()).map(Amount::Int))
            }
            Values::Float(values) => {
                Box::new(move |row| Some(values.get(row)).filter(|value| !value.is_missing()).map(Amount::Float))
            }
            Values::Text { .. } => Box::new(|_| None),
        },
        Field::Event | Field::Customer => Box::new(|_| None),
    }
}
