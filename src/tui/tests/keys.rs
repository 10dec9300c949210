//! Keys as a person changes them: what is pressed, and what every screen says about it.

use super::FOUR_STEPS;
use crate::tui::command::COMMANDS;
use crate::tui::key::{Code, Decoder, Input, Key};
use crate::tui::keymap::Keymap;
use crate::tui::made_up::Desk;
use crate::workspace::Entries;

fn rebound(text: &str) -> Desk {
    let mut desk = Desk::open(80, 24);
    let (keymap, problems) = Keymap::of(Entries::parse("keys.toml", text));
    desk.app.rebind(keymap, &problems);
    desk
}

#[test]
fn a_key_that_was_changed_is_the_one_that_works_and_the_one_that_is_shown() {
    let mut desk = rebound("list-converted = [\"c\", \"g v\"]\nundo = []");
    desk.keys(FOUR_STEPS).keys("k").shows("c converted");
    desk.keys("o").shows("▸ 3 view_item");
    desk.keys("c").shows("Went on after view_item").keys("⎋");
    desk.keys("gv").shows("Went on after view_item").keys("⎋");
    desk.keys("g").shows("v converted").keys("⎋");
    desk.keys("?who went on").shows("c g v").keys("⎋");
    desk.keys(":who went on").shows("c g v").keys("⎋");
    // What has no key any more can still be found by name, and is not on the key line.
    desk.keys("u");
    assert!(!desk.screen().contains("undone"));
    desk.keys(":undo the last⏎").shows("undone");
}

#[test]
fn what_is_wrong_with_the_file_is_said_when_the_data_is_there() {
    let mut desk = rebound("undoo = []\nquit = []");
    desk.app.load();
    desk.until_idle();
    desk.shows("✗ 2 problems, see trailmap doctor · keys.toml line 1: no");
    desk.keys("j");
    assert!(!desk.screen().contains("keys.toml"));
}

/// What xterm sends for a key, as its manual says; nothing for keys that it does not send.
fn xterm(key: Key) -> Option<Vec<u8>> {
    let csi = |letter: char, ctrl| if ctrl { format!("\x1b[1;5{letter}") } else { format!("\x1b[{letter}") };
    let tilde = |n: u8, ctrl| if ctrl { format!("\x1b[{n};5~") } else { format!("\x1b[{n}~") };
    let text = match (key.code, key.ctrl) {
        (Code::Char(c), false) => c.to_string(),
        (Code::Char(c), true) if c.is_ascii_lowercase() && !"hijm".contains(c) => char::from(c as u8 & 0x1f).into(),
        (Code::Enter, false) => "\r".to_owned(),
        (Code::Esc, false) => "\x1b".to_owned(),
        (Code::Tab, false) => "\t".to_owned(),
        (Code::BackTab, false) => "\x1b[Z".to_owned(),
        (Code::Backspace, false) => "\x7f".to_owned(),
        (Code::Up, ctrl) => csi('A', ctrl),
        (Code::Down, ctrl) => csi('B', ctrl),
        (Code::Right, ctrl) => csi('C', ctrl),
        (Code::Left, ctrl) => csi('D', ctrl),
        (Code::Home, ctrl) => csi('H', ctrl),
        (Code::End, ctrl) => csi('F', ctrl),
        (Code::Insert, ctrl) => tilde(2, ctrl),
        (Code::Delete, ctrl) => tilde(3, ctrl),
        (Code::PageUp, ctrl) => tilde(5, ctrl),
        (Code::PageDown, ctrl) => tilde(6, ctrl),
        (Code::F(n @ 1..=4), false) => format!("\x1bO{}", char::from(b'P' + n - 1)),
        (Code::F(n @ 5..=12), false) => tilde([15, 17, 18, 19, 20, 21, 23, 24][usize::from(n) - 5], false),
        _ => return None,
    };
    Some(text.into_bytes())
}

#[test]
fn every_default_key_can_be_typed_in_a_plain_xterm() {
    for command in COMMANDS {
        for key in command.sequences().flatten() {
            let bytes = xterm(key).unwrap_or_else(|| panic!("{}: xterm does not send {key}", command.name));
            let mut decoder = Decoder::default();
            let mut inputs = decoder.feed(&bytes);
            inputs.extend(decoder.settle());
            assert_eq!(inputs, [Input::Key(key)], "{}", command.name);
            assert_eq!(key.never_sent(), None, "{}", command.name);
        }
    }
}

#[test]
fn no_default_key_belongs_to_the_terminal() {
    for command in COMMANDS {
        for key in command.sequences().flatten() {
            let is_taken =
                key.ctrl && matches!(key.code, Code::Char('a' | 'b' | 's' | 'q' | 'h' | 'i' | 'j' | 'm') | Code::Enter);
            assert!(!is_taken, "{}: {key}", command.name);
        }
        assert!(!command.keys.iter().any(|keys| keys.contains("alt-")), "{}", command.name);
    }
}

#[test]
fn every_key_has_a_name_that_reads_back() {
    for command in COMMANDS {
        for key in command.sequences().flatten() {
            assert_eq!(Key::named(&key.name()), Some(key), "{}", command.name);
        }
    }
}
