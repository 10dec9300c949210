//! The comparison: one row per metric, the cohorts side by side, and the difference as a bar around 0.

use ratatui::layout::Rect;

use super::{CohortsPane, View, mix};
use crate::analysis::Compare;
use crate::analysis::compare::{Figure, Metric, Unit, Versus};
use crate::base::visible::{visible, width};
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::theme::Tone;
use crate::tui::words;

const VALUE: u16 = 9;
const DIFFERENCE: u16 = 10;
const INTERVAL: u16 = 18;
const P: u16 = 8;
const READING: u16 = 17;

/// From this width on, the interval and p stand in columns of their own.
const WIDE: u16 = 104;

/// A bar narrower than this says nothing.
const BAR_MIN: u16 = 9;

/// Beyond this many standard deviations cohorts are not alike in a column.
pub(super) const ALIKE: f64 = 0.1;

pub(super) fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => words::fraction(value),
        Unit::Seconds => words::seconds(value),
        Unit::Number if value.fract() == 0.0 && value.abs() < 1e9 => format!("{value:.0}"),
        Unit::Number => format!("{value:.2}"),
    }
}

/// A difference with its sign: shares in points.
pub(super) fn signed(value: f64, unit: Unit) -> String {
    let size = value.abs();
    let text = match unit {
        Unit::Share => format!("{:.1}", size * 100.0),
        Unit::Seconds => words::seconds(size),
        Unit::Number => format!("{size:.2}"),
    };
    let is_nothing = !text.contains(|c: char| ('1'..='9').contains(&c));
    let sign = if is_nothing {
        ""
    } else if value < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{text}")
}

fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < 0.05 => "*",
        _ => "",
    }
}

fn probability(p: f64) -> String {
    if p < 0.001 { "<.001".to_owned() } else { format!("{p:.3}").trim_start_matches('0').to_owned() }
}

/// What to take from a difference, in words.
fn reading(versus: &Versus, is_small: bool) -> (String, Tone) {
    let small = if is_small { " small" } else { "" };
    match (versus.p_adj, versus.difference) {
        (Some(p), Some(difference)) if p < 0.05 && difference != 0.0 => {
            let which = if difference > 0.0 { "higher" } else { "lower" };
            (format!("{:<3} {which}{small}", stars(p)), Tone::Strong)
        }
        (Some(_), Some(_)) => (format!("· no evidence{small}").chars().take(usize::from(READING)).collect(), Tone::Dim),
        _ => (format!("· not tested{small}"), Tone::Dim),
    }
}

fn is_small(figures: [&Figure; 2]) -> bool {
    figures.iter().any(|figure| figure.notes.contains(&"small"))
}

/// Where the columns stand.
struct Columns {
    name: u16,
    /// The cohorts that are shown, the baseline first.
    cohorts: Vec<usize>,
    has_interval: bool,
    bar: u16,
}

impl Columns {
    fn of(answer: &Compare, cohort: usize, wide: u16) -> Self {
        let longest = answer.metrics.iter().map(|metric| width(&visible(&metric.name))).max().unwrap_or(0) as u16;
        let has_interval = wide >= WIDE;
        let name = longest.clamp(
            9,
            if has_interval {
                24
            } else if wide >= 70 {
                20
            } else {
                12
            },
        );
        let fixed = 3 + name + DIFFERENCE + READING + if has_interval { INTERVAL + P } else { 0 };
        let left = wide.saturating_sub(fixed + BAR_MIN);
        let n = usize::from(left / VALUE).clamp(2, answer.cohorts.len().max(2));
        let n_others = n - 1;
        let from = scroll(0, cohort.saturating_sub(1), n_others, answer.cohorts.len().saturating_sub(1));
        let others = (from + 1..answer.cohorts.len()).take(n_others);
        let cohorts: Vec<usize> = std::iter::once(0).chain(others).collect();
        let bar = wide.saturating_sub(fixed + VALUE * cohorts.len() as u16);
        Columns { name, cohorts, has_interval, bar: if bar >= BAR_MIN { bar } else { 0 } }
    }
}

impl CohortsPane {
    pub(super) fn view_compare(&self, answer: &Compare, area: Rect, pen: &mut Pen<'_>) -> usize {
        let cohort = self.cohort_idx(answer);
        let title = format!("[5] Comparison — {}", self.who(answer, cohort));
        let n_tests = answer.metrics.iter().flat_map(|metric| &metric.figures);
        let n_tests = n_tests.filter(|figure| figure.versus.as_ref().is_some_and(|v| v.p.is_some())).count();
        let note = if n_tests == 0 { String::new() } else { format!("{n_tests} tests, adjusted") };
        let inside = Self::frame(&title, &note, "bar: 95% interval around 0 · v mix or rate", area, pen);
        if answer.cohorts.is_empty() {
            let why = answer.notes.first().map_or("There is no cohort.", String::as_str);
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
            return 1;
        }
        let inside = Self::sentence(&self.compare_sentence(answer), inside, pen);
        let inside = self.view_warnings(answer, cohort, inside, pen);
        self.view_metrics(answer, cohort, inside, pen)
    }

    /// `A 2,556 against B 7,315`, by what they are called in full where they are pinned.
    fn who(&self, answer: &Compare, cohort: usize) -> String {
        let called = |cohort: usize| {
            let Some(size) = answer.cohorts.get(cohort) else { return String::new() };
            let pinned = self.pins.iter().find(|(pin, _)| self.compare.pins.contains(pin) && pin.name == size.name);
            let title = pinned.map_or(String::new(), |(_, title)| format!(" ({})", visible(title)));
            format!("{}{title} {}", visible(&size.name), words::count(size.customers))
        };
        if answer.cohorts.len() < 2 {
            return called(0);
        }
        format!("{} against {}", called(cohort), called(0))
    }

    /// What forbids to take the figures as they stand, on the lines at the bottom.
    fn view_warnings(&self, answer: &Compare, cohort: usize, inside: Rect, pen: &mut Pen<'_>) -> Rect {
        if inside.height < 9 {
            return inside;
        }
        let worst = mix::of_cohort(answer, cohort).max_by(|a, b| a.imbalance().total_cmp(&b.imbalance()));
        let mut lines: Vec<(String, Tone)> = Vec::new();
        if let Some(worst) = worst {
            let (far, column) = (worst.imbalance(), visible(&worst.column));
            lines.push(if far > ALIKE {
                (
                    format!("not alike in {column}: {far:.2} standard deviations apart · v splits mix from rate"),
                    Tone::Warn,
                )
            } else {
                (format!("balance: alike in every column, at most {far:.2} apart ({column})"), Tone::Dim)
            });
        }
        let shared = answer.overlaps.iter().find(|(a, b, _)| [*a, *b].contains(&cohort));
        if let Some((a, b, n)) = shared {
            let name = |at: &usize| visible(&answer.cohorts[*at].name).into_owned();
            let who = words::things(*n, "customer");
            lines.push((format!("{} and {} share {who}; tests take cohorts for apart", name(a), name(b)), Tone::Warn));
        } else if answer.cohorts.len() > 1 {
            lines.push(("no customer is in both; differences are associations, not effects".to_owned(), Tone::Dim));
        }
        let tall = lines.len() as u16;
        for (line, (text, tone)) in lines.into_iter().enumerate() {
            let y = inside.bottom() - tall + line as u16;
            pen.text(inside.x + 1, y, inside.width.saturating_sub(2), &text, tone);
        }
        Rect { height: inside.height - tall, ..inside }
    }

    fn view_metrics(&self, answer: &Compare, cohort: usize, inside: Rect, pen: &mut Pen<'_>) -> usize {
        let at = &self.at[View::Compare as usize];
        let columns = Columns::of(answer, cohort, inside.width);
        let head = |right: u16, wide: u16, text: &str, tone: Tone, pen: &mut Pen<'_>| {
            pen.right(right, inside.y, wide, text, tone);
        };
        pen.text(inside.x + 1, inside.y, columns.name, "metric", Tone::Dim);
        let mut x = inside.x + 1 + columns.name;
        for &of in &columns.cohorts {
            let Some(size) = answer.cohorts.get(of) else { continue };
            let tone = if of == at.column { Tone::Strong } else { Tone::Dim };
            let name = crate::base::visible::truncate(&visible(&size.name), usize::from(VALUE - 1)).into_owned();
            head(x + VALUE, VALUE - 1, &name, tone, pen);
            x += VALUE;
        }
        head(x + DIFFERENCE, DIFFERENCE - 1, "less base", Tone::Dim, pen);
        let rows = usize::from(inside.height.saturating_sub(1));
        let n_rows = answer.metrics.len() + 1;
        let from = scroll(self.from.get().0, at.row, rows, n_rows);
        self.from.set((from, 0));
        let scale = share_scale(answer, cohort);
        for (line, row) in (from..n_rows).take(rows).enumerate() {
            let line = Rect { y: inside.y + 1 + line as u16, height: 1, ..inside };
            let metric = row.checked_sub(1).map(|row| &answer.metrics[row]);
            let name = metric.map_or("customers", |metric| &metric.name);
            let is_here = row == at.row;
            pen.text(line.x, line.y, 1, if is_here { "▸" } else { " " }, Tone::Key);
            pen.text(line.x + 1, line.y, columns.name, name, if is_here { Tone::Strong } else { Tone::Text });
            let mut x = inside.x + 1 + columns.name;
            for &of in &columns.cohorts {
                let text = match metric {
                    None => answer.cohorts.get(of).map_or(String::new(), |size| words::count(size.customers)),
                    Some(metric) => figure_text(metric, of),
                };
                let is_cursor = is_here && of == at.column;
                let used =
                    pen.right(x + VALUE, line.y, VALUE - 2, &text, if is_cursor { Tone::Strong } else { Tone::Text });
                if is_cursor {
                    pen.text(x + VALUE - used - 1, line.y, 1, "▸", Tone::Key);
                }
                let spot = Rect { x, width: VALUE, ..line };
                pen.target(spot, Target::Row { panel: 0, row: row * answer.cohorts.len() + of });
                x += VALUE;
            }
            if let Some((metric, figure, versus)) =
                metric.and_then(|metric| metric.figures.get(cohort).and_then(|f| Some((metric, f, f.versus.as_ref()?))))
            {
                let small = is_small([figure, &metric.figures[0]]);
                let rest = Rect { x, width: line.right().saturating_sub(x), ..line };
                view_versus(metric, versus, small, &columns, scale, rest, pen);
            }
        }
        rows
    }

    fn compare_sentence(&self, answer: &Compare) -> String {
        let at = &self.at[View::Compare as usize];
        let Some(cohort) = answer.cohorts.get(at.column.min(answer.cohorts.len().saturating_sub(1))) else {
            return String::new();
        };
        let name = visible(&cohort.name);
        let Some(metric) = at.row.checked_sub(1).and_then(|row| answer.metrics.get(row)) else {
            return format!("{name}: {}", words::things(cohort.customers, "customer"));
        };
        let Some(figure) = metric.figures.get(at.column) else { return String::new() };
        let Some(known) = figure.value else {
            let why = figure.notes.first().copied().unwrap_or("nothing is known");
            return format!("{name}: no figure, {why}");
        };
        let mut text = match figure.hits {
            Some(hits) => {
                format!("{name}: {} of {}, {}", words::count(hits), words::count(figure.n), value(known, metric.unit))
            }
            None => format!("{name}: {} over {}", value(known, metric.unit), words::things(figure.n, "customer")),
        };
        if let Some(versus) = &figure.versus {
            if let (Some(difference), Some((lo, hi))) = (versus.difference, versus.interval) {
                let of = |value| signed(value, metric.unit);
                let points = if metric.unit == Unit::Share { " points" } else { "" };
                text.push_str(&format!(" · {} ({} to {}){points}", of(difference), of(lo), of(hi)));
            }
            if let Some(p) = versus.p_adj {
                text.push_str(&format!(" · p {}", probability(p)));
            }
        }
        if !figure.notes.is_empty() {
            text.push_str(&format!(" · {}", figure.notes.join(", ")));
        }
        text
    }

    /// Says how to come by cohorts.
    pub(super) fn invite(&self, area: Rect, pen: &mut Pen<'_>) {
        let inside = Self::frame("[5] Comparison", "", "v goes on to other views", area, pen);
        let pinned = match self.pins.len() {
            0 => "m M  pin the customers under the cursor as A or B, in any pane: a dropped step, a cell, a list"
                .to_owned(),
            _ => format!("M    pin B, in any pane; {} is pinned", self.pins[0].0.name),
        };
        let lines = [
            ("Nothing to compare yet.", Tone::Strong),
            ("", Tone::Text),
            (pinned.as_str(), Tone::Text),
            ("b    one cohort per value of a column", Tone::Text),
            ("T    before and after a time", Tone::Text),
            ("a    a cohort by an expression: buyers=did(purchase)", Tone::Text),
            ("A    funnel steps: the first is the entry, the others are compared", Tone::Text),
            ("", Tone::Text),
            ("Cohorts stand side by side: funnel, times, events, values, who comes back.", Tone::Dim),
        ];
        for (y, (text, tone)) in (inside.y..inside.bottom()).zip(lines) {
            pen.text(inside.x + 2, y, inside.width.saturating_sub(3), text, tone);
        }
    }
}

fn figure_text(metric: &Metric, cohort: usize) -> String {
    match metric.figures.get(cohort).and_then(|figure| figure.value) {
        Some(known) => value(known, metric.unit),
        None => "—".to_owned(),
    }
}

/// How far the intervals of shares reach from 0.
fn share_scale(answer: &Compare, cohort: usize) -> f64 {
    let shares = answer.metrics.iter().filter(|metric| metric.unit == Unit::Share);
    let versus = shares.filter_map(|metric| metric.figures.get(cohort)?.versus.as_ref());
    versus.map(reach).fold(0.0, f64::max)
}

fn reach(versus: &Versus) -> f64 {
    let (lo, hi) = versus.interval.unwrap_or((0.0, 0.0));
    [lo, hi, versus.difference.unwrap_or(0.0)]
        .into_iter()
        .map(f64::abs)
        .filter(|far| far.is_finite())
        .fold(0.0, f64::max)
}

/// The difference, its bar and what to take from it.
fn view_versus(
    metric: &Metric,
    versus: &Versus,
    is_small: bool,
    columns: &Columns,
    scale: f64,
    line: Rect,
    pen: &mut Pen<'_>,
) {
    let difference = versus.difference.map_or("—".to_owned(), |difference| signed(difference, metric.unit));
    let mut x = line.x + DIFFERENCE;
    pen.right(x, line.y, DIFFERENCE, &difference, Tone::Text);
    if columns.has_interval {
        if let Some((lo, hi)) = versus.interval {
            let text = format!("{} to {}", signed(lo, metric.unit), signed(hi, metric.unit));
            pen.right(x + INTERVAL, line.y, INTERVAL - 1, &text, Tone::Dim);
        }
        x += INTERVAL;
    }
    if columns.bar > 0 {
        // Only shares are on one scale; other metrics have units of their own.
        let scale = if metric.unit == Unit::Share { scale } else { reach(versus) };
        forest(versus, scale, Rect { x: x + 1, width: columns.bar - 2, ..line }, pen);
        x += columns.bar;
    }
    if columns.has_interval {
        let p = versus.p_adj.map_or(String::new(), probability);
        pen.right(x + P - 2, line.y, P - 2, &p, Tone::Dim);
        x += P;
    }
    let (text, tone) = reading(versus, is_small);
    x += 1;
    pen.text(x, line.y, line.right().saturating_sub(x), &text, tone);
}

/// An interval around 0 as a bar, `●` where the difference is more than chance.
fn forest(versus: &Versus, scale: f64, area: Rect, pen: &mut Pen<'_>) {
    let half = f64::from(area.width.saturating_sub(1)) / 2.0;
    let place = |value: f64| {
        let part = if scale > 0.0 { (value / scale).clamp(-1.0, 1.0) } else { 0.0 };
        area.x + (half + part * half).round() as u16
    };
    pen.text(place(0.0), area.y, 1, "┊", Tone::Dim);
    if let Some((lo, hi)) = versus.interval {
        let wide = place(hi) + 1 - place(lo).min(place(hi));
        pen.text(place(lo), area.y, wide, &"─".repeat(usize::from(wide)), Tone::Bar);
    }
    if let Some(difference) = versus.difference {
        let sign = if versus.p_adj.is_some_and(|p| p < 0.05) { "●" } else { "○" };
        pen.text(place(difference), area.y, 1, sign, Tone::Strong);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_and_nothing_has_none() {
        assert_eq!(
            [signed(0.043, Unit::Share), signed(-0.0219, Unit::Share), signed(0.0001, Unit::Share)],
            ["+4.3", "−2.2", "0.0"]
        );
        assert_eq!([signed(-90.0, Unit::Seconds), signed(0.5, Unit::Number)], ["−1m30s", "+0.50"]);
        assert_eq!([probability(0.0004), probability(0.48), probability(1.0)], ["<.001", ".480", "1.000"]);
    }
}
