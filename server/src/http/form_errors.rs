//! What a form failed with travels in the address it comes back to (`__path`, `__err`). Anyone can make such an address,
//! so that a link could put foreign words on a page of ours: the server tags what it wrote itself, for the session it
//! wrote it to, and pages ignore the rest.

use axum::extract::Request;
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri, header};
use wolf_den::TagKey;

use super::request::cookie;
use crate::adapters::crypto;

const PATH: &str = "__path";
const ERROR: &str = "__err";
const TAG: &str = "__tag";
/// What a form's answer adds to the address of its page.
const ADDED: [&str; 5] = [PATH, ERROR, TAG, "done", "changed"];

/// Tags the errors of forms and checks the tags.
pub(super) struct FormErrors {
    key: TagKey,
}

impl FormErrors {
    pub(super) fn new() -> Self {
        Self { key: crypto::tag_key() }
    }

    /// Tags the redirect of a form that failed.
    pub(super) fn tag(&self, response: &mut Response, session: &str) {
        let Some(location) = response
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
        else {
            return;
        };
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let Some(error) = value(query, ERROR) else {
            return;
        };
        let tag = self.of(query, error, session);
        if let Ok(tagged) = HeaderValue::from_str(&format!("{location}&{TAG}={tag}")) {
            response.headers_mut().insert(header::LOCATION, tagged);
        }
    }

    /// Takes an error that was not written here, or to another session, out of a page's address.
    pub(super) fn keep_own(&self, request: &mut Request) {
        let query = request.uri().query().unwrap_or_default();
        let Some(error) = value(query, ERROR) else {
            return;
        };
        let session = session_of(request.headers());
        let own = value(query, TAG).is_some_and(|tag| self.key.verify(&parts(query, error, &session), tag));
        if !own {
            tracing::debug!("an error in an address that was not written here");
            *request.uri_mut() = without(request.uri(), &ADDED);
        }
    }

    fn of(&self, query: &str, error: &str, session: &str) -> String {
        self.key.tag(&parts(query, error, session))
    }
}

fn parts<'a>(query: &'a str, error: &'a str, session: &'a str) -> [&'a [u8]; 3] {
    let path = value(query, PATH).unwrap_or_default();
    [session.as_bytes(), path.as_bytes(), error.as_bytes()]
}

/// What the browser's session is called; empty without one.
pub(super) fn session_of(headers: &HeaderMap) -> String {
    cookie(headers, app::context::SESSION_COOKIE).unwrap_or_default()
}

/// A form that failed before comes back with its error in the address: taken out, or each try would add another.
pub(super) fn clean_referer(headers: &mut HeaderMap) {
    let clean = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|referer| referer.split_once('?'))
        .map(|(page, query)| joined(page, query, &ADDED));
    if let Some(value) = clean.and_then(|clean| HeaderValue::from_str(&clean).ok()) {
        headers.insert(header::REFERER, value);
    }
}

/// A query's parameter as it stands there, still encoded.
fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn without(uri: &Uri, names: &[&str]) -> Uri {
    let clean = joined(uri.path(), uri.query().unwrap_or_default(), names);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = clean.parse::<PathAndQuery>().ok();
    Uri::from_parts(parts).unwrap_or_default()
}

fn joined(page: &str, query: &str, without: &[&str]) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !without.contains(&pair.split_once('=').map_or(*pair, |(name, _)| name)))
        .collect();
    if kept.is_empty() {
        page.to_owned()
    } else {
        format!("{page}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::Response;
    use http::header;

    use super::FormErrors;

    fn redirect(location: &str) -> Response {
        Response::builder()
            .header(header::LOCATION, location)
            .body(Body::empty())
            .unwrap()
    }
    fn opened(errors: &FormErrors, location: &str, session: &str) -> String {
        let mut request = Request::get(location)
            .header(header::COOKIE, format!("wolfsec_session={session}"))
            .body(Body::empty())
            .unwrap();
        errors.keep_own(&mut request);
        request.uri().to_string()
    }
    fn tagged(errors: &FormErrors, location: &str, session: &str) -> String {
        let mut response = redirect(location);
        errors.tag(&mut response, session);
        response.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn an_error_is_shown_to_the_session_it_was_written_to() {
        let errors = FormErrors::new();
        let location = tagged(&errors, "/peers/add?a=1&__path=%2Fapi%2Fadd&__err=e30", "s1");
        assert!(location.contains("&__tag="), "{location}");
        assert_eq!(opened(&errors, &location, "s1"), location);
        assert_eq!(opened(&errors, &location, "s2"), "/peers/add?a=1");
        assert_eq!(opened(&errors, &location.replace("e30", "e31"), "s1"), "/peers/add?a=1");
        assert_eq!(opened(&FormErrors::new(), &location, "s1"), "/peers/add?a=1");
        assert_eq!(opened(&errors, "/peers/add?__path=x&__err=e30", "s1"), "/peers/add");
    }

    #[test]
    fn other_answers_and_addresses_stay_as_they_are() {
        let errors = FormErrors::new();
        assert_eq!(tagged(&errors, "/alerts?done=saved", "s"), "/alerts?done=saved");
        assert_eq!(opened(&errors, "/alerts?status=open", "s"), "/alerts?status=open");
    }
}
