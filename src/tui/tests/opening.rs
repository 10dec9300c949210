//! Opening data as a person does it: files, columns, sessions, and keys that come too early.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::made_up::Desk;
use crate::ingest::preview::{Column, Kind};
use crate::ingest::roles::{Guess, ROLES};
use crate::ingest::{self, LoadOptions, Outcome, Preview, Reason};
use crate::tui::app::{Leave, Outside};
use crate::tui::load::Opener;
use crate::workspace::listing::Entry;
use crate::workspace::recent::Recent;
use crate::workspace::{Choices, Folders, Listing};

/// Folders with data files in them, as a person has them.
fn listing(path: &str) -> Listing {
    let entry = |name: &str, is_folder: bool, bytes: u64, days: u64| Entry {
        name: name.to_owned(),
        path: format!("exports/{name}"),
        is_folder,
        bytes,
        age: Some(Duration::from_secs(days * 86_400 + 7_200)),
    };
    let recent = |path: &str, hours: u64, missing: Option<&str>| Recent {
        sources: vec![path.to_owned()],
        age: Duration::from_secs(hours * 3_600),
        missing: missing.map(str::to_owned),
    };
    let is_archive = path.ends_with("archive");
    let entries = if is_archive {
        vec![entry("events_2025.parquet", false, 1_200_000_000, 200)]
    } else {
        vec![
            entry("archive", true, 0, 30),
            entry("crm.ndjson.gz", false, 4_700_000, 1),
            entry("events_2026q1.csv", false, 88_100_000, 92),
            entry("events_2026q2.csv", false, 93_400_000, 0),
            entry("客户旅程.csv", false, 12_000, 3),
        ]
    };
    let folder = if is_archive { "/data/exports/archive" } else { "/data/exports" };
    Listing {
        folder: folder.to_owned(),
        shown: folder.replace("/data", "~"),
        above: Some(folder.rsplit_once('/').expect("a folder above").0.to_owned()),
        entries,
        recent: vec![
            recent("/data/old/gone.csv", 3, Some("is not there any more")),
            recent("/data/shop/events.parquet", 30, None),
        ],
        file: path.ends_with(".csv").then(|| path.to_owned()),
        problem: None,
    }
}

fn files(width: u16, height: u16) -> Desk {
    let opener = Opener { list: Arc::new(|_, path, _| Ok(listing(path))), ..Desk::opener() };
    let mut desk = Desk::started(&[], opener, &Folders::default());
    (desk.width, desk.height) = (width, height);
    desk.draw();
    desk
}

/// A file in which two columns may be the customer.
fn preview(options: &LoadOptions, _: &crate::base::Ctl) -> Result<Preview, ingest::Error> {
    let column = |name: &str, kind, examples: &[&str], filled| Column {
        name: name.to_owned(),
        kind,
        examples: examples.iter().map(|text| (*text).to_owned()).collect(),
        filled,
    };
    let naive = Kind::Time { is_naive: true };
    let columns = vec![
        column("user_id", Kind::Text, &["U0041877", "U0012904", "U0000017"], 1.0),
        column("client_id", Kind::Text, &["c-77", "c-12", "c-9"], 0.81),
        column("event_name", Kind::Text, &["visit", "search", "view_item", "add_cart"], 1.0),
        column("ts", naive, &["2026-04-01 00:00:03", "2026-04-01 00:00:09"], 1.0),
        column("channel", Kind::Text, &["web", "app", "\u{1b}[31mstore", "日本"], 1.0),
        column("cart_value", Kind::Number, &["9.5", "120", "4120"], 0.12),
    ];
    let guesses = ROLES.iter().enumerate().map(|(at, role)| {
        let column = [Some(0), Some(2), Some(3), Some(4), Some(5), None, None, None][at];
        let doubt = (at == 0 && options.customer.is_none()).then(|| {
            "two columns may be the customer: `user_id`, `client_id`; choose with --customer COLUMN".to_owned()
        });
        let mut candidates: Vec<usize> = column.into_iter().collect();
        candidates.extend((0..6).filter(|at| Some(*at) != column));
        Guess { role: *role, column, certainty: 0.97 - at as f64 * 0.05, doubt, candidates }
    });
    Ok(Preview {
        file: "exports/events_2026q2.csv".to_owned(),
        n_files: 1,
        format: "csv.gz".to_owned(),
        n_rows: 5_000,
        is_whole: false,
        guesses: guesses.collect(),
        columns,
    })
}

fn try_out(options: &LoadOptions, _: &crate::base::Ctl) -> Result<Outcome, ingest::Error> {
    Ok(Outcome {
        rows: 20_000,
        rejected: vec![(Reason::NoCustomer, 12), (Reason::BadTime, 8)],
        rejects: Vec::new(),
        customers: if options.customer.as_deref() == Some("client_id") { 19_970 } else { 3_120 },
        ids: None,
        event_names: 14,
        duplicates: 204,
        ties: 1_822,
        period: None,
        times: "ISO 8601, no zone (read as UTC)".to_owned(),
        notes: vec!["The times have no zone and were read as UTC; --tz names another.".to_owned()],
        readings: Vec::new(),
        joins: Vec::new(),
    })
}

/// Data that cannot be read before somebody says who the customer is.
fn unclear() -> Opener {
    let made_up = Desk::opener();
    let whole = made_up.whole.clone();
    Opener {
        whole: Arc::new(move |options, ctl| match options.customer {
            Some(_) => whole(options, ctl),
            None => Err(ingest::Error::Columns("two columns may be the customer: `user_id`, `client_id`".into())),
        }),
        look: Arc::new(preview),
        try_out: Arc::new(try_out),
        here: Some("Europe/Berlin".to_owned()),
        ..made_up
    }
}

fn columns(width: u16, height: u16) -> Desk {
    let mut desk = Desk::started(&["exports/events_2026q2.csv"], unclear(), &Folders::default());
    (desk.width, desk.height) = (width, height);
    desk.draw();
    desk
}

fn state(folder: &Path) -> Folders {
    Folders { state: Some(folder.to_owned()), ..Folders::default() }
}

#[test]
fn files_to_open_at_80x24() {
    insta::assert_snapshot!(files(80, 24).screen());
}

#[test]
fn files_to_open_at_140x40() {
    insta::assert_snapshot!(files(140, 40).keys("ev").screen());
}

#[test]
fn files_to_open_at_58x14() {
    insta::assert_snapshot!(files(58, 14).keys("↓↓ ").screen());
}

#[test]
fn columns_at_80x24() {
    insta::assert_snapshot!(columns(80, 24).screen());
}

#[test]
fn columns_at_140x40() {
    insta::assert_snapshot!(columns(140, 40).keys(" user⏎⇥").screen());
}

#[test]
fn columns_at_58x14() {
    insta::assert_snapshot!(columns(58, 14).keys(" user⏎⇥").screen());
}

#[test]
fn a_file_is_found_by_typing_and_opened() {
    let mut desk = files(80, 24);
    desk.shows("is not there any more").shows("▸ events.parquet");
    desk.keys("2026q2").shows("▸ events_2026q2.csv").keys("⏎").shows("Headline").shows("338,444 events");
    assert!(desk.app.leave.is_none());
}

#[test]
fn folders_are_walked_and_left_and_several_files_are_opened_together() {
    let mut desk = files(140, 40);
    desk.keys("arch⏎").shows("~/exports/archive").shows("events_2025.parquet").shows("1.20 GB");
    desk.keys("⌫").shows("Open — ~/exports").shows("▸ archive/");
    // What is typed is taken back first.
    desk.keys("evx⌫").shows("› ev");
    desk.keys("⎋↓↓↓").keys(" ").shows("1 marked · ⏎ opens it").keys(" ").shows("2 marked · ⏎ opens them together");
    desk.keys("⏎").shows("events_2026q1.csv and 1 more");
}

#[test]
fn a_path_can_be_typed_and_what_is_gone_is_not_opened() {
    let mut desk = files(80, 24);
    desk.keys("↑⏎").shows("/data/old/gone.csv is not there any more");
    desk.keys("/data/other/x.csv⏎").shows("Headline");
    desk.width = 140;
    desk.shows("x.csv");
    let mut desk = files(80, 24);
    desk.keys("⎋").shows("^C quits").keys("⌃c");
    assert_eq!(desk.app.leave, Some(Leave::Quit));
}

#[test]
fn another_file_is_opened_with_or_without_the_analysis() {
    let opener = Opener { list: Arc::new(|_, path, _| Ok(listing(path))), ..Desk::opener() };
    let mut desk = Desk::started(&["a.csv"], opener, &Folders::default());
    (desk.width, desk.height) = (140, 40);
    // Without work of one's own nothing is asked.
    desk.keys("go2026q2⏎").shows("Headline").shows("events_2026q2.csv");
    desk.keys("2avis⏎asea⏎go").shows("Open — ~/exports").keys("⎋").shows("2 search");
    desk.keys("go2026q1⏎").shows("keep the analysis where its names exist").keys("⎋⎋⎋").shows("2 search");
    desk.keys("go2026q1⏎⏎").shows("events_2026q1.csv").shows("2 search");
    desk.keys("go2026q1⏎↓⏎").shows("Headline").keys("2");
    assert!(!desk.screen().contains("2 search"), "{}", desk.screen());
}

#[test]
fn a_guess_that_is_not_safe_is_asked_about_and_then_read() {
    let mut desk = columns(80, 24);
    desk.shows("unsure").shows("two columns may be the customer").shows("⏎ chooses the column of the customer");
    desk.keys("⏎").shows("The customer is in").shows("U0041877").keys("client⏎");
    desk.shows("set").shows("nearly every row is a customer of its own");
    desk.keys(" user⏎").shows("20 of 20,000 rows would be rejected").shows("12 no customer");
    desk.keys("⏎").shows("Headline");
}

#[test]
fn what_checks_leave_open_is_chosen_beside_them_and_copied_as_flags() {
    let mut desk = columns(140, 40);
    desk.keys(" user⏎").shows("204 rows equal an earlier one  [keep them]  drop them");
    desk.keys("⇥→").shows("[drop them]").keys("j→").shows("[Europe/Berlin]");
    desk.keys(" Tokyo⏎").shows("[Asia/Tokyo]").keys("j seconds since⏎").shows("times are written as epoch-s");
    desk.keys("yb");
    assert_eq!(
        desk.app.outside,
        [Outside::Copy(
            "--customer user_id --time ts --event event_name --channel channel --value cart_value \
             --time-format epoch-s --tz Asia/Tokyo --dedupe"
                .to_owned()
        )]
    );
    desk.keys("i").shows("How the start was read").shows("12 no customer").keys("⎋");
    desk.keys("⇥jjjj no col⏎").shows("value");
    desk.app.outside.clear();
    desk.keys("yb");
    let Some(Outside::Copy(flags)) = desk.app.outside.first() else { panic!("nothing was copied") };
    assert!(flags.contains("--value ''"), "{flags}");
}

#[test]
fn leaving_the_columns_says_why_nothing_was_read_and_how_to_come_back() {
    let mut desk = columns(80, 24);
    desk.keys("⎋").shows("The data could not be read").shows("m map columns").keys("m").shows("Columns");
    let mut desk = Desk::open(80, 24);
    desk.keys("2avis⏎gm");
    desk.until_idle();
    // The made-up file is not there to be looked at.
    desk.shows("does not exist").shows("1 visit");
}

#[test]
fn what_was_chosen_is_remembered_for_files_with_the_same_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = state(&folder.path().join("state"));
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let rows = "user_id,client_id,event,ts\nu1,c1,visit,2024-05-01 10:00:00\nu2,c2,buy,2024-05-02 10:00:00\n";
    for name in ["a.csv", "b.csv"] {
        std::fs::write(path(name), rows).expect("written");
    }
    let mut desk = Desk::started(&[&path("a.csv")], Opener::of_sources(&folders), &folders);
    desk.shows("unsure").keys(" client⏎").keys("⏎").shows("Headline");
    // Kept in the background; asked for here, it is waited for.
    let columns: Vec<String> = ["user_id", "client_id", "event", "ts"].map(str::to_owned).to_vec();
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while crate::workspace::maps::find(&folders, &columns).is_none() && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    let kept: Choices = crate::workspace::maps::find(&folders, &columns).expect("remembered");
    assert_eq!(kept.customer.as_deref(), Some("client_id"));
    let mut desk = Desk::started(&[&path("b.csv")], Opener::of_sources(&folders), &folders);
    desk.shows("Headline").shows("columns as you chose them before for files like this; g m changes them");
    desk.keys("yb");
    let copied = format!("{:?}", desk.app.outside);
    assert!(copied.contains("--customer client_id"), "{copied}");
}

#[test]
fn of_an_analysis_stays_what_the_other_data_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let row = |customer: usize, event: &str| format!("c{customer},{event},2024-05-01 10:0{}:00,web\n", customer % 6);
    let rows = |events: &[&str], column: &str| {
        let rows: String = (0..30).flat_map(|c| events.iter().map(move |event| row(c, event))).collect();
        format!("customer_id,event,time,{column}\n{rows}")
    };
    std::fs::write(path("a.csv"), rows(&["visit", "cart", "buy"], "channel")).expect("written");
    std::fs::write(path("b.csv"), rows(&["visit", "buy", "return"], "device")).expect("written");
    let folders = Folders::default();
    let mut desk = Desk::started(&[&path("a.csv")], Opener::of_sources(&folders), &folders);
    (desk.width, desk.height) = (140, 40);
    desk.keys("2avis⏎acart⏎abuy⏎").keys("C⌃ubuyers⏎").keys("fchannel == \"web\"⏎").shows("the filter leaves 30");
    desk.keys("go").keys(&path("b.csv")).keys("⏎").shows("keep the analysis").keys("⏎");
    desk.shows("this data does not know channel == \"web\", cart, so that was left out");
    desk.shows("1 visit").shows("2 buy").shows("no filter");
    assert!(!desk.screen().contains("2 cart"), "{}", desk.screen());
}

/// A desk on a file of the shop, whose state is kept in a folder.
fn on_shop(folders: &Folders) -> Desk {
    let mut desk = Desk::started(&["shop/events_2026q2.csv"], Desk::opener(), folders);
    (desk.width, desk.height) = (140, 40);
    desk.draw();
    desk
}

#[test]
fn a_session_is_offered_again_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = state(folder.path());
    let mut desk = on_shop(&folders);
    desk.keys("gr").shows("nothing is kept from an earlier session");
    desk.keys(super::FOUR_STEPS).keys("kkC⌃usearchers⏎").keys("fchannel == \"web\"⏎");
    desk.app.keep_session_now(false);
    let mut desk = on_shop(&folders);
    desk.keys("j").shows("g r goes on where you were (just now)");
    desk.keys("gr").shows("as you left it: a funnel of 4 steps, a filter, 1 cohort, on Funnel").shows("4 purchase");
    desk.shows("searchers").keys("u").shows("undone");
    assert!(!desk.screen().contains("4 purchase"));
}

#[test]
fn after_a_broken_line_a_box_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = state(folder.path());
    let mut desk = on_shop(&folders);
    desk.keys(super::FOUR_STEPS);
    desk.app.keep_session_now(true);
    let mut desk = on_shop(&folders);
    desk.shows("The last session was cut off")
        .shows("go on with a funnel of 4 steps, on Funnel")
        .keys("⎋")
        .shows("Headline");
    let mut desk = on_shop(&folders);
    desk.keys("⏎").shows("4 purchase").shows("as you left it");
}

#[test]
fn changes_are_kept_five_seconds_after_they_were_made_and_only_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = state(folder.path());
    let mut desk = on_shop(&folders);
    desk.keys("jjj");
    assert_eq!(desk.app.keeps_at(), None, "looking around is nothing to keep");
    desk.keys("2avis⏎");
    let at = desk.app.keeps_at().expect("something to keep");
    assert_eq!(at - desk.now, Duration::from_secs(5));
    desk.now = at;
    desk.app.handle(crate::tui::event::Event::Tick, desk.now);
    assert_eq!(desk.app.keeps_at(), None);
    let sources = ["shop/events_2026q2.csv".to_owned()];
    let found = || crate::workspace::session::find(&folders, &sources).expect("understood");
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while found().is_none() && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    assert!(found().expect("kept").0.is_broken, "until it is left, it may be cut off");
}

#[test]
fn keys_that_lead_somewhere_wait_for_the_data_and_others_are_dropped_with_a_word() {
    let mut desk = Desk::waiting();
    desk.press("7");
    desk.shows("7 waits for the data");
    desk.press("C");
    desk.shows("save-cohort: there is no data yet, so C was dropped");
    desk.press("esc");
    desk.until_idle();

    let release = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let whole = Desk::opener().whole;
    let is_released = Arc::clone(&release);
    let opener = Opener {
        whole: Arc::new(move |options, ctl| {
            while !is_released.load(std::sync::atomic::Ordering::Relaxed) {
                ctl.check()?;
                std::thread::yield_now();
            }
            whole(options, ctl)
        }),
        ..Desk::opener()
    };
    let mut desk = Desk::loading(opener);
    for key in ["7", "j", "j", "a", "down"] {
        desk.press(key);
    }
    release.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.until_idle();
    desk.shows("▸C000003");
}
