//! Rows become events here: the one place that decides which rows are refused, for every text format.

use super::csv::{Record, Rows};
use super::dialect::Dialect;
use super::plan::{ColumnPlan, Parsed};
use super::recent::Recent;
use super::report::{Reason, Reject};
use crate::base::Instant;
use crate::journey::{Batch, BatchValues, Coded};

/// Makes a batch of rows. Lines count from 1 at the start of the block; whoever merges the blocks adds the lines before.
pub struct Coder<'p> {
    plan: &'p ColumnPlan,
    pub made: Parsed,
    touchpoints: Recent,
}

/// Whether a text stands for no customer or no time: blank, or what databases write for no value. `NA` is a text.
#[inline]
pub fn is_none(text: &str) -> bool {
    match text.as_bytes() {
        [first, ..] if first.is_ascii_alphanumeric() && !matches!(first, b'N' | b'n') => false,
        _ => matches!(text, "NULL" | "null") || is_no_name(text),
    }
}

/// Whether a text is no event name: blank, or the mark that stands for no value and nothing else. `null` is a name: the
/// end of a path without a conversion is called so.
#[inline]
pub fn is_no_name(text: &str) -> bool {
    match text.as_bytes() {
        [first, ..] if first.is_ascii_alphanumeric() => false,
        _ => text == "\\N" || text.trim().is_empty(),
    }
}

impl<'p> Coder<'p> {
    pub fn new(plan: &'p ColumnPlan) -> Self {
        let others = plan.ids.as_ref().map_or(&[][..], |ids| &ids.others);
        // Ids are texts from the start, so that their codes are there when they are linked.
        let column = |column: &usize| match others.contains(column) {
            true => BatchValues::Text(Coded::default()),
            false => BatchValues::Missing { len: 0 },
        };
        let columns = plan.properties.iter().map(column).collect();
        let made = Parsed { batch: Batch { columns, ..Batch::default() }, ..Parsed::default() };
        Coder { plan, made, touchpoints: Recent::default() }
    }

    /// Whose a row is, by its fields: the text in the column of customers, which may be empty where another column has
    /// an id.
    #[inline]
    pub fn whose<'t>(&self, field: impl Fn(usize) -> &'t str) -> Result<&'t str, Reason> {
        if self.plan.terms.leave_out.iter().any(|(column, values)| values.has(field(*column))) {
            return Err(Reason::LeftOut);
        }
        let Some(ids) = &self.plan.ids else {
            let customer = field(self.plan.customer);
            return if is_none(customer) { Err(Reason::NoCustomer) } else { Ok(customer) };
        };
        let customer = if ids.has_customer { field(self.plan.customer) } else { "" };
        let has_id = !ids.nulls.is_null(customer) || ids.others.iter().any(|&other| !ids.nulls.is_null(field(other)));
        if has_id { Ok(customer) } else { Err(Reason::NoCustomer) }
    }

    /// What a row is the event of, by its fields.
    #[inline]
    pub fn what<'t>(&self, field: impl Fn(usize) -> &'t str) -> &'t str
    where
        'p: 't,
    {
        if let Some(event) = &self.plan.terms.event {
            return event;
        }
        let event = field(self.plan.event);
        if self.plan.more_events.is_empty() || !is_no_name(event) {
            return event;
        }
        let more = self.plan.more_events.iter().map(|&column| field(column));
        more.into_iter().find(|event| !is_no_name(event)).unwrap_or(event)
    }

    /// Decides on a row that is somebody's by what every event must have beside.
    #[inline]
    pub fn admit(&mut self, event: &str, time: &str) -> Result<Instant, Reason> {
        if self.plan.terms.is_links {
            return Ok(Instant(0));
        }
        if is_no_name(event) {
            return Err(Reason::NoEvent);
        }
        match self.plan.time_reader.read(time) {
            Some(read) => {
                self.made.n_ambiguous_times += u64::from(read.is_ambiguous);
                Ok(read.instant)
            }
            None if is_none(time) => Err(Reason::NoTime),
            None => Err(Reason::BadTime),
        }
    }

    /// Adds an event that was admitted; its properties follow.
    #[inline]
    pub fn push(&mut self, customer: &str, event: &str, instant: Instant) {
        self.made.rows += 1;
        let batch = &mut self.made.batch;
        batch.customers.push(customer);
        let touchpoints = &mut batch.touchpoints;
        touchpoints.codes.push(self.touchpoints.code(event, |event| touchpoints.names.intern(event)));
        batch.times.push(instant.0);
    }

    /// Counts a row that is no event.
    #[cold]
    pub fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]) {
        let plan = self.plan;
        self.made.rows += 1;
        self.made.rejects.add(reason, plan.keep_rejects, || {
            let column = match reason {
                Reason::NoCustomer => Some(plan.customer),
                Reason::NoEvent => Some(plan.event),
                Reason::NoTime | Reason::BadTime => Some(plan.time),
                Reason::LeftOut => plan.terms.leave_out.first().map(|(column, _)| *column),
                Reason::LinkOnly
                | Reason::FieldCount
                | Reason::Quote
                | Reason::TooLong
                | Reason::Encoding
                | Reason::Json
                | Reason::RepeatedHeader
                | Reason::Comment => None,
            };
            Reject {
                file: plan.file,
                line,
                column: column.map(|column| plan.names[column].clone()),
                reason,
                text: Reject::cut(raw, plan.keep_rejects),
            }
        });
    }
}

/// Adds a field to a column.
#[inline]
pub fn push_field(values: &mut BatchValues, recent: &mut Recent, field: &str) {
    match values {
        BatchValues::Text(coded) if !field.is_empty() => {
            // Code 0 is no value.
            let code = recent.code(field, |field| coded.names.intern(field));
            coded.codes.push(code + 1);
        }
        values => values.push_field(field),
    }
}

/// The coder of delimited text.
pub struct RecordCoder<'p> {
    pub coder: Coder<'p>,
    /// The header as it stands in the file.
    header: &'p [String],
    /// Records that begin with `#` are comments.
    has_comments: bool,
    recent: Vec<Recent>,
}

impl<'p> RecordCoder<'p> {
    pub fn new(plan: &'p ColumnPlan, dialect: &'p Dialect) -> Self {
        let recent = plan.properties.iter().map(|_| Recent::default()).collect();
        let Dialect { header, has_comments, .. } = dialect;
        RecordCoder { coder: Coder::new(plan), header, has_comments: *has_comments, recent }
    }
}

impl RecordCoder<'_> {
    /// Makes an event of every date of a row.
    fn dates(&mut self, record: &Record<'_>, line: u64) {
        let plan = self.coder.plan;
        let customer = match self.coder.whose(|column| record.field(column)) {
            Ok(customer) => customer,
            Err(_) if record.fields().eq(self.header.iter().map(String::as_str)) => {
                return self.coder.refuse(Reason::RepeatedHeader, line, record.raw);
            }
            Err(reason) => return self.coder.refuse(reason, line, record.raw),
        };
        let mut is_empty = true;
        for date in plan.dates.iter().filter(|date| !is_none(record.field(date.column))) {
            is_empty = false;
            match self.coder.admit(date.event, record.field(date.column)) {
                Ok(instant) => {
                    self.coder.push(customer, date.event, instant);
                    let columns = self.coder.made.batch.columns.iter_mut().zip(&mut self.recent);
                    for ((values, recent), &column) in columns.zip(&plan.properties) {
                        let is_elsewhere = plan.amount == Some(column) && !date.has_amount;
                        push_field(values, recent, if is_elsewhere { "" } else { record.field(column) });
                    }
                }
                Err(reason) => self.coder.refuse(reason, line, record.raw),
            }
        }
        if is_empty {
            self.coder.refuse(Reason::NoTime, line, record.raw);
        }
    }
}

impl Rows for RecordCoder<'_> {
    #[inline]
    fn record(&mut self, record: &Record<'_>, line: u64) {
        let plan = self.coder.plan;
        if self.has_comments && record.raw.first() == Some(&b'#') {
            return self.coder.refuse(Reason::Comment, line, record.raw);
        }
        if !plan.dates.is_empty() {
            return self.dates(record, line);
        }
        let event = self.coder.what(|column| record.field(column));
        let customer = self.coder.whose(|column| record.field(column));
        let admitted = customer.and_then(|customer| Ok((customer, self.coder.admit(event, record.field(plan.time))?)));
        match admitted {
            Ok((customer, instant)) => {
                self.coder.push(customer, event, instant);
                let columns = self.coder.made.batch.columns.iter_mut().zip(&mut self.recent);
                for ((values, recent), &column) in columns.zip(&plan.properties) {
                    push_field(values, recent, record.field(column));
                }
            }
            // Looked at only here: a header holds no time, so it never gets past `admit`.
            Err(_) if record.fields().eq(self.header.iter().map(String::as_str)) => {
                self.coder.refuse(Reason::RepeatedHeader, line, record.raw);
            }
            Err(reason) => self.coder.refuse(reason, line, record.raw),
        }
    }

    fn refuse(&mut self, reason: Reason, line: u64, raw: &[u8]) {
        self.coder.refuse(reason, line, raw);
    }
}

/// The table as it stands, for a look at it.
pub struct RowGatherer {
    pub rows: Vec<Vec<Option<String>>>,
    pub limit: usize,
}

impl Rows for RowGatherer {
    fn record(&mut self, record: &Record<'_>, _line: u64) {
        if self.rows.len() < self.limit {
            self.rows.push(record.fields().map(|field| (!field.is_empty()).then(|| field.to_owned())).collect());
        }
    }

    fn refuse(&mut self, _reason: Reason, _line: u64, _raw: &[u8]) {}
}
