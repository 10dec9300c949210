//! What the README says works: every command in it runs as it stands there.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const README: &str = include_str!("../README.md");

/// The commands of the README's shell blocks that begin with `trailmap`, lines joined where they are continued.
fn commands() -> Vec<String> {
    let (mut found, mut is_shell) = (Vec::new(), false);
    for line in README.replace("\\\n", " ").lines() {
        match line.strip_prefix("```") {
            Some(language) => is_shell = language == "sh",
            None if is_shell && line.starts_with("trailmap ") => found.push(line.to_owned()),
            None => {}
        }
    }
    found
}

/// Runs a command as a shell would, in an empty folder beside the sample data.
fn run(command: &str) -> (Output, TempDir) {
    let folder = TempDir::new().expect("a temporary folder");
    let sample_data = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    std::os::unix::fs::symlink(sample_data, folder.path().join("sample-data")).expect("a link");
    let programs = Path::new(env!("CARGO_BIN_EXE_trailmap")).parent().expect("a folder").to_path_buf();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("HOME", folder.path())
        .env("TRAILMAP_CACHE_DIR", "")
        .output()
        .expect("a shell");
    (output, folder)
}

#[test]
fn every_command_of_the_readme_runs() {
    let commands = commands();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let (output, folder) = run(&command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{said}");
        let wrote = command.split_once("--out ").map(|(_, file)| folder.path().join(file.trim()));
        let n_bytes = wrote.map_or(output.stdout.len() as u64, |file| file.metadata().map_or(0, |m| m.len()));
        assert!(n_bytes > 0, "{command} wrote nothing");
    }
}

#[test]
fn the_figures_of_the_readme_are_those_of_the_program() {
    let funnel =
        commands().into_iter().find(|c| c.contains("payment_choice") && !c.contains("--who")).expect("a funnel");
    let (output, _folder) = run(&format!("{funnel} --format csv"));
    let table = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(lines.len(), 4, "{table}");
    for (line, figure) in lines.iter().zip([3_611, 1_924, 958, 653]) {
        assert!(line.split(',').any(|cell| cell == figure.to_string()), "{line} does not say {figure}");
        assert!(
            README.contains(&format!("{},{:03}", figure / 1_000, figure % 1_000))
                || README.contains(&figure.to_string())
        );
    }
    let who = commands().into_iter().find(|c| c.contains("--who")).expect("a list");
    let (_, folder) = run(&who);
    let list = std::fs::read_to_string(folder.path().join("dropped.csv")).expect("a file");
    assert_eq!(list.lines().count(), 966 + 1);
}

const KEYS_BEGIN: &str = "<!-- begin: trailmap keys --format md -->\n";
const KEYS_END: &str = "<!-- end: trailmap keys -->\n";

/// `TRAILMAP_UPDATE=1 cargo test` writes the table anew.
#[test]
fn the_keys_of_the_readme_are_those_of_the_program() {
    let table = crate::support::binary::run(&["keys", "--format", "md"]).out;
    let (before, rest) = README.split_once(KEYS_BEGIN).expect("where the keys begin");
    let (written, after) = rest.split_once(KEYS_END).expect("where the keys end");
    if std::env::var_os("TRAILMAP_UPDATE").is_some() {
        let readme = format!("{before}{KEYS_BEGIN}\n{table}\n{KEYS_END}{after}");
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), readme).expect("written");
        return;
    }
    assert_eq!(written.trim(), table.trim(), "run TRAILMAP_UPDATE=1 cargo test the_keys_of_the_readme");
}

#[test]
fn the_readme_links_to_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with("https://") || root.join(link).exists(), "{link}");
    }
}
