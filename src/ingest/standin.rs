//! Simple stand-ins for the modules that another branch brings: times, roles, and the columnar formats.

pub mod times {
    use crate::base::instant::Resolved;
    use crate::base::{Civil, Instant, Zone};

    #[derive(Debug, Clone)]
    pub struct TimeReader {
        zone: Zone,
    }

    #[derive(Debug, Clone, Copy)]
    pub struct TimeRead {
        pub instant: Instant,
        pub is_ambiguous: bool,
    }

    impl TimeReader {
        pub fn detect(samples: &[&str], format: Option<&str>, zone: &Zone) -> Result<TimeReader, String> {
            let reader = TimeReader { zone: zone.clone() };
            let is_read =
                samples.is_empty() || format.is_some() || samples.iter().any(|text| reader.read(text).is_some());
            is_read.then_some(reader).ok_or_else(|| "holds no times that can be read".into())
        }

        #[inline]
        pub fn read(&self, text: &str) -> Option<TimeRead> {
            let (civil, offset) = Civil::parse_iso(text.as_bytes())?;
            let micros = civil.as_micros();
            if let Some(offset) = offset {
                return Some(TimeRead {
                    instant: Instant(micros - i64::from(offset) * 1_000_000),
                    is_ambiguous: false,
                });
            }
            let (instant, resolved) = self.zone.resolve_micros(micros);
            Some(TimeRead { instant, is_ambiguous: resolved == Resolved::Ambiguous })
        }

        pub fn describe(&self) -> String {
            "ISO 8601".into()
        }

        pub fn notes(&self) -> Vec<String> {
            Vec::new()
        }
    }
}

pub mod roles {
    use crate::base::Civil;
    use crate::ingest::{Error, LoadOptions};

    pub struct SampleColumn<'a> {
        pub name: &'a str,
        pub values: Vec<&'a str>,
        pub n_rows: usize,
    }

    #[derive(Debug, Clone, PartialEq)]
    pub struct RoleMap {
        pub customer: usize,
        pub event: usize,
        pub time: usize,
        pub channel: Option<usize>,
        pub value: Option<usize>,
        pub score: Option<usize>,
        pub session: Option<usize>,
        pub certainty: Vec<f64>,
    }

    pub fn assign(columns: &[SampleColumn<'_>], options: &LoadOptions) -> Result<RoleMap, Error> {
        let named = |wish: &Option<String>, names: &[&str]| {
            columns.iter().position(|column| match wish {
                Some(wish) => column.name == wish,
                None => names.contains(&column.name.to_lowercase().as_str()),
            })
        };
        let missing = |flag: &str| Error::Columns(format!("no column looks like the {flag}; name it with --{flag}"));
        let by_value = || {
            columns
                .iter()
                .position(|column| column.values.first().is_some_and(|v| Civil::parse_iso(v.as_bytes()).is_some()))
        };
        let time = named(&options.time, &["time", "timestamp", "ts", "date"]).or_else(by_value);
        Ok(RoleMap {
            customer: named(
                &options.customer,
                &["user_id", "customer_id", "customer", "case_id", "id", "user", "journey_id"],
            )
            .ok_or_else(|| missing("customer"))?,
            event: named(&options.event, &["event", "activity", "state"]).ok_or_else(|| missing("event"))?,
            time: time.ok_or_else(|| missing("time"))?,
            channel: named(&options.channel, &["channel"]),
            value: named(&options.value, &["value", "amount"]),
            score: named(&options.score, &["score"]),
            session: named(&options.session, &["session", "session_id"]),
            certainty: columns.iter().map(|_| 1.0).collect(),
        })
    }
}

pub mod parquet {
    use std::path::Path;

    use crate::base::Ctl;
    use crate::ingest::Error;
    use crate::ingest::plan::{ColumnPlan, RawRows, Sample, Sink};

    pub fn sample(_path: &Path, _rows: usize) -> Result<Sample, String> {
        Err("cannot be read yet".into())
    }

    pub fn read(_path: &Path, _plan: &ColumnPlan, _ctl: &Ctl, _sink: &mut Sink<'_>) -> Result<(), Error> {
        Ok(())
    }

    pub fn raw_rows(_path: &Path, _limit: Option<usize>) -> Result<RawRows, Error> {
        Ok(RawRows::default())
    }
}

pub use parquet as ipc;
