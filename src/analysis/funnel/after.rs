//! What those who dropped after a step did next: the customer's next event after the winning attempt's last one, within
//! what was left of the window; `(end)` where there was none.

use super::answer::{After, Outcome};
use super::plan::Plan;
use super::tally::Row;

pub const END: &str = "(end)";

/// The touchpoint that follows a unit's last step, and how long after in microseconds; `None` for `(end)`.
pub fn next_event(plan: &Plan, row: &Row) -> Option<(u32, i64)> {
    let (times, next) = (plan.view.times(), row.last as usize + 1);
    let is_inside = next < row.end as usize && times[next] <= row.window_end;
    is_inside.then(|| (plan.view.codes().get(next), times[next] - times[row.last as usize]))
}

/// One row per step and next event, the most frequent first; every step's rows add up to those who dropped there.
pub fn after(plan: &Plan, rows: &[Row]) -> Vec<After> {
    let touchpoints = &plan.view.store().touchpoints;
    // An event may be called like the mark for the end; what reads the same is one row.
    let end = touchpoints.get(END).map_or(touchpoints.len(), |code| code as usize);
    let mut all = Vec::new();
    for (level, step) in plan.levels.iter().enumerate() {
        let mut counts = vec![0u64; touchpoints.len() + 1];
        let mut spans: Vec<Vec<i64>> = vec![Vec::new(); touchpoints.len() + 1];
        for row in rows.iter().filter(|row| row.outcome == Outcome::Dropped && usize::from(row.level) == level + 1) {
            let next = next_event(plan, row);
            let code = next.map_or(end, |(code, _)| code as usize);
            counts[code] += 1;
            spans[code].extend(next.map(|(_, span)| span));
        }
        let mut of_step: Vec<After> = (0..counts.len())
            .filter(|code| counts[*code] > 0)
            .map(|code| After {
                step: step.step_idx + 1,
                next: if code == end { END.into() } else { touchpoints.name(code as u32).to_owned() },
                customers: counts[code],
                median_s: super::quantiles::summary(std::slice::from_ref(&spans[code])).median_s,
            })
            .collect();
        of_step.sort_by(|a, b| b.customers.cmp(&a.customers).then_with(|| a.next.cmp(&b.next)));
        all.append(&mut of_step);
    }
    all
}
