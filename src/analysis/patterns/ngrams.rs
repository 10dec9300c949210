//! Contiguous patterns: every stretch of the wanted lengths, counted by a key that holds its touchpoints.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Pattern;
use super::spec::Lengths;
use super::traces::Traces;
use crate::analysis::Error;
use crate::base::{Cancelled, Ctl};

/// A key wide enough for a pattern; the first touchpoint stands highest, and no touchpoint is 0, so that patterns of
/// different lengths never share a key.
trait Key: Copy + Eq + std::hash::Hash + Send + Sync {
    const EMPTY: Self;
    /// With one more touchpoint behind, and only the last `length` kept.
    fn pushed(self, code: u32, bits: u32, length: usize) -> Self;
    fn codes(self, bits: u32) -> Vec<u32>;
}

macro_rules! key {
    ($($name:ty),*) => { $(
        impl Key for $name {
            const EMPTY: Self = 0;

            #[inline]
            fn pushed(self, code: u32, bits: u32, length: usize) -> Self {
                let used = bits * length as u32;
                let mask = if used == Self::BITS { Self::MAX } else { (1 << used) - 1 };
                ((self << bits) | <$name>::from(code + 1)) & mask
            }

            fn codes(self, bits: u32) -> Vec<u32> {
                let mask = (1 << bits) - 1;
                let mut codes = Vec::new();
                let mut rest = self;
                while rest != 0 {
                    codes.push((rest & mask) as u32 - 1);
                    rest >>= bits;
                }
                codes.reverse();
                codes
            }
        }
    )* };
}

key!(u64, u128);

#[derive(Debug, Clone, Copy)]
struct Counted {
    times: u32,
    units: u32,
    converted: u32,
    last_unit: u32,
}

/// All contiguous patterns that at least `least` units hold, in no order that means anything.
///
/// # Errors
/// Touchpoints too many for patterns of that length, or `Cancelled`.
pub fn ngrams(
    traces: &Traces,
    n_labels: usize,
    lengths: Lengths,
    least: u64,
    ctl: &Ctl,
) -> Result<Vec<Pattern>, Error> {
    let bits = (usize::BITS - n_labels.leading_zeros()).max(1);
    let used = bits * lengths.most as u32;
    if used <= u64::BITS && bits < u64::BITS {
        Ok(count::<u64>(traces, bits, lengths, least, ctl)?)
    } else if used <= u128::BITS {
        Ok(count::<u128>(traces, bits, lengths, least, ctl)?)
    } else {
        Err(Error::Invalid(format!(
            "{n_labels} touchpoints are too many for patterns of {}; ask for --length {}, or put some together with --group",
            lengths.most,
            u128::BITS / bits
        )))
    }
}

fn count<K: Key>(
    traces: &Traces,
    bits: u32,
    lengths: Lengths,
    least: u64,
    ctl: &Ctl,
) -> Result<Vec<Pattern>, Cancelled> {
    let shares = traces.shares(rayon::current_num_threads());
    ctl.expect_more(traces.codes.len() as u64);
    let made: Vec<FxHashMap<K, Counted>> = shares
        .into_par_iter()
        .with_max_len(1)
        .map(|share| {
            let mut counts: FxHashMap<K, Counted> = FxHashMap::default();
            let mut n_read = 0;
            for unit in share {
                let codes = traces.of(unit);
                n_read += codes.len();
                if n_read > 1 << 16 {
                    ctl.tick(n_read as u64)?;
                    n_read = 0;
                }
                count_unit(traces, unit, bits, lengths, &mut counts);
            }
            Ok(counts)
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut parts = made.into_iter();
    let mut all = parts.next().unwrap_or_default();
    for part in parts {
        ctl.check()?;
        for (key, counted) in part {
            // Shares have no unit in common.
            all.entry(key)
                .and_modify(|sum| {
                    sum.times += counted.times;
                    sum.units += counted.units;
                    sum.converted += counted.converted;
                })
                .or_insert(counted);
        }
    }
    let frequent = all.into_iter().filter(|(_, counted)| u64::from(counted.units) >= least);
    Ok(frequent
        .map(|(key, counted)| Pattern {
            codes: key.codes(bits),
            times: Some(u64::from(counted.times)),
            units: u64::from(counted.units),
            converted: u64::from(counted.converted),
        })
        .collect())
}

fn count_unit<K: Key>(traces: &Traces, unit: usize, bits: u32, lengths: Lengths, counts: &mut FxHashMap<K, Counted>) {
    let codes = traces.of(unit);
    for length in lengths.least..=lengths.most.min(codes.len()) {
        let mut key = K::EMPTY;
        for (at, code) in codes.iter().enumerate() {
            key = key.pushed(*code, bits, length);
            if at + 1 < length {
                continue;
            }
            let counted =
                counts.entry(key).or_insert(Counted { times: 0, units: 0, converted: 0, last_unit: u32::MAX });
            counted.times += 1;
            if counted.last_unit != unit as u32 {
                counted.last_unit = unit as u32;
                counted.units += 1;
                counted.converted += u32::from(traces.converted[unit]);
            }
        }
    }
}
