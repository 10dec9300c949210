//! A zone's offsets day by day, so that reading tens of millions of wall times needs no search in its rules.

use crate::base::instant::Resolved;
use crate::base::{Instant, Zone};

use super::TimeRead;

const DAY: i64 = 86_400_000_000;
/// A day in which the offset changes; the zone's rules are asked.
const CHANGES: i32 = i32::MIN;

#[derive(Debug, Clone)]
pub(super) struct Offsets {
    zone: Zone,
    first_day: i64,
    /// Seconds east of UTC, the same all day, or `CHANGES`.
    by_day: Vec<i32>,
}

impl Offsets {
    /// Offsets at hand for the days from `first` to `last` (wall times in microseconds) and some around them; other
    /// days are looked up one by one.
    pub(super) fn new(zone: &Zone, first: i64, last: i64) -> Self {
        const MARGIN: i64 = 400;
        const MOST: i64 = 30_000;
        let first_day = first.div_euclid(DAY) - MARGIN;
        let n_days = (last.div_euclid(DAY) - first_day + MARGIN).clamp(0, MOST);
        if zone.is_utc() {
            return Offsets { zone: zone.clone(), first_day, by_day: Vec::new() };
        }
        let midnight = |day: i64| {
            let wall = (first_day + day) * DAY;
            let (instant, resolved) = zone.resolve_micros(wall);
            (resolved == Resolved::Plain).then(|| ((wall - instant.0) / 1_000_000) as i32)
        };
        let mut at = midnight(0);
        let by_day = (0..n_days)
            .map(|day| {
                let next = midnight(day + 1);
                let offset = if at == next { at.unwrap_or(CHANGES) } else { CHANGES };
                at = next;
                offset
            })
            .collect();
        Offsets { zone: zone.clone(), first_day, by_day }
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    #[inline]
    pub(super) fn resolve(&self, wall: i64) -> TimeRead {
        let day = wall.div_euclid(DAY).wrapping_sub(self.first_day);
        match self.by_day.get(day as usize) {
            Some(&offset) if offset != CHANGES => {
                TimeRead { instant: Instant(wall - i64::from(offset) * 1_000_000), is_ambiguous: false }
            }
            _ => {
                let (instant, resolved) = self.zone.resolve_micros(wall);
                TimeRead { instant, is_ambiguous: resolved == Resolved::Ambiguous }
            }
        }
    }
}
