//! Remembered imports of rule packs.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use wolfsec::ids::RuleImportId;
use wolfsec::ports::RepositoryResult;
use wolfsec::rules::{ImportProblem, MAX_IMPORT_PROBLEMS, MAX_IMPORTS, RuleImport};

use super::error::{inconsistent, store_error, to_json};
use super::text::storable;

fn import(row: &PgRow) -> RepositoryResult<RuleImport> {
    let count = |column: &str| {
        let count: i64 = row.try_get(column).map_err(store_error)?;
        u64::try_from(count).map_err(|error| inconsistent(column, error))
    };
    let problems: serde_json::Value = row.try_get("problems").map_err(store_error)?;
    let problems: Vec<ImportProblem> =
        serde_json::from_value(problems).map_err(|error| inconsistent("problems", error))?;
    let (used, needs_values, refused) = (count("used")?, count("needs_values")?, count("refused")?);
    let (added, changed) = (count("added")?, count("changed")?);
    let read = || {
        Ok(RuleImport {
            id: RuleImportId(row.try_get("id")?),
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            pack: row.try_get("pack")?,
            used,
            needs_values,
            refused,
            added,
            changed,
            failure: row.try_get("failure")?,
            problems,
        })
    };
    read().map_err(store_error)
}

/// Adds one and forgets the oldest beyond the bound.
pub(super) async fn record(conn: &mut PgConnection, import: &RuleImport) -> RepositoryResult<()> {
    let stored = &import.problems[..import.problems.len().min(MAX_IMPORT_PROBLEMS)];
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO rule_imports (id, at, actor, pack, used, needs_values, refused, added, changed, failure, problems)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb)",
    )
    .bind(import.id.0)
    .bind(import.at)
    .bind(storable(&import.actor))
    .bind(storable(&import.pack))
    .bind(count(import.used))
    .bind(count(import.needs_values))
    .bind(count(import.refused))
    .bind(count(import.added))
    .bind(count(import.changed))
    .bind(storable(&import.failure))
    // jsonb cannot hold the escape of NUL.
    .bind(to_json(stored)?.replace("\\u0000", "\u{fffd}"))
    .execute(&mut *conn)
    .await
    .map_err(store_error)?;
    sqlx::query("DELETE FROM rule_imports WHERE id IN (SELECT id FROM rule_imports ORDER BY at DESC, id OFFSET $1)")
        .bind(MAX_IMPORTS)
        .execute(conn)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn get(conn: &mut PgConnection, id: RuleImportId) -> RepositoryResult<Option<RuleImport>> {
    let row = sqlx::query("SELECT * FROM rule_imports WHERE id = $1")
        .bind(id.0)
        .fetch_optional(conn)
        .await
        .map_err(store_error)?;
    row.as_ref().map(import).transpose()
}

pub(super) async fn list(conn: &mut PgConnection) -> RepositoryResult<Vec<RuleImport>> {
    let rows = sqlx::query(
        "SELECT id, at, actor, pack, used, needs_values, refused, added, changed, failure, '[]'::jsonb AS problems
         FROM rule_imports ORDER BY at DESC, id LIMIT $1",
    )
    .bind(MAX_IMPORTS)
    .fetch_all(conn)
    .await
    .map_err(store_error)?;
    rows.iter().map(import).collect()
}
