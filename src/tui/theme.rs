//! What things look like: tokens, and their four renderings. The only file that names a colour.

use ratatui::style::{Color, Modifier, Style};

use crate::base::visible::visible;

/// What a piece of text is, not how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Text,
    Dim,
    Strong,
    /// Frames without and with the focus.
    Frame,
    Focus,
    Title,
    /// Keys, and what to do next.
    Key,
    /// The tab, chip or row that is chosen.
    Chosen,
    Bar,
    /// The part of a bar that stands for something weaker: still open, earlier answer.
    Faint,
    Good,
    Bad,
    Warn,
    Error,
    /// The piece of a candidate that matches what was typed.
    Match,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// By the environment (NO_COLOR, TERM, COLORTERM, COLORFGBG) and the background that the terminal tells.
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Ansi,
    Mono,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    scheme: Scheme,
    depth: Depth,
    /// Draw with ASCII only.
    pub ascii: bool,
}

/// How many colours a terminal promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Sixteen,
    Indexed,
    True,
}

/// What of the environment decides about the screen; read once, at the edge.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub no_color: bool,
    pub term: String,
    pub colorterm: String,
    pub colorfgbg: String,
    /// Whether the terminal is on another machine.
    pub is_far: bool,
    pub in_tmux: bool,
    pub in_screen: bool,
    /// The name of the locale that decides how text is written.
    pub locale: String,
}

impl Environment {
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let is_set = |name: &str| !variable(name).is_empty();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|name| !name.is_empty());
        Environment {
            no_color: is_set("NO_COLOR"),
            term: variable("TERM"),
            colorterm: variable("COLORTERM"),
            colorfgbg: variable("COLORFGBG"),
            is_far: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            in_tmux: is_set("TMUX"),
            in_screen: is_set("STY"),
            locale: visible(&locale.unwrap_or_else(|| "not set".to_owned())).into_owned(),
        }
    }

    /// Terminals that draw ASCII only, as far as their name tells.
    pub fn is_plain(&self) -> bool {
        ["", "dumb", "vt100", "vt102", "vt220", "linux"].contains(&self.term.as_str())
    }

    /// Terminals that have no colours, as far as their name tells.
    pub fn is_colorless(&self) -> bool {
        matches!(self.term.as_str(), "" | "dumb") || self.term.starts_with("vt")
    }

    /// Whether the terminal understands to be asked, and does not print the question.
    pub fn may_be_asked(&self) -> bool {
        !self.is_plain() && !self.is_colorless()
    }

    pub fn depth(&self) -> Depth {
        const TRUE: [&str; 6] = ["kitty", "alacritty", "foot", "wezterm", "ghostty", "direct"];
        if matches!(self.colorterm.as_str(), "truecolor" | "24bit") || TRUE.iter().any(|name| self.term.contains(name))
        {
            Depth::True
        } else if self.term.contains("256") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }
}

/// A background lighter than this (as the eye sees it) wants dark text.
const LIGHT_FROM: f64 = 0.18;

impl Theme {
    pub fn new(scheme: Scheme, ascii: bool, environment: &Environment) -> Self {
        let theme = Theme::on(scheme, None, environment);
        Theme { ascii: ascii || environment.is_plain(), ..theme }
    }

    /// The theme on a background that the terminal told, or on one that nothing is known about.
    pub fn on(scheme: Scheme, background: Option<[u8; 3]>, environment: &Environment) -> Self {
        let depth = environment.depth();
        let scheme = match scheme {
            Scheme::Auto if environment.no_color || environment.is_colorless() => Scheme::Mono,
            Scheme::Auto => match (background, depth) {
                (_, Depth::Sixteen) => Scheme::Ansi,
                (Some(background), _) if luminance(background) > LIGHT_FROM => Scheme::Light,
                (Some(_), _) => Scheme::Dark,
                (None, Depth::Indexed) => Scheme::Ansi,
                // `foreground;background` in the sixteen colours: 7 and 15 are the light ones.
                (None, Depth::True) => match environment.colorfgbg.rsplit(';').next() {
                    Some("7" | "15") => Scheme::Light,
                    Some("") | None => Scheme::Ansi,
                    Some(_) => Scheme::Dark,
                },
            },
            chosen => chosen,
        };
        // Who names a theme of many colours has them, unless the terminal says how many it has.
        let depth = if depth == Depth::Sixteen { Depth::True } else { depth };
        Theme { scheme, depth, ascii: false }
    }

    /// As settings call it.
    pub fn name(self) -> &'static str {
        match self.scheme {
            Scheme::Auto | Scheme::Ansi => "16",
            Scheme::Dark => "dark",
            Scheme::Light => "light",
            Scheme::Mono => "mono",
        }
    }

    pub fn style(self, tone: Tone) -> Style {
        match self.scheme {
            Scheme::Dark => many(tone, &DARK, self.depth),
            Scheme::Light => many(tone, &LIGHT, self.depth),
            Scheme::Ansi | Scheme::Auto => ansi(tone),
            Scheme::Mono => mono(tone),
        }
    }
}

/// How light a colour is to the eye, from 0 to 1 (relative luminance of WCAG 2).
fn luminance(color: [u8; 3]) -> f64 {
    let [r, g, b] = color.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// A colour, and the nearest of the 256 that is as readable.
#[derive(Clone, Copy)]
struct Shade(u32, u8);

struct Palette {
    dim: Shade,
    frame: Shade,
    focus: Shade,
    accent: Shade,
    good: Shade,
    bad: Shade,
}

const DARK: Palette = Palette {
    dim: Shade(0x949db0, 247),
    frame: Shade(0x4c566a, 240),
    focus: Shade(0x88c0d0, 110),
    accent: Shade(0xebcb8b, 222),
    good: Shade(0x5fafd7, 74),
    bad: Shade(0xe08e45, 208),
};

const LIGHT: Palette = Palette {
    dim: Shade(0x59636e, 241),
    frame: Shade(0xc0c8d0, 251),
    focus: Shade(0x0969da, 26),
    accent: Shade(0x9a6700, 58),
    good: Shade(0x0b6bcb, 25),
    // A shade darker than the design's #b35900, which is 4.48:1 on #fdf6e3.
    bad: Shade(0xb15700, 94),
};

fn many(tone: Tone, palette: &Palette, depth: Depth) -> Style {
    let fg = |Shade(hex, index): Shade| {
        let color = if depth == Depth::Indexed { Color::Indexed(index) } else { Color::from_u32(hex) };
        Style::new().fg(color)
    };
    match tone {
        Tone::Text => Style::new(),
        Tone::Dim | Tone::Faint => fg(palette.dim),
        Tone::Strong | Tone::Title => Style::new().add_modifier(Modifier::BOLD),
        Tone::Frame => fg(palette.frame),
        Tone::Focus => fg(palette.focus),
        Tone::Key => fg(palette.accent),
        Tone::Chosen => fg(palette.focus).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Tone::Bar | Tone::Good => fg(palette.good),
        Tone::Bad | Tone::Warn => fg(palette.bad),
        Tone::Error => fg(palette.bad).add_modifier(Modifier::BOLD),
        Tone::Match => fg(palette.accent).add_modifier(Modifier::BOLD),
    }
}

fn ansi(tone: Tone) -> Style {
    match tone {
        Tone::Text => Style::new(),
        Tone::Dim | Tone::Frame | Tone::Faint => Style::new().fg(Color::DarkGray),
        Tone::Strong | Tone::Title => Style::new().add_modifier(Modifier::BOLD),
        Tone::Focus => Style::new().fg(Color::Cyan),
        Tone::Key => Style::new().fg(Color::Yellow),
        Tone::Chosen => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Tone::Bar | Tone::Good => Style::new().fg(Color::Blue),
        Tone::Bad | Tone::Warn => Style::new().fg(Color::Yellow),
        Tone::Error => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        Tone::Match => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
    }
}

fn mono(tone: Tone) -> Style {
    match tone {
        Tone::Text | Tone::Frame | Tone::Bar | Tone::Good | Tone::Bad | Tone::Warn => Style::new(),
        Tone::Dim | Tone::Faint => Style::new().add_modifier(Modifier::DIM),
        Tone::Strong | Tone::Title | Tone::Focus | Tone::Error => Style::new().add_modifier(Modifier::BOLD),
        Tone::Key | Tone::Match => Style::new().add_modifier(Modifier::UNDERLINED),
        Tone::Chosen => Style::new().add_modifier(Modifier::REVERSED),
    }
}

/// The ASCII twin of a drawing character, one column for one column.
pub fn ascii_twin(c: char) -> Option<char> {
    Some(match c {
        '─' | '━' | '┅' | '┄' => '-',
        '│' | '┃' => '|',
        '╭' | '╮' | '╰' | '╯' | '├' | '└' | '┤' | '┬' | '┴' | '┼' => '+',
        '┏' | '┓' | '┗' | '┛' | '┣' | '┫' | '┳' | '┻' | '╋' => '+',
        '░' => '.',
        '▒' => ':',
        '▓' => '%',
        '▾' => 'v',
        '↺' => '@',
        '⊘' => 'x',
        '○' | '◆' => 'o',
        '⇄' => '=',
        '█' | '▇' | '▆' | '▊' | '▉' | '▋' => '#',
        '╱' => '/',
        '┊' => ':',
        '□' => 'o',
        '▅' | '▄' | '▌' | '▍' => '=',
        '▃' | '▂' | '▁' | '▎' | '▏' => '.',
        '▐' => '[',
        '▸' | '→' | '›' => '>',
        '◀' | '←' => '<',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '●' => '=',
        '◐' | '◓' | '◑' | '◒' => '%',
        '■' | '✓' => '*',
        '✗' | '✕' | '×' => 'x',
        '⚠' => '!',
        '·' | '—' | '–' | '−' => '-',
        '≈' => '~',
        '≥' => '>',
        '≤' => '<',
        '…' => '~',
        '⌫' => '<',
        '⏎' => '^',
        '⇧' => '^',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        // What stands for control characters.
        '\u{2400}'..='\u{2426}' => '?',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONES: [Tone; 15] = [
        Tone::Text,
        Tone::Dim,
        Tone::Strong,
        Tone::Frame,
        Tone::Focus,
        Tone::Title,
        Tone::Key,
        Tone::Chosen,
        Tone::Bar,
        Tone::Faint,
        Tone::Good,
        Tone::Bad,
        Tone::Warn,
        Tone::Error,
        Tone::Match,
    ];

    fn scheme_of(term: &str, colorterm: &str, no_color: bool) -> Scheme {
        let environment = Environment {
            no_color,
            term: term.into(),
            colorterm: colorterm.into(),
            colorfgbg: "15;0".into(),
            ..Environment::default()
        };
        Theme::new(Scheme::Auto, false, &environment).scheme
    }

    #[test]
    fn the_environment_decides_unless_the_person_does() {
        assert_eq!(scheme_of("xterm-256color", "truecolor", false), Scheme::Dark);
        assert_eq!(scheme_of("xterm-256color", "", false), Scheme::Ansi);
        assert_eq!(scheme_of("xterm-256color", "truecolor", true), Scheme::Mono);
        assert_eq!(scheme_of("dumb", "", false), Scheme::Mono);
        let plain = Environment { term: "vt100".into(), ..Environment::default() };
        assert!(Theme::new(Scheme::Light, false, &plain).ascii);
        assert_eq!(Theme::new(Scheme::Light, false, &plain).scheme, Scheme::Light);
    }

    #[test]
    fn no_theme_sets_red_against_green_and_mono_has_no_colour() {
        for tone in TONES {
            assert_ne!(ansi(tone).fg, Some(Color::Red));
            assert_ne!(ansi(tone).fg, Some(Color::Green));
            assert_eq!(mono(tone).fg.or(mono(tone).bg), None, "{tone:?}");
        }
    }

    /// The xterm colour of this number, from 16 on.
    fn indexed(index: u8) -> [u8; 3] {
        let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
        match index {
            232.. => [8 + 10 * (index - 232); 3],
            index => [step((index - 16) / 36), step((index - 16) / 6 % 6), step((index - 16) % 6)],
        }
    }

    #[test]
    fn text_is_readable_against_every_common_background() {
        let of_hex = |hex: u32| [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8];
        let contrast = |a: [u8; 3], b: [u8; 3]| {
            let (a, b) = (luminance(a), luminance(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for (palette, backgrounds) in
            [(&DARK, &[0x000000, 0x1e1e1e, 0x282c34][..]), (&LIGHT, &[0xffffff, 0xfdf6e3][..])]
        {
            for &background in backgrounds {
                for Shade(hex, index) in [palette.dim, palette.focus, palette.accent, palette.good, palette.bad] {
                    for color in [of_hex(hex), indexed(index)] {
                        let ratio = contrast(color, of_hex(background));
                        assert!(ratio >= 4.5, "{hex:06x} ({index}) as {color:?} on {background:06x}: {ratio:.2}");
                    }
                }
            }
        }
    }

    #[test]
    fn in_mono_what_is_chosen_focused_or_a_key_can_be_told_apart() {
        let told_apart = [Tone::Text, Tone::Dim, Tone::Strong, Tone::Key, Tone::Chosen];
        for (i, a) in told_apart.iter().enumerate() {
            for b in &told_apart[i + 1..] {
                assert_ne!(mono(*a), mono(*b), "{a:?} and {b:?}");
            }
        }
        assert_ne!(mono(Tone::Frame), mono(Tone::Focus));
    }

    #[test]
    fn a_terminal_of_256_colours_gets_no_others() {
        let environment = Environment { term: "xterm-256color".into(), ..Environment::default() };
        let theme = Theme::new(Scheme::Dark, false, &environment);
        for tone in TONES {
            let fg = theme.style(tone).fg;
            assert!(matches!(fg, None | Some(Color::Indexed(_))), "{tone:?}: {fg:?}");
        }
    }
}
