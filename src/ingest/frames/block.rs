//! One block of rows: which of them are events, and their columns coded.

use hashbrown::{HashMap, HashSet};
use polars::prelude::{DataType, IntoSeries, NamedFrom, PolarsResult, Series, StringChunked};

use super::instants::{BAD_TIME, NO_TIME, Times};
use super::left_out::left_out;
use super::values::{self, Keep};
use super::{Blocks, Column, cell, guarded};
use crate::base::Ctl;
use crate::ingest::coder::{is_no_name, is_none};
use crate::ingest::identity::{IdPlan, NullIds};
use crate::ingest::plan::{ColumnPlan, Parsed};
use crate::ingest::report::{Reason, Reject};
use crate::journey::{Batch, BatchValues, Coded};

/// Values that are decoded at a time where columns can be decoded one by one; more would only hold memory.
const VALUES_AT_ONCE: usize = 1 << 20;

/// Decoded columns of a block, by position of the leaf.
pub(super) struct Columns<'a> {
    file: &'a dyn Blocks,
    block: usize,
    roots: HashMap<usize, Column>,
    /// Top-level columns that stay whatever else is decoded.
    pinned: HashMap<usize, Column>,
}

impl Columns<'_> {
    /// Decodes the top-level columns of these leaves, and no others stay.
    fn load(&mut self, leaves: &[usize]) -> Result<(), String> {
        let mut roots: Vec<usize> = leaves.iter().map(|&leaf| self.file.leaves()[leaf].root).collect();
        roots.sort_unstable();
        roots.dedup();
        roots.retain(|root| !self.pinned.contains_key(root));
        if roots.iter().all(|root| self.roots.contains_key(root)) {
            return Ok(());
        }
        self.roots.clear();
        let columns = self.file.columns(self.block, &roots)?;
        if columns.len() != roots.len() || columns.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
            return Err(UNEVEN.into());
        }
        self.roots = roots.into_iter().zip(columns).collect();
        Ok(())
    }

    /// Decodes the top-level columns of these leaves beside what is there, to stay.
    pub(super) fn pin(&mut self, leaves: &[usize]) -> Result<(), String> {
        let mut roots: Vec<usize> = leaves.iter().map(|&leaf| self.file.leaves()[leaf].root).collect();
        roots.retain(|root| !self.roots.contains_key(root));
        roots.sort_unstable();
        roots.dedup();
        if roots.is_empty() {
            return Ok(());
        }
        let columns = self.file.columns(self.block, &roots)?;
        self.pinned.extend(roots.into_iter().zip(columns));
        Ok(())
    }

    pub(super) fn get(&self, leaf: usize) -> Result<Column, String> {
        let leaf = &self.file.leaves()[leaf];
        let root =
            self.roots.get(&leaf.root).or_else(|| self.pinned.get(&leaf.root)).ok_or("a column was not decoded")?;
        let series = match root {
            // Texts have no fields.
            Column::Texts(_) => return Ok(root.clone()),
            Column::Series(root) => leaf.of(root)?,
        };
        let is_uuid = leaf.is_uuid && matches!(series.dtype(), DataType::Binary);
        Ok(Column::Series(if is_uuid { guarded(|| uuids(&series))? } else { series }))
    }

    pub(super) fn series(&self, leaf: usize) -> Result<Series, String> {
        Ok(self.get(leaf)?.into_series())
    }
}

fn uuids(series: &Series) -> PolarsResult<Series> {
    let texts: Vec<Option<String>> = series.binary()?.iter().map(|bytes| bytes.map(cell::uuid)).collect();
    Ok(Series::new(series.name().clone(), texts))
}

/// A customer or event column as text where it is bytes, with the rows whose bytes are no text.
fn readable(column: Column) -> PolarsResult<(Column, Option<Vec<bool>>)> {
    let series = match column {
        Column::Series(series) if matches!(series.dtype(), DataType::Binary) => series,
        readable => return Ok((readable, None)),
    };
    let bytes = series.binary()?;
    let is_broken = |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_err());
    let broken: Vec<bool> = bytes.iter().map(is_broken).collect();
    let texts: StringChunked = bytes.iter().map(|bytes| bytes.and_then(|b| std::str::from_utf8(b).ok())).collect();
    let broken = broken.contains(&true).then_some(broken);
    Ok((Column::Series(texts.with_name(series.name().clone()).into_series()), broken))
}

/// What a column says nothing with.
trait Unsaid {
    /// Whether no such text begins with this byte; nearly all texts are told apart by it.
    fn begins_a_name(&self, first: u8) -> bool;
    fn is_none(&self, text: &str) -> bool;
    /// Whether a whole number may be no value.
    const NUMBERS: bool;
}

impl Unsaid for fn(&str) -> bool {
    const NUMBERS: bool = false;

    fn begins_a_name(&self, first: u8) -> bool {
        first.is_ascii_alphanumeric() && !matches!(first, b'N' | b'n')
    }

    fn is_none(&self, text: &str) -> bool {
        self(text)
    }
}

impl Unsaid for NullIds {
    const NUMBERS: bool = true;

    fn begins_a_name(&self, first: u8) -> bool {
        !self.may_begin(first)
    }

    fn is_none(&self, text: &str) -> bool {
        self.is_null(text)
    }
}

/// The rows in which a column of ids or events says nothing. `None` is none of them.
fn unsaid<U: Unsaid>(column: &Column, nothing: &U) -> PolarsResult<Option<Vec<bool>>> {
    let series = match column {
        Column::Series(series) => series,
        Column::Texts(texts) => {
            let may_be_none = |text: &str| text.bytes().next().is_none_or(|first| !nothing.begins_a_name(first));
            return Ok(texts.rows_without(|text| may_be_none(text) && nothing.is_none(text)));
        }
    };
    let mut unsaid = Vec::new();
    match series.dtype() {
        DataType::String => {
            let column = series.str()?;
            // The first byte of a text is the lowest of its prefix.
            let may_be_none = |length: u32, prefix: u32| length == 0 || !nothing.begins_a_name(prefix as u8);
            // Mostly there is nothing to look at more closely.
            let mut views = column.downcast_iter().flat_map(|array| array.views().iter());
            if series.null_count() == 0 && !views.any(|view| may_be_none(view.length, view.prefix)) {
                return Ok(None);
            }
            for (array, chunk) in column.downcast_iter().zip(column.chunks()) {
                let validity = chunk.validity().filter(|validity| validity.unset_bits() > 0);
                unsaid.extend(array.views().iter().enumerate().map(|(i, view)| {
                    validity.is_some_and(|validity| !validity.get_bit(i))
                        || (may_be_none(view.length, view.prefix) && nothing.is_none(array.value(i)))
                }));
            }
        }
        DataType::Categorical(..) | DataType::Enum(..) => {
            let coded = values::categories(series, None, 1)?;
            let none: Vec<bool> =
                std::iter::once(true).chain(coded.names.iter().map(|text| nothing.is_none(text))).collect();
            unsaid.extend(coded.codes.iter().map(|&code| none[code as usize]));
        }
        dtype if dtype.is_integer() && series.null_count() == 0 && !U::NUMBERS => {}
        dtype if dtype.is_integer() && U::NUMBERS => {
            let coded = values::numbers(series, None, 1)?;
            let none: Vec<bool> =
                std::iter::once(true).chain(coded.names.iter().map(|text| nothing.is_none(text))).collect();
            unsaid.extend(coded.codes.iter().map(|&code| none[code as usize]));
        }
        _ => {
            let series = series.rechunk();
            let is_none = |row| cell::text(&series, row).is_none_or(|text| nothing.is_none(&text));
            unsaid.extend((0..series.len()).map(is_none));
        }
    }
    Ok(unsaid.contains(&true).then_some(unsaid))
}

/// The customers or event names of the rows that are kept; there is one in each.
fn names(column: &Column, keep: Keep<'_>) -> PolarsResult<Coded> {
    let series = match column {
        Column::Series(series) => series,
        Column::Texts(texts) => return Ok(texts.coded(keep, 0)),
    };
    Ok(match series.dtype() {
        DataType::String => values::texts(series.str()?, keep, 0),
        DataType::Categorical(..) | DataType::Enum(..) => values::categories(series, keep, 0)?,
        dtype if dtype.is_integer() => values::numbers(series, keep, 0)?,
        _ => {
            let series = series.rechunk();
            let mut coded = Coded::default();
            let rows = (0..series.len()).filter(|&row| keep.is_none_or(|keep| keep[row]));
            for text in rows.filter_map(|row| cell::text(&series, row)) {
                coded.push(&text);
            }
            coded
        }
    })
}

/// No customer in any of so many rows.
fn nobody(n: usize) -> Coded {
    let mut coded = Coded::default();
    coded.names.intern("");
    coded.codes = vec![0; n];
    coded
}

/// In every row the first text that names an event.
fn first_named(events: Column, more: Vec<Column>) -> Column {
    let n = events.len();
    let all: Vec<Series> = std::iter::once(events).chain(more).map(|column| column.into_series().rechunk()).collect();
    let name = |row| all.iter().find_map(|s| cell::text(s, row).filter(|text| !is_no_name(text)));
    let texts: StringChunked = (0..n).map(name).collect();
    Column::Series(texts.with_name(all[0].name().clone()).into_series())
}

/// The customers of the rows that are kept, the empty text where there is none.
fn names_or_none(column: &Column, keep: Keep<'_>) -> PolarsResult<Coded> {
    let BatchValues::Text(mut coded) = values::id(column, keep)? else { return Ok(Coded::default()) };
    let empty = coded.names.intern("");
    coded.codes.iter_mut().for_each(|code| *code = code.checked_sub(1).unwrap_or(empty));
    Ok(coded)
}

/// What every event must have, decoded, and the rows that lack it.
struct Keys {
    customers: Column,
    events: Column,
    times: Times,
    left_out: Option<Vec<bool>>,
    no_customer: Option<Vec<bool>>,
    no_event: Option<Vec<bool>>,
    broken_customers: Option<Vec<bool>>,
    broken_events: Option<Vec<bool>>,
}

impl Keys {
    fn read(columns: &mut Columns<'_>, plan: &ColumnPlan) -> Result<Keys, String> {
        let (customers, broken_customers) = columns.get(plan.customer).and_then(|s| guarded(|| readable(s)))?;
        let (mut events, broken_events) = columns.get(plan.event).and_then(|s| guarded(|| readable(s)))?;
        if !plan.more_events.is_empty() {
            columns.pin(&plan.more_events)?;
            let more: Vec<Column> = plan.more_events.iter().map(|&at| columns.get(at)).collect::<Result<_, _>>()?;
            events = first_named(events, more);
        }
        let time_column = columns.series(plan.time)?;
        if customers.len() != time_column.len() || events.len() != time_column.len() {
            return Err(UNEVEN.into());
        }
        Ok(Keys {
            left_out: left_out(columns, plan)?,
            times: guarded(|| Times::read(&time_column, &plan.time_reader))?,
            no_customer: match &plan.ids {
                None => guarded(|| unsaid(&customers, &(is_none as fn(&str) -> bool)))?,
                Some(ids) => unknown(columns, &customers, ids)?,
            },
            no_event: guarded(|| unsaid(&events, &(is_no_name as fn(&str) -> bool)))?,
            customers,
            events,
            broken_customers,
            broken_events,
        })
    }

    fn has_faults(&self) -> bool {
        let any = [&self.left_out, &self.no_customer, &self.no_event, &self.broken_customers, &self.broken_events];
        self.times.has_bad || any.iter().any(|rows| rows.is_some())
    }

    /// Why a row is no event, and the column at fault.
    fn fault(&self, row: usize, plan: &ColumnPlan) -> Option<(Reason, usize)> {
        let is_set = |rows: &Option<Vec<bool>>| rows.as_ref().is_some_and(|rows| rows[row]);
        if is_set(&self.left_out) {
            Some((Reason::LeftOut, plan.terms.leave_out.first().map_or(plan.event, |(column, _)| *column)))
        } else if is_set(&self.broken_customers) {
            Some((Reason::Encoding, plan.customer))
        } else if is_set(&self.no_customer) {
            Some((Reason::NoCustomer, plan.customer))
        } else if is_set(&self.broken_events) {
            Some((Reason::Encoding, plan.event))
        } else if is_set(&self.no_event) {
            Some((Reason::NoEvent, plan.event))
        } else {
            match self.times.instants[row] {
                NO_TIME => Some((Reason::NoTime, plan.time)),
                BAD_TIME => Some((Reason::BadTime, plan.time)),
                _ => None,
            }
        }
    }
}

/// The rows that carry no id at all. The columns beside that of the customers are decoded only where one lacks a customer.
fn unknown(columns: &mut Columns<'_>, customers: &Column, ids: &IdPlan) -> Result<Option<Vec<bool>>, String> {
    let unsaid_ids = |column: &Column| guarded(|| unsaid(column, &ids.nulls));
    let mut unknown = match ids.has_customer {
        true => unsaid_ids(customers)?,
        false => Some(vec![true; customers.len()]),
    };
    if unknown.is_none() {
        return Ok(None);
    }
    columns.pin(&ids.others)?;
    for &other in &ids.others {
        let column = columns.get(other)?;
        let (column, _) = guarded(|| readable(column))?;
        let Some(rows) = &mut unknown else { break };
        if column.len() != rows.len() {
            return Err(UNEVEN.into());
        }
        match unsaid_ids(&column)? {
            Some(none) => rows.iter_mut().zip(none).for_each(|(row, none)| *row &= none),
            None => unknown = None,
        }
    }
    Ok(unknown.filter(|rows| rows.contains(&true)))
}

pub(super) const UNEVEN: &str = "it is damaged (its columns differ in length)";

/// Decodes and codes one block. Lines of refused rows count from the start of the block.
pub(super) fn parse(file: &dyn Blocks, block: usize, plan: &ColumnPlan, ctl: &Ctl) -> Result<Parsed, String> {
    let mut columns = Columns { file, block, roots: HashMap::new(), pinned: HashMap::new() };
    let everything: Vec<usize> = (0..plan.names.len()).collect();
    let keys = [plan.customer, plan.event, plan.time];
    columns.load(if file.decodes_all_at_once() { &everything } else { &keys })?;
    let keys = Keys::read(&mut columns, plan)?;
    let n = keys.times.instants.len();
    let mut parsed = Parsed { rows: n as u64, ..Parsed::default() };
    let keep: Option<Vec<bool>> = keys.has_faults().then(|| {
        (0..n)
            .map(|row| {
                let fault = keys.fault(row, plan);
                if let Some((reason, column)) = fault {
                    parsed.rejects.add(reason, plan.keep_rejects, || Reject {
                        file: plan.file,
                        line: row as u64 + 1,
                        column: Some(plan.names[column].clone()),
                        reason,
                        text: String::new(),
                    });
                }
                fault.is_none()
            })
            .collect()
    });
    let keep: Keep<'_> = keep.as_deref();
    let is_kept = |row: usize| keep.is_none_or(|keep| keep[row]);
    let Keys { customers, events, times, .. } = keys;
    parsed.n_ambiguous_times = times.ambiguous.iter().filter(|&&row| is_kept(row as usize)).count() as u64;
    let mut batch = Batch {
        customers: match &plan.ids {
            None => guarded(|| names(&customers, keep))?,
            Some(ids) if ids.has_customer => guarded(|| names_or_none(&customers, keep))?,
            Some(_) => nobody(values::n_kept(n, keep)),
        },
        touchpoints: guarded(|| names(&events, keep))?,
        times: times.instants,
        columns: Vec::new(),
    };
    drop((customers, events));
    if keep.is_some() {
        let mut row = 0;
        batch.times.retain(|_| {
            row += 1;
            is_kept(row - 1)
        });
    }
    if batch.customers.codes.len() != batch.len() || batch.touchpoints.codes.len() != batch.len() {
        return Err("it is damaged (categories without a name)".into());
    }
    let kept = &mut parsed.rejects.kept;
    (batch.columns, parsed.n_not_finite) = properties(&mut columns, plan, n, keep, kept, ctl)?;
    parsed.batch = batch;
    Ok(parsed)
}

/// Properties by their place, with the numbers among their values that are infinite or none.
type NotFinite = Vec<(usize, u64)>;

/// The property columns; and the text of the refused rows that are shown, for which every column is wanted.
fn properties(
    columns: &mut Columns<'_>,
    plan: &ColumnPlan,
    n: usize,
    keep: Keep<'_>,
    refused: &mut [Reject],
    ctl: &Ctl,
) -> Result<(Vec<BatchValues>, NotFinite), String> {
    let everything: Vec<usize> = (0..plan.names.len()).collect();
    let is_property: HashSet<usize> = plan.properties.iter().copied().collect();
    let mut rows: Vec<Vec<Option<String>>> = refused.iter().map(|_| vec![None; plan.names.len()]).collect();
    let wanted = if refused.is_empty() { &plan.properties } else { &everything };
    let mut coded: HashMap<usize, BatchValues> = HashMap::new();
    let mut not_finite: HashMap<usize, u64> = HashMap::new();
    for group in wanted.chunks((VALUES_AT_ONCE / n.max(1)).max(1)) {
        // Who waits for the block asks the same and reports the stop as what it is.
        ctl.check().map_err(|stop| stop.to_string())?;
        columns.load(if columns.file.decodes_all_at_once() { &everything } else { group })?;
        for &leaf in group {
            let column = columns.get(leaf)?;
            if column.len() != n {
                return Err(UNEVEN.into());
            }
            for (reject, texts) in refused.iter().zip(&mut rows) {
                texts[leaf] = guarded(|| Ok(column.text(reject.line as usize - 1)))?;
            }
            if is_property.contains(&leaf) {
                let is_id = plan.ids.as_ref().is_some_and(|ids| ids.others.contains(&leaf));
                let values = guarded(|| match is_id {
                    true => values::id(&readable(column.clone())?.0, keep),
                    false => values::property(&column, keep, &plan.time_reader),
                })?;
                coded.insert(leaf, values);
                not_finite.insert(leaf, guarded(|| values::n_not_finite(&column, keep))?);
            }
        }
    }
    for (reject, texts) in refused.iter_mut().zip(rows) {
        let row: Vec<String> = texts.into_iter().map(Option::unwrap_or_default).collect();
        reject.text = Reject::cut(row.join(",").as_bytes(), plan.keep_rejects);
    }
    let missing = || "a column was not decoded".to_owned();
    let n_not_finite = |(at, leaf)| Some((at, *not_finite.get(leaf).filter(|n| **n > 0)?));
    let not_finite = plan.properties.iter().enumerate().filter_map(n_not_finite).collect();
    let coded = plan.properties.iter().map(|leaf| coded.remove(leaf).ok_or_else(missing));
    Ok((coded.collect::<Result<_, _>>()?, not_finite))
}

/// The first `limit` rows of a block as text, column by column.
pub(super) fn texts(file: &dyn Blocks, block: usize, limit: usize) -> Result<Vec<Vec<Option<String>>>, String> {
    let mut columns = Columns { file, block, roots: HashMap::new(), pinned: HashMap::new() };
    let everything: Vec<usize> = (0..file.leaves().len()).collect();
    let mut texts = Vec::with_capacity(everything.len());
    let at_once = if file.decodes_all_at_once() { everything.len() } else { 16 };
    for group in everything.chunks(at_once.max(1)) {
        columns.load(group)?;
        for &leaf in group {
            let column = columns.get(leaf)?;
            let n = column.len().min(limit);
            texts.push(guarded(|| Ok((0..n).map(|row| column.text(row)).collect()))?);
        }
    }
    Ok(texts)
}
