//! The map pane: its screens, that every number opens a list as long as it says, personas, undo and comments.

use super::*;
use crate::tui::app::Outside;

screens! {
    journey: "6ljjj";
    journey_unfolded: "6.lljjjjjjjj";
    experience: "6vljj";
    experience_of_channels: "6vbl";
    experience_of_the_lost: "6vccl";
    experience_of_volume: "6vc";
    transposed: "6vTjj";
    blueprint: "6vvljj";
    pains: "6vvvllll";
    comments: "6lljjj⇥j";
    of_a_persona: "6Phur⏎lj";
}

#[test]
fn without_stages_the_pane_says_how_to_get_them() {
    for (wide, tall) in [(80, 24), (140, 40), (58, 14)] {
        let mut desk = Desk::thin(wide, tall);
        desk.keys("6").shows("journey map needs stages").shows("trailmap init");
    }
    let mut desk = Desk::thin(80, 24);
    desk.keys("6⏎").shows("open-cell: needs stages").keys("D").shows("Dwell pane asks about no stages");
    desk.keys("P").shows("choose-persona: needs a workspace");
    desk.keys("6v").shows("next-map-view: needs stages");
}

/// The number of customers in the title of the list that is open.
#[track_caller]
fn opened(desk: &mut Desk, title: &str) -> u64 {
    let screen = desk.screen();
    let line = screen.lines().find(|line| line.contains(&format!("{title} — "))).unwrap_or_default();
    let number = line.split(&format!("{title} — ")).nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    number.replace(',', "").parse().unwrap_or_else(|_| panic!("no list of `{title}` is open:\n{screen}"))
}

/// The table under the cursor as CSV.
fn table(desk: &mut Desk) -> String {
    desk.app.outside.clear();
    desk.keys("yc");
    match desk.app.outside.first().cloned() {
        Some(Outside::Copy(csv)) => csv,
        other => panic!("nothing was copied: {other:?}\n{}", desk.screen()),
    }
}

/// The number in the row that begins with these cells.
#[track_caller]
fn number(desk: &mut Desk, row: &str, column: &str) -> u64 {
    let csv = table(desk);
    let mut lines = csv.lines();
    let at = lines.next().and_then(|head| head.split(',').position(|name| name == column)).expect("a column");
    let line = lines.find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("no row {row} in\n{csv}"));
    line.split(',').nth(at).and_then(|cell| cell.parse().ok()).unwrap_or_else(|| panic!("{row} {column}:\n{csv}"))
}

#[track_caller]
fn opens(desk: &mut Desk, keys: &str, title: &str, (row, column): (&str, &str)) {
    let n = number(desk, row, column);
    assert!(n > 0, "{row} {column}");
    desk.keys(keys);
    assert_eq!(opened(desk, title), n, "{title}:\n{}", desk.screen());
    desk.keys("⎋");
}

#[test]
fn every_number_of_a_stage_opens_a_list_as_long() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6ll");
    opens(&mut desk, "⏎", "Was in Buy", ("purchase,", "customers"));
    opens(&mut desk, "o", "Still in Buy", ("purchase,", "waiting"));
    desk.keys("j");
    opens(&mut desk, "⏎", "Moved on from Buy", ("purchase,", "moved_on"));
    desk.keys("jj");
    opens(&mut desk, "⏎", "Said how Buy was", ("purchase,", "emotion_n"));
}

#[test]
fn touchpoints_channels_figures_and_scores_open_their_customers() {
    let mut desk = Desk::open(140, 60);
    desk.keys("6lljjjjj").shows("csat (csat)");
    opens(&mut desk, "⏎", "Answered csat", ("csat,csat,purchase,", "n"));
    desk.keys("jjj").shows("pay_fail × Buy");
    opens(&mut desk, "⏎", "Met pay_fail in Buy", ("pay_fail,,purchase,", "customers"));
    opens(&mut desk, "o", "Met pay_fail in Buy and was lost", ("pay_fail,,purchase,", "lost"));
    let csv = table(&mut desk);
    assert!(csv.starts_with("touchpoint,"), "{csv}");
    desk.keys("vb").shows("channels by stage").keys("gg").shows("Web × Buy");
    opens(&mut desk, "⏎", "Was in Buy through Web", ("web,Web,purchase,", "customers"));
}

#[test]
fn every_part_of_a_pain_opens_its_customers() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6V").shows("pains").shows("pay_fail · Buy").keys("/").shows("Comments that hold").keys("⎋");
    let row = "pay_fail,,purchase,";
    while !desk.screen().contains("pay_fail × Buy —") {
        desk.keys("j");
    }
    for (keys, title, column) in [
        ("lll", "Met pay_fail in Buy", "reach"),
        ("l", "Met pay_fail in Buy and was lost", "lost"),
        ("l", "Said that pay_fail in Buy was bad", "n_negative"),
        ("l", "Met pay_fail in Buy and was slow to move on", "slow"),
        ("l", "Met pay_fail in Buy again", "again"),
    ] {
        desk.keys(keys);
        opens(&mut desk, "⏎", title, (row, column));
    }
    desk.keys("s").shows("most severe first").keys("ss").shows("most to gain first");
}

#[test]
fn a_persona_moves_every_lane_and_undo_brings_everybody_back() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6");
    let everybody = desk.screen();
    let all = table(&mut desk);
    desk.keys("Phur⏎").shows("Hurried, on mobile").shows("customers: first.device");
    let hurried = table(&mut desk);
    desk.keys("Pcalm⏎").shows("Calm, at a desk");
    let calm = table(&mut desk);
    let n = |csv: &str, column: usize| -> Vec<u64> {
        let cell = |line: &str| line.split(',').nth(column).and_then(|cell| cell.parse().ok()).unwrap_or(0);
        csv.lines().skip(1).map(cell).collect()
    };
    // Stages of both personas add up to those of everybody: customers, moved on, events, those who said how it was.
    for column in [1, 2, 7, 9] {
        let sums: Vec<u64> = n(&hurried, column).iter().zip(n(&calm, column)).map(|(a, b)| a + b).collect();
        assert_eq!(sums, n(&all, column), "column {column}");
        assert_ne!(n(&hurried, column), n(&all, column));
    }
    desk.keys("uu").shows("undone");
    desk.keys("l").keys("h");
    assert_eq!(table(&mut desk), all, "{everybody}");
    desk.keys("Phur⏎").keys("Peverybody⏎");
    assert_eq!(table(&mut desk), all);
}

#[test]
fn views_keep_the_stage_and_the_grid_turns() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6ll").shows("Buy —");
    desk.keys("v").shows("experience").shows("× Buy —");
    desk.keys("T").keys("T").shows("× Buy —");
    desk.keys("v").shows("blueprint").shows("Buy —");
    desk.keys("v").shows("pains").keys("v").shows("journey").shows("Buy —");
    desk.keys("V").shows("pains").keys("b").shows("group-by: belongs to the experience");
}

#[test]
fn the_cursor_goes_from_cell_to_cell_and_never_to_where_nothing_is() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6v").shows("ad × Aware —").keys("l").shows("× Consider —").keys("l").shows("× Buy —");
    desk.keys("jjjjjjjj").shows("repeat_order × Loyal —").keys("hhhh").shows("× Aware —");
    desk.keys("T").shows("× Aware —").keys("llllll").shows("delivery × Use —").keys("k").shows("× Buy —");
}

#[test]
fn time_opens_the_dwell_of_the_stage_and_the_stages_are_a_funnel() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6lljj⏎").shows("Dwell — time per stage").keys("⎋").shows("[6] Map");
    desk.keys("p").shows("funnel to repeat_order").keys("⎋").shows("[6] Map");
    desk.keys("t").keys("⎋").shows("[6] Map");
}

#[test]
fn comments_of_a_cell_are_found_copied_and_lead_to_their_customer() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6lljjj").shows("card refused three times").shows("Comments — ");
    desk.keys("/refused⏎").shows("with “refused”").keys("yy");
    let copied = format!("{:?}", desk.app.outside);
    assert!(copied.contains("card refused three times"), "{copied}");
    desk.keys("⏎").shows("Customer C0").keys("⎋");
    desk.app.outside.clear();
    desk.keys("yi");
    let ids = format!("{:?}", desk.app.outside);
    assert!(ids.contains("C000600\\nC001600"), "{ids}");
    assert!(table(&mut desk).starts_with("customer,time,score,value,emotion,comment,"));
    desk.keys("/nothing like it⏎").shows("No comment holds this text").keys("/").bytes(&[21]);
    desk.keys("⏎");
    desk.keys("⇥lj").shows("csat");
    desk.keys("6vvv");
}

#[test]
fn stages_are_added_moved_and_taken_out_and_all_of_it_is_undone() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6ll");
    let before = desk.screen();
    desk.keys("X").shows("4 stages").keys("<").shows("4 stages").keys("uu");
    assert_eq!(desk.keys("k").screen().lines().nth(3), before.lines().nth(3));
    desk.keys("alast=survey⏎").shows("6 stages").shows("last").keys("=⌃ulatest=survey⏎").shows("latest");
    desk.keys(":clear-map⏎").shows("5 stages");
}

#[test]
fn a_cell_is_a_group_that_can_be_pinned_saved_and_named_in_a_command() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6llm").shows("A is was in Buy").keys("C").shows("was in Buy").keys("⏎").shows("saved");
    desk.keys("yb");
    let copied = format!("{:?}", desk.app.outside);
    assert!(copied.contains("trailmap map shop/events_2026q2.csv"), "{copied}");
    desk.keys("jjjjjj+").shows("event == ").keys("u");
    desk.keys("N").shows("Notes of the map").keys("⎋");
}

/// Every key of the map and of moving about, and lists, comments, dwell and funnels opened from it.
#[test]
fn a_monkey_on_the_map_breaks_nothing() {
    use crate::tui::command::Place;
    let own = |command: &&crate::tui::command::Command| matches!(command.place, Place::Map | Place::Rows);
    let keys: Vec<&str> = COMMANDS.iter().filter(own).flat_map(|command| command.keys).copied().collect();
    let mut desk = Desk::open(140, 40);
    desk.keys("6");
    let mut state = 7u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % below
    };
    for turn in 0..3_000 {
        if random(60) == 0 {
            (desk.width, desk.height) = ([1, 40, 58, 80, 140, 220][random(6)], [1, 8, 14, 24, 40, 60][random(6)]);
        }
        for key in keys[random(keys.len())].split(' ') {
            desk.press(key);
        }
        if random(4) == 0 {
            desk.press("esc");
        }
        if turn % 50 == 0 {
            desk.press("6");
        }
        desk.until_idle();
        desk.draw();
    }
    (desk.width, desk.height) = (140, 40);
    desk.until_idle();
    desk.keys(&"⎋".repeat(20)).shows("this is the first level; q quits");
}

#[test]
fn a_click_moves_the_cursor_to_the_cell() {
    let mut desk = Desk::open(140, 40);
    desk.keys("6");
    let (_, drawn) = desk.draw();
    let cells = drawn.targets.iter().filter(|(_, target)| matches!(target, crate::tui::paint::Target::Row { .. }));
    assert!(cells.count() > 30, "every cell can be pointed at");
}
