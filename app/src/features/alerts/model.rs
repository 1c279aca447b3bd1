//! The queue's state in the URL, and what the pages say about an alert.

use wolfsec::alerts::{AlertCounts, AlertQuery, AlertStatus};
use wolfsec::page::{Cursor, Limit};
use wolfsec::severity::Severity;

use crate::features::url_query::{UrlQuery, parse_time};

/// Where the queue lives.
pub const QUEUE: &str = "/alerts";

/// Which alerts by status; `Unresolved` unless the URL says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    Unresolved,
    All,
    One(AlertStatus),
}

impl StatusFilter {
    /// The choices in the order they are offered.
    pub fn choices() -> impl Iterator<Item = Self> {
        [Self::Unresolved]
            .into_iter()
            .chain(AlertStatus::ALL.iter().copied().map(Self::One))
            .chain([Self::All])
    }

    pub const fn slug(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::All => "all",
            Self::One(status) => status.as_str(),
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Unresolved => "Unresolved",
            Self::All => "All",
            Self::One(status) => status.label(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::choices().find(|choice| choice.slug() == text)
    }

    fn statuses(self) -> Vec<AlertStatus> {
        match self {
            Self::Unresolved => vec![AlertStatus::Open, AlertStatus::Acknowledged, AlertStatus::InProgress],
            Self::All => Vec::new(),
            Self::One(status) => vec![status],
        }
    }

    /// How many alerts of a severity there are, where the counts tell.
    pub fn count(self, counts: &AlertCounts, severity: Severity) -> Option<i64> {
        let by_severity = match self {
            Self::Unresolved => &counts.unresolved,
            Self::One(AlertStatus::Open) => &counts.open,
            _ => return None,
        };
        let found = by_severity.iter().find(|(level, _)| *level == severity);
        Some(found.map_or(0, |(_, count)| *count))
    }
}

/// A field of the filter and what is wrong with it.
pub type BadField = (&'static str, String);

/// The queue's filter as the URL has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFilter {
    pub status: StatusFilter,
    pub query: AlertQuery,
}

/// Reads the filter; every value that cannot be used is named.
pub fn queue_filter(url: &UrlQuery) -> Result<QueueFilter, Vec<BadField>> {
    let mut bad = Vec::new();
    let status = match url.get("status") {
        None => StatusFilter::Unresolved,
        Some(text) => StatusFilter::parse(text).unwrap_or_else(|| {
            bad.push(("status", format!("there is no status “{text}”")));
            StatusFilter::Unresolved
        }),
    };
    let mut time = |name: &'static str| {
        let text = url.get(name)?;
        let parsed = parse_time(text);
        if parsed.is_none() {
            bad.push((name, "write a time as 2026-11-24T03:00, UTC".to_owned()));
        }
        parsed
    };
    let (since, until) = (time("since"), time("until"));
    if let (Some(since), Some(until)) = (since, until)
        && until <= since
    {
        bad.push(("until", "the end must be after the start".to_owned()));
    }
    let severities = match url.get("severity").map(str::parse::<Severity>) {
        None => Vec::new(),
        Some(Ok(severity)) => vec![severity],
        Some(Err(error)) => {
            bad.push(("severity", error.to_string()));
            Vec::new()
        }
    };
    let after = match url.get("after").map(str::parse::<Cursor>) {
        None => None,
        Some(Ok(cursor)) => Some(cursor),
        Some(Err(error)) => {
            bad.push(("after", error.to_string()));
            None
        }
    };
    if !bad.is_empty() {
        return Err(bad);
    }
    let query = AlertQuery {
        statuses: status.statuses(),
        severities,
        rule: url.get("rule").map(ToOwned::to_owned),
        peer: url.get("peer").map(ToOwned::to_owned),
        assignee: None,
        since,
        until,
        limit: Limit::default(),
        after,
    };
    Ok(QueueFilter { status, query })
}

/// A link into the queue for one severity of open alerts.
pub fn open_href(severity: Severity) -> String {
    UrlQuery::default()
        .with("status", AlertStatus::Open.as_str())
        .with("severity", severity.as_str())
        .href(QUEUE)
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
    fn the_queue_shows_what_is_unresolved_unless_asked() {
        let filter = queue_filter(&UrlQuery::default()).unwrap();
        assert_eq!(filter.status, StatusFilter::Unresolved);
        assert_eq!(filter.query.statuses.len(), 3);
        let all = queue_filter(&UrlQuery::parse("status=all")).unwrap();
        assert!(all.query.statuses.is_empty());
        let open = queue_filter(&UrlQuery::parse(
            "status=open&severity=high&peer=web-01&since=2026-11-24",
        ))
        .unwrap();
        assert_eq!(open.query.statuses, [AlertStatus::Open]);
        assert_eq!(open.query.severities, [Severity::High]);
        assert_eq!(open.query.peer.as_deref(), Some("web-01"));
        assert!(open.query.since.is_some());
    }

    #[test]
    fn every_bad_value_is_named() {
        let bad = queue_filter(&UrlQuery::parse(
            "status=x&severity=urgent&since=now&until=2026-11-24&after=1",
        ))
        .unwrap_err();
        let names: Vec<&str> = bad.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["status", "since", "severity", "after"]);
        let turned = queue_filter(&UrlQuery::parse("since=2026-11-24&until=2026-11-23")).unwrap_err();
        assert_eq!(turned[0].0, "until");
    }

    #[test]
    fn counts_are_shown_only_where_they_are_known() {
        let counts = AlertCounts {
            open: vec![(Severity::High, 2)],
            unresolved: vec![(Severity::High, 5)],
        };
        let count = |filter: StatusFilter, severity| filter.count(&counts, severity);
        assert_eq!(count(StatusFilter::Unresolved, Severity::High), Some(5));
        assert_eq!(count(StatusFilter::One(AlertStatus::Open), Severity::High), Some(2));
        assert_eq!(count(StatusFilter::Unresolved, Severity::Low), Some(0));
        assert_eq!(count(StatusFilter::All, Severity::High), None);
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
