//! `Look`: what the screen should look like and how much it may send, from flags, settings, the environment and what the
//! terminal says about itself.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::report::Answer;
use super::theme::{Depth, Environment, Scheme, Theme};
use super::{copy, terminal};
use crate::base::Zone;
use crate::base::visible::visible;
use crate::workspace::{Setting, Settings};

/// An answer about colours that comes later than this is not waited for: restyling what somebody already reads is worse
/// than colours that fit less.
const PATIENCE: Duration = Duration::from_millis(300);
const PATIENCE_FAR: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Default)]
pub struct Look {
    settings: Settings,
    /// What the command line says; it holds until the person changes the setting.
    flags: Vec<(Setting, &'static str)>,
    pub environment: Environment,
    pub known: Known,
    /// Whether frames were seen to take long.
    is_line_slow: bool,
}

/// What the terminal said about itself.
#[derive(Debug, Clone, Default)]
pub struct Known {
    asked: Option<Instant>,
    pub background: Option<[u8; 3]>,
    pub synchronized: Option<bool>,
    pub version: Option<String>,
    /// Whether signs that may be one or two columns wide are two.
    pub is_wide: Option<bool>,
    pub is_answered: bool,
}

/// Signs whose width terminals disagree about, to be measured.
pub const MEASURED: &str = "●─█";

/// Columns of `MEASURED` where the screens are drawn right.
const MEASURED_COLUMNS: u16 = 3;

impl Look {
    pub fn new(settings: Settings, flags: Vec<(Setting, &'static str)>, environment: Environment) -> Self {
        Look { settings, flags, environment, ..Look::default() }
    }

    /// A look that is what it is, for screens without a terminal.
    pub fn of(theme: Theme) -> Self {
        let glyphs = if theme.ascii { "ascii" } else { "unicode" };
        let environment = Environment { term: "xterm".to_owned(), ..Environment::default() };
        Look::new(Settings::default(), vec![(Setting::Theme, theme.name()), (Setting::Glyphs, glyphs)], environment)
    }

    pub fn value(&self, setting: Setting) -> &'static str {
        let flag = self.flags.iter().find(|(of, _)| *of == setting);
        flag.map_or_else(|| self.settings.get(setting), |(_, value)| value)
    }

    pub fn set(&mut self, setting: Setting, value: &'static str) {
        self.flags.retain(|(of, _)| *of != setting);
        // Values come from the setting's own list.
        let _ = self.settings.set(setting, value);
    }

    /// The value after this one.
    pub fn after(&self, setting: Setting) -> &'static str {
        let values = setting.values();
        let at = values.iter().position(|value| *value == self.value(setting)).unwrap_or(0);
        values[(at + 1) % values.len()]
    }

    /// The next value that makes a difference.
    pub fn different(&self, setting: Setting) -> &'static str {
        let mut other = self.clone();
        for _ in setting.values() {
            other.set(setting, other.after(setting));
            if other.effect(setting) != self.effect(setting) {
                return other.value(setting);
            }
        }
        self.after(setting)
    }

    /// What comes of a setting, in a word.
    fn effect(&self, setting: Setting) -> &'static str {
        let on = |is_on| if is_on { "on" } else { "off" };
        match setting {
            Setting::Theme => self.theme().name(),
            Setting::Glyphs => {
                if self.theme().ascii {
                    "ascii"
                } else {
                    "unicode"
                }
            }
            Setting::SlowLine => on(self.is_slow()),
            Setting::Mouse | Setting::Times => self.value(setting),
        }
    }

    /// What a setting is, and what comes of it: `auto: dark, as the background is #000000`.
    pub fn explained(&self, setting: Setting) -> String {
        match self.value(setting) {
            "auto" => format!("auto: {}, as {}", self.effect(setting), self.why(setting)),
            value => value.to_owned(),
        }
    }

    fn why(&self, setting: Setting) -> String {
        match setting {
            Setting::Theme => self.why_theme(),
            Setting::Glyphs => self.why_glyphs().to_owned(),
            Setting::SlowLine if self.is_line_slow => "frames were slow to go out".to_owned(),
            Setting::SlowLine => "no frame was slow".to_owned(),
            Setting::Mouse | Setting::Times => "nothing else is said".to_owned(),
        }
    }

    pub fn theme(&self) -> Theme {
        let scheme = match self.value(Setting::Theme) {
            "dark" => Scheme::Dark,
            "light" => Scheme::Light,
            "16" => Scheme::Ansi,
            "mono" => Scheme::Mono,
            _ => Scheme::Auto,
        };
        let mut theme = Theme::on(scheme, self.known.background, &self.environment);
        theme.ascii = match self.value(Setting::Glyphs) {
            "ascii" => true,
            "unicode" => false,
            _ => self.environment.is_plain() || self.known.is_wide == Some(true),
        };
        theme
    }

    fn why_theme(&self) -> String {
        let environment = &self.environment;
        if environment.no_color {
            return "NO_COLOR is set".to_owned();
        }
        if environment.is_colorless() {
            return format!("TERM is {}", shown(&environment.term));
        }
        let [r, g, b] = match (self.known.background, environment.depth()) {
            (_, Depth::Sixteen) => return "the terminal promises no more".to_owned(),
            (Some(background), _) => background,
            (None, Depth::True) if !environment.colorfgbg.is_empty() => return "COLORFGBG says so".to_owned(),
            (None, _) => return "the terminal tells no background".to_owned(),
        };
        format!("the background is #{r:02x}{g:02x}{b:02x}")
    }

    fn why_glyphs(&self) -> &'static str {
        match self.known.is_wide {
            _ if self.environment.is_plain() => "this TERM draws no others",
            Some(true) => "the terminal draws the others too wide",
            Some(false) => "their width was measured",
            None => "their width was not measured",
        }
    }

    pub fn is_slow(&self) -> bool {
        match self.value(Setting::SlowLine) {
            "on" => true,
            "off" => false,
            _ => self.is_line_slow,
        }
    }

    /// Frames take long; returns whether that changes anything.
    pub fn slow_down(&mut self) -> bool {
        let was_slow = self.is_slow();
        self.is_line_slow = true;
        !was_slow && self.is_slow()
    }

    pub fn has_mouse(&self) -> bool {
        self.value(Setting::Mouse) == "on"
    }

    /// The zone that times are shown in, where the data's is this.
    pub fn zone(&self, of_data: Option<&Zone>) -> Zone {
        match self.value(Setting::Times) {
            "utc" => Zone::utc(),
            _ => of_data.cloned().unwrap_or_default(),
        }
    }

    /// Notes that the terminal was asked.
    pub fn asked(&mut self, now: Instant) {
        self.known.asked = Some(now);
    }

    /// Until when answers are waited for, where the terminal was asked and has not answered.
    pub fn hears_until(&self) -> Option<Instant> {
        let patience = if self.environment.is_far { PATIENCE_FAR } else { PATIENCE };
        self.known.asked.filter(|_| !self.known.is_answered).map(|asked| asked + patience)
    }

    /// Takes what the terminal says, if it was asked.
    pub fn learn(&mut self, answer: Answer, now: Instant) {
        if self.known.asked.is_none() {
            return;
        }
        match answer {
            Answer::Background(color) => {
                if self.hears_until().is_some_and(|until| now <= until) {
                    self.known.background = Some(color);
                }
            }
            Answer::Synchronized(does) => self.known.synchronized = Some(does),
            Answer::Version(version) => self.known.version = Some(version),
            // Frames that are drawn wrong are put right however late that is known.
            Answer::Cursor { column, .. } => self.known.is_wide = Some(column > MEASURED_COLUMNS + 1),
            Answer::Attributes => self.known.is_answered = true,
        }
    }

    /// The facts about this terminal that decide how things look: what, how it is, and what that means.
    pub fn facts(&self) -> Vec<[String; 3]> {
        let environment = &self.environment;
        let theme = self.theme();
        let depth = match (theme.name(), environment.depth()) {
            ("mono", _) => "no",
            ("16", _) | (_, Depth::Sixteen) => "16",
            (_, Depth::Indexed) => "256",
            (_, Depth::True) => "true",
        };
        let answered = |answer: Option<bool>| match answer {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        let version = self.known.version.as_deref().unwrap_or("not told");
        let (way, meaning) = copy::way(environment);
        let between = match (environment.in_tmux, environment.in_screen, environment.is_far) {
            (true, _, true) => "tmux, SSH",
            (true, _, false) => "tmux",
            (_, true, true) => "screen, SSH",
            (_, true, false) => "screen",
            (_, _, true) => "SSH",
            (_, _, false) => "nothing",
        };
        let rows: [(&str, String, &str); 10] = [
            ("TERM", shown(&environment.term), "what the terminal calls itself"),
            ("program", version.to_owned(), "what the terminal answers when asked for its name"),
            ("between", between.to_owned(), "what stands between trailmap and the terminal, as far as known"),
            ("colours", depth.to_owned(), "how many the workbench uses"),
            ("theme", self.explained(Setting::Theme), "--theme, settings.toml and change-theme choose another"),
            ("signs", self.explained(Setting::Glyphs), "--ascii, settings.toml and change-signs choose others"),
            (
                "slow line",
                self.explained(Setting::SlowLine),
                "--slow, settings.toml and change-slow-line decide otherwise",
            ),
            (
                "whole frames",
                answered(self.known.synchronized).to_owned(),
                "whether the terminal shows a frame only when it is whole",
            ),
            ("copy", way.to_owned(), meaning),
            ("locale", environment.locale.clone(), "UTF-8 is needed for names that are not English"),
        ];
        rows.into_iter().map(|(what, value, meaning)| [what.to_owned(), value, meaning.to_owned()]).collect()
    }
}

/// What `doctor` finds out about the terminal.
pub struct Examined {
    /// Whether the workbench can be opened here.
    pub is_usable: bool,
    /// Whether there is a terminal, and what that means.
    pub verdict: [String; 2],
    pub facts: Vec<[String; 3]>,
}

/// Looks at the terminal as the workbench would, without drawing anything that stays.
pub fn examine(settings: Settings) -> Examined {
    let environment = Environment::read();
    let mut look = Look::new(settings, Vec::new(), environment);
    let is_usable = [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()].contains(&true);
    let may_ask = io::stdin().is_terminal() && io::stdout().is_terminal() && look.environment.may_be_asked();
    if may_ask {
        let start = Instant::now();
        look.asked(start);
        let patience = look.hears_until().map_or(PATIENCE, |until| until.saturating_duration_since(start));
        let answers = terminal::interview(patience).unwrap_or_default();
        answers.into_iter().for_each(|answer| look.learn(answer, start));
    }
    let verdict = match crossterm::terminal::size() {
        _ if !is_usable => ["none".to_owned(), "the workbench needs one; commands work without".to_owned()],
        Ok((columns, rows)) if columns > 0 && rows > 0 => {
            let small = columns < 80 || rows < 24;
            let meaning = if small { "small: one compact pane at a time" } else { "large enough for every pane" };
            [format!("{columns} × {rows}"), meaning.to_owned()]
        }
        Ok(_) | Err(_) => ["of unknown size".to_owned(), "taken for 80 × 24".to_owned()],
    };
    let asked = match (may_ask, look.known.is_answered) {
        (true, true) => ["yes", "the terminal was asked about itself, and said what stands here"],
        (true, false) => ["no", "the terminal was asked about itself, and did not answer in time"],
        (false, _) => ["not asked", "only a terminal that is both input and output can be asked"],
    };
    let mut facts = look.facts();
    facts.push(["answers".to_owned(), asked[0].to_owned(), asked[1].to_owned()]);
    Examined { is_usable, verdict, facts }
}

fn shown(term: &str) -> String {
    if term.is_empty() { "not set".to_owned() } else { visible(term).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far_xterm() -> Look {
        let environment = Environment { term: "xterm-256color".into(), is_far: true, ..Environment::default() };
        Look::new(Settings::default(), Vec::new(), environment)
    }

    #[test]
    fn the_theme_follows_the_background_that_the_terminal_tells_in_time() {
        let start = Instant::now();
        for (color, name) in [([0, 0, 0], "dark"), ([253, 246, 227], "light")] {
            let mut look = far_xterm();
            assert_eq!(look.theme().name(), "16");
            look.asked(start);
            look.learn(Answer::Background(color), start + PATIENCE_FAR);
            assert_eq!(look.theme().name(), name);
        }
        let mut look = far_xterm();
        look.asked(start);
        look.learn(Answer::Background([0, 0, 0]), start + PATIENCE_FAR + PATIENCE);
        assert_eq!(look.theme().name(), "16", "too late to restyle what somebody reads");
        look.learn(Answer::Cursor { row: 2, column: 7 }, start + Duration::from_secs(9));
        assert!(look.theme().ascii, "wrong widths are put right however late");
    }

    #[test]
    fn an_answer_that_nobody_asked_for_is_none() {
        let mut look = far_xterm();
        look.learn(Answer::Background([0, 0, 0]), Instant::now());
        look.learn(Answer::Cursor { row: 2, column: 7 }, Instant::now());
        assert_eq!((look.theme().name(), look.theme().ascii), ("16", false));
    }

    #[test]
    fn a_flag_holds_until_the_person_changes_the_setting() {
        let mut look = far_xterm();
        look.flags.push((Setting::Theme, "mono"));
        assert_eq!(look.theme().name(), "mono");
        look.set(Setting::Theme, "light");
        assert_eq!(look.theme().name(), "light");
    }

    #[test]
    fn the_next_value_is_one_that_makes_a_difference() {
        let mut look = far_xterm();
        let mut through = Vec::new();
        for _ in 0..5 {
            let next = look.different(Setting::Theme);
            look.set(Setting::Theme, next);
            through.push(next);
        }
        assert_eq!(through, ["dark", "light", "16", "mono", "auto"]);
        assert_eq!(look.different(Setting::Glyphs), "ascii");
        assert_eq!(look.different(Setting::SlowLine), "on");
        look.set(Setting::SlowLine, "on");
        assert_eq!(look.different(Setting::SlowLine), "off");
        assert_eq!(look.different(Setting::Times), "utc");
    }

    #[test]
    fn a_line_that_proves_slow_is_used_sparingly_unless_the_person_says_otherwise() {
        let mut look = far_xterm();
        assert!(look.slow_down() && look.is_slow());
        assert!(!look.slow_down());
        look.set(Setting::SlowLine, "off");
        assert!(!look.is_slow() && !look.slow_down());
    }
}
