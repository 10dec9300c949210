//! The drawing of odd data: names that are wide, long or hostile, many touchpoints, deep paths; and how fast it is.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::analysis::run;
use crate::base::Ctl;
use crate::journey::fixture::view;
use crate::tui::made_up::text;
use crate::tui::theme::{Environment, Scheme, Theme};

/// A pane in a view with the answer to its own question about these journeys, at a size.
struct Shown {
    pane: PathsPane,
    answer: Answer,
    spec: Spec,
}

impl Shown {
    fn of(journeys: &str, view_of_pane: View) -> Self {
        let mut pane = PathsPane::new(Scope::default());
        pane.view = view_of_pane;
        pane.is_wide.set(true);
        pane.ask.min_share = Share(0.0);
        pane.support = Share(0.0);
        let spec = pane.question();
        let answer = run(&view(journeys), &spec, &Ctl::new()).expect("an answer");
        let mut shown = Shown { pane, answer, spec };
        let (answer, spec) = (shown.answer.clone(), shown.spec.clone());
        shown.pane.arrived(&facts(&answer, &spec));
        shown
    }

    fn draw(&self, wide: u16, tall: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, wide, tall));
        let theme = Theme::new(Scheme::Mono, false, &Environment::default());
        let area = buffer.area;
        self.pane.view(&facts(&self.answer, &self.spec), area, &mut Pen::new(&mut buffer, theme));
        text(&buffer)
    }
}

static UTC: std::sync::LazyLock<crate::base::Zone> = std::sync::LazyLock::new(crate::base::Zone::utc);

fn facts<'a>(answer: &'a Answer, spec: &'a Spec) -> Facts<'a> {
    Facts {
        answer: Some(answer),
        answered: Some(spec),
        table: None,
        voices: None,
        order: None,
        report: None,
        page: 10,
        is_zoomed: false,
        zone: &UTC,
    }
}

#[test]
fn names_in_any_script_and_of_any_length_stay_in_their_columns() {
    let long = "a_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on";
    let journeys = format!("x: 検索0 購入手続き5 {long}9 購入手続き12\ny: 検索0 {long}3\nz: 検索1 購入手続き4 検索8");
    for view in View::ALL {
        let shown = Shown::of(&journeys, view);
        let sizes =
            if view == View::Flow { &[(88, 20), (110, 36)][..] } else { &[(40, 10), (58, 12), (80, 20), (110, 36)] };
        for &(wide, tall) in sizes {
            let screen = shown.draw(wide, tall);
            for line in screen.lines() {
                assert!(crate::base::visible::width(line) <= usize::from(wide), "{view:?} {wide}:\n{screen}");
            }
            if wide >= 80 {
                assert!(screen.contains("検索"), "{view:?} {wide}:\n{screen}");
            }
        }
    }
    assert!(Shown::of(&journeys, View::Ranking).draw(58, 12).contains('…'));
}

#[test]
fn nobody_and_one_event_are_drawn_too() {
    for view in View::ALL {
        for journeys in ["", "x: a0"] {
            let shown = Shown::of(journeys, view);
            for size in [(58, 12), (110, 36)] {
                shown.draw(size.0, size.1);
            }
        }
    }
    assert!(Shown::of("x: a0", View::Tree).draw(80, 12).contains("a"));
}

#[test]
fn a_frame_is_drawn_fast_whatever_the_data() {
    // One customer per name, all names after the same start; and one journey that goes on and on.
    let many: String = (0..3_000).map(|i| format!("c{i}: start0 n{i}x5 n{}x9\n", i * 7 % 3_000)).collect();
    let deep = format!("d: {}", (0..400).map(|i| format!("s{}x{i}", i % 90)).collect::<Vec<_>>().join(" "));
    for view in View::ALL {
        for journeys in [&many, &deep] {
            let shown = Shown::of(journeys, view);
            shown.draw(250, 80);
            let since = Instant::now();
            for _ in 0..3 {
                shown.draw(250, 80);
            }
            // Without optimisation and beside other work, a frame takes many times what it takes in a release.
            assert!(since.elapsed() / 3 < Duration::from_millis(60), "{view:?}: {:?}", since.elapsed() / 3);
        }
    }
}
