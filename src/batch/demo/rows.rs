//! The shop's events as rows of a file: CSV and NDJSON byte by byte, Parquet by row groups.

use std::io::Write;
use std::sync::Arc;

use super::shop::{CHANNELS, COUNTRIES, DEVICES, PLANS};
use super::shop_moves::{Name, text};
use crate::base::{Civil, Instant};
use crate::export::parquet::{GROUP, ParquetRows};
use crate::export::{Error, Format};
use crate::table::{Cell, Column, Kind, Table};

pub(super) const NO_SCORE: u8 = u8::MAX;

/// One event, in codes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) time: i64,
    pub(super) customer: u32,
    pub(super) name: Name,
    pub(super) channel: u8,
    pub(super) country: u8,
    pub(super) device: u8,
    pub(super) plan: u8,
    /// In cents.
    pub(super) revenue: Option<u32>,
    pub(super) score: u8,
}

const COLUMNS: [(&str, Kind); 9] = [
    ("customer", Kind::Text),
    ("timestamp", Kind::Time),
    ("event", Kind::Text),
    ("channel", Kind::Text),
    ("country", Kind::Text),
    ("device", Kind::Text),
    ("plan", Kind::Text),
    ("revenue", Kind::Number),
    ("score", Kind::Int),
];

/// Writes one event as a line.
pub(super) type PushRow = fn(&Event, &mut Vec<u8>) -> Result<(), Error>;

/// A file that is being written.
pub(super) enum Rows<'a> {
    Csv {
        out: &'a mut dyn Write,
        line: Vec<u8>,
    },
    /// Objects, one by one as the function writes them.
    Ndjson {
        out: &'a mut dyn Write,
        line: Vec<u8>,
        push: PushRow,
    },
    Parquet {
        rows: Box<ParquetRows<&'a mut dyn Write>>,
        waiting: Vec<Event>,
    },
}

impl<'a> Rows<'a> {
    /// `format` is one of `demo::FORMATS`; any other is written as CSV.
    pub(super) fn start(format: &Format, out: &'a mut dyn Write) -> Result<Self, Error> {
        Ok(match format.name {
            "parquet" => {
                let columns: Vec<Column> = COLUMNS.iter().map(|(name, kind)| Column::new(*name, *kind)).collect();
                Rows::Parquet { rows: Box::new(ParquetRows::new(&columns, out)?), waiting: Vec::new() }
            }
            "ndjson" => Rows::objects(out, push_ndjson),
            _ => {
                writeln!(out, "{}", COLUMNS.map(|(name, _)| name).join(","))?;
                Rows::Csv { out, line: Vec::new() }
            }
        })
    }

    /// Rows that are written as objects.
    pub(super) fn objects(out: &'a mut dyn Write, push: PushRow) -> Self {
        Rows::Ndjson { out, line: Vec::new(), push }
    }

    pub(super) fn write(&mut self, events: Vec<Event>) -> Result<(), Error> {
        match self {
            Rows::Csv { out, line } => {
                for event in &events {
                    push_csv(event, line)?;
                }
                out.write_all(line)?;
                line.clear();
            }
            Rows::Ndjson { out, line, push } => {
                for event in &events {
                    push(event, line)?;
                }
                out.write_all(line)?;
                line.clear();
            }
            Rows::Parquet { rows, waiting } => {
                waiting.extend(events);
                while waiting.len() >= GROUP {
                    let rest = waiting.split_off(GROUP);
                    write_group(rows, std::mem::replace(waiting, rest))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        match self {
            Rows::Csv { .. } | Rows::Ndjson { .. } => Ok(()),
            Rows::Parquet { mut rows, waiting } => {
                if !waiting.is_empty() {
                    write_group(&mut rows, waiting)?;
                }
                rows.finish()
            }
        }
    }
}

fn write_group(rows: &mut ParquetRows<&mut dyn Write>, events: Vec<Event>) -> Result<(), Error> {
    let columns = COLUMNS.iter().map(|(name, kind)| Column::new(*name, *kind)).collect();
    let (len, events) = (events.len(), Arc::new(events));
    let table = Table::made("shop", columns, len, move |i| cells(&events[i]));
    rows.write(&table, 0..len)
}

fn cells(event: &Event) -> Vec<Cell> {
    vec![
        Cell::Text(format!("c{:07}", event.customer)),
        Cell::Time(Instant(event.time)),
        Cell::text(text(event.name)),
        Cell::text(CHANNELS[usize::from(event.channel)]),
        Cell::text(COUNTRIES[usize::from(event.country)]),
        Cell::text(DEVICES[usize::from(event.device)]),
        Cell::text(PLANS[usize::from(event.plan)]),
        event.revenue.map_or(Cell::Empty, |cents| Cell::Number(f64::from(cents) / 100.0)),
        if event.score == NO_SCORE { Cell::Empty } else { Cell::Int(i64::from(event.score)) },
    ]
}

fn push_csv(event: &Event, line: &mut Vec<u8>) -> Result<(), Error> {
    write!(line, "c{:07},", event.customer)?;
    push_time(event, line)?;
    for field in texts(event) {
        line.push(b',');
        line.extend_from_slice(field.as_bytes());
    }
    line.push(b',');
    if let Some(cents) = event.revenue {
        write!(line, "{}.{:02}", cents / 100, cents % 100)?;
    }
    line.push(b',');
    if event.score != NO_SCORE {
        write!(line, "{}", event.score)?;
    }
    line.push(b'\n');
    Ok(())
}

fn push_ndjson(event: &Event, line: &mut Vec<u8>) -> Result<(), Error> {
    write!(line, "{{\"customer\":\"c{:07}\",\"timestamp\":\"", event.customer)?;
    push_time(event, line)?;
    line.push(b'"');
    for (field, (key, _)) in texts(event).into_iter().zip(&COLUMNS[2..]) {
        write!(line, ",\"{key}\":\"{field}\"")?;
    }
    match event.revenue {
        Some(cents) => write!(line, ",\"revenue\":{}.{:02}", cents / 100, cents % 100)?,
        None => line.extend_from_slice(b",\"revenue\":null"),
    }
    match event.score {
        NO_SCORE => line.extend_from_slice(b",\"score\":null"),
        score => write!(line, ",\"score\":{score}")?,
    }
    line.extend_from_slice(b"}\n");
    Ok(())
}

fn texts(event: &Event) -> [&'static str; 5] {
    [
        text(event.name),
        CHANNELS[usize::from(event.channel)],
        COUNTRIES[usize::from(event.country)],
        DEVICES[usize::from(event.device)],
        PLANS[usize::from(event.plan)],
    ]
}

/// Always with six decimals, as a machine writes it.
fn push_time(event: &Event, line: &mut Vec<u8>) -> Result<(), Error> {
    let Civil { year, month, day, hour, minute, second, micros } = Civil::of_micros(event.time);
    write!(line, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")?;
    Ok(())
}
