//! Every key that a workspace file may hold: its kind, whether it must be there, and what it is for.
//!
//! The one table that the reader checks a file against and that the JSON Schema is made from.

/// A table of the file with the keys it may hold.
#[derive(Debug)]
pub struct Section {
    /// What one of them is called in a sentence.
    pub name: &'static str,
    pub keys: &'static [Key],
}

#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub is_required: bool,
    pub kind: Kind,
    pub doc: &'static str,
}

/// What may stand behind a key.
#[derive(Debug)]
pub enum Kind {
    Text,
    /// Names the table it stands in; no two alike in a file.
    Id,
    /// A text, or one per language.
    Label,
    Flag,
    Integer(i64, i64),
    Number(f64, f64),
    Choice(&'static [&'static str]),
    /// The id of a section of this name.
    Ref(&'static str),
    /// As `Ref`, or this word.
    RefOr(&'static str, &'static str),
    Schema,
    Zone,
    AsOf,
    Span,
    When,
    /// `2025-01-06..2025-02-16`, both days included.
    Period,
    /// Lowest and highest.
    Range,
    /// One character.
    Character,
    /// An expression about one event.
    Events,
    /// An expression about one customer.
    Customers,
    /// An expression whose names are of its section.
    Expr,
    /// A figure of a stage.
    Formula,
    Step,
    Exclusion,
    FunnelStep,
    /// A step that may end in `+`, once or more.
    PathStep,
    /// A question, as a batch command without its sources.
    Ask,
    /// The customers behind a number of a question.
    Among,
    /// A file below the folder of the workspace.
    OutFile,
    List(&'static Kind),
    /// Of any names.
    Map(&'static Kind),
    /// Named like the sections of that name.
    MapOf(&'static str, &'static Kind),
    /// `[name]`, or `name = { … }`.
    Table(&'static Section),
    /// `[[name]]`.
    Tables(&'static Section),
    /// `[name.ID]`.
    Named(&'static Section),
}

impl Section {
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// The largest schema that is read.
pub const SCHEMA: i64 = 1;

/// Exports that are known by name, as `ingest::presets` knows them; `generic` is none of them.
pub const PRESETS: &[&str] = &[
    "generic",
    "ga4-bq",
    "amplitude",
    "mixpanel",
    "posthog",
    "segment",
    "segment-wh",
    "rudderstack",
    "snowplow",
    "heap",
    "sensors-log",
    "sensors-events",
    "process-log",
    "matomo",
    "adobe-feed",
    "survey",
    "heap-event",
    "heap-migrations",
    "segment-identifies",
    "shopify-orders",
    "woo",
    "hubspot",
    "salesforce-tasks",
    "salesforce-stages",
    "zendesk",
];

/// How the answer of a view can be written; `export` knows them all.
pub const FORMATS: &[&str] = &["table", "csv", "tsv", "json", "ndjson", "md", "html", "svg", "mermaid", "parquet"];

macro_rules! keys {
    ($($must:ident $name:literal $kind:expr, $doc:literal;)*) => {
        &[$( Key { name: $name, is_required: keys!(@ $must), kind: $kind, doc: $doc } ),*]
    };
    (@ must) => { true };
    (@ may) => { false };
}

const TEXTS: Kind = Kind::List(&Kind::Text);
const ANY: f64 = f64::MAX;

#[rustfmt::skip]
pub static WORKSPACE: Section = Section { name: "workspace", keys: keys! {
    must "schema" Kind::Schema, "The version of this layout";
    may "name" Kind::Text, "What the workspace is called on screens and in reports";
    may "language" Kind::Text, "The language of labels that are shown; en where it is missing";
    may "timezone" Kind::Zone, "The zone of times without an offset, in which days and weeks are cut too; UTC where it is missing";
    may "as_of" Kind::AsOf, "The end of observation: export-end (the last event), a time, or now";
    may "source" Kind::Tables(&SOURCE), "A table of events in files";
    may "identity" Kind::Table(&IDENTITY), "How ids that belong to one customer are linked";
    may "privacy" Kind::Table(&PRIVACY), "What reports must not show";
    may "scope" Kind::Table(&SCOPE), "What the map is about";
    may "channel" Kind::Named(&CHANNEL), "A channel, by the name it has in the data";
    may "stage" Kind::Tables(&STAGE), "A stage of the journey; their order is the journey's";
    may "touchpoint" Kind::Tables(&TOUCHPOINT), "A rule that names events; the first that holds wins";
    may "score" Kind::Tables(&SCORE), "A question that customers answer with a number";
    may "segment" Kind::Tables(&SEGMENT), "Customers cut into groups";
    may "persona" Kind::Tables(&PERSONA), "A kind of customer";
    may "cohort" Kind::Tables(&COHORT), "A saved choice of customers";
    may "funnel" Kind::Tables(&FUNNEL), "A saved funnel, that KPIs can speak of";
    may "target_path" Kind::Tables(&TARGET_PATH), "The way that customers should go";
    may "view" Kind::Tables(&VIEW), "A saved question, that run answers";
    may "action" Kind::Tables(&ACTION), "Something that was changed; kept for later";
    may "monitor" Kind::Tables(&MONITOR), "A figure that is watched; kept for later";
    may "rule" Kind::Tables(&RULE), "Whom to contact, when and how; kept for later";
}};

#[rustfmt::skip]
static SOURCE: Section = Section { name: "source", keys: keys! {
    must "id" Kind::Id, "Its name";
    must "files" TEXTS, "Files, globs or folders, relative to the workspace file";
    may "preset" Kind::Choice(PRESETS), "The export it comes from; generic goes by the columns alone";
    may "dedupe" TEXTS, "Columns that name an event; rows that repeat one are dropped";
    may "ids" TEXTS, "More columns with ids of the same people; email=user where its ids are those of that role or column";
    may "columns" Kind::Table(&COLUMNS), "Which column plays which role; what is missing is guessed";
    may "props" TEXTS, "Other columns that the workspace counts on";
    may "time_format" Kind::Text, "How times are written: %d.%m.%Y %H:%M, or s, ms, us, ns for numbers since 1970";
    may "delimiter" Kind::Character, "What stands between fields";
    may "quote" Kind::Character, "What stands around fields that hold the delimiter";
    may "encoding" Kind::Text, "The encoding of text: utf-8, utf-16, windows-1252, gb18030";
}};

#[rustfmt::skip]
static COLUMNS: Section = Section { name: "columns", keys: keys! {
    may "customer" Kind::Text, "Whose event it is";
    may "user" Kind::Text, "Whose event it is, where there is an id for visitors who are not known too";
    may "anon" Kind::Text, "The id of visitors who are not known";
    may "time" Kind::Text, "When";
    may "event" Kind::Text, "What happened";
    may "channel" Kind::Text, "Through what it came";
    may "value" Kind::Text, "Amounts";
    may "score" Kind::Text, "Scores that customers gave";
    may "session" Kind::Text, "A session; a change starts a new one";
    may "order" Kind::Text, "The order that events belong to";
}};

#[rustfmt::skip]
static IDENTITY: Section = Section { name: "identity", keys: keys! {
    may "keys" TEXTS, "What is linked where it stands in one row, the known id first: user, anon, and columns of ids; email=user where they are those of a role";
    may "max_ids" Kind::Integer(1, 1_000_000), "A larger cluster is a shared device and is not merged; 50 where it is missing";
    may "null_values" TEXTS, "What stands for no id";
}};

#[rustfmt::skip]
static PRIVACY: Section = Section { name: "privacy", keys: keys! {
    may "mask" TEXTS, "Columns whose texts are masked, with what is masked in them: comment:email,phone";
    may "min_n" Kind::Integer(0, 1_000_000), "The smallest number of customers that reports show";
}};

#[rustfmt::skip]
static SCOPE: Section = Section { name: "scope", keys: keys! {
    may "persona" Kind::RefOr("persona", "all"), "Whose journey it is: a persona, or all";
    may "scenario" Kind::Text, "From where to where the journey goes";
    may "window" Kind::Span, "How long a journey is looked at";
    may "question" Kind::Text, "What the map is to answer";
    may "evidence" Kind::MapOf("stage", &Kind::Choice(&["data", "research", "workshop", "assumption"])), "What each stage rests on";
}};

#[rustfmt::skip]
static CHANNEL: Section = Section { name: "channel", keys: keys! {
    may "label" Kind::Label, "What people call it";
    may "ownership" Kind::Choice(&["brand", "partner", "customer", "social"]), "Whose it is";
    may "media" Kind::Choice(&["owned", "paid", "earned"]), "How one comes to be there";
    may "control" Kind::Choice(&["high", "medium", "low"]), "How far one decides what happens there";
    may "cost_per_contact" Kind::Number(0.0, ANY), "What one contact costs";
}};

#[rustfmt::skip]
static STAGE: Section = Section { name: "stage", keys: keys! {
    must "id" Kind::Id, "Its name in rules, tables and commands";
    may "label" Kind::Label, "What people call it";
    may "goal" Kind::Label, "What the customer wants here";
    may "owner" Kind::Text, "Who answers for it";
    may "note" Kind::Text, "Anything worth keeping";
    may "expected_emotion" Kind::Number(-2.0, 2.0), "How it should feel, from -2 to 2";
    may "reentry" Kind::Flag, "Whether customers may come back here and start over";
    may "kpi" Kind::Tables(&KPI), "A figure that the stage is steered by";
}};

#[rustfmt::skip]
static KPI: Section = Section { name: "kpi", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "expr" Kind::Formula, "What is computed: rate(a -> b), 1 - funnel(ID).rate, score(ID).top2, share(EXPR | EXPR)";
    may "good" Kind::Choice(&["up", "down"]), "Which way is better; up where it is missing";
    may "target" Kind::Number(-ANY, ANY), "Where it should be";
    may "baseline" Kind::Period, "The days to compare with, both included";
}};

#[rustfmt::skip]
static TOUCHPOINT: Section = Section { name: "touchpoint", keys: keys! {
    must "id" Kind::Id, "What its events are called";
    may "label" Kind::Label, "What people call it";
    may "stage" Kind::Ref("stage"), "The stage it belongs to; none where it is missing";
    must "when" Kind::Events, "Which events it is, as an expression; nth counts the customer's events of one name from 1";
    may "channel" Kind::Text, "The channel of its events, whatever the data says";
    may "valence" Kind::Integer(-1, 1), "-1 where it is bad news, 1 where it is good";
    may "goal" Kind::Flag, "Whether it is what the journey is for";
    may "owner" Kind::Text, "Who answers for it; the stage's owner where it is missing";
    may "note" Kind::Text, "Anything worth keeping";
}};

#[rustfmt::skip]
static SCORE: Section = Section { name: "score", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "type" Kind::Choice(&["nps", "csat", "ces", "rating", "text"]), "What kind of question it is";
    may "when" Kind::Events, "Which events are answers; every event with a value where it is missing";
    must "value" Kind::Text, "The column with the answer";
    may "scale" Kind::Range, "Lowest and highest answer; [0, 10] for nps, [1, 5] for csat, [1, 7] for ces";
    may "direction" Kind::Choice(&["high_is_good", "low_is_good"]), "Which end is better; high_is_good where it is missing";
    may "method" Kind::Choice(&["top2", "mean", "nps"]), "How answers are summed up";
    may "survey_window" Kind::Span, "How far back the touchpoint may lie that an answer speaks of; 7d where it is missing";
    may "comment" Kind::Text, "The column with what customers wrote beside it";
}};

#[rustfmt::skip]
static SEGMENT: Section = Section { name: "segment", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "by" Kind::Choice(&["rfm"]), "What customers are cut by: recency, frequency and money";
    may "window" Kind::Span, "How far back it looks";
    may "cuts" Kind::Map(&Kind::Expr), "Group by group who is in it, about r, f, m and their shares r_pct, f_pct, m_pct; the first that holds wins";
}};

#[rustfmt::skip]
static PERSONA: Section = Section { name: "persona", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "when" Kind::Customers, "Which customers it is, as an expression";
    may "needs" TEXTS, "What they need";
    may "note" Kind::Text, "Anything worth keeping";
}};

#[rustfmt::skip]
static COHORT: Section = Section { name: "cohort", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    may "when" Kind::Customers, "Which customers it is, as an expression";
    may "among" Kind::Among, "Which customers it is, as the number behind which they stand: funnel -s cart -s order --who 1:dropped";
}};

#[rustfmt::skip]
static FUNNEL: Section = Section { name: "funnel", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "steps" Kind::List(&Kind::FunnelStep), "Touchpoints or other steps, in order";
    may "order" Kind::Choice(&["ordered", "strict", "any"]), "How other events may stand between the steps; ordered where it is missing";
    may "window" Kind::Span, "The most time from the first step to any later one; 7d where it is missing";
    may "mature" Kind::Flag, "Whether those who may still convert are left out of the denominators";
    may "unit" Kind::Choice(&["customers", "sessions", "attempts"]), "What is counted; customers where it is missing";
    may "same" Kind::Text, "A column that all steps of an attempt must share";
    may "first_time" Kind::Flag, "Whether step 1 must be the customer's first event of that name ever";
    may "ignore" Kind::List(&Kind::Step), "With order strict: steps that do not count as the next event";
    may "exclude" Kind::List(&Kind::Exclusion), "Steps that end an attempt between two steps: support, or support:2-4";
}};

#[rustfmt::skip]
static TARGET_PATH: Section = Section { name: "target path", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "steps" Kind::List(&Kind::PathStep), "Touchpoints in order: a|b is either, a+ is once or more";
    may "max_gap" Kind::Map(&Kind::Span), "The most time before a touchpoint since the one before";
}};

#[rustfmt::skip]
static VIEW: Section = Section { name: "view", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "ask" Kind::Ask, "The question, as a batch command without its sources: funnel -s cart -s order --within 7d";
    may "table" Kind::Text, "Which table of the answer is written, where the format holds one";
    may "out" Kind::OutFile, "The file that its tables are written to, below the folder of the workspace";
    may "format" Kind::Choice(FORMATS), "How they are written; what the name of the file ends in where it is missing";
    may "note" Kind::Text, "Anything worth keeping";
}};

#[rustfmt::skip]
static ACTION: Section = Section { name: "action", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    may "stage" Kind::Ref("stage"), "Where it was changed";
    may "owner" Kind::Text, "Who did it";
    may "start" Kind::When, "Since when";
    may "kpi" Kind::Ref("kpi"), "What it was to move";
    may "expect" Kind::Number(-ANY, ANY), "By how much, relative: -0.3 is 30 % less";
    may "effort" Kind::Number(0.0, ANY), "What it took";
    may "note" Kind::Text, "Anything worth keeping";
}};

#[rustfmt::skip]
static MONITOR: Section = Section { name: "monitor", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    may "kpi" Kind::Ref("kpi"), "The KPI that is watched";
    may "expr" Kind::Text, "What is watched where it is no KPI";
    may "every" Kind::Span, "How long one point is";
    may "chart" Kind::Choice(&["p", "laney-p", "xmr"]), "The control chart";
    may "baseline" Kind::Period, "The days that the limits are frozen on, both included";
    may "rules" TEXTS, "What counts as a signal";
    may "severity" Kind::Choice(&["breach", "data"]), "What a signal means";
}};

#[rustfmt::skip]
static RULE: Section = Section { name: "rule", keys: keys! {
    must "id" Kind::Id, "Its name";
    may "label" Kind::Label, "What people call it";
    must "audience" Kind::Text, "Who is contacted, as an expression";
    may "tiers" TEXTS, "Which groups of customers";
    may "exclude" TEXTS, "Who is left out";
    may "cap" Kind::Table(&CAP), "The most contacts";
    may "action" Kind::Table(&CONTACT), "What they get, and through what";
    may "timing" Kind::Table(&TIMING), "When they get it";
    may "holdout" Kind::Table(&HOLDOUT), "Who is left alone to compare with";
    may "goal" Kind::Table(&GOAL), "What it is for";
    may "export" Kind::Table(&EXPORT), "How the list is written";
}};

#[rustfmt::skip]
static CAP: Section = Section { name: "cap", keys: keys! {
    may "per_person" Kind::Integer(0, 1_000_000), "For one customer";
    may "within" Kind::Span, "In how long";
    may "total" Kind::Integer(0, 1_000_000_000), "For all";
}};

#[rustfmt::skip]
static CONTACT: Section = Section { name: "action", keys: keys! {
    may "content" Kind::Text, "What is sent";
    may "channels" TEXTS, "Through what it may be sent";
    may "pick" Kind::Text, "How the channel is chosen";
}};

#[rustfmt::skip]
static TIMING: Section = Section { name: "timing", keys: keys! {
    may "earliest" Kind::Span, "How long after they came to be in the audience";
    may "quiet" Kind::Text, "Hours in which nothing is sent: 21:00..08:00";
    may "pick" Kind::Text, "How the hour is chosen";
}};

#[rustfmt::skip]
static HOLDOUT: Section = Section { name: "holdout", keys: keys! {
    may "share" Kind::Number(0.0, 1.0), "How many of them, from 0 to 1";
    may "salt" Kind::Text, "What makes the choice another one";
}};

#[rustfmt::skip]
static GOAL: Section = Section { name: "goal", keys: keys! {
    may "touchpoint" Kind::Ref("touchpoint"), "What they should do";
    may "within" Kind::Span, "In how long";
    may "mde" Kind::Number(0.0, 1.0), "The smallest effect worth seeing";
}};

#[rustfmt::skip]
static EXPORT: Section = Section { name: "export", keys: keys! {
    may "format" Kind::Choice(FORMATS), "How it is written";
    may "columns" TEXTS, "Which columns";
}};
