//! Files held against small data in a folder of their own: what is found, at which place and level.

use std::fs;

use super::*;

const EVENTS: &str = "\
who,ts,what,via,kind,points,text
a,2025-01-01T10:00:00Z,visit,web,,,
a,2025-01-01T10:05:00Z,cart,web,,,
a,2025-01-01T11:00:00Z,paid,app,,,
a,2025-01-02T11:00:00Z,paid,app,,,
a,2025-01-03T09:00:00Z,survey,mail,csat,5,fine
b,2025-01-01T12:00:00Z,visit,web,,,
b,2025-01-01T12:00:00Z,ping,web,,,
b,2025-01-04T08:00:00Z,survey,mail,nps,9,good
";

const FILE: &str = r#"schema = 1
[[source]]
id = "events"
files = ["events.csv"]
columns = { customer = "who", time = "ts", event = "what", channel = "via" }
props = ["kind"]
[channel.web]
[channel.app]
[channel.mail]
[[stage]]
id = "look"
[[stage.kpi]]
id = "to_buy"
expr = "rate(look -> buy)"
[[stage]]
id = "buy"
[[touchpoint]]
id = "visit"
stage = "look"
when = 'event == "visit"'
[[touchpoint]]
id = "cart"
stage = "buy"
when = 'event == "cart"'
[[touchpoint]]
id = "again"
stage = "buy"
when = 'event == "paid" and nth >= 2'
[[touchpoint]]
id = "order"
stage = "buy"
when = 'event == "paid"'
[[touchpoint]]
id = "asked"
stage = "buy"
when = 'event == "survey"'
[[touchpoint]]
id = "pinged"
stage = "look"
when = 'event == "ping"'
[[score]]
id = "csat"
type = "csat"
when = 'kind == "csat"'
value = "points"
scale = [1, 5]
[[score]]
id = "nps"
type = "nps"
when = 'kind == "nps"'
value = "points"
[[persona]]
id = "mailed"
when = 'did(*[channel == "mail"])'
[[cohort]]
id = "buyers"
when = 'did(order)'
[[funnel]]
id = "way"
steps = ["visit", "cart", "order"]
[[target_path]]
id = "happy"
steps = ["visit+", "cart", "order"]
[[view]]
id = "weekly"
ask = "funnel --saved way"
"#;

/// What is found under this file and these events, one line each: level, place, events and what.
fn found(file: &str, events: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("events.csv"), events).expect("written");
    let path = folder.path().join("trailmap.toml");
    fs::write(&path, file).expect("written");
    let checked = check(&path.to_string_lossy(), &LoadOptions::default(), &Ctl::new()).expect("not stopped");
    let count = |finding: &Finding| finding.events.map_or(String::new(), |n| format!(" {n}"));
    let line =
        |finding: &Finding| format!("{} {}{} {}", finding.level.name(), finding.place, count(finding), finding.what);
    checked.findings.iter().map(line).collect()
}

#[track_caller]
fn check_found(file: &str, events: &str, expect: &str) {
    let found = found(file, events);
    assert!(found.iter().any(|line| line.contains(expect)), "{expect} is not in\n{}", found.join("\n"));
}

fn with(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    FILE.replacen(from, to, 1)
}

#[test]
fn a_sound_workspace_has_no_errors_and_only_notes() {
    assert_eq!(
        found(FILE, EVENTS),
        [
            "note touchpoint:order (line 32) 1 the rule of `order` holds too for events that `again` takes before it",
            "note data 2 events share their instant with another event of the same customer",
        ]
    );
}

#[test]
fn a_renamed_column_is_named_with_its_line() {
    check_found(
        &with("customer = \"who\"", "customer = \"whom\""),
        EVENTS,
        "error source.columns.customer (line 5) no column is named `whom`; did you mean `who`?",
    );
    check_found(
        &with("props = [\"kind\"]", "props = [\"kinds\"]"),
        EVENTS,
        "error source:events (line 6) no column is named `kinds`; did you mean `kind`?",
    );
    let renamed = EVENTS.replace("who,ts,what,via,kind", "who,ts,what,via,sort");
    check_found(FILE, &renamed, "error score:csat (line 44) `when` of `csat`: column 1: no column is named `kind`");
    check_found(
        &with("event == \"cart\"", "evnt == \"cart\""),
        EVENTS,
        "error touchpoint:cart (line 24) `when` of `cart`: column 1: no column is named `evnt`",
    );
    check_found(
        &with("value = \"points\"", "value = \"pints\""),
        EVENTS,
        "error score:csat (line 45) no column is named `pints`; did you mean `points`?",
    );
}

#[test]
fn rules_that_get_nothing_are_told_apart() {
    let without = EVENTS.replace(",cart,", ",basket,");
    check_found(
        FILE,
        &without,
        "warning touchpoint:cart (line 24) 0 the rule of `cart` holds for no event: no event is named `cart`",
    );
    check_found(FILE, &without, "note event:basket 1 no rule takes `basket`");
    check_found(FILE, &without, "note data 1 events of one name are no touchpoint");
    let shadowed = with("'event == \"paid\" and nth >= 2'", "'event == \"paid\"'");
    check_found(
        &shadowed,
        EVENTS,
        "warning touchpoint:order (line 32) 2 the rule of `order` gets no event, because earlier ones take all of them: `again` takes 2",
    );
    let partly = with(
        "id = \"pinged\"\nstage = \"look\"\nwhen = 'event == \"ping\"'",
        "id = \"ping\"\nwhen = 'event == \"ping\" and nth > 1 or event == \"pong\" or event == \"cart\" and nth > 9 or event == \"visit\" and nth > 5'",
    );
    check_found(&partly, EVENTS, "note touchpoint:ping (line 38) `ping` belongs to no stage");
    let taken =
        with("id = \"pinged\"", "id = \"paid\"").replace("'event == \"paid\"'", "'event == \"paid\" and nth >= 3'");
    check_found(
        &taken,
        EVENTS,
        "warning event:paid 1 `paid` is a touchpoint, and the own name of events that no rule takes",
    );
}

#[test]
fn channels_rows_and_clocks_are_looked_at() {
    check_found(
        &with("[channel.mail]\n", ""),
        EVENTS,
        "warning channel:mail 2 the channel `mail` occurs and is not declared",
    );
    check_found(
        &with("[channel.mail]\n", "[channel.mail]\n[channel.phone]\n"),
        EVENTS,
        "note channel:phone (line 10) 0 the channel `phone` never occurs",
    );
    let more = format!(
        "{EVENTS},2025-01-01T10:00:00Z,visit,web,,,\nc,1970-01-01T10:00:00Z,visit,web,,,\nc,2025-01-05T00:00:00Z,visit,web,,,\n"
    );
    check_found(FILE, &more, "warning data 1 rows without a customer's id");
    check_found(FILE, &more, "warning data 1 events are older than 2000-01-01");
    check_found(FILE, &more, "warning data 1 events lie at exactly midnight");
    let early = with("schema = 1", "schema = 1\nas_of = 2025-01-03T00:00:00Z");
    check_found(&early, EVENTS, "warning data 2 events lie after as_of (2025-01-03T00:00:00Z)");
    check_found(&with("schema = 1", "schema = 1\nas_of = \"now\""), EVENTS, "error as_of (line 2)");
}

#[test]
fn names_that_mean_nothing_are_errors_where_they_stand() {
    check_found(
        &with("steps = [\"visit\", \"cart\", \"order\"]", "steps = [\"visit\", \"crat\"]"),
        EVENTS,
        "error funnel:way (line 60) no event is named `crat`; did you mean `cart`?",
    );
    check_found(
        &with("\"visit+\"", "\"vist+\""),
        EVENTS,
        "error target_path:happy (line 63) no event is named `vist`; did you mean `visit`?",
    );
    check_found(
        &with("rate(look -> buy)", "rate(look -> buyy)"),
        EVENTS,
        "error kpi:to_buy (line 14) no stage or touchpoint is named `buyy`; did you mean `buy`?",
    );
    check_found(
        &with("rate(look -> buy)", "funnel(wey).rate"),
        EVENTS,
        "error kpi:to_buy (line 14) no funnel is named `wey`; did you mean `way`?",
    );
    check_found(
        &with("rate(look -> buy)", "score(ces).mean"),
        EVENTS,
        "error kpi:to_buy (line 14) no score is named `ces`",
    );
    check_found(
        &with("did(order)", "did(ordr)"),
        EVENTS,
        "error cohort:buyers (line 57) column 5: no event is named `ordr`; did you mean `order`?",
    );
    check_found(
        &with("channel == \"mail\"", "channel == \"fax\""),
        EVENTS,
        "warning persona:mailed (line 54) nobody is in the persona `mailed`",
    );
    check_found(&with("funnel --saved way", "funnel --saved wey"), EVENTS, "error view:weekly (line 66) no funnel of");
    check_found(
        &with("ask = \"funnel --saved way\"", "ask = \"funnel --saved way\"\ntable = \"stepz\""),
        EVENTS,
        "error view:weekly (line 67) `stepz` is not a table of this answer; did you mean `steps`?",
    );
}

#[test]
fn scores_stay_on_their_scale() {
    let high = EVENTS.replace(",csat,5,", ",csat,7,");
    check_found(FILE, &high, "warning score:csat (line 46) 1 answers to `csat` lie outside its scale, 1 to 5");
    let words = EVENTS.replace(",csat,5,", ",csat,great,");
    check_found(FILE, &words, "warning score:csat (line 45) 1 answers to `csat` are no numbers");
    let both = with("when = 'kind == \"nps\"'", "when = 'kind is not null'");
    check_found(
        &both,
        EVENTS,
        "error score:nps (line 50) 1 `csat` and `nps` take the same answers on different scales: 1 to 5 and 0 to 10",
    );
    let mixed = with("rate(look -> buy)", "score(csat).mean - score(nps).mean");
    check_found(
        &mixed,
        EVENTS,
        "error kpi:to_buy (line 14) `score(csat).mean - score(nps).mean` compares scores on different scales",
    );
    let role = with("channel = \"via\" }", "channel = \"via\", score = \"points\" }");
    check_found(
        &role,
        EVENTS,
        "warning source.columns.score (line 5) the score column `points` holds answers on different scales: `csat` (1 to 5), `nps` (0 to 10)",
    );
    check_found(
        &with("kind == \"csat\"", "kind == \"none\""),
        EVENTS,
        "warning score:csat (line 45) 0 no event answers `csat`",
    );
}

#[test]
fn a_file_or_data_that_cannot_be_read_is_one_error_per_fault() {
    check_found(&with("[channel.app]\n", "[channel.app]\nmedea = \"owned\"\n"), EVENTS, "error line 9, column 1");
    check_found(&with("events.csv", "gone.csv"), EVENTS, "error source:events (line 4)");
    check_found(
        &with("id = \"look\"\n", "id = \"look\"\n[[stage]]\nid = \"rest\"\n"),
        EVENTS,
        "warning stage:rest (line 13) no touchpoint belongs to the stage `rest`",
    );
    let checked = check("nowhere/trailmap.toml", &LoadOptions::default(), &Ctl::new()).expect("not stopped");
    assert_eq!(checked.count(Level::Error), 1);
    assert_eq!(checked.summary(), "nowhere/trailmap.toml: 1 error, 0 warnings, 0 notes");
}
