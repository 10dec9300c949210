//! What a column's name and values say for and against each role.

use rustc_hash::FxHashSet;

use super::SampleColumn;
use super::names;
use crate::base::Zone;
use crate::ingest::LoadOptions;
use crate::ingest::report::Role;
use crate::ingest::times::TimeReader;

/// Fewer values than this prove nothing about how often values repeat.
const TELLING: usize = 20;

/// A column, weighed once for all roles.
pub(super) struct Evidence {
    /// Without case, blanks and punctuation; and the part behind the last dot where the name has one.
    name: String,
    last_part: Option<String>,
    n_values: usize,
    n_distinct: usize,
    /// Share of the sampled rows that have a value.
    filled: f64,
    /// Share of the values that are finite numbers.
    numbers: f64,
    /// Share of the values that are numbers with a fraction.
    fractions: f64,
    /// Mean length in characters.
    length: f64,
    /// Share of the values that read as times, and why they do not.
    times: f64,
    time_error: Option<String>,
    /// Share of the values that look as if a machine had drawn them: long hexadecimal ids, two long numbers with a dot.
    drawn: f64,
    /// The times are written out, not numbers that may as well count something.
    is_written_time: bool,
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Evidence {
    pub(super) fn of(column: &SampleColumn<'_>, options: &LoadOptions) -> Self {
        let values = &column.values;
        let n = values.len().max(1) as f64;
        let share = |test: &dyn Fn(&str) -> bool| values.iter().filter(|value| test(value)).count() as f64 / n;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let numbers = share(&|text| number(text).is_some());
        let name = plain(column.name);
        let is_named = options.time.as_deref().is_some_and(|flag| flag == column.name);
        let looks_like_time = is_named || name_score(Role::Time, &name) > 0.0;
        let utc = Zone::utc();
        let zone = options.zone.as_ref().unwrap_or(&utc);
        let (mut times, mut time_error, mut is_written_time) = (0.0, None, false);
        let reader = TimeReader::detect(values, options.time_format.as_deref(), zone);
        match reader {
            Ok(reader) if !values.is_empty() => {
                times = share(&|text| reader.read(text).is_some());
                is_written_time = numbers < 0.5;
            }
            Ok(_) => {}
            Err(error) => time_error = looks_like_time.then_some(error),
        }
        Evidence {
            last_part: column.name.rsplit_once('.').map(|(_, part)| plain(part)),
            name,
            n_values: values.len(),
            n_distinct: values.iter().collect::<FxHashSet<_>>().len(),
            filled: if column.n_rows == 0 { 1.0 } else { values.len() as f64 / column.n_rows as f64 },
            numbers,
            fractions: share(&|text| number(text).is_some_and(|number| number.fract() != 0.0)),
            length: values.iter().map(|text| text.chars().count()).sum::<usize>() as f64 / n,
            drawn: share(&is_drawn),
            times,
            time_error,
            is_written_time,
        }
    }

    /// Why the column is no time although its name says so.
    pub(super) fn unread_time(&self) -> Option<&str> {
        self.time_error.as_deref()
    }

    fn by_name(&self, role: Role) -> f64 {
        let whole = name_score(role, &self.name);
        let part = self.last_part.as_deref().map_or(0.0, |part| name_score(role, part) * 0.97);
        whole.max(part)
    }

    /// How likely the column plays the role, 0 to 1.
    pub(super) fn score(&self, role: Role) -> f64 {
        let name = self.by_name(role);
        let has_values = self.n_values > 0;
        match role {
            Role::Time => {
                if !has_values {
                    return name;
                }
                let by_content = if self.is_written_time && self.times > 0.9 { 0.45 } else { 0.0 };
                (name * self.times.powi(2)).max(by_content)
            }
            Role::Customer => name * self.as_customer(),
            Role::Event => name * self.as_event(),
            Role::Channel if has_values => {
                let repeats = if self.is_telling() { self.repeats().max(0.3) } else { 1.0 };
                let is_text = if self.numbers > 0.5 || self.is_time() { 0.3 } else { 1.0 };
                name * is_text * repeats.sqrt()
            }
            Role::Value | Role::Score if has_values => name * self.numbers.powi(2),
            Role::Session if has_values => {
                // Every row its own session is no session.
                let is_unique = self.is_telling() && self.n_distinct == self.n_values;
                name * if is_unique { 0.5 } else { 1.0 }
            }
            Role::Channel | Role::Value | Role::Score | Role::Session => name * 0.9,
            Role::Anonymous => name * self.as_anonymous(),
            Role::Id | Role::Property => 0.0,
        }
    }

    fn is_telling(&self) -> bool {
        self.n_values >= TELLING
    }

    fn is_time(&self) -> bool {
        self.is_written_time && self.times > 0.9
    }

    /// 1 where one value stands in all rows, 0 where each row has its own.
    fn repeats(&self) -> f64 {
        if self.n_values == 0 { 1.0 } else { 1.0 - (self.n_distinct as f64 - 1.0) / self.n_values as f64 }
    }

    fn as_customer(&self) -> f64 {
        if self.n_values == 0 {
            // A header without rows proves nothing; an empty column among filled ones is nobody.
            return if self.filled > 0.0 { 1.0 } else { 0.1 };
        }
        let filled = 0.5 + 0.5 * self.filled;
        let kind = if self.is_time() || self.fractions > 0.2 { 0.2 } else { 1.0 };
        let name = self.by_name(Role::Customer);
        // A well-known name may well be unique in the rows seen, when there are many customers; a vague one that is
        // numbers the rows.
        let unique = if self.is_telling() && self.n_distinct == self.n_values && name < 0.7 { 0.3 } else { 1.0 };
        filled * kind * unique
    }

    fn as_anonymous(&self) -> f64 {
        if self.n_values == 0 {
            return if self.filled > 0.0 { 1.0 } else { 0.1 };
        }
        let kind = if self.is_time() { 0.2 } else { 1.0 };
        let is_doubtful = names::DOUBTFUL_ANONYMOUS.contains(&self.name.as_str()) && self.drawn < 0.9;
        kind * if is_doubtful { 0.3 } else { 1.0 }
    }

    fn as_event(&self) -> f64 {
        if self.n_values == 0 {
            return if self.filled > 0.0 { 1.0 } else { 0.1 };
        }
        let filled = 0.3 + 0.7 * self.filled;
        let kind = if self.is_time() || self.fractions > 0.2 { 0.1 } else { 1.0 };
        // Codes such as 17 are event names where the column says so, but numbers are less likely names than words.
        let words = if self.numbers > 0.9 { 0.75 } else { 1.0 };
        let many = if self.is_telling() && self.n_distinct * 10 > self.n_values * 9 { 0.45 } else { 1.0 };
        let long = if self.length > 80.0 { 0.5 } else { 1.0 };
        filled * kind * words * many * long
    }
}

/// Whether a name alone says that ids are anonymous.
pub(super) fn is_anonymous_name(name: &str) -> bool {
    let name = plain(name);
    name_score(Role::Anonymous, &name) > 0.6 && !names::DOUBTFUL_ANONYMOUS.contains(&name.as_str())
}

/// Whether an id looks like one that a machine drew, not one that a business counts.
fn is_drawn(text: &str) -> bool {
    let is_hex = |c: u8| c.is_ascii_hexdigit() || c == b'-';
    let n_hex = text.bytes().filter(|c| *c != b'-').count();
    let is_long_number = |part: &str| part.len() >= 8 && part.bytes().all(|c| c.is_ascii_digit());
    n_hex >= 16 && text.bytes().all(is_hex)
        || text
            .rsplit_once('.')
            .is_some_and(|(a, b)| is_long_number(a.rsplit('.').next().unwrap_or(a)) && is_long_number(b))
}

fn name_score(role: Role, name: &str) -> f64 {
    if let Some((_, score)) = names::exact(role).iter().find(|(known, _)| *known == name) {
        return *score;
    }
    // The longest ending that fits, so that `xyz_event_id` is told by `id` and not by chance.
    names::endings(role)
        .iter()
        .filter(|(ending, _)| name.ends_with(ending) && name.len() > ending.len())
        .max_by_key(|(ending, _)| ending.len())
        .map_or(0.0, |(_, score)| *score)
}
