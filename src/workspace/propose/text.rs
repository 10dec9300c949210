//! The proposed workspace as a file: every section with what it was guessed from.

use std::fmt::Write as _;

use super::presets::{Preset, PresetStage};
use super::seen::{KEYS, ScoreSeen, Seen};
use super::words::{self, score_kind};
use super::{Placed, Why, again, place};
use crate::analysis::map::plan::Label;
use crate::analysis::{FunnelSpec, Spec, ask};
use crate::base::visible::{truncate, visible};
use crate::ingest::LoadOptions;
use crate::journey::Step;
use crate::journey::expr::{quote_name, quote_text};
use crate::workspace::file::edit::{New, name_of};

/// What was asked for, beside what the data shows.
pub struct Wish<'w> {
    /// Of the workspace.
    pub name: &'w str,
    /// As the workspace file names them.
    pub files: &'w [String],
    /// Flags that were given: they are no guess.
    pub load: &'w LoadOptions,
    pub preset: &'w Preset,
    pub language: &'w str,
}

impl Seen {
    /// The text of a workspace file.
    pub fn propose(&self, wish: &Wish<'_>) -> String {
        let mut page = Page(String::new());
        self.head(wish, &mut page);
        self.source(wish, &mut page);
        self.channels(&mut page);
        let placed = place(self, wish.preset);
        self.stages(&placed, wish.preset, &mut page);
        self.touchpoints(&placed, wish.preset, &mut page);
        self.scores(&mut page);
        self.funnel(&mut page);
        page.0
    }

    fn head(&self, wish: &Wish<'_>, page: &mut Page) {
        page.line(&format!(
            "# Proposed by `trailmap init` from {} rows: a first draft to be read and changed.",
            count(self.n_rows)
        ));
        page.line("# What was guessed says from what. `trailmap check` compares the file with the data.");
        page.line("schema   = 1");
        page.line(&format!("name     = {}", text(wish.name)));
        page.line(&format!("language = {}", text(wish.language)));
        let zone = format!("timezone = {}", text(&self.zone));
        match wish.load.zone {
            Some(_) => page.line(&zone),
            None => page.noted(&zone, "assumed, for times without an offset, and for days and weeks"),
        }
        page.line("as_of    = \"export-end\"");
    }

    fn source(&self, wish: &Wish<'_>, page: &mut Page) {
        page.title("Reading");
        page.line("[[source]]");
        page.line("id      = \"events\"");
        page.line(&format!("files   = {}", New::Texts(wish.files.to_vec()).written()));
        if let Some((column, n)) = &self.event_id {
            let what = match n {
                0 => format!("names every row; none comes twice among {}", count(self.n_rows)),
                n => format!(
                    "{}{} rows repeat an id, each equal to the first in every column",
                    self.at_least(),
                    count(*n)
                ),
            };
            page.noted(&format!("dedupe  = {}", New::Texts(vec![column.clone()]).written()), &what);
        }
        let mut columns = Vec::new();
        let mut sure = Vec::new();
        let is_two = self.anonymous.is_some() || self.role("anonymous").is_some();
        for (role, column, certainty) in &self.roles {
            let key = match *role {
                "customer" if is_two => "user",
                role => KEYS.iter().find(|(known, _)| *known == role).map_or(role, |(_, key)| key),
            };
            columns.push(format!("{key} = {}", text(column)));
            if *certainty < 1.0 {
                sure.push(format!("{} {:.0} %", shown_name(column), certainty * 100.0));
            }
        }
        columns.extend(self.anonymous.iter().map(|column| format!("anon = {}", text(column))));
        columns.extend(self.order.iter().map(|column| format!("order = {}", text(column))));
        if !sure.is_empty() {
            page.line(&format!("# Roles are guessed from names and contents; how surely: {}.", sure.join(", ")));
        }
        page.line(&format!("columns = {{ {} }}", columns.join(", ")));
        let is_role = |column: &String| {
            self.anonymous.as_ref() == Some(column)
                || self.order.as_ref() == Some(column)
                || self.event_id.as_ref().is_some_and(|(id, _)| id == column)
        };
        let props: Vec<String> = self.properties.iter().filter(|column| !is_role(column)).cloned().collect();
        if !props.is_empty() {
            page.line(&format!("props   = {}", New::Texts(props).written()));
        }
        page.given("time_format", wish.load.time_format.as_deref());
        let delimiter = wish.load.delimiter.map(|c| if c == '\t' { "tab".to_owned() } else { c.to_string() });
        page.given("delimiter", delimiter.as_deref());
        page.given("quote", wish.load.quote.map(String::from).as_deref());
        page.given("encoding", wish.load.encoding.as_deref());
        let anonymous = self.role("anonymous").map(|(_, column, _)| column).or(self.anonymous.as_ref());
        if let Some(anonymous) = anonymous {
            page.line("");
            page.line("[identity]");
            let why = format!("`{}` looks like the id of visitors who are not known yet", shown_name(anonymous));
            page.noted("keys = [\"user\", \"anon\"]", &why);
        }
    }

    fn channels(&self, page: &mut Page) {
        if self.channels.is_empty() {
            return;
        }
        page.title("Channels");
        page.line(
            "# Whose a channel is stands here only where its name says so; fill in the rest, and cost_per_contact.",
        );
        for (channel, events) in &self.channels {
            page.noted(
                &format!("[channel.{}]", name_of(channel)),
                &format!("{}{} events", self.at_least(), count(*events)),
            );
            let (ownership, media, control) = words::traits(channel);
            if ownership.is_none() {
                page.line("# ownership = brand, partner, customer or social");
            }
            page.given("ownership", ownership);
            page.given("media", media);
            page.given("control", control);
        }
        if self.n_more_channels > 0 {
            page.line(&format!("# {} rarer channels are not listed.", count(self.n_more_channels as u64)));
        }
    }

    fn stages(&self, placed: &[Placed<'_>], preset: &Preset, page: &mut Page) {
        page.title("Stages");
        page.line(&format!("# The list `{}`: {}.", preset.name, preset.doc));
        let again = again(placed, self, preset).map(|(_, stage)| stage);
        for (idx, stage) in preset.stages.iter().enumerate() {
            page.line("");
            let is_used = again == Some(idx) || placed.iter().any(|placed| placed.stage == idx);
            if is_used {
                page.stage(stage, "");
            } else {
                page.line("# No event was found for this one.");
                page.stage(stage, "# ");
            }
        }
    }

    fn touchpoints(&self, placed: &[Placed<'_>], preset: &Preset, page: &mut Page) {
        page.title("Touchpoints");
        page.line("# One per event name; the first rule that holds wins.");
        let again = again(placed, self, preset);
        let goal = self.steps.last();
        let mut order: Vec<&Placed<'_>> = placed.iter().collect();
        let late = |placed: &Placed<'_>| placed.name.lateness.unwrap_or(1.0);
        order.sort_by(|a, b| {
            a.stage.cmp(&b.stage).then(late(a).total_cmp(&late(b))).then_with(|| a.name.name.cmp(&b.name.name))
        });
        for placed in order {
            let name = &placed.name.name;
            let is_goal = Some(name) == goal;
            if let Some((goal, stage)) = again.as_ref().filter(|(goal, _)| goal.name.name == *name) {
                let share = 100.0 * goal.name.again as f64 / goal.name.customers.max(1) as f64;
                page.line("");
                page.line(&format!("# {share:.0} % of those who did `{}` did so again.", shown_name(name)));
                page.line("[[touchpoint]]");
                page.line(&format!("id = {}", text(&self.free(&format!("{name}_again")))));
                page.line(&format!("stage = {}", text(preset.stages[*stage].id)));
                page.line(&format!("when = {}", text(&format!("event == {} and nth >= 2", quote_text(name)))));
                page.line("valence = 1");
            }
            page.line("");
            page.line("[[touchpoint]]");
            page.line(&format!("id = {}", text(name)));
            let why = match placed.why {
                Why::Word(word) => format!("by its name: {word}"),
                Why::Order => "by its place in the order of events".to_owned(),
            };
            page.noted(&format!("stage = {}", text(preset.stages[placed.stage].id)), &why);
            page.line(&format!("when = {}", text(&format!("event == {}", quote_text(name)))));
            if is_goal {
                page.line("valence = 1");
                page.noted("goal = true", "the likeliest, by its name or because journeys end in it");
            } else if words::is_bad_news(name) {
                page.noted("valence = -1", "bad news, by its name");
            }
        }
        if self.n_more_names > 0 {
            let stage = preset.stages[placed.first().map_or(0, |placed| placed.stage)].id;
            page.line("");
            page.line(&format!("# {} rarer event names.", count(self.n_more_names as u64)));
            page.line("[[touchpoint]]");
            page.line(&format!("id = {}", text(&self.free("other"))));
            page.noted(&format!("stage = {}", text(stage)), "that of the most frequent name");
            page.line("when = 'event is not null'");
        }
    }

    /// What stands before counts of a part of the rows.
    fn at_least(&self) -> &'static str {
        if self.is_partial { "at least " } else { "" }
    }

    /// A name that no event has.
    fn free(&self, name: &str) -> String {
        let mut free = name.to_owned();
        while self.names.iter().any(|known| known.name == free) {
            free.push('_');
        }
        free
    }

    fn scores(&self, page: &mut Page) {
        if self.scores.is_empty() {
            return;
        }
        page.title("Scores");
        for score in &self.scores {
            page.line("");
            page.score(score);
        }
    }

    fn funnel(&self, page: &mut Page) {
        let mut steps: Vec<Step> = Vec::new();
        for step in self.steps.iter().map(|name| Step::named(name)) {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        if steps.len() < 2 {
            return;
        }
        page.title("Questions");
        page.line("# The most frequent way to the goal. How much the window decides: funnel --sensitivity.");
        page.line("[[funnel]]");
        page.line("id = \"main\"");
        page.line(&format!("steps = {}", New::Texts(steps.iter().map(Step::to_string).collect()).written()));
        page.noted("window = \"7d\"", "assumed");
        let spec = FunnelSpec {
            steps: steps.into_iter().map(crate::analysis::funnel::FunnelStep::of).collect(),
            ..FunnelSpec::default()
        };
        page.line("");
        page.line("[[view]]");
        page.line("id = \"main_funnel\"");
        page.line("label = { en = \"From the first step to the goal\", zh = \"从第一步到目标\" }");
        let words = ask::flags(&Spec::Funnel(spec));
        page.line(&format!("ask = {}", text(&format!("funnel {}", words.join(" ")))));
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        // Two empty lines say no more than one.
        if line.is_empty() && self.0.ends_with("\n\n") {
            return;
        }
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn noted(&mut self, line: &str, note: &str) {
        self.line(&format!("{line}  # {note}"));
    }

    fn title(&mut self, title: &str) {
        self.line("");
        self.line(&format!("# ---------- {title} ----------"));
    }

    fn given(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(&format!("{key} = {}", text(value)));
        }
    }

    fn stage(&mut self, stage: &PresetStage, mark: &str) {
        let label = |en: &str, zh: &str| {
            let pairs = [("zh".to_owned(), zh.to_owned()), ("en".to_owned(), en.to_owned())];
            New::Label(Label(pairs.into_iter().collect())).written()
        };
        self.line(&format!("{mark}[[stage]]"));
        self.line(&format!("{mark}id = {}", text(stage.id)));
        self.line(&format!("{mark}label = {}", label(stage.en, stage.zh)));
        self.line(&format!("{mark}goal = {}", label(stage.goal_en, stage.goal_zh)));
    }

    fn score(&mut self, score: &ScoreSeen) {
        let named = score.kind.as_ref().and_then(|(_, text)| score_kind(text)).or_else(|| score_kind(&score.column));
        let (kind, scale, why) = scale(named, score.low, score.high);
        self.line("[[score]]");
        self.line(&format!("id = {}", text(score.kind.as_ref().map_or(kind, |(_, text)| text))));
        self.noted(&format!("type = {}", text(kind)), &why);
        if let Some((column, value)) = &score.kind {
            self.line(&format!("when = {}", text(&format!("{} == {}", quote_name(column), quote_text(value)))));
        }
        self.line(&format!("value = {}", text(&score.column)));
        let seen = format!("{} answers from {} to {}", count(score.n), score.low, score.high);
        self.noted(&format!("scale = [{}, {}]", scale.0, scale.1), &seen);
        self.noted("direction = \"high_is_good\"", "assumed");
        match kind {
            "nps" => self.line("method = \"nps\""),
            "csat" => self.line("method = \"top2\""),
            _ => self.line("method = \"mean\""),
        }
        self.line("survey_window = \"7d\"");
        self.given("comment", score.comment.as_deref());
    }
}

/// The kind of a score and its ends: from its name, else from what was answered.
fn scale(named: Option<&'static str>, low: f64, high: f64) -> (&'static str, (f64, f64), String) {
    const SCALES: [(&str, (f64, f64)); 3] = [("csat", (1.0, 5.0)), ("ces", (1.0, 7.0)), ("nps", (0.0, 10.0))];
    let holds = |scale: (f64, f64)| scale.0 <= low && high <= scale.1;
    let of_values = if high > low { (low.floor(), high.ceil()) } else { (low.floor().min(0.0), high.ceil().max(1.0)) };
    match named {
        Some(kind) => {
            let usual = SCALES.iter().find(|(name, _)| *name == kind).map(|(_, scale)| *scale);
            match usual {
                Some(scale) if holds(scale) => (kind, scale, "by its name".to_owned()),
                Some(_) => (kind, of_values, "by its name, though its answers are on another scale".to_owned()),
                None => (kind, of_values, "by its name".to_owned()),
            }
        }
        None => match SCALES.iter().find(|(_, scale)| holds(*scale)) {
            Some((kind, scale)) => (kind, *scale, "by the range of its answers".to_owned()),
            None => ("rating", of_values, "by the range of its answers".to_owned()),
        },
    }
}

fn text(value: &str) -> String {
    New::text(value).written()
}

fn count(n: u64) -> String {
    let mut text = String::new();
    let digits = n.to_string();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        let _ = write!(text, "{digit}");
    }
    text
}

/// A name from the data in a comment.
fn shown_name(name: &str) -> String {
    truncate(&visible(name), 60).into_owned()
}
