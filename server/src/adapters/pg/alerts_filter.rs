//! A query's conditions in SQL: the list, its counts and a change of all that match share them.

use sqlx::{Postgres, QueryBuilder};
use wolfsec::alerts::{AlertOrder, AlertQuery, AlertStatus, AssigneeFilter, Resolution};

use super::text::{contains_pattern, storable};

/// Everything but severity, position and limit; begins with a condition, `AND` follows.
pub(super) fn push_filter_of_any_severity(sql: &mut QueryBuilder<Postgres>, query: &AlertQuery) {
    sql.push("true");
    if !query.statuses.is_empty() {
        if !query.statuses.contains(&AlertStatus::Resolved) {
            // Said as the partial indexes say it.
            sql.push(" AND status <> 'resolved'");
        }
        let statuses: Vec<&str> = query.statuses.iter().map(|status| status.as_str()).collect();
        sql.push(" AND status = ANY(").push_bind(statuses).push(")");
    }
    if let Some(resolution) = query.resolution {
        sql.push(" AND resolution = ").push_bind(Resolution::as_str(resolution));
    }
    if let Some(rule) = &query.rule {
        sql.push(" AND rule_id = ").push_bind(storable(rule).into_owned());
    }
    if let Some(peer) = &query.peer {
        sql.push(" AND peer_id = (SELECT id FROM peers WHERE lower(name) COLLATE \"C\" = lower(");
        sql.push_bind(storable(peer).into_owned()).push("))");
    }
    match &query.assignee {
        None => {}
        Some(AssigneeFilter::Nobody) => {
            sql.push(" AND assignee_id IS NULL");
        }
        Some(AssigneeFilter::User(user)) => {
            sql.push(" AND assignee_id = ").push_bind(user.0);
        }
        Some(AssigneeFilter::UserOrNobody(user)) => {
            sql.push(" AND (assignee_id IS NULL OR assignee_id = ")
                .push_bind(user.0)
                .push(")");
        }
        Some(AssigneeFilter::Named(name)) => {
            sql.push(" AND assignee_id = (SELECT id FROM users WHERE lower(name) COLLATE \"C\" = lower(");
            sql.push_bind(storable(name).into_owned()).push("))");
        }
    }
    if let Some(tactic) = query.tactic {
        sql.push(" AND ").push_bind(tactic.as_str()).push(" = ANY(tactics)");
    }
    if let Some(entity) = &query.entity {
        sql.push(" AND entities @> jsonb_build_array(jsonb_build_object('type', ")
            .push_bind(storable(&entity.kind).into_owned())
            .push("::text, 'value', ")
            .push_bind(storable(&entity.value).into_owned())
            .push("::text))");
    }
    for term in &query.terms {
        let pattern = contains_pattern(term);
        sql.push(" AND (rule_title ILIKE ").push_bind(pattern.clone());
        sql.push(" OR peer_id IN (SELECT id FROM peers WHERE name ILIKE ")
            .push_bind(pattern.clone());
        sql.push(") OR EXISTS (SELECT FROM jsonb_array_elements(entities) AS e WHERE e ->> 'value' ILIKE ")
            .push_bind(pattern)
            .push("))");
    }
    if let Some(since) = query.since {
        sql.push(" AND last_seen >= ").push_bind(since);
    }
    if let Some(until) = query.until {
        sql.push(" AND last_seen < ").push_bind(until);
    }
    if let Some(raised) = query.raised_since {
        sql.push(" AND created_at >= ").push_bind(raised);
    }
}

/// The same with severity and position.
pub(super) fn push_filter(sql: &mut QueryBuilder<Postgres>, query: &AlertQuery) {
    push_filter_of_any_severity(sql, query);
    if !query.severities.is_empty() {
        let ranks: Vec<i16> = query.severities.iter().map(|severity| severity.rank()).collect();
        sql.push(" AND severity = ANY(").push_bind(ranks).push(")");
    }
    if let Some(cursor) = query.after {
        sql.push(match query.order {
            AlertOrder::Newest => " AND (last_seen, id) < (",
            AlertOrder::Waiting => " AND (created_at, id) > (",
        });
        sql.push_bind(cursor.at).push(", ").push_bind(cursor.id).push(")");
    }
}

/// Order and limit.
pub(super) fn push_page(sql: &mut QueryBuilder<Postgres>, query: &AlertQuery, rows: i64) {
    sql.push(match query.order {
        AlertOrder::Newest => " ORDER BY last_seen DESC, id DESC LIMIT ",
        AlertOrder::Waiting => " ORDER BY created_at, id LIMIT ",
    });
    sql.push_bind(rows);
}
