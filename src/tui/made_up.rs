//! Made-up data whose numbers reconcile, and an engine that answers from it.

mod desk;
mod maps;
mod waits;
mod ways;

use std::sync::{Arc, OnceLock};

use super::load::Opened;
use crate::analysis::funnel::{After, Group, StepCount, TimeRow};
use crate::analysis::profile::{Check, EventRow, VolumeRow};
use crate::analysis::{
    Answer, CompareSpec, Customers, CustomersSpec, Error, Funnel, FunnelSpec, Journey, MapSpec, Profile, ProfileSpec,
    Spec,
};
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId, Instant, Period, Span};
use crate::engine::Engine;
use crate::ingest::report::{ColumnReport, FileReport};
use crate::ingest::{LoadReport, Reason, Reject, Rejects, Role};
use crate::journey::fixture::view;
use crate::journey::{Batch, BatchValues, BuildOptions, JourneyStore, StepError, StoreBuilder, View};
use crate::table::Table;

pub use desk::{Desk, text};

/// Event names, customers who had them, and seconds since the one before.
const EVENTS: [(&str, u64, i64); 6] = [
    ("visit", 84_210, 0),
    ("search", 61_472, 72),
    ("view_item", 44_907, 160),
    ("add_cart", 18_966, 365),
    ("checkout", 9_871, 86_400),
    ("purchase", 6_204, 211),
];

/// Customers per device who came to each of the events.
const DEVICES: [(&str, [u64; 6]); 3] = [
    ("desktop", [31_904, 24_119, 18_016, 8_017, 4_402, 3_186]),
    ("ios", [28_771, 20_973, 15_289, 6_421, 2_913, 1_810]),
    ("android", [23_535, 16_380, 11_602, 4_528, 2_556, 1_208]),
];

/// 2026-04-01T00:00:00Z
const START: i64 = 1_775_001_600_000_000;

fn customer_name(customer: u64) -> String {
    if customer == EVENTS[4].1 - 1 { "佐藤 花".to_owned() } else { format!("C{customer:06}") }
}

fn store() -> Arc<JourneyStore> {
    static STORE: OnceLock<Arc<JourneyStore>> = OnceLock::new();
    Arc::clone(STORE.get_or_init(|| {
        let columns = ["channel".to_owned(), "device".to_owned(), "sku".to_owned()];
        let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 3], ..Batch::default() };
        for customer in 0..EVENTS[0].1 {
            let name = customer_name(customer);
            let mut at = START + customer as i64 * 90_000_000;
            for (event, n, gap) in EVENTS {
                if customer >= n {
                    break;
                }
                at += gap * 1_000_000;
                batch.customers.push(&name);
                batch.touchpoints.push(event);
                batch.times.push(at);
                batch.columns[0].push_field(["web", "app"][(customer % 2) as usize]);
                batch.columns[1].push_field(["desktop", "ios", "android"][(customer % 3) as usize]);
                batch.columns[2].push_field(if event == "view_item" { "8841" } else { "" });
            }
        }
        let mut builder = StoreBuilder::new(&columns);
        builder.add(batch, &[0, 1, 2]).expect("few events");
        let mut options = BuildOptions::default();
        options.roles.channel = Some(0);
        Arc::new(builder.finish(options, &Ctl::new()).expect("not cancelled"))
    }))
}

/// Answers from the made-up data; thin, questions about paths are about few customers.
struct MadeUp {
    is_thin: bool,
}

impl MadeUp {
    /// The question as a workspace would complete it; thin data has none.
    fn planned(&self, spec: &MapSpec) -> MapSpec {
        if self.is_thin { spec.clone() } else { maps::filled(spec) }
    }
}

fn known(name: &str) -> Result<usize, Error> {
    EVENTS.iter().position(|(event, _, _)| *event == name).ok_or_else(|| {
        let nearest = nearest(name, EVENTS.iter().map(|(event, _, _)| *event)).map(str::to_owned);
        Error::Step(StepError::UnknownEvent { name: name.to_owned(), nearest })
    })
}

/// Who came to each of the steps: those who had the rarest event so far.
fn levels(spec: &FunnelSpec, n: &dyn Fn(usize) -> u64) -> Result<Vec<u64>, Error> {
    let mut level = u64::MAX;
    let mut levels = Vec::new();
    for step in &spec.steps {
        level = level.min(n(known(step.step.label())?));
        levels.push(level);
    }
    Ok(levels)
}

fn group(spec: &FunnelSpec, value: Option<&str>, n: &dyn Fn(usize) -> u64) -> Result<Group, Error> {
    let levels = levels(spec, n)?;
    let steps = spec.steps.iter().enumerate().map(|(i, step)| {
        let next = levels.get(i + 1).copied();
        let open =
            if next.is_some() && value.is_none() && i == 0 { 1_000.min(levels[i] - next.unwrap_or(0)) } else { 0 };
        let converted = next.unwrap_or(levels[i]);
        StepCount {
            name: step.step.label().to_owned(),
            optional: step.optional,
            customers: levels[i],
            converted,
            dropped: levels[i] - converted - open,
            open,
            excluded: 0,
            median_s: (i > 0).then_some(72.0 * i as f64 * i as f64),
            mean_s: (i > 0).then_some(100.0 * i as f64 * i as f64),
            p90_s: (i > 0).then_some(900.0 * i as f64),
        }
    });
    Ok(Group { value: value.map(str::to_owned), steps: steps.collect() })
}

fn funnel(spec: &FunnelSpec) -> Result<Funnel, Error> {
    let total = group(spec, None, &|event| EVENTS[event].1)?;
    let mut groups = vec![total.clone()];
    if let Some(column) = &spec.breakdown {
        if column != "device" {
            return Err(Error::UnknownColumn { name: column.clone(), nearest: Some("device".into()) });
        }
        for (device, counts) in DEVICES {
            groups.push(group(spec, Some(device), &|event| counts[event])?);
        }
    }
    let pairs = (1..spec.steps.len()).map(|from| (from, from + 1)).chain([(1, spec.steps.len())]);
    let times = pairs.filter(|(from, to)| from < to).map(|(from, to)| TimeRow {
        group: None,
        from,
        to,
        n: total.steps[to - 1].customers,
        mean_s: 700.0,
        quantiles_s: [20.0, 60.0, 211.0, 900.0, 2460.0, 80_000.0],
        histogram: (
            [1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 7200.0, 28_800.0, 86_400.0].to_vec(),
            vec![10, 50, 300, 900, 2_000, 1_500, 800, 400, 150, 94],
        ),
    });
    let after = total.steps.iter().enumerate().flat_map(|(i, step)| {
        let shares = [("(end)", 390), ("support_chat", 331), ("add_cart", 142), ("search", 81)];
        let mut left = step.dropped;
        let mut rows: Vec<After> = shares
            .iter()
            .map(|(next, share)| {
                let customers = step.dropped * share / 1000;
                left -= customers;
                let median_s = (*next != "(end)").then_some(640.0);
                After { step: i + 1, next: (*next).to_owned(), customers, median_s }
            })
            .collect();
        rows.push(After { step: i + 1, next: "(other)".to_owned(), customers: left, median_s: None });
        rows.retain(|row| row.customers > 0);
        rows
    });
    Ok(Funnel {
        title: "made up".into(),
        breakdown: spec.breakdown.clone(),
        after: after.collect(),
        times: times.collect(),
        groups,
        ..Funnel::default()
    })
}

fn customers(spec: &CustomersSpec, is_thin: bool, ctl: &Ctl) -> Result<Customers, Error> {
    if let Some(Spec::Dwell(of)) = spec.of.as_deref() {
        return waits::customers(of, spec);
    }
    let mut ids: Vec<u32> = (0..EVENTS[0].1 as u32).collect();
    if let (Some(of), Some(cell)) = (&spec.of, &spec.cell) {
        let Spec::Funnel(of) = &**of else {
            let (ids, view) = ways::who(of, cell, is_thin, ctl)?;
            return Ok(Customers { ids, outcome: cell.clone(), view, session_gap: Span::minutes(30) });
        };
        let (step, what) = cell.split_once(':').expect("a cell");
        let (what, next) = what.split_once('>').map_or((what, None), |(what, next)| (what, Some(next)));
        let (what, value) = what.split_once('@').map_or((what, None), |(what, value)| (what, Some(value)));
        let step: usize = step.parse().expect("a step");
        let answer = funnel(of)?;
        let group = answer.groups.iter().find(|group| group.value.as_deref() == value).expect("a group");
        let count = &group.steps[step - 1];
        ids = match what {
            "dropped" => {
                // Those who did one thing next are neighbours.
                let rows: Vec<&After> = answer.after.iter().filter(|after| after.step == step).collect();
                let before =
                    rows.iter().take_while(|after| Some(after.next.as_str()) != next).map(|after| after.customers);
                let (from, n) = match next {
                    Some(next) => {
                        let row = rows.iter().find(|after| after.next == next).expect("a next event");
                        (before.sum::<u64>(), row.customers)
                    }
                    None => (0, count.dropped),
                };
                let from = count.converted + from;
                (from as u32..(from + n) as u32).collect()
            }
            _ => (0..count.converted as u32).collect(),
        };
    }
    if let Some(event) = spec.scope.customers.as_deref().and_then(|text| text.split("did(").nth(1)) {
        let n = EVENTS[known(event.trim_end_matches(')'))?].1 as u32;
        ids.retain(|id| *id < n);
    }
    Ok(Customers {
        ids: ids.into_iter().map(CustomerId).collect(),
        outcome: spec.cell.clone().unwrap_or_default(),
        view: View::whole(store()),
        session_gap: Span::minutes(30),
    })
}

fn profile(spec: &ProfileSpec) -> Profile {
    let day = |n: i64| Instant(START + n * 86_400_000_000);
    let events = EVENTS.iter().map(|(name, n, _)| EventRow {
        name: (*name).to_owned(),
        events: n * 3 / 2,
        customers: *n,
        first: day(0),
        last: day(90),
    });
    let volume = (0..91).map(|n| VolumeRow {
        start: day(n),
        label: format!("day {n}"),
        events: 2_000 + (n as u64 * 37) % 900 + n as u64 * 10,
        customers: 900,
    });
    Profile {
        n_events: EVENTS.iter().map(|(_, n, _)| n * 3 / 2).sum(),
        n_customers: EVENTS[0].1,
        n_sessions: 151_580,
        bounds: Some((day(0), day(90))),
        events: events.collect(),
        volume: volume.collect(),
        period: Period::Day,
        checks: vec![
            Check {
                name: "ties",
                value: 18_220,
                share: Some(0.015),
                meaning: "share their instant; order is as read".into(),
            },
            Check {
                name: "duplicates",
                value: 1_204,
                share: Some(0.001),
                meaning: "equal in every column, kept".into(),
            },
        ],
        proposed_steps: ["visit", "search", "view_item", "purchase"].map(str::to_owned).to_vec(),
        // The rest is not shown; it comes from a journey of one event.
        ..crate::analysis::profile::profile(&view("x: a0"), spec, &Ctl::new()).expect("one event is enough")
    }
}

impl Engine for MadeUp {
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
        ctl.check()?;
        if spec.scope().events.as_deref().is_some_and(|text| text.contains("sess")) {
            return Err(Error::UnknownColumn { name: "sess".into(), nearest: Some("session".into()) });
        }
        Ok(match spec {
            Spec::Profile(spec) => Answer::Profile(profile(spec)),
            Spec::Funnel(spec) => Answer::Funnel(funnel(spec)?),
            Spec::Dwell(_) => waits::answer(spec, ctl)?,
            // Cohorts are found in the store as ever.
            Spec::Customers(spec)
                if matches!(spec.of.as_deref(), Some(Spec::Retention(_) | Spec::Compare(_) | Spec::Lifecycle(_))) =>
            {
                Answer::Customers(crate::analysis::customers::customers(&spec.scope.view(&store(), ctl)?, spec, ctl)?)
            }
            Spec::Customers(CustomersSpec { of: Some(of), .. }) if matches!(&**of, Spec::Map(_)) => {
                let (Spec::Customers(spec), Spec::Map(map)) = (spec, &**of) else { unreachable!("matched above") };
                Answer::Customers(maps::customers(&self.planned(map), spec, ctl)?)
            }
            Spec::Customers(spec) => Answer::Customers(customers(spec, self.is_thin, ctl)?),
            Spec::Journey(spec) => {
                let id = store()
                    .find_customer(&spec.customer)
                    .ok_or_else(|| Error::UnknownCustomer { name: spec.customer.clone(), nearest: None })?;
                let view = View::whole(store());
                let times = &view.times()[view.journey(id)];
                let mut session = 1;
                let sessions = (0..times.len()).map(|i| {
                    session += u32::from(i > 0 && times[i] - times[i - 1] > 1_800_000_000);
                    session
                });
                Answer::Journey(Journey {
                    id,
                    name: spec.customer.clone(),
                    sessions: sessions.collect(),
                    view: view.clone(),
                })
            }
            Spec::Events(_) => return Err(Error::Invalid("not asked here".into())),
            // Chance needs few draws where nobody relies on it.
            Spec::Compare(spec) => {
                let spec = Spec::Compare(CompareSpec { resamples: 100, ..spec.clone() });
                crate::analysis::run(&spec.scope().view(&store(), ctl)?, &spec, ctl)?
            }
            Spec::Map(spec) => maps::answer(&self.planned(spec), ctl)?,
            Spec::Retention(_) | Spec::Lifecycle(_) => {
                crate::analysis::run(&spec.scope().view(&store(), ctl)?, spec, ctl)?
            }
            _ => ways::answer(spec, self.is_thin, ctl)?,
        })
    }

    fn asked(&self, spec: &Spec) -> Result<Spec, Error> {
        Ok(match spec {
            Spec::Map(map) => Spec::Map(self.planned(map)),
            spec => spec.clone(),
        })
    }

    fn voices(&self, spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error> {
        maps::voices(&self.planned(spec), cell, text, ctl)
    }

    fn touchpoints(&self) -> Vec<(String, u64)> {
        EVENTS.iter().map(|(name, n, _)| ((*name).to_owned(), n * 3 / 2)).collect()
    }

    fn columns(&self) -> Vec<String> {
        ["channel", "device", "sku"].map(str::to_owned).to_vec()
    }

    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)> {
        let values: &[(&str, u64)] = match column {
            "device" => &[("desktop", 31_904), ("ios", 28_771), ("android", 23_535)],
            "channel" => &[("web", 700), ("app", 500)],
            _ => &[("8841", 44_907)],
        };
        values.iter().take(limit).map(|(value, n)| ((*value).to_owned(), *n)).collect()
    }
}

fn report() -> LoadReport {
    let events: u64 = EVENTS.iter().map(|(_, n, _)| n * 3 / 2).sum();
    let column = |name: &str, role, certainty, kind: &str, example: &str| ColumnReport {
        name: name.into(),
        role,
        certainty,
        kind: kind.into(),
        example: example.into(),
    };
    LoadReport {
        files: vec![FileReport {
            file: "shop/events_2026q2.csv".into(),
            format: "csv".into(),
            dialect: "comma, quote \", header in line 1, UTF-8".into(),
            bytes: 93_400_000,
            rows: events + 211,
            rejected: 211,
            events,
            customers: EVENTS[0].1,
            first: None,
            last: None,
        }],
        columns: vec![
            column("customer_id", Role::Customer, 0.99, "text", "C0041877"),
            column("event_name", Role::Event, 0.98, "text", "visit"),
            column("ts", Role::Time, 1.0, "time, ISO 8601", "2026-04-01T00:00:03Z"),
            column("channel", Role::Channel, 0.95, "text", "web"),
        ],
        rejects: Rejects {
            counts: [(Reason::NoCustomer, 200), (Reason::BadTime, 11)].into(),
            kept: vec![Reject {
                file: 0,
                line: 17,
                column: Some("ts".into()),
                reason: Reason::BadTime,
                text: "C1,visit,\u{1b}[31mnever".into(),
            }],
        },
        rows: events + 211,
        notes: vec!["`ts` has no zone; it is read as UTC".into()],
        ..LoadReport::default()
    }
}

/// The made-up data, as reading a file gives it.
fn made_up(is_thin: bool) -> Opened {
    let engine: Arc<dyn Engine> = Arc::new(MadeUp { is_thin });
    let (touchpoints, columns) = (engine.touchpoints(), engine.columns());
    Opened { report: report(), touchpoints, columns, engine, remembered: None, fitted: None, zone: None, save: None }
}
