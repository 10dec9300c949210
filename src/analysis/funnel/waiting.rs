//! How many are still on their way, by time since they entered: the Kaplan–Meier curve from the first step to the last.
//!
//! A wait ends with the conversion. It is censored where the window of the winning attempt is over (with sessions: at
//! the session's last event) or at the end of observation, whichever comes first. Attempts that an exclusion stopped are
//! left out: nobody knows how long they would have waited. The table keeps at most `MAX_ROWS` points of the curve,
//! evenly spread over what it falls by; the last is always there.

use super::answer::Outcome;
use super::plan::Plan;
use super::tally::Row;
use crate::base::stats::survival::{Point, Spell, Survival, kaplan_meier};
use crate::table::{Cell, Kind, Table};

/// More than a screen or a chart can show apart.
const MAX_ROWS: usize = 200;

/// The table `waiting`: time_s, at_risk, converted, waiting (the share still on their way), lo, hi.
pub fn waiting(plan: &Plan, rows: &[Row]) -> Table {
    let columns = [
        ("time_s", Kind::Seconds),
        ("at_risk", Kind::Count),
        ("converted", Kind::Count),
        ("waiting", Kind::Share),
        ("lo", Kind::Share),
        ("hi", Kind::Share),
    ];
    let mut table = Table::new("waiting", &columns);
    for point in thinned(&curve(plan, rows)) {
        let (lo, hi) = point.interval.unzip();
        table.push(vec![
            Cell::number(point.time),
            Cell::Count(point.at_risk),
            Cell::Count(point.ended),
            Cell::number(point.survival),
            Cell::number(lo),
            Cell::number(hi),
        ]);
    }
    table
}

fn curve(plan: &Plan, rows: &[Row]) -> Survival {
    let times = plan.view.times();
    let seconds = |micros: i64| micros.max(0) as f64 / 1e6;
    let spells: Vec<Spell> = rows
        .iter()
        .filter(|row| row.outcome != Outcome::Excluded)
        .map(|row| {
            let entry = times[row.entry as usize];
            if usize::from(row.level) == plan.n_levels() {
                return Spell::ended(seconds(times[row.last as usize] - entry));
            }
            let seen_until = if row.window_end == i64::MAX { times[row.end as usize - 1] } else { row.window_end };
            Spell::open(seconds(seen_until.min(plan.view.as_of().micros()) - entry))
        })
        .collect();
    kaplan_meier(&spells)
}

/// Points that lie at least a `MAX_ROWS`th of the whole fall apart, and the last.
fn thinned(curve: &Survival) -> Vec<Point> {
    let Some(last) = curve.points.last() else { return Vec::new() };
    let step = (1.0 - last.survival) / (MAX_ROWS - 1) as f64;
    let mut shown = 1.0;
    let mut kept: Vec<Point> = Vec::new();
    for point in &curve.points {
        if shown - point.survival >= step || point.time == last.time {
            shown = point.survival;
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::{FunnelSpec, funnel};
    use super::MAX_ROWS;
    use crate::base::{Ctl, Instant, Span};
    use crate::journey::fixture::view;
    use crate::table::{Cell, Table};

    fn waiting(text: &str, as_of: i64) -> Table {
        let view = view(text).with_as_of(Instant(as_of * 1_000_000));
        let steps = ["a", "b"].map(|name| name.parse().expect("a step")).to_vec();
        let spec = FunnelSpec { steps, within: Span::seconds(10), times: true, ..FunnelSpec::default() };
        let answer = funnel(&view, &spec, &Ctl::new()).expect("an answer");
        answer.extra.into_iter().find(|table| table.name == "waiting").expect("the table")
    }

    #[test]
    fn those_who_never_convert_are_watched_until_their_window_or_the_observation_is_over() {
        // x converts after 2 s, y after 6 s; z dropped, watched for 10 s; w entered 5 s before the end of observation.
        let table = waiting("x: a0 b2\ny: a0 b6\nz: a0\nw: a95", 100);
        let shown: Vec<_> = (0..table.len())
            .map(|row| ["time_s", "at_risk", "converted", "waiting"].map(|name| table.cell(row, name).expect("a cell")))
            .collect();
        let number = Cell::Number;
        assert_eq!(
            shown,
            [
                [number(2.0), Cell::Count(4), Cell::Count(1), number(0.75)],
                [number(6.0), Cell::Count(2), Cell::Count(1), number(0.375)],
            ]
        );
    }

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_end() {
        let journeys: Vec<String> = (1..=900).map(|i| format!("c{i}: a0 b{}", f64::from(i) / 100.0)).collect();
        let table = waiting(&journeys.join("\n"), 100);
        assert!((MAX_ROWS / 2..=MAX_ROWS).contains(&table.len()), "{}", table.len());
        assert_eq!(table.cell(table.len() - 1, "time_s"), Some(Cell::Number(9.0)));
    }
}
