//! Small files in which people have several ids, in every format and in several sources.

use proptest::prelude::*;

use super::*;
use crate::base::CustomerId;
use crate::ingest::load::load;
use crate::ingest::{Error, KeepRejects, Loaded, SourcePair};

#[test]
fn what_exports_write_for_no_id_is_nobody() {
    let nulls = NullIds::new(&["-1".to_owned(), "guest".to_owned()]);
    for text in ["", " ", "null", "(not set)", "0", "-1", "guest", "\u{3000}", "00000000-0000-0000-0000-000000000000"] {
        assert!(nulls.is_null(text), "{text:?}");
    }
    for text in ["00", "a", "NA", "guests", "nullable", "10", "é"] {
        assert!(!nulls.is_null(text), "{text:?}");
    }
}

fn open(files: &[(&str, &str)], block: usize, adjust: impl Fn(&mut LoadOptions)) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = LoadOptions { keep_rejects: KeepRejects::All, ..LoadOptions::default() };
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        options.sources.push(path.to_string_lossy().into_owned());
    }
    adjust(&mut options);
    let loaded = load(&options, block, u64::MAX, &Ctl::new())?;
    let (report, n_events) = (&loaded.report, loaded.store.n_events() as u64);
    assert_eq!(report.rows, n_events + report.rejects.total() + report.duplicates_dropped);
    Ok(loaded)
}

/// People with the names of their events, in text order.
fn people(loaded: &Loaded) -> String {
    let store = &loaded.store;
    let person = |&id: &u32| {
        let id = CustomerId(id);
        let events: Vec<&str> = store.journey(id).map(|row| store.touchpoint_name(row)).collect();
        format!("{}: {}", store.customer_name(id), events.join(" "))
    };
    store.customers_in_text_order().iter().map(person).collect::<Vec<_>>().join(" | ")
}

const SHOP: &str = "event_id,customer_id,anonymous_id,ts,event
e1,,a1,2024-05-01,visit
e2,,a2,2024-05-02,visit
e3,C1,a1,2024-05-03,login
e4,C1,a2,2024-05-04,login
e5,C1,,2024-05-05,pay
e6,,,2024-05-06,ping
e7,(not set),a3,2024-05-07,visit
e8,null,0,2024-05-08,ping
e3,C1,a1,2024-05-03,login
,C2,,2024-05-09,call
,C2,,2024-05-09,call
";

/// The same as lines of JSON.
fn as_json(text: &str) -> String {
    let mut lines = text.lines().map(|line| line.split(','));
    let header: Vec<&str> = lines.next().expect("a header").collect();
    let line = |fields: std::str::Split<'_, char>| {
        let pairs = header.iter().zip(fields).filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name:?}:{value:?}")).collect();
        format!("{{{}}}\n", pairs.join(","))
    };
    lines.map(line).collect()
}

#[test]
fn rows_that_carry_two_ids_link_them_in_every_format_and_any_blocks() {
    let expect = "C1: visit visit login login login pay | C2: call call | a3: visit";
    for (name, text) in [("shop.csv", SHOP.to_owned()), ("shop.ndjson", as_json(SHOP))] {
        for block in [20, 100, 1 << 20] {
            let loaded = open(&[(name, &text)], block, |_| {}).expect("readable");
            assert_eq!(people(&loaded), expect, "{name} in blocks of {block}");
            assert_eq!(loaded.report.rejects.total(), 2);
            let identity = loaded.report.identity.expect("linked");
            let links = &identity.links;
            assert_eq!((links.n_ids, links.n_people, links.n_unlinked, links.n_shared), (5, 3, 5, 0));
            assert!(
                identity.is_guessed && loaded.report.notes.join(" ").contains("5 ids are 3 people"),
                "{:?}",
                loaded.report.notes
            );
            assert_eq!(links.columns[0].nulls, 1);
            assert_eq!((links.joins[0].rows, links.joins[0].ids), (3, [1, 2]));
            assert_eq!((links.clusters[0].name.as_str(), links.clusters[0].ids), ("C1", 3));
            assert_eq!(links.clusters[0].examples, ["C1", "a1", "a2"]);
            let store = &loaded.store;
            let found = |id: &str| store.find_customer(id).map(|id| store.customer_name(id));
            assert_eq!(
                [found("a1"), found("a3"), found("C2"), found("a9")],
                [Some("C1"), Some("a3"), Some("C2"), None]
            );
        }
    }
}

#[test]
fn rows_with_a_key_that_came_before_are_dropped_and_counted() {
    for block in [20, 1 << 20] {
        let loaded = open(&[("shop.csv", SHOP)], block, |o| o.dedupe_by = vec!["event_id".into()]).expect("readable");
        assert_eq!(people(&loaded), "C1: visit visit login login pay | C2: call call | a3: visit");
        assert_eq!((loaded.report.duplicates_dropped, loaded.store.n_duplicates), (1, 1));
        let said = |what: &str| loaded.report.notes.iter().any(|note| note.contains(what));
        assert!(
            said("repeat the `event_id` of an earlier row were dropped: 1.")
                && said("kept, since nothing tells whether they repeat: 2."),
            "{:?}",
            loaded.report.notes
        );
    }
    let both = |o: &mut LoadOptions| o.dedupe_by = vec!["EVENT".into(), "ts".into(), "customer_id".into()];
    let loaded = open(&[("shop.csv", SHOP)], 50, both).expect("readable");
    assert_eq!(people(&loaded), "C1: visit visit login login pay | C2: call | a3: visit");
}

#[test]
fn flags_say_what_is_linked_and_how_far() {
    let with = |adjust: &dyn Fn(&mut LoadOptions)| people(&open(&[("shop.csv", SHOP)], 50, adjust).expect("readable"));
    assert_eq!(
        with(&|o| o.anonymous = Some(String::new())),
        "(not set): visit | C1: login login login pay | C2: call call"
    );
    assert_eq!(
        with(&|o| o.max_ids = Some(2)),
        "C1: login login login pay | C2: call call | a1: visit | a2: visit | a3: visit"
    );
    assert_eq!(with(&|o| o.null_ids = vec!["a2".into(), "C2".into()]), "C1: visit login login login pay | a3: visit");
    let error =
        |adjust: &dyn Fn(&mut LoadOptions)| open(&[("shop.csv", SHOP)], 50, adjust).expect_err("an error").to_string();
    assert!(
        error(&|o| o.anonymous = Some("anonymus_id".into()))
            .contains("--anonymous: no column is named `anonymus_id`; did you mean `anonymous_id`?")
    );
    assert!(error(&|o| o.ids = vec!["mail".into()]).contains("--id: no column is named `mail`"));
    assert!(
        error(&|o| o.dedupe_by = vec!["eventid".into()])
            .contains("--dedupe-by: no column is named `eventid`; did you mean `event_id`?")
    );
    assert!(error(&|o| o.ids = vec!["event_id=mail".into()]).contains("can be those of customer, anonymous"));
    assert!(error(&|o| o.ids = vec!["anonymous_id=anonymous".into()]).contains("can be those of"));
}

#[test]
fn link_events_carry_ids_of_the_same_kind_in_another_column() {
    let text = "user_id,anonymous_id,previous_id,event,ts\n,a1,,visit,2024-05-01\nu1,,a1,alias,2024-05-02\nu1,,,pay,2024-05-03\n";
    let with = |id: &str| {
        let loaded = open(&[("a.csv", text)], 1 << 20, |o| o.ids = vec![id.into()]).expect("readable");
        (people(&loaded), loaded.report.notes.join(" "))
    };
    assert_eq!(with("previous_id=anonymous").0, "u1: visit alias pay");
    assert_eq!(with("previous_id=anonymous_id").0, "u1: visit alias pay");
    let (apart, notes) = with("previous_id");
    // Taken for an id of its own, which is said.
    assert_eq!(apart, "anonymous_id:a1: visit | u1: alias pay");
    assert!(notes.contains("Ids of `anonymous_id` that are written like ids of somebody else"), "{notes}");
}

#[test]
fn sources_are_joined_through_ids_they_have_in_common() {
    let web = "anonymous_id,user_id,event,ts\na1,,visit,2024-05-01\na1,u1,login,2024-05-02\na2,,visit,2024-05-02\n";
    let app = "{\"event\":\"open\",\"cookie\":\"a2\",\"time\":\"2024-05-03T10:00:00Z\"}\n{\"event\":\"open\",\"cookie\":\"a9\",\"time\":\"2024-05-03T10:00:00Z\"}\n";
    let crm = "customer_id;email;event;date\nu1;x@y;call;2024-05-04\nu2;z@y;call;2024-05-04\n";
    let shop = "email,event,ts\nx@y,order,2024-05-05\nz@y,order,2024-05-05\nw@y,order,2024-05-05\n";
    let files = [("web.csv", web), ("app.ndjson", app), ("crm.csv", crm), ("shop.csv", shop)];
    let expect = "a2: visit open | a9: open | u1: visit login call order | u2: call order | w@y: order";
    let mut turned = files;
    for _ in 0..files.len() {
        turned.rotate_left(1);
        let loaded = open(&turned, 40, |o| o.ids = vec!["email".into()]).expect("readable");
        assert_eq!(people(&loaded), expect);
        let pair = |a: &str, b: &str| {
            let is = |pair: &&SourcePair| {
                let ends = |file: &str, name: &str| file.ends_with(name);
                (ends(&pair.files[0], a) && ends(&pair.files[1], b))
                    || (ends(&pair.files[0], b) && ends(&pair.files[1], a))
            };
            loaded.report.joins.iter().find(is).map(|pair| pair.both)
        };
        assert_eq!(
            [pair("web.csv", "app.ndjson"), pair("web.csv", "crm.csv"), pair("crm.csv", "/shop.csv")],
            [Some(1), Some(1), Some(2)]
        );
        assert_eq!(loaded.report.files.iter().map(|file| file.events).sum::<u64>(), 10);
    }
}

#[test]
fn a_file_of_anonymous_ids_alone_can_be_linked_to_nothing_and_says_nothing() {
    let text = "device_id,event,ts\nd1,a,2024-05-01\nd2,a,2024-05-01\n";
    let plain = open(&[("a.csv", text)], 1 << 20, |_| {}).expect("readable");
    assert_eq!((people(&plain).as_str(), plain.report.identity.is_none()), ("d1: a | d2: a", true));
    let named = open(&[("a.csv", text)], 1 << 20, |o| o.anonymous = Some("device_id".into())).expect("readable");
    assert_eq!(people(&named), people(&plain));
    // Where texts are said to be nobody, a single column of ids is enough.
    let without = open(&[("a.csv", text)], 1 << 20, |o| o.null_ids = vec!["d2".into()]).expect("readable");
    assert_eq!((people(&without).as_str(), without.report.rejects.total()), ("d1: a", 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn neither_blocks_nor_threads_nor_the_order_of_rows_change_who_is_who(
        rows in prop::collection::vec((0u8..9, 0u8..9, 0u8..4), 1..60).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        block in 8usize..200,
        threads in prop::sample::select(vec![1usize, 3]),
    ) {
        let text = |rows: &[(u8, u8, u8)]| {
            let mut text = "user_id,anonymous_id,ts,event\n".to_owned();
            for (user, anonymous, event) in rows {
                let id = |letter: char, n: u8| if n > 6 { String::new() } else { format!("{letter}{n}") };
                text += &format!("{},{},2024-05-01,e{event}\n", id('u', *user), id('a', *anonymous));
            }
            text
        };
        let few = |o: &mut LoadOptions| o.max_ids = Some(4);
        let whole = open(&[("a.csv", &text(&rows.0))], 1 << 20, few);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let cut = pool.install(|| open(&[("a.csv", &text(&rows.0))], block, few));
        let turned = pool.install(|| open(&[("a.csv", &text(&rows.1))], block, few));
        // Where the rows hold no id at all there is no customer column to be found.
        if let (Ok(whole), Ok(cut), Ok(turned)) = (whole, cut, turned) {
            prop_assert_eq!(people(&whole), people(&cut));
            prop_assert_eq!(&whole.report.identity, &cut.report.identity);
            prop_assert_eq!(&whole.report.identity.map(|i| i.links), &turned.report.identity.map(|i| i.links));
            prop_assert_eq!(whole.store.n_customers(), turned.store.n_customers());
        }
    }
}
