//! The workbench as a person sees it: keys in, screens out.

/// The same screen in every size and look; every module of tests may use it.
macro_rules! screens {
    ($($name:ident: $keys:expr;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn at_80x24() {
                insta::assert_snapshot!(Desk::open(80, 24).keys($keys).screen());
            }

            #[test]
            fn at_140x40() {
                insta::assert_snapshot!(Desk::open(140, 40).keys($keys).screen());
            }

            #[test]
            fn at_58x14() {
                insta::assert_snapshot!(Desk::open(58, 14).keys($keys).screen());
            }

            #[test]
            fn in_ascii() {
                let mut screens = String::new();
                for (wide, tall) in [(80, 24), (140, 40), (58, 14)] {
                    let mut desk = Desk::open(wide, tall);
                    desk.app.theme = Theme::new(Scheme::Mono, true, &Environment::default());
                    screens.push_str(&desk.keys($keys).screen());
                }
                // What is data stays what it is.
                assert!(screens.chars().all(|c| c.is_ascii() || "佐藤花␛".contains(c)), "{screens}");
                insta::assert_snapshot!(screens);
            }

            #[test]
            fn in_dark_by_tones() {
                let mut screens = String::new();
                for (wide, tall) in [(80, 24), (140, 40), (58, 14)] {
                    let mut desk = Desk::open(wide, tall);
                    desk.app.theme = Theme::new(Scheme::Dark, false, &Environment::default());
                    desk.keys($keys);
                    let (buffer, _) = desk.draw();
                    screens.push_str(&tones(&buffer, desk.app.theme));
                }
                insta::assert_snapshot!(screens);
            }
        }
    )* };
}

mod cohort_pane;
mod dwell;
mod keys;
mod look;
mod map;
mod opening;
mod paths;
mod taking;

use super::command::COMMANDS;
use super::made_up::{Desk, text};
use super::theme::{Environment, Scheme, Theme, Tone};
use crate::base::visible::width;
use crate::ingest;

/// Home proposes a funnel; this builds one by hand, step by step.
const FOUR_STEPS: &str = "2avis⏎asea⏎aview⏎apurch⏎";

/// The tone of every cell as a letter; `.` is plain text, `?` no tone at all.
fn tones(buffer: &ratatui::buffer::Buffer, theme: Theme) -> String {
    let letters = [
        (Tone::Text, '.'),
        (Tone::Dim, 'd'),
        (Tone::Strong, 'S'),
        (Tone::Frame, 'f'),
        (Tone::Focus, 'F'),
        (Tone::Key, 'k'),
        (Tone::Chosen, 'C'),
        (Tone::Good, 'g'),
        (Tone::Bad, 'b'),
        (Tone::Error, 'E'),
        (Tone::Match, 'm'),
    ];
    let mut lines = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            let is = |tone: Tone| {
                let style = theme.style(tone);
                cell.fg == style.fg.unwrap_or(ratatui::style::Color::Reset) && cell.modifier == style.add_modifier
            };
            let letter = letters.iter().find(|(tone, _)| is(*tone)).map_or('?', |(_, letter)| *letter);
            lines.push(letter);
        }
        let kept = lines.trim_end_matches('.').len();
        lines.truncate(kept);
        lines.push('\n');
    }
    lines
}

screens! {
    home: "";
    funnel: &format!("{FOUR_STEPS}k");
    funnel_broken_down: &format!("{FOUR_STEPS}kbdev⏎⇥⇥j");
    adding_a_step: "2asearch⏎ac";
    empty_funnel: "2";
    list_of_the_dropped: &format!("{FOUR_STEPS}k⏎jj");
    timeline: "2avis⏎acheck⏎ko/佐⏎⏎kk";
    help: &format!("{FOUR_STEPS}?");
    palette: &format!("{FOUR_STEPS}:drop");
    filter_that_fails: "2avis⏎fdevice == \"android\" and sess > 3⏎";
    filter_completes: "fdevice == ";
    data_health: "gd";
    explained: "i";
    tasks: "W";
    steps_taken: &format!("{FOUR_STEPS}gu");
    cohorts: &format!("{FOUR_STEPS}kC⏎gc");
    export_formats: &format!("{FOUR_STEPS}e");
    export_path: &format!("{FOUR_STEPS}ecsv⏎");
    zoomed: &format!("{FOUR_STEPS}kbdev⏎⇥z");
    paths_tree: "3";
    paths_unfolded: "3Ljjj";
    paths_flow: "3vl";
    paths_ranking: "3vvGpurch⏎";
    paths_transitions: "3vvvjl";
    paths_loops: "3vvvv";
    paths_patterns: "3V.";
    paths_of_the_dropped: &format!("{FOUR_STEPS}kpj");
}

#[test]
fn without_unicode_every_line_is_drawn_in_ascii() {
    let mut desk = Desk::open(80, 24);
    let environment = Environment { term: "linux".into(), ..Environment::default() };
    desk.app.theme = Theme::new(Scheme::Mono, false, &environment);
    for keys in [FOUR_STEPS, "k", "bdev⏎", "?", "⎋:", "⎋1", "i", "⎋f"] {
        let screen = desk.keys(keys).screen();
        assert!(screen.is_ascii(), "after {keys}:\n{screen}");
    }
    desk.keys("⎋2");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn a_load_that_fails_is_a_screen_with_a_way_out() {
    let mut desk = Desk::failing(|| ingest::Error::File {
        file: "shop/events_2026q2.csv".into(),
        what: "no column looks like a time; name it with --time COL".into(),
    });
    insta::assert_snapshot!(desk.screen());
    desk.keys("q");
    assert_eq!(
        desk.app.leave,
        Some(super::app::Leave::LoadFailed(
            "shop/events_2026q2.csv: no column looks like a time; name it with --time COL".into()
        ))
    );
}

#[test]
fn a_load_can_be_stopped_and_tried_again() {
    let mut desk = Desk::waiting();
    desk.shows("Reading").shows("stop reading");
    desk.app.handle(
        super::event::Event::Input(super::key::Input::Key(super::key::Key::named("esc").expect("a key"))),
        std::time::Instant::now(),
    );
    desk.shows("Reading was stopped.").shows("r read again");
}

#[test]
fn the_way_down_to_one_customer_and_back_keeps_the_cursor() {
    let mut desk = Desk::open(80, 24);
    desk.keys(FOUR_STEPS).keys("kk");
    let funnel = desk.screen();
    assert!(funnel.contains("▸ 2 search"), "{funnel}");
    desk.keys("⏎").shows("Dropped after search — 16,565 customers").shows("of 16,565");
    desk.keys("jjj");
    let list = desk.screen();
    desk.keys("⏎").shows("Customer C044910").shows("customer 4 of 16,565");
    desk.keys("J").shows("Customer C044911").keys("KK").shows("Customer C044909");
    desk.keys("J⎋");
    assert_eq!(desk.screen(), list);
    desk.keys("⎋");
    assert_eq!(desk.screen(), funnel);
}

#[test]
fn the_list_is_as_long_as_the_number_that_opened_it() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("bdev⏎").keys("kkk");
    desk.shows("21,738").keys("⏎").shows("Dropped after visit — 21,738 customers").keys("⎋");
    desk.keys("⇥j⏎").shows("Dropped after visit, then support_chat — 7,195 customers").keys("⎋");
    desk.keys("⇥jj⏎").shows("Dropped after visit · android — 7,155 customers").keys("⎋");
    desk.keys("o").shows("Went on after visit · android — 16,380 customers");
}

#[test]
fn a_sorted_list_keeps_the_customer_under_the_cursor() {
    let mut desk = Desk::open(140, 40);
    desk.keys("7jjj").shows("▸C000003");
    desk.keys("sevents⏎").shows("by events ▼").shows("▸C000003");
    desk.keys("sevents⏎").shows("by events ▲").shows("▸C000003");
    desk.keys("/C04491⏎").shows("▸C04491");
}

#[test]
fn steps_are_added_edited_moved_and_taken_out_and_all_of_it_is_undone() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS);
    let built = desk.screen();
    desk.keys("<").shows("▸ 3 purchase");
    desk.keys("X").shows("▸ 3 view_item");
    desk.keys("=@optional⏎").keys("w⌫⌫14d⏎").shows("within 14d");
    desk.keys("O").shows("strict").keys("uuuuu");
    desk.shows("undone");
    desk.keys("ge");
    assert_eq!(desk.screen(), built);
    desk.keys("UUUUU").shows("strict");
}

#[test]
fn several_events_marked_are_steps_at_once() {
    let mut desk = Desk::open(80, 24);
    desk.keys("2a ↓ ").shows("2 marked").keys("⏎").shows("1 visit").shows("2 view_item");
}

#[test]
fn a_step_that_is_no_step_says_so_and_can_be_put_right() {
    let mut desk = Desk::open(80, 24);
    desk.keys("2acart[value⏎").shows("✗").shows("bracket is not closed");
    desk.keys("⌫⌫⌫⌫⌫⌫⌫⌫⌫⌫vis⏎").shows("1 visit");
    desk.keys("acartt|search⏎").shows("no event is named").shows("1 visit");
}

#[test]
fn a_filter_is_tried_first_and_then_holds_everywhere() {
    let mut desk = Desk::open(140, 40);
    desk.keys(FOUR_STEPS).keys("fsess > 3⏎").shows("no column is named `sess`").shows("no filter");
    desk.keys("⌃uchannel == \"web\"⏎").shows("events: channel == \"web\"").shows("the filter leaves");
    desk.keys("1").shows("events: channel").keys("+").shows("and event == \"visit\"").keys("u");
    desk.keys("x").shows("no filter").keys("u").shows("events: channel");
}

#[test]
fn an_event_on_home_opens_those_who_had_it() {
    let mut desk = Desk::open(80, 24);
    desk.keys("jjjj⏎").shows("Had checkout — 9,871 customers").keys("⎋").shows("▸checkout");
    desk.keys("⇥⏎").shows("4 purchase").shows("84,210");
}

#[test]
fn the_command_of_the_screen_is_copied() {
    let mut desk = Desk::open(80, 24);
    desk.keys(FOUR_STEPS).keys("yb");
    let copied = format!("{:?}", desk.app.outside);
    assert!(
        copied
            .contains("trailmap funnel shop/events_2026q2.csv -s visit -s search -s view_item -s purchase --within 7d"),
        "{copied}"
    );
}

#[test]
fn keys_that_stand_on_the_key_line_work() {
    for keys in [
        "",
        "⇥",
        FOUR_STEPS,
        "2",
        "2avis⏎",
        "3",
        "3v",
        "3vv",
        "3vvv",
        "3vvvv",
        "3V",
        "4",
        "4⇥",
        "4acart=add⇥⏎",
        "5",
        "5vv",
        "5vvvv",
        "6",
        "6ljjj",
        "6vl",
        "6vv",
        "6vvv",
        "6lljjj⇥",
        "7",
        "7⏎",
        "f",
        "2a",
        "?",
        ":",
        "i",
        "g",
    ] {
        let mut desk = Desk::open(140, 40);
        desk.keys(keys);
        let line = desk.app.key_line();
        assert!(!line.is_empty(), "after {keys}");
        for command in COMMANDS.iter().filter(|command| desk.app.places().contains(&command.place)) {
            let Some((_, word)) = command.hint else { continue };
            let is_shown = line.iter().any(|(shown, other)| {
                other == word
                    && desk
                        .app
                        .keymap
                        .shown(command)
                        .first()
                        .is_some_and(|key| shown.split('/').any(|part| part == key))
            });
            if is_shown {
                assert_eq!(desk.app.allows(command.action), Ok(()), "after {keys}: {}", command.name);
            }
        }
    }
}

#[test]
fn nothing_is_wider_than_the_screen_and_no_size_is_too_small() {
    for keys in [
        "",
        FOUR_STEPS,
        "2avis⏎apurch⏎k⏎⏎",
        "3",
        "3v",
        "3v⇥",
        "3vv",
        "3vvv",
        "3vvvv",
        "3V",
        "4",
        "4⇥",
        "4⇥⇥",
        "4⇥⇥⇥",
        "4⇥⇥⇥⇥",
        "4bdev⏎⇥",
        "?",
        ":",
        "i",
        "2a",
        "fdevice == ",
        "5bdev⏎",
        "5v",
        "5vvbdev⏎",
        "5vvvv",
        "5V",
        "6",
        "6v",
        "6vb",
        "6vT",
        "6vv",
        "6vvv",
        "6lljjj⇥",
    ] {
        let mut desk = Desk::open(140, 40);
        desk.keys(keys);
        for (wide, tall) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (3, 7),
            (7, 3),
            (20, 8),
            (40, 12),
            (59, 23),
            (60, 24),
            (79, 24),
            (80, 9),
            (119, 30),
            (500, 200),
        ] {
            (desk.width, desk.height) = (wide, tall);
            let screen = desk.screen();
            assert_eq!(screen.lines().count(), usize::from(tall));
            assert!(screen.lines().all(|line| width(line) <= usize::from(wide)), "{wide}x{tall}:\n{screen}");
            desk.keys("jk");
        }
    }
}

#[test]
fn moving_the_cursor_changes_few_cells() {
    let mut desk = Desk::open(120, 36);
    desk.keys("7jjj");
    let (before, _) = desk.draw();
    desk.keys("j");
    let (after, _) = desk.draw();
    let changed = before.diff(&after).len();
    assert!(changed <= 160, "{changed} cells:\n{}", text(&after));
    desk.keys("⌃l");
    let (same, _) = desk.draw();
    assert_eq!(before.diff(&before).len(), 0);
    assert_eq!(after.diff(&same).len(), 0);
}

#[test]
fn data_never_steers_the_terminal() {
    let mut desk = Desk::open(80, 24);
    desk.keys("gd").keys("jjjjjjjjj");
    let screen = desk.screen();
    assert!(screen.contains('␛') && !screen.contains('\u{1b}'), "{screen}");
}

/// What the monkey may press: every key of the command table, letters to type, and Enter and Esc more often than others.
fn monkey_keys() -> Vec<String> {
    let of_commands = COMMANDS.iter().flat_map(|command| command.keys).flat_map(|keys| keys.split(' '));
    let away = ["ctrl-z", "ctrl-d", "q"];
    let mut keys: Vec<String> = of_commands.filter(|key| !away.contains(key)).map(str::to_owned).collect();
    keys.sort();
    keys.dedup();
    keys.extend(["enter", "enter", "enter", "esc", "esc", "j", "k", "tab"].map(str::to_owned));
    keys.extend("abcdeghistuvw <>='\"|[]()0123佐".chars().filter(|c| *c != ' ').map(String::from));
    keys
}

/// One monkey at one desk: so many keys and resizes, every frame drawn; then Esc until it is home.
fn monkey(seed: u64, n: usize, folder: &std::path::Path) {
    let keys = monkey_keys();
    let mut state = seed;
    let mut random = |below: usize| {
        // Knuth's MMIX generator; its high bits are random enough for a monkey.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % below.max(1)
    };
    let mut desk = Desk::thin(80, 24);
    desk.app.write_into(folder);
    let mut last = std::collections::VecDeque::new();
    for _ in 0..n {
        if random(50) == 0 {
            (desk.width, desk.height) =
                ([0, 1, 7, 58, 80, 80, 140, 200][random(8)], [0, 1, 3, 14, 24, 24, 40, 60][random(8)]);
            last.push_back(format!("{}x{}", desk.width, desk.height));
        } else {
            let key = &keys[random(keys.len())];
            desk.press(key);
            last.push_back(key.clone());
        }
        if random(3) > 0 {
            desk.until_idle();
        }
        let (buffer, _) = desk.draw();
        assert_eq!((buffer.area.width, buffer.area.height), (desk.width, desk.height));
        if last.len() > 60 {
            last.pop_front();
        }
        assert!(desk.app.leave.is_none(), "seed {seed} left after {last:?}");
    }
    (desk.width, desk.height) = (80, 24);
    desk.until_idle();
    desk.keys(&"⎋".repeat(200));
    assert!(
        desk.screen().contains("this is the first level; q quits"),
        "seed {seed}, last {last:?}\n{}",
        desk.screen()
    );
}

/// 100,000 keys and resizes over every pane, on two threads.
#[test]
fn monkeys_break_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    std::thread::scope(|scope| {
        for thread in 0..2u64 {
            let folder = folder.path();
            scope.spawn(move || (0..10).for_each(|round| monkey(thread * 1_000 + round + 1, 5_000, folder)));
        }
    });
}
