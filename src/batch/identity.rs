//! The audit of identity: how ids became people, the largest clusters, and what linking changes.

use anyhow::Result;

use crate::analysis::funnel::FunnelStep;
use crate::analysis::{Answer, FunnelSpec, ProfileSpec, Spec};
use crate::base::Ctl;
use crate::engine::{Engine, Local};
use crate::ingest::Identity;
use crate::ingest::report::LoadReport;
use crate::journey::Step;
use crate::journey::identity::{Cluster, Links};
use crate::table::{Cell, Kind, Table};

/// What the tables say where nothing was linked.
pub(super) const NOT_LINKED: &str =
    "no row can carry two ids, so nothing was linked; --anonymous COLUMN or --id COLUMN names a second column of ids";

/// Tables `identity`, `clusters` and `effect`. `apart` reads the sources once more without linking, where they can be.
pub(super) fn tables(
    report: &LoadReport,
    engine: &Local,
    apart: impl FnOnce() -> Result<Option<Local>>,
    ctl: &Ctl,
) -> Result<Vec<Table>> {
    // Dropped duplicates carry ids too.
    let n_rows = report.rows - report.rejects.total();
    let Some(identity) = &report.identity else {
        let none = Identity { links: Links::default(), max_ids: 0, is_guessed: false };
        return Ok(vec![identity_table(&none, report, n_rows), clusters_table(&none.links), effect_table(Vec::new())]);
    };
    let effect = match apart()? {
        Some(apart) => effect(engine, &apart, ctl)?,
        None => Vec::new(),
    };
    Ok(vec![identity_table(identity, report, n_rows), clusters_table(&identity.links), effect_table(effect)])
}

fn identity_table(identity: &Identity, report: &LoadReport, n_rows: u64) -> Table {
    let columns = [("check", Kind::Text), ("value", Kind::Count), ("share", Kind::Share), ("meaning", Kind::Text)];
    let mut table = Table::new("identity", &columns);
    let mut row = |check: String, value: u64, of: Option<u64>, meaning: String| {
        let share = of.filter(|&of| of > 0).map_or(Cell::Empty, |of| Cell::share(value, of));
        table.push(vec![Cell::Text(check), Cell::Count(value), share, Cell::Text(meaning)]);
    };
    let links = &identity.links;
    if links.columns.is_empty() {
        return table;
    }
    let name = |at: usize| links.columns[at].name.as_str();
    row("ids".into(), links.n_ids, None, "different ids in all columns of ids".into());
    row(
        "people".into(),
        links.n_people,
        Some(links.n_ids),
        "customers after linking; the share is that of the ids".into(),
    );
    let meaning = "customers there would be if every row belonged to the first id it carries";
    row("people without linking".into(), links.n_unlinked, Some(links.n_ids), meaning.into());
    for column in &links.columns {
        let ColumnIdsText { rows, ids, linked, nulls } = ColumnIdsText::of(&column.name);
        row(rows, column.rows, Some(n_rows), "rows with an id in this column".into());
        row(ids, column.ids, Some(links.n_ids), "different ids in this column".into());
        row(linked, column.linked, Some(column.ids), "of them, those that stand beside another id in some row".into());
        if column.nulls > 0 {
            row(nulls, column.nulls, Some(n_rows), "texts that are nobody's id: null, (not set), 0, --null-id".into());
        }
    }
    for join in &links.joins {
        let [a, b] = join.columns;
        let meaning =
            format!("rows that carry both join {} ids of {} and {} of {}", join.ids[0], name(a), join.ids[1], name(b));
        row(format!("joined by {} + {}", name(a), name(b)), join.rows, Some(n_rows), meaning);
    }
    for (label, from, to) in
        [("1 id", 1, 1), ("2 ids", 2, 2), ("3 to 5 ids", 3, 5), ("6 to 10 ids", 6, 10), ("over 10 ids", 11, u64::MAX)]
    {
        let n: u64 = links.sizes.range(from..=to).map(|(_, n)| n).sum();
        if n > 0 {
            row(format!("people of {label}"), n, Some(links.n_people), "how many ids were linked to one person".into());
        }
    }
    let max = identity.max_ids;
    let meaning = format!("clusters of more than {max} ids (--max-ids): devices of many, which are not merged");
    row("shared devices".into(), links.n_shared, None, meaning);
    if links.n_shared > 0 {
        row(
            "shared ids".into(),
            links.n_shared_ids,
            Some(links.n_ids),
            "ids of shared devices; each stays a customer of its own".into(),
        );
        row("shared events".into(), links.n_shared_events, Some(n_rows), "events of those ids".into());
    }
    for pair in &report.joins {
        row(pair.check(), pair.both, Some(pair.fewer()), pair.meaning());
    }
    table
}

/// What the rows about a column are called.
struct ColumnIdsText {
    rows: String,
    ids: String,
    linked: String,
    nulls: String,
}

impl ColumnIdsText {
    fn of(name: &str) -> Self {
        ColumnIdsText {
            rows: format!("rows with {name}"),
            ids: format!("ids of {name}"),
            linked: format!("linked ids of {name}"),
            nulls: format!("null ids of {name}"),
        }
    }
}

/// One row per cluster: the shared devices first, then the people with the most ids.
fn clusters_table(links: &Links) -> Table {
    let columns = [
        ("person", Kind::Text),
        ("ids", Kind::Count),
        ("known", Kind::Count),
        ("anonymous", Kind::Count),
        ("events", Kind::Count),
        ("example ids", Kind::Text),
        ("kind", Kind::Text),
    ];
    let mut table = Table::new("clusters", &columns);
    let mut add = |cluster: &Cluster, kind: &str| {
        let more = if cluster.ids > cluster.examples.len() as u64 { " …" } else { "" };
        table.push(vec![
            Cell::text(&cluster.name),
            Cell::Count(cluster.ids),
            Cell::Count(cluster.ids - cluster.anonymous),
            Cell::Count(cluster.anonymous),
            Cell::Count(cluster.events),
            Cell::Text(cluster.examples.join(" ") + more),
            Cell::text(kind),
        ]);
    };
    links.shared.iter().for_each(|cluster| add(cluster, "shared device, not merged"));
    links.clusters.iter().for_each(|cluster| add(cluster, "person"));
    table
}

/// One measure, with linking and without.
struct Effect {
    measure: String,
    linked: f64,
    apart: f64,
}

fn effect_table(rows: Vec<Effect>) -> Table {
    let columns = [("measure", Kind::Text), ("linked", Kind::Number), ("not_linked", Kind::Number)];
    let mut table = Table::new("effect", &columns);
    for Effect { measure, linked, apart } in rows {
        table.push(vec![Cell::Text(measure), Cell::Number(linked), Cell::Number(apart)]);
    }
    table
}

/// What linking changes of events per person, and of the funnel that the linked data proposes.
fn effect(linked: &Local, apart: &Local, ctl: &Ctl) -> Result<Vec<Effect>> {
    let Answer::Profile(profile) = linked.answer(&Spec::Profile(ProfileSpec::default()), ctl)? else {
        return Ok(Vec::new());
    };
    let both = |measure: &str, of: &dyn Fn(&Local) -> f64| Effect {
        measure: measure.to_owned(),
        linked: of(linked),
        apart: of(apart),
    };
    let people = |engine: &Local| engine.store().n_customers() as f64;
    let single =
        |engine: &Local| engine.store().offsets.windows(2).filter(|pair| pair[1] - pair[0] == 1).count() as f64;
    let mut rows = vec![
        both("people", &people),
        both("events per person", &|engine| engine.store().n_events() as f64 / people(engine).max(1.0)),
        both("share of people with one event", &|engine| single(engine) / people(engine).max(1.0)),
    ];
    let steps: Vec<FunnelStep> = profile.proposed_steps.iter().map(|name| FunnelStep::of(Step::named(name))).collect();
    if steps.len() < 2 {
        return Ok(rows);
    }
    let named = profile.proposed_steps.join(" → ");
    let spec = FunnelSpec { steps, ..FunnelSpec::default() };
    let ends = |engine: &Local| -> Result<[f64; 2]> {
        let tables = engine.answer(&Spec::Funnel(spec.clone()), ctl)?.tables();
        let Some(table) = tables.first() else { return Ok([0.0; 2]) };
        let count = |row: usize| match table.cell(row, "customers") {
            Some(Cell::Count(n)) => n as f64,
            _ => 0.0,
        };
        Ok([count(0), count(table.len().saturating_sub(1))])
    };
    let (with, without) = (ends(linked)?, ends(apart)?);
    let within = spec.within;
    let mut add = |what: &str, linked: f64, apart: f64| {
        rows.push(Effect { measure: format!("funnel {named} within {within}: {what}"), linked, apart });
    };
    add("entered", with[0], without[0]);
    add("converted", with[1], without[1]);
    add("share", with[1] / with[0].max(1.0), without[1] / without[0].max(1.0));
    Ok(rows)
}
