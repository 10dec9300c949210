//! How fast: building a store, loading a file, warm questions, one frame. `benches/README.md` says what is measured.

use std::cell::LazyCell;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use trailmap::analysis::funnel::BreakdownAt;
use trailmap::analysis::{FunnelSpec, Spec};
use trailmap::base::Ctl;
use trailmap::engine::{Engine, Local};
use trailmap::ingest::saved::Wait;
use trailmap::ingest::{self, Cache, LoadOptions};
use trailmap::journey::{Batch, BatchValues, BuildOptions, StoreBuilder};
use trailmap::tui::offscreen::Offscreen;

mod data;

use data::{CUSTOMERS, SIX_STAGES, STEPS, demo, open, spec};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In the batches that are made up here.
const EVENTS_EACH: u64 = 24;

/// Scales everything down (or up).
const CUSTOMERS_VARIABLE: &str = "TRAILMAP_BENCH_CUSTOMERS";

/// Questions other than funnels, as commands.
const QUESTIONS: [(&str, &str); 9] = [
    ("profile", "profile"),
    ("paths: the 20 most frequent of 6 touchpoints", "paths --only sequences"),
    ("paths: everything of the table", "paths"),
    ("transitions without times", "transitions --no-times"),
    ("transitions", "transitions"),
    ("dwell per touchpoint", "dwell"),
    (
        "map of 5 stages",
        "map --stage look=home_view|category_view|search|view_product|view_images|view_reviews|compare \
         --stage pick=add_to_cart|view_cart|change_quantity|remove_from_cart|wishlist_add \
         --stage check=begin_checkout|add_shipping|add_payment|coupon_apply --stage buy=purchase \
         --stage after=order_status|delivery_received|return_request|review_written --goal purchase",
    ),
    ("retention by week", "retention --cohort week"),
    ("comparison of two cohorts", "compare --cohort buyers=did(purchase)"),
];

fn main() {
    let n_customers = match std::env::var(CUSTOMERS_VARIABLE) {
        Ok(text) => {
            text.parse().unwrap_or_else(|_| panic!("{CUSTOMERS_VARIABLE} is a number of customers, not `{text}`"))
        }
        Err(_) => CUSTOMERS,
    };
    // Seconds per run at full size: few samples, and no more of them to fill the time.
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(10))
        .configure_from_args();
    build_store(&mut criterion, n_customers);
    load(&mut criterion, n_customers);
    // Made when the first benchmark that is not filtered out needs it.
    let engine = LazyCell::new(|| Local::new(open(&demo(n_customers, "parquet")).store));
    ask(&mut criterion, &engine);
    draw(&mut criterion);
    criterion.final_summary();
}

/// From batches of rows, as readers hand them over, to a store that is ready for questions.
fn build_store(criterion: &mut Criterion, n_customers: u64) {
    let batches = LazyCell::new(|| made_up_batches(n_customers));
    let names = ["channel".to_owned(), "revenue".to_owned()];
    let mut group = criterion.benchmark_group("build");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(n_customers * EVENTS_EACH));
    group.bench_function("store from batches", |bencher| {
        bencher.iter_batched(
            || LazyCell::force(&batches).clone(),
            |batches| {
                let mut builder = StoreBuilder::new(&names);
                batches.into_iter().for_each(|batch| builder.add(batch, &[0, 1]).expect("fewer than 2^32 events"));
                builder.finish(BuildOptions::default(), &Ctl::new()).expect("nobody cancels")
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Rows in time order, as exports are: some customers come often, forty names of falling frequency.
fn made_up_batches(n_customers: u64) -> Vec<Batch> {
    const ROWS: u64 = 131_072;
    let n_events = n_customers * EVENTS_EACH;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let step_micros = 90 * 86_400_000_000 / n_events.max(1);
    let row_of = |first: u64| {
        let n_rows = ROWS.min(n_events - first);
        let columns = vec![BatchValues::Missing { len: 0 }; 2];
        let mut batch = Batch { columns, ..Batch::default() };
        for at in first..first + n_rows {
            let customer = random(n_customers).min(random(n_customers));
            let name = random(40).min(random(40));
            batch.times.push((at * step_micros) as i64);
            batch.customers.push(&format!("C{customer:07}"));
            batch.touchpoints.push(&format!("event_{name}"));
            batch.columns[0]
                .push_field(["web", "app", "email", "store", "ads", "social", "phone", "partner"][random(8) as usize]);
            if name == 0 {
                batch.columns[1].push_field(&format!("{}.{:02}", random(300), random(100)));
            } else {
                batch.columns[1].push_missing();
            }
        }
        batch
    };
    (0..n_events).step_by(ROWS as usize).map(row_of).collect()
}

/// From a file to a store, all columns.
fn load(criterion: &mut Criterion, n_customers: u64) {
    let mut group = criterion.benchmark_group("load");
    group.sampling_mode(SamplingMode::Flat);
    for format in ["parquet", "csv"] {
        let file = LazyCell::new(|| demo(n_customers, format));
        group.bench_function(format, |bencher| bencher.iter_with_large_drop(|| open(&file)));
    }
    let saved = LazyCell::new(|| saved(n_customers));
    let reopened = || ingest::open(&saved, &Ctl::new()).expect("it was read before");
    group.bench_function("saved store", |bencher| bencher.iter(reopened));
    let funnel = spec(&format!("funnel -s {} --within 7d --breakdown channel", STEPS.join(" -s ")));
    // With the checksums of all columns that the question looks at.
    group.bench_function("saved store and a funnel by channel", |bencher| {
        bencher.iter(|| Local::new(reopened().store).answer(&funnel, &Ctl::new()).expect("an answer"));
    });
    group.finish();
}

/// How to open the demo shop that was saved.
fn saved(n_customers: u64) -> LoadOptions {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journeys");
    let sources = vec![demo(n_customers, "parquet").to_string_lossy().into_owned()];
    let cache = Some(Cache { folder, max_bytes: u64::MAX });
    let options = LoadOptions { sources, cache, ..LoadOptions::default() };
    let ingest::Loaded { store, report, kept } = ingest::open(&options, &Ctl::new()).expect("a file of ours");
    kept.save(&Arc::new(store), &report, Wait::Written, &Ctl::new()).expect("room to save");
    options
}

/// Questions to a store in memory. Every question differs from the one before in its window by a microsecond, so that
/// nothing remembered can answer it.
fn ask(criterion: &mut Criterion, engine: &impl Deref<Target = Local>) {
    let steps = STEPS.iter().map(|name| name.parse().expect("a step")).collect();
    let plain = FunnelSpec { steps, ..FunnelSpec::default() };
    let by_channel =
        FunnelSpec { breakdown: Some("channel".into()), breakdown_at: BreakdownAt::First, ..plain.clone() };
    let of_one_channel = {
        let mut spec = plain.clone();
        spec.scope.events = Some("channel == \"organic\"".into());
        spec
    };
    let mut group = criterion.benchmark_group("warm");
    let funnels = [
        ("funnel of 5 steps in 7d", plain),
        ("funnel by channel of the first event", by_channel),
        ("funnel of one channel", of_one_channel),
    ];
    for (name, spec) in funnels {
        let mut asked = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                asked = (asked + 1) % 1_000;
                let within = trailmap::base::Span::from_micros(spec.within.micros() - asked);
                let spec = Spec::Funnel(FunnelSpec { within, ..spec.clone() });
                engine.answer(&spec, &Ctl::new()).expect("an answer")
            });
        });
    }
    let of_stages = format!("dwell {SIX_STAGES}");
    for (name, question) in QUESTIONS.into_iter().chain([("dwell in 6 stages", of_stages.as_str())]) {
        let spec = spec(question);
        group.bench_function(name, |bencher| {
            bencher.iter(|| engine.answer(&spec, &Ctl::new()).expect("an answer"));
        });
    }
    group.finish();
}

/// One frame of the workbench at 250 × 80: Home, a funnel with its lower half, and a list of customers. The answers are
/// there already.
fn draw(criterion: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/shop.csv");
    let options = LoadOptions { sources: vec![file.to_string_lossy().into_owned()], ..LoadOptions::default() };
    let mut screen = Offscreen::open(options, 250, 80);
    let mut group = criterion.benchmark_group("frame 250x80");
    let screens = [
        ("home", &[][..]),
        ("funnel", &["tab", "enter"]),
        ("customers", &["k", "enter"]),
        ("paths tree", &["3"]),
        ("paths flow", &["v"]),
        ("dwell", &["4"]),
        ("retention", &["5"]),
    ];
    for (name, keys) in screens {
        screen.press(keys);
        group.bench_function(name, |bencher| bencher.iter(|| screen.draw()));
    }
    group.finish();
}
