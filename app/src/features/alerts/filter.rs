//! The queue's state in the URL.

use wolfsec::alerts::{AlertOrder, AlertQuery, AlertStatus, AlertTally, AssigneeFilter, Resolution};
use wolfsec::attack::Tactic;
use wolfsec::detection::Entity;
use wolfsec::events::{MAX_TERMS, query_terms};
use wolfsec::ids::UserId;
use wolfsec::page::{Cursor, Limit};
use wolfsec::severity::Severity;

use crate::features::url_query::{UrlQuery, parse_time};

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

    /// How many alerts of this choice there are, where a count made under `counted` tells.
    pub fn count(self, counted: Self, tally: &AlertTally) -> Option<i64> {
        match (self, counted) {
            (choice, counted) if choice == counted => Some(tally.total()),
            (Self::One(AlertStatus::Resolved), Self::Unresolved) => None,
            (Self::One(status), Self::All | Self::Unresolved) => Some(tally.of_status(status)),
            (Self::Unresolved, Self::All) => Some(tally.total() - tally.of_status(AlertStatus::Resolved)),
            _ => None,
        }
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

/// Reads values and remembers which cannot be used.
struct Reader<'a> {
    url: &'a UrlQuery,
    bad: Vec<BadField>,
}

impl Reader<'_> {
    fn read<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(self.url.get(name)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.bad.push((name, message));
                None
            }
        }
    }

    fn parsed<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.read(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    fn time(&mut self, name: &'static str) -> Option<wolfsec::Timestamp> {
        self.read(name, |text| {
            parse_time(text).ok_or_else(|| "write a time as 2026-11-24T03:00, UTC".to_owned())
        })
    }
}

/// Reads the filter as `me` sees it; every value that cannot be used is named.
pub fn queue_filter(url: &UrlQuery, me: Option<UserId>) -> Result<QueueFilter, Vec<BadField>> {
    let mut reader = Reader { url, bad: Vec::new() };
    let status = reader
        .read("status", |text| {
            StatusFilter::parse(text).ok_or_else(|| format!("there is no status “{text}”"))
        })
        .unwrap_or(StatusFilter::Unresolved);
    let (since, until) = (reader.time("since"), reader.time("until"));
    let severities = reader.read("severity", severities).unwrap_or_default();
    let terms = query_terms(url.get("q").unwrap_or_default());
    if terms.len() > MAX_TERMS {
        reader
            .bad
            .push(("q", format!("at most {MAX_TERMS} words: take some away")));
    }
    let query = AlertQuery {
        statuses: status.statuses(),
        severities,
        resolution: reader.parsed::<Resolution>("resolution"),
        rule: url.get("rule").map(ToOwned::to_owned),
        peer: url.get("peer").map(ToOwned::to_owned),
        assignee: url.get("assignee").map(|text| assignee(text, me)),
        tactic: reader.parsed::<Tactic>("tactic"),
        entity: reader.read("entity", entity),
        terms,
        since,
        until,
        raised_since: reader.time("raised"),
        order: reader.parsed::<AlertOrder>("sort").unwrap_or_default(),
        limit: Limit::default(),
        after: reader.parsed::<Cursor>("after"),
    };
    let mut bad = reader.bad;
    if let (Some(since), Some(until)) = (since, until)
        && until <= since
    {
        bad.push(("until", "the end must be after the start".to_owned()));
    }
    if bad.is_empty() {
        Ok(QueueFilter { status, query })
    } else {
        Err(bad)
    }
}

/// Several by comma.
fn severities(text: &str) -> Result<Vec<Severity>, String> {
    text.split(',')
        .map(|one| one.trim().parse::<Severity>().map_err(|error| error.to_string()))
        .collect()
}

fn entity(text: &str) -> Result<Entity, String> {
    match text.split_once(':') {
        Some((kind, value)) if !kind.is_empty() && !value.is_empty() => Ok(Entity {
            kind: kind.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("write what and which, as in ip:203.0.113.9, host:web-01 or user:root".to_owned()),
    }
}

/// `me`, `nobody`, `me_or_nobody`, or a user's name. A program is nobody's assignee.
fn assignee(text: &str, me: Option<UserId>) -> AssigneeFilter {
    match (text, me) {
        ("nobody", _) | ("me_or_nobody", None) => AssigneeFilter::Nobody,
        ("me", Some(me)) => AssigneeFilter::User(me),
        ("me_or_nobody", Some(me)) => AssigneeFilter::UserOrNobody(me),
        (name, _) => AssigneeFilter::Named(name.to_owned()),
    }
}

/// The URL with one severity put in, or taken out when it is in.
pub fn toggled_severity(url: &UrlQuery, chosen: &[Severity], severity: Severity) -> UrlQuery {
    let kept: Vec<&str> = Severity::ALL
        .iter()
        .rev()
        .filter(|level| chosen.contains(level) != (**level == severity))
        .map(|level| level.as_str())
        .collect();
    url.with("severity", &kept.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<QueueFilter, Vec<BadField>> {
        queue_filter(&UrlQuery::parse(text), Some(me()))
    }

    fn me() -> UserId {
        UserId(uuid::Uuid::from_u128(5))
    }

    #[test]
    fn the_queue_shows_what_is_unresolved_unless_asked() {
        let filter = parse("").unwrap();
        assert_eq!(filter.status, StatusFilter::Unresolved);
        assert_eq!(filter.query.statuses.len(), 3);
        assert!(parse("status=all").unwrap().query.statuses.is_empty());
        let open = parse("status=open&severity=high,critical&peer=web-01&since=2026-11-24&q=Brute+force").unwrap();
        assert_eq!(open.query.statuses, [AlertStatus::Open]);
        assert_eq!(open.query.severities, [Severity::High, Severity::Critical]);
        assert_eq!(open.query.peer.as_deref(), Some("web-01"));
        assert_eq!(open.query.terms, ["brute", "force"]);
        assert!(open.query.since.is_some());
    }

    #[test]
    fn me_and_nobody_are_not_names() {
        let of = |text: &str| parse(&format!("assignee={text}")).unwrap().query.assignee.unwrap();
        assert_eq!(of("me"), AssigneeFilter::User(me()));
        assert_eq!(of("nobody"), AssigneeFilter::Nobody);
        assert_eq!(of("me_or_nobody"), AssigneeFilter::UserOrNobody(me()));
        assert_eq!(of("jo"), AssigneeFilter::Named("jo".into()));
    }

    #[test]
    fn every_bad_value_is_named() {
        let bad =
            parse("status=x&severity=urgent&since=now&until=2026-11-24&after=1&tactic=y&entity=z&sort=w").unwrap_err();
        let names: Vec<&str> = bad.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["status", "since", "severity", "tactic", "entity", "sort", "after"]
        );
        let turned = parse("since=2026-11-24&until=2026-11-23").unwrap_err();
        assert_eq!(turned[0].0, "until");
    }

    #[test]
    fn counts_are_shown_only_where_they_are_known() {
        let tally = AlertTally {
            counts: vec![
                (AlertStatus::Open, Severity::High, 2),
                (AlertStatus::Acknowledged, Severity::High, 3),
            ],
            capped: false,
        };
        let count = |choice: StatusFilter, counted| choice.count(counted, &tally);
        let open = StatusFilter::One(AlertStatus::Open);
        assert_eq!(count(StatusFilter::Unresolved, StatusFilter::Unresolved), Some(5));
        assert_eq!(count(open, StatusFilter::Unresolved), Some(2));
        assert_eq!(
            count(StatusFilter::One(AlertStatus::Resolved), StatusFilter::Unresolved),
            None
        );
        assert_eq!(count(StatusFilter::Unresolved, open), None);
    }

    #[test]
    fn a_severity_is_put_in_and_taken_out() {
        let url = UrlQuery::default();
        let one = toggled_severity(&url, &[], Severity::High);
        assert_eq!(one.get("severity"), Some("high"));
        let two = toggled_severity(&url, &[Severity::High], Severity::Critical);
        assert_eq!(two.get("severity"), Some("critical,high"));
        assert_eq!(
            toggled_severity(&url, &[Severity::High], Severity::High).get("severity"),
            None
        );
    }
}
