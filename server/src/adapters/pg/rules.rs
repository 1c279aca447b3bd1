//! Detection rules.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::Timestamp;
use wolfsec::attack::Tactic;
use wolfsec::ids::RuleImportId;
use wolfsec::ports::{RepositoryResult, RuleRepository};
use wolfsec::rules::{
    Rule, RuleBrief, RuleCoverage, RuleImport, RuleOrigin, RuleQuery, RuleText, RulesRevision, Upserted,
};

use super::error::{store_error, stored, stored_severity, to_json};
use super::text::{contains_pattern, storable};
use super::{PgUnitOfWork, rule_imports};

/// Rules loaded at most.
const MAX_RULES: i64 = 50_000;

fn rule(row: &PgRow) -> RepositoryResult<Rule> {
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(store_error);
    let level = stored_severity(row.try_get("level").map_err(store_error)?)?;
    let kind = stored("kind", text("kind")?)?;
    let origin = stored("origin", text("origin")?)?;
    let state = stored("state", text("state")?)?;
    let tactics = tactics(&row.try_get::<Vec<String>, _>("tactics").map_err(store_error)?)?;
    let read = || {
        Ok(Rule {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            description: row.try_get("description")?,
            author: row.try_get("author")?,
            license: row.try_get("license")?,
            level,
            kind,
            origin,
            state,
            reason: row.try_get("reason")?,
            enabled: row.try_get("enabled")?,
            version: row.try_get("version")?,
            logsource: row.try_get("logsource")?,
            techniques: row.try_get("techniques")?,
            tactics,
            false_positives: row.try_get("false_positives")?,
            references: row.try_get("links")?,
            pack: row.try_get("pack")?,
            path: row.try_get("path")?,
            yaml: row.try_get("yaml")?,
            updated_at: row.try_get("updated_at")?,
        })
    };
    read().map_err(store_error)
}

fn tactics(slugs: &[String]) -> RepositoryResult<Vec<Tactic>> {
    slugs.iter().map(|slug| stored("tactics", slug)).collect()
}

/// The twin rows of a batch cannot both be stored by one statement: the last one of an id counts.
fn last_of_each(rules: &[Rule]) -> Vec<&Rule> {
    let by_id: std::collections::BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    by_id.into_values().collect()
}

const UPSERT: &str = "
    INSERT INTO rules AS r (id, title, description, author, level, kind, origin, state, reason, enabled, version,
                            logsource, techniques, links, path, yaml, updated_at, license, pack, false_positives,
                            tactics)
    SELECT id, title, description, author, level, kind, origin, state, reason, enabled, version, logsource,
           ARRAY(SELECT json_array_elements_text(techniques::json)), ARRAY(SELECT json_array_elements_text(links::json)),
           path, yaml, updated_at, license, pack, ARRAY(SELECT json_array_elements_text(false_positives::json)),
           ARRAY(SELECT json_array_elements_text(tactics::json))
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::bool[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::timestamptz[], $18::text[], $19::text[], $20::text[], $21::text[])
         AS n (id, title, description, author, level, kind, origin, state, reason, enabled, version, logsource,
               techniques, links, path, yaml, updated_at, license, pack, false_positives, tactics)
    ON CONFLICT (id) DO UPDATE SET
        title = excluded.title, description = excluded.description, author = excluded.author, level = excluded.level,
        kind = excluded.kind, origin = excluded.origin, state = excluded.state, reason = excluded.reason,
        version = r.version + 1, logsource = excluded.logsource, techniques = excluded.techniques,
        links = excluded.links, path = excluded.path, yaml = excluded.yaml, updated_at = excluded.updated_at,
        license = excluded.license, pack = excluded.pack, false_positives = excluded.false_positives,
        tactics = excluded.tactics, enabled = r.enabled AND excluded.state = 'usable'
    WHERE (r.yaml, r.path, r.state, r.reason, r.false_positives, r.tactics)
          IS DISTINCT FROM (excluded.yaml, excluded.path, excluded.state, excluded.reason, excluded.false_positives,
                            excluded.tactics)
    RETURNING xmax = 0";

#[async_trait]
impl RuleRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.rules.upsert_batch", skip_all, fields(rules = rules.len()))]
    async fn upsert_batch(&mut self, rules: &[Rule]) -> RepositoryResult<Upserted> {
        let rules = last_of_each(rules);
        if rules.is_empty() {
            return Ok(Upserted::default());
        }
        let column = |of: fn(&Rule) -> &str| rules.iter().map(|rule| storable(of(rule))).collect::<Vec<_>>();
        let lists = |of: fn(&Rule) -> &[String]| {
            rules
                .iter()
                .map(|rule| to_json(of(rule)))
                .collect::<RepositoryResult<Vec<_>>>()
        };
        let tactics = rules
            .iter()
            .map(|rule| to_json(&rule.tactics))
            .collect::<RepositoryResult<Vec<_>>>()?;
        let levels: Vec<_> = rules.iter().map(|rule| rule.level.rank()).collect();
        let enabled: Vec<_> = rules.iter().map(|rule| rule.enabled).collect();
        let versions: Vec<_> = rules.iter().map(|rule| rule.version.max(1)).collect();
        let updated: Vec<_> = rules.iter().map(|rule| rule.updated_at).collect();
        let added: Vec<bool> = sqlx::query_scalar(UPSERT)
            .bind(column(|rule| &rule.id))
            .bind(column(|rule| &rule.title))
            .bind(column(|rule| &rule.description))
            .bind(column(|rule| &rule.author))
            .bind(&levels)
            .bind(column(|rule| rule.kind.as_str()))
            .bind(column(|rule| rule.origin.as_str()))
            .bind(column(|rule| rule.state.as_str()))
            .bind(column(|rule| &rule.reason))
            .bind(&enabled)
            .bind(&versions)
            .bind(column(|rule| &rule.logsource))
            .bind(lists(|rule| &rule.techniques)?)
            .bind(lists(|rule| &rule.references)?)
            .bind(column(|rule| &rule.path))
            .bind(column(|rule| &rule.yaml))
            .bind(&updated)
            .bind(column(|rule| &rule.license))
            .bind(column(|rule| &rule.pack))
            .bind(lists(|rule| &rule.false_positives)?)
            .bind(tactics)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        let new = added.iter().filter(|added| **added).count() as u64;
        Ok(Upserted {
            added: new,
            changed: added.len() as u64 - new,
        })
    }

    #[tracing::instrument(name = "pg.rules.origins", skip_all, fields(rules = ids.len()))]
    async fn origins(&mut self, ids: &[String]) -> RepositoryResult<Vec<(String, RuleOrigin)>> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT id, origin FROM rules WHERE id = ANY($1) LIMIT $2")
            .bind(ids)
            .bind(MAX_RULES)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        rows.into_iter()
            .map(|(id, origin)| Ok((id, stored("origin", &origin)?)))
            .collect()
    }

    #[tracing::instrument(name = "pg.rules.list", skip_all)]
    async fn list(&mut self, query: &RuleQuery) -> RepositoryResult<Vec<Rule>> {
        let mut sql = QueryBuilder::<Postgres>::new(
            "SELECT id, title, description, author, license, pack, level, kind, origin, state, reason, enabled, version, logsource,
                    techniques, tactics, false_positives, links, path, '' AS yaml, updated_at
             FROM rules WHERE true",
        );
        if let Some(enabled) = query.enabled {
            sql.push(" AND enabled = ").push_bind(enabled);
        }
        if let Some(level) = query.level {
            sql.push(" AND level = ").push_bind(level.rank());
        }
        if let Some(origin) = query.origin {
            sql.push(" AND origin = ").push_bind(origin.as_str());
        }
        if let Some(state) = query.state {
            sql.push(" AND state = ").push_bind(state.as_str());
        }
        if let Some(words) = &query.words {
            let pattern = contains_pattern(words);
            sql.push(" AND (title ILIKE ")
                .push_bind(pattern.clone())
                .push(" OR id ILIKE ")
                .push_bind(pattern)
                .push(")");
        }
        if let Some((title, id)) = &query.after {
            sql.push(" AND (title COLLATE \"C\", id COLLATE \"C\") > (")
                .push_bind(storable(title).into_owned());
            sql.push(", ").push_bind(storable(id).into_owned()).push(")");
        }
        sql.push(" ORDER BY title COLLATE \"C\", id COLLATE \"C\" LIMIT ")
            .push_bind(i64::from(query.limit.get()));
        let rows = sql
            .build()
            .persistent(false)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        rows.iter().map(rule).collect()
    }

    #[tracing::instrument(name = "pg.rules.get", skip_all)]
    async fn get(&mut self, id: &str) -> RepositoryResult<Option<Rule>> {
        let row = sqlx::query("SELECT * FROM rules WHERE id = $1")
            .bind(storable(id))
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(rule).transpose()
    }

    #[tracing::instrument(name = "pg.rules.set_enabled", skip_all)]
    async fn set_enabled(&mut self, id: &str, enabled: bool, at: Timestamp) -> RepositoryResult<bool> {
        let done = sqlx::query(
            "UPDATE rules SET enabled = $2, version = version + (enabled <> $2)::int,
                              updated_at = CASE WHEN enabled <> $2 THEN $3 ELSE updated_at END
             WHERE id = $1",
        )
        .bind(storable(id))
        .bind(enabled)
        .bind(at)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.rules.briefs", skip_all, fields(rules = ids.len()))]
    async fn briefs(&mut self, ids: &[String]) -> RepositoryResult<Vec<RuleBrief>> {
        let rows = sqlx::query("SELECT id, description, false_positives, author, license, pack, path, links FROM rules WHERE id = ANY($1) LIMIT $2")
            .bind(ids)
            .bind(MAX_RULES)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        let brief = |row: &PgRow| {
            Ok(RuleBrief {
                id: row.try_get("id")?,
                description: row.try_get("description")?,
                false_positives: row.try_get("false_positives")?,
                author: row.try_get("author")?,
                license: row.try_get("license")?,
                pack: row.try_get("pack")?,
                path: row.try_get("path")?,
                references: row.try_get("links")?,
            })
        };
        rows.iter().map(brief).collect::<Result<_, _>>().map_err(store_error)
    }

    #[tracing::instrument(name = "pg.rules.texts", skip_all)]
    async fn texts(&mut self) -> RepositoryResult<Vec<RuleText>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT path, yaml FROM rules WHERE state = 'usable' ORDER BY id LIMIT $1")
                .bind(MAX_RULES)
                .fetch_all(self.conn())
                .await
                .map_err(store_error)?;
        let text = |(path, yaml)| RuleText { path, yaml };
        Ok(rows.into_iter().map(text).collect())
    }

    #[tracing::instrument(name = "pg.rules.switched_off", skip_all)]
    async fn switched_off(&mut self) -> RepositoryResult<Vec<String>> {
        sqlx::query_scalar("SELECT id FROM rules WHERE state = 'usable' AND NOT enabled LIMIT $1")
            .bind(MAX_RULES)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.rules.revision", skip_all)]
    async fn revision(&mut self) -> RepositoryResult<RulesRevision> {
        let (text, any) = sqlx::query_as("SELECT text_revision, revision FROM rules_state LIMIT 1")
            .fetch_one(self.conn())
            .await
            .map_err(store_error)?;
        Ok(RulesRevision { text, any })
    }

    #[tracing::instrument(name = "pg.rules.record_import", skip_all)]
    async fn record_import(&mut self, import: &RuleImport) -> RepositoryResult<()> {
        rule_imports::record(self.conn(), import).await
    }

    #[tracing::instrument(name = "pg.rules.import", skip_all)]
    async fn import(&mut self, id: RuleImportId) -> RepositoryResult<Option<RuleImport>> {
        rule_imports::get(self.conn(), id).await
    }

    #[tracing::instrument(name = "pg.rules.imports", skip_all)]
    async fn imports(&mut self) -> RepositoryResult<Vec<RuleImport>> {
        rule_imports::list(self.conn()).await
    }

    #[tracing::instrument(name = "pg.rules.coverage", skip_all)]
    async fn coverage(&mut self) -> RepositoryResult<RuleCoverage> {
        let (enabled, slugs): (i64, Vec<String>) = sqlx::query_as(
            "SELECT count(*),
                    ARRAY(SELECT DISTINCT t FROM rules, unnest(tactics) AS t WHERE enabled)
             FROM rules WHERE enabled",
        )
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        let mut tactics = tactics(&slugs)?;
        tactics.sort_unstable();
        Ok(RuleCoverage { enabled, tactics })
    }
}
