//! From a workspace file that was found right to what it says.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike, Value};

use super::check::tables_of;
use super::values::{path_step, period, written};
use super::{
    Action, AsOf, Cohort, Columns, Contact, Funnel, Holdout, Identity, Monitor, Privacy, Rule, RuleGoal, ScopeNote,
    ScoreRule, ScoreType, Segment, Source, Stage, TargetPath, Timing, Touchpoint, View, Who, Workspace,
};
use crate::analysis::FunnelSpec;
use crate::analysis::ask;
use crate::analysis::funnel::spec::{Exclusion, FunnelStep};
use crate::analysis::funnel::{Order, Unit};
use crate::analysis::map::plan::{
    Direction, Kpi, Label, Persona, PlannedChannel, PlannedStage, PlannedTouchpoint, ScoreKind,
};
use crate::base::{Span, When};
use crate::journey::Step;

/// One table that was checked.
#[derive(Clone, Copy)]
struct Fields<'d>(&'d dyn TableLike);

impl<'d> Fields<'d> {
    fn value(self, key: &str) -> Option<&'d Value> {
        self.0.get(key)?.as_value()
    }

    fn text(self, key: &str) -> Option<String> {
        self.value(key)?.as_str().map(str::to_owned)
    }

    fn needed(self, key: &str) -> String {
        self.text(key).unwrap_or_default()
    }

    fn parsed<T: std::str::FromStr>(self, key: &str) -> Option<T> {
        written(self.value(key)?).parse().ok()
    }

    fn flag(self, key: &str) -> bool {
        self.value(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn number(self, key: &str) -> Option<f64> {
        number(self.value(key)?)
    }

    fn integer(self, key: &str) -> Option<i64> {
        self.value(key)?.as_integer()
    }

    fn values(self, key: &str) -> impl Iterator<Item = &'d Value> {
        self.value(key).and_then(Value::as_array).into_iter().flatten()
    }

    fn texts(self, key: &str) -> Vec<String> {
        self.values(key).filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn all_parsed<T: std::str::FromStr>(self, key: &str) -> Vec<T> {
        self.values(key).filter_map(Value::as_str).filter_map(|text| text.parse().ok()).collect()
    }

    fn character(self, key: &str) -> Option<char> {
        match self.text(key)?.as_str() {
            "tab" => Some('\t'),
            text => text.chars().next(),
        }
    }

    fn period(self, key: &str) -> Option<(When, When)> {
        period(self.value(key)?.as_str()?).ok()
    }

    fn label(self, key: &str) -> Label {
        match self.0.get(key) {
            Some(item) => match item.as_str() {
                Some(text) => Label::plain(text),
                None => Label(texts_of(item).into_iter().collect()),
            },
            None => Label::default(),
        }
    }

    fn table(self, key: &str) -> Option<Fields<'d>> {
        self.0.get(key)?.as_table_like().map(Fields)
    }

    fn tables(self, key: &str) -> impl Iterator<Item = Fields<'d>> {
        self.0.get(key).map(tables_of).unwrap_or_default().into_iter().map(Fields)
    }

    /// Of a table of free names, name and text.
    fn map(self, key: &str) -> Vec<(String, String)> {
        self.0.get(key).map(texts_of).unwrap_or_default()
    }
}

fn texts_of(item: &Item) -> Vec<(String, String)> {
    let pairs = item.as_table_like().into_iter().flat_map(TableLike::iter);
    pairs.filter_map(|(name, item)| Some((name.to_owned(), item.as_str()?.to_owned()))).collect()
}

fn number(value: &Value) -> Option<f64> {
    value.as_integer().map(|number| number as f64).or(value.as_float())
}

pub(super) fn workspace(root: &dyn TableLike) -> Workspace {
    let root = Fields(root);
    let channels = root.0.get("channel").and_then(Item::as_table_like);
    let channels = channels.into_iter().flat_map(TableLike::iter);
    Workspace {
        name: root.text("name"),
        language: root.text("language").unwrap_or_else(|| "en".to_owned()),
        zone: root.parsed("timezone"),
        as_of: match root.value("as_of").map(written).as_deref() {
            None | Some("export-end") => AsOf::ExportEnd,
            Some("now") => AsOf::Now,
            Some(text) => text.parse().map_or(AsOf::ExportEnd, AsOf::At),
        },
        sources: root.tables("source").map(source).collect(),
        identity: root.table("identity").map(identity),
        privacy: root.table("privacy").map(privacy).unwrap_or_default(),
        scope: root.table("scope").map(scope),
        channels: channels.filter_map(|(id, item)| Some(channel(id, Fields(item.as_table_like()?)))).collect(),
        stages: root.tables("stage").map(stage).collect(),
        touchpoints: root.tables("touchpoint").map(touchpoint).collect(),
        scores: root.tables("score").map(score).collect(),
        segments: root.tables("segment").map(segment).collect(),
        personas: root.tables("persona").map(persona).collect(),
        cohorts: root.tables("cohort").filter_map(cohort).collect(),
        funnels: root.tables("funnel").map(funnel).collect(),
        target_paths: root.tables("target_path").map(target_path).collect(),
        views: root.tables("view").filter_map(view).collect(),
        actions: root.tables("action").map(action).collect(),
        monitors: root.tables("monitor").map(monitor).collect(),
        rules: root.tables("rule").map(rule).collect(),
    }
}

fn source(fields: Fields<'_>) -> Source {
    let columns = fields.table("columns");
    let column = |role: &str| columns.and_then(|columns| columns.text(role));
    Source {
        id: fields.needed("id"),
        files: fields.texts("files"),
        preset: fields.text("preset"),
        dedupe: fields.texts("dedupe"),
        ids: fields.texts("ids"),
        columns: Columns {
            customer: column("customer").or_else(|| column("user")),
            anonymous: column("anon"),
            time: column("time"),
            event: column("event"),
            channel: column("channel"),
            value: column("value"),
            score: column("score"),
            session: column("session"),
            order: column("order"),
        },
        properties: fields.texts("props"),
        time_format: fields.text("time_format"),
        delimiter: fields.character("delimiter"),
        quote: fields.character("quote"),
        encoding: fields.text("encoding"),
    }
}

fn identity(fields: Fields<'_>) -> Identity {
    let default = Identity::default();
    let given = |key: &str| fields.value(key).map(|_| fields.texts(key));
    Identity {
        keys: given("keys").unwrap_or(default.keys),
        max_ids: fields.integer("max_ids").and_then(|n| u32::try_from(n).ok()).unwrap_or(default.max_ids),
        null_values: given("null_values").unwrap_or(default.null_values),
    }
}

fn privacy(fields: Fields<'_>) -> Privacy {
    Privacy {
        mask: fields.texts("mask"),
        min_n: fields.integer("min_n").and_then(|n| u32::try_from(n).ok()).unwrap_or_default(),
    }
}

fn scope(fields: Fields<'_>) -> ScopeNote {
    ScopeNote {
        persona: fields.text("persona").filter(|persona| persona != "all"),
        scenario: fields.text("scenario"),
        window: fields.parsed("window"),
        question: fields.text("question"),
        evidence: fields.map("evidence"),
    }
}

fn channel(id: &str, fields: Fields<'_>) -> PlannedChannel {
    PlannedChannel {
        id: id.to_owned(),
        label: fields.label("label"),
        ownership: fields.text("ownership"),
        media: fields.text("media"),
        control: fields.text("control"),
        cost_per_contact: fields.number("cost_per_contact"),
    }
}

fn stage(fields: Fields<'_>) -> Stage {
    let kpi = |fields: Fields<'_>| Kpi {
        id: fields.needed("id"),
        label: fields.label("label"),
        expr: fields.needed("expr"),
        good: if fields.text("good").as_deref() == Some("down") { Direction::Down } else { Direction::Up },
        target: fields.number("target"),
        baseline: fields.period("baseline"),
    };
    Stage {
        plan: PlannedStage {
            id: fields.needed("id"),
            label: fields.label("label"),
            goal: fields.label("goal"),
            owner: fields.text("owner"),
            expected_emotion: fields.number("expected_emotion"),
            reentry: fields.flag("reentry"),
            kpis: fields.tables("kpi").map(kpi).collect(),
        },
        note: fields.text("note"),
    }
}

fn touchpoint(fields: Fields<'_>) -> Touchpoint {
    Touchpoint {
        plan: PlannedTouchpoint {
            id: fields.needed("id"),
            label: fields.label("label"),
            stage: fields.text("stage"),
            valence: fields.integer("valence").and_then(|n| i8::try_from(n).ok()).unwrap_or_default(),
            is_goal: fields.flag("goal"),
            owner: fields.text("owner"),
        },
        when: fields.needed("when"),
        channel: fields.text("channel"),
        note: fields.text("note"),
    }
}

fn score(fields: Fields<'_>) -> ScoreRule {
    let (kind, scale) = match fields.text("type").as_deref() {
        Some("nps") => (ScoreType::Number(ScoreKind::Nps), (0.0, 10.0)),
        Some("csat") => (ScoreType::Number(ScoreKind::Csat), (1.0, 5.0)),
        Some("ces") => (ScoreType::Number(ScoreKind::Ces), (1.0, 7.0)),
        Some("rating") => (ScoreType::Number(ScoreKind::Rating), (0.0, 1.0)),
        _ => (ScoreType::Text, (0.0, 1.0)),
    };
    let given: Vec<f64> = fields.values("scale").filter_map(number).collect();
    ScoreRule {
        id: fields.needed("id"),
        label: fields.label("label"),
        kind,
        when: fields.text("when"),
        value: fields.needed("value"),
        scale: if let [low, high] = given[..] { (low, high) } else { scale },
        is_high_good: fields.text("direction").as_deref() != Some("low_is_good"),
        method: fields.text("method"),
        window: fields.parsed("survey_window").unwrap_or(Span::days(7)),
        comment: fields.text("comment"),
    }
}

fn segment(fields: Fields<'_>) -> Segment {
    Segment {
        id: fields.needed("id"),
        label: fields.label("label"),
        by: fields.needed("by"),
        window: fields.parsed("window"),
        cuts: fields.map("cuts"),
    }
}

fn persona(fields: Fields<'_>) -> Persona {
    Persona {
        id: fields.needed("id"),
        label: fields.label("label"),
        when: fields.needed("when"),
        needs: fields.texts("needs"),
    }
}

fn cohort(fields: Fields<'_>) -> Option<Cohort> {
    let who = match fields.text("when") {
        Some(when) => Who::When(when),
        None => Who::Among(Box::new(fields.parsed("among")?)),
    };
    Some(Cohort { id: fields.needed("id"), label: fields.label("label"), who })
}

fn funnel(fields: Fields<'_>) -> Funnel {
    let default = FunnelSpec::default();
    let spec = FunnelSpec {
        steps: fields.all_parsed::<FunnelStep>("steps"),
        within: fields.parsed("window").unwrap_or(default.within),
        order: match fields.text("order").as_deref() {
            Some("strict") => Order::Strict,
            Some("any") => Order::Any,
            _ => Order::Ordered,
        },
        unit: match fields.text("unit").as_deref() {
            Some("sessions") => Unit::Sessions,
            Some("attempts") => Unit::Attempts,
            _ => Unit::Customers,
        },
        mature: fields.flag("mature"),
        same: fields.text("same"),
        first_time: fields.flag("first_time"),
        ignore: fields.all_parsed::<Step>("ignore"),
        exclude: fields.all_parsed::<Exclusion>("exclude"),
        ..default
    };
    Funnel { id: fields.needed("id"), label: fields.label("label"), spec }
}

fn target_path(fields: Fields<'_>) -> TargetPath {
    let step = |text: String| {
        let (step, is_repeated) = path_step(&text);
        Some((step.parse().ok()?, is_repeated))
    };
    let gap = |(name, span): (String, String)| Some((name, span.parse().ok()?));
    TargetPath {
        id: fields.needed("id"),
        label: fields.label("label"),
        steps: fields.texts("steps").into_iter().filter_map(step).collect(),
        max_gap: fields.map("max_gap").into_iter().filter_map(gap).collect::<BTreeMap<String, Span>>(),
    }
}

fn view(fields: Fields<'_>) -> Option<View> {
    let ask = fields.needed("ask");
    let (spec, who) = ask::question(&ask).ok()?;
    Some(View {
        id: fields.needed("id"),
        label: fields.label("label"),
        ask,
        spec,
        who,
        table: fields.text("table"),
        out: fields.text("out"),
        format: fields.text("format"),
        note: fields.text("note"),
    })
}

fn action(fields: Fields<'_>) -> Action {
    Action {
        id: fields.needed("id"),
        label: fields.label("label"),
        stage: fields.text("stage"),
        owner: fields.text("owner"),
        start: fields.parsed("start"),
        kpi: fields.text("kpi"),
        expect: fields.number("expect"),
        effort: fields.number("effort"),
        note: fields.text("note"),
    }
}

fn monitor(fields: Fields<'_>) -> Monitor {
    Monitor {
        id: fields.needed("id"),
        label: fields.label("label"),
        kpi: fields.text("kpi"),
        expr: fields.text("expr"),
        every: fields.parsed("every"),
        chart: fields.text("chart"),
        baseline: fields.period("baseline"),
        rules: fields.texts("rules"),
        severity: fields.text("severity"),
    }
}

fn rule(fields: Fields<'_>) -> Rule {
    let cap = fields.table("cap");
    let most = |key: &str| cap.and_then(|cap| cap.integer(key)).and_then(|n| u64::try_from(n).ok());
    Rule {
        id: fields.needed("id"),
        label: fields.label("label"),
        audience: fields.needed("audience"),
        tiers: fields.texts("tiers"),
        exclude: fields.texts("exclude"),
        most_per_person: most("per_person"),
        most_within: cap.and_then(|cap| cap.parsed("within")),
        most_in_total: most("total"),
        contact: fields.table("action").map(|fields| Contact {
            content: fields.text("content"),
            channels: fields.texts("channels"),
            pick: fields.text("pick"),
        }),
        timing: fields.table("timing").map(|fields| Timing {
            earliest: fields.parsed("earliest"),
            quiet: fields.text("quiet"),
            pick: fields.text("pick"),
        }),
        holdout: fields
            .table("holdout")
            .map(|fields| Holdout { share: fields.number("share"), salt: fields.text("salt") }),
        goal: fields.table("goal").map(|fields| RuleGoal {
            touchpoint: fields.text("touchpoint"),
            within: fields.parsed("within"),
            mde: fields.number("mde"),
        }),
        format: fields.table("export").and_then(|fields| fields.text("format")),
        columns: fields.table("export").map(|fields| fields.texts("columns")).unwrap_or_default(),
    }
}
