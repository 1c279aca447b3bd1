//! The rule list's state in the URL.

use wolfsec::ids::RuleImportId;
use wolfsec::page::Limit;
use wolfsec::rules::{Rule, RuleOrigin, RuleQuery, RuleState};
use wolfsec::severity::Severity;

use crate::features::url_query::{UrlQuery, encode};

/// Where the list lives.
pub const LIST: &str = "/rules";

/// Where packs are imported.
pub const IMPORT: &str = "/rules/import";

/// The page of one import.
pub fn import_href(id: RuleImportId) -> String {
    format!("{LIST}/imports/{id}")
}

/// What was wrong with an upload form.
pub fn upload_problem(slug: &str) -> Option<&'static str> {
    match slug {
        "no_file" => Some("Choose a zip archive with Sigma rules first."),
        "too_large" => {
            Some("The archive is larger than 16 MiB. Import it on the server by “wolf_server rules import PATH”.")
        }
        "no_form" => Some("The upload did not arrive whole. Send it again."),
        _ => None,
    }
}

/// The word for where a rule comes from.
pub const fn origin_label(origin: RuleOrigin) -> &'static str {
    match origin {
        RuleOrigin::Bundled => "Bundled",
        RuleOrigin::Imported => "Imported",
        RuleOrigin::Own => "Own",
    }
}

/// Reads the filter; every value that cannot be used is named. A page is named by title and id of the rule before it.
pub fn rule_query(url: &UrlQuery) -> Result<RuleQuery, Vec<(&'static str, String)>> {
    let mut bad = Vec::new();
    let enabled = match url.get("enabled") {
        None => None,
        Some("on") => Some(true),
        Some("off") => Some(false),
        Some(other) => {
            bad.push(("enabled", format!("a switch is “on” or “off”, not “{other}”")));
            None
        }
    };
    let level = match url.get("level").map(str::parse::<Severity>) {
        None => None,
        Some(Ok(level)) => Some(level),
        Some(Err(error)) => {
            bad.push(("level", error.to_string()));
            None
        }
    };
    let origin = match url.get("origin").map(str::parse::<RuleOrigin>) {
        None => None,
        Some(Ok(origin)) => Some(origin),
        Some(Err(error)) => {
            bad.push(("origin", error.to_string()));
            None
        }
    };
    let state = match url.get("state").map(str::parse::<RuleState>) {
        None => None,
        Some(Ok(state)) => Some(state),
        Some(Err(error)) => {
            bad.push(("state", error.to_string()));
            None
        }
    };
    if !bad.is_empty() {
        return Err(bad);
    }
    let after = url
        .get("after")
        .map(|id| (url.get("title").unwrap_or_default().to_owned(), id.to_owned()));
    Ok(RuleQuery {
        enabled,
        level,
        origin,
        state,
        words: url.get("q").map(ToOwned::to_owned),
        after,
        limit: Limit::new(100).unwrap_or_default(),
    })
}

/// The query of the page after this rule.
pub fn next_page(url: &UrlQuery, last: &Rule) -> UrlQuery {
    url.with("title", &last.title).with("after", &last.id)
}

/// The page of one rule.
pub fn rule_href(id: &str) -> String {
    format!("{LIST}/{}", encode(id))
}

/// Where the switch leads: back to the list as it was filtered, or to the rule.
pub fn after_switch(id: &str, back: &str, enabled: bool) -> String {
    let done = if enabled { "on" } else { "off" };
    if back == "rule" {
        UrlQuery::default().with("done", done).href(&rule_href(id))
    } else {
        UrlQuery::parse(back).with("done", done).href(LIST)
    }
}

/// The word for a rule's state.
pub const fn state_label(state: RuleState) -> &'static str {
    match state {
        RuleState::Usable => "Usable",
        RuleState::NeedsValues => "Needs values",
        RuleState::Refused => "Refused",
    }
}

/// What the notice after the switch says.
pub fn done_message(slug: &str) -> Option<&'static str> {
    match slug {
        "on" => Some("The rule is on: it sees every event from now on."),
        "off" => Some("The rule is off: it raises no alerts from now on."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_read_and_bad_values_are_named() {
        let query = rule_query(&UrlQuery::parse("q=ssh&level=high&enabled=on&title=B&after=id-1")).unwrap();
        assert_eq!(query.enabled, Some(true));
        assert_eq!(query.level, Some(Severity::High));
        assert_eq!(query.words.as_deref(), Some("ssh"));
        assert_eq!(query.after, Some(("B".to_owned(), "id-1".to_owned())));
        let query = rule_query(&UrlQuery::parse("origin=imported&state=needs_values")).unwrap();
        assert_eq!(
            (query.origin, query.state),
            (Some(RuleOrigin::Imported), Some(RuleState::NeedsValues))
        );
        let bad = rule_query(&UrlQuery::parse("level=loud&enabled=maybe&origin=x&state=y")).unwrap_err();
        assert_eq!(
            bad.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["enabled", "level", "origin", "state"]
        );
    }

    #[test]
    fn the_switch_leads_back_to_where_it_stood() {
        assert_eq!(after_switch("r1", "rule", true), "/rules/r1?done=on");
        assert_eq!(
            after_switch("r1", "level=high&done=on", false),
            "/rules?level=high&done=off"
        );
        assert_eq!(after_switch("r1", "//evil.example", false), "/rules?done=off");
    }

    #[test]
    fn ids_cannot_leave_their_path_segment() {
        assert_eq!(rule_href("a/b?c"), "/rules/a%2Fb%3Fc");
    }
}
