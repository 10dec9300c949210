//! Marks, cohorts, history, and what can be taken along: copies, files, steps.

use super::{Desk, FOUR_STEPS};
use crate::tui::app::Outside;

fn copied(desk: &Desk) -> String {
    let texts = desk.app.outside.iter().map(|outside| match outside {
        Outside::Copy(text) => text.clone(),
        other => format!("{other:?}"),
    });
    texts.collect::<Vec<_>>().join("|")
}

#[test]
fn what_is_under_the_cursor_its_ids_and_its_table_are_copied() {
    let mut desk = Desk::open(80, 24);
    desk.keys("7jjyy");
    assert_eq!(copied(&desk), "C000002");
    desk.app.outside.clear();
    desk.keys(" j yi");
    assert_eq!(copied(&desk), "C000002\nC000004\n");
    desk.app.outside.clear();
    desk.keys("yc");
    let csv = copied(&desk);
    assert!(csv.starts_with("customer,first,last,events") && csv.lines().count() == 3, "{csv}");
    desk.app.outside.clear();
    desk.keys("*yi").shows("84,210 ids are too many to copy; e writes them to a file");
    assert_eq!(copied(&desk), "");
    desk.keys("2asearch⏎apurch⏎ym");
    assert!(copied(&desk).starts_with("| step |"), "{}", copied(&desk));
}

#[test]
fn marks_survive_sorting_and_are_counted() {
    let mut desk = Desk::open(80, 24);
    desk.keys("7  ").shows("2 marked").shows("✓ C000000").shows("✓ C000001");
    desk.keys("sevents⏎").shows("2 marked").keys("jjjjVgg").shows("marked");
    desk.keys(":unmark⏎").shows("nobody is marked");
}

#[test]
fn history_leads_back_and_forward_with_every_cursor_where_it_was() {
    let mut desk = Desk::open(80, 24);
    desk.keys(FOUR_STEPS).keys("kk⏎jjj");
    let list = desk.screen();
    desk.keys("⏎");
    let timeline = desk.screen();
    desk.keys("1");
    desk.keys("[");
    assert_eq!(desk.screen(), timeline);
    desk.keys("[");
    assert_eq!(desk.screen(), list);
    desk.keys("⎋").keys("]");
    assert_eq!(desk.screen(), list);
    desk.keys("]]");
    desk.shows("Headline");
    desk.keys("]").shows("there is nothing after this");
}

#[test]
fn those_behind_a_number_are_saved_as_a_cohort_and_filtered_to() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("kk").keys("C").shows("Save 16,565 customers as a cohort named");
    desk.keys("⌃usearchers gone⏎").shows("saved searchers gone: 16,565 customers");
    desk.keys("gc").shows("searchers gone").keys("⏎").shows("in searchers gone");
    desk.keys("u").shows("no filter").keys("gx⏎").shows("not in searchers gone").keys("x").shows("no filter");
    desk.keys("m").shows("A is dropped after search: 16,565 customers · M pins B").keys("jM").shows("B is");
    desk.keys("gc").shows("A dropped after search");
    desk.keys("⎋7 j C").shows("Save 2 customers as a cohort named").shows("› 2 marked customers");
    desk.keys("⏎gcmarked⏎").shows("in 2 marked customers").keys("yb");
    let command = copied(&desk);
    assert!(
        command.contains(r#"--among 'customers --customers '\''customer in ["C000000", "C000002"]'\'''"#),
        "{command}"
    );
}

#[test]
fn steps_are_listed_and_undone_by_their_words() {
    let mut desk = Desk::open(80, 24);
    desk.keys(FOUR_STEPS).keys("fchannel == \"web\"⏎");
    desk.keys("gu").shows("filter events: channel").shows("funnel -s search").shows("funnel -s purchase").keys("⎋");
    desk.keys("u").shows("undone: filter events: channel");
}

#[test]
fn an_answer_is_written_to_a_file_and_nothing_is_replaced_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("steps.csv");
    let typed = path.to_string_lossy().into_owned();
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("e").shows("Write this to a file, as").keys("csv⏎⌃u").keys(&typed).keys("⏎");
    desk.shows("wrote");
    let written = std::fs::read_to_string(&path).expect("a file");
    assert!(written.starts_with("step,name,customers") && written.lines().count() == 5, "{written}");
    desk.keys("7ecsv⏎⌃u")
        .keys(&typed)
        .keys("⏎")
        .shows("is there already; ⏎ again replaces it")
        .keys("⏎")
        .shows("wrote");
    assert_eq!(std::fs::read_to_string(&path).expect("a file").lines().count(), 84_211);
    desk.keys("2gs⌃u").keys(&folder.path().join("steps.sh").to_string_lossy()).keys("⏎").shows("wrote");
    let script = std::fs::read_to_string(folder.path().join("steps.sh")).expect("a file");
    assert!(
        script.starts_with("#!/bin/sh\n")
            && script.contains("\ntrailmap funnel shop/events_2026q2.csv -s visit -s search"),
        "{script}"
    );
}

#[test]
fn the_start_of_the_data_can_be_worked_with_until_the_whole_takes_its_place() {
    let release = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut desk = Desk::at_the_start(&release);
    desk.shows("◐ only the first 338,655 rows").shows("reading").shows("84,210 customers");
    desk.press("7");
    desk.until_answered();
    desk.press("j");
    desk.shows("◐ only the first");
    release.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.until_idle();
    desk.shows("✓ read 338,655 rows").shows("no filter").shows("▸C000001");
}

#[test]
fn a_load_that_is_stopped_leaves_its_start_marked_as_that() {
    let release = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut desk = Desk::at_the_start(&release);
    desk.press("ctrl-c");
    desk.until_idle();
    desk.shows("stopped; everything is about the first 338,655 rows");
    desk.keys("2asearch⏎").shows("◐ only the first 338,655 rows").keys("yc");
    release.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.keys(":read-again-all⏎").shows("no filter");
}
