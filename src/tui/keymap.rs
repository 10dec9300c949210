//! `Keymap`: which keys do what, from the command table and from a person's `keys.toml`.

use super::command::{COMMANDS, Command, MEETINGS, Place};
use super::key::Key;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::workspace::folders::KEYS_FILE;
use crate::workspace::{Entries, Folders, Problem, Value};

/// Commands that lead out of something. Without a key there would be no way out.
const WAYS_OUT: [&str; 5] = ["cancel", "close-list", "close-help", "close-page", "quit"];

/// Keys of all commands, in the order of the table.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: Vec<Vec<Vec<Key>>>,
    n_rebound: usize,
}

/// What a press of keys means in some places.
#[derive(Debug, Clone, Copy)]
pub enum Lookup {
    Found(&'static Command),
    /// The beginning of a longer sequence.
    Prefix,
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap { keys: COMMANDS.iter().map(|command| command.sequences().collect()).collect(), n_rebound: 0 }
    }
}

impl Keymap {
    /// Takes what a person changed. What cannot be is named, and keeps its default.
    pub fn of(read: Entries) -> (Self, Vec<Problem>) {
        let mut map = Keymap::default();
        let mut problems = read.problems;
        // The line of the file that rebinds a command.
        let mut lines: Vec<Option<usize>> = vec![None; COMMANDS.len()];
        for entry in read.entries {
            let mut tell = |text| problems.push(Problem { file: KEYS_FILE.to_owned(), line: Some(entry.line), text });
            let Some(at) = COMMANDS.iter().position(|command| command.name == entry.name) else {
                tell(unknown(&entry.name));
                continue;
            };
            let (keys, faults) = keys_of(&COMMANDS[at], &entry.value);
            faults.into_iter().for_each(tell);
            if let Some(keys) = keys {
                map.keys[at] = keys;
                lines[at] = Some(entry.line);
            }
        }
        while let Some((at, text)) = map.clash(&lines) {
            let kept = shown(&COMMANDS[at].sequences().collect::<Vec<_>>());
            let kept = if kept.is_empty() { "no key".to_owned() } else { kept.join(" and ") };
            let text = format!("{text}; {} keeps {kept}", COMMANDS[at].name);
            problems.push(Problem { file: KEYS_FILE.to_owned(), line: lines[at], text });
            map.keys[at] = COMMANDS[at].sequences().collect();
            lines[at] = None;
        }
        map.n_rebound = lines.iter().flatten().count();
        problems.sort_by_key(|problem| problem.line);
        (map, problems)
    }

    /// Two commands that want the same key where both are in force, one of them by the file: which one has to give way,
    /// and the sentence about it. The defaults themselves never clash, so giving way ends.
    fn clash(&self, lines: &[Option<usize>]) -> Option<(usize, String)> {
        for places in MEETINGS {
            let here: Vec<usize> = (0..COMMANDS.len()).filter(|&i| places.contains(&COMMANDS[i].place)).collect();
            for &one in here.iter().filter(|&&i| lines[i].is_some()) {
                for &other in here.iter().filter(|&&i| i != one && lines[i] <= lines[one]) {
                    let pairs = self.keys[one].iter().flat_map(|a| self.keys[other].iter().map(move |b| (a, b)));
                    let both = pairs.into_iter().find(|(a, b)| a.starts_with(b) || b.starts_with(a));
                    if let Some((a, b)) = both {
                        let (one_name, other_name) = (COMMANDS[one].name, COMMANDS[other].name);
                        let place = COMMANDS[other].place.title();
                        let text = if a == b {
                            format!("`{}` is also the key of `{other_name}` ({place})", name(a))
                        } else {
                            format!("`{}` begins like `{}` of `{other_name}` ({place})", name(a), name(b))
                        };
                        return Some((one, format!("{one_name}: {text}")));
                    }
                }
            }
        }
        None
    }

    pub fn find(&self, places: &[Place], pressed: &[Key]) -> Lookup {
        let mut is_prefix = false;
        for &place in places {
            for (command, sequences) in COMMANDS.iter().zip(&self.keys).filter(|(command, _)| command.place == place) {
                for keys in sequences {
                    if keys == pressed {
                        return Lookup::Found(command);
                    }
                    is_prefix |= keys.starts_with(pressed);
                }
            }
        }
        if is_prefix { Lookup::Prefix } else { Lookup::Nothing }
    }

    /// The ways to press a command.
    pub fn of_command(&self, command: &Command) -> &[Vec<Key>] {
        let at = COMMANDS.iter().position(|other| other.name == command.name);
        at.map_or(&[], |at| &self.keys[at])
    }

    /// The keys as screens show them: `⏎`, `g g`.
    pub fn shown(&self, command: &Command) -> Vec<String> {
        shown(self.of_command(command))
    }

    /// The first key of a command by name, as screens show it; a colon and the name where it has none.
    pub fn hint(&self, name: &str) -> String {
        let command = COMMANDS.iter().find(|command| command.name == name);
        let first = command.and_then(|command| self.shown(command).into_iter().next());
        first.unwrap_or_else(|| format!(":{name}"))
    }

    /// How many commands have other keys than by default.
    pub fn n_rebound(&self) -> usize {
        self.n_rebound
    }

    /// Place, command, keys as `keys.toml` writes them, and what it does, for every command.
    pub fn rows(&self) -> impl Iterator<Item = [String; 4]> + '_ {
        COMMANDS.iter().zip(&self.keys).map(|(command, sequences)| {
            let keys: Vec<String> = sequences.iter().map(|keys| name(keys)).collect();
            [command.place.title().to_owned(), command.name.to_owned(), keys.join(", "), command.doc.to_owned()]
        })
    }
}

/// The keys of a person whose files are in these folders.
pub fn of_folders(folders: &Folders) -> (Keymap, Vec<Problem>) {
    Keymap::of(folders.keys_file().map_or_else(Entries::default, |file| Entries::read(&file)))
}

fn shown(sequences: &[Vec<Key>]) -> Vec<String> {
    sequences.iter().map(|keys| keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")).collect()
}

/// `g g`, `ctrl-p`
fn name(keys: &[Key]) -> String {
    keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(" ")
}

fn unknown(name: &str) -> String {
    let near = nearest(name, COMMANDS.iter().map(|command| command.name));
    let near =
        near.map_or_else(|| "`trailmap keys` lists them all".to_owned(), |near| format!("did you mean `{near}`?"));
    format!("no command is named `{}`; {near}", visible(name))
}

/// The keys that a line gives to a command, where it gives any, and what is wrong with it.
fn keys_of(command: &Command, value: &Value) -> (Option<Vec<Vec<Key>>>, Vec<String>) {
    let texts = match value {
        Value::Texts(texts) => texts.clone(),
        Value::Text(text) => vec![text.clone()],
        Value::Flag(_) | Value::Number(_) | Value::Other(_) => {
            let fault = format!("{} needs a list of keys, like [\"o\", \"g v\"]; [] takes its keys away", command.name);
            return (None, vec![fault]);
        }
    };
    if texts.is_empty() && WAYS_OUT.contains(&command.name) {
        return (None, vec![format!("{} needs a key, or there is no way out; it keeps its own", command.name)]);
    }
    let (mut sequences, mut faults) = (Vec::new(), Vec::new());
    for text in &texts {
        match sequence(command, text) {
            Ok(keys) if sequences.contains(&keys) => {}
            Ok(keys) => sequences.push(keys),
            Err(fault) => faults.push(format!("{}: {fault}", command.name)),
        }
    }
    let is_usable = texts.is_empty() || !sequences.is_empty();
    (is_usable.then_some(sequences), faults)
}

fn sequence(command: &Command, text: &str) -> Result<Vec<Key>, String> {
    let shown = visible(text).into_owned();
    let mut keys = Vec::new();
    for name in text.split(' ').filter(|name| !name.is_empty()) {
        let Some(key) = Key::named(name) else { return Err(unreadable(name)) };
        if let Some(why) = key.never_sent() {
            return Err(format!("`{}` never arrives: {why}", visible(name)));
        }
        keys.push(key);
    }
    match &keys[..] {
        [] => Err("an empty text is no key; a space is written `space`".to_owned()),
        [_, _, ..] if !takes_sequences(command.place) => {
            Err(format!("`{shown}` is several keys; {} takes single ones", command.place.title()))
        }
        [key] if is_typed_in(command.place) && key.typed().is_some() && command.name != "mark-proposal" => {
            Err(format!("`{shown}` is typed as text there; choose a key like ctrl-o or f5"))
        }
        _ => Ok(keys),
    }
}

fn unreadable(name: &str) -> String {
    const NAMED: [&str; 16] = [
        "enter",
        "esc",
        "tab",
        "backtab",
        "backspace",
        "delete",
        "insert",
        "up",
        "down",
        "left",
        "right",
        "pageup",
        "pagedown",
        "home",
        "end",
        "space",
    ];
    let near = nearest(name, NAMED).filter(|_| !name.contains('-'));
    let hint = near.map_or_else(
        || "keys are written like o, X, g g, ctrl-p, enter, pagedown, f5".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("`{}` is not a key; {hint}", visible(name))
}

fn is_typed_in(place: Place) -> bool {
    matches!(place, Place::Prompt | Place::List | Place::Help | Place::Always)
}

fn takes_sequences(place: Place) -> bool {
    !is_typed_in(place) && place != Place::Page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, of: &str, keys: &[&str], problems: &[&str]) {
        let (map, found) = Keymap::of(Entries::parse(KEYS_FILE, text));
        let command = COMMANDS.iter().find(|command| command.name == of).expect("a command");
        let names: Vec<String> = map.of_command(command).iter().map(|keys| name(keys)).collect();
        assert_eq!(names, keys);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn keys_are_changed_added_and_taken_away() {
        check("", "list-converted", &["o"], &[]);
        check("\"list-converted\" = [\"c\", \"g v\"]", "list-converted", &["c", "g v"], &[]);
        check("list-converted = \"c\"", "list-converted", &["c"], &[]);
        check("list-converted = []", "list-converted", &[], &[]);
        check("undo = [\"ctrl-Z\"]\nsuspend = [\"f5\"]", "undo", &["ctrl-z"], &[]);
        check("accept = [\"enter\", \"ctrl-o\"]", "accept", &["enter", "ctrl-o"], &[]);
        check("mark-proposal = [\"space\", \"ctrl-t\"]", "mark-proposal", &["space", "ctrl-t"], &[]);
        // Two that change places never meet.
        check("undo = [\"U\"]\nredo = [\"u\"]", "undo", &["U"], &[]);
    }

    #[test]
    fn what_cannot_be_is_named_with_its_line_and_changes_nothing() {
        check(
            "# mine\nlist-convertd = [\"c\"]",
            "list-converted",
            &["o"],
            &["keys.toml line 2: no command is named `list-convertd`; did you mean `list-converted`?"],
        );
        check(
            "list-converted = [\"ctrl-foo\"]",
            "list-converted",
            &["o"],
            &[
                "keys.toml line 1: list-converted: `ctrl-foo` is not a key; keys are written like o, X, g g, ctrl-p, enter, \
               pagedown, f5",
            ],
        );
        check(
            "list-converted = [\"c\", \"pagedwn\"]",
            "list-converted",
            &["c"],
            &["keys.toml line 1: list-converted: `pagedwn` is not a key; did you mean `pagedown`?"],
        );
        check(
            "list-converted = 3",
            "list-converted",
            &["o"],
            &["keys.toml line 1: list-converted needs a list of keys, like [\"o\", \"g v\"]; [] takes its keys away"],
        );
        check(
            "undo = [\"ctrl-i\"]",
            "undo",
            &["u"],
            &["keys.toml line 1: undo: `ctrl-i` never arrives: terminals send Tab for it"],
        );
        check(
            "accept = [\"a\", \"g g\"]",
            "accept",
            &["enter"],
            &[
                "keys.toml line 1: accept: `a` is typed as text there; choose a key like ctrl-o or f5",
                "keys.toml line 1: accept: `g g` is several keys; Typing takes single ones",
            ],
        );
        check(
            "quit = []",
            "quit",
            &["q"],
            &["keys.toml line 1: quit needs a key, or there is no way out; it keeps its own"],
        );
    }

    #[test]
    fn a_clash_names_both_and_keeps_the_default() {
        check(
            "list-converted = [\"a\"]",
            "list-converted",
            &["o"],
            &["keys.toml line 1: list-converted: `a` is also the key of `add-step` (Funnel); list-converted keeps o"],
        );
        check(
            "undo = [\"g\"]",
            "undo",
            &["u"],
            &["keys.toml line 1: undo: `g` begins like `g g` of `top` (Moving); undo keeps u"],
        );
        // Of two that are both changed, the later one gives way.
        check(
            "undo = [\"Z\"]\nredo = [\"Z\"]",
            "undo",
            &["Z"],
            &["keys.toml line 2: redo: `Z` is also the key of `undo` (Everywhere); redo keeps U"],
        );
        // Giving way may itself take a key that somebody else was given.
        let (map, problems) = Keymap::of(Entries::parse(KEYS_FILE, "redo = [\"u\"]\nundo = [\"a\"]"));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!((map.hint("undo"), map.hint("redo"), map.n_rebound()), ("u".into(), "U".into(), 0));
    }

    #[test]
    fn places_that_never_meet_share_keys() {
        check("sort = [\"b\"]", "sort", &["b"], &[]);
    }
}
