//! The workbench in a real terminal: it starts, draws, rests, and leaves the terminal as it was.
#![cfg(unix)]

use std::time::{Duration, Instant};

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
    assert!(terminal.n_sent(b"\x1b[c") > 0, "the terminal was asked, and answered");
    assert_eq!(terminal.bytes_within(Duration::from_secs(3)), 0, "\n{}", terminal.text());
}

#[test]
fn a_cursor_costs_a_few_bytes_and_a_page_a_few_thousand() {
    let mut terminal = opened(120, 36);
    terminal.press("7");
    terminal.wait_for(&["Customers —", "by customer id"]);
    terminal.settle();
    for (key, most) in [("j", 150), ("j", 150), ("k", 150), ("\x1b[6~", 5_000), ("\x1b[5~", 5_000)] {
        terminal.press(key);
        let cost = terminal.bytes_within(Duration::from_millis(300));
        assert!((1..=most).contains(&cost), "{key:?} sent {cost} bytes");
    }
}

#[test]
fn storms_of_sizes_end_where_they_began() {
    let mut terminal = opened(80, 24);
    for (columns, rows) in [(1, 1), (500, 200), (1, 1), (2, 60), (200, 2), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.settle();
    }
    terminal.wait_for(&["trailmap", "3,751", "? help"]);
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let program = env!("CARGO_BIN_EXE_trailmap");
    let script = format!("set -m; '{program}' {SHOP}; echo stopped; read line; fg >/dev/null; echo back $?");
    let mut terminal = Terminal::script(&script, 80, 24);
    terminal.wait_for(&["3,751", "? help"]);
    terminal.settle();
    terminal.press("\x1a");
    terminal.wait_for(&["stopped"]);
    leaves_no_trace(&terminal);
    terminal.press("\n");
    terminal.wait_for(&["3,751", "? help"]);
    terminal.press("2");
    terminal.wait_for(&["[2] Funnel"]);
    terminal.press("q");
    terminal.wait_for(&["back 0"]);
    terminal.wait_exit();
    leaves_no_trace(&terminal);
}

#[test]
fn a_mistake_of_ours_leaves_the_terminal_as_it_was_and_is_told() {
    let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &[("TRAILMAP_TEST_PANIC", "1")]);
    terminal.wait_for(&["3,751"]);
    terminal.press("j");
    assert_eq!(terminal.wait_exit().exit_code(), 1);
    assert!(terminal.text().contains("please report it"), "{}", terminal.text());
    leaves_no_trace(&terminal);
}

#[test]
fn a_terminal_that_takes_no_output_does_not_keep_the_program() {
    for signal in ["TERM", "HUP"] {
        let mut terminal = opened(200, 60);
        terminal.hold(true);
        for _ in 0..60 {
            terminal.press("\x0c");
            terminal.bytes_within(Duration::from_millis(10));
        }
        let start = Instant::now();
        terminal.signal(signal);
        terminal.wait_end();
        assert!(start.elapsed() < Duration::from_secs(1), "{signal}: {:?}", start.elapsed());
        assert_eq!(terminal.wait_exit().exit_code(), if signal == "TERM" { 143 } else { 129 });
        assert!(!terminal.left_changed().contains(&"line modes (echo, raw) differ"));
    }
}

#[test]
fn no_color_means_none() {
    let mut terminal = opened(80, 24);
    assert!(terminal.has_colors());
    terminal.press("q");
    for (args, variables) in [
        (&[SHOP][..], &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")][..]),
        (&[SHOP, "--theme", "mono"], &[]),
        (&[SHOP, "--color", "never"], &[]),
    ] {
        let mut terminal = Terminal::start_with(args, 80, 24, variables);
        terminal.wait_for(&["3,751"]);
        terminal.settle();
        assert!(!terminal.has_colors(), "{args:?} {variables:?}");
    }
}

#[test]
fn copying_goes_through_the_terminal() {
    let mut terminal = opened(80, 24);
    terminal.press("7");
    terminal.wait_for(&["Customers —", "exact"]);
    terminal.press("yb");
    terminal.wait_for(&["copied through the terminal"]);
    assert_eq!(terminal.n_sent(b"\x1b]52;c;"), 1);
}

#[test]
fn colours_follow_the_background_that_the_terminal_tells() {
    let mut terminal = opened(80, 24);
    terminal.press("?");
    terminal.wait_for(&["256 colours, dark", "frames whole"]);
    let mut terminal = Terminal::start_light(&[SHOP], 80, 24);
    terminal.wait_for(&["3,751"]);
    terminal.press("?");
    terminal.wait_for(&["256 colours, light"]);
}

#[test]
fn a_terminal_that_answers_nothing_is_not_waited_for() {
    let mut terminal = Terminal::start_silent(&[SHOP], 80, 24);
    terminal.wait_for(&["3,751"]);
    terminal.press("2");
    terminal.wait_for(&["[2] Funnel"]);
    terminal.settle();
    assert_eq!(terminal.bytes_within(Duration::from_secs(1)), 0);
    // On a slow line an answer comes late and in pieces: it is still no key.
    let before = terminal.text();
    for piece in ["\x1b]11;rgb:00", "00/0000/00", "00\x1b", "\\\x1b[?2026;2$y\x1bP>|x\x1b\\\x1b[?62", "c"] {
        terminal.press(piece);
        terminal.bytes_within(Duration::from_millis(150));
    }
    assert_eq!(terminal.text(), before);
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
}

#[test]
fn a_terminal_that_draws_signs_too_wide_gets_none() {
    let mut terminal = Terminal::start_wide(&[SHOP], 80, 24);
    terminal.wait_for(&["3,751", "+-"]);
    terminal.wait_until("ASCII only", |screen| screen.contents().is_ascii());
}

#[test]
fn a_terminal_that_may_not_understand_is_asked_nothing() {
    for term in ["dumb", "vt100", "linux"] {
        let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &[("TERM", term)]);
        terminal.wait_for(&["3,751"]);
        terminal.settle();
        assert_eq!(terminal.n_sent(b"\x1b[c"), 0, "{term}");
        assert!(terminal.text().is_ascii());
    }
}

#[test]
fn a_slow_line_gets_ten_frames_a_second() {
    let mut terminal = Terminal::start(&[SHOP, "--slow"], 80, 24);
    terminal.wait_for(&["3,751"]);
    terminal.settle();
    terminal.press("7");
    terminal.settle();
    let before = terminal.n_sent(b"\x1b[?2026h");
    let start = Instant::now();
    for _ in 0..30 {
        terminal.press("j");
        terminal.bytes_within(Duration::from_millis(10));
    }
    terminal.settle();
    let frames = terminal.n_sent(b"\x1b[?2026h") - before;
    let most = usize::try_from(start.elapsed().as_millis() / 100).expect("a short time") + 1;
    assert!((2..=most).contains(&frames), "{frames} frames, at most {most}");
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
}

#[test]
fn a_line_that_holds_frames_up_is_noticed() {
    let mut terminal = opened(200, 60);
    for _ in 0..2 {
        terminal.hold(true);
        for _ in 0..40 {
            terminal.press("\x0c");
            terminal.bytes_within(Duration::from_millis(10));
        }
        terminal.hold(false);
        terminal.settle();
    }
    terminal.wait_for(&["the line is slow: sending less from here on; , l changes that"]);
}

#[test]
fn keys_are_those_of_the_file_and_what_is_wrong_with_it_is_said() {
    let keys = "zoom = [\"Z\"]\nundoo = []\n";
    let mut terminal = Terminal::start_at_home(&[SHOP], 140, 40, &[("keys.toml", keys)]);
    terminal.wait_for(&["keys.toml line 2: no command is named `undoo`; did you mean `undo`?"]);
    terminal.press("Z");
    terminal.wait_for(&["customers", "Z zoom"]);
}

#[test]
fn a_box_shows_how_keys_go_on_only_to_those_who_wait() {
    const LINE: &str = "Draw with ASCII only";
    let mut terminal = opened(80, 24);
    terminal.press(",a");
    terminal.wait_until("ASCII only", |screen| screen.contents().is_ascii());
    terminal.press(",a");
    terminal.wait_for(&["╭─"]);
    assert_eq!(terminal.n_sent(LINE.as_bytes()), 0);
    terminal.press(",");
    terminal.wait_for(&[LINE]);
    assert_eq!(terminal.bytes_within(Duration::from_secs(1)), 0, "an open box rests");
}

#[test]
fn settings_are_kept_for_the_next_run_and_are_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt;
    let mut terminal = opened(80, 24);
    terminal.press(",a,m");
    terminal.wait_for(&["mouse: on"]);
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    leaves_no_trace(&terminal);
    let file = terminal.config().join("settings.toml");
    let text = std::fs::read_to_string(&file).expect("the file of settings");
    assert!(text.contains("glyphs = \"ascii\"\nmouse = \"on\"\n"), "{text}");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    terminal.again(&[SHOP]);
    terminal.wait_for(&["3,751", "+-"]);
    terminal.settle();
    assert!(terminal.text().is_ascii());
    // The fourth event of the list, by a click.
    terminal.press("\x1b[<0;4;12M");
    terminal.wait_until("the cursor where the click was", |screen| {
        screen.rows(0, 80).nth(11).is_some_and(|row| row.starts_with("|>"))
    });
    terminal.press("q");
    terminal.wait_exit();
    leaves_no_trace(&terminal);
}

#[test]
fn the_doctor_looks_at_this_terminal() {
    let mut terminal = Terminal::start(&["doctor"], 140, 40);
    assert_eq!(terminal.wait_exit().exit_code(), 0, "{}", terminal.text());
    let text = terminal.text();
    for line in
        ["140 × 40", "xterm-256color", "test 1", "auto: dark, as the background is #000000", "OSC 52", "C.UTF-8"]
    {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    leaves_no_trace(&terminal);
    let mut terminal = Terminal::start_silent(&["doctor"], 140, 40);
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    assert!(terminal.text().contains("did not answer in time"), "{}", terminal.text());
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
