//! What is told of a load in its report: of every file, of every column, and what to look out for.

use super::LoadOptions;
use super::json;
use super::report::{ColumnReport, FileReport, LoadReport, Reason, Role};
use super::sniff::Format;
use super::sources::{Source, Table, role_of};
use crate::base::visible::visible;
use crate::base::{CustomerId, Instant};
use crate::journey::{JourneyStore, Values};

pub(super) fn file_report(source: &Source) -> FileReport {
    FileReport {
        file: source.input.name.clone(),
        format: format!("{}{}", source.format.name(), source.compression.suffix()),
        dialect: source.format.describe(),
        bytes: source.input.bytes.unwrap_or(0),
        rows: 0,
        rejected: 0,
        events: 0,
        customers: 0,
        first: None,
        last: None,
    }
}

/// Events, customers and times of each file, from the store.
pub(super) fn fill_files(files: &mut [FileReport], store: &JourneyStore, table: &Table) {
    let Some(source) = table.source else {
        let file = &mut files[0];
        (file.events, file.customers) = (store.n_events() as u64, store.n_customers() as u64);
        if let Some((first, last)) = store.bounds() {
            (file.first, file.last) = (Some(first), Some(last));
        }
        return;
    };
    let Values::Text { codes, names } = &store.properties[source].values else { return };
    let of_code: Vec<Option<usize>> =
        names.iter().map(|name| files.iter().position(|file| file.file == name)).collect();
    let mut last_customer = vec![None; files.len()];
    for customer in (0..store.n_customers() as u32).map(CustomerId) {
        for row in store.journey(customer) {
            let Some(idx) = codes.get(row).checked_sub(1).and_then(|code| of_code[code as usize]) else { continue };
            let (file, time) = (&mut files[idx], Instant(store.times[row]));
            file.events += 1;
            file.customers += u64::from(last_customer[idx].replace(customer) != Some(customer));
            file.first = Some(file.first.map_or(time, |first| first.min(time)));
            file.last = Some(file.last.map_or(time, |last| last.max(time)));
        }
    }
}

/// All columns, those of the first source first.
pub(super) fn column_reports(sources: &[Source], table: &Table, store: &JourneyStore) -> Vec<ColumnReport> {
    let mut reports: Vec<ColumnReport> = Vec::new();
    let mut seen_main = std::collections::HashSet::new();
    let mut seen = vec![false; store.properties.len()];
    for source in sources {
        for (column, name) in source.plan.names.iter().enumerate() {
            let role = role_of(&source.roles, column);
            let certainty = source.roles.certainty.get(column).copied().unwrap_or(1.0);
            let example = source.examples.get(column).cloned().unwrap_or_default();
            let property = source.plan.properties.iter().position(|&idx| idx == column).map(|at| source.positions[at]);
            let Some(position) = property else {
                if role != Role::Property && seen_main.insert(role) {
                    let kind = if role == Role::Time { source.plan.time_reader.describe() } else { "text".into() };
                    reports.push(ColumnReport { name: name.clone(), role, certainty, kind, example });
                }
                continue;
            };
            if !std::mem::replace(&mut seen[position], true) {
                let name = store.properties[position].name.clone();
                let kind = store.properties[position].kind().name().to_owned();
                reports.push(ColumnReport { name, role: table.role(position), certainty, kind, example });
            }
        }
    }
    for (property, _) in store.properties.iter().zip(seen).filter(|(_, seen)| !seen) {
        let example = (0..store.n_events()).find_map(|row| property.text(row)).unwrap_or_default().into_owned();
        let (name, kind) = (property.name.clone(), property.kind().name().to_owned());
        reports.push(ColumnReport { name, role: Role::Property, certainty: 1.0, kind, example });
    }
    reports
}

pub(super) fn note_columns(report: &mut LoadReport, table: &Table, n_not_numbers: &[u64], is_cut: bool) {
    for (name, &n) in table.names.iter().zip(n_not_numbers).filter(|(_, n)| **n > 0) {
        let values =
            if n == 1 { "value of `{}` is no number and counts" } else { "values of `{}` are no numbers and count" };
        report.notes.push(format!("{n} {} as missing.", values.replace("{}", &visible(name))));
    }
    if is_cut {
        let max = json::LATE_MAX;
        report
            .notes
            .push(format!("Keys beyond the first {max} that appeared after the start of the file were left out."));
    }
}

pub(super) fn note_rows(
    report: &mut LoadReport,
    sources: &[Source],
    store: &JourneyStore,
    n_ambiguous_times: u64,
    options: &LoadOptions,
) {
    for source in sources.iter().filter(|source| source.is_bare) {
        report.notes.push(format!("{} holds a header and no rows.", visible(&source.input.name)));
    }
    if report.rows > 0 && store.n_events() == 0 {
        report.notes.push("No row became an event; the rejects say why.".into());
    }
    if n_ambiguous_times > 0 {
        let zone = options.zone.clone().unwrap_or_default();
        report.notes.push(format!(
            "{n_ambiguous_times} times fall where daylight saving skips or repeats an hour in {}; the earlier offset was taken.",
            zone.name()
        ));
    }
    let n_encoding = report.rejects.counts.get(&Reason::Encoding).copied().unwrap_or(0);
    let is_assumed = |source: &Source| match &source.format {
        Format::Delimited(decoding, _) | Format::Json(decoding, _) => decoding.is_utf8() && options.encoding.is_none(),
        Format::Parquet | Format::Ipc => false,
    };
    if n_encoding > 0 && sources.iter().any(is_assumed) {
        report.notes.push(format!(
            "Rows with bytes that are no UTF-8, or with NULs: {n_encoding}; if the file is in another encoding, name it with \
             --encoding."
        ));
    }
    if store.n_duplicates > 0 && !options.dedupe {
        let n = store.n_duplicates;
        report.notes.push(format!("{n} rows equal an earlier row in every column; --dedupe drops them."));
    }
}
