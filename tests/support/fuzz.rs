//! What is fuzzed: one function per reader of strangers' bytes, used by `fuzz/` and by the tests over its corpus.
//!
//! A target panics where a reader breaks a promise: rows that do not add up, a message that is no safe line, a panic.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use trailmap::base::{Ctl, Span};
use trailmap::ingest::{self, LoadOptions, Loaded};
use trailmap::journey::expr::{MaskError, complete, customer_mask, event_mask};
use trailmap::journey::{Expr, JourneyStore, Pattern, Step, View};
use trailmap::workspace::Workspace;
use trailmap::workspace::file::edit::{Draft, New};

/// A target, and the folder of its corpus under `fuzz/corpus`.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

/// All targets.
#[rustfmt::skip]
pub const TARGETS: &[Target] = &[
    Target { name: "sniff", run: sniff },
    Target { name: "csv", run: csv },
    Target { name: "ndjson", run: ndjson },
    Target { name: "columnar", run: columnar },
    Target { name: "expr", run: expr },
    Target { name: "step", run: step },
    Target { name: "pattern", run: pattern },
    Target { name: "workspace", run: workspace },
    Target { name: "xes", run: xes },
    Target { name: "saved", run: saved },
];

/// A file of these bytes, in a folder of this thread that goes with it.
fn file(name: &str, pieces: &[&[u8]]) -> PathBuf {
    thread_local! {
        static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
        let path = folder.path().join(name);
        std::fs::write(&path, pieces.concat()).expect("a file");
        path
    })
}

fn options(path: &std::path::Path) -> LoadOptions {
    LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() }
}

/// A message is one line that steers no terminal.
#[track_caller]
fn assert_line(message: &str) {
    assert!(!message.is_empty() && !message.chars().any(char::is_control), "no safe line: {message:?}");
    assert!(message.len() < 20_000, "a line of {} bytes", message.len());
}

/// Opens, and holds the load to the law that nothing is lost silently.
#[track_caller]
fn open(options: &LoadOptions) -> Option<Loaded> {
    match ingest::open(options, &Ctl::new()) {
        Ok(loaded) => {
            let (store, report) = (&loaded.store, &loaded.report);
            let n_events = store.n_events() as u64;
            assert_eq!(report.rows, n_events + report.rejects.total() + report.duplicates_dropped, "{report:?}");
            assert_eq!(report.rows, report.files.iter().map(|file| file.rows).sum::<u64>());
            assert_eq!(report.rejects.total(), report.files.iter().map(|file| file.rejected).sum::<u64>());
            assert_eq!(store.offsets.last().map(|&n| u64::from(n)), Some(n_events));
            assert!(store.offsets.windows(2).all(|pair| pair[0] < pair[1]), "a customer without events");
            report.notes.iter().for_each(|note| assert_line(note));
            Some(loaded)
        }
        Err(error) => {
            assert_line(&error.to_string());
            None
        }
    }
}

/// What a file is, whatever it is called: format, encoding, dialect, columns and their roles; then the load itself.
pub fn sniff(data: &[u8]) {
    let options = options(&file("unknown", &[data]));
    match ingest::preview(&options, &Ctl::new()) {
        Ok(preview) => {
            assert!(preview.guesses.iter().all(|guess| guess.column.is_none_or(|at| at < preview.columns.len())));
        }
        Err(error) => assert_line(&error.to_string()),
    }
    open(&options);
}

/// Records of a table whose header is known, in a dialect that the first byte chooses.
pub fn csv(data: &[u8]) {
    let Some((&choice, body)) = data.split_first() else { return };
    let delimiter = [',', ';', '\t', '|', ' ', '\u{1}'][usize::from(choice % 6)];
    let header = format!("user_id{delimiter}event{delimiter}timestamp{delimiter}amount\n");
    let mut options = options(&file("events.csv", &[header.as_bytes(), body]));
    options.customer = Some("user_id".into());
    options.event = Some("event".into());
    options.time = Some("timestamp".into());
    options.time_format = (choice & 64 != 0).then(|| "%d.%m.%Y".into());
    options.dedupe = choice & 128 != 0;
    options.delimiter = Some(delimiter);
    options.quote = [Some('"'), Some('\''), None][usize::from(choice / 6 % 3)];
    options.encoding = (choice & 32 != 0).then(|| "utf-8".into());
    if let Some(loaded) = open(&options) {
        let rows = ingest::rows(&options, None, &Ctl::new()).expect("what loads can be looked at");
        assert!(rows.rows.len() as u64 <= loaded.report.rows, "{} rows seen", rows.rows.len());
    }
}

/// Objects behind one that is sound.
pub fn ndjson(data: &[u8]) {
    let first = b"{\"user_id\":\"7\",\"event\":\"view\",\"timestamp\":\"2024-05-01T00:00:00Z\"}\n";
    let mut options = options(&file("events.ndjson", &[first, data]));
    options.customer = Some("user_id".into());
    options.event = Some("event".into());
    options.time = Some("timestamp".into());
    let loaded = open(&options);
    if let Some(loaded) = loaded {
        assert!(loaded.store.find_customer("7").is_some(), "the first line was lost");
    }
}

/// Parquet and Arrow files. The decoder panics on some damaged ones, which must end in a sentence too.
pub fn columnar(data: &[u8]) {
    static QUIET: LazyLock<()> = LazyLock::new(|| std::panic::set_hook(Box::new(|_| ())));
    // A fuzzer's own hook would end the process before the panic is caught.
    if std::env::var_os("TRAILMAP_FUZZ").is_some() {
        LazyLock::force(&QUIET);
    }
    open(&options(&file("events.parquet", &[data])));
}

/// A few journeys to ask about, with every kind of column.
fn store() -> Arc<JourneyStore> {
    static STORE: LazyLock<Arc<JourneyStore>> = LazyLock::new(|| {
        let text = "user_id,event,timestamp,channel,value,seen,a b\n\
                    u1,view,2024-01-01T10:00:00Z,web,1.5,2024-01-01,x\n\
                    u1,cart,2024-01-01T10:05:00Z,web,,,\n\
                    u1,order,2024-01-02T10:05:00Z,app,20,2024-02-01,y\n\
                    u2,view,2024-01-01T09:00:00Z,,3,,\n\
                    u2,odd | name,2024-03-01T09:00:00Z,email,-1,,z\n\
                    u3,cart,2024-01-05T00:00:00Z,web,1e3,,x\n";
        let mut options = options(&file("journeys.csv", &[text.as_bytes()]));
        options.customer = Some("user_id".into());
        options.event = Some("event".into());
        options.time = Some("timestamp".into());
        Arc::new(open(&options).expect("a table of events").store)
    });
    Arc::clone(&STORE)
}

/// Filters of events and of customers, and what is proposed while they are typed.
pub fn expr(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let cursor = data.len() / 2;
    for cursor in [cursor, data.len()] {
        let proposed = complete(text, cursor);
        assert!(text.is_char_boundary(proposed.start) && proposed.start <= cursor);
    }
    let parsed = match Expr::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(error.column >= 1 && error.column <= text.chars().count() + 1, "{error:?}");
            return;
        }
    };
    let (store, ctl) = (store(), Ctl::new());
    let gap: Span = "30m".parse().expect("a span");
    let n_events = store.n_events();
    let masks = [
        event_mask(&store, &parsed, &ctl).map(|mask| (mask.count(), n_events)),
        customer_mask(&View::whole(Arc::clone(&store)), &parsed, gap, &ctl)
            .map(|mask| (mask.count(), store.n_customers())),
    ];
    for mask in masks {
        match mask {
            Ok((n, of)) => assert!(n <= of),
            Err(MaskError::Expr(error)) => assert!(error.column <= text.chars().count() + 1, "{error:?}"),
            Err(MaskError::Cancelled(_)) => panic!("nobody asked to stop"),
        }
    }
}

/// Steps of funnels, with their conditions.
pub fn step(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let named: Step = Step::named(text).to_string().parse().expect("a quoted name reads back");
    assert_eq!(named.only_name(), Some(text));
    if let Ok(step) = text.parse::<Step>() {
        let again: Step = step.to_string().parse().expect("a step reads back");
        assert_eq!(again, step);
        let _ = step.resolve(&View::whole(store()), &Ctl::new());
    }
}

/// Patterns of paths.
pub fn pattern(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Pattern>() {
        Ok(pattern) => {
            assert_eq!(pattern.to_string().parse::<Pattern>().as_ref(), Ok(&pattern));
            let store = store();
            if let Ok(found) = pattern.resolve(&store) {
                for at in 0..store.n_customers() as u32 {
                    found.matches(&store.codes, store.journey(trailmap::base::CustomerId(at)));
                }
            }
        }
        Err(error) => assert!(text.is_char_boundary(error.at), "{error:?}"),
    }
}

/// Workspace files: read, planned, changed and read again.
pub fn workspace(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Workspace::parse("trailmap.toml", text) {
        Ok(workspace) => {
            let _ = workspace.plan();
            let mut draft = Draft::parse("trailmap.toml", text).expect("it was read before");
            assert_eq!(draft.text(), text);
            if draft.put("view", "fuzzed", &[("ask", New::text("funnel -s view -s cart"))]).is_ok() {
                let changed = Workspace::parse("trailmap.toml", draft.text()).expect("a change leaves it right");
                assert!(changed.views.iter().any(|view| view.id == "fuzzed"));
            }
        }
        Err(faults) => {
            assert!(!faults.faults.is_empty());
            faults.sentences().iter().for_each(|sentence| assert_line(sentence));
        }
    }
}

/// Process logs in XES.
pub fn xes(data: &[u8]) {
    open(&options(&file("log.xes", &[data])));
}

/// Saved journeys. One that opens is looked through, since its sections are checked only then.
pub fn saved(data: &[u8]) {
    match ingest::saved::open(data) {
        Ok((store, _)) => {
            for customer in (0..store.n_customers() as u32).map(trailmap::base::CustomerId) {
                let _ = store.customer_name(customer);
                for row in store.journey(customer) {
                    let _ = (store.touchpoint_name(row), store.times[row]);
                    store.properties.iter().for_each(|property| drop(property.text(row)));
                }
            }
        }
        Err(refused) => assert_line(&refused.to_string()),
    }
}
