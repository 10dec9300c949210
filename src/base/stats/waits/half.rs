//! Where the curve has come to one half, guessed from some of the waits.

/// So many waits and more are worth a guess.
const FEWEST: usize = 1 << 13;
/// About one of so many is looked at, but neither fewer nor more than this.
const OF_EVERY: usize = 1 << 6;
const SAMPLE: std::ops::RangeInclusive<usize> = 1 << 11..=1 << 13;

/// How far the curve of a sample must be below one half: more than five times its standard error, as the bounds of a curve
/// of many are nearer to it than that.
fn margin(n_sample: usize) -> f64 {
    2.7 / (n_sample as f64).sqrt()
}

/// A length by which the upper bound of the curve has very likely come to one half; `None` where waits are few or most are
/// still going on. Who relies on it looks whether it was true.
pub fn surely_past(ways: &[Vec<&[i64]>], open: &[&[i64]]) -> Option<i64> {
    let n_ended: usize = ways.iter().flatten().map(|piece| piece.len()).sum();
    if n_ended < FEWEST {
        return None;
    }
    let n = n_ended + open.iter().map(|piece| piece.len()).sum::<usize>();
    let every = (n / (n / OF_EVERY).clamp(*SAMPLE.start(), *SAMPLE.end())).max(1);
    // Lengths, those that are still going on with a last bit.
    let mut sample: Vec<u64> = Vec::with_capacity(2 * n / every);
    // Pieces differ in length; who is looked at next is counted over all of them.
    let mut next = 0;
    let pieces = ways.iter().flatten().map(|piece| (piece, 0)).chain(open.iter().map(|piece| (piece, 1)));
    for (piece, is_open) in pieces {
        sample.extend(piece.iter().skip(next).step_by(every).map(|wait| (*wait as u64) << 1 | is_open));
        next = (next + every - piece.len() % every) % every;
    }
    sample.sort_unstable();
    let goal = 0.5 - margin(sample.len());
    let mut left = 1.0;
    let at_risk = (1..=sample.len()).rev().map(|n| n as f64);
    for (wait, n) in sample.iter().zip(at_risk) {
        if wait & 1 == 0 {
            left *= (n - 1.0) / n;
        }
        if left < goal {
            return Some((wait >> 1) as i64);
        }
    }
    None
}
