//! Waits counted by size class, and within a class by the censorings they lie between; a class is sorted only when
//! something inside it is asked for.

use rayon::prelude::*;

use super::super::quantile::quantile_seconds;

/// Up to so many are one class: sorting them costs less than counting by class.
const FEW: usize = 4_096;
/// From so many on classes are finer.
const MANY: usize = 1 << 17;
const CLOSED: u32 = u32::MAX;
/// Waits that are counted in one go.
const BLOCK: usize = 1 << 16;

/// How finely lengths are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    One,
    /// Two to the power of this many classes for every doubling.
    Fine(u32),
}

impl Grain {
    fn of(n: usize) -> Self {
        if n <= FEW {
            Grain::One
        } else if n < MANY {
            Grain::Fine(6)
        } else {
            Grain::Fine(9)
        }
    }

    pub fn n_classes(self) -> usize {
        match self {
            Grain::One => 1,
            Grain::Fine(fineness) => 64 << fineness,
        }
    }

    /// The class of a wait; never falls as waits grow.
    #[inline(always)]
    pub fn class(self, wait: i64) -> usize {
        match self {
            Grain::One => 0,
            Grain::Fine(fineness) => fine_class(wait, fineness),
        }
    }
}

/// The magnitude of a wait and the bits after its leading one.
#[inline(always)]
fn fine_class(wait: i64, fineness: u32) -> usize {
    let wait = wait.max(0) as u64 + (1 << fineness);
    let magnitude = 63 - wait.leading_zeros();
    (((magnitude - fineness) << fineness) as u64 + (wait >> (magnitude - fineness))) as usize
}

/// The waits that ended in one way.
#[derive(Debug)]
pub struct Way<'a> {
    blocks: Vec<&'a [i64]>,
    /// Where each wait lies, in the order of the blocks.
    places: Vec<Vec<u32>>,
    n: usize,
}

impl<'a> Way<'a> {
    fn new(pieces: &[&'a [i64]]) -> Self {
        let blocks: Vec<&[i64]> = pieces.iter().flat_map(|piece| piece.chunks(BLOCK)).collect();
        Way { n: blocks.iter().map(|block| block.len()).sum(), blocks, places: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.n
    }

    /// Calls with every wait and the place where it lies.
    #[inline(always)]
    pub fn each(&self, mut each: impl FnMut(i64, u32)) {
        for (block, places) in self.blocks.iter().zip(&self.places) {
            for (wait, place) in block.iter().zip(places) {
                each(*wait, *place);
            }
        }
    }

    pub fn median_s(&self) -> Option<f64> {
        let low = self.n.checked_sub(1)? / 2;
        let high = self.n / 2;
        let (mut near, before) = self.around(low, high);
        let (_, above, _) = near.select_nth_unstable(high - before);
        let above = *above;
        // With an odd number the median is the wait in the middle itself.
        if low == high {
            return quantile_seconds(&[above], 0.0);
        }
        let below = *near[..high - before].iter().max().expect("the wait of the lower rank lies before");
        quantile_seconds(&[below, above], 0.5)
    }

    /// The waits of the classes in which two ranks lie, and how many are in lower classes.
    fn around(&self, low: usize, high: usize) -> (Vec<i64>, usize) {
        const FINENESS: u32 = 6;
        if self.n <= 2 * FEW {
            return (self.blocks.concat(), 0);
        }
        let mut counts = vec![0u32; 64 << FINENESS];
        self.blocks.iter().for_each(|block| block.iter().for_each(|wait| counts[fine_class(*wait, FINENESS)] += 1));
        let class_of = |rank: usize| {
            let (mut class, mut before) = (0, 0);
            while before + counts[class] as usize <= rank {
                before += counts[class] as usize;
                class += 1;
            }
            (class, before)
        };
        let ((first, before), (last, _)) = (class_of(low), class_of(high));
        let n: u32 = counts[first..=last].iter().sum();
        let mut near = Vec::with_capacity(n as usize);
        let is_near = |wait: &i64| (first..=last).contains(&fine_class(*wait, FINENESS));
        self.blocks.iter().for_each(|block| near.extend(block.iter().copied().filter(|wait| is_near(wait))));
        (near, before)
    }
}

/// The waits that ended, all ways together, and those that are still going on.
///
/// A *place* is a part of a class: it is cut after each censoring in it, so that nobody is censored within a place. Places
/// are numbered as lengths grow; an end at the time of a censoring lies before the cut.
#[derive(Debug)]
pub struct Classes<'a> {
    pub grain: Grain,
    pub ways: Vec<Way<'a>>,
    /// Waits still going on, ascending.
    pub open: Vec<i64>,
    /// By class, the censorings in lower classes; one more at the end.
    open_starts: Vec<u32>,
    /// By place, the waits that ended there.
    counts: Vec<u32>,
    /// By class, the ended waits in lower classes; one more at the end.
    starts: Vec<usize>,
    sum: i128,
    bounds: Option<(i64, i64)>,
    /// The waits of opened classes, ascending within a class.
    opened: Vec<i64>,
    /// By class, where it starts in `opened`.
    opened_at: Vec<u32>,
}

/// What is counted of some blocks.
struct Counted {
    counts: Vec<u32>,
    places: Vec<Vec<u32>>,
    sum: i128,
    bounds: (i64, i64),
}

impl<'a> Classes<'a> {
    /// Waits by the way they ended, and those still going on, ascending.
    pub fn new(ways: &[Vec<&'a [i64]>], open: Vec<i64>) -> Self {
        let ways: Vec<Way> = ways.iter().map(|pieces| Way::new(pieces)).collect();
        let n: usize = ways.iter().map(Way::len).sum();
        let grain = Grain::of(n);
        let mut classes = Classes {
            open_starts: open_starts(grain, &open),
            grain,
            ways,
            open,
            counts: Vec::new(),
            starts: Vec::with_capacity(grain.n_classes() + 1),
            sum: 0,
            bounds: None,
            opened: Vec::new(),
            opened_at: vec![CLOSED; grain.n_classes()],
        };
        classes.count_all(n);
        let mut before = 0;
        for class in 0..grain.n_classes() {
            classes.starts.push(before);
            before += classes.counts[classes.places_of(class)].iter().map(|n| *n as usize).sum::<usize>();
        }
        classes.starts.push(before);
        classes
    }

    fn count_all(&mut self, n: usize) {
        let blocks: Vec<&[i64]> = self.ways.iter().flat_map(|way| way.blocks.iter().copied()).collect();
        let n_tasks = if n < 4 * BLOCK { 1 } else { rayon::current_num_threads().min(blocks.len()) };
        let per_task = blocks.len().div_ceil(n_tasks.max(1)).max(1);
        let counted: Vec<Counted> = blocks.par_chunks(per_task).map(|blocks| self.counted(blocks)).collect();
        self.counts = vec![0; self.grain.n_classes() + self.open.len()];
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        let mut places = Vec::with_capacity(blocks.len());
        for task in counted {
            self.counts.iter_mut().zip(&task.counts).for_each(|(all, n)| *all += n);
            self.sum += task.sum;
            (low, high) = (low.min(task.bounds.0), high.max(task.bounds.1));
            places.extend(task.places);
        }
        self.bounds = (n > 0).then_some((low, high));
        let mut places = places.into_iter();
        for way in &mut self.ways {
            way.places = places.by_ref().take(way.blocks.len()).collect();
        }
    }

    fn counted(&self, blocks: &[&[i64]]) -> Counted {
        let mut counts = vec![0u32; self.grain.n_classes() + self.open.len()];
        let (mut sum, mut low, mut high) = (0i128, i64::MAX, i64::MIN);
        let mut place_all = |block: &&[i64], grain: Grain| -> Vec<u32> {
            let place = |wait: &i64| {
                let place = self.place(grain, *wait);
                counts[place] += 1;
                sum += i128::from(*wait);
                (low, high) = (low.min(*wait), high.max(*wait));
                place as u32
            };
            block.iter().map(place).collect()
        };
        // The grain as a constant makes its class a few instructions.
        let places = match self.grain {
            Grain::Fine(9) => blocks.iter().map(|block| place_all(block, Grain::Fine(9))).collect(),
            grain => blocks.iter().map(|block| place_all(block, grain)).collect(),
        };
        Counted { counts, places, sum, bounds: (low, high) }
    }

    #[inline(always)]
    fn place(&self, grain: Grain, wait: i64) -> usize {
        let class = grain.class(wait);
        let (from, to) = (self.open_starts[class] as usize, self.open_starts[class + 1] as usize);
        let before = if from == to { 0 } else { self.open[from..to].partition_point(|open| *open < wait) };
        class + from + before
    }

    /// The places of a class.
    pub fn places_of(&self, class: usize) -> std::ops::Range<usize> {
        class + self.open_starts[class] as usize..class + 1 + self.open_starts[class + 1] as usize
    }

    /// The censorings in a class, ascending.
    pub fn open_of(&self, class: usize) -> &[i64] {
        &self.open[self.open_starts[class] as usize..self.open_starts[class + 1] as usize]
    }

    pub fn n_places(&self) -> usize {
        self.counts.len()
    }

    pub fn count_at(&self, place: usize) -> usize {
        self.counts[place] as usize
    }

    pub fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// The shortest and the longest.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        self.bounds
    }

    pub fn in_lower(&self, class: usize) -> usize {
        self.starts[class]
    }

    pub fn count(&self, class: usize) -> usize {
        self.starts[class + 1] - self.starts[class]
    }

    pub fn is_open(&self, class: usize) -> bool {
        self.opened_at[class] != CLOSED
    }

    /// The waits of an open class, ascending.
    pub fn sorted(&self, class: usize) -> &[i64] {
        debug_assert!(self.is_open(class), "a class is opened before it is looked into");
        let start = self.opened_at[class] as usize;
        &self.opened[start..start + self.count(class)]
    }

    /// Sorts the wanted classes that are not yet.
    pub fn open(&mut self, wanted: &[bool]) {
        let mut cursors = vec![CLOSED; self.n_places()];
        let mut end = self.opened.len();
        let mut newly = Vec::new();
        for class in (0..wanted.len()).filter(|class| wanted[*class]) {
            if self.opened_at[class] != CLOSED {
                continue;
            }
            self.opened_at[class] = end as u32;
            for place in self.places_of(class) {
                cursors[place] = end as u32;
                end += self.count_at(place);
            }
            newly.push(class);
        }
        if newly.iter().all(|class| self.count(*class) == 0) {
            return;
        }
        let mut opened = std::mem::take(&mut self.opened);
        opened.resize(end, 0);
        for way in &self.ways {
            way.each(|wait, place| {
                let cursor = &mut cursors[place as usize];
                if *cursor != CLOSED {
                    opened[*cursor as usize] = wait;
                    *cursor += 1;
                }
            });
        }
        self.opened = opened;
        for class in newly {
            let start = self.opened_at[class] as usize;
            let n = self.count(class);
            self.opened[start..start + n].sort_unstable();
        }
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

fn open_starts(grain: Grain, open: &[i64]) -> Vec<u32> {
    let mut starts = vec![0u32; grain.n_classes() + 1];
    open.iter().for_each(|wait| starts[grain.class(*wait) + 1] += 1);
    let mut before = 0;
    starts.iter_mut().for_each(|start| {
        before += *start;
        *start = before;
    });
    starts
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
        for grain in [Grain::Fine(6), Grain::Fine(9)] {
            assert!(waits.windows(2).all(|pair| grain.class(pair[0]) <= grain.class(pair[1])));
            assert!(waits.iter().all(|wait| grain.class(*wait) < grain.n_classes()));
        }
        assert_eq!(fine_class(0, 6), 64);
    }
}
