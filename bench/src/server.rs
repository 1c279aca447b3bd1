//! The server under test: started as a person would, driven through its command line and its forms.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use http::{Request, header};
use hyper::body::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::probe::Probe;
use crate::process;

const NAME: &str = "bench";
const PASSWORD: &str = "a long sentence for measuring";
const START: Duration = Duration::from_mins(2);

pub struct Running {
    binary: PathBuf,
    data: PathBuf,
    child: Child,
    pid: u32,
    url: String,
}

impl Running {
    pub async fn start(binary: &Path, scratch: &Path) -> Result<Self> {
        let data = scratch.join("data");
        if data.exists() {
            bail!("{} is there already: remove it", data.display());
        }
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data)
            .env("WOLFSEC_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let pid = child.id().context("the server ended at once")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let url = tokio::time::timeout(START, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("ready ") {
                    return Ok(url.to_owned());
                }
            }
            bail!("the server ended before it was ready")
        })
        .await??;
        Ok(Self {
            binary: binary.to_owned(),
            data,
            child,
            pid,
            url,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    async fn command(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut child = Command::new(&self.binary)
            .args(arguments)
            .arg("--data-dir")
            .arg(&self.data)
            .env("WOLFSEC_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            bail!("`wolf_server {}` failed", arguments.join(" "));
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    pub async fn add_peer(&self, name: &str) -> Result<String> {
        let said = self.command(&["peer", "add", name], "").await?;
        Ok(said.lines().last().unwrap_or_default().to_owned())
    }

    /// Adds the user who looks at pages; the answer is their session's cookie.
    pub async fn sign_in(&self) -> Result<String> {
        self.command(&["user", "add", NAME, "--role", "admin"], PASSWORD)
            .await?;
        self.session().await
    }

    async fn session(&self) -> Result<String> {
        let mut client = Client::connect(&self.url).await?;
        let form = format!("name={NAME}&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::post("/api/sign_in")
            .header(header::ORIGIN, &self.url)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = client.send(request, Bytes::from(form)).await?;
        let cookie = answer
            .headers()
            .get(header::SET_COOKIE)
            .context("signing in gave no session")?;
        Ok(cookie.to_str()?.split(';').next().unwrap_or_default().to_owned())
    }

    pub async fn probe(&self) -> Result<Probe> {
        Ok(Probe {
            url: self.url.clone(),
            key: self.add_peer("probe").await?,
            cookie: self.session().await?,
        })
    }

    /// Imports a rule pack and enables what is usable.
    pub async fn import(&self, pack: &Path) -> Result<String> {
        let started = Instant::now();
        let path = pack.to_string_lossy();
        let said = self.command(&["rules", "import", &path, "--json"], "").await?;
        let counts: serde_json::Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
        Ok(format!(
            "rule pack imported and in use after {:.1} s: {} used, {} need values, {} refused",
            started.elapsed().as_secs_f64(),
            counts["used"],
            counts["needs_values"],
            counts["refused"].as_array().map_or(0, Vec::len)
        ))
    }

    /// The most memory that the server takes (MB) while all its rules are compiled anew, the old ones in use.
    pub async fn rebuild(&self) -> Result<f64> {
        let fresh = self.data.join("one-rule");
        std::fs::create_dir_all(&fresh)?;
        std::fs::write(fresh.join("bench.yml"), ONE_RULE)?;
        let mut most = process::resident_mb(self.pid)?;
        let path = fresh.to_string_lossy().into_owned();
        let arguments = ["rules", "import", &path, "--json"];
        let import = self.command(&arguments, "");
        tokio::pin!(import);
        loop {
            tokio::select! {
                done = &mut import => {
                    done?;
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => most = most.max(process::resident_mb(self.pid)?),
            }
        }
        Ok(most.max(process::resident_mb(self.pid)?))
    }

    pub async fn stop(mut self) -> Result<()> {
        Command::new("kill")
            .args(["-TERM", &self.pid.to_string()])
            .status()
            .await?;
        self.child.wait().await?;
        std::fs::remove_dir_all(&self.data).context("removing the data folder")
    }
}

const ONE_RULE: &str = "title: A rule to measure with
id: 5b0d2f3e-8f0a-4a6c-9d57-0c4f3c1a9b11
status: test
description: Never matches.
author: Wolfsec
logsource:
    product: linux
    service: sudo
detection:
    selection:
        message|contains: no line says this
    condition: selection
level: low
";
