//! Typing: what a name means in a store, and comparisons turned into tests on plain values.
//!
//! A missing value passes no test but `is null`: not even `!=`, and `not in`.

use regex::Regex;

use super::super::props::{NULL, ValueKind, Values};
use super::super::store::JourneyStore;
use super::tree::{Fault, How, Lit, Literal, Number, Op};
use crate::base::nearest::nearest;
use crate::base::{When, Zone};

/// What a name means for one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Event,
    Customer,
    Time,
    Hour,
    Weekday,
    /// Which occurrence of its name within the journey.
    Nth,
    /// The length of time from the event until the end of observation; only where an event was located.
    Age,
    /// A property by position.
    Column(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    /// A number from 1 that also has names.
    Weekday,
    Time,
    Span,
    /// A column without a single value, which could be anything: every comparison with it is false.
    Nothing,
}

impl Type {
    pub(super) fn words(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Number => "a number",
            Type::Weekday => "a day of the week",
            Type::Time => "a time",
            Type::Span => "a length of time",
            Type::Nothing => "missing everywhere",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Type::Text | Type::Nothing => "write text in quotes",
            Type::Number => "write a number like 50",
            Type::Weekday => "write \"monday\" or 1 (Monday) to 7",
            Type::Time => "write a time like 2024-05-01 or 2024-05-01T10:00",
            Type::Span => "write a length of time like 30m or 7d",
        }
    }

    /// Whether values of both types may be compared with each other.
    pub(super) fn compares_with(self, other: Type) -> bool {
        let plain = |ty| if ty == Type::Weekday { Type::Number } else { ty };
        self == Type::Nothing || other == Type::Nothing || plain(self) == plain(other)
    }
}

/// Names that mean something for every event, whatever its columns.
pub(super) const EVENT_NAMES: [&str; 9] =
    ["event", "channel", "value", "customer", "stage", "time", "hour", "weekday", "nth"];

impl Field {
    /// What `name` means for an event. A part that a column plays (`event`, `customer`, `time`, `channel`, `value`) comes
    /// first, then the columns, then what is worked out; in backticks it is always a column.
    ///
    /// # Errors
    /// The sentence to show where it means nothing.
    pub(super) fn find(store: &JourneyStore, name: &str, quoted: bool, located: bool) -> Result<Field, String> {
        let roles = &store.roles;
        if !quoted {
            match name {
                "event" => return Ok(Field::Event),
                "customer" => return Ok(Field::Customer),
                "time" => return Ok(Field::Time),
                "stage" if store.mapped.is_some() => {
                    return Ok(Field::Column(store.mapped.as_ref().map_or(0, |mapped| mapped.stage)));
                }
                "channel" if roles.channel.is_some() => return Ok(Field::Column(roles.channel.unwrap_or(0))),
                "value" if roles.value.is_some() => return Ok(Field::Column(roles.value.unwrap_or(0))),
                _ => {}
            }
        }
        if let Some(idx) = store.property_idx(name) {
            return Ok(Field::Column(idx));
        }
        let by_role = [(&roles.event, Field::Event), (&roles.customer, Field::Customer), (&roles.time, Field::Time)];
        if let Some((_, field)) = by_role.into_iter().find(|(column, _)| *column == name) {
            return Ok(field);
        }
        match name {
            _ if quoted => Err(unknown_column(store, name)),
            "hour" => Ok(Field::Hour),
            "weekday" => Ok(Field::Weekday),
            "nth" => Ok(Field::Nth),
            "age" if located => Ok(Field::Age),
            "age" => Err("`age` goes with an event of a customer: last(cart).age > 4h".into()),
            "stage" => Err("no stages are named; they come with a workspace".into()),
            "channel" => Err("no column plays the channel; name one with --channel".into()),
            "value" => Err("no column plays the value; name one with --value".into()),
            _ => Err(unknown_column(store, name)),
        }
    }

    pub(super) fn ty(self, store: &JourneyStore) -> Type {
        match self {
            Field::Event | Field::Customer => Type::Text,
            Field::Time => Type::Time,
            Field::Hour | Field::Nth => Type::Number,
            Field::Weekday => Type::Weekday,
            Field::Age => Type::Span,
            Field::Column(idx) => match store.properties[idx].kind() {
                ValueKind::Text => match &store.properties[idx].values {
                    Values::Text { names, .. } if names.is_empty() => Type::Nothing,
                    _ => Type::Text,
                },
                ValueKind::Int | ValueKind::Float => Type::Number,
                ValueKind::Time => Type::Time,
            },
        }
    }
}

fn unknown_column(store: &JourneyStore, name: &str) -> String {
    let columns = || store.properties.iter().map(|property| property.name.as_str());
    // A stage given by rules is a column too.
    let others = || EVENT_NAMES.into_iter().filter(|name| store.mapped.is_none() || *name != "stage");
    let hint = match nearest(name, columns().chain(others())) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if (1..=8).contains(&store.properties.len()) => {
            format!("; there are {}", columns().chain(others()).collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    format!("no column is named `{name}`{hint}")
}

/// A comparison with literals, before it is known what it compares.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check<'e> {
    Compare { op: Op, right: &'e Literal },
    In { items: &'e [Literal], negated: bool },
    Text { how: How, right: &'e Literal, negated: bool },
    Null { negated: bool },
}

impl<'e> Check<'e> {
    /// Reads every literal as the type wants it and gives the test to `compare` or `set`; `is null` gives `None`.
    fn typed<V, T>(
        self,
        label: &str,
        ty: Type,
        read: impl Fn(&'e Lit) -> Option<V>,
        compare: impl FnOnce(Op, V) -> T,
        set: impl FnOnce(Vec<V>, bool) -> T,
        null: impl FnOnce(bool) -> T,
    ) -> Result<T, Fault> {
        let value = |literal: &'e Literal| {
            read(&literal.value).ok_or_else(|| Fault::new(literal.at, mismatch(label, ty, &literal.value)))
        };
        match self {
            Check::Compare { op, right } => Ok(compare(op, value(right)?)),
            Check::In { items, negated } => Ok(set(items.iter().map(value).collect::<Result<_, _>>()?, negated)),
            Check::Null { negated } => Ok(null(negated)),
            Check::Text { how, right, .. } => {
                Err(Fault::new(right.at, format!("`{label}` is {}; `{}` goes with text", ty.words(), how.word())))
            }
        }
    }

    pub(super) fn number(self, label: &str) -> Result<NumberTest, Fault> {
        let read = |lit: &Lit| match lit {
            Lit::Number(number) => Some(*number),
            _ => None,
        };
        self.typed(label, Type::Number, read, NumberTest::Compare, NumberTest::Set, NumberTest::Null)
    }

    pub(super) fn weekday(self, label: &str) -> Result<NumberTest, Fault> {
        let read = |lit: &Lit| match lit {
            Lit::Number(number) => Some(*number),
            Lit::Text(text) => weekday(text).map(Number::from),
            _ => None,
        };
        self.typed(label, Type::Weekday, read, NumberTest::Compare, NumberTest::Set, NumberTest::Null)
    }

    pub(super) fn time(self, label: &str, zone: &Zone) -> Result<IntTest, Fault> {
        let read = |lit: &Lit| match lit {
            Lit::Time(when) => Some(when.resolve(zone).micros()),
            Lit::Text(text) => text.parse::<When>().ok().map(|when| when.resolve(zone).micros()),
            _ => None,
        };
        self.typed(label, Type::Time, read, IntTest::compare, IntTest::set, IntTest::null)
    }

    pub(super) fn span(self, label: &str) -> Result<IntTest, Fault> {
        let read = |lit: &Lit| match lit {
            Lit::Span(span) => Some(span.micros()),
            _ => None,
        };
        self.typed(label, Type::Span, read, IntTest::compare, IntTest::set, IntTest::null)
    }

    pub(super) fn text(self, label: &str) -> Result<TextTest, Fault> {
        if let Check::Text { how, right, negated } = self {
            let Lit::Text(text) = &right.value else {
                return Err(Fault::new(right.at, mismatch(label, Type::Text, &right.value)));
            };
            return Ok(match how {
                How::Contains => TextTest::Contains(text.clone(), negated),
                How::Matches => TextTest::Matches(pattern(text).map_err(|why| Fault::new(right.at, why))?, negated),
            });
        }
        let read = |lit: &'e Lit| match lit {
            Lit::Text(text) => Some(Word::Exact(text.clone())),
            Lit::Flag(flag) => Some(Word::Flag(*flag)),
            _ => None,
        };
        let test = self.typed(label, Type::Text, read, TextTest::Compare, TextTest::Set, TextTest::Null)?;
        if let (TextTest::Compare(op, Word::Flag(flag)), Check::Compare { right, .. }) = (&test, self)
            && !matches!(op, Op::Eq | Op::Ne)
        {
            return Err(Fault::new(right.at, format!("{flag} is compared with == or !=")));
        }
        Ok(test)
    }
}

/// Why a literal cannot be compared with something of that type, and what to write instead.
fn mismatch(label: &str, ty: Type, lit: &Lit) -> String {
    let instead = match (ty, lit) {
        (Type::Text, Lit::Number(Number { whole: Some(whole), .. })) => format!("write \"{whole}\" in quotes"),
        (Type::Text, Lit::Number(number)) => format!("write \"{}\" in quotes", number.value),
        (Type::Text, Lit::Span(span)) => format!("write \"{span}\" in quotes"),
        (Type::Text, Lit::Time(when)) => format!("write \"{when}\" in quotes"),
        (Type::Number, Lit::Text(text)) if text.trim().parse::<f64>().is_ok() => {
            format!("write {} without quotes", text.trim())
        }
        (Type::Number, Lit::Flag(flag)) => format!("write {}", u8::from(*flag)),
        _ => ty.example().to_owned(),
    };
    format!("`{label}` is {} and cannot be compared with {lit}; {instead}", ty.words())
}

/// A regular expression; the sentence says what is wrong with one that is none.
fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|err| match err {
        regex::Error::CompiledTooBig(_) => "this pattern is too large".to_owned(),
        err => {
            let why = err.to_string();
            let last = why.lines().last().unwrap_or_default().trim();
            format!("this is no regular expression: {}", last.strip_prefix("error: ").unwrap_or(last))
        }
    })
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Monday is 1; three letters are enough.
fn weekday(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let at = WEEKDAYS.iter().position(|day| text.len() >= 3 && day.starts_with(&text))?;
    Some(at as i64 + 1)
}

/// A test on whole numbers, times and spans in microseconds; `NULL` passes only `Null`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum IntTest {
    /// Inclusive; empty where `lo > hi`.
    Range {
        lo: i64,
        hi: i64,
    },
    /// Outside an inclusive range.
    Outside {
        lo: i64,
        hi: i64,
    },
    /// Sorted.
    Set {
        values: Vec<i64>,
        negated: bool,
    },
    Null,
    Present,
}

impl IntTest {
    fn compare(op: Op, value: i64) -> Self {
        let least = NULL + 1;
        let (lo, hi) = match op {
            Op::Eq => (value.max(least), value),
            Op::Ne => return IntTest::Outside { lo: value, hi: value },
            Op::Lt if value <= least => (1, 0),
            Op::Lt => (least, value - 1),
            Op::Le => (least, value),
            Op::Gt if value == i64::MAX => (1, 0),
            Op::Gt => (value + 1, i64::MAX),
            Op::Ge => (value.max(least), i64::MAX),
        };
        IntTest::Range { lo, hi }
    }

    fn set(mut values: Vec<i64>, negated: bool) -> Self {
        values.sort_unstable();
        values.dedup();
        IntTest::Set { values, negated }
    }

    fn null(negated: bool) -> Self {
        if negated { IntTest::Present } else { IntTest::Null }
    }

    #[inline]
    pub(super) fn holds(&self, value: i64) -> bool {
        match self {
            IntTest::Range { lo, hi } => *lo <= value && value <= *hi,
            IntTest::Outside { lo, hi } => value != NULL && (value < *lo || value > *hi),
            IntTest::Set { values, negated } => value != NULL && values.binary_search(&value).is_ok() != *negated,
            IntTest::Null => value == NULL,
            IntTest::Present => value != NULL,
        }
    }
}

/// A test on numbers, before it is known whether they are whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NumberTest {
    Compare(Op, Number),
    Set(Vec<Number>, bool),
    /// Negated: is not null.
    Null(bool),
}

impl NumberTest {
    /// The same test on whole numbers, exact where the literal is no whole number.
    pub(super) fn ints(&self) -> IntTest {
        match self {
            NumberTest::Compare(op, Number { whole: Some(whole), .. }) => IntTest::compare(*op, *whole),
            NumberTest::Compare(op, Number { value, .. }) => match op {
                Op::Eq => IntTest::Range { lo: 1, hi: 0 },
                Op::Ne => IntTest::Present,
                // The casts hold at the ends of the range, which is where such a bound belongs.
                Op::Lt | Op::Le => IntTest::compare(Op::Le, value.floor() as i64),
                Op::Gt | Op::Ge if *value >= i64::MAX as f64 => IntTest::Range { lo: 1, hi: 0 },
                Op::Gt | Op::Ge => IntTest::compare(Op::Ge, value.ceil() as i64),
            },
            NumberTest::Set(numbers, negated) => {
                IntTest::set(numbers.iter().filter_map(|number| number.whole).collect(), *negated)
            }
            NumberTest::Null(negated) => IntTest::null(*negated),
        }
    }

    /// The same test on decimals, where NaN is a missing value.
    pub(super) fn holds_float(&self, value: f64) -> bool {
        match self {
            NumberTest::Compare(op, right) => !value.is_nan() && op.holds(&value, &right.value),
            NumberTest::Set(numbers, negated) => {
                !value.is_nan() && numbers.iter().any(|number| number.value == value) != *negated
            }
            NumberTest::Null(negated) => value.is_nan() != *negated,
        }
    }
}

/// A literal that a text is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Exact(String),
    /// `true` or `false` in any case.
    Flag(bool),
}

impl Word {
    fn equals(&self, text: &str) -> bool {
        match self {
            Word::Exact(word) => word == text,
            Word::Flag(flag) => text.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
        }
    }
}

/// A test on texts; a missing text passes only `Null(false)`.
#[derive(Debug, Clone)]
pub(super) enum TextTest {
    /// By code points.
    Compare(Op, Word),
    Set(Vec<Word>, bool),
    Contains(String, bool),
    Matches(Regex, bool),
    /// Negated: is not null.
    Null(bool),
}

impl TextTest {
    /// Whether a text that is there passes.
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            TextTest::Compare(Op::Eq, word) => word.equals(text),
            TextTest::Compare(Op::Ne, word) => !word.equals(text),
            TextTest::Compare(op, Word::Exact(word)) => op.holds(&text, &word.as_str()),
            TextTest::Compare(_, Word::Flag(_)) => false,
            TextTest::Set(words, negated) => words.iter().any(|word| word.equals(text)) != *negated,
            TextTest::Contains(part, negated) => text.contains(part.as_str()) != *negated,
            TextTest::Matches(regex, negated) => regex.is_match(text) != *negated,
            TextTest::Null(negated) => *negated,
        }
    }

    /// Whether a missing text passes.
    pub(super) fn holds_missing(&self) -> bool {
        matches!(self, TextTest::Null(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_on_whole_numbers_is_the_test_on_numbers_at_every_edge() {
        let values = [i64::MIN + 1, i64::MIN + 2, -1, 0, 1, 2, 5, i64::MAX - 1, i64::MAX];
        let literals = ["0", "1", "1.5", "-0.5", "9223372036854775807", "-9223372036854775807", "1e30", "-1e30"];
        for op in [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge] {
            for literal in literals {
                let number = Number::parse(literal).expect("a number");
                let test = NumberTest::Compare(op, number).ints();
                for value in values {
                    let expect = match number.whole {
                        Some(whole) => op.holds(&value, &whole),
                        None => op.holds(&(value as f64), &number.value),
                    };
                    assert_eq!(test.holds(value), expect, "{value} {op:?} {literal}");
                }
                assert!(!test.holds(NULL), "a missing value is never {op:?} {literal}");
            }
        }
    }

    #[test]
    fn days_of_the_week_have_names_and_numbers() {
        assert_eq!(["Monday", "tue", "SUNDAY", "su", "x"].map(weekday), [Some(1), Some(2), Some(7), None, None]);
    }
}
