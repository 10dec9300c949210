//! Lists of names with values, as BigQuery writes them.

use super::*;
use crate::base::Ctl;
use crate::ingest::{LoadOptions, Role};

/// A key, and its value as a text, a whole number or another.
type Pair<'a> = (&'a str, Option<&'a str>, Option<i64>, Option<f64>);

/// The parameters of an event, as a list of structs.
fn params(pairs: &[Pair<'_>]) -> Series {
    let text = |name: &str, values: Vec<Option<&str>>| Series::new(name.into(), values);
    let fields = [
        text("string_value", pairs.iter().map(|pair| pair.1).collect()),
        Series::new("int_value".into(), pairs.iter().map(|pair| pair.2).collect::<Vec<_>>()),
        Series::new("double_value".into(), pairs.iter().map(|pair| pair.3).collect::<Vec<_>>()),
    ];
    let value = StructChunked::from_series("value".into(), pairs.len(), fields.iter()).expect("even").into_series();
    let keys = text("key", pairs.iter().map(|pair| Some(pair.0)).collect());
    StructChunked::from_series("".into(), pairs.len(), [keys, value].iter()).expect("even").into_series()
}

#[test]
fn parameters_in_lists_become_columns_in_every_form() {
    let events = [
        params(&[
            ("ga_session_id", None, Some(7), None),
            ("page", Some("/"), None, None),
            ("engaged", None, Some(1), None),
        ]),
        params(&[
            ("ga_session_id", None, Some(8), None),
            ("value", None, None, Some(9.5)),
            ("engaged", Some("1"), None, None),
        ]),
        params(&[("page", Some("/cart"), None, None), ("ga_session_id", None, Some(8), None)]),
    ];
    let mut frame = df![
        "event_timestamp" => [1_714_557_600_000_000_i64, 1_714_557_660_000_000, 1_714_557_720_000_000],
        "event_name" => ["page_view", "purchase", "page_view"],
        "user_pseudo_id" => ["1.1", "1.1", "2.2"],
        "user_id" => [None, Some("u1"), None],
        "event_params" => Series::new("event_params".into(), &events),
    ]
    .expect("a table");
    let files = Files::new();
    for path in files.write(&mut frame, 2) {
        if path.extension().is_some_and(|extension| extension == "arrows") {
            continue;
        }
        let options = LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() };
        let loaded = crate::ingest::open(&options, &Ctl::new()).unwrap_or_else(|error| panic!("{error}"));
        assert!(loaded.report.notes.iter().any(|note| note.contains("--preset ga4-bq")), "{:?}", loaded.report.notes);
        let store = &loaded.store;
        assert_eq!((store.n_events(), store.n_customers()), (3, 2));
        let texts = |name: &str| {
            let property = &store.properties[store.property_idx(name).unwrap_or_else(|| panic!("{name}"))];
            (0..3).map(|row| property.text(row).unwrap_or_default().into_owned()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(texts("event_params.ga_session_id"), "7|8|8");
        assert_eq!(texts("event_params.page"), "/||/cart");
        assert_eq!(texts("event_params.engaged"), "1|1|");
        assert_eq!(texts("event_params.value"), "|9.5|");
        let role =
            |role: Role| loaded.report.columns.iter().find(|column| column.role == role).map(|c| c.name.as_str());
        assert_eq!(
            [role(Role::Session), role(Role::Value)],
            [Some("event_params.ga_session_id"), Some("event_params.value")]
        );
    }
}
