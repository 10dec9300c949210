//! The workbench where its home, its terminal or its data mean it ill. C1, C2, C4, C10, D7, E4.

use super::{hostile::hostile_table, made};
use crate::support::pty::Terminal;

const SHOP: &str = "sample-data/shop.csv";

#[track_caller]
fn quits_cleanly(terminal: &mut Terminal) {
    terminal.press("q");
    assert_eq!(terminal.wait_exit().exit_code(), 0, "\n{}", terminal.text());
    assert_eq!(terminal.left_changed(), Vec::<&str>::new(), "\n{}", terminal.text());
}

#[test]
fn a_home_that_cannot_be_written_only_forgets() {
    for home in ["/proc", "/dev/null", "not-a-home"] {
        let variables = ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"].map(|name| (name, home));
        let mut terminal = Terminal::start_with(&[SHOP], 80, 24, &variables);
        terminal.wait_for(&["Home", "3,751"]);
        quits_cleanly(&mut terminal);
    }
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("not-a-home");
    assert!(!beside.exists(), "nothing is kept where somebody happens to stand");
}

#[test]
fn what_a_terminal_sends_that_nobody_typed_does_nothing() {
    let mut terminal = Terminal::start(&[SHOP], 80, 24);
    terminal.wait_for(&["Home", "3,751"]);
    terminal.settle();
    for bytes in [
        &b"\xFF\xFE\x80\xC3\x28\xF0\x9F"[..],
        b"\x1b[<0;9999;9999M\x1b[<64;99999999999;1m\x1b[M\xFF\xFF\xFF",
        b"\x1b]11;rgb:ffff/0000/0000\x1b\\\x1b]10;rgb:\x07\x1b[9999;9999R\x1b[?62;c\x1bP1$r0m\x1b\\",
        b"\x1b[200~\x1b[201~\x1b_Gi=1;OK\x1b\\\x1b[1;9999999999A\x1b[?u\x1b[27;5;113~",
    ] {
        terminal.send_bytes(bytes);
        terminal.settle();
    }
    let paste = format!("\x1b[200~{}\x1b[201~", "q\x1b[2J\r\n".repeat(15_000));
    terminal.send_bytes(paste.as_bytes());
    terminal.settle();
    // Whatever was opened by what looks like keys is left again.
    terminal.press("\x1b");
    terminal.settle();
    terminal.press("\x1b");
    terminal.wait_for(&["3,751"]);
    quits_cleanly(&mut terminal);
}

#[test]
fn a_pasted_filter_of_any_length_is_one_line() {
    let mut terminal = Terminal::start(&[SHOP], 80, 24);
    terminal.wait_for(&["Home", "3,751"]);
    terminal.press("f");
    terminal.settle();
    terminal.send_bytes(format!("\x1b[200~{}\x1b[201~", "value > 5 and \u{202e}".repeat(8000)).as_bytes());
    terminal.settle();
    terminal.press("\x1b");
    terminal.settle();
    terminal.press("\x1b");
    terminal.wait_for(&["3,751"]);
    quits_cleanly(&mut terminal);
}

#[test]
fn hostile_and_endless_names_are_shown_in_every_pane_and_steer_nothing() {
    let mut text = hostile_table();
    for name in ["e\u{301}".repeat(1000), "日本語".repeat(7000), "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪".repeat(50), "\u{301}".repeat(500)]
    {
        text.push_str(&format!("{name},{name},2024-05-01T10:00:00Z,{name}\n{name},b,2024-05-01T11:00:00Z,\n"));
    }
    let data = made("a\u{1b}]0;name\u{7}.csv", text);
    let mut terminal = Terminal::start(&[data.path.to_str().expect("UTF-8")], 80, 24);
    terminal.wait_for(&["Home"]);
    terminal.settle();
    for pane in ["2", "3", "4", "5", "6", "7", "1"] {
        terminal.press(pane);
        terminal.settle();
        terminal.press("j");
        terminal.settle();
        terminal.press("\r");
        terminal.settle();
        terminal.press("\x1b");
        terminal.settle();
    }
    for bytes in
        ["\x1b]0;name", "\x1b]0;title", "\u{9b}31m", "\u{202e}", "\u{200b}", "\u{e0041}", "\u{2028}", "\u{8}space"]
    {
        assert_eq!(terminal.n_sent(bytes.as_bytes()), 0, "{bytes:?}");
    }
    terminal.press("\x1b");
    terminal.settle();
    quits_cleanly(&mut terminal);
}

#[test]
fn any_signal_at_any_time_gives_the_terminal_back() {
    for (name, status) in [("INT", 130), ("QUIT", 131), ("TERM", 143), ("HUP", 129)] {
        // While it starts, and once it is there.
        for waits in [false, true] {
            let mut terminal = Terminal::start(&[SHOP], 80, 24);
            if waits {
                terminal.wait_for(&["Home", "3,751"]);
            } else {
                terminal.wait_until("anything on the screen", |screen| !screen.contents().trim().is_empty());
            }
            (0..3).for_each(|_| terminal.signal_if_there(name));
            let exit = terminal.wait_exit();
            assert_eq!(exit.exit_code(), status, "{name} {waits}");
            assert_eq!(terminal.left_changed(), Vec::<&str>::new(), "{name} {waits}\n{}", terminal.text());
        }
    }
}
