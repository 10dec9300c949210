//! The jobs as a plain program does them, over the same columns: what can be attained where nothing is made but the figures
//! compared. Each is the quickest of a page that we know, and checked against the answer it is compared with.

use std::hint::select_unpredictable;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use trailmap::journey::{Codes, JourneyStore, Values};
use trailmap::table::{Cell, Table};

use crate::data::STEPS;

const DAY: i64 = 86_400_000_000;
const WEEK: i64 = 7 * DAY;
/// Of the touchpoints; a table of pairs has this many squared.
const N_CODES: usize = 64;
const N_CHANNELS: usize = 16;
/// No step, no stage.
const NONE: u8 = u8::MAX;
/// Customers that a thread takes at once.
const CHUNK: usize = 1 << 11;

/// What the jobs need, in plain lists.
pub struct Columns {
    codes: Vec<u8>,
    times: Vec<i64>,
    /// By customer, where the journey begins; one more at the end.
    starts: Vec<u32>,
    channels: Vec<u8>,
    step_of: [u8; N_CODES],
    stage_of: [u8; N_CODES],
    /// One bit per event: the first step, and any later one. The program keeps such bits too.
    is_first: Vec<u64>,
    is_later: Vec<u64>,
}

/// Counts that stand in a column of an answer.
pub struct Figures {
    column: &'static str,
    counts: Vec<u64>,
}

impl Figures {
    fn new(column: &'static str, counts: impl IntoIterator<Item = u64>) -> Self {
        Figures { column, counts: counts.into_iter().filter(|n| *n > 0).collect() }
    }

    /// Whether all of them stand in an answer's table, which may tell more: starts and ends, the rest, weeks that are not over.
    pub fn are_in(&self, table: &Table) -> bool {
        let number = |row: usize| match table.cell(row, self.column) {
            Some(Cell::Count(n)) => n,
            Some(Cell::Number(seconds)) => seconds as u64,
            _ => 0,
        };
        let mut told = FxHashMap::<u64, usize>::default();
        (0..table.len()).for_each(|row| *told.entry(number(row)).or_default() += 1);
        let mut is_told = |n: &u64| told.get_mut(n).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
        !self.counts.is_empty() && self.counts.iter().all(&mut is_told)
    }
}

/// One of the jobs.
pub type Job = fn(&Columns) -> Figures;

pub const JOBS: [(&str, Job); 5] = [
    ("funnel", Columns::funnel),
    ("paths", Columns::paths),
    ("transitions", Columns::transitions),
    ("dwell", Columns::dwell),
    ("retention", Columns::retention),
];

impl Columns {
    /// Stages are those of `--stage` in a command.
    pub fn of(store: &JourneyStore, stages: &str) -> Self {
        let Codes::U8(codes) = &store.codes else { panic!("the demo shop has few touchpoints") };
        let code = |name: &str| {
            store.touchpoints.iter().position(|known| known == name).expect("a touchpoint of the demo shop")
        };
        let (mut step_of, mut stage_of) = ([NONE; N_CODES], [NONE; N_CODES]);
        STEPS.iter().zip(0..).for_each(|(step, k)| step_of[code(step)] = k);
        for ((_, names), stage) in stages.split_whitespace().filter_map(|word| word.split_once('=')).zip(0..) {
            names.split('|').for_each(|name| stage_of[code(name)] = stage);
        }
        let channel = store.property_idx("channel").expect("the demo shop has channels");
        let Values::Text { codes: channels, .. } = &store.properties[channel].values else {
            panic!("channels are texts")
        };
        let channels = (0..channels.len()).map(|at| channels.get(at) as u8).collect();
        let bits = |wanted: fn(u8) -> bool| -> Vec<u64> {
            let word = |codes: &[u8]| {
                codes.iter().rev().fold(0, |word, code| word << 1 | u64::from(wanted(step_of[usize::from(*code)])))
            };
            codes.chunks(64).map(word).chain([0]).collect()
        };
        let (is_first, is_later) = (bits(|step| step == 0), bits(|step| step != 0 && step != NONE));
        let (codes, times, starts) = (codes.to_vec(), store.times.to_vec(), store.offsets.to_vec());
        Columns { codes, times, starts, channels, step_of, stage_of, is_first, is_later }
    }

    /// Adds up all journeys, by as many threads as there are.
    fn add_up<T: Send>(
        &self,
        start: impl Fn() -> T + Sync + Send,
        add: impl Fn(&mut T, Range<usize>) + Sync + Send,
    ) -> Vec<T> {
        let n_customers = self.starts.len() - 1;
        let add_chunk = |mut sums: T, first: usize| {
            let bounds = self.starts[first..=(first + CHUNK).min(n_customers)].windows(2);
            bounds.for_each(|bounds| add(&mut sums, bounds[0] as usize..bounds[1] as usize));
            sums
        };
        (0..n_customers).into_par_iter().step_by(CHUNK).fold(start, add_chunk).collect()
    }

    /// How many come to each step within a week of the first, by the channel of their first event.
    fn funnel(&self) -> Figures {
        let found = self.add_up(
            || [[0u64; 6]; N_CHANNELS],
            |n, journey| {
                let (start, end) = (journey.start, journey.end);
                let Some(first) = ones(&self.is_first, start, end).next() else { return };
                // By step, when the latest first step happened that has come this far.
                let (mut since, mut depth) = ([i64::MIN / 2; 5], 0);
                for at in ones(&self.is_later, first, end) {
                    let step = usize::from(self.step_of[usize::from(self.codes[at])]);
                    since[0] = self.times[last(&self.is_first, at)];
                    // Whether a step is in time is as good as random, so this is no branch.
                    let comes = self.times[at] - since[step - 1] <= WEEK;
                    since[step] = select_unpredictable(comes, since[step - 1], since[step]);
                    depth = depth.max(step * usize::from(comes));
                }
                n[usize::from(self.channels[start])][depth + 1] += 1;
            },
        );
        let n = |channel: usize, depth: usize| found.iter().map(|n| n[channel][depth]).sum::<u64>();
        let reached = |channel: usize, step: usize| (step..=5).map(|depth| n(channel, depth)).sum::<u64>();
        let by_channel = (0..N_CHANNELS).flat_map(|channel| (1..=5).map(move |step| (channel, step)));
        let of_all = (1..=5).map(|step| (0..N_CHANNELS).map(|channel| reached(channel, step)).sum());
        Figures::new("customers", by_channel.map(|(channel, step)| reached(channel, step)).chain(of_all))
    }

    /// The twenty most frequent of the first six touchpoints, repeats counted once.
    fn paths(&self) -> Figures {
        let found = self.add_up(FxHashMap::<u64, u32>::default, |n, journey| {
            let (mut path, mut before, mut length) = (0, NONE, 0);
            for code in &self.codes[journey] {
                if *code != before {
                    (path, before, length) = ((path << 8) | (u64::from(*code) + 1), *code, length + 1);
                    if length == 6 {
                        break;
                    }
                }
            }
            *n.entry(path).or_default() += 1;
        });
        let mut all = FxHashMap::<u64, u32>::default();
        found.iter().flatten().for_each(|(path, n)| *all.entry(*path).or_default() += n);
        let mut counts: Vec<u64> = all.into_values().map(u64::from).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.truncate(20);
        Figures::new("units", counts)
    }

    /// How often one touchpoint followed another.
    fn transitions(&self) -> Figures {
        let found = self.add_up(
            || vec![0u32; N_CODES * N_CODES],
            |n, journey| {
                self.codes[journey]
                    .windows(2)
                    .for_each(|pair| n[usize::from(pair[0]) * N_CODES + usize::from(pair[1])] += 1);
            },
        );
        Figures::new("count", (0..N_CODES * N_CODES).map(|pair| found.iter().map(|n| u64::from(n[pair])).sum()))
    }

    /// The median and the ninth decile of the visits to six stages that are over, in whole seconds; only the median is compared.
    fn dwell(&self) -> Figures {
        let found = self.add_up(
            || [const { Vec::<i64>::new() }; 6],
            |spans, journey| {
                let (mut stage, mut since) = (NONE, 0);
                for at in journey {
                    let here = self.stage_of[usize::from(self.codes[at])];
                    if here != stage && here != NONE {
                        let now = self.times[at];
                        if let Some(spans) = spans.get_mut(usize::from(stage)) {
                            spans.push(now - since);
                        }
                        (stage, since) = (here, now);
                    }
                }
            },
        );
        let quantiles = (0..6).into_par_iter().map(|stage| {
            let mut spans: Vec<i64> = found.iter().flat_map(|spans| spans[stage].iter().copied()).collect();
            [0.5, 0.9].map(|q| quantile(&mut spans, q))
        });
        let quantiles: Vec<[f64; 2]> = quantiles.collect();
        Figures::new("p50_s", quantiles.iter().map(|of_stage| of_stage[0] as u64))
    }

    /// By the week of the first event, how many had events so many weeks later; where the week is over.
    fn retention(&self) -> Figures {
        let week = |time: i64| (time + 3 * DAY).div_euclid(WEEK);
        let (first, last) = self
            .times
            .par_iter()
            .map(|time| (*time, *time))
            .reduce(|| (i64::MAX, i64::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        let n_weeks = (week(last) - week(first) + 1) as usize;
        let found = self.add_up(
            || vec![0u64; n_weeks * n_weeks],
            |n, journey| {
                let Some(first_of) = self.times[journey.clone()].first() else { return };
                let cohort = week(*first_of);
                let mut weeks =
                    self.times[journey].iter().fold(0u64, |weeks, time| weeks | 1 << (week(*time) - cohort));
                let of_cohort = &mut n[(cohort - week(first)) as usize * n_weeks..];
                while weeks != 0 {
                    of_cohort[weeks.trailing_zeros() as usize] += 1;
                    weeks &= weeks - 1;
                }
            },
        );
        let is_over = |at: &usize| at / n_weeks + at % n_weeks < n_weeks - 1;
        let cells = (0..n_weeks * n_weeks).filter(is_over);
        Figures::new("retained", cells.map(|at| found.iter().map(|n| n[at]).sum()))
    }
}

/// The set bits from one place to another, which is after it.
fn ones(bits: &[u64], from: usize, end: usize) -> impl Iterator<Item = usize> {
    let (mut at, last) = (from / 64, (end - 1) / 64);
    let upto = move |at: usize, word: u64| if at == last { word & (u64::MAX >> (63 - (end - 1) % 64)) } else { word };
    let mut word = upto(at, bits[at] & (u64::MAX << (from % 64)));
    std::iter::from_fn(move || {
        while word == 0 {
            if at == last {
                return None;
            }
            at += 1;
            word = upto(at, bits[at]);
        }
        let one = at * 64 + word.trailing_zeros() as usize;
        word &= word - 1;
        Some(one)
    })
}

/// The last set bit before a place; there is one.
fn last(bits: &[u64], before: usize) -> usize {
    let mut at = before / 64;
    let mut word = bits[at] & !(u64::MAX << (before % 64));
    while word == 0 {
        at -= 1;
        word = bits[at];
    }
    at * 64 + 63 - word.leading_zeros() as usize
}

/// In seconds, between the two neighbours (type 7).
fn quantile(spans: &mut [i64], q: f64) -> f64 {
    let Some(most) = spans.len().checked_sub(1) else { return 0.0 };
    let rank = q * most as f64;
    let (_, low, above) = spans.select_nth_unstable(rank as usize);
    let low = *low as f64;
    let high = above.iter().min().map_or(low, |high| *high as f64);
    (low + (high - low) * rank.fract()) / 1e6
}
