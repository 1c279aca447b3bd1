//! What the application's role may not do.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use wolf_server::adapters::pg::{self, PgStore};
use wolfsec::ports::Store as _;
use wolfsec_testkit::contract;

use crate::database::{PASSWORD, execute, with_database};

async fn refusal(connection: &mut PgConnection, sql: &'static str) -> String {
    let error = connection.execute(sql).await.unwrap_err();
    error.as_database_error().unwrap().code().unwrap().into_owned()
}

#[tokio::test]
async fn the_application_only_ever_adds_to_the_audit_log() {
    with_database(|database| async move {
        contract::records::the_audit_trail_is_appended_and_read(&PgStore::new(database.pool().await)).await;
        let mut app = database.connection("wolfsec_app").await;
        for sql in [
            "UPDATE audit_log SET note = 'x'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
            "DROP TABLE audit_log",
            "ALTER TABLE audit_log DISABLE TRIGGER ALL",
            "DROP TRIGGER audit_log_append_only ON audit_log",
            "SET SESSION AUTHORIZATION wolfsec_owner",
            "SET ROLE wolfsec_owner",
            "CREATE TABLE public.mine (x int)",
            "DROP TABLE events",
            "DELETE FROM events",
            "UPDATE events SET message = ''",
        ] {
            assert_eq!(refusal(&mut app, sql).await, "42501", "{sql}");
        }
        // The owner is stopped by the trigger.
        let mut owner = database.connection("wolfsec_owner").await;
        for sql in [
            "UPDATE audit_log SET note = 'x'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
        ] {
            assert_eq!(refusal(&mut owner, sql).await, "42501", "{sql}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_application_is_no_superuser_and_owns_nothing() {
    with_database(|database| async move {
        let mut app = database.connection("wolfsec_app").await;
        let row = app
            .fetch_one(
                "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls,
                        (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned
                 FROM pg_roles r WHERE rolname = current_user",
            )
            .await
            .unwrap();
        for right in ["rolsuper", "rolcreatedb", "rolcreaterole", "rolbypassrls"] {
            assert!(!row.get::<bool, _>(right), "{right}");
        }
        assert_eq!(row.get::<i64, _>("owned"), 0);
    })
    .await;
}

#[tokio::test]
async fn one_role_can_do_without_the_others() {
    with_database(|database| async move {
        // A database whose one role both migrates and works.
        let name = format!("single_{}", std::process::id());
        let mut admin = database.superuser().await;
        execute(&mut admin, format!("DROP DATABASE IF EXISTS {name}")).await;
        execute(&mut admin, format!("DROP ROLE IF EXISTS {name}")).await;
        execute(
            &mut admin,
            format!("CREATE ROLE {name} LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'"),
        )
        .await;
        execute(&mut admin, format!("CREATE DATABASE {name} OWNER {name}")).await;
        let url = database.url_of(&name, &name);
        pg::migrate(&url).await.unwrap();
        let pool = pg::connect(&url, 2).await.unwrap();
        let store = PgStore::new(pool.clone());
        contract::events::a_mixed_batch_stores_what_is_new(&store).await;
        drop(store.begin().await.unwrap());
        let refused = sqlx::query("DELETE FROM audit_log").execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("only ever added to"));
        pool.close().await;
        admin
            .execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .await
            .unwrap();
        admin.execute(AssertSqlSafe(format!("DROP ROLE {name}"))).await.unwrap();
    })
    .await;
}
