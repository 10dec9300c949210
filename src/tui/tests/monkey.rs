//! A monkey at the keyboard: every key of every command, letters, pastes, the mouse, answers of the terminal, pauses and new
//! sizes. `TRAILMAP_MONKEY=25000 cargo test monkey` makes it a hundred thousand events, which takes minutes.

use std::time::Duration;

use crate::base::visible::width;
use crate::tui::command::COMMANDS;
use crate::tui::event::Event;
use crate::tui::key::{Code, Input, Key};
use crate::tui::made_up::Desk;
use crate::tui::theme::{Environment, Scheme, Theme};

/// Events per monkey; there are four, so that they can be busy at the same time.
const EVENTS: usize = 1_000;

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ (n >> 31)) % sides as u64) as usize
    }
}

fn event(dice: &mut Dice, keys: &[Vec<Key>], desk: &mut Desk) {
    const TEXTS: [&str; 6] = ["visit", "channel == \"web\"", "device", "佐藤\u{301} 👩‍👩‍👧", "(((", "\u{202e}\u{1b}[31m"];
    let (x, y) = (dice.roll(140), dice.roll(45));
    match dice.roll(40) {
        0 => (desk.width, desk.height) = (dice.roll(170) as u16, dice.roll(50) as u16),
        1 => desk.event(Event::Input(Input::Paste(TEXTS[dice.roll(TEXTS.len())].to_owned()))),
        2 => desk.bytes(format!("\x1b[<{};{x};{y}M", [0, 64, 65][dice.roll(3)]).as_bytes()),
        3 => desk.bytes(format!("\x1b]11;rgb:{x:02x}/{y:02x}/80\x07\x1b[2;{y}R").as_bytes()),
        4 => _ = desk.wait(Duration::from_millis(x as u64 * 5)),
        5..9 => press(desk, &[Key::char(char::from(b' ' + dice.roll(95) as u8))]),
        9..12 => press(desk, &[Key::plain(Code::Esc)]),
        _ => press(desk, &keys[dice.roll(keys.len())]),
    }
}

fn press(desk: &mut Desk, keys: &[Key]) {
    keys.iter().for_each(|key| desk.event(Event::Input(Input::Key(*key))));
}

fn goes_wild(seed: u64) {
    let mut dice = Dice(seed);
    let keys: Vec<Vec<Key>> = COMMANDS.iter().flat_map(|command| command.sequences()).collect();
    let mut desk = Desk::open(80, 24);
    desk.app.theme = Theme::new(Scheme::Dark, false, &Environment { term: "xterm".into(), ..Environment::default() });
    desk.app.asked(desk.now());
    let asked_for = std::env::var("TRAILMAP_MONKEY").ok().and_then(|n| n.parse().ok());
    for n in 0..asked_for.unwrap_or(EVENTS) {
        event(&mut dice, &keys, &mut desk);
        desk.app.outside.clear();
        desk.app.leave = None;
        let (wide, tall) = (desk.width, desk.height);
        if n % 16 == 0 {
            let screen = desk.screen();
            assert_eq!(screen.lines().count(), usize::from(tall));
            assert!(screen.lines().all(|line| width(line) <= usize::from(wide)), "{wide}×{tall}, event {n}:\n{screen}");
        }
    }
    (desk.width, desk.height) = (80, 24);
    for _ in 0..500 {
        press(&mut desk, &[Key::plain(Code::Esc)]);
    }
    desk.shows("Headline");
}

#[test]
fn the_first_monkey_breaks_nothing() {
    goes_wild(1);
}

#[test]
fn the_second_monkey_breaks_nothing() {
    goes_wild(2);
}

#[test]
fn the_third_monkey_breaks_nothing() {
    goes_wild(3);
}

#[test]
fn the_fourth_monkey_breaks_nothing() {
    goes_wild(4);
}
