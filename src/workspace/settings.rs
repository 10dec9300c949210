//! `Settings`: how a person wants the workbench to look and to behave, kept in `settings.toml`.

use std::path::Path;

use super::entries::{Entries, Problem, Value};
use super::folders::SETTINGS_FILE;
use super::private;
use crate::base::nearest::nearest;
use crate::base::visible::visible;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Theme,
    Glyphs,
    SlowLine,
    Mouse,
    Times,
}

impl Setting {
    pub const ALL: [Setting; 5] = [Setting::Theme, Setting::Glyphs, Setting::SlowLine, Setting::Mouse, Setting::Times];

    /// As the file calls it.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Theme => "theme",
            Setting::Glyphs => "glyphs",
            Setting::SlowLine => "slow-line",
            Setting::Mouse => "mouse",
            Setting::Times => "times",
        }
    }

    /// What it may be; the first is what holds where nothing is said.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Setting::Theme => &["auto", "dark", "light", "16", "mono"],
            Setting::Glyphs => &["auto", "unicode", "ascii"],
            Setting::SlowLine => &["auto", "on", "off"],
            Setting::Mouse => &["off", "on"],
            Setting::Times => &["data", "utc"],
        }
    }

    pub fn doc(self) -> &'static str {
        match self {
            Setting::Theme => "16 are the terminal's own colours, mono has none",
            Setting::Glyphs => "what frames and bars are drawn with",
            Setting::SlowLine => "ten frames a second, and lists follow after a pause",
            Setting::Mouse => "wheel and click; while on, hold Shift to select text",
            Setting::Times => "shown in the zone of the data (--tz), or in UTC",
        }
    }

    fn idx(self) -> usize {
        Setting::ALL.iter().position(|setting| *setting == self).expect("every setting is in ALL")
    }
}

/// How much room saved journeys may take; a line of the file that the workbench does not change.
const CACHE: &str = "cache";

/// Bytes of saved journeys where nothing is said.
const CACHE_BYTES: u64 = 8_000_000_000;

/// A value for every setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    values: [usize; Setting::ALL.len()],
    cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { values: [0; Setting::ALL.len()], cache_bytes: CACHE_BYTES }
    }
}

/// A number of bytes as people write it; none for `off`.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];
    let written = text.trim().to_ascii_uppercase();
    let unit = units.into_iter().find_map(|(name, size)| Some((written.strip_suffix(name)?, size)));
    match (written.as_str(), unit.and_then(|(n, size)| Some((n.trim().parse::<f64>().ok()?, size)))) {
        ("OFF", _) => Ok(0),
        ("ON", _) => Ok(CACHE_BYTES),
        (_, Some((n, size))) if n.is_finite() && n >= 0.0 => Ok((n * size) as u64),
        _ => Err(format!("`{}` is not a size for {CACHE}; write it like \"8 GB\", or \"off\"", visible(text))),
    }
}

impl Settings {
    /// How many bytes of journeys may be kept between runs.
    pub fn cache_bytes(&self) -> u64 {
        self.cache_bytes
    }

    pub fn get(&self, setting: Setting) -> &'static str {
        setting.values()[self.values[setting.idx()]]
    }

    /// Takes a value, or leaves the setting as it is where there is no such value.
    ///
    /// # Errors
    /// What there is instead.
    pub fn set(&mut self, setting: Setting, value: &str) -> Result<(), String> {
        let values = setting.values();
        match values.iter().position(|known| *known == value) {
            Some(at) => {
                self.values[setting.idx()] = at;
                Ok(())
            }
            None => {
                let near = nearest(value, values.iter().copied());
                let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                let all = values.join(", ");
                Err(format!("`{}` is not a value of {}; {near}there are {all}", visible(value), setting.name()))
            }
        }
    }

    /// Reads the file of a folder; what is not understood is a problem, and the rest holds.
    pub fn read(folder: &Path) -> (Self, Vec<Problem>) {
        Self::of(Entries::read(&folder.join(SETTINGS_FILE)))
    }

    fn of(read: Entries) -> (Self, Vec<Problem>) {
        let mut settings = Settings::default();
        let mut problems = read.problems;
        for entry in read.entries {
            let taken = match Setting::ALL.into_iter().find(|setting| setting.name() == entry.name) {
                Some(setting) => match word(&entry.value) {
                    Ok(value) => settings.set(setting, &value),
                    Err(what) => Err(format!("{} is {what}; write it like \"{}\"", entry.name, setting.values()[0])),
                },
                None if entry.name == CACHE => match word(&entry.value) {
                    Ok(value) => bytes(&value).map(|bytes| settings.cache_bytes = bytes),
                    Err(what) => Err(format!("{CACHE} is {what}; write it like \"8 GB\"")),
                },
                None => Err(unknown(&entry.name)),
            };
            if let Err(text) = taken {
                problems.push(Problem { file: SETTINGS_FILE.to_owned(), line: Some(entry.line), text });
            }
        }
        (settings, problems)
    }

    /// Keeps one setting in the file of a folder; the other lines stay as they are.
    ///
    /// # Errors
    /// Why it is not kept, in a sentence.
    pub fn keep(folder: &Path, setting: Setting, value: &str) -> Result<(), String> {
        let path = folder.join(SETTINGS_FILE);
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(err) => return Err(format!("{SETTINGS_FILE} cannot be read: {err}")),
        };
        let after = edited(&before, setting, value);
        // A file of another shape than ours is not ours to rewrite.
        let is_understood = Entries::parse(SETTINGS_FILE, &before).problems.is_empty();
        let is_kept = is_understood && Self::of(Entries::parse(SETTINGS_FILE, &after)).0.get(setting) == value;
        if !is_kept {
            return Err(format!("{SETTINGS_FILE} is not understood, so it was left as it is"));
        }
        private::write(&path, &after).map_err(|err| format!("{SETTINGS_FILE} cannot be written: {err}"))
    }
}

fn word(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::Text(text) | Value::Number(text) => Ok(text.clone()),
        Value::Flag(flag) => Ok(if *flag { "on" } else { "off" }.to_owned()),
        Value::Texts(_) => Err("a list"),
        Value::Other(what) => Err(what),
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = Setting::ALL.into_iter().map(Setting::name).chain([CACHE]).collect();
    let near = nearest(name, names.iter().copied()).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    format!("no setting is named `{}`; {near}there are {}", visible(name), names.join(", "))
}

/// The file's text with one line replaced or added.
fn edited(before: &str, setting: Setting, value: &str) -> String {
    let line = format!("{} = \"{value}\"", setting.name());
    let is_it =
        |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim().trim_matches('"') == setting.name());
    let mut lines: Vec<&str> = before.lines().collect();
    match lines.iter().position(|line| is_it(line)) {
        Some(at) => lines[at] = &line,
        None => lines.push(&line),
    }
    if before.is_empty() {
        lines.insert(0, "# Settings of the workbench; it keeps them itself, and `trailmap doctor` checks them.");
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, theme: &str, problems: &[&str]) {
        let (settings, found) = Settings::of(Entries::parse(SETTINGS_FILE, text));
        assert_eq!(settings.get(Setting::Theme), theme);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn what_is_understood_holds_and_the_rest_is_named_with_its_line() {
        check("", "auto", &[]);
        check("theme = 16\nmouse = true", "16", &[]);
        check(
            "# x\nthem = \"dark\"\ntheme = \"drak\"\nglyphs = []\nmouse = 1",
            "auto",
            &[
                "settings.toml line 2: no setting is named `them`; did you mean `theme`? there are theme, glyphs, \
                 slow-line, mouse, times, cache",
                "settings.toml line 3: `drak` is not a value of theme; did you mean `dark`? there are auto, dark, light, \
                 16, mono",
                "settings.toml line 4: glyphs is a list; write it like \"auto\"",
                "settings.toml line 5: `1` is not a value of mouse; there are off, on",
            ],
        );
    }

    #[test]
    fn room_for_saved_journeys_is_written_as_people_write_it() {
        let read = |text: &str| {
            let (settings, problems) = Settings::of(Entries::parse(SETTINGS_FILE, text));
            (settings.cache_bytes(), problems.first().map(ToString::to_string))
        };
        assert_eq!(read(""), (8_000_000_000, None));
        assert_eq!(read("cache = \"off\""), (0, None));
        assert_eq!(read("cache = false"), (0, None));
        assert_eq!(read("cache = \"1.5gb\""), (1_500_000_000, None));
        assert_eq!(read("cache = \"20 MB\""), (20_000_000, None));
        let (bytes, problem) = read("cache = \"much\"");
        let expect = "settings.toml line 1: `much` is not a size for cache; write it like \"8 GB\", or \"off\"";
        assert_eq!((bytes, problem.as_deref()), (8_000_000_000, Some(expect)));
    }

    #[test]
    fn one_setting_is_kept_and_other_lines_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(SETTINGS_FILE);
        Settings::keep(folder.path(), Setting::Mouse, "on").expect("kept");
        std::fs::write(&path, "# mine\ntheme=\"dark\" # at night\nlater = 1\n").expect("written");
        Settings::keep(folder.path(), Setting::Theme, "16").expect("kept");
        Settings::keep(folder.path(), Setting::Glyphs, "ascii").expect("kept");
        let text = std::fs::read_to_string(&path).expect("there");
        assert_eq!(text, "# mine\ntheme = \"16\"\nlater = 1\nglyphs = \"ascii\"\n");
        assert_eq!(Settings::read(folder.path()).0.get(Setting::Theme), "16");
    }

    #[test]
    fn a_file_that_is_not_understood_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(SETTINGS_FILE);
        std::fs::write(&path, "theme = [\n").expect("written");
        let err = Settings::keep(folder.path(), Setting::Theme, "dark").expect_err("refused");
        assert_eq!(err, "settings.toml is not understood, so it was left as it is");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "theme = [\n");
    }
}
