//! `Axis`: lengths of time on a line of columns, logarithmic or even.

use ratatui::layout::Rect;

use crate::analysis::Dwell;
use crate::tui::paint::Pen;
use crate::tui::theme::Tone;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    lo: f64,
    hi: f64,
    is_log: bool,
}

impl Default for Axis {
    fn default() -> Self {
        Axis { lo: 1.0, hi: 60.0, is_log: true }
    }
}

/// Lengths of time that people know from clocks and calendars, in seconds.
#[rustfmt::skip]
const KNOWN: [f64; 38] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0,
    1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 43_200.0, 86_400.0, 172_800.0, 345_600.0, 604_800.0, 1_209_600.0,
    2_419_200.0, 4_838_400.0, 9_676_800.0, 15_552_000.0, 31_536_000.0, 63_072_000.0, 157_680_000.0,
];

impl Axis {
    /// From the shortest to the longest of these; those that are no time at all stand at its start.
    pub fn of(times: impl Iterator<Item = f64> + Clone, is_log: bool) -> Self {
        let positive = times.filter(|time| *time > 0.0 && time.is_finite());
        let hi = positive.clone().fold(0.0, f64::max);
        if hi == 0.0 {
            return Axis { is_log, ..Axis::default() };
        }
        let lo = if is_log { positive.fold(f64::INFINITY, f64::min).max(0.001) } else { 0.0 };
        let hi = hi.max(0.002);
        // One length alone stands in the middle.
        if is_log && hi < lo * 1.5 { Axis { lo: lo / 2.0, hi: hi * 2.0, is_log } } else { Axis { lo, hi, is_log } }
    }

    /// Every box of every group, so that it stays when the group changes.
    pub fn of_boxes(dwell: &Dwell, is_log: bool) -> Self {
        let stages = dwell.groups.iter().flat_map(|group| &group.stages);
        let ends = stages.flat_map(|stage| {
            let quantiles = stage.quantiles_s.map(|q| [q[1], q[2], q[3], q[4], q[5]]);
            quantiles.into_iter().flatten().chain(stage.km_median_s)
        });
        Axis::of(ends, is_log)
    }

    /// The column of a time among `wide`.
    pub fn column(&self, time: f64, wide: u16) -> u16 {
        let share = if self.is_log {
            (time.max(self.lo).ln() - self.lo.ln()) / (self.hi.ln() - self.lo.ln())
        } else {
            (time - self.lo) / (self.hi - self.lo)
        };
        let last = f64::from(wide.saturating_sub(1));
        (share.clamp(0.0, 1.0) * last).round() as u16
    }

    /// The time that a column stands for.
    pub fn time(&self, column: u16, wide: u16) -> f64 {
        let share = f64::from(column) / f64::from(wide.saturating_sub(1).max(1));
        if self.is_log { self.lo * (self.hi / self.lo).powf(share) } else { self.lo + (self.hi - self.lo) * share }
    }

    /// Known times that have room, and their columns, where each label takes `room`.
    pub fn ticks(&self, wide: u16, room: u16) -> Vec<(u16, f64)> {
        if self.is_log {
            return self.spaced(KNOWN.iter().copied(), wide, room);
        }
        let n_most = (f64::from(wide) / f64::from(room.max(1))).max(1.0);
        let step = KNOWN.iter().copied().find(|step| self.hi / step <= n_most).unwrap_or(self.hi);
        self.spaced((0..=40).map(|n| f64::from(n) * step), wide, room)
    }

    /// Those of ascending times that lie on the axis and have room.
    pub fn spaced(&self, times: impl Iterator<Item = f64>, wide: u16, room: u16) -> Vec<(u16, f64)> {
        let mut ticks: Vec<(u16, f64)> = Vec::new();
        for time in times.filter(|time| self.lo <= *time && *time <= self.hi) {
            let column = self.column(time, wide);
            let has_room = ticks.last().is_none_or(|(last, _)| column >= last + room);
            if has_room && column + room <= wide + 1 {
                ticks.push((column, time));
            }
        }
        ticks
    }
}

/// Draws labels, each from its column on.
pub(super) fn view_ticks(ticks: &[(u16, f64)], line: Rect, pen: &mut Pen<'_>) {
    for (column, time) in ticks {
        let label = format!("└{}", words::seconds(*time));
        pen.text(line.x + column, line.y, line.width - column, &label, Tone::Dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_to_columns_and_back() {
        for is_log in [true, false] {
            let axis = Axis::of([0.0, 60.0, 86_400.0].into_iter(), is_log);
            assert_eq!((axis.column(0.0, 50), axis.column(86_400.0, 50), axis.column(1e9, 50)), (0, 49, 49));
            for column in 0..50 {
                assert_eq!(axis.column(axis.time(column, 50), 50), column);
            }
            let ticks = axis.ticks(50, 8);
            assert!(ticks.len() >= 3 && ticks.windows(2).all(|pair| pair[1].0 >= pair[0].0 + 8), "{ticks:?}");
        }
    }

    #[test]
    fn nothing_and_one_time_alone_have_an_axis_too() {
        for is_log in [true, false] {
            for times in [&[][..], &[0.0], &[5.0], &[f64::INFINITY], &[1e-9]] {
                let axis = Axis::of(times.iter().copied(), is_log);
                for wide in [0, 1, 2, 40] {
                    axis.ticks(wide, 8);
                    assert!(axis.column(5.0, wide) < wide.max(1));
                    assert!(axis.time(wide, wide).is_finite());
                }
            }
        }
    }
}
