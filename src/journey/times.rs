//! Times as they were read, until they stand in journey order.
//!
//! An export is mostly in time order, so neighbours lie minutes apart, and four bytes each say how far. Of fifty million events
//! that is 200 MB that need not be touched for the first time, which on many machines costs more than to fill them.

use super::places::Places;
use rayon::prelude::*;

/// Rows that share an instant from which their times count.
const ROWS: usize = 1 << 8;

/// Microseconds since 1970 UTC of rows that came in one piece.
#[derive(Debug)]
pub(super) enum Times {
    /// By `ROWS` rows the earliest, and by row how long after it.
    Near { earliest: Vec<i64>, after: Vec<u32> },
    /// Where some lie further apart than four bytes can say.
    Far(Vec<i64>),
}

impl From<Vec<i64>> for Times {
    fn from(times: Vec<i64>) -> Self {
        let bounds = |rows: &[i64]| rows.iter().fold((i64::MAX, i64::MIN), |(min, max), &t| (min.min(t), max.max(t)));
        let mut earliest = Vec::with_capacity(times.len().div_ceil(ROWS));
        for rows in times.chunks(ROWS) {
            let (min, max) = bounds(rows);
            if max.checked_sub(min).is_none_or(|apart| apart > i64::from(u32::MAX)) {
                return Times::Far(times);
            }
            earliest.push(min);
        }
        let mut after = Vec::with_capacity(times.len());
        for (rows, &earliest) in times.chunks(ROWS).zip(&earliest) {
            after.extend(rows.iter().map(|time| (time - earliest) as u32));
        }
        Times::Near { earliest, after }
    }
}

impl Times {
    pub(super) fn len(&self) -> usize {
        match self {
            Times::Near { after, .. } => after.len(),
            Times::Far(times) => times.len(),
        }
    }

    pub(super) fn get(&self, row: usize) -> i64 {
        match self {
            Times::Near { earliest, after } => earliest[row / ROWS] + i64::from(after[row]),
            Times::Far(times) => times[row],
        }
    }

    /// Hands every time to `put`, with what stands beside it in `dest`.
    #[inline(always)]
    fn send(&self, dest: &[u32], mut put: impl FnMut(u32, i64)) {
        match self {
            Times::Near { earliest, after } => {
                for ((rows, dest), earliest) in after.chunks(ROWS).zip(dest.chunks(ROWS)).zip(earliest) {
                    rows.iter().zip(dest).for_each(|(after, &to)| put(to, earliest + i64::from(*after)));
                }
            }
            Times::Far(times) => times.iter().zip(dest).for_each(|(time, &to)| put(to, *time)),
        }
    }
}

/// More threads than this would spend their time on passing over the values of others.
const SCATTERS_MAX: usize = 4;

/// Sends each time to its place. Every thread has a part of the places and passes over what goes elsewhere: most of the time is
/// spent on memory that is written for the first time.
pub(super) fn scatter(pieces: &[Times], places: &Places, out: &mut [i64]) {
    let part = out.len().div_ceil(rayon::current_num_threads().min(SCATTERS_MAX)).max(1);
    out.par_chunks_mut(part).enumerate().for_each(|(nth, out)| {
        let first = nth * part;
        let mut at = 0;
        for piece in pieces {
            piece.send(places.of_rows(at, piece.len()), |to, time| {
                if let Some(place) = out.get_mut((to as usize).wrapping_sub(first)) {
                    *place = time;
                }
            });
            at += piece.len();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::codes::Codes;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_come_out_as_they_went_in(
            pieces in prop::collection::vec(
                prop::collection::vec(prop_oneof![9 => 0i64..5_000_000_000, 1 => any::<i64>()], 0..600),
                0..4,
            ),
            is_near in any::<bool>(),
        ) {
            let near = |time: i64| if is_near { time.rem_euclid(4_000_000_000) - 7 } else { time };
            let pieces: Vec<Vec<i64>> = pieces.iter().map(|piece| piece.iter().map(|&time| near(time)).collect()).collect();
            let all: Vec<i64> = pieces.concat();
            // Every row is a customer of its own, the last first.
            let customers: Vec<Codes> = {
                let mut left = all.len() as u32;
                let down = |piece: &Vec<i64>| Codes::pack(&piece.iter().map(|_| { left -= 1; left }).collect::<Vec<_>>());
                pieces.iter().map(down).collect()
            };
            let (_, places) = Places::by_customer(customers, all.len());
            let packed: Vec<Times> = pieces.iter().cloned().map(Times::from).collect();
            for (times, piece) in packed.iter().zip(&pieces) {
                let is_narrow = matches!(times, Times::Near { .. });
                prop_assert!(!is_near || is_narrow);
                prop_assert_eq!((0..times.len()).map(|row| times.get(row)).collect::<Vec<_>>(), piece.clone());
            }
            let mut out = vec![0; all.len()];
            scatter(&packed, &places, &mut out);
            out.reverse();
            prop_assert_eq!(out, all);
        }
    }
}
