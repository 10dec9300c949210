//! The cohorts pane: who comes back, how groups differ, and that every number opens what it says.

use super::{FOUR_STEPS, tones};
use crate::tui::made_up::Desk;
use crate::tui::theme::{Environment, Scheme, Theme};

screens! {
    retention: "5w";
    retention_in_weeks: "5l";
    retention_by_device: "5bdev⏎⇥w";
    curves: "5bdev⏎vjl";
    comparison_by_column: "5vvbdev⏎jjj";
    comparison_of_pins: &format!("{FOUR_STEPS}kmkkM5vvjjj");
    mix_or_rate: "5vvT2026-04-02⏎Avis⏎Apurch⏎vj";
    lifecycle: "5vvvvjjl";
    stickiness: "5Vwwwww";
    nothing_to_compare: "5vv";
}

/// The number of customers in the title of the list that is open.
#[track_caller]
fn opened(desk: &mut Desk) -> u64 {
    let screen = desk.screen();
    let line = screen.lines().find(|line| line.contains(" — ") && line.contains(" customer")).unwrap_or_default();
    let number = line.split(" — ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    number.replace(',', "").parse().unwrap_or_else(|_| panic!("no list is open:\n{screen}"))
}

/// The sentence about the cell under the cursor: the numbers in it.
#[track_caller]
fn numbers(desk: &mut Desk, about: &str) -> Vec<u64> {
    let screen = desk.screen();
    // What stands on a frame about the same cohort is not the sentence.
    let is_said = |line: &str| [" of ", " started", " active", " customers"].iter().any(|word| line.contains(word));
    let line = screen.lines().rev().find(|line| line.contains(about) && is_said(line));
    let line = line.unwrap_or_else(|| panic!("{about}:\n{screen}"));
    let text = line.split(about).nth(1).unwrap_or_default();
    let words = text.split(' ').filter_map(|word| word.replace(',', "").parse().ok());
    words.collect()
}

#[test]
fn every_cell_opens_as_many_as_it_says() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5jk").shows("Retention");
    // By day: the first customers came back a day later to check out.
    desk.keys(":change-period⏎:change-period⏎:change-period⏎:change-period⏎:change-period⏎").shows("in day k");
    desk.keys("jjjjjjjjjj");
    let counts = numbers(&mut desk, "2026-04-11: ");
    desk.keys("⏎").shows("Back in day 1 · 2026-04-11");
    assert_eq!(opened(&mut desk), counts[0]);
    desk.keys("⎋o").shows("Not back in day 1 · 2026-04-11");
    assert_eq!(opened(&mut desk) + counts[0], counts[1]);
    desk.keys("⎋h⏎").shows("Started · 2026-04-11");
    assert_eq!(opened(&mut desk), counts[1]);
    desk.keys("⎋gel").shows("all: ");
    let counts = numbers(&mut desk, "all: ");
    desk.keys("⏎").shows("Back in day 1");
    assert_eq!(opened(&mut desk), counts[0]);
    desk.keys("⎋bdev⏎⇥").shows("device");
    let counts = numbers(&mut desk, "all: ");
    desk.keys("⏎");
    assert_eq!(opened(&mut desk), counts[0]);
}

#[test]
fn a_figure_of_a_comparison_opens_its_customers() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5vvbdev⏎gg").shows("customers");
    let counts = numbers(&mut desk, "desktop: ");
    desk.keys("⏎").shows("Cohort ");
    assert_eq!(opened(&mut desk), counts[0]);
    desk.keys("⎋Avis⏎Asea⏎j");
    let counts = numbers(&mut desk, "desktop: ");
    desk.keys("⏎");
    let yes = opened(&mut desk);
    desk.keys("⎋o");
    assert_eq!((yes, yes + opened(&mut desk)), (counts[0], counts[1]));
}

#[test]
fn states_of_the_lifecycle_open_and_reconcile() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5vvvv").shows("Lifecycle").keys("jjl");
    let active = numbers(&mut desk, ": ")[0];
    let mut sum = 0;
    for _ in 0..3 {
        desk.keys("⏎");
        if desk.screen().contains(" — ") && desk.screen().contains("by customer id") {
            sum += opened(&mut desk);
            desk.keys("⎋");
        }
        desk.keys("l");
    }
    assert_eq!(sum, active);
    desk.keys("v⏎").shows("Active in 1 week");
}

#[test]
fn changes_are_undone_one_by_one_and_views_with_them() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5");
    let first = desk.screen();
    desk.keys("w").shows("in month k").keys("O").shows("on-or-after").keys("r").shows("recurring");
    desk.keys("uuu").shows("undone");
    desk.keys("jk");
    let back = desk.screen();
    assert!(back.contains("in week k") && !back.contains("recurring"), "{first}\n{back}");
    desk.keys("vvbdev⏎").shows("desktop").keys("u").shows("Nothing to compare yet.").keys("U").shows("desktop");
}

#[test]
fn pins_from_any_pane_are_compared() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("kkmkM");
    desk.keys("5vv").shows("A").shows("B").shows("dropped after").shows("customers");
    assert!(!desk.screen().contains("Nothing to compare"), "{}", desk.screen());
    desk.keys("yb");
    let copied = format!("{:?}", desk.app.outside);
    assert!(copied.contains("trailmap compare") && copied.contains("--pin 'A=funnel -s visit"), "{copied}");
    desk.keys("bdev⏎").shows("desktop").keys("P").shows("dropped after");
    desk.keys("d").shows("no longer compared");
}

#[test]
fn a_cell_is_a_group_that_can_be_pinned_and_filtered_to() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5hC").shows("customers as a cohort named").keys("⌃ufirst week⏎").shows("saved first week");
    desk.keys("gcfirst⏎").shows("in first week");
    desk.keys("xm").shows("A is started");
}

#[test]
fn what_cannot_be_opened_says_why() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5vv⏎").shows("needs cohorts to compare");
    desk.keys("vvv").shows("Stickiness").keys("o").shows("belongs to shares");
    desk.keys("T").shows("before and from").keys("never⏎").shows("is not a time");
}

#[test]
fn a_break_is_compared_before_and_after() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5jjc").shows("before 2026-04-13").shows("from 2026-04-13").keys(">").shows("before 2026-04-20");
    desk.keys("u").shows("before 2026-04-13");
}

#[test]
fn a_click_moves_the_cursor_to_the_cell() {
    let mut desk = Desk::open(140, 40);
    desk.keys("5");
    let (_, drawn) = desk.draw();
    let cells = drawn.targets.iter().filter(|(_, target)| matches!(target, crate::tui::paint::Target::Row { .. }));
    assert!(cells.count() > 12, "every cell can be pointed at");
}
