//! Mix or rate: what of a difference comes from the cohorts being made up differently, and what from the rate within.

use ratatui::layout::Rect;

use super::compare::{ALIKE, signed};
use super::{CohortsPane, View};
use crate::analysis::Compare;
use crate::analysis::compare::{Mix, Unit};
use crate::base::visible::visible;
use crate::tui::paint::{Pen, Target, scroll};
use crate::tui::theme::Tone;
use crate::tui::words;

/// The splits of one cohort's difference to the baseline, biggest mix first.
pub(super) fn of_cohort(answer: &Compare, cohort: usize) -> impl Iterator<Item = &Mix> {
    answer.mix.iter().filter(move |mix| mix.cohort == cohort)
}

fn points(value: f64) -> String {
    signed(value, Unit::Share)
}

impl CohortsPane {
    pub(super) fn view_mix(&self, answer: &Compare, area: Rect, pen: &mut Pen<'_>) -> usize {
        let cohort = self.cohort_idx(answer);
        let title = "Mix or rate — what of the difference is a change of mix";
        let inside = Self::frame(title, "points", "total = mix + rate · balance in standard deviations", area, pen);
        let mixes: Vec<&Mix> = of_cohort(answer, cohort).collect();
        let Some(first) = mixes.first() else {
            let why = match &answer.rate {
                Some(_) => "There is no column with few values to split the difference by.",
                None => "No rate is compared; A adds funnel steps.",
            };
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), why, Tone::Dim);
            return 1;
        };
        let at = &self.at[View::Mix as usize];
        let row = if self.view == View::Mix { at.row.min(mixes.len() - 1) } else { 0 };
        let chosen = mixes[row];
        let said = format!(
            "{}: {} less {}: {} points",
            answer.rate.as_deref().unwrap_or_default(),
            visible(&answer.cohorts[cohort].name),
            visible(&answer.cohorts[0].name),
            points(first.total),
        );
        pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), &said, Tone::Strong);
        let name_wide = (inside.width / 4).clamp(8, 20);
        let right = |column: u16| inside.x + 1 + name_wide + 9 * column;
        let heads = ["mix", "rate", "balance"];
        pen.text(inside.x + 1, inside.y + 1, name_wide, "split by", Tone::Dim);
        for (column, head) in (1..).zip(heads) {
            pen.right(right(column), inside.y + 1, 8, head, Tone::Dim);
        }
        let body = Rect { y: inside.y + 2, height: inside.height.saturating_sub(2), ..inside };
        let rows = usize::from(body.height).min(mixes.len()).min(usize::from(body.height / 2).max(1));
        let from = scroll(0, row, rows, mixes.len());
        for (line, (idx, mix)) in mixes.iter().enumerate().skip(from).take(rows).enumerate() {
            let y = body.y + line as u16;
            let is_here = self.view == View::Mix && idx == row;
            let far = mix.imbalance();
            pen.text(body.x, y, 1, if is_here { "▸" } else { " " }, Tone::Key);
            pen.text(body.x + 1, y, name_wide, &mix.column, if idx == row { Tone::Strong } else { Tone::Text });
            pen.right(right(1), y, 8, &points(mix.mix), Tone::Text);
            pen.right(right(2), y, 8, &points(mix.rate), Tone::Text);
            pen.right(right(3), y, 8, &format!("{far:.2}"), if far > ALIKE { Tone::Warn } else { Tone::Dim });
            let x = right(3) + 2;
            let word = if far > ALIKE { "not alike" } else { "alike" };
            pen.text(x, y, body.right().saturating_sub(x), word, Tone::Dim);
            if self.view == View::Mix {
                let columns = answer.cohorts.len() - 1;
                let target = Target::Row { panel: 0, row: idx * columns + (cohort - 1) };
                pen.target(Rect { y, height: 1, ..body }, target);
            }
        }
        let used = rows as u16;
        let below = Rect { y: body.y + used, height: body.height - used, ..body };
        view_parts(answer, chosen, below, pen);
        rows
    }
}

/// The values of the column under the cursor: their shares of both cohorts, their rates, and what each adds.
fn view_parts(answer: &Compare, mix: &Mix, area: Rect, pen: &mut Pen<'_>) {
    if area.height < 3 {
        return;
    }
    pen.rule(area, area.y, &mix.column);
    let name_wide = (area.width / 5).clamp(8, 20);
    let right = |column: u16| area.x + 1 + name_wide + 10 * column;
    let (this, base) = (visible(&answer.cohorts[mix.cohort].name), visible(&answer.cohorts[0].name));
    let short = |name: &str| -> String { name.chars().take(4).collect() };
    let (this, base) = if this.len().max(base.len()) > 4 { ("this", "base") } else { (&*this, &*base) };
    let heads = [
        format!("% {}", short(base)),
        format!("% {}", short(this)),
        format!("rate {}", short(base)),
        format!("rate {}", short(this)),
        "mix".to_owned(),
        "rate".to_owned(),
    ];
    for (column, head) in (1..).zip(&heads) {
        if right(column) < area.right() {
            pen.right(right(column), area.y + 1, 9, head, Tone::Dim);
        }
    }
    let mut parts: Vec<_> = mix.parts.iter().collect();
    parts.sort_by(|a, b| (b.n + b.baseline_n).cmp(&(a.n + a.baseline_n)).then_with(|| a.value.cmp(&b.value)));
    for (y, part) in (area.y + 2..area.bottom()).zip(parts) {
        pen.text(area.x + 1, y, name_wide, &part.value, Tone::Text);
        let rate = |rate: Option<f64>| rate.map_or("—".to_owned(), words::fraction);
        let texts = [
            words::fraction(part.baseline_share),
            words::fraction(part.share),
            rate(part.baseline_rate),
            rate(part.rate),
            points(part.mix),
            points(part.rate_effect),
        ];
        for (column, text) in (1..).zip(&texts) {
            if right(column) < area.right() {
                pen.right(right(column), y, 8, text, Tone::Text);
            }
        }
    }
}
