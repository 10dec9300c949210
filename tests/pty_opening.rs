//! Opening data in a real terminal: the list of files, the columns, the last session, a pipe, and no picture at all.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::binary::{Run, command, finish};
use crate::support::pty::Terminal;

const SHOP: &str = "sample-data/shop.csv";

#[track_caller]
fn quits(mut terminal: Terminal) {
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0, "{}", terminal.text());
    assert_eq!(terminal.left_changed(), Vec::<&str>::new(), "\n{}", terminal.text());
}

#[test]
fn without_a_source_files_are_listed_and_one_is_opened() {
    let mut terminal = Terminal::start(&[], 80, 24);
    terminal.wait_for(&["Open —", "sample-data/", "a web shop of 5,000 customers"]);
    terminal.press("sample-d\r");
    terminal.wait_for(&["shop.csv", "ecom.csv.gz"]);
    terminal.press("shop\r");
    terminal.wait_for(&["Home", "Funnel", "3,751"]);
    quits(terminal);
}

#[test]
fn a_list_of_files_can_be_left_without_opening_one() {
    let mut terminal = Terminal::start(&[], 80, 24);
    terminal.wait_for(&["Open —"]);
    terminal.press("\x03");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    assert_eq!(terminal.left_changed(), Vec::<&str>::new());
}

#[test]
fn columns_that_are_not_clear_are_asked_about_then_read_and_remembered() {
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().join("state").to_string_lossy().into_owned();
    let mut rows = "user_id,client_id,event,ts\n".to_owned();
    for i in 0..60 {
        rows.push_str(&format!(
            "u{},c{},{},2024-05-{:02} 10:00:00\n",
            i % 7,
            i % 11,
            ["see", "buy"][i % 2],
            i % 28 + 1
        ));
    }
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    for name in ["a.csv", "b.csv"] {
        fs::write(path(name), &rows).expect("written");
    }
    let variables = [("XDG_STATE_HOME", state.as_str())];
    let mut terminal = Terminal::start_with(&[&path("a.csv")], 80, 24, &variables);
    terminal.wait_for(&["map columns", "unsure", "two columns may be the customer"]);
    terminal.press(" client\r");
    terminal.wait_for(&["client_id", "set", "each of 60 rows has a customer"]);
    terminal.press("\r");
    terminal.wait_for(&["Headline", "11 customers"]);
    quits(terminal);
    let mut terminal = Terminal::start_with(&[&path("b.csv")], 80, 24, &variables);
    terminal.wait_for(&["11 customers", "columns as you chose them before"]);
    quits(terminal);
}

/// The file in a folder, once it is there under its own name; does not sleep.
fn saved_in(folder: &Path) -> std::path::PathBuf {
    let until = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let mut names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        if let Some(path) = names.find(|path| path.extension().is_some_and(|extension| extension == "journeys")) {
            return path;
        }
        assert!(std::time::Instant::now() < until, "nothing was saved");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_saved_opens_on_the_same_screen_and_damage_is_not_seen() {
    let folder = TempDir::new().expect("a folder");
    let cache = folder.path().to_string_lossy().into_owned();
    let variables = [("TRAILMAP_CACHE_DIR", cache.as_str())];
    let look = || {
        let mut terminal = Terminal::start_with(&[SHOP], 100, 30, &variables);
        terminal.wait_for(&["Home", "3,751", "read 32,283"]);
        terminal.press("7");
        terminal.wait_for(&["Customers — 3,751 customers", "32,283 events"]);
        terminal.settle();
        terminal
    };
    let first = look();
    let path = saved_in(&folder.path().join("journeys"));
    // What is said when reading is done takes its time into account.
    let shown = |terminal: &Terminal| terminal.text().lines().take(26).collect::<Vec<_>>().join("\n");
    let expect = shown(&first);
    quits(first);
    let bytes = fs::read(&path).expect("saved");
    for at in [0, bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4, bytes.len() - 100] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        fs::write(&path, if at == 0 { &bytes } else { &flipped }).expect("written");
        let terminal = look();
        assert_eq!(shown(&terminal), expect, "byte {at}");
        quits(terminal);
    }
}

fn one_session(state: &Path) -> Option<fs::Metadata> {
    fs::read_dir(state.join("trailmap/sessions")).ok()?.flatten().next()?.metadata().ok()
}

#[test]
fn what_a_broken_line_cut_off_is_offered_again() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().to_string_lossy().into_owned();
    let variables = [("XDG_STATE_HOME", state.as_str())];
    let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &variables);
    terminal.wait_for(&["Home", "3,751"]);
    terminal.press("2a");
    terminal.wait_for(&["Add step 1"]);
    terminal.press("catalog\r");
    terminal.wait_for(&["1 catalog"]);
    terminal.settle();
    // Keeping it draws nothing.
    assert_eq!(terminal.bytes_within(Duration::from_secs(6)), 0, "{}", terminal.text());
    assert_eq!(one_session(folder.path()).expect("kept").permissions().mode() & 0o777, 0o600);
    terminal.signal("HUP");
    assert_eq!(terminal.wait_exit().exit_code(), 129);
    let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &variables);
    terminal.wait_for(&["The last session was cut off", "a funnel of 1 step"]);
    terminal.press("\r");
    terminal.wait_for(&["as you left it", "1 catalog"]);
    quits(terminal);
    let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &variables);
    terminal.wait_for(&["Home", "3,751"]);
    terminal.press("j");
    terminal.wait_for(&["g r goes on where you were"]);
    quits(terminal);
}

#[test]
fn a_pipe_is_read_while_keys_come_from_the_terminal() {
    let script = format!("cat {SHOP} | {} -; echo status $?", env!("CARGO_BIN_EXE_trailmap"));
    let mut terminal = Terminal::script(&script, 100, 24);
    terminal.wait_for(&["Home", "Funnel", "3,751"]);
    terminal.press("7");
    terminal.wait_for(&["Customers — 3,751 customers", "32,283 events"]);
    terminal.press("q");
    terminal.wait_for(&["status 0"]);
    terminal.wait_exit();
    assert_eq!(terminal.left_changed(), Vec::<&str>::new());
}

fn plain(args: &[&str], typed: &str) -> Run {
    let folder = TempDir::new().expect("a folder");
    let input = folder.path().join("input");
    fs::write(&input, typed).expect("written");
    let mut command = command(args);
    for (name, below) in [("HOME", "h"), ("XDG_STATE_HOME", "s"), ("XDG_CONFIG_HOME", "c"), ("XDG_CACHE_HOME", "k")] {
        command.env(name, folder.path().join(below));
    }
    command.stdin(fs::File::open(&input).expect("there"));
    finish(&mut command)
}

#[test]
fn without_a_picture_every_change_is_a_few_lines() {
    let run = plain(&["--plain", SHOP], "2\na\ncatalog\nadd-step\ncart\nk\n\nq\n");
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
    for text in [
        "Home. All 3,751",
        "Funnel. All 3,751",
        "Cursor: cart: step 2, customers 1,924, ",
        "Dropped after catalog",
        "Commands: ",
    ] {
        assert!(run.out.contains(text), "`{text}` is missing:\n{}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "{}", run.out);
    let run = plain(&["--plain"], "sample-data/shop.csv\n7\n");
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("Open a file in") && run.out.contains("of 3,751 rows."), "{}", run.out);
    let run = plain(&["--plain", "no-such.csv"], "");
    assert_eq!(run.status, 1, "{}", run.out);
    assert!(run.err.contains("no-such.csv"), "{}", run.err);
}

#[test]
fn without_a_terminal_a_source_must_still_be_named() {
    let run = plain(&[], "");
    assert_eq!(run.status, 2);
    assert!(run.err.contains("name a SOURCE"), "{}", run.err);
}
