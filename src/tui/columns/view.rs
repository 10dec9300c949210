//! What the screen of columns says: checks with their choices, and the drawing of both panels.

use ratatui::layout::Rect;

use super::{Check, Choice, ColumnsScreen, Panel, REQUIRED, examples};
use crate::ingest::preview::Kind;
use crate::ingest::roles::{ROLES, flag_value};
use crate::ingest::{Outcome, Reading, Role};
use crate::tui::paint::{Border, Pen, scroll, wrap};
use crate::tui::theme::Tone;
use crate::tui::words;

impl ColumnsScreen {
    pub(super) fn checks(&self) -> Vec<Check> {
        let check = |mark, text: String, choice| Check { mark, text, choice };
        let is_of = |file: &str| self.preview.as_ref().is_some_and(|preview| preview.file == file);
        let mut checks = Vec::new();
        if let Some(at) = self.unclear() {
            let doubt = self.preview.as_ref().and_then(|preview| preview.guesses[at].doubt.clone());
            // How to decide on the command line is of no use here.
            let doubt = doubt.unwrap_or_default();
            let text = doubt.split("; choose").next().unwrap_or_default();
            checks.push(check("⚠", text.to_owned(), None));
        }
        match &self.outcome {
            None if self.unclear().is_none() => checks.push(check("·", "reading the start …".to_owned(), None)),
            None => {}
            Some(Err(why)) => checks.push(check("✗", why.clone(), None)),
            Some(Ok(outcome)) => {
                checks.push(rows_check(outcome));
                checks.extend(sense_checks(outcome));
                if outcome.duplicates > 0 || self.options.dedupe {
                    let n = words::things(outcome.duplicates, "row");
                    checks.push(check("⚠", format!("{n} equal an earlier one"), Some(Choice::Duplicates)));
                }
            }
        }
        let time = self.column_of(2).map(|(column, _)| column.kind);
        if matches!(time, Some(Kind::Time { is_naive: true })) || self.options.zone.is_some() {
            checks.push(check("⚠", "times have no zone; they are taken for".to_owned(), Some(Choice::Zone)));
        }
        if time.is_some() {
            let how = match (&self.options.time_format, &self.outcome) {
                (Some(format), _) => format!("times are written as {format}"),
                (None, Some(Ok(outcome))) => format!("times are {}", outcome.times),
                (None, _) => "times are written as".to_owned(),
            };
            checks.push(check("·", how, Some(Choice::Format)));
        }
        if let Some(Ok(outcome)) = &self.outcome {
            if outcome.ties > 0 {
                let n = words::things(outcome.ties, "event");
                checks.push(check("·", format!("{n} at the time of another: the order of the rows decides"), None));
            }
            if let Some(ids) = outcome.ids {
                let people = words::things(outcome.customers, "customer");
                let text = format!("{} linked by rows that carry two of them: {people}", words::things(ids, "id"));
                checks.push(check("·", text, None));
            }
            checks.push(check("·", sums(outcome), None));
            // How times are written and their zone are said above, with a choice.
            let of_file = outcome.readings.iter().filter(|reading| is_of(&reading.file));
            for (what, value) in of_file.flat_map(Reading::facts).filter(|(what, _)| *what != "times") {
                checks.push(check("·", format!("{what}: {value}"), None));
            }
            for pair in &outcome.joins {
                let share = words::fraction(pair.share());
                let text = format!("{} {}, {share} of the fewer", words::count(pair.both), pair.check());
                checks.push(check("·", text, None));
            }
        }
        checks
    }

    pub(super) fn choices(&self, choice: Choice) -> Vec<(String, bool)> {
        match choice {
            Choice::Duplicates => {
                vec![("keep them".to_owned(), !self.options.dedupe), ("drop them".to_owned(), self.options.dedupe)]
            }
            Choice::Zone => {
                let now = self.options.zone.clone().unwrap_or_default();
                let zones = self.zones().into_iter().map(|zone| (zone.clone(), zone == now.name()));
                zones.chain([("other…".to_owned(), false)]).collect()
            }
            Choice::Format => vec![
                ("found out".to_owned(), self.options.time_format.is_none()),
                ("other…".to_owned(), self.options.time_format.is_some()),
            ],
        }
    }

    /// The screen as lines of text: roles, then checks with what is chosen.
    pub fn lines(&self) -> Vec<String> {
        let role = |at: usize| {
            let (name, detail) = match self.column_of(at) {
                Some((column, sure)) => {
                    (column.name.clone(), format!("{}, {}", self.sure(at, sure), examples(column, 3)))
                }
                None => ("no column".to_owned(), String::new()),
            };
            format!("{}: {name}  {detail}", ROLES[at].name())
        };
        let check = |check: Check| {
            let now = check.choice.map(|choice| self.choices(choice)).unwrap_or_default();
            let now =
                now.into_iter().find(|(_, is_now)| *is_now).map_or(String::new(), |(name, _)| format!(": {name}"));
            format!("{}{now}", check.text)
        };
        (0..ROLES.len()).map(role).chain(self.checks().into_iter().map(check)).collect()
    }

    fn sure(&self, role: usize, certainty: f64) -> String {
        let doubt = self.preview.as_ref().and_then(|preview| preview.guesses.get(role)?.doubt.as_ref());
        if flag_value(&self.options, ROLES[role]).is_some() {
            "set".to_owned()
        } else if doubt.is_some() {
            "unsure".to_owned()
        } else {
            format!("{:.0}%", certainty * 100.0)
        }
    }

    pub fn view(&self, area: Rect, pen: &mut Pen<'_>) {
        let wanted = ROLES.len() as u16 + 2 + u16::from(area.height >= 17);
        if area.height < 14 {
            match self.panel {
                Panel::Roles => self.view_roles(area, pen),
                Panel::Checks => self.view_checks(area, pen),
            }
            return;
        }
        let tall = wanted.min(area.height - 5);
        self.view_roles(Rect { height: tall, ..area }, pen);
        self.view_checks(Rect { y: area.y + tall, height: area.height - tall, ..area }, pen);
    }

    fn view_roles(&self, area: Rect, pen: &mut Pen<'_>) {
        let note = self.preview.as_ref().map_or_else(
            || "looking at the columns …".to_owned(),
            |preview| {
                let rows = words::things(preview.n_rows as u64, "row");
                let all = if preview.is_whole { "all" } else { "the first" };
                format!("{} columns · {all} {rows} · {}", preview.columns.len(), preview.format)
            },
        );
        let has_focus = self.panel == Panel::Roles;
        let border = Border { title: "Columns", note: &note, foot: "Space chooses · ⏎ accepts all", has_focus };
        let inside = pen.frame(area, &border);
        let has_head = inside.height > ROLES.len() as u16;
        let kind_wide = if inside.width >= 60 { 8 } else { 0 };
        let name_wide = (inside.width / 4).clamp(8, 26);
        let (role_x, name_x) = (inside.x + 1, inside.x + 12);
        let kind_x = name_x + name_wide + 1;
        let like_x = kind_x + kind_wide;
        let like_wide = inside.right().saturating_sub(like_x + 8);
        if has_head {
            pen.text(role_x + 1, inside.y, 10, "role", Tone::Dim);
            pen.text(name_x, inside.y, name_wide, "column", Tone::Dim);
            pen.text(kind_x, inside.y, kind_wide, "type", Tone::Dim);
            pen.text(like_x, inside.y, like_wide, "looks like", Tone::Dim);
            pen.right(inside.right().saturating_sub(1), inside.y, 6, "sure", Tone::Dim);
        }
        let top = inside.y + u16::from(has_head);
        let rows = usize::from(inside.bottom().saturating_sub(top));
        let from = scroll(0, self.role, rows, ROLES.len());
        for (i, role) in ROLES.iter().enumerate().skip(from).take(rows) {
            let y = top + (i - from) as u16;
            let is_cursor = i == self.role && has_focus;
            pen.text(inside.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.text(role_x, y, 10, role.name(), if is_cursor { Tone::Strong } else { Tone::Text });
            match self.column_of(i) {
                Some((column, sure)) => {
                    let sure = self.sure(i, sure);
                    pen.text(name_x, y, name_wide, &column.name, Tone::Strong);
                    pen.text(kind_x, y, kind_wide, column.kind.name(), Tone::Dim);
                    pen.text(like_x, y, like_wide, &examples(column, 8), Tone::Text);
                    let tone = if sure == "unsure" { Tone::Warn } else { Tone::Dim };
                    pen.right(inside.right().saturating_sub(1), y, 7, &sure, tone);
                }
                None if self.preview.is_none() => {}
                None if i < REQUIRED => {
                    pen.text(
                        name_x,
                        y,
                        inside.right().saturating_sub(name_x),
                        "no column yet: Space chooses",
                        Tone::Warn,
                    );
                }
                None => {
                    let left = if *role == Role::Session { "none: a gap starts a session" } else { "none" };
                    pen.text(name_x, y, inside.right().saturating_sub(name_x), left, Tone::Dim);
                }
            }
        }
    }

    fn view_checks(&self, area: Rect, pen: &mut Pen<'_>) {
        let has_focus = self.panel == Panel::Checks;
        let foot = if has_focus { "←→ picks · Space chooses · i report" } else { "Tab goes here" };
        let border = Border { title: "Check before you trust it", note: "", foot, has_focus };
        let inside = pen.frame(area, &border);
        if inside.is_empty() {
            return;
        }
        let room = usize::from(inside.width.saturating_sub(4));
        let mut lines: Vec<(Option<usize>, &str, String, Tone)> = Vec::new();
        if let Some(reason) = &self.reason
            && self.unclear().is_none()
            && self.options == self.given
        {
            lines.push((None, " ", reason.clone(), Tone::Dim));
        }
        let checks = self.checks();
        for (i, check) in checks.iter().enumerate() {
            let tone = match check.mark {
                "⚠" | "✗" => Tone::Warn,
                _ => Tone::Text,
            };
            let choices = check.choice.map(|choice| self.choices(choice)).unwrap_or_default();
            let shown: Vec<String> =
                choices.iter().map(|(name, is_now)| if *is_now { format!("[{name}]") } else { name.clone() }).collect();
            let text = format!("{}  {}", check.text, shown.join("  "));
            for (n, line) in wrap(text.trim_end(), room).into_iter().enumerate() {
                lines.push((Some(i), if n == 0 { check.mark } else { " " }, line, tone));
            }
        }
        let at = lines.iter().position(|(i, ..)| *i == Some(self.check)).unwrap_or(0);
        let rows = usize::from(inside.height);
        let from = if has_focus { scroll(0, at, rows, lines.len()) } else { 0 };
        let mut last = None;
        for (row, (i, mark, line, tone)) in lines.iter().enumerate().skip(from).take(rows) {
            let y = inside.y + (row - from) as u16;
            let is_cursor = has_focus && *i == Some(self.check) && last != *i;
            last = *i;
            pen.text(inside.x, y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.text(inside.x + 1, y, 1, mark, *tone);
            pen.text(
                inside.x + 3,
                y,
                inside.width.saturating_sub(4),
                line,
                if is_cursor { Tone::Strong } else { *tone },
            );
        }
    }
}

fn rows_check(outcome: &Outcome) -> Check {
    let rejected: u64 = outcome.rejected.iter().map(|(_, n)| n).sum();
    if rejected == 0 {
        let n = words::count(outcome.rows);
        return Check {
            mark: "✓",
            text: format!("each of {n} rows has a customer, an event and a time"),
            choice: None,
        };
    }
    let why: Vec<String> =
        outcome.rejected.iter().map(|(why, n)| format!("{} {}", words::count(*n), why.name())).collect();
    let text = format!(
        "{} of {} rows would be rejected ({}): {}",
        words::count(rejected),
        words::count(outcome.rows),
        words::share(rejected, outcome.rows),
        why.join(", ")
    );
    Check { mark: "⚠", text, choice: None }
}

/// Roles that read well and mean nothing.
fn sense_checks(outcome: &Outcome) -> Vec<Check> {
    const TELLING: u64 = 50;
    let events: u64 = outcome.rows - outcome.rejected.iter().map(|(_, n)| n).sum::<u64>();
    let warn = |text: String| Check { mark: "⚠", text, choice: None };
    let mut checks = Vec::new();
    if events >= TELLING && outcome.customers * 20 > events * 19 {
        checks.push(warn("nearly every row is a customer of its own: is that the right column?".to_owned()));
    }
    if events >= TELLING && outcome.event_names * 2 > events {
        let n = words::things(outcome.event_names, "different event name");
        checks.push(warn(format!("{n} in {} events: is that the right column?", words::count(events))));
    }
    checks
}

fn sums(outcome: &Outcome) -> String {
    let period = outcome.period.map_or(String::new(), |(first, last)| {
        let (first, last) = (first.to_string(), last.to_string());
        format!(", {} → {}", &first[..first.len().min(10)], &last[..last.len().min(10)])
    });
    format!(
        "so far {}, {}{period}",
        words::things(outcome.customers, "customer"),
        words::things(outcome.event_names, "event name")
    )
}
