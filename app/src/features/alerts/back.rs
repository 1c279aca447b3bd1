//! Where a form leads back to: the page it was on, with a word about what was done.

use wolfsec::ids::AlertId;

use super::model::QUEUE;
use crate::features::url_query::UrlQuery;

/// Back to the queue with its filter and the alert beside it; to the alert's own page where the form was there.
pub fn to(back: &str, id: AlertId, name: &str, value: &str) -> String {
    match back.split_once('?') {
        Some((QUEUE, query)) => UrlQuery::parse(query).with(name, value).href(QUEUE),
        _ if back == QUEUE => UrlQuery::default().with(name, value).href(QUEUE),
        _ => UrlQuery::default().with(name, value).href(&format!("{QUEUE}/{id}")),
    }
}

/// Back to the queue with its filter.
pub fn to_queue(back: &str, name: &str, value: &str) -> String {
    let query = match back.split_once('?') {
        Some((QUEUE, query)) => UrlQuery::parse(query),
        _ => UrlQuery::default(),
    };
    query.with(name, value).href(QUEUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page_and_nowhere_else() {
        let id = AlertId(uuid::Uuid::from_u128(7));
        let own = format!("/alerts/{id}?done=open");
        assert_eq!(
            to("/alerts?q=a+b&done=x", id, "done", "open"),
            "/alerts?q=a%20b&done=open"
        );
        assert_eq!(to("/alerts", id, "done", "open"), "/alerts?done=open");
        for elsewhere in ["", "/", "//evil.example?x=1", "https://evil.example/alerts?x=1"] {
            assert_eq!(to(elsewhere, id, "done", "open"), own, "{elsewhere}");
            assert_eq!(to_queue(elsewhere, "changed", "1"), "/alerts?changed=1", "{elsewhere}");
        }
        assert_eq!(to_queue("/alerts?peer=a", "changed", "1"), "/alerts?peer=a&changed=1");
    }
}
