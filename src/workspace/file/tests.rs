//! The reader on right and wrong files, and the schema against the reader.

use proptest::prelude::*;
use serde_json::json;

use super::keys::{Kind, Section, WORKSPACE};
use super::*;
use crate::analysis::funnel::Order;
use crate::analysis::map::plan::Direction;

pub(super) const EXAMPLE: &str = include_str!("fixtures/example.toml");

fn example() -> Workspace {
    Workspace::parse("trailmap.toml", EXAMPLE).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_example_opens_and_nothing_of_it_is_lost() {
    let workspace = example();
    assert_eq!(workspace.name.as_deref(), Some("Retail web+app 2025 Q1"));
    assert_eq!((workspace.language.as_str(), &workspace.as_of), ("zh", &AsOf::ExportEnd));
    assert_eq!(workspace.zone.as_ref().map(Zone::name), Some("Asia/Shanghai"));
    let source = &workspace.sources[0];
    assert_eq!((source.files[0].as_str(), source.dedupe[0].as_str()), ("demo/retail.csv", "event_id"));
    assert_eq!(source.columns.customer.as_deref(), Some("customer_id"));
    assert_eq!(source.columns.anonymous.as_deref(), Some("anonymous_id"));
    assert_eq!(source.properties.len(), 6);
    assert_eq!(workspace.identity.as_ref().map(|identity| identity.null_values.len()), Some(5));
    assert_eq!((workspace.privacy.min_n, workspace.privacy.mask.len()), (5, 1));
    let scope = workspace.scope.as_ref().expect("a scope");
    assert_eq!((&scope.persona, scope.window, scope.evidence.len()), (&None, Some(Span::days(90)), 5));
    let count = [
        workspace.channels.len(),
        workspace.stages.len(),
        workspace.touchpoints.len(),
        workspace.scores.len(),
        workspace.segments.len(),
        workspace.personas.len(),
        workspace.cohorts.len(),
        workspace.funnels.len(),
        workspace.target_paths.len(),
        workspace.views.len(),
        workspace.actions.len(),
        workspace.monitors.len(),
        workspace.rules.len(),
    ];
    assert_eq!(count, [6, 5, 12, 1, 1, 1, 2, 1, 1, 0, 1, 2, 1]);
    let purchase = &workspace.stages[2].plan;
    assert_eq!((purchase.label.text("zh"), purchase.label.text("fr")), (Some("购买"), Some("Buy")));
    let kpi = &purchase.kpis[0];
    assert_eq!((kpi.id.as_str(), kpi.good, kpi.target), ("abandon", Direction::Down, Some(0.4)));
    let (since, until) = kpi.baseline.clone().expect("a baseline");
    // The last day belongs to it.
    assert_eq!((since.to_string().as_str(), until.to_string().as_str()), ("2025-01-06", "2025-02-17"));
    assert!(workspace.stages[4].plan.reentry && !purchase.reentry);
    let pay_fail = &workspace.touchpoints[6];
    assert_eq!((pay_fail.plan.valence, pay_fail.when.as_str()), (-1, "event == \"payment_failed\""));
    assert_eq!(workspace.touchpoints[9].channel.as_deref(), Some("partner_courier"));
    assert!(workspace.touchpoints[8].plan.is_goal);
    let (steps, gaps) = (&workspace.target_paths[0].steps, &workspace.target_paths[0].max_gap);
    assert_eq!((steps[1].0.to_string().as_str(), steps[1].1, steps[2].1), ("product", true, false));
    assert_eq!(gaps["delivery"], Span::days(5));
    assert_eq!(workspace.actions[0].start.as_ref().map(When::to_string).as_deref(), Some("2025-02-17T00:00:00Z"));
    let rule = &workspace.rules[0];
    assert_eq!((rule.most_in_total, rule.columns.len()), (Some(5000), 6));
    assert_eq!(rule.holdout.as_ref().and_then(|holdout| holdout.share), Some(0.2));
}

#[test]
fn a_plan_is_made_of_it() {
    let plan = example().plan();
    assert_eq!((plan.language.as_str(), plan.stages.len(), plan.touchpoints.len()), ("zh", 5, 12));
    let (funnel, score) = (&plan.funnels[0].spec, &plan.scores[0]);
    assert_eq!(
        (funnel.steps.len(), funnel.order, funnel.within, funnel.mature),
        (3, Order::Ordered, Span::days(7), true)
    );
    assert_eq!((score.kind, score.scale, score.is_high_good), (ScoreKind::Csat, (1.0, 5.0), true));
    assert!(plan.channels.iter().any(|channel| channel.cost_per_contact == Some(4.5)));
}

#[test]
fn sources_are_seen_from_the_folder_of_the_file() {
    let load = |text: &str, folder: &str| {
        let workspace = Workspace::parse("w", &format!("schema = 1\n{text}")).unwrap_or_else(|err| panic!("{err}"));
        workspace.load(Path::new(folder))
    };
    let options = example().load(Path::new("a/b")).expect("one source");
    assert_eq!(options.sources, ["a/b/demo/retail.csv"]);
    assert_eq!(
        (options.customer.as_deref(), options.anonymous.as_deref()),
        (Some("customer_id"), Some("anonymous_id"))
    );
    assert_eq!((options.score, options.dedupe_by, options.max_ids), (None, vec!["event_id".to_owned()], Some(50)));
    let two =
        "[[source]]\nid = \"a\"\nfiles = [\"x.csv\", \"/tmp/*.csv\"]\n[[source]]\nid = \"b\"\nfiles = [\"y?.csv\"]\n";
    assert_eq!(load(two, "").expect("alike").sources, ["x.csv", "/tmp/*.csv", "y?.csv"]);
    assert_eq!(load(two, "in [1]").expect("alike").sources, ["in [1]/x.csv", "/tmp/*.csv", "in [[]1]/y?.csv"]);
    let differ = two.replace("files = [\"y?.csv\"]", "files = [\"y\"]\ncolumns = { time = \"at\" }");
    let each = load(&differ, "in").expect("each in its own way");
    assert_eq!((each.sources.len(), each.time, each.each[0].name.as_str()), (3, None, "a"));
    assert_eq!(
        (each.each[1].said.time.as_deref(), &each.each[1].said.sources[..]),
        (Some("at"), &["in/y".to_owned()][..])
    );
    let keys = |keys: &str| {
        let options = load(&format!("[identity]\nkeys = {keys}\n{two}ids = [\"card\"]\n"), "").expect("each");
        (options.anonymous, options.each.iter().map(|each| each.said.ids.join(" ")).collect::<Vec<_>>())
    };
    assert_eq!(keys("[\"user\", \"anon\"]"), (None, vec![String::new(), "card".into()]));
    assert_eq!(keys("[\"user\"]").0.as_deref(), Some(""));
    let more = keys("[\"user\", \"anon\", \"email=user\"]").1;
    assert_eq!(more, ["email=customer", "card email=customer"]);
    assert!(load("", "").expect_err("none").starts_with("the workspace names no files"));
}

#[test]
fn a_file_of_schema_1_opens_as_long_as_there_is_trailmap() {
    let text = include_str!("fixtures/schema-1.toml");
    let workspace = Workspace::parse("schema-1.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let ids: Vec<&str> = workspace.touchpoints.iter().map(|touchpoint| touchpoint.plan.id.as_str()).collect();
    assert_eq!(ids, ["visit", "repeat", "order"]);
    assert_eq!(workspace.views[0].ask, "funnel -s visit -s order --within 7d");
    assert_eq!(workspace.cohorts.len(), 2);
}

#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let found = match Workspace::parse("t.toml", text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.sentences(),
    };
    assert_eq!(found, expect, "{text}");
}

#[track_caller]
fn check_one(text: &str, expect: &str) {
    check(&format!("schema = 1\n{text}\n"), &[expect]);
}

#[test]
fn unknown_keys_are_named_with_the_nearest() {
    check_one(
        "[[touchpoints]]\nid = \"a\"",
        "t.toml:2:3: the workspace has no key `touchpoints`; did you mean `touchpoint`? there are schema, name, language, \
         timezone, as_of, source, identity, privacy, scope, channel, stage, touchpoint, score, segment, persona, cohort, \
         funnel, target_path, view, action, monitor, rule",
    );
    check_one(
        "[[stage]]\nid = \"buy\"\ngaol = \"x\"",
        "t.toml:4:1: stage `buy` has no key `gaol`; did you mean `goal`? there are id, label, goal, owner, note, \
         expected_emotion, reentry, kpi",
    );
    check_one("[identity]\nqq = 1", "t.toml:3:1: [identity] has no key `qq`; there are keys, max_ids, null_values");
    check_one(
        "[[source]]\nid = \"e\"\nfiles = [\"a\"]\ncolumns = { tmie = \"ts\" }",
        "t.toml:5:13: `columns` of source `e` has no key `tmie`; did you mean `time`? there are customer, user, anon, time, \
         event, channel, value, score, session, order",
    );
    check_one(
        "[channel.web]\nmdeia = \"paid\"",
        "t.toml:3:1: channel `web` has no key `mdeia`; did you mean `media`? there are label, ownership, media, control, cost_per_contact",
    );
}

#[test]
fn what_is_missing_is_said_with_what_it_is_for() {
    check("", &["t.toml:1:1: the workspace needs `schema`: the version of this layout"]);
    check_one(
        "[[stage]]\nowner = \"x\"",
        "t.toml:2:1: stage number 1 needs `id`: its name in rules, tables and commands",
    );
    check_one(
        "[[touchpoint]]\nid = \"a\"",
        "t.toml:2:1: touchpoint `a` needs `when`: which events it is, as an expression; nth counts the customer's events of \
         one name from 1",
    );
    check_one(
        "[[cohort]]\nid = \"a\"",
        "t.toml:2:1: cohort `a` needs `when`, an expression about customers like did(cart), or `among`, a number of a question",
    );
    check_one(
        "[[cohort]]\nid = \"a\"\nwhen = \"did(x)\"\namong = \"customers\"",
        "t.toml:2:1: cohort `a` has both `when` and `among`; keep the one that is meant",
    );
    check_one(
        "[[score]]\nid = \"a\"\ntype = \"rating\"\nvalue = \"stars\"",
        "t.toml:2:1: score `a` needs `scale`, because ratings have many: scale = [1, 5]",
    );
    check_one("[[source]]\nid = \"a\"\nfiles = []", "t.toml:4:9: `files` of source `a` is empty");
}

#[test]
fn values_of_another_kind_are_named_with_what_they_should_be() {
    check_one("name = 7", "t.toml:2:8: `name` of the workspace is a number; it should be a text");
    check_one(
        "timezone = \"Mars/Base\"",
        "t.toml:2:13: `timezone` of the workspace: `Mars/Base` is not a time zone; write it like UTC, Europe/Berlin or +02:00",
    );
    check_one(
        "as_of = \"today\"",
        "t.toml:2:10: `as_of` of the workspace: `today` is neither export-end nor a time; write it like \
         2025-03-31T00:00:00Z",
    );
    check_one(
        "stage = { id = \"a\" }",
        "t.toml:2:1: `stage` is a table; write [[stage]], because there may be several",
    );
    check_one("[stage]\nid = \"a\"", "t.toml:2:2: `stage` is a table; write [[stage]], because there may be several");
    check_one(
        "[[identity]]\nmax_ids = 1",
        "t.toml:2:1: `identity` of the workspace is a list of tables; it should be a table",
    );
    check_one("[channel]\nweb = 3", "t.toml:3:1: channel `web` is a number; write it as [channel.web]");
    check_one(
        "channel = []",
        "t.toml:2:11: `channel` of the workspace is a list; it should be tables like [channel.web]",
    );
    check(
        "schema = 1\n[[stage]]\nid = \"a\"\nlabel = { en = 1 }\nreentry = \"yes\"\nexpected_emotion = 3\n[[stage]]\nid = 4",
        &[
            "t.toml:4:16: `en` of `label` of stage `a` is a number; it should be a text",
            "t.toml:5:11: `reentry` of stage `a` is a text; it should be true or false",
            "t.toml:6:20: `expected_emotion` of stage `a`: 3 is not a number from -2 to 2",
            "t.toml:8:6: `id` of stage number 2 is a number; it should be a text",
        ],
    );
}

#[test]
fn texts_that_cannot_be_read_point_at_the_character() {
    let touchpoint = |when: &str| format!("[[touchpoint]]\nid = \"a\"\nwhen = {when}");
    check_one(&touchpoint("'event = \"x\"'"), "t.toml:4:15: `when` of touchpoint `a`: `=` is written `==` here");
    check_one(
        &touchpoint("\"a \\\"b\""),
        "t.toml:4:8: `when` of touchpoint `a`: the text that starts here is not closed; add \"",
    );
    check_one(
        &touchpoint("'did(cart)'"),
        "t.toml:4:9: `when` of touchpoint `a`: it is about customers, and a rule is about one event",
    );
    check(
        "schema = 1\n[[funnel]]\nid = \"f\"\nsteps = [\"a\", \"b|\"]\nwindow = \"7y\"\norder = \"strcit\"",
        &[
            "t.toml:4:16: `steps` of funnel `f`: `b|` is not a step: a name is missing; write it like cart, cart|basket, \"odd | name\" or cart[value > 50]",
            "t.toml:5:11: `window` of funnel `f`: `7y` is not a length of time; write it like 30s, 15m, 12h, 7d or 2w",
            "t.toml:6:10: `order` of funnel `f`: `strcit` is not one of ordered, strict, any; did you mean `strict`?",
        ],
    );
    check(
        "schema = 1\n[[view]]\nid = \"v\"\nask = \"funel -s a\"\nout = \"../x.csv\"\nformat = \"xls\"",
        &[
            "t.toml:4:8: `ask` of view `v`: `funel` is no question; did you mean `funnel`? (write it like a command: funnel -s cart -s pay --within 7d)",
            "t.toml:5:8: `out` of view `v`: `../x.csv` is no file below the folder of the workspace",
            "t.toml:6:11: `format` of view `v`: `xls` is not one of table, csv, tsv, json, ndjson, md, html, svg, mermaid, parquet",
        ],
    );
    check(
        "schema = 1\n[[stage]]\nid = \"a\"\n[[stage.kpi]]\nid = \"k\"\nexpr = \"1\"\nbaseline = \"2025-02-01..2025-01-01\"\ntarget = nan",
        &[
            "t.toml:7:13: `baseline` of kpi `k`: `2025-02-01..2025-01-01` ends before it begins",
            "t.toml:8:10: `target` of kpi `k`: NaN is not a number",
        ],
    );
}

#[test]
fn names_must_be_single_and_known() {
    check_one(
        "[[stage]]\nid = \"a\"\n[[stage]]\nid = \"a\"",
        "t.toml:5:6: two stages are called `a`; the first is on line 3",
    );
    check_one(
        "[[stage]]\nid = \"purchase\"\n[[touchpoint]]\nid = \"a\"\nwhen = \"x == 1\"\nstage = \"purchse\"",
        "t.toml:7:9: `stage` of touchpoint `a`: no stage is called `purchse`; did you mean `purchase`? there are purchase",
    );
    check_one(
        "[[action]]\nid = \"a\"\nkpi = \"k\"",
        "t.toml:4:7: `kpi` of action `a`: no kpi is called `k`; the file has no kpis",
    );
    check(
        "schema = 1\n[scope]\npersona = \"x\"\nevidence = { y = \"data\" }",
        &[
            "t.toml:3:11: `persona` of [scope]: no persona is called `x`; the file has no personas",
            "t.toml:4:14: `evidence` of [scope]: no stage is called `y`; the file has no stages",
        ],
    );
}

#[test]
fn a_newer_schema_and_what_is_no_toml_are_refused_as_a_whole() {
    check(
        "schema = 2\nwhat = 1",
        &[
            "t.toml:1:10: this file is of schema 2, and this trailmap reads up to schema 1; open it with a newer trailmap",
        ],
    );
    check("schema = 0", &["t.toml:1:10: `schema` of the workspace is a number; it should be the number 1"]);
    check("schema = 1\nname = \"a\nx", &["t.toml:2:10: this is not TOML: invalid basic string, expected `\"`"]);
    check("schema = 1\nschema = 1", &["t.toml:2:1: this is not TOML: duplicate key"]);
    let large = format!("schema = 1\n#{}", "x".repeat(FILE_MAX as usize));
    check(&large, &["t.toml: it is not read, because it is larger than 4 MB"]);
}

#[test]
fn hostile_names_reach_no_terminal_and_faults_without_end_are_counted() {
    let faults = Workspace::parse("e\u{1b}[31mvil.toml", "schema = 1\n\"a\\u001b[2Jb\" = 1\n").expect_err("unknown");
    let text = faults.to_string();
    assert!(!text.contains('\u{1b}') && text.contains("no key `a"), "{text}");
    let text = "schema = 1\n[[funnel]]\nid = \"f\"\nsteps = [\"\\u001b|\"]\n";
    let text = Workspace::parse("t.toml", text).expect_err("no step").to_string();
    assert!(!text.contains('\u{1b}') && text.contains("is not a step"), "{text}");
    let long = format!("schema = 1\ntimezone = \"{}\"", "x".repeat(1 << 20));
    assert!(Workspace::parse("t.toml", &long).expect_err("no zone").to_string().len() < 3000);
    let many: String = (0..5000).map(|n| format!("k{n} = 1\n")).collect();
    let faults = Workspace::parse("t.toml", &format!("schema = 1\n{many}")).expect_err("unknown");
    assert_eq!((faults.faults.len(), faults.n_more), (100, 4900));
    assert_eq!(faults.sentences().last().map(String::as_str), Some("t.toml: 4900 more faults are not listed"));
    let (dots, braces) = ("a.".repeat(100_000), "{a=".repeat(100_000));
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {braces}"),
        dots.clone(),
        format!("schema = 1\n{dots}a = 1"),
        format!("schema = 1\n[{dots}a]"),
        format!("schema = 1\n[[{dots}a]]"),
    ] {
        assert!(Workspace::parse("t.toml", &text).is_err());
    }
}

#[test]
fn a_file_that_is_not_there_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let err = Workspace::read(&folder.path().join("none.toml")).expect_err("not there").to_string();
    assert!(err.ends_with("none.toml: there is no such file; `trailmap init SOURCE` writes one"), "{err}");
    let err = Workspace::read(folder.path()).expect_err("a folder").to_string();
    assert!(err.contains("it is a folder; name the file in it, like trailmap.toml"), "{err}");
    let path = folder.path().join("latin.toml");
    std::fs::write(&path, b"schema = 1\nname = \"caf\xe9\"\n").expect("written");
    let err = Workspace::read(&path).expect_err("no UTF-8").to_string();
    assert!(err.ends_with("it is not UTF-8: line 2 holds other bytes"), "{err}");
}

/// Where `TRAILMAP_UPDATE` is set, the file is written anew.
#[test]
fn the_schema_that_is_shipped_is_made_from_the_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workspace.schema.json");
    let made = schema::text();
    if std::env::var_os("TRAILMAP_UPDATE").is_some() {
        std::fs::write(&path, &made).expect("written");
    }
    let shipped = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shipped == made,
        "docs/workspace.schema.json is not that of the keys; run this test with TRAILMAP_UPDATE=1"
    );
}

/// A file as JSON, times as texts.
fn as_json(item: &toml_edit::Item) -> serde_json::Value {
    fn of_value(value: &toml_edit::Value) -> serde_json::Value {
        use toml_edit::Value;
        match value {
            Value::String(text) => json!(text.value()),
            Value::Integer(number) => json!(number.value()),
            Value::Float(number) => json!(number.value()),
            Value::Boolean(flag) => json!(flag.value()),
            Value::Datetime(time) => json!(time.value().to_string()),
            Value::Array(values) => values.iter().map(of_value).collect(),
            Value::InlineTable(table) => table.iter().map(|(key, value)| (key.to_owned(), of_value(value))).collect(),
        }
    }
    match item {
        toml_edit::Item::None => serde_json::Value::Null,
        toml_edit::Item::Value(value) => of_value(value),
        toml_edit::Item::Table(table) => table.iter().map(|(key, item)| (key.to_owned(), as_json(item))).collect(),
        toml_edit::Item::ArrayOfTables(tables) => {
            tables.iter().map(|table| as_json(&toml_edit::Item::Table(table.clone()))).collect()
        }
    }
}

/// Whether a value is what a schema asks for; as much of the language as ours uses.
fn is_valid(value: &serde_json::Value, schema: &serde_json::Value) -> bool {
    let all = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
    let is_type = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some(other) => panic!("a type `{other}`"),
    };
    let any = all("anyOf");
    let one = all("oneOf");
    let fits_any = any.is_empty() || any.iter().any(|schema| is_valid(value, schema));
    let fits_one = one.is_empty() || one.iter().filter(|schema| is_valid(value, schema)).count() == 1;
    let is_word = all("enum").is_empty() || all("enum").contains(value);
    let is_const = schema["const"].is_null() || schema["const"] == *value;
    let has_all = all("required").iter().all(|key| value.get(key.as_str().expect("a name")).is_some());
    let in_range = value.as_f64().is_none_or(|n| {
        schema["minimum"].as_f64().is_none_or(|least| n >= least)
            && schema["maximum"].as_f64().is_none_or(|most| n <= most)
    });
    let members_fit = value.as_object().is_none_or(|members| {
        members.iter().all(|(key, value)| match (&schema["properties"][key], &schema["additionalProperties"]) {
            (serde_json::Value::Null, serde_json::Value::Bool(allowed)) => *allowed,
            (serde_json::Value::Null, serde_json::Value::Null) => true,
            (serde_json::Value::Null, other) => is_valid(value, other),
            (schema, _) => is_valid(value, schema),
        })
    });
    let items_fit = value
        .as_array()
        .is_none_or(|values| schema["items"].is_null() || values.iter().all(|value| is_valid(value, &schema["items"])));
    is_type && fits_any && fits_one && is_word && is_const && has_all && in_range && members_fit && items_fit
}

fn valid_by_schema(text: &str) -> bool {
    let document = toml_edit::Document::parse(text).expect("TOML");
    is_valid(&as_json(document.as_item()), &serde_json::from_str(&schema::text()).expect("JSON"))
}

#[test]
fn the_schema_and_the_reader_agree() {
    assert!(valid_by_schema(EXAMPLE));
    assert!(valid_by_schema(include_str!("fixtures/schema-1.toml")));
    for wrong in [
        "",
        "schema = 2",
        "schema = 1\nnaem = \"x\"",
        "schema = 1\n[[stage]]\nowner = \"x\"",
        "schema = 1\n[[stage]]\nid = \"x\"\nexpected_emotion = 3",
        "schema = 1\n[[stage]]\nid = \"x\"\nlabel = { en = 1 }",
        "schema = 1\n[channel.web]\nmedia = \"bought\"",
        "schema = 1\n[[cohort]]\nid = \"x\"",
        "schema = 1\n[[cohort]]\nid = \"x\"\nwhen = \"did(a)\"\namong = \"customers\"",
        "schema = 1\n[[monitor]]\nid = \"x\"",
        "schema = 1\n[[source]]\nid = \"x\"\nfiles = \"a\"",
        "schema = 1\n[[source]]\nid = \"x\"\nfiles = [\"a\"]\ncolumns = { tmie = \"x\" }",
        "schema = 1\n[[touchpoint]]\nid = \"x\"\nwhen = \"a == 1\"\nvalence = 2",
        "schema = 1\n[[funnel]]\nid = \"x\"\nsteps = [1]",
    ] {
        assert!(!valid_by_schema(wrong), "the schema takes {wrong}");
        assert!(Workspace::parse("t.toml", wrong).is_err(), "the reader takes {wrong}");
    }
}

fn sections(section: &'static Section, found: &mut Vec<&'static Section>) {
    found.push(section);
    for key in section.keys {
        if let Kind::Table(inner) | Kind::Tables(inner) | Kind::Named(inner) = key.kind {
            sections(inner, found);
        }
    }
}

#[test]
fn every_key_is_read_and_explained() {
    let mut all = Vec::new();
    sections(&WORKSPACE, &mut all);
    let readers = concat!(include_str!("build.rs"), include_str!("check.rs"));
    let manual = include_str!("../../../docs/workspace.md");
    for section in all {
        for (idx, key) in section.keys.iter().enumerate() {
            assert!(readers.contains(&format!("\"{}\"", key.name)), "{} {} is not read", section.name, key.name);
            assert!(!key.doc.is_empty() && !key.doc.ends_with('.'), "{} {}", section.name, key.name);
            assert!(section.keys[..idx].iter().all(|other| other.name != key.name), "{} {}", section.name, key.name);
            assert!(manual.contains(&format!("`{}`", key.name)), "docs/workspace.md does not tell of `{}`", key.name);
        }
    }
}

/// One byte, or a few, of the example changed.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0..EXAMPLE.len(), 0..4u8, any::<u8>());
    proptest::collection::vec(change, 1..4).prop_map(|changes| {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for (at, what, byte) in changes {
            let at = at.min(bytes.len() - 1);
            // Signs that TOML minds more than letters.
            let byte = if what == 3 { b"[]{}\"'=.,#\n\r\\\0"[usize::from(byte) % 14] } else { byte };
            match what {
                0 => _ = bytes.remove(at),
                1 => bytes.insert(at, byte),
                _ => bytes[at] = byte,
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_bytes_are_changed_the_file_opens_or_says_where_it_is_wrong(text in mutated()) {
        match Draft::parse("t.toml", &text) {
            Ok(mut draft) => {
                prop_assert_eq!(draft.text(), text.as_str());
                _ = draft.workspace().load(Path::new("x"));
                _ = draft.set(Place::One("stage", "use"), "owner", &edit::New::text("me"));
                _ = draft.remove("funnel", "cart");
            }
            Err(faults) => {
                prop_assert!(!faults.faults.is_empty());
                let lines = text.lines().count() + 1;
                for fault in &faults.faults {
                    prop_assert!(fault.line <= lines && fault.column > 0 && !fault.text.is_empty());
                    prop_assert!(!fault.text.contains(['\n', '\u{1b}', '\0']), "{}", fault.text);
                }
            }
        }
    }
}

#[test]
fn every_preset_of_reading_can_be_named() {
    let known: Vec<&str> = crate::ingest::presets::all().map(|preset| preset.name).collect();
    assert_eq!(super::keys::PRESETS[1..], known);
}
