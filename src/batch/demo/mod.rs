//! Sample data of any size, the same on every machine for the same seed.

mod ga4;
mod random;
mod rows;
mod shop;
mod shop_moves;

use std::io::Write;

use crate::base::Ctl;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::export::{self, Format};

/// One sample data set.
pub struct Demo {
    pub name: &'static str,
    pub doc: &'static str,
    /// The formats it is written in, the usual one first.
    pub formats: &'static [&'static str],
    write: fn(Size, &Format, &mut dyn Write, &Ctl) -> Result<(), export::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub customers: u32,
    pub seed: u64,
}

/// More would need more memory than the bound that we promise.
pub const CUSTOMERS_MAX: u32 = 20_000_000;

/// Formats that are written while the data is made.
pub const FORMATS: [&str; 3] = ["csv", "ndjson", "parquet"];

pub static DEMOS: &[Demo] = &[
    Demo {
        name: "shop",
        doc: "A web shop: 90 days, 40 event names, about 24 events per customer, in time order",
        formats: &FORMATS,
        write: shop::write,
    },
    Demo {
        name: "ga4",
        doc: "The same shop as Google Analytics 4 exports it from BigQuery: about 1.5 kB per event",
        formats: &["ndjson"],
        write: shop::write_ga4,
    },
];

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no sample data is named `{}`{}; there is {}", visible(.name), .nearest.map_or(String::new(), |near| format!("; did you mean `{near}`?")), list())]
pub struct UnknownDemo {
    pub name: String,
    pub nearest: Option<&'static str>,
}

fn list() -> String {
    DEMOS.iter().map(|demo| demo.name).collect::<Vec<_>>().join(", ")
}

/// The sample data of this name.
///
/// # Errors
/// `UnknownDemo`, with all that there are.
pub fn find(name: &str) -> Result<&'static Demo, UnknownDemo> {
    DEMOS.iter().find(|demo| demo.name == name).ok_or_else(|| UnknownDemo {
        name: name.to_owned(),
        nearest: nearest(name, DEMOS.iter().map(|demo| demo.name)),
    })
}

impl Demo {
    /// Writes the data in one of `FORMATS`, in time order, in memory that grows with the customers but not the events.
    ///
    /// # Errors
    /// `out` cannot be written, or `Cancelled`.
    pub fn write(&self, size: Size, format: &Format, out: &mut dyn Write, ctl: &Ctl) -> Result<(), export::Error> {
        (self.write)(size, format, out, ctl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::collections::{HashMap, HashSet};

    fn written(customers: u32, seed: u64, format: &str) -> Vec<u8> {
        demo("shop", customers, seed, format)
    }

    fn demo(name: &str, customers: u32, seed: u64, format: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let format = export::format(format).expect("a format");
        let demo = find(name).expect("known");
        demo.write(Size { customers, seed }, format, &mut out, &Ctl::new()).expect("written");
        out
    }

    fn text(customers: u32, seed: u64) -> String {
        String::from_utf8(written(customers, seed, "csv")).expect("text")
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_every_machine() {
        let hash = |format: &str| {
            let hex: String = Sha256::digest(written(200, 7, format)).iter().map(|b| format!("{b:02x}")).collect();
            hex[..16].to_owned()
        };
        assert_eq!(hash("csv"), "60a521039b227b96");
        assert_eq!(hash("ndjson"), "cf12ae3d42fd04bc");
        assert_ne!(text(200, 7), text(200, 8));
    }

    #[test]
    fn events_come_in_time_order_within_ninety_days() {
        let text = text(2000, 1);
        let times: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(1).expect("a time")).collect();
        assert!(times.is_sorted());
        assert!(times[0] >= "2025-01-06T00:00:00" && *times.last().expect("events") < "2025-04-06T00:00:00");
    }

    #[test]
    fn the_shop_looks_like_a_shop() {
        let text = text(10_000, 1);
        assert_eq!(text.lines().next(), Some("customer,timestamp,event,channel,country,device,plan,revenue,score"));
        let mut per_customer: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut distinct: [HashSet<&str>; 9] = Default::default();
        let mut with_revenue = HashSet::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), 9, "{line}");
            fields.iter().zip(&mut distinct).for_each(|(field, seen)| _ = seen.insert(field));
            per_customer.entry(fields[0]).or_default().push(fields[2]);
            if !fields[7].is_empty() {
                with_revenue.insert(fields[2]);
            }
        }
        let sizes: Vec<usize> = distinct.iter().map(HashSet::len).collect();
        assert_eq!(sizes[0], 10_000);
        assert_eq!(sizes[2..7], [40, 8, 30, 3, 4]);
        assert_eq!(with_revenue, HashSet::from(["purchase"]));
        let events = text.lines().count() - 1;
        let mean = events as f64 / 10_000.0;
        assert!((22.5..25.5).contains(&mean), "{mean} events per customer");
        let reached = |name: &str| per_customer.values().filter(|events| events.contains(&name)).count();
        let funnel = ["view_product", "add_to_cart", "begin_checkout", "add_payment", "purchase"].map(reached);
        assert!(funnel.is_sorted_by(|a, b| a > b), "{funnel:?}");
        assert!((500..2500).contains(&funnel[4]), "{funnel:?}");
        let longest = per_customer.values().map(Vec::len).max().expect("customers");
        assert!(longest > 200, "a heavy tail, not {longest}");
    }

    #[test]
    fn the_shop_of_google_analytics_has_the_same_events_and_is_known_for_what_it_is() {
        let plain = text(300, 4);
        let objects = String::from_utf8(demo("ga4", 300, 4, "ndjson")).expect("text");
        let names = |line: &str| line.split(',').nth(2).expect("an event").to_owned();
        let expect: Vec<String> = plain.lines().skip(1).map(names).collect();
        let name = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).expect("an object");
            object["event_name"].as_str().expect("a name").to_owned()
        };
        assert_eq!(objects.lines().map(name).collect::<Vec<_>>(), expect);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.ndjson");
        std::fs::write(&path, &objects).expect("written");
        let options = crate::ingest::LoadOptions {
            sources: vec![path.to_string_lossy().into_owned()],
            ..crate::ingest::LoadOptions::default()
        };
        let loaded = crate::ingest::open(&options, &Ctl::new()).expect("readable");
        assert_eq!(loaded.store.n_events(), expect.len());
        // Who comes on a second device and never signs in there is another person as far as anybody knows.
        assert!((300..400).contains(&loaded.store.n_customers()), "{}", loaded.store.n_customers());
        assert!(loaded.report.notes.iter().any(|note| note.contains("--preset ga4-bq")));
    }

    #[test]
    fn an_unknown_name_is_refused_with_all_there_are() {
        let err = find("shpo").err().expect("unknown");
        assert_eq!(err.to_string(), "no sample data is named `shpo`; did you mean `shop`?; there is shop, ga4");
    }

    #[test]
    fn parquet_holds_the_same_events() {
        use polars::prelude::{ParquetReader, SerReader};
        let frame = ParquetReader::new(std::io::Cursor::new(written(500, 3, "parquet"))).finish().expect("readable");
        let text = text(500, 3);
        assert_eq!(frame.height(), text.lines().count() - 1);
        let line = text.lines().last().expect("events");
        let name = frame.column("event").expect("a column").str().expect("text").get(frame.height() - 1);
        assert_eq!(name, line.split(',').nth(2));
    }
}
