//! Every preset on a small file of its kind: it is recognised, told apart from all others, and gives what the page beside it says.

use std::path::{Path, PathBuf};

use trailmap::base::{Ctl, CustomerId, Instant};
use trailmap::ingest::presets::{self, Preset};
use trailmap::ingest::{self, LoadOptions, Loaded, Role};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/presets")
}

/// The file of a preset; one of them has several kinds.
fn file(preset: &Preset) -> PathBuf {
    let found = ["ndjson", "csv", "tsv", "json"].iter().map(|end| folder().join(format!("{}.{end}", preset.name)));
    let found = found.chain([folder().join(preset.name).join("hit_data.tsv")]);
    let mut found = found;
    found.find(|path| path.exists()).unwrap_or_else(|| panic!("no file for {}", preset.name))
}

fn options(path: &Path) -> LoadOptions {
    LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() }
}

fn people(loaded: &Loaded) -> Vec<String> {
    let store = &loaded.store;
    let line = |&id: &u32| {
        let id = CustomerId(id);
        let events: Vec<&str> = store.journey(id).map(|row| store.touchpoint_name(row)).collect();
        format!("{}: {}", store.customer_name(id), events.join(" "))
    };
    store.customers_in_text_order().iter().map(line).collect()
}

#[test]
fn every_preset_gives_what_its_page_says() {
    for preset in presets::all() {
        let path = file(preset);
        let page = std::fs::read_to_string(path.with_extension("txt")).expect("a page");
        let (facts, mut expect): (Vec<&str>, Vec<&str>) =
            page.lines().filter(|line| !line.starts_with('#')).partition(|line| {
                let names = ["rows", "rejected", "duplicates", "first", "last", "session", "channel", "value"];
                line.split_once(": ").is_some_and(|(name, _)| names.contains(&name))
            });
        for how in [None, Some(preset.name.to_owned())] {
            let loaded = ingest::open(&LoadOptions { preset: how, ..options(&path) }, &Ctl::new()).expect(preset.name);
            let (store, report) = (&loaded.store, &loaded.report);
            let n_events = store.n_events() as u64;
            assert_eq!(report.rows, n_events + report.rejects.total() + report.duplicates_dropped, "{}", preset.name);
            let role = |role: Role| {
                let column = report.columns.iter().find(|column| column.role == role);
                column.map_or("none", |column| column.name.as_str()).to_owned()
            };
            let bounds = store.bounds();
            assert_eq!(bounds.is_none(), preset.is_links, "{}", preset.name);
            let (first, last) = bounds.unwrap_or((Instant(0), Instant(0)));
            for fact in &facts {
                let (name, value) = fact.split_once(": ").expect("a fact");
                let found = match name {
                    "rows" => report.rows.to_string(),
                    "rejected" => report.rejects.total().to_string(),
                    "duplicates" => report.duplicates_dropped.to_string(),
                    "first" => first.to_string(),
                    "last" => last.to_string(),
                    "session" => role(Role::Session),
                    "channel" => role(Role::Channel),
                    _ => role(Role::Value),
                };
                assert_eq!(found, value, "{}: {name}; {:?}", preset.name, report.notes);
            }
            expect.sort_unstable();
            let mut found = people(&loaded);
            found.sort_unstable();
            assert_eq!(found, expect, "{}; {:?}", preset.name, report.notes);
            let said = |note: &String| note.contains(&format!("--preset {}", preset.name));
            assert!(report.notes.iter().any(said), "{}: {:?}", preset.name, report.notes);
        }
    }
}

#[test]
fn every_file_fits_one_preset_alone_and_no_sample_fits_any() {
    let fitting = |path: &Path| -> Vec<&str> {
        let columns = ingest::column_names(&options(path), &Ctl::new()).expect("a table");
        presets::all().filter(|preset| preset.fits(&columns)).map(|preset| preset.name).collect()
    };
    for preset in presets::all() {
        assert_eq!(fitting(&file(preset)), [preset.name]);
    }
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    for sample in ["shop.csv", "retail.csv", "bank.csv.gz", "hotel.csv.gz", "ecom.csv.gz"] {
        assert!(fitting(&samples.join(sample)).is_empty(), "{sample}");
    }
}

#[test]
fn a_preset_that_does_not_fit_says_what_is_missing() {
    let path = folder().join("posthog.csv");
    let error = |name: &str| {
        let options = LoadOptions { preset: Some(name.to_owned()), ..options(&path) };
        ingest::open(&options, &Ctl::new()).expect_err("an error").to_string()
    };
    let amplitude = error("amplitude");
    assert!(amplitude.contains("it lacks `event_type`, `amplitude_id`, `server_upload_time`"), "{amplitude}");
    assert!(error("amplitud").contains("did you mean `amplitude`?"));
    let plain = LoadOptions { preset: Some("none".into()), ..options(&path) };
    let loaded = ingest::open(&plain, &Ctl::new()).expect("readable by its columns");
    assert_eq!((loaded.report.duplicates_dropped, loaded.store.n_events()), (0, 5));
}

/// The screen of columns names as flags what it shows; that must not change what is read.
#[test]
fn flags_go_before_a_preset_and_may_say_the_same() {
    // Surveys have no column of these names; theirs are found by many.
    for preset in presets::all().filter(|preset| !preset.is_links && preset.name != "survey") {
        let path = file(preset);
        let plain = ingest::open(&options(&path), &Ctl::new()).expect(preset.name);
        let roles = |role: Role| plain.report.columns.iter().find(|column| column.role == role).map(|c| c.name.clone());
        let event = match preset.file_is_event {
            true => None,
            false => roles(Role::Event).or_else(|| preset.event.first().map(|name| (*name).to_owned())),
        };
        let time = roles(Role::Time).or_else(|| {
            let (_, names) = preset.roles.iter().find(|(role, _)| *role == Role::Time)?;
            names.first().map(|name| (*name).to_owned())
        });
        let said = LoadOptions { event, time, channel: roles(Role::Channel), ..options(&path) };
        let loaded = ingest::open(&said, &Ctl::new()).expect(preset.name);
        assert_eq!(people(&loaded), people(&plain), "{}", preset.name);
    }
    let device = |adjust: fn(&mut LoadOptions)| {
        let mut options = options(&folder().join("amplitude.ndjson"));
        adjust(&mut options);
        people(&ingest::open(&options, &Ctl::new()).expect("readable")).join(" | ")
    };
    let by_device =
        device(|options| (options.customer, options.ids) = (Some("device_id".into()), vec!["user_id".into()]));
    assert_eq!(by_device, "d-1: open_app sign_in pay | d-3: open_app");
    let plain = ingest::open(&options(&folder().join("amplitude.ndjson")), &Ctl::new()).expect("readable").store;
    let sessions = &plain.properties[plain.roles.session.expect("a session")];
    let pay = (0..plain.n_events()).find(|row| plain.touchpoint_name(*row) == "pay").expect("it is there");
    assert_eq!((sessions.text(pay), sessions.text(pay - 1).as_deref()), (None, Some("1714557600000")));
    let twice = device(|options| options.dedupe_by = vec![String::new()]);
    assert_eq!(twice, "902: open_app | u1: open_app sign_in sign_in pay");
}

#[test]
fn three_exports_of_three_schemas_are_one_table_of_people() {
    let sources = ["amplitude.ndjson", "segment.ndjson", "sensors-log.ndjson"].map(|name| folder().join(name));
    let sources = sources.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let loaded = ingest::open(&LoadOptions { sources, ..LoadOptions::default() }, &Ctl::new()).expect("readable");
    let u1 = people(&loaded).into_iter().find(|line| line.starts_with("u1: ")).expect("u1");
    let events = "open_app $pageview Home sign_in $SignUp identify 支付 Product Viewed Order Completed pay";
    let mut words: Vec<&str> = u1.strip_prefix("u1: ").expect("u1").split(' ').collect();
    let mut expect: Vec<&str> = events.split(' ').collect();
    words.sort_unstable();
    expect.sort_unstable();
    assert_eq!(words, expect);
    assert_eq!(loaded.report.duplicates_dropped, 3);
    let pairs = loaded.report.joins;
    assert_eq!(pairs.iter().map(|pair| pair.both).collect::<Vec<_>>(), [1, 1, 1]);
}

#[track_caller]
fn together(names: &[&str]) -> (Vec<String>, Loaded) {
    let sources = names.iter().map(|name| folder().join(name).to_string_lossy().into_owned()).collect();
    let loaded = ingest::open(&LoadOptions { sources, ..LoadOptions::default() }, &Ctl::new()).expect("readable");
    (people(&loaded), loaded)
}

#[test]
fn tables_of_ids_alone_make_one_person_of_the_events_beside_them() {
    let (merged, loaded) = together(&["heap.csv", "heap-migrations.csv"]);
    assert_eq!(merged, ["ann@example.com: pageviews Sign in Purchase pageviews"]);
    let report = &loaded.report;
    assert_eq!((report.rows, report.rejects.total(), report.duplicates_dropped), (7, 2, 1));
    let (first, ..) = together(&["heap-migrations.csv", "heap.csv"]);
    assert_eq!(first, merged);
    let (known, _) = together(&["segment-wh.csv", "segment-identifies.csv"]);
    assert_eq!(known, ["u1: product_viewed signed_in order_completed product_viewed"]);
}

#[test]
fn a_process_log_is_read_from_its_xml_plain_and_packed() {
    let expect = ["173688: A_SUBMITTED A_PARTLYSUBMITTED", "173691: A_SUBMITTED"];
    let (found, loaded) = together(&["process-log.xes"]);
    assert_eq!(found, expect);
    assert_eq!((loaded.report.rows, loaded.report.rejects.total()), (4, 1));
    assert_eq!(loaded.report.files[0].format, "xes");
    assert!(loaded.report.notes.iter().any(|note| note.contains("--preset process-log")), "{:?}", loaded.report.notes);
    let column = |name: &str| loaded.store.property_idx(name).map(|at| loaded.store.properties[at].kind().name());
    assert_eq!([column("case:AMOUNT_REQ"), column("org:resource")], [Some("int"), Some("int")]);
    let place = tempfile::tempdir().expect("a folder");
    let packed = place.path().join("log.xes.gz");
    let file = std::fs::File::create(&packed).expect("created");
    let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    let text = std::fs::read(folder().join("process-log.xes")).expect("there");
    std::io::Write::write_all(&mut packer, &text).and_then(|()| packer.finish().map(drop)).expect("packed");
    let loaded = ingest::open(&options(&packed), &Ctl::new()).expect("readable");
    assert_eq!(
        (people(&loaded), loaded.report.files[0].format.as_str()),
        (expect.map(str::to_owned).to_vec(), "xes.gz")
    );
    std::fs::write(place.path().join("cut.xes"), &text[..text.len() - 200]).expect("written");
    let error = ingest::open(&options(&place.path().join("cut.xes")), &Ctl::new()).expect_err("cut off").to_string();
    assert!(error.contains("cut off"), "{error}");
}

#[test]
fn a_folder_with_a_feed_is_its_hits_and_one_without_its_headers_says_what_is_missing() {
    let (found, loaded) = together(&["adobe-feed"]);
    assert_eq!(found.len(), 2);
    assert!(loaded.report.notes.iter().any(|note| note.contains("event.tsv was left out: it explains")));
    let store = &loaded.store;
    let value = |name: &str, wanted: &str| {
        let property = &store.properties[store.property_idx(name).unwrap_or_else(|| panic!("{name}"))];
        (0..store.n_events()).any(|row| property.text(row).as_deref() == Some(wanted))
    };
    assert!(value("post_evar1", "a \"quoted\" \ttab, a \nline and \\"));
    assert!(value("browser", "Mozilla Firefox") && value("post_visid_high", "18446744073709551615"));
    let place = tempfile::tempdir().expect("a folder");
    let wide = ["1"; 60].join("\t");
    std::fs::write(place.path().join("hit_data.tsv"), format!("{wide}\n{wide}\n")).expect("written");
    let error =
        ingest::open(&options(&place.path().join("hit_data.tsv")), &Ctl::new()).expect_err("no headers").to_string();
    assert!(error.contains("column_headers.tsv"), "{error}");
}

#[test]
fn properties_that_are_written_as_a_text_are_read_as_the_object_they_are() {
    let line = |uuid: &str, event: &str, minute: u8, id: &str, properties: &str| {
        let properties = serde_json::to_string(properties).expect("a text");
        format!(
            "{{\"uuid\":\"{uuid}\",\"event\":\"{event}\",\"timestamp\":\"2024-05-01T10:{minute:02}:00Z\",\"distinct_id\":\"{id}\",\
             \"properties\":{properties}}}\n"
        )
    };
    let text = [
        line("1", "$pageview", 0, "anon-1", r#"{"$session_id":"s1","page":{"path":"/"}}"#),
        line("2", "$identify", 1, "ann", r#"{"$session_id":"s1","$anon_distinct_id":"anon-1"}"#),
        line("3", "order", 2, "ann", "{no object"),
    ];
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("events.ndjson");
    std::fs::write(&path, text.concat()).expect("written");
    let loaded = ingest::open(&options(&path), &Ctl::new()).expect("readable");
    assert_eq!(people(&loaded), ["ann: $pageview $identify order"]);
    let role = |role: Role| loaded.report.columns.iter().find(|column| column.role == role).map(|c| c.name.as_str());
    assert_eq!(role(Role::Session), Some("properties.$session_id"));
    assert!(loaded.store.property_idx("properties.page.path").is_some());
}
