//! Lines to send: real telemetry where it is there, else generated events of many shapes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;

/// Lines kept in memory; they repeat under fresh ids.
const MOST_LINES: usize = 60_000;
/// Every so many lines of each file are taken, so that each file is in the sample.
const FILES: [&str; 10] = [
    "win-lsass-logonpasswords",
    "win-ad-playbook",
    "win-dcom-dll-hijack",
    "win-proxylogon",
    "win-ntds-shadow-copy",
    "win-stop-eventlog",
    "win-psexec",
    "win-mimikatz-sam",
    "aws-cloudtrail",
    "zeek-apt29-day1",
];

/// Events without their time and without the opening brace: sending puts a fresh id and time in front.
pub struct Telemetry {
    tails: Vec<String>,
    real: bool,
}

impl Telemetry {
    pub fn load(data: Option<&Path>) -> Result<Self> {
        let folder = data.map(|data| data.join("events"));
        match folder.filter(|folder| folder.is_dir()) {
            Some(folder) => Self::real(&folder),
            None => Ok(Self::generated()),
        }
    }

    fn real(folder: &Path) -> Result<Self> {
        let mut lines = Vec::new();
        for name in FILES {
            let path = folder.join(format!("{name}.ndjson.gz"));
            let file = std::fs::File::open(&path).with_context(|| format!("{}", path.display()))?;
            for line in BufReader::new(GzDecoder::new(file)).lines() {
                lines.push(line?);
            }
        }
        // Some of each file, in the order of their hosts: what a fleet sends side by side.
        let step = (lines.len() / MOST_LINES).max(1);
        let tails: Vec<String> = lines.iter().step_by(step).filter_map(|line| tail(line)).collect();
        Ok(Self { tails, real: true })
    }

    /// 64 shapes: what differs is the source, the fields and their number.
    fn generated() -> Self {
        let tails = (0..6_400).map(|n| shaped(n % 64, n)).collect();
        Self { tails, real: false }
    }

    pub fn describe(&self) -> String {
        let bytes: usize = self.tails.iter().map(String::len).sum();
        let mean = bytes / self.tails.len().max(1);
        let kind = if self.real { "real" } else { "generated (64 shapes)" };
        format!(
            "{} {kind} events of {mean} bytes on average, under fresh ids and times",
            self.tails.len()
        )
    }

    pub fn len(&self) -> usize {
        self.tails.len()
    }

    /// One body of `count` lines from line `from` on (it wraps), each with an id made of `salt` and its number.
    pub fn body(&self, from: usize, count: usize, salt: &str, at: &str) -> Vec<u8> {
        use std::fmt::Write as _;
        let mut body = String::with_capacity(count * 2200);
        for n in 0..count {
            let tail = &self.tails[(from + n) % self.tails.len()];
            // Writing to a String cannot fail.
            let _ = write!(body, r#"{{"_id":"{salt}-{n}","@timestamp":"{at}","#);
            body.push_str(tail);
            body.push('\n');
        }
        body.into_bytes()
    }
}

/// An event of one of the shapes, told from others of its shape by `n`.
fn shaped(shape: usize, n: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for field in 0..=shape {
        let filler = "x".repeat(field % 23);
        let _ = write!(
            text,
            r#""Field{field}":"value {} of shape {shape} {filler}","#,
            n * 31 + field
        );
    }
    let source = match shape % 4 {
        0 => format!(
            r#""Channel":"Security","EventID":{},"Hostname":"ws-{n}"}}"#,
            4600 + shape
        ),
        1 => format!(
            r#""Channel":"Microsoft-Windows-Sysmon/Operational","EventID":{},"CommandLine":"p{n}.exe /s {shape}"}}"#,
            1 + shape / 4
        ),
        2 => format!(
            r#""message":"Accepted publickey for user{n} from 10.0.0.{shape} port 40022 ssh2","process":{{"name":"sshd"}}}}"#
        ),
        _ => format!(r#""eventSource":"s{shape}.amazonaws.com","eventName":"Describe{n}","eventVersion":"1.08"}}"#),
    };
    text + &source
}

/// The line without its own times and ids, as text after the opening brace.
fn tail(line: &str) -> Option<String> {
    let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    for field in ["@timestamp", "timestamp", "_id", "ts"] {
        event.remove(field);
    }
    let text = serde_json::to_string(&event).ok()?;
    let tail = text.strip_prefix('{')?;
    (tail != "}").then(|| tail.to_owned())
}
