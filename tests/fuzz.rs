//! The targets of `fuzz/` over their corpus, so that what was found once stays found without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::fuzz::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// What is in a folder, by name, without what git keeps there.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[test]
fn every_target_stands_its_corpus() {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        for name in names(&folder) {
            let bytes = fs::read(folder.join(&name)).expect("a file");
            let stood = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(stood.is_ok(), "{}/{name} brings its target down", target.name);
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let expect: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&corpus()), expect);
    let programs = corpus().with_file_name("fuzz_targets");
    assert_eq!(names(&programs), expect.iter().map(|name| format!("{name}.rs")).collect());
    let manifest = fs::read_to_string(corpus().with_file_name("Cargo.toml")).expect("a manifest");
    let is_built =
        |name: &&String| !manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\""));
    assert_eq!(expect.iter().find(is_built), None);
}
