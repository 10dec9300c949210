//! `Sequences`: the first touchpoints of every way as one key, and how many ways share each.
//!
//! Where the touchpoints of a path fit into 64 bits they are the key itself, first touchpoint in the highest bits, so that
//! keys sort like paths; else the key is a hash and the touchpoints lie beside it. Keys are counted by shares of all hashes,
//! each so small that it stays near at hand, in the order of the customers; so nothing is merged and nothing depends on the
//! number of threads.

mod counter;
mod ranks;
mod reader;

use std::cmp::Ordering;

use rayon::prelude::*;

use self::counter::Counter;
use self::ranks::Ranks;
use self::reader::Reader;
use super::sizes::Sizes;
use super::spans::{self, Grouped};
use super::way::{Left, Plan};
use crate::base::{Cancelled, Ctl};
use crate::journey::View;
use crate::journey::chunks::{CUSTOMERS_PER_CHUNK, par_chunks};
use crate::with_codes;

/// More touchpoints follow.
const BEYOND: u8 = 1;
/// The way may still go on.
const OPEN: u8 = 2;
const CONVERTED: u8 = 4;

/// By marks, what a way adds to those that ended, are open, go beyond and converted.
const COUNTED: [[u32; 4]; 8] =
    [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]];

/// One way, as it was read up to the depth.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    pub customer: u32,
    /// Positions of the first touchpoint read and of the last.
    pub first: u32,
    pub last: u32,
    key: u64,
    /// The share of its key.
    share: u8,
    marks: u8,
}

impl Unit {
    pub fn goes_beyond(self) -> bool {
        self.marks & BEYOND != 0
    }

    /// Is at its end, and may still go on.
    pub fn is_open(self) -> bool {
        self.marks & (OPEN | BEYOND) == OPEN
    }

    pub fn has_ended(self) -> bool {
        self.marks & (OPEN | BEYOND) == 0
    }

    pub fn has_converted(self) -> bool {
        self.marks & CONVERTED != 0
    }
}

/// What one chunk of customers holds.
#[derive(Debug, Default)]
struct Piece {
    /// The first customer of the chunk.
    first_customer: u32,
    units: Vec<Unit>,
    /// The units once more, those of one share of all hashes together; and where each share begins, with the end.
    by_share: Vec<Shared>,
    shares: Vec<u32>,
    left: Left,
    /// Where keys are hashes: the touchpoints of all units, and the end of each unit's.
    codes: Vec<u32>,
    ends: Vec<u32>,
}

/// What is counted of a unit: to be read one after the other, where units themselves would be all over the place.
#[derive(Debug, Clone, Copy, Default)]
struct Shared {
    key: u64,
    /// The unit's place in the piece.
    at: u32,
    /// After the first of the piece.
    customer: u16,
    marks: u8,
}

const _: () = assert!(CUSTOMERS_PER_CHUNK <= 1 << u16::BITS, "the customers of a chunk are told apart");

/// Ways with the same touchpoints.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sequence {
    key: u64,
    /// Piece and place of the first unit.
    at: (u32, u32),
    pub units: u32,
    pub customers: u32,
    /// Of the last unit, from 1.
    last_customer: u32,
    pub ended: u32,
    pub open: u32,
    pub beyond: u32,
    pub converted: u32,
}

#[derive(Debug)]
pub struct Sequences {
    pieces: Vec<Piece>,
    /// How many bits one touchpoint takes in a key; `None` where keys are hashes.
    packing: Option<Packing>,
    /// By share of all hashes; the order means nothing.
    shares: Vec<Vec<Sequence>>,
    sizes: Sizes,
    pub left: Left,
    pub n_units: u64,
    pub n_converted: u64,
}

#[derive(Debug, Clone, Copy)]
struct Packing {
    bits: u32,
    depth: u32,
    /// What puts a key one touchpoint to the left: to multiply is quicker than to shift by what is not known beforehand.
    step: u64,
}

impl Packing {
    fn new(n_labels: usize, depth: usize) -> Option<Self> {
        let bits = usize::BITS - n_labels.leading_zeros();
        let depth = u32::try_from(depth).ok()?;
        let bits = bits.max(1);
        (depth.checked_mul(bits)? <= 64).then_some(Packing { bits, depth, step: 1u64.checked_shl(bits).unwrap_or(0) })
    }

    /// Puts a touchpoint behind those that are there; `ended` then says how many there are. 0 is "no touchpoint".
    #[inline]
    fn append(self, key: u64, code: u32) -> u64 {
        self.append_or_none(key, u64::from(code) + 1)
    }

    /// As `append` of a touchpoint's code and one, or of 0.
    #[inline]
    fn append_or_none(self, key: u64, code: u64) -> u64 {
        key.wrapping_mul(self.step) | code
    }

    /// The key of so many touchpoints that were appended to each other, the first in the highest bits.
    #[inline]
    fn ended(self, key: u64, n: usize) -> u64 {
        key << (self.bits * self.depth.saturating_sub((n as u32).max(1)))
    }

    fn unpack(self, key: u64, codes: &mut Vec<u32>) {
        let mask = if self.bits == 64 { u64::MAX } else { (1 << self.bits) - 1 };
        let at = |at: u32| (key >> (self.bits * (self.depth - 1 - at)) & mask) as u32;
        codes.extend((0..self.depth).map(at).take_while(|code| *code != 0).map(|code| code - 1));
    }
}

/// Mixes what is known of a wide key with its next touchpoint.
#[inline]
fn mix(key: u64) -> u64 {
    let key = (key ^ key >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let key = (key ^ key >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    key ^ key >> 32
}

/// Spreads a key over the upper bits: the highest tell its share, those below them its slot in the share's table.
#[inline]
fn spread(key: u64) -> u64 {
    (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Reads every way up to `depth` touchpoints. Without `wants_ends` nobody is said to be open, which saves a look at the
/// time of every way's end.
///
/// # Errors
/// `Cancelled`.
pub fn sequences(plan: &Plan, depth: usize, wants_ends: bool, ctl: &Ctl) -> Result<Sequences, Cancelled> {
    let packing = Packing::new(plan.shown.len(), depth);
    let pieces = par_chunks(plan.view, ctl, |chunk| {
        with_codes!(plan.view.codes(), |codes| {
            Reader::new(plan, codes, (depth, packing), wants_ends).read_all(chunk)
        })
    })?;
    let mut found = Sequences {
        pieces,
        packing,
        shares: Vec::new(),
        sizes: Sizes::default(),
        left: Left::default(),
        n_units: 0,
        n_converted: 0,
    };
    for piece in &found.pieces {
        found.left.add(piece.left);
        found.n_units += piece.units.len() as u64;
    }
    let mut of_shares = Vec::new();
    for (share, sizes, n_converted) in found.count(ctl)? {
        found.shares.push(share);
        of_shares.push(sizes);
        found.n_converted += n_converted;
    }
    found.sizes = Sizes::together(of_shares);
    Ok(found)
}

/// Shares of all hashes: many, so that what is found in one stays near at hand.
const SHARE_BITS: u32 = 6;
const N_SHARES: usize = 1 << SHARE_BITS;

#[inline]
fn share_of(key: u64) -> u8 {
    (spread(key) >> (u64::BITS - SHARE_BITS)) as u8
}

impl Piece {
    /// Puts units of the same share, which have been counted, together, in their order.
    fn share_out(&mut self) {
        (0..N_SHARES).for_each(|share| self.shares[share + 1] += self.shares[share]);
        let mut next = self.shares.clone();
        self.by_share = vec![Shared::default(); self.units.len()];
        for (unit, at) in self.units.iter().zip(0..) {
            let place = &mut next[usize::from(unit.share)];
            let customer = (unit.customer - self.first_customer) as u16;
            self.by_share[*place as usize] = Shared { key: unit.key, at, customer, marks: unit.marks };
            *place += 1;
        }
    }

    fn of_share(&self, share: usize) -> &[Shared] {
        &self.by_share[self.shares[share] as usize..self.shares[share + 1] as usize]
    }

    /// The touchpoints of a unit whose key is a hash.
    fn wide(&self, at: usize) -> &[u32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.codes[start..self.ends[at] as usize]
    }
}

impl Sequences {
    /// The sequences of every share, how large they are, and their ways that converted.
    fn count(&self, ctl: &Ctl) -> Result<Vec<(Vec<Sequence>, Sizes, u64)>, Cancelled> {
        let count = |counter: &mut Counter, share: usize| {
            ctl.check()?;
            let all = match self.packing {
                Some(_) => counter.count::<true>(&self.pieces, share),
                None => counter.count::<false>(&self.pieces, share),
            };
            let (mut sizes, mut n_converted) = (Sizes::default(), 0);
            for sequence in &all {
                sizes.add(sequence.units);
                n_converted += u64::from(sequence.converted);
            }
            Ok((all, sizes, n_converted))
        };
        (0..N_SHARES).into_par_iter().with_max_len(1).map_init(Counter::default, count).collect()
    }

    /// Every sequence, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = &Sequence> {
        self.shares.iter().flatten()
    }

    pub fn n_different(&self) -> usize {
        self.shares.iter().map(Vec::len).sum()
    }

    fn is_same(&self, known: &Sequence, piece: &Piece, at: usize) -> bool {
        known.wide(&self.pieces) == piece.wide(at)
    }

    /// Appends the touchpoints of a sequence.
    pub fn codes_of(&self, sequence: &Sequence, codes: &mut Vec<u32>) {
        match self.packing {
            Some(packing) => packing.unpack(sequence.key, codes),
            None => codes.extend_from_slice(sequence.wide(&self.pieces)),
        }
    }

    /// Orders sequences by their touchpoints, name by name, the shorter first.
    pub fn by_names(&self, a: &Sequence, b: &Sequence) -> Ordering {
        match self.packing {
            Some(_) => a.key.cmp(&b.key),
            None => a.wide(&self.pieces).cmp(b.wide(&self.pieces)),
        }
    }

    /// The `n` most frequent, ties in the order of their names.
    pub fn top(&self, n: usize) -> Vec<Sequence> {
        let order = |a: &Sequence, b: &Sequence| b.units.cmp(&a.units).then_with(|| self.by_names(a, b));
        let least = self.sizes.descending().nth(n.saturating_sub(1));
        let mut best: Vec<Sequence> = match least {
            Some(least) => {
                let of_share = |share: &Vec<Sequence>| -> Vec<Sequence> {
                    share.iter().filter(|sequence| sequence.units >= least).copied().collect()
                };
                self.shares.par_iter().flat_map_iter(of_share).collect()
            }
            None => self.all().copied().collect(),
        };
        if n < best.len() {
            best.select_nth_unstable_by(n, order);
            best.truncate(n);
        }
        best.sort_unstable_by(order);
        best
    }

    /// How many sequences, the most frequent first, it takes to hold four fifths of all units.
    pub fn n_head(&self) -> u64 {
        let mut held = 0u64;
        let is_enough = |n: u32| {
            held += u64::from(n);
            held * 5 >= self.n_units * 4
        };
        self.sizes.descending().position(is_enough).map_or(0, |at| at as u64 + 1)
    }

    pub fn n_once(&self) -> u64 {
        self.sizes.n_of(1)
    }

    /// Every unit with its touchpoints, in the order of the customers.
    pub fn each_unit(&self, mut each: impl FnMut(&Unit, &[u32])) {
        let mut codes = Vec::new();
        for piece in &self.pieces {
            for (at, unit) in piece.units.iter().enumerate() {
                match self.packing {
                    Some(packing) => {
                        codes.clear();
                        packing.unpack(unit.key, &mut codes);
                        each(unit, &codes);
                    }
                    None => each(unit, piece.wide(at)),
                }
            }
        }
    }

    /// The median seconds from the first touchpoint read to the last, for each of the given sequences.
    pub fn medians(&self, view: &View, top: &[Sequence]) -> Vec<Option<f64>> {
        // From a touchpoint to itself it takes no time.
        let is_long = |sequence: &&Sequence| {
            let Unit { first, last, .. } = self.first_of(sequence);
            first != last
        };
        let long: Vec<Sequence> = top.iter().filter(is_long).copied().collect();
        let mut shares: Vec<u8> = long.iter().map(|sequence| share_of(sequence.key)).collect();
        shares.sort_unstable();
        shares.dedup();
        let ranks = Ranks::new(self, &long);
        let times = view.times();
        let spans_of = |piece: &Piece| -> Vec<Grouped> {
            let units = shares.iter().flat_map(|share| piece.of_share(usize::from(*share)));
            let ranked = units.filter_map(|unit| Some((ranks.of(piece, unit.key, unit.at as usize)?, unit.at)));
            // Times lie far from each other; gone for together, they come together.
            let ranked: Vec<(u32, u32)> = ranked.collect();
            let span = |at: u32| {
                let Unit { first, last, .. } = piece.units[at as usize];
                (times[last as usize] - times[first as usize]).abs()
            };
            ranked.into_iter().map(|(rank, at)| (rank, span(at))).collect()
        };
        let pieces: Vec<Vec<Grouped>> = self.pieces.par_iter().map(spans_of).collect();
        let mut medians = spans::medians(&pieces, long.len()).into_iter();
        top.iter().map(|sequence| if is_long(&sequence) { medians.next()? } else { Some(0.0) }).collect()
    }

    fn first_of(&self, sequence: &Sequence) -> Unit {
        self.pieces[sequence.at.0 as usize].units[sequence.at.1 as usize]
    }

    /// Frees what only counting and medians need.
    pub fn forget_shares(&mut self) {
        self.pieces.iter_mut().for_each(|piece| piece.by_share = Vec::new());
    }

    /// How many customers have a way that is none of the given sequences.
    pub fn n_customers_besides(&self, top: &[Sequence]) -> u64 {
        let ranks = Ranks::new(self, top);
        let count = |piece: &Piece| -> u64 {
            let others = (0..piece.units.len()).filter(|at| ranks.of(piece, piece.units[*at].key, *at).is_none());
            let mut last = None;
            others.filter(|at| last.replace(piece.units[*at].customer) != Some(piece.units[*at].customer)).count()
                as u64
        };
        self.pieces.par_iter().map(count).sum()
    }

    /// How many customers have a way.
    pub fn n_customers(&self) -> u64 {
        let of_piece = |piece: &Piece| piece.units.chunk_by(|a, b| a.customer == b.customer).count() as u64;
        self.pieces.iter().map(of_piece).sum()
    }
}

impl Sequence {
    /// Its touchpoints, where its key is a hash.
    fn wide<'a>(&self, pieces: &'a [Piece]) -> &'a [u32] {
        pieces[self.at.0 as usize].wide(self.at.1 as usize)
    }

    #[inline]
    fn add(&mut self, unit: &Shared, customer: u32) {
        self.units += 1;
        // The units of one customer are neighbours.
        self.customers += u32::from(self.last_customer != customer + 1);
        self.last_customer = customer + 1;
        let [ended, open, beyond, converted] = COUNTED[usize::from(unit.marks) % COUNTED.len()];
        self.ended += ended;
        self.open += open;
        self.beyond += beyond;
        self.converted += converted;
    }
}

/// All sequences with their touchpoints side by side.
#[derive(Debug)]
pub struct Spread {
    codes: Vec<u32>,
    ends: Vec<u32>,
    pub all: Vec<Sequence>,
}

impl Spread {
    /// In the order of their names where that is wanted.
    pub fn new(sequences: &Sequences, by_names: bool) -> Self {
        let mut all: Vec<Sequence> = sequences.all().copied().collect();
        if by_names {
            all.par_sort_unstable_by(|a, b| sequences.by_names(a, b));
        }
        let (mut codes, mut ends) = (Vec::new(), Vec::with_capacity(all.len()));
        for sequence in &all {
            sequences.codes_of(sequence, &mut codes);
            ends.push(codes.len() as u32);
        }
        Spread { codes, ends, all }
    }

    #[inline]
    pub fn codes(&self, at: usize) -> &[u32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.codes[start..self.ends[at] as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Sequence, &[u32])> {
        self.all.iter().enumerate().map(|(at, sequence)| (sequence, self.codes(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_hold_their_touchpoints_and_sort_like_them(
            n_labels in 1usize..600,
            a in prop::collection::vec(0u32..600, 1..7),
            b in prop::collection::vec(0u32..600, 1..7),
        ) {
            let packing = Packing::new(n_labels, 6).expect("60 bits at most");
            let inside = |codes: Vec<u32>| codes.into_iter().map(|code| code % n_labels as u32).collect::<Vec<_>>();
            let (a, b) = (inside(a), inside(b));
            let key = |codes: &[u32]| packing.ended(codes.iter().fold(0, |key, code| packing.append(key, *code)), codes.len());
            let put = |(code, at): (&u32, u32)| (u64::from(*code) + 1) << (packing.bits * (packing.depth - 1 - at));
            prop_assert_eq!(key(&a), a.iter().zip(0..).map(put).fold(0, |key, part| key | part));
            let mut back = Vec::new();
            packing.unpack(key(&a), &mut back);
            prop_assert_eq!(&back, &a);
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }
    }

    #[test]
    fn long_paths_over_many_names_are_not_packed() {
        assert!(Packing::new(1023, 6).is_some());
        assert!(Packing::new(1024, 6).is_none());
        assert!(Packing::new(3, usize::MAX).is_none());
    }
}
