//! Saved stores: what comes back, what is refused, and who may read them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::format::Card;
use super::image::Image;
use super::*;
use crate::analysis::{Spec, ask};
use crate::base::checksum::Checksum;
use crate::engine::{Engine, Local};
use crate::ingest::{LoadOptions, open as open_sources, open_sound};
use crate::journey::fixture::build;
use crate::journey::props::NULL;
use crate::journey::{Property, Values};

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ self.0 >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A store with a column of every kind.
fn store() -> JourneyStore {
    let mut random = Random(7);
    let mut text = String::new();
    for customer in 0..60 {
        text += &format!("c{customer}é:");
        for event in 0..1 + random.below(9) {
            let name = ["home", "view", "cart", "pay", "help"][random.below(5)];
            let channel = ["web", "app", "mail"][random.below(3)];
            let (n, f) = (random.below(50), random.below(9));
            text += &format!(" {name}{}{{channel={channel},n={n},f={f}.5}}", event * 40_000 + random.below(30_000));
        }
        text += "\n";
    }
    let mut store = build(&text, |_| {});
    let times = (0..store.n_events()).map(|row| row as i64 * 86_400_000_000);
    store.properties.push(Property { name: "day".into(), values: Values::Time(times.collect()) });
    // Numbers that few events have are kept in another form.
    let few = (0..store.n_events()).map(|row| if row % 7 == 0 { row as f64 } else { f64::NAN });
    store.properties.push(Property { name: "paid".into(), values: Values::Float(few.collect()) });
    let few = (0..store.n_events()).map(|row| if row % 5 == 0 { row as i64 } else { NULL });
    store.properties.push(Property { name: "points".into(), values: Values::Int(few.collect()) });
    store
}

fn report() -> LoadReport {
    let mut report = LoadReport { rows: 3, notes: vec!["a note".into()], ..LoadReport::default() };
    let column = |certainty| super::super::ColumnReport {
        name: "a".into(),
        role: super::super::Role::Property,
        certainty,
        kind: "text".into(),
        example: "\u{1b}".into(),
    };
    report.columns = vec![column(0.1 + 0.2), column(f64::MIN_POSITIVE)];
    report
}

fn bytes_of(store: JourneyStore) -> Vec<u8> {
    let card = Card {
        build: "b".into(),
        key: "k".into(),
        sources: Vec::new(),
        files: Vec::new(),
        events: store.n_events() as u64,
        customers: store.n_customers() as u64,
        saved_at: 1,
    };
    let store = Arc::new(store);
    let image = Image::of(&store, &card, &report()).expect("few columns");
    let mut bytes = Vec::new();
    image.write(&mut bytes, &Ctl::new()).expect("memory");
    assert_eq!(bytes.len() as u64, image.len());
    bytes
}

fn questions() -> Vec<Spec> {
    let asked = [
        "profile",
        "funnel -s home -s cart -s pay --within 7d --breakdown channel",
        "paths --depth 4",
        "transitions",
        "dwell",
        "retention",
        "customers",
        "events",
        "events --events 'n > 10 and f < 5 and day is not null'",
        "events --events 'paid > 20 or points is null'",
    ];
    asked.iter().map(|text| ask::question(text).expect("a question").0).collect()
}

/// All that the questions give, as text; an error is an answer too.
fn answers(store: JourneyStore) -> Vec<String> {
    let local = Local::new(store);
    let answer = |spec: &Spec| match local.answer(spec, &Ctl::new()) {
        Ok(answer) => answer
            .tables()
            .iter()
            .map(|table| format!("{}: {:?}\n", table.name, table.rows().collect::<Vec<_>>()))
            .collect(),
        Err(err) => err.to_string(),
    };
    questions().iter().map(answer).collect()
}

#[test]
fn a_store_that_was_saved_and_opened_is_the_same() {
    let (opened, its_report) = super::open(&bytes_of(store())).expect("sound");
    let before = store();
    assert_eq!(its_report, report());
    assert_eq!((&opened.offsets, &opened.times, &opened.codes), (&before.offsets, &before.times, &before.codes));
    assert_eq!((&opened.masks, &opened.properties, &opened.roles), (&before.masks, &before.properties, &before.roles));
    assert_eq!((&opened.customers, &opened.touchpoints), (&before.customers, &before.touchpoints));
    assert_eq!((opened.bounds(), opened.n_ties, &opened.zone), (before.bounds(), before.n_ties, &before.zone));
    assert_eq!(opened.find_customer("c7é"), before.find_customer("c7é"));
    assert_eq!(answers(opened), answers(before));
}

#[test]
fn what_is_no_whole_saved_store_is_refused() {
    let bytes = bytes_of(store());
    let refused = |bytes: &[u8]| super::open(bytes).err().map(|why| why.to_string());
    for len in (0..bytes.len()).filter(|len| len % 64 < 2 || len % 64 == 63 || *len < 300) {
        assert!(refused(&bytes[..len]).is_some(), "{len} bytes");
    }
    let mut longer = bytes.clone();
    longer.extend([0; 64]);
    assert_eq!(refused(&longer).as_deref(), Some("it is damaged"));
    let mut other = bytes.clone();
    other[8] ^= 1;
    assert_eq!(refused(&other).as_deref(), Some("it is of another version"));
    assert_eq!(refused(&vec![b'a'; bytes.len()]).as_deref(), Some("it is no saved store"));
    let mut random = Random(1);
    let garbage: Vec<u8> = (0..5000).map(|_| random.next() as u8).collect();
    assert!(refused(&garbage).is_some());
    let behind_the_head = [&bytes[..64], &garbage[..]].concat();
    assert!(refused(&behind_the_head).is_some());
}

#[test]
fn no_flipped_bit_changes_an_answer_unseen() {
    let bytes = bytes_of(store());
    let expect = answers(store());
    let mut random = Random(2);
    let mut n_opened = 0;
    for _ in 0..900 {
        let mut flipped = bytes.clone();
        flipped[random.below(bytes.len())] ^= 1 << random.below(8);
        let Ok((mut store, _)) = super::open(&flipped) else { continue };
        n_opened += 1;
        let twin = store.share();
        let answers = answers(store);
        twin.check_all();
        assert!(twin.is_damaged() || answers == expect, "an answer changed");
    }
    assert!(n_opened > 50, "most columns are looked at only when they are used");
}

/// Where every section lies, and where its checksum stands.
fn sections(bytes: &[u8]) -> Vec<(std::ops::Range<usize>, usize)> {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize;
    let n = u32::from_le_bytes(bytes[12..16].try_into().expect("four bytes")) as usize;
    (0..n).map(|i| 64 + i * 40).map(|row| (number(row + 8)..number(row + 8) + number(row + 16), row + 24)).collect()
}

/// Makes all checksums right again.
fn seal(bytes: &mut [u8]) {
    for (range, at) in sections(bytes) {
        let sum = Checksum::of(&bytes[range]);
        bytes[at..at + 8].copy_from_slice(&sum.to_le_bytes());
    }
    let n = sections(bytes).len();
    let front = [&bytes[..24], &bytes[64..64 + n * 40]].concat();
    bytes[24..32].copy_from_slice(&Checksum::of(&front).to_le_bytes());
}

#[test]
fn a_store_that_somebody_else_made_with_right_checksums_makes_nothing_fall_over() {
    let bytes = bytes_of(store());
    let all = sections(&bytes);
    let mut random = Random(3);
    for round in 0..600 {
        let mut made = bytes.clone();
        let (range, _) = &all[round % all.len()];
        match round / all.len() % 4 {
            _ if range.is_empty() => continue,
            0 => made[range.clone()].iter_mut().for_each(|byte| *byte = random.next() as u8),
            1 => made[range.clone()].fill(0),
            2 => made[range.clone()].fill(255),
            _ => {
                for _ in 0..1 + random.below(3) {
                    let digits = made[range.clone()][0] == b'{';
                    let at = range.start + random.below(range.len());
                    made[at] = match digits {
                        // Another number in the JSON, mostly.
                        true if made[at].is_ascii_digit() => b'0' + random.below(10) as u8,
                        true => continue,
                        false => random.next() as u8,
                    };
                }
            }
        }
        seal(&mut made);
        if let Ok((store, _)) = super::open(&made) {
            answers(store);
        }
    }
}

/// A source that is worth keeping, and options that keep it.
struct Ground {
    folder: tempfile::TempDir,
    options: LoadOptions,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.csv"), rows(30_000)).expect("written");
        let options = LoadOptions {
            sources: vec![folder.path().join("a.csv").to_string_lossy().into_owned()],
            cache: Some(Cache { folder: folder.path().join("k/journeys"), max_bytes: 1 << 30 }),
            ..LoadOptions::default()
        };
        Ground { folder, options }
    }

    fn source(&self) -> std::path::PathBuf {
        self.folder.path().join("a.csv")
    }

    fn open(&self) -> Loaded {
        open_sources(&self.options, &Ctl::new()).expect("read")
    }

    fn is_saved(&self) -> bool {
        matches!(self.open().kept, Kept::Here(_))
    }

    /// Reads and saves, and returns the file.
    fn save(&self) -> std::path::PathBuf {
        let Loaded { store, report, kept } = self.open();
        assert!(matches!(kept, Kept::Due(_)));
        kept.save(&Arc::new(store), &report, Wait::OnDisk, &Ctl::new()).expect("saved");
        match self.open().kept {
            Kept::Here(path) => path,
            other => panic!("it is not kept: {other:?}"),
        }
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("k/journeys")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

fn rows(n: usize) -> String {
    let row = |i: usize| {
        let (user, minute, event) = (i % 700, i / 60, ["view", "cart", "order"][i % 3]);
        // Some are refused, so that there is something to report.
        let time = if i % 1000 == 7 {
            "soon".to_owned()
        } else {
            format!("2024-01-{:02} 10:{:02}:00", 1 + i % 28, minute % 60)
        };
        format!("u{user:06},{time},{event},channel-{},{}\n", i % 4, i % 100)
    };
    "user,time,event,channel,amount\n".to_owned() + &(0..n).map(row).collect::<String>()
}

#[test]
fn what_was_read_once_is_opened_the_next_time_with_the_same_report() {
    let ground = Ground::new();
    let before = ground.open();
    ground.save();
    let after = ground.open();
    assert!(matches!(after.kept, Kept::Here(_)));
    assert!(before.report.rejects.total() > 0);
    let timeless = |report: LoadReport| LoadReport { seconds: 0.0, ..report };
    assert_eq!(timeless(before.report), timeless(after.report));
    assert_eq!(before.store.properties, after.store.properties);
    let other = LoadOptions { dedupe: true, ..ground.options.clone() };
    assert!(matches!(open_sources(&other, &Ctl::new()).expect("read").kept, Kept::Due(_)), "read in another way");
    let all = LoadOptions { keep_rejects: KeepRejects::All, ..ground.options.clone() };
    assert!(matches!(open_sources(&all, &Ctl::new()).expect("read").kept, Kept::Nothing));
    assert_eq!(list(ground.options.cache.as_ref().expect("a cache")).len(), 1);
}

#[test]
fn a_source_that_changed_in_any_way_is_read_again() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 7] = [
        ("appended to", |path| fs::write(path, rows(30_001)).expect("written")),
        ("cut off", |path| fs::write(path, rows(29_000)).expect("written")),
        ("other bytes, same size and time", |path| {
            let times = fs::metadata(path).and_then(|meta| meta.modified()).expect("a time");
            let text = fs::read_to_string(path).expect("text").replacen("u000500,", "u000501,", 1);
            fs::write(path, text).expect("written");
            fs::File::options().write(true).open(path).and_then(|file| file.set_modified(times)).expect("set");
        }),
        ("an older time", |path| {
            let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
            fs::File::options().write(true).open(path).and_then(|file| file.set_modified(old)).expect("set");
        }),
        ("replaced by another file", |path| {
            let other = path.with_extension("new");
            fs::write(&other, rows(30_000)).expect("written");
            fs::rename(&other, path).expect("renamed");
        }),
        ("written again with the same bytes", |path| fs::write(path, rows(30_000)).expect("written")),
        ("a link to another file", |path| {
            let other = path.with_extension("new");
            fs::write(&other, rows(30_000)).expect("written");
            fs::remove_file(path).expect("removed");
            #[cfg(unix)]
            std::os::unix::fs::symlink(&other, path).expect("a link");
            #[cfg(not(unix))]
            fs::rename(&other, path).expect("renamed");
        }),
    ];
    for (what, change) in changes {
        let ground = Ground::new();
        ground.save();
        change(&ground.source());
        assert!(!ground.is_saved(), "{what}");
        ground.save();
    }
}

#[test]
fn a_source_that_changes_between_reading_and_saving_is_not_saved() {
    let ground = Ground::new();
    let Loaded { store, report, kept } = ground.open();
    fs::write(ground.source(), rows(30_002)).expect("written");
    kept.save(&Arc::new(store), &report, Wait::OnDisk, &Ctl::new()).expect("nothing to tell");
    assert_eq!(ground.files(), Vec::<String>::new());
}

#[test]
fn a_folder_with_another_file_is_read_again() {
    let ground = Ground::new();
    let sources = vec![ground.folder.path().to_string_lossy().into_owned()];
    let ground = Ground { options: LoadOptions { sources, ..ground.options.clone() }, ..ground };
    ground.save();
    fs::write(ground.folder.path().join("README.md"), "what is left out is told").expect("written");
    assert!(!ground.is_saved());
}

#[test]
fn damage_is_found_wherever_it_is_and_the_sources_are_read_instead() {
    let ground = Ground::new();
    let path = ground.save();
    let bytes = fs::read(&path).expect("there");
    let expect = answers(ground.open().store);
    for cut in [0, 10, 64, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..cut]).expect("written");
        assert!(!ground.is_saved(), "cut to {cut}");
    }
    for (range, _) in sections(&bytes).into_iter().filter(|(range, _)| !range.is_empty()) {
        let mut flipped = bytes.clone();
        flipped[range.start + range.len() / 2] ^= 64;
        fs::write(&path, flipped).expect("written");
        let loaded = open_sound(&ground.options, &Ctl::new()).expect("read");
        assert!(matches!(loaded.kept, Kept::Due(_)), "{range:?}");
        assert_eq!(answers(loaded.store), expect);
    }
    fs::write(&path, &bytes).expect("written");
    assert!(ground.is_saved());
}

#[test]
fn another_stores_file_under_this_name_is_not_taken_for_it() {
    let (one, other) = (Ground::new(), Ground::new());
    let path = one.save();
    fs::copy(other.save(), path).expect("swapped");
    assert!(!one.is_saved());
}

#[cfg(unix)]
#[test]
fn saved_stores_are_private_and_only_private_ones_are_opened() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let ground = Ground::new();
    let path = ground.save();
    let folder = path.parent().expect("a folder").to_owned();
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
    set(&path, 0o620);
    assert!(!ground.is_saved(), "others may write to the file");
    set(&path, 0o600);
    set(&folder, 0o777);
    let Loaded { store, report, kept } = ground.open();
    assert!(matches!(kept, Kept::Due(_)), "others may write to the folder");
    let why = kept.save(&Arc::new(store), &report, Wait::OnDisk, &Ctl::new()).expect_err("refused");
    assert!(why.contains("others may write to it") && why.ends_with("; --no-cache does without"), "{why}");
    set(&folder, 0o700);
    let elsewhere = ground.folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &path).expect("a link");
    assert!(!ground.is_saved(), "a link");
    ground.save();
    assert!(!path.is_symlink() && elsewhere.is_file(), "the link was replaced, not followed");
}

#[test]
fn who_was_not_asked_for_longest_makes_room_for_others() {
    let ground = Ground::new();
    let path = ground.save();
    let len = fs::metadata(&path).expect("there").len();
    let folder = path.parent().expect("a folder");
    let old = |name: &str, seconds: u64| {
        let file = fs::File::create(folder.join(name)).expect("made");
        file.set_len(len).expect("made");
        file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(seconds)).expect("set");
    };
    old("older.journeys", 10);
    old("newer.journeys", 20);
    fs::write(folder.join(".x.journeys.0.0.unfinished"), "of a program that is gone").expect("written");
    let own = format!(".x.journeys.{}.7.unfinished", std::process::id());
    fs::write(folder.join(&own), "of a program that runs").expect("written");
    fs::remove_file(&path).expect("removed");
    let max_bytes = len * 2 + len / 2;
    let cache = ground.options.cache.clone().map(|cache| Cache { max_bytes, ..cache });
    let ground = Ground { options: LoadOptions { cache, ..ground.options.clone() }, ..ground };
    ground.save();
    let mut files = ground.files();
    files.sort();
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut expect = vec![own, name, "newer.journeys".to_owned()];
    expect.sort();
    assert_eq!(files, expect);
    let cache = ground.options.cache.clone().expect("a cache");
    let states: Vec<State> = list(&cache).into_iter().map(|listed| listed.state).collect();
    assert_eq!(states, [State::Ready, State::Unusable]);
    assert_eq!(clear(&cache.folder).expect("cleared"), (2, len * 2));
    assert_eq!((ground.files().len(), list(&cache).len()), (0, 0));
    let small = Some(Cache { max_bytes: len / 2, ..cache });
    let Loaded { store, report, kept } =
        open_sources(&LoadOptions { cache: small, ..ground.options.clone() }, &Ctl::new()).expect("read");
    kept.save(&Arc::new(store), &report, Wait::OnDisk, &Ctl::new()).expect("nothing to tell");
    assert_eq!(ground.files().len(), 0, "larger than all may be");
}

#[test]
fn a_save_that_is_stopped_leaves_nothing_behind() {
    let ground = Ground::new();
    let Loaded { store, report, kept } = ground.open();
    let ctl = Ctl::new();
    ctl.cancel();
    kept.save(&Arc::new(store), &report, Wait::Written, &ctl).expect("nothing to tell");
    assert_eq!(ground.files(), Vec::<String>::new());
}

#[test]
fn many_that_save_at_once_leave_one_that_is_sound() {
    let ground = Ground::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let Loaded { store, report, kept } = ground.open();
                kept.save(&Arc::new(store), &report, Wait::OnDisk, &Ctl::new()).expect("saved");
            });
        }
    });
    assert!(ground.is_saved());
    assert_eq!(ground.files().len(), 1);
    let loaded = ground.open();
    loaded.store.check_all();
    assert!(!loaded.store.is_damaged());
}
