//! A look at the start of the sources before they are read: what their columns hold, which may play which role, and what
//! would come of it.

use rustc_hash::FxHashSet;

use super::asked::inputs;
use super::load::load;
use super::report::{Reject, Role};
use super::roles::{Guess, SampleColumn, guesses};
use super::sniff::{Sniffed, sniff};
use super::source::{Input, file_error};
use super::sources::wish_of;
use super::times::TimeReader;
use super::{Error, LoadOptions, Reading, Reason, SourcePair};
use crate::base::{Ctl, Instant, Zone};

/// What stands in the first source whose columns are not clear, else in the first.
#[derive(Debug, Clone)]
pub struct Preview {
    pub file: String,
    pub n_files: usize,
    /// `csv.gz`
    pub format: String,
    /// Rows that were looked at, and whether that is all there are.
    pub n_rows: usize,
    pub is_whole: bool,
    pub columns: Vec<Column>,
    /// For every role that a column can be given.
    pub guesses: Vec<Guess>,
}

/// A column of a preview.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// Its first different values.
    pub examples: Vec<String>,
    /// Share of the rows that have a value.
    pub filled: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    /// Whether values need a zone.
    Time {
        is_naive: bool,
    },
    Empty,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Time { .. } => "time",
            Kind::Empty => "empty",
        }
    }
}

/// What came of reading the start of the sources.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub rows: u64,
    pub rejected: Vec<(Reason, u64)>,
    pub rejects: Vec<Reject>,
    pub customers: u64,
    /// Ids that were linked to so many customers, where there are several columns of them.
    pub ids: Option<u64>,
    pub event_names: u64,
    pub duplicates: u64,
    /// Events that share their time with another of the same customer.
    pub ties: u64,
    pub period: Option<(Instant, Instant)>,
    /// How times are written.
    pub times: String,
    pub notes: Vec<String>,
    /// What was made of every source.
    pub readings: Vec<Reading>,
    /// How many people the sources have in common, pair by pair.
    pub joins: Vec<SourcePair>,
}

/// Sources that are looked at to find one whose columns are not clear.
const LOOKED_AT: usize = 20;

/// Values of a column that are looked at.
const VALUES: usize = 1000;

/// Different values of a column that are shown.
const EXAMPLES: usize = 8;

/// Looks at the sources.
///
/// # Errors
/// They cannot be read, or are no tables.
pub fn preview(options: &LoadOptions, ctl: &Ctl) -> Result<Preview, Error> {
    let (inputs, _) = inputs(options, ctl)?;
    let n_files = inputs.len();
    let mut first: Option<Preview> = None;
    for (input, asked) in inputs.iter().take(LOOKED_AT) {
        let mut sniffed = match sniff(input, &asked.before(), ctl) {
            Ok(sniffed) => sniffed,
            Err(Error::File { .. }) if input.is_optional => continue,
            Err(error) => return Err(error),
        };
        let (_, wish) = wish_of(input, &mut sniffed, asked)?;
        let preview = of(input, &sniffed, n_files, &wish.options);
        if preview.guesses.iter().any(|guess| guess.doubt.is_some()) {
            return Ok(preview);
        }
        first.get_or_insert(preview);
    }
    first.ok_or_else(|| file_error(&options.sources.join(", "), "holds no table"))
}

fn of(input: &Input, sniffed: &Sniffed, n_files: usize, options: &LoadOptions) -> Preview {
    let samples = samples(sniffed);
    let zone = options.zone.clone().unwrap_or_default();
    Preview {
        file: input.name.clone(),
        n_files,
        format: format!("{}{}", sniffed.format.name(), sniffed.compression.suffix()),
        n_rows: sniffed.n_rows,
        is_whole: sniffed.is_whole,
        columns: samples
            .iter()
            .zip(&sniffed.sample)
            .map(|(sample, all)| Column {
                filled: all.iter().flatten().count() as f64 / all.len().max(1) as f64,
                ..column(sample, options.time_format.as_deref(), &zone)
            })
            .collect(),
        guesses: guesses(&samples, options),
    }
}

fn samples(sniffed: &Sniffed) -> Vec<SampleColumn<'_>> {
    sniffed
        .columns
        .iter()
        .zip(&sniffed.sample)
        .map(|(name, values)| SampleColumn {
            name,
            values: values.iter().flatten().take(VALUES).map(String::as_str).collect(),
            n_rows: sniffed.n_rows,
        })
        .collect()
}

fn column(sample: &SampleColumn<'_>, time_format: Option<&str>, zone: &Zone) -> Column {
    let values = &sample.values;
    let mut seen = FxHashSet::default();
    let examples = values.iter().filter(|value| seen.insert(**value)).take(EXAMPLES);
    let is_number = |text: &&&str| text.trim().parse::<f64>().is_ok_and(f64::is_finite);
    let n_numbers = values.iter().filter(is_number).count();
    let kind = if values.is_empty() {
        Kind::Empty
    } else if n_numbers * 20 > values.len() * 19 {
        Kind::Number
    } else {
        match TimeReader::detect(values, time_format, zone) {
            Ok(reader) if values.iter().filter(|text| reader.read(text).is_some()).count() * 10 > values.len() * 9 => {
                Kind::Time { is_naive: reader.is_naive() }
            }
            Ok(_) | Err(_) => Kind::Text,
        }
    };
    Column {
        name: sample.name.to_owned(),
        kind,
        examples: examples.map(|text| (*text).to_owned()).collect(),
        filled: 1.0,
    }
}

/// Rows that are read to see what comes of it.
const TRIED: u64 = 20_000;

const TRIED_BLOCK: usize = 1 << 18;

/// Reads the start of the sources as a load would.
///
/// # Errors
/// As a load.
pub fn try_out(options: &LoadOptions, ctl: &Ctl) -> Result<Outcome, Error> {
    let loaded = load(options, TRIED_BLOCK, TRIED, ctl)?;
    let (store, report) = (loaded.store, loaded.report);
    let times = report.columns.iter().find(|column| column.role == Role::Time);
    Ok(Outcome {
        rows: report.rows,
        rejected: report.rejects.counts.iter().map(|(reason, n)| (*reason, *n)).collect(),
        rejects: report.rejects.kept,
        customers: store.n_customers() as u64,
        ids: report.identity.as_ref().map(|identity| identity.links.n_ids),
        event_names: store.touchpoints.len() as u64,
        duplicates: store.n_duplicates,
        ties: store.n_ties,
        period: store.bounds(),
        times: times.map_or_else(String::new, |column| column.kind.clone()),
        notes: report.notes,
        readings: report.readings,
        joins: report.joins,
    })
}

/// The columns of the first source; what was chosen for them once may fit again.
///
/// # Errors
/// It cannot be read, or is no table.
pub fn column_names(options: &LoadOptions, ctl: &Ctl) -> Result<Vec<String>, Error> {
    let (inputs, _) = inputs(options, ctl)?;
    let (first, asked) = inputs.first().ok_or_else(|| Error::Other("there is no source".into()))?;
    let mut sniffed = sniff(first, &asked.before(), ctl)?;
    // With the columns that a preset knows to come later, as the screen of columns shows them.
    wish_of(first, &mut sniffed, asked)?;
    Ok(sniffed.columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn look(text: &str, adjust: impl FnOnce(&mut LoadOptions)) -> (Preview, LoadOptions, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.csv");
        std::fs::write(&path, text).expect("written");
        let mut options = LoadOptions { sources: vec![path.to_string_lossy().into_owned()], ..LoadOptions::default() };
        adjust(&mut options);
        (preview(&options, &Ctl::new()).expect("a table"), options, folder)
    }

    const TWO_IDS: &str = "user_id,client_id,event,ts,amount\nu1,c1,visit,2024-05-01 10:00:00,\n\
                           u1,c1,buy,2024-05-01 10:00:00,9.5\nu2,c2,visit,someday,\nu2,c2,buy,2024-05-02 10:00:00,3\n";

    fn named(preview: &Preview, role: Role) -> Option<&str> {
        let guess = preview.guesses.iter().find(|guess| guess.role == role)?;
        Some(&preview.columns[guess.column?].name)
    }

    #[test]
    fn an_unsafe_guess_is_shown_with_what_speaks_against_it() {
        let (seen, _, _folder) = look(TWO_IDS, |_| {});
        assert_eq!(named(&seen, Role::Time), Some("ts"));
        assert_eq!(named(&seen, Role::Value), Some("amount"));
        let customer = &seen.guesses[0];
        assert!(customer.doubt.as_deref().is_some_and(|why| why.contains("two columns may be")), "{customer:?}");
        assert_eq!(customer.candidates[..2], [0, 1]);
        assert_eq!(seen.columns[4].examples, ["9.5", "3"]);
        assert!((seen.columns[4].filled - 0.5).abs() < 1e-9);
        assert_eq!((seen.n_rows, seen.is_whole, seen.format.as_str()), (4, true, "csv"));
    }

    #[test]
    fn trying_it_out_says_what_a_load_would_say() {
        let (_, mut options, _folder) = look(TWO_IDS, |options| options.customer = Some("user_id".into()));
        let tried = try_out(&options, &Ctl::new()).expect("readable");
        assert_eq!((tried.rows, tried.customers, tried.event_names, tried.ties), (4, 2, 2, 2));
        assert_eq!(tried.rejected, [(Reason::BadTime, 1)]);
        options.customer = None;
        assert!(matches!(try_out(&options, &Ctl::new()), Err(Error::Columns(_))));
    }

    #[test]
    fn a_flag_that_names_nothing_is_passed_over_and_an_empty_one_gives_the_role_to_nobody() {
        let (seen, _, _folder) = look(TWO_IDS, |options| {
            options.customer = Some("nobody".into());
            options.value = Some(String::new());
        });
        assert!(seen.guesses[0].doubt.is_some());
        assert_eq!(named(&seen, Role::Value), None);
    }
}
