//! Objects become events: keys become columns, nested ones by their path.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::items::{End, value_end};
use super::{DEPTH_MAX, FLAT_DEPTH_MAX, LATE_MAX, Objects};
use crate::ingest::coder::{Coder, is_none, push_field};
use crate::ingest::plan::{ColumnPlan, Parsed};
use crate::ingest::recent::Recent;
use crate::ingest::report::Reason;
use crate::journey::BatchValues;

/// Reads an object key by key: the flat name of each, and its value as JSON.
///
/// # Errors
/// It is no object, or broken.
pub fn read_object(text: &str, each: &mut (impl FnMut(&str, &str) + ?Sized)) -> Result<(), serde_json::Error> {
    if is_deep(text.as_bytes()) {
        return Err(serde::de::Error::custom("its brackets are nested too deep"));
    }
    let mut key = String::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    Flatten { key: &mut key, depth: 0, each }.deserialize(&mut reader)?;
    reader.end()
}

/// Whether brackets stand deeper in each other than they may. Nearly no record has that many brackets at all.
fn is_deep(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'{', b'[', text).nth(DEPTH_MAX).is_some() && value_end(text, 0) == End::Broken
}

/// The members of the list under a key of an object, as JSON; `None` where there is no list.
///
/// # Errors
/// It is no object, or broken.
pub fn members<'t>(text: &'t str, key: &str) -> Result<Option<Vec<&'t RawValue>>, serde_json::Error> {
    let object: HashMap<Cow<'t, str>, &'t RawValue> = serde_json::from_str(text)?;
    let list = object.get(key).map(|value| value.get()).filter(|value| value.starts_with('['));
    list.map(serde_json::from_str).transpose()
}

/// Reads an object and one member of the list under a key of it as one: the fields of the member stand behind the key, and
/// its place in the list as `index`.
///
/// # Errors
/// One of them is no object, or broken.
pub fn read_member(
    text: &str,
    key: &str,
    (index, member): (usize, &str),
    each: &mut (impl FnMut(&str, &str) + ?Sized),
) -> Result<(), serde_json::Error> {
    read_object(text, &mut |name, value| {
        if name != key {
            each(name, value);
        }
    })?;
    let mut path = String::new();
    read_object(member, &mut |name, value| {
        path.clear();
        path.extend([key, ".", name]);
        each(&path, value);
    })?;
    each(&format!("{key}.index"), &(index + 1).to_string());
    Ok(())
}

/// One of a list of names with values.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair<'t> {
    #[serde(borrow)]
    key: Cow<'t, str>,
    #[serde(borrow)]
    value: &'t RawValue,
}

/// The values of a pair by type, of which one is there.
#[derive(serde::Deserialize)]
struct Typed<'t> {
    #[serde(borrow, default)]
    string_value: Option<&'t RawValue>,
    #[serde(borrow, default)]
    int_value: Option<&'t RawValue>,
    #[serde(borrow, default)]
    float_value: Option<&'t RawValue>,
    #[serde(borrow, default)]
    double_value: Option<&'t RawValue>,
}

/// A list of names with values, `[{"key": "page", "value": {"string_value": "/"}}]`, as BigQuery writes what others write as
/// an object; `None` where the list is something else.
fn pairs<'t>(value: &'t str) -> Option<Vec<(Cow<'t, str>, &'t str)>> {
    let first = value[1..].trim_start().strip_prefix('{')?.trim_start();
    if !first.starts_with("\"key\"") {
        return None;
    }
    let pairs: Vec<Pair<'t>> = serde_json::from_str(value).ok()?;
    let plain = |pair: Pair<'t>| {
        let value = pair.value.get();
        if !value.starts_with('{') {
            return Some((pair.key, value));
        }
        let typed: Typed<'t> = serde_json::from_str(value).ok()?;
        let all = [typed.string_value, typed.int_value, typed.float_value, typed.double_value];
        let value = all.into_iter().flatten().map(RawValue::get).find(|value| *value != "null");
        Some((pair.key, value.unwrap_or("null")))
    };
    pairs.into_iter().map(plain).collect()
}

/// Keys under which exports write an object as a text.
const WRITTEN: [&str; 6] =
    ["properties", "person_properties", "event_properties", "user_properties", "context", "traits"];

/// Most ids that are taken from one merge.
const MERGED_MAX: usize = 8;

struct Flatten<'a, F: ?Sized> {
    key: &'a mut String,
    depth: usize,
    each: &'a mut F,
}

impl<'t, F: FnMut(&str, &str) + ?Sized> DeserializeSeed<'t> for Flatten<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'t, F: FnMut(&str, &str) + ?Sized> Visitor<'t> for Flatten<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<(), M::Error> {
        let prefix = self.key.len();
        loop {
            self.key.truncate(prefix);
            if prefix > 0 {
                self.key.push('.');
            }
            if map.next_key_seed(KeyOnto(self.key))?.is_none() {
                self.key.truncate(prefix);
                return Ok(());
            }
            let value = map.next_value::<&'t RawValue>()?.get();
            if value.starts_with('[')
                && let Some(pairs) = pairs(value)
            {
                let len = self.key.len();
                for (name, value) in pairs {
                    self.key.truncate(len);
                    self.key.push('.');
                    self.key.push_str(&name);
                    (self.each)(self.key, value);
                }
                continue;
            }
            // The ids that an event merges.
            if value.starts_with('[')
                && self.key.ends_with("$distinct_ids")
                && let Ok(ids) = serde_json::from_str::<Vec<&'t RawValue>>(value)
            {
                let len = self.key.len();
                for (at, id) in ids.into_iter().take(MERGED_MAX).enumerate() {
                    self.key.truncate(len);
                    self.key.push('.');
                    self.key.push_str(&at.to_string());
                    (self.each)(self.key, id.get());
                }
                continue;
            }
            if value.starts_with("\"{")
                && self.depth == 0
                && WRITTEN.contains(&self.key.as_str())
                && let Ok(inside) = serde_json::from_str::<String>(value)
            {
                let len = self.key.len();
                let inner = Flatten { key: &mut *self.key, depth: 1, each: &mut *self.each };
                let mut reader = serde_json::Deserializer::from_str(&inside);
                let read = inner.deserialize(&mut reader).and_then(|()| reader.end());
                if read.is_ok() {
                    continue;
                }
                // It only looks like an object, and stays the text it is.
                self.key.truncate(len);
            }
            if value.starts_with('{') && self.depth < FLAT_DEPTH_MAX {
                let inner = Flatten { key: &mut *self.key, depth: self.depth + 1, each: &mut *self.each };
                let mut reader = serde_json::Deserializer::from_str(value);
                inner.deserialize(&mut reader).map_err(serde::de::Error::custom)?;
            } else {
                (self.each)(self.key, value);
            }
        }
    }
}

/// Appends a key to the name so far.
struct KeyOnto<'a>(&'a mut String);

impl<'t> DeserializeSeed<'t> for KeyOnto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOnto<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        self.0.push_str(key);
        Ok(())
    }
}

/// The text of a JSON value: of a string its content, of null nothing, of anything else its JSON.
///
/// # Errors
/// A string with an escape that is no text.
pub fn value_text<'t>(value: &'t str, decoded: &'t mut String) -> Result<&'t str, serde_json::Error> {
    match value.as_bytes() {
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => Ok(&value[1..value.len() - 1]),
        [b'"', ..] => {
            *decoded = serde_json::from_str(value)?;
            Ok(decoded)
        }
        b"null" => Ok(""),
        _ => Ok(value),
    }
}

/// What a block of objects gave.
pub struct ObjectBlock {
    pub parsed: Parsed,
    /// Names of the columns behind those of the plan, in the order in which they first held a value.
    pub late: Vec<String>,
    /// Whether there were more late columns than are kept.
    pub is_cut: bool,
}

/// The coder of objects.
pub struct ObjectCoder<'p> {
    coder: Coder<'p>,
    /// Every key met, with its column.
    keys: HashMap<String, usize>,
    columns: Vec<Column>,
    /// Columns of the object at hand in the order of its keys, and the values as ranges of `text`.
    touched: Vec<usize>,
    text: String,
    /// The column that held the last key, from which the next is guessed.
    last: usize,
    late: Vec<String>,
    is_cut: bool,
    /// The key of the list whose members are the rows.
    list: Option<&'p str>,
    plan: &'p ColumnPlan,
}

struct Column {
    name: String,
    /// Its place in the batch, once there is one.
    place: Option<usize>,
    /// The value in the object at hand.
    value: Option<(usize, usize)>,
    is_number: bool,
    /// Its values are ids, which are what is written whatever it means.
    is_id: bool,
    recent: Recent,
}

impl Column {
    fn new(name: &str, place: Option<usize>) -> Self {
        Column { name: name.to_owned(), place, value: None, is_number: false, is_id: false, recent: Recent::default() }
    }
}

impl<'p> ObjectCoder<'p> {
    pub fn new(plan: &'p ColumnPlan, list: Option<&'p str>) -> Self {
        let is_id = |idx: usize| plan.ids.as_ref().is_some_and(|ids| ids.others.contains(&idx));
        let place = |idx: usize| plan.properties.iter().position(|&property| property == idx);
        ObjectCoder {
            coder: Coder::new(plan),
            keys: plan.names.iter().enumerate().map(|(idx, name)| (name.clone(), idx)).collect(),
            columns: plan
                .names
                .iter()
                .enumerate()
                .map(|(idx, name)| Column { is_id: is_id(idx), ..Column::new(name, place(idx)) })
                .collect(),
            touched: Vec::new(),
            text: String::new(),
            last: 0,
            late: Vec::new(),
            is_cut: false,
            list,
            plan,
        }
    }

    pub fn finish(mut self) -> ObjectBlock {
        let n = self.coder.made.batch.len();
        self.coder.made.batch.columns.iter_mut().for_each(|values| pad(values, n));
        ObjectBlock { parsed: self.coder.made, late: self.late, is_cut: self.is_cut }
    }

    /// Gathers the values of an object, or of one member of its list.
    fn gather(&mut self, text: &str, member: Option<(usize, &str)>) -> Result<(), Reason> {
        for &idx in &self.touched {
            self.columns[idx].value = None;
        }
        self.touched.clear();
        self.text.clear();
        let mut decoded = String::new();
        let mut is_text = true;
        let Self { keys, columns, touched, text: gathered, last, list, .. } = self;
        let mut each = |key: &str, value: &str| {
            let idx = match columns.get(*last + 1) {
                Some(column) if column.name == key => *last + 1,
                _ => column_of(key, keys, columns),
            };
            *last = idx;
            let column = &mut columns[idx];
            if column.value.is_none() {
                touched.push(idx);
            }
            let start = gathered.len();
            match value_text(value, &mut decoded) {
                Ok(value) => gathered.push_str(value),
                Err(_) => is_text = false,
            }
            column.value = Some((start, gathered.len()));
            column.is_number = !value.starts_with('"');
        };
        let read = match (member, list) {
            (Some(member), Some(list)) => read_member(text, list, member, &mut each),
            _ => read_object(text, &mut each),
        };
        read.map_err(|_| Reason::Json)?;
        if is_text { Ok(()) } else { Err(Reason::Json) }
    }

    /// Makes an event of every member of the list of an object.
    fn take_members(&mut self, text: &str, list: &str, line: u64) -> Result<(), Reason> {
        let members = members(text, list).map_err(|_| Reason::Json)?.unwrap_or_default();
        if members.is_empty() {
            return Err(Reason::NoEvent);
        }
        for (index, member) in members.into_iter().enumerate() {
            if let Err(reason) = self.take(text, Some((index, member.get()))) {
                self.coder.refuse(reason, line, member.get().as_bytes());
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &str, member: Option<(usize, &str)>) -> Result<(), Reason> {
        self.gather(text, member)?;
        let Self { coder, columns, text, plan, .. } = self;
        let of = |idx: usize| columns[idx].value.map_or("", |(start, end)| &text[start..end]);
        let event = coder.what(of);
        let customer = coder.whose(of)?;
        let instant = coder.admit(event, of(plan.time))?;
        coder.push(customer, event, instant);
        self.push_properties(true);
        Ok(())
    }

    /// Makes an event of every date of an object.
    fn take_dates(&mut self, text: &str, line: u64) -> Result<(), Reason> {
        self.gather(text, None)?;
        let raw = text.as_bytes();
        let plan = self.plan;
        let mut is_empty = true;
        for date in &plan.dates {
            let Self { coder, columns, text, .. } = self;
            let of = |idx: usize| columns[idx].value.map_or("", |(start, end)| &text[start..end]);
            let customer = coder.whose(of)?;
            if is_none(of(date.column)) {
                continue;
            }
            is_empty = false;
            match coder.admit(date.event, of(date.column)) {
                Ok(instant) => {
                    coder.push(customer, date.event, instant);
                    self.push_properties(date.has_amount);
                }
                Err(reason) => self.coder.refuse(reason, line, raw),
            }
        }
        if is_empty { Err(Reason::NoTime) } else { Ok(()) }
    }

    fn push_properties(&mut self, has_amount: bool) {
        let plan = self.plan;
        let row = self.coder.made.batch.len() - 1;
        for at in 0..self.touched.len() {
            let idx = self.touched[at];
            if self.columns[idx].place.is_none() && [plan.customer, plan.event, plan.time].contains(&idx) {
                continue;
            }
            if !has_amount && plan.amount == Some(idx) {
                continue;
            }
            let Some((start, end)) = self.columns[idx].value.filter(|(start, end)| start < end) else { continue };
            let Some(place) = self.columns[idx].place.or_else(|| self.place_late(idx)) else { continue };
            let values = &mut self.coder.made.batch.columns[place];
            pad(values, row);
            let value = &self.text[start..end];
            if plan.terms.nothing.iter().any(|(column, nothing)| *column == idx && *nothing == value) {
                continue;
            }
            match plain_number(value).filter(|_| self.columns[idx].is_number && !self.columns[idx].is_id) {
                Some(plain) => values.push_field(&plain),
                None => push_field(values, &mut self.columns[idx].recent, value),
            }
        }
    }

    /// A place in the batch for a column that the sample did not have.
    fn place_late(&mut self, idx: usize) -> Option<usize> {
        if self.late.len() == LATE_MAX {
            self.is_cut = true;
            return None;
        }
        let columns = &mut self.coder.made.batch.columns;
        columns.push(BatchValues::Missing { len: 0 });
        self.late.push(self.columns[idx].name.clone());
        self.columns[idx].place = Some(columns.len() - 1);
        self.columns[idx].place
    }
}

impl Objects for ObjectCoder<'_> {
    fn object(&mut self, raw: &[u8], line: u64) {
        let taken = match (std::str::from_utf8(raw), self.list) {
            (Err(_), _) => Err(Reason::Encoding),
            (Ok(text), Some(list)) => self.take_members(text, list, line),
            (Ok(text), None) if self.plan.dates.is_empty() => self.take(text, None),
            (Ok(text), None) => self.take_dates(text, line),
        };
        if let Err(reason) = taken {
            self.coder.refuse(reason, line, raw);
        }
    }

    fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]) {
        self.coder.refuse(reason, line, raw);
    }
}

/// The column of a key, which is added where it is new.
fn column_of(key: &str, keys: &mut HashMap<String, usize>, columns: &mut Vec<Column>) -> usize {
    if let Some(&idx) = keys.get(key) {
        return idx;
    }
    columns.push(Column::new(key, None));
    keys.insert(key.to_owned(), columns.len() - 1);
    columns.len() - 1
}

/// Fills a column with missing values up to a row.
fn pad(values: &mut BatchValues, row: usize) {
    if let BatchValues::Missing { len } = values {
        *len = row;
        return;
    }
    while values.len() < row {
        values.push_missing();
    }
}

/// A JSON number with an exponent as plain digits, where those say the same.
pub(super) fn plain_number(value: &str) -> Option<String> {
    memchr::memchr2(b'e', b'E', value.as_bytes())?;
    let number: f64 = value.parse().ok()?;
    let plain = number.to_string();
    (number.is_finite() && plain.len() <= 18).then_some(plain)
}
