//! Log shippers as they are installed on this machine. Where one is missing its test says what to install.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

/// How long a client may take for what a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub struct Rsyslog {
    program: PathBuf,
}

pub struct RunningRsyslog {
    child: Child,
    folder: PathBuf,
    input: UnixStream,
}

impl Rsyslog {
    pub fn find() -> Option<Self> {
        let program = ["/usr/sbin/rsyslogd", "/usr/local/sbin/rsyslogd"].map(PathBuf::from);
        let module = [
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
        ]
        .map(|folder| Path::new(folder).join("rsyslog/omelasticsearch.so"));
        let found = program.into_iter().find(|path| path.is_file());
        let found = found.filter(|_| module.iter().any(|path| path.is_file()));
        if found.is_none() {
            eprintln!(
                "skipped: install rsyslog and rsyslog-elasticsearch (apt-get install rsyslog rsyslog-elasticsearch)"
            );
        }
        found.map(|program| Self { program })
    }

    /// With the configuration that the page "Add a peer" offers, and a socket in the place of the system's logs.
    pub async fn start(&self, server: SocketAddr, key: &str) -> RunningRsyslog {
        let folder = std::env::temp_dir().join(format!("wolfsec-rsyslog-{}", server.port()));
        std::fs::create_dir_all(&folder).unwrap();
        let here = folder.display();
        let offered = app::features::peers::shippers::rsyslog(&format!("http://{server}"), key);
        let config = format!(
            "global(workDirectory=\"{here}\")\nmodule(load=\"imptcp\")\ninput(type=\"imptcp\" path=\"{here}/in\")\n{offered}"
        );
        let file = folder.join("rsyslog.conf");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(&self.program)
            .arg("-n")
            .arg("-f")
            .arg(&file)
            .arg("-i")
            .arg(folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let socket = folder.join("in");
        let connect = async {
            loop {
                match UnixStream::connect(&socket).await {
                    Ok(stream) => break stream,
                    Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
                }
            }
        };
        let input = tokio::time::timeout(PATIENCE, connect).await;
        let input =
            input.unwrap_or_else(|_| panic!("rsyslog: {}", std::fs::read_to_string(folder.join("log")).unwrap()));
        RunningRsyslog { child, folder, input }
    }
}

impl RunningRsyslog {
    pub async fn log(&mut self, lines: &str) {
        self.input.write_all(lines.as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// What a question answers once it is enough, or when patience ends.
    pub async fn until<T, F: Future<Output = T>>(&self, ask: impl Fn() -> F, enough: impl Fn(&T) -> bool) -> T {
        let asking = async {
            loop {
                let answer = ask().await;
                if enough(&answer) {
                    break answer;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(answer) => answer,
            Err(_) => ask().await,
        }
    }

    /// Stops it; what it said.
    pub async fn end(mut self) -> String {
        self.child.kill().await.unwrap();
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
        log
    }
}

pub struct Python {
    program: PathBuf,
}

impl Python {
    pub fn find() -> Option<Self> {
        let program = std::env::var_os("WOLFSEC_TEST_PYTHON").map(PathBuf::from);
        let program = program.filter(|program| program.is_file());
        if program.is_none() {
            eprintln!(
                "skipped: WOLFSEC_TEST_PYTHON names no Python with the package elasticsearch; `cargo xtask test` makes one, or: \
                 python3 -m venv V && V/bin/pip install elasticsearch, and set it to V/bin/python"
            );
        }
        program.map(|program| Self { program })
    }

    /// What a script writes to standard output.
    pub async fn run(&self, script: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(script).args(arguments).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
