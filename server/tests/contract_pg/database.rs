//! A database of its own for every test, copied from a migrated one.

use std::future::Future;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tokio::sync::OnceCell;
use wolf_server::adapters::pg;

/// Of every role that tests connect as.
pub const PASSWORD: &str = "contract";
const TEMPLATE: &str = "wolfsec_contract_template";
/// Serialises the test programs that share a cluster.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('wolfsec contract template', 0))";

static PREPARED: OnceCell<()> = OnceCell::const_new();

/// A database that is dropped when the test has ended well.
#[derive(Clone)]
pub struct TestDatabase {
    cluster: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    pub fn url(&self, role: &str) -> String {
        url(&self.cluster, role, &self.name)
    }
    /// Another database of the cluster.
    pub fn url_of(&self, role: &str, database: &str) -> String {
        url(&self.cluster, role, database)
    }
    /// A pool as the application's role.
    pub async fn pool(&self) -> PgPool {
        pg::connect(&self.url("wolfsec_app"), 5).await.unwrap()
    }
    pub async fn superuser(&self) -> PgConnection {
        self.cluster.clone().database(&self.name).connect().await.unwrap()
    }
    pub async fn connection(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role)).await.unwrap()
    }
}

/// Runs a test on a fresh database, or says that there is none.
pub async fn with_database<F: Future<Output = ()>>(test: impl FnOnce(TestDatabase) -> F) {
    let Some(url) = std::env::var("WOLFSEC_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
    else {
        eprintln!("skipped: WOLFSEC_TEST_DATABASE_URL is not set");
        return;
    };
    let cluster = PgConnectOptions::from_str(&url).unwrap();
    PREPARED.get_or_init(|| prepare(&cluster)).await;
    let name = format!("wolfsec_contract_{}", unique());
    let mut admin = cluster.connect().await.unwrap();
    admin.execute(LOCK).await.unwrap();
    execute(
        &mut admin,
        format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER wolfsec_owner"),
    )
    .await;
    admin.close().await.unwrap();
    let database = TestDatabase {
        cluster: cluster.clone(),
        name: name.clone(),
    };
    test(database).await;
    let mut admin = cluster.connect().await.unwrap();
    execute(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// Makes the roles and the migrated template, or brings an earlier program's up to date.
async fn prepare(cluster: &PgConnectOptions) {
    let mut admin = cluster.connect().await.unwrap();
    admin.execute(LOCK).await.unwrap();
    for role in ["wolfsec_owner", "wolfsec_app"] {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        let verb = if known { "ALTER" } else { "CREATE" };
        execute(
            &mut admin,
            format!("{verb} ROLE {role} LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'"),
        )
        .await;
    }
    let template = url(cluster, "wolfsec_owner", TEMPLATE);
    // Of other migrations, or not there.
    if pg::migrate(&template).await.is_err() {
        execute(&mut admin, format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
        execute(&mut admin, format!("CREATE DATABASE {TEMPLATE} OWNER wolfsec_owner")).await;
        pg::migrate(&template).await.unwrap();
    }
    // Once more changes nothing.
    pg::migrate(&template).await.unwrap();
    admin.close().await.unwrap();
}

fn url(cluster: &PgConnectOptions, role: &str, database: &str) -> String {
    let options = cluster.clone().username(role).password(PASSWORD).database(database);
    options.to_url_lossy().to_string()
}

/// Names are this program's own, never a sender's.
pub async fn execute(connection: &mut PgConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

/// Different in every test and every run.
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
