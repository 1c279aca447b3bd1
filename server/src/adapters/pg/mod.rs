//! PostgreSQL behind the store's ports. One pool, one transaction a unit of work, one file an aggregate. Statements
//! never run in a loop over rows: many rows travel as arrays or by COPY.

mod alerts;
mod alerts_filter;
mod alerts_fold;
mod alerts_work;
mod audit;
mod copy;
mod error;
mod events;
mod events_insert;
mod live;
mod logsources;
mod metrics;
mod overview;
mod peers;
mod peers_fleet;
mod ready;
mod rule_imports;
mod rules;
mod rules_signal;
mod sessions;
mod settings;
mod store;
mod text;
mod tokens;
mod users;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

pub use live::PgLiveFeed;
pub use ready::{Readiness, answers, readiness};
pub use rules_signal::{RulesListener, announce_rules, await_rules};
pub use store::{PgStore, PgUnitOfWork};

/// What this server's schema is made of.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

const ACQUIRE_PATIENCE: Duration = Duration::from_secs(3);

/// The one pool, as the application role. Statements end after 30 seconds and never spread over parallel workers:
/// a person waits for them, and ingest needs the cores.
pub async fn connect(url: &str, max_connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("wolfsec").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("max_parallel_workers_per_gather", "0"),
        ("jit", "off"),
    ]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_PATIENCE)
        .connect_with(options)
        .await
}

/// Brings the schema up to date, as the role that owns it.
pub async fn migrate(url: &str) -> Result<(), MigrateError> {
    let options = PgConnectOptions::from_str(url)?.application_name("wolfsec migrations");
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
