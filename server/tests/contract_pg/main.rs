//! The PostgreSQL adapter keeps the contract, and the schema repeats the domain's rules.
//!
//! Needs `WOLFSEC_TEST_DATABASE_URL`: a superuser's URL of a throw-away cluster, whose roles get a password of the tests.
//! Without it the tests say so and pass.
#![expect(clippy::print_stderr, reason = "a skipped test says why")]
#![expect(clippy::unwrap_used, reason = "a test ends where something unforeseen happens")]

mod bulk_statements;
mod database;
mod roles;
mod schema;
mod statements;
mod write_path;

use wolf_server::adapters::pg::{PgLiveFeed, PgStore};
use wolfsec_testkit::contract;

macro_rules! on_postgresql {
    ($($module:ident :: $case:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            database::with_database(|database| async move {
                contract::$module::$case(&PgStore::new(database.pool().await)).await;
            })
            .await;
        }
    )+};
}

wolfsec_testkit::contract_cases!(on_postgresql);

macro_rules! live_on_postgresql {
    ($($module:ident :: $case:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            database::with_database(|database| async move {
                let feed = PgLiveFeed::new(database.url("wolfsec_app"));
                contract::$module::$case(&PgStore::new(database.pool().await), &feed).await;
            })
            .await;
        }
    )+};
}

wolfsec_testkit::live_contract_cases!(live_on_postgresql);
