//! What the machine could do at best, measured in the same run: the parts alone, each on one core.

use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use chrono::Utc;
use sqlx::{Connection as _, PgConnection};
use wolf_cluster::{Cluster, ClusterOptions};
use wolfsec::detection::{Detector as _, RawBatch};
use wolfsec::ids::PeerId;
use wolfsec_detect::{RuleSource, SigmaDetector};

use crate::telemetry::Telemetry;

const EVENTS: usize = 20_000;
const BATCH: usize = 2_000;
/// As the product keeps events: `json`, with LZ4 where PostgreSQL has it.
const BARE_TABLE: &str = "DROP TABLE IF EXISTS bare; CREATE TABLE bare (fields json);
    DO $$ BEGIN ALTER TABLE bare ALTER COLUMN fields SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported THEN NULL; END $$";
/// The best of these counts: a bound is what is possible.
pub const ROUNDS: usize = 3;

pub struct Engine {
    pub rules: usize,
    pub load_seconds: f64,
    pub micros_per_event: f64,
    /// Share of events for which the router leaves any rule to look at.
    pub candidate_share: f64,
}

/// Parse, normalise, route and evaluate on one core, with all rules there are.
pub fn engine(telemetry: &Telemetry, data: Option<&Path>, rounds: usize) -> Result<Engine> {
    let pack = data.map(pack).transpose()?.unwrap_or_default();
    let bundled = wolfsec_detect::bundled_rules();
    let mut sources: Vec<RuleSource<'_>> = bundled
        .iter()
        .map(|rule| RuleSource {
            path: rule.path,
            yaml: rule.yaml,
            enabled: true,
        })
        .collect();
    sources.extend(pack.iter().map(|(path, yaml)| RuleSource {
        path,
        yaml,
        enabled: true,
    }));
    let started = Instant::now();
    let (detector, _) = SigmaDetector::load(&sources)?;
    let load_seconds = started.elapsed().as_secs_f64();

    let at = Utc::now().to_rfc3339();
    let bodies: Vec<Vec<u8>> = (0..EVENTS / BATCH)
        .map(|n| telemetry.body(n * BATCH, BATCH, &format!("bound-{n}"), &at))
        .collect();
    let raw = |body| RawBatch {
        peer: PeerId(uuid::Uuid::new_v4()),
        received_at: Utc::now(),
        body,
    };
    let mut micros_per_event = f64::INFINITY;
    for _ in 0..rounds {
        let started = Instant::now();
        let events: usize = bodies.iter().map(|body| detector.analyse(raw(body)).0.len()).sum();
        micros_per_event = micros_per_event.min(started.elapsed().as_secs_f64() * 1e6 / events.max(1) as f64);
    }
    let (mut reached, mut all) = (0, 0);
    for body in &bodies {
        let (with, total) = detector.routed(raw(body));
        reached += with;
        all += total;
    }
    Ok(Engine {
        rules: detector.rule_count(),
        load_seconds,
        micros_per_event,
        candidate_share: reached as f64 / all.max(1) as f64,
    })
}

/// Path and text of every rule of the pack.
fn pack(data: &Path) -> Result<Vec<(String, String)>> {
    let path = data.join("sigmahq-rules.zip");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path)?).context("opening the rule pack")?;
    let mut rules = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        if Path::new(&name).extension().is_some_and(|end| end == "yml") {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            rules.push((name, text));
        }
    }
    Ok(rules)
}

/// Microseconds an event of the plainest COPY there is: the same lines as `json`, no index, one connection.
pub async fn copy(telemetry: &Telemetry, scratch: &Path) -> Result<f64> {
    let options = ClusterOptions::throw_away(scratch.join("bound"));
    let cluster = {
        let options = options.clone();
        tokio::task::spawn_blocking(move || Cluster::attach_or_start(&options)).await??
    };
    let outcome = copy_on(telemetry, &cluster.superuser_url()).await;
    tokio::task::spawn_blocking(move || cluster.destroy()).await??;
    outcome
}

async fn copy_on(telemetry: &Telemetry, url: &str) -> Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    let mut best = f64::INFINITY;
    for round in 0..ROUNDS {
        sqlx::raw_sql(BARE_TABLE).execute(&mut connection).await?;
        let streams: Vec<Vec<u8>> = (0..EVENTS / BATCH)
            .map(|n| binary(&telemetry.body(n * BATCH, BATCH, &format!("copy-{round}-{n}"), "2026-01-01T00:00:00Z")))
            .collect();
        let started = Instant::now();
        for stream in &streams {
            let mut copy = connection.copy_in_raw("COPY bare FROM STDIN (FORMAT BINARY)").await?;
            copy.send(stream.as_slice()).await?;
            copy.finish().await?;
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / EVENTS as f64);
    }
    Ok(best)
}

/// PostgreSQL's binary COPY of one `json` column.
fn binary(body: &[u8]) -> Vec<u8> {
    let mut stream = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        stream.extend_from_slice(&1_i16.to_be_bytes());
        stream.extend_from_slice(&i32::try_from(line.len()).unwrap_or(i32::MAX).to_be_bytes());
        stream.extend_from_slice(line);
    }
    stream.extend_from_slice(&(-1_i16).to_be_bytes());
    stream
}
