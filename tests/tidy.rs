//! The house rules that a compiler does not check: which layer may use what, how files begin and how long they are, what
//! the repository may hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::support::source::{before_tests, is_test_file, paths, tokens};

/// A layer of `src/`, what of ours it may use beside itself, and which crates it may name.
struct Layer {
    name: &'static str,
    uses: &'static [&'static str],
    crates: &'static [&'static str],
    /// Parts of the standard library that have no business there.
    never: &'static [&'static str],
}

const FILES_AND_CLOCKS: &[&str] =
    &["std::fs", "std::env", "std::net", "std::process", "std::thread", "std::time::Instant", "std::time::SystemTime"];

#[rustfmt::skip]
const LAYERS: &[Layer] = &[
    Layer { name: "base", uses: &[],
        crates: &["serde", "thiserror", "clap", "jiff", "rayon", "statrs", "strsim", "unicode_segmentation", "unicode_width",
                  "bytemuck", "libmimalloc_sys", "xxhash_rust"],
        never: &["std::fs", "std::net", "std::process::Command"] },
    Layer { name: "table", uses: &["base"],
        crates: &["unicode_width"],
        never: FILES_AND_CLOCKS },
    Layer { name: "journey", uses: &["base"],
        crates: &["serde", "thiserror", "rayon", "hashbrown", "rustc_hash", "regex", "winnow", "memchr", "unicode_width",
                  "memmap2", "bytemuck"],
        never: FILES_AND_CLOCKS },
    Layer { name: "analysis", uses: &["base", "table", "journey"],
        crates: &["serde", "serde_json", "shell_words", "thiserror", "clap", "rayon", "hashbrown", "rustc_hash"],
        never: FILES_AND_CLOCKS },
    Layer { name: "ingest", uses: &["base", "journey"],
        crates: &["polars", "polars_arrow", "polars_buffer", "polars_parquet", "serde", "serde_json", "thiserror", "flate2",
                  "zstd", "zip", "encoding_rs", "chardetng", "glob", "rayon", "memchr", "memmap2", "jiff", "hashbrown",
                  "rustc_hash", "regex", "crossbeam_channel", "bytemuck", "xxhash_rust", "quick_xml"],
        never: &["std::net", "std::process::Command"] },
    Layer { name: "engine", uses: &["base", "table", "journey", "analysis"],
        crates: &["thiserror", "rayon", "hashbrown", "rustc_hash"],
        never: FILES_AND_CLOCKS },
    Layer { name: "export", uses: &["base", "table"],
        crates: &["polars", "serde", "serde_json", "thiserror", "comfy_table", "rayon", "sha2", "unicode_width"],
        never: &["std::net", "std::process::Command"] },
    Layer { name: "job", uses: &["base"],
        crates: &["crossbeam_channel", "thiserror"],
        never: &["std::fs", "std::net", "std::process"] },
    Layer { name: "workspace", uses: &["base", "journey", "ingest", "analysis"],
        crates: &["serde", "serde_json", "thiserror", "toml", "toml_edit", "directories", "rayon"],
        never: &["std::net", "std::process::Command"] },
    Layer { name: "batch", uses: &["base", "table", "journey", "analysis", "ingest", "engine", "export", "job", "workspace"],
        crates: &["anyhow", "clap", "serde", "serde_json", "thiserror", "indicatif", "sha2", "signal_hook", "rayon",
                  "directories", "crossbeam_channel"],
        never: &["std::net"] },
    Layer { name: "tui", uses: &["base", "table", "journey", "analysis", "ingest", "engine", "export", "job", "workspace"],
        crates: &["ratatui", "crossterm", "tui_input", "nucleo_matcher", "signal_hook", "crossbeam_channel", "serde", "serde_json",
                  "thiserror", "unicode_segmentation", "unicode_width"],
        never: &["std::fs", "std::net"] },
    Layer { name: "cli", uses: &["base", "table", "journey", "analysis", "ingest", "engine", "export", "job", "workspace", "batch", "tui"],
        crates: &["anyhow", "clap", "clap_complete", "clap_mangen", "serde", "serde_json", "indicatif", "sha2",
                  "signal_hook", "rayon", "directories", "crossterm"],
        never: &["std::net"] },
    Layer { name: "main", uses: &["base", "cli", "batch", "tui"],
        crates: &["anyhow", "clap", "clap_complete", "clap_mangen", "mimalloc", "signal_hook"],
        never: &["std::net"] },
    Layer { name: "lib", uses: &[], crates: &[], never: &[] },
];

/// What a single file may all the same: the system says in files how much memory there is, and no answer depends on it.
const ALLOWED: &[(&str, &str)] = &[("src/base/room.rs", "std::fs")];

/// The library as `main` and the tests see it.
const OWN_NAME: &str = "trailmap";

const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".config",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "docs",
    "fuzz",
    "rustfmt.toml",
    "sample-data",
    "src",
    "tests",
];

const MOST_LINES: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files under a folder of the repository, as (path with forward slashes, text), sorted.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("inside").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("a text file")));
            }
        }
    }
    found.sort();
    found
}

/// The crates that `Cargo.toml` names, as code spells them.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_inside = line.trim() == "[dependencies]";
        } else if is_inside && let Some((name, _)) = line.split_once('=') {
            let name = name.trim();
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                names.insert(name.replace('-', "_"));
            }
        }
    }
    names
}

/// The layer a file belongs to, and how many modules deep it lies below the crate.
fn place(path: &str) -> (String, usize) {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts: Vec<&str> = inside.split('/').collect();
    let depth = if parts.last() == Some(&"mod") { parts.len() - 1 } else { parts.len() };
    (parts[0].to_owned(), depth)
}

/// The part of a file that is not tests: nothing of a file that is all tests.
fn code_of<'a>(path: &str, text: &'a str, files: &[(String, String)]) -> &'a str {
    if is_test_file(path, files) { "" } else { before_tests(text) }
}

/// What a file of `src/` may not do, as sentences.
fn layer_faults(path: &str, source: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let (name, depth) = place(path);
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!("{path}: there is no layer `{name}` in tests/tidy.rs; say there what it may use")];
    };
    let mut faults = BTreeSet::new();
    for path_parts in paths(&tokens(source)) {
        let climbs = path_parts.iter().take_while(|part| *part == "super").count();
        let ours = match path_parts[0].as_str() {
            "crate" | OWN_NAME => path_parts.get(1),
            "super" if climbs == depth => path_parts.get(climbs),
            _ => None,
        };
        if let Some(used) = ours {
            let is_layer = LAYERS.iter().any(|layer| layer.name == used);
            if is_layer && *used != name && !layer.uses.contains(&used.as_str()) {
                faults.insert(format!("{path}: {name} may not use {used}"));
            }
        }
        let first = &path_parts[0];
        if dependencies.contains(first) && !layer.crates.contains(&first.as_str()) {
            faults.insert(format!("{path}: {name} may not use {first}"));
        }
        let joined = path_parts.join("::");
        for never in layer.never {
            let is_it = joined == *never || joined.starts_with(&format!("{never}::"));
            if is_it && !ALLOWED.contains(&(path, never)) {
                faults.insert(format!("{path}: {name} may not use {never}"));
            }
        }
    }
    faults.into_iter().collect()
}

/// What no source may hold, as sentences. `code` is the part before the tests.
fn word_faults(path: &str, text: &str, code: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let all = tokens(text);
    for pair in all.windows(2) {
        if pair[1] == "!" && ["dbg", "todo", "unimplemented"].contains(&pair[0].as_str()) {
            faults.push(format!("{path}: `{}!` is left in", pair[0]));
        }
        if pair[0] == "[" && pair[1] == "ignore" {
            faults.push(format!("{path}: a test is switched off"));
        }
    }
    if tokens(code).iter().any(|token| token == "set_symbol") {
        faults.push(format!("{path}: `set_symbol` lets everything through to the terminal; draw text with a style"));
    }
    if tokens(code).windows(4).any(|t| t[0] == "." && t[1] == "unwrap" && t[2] == "(" && t[3] == ")") {
        faults.push(format!("{path}: `unwrap()` outside tests; say with `expect` why it can't fail"));
    }
    let tests = all[tokens(code).len()..].to_vec();
    let is_sleep = |p: &Vec<String>| p.ends_with(&["thread".to_owned(), "sleep".to_owned()]);
    if paths(&tests).iter().any(is_sleep) {
        faults.push(format!("{path}: a test sleeps; wait for what is expected"));
    }
    faults
}

fn shape_faults(path: &str, text: &str, code: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//! ") {
        faults.push(format!("{path}: the first line does not say what the file is for (`//! …`)"));
    }
    let n_lines = code.lines().count();
    if n_lines > MOST_LINES {
        faults.push(format!("{path}: {n_lines} lines before its tests; {MOST_LINES} is the most"));
    }
    faults
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn layers_use_only_what_they_may() {
    let dependencies = dependencies(&fs::read_to_string(root().join("Cargo.toml")).expect("the manifest"));
    let files = rust_files("src");
    let faults: Vec<String> =
        files.iter().flat_map(|(path, text)| layer_faults(path, code_of(path, text, &files), &dependencies)).collect();
    none(&faults);
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let src = rust_files("src");
    let of_src = src.iter().flat_map(|(path, text)| shape_faults(path, text, code_of(path, text, &src)));
    let others = ["tests", "benches"].into_iter().flat_map(rust_files);
    let of_others = others.flat_map(|(path, text)| shape_faults(&path, &text, before_tests(&text)));
    none(&of_src.chain(of_others).collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_or_switched_off_is_left_in() {
    let src = rust_files("src");
    let mut faults: Vec<String> =
        src.iter().flat_map(|(path, text)| word_faults(path, text, code_of(path, text, &src))).collect();
    faults.extend(rust_files("tests").iter().flat_map(|(path, text)| word_faults(path, text, "")));
    faults.extend(rust_files("benches").iter().flat_map(|(path, text)| word_faults(path, text, "")));
    none(&faults);
}

#[test]
fn every_test_file_is_listed() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("tests/main.rs");
    let listed = |module: &str| main.lines().any(|line| line.trim() == format!("mod {module};"));
    let faults: Vec<String> = rust_files("tests")
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("tests/")?.strip_suffix(".rs"))
        .filter(|module| !module.contains('/') && *module != "main" && !listed(module))
        .map(|module| format!("tests/{module}.rs is not listed in tests/main.rs, so it never runs"))
        .collect();
    none(&faults);
}

/// Tracked files, or nothing where this is no checkout.
fn tracked() -> Vec<String> {
    let output = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let text = output.ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    text.unwrap_or_default().split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_repository_holds_only_what_belongs_there() {
    let top: BTreeSet<String> = tracked().iter().filter_map(|name| Some(name.split('/').next()?.to_owned())).collect();
    let strangers = top.iter().filter(|name| !TOP_LEVEL.contains(&name.as_str()));
    none(&strangers.map(|name| format!("{name} does not belong at the top of the repository")).collect::<Vec<_>>());
}

#[test]
fn nothing_tracked_names_the_machine_it_was_made_on() {
    // Written in pieces, so that this file does not name them either.
    let folders =
        [["/wo", "rk/"], ["/ro", "ot/"], ["/tmp/", "wt"], ["/ho", "me/"], ["/Use", "rs/"], [".cargo/regi", "stry"]];
    let needles: Vec<String> = folders.iter().map(|pieces| pieces.concat()).collect();
    let mut faults = Vec::new();
    for name in tracked().iter().filter(|name| *name != "Cargo.lock") {
        let Ok(bytes) = fs::read(root().join(name)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for needle in needles.iter().filter(|needle| text.contains(needle.as_str())) {
            faults.push(format!("{name}: names a folder of one machine, `{needle}`"));
        }
    }
    none(&faults);
}

mod proof {
    //! The rules themselves, on made-up sources.

    use super::*;

    fn crates() -> BTreeSet<String> {
        dependencies(
            "[package]\nname = \"x\"\n[dependencies]\nratatui = \"1\"\nserde = { version = \"1\" }\nnucleo-matcher = \"0\"\npolars = \"0\"\n[dev-dependencies]\ninsta = \"1\"\n",
        )
    }

    #[track_caller]
    fn check(path: &str, source: &str, expect: &[&str]) {
        assert_eq!(layer_faults(path, source, &crates()), expect, "{source}");
    }

    #[test]
    fn a_forbidden_crate_is_found_however_it_is_written() {
        let dwell = "src/analysis/dwell.rs";
        let fault = "src/analysis/dwell.rs: analysis may not use ratatui";
        check(dwell, "use ratatui::style::Color;", &[fault]);
        check(dwell, "use ratatui;", &[fault]);
        check(dwell, "use {std::fmt, ratatui::{self, style::Color}};", &[fault]);
        check(dwell, "fn f(area: ratatui::layout::Rect) {}", &[fault]);
        check(dwell, "fn f() { if x { ratatui::init(); } }", &[fault]);
        check(dwell, "use serde::Serialize; // ratatui::x\nconst A: &str = \"ratatui::x\"; /* ratatui::y */", &[]);
        check(dwell, "const A: &str = r#\"say \"ratatui::x\"\"#; const B: char = '\"'; fn f<'a>(x: &'a str) {}", &[]);
        check(dwell, "fn f() { view.ratatui::<u8>(); let x = ratatui; }", &[]);
        check("src/tui/mod.rs", "use ratatui::Frame; use nucleo_matcher::Matcher;", &[]);
        check("src/tui/mod.rs", "use polars::prelude::*;", &["src/tui/mod.rs: tui may not use polars"]);
    }

    #[test]
    fn layers_point_one_way() {
        check("src/journey/store.rs", "use crate::base::Ctl; use super::codes::Codes;", &[]);
        check("src/journey/store.rs", "use crate::table::Table;", &["src/journey/store.rs: journey may not use table"]);
        check(
            "src/journey/store.rs",
            "use crate::{base::{Ctl, Span}, ingest::{self, report::Role}};",
            &["src/journey/store.rs: journey may not use ingest"],
        );
        check(
            "src/base/stats/mod.rs",
            "fn f() { super::super::journey::x() }",
            &["src/base/stats/mod.rs: base may not use journey"],
        );
        check("src/base/stats/interval.rs", "use super::super::journey;", &[]);
        check("src/main.rs", "fn main() { trailmap::journey::x() }", &["src/main.rs: main may not use journey"]);
        check("src/analysis/mod.rs", "fn f() { crate::with_codes!(x) }", &[]);
        check(
            "src/gizmo.rs",
            "",
            &["src/gizmo.rs: there is no layer `gizmo` in tests/tidy.rs; say there what it may use"],
        );
    }

    #[test]
    fn files_and_clocks_stay_out_of_the_computing_layers() {
        check("src/tui/app.rs", "use std::fs::File;", &["src/tui/app.rs: tui may not use std::fs"]);
        check("src/tui/app.rs", "use std::{fs, time::Instant};", &["src/tui/app.rs: tui may not use std::fs"]);
        check(
            "src/analysis/mod.rs",
            "fn f() { std::time::Instant::now(); }",
            &["src/analysis/mod.rs: analysis may not use std::time::Instant"],
        );
        check("src/analysis/mod.rs", "use std::time::Duration;", &[]);
    }

    #[test]
    fn tests_are_held_to_less() {
        let text = "//! X.\n\nfn f() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn g() { x.unwrap() }\n}\n";
        assert_eq!(before_tests(text), "//! X.\n\nfn f() {}\n\n");
        assert_eq!(
            before_tests("#[cfg(test)]\npub mod fixture;\nfn f() {}\n"),
            "#[cfg(test)]\npub mod fixture;\nfn f() {}\n"
        );
        let files = vec![
            ("src/journey/mod.rs".to_owned(), "mod a;\n#[cfg(test)]\npub mod fixture;\n".to_owned()),
            ("src/journey/fixture.rs".to_owned(), String::new()),
        ];
        assert!(is_test_file("src/journey/fixture.rs", &files));
        assert!(!is_test_file("src/journey/a.rs", &files));
    }

    #[test]
    fn unfinished_and_switched_off_is_found() {
        let faults = |text: &str| word_faults("src/x.rs", text, before_tests(text)).len();
        assert_eq!(faults("fn f() { x.unwrap(); }"), 1);
        assert_eq!(faults("fn f() { x.unwrap_or(1); }\n#[cfg(test)]\nmod tests { fn g() { x.unwrap(); } }"), 0);
        assert_eq!(faults(concat!("fn f() { ", "to", "do!() }")), 1);
        assert_eq!(faults(concat!("fn f() { ", "db", "g!(x) } // dbg!")), 1);
        assert_eq!(faults(concat!("#[test]\n#[", "ignore]\nfn f() {}")), 1);
        assert_eq!(faults("fn f() { std::thread::sleep(x) }"), 0);
        assert_eq!(faults("fn f() { cell.set_symbol(name); }"), 1);
        assert_eq!(word_faults("tests/x.rs", concat!("fn f() { std::thread", "::sleep(x) }"), "").len(), 1);
        assert_eq!(shape_faults("src/x.rs", "use a;\n", "use a;\n").len(), 1);
        let long = format!("//! X.\n{}", "a\n".repeat(MOST_LINES));
        assert_eq!(shape_faults("src/x.rs", &long, &long).len(), 1);
        assert_eq!(shape_faults("src/x.rs", &long, "").len(), 0);
    }
}
