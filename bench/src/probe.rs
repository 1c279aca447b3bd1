//! From an event to its alert on a page, as a person would see it: an attack is sent, then the peer's alert queue is
//! loaded until it shows the alert.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use chrono::Utc;
use http::{Request, StatusCode, header};
use hyper::body::Bytes;

use crate::client::Client;
use crate::report::Quantiles;

/// A page is loaded this often until it shows the alert.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// An attack a second.
const ATTACK_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Probe {
    pub url: String,
    pub key: String,
    pub cookie: String,
}

pub async fn run(probe: Probe, time: Duration) -> Result<Quantiles> {
    let mut sender = Client::connect(&probe.url).await?;
    let mut reader = Client::connect(&probe.url).await?;
    let begun = Instant::now();
    let mut seconds = Vec::new();
    for number in 0_u32.. {
        if begun.elapsed() > time {
            break;
        }
        let started = Instant::now();
        attack(&mut sender, &probe.key, number).await?;
        seconds.push(shown(&mut reader, &probe.cookie, number, started).await?);
        tokio::time::sleep(ATTACK_EVERY.saturating_sub(started.elapsed())).await;
    }
    Ok(Quantiles::of(seconds))
}

async fn attack(client: &mut Client, key: &str, number: u32) -> Result<()> {
    let line = format!(
        r#"{{"@timestamp":"{}","host":{{"name":"probe-host-{number}"}},"message":"Nov 20 08:00:00 probe-host-{number} sudo[812]:   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/bash"}}"#,
        Utc::now().to_rfc3339()
    );
    let request = Request::post("/api/v1/events")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/x-ndjson");
    let answer = client.send(request, Bytes::from(line)).await?;
    if answer.status() != StatusCode::OK {
        bail!("an attack was answered {}", answer.status());
    }
    Ok(())
}

async fn shown(client: &mut Client, cookie: &str, number: u32, started: Instant) -> Result<f64> {
    let host = format!("probe-host-{number}");
    // Followed by what cannot be a digit, or 1 would be found in 10.
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
    while started.elapsed() < PATIENCE {
        let page = client.send(page_request(cookie), Bytes::new()).await?;
        let text = String::from_utf8_lossy(page.body());
        if text.match_indices(&host).any(|(at, _)| ends(&text[at + host.len()..])) {
            return Ok(started.elapsed().as_secs_f64());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("the alert of {host} was not shown within {} s", PATIENCE.as_secs())
}

fn page_request(cookie: &str) -> http::request::Builder {
    Request::get("/alerts?peer=probe")
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
}
