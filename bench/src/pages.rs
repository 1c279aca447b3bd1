//! What a person's browser loads.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use http::StatusCode;

use crate::client::Client;
use crate::report::Quantiles;
use crate::server::Running;

const REQUESTS: u32 = 300;
const EVERY: Duration = Duration::from_millis(50);

/// The overview, 20 times a second for 15 seconds; a slow answer does not hold the next request back.
pub async fn overview(server: &Running, cookie: &str) -> Result<Quantiles> {
    let mut tick = tokio::time::interval(EVERY);
    let mut running = Vec::new();
    let mut idle: Vec<Client> = Vec::new();
    let (back, mut returned) = tokio::sync::mpsc::channel::<Client>(64);
    for _ in 0..REQUESTS {
        tick.tick().await;
        while let Ok(client) = returned.try_recv() {
            idle.push(client);
        }
        let mut client = match idle.pop() {
            Some(client) => client,
            None => Client::connect(server.url()).await?,
        };
        let (cookie, back) = (cookie.to_owned(), back.clone());
        running.push(tokio::spawn(async move {
            let started = Instant::now();
            let answer = client.get("/", &cookie).await?;
            let took = started.elapsed().as_secs_f64();
            if answer.status() != StatusCode::OK {
                bail!("the overview was answered {}", answer.status());
            }
            let _ = back.send(client).await;
            Ok(took)
        }));
    }
    let mut seconds = Vec::new();
    for request in running {
        seconds.push(request.await??);
    }
    Ok(Quantiles::of(seconds))
}

/// Bytes on the wire of each part of the first load.
pub struct FirstLoad(Vec<(String, usize)>);

impl FirstLoad {
    pub fn kilobytes(&self) -> f64 {
        self.0.iter().map(|(_, bytes)| *bytes).sum::<usize>() as f64 / 1e3
    }
    pub fn describe(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(what, bytes)| format!("{what} {:.1}", *bytes as f64 / 1e3))
            .collect();
        format!("kB: {}", parts.join(", "))
    }
}

/// The overview's document and everything of ours that it names.
pub async fn first_load(server: &Running, cookie: &str) -> Result<FirstLoad> {
    let mut client = Client::connect(server.url()).await?;
    let document = client.get("/", cookie).await?;
    let plain = match document.headers().get("content-encoding") {
        Some(encoding) if encoding == "gzip" => {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(document.body().as_ref()), &mut text)?;
            text
        }
        Some(other) => bail!("the document came as {other:?}, which is not read here"),
        None => String::from_utf8_lossy(document.body()).into_owned(),
    };
    let mut parts = vec![("document".to_owned(), document.body().len())];
    for kind in ["css", "js", "wasm"] {
        let path = plain
            .split(['"', '\''])
            .find(|text| text.starts_with("/pkg/") && text.ends_with(&format!(".{kind}")))
            .with_context(|| format!("the document names no .{kind}"))?;
        let asset = client.get(path, cookie).await?;
        if asset.status() != StatusCode::OK {
            bail!("{path} was answered {}", asset.status());
        }
        parts.push((kind.to_owned(), asset.body().len()));
    }
    Ok(FirstLoad(parts))
}
