//! Home: what is in the data, what to look at first, and how far to trust it. Every tile is a door.

use ratatui::layout::Rect;

use crate::analysis::{Among, Answer, CustomersSpec, Profile, ProfileSpec, Scope, Spec};
use crate::base::Period;
use crate::base::visible::{visible, width};
use crate::journey::Step;
use crate::tui::command::{Action, Place, RowAction};
use crate::tui::filter::{Condition, both};
use crate::tui::paint::{Border, Pen, Target, resample, scroll, wrap};
use crate::tui::pane::{Effect, Facts, Group, Pane, moved};
use crate::tui::theme::Tone;
use crate::tui::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeAction {
    Open,
    AddToFunnel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tile {
    Headline,
    Events,
    Proposal,
    Health,
}

const TILES: [Tile; 4] = [Tile::Headline, Tile::Events, Tile::Proposal, Tile::Health];

pub struct HomePane {
    spec: ProfileSpec,
    tile: Tile,
    /// The event under the cursor.
    event: usize,
    from: usize,
}

/// One line of the data-health tile: whether it is a warning, and what it says.
pub struct HealthLine {
    pub is_warning: bool,
    pub text: String,
}

impl HomePane {
    pub fn new(scope: Scope) -> Self {
        HomePane { spec: ProfileSpec { scope, ..ProfileSpec::default() }, tile: Tile::Events, event: 0, from: 0 }
    }

    fn profile<'a>(facts: &Facts<'a>) -> Option<&'a Profile> {
        match facts.answer {
            Some(Answer::Profile(profile)) => Some(profile),
            _ => None,
        }
    }

    fn turn(&mut self, by: usize) {
        let at = TILES.iter().position(|tile| *tile == self.tile).unwrap_or(0);
        self.tile = TILES[(at + by) % TILES.len()];
    }

    fn view_headline(&self, profile: &Profile, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let period = profile.bounds.map_or_else(
            || "no events".to_owned(),
            |(first, last)| format!("{} → {}", words::day(first, facts.zone), words::day(last, facts.zone)),
        );
        let has_focus = self.tile == Tile::Headline;
        let border = Border { title: "Headline", note: &period, foot: "⏎ customers", has_focus };
        let inside = pen.frame(area, &border);
        let x = inside.x + 1;
        let room = inside.width.saturating_sub(2);
        let numbers = [
            (words::count(profile.n_customers), "customers"),
            (words::count(profile.n_events), "events"),
            (words::count(profile.n_sessions), "sessions"),
            (words::count(profile.events.len() as u64), "event names"),
        ];
        let mut at = x;
        for (number, what) in &numbers {
            let left = (x + room).saturating_sub(at);
            let pieces = [(number.as_str(), Tone::Strong), (" ", Tone::Text), (what, Tone::Dim), ("   ", Tone::Text)];
            at += pen.pieces(at, inside.y, left, &pieces);
        }
        let per = format!("events per {} ", period_name(profile.period));
        let used = pen.text(x, inside.y + 1, room, &per, Tone::Dim);
        let counts: Vec<u64> = profile.volume.iter().map(|row| row.events).collect();
        let columns = resample(&counts, usize::from(room.saturating_sub(used)));
        if inside.height > 1 {
            pen.columns(
                Rect { x: x + used, y: inside.y + 1, width: room - used.min(room), height: 1 },
                &columns,
                Tone::Bar,
            );
        }
        if let (Some(report), true) = (facts.report, inside.height > 2) {
            pen.text(x, inside.y + 2, room, &conservation(report), Tone::Dim);
        }
    }

    fn view_events(&self, profile: &Profile, area: Rect, pen: &mut Pen<'_>) -> usize {
        let has_focus = self.tile == Tile::Events;
        let rows = usize::from(area.height.saturating_sub(2));
        let from = scroll(self.from, self.event, rows, profile.events.len());
        let foot = match profile.events.len() {
            0 => String::new(),
            len => format!("{}–{} of {}", from + 1, (from + rows).min(len), words::count(len as u64)),
        };
        let border = Border { title: "Events", note: "⏎ who did it", foot: &foot, has_focus };
        let inside = pen.frame(area, &border);
        let most = profile.events.first().map_or(0, |event| event.events);
        let longest = profile.events.iter().take(200).map(|event| width(&visible(&event.name))).max().unwrap_or(0);
        let numbers: u16 = if inside.width >= 56 { 31 } else { 11 };
        let free = inside.width.saturating_sub(numbers + 2);
        let name_wide = (longest as u16).clamp(4, (free * 3 / 5).max(4));
        for (i, event) in profile.events.iter().enumerate().skip(from).take(rows) {
            let line = Rect { y: inside.y + (i - from) as u16, height: 1, ..inside };
            let is_cursor = has_focus && i == self.event;
            pen.text(line.x, line.y, 1, if is_cursor { "▸" } else { " " }, Tone::Key);
            pen.text(line.x + 1, line.y, name_wide, &event.name, Tone::Text);
            let bar_wide = free.saturating_sub(name_wide + 2);
            let share = if most == 0 { 0.0 } else { event.events as f64 / most as f64 };
            pen.bar(line.x + 2 + name_wide, line.y, bar_wide, share, Tone::Bar);
            let right = line.x + 1 + free + 11;
            pen.right(right, line.y, 11, &words::count(event.events), Tone::Text);
            if numbers > 11 {
                let who = format!("{} customers", words::count(event.customers));
                pen.right(right + 20, line.y, 20, &who, Tone::Dim);
            }
            if is_cursor {
                pen.embolden(Rect { width: name_wide + 1, ..line });
            }
            pen.target(line, Target::Row { panel: 0, row: i });
        }
        rows
    }

    fn view_proposal(&self, profile: &Profile, area: Rect, pen: &mut Pen<'_>) {
        let has_focus = self.tile == Tile::Proposal;
        let border = Border { title: "[2] A funnel to look at", note: "", foot: "⏎ open it", has_focus };
        let inside = pen.frame(area, &border);
        if profile.proposed_steps.is_empty() {
            let text = "No forward order stands out; a adds events to a funnel.";
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), text, Tone::Dim);
        }
        let steps = &profile.proposed_steps;
        for (i, name) in steps.iter().take(usize::from(inside.height)).enumerate() {
            let y = inside.y + i as u16;
            let customers = profile.events.iter().find(|event| event.name == *name).map(|event| event.customers);
            pen.text(inside.x + 1, y, 2, &(i + 1).to_string(), Tone::Dim);
            pen.text(inside.x + 3, y, inside.width.saturating_sub(14), name, Tone::Text);
            if let Some(customers) = customers {
                pen.right(inside.right().saturating_sub(1), y, 10, &words::count(customers), Tone::Dim);
            }
        }
    }

    fn view_health(&self, profile: &Profile, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) {
        let has_focus = self.tile == Tile::Health;
        let border = Border { title: "Data health", note: "", foot: "g d all of it", has_focus };
        let inside = pen.frame(area, &border);
        let rows = usize::from(inside.height);
        let room = usize::from(inside.width.saturating_sub(4));
        // Long sentences take a second line, after their mark.
        let lines: Vec<(&str, Tone, String)> = health_lines(profile, facts.report)
            .into_iter()
            .flat_map(|line| {
                let mark = if line.is_warning { ("⚠", Tone::Warn) } else { ("·", Tone::Dim) };
                let texts = wrap(&visible(&line.text), room);
                texts.into_iter().enumerate().map(move |(i, text)| (if i == 0 { mark.0 } else { " " }, mark.1, text))
            })
            .collect();
        let fits = lines.len() <= rows;
        for (i, (mark, tone, text)) in lines.iter().take(if fits { rows } else { rows.saturating_sub(1) }).enumerate() {
            pen.text(inside.x + 1, inside.y + i as u16, 1, mark, *tone);
            pen.text(inside.x + 3, inside.y + i as u16, inside.width.saturating_sub(4), text, Tone::Text);
        }
        if !fits && rows > 0 {
            pen.text(
                inside.x + 3,
                inside.bottom() - 1,
                inside.width.saturating_sub(4),
                "… g d shows all of it",
                Tone::Dim,
            );
        }
    }

    fn compact(&self, profile: &Profile, area: Rect, pen: &mut Pen<'_>) -> usize {
        let line = format!(
            "{} customers · {} events · {} sessions",
            words::count(profile.n_customers),
            words::count(profile.n_events),
            words::count(profile.n_sessions)
        );
        pen.text(area.x, area.y, area.width, &line, Tone::Text);
        self.view_events(profile, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, pen)
    }
}

fn period_name(period: Period) -> &'static str {
    match period {
        Period::Hour => "hour",
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Year => "year",
    }
}

/// Every row read is accounted for.
pub fn conservation(report: &crate::ingest::LoadReport) -> String {
    let rejected = report.rejects.total();
    let events = report.rows.saturating_sub(rejected + report.duplicates_dropped);
    format!(
        "{} rows = {} events + {} rejected + {} duplicates dropped",
        words::count(report.rows),
        words::count(events),
        words::count(rejected),
        words::count(report.duplicates_dropped)
    )
}

/// What decides how far the numbers can be trusted, warnings first.
pub fn health_lines(profile: &Profile, report: Option<&crate::ingest::LoadReport>) -> Vec<HealthLine> {
    let mut lines = Vec::new();
    if let Some(report) = report {
        for (reason, n) in &report.rejects.counts {
            let text = format!("{} rejected: {}", words::things(*n, "row"), reason.name());
            lines.push(HealthLine { is_warning: true, text });
        }
        if report.rejects.total() == 0 {
            lines.push(HealthLine { is_warning: false, text: "no row was rejected".to_owned() });
        }
        lines.extend(report.notes.iter().map(|note| HealthLine { is_warning: true, text: note.clone() }));
    }
    for check in &profile.checks {
        let share = check.share.map_or(String::new(), |share| format!(" ({})", words::fraction(share)));
        let text = format!("{} {}{share}: {}", words::count(check.value), check.name, check.meaning);
        lines.push(HealthLine { is_warning: false, text });
    }
    lines.sort_by_key(|line| !line.is_warning);
    lines
}

impl HomePane {
    /// The event under the cursor.
    fn event_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        if self.tile != Tile::Events {
            return None;
        }
        Self::profile(facts)?.events.get(self.event).map(|event| event.name.clone())
    }
}

impl Pane for HomePane {
    fn place(&self) -> Place {
        Place::Home
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Profile(self.spec.clone()))
    }

    fn set_scope(&mut self, scope: &Scope) {
        self.spec.scope = scope.clone();
    }

    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str> {
        let Some(profile) = Self::profile(facts) else { return Err("needs the numbers, which are being computed") };
        match action {
            Action::Row(RowAction::NextPanel | RowAction::PreviousPanel) => Ok(()),
            Action::Row(_) if self.tile != Tile::Events => Err("needs the list of events; Tab goes there"),
            Action::Row(_) => Ok(()),
            Action::Home(HomeAction::Open) => match self.tile {
                Tile::Events if profile.events.is_empty() => Err("needs an event"),
                Tile::Proposal if profile.proposed_steps.is_empty() => Err("no funnel is proposed"),
                Tile::Headline | Tile::Events | Tile::Proposal | Tile::Health => Ok(()),
            },
            Action::Home(HomeAction::AddToFunnel) if self.tile != Tile::Events || profile.events.is_empty() => {
                Err("needs an event under the cursor; Tab goes to the list")
            }
            Action::Home(HomeAction::AddToFunnel) => Ok(()),
            _ => Err("belongs to another pane"),
        }
    }

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect> {
        match action {
            Action::Row(RowAction::NextPanel) => {
                self.turn(1);
                None
            }
            Action::Row(RowAction::PreviousPanel) => {
                self.turn(TILES.len() - 1);
                None
            }
            Action::Row(action) => {
                let len = Self::profile(facts)?.events.len();
                self.event = moved(self.event, action, len, facts.page)?;
                self.from = scroll(self.from, self.event, facts.page, len);
                None
            }
            Action::Home(HomeAction::Open) => match self.tile {
                Tile::Headline => Some(Effect::OpenCustomers),
                Tile::Events => Some(Effect::WhoHad(self.event_under_cursor(facts)?)),
                Tile::Proposal => Some(Effect::OpenFunnel(Self::profile(facts)?.proposed_steps.clone())),
                Tile::Health => Some(Effect::OpenHealth),
            },
            Action::Home(HomeAction::AddToFunnel) => Some(Effect::AddToFunnel(self.event_under_cursor(facts)?)),
            _ => None,
        }
    }

    fn point(&mut self, _: u8, row: usize, facts: &Facts<'_>) {
        self.tile = Tile::Events;
        let len = Self::profile(facts).map_or(0, |profile| profile.events.len());
        self.event = row.min(len.saturating_sub(1));
    }

    fn arrived(&mut self, facts: &Facts<'_>) {
        let len = Self::profile(facts).map_or(0, |profile| profile.events.len());
        self.event = self.event.min(len.saturating_sub(1));
    }

    fn crumb(&self, facts: &Facts<'_>) -> String {
        Self::profile(facts).map_or("Home".to_owned(), |profile| words::things(profile.n_customers, "customer"))
    }

    fn explain(&self) -> &'static [&'static str] {
        &[
            "Home answers what is in the data and how far it can be trusted. Every tile is a door: Tab goes to it, ⏎ opens it.",
            "Events counts every event of a name; ⏎ lists the customers who had it, a adds it to the funnel.",
            "The funnel to look at is the most frequent forward order of events that ends in the goal; it is a proposal, not a finding.",
            "Rows read = events + rejected + duplicates dropped, always; nothing is lost silently.",
        ]
    }

    fn can_zoom(&self) -> bool {
        true
    }

    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize {
        let Some(profile) = Self::profile(facts) else {
            pen.frame(area, &Border { title: "Headline", ..Border::default() });
            return 0;
        };
        if area.width < 60 || area.height < 12 {
            return self.compact(profile, area, pen);
        }
        if facts.is_zoomed {
            match self.tile {
                Tile::Events => return self.view_events(profile, area, pen),
                Tile::Proposal => self.view_proposal(profile, area, pen),
                Tile::Health => self.view_health(profile, facts, area, pen),
                Tile::Headline => self.view_headline(profile, facts, area, pen),
            }
            return 0;
        }
        let head = 5;
        self.view_headline(profile, facts, Rect { height: head, ..area }, pen);
        let body = Rect { y: area.y + head, height: area.height - head, ..area };
        let left = body.width / 2;
        let page = self.view_events(profile, Rect { width: left, ..body }, pen);
        let right = Rect { x: body.x + left, width: body.width - left, ..body };
        let wanted = (profile.proposed_steps.len() as u16).max(1) + 2;
        let proposal = wanted.min(right.height / 2);
        self.view_proposal(profile, Rect { height: proposal, ..right }, pen);
        let health = Rect { y: right.y + proposal, height: right.height - proposal, ..right };
        self.view_health(profile, facts, health, pen);
        page
    }

    fn group(&self, facts: &Facts<'_>) -> Result<Group, &'static str> {
        let (Some(event), Some(profile)) = (self.event_under_cursor(facts), Self::profile(facts)) else {
            return Err("needs an event under the cursor");
        };
        let row = profile.events.get(self.event).ok_or("needs an event under the cursor")?;
        let did = format!("did({})", Step::named(&event));
        let mut spec = CustomersSpec { scope: self.spec.scope.clone(), ..CustomersSpec::default() };
        spec.scope.customers = Some(both(self.spec.scope.customers.as_deref(), &did));
        let among = Among::new(Spec::Customers(spec), None);
        Ok(Group { among, title: format!("had {event}"), size: row.customers })
    }

    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        Some("events")
    }

    fn condition_under_cursor(&self, facts: &Facts<'_>) -> Option<Condition> {
        self.event_under_cursor(facts).map(|event| Condition::event(&event))
    }
}
