//! Log sources are stored once and named by a number.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use wolfsec::events::{LogSource, NewEvent};
use wolfsec::ports::RepositoryResult;

use super::PgUnitOfWork;
use super::error::store_error;
use super::text::shortened;

/// Senders name log sources: the cache stops growing here, an index could not hold longer parts.
const MAX_CACHED: usize = 10_000;
const MAX_PART_CHARS: usize = 200;
const SEPARATOR: &str = "\u{1f}";

/// Numbers of committed log sources.
#[derive(Debug, Default)]
pub(super) struct LogSourceCache(RwLock<HashMap<LogSource, i32>>);

impl LogSourceCache {
    fn get(&self, source: &LogSource) -> Option<i32> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(source)
            .copied()
    }

    /// Takes over what a committed transaction has learnt.
    pub(super) fn learn(&self, learnt: HashMap<LogSource, i32>) {
        if learnt.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (source, id) in learnt {
            if known.len() < MAX_CACHED {
                known.insert(source, id);
            }
        }
    }
}

/// What the table holds of a log source.
fn stored_form(source: &LogSource) -> LogSource {
    let part = |part: &Option<String>| {
        part.as_deref()
            .map(|text| shortened(text, MAX_PART_CHARS).replace(SEPARATOR, " "))
    };
    LogSource {
        product: part(&source.product),
        category: part(&source.category),
        service: part(&source.service),
    }
}

/// The table's generated column, made here.
fn key(form: &LogSource) -> String {
    let part = |part: &Option<String>| part.as_deref().map(|text| format!("={text}")).unwrap_or_default();
    [part(&form.product), part(&form.category), part(&form.service)].join(SEPARATOR)
}

impl PgUnitOfWork {
    /// The number of each log source of these events; new ones are stored.
    pub(super) async fn logsource_ids<'e>(
        &mut self,
        events: &[&'e NewEvent],
    ) -> RepositoryResult<HashMap<&'e LogSource, i32>> {
        let sources: BTreeSet<&LogSource> = events.iter().map(|event| &event.logsource).collect();
        let mut ids: HashMap<&LogSource, i32> = HashMap::with_capacity(sources.len());
        let mut missing: Vec<(&LogSource, LogSource)> = Vec::new();
        for source in sources {
            let form = stored_form(source);
            match self.logsources.get(&form).or_else(|| self.learnt.get(&form).copied()) {
                Some(id) => {
                    ids.insert(source, id);
                }
                None => missing.push((source, form)),
            }
        }
        if missing.is_empty() {
            return Ok(ids);
        }
        let forms: BTreeMap<String, &LogSource> = missing.iter().map(|(_, form)| (key(form), form)).collect();
        let found = self.store_logsources(&forms).await?;
        for (source, form) in missing {
            if let Some(id) = found.get(&key(&form)) {
                ids.insert(source, *id);
                self.learnt.insert(form, *id);
            }
        }
        Ok(ids)
    }

    /// Stores what is not there in a sorted order, so that two writers do not wait for each other, then reads all.
    async fn store_logsources(
        &mut self,
        forms: &BTreeMap<String, &LogSource>,
    ) -> RepositoryResult<HashMap<String, i32>> {
        let keys: Vec<&str> = forms.keys().map(String::as_str).collect();
        let products: Vec<Option<&str>> = forms.values().map(|form| form.product.as_deref()).collect();
        let categories: Vec<Option<&str>> = forms.values().map(|form| form.category.as_deref()).collect();
        let services: Vec<Option<&str>> = forms.values().map(|form| form.service.as_deref()).collect();
        sqlx::query(
            "INSERT INTO logsources (product, category, service)
             SELECT w.product, w.category, w.service
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (key, product, category, service)
             WHERE NOT EXISTS (SELECT FROM logsources l WHERE l.key = w.key)
             ORDER BY w.key COLLATE \"C\"
             ON CONFLICT DO NOTHING",
        )
        .bind(&keys)
        .bind(&products)
        .bind(&categories)
        .bind(&services)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        let rows: Vec<(String, i32)> = sqlx::query_as("SELECT key, id FROM logsources WHERE key = ANY($1)")
            .bind(&keys)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().collect())
    }
}
