//! `cargo xtask bench`: the server under load, each figure beside its bound from the same run.
//!
//! It starts the release server on a data folder of its own, sends real telemetry (or generated events where there is
//! none), asks it what a person asks meanwhile, and compares with what the machine's cores could do at best: the
//! engine alone on one core and a bare COPY on one core, both measured before the load.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measuring tool: it reports to the terminal and lives by the real clock"
)]

mod bounds;
mod client;
mod ingest;
mod pages;
mod probe;
mod process;
mod report;
mod server;
mod telemetry;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use report::Report;
use server::Running;
use telemetry::Telemetry;

/// Measures a wolf_server under load.
#[derive(Parser)]
struct Options {
    /// The server's release binary, which carries the site.
    #[arg(long)]
    server: PathBuf,
    /// Folder of real telemetry and the rule pack; generated events without it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder for data folders; emptied afterwards.
    #[arg(long)]
    scratch: PathBuf,
    /// How long the load lasts (seconds), after five seconds of warming up.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Connections, each with a peer of its own.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Events a request.
    #[arg(long, default_value_t = 500)]
    batch: usize,
    /// Events that must be stored before the overview is asked for.
    #[arg(long, default_value_t = 1_000_000)]
    stored: u64,
    /// Print the process id of the server and its PostgreSQL, to profile them.
    #[arg(long)]
    pids: bool,
    /// Measure the engine alone, in so many rounds over 20,000 events, and start no server: for a profiler.
    #[arg(long)]
    engine_rounds: Option<usize>,
}

const WARM_UP: Duration = Duration::from_secs(5);

fn main() -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(run(&options))?;
    print!("{report}");
    if report.all_met() {
        Ok(())
    } else {
        anyhow::bail!("not every figure is within its bound")
    }
}

async fn run(options: &Options) -> Result<Report> {
    let mut report = Report::default();
    let telemetry = Arc::new(Telemetry::load(options.data.as_deref())?);
    report.note(telemetry.describe());

    eprintln!("bounds: the engine alone, then a bare COPY");
    let rounds = options.engine_rounds.unwrap_or(bounds::ROUNDS);
    let engine = bounds::engine(&telemetry, options.data.as_deref(), rounds)?;
    if options.engine_rounds.is_some() {
        report.note(format!("engine {:.1} µs an event", engine.micros_per_event));
        return Ok(report);
    }
    let copy = bounds::copy(&telemetry, &options.scratch).await?;
    let bound = 2.0 * 1e6 / (engine.micros_per_event + copy);
    report.note(format!(
        "bounds of this run: engine {:.1} µs an event on one core with {} rules, bare COPY into json {copy:.1} µs; two cores {bound:.0} events/s",
        engine.micros_per_event, engine.rules
    ));
    report.note(format!(
        "{:.1} % of the events reach candidate rules: their log source leaves at least one to look at",
        engine.candidate_share * 100.0
    ));
    report.most("rules loaded, engine alone (s)", engine.load_seconds, 1.5);

    let server = Running::start(&options.server, &options.scratch).await?;
    if options.pids {
        eprintln!("server {} ", server.pid());
    }
    let outcome = measure(options, &server, &telemetry, bound, &mut report).await;
    server.stop().await?;
    outcome?;
    Ok(report)
}

async fn measure(
    options: &Options,
    server: &Running,
    telemetry: &Arc<Telemetry>,
    bound: f64,
    report: &mut Report,
) -> Result<()> {
    let session = server.sign_in().await?;
    if let Some(pack) = options.data.as_deref().map(|data| data.join("sigmahq-rules.zip"))
        && pack.is_file()
    {
        let imported = server.import(&pack).await?;
        report.note(imported);
    }

    eprintln!("load: {} s", options.seconds);
    let stop = Arc::new(AtomicBool::new(false));
    let load = ingest::start(server, telemetry, options.connections, options.batch, &stop).await?;
    tokio::time::sleep(WARM_UP).await;
    load.reset();
    let before = process::Sample::take(server.pid())?;
    let probing = tokio::spawn(probe::run(server.probe().await?, Duration::from_secs(options.seconds)));
    let resident = process::watch(server.pid(), Duration::from_secs(options.seconds)).await?;
    let figures = load.figures();
    let used = process::Sample::take(server.pid())?.since(&before);
    let seen = probing.await??;
    report.least("events stored and evaluated (1/s)", figures.rate, 15_000.0);
    report.note(format!(
        "{:.0} % of the bound of two cores; a batch of {} answered in p50 {:.0} ms, p95 {:.0} ms, p99 {:.0} ms; {} refused",
        figures.rate / bound * 100.0,
        options.batch,
        figures.p50 * 1e3,
        figures.p95 * 1e3,
        figures.p99 * 1e3,
        figures.refused
    ));
    report.note(format!(
        "CPU of the two cores: server {:.2}, PostgreSQL {:.2}, load generator {:.2}; events of {:.0} bytes",
        used.server, used.database, used.own, figures.bytes_per_event
    ));
    report.most("event to alert on a page, p95 (s)", seen.p95, 1.0);
    report.note(format!("of {} attacks, p50 {:.2} s", seen.count, seen.p50));
    report.most("server resident under load (MB)", resident.most_mb, 450.0);

    eprintln!("filling up to {} events", options.stored);
    load.until(options.stored).await;
    let stored = load.stop().await?;
    report.note(format!("{stored} events stored"));

    eprintln!("overview at 20 requests a second");
    let overview = pages::overview(server, &session).await?;
    report.most("overview, p95 at 20 requests/s (ms)", overview.p95 * 1e3, 100.0);
    report.note(format!("overview p50 {:.0} ms", overview.p50 * 1e3));
    let first = pages::first_load(server, &session).await?;
    report.most("first page load, compressed (kB)", first.kilobytes(), 200.0);
    report.note(first.describe());

    let rebuilt = server.rebuild().await?;
    report.most("server resident while rules are rebuilt (MB)", rebuilt, 750.0);
    Ok(())
}
