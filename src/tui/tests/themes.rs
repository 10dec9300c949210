//! Every screen at the smallest size, in ASCII and in colours: what the panes look like where 80 × 24 in mono is not it.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::FOUR_STEPS;
use crate::tui::made_up::{Desk, text};
use crate::tui::theme::{Environment, Scheme, Theme};

/// The screen, and under it one sign per cell for how it is drawn.
fn in_colours(desk: &mut Desk) -> String {
    let environment = Environment { term: "xterm".into(), colorterm: "truecolor".into(), ..Environment::default() };
    desk.app.theme = Theme::new(Scheme::Dark, false, &environment);
    let (buffer, _) = desk.draw();
    format!("{}{}", text(&buffer), styles(&buffer))
}

fn styles(buffer: &Buffer) -> String {
    let mut styles: Vec<(Color, Modifier)> = Vec::new();
    let mut lines = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.modifier);
            let is_plain = cell.symbol() == " " && !cell.modifier.contains(Modifier::REVERSED);
            lines.push(if is_plain || style == (Color::Reset, Modifier::empty()) {
                '.'
            } else {
                let at = styles.iter().position(|other| *other == style).unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
                char::from(b'a' + at as u8)
            });
        }
        lines.truncate(lines.trim_end_matches('.').len());
        lines.push('\n');
    }
    for (i, (color, modifier)) in styles.iter().enumerate() {
        lines.push_str(&format!("{}: {color} {modifier:?}\n", char::from(b'a' + i as u8)));
    }
    lines
}

fn in_ascii(desk: &mut Desk) -> String {
    desk.app.theme = Theme::new(Scheme::Mono, true, &Environment { term: "xterm".into(), ..Environment::default() });
    let screen = desk.screen();
    assert!(screen.is_ascii(), "{screen}");
    screen
}

macro_rules! looks {
    ($($name:ident: $keys:expr;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn at_58x14() {
                insta::assert_snapshot!(Desk::open(58, 14).keys($keys).screen());
            }

            #[test]
            fn in_dark_colours() {
                let mut desk = Desk::open(80, 24);
                desk.keys($keys);
                insta::assert_snapshot!(in_colours(&mut desk));
            }

            #[test]
            fn in_ascii_only() {
                // The only name in the data that is not ASCII stays as it is, so this is not the list with it.
                let mut desk = Desk::open(80, 24);
                desk.keys($keys);
                insta::assert_snapshot!(in_ascii(&mut desk));
            }
        }
    )* };
}

looks! {
    home: "";
    funnel: &format!("{FOUR_STEPS}k");
    funnel_broken_down: &format!("{FOUR_STEPS}kbdev⏎⇥⇥j");
    empty_funnel: "2";
    customers: "7jj";
    timeline: "7⏎j";
    prompt: "2asearch⏎ac";
    help: &format!("{FOUR_STEPS}?");
    palette: &format!("{FOUR_STEPS}:drop");
    settings: ",,";
    data_health: "i";
    filter_that_fails: "2avis⏎fdevice == \"android\" and sess > 3⏎";
}
