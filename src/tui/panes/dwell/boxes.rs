//! The upper half of the dwell pane: one line per stage.
//!
//! ```text
//!  stage                                          visits     open   median  waiting
//!  search       ├──▒▒▒┃▒▒────┤◆                   61,472    2,310    2m40s    3m10s
//! ▸add_cart          ├─────▒▒▒▒▒┃▒▒▒▒▒▒▒──┤  ◆    18,966    9,095      18m    1d02h
//!              └1m       └10m       └1h       └1d
//! ```
//! The box is of those who moved on; `◆` is the time by which half have, counting those who are still there.

use ratatui::layout::Rect;

use super::axis::{Axis, view_ticks};
use super::{DwellPane, Look, Panel, Sort};
use crate::analysis::dwell::StageDwell;
use crate::base::visible::{visible, width};
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

pub(super) struct Column {
    pub head: &'static str,
    pub wide: u16,
    /// Columns with a smaller number go first when there is no room.
    rank: u8,
    pub text: fn(&StageDwell) -> String,
}

pub(super) fn seconds(value: Option<f64>) -> String {
    value.map_or(String::new(), words::seconds)
}

fn quantile(stage: &StageDwell, at: usize) -> String {
    seconds(stage.quantiles_s.map(|quantiles| quantiles[at]))
}

/// By when half have moved on; an arrow where that is later than anybody was watched.
pub(super) fn waiting(stage: &StageDwell) -> String {
    match stage.km_median_s {
        _ if stage.visits == 0 => String::new(),
        Some(median) => words::seconds(median),
        None => format!("> {}", seconds(stage.longest_s)),
    }
}

fn over(stage: &StageDwell) -> String {
    stage.limit.map_or(String::new(), |limit| words::count(limit.over()))
}

const COLUMNS: [Column; 14] = [
    Column { head: "visits", wide: 9, rank: 0, text: |stage| words::count(stage.visits) },
    Column { head: "customers", wide: 11, rank: 12, text: |stage| words::count(stage.customers) },
    Column { head: "back", wide: 8, rank: 10, text: |stage| words::count(stage.reentries) },
    Column { head: "moved on", wide: 10, rank: 11, text: |stage| words::count(stage.completed) },
    Column { head: "open", wide: 8, rank: 3, text: |stage| words::count(stage.open) },
    Column { head: "mean", wide: 8, rank: 9, text: |stage| seconds(stage.mean_s) },
    Column { head: "p10", wide: 8, rank: 8, text: |stage| quantile(stage, 1) },
    Column { head: "p25", wide: 8, rank: 6, text: |stage| quantile(stage, 2) },
    Column { head: "median", wide: 8, rank: 1, text: |stage| seconds(stage.median_s()) },
    Column { head: "p75", wide: 8, rank: 7, text: |stage| quantile(stage, 4) },
    Column { head: "p90", wide: 8, rank: 5, text: |stage| quantile(stage, 5) },
    Column { head: "waiting", wide: 9, rank: 2, text: waiting },
    Column { head: "95% CI", wide: 15, rank: 13, text: |stage| between(stage.km_lo_s, stage.km_hi_s) },
    Column { head: "over", wide: 8, rank: 4, text: over },
];

fn between(lo: Option<f64>, hi: Option<f64>) -> String {
    match (lo, hi) {
        (None, None) => String::new(),
        (lo, hi) => format!("{}–{}", seconds(lo), seconds(hi)),
    }
}

/// A box narrower than this says nothing.
const BOX_MIN: u16 = 16;

impl DwellPane {
    pub(super) fn draw(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let framed = area.width >= 60 && area.height >= 9;
        if self.focus != Panel::Stages && (facts.is_zoomed || !framed) {
            return self.view_panel(self.focus, facts, area, pen);
        }
        let lines = self.places.len().max(1) as u16;
        let wanted = lines + 5;
        let has_lower = framed && !facts.is_zoomed && area.height >= 15;
        let tall = if has_lower { wanted.min(area.height - 8).min((area.height / 2).max(9)) } else { area.height };
        let upper = Rect { height: tall, ..area };
        let inside = if framed { self.frame(upper, facts, pen) } else { upper };
        let below = if framed { 1 } else { 0 };
        let list = Rect { height: inside.height.saturating_sub(below), ..inside };
        let page = self.view_stages(facts, list, pen);
        if framed && inside.height > 1 {
            let sentence = self.sentence(facts, usize::from(inside.width.saturating_sub(4)));
            pen.rule(inside, inside.bottom() - 1, &sentence);
        }
        if has_lower {
            let lower = Rect { y: area.y + tall, height: area.height - tall, ..area };
            let rows = self.view_lower(facts, lower, pen);
            if self.focus != Panel::Stages {
                return rows;
            }
        }
        page
    }

    fn frame(&self, area: Rect, facts: &Facts<'_>, pen: &mut Pen<'_>) -> Rect {
        let what = match &self.spec.between[..] {
            [from, to] => format!("from {} to {}", from.label(), to.label()),
            _ if self.spec.stages.stage.is_empty() => "per touchpoint, a names stages".to_owned(),
            _ => "per stage".to_owned(),
        };
        let look = if self.look == Look::Boxes { "time" } else { "numbers" };
        let mut title = format!("[4] Dwell — {look} {what}");
        if let Some(value) = &self.value {
            title.push_str(&format!(" · {value}"));
        }
        let sort = match self.sort {
            Sort::AsAsked => "",
            Sort::Median => "longest first · ",
            Sort::Visits => "most visits first · ",
            Sort::Open => "most open first · ",
        };
        let scale = if self.is_log() { "log time" } else { "even time" };
        let computing = if Self::answer(facts).is_some() && !self.is_current(facts) { "of before · " } else { "" };
        let foot = match self.look {
            Look::Boxes => "├ 10–90% ┤  ▒ middle half  ┃ median  ◆ with those still there",
            Look::Numbers => "waiting: by when half moved on, counting those still there",
        };
        let note = format!("{computing}{sort}{scale}");
        let has_focus = self.focus == Panel::Stages;
        pen.frame(area, &Border { title: &title, note: &note, foot, has_focus })
    }

    fn view_stages(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let Some(group) = self.group(facts) else { return 1 };
        if area.height < 2 || area.width < 4 {
            return 1;
        }
        if self.places.is_empty() {
            pen.text(area.x + 1, area.y, area.width - 1, "Nobody was in any stage.", Tone::Dim);
            return 1;
        }
        let longest = group.stages.iter().map(|stage| width(&visible(&stage.name))).max().unwrap_or(0) as u16;
        let has_box = self.look == Look::Boxes && area.width >= 70;
        let columns = self.columns_for(area.width, longest, has_box);
        let numbers: u16 = columns.iter().map(|column| column.wide).sum();
        let free = area.width.saturating_sub(numbers + 3);
        let name_wide = if has_box { longest.min(free.saturating_sub(BOX_MIN)).max(6) } else { free };
        let plot =
            Rect { x: area.x + 2 + name_wide, y: area.y, width: free.saturating_sub(name_wide), height: area.height };
        let has_axis = has_box && plot.width >= 8 && area.height >= 4;
        let rows = usize::from(area.height - 1 - u16::from(has_axis));
        pen.text(area.x + 1, area.y, name_wide, "stage", Tone::Dim);
        let from_x = area.x + 2 + free;
        let mut right = from_x;
        for column in &columns {
            right += column.wide;
            pen.right(right, area.y, column.wide, column.head, Tone::Dim);
        }
        let cursor = self.row(Panel::Stages);
        let from = scroll(0, cursor, rows, self.places.len());
        let shown = self.places.iter().enumerate().skip(from).take(rows);
        for (i, stage) in shown.filter_map(|(i, at)| Some((i, group.stages.get(*at)?))) {
            let y = area.y + 1 + (i - from) as u16;
            let line = Rect { y, height: 1, ..area };
            pen.target(line, Target::Row { panel: Panel::Stages as u8, row: i });
            pen.text(line.x, y, 1, if i == cursor { "▸" } else { " " }, Tone::Key);
            let is_end = self.spec.stages.terminal.contains(&stage.name);
            let name = format!("{}{}", stage.name, if is_end { " ■" } else { "" });
            pen.text(line.x + 1, y, name_wide, &name, if i == cursor { Tone::Strong } else { Tone::Text });
            if has_box {
                view_box(stage, &self.axis, Rect { y, height: 1, ..plot }, pen);
            }
            let mut right = from_x;
            for column in &columns {
                right += column.wide;
                let tone = if column.head == "waiting" { Tone::Strong } else { Tone::Text };
                pen.right(right, y, column.wide - 1, &(column.text)(stage), tone);
            }
        }
        if has_axis {
            let y = area.y + 1 + (self.places.len() - from).min(rows) as u16;
            view_ticks(&self.axis.ticks(plot.width, 8), Rect { y, height: 1, ..plot }, pen);
        }
        rows
    }

    /// The columns there is room for beside the names and a box, in their order.
    fn columns_for(&self, wide: u16, longest: u16, has_box: bool) -> Vec<&'static Column> {
        let has_limit = self.spec.limit.is_some();
        let mut by_rank: Vec<&Column> = COLUMNS.iter().filter(|column| has_limit || column.head != "over").collect();
        if has_box {
            // The box shows the others.
            by_rank.retain(|column| column.rank <= 5);
        }
        by_rank.sort_by_key(|column| column.rank);
        let plot = if !has_box {
            0
        } else if wide >= 90 {
            wide / 3
        } else {
            BOX_MIN + 6
        };
        let mut left = wide.saturating_sub(3 + longest.clamp(6, 20) + plot);
        let mut chosen = Vec::new();
        for column in by_rank {
            if column.wide > left {
                break;
            }
            left -= column.wide;
            chosen.push(column);
        }
        chosen.sort_by_key(|column| COLUMNS.iter().position(|other| other.head == column.head));
        chosen
    }

    /// The stage under the cursor in one sentence.
    fn sentence(&self, facts: &Facts<'_>, room: usize) -> String {
        let Some(stage) = self.stage(facts) else { return String::new() };
        let name = visible(&stage.name);
        if stage.visits == 0 {
            return format!("nobody was in {name}");
        }
        if let Some(limit) = stage.limit {
            let bounds =
                limit.interval.map_or(String::new(), |(lo, hi)| format!(" ({:.0}–{:.0}%)", lo * 100.0, hi * 100.0));
            let longer = words::seconds(limit.limit_s);
            return format!(
                "{name}: {} over {longer}, {} of them still there · {}{bounds} take longer",
                words::count(limit.over()),
                words::count(limit.over_open),
                words::fraction(limit.share)
            );
        }
        let moved = words::share(stage.completed, stage.visits);
        let half = match stage.km_median_s {
            Some(median) => format!("of all, half by {}", words::seconds(median)),
            None => format!("of all, not half by {}", seconds(stage.longest_s)),
        };
        let text = match stage.median_s() {
            None => format!("nobody has moved on · {} still there", words::count(stage.open)),
            Some(median) => format!("{moved} moved on, half of them by {} · {half}", words::seconds(median)),
        };
        // The name stands under the cursor too.
        let whole = format!("{name}: {text}");
        if width(&whole) <= room { whole } else { text }
    }
}

/// A box with whiskers, and the median that counts those who are still there.
fn view_box(stage: &StageDwell, axis: &Axis, line: Rect, pen: &mut Pen<'_>) {
    if line.width == 0 {
        return;
    }
    let x = |time: f64| line.x + axis.column(time, line.width);
    if let Some([_, p10, p25, p50, p75, p90, _]) = stage.quantiles_s {
        let (left, box_left, middle, box_right, right) = (x(p10), x(p25), x(p50), x(p75), x(p90));
        pen.text(left, line.y, right - left + 1, &"─".repeat(usize::from(right - left + 1)), Tone::Dim);
        pen.text(left, line.y, 1, "├", Tone::Dim);
        pen.text(right, line.y, 1, "┤", Tone::Dim);
        pen.text(
            box_left,
            line.y,
            box_right - box_left + 1,
            &"▒".repeat(usize::from(box_right - box_left + 1)),
            Tone::Bar,
        );
        pen.text(middle, line.y, 1, "┃", Tone::Strong);
    }
    match stage.km_median_s {
        Some(median) => {
            pen.text(x(median), line.y, 1, "◆", Tone::Key);
        }
        None if stage.visits > 0 => {
            pen.text(line.right() - 1, line.y, 1, "→", Tone::Key);
        }
        None => {}
    }
}
