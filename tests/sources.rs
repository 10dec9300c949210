//! Sources whose columns differ in one call: one table, one journey per person, and how far the sources belong together.

use std::path::Path;

use tempfile::TempDir;
use trailmap::base::{Ctl, CustomerId};
use trailmap::ingest::{self, LoadOptions, Loaded};

use crate::support::binary::run_in;

/// Google Analytics: Ann's two devices, of which one says her address; a visitor without a name.
const WEB: &str = concat!(
    r#"{"event_date":"20240501","event_timestamp":"1714557600000000","event_name":"page_view","event_params":[{"key":"ga_session_id","value":{"int_value":"1"}}],"user_pseudo_id":"11.1","user_id":null}"#,
    "\n",
    r#"{"event_date":"20240501","event_timestamp":"1714557660000000","event_name":"login","event_params":[{"key":"ga_session_id","value":{"int_value":"1"}}],"user_pseudo_id":"11.1","user_id":"7","user_properties":[{"key":"email","value":{"string_value":"ann@example.com"}}]}"#,
    "\n",
    r#"{"event_date":"20240502","event_timestamp":"1714644000000000","event_name":"page_view","event_params":[{"key":"ga_session_id","value":{"int_value":"2"}}],"user_pseudo_id":"22.2","user_id":"7"}"#,
    "\n",
    r#"{"event_date":"20240502","event_timestamp":"1714644060000000","event_name":"page_view","event_params":[{"key":"ga_session_id","value":{"int_value":"3"}}],"user_pseudo_id":"33.3","user_id":null}"#,
    "\n"
);

/// Shopify: Ann's address in other letters, and somebody who never came to the site.
const ORDERS: &str = "Name,Email,Financial Status,Paid at,Total,Created at,Lineitem name,Phone,Source\n\
    #1,Ann@Example.com,paid,2024-05-03 12:05:00 +0200,49.90,2024-05-03 12:00:00 +0200,Mug,,web\n\
    #1,Ann@Example.com,,,,,Plate,,\n\
    #2,bob@example.com,pending,,10.00,2024-05-04 12:00:00 +0200,Cup,'+49170,pos\n";

/// Zendesk: Ann by her address; and number 7 of the help desk, who is not customer 7.
const TICKETS: &str = r#"{"tickets":[
{"id":1,"requester_id":900,"requester":{"email":"ann@example.com"},"status":"solved","via":{"channel":"email"},"created_at":"2024-05-05T10:00:00Z","updated_at":"2024-05-06T10:00:00Z","metric_set":{"solved_at":"2024-05-06T09:00:00Z"}},
{"id":2,"requester_id":7,"requester":{"email":null},"status":"open","via":{"channel":"web"},"created_at":"2024-05-05T11:00:00Z","updated_at":"2024-05-05T11:00:00Z","metric_set":{"solved_at":null}}
]}"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).expect("written"));
    folder
}

fn load(folder: &Path, names: &[&str], adjust: impl Fn(&mut LoadOptions)) -> Loaded {
    let sources = names.iter().map(|name| folder.join(name).to_string_lossy().into_owned()).collect();
    let mut options = LoadOptions { sources, ..LoadOptions::default() };
    adjust(&mut options);
    ingest::open(&options, &Ctl::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn people(loaded: &Loaded) -> String {
    let store = &loaded.store;
    let line = |&id: &u32| {
        let id = CustomerId(id);
        let events: Vec<&str> = store.journey(id).map(|row| store.touchpoint_name(row)).collect();
        format!("{}: {}", store.customer_name(id), events.join(" "))
    };
    store.customers_in_text_order().iter().map(line).collect::<Vec<_>>().join(" | ")
}

fn rates(loaded: &Loaded) -> Vec<(u64, [u64; 2], String)> {
    loaded.report.joins.iter().map(|pair| (pair.both, pair.people, pair.by())).collect()
}

#[test]
fn three_exports_of_three_products_are_one_journey_per_person_with_the_rate_of_every_pair() {
    let files = [("web.ndjson", WEB), ("orders.csv", ORDERS), ("tickets.json", TICKETS)];
    let folder = folder(&files);
    let names = files.map(|(name, _)| name);
    let loaded = load(folder.path(), &names, |_| {});
    let ann = "7: page_view login page_view order_created order_paid ticket_created ticket_solved";
    assert_eq!(
        people(&loaded),
        format!("33.3: page_view | {ann} | bob@example.com: order_created | requester_id:7: ticket_created"),
        "{:#?}",
        loaded.report.notes
    );
    let web_orders = (1, [2, 2], "user_id 1".to_owned());
    assert_eq!(rates(&loaded), [web_orders.clone(), (1, [2, 2], "user_id 1".into()), (1, [2, 2], "user_id 1".into())]);
    // The order of the sources changes nothing about who is who.
    let turned = load(folder.path(), &[names[2], names[0], names[1]], |_| {});
    assert_eq!(people(&turned), people(&loaded));
    let apart = load(folder.path(), &names, |options| options.ids = vec![String::new()]);
    assert_eq!(rates(&apart).iter().map(|(both, ..)| *both).collect::<Vec<_>>(), [0, 0, 0]);
}

#[test]
fn the_rates_stand_in_every_report() {
    let folder = folder(&[("web.ndjson", WEB), ("orders.csv", ORDERS), ("tickets.json", TICKETS)]);
    let names = ["web.ndjson", "orders.csv", "tickets.json"];
    let ask = |args: &[&str]| run_in(folder.path(), &[args, &names[..]].concat());
    let table = ask(&["profile", "--table", "joins", "--format", "csv"]);
    assert_eq!(table.status, 0, "{}", table.err);
    assert_eq!(
        table.out,
        "source,other,customers,other_customers,both,share_of_fewer,joined_by\n\
         web.ndjson,orders.csv,2,2,1,0.5,user_id 1\nweb.ndjson,tickets.json,2,2,1,0.5,user_id 1\n\
         orders.csv,tickets.json,2,2,1,0.5,user_id 1\n"
    );
    let said = "People in both: web.ndjson and orders.csv 1 (50.0 % of the smaller, by user_id 1); ";
    assert!(ask(&["funnel", "-s", "page_view", "-s", "order_paid"]).err.contains(said));
    let quality = ask(&["profile", "--table", "quality", "--format", "csv"]).out;
    assert!(quality.contains("in web.ndjson and orders.csv,1,0.5,"), "{quality}");
    let identity = ask(&["profile", "--identity", "--table", "identity", "--format", "csv"]).out;
    assert!(identity.contains("in orders.csv and tickets.json,1,0.5,"), "{identity}");
    let json = ask(&["profile", "--format", "json"]).out;
    assert!(json.contains("\"name\": \"joins\"") || json.contains("\"name\":\"joins\""), "{json}");
    let look = ask(&[]).out;
    assert!(look.contains("\njoins\n"), "{look}");
}

const SITE: &str = "visitor,what,at\nc1,visit,2024-05-01 10:00:00\nc2,visit,2024-05-01 11:00:00\n";
const TILL: &str = "buyer,kind,day,sum\nc1,buy,03.05.2024 12:00,9.5\nc3,buy,13.05.2024 12:00,1\n";
const DESK: &str = "caller;topic;opened\nc2;complaint;2024-05-04T10:00:00Z\nc1;praise;2024-05-05T10:00:00Z\n";

#[test]
fn flags_name_the_columns_of_each_source_and_leave_the_rest_to_be_guessed() {
    let folder = folder(&[("site.csv", SITE), ("till.csv", TILL), ("desk.csv", DESK)]);
    let names = ["site.csv", "till.csv", "desk.csv"];
    let text = |text: &str| Some(text.to_owned());
    let loaded = load(folder.path(), &names, |options| {
        options.customer = text("visitor|buyer|caller");
        options.event = text("what|kind|topic");
        options.time = text("at|day|opened");
    });
    let expect = "c1: visit buy praise | c2: visit complaint | c3: buy";
    assert_eq!(people(&loaded), expect);
    assert_eq!(rates(&loaded).iter().map(|(both, ..)| *both).collect::<Vec<_>>(), [1, 2, 1]);
    let guessed = load(folder.path(), &names, |options| {
        options.customer = text("visitor|buyer|caller");
        options.event = text("what|kind|topic");
        options.time = text("opened");
    });
    assert_eq!(people(&guessed), expect);
    let said =
        guessed.report.notes.iter().filter(|note| note.contains("has no column `opened` (--time), so `")).count();
    assert_eq!(said, 2, "{:?}", guessed.report.notes);
    let nowhere = run_in(folder.path(), &["profile", "--customer", "visitr", "site.csv", "till.csv", "desk.csv"]);
    assert_eq!(nowhere.status, 1);
    assert!(
        nowhere.err.contains("--customer: no column is named `visitr`; did you mean `visitor`?"),
        "{}",
        nowhere.err
    );
}

#[test]
fn a_workspace_names_the_columns_of_every_source_and_more_ids() {
    let till = "buyer,mail,kind,day,sum\n7,ann@x.example,buy,03.05.2024 12:00,9.5\n8,,buy,13.05.2024 12:00,1\n";
    let desk = "caller;address;topic;opened\n900;ann@x.example;praise;2024-05-05T10:00:00Z\n";
    let workspace = |user: &str| {
        format!(
            "schema = 1\n[identity]\nkeys = [\"user\", \"anon\", \"mail\"]\n\
             [[source]]\nid = \"site\"\nfiles = [\"site.csv\"]\ncolumns = {{ anon = \"visitor\", user = \"login\", event = \"what\", time = \"at\" }}\n\
             [[source]]\nid = \"till\"\nfiles = [\"till.csv\"]\ncolumns = {{ user = \"{user}\", event = \"kind\", time = \"day\", value = \"sum\" }}\n\
             [[source]]\nid = \"desk\"\nfiles = [\"desk.csv\"]\nids = [\"address=mail\"]\n\
             columns = {{ user = \"caller\", event = \"topic\", time = \"opened\" }}\n"
        )
    };
    let site = "visitor,login,what,at\nc1,,visit,2024-05-01 10:00:00\nc1,7,login,2024-05-01 11:00:00\n";
    let good = workspace("buyer");
    let folder = folder(&[("site.csv", site), ("till.csv", till), ("desk.csv", desk), ("trailmap.toml", &good)]);
    let events = run_in(folder.path(), &["events", "--format", "csv", "--columns", "customer,event,value"]);
    let events = if events.status == 0 { events } else { run_in(folder.path(), &["events", "--format", "csv"]) };
    assert_eq!(events.status, 0, "{}", events.err);
    let n_of = |who: &str| events.out.lines().filter(|line| line.starts_with(&format!("{who},"))).count();
    assert_eq!([n_of("7"), n_of("8"), n_of("900")], [4, 1, 0], "{}", events.out);
    assert!(events.err.contains("site.csv and "), "{}", events.err);
    std::fs::write(folder.path().join("trailmap.toml"), workspace("buyr")).expect("written");
    let wrong = run_in(folder.path(), &["profile"]);
    assert_eq!(wrong.status, 1);
    assert!(
        wrong.err.contains("trailmap.toml:11: `user` of the source: no column is named `buyr`; did you mean `buyer`?"),
        "{}",
        wrong.err
    );
    let checked = run_in(folder.path(), &["check"]);
    assert!(checked.out.contains("source:till.columns.user (line 11)"), "{}", checked.out);
}

#[test]
fn where_nobody_is_in_both_the_column_that_would_join_is_named() {
    let crm = "contact_id,web_user,event,ts\n900,c1,call,2024-05-04\n901,c2,call,2024-05-05\n";
    let site = "user_id,event,ts\nc1,visit,2024-05-01\nc2,visit,2024-05-02\nc3,visit,2024-05-02\n";
    let folder = folder(&[("site.csv", site), ("crm.csv", crm)]);
    let loaded =
        load(folder.path(), &["site.csv", "crm.csv"], |options| options.customer = Some("user_id|contact_id".into()));
    let hint = loaded.report.notes.iter().find(|note| note.starts_with("Nobody is in both")).expect("a hint");
    assert!(hint.contains("2 of 2 values of `web_user` are customers of"), "{hint}");
    let joined = load(folder.path(), &["site.csv", "crm.csv"], |options| {
        (options.customer, options.ids) = (Some("user_id|contact_id".into()), vec!["web_user=customer".into()]);
    });
    assert_eq!(rates(&joined)[0].0, 2);
}

#[test]
fn the_people_of_the_retailer_are_counted_as_its_makers_count_them_and_the_limit_of_devices_is_said() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let open = |max_ids: Option<u32>| {
        load(&sample, &["retail.csv"], |options| {
            (options.dedupe_by, options.max_ids) = (vec!["event_id".into()], max_ids);
        })
    };
    let loaded = open(None);
    let links = &loaded.report.identity.as_ref().expect("linked").links;
    assert_eq!((loaded.store.n_events(), loaded.report.duplicates_dropped), (18_170, 200));
    assert_eq!((links.n_ids, loaded.store.n_customers(), links.n_shared), (5_392, 3_666, 0));
    let says = |loaded: &Loaded, text: &str| loaded.report.notes.iter().any(|note| note.contains(text));
    assert!(says(&loaded, "5392 ids are 3666 people"));
    assert!(says(&loaded, "No more than 50 ids were linked to one person (--max-ids)"), "{:?}", loaded.report.notes);
    // With a lower limit, those with three ids are devices of many.
    let few = open(Some(2));
    let shared = &few.report.identity.as_ref().expect("linked").links;
    assert!(shared.n_shared > 0 && few.store.n_customers() > 3_666);
    assert!(says(&few, "taken for shared devices and not merged"), "{:?}", few.report.notes);
}
