//! The dwell pane: its screens, that every number opens a list as long as it says, and undo.

use super::*;
use crate::tui::app::Outside;

/// Stages of the made-up data, in order.
const STAGES: &str =
    "4alook=visit|search⏎aconsider=view_item⏎acart=add_cart|support_chat⏎apay=checkout⏎adone=purchase⏎Tkkk";

screens! {
    touchpoints: "4";
    boxes: STAGES;
    numbers: &format!("{STAGES}v");
    bins: &format!("{STAGES}⇥jjj");
    curve: &format!("{STAGES}t⇥jjjjj");
    exits: &format!("{STAGES}tt⇥");
    slow_tail: &format!("{STAGES}kttt⇥j");
    broken_down: &format!("{STAGES}bdev⏎⇥jj");
    with_a_limit: &format!("{STAGES}w6h⏎");
    between: "4Badd_c⏎purch⏎⇥⇥";
    even: &format!("{STAGES}L⇥");
    sorted: &format!("{STAGES}s");
}

/// Presses keys that open a list, and compares its title's number with its length.
#[track_caller]
fn opens(desk: &mut Desk, keys: &str, title: &str) {
    let before = desk.screen();
    desk.keys(keys);
    let screen = desk.screen();
    assert!(screen.contains(title), "after {keys}: no `{title}`\n{screen}\nbefore:\n{before}");
    desk.keys("⎋");
}

/// The number that `y c` of the table has in the row that begins with these cells.
fn number(desk: &mut Desk, row: &str, column: &str) -> u64 {
    desk.app.outside.clear();
    desk.keys("yc");
    let Some(Outside::Copy(csv)) = desk.app.outside.first().cloned() else { panic!("nothing was copied") };
    let mut lines = csv.lines();
    let at = lines.next().and_then(|head| head.split(',').position(|name| name == column)).expect("a column");
    let line = lines.find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("no row {row} in\n{csv}"));
    line.split(',').nth(at).and_then(|cell| cell.parse().ok()).expect("a number")
}

#[track_caller]
fn opens_number(desk: &mut Desk, keys: &str, title: &str, (row, column): (&str, &str)) {
    let n = number(desk, row, column);
    assert!(n > 0, "{row} {column}");
    opens(desk, keys, &format!("{title} — {}", crate::tui::words::things(n, "customer")));
}

#[test]
fn every_number_of_a_stage_opens_a_list_as_long() {
    let mut desk = Desk::open(140, 40);
    desk.keys(STAGES);
    opens_number(&mut desk, "⏎", "Visits to consider", ("consider,", "visits"));
    opens_number(&mut desk, "o", "Still in consider", ("consider,", "open"));
    opens_number(&mut desk, "p", "Moved on from consider", ("consider,", "completed"));
    opens_number(&mut desk, "r", "Came back to consider", ("consider,", "reentries"));
    desk.keys("O").shows("list-over-limit: needs a limit; w sets one");
    desk.keys("w1h⏎").shows("over 1h");
    let screen = desk.screen();
    let over = screen.split("consider: ").nth(1).and_then(|text| text.split(' ').next()).expect("a number").to_owned();
    opens(&mut desk, "O", &format!("Over 1h in consider — {over} customers"));
}

#[test]
fn bins_points_exits_and_the_slow_open_lists_as_long() {
    let mut desk = Desk::open(140, 40);
    desk.keys(STAGES).keys("⇥").keys(&"j".repeat(17));
    let n = number(&mut desk, "consider,18,", "completed");
    desk.keys("⏎").shows("Moved on from consider after").shows(&format!("— {n} customers")).keys("⎋");
    desk.keys("⇥").keys("jjjj");
    let risk = desk.screen().split("⏎ ").nth(1).and_then(|text| text.split(' ').next()).expect("a number").to_owned();
    opens(&mut desk, "⏎", &format!("— {risk} customers"));
    desk.keys("⇥");
    opens_number(&mut desk, "⏎", "Went from consider to cart", ("consider,cart,", "visits"));
    desk.keys("ge").shows("▸(still there");
    desk.keys("⇥").shows("▸every slow visit");
    let slow = number_after(&mut desk, "▸every slow visit");
    opens(&mut desk, "⏎", &format!("in consider — {slow} customers"));
    desk.keys("j");
    let row = desk.screen().lines().rfind(|line| line.contains("▸")).expect("a row").to_owned();
    let with = row.rsplit('▸').next().expect("a row");
    let with = with.split("  ").map(str::trim).find(|part| part.parse::<u64>().is_ok()).expect("a number").to_owned();
    opens(&mut desk, "⏎", &format!("— {with} customers"));
}

/// The first number behind a text on the screen.
fn number_after(desk: &mut Desk, text: &str) -> String {
    let screen = desk.screen();
    let rest = screen.split(text).nth(1).expect("the text is on the screen");
    rest.split_whitespace().next().expect("a number").to_owned()
}

#[test]
fn values_of_a_breakdown_open_their_own_lists_and_differ_in_words() {
    let mut desk = Desk::open(140, 40);
    desk.keys(STAGES).keys("bdev⏎").shows("differ (log-rank p").keys("⇥j").shows("time per stage · android");
    opens_number(&mut desk, "⏎", "Visits to consider · android", ("android,consider,", "visits"));
    opens_number(&mut desk, "o", "Still in consider · android", ("android,consider,", "open"));
    desk.keys("+").shows("device == \"android\"").keys("u");
    desk.keys("C").shows("Save").shows("was in consider · android").keys("⏎").shows("saved");
    desk.keys("bnone⏎");
    desk.shows("time per stage ─");
}

#[test]
fn stages_are_added_edited_moved_and_taken_out_and_all_of_it_is_undone() {
    let mut desk = Desk::open(140, 40);
    desk.keys("4").keys("avisit ⌫⏎asea⏎").shows("search");
    let built = desk.screen();
    desk.keys("<").keys("=⌃ulook=search|view_item⏎").shows("▸look").keys("T").shows("look ■").keys("X");
    assert!(!desk.screen().contains("▸look"), "{}", desk.screen());
    desk.keys("cEL").keys("⎋").keys("uuuuuu");
    desk.keys("4ge").shows("▸search");
    assert_eq!(desk.screen(), built);
    desk.keys("Bvis⏎purch⏎").shows("from visit to purchase").keys("a").shows("B goes back to stages");
    desk.keys("B").shows("▸visit").keys("aconsider=nothing_like|it⏎").shows("no event is named");
}

#[test]
fn the_cursor_stays_on_its_stage_whatever_the_order() {
    let mut desk = Desk::open(80, 24);
    desk.keys(STAGES).shows("▸consider");
    for _ in 0..4 {
        desk.keys("s").shows("▸consider");
    }
    desk.keys("fchannel == \"web\"⏎").shows("▸consider").keys("<").shows("▸consider");
    desk.keys("<").shows("move-stage-earlier: needs a stage before this one");
}

#[test]
fn a_frame_is_drawn_fast() {
    let mut desk = Desk::open(250, 80);
    desk.keys(STAGES).keys("bdev⏎");
    let before = std::time::Instant::now();
    for _ in 0..10 {
        desk.draw();
    }
    // Many times what an optimized build takes, on a machine that does other things too.
    assert!(before.elapsed() < std::time::Duration::from_secs(3), "{:?}", before.elapsed());
}
