//! Draws the app: the frame that is the same on every screen, the pane on top, and what lies over it.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::App;
use crate::base::visible::{truncate, visible, width};
use crate::tui::filter;
use crate::tui::load::{Stage, view_failed, view_loading};
use crate::tui::overlay::Overlay;
use crate::tui::paint::{Border, Pen, Target, wrap};
use crate::tui::screen::Screen;
use crate::tui::theme::Tone;
use crate::tui::words;

/// What drawing found out that the next key needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    pub cursor: Option<Position>,
    /// Rows of the pane's list.
    pub page: usize,
    pub overlay_page: usize,
    /// What the mouse can point at, the uppermost last.
    pub targets: Vec<(Rect, Target)>,
}

/// An answer that takes longer than this is waited for visibly.
const PATIENCE: Duration = Duration::from_millis(150);

const SPINNER: [&str; 4] = ["◐", "◓", "◑", "◒"];

impl App {
    /// Draws everything into the buffer.
    pub fn view(&self, buf: &mut Buffer) -> Drawn {
        let area = buf.area;
        let mut pen = Pen::new(buf, self.theme);
        let mut drawn = Drawn::default();
        if area.width == 0 || area.height == 0 {
            return drawn;
        }
        let top = if area.height >= 8 { 2 } else { u16::from(area.height >= 3) };
        let bottom = if area.height >= 8 { 2 } else { u16::from(area.height >= 4) };
        let whole = Rect { y: area.y + top, height: area.height - top - bottom, ..area };
        let (rail, body) = if self.is_opening() { (None, whole) } else { self.split_rail(whole) };
        if let Some(rail) = rail {
            self.view_rail(rail, &mut pen);
        }
        if top >= 1 {
            self.view_tabs(Rect { height: 1, ..area }, &mut pen);
        }
        if top >= 2 {
            self.view_crumbs(Rect { y: area.y + 1, height: 1, ..area }, &mut pen);
        }
        match &self.stage {
            _ if self.is_opening() => (drawn.cursor, drawn.page) = self.view_opening(body, &mut pen),
            _ if self.has_data() => drawn.page = self.view_pane(body, &mut pen),
            Stage::Loading { slot, since, .. } => {
                let taken = self.now.saturating_duration_since(*since);
                view_loading(slot, taken, &self.sources(), body, &mut pen);
            }
            Stage::Failed { message } => view_failed(message, body, &mut pen),
            Stage::Ready => {}
        }
        if let Some(Overlay::Tasks(cursor)) = self.overlays.last() {
            self.view_tasks(*cursor, body, &mut pen);
        } else if let Some(overlay) = self.overlays.last() {
            (drawn.cursor, drawn.overlay_page) = overlay.view(body, &mut pen);
        }
        self.view_which(body, &mut pen);
        if bottom >= 2 {
            self.view_status(Rect { y: area.bottom() - 2, height: 1, ..area }, &mut pen);
        }
        if bottom >= 1 {
            self.view_keys(Rect { y: area.bottom() - 1, height: 1, ..area }, &mut pen);
        }
        drawn.targets = pen.finish();
        drawn
    }

    pub(super) fn sources(&self) -> String {
        let names: Vec<_> = self.options.sources.iter().map(|source| visible(source).into_owned()).collect();
        names.join(" · ")
    }

    fn view_tabs(&self, line: Rect, pen: &mut Pen<'_>) {
        let mut x = line.x + 1 + pen.text(line.x + 1, line.y, line.width, "trailmap ", Tone::Title);
        let is_ready = self.has_data() && !self.is_opening();
        if line.width < 60 {
            let tab = if is_ready { &format!("{} {}", self.screen.key(), self.screen.title()) } else { "" };
            x += pen.pieces(x, line.y, line.right().saturating_sub(x), &[("▸ ", Tone::Key), (tab, Tone::Strong)]);
        } else if is_ready {
            for screen in Screen::ALL {
                let name = if line.width < 100 { screen.short() } else { screen.title() };
                let (text, tone) = if screen == self.screen {
                    let (open, close) = if self.theme.ascii { ('[', ']') } else { ('▐', '▌') };
                    (format!("{open}{} {name}{close}", screen.key()), Tone::Focus)
                } else {
                    (format!(" {} {name} ", screen.key()), Tone::Text)
                };
                let wide = pen.text(x, line.y, line.right().saturating_sub(x), &text, tone);
                pen.target(Rect { x, width: wide, ..line }, Target::Screen(screen));
                x += wide;
            }
        }
        let Some(report) = self.report.as_ref().filter(|_| is_ready) else { return };
        let events = report.rows.saturating_sub(report.rejects.total() + report.duplicates_dropped);
        let room = usize::from(line.right().saturating_sub(x + 1));
        let brief = format!("{} ev", words::short(events));
        let counts = format!("{} events", words::count(events));
        let name = self.options.sources.first().map_or("", |source| source.rsplit('/').next().unwrap_or(source));
        let name = if name == "-" { "standard input" } else { name };
        let more = match self.options.sources.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let long = format!("{}{more} · {counts}", visible(name));
        let fits = |text: &String| width(text) + 2 <= room;
        let text = [long, counts].into_iter().find(fits).unwrap_or(brief);
        if width(&text) <= room {
            pen.right(line.right().saturating_sub(1), line.y, room as u16, &text, Tone::Dim);
        }
    }

    fn view_crumbs(&self, line: Rect, pen: &mut Pen<'_>) {
        if let Some(crumb) = self.opening_crumb() {
            pen.text(line.x + 1, line.y, line.width.saturating_sub(2), &crumb, Tone::Strong);
            return;
        }
        if !self.has_data() {
            pen.text(line.x + 1, line.y, line.width.saturating_sub(2), &self.sources(), Tone::Dim);
            return;
        }
        let chips = filter::chips(&self.scope, &self.cohorts);
        let partial = self.partial_note();
        let (shown, tone) = match (&partial, chips.len()) {
            (None, 0) => ("no filter".to_owned(), Tone::Dim),
            (Some(note), 0) => (note.clone(), Tone::Warn),
            (None, _) => (chips.join("  "), Tone::Key),
            (Some(note), _) => (format!("{note}  {}", chips.join("  ")), Tone::Key),
        };
        let room = line.width.saturating_sub(2);
        let chip_room = if chips.is_empty() && partial.is_none() { room / 3 } else { room / 2 };
        let chip = truncate(&visible(&shown), usize::from(chip_room)).into_owned();
        let chip_wide = pen.right(line.right().saturating_sub(1), line.y, chip_room, &chip, tone);
        let stack = self.stack();
        let report = self.report.as_ref();
        let mut crumbs: Vec<String> = stack.layers.iter().map(|layer| layer.pane.crumb(&layer.facts(report))).collect();
        if matches!(self.screen, Screen::Funnel | Screen::Paths | Screen::Dwell) {
            // Under other levels, the name of the first will do.
            if crumbs.len() > 1 {
                let end = crumbs[0].find(" · ").unwrap_or(crumbs[0].len());
                crumbs[0].truncate(end);
            }
            crumbs.insert(0, self.everybody());
        }
        let crumb_room = room.saturating_sub(chip_wide + 2);
        // The innermost levels say most: outer ones give way first.
        let mut from = 0;
        let wide = |from: usize| crumbs[from..].iter().map(|crumb| width(&visible(crumb)) + 3).sum::<usize>();
        while from + 1 < crumbs.len() && wide(from) > usize::from(crumb_room) {
            from += 1;
        }
        let mut x = line.x + 1;
        let end = line.x + 1 + crumb_room;
        for (i, crumb) in crumbs.iter().enumerate().skip(from) {
            if i > 0 {
                let lead = if i == from { "… ▸ " } else { " ▸ " };
                x += pen.text(x, line.y, end.saturating_sub(x), lead, Tone::Dim);
            }
            let tone = if i + 1 == crumbs.len() { Tone::Strong } else { Tone::Text };
            x += pen.text(x, line.y, end.saturating_sub(x), crumb, tone);
        }
    }

    /// Whose numbers these are.
    pub(super) fn everybody(&self) -> String {
        let who = if filter::chips(&self.scope, &self.cohorts).is_empty() { "All" } else { "Filtered" };
        match self.counted.iter().find(|(scope, _)| *scope == self.scope) {
            Some((_, n)) => format!("{who} {}", words::count(*n)),
            None => who.to_owned(),
        }
    }

    fn view_pane(&self, body: Rect, pen: &mut Pen<'_>) -> usize {
        let layer = self.top();
        let facts = layer.facts(self.report.as_ref());
        let Some(error) = &layer.error else { return layer.pane.view(&facts, body, pen) };
        let lines = wrap(&visible(error), usize::from(body.width.saturating_sub(4)));
        let tall = (lines.len() as u16 + 2).min(body.height / 2);
        let page = layer.pane.view(&facts, Rect { height: body.height - tall, ..body }, pen);
        let area = Rect { y: body.bottom() - tall, height: tall, ..body };
        let note = if facts.answer.is_some() { "the last good answer stays" } else { "" };
        let inside = pen.frame(area, &Border { title: "✗ No answer", note: "", foot: note, has_focus: false });
        for (i, line) in lines.iter().take(usize::from(inside.height)).enumerate() {
            pen.text(inside.x + 1, inside.y + i as u16, inside.width.saturating_sub(2), line, Tone::Error);
        }
        page
    }

    fn view_status(&self, line: Rect, pen: &mut Pen<'_>) {
        let room = line.width.saturating_sub(2);
        if let Some(status) = &self.status {
            let tone = if status.is_error { Tone::Error } else { Tone::Text };
            let mark = if status.is_error { "✗ " } else { "" };
            pen.pieces(line.x + 1, line.y, room, &[(mark, tone), (&status.text, tone)]);
            return;
        }
        let text = match self.stage {
            _ if self.is_opening() => self.opening_note(),
            _ if self.has_data() => self.reading_note().unwrap_or_else(|| self.mark()),
            Stage::Loading { .. } => format!("{} reading", self.spinner()),
            Stage::Failed { .. } | Stage::Ready => String::new(),
        };
        pen.text(line.x + 1, line.y, room, &text, Tone::Dim);
    }

    pub(super) fn spinner(&self) -> &'static str {
        SPINNER[(self.ticks % 4) as usize]
    }

    /// How the numbers on the screen are to be taken.
    fn mark(&self) -> String {
        let layer = self.top();
        if let Some((taken, share)) = layer.waiting(self.now)
            && taken >= PATIENCE
        {
            let seconds = taken.as_secs_f64();
            let done = share.map_or(String::new(), |share| format!(" {:.0}%", share.min(1.0) * 100.0));
            // A time left is a guess before there is something to go by.
            let left = share.filter(|share| taken >= Duration::from_secs(1) && (0.02..1.0).contains(share));
            let left = left
                .map_or(String::new(), |share| format!(" · {} left", words::seconds(seconds * (1.0 - share) / share)));
            return format!("{} computing{done} · {seconds:.1}s{left} · ^C stops", self.spinner());
        }
        if layer.error.is_some() {
            return "✗ the question above has no answer".to_owned();
        }
        if !layer.is_current() {
            return String::new();
        }
        let mut text = self.partial_note().unwrap_or_else(|| "● exact".to_owned());
        if layer.took >= Duration::from_millis(50) {
            text.push_str(&format!(" · {:.2}s", layer.took.as_secs_f64()));
        }
        let stack = self.stack();
        if let [.., below, top] = &stack.layers[..] {
            let list = below.pane.cursor_of(&below.facts(self.report.as_ref()));
            if let (Some((place, len)), crate::tui::command::Place::Journey) = (list, top.pane.place()) {
                text.push_str(&format!(
                    " · customer {} of {}",
                    words::count(place as u64 + 1),
                    words::count(len as u64)
                ));
            }
            text.push_str(&format!(" · level {}", stack.layers.len()));
        }
        text.push_str(&self.tasks_note().unwrap_or_default());
        text.push_str(&self.session_note().unwrap_or_default());
        text
    }

    fn view_keys(&self, line: Rect, pen: &mut Pen<'_>) {
        let hints = if self.pending.is_empty() { self.key_line() } else { self.pending_line() };
        let room = line.width.saturating_sub(2);
        let help = hints.last().filter(|(_, word)| word == "help").cloned();
        let others = &hints[..hints.len() - usize::from(help.is_some())];
        let wide = |(keys, word): &(String, String), pen: &Pen<'_>| pen.width(keys) + 1 + width(word) as u16 + 2;
        let help_wide = help.as_ref().map_or(0, |help| wide(help, pen));
        let mut x = line.x + 1;
        let end = line.x + 1 + room;
        for (i, hint) in others.iter().enumerate() {
            let is_last = i + 1 == others.len();
            let needed = wide(hint, pen) - 2 + help_wide + if is_last { 0 } else { 3 };
            if x + needed > end {
                x += pen.text(x, line.y, end.saturating_sub(x), "…  ", Tone::Dim);
                break;
            }
            x += pen.pieces(x, line.y, end - x, &[(&hint.0, Tone::Key), (" ", Tone::Text), (&hint.1, Tone::Text)]);
            x += 2;
        }
        if let Some((keys, word)) = help {
            pen.pieces(x, line.y, end.saturating_sub(x), &[(&keys, Tone::Key), (" ", Tone::Text), (&word, Tone::Text)]);
        }
    }

    /// Keys and words for the key line. Commands that share a word stand together: `j/k move`.
    pub fn key_line(&self) -> Vec<(String, String)> {
        let mut line: Vec<(String, String)> = Vec::new();
        for (command, _, word) in self.hints() {
            let Some(mut keys) = self.keymap.shown(command).into_iter().next() else { continue };
            // A word that goes on stands for everything that begins with its first key.
            if word.ends_with('…') {
                keys = keys.split(' ').next().unwrap_or_default().to_owned();
            }
            match line.iter_mut().find(|(_, other)| other == word) {
                Some((all, _)) => {
                    all.push('/');
                    all.push_str(&keys);
                }
                None => line.push((keys, word.to_owned())),
            }
        }
        line
    }

    /// What can follow the keys pressed so far.
    fn pending_line(&self) -> Vec<(String, String)> {
        let continuations = self.continuations().into_iter();
        let mut line: Vec<(String, String)> = continuations
            .map(|next| (next.keys, next.command.hint.map_or(next.command.name, |(_, word)| word).to_owned()))
            .collect();
        line.push(("Esc".to_owned(), "leave".to_owned()));
        line
    }
}
