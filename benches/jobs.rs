//! The jobs of an analyst, each timed as a whole, as one Markdown report: from a file to an answer in a process of its
//! own with its peak of memory, warm in one process, over more and more events, and beside other tools.

#![expect(clippy::print_stdout, reason = "a report is what this is for")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use trailmap::base::Ctl;
use trailmap::engine::{Engine, Local};

mod data;
mod plain;

use data::{CUSTOMERS, SIX_STAGES, demo, open, spec};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Args {
    /// Customers of the demo shop, about 24 events each.
    #[arg(long, default_value_t = CUSTOMERS)]
    customers: u64,
    /// Also a tenth and five times as many.
    #[arg(long)]
    growth: bool,
    /// A Python with duckdb, polars or chdb, to ask them the same in the same run.
    #[arg(long, value_name = "PYTHON")]
    others: Option<PathBuf>,
    /// Runs of each job.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// What Cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

const FUNNEL: &str = "funnel --step view_product --step add_to_cart --step begin_checkout --step add_payment --step purchase \
     --within 7d --breakdown channel --breakdown-at first";

/// The jobs that other tools are asked for too, as commands.
fn jobs() -> [(&'static str, String); 5] {
    [
        ("funnel", FUNNEL.to_owned()),
        ("paths", "paths --only sequences".to_owned()),
        ("transitions", "transitions --no-times".to_owned()),
        ("dwell", format!("dwell {SIX_STAGES} --only stages")),
        ("retention", "retention --cohort week".to_owned()),
    ]
}

/// What else is asked warm.
fn more_jobs() -> [(&'static str, String); 13] {
    let of_one_channel = "--events channel==\"organic\"";
    [
        ("funnel, plain", FUNNEL.replace(" --breakdown channel --breakdown-at first", "")),
        ("funnel of one channel", format!("{FUNNEL} {of_one_channel}")),
        ("transitions of one channel", format!("transitions --no-times {of_one_channel}")),
        ("dwell, all tables", format!("dwell {SIX_STAGES}")),
        ("dwell of every touchpoint", "dwell --only stages".to_owned()),
        ("dwell of one channel", format!("dwell {SIX_STAGES} --only stages {of_one_channel}")),
        ("dwell by channel", format!("dwell {SIX_STAGES} --only stages --breakdown channel")),
        ("dwell by channel, all tables", format!("dwell {SIX_STAGES} --breakdown channel")),
        ("retention by channel", "retention --cohort week --breakdown channel".to_owned()),
        ("retention of cohorts by channel", "retention --period week --cohort channel".to_owned()),
        ("retention of one channel", format!("retention --cohort week {of_one_channel}")),
        ("comparison of two cohorts", "compare --cohort buyers=did(purchase)".to_owned()),
        ("profile", "profile".to_owned()),
    ]
}

fn main() {
    let args = Args::parse();
    println!("{}\n", machine());
    let sizes =
        if args.growth { vec![args.customers / 10, args.customers, args.customers * 5] } else { vec![args.customers] };
    for n_customers in sizes {
        cold(n_customers, args.runs);
        warm(n_customers, args.runs);
    }
    if let Some(python) = &args.others {
        others(python, args.customers, args.runs);
    }
}

fn machine() -> String {
    let read = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{} threads of {}, {} of memory, {} {}",
        n_threads,
        read("/proc/cpuinfo", "model name"),
        read("/proc/meminfo", "MemTotal"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// One run of the program: how long, and its peak of memory.
struct Run {
    time: Duration,
    peak_mb: Option<f64>,
}

/// Runs the program with its output thrown away. The peak is what the system says of it while it lives, where it says so.
fn run(words: &[&str], cache: &Path) -> Run {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailmap"))
        .args(words)
        .env("TRAILMAP_CACHE_DIR", cache)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("trailmap starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb = None;
    loop {
        if let Some(exit) = child.try_wait().expect("a child can be waited for") {
            assert!(exit.success(), "trailmap {} failed", words.join(" "));
            return Run { time: start.elapsed(), peak_mb };
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: Option<f64> = kilobytes.and_then(|value| value.trim_end_matches("kB").trim().parse().ok());
        peak_mb = kilobytes.map(|kb| kb / 1024.0).or(peak_mb);
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(what: &str, runs: &[Run]) {
    let time = median(runs.iter().map(|run| run.time.as_secs_f64()).collect());
    let best = runs.iter().map(|run| run.time.as_secs_f64()).fold(f64::INFINITY, f64::min);
    let peak = runs.iter().filter_map(|run| run.peak_mb).fold(0.0, f64::max);
    println!("| {what} | {time:.3} | {best:.3} | {peak:.0} |");
}

/// From a file to an answer, in a process of its own.
fn cold(n_customers: u64, n_runs: usize) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-cache");
    println!("## {n_customers} customers: one process from start to end\n");
    println!("| | median, s | best, s | peak, MB |\n|---|---|---|---|");
    let measure = |what: &str, words: &[&str]| row(what, &(0..n_runs).map(|_| run(words, &cache)).collect::<Vec<_>>());
    measure("`trailmap --version`", &["--version"]);
    for format in ["parquet", "csv", "ndjson"] {
        // At the largest size only the format that such sizes come in.
        if format != "parquet" && n_customers > CUSTOMERS {
            continue;
        }
        let file = demo(n_customers, format);
        let file = file.to_str().expect("a path of the build folder");
        for (job, question) in jobs() {
            if format == "ndjson" && job != "transitions" {
                continue;
            }
            let mut words: Vec<&str> = question.split_whitespace().collect();
            words.extend([file, "--no-cache", "--format", "csv"]);
            measure(&format!("{format} → {job}"), &words);
        }
    }
    let file = demo(n_customers, "parquet");
    let file = file.to_str().expect("a path of the build folder");
    run(&["transitions", file, "--no-times"], &cache);
    for (job, question) in jobs() {
        let mut words: Vec<&str> = question.split_whitespace().collect();
        words.extend([file, "--format", "csv"]);
        measure(&format!("saved store → {job}"), &words);
    }
    // What is measured next time starts from nothing again.
    let _ = std::fs::remove_dir_all(&cache);
    println!();
}

/// Questions to a store in memory, one after the other, and the same figures by a plain program.
fn warm(n_customers: u64, n_runs: usize) {
    let loaded = open(&demo(n_customers, "parquet"));
    let n_events = loaded.store.n_events();
    let columns = plain::Columns::of(&loaded.store, SIX_STAGES);
    let engine = Local::new(loaded.store);
    println!(
        "## {n_events} events: warm\n\n| | median, ms | best, ms | a plain program, ms | best, ms |\n|---|---|---|---|---|"
    );
    for (name, question) in jobs().into_iter().chain(more_jobs()) {
        let spec = spec(&question);
        let ask = || engine.answer(&spec, &Ctl::new()).expect("an answer");
        let answer = ask();
        let (time, best) = timed(n_runs, ask);
        let attained = plain::JOBS.iter().find(|(job, _)| *job == name).map(|(_, job)| {
            assert!(job(&columns).are_in(&answer.tables()[0]), "{name}: the plain program finds something else");
            let (time, best) = timed(n_runs, || job(&columns));
            format!("{time:.1} | {best:.1}")
        });
        println!("| {name} | {time:.1} | {best:.1} | {} |", attained.as_deref().unwrap_or("|"));
    }
    println!();
}

/// Of some runs the median and the quickest, in milliseconds.
fn timed<T>(n_runs: usize, run: impl Fn() -> T) -> (f64, f64) {
    let time = || {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e3
    };
    let times: Vec<f64> = (0..2 * n_runs + 1).map(|_| time()).collect();
    let best = times.iter().copied().fold(f64::INFINITY, f64::min);
    (median(times), best)
}

/// The same asked of other tools, by a script beside this file.
fn others(python: &Path, n_customers: u64, n_runs: usize) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/others.py");
    println!("## {n_customers} customers: other tools\n");
    let ended = Command::new(python).arg(script).arg(demo(n_customers, "parquet")).arg(n_runs.to_string()).status();
    // What was measured before is not lost.
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => println!("\nThe script about other tools failed ({status})."),
        Err(err) => println!("\nOther tools were not asked: {}: {err}.", python.display()),
    }
}
