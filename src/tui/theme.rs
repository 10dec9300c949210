//! What things look like: tokens, and their four renderings. The only file that names a colour.

use ratatui::style::{Color, Modifier, Style};

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
    /// By the environment: NO_COLOR, TERM, COLORTERM, COLORFGBG.
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
    /// Draw with ASCII only.
    pub ascii: bool,
}

/// What of the environment decides about colours; read once, at the edge.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub no_color: bool,
    pub term: String,
    pub colorterm: String,
    pub colorfgbg: String,
}

impl Environment {
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        Environment {
            no_color: !variable("NO_COLOR").is_empty(),
            term: variable("TERM"),
            colorterm: variable("COLORTERM"),
            colorfgbg: variable("COLORFGBG"),
        }
    }
}

impl Theme {
    pub fn new(scheme: Scheme, ascii: bool, environment: &Environment) -> Self {
        let plain = ["", "dumb", "vt100", "vt102", "vt220", "linux"].contains(&environment.term.as_str());
        let scheme = match scheme {
            Scheme::Auto if environment.no_color || matches!(environment.term.as_str(), "" | "dumb") => Scheme::Mono,
            Scheme::Auto if environment.term.starts_with("vt") => Scheme::Mono,
            Scheme::Auto if !matches!(environment.colorterm.as_str(), "truecolor" | "24bit") => Scheme::Ansi,
            // `foreground;background` in the sixteen colours: 7 and 15 are the light ones.
            Scheme::Auto => match environment.colorfgbg.rsplit(';').next() {
                Some("7" | "15") => Scheme::Light,
                Some("") | None => Scheme::Ansi,
                Some(_) => Scheme::Dark,
            },
            chosen => chosen,
        };
        Theme { scheme, ascii: ascii || plain }
    }

    pub fn style(self, tone: Tone) -> Style {
        match self.scheme {
            Scheme::Dark => rgb(tone, &DARK),
            Scheme::Light => rgb(tone, &LIGHT),
            Scheme::Ansi | Scheme::Auto => ansi(tone),
            Scheme::Mono => mono(tone),
        }
    }
}

struct Palette {
    dim: u32,
    frame: u32,
    focus: u32,
    accent: u32,
    good: u32,
    bad: u32,
}

const DARK: Palette =
    Palette { dim: 0x949db0, frame: 0x4c566a, focus: 0x88c0d0, accent: 0xebcb8b, good: 0x5fafd7, bad: 0xe08e45 };

const LIGHT: Palette =
    Palette { dim: 0x59636e, frame: 0xc0c8d0, focus: 0x0969da, accent: 0x9a6700, good: 0x0b6bcb, bad: 0xb35900 };

fn rgb(tone: Tone, palette: &Palette) -> Style {
    let fg = |hex: u32| Style::new().fg(Color::from_u32(hex));
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
        '─' | '━' | '┅' => '-',
        '│' | '┃' => '|',
        '╭' | '╮' | '╰' | '╯' | '├' | '└' | '┤' | '┬' | '┴' | '┼' => '+',
        '┏' | '┓' | '┗' | '┛' | '┣' | '┫' | '┳' | '┻' | '╋' => '+',
        '░' => ':',
        '▒' => '=',
        '▓' => '%',
        '▾' => 'v',
        '↺' => '@',
        '⊘' => 'x',
        '○' => 'o',
        '⇄' => '=',
        '█' | '▇' | '▆' | '▊' | '▉' | '▋' => '#',
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
        let environment =
            Environment { no_color, term: term.into(), colorterm: colorterm.into(), colorfgbg: "15;0".into() };
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

    #[test]
    fn text_is_readable_against_every_common_background() {
        let channel = |c: u32| {
            let c = f64::from(c & 0xff) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let light = |hex: u32| 0.2126 * channel(hex >> 16) + 0.7152 * channel(hex >> 8) + 0.0722 * channel(hex);
        let contrast = |a: u32, b: u32| {
            let (a, b) = (light(a), light(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for (palette, backgrounds) in
            [(&DARK, &[0x000000, 0x1e1e1e, 0x282c34][..]), (&LIGHT, &[0xffffff, 0xfdf6e3][..])]
        {
            for &background in backgrounds {
                for text in [palette.dim, palette.focus, palette.accent, palette.good, palette.bad] {
                    let ratio = contrast(text, background);
                    assert!(ratio >= 4.4, "{text:06x} on {background:06x}: {ratio:.2}");
                }
            }
        }
    }
}
