//! Journeys kept between runs, as a shell sees them: the same output with and without, whatever happens to the cache.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::binary::{Run, command, finish, run};

/// Data, and a cache of its own.
struct Ground {
    home: TempDir,
}

/// Questions that between them touch every column.
const QUESTIONS: &[&[&str]] = &[
    &[
        "funnel",
        "-s",
        "view_product",
        "-s",
        "add_to_cart",
        "-s",
        "purchase",
        "--within",
        "7d",
        "--breakdown",
        "channel",
    ],
    &["paths", "--depth", "4"],
    &["transitions", "--format", "csv"],
    &["dwell", "--format", "json"],
    &["retention", "--format", "json"],
    &["profile", "--format", "json"],
    &["customers", "--limit", "50", "--format", "csv"],
    &["events", "--limit", "200", "--format", "csv"],
    &["rejects", "--format", "csv"],
];

impl Ground {
    /// A shop's events, with rows among them that are refused.
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let file = home.path().join("shop.csv");
        let made = run(&["demo", "shop", "--customers", "1500", "--out", &file.to_string_lossy()]);
        assert_eq!(made.status, 0, "{}", made.err);
        let mut text = fs::read_to_string(&file).expect("text");
        let columns = text.lines().next().expect("a header").split(',').count();
        text += &format!("nobody{}\n", ",".repeat(columns - 1));
        text += "too,few\n";
        assert!(text.len() > 1 << 20, "{} bytes are not worth keeping", text.len());
        fs::write(&file, text).expect("written");
        Ground { home }
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("shop.csv")
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("cache/journeys")
    }

    fn command(&self, question: &[&str], flags: &[&str]) -> Command {
        let file = self.file();
        let mut args = vec![question[0], file.to_str().expect("text")];
        args.extend_from_slice(&question[1..]);
        args.extend_from_slice(flags);
        let mut command = command(&args);
        command.env("TRAILMAP_CACHE_DIR", self.home.path().join("cache"));
        command
    }

    fn ask(&self, question: &[&str], flags: &[&str]) -> Run {
        finish(&mut self.command(question, flags))
    }

    /// The one saved store.
    fn saved(&self) -> PathBuf {
        match &self.files()[..] {
            [only] => only.clone(),
            files => panic!("not one file: {files:?}"),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    /// Output and messages are those of a run without a cache.
    #[track_caller]
    fn check(&self, question: &[&str], flags: &[&str]) {
        let without = self.ask(question, &["--no-cache"]);
        let with = self.ask(question, flags);
        assert_eq!(without.status, 0, "{question:?}: {}", without.err);
        assert_eq!((with.status, with.out, with.err), (0, without.out, without.err), "{question:?} {flags:?}");
    }
}

#[test]
fn the_cache_changes_no_byte_of_any_answer() {
    let ground = Ground::new();
    for question in QUESTIONS {
        ground.check(question, &[]);
        let before = fs::metadata(ground.saved()).expect("saved").ino();
        for threads in ["1", "2", "8"] {
            ground.check(question, &["--threads", threads]);
        }
        assert_eq!(fs::metadata(ground.saved()).expect("there").ino(), before, "it was opened, not made again");
    }
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&ground.saved()), mode(&ground.folder())), (0o600, 0o700));
}

#[test]
fn the_order_of_rows_changes_no_byte_of_a_saved_answer_either() {
    let ground = Ground::new();
    let question = QUESTIONS[0];
    ground.check(question, &[]);
    let expect = ground.ask(question, &[]);
    let text = fs::read_to_string(ground.file()).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    // Rows of one instant keep their order; which customer comes first does not matter to a funnel.
    let header = lines.remove(0);
    let customer = |line: &&str| line.split(',').next().unwrap_or_default().to_owned();
    lines.sort_by_key(customer);
    fs::write(ground.file(), format!("{header}\n{}\n", lines.join("\n"))).expect("written");
    for _ in 0..2 {
        let shuffled = ground.ask(question, &[]);
        assert_eq!((shuffled.status, &shuffled.out), (0, &expect.out));
    }
    assert_eq!(ground.files().len(), 1, "the changed source replaced what was saved of it");
}

#[test]
fn a_workspace_answers_the_same_from_what_is_saved() {
    let ground = Ground::new();
    let workspace = ground.home.path().join("trailmap.toml");
    let text = "schema = 1\nname = \"Shop\"\n[[source]]\nid = \"shop\"\nfiles = [\"shop.csv\"]\n\
        [[stage]]\nid = \"look\"\n[[stage]]\nid = \"buy\"\n\
        [[touchpoint]]\nid = \"Look\"\nstage = \"look\"\nwhen = \"event == \\\"view_product\\\"\"\n\
        [[touchpoint]]\nid = \"Buy\"\nstage = \"buy\"\nchannel = \"till\"\nwhen = \"event == \\\"purchase\\\"\"\n";
    fs::write(&workspace, text).expect("written");
    let ask = |flags: &[&str]| {
        let args = ["dwell", "--workspace", workspace.to_str().expect("text"), "--breakdown", "channel"];
        let mut command = command(&[&args, flags].concat());
        finish(command.env("TRAILMAP_CACHE_DIR", ground.home.path().join("cache")))
    };
    let without = ask(&["--no-cache"]);
    assert_eq!(without.status, 0, "{}", without.err);
    for _ in 0..2 {
        let with = ask(&[]);
        assert_eq!((with.status, &with.out, &with.err), (0, &without.out, &without.err));
    }
    let path = ground.saved();
    let bytes = fs::read(&path).expect("there");
    for at in (0..16).map(|i| bytes.len() / 17 * (i + 1)) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        fs::write(&path, flipped).expect("written");
        let with = ask(&[]);
        assert_eq!((with.status, &with.out, &with.err), (0, &without.out, &without.err), "byte {at}");
    }
}

#[test]
fn a_damaged_cache_is_replaced_and_nobody_hears_of_it() {
    let ground = Ground::new();
    for question in [QUESTIONS[0], QUESTIONS[5], QUESTIONS[7]] {
        let expect = ground.ask(question, &["--no-cache"]);
        ground.check(question, &[]);
        let path = ground.saved();
        let bytes = fs::read(&path).expect("there");
        let damage = |what: &str, bytes: &[u8]| {
            fs::write(&path, bytes).expect("written");
            let answered = ground.ask(question, &[]);
            assert_eq!((answered.status, &answered.out, &answered.err), (0, &expect.out, &expect.err), "{what}");
        };
        damage("cut off", &bytes[..bytes.len() / 2]);
        damage("empty", b"");
        damage("longer", &[&bytes[..], b"more"].concat());
        for at in (0..14).map(|i| bytes.len() / 15 * (i + 1)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 16;
            damage("flipped", &flipped);
        }
    }
    ground.ask(QUESTIONS[0], &[]);
    let listed = finish(
        command(&["cache", "list", "--format", "csv"]).env("TRAILMAP_CACHE_DIR", ground.home.path().join("cache")),
    );
    assert!(listed.out.contains(",ready,"), "{}", listed.out);
}

/// Waits, without sleeping, until something is being saved or the program has ended.
fn saves(ground: &Ground, child: &mut std::process::Child) -> bool {
    loop {
        let is_unfinished = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "unfinished");
        if ground.files().iter().any(is_unfinished) {
            return true;
        }
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        std::thread::yield_now();
    }
}

#[test]
fn killed_while_it_saves_it_leaves_the_old_or_nothing() {
    let ground = Ground::new();
    let question = QUESTIONS[0];
    let expect = ground.ask(question, &["--no-cache"]).out;
    for round in 0..6 {
        let _ = fs::remove_dir_all(ground.folder());
        let mut command = ground.command(question, &[]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        let was_saving = saves(&ground, &mut child);
        // Each time a little later.
        (0..round * 50).for_each(|_| std::thread::yield_now());
        let _ = child.kill();
        let _ = child.wait();
        let next = ground.ask(question, &[]);
        assert_eq!((next.status, &next.out), (0, &expect), "round {round}, while saving: {was_saving}");
        assert_eq!(ground.files().len(), 1, "what was left unfinished is gone");
    }
}

#[test]
fn an_interrupt_while_it_saves_leaves_nothing_unfinished() {
    let ground = Ground::new();
    let mut command = ground.command(QUESTIONS[0], &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    saves(&ground, &mut child);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let status = child.wait().expect("ended");
    assert!(!killed.success() || [Some(0), Some(130)].contains(&status.code()), "{status:?}");
    assert!(ground.files().iter().all(|path| path.extension().is_some_and(|extension| extension == "journeys")));
}

#[test]
fn eight_at_once_give_the_same_and_leave_one_that_is_sound() {
    let ground = Ground::new();
    let question = QUESTIONS[5];
    let expect = ground.ask(question, &["--no-cache"]).out;
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = ground.command(question, &[]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == expect.as_bytes());
    }
    ground.check(question, &[]);
    ground.saved();
}

#[test]
fn without_a_place_to_save_it_works_and_says_so_once() {
    let ground = Ground::new();
    let question = QUESTIONS[0];
    let without = ground.ask(question, &["--no-cache"]);
    let in_a_file = ground.file().join("cache");
    let relative = PathBuf::from("nowhere/\u{1b}[31m");
    for folder in [in_a_file, relative] {
        let mut command = ground.command(question, &[]);
        let read_only = ground.home.path().join("read-only");
        fs::create_dir_all(&read_only).expect("a folder");
        fs::write(read_only.join("nowhere"), "a file in the way").expect("written");
        let with = finish(command.current_dir(&read_only).env("TRAILMAP_CACHE_DIR", folder));
        assert_eq!((with.status, &with.out), (0, &without.out));
        let more = with.err.strip_prefix(&without.err).expect("the same messages first");
        assert!(more.starts_with("note: the journeys are not kept for the next time: "), "{more}");
        assert!(more.lines().count() == 1 && !more.contains('\u{1b}'), "{more}");
        let quiet = finish(ground.command(question, &["--quiet"]).env("TRAILMAP_CACHE_DIR", ground.file().join("x")));
        assert_eq!((quiet.status, quiet.err.as_str()), (0, ""));
    }
    // Homes in which nothing can be made; nobody's own cache is written to.
    for home in ["".into(), ground.file().join("home")] {
        let mut command = ground.command(question, &[]);
        command.env_remove("TRAILMAP_CACHE_DIR").env("XDG_CACHE_HOME", "relative/is/ignored").env("HOME", &home);
        if home.as_os_str().is_empty() {
            command.env("XDG_CACHE_HOME", ground.home.path().join("xdg"));
        }
        let with = finish(&mut command);
        assert_eq!((with.status, &with.out), (0, &without.out), "{home:?}: {}", with.err);
    }
}

#[test]
fn a_full_disk_costs_a_note_and_nothing_else() {
    let ground = Ground::new();
    let disk = ground.home.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let without = ground.ask(QUESTIONS[0], &["--no-cache"]);
    let with = finish(ground.command(QUESTIONS[0], &[]).env("TRAILMAP_CACHE_DIR", &disk));
    let left = fs::read_dir(disk.join("journeys")).map(Iterator::count);
    let unmounted = Command::new("umount").arg(&disk).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!((with.status, &with.out), (0, &without.out));
    assert!(with.err.contains("note: the journeys are not kept for the next time: "), "{}", with.err);
    assert_eq!(left.ok(), Some(0), "nothing unfinished is left");
}

#[test]
fn a_file_size_limit_costs_a_note_and_nothing_else() {
    let ground = Ground::new();
    let without = ground.ask(QUESTIONS[0], &["--no-cache"]);
    let file = ground.file();
    let mut args = vec!["-c", "ulimit -f 100; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_trailmap"), QUESTIONS[0][0]];
    args.push(file.to_str().expect("text"));
    args.extend_from_slice(&QUESTIONS[0][1..]);
    let mut shell = Command::new("sh");
    shell
        .args(args)
        .env("TRAILMAP_CACHE_DIR", ground.home.path().join("cache"))
        .env("TRAILMAP_CONFIG_DIR", ground.home.path());
    let with = finish(&mut shell);
    assert_eq!((with.status, &with.out), (0, &without.out), "{}", with.err);
    assert!(with.err.contains("note: the journeys are not kept for the next time: "), "{}", with.err);
    assert_eq!(ground.files(), Vec::<PathBuf>::new());
}

#[test]
fn settings_say_whether_and_how_much_is_kept() {
    let ground = Ground::new();
    for text in ["cache = \"off\"\n", "cache = \"100 kB\"\n"] {
        fs::write(ground.home.path().join("settings.toml"), text).expect("written");
        let asked = finish(ground.command(QUESTIONS[0], &[]).env("TRAILMAP_CONFIG_DIR", ground.home.path()));
        assert_eq!(asked.status, 0, "{}", asked.err);
        assert_eq!(ground.files(), Vec::<PathBuf>::new(), "{text}");
    }
}

#[test]
fn what_is_kept_is_listed_and_removed() {
    let ground = Ground::new();
    let cache = |args: &[&str]| {
        finish(command(&[&["cache"], args].concat()).env("TRAILMAP_CACHE_DIR", ground.home.path().join("cache")))
    };
    let columns = "source,events,customers,bytes,saved,used,state,file\n";
    assert_eq!(cache(&["list", "--format", "csv"]).out, columns);
    ground.ask(QUESTIONS[0], &[]);
    let listed = cache(&["list", "--format", "csv"]);
    let row = listed.out.strip_prefix(columns).expect("the columns");
    assert!(row.starts_with(&format!("{},", ground.file().display())) && row.contains(",1500,"), "{row}");
    assert!(row.contains(",ready,") && row.lines().count() == 1, "{row}");
    assert!(cache(&["list", "--format", "json"]).out.contains("\"state\":\"ready\""));
    let text = fs::read_to_string(ground.file()).expect("text");
    fs::write(ground.file(), text + "\n").expect("written");
    assert!(cache(&["list", "--format", "csv"]).out.contains(",source changed,"));
    let cleared = cache(&["clear"]);
    assert!(cleared.err.starts_with("removed 1 saved store, "), "{}", cleared.err);
    assert_eq!(ground.files(), Vec::<PathBuf>::new());
    assert_eq!(cache(&["list", "--format", "csv"]).out, columns);
    assert_eq!(cache(&[]).status, 2);
}
