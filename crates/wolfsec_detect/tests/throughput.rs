//! How long an event takes, measured on demand:
//! `cargo test --release -p wolfsec_detect --test throughput -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::Read;
use std::time::Instant;

use common::{analyse_at, bundled, repository};

const LINES_PER_REQUEST: usize = 1000;

#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::print_stderr, reason = "the measurement")]
fn windows_events_in_requests_of_a_thousand() {
    let folder = std::env::var_os("WOLFSEC_SHARED_DATA")
        .map_or_else(|| repository().join("../shared/data"), std::path::PathBuf::from);
    let Ok(file) = std::fs::File::open(folder.join("events/win-lsass-logonpasswords.ndjson.gz")) else {
        eprintln!("SKIPPED: no data below {}", folder.display());
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let requests: Vec<_> = lines.chunks(LINES_PER_REQUEST).map(|lines| lines.join("\n")).collect();
    let (detector, _) = bundled();
    let at = "2023-12-01T00:00:00Z".parse().unwrap();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        for request in &requests {
            let started = Instant::now();
            let (events, _) = analyse_at(&detector, request.as_bytes(), at);
            best = best.min(started.elapsed().as_secs_f64() * 1e6 / events.len() as f64);
        }
        let started = Instant::now();
        let count: usize = requests
            .iter()
            .map(|request| analyse_at(&detector, request.as_bytes(), at).0.len())
            .sum();
        let mean = started.elapsed().as_secs_f64() * 1e6 / count as f64;
        eprintln!("{count} events: {mean:.1} µs each, best request {best:.1} µs each");
    }
}
