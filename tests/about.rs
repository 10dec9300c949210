//! What trailmap says about itself: its keys, and whether it is at home here.

use std::process::Command;

use tempfile::TempDir;

use crate::support::binary::{Run, command, finish, run};

fn at_home(args: &[&str], files: &[(&str, &str)]) -> (Run, TempDir) {
    let home = TempDir::new().expect("a temporary folder");
    files.iter().for_each(|(name, text)| std::fs::write(home.path().join(name), text).expect("a file"));
    let mut command: Command = command(args);
    command.env("TRAILMAP_CONFIG_DIR", home.path());
    (finish(&mut command), home)
}

#[test]
fn keys_are_a_table_like_any_other() {
    let keys = run(&["keys", "--format", "csv"]);
    assert_eq!(keys.status, 0, "{}", keys.err);
    let mut lines = keys.out.lines();
    assert_eq!(lines.next(), Some("place,command,keys,does"));
    assert!(keys.out.contains("\nFunnel,list-dropped,enter,List who dropped after this step\n"), "{}", keys.out);
    assert!(keys.out.contains(",\"g g, home\",Go to the top"), "{}", keys.out);
    for format in ["table", "json", "md", "html", "ndjson", "tsv"] {
        let keys = run(&["keys", "--format", format]);
        assert_eq!((keys.status, keys.err.as_str()), (0, ""), "{format}");
        assert!(keys.out.contains("list-dropped"), "{format}");
    }
}

#[test]
fn keys_are_those_of_the_person_and_what_is_wrong_goes_to_standard_error() {
    let text = "\"list-converted\" = [\"c\"]\nquit = [\"ctrl-foo\"]\nundo = [\"a\"]\n";
    let (keys, _home) = at_home(&["keys", "--format", "csv"], &[("keys.toml", text)]);
    assert_eq!(keys.status, 0);
    assert!(keys.out.contains("Funnel,list-converted,c,"), "{}", keys.out);
    assert!(keys.err.contains("keys.toml line 2: quit: `ctrl-foo` is not a key"), "{}", keys.err);
    assert!(keys.err.contains("keys.toml line 3: undo: `a` is also the key of `add-to-funnel` (Home)"), "{}", keys.err);
}

#[test]
fn the_manual_lists_the_keys() {
    let manual = run(&["man"]);
    assert!(manual.out.contains(".SH KEYS") && manual.out.contains("list\\-dropped"), "{}", manual.out);
}

#[test]
fn the_doctor_names_what_is_wrong() {
    let files = [("keys.toml", "undoo = []\n"), ("settings.toml", "theme = \"drak\"\n")];
    let (doctor, home) = at_home(&["doctor", "--format", "csv"], &files);
    // Tests run without a terminal, and the workbench would not open here.
    assert!([0, 1].contains(&doctor.status), "{}", doctor.err);
    assert_eq!(doctor.out.lines().next(), Some("check,value,meaning"));
    assert!(doctor.out.contains("keys.toml line 1,wrong,no command is named `undoo`"), "{}", doctor.out);
    assert!(doctor.out.contains("settings.toml line 1,wrong,"), "{}", doctor.out);
    assert!(
        doctor.out.contains(&format!("folder of settings,{},\"there, and can be written\"", home.path().display()))
    );
    for check in ["version", "terminal", "TERM", "colours", "theme", "copy", "locale", "threads", "memory"] {
        assert!(doctor.out.lines().any(|line| line.starts_with(&format!("{check},"))), "{check}: {}", doctor.out);
    }
    let names = std::fs::read_dir(home.path()).expect("a folder").count();
    assert_eq!(names, 2, "the doctor leaves nothing behind");
}
