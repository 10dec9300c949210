//! Where the curve has come to one half, guessed from some of the waits.

/// So many waits and more are worth a guess.
const FEWEST: usize = 1 << 13;
/// About so many are looked at.
const SAMPLE: usize = 1 << 13;
/// How far the curve of the sample must be below one half. Its standard error is half a hundredth or a little more, and the
/// bounds of a curve of many are nearer to it than that.
const MARGIN: f64 = 0.03;

/// A length by which the upper bound of the curve has very likely come to one half; `None` where waits are few or most are
/// still going on. Who relies on it looks whether it was true.
pub fn surely_past(ways: &[Vec<&[i64]>], open: &[i64]) -> Option<i64> {
    let n_ended: usize = ways.iter().flatten().map(|piece| piece.len()).sum();
    if n_ended < FEWEST {
        return None;
    }
    let every = ((n_ended + open.len()) / SAMPLE).max(1);
    let mut sample: Vec<(i64, bool)> = Vec::with_capacity(2 * SAMPLE);
    // Pieces differ in length; who is looked at next is counted over all of them.
    let mut next = 0;
    for piece in ways.iter().flatten() {
        sample.extend(piece.iter().skip(next).step_by(every).map(|wait| (*wait, true)));
        next = (next + every - piece.len() % every) % every;
    }
    sample.extend(open.iter().step_by(every).map(|wait| (*wait, false)));
    sample.sort_unstable();
    let mut left = 1.0;
    let at_risk = (1..=sample.len()).rev().map(|n| n as f64);
    for ((wait, has_ended), n) in sample.iter().zip(at_risk) {
        if *has_ended {
            left *= (n - 1.0) / n;
        }
        if left < 0.5 - MARGIN {
            return Some(*wait);
        }
    }
    None
}
