//! Workspaces from outside: those of the sample data, and those that `init` proposes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trailmap::base::Ctl;
use trailmap::ingest::{self, LoadOptions};
use trailmap::workspace::Workspace;
use trailmap::workspace::file::FORMATS;

use crate::support::binary::{run, run_in, run_with_input};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name)
}

fn read(path: &Path) -> Workspace {
    Workspace::read(path).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Every event name that stands in a file, whoever's event it is.
fn event_names(path: &str, column: &str) -> BTreeSet<String> {
    let options = LoadOptions { sources: vec![path.to_owned()], ..LoadOptions::default() };
    let raw = ingest::rows(&options, None, &Ctl::new()).expect("readable");
    let at = raw.columns.iter().position(|name| name == column).expect("the column");
    raw.rows.into_iter().filter_map(|mut row| row.swap_remove(at)).collect()
}

#[test]
fn the_workspaces_of_the_sample_data_open_and_name_files_that_are_there() {
    for name in ["shop", "retail", "hotel", "bank"] {
        let workspace = read(&sample(&format!("{name}.trailmap.toml")));
        let options = workspace.load(&sample("")).expect("one source");
        assert!(Path::new(&options.sources[0]).is_file(), "{name}");
        let plan = workspace.plan();
        assert!(plan.stages.len() >= 4 && plan.touchpoints.iter().any(|touchpoint| touchpoint.is_goal), "{name}");
        assert!(plan.stages.iter().all(|stage| stage.label.0.len() == 2), "{name}: labels in two languages");
        assert!(!plan.funnels.is_empty() && !workspace.views.is_empty(), "{name}");
        let used = |id: &str| plan.touchpoints.iter().any(|touchpoint| touchpoint.stage.as_deref() == Some(id));
        assert!(plan.stages.iter().all(|stage| used(&stage.id)), "{name}: a stage without touchpoints");
    }
}

#[track_caller]
fn check_init(file: &str, column: &str, flags: &[&str]) -> (Workspace, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let done = run_in(folder.path(), &[&["init", file], flags].concat());
    assert_eq!(done.status, 0, "{}", done.err);
    assert!(done.err.contains("trailmap.toml: a first draft from "), "{}", done.err);
    let path = folder.path().join("trailmap.toml");
    let workspace = read(&path);
    let rules: BTreeSet<String> = workspace.touchpoints.iter().map(|touchpoint| touchpoint.when.clone()).collect();
    for name in event_names(file, column) {
        assert!(rules.contains(&format!("event == \"{name}\"")), "{name} is in no rule: {rules:?}");
    }
    assert!(workspace.touchpoints.iter().all(|touchpoint| touchpoint.plan.stage.is_some()));
    let options = workspace.load(folder.path()).expect("one source");
    ingest::open(&options, &Ctl::new()).expect("what is proposed can be read");
    (workspace, std::fs::read_to_string(&path).expect("there"))
}

/// Touchpoints by stage.
fn stages(workspace: &Workspace) -> Vec<String> {
    let of = |stage: &str| {
        let ids = workspace.touchpoints.iter().filter(|touchpoint| touchpoint.plan.stage.as_deref() == Some(stage));
        ids.map(|touchpoint| touchpoint.plan.id.clone()).collect::<Vec<_>>().join(" ")
    };
    workspace.stages.iter().map(|stage| format!("{}: {}", stage.plan.id, of(&stage.plan.id))).collect()
}

fn path_of(name: &str) -> String {
    sample(name).to_string_lossy().into_owned()
}

#[test]
fn init_proposes_a_workspace_for_a_plain_clickstream() {
    let (workspace, text) = check_init(&path_of("shop.csv"), "event", &[]);
    let expect = [
        "aware: main",
        "consider: catalog product2 product1",
        "purchase: cart delivery_choice delivery_courier delivery_pickup payment_choice payment_card payment_cash payment_done",
        "loyal: payment_done_again",
    ];
    assert_eq!(stages(&workspace), expect);
    let steps: Vec<String> = workspace.funnels[0].spec.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["catalog", "cart", "delivery_choice", "payment_choice", "payment_done"]);
    assert!(workspace.channels.is_empty() && workspace.scores.is_empty() && workspace.identity.is_none());
    assert!(text.contains("\n# No event was found for this one.\n# [[stage]]\n# id = \"use\"\n"), "{text}");
}

#[test]
fn init_proposes_a_workspace_for_an_export_with_two_ids_and_scores() {
    let (workspace, text) = check_init(&path_of("retail.csv"), "event", &[]);
    let stages = stages(&workspace);
    for (at, ids) in [
        (0, ["ad_click", "visit"].as_slice()),
        (1, &["product_view", "chat_opened"]),
        (2, &["cart_add", "login", "checkout_start", "payment_failed", "order_paid"]),
        (3, &["delivered", "survey", "ticket_opened", "ticket_solved"]),
        (4, &["order_paid_again"]),
    ] {
        let found: BTreeSet<&str> = stages[at].split(' ').skip(1).collect();
        assert_eq!(found, ids.iter().copied().collect(), "{stages:?}\n{text}");
    }
    let source = &workspace.sources[0];
    assert_eq!(source.dedupe, ["event_id"]);
    assert_eq!(source.columns.customer.as_deref(), Some("customer_id"));
    assert_eq!(source.columns.anonymous.as_deref(), Some("anonymous_id"));
    assert_eq!(source.columns.order.as_deref(), Some("order_id"));
    assert!(workspace.identity.is_some());
    assert_eq!(workspace.channels.len(), 9);
    let score = &workspace.plan().scores[0];
    assert_eq!((score.when.as_deref(), score.scale), (Some("score_type == \"csat5\""), (1.0, 5.0)));
    assert_eq!(score.comment.as_deref(), Some("comment"));
}

#[test]
fn init_proposes_a_workspace_for_a_hotel_and_a_bank() {
    let (hotel, _) = check_init(&path_of("hotel.csv.gz"), "event", &[]);
    assert_eq!(stages(&hotel), ["purchase: booked", "use: survey checked_in room_service checked_out"]);
    let columns = &hotel.sources[0].columns;
    assert_eq!((columns.anonymous.as_deref(), columns.value.as_deref()), (None, None), "columns without a value");
    let (bank, text) = check_init(&path_of("bank.csv.gz"), "event", &["--stages", "acdpul", "--language", "zh"]);
    let expect = [
        "aware: visit",
        "decide: application_start kyc_rejected kyc_submitted",
        "purchase: account_opened",
        "use: first_deposit survey",
    ];
    assert_eq!(stages(&bank), expect, "{text}");
    assert_eq!(bank.language, "zh");
    assert_eq!(bank.plan().stages[0].label.text("zh"), Some("意识"));
    assert_eq!(bank.plan().scores[0].scale, (1.0, 7.0));
}

#[test]
fn init_replaces_no_file_unasked_and_prints_where_that_is_wanted() {
    let folder = TempDir::new().expect("a temporary folder");
    std::fs::write(folder.path().join("a.csv"), "user,event,time\n1,visit,2024-01-01\n1,order_paid,2024-01-02\n")
        .expect("written");
    let printed = run_in(folder.path(), &["init", "a.csv", "--out", "-"]);
    assert_eq!(printed.status, 0, "{}", printed.err);
    assert!(printed.out.contains("[[touchpoint]]") && !folder.path().join("trailmap.toml").exists());
    assert_eq!(run_in(folder.path(), &["init", "a.csv", "--quiet"]).err, "");
    let path = folder.path().join("trailmap.toml");
    assert_eq!(std::fs::read_to_string(&path).expect("written"), printed.out);
    let again = run_in(folder.path(), &["init", "a.csv"]);
    assert_eq!(again.status, 1);
    assert_eq!(again.err, "trailmap: trailmap.toml: is there already; add --force to replace it\n");
    assert_eq!(run_in(folder.path(), &["init", "a.csv", "--force"]).status, 0);
    std::fs::create_dir(folder.path().join("maps")).expect("a folder");
    assert_eq!(run_in(folder.path(), &["init", "a.csv", "--out", "maps/w.toml"]).status, 0);
    assert_eq!(read(&folder.path().join("maps/w.toml")).sources[0].files, ["../a.csv"]);
    let piped = run_with_input(&["init", "-"], b"user,event,time\n");
    assert_eq!((piped.status, piped.err.contains("name a file instead of -")), (2, true), "{}", piped.err);
    assert_eq!(run(&["init", "nothing.csv"]).status, 1);
}

#[test]
fn views_can_be_written_in_every_format_there_is() {
    let formats: Vec<&str> = trailmap::export::FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(FORMATS, formats);
}
