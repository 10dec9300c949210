//! The timeline: one customer's events in order, with the gaps between them and the fields of the one under the cursor.

use ratatui::layout::Rect;

use crate::analysis::{Answer, Journey, JourneySpec, Scope, Spec};
use crate::base::visible::{visible, width};
use crate::base::{Instant, Zone};
use crate::table::{Cell, Table};
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::Condition;
use crate::tui::grid;
use crate::tui::paint::{Border, Pen, Target};
use crate::tui::pane::{Effect, Facts, Pane, moved};
use crate::tui::theme::Tone;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JourneyAction {
    Fields,
    Next,
    Previous,
    NextSame,
    WhoHad,
}

pub struct JourneyPane {
    spec: JourneySpec,
    cursor: usize,
}

/// Columns that the list itself shows; the others are the event's fields.
const LISTED: [&str; 5] = ["time", "event", "channel", "gap", "session"];

/// A line of the list: an event, or the gap that ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Event(usize),
    Gap(usize),
}

/// The journey's table, with its columns found.
struct Reader<'a> {
    table: &'a Table,
    time: Option<usize>,
    event: Option<usize>,
    channel: Option<usize>,
    /// The session of every event.
    sessions: &'a [u32],
    zone: &'a Zone,
}

impl<'a> Reader<'a> {
    fn of(facts: &Facts<'a>) -> Option<Self> {
        let (table, Some(Answer::Journey(answer))) = (facts.table?, facts.answer) else { return None };
        let column = |name| table.column_idx(name);
        Some(Reader {
            table,
            time: column("time"),
            event: column("event"),
            channel: column("channel"),
            sessions: &answer.sessions,
            zone: facts.zone,
        })
    }

    fn cell(&self, row: usize, column: Option<usize>) -> Cell {
        column.and_then(|column| self.table.row(row).get(column).cloned()).unwrap_or(Cell::Empty)
    }

    fn text(&self, row: usize, column: Option<usize>) -> String {
        match column {
            Some(at) => words::cell(&self.cell(row, column), self.table.columns[at].kind, self.zone),
            None => String::new(),
        }
    }

    fn event(&self, row: usize) -> Option<String> {
        match self.cell(row, self.event) {
            Cell::Text(name) => Some(name),
            _ => None,
        }
    }

    fn time(&self, row: usize) -> Option<Instant> {
        match self.cell(row, self.time) {
            Cell::Time(at) => Some(at),
            _ => None,
        }
    }

    fn gap(&self, row: usize) -> Option<f64> {
        let (before, here) = (self.time(row.checked_sub(1)?)?, self.time(row)?);
        Some((here.0 - before.0) as f64 / 1e6)
    }

    fn starts_session(&self, row: usize) -> bool {
        row > 0 && self.sessions.get(row) != self.sessions.get(row - 1)
    }

    /// The lines around an event: as many as there is room for, the event in the middle as far as possible.
    fn window(&self, cursor: usize, rows: usize) -> Vec<Line> {
        let lines_of = |row: usize| {
            let gap = self.starts_session(row).then_some(Line::Gap(row));
            gap.into_iter().chain([Line::Event(row)])
        };
        let mut above: Vec<Line> = (0..cursor)
            .rev()
            .flat_map(|row| [Line::Event(row)].into_iter().chain(self.starts_session(row).then_some(Line::Gap(row))))
            .take(rows)
            .collect();
        if self.starts_session(cursor) {
            above.insert(0, Line::Gap(cursor));
        }
        let below: Vec<Line> = (cursor + 1..self.table.len()).flat_map(lines_of).take(rows).collect();
        let n_below = below.len().min(rows.saturating_sub(1 + above.len().min(rows / 2)));
        let n_above = above.len().min(rows.saturating_sub(1 + n_below));
        let mut lines: Vec<Line> = above[..n_above].iter().rev().copied().collect();
        lines.push(Line::Event(cursor));
        lines.extend(&below[..n_below]);
        lines
    }

    /// Everything about an event that the list does not show, and what it does, in full.
    fn fields(&self, row: usize) -> Vec<(String, String)> {
        let cells = self.table.row(row);
        let named = self.table.columns.iter().zip(cells.iter());
        named
            .filter(|(_, cell)| **cell != Cell::Empty)
            .map(|(column, cell)| (grid::title(&column.name).to_owned(), words::cell(cell, column.kind, self.zone)))
            .collect()
    }
}

impl JourneyPane {
    pub fn new(customer: String, scope: Scope) -> Self {
        JourneyPane { spec: JourneySpec { customer, scope }, cursor: 0 }
    }

    fn len(facts: &Facts<'_>) -> usize {
        facts.table.map_or(0, Table::len)
    }

    fn answer<'a>(&self, facts: &Facts<'a>) -> Option<&'a Journey> {
        match facts.answer {
            Some(Answer::Journey(answer)) => Some(answer),
            _ => None,
        }
    }

    /// Whether the answer is about the customer on the screen.
    fn is_current(&self, facts: &Facts<'_>) -> bool {
        matches!(facts.answered, Some(Spec::Journey(answered)) if answered.customer == self.spec.customer)
    }

    fn next_same(&self, facts: &Facts<'_>) -> Option<usize> {
        let reader = Reader::of(facts)?;
        let here = reader.event(self.cursor)?;
        (self.cursor + 1..reader.table.len()).find(|&row| reader.event(row).as_deref() == Some(&here))
    }

    fn view_head(&self, reader: &Reader<'_>, area: Rect, pen: &mut Pen<'_>) {
        let len = reader.table.len();
        let n_sessions = reader.sessions.last().copied().unwrap_or(1);
        let title = format!("Customer {}", visible(&self.spec.customer));
        let span = match (reader.time(0), reader.time(len - 1)) {
            (Some(first), Some(last)) => {
                let lasted = words::seconds((last.0 - first.0) as f64 / 1e6);
                format!("{} → {} · {lasted}", words::day(first, reader.zone), words::day(last, reader.zone))
            }
            _ => String::new(),
        };
        let counts =
            format!("{} · {}", words::things(len as u64, "event"), words::things(n_sessions.into(), "session"));
        let border = Border { title: &title, note: &span, foot: &counts, has_focus: false };
        let inside = pen.frame(area, &border);
        self.view_strip(reader, inside, pen);
    }

    /// The journey as one line of names around the cursor, with idle time squeezed.
    fn view_strip(&self, reader: &Reader<'_>, area: Rect, pen: &mut Pen<'_>) {
        let len = reader.table.len();
        let piece = |row: usize| {
            let name = reader.event(row).unwrap_or_default();
            let name = visible(&name).into_owned();
            let lead = match reader.gap(row) {
                None => String::new(),
                Some(gap) if reader.starts_session(row) => format!("┅ {} ┅", words::seconds(gap)),
                Some(_) => "━".to_owned(),
            };
            (lead, name)
        };
        let room = usize::from(area.width.saturating_sub(2));
        // From the cursor outwards: what came before gets half of the room.
        let mut first = self.cursor;
        let mut used = 0;
        while first > 0 {
            let (lead, _) = piece(first);
            let (_, name) = piece(first - 1);
            used += width(&lead) + width(&name);
            if used > room / 2 {
                break;
            }
            first -= 1;
        }
        let mut x = area.x + 1;
        let right = area.x + 1 + room as u16;
        for row in first..len {
            let (lead, name) = piece(row);
            if row > first {
                x += pen.text(x, area.y, right.saturating_sub(x), &lead, Tone::Frame);
            } else if first > 0 {
                x += pen.text(x, area.y, right.saturating_sub(x), "…━", Tone::Frame);
            }
            let tone = if row == self.cursor { Tone::Chosen } else { Tone::Text };
            x += pen.text(x, area.y, right.saturating_sub(x), &name, tone);
            if x >= right {
                break;
            }
        }
    }

    fn view_events(&self, reader: &Reader<'_>, area: Rect, gap: crate::base::Span, pen: &mut Pen<'_>) -> usize {
        let len = reader.table.len();
        let framed = area.height >= 4;
        let rows = usize::from(area.height.saturating_sub(if framed { 2 } else { 0 }));
        let foot = format!("{} of {}", self.cursor + 1, len);
        let note = format!("gap over {gap} starts a session");
        let border = Border { title: "Events", note: &note, foot: &foot, has_focus: true };
        let inside = if framed { pen.frame(area, &border) } else { area };
        if rows == 0 {
            return 0;
        }
        let has_channel = (0..len.min(50)).any(|row| reader.cell(row, reader.channel) != Cell::Empty);
        let mut day = String::new();
        for (i, line) in reader.window(self.cursor, rows).iter().enumerate() {
            let y = inside.y + i as u16;
            match *line {
                Line::Gap(row) => {
                    let gap = reader.gap(row).map_or(String::new(), words::seconds);
                    let session = reader.sessions.get(row).copied().unwrap_or(1);
                    pen.rule(Rect { y, height: 1, ..inside }, y, &format!("{gap} · session {session}"));
                }
                Line::Event(row) => {
                    let today = reader.time(row).map_or(String::new(), |at| words::day(at, reader.zone));
                    let shown_day = if today == day { String::new() } else { today.clone() };
                    day = today;
                    let line = Rect { y, height: 1, ..inside };
                    self.view_event(reader, row, &shown_day, has_channel, line, pen);
                    pen.target(line, Target::Row { panel: 0, row });
                }
            }
        }
        rows
    }

    fn view_event(&self, reader: &Reader<'_>, row: usize, day: &str, has_channel: bool, line: Rect, pen: &mut Pen<'_>) {
        let is_cursor = row == self.cursor;
        let (mut x, y) = (line.x, line.y);
        pen.text(x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
        x += 1;
        if line.width >= 48 {
            pen.text(x, y, 10, day, Tone::Dim);
            x += 11;
        }
        pen.text(x, y, 8, &reader.time(row).map_or(String::new(), |at| words::clock(at, reader.zone)), Tone::Text);
        x += 8;
        if line.width >= 30 {
            let gap = if reader.starts_session(row) { None } else { reader.gap(row) };
            pen.right(x + 8, y, 7, &gap.map_or(String::new(), |gap| format!("+{}", words::seconds(gap))), Tone::Dim);
            x += 9;
        } else {
            x += 1;
        }
        if has_channel && line.width >= 44 {
            pen.text(x, y, 8, &reader.text(row, reader.channel), Tone::Dim);
            x += 9;
        }
        let name = reader.event(row).unwrap_or_default();
        let name_at = x;
        let used = pen.text(x, y, line.right().saturating_sub(x), &name, Tone::Text);
        x += used + 2;
        if line.width >= 70 {
            let fields = reader.fields(row).into_iter().filter(|(name, _)| !LISTED.contains(&name.as_str()));
            let detail: Vec<String> = fields.map(|(name, value)| format!("{name} {value}")).collect();
            pen.text(x, y, line.right().saturating_sub(x + 1), &detail.join(" · "), Tone::Dim);
        }
        if is_cursor {
            pen.embolden(Rect { x: name_at, width: used, ..line });
        }
    }

    fn view_fields(&self, reader: &Reader<'_>, area: Rect, pen: &mut Pen<'_>) {
        let name = reader.event(self.cursor).unwrap_or_default();
        let inside = pen.frame(area, &Border { title: &name, foot: "⏎ in full", ..Border::default() });
        // Time and name are in the list beside it.
        let fields: Vec<_> =
            reader.fields(self.cursor).into_iter().filter(|(name, _)| name != "time" && name != "event").collect();
        let wide = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(14) as u16;
        for (i, (name, value)) in fields.iter().take(usize::from(inside.height)).enumerate() {
            let y = inside.y + i as u16;
            pen.text(inside.x + 1, y, wide, name, Tone::Dim);
            let x = inside.x + wide + 3;
            pen.text(x, y, inside.right().saturating_sub(x), value, Tone::Text);
        }
    }
}

impl JourneyPane {
    /// The event under the cursor.
    fn event_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        Reader::of(facts).filter(|reader| self.cursor < reader.table.len())?.event(self.cursor)
    }
}

impl Pane for JourneyPane {
    fn place(&self) -> Place {
        Place::Journey
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Journey(self.spec.clone()))
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.spec.scope = scope.clone();
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        let with_events = if Self::len(facts) == 0 { Err("needs an event") } else { Ok(()) };
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => {
                Err("there is only one panel to move in here")
            }
            Action::Row(_) => with_events,
            Action::Journey(JourneyAction::Next | JourneyAction::Previous) => Ok(()),
            Action::Journey(_) => with_events,
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(action) => {
                self.cursor = moved(self.cursor, action, Self::len(facts), facts.page)?;
                None
            }
            Action::Journey(JourneyAction::Next) => Some(Effect::Neighbour(1)),
            Action::Journey(JourneyAction::Previous) => Some(Effect::Neighbour(-1)),
            Action::Journey(JourneyAction::NextSame) => match self.next_same(facts) {
                Some(row) => {
                    self.cursor = row;
                    None
                }
                None => Some(Effect::Say("there is no later event of this name".to_owned())),
            },
            Action::Journey(JourneyAction::WhoHad) => Some(Effect::WhoHad(self.event_under_cursor(facts)?)),
            Action::Journey(JourneyAction::Fields) => {
                let reader = Reader::of(facts)?;
                let name = reader.event(self.cursor)?;
                let fields = reader.fields(self.cursor);
                let wide = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
                let line = |(name, value): &(String, String)| {
                    format!("{}  {value}", crate::base::visible::fit_left(name, wide))
                };
                Some(Effect::Read(name, fields.iter().map(line).collect()))
            }
            _ => None,
        }
    }

    fn point(&mut self, _: u8, row: usize, facts: &Facts<'_>) {
        self.cursor = row.min(Self::len(facts).saturating_sub(1));
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        self.cursor = self.cursor.min(Self::len(facts).saturating_sub(1));
    }

    fn crumb(&self, _: &Facts<'_>) -> String {
        self.spec.customer.clone()
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "Everything one customer did, in order: by time, then by the order of the rows as read.",
            "gap is the time since the event before; a line between events begins a new session, after a gap longer than the session gap.",
            "⏎ shows every field of the event in full, = goes to the next event of the same name, o lists everybody who had it, J and K go through the list below.",
        ]
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let Some(reader) = Reader::of(facts).filter(|_| self.is_current(facts) || self.answer(facts).is_some()) else {
            pen.frame(area, &Border { title: &format!("Customer {}", self.spec.customer), ..Border::default() });
            return 0;
        };
        if reader.table.is_empty() {
            let title = format!("Customer {}", self.spec.customer);
            let inside = pen.frame(area, &Border { title: &title, has_focus: true, ..Border::default() });
            let text = "No events of this customer pass the filter.";
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), text, Tone::Dim);
            return 0;
        }
        let head = if area.height >= 12 { 3 } else { 0 };
        if head > 0 {
            self.view_head(&reader, Rect { height: head, ..area }, pen);
        }
        let body = Rect { y: area.y + head, height: area.height - head, ..area };
        let side = if area.width >= 72 { (area.width / 3).min(46) } else { 0 };
        let page =
            self.view_events(&reader, Rect { width: body.width - side, ..body }, self.spec.scope.session_gap, pen);
        if side > 0 {
            self.view_fields(&reader, Rect { x: body.right() - side, width: side, ..body }, pen);
        }
        page
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        self.event_under_cursor(facts).map(|event| Condition::event(&event))
    }

    fn follow(&mut self, customer: String) {
        self.spec.customer = customer;
        self.cursor = 0;
    }
}
