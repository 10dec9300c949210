//! The funnel by period of the winning attempt's entry.

use std::collections::BTreeMap;

use super::answer::{Outcome, TrendRow};
use super::plan::Plan;
use super::spec::{FunnelSpec, Unit};
use super::tally::Row;
use crate::base::{Instant, Period};

/// Periods without entries are shown as such between the others, unless there would be more rows than this.
const MAX_ROWS: usize = 2_000;

#[derive(Debug, Default)]
struct Sums {
    counts: Option<super::tally::Counts>,
    newest_end: i64,
}

/// One row per period from the first entry to the last. A period is immature while its newest entry's window is open
/// (with sessions: while an attempt in it is).
pub fn trend(plan: &Plan, spec: &FunnelSpec, period: Period, rows: &[Row]) -> Vec<TrendRow> {
    let zone = &plan.view.store().zone;
    let times = plan.view.times();
    let mut sums: BTreeMap<i64, Sums> = BTreeMap::new();
    // Entries of one chunk jump to and fro in time; the last period looked up answers most of them.
    let mut last = (Instant(i64::MAX), Instant(i64::MIN));
    for row in rows {
        let entry = Instant(times[row.entry as usize]);
        if !(last.0 <= entry && entry < last.1) {
            let start = period.start(entry, zone, spec.week_start);
            last = (start, period.next(start, zone, spec.week_start));
        }
        let sum = sums.entry(last.0.micros()).or_insert_with(|| Sums { counts: None, newest_end: i64::MIN });
        let counts = sum.counts.get_or_insert_with(|| super::tally::Counts::new(plan));
        counts.add(plan, usize::from(row.level), row.outcome, row.passed);
        let may_go_on = plan.unit != Unit::Sessions || row.outcome == Outcome::Open;
        if may_go_on {
            sum.newest_end = sum.newest_end.max(row.window_end);
        }
    }
    fill_holes(&mut sums, period, plan, spec);
    let none = vec![super::quantiles::Summary::default(); spec.steps.len()];
    sums.into_iter()
        .map(|(start, sum)| {
            let counts = sum.counts.unwrap_or_else(|| super::tally::Counts::new(plan));
            TrendRow {
                start: Instant(start),
                label: period.label(Instant(start), zone),
                reached: counts.steps(plan, spec, &none).iter().map(|step| step.customers).collect(),
                open: counts.open(),
                is_mature: !plan.is_open(sum.newest_end),
            }
        })
        .collect()
}

fn fill_holes(sums: &mut BTreeMap<i64, Sums>, period: Period, plan: &Plan, spec: &FunnelSpec) {
    let (Some((&first, _)), Some((&last, _))) = (sums.first_key_value(), sums.last_key_value()) else { return };
    let zone = &plan.view.store().zone;
    let mut starts = vec![Instant(first)];
    while let Some(&start) = starts.last()
        && start.micros() < last
    {
        if starts.len() == MAX_ROWS {
            return;
        }
        starts.push(period.next(start, zone, spec.week_start));
    }
    for start in starts {
        sums.entry(start.micros()).or_insert_with(|| Sums { counts: None, newest_end: i64::MIN });
    }
}
