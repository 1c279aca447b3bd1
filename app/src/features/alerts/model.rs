//! Links into the queue, and what the pages say about an alert. The queue's own state is in `filter.rs`.

use wolfsec::Timestamp;
use wolfsec::alerts::{AlertStatus, BulkChange};
use wolfsec::attack::Tactic;
use wolfsec::detection::Entity;
use wolfsec::severity::Severity;

use crate::components::shell::grouped;
use crate::features::url_query::UrlQuery;

/// Where the queue lives.
pub const QUEUE: &str = "/alerts";
/// Where everything that matches is changed.
pub const CHANGE: &str = "/alerts/change";

/// Links into the queue: each number on another page leads to the list of what it counts.
pub struct QueueLink(UrlQuery);

impl QueueLink {
    /// What nobody has acknowledged.
    pub fn open() -> Self {
        Self(UrlQuery::default().with("status", "open"))
    }
    /// What is unresolved and belongs to whoever looks.
    pub fn mine() -> Self {
        Self(UrlQuery::default().with("assignee", "me"))
    }
    /// Whatever its status.
    pub fn all() -> Self {
        Self(UrlQuery::default().with("status", "all"))
    }
    #[must_use]
    pub fn severities(self, severities: &[Severity]) -> Self {
        let slugs: Vec<&str> = severities.iter().map(|severity| severity.as_str()).collect();
        Self(self.0.with("severity", &slugs.join(",")))
    }
    #[must_use]
    pub fn longest_first(self) -> Self {
        Self(self.0.with("sort", "waiting"))
    }
    #[must_use]
    pub fn rule(self, sigma_id: &str) -> Self {
        Self(self.0.with("rule", sigma_id))
    }
    #[must_use]
    pub fn tactic(self, tactic: Tactic) -> Self {
        Self(self.0.with("tactic", tactic.as_str()))
    }
    #[must_use]
    pub fn entity(self, entity: &Entity) -> Self {
        Self(self.0.with("entity", &format!("{}:{}", entity.kind, entity.value)))
    }
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self(self.0.with("since", &exact_time(since)))
    }
    #[must_use]
    pub fn until(self, until: Timestamp) -> Self {
        Self(self.0.with("until", &exact_time(until)))
    }
    #[must_use]
    pub fn raised_since(self, since: Timestamp) -> Self {
        Self(self.0.with("raised", &exact_time(since)))
    }
    pub fn href(&self) -> String {
        self.0.href(QUEUE)
    }
}

/// To the microsecond: a link must not gain or lose a row by rounding.
pub fn exact_time(time: Timestamp) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// What a bulk change did, as a sentence's beginning: `212 alerts resolved as benign`.
pub fn bulk_words(change: &BulkChange) -> String {
    let what = match (change.to, change.resolution) {
        (None, _) => "commented".to_owned(),
        (Some(AlertStatus::Open), _) => "reopened".to_owned(),
        (Some(AlertStatus::InProgress), _) => "put in progress".to_owned(),
        (Some(AlertStatus::Resolved), Some(resolution)) => {
            format!("resolved as {}", resolution.label().to_lowercase())
        }
        (Some(status), _) => status.label().to_lowercase(),
    };
    format!("{} {what}", alerts(change.changed.len()))
}

/// `1 alert`, `2 alerts`.
pub fn alerts(n: usize) -> String {
    let word = if n == 1 { "alert" } else { "alerts" };
    format!("{} {word}", grouped(i64::try_from(n).unwrap_or(i64::MAX)))
}

/// The page of an ATT&CK technique (`T1110.001`); `None` when the id is not one.
pub fn technique_href(id: &str) -> Option<String> {
    let digits = id.strip_prefix('T')?;
    let (technique, sub) = digits
        .split_once('.')
        .map_or((digits, None), |(technique, sub)| (technique, Some(sub)));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !number(technique) || !sub.is_none_or(number) {
        return None;
    }
    let sub = sub.map(|sub| format!("{sub}/")).unwrap_or_default();
    Some(format!("https://attack.mitre.org/techniques/T{technique}/{sub}"))
}

/// What the notice after a form says.
pub fn done_message(slug: &str) -> Option<&'static str> {
    match slug {
        "acknowledged" => Some("Acknowledged: the alert is yours."),
        "in_progress" => Some("In progress: the alert is yours."),
        "resolved" => Some("Resolved."),
        "open" => Some("Reopened: nobody has acknowledged it yet."),
        "comment" => Some("Comment added."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulk_change_is_told_in_words() {
        let mut change = BulkChange {
            id: wolfsec::ids::BulkId(uuid::Uuid::nil()),
            at: Timestamp::default(),
            actor: "jo".to_owned(),
            to: Some(AlertStatus::Resolved),
            resolution: Some(wolfsec::alerts::Resolution::Benign),
            changed: vec!["00000000000000000000000000000001:1".parse().unwrap()],
            overtaken: Vec::new(),
            refused: Vec::new(),
            missing: Vec::new(),
        };
        assert_eq!(bulk_words(&change), "1 alert resolved as benign");
        (change.to, change.resolution) = (None, None);
        change.changed.clear();
        assert_eq!(bulk_words(&change), "0 alerts commented");
    }

    #[test]
    fn links_carry_the_filter_of_their_number() {
        let link = QueueLink::open()
            .severities(&[Severity::Critical, Severity::High])
            .longest_first();
        assert_eq!(link.href(), "/alerts?status=open&severity=critical%2Chigh&sort=waiting");
    }

    #[test]
    fn techniques_link_to_attack() {
        assert_eq!(
            technique_href("T1110.001").as_deref(),
            Some("https://attack.mitre.org/techniques/T1110/001/")
        );
        assert_eq!(
            technique_href("T1110").as_deref(),
            Some("https://attack.mitre.org/techniques/T1110/")
        );
        for strange in ["", "T", "1110", "T11.x", "T1110.", "T1/../x"] {
            assert_eq!(technique_href(strange), None, "{strange}");
        }
    }
}
