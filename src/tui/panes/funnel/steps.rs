//! The upper half of the funnel pane: one line per step.
//!
//! ```text
//!  # step        customers                          step   total  median dropped
//!  1 visit     ██████████████████████   84,210      —    100%             22,738
//!  2 search    ████████████████         61,472  73.0%   73.0%   1m12s     16,565
//! ▸3 view_item ███████████▊             44,907  73.1%   53.3%   2m40s     25,941◀
//! ```
//! What stands in a line's `dropped` is who reached this step and not the next: the list that ⏎ opens.

use ratatui::layout::Rect;

use super::{Focus, FunnelPane, Reading};
use crate::analysis::funnel::{Order, StepCount, Unit};
use crate::base::visible::{visible, width};
use crate::table::{Cell, Table};
use crate::tui::paint::{Border, Pen, Target, scroll};
use crate::tui::pane::Facts;
use crate::tui::theme::Tone;
use crate::tui::words;

/// One column of numbers.
struct Column {
    head: &'static str,
    wide: u16,
    /// Columns with a smaller number go first when there is no room.
    rank: u8,
    text: fn(&Line<'_>) -> String,
}

/// A step, and its row in the answer's own table, so that shares are the same here and in files.
struct Line<'a> {
    step: &'a StepCount,
    table: Option<&'a Table>,
    row: usize,
    /// Whether the answer is about the steps on the screen; when not, only the count is sure.
    is_whole: bool,
    is_first: bool,
    is_last: bool,
}

impl Line<'_> {
    fn share(&self, column: &str) -> String {
        match self.cell(column) {
            Some(Cell::Number(share)) => words::fraction(share),
            Some(_) | None => String::new(),
        }
    }

    fn cell(&self, column: &str) -> Option<Cell> {
        self.table?.cell(self.row, column)
    }

    /// The interval of the share of the first step: `36.1–39.2%`.
    fn interval(&self) -> String {
        let bound = |column| match self.cell(column) {
            Some(Cell::Number(value)) => Some(format!("{:.1}", value * 100.0)),
            _ => None,
        };
        match (bound("lo"), bound("hi")) {
            (Some(lo), Some(hi)) => format!("{lo}–{hi}%"),
            _ => String::new(),
        }
    }
}

fn seconds(value: Option<f64>) -> String {
    value.map_or(String::new(), words::seconds)
}

const COLUMNS: [Column; 11] = [
    Column { head: "customers", wide: 11, rank: 0, text: |line| words::count(line.step.customers) },
    Column {
        head: "step",
        wide: 8,
        rank: 1,
        text: |line| if line.is_first { "—".to_owned() } else { line.share("share_of_previous") },
    },
    Column { head: "total", wide: 8, rank: 3, text: |line| line.share("share_of_first") },
    Column { head: "95% CI", wide: 13, rank: 8, text: |line| line.interval() },
    Column { head: "median", wide: 8, rank: 4, text: |line| seconds(line.step.median_s) },
    Column { head: "mean", wide: 8, rank: 9, text: |line| seconds(line.step.mean_s) },
    Column { head: "p90", wide: 8, rank: 6, text: |line| seconds(line.step.p90_s) },
    Column {
        head: "went on",
        wide: 10,
        rank: 7,
        text: |line| if line.is_last { String::new() } else { words::count(line.step.converted) },
    },
    Column { head: "open", wide: 9, rank: 5, text: |line| some(line.step.open) },
    Column { head: "excluded", wide: 9, rank: 10, text: |line| some(line.step.excluded) },
    Column {
        head: "dropped",
        wide: 10,
        rank: 2,
        text: |line| if line.is_last { String::new() } else { words::count(line.step.dropped) },
    },
];

fn some(n: u64) -> String {
    if n == 0 { String::new() } else { words::count(n) }
}

/// A bar narrower than this says nothing.
const BAR_MIN: u16 = 10;

impl FunnelPane {
    pub(super) fn draw(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        if self.spec.steps.is_empty() {
            invite(area, pen);
            return 1;
        }
        let lines = self.spec.steps.len() as u16;
        let framed = area.width >= 60 && area.height >= 9;
        let around = if framed { 3 } else { 0 };
        let wanted = lines + 1 + around;
        if facts.is_zoomed && framed && self.focus != super::Focus::Steps {
            self.view_zoomed(facts, area, pen);
            return usize::from(area.height.saturating_sub(2));
        }
        let has_lower = framed && !facts.is_zoomed && area.height >= wanted.min(12) + 6;
        let tall = if has_lower { wanted.min(area.height - 6) } else { area.height };
        let upper = Rect { height: tall, ..area };
        let inside = if framed { self.frame(upper, facts, pen) } else { upper };
        let page =
            self.view_steps(facts, Rect { height: inside.height.saturating_sub(u16::from(framed)), ..inside }, pen);
        if framed && inside.height > 1 {
            self.verdict(facts, inside, pen);
        }
        if has_lower {
            self.view_lower(facts, Rect { y: area.y + tall, height: area.height - tall, ..area }, pen);
        }
        page
    }

    fn frame(&self, area: Rect, facts: &Facts<'_>, pen: &mut Pen<'_>) -> Rect {
        let unit = match self.spec.unit {
            Unit::Customers => "customers",
            Unit::Sessions => "sessions",
            Unit::Attempts => "attempts",
        };
        let order = match self.spec.order {
            Order::Ordered => "",
            Order::Strict => ", nothing between",
            Order::Any => ", in any order",
        };
        let mut title = format!("[2] Funnel — {unit} per step{order}");
        if let Some(group) = self.focused_group(facts) {
            title = format!("{title} · {}", group.value.as_deref().unwrap_or("all"));
        }
        let mut note = String::new();
        if self.spec.mature {
            note.push_str("without open · ");
        }
        if self.spec.first_time {
            note.push_str("first time · ");
        }
        note.push_str("base: step 1");
        let has_focus = self.focus == Focus::Steps;
        // What the answer warns of belongs next to the numbers.
        let notes = self.reading(facts).map_or(String::new(), |reading| reading.funnel.notes.join(" · "));
        pen.frame(area, &Border { title: &title, note: &note, foot: &notes, has_focus })
    }

    fn view_steps(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let rows = usize::from(area.height.saturating_sub(1));
        if rows == 0 || area.width < 4 {
            return 0;
        }
        let reading = self.reading(facts);
        let steps = match (&reading, self.focused_group(facts)) {
            (_, Some(group)) => &group.steps[..],
            (Some(reading), None) => &reading.funnel.total().steps[..reading.n_common],
            (None, None) => &[],
        };
        let names: Vec<String> = self
            .spec
            .steps
            .iter()
            .enumerate()
            .map(|(i, step)| {
                let rules = step.to_string();
                let optional = steps.get(i).is_some_and(|count| count.optional) && !rules.contains("@optional");
                let label = if rules.contains('@') { rules } else { step.step.label().to_owned() };
                format!("{}{}", visible(&label), if optional { " ?" } else { "" })
            })
            .collect();

        let longest = names.iter().map(|name| width(name)).max().unwrap_or(0) as u16;
        let columns = columns_for(area.width, longest, steps);
        let numbers: u16 = columns.iter().map(|column| column.wide).sum();
        let free = area.width.saturating_sub(numbers + 5);
        let bar_min = if free > BAR_MIN + 8 { BAR_MIN } else { 4 };
        let name_wide = longest.clamp(4, (free.saturating_sub(bar_min + 1)).max(4));
        let bar_wide = free.saturating_sub(name_wide + 1);
        let mut right = area.x + 5 + name_wide + bar_wide;
        pen.text(area.x + 1, area.y, area.width - 1, " # step", Tone::Dim);
        for column in &columns {
            right += column.wide;
            pen.right(right, area.y, column.wide, column.head, Tone::Dim);
        }
        let group = if self.focused_group(facts).is_some() { self.group + 1 } else { 0 };
        let first_row = group * names.len();
        let leak = reading.filter(|reading| reading.is_whole).and_then(|_| leak(steps));
        let from = scroll(0, self.cursor, rows, names.len());
        for (row, i) in (from..names.len().min(from + rows)).enumerate() {
            let line = Rect { y: area.y + 1 + row as u16, height: 1, ..area };
            let is_cursor = i == self.cursor;
            pen.target(line, Target::Row { panel: Focus::Steps as u8, row: i });
            pen.text(line.x, line.y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.right(line.x + 3, line.y, 2, &(i + 1).to_string(), Tone::Dim);
            pen.text(line.x + 4, line.y, name_wide, &names[i], if is_cursor { Tone::Strong } else { Tone::Text });
            let Some(step) = steps.get(i) else {
                pen.text(line.x + 5 + name_wide, line.y, bar_wide, "…", Tone::Dim);
                continue;
            };
            let part = ratio(step.customers, steps[0].customers);
            pen.bar(line.x + 5 + name_wide, line.y, bar_wide, part, Tone::Bar);
            let shown = Line {
                step,
                table: facts.table,
                row: first_row + i,
                is_whole: reading.is_some_and(|reading| reading.is_whole),
                is_first: i == 0,
                is_last: i + 1 == names.len(),
            };
            numbers_of(&shown, &columns, line, area.x + 5 + name_wide + bar_wide, leak == Some(i), pen);
        }
        rows
    }

    /// The sentence about the step under the cursor.
    fn verdict(&self, facts: &Facts<'_>, inside: Rect, pen: &mut Pen<'_>) {
        let y = inside.bottom() - 1;
        let text = match (self.reading(facts).filter(|reading| reading.is_whole), self.spec.steps.len()) {
            (None, _) => String::new(),
            (Some(reading), _) => self.sentence(reading, facts, usize::from(inside.width.saturating_sub(4))),
        };
        pen.rule(inside, y, &text);
    }

    fn sentence(&self, reading: Reading<'_>, facts: &Facts<'_>, room: usize) -> String {
        let group = self.focused_group(facts).unwrap_or(reading.funnel.total());
        let (Some(step), Some(spec)) = (group.steps.get(self.cursor), self.spec.steps.get(self.cursor)) else {
            return String::new();
        };
        let here = visible(spec.step.label());
        if self.is_last() {
            let first = group.steps.first().map_or(0, |first| first.customers);
            return format!(
                "{} of {} came to {here}: {}",
                words::count(step.customers),
                words::count(first),
                words::share(step.customers, first)
            );
        }
        let next = visible(self.spec.steps[self.cursor + 1].step.label());
        let mut text = format!(
            "{} went on · {} dropped",
            words::share(step.converted, step.customers),
            words::count(step.dropped)
        );
        if step.open > 0 {
            text.push_str(&format!(" · {} still open", words::count(step.open)));
        }
        if step.excluded > 0 {
            text.push_str(&format!(" · {} excluded", words::count(step.excluded)));
        }
        let step = format!("step {}→{}", self.cursor + 1, self.cursor + 2);
        // The names stand above; the numbers come first where there is no room for both.
        let whole = format!("{step} {here} → {next}: {text}");
        if width(&whole) <= room { whole } else { format!("{step}: {text}") }
    }
}

fn numbers_of(line: &Line<'_>, columns: &[&Column], at: Rect, from: u16, is_leak: bool, pen: &mut Pen<'_>) {
    let mut right = from;
    for column in columns {
        right += column.wide;
        if line.is_whole || column.rank == 0 {
            let tone = if is_leak && column.head == "dropped" { Tone::Bad } else { Tone::Text };
            pen.right(right, at.y, column.wide, &(column.text)(line), tone);
        }
    }
    if is_leak {
        pen.text(right, at.y, 1, "◀", Tone::Bad);
    }
}

/// The columns there is room for beside the names and a bar, in their order. Columns that would be empty are left out.
fn columns_for(wide: u16, longest: u16, steps: &[StepCount]) -> Vec<&'static Column> {
    let is_empty = |column: &Column| match column.head {
        "open" => steps.iter().all(|step| step.open == 0),
        "excluded" => steps.iter().all(|step| step.excluded == 0),
        _ => false,
    };
    let mut by_rank: Vec<&Column> = COLUMNS.iter().filter(|column| !is_empty(column)).collect();
    by_rank.sort_by_key(|column| column.rank);
    let bar = if wide > 60 { BAR_MIN } else { 4 };
    let mut left = wide.saturating_sub(6 + longest.clamp(6, 16) + bar);
    let mut chosen: Vec<&Column> = Vec::new();
    for column in by_rank {
        if column.wide > left {
            break;
        }
        left -= column.wide;
        chosen.push(column);
    }
    let place = |column: &Column| COLUMNS.iter().position(|other| other.head == column.head);
    chosen.sort_by_key(|column| place(column));
    chosen
}

/// The step after which most drop.
fn leak(steps: &[StepCount]) -> Option<usize> {
    let last = steps.len().checked_sub(1)?;
    (0..last).rev().max_by_key(|&i| steps[i].dropped).filter(|&i| steps[i].dropped > 0)
}

pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn invite(area: Rect, pen: &mut Pen<'_>) {
    let inside = pen.frame(area, &Border { title: "[2] Funnel", has_focus: true, ..Border::default() });
    let lines = [
        ("No steps yet.", Tone::Strong),
        ("", Tone::Text),
        ("a   add steps: type a few letters of an event, or mark several with Space", Tone::Text),
        ("1   Home proposes a funnel from the data; ⏎ on it opens it here", Tone::Text),
        ("", Tone::Text),
        ("A funnel counts who reaches each step, in order, in time.", Tone::Dim),
    ];
    for (i, (text, tone)) in lines.into_iter().enumerate() {
        if (i as u16) < inside.height {
            pen.text(inside.x + 2, inside.y + i as u16, inside.width.saturating_sub(3), text, tone);
        }
    }
}
