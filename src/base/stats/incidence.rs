//! How many have ended in each of several ways, by time, where an end in one way rules out the others: the
//! Aalen–Johansen cumulative incidence.
//!
//! One minus the Kaplan–Meier curve of a single way, with the other ways taken for censoring, answers what nobody asked:
//! how many would end so if no other way existed. It is too large, and the ways together come to more than all.

/// One wait: how long it was watched, and in which way it ended; `None` is still going on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exit {
    pub time: f64,
    pub way: Option<usize>,
}

/// The incidences just after a time at which at least one wait ended.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidencePoint {
    pub time: f64,
    /// The share that has ended by then, by way. Together with those still waiting they make 1.
    pub by_way: Vec<f64>,
}

/// The Aalen–Johansen estimate for these waits, in any order (Aalen and Johansen 1978).
///
/// # Panics
/// When a time is not a number, or a way is not below `n_ways`.
pub fn aalen_johansen(exits: &[Exit], n_ways: usize) -> Vec<IncidencePoint> {
    assert!(exits.iter().all(|exit| !exit.time.is_nan()), "a length of time is a number");
    let mut sorted = exits.to_vec();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
    let (mut waiting, mut by_way) = (1.0, vec![0.0; n_ways]);
    let mut points = Vec::new();
    let mut at = 0;
    while at < sorted.len() {
        let time = sorted[at].time;
        let at_risk = (sorted.len() - at) as f64;
        let mut ended = vec![0u64; n_ways];
        while at < sorted.len() && sorted[at].time == time {
            if let Some(way) = sorted[at].way {
                ended[way] += 1;
            }
            at += 1;
        }
        let all: u64 = ended.iter().sum();
        if all == 0 {
            continue;
        }
        for (share, ended) in by_way.iter_mut().zip(&ended) {
            *share += waiting * *ended as f64 / at_risk;
        }
        waiting *= (at_risk - all as f64) / at_risk;
        points.push(IncidencePoint { time, by_way: by_way.clone() });
    }
    points
}

#[cfg(test)]
mod tests {
    use super::super::survival::{Spell, kaplan_meier};
    use super::*;
    use proptest::prelude::*;

    /// Waits as text: `"1a 2b 3+"`: ended after 1 in way a, after 2 in way b, still going on after 3.
    fn exits(text: &str) -> Vec<Exit> {
        let read = |word: &str| {
            let (time, way) = word.split_at(word.len() - 1);
            let way = match way {
                "+" => None,
                way => Some(usize::from(way.as_bytes()[0] - b'a')),
            };
            Exit { time: time.parse().expect("a time"), way }
        };
        text.split_whitespace().map(read).collect()
    }

    #[track_caller]
    fn check(text: &str, expect: &[(f64, f64, f64)]) {
        let points = aalen_johansen(&exits(text), 2);
        assert_eq!(points.len(), expect.len());
        for (point, (time, a, b)) in points.iter().zip(expect) {
            assert_eq!(point.time, *time);
            assert!((point.by_way[0] - a).abs() < 1e-12 && (point.by_way[1] - b).abs() < 1e-12, "{point:?}");
        }
    }

    /// By hand: of five, one leaves in way a (1/5) and one in b (1/5); then one is lost from sight, so that the two who
    /// remain stand for the three fifths that are left.
    #[test]
    fn who_is_lost_from_sight_is_shared_out_among_those_who_remain() {
        check("1a 2b 3+ 4a 5b", &[(1.0, 0.2, 0.0), (2.0, 0.2, 0.2), (4.0, 0.5, 0.2), (5.0, 0.5, 0.5)]);
        check("2a 2b 2a 2+", &[(2.0, 0.5, 0.25)]);
        check("1+ 2+", &[]);
        check("", &[]);
    }

    #[test]
    fn the_ways_do_not_come_to_more_than_all() {
        let waits = exits("1a 1b 2a 3b 3b 4a 5+ 6b 7a");
        let last = aalen_johansen(&waits, 2).pop().expect("a point");
        let alone = |way| {
            let spells: Vec<Spell> =
                waits.iter().map(|exit| Spell { time: exit.time, has_ended: exit.way == Some(way) }).collect();
            1.0 - kaplan_meier(&spells).at(9.0)
        };
        assert!((last.by_way.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(alone(0) + alone(1) > 1.3, "the naive figures of both ways: {} and {}", alone(0), alone(1));
    }

    proptest! {
        #[test]
        fn ended_and_waiting_make_one_and_without_open_waits_the_incidence_is_the_share(
            raw in prop::collection::vec((0u8..20, 0usize..4), 1..60),
        ) {
            let exits: Vec<Exit> = raw
                .iter()
                .map(|(time, way)| Exit { time: f64::from(*time), way: (*way < 3).then_some(*way) })
                .collect();
            let spells: Vec<Spell> =
                exits.iter().map(|exit| Spell { time: exit.time, has_ended: exit.way.is_some() }).collect();
            let (points, curve) = (aalen_johansen(&exits, 3), kaplan_meier(&spells));
            prop_assert_eq!(points.len(), curve.points.len());
            for (point, km) in points.iter().zip(&curve.points) {
                prop_assert!((point.by_way.iter().sum::<f64>() + km.survival - 1.0).abs() < 1e-9);
            }
            let ended: Vec<Exit> = exits.iter().copied().filter(|exit| exit.way.is_some()).collect();
            if let Some(last) = aalen_johansen(&ended, 3).last() {
                for way in 0..3 {
                    let share = ended.iter().filter(|exit| exit.way == Some(way)).count() as f64 / ended.len() as f64;
                    prop_assert!((last.by_way[way] - share).abs() < 1e-9);
                }
            }
        }
    }
}
