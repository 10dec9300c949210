//! Waits counted by size class, and within a class by the censorings they lie between; a class is sorted only when
//! something inside it is asked for.

use rayon::prelude::*;

use super::super::quantile::quantile_seconds;
use super::open::Open;
use crate::base::SizeClasses;

/// Up to so many are one class: sorting them costs less than counting by class.
const FEW: usize = 4_096;
/// From so many on classes are finer.
const MANY: usize = 1 << 17;
const FINEST: SizeClasses = SizeClasses(9);
const CLOSED: u32 = u32::MAX;
/// Waits that are counted in one go.
const BLOCK: usize = 1 << 16;

/// How finely lengths are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    One,
    Fine(SizeClasses),
}

impl Grain {
    pub fn of(n: usize) -> Self {
        if n <= FEW {
            Grain::One
        } else if n < MANY {
            Grain::Fine(SizeClasses(6))
        } else {
            Grain::Fine(FINEST)
        }
    }

    pub fn n_classes(self) -> usize {
        match self {
            Grain::One => 1,
            Grain::Fine(sizes) => sizes.n_classes(),
        }
    }

    /// The class of a wait; never falls as waits grow.
    #[inline(always)]
    pub fn class(self, wait: i64) -> usize {
        match self {
            Grain::One => 0,
            Grain::Fine(sizes) => sizes.class(wait),
        }
    }

    /// Hands over every wait with its class.
    #[inline(always)]
    pub fn each(self, pieces: &[&[i64]], mut each: impl FnMut(i64, usize)) {
        // The grain as a constant makes its class a few instructions; a loop per piece is much quicker than one over all.
        match self {
            Grain::Fine(FINEST) => {
                let grain = Grain::Fine(FINEST);
                pieces.iter().for_each(|piece| piece.iter().for_each(|wait| each(*wait, grain.class(*wait))));
            }
            grain => pieces.iter().for_each(|piece| piece.iter().for_each(|wait| each(*wait, grain.class(*wait)))),
        }
    }

    /// The shortest wait of a class, or of those after the last.
    fn start(self, class: usize) -> u64 {
        match self {
            Grain::One if class == 0 => 0,
            Grain::One => u64::MAX,
            Grain::Fine(sizes) => sizes.start(class),
        }
    }
}

/// The waits that ended in one way.
#[derive(Debug)]
pub struct Way<'a> {
    blocks: Vec<&'a [i64]>,
    n: usize,
    ends: Ends,
    /// By so many classes together, how many of its waits; nothing where it is the only way.
    in_classes: Vec<u32>,
}

/// Two to the power of this many classes are looked at together to find the median of a way.
const TOGETHER: u32 = 4;

/// At which places the waits of one way lie.
#[derive(Debug)]
enum Ends {
    /// By place, how many: where they are many.
    Counted(Vec<u32>),
    /// Of each wait, in the order of the blocks.
    Listed(Vec<u32>),
}

impl<'a> Way<'a> {
    fn new(pieces: &[&'a [i64]]) -> Self {
        let blocks: Vec<&[i64]> = pieces.iter().flat_map(|piece| piece.chunks(BLOCK)).collect();
        Way {
            n: blocks.iter().map(|block| block.len()).sum(),
            blocks,
            ends: Ends::Listed(Vec::new()),
            in_classes: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.n
    }

    /// A loop over the waits of a block is much quicker than one over those of all blocks.
    #[inline(always)]
    fn each_with(&self, mut each: impl FnMut(i64)) {
        self.blocks.iter().for_each(|block| block.iter().for_each(|wait| each(*wait)));
    }

    /// Calls with every wait and the place where it lies.
    pub fn each(&self, classes: &Classes, mut each: impl FnMut(i64, u32)) {
        match &self.ends {
            Ends::Counted(_) => {
                classes.grain.each(&self.blocks, |wait, class| each(wait, classes.place(wait, class) as u32));
            }
            Ends::Listed(places) => {
                let mut places = places.iter();
                self.each_with(|wait| places.next().into_iter().for_each(|place| each(wait, *place)));
            }
        }
    }

    /// The sum of what the places of the waits weigh.
    pub fn weigh(&self, weights: &[u64]) -> u64 {
        match &self.ends {
            Ends::Counted(counts) => counts.iter().zip(weights).map(|(n, weight)| u64::from(*n) * weight).sum(),
            Ends::Listed(places) => places.iter().map(|place| weights[*place as usize]).sum(),
        }
    }

    pub fn median_s(&self, classes: &Classes) -> Option<f64> {
        let low = self.n.checked_sub(1)? / 2;
        let high = self.n / 2;
        let (mut near, before) = self.around(classes, low, high);
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
    fn around(&self, classes: &Classes, low: usize, high: usize) -> (Vec<i64>, usize) {
        let n_in = |classes_at: usize| match self.in_classes.get(classes_at) {
            Some(n) => *n as usize,
            None => classes.n_together(classes_at),
        };
        let (mut first, mut before) = (0, 0);
        loop {
            let n = n_in(first);
            if before + n > low {
                break;
            }
            before += n;
            first += 1;
        }
        let (mut last, mut n_near) = (first, n_in(first));
        while before + n_near <= high {
            last += 1;
            n_near += n_in(last);
        }
        let start = |classes_at: usize| classes.grain.start(classes_at << TOGETHER);
        let (from, to) = (start(first), start(last + 1));
        // Every wait is written and only the place for the next one moves, or does not: to guess costs more than to write.
        let (mut near, mut n) = (vec![0; n_near + 1], 0);
        self.each_with(|wait| {
            near[n] = wait;
            n += usize::from((wait as u64).wrapping_sub(from) < to - from);
        });
        near.truncate(n);
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
    /// Waits still going on, as far as they are told apart.
    pub open: Open,
    /// How many still go on in all.
    pub n_open: usize,
    /// From this class on ends are counted, but not told apart by the censorings among them.
    pub end: usize,
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

fn add(all: &mut [u32], more: &[u32]) {
    all.iter_mut().zip(more).for_each(|(all, n)| *all += n);
}

/// What is counted of some blocks of a way.
struct Counted {
    way: usize,
    ends: Ends,
    in_classes: Vec<u32>,
    sum: i128,
    bounds: (i64, i64),
}

impl<'a> Classes<'a> {
    /// Waits by the way they ended, and those still going on. The curve will be known up to the class of `until`, all of it
    /// where that is `None`.
    pub fn new(ways: &[Vec<&'a [i64]>], open: &[&[i64]], until: Option<i64>) -> Self {
        let ways: Vec<Way> = ways.iter().map(|pieces| Way::new(pieces)).collect();
        let n: usize = ways.iter().map(Way::len).sum();
        let grain = Grain::of(n);
        let end = until.map_or(grain.n_classes(), |until| grain.class(until));
        let n_open = open.iter().map(|piece| piece.len()).sum();
        let open = Open::new(open, grain.start(end));
        let mut classes = Classes {
            n_open,
            end,
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
        let n_places = self.grain.n_classes() + self.open.len();
        let tasks: Vec<(usize, &[&[i64]])> = self
            .ways
            .iter()
            .enumerate()
            .flat_map(|(at, way)| {
                // Every task has a table of its own, which must pay.
                let n_tasks = (way.n / (4 * n_places)).clamp(1, rayon::current_num_threads());
                way.blocks.chunks(way.blocks.len().div_ceil(n_tasks).max(1)).map(move |blocks| (at, blocks))
            })
            .collect();
        let count = if self.ways.len() > 1 { Self::counted::<true> } else { Self::counted::<false> };
        let counted: Vec<Counted> = tasks.par_iter().map(|(way, blocks)| count(self, *way, blocks)).collect();
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        let mut counts = vec![0u32; n_places];
        for task in counted {
            match &task.ends {
                Ends::Counted(more) => add(&mut counts, more),
                Ends::Listed(places) => places.iter().for_each(|place| counts[*place as usize] += 1),
            }
            self.sum += task.sum;
            (low, high) = (low.min(task.bounds.0), high.max(task.bounds.1));
            let way = &mut self.ways[task.way];
            match (&mut way.ends, task.ends) {
                (Ends::Counted(all), Ends::Counted(more)) => {
                    add(all, &more);
                    add(&mut way.in_classes, &task.in_classes);
                }
                (ends, first) => (*ends, way.in_classes) = (first, task.in_classes),
            }
        }
        self.counts = counts;
        self.bounds = (n > 0).then_some((low, high));
    }

    /// Counts some blocks of a way; also by class, where there are several ways.
    fn counted<const ARE_SEVERAL: bool>(&self, way: usize, blocks: &[&[i64]]) -> Counted {
        let n_places = self.grain.n_classes() + self.open.len();
        let mut in_classes = vec![0; if ARE_SEVERAL { (self.grain.n_classes() >> TOGETHER) + 1 } else { 0 }];
        let (mut sum, mut low, mut high) = (0i128, i64::MAX, i64::MIN);
        let mut note = |wait: i64, class: usize| {
            if ARE_SEVERAL {
                in_classes[class >> TOGETHER] += 1;
            }
            sum += i128::from(wait);
            (low, high) = (low.min(wait), high.max(wait));
        };
        // A list of fewer waits than there are places takes less room than a count for each.
        let ends = if self.ways[way].n < n_places {
            let mut places = Vec::with_capacity(self.ways[way].n);
            self.grain.each(blocks, |wait, class| {
                places.push(self.place(wait, class) as u32);
                note(wait, class);
            });
            Ends::Listed(places)
        } else {
            let mut counts = vec![0u32; n_places];
            self.grain.each(blocks, |wait, class| {
                counts[self.place(wait, class)] += 1;
                note(wait, class);
            });
            Ends::Counted(counts)
        };
        Counted { way, ends, in_classes, sum, bounds: (low, high) }
    }

    #[inline(always)]
    fn place(&self, wait: i64, class: usize) -> usize {
        class + self.open.n_below(wait)
    }

    /// The places of a class.
    pub fn places_of(&self, class: usize) -> std::ops::Range<usize> {
        class + self.open_starts[class] as usize..class + 1 + self.open_starts[class + 1] as usize
    }

    /// The censorings in a class, ascending.
    pub fn open_of(&self, class: usize) -> &[i64] {
        &self.open[self.open_starts[class] as usize..self.open_starts[class + 1] as usize]
    }

    /// Whether the curve is known up to its end.
    pub fn are_whole(&self) -> bool {
        self.end == self.grain.n_classes()
    }

    pub fn n_places(&self) -> usize {
        self.counts.len()
    }

    /// How many ended at each of some places.
    pub fn counts_at(&self, places: std::ops::Range<usize>) -> &[u32] {
        &self.counts[places]
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

    /// How many ended in classes that are looked at together.
    fn n_together(&self, classes_at: usize) -> usize {
        let start = |at: usize| self.starts[(at << TOGETHER).min(self.grain.n_classes())];
        start(classes_at + 1) - start(classes_at)
    }

    /// The waits of an open class, ascending.
    pub fn sorted(&self, class: usize) -> &[i64] {
        debug_assert!(self.is_open(class), "a class is opened before it is looked into");
        let start = self.opened_at[class] as usize;
        &self.opened[start..start + self.count(class)]
    }

    /// Sorts the wanted classes that are not yet.
    pub fn open(&mut self, wanted: &[bool]) {
        let mut cursors = vec![CLOSED; self.grain.n_classes()];
        let mut end = self.opened.len();
        let mut newly = Vec::new();
        for class in (0..wanted.len()).filter(|class| wanted[*class]) {
            if self.opened_at[class] != CLOSED {
                continue;
            }
            self.opened_at[class] = end as u32;
            cursors[class] = end as u32;
            end += self.count(class);
            newly.push(class);
        }
        if newly.iter().all(|class| self.count(*class) == 0) {
            return;
        }
        let mut opened = std::mem::take(&mut self.opened);
        opened.resize(end, 0);
        let mut note = |wait: i64, class: usize| {
            if wanted[class] && cursors[class] != CLOSED {
                opened[cursors[class] as usize] = wait;
                cursors[class] += 1;
            }
        };
        for way in &self.ways {
            self.grain.each(&way.blocks, &mut note);
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
