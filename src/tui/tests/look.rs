//! What settings and the terminal change: which-key, the settings page, themes, the mouse, slow lines, time zones.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::FOUR_STEPS;
use crate::base::visible::width;
use crate::tui::app::Outside;
use crate::tui::event::Event;
use crate::tui::look::Look;
use crate::tui::made_up::{Desk, text};
use crate::tui::theme::Environment;
use crate::workspace::{Setting, Settings};

/// A desk whose terminal is this one, without flags.
fn desk_on(environment: Environment) -> Desk {
    let mut desk = Desk::open(80, 24);
    desk.app.dress(
        Look::new(Settings::default(), Vec::new(), environment),
        Some("~/.config/trailmap/settings.toml".into()),
    );
    desk
}

fn xterm() -> Environment {
    Environment { term: "xterm-256color".into(), locale: "C.UTF-8".into(), ..Environment::default() }
}

fn kept(desk: &Desk) -> Vec<(Setting, &'static str)> {
    let keeps = desk.app.outside.iter().filter_map(|outside| match outside {
        Outside::Keep(setting, value) => Some((*setting, *value)),
        _ => None,
    });
    keeps.collect()
}

#[test]
fn a_box_shows_how_keys_go_on_but_only_to_those_who_wait() {
    let mut desk = Desk::open(80, 24);
    desk.keys(",");
    assert!(desk.app.due().is_some());
    let early = desk.screen();
    assert!(!early.contains("Draw with ASCII only"), "{early}");
    desk.wait(Duration::from_millis(299));
    assert_eq!(desk.screen(), early);
    desk.wait(Duration::from_millis(1));
    assert_eq!(desk.app.due(), None, "an open box waits for nothing");
    insta::assert_snapshot!("which_key_at_80x24", desk.screen());
    desk.keys("⎋");
    assert!(!desk.screen().contains("Draw with ASCII only"));
    (desk.width, desk.height) = (140, 40);
    desk.keys(FOUR_STEPS).keys("g").wait(Duration::from_secs(1));
    insta::assert_snapshot!("which_key_at_140x40", desk.screen());
    desk.keys("g").shows("▸ 1 visit");
}

#[test]
fn which_key_fits_every_size() {
    for (wide, tall) in [(0, 0), (1, 1), (3, 7), (20, 8), (58, 14), (500, 200)] {
        let mut desk = Desk::open(wide, tall);
        desk.keys(",").wait(Duration::from_secs(1));
        desk.screen();
    }
}

#[test]
fn settings_are_changed_by_keys_and_kept() {
    let mut desk = desk_on(xterm());
    desk.keys(",t").shows("theme: dark").keys(",a").shows("glyphs: ascii");
    assert!(desk.screen().is_ascii());
    desk.keys(",a,l").shows("slow-line: on").keys(",m").shows("mouse: on");
    assert!(desk.app.outside.contains(&Outside::Mouse(true)));
    desk.keys(",u").shows("change-time-zone: the data's zone is UTC");
    assert_eq!(
        kept(&desk),
        [
            (Setting::Theme, "dark"),
            (Setting::Glyphs, "ascii"),
            (Setting::Glyphs, "auto"),
            (Setting::SlowLine, "on"),
            (Setting::Mouse, "on"),
        ]
    );
}

#[test]
fn a_page_shows_every_setting_and_changes_it() {
    let mut desk = desk_on(xterm());
    desk.keys(",,");
    insta::assert_snapshot!("settings_at_80x24", desk.screen());
    desk.keys("⏎").shows("dark").keys("⏎").shows("light");
    desk.keys("↓↓⏎").shows("▸ slow-line  on");
    assert_eq!(kept(&desk).last(), Some(&(Setting::SlowLine, "on")));
    desk.keys("⎋");
    assert!(!desk.screen().contains("[,] Settings"));
    (desk.width, desk.height) = (58, 14);
    desk.keys(",,");
    insta::assert_snapshot!("settings_at_58x14", desk.screen());
}

#[test]
fn a_setting_that_is_not_kept_still_holds_and_says_so() {
    let mut desk = desk_on(xterm());
    desk.keys(",t");
    desk.event(Event::Kept(Err("settings.toml cannot be written: no space".into())));
    desk.shows("✗ the setting holds until you quit: settings.toml cannot be written: no space");
}

#[test]
fn the_help_reads_the_screen_and_knows_the_terminal() {
    let mut desk = desk_on(xterm());
    desk.keys(FOUR_STEPS).keys("?");
    insta::assert_snapshot!("help_on_an_xterm_at_80x24", desk.screen());
    desk.shows("MARKS")
        .shows("COPY   OSC 52")
        .shows("MOUSE off (, m)")
        .shows("xterm-256color · 16 colours · widths not checked");
}

#[test]
fn a_command_that_cannot_be_done_says_why_when_it_is_chosen() {
    let mut desk = Desk::open(80, 24);
    desk.keys(FOUR_STEPS).keys(":undo the last").keys("⎋");
    desk.keys(":go back to the order⏎").shows("sort-by-id: in Customers");
    desk.keys("⎋").keys("?redo⏎").shows("redo: there is nothing to redo");
}

#[test]
fn answers_of_the_terminal_restyle_in_place_and_are_no_keys() {
    let mut desk = desk_on(xterm());
    desk.app.asked(desk.now());
    let before = desk.screen();
    desk.bytes(b"\x1b]11;rgb:0000/0000/0000\x07\x1b[2;4R\x1b[?2026;2$y\x1bP>|xterm(390)\x1b\\\x1b[?62;22c");
    assert_eq!(desk.screen(), before, "nothing moved, nothing was typed");
    assert_eq!(desk.app.theme.name(), "dark");
    assert_eq!(desk.app.due(), None);
    desk.keys("?").shows("256 colours, dark").shows("frames whole");
    // One that draws signs too wide gets none of them.
    let mut desk = desk_on(xterm());
    desk.app.asked(desk.now());
    desk.bytes(b"\x1b[2;7R");
    assert!(desk.screen().is_ascii());
    assert!(desk.app.outside.contains(&Outside::Redraw));
}

#[test]
fn on_a_slow_line_lists_follow_only_after_a_pause() {
    let mut desk = Desk::open(80, 24);
    desk.event(Event::SlowLine);
    desk.shows("the line is slow");
    desk.keys(":");
    let all = desk.screen();
    desk.keys("drop");
    let typed = desk.screen();
    let differ = all.lines().zip(typed.lines()).filter(|(a, b)| a != b).count();
    assert!(differ <= 2, "{typed}");
    desk.wait(Duration::from_millis(300)).shows("List who dropped");
    let found = desk.screen();
    assert!(found.lines().zip(typed.lines()).filter(|(a, b)| a != b).count() > 2, "{found}");
    assert_eq!(desk.app.due(), None);
    // Who does not wait gets the same.
    desk.keys("⎋").keys("2").keys("avis⏎").shows("1 visit");
    desk.keys("asea⇥⏎").shows("2 search");
    desk.keys("⌃p").keys("funnel: who⏎").shows("Funnel");
}

#[test]
fn the_mouse_points_and_scrolls_once_it_is_on() {
    let mut desk = Desk::open(80, 24);
    let before = desk.screen();
    desk.bytes(b"\x1b[<0;4;12M");
    assert_eq!(desk.screen(), before, "off until asked for");
    desk.keys(",m");
    desk.bytes(b"\x1b[<0;4;12M");
    desk.shows("▸add_cart");
    desk.bytes(b"\x1b[<64;4;12M");
    desk.shows("▸visit");
    desk.bytes(b"\x1b[<0;22;1M");
    desk.shows("▐2 Funnel▌");
    desk.bytes(b"\x1b[<0;12;1M");
    desk.shows("▐1 Home▌").keys("7");
    desk.bytes(b"\x1b[<65;4;12M");
    desk.shows("▸C000003");
    desk.bytes(b"\x1b[<0;4;9M");
    desk.shows("▸C000004").keys("⏎").shows("Customer C000004").keys("⎋").keys(":");
    let row = desk.screen().lines().position(|line| line.contains("Go to Funnel")).expect("a row") + 1;
    desk.bytes(format!("\x1b[<0;10;{row}M").as_bytes());
    desk.keys("⏎").shows("▐2 Funnel▌");
    // What lies outside of everything is nothing.
    desk.bytes(b"\x1b[<0;9999;9999M\x1b[<0;1;24M");
}

#[test]
fn times_are_shown_in_the_zone_of_the_data_or_in_utc() {
    let mut desk = Desk::open_in_zone("Asia/Tokyo");
    desk.keys("7⏎").shows("09:00:00").keys(",u").shows("times: utc").shows("00:00:00").keys(",u").shows("09:00:00");
}

#[test]
fn in_mono_the_row_under_the_cursor_and_the_focused_frame_stand_out() {
    let mut desk = Desk::open(80, 24);
    desk.keys("7jj");
    let (buffer, _) = desk.draw();
    let row = text(&buffer).lines().position(|line| line.contains("▸C000002")).expect("a row") as u16;
    let is_bold = |x: u16, y: u16| buffer[(x, y)].modifier.contains(Modifier::BOLD);
    assert!(is_bold(3, row) && !is_bold(3, row + 1));
    desk.keys("1");
    let (buffer, _) = desk.draw();
    let corners: Vec<(u16, u16)> =
        buffer.area.positions().map(|at| (at.x, at.y)).filter(|at| buffer[*at].symbol() == "╭").collect();
    let focused = corners.iter().filter(|at| buffer[**at].modifier.contains(Modifier::BOLD)).count();
    assert_eq!((corners.len(), focused), (4, 1));
    assert_eq!(buffer.area, Rect::new(0, 0, 80, 24));
    assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
}

#[test]
fn esc_gives_back_the_room_of_a_zoomed_panel_and_then_goes_back() {
    let mut desk = Desk::open(80, 24);
    let before = desk.keys("jk").screen();
    assert_ne!(desk.keys("z").screen(), before);
    assert_eq!(desk.keys("⎋").screen(), before);
    desk.keys("⎋")
        .shows("this is the first level; q quits")
        .keys("2z⎋")
        .shows("▐2 Funnel▌")
        .keys("⎋")
        .shows("▐1 Home▌");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Settings, the mouse, answers and pauses in any order: nothing falls over, every screen fits, and Esc leads home.
    #[test]
    fn a_monkey_with_a_mouse_breaks_nothing(
        deeds in prop::collection::vec((0usize..30, 0u16..150, 0u16..45), 0..60),
        wide in 0u16..150,
        tall in 0u16..45,
    ) {
        let mut desk = desk_on(xterm());
        desk.app.asked(desk.now());
        desk.keys(",m");
        (desk.width, desk.height) = (wide, tall);
        for (deed, x, y) in deeds {
            match deed {
                0..10 => desk.bytes(format!("\x1b[<{};{x};{y}M", [0, 64, 65][deed % 3]).as_bytes()),
                10 => desk.bytes(format!("\x1b]11;rgb:{x:04x}/{y:04x}/ffff\x07").as_bytes()),
                11 => desk.bytes(format!("\x1b[{};{x}R", y + 2).as_bytes()),
                12 => desk.event(Event::SlowLine),
                13 => _ = desk.wait(Duration::from_millis(u64::from(x) * 4)),
                14 => (desk.width, desk.height) = (x, y),
                deed => {
                    let keys = [",t", ",a", ",l", ",m", ",,", ",", "g", "⏎", "?", ":", "a", "vis", "⎋", "7", "2"];
                    desk.keys(keys[deed - 15]);
                }
            }
            let (wide, tall) = (desk.width, desk.height);
            let screen = desk.screen();
            prop_assert_eq!(screen.lines().count(), usize::from(tall));
            prop_assert!(screen.lines().all(|line| width(line) <= usize::from(wide)));
        }
        prop_assert!(desk.app.leave.is_none());
        (desk.width, desk.height) = (80, 24);
        desk.keys(&"⎋".repeat(70));
        prop_assert!(desk.screen().contains("Headline"), "{}", desk.screen());
    }
}
