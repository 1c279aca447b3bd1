//! The real stack on a database of its own: real router, real pipeline, real PostgreSQL; only the socket is left out.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod clients;
mod line;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;
use wolf_server::config::{Flags, Settings};
use wolf_server::http::Assets;
use wolf_server::startup::{Installation, Server};
use wolfsec::identity::Role;
use wolfsec_app::{Caller, UseCases};

pub use line::Line;

/// Where throw-away databases can be made; the test command starts a cluster and says so here.
pub fn test_cluster() -> Option<String> {
    let url = std::env::var("WOLFSEC_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: WOLFSEC_TEST_DATABASE_URL is not set; `cargo xtask test` starts a cluster and sets it");
    }
    url
}

pub struct TestServer {
    server: Server,
    settings: Settings,
    cluster: String,
    database: String,
    folder: PathBuf,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl TestServer {
    /// `None` without a cluster.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    pub async fn start_with(variables: &[(&str, &str)]) -> Option<Self> {
        Some(Self::on(&test_cluster()?, variables, None).await)
    }

    /// A server whose way to the database can be cut.
    pub async fn start_on_a_line() -> Option<(Self, Line)> {
        let cluster = test_cluster()?;
        let line = Line::to(&cluster).await;
        Some((Self::on(&cluster, &[], Some(&line)).await, line))
    }

    async fn on(cluster: &str, variables: &[(&str, &str)], line: Option<&Line>) -> Self {
        let cluster = cluster.to_owned();
        let database = format!("wolfsec_http_{}", uuid::Uuid::from_u128(rand_u128()).simple());
        admin(&cluster, &format!("CREATE DATABASE {database}")).await;
        let folder = std::env::temp_dir().join(&database);
        let pkg = folder.join("site/pkg");
        std::fs::create_dir_all(&pkg).unwrap();
        std::fs::write(pkg.join("wolfsec-test.css"), "body{}").unwrap();
        std::fs::write(pkg.join("wolfsec-test.js"), "").unwrap();
        let mut all: Vec<(String, String)> = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let url = on_database(&cluster, &database);
        let url = line.map_or(url.clone(), |line| line.url(&url));
        all.push(("WOLFSEC_DATABASE_URL".to_owned(), url));
        let flags = Flags {
            listen: None,
            data_dir: Some(folder.clone()),
        };
        let settings = Settings::from_sources(&flags, &all).unwrap();
        let server = Self::assemble(&settings, &folder).await;
        Self {
            server,
            settings,
            cluster,
            database,
            folder,
        }
    }

    async fn assemble(settings: &Settings, folder: &std::path::Path) -> Server {
        let installation = Installation::open(settings).await.unwrap();
        let bound: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let assets = Assets::load(&folder.join("site")).unwrap();
        Server::assemble(installation, settings.clone(), bound, assets)
            .await
            .unwrap()
    }

    /// What a command of the same data folder works on while this server runs.
    pub async fn beside(&self) -> Installation {
        Installation::open(&self.settings).await.unwrap()
    }

    /// Stops and starts again on the same database.
    pub async fn restart(self) -> Self {
        let Self {
            server,
            settings,
            cluster,
            database,
            folder,
        } = self;
        server.shut_down().await;
        let server = Self::assemble(&settings, &folder).await;
        Self {
            server,
            settings,
            cluster,
            database,
            folder,
        }
    }

    /// Stops and takes the database away.
    pub async fn end(self) {
        let Self {
            server,
            cluster,
            database,
            folder,
            ..
        } = self;
        server.shut_down().await;
        Leftovers {
            cluster,
            database,
            folder,
        }
        .remove()
        .await;
    }

    /// A second server on the same database.
    pub async fn twin(&self) -> Server {
        Self::assemble(&self.settings, &self.folder).await
    }

    /// Gives up the server for a test that stops it itself; [`Leftovers::remove`] takes its database away.
    pub fn split(self) -> (Server, Leftovers) {
        let leftovers = Leftovers {
            cluster: self.cluster,
            database: self.database,
            folder: self.folder,
        };
        (self.server, leftovers)
    }

    /// Runs a statement on the server's database, as the superuser.
    pub async fn sql(&self, sql: &str) {
        admin(&on_database(&self.cluster, &self.database), sql).await;
    }

    pub fn database_url(&self) -> String {
        on_database(&self.cluster, &self.database)
    }
    pub fn data_dir(&self) -> &std::path::Path {
        &self.folder
    }
    pub fn use_cases(&self) -> &UseCases {
        self.server.use_cases()
    }
    pub fn router(&self) -> Router {
        self.server.router.clone()
    }

    /// The answer with its body still to come.
    pub async fn open(&self, request: Request<Body>) -> Response {
        open(self.router(), request).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 * 1024 * 1024).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn json(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn ingest(&self, key: &str, lines: &str) -> Answer {
        let request = Request::post("/api/v1/events")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/x-ndjson");
        self.send(request.body(Body::from(lines.to_owned())).unwrap()).await
    }

    pub async fn peer(&self, name: &str) -> String {
        self.use_cases()
            .add_peer(&Caller::command_line(), name)
            .await
            .unwrap()
            .api_key
    }
    pub async fn token(&self, name: &str, role: Role) -> String {
        self.use_cases()
            .create_token(&Caller::command_line(), name, role, None)
            .await
            .unwrap()
    }
    pub async fn user(&self, name: &str, role: Role) {
        self.use_cases()
            .add_user(&Caller::command_line(), name, role, PASSWORD.to_owned())
            .await
            .unwrap();
    }

    /// Signs in through the form and returns the cookie.
    pub async fn sign_in(&self, name: &str) -> String {
        let answer = self
            .form(
                "/api/sign_in",
                None,
                &format!("name={name}&password={}", PASSWORD.replace(' ', "+")),
            )
            .await;
        let cookie = answer
            .headers
            .get("set-cookie")
            .unwrap_or_else(|| panic!("no session: {}", answer.text()));
        cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// Posts a form as the browser does, from this site.
    pub async fn form(&self, path: &str, cookie: Option<&str>, body: &str) -> Answer {
        let mut request = Request::post(path)
            .header("origin", "http://127.0.0.1:8080")
            .header("referer", "http://127.0.0.1:8080/")
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn page(&self, path: &str, cookie: Option<&str>) -> Answer {
        let mut request = Request::get(path).header("accept", "text/html");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

pub async fn open(router: Router, mut request: Request<Body>) -> Response {
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4242))));
    router.oneshot(request).await.unwrap()
}

/// What a test server leaves behind.
pub struct Leftovers {
    cluster: String,
    database: String,
    folder: PathBuf,
}

impl Leftovers {
    pub async fn remove(self) {
        admin(&self.cluster, &format!("DROP DATABASE {} WITH (FORCE)", self.database)).await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

/// The server on a port of its own, for clients that are programs.
pub struct Listening {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl Listening {
    pub async fn start(server: &TestServer) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let router = server.router().layer(axum::middleware::from_fn_with_state(
            Arc::clone(&requests),
            count_answers,
        ));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            tokio::select! {
                ended = axum::serve(listener, service) => ended.unwrap(),
                _ = stopped => {}
            }
        });
        Self {
            address,
            requests,
            stop,
            serving,
        }
    }

    /// How many were answered.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub async fn end(self) {
        let _ = self.stop.send(());
        self.serving.await.unwrap();
    }
}

async fn count_answers(
    State(requests): State<Arc<AtomicUsize>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let response = next.run(request).await;
    requests.fetch_add(1, Ordering::SeqCst);
    response
}

pub const PASSWORD: &str = "correct horse battery staple";

fn rand_u128() -> u128 {
    u128::from_be_bytes(wolf_den::random::uuid_bytes().unwrap())
}

fn on_database(cluster: &str, database: &str) -> String {
    let (start, query) = cluster
        .split_once('?')
        .map_or((cluster, None), |(start, query)| (start, Some(query)));
    let cut = start.rfind('/').unwrap();
    let base = &start[..cut];
    query.map_or_else(
        || format!("{base}/{database}"),
        |query| format!("{base}/{database}?{query}"),
    )
}

async fn admin(cluster: &str, sql: &str) {
    let pool = wolf_server::adapters::pg::connect(cluster, 1).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

/// The current time as event text, shifted by seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "tests send events as hosts do, with the real time"
)]
pub fn now_plus(seconds: i64) -> String {
    (chrono::Utc::now() + chrono::Duration::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// `n` failed sign-ins as sshd writes them.
pub fn sshd_failures(n: usize, host: &str, from: &str) -> String {
    (0..n)
        .map(|i| {
            let at = now_plus(i64::try_from(i).unwrap() - 60);
            format!(
                r#"{{"@timestamp":"{at}","message":"Failed password for invalid user admin{i} from {from} port {} ssh2","host":{{"name":"{host}"}},"process":{{"name":"sshd","pid":{}}}}}"#,
                40_000 + i,
                1000 + i
            ) + "\n"
        })
        .collect()
}
