//! The workbench in a real terminal: it starts, draws, rests, and leaves the terminal as it was.
#![cfg(unix)]

use std::time::Duration;

use crate::support::pty::Terminal;

const SHOP: &str = "sample-data/shop.csv";

#[track_caller]
fn opened(columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(&[SHOP], columns, rows);
    terminal.wait_for(&["trailmap", "Home", "Funnel", "3,751"]);
    terminal.settle();
    terminal
}

#[track_caller]
fn leaves_no_trace(terminal: &Terminal) {
    assert_eq!(terminal.left_changed(), Vec::<&str>::new(), "\n{}", terminal.text());
}

#[test]
fn it_opens_on_home_and_quits_with_q_leaving_the_terminal_as_it_was() {
    let mut terminal = opened(80, 24);
    assert!(!terminal.row(23).trim().is_empty(), "the last row names the next keys:\n{}", terminal.text());
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
}

#[test]
fn it_starts_where_there_is_hardly_any_room() {
    let mut terminal = Terminal::start(&[SHOP], 20, 5);
    terminal.wait_until("anything on the screen", |screen| !screen.contents().trim().is_empty());
    terminal.settle();
    terminal.resize(80, 24);
    terminal.wait_for(&["trailmap", "Home", "3,751"]);
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
}

#[test]
fn it_follows_a_new_size() {
    let mut terminal = opened(80, 24);
    for (columns, rows) in [(140, 40), (60, 15), (100, 30)] {
        terminal.resize(columns, rows);
        terminal.wait_until("the last row at its new place", |screen| {
            screen.rows(0, columns).nth(usize::from(rows) - 1).is_some_and(|row| !row.trim().is_empty())
        });
        terminal.wait_for(&["trailmap", "3,751"]);
        terminal.settle();
    }
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
}

#[track_caller]
fn ends_on_signal(signal: &str, exit_code: u32) {
    let mut terminal = opened(80, 24);
    terminal.signal(signal);
    let status = terminal.wait_exit();
    assert_eq!((status.signal(), status.exit_code()), (None, exit_code), "{}", terminal.text());
    leaves_no_trace(&terminal);
}

#[test]
fn sigterm_restores_the_terminal_and_says_so_in_its_exit_status() {
    ends_on_signal("TERM", 143);
}

#[test]
fn sighup_restores_the_terminal_and_says_so_in_its_exit_status() {
    ends_on_signal("HUP", 129);
}

#[test]
fn nothing_is_sent_while_nothing_happens() {
    let mut terminal = opened(80, 24);
    assert_eq!(terminal.bytes_within(Duration::from_secs(1)), 0, "\n{}", terminal.text());
}

#[test]
fn a_key_changes_the_screen_and_costs_little() {
    let mut terminal = opened(80, 24);
    terminal.press("2");
    terminal.settle();
    let funnel = terminal.text();
    terminal.press("1");
    terminal.wait_until("another pane", |screen| screen.contents() != funnel);
    terminal.settle();
    terminal.press("j");
    let cost = terminal.bytes_within(Duration::from_millis(300));
    assert!(cost <= 5_000, "moving the cursor sent {cost} bytes");
}

#[test]
fn a_file_that_is_not_there_leaves_the_terminal_alone() {
    let mut terminal = Terminal::start(&["no-such-file.csv"], 80, 24);
    assert_eq!(terminal.wait_exit().exit_code(), 1);
    assert!(terminal.text().contains("no-such-file.csv"), "{}", terminal.text());
    leaves_no_trace(&terminal);
}

mod proof {
    //! The terminal itself, on programs of one line.

    use super::*;

    #[test]
    fn it_shows_what_a_program_draws_and_notices_what_it_leaves_behind() {
        let mut terminal =
            Terminal::script(r"stty -echo; printf '\033[?1049h\033[?25l\033[2;3Hhello'; read key; exit 7", 40, 5);
        terminal.wait_for(&["hello"]);
        assert_eq!(terminal.row(1).trim_end(), "  hello");
        assert_eq!(terminal.bytes_within(Duration::from_millis(100)), 0);
        terminal.press("x\n");
        assert_eq!(terminal.wait_exit().exit_code(), 7);
        assert_eq!(
            terminal.left_changed(),
            ["the alternate screen is still shown", "the cursor is hidden", "line modes (echo, raw) differ"]
        );
    }

    #[test]
    fn it_answers_what_programs_ask_of_terminals() {
        let mut terminal = Terminal::script(
            r"was=$(stty -g); stty -echo -icanon; printf 'ab\033[6n'; head -c 6 | od -An -c; stty $was",
            40,
            5,
        );
        terminal.wait_for(&["033   [   1   ;   3   R"]);
        terminal.wait_exit();
        assert_eq!(terminal.left_changed(), Vec::<&str>::new());
    }

    #[test]
    fn it_passes_on_sizes_and_signals() {
        let mut terminal = Terminal::script(
            r"trap 'stty size' WINCH; trap 'exit 143' TERM; echo ready; while :; do read key; done",
            40,
            5,
        );
        terminal.wait_for(&["ready"]);
        terminal.resize(50, 7);
        terminal.signal("TERM");
        assert_eq!(terminal.wait_exit().exit_code(), 143);
    }
}
