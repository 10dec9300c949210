//! Paths: every view, every number opened, and the ways between paths and funnels.

use super::{Desk, FOUR_STEPS};
use crate::tui::command::Action;
use crate::tui::panes::paths::PathsAction;

const OPEN: Action = Action::Paths(PathsAction::Open);

/// The number of customers that pinning says are under the cursor: `A is path visit: 84,210 customers · M pins B`.
fn number_under_cursor(desk: &mut Desk) -> String {
    desk.keys("m");
    let screen = desk.screen();
    let said =
        screen.lines().find(|line| line.contains("A is ")).unwrap_or_else(|| panic!("nothing pinned:\n{screen}"));
    let before = said.split(" customer").next().expect("a number before the word");
    before.rsplit([':', ' ']).next().expect("a number").to_owned()
}

/// Opens what is under the cursor at `n` places, going on by `step`; returns how many lists were opened.
#[track_caller]
fn check_lists(desk: &mut Desk, step: &str, n: usize) -> usize {
    let mut n_opened = 0;
    for _ in 0..n {
        if desk.app.allows(OPEN).is_ok() {
            let number = number_under_cursor(desk);
            let before = desk.screen();
            desk.keys("⏎").shows(&format!("— {number} customer"));
            desk.keys("⎋");
            let cut = |screen: &str| screen.lines().take(38).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(cut(&desk.screen()), cut(&before), "the cursor stays where it was");
            n_opened += 1;
        }
        desk.keys(step);
    }
    n_opened
}

#[test]
fn every_list_is_as_long_as_its_number_in_every_view() {
    for (view, step, least) in [
        ("L", "j", 12),
        ("%⌃u20⏎L", "j", 8),
        ("R", "j", 8),
        ("w⌃u2⏎L", "j", 4),
        ("v", "j", 1),
        ("v", "l", 5),
        ("vl⇥", "j", 4),
        ("vv", "j", 8),
        ("vvs⏎", "j", 8),
        ("vvsmedian⏎", "j", 8),
        ("vvv", "j", 1),
        ("vvvjjj", "l", 3),
        ("vvvshow often⏎l", "jl", 3),
        ("vvvv", "j", 4),
        ("vvvv⇥", "j", 5),
        ("V", "j", 10),
        ("V.Gpurch⏎", "j", 10),
    ] {
        for before in ["", "O", "raview⏎"] {
            let mut desk = Desk::thin(200, 40);
            desk.keys("3").keys(before).keys(view);
            let n_opened = check_lists(&mut desk, step, 13);
            let least = if before == "raview⏎" { least.min(2) } else { least };
            assert!(n_opened >= least, "{before} {view}: only {n_opened} lists opened\n{}", desk.screen());
        }
    }
}

#[test]
fn paths_and_funnel_agree() {
    let mut desk = Desk::open(140, 40);
    desk.keys("3jj").shows("44,907").keys("T").shows("[2] Funnel").shows("3 view_item").shows("44,907");
    desk.keys("3").shows("Paths: tree");
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("k").shows("38,703");
    desk.keys("p").shows("Paths: tree — 38,703 customers").shows("of those who dropped after view_item");
    desk.keys("⏎").shows("Path view_item — 38,703 customers").keys("⎋⎋").shows("3 view_item");
    desk.keys("jp")
        .shows("Paths: tree — 6,204 customers")
        .shows("of those who completed with purchase")
        .shows("▸▾ visit");
}

#[test]
fn the_paths_of_those_who_dropped_stay_theirs_when_the_filter_changes() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("kp").keys("⏎").shows("38,703 customers");
    desk.keys("Fjourney.events > 3⏎").shows("the filter leaves");
    let screen = desk.screen();
    desk.keys("⎋").shows("of those who dropped");
    let n = |screen: &str| {
        let title = screen.lines().find(|line| line.contains(" customers ")).expect("a title");
        title.split("— ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a number").to_owned()
    };
    assert_eq!(n(&screen), n(&desk.screen()), "{screen}\n{}", desk.screen());
    assert_ne!(n(&screen), "38,703");
}

#[test]
fn the_question_changes_by_keys_and_all_of_it_is_undone() {
    let mut desk = Desk::open(140, 40);
    desk.keys("3");
    let whole = desk.screen();
    desk.keys("jjn").shows("view_item is left out").shows("without view_item");
    desk.keys("jc").shows("paths from").keys("R").shows("backwards").keys("r").shows("repeats kept");
    desk.keys("w⌃u3⏎").shows("depth 3").keys("%⌃u2.5⏎").shows("≥ 2.5%").keys("O").shows("sessions");
    desk.keys("uuuuuuu").shows("undone").keys("gg⇥⎋3");
    assert_eq!(
        desk.screen().lines().skip(2).take(30).collect::<Vec<_>>(),
        whole.lines().skip(2).take(30).collect::<Vec<_>>()
    );
    desk.keys("UUU").shows("backwards").shows("without view_item");
    desk.keys("N").shows("repeats collapsed").keys("*").shows("back from the end");
}

#[test]
fn a_step_is_typed_with_proposals_and_a_mistake_says_so() {
    let mut desk = Desk::open(140, 40);
    desk.keys("3asea⏎").shows("paths from search").shows("61,472");
    desk.keys("a").shows("now search").keys("ever⏎").shows("no event is named").keys("u").shows("61,472");
    desk.keys("Apurch⏎").shows("paths from search to purchase").shows("6,204");
    desk.keys("*").shows("whole journeys").keys("w⌃unone⏎").shows("is no depth").keys("⎋");
    desk.keys("%⌃u200⏎").shows("is no share").keys("⎋").shows("84,210 customers");
    desk.keys("Gpurch⏎").shows("goal purchase").shows("lift").keys("G").shows("no goal");
}

#[test]
fn branches_fold_and_the_cursor_keeps_its_branch() {
    let mut desk = Desk::open(80, 24);
    desk.keys("3").shows("├▾ search").keys("jh").shows("▸├▸ search").keys("l").shows("├▾ search");
    desk.keys("l").shows("▸│├▾ view_item").keys("hh").shows("▸├▾ search").keys("hh").shows("▸▾ visit");
    desk.keys("jjj").keys("H").shows("▸▸ visit").keys("L").shows("purchase");
    desk.keys("gg").keys("jj").shows("▸│├▾ view_item").keys("%⌃u5⏎").shows("▸│├▾ view_item");
    desk.keys("vv").keys("VV").shows("▸│├▾ view_item");
}

#[test]
fn a_flow_without_room_is_a_tree() {
    let mut desk = Desk::open(80, 24);
    desk.keys("3v").shows("Paths: tree").shows("v ranking");
    desk.width = 140;
    desk.draw();
    desk.until_idle();
    desk.shows("Paths: flow").keys("ll").shows("view_item at position 3 — ");
    desk.width = 80;
    desk.draw();
    desk.until_idle();
    desk.shows("Paths: tree");
}

#[test]
fn what_is_under_the_cursor_is_filtered_copied_and_saved() {
    let mut desk = Desk::open(140, 40);
    desk.keys("3j+").shows("event == \"search\"").keys("u").keys("jC").shows("Save 44,907 customers as a cohort");
    desk.keys("⎋yy");
    assert!(format!("{:?}", desk.app.outside).contains("visit ▸ search ▸ view_item"), "{:?}", desk.app.outside);
    desk.app.outside.clear();
    desk.keys("vvyb");
    let copied = format!("{:?}", desk.app.outside);
    assert!(copied.contains("trailmap paths") && copied.contains("--only sequences"), "{copied}");
    desk.app.outside.clear();
    desk.keys("suni⏎yc");
    assert!(format!("{:?}", desk.app.outside).contains("rank,path,length"), "{:?}", desk.app.outside);
}
