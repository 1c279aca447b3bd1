//! The composition root: database, keys, ports, rules, pipeline, workers, HTTP.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use leptos::config::LeptosOptions;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wolf_den::keyring::KeyRing;
use wolfsec::ports::{Clock as _, LiveFeed as _};
use wolfsec_app::{Ports, UseCases};

use crate::adapters::clock::{SystemClock, TimeOrderedIds};
use crate::adapters::crypto::{DenMint, DenSealer};
use crate::adapters::detector::DetectorHandle;
use crate::adapters::hasher::Argon2Hasher;
use crate::adapters::host::SystemHost;
use crate::adapters::pg;
use crate::adapters::rule_packs::{self, SigmaPacks};
use crate::config::Settings;
use crate::database::Database;
use crate::http::{self, AppState, AppStateParts, Assets, ConnectionLimits, Drained, Traffic, router};
use crate::ingest::{Pipeline, Reports, StatusNews};
use crate::live::LiveHub;
use crate::output::say;
use crate::telemetry::{Metrics, Traces};
use crate::workers::{self, OwnReport, Retention};

/// Each stage behind the connections has this long to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Logs go to standard error, traces to the collector if there is one; once a process.
pub fn start_logging(settings: &Settings, dev: bool) -> anyhow::Result<Option<Traces>> {
    use tracing_subscriber::filter::{LevelFilter, filter_fn};
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
    use tracing_subscriber::util::SubscriberInitExt as _;
    use tracing_subscriber::{EnvFilter, Registry, fmt};
    let filter = if dev {
        "debug,sqlx=info,hyper=info"
    } else {
        settings.log.as_str()
    };
    let filter = EnvFilter::try_new(filter).context("the setting `log` is not a valid filter")?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if settings.log_json {
        lines.json().boxed()
    } else {
        lines.with_ansi(false).boxed()
    };
    let traces = settings.otlp_endpoint.as_deref().map(Traces::start).transpose()?;
    let spans = traces.as_ref().map(|traces| {
        // Log lines stay in the log: traces hold spans, those of libraries left out.
        let own = filter_fn(|metadata| metadata.is_span() && is_own(metadata.target()));
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer());
        layer.with_filter(LevelFilter::DEBUG).with_filter(own)
    });
    Registry::default()
        .with(lines.with_filter(filter))
        .with(spans)
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging: {error}"))?;
    Ok(traces)
}

fn is_own(target: &str) -> bool {
    target.starts_with("wolf") || target.starts_with("app")
}

/// The database and the use cases on it: what every command needs.
pub struct Installation {
    database: Database,
    pool: PgPool,
    use_cases: UseCases,
    detector: Arc<DetectorHandle>,
}

impl Installation {
    /// Opens the data folder's database (starting the embedded one when nothing else runs it) and migrates it.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let database = Database::open(settings).await?;
        Self::on(database, settings).await
    }

    /// The same as the one server of the data folder: a second one is refused.
    async fn open_as_server(settings: &Settings) -> anyhow::Result<Self> {
        let database = Database::open_as_server(settings).await?;
        Self::on(database, settings).await
    }

    async fn on(database: Database, settings: &Settings) -> anyhow::Result<Self> {
        match Self::compose(&database, settings).await {
            Ok((pool, use_cases, detector)) => Ok(Self {
                database,
                pool,
                use_cases,
                detector,
            }),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    async fn compose(
        database: &Database,
        settings: &Settings,
    ) -> anyhow::Result<(PgPool, UseCases, Arc<DetectorHandle>)> {
        pg::migrate(database.migration_url())
            .await
            .context("migrating the database")?;
        let pool = pg::connect(database.url(), settings.database_connections)
            .await
            .context("connecting to the database")?;
        let keys = KeyRing::load_or_create(&settings.data_dir.join("keys")).context("loading the key ring")?;
        let detector = Arc::new(DetectorHandle::new(pool.clone())?);
        let use_cases = UseCases::new(Ports {
            store: Arc::new(pg::PgStore::new(pool.clone())),
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds::new(SystemClock)),
            hasher: Arc::new(Argon2Hasher::default()),
            mint: Arc::new(DenMint),
            sealer: Arc::new(DenSealer::new(keys.audit_key().clone())),
            rules_changed: detector.clone(),
            rule_packs: Arc::new(SigmaPacks),
        });
        detector.connect(use_cases.clone());
        use_cases
            .sync_rules(&rule_packs::bundled_rules(SystemClock.now()))
            .await
            .context("storing the bundled rules")?;
        Ok((pool, use_cases, detector))
    }

    pub const fn use_cases(&self) -> &UseCases {
        &self.use_cases
    }

    /// Ends the pool, and the embedded database if this process started it.
    pub async fn close(self) {
        self.pool.close().await;
        self.database.close().await;
    }
}

/// A running server: router, pipeline and workers on an installation.
pub struct Server {
    installation: Installation,
    pub router: Router,
    pub public_url: String,
    stop: watch::Sender<bool>,
    live: LiveHub,
    workers: JoinHandle<()>,
    live_worker: JoinHandle<()>,
    writer: JoinHandle<()>,
    report_writer: JoinHandle<()>,
}

impl Server {
    /// Puts everything together for a listener at `bound`.
    pub async fn assemble(
        installation: Installation,
        settings: Settings,
        bound: std::net::SocketAddr,
        assets: Assets,
    ) -> anyhow::Result<Self> {
        // The pages' executor; an error says that it is set already.
        let _ = any_spawner::Executor::init_tokio();
        let use_cases = installation.use_cases.clone();
        use_cases.make_partitions().await.context("making partitions")?;
        let listener = pg::RulesListener::connect(installation.database.url())
            .await
            .context("listening for changed rules")?;
        installation.detector.serve().await.context("loading the rules")?;
        let (news, changes) = StatusNews::channel();
        let metrics = Arc::new(Metrics::default());
        let (pipeline, writer) = Pipeline::start(
            use_cases.clone(),
            Arc::clone(&metrics),
            installation.detector.clone(),
            settings.ingest_queue_requests,
            settings.ingest_queue_mb,
            news.clone(),
        );
        let (reports, report_writer) = Reports::start(use_cases.clone(), settings.ingest_queue_requests, news);
        let traffic = Arc::new(Traffic::default());
        let own_peer = use_cases.own_peer().await.context("making the server's own peer")?.id;
        let own_report = OwnReport {
            use_cases: use_cases.clone(),
            reports: reports.clone(),
            host: Arc::new(SystemHost::new(settings.data_dir.clone())),
            traffic: traffic.clone(),
            own_peer,
        };
        let retention = Retention {
            event_days: settings.retention_days,
            metric_days: settings.metric_retention_days,
        };
        let (stop, stopped) = watch::channel(false);
        let workers = tokio::spawn(workers::run(
            use_cases.clone(),
            pipeline.clone(),
            own_peer,
            retention,
            own_report,
            changes,
            stopped,
        ));
        tokio::spawn(workers::follow_rules(
            installation.detector.clone(),
            installation.database.url().to_owned(),
            listener,
            stop.subscribe(),
        ));
        let live = LiveHub::new(settings.live_streams_per_session, settings.live_streams);
        let feed = Arc::new(pg::PgLiveFeed::new(installation.database.url()));
        let first = feed.listen().await;
        let live_worker = tokio::spawn(workers::live(
            feed,
            first,
            use_cases.clone(),
            live.clone(),
            stop.subscribe(),
        ));
        if let Some(options) = installation.database.embedded() {
            tokio::spawn(workers::supervise(installation.pool.clone(), options, stop.subscribe()));
        }
        let public_url = settings.effective_public_url(bound);
        let leptos = leptos_options(&assets, bound);
        let state = AppState::new(AppStateParts {
            use_cases,
            pipeline,
            reports,
            traffic,
            live: live.clone(),
            metrics,
            detector: installation.detector.clone(),
            pool: installation.pool.clone(),
            own_peer,
            settings,
            public_url: public_url.clone(),
            assets,
            leptos,
        });
        Ok(Self {
            installation,
            router: router(state),
            public_url,
            stop,
            live,
            workers,
            live_worker,
            writer,
            report_writer,
        })
    }

    pub const fn use_cases(&self) -> &UseCases {
        self.installation.use_cases()
    }

    /// Drains: live streams and workers first, then what the pipeline holds, then the database.
    pub async fn shut_down(self) {
        let Self {
            installation,
            router,
            stop,
            live,
            workers,
            live_worker,
            writer,
            report_writer,
            ..
        } = self;
        live.stop();
        let _ = stop.send(true);
        if tokio::time::timeout(DRAIN, async { tokio::join!(workers, live_worker) })
            .await
            .is_err()
        {
            tracing::warn!("workers did not end in time");
        }
        // The router holds the last sender of the pipeline.
        drop(router);
        if tokio::time::timeout(DRAIN, writer).await.is_err() {
            tracing::warn!("the pipeline did not drain in time");
        }
        if tokio::time::timeout(DRAIN, report_writer).await.is_err() {
            tracing::warn!("reports of peers did not drain in time");
        }
        installation.close().await;
    }
}

/// The framework only writes the names of script and module into the document. Told to look hashes up, it would read a file
/// for every page.
fn leptos_options(assets: &Assets, bound: std::net::SocketAddr) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name(assets.script.as_str())
        .site_pkg_dir("pkg")
        .site_addr(bound)
        .build()
}

/// Runs until SIGINT or SIGTERM; `site` is the one that is built into the program.
pub async fn serve(settings: Settings, site: Option<&[u8]>) -> anyhow::Result<()> {
    let assets = Assets::find(site)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    let bound = listener.local_addr().context("reading the listener's address")?;
    let installation = Installation::open_as_server(&settings).await?;
    let server = Server::assemble(installation, settings, bound, assets).await?;
    let url = server.public_url.clone();
    if let Some(token) = server.use_cases().issue_setup_token().await? {
        say(&format!("set-up {url}/setup?token={token}\n"))?;
    }
    say(&format!("ready {url}\n"))?;
    tracing::info!(%bound, "serving");
    serve_until(listener, server, ConnectionLimits::default(), stop_signal()).await;
    Ok(())
}

/// Serves until `stop` is done, then drains and shuts down.
pub async fn serve_until(
    listener: TcpListener,
    server: Server,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()> + Send,
) -> Drained {
    let live = server.live.clone();
    let stop = async move {
        stop.await;
        tracing::info!("stopping");
        // A stream never ends by itself.
        live.stop();
    };
    let drained = http::serve(listener, server.router.clone(), limits, stop).await;
    server.shut_down().await;
    tracing::info!("stopped");
    drained
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not handled");
            let _ = interrupt.await;
        }
    }
}
