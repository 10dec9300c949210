//! Ended waits counted by size class; a class is sorted only when something inside it is asked for.

use super::super::quantile::quantile_seconds;

/// Fewer than this are one class: sorting them costs less than counting by class.
const FEW: usize = 4_096;
/// Two to the power of this many classes for every doubling.
const FINENESS: u32 = 6;
const CLOSED: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    One,
    Fine,
}

impl Grain {
    pub fn n_classes(self) -> usize {
        match self {
            Grain::One => 1,
            Grain::Fine => 64 << FINENESS,
        }
    }

    /// The class of a wait; never falls as waits grow.
    #[inline]
    pub fn class(self, wait: i64) -> usize {
        match self {
            Grain::One => 0,
            Grain::Fine => fine_class(wait),
        }
    }
}

/// The magnitude of a wait and the bits after its leading one.
#[inline]
fn fine_class(wait: i64) -> usize {
    let wait = wait.max(0) as u64 + (1 << FINENESS);
    let magnitude = 63 - wait.leading_zeros();
    ((magnitude << FINENESS) as u64 + ((wait >> (magnitude - FINENESS)) & ((1 << FINENESS) - 1))) as usize
}

/// The waits that ended in one way.
#[derive(Debug)]
pub struct Way<'a> {
    pieces: Vec<&'a [i64]>,
    counts: Vec<u32>,
    n: usize,
    sum: i128,
    bounds: Option<(i64, i64)>,
    /// The values of open classes; `places` says where each class starts.
    opened: Vec<i64>,
    places: Vec<u32>,
}

impl<'a> Way<'a> {
    fn new(pieces: Vec<&'a [i64]>, grain: Grain) -> Self {
        let n = pieces.iter().map(|piece| piece.len()).sum();
        let mut counts = vec![0u32; grain.n_classes()];
        let (mut sum, mut low, mut high) = (0, i64::MAX, i64::MIN);
        // Loops within loops: a flattened iterator is slower over so many.
        for piece in &pieces {
            for wait in *piece {
                counts[grain.class(*wait)] += 1;
                sum += i128::from(*wait);
                low = low.min(*wait);
                high = high.max(*wait);
            }
        }
        let bounds = (n > 0).then_some((low, high));
        Way { pieces, places: vec![CLOSED; counts.len()], counts, n, sum, bounds, opened: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.n
    }

    pub fn count(&self, class: usize) -> usize {
        self.counts[class] as usize
    }

    /// The waits of an open class, ascending.
    pub fn sorted(&self, class: usize) -> &[i64] {
        let place = self.places[class];
        debug_assert!(place != CLOSED, "a class is opened before it is looked into");
        let start = place as usize;
        &self.opened[start..start + self.count(class)]
    }

    fn open(&mut self, wanted: &[bool]) {
        let mut cursors = vec![CLOSED; self.counts.len()];
        let mut end = self.opened.len() as u32;
        let mut newly = Vec::new();
        for class in 0..wanted.len() {
            if wanted[class] && self.places[class] == CLOSED {
                self.places[class] = end;
                cursors[class] = end;
                end += self.counts[class];
                newly.push(class);
            }
        }
        if end as usize == self.opened.len() {
            return;
        }
        self.opened.resize(end as usize, 0);
        if wanted.len() == 1 {
            let mut at = 0;
            for piece in &self.pieces {
                self.opened[at..at + piece.len()].copy_from_slice(piece);
                at += piece.len();
            }
        } else {
            for piece in &self.pieces {
                for wait in *piece {
                    let cursor = &mut cursors[fine_class(*wait)];
                    if *cursor != CLOSED {
                        self.opened[*cursor as usize] = *wait;
                        *cursor += 1;
                    }
                }
            }
        }
        for class in newly {
            let start = self.places[class] as usize;
            self.opened[start..start + self.counts[class] as usize].sort_unstable();
        }
    }

    /// Where the median lies: below and above it.
    pub fn classes_of_median(&self) -> [Option<usize>; 2] {
        self.ranks_of_median().map(|rank| rank.map(|rank| self.class_of_rank(rank).0))
    }

    fn ranks_of_median(&self) -> [Option<usize>; 2] {
        let low = self.n.checked_sub(1).map(|last| last / 2);
        [low, low.map(|low| (low + 1).min(self.n - 1))]
    }

    /// The class that holds the wait of a rank, and how many lie in lower classes.
    fn class_of_rank(&self, rank: usize) -> (usize, usize) {
        let mut before = 0;
        for (class, count) in self.counts.iter().enumerate() {
            if rank < before + *count as usize {
                return (class, before);
            }
            before += *count as usize;
        }
        unreachable!("a rank is below the number of waits")
    }

    pub fn median_s(&self) -> Option<f64> {
        let [Some(low), Some(high)] = self.ranks_of_median() else { return None };
        let at = |rank| {
            let (class, before) = self.class_of_rank(rank);
            self.sorted(class)[rank - before]
        };
        // With an odd number the median is the wait in the middle itself.
        let pair = [at(low), at(high)];
        if self.n % 2 == 1 { quantile_seconds(&pair[..1], 0.0) } else { quantile_seconds(&pair, 0.5) }
    }
}

/// All ways together.
#[derive(Debug)]
pub struct Classes<'a> {
    pub grain: Grain,
    pub ways: Vec<Way<'a>>,
    /// By class, the ended waits in lower classes; one more at the end.
    starts: Vec<usize>,
    /// The waits of open classes of all ways together, ascending within a class.
    merged: Vec<i64>,
    places: Vec<u32>,
}

impl<'a> Classes<'a> {
    pub fn new(ways: Vec<Vec<&'a [i64]>>) -> Self {
        let n: usize = ways.iter().flatten().map(|piece| piece.len()).sum();
        let grain = if n <= FEW { Grain::One } else { Grain::Fine };
        let ways: Vec<Way> = ways.into_iter().map(|pieces| Way::new(pieces, grain)).collect();
        let mut starts = Vec::with_capacity(grain.n_classes() + 1);
        starts.push(0);
        for class in 0..grain.n_classes() {
            starts.push(starts[class] + ways.iter().map(|way| way.count(class)).sum::<usize>());
        }
        Classes { places: vec![CLOSED; grain.n_classes()], grain, ways, starts, merged: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    pub fn sum(&self) -> i128 {
        self.ways.iter().map(|way| way.sum).sum()
    }

    /// The shortest and the longest.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        let bounds = self.ways.iter().filter_map(|way| way.bounds);
        bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    pub fn in_lower(&self, class: usize) -> usize {
        self.starts[class]
    }

    pub fn count(&self, class: usize) -> usize {
        self.starts[class + 1] - self.starts[class]
    }

    pub fn is_open(&self, class: usize) -> bool {
        self.places[class] != CLOSED
    }

    /// The waits of an open class, ascending.
    pub fn sorted(&self, class: usize) -> &[i64] {
        debug_assert!(self.is_open(class), "a class is opened before it is looked into");
        let start = self.places[class] as usize;
        &self.merged[start..start + self.count(class)]
    }

    /// Sorts the wanted classes that are not yet.
    pub fn open(&mut self, wanted: &[bool]) {
        self.ways.iter_mut().for_each(|way| way.open(wanted));
        for class in (0..wanted.len()).filter(|class| wanted[*class]) {
            if self.places[class] != CLOSED {
                continue;
            }
            let start = self.merged.len();
            self.places[class] = start as u32;
            self.ways.iter().for_each(|way| self.merged.extend_from_slice(way.sorted(class)));
            if self.ways.len() > 1 {
                // Runs that are in order already, which this sort merges.
                self.merged[start..].sort();
            }
        }
    }

    pub fn open_for_ranks(&mut self, ranks: &[usize]) {
        let mut wanted = vec![false; self.grain.n_classes()];
        ranks.iter().for_each(|rank| wanted[self.class_of_rank(*rank)] = true);
        self.open(&wanted);
    }

    pub fn class_of_rank(&self, rank: usize) -> usize {
        self.starts.partition_point(|start| *start <= rank) - 1
    }

    /// The wait of a rank, from 0; its class is open.
    pub fn at_rank(&self, rank: usize) -> i64 {
        let class = self.class_of_rank(rank);
        self.sorted(class)[rank - self.starts[class]]
    }

    /// Ended waits shorter than this; its class is open.
    pub fn n_below(&self, length: i64) -> usize {
        let class = self.grain.class(length);
        if self.count(class) == 0 {
            return self.starts[class];
        }
        self.starts[class] + self.sorted(class).partition_point(|wait| *wait < length)
    }

    /// The ranks between which a quantile lies.
    pub fn ranks_of(&self, q: f64) -> Option<[usize; 2]> {
        let last = self.len().checked_sub(1)?;
        let below = (q * last as f64).floor() as usize;
        Some([below, (below + 1).min(last)])
    }

    pub fn quantile_s(&self, q: f64) -> Option<f64> {
        let [below, above] = self.ranks_of(q)?;
        let at = q * (self.len() - 1) as f64;
        quantile_seconds(&[self.at_rank(below), self.at_rank(above)], at - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_never_fall() {
        let mut waits: Vec<i64> = (0..63).flat_map(|bit| [(1i64 << bit) - 1, 1 << bit, (1 << bit) + 1]).collect();
        waits.push(i64::MAX);
        waits.extend(0..5000);
        waits.sort_unstable();
        assert!(waits.windows(2).all(|pair| fine_class(pair[0]) <= fine_class(pair[1])));
        assert!(waits.iter().all(|wait| fine_class(*wait) < Grain::Fine.n_classes()));
    }
}
