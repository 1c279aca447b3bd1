//! A database of its own for every test, copied from a migrated one.

use std::future::Future;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tokio::sync::OnceCell;
use wolf_server::adapters::pg;

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
        self.cluster
            .clone()
            .username(role)
            .database(&self.name)
            .to_url_lossy()
            .to_string()
    }
    /// A pool as the application's role.
    pub async fn pool(&self) -> PgPool {
        pg::connect(&self.url("wolfsec_app"), 5).await.unwrap()
    }
    pub async fn connection(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role)).await.unwrap()
    }
}

/// Runs a test on a fresh database, or says that there is none.
pub async fn with_database<F: Future<Output = ()>>(test: impl FnOnce(TestDatabase) -> F) {
    let Ok(url) = std::env::var("WOLFSEC_TEST_DATABASE_URL") else {
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

/// Makes the roles and the migrated template.
async fn prepare(cluster: &PgConnectOptions) {
    let mut admin = cluster.connect().await.unwrap();
    admin.execute(LOCK).await.unwrap();
    admin
        .execute(
            "DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_owner') THEN
                     CREATE ROLE wolfsec_owner LOGIN NOSUPERUSER;
                 END IF;
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') THEN
                     CREATE ROLE wolfsec_app LOGIN NOSUPERUSER;
                 END IF;
             END $$",
        )
        .await
        .unwrap();
    execute(&mut admin, format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
    execute(&mut admin, format!("CREATE DATABASE {TEMPLATE} OWNER wolfsec_owner")).await;
    let template = cluster
        .clone()
        .username("wolfsec_owner")
        .database(TEMPLATE)
        .to_url_lossy();
    pg::migrate(template.as_str()).await.unwrap();
    // A second time changes nothing.
    pg::migrate(template.as_str()).await.unwrap();
    admin.close().await.unwrap();
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
