//! Where the bins of a histogram begin and end.

use super::spec::Bins;
use crate::analysis::Error;
use crate::base::Span;

const MILLI: i64 = 1_000;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Edges that people know from clocks and calendars, about twice as far each time.
#[rustfmt::skip]
const CLOCK_EDGES: [i64; 43] = [
    0, MILLI, 2 * MILLI, 5 * MILLI, 10 * MILLI, 20 * MILLI, 50 * MILLI, 100 * MILLI, 200 * MILLI, 500 * MILLI,
    SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND, 30 * SECOND,
    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR,
    DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 56 * DAY, 112 * DAY, 180 * DAY,
    365 * DAY, 730 * DAY, 1_825 * DAY, 3_650 * DAY, 9_125 * DAY, 18_250 * DAY, 36_500 * DAY,
];

/// More than anybody looks at.
const BINS_MAX: i64 = 1_000;
/// About so many bins of one width.
const EVEN_BINS: i64 = 20;

/// Edges in microseconds, ascending, so that every wait from the shortest to the longest lies at or above one of them and
/// below the next.
///
/// # Errors
/// `Invalid` where a width makes too many bins.
pub fn edges(bins: Bins, shortest: i64, longest: i64) -> Result<Vec<i64>, Error> {
    let of_width = |width: i64| -> Vec<i64> {
        let (first, last) = (shortest / width, longest / width + 1);
        (first..=last).map(|n| n.saturating_mul(width)).collect()
    };
    match bins {
        Bins::Log => {
            let first = CLOCK_EDGES.partition_point(|edge| *edge <= shortest).max(1) - 1;
            let last = CLOCK_EDGES.partition_point(|edge| *edge <= longest);
            let mut edges = CLOCK_EDGES[first..(last + 1).min(CLOCK_EDGES.len())].to_vec();
            if last == CLOCK_EDGES.len() {
                edges.push(longest.saturating_add(1));
            }
            Ok(edges)
        }
        Bins::Even => Ok(of_width(nice_width((longest - shortest) / EVEN_BINS))),
        Bins::Width(span) => {
            let n = longest / span.micros() - shortest / span.micros() + 1;
            if n > BINS_MAX {
                let wide_enough = nice_width(longest / BINS_MAX);
                return Err(Error::Invalid(format!(
                    "--bins {span} makes {n} bins; write a width of {} or more, or log",
                    Span::from_micros(wide_enough)
                )));
            }
            Ok(of_width(span.micros()))
        }
    }
}

/// The least width that is not less than this, among those that people count in.
fn nice_width(least: i64) -> i64 {
    #[rustfmt::skip]
    const SMALL: [i64; 34] = [
        MILLI, 2 * MILLI, 5 * MILLI, 10 * MILLI, 20 * MILLI, 50 * MILLI, 100 * MILLI, 200 * MILLI, 500 * MILLI,
        SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
        MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
        HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
        DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 90 * DAY, 180 * DAY, 365 * DAY,
    ];
    match SMALL.iter().find(|width| **width >= least) {
        Some(width) => *width,
        None => (least / (365 * DAY) + 1) * 365 * DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edges_are_those_of_the_clock_or_of_one_width() {
        let seconds = |edges: Vec<i64>| edges.iter().map(|edge| edge / SECOND).collect::<Vec<_>>();
        assert_eq!(seconds(edges(Bins::Log, 1_500_000, 61 * SECOND).expect("edges")), [1, 2, 5, 10, 20, 30, 60, 120]);
        assert_eq!(edges(Bins::Log, 0, 0).expect("edges"), [0, MILLI]);
        assert_eq!(
            seconds(edges(Bins::Width(Span::minutes(60)), 0, 2 * HOUR).expect("edges")),
            [0, 3600, 7200, 10_800]
        );
        assert_eq!(seconds(edges(Bins::Even, 0, 20 * SECOND).expect("edges")).len(), 22);
        let err = edges(Bins::Width(Span::seconds(1)), 0, 90 * DAY).expect_err("too many").to_string();
        assert!(err.contains("7776001 bins; write a width of 3h or more"), "{err}");
    }

    proptest! {
        #[test]
        fn every_wait_lies_in_one_bin(a in 0i64..i64::MAX / 4, b in 0i64..i64::MAX / 4, small in any::<bool>()) {
            let (a, b) = if small { (a % 1_000_000, b % 1_000_000) } else { (a, b) };
            let (shortest, longest) = (a.min(b), a.max(b));
            for bins in [Bins::Log, Bins::Even] {
                let edges = edges(bins, shortest, longest).expect("edges");
                prop_assert!(edges.is_sorted_by(|a, b| a < b) && edges.len() <= 60, "{:?}", edges);
                prop_assert!(edges[0] <= shortest && longest < edges[edges.len() - 1]);
            }
        }
    }
}
